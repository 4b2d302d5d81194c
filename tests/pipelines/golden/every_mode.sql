WITH
-- rows as delivered
staged AS NOT MATERIALIZED (
SELECT * FROM delivered
),
-- what the file says of the area
told AS NOT MATERIALIZED (
  SELECT *,
    (CASE WHEN prefix(_c4, ' ') OR suffix(_c4, ' ') THEN CASE WHEN trim(_c4) IN ('') THEN NULL ELSE trim(_c4) END WHEN _c4 IN ('') THEN NULL ELSE _c4 END)::VARCHAR AS _area_text
  FROM staged
),
-- the units that this may mean; cells as text: trimmed, without units, NULL where empty
cells AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN prefix(_c1, ' ') OR suffix(_c1, ' ') THEN CASE WHEN trim(_c1) IN ('') THEN NULL ELSE trim(_c1) END WHEN _c1 IN ('') THEN NULL ELSE _c1 END AS _t_id,
    CASE WHEN prefix(_c2, ' ') OR suffix(_c2, ' ') THEN CASE WHEN trim(_c2) IN ('') THEN NULL ELSE trim(_c2) END WHEN _c2 IN ('') THEN NULL ELSE _c2 END AS _t_opened,
    CASE WHEN prefix(_c3, ' ') OR suffix(_c3, ' ') THEN CASE WHEN trim(_c3) IN ('') THEN NULL ELSE trim(_c3) END WHEN _c3 IN ('') THEN NULL ELSE _c3 END AS _t_closed,
    CASE WHEN prefix(_c4, ' ') OR suffix(_c4, ' ') THEN CASE WHEN trim(_c4) IN ('') THEN NULL ELSE trim(_c4) END WHEN _c4 IN ('') THEN NULL ELSE _c4 END AS _t_ward,
    CASE WHEN prefix(_c5, ' ') OR suffix(_c5, ' ') THEN CASE WHEN trim(_c5) IN ('') THEN NULL ELSE trim(_c5) END WHEN _c5 IN ('') THEN NULL ELSE _c5 END AS _t_rating,
    CASE WHEN prefix(_c6, ' ') OR suffix(_c6, ' ') THEN CASE WHEN trim(_c6) IN ('') THEN NULL ELSE trim(_c6) END WHEN _c6 IN ('') THEN NULL ELSE _c6 END AS _t_channel,
    CASE WHEN prefix(_c7, ' ') OR suffix(_c7, ' ') THEN CASE WHEN trim(_c7) IN ('') THEN NULL ELSE trim(_c7) END WHEN _c7 IN ('') THEN NULL ELSE _c7 END AS _t_code
  FROM told LEFT JOIN area_spelling ON told._area_text = area_spelling._spelling
),
-- cells read as what they must be: NULL where they are not
casts AS NOT MATERIALIZED (
  SELECT *,
    try_strptime(_t_opened, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S']) AS _v_opened,
    try_strptime(_t_closed, ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S']) AS _v_closed,
    CASE WHEN contains(_t_rating, '.') OR contains(_t_rating, 'e') OR contains(_t_rating, 'E') THEN CASE WHEN try_cast(_t_rating AS DOUBLE) = trunc(try_cast(_t_rating AS DOUBLE)) THEN try_cast(try_cast(_t_rating AS DOUBLE) AS BIGINT) END ELSE try_cast(_t_rating AS BIGINT) END AS _v_rating
  FROM cells
),
-- typed columns: times in UTC, with their day in the city beside them
typed AS NOT MATERIALIZED (
  SELECT *,
    _t_id AS "id",
    CASE WHEN _v_opened IS NOT NULL THEN CASE WHEN _v_opened >= TIMESTAMP '1976-01-02' THEN _v_opened - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_opened)) END WHEN length(_t_opened) > 10 AND (right(_t_opened, 1) NOT BETWEEN '0' AND '9' OR contains(_t_opened[11:], '+') OR contains(_t_opened[11:], '-')) THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ))) END ELSE CASE WHEN CASE WHEN isfinite(try_cast(_t_opened AS TIMESTAMP)) THEN try_cast(_t_opened AS TIMESTAMP) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(try_cast(_t_opened AS TIMESTAMP)) THEN try_cast(_t_opened AS TIMESTAMP) END - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', CASE WHEN isfinite(try_cast(_t_opened AS TIMESTAMP)) THEN try_cast(_t_opened AS TIMESTAMP) END)) END END AS "opened",
    CASE WHEN _v_closed IS NOT NULL THEN CASE WHEN _v_closed >= TIMESTAMP '1976-01-02' THEN _v_closed - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_closed)) END WHEN length(_t_closed) > 10 AND (right(_t_closed, 1) NOT BETWEEN '0' AND '9' OR contains(_t_closed[11:], '+') OR contains(_t_closed[11:], '-')) THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ))) END ELSE CASE WHEN CASE WHEN isfinite(try_cast(_t_closed AS TIMESTAMP)) THEN try_cast(_t_closed AS TIMESTAMP) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(try_cast(_t_closed AS TIMESTAMP)) THEN try_cast(_t_closed AS TIMESTAMP) END - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', CASE WHEN isfinite(try_cast(_t_closed AS TIMESTAMP)) THEN try_cast(_t_closed AS TIMESTAMP) END)) END END AS "closed",
    _t_ward AS "ward",
    _v_rating AS "rating",
    _t_channel AS "channel",
    _t_code AS "code",
    CASE WHEN _v_opened IS NOT NULL THEN _v_opened::DATE WHEN length(_t_opened) > 10 AND (right(_t_opened, 1) NOT BETWEEN '0' AND '9' OR contains(_t_opened[11:], '+') OR contains(_t_opened[11:], '-')) THEN (CASE WHEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ))) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ))) END + INTERVAL 25200 SECOND ELSE timezone('Asia/Ho_Chi_Minh', timezone('UTC', CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_opened AS TIMESTAMPTZ))) END)) END)::DATE ELSE (CASE WHEN isfinite(try_cast(_t_opened AS TIMESTAMP)) THEN try_cast(_t_opened AS TIMESTAMP) END)::DATE END AS "opened__day",
    CASE WHEN _v_closed IS NOT NULL THEN _v_closed::DATE WHEN length(_t_closed) > 10 AND (right(_t_closed, 1) NOT BETWEEN '0' AND '9' OR contains(_t_closed[11:], '+') OR contains(_t_closed[11:], '-')) THEN (CASE WHEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ))) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ))) END + INTERVAL 25200 SECOND ELSE timezone('Asia/Ho_Chi_Minh', timezone('UTC', CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed AS TIMESTAMPTZ))) END)) END)::DATE ELSE (CASE WHEN isfinite(try_cast(_t_closed AS TIMESTAMP)) THEN try_cast(_t_closed AS TIMESTAMP) END)::DATE END AS "closed__day"
  FROM casts
),
-- rules of a cell that do not refuse the row
cell_marked AS NOT MATERIALIZED (
  SELECT *,
    (_t_closed IS NOT NULL AND "closed" IS NULL) AS _m1,
    coalesce("closed" < DATE '1800-01-01', false) AS _m2,
    (_t_rating IS NOT NULL AND "rating" IS NULL) AS _m3,
    coalesce("rating" < 1.0, false) AS _m4,
    coalesce("channel" NOT IN ('app'), false) AS _m5,
    coalesce(NOT regexp_full_match(_t_code::VARCHAR, '[A-Z]+'), false) AS _m6
  FROM typed
),
-- what they empty
cell_kept AS NOT MATERIALIZED (
  SELECT * REPLACE (
    CASE WHEN _m4 THEN NULL ELSE "rating" END AS "rating")
  FROM cell_marked
),
-- the unit on the day of the event
placed AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN "opened__day" >= _from1 AND "opened__day" < _to1 THEN _code1 WHEN "opened__day" >= _from2 AND "opened__day" < _to2 THEN _code2 END AS _area
  FROM cell_kept
),
-- rules of a row that do not refuse the row
row_marked AS NOT MATERIALIZED (
  SELECT *,
    (_area_text IS NOT NULL AND _spelling IS NULL) AS _m7,
    (_spelling IS NOT NULL AND _area IS NULL AND "opened__day" IS NOT NULL) AS _m8,
    coalesce(NOT (closed >= opened), false) AS _m9,
    coalesce(NOT ((closed IS NOT NULL) OR (rating IS NULL)), false) AS _m10
  FROM placed
),
-- what they empty
row_kept AS NOT MATERIALIZED (
  SELECT * REPLACE (
    CASE WHEN _m9 THEN NULL ELSE "closed" END AS "closed",
    CASE WHEN _m9 THEN NULL ELSE "closed__day" END AS "closed__day",
    CASE WHEN _m7 OR _m8 THEN 'C' ELSE _area END AS _area)
  FROM row_marked
),
-- what is refused
judged AS NOT MATERIALIZED (
  SELECT *,
    _defect IS NOT NULL
    OR _t_id IS NULL
    OR _t_opened IS NULL
    OR (_t_opened IS NOT NULL AND "opened" IS NULL)
    OR coalesce("opened" > TIMESTAMP '2026-11-02 03:00:00', false)
    OR coalesce("opened" < DATE '1800-01-01', false)
    OR _m2
    OR _m3
    OR _area_text IS NULL
    OR _m10 AS _bad,
    hash("id", "opened", "closed", "ward", "rating", "channel", "code", _area) AS _hash,
    _m1 OR _m4 OR _m5 OR _m6 OR _m7 OR _m8 OR _m9 AS _marked,
    _defect IS NULL AND (_m6) AS _halt
  FROM row_kept
)
-- the account of each row; reasons and raw text only for those that are refused
SELECT _n, _record, _file_no, "id", "opened", "closed", "ward", "rating", "channel", "code", "opened__day", "closed__day", _area, _hash, hash("id") AS _key, _bad,
  CASE WHEN _bad THEN to_json(delivered)::VARCHAR END AS _raw,
  CASE WHEN _defect IS NOT NULL THEN [{'column': NULL::VARCHAR, 'reason': 'malformed', 'value': _defect, 'expected': NULL::VARCHAR, 'detail': 'malformed: ' || _defect}]
    WHEN _bad THEN list_filter([
    CASE WHEN _t_id IS NULL THEN {'column': 'id', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_opened IS NULL THEN {'column': 'opened', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_opened IS NOT NULL AND "opened" IS NULL) THEN {'column': 'opened', 'reason': 'type', 'value': left(_t_opened::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_opened::VARCHAR, 80) || '” is not ' || 'a time'} END,
    CASE WHEN coalesce("opened" > TIMESTAMP '2026-11-02 03:00:00', false) THEN {'column': 'opened', 'reason': 'range', 'value': left(_t_opened::VARCHAR, 80), 'expected': '…2026-11-02 10:00', 'detail': left(_t_opened::VARCHAR, 80) || ' is outside ' || '…2026-11-02 10:00'} END,
    CASE WHEN coalesce("opened" < DATE '1800-01-01', false) THEN {'column': 'opened', 'reason': 'range', 'value': left(_t_opened::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_opened::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _m2 THEN {'column': 'closed', 'reason': 'range', 'value': left(_t_closed::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_closed::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _m3 THEN {'column': 'rating', 'reason': 'type', 'value': left(_t_rating::VARCHAR, 80), 'expected': 'a whole number', 'detail': '“' || left(_t_rating::VARCHAR, 80) || '” is not ' || 'a whole number'} END,
    CASE WHEN _area_text IS NULL THEN {'column': 'ward', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _m10 THEN {'column': NULL::VARCHAR, 'reason': 'check:rated', 'value': NULL::VARCHAR, 'expected': 'closed is not null or rating is null', 'detail': 'Rated too early'} END,
    CASE WHEN _m1 THEN {'column': 'closed', 'reason': 'type', 'value': left(_t_closed::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_closed::VARCHAR, 80) || '” is not ' || 'a time'} END,
    CASE WHEN _m4 THEN {'column': 'rating', 'reason': 'range', 'value': left(_t_rating::VARCHAR, 80), 'expected': '1…', 'detail': left(_t_rating::VARCHAR, 80) || ' is outside ' || '1…'} END,
    CASE WHEN _m5 THEN {'column': 'channel', 'reason': 'value', 'value': left(_t_channel::VARCHAR, 80), 'expected': 'app', 'detail': '“' || left(_t_channel::VARCHAR, 80) || '” is none of: ' || 'app'} END,
    CASE WHEN _m6 THEN {'column': 'code', 'reason': 'pattern', 'value': left(_t_code::VARCHAR, 80), 'expected': '[A-Z]+', 'detail': '“' || left(_t_code::VARCHAR, 80) || '” does not follow ' || '[A-Z]+'} END,
    CASE WHEN _m7 THEN {'column': 'ward', 'reason': 'area_unknown', 'value': left(_area_text::VARCHAR, 80), 'expected': NULL::VARCHAR, 'detail': '“' || left(_area_text::VARCHAR, 80) || '” is not an area'} END,
    CASE WHEN _m8 THEN {'column': 'ward', 'reason': 'area_not_valid_on_date', 'value': left(_area_text::VARCHAR, 80), 'expected': "opened__day"::VARCHAR, 'detail': 'area “' || left(_area_text::VARCHAR, 80) || '” does not exist on ' || "opened__day"::VARCHAR} END,
    CASE WHEN _m9 THEN {'column': NULL::VARCHAR, 'reason': 'check:order', 'value': NULL::VARCHAR, 'expected': 'closed >= opened', 'detail': 'Closed too early'} END
  ], lambda p: p IS NOT NULL) END AS _problems,
  CASE WHEN _marked AND (NOT _bad OR _halt) THEN list_filter([
    CASE WHEN _m1 THEN {'column': 'closed', 'reason': 'type', 'value': left(_t_closed::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_closed::VARCHAR, 80) || '” is not ' || 'a time', 'mode': 'empty'} END,
    CASE WHEN _m4 THEN {'column': 'rating', 'reason': 'range', 'value': left(_t_rating::VARCHAR, 80), 'expected': '1…', 'detail': left(_t_rating::VARCHAR, 80) || ' is outside ' || '1…', 'mode': 'empty'} END,
    CASE WHEN _m5 THEN {'column': 'channel', 'reason': 'value', 'value': left(_t_channel::VARCHAR, 80), 'expected': 'app', 'detail': '“' || left(_t_channel::VARCHAR, 80) || '” is none of: ' || 'app', 'mode': 'flag'} END,
    CASE WHEN _m6 THEN {'column': 'code', 'reason': 'pattern', 'value': left(_t_code::VARCHAR, 80), 'expected': '[A-Z]+', 'detail': '“' || left(_t_code::VARCHAR, 80) || '” does not follow ' || '[A-Z]+', 'mode': 'stop'} END,
    CASE WHEN _m7 THEN {'column': 'ward', 'reason': 'area_unknown', 'value': left(_area_text::VARCHAR, 80), 'expected': NULL::VARCHAR, 'detail': '“' || left(_area_text::VARCHAR, 80) || '” is not an area', 'mode': 'root'} END,
    CASE WHEN _m8 THEN {'column': 'ward', 'reason': 'area_not_valid_on_date', 'value': left(_area_text::VARCHAR, 80), 'expected': "opened__day"::VARCHAR, 'detail': 'area “' || left(_area_text::VARCHAR, 80) || '” does not exist on ' || "opened__day"::VARCHAR, 'mode': 'root'} END,
    CASE WHEN _m9 THEN {'column': NULL::VARCHAR, 'reason': 'check:order', 'value': NULL::VARCHAR, 'expected': 'closed >= opened', 'detail': 'Closed too early', 'mode': 'empty'} END
  ], lambda p: p IS NOT NULL) END AS _notes, _halt
FROM judged
