"""What is counted apart for every member of a dimension (``by``): each pass over the facts that this takes.

Additive parts are kept by month × area × member. What does not add up (medians, percentiles, distinct counts)
is not kept: ``indicators.breakdown`` reads it from the rows when somebody asks.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from config import City
from config.models.indicator import Indicator, Measure, Period, Stock
from indicators.counted import flows_of, measure_of
from indicators.datasets import Dataset
from indicators.measures import Part, columns_of

Split_ = tuple[str, str, str]


@dataclass(frozen=True)
class Split:
    """One pass over a dataset by one time column and dimension: additive parts by month × area × member."""

    dataset: Dataset
    time: str
    dimension: str
    parts: tuple[Part, ...]

    @property
    def table(self) -> str:
        """Name of the table that keeps the parts."""
        return f"part_{self.dataset.name}__{self.time}__by_{self.dimension}"

    @property
    def mark(self) -> str:
        """Differs whenever the kept parts no longer are what the plan asks for."""
        asked = [self.dataset.table, self.time, self.dimension, *(part.sql for part in self.parts)]
        return hashlib.sha256("\x00".join(asked).encode()).hexdigest()[:16]

    def column(self, part: Part) -> str:
        """Name of a part's column."""
        return f"p{self.parts.index(part) + 1}"

    def __str__(self) -> str:
        return (
            f"Split {self.dataset.name} by {self.time} and {self.dimension}:"
            f" {len(self.parts)} parts per month × area × member"
        )


def make_splits(city: City, datasets: Mapping[str, Dataset]) -> tuple[Split, ...]:
    """The passes that the city's breakdowns take. Raises ExpressionError."""
    parts: dict[Split_, dict[Part, None]] = defaultdict(dict)
    for item in city.indicators.values():
        if is_split(item, city):
            for time, part in kept_parts(item, datasets[item.dataset]):
                for dimension in item.by:
                    parts[item.dataset, time, dimension].setdefault(part)
    return tuple(
        Split(datasets[name], time, dimension, tuple(wanted))
        for (name, time, dimension), wanted in parts.items()
    )


def kept_parts(item: Measure | Stock, dataset: Dataset) -> Iterator[tuple[str, Part]]:
    """The additive parts of an indicator, each with the time column that it is counted by; none of a measure
    that is read from the rows.
    """
    if isinstance(item, Stock):
        entered, left = flows_of(item, dataset)
        yield item.opens, entered
        yield item.closes, left
        return
    columns = columns_of(measure_of(item, dataset), dataset.members)
    parts = [column for column in columns if isinstance(column, Part)]
    if len(parts) == len(columns):
        yield from ((item.time, part) for part in parts)


def is_split(item: Indicator, city: City) -> TypeGuard[Measure | Stock]:
    """Whether an indicator is told by the members of any dimension."""
    return isinstance(item, (Measure, Stock)) and bool(item.by) and bool(split_periods(city, item))


def split_periods(city: City, item: Indicator) -> tuple[Period, ...]:
    """The periods of an indicator that are made of whole months, from short to long."""
    return tuple(
        period
        for period in city.periods.ordered(item.periods)
        if period in ("month", "quarter", "half_year", "year", "year_to_date")
    )
