CREATE TABLE part_visits__presence AS
-- Presence of visits by city: days on which rows arrived
SELECT rows.*, 'C' AS area
FROM (SELECT DISTINCT opened_at__day AS day FROM fact_visits
      WHERE opened_at <= TIMESTAMP '2025-07-10 02:00:00.000000') rows;

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

CREATE TABLE made__visits__closed_at AS
-- Cube visits__closed_at: roll up to city, district, ward × day, month, quarter, year
WITH monthly AS (
    SELECT CAST(date_trunc('month', day) AS DATE) AS day, area, CAST(sum(p1) AS BIGINT) AS p1, CAST(sum(p2) AS BIGINT) AS p2, CAST(sum(p3) AS BIGINT) AS p3, CAST(sum(p4) AS BIGINT) AS p4, CAST(sum(p5) AS BIGINT) AS p5
    FROM part_visits__closed_at
    WHERE day <= DATE '2025-07-10'
    GROUP BY ALL
), leaf AS (
    SELECT area, 'day' AS period, day AS start, p1, p2, p3, p4, p5
    FROM part_visits__closed_at
    WHERE day <= DATE '2025-07-10'
    UNION ALL
    SELECT area, 'month' AS period, CAST(date_trunc('month', day) AS DATE) AS start, p1, p2, p3, p4, p5
    FROM monthly
    WHERE day <= DATE '2025-07-10'
    UNION ALL
    SELECT area, 'quarter' AS period, CAST(date_trunc('quarter', day) AS DATE) AS start, CAST(sum(p1) AS BIGINT) AS p1, CAST(sum(p2) AS BIGINT) AS p2, CAST(sum(p3) AS BIGINT) AS p3, CAST(sum(p4) AS BIGINT) AS p4, CAST(sum(p5) AS BIGINT) AS p5
    FROM monthly
    WHERE day <= DATE '2025-07-10'
    GROUP BY ALL
    UNION ALL
    SELECT area, 'year' AS period, CAST(date_trunc('year', day) AS DATE) AS start, CAST(sum(p1) AS BIGINT) AS p1, CAST(sum(p2) AS BIGINT) AS p2, CAST(sum(p3) AS BIGINT) AS p3, CAST(sum(p4) AS BIGINT) AS p4, CAST(sum(p5) AS BIGINT) AS p5
    FROM monthly
    WHERE day <= DATE '2025-07-10'
    GROUP BY ALL
), rolled AS (
    SELECT path.ancestor AS area, period, start, CAST(sum(p1) AS BIGINT) AS p1, CAST(sum(p2) AS BIGINT) AS p2, CAST(sum(p3) AS BIGINT) AS p3, CAST(sum(p4) AS BIGINT) AS p4, CAST(sum(p5) AS BIGINT) AS p5
    FROM leaf JOIN area_path path ON path.code = leaf.area AND path.level IN ('city', 'district', 'ward')
    GROUP BY ALL
), own AS (
-- OwnLevel visits by closed_at: 2 aggregates at their own level and period
    SELECT 'C' AS area, 'day' AS period, CAST(closed_at__day AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'day' AS period, CAST(closed_at__day AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'district') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'day' AS period, CAST(closed_at__day AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'ward') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT 'C' AS area, 'month' AS period, _x_bdd7882ac5 AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1,
        quantile_cont(CAST(_x_05c5af956b AS DOUBLE), 0.9) AS o2
    FROM fact_visits fact
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'month' AS period, _x_bdd7882ac5 AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1,
        quantile_cont(CAST(_x_05c5af956b AS DOUBLE), 0.9) AS o2
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'district') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'month' AS period, _x_bdd7882ac5 AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'ward') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT 'C' AS area, 'quarter' AS period, CAST(date_trunc('quarter', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'quarter' AS period, CAST(date_trunc('quarter', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'district') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'quarter' AS period, CAST(date_trunc('quarter', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'ward') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT 'C' AS area, 'year' AS period, CAST(date_trunc('year', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1,
        quantile_cont(CAST(_x_05c5af956b AS DOUBLE), 0.9) AS o2
    FROM fact_visits fact
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'year' AS period, CAST(date_trunc('year', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1,
        quantile_cont(CAST(_x_05c5af956b AS DOUBLE), 0.9) AS o2
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'district') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT _ancestor AS area, 'year' AS period, CAST(date_trunc('year', _x_bdd7882ac5) AS DATE) AS start,
        quantile_cont(CAST(_x_bbec57d7e4 AS DOUBLE), 0.5) AS o1
    FROM fact_visits fact
    JOIN (SELECT code AS _area, ancestor AS _ancestor FROM area_path WHERE level = 'ward') path USING (_area)
    WHERE closed_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
    GROUP BY ALL
)
SELECT frame.*, coalesce(p1, 0) AS p1, coalesce(p2, 0) AS p2, coalesce(p3, 0) AS p3, coalesce(p4, 0) AS p4, coalesce(p5, 0) AS p5, coalesce(o1, NULL) AS o1, coalesce(o2, NULL) AS o2
FROM frame__visits__1 frame
LEFT JOIN rolled USING (area, period, start)
LEFT JOIN own USING (area, period, start)
WHERE level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year');

-- Value handling_hours = o1 for city, district, ward × day, month, quarter, year
SELECT 'handling_hours' AS indicator, level, area, period, start,
    o1 AS value, o1 AS numerator, NULL AS denominator, p2 AS n,
    present, expected, data_through, run
FROM made__visits__closed_at;
