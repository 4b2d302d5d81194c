-- Formula part_of_parent = share_of_parent(visits) × 100 for district, ward × day, month, quarter, year
WITH b1 AS (
    -- visits
    SELECT 'part_of_parent' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM indicator_value
    WHERE indicator = 'visits' AND level IN ('city', 'district', 'ward') AND period IN ('day', 'month', 'quarter', 'year')
), b2 AS (
    -- share_of_parent(visits)
    SELECT l.made, l.level, l.area, l.period, l.start, l.value / nullif(r.value, 0) AS value,
        l.value AS numerator, r.value AS denominator, r.n AS n,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.present ELSE r.present END AS present,
        CASE WHEN l.present * r.expected <= r.present * l.expected THEN l.expected ELSE r.expected END AS expected,
        least(l.data_through, r.data_through) AS data_through, greatest(l.run, r.run) AS run
    FROM b1 l JOIN area ON area.code = l.area JOIN b1 r ON r.area = area.parent
        AND r.made = l.made AND r.period = l.period AND r.start = l.start
)
SELECT made AS indicator, level, area, period, start,
    100.0 * value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b2
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('district', 'ward') AND start <= TIMESTAMP '2025-07-10 09:00:00.000000'
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);
