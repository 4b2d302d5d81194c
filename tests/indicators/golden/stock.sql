CREATE TABLE part_visits__presence AS
-- Presence of visits by city: days on which rows arrived
SELECT rows.*, 'C' AS area
FROM (SELECT DISTINCT opened_at__day AS day FROM fact_visits
      WHERE opened_at <= TIMESTAMP '2025-07-10 02:00:00.000000') rows;

CREATE TABLE part_visits__due_at AS
-- Scan visits by due_at: 3 parts per day × area
SELECT due_at__day AS day, _area AS area,
    count_if(_x_20e94704bd) AS p1,
    count(*) AS p2,
    count_if(_x_fc0d0733c3) AS p3
FROM fact_visits
WHERE due_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
GROUP BY ALL;

CREATE TABLE part_visits__closed_at AS
-- Scan visits by closed_at: 5 parts per day × area
SELECT closed_at__day AS day, _area AS area,
    count(*) AS p1,
    count(_x_bbec57d7e4) AS p2,
    count(_x_05c5af956b) AS p3,
    count_if(_x_4b9c463d07) AS p4,
    count_if(_x_69cbc4529e) AS p5
FROM fact_visits
WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
GROUP BY ALL;

CREATE TABLE frame__visits__1 AS
-- Coverage of visits by city: 1 days an event
WITH status AS (
    SELECT source, coalesce(max(data_through), TIMESTAMP '2025-07-10 02:00:00.000000') AS through, coalesce(max(last_run), 0) AS run
    FROM (VALUES (0, 'visits')) AS delivered(source, feed) LEFT JOIN feed_status USING (feed) GROUP BY source
), covered AS (
    SELECT 0 AS source, area, day FROM part_visits__presence
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
    WHERE own.level IN ('city', 'district', 'ward')
), calendar AS (
    WITH days AS (SELECT CAST(unnest(generate_series((SELECT min(day) FROM covered), DATE '2025-07-10', INTERVAL 1 DAY)) AS DATE) AS day)
    SELECT 'day' AS period, CAST(day AS TIMESTAMP) AS start, day FROM days
    UNION ALL SELECT 'month' AS period, CAST(CAST(date_trunc('month', day) AS DATE) AS TIMESTAMP) AS start, day FROM days
    UNION ALL SELECT 'quarter' AS period, CAST(CAST(date_trunc('quarter', day) AS DATE) AS TIMESTAMP) AS start, day FROM days
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

CREATE TABLE made__visits__due_at__closed_at AS
-- Balance visits__due_at__closed_at: cumulate to city, district, ward × day, month, quarter, year
WITH flow AS (
    SELECT day AS slot, area, sum(s1) AS s1
    FROM (
        SELECT day, area, p3 AS s1 FROM part_visits__due_at WHERE day <= DATE '2025-07-10'
        UNION ALL
        SELECT day, area, -p5 AS s1 FROM part_visits__closed_at WHERE day <= DATE '2025-07-10'
    )
    GROUP BY ALL
), running AS (
    SELECT path.ancestor AS area, slot, CAST(sum(sum(s1)) OVER past AS BIGINT) AS s1
    FROM flow JOIN area_path path ON path.code = flow.area AND path.level IN ('city', 'district', 'ward')
    GROUP BY path.ancestor, slot
    WINDOW past AS (PARTITION BY path.ancestor ORDER BY slot)
), wanted AS (
    SELECT *, least(period_end(period, start) - INTERVAL 1 DAY, DATE '2025-07-10') AS as_of
    FROM frame__visits__1
    WHERE level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
)
SELECT wanted.* EXCLUDE (as_of), coalesce(s1, 0) AS s1
FROM wanted ASOF LEFT JOIN running ON wanted.area = running.area AND wanted.as_of >= running.slot;

-- Value overdue = entered - left for city, district, ward × day, month, quarter, year
SELECT 'overdue' AS indicator, level, area, period, start,
    s1 AS value, s1 AS numerator, NULL AS denominator, s1 AS n,
    present, expected, data_through, run
FROM made__visits__due_at__closed_at;
