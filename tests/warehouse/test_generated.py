"""Thousands of expressions made at random: the good ones compile, run and give what an evaluator that knows
nothing of SQL gives; of the bad ones nothing gets through.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from config.models.feed import ColumnType
from warehouse.expression import ExpressionError, aggregates, parse_condition, parse_measure, parse_row

if TYPE_CHECKING:
    from tests.warehouse.conftest import Garden, Row, Wolf

Columns = dict[str, ColumnType]

# What may be in the SQL that comes out

_INSIDE: Final = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.Is,
    exp.Between,
    exp.In,
    exp.Like,
    exp.ILike,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Least,
    exp.Greatest,
    exp.Lower,
    exp.Abs,
    exp.Round,
    exp.Nullif,
    exp.Cast,
    exp.DataType,
    exp.Interval,
    exp.Var,
    exp.AtTimeZone,
    exp.Hour,
)
_FUNCTIONS: Final = {"epoch", "isodow", "hour"}
_CASTS: Final = {exp.DType.DOUBLE, exp.DType.DATE, exp.DType.INT128}


def strangers(sql: str, columns: Columns) -> list[str]:
    """Whatever in ``sql`` is not on the list of what an expression may be made of."""
    found = []
    for node in sqlglot.parse_one(f"SELECT {sql}", read="duckdb").expressions[0].walk():
        name = str(getattr(node, "this", "")).lower()
        if isinstance(node, exp.Column):
            inside = node.name in columns and not node.table
        elif isinstance(node, exp.Cast):
            inside = node.to.this in _CASTS
        elif isinstance(node, exp.Anonymous) or type(node).__name__ in ("TimeToUnix", "DayOfWeekIso"):
            inside = not isinstance(node, exp.Anonymous) or name in _FUNCTIONS
        else:
            inside = type(node) in _INSIDE
        if not inside:
            found.append(f"{type(node).__name__} {node.sql()}")
    return found


# The properties

MANY = settings(max_examples=100, suppress_health_check=list(HealthCheck))
SEEDS = st.randoms(use_true_random=True)


@MANY
@given(random=SEEDS)
def test_rows_compile_run_and_mean_what_they_say(
    facts: duckdb.DuckDBPyConnection, garden: type[Garden], columns: Columns, rows: list[Row], random: Random
) -> None:
    growing = garden(random)
    grown = [growing.any(4) for _ in range(50)]
    made = [parse_row(one.text, columns).sql for one in grown]
    for sql in made[:10]:
        assert strangers(sql, columns) == []
    facts.execute(f"SELECT {', '.join(made)} FROM extreme").fetchall()
    given_ = facts.execute(f"SELECT {', '.join(made)} FROM fact").fetchall()
    for number, one in enumerate(grown):
        for row, cells in zip(rows, given_, strict=True):
            assert _same(cells[number], one.of(row)), (
                one.text,
                made[number],
                row,
                cells[number],
                one.of(row),
            )


@MANY
@given(random=SEEDS)
def test_measures_compile_and_run(
    facts: duckdb.DuckDBPyConnection, garden: type[Garden], columns: Columns, random: Random
) -> None:
    growing = garden(random)
    made = []
    for _ in range(25):
        for found in aggregates(parse_measure(growing.measure(2), columns)):
            function = {"distinct": "count", "percentile": "quantile_cont"}.get(
                found.function, found.function
            )
            argument = "*" if found.argument is None else found.argument.sql
            argument = f"DISTINCT {argument}" if found.function == "distinct" else argument
            argument += f", {found.quantile!r}" if found.quantile is not None else ""
            where = f" FILTER (WHERE {found.filter})" if found.filter is not None else ""
            made.append(f"{function}({argument}){where}")
    facts.execute(f"SELECT {', '.join(made)} FROM extreme").fetchall()


def _same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, float) and isinstance(got, int | float):
        return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9) or (
            math.isnan(got) and math.isnan(wanted)
        )
    return bool(got == wanted) and (got is None) == (wanted is None)


@MANY
@given(random=SEEDS)
def test_nothing_from_outside_compiles(wolf: type[Wolf], columns: Columns, random: Random) -> None:
    writing = wolf(random)
    for _ in range(60):
        text = writing.write()
        assert not compiles(parse_row, text, columns), text
        assert not compiles(parse_condition, text, columns), text


@MANY
@given(random=SEEDS)
def test_no_measure_smuggles_anything_in(wolf: type[Wolf], columns: Columns, random: Random) -> None:
    writing = wolf(random)
    # what measures are made of
    own = ("count(*)", "sum(x) filter (where b)", "avg(x)", "quantile_cont(x", "*")
    shapes = ("sum({})", "count({})", "count(*) filter (where {})", "count(distinct {})", "{} / count(*)")
    for _ in range(30):
        inner = writing.write()
        if not " ".join(inner.split()).strip("(- ").lower().startswith(own):
            text = random.choice(shapes).format(inner)
            assert not compiles(parse_measure, text, columns), text


def compiles(parse: Callable[[str, Columns], object], text: str, columns: Columns) -> bool:
    """Whether a text is in the language. Whatever else is raised is a fault."""
    try:
        parse(text, columns)
    except ExpressionError:
        return False
    return True


TOKENS: Final = [
    *"()+-*/=<>,;.[]{}:?!@#$%^&|~'\"\\`\0\ud800",
    *(
        "<>",
        "--",
        "/*",
        "*/",
        "::",
        "||",
        "﹪",
        "’",
        "＇",
        "０",
        "é",
        "select",
        "from",
        "where",
        "case",
        "when",
    ),
    *("then", "else", "end", "and", "or", "not", "is", "null", "in", "like", "between", "interval", "date"),
    *("count", "sum", "avg", "filter", "over", "distinct", "lower", "round", "abs", "coalesce", "day_of"),
    *("true", "false", "1", "2.5", "1e308", "9" * 22, "'a'", "''", "0", "-1", "00", "1..2", "1e", "0.1.2"),
    "9" * 400,
    *("n", "m", "x", "y", "t", "order", "b", "d", "at", "until"),
]


@MANY
@given(random=SEEDS)
def test_noise_is_refused_or_harmless(
    facts: duckdb.DuckDBPyConnection, garden: type[Garden], columns: Columns, random: Random
) -> None:
    growing = garden(random)
    passed = []
    for _ in range(40):
        if random.random() < 0.5:
            text = random.choice([" ", ""]).join(random.choices(TOKENS, k=random.randint(1, 12)))
        else:
            good = growing.any(2).text
            place = random.randint(0, len(good))
            text = good[:place] + random.choice(TOKENS) + good[place + random.randint(0, 3) :]
        try:
            passed.append(parse_row(text, columns).sql)
        except ExpressionError:
            continue
        assert strangers(passed[-1], columns) == [], text
    facts.execute(f"SELECT 1{''.join(f', {sql}' for sql in passed)} FROM extreme").fetchall()


@settings(max_examples=300)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(columns: Columns, text: str) -> None:
    for parse in (parse_row, parse_measure):
        compiles(parse, text, columns)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1900 + "x" + ")" * 1900,
        "not " * 900 + "b",
        "- " * 1900 + "x",
        "x" + " + x" * 900,
        "b" + " and b" * 600,
        "coalesce(" * 400 + "x" + ")" * 400,
        "case when b then " * 150 + "x" + " end" * 150,
        "round(" * 500 + "x" + ")" * 500,
        "((select " * 300,
        "'" * 3999,
        "[" * 3000,
        "{" * 3000,
        "x.x" * 1000,
        "x[" * 1000,
        "9" * 3999,
        "x = '" + "a" * 5000 + "'",
        "interval " * 400,
        "d" + " + interval 10000 year" * 150,
    ],
    ids=lambda text: f"{text[:12]}…",
)
def test_what_is_too_deep_or_too_long_is_refused_in_words(columns: Columns, text: str) -> None:
    assert not compiles(parse_row, text, columns)
    assert not compiles(parse_measure, text, columns)
