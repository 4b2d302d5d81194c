-- Formula visits_before = lag(visits, 3) for city, district, ward × day, month, quarter, year
WITH b1 AS (
    -- visits
    SELECT 'visits_before' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
), b2 AS (
    -- lag(visits, 3)
    SELECT made, level, area, period, period_shift(period, start, 3) AS start, value, numerator,
        denominator, n, present, expected, data_through, run
    FROM b1
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
