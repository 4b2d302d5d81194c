"""What goes wrong in a way that a person can mend."""

from __future__ import annotations


class StandinError(Exception):
    """The stand-in cannot go on; the message is for people."""
