"""Published files whose rows find their areas and moments: accounts and sums agree with pandas.

That every file loads is shown by ``test_published_files``.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House


def load(house: House, path: Path) -> Any:
    target = house.inbox / "tickets" / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    [run] = house.load()
    assert run.status == "done", run
    return run


def test_dengue_months_of_one_province(build: Build, shared_data: Path) -> None:
    path = shared_data / "health" / "dengue_vietnam_province_monthly_a.csv"
    house = build(
        key=["province", "month"],
        event_time="month",
        area={"column": "province", "codes": {"HO CHI MINH CITY": "C"}},
        columns=[
            {"name": "province", "source": "adm_1_name", "type": "text", "required": True},
            {"name": "month", "source": "calendar_start_date", "type": "date", "required": True},
            {"name": "cases", "source": "dengue_total", "type": "integer", "required": True, "min": 0},
        ],
        checks=[],
    )
    run = load(house, path)
    raw = pd.read_csv(path)
    own = raw[raw["adm_1_name"] == "HO CHI MINH CITY"]
    assert (run.received, run.inserted) == (5901, len(own)) == (5901, 203)
    assert house.rows("SELECT sum(cases), max(cases) FROM fact_tickets") == [
        (own["dengue_total"].sum(), 3393)
    ]
    assert house.rows("SELECT reason, count(*) FROM quarantine GROUP BY reason") == [
        ("area_unknown", 5901 - 203)
    ]
    # A line number leads to the very line of the file.
    text = path.read_text(encoding="utf-8").splitlines()
    for line, province, month in house.rows("SELECT _line, province, month::VARCHAR FROM fact_tickets"):
        assert f",{province}," in text[line - 1]
        assert f",{month}," in text[line - 1]


def test_boston_requests(build: Build, shared_data: Path) -> None:
    path = shared_data / "complaints" / "boston_311_animal_2013_2016.csv.gz"
    raw = pd.read_csv(path, dtype=str)
    opened, closed = (
        pd.to_datetime(raw[name]).dt.tz_localize(
            "America/New_York", ambiguous=True, nonexistent="shift_forward"
        )
        for name in ("open_dt", "closed_dt")
    )
    wards = sorted(raw["ward"].dropna().unique())
    codes = {name: f"W{place}" for place, name in enumerate(wards)}
    units = "code,official,name_vi,name_en,level,parent,valid_from,valid_to\n"
    units += "C,,City,City,city,,,\nD,,D,D,district,C,,\n"
    units += "".join(f"{code},,{code},{code},ward,D,,\n" for code in codes.values())
    house = build(
        zone="America/New_York",
        units=units,
        connector={"path": "tickets/*.csv.gz"},
        area={"column": "ward", "codes": codes, "missing": "root"},
        event_time="opened",
        columns=[
            {"name": "id", "source": "case_enquiry_id", "type": "text", "required": True},
            {"name": "opened", "source": "open_dt", "type": "timestamp", "required": True},
            {"name": "due", "source": "sla_target_dt", "type": "timestamp"},
            {"name": "closed", "source": "closed_dt", "type": "timestamp"},
            {"name": "on_time", "type": "text", "values": ["ONTIME", "OVERDUE"]},
            {"name": "ward", "type": "text"},
        ],
    )
    run = load(house, path)
    early = (closed < opened).to_numpy(dtype=bool)
    repeated = raw[~early].duplicated("case_enquiry_id", keep="last").sum()
    assert run.received == len(raw) == 22078
    assert run.rejected == early.sum() + repeated
    assert early.sum() == 8
    kept = raw[~early].drop_duplicates("case_enquiry_id", keep="last")
    [row] = house.rows(
        "SELECT count(*), count(due), count(closed), count(*) FILTER (_area = 'C'), max(opened), "
        "count(DISTINCT opened__day), sum(epoch(closed - opened)) FROM fact_tickets"
    )
    spent = (closed - opened)[kept.index].dt.total_seconds().sum()
    assert row[:4] == (
        len(kept),
        kept["sla_target_dt"].notna().sum(),
        kept["closed_dt"].notna().sum(),
        kept["ward"].fillna("").str.strip().eq("").sum(),  # 39 hold a blank
    )
    assert pd.Timestamp(row[4], tz="UTC") == opened[kept.index].max()
    assert row[5] == kept["open_dt"].str[:10].nunique()
    assert row[6] == pytest.approx(spent)


def test_a_file_in_another_coding_with_line_breaks_and_a_far_header(build: Build) -> None:
    frame = pd.DataFrame(
        {"id": ["1", "2"], "opened": ["1/2/2026 8:00", "2/2/2026 9:30"], "ward": ["Phường Hai", "PHƯỜNG MỘT"]}
    )
    sink = io.StringIO()
    frame.to_csv(sink, index=False, sep=";")
    house = build(
        format={"encoding": "utf-16", "delimiter": ";", "header_row": 3},
        area={"column": "ward", "match": "name"},
        columns=[
            {"name": "id", "type": "integer", "required": True},
            {"name": "opened", "type": "timestamp", "required": True, "format": "%d/%m/%Y %H:%M"},
            {"name": "ward", "type": "text", "required": True},
        ],
        checks=[],
        units="code,official,name_vi,name_en,level,parent,valid_from,valid_to\nC,,TP,City,city,,,\n"
        "D,,Q,D,district,C,,\nW1,,Phường Một,Ward One,ward,D,,\nW2,,Phường Hai,Ward Two,ward,D,,\n",
    )
    house.deliver("a.csv", ("Report\r\n\r\n" + sink.getvalue().replace("\n", "\r\n")).encode("utf-16"))
    [run] = house.load()
    assert (run.inserted, run.rejected) == (2, 0)
    assert house.rows("SELECT id, opened::VARCHAR, _area, _line FROM fact_tickets ORDER BY id") == [
        (1, "2026-02-01 01:00:00", "W2", 4),
        (2, "2026-02-02 02:30:00", "W1", 5),
    ]
