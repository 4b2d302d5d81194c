"""Which target holds for an area, a period and a day, and how far a value is on the wrong side of it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from config.models.indicator import Indicator, Period, Target


@dataclass(frozen=True)
class Aim:
    """What is aimed at on one day: at least (``floor``) or at most (``ceiling``) ``value``."""

    side: Literal["floor", "ceiling"]
    value: float
    source: str

    def gap(self, value: float) -> float:
        """Distance on the wrong side, in the indicator's unit; negative when the target is met."""
        return self.value - value if self.side == "floor" else value - self.value


def aim_on(indicator: Indicator, level: str, area: str, period: Period, day: dt.date) -> Aim | None:
    """The target that holds on ``day``; for a whole period ask for its last day.

    Path values are joined by straight lines; before the first of them nothing is aimed at, after the last its
    value stays due. A path goes before a floor or ceiling. Which side of a path is wrong follows from the
    indicator's direction (down: less is better).
    """
    found = fitting(indicator, level, area, period)
    path = _on_path([t for t in found if t.kind == "path"], day)
    if path is not None:
        value, source = path
        return Aim("ceiling" if indicator.direction == "down" else "floor", value, source)
    begun = [t for t in found if t.kind != "path" and (t.start is None or t.start <= day)]
    if not begun:
        return None
    best = max(begun, key=lambda t: (_narrowness(t), t.start or dt.date.min))
    return Aim("floor" if best.kind == "floor" else "ceiling", best.value, best.source)


def fitting(indicator: Indicator, level: str, area: str, period: Period) -> list[Target]:
    """The targets that hold for the area and period at one time or another."""
    return [
        t
        for t in indicator.targets
        if (t.levels is None or level in t.levels)
        and (t.areas is None or area in t.areas)
        and (t.periods is None or period in t.periods)
    ]


def _narrowness(target: Target) -> tuple[bool, bool, bool]:
    return (target.areas is not None, target.levels is not None, target.periods is not None)


def _on_path(targets: Iterable[Target], day: dt.date) -> tuple[float, str] | None:
    """Value of the path on ``day`` and the source of the point it heads for."""
    points = sorted((t.date, t.value, t.source) for t in targets if t.date is not None)
    if not points or day < points[0][0]:
        return None
    for (before, low, _), (after, high, source) in itertools.pairwise(points):
        if before <= day <= after:
            return low + (high - low) * (day - before).days / max((after - before).days, 1), source
    return points[-1][1], points[-1][2]
