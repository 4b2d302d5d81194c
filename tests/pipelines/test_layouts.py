"""Tables that were laid out for people: merged headers, stair-steps, totals, notes, periods as columns."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.mend import Mender
from pipelines.read.shape import joined
from tests.pipelines.conftest import NOW

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

REPORT = """SỞ Y TẾ,,,,
"Báo cáo tháng 5, năm 2024",,,,
Khu vực,Quý 1,,Quý 2,
,Nam,Nữ,Nam,Nữ
Quận A,,,,
Phường 1,1,"1,200",3,4
"Phường
2",5,..,7,8
Tổng cộng,6,"1,202",10,12
Quận B,,,,
Khu vực,Nam,Nữ,Nam,Nữ
Phường 1,9,10,11,

Nguồn: Sở Y tế,,
a note, with too many, cells, for, this, table
"""
FEED: dict[str, Any] = {
    "format": {
        "header_row": 3,
        "header_height": 2,
        "footer": "^Nguồn",
        "from_title": r"năm (?P<year>\d{4})",
        "from_name": r"(?P<sheet>[^/]+)\.\w+$",
        "leave_out": {"Khu vực": "^(Tổng|Khu vực$)"},
        "nulls": ["", ".."],
        "thousands": ",",
        "unpivot": {
            "keep": ["Khu vực"],
            "pattern": "^Quý (?P<quarter>[1-4]) (?P<sex>Nam|Nữ)$",
            "value": "people",
        },
    },
    "key": ["place", "quarter", "sex"],
    "event_time": "year",
    "area": {"constant": "C"},
    "columns": [
        {"name": "place", "source": "Khu vực", "type": "text", "required": True},
        {"name": "quarter", "type": "integer", "required": True},
        {"name": "sex", "type": "text", "values": ["Nam", "Nữ"]},
        {"name": "year", "type": "date", "format": "%Y", "required": True},
        {"name": "sheet", "type": "text"},
        {"name": "people", "type": "integer", "required": True},
        {"name": "named", "parts": ["sex", "quarter"], "type": "text"},
        {"name": "source", "constant": "health", "type": "text"},
    ],
    "checks": [],
}
MEANT = [
    ("Phường 1", 1, "Nam", 1, 6),
    ("Phường 1", 1, "Nữ", 1200, 6),
    ("Phường 1", 2, "Nam", 3, 6),
    ("Phường 1", 2, "Nữ", 4, 6),
    ("Phường\n2", 1, "Nam", 5, 7),
    ("Phường\n2", 2, "Nam", 7, 7),
    ("Phường\n2", 2, "Nữ", 8, 7),
    ("Phường 1", 1, "Nam", 9, 12),
    ("Phường 1", 1, "Nữ", 10, 12),
    ("Phường 1", 2, "Nam", 11, 12),
]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    lines: list[list[Any]] = [
        ["SỞ Y TẾ"],
        ["Báo cáo tháng 5, năm 2024"],
        ["Khu vực", "Quý 1", None, "Quý 2", None],
        [None, "Nam", "Nữ", "Nam", "Nữ"],
        ["Quận A"],
        ["Phường 1", 1, 1200, 3, 4],
        ["Phường\n2", 5, "..", 7, 8],
        ["Tổng cộng", 6, 1202, 10, 12],
        ["Quận B"],
        ["Khu vực", "Nam", "Nữ", "Nam", "Nữ"],
        [],
        ["Phường 1", 9, 10, 11, None],
        [],
        ["Nguồn: Sở Y tế"],
        ["a note", "with", "cells", 3, 4],
    ]
    for line in lines:
        sheet.append(line)
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("A3:A4")
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def rows(house: House) -> list[tuple[Any, ...]]:
    return house.rows(
        "SELECT place, quarter, sex, people, _line FROM fact_tickets ORDER BY _line, quarter, sex"
    )


@pytest.mark.parametrize("kind", ["csv", "csv in utf-16", "xlsx"])
def test_a_report_as_people_write_it(build: Build, kind: str) -> None:
    changes = FEED | {"mode": "append", "key": []}
    if kind == "csv in utf-16":
        changes = changes | {"format": {**FEED["format"], "encoding": "auto"}}
    house = build(**changes)
    if kind == "xlsx":
        house.deliver("Báo cáo.xlsx", workbook())
    else:
        house.deliver("Báo cáo.csv", REPORT.encode("utf-16" if "utf-16" in kind else "utf-8"))
    [run] = house.load()
    assert (run.status, run.received, run.inserted, run.rejected) == ("done", 10, 10, 0), run
    assert "2 rows left out: they are no data" in (run.message or "")
    assert rows(house) == MEANT
    assert house.rows("SELECT DISTINCT year::VARCHAR, sheet, source FROM fact_tickets") == [
        ("2024-01-01", "Báo cáo", "health")
    ]
    assert house.rows("SELECT named FROM fact_tickets WHERE people = 1200") == [("Nữ 1",)]


def test_a_repeated_key_of_such_a_table_is_told_by_its_line(build: Build) -> None:
    house = build(**FEED)
    house.deliver("a.csv", REPORT)
    [run] = house.load()
    assert (run.received, run.inserted, run.rejected) == (10, 7, 3)
    assert sorted(house.rows("SELECT line, detail, raw FROM quarantine"))[0] == (
        6,
        "the same key stands on line 12",
        '{"Khu vực":"Phường 1","year":"2024","sheet":"a","quarter":"1","sex":"Nam","people":"1"}',
    )


def test_a_refused_row_of_such_a_table_is_mended(build: Build) -> None:
    """What titles, names and headers said of it stands in the row that waits."""
    house = build(**FEED | {"format": {**FEED["format"], "thousands": ""}, "mode": "append", "key": []})
    house.deliver("a.csv", REPORT)
    [run] = house.load()
    assert (run.received, run.rejected) == (10, 1)
    [(id_, raw)] = house.rows("SELECT id, raw FROM quarantine")
    assert json.loads(raw)["people"] == "1,200"
    texts: dict[int, str | None] = {id_: json.dumps(json.loads(raw) | {"people": "1200"})}
    done = Mender(house.city, house.store, house.landing).mend(house.feed, texts, NOW + dt.timedelta(hours=1))
    assert (done.mended, done.refused) == (1, 0)
    assert house.rows(
        "SELECT place, quarter, sex, year::VARCHAR, sheet, named, source, people, _line FROM fact_tickets "
        "WHERE people = 1200"
    ) == [("Phường 1", 1, "Nữ", "2024-01-01", "a", "Nữ 1", "health", 1200, 6)]


STAIRS = """province,district,ward,people
Hà Nội (total),,,30
Hà Nội,Ba Đình (total),,10
,Ba Đình,Phúc Xá,4
,,Trúc Bạch,6
,Tây Hồ (total),,20
,Tây Hồ,Bưởi,20
Huế (total),,,5
Huế,,Phú Hội,5
"""


def test_a_stair_step_table_is_filled_down(build: Build) -> None:
    """The district of one province is not that of the next."""
    house = build(
        format={"fill_down": ["province", "district"], "leave_out": {"ward": "^$"}},
        key=["province", "ward"],
        event_time="day",
        area={"constant": "C"},
        columns=[
            *({"name": name, "type": "text"} for name in ("province", "district", "ward")),
            {"name": "people", "type": "integer"},
            {"name": "day", "type": "date", "constant": "2019-04-01"},
        ],
        checks=[],
    )
    house.deliver("a.csv", STAIRS)
    [run] = house.load()
    assert (run.received, run.message) == (4, "4 rows left out: they are no data")
    assert house.rows("SELECT province, district, ward, people, _line FROM fact_tickets ORDER BY _line") == [
        ("Hà Nội", "Ba Đình", "Phúc Xá", 4, 4),
        ("Hà Nội", "Ba Đình", "Trúc Bạch", 6, 5),
        ("Hà Nội", "Tây Hồ", "Bưởi", 20, 7),
        ("Huế", None, "Phú Hội", 5, 9),
    ]


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"fill_down": ["Khu vuc"]}, "no column 'Khu vuc' for format.fill_down", "Khu vực"),
        ({"leave_out": {"Khu": "x"}}, "no column 'Khu' for format.leave_out", "Khu vực"),
        ({"from_title": r"quý (?P<year>\d)"}, "finds nothing in 'SỞ Y TẾ", "from_title"),
        ({"from_name": r"_(?P<sheet>\d+)"}, "finds nothing in 'tickets/a.csv'", "from_name"),
        ({"header_height": 1}, "the header 'Quý 1' does not follow", "unpivot.keep or drop"),
        ({"header_row": 40}, "there is no header on line 40", "header_row"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_what_does_not_fit_is_told(build: Build, change: dict[str, Any], message: str, hint: str) -> None:
    house = build(**FEED | {"format": {**FEED["format"], **change}})
    house.deliver("a.csv", REPORT)
    [run] = house.load()
    assert (run.status, message in (run.message or ""), hint in (run.hint or "")) == ("failed", True, True), (
        run
    )


@given(st.lists(st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=5), min_size=1, max_size=4))
def test_a_joined_header_keeps_its_lowest_line(lines: list[list[str]]) -> None:
    names = joined(lines)
    assert len(names) == max(map(len, lines))
    for name, lowest in zip(names, lines[-1], strict=False):
        assert name.split()[-1:] == [lowest] if lowest else True
    if len(lines) == 1:
        assert names == lines[0]
