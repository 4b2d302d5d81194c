"""The age of a feed's newest row."""

from __future__ import annotations

import datetime as dt

import numpy as np

from config.models import Stale
from indicators.rules.conditions.verdict import Floats, Verdict


def judge(condition: Stale, ages: Floats) -> Verdict:
    """``ages`` in hours; infinite for a feed that never delivered."""
    limit = condition.after / dt.timedelta(hours=1)
    breach = ages > limit
    return Verdict(breach, ~breach & ~np.isnan(ages), ages, limit)
