"""How many rows a feed has of a day, against its history, weekdays and holidays."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from config.models import Volume
from indicators.rules.conditions.verdict import Floats, Verdict
from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import Design
from indicators.rules.statistics.shifts import count_shifts

OneSide = Literal["above", "below"]

UNUSUAL: Final = 0.001
"""The p-value up to which a day is a breach. Each feed is one test a day: no fleet that shares a budget."""
USUAL: Final = 0.05
"""The p-value above which a day is clear."""


def bound(condition: Volume, rows: Floats, design: Design, first: int, side: OneSide) -> Floats:
    """The rows from which on the days from ``first`` on are a breach on one side (feeds × days)."""
    level = UNUSUAL / 2 if condition.side == "both" else UNUSUAL
    return count_tests(rows, design, first, side=side, level=level, scan=False).limit


def judge(condition: Volume, rows: Floats, design: Design, first: int) -> Verdict:
    """``rows`` are feeds × days one after another (NaN: none came); days from ``first`` on are judged, each
    by what came before it.

    A breach is a day that its history does not explain, and each day of a volume that has moved and stayed
    there: what is measured is then its mean since. NaN where the history is too short.
    """
    tests = count_tests(rows, design, first, side=condition.side, level=UNUSUAL, scan=False)
    shifts = count_shifts(rows, design, first)
    now = rows[:, first:]
    moved = np.zeros(now.shape, dtype=bool)
    if condition.side != "below":
        moved |= shifts.standing("above")
    if condition.side != "above":
        moved |= shifts.standing("below")
    moved &= ~np.isnan(now)
    with np.errstate(invalid="ignore"):
        unusual, usual = tests.p <= UNUSUAL, tests.p > USUAL
    stays = moved & ~unusual
    measure = np.where(stays, shifts.observed, np.where(np.isnan(tests.p), np.nan, now))
    expected = np.where(stays, shifts.expected, tests.expected)
    return Verdict(
        unusual | moved,
        usual & ~moved,
        measure,
        np.where(np.isnan(tests.limit), expected, tests.limit),
        None,
        expected,
        tests.p,
    )
