CREATE TABLE part_services__presence AS
-- Presence of services by city: days on which rows arrived
SELECT rows.*, 'C' AS area
FROM (SELECT DISTINCT since__day AS day FROM fact_services
      WHERE since <= DATE '2025-07-10') rows;

CREATE TABLE part_services__since AS
-- Scan services by since: 2 parts per day × area
SELECT since__day AS day, _area AS area,
    count_if(_x_2d70b00309) AS p1,
    count_if(_x_9b39725089) AS p2
FROM fact_services
WHERE since <= DATE '2025-07-10'
GROUP BY ALL;

CREATE TABLE part_services__until AS
-- Scan services by until: 2 parts per day × area
SELECT until__day AS day, _area AS area,
    count_if(_x_2dd6f310df) AS p1,
    count_if(_x_49deb583a6) AS p2
FROM fact_services
WHERE until <= DATE '2025-07-10'
GROUP BY ALL;

CREATE TABLE frame__services__register AS
-- Coverage of services by city: from the first event to the last delivery
WITH status AS (
    SELECT source, coalesce(max(last_loaded_at), TIMESTAMP '2025-07-10 02:00:00.000000') AS through, coalesce(max(last_run), 0) AS run
    FROM (VALUES (0, 'services')) AS delivered(source, feed) LEFT JOIN feed_status USING (feed) GROUP BY source
), covered AS (
    SELECT 0 AS source, area, CAST(unnest(generate_series(min(day), (SELECT least(DATE '2025-07-10', CAST(timezone('Asia/Ho_Chi_Minh', timezone('UTC', max(through))) AS DATE)) FROM status), INTERVAL 1 DAY)) AS DATE) AS day
    FROM part_services__presence GROUP BY area
), pairs AS (
    SELECT code AS area, ancestor AS cell FROM area_path WHERE level = 'city'
    UNION
    SELECT path.ancestor, path.code FROM area_path path JOIN area USING (code) WHERE area.level = 'city'
), spans AS (
    -- the days on which an area and a cell that it shares ground with both exist
    SELECT source, own.level, pairs.area, pairs.cell, coalesce(own.valid_to, DATE '9999-12-31') AS gone,
        greatest(coalesce(own.valid_from, DATE '0001-01-01'),
            coalesce(cell.valid_from, DATE '0001-01-01')) AS since,
        least(coalesce(own.valid_to, DATE '9999-12-31'), coalesce(cell.valid_to, DATE '9999-12-31'),
            DATE '2025-07-10' + CAST((source, pairs.cell) IN (
                SELECT (source, area) FROM covered WHERE day = DATE '2025-07-10') AS INTEGER)) AS until
    FROM pairs JOIN area own ON own.code = pairs.area JOIN area cell ON cell.code = pairs.cell
        CROSS JOIN (SELECT source FROM status)
    WHERE own.level IN ('city')
), calendar AS (
    WITH days AS (SELECT CAST(unnest(generate_series((SELECT min(day) FROM covered), DATE '2025-07-10', INTERVAL 1 DAY)) AS DATE) AS day)
    SELECT 'month' AS period, CAST(CAST(date_trunc('month', day) AS DATE) AS TIMESTAMP) AS start, day FROM days
    UNION ALL SELECT 'year' AS period, CAST(CAST(date_trunc('year', day) AS DATE) AS TIMESTAMP) AS start, day FROM days
), periods AS (
    SELECT source, period, start, CAST(period_begin(period, start) AS DATE) AS since,
        CAST(period_end(period, start) - INTERVAL 1 MICROSECOND AS DATE) + 1 AS until,
        least(through, timezone('UTC', timezone('Asia/Ho_Chi_Minh', CAST(period_end(period, start) AS TIMESTAMP)))) AS data_through
    FROM (SELECT DISTINCT period, start FROM calendar) CROSS JOIN status
), expected AS (
    SELECT spans.source, spans.level, spans.area, periods.period, periods.start, periods.data_through,
        sum(least(periods.until, spans.until) - greatest(periods.since, spans.since)) AS expected
    FROM periods JOIN spans ON periods.source = spans.source AND periods.since < spans.until
        AND periods.until > spans.since AND periods.start < spans.gone
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
)
SELECT source, level, area, period, start, CAST(present AS INTEGER) AS present,
    CAST(expected AS INTEGER) AS expected, data_through, run
FROM expected JOIN present USING (source, area, period, start) JOIN status USING (source)
ORDER BY source, period, level, area, start;

CREATE TABLE made__services__since__until AS
-- Balance services__since__until: cumulate to city × month, year
WITH flow AS (
    SELECT day AS slot, area, sum(s1) AS s1, sum(s2) AS s2
    FROM (
        SELECT day, area, p1 AS s1, p2 AS s2 FROM part_services__since WHERE day <= DATE '2025-07-10'
        UNION ALL
        SELECT day, area, -p1 AS s1, -p2 AS s2 FROM part_services__until WHERE day <= DATE '2025-07-10'
    )
    GROUP BY ALL
), running AS (
    SELECT path.ancestor AS area, slot, CAST(sum(sum(s1)) OVER past AS BIGINT) AS s1, CAST(sum(sum(s2)) OVER past AS BIGINT) AS s2
    FROM flow JOIN area_path path ON path.code = flow.area AND path.level IN ('city')
    GROUP BY path.ancestor, slot
    WINDOW past AS (PARTITION BY path.ancestor ORDER BY slot)
), wanted AS (
    SELECT *, least(period_end(period, start) - INTERVAL 1 DAY, DATE '2025-07-10') AS as_of
    FROM frame__services__register
    WHERE level IN ('city') AND period IN ('month', 'year')
)
SELECT wanted.* EXCLUDE (as_of), coalesce(s1, 0) AS s1, coalesce(s2, 0) AS s2
FROM wanted ASOF LEFT JOIN running ON wanted.area = running.area AND wanted.as_of >= running.slot;

-- Value services = entered - left for city × month, year
SELECT 'services' AS indicator, level, area, period, start,
    s1 AS value, s1 AS numerator, NULL AS denominator, s1 AS n,
    present, expected, data_through, run
FROM made__services__since__until;
