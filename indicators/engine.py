"""The engine: keeps the indicator values of a city true to its facts and its definitions."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from functools import cached_property

from config import City
from indicators.plan import Plan
from indicators.planner import make_plan
from indicators.refresh import Refresh
from indicators.sql.prelude import Moment
from warehouse.progress import Progress, silent
from warehouse.store import Store


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What one refresh did: how many indicators it made anew or brought up to date, and how many values are
    new,
    changed or gone.
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

    def __init__(self, city: City, store: Store) -> None:
        self.city = city
        self.store = store

    @cached_property
    def plan(self) -> Plan:
        """What is computed, and how. Raises ExpressionError for a definition that ``check`` would have
        refused.
        """
        return make_plan(self.city)

    def refresh(self, now: dt.datetime, progress: Progress | None = None) -> RefreshReport:
        """Bring the values up to ``now`` (aware), in one transaction; readers see the old values or the new
        ones.
        """
        began = time.perf_counter()
        moment = Moment(now, self.city.zone)
        with self.store.write() as cursor:
            work = Refresh(cursor, self.city, self.plan, moment, progress or silent)
            work.run()
            seconds = time.perf_counter() - began
            report = RefreshReport(work.kind, len(work.refreshed), work.rows, seconds, work.message)
            started = now.astimezone(dt.UTC).replace(tzinfo=None)
            cursor.execute(
                "INSERT INTO refresh VALUES (nextval('refresh_id'), ?, ?, ?, ?, ?, ?, ?)",
                [
                    started,
                    started + dt.timedelta(seconds=seconds),
                    report.kind,
                    report.indicators,
                    report.rows,
                    report.seconds,
                    report.message,
                ],
            )
            if work.stirred:
                self.store.bump(cursor)
        return report
