-- Formula cost_share = (visits_closed / visits) × 100 for city, district × day, month
WITH b1 AS (
    -- visits_closed
    SELECT 'cost_share' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits_closed' AND level IN ('city', 'district') AND period IN ('day', 'month')
), b2 AS (
    -- visits
    SELECT 'cost_share' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district') AND period IN ('day', 'month')
), b3 AS (
    -- (visits_closed / visits)
    SELECT made, level, area, period, start, l.value / nullif(r.value, 0) AS value, l.value AS numerator, r.value AS denominator, r.n AS n,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.present ELSE r.present END AS present,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.expected ELSE r.expected END AS expected,
        least(l.data_through, r.data_through) AS data_through, greatest(l.run, r.run) AS run
    FROM b1 l JOIN b2 r USING (made, level, area, period, start)
)
SELECT made AS indicator, level, area, period, start,
    100.0 * value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b3
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district') AND start <= TIMESTAMP '2025-07-08 10:30:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
