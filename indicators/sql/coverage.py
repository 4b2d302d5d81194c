"""Which cells (day × coverage area) of each area and period were delivered, of those that have passed."""

from __future__ import annotations

from collections.abc import Sequence

from config.models.indicator import Period
from indicators.dirty import Days, Spans
from indicators.plan import Coverage
from indicators.sql.prelude import Moment, comment, listing
from warehouse.syntax import literal


def alike(coverages: Sequence[Coverage]) -> list[list[Coverage]]:
    """Put together what is told by one statement: the same cells for the same areas and periods."""
    found: dict[object, list[Coverage]] = {}
    for coverage in coverages:
        alone = coverage.register or coverage.quiet or coverage.hourly
        key = coverage if alone else (coverage.dataset.coverage, coverage.shape)
        found.setdefault(key, []).append(coverage)
    return list(found.values())


def frame(coverages: Sequence[Coverage], moment: Moment, dirty: Spans | None = None) -> str:
    """Source, level, area, period, start, present, expected, data_through, run: one row wherever anything is
    present. A source is the place of one of ``coverages``, which are alike.

    With ``dirty`` only for those periods. A day that is still running is
    expected once something of it is there; so is an hour. An area counts only for the days on which it
    exists. A day on which one period ends and the next one begins is a cell of both.
    """
    first = coverages[0]
    level = literal(first.dataset.coverage)
    found = [_by_day(first)] if _longer(first) else []
    found += [_by_hour(moment)] if first.hourly else []
    union = "\nUNION ALL\n".join(found)
    notes = "".join(map(comment, coverages))
    covered = "\n    UNION ALL\n".join(
        _covered(coverage, source, moment, dirty) for source, coverage in enumerate(coverages)
    )
    return f"""{notes}\
WITH status AS (
{_status(coverages, moment)}
), covered AS (
{covered}
), pairs AS (
    SELECT code AS area, ancestor AS cell FROM area_path WHERE level = {level}
    UNION
    SELECT path.ancestor, path.code FROM area_path path JOIN area USING (code) WHERE area.level = {level}
), spans AS (
    -- the days on which an area and a cell that it shares ground with both exist
    SELECT source, own.level, pairs.area, pairs.cell, coalesce(own.valid_to, DATE '9999-12-31') AS gone,
        greatest(coalesce(own.valid_from, DATE '0001-01-01'),
            coalesce(cell.valid_from, DATE '0001-01-01')) AS since,
        least(coalesce(own.valid_to, DATE '9999-12-31'), coalesce(cell.valid_to, DATE '9999-12-31'),
            {moment.day} + CAST((source, pairs.cell) IN (
                SELECT (source, area) FROM covered WHERE day = {moment.day}) AS INTEGER)) AS until
    FROM pairs JOIN area own ON own.code = pairs.area JOIN area cell ON cell.code = pairs.cell
        CROSS JOIN (SELECT source FROM status)
    WHERE own.level IN {listing(first.shape.levels)}
){_days(first, moment, dirty)}{_hours(first, dirty)}
{union}
ORDER BY source, period, level, area, start"""


def _status(coverages: Sequence[Coverage], moment: Moment) -> str:
    """How far the data of each source reach, and by which run."""
    reach = "last_loaded_at" if coverages[0].register else "data_through"
    feeds = ", ".join(
        f"({source}, {literal(feed)})"
        for source, coverage in enumerate(coverages)
        for feed in coverage.dataset.feeds
    )
    return (
        f"    SELECT source, coalesce(max({reach}), {moment.timestamp}) AS through,"
        f" coalesce(max(last_run), 0) AS run\n"
        f"    FROM (VALUES {feeds}) AS delivered(source, feed) LEFT JOIN feed_status USING (feed)"
        f" GROUP BY source"
    )


def _by_day(coverage: Coverage) -> str:
    """Periods of which anything was delivered; if they count too, quiet ones since the first delivery."""
    quiet, present = ("LEFT ", "coalesce(present, 0)") if coverage.quiet else ("", "present")
    return f"""\
SELECT source, level, area, period, start, CAST({present} AS INTEGER) AS present,
    CAST(expected AS INTEGER) AS expected, data_through, run
FROM expected {quiet}JOIN present USING (source, area, period, start) JOIN status USING (source)"""


def _by_hour(moment: Moment) -> str:
    """An hour that is still running is expected to have what it has."""
    running = moment.calendar.start("hour", moment.clock)
    end = moment.utc("slot + INTERVAL 1 HOUR")
    return f"""\
SELECT source, level, area, 'hour' AS period, slot AS start, CAST(present AS INTEGER) AS present,
    CAST(CASE WHEN slot = {running} THEN present ELSE cells END AS INTEGER) AS expected,
    least(through, {end}) AS data_through, run
FROM hours JOIN cells USING (area, day) CROSS JOIN status"""


def _longer(coverage: Coverage) -> list[Period]:
    return [period for period in coverage.shape.periods if period != "hour"]


def _days(coverage: Coverage, moment: Moment, dirty: Spans | None) -> str:
    if not _longer(coverage):
        return ""
    begun = "\n    WHERE periods.until > (SELECT min(day) FROM covered)" if coverage.quiet else ""
    return f""", calendar AS (
{_calendar(coverage, moment, dirty)}
), periods AS (
    SELECT source, period, start, CAST(period_begin(period, start) AS DATE) AS since,
        CAST(period_end(period, start) - INTERVAL 1 MICROSECOND AS DATE) + 1 AS until,
        least(through, {moment.utc("period_end(period, start)")}) AS data_through
    FROM (SELECT DISTINCT period, start FROM calendar) CROSS JOIN status
), expected AS (
    SELECT spans.source, spans.level, spans.area, periods.period, periods.start, periods.data_through,
        sum(least(periods.until, spans.until) - greatest(periods.since, spans.since)) AS expected
    FROM periods JOIN spans ON periods.source = spans.source AND periods.since < spans.until
        AND periods.until > spans.since AND periods.start < spans.gone{begun}
    GROUP BY ALL
), heard AS (
    -- many areas share ground with a cell for the same days: its days are counted once for all of them
    SELECT stretch.*, calendar.period, calendar.start, count(*) AS present
    FROM covered
    JOIN calendar USING (day)
    JOIN (SELECT DISTINCT source, cell, since, until FROM spans) stretch
        ON stretch.source = covered.source AND stretch.cell = covered.area
        AND covered.day >= stretch.since AND covered.day < stretch.until
    GROUP BY ALL
), present AS (
    SELECT source, spans.area, heard.period, heard.start, sum(heard.present) AS present
    FROM heard JOIN spans USING (source, cell, since, until)
    GROUP BY ALL
)"""


def _hours(coverage: Coverage, dirty: Spans | None) -> str:
    if not coverage.hourly:
        return ""
    wanted = ""
    if dirty is not None:
        wanted = f"\n    WHERE {dirty.days('hour').sql('heard.day')} AND {dirty.within('hour', 'slot')}"
    return f""", hours AS (
    SELECT spans.level, spans.area, heard.day, heard.slot, count(*) AS present
    FROM {coverage.dataset.presence_by_hour} heard
    JOIN spans ON spans.cell = heard.area AND heard.day >= spans.since AND heard.day < spans.until{wanted}
    GROUP BY ALL
), cells AS (
    SELECT spans.area, days.day, count(*) AS cells
    FROM (SELECT DISTINCT area, day FROM hours) days
    JOIN spans ON spans.area = days.area AND days.day >= spans.since AND days.day < spans.until
    GROUP BY ALL
)"""


def _covered(coverage: Coverage, source: int, moment: Moment, dirty: Spans | None) -> str:
    presence = coverage.dataset.presence
    if coverage.register:
        last = (
            f"least({moment.day}, CAST(timezone({literal(str(moment.zone))}, timezone('UTC', "
            f"max(through))) AS DATE))"
        )
        return (
            f"    SELECT {source} AS source, area,"
            f" CAST(unnest(generate_series(min(day), (SELECT {last} FROM status), INTERVAL 1 DAY))"
            f" AS DATE) AS day\n    FROM {presence} GROUP BY area"
        )
    if coverage.back == 1:
        near = ""
        if dirty is not None and not coverage.quiet:
            days = Days.between(moment.today, moment.today)
            for period in dirty.runs:
                days |= dirty.days(period)
            near = f" WHERE {days.sql('day')}"
        return f"    SELECT {source} AS source, area, day FROM {presence}{near}"
    return (
        f"    SELECT DISTINCT {source} AS source, area, day - CAST(step AS INTEGER) AS day"
        f" FROM {presence} CROSS JOIN range({coverage.back}) AS back(step)"
    )


def _calendar(coverage: Coverage, moment: Moment, dirty: Spans | None) -> str:
    """Every day with each period that it lies in."""
    if dirty is not None:
        last = "CAST(period_end(period, start) - INTERVAL 1 MICROSECOND AS DATE)"
        series = f"generate_series(begin, least({last}, {moment.day}), INTERVAL 1 DAY)"
        return (
            f"    SELECT period, start, CAST(unnest({series}) AS DATE) AS day\n"
            f"    FROM (SELECT period, date_trunc('day', period_begin(period, start)) AS begin, start"
            f" FROM ({dirty.rows()}) WHERE period <> 'hour')"
        )

    def branch(period: Period) -> str:
        start, more = moment.calendar.by_day(period)
        distinct = "DISTINCT " if moment.calendar.grain(period) == "hour" else ""
        late = f" WHERE {start} <= {moment.clock}" if more else ""
        return (
            f"SELECT {distinct}{literal(period)} AS period, CAST({start} AS TIMESTAMP) AS start, day"
            f" FROM days{more}{late}"
        )

    branches = "\n    UNION ALL ".join(map(branch, _longer(coverage)))
    first = "(SELECT min(day) FROM covered)"
    return (
        f"    WITH days AS (SELECT CAST(unnest(generate_series({first}, {moment.day}, INTERVAL 1 "
        f"DAY)) AS DATE) AS day)\n"
        f"    {branches}"
    )
