"""Which target holds for an area, a period and a day, and how far what was attained is from it.

What is held against a target depends on its kind: the value itself (floor, ceiling, path), the running total
since the span began (cumulative), the place among the units of the level (rank), the best value so far
(milestone). ``Aim`` knows what is due, ``Attained`` what there is; how the latter is got from values is in
``indicators.attained``.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from config.models.base import Text
from config.models.indicator import Indicator, Period, Target, TargetKind
from config.periods import Periods

Side = Literal["floor", "ceiling"]
State = Literal["met", "missed", "ahead", "awaited", "late"]
"""``ahead``: a milestone reached before its day; ``awaited``: not yet reached, its day has not passed;
``late``: reached, but after its day. All other kinds know ``met`` and ``missed`` alone.
"""

SERIES: Final[frozenset[TargetKind]] = frozenset({"cumulative", "milestone"})
"""Kinds for which one value is not enough: they look at the series since a day."""
EVER: Final = dt.date(1900, 1, 1)
"""Since when a milestone counts that does not say it."""

_BUILT_IN: Final = Periods()
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Aim:
    """What is aimed at on one day: at least (``floor``) or at most (``ceiling``) ``value``.

    ``value`` is what is due on that day, in the indicator's unit (of a rank: a place). ``whole`` is what is
    due in the end, on ``by``, and differs from it on the way of a path or cumulative target; ``base`` is
    where the way began. ``since`` is the first day that counts for a running total or milestone.
    """

    side: Side
    value: float
    source: Text | str
    kind: TargetKind = "floor"
    whole: float | None = None
    base: float = 0.0
    since: dt.date | None = None
    by: dt.date | None = None

    def distance(self, attained: float) -> float:
        """How far ``attained`` is beyond what is due: positive is better, 0 exactly met, negative short.

        In the indicator's unit, for a rank in places. Which way is better follows from the side, which
        follows from the indicator's direction.
        """
        return attained - self.value if self.side == "floor" else self.value - attained

    def attainment(self, attained: float, pool: int | None = None) -> float | None:
        """Per cent of what is due: 100 is exactly met, more is better, on either side.

        100 + 100 × distance / |due|, so that a floor of 80 with 60 attained is at 75 %, and so is a ceiling
        of 80 with 100 attained. Of a rank it is the share of the places that are kept behind, 100 × (pool + 1
        − place) / (pool + 1 − place due). None where nothing is due, or a rank has no ``pool`` of so many.
        """
        if self.kind == "rank":
            if pool is None or pool < self.value:
                return None
            return 100.0 * (pool + 1 - attained) / (pool + 1 - self.value)
        return 100.0 + 100.0 * self.distance(attained) / abs(self.value) if self.value else None

    def progress(self, attained: float) -> float | None:
        """Per cent of the whole way, from where it began to what is due in the end; 0 is where it began.

        Of a cumulative target the way begins at nothing, of a path at its first value. None for what has no
        way: a floor, a ceiling, a rank, a milestone.
        """
        if self.kind not in ("path", "cumulative") or self.whole is None or self.whole == self.base:
            return None
        return 100.0 * (attained - self.base) / (self.whole - self.base)

    def state(self, attained: Attained, day: dt.date) -> State | None:
        """How things stand at the end of ``day``; None where a total with gaps does not allow to say.

        What is missing can only add to a total: one with gaps may be enough already, or too much already.
        """
        short = self.distance(attained.value) < 0
        if self.kind == "milestone":
            return self._reached(attained.reached, day)
        if self.kind == "cumulative" and not attained.whole and short == (self.side == "floor"):
            return None
        return "missed" if short else "met"

    def _reached(self, reached: dt.date | None, day: dt.date) -> State:
        assert self.by is not None
        if reached is None or reached > day:
            return "awaited" if day <= self.by else "missed"
        if reached > self.by:
            return "late"
        return "ahead" if day < self.by else "met"


@dataclass(frozen=True)
class Attained:
    """What is held against an aim.

    ``value`` is the indicator's value, running total, place or best value so far. ``whole`` is False for a
    total in which periods are missing. A place is one of ``pool``; ``reached`` is the last day of the first
    period that met a milestone.
    """

    value: float
    whole: bool = True
    pool: int | None = None
    reached: dt.date | None = None


def aim_on(
    indicator: Indicator, level: str, area: str, period: Period, day: dt.date, periods: Periods = _BUILT_IN
) -> Aim | None:
    """The target that holds on ``day``; for a whole period ask for its last day.

    Path values are joined by straight lines; before the first of them nothing is aimed at, after the last its
    value stays due. Of several milestones the next one counts, after the last that one. Which side of a path,
    total or milestone is wrong follows from the indicator's direction (down: less is better). ``periods`` are
    the city's, where it has calendars of its own.
    """
    found = fitting(indicator, level, area, period, periods)
    begun = [
        (narrow, start, aim) for narrow, start, aim in _candidates(indicator, found, day) if start <= day
    ]
    if not begun:
        return None
    return max(begun, key=lambda entry: entry[:2])[2]


def fitting(
    indicator: Indicator, level: str, area: str, period: Period, periods: Periods = _BUILT_IN
) -> list[Target]:
    """The targets that hold for the area and period at one time or another."""
    return [
        t
        for t in indicator.targets
        if (t.levels is None or level in t.levels)
        and (t.areas is None or area in t.areas)
        and (t.periods is None or period in t.periods)
        and (t.kind != "cumulative" or adds_up_in(periods, t, period))
    ]


def adds_up_in(periods: Periods, target: Target, period: Period) -> bool:
    """Whether periods of this kind can be added up to the span of a cumulative target: it begins with one."""
    if target.start is None or periods.timed(period):
        return False
    return periods.begin(period, periods.start_of(period, target.start)) == target.start


def side_of(indicator: Indicator, kind: TargetKind) -> Side:
    """Whether a target of a kind is a lower or an upper limit; a place is always an upper one."""
    if kind in ("floor", "ceiling"):
        return "floor" if kind == "floor" else "ceiling"
    return "ceiling" if kind == "rank" or indicator.direction == "down" else "floor"


def narrowness(target: Target) -> tuple[bool, bool, bool]:
    """What goes before what: targets for areas, then for levels, then for periods."""
    return (target.areas is not None, target.levels is not None, target.periods is not None)


_Candidate = tuple[tuple[bool, bool, bool], dt.date, Aim]


def _candidates(indicator: Indicator, found: Iterable[Target], day: dt.date) -> Iterator[_Candidate]:
    """Each target, path and row of milestones with its narrowness and the day on which it begins."""
    joined: dict[tuple[object, ...], list[Target]] = defaultdict(list)
    for t in found:
        side = side_of(indicator, t.kind)
        if t.kind in ("path", "milestone"):
            joined[t.kind, t.areas, t.levels, t.periods].append(t)
        elif t.kind != "cumulative":
            yield narrowness(t), t.start or dt.date.min, Aim(side, t.value, t.source, t.kind)
        elif t.start is not None and t.date is not None and day <= t.date:
            aim = Aim(side, _due(t, day), t.source, "cumulative", whole=t.value, since=t.start, by=t.date)
            yield narrowness(t), t.start, aim
    for group in joined.values():
        dated = sorted((t for t in group if t.date is not None), key=lambda t: t.date or dt.date.min)
        if not dated:
            continue
        side = side_of(indicator, dated[0].kind)
        if dated[0].kind == "path":
            yield narrowness(dated[0]), dated[0].date or dt.date.min, _on_path(dated, side, day)
            continue
        t = next((t for t in dated if t.date is not None and t.date >= day), dated[-1])
        aim = Aim(side, t.value, t.source, "milestone", whole=t.value, since=t.start or EVER, by=t.date)
        yield narrowness(t), min(t.start or dt.date.min for t in dated), aim


def _on_path(dated: list[Target], side: Side, day: dt.date) -> Aim:
    """The value due on ``day`` (of the first point before it begins) and the source of the point ahead."""
    points = [(t.date, t.value) for t in dated if t.date is not None]
    heading = next((t for t in dated if t.date is not None and t.date >= day), dated[-1])
    last = dated[-1]
    return Aim(
        side,
        _between(points, day),
        heading.source,
        "path",
        whole=last.value,
        base=dated[0].value,
        since=dated[0].date,
        by=last.date,
    )


def due_points(target: Target) -> list[tuple[dt.date, float]]:
    """The days and amounts that a cumulative target's line runs through, from nothing to the whole."""
    assert target.start is not None
    assert target.date is not None
    return [
        (target.start - _DAY, 0.0),
        *((p.date, p.value) for p in target.points),
        (target.date, target.value),
    ]


def _due(target: Target, day: dt.date) -> float:
    """The total due at the end of ``day``."""
    return _between(due_points(target), day)


def _between(points: list[tuple[dt.date, float]], day: dt.date) -> float:
    """The straight line through dated points, level before the first and after the last."""
    if day <= points[0][0]:
        return points[0][1]
    for (before, low), (after, high) in itertools.pairwise(points):
        if before <= day <= after:
            return low + (high - low) * (day - before).days / max((after - before).days, 1)
    return points[-1][1]
