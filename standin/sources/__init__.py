"""One generator for each kind of department."""
