"""What is known of the rules beside their definitions: what they watch, how good they are, whether tried."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final, Literal

from config import City
from config.models import Combined, Deadline, Rule
from indicators.rules.backtest import definition_of
from warehouse.state import Areas, Findings, Made, RuleCounts, RuleFigures, State, Warning

LATELY: Final = dt.timedelta(weeks=13)
"""How far back the figures of rules reach."""

Tried = Literal["never", "outdated", "tried", "running", "present"]
"""Whether a rule was backtested: never; only as another definition than its own; as it is now; just being
so; or it looks at the present moment alone, which cannot be replayed.
"""

UNTRIED: Final[frozenset[Tried]] = frozenset({"never", "outdated"})
"""What a rule is marked with that was never tried as it is now."""


class Rulebook:
    """The rules of a city at ``now`` (UTC), of ``areas`` that the viewer may see. Reads when it is asked."""

    def __init__(self, city: City, state: State, areas: Areas, now: dt.datetime) -> None:
        self._city, self._state, self._areas, self._now = city, state, areas, now

    @cached_property
    def figures(self) -> Mapping[str, RuleFigures]:
        """By rule, what became of the warnings that people were told of lately."""
        found = self._state.rule_figures(self._now - LATELY, self._now + dt.timedelta.resolution)
        return {one.rule: one for one in found if one.rule is not None}

    @cached_property
    def _counts(self) -> Mapping[str, RuleCounts]:
        end = self._now + dt.timedelta.resolution
        return self._state.rule_counts(self._now - LATELY, end, areas=self._areas)

    @cached_property
    def _made(self) -> Mapping[str, Sequence[Made]]:
        by_rule: dict[str, list[Made]] = defaultdict(list)
        for one in self._state.backtests.all():
            by_rule[one.rule].append(one)
        return by_rule

    def counts(self, rule: str) -> RuleCounts:
        """How much there is of a rule."""
        return self._counts.get(rule, RuleCounts())

    def a_week(self, rule: str) -> float:
        """Warnings a week that opened lately."""
        return self.counts(rule).opened * dt.timedelta(weeks=1) / LATELY

    def backtests(self, rule: str) -> Sequence[Made]:
        """Those of a rule, the newest first."""
        return self._made.get(rule, ())

    def newest(self, rule: str) -> Made | None:
        """The newest one that came to a result, of the rule as it is now where there is one."""
        done = [one for one in self.backtests(rule) if one.done]
        current = [one for one in done if self.current(one)]
        return next(iter([*current, *done]), None)

    def current(self, made: Made) -> bool:
        """Whether it was made of the rule as it is now."""
        rule = self._city.rules.get(made.rule)
        return rule is not None and definition_of(rule) == made.definition

    def tried(self, rule: Rule) -> Tried:
        """Whether the rule was backtested."""
        if rule.indicator is None:
            return "present"
        if any(one.running for one in self.backtests(rule.id)):
            return "running"
        newest = self.newest(rule.id)
        if newest is None:
            return "never"
        return "tried" if self.current(newest) else "outdated"

    def findings(self, made: Made) -> Findings | None:
        """What one found, in full."""
        return self._state.backtests.findings(made.id, areas=self._areas)

    def standing(self, rule: str) -> list[Warning]:
        """The warnings of a rule that stand."""
        found = self._state.warnings(areas=self._areas, rule=rule)
        return [warning for warning in found if warning.area in self._city.areas]


def domain_of(city: City, rule: Rule) -> str:
    """The heading that a rule stands under; empty for a rule over a feed."""
    if rule.indicator is not None:
        return city.indicators[rule.indicator].domain
    if isinstance(rule.when, Combined):
        return next((domain_of(city, city.rules[other]) for other in rule.when.rules), "")
    if isinstance(rule.when, Deadline):
        dataset = rule.when.dataset
        using = (i for i in city.indicators.values() if getattr(i, "dataset", None) == dataset)
        return next((indicator.domain for indicator in using), "")
    return ""
