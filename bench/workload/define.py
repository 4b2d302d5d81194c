"""Writes the city folder of the workload from short tables: `python -m bench.workload.define`.

Sixty definitions that differ in a few words are easier to read as tables than as a thousand lines of YAML;
the engine reads nothing but the YAML.
"""

from __future__ import annotations

from pathlib import Path

import yaml

CITY = Path(__file__).parent / "city"
DISTRICTS, WARDS = 22, 273
AS_OF = "date '2026-01-01'"
HOURS = "hours_between(created_at, closed_at)"
DAYS = "days_between(submitted_at, finished_at)"
DONE, FINISHED = "closed_at is not null", "finished_at is not null"
LATE = f"closed_at > due_at or (closed_at is null and due_at < {AS_OF})"
OVERDUE = f"finished_at > due_at or (finished_at is null and due_at < {AS_OF})"

FEEDS = {
    "service_request": (
        "created_at",
        "ward",
        {
            "request_id": "integer",
            "created_at": "timestamp",
            "closed_at": "timestamp",
            "due_at": "timestamp",
            "channel": "text",
            "category": "text",
            "status": "text",
            "satisfaction": "integer",
            "ward": "text",
        },
    ),
    "dossier": (
        "submitted_at",
        "ward",
        {
            "dossier_id": "integer",
            "procedure": "integer",
            "level": "text",
            "submitted_at": "timestamp",
            "due_at": "timestamp",
            "finished_at": "timestamp",
            "online": "boolean",
            "digitised": "boolean",
            "ward": "text",
        },
    ),
    "sensor": (
        "ts",
        "ward",
        {"sensor_id": "integer", "ts": "timestamp", "pm25": "number", "ward": "text"},
    ),
    "socio_district": (
        "month",
        "district",
        {
            "month": "date",
            "district": "text",
            "population": "integer",
            "grdp_billion": "number",
            "budget_revenue": "number",
            "budget_spent": "number",
            "hospital_beds": "integer",
        },
    ),
}
"""By dataset: time of its events, the column that holds the area, the types of its columns."""


BOUNDS = {"procedure": {"min": 0, "max": 739}}
"""What contracts say of the values of a column."""


def counted(condition: str) -> str:
    """The rows that meet a condition."""
    return f"count(*) filter (where {condition})"


def share(part: str, whole: str = "") -> str:
    """The rows that meet ``part`` among those that meet ``whole``."""
    if not whole:
        return f"{counted(part)} / count(*)"
    return f"{counted(f'({part}) and ({whole})')} / {counted(whole)}"


def over(aggregate: str, condition: str = "") -> str:
    """An aggregate over the rows that meet a condition."""
    return f"{aggregate} filter (where {condition})" if condition else aggregate


Line = tuple[str, str, str]
REQUESTS: list[Line] = [
    ("sr_received", "items", "count(*)"),
    ("sr_closed", "items", counted(DONE)),
    ("sr_open", "items", counted("closed_at is null")),
    ("sr_ontime_rate", "percent", share("closed_at <= due_at", DONE)),
    ("sr_overdue_open", "items", counted(f"closed_at is null and due_at < {AS_OF}")),
    ("sr_overdue_rate", "percent", share(LATE)),
    ("sr_avg_hours", "hours", over(f"avg({HOURS})", DONE)),
    ("sr_p90_hours", "hours", over(f"percentile({HOURS}, 0.9)", DONE)),
    ("sr_p50_hours", "hours", over(f"percentile({HOURS}, 0.5)", DONE)),
    ("sr_sat_avg", "grade", over("avg(satisfaction)", "satisfaction is not null")),
    ("sr_sat_share", "percent", share("satisfaction >= 4", "satisfaction is not null")),
    ("sr_rated_share", "percent", share("satisfaction is not null", DONE)),
    ("sr_digital_share", "percent", share("channel in ('app', 'web', 'zalo')")),
    ("sr_hotline", "items", counted("channel = 'hotline'")),
    ("sr_rejected_rate", "percent", share("status = 'rejected'", DONE)),
    ("sr_infra", "items", counted("category < 'cat_10'")),
    ("sr_env", "items", counted("category between 'cat_10' and 'cat_14'")),
    (
        "sr_order_ontime",
        "percent",
        share("closed_at <= due_at", f"{DONE} and category between 'cat_15' and 'cat_19'"),
    ),
    ("sr_weekend_share", "percent", share("weekday_of(created_at) >= 6")),
    ("sr_within24h", "percent", share("closed_at <= created_at + interval 24 hour", DONE)),
]
REQUESTS_CLOSED: list[Line] = [
    ("src_resolved", "items", "count(*)"),
    ("src_ontime_rate", "percent", share("closed_at <= due_at")),
    ("src_avg_hours", "hours", f"avg({HOURS})"),
    ("src_p90_hours", "hours", f"percentile({HOURS}, 0.9)"),
]
DOSSIERS: list[Line] = [
    ("ds_received", "items", "count(*)"),
    ("ds_online_share", "percent", share("online")),
    ("ds_full_share", "percent", share("level = 'full'")),
    ("ds_full_online", "percent", share("online", "level = 'full'")),
    ("ds_digitised_share", "percent", share("digitised")),
    ("ds_finished", "items", counted(FINISHED)),
    ("ds_ontime_rate", "percent", share("finished_at <= due_at", FINISHED)),
    ("ds_overdue_rate", "percent", share(OVERDUE)),
    ("ds_avg_days", "days", over(f"avg({DAYS})", FINISHED)),
    ("ds_p90_days", "days", over(f"percentile({DAYS}, 0.9)", FINISHED)),
    ("ds_land", "items", counted("procedure < 50")),
    ("ds_land_ontime", "percent", share("finished_at <= due_at", f"{FINISHED} and procedure < 50")),
    ("ds_business", "items", counted("procedure between 50 and 99")),
    ("ds_procedures", "items", "count(distinct procedure)"),
]
DOSSIERS_FINISHED: list[Line] = [
    ("dsf_resolved", "items", "count(*)"),
    ("dsf_ontime_rate", "percent", share("finished_at <= due_at")),
    ("dsf_avg_days", "days", f"avg({DAYS})"),
    ("dsf_early_share", "percent", share("finished_at <= due_at - interval 1 day")),
]
AIR: list[Line] = [
    ("env_pm25_avg", "density", over("avg(pm25)", "pm25 is not null")),
    ("env_pm25_p90", "density", over("percentile(pm25, 0.9)", "pm25 is not null")),
    ("env_pm25_over", "percent", share("pm25 > 45", "pm25 is not null")),
    ("env_valid_share", "percent", share("pm25 is not null")),
]
ECONOMY: list[Line] = [
    ("eco_budget_exec", "percent", "sum(budget_spent) / sum(budget_revenue)"),
    ("eco_grdp", "items", "sum(grdp_billion)"),
    ("eco_beds_per10k", "per_head", "10000 * (sum(hospital_beds) / sum(population))"),
]
MEASURES: dict[tuple[str, str, str], list[Line]] = {
    ("feedback", "service_request", "created_at"): REQUESTS,
    ("feedback", "service_request", "closed_at"): REQUESTS_CLOSED,
    ("procedures", "dossier", "submitted_at"): DOSSIERS,
    ("procedures", "dossier", "finished_at"): DOSSIERS_FINISHED,
    ("environment", "sensor", "ts"): AIR,
    ("economy", "socio_district", "month"): ECONOMY,
}
FORMULAS: list[tuple[str, str, str, str]] = [
    ("feedback", "sr_received_yoy", "points", "yoy(sr_received)"),
    ("feedback", "sr_ontime_yoy", "points", "yoy(sr_ontime_rate)"),
    ("feedback", "sr_per100k", "per_head", "per_capita(sr_received, 100000)"),
    ("feedback", "sr_received_roll3", "items", "rolling(sr_received, 3)"),
    ("feedback", "sr_ontime_roll3", "percent", "rolling(sr_ontime_rate, 3)"),
    ("feedback", "sr_env_per100k", "per_head", "per_capita(sr_env, 100000)"),
    ("procedures", "ds_received_yoy", "points", "yoy(ds_received)"),
    ("procedures", "ds_per100k", "per_head", "per_capita(ds_received, 100000)"),
    ("procedures", "ds_online_roll3", "percent", "rolling(ds_online_share, 3)"),
    ("procedures", "ds_ontime_roll3", "percent", "rolling(ds_ontime_rate, 3)"),
    ("environment", "env_pm25_roll3", "density", "rolling(env_pm25_avg, 3)"),
    ("economy", "eco_grdp_yoy", "points", "yoy(eco_grdp)"),
]


def _common(id_: str, domain: str, unit: str) -> dict[str, object]:
    levels = ["city", "district"] if domain == "economy" else ["city", "district", "ward"]
    said = {"vi": id_, "en": id_}
    return {
        "id": id_,
        "name": said,
        "domain": domain,
        "unit": unit,
        "direction": "none",
        "levels": levels,
        "periods": ["month"],
        "owner": said,
        "source": said,
    }


def indicators() -> list[dict[str, object]]:
    """Every definition, as YAML will hold it."""
    found: list[dict[str, object]] = []
    for (domain, dataset, time), lines in MEASURES.items():
        for id_, unit, measure in lines:
            rest = {"dataset": dataset, "time": time, "measure": measure}
            found.append({**_common(id_, domain, unit), **rest})
    for domain, id_, unit, formula in FORMULAS:
        found.append({**_common(id_, domain, unit), "kind": "formula", "formula": formula})
    return found


def feeds() -> list[dict[str, object]]:
    """One feed for each dataset. They are never delivered: facts are put in place."""
    found: list[dict[str, object]] = []
    for name, (event, area, columns) in FEEDS.items():
        found.append(
            {
                "id": name,
                "name": {"vi": name, "en": name},
                "owner": {"vi": name, "en": name},
                "connector": {"path": f"{name}/*.csv"},
                "schedule": "0 * * * *",
                "key": [next(iter(columns)), *([area] if name == "socio_district" else [])],
                "event_time": event,
                "area": {"column": area},
                "columns": [
                    {
                        "name": column,
                        "type": type_,
                        **({"required": True} if column in (event, area) else {}),
                        **BOUNDS.get(column, {}),
                    }
                    for column, type_ in columns.items()
                ],
                "delivery": {"every": "31d" if name == "socio_district" else "1d", "grace": "1d"},
            }
        )
    return found


def units() -> str:
    """The 296 administrative units, as units.csv holds them."""
    lines = ["code,name_vi,name_en,level,parent,population", "C,Thành phố,City,city,,9000000"]
    for number in range(1, DISTRICTS + 1):
        name = f"{number:02d}"
        lines.append(f"D{name},Quận {name},District {name},district,C,{180_000 + 20_000 * number}")
    for number in range(1, WARDS + 1):
        district = 1 + (number - 1) * DISTRICTS // WARDS
        name = f"{number:03d}"
        lines.append(f"W{name},Phường {name},Ward {name},ward,D{district:02d},{9000 + 40 * number}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the folder."""
    note = "# Written by python -m bench.workload.define; change that and run it again.\n"
    for folder, content in (("indicators", indicators()), ("feeds", feeds())):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=150)
        (CITY / folder / "workload.yaml").write_text(note + text, encoding="utf-8")
    (CITY / "areas" / "units.csv").write_text(units(), encoding="utf-8")


if __name__ == "__main__":
    main()
