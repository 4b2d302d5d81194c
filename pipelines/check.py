"""What may be wrong in a feed that only those who read files and write SQL can tell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from apscheduler.triggers.cron import CronTrigger

from config import City, Problem
from config.models import Feed
from config.models.feed import Column
from config.models.format import groups_of
from config.problems import did_you_mean
from pipelines.read.coding import is_known
from pipelines.read.documents import keys_of
from warehouse.expression import parse_condition
from warehouse.syntax import ExpressionError

_DIRECTIVES: Final = frozenset("aAwdbBmyYHIpMSfgnzZjUWcxXGVu%")
_PADDED: Final = frozenset("dmyHIMSj")
_PYTHON: Final[dict[str, type | tuple[type, ...]]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "date": str,
    "timestamp": str,
}


def check(city: City) -> list[Problem]:
    """Every problem of the city's feeds, in file order; empty when all of them can be loaded."""
    found: list[Problem] = []
    for feed in city.feeds.values():
        found += _schedule(city, feed, ("schedule",), feed.schedule)
        if feed.delivery.due is not None:
            found += _schedule(city, feed, ("delivery", "due"), feed.delivery.due)
        found += _connector(city, feed)
        found += _format(city, feed)
        found += _area(city, feed)
        for index, column in enumerate(feed.columns):
            found += _column(city, feed, index, column)
        found += _checks(city, feed)
    return sorted(found)


def _schedule(city: City, feed: Feed, keys: tuple[str, ...], cron: str) -> Iterator[Problem]:
    try:
        CronTrigger.from_crontab(cron, timezone=city.zone)
    except ValueError as error:
        hint = "five fields: minute hour day month weekday, such as '10 6 * * mon'"
        yield city.problem("feed", feed.id, keys, f"cron expression {cron!r} is wrong: {error}", hint)
        return
    if re.search(r"\d", cron.split()[4]):
        hint = "write names: mon tue wed thu fri sat sun"
        message = f"weekday {cron.split()[4]!r} is a number, which means another day here than in crontab"
        yield city.problem("feed", feed.id, keys, message, hint)


def _connector(city: City, feed: Feed) -> Iterator[Problem]:
    pattern = feed.pattern
    if pattern is not None and (pattern.startswith("/") or ".." in pattern.split("/")):
        hint = "give a path below the inbox, such as hotline/*.csv"
        yield city.problem("feed", feed.id, ("connector", "path"), f"path {pattern!r} leaves the inbox", hint)


def _format(city: City, feed: Feed) -> Iterator[Problem]:
    format = feed.format
    if not is_known(format.encoding):
        known = ("auto", "utf-8", "utf-16", "cp1258", "tcvn3", "cp1252", "latin-1")
        message = f"encoding {format.encoding!r} is unknown"
        yield city.problem(
            "feed", feed.id, ("format", "encoding"), message, did_you_mean(format.encoding, known)
        )
    if format.quote == format.delimiter:
        message = "quote and delimiter are the same character"
        yield city.problem("feed", feed.id, ("format",), message, "choose another quote")
    if format.type in ("json", "jsonl"):
        for option in ("unpivot", "fill_down", "footer", "from_title"):
            if getattr(format, option):
                message = f"JSON records are no table: {option} has nothing to work on"
                yield city.problem("feed", feed.id, ("format", option), message, f"leave {option} out")
    for name, pattern in format.leave_out.items():
        if (cause := _wrong_re2(pattern)) is not None:
            message = f"leave_out of {name!r}: regular expression is wrong: {cause}"
            yield city.problem("feed", feed.id, ("format", "leave_out", name), message, _RE2_HINT)
    read = {header for column in feed.columns for header in column.headers}
    for key in keys_of(format.records):
        if key not in read:
            message = f"records: no column is read from the key {key!r}"
            yield city.problem("feed", feed.id, ("format", "records"), message, did_you_mean(key, read))
    yield from _patterns(city, feed)


_RE2_HINT: Final = "RE2 knows no look-ahead"


def _wrong_re2(pattern: str) -> str | None:
    """What is wrong with a regular expression for the database."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)  # the same engine (RE2) as the database's
    except pa.ArrowInvalid as error:
        return str(error).rpartition("Invalid regular expression: ")[2]
    return None


def _patterns(city: City, feed: Feed) -> Iterator[Problem]:
    """What is wrong with the regular expressions that say something of a file, a title or a header."""
    format, unpivot = feed.format, feed.format.unpivot
    read = {header for column in feed.columns for header in column.headers}
    for keys, pattern in (
        (("footer",), format.footer),
        (("from_title",), format.from_title),
        (("from_name",), format.from_name),
        (("unpivot", "pattern"), unpivot.pattern if unpivot is not None else None),
    ):
        if pattern is None:
            continue
        where, option = ("format", *keys), ".".join(keys)
        try:
            re.compile(pattern)
        except re.error as error:
            yield city.problem("feed", feed.id, where, f"{option}: regular expression is wrong: {error}")
            continue
        if keys == ("footer",):
            continue
        groups = groups_of(pattern)
        if not groups:
            message = f"{option} has no named group, so it says nothing"
            yield city.problem("feed", feed.id, where, message, r"such as (?P<year>\d{4})")
        for group in groups:
            if group not in read and group not in (unpivot.keep if unpivot is not None else ()):
                message = f"{option}: no column is read from the group {group!r}"
                yield city.problem("feed", feed.id, where, message, did_you_mean(group, read))


def _area(city: City, feed: Feed) -> Iterator[Problem]:
    if feed.area.match == "code":
        return  # the linter knows
    codes = [area.code for area in city.areas.all()]
    for spelling, code in feed.area.codes.items():
        if code not in codes:
            message = f"{spelling!r} stands for {code!r}, which is not a unit"
            yield city.problem(
                "feed", feed.id, ("area", "codes", spelling), message, did_you_mean(code, codes)
            )


def _column(city: City, feed: Feed, index: int, column: Column) -> Iterator[Problem]:
    def problem(key: str, message: str, hint: str = "") -> Problem:
        return city.problem(
            "feed", feed.id, ("columns", index, key), f"column {column.name!r}: {message}", hint
        )

    for key, pattern in (("pattern", column.pattern), ("strip", column.strip)):
        if pattern is not None:
            cause = _wrong_re2(pattern)
            if cause is not None:
                yield problem(key, f"regular expression is wrong: {cause}", _RE2_HINT)
    if column.format is not None:
        for minus, letter in re.findall(r"%(-?)(.?)", column.format):
            if letter not in _DIRECTIVES or not letter or (minus and letter not in _PADDED):
                yield problem(
                    "format", f"format has the unknown directive '%{minus}{letter}'", "such as %d/%m/%Y %H:%M"
                )
    for value in column.values or ():
        fits = isinstance(value, _PYTHON[column.type]) and (
            column.type == "boolean" or not isinstance(value, bool)
        )
        timed = column.type in ("date", "timestamp")
        if not fits or (timed and not _is_iso(str(value))):
            hint = "quote it" if column.type == "text" else ""
            hint = "write it as '2026-01-31'" if timed else hint
            yield problem("values", f"value {value!r} is not a {column.type}", hint)


def _is_iso(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _checks(city: City, feed: Feed) -> Iterator[Problem]:
    types = {column.name: column.type for column in feed.columns}
    for index, rule in enumerate(feed.checks):
        try:
            parse_condition(rule.expr, types)
        except ExpressionError as error:
            yield city.problem("feed", feed.id, ("checks", index, "expr"), error.message, error.hint)
