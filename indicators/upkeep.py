"""The tables kept between refreshes: presence and additive parts, brought up to date for the days that
changed.

Afterwards ``moved`` says by source which days are others now: a source is a dataset for its coverage, and a
part table for its figures. ``reach`` says by dataset on which days nothing but the reach of its data is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from config.models import Area
from config.models.indicator import Period
from indicators.changes import Standing, table_fingerprint
from indicators.datasets import Dataset
from indicators.dirty import Days
from indicators.plan import Plan, Scan
from indicators.portions import portions
from indicators.split import Split
from indicators.sql.breakdown import rebuild_split, update_split
from indicators.sql.prelude import Moment
from indicators.sql.scan import (
    moved_days,
    presence_rows,
    rebuild,
    replace_days,
    scan_rows,
    set_aside,
    slots_of,
)
from warehouse.store import Cursor
from warehouse.syntax import quote


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
        rows = cursor.execute("SELECT feed, data_through, last_loaded_at FROM feed_status").fetchall()
        self.status = {feed: (through, loaded) for feed, through, loaded in rows}
        self.changed: dict[tuple[str, str], Days] = {}
        self.moved: dict[str, Days] = {}
        self.reach: dict[str, Days] = {}
        self.last = standing.now or moment.now
        self.last_day = self.last.astimezone(moment.zone).date()

    def note_changed_days(self, datasets: Sequence[Dataset]) -> None:
        """Of each dataset and time column the days that loads touched, and those of rows that lay in the
        future at the last refresh.
        """
        times = {(scan.dataset.name, scan.time) for scan in self.plan.scans}
        times |= {(dataset.name, dataset.event_time) for dataset in datasets}
        times |= {(split.dataset.name, split.time) for split in self.plan.splits}
        touched: dict[tuple[str, str], list[dt.date]] = {}
        found = self.cursor.execute(
            f"SELECT DISTINCT dataset, time_column, day FROM touched WHERE day <= {self.moment.day}"
        )
        for name, time, day in found.fetchall():
            touched.setdefault((name, time), []).append(day)
        self.changed = {key: Days.of(days) for key, days in touched.items()}
        for dataset in datasets:
            for name, time in sorted(times):
                if name == dataset.name:
                    due = self._came_due(dataset, time)
                    self.changed[name, time] = self.changed.get((name, time), Days()) | due

    def _came_due(self, dataset: Dataset, time: str) -> Days:
        """The days of rows, such as deadlines, that have come since the last refresh."""
        past = self.moment.past(dataset, time)
        before = replace(self.moment, now=self.last).past(dataset, time)
        if past == before:
            return Days()
        found = self.cursor.execute(
            f"SELECT DISTINCT {time}__day FROM {dataset.table} WHERE {past} AND NOT ({before})"
        )
        return Days.of(day for (day,) in found.fetchall())

    def has_news(self, dataset: Dataset, known: str) -> bool:
        """Whether a published figure may have a new print: delivered, or delivered before and published
        since.
        """
        touched = self.cursor.execute("SELECT 1 FROM touched WHERE dataset = ? LIMIT 1", [dataset.name])
        if touched.fetchone() is not None:
            return True
        return self.reached(dataset) is not None or bool(self._came_due(dataset, known))

    def follow_presence(self, dataset: Dataset) -> None:
        """Which days have rows at all."""
        self._follow_presence(dataset, dataset.presence, hourly=False)
        if any(coverage.hourly and coverage.dataset.name == dataset.name for coverage in self.plan.coverages):
            self._follow_presence(dataset, dataset.presence_by_hour, hourly=True)
        since = self.reached(dataset)
        if since is not None:
            self.reach[dataset.name] = Days.between(since, self.moment.today)

    def _follow_presence(self, dataset: Dataset, table: str, *, hourly: bool) -> None:
        mark = f"{dataset.event_time} by {dataset.coverage}"
        days = self.changed.get((dataset.name, dataset.event_time), Days())
        if self.tables.get(table) != mark:  # such as with the first delivery
            self._all(rebuild(table, presence_rows(dataset, self.moment, self.root, hourly=hourly)))
            self.tables[table] = mark
        elif days:
            rows = presence_rows(dataset, self.moment, self.root, days, hourly=hourly)
            days = self._update(table, rows, days)
        # an event speaks for the days before it, too
        self._note(dataset.name, days.back(dataset.cadence - 1))

    def follow_scan(self, scan: Scan) -> None:
        """The additive parts of a scan."""
        mark = table_fingerprint(scan)
        own = any(cube.scan == scan and cube.own is not None for cube in self.plan.cubes)
        days = self.changed.get((scan.dataset.name, scan.time), Days())
        if self.tables.get(scan.table) != mark:
            ahead, found = self.ahead(scan), portions(self.cursor, scan)
            rows = (scan_rows(scan, self.moment, portion, ahead=ahead) for portion in found)
            self._all(rebuild(scan.table, *rows))
            self.tables[scan.table] = mark
        elif days:
            moved = self._update(scan.table, scan_rows(scan, self.moment, days), slots_of(scan, days))
            # Parts that stayed the same prove that nothing changed, unless rows are also looked at one by
            # one.
            days = days if own else moved
        self._note(scan.table, days)

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
        days = self.changed.get((split.dataset.name, split.time), Days())
        if days:
            self._all(update_split(split, self.moment, days))

    def _update(self, table: str, rows: str, days: Days) -> Days:
        """Bring a kept table up to date for some days, and return those on which it was not."""
        self._execute(set_aside(rows))
        found = self.cursor.execute(moved_days(quote(table), days)).fetchall()
        moved = Days.of(day for (day,) in found)
        if moved:
            self._all(replace_days(quote(table), days, moved))
        return moved

    def _note(self, source: str, days: Days) -> None:
        self.moved[source] = self.moved.get(source, Days()) | days

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
        now = self.moment.now.astimezone(dt.UTC).replace(tzinfo=None)
        known = [self.status[feed] for feed in dataset.feeds if feed in self.status]
        news = [
            max(filter(None, at), default=now).isoformat()
            for at in ([t for t, _ in known], [a for _, a in known])
        ]
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

    def _all(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._execute(statement)

    def _execute(self, statement: str) -> None:
        self.cursor.execute(statement)
