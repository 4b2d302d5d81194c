"""Reading people's state: warnings, their history, the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import case, func, or_, select

from config.areas import AreaTree
from config.models import GRAVITY
from warehouse.scope import Scope
from warehouse.state import tables as t
from warehouse.state.connected import Connected
from warehouse.state.figures import RuleCounts, RuleFigures, rule_counts, rule_figures
from warehouse.state.past import warnings_at
from warehouse.state.records import AuditEntry, Correction, Event, Mark, Transition, Warning
from warehouse.state.rows import Areas, find, transition_of, warning_of, within

_GRAVITY = case(dict(GRAVITY), value=t.warning.c.severity, else_=-1)


def visible_areas(scope: Scope, tree: AreaTree) -> frozenset[str] | None:
    """The areas whose warnings ``scope`` may see; None means all."""
    if scope.areas is None:
        return None
    return frozenset(area.code for area in tree.all() if scope.sees(tree, area.code))


class Reading(Connected):
    """What people see."""

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
            .where(within(areas))
            .order_by(
                t.warning.c.resolved_at.is_not(None),
                _GRAVITY.desc(),
                t.warning.c.opened_at.desc(),
                t.warning.c.id,
            )
        )
        if open_only:
            query = query.where(t.warning.c.resolved_at.is_(None))
        if rule is not None:
            query = query.where(t.warning.c.rule == rule)
        if limit is not None:
            query = query.limit(limit)
        with self._engine.connect() as connection:
            return [warning_of(row) for row in connection.execute(query)]

    def warnings_at(self, at: dt.datetime, *, areas: Areas, limit: int | None = None) -> list[Warning]:
        """Warnings of ``areas`` as they stood at a moment: open ones first, worst first, then newest first.

        ``last_value`` and ``worst_value`` are not kept from before: they are those of now.
        """
        with self._engine.connect() as connection:
            return warnings_at(connection, within(areas), at, limit)

    def warnings_between(self, since: dt.datetime, until: dt.datetime, *, areas: Areas) -> list[Warning]:
        """Warnings of ``areas`` that opened before ``until`` and stood at any time from ``since`` on, as they
        are now; worst first, then newest first. Times are those of the data: a city that begins with years of
        figures has a past.
        """
        c = t.warning.c
        query = (
            select(t.warning)
            .where(within(areas), c.opened_at < until, or_(c.resolved_at.is_(None), c.resolved_at >= since))
            .order_by(_GRAVITY.desc(), c.opened_at.desc(), c.id)
        )
        with self._engine.connect() as connection:
            return [warning_of(row) for row in connection.execute(query)]

    def changed_since(self, mark: Mark) -> tuple[list[Warning], Mark]:
        """Warnings of all areas of which anything was written down after ``mark``, and how far that reaches.

        A change that is written meanwhile may be among them and be told again later; none is left out.
        """
        seen, done = t.transition.c, t.handling.c
        moved = select(seen.warning).where(seen.id > mark.transition, seen.warning.is_not(None))
        handled = select(done.warning).where(done.id > mark.deed)
        query = select(t.warning).where(or_(t.warning.c.id.in_(moved), t.warning.c.id.in_(handled)))
        with self._engine.connect() as connection:
            reached = Mark(
                connection.execute(select(func.coalesce(func.max(seen.id), 0))).scalar_one(),
                connection.execute(select(func.coalesce(func.max(done.id), 0))).scalar_one(),
            )
            rows = connection.execute(query.order_by(t.warning.c.id))
            return [warning_of(row) for row in rows], reached

    def warning(self, warning_id: int, *, areas: Areas) -> Warning:
        """One warning. Raises UnknownWarningError if it does not exist or lies outside ``areas``."""
        with self._engine.connect() as connection:
            return find(connection, warning_id, areas)

    def history(self, warning_id: int, *, areas: Areas) -> list[Event]:
        """What the engine saw and what people did, oldest first. Raises UnknownWarningError."""
        seen = select(
            t.transition.c.at, t.transition.c.before, t.transition.c.after, t.transition.c.reason
        ).where(t.transition.c.warning == warning_id)
        done = select(t.handling).where(t.handling.c.warning == warning_id)
        with self._engine.connect() as connection:
            find(connection, warning_id, areas)
            events = [
                Event(row.at, "", f"{row.before}>{row.after}", row.reason)
                for row in connection.execute(seen.order_by(t.transition.c.id))
            ]
            events += [
                Event(row.at, row.who, row.action, row.comment, row.detail)
                for row in connection.execute(done.order_by(t.handling.c.id))
            ]
        return sorted(events, key=lambda event: event.at)

    def corrections(self, warning_id: int, *, areas: Areas) -> list[Correction]:
        """What has become known since people were told, oldest first. Raises UnknownWarningError."""
        query = select(t.correction).where(t.correction.c.warning == warning_id).order_by(t.correction.c.id)
        with self._engine.connect() as connection:
            find(connection, warning_id, areas)
            return [Correction(*row) for row in connection.execute(query)]

    def rule_figures(self, start: dt.datetime, end: dt.datetime) -> list[RuleFigures]:
        """How the rules did over the warnings told from ``start`` to before ``end``: all first, then by rule.

        Raises ValueError when the span is empty.
        """
        with self._engine.connect() as connection:
            return rule_figures(connection, start, end)

    def rule_counts(self, start: dt.datetime, end: dt.datetime, *, areas: Areas) -> dict[str, RuleCounts]:
        """By rule, how much there is of it, and how many warnings opened from ``start`` to before ``end``."""
        with self._engine.connect() as connection:
            return rule_counts(connection, start, end, areas)

    def transitions(self, rule: str, area: str) -> list[Transition]:
        """Every change of status of one series, oldest first."""
        query = (
            select(t.transition)
            .where(t.transition.c.rule == rule, t.transition.c.area == area)
            .order_by(t.transition.c.id)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [transition_of(row) for row in rows]

    def audit(self, limit: int = 100, *, about: Sequence[str] = ()) -> list[AuditEntry]:
        """The newest actions, newest first; those that the engine took itself have no name.

        ``about``: only those with things of these kinds, such as ``silence``.
        """
        query = select(t.audit).order_by(t.audit.c.id.desc()).limit(limit)
        if about:
            query = query.where(or_(*(t.audit.c.object.startswith(f"{kind} ") for kind in about)))
        with self._engine.connect() as connection:
            return [
                AuditEntry(row.id, row.at, row.who, row.action, row.object, row.detail)
                for row in connection.execute(query)
            ]
