"""A made-up fleet: daily counts of 50 indicators over 22 districts, with events whose place and time are
known.

Negative-binomial counts with trend, season, weekdays and a moving new year, each indicator of its own size
and spread. Events of the past are in the history, too. The sizes of events were chosen so that an oracle that
knows the true means finds about what it finds in the published comparison (docs/warnings.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indicators.rules.statistics.significance import Flags, Floats, Ints

INDICATORS = 50
DISTRICTS = 22
AREAS = DISTRICTS + 1
"""Area 0 is the city, the sum of its districts."""
HISTORY = 5 * 364
JUDGED = 364
DAYS = HISTORY + JUDGED
START = np.datetime64("2020-01-06", "D")
NEW_YEARS = np.array(
    ["2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17"],
    dtype="datetime64[D]",
)
WINDOW = 7
"""Days of the running sums that are judged."""

CITY_EVENTS = 0.6
"""City-wide events a year and indicator."""
DISTRICT_EVENTS = 0.25
"""Events of one district a year, indicator and district."""
LARGE = 1.0
"""Events that at least double a district's counts are large."""
MATTERS = 0.5
"""Cases of districts' events from which on the city is rightly named, in standard deviations of its week."""
RISES = {"city": (0.1, 1.0), "district": (0.2, 4.0)}
"""From the smallest to the largest rise, as a share of what is usual; even on the log scale."""
LENGTHS = (5, 12)
"""Days that an event lasts, from and to."""


@dataclass(frozen=True)
class Events:
    """E events: ``indicator``, ``area`` (0 the city), days [``first``, ``last``], ``rise`` as a share
    of what is usual there.
    """

    indicator: Ints
    area: Ints
    first: Ints
    last: Ints
    rise: Floats


@dataclass(frozen=True)
class Fleet:
    """``counts`` and ``mean`` (the truth without events): indicators × areas × days. ``spread``: variance ÷
    mean of each indicator. ``true``: indicators × areas × judged days, whether the one or two weeks that end
    there hold an event that matters to the area: its own or its city's; for the city districts' events of at
    least half a standard deviation of its own week.
    """

    counts: Floats
    mean: Floats
    spread: Floats
    events: Events
    true: Flags


def simulate(seed: int) -> Fleet:
    """One city of 1,100 district series and 50 totals; the same for the same seed."""
    rng = np.random.default_rng(seed)
    mean = _means(rng)
    spread = rng.choice([1.0, 1.2, 1.5, 2.0, 3.0, 5.0], INDICATORS)
    counts = _draw(rng, mean, spread)
    whole = np.concatenate([mean.sum(axis=1, keepdims=True), mean], axis=1)
    events = _events(rng)
    extra = np.zeros(mean.shape)
    active = np.zeros(whole.shape, dtype=np.bool_)
    for i, area, first, last, rise in zip(*vars(events).values(), strict=True):
        days = slice(first, last + 1)
        parts = slice(0, DISTRICTS) if area == 0 else slice(area - 1, area)
        extra[i, parts, days] += rise * mean[i, parts, days]
        active[i, slice(0, AREAS) if area == 0 else area, days] = True
    counts += rng.poisson(extra)
    counts = np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1)
    city_sd = np.sqrt(spread[:, None] * running(whole[:, 0]))
    true = running(active.astype(float)) > 0
    true[:, 0] |= running(extra.sum(axis=1)) >= MATTERS * city_sd
    true[..., WINDOW:] |= true[..., :-WINDOW]  # two weeks are looked at
    return Fleet(counts, whole, spread, events, true[:, :, HISTORY:])


def running(daily: Floats) -> Floats:
    """Sums over the last seven days (the last axis); the first six stay NaN."""
    sums = np.cumsum(daily, axis=-1)
    out = np.full(daily.shape, np.nan)
    out[..., WINDOW - 1] = sums[..., WINDOW - 1]
    out[..., WINDOW:] = sums[..., WINDOW:] - sums[..., :-WINDOW]
    return out


def _means(rng: np.random.Generator) -> Floats:
    """True means, indicators × districts × days."""
    day = np.arange(DAYS)
    dates = START + day
    level = np.exp(rng.uniform(np.log(5), np.log(500), INDICATORS))  # of the city, a day
    people = rng.lognormal(0, 0.6, DISTRICTS)
    shares = people * rng.lognormal(0, 0.2, (INDICATORS, DISTRICTS))
    shares /= shares.sum(axis=1, keepdims=True)
    trend = rng.normal(0, 0.04, INDICATORS)[:, None] + rng.normal(0, 0.02, (INDICATORS, DISTRICTS))
    year = 2 * np.pi * day / 365.2425
    amplitude, phase = rng.uniform(0, 0.4, INDICATORS), rng.uniform(0, 2 * np.pi, INDICATORS)
    season = amplitude[:, None] * np.cos(year + phase[:, None])
    season += rng.uniform(0, 0.1, INDICATORS)[:, None] * np.cos(2 * year + phase[:, None])
    weekday = np.append(rng.normal(0, 0.05, (INDICATORS, 5)), rng.normal(-0.3, 0.2, (INDICATORS, 2)), axis=1)
    since = (dates[:, None] - NEW_YEARS[None, :]).astype(int)
    feast = ((since >= 0) & (since < 7)).any(axis=1)
    before = ((since >= -7) & (since < 0)).any(axis=1)
    log = (
        season
        + weekday[:, day % 7]
        + rng.normal(-0.3, 0.4, INDICATORS)[:, None] * feast
        + rng.normal(0.1, 0.1, INDICATORS)[:, None] * before
    )
    base = level[:, None] * shares
    years = (day - HISTORY) / 365.2425
    mean: Floats = base[:, :, None] * np.exp(log[:, None, :] + trend[:, :, None] * years)
    return mean


def _draw(rng: np.random.Generator, mean: Floats, spread: Floats) -> Floats:
    """Negative-binomial counts with variance spread × mean."""
    over = np.maximum(spread, 1 + 1e-9)[:, None, None] - 1.0
    drawn = rng.negative_binomial(np.maximum(mean / over, 1e-9), 1.0 / (1.0 + over))
    plain = rng.poisson(mean)
    out: Floats = np.where(spread[:, None, None] > 1.0, drawn, plain).astype(float)
    return out


def _events(rng: np.random.Generator) -> Events:
    years = DAYS / 365.2425
    city = rng.poisson(CITY_EVENTS * INDICATORS * years)
    local = rng.poisson(DISTRICT_EVENTS * INDICATORS * DISTRICTS * years)
    count = city + local
    first = rng.integers(WINDOW, DAYS - LENGTHS[1], count)
    last = first + rng.integers(LENGTHS[0], LENGTHS[1] + 1, count) - 1
    low, high = (np.where(np.arange(count) < city, *(RISES[k][end] for k in RISES)) for end in (0, 1))
    rise = np.exp(rng.uniform(np.log(low), np.log(high)))
    area = np.where(np.arange(count) < city, 0, rng.integers(1, AREAS, count))
    return Events(rng.integers(0, INDICATORS, count), area, first, last, rise)
