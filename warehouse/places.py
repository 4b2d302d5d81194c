"""Where a row lies: in its own unit and all above it, or, told of a unit that is gone, in its heir."""

from __future__ import annotations

import datetime as dt


def inside(day: dt.date | None = None, unit: str = "_area") -> str:
    """SQL condition with one parameter, an area: a row lies in it.

    With ``day``, rows of units that were gone by then lie where their heirs lie.
    """
    place = unit
    if day is not None:
        held = f"h.unit = {unit} AND h.since <= DATE '{day}' AND DATE '{day}' < h.until"
        place = f"coalesce((SELECT h.heir FROM area_heir h WHERE {held}), {unit})"
    return f"{place} IN (SELECT code FROM area_path WHERE ancestor = ?)"
