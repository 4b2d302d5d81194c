"""Measurements of the running product, and its screenshots: `make bench`, `make shots`."""
