"""What a feed says of its own columns, of areas and of datasets that it shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from config.city import City
from config.lint.connectors import lint_connector
from config.lint.contract import lint_contract
from config.lint.place import Place
from config.lint.plugins import lint_plugin
from config.lint.recipients import whole
from config.models import (
    DELIVERY_FIELDS,
    DIRECTIVE_FIELDS,
    LAYER_FIELDS,
    OPEN_FIELDS,
    WARNING_FIELDS,
    Column,
    Feed,
)
from config.order import cycle
from config.problems import Problem

_OWN: Final[Mapping[str, Sequence[str]]] = {
    "warnings": WARNING_FIELDS,
    "deliveries": DELIVERY_FIELDS,
    "directives": DIRECTIVE_FIELDS,
    "open_data": OPEN_FIELDS,
    "layers": LAYER_FIELDS,
}
"""What the program says in files of its own, by kind of connector."""


def lint_feed(place: Place, feed: Feed) -> Iterator[Problem]:
    """Every broken reference of one feed."""
    yield from place.texts(feed)
    columns = [column.name for column in feed.columns]
    yield from place.repeated(("columns",), "column", columns)
    yield from place.repeated(("checks",), "check", [check.id for check in feed.checks])
    for number, column in enumerate(feed.columns):
        yield from _column(place, number, column)
    if feed.connector.kind in _OWN:
        yield from _of_its_own(place, feed, feed.connector.kind, _OWN[feed.connector.kind])
    for number, id_ in enumerate(feed.after):
        yield from place.known(("after", number), "feed", id_, place.named("feed"))
    for number, name in enumerate(feed.key):
        yield from place.known(("key", number), "column", name, columns)
    yield from place.known(("event_time",), "column", feed.event_time, columns)
    if feed.event_time in columns and feed.event_time not in feed.time_columns:
        hint = "its type must be date or timestamp"
        yield place.problem(("event_time",), f"column {feed.event_time!r} is not a time", hint)
    yield from _mode(place, feed)
    yield from _area(place, feed, columns)
    yield from lint_connector(place, feed)
    yield from lint_plugin(place, feed)
    yield from lint_contract(place, feed)
    yield from whole(place, ("delivery", "remind"), feed.delivery.remind)
    if feed.coverage is not None:
        yield from place.known(("coverage",), "level", feed.coverage, place.city.levels)


def _column(place: Place, number: int, column: Column) -> Iterator[Problem]:
    keys = ("columns", number)
    if column.format is not None and column.type not in ("date", "timestamp"):
        message = f"format is for dates and timestamps, not for {column.type}"
        yield place.problem((*keys, "format"), message, "drop it")
    if column.months is not None and "%m" not in (column.format or ""):
        message = "months become numbers, and no format says where they stand"
        yield place.problem((*keys, "months"), message, 'give a format with %m, such as "%Y %m"')
    values = [str(value) for value in column.values or ()]
    for label in column.labels:
        yield from place.known((*keys, "labels", label), "value", label, values)


def _of_its_own(place: Place, feed: Feed, what: str, fields: Sequence[str]) -> Iterator[Problem]:
    for number, column in enumerate(feed.columns):
        keys = ("columns", number, "source" if column.source else "name")
        yield from place.known(keys, f"field of {what}", column.source or column.name, fields)
    if not (feed.pattern or "").endswith("/*.jsonl"):
        hint = f"write a folder and /*.jsonl, such as {what}/*.jsonl"
        yield place.problem(("connector", "path"), f"{what} are dropped as JSON lines into a folder", hint)


def _mode(place: Place, feed: Feed) -> Iterator[Problem]:
    types = {column.name: column.type for column in feed.columns}
    if feed.version is not None:
        yield from place.known(("version",), "column", feed.version, types)
        if feed.version in feed.identity:
            message = f"version {feed.version!r} is part of the key: no two rows of a key could differ in it"
            yield place.problem(("version",), message, "drop it from the key")
        if types.get(feed.version) == "boolean":
            message = f"version {feed.version!r} is true or false: nothing can be greater"
            yield place.problem(("version",), message, "give a number, a date, a timestamp or a text")
    for number, name in enumerate(feed.snapshot.within if feed.snapshot is not None else ()):
        yield from place.known(("snapshot", "within", number), "column", name, types)
        if name in types and name not in feed.key:
            message = f"{name!r} is not part of the key: a row could move from one part to another"
            yield place.problem(("snapshot", "within", number), message, "add it to the key")
    if feed.valid is not None:
        yield from _validity(place, feed, types)


def _validity(place: Place, feed: Feed, types: Mapping[str, str]) -> Iterator[Problem]:
    assert feed.valid is not None
    ends = {"from": feed.valid.since, "until": feed.valid.until}
    for end, name in ends.items():
        yield from place.known(("valid", end), "column", name, types)
        if name in types and name not in feed.time_columns:
            hint = "its type must be date or timestamp"
            yield place.problem(("valid", end), f"column {name!r} is not a time", hint)
        if name in feed.key:
            message = f"{name!r} is part of the key: every version would be a key of its own"
            yield place.problem(("valid", end), message, "drop it from the key")
    if feed.valid.since == feed.valid.until:
        yield place.problem(("valid", "until"), "from and until are one column", "give two columns")
    elif {types.get(name) for name in ends.values()} == {"date", "timestamp"}:
        message = "from and until are of different types"
        yield place.problem(("valid", "until"), message, "make both dates, or both timestamps")


def _area(place: Place, feed: Feed, columns: list[str]) -> Iterator[Problem]:
    area = feed.area
    if area.column is not None:
        yield from place.known(("area", "column"), "column", area.column, columns)
    for number, name in enumerate(area.otherwise):
        yield from place.known(("area", "otherwise", number), "column", name, columns)
    if area.constant is not None:
        yield from place.known(("area", "constant"), "area", area.constant, place.delivered_codes())
    if area.match == "code":
        for source, code in area.codes.items():
            yield from place.known(("area", "codes", source), "area", code, place.delivered_codes())


def lint_datasets(city: City) -> Iterator[Problem]:
    """Feeds that fill one dataset must agree on its columns, and on what makes a row of it stand."""
    first: dict[str, Feed] = {}
    for feed in city.feeds.values():
        other = first.setdefault(feed.table, feed)
        if _shape(feed) != _shape(other):
            message = (
                f"dataset {feed.table!r} is also filled by feed {other.id!r}, with other columns or keys"
            )
            yield city.problem(
                "feed", feed.id, ("dataset",), message, "give both the same, or another dataset"
            )
        elif _terms(feed) != _terms(other):
            message = f"dataset {feed.table!r} is filled by feed {other.id!r} in another mode"
            hint = "give both the same mode, version, snapshot.within and valid, or another dataset"
            yield city.problem("feed", feed.id, ("dataset",), message, hint)
        elif feed is not other and feed.mode == "snapshot" and not _terms(feed)[2]:
            message = f"each snapshot would delete what feed {other.id!r} put into dataset {feed.table!r}"
            hint = "say by snapshot.within of which part a file is the state, or give another dataset"
            yield city.problem("feed", feed.id, ("dataset",), message, hint)


def _terms(feed: Feed) -> tuple[object, ...]:
    within = feed.snapshot.within if feed.snapshot is not None else ()
    return feed.mode, feed.version, within, feed.valid


def lint_order(city: City) -> Iterator[Problem]:
    """Feeds must not wait for each other in a ring."""
    ring = cycle(city.feeds)
    if ring:
        message = f"feeds wait for each other: {' after '.join(ring)}"
        yield city.problem("feed", ring[0], ("after",), message, "leave one of them out")


def _shape(feed: Feed) -> object:
    return feed.key, feed.event_time, [(column.name, column.type) for column in feed.columns]
