"""The value itself against a fixed limit, with hysteresis."""

from __future__ import annotations

from config.models import Threshold
from indicators.rules.conditions.verdict import Floats, Verdict, against


def judge(condition: Threshold, values: Floats) -> Verdict:
    """``values`` in the indicator's unit."""
    return against(condition, values)
