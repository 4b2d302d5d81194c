"""What identities were found to be: counts for each, the widest gap, and what is broken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from config import City
from config.models import Period
from warehouse.scope import Scope
from warehouse.store import Cursor


@dataclass(frozen=True, slots=True)
class Outcome:
    """One identity for one area and period.

    ``holds`` is None where a side has no value. ``gap`` is left minus right, ``allowed`` how far they may lie
    apart. ``since`` is when it was first found broken; it stays until the identity holds again. Times: UTC.
    """

    identity: str
    level: str
    area: str
    period: Period
    start: dt.date
    left: float | None
    right: float | None
    gap: float | None
    allowed: float | None
    holds: bool | None
    checked_at: dt.datetime
    since: dt.datetime | None


@dataclass(frozen=True, slots=True)
class IdentityCount:
    """How one identity stands over all areas and periods: where it holds, is broken, cannot be checked.

    ``worst`` is the outcome that lies farthest beyond what is allowed.
    """

    identity: str
    holding: int
    broken: int
    unchecked: int
    worst: Outcome | None

    @property
    def checked(self) -> int:
        """Areas and periods for which it could be checked."""
        return self.holding + self.broken


_COLUMNS: Final = (
    "identity, level, area, period, start, left_value, right_value, gap, allowed, holds, checked_at, since"
)


class ReconciliationReader:
    """Reads of table ``reconciliation`` for one viewer."""

    def __init__(self, cursor: Cursor, city: City, scope: Scope) -> None:
        self._cursor = cursor
        self._city = city
        self._given: dict[str, Any] = {}
        self._seen = "TRUE"
        if scope.areas is not None:
            self._seen = "area IN (SELECT unnest($seen))"
            areas = city.areas.all()
            self._given = {"seen": [area.code for area in areas if scope.sees(city.areas, area.code)]}

    def counts(self) -> dict[str, IdentityCount]:
        """How every identity stands; one that was never looked at is absent."""
        rows = self._cursor.execute(
            "SELECT identity, count(*) FILTER (holds), count(*) FILTER (NOT holds),"
            " count(*) FILTER (holds IS NULL)"
            f" FROM reconciliation WHERE {self._seen} GROUP BY identity",
            self._given,
        ).fetchall()
        worst = {
            found.identity: found
            for found in self._outcomes(
                "NOT holds QUALIFY row_number() OVER (PARTITION BY identity"
                " ORDER BY abs(gap) - allowed DESC, start DESC, area) = 1"
            )
        }
        return {row[0]: IdentityCount(row[0], row[1], row[2], row[3], worst.get(row[0])) for row in rows}

    def broken(self, identity: str, limit: int = 50) -> list[Outcome]:
        """What was broken and has not held since, newest period first."""
        return self._outcomes(
            "identity = $identity AND since IS NOT NULL ORDER BY start DESC, level, area LIMIT $limit",
            identity=identity,
            limit=limit,
        )

    def at(self, identities: Sequence[str], area: str, period: Period, start: dt.date) -> dict[str, Outcome]:
        """The outcomes of some identities for one area and period; what was not looked at is absent."""
        found = self._outcomes(
            "identity IN (SELECT unnest($identities)) AND area = $area"
            " AND period = $period AND start = $start",
            identities=list(identities),
            area=area,
            period=period,
            start=start,
        )
        return {outcome.identity: outcome for outcome in found}

    def _outcomes(self, where: str, **given: Any) -> list[Outcome]:
        rows = self._cursor.execute(
            f"SELECT {_COLUMNS} FROM reconciliation WHERE {self._seen} AND {where}", {**self._given, **given}
        ).fetchall()
        timed = self._city.periods.timed
        days = ((*row[:4], row[4] if timed(row[3]) else row[4].date(), *row[5:]) for row in rows)
        return [Outcome(*row) for row in days]
