WITH
-- rows as delivered
staged AS NOT MATERIALIZED (
SELECT * FROM delivered
),
-- what the file says of the area
told AS NOT MATERIALIZED (
  SELECT *,
    (CASE WHEN prefix(_c11, ' ') OR suffix(_c11, ' ') THEN CASE WHEN trim(_c11) IN ('') THEN NULL ELSE trim(_c11) END WHEN _c11 IN ('') THEN NULL ELSE _c11 END)::VARCHAR AS _area_text
  FROM staged
),
-- the units that this may mean; cells as text: trimmed, without units, NULL where empty
cells AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN prefix(_c1, ' ') OR suffix(_c1, ' ') THEN CASE WHEN trim(_c1) IN ('') THEN NULL ELSE trim(_c1) END WHEN _c1 IN ('') THEN NULL ELSE _c1 END AS _t_dossier_id,
    CASE WHEN prefix(_c2, ' ') OR suffix(_c2, ' ') THEN CASE WHEN trim(_c2) IN ('') THEN NULL ELSE trim(_c2) END WHEN _c2 IN ('') THEN NULL ELSE _c2 END AS _t_procedure_code,
    CASE WHEN prefix(_c3, ' ') OR suffix(_c3, ' ') THEN CASE WHEN trim(_c3) IN ('') THEN NULL ELSE trim(_c3) END WHEN _c3 IN ('') THEN NULL ELSE _c3 END AS _t_field,
    CASE WHEN prefix(_c4, ' ') OR suffix(_c4, ' ') THEN CASE WHEN trim(_c4) IN ('') THEN NULL ELSE trim(_c4) END WHEN _c4 IN ('') THEN NULL ELSE _c4 END AS _t_service_level,
    CASE WHEN prefix(_c5, ' ') OR suffix(_c5, ' ') THEN CASE WHEN trim(_c5) IN ('') THEN NULL ELSE trim(_c5) END WHEN _c5 IN ('') THEN NULL ELSE _c5 END AS _t_agency_level,
    _c6 AS _t_submitted_at,
    _c7 AS _t_due_at,
    _c8 AS _t_finished_at,
    _c9 AS _t_online,
    _c10 AS _t_digitised,
    CASE WHEN prefix(_c11, ' ') OR suffix(_c11, ' ') THEN CASE WHEN trim(_c11) IN ('') THEN NULL ELSE trim(_c11) END WHEN _c11 IN ('') THEN NULL ELSE _c11 END AS _t_area_code
  FROM told LEFT JOIN area_spelling ON told._area_text = area_spelling._spelling
),
-- cells read as what they must be: NULL where they are not
casts AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN isfinite(_t_submitted_at::TIMESTAMP) THEN _t_submitted_at::TIMESTAMP END AS _v_submitted_at,
    CASE WHEN isfinite(_t_due_at::TIMESTAMP) THEN _t_due_at::TIMESTAMP END AS _v_due_at,
    CASE WHEN isfinite(_t_finished_at::TIMESTAMP) THEN _t_finished_at::TIMESTAMP END AS _v_finished_at
  FROM cells
),
-- typed columns: times in UTC, with their day in the city beside them
typed AS NOT MATERIALIZED (
  SELECT *,
    _t_dossier_id AS "dossier_id",
    _t_procedure_code AS "procedure_code",
    _t_field AS "field",
    _t_service_level AS "service_level",
    _t_agency_level AS "agency_level",
    CASE WHEN _v_submitted_at >= TIMESTAMP '1976-01-02' THEN _v_submitted_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_submitted_at)) END AS "submitted_at",
    CASE WHEN _v_due_at >= TIMESTAMP '1976-01-02' THEN _v_due_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_due_at)) END AS "due_at",
    CASE WHEN _v_finished_at >= TIMESTAMP '1976-01-02' THEN _v_finished_at - INTERVAL 25200 SECOND ELSE timezone('UTC', timezone('Asia/Ho_Chi_Minh', _v_finished_at)) END AS "finished_at",
    _t_online::BOOLEAN AS "online",
    _t_digitised::BOOLEAN AS "digitised",
    _t_area_code AS "area_code",
    _v_submitted_at::DATE AS "submitted_at__day",
    _v_due_at::DATE AS "due_at__day",
    _v_finished_at::DATE AS "finished_at__day"
  FROM casts
),
-- the unit on the day of the event
placed AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN "submitted_at__day" >= _from1 AND "submitted_at__day" < _to1 THEN _code1 WHEN "submitted_at__day" >= _from2 AND "submitted_at__day" < _to2 THEN _code2 WHEN "submitted_at__day" >= _from3 AND "submitted_at__day" < _to3 THEN _code3 END AS _area
  FROM typed
),
-- what is refused
judged AS NOT MATERIALIZED (
  SELECT *,
    _defect IS NOT NULL
    OR _t_dossier_id IS NULL
    OR _t_procedure_code IS NULL
    OR _t_field IS NULL
    OR coalesce("field" NOT IN ('civil_status', 'certification', 'land', 'construction', 'business', 'labour', 'social_protection', 'education', 'health', 'transport', 'culture', 'trade', 'environment', 'justice', 'science'), false)
    OR _t_service_level IS NULL
    OR coalesce("service_level" NOT IN ('full', 'partial', 'none'), false)
    OR _t_agency_level IS NULL
    OR coalesce("agency_level" NOT IN ('department', 'district', 'commune'), false)
    OR _t_submitted_at IS NULL
    OR (_t_submitted_at IS NOT NULL AND "submitted_at" IS NULL)
    OR coalesce("submitted_at" < DATE '1800-01-01', false)
    OR _t_due_at IS NULL
    OR (_t_due_at IS NOT NULL AND "due_at" IS NULL)
    OR coalesce("due_at" < DATE '1800-01-01', false)
    OR (_t_finished_at IS NOT NULL AND "finished_at" IS NULL)
    OR coalesce("finished_at" < DATE '1800-01-01', false)
    OR _t_online IS NULL
    OR _t_digitised IS NULL
    OR _t_area_code IS NULL
    OR (_area_text IS NOT NULL AND _spelling IS NULL)
    OR (_spelling IS NOT NULL AND _area IS NULL AND "submitted_at__day" IS NOT NULL)
    OR coalesce(NOT ((finished_at IS NULL) OR (finished_at >= submitted_at)), false)
    OR coalesce(NOT (due_at >= submitted_at), false)
    OR coalesce(NOT ((NOT online) OR (service_level <> 'none')), false) AS _bad,
    hash("dossier_id", "procedure_code", "field", "service_level", "agency_level", "submitted_at", "due_at", "finished_at", "online", "digitised", "area_code", _area) AS _hash
  FROM placed
)
-- the account of each row; reasons and raw text only for those that are refused
SELECT _n, _record, _file_no, "dossier_id", "procedure_code", "field", "service_level", "agency_level", "submitted_at", "due_at", "finished_at", "online", "digitised", "area_code", "submitted_at__day", "due_at__day", "finished_at__day", _area, _hash, hash("dossier_id") AS _key, _bad,
  CASE WHEN _bad THEN to_json(delivered)::VARCHAR END AS _raw,
  CASE WHEN _defect IS NOT NULL THEN [{'column': NULL::VARCHAR, 'reason': 'malformed', 'value': _defect, 'expected': NULL::VARCHAR, 'detail': 'malformed: ' || _defect}]
    WHEN _bad THEN list_filter([
    CASE WHEN _t_dossier_id IS NULL THEN {'column': 'dossier_id', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_procedure_code IS NULL THEN {'column': 'procedure_code', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_field IS NULL THEN {'column': 'field', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("field" NOT IN ('civil_status', 'certification', 'land', 'construction', 'business', 'labour', 'social_protection', 'education', 'health', 'transport', 'culture', 'trade', 'environment', 'justice', 'science'), false) THEN {'column': 'field', 'reason': 'value', 'value': left(_t_field::VARCHAR, 80), 'expected': 'civil_status, certification, land, construction, business, labour, social_protection, education, health, transport, culture, trade, …', 'detail': '“' || left(_t_field::VARCHAR, 80) || '” is none of: ' || 'civil_status, certification, land, construction, business, labour, social_protection, education, health, transport, culture, trade, …'} END,
    CASE WHEN _t_service_level IS NULL THEN {'column': 'service_level', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("service_level" NOT IN ('full', 'partial', 'none'), false) THEN {'column': 'service_level', 'reason': 'value', 'value': left(_t_service_level::VARCHAR, 80), 'expected': 'full, partial, none', 'detail': '“' || left(_t_service_level::VARCHAR, 80) || '” is none of: ' || 'full, partial, none'} END,
    CASE WHEN _t_agency_level IS NULL THEN {'column': 'agency_level', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("agency_level" NOT IN ('department', 'district', 'commune'), false) THEN {'column': 'agency_level', 'reason': 'value', 'value': left(_t_agency_level::VARCHAR, 80), 'expected': 'department, district, commune', 'detail': '“' || left(_t_agency_level::VARCHAR, 80) || '” is none of: ' || 'department, district, commune'} END,
    CASE WHEN _t_submitted_at IS NULL THEN {'column': 'submitted_at', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_submitted_at IS NOT NULL AND "submitted_at" IS NULL) THEN {'column': 'submitted_at', 'reason': 'type', 'value': left(_t_submitted_at::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_submitted_at::VARCHAR, 80) || '” is not ' || 'a time'} END,
    CASE WHEN coalesce("submitted_at" < DATE '1800-01-01', false) THEN {'column': 'submitted_at', 'reason': 'range', 'value': left(_t_submitted_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_submitted_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _t_due_at IS NULL THEN {'column': 'due_at', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_due_at IS NOT NULL AND "due_at" IS NULL) THEN {'column': 'due_at', 'reason': 'type', 'value': left(_t_due_at::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_due_at::VARCHAR, 80) || '” is not ' || 'a time'} END,
    CASE WHEN coalesce("due_at" < DATE '1800-01-01', false) THEN {'column': 'due_at', 'reason': 'range', 'value': left(_t_due_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_due_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN (_t_finished_at IS NOT NULL AND "finished_at" IS NULL) THEN {'column': 'finished_at', 'reason': 'type', 'value': left(_t_finished_at::VARCHAR, 80), 'expected': 'a time', 'detail': '“' || left(_t_finished_at::VARCHAR, 80) || '” is not ' || 'a time'} END,
    CASE WHEN coalesce("finished_at" < DATE '1800-01-01', false) THEN {'column': 'finished_at', 'reason': 'range', 'value': left(_t_finished_at::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_finished_at::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN _t_online IS NULL THEN {'column': 'online', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_digitised IS NULL THEN {'column': 'digitised', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_area_code IS NULL THEN {'column': 'area_code', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_area_text IS NOT NULL AND _spelling IS NULL) THEN {'column': 'area_code', 'reason': 'area_unknown', 'value': left(_area_text::VARCHAR, 80), 'expected': NULL::VARCHAR, 'detail': '“' || left(_area_text::VARCHAR, 80) || '” is not an area'} END,
    CASE WHEN (_spelling IS NOT NULL AND _area IS NULL AND "submitted_at__day" IS NOT NULL) THEN {'column': 'area_code', 'reason': 'area_not_valid_on_date', 'value': left(_area_text::VARCHAR, 80), 'expected': "submitted_at__day"::VARCHAR, 'detail': 'area “' || left(_area_text::VARCHAR, 80) || '” does not exist on ' || "submitted_at__day"::VARCHAR} END,
    CASE WHEN coalesce(NOT ((finished_at IS NULL) OR (finished_at >= submitted_at)), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:finished_after_submitted', 'value': NULL::VARCHAR, 'expected': 'finished_at is null or finished_at >= submitted_at', 'detail': 'Finished before it was submitted'} END,
    CASE WHEN coalesce(NOT (due_at >= submitted_at), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:due_after_submitted', 'value': NULL::VARCHAR, 'expected': 'due_at >= submitted_at', 'detail': 'Due before it was submitted'} END,
    CASE WHEN coalesce(NOT ((NOT online) OR (service_level <> 'none')), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:no_online_without_service', 'value': NULL::VARCHAR, 'expected': 'not online or service_level <> ''none''', 'detail': 'Submitted online for a procedure without online service'} END
  ], lambda p: p IS NOT NULL) END AS _problems
FROM judged
