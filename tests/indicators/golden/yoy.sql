-- Formula visits_yoy = change(visits, lag(visits, a year)) for city, district, ward × day, month, quarter, year
WITH b1 AS (
    -- visits
    SELECT 'visits_yoy' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
), b2 AS (
    -- lag(visits, a year)
    SELECT made, level, area, period, period_shift(period, start, CASE period WHEN 'day' THEN 364 WHEN 'month' THEN 12 WHEN 'quarter' THEN 4 WHEN 'year' THEN 1 END) AS start, value, numerator,
        denominator, n, present, expected, data_through, run
    FROM b1
), b3 AS (
    -- change(visits, lag(visits, a year))
    SELECT made, level, area, period, start, 100.0 * (l.value - r.value) / nullif(abs(r.value), 0) AS value, l.value AS numerator, r.value AS denominator, l.n AS n,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.present ELSE r.present END AS present,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.expected ELSE r.expected END AS expected,
        l.data_through AS data_through, greatest(l.run, r.run) AS run
    FROM b1 l JOIN b2 r USING (made, level, area, period, start)
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b3
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district', 'ward') AND start <= TIMESTAMP '2025-07-10 09:00:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
