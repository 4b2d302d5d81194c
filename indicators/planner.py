"""City → plan: every definition read, taken apart, and like put with like so that each pass over the facts is
made once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import TopologicalSorter
from typing import TypeVar

from config import City
from config.models.feed import ColumnType
from config.models.indicator import PERIODS, Derived, Indicator, Measure, Period, Reported, Stock
from indicators.datasets import Dataset, datasets
from indicators.formula import Accumulation, Trait, inputs_of, series_of
from indicators.measures import Own, Part, accumulates, assemble, columns_of, count_where, restrict
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
from indicators.weighting import parse_weights, weighted
from warehouse.expression import MeasureExpression, parse_condition, parse_measure
from warehouse.syntax import quote

_T = TypeVar("_T", Measure, Stock, Reported)


def make_plan(city: City) -> Plan:
    """The plan of a city that ``check`` finds no fault with.

    Raises ExpressionError for an expression that cannot be read.
    """
    return _Planner(city).plan()


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
    found = {
        id_: base_trait(city, item, datasets(city))
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
        measure = _measure(item, known[item.dataset])
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


def stock_columns(stock: Stock, columns: Mapping[str, ColumnType]) -> tuple[str, str]:
    """SQL of a stock's two times as they can be compared: a moment and a whole day by their days."""
    if columns[stock.opens] == columns[stock.closes]:
        return quote(stock.opens), quote(stock.closes)
    return f"{stock.opens}__day", f"{stock.closes}__day"


class _Planner:
    def __init__(self, city: City) -> None:
        self.city = city
        self.datasets = datasets(city)
        self.parts: dict[tuple[str, str], dict[Part, None]] = defaultdict(dict)
        self.own: dict[tuple[str, str], dict[Own, list[Shape]]] = defaultdict(dict)

    def plan(self) -> Plan:
        measures = [(i, _measure(i, self.datasets[i.dataset])) for i in self._all(Measure)]
        stocks = [(stock, self._flows(stock)) for stock in self._all(Stock)]
        for item, measure in measures:
            for column in columns_of(measure):
                key = (item.dataset, item.time)
                self.parts[key]  # a scan even when nothing in it adds up
                if isinstance(column, Part):
                    self.parts[key].setdefault(column)
                else:
                    self.own[key].setdefault(column, []).append(self.shape(item))
        for stock, (entered, left) in stocks:
            self.parts[stock.dataset, stock.opens].setdefault(entered)
            self.parts[stock.dataset, stock.closes].setdefault(left)
        scans = {key: Scan(self.datasets[key[0]], key[1], tuple(parts)) for key, parts in self.parts.items()}
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
        )

    def _all(self, kind: type[_T]) -> list[_T]:
        return [item for item in self.city.indicators.values() if isinstance(item, kind)]

    def shape(self, item: Indicator) -> Shape:
        """Levels and periods of an indicator in the order of the city's."""
        return Shape(
            tuple(level for level in self.city.levels if level in item.levels),
            tuple(period for period in PERIODS if period in item.periods),
        )

    def _union(self, shapes: Iterable[Shape]) -> Shape:
        every = list(shapes)
        periods: Iterator[Period] = (p for p in PERIODS if any(p in shape.periods for shape in every))
        levels = (level for level in self.city.levels if any(level in shape.levels for shape in every))
        return Shape(tuple(levels), tuple(periods))

    def _fused(self, coverages: Iterable[Coverage]) -> dict[str, Coverage]:
        """One coverage of each name, wide enough for all who use it."""
        grouped: dict[str, list[Coverage]] = defaultdict(list)
        for coverage in coverages:
            grouped[coverage.name].append(coverage)
        return {
            name: replace(group[0], shape=self._union(coverage.shape for coverage in group))
            for name, group in grouped.items()
        }

    def _cubes(
        self, measures: list[tuple[Measure, MeasureExpression]], scans: Mapping[tuple[str, str], Scan]
    ) -> Iterator[Cube]:
        grouped: dict[tuple[str, str], list[tuple[Measure, MeasureExpression]]] = defaultdict(list)
        for item, measure in measures:
            grouped[item.dataset, item.time].append((item, measure))
        for key, group in grouped.items():
            scan = scans[key]
            own = None
            if key in self.own:
                wanted = tuple((column, self._union(shapes)) for column, shapes in self.own[key].items())
                own = OwnLevel(scan, wanted)

            def column(part: Part | Own, scan: Scan = scan, own: OwnLevel | None = own) -> str:
                if isinstance(part, Part):
                    return scan.column(part)
                assert own is not None
                return own.column(part)

            values = tuple(
                MeasureValue(item.id, self.shape(item), assemble(measure, column), self._factor(item))
                for item, measure in group
            )
            shape = self._union(value.shape for value in values)
            coverage = Coverage(scan.dataset, scan.dataset.back(scan.time), False, shape)
            yield Cube(scan, own, coverage, shape, values)

    def _balances(
        self, stocks: list[tuple[Stock, tuple[Part, Part]]], scans: Mapping[tuple[str, str], Scan]
    ) -> Iterator[Balance]:
        grouped: dict[tuple[str, str, str], list[StockValue]] = defaultdict(list)
        for stock, (entered, left) in stocks:
            value = StockValue(stock.id, self.shape(stock), entered, left, self._factor(stock))
            grouped[stock.dataset, stock.opens, stock.closes].append(value)
        for (name, opens, closes), values in grouped.items():
            dataset = self.datasets[name]
            shape = self._union(value.shape for value in values)
            coverage = Coverage(dataset, dataset.back(dataset.event_time), dataset.register, shape)
            yield Balance(scans[name, opens], scans[name, closes], coverage, shape, tuple(values))

    def _flows(self, stock: Stock) -> tuple[Part, Part]:
        """What enters and what leaves, each counted on its own day.

        A row that closed before it opened was never there, so it is left out of both.
        """
        columns = self.datasets[stock.dataset].columns
        opens, closes = stock_columns(stock, columns)
        where = ""
        if stock.where is not None:
            where = f"{parse_condition(stock.where, columns).operand} AND "
        entered = count_where(f"{where}({closes} IS NULL OR {closes} >= {opens})")
        return entered, count_where(f"{where}{closes} >= {opens}")

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


def _measure(item: Measure, dataset: Dataset) -> MeasureExpression:
    """The measure with its weights, over the rows that its ``where`` lets through. Raises ExpressionError."""
    where = None if item.where is None else parse_condition(item.where, dataset.columns)
    measure = parse_measure(item.measure, dataset.columns)
    if item.weights is not None:
        measure = weighted(measure, parse_weights(item.weights, dataset.columns))
    return restrict(measure, where)
