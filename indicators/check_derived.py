"""What is wrong with formulas and composites: rings, names, units, and what their parts cannot give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError

from config import City, Problem
from config.models.indicator import Composite, Derived, Formula
from config.problems import did_you_mean
from indicators.formula import (
    Change,
    Index,
    PerCapita,
    Rank,
    Ref,
    Scaled,
    Series,
    ShareOfParent,
    Trait,
    Window,
    describe,
    inputs_of,
    operands,
    series_of,
)
from indicators.planner import formula_order, formula_trait
from warehouse.expression import ExpressionError

Keys = tuple[str | int, ...]


def derived_problems(city: City, known: dict[str, Trait]) -> Iterator[Problem]:
    """Every problem of formulas and composites.

    ``known`` are the traits of the sound indicators with rows; those of the sound ones found here are added.
    """
    items = {id_: item for id_, item in city.indicators.items() if isinstance(item, Derived)}
    readable = {}
    for id_, item in items.items():
        try:
            readable[id_] = inputs_of(item)
        except ExpressionError as error:
            yield _wrong(city, item, error)
    while ring := _ring(readable):
        message = "formulas lean on each other in a ring: " + " → ".join(ring)
        hint = "one of them must be computed from data"
        yield city.problem("indicator", ring[0], _mention(items[ring[0]], ring[1]), message, hint)
        for id_ in set(ring):
            del readable[id_]
    for id_ in formula_order(readable):
        item = items[id_]
        strangers = [*_strangers(city, item)]
        yield from strangers
        if strangers or any(name not in known for name in readable[id_]):
            continue  # what is wrong has been said, of it or of that indicator
        try:
            trait, series = formula_trait(city, item, known), series_of(item, known)
        except ExpressionError as error:
            yield _wrong(city, item, error)
            continue
        yield from _lacking(city, item, series, item.levels)
        yield from _unit(city, item, series)
        if isinstance(item, Composite):
            yield from _composite(city, item)
        known[id_] = trait


def _ring(inputs: Mapping[str, Sequence[str]]) -> list[str]:
    """Formulas that lean on each other, the first again at the end; empty when there are none."""
    try:
        formula_order(inputs)
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring[::-1]
    return []


def _mention(item: Derived, name: str) -> Keys:
    """Where a formula or composite mentions an indicator."""
    if isinstance(item, Formula):
        return ("formula",)
    numbers = [number for number, part in enumerate(item.components) if part.indicator == name]
    return ("components", numbers[0], "indicator") if numbers else ("components",)


def _strangers(city: City, item: Derived) -> Iterator[Problem]:
    """Names that no indicator has."""
    for name in inputs_of(item):
        if name not in city.indicators and ("indicator", name) not in city.places:
            hint = did_you_mean(name, city.indicators)
            message = f"indicator {name!r} is unknown"
            yield city.problem("indicator", item.id, _mention(item, name), message, hint)


def _lacking(city: City, item: Derived, series: Series, levels: tuple[str, ...]) -> Iterator[Problem]:
    """Levels and periods that what a series is made of does not have."""
    match series:
        case ShareOfParent():
            if city.levels[0] in levels:
                message = f"the {city.levels[0]} has no parent to have a share in"
                keys = _listed("levels", item.levels, city.levels[0])
                yield city.problem("indicator", item.id, keys, message, f"leave {city.levels[0]} out")
            above = tuple(city.levels[max(city.levels.index(level) - 1, 0)] for level in levels)
            levels = tuple(level for level in city.levels if level in {*levels, *above})
        case PerCapita():
            for level in levels:
                if not any(s.people for a in city.areas.at(level) for s in city.areas.sizes(a.code)):
                    message = f"no unit of level {level!r} has a population"
                    hint = "give it in areas/units.csv"
                    yield city.problem("indicator", item.id, ("formula",), message, hint)
        case Index():
            for level in levels:
                last = series.base.end - dt.timedelta(days=1)
                if not (city.areas.at(level, series.base.start) or city.areas.at(level, last)):
                    message = f"no unit of level {level!r} was there in {series.base}"
                    keys = _listed("levels", item.levels, level)
                    yield city.problem("indicator", item.id, keys, message, "take a later base")
    if isinstance(series, (Index, Window)) and "year_to_date" in item.periods:
        message = f"{describe(series)} joins periods, and year_to_date has joined them already"
        keys = _listed("periods", item.periods, "year_to_date")
        yield city.problem("indicator", item.id, keys, message, "leave it out, or take the months")
    for part in dict.fromkeys(operands(series)):
        yield from _lacking(city, item, part, levels)
    if isinstance(series, Ref):
        yield from _given(city, item, series.indicator, levels)


def _given(city: City, item: Derived, name: str, levels: tuple[str, ...]) -> Iterator[Problem]:
    source = city.indicators[name]
    for key, wanted, given in (("levels", levels, source.levels), ("periods", item.periods, source.periods)):
        for missing in [one for one in wanted if one not in given]:
            message = f"{source.id} is not computed for {key.removesuffix('s')} {missing!r}"
            own = item.levels if key == "levels" else item.periods
            keys = _listed(key, own, missing) if isinstance(item, Formula) else _mention(item, name)
            yield city.problem("indicator", item.id, keys, message, f"it has {', '.join(given)}")


def _listed(key: str, listed: Sequence[str], one: str) -> Keys:
    """Where one of several stands; the list itself if it is not among them."""
    return (key, listed.index(one)) if one in listed else (key,)


def _unit(city: City, item: Derived, series: Series) -> Iterator[Problem]:
    """A unit in which what comes out cannot be."""
    unit, trait = city.units[item.unit], series.trait
    message, hint = "", ""
    match series:
        case Scaled() if trait.share and series.number == unit.factor != 1:
            message = f"is multiplied by {unit.factor:g} twice: unit {unit.id!r} does it already"
            yield city.problem("indicator", item.id, ("formula",), message, "leave the number out")
            return
        case Rank() if unit.kind != "rank":
            message, hint = f"{describe(series)} is a place", "take a unit of kind rank"
        case Index() | ShareOfParent() | Change(relative=True) if unit.kind not in ("index", "rate"):
            message, hint = f"{describe(series)} is in per cent", "take a unit of kind rate or index"
        case _ if isinstance(item, Composite) and unit.kind != "index":
            message, hint = "a composite is an index", "take a unit of kind index"
        case _ if unit.kind == "rank" and trait.kind != "rank":
            message, hint = f"{_short(item)} is no place", "write rank(…)"
        case _ if trait.unit is not None and trait.unit != unit.id:
            message, hint = f"{_short(item)} is in {trait.unit}", f"write unit: {trait.unit}"
    if message:
        message += f", and unit {unit.id!r} is of kind {unit.kind}" if unit.id != trait.unit else ""
        yield city.problem("indicator", item.id, ("unit",), message, hint)


def _short(item: Derived) -> str:
    return item.formula if isinstance(item, Formula) else "the composite"


def _composite(city: City, item: Composite) -> Iterator[Problem]:
    """What cannot be made a score."""
    if item.direction != "up":
        message = "a score is the better the higher it is"
        yield city.problem("indicator", item.id, ("direction",), message, "write direction: up")
    for number, part in enumerate(item.components):
        if part.direction is None and city.indicators[part.indicator].direction == "none":
            message = f"of {part.indicator} neither more nor less is better"
            keys = ("components", number, "indicator")
            yield city.problem("indicator", item.id, keys, message, "write direction: up or down beside it")
    if item.normalise == "goalposts":
        return
    for number, level in enumerate(item.levels):
        if len(city.areas.at(level)) == 1:
            message = f"{item.normalise} compares the units of a level, and there is one {level} alone"
            hint = f"leave {level} out, or write normalise: goalposts"
            yield city.problem("indicator", item.id, ("levels", number), message, hint)


def _wrong(city: City, item: Derived, error: ExpressionError) -> Problem:
    key = "formula" if isinstance(item, Formula) else "components"
    return city.problem("indicator", item.id, (key,), error.message, error.hint)
