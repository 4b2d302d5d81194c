"""The contract: its SQL as golden text, and what each kind of cell becomes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import REFERENCE_CITY, load_city
from pipelines.clock import clock_of
from pipelines.contract import compile_contract
from pipelines.errors import SourceError
from pipelines.read.shape import Staged, bind, columns_of
from pipelines.spelling import name_key, spellings

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

NOW = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
GOLDEN = Path(__file__).parent / "golden"
HEADER = "id,opened,closed,ward,rating,channel\n"
NATIVE = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


@pytest.mark.parametrize(
    ("feed", "native"), [("hotline_requests", False), ("dossiers", True), ("procedures", False)]
)
def test_golden_sql(feed: str, native: bool, golden: Callable[[Path, str], None]) -> None:
    city = load_city(REFERENCE_CITY)
    model = city.feeds[feed]
    names = tuple(column.source or column.name for column in model.columns)
    types = tuple(NATIVE[column.type] if native else "VARCHAR" for column in model.columns)
    staged = Staged("SELECT * FROM delivered", names, types, "to_json(delivered)::VARCHAR")
    areas = spellings(model.area, city.areas)
    root = city.areas.root.code
    contract = compile_contract(model, staged, clock_of(city.head.timezone), areas, root, "en", now=NOW)
    golden(GOLDEN / f"{feed}.sql", contract.sql + "\n")


def load_cells(
    build: Build, type: str, cells: list[str], zone: str = "Asia/Ho_Chi_Minh", **more: Any
) -> dict[str, Any]:
    """What each cell becomes in a column of that type; the reason for those that are refused."""
    reading = more.pop("reading", {})
    house = build(
        zone=zone,
        key=["id"],
        format={"delimiter": "|", **reading},
        area={"constant": "C"},
        event_time="day",
        checks=[],
        columns=[
            {"name": "id", "type": "integer", "required": True},
            {"name": "day", "type": "date", "required": True},
            {"name": "cell", "type": type, **more},
        ],
    )
    text = "id|day|cell\n" + "".join(f"{n}|2026-01-01|{cell}\n" for n, cell in enumerate(cells))
    house.deliver("a.csv", text)
    house.load()
    found: dict[str, Any] = {}
    for n, value in house.rows("SELECT id, cell FROM fact_tickets"):
        found[cells[n]] = value
    for line, reason in house.rows("SELECT line, reason FROM quarantine"):
        found[cells[line - 2]] = reason
    return found


def test_integers(build: Build) -> None:
    assert load_cells(build, "integer", ["5", " 7 ", "-3", "2.0", "1e3", "1.5", "x", "", "  ", "9" * 25]) == {
        "5": 5,
        " 7 ": 7,
        "-3": -3,
        "2.0": 2,
        "1e3": 1000,
        "1.5": "type",
        "x": "type",
        "": None,
        "  ": None,
        "9" * 25: "type",
    }


def test_numbers_with_a_comma_and_points_between_thousands(build: Build) -> None:
    cells = ["1.234,5", "7", "-0,25", "nan", "inf", "1,2,3"]
    assert load_cells(build, "number", cells, reading={"decimal": ",", "thousands": "."}) == {
        "1.234,5": 1234.5,
        "7": 7.0,
        "-0,25": -0.25,
        "nan": "type",
        "inf": "type",
        "1,2,3": "type",
    }


@pytest.mark.parametrize(
    ("decimal", "thousands", "meant"),
    [
        (",", "", {"1,5": 1.5, "1.500": "type", "1.5": "type", "-7": -7.0}),
        (".", "", {"1.5": 1.5, "1,500": "type"}),
        (
            ".",
            ",",
            {
                "1,234,567.25": 1234567.25,
                "-1,500": -1500.0,
                "12,34": "type",
                "1,2345": "type",
                ",500": "type",
            },
        ),
        (
            ",",
            ".",
            {"1.234": 1234.0, "1.5": "type", "1234,5": 1234.5, "12.345,6": 12345.6, "1.234.5": "type"},
        ),
        (
            ",",
            " \u00a0",
            {"1 234,5": 1234.5, "1\u00a0234": 1234.0, "1.234": "type", "1 2 3": "type", "1e3": 1000.0},
        ),
        (".", "'", {"1'000": 1000.0, "1,000": "type"}),
    ],
)
def test_marks_stand_only_where_they_belong(
    build: Build, decimal: str, thousands: str, meant: dict[str, Any]
) -> None:
    """A point that is a decimal mark elsewhere must never make a number a thousand times itself."""
    found = load_cells(build, "number", list(meant), reading={"decimal": decimal, "thousands": thousands})
    assert found == meant
    whole = {
        cell: int(value) if value != "type" and value == int(value) else "type"
        for cell, value in meant.items()
    }
    assert (
        load_cells(build, "integer", list(meant), reading={"decimal": decimal, "thousands": thousands})
        == whole
    )


@pytest.mark.parametrize(
    ("months", "format", "meant"),
    [
        (
            "english",
            "%d %m %Y",
            {"1 March 2016": 3, "2 Sept. 2016": 9, "3 jan 2016": 1, "4 Mai 2016": "type"},
        ),
        ("english", "%m/%Y", {"Dec./2016": 12, "Dec/2016": 12, "5/2016": 5}),
        ("roman", "%d-%m-%Y", {"1-VIII-2016": 8, "1-iv-2016": 4, "1-XIII-2016": "type", "1-I-2016": 1}),
        (
            "vietnamese",
            "tháng %m năm %Y",
            {
                "tháng Ba năm 2016": 3,
                "tháng Năm năm 2016": 5,
                "tháng mười hai năm 2016": 12,
                "tháng 7 năm 2016": 7,
                "tháng giêng năm 2016": 1,
            },
        ),
        (
            [*"ABCDEFGH", "septiembre|setiembre", "octubre", "noviembre", "diciembre"],
            "%m %Y",
            {"a 2016": 1, "Setiembre 2016": 9, "dic 2016": "type", "12 2016": 12},
        ),
    ],
    ids=["english", "short", "roman", "vietnamese", "listed"],
)
def test_months_that_are_words(build: Build, months: Any, format: str, meant: dict[str, Any]) -> None:
    found = load_cells(build, "date", list(meant), format=format, months=months)
    assert {cell: value if value == "type" else value.month for cell, value in found.items()} == meant
    assert {value.year for value in found.values() if value != "type"} == {2016}


def test_units_in_cells_and_words_for_nothing(build: Build) -> None:
    cells = ["10.5 km/h", "N/A", " N/A ", "km/h", "12", "fast"]
    found = load_cells(build, "number", cells, strip=r"\s*km/h$", reading={"nulls": ["", "N/A"]})
    assert found == {"10.5 km/h": 10.5, "N/A": None, " N/A ": None, "km/h": None, "12": 12.0, "fast": "type"}


def test_booleans_and_patterns(build: Build) -> None:
    words = {"true": True, "0": False, "Yes": True, "không": False, "maybe": "type"}
    assert load_cells(build, "boolean", list(words)) == words
    found = load_cells(build, "text", ["AB-1", "AB-12", " AB-3 "], pattern="[A-Z]{2}-[0-9]")
    assert found == {"AB-1": "AB-1", "AB-12": "pattern", " AB-3 ": "AB-3"}


def test_dates(build: Build) -> None:
    day = dt.date(2026, 2, 1)
    cells = ["2026-02-01", "2026-02-01 00:00:00", "2026-02-01 09:00", "2026-02-30", "infinity"]
    found = load_cells(build, "date", cells)
    assert list(found.values()) == [day, day, "type", "type", "type"]
    found = load_cells(build, "date", ["1/2/2026", "2026-02-01", "2/31/2026"], format="%d/%m/%Y")
    assert list(found.values()) == [day, day, "type"]


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/New_York"])
def test_times_without_offset_are_local_and_offsets_are_honoured(build: Build, zone: str) -> None:
    local = dt.datetime(2026, 7, 5, 23, 30, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
    utc = dt.datetime(2026, 7, 5, 23, 30, tzinfo=dt.UTC).replace(tzinfo=None)
    cells = {
        "2026-07-05 23:30:00": local,
        "2026-07-05T23:30:00": local,
        "2026-07-05 23:30": local,
        "2026-07-05T23:30:00.250": local + dt.timedelta(milliseconds=250),
        "2026-07-05T23:30:00Z": utc,
        "2026-07-05T23:30Z": utc,
        "2026-07-05T23:30:00+00": utc,
        "2026-07-06T06:30:00+07:00": utc,
        "2026-07-05T16:30:00.000-07:00": utc,
        "2026-07-05 23:30:00 UTC": utc,
        "2026-07-05 25:00:00": "type",
        "tomorrow": "type",
    }
    assert load_cells(build, "timestamp", list(cells), zone=zone) == cells


MOMENTS = st.integers(0, 67 * 365 * 24 * 12).map(
    lambda steps: (
        dt.datetime(1971, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None) + steps * dt.timedelta(minutes=5)
    )
)


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/New_York", "Europe/London", "UTC"])
@settings(max_examples=50)
@given(moment=MOMENTS)
def test_the_clock_agrees_with_the_standard_library(zone: str, moment: dt.datetime) -> None:
    clock, tz = clock_of(zone), ZoneInfo(zone)
    local = moment.replace(tzinfo=tz)
    utc = local.astimezone(dt.UTC).replace(tzinfo=None)
    exists = local.astimezone(dt.UTC).astimezone(tz).replace(tzinfo=None) == moment
    once = local.utcoffset() == local.replace(fold=1).utcoffset()
    sql = f"SELECT {clock.to_utc('m')}, {clock.to_local('m')} FROM (SELECT ?::TIMESTAMP AS m)"
    with duckdb.connect() as connection:
        row = connection.execute(sql, [moment]).fetchone()
    assert row is not None
    if exists and once:
        assert row[0] == utc
    assert row[1] == moment.replace(tzinfo=dt.UTC).astimezone(tz).replace(tzinfo=None)


def test_the_day_is_the_citys_and_the_area_must_exist_on_it(house: House) -> None:
    # 17:30 UTC is past midnight in the city: the first minute of the new ward.
    house.deliver(
        "a.csv",
        HEADER
        + "1,2025-06-30T16:59:59Z,,11,,\n"
        + "2,2025-06-30T17:00:00Z,,11,,\n"
        + "3,2025-07-01 00:00:00,,11,,\n",
    )
    house.load()
    assert house.rows("SELECT id, opened__day::VARCHAR, _area FROM fact_tickets ORDER BY id") == [
        ("1", "2025-06-30", "B1"),
        ("2", "2025-07-01", "B2"),
        ("3", "2025-07-01", "B2"),
    ]


def test_an_area_before_its_time(build: Build) -> None:
    units = "code,official,name_vi,name_en,level,parent,valid_from,valid_to\n"
    units += "C,,C,C,city,,,\nD,,D,D,district,C,,\nW,,W,W,ward,D,2026-01-01,\n"
    house = build(units=units)
    house.deliver("a.csv", HEADER + "1,2025-12-31,,W,,\n2,2026-01-01,,W,,\n3,x,,W,,\n")
    house.load()
    assert house.rows("SELECT id FROM fact_tickets") == [("2",)]
    assert house.rows("SELECT line, reason, detail FROM quarantine ORDER BY line") == [
        (2, "area_not_valid_on_date", "area “W” does not exist on 2025-12-31"),
        (4, "type", "“x” is not a time"),
    ]


def test_rows_without_area(build: Build) -> None:
    columns = [
        {"name": "id", "type": "text", "required": True},
        {"name": "opened", "type": "date", "required": True},
        {"name": "ward", "type": "text"},
        {"name": "district", "type": "text"},
    ]
    text = "id,opened,ward,district\n1,2026-01-01,21,B\n2,2026-01-01,,B\n3,2026-01-01,,\n"
    for missing, expected in (
        ("root", [("1", "A1"), ("2", "B"), ("3", "C")]),
        ("reject", [("1", "A1"), ("2", "B")]),
    ):
        area = {"column": "ward", "otherwise": ["district"], "missing": missing}
        house = build(columns=columns, checks=[], area=area)
        house.deliver("a.csv", text)
        house.load()
        assert house.rows("SELECT id, _area FROM fact_tickets ORDER BY id") == expected
        assert house.reasons() == ([] if missing == "root" else [(4, "ward", "missing")])


def test_names_find_areas_in_any_spelling_but_not_two_at_once(build: Build) -> None:
    house = build(area={"column": "ward", "match": "name", "codes": {"P. Hai quận A": "A1"}})
    names = ["QUẬN  A", "District B", "Phường Một", "Phường Hai", "p. hai Quận A", "Q"]
    text = HEADER + "".join(f"{n},2025-01-01,,{name},,\n" for n, name in enumerate(names))
    house.deliver("a.csv", text)
    house.load()
    assert house.rows("SELECT id, _area FROM fact_tickets ORDER BY id") == [
        ("0", "A"),
        ("1", "B"),
        ("2", "B1"),
        ("4", "A1"),
    ]
    assert house.reasons() == [(5, "ward", "area_unknown"), (7, "ward", "area_unknown")]
    assert name_key("Hoà  Bình ") == "hoà bình"


def test_every_reason_of_a_row_is_kept_and_the_first_one_leads(house: House) -> None:
    house.deliver("a.csv", HEADER + ",2026-01-01,2025-01-01,99,7,fax\n")
    [run] = house.load()
    assert run.rejected == 1
    [(reason, problems)] = house.rows(
        "SELECT reason, json_extract_string(problems, '$[*].reason') FROM quarantine"
    )
    assert reason == "missing"
    assert problems == ["missing", "range", "value", "area_unknown", "check:order"]


def test_a_needed_column_that_is_absent_is_named_with_its_neighbour(house: House) -> None:
    with pytest.raises(SourceError, match="there is no column 'opened'") as caught:
        bind(house.feed, ["id", "openned", "ward"])
    assert "openned" in caught.value.hint
    with pytest.raises(SourceError) as caught:
        bind(house.feed, ["id;opened;ward"])
    assert "delimiter looks like ';'" in caught.value.hint


def test_headers_are_made_unique() -> None:
    assert columns_of(["\ufeffid", " a ", "", "a"]) == ("id", "a", "column 3", "a (column 4)")


def test_golden_sql_of_every_mode(build: Build, golden: Callable[[Path, str], None]) -> None:
    house = build(
        columns=[
            {"name": "id", "type": "text", "required": True},
            {"name": "opened", "type": "timestamp", "required": True, "max": "now + 1d"},
            {"name": "closed", "type": "timestamp", "on_error": {"type": "empty"}},
            {"name": "ward", "type": "text"},
            {"name": "rating", "type": "integer", "min": 1, "on_error": {"range": "empty"}},
            {"name": "channel", "type": "text", "values": ["app"], "on_error": "flag"},
            {"name": "code", "type": "text", "pattern": "[A-Z]+", "on_error": "stop"},
        ],
        area={"column": "ward", "on_error": "root"},
        checks=[
            {
                "id": "order",
                "expr": "closed >= opened",
                "message": {"en": "Closed too early"},
                "on_error": "empty",
                "empties": ["closed"],
            },
            {
                "id": "rated",
                "expr": "closed is not null or rating is null",
                "message": {"en": "Rated too early"},
            },
        ],
    )
    feed, city = house.feed, house.city
    names = tuple(column.name for column in feed.columns)
    staged = Staged("SELECT * FROM delivered", names, ("VARCHAR",) * 7, "to_json(delivered)::VARCHAR")
    areas, clock = spellings(feed.area, city.areas), clock_of(city.head.timezone)
    contract = compile_contract(feed, staged, clock, areas, city.areas.root.code, "en", now=NOW)
    assert (contract.notes, contract.halts) == (True, True)
    golden(GOLDEN / "every_mode.sql", contract.sql + "\n")
