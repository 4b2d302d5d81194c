-- Formula visits_index = index(visits, 2025-06) with missing: skip for city, district × day, month, quarter
WITH b1 AS (
    -- visits
    SELECT 'visits_index' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district') AND period IN ('day', 'month', 'quarter')
), b2 AS (
    -- index(visits, 2025-06) with missing: skip
    SELECT made, level, area, period, start, 100.0 * value / nullif(base, 0) AS value,
        value AS numerator, base AS denominator, n, present, expected, data_through, run
    FROM b1 JOIN (
        SELECT made, area, period, avg(value) AS base
        FROM b1 JOIN (VALUES ('day', TIMESTAMP '2025-06-01 00:00:00', TIMESTAMP '2025-06-30 00:00:00'), ('month', TIMESTAMP '2025-06-01 00:00:00', TIMESTAMP '2025-06-01 00:00:00'), ('quarter', TIMESTAMP '2025-04-01 00:00:00', TIMESTAMP '2025-04-01 00:00:00')) AS bases(period, first, last) USING (period)
        WHERE start BETWEEN first AND last GROUP BY made, area, period
    ) USING (made, area, period)
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b2
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district') AND start <= TIMESTAMP '2025-07-08 10:30:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
