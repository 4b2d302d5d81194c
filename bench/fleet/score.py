"""From what was named each day to what a desk has to live with."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.fleet.detectors import Judged
from bench.fleet.simulate import AREAS, HISTORY, INDICATORS, JUDGED, LARGE, WINDOW, Fleet
from indicators.rules.statistics.fleet import Batch, Reason, benjamini_hochberg, cards, decide
from indicators.rules.statistics.significance import Flags

QUIET = 7
"""Days without a finding after which the next one is a new card."""

RULE = np.repeat(np.arange(INDICATORS), AREAS)
AREA = np.tile(np.arange(AREAS), INDICATORS)
PARENT = np.where(AREA == 0, -1, RULE * AREAS)


class Score(NamedTuple):
    """``false_discoveries``: mean over the days of the false ones' share among the named (0 on a day with
    none). ``false_cards``: new false cards a day. ``quiet_days``: share of days without one. ``precision``:
    of the cards. The rest: shares of the events that were found while they went on.
    """

    false_discoveries: float
    false_cards: float
    quiet_days: float
    precision: float
    found: float
    found_large: float
    found_city: float


def score(fleet: Fleet, named: Flags) -> Score:
    """``named``: judged days × tests (indicators × areas)."""
    true = by_day(fleet.true)
    count = named.sum(axis=1)
    share = (named & ~true).sum(axis=1) / np.maximum(count, 1)
    opens = cards(named, PARENT, QUIET).opens
    false_a_day = (opens & ~true).sum(axis=1)
    events = fleet.events
    judged = events.first >= HISTORY
    found = np.zeros(len(events.first), dtype=np.bool_)
    for event in np.flatnonzero(judged):
        days = slice(events.first[event] - HISTORY, events.last[event] - HISTORY + WINDOW)
        found[event] = named[days, events.indicator[event] * AREAS + events.area[event]].any()
    city = judged & (events.area == 0)
    large = judged & (events.area > 0) & (events.rise >= LARGE)
    right = (opens & true).sum() / max(opens.sum(), 1)
    return Score(
        share.mean(), false_a_day.mean(), (false_a_day == 0).mean(), right,
        found[judged].mean(), found[large].mean(), found[city].mean(),
    )  # fmt: skip


def by_level(judged: Judged, level: float) -> Flags:
    """All tests up to one p-value."""
    return by_day(judged.p) <= level


def by_batch(judged: Judged, q: float, charge: float) -> Flags:
    """Benjamini–Hochberg over all areas of the day."""
    return np.stack([benjamini_hochberg(p * charge, q).selected for p in by_day(judged.p)])


def from_the_top(judged: Judged, q: float, charge: float) -> Flags:
    """The product's decision, day by day."""
    columns = [by_day(x) for x in judged]
    full = np.ones(len(RULE))
    out = np.zeros(columns[0].shape, dtype=np.bool_)
    for day, (p, observed, expected, spread) in enumerate(zip(*columns, strict=True)):
        batch = Batch(
            p=p, tier=np.minimum(AREA, 1), parent=PARENT, family=np.zeros(len(p), dtype=np.int64),
            q=full * q, charge=full * charge, observed=observed, expected=expected, dispersion=spread,
            bound=full * np.nan,
        )  # fmt: skip
        found = decide(batch)
        out[day] = found.reason == Reason.SELECTED
    return out


def by_day(values: NDArray[Any]) -> NDArray[Any]:
    """Indicators × areas × days → days × tests."""
    return values.reshape(-1, JUDGED).T
