"""The engine: keeps the indicator values of a city true to its facts and its definitions."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from config import City
from indicators.changes import note_texts
from indicators.claims import IdentityCheck, checks_of
from indicators.optimisation import BEST, Optimisation
from indicators.plan import Plan
from indicators.planner import make_plan, traits
from indicators.recast import recast_rules
from indicators.reconcile import Reconciliation
from indicators.refresh import Refresh
from indicators.sql.prelude import Moment
from warehouse.derived import declare
from warehouse.progress import Progress, silent
from warehouse.recast_rule import Rule, keep_rules
from warehouse.store import Cursor, Store


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What one refresh did: how many indicators it made anew or brought up to date, and how many values are
    new, changed or gone.
    """

    kind: str
    indicators: int
    rows: int
    seconds: float
    message: str


class Engine:
    """Computes the values of every indicator of ``city`` into ``store``.

    ``refresh`` does the least that is right: all of it for an empty store, all of an indicator whose
    definition changed and of the formulas that lean on it, and otherwise only the days that loads have
    touched and what depends on them.
    """

    def __init__(self, city: City, store: Store, optimisation: Optimisation = BEST) -> None:
        self.city = city
        self.store = store
        self.optimisation = optimisation
        self._noted = self._prepared = False

    @cached_property
    def plan(self) -> Plan:
        """What is computed, and how. Raises ExpressionError for a definition that ``check`` would have
        refused.
        """
        return make_plan(self.city, self.optimisation)

    def prepare(self) -> None:
        """Read the definitions, and say once which expressions are to be kept with the facts, so that loads
        compute them along.

        Without it the first refresh after a load does.
        """
        if self._prepared:
            return
        with self.store.write() as cursor:
            declare(cursor, self.plan.derived)
        self.checks, self.rules  # noqa: B018 - so that the first refresh need not
        self._prepared = True

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """How values follow from their parts when boundaries move. Raises ExpressionError like ``plan``."""
        return recast_rules(self.city, self.plan)

    @cached_property
    def checks(self) -> tuple[IdentityCheck, ...]:
        """The identities that every refresh looks after. Raises ExpressionError like ``plan``."""
        return checks_of(self.city, traits(self.city))

    def refresh(self, now: dt.datetime, progress: Progress | None = None) -> RefreshReport:
        """Bring the values up to ``now`` (aware), in one transaction; readers see the old values or the new
        ones.
        """
        began = time.perf_counter()
        moment = Moment.of(self.city, now)
        with self.store.write() as cursor:
            work = Refresh(cursor, self.city, self.plan, moment, progress or silent)
            work.run()
            if not self._noted:
                note_texts(cursor, self.city, now)
                keep_rules(cursor, self.rules)
            moved = self._reconcile(cursor, work, moment)
            seconds = time.perf_counter() - began
            report = RefreshReport(work.kind, len(work.refreshed), work.rows, seconds, work.message)
            started = now.astimezone(dt.UTC).replace(tzinfo=None)
            row = cursor.execute(
                "INSERT INTO refresh VALUES (nextval('refresh_id'), ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                [
                    started,
                    started + dt.timedelta(seconds=seconds),
                    report.kind,
                    report.indicators,
                    report.rows,
                    report.seconds,
                    report.message,
                ],
            ).fetchone()
            assert row is not None
            _note_steps(cursor, row[0], report.kind, work.timings)
            if work.stirred or moved:
                self.store.bump(cursor)
        self._noted = True
        return report

    def _reconcile(self, cursor: Cursor, work: Refresh, moment: Moment) -> bool:
        """Check the identities whose figures changed; whether any outcome did."""
        began = time.perf_counter()
        checks = Reconciliation(cursor, self.checks, self.city.levels)
        moved = checks.follow(moment, work.dirty, work.whole, work.first)
        work.timings["identities"] = moved, time.perf_counter() - began
        return moved > 0


def _note_steps(cursor: Cursor, refresh: int, kind: str, steps: Mapping[str, tuple[int, float]]) -> None:
    """Keep what each step cost, in place of what it cost in the last refresh of this kind."""
    names = list(steps)
    cursor.execute(
        "DELETE FROM refresh_step WHERE step IN (SELECT unnest($names))"
        " AND refresh IN (SELECT id FROM refresh WHERE kind = $kind)",
        {"names": names, "kind": kind},
    )
    cursor.execute(
        "INSERT INTO refresh_step SELECT $refresh, unnest($names), unnest($rows), unnest($seconds)",
        {
            "refresh": refresh,
            "names": names,
            "rows": [rows for rows, _ in steps.values()],
            "seconds": [seconds for _, seconds in steps.values()],
        },
    )
