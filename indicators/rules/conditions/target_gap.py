"""The distance of the value on the wrong side of its target."""

from __future__ import annotations

from config.models import TargetGap
from indicators.rules.conditions.verdict import Floats, Verdict, against


def judge(condition: TargetGap, values: Floats, aims: Floats, signs: Floats) -> Verdict:
    """``aims`` are the targets that hold (NaN: none, not judged); ``signs`` +1 where at least, −1 where at
    most.

    The gap is positive where the target is missed.
    """
    return against(condition, signs * (aims - values))
