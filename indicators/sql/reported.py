"""Published figures: of each area and period the print that is newest by now."""

from __future__ import annotations

from indicators.plan import ReportedRead
from indicators.sql.prelude import Moment, comment, feeds_of, listing
from warehouse.syntax import literal, quote


def reported_values(step: ReportedRead, moment: Moment) -> str:
    """The values of one published figure."""
    period, day = step.shape.periods[0], f"{step.time}__day"
    return f"""{comment(step)}\
WITH print AS (
    SELECT _area AS area, {day} AS start, CAST({quote(step.value)} AS DOUBLE) AS value
    FROM {step.dataset.table}
    WHERE ({step.where}) AND {quote(step.value)} IS NOT NULL AND {moment.past(step.dataset, step.known)}
      AND {day} <= {moment.day} AND {moment.calendar.start(period, day)} = {day}
    QUALIFY row_number() OVER (
        PARTITION BY _area, {day} ORDER BY {quote(step.known)} DESC, _run DESC, _line DESC) = 1
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
