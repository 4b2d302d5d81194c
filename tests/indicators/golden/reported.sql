-- Reported output = value where series = 'output' for city, district × quarter
WITH print AS (
    SELECT _area AS area, CAST(date_trunc('quarter', starts_on__day) AS DATE) AS start, CAST(value AS DOUBLE) AS value
    FROM fact_figures
    WHERE (series = 'output') AND value IS NOT NULL AND published_on <= DATE '2025-07-10'
      AND CAST(date_trunc('quarter', starts_on__day) AS DATE) <= TIMESTAMP '2025-07-10 09:00:00.000000' AND CAST(date_trunc('quarter', starts_on__day) AS DATE) = starts_on__day
    QUALIFY row_number() OVER (
        PARTITION BY _area, starts_on__day ORDER BY published_on DESC, _run DESC, _line DESC) = 1
), status AS (
    SELECT coalesce(max(data_through), TIMESTAMP '2025-07-10 02:00:00.000000') AS through, coalesce(max(last_run), 0) AS run
    FROM feed_status WHERE feed IN ('figures')
)
SELECT 'output' AS indicator, area.level, print.area, 'quarter' AS period, start,
    value, value AS numerator, NULL AS denominator, 1 AS n,
    1 AS present, 1 AS expected,
    least(through, timezone('UTC', timezone('Asia/Ho_Chi_Minh', CAST(period_end('quarter', start) AS TIMESTAMP)))) AS data_through, run
FROM print JOIN area ON area.code = print.area CROSS JOIN status
WHERE area.level IN ('city', 'district')
  AND (valid_from IS NULL OR valid_from < period_end('quarter', start))
  AND (valid_to IS NULL OR valid_to > start);
