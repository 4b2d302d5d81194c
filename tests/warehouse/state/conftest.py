"""Databases to keep people's state in: a file, and a PostgreSQL server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from warehouse.state import Episode, Evaluation, Kind, State, Status, Transition, Warning

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
_NUMBERS = count()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with nothing in it, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.sqlite"
    server = request.getfixturevalue("postgres")
    name = f"state{next(_NUMBERS)}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], State]]:
    """Opens the state at ``url``, as often as one likes, and closes all."""
    made: list[State] = []

    def open_() -> State:
        made.append(State.open(url))
        return made[-1]

    yield open_
    for state in made:
        state.close()


@pytest.fixture
def state(opened: Callable[[], State]) -> State:
    """An open state with nothing in it."""
    return opened()


@dataclass
class Office:
    """A state, and an engine that opens and ends warnings in it when it is told to."""

    state: State

    def tell(
        self, area: str = "a1", *, rule: str = "late", severity: str = "serious", at: dt.datetime = NOON
    ) -> Warning:
        """A warning opens, and people can see it from ``at`` on."""
        step = Transition(rule, area, at, Status.PENDING, Status.FIRING, "held_long_enough", 12.5, 10.0)
        episode = Episode(
            rule, area, Kind.LIMIT, severity, Status.FIRING, at, at - HOUR, 12.5, 10.0, {"en": "Late"}, {},
            last_value=12.5, worst_value=12.5, transitions=[step],
        )  # fmt: skip
        self.state.record(Evaluation(at, episodes=[episode]))
        assert episode.id is not None
        return self.state.warning(episode.id, areas=None)

    def settle(self, warning: Warning, at: dt.datetime) -> None:
        """Its series is normal again, as an evaluation at ``at`` finds."""
        standing = self.state.open_episodes()[warning.rule, warning.area]
        standing.status, standing.resolved_at, standing.resolution = Status.NORMAL, at, "cleared"
        standing.transitions = [
            Transition(warning.rule, warning.area, at, Status.FIRING, Status.NORMAL, "cleared", 3.0, 10.0)
        ]
        self.state.record(Evaluation(at, episodes=[standing]))

    def said(self, warning: int) -> list[tuple[str, str, str, dict[str, object]]]:
        """What was done with a warning: who, what, comment and what belongs to it, without what was seen."""
        events = self.state.history(warning, areas=None)
        return [(e.who, e.action, e.detail, e.data) for e in events if ">" not in e.action]

    def audited(self) -> list[tuple[str, str, str, dict[str, object]]]:
        """The audit trail, oldest first: who, what, to what, and what belongs to it."""
        return [(a.who, a.action, a.object, a.detail) for a in reversed(self.state.audit(1000))]


@pytest.fixture
def office(state: State) -> Office:
    """A desk with nothing on it yet."""
    return Office(state)
