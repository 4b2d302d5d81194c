"""Directives as rows, figures, warnings and messages: one followed to its end, many counted by pandas."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import REFERENCE_CITY, load_city
from config.models import DIRECTIVE_FIELDS
from dashboard.directives.files import fields
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from warehouse.state import Order, Result

ROOT = Path(__file__).parents[2]
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
MONDAY = dt.datetime(2026, 6, 1, 8, tzinfo=dt.timezone(7 * HOUR))
UNIT = "district_office@T1"
STOCKS = ("directives_open", "directives_overdue", "directives_unreported")
KINDS = ("feeds", "indicators", "rules")


class Town:
    """The tiny city with the reference city's feed, figures and rules of directives; its clock is set by
    hand.
    """

    def __init__(self, folder: Path, var: Path) -> None:
        self.now = MONDAY
        self.runtime = Runtime(load_city(folder), Places.of("tiny", var), clock=lambda: self.now)

    def turn(self, now: dt.datetime) -> int:
        """Go through a turn; how many rows of directives came in it."""
        self.now = now
        return sum(run.received for run in self.runtime.cycle().runs if run.feed == "directives")

    def issue(self, area: str = "T1", due: dt.datetime = MONDAY + 4 * DAY) -> int:
        order = Order("Xử lý dứt điểm", area, UNIT, due, domain="feedback")
        return self.runtime.state.directives.issue(order, "Lan", self.now, areas=None).id

    def stands(self) -> dict[tuple[str, str], str]:
        """Severities of the warnings that stand, by rule and area."""
        return {(w.rule, w.area): w.severity for w in self.runtime.state.warnings(areas=None)}

    def told(self) -> list[tuple[str, str]]:
        """Whom it told what, oldest first: office, and the first words of the subject."""
        found = reversed(self.runtime.state.outbox.messages(100))
        return [(m.office, m.subject) for m in found if m.topic == "directive"]

    def values(self, period: str) -> pd.Series:
        with self.runtime.store.read() as cursor:
            told = cursor.execute("SELECT * FROM indicator_value WHERE period = ?", [period]).df()
        return told.set_index(["indicator", "area", "start"]).value


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    folder = Path(shutil.copytree(ROOT / "tests" / "config" / "tiny", tmp_path / "tiny"))
    for kind in KINDS:
        text = (REFERENCE_CITY / kind / "directives.yaml").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if "serves:" not in line]
        (folder / kind / "directives.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "rules" / "requests.yaml").unlink()
    head = folder / "city.yaml"
    text = head.read_text(encoding="utf-8").replace(
        "domains:\n", "domains:\n  - {id: programmes, name: {vi: Chỉ đạo, en: Directives}}\n"
    )
    text += "  - {id: directives, symbol: {vi: chỉ đạo, en: directives}}\n"
    text += "  - {id: days, kind: level, decimals: 1, symbol: {vi: ngày, en: days}}\n"
    text += "directives: {remind: [1d], soon: 2d, report: 7d, follow: [city_office]}\n"
    head.write_text(text, encoding="utf-8")
    (folder / "recipients.yaml").write_text(
        "- {id: city_office, name: {vi: Văn phòng, en: Office}}\n"
        "- {id: district_office, name: {vi: Trung tâm, en: Sub-centre}, each: district}\n",
        encoding="utf-8",
    )
    made = Town(folder, tmp_path / "var")
    with made.runtime:
        yield made


def test_one_is_issued_falls_overdue_is_warned_of_closed_and_recovers(town: Town) -> None:
    kept, office, unit = town.runtime.state.directives, "city_office", UNIT
    assert town.turn(MONDAY) == 0, "nothing was issued"
    number = town.issue()
    assert town.turn(MONDAY + HOUR) == 1
    assert town.stands() == {}
    assert town.told() == [(unit, f"Chỉ đạo số {number} – Quận Một, hạn 08:00 05/06/2026")]
    assert town.turn(MONDAY + 2 * HOUR) == 0, "nothing is new"
    assert town.turn(MONDAY + DAY) == 1, "open ones are told every day"

    town.turn(MONDAY + 3 * DAY + HOUR)
    assert town.stands() == {("directives_due_soon", "T"): "watch"}
    assert town.told()[1:] == [(unit, f"Nhắc: chỉ đạo số {number} đến hạn 08:00 05/06/2026")]

    assert town.turn(MONDAY + 4 * DAY) == 1
    assert ("directives_overdue_district", "T1") not in town.stands(), "the due time itself is in time"
    assert town.turn(MONDAY + 4 * DAY + HOUR) == 1, "time alone made another thing of it"
    overdue = {("directives_overdue_district", "T1"): "serious", ("directives_overdue_city", "T"): "serious"}
    assert town.stands() == overdue
    late = f"Quá hạn: chỉ đạo số {number} – Quận Một"
    assert town.told()[2:] == [(unit, late), (office, late)]

    kept.ask_extension(number, MONDAY + 6 * DAY, "Minh", "chờ vật tư", town.now, areas=None)
    kept.answer_extension(number, True, "Lan", "", town.now, areas=None)
    town.turn(MONDAY + 5 * DAY)
    assert town.stands() == {("directives_due_soon", "T"): "watch"}, "with more time it is in time"
    town.turn(MONDAY + 8 * DAY)
    assert town.stands() == {**overdue, ("directives_unreported", "T"): "watch"}

    kept.report(number, "Minh", "Đã xong", 100, town.now, areas=None)
    town.turn(MONDAY + 8 * DAY + HOUR)
    assert town.stands() == overdue, "a report is no closure"
    kept.close(number, Result.DONE, "Lan", "", town.now, areas=None)
    town.turn(MONDAY + 8 * DAY + 2 * HOUR)
    assert town.stands() == {}
    assert town.told()[-2:] == [
        (office, f"Báo cáo chỉ đạo số {number}: 100%"),
        (unit, f"Chỉ đạo số {number} đã kết thúc: hoàn thành"),
    ]
    assert town.turn(MONDAY + 20 * DAY) == 0, "what is over is told no more"
    june = pd.Timestamp("2026-06-01")
    month = town.values("month")
    assert month["directives_on_time", "T1", june] == 0
    assert month["directives_days_late", "T1", june] == pytest.approx(2 + 1 / 24)
    assert month["directives_first_report_days", "T1", june] == pytest.approx(8)
    assert month["directives_overdue", "T1", june] == 0


def play(town: Town, seed: int, count: int) -> None:
    """Directives of three months with all that may happen to them, told at the end in one turn."""
    rng, kept = np.random.default_rng(seed), town.runtime.state.directives
    for _ in range(count):
        at = MONDAY + int(rng.integers(0, 60 * 24)) * HOUR
        due = at + int(rng.integers(1, 20 * 24)) * HOUR
        area = str(rng.choice(["T", "T1", "T2"]))
        number = kept.issue(Order("Việc", area, UNIT, due), "Lan", at, areas=None).id
        if rng.random() < 0.6:
            kept.report(number, "Minh", "Có", 50, at + int(rng.integers(1, 400)) * HOUR, areas=None)
        if rng.random() < 0.3:
            kept.ask_extension(number, due + 5 * DAY, "Minh", "chờ", at + HOUR / 2, areas=None)
            kept.answer_extension(number, bool(rng.random() < 0.5), "Lan", "lý do", at + HOUR, areas=None)
        if rng.random() < 0.6:
            result = Result.WITHDRAWN if rng.random() < 0.2 else Result.DONE
            kept.close(number, result, "Lan", "xong", at + int(rng.integers(2, 500)) * HOUR, areas=None)


def truth(town: Town) -> pd.DataFrame:
    """What the state itself holds, read without any of the product's code; times by the city's clock."""
    with sqlite3.connect(town.runtime.places.people.removeprefix("sqlite:///")) as connection:
        frame = pd.read_sql("SELECT * FROM directive", connection)
    for name in ("issued_at", "due_at", "closed_at", "reported_at"):
        frame[name] = pd.to_datetime(frame[name]) + 7 * HOUR
    return frame


def expected(rows: pd.DataFrame, start: pd.Timestamp, now: pd.Timestamp) -> dict[str, float]:
    end = min(start + pd.offsets.MonthBegin(), now)
    day = (end - pd.Timedelta(1, "us")).normalize() + DAY  # a stock is told at the end of a day
    open_ = (rows.issued_at < day) & ~(rows.closed_at < day)
    due = rows.due_at.dt.to_period("M").dt.start_time == start
    ripe = due & (rows.closed_at.notna() | (rows.due_at < now)) & (rows.result != "withdrawn")
    issued = rows[rows.issued_at.dt.to_period("M").dt.start_time == start]
    closed = rows[rows.closed_at.dt.to_period("M").dt.start_time == start]
    late = (closed.closed_at - closed.due_at).dt.total_seconds() / 86400
    owed = rows.issued_at + 7 * DAY
    answered = rows[["reported_at", "closed_at"]].min(axis=1)
    overdue = (rows.due_at < rows.closed_at.fillna(now)) & (rows.due_at < day) & ~(rows.closed_at < day)
    silent = (owed < answered.fillna(now)) & (owed < day) & ~(answered < day)
    return {
        "directives_issued": float(len(issued)) if len(issued) else np.nan,
        "directives_open": float(open_.sum()),
        "directives_overdue": float(overdue.sum()),
        "directives_unreported": float(silent.sum()),
        "directives_on_time": 100 * (rows.closed_at <= rows.due_at)[ripe].mean() if ripe.any() else np.nan,
        "directives_first_report_days": (
            (issued.reported_at - issued.issued_at).dt.total_seconds() / 86400
        ).median(),
        "directives_days_late": late[late > 0].mean() if len(late) else np.nan,
    }


def test_figures_are_what_the_state_says(town: Town) -> None:
    play(town, 1, 120)
    now = MONDAY + 90 * DAY
    town.turn(now)
    rows, month = truth(town), town.values("month")
    here = pd.Timestamp(now.replace(tzinfo=None))
    areas = {"T": rows, "T1": rows[rows.area == "T1"], "T2": rows[rows.area == "T2"]}
    for area, mine in areas.items():
        for start in pd.date_range("2026-06-01", "2026-08-01", freq="MS"):
            wanted = expected(mine, start, here)
            if start.month == 8:  # nothing was issued: what happened to older ones is told by stocks alone
                wanted = {id_: wanted[id_] for id_ in STOCKS}
            found = {id_: month.get((id_, area, start), np.nan) for id_ in wanted}
            assert found == pytest.approx(wanted, nan_ok=True), (area, start)


def test_lines_have_the_fields_that_are_promised_and_no_names_of_people(town: Town) -> None:
    number = town.issue()
    town.turn(MONDAY)
    (file,) = (town.runtime.places.inbox / "directives").iterdir()
    text = file.read_text(encoding="utf-8")
    (line,) = map(json.loads, text.splitlines())
    assert tuple(line) == DIRECTIVE_FIELDS
    assert "Lan" not in text
    found = town.runtime.state.directives.find(number, areas=None)
    assert line == fields(town.runtime.city, found, MONDAY)
    assert line["unit"] == "Trung tâm – Quận Một"


def test_files_that_were_taken_away_are_written_again_and_change_nothing(town: Town) -> None:
    town.issue()
    closed = town.issue("T2")
    town.runtime.state.directives.close(closed, Result.DONE, "Lan", "", town.now, areas=None)
    assert town.turn(MONDAY) == 2
    (file,) = (town.runtime.places.inbox / "directives").iterdir()
    file.unlink()
    with town.runtime.store.read() as cursor:
        before = cursor.execute("SELECT directive, state, due_at FROM fact_directives ORDER BY 1").fetchall()
    assert town.turn(MONDAY + HOUR) == 2
    with town.runtime.store.read() as cursor:
        again = cursor.execute("SELECT directive, state, due_at FROM fact_directives ORDER BY 1").fetchall()
    assert again == before
