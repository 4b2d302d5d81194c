-- Formula quality = 100 arithmetic(2 min_max(visits_online) + 1 min_max(visits_on_time) + 1 min_max(open, least is best)) with missing: skip for district, ward × day, month
WITH b1 AS (
    -- visits_online
    SELECT 'quality' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits_online' AND level IN ('district', 'ward') AND period IN ('day', 'month')
), b2 AS (
    -- min_max(visits_online)
    SELECT made, level, area, period, start, coalesce((value - min(value) OVER pool) / nullif(max(value) OVER pool - min(value) OVER pool, 0), 0.5) AS value,
        value AS numerator, count(*) OVER pool AS denominator, n, present, expected, data_through, run
    FROM b1 WHERE (value IS NOT NULL)
    WINDOW pool AS (PARTITION BY made, level, period, start ORDER BY area ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    QUALIFY count(*) OVER pool > 1
), b3 AS (
    -- visits_on_time
    SELECT 'quality' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits_on_time' AND level IN ('district', 'ward') AND period IN ('day', 'month')
), b4 AS (
    -- min_max(visits_on_time)
    SELECT made, level, area, period, start, coalesce((value - min(value) OVER pool) / nullif(max(value) OVER pool - min(value) OVER pool, 0), 0.5) AS value,
        value AS numerator, count(*) OVER pool AS denominator, n, present, expected, data_through, run
    FROM b3 WHERE (value IS NOT NULL)
    WINDOW pool AS (PARTITION BY made, level, period, start ORDER BY area ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    QUALIFY count(*) OVER pool > 1
), b5 AS (
    -- open
    SELECT 'quality' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'open' AND level IN ('district', 'ward') AND period IN ('day', 'month')
), b6 AS (
    -- min_max(open, least is best)
    SELECT made, level, area, period, start, coalesce((max(value) OVER pool - value) / nullif(max(value) OVER pool - min(value) OVER pool, 0), 0.5) AS value,
        value AS numerator, count(*) OVER pool AS denominator, n, present, expected, data_through, run
    FROM b5 WHERE (value IS NOT NULL)
    WINDOW pool AS (PARTITION BY made, level, period, start ORDER BY area ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    QUALIFY count(*) OVER pool > 1
), b7 AS (
    -- 100 arithmetic(2 min_max(visits_online) + 1 min_max(visits_on_time) + 1 min_max(open, least is best)) with missing: skip
    SELECT made, level, area, period, start, 100.0 * (CASE WHEN s1 IS NULL THEN 0 ELSE 2.0 * s1 END + CASE WHEN s2 IS NULL THEN 0 ELSE 1.0 * s2 END + CASE WHEN s3 IS NULL THEN 0 ELSE 1.0 * s3 END) / (CASE WHEN s1 IS NULL THEN 0 ELSE 2.0 END + CASE WHEN s2 IS NULL THEN 0 ELSE 1.0 END + CASE WHEN s3 IS NULL THEN 0 ELSE 1.0 END) AS value,
        CASE WHEN s1 IS NULL THEN 0 ELSE 2.0 * s1 END + CASE WHEN s2 IS NULL THEN 0 ELSE 1.0 * s2 END + CASE WHEN s3 IS NULL THEN 0 ELSE 1.0 * s3 END AS numerator, CASE WHEN s1 IS NULL THEN 0 ELSE 2.0 END + CASE WHEN s2 IS NULL THEN 0 ELSE 1.0 END + CASE WHEN s3 IS NULL THEN 0 ELSE 1.0 END AS denominator, n, present, expected, data_through, run
    FROM (
        SELECT made, level, area, period, start, max(value) FILTER (WHERE part = 1) AS s1, max(value) FILTER (WHERE part = 2) AS s2, max(value) FILTER (WHERE part = 3) AS s3,
            min(n) AS n, sum(present) AS present,
            sum(expected) + (3 - count(*)) * max(expected) AS expected,
            min(data_through) AS data_through, max(run) AS run
        FROM (
        SELECT 1 AS part, * FROM b2
        UNION ALL SELECT 2 AS part, * FROM b4
        UNION ALL SELECT 3 AS part, * FROM b6
        ) GROUP BY made, level, area, period, start
    )
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b7
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('district', 'ward') AND start <= TIMESTAMP '2025-07-08 10:30:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
