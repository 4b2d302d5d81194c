"""Moments as the warehouse stores them."""

from __future__ import annotations

import datetime as dt


def naive(moment: dt.datetime) -> dt.datetime:
    """UTC without offset. ``moment`` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone could be any: pass UTC")
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
