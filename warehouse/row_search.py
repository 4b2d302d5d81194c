"""Finding rows of a dataset by its own columns: words, values, days; in a viewer's scope, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from config.models import Column, Feed
from warehouse.facts import day_of, fact_table, has_facts, q
from warehouse.places import inside

if TYPE_CHECKING:
    from warehouse.reader import Reader, Rows

MOST_GROUPS: Final = 200
"""Different values up to which a column of text can be chosen from."""
AGES: Final = (1, 3, 7, 30)
"""Bounds, in days, of the bands of age."""


@dataclass(frozen=True)
class Search:
    """What rows are looked for. ``words`` must each stand in one of the text columns, marks of letters apart,
    or in the label of a value (``labelled``: by word the columns' values that are called so). ``chosen``:
    values by column. ``since`` and ``until`` bound the day of the event.
    """

    words: Sequence[str] = ()
    labelled: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    chosen: Mapping[str, str] = field(default_factory=dict)
    since: dt.date | None = None
    until: dt.date | None = None

    def condition(self, feed: Feed) -> tuple[str, list[Any]]:
        """SQL over the fact table of a feed, and its parameters."""
        terms, given = ["TRUE"], list[Any]()
        day = q(day_of(feed.event_time))
        for name, value in self.chosen.items():
            terms.append(f"CAST({q(name)} AS VARCHAR) = ?")
            given.append(value)
        for bound, sign in ((self.since, ">="), (self.until, "<=")):
            if bound is not None:
                terms.append(f"{day} {sign} ?")
                given.append(bound)
        texts = [column.name for column in feed.columns if column.type == "text" and not column.values]
        for word in self.words:
            meant = [f"contains({_folded(q(name))}, {_folded('?')})" for name in texts]
            given += [word] * len(texts)
            for column, value in self.labelled.get(word, ()):
                meant.append(f"{q(column)} = ?")
                given.append(value)
            terms.append(f"({' OR '.join(meant) or 'FALSE'})")
        return " AND ".join(terms), given


@dataclass(frozen=True)
class Found:
    """A page of rows with how many there are; ``groups`` counts them by column and value, the most frequent
    first; ``ages`` by band of ``AGES`` of the days since the event, the youngest first.
    """

    rows: Rows
    groups: Mapping[str, Sequence[tuple[str, int]]]
    ages: Sequence[int]


def group_columns(feed: Feed) -> list[Column]:
    """Columns that rows can be chosen by: those of text that do not tell each row from every other."""
    return [
        column
        for column in feed.columns
        if column.type in ("text", "boolean") and column.name not in feed.identity and column.constant is None
    ]


def find_rows(
    reader: Reader, feed: Feed, search: Search, area: str, today: dt.date, limit: int, offset: int
) -> Found | None:
    """The newest rows first; None where nothing was ever loaded. Raises OutOfScopeError."""
    if not has_facts(reader.cursor, feed.table):
        return None
    where, given = search.condition(feed)
    names = [q(column.name) for column in feed.columns]
    order = ", ".join([f"{q(feed.event_time)} DESC", *map(q, feed.key)])
    # The reader holds the area against the viewer's scope; what is counted below is of the same area.
    rows = reader.facts(
        feed.table, where, given, area=area, columns=names, order=order, limit=limit, offset=offset, day=today
    )
    groups, ages = _counted(reader, feed, search, (where, given), area, today)
    return Found(rows, groups, ages)


def _counted(
    reader: Reader, feed: Feed, search: Search, condition: tuple[str, list[Any]], area: str, today: dt.date
) -> tuple[Mapping[str, Sequence[tuple[str, int]]], Sequence[int]]:
    """What was found by column and value, and by band of age: in one look at rows that may be millions."""
    where, given = condition
    names = [column.name for column in group_columns(feed)]
    values = "".join(f"CAST({q(name)} AS VARCHAR) AS v{n}, " for n, name in enumerate(names))
    columns = [f"v{n}" for n in range(len(names))]
    which = "".join(f" WHEN grouping({column}) = 0 THEN {n}" for n, column in enumerate(columns))
    sets = ", ".join(f"({column})" for column in [*columns, ""])
    ages = ", ".join(f"count(*) FILTER ({band}) AS a{n}" for n, band in enumerate(_bands("age")))
    told = reader.cursor.execute(
        f"SELECT CASE WHEN FALSE THEN NULL{which} ELSE -1 END AS which,"
        f" coalesce({', '.join([*columns, 'NULL'])}) AS value,"
        f" count(*) AS n, {ages} FROM (SELECT {values}"
        f"DATE '{today}' - {q(day_of(feed.event_time))} AS age"
        f" FROM {q(fact_table(feed.table))} WHERE ({where}) AND {inside(today)})"
        f" GROUP BY GROUPING SETS ({sets}) HAVING which = -1 OR value IS NOT NULL"
        f" QUALIFY row_number() OVER (PARTITION BY which ORDER BY n DESC, value) <= {MOST_GROUPS + 1}"
        " ORDER BY which, n DESC, value",
        [*given, area],
    ).fetchall()
    by_column: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
    bands: Sequence[int] = [0] * (len(AGES) + 1)
    for number, value, count, *aged in told:
        if number < 0:
            bands = aged
        else:
            by_column[names[number]].append((value, count))
    kept = {n: c for n, c in by_column.items() if 1 < len(c) <= MOST_GROUPS or n in search.chosen}
    return kept, bands


def _bands(age: str) -> list[str]:
    """SQL conditions on an age in days, the youngest first."""
    bounds = [None, *AGES, None]
    return [
        " AND ".join(
            [*([f"{age} >= {low}"] if low is not None else []), *([f"{age} < {high}"] if high else [])]
        )
        for low, high in pairwise(bounds)
    ]


def _folded(text: str) -> str:
    """Small letters without marks."""
    return f"replace(strip_accents(lower({text})), 'đ', 'd')"
