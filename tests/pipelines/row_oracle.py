"""A contract carried out row by row in plain Python, written apart from the SQL: what tests compare with."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

Modes = Mapping[tuple[str, str], str]
"""By column (or ``area``, ``check``) and reason: reject, empty, flag, root or stop."""

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
WARDS = {"21": "A1", "22": "A2", "A": "A", "B": "B", "C": "C"}
REFORM = dt.date(2025, 7, 1)
COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "text", "required": True},
    {"name": "opened", "type": "timestamp", "required": True},
    {"name": "closed", "type": "timestamp", "max": "now + 1d"},
    {"name": "ward", "type": "text"},
    {"name": "rating", "type": "integer", "min": 1, "max": 5},
    {"name": "channel", "type": "text", "values": ["app", "web"]},
    {"name": "code", "type": "text", "pattern": "[A-Z]{2}[0-9]+"},
    {"name": "note", "type": "text", "required": True},
]
NAMES = tuple(column["name"] for column in COLUMNS)
CHECK = {
    "id": "order",
    "expr": "closed is null or closed >= opened",
    "message": {"en": "Closed before opened"},
}


@dataclass
class Verdict:
    """What becomes of one row: ``values`` as stored, ``notes`` (column, reason, mode) told of it."""

    rejected: bool = False
    stops: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    area: str | None = None
    notes: set[tuple[str | None, str, str]] = field(default_factory=set)


def judge(row: Mapping[str, str | None], modes: Modes, now: dt.datetime) -> Verdict:
    """The verdict on a row of text cells; None and blanks are empty. ``now`` with its zone."""
    verdict = Verdict()
    cells = {name: (row[name] or "").strip() or None for name in NAMES}
    values: dict[str, Any] = dict(cells)

    def broken(column: str | None, key: str, reason: str, *empties: str) -> None:
        mode = modes.get((key, reason), "reject")
        verdict.rejected |= mode == "reject"
        verdict.stops |= mode == "stop"
        if mode != "reject":
            verdict.notes.add((column, reason, mode))
        if mode == "empty":
            values.update(dict.fromkeys(empties))

    for name in ("id", "opened", "note"):
        if cells[name] is None:
            broken(name, name, "missing")
    for name in ("opened", "closed"):
        values[name] = _moment(cells[name])
        if cells[name] is not None and values[name] is None:
            broken(name, name, "type", name)
    if values["closed"] is not None and values["closed"] > now + dt.timedelta(days=1):
        broken("closed", "closed", "range", "closed")
    rating = cells["rating"] or ""
    values["rating"] = int(rating) if re.fullmatch("-?[0-9]{1,9}", rating) else None
    if cells["rating"] is not None and values["rating"] is None:
        broken("rating", "rating", "type", "rating")
    elif values["rating"] is not None and not 1 <= values["rating"] <= 5:
        broken("rating", "rating", "range", "rating")
    if cells["channel"] is not None and cells["channel"] not in ("app", "web"):
        broken("channel", "channel", "value", "channel")
    if cells["code"] is not None and re.fullmatch("[A-Z]{2}[0-9]+", cells["code"]) is None:
        broken("code", "code", "pattern", "code")

    day = None if values["opened"] is None else values["opened"].astimezone(ZONE).date()
    if cells["ward"] is None:
        if modes.get(("area", "missing")) == "root":  # said of all such rows: none of them is told
            verdict.area = "C"
        else:
            broken("ward", "area", "missing")
    elif cells["ward"] == "11":
        verdict.area = None if day is None else "B1" if day < REFORM else "B2"
    elif cells["ward"] == "31":
        verdict.area = "A3" if day is not None and day >= REFORM else None
        if day is not None and day < REFORM:
            broken("ward", "area", "area_not_valid_on_date")
    else:
        verdict.area = WARDS.get(cells["ward"])
        if verdict.area is None:
            broken("ward", "area", "area_unknown")
    if any(mode == "root" for _, _, mode in verdict.notes):
        verdict.area = "C"
    if values["closed"] is not None and values["opened"] is not None and values["closed"] < values["opened"]:
        broken(None, "check", "check:order", "closed")
    verdict.values = values
    return verdict


def _moment(cell: str | None) -> dt.datetime | None:
    try:
        return None if cell is None else dt.datetime.fromisoformat(cell).replace(tzinfo=ZONE)
    except ValueError:
        return None
