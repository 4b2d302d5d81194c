"""People's state: where each rule stands, the warnings, what was done about them, and by whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Row,
    bindparam,
    case,
    cast,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.types import String

from config.areas import AreaTree
from warehouse.scope import Scope
from warehouse.state import tables as t
from warehouse.state.database import StateError, connect
from warehouse.state.past import warnings_at
from warehouse.state.records import (
    AuditEntry,
    Episode,
    Evaluation,
    Event,
    Kind,
    SeriesKey,
    SeriesState,
    Status,
    Transition,
    Warning,
)

Areas = Collection[str] | None
"""Codes of the areas that a reader may see; None means all."""

_SEVERITY = case({"critical": 0, "serious": 1, "watch": 2}, value=t.warning.c.severity, else_=3)


class UnknownWarningError(StateError):
    """There is no such warning, or the reader may not see it."""


def visible_areas(scope: Scope, tree: AreaTree) -> frozenset[str] | None:
    """The areas whose warnings ``scope`` may see; None means all."""
    if scope.areas is None:
        return None
    return frozenset(area.code for area in tree.all() if scope.sees(tree, area.code))


class State:
    """An open state database. Safe to use from several threads; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> State:
        """Open (or create) the state at ``url``, such as ``sqlite:///state.sqlite``. Raises StateError."""
        return cls(connect(url))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def revision(self) -> int:
        """Number that grows with all that people can see: screens showing an older one are out of date."""
        with self._engine.connect() as connection:
            found = connection.execute(select(t.meta.c.value).where(t.meta.c.key == "revision")).scalar_one()
        return int(found)

    def load_series(self) -> dict[SeriesKey, SeriesState]:
        """Where every rule stands for every area that it has judged."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(t.series_state)).all()
        return {
            (row.rule, row.area): SeriesState(
                Status(row.status),
                row.since,
                row.breach_since,
                row.clear_since,
                row.judged_through,
                Status(row.before) if row.before else None,
            )
            for row in rows
        }

    def open_episodes(self) -> dict[SeriesKey, Episode]:
        """The open warning of each series that has one, ready to be carried on."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(t.warning).where(t.warning.c.resolved_at.is_(None))).all()
        return {(row.rule, row.area): _episode(row) for row in rows}

    def record(self, evaluation: Evaluation) -> None:
        """Store what an evaluation changed, all of it or nothing."""
        if evaluation.empty:
            return
        with self._engine.begin() as connection:
            if evaluation.visible:
                self._touch(connection)
            _save_series(connection, evaluation.series)
            moves: list[tuple[Transition, int | None]] = [(item, None) for item in evaluation.transitions]
            for episode in evaluation.episodes:
                _save_episode(connection, episode, evaluation.at)
                moves += [(item, episode.id) for item in episode.transitions]
            # One evaluation may take a series through several warnings: told in the order in which it went.
            moves.sort(key=lambda move: move[0].at)
            if moves:
                rows = [_transition_row(item, warning, evaluation.at) for item, warning in moves]
                connection.execute(insert(t.transition), rows)

    def warnings(
        self,
        *,
        areas: Areas,
        open_only: bool = True,
        rule: str | None = None,
        limit: int | None = None,
    ) -> list[Warning]:
        """Warnings of ``areas``: open ones first, worst first, then newest first."""
        query = (
            select(t.warning)
            .where(_within(areas))
            .order_by(
                t.warning.c.resolved_at.is_not(None), _SEVERITY, t.warning.c.opened_at.desc(), t.warning.c.id
            )
        )
        if open_only:
            query = query.where(t.warning.c.resolved_at.is_(None))
        if rule is not None:
            query = query.where(t.warning.c.rule == rule)
        if limit is not None:
            query = query.limit(limit)
        with self._engine.connect() as connection:
            return [_warning(row) for row in connection.execute(query)]

    def warnings_at(self, at: dt.datetime, *, areas: Areas, limit: int | None = None) -> list[Warning]:
        """Warnings of ``areas`` as they stood at a moment: open ones first, worst first, then newest first.

        ``last_value`` and ``worst_value`` are not kept from before: they are those of now.
        """
        with self._engine.connect() as connection:
            return warnings_at(connection, _within(areas), at, limit)

    def warning(self, warning_id: int, *, areas: Areas) -> Warning:
        """One warning. Raises UnknownWarningError if it does not exist or lies outside ``areas``."""
        with self._engine.connect() as connection:
            return self._one(connection, warning_id, areas)

    def history(self, warning_id: int, *, areas: Areas) -> list[Event]:
        """What the engine saw and what people did, oldest first. Raises UnknownWarningError."""
        seen = select(
            t.transition.c.at, t.transition.c.before, t.transition.c.after, t.transition.c.reason
        ).where(t.transition.c.warning == warning_id)
        done = select(t.handling).where(t.handling.c.warning == warning_id)
        with self._engine.connect() as connection:
            self._one(connection, warning_id, areas)
            events = [
                Event(row.at, "", f"{row.before}>{row.after}", row.reason)
                for row in connection.execute(seen.order_by(t.transition.c.id))
            ]
            events += [
                Event(row.at, row.who, row.action, row.comment)
                for row in connection.execute(done.order_by(t.handling.c.id))
            ]
        return sorted(events, key=lambda event: event.at)

    def transitions(self, rule: str, area: str) -> list[Transition]:
        """Every change of status of one series, oldest first."""
        query = (
            select(t.transition)
            .where(t.transition.c.rule == rule, t.transition.c.area == area)
            .order_by(t.transition.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [
            Transition(
                row.rule,
                row.area,
                row.at,
                Status(row.before),
                Status(row.after),
                row.reason,
                row.value,
                row.limit,
            )
            for row in rows
        ]

    def audit(self, limit: int = 100) -> list[AuditEntry]:
        """The newest actions of people, newest first."""
        query = select(t.audit).order_by(t.audit.c.id.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [
                AuditEntry(row.id, row.at, row.who, row.action, row.object, row.detail)
                for row in connection.execute(query)
            ]

    def acknowledge(
        self, warning_id: int, who: str, comment: str, now: dt.datetime, *, areas: Areas
    ) -> Warning:
        """Say that ``who`` has taken notice. The first one stands; later ones are kept as history.

        Raises UnknownWarningError, or ValueError when ``who`` is empty.
        """
        with self._engine.begin() as connection:
            connection.execute(
                update(t.warning)
                .where(t.warning.c.id == warning_id, t.warning.c.acknowledged_at.is_(None), _within(areas))
                .values(acknowledged_at=now, acknowledged_by=who.strip())
            )
            self._handle(connection, warning_id, who, "acknowledge", comment, now, areas)
            return self._one(connection, warning_id, areas)

    def comment(self, warning_id: int, who: str, comment: str, now: dt.datetime, *, areas: Areas) -> None:
        """Add a remark. Raises UnknownWarningError, or ValueError when ``who`` or ``comment`` is empty."""
        if not comment.strip():
            raise ValueError("an empty comment says nothing")
        with self._engine.begin() as connection:
            self._handle(connection, warning_id, who, "comment", comment, now, areas)

    def _handle(
        self,
        connection: Connection,
        warning_id: int,
        who: str,
        action: str,
        comment: str,
        now: dt.datetime,
        areas: Areas,
    ) -> None:
        """One action of a person on a warning, with its line in the audit trail."""
        if not who.strip():
            raise ValueError("an action needs the name of the person who takes it")
        self._one(connection, warning_id, areas)
        self._touch(connection)
        words = {"who": who.strip(), "comment": comment.strip()}
        connection.execute(insert(t.handling).values(warning=warning_id, at=now, action=action, **words))
        connection.execute(
            insert(t.audit).values(
                at=now,
                who=words["who"],
                action=action,
                object=f"warning {warning_id}",
                detail={"comment": words["comment"]},
            )
        )

    def _one(self, connection: Connection, warning_id: int, areas: Areas) -> Warning:
        query = select(t.warning).where(t.warning.c.id == warning_id, _within(areas))
        row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownWarningError(f"there is no warning {warning_id} that this reader may see")
        return _warning(row)

    def _touch(self, connection: Connection) -> None:
        number = cast(cast(t.meta.c.value, Integer) + 1, String)
        connection.execute(update(t.meta).where(t.meta.c.key == "revision").values(value=number))


def _within(areas: Areas) -> ColumnElement[bool]:
    return true() if areas is None else t.warning.c.area.in_(areas)


def _warning(row: Row[Any]) -> Warning:
    values = {name: getattr(row, name) for name in Warning.__slots__}
    return Warning(**values | {"kind": Kind(row.kind), "status": Status(row.status)})


_CARRIED = tuple(name for name in Episode.__slots__ if name != "transitions")


def _episode(row: Row[Any]) -> Episode:
    values = {name: getattr(row, name) for name in _CARRIED}
    return Episode(**values | {"kind": Kind(row.kind), "status": Status(row.status)})


_UPDATE_SERIES = (
    update(t.series_state)
    .where(t.series_state.c.rule == bindparam("new_rule"), t.series_state.c.area == bindparam("new_area"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("status", "since", "breach_since", "clear_since", "judged_through", "before")
        }
    )
)


def _save_series(connection: Connection, series: dict[SeriesKey, SeriesState]) -> None:
    rows = [
        {
            "rule": rule,
            "area": area,
            "status": state.status,
            "since": state.since,
            "breach_since": state.breach_since,
            "clear_since": state.clear_since,
            "judged_through": state.judged_through,
            "before": state.before,
        }
        for (rule, area), state in series.items()
    ]
    if not rows:
        return
    found = connection.execute(select(t.series_state.c.rule, t.series_state.c.area))
    known = {(row.rule, row.area) for row in found}
    new = [row for row in rows if (row["rule"], row["area"]) not in known]
    old = [
        {f"new_{name}": value for name, value in row.items()}
        for row in rows
        if (row["rule"], row["area"]) in known
    ]
    if new:
        connection.execute(insert(t.series_state), new)
    if old:
        connection.execute(_UPDATE_SERIES, old)


def _save_episode(connection: Connection, episode: Episode, at: dt.datetime) -> None:
    values = {name: getattr(episode, name) for name in Episode.__slots__ if name not in ("id", "transitions")}
    if episode.id is None:
        made = insert(t.warning).values(recorded_at=at, **values).returning(t.warning.c.id)
        episode.id = connection.execute(made).scalar_one()
    else:
        carried = {n: values[n] for n in ("status", "last_value", "worst_value", "resolved_at", "resolution")}
        connection.execute(update(t.warning).where(t.warning.c.id == episode.id).values(**carried))


def _transition_row(item: Transition, warning: int | None, at: dt.datetime) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in Transition.__slots__}
    return {**values, "warning": warning, "recorded_at": at}
