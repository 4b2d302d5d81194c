"""Alarms against known events: how many are found, how soon, at how many false alarms a year."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.labelled.series import Series
from indicators.rules.statistics.significance import Flags


class Score(NamedTuple):
    """Of one or several series: events and how many of them had an alarm inside; periods from the beginning
    of each found one to its first alarm; false alarms as spells (alarms with no period between are one) and
    as periods; judged periods outside events; and years of them.
    """

    events: int
    found: int
    delays: tuple[int, ...]
    spells: int
    false: int
    quiet: int
    years: float

    @property
    def false_a_year(self) -> float:
        return self.spells / self.years if self.years else float("nan")

    @property
    def delay(self) -> float:
        return float(np.median(self.delays)) if self.delays else float("nan")


def score(series: Series, alarms: Flags) -> Score:
    """``alarms`` (T) of one series; events that began before the first scored column count from there."""
    total = len(series.values)
    scored = (np.arange(total) >= series.first) & np.isfinite(series.values)
    inside = np.zeros(total, dtype=np.bool_)
    delays = []
    events = 0
    for low, high in series.events:
        inside[low:high] = True
        low = max(low, series.first)
        if low >= high:
            continue
        events += 1
        hits = np.flatnonzero(alarms[low:high])
        if hits.size:
            delays.append(int(hits[0]))
    false = alarms & ~inside & scored
    begins = false & ~np.concatenate([[False], alarms[:-1]])
    quiet = int((scored & ~inside).sum())
    return Score(
        events,
        len(delays),
        tuple(delays),
        int(begins.sum()),
        int(false.sum()),
        quiet,
        quiet / series.per_year,
    )


def together(scores: list[Score]) -> Score:
    """The scores of several series as one."""
    return Score(
        sum(s.events for s in scores),
        sum(s.found for s in scores),
        tuple(d for s in scores for d in s.delays),
        sum(s.spells for s in scores),
        sum(s.false for s in scores),
        sum(s.quiet for s in scores),
        sum(s.years for s in scores),
    )
