"""One contract, every format: the same rows are accepted, the same defects refused for the same reason."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

Row = Mapping[str, Any]

COLUMNS = ("id", "opened", "closed", "ward", "rating", "channel")
GOOD: Row = {
    "id": "T1",
    "opened": "2026-10-01 08:00:00",
    "closed": "2026-10-02 09:30:00",
    "ward": "21",
    "rating": 4,
    "channel": "app",
}
DEFECTS: dict[str, tuple[Row, str, str | None]] = {
    "type": ({"opened": "31/02/2026"}, "type", "opened"),
    "missing": ({"id": None}, "missing", "id"),
    "value": ({"channel": "fax"}, "value", "channel"),
    "range": ({"rating": 9}, "range", "rating"),
    "area": ({"ward": "99"}, "area_unknown", "ward"),
    "check": ({"closed": "2026-09-30 00:00:00"}, "check:order", None),
}


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> dt.datetime:
    """A moment as the warehouse gives it: without zone."""
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC).replace(tzinfo=None)


def as_csv(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(COLUMNS)]
    lines += [delimiter.join("" if row[c] is None else str(row[c]) for c in COLUMNS) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def as_parquet(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({c: pa.array([row[c] for row in rows]) for c in COLUMNS}), sink)
    return sink.getvalue()


def as_xlsx(rows: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([row[c] for c in COLUMNS])
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def as_json(rows: Sequence[Row]) -> bytes:
    return json.dumps({"answer": {"items": [dict(row) for row in rows]}}).encode()


def as_jsonl(rows: Sequence[Row]) -> bytes:
    return "".join(json.dumps(dict(row)) + "\n" for row in rows).encode()


FORMATS: dict[str, tuple[str, Callable[[Sequence[Row]], bytes], dict[str, Any]]] = {
    "csv": ("a.csv", as_csv, {}),
    "csv.gz": ("a.csv.gz", lambda rows: gzip.compress(as_csv(rows)), {}),
    "tsv": ("a.tsv", lambda rows: as_csv(rows, "\t"), {}),
    "utf-16": ("a.csv", lambda rows: as_csv(rows).decode().encode("utf-16"), {"encoding": "utf-16"}),
    "json": ("a.json", as_json, {"records": "answer.items"}),
    "jsonl": ("a.jsonl", as_jsonl, {}),
    "parquet": ("a.parquet", as_parquet, {}),
    "xlsx": ("a.xlsx", as_xlsx, {}),
}
formats = pytest.mark.parametrize("format", FORMATS)


def as_ods(rows: Sequence[Row]) -> bytes:
    def cell(value: Any) -> str:
        if isinstance(value, int):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        return (
            f'<table:table-cell office:value-type="string"><text:p>{value or ""}</text:p></table:table-cell>'
        )

    lines = [COLUMNS, *([row[c] for c in COLUMNS] for row in rows)]
    table = "".join(f"<table:table-row>{''.join(map(cell, line))}</table:table-row>" for line in lines)
    names = " ".join(
        f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {names} office:version="1.3"><office:body>'
        f'<office:spreadsheet><table:table table:name="Data">{table}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    return as_zip(
        {
            "mimetype": kind.encode(),
            "META-INF/manifest.xml": manifest.encode(),
            "content.xml": content.encode(),
        }
    )


def as_zip(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return sink.getvalue()


PACKED: dict[str, tuple[str, Callable[[Sequence[Row]], bytes], dict[str, Any]]] = {
    "tsv.gz": ("a.tsv.gz", lambda rows: gzip.compress(as_csv(rows, "\t")), {}),
    "json.gz": ("a.json.gz", lambda rows: gzip.compress(as_json(rows)), {"records": "answer.items"}),
    "jsonl.gz": ("a.jsonl.gz", lambda rows: gzip.compress(as_jsonl(rows)), {}),
    "parquet.gz": ("a.parquet.gz", lambda rows: gzip.compress(as_parquet(rows)), {}),
    "xlsx.gz": ("a.xlsx.gz", lambda rows: gzip.compress(as_xlsx(rows)), {}),
    "xlsx named xls": ("a.xls", as_xlsx, {}),
    "ods": ("a.ods", as_ods, {}),
}
ZIPPED: dict[str, tuple[str, Callable[[Sequence[Row]], bytes], dict[str, Any]]] = {
    "zip": ("a.csv", as_csv, {}),
    "zip.gz": ("a.csv", as_csv, {}),
    "zip with xlsx": ("a.xlsx", as_xlsx, {}),
    "zip with jsonl.gz": ("x/a.jsonl.gz", lambda rows: gzip.compress(as_jsonl(rows)), {}),
    "zip of parquet": ("a.dat", as_parquet, {"type": "parquet"}),
}


def deliver(build: Build, format: str, rows: Sequence[Row]) -> House:
    if format in ZIPPED:
        member, write, options = ZIPPED[format]
        packed = as_zip({member: write(rows), "__MACOSX/._a": b"", "x/.DS_Store": b""})
        house = build(connector={"path": "tickets/*"}, format=options)
        is_gz = format.endswith("zip.gz")
        house.deliver("a.zip.gz" if is_gz else "a.zip", gzip.compress(packed) if is_gz else packed)
        return house
    name, write, options = (FORMATS | PACKED)[format]
    house = build(format=options)
    house.deliver(name, write(rows))
    return house


@pytest.mark.parametrize("format", FORMATS | PACKED | ZIPPED)
def test_a_good_row_arrives_as_it_was_meant(build: Build, format: str) -> None:
    house = deliver(build, format, [GOOD, {**GOOD, "id": "T2", "closed": None, "rating": None, "ward": "22"}])
    [run] = house.load()
    assert (run.status, run.received, run.inserted) == ("done", 2, 2), run
    facts = house.rows(
        "SELECT id, opened, opened__day, closed, ward, rating, channel, _area, _run, _file, _line "
        "FROM fact_tickets ORDER BY id"
    )
    opened, day = utc(2026, 10, 1, 1, 0), dt.date(2026, 10, 1)
    if format in ZIPPED:
        name = f"tickets/a.zip{'.gz' if format.endswith('zip.gz') else ''}/{ZIPPED[format][0]}"
    else:
        name = "tickets/" + (FORMATS | PACKED)[format][0]
    first = 1 if "json" in name or "parquet" in format else 2
    assert facts == [
        ("T1", opened, day, utc(2026, 10, 2, 2, 30), "21", 4, "app", "A1", run.id, name, first),
        ("T2", opened, day, None, "22", None, "app", "A2", run.id, name, first + 1),
    ]


@formats
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_has_the_same_reason_everywhere(build: Build, format: str, defect: str) -> None:
    change, reason, column = DEFECTS[defect]
    bad = {**GOOD, "id": "T9", **change}
    house = deliver(build, format, [GOOD, bad, {**GOOD, "id": "T3"}])
    [run] = house.load()
    assert (run.received, run.inserted, run.rejected) == (3, 2, 1)
    [(line, found, code, detail, raw, problems)] = house.rows(
        "SELECT line, column_name, reason, detail, raw, problems FROM quarantine"
    )
    assert (found, code) == (column, reason)
    assert line == {"json": 2, "jsonl": 2, "parquet": 2}.get(format, 3)
    assert detail
    assert json.loads(problems)[0]["reason"] == reason
    told = {key: None if value is None else str(value) for key, value in json.loads(raw).items()}
    assert told == {key: None if value is None else str(value) for key, value in bad.items()}


@formats
@pytest.mark.parametrize("rule", ["last", "first", "reject"])
def test_a_key_that_repeats_in_a_file_is_refused(build: Build, format: str, rule: str) -> None:
    name, write, options = FORMATS[format]
    house = build(format=options, duplicates=rule)
    rows = [GOOD, {**GOOD, "id": "T2"}, {**GOOD, "rating": 1}, {**GOOD, "rating": 2}]
    house.deliver(name, write(rows))
    [run] = house.load()
    kept, others, told = {
        "last": ([2], [4, 1], [4, 4]),
        "first": ([4], [1, 2], [1, 1]),
        "reject": ([], [4, 1, 2], [3, 4, 1]),  # nobody knows which is right; each names another one
    }[rule]
    assert (run.received, run.inserted, run.rejected) == (4, 1 + len(kept), len(others))
    assert house.rows("SELECT rating FROM fact_tickets WHERE id = 'T1'") == [(value,) for value in kept]
    refused = house.rows("SELECT reason, detail, raw FROM quarantine ORDER BY line")
    offset = 0 if format in ("json", "jsonl", "parquet") else 1
    assert [(code, detail) for code, detail, _ in refused] == [
        ("duplicate_key", f"the same key stands on line {line + offset}") for line in told
    ]
    assert [int(json.loads(raw)["rating"]) for _, _, raw in refused] == others


@formats
def test_a_key_that_repeats_may_stop_the_file(build: Build, format: str) -> None:
    name, write, options = FORMATS[format]
    house = build(format=options, duplicates="stop")
    house.deliver(name, write([GOOD, {**GOOD, "id": "T2"}, {**GOOD, "rating": 1}]))
    [run] = house.load()
    first = 1 if format in ("json", "jsonl", "parquet") else 2
    assert run.status == "failed"
    assert run.message == (
        f"stopped at line {first + 2}, id: the same key stands on line {first}; 1 such rows in all, "
        "nothing was loaded"
    )


def test_typed_parquet_is_read_by_its_types(build: Build) -> None:
    house = build()
    zone = dt.timezone(dt.timedelta(hours=2))
    sink = io.BytesIO()
    table = pa.table(
        {
            "id": pa.array([1, 2, 3, 4], pa.int32()),
            "opened": pa.array([dt.datetime(2026, 1, 1, 0, 30, tzinfo=zone)] * 4, pa.timestamp("us", "UTC")),
            "closed": pa.array([utc(2026, 1, 1, 7, 0)] * 4, pa.timestamp("ms")),
            "ward": pa.array(["21"] * 4).dictionary_encode(),
            "rating": pa.array([1.0, 2.5, float("nan"), None], pa.float64()),
            "channel": pa.array(["app"] * 4, pa.large_string()),
        }
    )
    pq.write_table(table, sink)
    house.deliver("a.parquet", sink.getvalue())
    [run] = house.load()
    assert (run.inserted, run.rejected) == (2, 2)
    assert house.rows("SELECT id, opened, opened__day, closed, rating FROM fact_tickets ORDER BY id") == [
        ("1", utc(2025, 12, 31, 22, 30), dt.date(2026, 1, 1), utc(2026, 1, 1), 1),
        ("4", utc(2025, 12, 31, 22, 30), dt.date(2026, 1, 1), utc(2026, 1, 1), None),
    ]
    assert house.reasons() == [(2, "rating", "type"), (3, "rating", "type")]


def test_workbook_cells_of_every_kind(build: Build) -> None:
    house = build(format={"header_row": 3, "sheet": "Data"})
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    sheet.append(["Report of October"])
    sheet.append([])
    sheet.append([*COLUMNS, None])
    sheet.append([7, utc(2026, 10, 1, 8, 0), dt.date(2026, 10, 5), 21, 3.0, "web"])
    sheet.append([])
    sheet.append([8, "2026-10-01 08:00", None, "22", "3.5", "web"])
    sink = io.BytesIO()
    book.save(sink)
    house.deliver("a.xlsx", sink.getvalue())
    [run] = house.load()
    assert (run.received, run.inserted, run.rejected) == (2, 1, 1)
    assert house.rows("SELECT id, opened, closed, ward, rating, _line FROM fact_tickets") == [
        ("7", utc(2026, 10, 1, 1, 0), utc(2026, 10, 4, 17, 0), "21", 3, 4)
    ]
    assert house.reasons() == [(6, "rating", "type")]


def test_a_cell_whose_formula_failed_is_not_empty(build: Build) -> None:
    house = build(format={"nulls": ["", "#N/A"]})
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(COLUMNS)
    for place, failed in enumerate(["#N/A", "#DIV/0!"]):
        sheet.append([f"T{place}", "2026-10-01 08:00:00", None, "21", failed, "web"])
        sheet.cell(row=place + 2, column=5).data_type = "e"
    sink = io.BytesIO()
    book.save(sink)
    house.deliver("a.xlsx", sink.getvalue())
    [run] = house.load()
    assert (run.inserted, run.rejected) == (1, 1)
    assert house.rows(
        "SELECT line, column_name, json_extract_string(problems, '$[0].value') FROM quarantine"
    ) == [(3, "rating", "#DIV/0!")]


def test_each_sheet_that_a_pattern_names_is_a_file_of_its_own(build: Build) -> None:
    book = openpyxl.Workbook()
    for title, id_ in (("Q1", "T1"), ("Q2", "T2"), ("Notes", "T3")):
        sheet = book.create_sheet(title)
        sheet.append(COLUMNS)
        sheet.append([{**GOOD, "id": id_}[c] for c in COLUMNS])
    sink = io.BytesIO()
    book.save(sink)
    house = build(format={"sheet": "Q?"})
    house.deliver("a.xlsx", sink.getvalue())
    assert [(run.file, run.inserted) for run in house.load()] == [
        ("tickets/a.xlsx/Q1", 1),
        ("tickets/a.xlsx/Q2", 1),
    ]
    assert house.rows("SELECT id, _file, _line FROM fact_tickets ORDER BY id") == [
        ("T1", "tickets/a.xlsx/Q1", 2),
        ("T2", "tickets/a.xlsx/Q2", 2),
    ]
    assert house.load() == []


def test_each_member_of_an_archive_has_its_own_account(build: Build) -> None:
    """What cannot be read stops no other, and an archive that was read is not looked at again."""
    house = build(format={"member": "data/*"})
    other = b"id,title\n1,x\n"
    members = {
        "data/1.csv": as_csv([GOOD]),
        "data/2.csv": other,
        "data/3.jsonl": as_jsonl([{**GOOD, "id": "T3"}, {**GOOD, "id": None}]),
        "data/4.csv": as_csv([{**GOOD, "rating": 1}]),
        "read me.txt": b"hello",
    }
    house.deliver("a.zip", as_zip(members))
    runs = sorted(house.load(), key=lambda run: run.file)
    assert [(run.file, run.status, run.inserted, run.updated, run.rejected) for run in runs] == [
        ("tickets/a.zip/data/1.csv", "done", 1, 0, 0),
        ("tickets/a.zip/data/2.csv", "failed", 0, 0, 0),
        ("tickets/a.zip/data/3.jsonl", "done", 1, 0, 1),
        ("tickets/a.zip/data/4.csv", "done", 0, 1, 0),
    ]
    assert house.rows("SELECT id, rating, _file FROM fact_tickets ORDER BY id") == [
        ("T1", 1, "tickets/a.zip/data/4.csv"),
        ("T3", 4, "tickets/a.zip/data/3.jsonl"),
    ]
    assert house.rows("SELECT line, column_name FROM quarantine") == [(2, "id")]
    assert house.load() == []
    assert not list((house.landing / ".work").iterdir())
    house.deliver("b.zip", as_zip(members | {"data/2.csv": as_csv([{**GOOD, "id": "T2"}])}))
    assert [(run.status, run.inserted, run.unchanged) for run in house.load()] == [
        ("done", 0, 0),
        ("done", 1, 0),
        ("done", 0, 1),
        ("done", 0, 0),
    ]


def test_of_several_members_none_is_the_whole_state(build: Build) -> None:
    """The second would delete what the first one brought."""
    house = build(mode="snapshot")
    house.deliver("a.zip", as_zip({"1.csv": as_csv([GOOD]), "2.csv": as_csv([{**GOOD, "id": "T2"}])}))
    [run] = house.load()
    assert (run.file, run.status, run.hint) == (
        "tickets/a.zip",
        "failed",
        "set format.member or format.sheet to one of them, or snapshot.within to what tells them apart",
    )
    house.deliver("b.zip", as_zip({"1.csv": as_csv([GOOD])}))
    assert [(run.file, run.inserted) for run in house.load()] == [("tickets/b.zip/1.csv", 1)]
    within = build(mode="snapshot", snapshot={"within": ["channel"]}, key=["id", "channel"])
    rows = as_csv([GOOD]), as_csv([{**GOOD, "id": "T2", "channel": "web"}])
    within.deliver("a.zip", as_zip({"1.csv": rows[0], "2.csv": rows[1]}))
    assert [run.inserted for run in within.load()] == [1, 1]
    assert within.rows("SELECT count(*) FROM fact_tickets") == [(2,)]


@pytest.mark.parametrize("case", ["cut", "flipped", "nothing", "password"])
def test_an_archive_that_cannot_be_unpacked_is_told(build: Build, case: str) -> None:
    house = build(format={"member": "*.csv"})
    packed = bytearray(as_zip({"a.csv": as_csv([GOOD] * 50)}))
    if case == "cut":
        del packed[-30:]
    elif case == "flipped":
        packed[60] ^= 0xFF
    elif case == "nothing":
        packed = bytearray(as_zip({"a.xlsx": b""}))
    else:
        flags = packed.index(b"PK\x01\x02") + 8
        packed[flags] |= 1
        packed[6] |= 1
    house.deliver("a.zip", bytes(packed))
    [run] = house.load()
    told = {
        "cut": "the archive cannot be unpacked: File is not a zip file",
        "flipped": "the archive cannot be unpacked: ",
        "nothing": "the archive has no member '*.csv'",
        "password": "the archive has a password",
    }
    assert (run.status, (run.message or "").startswith(told[case])) == ("failed", True), run
    assert house.load() == []


def test_records_below_keys(build: Build) -> None:
    """Objects keyed by what they are of, lists in them, and records that are bare values."""
    columns = [
        {"name": "id", "source": "station", "type": "text", "required": True},
        {"name": "place", "source": "n", "type": "integer", "required": True},
        {"name": "opened", "source": "at", "type": "timestamp", "required": True},
        {"name": "value", "source": "v[1]", "type": "integer", "required": True},
    ]
    changes: dict[str, Any] = {
        "key": ["id", "place"],
        "area": {"constant": "C"},
        "columns": columns,
        "checks": [],
    }
    house = build(format={"records": "data.{station}.readings.{n}"}, **changes)
    reading = {"at": "2026-10-01 08:00:00", "v": [7, 8]}
    content = {
        "data": {"A/1 ~x": {"readings": [reading, reading | {"v": [1]}]}, 'B"2': {"readings": [reading]}}
    }
    house.deliver("a.json", json.dumps(content))
    [run] = house.load()
    assert (run.received, run.inserted, run.rejected) == (3, 2, 1), run
    assert house.rows("SELECT id, place, value, _line FROM fact_tickets ORDER BY _line") == [
        ("A/1 ~x", 0, 8, 1),
        ('B"2', 0, 8, 3),
    ]
    [(line, raw)] = house.rows("SELECT line, raw FROM quarantine")
    assert (line, json.loads(raw)) == (2, {**reading, "v": [1], "station": "A/1 ~x", "n": "1"})
    house.deliver("b.json", json.dumps({"data": {"A": {"reading": []}}}))
    [failed] = house.load()
    assert failed.message == "there is no list of records at 'data.{station}.readings.{n}'"

    columns[2:] = [{"name": "opened", "source": "$", "type": "timestamp", "required": True}]
    bare = build(format={"records": "{station}.{n}"}, **changes)
    bare.deliver("a.json", json.dumps({"A": ["2026-10-01 08:00:00", "2026-10-02 08:00:00"], "B": []}))
    [run] = bare.load()
    assert (run.received, run.inserted) == (2, 2)
    assert bare.rows("SELECT id, place, opened::VARCHAR FROM fact_tickets ORDER BY place") == [
        ("A", 0, "2026-10-01 01:00:00"),
        ("A", 1, "2026-10-02 01:00:00"),
    ]
