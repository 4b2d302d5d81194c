"""A small city with people to tell, warnings put straight into its state, and real servers to send to."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller

from config import REFERENCE_CITY, City, load_city
from config.models import Recipient
from indicators.notices.announce import Announcement, Announcer
from indicators.notices.obstacles import Obstacles, Quiet
from warehouse.state import Episode, Evaluation, Kind, Outbox, Standing, State, Status, Transition

ROOT = Path(__file__).parents[3]
NOON = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)
"""Monday, 12:00 in the city."""


def link(language: str, warning: int | None) -> str:
    return f"http://ioc.example/{language}/warnings" + (f"?warning={warning}" if warning else "")


@pytest.fixture(scope="session")
def hcmc() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="session")
def tiny() -> City:
    return load_city(ROOT / "tests" / "config" / "tiny")


def with_recipients(
    city: City,
    *recipients: dict[str, Any],
    notify: Sequence[str] | None = None,
    escalate: dict[str, dt.timedelta] | None = None,
) -> City:
    """The city with these recipients; every rule tells all of them unless ``notify`` says whom.

    Nothing is escalated unless ``escalate`` says when.
    """
    found = {
        given["id"]: Recipient.model_validate({"name": {"vi": given["id"], "en": given["id"]}} | given)
        for given in recipients
    }
    names = tuple(found if notify is None else notify)
    rules = {id_: rule.model_copy(update={"notify": names}) for id_, rule in city.rules.items()}
    warnings = city.head.warnings.model_copy(update={"escalate": escalate or {}})
    head = city.head.model_copy(update={"warnings": warnings})
    return replace(city, head=head, recipients=found, rules=rules)


@dataclass
class Ward:
    """A city's notices under a clock that a test sets."""

    city: City
    state: State
    now: dt.datetime = NOON
    obstacles: Obstacles | None = None

    @property
    def outbox(self) -> Outbox:
        return self.state.outbox

    def look(self, city: City, state: State, standing: Sequence[Standing], now: dt.datetime) -> Obstacles:
        return self.obstacles or Quiet.look(city, state, standing, now)

    def announce(self, at: dt.datetime | None = None) -> Announcement:
        self.now = at or self.now
        return Announcer(self.city, self.state, link, self.look).announce(self.now)

    def after(self, **span: float) -> dt.datetime:
        self.now += dt.timedelta(**span)
        return self.now

    def open(self, *areas: str, rule: str = "late", severity: str | None = None, **given: Any) -> list[int]:
        """Open a warning in each area, in one evaluation."""
        evaluation = Evaluation(self.now)
        for area in areas:
            told = {"vi": f"{area}: 72,0% từ 01/11/2026", "en": f"{area}: 72.0% since 1 Nov 2026"}
            values: dict[str, Any] = {
                "rule": rule, "area": area, "kind": Kind.LIMIT,
                "severity": severity or self.city.rules[rule].severity, "status": Status.FIRING,
                "opened_at": self.now, "firing_since": self.now, "value": 72.0, "limit": 90.0,
                "message": told, "evidence": {}, "last_value": 72.0, "worst_value": 72.0,
            }  # fmt: skip
            episode = Episode(**values | given)
            episode.transitions = [
                Transition(rule, area, self.now, Status.NORMAL, Status.FIRING, "limit_crossed", 72.0, 90.0)
            ]
            evaluation.episodes.append(episode)
        self.state.record(evaluation)
        return [cast(int, episode.id) for episode in evaluation.episodes]

    def close(self, *areas: str, rule: str = "late", reason: str = "cleared") -> None:
        """End the warnings of these areas, in one evaluation."""
        evaluation = Evaluation(self.now)
        for area in areas:
            episode = self.state.open_episodes()[rule, area]
            episode.status, episode.resolved_at, episode.resolution = Status.NORMAL, self.now, reason
            episode.transitions = [
                Transition(rule, area, self.now, Status.FIRING, Status.NORMAL, reason, 95.0, 90.0)
            ]
            evaluation.episodes.append(episode)
        self.state.record(evaluation)

    def decisions(self) -> list[tuple[str, str, str, str]]:
        """Whom, of what, what was done and why, in the order in which they came up."""
        return [(n.office, n.kind, n.action, n.reason) for n in self.outbox.notices()]

    def course(self, number: int = 0) -> list[str]:
        """The reasons of one notice, one after another."""
        notice = self.outbox.notices()[number]
        assert notice.id is not None
        return [step.reason for step in self.outbox.history(notice.id)]


@pytest.fixture
def ward(tiny: City, tmp_path: Path) -> Iterator[Callable[..., Ward]]:
    """Make the notices of the tiny city with recipients."""
    states: list[State] = []

    def make(*recipients: dict[str, Any], city: City | None = None, **given: Any) -> Ward:
        state = State.open(f"sqlite:///{tmp_path / f'people{len(states)}.sqlite'}")
        states.append(state)
        told = with_recipients(city or tiny, *recipients, **given) if recipients else city or tiny
        return Ward(told, state)

    yield make
    for state in states:
        state.close()


@dataclass
class Mailbox:
    """A mail server that keeps what it is handed."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        del server, session
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Mailbox(port)
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    yield found
    controller.stop()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the tiny city's folder."""
    return Path(shutil.copytree(ROOT / "tests" / "config" / "tiny", tmp_path / "city"))
