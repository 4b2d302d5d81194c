"""What is wrong with the indicators of a city, before any of them is computed.

Names of units, levels, datasets and columns are the city folder's own lint; here expressions and formulas are
read, and it is asked whether the data can give what is promised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError

from config import City, Problem
from config.models.indicator import Formula, Indicator, Measure, Reported, Stock
from config.problems import did_you_mean
from indicators.datasets import Dataset, datasets
from indicators.formula import (
    PerCapita,
    Ref,
    Scaled,
    Series,
    ShareOfParent,
    Trait,
    operands,
    parse_formula,
    parse_references,
)
from indicators.planner import base_trait, formula_order, formula_trait
from warehouse.expression import ExpressionError, parse_condition, parse_measure


def check(city: City) -> list[Problem]:
    """Every problem of the city's indicators, in file order; empty when all of them can be computed."""
    return sorted(_problems(city))


def _problems(city: City) -> Iterator[Problem]:
    known = datasets(city)
    traits: dict[str, Trait] = {}
    for item in city.indicators.values():
        if isinstance(item, Formula):
            continue
        found = [*_expressions(city, item, known[item.dataset]), *_shape(city, item)]
        yield from found
        if not found:
            traits[item.id] = base_trait(city, item, known)
    formulas = {id_: item for id_, item in city.indicators.items() if isinstance(item, Formula)}
    readable = {}
    for id_, item in formulas.items():
        try:
            readable[id_] = parse_references(item.formula)
        except ExpressionError as error:
            yield _wrong(city, id_, "formula", error)
    while rings := _ring(readable):
        message = "formulas lean on each other in a ring: " + " → ".join(rings)
        yield city.problem(
            "indicator", rings[0], ("formula",), message, "one of them must be computed from data"
        )
        for id_ in rings[1:]:
            del readable[id_]
    order = formula_order(readable)
    for id_ in order:
        problems, trait = _formula(city, formulas[id_], traits)
        yield from problems
        if trait is not None:
            traits[id_] = trait


def _ring(inputs: Mapping[str, Sequence[str]]) -> list[str]:
    """Formulas that lean on each other, the first again at the end; empty when there are none."""
    try:
        formula_order(inputs)
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring[::-1]
    return []


def _expressions(city: City, item: Indicator, dataset: Dataset) -> Iterator[Problem]:
    """Conditions and measures that cannot be read."""
    assert isinstance(item, (Measure, Stock, Reported))
    if isinstance(item, Measure):
        try:
            parse_measure(item.measure, dataset.columns)
        except ExpressionError as error:
            yield _wrong(city, item.id, "measure", error)
    if item.where is not None:
        try:
            parse_condition(item.where, dataset.columns)
        except ExpressionError as error:
            yield _wrong(city, item.id, "where", error)
    if isinstance(item, Reported) and dataset.columns.get(item.value) not in ("integer", "number"):
        kind = dataset.columns.get(item.value)
        yield city.problem("indicator", item.id, ("value",), f"column {item.value!r} is {kind}, not a number")


def _shape(city: City, item: Indicator) -> Iterator[Problem]:
    """Levels and periods that the data cannot give."""
    if isinstance(item, Reported) and len(item.periods) > 1:
        message = f"a published figure belongs to one period, here are {len(item.periods)}"
        hint = "make one indicator for each period, told apart by where"
        yield city.problem("indicator", item.id, ("periods",), message, hint)
    assert isinstance(item, (Measure, Stock, Reported))
    rule = city.datasets[item.dataset].area
    if rule.constant is None or rule.constant not in city.areas:
        return
    finest = city.levels.index(city.areas[rule.constant].level)
    for number, level in enumerate(item.levels):
        if city.levels.index(level) > finest:
            message = f"dataset {item.dataset!r} has no figures for level {level!r}"
            hint = f"all of its rows belong to {rule.constant}, a {city.levels[finest]}"
            yield city.problem("indicator", item.id, ("levels", number), message, hint)


def _formula(city: City, item: Formula, traits: Mapping[str, Trait]) -> tuple[list[Problem], Trait | None]:
    for name in parse_references(item.formula):
        if name not in city.indicators and ("indicator", name) not in city.places:
            hint = did_you_mean(name, city.indicators)
            return [
                city.problem("indicator", item.id, ("formula",), f"indicator {name!r} is unknown", hint)
            ], None
        if name not in traits:
            return [], None  # what is wrong has been said of that indicator
    try:
        trait = formula_trait(city, item, traits)
    except ExpressionError as error:
        return [_wrong(city, item.id, "formula", error)], None
    series = parse_formula(item.formula, traits)
    problems = [*_lacking(city, item, series, item.levels)]
    factor = city.units[item.unit].factor
    if isinstance(series, Scaled) and series.trait.share and series.number == factor != 1:
        message = f"is multiplied by {factor:g} twice: unit {item.unit!r} does it already"
        problems.append(city.problem("indicator", item.id, ("formula",), message, "leave the number out"))
    return problems, trait


def _lacking(city: City, item: Formula, series: Series, levels: tuple[str, ...]) -> Iterator[Problem]:
    """Levels and periods of a formula that what it is made of does not have."""
    if isinstance(series, ShareOfParent):
        if city.levels[0] in levels:
            message = f"the {city.levels[0]} has no parent to have a share in"
            yield city.problem("indicator", item.id, ("levels",), message, f"leave {city.levels[0]} out")
        above = tuple(city.levels[max(city.levels.index(level) - 1, 0)] for level in levels)
        levels = tuple(level for level in city.levels if level in {*levels, *above})
    if isinstance(series, PerCapita):
        for level in levels:
            if not any(area.population for area in city.areas.at(level)):
                message = f"no unit of level {level!r} has a population"
                yield city.problem("indicator", item.id, ("formula",), message, "give it in areas/units.csv")
    for part in dict.fromkeys(operands(series)):
        yield from _lacking(city, item, part, levels)
    if not isinstance(series, Ref):
        return
    source = city.indicators[series.indicator]
    for kind, wanted, given in (("level", levels, source.levels), ("period", item.periods, source.periods)):
        for missing in [one for one in wanted if one not in given]:
            message = f"{source.id} is not computed for {kind} {missing!r}"
            yield city.problem("indicator", item.id, (f"{kind}s",), message, f"it has {', '.join(given)}")


def _wrong(city: City, id_: str, key: str, error: ExpressionError) -> Problem:
    return city.problem("indicator", id_, (key,), error.message, error.hint)
