"""The false-alarm budget: the tests that all statistical rules make of one moment, decided together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from config import City
from config.models import GRAVITY, CountAnomaly, Rule
from indicators.rules.anomalies import LEVEL
from indicators.rules.conditions import Verdict
from indicators.rules.conditions.verdict import Flags
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
        """Moment by moment, together with what was tested of it before; told of the fresh ones alone."""
        none = np.zeros(len(fresh["p"]))
        out = Decision(none.astype(np.int8), np.full(len(none), np.nan), none.copy(), none.astype(np.int64))
        for at in np.unique(fresh["ended_at"]):
            mine = np.flatnonzero(fresh["ended_at"] == at)
            own = {name: column[mine] for name, column in fresh.items()}
            found = decide(self._batch(own, self._before(own, at)))
            out.reason[mine] = found.reason[: len(mine)]
            out.p[mine], out.cutoff[mine] = found.p[: len(mine)], found.cutoff[: len(mine)]
            out.tests[mine] = found.tests[: len(mine)]
        return out

    def _before(self, fresh: Stored, at: np.datetime64) -> Stored:
        """Tests of the moment that were made before and are not made anew, of rules that still stand."""
        if not self.stored:
            return {}
        anew = set(zip(fresh["rule"], fresh["area"], strict=True))
        keep = [
            index
            for index in np.flatnonzero(self.stored["ended_at"] == at)
            if (key := (self.stored["rule"][index], self.stored["area"][index])) not in anew
            and key[0] in self.city.rules
            and key[1] in self.city.areas
        ]
        return {name: column[keep] for name, column in self.stored.items()}

    def _batch(self, fresh: Stored, before: Stored) -> Batch:
        def both(name: str) -> NDArray[Any]:
            return np.concatenate([fresh[name], before[name]]) if before else fresh[name]

        ids, areas = both("rule"), both("area")
        rules = [self.city.rules[id_] for id_ in ids]
        place = {key: index for index, key in enumerate(zip(ids, areas, strict=True))}
        levels = {level: tier for tier, level in enumerate(self.city.levels)}
        parents = [self._parent(place, id_, area) for id_, area in zip(ids, areas, strict=True)]
        warnings = self.city.head.warnings
        return Batch(
            # Among few tests the budget alone would let through what is hardly unusual.
            p=np.where(both("p") > LEVEL, 1.0, both("p").astype(float)),
            tier=np.array([levels[self.city.areas[area].level] for area in areas], dtype=np.int64),
            parent=np.array(parents, dtype=np.int64),
            family=np.array([GRAVITY[rule.severity] for rule in rules], dtype=np.int64),
            q=np.array([warnings.rate(rule.severity) for rule in rules]),
            charge=np.array([_charge(rule) for rule in rules]),
            observed=both("value").astype(float),
            expected=both("expected").astype(float),
            dispersion=both("spread").astype(float),
            bound=both("bound").astype(float),
        )

    def _parent(self, place: dict[tuple[str, str], int], rule: str, area: str) -> int:
        """Position of the rule's test of the nearest area above; −1 for none."""
        above = [code for code in reversed(list(self.city.areas.path(area).values())) if code != area]
        return next((place[rule, code] for code in above if (rule, code) in place), -1)


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
