"""The program's own warnings as rows and figures, beside what pandas makes of the state itself."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import REFERENCE_CITY, load_city
from config.models import WARNING_FIELDS
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from dashboard.warnings.files import fields
from indicators.breakdown import breakdown
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.state import Episode, Evaluation, Kind, Outcome, Status, Transition

ROOT = Path(__file__).parents[2]
NOW = dt.datetime(2026, 6, 20, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
RULES, AREAS = ("late", "gone", "gone_too"), ("T", "T1", "T2")
FIGURES = ("warnings_told", "warnings_precision", "warnings_acknowledge_hours")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Runtime]:
    """The tiny city with the feed of warnings and the figures of the reference city."""
    folder = Path(shutil.copytree(ROOT / "tests" / "config" / "tiny", tmp_path / "tiny"))
    shutil.copy(REFERENCE_CITY / "feeds" / "warnings.yaml", folder / "feeds")
    figures = (REFERENCE_CITY / "indicators" / "operations.yaml").read_text(encoding="utf-8")
    figures = re.sub(r"(?m)^  serves: .*\n", "", figures)  # the tiny city has no such rows
    (folder / "indicators" / "operations.yaml").write_text(figures, encoding="utf-8")
    rules = folder / "rules" / "requests.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").split("- id: silent")[0], encoding="utf-8")
    head = folder / "city.yaml"
    text = head.read_text(encoding="utf-8")
    text = text.replace(
        "domains:\n", "domains:\n  - {id: data_operations, name: {vi: Vận hành, en: Operations}}\n"
    )
    text += "  - {id: warnings, symbol: {vi: cảnh báo, en: warnings}}\n"
    text += "  - {id: hours, kind: level, decimals: 1, symbol: {vi: giờ, en: hours}}\n"
    head.write_text(text, encoding="utf-8")
    city = load_city(folder)
    with Runtime(city, Places.of(city.head.id, tmp_path / "var"), clock=lambda: NOW) as runtime:
        yield runtime


def tell(runtime: Runtime, count: int, seed: int) -> list[Episode]:
    """Warnings of made-up series from April to June, all over by now, some before people could be told."""
    rng = np.random.default_rng(seed)
    told: list[Episode] = []
    for number in range(count):
        opened = dt.datetime(2026, 4, 2, tzinfo=dt.UTC) + dt.timedelta(hours=int(rng.integers(0, 1800)))
        rule, area = str(rng.choice(RULES)), str(rng.choice(AREAS))
        known = opened + HOUR * float(rng.uniform(0, 3))
        late = number % 5 == 0
        episode = Episode(
            rule=rule, area=area, kind=Kind.LIMIT, severity="watch", status=Status.FIRING,
            opened_at=opened + number * dt.timedelta(seconds=1), firing_since=opened - 24 * HOUR,
            value=1.0, limit=0.0, message={"vi": "!", "en": "!"}, evidence={},
        )  # fmt: skip
        end = known - HOUR * 0.01 if late else known + 9 * HOUR
        _move(episode, opened, Status.NORMAL, Status.FIRING)
        if late:
            _end(episode, end)
        runtime.state.record(Evaluation(known, episodes=[episode]))
        if not late:
            episode.transitions.clear()
            _end(episode, end)
            runtime.state.record(Evaluation(end, episodes=[episode]))
        told.append(episode)
    return told


def _move(episode: Episode, at: dt.datetime, before: Status, after: Status) -> None:
    episode.transitions.append(Transition(episode.rule, episode.area, at, before, after, "made up", 1.0, 0.0))


def _end(episode: Episode, at: dt.datetime) -> None:
    episode.status, episode.resolved_at, episode.resolution = Status.NORMAL, at, "cleared"
    _move(episode, at, Status.FIRING, Status.NORMAL)


def handle(runtime: Runtime, warnings: list[Episode], seed: int) -> None:
    """People take on some of them, and say of some what they were."""
    rng = np.random.default_rng(seed)
    for episode in warnings:
        assert episode.id is not None
        at = episode.opened_at + HOUR * float(rng.uniform(3, 30))
        if rng.random() < 0.6:
            runtime.state.acknowledge(episode.id, "Lan", "", at, areas=None)
        if rng.random() < 0.7:
            outcome = Outcome.TRUE if rng.random() < 0.6 else Outcome.FALSE
            runtime.state.conclude(episode.id, outcome, "Minh", "", at + HOUR, areas=None)


def truth(runtime: Runtime) -> pd.DataFrame:
    """What the state itself holds, read without any of the product's code."""
    with sqlite3.connect(runtime.places.people.removeprefix("sqlite:///")) as connection:
        frame = pd.read_sql("SELECT * FROM warning", connection)
    for name in ("recorded_at", "acknowledged_at", "resolved_at"):
        frame[name] = pd.to_datetime(frame[name])
    frame["month"] = (frame.recorded_at + 7 * HOUR).dt.to_period("M").dt.start_time
    frame["hours"] = (frame.acknowledged_at - frame.recorded_at).dt.total_seconds() / 3600
    frame["told"] = frame.resolved_at.isna() | (frame.resolved_at > frame.recorded_at)
    return frame


def expected(rows: pd.DataFrame) -> dict[str, float]:
    right, judged = (rows.outcome == "true").sum(), rows.outcome.isin(["true", "false"]).sum()
    return {
        "warnings_told": float(rows.told.sum()),
        "warnings_precision": 100 * right / judged if judged else np.nan,
        "warnings_acknowledge_hours": rows.hours.median(),
    }


def assert_as_the_state_says(runtime: Runtime) -> None:
    rows = truth(runtime)
    with runtime.store.read() as cursor:
        told = cursor.execute("SELECT * FROM indicator_value WHERE period = 'month'").df()
    values = told.set_index(["indicator", "area", "start"]).value
    for month, in_month in rows.groupby("month"):
        for area in AREAS:
            mine = in_month[(in_month.area == area) | (area == "T")]
            found = {id_: values.get((id_, area, month), np.nan) for id_ in FIGURES}
            assert found == pytest.approx(expected(mine), rel=1e-6, nan_ok=True), (area, month)
        with reading(runtime.store, runtime.city, EVERYONE) as reader:
            for id_ in FIGURES:
                start = pd.Timestamp(str(month)).date()
                members = breakdown(runtime.city, reader, id_, "rule", "T", "month", start)
                by_rule = {rule: expected(part)[id_] for rule, part in in_month.groupby("rule")}
                found = {str(m.member): np.nan if m.value is None else m.value for m in members}
                assert found == pytest.approx(by_rule, rel=1e-6, nan_ok=True), (id_, month)


def assert_as_computed_anew(runtime: Runtime) -> None:
    """The feed's first delivery comes in a later turn than the city's, and speaks for the month before it."""
    kept = "SELECT indicator, area, period, start, value, n, present, expected FROM indicator_value"
    with runtime.store.read() as cursor:
        before = cursor.execute(kept).df()
    with runtime.store.write() as cursor:
        cursor.execute("DELETE FROM definition")
    assert runtime.engine.refresh(NOW).kind == "full"
    with runtime.store.read() as cursor:
        anew = cursor.execute(kept).df()
    order = ["indicator", "area", "period", "start"]
    pd.testing.assert_frame_equal(
        before.sort_values(order, ignore_index=True), anew.sort_values(order, ignore_index=True)
    )


def test_figures_are_what_the_state_says_as_people_go_on(running: Runtime) -> None:
    running.cycle()
    first = tell(running, 90, 1)
    handle(running, first[:60], 2)
    runs = running.cycle().runs
    assert [(run.feed, run.inserted, run.rejected) for run in runs] == [("warnings", 90, 0)]
    assert_as_the_state_says(running)

    second = tell(running, 40, 3)
    handle(running, [*first[60:], *second], 4)
    (run,) = running.cycle().runs
    assert (run.inserted, run.rejected) == (40, 0)
    assert 0 < run.updated <= 30
    assert_as_the_state_says(running)
    assert_as_computed_anew(running)


def test_only_what_changed_is_told_and_a_turn_without_news_tells_nothing(running: Runtime) -> None:
    first = tell(running, 12, 5)
    running.cycle()
    assert not running.cycle().runs
    running.state.comment(first[3].id or 0, "Lan", "Đã gọi.", NOW, areas=None)
    (run,) = running.cycle().runs
    assert (run.received, run.inserted, run.updated) == (1, 0, 0)
    assert not running.cycle().runs


def test_files_that_were_taken_away_are_written_again_and_change_nothing(running: Runtime) -> None:
    tell(running, 12, 6)
    running.cycle()
    folder = running.places.inbox / "warnings"
    (file,) = folder.iterdir()
    file.unlink()
    tell(running, 1, 7)
    (run,) = running.cycle().runs
    assert (run.received, run.inserted, run.unchanged) == (13, 1, 12)


def test_lines_have_the_fields_that_are_promised_and_no_names_of_people(running: Runtime) -> None:
    (episode,) = tell(running, 1, 8)
    running.state.acknowledge(episode.id or 0, "Lan", "", NOW, areas=None)
    running.cycle()
    (file,) = (running.places.inbox / "warnings").iterdir()
    text = file.read_text(encoding="utf-8")
    (line,) = map(json.loads, text.splitlines())
    assert tuple(line) == WARNING_FIELDS
    assert "Lan" not in text
    (warning,) = running.state.warnings(areas=None, open_only=False)
    assert line == fields(running.city, warning)


def test_a_city_without_such_a_feed_is_told_nothing(running: Runtime, tmp_path: Path) -> None:
    (running.city.path / "feeds" / "warnings.yaml").unlink()
    (running.city.path / "indicators" / "operations.yaml").unlink()
    city = load_city(running.city.path)
    with Runtime(city, Places.of(city.head.id, tmp_path / "other"), clock=lambda: NOW) as other:
        tell(other, 3, 9)
        assert not other.cycle().runs
        assert not list(other.places.inbox.iterdir())
