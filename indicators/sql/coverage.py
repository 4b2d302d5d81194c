"""Which cells (day × coverage area) of each area and period were delivered, of those that have passed."""

from __future__ import annotations

from indicators.plan import Coverage
from indicators.sql.prelude import Moment, comment, feeds_of, listing
from warehouse.syntax import literal


def frame(coverage: Coverage, moment: Moment, dirty: str | None = None) -> str:
    """Level, area, period, start, present, expected, data_through, run: one row wherever anything is present.

    With ``dirty``, a table of (period, start), only for those periods. A day that is still running is
    expected once something of it is there. An area counts only for the days on which it exists.
    """
    dataset = coverage.dataset
    status = "last_loaded_at" if coverage.register else "data_through"
    level = literal(dataset.coverage)
    return f"""{comment(coverage)}\
WITH status AS (
    SELECT coalesce(max({status}), {moment.timestamp}) AS through, coalesce(max(last_run), 0) AS run
    FROM feed_status WHERE {feeds_of(dataset)}
), covered AS (
{_covered(coverage, moment)}
), calendar AS (
{_calendar(coverage, moment, dirty)}
), periods AS (
    SELECT period, start, CAST(period_end(period, start) AS DATE) AS next,
        least((SELECT through FROM status), {moment.utc("period_end(period, start)")}) AS data_through
    FROM (SELECT DISTINCT period, CAST(start AS DATE) AS start FROM calendar)
), pairs AS (
    SELECT code AS area, ancestor AS cell FROM area_path WHERE level = {level}
    UNION
    SELECT path.ancestor, path.code FROM area_path path JOIN area USING (code) WHERE area.level = {level}
), spans AS (
    -- the days on which an area and a cell that it shares ground with both exist
    SELECT own.level, pairs.area, pairs.cell,
        greatest(coalesce(own.valid_from, DATE '0001-01-01'),
            coalesce(cell.valid_from, DATE '0001-01-01')) AS since,
        least(coalesce(own.valid_to, DATE '9999-12-31'), coalesce(cell.valid_to, DATE '9999-12-31'),
            {moment.day} + CAST(
                pairs.cell IN (SELECT area FROM covered WHERE day = {moment.day}) AS INTEGER)) AS until
    FROM pairs JOIN area own ON own.code = pairs.area JOIN area cell ON cell.code = pairs.cell
    WHERE own.level IN {listing(coverage.shape.levels)}
), expected AS (
    SELECT spans.level, spans.area, periods.period, periods.start, periods.data_through,
        sum(least(periods.next, spans.until) - greatest(periods.start, spans.since)) AS expected
    FROM periods JOIN spans ON periods.start < spans.until AND periods.next > spans.since
    GROUP BY ALL
), present AS (
    SELECT spans.area, calendar.period, calendar.start, count(*) AS present
    FROM covered
    JOIN calendar USING (day)
    JOIN spans ON spans.cell = covered.area AND covered.day >= spans.since AND covered.day < spans.until
    GROUP BY ALL
)
SELECT level, area, period, start, CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, (SELECT run FROM status) AS run
FROM expected JOIN present USING (area, period, start)
ORDER BY period, level, area, start"""


def _covered(coverage: Coverage, moment: Moment) -> str:
    presence = coverage.dataset.presence
    if coverage.register:
        last = (
            f"least({moment.day}, CAST(timezone({literal(str(moment.zone))}, timezone('UTC', "
            f"max(through))) AS DATE))"
        )
        return (
            f"    SELECT area, CAST(unnest(generate_series(min(day), (SELECT {last} FROM status), "
            f"INTERVAL 1 DAY))"
            f" AS DATE) AS day\n    FROM {presence} GROUP BY area"
        )
    if coverage.back == 1:
        return f"    SELECT area, day FROM {presence}"
    return (
        f"    SELECT DISTINCT area, day - CAST(step AS INTEGER) AS day"
        f" FROM {presence} CROSS JOIN range({coverage.back}) AS back(step)"
    )


def _calendar(coverage: Coverage, moment: Moment, dirty: str | None) -> str:
    """Every day with each period that it lies in."""
    if dirty is not None:
        end = f"least(CAST(period_end(period, start) - INTERVAL 1 DAY AS DATE), {moment.day})"
        return (
            f"    SELECT period, start, CAST(unnest(generate_series(start, {end}, INTERVAL 1 "
            f"DAY)) AS DATE) AS day"
            f" FROM {dirty}"
        )
    branches = "\n    UNION ALL ".join(
        f"SELECT '{period}' AS period, {moment.calendar.start(period, 'day')} AS start, day FROM days"
        for period in coverage.shape.periods
    )
    first = "(SELECT min(day) FROM covered)"
    return (
        f"    WITH days AS (SELECT CAST(unnest(generate_series({first}, {moment.day}, INTERVAL 1 "
        f"DAY)) AS DATE) AS day)\n"
        f"    {branches}"
    )
