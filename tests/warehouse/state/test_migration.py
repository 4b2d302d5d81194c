"""A database that version 1 wrote keeps everything, and becomes what a fresh one is."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text

from warehouse.state import Kind, Outcome, State, StateError, Status
from warehouse.state.migrations import upgrade
from warehouse.state.tables import SCHEMA_VERSION, metadata

VERSION_1 = Path(__file__).with_name("version1.sql").read_text(encoding="utf-8")
MAY = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def old(url: str) -> str:
    """Address of a database that version 1 wrote."""
    sqlite = url.startswith("sqlite")
    script = VERSION_1.replace("{time}", "DATETIME" if sqlite else "TIMESTAMP").replace(
        "{key}", "INTEGER NOT NULL" if sqlite else "SERIAL"
    )
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in script.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.strip().rstrip(";").replace("%", "%%"))
    engine.dispose()
    return url


@pytest.mark.usefixtures("old")
def test_everything_that_people_did_is_kept(opened: Callable[[], State]) -> None:
    state = opened()
    assert state.revision() == 41
    assert state.load_series()["late", "a1"].status is Status.FIRING
    first, third, second = sorted(state.warnings(areas=None, open_only=False), key=lambda w: (w.area, -w.id))
    assert (first.acknowledged_by, first.acknowledged_at) == ("Lan", MAY + HOUR)
    assert (first.value, first.last_value, first.worst_value) == (12.5, 14.0, 15.0)
    assert first.message == {"vi": "Trễ hạn", "en": "Late"}
    assert (first.outcome, first.assigned_to, first.escalated, first.standing) == (None, None, 0, True)
    assert (second.kind, second.resolved_at, second.resolution) == (Kind.NO_DATA, MAY - 24 * HOUR, "returned")
    assert (second.ended_at, second.end_reason) == (second.resolved_at, second.resolution)
    assert (third.open, third.standing) == (True, True)
    assert [(e.who, e.action, e.detail, e.data) for e in state.history(first.id, areas=None)] == [
        ("", "pending>firing", "held_long_enough", {}),
        ("Lan", "acknowledge", "đang xử lý", {}),
        ("Minh", "comment", "đã gọi", {}),
    ]
    assert [(a.who, a.action, a.object) for a in state.audit()] == [
        ("Minh", "comment", "warning 1"),
        ("Lan", "acknowledge", "warning 1"),
    ]
    assert len(state.transitions("late", "a3")) == 1


@pytest.mark.usefixtures("old")
def test_what_was_read_of_the_past_is_still_read(opened: Callable[[], State]) -> None:
    state = opened()

    def stood(at: dt.datetime) -> list[tuple[int, str, bool]]:
        return sorted((w.id, str(w.status), w.open) for w in state.warnings_at(at, areas=None))

    assert stood(MAY - 36 * HOUR) == [(2, "no_data", True)]
    # What ended the silence was seen at noon and written down at two.
    assert stood(MAY - 23 * HOUR) == [(2, "no_data", True)]
    assert stood(MAY - 22 * HOUR) == [(2, "normal", False), (3, "firing", True)]
    assert stood(MAY + HOUR) == [(1, "firing", True), (2, "normal", False), (3, "firing", True)]


def test_the_tables_are_those_of_a_fresh_database(old: str, opened: Callable[[], State]) -> None:
    opened()
    engine = create_engine(old)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == SCHEMA_VERSION
        assert (
            connection.execute(text("SELECT value FROM meta WHERE key = 'schema'")).scalar() == SCHEMA_VERSION
        )
        partial = [
            index["name"]
            for index in inspect(connection).get_indexes("warning")
            if any(
                key.endswith("_where") and "ended_at" in str(v) for key, v in index["dialect_options"].items()
            )
        ]
    engine.dispose()
    assert partial == ["one_standing_warning"]


def test_a_fresh_database_says_which_revision_it_is(url: str, opened: Callable[[], State]) -> None:
    opened()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert context.get_current_revision() == SCHEMA_VERSION
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.mark.usefixtures("old")
def test_an_old_warning_is_handled_to_its_end(opened: Callable[[], State]) -> None:
    state = opened()
    state.assign(1, "Quận 1", "Lan", "", MAY + 2 * HOUR, areas=None)
    state.conclude(1, Outcome.TRUE, "Lan", "xong", MAY + 3 * HOUR, areas=None)
    assert [w.id for w in state.warnings(areas=None)] == [3]
    state.conclude(2, Outcome.DUPLICATE, "Lan", "", MAY + 3 * HOUR, areas=None, duplicate_of=3)
    state.reopen(1, "Lan", "vẫn còn", MAY + 4 * HOUR, areas=None)
    assert [w.id for w in state.warnings(areas=None)] == [1, 3]


def test_a_migration_that_breaks_off_leaves_everything_as_it_was(
    old: str, opened: Callable[[], State], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(connection: Connection) -> None:
        upgrade(connection)
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("warehouse.state.migrations.upgrade", breaks_off)
        with pytest.raises(OSError, match="no space"):
            opened()
    engine = create_engine(old)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE key = 'schema'")).scalar() == "1"
        assert "ended_at" not in {column["name"] for column in inspect(connection).get_columns("warning")}
        assert not inspect(connection).has_table("silence")
    engine.dispose()
    assert len(opened().warnings(areas=None, open_only=False)) == 3


def test_two_processes_that_start_at_once_migrate_once(old: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            State.open(old).close()
        except BaseException as error:  # noqa: BLE001 - carried to the main thread
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    state = State.open(old)
    assert len(state.warnings(areas=None, open_only=False)) == 3
    state.close()


def test_the_file_as_it_was_is_kept_beside(tmp_path: Path) -> None:
    file = tmp_path / "people.sqlite"
    url = f"sqlite:///{file}"
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (
            VERSION_1.replace("{time}", "DATETIME").replace("{key}", "INTEGER NOT NULL").split(";\n")
        ):
            if statement.strip():
                connection.exec_driver_sql(statement.strip().rstrip(";"))
    engine.dispose()
    State.open(url).close()
    kept = create_engine(f"sqlite:///{file}.schema-1")
    with kept.connect() as connection:
        assert connection.execute(text("SELECT value FROM meta WHERE key = 'schema'")).scalar() == "1"
        assert connection.execute(text("SELECT count(*) FROM handling")).scalar() == 2
    kept.dispose()
    State.open(url).close()
    assert sorted(p.name for p in tmp_path.glob("*.schema-*")) == ["people.sqlite.schema-1"]


def test_a_later_version_is_left_alone(url: str, opened: Callable[[], State]) -> None:
    opened()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '99' WHERE key = 'schema'"))
    engine.dispose()
    with pytest.raises(StateError, match="schema 99"):
        opened()


@pytest.mark.usefixtures("old")
def test_what_had_ended_before_there_were_notices_is_no_news(opened: Callable[[], State]) -> None:
    state = opened()
    assert [item.id for item in state.outbox.changed()] == [1, 3]
