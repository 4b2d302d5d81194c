"""Directives: issued, followed up, told to units, and dropped as a feed of their own."""
