"""``ioc feed``: what it tells on a terminal and to machines."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner, Result

from config import REFERENCE_CITY, load_city
from dashboard import cli
from warehouse.store import Store

HEADER = (
    "Mã phản ánh;Thời gian tiếp nhận;Hạn xử lý;Thời gian hoàn thành;Trạng thái;Lĩnh vực;Kênh tiếp nhận;"
    "Đơn vị xử lý;Mã phường xã;Mức độ hài lòng;Ghi chú"
)
SOUND = "1022-261101-00001;01/11/2026 08:00;05/11/2026 08:00;;new;waste;app;Phường;26740;;"
CLOSED = (
    "1022-261101-00002;01/11/2026 08:10;05/11/2026 08:00;31/10/2026 08:00;closed;waste;app;Phường;26740;5;"
)
SLIP = "1022-261101-00003;2026-13-01;05/11/2026 08:00;;new;waste;fax;Phường;26740;9;gọi lại"
SHORT = "1022-261101-00004;01/11/2026 08:00"


def feed(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["feed", *map(str, words)])


def deliver(folder: Path, *lines: str) -> Path:
    path = folder / "2026-11-01.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def told(*words: object) -> tuple[int, dict[str, Any]]:
    done = feed("try", *words, "--json")
    return done.exit_code, json.loads(done.stdout)


def test_the_feeds_are_listed_as_the_folder_defines_them() -> None:
    city = load_city(REFERENCE_CITY)
    found = json.loads(feed("list", "--json").stdout)
    assert [told["id"] for told in found] == sorted(city.feeds)
    for told in found:
        defined = city.feeds[told["id"]]
        assert (told["connector"], told["schedule"]) == (defined.connector.kind, defined.schedule)
        assert (told["dataset"], told["mode"]) == (defined.table, defined.mode)
        assert told["owner"] == defined.owner.root
    shown = feed("list").stdout
    for defined in city.feeds.values():
        assert defined.id in shown
        assert defined.schedule in shown


def test_a_trial_says_what_is_accepted_and_what_is_not_and_why(tmp_path: Path) -> None:
    code, found = told("hotline_requests", deliver(tmp_path, SOUND, CLOSED, SLIP, SHORT))
    assert code == 1
    assert (found["received"], found["accepted"], found["rejected"]) == (4, 1, 3)
    assert found["format"] == {"type": "csv", "encoding": "utf-8", "delimiter": ";"}
    assert found["columns"]["bound"]["ticket_id"] == "Mã phản ánh"
    assert (found["columns"]["missing"], found["columns"]["new"]) == ([], ["Ghi chú"])
    assert [
        (refusal["line"], wrong["column"], wrong["reason"], wrong["value"])
        for refusal in found["refusals"]
        for wrong in refusal["problems"]
    ] == [
        (3, None, "check:closed_after_received", None),
        (4, "received_at", "type", "2026-13-01"),
        (4, "channel", "value", "fax"),
        (4, "satisfaction", "range", "9"),
        (5, None, "malformed", None),
    ]
    slip = found["refusals"][1]
    assert slip["problems"][1]["sentence"] == "“fax” is none of: phone, app, web, zalo, email"
    assert json.loads(slip["raw"])["Ghi chú"] == "gọi lại"
    assert found["refusals"][2]["raw"] == SHORT
    assert {(cause["reason"], cause["rows"]) for cause in found["causes"]} >= {("malformed", 1), ("range", 1)}
    [row] = found["rows"]
    assert (row["line"], row["area"], row["ticket_id"]) == (2, "26740", "1022-261101-00001")
    assert row["received_at"] == "2026-11-01T08:00:00+07:00"
    assert (row["closed_at"], row["satisfaction"]) == (None, None)


def test_the_sentences_speak_the_language_that_is_asked_for(tmp_path: Path) -> None:
    found = feed("try", "hotline_requests", deliver(tmp_path, SLIP), "--language", "vi", "--json")
    sentence = json.loads(found.stdout)["refusals"][0]["problems"][1]["sentence"]
    assert sentence == "“fax” không thuộc: phone, app, web, zalo, email"


def test_a_person_reads_the_same(tmp_path: Path) -> None:
    shown = feed("try", "hotline_requests", deliver(tmp_path, SOUND, SLIP), "--rejects", 1)
    assert shown.exit_code == 1
    assert "received 2 · accepted 1 · rejected 1" in shown.stdout
    assert "in the file, not in the contract: Ghi chú" in shown.stdout
    assert "2026-13-01" in shown.stdout
    assert "1022-261101-00001" in shown.stdout


def test_a_sound_file_ends_well_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(work))
    monkeypatch.chdir(tmp_path)
    path = deliver(tmp_path, SOUND)
    # The city's warehouse is somebody else's meanwhile.
    held = Store.open(tmp_path / "var" / "hcmc" / "warehouse.duckdb", "Asia/Ho_Chi_Minh")
    try:
        code, found = told("hotline_requests", path)
    finally:
        held.close()
    assert (code, found["accepted"], found["rejected"], found["message"]) == (0, 1, 0, None)
    assert os.listdir(work) == []
    assert sorted(os.listdir(tmp_path)) == ["2026-11-01.csv", "var", "work"]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    page = tmp_path / "a.csv"
    page.write_text("<!doctype html><p>Log in</p>", encoding="utf-8")
    code, found = told("hotline_requests", page)
    assert (code, found["status"], found["format"]) == (2, "failed", None)
    assert found["message"] == "the file is a web page or XML, not a table"
    other = tmp_path / "b.csv"
    other.write_text("Mã;Ngày\n1;2\n", encoding="utf-8")
    shown = feed("try", "hotline_requests", other)
    assert shown.exit_code == 2
    assert "there is no column 'Mã phản ánh'" in shown.stdout


def test_each_part_of_an_archive_has_its_account(tmp_path: Path) -> None:
    packed = tmp_path / "a.zip"
    with ZipFile(packed, "w") as archive:
        archive.writestr("1.csv", "\n".join((HEADER, SOUND)))
        archive.writestr("2.csv", "\n".join((HEADER, SLIP, SLIP)))
        archive.writestr("3.csv", "Mã\n1\n")
    code, found = told("hotline_requests", packed)
    assert code == 2
    assert [(part["status"], part["received"], part["rejected"]) for part in found["parts"]] == [
        ("done", 1, 0),
        ("done", 2, 2),
        ("failed", 0, 0),
    ]
    assert (found["received"], found["accepted"], found["status"]) == (3, 1, "failed")
    assert found["message"].startswith("there is no column 'Mã phản ánh'")
    assert "3.csv" in feed("try", "hotline_requests", packed).stdout


@pytest.mark.parametrize(
    ("chosen", "file", "sentence"),
    [
        (
            "hotline_request",
            "a.csv",
            "there is no feed and no file 'hotline_request' (did you mean hotline_requests",
        ),
        ("hotline_requests", "b.csv", "there is no file"),
        ("hotline_requests", "a.csv.part", "its name or its size says that it is still being written"),
    ],
)
def test_what_cannot_be_tried_is_named(tmp_path: Path, chosen: str, file: str, sentence: str) -> None:
    for name in ("a.csv", "a.csv.part"):
        (tmp_path / name).write_text(HEADER, encoding="utf-8")
    done = feed("try", chosen, tmp_path / file)
    assert done.exit_code == 2
    assert sentence in done.stderr


DEFINITION = """
id: desk
name: {vi: Quầy, en: Desk}
owner: {vi: Quầy, en: Desk}
connector: {path: desk/*.csv}
schedule: "0 6 * * *"
key: [number]
event_time: opened
area: {constant: "79"}
columns:
  - {name: number, type: integer}
  - {name: opened, type: date}
delivery: {every: 1d, grace: 12h}
"""


def test_a_definition_that_is_not_in_the_city_yet_is_tried_from_its_file(tmp_path: Path) -> None:
    definition, file = tmp_path / "desk.yaml", tmp_path / "odd [1].csv"
    definition.write_text(DEFINITION, encoding="utf-8")
    file.write_text("number,opened\n1,2026-01-02\n", encoding="utf-8")
    code, found = told(definition, file)
    assert (code, found["feed"], found["accepted"]) == (0, "desk", 1)
    definition.write_text(DEFINITION.replace("event_time: opened", "event_time: oppened"), encoding="utf-8")
    done = feed("try", definition, file)
    assert done.exit_code == 2
    assert f"{definition}:8: feed desk.event_time: column 'oppened' is unknown" in done.stderr
    definition.write_text(DEFINITION.replace('"0 6 * * *"', '"0 6 * * 1"'), encoding="utf-8")
    assert "feed desk.schedule: weekday '1' is a number" in feed("try", definition, file).stderr
    definition.write_text("", encoding="utf-8")
    assert "holds 0 feeds" in feed("try", definition, file).stderr


def test_a_definition_is_guessed_from_a_file_and_tried(tmp_path: Path) -> None:
    file, draft = (
        deliver(tmp_path, *(SOUND.replace("00001", f"{i:05}") for i in range(1, 40))),
        tmp_path / "d.yaml",
    )
    assert feed("infer", file, "--id", "phan_anh", "--out", draft).exit_code == 0
    code, found = told(draft, file)
    assert (code, found["feed"], found["accepted"]) == (0, "phan_anh", 39)
    assert found["columns"]["bound"]["ma_phuong_xa"] == "Mã phường xã"
    again = feed("infer", file, "--id", "phan_anh", "--out", draft)
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    shown = feed("infer", file, "--id", "phan_anh")
    assert (shown.exit_code, shown.stdout) == (0, draft.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["missing.csv"], "there is no file"),
        (["a.csv"], "a.csv: the file is empty (0 bytes)"),
        (["a.csv", "--id", "Phản ánh"], "--id: 'Phản ánh' is not an identifier"),
    ],
)
def test_what_cannot_be_guessed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").touch()
    done = feed("infer", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_what_is_accepted_all_the_same_is_told_with_what_is_done(tmp_path: Path) -> None:
    definition, file = tmp_path / "desk.yaml", tmp_path / "a.csv"
    rules = "{name: number, type: integer}\n  - {name: n, type: integer, max: 9, on_error: {range: empty}}"
    definition.write_text(DEFINITION.replace("{name: number, type: integer}", rules), encoding="utf-8")
    file.write_text("number,n,opened\n1,5,2026-01-02\n2,50,2026-01-03\n", encoding="utf-8")
    code, found = told(definition, file)
    assert (code, found["accepted"], found["rejected"], found["flagged"]) == (0, 2, 0, 1)
    [flag] = found["flags"]
    assert (flag["line"], flag["column"], flag["reason"]) == (3, "n", "range")
    assert (flag["value"], flag["mode"]) == ("50", "empty")
    assert [row["n"] for row in found["rows"]] == [5, None]
    shown = feed("try", definition, file).stdout
    assert "accepted 2 (1 of them flagged)" in shown
    assert "emptied" in shown
