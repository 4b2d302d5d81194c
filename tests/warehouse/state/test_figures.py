"""The figures of rules equal those that plain Python finds."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from warehouse.state import Escalation, Outcome, RuleFigures, Warning

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def counted(rule: str | None, warnings: list[Warning], weeks: float) -> RuleFigures:
    outcomes = [w.outcome for w in warnings]
    right, wrong = outcomes.count(Outcome.TRUE), outcomes.count(Outcome.FALSE)
    waited = [
        (w.acknowledged_at - w.recorded_at).total_seconds() for w in warnings if w.acknowledged_at is not None
    ]
    return RuleFigures(
        rule=rule,
        warnings=len(warnings),
        open=sum(w.open for w in warnings),
        true=right,
        false=wrong,
        duplicate=outcomes.count(Outcome.DUPLICATE),
        acknowledged=len(waited),
        escalated=sum(w.escalated > 0 for w in warnings),
        precision=right / (right + wrong) if right + wrong else None,
        acknowledge_median=dt.timedelta(seconds=statistics.median(waited)) if waited else None,
        weekly=len(warnings) / weeks,
    )


def told(figures: RuleFigures, near: float | None = None) -> dict[str, object]:
    """Its values; with ``near`` the median as something to compare with, within so many seconds."""
    values = {name: getattr(figures, name) for name in RuleFigures.__slots__}
    median = figures.acknowledge_median
    seconds = None if median is None else median.total_seconds()
    return values | {"acknowledge_median": seconds if near is None else pytest.approx(seconds, abs=near)}


@pytest.mark.parametrize("seed", range(3))
def test_a_random_desk_is_summed_up_rightly(office: Office, seed: int) -> None:
    rng, state = random.Random(seed), office.state
    for number in range(30):
        at = NOON + number * 8 * HOUR
        w = office.tell(f"a{number}", rule=rng.choice(["late", "flood", "smoke"]), at=at)
        after = at + dt.timedelta(seconds=rng.randint(1, 9000), milliseconds=rng.randint(0, 999))
        match rng.randrange(5):
            case 0:
                state.acknowledge(w.id, "Lan", "", after, areas=None)
            case 1 | 2:
                state.conclude(w.id, rng.choice([Outcome.TRUE, Outcome.FALSE]), "Lan", "", after, areas=None)
            case 3 if number:
                state.conclude(
                    w.id, Outcome.DUPLICATE, "Lan", "", after, areas=None, duplicate_of=1 if w.id > 1 else 2
                )
            case _:
                state.escalate([Escalation(w.id, 1, after)], after)
    start, end = NOON + 24 * HOUR, NOON + 200 * HOUR
    shown = [w for w in state.warnings(areas=None, open_only=False) if start <= w.recorded_at < end]
    groups: dict[str | None, list[Warning]] = defaultdict(list)
    for warning in shown:
        groups[None].append(warning)
        groups[warning.rule].append(warning)
    weeks = (end - start) / dt.timedelta(weeks=1)
    expected = [counted(rule, groups[rule], weeks) for rule in [None, *sorted(r for r in groups if r)]]
    assert [told(f) for f in state.rule_figures(start, end)] == [told(f, 0.002) for f in expected]


def test_nothing_told_is_nothing_to_judge_by(office: Office) -> None:
    office.tell()
    (all_,) = office.state.rule_figures(NOON + HOUR, NOON + 9 * HOUR)
    assert (all_.rule, all_.warnings, all_.precision, all_.acknowledge_median) == (None, 0, None, None)
    with pytest.raises(ValueError, match="end after it begins"):
        office.state.rule_figures(NOON, NOON)
