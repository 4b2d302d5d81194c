"""Refused rows from the command line: listed, exported as a sheet, mended in it, replayed, dismissed."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from config import load_city
from dashboard import cli
from dashboard.running.places import Places, serving_lock
from dashboard.running.runtime import Runtime
from pipelines import exchange
from pipelines.errors import SourceError
from pipelines.exchange import KNOWN, guard, unguard
from warehouse.quarantine import Asked
from warehouse.state import State
from warehouse.store import Store

ROOT = Path(__file__).parents[2]


def ioc(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


@given(st.text())
def test_a_guarded_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    told = guard(text)
    assert unguard(told) == text
    assert told[:1] not in tuple("=+@\t\r")
    assert not told.startswith("-") or float(told.replace(",", ".")) <= 0


TINY = ROOT / "tests" / "config" / "tiny"
HEADER = "number,received_at,closed_at,due_at,district,channel,ghi chú"
ROWS = (
    "1,2026-10-01 08:00,,,T1,web,",
    "2,2026-10-01 08:00,,,T1,fax,=HYPERLINK(1)",
    "3,2026-10-01 08:00,2026-09-01,,T9,web,-5",
    "4,2026-10-01",
    "5,soon,,,T1,web,",
)


@pytest.fixture
def loaded(tmp_path: Path) -> list[str]:
    """Options of a city whose feed delivered one sound row and four that are not; ``load`` told so."""
    options = ["--city", str(TINY), "--var", str(tmp_path / "var")]
    inbox = tmp_path / "var" / "tiny" / "inbox" / "requests"
    inbox.mkdir(parents=True)
    (inbox / "a.csv").write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    done = ioc("load", *options)
    assert done.exit_code == 0, done.output
    return options


def listed(options: list[str], *words: str) -> list[dict[str, Any]]:
    done = ioc("feed", "quarantine", "requests", "--json", *words, *options)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def at(options: list[str]) -> Places:
    return Places.of("tiny", Path(options[3]))


def test_rows_go_out_as_a_sheet_and_come_back_mended(loaded: list[str], tmp_path: Path) -> None:
    told = listed(loaded, "--language", "vi")
    assert [(row["line"], [p["reason"] for p in row["problems"]]) for row in told] == [
        (3, ["value"]),
        (4, ["area_unknown", "check:in_order"]),
        (5, ["malformed"]),
        (6, ["type"]),
    ]
    assert told[0]["problems"][0]["sentence"] == "“fax” không thuộc: phone, web"
    assert told[1]["problems"][1]["sentence"] == "Đóng trước khi nhận"
    assert told[3]["problems"][0]["sentence"] == "“soon” không phải thời điểm"
    [one] = listed(loaded, "--column", "received_at", "--language", "en")
    assert one["problems"][0]["sentence"] == "“soon” is not a time"
    assert listed(loaded, "--reason", "missing") == listed(loaded, "--file", "b.csv") == []
    assert "dòng hỏng" in ioc("feed", "quarantine", "requests", *loaded).stdout

    sheet, book = tmp_path / "out.csv", tmp_path / "out.xlsx"
    for path in (sheet, book):
        done = ioc("feed", "quarantine", "export", "requests", str(path), "--language", "vi", *loaded)
        assert done.stdout.strip() == f"4 rows → {path}".strip() or str(path) in done.stdout.replace("\n", "")
    lines = list(csv.reader(io.StringIO(sheet.read_bytes().decode("utf-8-sig"))))
    assert lines[0] == [*exchange.HEADS["vi"], *HEADER.split(",")]
    assert [line[2] for line in lines[1:]] == ["3", "4", "5", "6"]
    assert lines[1][KNOWN:] == ["2", "2026-10-01 08:00", "", "", "T1", "fax", "'=HYPERLINK(1)"]
    assert lines[2][-1] == "-5"
    assert lines[3][KNOWN - 1 :] == ["4,2026-10-01", *[""] * 7]
    cells = [[cell.value or "" for cell in row] for row in load_workbook(book).active.iter_rows()]  # type: ignore[union-attr]
    assert cells == lines

    # An agency mends it in a spreadsheet that separates by semicolons and keeps no mark at the beginning.
    lines[1][KNOWN + 5] = "web"
    lines[2][KNOWN + 4] = "T2"
    lines[3][KNOWN - 1] = "4,2026-10-01,,,T1,phone,"
    lines.append(["99", *[""] * 6, *["x"] * 7])
    mended = tmp_path / "mended.csv"
    with mended.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows(lines)
    done = ioc("feed", "mend", "requests", str(mended), "--who", "Lan", "--json", *loaded)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "run": 2, "mended": 2, "refused": 2, "gone": 1, "inserted": 2, "updated": 0, "unchanged": 0,
    }  # fmt: skip
    again = ioc("feed", "mend", "requests", str(mended), "--who", "Lan", *loaded).output
    assert "0 rows mended" in again
    assert "3 do not wait any more" in again
    rest = listed(loaded)
    assert [(row["line"], row["problems"][0]["reason"]) for row in rest] == [
        (4, "check:in_order"),
        (6, "type"),
    ]
    assert json.loads(rest[0]["edited"])["district"] == "T2"

    places = at(loaded)
    store = Store.open(places.warehouse, "UTC")
    with store.read() as cursor:
        assert cursor.execute("SELECT number, _file, _line FROM fact_requests ORDER BY 1").fetchall() == [
            (1, "requests/a.csv", 2),
            (2, "requests/a.csv", 3),
            (4, "requests/a.csv", 5),
        ]
        # What was mended is in the figures already.
        assert cursor.execute("SELECT count(*) FROM touched").fetchone() == (0,)
        deeds = [
            row[0] for row in cursor.execute("SELECT DISTINCT deed FROM quarantine WHERE deed > 0").fetchall()
        ]
    store.close()
    state = State.open(places.people)
    [entry] = state.refused_rows.told(deeds).values()
    assert (entry.who, entry.action, entry.object) == ("Lan", "mend", "quarantine requests")
    assert entry.detail == {"rows": 5, "reason": "mended.csv"}
    state.close()


def test_a_changed_contract_is_replayed_and_what_never_comes_is_dismissed(
    loaded: list[str], tmp_path: Path
) -> None:
    city = Path(shutil.copytree(TINY, tmp_path / "wider"))
    feed = city / "feeds" / "requests.yaml"
    feed.write_text(
        feed.read_text(encoding="utf-8").replace("[phone, web]", "[phone, web, fax]"), encoding="utf-8"
    )
    wider = ["--city", str(city), *loaded[2:]]
    done = ioc("feed", "replay", "requests", "--who", "Lan", "--note", "fax counts now", *wider)
    assert "1 rows mended by run 2" in done.output
    assert "3 refused again" in done.output
    assert len(listed(wider)) == 3
    for words, told in (
        (["--id", "2"], "say why the rows are dismissed"),
        (["--id", "2", "--note", "a test of the sender"], "1 rows dismissed"),
        (["--id", "2", "--note", "once more"], "0 rows dismissed"),
    ):
        assert told in ioc("feed", "dismiss", "requests", "--who", "Lan", *words, *wider).output
    assert [row["state"] for row in listed(wider, "--state", "all")] == [
        "mended",
        "dismissed",
        "waiting",
        "waiting",
    ]
    assert "1 rows wait again" in ioc("feed", "dismiss", "requests", "--undo", "--who", "Lan", *wider).output
    assert len(listed(wider)) == 3


def test_beside_a_running_server_the_server_does_it(loaded: list[str], tmp_path: Path) -> None:
    sheet = tmp_path / "out.csv"
    ioc("feed", "quarantine", "export", "requests", str(sheet), *loaded)
    text = sheet.read_bytes().decode("utf-8-sig").replace("fax", "web")
    sheet.write_text(text, encoding="utf-8")
    here, places = load_city(TINY), at(loaded)

    def asked(*words: str) -> Result:
        return ioc("feed", *words, "--who", "Lan", *loaded)

    with Runtime(here, places) as runtime, serving_lock(places):
        runtime.work.start()
        try:
            done = asked("mend", "requests", str(sheet), "--json")
            again = asked("mend", "requests", str(sheet))
            dismissed = asked("dismiss", "requests", "--reason", "malformed", "--note", "cut short")
        finally:
            runtime.work.stop()
        figures = runtime.mending.rows(Asked("requests", None))
        with runtime.store.read() as cursor:
            assert cursor.execute("SELECT count(*) FROM touched").fetchone() == (0,)
    found = json.loads(done.stdout)
    assert (found["mended"], found["refused"], found["gone"]) == (1, 3, 0)
    assert "0 rows mended" in again.stdout
    assert "3 refused again" in again.stdout
    assert "1 rows dismissed" in dismissed.stdout
    assert [row.state for row in figures] == ["mended", "waiting", "dismissed", "waiting"]


def test_what_cannot_be_done_is_said_in_a_sentence(loaded: list[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    for words, told in (
        (["mend", "requests", str(wrong), "--who", "Lan"], "is no export of the quarantine"),
        (["mend", "requests", str(tmp_path / "none.xlsx"), "--who", "Lan"], "cannot be read"),
        (["quarantine", "request"], "did you mean requests?"),
        (["quarantine", "export", "requests", str(tmp_path / "a.pdf")], "must end in .csv or .xlsx"),
        (["quarantine", "requests", "--state", "gone"], "there is no state 'gone'"),
    ):
        done = ioc("feed", *words, *loaded)
        assert done.exit_code == 1
        assert told in done.output.replace("\n", " ")
    here = load_city(TINY)
    store = Store.open(at(loaded).warehouse, here.head.timezone)
    command = [
        sys.executable,
        "-c",
        "from dashboard.cli import main; main()",
        "feed",
        "quarantine",
        "requests",
    ]
    held = subprocess.run([*command, *loaded], capture_output=True, text=True, cwd=ROOT, check=False)
    store.close()
    assert held.returncode == 1
    assert "belongs to a running server" in held.stderr
    assert "/quarantine/requests" in held.stderr
    wrong.write_text(",".join([*exchange.HEADS["en"], "x"]) + "\nx,,,,,,,1\n")
    with pytest.raises(SourceError, match="has no number"):
        exchange.read(wrong)
