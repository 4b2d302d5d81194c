"""What is wrong with the indicators of a city, before any of them is computed.

Names of units, levels, datasets and columns are the city folder's own lint; here expressions and formulas are
read, and it is asked whether the data can give what is promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from config import City, Problem
from config.models.indicator import Derived, Indicator, Measure, Reported, Stock
from indicators.check_derived import derived_problems
from indicators.check_targets import target_problems
from indicators.datasets import Dataset, datasets
from indicators.formula import Trait, inputs_of
from indicators.identities import check_identities
from indicators.measures import accumulates
from indicators.planner import base_trait
from indicators.weighting import parse_weights, weighted
from warehouse.expression import ExpressionError, parse_condition, parse_measure

_GROUPABLE = ("text", "boolean", "integer")


def check(city: City) -> list[Problem]:
    """Every problem of the city's indicators, in file order; empty when all of them can be computed."""
    return sorted(_problems(city))


def check_one(city: City, id_: str) -> list[Problem]:
    """Every problem of one indicator of the city, which must be there; the others are taken to be sound."""
    own = f"indicator {id_}"
    return [problem for problem in check(_leaned_on(city, id_)) if problem.object.split(".")[0] == own]


def _leaned_on(city: City, id_: str) -> City:
    """The city with one indicator and those that it is made of, all the way down; whole where a name is
    unknown, as what it may have meant is looked for among all.
    """
    found: dict[str, Indicator] = {}
    names = [id_]
    while names:
        name = names.pop()
        if name in found:
            continue
        if name not in city.indicators:
            return city
        item = found[name] = city.indicators[name]
        with suppress(ExpressionError):  # which is told of the indicator itself
            names += inputs_of(item) if isinstance(item, Derived) else ()
    return replace(city, indicators=found, identities={})


def _problems(city: City) -> Iterator[Problem]:
    known = datasets(city)
    traits: dict[str, Trait] = {}
    for item in city.indicators.values():
        if isinstance(item, Derived):
            continue
        dataset = known[item.dataset]
        found = [*_expressions(city, item, dataset), *_shape(city, item), *_groups(city, item, dataset)]
        yield from found
        if not found:
            traits[item.id] = base_trait(city, item, known)
    yield from derived_problems(city, traits)
    yield from target_problems(city, traits)
    yield from check_identities(city, traits)


def _expressions(city: City, item: Measure | Stock | Reported, dataset: Dataset) -> Iterator[Problem]:
    """Conditions, measures and weights that cannot be read."""
    if item.where is not None:
        yield from _read(city, item, "where", lambda: parse_condition(item.where or "", dataset.columns))
    match item:
        case Measure():
            yield from _measure(city, item, dataset)
        case Reported() if dataset.columns.get(item.value) not in ("integer", "number"):
            kind = dataset.columns.get(item.value)
            message = f"column {item.value!r} is {kind}, not a number"
            yield city.problem("indicator", item.id, ("value",), message)


def _measure(city: City, item: Measure, dataset: Dataset) -> Iterator[Problem]:
    wrong = [*_read(city, item, "measure", lambda: parse_measure(item.measure, dataset.columns))]
    yield from wrong
    if item.weights is not None:
        weights = [*_read(city, item, "weights", lambda: parse_weights(item.weights or "", dataset.columns))]
        yield from weights
        wrong += weights
    if wrong:
        return
    measure = parse_measure(item.measure, dataset.columns)
    if item.weights is not None:
        weight = parse_weights(item.weights, dataset.columns)
        yield from _read(city, item, "weights", lambda: weighted(measure, weight))
    if item.missing == "zero" and not accumulates(measure):
        message = f"{item.measure} is nothing that a period without rows has zero of"
        hint = "write skip or any; zero is for counts and sums"
        yield city.problem("indicator", item.id, ("missing",), message, hint)


def _read(
    city: City, item: Measure | Stock | Reported, key: str, read: Callable[[], object]
) -> Iterator[Problem]:
    """A problem on the line of ``key`` if what stands there cannot be read."""
    try:
        read()
    except ExpressionError as error:
        yield city.problem("indicator", item.id, (key,), error.message, error.hint)


def _groups(city: City, item: Measure | Stock | Reported, dataset: Dataset) -> Iterator[Problem]:
    """Columns of ``by`` that do not part the rows into a few groups."""
    if isinstance(item, Reported):
        return
    key = city.datasets[item.dataset].key
    for number, column in enumerate(item.by):
        kind = dataset.columns.get(column)
        message = ""
        if column in item.by[:number]:
            message = f"column {column!r} is given twice"
        elif kind is not None and kind not in _GROUPABLE:
            message = f"column {column!r} is a {kind}, which parts the rows into too many groups"
        elif list(key) == [column]:
            message = f"column {column!r} is the key: every row would be a group of its own"
        if message:
            hint = "take a column with few different values, or drop it"
            yield city.problem("indicator", item.id, ("by", number), message, hint)


def _timed(city: City, item: Measure | Stock | Reported) -> Iterator[Problem]:
    """Periods that begin in mid-day, of data that only know days."""
    feed = city.datasets[item.dataset]
    types = {column.name: column.type for column in feed.columns}
    for number, period in enumerate(item.periods):
        if period not in city.periods.ids or not city.periods.timed(period):
            continue
        match item:
            case Measure():
                times = [item.time]
            case Stock():
                times = [item.opens, item.closes]
            case Reported():
                times = [item.time] if period == "hour" else []  # a print may name the day
        if period == "hour" and not isinstance(item, Reported):
            times.append(feed.event_time)
        for name in dict.fromkeys(times):
            if types.get(name) == "date":
                begin = "every hour" if period == "hour" else f"at {city.periods.calendars[period].at}"
                message = f"column {name!r} holds whole days, and {period} begins {begin}"
                hint = "leave the period out, or give the column's type as timestamp"
                yield city.problem("indicator", item.id, ("periods", number), message, hint)


def _shape(city: City, item: Measure | Stock | Reported) -> Iterator[Problem]:
    """Levels and periods that the data cannot give."""
    if isinstance(item, Reported) and len(item.periods) > 1:
        message = f"a published figure belongs to one period, here are {len(item.periods)}"
        hint = "make one indicator for each period, told apart by where"
        yield city.problem("indicator", item.id, ("periods",), message, hint)
    yield from _timed(city, item)
    rule = city.datasets[item.dataset].area
    if rule.constant is None or rule.constant not in city.areas:
        return
    finest = city.levels.index(city.areas[rule.constant].level)
    for number, level in enumerate(item.levels):
        if city.levels.index(level) > finest:
            message = f"dataset {item.dataset!r} has no figures for level {level!r}"
            hint = f"all of its rows belong to {rule.constant}, a {city.levels[finest]}"
            yield city.problem("indicator", item.id, ("levels", number), message, hint)
