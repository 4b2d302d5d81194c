"""What people do with a warning, from taking notice to its outcome: each deed is kept in the audit trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, reasoned, touch
from warehouse.state.database import StateError
from warehouse.state.escalation import Escalation
from warehouse.state.records import CLOSED, Correction, Outcome, Warning
from warehouse.state.rows import Areas, find


class HandlingError(StateError):
    """What was asked for does not go with how the warning stands; the message says why."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action on one warning; ``who`` is empty where the engine acts by itself."""

    warning: int
    at: dt.datetime
    who: str
    action: str
    comment: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class Handling(Connected):
    """What people, and where nobody does the engine, make of warnings.

    Every method is one transaction and returns the warning as it then stands. All raise UnknownWarningError
    when there is no such warning within ``areas``, and ValueError when ``who`` is empty.
    """

    def acknowledge(
        self, warning_id: int, who: str, comment: str, now: dt.datetime, *, areas: Areas
    ) -> Warning:
        """Say that ``who`` has taken notice. The first one stands; later ones are kept as history."""
        who = named(who)
        with self._engine.begin() as connection:
            _prepare(connection, warning_id, areas)
            _take(connection, warning_id, who, now)
            keep_deed(connection, Deed(warning_id, now, who, "acknowledge", comment))
            return find(connection, warning_id, areas)

    def comment(self, warning_id: int, who: str, comment: str, now: dt.datetime, *, areas: Areas) -> Warning:
        """Add a remark. Raises ValueError when it is empty."""
        who, words = named(who), comment.strip()
        if not words:
            raise ValueError("an empty comment says nothing")
        with self._engine.begin() as connection:
            found = _prepare(connection, warning_id, areas)
            keep_deed(connection, Deed(warning_id, now, who, "comment", words))
            return found

    def assign(
        self, warning_id: int, to: str, who: str, comment: str, now: dt.datetime, *, areas: Areas
    ) -> Warning:
        """Give the warning to a person or unit, in place of whoever had it; ``to`` empty: to nobody.

        It does not count as taking notice: that is for the one who got it to say, and until then the
        warning goes on to be escalated. Raises HandlingError when it has left the desk.
        """
        who, to = named(who), to.strip()
        with self._engine.begin() as connection:
            found = _prepare(connection, warning_id, areas)
            if not found.open:
                raise HandlingError(f"warning {warning_id} is closed: there is nothing left to be done")
            values = {"assigned_to": to or None, "assigned_at": now}
            connection.execute(update(t.warning).where(t.warning.c.id == warning_id).values(**values))
            keep_deed(connection, Deed(warning_id, now, who, "assign", comment, {"to": to or None}))
            return find(connection, warning_id, areas)

    def conclude(
        self,
        warning_id: int,
        outcome: Outcome,
        who: str,
        comment: str,
        now: dt.datetime,
        *,
        areas: Areas,
        duplicate_of: int | None = None,
    ) -> Warning:
        """Close the warning with what it was found to be; a duplicate names the other one.

        It leaves the desk. Its series goes on to be judged, and gets no new warning until it was normal
        again. A warning that went back to normal by itself is off the desk already; it gets its outcome all
        the same. Who closes a warning has taken notice of it. Raises HandlingError when it has an outcome, or
        when the other warning cannot be the one that it repeats.
        """
        who = named(who)
        with self._engine.begin() as connection:
            found = _prepare(connection, warning_id, areas)
            if found.outcome is not None:
                before = f"{found.outcome} by {found.closed_by}"
                raise HandlingError(f"warning {warning_id} was closed as {before}; reopen it first")
            _check_duplicate(connection, found, outcome, duplicate_of, areas)
            _take(connection, warning_id, who, now)
            values: dict[str, Any] = {
                "outcome": outcome.value,
                "duplicate_of": duplicate_of,
                "closed_at": now,
                "closed_by": who,
            }
            if found.open:
                values |= {"resolved_at": now, "resolution": CLOSED}
            connection.execute(update(t.warning).where(t.warning.c.id == warning_id).values(**values))
            detail: dict[str, Any] = {"outcome": outcome.value, "standing": found.open}
            if duplicate_of is not None:
                detail["duplicate_of"] = duplicate_of
            keep_deed(connection, Deed(warning_id, now, who, "close", comment, detail))
            return find(connection, warning_id, areas)

    def reopen(self, warning_id: int, who: str, reason: str, now: dt.datetime, *, areas: Areas) -> Warning:
        """Take a person's closing back, as if it had not been; who took it on and has it stays as it was.

        While its series stands the warning is on the desk again. If the series has been normal since, it is
        what it then would be, over, and waits for another outcome: what is no more is not put before people
        as if it were, and a newer warning of the series is not crowded. Raises HandlingError when no person
        closed it, ValueError without a reason.
        """
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            found = _prepare(connection, warning_id, areas)
            if found.outcome is None:
                raise HandlingError(f"warning {warning_id} was not closed by a person")
            values: dict[str, Any] = dict.fromkeys(("outcome", "duplicate_of", "closed_at", "closed_by"))
            values |= {"resolved_at": found.ended_at, "resolution": found.end_reason}
            connection.execute(update(t.warning).where(t.warning.c.id == warning_id).values(**values))
            keep_deed(connection, Deed(warning_id, now, who, "reopen", reason))
            return find(connection, warning_id, areas)

    def escalate(self, due: Iterable[Escalation], now: dt.datetime) -> list[Escalation]:
        """Note the steps that are due because nobody took notice; those that were new and still called for.

        Each step of a warning is taken once, whoever asks.
        """
        taken = []
        with self._engine.begin() as connection:
            for step in due:
                query = update(t.warning).where(
                    t.warning.c.id == step.warning,
                    t.warning.c.escalated == step.step - 1,
                    t.warning.c.acknowledged_at.is_(None),
                    t.warning.c.resolved_at.is_(None),
                )
                if connection.execute(query.values(escalated=step.step)).rowcount:
                    keep_deed(connection, Deed(step.warning, now, "", "escalate", detail={"step": step.step}))
                    taken.append(step)
            if taken:
                touch(connection)
        return taken

    def correct(
        self,
        warning_id: int,
        told: Mapping[str, Any],
        known: Mapping[str, Any],
        note: str,
        now: dt.datetime,
        *,
        who: str = "",
        areas: Areas = None,
    ) -> Correction | None:
        """Put beside what people were told what is known since late or corrected data came in.

        ``told`` and ``known`` hold the same things before and after, such as ``{"value": 12.5}``; the warning
        itself is not rewritten. Without ``who`` the engine corrects. The same correction twice is one: None
        when the last one says this already.
        """
        with self._engine.connect() as connection:
            _prepare(connection, warning_id, areas)
            last = connection.execute(
                select(t.correction.c.known)
                .where(t.correction.c.warning == warning_id)
                .order_by(t.correction.c.id.desc())
                .limit(1)
            ).one_or_none()
            if known == (last.known if last is not None else told):
                return None
            values = {"at": now, "who": who.strip(), "told": dict(told), "known": dict(known), "note": note}
            made = insert(t.correction).values(warning=warning_id, **values).returning(t.correction)
            correction = Correction(*connection.execute(made).one())
            detail = {"told": correction.told, "known": correction.known}
            keep_deed(connection, Deed(warning_id, now, correction.who, "correct", note, detail))
            connection.commit()
            return correction


def _prepare(connection: Connection, warning_id: int, areas: Areas) -> Warning:
    """The warning as it stands, once every other writer is done with it."""
    touch(connection)
    return find(connection, warning_id, areas)


def _take(connection: Connection, warning_id: int, who: str, now: dt.datetime) -> None:
    connection.execute(
        update(t.warning)
        .where(t.warning.c.id == warning_id, t.warning.c.acknowledged_at.is_(None))
        .values(acknowledged_at=now, acknowledged_by=who)
    )


def _check_duplicate(
    connection: Connection, found: Warning, outcome: Outcome, duplicate_of: int | None, areas: Areas
) -> None:
    if outcome is not Outcome.DUPLICATE:
        if duplicate_of is not None:
            raise HandlingError(f"a warning that was {outcome} repeats no other one")
        return
    if duplicate_of is None:
        raise HandlingError("a duplicate must name the warning that it repeats")
    other = find(connection, duplicate_of, areas)
    if other.id == found.id or other.duplicate_of is not None:
        raise HandlingError(f"warning {other.id} cannot be the one that it repeats: name the first one")


def keep_deed(connection: Connection, deed: Deed) -> None:
    """Keep a deed as history of its warning, and in the audit trail."""
    comment, detail = deed.comment.strip(), dict(deed.detail)
    connection.execute(
        insert(t.handling).values(
            warning=deed.warning,
            at=deed.at,
            who=deed.who,
            action=deed.action,
            comment=comment,
            detail=detail,
        )
    )
    what = f"warning {deed.warning}"
    note(connection, deed.at, deed.who, deed.action, what, {"comment": comment, **detail})
