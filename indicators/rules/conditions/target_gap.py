"""How far what was attained lies on the wrong side of its target."""

from __future__ import annotations

from config.models import TargetGap
from indicators.rules.conditions.verdict import Floats, Verdict, against


def judge(condition: TargetGap, gaps: Floats) -> Verdict:
    """``gaps`` are positive where the target is missed, in the unit or in places (NaN: not judged)."""
    return against(condition, gaps)
