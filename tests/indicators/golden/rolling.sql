-- Formula growth = (rolling(illness, 7) / lag(rolling(illness, 7), 7)) for city, district × day
WITH b1 AS (
    -- illness
    SELECT 'growth' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'illness' AND level IN ('city', 'district') AND period IN ('day')
), b2 AS (
    -- rolling(illness, 7)
    SELECT made, level, area, period, start, sum(value) OVER past AS value, sum(value) OVER past AS numerator, NULL AS denominator,
        sum(n) OVER past AS n, sum(present) OVER past AS present,
        sum(expected) OVER past AS expected, data_through, max(run) OVER past AS run
    FROM (SELECT *, period_index(period, start) AS number FROM b1)
    WINDOW past AS (PARTITION BY made, area, period ORDER BY number RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
    QUALIFY count(value) OVER past = 7
), b3 AS (
    -- lag(rolling(illness, 7), 7)
    SELECT made, level, area, period, period_shift(period, start, 7) AS start, value, numerator,
        denominator, n, present, expected, data_through, run
    FROM b2
), b4 AS (
    -- (rolling(illness, 7) / lag(rolling(illness, 7), 7))
    SELECT made, level, area, period, start, l.value / nullif(r.value, 0) AS value, l.value AS numerator, r.value AS denominator, r.n AS n,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.present ELSE r.present END AS present,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.expected ELSE r.expected END AS expected,
        l.data_through AS data_through, greatest(l.run, r.run) AS run
    FROM b2 l JOIN b3 r USING (made, level, area, period, start)
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b4
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district') AND start <= TIMESTAMP '2025-07-10 09:00:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
