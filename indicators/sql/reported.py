"""Published figures: of each area and period the print that is newest by now."""

from __future__ import annotations

from config.models.indicator import Period
from indicators.datasets import Dataset
from indicators.plan import ReportedRead
from indicators.sql.prelude import Moment, comment, feeds_of, listing
from warehouse.syntax import literal, quote


def reported_values(step: ReportedRead, moment: Moment) -> str:
    """The values of one published figure."""
    period = step.shape.periods[0]
    at, start, given = given_start(step.dataset, step.time, period, moment)
    return f"""{comment(step)}\
WITH print AS (
    SELECT _area AS area, {start} AS start, CAST({quote(step.value)} AS DOUBLE) AS value
    FROM {step.dataset.table}
    WHERE ({step.where}) AND {quote(step.value)} IS NOT NULL AND {moment.past(step.dataset, step.known)}
      AND {start} <= {moment.clock} AND {given} = {at}
    QUALIFY row_number() OVER (
        PARTITION BY _area, {at} ORDER BY {quote(step.known)} DESC, _run DESC, _line DESC) = 1
), status AS (
    SELECT coalesce(max(data_through), {moment.timestamp}) AS through, coalesce(max(last_run), 0) AS run
    FROM feed_status WHERE {feeds_of(step.dataset)}
)
SELECT {literal(step.indicator)} AS indicator, area.level, print.area, {literal(period)} AS period, start,
    value, value AS numerator, NULL AS denominator, 1 AS n,
    1 AS present, 1 AS expected,
    least(through, {moment.utc(f"period_end({literal(period)}, start)")}) AS data_through, run
FROM print JOIN area ON area.code = print.area CROSS JOIN status
WHERE area.level IN {listing(step.shape.levels)}
  AND (valid_from IS NULL OR valid_from < period_end({literal(period)}, start))
  AND (valid_to IS NULL OR valid_to > start)"""


def given_start(dataset: Dataset, time: str, period: Period, moment: Moment) -> tuple[str, str, str]:
    """SQL of the time that a print stands for, of the period's start, and of how that time must read.

    A period that begins in mid-day may be named by the day on which it does, or by the very moment.
    """
    day, start = f"{time}__day", moment.calendar.start
    if moment.calendar.grain(period) != "hour":
        return day, start(period, day), start(period, day)
    if dataset.is_moment(time):
        at = moment.local(quote(time))
        return at, start(period, at), start(period, at)
    begun = start(period, f"{day} + INTERVAL 23 HOUR")
    return day, begun, f"CAST({begun} AS DATE)"
