-- The warehouse's own tables. Fact tables (fact_*) are made from the feeds' contracts, part tables (part_*) by the engine.
-- Times are UTC; days are days of the city.

CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR);

-- Administrative units as the city folder gives them, and each unit's ancestors, itself included.
CREATE TABLE IF NOT EXISTS area (
    code VARCHAR PRIMARY KEY, official VARCHAR, level VARCHAR, parent VARCHAR, name_vi VARCHAR, name_en VARCHAR,
    valid_from DATE, valid_to DATE, population BIGINT, km2 DOUBLE
);
-- Their people and ground over since <= day < until; area has those of a unit's beginning.
CREATE TABLE IF NOT EXISTS area_size (code VARCHAR, since DATE, until DATE, population BIGINT, km2 DOUBLE);
CREATE TABLE IF NOT EXISTS area_path (code VARCHAR, level VARCHAR, ancestor VARCHAR);

-- What became of units, as the city folder says; and each unit on the boundaries that stood from a day on: over
-- since <= day < until, that share of it lies in target.
CREATE TABLE IF NOT EXISTS area_change (
    source VARCHAR, target VARCHAR, date DATE, share DOUBLE, kind VARCHAR, decision VARCHAR
);
CREATE TABLE IF NOT EXISTS area_recast (
    boundaries DATE, level VARCHAR, unit VARCHAR, target VARCHAR, since DATE, until DATE, share DOUBLE, exact BOOLEAN
);
-- For each unit that is gone, the unit that rows count for that are dated since <= day < until, after its end.
CREATE TABLE IF NOT EXISTS area_heir (unit VARCHAR, since DATE, until DATE, heir VARCHAR);
-- How each indicator's values follow from their parts when boundaries move (JSON).
CREATE TABLE IF NOT EXISTS recast_rule (indicator VARCHAR PRIMARY KEY, rule VARCHAR);

-- What came in: the bytes as received, and one line of account for each attempt to load them. A run of kind mend
-- receives rows that loads had refused; in the account of the load they move from rejected to mended.
CREATE TABLE IF NOT EXISTS landed (
    hash VARCHAR, feed VARCHAR, name VARCHAR, path VARCHAR, size BIGINT,
    modified_at TIMESTAMP, landed_at TIMESTAMP, run BIGINT
);
CREATE SEQUENCE IF NOT EXISTS run_id;
CREATE TABLE IF NOT EXISTS run (
    id BIGINT PRIMARY KEY, feed VARCHAR, file_hash VARCHAR, file_name VARCHAR,
    started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR,
    received BIGINT, inserted BIGINT, updated BIGINT, unchanged BIGINT, rejected BIGINT,
    message VARCHAR, hint VARCHAR, mended BIGINT DEFAULT 0, kind VARCHAR DEFAULT 'load',
    removed BIGINT DEFAULT 0, late BIGINT DEFAULT 0, flagged BIGINT DEFAULT 0,
    CHECK (status <> 'done' OR received = inserted + updated + unchanged + rejected + mended)
);
-- What an older warehouse does not have yet: facts that a snapshot no longer had, inserted rows that came late,
-- accepted rows that broke a rule.
ALTER TABLE run ADD COLUMN IF NOT EXISTS removed BIGINT DEFAULT 0;
ALTER TABLE run ADD COLUMN IF NOT EXISTS late BIGINT DEFAULT 0;
ALTER TABLE run ADD COLUMN IF NOT EXISTS flagged BIGINT DEFAULT 0;
-- The newest file, by name, that was the state of a part of a dataset (pipelines/snapshot.py).
CREATE TABLE IF NOT EXISTS snapshot (dataset VARCHAR, part VARCHAR, file VARCHAR, PRIMARY KEY (dataset, part));
-- Rows that the contract refused. state: waiting, mended (by the run mended_by) or dismissed; edited: the row as a
-- person wrote it anew; deed: the entry of people's audit trail that says who settled it and when.
CREATE SEQUENCE IF NOT EXISTS quarantine_id;
CREATE TABLE IF NOT EXISTS quarantine (
    run BIGINT, feed VARCHAR, file_hash VARCHAR, line BIGINT, column_name VARCHAR, reason VARCHAR, detail VARCHAR,
    raw VARCHAR, problems VARCHAR, quarantined_at TIMESTAMP,
    id BIGINT DEFAULT nextval('quarantine_id'), state VARCHAR DEFAULT 'waiting', edited VARCHAR,
    mended_by BIGINT, deed BIGINT
);
-- Attempts to fetch from sources (looks: how many in a row were alike), and where each feed's source was left: what its connector wants to know next time.
CREATE SEQUENCE IF NOT EXISTS fetch_id;
CREATE TABLE IF NOT EXISTS feed_fetch (
    id BIGINT PRIMARY KEY, feed VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR, attempt INTEGER,
    files INTEGER, bytes BIGINT, since TIMESTAMP, until TIMESTAMP, message VARCHAR, hint VARCHAR, retry_at TIMESTAMP,
    looks INTEGER DEFAULT 1
);
CREATE TABLE IF NOT EXISTS fetch_state (feed VARCHAR PRIMARY KEY, state VARCHAR, fetched_at TIMESTAMP);
-- Rows that broke a rule and were accepted: mode is empty (the cell was emptied), flag, or root (counted for the whole
-- city). Without a line: something about the whole delivery.
CREATE TABLE IF NOT EXISTS flagged (
    run BIGINT, feed VARCHAR, file_hash VARCHAR, line BIGINT, column_name VARCHAR, reason VARCHAR, value VARCHAR,
    detail VARCHAR, mode VARCHAR, noted_at TIMESTAMP
);
-- The columns that deliveries had since when, of each kind of file: names with types, and a sketch of what they held (JSON).
CREATE TABLE IF NOT EXISTS feed_schema (
    feed VARCHAR, series VARCHAR, columns VARCHAR, sketch VARCHAR, ordered BOOLEAN, since TIMESTAMP, file VARCHAR
);
-- How a delivery's columns differ from those before: kind is new, missing, renamed, reordered or type.
CREATE TABLE IF NOT EXISTS drift (
    feed VARCHAR, run BIGINT, kind VARCHAR, column_name VARCHAR, other VARCHAR, noted_at TIMESTAMP
);
-- The newest day that a delivery tells of, for feeds that compare deliveries with those of the same weekday.
CREATE TABLE IF NOT EXISTS delivery_day (run BIGINT, feed VARCHAR, day DATE);
CREATE TABLE IF NOT EXISTS feed_status (
    feed VARCHAR PRIMARY KEY, data_through TIMESTAMP, last_run BIGINT, last_loaded_at TIMESTAMP, rows BIGINT
);
-- Rows of feed_status as they stood from last_loaded_at until known_until.
CREATE TABLE IF NOT EXISTS feed_past AS
    SELECT *, NULL::TIMESTAMP AS known_until FROM feed_status LIMIT 0;

-- Columns of fact tables that hold an expression over the row, computed when it is loaded.
CREATE TABLE IF NOT EXISTS derived_column (
    dataset VARCHAR, name VARCHAR, type VARCHAR, sql VARCHAR, PRIMARY KEY (dataset, name)
);

-- Days × areas that a run changed and that no refresh has taken up yet; without an area: all of that day.
CREATE TABLE IF NOT EXISTS touched (run BIGINT, dataset VARCHAR, time_column VARCHAR, day DATE, area VARCHAR);

-- What was computed, from which version of which definition.
CREATE TABLE IF NOT EXISTS definition (
    indicator VARCHAR, version INTEGER, fingerprint VARCHAR, body VARCHAR, since TIMESTAMP,
    PRIMARY KEY (indicator, version)
);
-- Every text that an indicator's definition had, those included that compute the same (a new name, a target).
CREATE TABLE IF NOT EXISTS definition_text (indicator VARCHAR, since TIMESTAMP, body VARCHAR);
CREATE TABLE IF NOT EXISTS indicator_value (
    indicator VARCHAR, level VARCHAR, area VARCHAR, period VARCHAR, start TIMESTAMP,
    value DOUBLE, numerator DOUBLE, denominator DOUBLE, n BIGINT, present INTEGER, expected INTEGER,
    data_through TIMESTAMP, known_from TIMESTAMP, version INTEGER, run BIGINT, stored_at TIMESTAMP
);
-- Rows of indicator_value as they stood from stored_at until known_until, when they changed or went.
CREATE TABLE IF NOT EXISTS value_past AS
    SELECT *, NULL::TIMESTAMP AS known_until FROM indicator_value LIMIT 0;
-- What identities were found to be: holds is NULL where they cannot be checked; since: when first found broken.
CREATE TABLE IF NOT EXISTS reconciliation (
    identity VARCHAR, level VARCHAR, area VARCHAR, period VARCHAR, start TIMESTAMP,
    left_value DOUBLE, right_value DOUBLE, gap DOUBLE, allowed DOUBLE, holds BOOLEAN,
    checked_at TIMESTAMP, since TIMESTAMP
);
-- Tests of statistical rules: what was expected of a value, and what became of the test (warehouse/rule_tests.py).
CREATE TABLE IF NOT EXISTS rule_test (
    rule VARCHAR, area VARCHAR, start TIMESTAMP, ended_at TIMESTAMP, value DOUBLE, expected DOUBLE, bound DOUBLE,
    p DOUBLE, spread DOUBLE, reason VARCHAR, cutoff DOUBLE, tests INTEGER
);
-- Up to when values had been stored when a rule was last evaluated: later ones are new, or corrections.
CREATE TABLE IF NOT EXISTS rule_progress (rule VARCHAR PRIMARY KEY, stored_through TIMESTAMP);
CREATE SEQUENCE IF NOT EXISTS refresh_id;
CREATE TABLE IF NOT EXISTS refresh (
    id BIGINT PRIMARY KEY, started_at TIMESTAMP, finished_at TIMESTAMP, kind VARCHAR,
    indicators INTEGER, rows BIGINT, seconds DOUBLE, message VARCHAR
);
-- What each step of the plan cost when it was last carried out, in a full refresh and in one of changes only.
CREATE TABLE IF NOT EXISTS refresh_step (refresh BIGINT, step VARCHAR, rows BIGINT, seconds DOUBLE);
