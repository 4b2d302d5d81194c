"""Blocks that compare areas with each other: places, scores, and the weighted mean of scores."""

from __future__ import annotations

from collections.abc import Sequence

from indicators.formula import Normalised, Rank, Weighted

_KEYS = "made, level, area, period, start"
_REST = "n, present, expected, data_through, run"
_POOL = "PARTITION BY made, level, period, start"


def rank(series: Rank, below: str) -> str:
    """Places from 1; equal values share one, and as many are skipped after it.

    Numerator: how many share the place; denominator: how many take part. Who has no value, or one that rests
    on too few rows, takes no part and has no place.
    """
    order = "DESC" if series.series.trait.descending else "ASC"
    return (
        f"    SELECT {_KEYS}, CASE WHEN taken THEN rank() OVER ({_POOL}, taken"
        f" ORDER BY value {order}) END AS value,\n"
        f"        CASE WHEN taken THEN count(*) OVER ({_POOL}, taken, value) END AS numerator,\n"
        f"        count(*) FILTER (WHERE taken) OVER ({_POOL}) AS denominator, {_REST}\n"
        f"    FROM (SELECT *, {_taken(series.series.trait.min_n)} AS taken FROM {below})"
    )


def normalised(series: Normalised, below: str) -> str:
    """Scores from 0 to 1 of those that take part; who is alone cannot be compared and has none.

    Where all are equal each scores 0.5. Numerator: the value that was made a score; denominator: how many
    take part.
    """
    up = series.trait.descending
    match series.method:
        case "goalposts":
            score = f"(value - {series.low!r}) / {series.high - series.low!r}"
            score = f"least(1, greatest(0, {score if up else f'1 - {score}'}))"
        case "min_max":
            span = "nullif(max(value) OVER pool - min(value) OVER pool, 0)"
            far = "value - min(value) OVER pool" if up else "max(value) OVER pool - value"
            score = f"coalesce(({far}) / {span}, 0.5)"
        case "z_score":
            far = "value - avg(value) OVER pool" if up else "avg(value) OVER pool - value"
            score = (
                f"least(1, greatest(0, 0.5 + 0.1 * coalesce(({far}) / "
                f"nullif(stddev_pop(value) OVER pool, 0), 0)))"
            )
        case "rank":
            behind = f"count(*) OVER pool - rank() OVER ({_POOL} ORDER BY value {'DESC' if up else 'ASC'})"
            equal = f"(count(*) OVER ({_POOL}, value) - 1) / 2.0"
            score = f"({behind} - {equal}) / (count(*) OVER pool - 1)"
    alone = "" if series.method == "goalposts" else "\n    QUALIFY count(*) OVER pool > 1"
    return (
        f"    SELECT {_KEYS}, {score} AS value,\n"
        f"        value AS numerator, count(*) OVER pool AS denominator, {_REST}\n"
        f"    FROM {below} WHERE {_taken(series.series.trait.min_n)}\n"
        f"    WINDOW pool AS ({_POOL} ORDER BY area ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
        f"{alone}"
    )


def weighted(series: Weighted, scores: Sequence[str]) -> str:
    """The weighted mean of the blocks ``scores``.

    Numerator: Σ weight × score (its logarithm in a geometric mean, where a score of 0 makes the whole 0);
    denominator: Σ weight. n is that of the thinnest score; the cells of all are counted together, and one
    that is missing as not delivered.
    """
    count = len(scores)
    weights = [repr(float(weight)) for weight in series.weights]
    names = [f"s{number}" for number in range(1, count + 1)]
    read = [f"coalesce({name}, 0)" if series.missing == "zero" else name for name in names]
    geometric = series.mean == "geometric"
    terms = [
        f"{weight} * {f'ln(nullif({name}, 0))' if geometric else name}"
        for weight, name in zip(weights, read, strict=True)
    ]
    total = " + ".join(weights)
    if series.missing == "skip":
        absent = [f"CASE WHEN {name} IS NULL THEN 0 ELSE" for name in names]
        terms = [f"{test} {term} END" for test, term in zip(absent, terms, strict=True)]
        total = " + ".join(f"{test} {weight} END" for test, weight in zip(absent, weights, strict=True))
    numerator = " + ".join(terms)
    value = f"{series.scale!r} * ({numerator}) / ({total})"
    if geometric:
        value = (
            f"CASE WHEN least({', '.join(read)}) <= 0 THEN 0 "
            f"ELSE {series.scale!r} * exp(({numerator}) / ({total})) END"
        )
    columns = ", ".join(
        f"max(value) FILTER (WHERE part = {number}) AS {name}" for number, name in enumerate(names, start=1)
    )
    every = "\n        UNION ALL ".join(
        f"SELECT {number} AS part, * FROM {block}" for number, block in enumerate(scores, start=1)
    )
    complete = f" HAVING count(*) = {count}" if series.missing == "any" else ""
    return (
        f"    SELECT {_KEYS}, {value} AS value,\n"
        f"        {numerator} AS numerator, {total} AS denominator, {_REST}\n"
        f"    FROM (\n"
        f"        SELECT {_KEYS}, {columns},\n"
        f"            min(n) AS n, sum(present) AS present,\n"
        f"            sum(expected) + ({count} - count(*)) * max(expected) AS expected,\n"
        f"            min(data_through) AS data_through, max(run) AS run\n"
        f"        FROM (\n        {every}\n        ) GROUP BY {_KEYS}{complete}\n    )"
    )


def _taken(min_n: int) -> str:
    """SQL: whether a value takes part in a comparison."""
    return f"(value IS NOT NULL AND n >= {min_n})" if min_n else "(value IS NOT NULL)"
