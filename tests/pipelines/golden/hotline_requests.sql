WITH
-- rows as delivered
staged AS NOT MATERIALIZED (
SELECT * FROM delivered
),
-- what the file says of the area
told AS NOT MATERIALIZED (
  SELECT *,
    (CASE WHEN prefix(_c9, ' ') OR suffix(_c9, ' ') THEN CASE WHEN trim(_c9) IN ('') THEN NULL ELSE trim(_c9) END WHEN _c9 IN ('') THEN NULL ELSE _c9 END)::VARCHAR AS _area_text
  FROM staged
),
-- the units that this may mean; cells as text: trimmed, without units, NULL where empty
cells AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN prefix(_c1, ' ') OR suffix(_c1, ' ') THEN CASE WHEN trim(_c1) IN ('') THEN NULL ELSE trim(_c1) END WHEN _c1 IN ('') THEN NULL ELSE _c1 END AS _t_ticket_id,
    CASE WHEN prefix(_c2, ' ') OR suffix(_c2, ' ') THEN CASE WHEN trim(_c2) IN ('') THEN NULL ELSE trim(_c2) END WHEN _c2 IN ('') THEN NULL ELSE _c2 END AS _t_received_at,
    CASE WHEN prefix(_c3, ' ') OR suffix(_c3, ' ') THEN CASE WHEN trim(_c3) IN ('') THEN NULL ELSE trim(_c3) END WHEN _c3 IN ('') THEN NULL ELSE _c3 END AS _t_due_at,
    CASE WHEN prefix(_c4, ' ') OR suffix(_c4, ' ') THEN CASE WHEN trim(_c4) IN ('') THEN NULL ELSE trim(_c4) END WHEN _c4 IN ('') THEN NULL ELSE _c4 END AS _t_closed_at,
    CASE WHEN prefix(_c5, ' ') OR suffix(_c5, ' ') THEN CASE WHEN trim(_c5) IN ('') THEN NULL ELSE trim(_c5) END WHEN _c5 IN ('') THEN NULL ELSE _c5 END AS _t_status,
    CASE WHEN prefix(_c6, ' ') OR suffix(_c6, ' ') THEN CASE WHEN trim(_c6) IN ('') THEN NULL ELSE trim(_c6) END WHEN _c6 IN ('') THEN NULL ELSE _c6 END AS _t_category,
    CASE WHEN prefix(_c7, ' ') OR suffix(_c7, ' ') THEN CASE WHEN trim(_c7) IN ('') THEN NULL ELSE trim(_c7) END WHEN _c7 IN ('') THEN NULL ELSE _c7 END AS _t_channel,
    CASE WHEN prefix(_c8, ' ') OR suffix(_c8, ' ') THEN CASE WHEN trim(_c8) IN ('') THEN NULL ELSE trim(_c8) END WHEN _c8 IN ('') THEN NULL ELSE _c8 END AS _t_agency,
    CASE WHEN prefix(_c9, ' ') OR suffix(_c9, ' ') THEN CASE WHEN trim(_c9) IN ('') THEN NULL ELSE trim(_c9) END WHEN _c9 IN ('') THEN NULL ELSE _c9 END AS _t_ward_code,
    CASE WHEN prefix(_c10, ' ') OR suffix(_c10, ' ') THEN CASE WHEN trim(_c10) IN ('') THEN NULL ELSE trim(_c10) END WHEN _c10 IN ('') THEN NULL ELSE _c10 END AS _t_satisfaction
  FROM told LEFT JOIN area_spelling ON told._area_text = area_spelling._spelling
),
-- cells read as what they must be: NULL where they are not
casts AS NOT MATERIALIZED (
  SELECT *,
    try_strptime(_t_received_at, '%d/%m/%Y %H:%M') AS _v_received_at,
    try_strptime(_t_due_at, '%d/%m/%Y %H:%M') AS _v_due_at,
    try_strptime(_t_closed_at, '%d/%m/%Y %H:%M') AS _v_closed_at,
    CASE WHEN contains(_t_satisfaction, '.') OR contains(_t_satisfaction, 'e') OR contains(_t_satisfaction, 'E') THEN CASE WHEN try_cast(_t_satisfaction AS DOUBLE) = trunc(try_cast(_t_satisfaction AS DOUBLE)) THEN try_cast(try_cast(_t_satisfaction AS DOUBLE) AS BIGINT) END ELSE try_cast(_t_satisfaction AS BIGINT) END AS _v_satisfaction
  FROM cells
),
-- typed columns: times in UTC, with their day in the city beside them
typed AS NOT MATERIALIZED (
  SELECT *,
    _t_ticket_id AS "ticket_id",
    CASE WHEN _v_received_at IS NOT NULL THEN CASE WHEN _v_received_at >= TIMESTAMP '1976-01-02' THEN _v_received_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_received_at)) END WHEN length(_t_received_at) > 10 AND (right(_t_received_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_received_at[11:], '+') OR contains(_t_received_at[11:], '-')) THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ))) END ELSE CASE WHEN CASE WHEN isfinite(try_cast(_t_received_at AS TIMESTAMP)) THEN try_cast(_t_received_at AS TIMESTAMP) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(try_cast(_t_received_at AS TIMESTAMP)) THEN try_cast(_t_received_at AS TIMESTAMP) END - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', CASE WHEN isfinite(try_cast(_t_received_at AS TIMESTAMP)) THEN try_cast(_t_received_at AS TIMESTAMP) END)) END END AS "received_at",
    CASE WHEN _v_due_at IS NOT NULL THEN CASE WHEN _v_due_at >= TIMESTAMP '1976-01-02' THEN _v_due_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_due_at)) END WHEN length(_t_due_at) > 10 AND (right(_t_due_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_due_at[11:], '+') OR contains(_t_due_at[11:], '-')) THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ))) END ELSE CASE WHEN CASE WHEN isfinite(try_cast(_t_due_at AS TIMESTAMP)) THEN try_cast(_t_due_at AS TIMESTAMP) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(try_cast(_t_due_at AS TIMESTAMP)) THEN try_cast(_t_due_at AS TIMESTAMP) END - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', CASE WHEN isfinite(try_cast(_t_due_at AS TIMESTAMP)) THEN try_cast(_t_due_at AS TIMESTAMP) END)) END END AS "due_at",
    CASE WHEN _v_closed_at IS NOT NULL THEN CASE WHEN _v_closed_at >= TIMESTAMP '1976-01-02' THEN _v_closed_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_closed_at)) END WHEN length(_t_closed_at) > 10 AND (right(_t_closed_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_closed_at[11:], '+') OR contains(_t_closed_at[11:], '-')) THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ))) END ELSE CASE WHEN CASE WHEN isfinite(try_cast(_t_closed_at AS TIMESTAMP)) THEN try_cast(_t_closed_at AS TIMESTAMP) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(try_cast(_t_closed_at AS TIMESTAMP)) THEN try_cast(_t_closed_at AS TIMESTAMP) END - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', CASE WHEN isfinite(try_cast(_t_closed_at AS TIMESTAMP)) THEN try_cast(_t_closed_at AS TIMESTAMP) END)) END END AS "closed_at",
    _t_status AS "status",
    _t_category AS "category",
    _t_channel AS "channel",
    _t_agency AS "agency",
    _t_ward_code AS "ward_code",
    _v_satisfaction AS "satisfaction",
    CASE WHEN _v_received_at IS NOT NULL THEN _v_received_at::DATE WHEN length(_t_received_at) > 10 AND (right(_t_received_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_received_at[11:], '+') OR contains(_t_received_at[11:], '-')) THEN (CASE WHEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ))) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ))) END + INTERVAL 25200 SECOND ELSE timezone('Asia/Ho_Chi_Minh', timezone('UTC', CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_received_at AS TIMESTAMPTZ))) END)) END)::DATE ELSE (CASE WHEN isfinite(try_cast(_t_received_at AS TIMESTAMP)) THEN try_cast(_t_received_at AS TIMESTAMP) END)::DATE END AS "received_at__day",
    CASE WHEN _v_due_at IS NOT NULL THEN _v_due_at::DATE WHEN length(_t_due_at) > 10 AND (right(_t_due_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_due_at[11:], '+') OR contains(_t_due_at[11:], '-')) THEN (CASE WHEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ))) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ))) END + INTERVAL 25200 SECOND ELSE timezone('Asia/Ho_Chi_Minh', timezone('UTC', CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_due_at AS TIMESTAMPTZ))) END)) END)::DATE ELSE (CASE WHEN isfinite(try_cast(_t_due_at AS TIMESTAMP)) THEN try_cast(_t_due_at AS TIMESTAMP) END)::DATE END AS "due_at__day",
    CASE WHEN _v_closed_at IS NOT NULL THEN _v_closed_at::DATE WHEN length(_t_closed_at) > 10 AND (right(_t_closed_at, 1) NOT BETWEEN '0' AND '9' OR contains(_t_closed_at[11:], '+') OR contains(_t_closed_at[11:], '-')) THEN (CASE WHEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ))) END >= TIMESTAMP '1976-01-02' THEN CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ))) END + INTERVAL 25200 SECOND ELSE timezone('Asia/Ho_Chi_Minh', timezone('UTC', CASE WHEN isfinite(make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ)))) THEN make_timestamp(epoch_us(try_cast(_t_closed_at AS TIMESTAMPTZ))) END)) END)::DATE ELSE (CASE WHEN isfinite(try_cast(_t_closed_at AS TIMESTAMP)) THEN try_cast(_t_closed_at AS TIMESTAMP) END)::DATE END AS "closed_at__day"
  FROM casts
),
-- the unit on the day of the event
placed AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN "received_at__day" >= _from1 AND "received_at__day" < _to1 THEN _code1 WHEN "received_at__day" >= _from2 AND "received_at__day" < _to2 THEN _code2 WHEN "received_at__day" >= _from3 AND "received_at__day" < _to3 THEN _code3 END AS _area
  FROM typed
),
-- what is refused
judged AS NOT MATERIALIZED (
  SELECT *,
    _defect IS NOT NULL
    OR _t_ticket_id IS NULL
    OR coalesce(NOT regexp_full_match(_t_ticket_id::VARCHAR, '1022-[0-9]{6}-[0-9]{5}[A-Z]?'), false)
    OR _t_received_at IS NULL
    OR (_t_received_at IS NOT NULL AND "received_at" IS NULL)
    OR coalesce("received_at" < DATE '1800-01-01', false)
    OR _t_due_at IS NULL
    OR (_t_due_at IS NOT NULL AND "due_at" IS NULL)
    OR coalesce("due_at" < DATE '1800-01-01', false)
    OR (_t_closed_at IS NOT NULL AND "closed_at" IS NULL)
    OR coalesce("closed_at" < DATE '1800-01-01', false)
    OR _t_status IS NULL
    OR coalesce("status" NOT IN ('new', 'processing', 'closed'), false)
    OR _t_category IS NULL
    OR coalesce("category" NOT IN ('urban_order', 'sanitation', 'waste', 'flooding', 'water_supply', 'drainage', 'electricity', 'street_lighting', 'trees', 'road_works', 'congestion', 'noise', 'construction', 'land', 'security', 'food_safety', 'health', 'education', 'procedures', 'telecoms'), false)
    OR _t_channel IS NULL
    OR coalesce("channel" NOT IN ('phone', 'app', 'web', 'zalo', 'email'), false)
    OR _t_agency IS NULL
    OR _t_ward_code IS NULL
    OR (_t_satisfaction IS NOT NULL AND "satisfaction" IS NULL)
    OR coalesce("satisfaction" < 1.0 OR "satisfaction" > 5.0, false)
    OR (_area_text IS NOT NULL AND _spelling IS NULL)
    OR (_spelling IS NOT NULL AND _area IS NULL AND "received_at__day" IS NOT NULL)
    OR coalesce(NOT ((closed_at IS NULL) OR (closed_at >= received_at)), false)
    OR coalesce(NOT (due_at >= received_at), false) AS _bad,
    hash("ticket_id", "received_at", "due_at", "closed_at", "status", "category", "channel", "agency", "ward_code", "satisfaction", _area) AS _hash
  FROM placed
)
-- the account of each row; reasons and raw text only for those that are refused
SELECT _n, _record, _file_no, "ticket_id", "received_at", "due_at", "closed_at", "status", "category", "channel", "agency", "ward_code", "satisfaction", "received_at__day", "due_at__day", "closed_at__day", _area, _hash, hash("ticket_id") AS _key, _bad,
  CASE WHEN _bad THEN to_json(delivered)::VARCHAR END AS _raw,
  CASE WHEN _defect IS NOT NULL THEN [{'column': NULL::VARCHAR, 'reason': 'malformed', 'value': _defect, 'expected': NULL::VARCHAR, 'detail': 'malformed: ' || _defect}]
    WHEN _bad THEN list_filter([
    CASE WHEN _t_ticket_id IS NULL THEN {'column': 'ticket_id', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce(NOT regexp_full_match(_t_ticket_id::VARCHAR, '1022-[0-9]{6}-[0-9]{5}[A-Z]?'), false) THEN {'column': 'ticket_id', 'reason': 'pattern', 'value': left(_t_ticket_id::VARCHAR, 80), 'expected': '1022-[0-9]{6}-[0-9]{5}[A-Z]?', 'detail': '“' || left(_t_ticket_id::VARCHAR, 80) || '” does not follow ' || '1022-[0-9]{6}-[0-9]{5}[A-Z]?'} END,
    CASE WHEN _t_received_at IS NULL THEN {'column': 'received_at', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_received_at IS NOT NULL AND "received_at" IS NULL) THEN {'column': 'received_at', 'reason': 'type', 'value': left(_t_received_at::VARCHAR, 80), 'expected': 'a time (%d/%m/%Y %H:%M)', 'detail': '“' || left(_t_received_at::VARCHAR, 80) || '” is not ' || 'a time (%d/%m/%Y %H:%M)'} END,
    CASE WHEN coalesce("received_at" < DATE '1800-01-01', false) THEN {'column': 'received_at', 'reason': 'range', 'value': left(_t_received_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_received_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _t_due_at IS NULL THEN {'column': 'due_at', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_due_at IS NOT NULL AND "due_at" IS NULL) THEN {'column': 'due_at', 'reason': 'type', 'value': left(_t_due_at::VARCHAR, 80), 'expected': 'a time (%d/%m/%Y %H:%M)', 'detail': '“' || left(_t_due_at::VARCHAR, 80) || '” is not ' || 'a time (%d/%m/%Y %H:%M)'} END,
    CASE WHEN coalesce("due_at" < DATE '1800-01-01', false) THEN {'column': 'due_at', 'reason': 'range', 'value': left(_t_due_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_due_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN (_t_closed_at IS NOT NULL AND "closed_at" IS NULL) THEN {'column': 'closed_at', 'reason': 'type', 'value': left(_t_closed_at::VARCHAR, 80), 'expected': 'a time (%d/%m/%Y %H:%M)', 'detail': '“' || left(_t_closed_at::VARCHAR, 80) || '” is not ' || 'a time (%d/%m/%Y %H:%M)'} END,
    CASE WHEN coalesce("closed_at" < DATE '1800-01-01', false) THEN {'column': 'closed_at', 'reason': 'range', 'value': left(_t_closed_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_closed_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _t_status IS NULL THEN {'column': 'status', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("status" NOT IN ('new', 'processing', 'closed'), false) THEN {'column': 'status', 'reason': 'value', 'value': left(_t_status::VARCHAR, 80), 'expected': 'new, processing, closed', 'detail': '“' || left(_t_status::VARCHAR, 80) || '” is none of: ' || 'new, processing, closed'} END,
    CASE WHEN _t_category IS NULL THEN {'column': 'category', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("category" NOT IN ('urban_order', 'sanitation', 'waste', 'flooding', 'water_supply', 'drainage', 'electricity', 'street_lighting', 'trees', 'road_works', 'congestion', 'noise', 'construction', 'land', 'security', 'food_safety', 'health', 'education', 'procedures', 'telecoms'), false) THEN {'column': 'category', 'reason': 'value', 'value': left(_t_category::VARCHAR, 80), 'expected': 'urban_order, sanitation, waste, flooding, water_supply, drainage, electricity, street_lighting, trees, road_works, congestion, noise, …', 'detail': '“' || left(_t_category::VARCHAR, 80) || '” is none of: ' || 'urban_order, sanitation, waste, flooding, water_supply, drainage, electricity, street_lighting, trees, road_works, congestion, noise, …'} END,
    CASE WHEN _t_channel IS NULL THEN {'column': 'channel', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("channel" NOT IN ('phone', 'app', 'web', 'zalo', 'email'), false) THEN {'column': 'channel', 'reason': 'value', 'value': left(_t_channel::VARCHAR, 80), 'expected': 'phone, app, web, zalo, email', 'detail': '“' || left(_t_channel::VARCHAR, 80) || '” is none of: ' || 'phone, app, web, zalo, email'} END,
    CASE WHEN _t_agency IS NULL THEN {'column': 'agency', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_ward_code IS NULL THEN {'column': 'ward_code', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_satisfaction IS NOT NULL AND "satisfaction" IS NULL) THEN {'column': 'satisfaction', 'reason': 'type', 'value': left(_t_satisfaction::VARCHAR, 80), 'expected': 'a whole number', 'detail': '“' || left(_t_satisfaction::VARCHAR, 80) || '” is not ' || 'a whole number'} END,
    CASE WHEN coalesce("satisfaction" < 1.0 OR "satisfaction" > 5.0, false) THEN {'column': 'satisfaction', 'reason': 'range', 'value': left(_t_satisfaction::VARCHAR, 80), 'expected': '1…5', 'detail': left(_t_satisfaction::VARCHAR, 80) || ' is outside ' || '1…5'} END,
    CASE WHEN (_area_text IS NOT NULL AND _spelling IS NULL) THEN {'column': 'ward_code', 'reason': 'area_unknown', 'value': left(_area_text::VARCHAR, 80), 'expected': NULL::VARCHAR, 'detail': '“' || left(_area_text::VARCHAR, 80) || '” is not an area'} END,
    CASE WHEN (_spelling IS NOT NULL AND _area IS NULL AND "received_at__day" IS NOT NULL) THEN {'column': 'ward_code', 'reason': 'area_not_valid_on_date', 'value': left(_area_text::VARCHAR, 80), 'expected': "received_at__day"::VARCHAR, 'detail': 'area “' || left(_area_text::VARCHAR, 80) || '” does not exist on ' || "received_at__day"::VARCHAR} END,
    CASE WHEN coalesce(NOT ((closed_at IS NULL) OR (closed_at >= received_at)), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:closed_after_received', 'value': NULL::VARCHAR, 'expected': 'closed_at is null or closed_at >= received_at', 'detail': 'Closed before it was received'} END,
    CASE WHEN coalesce(NOT (due_at >= received_at), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:due_after_received', 'value': NULL::VARCHAR, 'expected': 'due_at >= received_at', 'detail': 'Due before it was received'} END
  ], lambda p: p IS NOT NULL) END AS _problems
FROM judged
