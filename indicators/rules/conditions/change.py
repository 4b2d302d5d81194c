"""The change against another period: per cent for amounts and levels, points for everything else."""

from __future__ import annotations

from typing import Final

import numpy as np

from config.models import Change, Unit
from indicators.rules.conditions.verdict import Floats, Verdict, against

RELATIVE: Final = frozenset({"amount", "level"})
"""Kinds of unit whose change is told in per cent; rates, indices and ranks change by points."""


def judge(condition: Change, values: Floats, baseline: Floats, unit: Unit) -> Verdict:
    """``baseline`` is the value of the period compared with; NaN where there is none, which is not judged.

    Growth from nothing has no percentage, so a baseline of zero is not judged either.
    """
    return against(condition, changes(values, baseline, unit))


def changes(values: Floats, baseline: Floats, unit: Unit) -> Floats:
    """Change of each value from its baseline, in per cent or points."""
    difference = values - baseline
    if unit.kind not in RELATIVE:
        return difference
    base = np.where(baseline == 0, np.nan, np.abs(baseline))
    relative: Floats = 100.0 * difference / base
    return relative
