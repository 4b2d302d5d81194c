"""Every indicator against an oracle: plain Python over the same facts, which knows the definitions and
nothing of SQL.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
from sqlglot import exp

from config import REFERENCE_CITY, City, load_city, periods
from config.models.indicator import Composite, Formula, Indicator, Measure, Period, Reported, Stock
from config.periods import clock_of
from tests.indicators.oracle_rows import Row, Rows, arithmetic, join_n

if TYPE_CHECKING:
    from tests.indicators.conftest import World, WorldMaker

LAB = Path(__file__).parent / "lab"
# asked a million times for a few hundred days
start_of, next_start = cache(periods.start_of), cache(periods.next_start)
same_last_year, shift = cache(periods.same_last_year), cache(periods.shift)
Key = tuple[str, str, dt.date]

TOLD = ("day", "week", "month", "quarter", "half_year", "year")
"""Periods of whole days from their start on; of the others test_periods has an oracle of its own."""


@dataclass
class Figure:
    """What the oracle expects of one value."""

    value: float | None
    n: int
    present: int
    expected: int
    numerator: float | None = None
    denominator: float | None = None
    parts: tuple[float, float] | None = None


class Oracle:
    """Figures of a city by (area, period, start), for the areas asked for."""

    def __init__(self, world: World, now: dt.datetime, areas: Iterable[str]) -> None:
        self.world = world
        self.city: City = world.city
        self.now = now.astimezone(dt.UTC).replace(tzinfo=None)
        self.today = now.astimezone(self.city.zone).date()
        self.areas = [self.city.areas[code] for code in areas]
        self.codes = {area.code for area in self.areas}
        self.rows = Rows(world.local_day, self.city.zone)
        self.known: dict[str, dict[Key, Figure]] = {}
        self.above: dict[tuple[str, int], frozenset[str]] = {}
        self.covered: dict[tuple[Any, ...], dict[Key, tuple[int, int]]] = {}

    @cached_property
    def facts(self) -> dict[str, list[Row]]:
        """Rows of every dataset with None for what is empty."""
        found: dict[str, list[Row]] = {}
        for name, frame in self.world.facts.items():
            rows: list[Row] = [
                {str(k): None if v != v else v for k, v in row.items()} for row in frame.to_dict("records")
            ]
            found[name] = rows
        return found

    def figures(self, id_: str) -> dict[Key, Figure]:
        """All figures of an indicator."""
        if id_ not in self.known:
            item = self.city.indicators[id_]
            match item:
                case Measure():
                    self.known[id_] = self._measure(item)
                case Stock():
                    self.known[id_] = self._stock(item)
                case Reported():
                    self.known[id_] = self._reported(item)
                case Formula():
                    self.known[id_] = self._formula(item)
                case Composite():
                    self.known[id_] = self._composite(item)
        return self.known[id_]

    def _past(self, at: Any) -> bool:
        if at is None:
            return False
        return at <= self.now if isinstance(at, dt.datetime) else at <= self.today

    def _above(self, row: Row, day: dt.date) -> frozenset[str]:
        """The areas that a row lies in: of a unit that is gone by ``day``, those of the largest successor."""
        tree = self.city.areas
        era = sum(change <= day for change in tree.reforms)
        if (row["_area"], era) not in self.above:
            code = row["_area"]
            while (ended := tree[code].valid_to) is not None and ended <= day:
                after = [(-c.share, c.target) for c in tree.changes if (c.source, c.date) == (code, ended)]
                if not after:
                    break
                code = min(after)[1]
            self.above[row["_area"], era] = frozenset(tree.path(code).values())
        return self.above[row["_area"], era]

    def coverage(self, dataset: str, time: str, stock: bool) -> dict[str, set[dt.date]]:
        """Covered days by coverage area."""
        feed = self.city.datasets[dataset]
        level = feed.coverage or self.city.levels[0]
        owed = max(1, feed.delivery.every.days)
        events: dict[str, set[dt.date]] = defaultdict(set)
        for row in self.facts[dataset]:
            area = self.city.areas.path(row["_area"]).get(level)
            if area is not None and self._past(row[feed.event_time]):
                events[area].add(self.world.local_day(row[feed.event_time]))  # type: ignore[arg-type]
        if owed > 7 and stock:
            end = min(self.world.local_day(self._loaded(dataset)) or self.today, self.today)
            return {
                a: {min(d) + dt.timedelta(k) for k in range((end - min(d)).days + 1)}
                for a, d in events.items()
            }
        back = owed if owed <= 7 or time != feed.event_time else 1
        return {a: {day - dt.timedelta(k) for day in days for k in range(back)} for a, days in events.items()}

    def _loaded(self, dataset: str) -> dt.datetime:
        with self.world.store.read() as cursor:
            row = cursor.execute(
                "SELECT last_loaded_at FROM feed_status WHERE feed = ?", [self.city.datasets[dataset].id]
            ).fetchone()
        assert row is not None
        at: dt.datetime = row[0]
        return at

    def cells(self, item: Measure | Stock) -> dict[Key, tuple[int, int]]:
        """Present and expected cells of every area and period that has any."""
        time = item.opens if isinstance(item, Stock) else item.time
        like = (item.kind, item.dataset, time, frozenset(item.levels), tuple(_periods(item)))
        if like not in self.covered:
            self.covered[like] = self._cells(item)
        return self.covered[like]

    def _cells(self, item: Measure | Stock) -> dict[Key, tuple[int, int]]:
        stock = isinstance(item, Stock)
        covered = self.coverage(item.dataset, item.opens if isinstance(item, Stock) else item.time, stock)
        if isinstance(item, Stock) and not (self.city.datasets[item.dataset].delivery.every.days > 7):
            feed = self.city.datasets[item.dataset]
            covered = self.coverage(item.dataset, feed.event_time, True)
        level = self.city.datasets[item.dataset].coverage or self.city.levels[0]
        every = [day for days in covered.values() for day in days]
        if not every:
            return {}
        first = min(every)
        found: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        days = [first + dt.timedelta(k) for k in range((self.today - first).days + 1)]
        for area in self.areas:
            if area.level not in item.levels:
                continue
            shared = [
                cell
                for cell in self.city.areas.at(level)
                if cell.code in self.city.areas.path(area.code).values()
                or area.code in self.city.areas.path(cell.code).values()
            ]
            for cell in shared:
                there = covered.get(cell.code, set())
                for period in _periods(item):
                    for day in self._days(days, period):
                        if not (area.valid_on(day) and cell.valid_on(day)):
                            continue
                        key = (area.code, period, start_of(period, day))
                        found[key][0] += day in there
                        found[key][1] += day < self.today or day in there
        return {key: (present, expected) for key, (present, expected) in found.items() if present}

    def _days(self, days: list[dt.date], period: Period) -> list[dt.date]:
        """The days, with those before the first that its period holds too."""
        start = start_of(period, days[0])
        return [start + dt.timedelta(k) for k in range((days[0] - start).days)] + days

    def _measure(self, item: Measure) -> dict[Key, Figure]:
        where = None if item.where is None else _tree(item.where)
        groups: dict[Key, list[Row]] = defaultdict(list)
        own = {area.code for area in self.areas if area.level in item.levels}
        for row in self.facts[item.dataset]:
            if not self._past(row[item.time]) or (
                where is not None and self.rows.ask(where, row) is not True
            ):
                continue
            day = self.world.local_day(row[item.time])
            assert day is not None
            for period in _periods(item):
                start = start_of(period, day)
                above = self._above(row, start)
                for code in own & above:
                    groups[code, period, start].append(row)
        tree = _tree(item.measure)
        factor = self.city.units[item.unit].factor
        quotient = next(tree.find_all(exp.Div), None)
        found = {}
        for key, (present, expected) in self.cells(item).items():
            rows = groups.get(key, [])
            if item.weights is not None:
                top, bottom, n = self.rows.weighted(tree, _tree(item.weights), rows)
                value = factor * top / bottom if bottom else None
                found[key] = Figure(value, n, present, expected, top, bottom, (top, bottom))
                continue
            value, n = self.rows.total(tree, rows)
            figure = Figure(None if value is None else value * factor, n, present, expected)
            if quotient is not None:
                sides = [self.rows.total(side, rows)[0] for side in (quotient.this, quotient.expression)]
                figure.parts = (sides[0] or 0, sides[1] or 0)
                if quotient is tree:
                    figure.numerator, figure.denominator = sides
            found[key] = figure
        return found

    def _stock(self, item: Stock) -> dict[Key, Figure]:
        where = None if item.where is None else _tree(item.where)
        factor = self.city.units[item.unit].factor
        rows = [r for r in self.facts[item.dataset] if where is None or self.rows.ask(where, r) is True]
        events: dict[tuple[str, int], list[tuple[dt.date, dt.date]]] = {}
        found = {}
        for key, (present, expected) in self.cells(item).items():
            area, period, start = key
            end = next_start(period, start)
            last = min(end - dt.timedelta(days=1), self.today)
            era = sum(change <= last for change in self.city.areas.reforms)
            if (area, era) not in events:
                inside = [row for row in rows if area in self._above(row, last)]
                events[area, era] = [
                    (self._day(opens), self._day(closes))
                    for opens, closes in ((row[item.opens], row[item.closes]) for row in inside)
                    if closes is None or opens is None or closes >= opens
                ]
            count = sum(opened < end <= closed for opened, closed in events[area, era])
            found[key] = Figure(count * factor, count, present, expected)
        return found

    def _day(self, at: Any) -> dt.date:
        """The day of what has happened by now; what has not, happens on the last of all days."""
        day = self.world.local_day(at)
        return day if day is not None and self._past(at) else dt.date.max

    def _reported(self, item: Reported) -> dict[Key, Figure]:
        where = _tree(item.where)
        (period,) = _periods(item)
        newest: dict[Key, tuple[Any, int, float]] = {}
        for line, row in enumerate(self.facts[item.dataset]):
            area = self.city.areas[row["_area"]]
            start = row[item.time]
            if (
                area.code not in self.codes
                or area.level not in item.levels
                or row[item.value] is None
                or self.rows.ask(where, row) is not True
                or not self._past(row[item.known])
                or start_of(period, start) != start
                or start > self.today
            ):
                continue
            key = (area.code, period, start)
            print_ = (row[item.known], line, row[item.value])
            if key not in newest or newest[key][:2] < print_[:2]:
                newest[key] = print_
        return {key: Figure(value, 1, 1, 1) for key, (_, _, value) in newest.items()}

    # Formulas: a function from an area and a period to a figure, or to nothing.

    def _formula(self, item: Formula) -> dict[Key, Figure]:
        tree = _tree(item.formula)
        factor = self.city.units[item.unit].factor if _is_quotient(tree) else 1.0
        starts: dict[Period, set[dt.date]] = defaultdict(set)
        for name in {column.name for column in tree.find_all(exp.Column)}:
            for _, period, start in self.figures(name):
                starts[period].add(start)
        found: dict[Key, Figure] = {}
        for area in self.areas:
            for period in _periods(item):
                for start in starts[period] if area.level in item.levels else ():
                    for at in {start, shift(period, start, 3)}:
                        exists = (area.valid_from is None or area.valid_from < next_start(period, at)) and (
                            area.valid_to is None or area.valid_to > at
                        )
                        if at <= self.today and exists:
                            figure = self.at(tree, area.code, period, at)
                            if figure is not None:
                                value = None if figure.value is None else figure.value * factor
                                found[area.code, period, at] = replace(figure, value=value)
        return found

    def _composite(self, item: Composite) -> dict[Key, Figure]:
        """The weighted mean of scores by goalposts, of what there is or where all of it is there."""
        assert (item.normalise, item.aggregate) == ("goalposts", "arithmetic")
        least = {"skip": 1, "any": len(item.components)}[item.missing]
        parts = [(part, self.figures(part.indicator)) for part in item.components]
        found = {}
        for key in {key for _, figures in parts for key in figures}:
            level = self.city.areas[key[0]].level
            if level not in item.levels or key[1] not in _periods(item):
                continue
            held = []
            for part, figures in parts:
                figure, source = figures.get(key), self.city.indicators[part.indicator]
                if figure is None or figure.value is None or figure.n < source.min_n:
                    continue
                assert part.goalposts is not None
                score = (figure.value - part.goalposts.min) / (part.goalposts.max - part.goalposts.min)
                score = score if source.direction != "down" else 1 - score
                held.append((part.weight, min(1.0, max(0.0, score)), figure.n))
            if len(held) >= least:
                top, bottom = sum(w * s for w, s, _ in held), sum(w for w, _, _ in held)
                found[key] = Figure(item.scale * top / bottom, min(n for *_, n in held), 0, 0, top, bottom)
        return found

    @cached_property
    def sizes(self) -> dict[str, list[tuple[dt.datetime, int]]]:
        """Who lives where from when on, as the city's files have it: moments and numbers by area."""
        folder, found = self.city.path / "areas", []
        for name, since in (("units.csv", ""), ("populations.csv", "from")):
            if (folder / name).is_file():
                with (folder / name).open(encoding="utf-8", newline="") as file:
                    found += [
                        (
                            dt.date.fromisoformat(row.get(since) or "0001-01-01"),
                            row["code"],
                            row["population"],
                        )
                        for row in csv.DictReader(file)
                    ]
        told: dict[str, list[tuple[dt.datetime, int]]] = defaultdict(list)
        for day, code, people in sorted(found):
            if people:
                told[code].append((clock_of(day), int(people)))
        return told

    def people(self, area: str, period: Period, start: dt.date) -> int | None:
        """Who lives in an area when a period ends."""
        end = clock_of(self.city.periods.next_start(period, start))
        known = [people for moment, people in self.sizes[area] if moment < end]
        return known[-1] if known else None

    def at(self, node: exp.Expr, area: str, period: Period, start: dt.date) -> Figure | None:
        """What a formula gives for one area and period; None where there is no value at all."""
        if isinstance(node, exp.Paren):
            return self.at(node.this, area, period, start)
        if isinstance(node, exp.Literal):
            return Figure(float(node.this), -1, 0, 0)
        if isinstance(node, exp.Column):
            return self.figures(node.name).get((area, period, start))
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div):
            return self._both(node, node.this, node.expression, area, period, start)
        name, arguments = _call(node)
        x = arguments[0]
        count = int(arguments[1].this) if len(arguments) > 1 and isinstance(arguments[1], exp.Literal) else 1
        match name:
            case "ratio" | "share_of":
                return self._both(exp.Div(), x, arguments[1], area, period, start)
            case "lag":
                return self.at(x, area, period, shift(period, start, -count))
            case "diff":
                return self._change(
                    self.at(x, area, period, start), self.at(x, area, period, shift(period, start, -count))
                )
            case "yoy":
                base = self.at(x, area, period, same_last_year(period, start))
                rate = self.city.units[self.city.indicators[x.name].unit].kind == "rate"
                return self._change(self.at(x, area, period, start), base, relative=not rate)
            case "rolling":
                return self._window(x, area, period, [shift(period, start, -k) for k in range(count)])
            case "ytd":
                first = dt.date(start.year, 1, 1)
                span, at = [], first
                while at <= start:
                    span.append(at)
                    at = next_start(period, at)
                return self._window(x, area, period, span)
            case "per_capita":
                figure, heads = self.at(x, area, period, start), self.people(area, period, start)
                if figure is None:
                    return None
                per = None if figure.value is None or not heads else figure.value * count / heads
                return Figure(per, figure.n, 0, 0)
            case "share_of_parent":
                own = self.at(x, area, period, start)
                whole = self.at(x, self.city.areas[area].parent, period, start)
                if own is None or whole is None:
                    return None
                return Figure(arithmetic(exp.Div(), own.value, whole.value), whole.n, 0, 0)
            case "index":
                year, own = int(arguments[1].this), self.at(x, area, period, start)
                assert period == "month"
                held = [self.at(x, area, period, dt.date(year, month, 1)) for month in range(1, 13)]
                values = [figure.value for figure in held if figure is not None and figure.value is not None]
                if own is None or len(values) < 12:
                    return None
                value = arithmetic(exp.Div(), own.value, math.fsum(values) / 12)
                return Figure(None if value is None else 100 * value, own.n, 0, 0)
            case "rank":
                return self._rank(x, area, period, start)
        raise NotImplementedError(name)

    def _both(
        self, node: exp.Expr, x: exp.Expr, y: exp.Expr, area: str, period: Period, start: dt.date
    ) -> Figure | None:
        left, right = self.at(x, area, period, start), self.at(y, area, period, start)
        if left is None or right is None:
            return None
        n = (
            min(left.n, right.n)
            if isinstance(node, exp.Mul) and -1 not in (left.n, right.n)
            else join_n(node, left.n, right.n)
        )
        parts = (left.value or 0, right.value or 0) if isinstance(node, exp.Div) else None
        return Figure(arithmetic(node, left.value, right.value), n, 0, 0, parts=parts)

    @staticmethod
    def _change(now: Figure | None, then: Figure | None, relative: bool = False) -> Figure | None:
        if now is None or then is None:
            return None
        if now.value is None or then.value is None or (relative and then.value == 0):
            return Figure(None, now.n, 0, 0)
        by = now.value - then.value
        return Figure(100 * by / abs(then.value) if relative else by, now.n, 0, 0)

    def _window(self, x: exp.Expr, area: str, period: Period, starts: list[dt.date]) -> Figure | None:
        figures = [self.at(x, area, period, start) for start in starts]
        if any(figure is None for figure in figures):
            return None
        known = [figure for figure in figures if figure is not None]
        n = sum(figure.n for figure in known)
        item = self.city.indicators[x.name]
        if all(figure.parts is not None for figure in known):
            numerator, denominator = (math.fsum(f.parts[i] for f in known if f.parts) for i in (0, 1))
            scale = self.city.units[item.unit].factor * (2 if x.name == "doubled" else 1)
            return Figure(None if not denominator else scale * numerator / denominator, n, 0, 0)
        if any(figure.value is None for figure in known):
            return None
        values = [figure.value for figure in known if figure.value is not None]
        return Figure(sum(values) / (len(values) if isinstance(item, Stock) else 1), n, 0, 0)

    def _rank(self, x: exp.Expr, area: str, period: Period, start: dt.date) -> Figure | None:
        own = self.at(x, area, period, start)
        if own is None:
            return None
        level = self.city.areas[area].level
        others = [self.at(x, other.code, period, start) for other in self.areas if other.level == level]
        least = self.city.indicators[x.name].min_n
        values = [f.value for f in others if f is not None and f.value is not None and f.n >= least]
        if own.value is None or own.n < least:
            return Figure(None, own.n, 0, 0, None, len(values))
        down = self.city.indicators[x.name].direction == "down"
        better = sum((v < own.value) if down else (v > own.value) for v in values)
        return Figure(better + 1, own.n, 0, 0, values.count(own.value), len(values))


def _periods(item: Indicator) -> list[Period]:
    """The built-in periods; reporting calendars have an oracle of their own."""
    return [period for period in item.periods if period in TOLD]


def _tree(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


def _call(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    if isinstance(node, exp.Lag):
        return "lag", [node.this, node.args["offset"]]
    name = node.this if isinstance(node, exp.Anonymous) else node.key
    return str(name).lower(), list(node.expressions)


def _is_quotient(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Div) or (
        isinstance(tree, exp.Anonymous) and str(tree.this).lower() in ("ratio", "share_of", "share_of_parent")
    )


# The comparison

LAB_SPAN = (dt.date(2024, 6, 25), dt.date(2025, 7, 20))
LAB_NOW = dt.datetime(2025, 7, 20, 3, 30, tzinfo=dt.UTC)
HCMC_SPAN = (dt.date(2025, 5, 20), dt.date(2025, 7, 25))
HCMC_NOW = dt.datetime(2025, 7, 25, 5, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def lab_oracle(make_world: WorldMaker, lab: City, fill_world: Callable[..., None]) -> Oracle:
    """The laboratory, computed, and its oracle."""
    world = make_world(lab)
    fill_world(world, LAB_SPAN, {"visits": 1500, "readings": 900, "figures": 60, "services": 40}, seed=1)
    world.refresh(LAB_NOW)
    return Oracle(world, LAB_NOW, [area.code for area in lab.areas.all()])


@pytest.fixture(scope="module")
def hcmc_oracle(make_world: WorldMaker, hcmc: City, fill_world: Callable[..., None]) -> Oracle:
    """The reference city with random facts, and an oracle for the city, its districts and every fortieth
    ward.
    """
    world = make_world(hcmc)
    fill_world(world, HCMC_SPAN, dict.fromkeys(hcmc.datasets, 600), seed=2)
    world.refresh(HCMC_NOW)
    finest = [area.code for area in hcmc.areas.at(hcmc.levels[-1])][::40]
    coarser = [area.code for level in hcmc.levels[:-1] for area in hcmc.areas.at(level)]
    return Oracle(world, HCMC_NOW, [*coarser, *finest])


def compare(oracle: Oracle, id_: str) -> None:
    """Every value of an indicator, there and not there."""
    columns = ("value", "numerator", "denominator", "n", "present", "expected")
    with oracle.world.store.read() as cursor:
        stored = cursor.execute(
            f"SELECT area, period, start, {', '.join(columns)} FROM indicator_value"
            " WHERE indicator = ? AND list_contains(?, area) AND list_contains(?, period)",
            [id_, [area.code for area in oracle.areas], list(TOLD)],
        ).fetchall()
    got = {
        (area, period, start.date()): Figure(**dict(zip(columns, rest, strict=True)))
        for area, period, start, *rest in stored
    }
    wanted = oracle.figures(id_)
    assert set(got) == set(wanted)
    formula = isinstance(oracle.city.indicators[id_], Formula | Composite)
    for key, figure in wanted.items():
        row = got[key]
        assert _same(row.value, figure.value), (key, row, figure)
        assert row.n == figure.n, (key, row, figure)
        if not formula:
            assert (row.present, row.expected) == (figure.present, figure.expected), (key, row, figure)
        if figure.numerator is not None:
            assert _same(row.numerator, figure.numerator), (key, row, figure)
        if figure.denominator is not None:
            assert _same(row.denominator, figure.denominator), (key, row, figure)


def _same(got: float | None, wanted: float | None) -> bool:
    if got is None:
        return wanted is None
    return wanted is not None and math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize(
    "id_", sorted(i.id for i in load_city(REFERENCE_CITY).indicators.values() if set(i.periods) & set(TOLD))
)
def test_reference_city(hcmc_oracle: Oracle, id_: str) -> None:
    compare(hcmc_oracle, id_)


@pytest.mark.parametrize("id_", sorted(load_city(LAB).indicators))
def test_laboratory(lab_oracle: Oracle, id_: str) -> None:
    compare(lab_oracle, id_)
    if id_ != "odd":
        assert lab_oracle.figures(id_), "the facts should give this indicator values"
