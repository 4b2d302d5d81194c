"""One refresh: the steps of the plan carried out inside one transaction, each over as few periods as is
right.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from config import City
from indicators.changes import ENGINE, Standing, areas_fingerprint, settle_definitions
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
from indicators.recast import recast_rules
from indicators.sql import publish
from indicators.sql.balance import balance
from indicators.sql.coverage import frame
from indicators.sql.cube import cube
from indicators.sql.formula import dirty_after, formula_values
from indicators.sql.prelude import Dirty, Moment
from indicators.sql.reported import reported_values
from indicators.sql.values import Told, alike, measured, standing, values
from indicators.upkeep import Upkeep
from indicators.vintages import thin
from warehouse.derived import declare, settle
from warehouse.progress import Progress
from warehouse.recast_rule import keep_rules
from warehouse.store import Cursor
from warehouse.syntax import literal

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
        self.dirty: dict[str, str] = {}
        self.stirs: dict[str, str] = {}
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
        self.definitions = settle_definitions(cursor, city, plan, moment.now)
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
        keep_rules(self.cursor, recast_rules(self.city, self.plan))

    def _values(self) -> None:
        total = len(self.definitions.versions)
        self._execute(
            f"{publish.FRESH};"
            "CREATE OR REPLACE TEMP TABLE scope (indicator VARCHAR, period VARCHAR, start TIMESTAMP)"
        )
        if self.definitions.gone:
            gone = ", ".join(f"({literal(id_)}, NULL, NULL)" for id_ in sorted(self.definitions.gone))
            self._execute(f"INSERT INTO scope VALUES {gone}")
        grouped: list[Grouped] = [cube for cube in self.plan.cubes if self._has_facts(cube)]
        grouped += [stock for stock in self.plan.balances if self._has_facts(stock)]
        dirty = {row[0] for row in self.cursor.execute("SELECT DISTINCT source FROM dirty_days").fetchall()}
        grouped = [step for step in grouped if self._is_whole(step) or not dirty.isdisjoint(_sources(step))]
        for step in grouped:
            self._note_dirty(step)
        for coverage in self.plan.coverages:
            with self._timed(f"frame {coverage.name}"):
                self._lay_frame(coverage, [step for step in grouped if step.coverage.name == coverage.name])
        for step in grouped:
            with self._timed(f"roll up {step.name}"):
                self._compute(step)
            self.progress("values", len(self.refreshed), total)
        for reported in self.plan.reported:
            if self._has_facts(reported):
                self._report(reported)
        self._merge()
        for layer in _layers(self.plan.formulas):
            for formula in layer:
                self._follow(formula)
            self._merge()
            self.progress("values", len(self.refreshed), total)
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
        """Table of the periods in which values of the step may have changed."""
        name = f"dirty__{step.name}"
        sources = _texts(_sources(step))
        days = f"SELECT DISTINCT day FROM dirty_days WHERE source IN {sources}"
        first = f"SELECT min(day) FROM dirty_days WHERE source IN {sources}"
        since = (
            f"SELECT CAST(unnest(generate_series(({first}), {self.moment.day}, INTERVAL 1 "
            f"DAY)) AS DATE) AS day"
        )
        if isinstance(step, Balance):
            # what entered or left on one day is in the stock of every day after
            days = since
        elif step.coverage.quiet:
            # with the first delivery the quiet days after it come and go
            heard = f"SELECT min(day) FROM {step.coverage.dataset.presence}"
            days += f" UNION SELECT day FROM ({since}) WHERE ({first}) <= ({heard})"
        periods = " UNION ".join(
            self.moment.calendar.touched(period, "days") for period in step.shape.periods
        )
        self._execute(
            f"CREATE OR REPLACE TEMP TABLE {name} AS\n"
            f"WITH days AS ({days}) SELECT * FROM ({periods}) WHERE start <= {self.moment.clock}"
        )
        for id_ in indicators_of(step):
            self.dirty[id_] = name

    def _lay_frame(self, coverage: Coverage, steps: Sequence[Grouped]) -> None:
        """Table of the areas and periods that have anything, as far as the steps need it."""
        if not steps:
            return
        dirty = None
        if not any(self._is_whole(step) for step in steps):
            dirty = f"dirty_frame__{coverage.name}"
            union = " UNION ".join(f"FROM dirty__{step.name}" for step in steps)
            self._execute(f"CREATE OR REPLACE TEMP TABLE {dirty} AS {union}")
        self._execute(
            f"CREATE OR REPLACE TEMP TABLE frame__{coverage.name} AS\n{frame(coverage, self.moment, dirty)}"
        )

    def _compute(self, step: Grouped) -> None:
        """The values of a cube or a balance, by way of one table for all of them."""
        name, base = f"made__{step.name}", f"frame__{step.coverage.name}"
        limit = (
            None if self._is_whole(step) else Dirty(f"dirty__{step.name}", self._first(f"dirty__{step.name}"))
        )
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
        self._execute(f"CREATE OR REPLACE TEMP TABLE {name} AS\n{table}")
        if own:
            self._execute(f"DROP TABLE {own}")
        ways: dict[tuple[str, bool, str], list[Told]] = defaultdict(list)
        for one in told:
            id_ = one.indicator
            ways[self._target(id_), id_ in self.whole, self._source(step, id_)].append(one)
        for (_, _, source), together in ways.items():
            for group in alike(together):
                self._put([one.indicator for one in group], values(group, source))
        self._execute(f"DROP TABLE {name}")

    def _source(self, step: Grouped, indicator: str) -> str:
        """What an indicator is read from: if others need more of the table than it does, a part of it."""
        if self._is_whole(step) and indicator not in self.whole:
            return f"made__{step.name} SEMI JOIN dirty__{step.name} USING (period, start)"
        return f"made__{step.name}"

    def _first(self, table: str) -> dt.date:
        """The first start in a table of periods."""
        row = self.cursor.execute(f"SELECT min(period_begin(period, start)) FROM {table}").fetchone()
        return row[0].date() if row and row[0] else self.moment.today

    def _is_whole(self, step: Grouped) -> bool:
        return not self.whole.isdisjoint(indicators_of(step))

    # Published figures and formulas

    def _report(self, step: ReportedRead) -> None:
        """Published figures are few: whenever there may be a new print, all of the indicator's are read."""
        if not self.upkeep.has_news(step.dataset, step.known) and step.indicator not in self.whole:
            return
        self.whole.add(step.indicator)
        self._put([step.indicator], reported_values(step, self.moment))

    def _follow(self, step: FormulaStep) -> None:
        """A formula is made anew with any of its inputs; else it follows the periods that changed in them."""
        if step.indicator in self.whole or not self.whole.isdisjoint(step.inputs):
            self.whole.add(step.indicator)
            self._put([step.indicator], formula_values(step, self.moment, self.city.levels))
            return
        inputs = {input_: self.dirty[input_] for input_ in step.inputs if input_ in self.dirty}
        last_day = self._last_day if self.moment.has_begun(step.shape.periods, self.standing.now) else None
        if not inputs and last_day is None:
            return
        periods = dirty_after(step, inputs, self.moment, last_day)
        if periods not in self.stirs:
            # formulas that look at the same inputs from the same distances share a table
            self.stirs[periods] = f"dirty__{step.indicator}"
            self._execute(f"CREATE OR REPLACE TEMP TABLE {self.stirs[periods]} AS\n{periods}")
        name = self.dirty[step.indicator] = self.stirs[periods]
        self._put(
            [step.indicator],
            formula_values(step, self.moment, self.city.levels, Dirty(name, self._first(name))),
        )

    # Writing

    def _put(self, indicators: Sequence[str], rows: str) -> None:
        """Set the rows of indicators aside for the next merge; those of new ones need none. All of them are
        read from the same rows, so that each has as many and takes as long.
        """
        began, (first, *_) = time.perf_counter(), indicators
        target, listed = self._target(first), ", ".join(map(literal, indicators))
        if target != "indicator_value":
            scope = "NULL, NULL" if first in self.whole else f"period, start FROM {self.dirty[first]}"
            self._execute(f"INSERT INTO scope SELECT unnest([{listed}]), {scope}")
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

    def _target(self, indicator: str) -> str:
        """Where the values of an indicator go: those of a new one have nothing to be compared with."""
        return "indicator_value" if indicator in self.definitions.new else "fresh"

    def _merge(self) -> None:
        """Bring what everyone reads in line with what was set aside."""
        first = dict(self.cursor.execute(publish.SCOPED).fetchall())
        self._execute(publish.compare(first))
        row = self.cursor.execute(publish.DIFFERENCE).fetchone()
        assert row is not None
        found = publish.Difference(*row)
        for statement in publish.bring_in_line(found, self.moment):
            self._execute(statement)
        changed = found.new + found.gone + found.moved
        self.rows += changed
        self.stirred = self.stirred or changed > 0
        self._execute("TRUNCATE fresh; TRUNCATE scope")

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Note under ``name`` how many rows of values a step gives and how long it takes, in seconds."""
        began, before = time.perf_counter(), self.given
        yield
        rows, seconds = self.timings[name]
        self.timings[name] = rows + self.given - before, seconds + time.perf_counter() - began

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


def _texts(words: Sequence[str]) -> str:
    return "(" + ", ".join(map(literal, words)) + ")"
