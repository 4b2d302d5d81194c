"""Values made again, in plain Python, out of nothing but what their lineage lists: rows and parts."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from config import City, load_city
from config.models.indicator import Derived, Period
from indicators.lineage import Lineages, Part
from indicators.reads import Read
from warehouse.reader import Reader, Value, reading
from warehouse.scope import EVERYONE

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

HERE = Path(__file__).parent
SPAN = (dt.date(2024, 6, 20), dt.date(2025, 7, 8))
NOW = dt.datetime(2025, 7, 8, 6, 30, tzinfo=dt.UTC)
SIZES = {"visits": 900, "readings": 400, "illness": 300, "services": 30, "figures": 240}
SAMPLE = 500
Row = dict[str, Any]


class Made(NamedTuple):
    """A value made again, and the parts of a ratio."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None


class UndefinedError(Exception):
    """A part is there and has no value, like a ratio with nothing to divide by."""


def number(values: Iterator[Any]) -> list[float]:
    return [value for value in values if value is not None]


def total(values: list[float]) -> float:
    return math.fsum(values)


def ratio(numerator: float, denominator: float, factor: float = 1.0) -> Made:
    return Made(factor * numerator / denominator if denominator else None, numerator, denominator)


def mean(values: list[float]) -> Made:
    return ratio(total(values), len(values))


def column(rows: list[Row], name: str) -> list[float]:
    return number(row[name] for row in rows)


def hours(rows: list[Row]) -> list[float]:
    return [(row["closed_at"] - row["opened_at"]).total_seconds() / 3600 for row in rows]


def quantile(values: list[float], share: float) -> Made:
    return Made(float(np.quantile(values, share)) if values else None)


def local(at: dt.datetime) -> dt.datetime:
    return at + dt.timedelta(hours=7)


def count(rows: list[Row]) -> Made:
    return Made(len(rows))


FROM_ROWS: dict[str, Callable[[list[Row]], Made]] = {
    "visits": count,
    "visits_closed": count,
    "by_hour": count,
    "illness": count,
    "open": count,
    "open_by_report": count,
    "overdue": count,
    "services": count,
    "services_full": count,
    "visits_online": lambda rows: ratio(sum(row["online"] is True for row in rows), len(rows), 100),
    "visits_on_time": lambda rows: ratio(
        sum(row["closed_at"] is not None and row["closed_at"] <= row["due_at"] for row in rows),
        len(rows),
        100,
    ),
    "road_cost": lambda rows: Made(total(column(rows, "cost"))),
    "mean_cost": lambda rows: mean(column(rows, "cost")),
    "least_cost": lambda rows: Made(min(column(rows, "cost"), default=None)),
    "most_rooms": lambda rows: Made(max(column(rows, "rooms"), default=None)),
    "cost_per_room": lambda rows: ratio(total(column(rows, "cost")), total(column(rows, "rooms"))),
    "net_cost": lambda rows: Made(
        total(column([row for row in rows if row["online"] is True], "cost"))
        - total(column([row for row in rows if row["online"] is False], "cost"))
    ),
    "doubled": lambda rows: ratio(len(column(rows, "rooms")), len(rows), 2),
    "handling_hours": lambda rows: quantile(hours(rows), 0.5),
    "handling_hours_p90": lambda rows: quantile(hours([row for row in rows if row["online"]]), 0.9),
    "kinds": lambda rows: Made(len({row["kind"] for row in rows})),
    "cost_per_kind": lambda rows: ratio(total(column(rows, "cost")), len({row["kind"] for row in rows})),
    "night_visits": lambda rows: Made(
        sum(local(r["opened_at"]).hour >= 22 or local(r["opened_at"]).isoweekday() == 7 for r in rows)
    ),
    "level": lambda rows: mean(column(rows, "level")),
    "stations": lambda rows: Made(len({row["station"] for row in rows})),
    "report_delay": lambda rows: mean([(row["reported_on"] - row["onset_on"]).days for row in rows]),
    "output": lambda rows: Made(rows[0]["value"]),
    "weighted_cost": lambda rows: ratio(
        total([r["cost"] * r["rooms"] for r in rows if r["cost"] is not None and r["rooms"] is not None]),
        total([r["rooms"] for r in rows if r["cost"] is not None and r["rooms"] is not None]),
    ),
}


@dataclass
class Remaker:
    """Makes values again; every look at a value that their lineage does not list fails."""

    city: City
    reader: Reader
    made: dict[tuple[str, str, str, dt.date], Made] = field(default_factory=dict)
    rows_listed: int = 0

    @cached_property
    def lineages(self) -> Lineages:
        return Lineages(self.city)

    def again(self, value: Value) -> Made:
        key = (value.indicator, value.area, value.period, value.start)
        if key not in self.made:
            if isinstance(self.city.indicators[value.indicator], Derived):
                self.made[key] = self.from_parts(value)
            else:
                self.made[key] = self.from_rows(value)
        return self.made[key]

    def from_rows(self, value: Value) -> Made:
        found = self.lineages.rows(self.reader, value, limit=10**6)
        assert found is not None
        assert len(found.rows) == found.total
        self.rows_listed += found.total
        listed = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        assert all(row["_run"] and row["_file"] and len(row["_hash"]) == 16 for row in listed)
        return FROM_ROWS[value.indicator](listed)

    def from_parts(self, value: Value) -> Made:
        parts = self.lineages.parts(self.reader, value)
        try:
            return FROM_PARTS[value.indicator](Cell(self, value, parts))
        except UndefinedError:
            return Made(None)


class Cell:
    """What a formula sees: the parts of one value, and where it stands."""

    def __init__(self, remaker: Remaker, value: Value, parts: tuple[Part, ...]) -> None:
        self.remaker = remaker
        self.city = remaker.city
        self.area, self.period, self.start = value.area, value.period, value.start
        self.listed = {Read(part.indicator, part.area, part.start): part.value for part in parts}

    def at(
        self, id_: str, back: int = 0, area: str | None = None, start: dt.date | None = None
    ) -> Made | None:
        start = self.city.periods.shift(self.period, start or self.start, -back)
        value = self.listed[Read(id_, area or self.area, start)]
        return None if value is None else self.remaker.again(value)

    def of(self, id_: str, back: int = 0, area: str | None = None) -> float:
        made = self.at(id_, back, area)
        assert made is not None
        if made.value is None:
            raise UndefinedError
        return made.value

    def window(self, id_: str, count: int, later: int = 0) -> list[Made]:
        found = [self.at(id_, back) for back in range(later, later + count)]
        assert all(found)
        return [made for made in found if made is not None]

    def year(self, id_: str) -> list[Made]:
        steps = itertools.takewhile(
            lambda back: self._year(self.city.periods.shift(self.period, self.start, -back)) == self._year(),
            itertools.count(),
        )
        return self.window(id_, len(list(steps)))

    def _year(self, start: dt.date | None = None) -> int:
        """The year that a period is counted to."""
        start = start or self.start
        if self.period == "week":
            return start.isocalendar().year
        return self.city.periods.named(self.period, start).year

    def level(self, id_: str) -> dict[str, float]:
        """Values of all units of the level that the lineage lists, where there are any."""
        found = {read.area: self.at(id_, area=read.area) for read in self.listed if read.indicator == id_}
        return {area: m.value for area, m in found.items() if m is not None and m.value is not None}


def added(parts: list[Made]) -> Made:
    return Made(total([part.value or 0.0 for part in parts]))


def averaged(parts: list[Made]) -> Made:
    return Made(total([part.value or 0.0 for part in parts]) / len(parts))


def joined(parts: list[Made], factor: float) -> Made:
    return ratio(
        total([part.numerator or 0.0 for part in parts]),
        total([part.denominator or 0.0 for part in parts]),
        factor,
    )


def change(cell: Cell, id_: str, relative: bool) -> Made:
    now, then = cell.of(id_), cell.of(id_, cell.city.periods.year(cell.period))
    return Made(100 * (now - then) / abs(then) if then else None) if relative else Made(now - then)


def place(cell: Cell, id_: str, descending: bool) -> Made:
    values = cell.level(id_)
    own = values.get(cell.area)
    if own is None:
        return Made(None)
    return Made(1 + sum((value > own) if descending else (value < own) for value in values.values()))


def score(cell: Cell) -> Made:
    parts = []
    for id_, up in (("visits", True), ("open", False)):
        values = cell.level(id_)
        low, high = min(values.values()), max(values.values())
        far = values[cell.area] - low if up else high - values[cell.area]
        parts.append(far / (high - low) if high > low else 0.5)
    return Made(100 * (2 * parts[0] + parts[1]) / 3)


def index(cell: Cell) -> Made:
    now = cell.of("visits")
    first, last = dt.date(2025, 1, 1), dt.date(2025, 3, 31)
    base = []
    start = cell.city.periods.start_of(cell.period, first)
    while start <= last:
        made = cell.at("visits", start=start)
        assert made is not None
        base.append(made.value or 0.0)
        start = cell.city.periods.next_start(cell.period, start)
    return Made(100 * now / (total(base) / len(base)))


def people(cell: Cell) -> int:
    return cell.city.areas.people(cell.area, cell.city.periods.last_day(cell.period, cell.start)) or 0


def parent(cell: Cell) -> str:
    return cell.city.areas[cell.area].parent or ""


FROM_PARTS: dict[str, Callable[[Cell], Made]] = {
    "visits_before": lambda c: Made(c.of("visits", 3)),
    "visits_diff": lambda c: Made(c.of("visits") - c.of("visits", 1)),
    "visits_yoy": lambda c: change(c, "visits", relative=True),
    "online_yoy": lambda c: change(c, "visits_online", relative=False),
    "visits_ytd": lambda c: added(c.year("visits")),
    "online_ytd": lambda c: joined(c.year("visits_online"), 100),
    "visits_3": lambda c: added(c.window("visits", 3)),
    "online_3": lambda c: joined(c.window("visits_online", 3), 100),
    "doubled_3": lambda c: joined(c.window("doubled", 3), 2),
    "open_3": lambda c: averaged(c.window("open", 3)),
    "per_head": lambda c: Made(1000 * c.of("visits") / people(c)),
    "part_of_parent": lambda c: ratio(c.of("visits"), c.of("visits", area=parent(c)), 100),
    "online_place": lambda c: place(c, "visits_online", descending=True),
    "open_place": lambda c: place(c, "open", descending=False),
    "closing": lambda c: ratio(c.of("visits_closed"), c.of("visits"), 100),
    "backlog": lambda c: ratio(7 * c.of("open"), added(c.window("visits_closed", 7)).value or 0.0),
    "growth": lambda c: ratio(
        added(c.window("illness", 7)).value or 0.0, added(c.window("illness", 7, 7)).value or 0.0
    ),
    "closing_3": lambda c: joined(c.window("closing", 3), 100),
    "growing": lambda c: Made(c.of("visits") - c.of("visits_closed")),
    "odd": lambda c: Made((c.of("visits") + 1) * c.of("open") / 2 - 3),
    "closing_place": lambda c: place(c, "closing", descending=True),
    "visits_index": index,
    "road_share": lambda c: ratio(c.of("visits_closed"), c.of("visits"), 100),
    "week_before": lambda c: Made(c.of("by_hour") - c.of("by_hour", 1)),
    "hours_so_far": lambda c: added(c.year("by_hour")),
    "score": score,
}


@pytest.fixture(scope="module")
def world(
    make_world: WorldMaker, fill_world: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> World:
    """The laboratory, with some more periods and kinds."""
    folder = tmp_path_factory.mktemp("city") / "lab"
    shutil.copytree(HERE / "lab", folder)
    shutil.copy(HERE / "lineage" / "extra.yaml", folder / "indicators")
    with (folder / "city.yaml").open("a", encoding="utf-8") as head:
        head.write(
            'reporting: [{id: reporting_month, name: {vi: x, en: x}, every: month, day: 25, at: "12:00"}]\n'
        )
    made = make_world(load_city(folder))
    fill_world(made, SPAN, SIZES, seed=21)
    made.refresh(NOW)
    return made


def sample(reader: Reader, city: City) -> list[Value]:
    """Values of every indicator, level and period, in equal parts as far as there are so many."""
    rows = reader.cursor.execute(
        "SELECT indicator, level, period, area, start FROM indicator_value ORDER BY ALL"
    ).fetchall()
    groups: dict[tuple[str, str, str], list[tuple[str, str, Period, dt.datetime]]] = defaultdict(list)
    for indicator, level, period, area, start in rows:
        groups[indicator, level, period].append((indicator, area, period, start))
    draw = random.Random(5)
    for keys in groups.values():
        draw.shuffle(keys)
    turns = [key for turn in itertools.zip_longest(*groups.values()) for key in turn if key is not None]
    chosen: list[Value] = []
    for indicator, area, period, start in turns[: max(SAMPLE, len(groups))]:
        at = start if city.periods.timed(period) else start.date()
        chosen += reader.at(period, [(indicator, area, at)]).values()
    return chosen


def close(stored: float | None, made: float | None) -> bool:
    if stored is None or made is None:
        return stored is made
    return stored == made if isinstance(made, int) else math.isclose(stored, made, rel_tol=1e-9, abs_tol=1e-9)


def test_a_sample_of_values_follows_from_the_rows_that_are_listed(world: World) -> None:
    with reading(world.store, world.city, EVERYONE) as reader:
        chosen = sample(reader, world.city)
        remaker = Remaker(world.city, reader)
        for value in chosen:
            made = remaker.again(value)
            assert close(value.value, made.value), (value, made)
    assert len(chosen) >= SAMPLE
    told = {value.indicator for value in chosen}
    assert told == set(world.city.indicators), "of every indicator"
    kinds = {world.city.indicators[id_].kind for id_ in told}
    assert kinds == {"measure", "stock", "reported", "formula", "composite"}
    periods = {value.period for value in chosen}
    assert periods >= {"hour", "day", "week", "month", "reporting_month", "half_year", "year_to_date", "year"}
    assert {value.level for value in chosen} == set(world.city.levels)
    assert remaker.rows_listed > 10_000
