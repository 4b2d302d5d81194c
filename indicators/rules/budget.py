"""The false-alarm budget: the tests that all statistical rules make of one moment, decided together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from config import City
from config.models import GRAVITY, CountAnomaly, Rule
from indicators.rules.anomalies import LEVEL
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Flags, Floats, Ints
from indicators.rules.look import Look
from indicators.rules.sightings import Times
from indicators.rules.statistics.fleet import Batch, Decision, Reason, decide
from indicators.rules.statistics.significance import Tests

CALM: Final = 0.05
"""A p-value above this is within what is normal; between it and the budget a warning neither opens nor
ends."""
OVERLAPPING: Final = 4.0
"""What a daily test of a seven-day sum costs: as much as this many tests."""

Stored = dict[str, NDArray[Any]]
"""Tests made before, by column of `warehouse.rule_tests.FIELDS`."""


class Tested(NamedTuple):
    """The tests of one rule at one level, when they were made and which were asked for (areas × columns)."""

    look: Look
    tests: Tests
    times: Times
    asked: Flags


@dataclass(frozen=True)
class Budget:
    """Decides on tests. ``stored`` are those of the same moments that were made before."""

    city: City
    stored: Stored

    def verdicts(self, tested: Sequence[Tested]) -> tuple[list[Verdict], Stored]:
        """The verdict on every test, and what is to be stored of them."""
        made = [self._columns(one) for one in tested]
        fresh = {name: np.concatenate([part[name] for part in made]) for name in made[0]} if made else {}
        if not made:
            return [], fresh
        reasons = self._decided(fresh)
        verdicts, begin = [], 0
        for one, part in zip(tested, made, strict=True):
            end = begin + len(part["p"])
            verdicts.append(_verdict(one, part, reasons.reason[begin:end]))
            begin = end
        names = np.array([reason.name.lower() for reason in Reason])
        fresh |= {"reason": names[reasons.reason], "cutoff": reasons.cutoff, "tests": reasons.tests}
        return verdicts, {name: column for name, column in fresh.items() if name not in ("row", "column")}

    def _columns(self, one: Tested) -> Stored:
        """The tests that were made, as columns: one line for each."""
        row, column = np.nonzero(one.asked & ~np.isnan(one.tests.p))
        starts = np.array(one.look.kept.starts, dtype="datetime64[us]")
        areas = np.array(one.look.grid.areas, dtype=object)
        return {
            "rule": np.full(len(row), one.look.rule.id, dtype=object),
            "area": areas[row],
            "start": starts[column],
            "ended_at": one.times.at[row, column].astype("datetime64[us]"),
            "value": one.look.values[row, column],
            "expected": one.tests.expected[row, column],
            "bound": one.tests.limit[row, column],
            "p": one.tests.p[row, column],
            "spread": one.tests.spread[row, column],
            "row": row,
            "column": column,
        }

    def _decided(self, fresh: Stored) -> Decision:
        """Each moment by itself, together with what was tested of it before; told of the fresh ones alone."""
        known = self._before(fresh)
        shared = fresh.keys() & known.keys()
        both = {name: np.concatenate([fresh[name], known[name]]) for name in shared} if known else fresh
        found, n = decide(self._batch(both)), len(fresh["p"])
        return Decision(found.reason[:n], found.p[:n], found.cutoff[:n], found.tests[:n])

    def _before(self, fresh: Stored) -> Stored:
        """Tests of these moments that were made before and are not made anew, of rules that still stand."""
        if not self.stored or not len(self.stored["p"]):
            return {}
        anew = set(_keys(fresh))
        moments = set(fresh["ended_at"].tolist())
        keep = [
            index
            for index, key in enumerate(_keys(self.stored))
            if key not in anew
            and key[0] in moments
            and key[1] in self.city.rules
            and key[2] in self.city.areas
        ]
        return {name: column[keep] for name, column in self.stored.items()}

    def _batch(self, made: Stored) -> Batch:
        """All moments in one, none of which shares its budget with another."""
        ids, of = np.unique(made["rule"].astype(str), return_inverse=True)
        rules = [self.city.rules[id_] for id_ in ids]
        tiers = {level: tier for tier, level in enumerate(self.city.levels)}
        tier = {area: tiers[self.city.areas[area].level] for area in set(made["area"])}
        _, moment = np.unique(made["ended_at"], return_inverse=True)
        gravity = np.array([GRAVITY[rule.severity] for rule in rules], dtype=np.int64)
        rates = np.array([self.city.head.warnings.rate(rule.severity) for rule in rules])
        return Batch(
            # Among few tests the budget alone would let through what is hardly unusual.
            p=np.where(made["p"] > LEVEL, 1.0, made["p"].astype(float)),
            tier=np.array([tier[area] for area in made["area"]], dtype=np.int64),
            parent=self._parents(made),
            family=moment * len(GRAVITY) + gravity[of],
            q=rates[of],
            charge=np.array([_charge(rule) for rule in rules])[of],
            observed=made["value"].astype(float),
            expected=made["expected"].astype(float),
            dispersion=made["spread"].astype(float),
            bound=made["bound"].astype(float),
        )

    def _parents(self, made: Stored) -> Ints:
        """Position of the same rule's test of the same moment of the nearest area above; −1 for none."""
        place = {key: index for index, key in enumerate(_keys(made))}
        areas = self.city.areas
        above = {area: list(areas.path(area).values())[-2::-1] for area in set(made["area"])}
        parents = [
            next((place[at, rule, code] for code in above[area] if (at, rule, code) in place), -1)
            for at, rule, area in _keys(made)
        ]
        return np.array(parents, dtype=np.int64)


def tellable(p: Floats, stays: int) -> Flags:
    """Where something may be told of tests with these p-values (areas × columns), whatever the budget says.

    From a p-value that it may select until nothing has been unusual for ``stays`` columns; what happened
    before the first column is not known.
    """
    found = np.zeros(p.shape, dtype=bool)
    left = np.full(len(p), stays)
    for column in range(p.shape[1]):
        now = p[:, column]
        lasts = (now <= LEVEL) | (~(now > CALM) & (left > 0))
        found[:, column] = lasts | (left > 0)
        left = np.where(lasts, stays, left - 1)
    return found


def _keys(made: Stored) -> Iterator[tuple[dt.datetime, str, str]]:
    """Moment, rule and area of each test."""
    return zip(made["ended_at"].tolist(), made["rule"], made["area"], strict=True)


def _charge(rule: Rule) -> float:
    return OVERLAPPING if isinstance(rule.when, CountAnomaly) and rule.when.overlapping else 1.0


def _verdict(one: Tested, made: Stored, reason: NDArray[np.int8]) -> Verdict:
    shape = one.tests.p.shape
    breach = np.zeros(shape, dtype=bool)
    breach[made["row"], made["column"]] = reason == Reason.SELECTED
    with np.errstate(invalid="ignore"):
        clear = (one.tests.p > CALM) & ~breach
    measure = np.where(np.isnan(one.tests.p), np.nan, one.look.values)
    return Verdict(breach, clear, measure, one.tests.limit, None, one.tests.expected, one.tests.p)
