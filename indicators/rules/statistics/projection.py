"""Will the year's target be missed? The probability of it, from how past years went on from the same day.

Two forecasts of what is to come, averaged (Bates & Granger 1969: means of forecasts beat their parts):

- *As in past years*: the log ratio of the mean of the remaining periods to that of the elapsed ones, of the
  same day in each past year, a year weighing 0.8 of the one after it. Season needs no model: at the same day
  of the year it is the same.
- *As things go now*: exponential smoothing with a damped trend and a season (smoothing.py).

Its uncertainty is a Student-t: errors of the same forecast in the past years of the series, with a prior of
the whole fleet that weighs as much as two years; then one factor for all widths, which would have made 80 %
intervals hold for 80 % of the fleet in the year before (Vovk, Gammerman & Shafer 2005).

Of weights and priors few values were tried, on monthly series of the M1 and M3 competitions
(bench/projection.py).

The straight line is for display at most: where a year has a season it is worse than always saying how often
targets are missed.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

from indicators.rules.statistics.significance import Flags, Floats, Ints
from indicators.rules.statistics.smoothing import begin

Measure = Literal["total", "mean", "end"]
"""What is held against the target: the year's sum (flows), its mean (rates, levels), or its last value
(stocks)."""
Side = Literal["floor", "ceiling"]

WITHIN: Final = 0.8
"""The interval between ``low`` and ``high`` is to hold the outcome so often."""
DECAY: Final = 0.8
"""Weight of a year against the one after it."""
PRIOR: Final = 2.0
"""Years of own errors that the fleet's weigh as much as."""
MINIMUM: Final = 3
"""Past years that went on from the same day; fewer answer *insufficient*."""
PARTS: Final = 12
"""Finer years (weeks, days) are told in so many parts, one boundary of which is today."""
FLEET: Final = 20.0
"""A fleet of so many series is believed as much as what is known of others (``TYPICAL``)."""
TYPICAL: Final = 0.07
"""Standard deviation of a year's log ratio about its forecast: the median of the M3 monthly series."""
TYPICAL_SHARE: Final = 0.38
"""The same of differences, in standard deviations of the series."""
FLOOR: Final = 0.02
"""Share of a series' mean below which values count as that, so that a month without a case has a
logarithm."""


class Projection(NamedTuple):
    """Arrays of shape (S,), NaN where ``insufficient``. ``median``, ``low``, ``high`` in the unit of the
    target.

    ``probability_missed``: that the year ends below a floor, above a ceiling.
    """

    probability_missed: Floats
    median: Floats
    low: Floats
    high: Floats
    insufficient: Flags


def projection(
    values: Floats,
    elapsed: int,
    target: Floats,
    side: Side = "floor",
    *,
    measure: Measure = "total",
    additive: bool = False,
) -> Projection:
    """Project S series to the end of the running year.

    ``values`` (S × years × periods): whole periods, the running year last, of which the first ``elapsed``
    count; NaN where unknown. A past year counts where all its periods are known. ``target`` (S). All series
    are one fleet: they lend each other their errors, so pass together what is alike. ``additive`` takes
    differences instead of ratios, for what may be negative or is a share. Raises ValueError where no period
    has elapsed or none remains. Years must be of one length: leave out a week 53 and 29 February.
    """
    periods = values.shape[2]
    if not 0 < elapsed < periods:
        raise ValueError(f"{elapsed} of {periods} periods have elapsed; there is nothing to project")
    unit = _unit(values, elapsed) if additive else np.ones(len(values))
    known = values / unit[:, None, None]
    known[:, -1, elapsed:] = np.nan
    before, after = _sides(known, elapsed, measure)
    change = after - before if additive else _log(after) - _log(before)
    past = _past(change)
    rest = _smoothed(known, elapsed, measure, additive)
    going = rest - before if additive else _log(rest) - _log(before)
    guess = 0.5 * past.mean + 0.5 * going
    width, freedom = _width(change - guess, past, additive)
    center = guess[:, -1]
    insufficient = (past.years[:, -1] < MINIMUM) | np.isnan(center) | np.isnan(width)
    center[insufficient] = np.nan

    def outcome(change_: Floats) -> Floats:
        rest = before[:, -1] + change_ if additive else before[:, -1] * np.exp(np.minimum(change_, 50.0))
        done = 0.0 if measure == "end" else elapsed / periods
        end: Floats = (done * before[:, -1] + (1.0 - done) * rest) * unit
        return end * periods if measure == "total" else end

    reach = width * stdtrit(freedom, 0.5 + WITHIN / 2)
    below = stdtr(
        freedom, (_needed(before[:, -1], target / unit, elapsed, periods, measure, additive) - center) / width
    )
    missed = below if side == "floor" else 1.0 - below
    return Projection(missed, outcome(center), outcome(center - reach), outcome(center + reach), insufficient)


def straight_line(values: Floats, elapsed: int, measure: Measure = "total") -> Floats:
    """The year's end if it went on as so far, for display: S × years × periods → (S,). No basis of a
    warning."""
    now = values[:, -1, :elapsed]
    if measure == "end":
        return now[:, -1]
    mean: Floats = now.mean(axis=1)
    return mean * values.shape[2] if measure == "total" else mean


def _unit(values: Floats, elapsed: int) -> Floats:
    """The standard deviation of each series, in which differences are told; 1 where it does not move."""
    known = values.copy()
    known[:, -1, elapsed:] = np.nan
    spread = _moments(known.reshape(len(values), -1))[1]
    return np.where(spread > 0, spread, 1.0)


def _moments(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what is known in each row; NaN where nothing is."""
    known = ~np.isnan(rows)
    count = np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    mean = np.where(known, rows, 0.0).sum(axis=1) / count
    square = np.where(known, (rows - mean[:, None]) ** 2, 0.0).sum(axis=1) / count
    return mean, np.sqrt(square)


def _ends(periods: int, elapsed: int) -> Ints:
    """Where the parts of the year end, ``elapsed`` among them: at most ``PARTS`` of about equal length."""
    count = min(periods, PARTS)
    early = min(max(1, round(count * elapsed / periods)), count - 1, elapsed)
    late = min(count - early, periods - elapsed)
    first = np.linspace(0, elapsed, early + 1)[1:]
    then = np.linspace(elapsed, periods, late + 1)[1:]
    return np.asarray(np.rint(np.concatenate([first, then])), dtype=np.int64)


def _parts(values: Floats, ends: Ints, last_value: bool) -> Floats:
    """The mean of each part of each year, or its last value: S × years × parts."""
    if last_value:
        return values[:, :, ends - 1]
    sums = np.add.reduceat(values, np.concatenate([[0], ends[:-1]]), axis=2)
    means: Floats = sums / np.diff(ends, prepend=0)
    return means


def _sides(values: Floats, elapsed: int, measure: Measure) -> tuple[Floats, Floats]:
    """What each year told on the same day, and what it came to then: S × years each."""
    if measure == "end":
        return values[:, :, elapsed - 1], values[:, :, -1]
    return values[:, :, :elapsed].mean(axis=2), values[:, :, elapsed:].mean(axis=2)


def _log(values: Floats) -> Floats:
    """The logarithm; NaN where there is none."""
    return np.log(np.where(values > 0, values, np.nan))


def _needed(
    before: Floats, target: Floats, elapsed: int, periods: int, measure: Measure, additive: bool
) -> Floats:
    """The change that ends the year exactly on target; minus infinity where a total is there already."""
    due = target / periods if measure == "total" else target
    done = 0.0 if measure == "end" else elapsed / periods
    rest = (due - done * before) / (1.0 - done)
    if additive:
        return rest - before
    ahead = np.isnan(_log(rest)) & ~np.isnan(rest)
    return np.where(ahead, -np.inf, _log(rest) - _log(before))


class _Past(NamedTuple):
    """S × years, each from the years before it alone: weighted mean and variance of the change, the number of
    years that this is worth, and their count.
    """

    mean: Floats
    variance: Floats
    worth: Floats
    years: Floats


def _past(change: Floats) -> _Past:
    years = change.shape[1]
    age = np.arange(years)[:, None] - 1 - np.arange(years)  # of a year (columns) as another looks back (rows)
    weight = np.where(age >= 0, DECAY ** np.maximum(age, 0), 0.0)
    known = ~np.isnan(change)
    filled = np.where(known, change, 0.0)
    total, squares = (known @ (weight**power).T for power in (1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled @ weight.T / total
        spread = (filled**2) @ weight.T / total - mean**2
        variance = np.maximum(spread, 0.0) / (1.0 - squares / total**2)
        worth = total**2 / squares
    count = known @ (age >= 0).T.astype(np.float64)
    few = count < 2
    return _Past(
        np.where(few, np.nan, mean), np.where(few, np.nan, variance), np.where(few, np.nan, worth), count
    )


def _width(error: Floats, past: _Past, additive: bool) -> tuple[Floats, Floats]:
    """Scale and degrees of freedom of the running year's error: (S,) each. ``error``: S × years."""
    years = error.shape[1]
    prior = _prior(error, past, additive)
    scale, freedom = _scale(error, past, years - 1, prior)
    then, then_free = _scale(error, past, years - 2, prior)
    score = np.abs(error[:, years - 2]) / then / stdtrit(then_free, 0.5 + WITHIN / 2)
    score = score[~np.isnan(score)]
    fleet = float(np.quantile(score, WITHIN)) if score.size else 1.0
    factor = (score.size * fleet + FLEET) / (score.size + FLEET)
    return scale * factor, freedom


def _prior(error: Floats, past: _Past, additive: bool) -> float:
    """The variance of the fleet's errors: the median of its series, or of what is known of others' where it
    is small. Without errors yet, the spread of the changes stands for them.
    """
    spread = past.variance[:, -1]
    made = ~np.isnan(error)
    some = made.any(axis=1)
    known = np.where(made, error, 0.0)[some] ** 2 @ np.ones(error.shape[1]) / made[some].sum(axis=1)
    if not known.size:
        known = spread[~np.isnan(spread)]
    typical = TYPICAL_SHARE**2 if additive else TYPICAL**2
    if not known.size:
        return typical
    return float((known.size * np.median(known) + FLEET * typical) / (known.size + FLEET))


def _scale(error: Floats, past: _Past, year: int, prior: float) -> tuple[Floats, Floats]:
    """As known at the beginning of ``year``: own errors, the own spread of the change told in errors, the
    fleet."""
    age = year - 1 - np.arange(year)
    known = ~np.isnan(error[:, :year])
    weight = np.where(known, DECAY**age, 0.0)
    own = weight.sum(axis=1)
    squares = (weight * np.where(known, error[:, :year], 0.0) ** 2).sum(axis=1)
    variance, more = past.variance[:, year], past.worth[:, year] - 1.0
    usual = np.median(variance[~np.isnan(variance)]) if (~np.isnan(variance)).any() else 0.0
    told = variance * (prior / usual if usual > 0 else 1.0)
    freedom = own + more + PRIOR
    return np.sqrt((squares + more * told + PRIOR * prior) / freedom), freedom


def _smoothed(values: Floats, elapsed: int, measure: Measure, additive: bool) -> Floats:
    """What the rest of each year comes to by smoothing all before it: S × years, NaN before the third."""
    periods = values.shape[2]
    ends = _ends(periods, elapsed)
    today = int(np.searchsorted(ends, elapsed)) + 1
    parts = _parts(values, ends, measure == "end")
    size, years, count = parts.shape
    if not additive:
        mean = _moments(parts.reshape(size, -1))[0]
        parts = _log(np.maximum(parts, FLOOR * mean[:, None, None]))
    lengths = np.diff(ends, prepend=0)[today:]
    state, second = begin(parts)
    out = np.full((size, years), np.nan)
    for step in range((years - 1) * count + today):  # each step needs the one before
        year, part = divmod(step, count)
        state.learn(parts[:, year, part], part)
        if part == today - 1 and year >= 2:
            ahead = state.ahead(today)
            rest = ahead if additive else np.exp(np.clip(ahead, -50.0, 50.0))
            told = rest[:, :, -1] if measure == "end" else rest @ (lengths / lengths.sum())
            out[:, year] = np.where(second < year, (state.weights() * told).sum(axis=0), np.nan)
    return out
