"""Warnings on desks: taken on, kept quiet, released to the public, dropped as a feed of their own."""
