-- Formula online_ytd = ytd(visits_online) for city, district, ward × day, month, quarter, year
WITH b1 AS (
    -- visits_online
    SELECT 'online_ytd' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits_online' AND level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
), b2 AS (
    -- ytd(visits_online)
    SELECT made, level, area, period, start, 100.0 * sum(numerator) OVER past / nullif(sum(denominator) OVER past, 0) AS value, sum(numerator) OVER past AS numerator, sum(denominator) OVER past AS denominator,
        sum(n) OVER past AS n, sum(present) OVER past AS present,
        sum(expected) OVER past AS expected, data_through, max(run) OVER past AS run
    FROM (SELECT *, period_year(period, start) AS year, period_number(period, start) AS number FROM b1)
    WINDOW past AS (PARTITION BY made, area, period, year ORDER BY start)
    QUALIFY count(*) OVER past = number
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b2
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district', 'ward') AND start <= TIMESTAMP '2025-07-10 09:00:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
