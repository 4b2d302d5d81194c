"""The tables kept between refreshes: presence and additive parts, brought up to date for the days that
changed.

Afterwards the temporary table ``dirty_days`` (source, day) says which days are others now: source is a
dataset for its coverage and the reach of its data, and a part table for its figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from config.models import Area
from config.models.indicator import Period
from indicators.changes import Standing, table_fingerprint
from indicators.datasets import Dataset
from indicators.plan import Plan, Scan
from indicators.split import Split
from indicators.sql.breakdown import first_changed, rebuild_split, update_split
from indicators.sql.prelude import Moment, feeds_of
from indicators.sql.scan import (
    changed_days,
    changed_slots,
    presence_rows,
    rebuild,
    scan_rows,
    update,
)
from warehouse.store import Cursor
from warehouse.syntax import literal, quote


class Upkeep:
    """Follows the facts. ``tables`` and ``delivered`` are what the next refresh has to be told by
    ``Standing``.
    """

    def __init__(self, cursor: Cursor, plan: Plan, moment: Moment, standing: Standing, root: Area) -> None:
        self.cursor = cursor
        self.plan = plan
        self.moment = moment
        self.root = root
        self.tables = dict(standing.tables)
        self.before = standing.delivered
        self.delivered = dict(standing.delivered)
        self.last = standing.now or moment.now
        self.last_day = self.last.astimezone(moment.zone).date()

    def note_changed_days(self, datasets: Sequence[Dataset]) -> None:
        """Table ``changed_days``: those that loads touched, and those that have begun or gone on since last
        time.
        """
        times = {(scan.dataset.name, scan.time) for scan in self.plan.scans}
        times |= {(dataset.name, dataset.event_time) for dataset in datasets}
        times |= {(split.dataset.name, split.time) for split in self.plan.splits}
        self._execute(
            "CREATE OR REPLACE TEMP TABLE changed_days AS\n"
            f"SELECT DISTINCT dataset, time_column, day FROM touched WHERE day <= {self.moment.day}"
        )
        for dataset in datasets:
            for time in sorted(time for name, time in times if name == dataset.name):
                if self.last_day < self.moment.today or self._came_due(dataset, time):
                    names = f"{literal(dataset.name)}, {literal(time)}"
                    self._execute(
                        f"INSERT INTO changed_days SELECT {names}, {self._days_since(self.last_day)}"
                    )
        self._execute("CREATE OR REPLACE TEMP TABLE dirty_days (source VARCHAR, day DATE)")

    def _came_due(self, dataset: Dataset, time: str) -> bool:
        """Whether rows that lay in the future at the last refresh, such as deadlines, no longer do."""
        before = replace(self.moment, now=self.last)
        past = f"{self.moment.past(dataset, time)} AND NOT ({before.past(dataset, time)})"
        return (
            self.cursor.execute(f"SELECT 1 FROM {dataset.table} WHERE {past} LIMIT 1").fetchone() is not None
        )

    def has_news(self, dataset: Dataset, known: str) -> bool:
        """Whether a published figure may have a new print: delivered, or delivered before and published
        since.
        """
        touched = self.cursor.execute("SELECT 1 FROM touched WHERE dataset = ? LIMIT 1", [dataset.name])
        if touched.fetchone() is not None:
            return True
        return self.reached(dataset) is not None or self._came_due(dataset, known)

    def follow_presence(self, dataset: Dataset) -> None:
        """Which days have rows at all."""
        self._follow_presence(dataset, dataset.presence, hourly=False)
        if any(coverage.hourly and coverage.dataset.name == dataset.name for coverage in self.plan.coverages):
            self._follow_presence(dataset, dataset.presence_by_hour, hourly=True)
        since = self.reached(dataset)
        if since is not None:
            self._execute(f"INSERT INTO dirty_days SELECT {literal(dataset.name)}, {self._days_since(since)}")

    def _follow_presence(self, dataset: Dataset, table: str, *, hourly: bool) -> None:
        mark = f"{dataset.event_time} by {dataset.coverage}"
        if self.tables.get(table) == mark:
            rows = presence_rows(dataset, self.moment, self.root, changed=True, hourly=hourly)
            self._all(update(table, rows, changed_days(dataset.name, dataset.event_time)))
            # an event speaks for the days before it, too
            self._execute(
                f"INSERT INTO dirty_days SELECT {literal(dataset.name)}, day - CAST(step AS INTEGER)"
                f" FROM moved_days CROSS JOIN range({dataset.cadence}) AS back(step)"
            )
        else:
            self._all(rebuild(table, presence_rows(dataset, self.moment, self.root, hourly=hourly)))
            self.tables[table] = mark

    def follow_scan(self, scan: Scan) -> None:
        """The additive parts of a scan."""
        mark = table_fingerprint(scan)
        own = any(cube.scan == scan and cube.own is not None for cube in self.plan.cubes)
        source = f"({changed_days(scan.dataset.name, scan.time)})"
        if self.tables.get(scan.table) == mark:
            rows = scan_rows(scan, self.moment, changed=True)
            self._all(update(scan.table, rows, changed_slots(scan)))
            # Parts that stayed the same prove that nothing changed, unless rows are also looked at one by
            # one.
            source = source if own else "moved_days"
        else:
            self._all(rebuild(scan.table, scan_rows(scan, self.moment, ahead=self.ahead(scan))))
            self.tables[scan.table] = mark
        self._execute(f"INSERT INTO dirty_days SELECT {literal(scan.table)}, day FROM {source}")

    def ahead(self, scan: Scan) -> bool:
        """Whether any fact lies in the future by the scan's time."""
        found = self.cursor.execute(self.moment.ahead(scan.dataset, scan.time)).fetchone()
        return found is not None

    def follow_split(self, split: Split) -> None:
        """The additive parts of the members of a dimension."""
        if self.tables.get(split.table) != split.mark:
            self._all(rebuild_split(split, self.moment))
            self.tables[split.table] = split.mark
            return
        row = self.cursor.execute(first_changed(split)).fetchone()
        if row and row[0]:
            self._all(update_split(split, self.moment, row[0]))

    def forget(self, there: Iterable[str]) -> None:
        """Drop the kept tables that the plan no longer asks for: nobody would bring them up to date."""
        kept = {
            *(dataset.presence for dataset in self.plan.datasets),
            *(found.dataset.presence_by_hour for found in self.plan.coverages if found.hourly),
            *(scan.table for scan in self.plan.scans),
            *(split.table for split in self.plan.splits),
        }
        for table in sorted(set(there) - kept):
            if table.startswith("part_"):
                self._execute(f"DROP TABLE {quote(table)}")
        self.tables = {table: mark for table, mark in self.tables.items() if table in kept}

    def reached(self, dataset: Dataset) -> dt.date | None:
        """The first day whose values may say that the data reach less far than they now do; None: they do
        not.
        """
        row = self.cursor.execute(
            f"SELECT max(data_through), max(last_loaded_at) FROM feed_status WHERE {feeds_of(dataset)}"
        ).fetchone()
        now = self.moment.now.astimezone(dt.UTC).replace(tzinfo=None)
        news = [(at or now).isoformat() for at in row or (None, None)]
        olds = self.before.get(dataset.name, news)
        self.delivered[dataset.name] = news
        moved = [
            dt.datetime.fromisoformat(min(old, new))
            .replace(tzinfo=dt.UTC)
            .astimezone(self.moment.zone)
            .date()
            for old, new in zip(olds, news, strict=True)
            if old != new
        ]
        if self.moment.has_begun(self._periods_of(dataset), self.last):
            moved.append(self.last_day)
        return min(moved, default=None)

    def _periods_of(self, dataset: Dataset) -> set[Period]:
        """The kinds of period that anything of a dataset is computed for."""
        shapes = [found.shape for found in self.plan.coverages if found.dataset.name == dataset.name]
        shapes += [found.shape for found in self.plan.reported if found.dataset.name == dataset.name]
        return {period for shape in shapes for period in shape.periods}

    def _days_since(self, day: dt.date) -> str:
        return f"CAST(unnest(generate_series(DATE '{day}', {self.moment.day}, INTERVAL 1 DAY)) AS DATE)"

    def _all(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._execute(statement)

    def _execute(self, statement: str) -> None:
        self.cursor.execute(statement)
