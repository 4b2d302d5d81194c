"""One refresh: the steps of the plan carried out inside one transaction, each over as few periods as is
right.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import or_

from config import City
from indicators.changes import ENGINE, Standing, areas_fingerprint, settle_definitions
from indicators.dirty import Days, Spans
from indicators.own import fill_own
from indicators.plan import (
    Balance,
    Coverage,
    Cube,
    FormulaStep,
    Plan,
    ReportedRead,
    Step,
    indicators_of,
)
from indicators.sql import formula, publish
from indicators.sql.balance import balance
from indicators.sql.coverage import alike as alike_cells
from indicators.sql.coverage import frame
from indicators.sql.cube import cube
from indicators.sql.formula import formula_values
from indicators.sql.prelude import Moment
from indicators.sql.reaching import dirty_after, looked_at
from indicators.sql.reported import reported_values
from indicators.sql.values import Told, alike, measured, standing, values
from indicators.upkeep import Upkeep
from indicators.vintages import thin
from warehouse.derived import declare, settle
from warehouse.progress import Progress
from warehouse.store import Cursor

Grouped = Cube | Balance


class Refresh:
    """The state of one refresh.

    ``rows`` counts values that are new, changed or gone; ``refreshed`` holds the indicators that were looked
    at again; ``whole`` those that were made anew from beginning to end; ``kind`` is ``full`` if definitions
    were; ``stirred`` says that readers have something new to show.
    """

    def __init__(self, cursor: Cursor, city: City, plan: Plan, moment: Moment, progress: Progress) -> None:
        self.cursor = cursor
        self.city = city
        self.plan = plan
        self.moment = moment
        self.progress = progress
        self.rows = 0
        self.refreshed: set[str] = set()
        self.nothing = Spans(moment.calendar.periods, {})
        self.dirty: dict[str, Spans] = {}
        self.moved: dict[str, Spans] = {}
        self.scope: dict[str, Spans | None] = {}
        self.frames: dict[str, str] = {}
        self.given = 0
        self.timings: dict[str, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
        cursor.execute(moment.calendar.macros)
        tables = cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        self.tables = {str(row[0]) for row in tables}
        self.areas = areas_fingerprint(cursor)
        self.standing = Standing.read(cursor)
        self.first = not self.standing.holds(self.areas, moment.reckoning)
        if self.first:
            self.standing = Standing()
        self.definitions = settle_definitions(cursor, city, plan, moment.now, self.standing)
        # an indicator that was away has its old definition, and none of what came meanwhile
        back = set(self.definitions.versions) - set(self.standing.indicators)
        self.whole = back | set(self.definitions.changed)
        self.news = frozenset(self.whole)
        self.kind = "full" if self.whole else "incremental"
        self.stirred = bool(self.whole)
        self.upkeep = Upkeep(cursor, plan, moment, self.standing, city.areas.root)

    @property
    def message(self) -> str:
        """Why, in a few words."""
        if self.first:
            return "first computation"
        changed = sorted(self.news)
        return "changed definitions: " + ", ".join(changed) if changed else ""

    def run(self) -> None:
        """Carry out the plan."""
        upkeep = self.upkeep
        datasets = [dataset for dataset in self.plan.datasets if dataset.table in self.tables]
        declare(self.cursor, self.plan.derived)
        for dataset in datasets:
            if self.plan.derived.get(dataset.name):
                settle(self.cursor, dataset.name)
        upkeep.note_changed_days(datasets)
        for dataset in datasets:
            self.progress("parts", 0, len(self.plan.scans))
            with self._timed(f"presence {dataset.name}"):
                upkeep.follow_presence(dataset)
        for done, scan in enumerate(self.plan.scans, start=1):
            if scan.dataset.table in self.tables:
                with self._timed(f"scan {scan.table}"):
                    upkeep.follow_scan(scan)
            self.progress("parts", done, len(self.plan.scans))
        for split in self.plan.splits:
            if split.dataset.table in self.tables:
                with self._timed(f"split {split.table}"):
                    upkeep.follow_split(split)
        upkeep.forget(self.tables)
        self._values()
        self._execute("DELETE FROM touched")
        standing = Standing(
            self.moment.now,
            self.areas,
            ENGINE,
            self.moment.reckoning,
            upkeep.tables,
            upkeep.delivered,
            sorted(self.definitions.versions),
        )
        standing.write(self.cursor)
        if self._last_day < self.moment.today:
            thin(self.cursor, self.moment, self.city.head.vintages.keep)

    def _values(self) -> None:
        total = len(self.definitions.versions)
        self._execute(publish.FRESH)
        if self.definitions.gone:
            self._remember(self.definitions.gone, None)
        grouped: list[Grouped] = [cube for cube in self.plan.cubes if self._has_facts(cube)]
        grouped += [stock for stock in self.plan.balances if self._has_facts(stock)]
        for step in grouped:
            self._note_dirty(step)
        grouped = [step for step in grouped if self._is_whole(step) or self._dirty(step)]
        self._lay_frames(grouped)
        self._cover(grouped)
        for step in grouped:
            with self._timed(f"roll up {step.name}"):
                self._compute(step)
            self.progress("values", len(self.refreshed), total)
        for reported in self.plan.reported:
            if self._has_facts(reported):
                self._report(reported)
        for layer in _layers(self.plan.formulas):
            self._follow(layer)
            self.progress("values", len(self.refreshed), total)
        self._merge()
        self.progress("values", total, total)

    def _has_facts(self, step: Step) -> bool:
        """Whether the dataset's feeds have ever delivered, so that there is a fact table."""
        match step:
            case Cube():
                return step.scan.dataset.table in self.tables
            case Balance():
                return step.opens.dataset.table in self.tables
            case ReportedRead():
                return step.dataset.table in self.tables
            case FormulaStep():
                return True

    @property
    def _last_day(self) -> dt.date:
        """The city's day of the last refresh."""
        return (self.standing.now or self.moment.now).astimezone(self.moment.zone).date()

    # Measures and stocks

    def _note_dirty(self, step: Grouped) -> None:
        """The periods in which values of the step may have changed, and apart from them those of which only
        the reach of the data did, so that nothing has to be counted again.
        """
        upkeep, today = self.upkeep, self.moment.today
        moved = reduce(or_, (upkeep.moved.get(source, Days()) for source in _sources(step)))
        reach = upkeep.reach.get(step.coverage.dataset.name, Days())
        if isinstance(step, Balance) or step.coverage.quiet or any(v.missing != "skip" for v in step.values):
            # whether there is a value at all may hang on how far the data reach
            moved |= reach
        if moved and isinstance(step, Balance):
            # what entered or left on one day is in the stock of every day after
            moved = Days.between(moved.first, today)
        elif moved and step.coverage.quiet and moved.first <= self._first_heard(step.coverage):
            # with the first delivery the quiet days after it come and go
            moved |= Days.between(moved.first, today)
        periods, kinds, now = self.moment.calendar.periods, step.shape.periods, self.moment.wall
        self.moved[step.name] = Spans.touched(periods, kinds, moved, now)
        dirty = self.moved[step.name] | Spans.touched(periods, kinds, reach, now)
        if dirty and not self.moved[step.name] and not self._is_heard(step.coverage, dirty):
            dirty = self.moved[step.name]
        if dirty:
            self.dirty |= dict.fromkeys(indicators_of(step), dirty)

    def _first_heard(self, coverage: Coverage) -> dt.date:
        """The first day of which anything was delivered."""
        row = self.cursor.execute(f"SELECT min(day) FROM {coverage.dataset.presence}").fetchone()
        return row[0] if row and row[0] else dt.date.min

    def _is_heard(self, coverage: Coverage, spans: Spans) -> bool:
        """Whether anything of some periods was delivered, as it must be for them to have values."""
        days = reduce(or_, map(spans.days, spans.runs)).ahead(coverage.back - 1)
        found = f"SELECT 1 FROM {coverage.dataset.presence} WHERE {days.sql('day')} LIMIT 1"
        return self.cursor.execute(found).fetchone() is not None

    def _dirty(self, step: Grouped) -> Spans:
        """The periods of a step in which anything may have changed."""
        return self.dirty.get(indicators_of(step)[0]) or self.moved[step.name]

    def _lay_frames(self, steps: Sequence[Grouped]) -> None:
        """Tables of the areas and periods that have anything, as far as the steps need them."""
        whole: list[Coverage] = []
        parts: dict[Coverage, Spans] = {}
        for coverage in self.plan.coverages:
            those = [step for step in steps if step.coverage.name == coverage.name]
            if any(map(self._is_whole, those)):
                whole.append(coverage)
            elif those:
                parts[coverage] = reduce(or_, map(self._dirty, those))
        for coverages in alike_cells(whole):
            self._lay_frame(coverages, None)
        for coverages in alike_cells(list(parts)):
            self._lay_frame(coverages, reduce(or_, (parts[coverage] for coverage in coverages)))

    def _lay_frame(self, coverages: Sequence[Coverage], dirty: Spans | None) -> None:
        table = f"frame__{coverages[0].name}"
        with self._timed(*(f"frame {coverage.name}" for coverage in coverages)):
            self._execute(f"CREATE OR REPLACE TEMP TABLE {table} AS\n{frame(coverages, self.moment, dirty)}")
        for source, coverage in enumerate(coverages):
            alone = len(coverages) == 1
            self.frames[coverage.name] = table if alone else f"(FROM {table} WHERE source = {source})"

    def _compute(self, step: Grouped) -> None:
        """The values of a cube or a balance, by way of one table for all of them."""
        name, base, moved = f"made__{step.name}", self.frames[step.coverage.name], self.moved[step.name]
        limit = None if self._is_whole(step) else moved
        if not (limit is None or limit):
            return
        own = ""
        if isinstance(step, Cube):
            root = self.city.areas.root
            if step.own is not None and limit is None:
                own = f"own__{step.name}"
                ahead = self.upkeep.ahead(step.scan)
                fill_own(self.cursor, step, self.moment, root, own, ahead=ahead)
            table = cube(step, self.moment, base, root, limit, own)
            told = [measured(value, step) for value in step.values]
        else:
            table = balance(step, self.moment, base, limit)
            told = [standing(value, step) for value in step.values]
        if (
            limit is not None
            and len(alike(told)) == 1
            and len(set(map(self._target, indicators_of(step)))) == 1
        ):
            # few rows for one reader: to make a table of them would take longer than to make them
            self._put(indicators_of(step), values(told, f"(\n{table}\n)"), limit)
            return
        self._execute(f"CREATE OR REPLACE TEMP TABLE {name} AS\n{table}")
        if own:
            self._execute(f"DROP TABLE {own}")
        ways: dict[tuple[str, bool, str], list[Told]] = defaultdict(list)
        for one in told:
            id_ = one.indicator
            ways[self._target(id_), id_ in self.whole, self._source(step, id_)].append(one)
        for (_, _, source), together in ways.items():
            for group in alike(together):
                self._put([one.indicator for one in group], values(group, source), limit)
        self._execute(f"DROP TABLE {name}")

    def _cover(self, steps: Sequence[Grouped]) -> None:
        """Values that stand, with what is now known of how far they rest on deliveries."""
        found: dict[tuple[str, Spans], list[str]] = defaultdict(list)
        for step in steps:
            spans = self._dirty(step) - self.moved[step.name]
            if spans and not self._is_whole(step):
                found[self.frames[step.coverage.name], spans] += indicators_of(step)
        if found:
            for statement in publish.cover(found, self.moment):
                self._execute(statement)
            self.refreshed.update(id_ for indicators in found.values() for id_ in indicators)

    def _source(self, step: Grouped, indicator: str) -> str:
        """What an indicator is read from: if others need more of the table than it does, a part of it."""
        if self._is_whole(step) and indicator not in self.whole:
            return f"(FROM made__{step.name} WHERE {self._dirty(step).sql()})"
        return f"made__{step.name}"

    def _is_whole(self, step: Grouped) -> bool:
        return not self.whole.isdisjoint(indicators_of(step))

    # Published figures and formulas

    def _report(self, step: ReportedRead) -> None:
        """Published figures are few: whenever there may be a new print, all of the indicator's are read."""
        if not self.upkeep.has_news(step.dataset, step.known) and step.indicator not in self.whole:
            return
        self.whole.add(step.indicator)
        self._put([step.indicator], reported_values(step, self.moment))

    def _follow(self, layer: Sequence[FormulaStep]) -> None:
        """A formula is made anew with any of its inputs; else it follows the periods that changed in them."""
        limits: dict[FormulaStep, Spans | None] = {}
        for step in layer:
            if step.indicator in self.whole or not self.whole.isdisjoint(step.inputs):
                self.whole.add(step.indicator)
                limits[step] = None
                continue
            inputs = {input_: self.dirty[input_] for input_ in step.inputs if input_ in self.dirty}
            last_day = (
                self._last_day if self.moment.has_begun(step.shape.periods, self.standing.now) else None
            )
            dirty = dirty_after(step, inputs, self.moment, last_day)
            if dirty:
                self.dirty[step.indicator] = limits[step] = dirty
        near = {step: dirty for step, dirty in limits.items() if dirty is not None}
        if len(near) < len(limits):
            # what is made anew is made from what stands
            self._merge()
        if near:
            self._execute(looked_at(near, self.scope))
        for target in ("indicator_value", "fresh"):
            there = {step: dirty for step, dirty in limits.items() if self._target(step.indicator) == target}
            for group in formula.alike(there, self.moment, self.city.levels):
                limit = limits[group[0]]
                source = "indicator_value" if limit is None else "looked_at"
                rows = formula_values(group, self.moment, self.city.levels, limit, source)
                self._put([step.indicator for step in group], rows, limit)

    # Writing

    def _put(self, indicators: Sequence[str], rows: str, limit: Spans | None = None) -> None:
        """Set the rows of indicators, of all their periods or some, aside for the next merge; those of new
        ones need none. All are read from the same rows, so that each has as many and takes as long.
        """
        began, (first, *_) = time.perf_counter(), indicators
        target = self._target(first)
        if target != "indicator_value":
            scope = limit if limit is not None or first in self.whole else self.dirty.get(first, self.nothing)
            self._remember(indicators, scope)
        versions = {id_: self.definitions.versions[id_] for id_ in indicators}
        row = self.cursor.execute(publish.insert(target, rows, self.moment, versions)).fetchone()
        made = int(row[0]) if row else 0
        self.given += made
        if target == "indicator_value":
            self.rows += made
        self.refreshed.update(indicators)
        seconds = (time.perf_counter() - began) / len(indicators)
        for id_ in indicators:
            self.timings[f"values of {id_}"] = made // len(indicators), seconds

    def _remember(self, indicators: Iterable[str], spans: Spans | None) -> None:
        """Note which periods of indicators are made anew (None: all), for the next merge."""
        for id_ in indicators:
            held = self.scope.get(id_, spans)
            self.scope[id_] = None if held is None or spans is None else held | spans

    def _target(self, indicator: str) -> str:
        """Where the values of an indicator go: those of a new one have nothing to be compared with."""
        return "indicator_value" if indicator in self.definitions.new else "fresh"

    def _merge(self) -> None:
        """Bring what everyone reads in line with what was set aside."""
        if not self.scope:
            return
        self._execute(publish.compare(self.scope))
        row = self.cursor.execute(publish.DIFFERENCE).fetchone()
        assert row is not None
        found = publish.Difference(*row)
        for statement in publish.bring_in_line(found, self.moment):
            self._execute(statement)
        changed = found.new + found.gone + found.moved
        self.rows += changed
        self.stirred = self.stirred or changed > 0
        self._execute("TRUNCATE fresh")
        self.scope.clear()

    @contextlib.contextmanager
    def _timed(self, *names: str) -> Iterator[None]:
        """Note how many rows of values a step gives and how long it takes, in seconds: under its name, or in
        equal parts under those of steps that are one.
        """
        began, before = time.perf_counter(), self.given
        yield
        took, given = (time.perf_counter() - began) / len(names), (self.given - before) // len(names)
        for name in names:
            rows, seconds = self.timings[name]
            self.timings[name] = rows + given, seconds + took

    def _execute(self, statement: str) -> None:
        self.cursor.execute(statement)


def _layers(formulas: Iterable[FormulaStep]) -> Iterator[list[FormulaStep]]:
    """Formulas in layers: those of one layer need only layers before it."""
    depth: dict[str, int] = {}
    layers: dict[int, list[FormulaStep]] = {}
    for step in formulas:
        depth[step.indicator] = 1 + max(depth.get(input_, 0) for input_ in step.inputs)
        layers.setdefault(depth[step.indicator], []).append(step)
    yield from (layers[level] for level in sorted(layers))


def _sources(step: Grouped) -> list[str]:
    """Where a step's dirty days are noted: with its dataset and with its part tables."""
    scans = [step.scan] if isinstance(step, Cube) else [step.opens, step.closes]
    return [step.coverage.dataset.name, *(scan.table for scan in scans)]
