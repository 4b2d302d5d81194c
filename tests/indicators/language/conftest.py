"""The language of formulas by its definition, in plain Python that shares nothing with the SQL, and a store
of random values to hold the SQL against it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from config import City
from config.models.indicator import Composite
from config.periods import next_start, same_last_year, shift, start_of
from indicators.dirty import Spans
from indicators.formula import Series, Trait
from indicators.plan import FormulaStep, Shape
from indicators.sql.formula import formula_values
from indicators.sql.prelude import Moment

NOW: Final = dt.datetime(2025, 7, 10, 2, tzinfo=dt.UTC)
TODAY: Final = dt.date(2025, 7, 10)
LEVELS: Final = ("city", "district", "ward")
PERIODS: Final = {"day": 24, "month": 26, "quarter": 9, "year": 4}
HEADS: Final = {"C": 900, "W3": None}
GROWN: Final = {"C": (dt.date(2025, 4, 1), 1300), "W5": (dt.date(2025, 6, 17), 40)}
"""What units have from a day on."""
Key = tuple[str, str, dt.date]

TRAITS: Final = {
    "a": Trait("amount", "visits", "sum"),
    "b": Trait("amount", "visits", "sum", descending=False),
    "m": Trait("amount", "money", "sum"),
    "r": Trait("rate", "percent", "ratio", 100.0, min_n=30),
    "o": Trait("level", "degrees", "mean", descending=False),
}


@dataclass(frozen=True)
class Area:
    code: str
    level: str
    parent: str | None
    since: dt.date | None = None
    until: dt.date | None = None

    @property
    def sizes(self) -> list[tuple[str, dt.date, dt.date, int | None]]:
        first = HEADS.get(self.code, 100 + 7 * int(self.code[1:] or 0))
        if self.code not in GROWN:
            return [(self.code, dt.date.min, dt.date.max, first)]
        day, later = GROWN[self.code]
        return [(self.code, dt.date.min, day, first), (self.code, day, dt.date.max, later)]

    def heads(self, day: dt.date) -> int | None:
        return next(people for _, since, until, people in self.sizes if since <= day < until)


AREAS: Final = {
    area.code: area
    for area in [
        Area("C", "city", None),
        *(Area(f"D{number}", "district", "C") for number in range(1, 5)),
        *(Area(f"W{number}", "ward", f"D{1 + number % 4}") for number in range(1, 8)),
        Area("W8", "ward", "D1", until=dt.date(2025, 3, 1)),
        Area("W9", "ward", "D1", since=dt.date(2025, 3, 1)),
    ]
}


@dataclass(frozen=True)
class Cell:
    """One value with what stands behind it; it is a plain number if ``n`` is None."""

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    n: int | None = None
    present: int = 0
    expected: int = 0


Cells = dict[Key, Cell]


@dataclass
class Figures:
    """What a part of a formula gives, and how its periods become one."""

    cells: Cells
    accumulation: str = "mean"
    scale: float = 1.0
    descending: bool = True
    min_n: int = 0
    quotient: bool = False


@dataclass
class Evaluator:
    """The language by its definition."""

    data: dict[str, Cells]
    missing: str = "any"
    starts: dict[str, set[dt.date]] = field(default_factory=dict)

    def formula(self, text: str, factor: float) -> Cells:
        """Values of a formula, in a unit of a factor."""
        made = self.read(sqlglot.parse_one(text, read="duckdb"))
        assert isinstance(made, Figures)
        times = factor if made.quotient else 1.0
        return self.shown(
            {
                key: replace(cell, value=None if cell.value is None else times * cell.value)
                for key, cell in made.cells.items()
            }
        )

    @staticmethod
    def shown(cells: Cells) -> Cells:
        """Only what has begun, of areas that were there."""
        return {
            (code, period, start): cell
            for (code, period, start), cell in cells.items()
            if start <= TODAY
            and (AREAS[code].since or dt.date.min) < next_start(period, start)
            and (AREAS[code].until or dt.date.max) > start
        }

    def read(self, node: exp.Expr) -> Figures | float:
        """Any part of a formula."""
        match node:
            case exp.Paren():
                return self.read(node.this)
            case exp.Literal():
                return float(node.this)
            case exp.Neg():
                return self.joined("*", -1.0, self.read(node.this))
            case exp.Column():
                trait = TRAITS[node.name]
                parts = (trait.accumulation, trait.scale, trait.descending, trait.min_n)
                return Figures(self.data[node.name], *parts)
            case exp.Add() | exp.Sub() | exp.Mul() | exp.Div():
                sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}[type(node)]
                return self.joined(sign, self.read(node.this), self.read(node.expression))
        name = node.this if isinstance(node, exp.Anonymous) else node.key
        second = node.args.get("offset")
        given = [node.this, *([second] if second else [])] if isinstance(node, exp.Lag) else node.expressions
        made = self.read(given[0])
        assert isinstance(made, Figures)
        more: Any = None
        if len(given) > 1:
            more = given[1].this if isinstance(given[1], exp.Literal) else self.read(given[1])
        found: Figures = getattr(self, name)(made, *([] if more is None else [more]))
        return found

    def joined(self, sign: str, left: Figures | float, right: Figures | float) -> Figures | float:
        """Two parts joined by an operator."""
        if isinstance(left, Figures) and isinstance(right, Figures):
            return self.both(sign, left, right)
        if not isinstance(left, Figures) and not isinstance(right, Figures):
            return _op(sign, left, right) or 0.0
        if isinstance(left, Figures):
            assert not isinstance(right, Figures)
            number, made, turned = right, left, False
            cells = {k: replace(c, value=_op(sign, c.value, number)) for k, c in made.cells.items()}
        else:
            assert isinstance(right, Figures)
            number, made, turned = left, right, True
            cells = {k: replace(c, value=_op(sign, number, c.value)) for k, c in made.cells.items()}
            if sign == "/":
                cells = {
                    k: replace(c, numerator=number, denominator=made.cells[k].value) for k, c in cells.items()
                }
        down = (turned and sign in "-/") != (sign in "*/" and number < 0)
        kept = replace(made, cells=cells, descending=made.descending != down)
        if sign in "+-":
            return replace(kept, accumulation="mean", scale=1.0)
        if turned and sign == "/":
            return replace(kept, accumulation="ratio", scale=1.0, quotient=True)
        return replace(kept, scale=made.scale * (number if sign == "*" else 1 / number))

    def both(self, sign: str, left: Figures, right: Figures) -> Figures:
        lenient = self.missing == "zero" or (self.missing == "skip" and sign in "+-")
        keys = left.cells.keys() | right.cells.keys() if lenient else left.cells.keys() & right.cells.keys()
        cells = {}
        for key in keys:
            one, two = left.cells.get(key), right.cells.get(key)
            x, y = (None if cell is None else cell.value for cell in (one, two))
            if lenient and not (self.missing == "skip" and x is None and y is None):
                x, y = x or 0.0, y or 0.0
            value = _op(sign, x, y)
            n = [0 if cell is None or cell.n is None else cell.n for cell in (one, two)]
            behind = n[1] if sign == "/" else min(n) if sign == "*" else sum(n)
            parts = (x, y) if sign == "/" else (value, None)
            cells[key] = Cell(value, *parts, behind, *_coverage(one, two))
        sums = left.accumulation == right.accumulation == "sum" and sign in "+-"
        return Figures(
            cells,
            "ratio" if sign == "/" else "sum" if sums else "mean",
            descending=left.descending,
            min_n=max(left.min_n, right.min_n),
            quotient=sign == "/" or (sign in "+-" and left.quotient and right.quotient),
        )

    def ratio(self, x: Figures, y: Figures) -> Figures:
        return self.both("/", x, y)

    def share_of(self, x: Figures, y: Figures) -> Figures:
        return self.both("/", x, y)

    def lag(self, x: Figures, count: Any = 1) -> Figures:
        return replace(x, cells={(a, p, shift(p, s, int(count))): c for (a, p, s), c in x.cells.items()})

    def diff(self, x: Figures, count: Any = 1) -> Figures:
        cells = self._changes(x, lambda period, start: shift(period, start, -int(count)), False)
        return replace(x, cells=cells, accumulation="sum" if x.accumulation == "sum" else "mean", scale=1.0)

    def yoy(self, x: Figures) -> Figures:
        relative = x.cells is not self.data["r"]
        cells = self._changes(x, same_last_year, relative)
        return Figures(cells, "mean", descending=x.descending, min_n=x.min_n)

    def _changes(self, x: Figures, back: Callable[[str, dt.date], dt.date], relative: bool) -> Cells:
        found = {k: _change(c, self._then(x, k, back(k[1], k[2])), relative) for k, c in x.cells.items()}
        return {k: c for k, c in found.items() if c is not None}

    @staticmethod
    def _then(x: Figures, key: Key, start: dt.date) -> Cell | None:
        return x.cells.get((key[0], key[1], start))

    def rolling(self, x: Figures, count: Any) -> Figures:
        return self._window(x, lambda p, s: [shift(p, s, -k) for k in range(int(count))])

    def ytd(self, x: Figures) -> Figures:
        def starts(period: str, start: dt.date) -> list[dt.date]:
            found: list[dt.date] = []
            while start.year == (found[0] if found else start).year:
                found.append(start)
                start = shift(period, start, -1)
            return found

        return self._window(x, starts)

    def _window(self, x: Figures, starts: Callable[[str, dt.date], list[dt.date]]) -> Figures:
        cells = {}
        for key in x.cells:
            wanted = starts(key[1], key[2])
            held = [c for c in (self._then(x, key, s) for s in wanted) if c is not None]
            values = [c.value for c in held if c.value is not None]
            ratio = x.accumulation == "ratio"
            if self.missing == "any" and len(held if ratio else values) < len(wanted):
                continue
            top, bottom = _total(c.numerator for c in held), _total(c.denominator for c in held)
            parts: tuple[float | None, float | None] = (top, bottom)
            if ratio:
                value = None if top is None or not bottom else x.scale * top / bottom
            else:
                value = _total(values)
                value = (value or 0.0) if self.missing == "zero" else value
                parts = (value, None)
                if x.accumulation == "mean" and value is not None:
                    value /= len(wanted) if self.missing == "zero" else len(values)
                    parts = (parts[0] if self.missing == "zero" else value, None)
            gaps = len(wanted) - len(held) if self.missing != "any" else 0
            expected = sum(c.expected for c in held) + gaps * max(c.expected for c in held)
            n = sum(c.n or 0 for c in held)
            cells[key] = Cell(value, *parts, n, sum(c.present for c in held), expected)
        return replace(x, cells=cells)

    def per_capita(self, x: Figures, heads: Any) -> Figures:
        def of(key: Key, c: Cell) -> Cell:
            people = AREAS[key[0]].heads(next_start(key[1], key[2]) - dt.timedelta(days=1))
            per = None if c.value is None or not people else int(heads) * c.value / people
            return replace(c, value=per, numerator=c.value, denominator=people)

        return replace(x, cells={k: of(k, c) for k, c in x.cells.items()}, quotient=False)

    def share_of_parent(self, x: Figures) -> Figures:
        cells = {}
        for key, c in x.cells.items():
            whole = x.cells.get((AREAS[key[0]].parent or "", key[1], key[2]))
            if whole is not None:
                parts = (_op("/", c.value, whole.value), c.value, whole.value)
                cells[key] = Cell(*parts, whole.n, *_coverage(c, whole))
        return Figures(cells, "ratio", descending=x.descending, min_n=x.min_n, quotient=True)

    def rank(self, x: Figures) -> Figures:
        cells = {}
        pools = self._pools(x)
        for key, c in x.cells.items():
            pool = pools.get((AREAS[key[0]].level, *key[1:]), [])
            if c.value is None or (c.n or 0) < x.min_n:
                cells[key] = replace(c, value=None, numerator=None, denominator=len(pool))
                continue
            better = sum(v > c.value if x.descending else v < c.value for v in pool)
            cells[key] = replace(c, value=better + 1, numerator=pool.count(c.value), denominator=len(pool))
        return Figures(cells, "mean", descending=False, min_n=x.min_n)

    @staticmethod
    def _pools(x: Figures) -> dict[tuple[str, str, dt.date], list[float]]:
        """The values of all areas of a level that take part, by level, period and start."""
        pools = defaultdict(list)
        for (area, period, start), c in x.cells.items():
            if c.value is not None and (c.n or 0) >= x.min_n:
                pools[AREAS[area].level, period, start].append(c.value)
        return pools

    def index(self, x: Figures, base: str) -> Figures:
        cells = {}
        for key, c in x.cells.items():
            starts = _base(key[1], base)
            held = [b for b in (self._then(x, key, s) for s in starts) if b is not None]
            values = [b.value for b in held if b.value is not None]
            ratio = x.accumulation == "ratio"
            if not held or (self.missing == "any" and len(held if ratio else values) < len(starts)):
                continue
            level: float | None
            if ratio:
                top, bottom = _total(b.numerator for b in held), _total(b.denominator for b in held)
                level = None if top is None or not bottom else x.scale * top / bottom
            else:
                divisor = len(starts) if self.missing == "zero" else len(values)
                level = sum(values) / divisor if values else None
            value = None if c.value is None or not level else 100 * c.value / level
            cells[key] = replace(c, value=value, numerator=c.value, denominator=level)
        return Figures(cells, "mean", descending=x.descending, min_n=x.min_n)

    def composite(self, item: Composite) -> Cells:
        """Values of a composite."""
        scores = [self._scores(item, number) for number in range(len(item.components))]
        found = {}
        for key in {key for cells in scores for key in cells}:
            held = [
                (part.weight, s[key]) for part, s in zip(item.components, scores, strict=True) if key in s
            ]
            if len(held) < len(scores) and item.missing == "any":
                continue
            absent = sum(part.weight for part in item.components) - sum(w for w, _ in held)
            total = sum(w for w, _ in held) + (absent if item.missing == "zero" else 0)
            points = [(w, c.value or 0.0) for w, c in held]
            points += [(absent, 0.0)] if item.missing == "zero" and len(held) < len(scores) else []
            if item.aggregate == "arithmetic":
                value = sum(w * s for w, s in points) / total
            elif min(s for _, s in points) <= 0:
                value = 0.0
            else:
                value = math.exp(sum(w * math.log(s) for w, s in points) / total)
            expected = sum(c.expected for _, c in held)
            expected += (len(scores) - len(held)) * max(c.expected for _, c in held)
            found[key] = Cell(
                item.scale * value,
                sum(w * s for w, s in points) if item.aggregate == "arithmetic" else None,
                total,
                min(c.n or 0 for _, c in held),
                sum(c.present for _, c in held),
                expected,
            )
        return self.shown(found)

    def _scores(self, item: Composite, number: int) -> Cells:
        part = item.components[number]
        x = self.read(exp.column(part.indicator))
        assert isinstance(x, Figures)
        up = x.descending if part.direction is None else part.direction == "up"
        found, pools = {}, self._pools(x)
        for key, c in x.cells.items():
            if c.value is None or (c.n or 0) < x.min_n:
                continue
            pool = pools[AREAS[key[0]].level, key[1], key[2]]
            if item.normalise == "goalposts":
                assert part.goalposts is not None
                score = (c.value - part.goalposts.min) / (part.goalposts.max - part.goalposts.min)
                score = min(1.0, max(0.0, score if up else 1 - score))
            elif len(pool) == 1:
                continue
            elif item.normalise == "min_max":
                span = max(pool) - min(pool)
                score = 0.5 if not span else (c.value - min(pool) if up else max(pool) - c.value) / span
            elif item.normalise == "z_score":
                mean = math.fsum(pool) / len(pool)
                spread = math.sqrt(math.fsum((v - mean) ** 2 for v in pool) / len(pool))
                z = 0.0 if not spread else (c.value - mean) / spread * (1 if up else -1)
                score = min(1.0, max(0.0, 0.5 + z / 10))
            else:
                behind = sum(v < c.value if up else v > c.value for v in pool)
                score = (behind + (pool.count(c.value) - 1) / 2) / (len(pool) - 1)
            found[key] = replace(c, value=score)
        return found


def _op(sign: str, x: float | None, y: float | None) -> float | None:
    if x is None or y is None or (sign == "/" and y == 0):
        return None
    return {"+": x + y, "-": x - y, "*": x * y}[sign] if sign != "/" else x / y


def _total(values: Any) -> float | None:
    held = [value for value in values if value is not None]
    return math.fsum(held) if held else None


def _change(now: Cell, then: Cell | None, relative: bool) -> Cell | None:
    if then is None:
        return None
    by = _op("-", now.value, then.value)
    value = by if not relative else None if by is None or not then.value else 100 * by / abs(then.value)
    parts = (now.value, then.value) if relative else (by, None)
    return Cell(value, *parts, now.n, *_coverage(now, then))


def _coverage(one: Cell | None, two: Cell | None) -> tuple[int, int]:
    """The worse of two; half of one alone."""
    if one is None or two is None:
        alone = one or two
        assert alone is not None
        return alone.present, 2 * alone.expected
    worse = one if one.present * two.expected <= two.present * one.expected else two
    return worse.present, worse.expected


def _base(period: str, base: str) -> list[dt.date]:
    """Starts of the periods that make up a base."""
    first, end = {
        "2024": (dt.date(2024, 1, 1), dt.date(2025, 1, 1)),
        "2025-Q1": (dt.date(2025, 1, 1), dt.date(2025, 4, 1)),
        "2024-H2": (dt.date(2024, 7, 1), dt.date(2025, 1, 1)),
        "2025-06": (dt.date(2025, 6, 1), dt.date(2025, 7, 1)),
        "2025-06-20": (dt.date(2025, 6, 20), dt.date(2025, 6, 21)),
    }[base]
    starts = [start_of(period, first)]
    while next_start(period, next_start(period, starts[-1])) <= end:
        starts.append(next_start(period, starts[-1]))
    return starts


# The same by SQL


class Bench:
    """A store with nothing but areas and random values."""

    def __init__(self, city: City, seed: int) -> None:
        self.moment = Moment.of(city, NOW)
        self.db = duckdb.connect()
        self.db.execute("LOAD icu; SET TimeZone = 'Asia/Ho_Chi_Minh'; SET threads = 1")
        self.db.execute(self.moment.calendar.macros)
        self.db.execute(
            "CREATE TABLE area (code VARCHAR, level VARCHAR, parent VARCHAR, valid_from DATE, valid_to DATE);"
            " CREATE TABLE area_size (code VARCHAR, since DATE, until DATE, population BIGINT);"
            " CREATE TABLE indicator_value (indicator VARCHAR, level VARCHAR, area VARCHAR,"
            " period VARCHAR, start TIMESTAMP, value DOUBLE, numerator DOUBLE,"
            " denominator DOUBLE, n BIGINT, present INTEGER, expected INTEGER, data_through TIMESTAMP,"
            " run BIGINT)"
        )
        for area in AREAS.values():
            cells = [area.code, area.level, area.parent, area.since, area.until]
            self.db.execute("INSERT INTO area VALUES (?, ?, ?, ?, ?)", cells)
            self.db.executemany("INSERT INTO area_size VALUES (?, ?, ?, ?)", area.sizes)
        self.random = Random(seed)
        self.data: dict[str, Cells] = {id_: self._values(id_) for id_ in TRAITS}
        self.load()

    def _values(self, id_: str) -> Cells:
        cells: Cells = {}
        for area in AREAS:
            for period, count in PERIODS.items():
                last = start_of(period, TODAY)
                for back in range(count):
                    if self.random.random() < 0.9:
                        cells[area, period, shift(period, last, -back)] = self.value(id_)
        return cells

    def value(self, id_: str) -> Cell:
        """A random value of an indicator; small whole numbers, so that some are equal."""
        n = self.random.randint(0, 90)
        cover = self.random.choice([(3, 3), (2, 3), (1, 3), (30, 31)])
        if id_ == "r":
            top = self.random.randint(0, n)
            return Cell(100.0 * top / n if n else None, top, n, n, *cover)
        value = None if self.random.random() < 0.05 else float(self.random.randint(-3, 12))
        return Cell(value, value, None, n, *cover)

    def load(self) -> None:
        """Write the values down."""
        rows = [
            (
                id_,
                AREAS[a].level,
                a,
                p,
                s,
                c.value,
                c.numerator,
                c.denominator,
                c.n,
                c.present,
                c.expected,
                NOW,
                1,
            )
            for id_, cells in self.data.items()
            for (a, p, s), c in cells.items()
        ]
        self.db.execute("DELETE FROM indicator_value")
        self.put(rows)

    def put(self, rows: list[tuple[Any, ...]]) -> None:
        """Rows of indicator_value by way of one statement."""
        columns = list(zip(*rows, strict=True))
        types = ["VARCHAR"] * 4 + ["TIMESTAMP"] + ["DOUBLE"] * 3 + ["BIGINT"] * 3 + ["TIMESTAMP", "BIGINT"]
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in types)
        self.db.execute(f"INSERT INTO indicator_value SELECT {lists}", [list(c) for c in columns])

    @staticmethod
    def level(area: str) -> str:
        """The level of an area."""
        return AREAS[area].level

    def step(self, series: Series, factor: float = 1.0) -> FormulaStep:
        """The step of a formula for all levels and periods."""
        return FormulaStep("made", series, factor, Shape(LEVELS, tuple(PERIODS)))

    def cells(self, step: FormulaStep, dirty: Spans | None = None) -> Cells:
        """What the SQL of a step gives."""
        sql = formula_values([step], self.moment, LEVELS, dirty)
        rows = self.db.execute(
            f"SELECT area, period, start, value, numerator, denominator, n, present, expected FROM ({sql})"
        ).fetchall()
        assert len({row[:3] for row in rows}) == len(rows)
        return {(a, p, s.date()): Cell(*cells) for a, p, s, *cells in rows}


@pytest.fixture(scope="session")
def make_bench(lab: City) -> Callable[[int], Bench]:
    """Stores to be changed, each from a seed."""
    return lambda seed: Bench(lab, seed)


@pytest.fixture(scope="module")
def bench(make_bench: Callable[[int], Bench]) -> Iterator[Bench]:
    """Values that no test changes."""
    made = make_bench(7)
    yield made
    made.db.close()


@pytest.fixture(scope="session")
def evaluator() -> type[Evaluator]:
    """What knows the language by its definition."""
    return Evaluator


@pytest.fixture(scope="session")
def traits() -> dict[str, Trait]:
    """The indicators that formulas are made of."""
    return TRAITS
