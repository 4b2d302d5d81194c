"""What the targets of an indicator say of levels, periods, areas and days, and where they contradict."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from config.lint.place import Keys, Place
from config.models import Indicator, Target
from config.problems import Problem
from config.targets import adds_up_in, due_points, narrowness

_DATED = ("path", "cumulative", "milestone")


def lint_targets(place: Place, indicator: Indicator) -> Iterator[Problem]:
    """Every broken reference and contradiction among the targets of one indicator."""
    for number, target in enumerate(indicator.targets):
        found = [*_named(place, number, target, indicator), *_dated(place, number, target)]
        yield from found
        if not found:
            yield from _sense(place, ("targets", number), target, indicator)
    for (first, one), (second, other) in itertools.combinations(enumerate(indicator.targets), 2):
        if _at_once(one, other):
            message = f"holds at once with target {first}: {_said(one)} and {_said(other)}"
            hint = "narrow one of them down by levels, areas or periods, or let it begin later"
            yield place.problem(("targets", second), message, hint)


def _named(place: Place, number: int, target: Target, indicator: Indicator) -> Iterator[Problem]:
    levels, keys = place.city.levels, ("targets", number)
    for index, level in enumerate(target.levels or ()):
        yield from place.known((*keys, "levels", index), "level", level, levels)
        if level in levels and level not in indicator.levels:
            message = f"target for level {level!r}, which the indicator does not have"
            yield place.problem((*keys, "levels", index), message, "add it to levels or drop it here")
    for index, period in enumerate(target.periods or ()):
        yield from place.known((*keys, "periods", index), "period", period, place.city.periods.ids)
        if period in place.city.periods.ids and period not in indicator.periods:
            message = f"target by {period}, which the indicator does not have"
            yield place.problem((*keys, "periods", index), message, "add it to periods or drop it here")
    for index, code in enumerate(target.areas or ()):
        yield from place.known((*keys, "areas", index), "area", code, place.named("area"))


def _dated(place: Place, number: int, target: Target) -> Iterator[Problem]:
    """Days that a kind of target must have, and those that it cannot have."""
    keys, kind = ("targets", number), target.kind
    if kind in _DATED and target.date is None:
        yield place.problem(keys, f"a {kind} target needs a date", "give the day on which the value is due")
    if kind not in _DATED and target.date is not None:
        hint = "say from when on it holds with from; a value due on a day is a path or a milestone"
        yield place.problem((*keys, "date"), f"a {kind} target has no date", hint)
    if kind == "cumulative" and target.start is None:
        yield place.problem(keys, "a cumulative target needs from", "give the first day that counts")
    if kind == "path" and target.start is not None:
        hint = "it begins on the date of its first value"
        yield place.problem((*keys, "from"), "a path target has no from", hint)
    if kind != "path" and target.start is not None and target.date is not None and target.date < target.start:
        yield place.problem((*keys, "date"), f"{target.date} is before {target.start}", "swap from and date")
    if kind != "cumulative" and target.points:
        hint = "points are the way of a cumulative target; a path has several targets with a date each"
        yield place.problem((*keys, "points"), f"a {kind} target has no points", hint)


def _sense(place: Place, keys: Keys, target: Target, indicator: Indicator) -> Iterator[Problem]:
    """What cannot be meant, of a target whose names and days are sound."""
    wrong = {"floor": "down", "ceiling": "up"}.get(target.kind)
    if indicator.direction == wrong:
        better = "less" if wrong == "down" else "more"
        message = f"a {target.kind} where {better} is better: direction is {wrong}"
        yield place.problem((*keys, "kind"), message, "turn the direction or the target round")
    if target.kind == "rank":
        yield from _rank(place, keys, target, indicator)
    if target.kind == "cumulative":
        yield from _cumulative(place, keys, target, indicator)


def _rank(place: Place, keys: Keys, target: Target, indicator: Indicator) -> Iterator[Problem]:
    if target.value < 1 or not target.value.is_integer():
        message = f"place {target.value:g} does not exist"
        yield place.problem((*keys, "value"), message, "places are 1, 2, 3, …")
    if indicator.direction == "none":
        message = "a place needs a better and a worse: direction is none"
        yield place.problem((*keys, "kind"), message, "give the indicator a direction")
    for level in target.levels or indicator.levels:
        if level not in place.city.levels:
            continue
        count = len(place.city.areas.at(level))
        if count < 2:
            message = f"there is one {level} alone: its place says nothing"
            yield place.problem(keys, message, "give levels that have several units")
        elif target.value >= count:
            message = f"place {target.value:g} of {count} is always kept on level {level!r}"
            yield place.problem((*keys, "value"), message, "give a smaller one")


def _cumulative(place: Place, keys: Keys, target: Target, indicator: Indicator) -> Iterator[Problem]:
    unit = place.city.units.get(indicator.unit)
    if unit is not None and unit.kind != "amount":
        hint = "aim a path at it, or set the target on the amount that it is made of"
        yield place.problem((*keys, "kind"), f"a {unit.kind} does not add up over periods", hint)
        return
    if indicator.kind in ("stock", "composite"):
        hint = "aim a path at it"
        yield place.problem((*keys, "kind"), f"a {indicator.kind} does not add up over periods", hint)
        return
    periods = place.city.periods
    given = [p for p in target.periods or indicator.periods if p in periods.ids]
    fit = [p for p in given if adds_up_in(periods, target, p)]
    if target.periods is not None or not fit:
        for period in given:
            if period not in fit:
                message = f"the span from {target.start} does not begin with a {period}"
                yield place.problem(keys, message, "begin it where a period begins, or name other periods")
    line = due_points(target)
    for (before, low), (after, high) in itertools.pairwise(line):
        if after <= before:
            message = f"points must lie between from and date, in order: {after} is not after {before}"
            yield place.problem((*keys, "points"), message, "order them by date")
        if high < low:
            message = f"a total cannot fall: {high:g} on {after} after {low:g} on {before}"
            yield place.problem(keys, message, "points are totals since from, not amounts of their own")


def _at_once(one: Target, other: Target) -> bool:
    """Whether it cannot be said which of the two holds."""
    if narrowness(one) != narrowness(other) or not (
        _meet(one.levels, other.levels)
        and _meet(one.areas, other.areas)
        and _meet(one.periods, other.periods)
    ):
        return False
    if one.kind == other.kind and one.kind in ("path", "milestone"):
        return one.date is not None and one.date == other.date
    if one.kind == other.kind == "cumulative" and one.start and one.date and other.start and other.date:
        return max(one.start, other.start) <= min(one.date, other.date)
    begin = [target.date if target.kind == "path" else target.start for target in (one, other)]
    return begin[0] == begin[1]


def _meet(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> bool:
    return one is None or other is None or bool({*one} & {*other})


def _said(target: Target) -> str:
    return f"{target.kind} {target.value:g}"
