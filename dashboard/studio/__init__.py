"""The analysts' studio: definitions sketched, checked, tried and kept."""
