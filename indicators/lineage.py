"""From a value back to what it was made of: definition, parts, rows, files and the runs that loaded them."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pydantic import TypeAdapter, ValidationError

from config import City
from config.models.indicator import Derived, Indicator, Measure, Period, Reported, Stock
from indicators.behind import Member, RowsQuery, rows_query
from indicators.changes import Standing
from indicators.formula import Series, describe, series_of
from indicators.planner import traits
from indicators.reads import reads
from indicators.sql.prelude import Moment
from warehouse.provenance import files_of, landed_by
from warehouse.reader import Reader, Rows, Value, Version

FOLLOWED: Final = 60
"""Of a formula that looks at more values than this, files are told for so many of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One value that another was computed from; ``value`` is None where there is none."""

    indicator: str
    area: str
    period: Period
    start: dt.date
    value: Value | None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that rows came from: the run that loaded it, its bytes' hash, where they were landed.

    ``rows`` counts those that stand behind the value. Times are UTC without offset.
    """

    feed: str
    name: str
    run: int
    hash: str | None
    path: str | None
    loaded_at: dt.datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """What one value was made of.

    ``version`` is the definition that computed it, with its body as it was written then; ``how`` says in the
    language of definitions what it computes. A value has either ``parts`` (it was computed from other values)
    or a ``query`` for its rows, of which ``rows`` is the first page. ``followed`` says of how many values the
    ``sources`` are told, and ``behind`` how many values with rows there are behind a formula.
    """

    value: Value
    version: Version | None
    how: str
    parts: tuple[Part, ...]
    query: RowsQuery | None
    rows: Rows | None
    sources: tuple[Source, ...]
    followed: int
    behind: int


_DEFINITION: Final[TypeAdapter[Indicator]] = TypeAdapter(Indicator)


class Lineages:
    """Follows the values of one city back to what they were made of."""

    def __init__(self, city: City) -> None:
        self.city = city

    def of(self, reader: Reader, value: Value, rows: int = 25) -> Lineage | None:
        """What a value was made of, with a page of so many rows. None for what was never computed."""
        moment = self._moment(reader)
        version = self._version(reader, value)
        item = self._item(value.indicator, version)
        if item is None or moment is None:
            return None
        query = rows_query(self.city, item, value.area, value.period, value.start, moment)
        leaves = [value] if query is not None else list(self.leaves(reader, value))
        return Lineage(
            value=value,
            version=version,
            how=self._how(item),
            parts=self.parts(reader, value),
            query=query,
            rows=None if query is None else query.page(reader, rows),
            sources=self._sources(reader, leaves[:FOLLOWED], moment),
            followed=min(len(leaves), FOLLOWED),
            behind=len(leaves),
        )

    def rows(
        self,
        reader: Reader,
        value: Value,
        limit: int = 50,
        offset: int = 0,
        member: Member | None = None,
    ) -> Rows | None:
        """The fact rows that a value was computed from: one page of them, and how many there are.

        With ``member`` those of one member of a dimension that the value is broken down by. None for what is
        computed from other values (``parts``), and for what was never computed.
        """
        moment = self._moment(reader)
        item = self._item(value.indicator, self._version(reader, value))
        if item is None or moment is None:
            return None
        query = rows_query(self.city, item, value.area, value.period, value.start, moment, member)
        return None if query is None else query.page(reader, limit, offset)

    def parts(self, reader: Reader, value: Value) -> tuple[Part, ...]:
        """Every value that one of a formula or composite was computed from, at its own period and unit.

        Of one that looks back, across units or at a base these are the values there. Empty for what has rows.
        """
        if not isinstance(self.city.indicators.get(value.indicator), Derived):
            return ()
        series = self._series[value.indicator]
        wanted = reads(series, value.area, value.period, value.start, self.city.areas, self.city.periods)
        found = reader.at(value.period, wanted)
        return tuple(
            Part(read.indicator, read.area, value.period, read.start, found.get(read)) for read in wanted
        )

    def leaves(self, reader: Reader, value: Value) -> Iterator[Value]:
        """The values with rows of their own that one rests on, through all formulas between, each once."""
        seen: set[tuple[str, str, dt.date]] = set()
        waiting = deque([value])
        while waiting:
            one = waiting.popleft()
            if not isinstance(self.city.indicators.get(one.indicator), Derived):
                yield one
                continue
            for part in self.parts(reader, one):
                key = (part.indicator, part.area, part.start)
                if part.value is not None and key not in seen:
                    seen.add(key)
                    waiting.append(part.value)

    @cached_property
    def _series(self) -> Mapping[str, Series]:
        """The trees of the city's formulas and composites."""
        known = traits(self.city)
        items = self.city.indicators.items()
        return {id_: series_of(item, known) for id_, item in items if isinstance(item, Derived)}

    def _moment(self, reader: Reader) -> Moment | None:
        """When the values were computed last, by which it goes whether a row lay in the future."""
        standing = Standing.read(reader.cursor)
        return None if standing.now is None else Moment.of(self.city, standing.now)

    def _version(self, reader: Reader, value: Value) -> Version | None:
        versions = reader.versions(value.indicator)
        return next((version for version in versions if version.version == value.version), None)

    def _item(self, indicator: str, version: Version | None) -> Indicator | None:
        """The definition of a version; as it is now, where the version cannot be read any more."""
        if version is not None:
            with contextlib.suppress(ValidationError):
                return _DEFINITION.validate_python(version.body)
        return self.city.indicators.get(indicator)

    def _sources(self, reader: Reader, values: Sequence[Value], moment: Moment) -> tuple[Source, ...]:
        """The files behind some values, newest run first; a row that several share counts for each."""
        counts: dict[tuple[int, str, str], int] = {}
        for value in values:
            item = self.city.indicators[value.indicator]
            query = rows_query(self.city, item, value.area, value.period, value.start, moment)
            if query is None:
                continue
            for run, name, rows in files_of(reader.cursor, query.dataset, query.where, query.area, query.day):
                counts[run, name, query.dataset] = counts.get((run, name, query.dataset), 0) + rows
        landed = landed_by(reader.cursor, {run for run, _, _ in counts})
        return tuple(
            Source(
                feed=landed[run].feed if run in landed else dataset,
                name=name,
                run=run,
                hash=landed[run].hash if run in landed else None,
                path=landed[run].path if run in landed else None,
                loaded_at=landed[run].loaded_at if run in landed else None,
                rows=rows,
            )
            for (run, name, dataset), rows in sorted(counts.items(), reverse=True)
        )

    def _how(self, item: Indicator) -> str:
        """What a definition computes, in its own language."""
        where = "" if isinstance(item, Derived) or not item.where else f" where {item.where}"
        match item:
            case Measure():
                return f"{item.measure} of {item.dataset} by {item.time}{where}"
            case Stock():
                return f"rows of {item.dataset} after {item.opens} and not yet {item.closes}{where}"
            case Reported():
                return f"newest {item.value} of {item.dataset} by {item.known}{where}"
        return describe(self._series[item.id])
