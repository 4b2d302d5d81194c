WITH
-- rows as delivered
staged AS NOT MATERIALIZED (
SELECT * FROM delivered
),
-- what the file says of the area
told AS NOT MATERIALIZED (
  SELECT *,
    NULL::VARCHAR AS _area_text
  FROM staged
),
-- the units that this may mean; cells as text: trimmed, without units, NULL where empty
cells AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN prefix(_c1, ' ') OR suffix(_c1, ' ') THEN CASE WHEN trim(_c1) IN ('') THEN NULL ELSE trim(_c1) END WHEN _c1 IN ('') THEN NULL ELSE _c1 END AS _t_procedure_code,
    CASE WHEN prefix(_c2, ' ') OR suffix(_c2, ' ') THEN CASE WHEN trim(_c2) IN ('') THEN NULL ELSE trim(_c2) END WHEN _c2 IN ('') THEN NULL ELSE _c2 END AS _t_name,
    CASE WHEN prefix(_c3, ' ') OR suffix(_c3, ' ') THEN CASE WHEN trim(_c3) IN ('') THEN NULL ELSE trim(_c3) END WHEN _c3 IN ('') THEN NULL ELSE _c3 END AS _t_field,
    CASE WHEN prefix(_c4, ' ') OR suffix(_c4, ' ') THEN CASE WHEN trim(_c4) IN ('') THEN NULL ELSE trim(_c4) END WHEN _c4 IN ('') THEN NULL ELSE _c4 END AS _t_service_level,
    CASE WHEN prefix(_c5, ' ') OR suffix(_c5, ' ') THEN CASE WHEN trim(_c5) IN ('') THEN NULL ELSE trim(_c5) END WHEN _c5 IN ('') THEN NULL ELSE _c5 END AS _t_online_since,
    CASE WHEN prefix(_c6, ' ') OR suffix(_c6, ' ') THEN CASE WHEN trim(_c6) IN ('') THEN NULL ELSE trim(_c6) END WHEN _c6 IN ('') THEN NULL ELSE _c6 END AS _t_retired_on
  FROM told
),
-- cells read as what they must be: NULL where they are not
casts AS NOT MATERIALIZED (
  SELECT *,
    CASE WHEN length(_t_online_since) <= 10 THEN try_cast(_t_online_since AS DATE) WHEN regexp_full_match(_t_online_since, '\d{4}-\d\d-\d\d[T ]00:00(:00(\.0+)?)?') THEN try_cast(left(_t_online_since, 10) AS DATE) END AS _v_online_since,
    CASE WHEN length(_t_retired_on) <= 10 THEN try_cast(_t_retired_on AS DATE) WHEN regexp_full_match(_t_retired_on, '\d{4}-\d\d-\d\d[T ]00:00(:00(\.0+)?)?') THEN try_cast(left(_t_retired_on, 10) AS DATE) END AS _v_retired_on
  FROM cells
),
-- typed columns: times in UTC, with their day in the city beside them
typed AS NOT MATERIALIZED (
  SELECT *,
    _t_procedure_code AS "procedure_code",
    _t_name AS "name",
    _t_field AS "field",
    _t_service_level AS "service_level",
    CASE WHEN isfinite(_v_online_since) THEN _v_online_since END AS "online_since",
    CASE WHEN isfinite(_v_retired_on) THEN _v_retired_on END AS "retired_on",
    CASE WHEN isfinite(_v_online_since) THEN _v_online_since END AS "online_since__day",
    CASE WHEN isfinite(_v_retired_on) THEN _v_retired_on END AS "retired_on__day"
  FROM casts
),
-- the unit on the day of the event
placed AS NOT MATERIALIZED (
  SELECT *,
    '79' AS _area
  FROM typed
),
-- what is refused
judged AS NOT MATERIALIZED (
  SELECT *,
    _defect IS NOT NULL
    OR _t_procedure_code IS NULL
    OR _t_name IS NULL
    OR _t_field IS NULL
    OR coalesce("field" NOT IN ('civil_status', 'certification', 'land', 'construction', 'business', 'labour', 'social_protection', 'education', 'health', 'transport', 'culture', 'trade', 'environment', 'justice', 'science'), false)
    OR _t_service_level IS NULL
    OR coalesce("service_level" NOT IN ('full', 'partial'), false)
    OR _t_online_since IS NULL
    OR (_t_online_since IS NOT NULL AND "online_since" IS NULL)
    OR coalesce("online_since" < DATE '1800-01-01', false)
    OR (_t_retired_on IS NOT NULL AND "retired_on" IS NULL)
    OR coalesce("retired_on" < DATE '1800-01-01', false)
    OR coalesce(NOT ((retired_on IS NULL) OR (retired_on >= online_since)), false) AS _bad,
    hash("procedure_code", "name", "field", "service_level", "online_since", "retired_on", _area) AS _hash
  FROM placed
)
-- the account of each row; reasons and raw text only for those that are refused
SELECT _n, _record, _file_no, "procedure_code", "name", "field", "service_level", "online_since", "retired_on", "online_since__day", "retired_on__day", _area, _hash, hash("procedure_code") AS _key, _bad,
  CASE WHEN _bad THEN to_json(delivered)::VARCHAR END AS _raw,
  CASE WHEN _defect IS NOT NULL THEN [{'column': NULL::VARCHAR, 'reason': 'malformed', 'value': _defect, 'expected': NULL::VARCHAR, 'detail': 'malformed: ' || _defect}]
    WHEN _bad THEN list_filter([
    CASE WHEN _t_procedure_code IS NULL THEN {'column': 'procedure_code', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_name IS NULL THEN {'column': 'name', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN _t_field IS NULL THEN {'column': 'field', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("field" NOT IN ('civil_status', 'certification', 'land', 'construction', 'business', 'labour', 'social_protection', 'education', 'health', 'transport', 'culture', 'trade', 'environment', 'justice', 'science'), false) THEN {'column': 'field', 'reason': 'value', 'value': left(_t_field::VARCHAR, 80), 'expected': 'civil_status, certification, land, construction, business, labour, social_protection, education, health, transport, culture, trade, …', 'detail': '“' || left(_t_field::VARCHAR, 80) || '” is none of: ' || 'civil_status, certification, land, construction, business, labour, social_protection, education, health, transport, culture, trade, …'} END,
    CASE WHEN _t_service_level IS NULL THEN {'column': 'service_level', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN coalesce("service_level" NOT IN ('full', 'partial'), false) THEN {'column': 'service_level', 'reason': 'value', 'value': left(_t_service_level::VARCHAR, 80), 'expected': 'full, partial', 'detail': '“' || left(_t_service_level::VARCHAR, 80) || '” is none of: ' || 'full, partial'} END,
    CASE WHEN _t_online_since IS NULL THEN {'column': 'online_since', 'reason': 'missing', 'value': NULL::VARCHAR, 'expected': NULL::VARCHAR, 'detail': 'is required but empty'} END,
    CASE WHEN (_t_online_since IS NOT NULL AND "online_since" IS NULL) THEN {'column': 'online_since', 'reason': 'type', 'value': left(_t_online_since::VARCHAR, 80), 'expected': 'a date', 'detail': '“' || left(_t_online_since::VARCHAR, 80) || '” is not ' || 'a date'} END,
    CASE WHEN coalesce("online_since" < DATE '1800-01-01', false) THEN {'column': 'online_since', 'reason': 'range', 'value': left(_t_online_since::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_online_since::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN (_t_retired_on IS NOT NULL AND "retired_on" IS NULL) THEN {'column': 'retired_on', 'reason': 'type', 'value': left(_t_retired_on::VARCHAR, 80), 'expected': 'a date', 'detail': '“' || left(_t_retired_on::VARCHAR, 80) || '” is not ' || 'a date'} END,
    CASE WHEN coalesce("retired_on" < DATE '1800-01-01', false) THEN {'column': 'retired_on', 'reason': 'range', 'value': left(_t_retired_on::VARCHAR, 80), 'expected': '1800-01-01…', 'detail': left(_t_retired_on::VARCHAR, 80) || ' is outside ' || '1800-01-01…'} END,
    CASE WHEN coalesce(NOT ((retired_on IS NULL) OR (retired_on >= online_since)), false) THEN {'column': NULL::VARCHAR, 'reason': 'check:retired_after_online', 'value': NULL::VARCHAR, 'expected': 'retired_on is null or retired_on >= online_since', 'detail': 'Retired before it went online'} END
  ], lambda p: p IS NOT NULL) END AS _problems
FROM judged
