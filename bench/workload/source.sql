-- The facts of the workload, ${rows} requests and dossiers each, from ${first} to ${end}.
CREATE TEMP MACRO chance(i, k) AS hash(i * 64 + k)::DOUBLE / 18446744073709551616.0;
CREATE TEMP MACRO district_of(u) AS (1 + (floor(${wards} * u)::INTEGER * ${districts}) // ${wards})::SMALLINT;
CREATE TEMP MACRO ward_of(u) AS printf('W%03d', 1 + floor(${wards} * u)::INTEGER);
CREATE TEMP MACRO moment(s) AS make_timestamp((floor(s)::BIGINT) * 1000000);
CREATE TEMP MACRO came(i) AS epoch(TIMESTAMP '${first}') + ${seconds} * (i + chance(i, 1)) / ${rows};

CREATE TABLE service_request AS
WITH drawn AS (
    SELECT i, came(i) AS came, floor(40 * pow(chance(i, 3), 1.7))::INTEGER AS kind,
        chance(i, 4) AS way, chance(i, 6) AS fate, pow(chance(i, 2), 1.4) AS place
    FROM range(${rows}) AS r(i)
), timed AS (
    SELECT *, 86400 * (1 + kind % 10) AS allowed,
        86400 * (1 + kind % 10) * least(12, -0.6 * ln(1 - chance(i, 5))) AS taken
    FROM drawn
), closed AS (
    SELECT *, CASE WHEN came + taken < epoch(TIMESTAMP '${end}') AND fate >= 0.004 THEN came + taken END AS done
    FROM timed
)
SELECT i AS request_id, moment(came) AS created_at, moment(done) AS closed_at, moment(came + allowed) AS due_at,
    CASE WHEN way < .38 THEN 'hotline' WHEN way < .62 THEN 'app' WHEN way < .76 THEN 'web'
        WHEN way < .88 THEN 'zalo' WHEN way < .96 THEN 'counter' ELSE 'email' END AS channel,
    printf('cat_%02d', kind) AS category,
    CASE WHEN done IS NULL THEN 'open' WHEN fate < .05 THEN 'rejected' ELSE 'closed' END AS status,
    CASE WHEN done IS NOT NULL AND chance(i, 8) < .35 THEN 1 + floor(5 * chance(i, 7))::INTEGER END
        AS satisfaction,
    district_of(place) AS district, ward_of(place) AS ward
FROM closed;

CREATE TABLE dossier AS
WITH drawn AS (
    SELECT i, came(i) AS came, floor(740 * pow(chance(i, 23), 2.2))::INTEGER AS procedure,
        pow(chance(i, 22), 1.2) AS place
    FROM range(${rows}) AS r(i)
), timed AS (
    SELECT *, 86400 * (3 + procedure % 28) AS allowed,
        86400 * (3 + procedure % 28) * least(4, -0.42 * ln(1 - chance(i, 24))) AS taken
    FROM drawn
), closed AS (
    SELECT *,
        CASE WHEN came + taken < epoch(TIMESTAMP '${end}') AND chance(i, 27) > .002 THEN came + taken END AS done
    FROM timed
)
SELECT i AS dossier_id, procedure, CASE WHEN procedure % 5 < 3 THEN 'full' ELSE 'partial' END AS level,
    moment(came) AS submitted_at, moment(came + allowed) AS due_at, moment(done) AS finished_at,
    chance(i, 25) < .35 + .45 * i / ${rows} AS online, chance(i, 26) < .25 + .55 * i / ${rows} AS digitised,
    district_of(place) AS district, ward_of(place) AS ward
FROM closed;

CREATE TABLE sensor AS
SELECT s::INTEGER AS sensor_id, TIMESTAMP '${first}' + to_hours(h) AS ts,
    CASE WHEN chance(h * ${sensors} + s, 40) > .01
        THEN round(14 + 26 * chance(h * ${sensors} + s, 41) + 18 * pow(chance(h, 42), 3), 1) END AS pm25,
    district_of(s / ${sensors}) AS district, ward_of(s / ${sensors}) AS ward
FROM (SELECT h, s FROM range(${seconds} // 3600) a(h), range(${sensors}) b(s) ORDER BY h, s);

CREATE TABLE socio_district AS
SELECT (DATE '${first}' + to_months(m::INTEGER))::DATE AS month, printf('D%02d', d) AS district,
    (180000 + 20000 * d)::BIGINT AS population,
    2000 + 300 * d + 12 * m + 200 * chance(m * 100 + d, 60) AS grdp_billion,
    900 + 100 * chance(m * 100 + d, 61) AS budget_revenue, 700 + 150 * chance(m * 100 + d, 62) AS budget_spent,
    (400 + 30 * d + m)::BIGINT AS hospital_beds
FROM range(${months}) a(m), range(1, ${districts} + 1) b(d) ORDER BY 1, 2;
