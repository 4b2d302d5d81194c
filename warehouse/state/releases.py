"""What the public is told of warnings: by a person's release only, and until it expires or is withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from warehouse.state import tables as t
from warehouse.state.connected import Connected, named, note, reasoned, touch
from warehouse.state.handling import HandlingError
from warehouse.state.rows import Areas, find


@dataclass(frozen=True, slots=True)
class Release:
    """One text to the public, by language; ``replaces`` is the one that it took the place of."""

    id: int
    warning: int
    who: str
    at: dt.datetime
    headline: dict[str, str]
    text: dict[str, str]
    expires_at: dt.datetime
    replaces: int | None = None
    withdrawn_at: dt.datetime | None = None
    withdrawn_by: str | None = None

    def stands(self, now: dt.datetime) -> bool:
        """Whether the public is told so at ``now``."""
        return self.at <= now < min(self.expires_at, self.withdrawn_at or self.expires_at)


class Releases(Connected):
    """Releases of warnings to the public. Each deed is one transaction and a line of the audit trail.

    All raise UnknownWarningError when there is no such warning within ``areas``, HandlingError when it does
    not go with how things stand, ValueError when a name, a reason or a text is empty.
    """

    def publish(
        self,
        warning_id: int,
        who: str,
        headline: Mapping[str, str],
        text: Mapping[str, str],
        expires_at: dt.datetime,
        now: dt.datetime,
        *,
        areas: Areas,
    ) -> Release:
        """Tell the public of a warning that stands; an earlier text about it is replaced."""
        who = named(who)
        words = [{key: value.strip() for key, value in part.items()} for part in (headline, text)]
        if not headline or set(headline) != set(text) or not all(all(part.values()) for part in words):
            raise ValueError("headline and text must be there in the same languages")
        if expires_at <= now:
            raise HandlingError("a text to the public must expire later than now")
        with self._engine.begin() as connection:
            touch(connection)
            if not find(connection, warning_id, areas).open:
                raise HandlingError(f"warning {warning_id} is closed: there is nothing to warn of")
            before = _standing(connection, warning_id)
            if before is not None:
                _withdraw(connection, before, who, now)
            made = insert(t.release).values(
                warning=warning_id,
                who=who,
                at=now,
                headline=words[0],
                text=words[1],
                expires_at=expires_at,
                replaces=before,
            )
            release = Release(*connection.execute(made.returning(t.release)).one())
            detail = {
                "release": release.id,
                "replaces": before,
                "headline": release.headline,
                "text": release.text,
                "expires_at": release.expires_at.isoformat(),
            }
            note(connection, now, who, "release", f"warning {warning_id}", detail)
            return release

    def withdraw(self, warning_id: int, who: str, reason: str, now: dt.datetime, *, areas: Areas) -> Release:
        """Take back what the public was told of a warning."""
        who, reason = named(who), reasoned(reason)
        with self._engine.begin() as connection:
            touch(connection)
            find(connection, warning_id, areas)
            standing = _standing(connection, warning_id)
            if standing is None:
                raise HandlingError(f"the public has not been told of warning {warning_id}")
            _withdraw(connection, standing, who, now)
            detail = {"release": standing, "reason": reason}
            note(connection, now, who, "withdraw", f"warning {warning_id}", detail)
            return Release(*connection.execute(select(t.release).where(t.release.c.id == standing)).one())

    def all(self, *, warning: int | None = None, limit: int | None = None) -> list[Release]:
        """Every release, or those of one warning; the newest first."""
        query = select(t.release).order_by(t.release.c.id.desc()).limit(limit)
        if warning is not None:
            query = query.where(t.release.c.warning == warning)
        with self._engine.connect() as connection:
            return [Release(*row) for row in connection.execute(query)]

    def standing(self, now: dt.datetime) -> list[Release]:
        """What the public is told at ``now``, the newest first."""
        return [release for release in self.all() if release.stands(now)]


def _standing(connection: Connection, warning_id: int) -> int | None:
    """The release of the warning that was not withdrawn; it may have expired."""
    query = select(t.release.c.id).where(
        t.release.c.warning == warning_id, t.release.c.withdrawn_at.is_(None)
    )
    return connection.execute(query).scalar()


def _withdraw(connection: Connection, release: int, who: str, now: dt.datetime) -> None:
    values = {"withdrawn_at": now, "withdrawn_by": who}
    connection.execute(update(t.release).where(t.release.c.id == release).values(**values))
