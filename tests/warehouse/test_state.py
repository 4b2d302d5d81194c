"""People's state: what is stored comes back, survives a restart, and is seen only by those who may."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_mock_engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from config.areas import AreaTree
from config.models import Area
from warehouse.scope import EVERYONE, Scope
from warehouse.state import (
    Episode,
    Evaluation,
    Kind,
    SeriesState,
    State,
    StateError,
    Status,
    Transition,
    UnknownWarningError,
    visible_areas,
)
from warehouse.state.database import connect
from warehouse.state.tables import metadata

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/deep/state.sqlite"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.open(url_of(tmp_path))


def episode(area: str = "a1", severity: str = "serious", rule: str = "late", hours: int = 0) -> Episode:
    at = NOON + hours * HOUR
    step = Transition(rule, area, at, Status.PENDING, Status.FIRING, "held", 12.5, 10.0)
    return Episode(
        rule,
        area,
        Kind.LIMIT,
        severity,
        Status.FIRING,
        opened_at=at,
        firing_since=at - HOUR,
        value=12.5,
        limit=10.0,
        message={"vi": "Trễ hạn", "en": "Late"},
        evidence={"seen": [["2024-05-06", 12.5]]},
        last_value=12.5,
        worst_value=12.5,
        transitions=[step],
    )


def test_series_come_back_as_stored_and_are_updated_by_key(state: State) -> None:
    first = SeriesState(Status.PENDING, NOON, NOON - HOUR, None, NOON, None)
    state.record(Evaluation(NOON, series={("late", "a1"): first, ("late", "a2"): SeriesState()}))
    second = SeriesState(Status.NO_DATA, NOON + HOUR, NOON - HOUR, None, NOON, Status.FIRING)
    state.record(Evaluation(NOON + HOUR, series={("late", "a1"): second, ("late", "a3"): first}))
    assert state.load_series() == {
        ("late", "a1"): second,
        ("late", "a2"): SeriesState(),
        ("late", "a3"): first,
    }


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    state = State.open(url_of(tmp_path))
    series = {("late", "a1"): SeriesState(Status.FIRING, NOON, NOON - HOUR, None, NOON, None)}
    state.record(Evaluation(NOON, series=series, episodes=[episode()]))
    (opened,) = state.warnings(areas=None)
    state.acknowledge(opened.id, "Lan", "đang xử lý", NOON + HOUR, areas=None)
    before = (state.load_series(), state.warnings(areas=None), state.history(opened.id, areas=None))
    revision = state.revision()
    state.close()

    again = State.open(url_of(tmp_path))
    after = (again.load_series(), again.warnings(areas=None), again.history(opened.id, areas=None))
    assert after == before
    assert again.revision() == revision
    assert again.warnings(areas=None)[0].message == {"vi": "Trễ hạn", "en": "Late"}


def test_times_come_back_aware_and_equal(state: State) -> None:
    saigon = dt.timezone(dt.timedelta(hours=7))
    state.record(Evaluation(NOON, series={("r", "a"): SeriesState(since=NOON.astimezone(saigon))}))
    since = state.load_series()["r", "a"].since
    assert since == NOON
    assert since is not None
    assert since.tzinfo is dt.UTC
    with pytest.raises(Exception, match="no time zone"):
        state.record(Evaluation(NOON, series={("r", "b"): SeriesState(since=dt.datetime(2024, 1, 1))}))  # noqa: DTZ001


def test_an_open_warning_is_carried_on_but_not_rewritten(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    carried = state.open_episodes()["late", "a1"]
    assert carried == replace(episode(), id=carried.id, transitions=[])
    carried.last_value, carried.worst_value, carried.status = 15.0, 20.0, Status.RECOVERING
    carried.message = {"vi": "khác", "en": "other"}
    carried.value = 99.0
    state.record(Evaluation(NOON + HOUR, episodes=[carried]))
    (seen,) = state.warnings(areas=None)
    assert (seen.last_value, seen.worst_value, seen.status) == (15.0, 20.0, Status.RECOVERING)
    assert (seen.value, seen.message["en"]) == (12.5, "Late")


def test_a_resolved_warning_leaves_the_open_list_and_stays_in_history(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    ended = state.open_episodes()["late", "a1"]
    ended.resolved_at, ended.resolution, ended.status = NOON + HOUR, "cleared", Status.NORMAL
    ended.transitions = [
        Transition("late", "a1", NOON + HOUR, Status.FIRING, Status.NORMAL, "cleared", 3.0, 10.0)
    ]
    state.record(Evaluation(NOON + HOUR, episodes=[ended]))
    assert state.warnings(areas=None) == []
    assert state.open_episodes() == {}
    (kept,) = state.warnings(areas=None, open_only=False)
    assert not kept.open
    assert [(e.action, e.detail) for e in state.history(kept.id, areas=None)] == [
        ("pending>firing", "held"),
        ("firing>normal", "cleared"),
    ]
    state.record(Evaluation(NOON + 2 * HOUR, episodes=[episode(hours=2)]))
    assert len(state.warnings(areas=None, open_only=False)) == 2


def test_a_series_has_one_open_warning_at_most(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    with pytest.raises(IntegrityError):
        state.record(Evaluation(NOON + HOUR, episodes=[episode(hours=1)]))


def test_an_evaluation_is_stored_whole_or_not_at_all(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    before = state.revision()
    broken = Evaluation(
        NOON + HOUR,
        series={("late", "a9"): SeriesState()},
        transitions=[Transition("late", "a9", NOON, Status.NORMAL, Status.PENDING, "crossed", 1.0, 1.0)],
        episodes=[episode(hours=1)],
    )
    with pytest.raises(IntegrityError):
        state.record(broken)
    assert state.load_series() == {}
    assert state.transitions("late", "a9") == []
    assert state.revision() == before


def test_worst_and_newest_come_first_and_are_counted(state: State) -> None:
    state.record(
        Evaluation(
            NOON,
            episodes=[
                episode("a1", "watch", hours=3),
                episode("a2", "critical"),
                episode("a3", "serious", hours=1),
                episode("a4", "serious", hours=2),
            ],
        )
    )
    assert [w.area for w in state.warnings(areas=None)] == ["a2", "a4", "a3", "a1"]
    assert [w.area for w in state.warnings(areas=None, limit=2)] == ["a2", "a4"]


def test_a_reader_sees_only_the_own_areas(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode("a1"), episode("b1", "critical")]))
    hidden = next(w.id for w in state.warnings(areas=None) if w.area == "b1")
    assert [w.area for w in state.warnings(areas={"a1"})] == ["a1"]
    assert state.warnings(areas=set()) == []
    for attempt in (
        lambda: state.warning(hidden, areas={"a1"}),
        lambda: state.history(hidden, areas={"a1"}),
        lambda: state.comment(hidden, "Lan", "?", NOON, areas={"a1"}),
        lambda: state.acknowledge(hidden, "Lan", "", NOON, areas={"a1"}),
    ):
        with pytest.raises(UnknownWarningError):
            attempt()
    assert state.warning(hidden, areas=None).acknowledged_by is None
    assert state.audit() == []


def test_a_scope_reaches_below_its_areas() -> None:
    units = [("c", "", "city"), ("d1", "c", "district"), ("d2", "c", "district"), ("w1", "d1", "ward")]
    tree = AreaTree(
        [Area(code=c, name_vi=c, name_en=c, level=lv, parent=p) for c, p, lv in units],
        ["city", "district", "ward"],
    )
    assert visible_areas(EVERYONE, tree) is None
    assert visible_areas(Scope("office", frozenset({"d1"})), tree) == frozenset({"d1", "w1"})


def test_acknowledging_keeps_the_first_name_and_every_word(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    (opened,) = state.warnings(areas=None)
    first = state.acknowledge(opened.id, " Lan ", "đã nhận", NOON + HOUR, areas=None)
    assert (first.acknowledged_by, first.acknowledged_at) == ("Lan", NOON + HOUR)
    second = state.acknowledge(opened.id, "Minh", "cùng xem", NOON + 2 * HOUR, areas=None)
    assert (second.acknowledged_by, second.acknowledged_at) == ("Lan", NOON + HOUR)
    state.comment(opened.id, "Minh", "đã gọi đơn vị", NOON + 3 * HOUR, areas=None)
    assert [(e.who, e.action, e.detail) for e in state.history(opened.id, areas=None)] == [
        ("", "pending>firing", "held"),
        ("Lan", "acknowledge", "đã nhận"),
        ("Minh", "acknowledge", "cùng xem"),
        ("Minh", "comment", "đã gọi đơn vị"),
    ]
    trail = state.audit()
    assert [(a.who, a.action, a.object) for a in trail] == [
        ("Minh", "comment", f"warning {opened.id}"),
        ("Minh", "acknowledge", f"warning {opened.id}"),
        ("Lan", "acknowledge", f"warning {opened.id}"),
    ]
    assert trail[-1].detail == {"comment": "đã nhận"}
    with pytest.raises(ValueError, match="name of the person"):
        state.acknowledge(opened.id, "  ", "", NOON, areas=None)
    with pytest.raises(ValueError, match="empty comment"):
        state.comment(opened.id, "Lan", " ", NOON, areas=None)


def test_every_write_shows_in_the_revision(state: State) -> None:
    seen = [state.revision()]
    state.record(Evaluation(NOON))
    assert state.revision() == seen[-1]
    state.record(Evaluation(NOON, episodes=[episode()]))
    seen.append(state.revision())
    state.comment(1, "Lan", "xem", NOON, areas=None)
    seen.append(state.revision())
    assert seen == sorted(set(seen))


def test_many_threads_write_and_read_at_once(state: State) -> None:
    state.record(Evaluation(NOON, episodes=[episode()]))
    (opened,) = state.warnings(areas=None)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                state.comment(opened.id, f"p{number}", f"{turn}", NOON, areas=None)
                state.warnings(areas=None)
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(state.audit()) == 20


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no url", "no database URL"),
        ("nosuch://host/db", "cannot use"),
        ("sqlite:////proc/nowhere/state.sqlite", "cannot make the folder"),
    ],
)
def test_what_cannot_be_opened_is_told_plainly(url: str, message: str) -> None:
    with pytest.raises(StateError, match=message):
        State.open(url)


def test_a_damaged_file_is_told_plainly_and_left_alone(tmp_path: Path) -> None:
    url = url_of(tmp_path)
    file = Path(url.removeprefix("sqlite:///"))
    file.parent.mkdir()
    file.write_text("this was a database once", encoding="utf-8")
    with pytest.raises(StateError, match=r"cannot open .*not a database"):
        State.open(url)
    assert file.read_text(encoding="utf-8") == "this was a database once"


def test_a_state_of_another_schema_is_not_touched(tmp_path: Path) -> None:
    engine = connect(url_of(tmp_path))
    with engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'schema'"))
    engine.dispose()
    with pytest.raises(StateError, match="schema 99"):
        State.open(url_of(tmp_path))


def test_the_tables_can_be_made_in_postgresql_too() -> None:
    dialect = create_mock_engine("postgresql://", lambda *_, **__: None).dialect
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    assert len(made) == len(metadata.tables)
    (index,) = [i for i in metadata.tables["warning"].indexes if i.name == "one_standing_warning"]
    ddl = str(CreateIndex(index).compile(dialect=dialect))
    assert ddl.startswith("CREATE UNIQUE INDEX one_standing_warning")
    assert ddl.endswith("WHERE ended_at IS NULL")
