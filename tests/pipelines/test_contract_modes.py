"""What becomes of a row that breaks a rule: every mode × rule × format, against a plain row checker."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config.models import Feed
from pipelines import express
from tests.pipelines.row_oracle import CHECK, COLUMNS, NAMES, Verdict, judge

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

Row = Mapping[str, str | None]

NOW = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
UNITS = """code,official,name_vi,name_en,level,parent,valid_from,valid_to
C,,Thành phố,City,city,,,
A,,Quận A,District A,district,C,,
B,,Quận B,District B,district,C,,
B1,11,Phường Một,Ward One,ward,B,,2025-07-01
B2,11,Phường Mới,New Ward,ward,B,2025-07-01,
A1,21,Phường Hai,Ward Two,ward,A,,
A2,22,Phường Tư,Ward Four,ward,A,,
A3,31,Phường Ba,Ward Three,ward,A,2025-07-01,
"""
GOOD: dict[str, str | None] = {
    "id": "T0",
    "opened": "2026-10-01 08:00:00",
    "closed": "2026-10-02 09:30:00",
    "ward": "21",
    "rating": "4",
    "channel": "app",
    "code": "AB12",
    "note": "fine",
}
# By rule: what to change in a good row, what tells the mode of it (column or area or check), its reason, and
# the modes that can be declared of it.
RULES: dict[str, tuple[dict[str, str | None], str, str, tuple[str, ...]]] = {
    "missing": ({"note": None}, "note", "missing", ("reject", "flag", "stop")),
    "type": ({"rating": "many"}, "rating", "type", ("reject", "empty", "stop")),
    "type of a time": ({"closed": "31/02/2026"}, "closed", "type", ("reject", "empty", "stop")),
    "pattern": ({"code": "ab-12"}, "code", "pattern", ("reject", "empty", "flag", "stop")),
    "value": ({"channel": "fax"}, "channel", "value", ("reject", "empty", "flag", "stop")),
    "range": ({"rating": "9"}, "rating", "range", ("reject", "empty", "flag", "stop")),
    "range of a time": (
        {"closed": "2026-11-02 10:00:01"},
        "closed",
        "range",
        ("reject", "empty", "flag", "stop"),
    ),
    "unknown area": ({"ward": "99"}, "area", "area_unknown", ("reject", "root", "stop")),
    "area before its time": (
        {"ward": "31", "opened": "2025-06-30 23:59:59"},
        "area",
        "area_not_valid_on_date",
        ("reject", "root", "stop"),
    ),
    "no area": ({"ward": None}, "area", "missing", ("reject", "root", "stop")),
    "check": (
        {"closed": "2026-09-30 00:00:00"},
        "check",
        "check:order",
        ("reject", "empty", "flag", "stop"),
    ),
}


def declared(modes: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """The parts of a feed that declare these modes."""
    columns = []
    for column in COLUMNS:
        said = {reason: mode for (name, reason), mode in modes.items() if name == column["name"]}
        columns.append({**column, "on_error": said} if said else column)
    area: dict[str, Any] = {"column": "ward", "missing": modes.get(("area", "missing"), "reject")}
    # One word holds for both ways in which a unit can be wrong.
    area["on_error"] = modes.get(("area", "area_unknown"), "reject")
    mode = modes.get(("check", "check:order"), "reject")
    check = {**CHECK, "on_error": mode} | ({"empties": ["closed"]} if mode == "empty" else {})
    return {"columns": columns, "area": area, "checks": [check]}


def as_text(rows: Sequence[Row], delimiter: str) -> bytes:
    lines = [delimiter.join(NAMES), *(delimiter.join(row[name] or "" for name in NAMES) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def as_parquet(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in NAMES})
    pq.write_table(table, sink)
    return sink.getvalue()


def as_xlsx(rows: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(NAMES)
    for row in rows:
        # Numbers and times are cells of their own type, as a department's workbook has them.
        cells: list[Any] = [row[name] for name in NAMES]
        cells[4] = int(cells[4]) if cells[4] is not None and cells[4].isdigit() else cells[4]
        sheet.append(cells)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


FORMATS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "csv": lambda rows: as_text(rows, ","),
    "tsv": lambda rows: as_text(rows, "\t"),
    "json": lambda rows: json.dumps([dict(row) for row in rows]).encode(),
    "jsonl": lambda rows: "".join(json.dumps(dict(row)) + "\n" for row in rows).encode(),
    "parquet": as_parquet,
    "xlsx": as_xlsx,
}
formats = pytest.mark.parametrize("format", FORMATS)


def first_line(format: str) -> int:
    return 1 if format in ("json", "jsonl", "parquet") else 2


def agree(house: House, rows: Sequence[Row], verdicts: Sequence[Verdict], first: int) -> None:
    """The facts, the quarantine and what is flagged are what the verdicts say. Keys must not repeat."""
    stored = {
        id: (opened, closed, rating, channel, code, note, area)
        for id, opened, closed, rating, channel, code, note, area in house.rows(
            "SELECT id, opened, closed, rating, channel, code, note, _area FROM fact_tickets"
        )
    }
    kept = [(row, verdict) for row, verdict in zip(rows, verdicts, strict=True) if not verdict.rejected]

    def utc(at: dt.datetime | None) -> dt.datetime | None:
        return None if at is None else at.astimezone(dt.UTC).replace(tzinfo=None)

    assert stored == {
        v.values["id"]: (
            utc(v.values["opened"]),
            utc(v.values["closed"]),
            *(v.values[name] for name in ("rating", "channel", "code", "note")),
            v.area,
        )
        for _, v in kept
    }
    refused = {first + n for n, verdict in enumerate(verdicts) if verdict.rejected}
    assert {line for (line,) in house.rows("SELECT line FROM quarantine")} == refused
    told = set(house.rows("SELECT line, column_name, reason, mode FROM flagged"))
    assert told == {(first + n, *note) for n, v in enumerate(verdicts) if not v.rejected for note in v.notes}


@formats
@pytest.mark.parametrize("mode", ["reject", "empty", "flag"])
def test_a_row_that_breaks_a_rule(build: Build, format: str, mode: str) -> None:
    modes: dict[tuple[str, str], str] = {}
    for _, key, reason, possible in RULES.values():
        word = "root" if key == "area" and mode == "flag" else mode
        modes[key, reason] = word if word in possible else "reject"
    if mode == "flag":  # what is not of the type can only be emptied
        modes["rating", "type"] = modes["closed", "type"] = "empty"
    house = build(units=UNITS, **declared(modes))
    rows = [GOOD, *({**GOOD, "id": f"T{n}", **rule[0]} for n, rule in enumerate(RULES.values(), start=1))]
    verdicts = [judge(row, modes, NOW) for row in rows]
    assert not verdicts[0].notes
    for verdict, (_, key, reason, _) in zip(verdicts[1:], RULES.values(), strict=True):
        assert verdict.rejected == (modes[key, reason] == "reject")
    house.deliver(f"a.{format}", FORMATS[format](rows))
    [run] = house.load()
    rejected = sum(verdict.rejected for verdict in verdicts)
    assert (run.received, run.inserted, run.rejected) == (len(rows), len(rows) - rejected, rejected)
    assert run.flagged == sum(bool(v.notes) and not v.rejected for v in verdicts)
    agree(house, rows, verdicts, first_line(format))


@formats
def test_a_row_that_stops_its_file(build: Build, format: str) -> None:
    modes = {(key, reason): "stop" for _, key, reason, _ in RULES.values()}
    house = build(units=UNITS, **declared(modes))
    for n, (rule, (change, *_)) in enumerate(RULES.items()):
        rows = [{**GOOD, "id": f"{rule} {k}"} for k in range(4)]
        rows[2] |= change
        rows[3] |= change
        house.deliver(f"{n:02}.{format}", FORMATS[format](rows))
    house.deliver(f"sound.{format}", FORMATS[format]([GOOD]))
    *stopped, sound = house.load()
    assert (sound.status, sound.inserted) == ("done", 1)
    assert house.rows("SELECT id FROM fact_tickets") == [("T0",)]
    assert house.rows("SELECT count(*) FROM quarantine") == [(0,)]
    assert house.rows("SELECT count(*) FROM flagged") == [(0,)]
    line = first_line(format) + 2
    for run, (_, key, reason, _) in zip(stopped, RULES.values(), strict=True):
        where = {"area": ", ward", "check": ""}.get(key, f", {key}")
        assert run.status == "failed", reason
        assert run.message is not None
        assert run.message.startswith(f"stopped at line {line}{where}: ")
        assert run.message.endswith("; 2 such rows in all, nothing was loaded")
        assert run.hint is not None
        assert "on_error" in run.hint


cells = {
    "id": st.sampled_from(["", *(f"K{n}" for n in range(200))]),
    "opened": st.sampled_from(["", "x", "2026-10-01 08:00:00", "2025-06-30 23:59:59", "2025-07-01"]),
    "closed": st.sampled_from(["", "x", "2026-10-02", "2024-01-01", "2026-11-02 09:59", "2026-11-02 12:00"]),
    "ward": st.sampled_from(["", "11", "21", "31", "99", "C", " 22 "]),
    "rating": st.sampled_from(["", "0", "1", "5", "6", "-1", "x", "3"]),
    "channel": st.sampled_from(["", "app", "fax"]),
    "code": st.sampled_from(["", "AB1", "ab1", "A", " XY99"]),
    "note": st.sampled_from(["", " ", "n"]),
}
row_of = st.fixed_dictionaries(
    {name: st.one_of(st.just(GOOD[name] or ""), cell) for name, cell in cells.items()}
)
mode_of = st.fixed_dictionaries(
    {
        (key, reason): st.sampled_from(possible if stop else [mode for mode in possible if mode != "stop"])
        for stop in (False,)
        for _, key, reason, possible in RULES.values()
    }
)


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(row_of, max_size=25, unique_by=lambda row: row["id"] or row["note"] + row["code"]),
    modes=mode_of,
    lane=st.booleans(),
    stop=st.sets(st.sampled_from([(key, reason) for _, key, reason, _ in RULES.values()]), max_size=1),
)
def test_any_rows_under_any_modes(
    build_once: House,
    rows: list[dict[str, str]],
    modes: dict[tuple[str, str], str],
    lane: bool,
    stop: set[tuple[str, str]],
) -> None:
    house = build_once
    modes = {**modes, **dict.fromkeys(stop, "stop")}
    modes["area", "area_not_valid_on_date"] = modes["area", "area_unknown"]
    with house.store.write() as cursor:
        for table in ("touched", "quarantine", "run", "landed", "feed_status", "flagged"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DROP TABLE IF EXISTS fact_tickets")
    for path in (house.inbox / "tickets").glob("*"):
        path.unlink()
    house.feed = Feed.model_validate({**house.feed.model_dump(by_alias=True), **declared(modes)})
    verdicts = [judge(row, modes, NOW) for row in rows]
    house.deliver("a.csv", as_text(rows, ","))
    with pytest.MonkeyPatch.context() as patch:
        if lane:  # as if the file were great: what is plainly sound goes straight to the facts
            patch.setattr(express, "LEAST_LINES", 1)
            patch.setattr(express, "MOST_LEFT", 1.0)
        [run] = house.load()
    if any(verdict.stops for verdict in verdicts):
        assert run.status == "failed"
        assert house.rows("SELECT count(*) FROM quarantine") == [(0,)]
        return
    rejected = sum(verdict.rejected for verdict in verdicts)
    assert (run.received, run.inserted, run.rejected) == (len(rows), len(rows) - rejected, rejected), run
    assert run.flagged == sum(bool(v.notes) and not v.rejected for v in verdicts)
    agree(house, rows, verdicts, 2)


@pytest.fixture
def build_once(build: Build) -> House:
    """A house whose feed the examples change in turn."""
    return build(units=UNITS, **declared({}))
