"""The expression language: what it writes, what it refuses and with which words."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.models.feed import ColumnType
from warehouse.expression import (
    ExpressionError,
    aggregates,
    parse_condition,
    parse_measure,
    parse_row,
)

COLUMNS: dict[str, ColumnType] = {
    "amount": "number",
    "rooms": "integer",
    "status": "text",
    "online": "boolean",
    "issued": "date",
    "opened_at": "timestamp",
    "closed_at": "timestamp",
    "order": "text",
}


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("opened_at <= closed_at", "opened_at <= closed_at"),
        ("online and not online or rooms = 1", "(online AND (NOT online)) OR (rooms = 1)"),
        ("status in ('a', 'it''s')", "status IN ('a', 'it''s')"),
        ("rooms not in (-1, 2)", "NOT (rooms IN (-1, 2))"),
        ("amount between 1 and 2.5", "amount BETWEEN 1 AND 2.5e0"),
        ("status is not null", "status IS NOT NULL"),
        ("lower(status) like 'a%'", "lower(status) LIKE 'a%'"),
        ("\"order\" = 'x'", "\"order\" = 'x'"),
        ("amount / rooms > 2", "(amount / nullif(rooms, 0)) > 2"),
        ("rooms + rooms", "CAST(rooms AS DOUBLE) + rooms"),
        ("case when online then 1 else amount end", "CASE WHEN online THEN 1 ELSE amount END"),
        ("issued >= '2024-02-29'", "issued >= DATE '2024-02-29'"),
        ("opened_at < date '2024-01-01'", "CAST(opened_at AT TIME ZONE 'UTC' AS DATE) < DATE '2024-01-01'"),
        ("closed_at <= opened_at + interval 24 hours", "closed_at <= (opened_at + INTERVAL 24 HOUR)"),
        ("issued - interval '1 month'", "CAST(issued - INTERVAL 1 MONTH AS DATE)"),
        ("hours_between(opened_at, closed_at)", "(epoch(closed_at) - epoch(opened_at)) / 3600"),
        ("days_between(issued, opened_at)", "CAST(opened_at AT TIME ZONE 'UTC' AS DATE) - issued"),
        ("hour_of(opened_at) >= 8", "hour(opened_at AT TIME ZONE 'UTC') >= 8"),
    ],
)
def test_row_is_rebuilt(text: str, sql: str) -> None:
    assert parse_row(text, COLUMNS).sql == sql


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("statu = 'a'", "column 'statu' is unknown", "did you mean status?"),
        ("rooms = 'a'", "a number and text do not go together in rooms, 'a'", ""),
        ("status = null", "nothing is equal to null", "write column is null"),
        ("opened_at + 1 > 2", "opened_at is a timestamp; arithmetic takes a number or a number", None),
        ("issued > '31/12/2024'", "'31/12/2024' is not a date", "write it as 2024-12-31"),
        ("rooms", "rooms is a number, not a condition", "compare it with something"),
        ("count(*) > 1", "count is an aggregate, this is about one row", ""),
        ("(select 1) = 1", "queries are not allowed", "name a column of the dataset"),
        ("rooms in (select 1)", "in cannot be written like this", "leave out query"),
        ("read_text('/etc/passwd') = 'a'", "function 'read_text' is unknown or not allowed here", None),
        (
            "hours_betwen(opened_at, closed_at) > 1",
            "function 'hours_betwen' is unknown or not allowed here",
            None,
        ),
        ("rooms::text = 'a'", "types cannot be cast here", "a date is written date '2024-12-31'"),
        ("t.rooms = 1", "column cannot be written like this", "leave out table"),
        ("rooms = 1; drop table fact_x", "is not exactly one expression", ""),
        ("rooms = $1", "'placeholder' is not allowed in an expression", ""),
        ("status like order", None, None),
        ("(" * 3000 + "online" + ")" * 3000, "the expression is longer than 4000 characters", ""),
        ("(" * 1900 + "online" + ")" * 1900, "is nested too deeply", "break it into simpler parts"),
    ],
)
def test_row_is_refused(text: str, message: str | None, hint: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_condition(text, COLUMNS)
    if message is not None:
        assert caught.value.message == message
    if hint is not None:
        assert caught.value.hint == hint


def test_measure_keeps_its_aggregates_apart() -> None:
    measure = parse_measure("100 * count(*) filter (online) / count(distinct status) - avg(amount)", COLUMNS)
    found = aggregates(measure)
    assert [a.function for a in found] == ["count", "distinct", "avg"]
    assert str(found[0].filter) == "online"


@pytest.mark.parametrize("text", ["percentile(amount, 0.9)", "quantile_cont(amount, 0.9)"])
def test_percentile_has_two_spellings(text: str) -> None:
    (aggregate,) = aggregates(parse_measure(text, COLUMNS))
    assert (aggregate.function, aggregate.quantile) == ("percentile", 0.9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("amount", "amount stands outside an aggregate"),
        ("1 + 1", "the measure has no aggregate"),
        ("avg(online)", "avg cannot take the condition online"),
        ("sum(status)", "sum cannot take status, which is text"),
        ("sum(distinct amount)", "'distinct' is not allowed in an expression"),
        ("sum(amount) over ()", "'window' is not allowed in an expression"),
        ("min(amount, 3)", "min cannot be written like this"),
        ("percentile(amount, 90)", "percentile 90 is not between 0 and 1"),
        ("medan(amount)", "function 'medan' is unknown or not allowed here"),
        ("sum(sum(amount))", "sum is an aggregate, this is about one row"),
        ("count(*) filter (where rooms)", "rooms is a number, not a condition"),
    ],
)
def test_measure_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_measure(text, COLUMNS)
    assert caught.value.message == message


# What an author might write, good and bad, put together at random: the point is that everything which
# compiles also runs, whatever the types, and that nothing outside the language compiles.
_LEAVES = st.sampled_from(
    [
        *(f'"{name}"' for name in COLUMNS),
        "1",
        "2.5",
        "'a'",
        "'2024-05-01'",
        "true",
        "null",
        "date '2024-02-29'",
    ]
)
_BINARY = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "and", "or", "like", "||"])
_CALLS = st.sampled_from(
    [
        "abs",
        "lower",
        "coalesce",
        "least",
        "greatest",
        "round",
        "day_of",
        "hour_of",
        "weekday_of",
        "hours_between",
        "days_between",
        "getenv",
        "upper",
        "read_text",
        "sum",
        "current_setting",
    ]
)
_OUTSIDE = ("getenv", "upper", "read_text", "current_setting", "||", "::", "select", "sum")


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, _BINARY, inner),
        st.builds("{}({})".format, _CALLS, inner),
        st.builds("{}({}, {})".format, _CALLS, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("-{}".format, inner),
        st.builds("({} is null)".format, inner),
        st.builds("({} in ({}, {}))".format, inner, inner, inner),
        st.builds("({} between {} and {})".format, inner, inner, inner),
        st.builds("case when {} then {} else {} end".format, inner, inner, inner),
        st.builds("({} + interval 3 day)".format, inner),
        st.builds("{}::varchar".format, inner),
        st.builds("(select {})".format, inner),
    )


@pytest.fixture(scope="module")
def facts() -> duckdb.DuckDBPyConnection:
    """A table with every type, its rows full, empty and odd."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Ho_Chi_Minh'")
    kinds = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE"}
    listing = ", ".join(f'"{name}" {kinds.get(kind, kind)}' for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE fact ({listing})")
    connection.execute(
        "INSERT INTO fact VALUES (1.5, 2, 'a', true, '2024-02-29', '2024-02-29 23:30', '2024-03-01', 'x'),"
        " (0, 0, '', false, '2024-12-31', '2024-12-31', '2023-01-01', ''),"
        " (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (-1e300, 9000000000000000000, '%', true, NULL, NULL, NULL, '_')"
    )
    return connection


@settings(max_examples=400)
@given(text=st.recursive(_LEAVES, _grow, max_leaves=6))
def test_what_compiles_runs_and_is_inside(facts: duckdb.DuckDBPyConnection, text: str) -> None:
    try:
        row = parse_row(text, COLUMNS)
    except ExpressionError:
        return
    assert not any(word in row.sql for word in _OUTSIDE)
    facts.execute(f"SELECT {row.sql} FROM fact").fetchall()


@settings(max_examples=200)
@given(
    inner=st.recursive(_LEAVES, _grow, max_leaves=3),
    function=st.sampled_from(["count", "sum", "avg", "min", "max", "median", "string_agg", "first"]),
    condition=st.recursive(_LEAVES, _grow, max_leaves=3),
)
def test_measures_that_compile_run(
    facts: duckdb.DuckDBPyConnection, inner: str, function: str, condition: str
) -> None:
    try:
        (found,) = aggregates(parse_measure(f"{function}({inner}) filter (where {condition})", COLUMNS))
    except ExpressionError:
        return
    facts.execute(
        f"SELECT {found.function}({found.argument}) FILTER (WHERE {found.filter}) FROM fact"
    ).fetchall()
