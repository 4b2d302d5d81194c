"""A first definition from a file: what it says, on what evidence, and that the file then loads by it."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import string
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import REFERENCE_CITY, City, load_city
from config.loader import read_feed
from config.models import Feed
from pipelines.check import check
from pipelines.errors import SourceError
from pipelines.infer.draft import infer
from pipelines.infer.names import identifiers
from pipelines.infer.write import write
from pipelines.trial import Trial, try_file

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CITY = load_city(REFERENCE_CITY)


def drafted(city: City, path: Path) -> tuple[str, City, Feed]:
    """The text of a definition that is inferred from a file, and the feed that it defines."""
    with tempfile.TemporaryDirectory() as folder:
        text = write(infer(city, path, Path(folder)), city)
        draft = Path(folder) / "draft.yaml"
        draft.write_text(text, encoding="utf-8")
        tried, feed, problems = read_feed(draft, city)
        if feed is not None:
            problems = [problem for problem in check(tried) if problem.file == str(draft)]
    assert feed is not None, "\n".join([text, *map(str, problems)])
    assert problems == []
    return text, tried, feed


def tried(path: Path, rows: int = 0) -> tuple[str, Feed, Trial]:
    text, city, feed = drafted(CITY, path)
    return text, feed, try_file(city, feed, path, NOW, rows=rows)


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def line(text: str, start: str) -> str:
    """The line of a definition that begins so, blanks aside."""
    [found] = [each.strip() for each in text.splitlines() if each.strip().startswith(start)]
    return found


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Mã phản ánh", "ma_phan_anh"),
        ("Đơn vị xử lý", "don_vi_xu_ly"),
        ("ĐỊA CHỈ (số nhà)", "dia_chi_so_nha"),
        ("Unemployment.rate.General", "unemployment_rate_general"),
        ("2016", "n_2016"),
        ("Größe [m²]", "grosse_m2"),
        ("", "column_1"),
        ("город", "column_1"),
        ("x" * 80, "x" * 60),
    ],
)
def test_headers_of_any_language_become_identifiers(header: str, name: str) -> None:
    assert identifiers([header]) == [name]


def test_no_two_columns_get_one_name() -> None:
    found = identifiers(["Số", "so", "SO", "x" * 70, "x" * 71])
    assert len(set(found)) == 5
    assert found[:3] == ["so", "so_2", "so_3"]


REQUESTS = "\n".join(
    ["Sổ phản ánh quý 4;;;;;", "", "Mã;Tiếp nhận;Mức độ;Chi phí;Gió;Mã phường"]
    + [
        f"PA-{i:03};{i % 28 + 1:02}/11/2026 08:{i % 60:02};{['cao', 'thấp', 'vừa'][i % 3]};"
        f"{'..' if i % 9 == 0 else f'{i * 7919:,}'.replace(',', '.') + ',5'};{i}.0 km/h;{26737 + 3 * (i % 3)}"
        for i in range(1, 121)
    ]
).replace(".0 km/h", ",0 km/h")


def test_a_department_s_export_is_read_as_a_person_would(tmp_path: Path) -> None:
    path = file(tmp_path, "so_phan_anh_2026-11.csv", "\ufeff" + REQUESTS)
    text, feed, trial = tried(path, rows=1)
    assert (feed.id, feed.format.delimiter, feed.format.header_row, feed.format.decimal) == (
        "so_phan_anh",
        ";",
        3,
        ",",
    )
    assert set(feed.format.nulls) == {"", ".."}
    assert {column.name: column.type for column in feed.columns} == {
        "ma": "text",
        "tiep_nhan": "timestamp",
        "muc_do": "text",
        "chi_phi": "number",
        "gio": "number",
        "ma_phuong": "text",
    }
    columns = {column.name: column for column in feed.columns}
    assert columns["tiep_nhan"].format == "%d/%m/%Y %H:%M"
    assert columns["muc_do"].values == ("cao", "thấp", "vừa")
    assert (feed.key, feed.event_time) == (("ma",), "tiep_nhan")
    assert (feed.area.column, feed.area.match) == ("ma_phuong", "code")
    assert "day before month: 64 of 120 distinct cells can be read in no other way" in text
    assert "13 of 120 empty" in line(text, "- {name: chi_phi")
    assert (trial.received, trial.rejected) == (120, 0)
    [row] = trial.rows
    assert dict(zip(trial.columns, row, strict=True)) | {"tiep_nhan": None} == {
        "line": 4,
        "area": "26740",
        "ma": "PA-001",
        "tiep_nhan": None,
        "muc_do": "thấp",
        "chi_phi": 7919.5,
        "gio": 1.0,
        "ma_phuong": "26740",
    }


def table(folder: Path, header: str, cells: list[str], **more: list[str]) -> str:
    """The definition of a file with days, one column of these cells, and more."""
    frame = pd.DataFrame(
        {"day": pd.date_range("2026-01-01", periods=len(cells)).strftime("%Y-%m-%d"), header: cells, **more}
    )
    path = folder / "a.csv"
    frame.to_csv(path, index=False, sep=";")
    text, _, trial = tried(path)
    assert trial.rejected == 0, trial.causes
    return line(text, f"- {{name: {header}")


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    days = [f"{i:02}/{13 - i:02}/2026" for i in range(1, 13)]
    assert "day before month is a guess: no cell has a number above 12 there" in table(tmp_path, "seen", days)
    assert "format: '%m/%d/%Y'" in table(tmp_path, "seen", ["01/13/2026", *days])
    assert "digits that begin with 0 are a code" in table(tmp_path, "x", ["007", "008", "110"])
    assert "only 0 and 1" in table(tmp_path, "x", ["0", "1", "1"])
    assert "always empty" in table(tmp_path, "x", ["", "", ""])
    assert "type: boolean" in table(tmp_path, "x", ["có", "không", "có"])
    assert "format: '%Y%m%d'" in table(tmp_path, "ngay", ["20260131", "20260228", "20261201"])
    assert "type: integer" in table(tmp_path, "count", ["20260131", "20260228", "20261201"])


def test_marks_of_numbers_are_told_by_all_of_the_file(tmp_path: Path) -> None:
    small = [str(i) for i in range(1, 13)]
    assert "type: number" in table(tmp_path, "x", ["1.5", "22.25", "1000"])
    assert "12,345,678" in table(tmp_path, "x", ["12.345.678", "1.000", "5"])
    assert "1 … 2,613" in table(tmp_path, "x", ["1.613", "2.003", "2.613", *small])
    assert "1,234 … 13,574" in table(tmp_path, "x", [f"{i * 1234:,}".replace(",", ".") for i in range(1, 12)])
    assert "1.5 … 1,234,567.25" in table(tmp_path, "x", ["1 234 567,25", "1,5", "20"])
    assert "1.5 … 1,234,567.25" in table(tmp_path, "x", ["1,234,567.25", "1.5", "20"])
    assert "1 … 12.5" in table(tmp_path, "x", ["1,0 %", "12,5 %", "3,0 %"])
    assert "type: date" in table(tmp_path, "x", ["01.02.2026", "13.02.2026", "14.12.2026"])
    text, _, _ = tried(file(tmp_path, "b.csv", "day;x\n2026-01-01;1.125\n2026-01-02;7.375\n"))
    assert "every point stands before three digits: it may part thousands instead" in text


def test_a_few_slips_do_not_change_what_a_column_is(tmp_path: Path) -> None:
    cells = [str(i) for i in range(60)] + ["abc", "12O"]
    path = tmp_path / "a.csv"
    days = pd.date_range("2026-01-01", periods=62).strftime("%Y-%m-%d")
    pd.DataFrame({"day": days, "n": cells}).to_csv(path, index=False)
    text, _, trial = tried(path)
    assert "type: integer" in line(text, "- {name: n,")
    assert "2 of 62 cells are no integer: 'abc', '12O'" in line(text, "- {name: n,")
    assert (trial.accepted, trial.rejected) == (60, 2)


def test_units_that_do_not_exist_on_the_day_are_counted(tmp_path: Path) -> None:
    rows = "".join(
        f"{i},2026-01-{i:02},{code}\n" for i, code in enumerate(["26740", "26746", "26743", "26749"], 1)
    )
    text, feed, trial = tried(file(tmp_path, "a.csv", f"id,day,ward\n{rows}"))
    gone = {cause.reason: cause.rows for cause in trial.causes}["area_not_valid_on_date"]
    assert feed.area.column == "ward"
    assert f"in {gone} rows the unit does not exist on that day" in line(text, "area:")


def test_units_are_found_by_their_names_though_some_cells_are_empty(tmp_path: Path) -> None:
    rows = "".join(f"{i},2026-01-{i:02},{'' if i % 3 == 0 else 'Phường Sài Gòn'}\n" for i in range(1, 10))
    text, feed, trial = tried(file(tmp_path, "a.csv", f"id,day,place\n{rows}"))
    assert (feed.area.column, feed.area.match, feed.area.missing) == ("place", "name", "root")
    assert "100.0% of its cells are names of units" in line(text, "area:")
    assert trial.rejected == 0


def test_records_of_json_and_lines_of_json(tmp_path: Path) -> None:
    records = [
        {"id": i, "at": f"2026-11-01T0{i}:00:00+07:00", "where": {"ward": "26740"}, "ok": i > 2}
        for i in range(1, 6)
    ]
    document = file(tmp_path, "a.json", json.dumps({"meta": {"count": 5}, "result": {"records": records}}))
    lines = file(tmp_path, "b.jsonl", "\n".join(map(json.dumps, records)))
    for path, where in ((document, "result.records"), (lines, None)):
        _, feed, trial = tried(path)
        assert feed.format.records == where
        assert {column.name: column.type for column in feed.columns} == {
            "id": "text",
            "at": "timestamp",
            "where_ward": "text",
            "ok": "boolean",
        }
        assert feed.area.column == "where_ward"
        assert (trial.accepted, trial.rejected) == (5, 0)


def test_a_parquet_file_keeps_the_types_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    at = pd.date_range("2026-11-01", periods=50, freq="h")
    pd.DataFrame({"at": at, "n": range(50), "v": [i / 8 for i in range(50)]}).to_parquet(path)
    _, feed, trial = tried(path)
    assert [column.type for column in feed.columns] == ["timestamp", "integer", "number"]
    assert (trial.accepted, trial.rejected) == (50, 0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"<html></html>", "the file is a web page"),
        (b'{"a": {"b": 1}}', "the document holds no list of records"),
        (b"a,b\n", "has a header and no rows"),
    ],
)
def test_what_holds_no_table_is_said(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        infer(CITY, file(tmp_path, "a.csv", content), tmp_path)


def test_of_a_large_file_only_a_part_is_looked_at(tmp_path: Path) -> None:
    """What is told says so; the last row, of another kind, is not overlooked."""
    frame = pd.DataFrame({"id": range(700_000), "day": "2026-01-31", "text": "x" * 20})
    path = tmp_path / "a.csv"
    frame.to_csv(path, index=False)
    with path.open("a") as out:
        out.write("700000,2026-02-01,y\n")
    with tempfile.TemporaryDirectory() as folder:
        draft = infer(CITY, path, Path(folder))
    assert "rows from all over" in draft.table.looked_at
    assert len(draft.table.frame) < 100_000
    assert draft.table.frame.iloc[-1].tolist() == ["700000", "2026-02-01", "y"]
    assert draft.key is not None
    assert (draft.key.columns, draft.key.repeated) == (("id",), 0)


NAMES = st.text(string.ascii_letters + "àđĐễộưÁ éñ", min_size=1, max_size=12).map(str.strip).filter(bool)
WORDS = (
    st.text(string.ascii_letters + "đĐạộưéñç '", min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda word: any(letter.isalpha() for letter in word))
)
MOMENTS = st.builds(dt.datetime.combine, st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)), st.times())
COLUMNS = st.sampled_from(["integer", "number", "text", "date", "timestamp"])


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Small tables: a number for each row, a day, and columns of any kind, some cells empty."""
    rows = draw(st.integers(3, 12))
    days = st.dates(dt.date(1990, 1, 1), dt.date(2030, 12, 31))
    columns: dict[str, list[Any]] = {"row no": [f"r{i}" for i in range(rows)]}
    columns["happened on"] = [draw(days) for _ in range(rows)]
    for name in draw(st.lists(NAMES, max_size=4, unique_by=lambda n: n.casefold())):
        cells: dict[str, st.SearchStrategy[Any]] = {
            "integer": st.integers(-(10**6), 10**6),
            "number": st.integers(-(10**6), 10**6).map(lambda n: n / 16),
            "text": WORDS,
            "date": days,
            "timestamp": MOMENTS.map(lambda t: t.replace(microsecond=0)),
        }
        kind = cells[draw(COLUMNS)]
        columns[name] = [draw(st.one_of(kind, kind, kind, st.none())) for _ in range(rows)]
    return pd.DataFrame(columns, dtype=object)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    frame=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    comma=st.booleans(),
    slashes=st.booleans(),
)
def test_what_pandas_writes_is_inferred_and_every_row_accepted_with_its_values(
    frame: pd.DataFrame, delimiter: str, encoding: str, comma: bool, slashes: bool
) -> None:
    day = "%d/%m/%Y" if slashes else "%Y-%m-%d"

    def shown(cell: Any) -> Any:
        if isinstance(cell, dt.datetime):
            return cell.strftime(f"{day} %H:%M:%S")
        return cell.strftime(day) if isinstance(cell, dt.date) else cell

    decimal = "," if comma and delimiter != "," else "."
    written = pd.DataFrame(
        {
            name: pd.Series(
                [
                    str(cell).replace(".", decimal) if isinstance(cell, float) else shown(cell)
                    for cell in cells
                ],
                dtype=object,
            )
            for name, cells in frame.items()
        }
    )
    sink = io.StringIO()
    written.to_csv(sink, index=False, sep=delimiter)
    with tempfile.TemporaryDirectory() as folder:
        path = file(Path(folder), "a.csv", sink.getvalue().encode(encoding))
        text, feed, trial = tried(path, rows=len(frame))
    assert not trial.failed, text
    assert (trial.accepted, trial.rejected) == (len(frame), 0), (text, trial.causes)
    got = pd.DataFrame(trial.rows, columns=list(trial.columns), dtype=object)
    for column in feed.columns:
        assert column.source is not None or column.name in frame
        for cell, stored in zip(frame[column.source or column.name], got[column.name], strict=True):
            assert same(cell, stored), (text, cell, stored)


def same(cell: Any, stored: Any) -> bool:
    """Whether a stored value is the cell, which may have become a code (text) or a moment of the city."""
    match cell, stored:
        case None, None:
            return True
        case float(), float():
            return math.isclose(cell, stored, abs_tol=1e-9)
        case dt.datetime(), dt.datetime():
            return cell == stored.replace(tzinfo=None)
        case str(), str():
            return cell == stored
        case _:
            return bool(cell == stored) or str(cell) == stored


def test_the_text_is_yaml_that_says_what_the_feed_is(tmp_path: Path) -> None:
    text, feed, _ = tried(file(tmp_path, "a.csv", "id,day\n1,2026-01-02\n2,2026-01-03\n"))
    assert Feed.model_validate(yaml.safe_load(text)) == feed
