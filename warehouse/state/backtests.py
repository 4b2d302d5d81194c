"""Backtests that were made of the rules: by whom, over which span, of which definition, and what came out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, touch
from warehouse.state.database import StateError
from warehouse.state.rows import Areas

STOPPED: Final = "stopped"
"""Why a backtest has no result whose process ended before it did."""


class BacktestError(StateError):
    """A backtest of the rule is under way already, or the one that is to be finished is not."""


@dataclass(frozen=True, slots=True)
class WouldTell:
    """A warning that people would have been told of. ``since``: when the breach began, ``ended_at`` None for
    one that stood at the end of the span. Times are aware.
    """

    area: str
    severity: str
    since: dt.datetime
    opened_at: dt.datetime
    ended_at: dt.datetime | None
    value: float | None
    worst: float | None
    limit: float | None


@dataclass(frozen=True, slots=True)
class Held:
    """Something that is known to have happened, first and last day included.

    ``delay``: days from its first day until it was told, None when it was missed; ``warning`` is the number
    of the one by which people marked it, where they did.
    """

    area: str
    start: dt.date
    end: dt.date
    name: str
    delay: int | None
    warning: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a replay found. ``unfounded``: how many of the warnings belong to no incident, None where it was
    held against none; ``known_since``: from when on values were taken as they were known at the time.
    """

    series: int
    tests: int
    known_since: dt.datetime | None
    warnings: tuple[WouldTell, ...]
    incidents: tuple[Held, ...] = ()
    unfounded: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A backtest over the days [first, until) of a rule as ``definition`` had it, without its particulars.

    What it found (``series``, ``tests``, ``told`` warnings) is None until it is done, and stays so when it
    came to nothing: then ``error`` says why.
    """

    id: int
    rule: str
    first: dt.date
    until: dt.date
    definition: Mapping[str, Any]
    who: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    error: str | None
    series: int | None
    tests: int | None
    told: int | None
    unfounded: int | None
    known_since: dt.datetime | None

    @property
    def running(self) -> bool:
        """Whether it is still being made."""
        return self.finished_at is None

    @property
    def done(self) -> bool:
        """Whether it came to a result."""
        return self.finished_at is not None and self.error is None

    @property
    def a_week(self) -> float:
        """Warnings a week that the desk would have had."""
        return (self.told or 0) * 7 / max((self.until - self.first).days, 1)


class Backtests(Connected):
    """The backtests of all rules. Each deed is one transaction; who asked for one is in the audit trail."""

    def begin(
        self,
        rule: str,
        first: dt.date,
        until: dt.date,
        definition: Mapping[str, Any],
        who: str,
        now: dt.datetime,
    ) -> int:
        """Note that one is being made; its number. Raises BacktestError while another of the rule is, and
        ValueError when ``who`` is empty.
        """
        who = named(who)
        table = t.backtest
        with self._engine.begin() as connection:
            touch(connection)
            running = select(table.c.id).where(table.c.rule == rule, table.c.finished_at.is_(None))
            if connection.execute(running).first() is not None:
                raise BacktestError(f"a backtest of {rule} is under way")
            values = {"rule": rule, "first": first, "until": until, "definition": dict(definition)}
            made = insert(table).values(**values, who=who, started_at=now).returning(table.c.id)
            id_ = int(connection.execute(made).scalar_one())
            span = {"backtest": id_, "first": first.isoformat(), "until": until.isoformat()}
            note(connection, now, who, "backtest", f"rule {rule}", span)
            return id_

    def finish(self, id_: int, findings: Findings, now: dt.datetime) -> None:
        """Keep what it found. Raises BacktestError when it is not under way."""
        self._end(
            id_,
            finished_at=now,
            series=findings.series,
            tests=findings.tests,
            told=len(findings.warnings),
            unfounded=findings.unfounded,
            known_since=findings.known_since,
            warnings=[_plain(asdict(one)) for one in findings.warnings],
            incidents=[_plain(asdict(one)) for one in findings.incidents],
        )

    def fail(self, id_: int, error: str, now: dt.datetime) -> None:
        """Keep why it came to nothing. Raises BacktestError when it is not under way."""
        self._end(id_, finished_at=now, error=error)

    def abandon(self, now: dt.datetime) -> None:
        """End those that an earlier process left: nobody is making them any more."""
        table = t.backtest
        with self._engine.begin() as connection:
            left = update(table).where(table.c.finished_at.is_(None)).values(finished_at=now, error=STOPPED)
            if connection.execute(left).rowcount:
                touch(connection)

    def all(self, rule: str | None = None) -> list[Made]:
        """Every one, or those of a rule, the newest first."""
        columns = [t.backtest.c[name] for name in Made.__slots__]
        query = select(*columns).order_by(t.backtest.c.id.desc())
        if rule is not None:
            query = query.where(t.backtest.c.rule == rule)
        with self._engine.connect() as connection:
            return [Made(*row) for row in connection.execute(query)]

    def findings(self, id_: int, *, areas: Areas) -> Findings | None:
        """The particulars of one, of ``areas`` alone; None for one that has no result."""
        query = select(t.backtest).where(t.backtest.c.id == id_, t.backtest.c.told.is_not(None))
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _findings(row, areas)

    def _end(self, id_: int, **values: Any) -> None:
        table = t.backtest
        with self._engine.begin() as connection:
            touch(connection)
            ended = update(table).where(table.c.id == id_, table.c.finished_at.is_(None)).values(**values)
            if connection.execute(ended).rowcount != 1:
                raise BacktestError(f"backtest {id_} is not under way")


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """Days and moments as text, which JSON can hold."""
    return {key: x.isoformat() if isinstance(x, dt.date) else x for key, x in given.items()}


def _findings(row: Row[Any], areas: Areas) -> Findings:
    seen = [one for one in row.warnings if areas is None or one["area"] in areas]
    known = [one for one in row.incidents if areas is None or one["area"] in areas]
    return Findings(
        row.series,
        row.tests,
        row.known_since,
        tuple(WouldTell(**one | {key: _moment(one[key]) for key in _MOMENTS}) for one in seen),
        tuple(Held(**one | {key: dt.date.fromisoformat(one[key]) for key in _DAYS}) for one in known),
        row.unfounded,
    )


_MOMENTS: Final = ("since", "opened_at", "ended_at")
_DAYS: Final = ("start", "end")


def _moment(text: str | None) -> Any:
    return None if text is None else dt.datetime.fromisoformat(text)
