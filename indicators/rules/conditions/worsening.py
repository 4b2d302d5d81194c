"""How many periods in a row were each worse than the one before."""

from __future__ import annotations

from typing import Literal

import numpy as np

from config.models import Worsening
from indicators.rules.conditions.verdict import Floats, Verdict


def judge(condition: Worsening, values: Floats, direction: Literal["up", "down"]) -> Verdict:
    """``values`` are areas × periods one after another (NaN: a gap, which ends a run); what is measured is
    the length of the run that ends with each period.
    """
    worse = -np.diff(values, axis=1) if direction == "up" else np.diff(values, axis=1)
    falling = np.zeros(values.shape, dtype=bool)
    falling[:, 1:] = worse > 0
    place = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    began = np.maximum.accumulate(np.where(falling, 0, place), axis=1)
    run = place - began
    moved = np.abs(values - np.take_along_axis(values, began, axis=1))
    measure = np.where(np.isnan(values), np.nan, run.astype(float))
    breach = (run >= condition.periods) & (moved >= condition.by)
    clear = (run == 0) & ~np.isnan(values)
    return Verdict(breach, clear, measure, np.full(values.shape, float(condition.periods)))
