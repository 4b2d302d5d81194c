"""The scores of the fleet benchmark: those of a detector that knows all, says all, says nothing."""

from __future__ import annotations

import numpy as np
import pytest

from bench.fleet.detectors import oracle
from bench.fleet.score import by_day, from_the_top, score
from bench.fleet.simulate import AREAS, HISTORY, INDICATORS, JUDGED, Fleet, running, simulate


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return simulate(7)


def test_the_city_is_the_sum_of_its_districts(fleet: Fleet) -> None:
    assert fleet.counts[:, 0] == pytest.approx(fleet.counts[:, 1:].sum(axis=1))
    assert fleet.true.shape == (INDICATORS, AREAS, JUDGED)
    events = fleet.events
    for event in np.flatnonzero(events.first >= HISTORY):
        days = slice(events.first[event] - HISTORY, events.last[event] - HISTORY + 1)
        assert fleet.true[events.indicator[event], events.area[event], days].all()


def test_running_sums() -> None:
    rng = np.random.default_rng(0)
    daily = rng.poisson(3, (2, 20)).astype(float)
    oracle_ = np.array(
        [[row[day - 6 : day + 1].sum() if day >= 6 else np.nan for day in range(20)] for row in daily]
    )
    np.testing.assert_allclose(running(daily), oracle_)


def test_knowing_all_saying_all_and_saying_nothing(fleet: Fleet) -> None:
    truth = by_day(fleet.true)
    knows = score(fleet, truth)
    assert (knows.false_discoveries, knows.false_cards, knows.quiet_days) == (0, 0, 1)
    assert (knows.precision, knows.found, knows.found_city) == (1, 1, 1)
    nothing = score(fleet, np.zeros_like(truth))
    assert (nothing.false_discoveries, nothing.false_cards, nothing.found) == (0, 0, 0)
    everything = score(fleet, np.ones_like(truth))
    assert everything.false_discoveries == pytest.approx(1 - truth.mean())
    assert everything.found == 1


def test_true_p_values_keep_the_budget(fleet: Fleet) -> None:
    found = score(fleet, from_the_top(oracle(fleet), q=0.1, charge=4.0))
    assert found.false_discoveries <= 0.1
    assert found.quiet_days >= 0.8
    assert found.precision >= 0.7
