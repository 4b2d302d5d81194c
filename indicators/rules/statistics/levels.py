"""Level anomaly: is this level (PM2.5, power, handling time, a share) one that the past makes expect?

A robust decomposition into level, trend, season, weekdays and holidays (as the robust STL of Cleveland et al.
1990, by regression, so that holidays move and gaps do no harm); what the latest residuals say about the next
one (`remembering`); a scale that changes with the calendar (Davidian & Carroll 1987); and a Student-t on each
side, by median absolute deviations (`tails`). Positive series whose errors are less skewed on the log are
judged on the log.

Calibrated for autocorrelated series: of white noise, AR(1) of .5 to .95, a slow level under noise, lognormal
and skewed series, shares near 100 % and random walks .005–.014 lie below p = .01 and up to .003 below .001.
Not judged (p is NaN) with fewer usable columns than `least` says, or where the past does not vary at all.
A spell that builds up slowly is followed and not reported here: see `shifts`.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np

from indicators.rules.statistics.design import Design
from indicators.rules.statistics.fitting import products, quantiles, robust, solve, spread
from indicators.rules.statistics.kept import Kept
from indicators.rules.statistics.regression import MEMORY
from indicators.rules.statistics.remembering import Habits, Memory, foretell, habits
from indicators.rules.statistics.significance import Flags, Floats, Ints, Tests
from indicators.rules.statistics.tails import Side, Tails, tails

Sides = Literal["above", "below", "both"]

LEAST: Final = 30
"""Usable columns that must lie before, whatever the kind of period: below, tails are guesses."""
WHOLE_YEARS: Final = 1.25
"""Years of history from which on a season is told from a trend; before, both are held near zero."""
NEAR_ZERO: Final = 0.05
"""Where a series comes as near to zero as this share of its median, it is no matter of factors: no log."""
HOLIDAY: Final = 0.25
"""Holidays are drawn to zero by so much of what is usual: they may move a level by several spreads."""
_UNEVEN: Final = 3.0
"""At most so many times its usual size may the scale be in a season, a weekday or an hour."""


def least(design: Design) -> int:
    """How many usable columns must lie in the fitted window, or nothing is judged.

    91 days, 30 weeks, 30 months, 504 hours (three weeks). Quarters, half-years and years do not gather so
    many: their levels are never judged by this test.
    """
    return max(design.minimum, LEAST)


def level_tests(
    values: Floats,
    design: Design,
    first: int,
    *,
    usable: Flags | None = None,
    since: Ints | None = None,
    side: Sides = "both",
    level: float = 0.01,
) -> Tests:
    """Test columns ``first`` to the last of S × T ``values``, each by what came before it.

    ``usable`` (S × T) says which values may be judged and fitted by (NaN never is); ``since`` (S) is the
    first column that counts after a break of the series, such as a shift that a person confirmed.
    ``expected`` is the median that the past makes expect and ``limit`` the value at which p is ``level``;
    of both sides, the one on which the value lies. All in the unit of ``values``.
    """
    known = np.isfinite(values) if usable is None else usable & np.isfinite(values)
    if since is not None:
        known = known & (np.arange(values.shape[1]) >= since[:, None])
    series, total = values.shape
    found = Tests(*(np.full((series, total - first), np.nan) for _ in Tests._fields))
    ends, lows = np.unique(design.fit_end[first:total], return_index=True)
    for end, low, high in zip(ends, lows, [*lows[1:], total - first], strict=True):
        begin = max(0, end - design.window)
        enough = known[:, begin : max(end, 0)].sum(axis=1) >= least(design)
        if not enough.any():
            continue
        rows = slice(begin, first + high)
        y = np.where(known[enough, rows], values[enough, rows], np.nan)
        tests = _judged(y, _Frame.of(y, design, begin, end), high - low, side, level)
        for whole, part in zip(found, tests, strict=True):
            whole[enough, low:high] = part
    return found


class _Frame(NamedTuple):
    """What all series of one fit share: T × K regressors with S × K penalties, the fitted columns, the
    stretches remembered, which regressors the scale may follow, and which columns are holidays.
    """

    regressors: Floats
    penalty: Floats
    fitted: int
    memory: tuple[int, int]
    uneven: Flags
    holiday: Flags

    @classmethod
    def of(cls, y: Floats, design: Design, begin: int, end: int) -> _Frame:
        x = design.matrix[begin : begin + y.shape[1]].copy()
        years = x[:, 1] - design.matrix[end - 1, 1]
        x[:, 1] = years
        fitted = end - begin
        oldest = np.isfinite(y[:, :fitted]).argmax(axis=1)
        short = -years[oldest] < WHOLE_YEARS
        names = np.array(design.names)
        season = np.char.startswith(names, "cos_") | np.char.startswith(names, "sin_")
        # priors are told for effects on a log; a level is brought to a spread of 1, where they serve as well
        usual = np.where(np.isinf(design.prior), 0.0, design.prior**-2.0)
        penalty = usual * np.where(short[:, None] & season, 1e3, 1.0)
        penalty = penalty * np.where(short[:, None] & (names == "trend"), 10.0, 1.0)
        special = (names == "off") | np.char.startswith(names, "moving")
        penalty = penalty * np.where(special, HOLIDAY, 1.0)
        uneven = ~(np.isin(names, ["level", "trend"]) | special)
        holiday = (x[:, special] != 0).any(axis=1)
        return cls(x, penalty, fitted, design.memory, uneven, holiday)

    @property
    def swinging(self) -> Floats:
        """The regressors that the scale follows, after a one."""
        return np.column_stack([np.ones(len(self.regressors)), self.regressors[:, self.uneven]])

    def rows(self, some: Flags) -> _Frame:
        """The frame of some of the series."""
        return self._replace(penalty=self.penalty[some])


class _Foretold(NamedTuple):
    """What the past makes expect of each column: its centre and scale (S × T), and the tails of errors."""

    centre: Floats
    scale: Floats
    tails: Tails


def _judged(y: Floats, frame: _Frame, judged: int, side: Sides, level: float) -> Tests:
    """Test the last ``judged`` columns of ``y``."""
    past = np.where(np.isfinite(y[:, : frame.fitted]), y[:, : frame.fitted], np.inf)
    smallest = past.min(axis=1)
    usual = quantiles(y[:, : frame.fitted], 0.5)
    positive = (smallest > 0) & (smallest > NEAR_ZERO * usual)
    model = _foretold(y, frame)
    on_log = np.zeros(len(y), dtype=np.bool_)
    scaled = y
    if positive.any():
        # what is nothing or less has no log: a hundredth of the least that was ever seen is unusual enough
        floor = np.where(positive, smallest / 100.0, 1.0)[:, None]
        logs = np.log(np.maximum(y, floor))
        log_model = _foretold(logs[positive], frame.rows(positive))
        better = np.abs(log_model.tails.skew) < np.abs(model.tails.skew[positive])
        on_log[positive] = better
        scaled = np.where(on_log[:, None], logs, y)
        model = _mixed(model, log_model, on_log, better)
    columns = slice(y.shape[1] - judged, None)
    centre, scale = model.centre[:, columns], model.scale[:, columns]
    middle = centre + model.tails.median * scale
    distance = (scaled[:, columns] - middle) / scale
    above, below = model.tails.above, model.tails.below
    if side == "both":
        p = np.minimum(1.0, 2.0 * np.minimum(above.beyond(distance), below.beyond(-distance)))
        apart = np.where(distance >= 0, above.at(level / 2), -below.at(level / 2))
    elif side == "above":
        p, apart = above.beyond(distance), above.at(level)
    else:
        p, apart = below.beyond(-distance), -below.at(level)

    def told(value: Floats) -> Floats:
        with np.errstate(over="ignore"):
            back = np.where(on_log[:, None], np.exp(np.where(on_log[:, None], value, 0.0)), value)
        return np.where(np.isnan(p), np.nan, back)

    return Tests(p, told(middle), told(middle + apart * scale), np.full_like(p, np.nan))


def _mixed(linear: _Foretold, logs: _Foretold, on_log: Flags, better: Flags) -> _Foretold:
    """The log's model for the series that are judged on the log, the other for the rest."""

    def mix(one: Floats, other: Floats) -> Floats:
        mixed = one.copy()
        mixed[on_log] = other[better]
        return mixed

    def side(one: Side, other: Side) -> Side:
        return Side(mix(one.degrees, other.degrees), mix(one.scale, other.scale))

    both = Tails(
        mix(linear.tails.median, logs.tails.median),
        side(linear.tails.above, logs.tails.above),
        side(linear.tails.below, logs.tails.below),
    )
    return _Foretold(mix(linear.centre, logs.centre), mix(linear.scale, logs.scale), both)


def _foretold(values: Floats, frame: _Frame) -> _Foretold:
    past, x = values[:, : frame.fitted], frame.regressors
    given = past, x[: frame.fitted], frame.penalty, frame.holiday[: frame.fitted], np.array(frame.memory)
    known = _kept.of(given, lambda: _learnt(past, frame))
    residual = (values - known.middle) / known.size - known.course @ x.T
    memory = foretell(residual, known.habits, frame.memory)
    scale = known.wider(memory) * _swing(known.swing, frame.swinging)
    centre = (known.course @ x.T + memory.foretold) * known.size + known.middle
    return _Foretold(centre, scale * known.size, known.tails)


class _Learnt(NamedTuple):
    """What the past says of S series: ``middle`` and ``size`` (S × 1) bring them to a spread of 1; of that
    the coefficients of their ``course`` (S × K), what residuals say of the next one, the usual error (S × 1),
    the coefficients of its ``swing``, and its tails.
    """

    middle: Floats
    size: Floats
    course: Floats
    habits: Habits
    usual: Floats
    swing: Floats
    tails: Tails

    def wider(self, memory: Memory) -> Floats:
        """How many times the usual error, because the last period is missing (S × T)."""
        return _wider(memory, self.usual)


_kept: Kept[_Learnt] = Kept(MEMORY)


def _learnt(past: Floats, frame: _Frame) -> _Learnt:
    middle = quantiles(past, 0.5)[:, None]
    size = spread(past - middle)[:, None]
    size = np.where(size > 0, size, 1.0)
    u = (past - middle) / size
    x = frame.regressors[: frame.fitted]
    course = robust(x, u, frame.penalty, frame.holiday[: frame.fitted])
    residual = u - course @ x.T
    known = habits(residual, frame.memory)
    memory = foretell(residual, known, frame.memory)
    error = residual - memory.foretold
    usual = spread(np.where(memory.extra > 0, np.nan, error))[:, None]
    even = error / _wider(memory, usual)
    swinging = frame.swinging[: frame.fitted]
    swing = _swings(even, swinging, frame)
    ends = tails(even / _swing(swing, swinging), x.shape[1] + 3)
    return _Learnt(middle, size, course, known, usual, swing, ends)


def _wider(memory: Memory, usual: Floats) -> Floats:
    wider: Floats = np.sqrt(1.0 + memory.extra / np.where(usual > 0, usual, 1.0) ** 2)
    return wider


def _swings(error: Floats, swinging: Floats, frame: _Frame) -> Floats:
    """What season, weekday and hour do to the usual error: a regression of log |error|, which outliers hardly
    move.
    """
    usual = spread(error)[:, None]
    usual = np.where(usual > 0, usual, 1.0)
    there = np.isfinite(error)
    sizes = np.log(np.clip(np.abs(np.where(there, error, usual)) / usual, 0.05, 10.0))
    level = np.zeros((len(frame.penalty), 1))
    penalty = np.concatenate([level, 5.0 * frame.penalty[:, frame.uneven]], axis=1)
    found = solve(swinging, products(swinging), sizes, there.astype(np.float64), penalty)
    found[:, 0] = 0.0
    return found


def _swing(coefficients: Floats, swinging: Floats) -> Floats:
    """How many times the usual error each column's is (S × T): at most `_UNEVEN` times either way."""
    bound = np.log(_UNEVEN)
    return np.exp(np.clip(coefficients @ swinging.T, -bound, bound))
