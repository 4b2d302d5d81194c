"""What others use: EARS C1 to C3, and 3 sigma.

EARS: Hutwagner, Thompson, Seeman & Treadwell 2003 (J Urban Health 80, i89-i96), with the formulas of
Fricker, Hegler & Dunfee 2008 (Stat Med 27, 3407-3429). The window of seven periods and the thresholds
(3 standard deviations; 2 for C3) are the published ones.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from indicators.rules.statistics.significance import Flags, Floats

WINDOW = 7
LAG = 2
"""Periods left out before the judged one, by C2 and C3."""


def c1(values: Floats) -> Flags:
    """More than 3 standard deviations above the mean of the last seven periods (S × T)."""
    found: Flags = _score(values, 0) > 3
    return found


def c2(values: Floats) -> Flags:
    """The same, of the seven periods before the last two."""
    found: Flags = _score(values, LAG) > 3
    return found


def c3(values: Floats) -> Flags:
    """The sum of what C2 exceeds 1 by, over three periods, above 2."""
    score = _score(values, LAG)
    excess = np.maximum(0.0, np.where(np.isfinite(score), score, 0.0) - 1.0)
    before = np.pad(excess, ((0, 0), (2, 0)))
    total = excess + before[:, 1:-1] + before[:, :-2]
    found: Flags = np.isfinite(score) & (total > 2)
    return found


def three_sigma(values: Floats, year: int, *, two_sided: bool = False) -> Flags:
    """More than 3 standard deviations above the mean of all periods up to one year back (below as well, where
    ``two_sided``).
    """
    window = min(year, values.shape[1] - 1)
    past = sliding_window_view(_before(values, 0, window), window, axis=1)
    score = _standardised(values, past, least=WINDOW)
    found: Flags = (np.abs(score) if two_sided else score) > 3
    return found


def _score(values: Floats, lag: int) -> Floats:
    past = sliding_window_view(_before(values, lag, WINDOW), WINDOW, axis=1)
    return _standardised(values, past, least=WINDOW)


def _before(values: Floats, lag: int, window: int) -> Floats:
    """Padded so that window t ends ``lag`` + 1 periods before t."""
    padded = np.pad(values, ((0, 0), (window + lag, 0)), constant_values=np.nan)
    return padded[:, : values.shape[1] + window - 1]


def _standardised(values: Floats, past: Floats, least: int) -> Floats:
    known = np.isfinite(past)
    n = known.sum(axis=2)
    mean = np.where(known, past, 0.0).sum(axis=2) / np.maximum(n, 1)
    square = np.where(known, past - mean[:, :, None], 0.0) ** 2
    sd = np.sqrt(square.sum(axis=2) / np.maximum(n - 1, 1))
    score = (values - mean) / np.where(sd > 0, sd, np.nan)
    # seven equal periods have no deviation: anything else is beyond it
    score = np.where((sd == 0) & (values > mean), np.inf, np.where((sd == 0) & (values <= mean), 0.0, score))
    return np.where(n >= least, score, np.nan)
