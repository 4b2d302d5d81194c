"""Simulated departments of a city: they write feed files as departments would, and nothing else."""
