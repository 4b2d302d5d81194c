"""What evaluations leave behind: where each series stands, its warnings, every change of status."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, insert, literal, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, touch
from warehouse.state.records import (
    Episode,
    Evaluation,
    Kind,
    SeriesKey,
    SeriesState,
    Status,
    Transition,
)


class Recording(Connected):
    """The engine's side of the state: what it needs to go on, and what it stores."""

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
        """The standing warning of each series that has one, ready to be carried on.

        One that a person closed is among them until its series is normal again: so no second one opens.
        """
        with self._engine.connect() as connection:
            rows = connection.execute(select(t.warning).where(t.warning.c.ended_at.is_(None))).all()
        return {(row.rule, row.area): _episode(row) for row in rows}

    def record(self, evaluation: Evaluation) -> None:
        """Store what an evaluation changed, all of it or nothing."""
        if evaluation.empty:
            return
        with self._engine.begin() as connection:
            if evaluation.visible:
                touch(connection)
            _save_series(connection, evaluation.series)
            moves: list[tuple[Transition, int | None]] = [(item, None) for item in evaluation.transitions]
            _note_severities(connection, evaluation)
            for episode in evaluation.episodes:
                _save_episode(connection, episode, evaluation.at)
                moves += [(item, episode.id) for item in episode.transitions]
            # One evaluation may take a series through several warnings: told in the order in which it went.
            moves.sort(key=lambda move: move[0].at)
            if moves:
                rows = [_transition_row(item, warning, evaluation.at) for item, warning in moves]
                connection.execute(insert(t.transition), rows)


# What the engine calls the end of a warning is when its series was normal again.
_ENDS: Final = {"resolved_at": "ended_at", "resolution": "end_reason"}
_CARRIED: Final = {name: _ENDS.get(name, name) for name in Episode.__slots__ if name != "transitions"}


def _episode(row: Row[Any]) -> Episode:
    values = {name: getattr(row, column) for name, column in _CARRIED.items()}
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


_GO_ON: Final = ("severity", "status", "last_value", "worst_value", "ended_at", "end_reason")
"""What a warning does not keep from its opening."""


def _note_severities(connection: Connection, evaluation: Evaluation) -> None:
    """Keep as history which warnings are graver, or milder, than people were told before."""
    now = {episode.id: episode.severity for episode in evaluation.episodes if episode.id is not None}
    if not now:
        return
    query = select(t.warning.c.id, t.warning.c.severity).where(t.warning.c.id.in_(now))
    rows = [
        {
            "warning": row.id,
            "at": evaluation.at,
            "who": "",
            "action": "severity",
            "comment": "",
            "detail": {"before": row.severity, "after": now[row.id]},
        }
        for row in connection.execute(query.order_by(t.warning.c.id))
        if row.severity != now[row.id]
    ]
    if rows:
        connection.execute(insert(t.handling), rows)


def _save_episode(connection: Connection, episode: Episode, at: dt.datetime) -> None:
    values = {column: getattr(episode, name) for name, column in _CARRIED.items() if name != "id"}
    end: dict[str, Any] = {
        "resolved_at": episode.resolved_at,
        "resolution": episode.resolution,
        "end_recorded_at": None if episode.resolved_at is None else at,
    }
    if episode.id is None:
        made = insert(t.warning).values(recorded_at=at, **values, **end).returning(t.warning.c.id)
        episode.id = connection.execute(made).scalar_one()
        return
    carried = {name: values[name] for name in _GO_ON}
    # It may have left the desk before, by a person: that stands.
    for name in ("resolved_at", "resolution"):
        column = t.warning.c[name]
        end[name] = func.coalesce(column, literal(end[name], column.type))
    connection.execute(update(t.warning).where(t.warning.c.id == episode.id).values(**carried, **end))


def _transition_row(item: Transition, warning: int | None, at: dt.datetime) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in Transition.__slots__}
    return {**values, "warning": warning, "recorded_at": at}
