CREATE OR REPLACE TEMP TABLE anew AS
-- Scan visits by due_at: 3 parts per day × area
SELECT due_at__day AS day, _area AS area,
    count_if(_x_20e94704bd) AS p1,
    count(*) AS p2,
    count_if(_x_fc0d0733c3) AS p3
FROM fact_visits
WHERE due_at <= TIMESTAMP '2025-07-10 02:00:00.000000'
  AND due_at__day BETWEEN DATE '2025-07-02' AND DATE '2025-07-10' AND (due_at__day = DATE '2025-07-02' OR due_at__day BETWEEN DATE '2025-07-09' AND DATE '2025-07-10')
GROUP BY ALL;

SELECT DISTINCT row.day FROM (
    SELECT anew AS row FROM anew UNION ALL SELECT held FROM part_visits__due_at held WHERE day BETWEEN DATE '2025-07-02' AND DATE '2025-07-10' AND (day = DATE '2025-07-02' OR day BETWEEN DATE '2025-07-09' AND DATE '2025-07-10')
) GROUP BY row HAVING count(*) = 1;

DELETE FROM part_visits__due_at WHERE day = DATE '2025-07-09' AND day BETWEEN DATE '2025-07-02' AND DATE '2025-07-10' AND (day = DATE '2025-07-02' OR day BETWEEN DATE '2025-07-09' AND DATE '2025-07-10');

INSERT INTO part_visits__due_at SELECT * FROM anew WHERE day = DATE '2025-07-09' ORDER BY day, area;

CREATE OR REPLACE TEMP TABLE looked_at AS
FROM indicator_value WHERE indicator IN ('closing') AND start BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-06-30 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start BETWEEN TIMESTAMP '2025-06-30 00:00:00' AND TIMESTAMP '2025-07-04 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-07 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start BETWEEN TIMESTAMP '2025-05-01 00:00:00' AND TIMESTAMP '2025-07-01 00:00:00') OR (period = 'quarter' AND start BETWEEN TIMESTAMP '2025-01-01 00:00:00' AND TIMESTAMP '2025-07-01 00:00:00') OR (period = 'year' AND start BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2025-01-01 00:00:00'))
    AND NOT (indicator IN ('closing') AND start BETWEEN TIMESTAMP '2025-07-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start = TIMESTAMP '2025-07-02 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00')))
UNION ALL
FROM fresh WHERE indicator IN ('closing');

-- Formula closing_3 = rolling(closing, 3) for city, district, ward × day, month, quarter, year
WITH b1 AS (
    -- closing
    SELECT 'closing_3' AS made, level, area, period, start, value, numerator, denominator, n,
        present, expected, data_through, run
    FROM looked_at
    WHERE indicator = 'closing' AND level IN ('city', 'district', 'ward') AND start BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-06-30 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start BETWEEN TIMESTAMP '2025-06-30 00:00:00' AND TIMESTAMP '2025-07-04 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-07 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start BETWEEN TIMESTAMP '2025-05-01 00:00:00' AND TIMESTAMP '2025-07-01 00:00:00') OR (period = 'quarter' AND start BETWEEN TIMESTAMP '2025-01-01 00:00:00' AND TIMESTAMP '2025-07-01 00:00:00') OR (period = 'year' AND start BETWEEN TIMESTAMP '2023-01-01 00:00:00' AND TIMESTAMP '2025-01-01 00:00:00'))
), b2 AS (
    -- rolling(closing, 3)
    SELECT made, level, area, period, start, 100.0 * sum(numerator) OVER past / nullif(sum(denominator) OVER past, 0) AS value, sum(numerator) OVER past AS numerator, sum(denominator) OVER past AS denominator,
        sum(n) OVER past AS n, sum(present) OVER past AS present,
        sum(expected) OVER past AS expected, data_through, max(run) OVER past AS run
    FROM (SELECT *, period_index(period, start) AS number FROM b1)
    WINDOW past AS (PARTITION BY made, area, period ORDER BY number RANGE BETWEEN 2 PRECEDING AND CURRENT ROW)
    QUALIFY count(*) OVER past = 3
)
SELECT made AS indicator, level, area, period, start,
    value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM b2
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN ('city', 'district', 'ward') AND start <= TIMESTAMP '2025-07-10 09:00:00.000000' AND start BETWEEN TIMESTAMP '2025-01-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-04 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00') OR (period = 'quarter' AND start = TIMESTAMP '2025-07-01 00:00:00') OR (period = 'year' AND start = TIMESTAMP '2025-01-01 00:00:00'))
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start);

CREATE OR REPLACE TEMP TABLE covered AS
SELECT v.rowid AS place, f.present, f.expected, f.data_through
FROM indicator_value v JOIN frame__visits__1 f USING (area, period, start)
WHERE indicator IN ('closing') AND start BETWEEN TIMESTAMP '2025-07-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start = TIMESTAMP '2025-07-02 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00')) AND (v.present IS DISTINCT FROM f.present OR v.expected IS DISTINCT FROM f.expected OR v.data_through IS DISTINCT FROM f.data_through);

INSERT INTO value_past (indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through, known_from, version, run, stored_at, known_until)
SELECT indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through, known_from, version, run, stored_at, TIMESTAMP '2025-07-10 02:00:00.000000'
FROM indicator_value SEMI JOIN covered ON indicator_value.rowid = place
WHERE start BETWEEN TIMESTAMP '2025-07-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start = TIMESTAMP '2025-07-02 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00')) AND stored_at < TIMESTAMP '2025-07-10 02:00:00.000000';

UPDATE indicator_value SET present = c.present, expected = c.expected, data_through = c.data_through, stored_at = TIMESTAMP '2025-07-10 02:00:00.000000'
FROM covered c WHERE indicator_value.rowid = c.place;

CREATE OR REPLACE TEMP TABLE compared AS
WITH held AS (
    SELECT rowid AS place, v.* FROM indicator_value v WHERE indicator IN ('output')
    UNION ALL
    SELECT rowid AS place, v.* FROM indicator_value v WHERE start BETWEEN TIMESTAMP '2025-01-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-04 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00') OR (period = 'quarter' AND start = TIMESTAMP '2025-07-01 00:00:00') OR (period = 'year' AND start = TIMESTAMP '2025-01-01 00:00:00'))
        AND (indicator IN ('closing') AND start BETWEEN TIMESTAMP '2025-07-01 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND ((period = 'day' AND start BETWEEN TIMESTAMP '2025-07-02 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00' AND (start = TIMESTAMP '2025-07-02 00:00:00' OR start BETWEEN TIMESTAMP '2025-07-09 00:00:00' AND TIMESTAMP '2025-07-10 00:00:00')) OR (period = 'month' AND start = TIMESTAMP '2025-07-01 00:00:00')) OR indicator IN ('closing_3'))
)
SELECT h.place, h.place IS NULL OR (h.value IS DISTINCT FROM f.value AND NOT coalesce(abs(h.value - f.value) <= 1e-12 * greatest(abs(h.value), abs(f.value)), FALSE)) OR (h.numerator IS DISTINCT FROM f.numerator AND NOT coalesce(abs(h.numerator - f.numerator) <= 1e-12 * greatest(abs(h.numerator), abs(f.numerator)), FALSE)) OR (h.denominator IS DISTINCT FROM f.denominator AND NOT coalesce(abs(h.denominator - f.denominator) <= 1e-12 * greatest(abs(h.denominator), abs(f.denominator)), FALSE)) OR h.n IS DISTINCT FROM f.n AS moved,
    f.indicator, f.area, f.period, f.start, f.level, f.present, f.expected, f.data_through, f.version, CASE WHEN moved THEN f.value ELSE h.value END AS value, CASE WHEN moved THEN f.numerator ELSE h.numerator END AS numerator, CASE WHEN moved THEN f.denominator ELSE h.denominator END AS denominator, CASE WHEN moved THEN f.n ELSE h.n END AS n, CASE WHEN moved THEN f.known_from ELSE h.known_from END AS known_from, CASE WHEN moved THEN f.run ELSE h.run END AS run, f.stored_at,
    h.indicator AS was_indicator, h.level AS was_level, h.area AS was_area, h.period AS was_period, h.start AS was_start, h.value AS was_value, h.numerator AS was_numerator, h.denominator AS was_denominator, h.n AS was_n, h.present AS was_present, h.expected AS was_expected, h.data_through AS was_data_through, h.known_from AS was_known_from, h.version AS was_version, h.run AS was_run, h.stored_at AS was_stored_at
FROM held h FULL JOIN fresh f USING (indicator, area, period, start)
WHERE h.place IS NULL OR f.indicator IS NULL OR moved OR h.level IS DISTINCT FROM f.level OR h.present IS DISTINCT FROM f.present OR h.expected IS DISTINCT FROM f.expected OR h.data_through IS DISTINCT FROM f.data_through OR h.version IS DISTINCT FROM f.version;

INSERT INTO value_past (indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through, known_from, version, run, stored_at, known_until)
SELECT was_indicator, was_level, was_area, was_period, was_start, was_value, was_numerator, was_denominator, was_n, was_present, was_expected, was_data_through, was_known_from, was_version, was_run, was_stored_at, TIMESTAMP '2025-07-10 02:00:00.000000' FROM compared WHERE place IS NOT NULL AND was_stored_at < TIMESTAMP '2025-07-10 02:00:00.000000';

DELETE FROM indicator_value WHERE rowid IN (SELECT place FROM compared WHERE indicator IS NULL);

UPDATE indicator_value SET level = c.level, value = c.value, numerator = c.numerator, denominator = c.denominator, n = c.n, present = c.present, expected = c.expected, data_through = c.data_through, known_from = c.known_from, version = c.version, run = c.run, stored_at = c.stored_at
FROM compared c WHERE indicator_value.rowid = c.place AND c.indicator IS NOT NULL;

INSERT INTO indicator_value (indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through, known_from, version, run, stored_at) SELECT indicator, level, area, period, start, value, numerator, denominator, n, present, expected, data_through, known_from, version, run, stored_at FROM compared WHERE place IS NULL;
