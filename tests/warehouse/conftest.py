"""Expressions grown at random, each beside a function that tells what it means."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import duckdb
import pytest

from config.models.feed import ColumnType

COLUMNS: Final[dict[str, ColumnType]] = {
    "n": "integer",
    "m": "integer",
    "x": "number",
    "y": "number",
    "t": "text",
    "order": "text",
    "b": "boolean",
    "d": "date",
    "at": "timestamp",
    "until": "timestamp",
}
TYPES: Final = {"integer": "BIGINT", "number": "DOUBLE", "text": "VARCHAR"}
AHEAD: Final = dt.timedelta(hours=7)
Row = dict[str, Any]
_at, _day = dt.datetime.fromisoformat, dt.date.fromisoformat

ROWS: Final[list[Row]] = [
    dict(zip(COLUMNS, cells, strict=True))
    for cells in [
        (3, -2, 1.5, 0.25, "a", "Quận 1", True, _day("2024-02-29"), _at("2024-02-28 17:30"), None),
        (0, 7, -0.0, 3.0, "", "A_%", False, _day("2024-12-31"), _at("2025-01-01"), _at("2025-01-03")),
        (None,) * 10,
        (12, None, None, 1e6, "it's", "ab", None, None, _at("2023-06-15 03:04:05"), _at("2023-06-14")),
        (-5, 5, 2.5, None, None, "a", True, _day("1999-01-31"), None, _at("1999-01-01 16:59:59")),
    ]
]
EXTREMES: Final = [
    f"({n}, {m}, {x}, {y}, '', '', NULL, {d}, {at}, {at})"
    for n, m, x, y, d, at in [
        (
            "-9223372036854775808",
            "9223372036854775807",
            "1e308",
            "-1e308",
            "DATE '9999-12-31'",
            "TIMESTAMP '9999-12-31'",
        ),
        (
            "9223372036854775807",
            "-9223372036854775808",
            "5e-324",
            "0",
            "DATE '0001-01-01'",
            "TIMESTAMP '0001-01-01'",
        ),
    ]
]


@dataclass(frozen=True)
class Grown:
    """An expression as an author might write it, and what it gives for a row."""

    text: str
    of: Callable[[Row], Any]


class Garden:
    """Grows expressions of the language, each beside a function that tells what it means."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def any(self, depth: int) -> Grown:
        return self.random.choice([self.number, self.text, self.truth, self.date, self.moment])(depth)

    def _pick(
        self, depth: int, leaves: Sequence[Callable[[], Grown]], rest: Sequence[Callable[[int], Grown]]
    ) -> Grown:
        if depth <= 0 or self.random.random() < 0.2:
            return self.random.choice(leaves)()
        return self.random.choice(rest)(depth - 1)

    def _column(self, *names: str) -> Callable[[], Grown]:
        def leaf() -> Grown:
            name = self.random.choice(names)
            written = f'"{name}"' if name == "order" or self.random.random() < 0.1 else name
            return Grown(written, lambda row: row[name])

        return leaf

    # Numbers

    def number(self, depth: int) -> Grown:
        leaves = [self._column("n", "m", "x", "y"), self._whole, self._real]
        rest = [
            self._sum,
            self._sum,
            self._unary,
            self._round,
            self._choice_of_numbers,
            self._case_of_numbers,
        ]
        return self._pick(depth, leaves, [*rest, self._span, self._clock])

    def _whole(self) -> Grown:
        value = self.random.choice([0, 1, 2, 7, 10, 1000, 2**40])
        return Grown(str(value), lambda _: value)

    def _real(self) -> Grown:
        text = self.random.choice(["0.5", "2.5", "1e3", "3.25", ".75"])
        return Grown(text, lambda _: float(text))

    def _sum(self, depth: int) -> Grown:
        sign = self.random.choice("+-*/")
        left, right = self.number(depth), self.number(depth)

        def of(row: Row) -> Any:
            a, b = left.of(row), right.of(row)
            if a is None or b is None or (sign == "/" and b == 0):
                return None
            return _float(sign, float(a), float(b))

        return Grown(f"({left.text} {sign} {right.text})", of)

    def _unary(self, depth: int) -> Grown:
        inner = self.number(depth)
        if self.random.random() < 0.5:
            return Grown(f"abs({inner.text})", _strict(abs, inner))
        return Grown(f"-({inner.text})", _strict(lambda a: -a, inner))

    def _round(self, depth: int) -> Grown:
        inner = self.number(depth)
        places = self.random.choice([0, 1, 2, 6])
        text = f"round({inner.text})" if places == 0 else f"round({inner.text}, {places})"
        return Grown(text, _strict(lambda a: _rounded(float(a), places), inner))

    def _choice_of_numbers(self, depth: int) -> Grown:
        return self._choice([self.number(depth) for _ in range(self.random.randint(1, 3))])

    def _choice(self, parts: list[Grown]) -> Grown:
        name = self.random.choice(["coalesce", "least", "greatest"])
        text = f"{name}({', '.join(part.text for part in parts)})"

        def of(row: Row) -> Any:
            known = [cell for cell in (part.of(row) for part in parts) if cell is not None]
            if not known:
                return None
            return known[0] if name == "coalesce" else min(known) if name == "least" else max(known)

        return Grown(text, of)

    def _case_of_numbers(self, depth: int) -> Grown:
        return self._case(depth, self.number)

    def _case(self, depth: int, grow: Callable[[int], Grown]) -> Grown:
        test, yes, no = self.truth(depth), grow(depth), grow(depth)
        other = self.random.random() < 0.7
        text = f"case when {test.text} then {yes.text}" + (f" else {no.text}" if other else "") + " end"

        def of(row: Row) -> Any:
            return yes.of(row) if test.of(row) is True else no.of(row) if other else None

        return Grown(text, of)

    def _span(self, depth: int) -> Grown:
        if self.random.random() < 0.5:
            first, last = self.moment(depth), self.moment(depth)
            return Grown(
                f"hours_between({first.text}, {last.text})",
                _strict(lambda a, b: _seconds(b - a) / 3600, first, last),
            )
        both = [self.random.choice([self.date, self.moment])(depth) for _ in range(2)]

        def days(a: Any, b: Any) -> Any:
            if isinstance(a, dt.datetime) and isinstance(b, dt.datetime):
                return _seconds(b - a) / 86400
            return (_local(b) - _local(a)).days

        return Grown(f"days_between({both[0].text}, {both[1].text})", _strict(days, *both))

    def _clock(self, depth: int) -> Grown:
        if self.random.random() < 0.5:
            inner = self.moment(depth)
            return Grown(f"hour_of({inner.text})", _strict(lambda a: (a + AHEAD).hour, inner))
        inner = self.random.choice([self.date, self.moment])(depth)
        return Grown(f"weekday_of({inner.text})", _strict(lambda a: _local(a).isoweekday(), inner))

    # Texts and times

    def text(self, depth: int) -> Grown:
        rest = [self._lower, lambda d: self._choice([self.text(d), self.text(d)])]
        return self._pick(
            depth, [self._column("t", "order"), self._words], [*rest, lambda d: self._case(d, self.text)]
        )

    def _words(self) -> Grown:
        value = self.random.choice(
            ["a", "", "it's", "Quận 1", "%", "--", "/* */", "x; drop table fact", '"', "\\"]
        )
        quoted = value.replace("'", "''")
        return Grown(f"'{quoted}'", lambda _: value)

    def _lower(self, depth: int) -> Grown:
        inner = self.text(depth)
        return Grown(f"lower({inner.text})", _strict(str.lower, inner))

    def date(self, depth: int) -> Grown:
        return self._pick(
            depth, [self._column("d"), self._day], [self._day_of, lambda d: self._later(self.date(d))]
        )

    def _day(self) -> Grown:
        day = self.random.choice([dt.date(2024, 2, 29), dt.date(2000, 1, 1), dt.date(2025, 7, 31)])
        return Grown(f"date '{day}'", lambda _: day)

    def _day_of(self, depth: int) -> Grown:
        inner = self.moment(depth)
        return Grown(f"day_of({inner.text})", _strict(_local, inner))

    def moment(self, depth: int) -> Grown:
        return self._pick(depth, [self._column("at", "until")], [lambda d: self._later(self.moment(d), True)])

    def _later(self, inner: Grown, moment: bool = False) -> Grown:
        unit = self.random.choice(["day", "week", *(["hour", "minute"] if moment else [])])
        count, sign = self.random.randint(0, 400), self.random.choice([1, -1])
        step = sign * dt.timedelta(**{f"{unit}s": count})
        plural = self.random.choice(["", "s"])
        sql = f"({inner.text} {'+' if sign > 0 else '-'} interval {count} {unit}{plural})"
        return Grown(sql, _strict(lambda a: a + step, inner))

    # Conditions

    def truth(self, depth: int) -> Grown:
        rest = [
            self._compare,
            self._compare,
            self._between,
            self._in,
            self._like,
            self._null,
            self._not,
            self._join,
        ]
        return self._pick(depth, [self._column("b"), self._constant], rest)

    def _constant(self) -> Grown:
        value = self.random.random() < 0.5
        return Grown(str(value).lower(), lambda _: value)

    def _alike(self, depth: int, count: int) -> list[Grown]:
        kinds = self.random.choice(
            [[self.number], [self.text], [self.date], [self.moment], [self.date, self.moment]]
        )
        return [self.random.choice(kinds)(depth) for _ in range(count)]

    def _compare(self, depth: int) -> Grown:
        word = self.random.choice(list(_COMPARE))
        left, right = self._alike(depth, 2)
        return Grown(
            f"({left.text} {word} {right.text})",
            _strict(lambda a, b: _COMPARE[word](*_pair(a, b)), left, right),
        )

    def _between(self, depth: int) -> Grown:
        value, low, high = self._alike(depth, 3)

        def of(row: Row) -> Any:
            v, a, b = _pair(value.of(row), low.of(row), high.of(row))
            return _all(
                [None if v is None or a is None else v >= a, None if v is None or b is None else v <= b]
            )

        # days beside moments are compared as days, all three of them
        mixed = len({type(part.of(row)) for part in (value, low, high) for row in ROWS} - {type(None)}) > 1
        return (
            self._compare(depth) if mixed else Grown(f"({value.text} between {low.text} and {high.text})", of)
        )

    def _in(self, depth: int) -> Grown:
        text = self.random.random() < 0.5
        value = self.text(depth) if text else self.number(depth)
        members = [self._words() if text else self._whole() for _ in range(self.random.randint(1, 4))]
        listing = ", ".join(member.text for member in members)
        allowed = [member.of({}) for member in members]
        return Grown(f"({value.text} in ({listing}))", _strict(lambda a: a in allowed, value))

    def _like(self, depth: int) -> Grown:
        inner, pattern = self.text(depth), self.random.choice(["a%", "%", "_", "Q%n 1", "", "a_%"])
        word = self.random.choice(["like", "ilike"])
        flags = re.DOTALL | (re.IGNORECASE if word == "ilike" else 0)
        shape = re.compile(re.escape(pattern).replace("%", ".*").replace("_", "."), flags)
        return Grown(
            f"({inner.text} {word} '{pattern}')", _strict(lambda a: shape.fullmatch(a) is not None, inner)
        )

    def _null(self, depth: int) -> Grown:
        inner, wanted = self.any(depth), self.random.random() < 0.5
        word = "is null" if wanted else "is not null"
        return Grown(f"({inner.text} {word})", lambda row: (inner.of(row) is None) == wanted)

    def _not(self, depth: int) -> Grown:
        inner = self.truth(depth)
        return Grown(f"(not {inner.text})", _strict(lambda a: not a, inner))

    def _join(self, depth: int) -> Grown:
        parts = [self.truth(depth) for _ in range(self.random.randint(2, 4))]
        word = self.random.choice(["and", "or"])
        text = "(" + f" {word} ".join(part.text for part in parts) + ")"
        if word == "and":
            return Grown(text, lambda row: _all([part.of(row) for part in parts]))
        return Grown(text, lambda row: _negated(_all([_negated(part.of(row)) for part in parts])))

    # Measures

    def measure(self, depth: int) -> str:
        """An aggregate expression; values are held against another evaluator elsewhere."""
        if depth > 0 and self.random.random() < 0.5:
            return f"({self.measure(depth - 1)} {self.random.choice('+-*/')} {self.measure(depth - 1)})"
        number = self.number(2).text
        aggregate = self.random.choice(
            [
                "count(*)",
                f"count({self.any(2).text})",
                f"count(distinct {self.any(2).text})",
                *(f"{name}({number})" for name in ("sum", "avg", "min", "max", "median")),
                f"percentile({number}, {self.random.choice(['0', '0.05', '0.9', '1'])})",
            ]
        )
        if self.random.random() < 0.4:
            aggregate += f" filter (where {self.truth(2).text})"
        return self.random.choice([aggregate, aggregate, f"{self.random.choice([2, 0.5])} * {aggregate}"])


_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _strict(function: Callable[..., Any], *parts: Grown) -> Callable[[Row], Any]:
    """What gives nothing as soon as one of its parts does."""

    def of(row: Row) -> Any:
        cells = [part.of(row) for part in parts]
        return None if None in cells else function(*cells)

    return of


def _float(sign: str, a: float, b: float) -> float:
    return {"+": a + b, "-": a - b, "*": a * b}[sign] if sign != "/" else a / b


def _rounded(value: float, places: int) -> float:
    """Half away from zero, as SQL does it."""
    scaled = value * 10**places
    return (
        math.copysign(math.floor(abs(scaled) + 0.5), scaled) / 10**places if math.isfinite(scaled) else value
    )


def _seconds(span: dt.timedelta) -> float:
    return span / dt.timedelta(seconds=1)


def _local(at: Any) -> dt.date:
    day: dt.date = (at + AHEAD).date() if isinstance(at, dt.datetime) else at
    return day


def _pair(*cells: Any) -> tuple[Any, ...]:
    """A moment beside a date counts as its day."""
    kinds = {isinstance(cell, dt.datetime) for cell in cells if isinstance(cell, dt.date)}
    return (
        tuple(_local(cell) if isinstance(cell, dt.date) else cell for cell in cells)
        if len(kinds) > 1
        else cells
    )


def _negated(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


FRAGMENTS: Final = (Path(__file__).parent / "hostile.txt").read_text(encoding="utf-8").splitlines()


class Wolf:
    """Writes what must not get through: something from outside the language within something good."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.garden = Garden(random)

    def write(self) -> str:
        """One hostile expression."""
        text = self._disguised(self.random.choice(FRAGMENTS))
        for _ in range(self.random.randint(0, 3)):
            text = self._wrapped(text)
        return text

    def _disguised(self, text: str) -> str:
        way = self.random.randint(0, 5)
        if way == 0 and "'" not in text and '"' not in text and "$" not in text:
            return "".join(self.random.choice([c.upper(), c.lower()]) for c in text)
        if way == 1 and "'" not in text and "--" not in text:
            return text.replace(" ", self.random.choice(["/**/", "\n", "\t", "/* ' */", " -- ok\n "]))
        return f"({text})" if way == 2 else text

    def _wrapped(self, inner: str) -> str:
        good = self.garden.any(1).text
        shapes = (
            "(({}) = ({}))",
            "coalesce(({}), ({}))",  # in brackets: without them it is from outside
            "case when {} then {} end",
            "(({}) and ({}))",
            "(({}) + ({}))",
            "days_between(({}), ({}))",
            "(({}) or not ({}))",
        )
        pair = [good, inner] if self.random.random() < 0.5 else [inner, good]
        return self.random.choice([*shapes, "lower(({2}))", "-({2})"]).format(*pair, inner)


@pytest.fixture(scope="session")
def columns() -> dict[str, ColumnType]:
    """The columns that expressions are grown over."""
    return COLUMNS


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    """The rows of ``fact``."""
    return ROWS


@pytest.fixture(scope="session")
def garden() -> type[Garden]:
    """Where expressions of the language grow."""
    return Garden


@pytest.fixture(scope="session")
def wolf() -> type[Wolf]:
    """What writes hostile ones."""
    return Wolf


@pytest.fixture(scope="module")
def facts() -> Iterator[duckdb.DuckDBPyConnection]:
    """The rows as tables: ``fact``, and ``extreme`` with the ends of every type beside them."""
    connection = duckdb.connect()
    connection.execute("LOAD icu; SET TimeZone = 'Asia/Ho_Chi_Minh'; SET threads = 1")
    listing = ", ".join(f'"{name}" {TYPES.get(kind, kind)}' for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE fact ({listing})")
    connection.executemany(
        f"INSERT INTO fact VALUES ({', '.join('?' * 10)})", [list(row.values()) for row in ROWS]
    )
    connection.execute(f"CREATE TABLE extreme AS FROM fact; INSERT INTO extreme VALUES {', '.join(EXTREMES)}")
    yield connection
    connection.close()
