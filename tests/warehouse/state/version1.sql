-- The tables of people's state as version 1 of the schema made them, with a little of everything in them.
-- {key} is how the database counts ids up, {time} its type of a time without zone.
CREATE TABLE meta ("key" VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY ("key"));
CREATE TABLE series_state (
  rule VARCHAR NOT NULL, area VARCHAR NOT NULL, status VARCHAR NOT NULL, since {time}, breach_since {time},
  clear_since {time}, judged_through {time}, "before" VARCHAR, PRIMARY KEY (rule, area)
);
CREATE TABLE warning (
  id {key}, rule VARCHAR NOT NULL, area VARCHAR NOT NULL, kind VARCHAR NOT NULL, severity VARCHAR NOT NULL,
  status VARCHAR NOT NULL, opened_at {time} NOT NULL, firing_since {time} NOT NULL, resolved_at {time},
  resolution VARCHAR, value FLOAT, "limit" FLOAT, last_value FLOAT, worst_value FLOAT, message JSON NOT NULL,
  evidence JSON NOT NULL, recorded_at {time} NOT NULL, acknowledged_at {time}, acknowledged_by VARCHAR,
  PRIMARY KEY (id), UNIQUE (rule, area, kind, opened_at)
);
CREATE TABLE audit (
  id {key}, at {time} NOT NULL, who VARCHAR NOT NULL, action VARCHAR NOT NULL, object VARCHAR NOT NULL,
  detail JSON NOT NULL, PRIMARY KEY (id)
);
CREATE TABLE transition (
  id {key}, warning INTEGER, rule VARCHAR NOT NULL, area VARCHAR NOT NULL, at {time} NOT NULL,
  "before" VARCHAR NOT NULL, "after" VARCHAR NOT NULL, reason VARCHAR NOT NULL, value FLOAT, "limit" FLOAT,
  recorded_at {time} NOT NULL, PRIMARY KEY (id), FOREIGN KEY (warning) REFERENCES warning (id)
);
CREATE TABLE handling (
  id {key}, warning INTEGER NOT NULL, at {time} NOT NULL, who VARCHAR NOT NULL, action VARCHAR NOT NULL,
  comment TEXT NOT NULL, PRIMARY KEY (id), FOREIGN KEY (warning) REFERENCES warning (id)
);
CREATE UNIQUE INDEX one_open_warning ON warning (rule, area) WHERE resolved_at IS NULL;
CREATE INDEX transition_of_series ON transition (rule, area, at);
CREATE INDEX transition_of_warning ON transition (warning);
CREATE INDEX ix_handling_warning ON handling (warning);

INSERT INTO meta VALUES ('schema', '1'), ('revision', '41');
INSERT INTO series_state VALUES
  ('late', 'a1', 'firing', '2024-05-06 12:00:00.000000', '2024-05-06 11:00:00.000000', NULL,
   '2024-05-06 12:00:00.000000', NULL),
  ('late', 'a2', 'firing', '2024-05-05 12:00:00.000000', NULL, NULL, '2024-05-05 12:00:00.000000', NULL);
INSERT INTO warning
  (rule, area, kind, severity, status, opened_at, firing_since, resolved_at, resolution, value, "limit", last_value,
   worst_value, message, evidence, recorded_at, acknowledged_at, acknowledged_by)
VALUES
  ('late', 'a1', 'limit', 'serious', 'firing', '2024-05-06 12:00:00.000000', '2024-05-06 11:00:00.000000', NULL, NULL,
   12.5, 10.0, 14.0, 15.0, '{"vi": "Trễ hạn", "en": "Late"}', '{"seen": [["2024-05-06", 12.5]]}',
   '2024-05-06 12:30:00.000000', '2024-05-06 13:00:00.000000', 'Lan'),
  ('late', 'a2', 'no_data', 'watch', 'normal', '2024-05-04 00:00:00.000000', '2024-05-01 00:00:00.000000',
   '2024-05-05 12:00:00.000000', 'returned', NULL, NULL, NULL, NULL, '{"en": "Silent"}', '{}',
   '2024-05-04 01:00:00.000000', NULL, NULL),
  ('late', 'a2', 'limit', 'watch', 'firing', '2024-05-05 12:00:00.000000', '2024-05-05 12:00:00.000000', NULL, NULL,
   11.0, 10.0, 11.0, 11.0, '{"en": "Late"}', '{}', '2024-05-05 14:00:00.000000', NULL, NULL);
INSERT INTO transition (warning, rule, area, at, "before", "after", reason, value, "limit", recorded_at) VALUES
  (2, 'late', 'a2', '2024-05-04 00:00:00.000000', 'normal', 'no_data', 'vanished', NULL, NULL,
   '2024-05-04 01:00:00.000000'),
  (3, 'late', 'a2', '2024-05-05 12:00:00.000000', 'no_data', 'firing', 'limit_crossed', 11.0, 10.0,
   '2024-05-05 14:00:00.000000'),
  (1, 'late', 'a1', '2024-05-06 12:00:00.000000', 'pending', 'firing', 'held_long_enough', 12.5, 10.0,
   '2024-05-06 12:30:00.000000'),
  (NULL, 'late', 'a3', '2024-05-06 12:00:00.000000', 'normal', 'pending', 'limit_crossed', 11.0, 10.0,
   '2024-05-06 12:30:00.000000');
INSERT INTO handling (warning, at, who, action, comment) VALUES
  (1, '2024-05-06 13:00:00.000000', 'Lan', 'acknowledge', 'đang xử lý'),
  (1, '2024-05-06 14:00:00.000000', 'Minh', 'comment', 'đã gọi');
INSERT INTO audit (at, who, action, object, detail) VALUES
  ('2024-05-06 13:00:00.000000', 'Lan', 'acknowledge', 'warning 1', '{"comment": "đang xử lý"}'),
  ('2024-05-06 14:00:00.000000', 'Minh', 'comment', 'warning 1', '{"comment": "đã gọi"}');
