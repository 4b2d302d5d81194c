"""The class of a legend that a value falls into."""

from __future__ import annotations

import numpy as np

from config.models import Banded
from indicators.rules.conditions.verdict import Floats, Verdict


def judge(condition: Banded, values: Floats) -> Verdict:
    """``values`` in the indicator's unit. The limit told is that of the band reached, or the mildest."""
    sign = 1.0 if condition.side == "above" else -1.0
    limits = np.array([band.limit for band in condition.bands])
    known = ~np.isnan(values)
    # How many limits the value lies beyond; a value on the limit is still on the safe side.
    band = np.searchsorted(sign * limits, np.where(known, sign * values, -np.inf), side="left") - 1
    breach = known & (band >= 0)
    clear = known & (sign * values <= sign * limits[0] - condition.clear_by)
    return Verdict(breach, clear & ~breach, values, limits[np.maximum(band, 0)], band)
