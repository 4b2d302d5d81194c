-- The warehouse's own tables. Fact tables (fact_*) are made from the feeds' contracts, part tables (part_*) by the engine.
-- Times are UTC; days are days of the city.

CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR);

-- Administrative units as the city folder gives them, and each unit's ancestors, itself included.
CREATE TABLE IF NOT EXISTS area (
    code VARCHAR PRIMARY KEY, official VARCHAR, level VARCHAR, parent VARCHAR, name_vi VARCHAR, name_en VARCHAR,
    valid_from DATE, valid_to DATE, population BIGINT, km2 DOUBLE
);
CREATE TABLE IF NOT EXISTS area_path (code VARCHAR, level VARCHAR, ancestor VARCHAR);

-- What came in: the bytes as received, and one line of account for each attempt to load them.
CREATE TABLE IF NOT EXISTS landed (
    hash VARCHAR, feed VARCHAR, name VARCHAR, path VARCHAR, size BIGINT,
    modified_at TIMESTAMP, landed_at TIMESTAMP, run BIGINT
);
CREATE SEQUENCE IF NOT EXISTS run_id;
CREATE TABLE IF NOT EXISTS run (
    id BIGINT PRIMARY KEY, feed VARCHAR, file_hash VARCHAR, file_name VARCHAR,
    started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR,
    received BIGINT, inserted BIGINT, updated BIGINT, unchanged BIGINT, rejected BIGINT,
    message VARCHAR, hint VARCHAR,
    CHECK (status <> 'done' OR received = inserted + updated + unchanged + rejected)
);
CREATE TABLE IF NOT EXISTS quarantine (
    run BIGINT, feed VARCHAR, file_hash VARCHAR, line BIGINT, column_name VARCHAR, reason VARCHAR, detail VARCHAR,
    raw VARCHAR, problems VARCHAR, quarantined_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS feed_status (
    feed VARCHAR PRIMARY KEY, data_through TIMESTAMP, last_run BIGINT, last_loaded_at TIMESTAMP, rows BIGINT
);

-- Days × areas that a run changed and that no refresh has taken up yet.
CREATE TABLE IF NOT EXISTS touched (run BIGINT, dataset VARCHAR, time_column VARCHAR, day DATE, area VARCHAR);

-- What was computed, from which version of which definition.
CREATE TABLE IF NOT EXISTS definition (
    indicator VARCHAR, version INTEGER, fingerprint VARCHAR, body VARCHAR, since TIMESTAMP,
    PRIMARY KEY (indicator, version)
);
CREATE TABLE IF NOT EXISTS indicator_value (
    indicator VARCHAR, level VARCHAR, area VARCHAR, period VARCHAR, start TIMESTAMP,
    value DOUBLE, numerator DOUBLE, denominator DOUBLE, n BIGINT, present INTEGER, expected INTEGER,
    data_through TIMESTAMP, known_from TIMESTAMP, version INTEGER, run BIGINT
);
CREATE SEQUENCE IF NOT EXISTS refresh_id;
CREATE TABLE IF NOT EXISTS refresh (
    id BIGINT PRIMARY KEY, started_at TIMESTAMP, finished_at TIMESTAMP, kind VARCHAR,
    indicators INTEGER, rows BIGINT, seconds DOUBLE, message VARCHAR
);
-- What each step of the plan cost when it was last carried out, in a full refresh and in one of changes only.
CREATE TABLE IF NOT EXISTS refresh_step (refresh BIGINT, step VARCHAR, rows BIGINT, seconds DOUBLE);
