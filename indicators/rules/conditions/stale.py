"""The age of a feed's newest row, or of what it last delivered."""

from __future__ import annotations

import datetime as dt

import numpy as np

from indicators.rules.conditions.verdict import Floats, Verdict


def judge(after: dt.timedelta, ages: Floats) -> Verdict:
    """``ages`` in hours; infinite for a feed that never delivered."""
    limit = after / dt.timedelta(hours=1)
    breach = ages > limit
    return Verdict(breach, ~breach & ~np.isnan(ages), ages, np.full(ages.shape, limit))
