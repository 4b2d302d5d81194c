-- Formula per_head = per_capita(visits, 1000) for city, district, ward × day, month, quarter, year
WITH b1 AS (
    -- visits
    SELECT 'per_head' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
), b2 AS (
    -- per_capita(visits, 1000)
    SELECT made, b1.level, b1.area, period, start, 1000.0 * value / nullif(population, 0) AS value,
        value AS numerator, population AS denominator, n, present, expected, data_through, run
    FROM b1 JOIN area_size ON area_size.code = b1.area
        AND since < period_end(period, start) AND until >= period_end(period, start)
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
