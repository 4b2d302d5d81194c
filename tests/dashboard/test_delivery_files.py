"""Due deliveries as rows and figures: real files with their times, loaded turn by turn by a running city."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from config import REFERENCE_CITY, load_city
from config.models import DELIVERY_FIELDS
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime

ROOT = Path(__file__).parents[2]
HEAD = "number,received_at,closed_at,due_at,district,channel\n"
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MONDAY = dt.datetime(2026, 6, 1, 9, tzinfo=dt.timezone(7 * HOUR))
"""Each Monday at 9 requests are due, with a day of grace."""


class Turns:
    """A running city whose clock is set by hand."""

    def __init__(self, folder: Path, var: Path) -> None:
        self.now = MONDAY
        city = load_city(folder)
        self.runtime = Runtime(city, Places.of(city.head.id, var), clock=lambda: self.now)
        self.number = 0

    def deliver(self, at: dt.datetime, *, packed: bool = False, districts: tuple[str, ...] = ("T1",)) -> None:
        """Put a file into the inbox that the agency wrote at this time, of the day before."""
        folder = self.runtime.places.inbox / "requests"
        folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for district in districts:
            self.number += 1
            lines.append(f"{self.number},{at.date() - DAY} 08:00,,,{district},web\n")
        path = folder / f"r{self.number}.csv"
        path.write_text(HEAD + "".join(lines), encoding="utf-8")
        if packed:
            with ZipFile(folder / f"r{self.number}.zip", "w") as archive:
                archive.write(path, "a.csv")
            path.unlink()
            path = folder / f"r{self.number}.zip"
        os.utime(path, (at.timestamp(),) * 2)

    def turn(self, now: dt.datetime) -> int:
        """Go through one turn; how many rows of due deliveries were received in it."""
        self.now = now
        return sum(run.received for run in self.runtime.cycle().runs if run.feed == "deliveries")

    def facts(self) -> list[tuple[str, str, float | None, int]]:
        """Day due, state, hours late and reminders of the requests."""
        with self.runtime.store.read() as cursor:
            return cursor.execute(
                "SELECT strftime(due_at + INTERVAL 7 HOUR, '%m-%d %H'), state, late_hours, reminders"
                " FROM fact_deliveries WHERE feed = 'requests' ORDER BY due_at"
            ).fetchall()

    def value(self, indicator: str, start: dt.date) -> float | None:
        with self.runtime.store.read() as cursor:
            row = cursor.execute(
                "SELECT value FROM indicator_value WHERE indicator = ? AND period = 'month' AND start = ?",
                [indicator, start],
            ).fetchone()
        return None if row is None else row[0]


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    """The tiny city with the reference city's feed of deliveries and its figures."""
    folder = Path(shutil.copytree(ROOT / "tests" / "config" / "tiny", tmp_path / "tiny"))
    feed = (REFERENCE_CITY / "feeds" / "deliveries.yaml").read_text(encoding="utf-8")
    (folder / "feeds" / "deliveries.yaml").write_text(feed.replace('"79"', "T"), encoding="utf-8")
    figures = (REFERENCE_CITY / "indicators" / "deliveries.yaml").read_text(encoding="utf-8")
    figures = re.sub(r"(?m)^  serves: .*\n", "", figures)  # the tiny city has no such rows
    (folder / "indicators" / "deliveries.yaml").write_text(figures, encoding="utf-8")
    requests = folder / "feeds" / "requests.yaml"
    text = requests.read_text(encoding="utf-8").replace("coverage: city", "coverage: district")
    text = text.replace("delivery: {every: 7d,", 'delivery: {every: 7d, due: "0 9 * * mon",')
    text = text.replace("requests/*.csv", "requests/*")
    text = re.sub(r"(delivery: .*)\}", r"\1, remind: [hotline]}", text)
    requests.write_text(text, encoding="utf-8")
    head = folder / "city.yaml"
    text = head.read_text(encoding="utf-8")
    text = text.replace(
        "domains:\n", "domains:\n  - {id: data_operations, name: {vi: Vận hành, en: Operations}}\n"
    )
    text += "  - {id: reminders, symbol: {vi: lần, en: times}}\n"
    text += "  - {id: hours, kind: level, decimals: 1, symbol: {vi: giờ, en: hours}}\n"
    text += "obligations: {review: 3, escalate: 4, review_to: [office], escalate_to: [leaders]}\n"
    head.write_text(text, encoding="utf-8")
    names = {"hotline": "Tổng đài", "office": "Văn phòng", "leaders": "Lãnh đạo"}
    (folder / "recipients.yaml").write_text(
        "".join(f"- {{id: {id}, name: {{vi: {name}, en: {id}}}}}\n" for id, name in names.items()),
        encoding="utf-8",
    )
    made = Turns(folder, tmp_path / "var")
    with made.runtime:
        yield made


def test_what_was_due_is_told_as_it_comes_late_or_not_at_all(turns: Turns) -> None:
    turns.deliver(MONDAY - HOUR)
    assert turns.turn(MONDAY - HOUR / 2) == 0  # nothing has been due
    assert turns.turn(MONDAY) == 1
    assert turns.facts() == [("06-01 09", "on_time", 0.0, 0)]
    assert turns.turn(MONDAY + DAY) == 0  # nothing new

    second = MONDAY + 7 * DAY
    assert turns.turn(second + DAY) == 0  # within its grace
    assert turns.turn(second + DAY + HOUR) == 1
    assert turns.facts()[1:] == [("06-08 09", "missing", None, 1)]
    assert turns.turn(second + 2 * DAY) == 1  # a day after the deadline: the second reminder
    assert turns.facts()[1:] == [("06-08 09", "missing", None, 2)]

    # Two days and a half late, by the agency's own clock; the service stood still for a day after that.
    turns.deliver(second + 2.5 * DAY, packed=True, districts=("T1", "T2"))
    assert turns.turn(second + 3.5 * DAY) == 1
    assert turns.facts()[1:] == [("06-08 09", "late", 60.0, 2)]
    assert turns.turn(second + 7 * DAY) == 1  # it settles the next one as well
    assert turns.facts()[2:] == [("06-15 09", "on_time", 0.0, 0)]

    june = dt.date(2026, 6, 1)
    assert turns.value("deliveries_on_time", june) == pytest.approx(100 * 2 / 3)
    assert turns.value("deliveries_late_hours", june) == pytest.approx(60)
    assert turns.value("deliveries_reminders", june) == 2


def test_files_that_were_taken_away_are_written_again_and_change_nothing(turns: Turns) -> None:
    turns.deliver(MONDAY - HOUR)
    turns.turn(MONDAY - HOUR / 2)
    assert turns.turn(MONDAY + 9 * DAY) == 2
    before = turns.facts()
    for path in (turns.runtime.places.inbox / "deliveries").iterdir():
        path.unlink()
    assert turns.turn(MONDAY + 9 * DAY + HOUR) == 2
    assert turns.facts() == before
    turns.deliver(MONDAY + 9 * DAY + HOUR)
    assert turns.turn(MONDAY + 9 * DAY + 2 * HOUR) == 1
    assert turns.facts()[-1] == ("06-08 09", "late", 49.0, 2)


def test_a_clock_that_was_set_back_does_not_make_old_news_win(turns: Turns) -> None:
    turns.deliver(MONDAY - HOUR)
    turns.turn(MONDAY - HOUR / 2)
    assert turns.turn(MONDAY + 9 * DAY) == 2
    turns.deliver(MONDAY + 9.5 * DAY)
    assert turns.turn(MONDAY + 8.5 * DAY) == 1
    turns.turn(MONDAY + 10 * DAY)
    assert [state for _, state, _, _ in turns.facts()] == ["on_time", "late"]


def test_lines_have_the_fields_that_are_promised_and_what_was_there(turns: Turns) -> None:
    turns.deliver(MONDAY - HOUR)
    turns.turn(MONDAY - HOUR / 2)
    turns.turn(MONDAY)
    (file,) = (turns.runtime.places.inbox / "deliveries").iterdir()
    (line,) = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    assert tuple(line) == DELIVERY_FIELDS
    assert (line["agency"], line["received"], line["accepted"]) == ("Tổ một cửa", 1, 1)
    assert line["completeness"] == 0.5  # one of two districts has a row on the day before


def test_an_archive_from_before_is_held_against_nobody(turns: Turns) -> None:
    turns.deliver(MONDAY - 300 * DAY)
    turns.deliver(MONDAY - 8 * DAY)
    assert turns.turn(MONDAY - HOUR) == 0
    assert turns.turn(MONDAY + 2 * DAY) == 1
    assert turns.facts() == [("06-01 09", "missing", None, 2)]


def test_a_file_that_was_refused_is_no_delivery(turns: Turns) -> None:
    turns.deliver(MONDAY - 8 * DAY)
    turns.turn(MONDAY - 7.5 * DAY)
    turns.deliver(MONDAY - HOUR, districts=("nowhere",))
    turns.turn(MONDAY + 2 * DAY)
    assert turns.facts()[-1] == ("06-01 09", "missing", None, 2)


def test_who_owes_a_delivery_is_reminded_once_for_each_step_and_then_those_above(turns: Turns) -> None:
    def told() -> list[tuple[str, str]]:
        messages = turns.runtime.state.outbox.messages(50)
        return sorted((one.recipient, one.subject) for one in messages if one.topic == "reminder")

    turns.deliver(MONDAY - HOUR)
    turns.turn(MONDAY - HOUR / 2)
    turns.turn(MONDAY + DAY)
    assert told() == []
    deadline = MONDAY + 8 * DAY
    turns.turn(deadline)  # the last moment of the grace
    assert len(told()) == 0
    for after, expected in ((HOUR, 1), (2 * HOUR, 1), (25 * HOUR, 2), (26 * HOUR, 2)):
        turns.turn(deadline + after)
        assert [recipient for recipient, _ in told()] == ["hotline"] * expected
    turns.turn(deadline + 73 * HOUR)
    assert [recipient for recipient, _ in told()] == ["hotline"] * 3 + ["office"]
    [message] = [one for one in turns.runtime.state.outbox.messages(50) if one.recipient == "office"]
    assert message.subject == "Xem xét: Tổ một cửa đã bị nhắc 3 lần"
    assert "/vi/health?feed=requests" in message.body
    assert "365 ngày" in message.body

    # It comes; what is missed next is another matter, and the fourth reminder is for those above.
    turns.deliver(deadline + 74 * HOUR)
    turns.turn(deadline + 75 * HOUR)
    turns.deliver(deadline + 7 * DAY - 30 * HOUR)
    turns.turn(deadline + 7 * DAY)
    before = told()
    turns.turn(deadline + 14 * DAY + HOUR)
    assert [recipient for recipient, _ in told()] == ["hotline"] * 4 + ["leaders", "office"]
    assert len(before) == 4


def test_what_fell_due_while_nobody_was_there_is_not_told_days_later(turns: Turns) -> None:
    turns.deliver(MONDAY - HOUR)
    turns.turn(MONDAY - HOUR / 2)
    turns.turn(MONDAY + 8 * DAY + 48 * HOUR)
    assert [one for one in turns.runtime.state.outbox.messages(50) if one.topic == "reminder"] == []
    turns.turn(MONDAY + 8 * DAY + 73 * HOUR)
    numbers = [one.subject for one in turns.runtime.state.outbox.messages(50) if one.recipient == "hotline"]
    assert [subject.split(":")[0] for subject in numbers] == ["Nhắc lần 3"]
