"""Stocks: what came in less what went out, cumulated up to each period's end."""

from __future__ import annotations

import datetime as dt

from indicators.dirty import Spans
from indicators.plan import Balance
from indicators.sql.prelude import Moment, comment, listing


def balance(step: Balance, moment: Moment, frame: str, dirty: Spans | None = None) -> str:
    """The rows of ``frame`` with a column for each stock: s1, s2, … in the order of the step's values."""
    names = [f"s{index}" for index, _ in enumerate(step.values, start=1)]
    entered = ", ".join(
        f"{step.opens.column(v.entered)} AS {c}" for c, v in zip(names, step.values, strict=True)
    )
    left = ", ".join(f"-{step.closes.column(v.left)} AS {c}" for c, v in zip(names, step.values, strict=True))
    sums = ", ".join(f"sum({c}) AS {c}" for c in names)
    running = ", ".join(f"CAST(sum(sum({c})) OVER past AS BIGINT) AS {c}" for c in names)
    stocks = "".join(f", coalesce({c}, 0) AS {c}" for c in names)
    # Counted up day by day, or hour by hour where a period may end in mid-day.
    timed = any(moment.calendar.grain(period) == "hour" for period in step.shape.periods)
    slot, last, now = (
        ("slot", "INTERVAL 1 HOUR", moment.clock) if timed else ("day", "INTERVAL 1 DAY", moment.day)
    )
    # What lies before the first day that is asked for is only needed as one opening balance.
    at, wanted = slot, ""
    if dirty is not None:
        at = f"greatest({slot}, DATE '{dirty.first - dt.timedelta(days=1)}')"
        wanted = f" AND {dirty.sql()}"
    told, inherited = "flow", ""
    if step.opens.dataset.reformed:
        told, inherited = "told", _inherited(names)
    return f"""{comment(step)}\
WITH {told} AS (
    SELECT {at} AS slot, area, {sums}
    FROM (
        SELECT {slot}, area, {entered} FROM {step.opens.table} WHERE day <= {moment.day}
        UNION ALL
        SELECT {slot}, area, {left} FROM {step.closes.table} WHERE day <= {moment.day}
    )
    GROUP BY ALL
){inherited}, running AS (
    SELECT path.ancestor AS area, slot, {running}
    FROM flow JOIN area_path path ON path.code = flow.area AND path.level IN {listing(step.shape.levels)}
    GROUP BY path.ancestor, slot
    WINDOW past AS (PARTITION BY path.ancestor ORDER BY slot)
), wanted AS (
    SELECT *, least(period_end(period, start) - {last}, {now}) AS as_of
    FROM {frame}
    WHERE level IN {listing(step.shape.levels)} AND period IN {listing(step.shape.periods)}{wanted}
)
SELECT wanted.* EXCLUDE (as_of){stocks}
FROM wanted ASOF LEFT JOIN running ON wanted.area = running.area AND wanted.as_of >= running.slot"""


def _inherited(names: list[str]) -> str:
    """What was open in a unit when it ended, and what is told of it later, passes to its heir."""
    given, taken = ", ".join(names), ", ".join(f"-{name}" for name in names)
    return f""", flow AS (
    FROM told
    UNION ALL
    SELECT greatest(slot, since), heir, {given} FROM told JOIN area_heir ON unit = area AND slot < until
    UNION ALL
    SELECT greatest(slot, until), heir, {taken} FROM told JOIN area_heir ON unit = area AND slot < until
    WHERE until < DATE '{dt.date.max}'
    UNION ALL
    SELECT greatest(slot, ended), area, {taken}
    FROM told JOIN (SELECT unit, min(since) AS ended FROM area_heir GROUP BY unit) ON unit = area
)"""
