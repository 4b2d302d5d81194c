"""What a feed says of rows that break its contract, and whether that can be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from config.lint.place import Keys, Place
from config.models import Column, Feed
from config.models.contract import CellRule
from config.modes import cell_mode, check_mode, may_be_empty, pinned
from config.problems import Problem

_NUMBERS, _TIMES = ("integer", "number"), ("date", "timestamp")
_CELL_RULES: tuple[CellRule, ...] = ("type", "pattern", "value", "range")


def lint_contract(place: Place, feed: Feed) -> Iterator[Problem]:
    """Every mode that cannot be carried out, and every bound that bounds nothing."""
    for number, column in enumerate(feed.columns):
        yield from _bounds(place, ("columns", number), column)
        yield from _cell_modes(place, ("columns", number, "on_error"), feed, column)
    yield from _check_modes(place, feed)
    if feed.area.constant is not None:
        for key in ("missing", "on_error"):
            if getattr(feed.area, key) is not None:
                yield place.problem(("area", key), "a constant area is never missing or unknown", "drop it")


def _bounds(place: Place, keys: Keys, column: Column) -> Iterator[Problem]:
    for bound in ("min", "max"):
        value = getattr(column, bound)
        if value is None:
            continue
        if column.type not in (*_NUMBERS, *_TIMES):
            message = f"{bound} is for numbers and times, not for {column.type}"
            yield place.problem((*keys, bound), message, "drop it")
        elif (column.type in _NUMBERS) != isinstance(value, float):
            hint = "a number" if column.type in _NUMBERS else "a day such as 2026-01-31, or 'now + 1d'"
            yield place.problem(
                (*keys, bound), f"{bound} {_told(value)} cannot bound a {column.type}", f"write {hint}"
            )
    low, high = column.min, column.max
    numbers = isinstance(low, float) and isinstance(high, float) and low > high
    days = isinstance(low, dt.date) and isinstance(high, dt.date) and low > high
    if numbers or days:
        message = f"min {_told(low)} is above max {_told(high)}"
        yield place.problem((*keys, "min"), message, "no row can pass")


def _told(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _cell_modes(place: Place, keys: Keys, feed: Feed, column: Column) -> Iterator[Problem]:
    said = column.on_error
    has = {
        "missing": column.required or column.name in pinned(feed),
        "type": column.type != "text",
        "pattern": column.pattern is not None,
        "value": column.values is not None,
        "range": column.min is not None or column.max is not None or column.type in _TIMES,
    }
    for rule in said:
        if rule != "all" and not has[rule]:
            cause = "a text is never of another type" if rule == "type" else f"it has no rule {rule!r}"
            yield place.problem((*keys, rule), f"column {column.name!r}: {cause}", "drop it")
    if said.get("missing") == "empty":
        message = f"column {column.name!r}: a cell that is empty cannot be emptied"
        yield place.problem((*keys, "missing"), message, "write reject, flag or stop")
    if said.get("type") == "flag":
        message = f"column {column.name!r}: what is not of its type cannot be kept as it came"
        yield place.problem(
            (*keys, "type"), message, "write empty: the row is kept without the cell, and told"
        )
    role = pinned(feed).get(column.name)
    if role is not None and said.get("missing") == "flag":
        hint = "let area.missing say root" if role == "area" else "write reject or stop"
        message = f"column {column.name!r}: no row can be kept without its {role}"
        yield place.problem((*keys, "missing"), message, hint)
    emptied = [rule for rule in _CELL_RULES if has[rule] and cell_mode(feed, column, rule) == "empty"]
    wanted = [rule for rule in emptied if rule in said or said.get("all") == "empty"]
    if wanted and (problem := _why_not_empty(feed, column)) is not None:
        at = wanted[0] if wanted[0] in said else "all"
        yield place.problem((*keys, at), f"column {column.name!r}: {problem[0]}", problem[1])


def _why_not_empty(feed: Feed, column: Column) -> tuple[str, str] | None:
    """Why the column's cells may not be emptied, and what to do; None when they may."""
    role = pinned(feed).get(column.name)
    if role == "area" or column.name in feed.area.otherwise:
        return (
            "rows find their area by it, so it cannot be emptied",
            "let area.on_error say what becomes of them",
        )
    if role is not None:
        return f"no row can be kept without its {role}", "write reject, flag or stop"
    if not may_be_empty(feed, column):
        return (
            "it is required, and to empty it leaves what that forbids",
            "add missing: flag, or drop required",
        )
    return None


def _check_modes(place: Place, feed: Feed) -> Iterator[Problem]:
    columns = {column.name: column for column in feed.columns}
    for number, check in enumerate(feed.checks):
        keys: Keys = ("checks", number)
        if check_mode(feed, check) == "empty" and not check.empties:
            hint = "name the columns under empties"
            yield place.problem((*keys, "on_error"), "empty does not say which cells", hint)
        if check_mode(feed, check) != "empty" and check.empties:
            yield place.problem((*keys, "empties"), "empties is for on_error: empty", "drop one of them")
        for index, name in enumerate(check.empties):
            yield from place.known((*keys, "empties", index), "column", name, columns)
            if name in columns and (problem := _why_not_empty(feed, columns[name])) is not None:
                yield place.problem((*keys, "empties", index), f"column {name!r}: {problem[0]}", problem[1])
