"""What has to be computed, before any SQL: an immutable tree of steps that can be printed and compared.

Facts ─┬─ Presence ── Coverage ─┐
       ├─ Scan ─────────────────┼─ Cube ──── values of measures ─┐
       ├─ OwnLevel ─────────────┘                                ├─ FormulaStep ── values
       ├─ Scan, Scan ───────────── Balance ─ values of stocks ───┤
       └─ ReportedRead ───────────────────── published values ───┘
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from config.models.composite import Missing
from config.models.indicator import Period
from indicators.calendar import Grain
from indicators.datasets import Dataset
from indicators.formula import Series, describe, references
from indicators.measures import Assembly, Family, Own, Part, families, over
from indicators.split import Split
from warehouse.derived import DerivedColumn, derived
from warehouse.expression import RowExpression


@dataclass(frozen=True)
class Shape:
    """The levels and periods that an indicator has values for, in the city's order."""

    levels: tuple[str, ...]
    periods: tuple[Period, ...]

    def __str__(self) -> str:
        return f"{', '.join(self.levels)} × {', '.join(self.periods)}"


@dataclass(frozen=True)
class Scan:
    """One pass over a dataset by one time column: additive parts by slot × area, as fine as the rows are.

    A slot is what the ``grain`` says: an hour, a day or a month. ``shared`` are expressions over one row that
    more than one aggregate may ask for: each is computed once, in columns that the facts keep if ``stored``,
    else within the pass. ``only`` is the one indicator that the scan serves, where passes are not fused.

    ``kept`` does not add up, but where a slot is a month, of units of the finest level (``leaf``) it can be
    told in the same pass.
    """

    dataset: Dataset
    time: str
    parts: tuple[Part, ...]
    grain: Grain = "day"
    shared: tuple[RowExpression, ...] = ()
    stored: bool = False
    only: str = ""
    kept: tuple[Own, ...] = ()
    leaf: str = ""

    @property
    def name(self) -> str:
        """Name that no other scan has."""
        return f"{self.dataset.name}__{self.time}" + (f"__{self.only}" if self.only else "")

    @property
    def table(self) -> str:
        """Name of the table that keeps the parts."""
        return f"part_{self.name}"

    @property
    def slot(self) -> str:
        """Name of the column that says which slot a row of parts is of."""
        return "slot" if self.grain == "hour" else "day"

    def column(self, part: Part) -> str:
        """Name of a part's column."""
        return f"p{self._places[part]}"

    def __contains__(self, part: Part | Own) -> bool:
        return part in self._places

    @cached_property
    def _places(self) -> Mapping[Part | Own, int]:
        """Plans of many indicators ask for this very often."""
        return {part: place for place, part in enumerate(self.parts, start=1)}

    def kept_column(self, family: Family) -> str:
        """Name of the column for some of ``kept`` that are computed together."""
        return f"k{families(self.kept).index(family) + 1}"

    def keeps(self, level: str, period: Period) -> bool:
        """Whether what does not add up is kept for a level and period."""
        return bool(self.kept) and level == self.leaf and period == "month"

    @property
    def month(self) -> RowExpression:
        """The month in which a fact lies."""
        day = f"{self.time}__day"
        return RowExpression(f"CAST(date_trunc('month', {day}) AS DATE)", "date", frozenset({day}))

    def naming(self, expression: RowExpression) -> str:
        """How an expression over one row is read: from a column of its own if it is shared."""
        return derived(expression).name if expression in self.shared else expression.sql

    def __str__(self) -> str:
        what = f"{len(self.parts)} parts per {self.grain} × area"
        return f"Scan {self.dataset.name} by {self.time}: {what}" + (f" for {self.only}" if self.only else "")


@dataclass(frozen=True)
class OwnLevel:
    """Aggregates that do not add up, computed from the rows at every level and period that asks for them."""

    scan: Scan
    aggregates: tuple[tuple[Part | Own, Shape], ...]

    def column(self, own: Part | Own) -> str:
        """Name of an aggregate's column."""
        return f"o{self._places[own]}"

    @cached_property
    def _places(self) -> Mapping[Part | Own, int]:
        return {own: place for place, (own, _) in enumerate(self.aggregates, start=1)}

    def at(self, level: str, period: Period) -> tuple[Part | Own, ...]:
        """What is asked for at one level and period."""
        return tuple(
            own for own, shape in self.aggregates if level in shape.levels and period in shape.periods
        )

    def __str__(self) -> str:
        return (
            f"OwnLevel {self.scan.dataset.name} by {self.scan.time}: "
            f"{len(self.aggregates)} aggregates at their own level and period"
        )


@dataclass(frozen=True)
class Coverage:
    """Which cells (day × coverage area) of a dataset were delivered, for each area and period.

    An event covers ``back`` days, its own and those before; in a ``register`` quiet days count as delivered.
    By the hour, a cell is hour × coverage area, and an event covers its own hour alone. ``quiet`` keeps
    periods of which nothing was delivered, for those who count them as zero.
    """

    dataset: Dataset
    back: int
    register: bool
    shape: Shape
    quiet: bool = False

    @property
    def hourly(self) -> bool:
        """Whether it must be known in which hours there are rows."""
        return "hour" in self.shape.periods

    @property
    def name(self) -> str:
        """Name of its table, apart from others of the dataset."""
        return f"{self.dataset.name}__{'register' if self.register else self.back}"

    def __str__(self) -> str:
        how = "from the first event to the last delivery" if self.register else f"{self.back} days an event"
        return f"Coverage of {self.dataset.name} by {self.dataset.coverage}: {how}"


@dataclass(frozen=True)
class MeasureValue:
    """The values of one measure, put together from the columns of its cube."""

    indicator: str
    shape: Shape
    assembly: Assembly
    factor: float
    missing: Missing = "skip"

    def __str__(self) -> str:
        factor = "" if self.factor == 1 else f" × {self.factor:g}"
        missing = "" if self.missing == "skip" else f" with missing: {self.missing}"
        return f"Value {self.indicator} = {self.assembly.value}{factor}{missing} for {self.shape}"


@dataclass(frozen=True)
class Cube:
    """Parts rolled up to level × period, with what does not add up beside them, on the cells that are
    covered.
    """

    scan: Scan
    own: OwnLevel | None
    coverage: Coverage
    shape: Shape
    values: tuple[MeasureValue, ...]

    @property
    def name(self) -> str:
        """Name of its working table."""
        return self.scan.name

    def __str__(self) -> str:
        return f"Cube {self.name}: roll up to {self.shape}"


@dataclass(frozen=True)
class StockValue:
    """The values of one stock: what came in less what went out, up to the period's end."""

    indicator: str
    shape: Shape
    entered: Part
    left: Part
    factor: float
    missing: Missing = "skip"

    def __str__(self) -> str:
        missing = "" if self.missing == "skip" else f" with missing: {self.missing}"
        return f"Value {self.indicator} = entered - left{missing} for {self.shape}"


@dataclass(frozen=True)
class Balance:
    """Stocks of one dataset between the same two time columns, cumulated from their days."""

    opens: Scan
    closes: Scan
    coverage: Coverage
    shape: Shape
    values: tuple[StockValue, ...]

    @property
    def name(self) -> str:
        """Name of its working table."""
        return f"{self.opens.name}__{self.closes.time}"

    def __str__(self) -> str:
        return f"Balance {self.name}: cumulate to {self.shape}"


@dataclass(frozen=True)
class ReportedRead:
    """The values of one published figure: of each period the print that is newest by now."""

    indicator: str
    dataset: Dataset
    time: str
    known: str
    value: str
    where: str
    shape: Shape

    def __str__(self) -> str:
        return f"Reported {self.indicator} = {self.value} where {self.where} for {self.shape}"


@dataclass(frozen=True)
class FormulaStep:
    """The values of one formula, computed from values."""

    indicator: str
    series: Series
    factor: float
    shape: Shape

    @property
    def inputs(self) -> tuple[str, ...]:
        """The indicators that it is made of."""
        return tuple(ref.indicator for ref in references(self.series))

    def __str__(self) -> str:
        factor = "" if self.factor == 1 else f" × {self.factor:g}"
        return f"Formula {self.indicator} = {describe(self.series)}{factor} for {self.shape}"


Step = Cube | Balance | ReportedRead | FormulaStep


@dataclass(frozen=True)
class Plan:
    """Everything that one refresh of a city computes, in the order in which it can be done."""

    scans: tuple[Scan, ...]
    coverages: tuple[Coverage, ...]
    cubes: tuple[Cube, ...]
    balances: tuple[Balance, ...]
    reported: tuple[ReportedRead, ...]
    formulas: tuple[FormulaStep, ...]
    splits: tuple[Split, ...] = ()

    @property
    def steps(self) -> Iterator[Step]:
        """Every step that gives values, each after those it needs."""
        yield from self.cubes
        yield from self.balances
        yield from self.reported
        yield from self.formulas

    @property
    def derived(self) -> dict[str, tuple[DerivedColumn, ...]]:
        """By dataset, the expressions that are kept with its facts."""
        found: dict[str, dict[DerivedColumn, None]] = {}
        for scan in self.scans:
            columns = map(derived, scan.shared if scan.stored else ())
            found.setdefault(scan.dataset.name, {}).update(dict.fromkeys(columns))
        return {name: tuple(columns) for name, columns in found.items()}

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that are scanned."""
        by_name = {scan.dataset.name: scan.dataset for scan in self.scans}
        return tuple(by_name.values())

    def step_of(self, indicator: str) -> Step:
        """The step that gives an indicator's values. Raises KeyError when none does."""
        for step in self.steps:
            if indicator in indicators_of(step):
                return step
        raise KeyError(indicator)

    def __str__(self) -> str:
        return "\n".join(line for step in self.steps for line in tree(step))


def indicators_of(step: Step) -> tuple[str, ...]:
    """The indicators whose values a step gives."""
    if isinstance(step, (Cube, Balance)):
        return tuple(value.indicator for value in step.values)
    return (step.indicator,)


def tree(step: Step, only: str | None = None) -> list[str]:
    """A step and what it stands on as lines of a tree; with ``only``, no other indicator's values."""
    lines = [str(step)]
    if isinstance(step, Cube):
        below: Sequence[object] = [step.coverage, step.scan, *([step.own] if step.own else [])]
    elif isinstance(step, Balance):
        below = [step.coverage, *dict.fromkeys((step.opens, step.closes))]
    else:
        return lines
    for node in (*below, *(value for value in step.values if only in (None, value.indicator))):
        lines.append(f"  {node}")
        if isinstance(node, Scan):
            lines += [
                f"    {derived(row).name} = {row.sql}{' (kept with the facts)' * node.stored}"
                for row in node.shared
            ]
            lines += [f"    {node.column(part)} = {part.over(node.naming)}" for part in node.parts]
            lines += [
                f"    {node.kept_column(family)} = {over(family, node.naming)}"
                for family in families(node.kept)
            ]
        elif isinstance(node, OwnLevel):
            lines += [f"    {node.column(own)} = {own.sql} for {shape}" for own, shape in node.aggregates]
    return lines
