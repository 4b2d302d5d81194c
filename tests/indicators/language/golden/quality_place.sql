-- Formula quality_place = rank(quality) for district, ward × day, month
WITH b1 AS (
    -- quality
    SELECT 'quality_place' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'quality' AND level IN ('district', 'ward') AND period IN ('day', 'month')
), b2 AS (
    -- rank(quality)
    SELECT made, level, area, period, start, CASE WHEN taken THEN rank() OVER (PARTITION BY made, level, period, start, taken ORDER BY value DESC) END AS value,
        CASE WHEN taken THEN count(*) OVER (PARTITION BY made, level, period, start, taken, value) END AS numerator,
        count(*) FILTER (WHERE taken) OVER (PARTITION BY made, level, period, start) AS denominator, n, present, expected, data_through, run
    FROM (SELECT *, (value IS NOT NULL) AS taken FROM b1)
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b2
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('district', 'ward') AND start <= TIMESTAMP '2025-07-08 10:30:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
