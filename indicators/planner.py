"""City → plan: every definition read, taken apart, and like put with like so that each pass over the facts is
made once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import Final, TypeVar

from config import City
from config.models.indicator import Derived, Indicator, Measure, Reported, Stock
from indicators.calendar import Calendar, Grain
from indicators.counted import flows_of, measure_of
from indicators.datasets import Dataset, datasets
from indicators.formula import Accumulation, Trait, inputs_of, series_of
from indicators.measures import (
    Own,
    Part,
    accumulates,
    assemble,
    columns_of,
)
from indicators.optimisation import BEST, Optimisation
from indicators.plan import (
    Balance,
    Coverage,
    Cube,
    FormulaStep,
    MeasureValue,
    OwnLevel,
    Plan,
    ReportedRead,
    Scan,
    Shape,
    StockValue,
)
from indicators.split import make_splits
from warehouse.expression import MeasureExpression, RowExpression, parse_condition
from warehouse.syntax import quote

_GRAINS: Final[tuple[Grain, ...]] = ("hour", "day", "month")
_T = TypeVar("_T", Measure, Stock, Reported)


def make_plan(city: City, optimisation: Optimisation = BEST) -> Plan:
    """The plan of a city that ``check`` finds no fault with.

    Raises ExpressionError for an expression that cannot be read.
    """
    return _Planner(city, optimisation).plan()


def formula_order(inputs: Mapping[str, Sequence[str]]) -> list[str]:
    """Formulas, each after those that it names. ``inputs`` are the names in each formula.

    Raises CycleError when some lean on each other in a ring.
    """
    order = TopologicalSorter({id_: [n for n in names if n in inputs] for id_, names in inputs.items()})
    return list(order.static_order())


def formula_inputs(city: City) -> dict[str, tuple[str, ...]]:
    """What each formula and composite is made of. Raises ExpressionError."""
    return {id_: inputs_of(item) for id_, item in city.indicators.items() if isinstance(item, Derived)}


def traits(city: City) -> dict[str, Trait]:
    """What each indicator is to the formulas that name it. Raises ExpressionError, CycleError."""
    known = datasets(city)
    found = {
        id_: base_trait(city, item, known)
        for id_, item in city.indicators.items()
        if not isinstance(item, Derived)
    }
    for id_ in formula_order(formula_inputs(city)):
        found[id_] = formula_trait(city, city.indicators[id_], found)
    return found


def base_trait(city: City, item: Indicator, known: Mapping[str, Dataset]) -> Trait:
    """What an indicator that is computed from rows is to formulas. Raises ExpressionError."""
    unit = city.units[item.unit]
    accumulation: Accumulation = "mean"
    scale = 1.0
    if isinstance(item, Measure):
        measure = measure_of(item, known[item.dataset])
        assembly = assemble(measure, lambda _: "x")
        if assembly.is_ratio:
            accumulation, scale = "ratio", assembly.scale * unit.factor
        elif accumulates(measure):
            accumulation = "sum"
    elif isinstance(item, Reported) and unit.kind == "amount":
        accumulation = "sum"
    return Trait(
        unit.kind, unit.id, accumulation, scale, descending=item.direction != "down", min_n=item.min_n
    )


def formula_trait(city: City, item: Indicator, known: Mapping[str, Trait]) -> Trait:
    """What a formula or composite is to other formulas. Raises ExpressionError."""
    assert isinstance(item, Derived)
    unit, made = city.units[item.unit], series_of(item, known).trait
    return Trait(
        unit.kind,
        unit.id,
        made.accumulation,
        scale=made.scale * (unit.factor if made.share else 1.0),
        descending=item.direction != "down",
        min_n=item.min_n,
    )


Key = tuple[str, str, str]
"""Dataset, time column, and the one indicator that a pass is for where passes are not fused."""


class _Planner:
    def __init__(self, city: City, optimisation: Optimisation) -> None:
        self.city = city
        self.optimisation = optimisation
        self.calendar = Calendar(city.periods)
        self.datasets = datasets(city)
        self.parts: dict[Key, dict[Part, None]] = defaultdict(dict)
        self.own: dict[Key, dict[Part | Own, list[Shape]]] = defaultdict(dict)
        self.shapes: dict[Key, list[Shape]] = defaultdict(list)
        self.stocks: set[Key] = set()
        self.leaf = city.levels[-1]

    def plan(self) -> Plan:
        measures = [(i, measure_of(i, self.datasets[i.dataset])) for i in self._all(Measure)]
        stocks = [(stock, flows_of(stock, self.datasets[stock.dataset])) for stock in self._all(Stock)]
        for item, measure in measures:
            key = self._key(item, item.time)
            self.shapes[key].append(self.shape(item))
            for column in columns_of(measure, self.datasets[key[0]].members):
                if isinstance(column, Part) and self.optimisation.roll_up:
                    self.parts[key].setdefault(column)
                else:
                    self.own[key].setdefault(column, []).append(self.shape(item))
        for stock, flows in stocks:
            for time, part in zip((stock.opens, stock.closes), flows, strict=True):
                key = self._key(stock, time)
                self.parts[key].setdefault(part)
                self.shapes[key].append(self.shape(stock))
                self.stocks.add(key)
        scans = {key: self._scan(key) for key in self.shapes}
        cubes = list(self._cubes(measures, scans))
        balances = list(self._balances(stocks, scans))
        coverages = self._fused(
            [*(cube.coverage for cube in cubes), *(balance.coverage for balance in balances)]
        )
        return Plan(
            scans=tuple(scans.values()),
            coverages=tuple(coverages.values()),
            cubes=tuple(replace(step, coverage=coverages[step.coverage.name]) for step in cubes),
            balances=tuple(replace(step, coverage=coverages[step.coverage.name]) for step in balances),
            reported=tuple(map(self._reported, self._all(Reported))),
            formulas=tuple(self._formulas()),
            splits=make_splits(self.city, self.datasets),
        )

    def _key(self, item: Measure | Stock, time: str) -> Key:
        return item.dataset, time, "" if self.optimisation.fuse else item.id

    def _scan(self, key: Key) -> Scan:
        """The pass of one key: as coarse as its periods allow, and with what its aggregates share."""
        name, time, only = key
        periods = {period for shape in self.shapes[key] for period in shape.periods}
        grains: set[Grain] = {self.calendar.grain(period) for period in periods}
        if key in self.stocks:
            grains.add("day")  # what came and went is counted up day by day
        grain = next(grain for grain in _GRAINS if grain in grains)
        asked = [row for known in (*self.parts[key], *self.own[key]) for row in known.rows]
        worth = 1 if self.optimisation.store else 2
        shared = tuple(row for row, times in Counter(asked).items() if times >= worth and not _is_bare(row))
        if not self.optimisation.share:
            shared = ()
        scan = Scan(self.datasets[name], time, tuple(self.parts[key]), grain, shared, only=only)
        if not self.optimisation.store:
            return scan
        if "month" in grains and (grain == "month" or self.own[key]):
            shared = (*shared, scan.month)
        return replace(scan, shared=shared, stored=bool(shared), kept=self._kept(scan, key), leaf=self.leaf)

    def _kept(self, scan: Scan, key: Key) -> tuple[Own, ...]:
        """What does not add up and can still be told with the parts."""
        if scan.grain != "month" or scan.dataset.outlives(scan.time):
            return ()
        return tuple(
            own
            for own, shapes in self.own[key].items()
            if isinstance(own, Own)
            and any(self.leaf in shape.levels and "month" in shape.periods for shape in shapes)
        )

    def _all(self, kind: type[_T]) -> list[_T]:
        return [item for item in self.city.indicators.values() if isinstance(item, kind)]

    def shape(self, item: Indicator) -> Shape:
        """Levels and periods of an indicator in the order of the city's."""
        return Shape(
            tuple(level for level in self.city.levels if level in item.levels),
            self.city.periods.ordered(item.periods),
        )

    def _union(self, shapes: Iterable[Shape]) -> Shape:
        every = list(shapes)
        periods = self.city.periods.ordered(period for shape in every for period in shape.periods)
        levels = (level for level in self.city.levels if any(level in shape.levels for shape in every))
        return Shape(tuple(levels), periods)

    def _fused(self, coverages: Iterable[Coverage]) -> dict[str, Coverage]:
        """One coverage of each name, wide enough for all who use it."""
        grouped: dict[str, list[Coverage]] = defaultdict(list)
        for coverage in coverages:
            grouped[coverage.name].append(coverage)
        return {
            name: replace(
                group[0],
                shape=self._union(coverage.shape for coverage in group),
                quiet=any(coverage.quiet for coverage in group),
            )
            for name, group in grouped.items()
        }

    def _cubes(
        self, measures: list[tuple[Measure, MeasureExpression]], scans: Mapping[Key, Scan]
    ) -> Iterator[Cube]:
        grouped: dict[Key, list[tuple[Measure, MeasureExpression]]] = defaultdict(list)
        for item, measure in measures:
            grouped[self._key(item, item.time)].append((item, measure))
        for key, group in grouped.items():
            scan = scans[key]
            own = None
            if self.own[key]:
                wanted = tuple((column, self._union(shapes)) for column, shapes in self.own[key].items())
                own = OwnLevel(scan, wanted)

            def column(part: Part | Own, scan: Scan = scan, own: OwnLevel | None = own) -> str:
                if isinstance(part, Part) and part in scan and self.optimisation.roll_up:
                    return scan.column(part)
                assert own is not None
                return own.column(part)

            members = self.datasets[key[0]].members
            values = tuple(
                MeasureValue(
                    item.id,
                    self.shape(item),
                    assemble(measure, column, members),
                    self._factor(item),
                    item.missing,
                )
                for item, measure in group
            )
            shape = self._union(value.shape for value in values)
            quiet = any(value.missing == "zero" for value in values)
            coverage = Coverage(scan.dataset, scan.dataset.back(scan.time), False, shape, quiet)
            yield Cube(scan, own, coverage, shape, values)

    def _balances(
        self, stocks: list[tuple[Stock, tuple[Part, Part]]], scans: Mapping[Key, Scan]
    ) -> Iterator[Balance]:
        grouped: dict[tuple[Key, Key], list[StockValue]] = defaultdict(list)
        for stock, (entered, left) in stocks:
            value = StockValue(stock.id, self.shape(stock), entered, left, self._factor(stock), stock.missing)
            grouped[self._key(stock, stock.opens), self._key(stock, stock.closes)].append(value)
        for (opens, closes), values in grouped.items():
            dataset = self.datasets[opens[0]]
            shape = self._union(value.shape for value in values)
            coverage = Coverage(dataset, dataset.back(dataset.event_time), dataset.register, shape)
            yield Balance(scans[opens], scans[closes], coverage, shape, tuple(values))

    def _factor(self, item: Indicator) -> float:
        return self.city.units[item.unit].factor

    def _reported(self, item: Reported) -> ReportedRead:
        dataset = self.datasets[item.dataset]
        where = parse_condition(item.where, dataset.columns)
        return ReportedRead(item.id, dataset, item.time, item.known, item.value, str(where), self.shape(item))

    def _formulas(self) -> Iterator[FormulaStep]:
        known = traits(self.city)
        for id_ in formula_order(formula_inputs(self.city)):
            item = self.city.indicators[id_]
            assert isinstance(item, Derived)
            series = series_of(item, known)
            factor = self._factor(item) if series.trait.share else 1.0
            yield FormulaStep(id_, series, factor, self.shape(item))


def _is_bare(row: RowExpression) -> bool:
    """Whether an expression is a column as it stands, which there is nothing to compute of."""
    return any(row.sql == quote(name) for name in row.columns)
