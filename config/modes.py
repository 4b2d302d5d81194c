"""What becomes of a row that breaks a rule: the word of the rule itself, or else of its feed."""

from __future__ import annotations

from typing import Literal

from config.models.contract import CellRule, Check, Mode
from config.models.feed import Column, Feed

AreaMode = Literal["reject", "root", "stop"]


def pinned(feed: Feed) -> dict[str, str]:
    """Columns that no row can do without, each with what it is to the row."""
    held = dict.fromkeys(feed.indispensable, "version") | dict.fromkeys(feed.identity, "key")
    held |= dict.fromkeys(feed.key, "key") | {feed.event_time: "event time"}
    return held if feed.area.column is None else {feed.area.column: "area"} | held


def cell_mode(feed: Feed, column: Column, rule: CellRule) -> Mode:
    """What becomes of a row whose cell of ``column`` breaks ``rule``."""
    said = column.on_error.get(rule)
    if said is not None:
        return said
    general = column.on_error.get("all")
    if general == "empty" and rule == "missing":  # there is nothing to empty
        general = None
    mode: Mode = general or feed.on_error
    if mode != "flag" or rule not in ("missing", "type"):
        return mode
    if column.name in pinned(feed):
        return "reject"
    if rule == "missing":
        return "flag"
    # What is not of the column's type cannot be kept: the row is, with the cell empty.
    return "empty" if may_be_empty(feed, column) else "reject"


def may_be_empty(feed: Feed, column: Column) -> bool:
    """Whether a row is accepted with nothing in this column."""
    if column.name in pinned(feed):
        return False
    return not column.required or cell_mode(feed, column, "missing") == "flag"


def area_mode(feed: Feed) -> AreaMode:
    """What becomes of a row whose unit is unknown or does not exist on its day."""
    return feed.area.on_error or _AREA[feed.on_error]


def unplaced_mode(feed: Feed) -> AreaMode:
    """What becomes of a row that names no unit."""
    return feed.area.missing or _AREA[feed.on_error]


def check_mode(feed: Feed, check: Check) -> Mode:
    """What becomes of a row that breaks a rule across columns."""
    return check.on_error or feed.on_error


_AREA: dict[str, AreaMode] = {"reject": "reject", "flag": "root", "stop": "stop"}
