"""Each condition by hand-worked numbers."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pytest

from config.models import Banded, Change, TargetGap, Text, Threshold, Unit, Worsening
from indicators.rules.conditions import band, change, stale, target_gap, threshold, worsening
from indicators.rules.conditions.verdict import Floats, Verdict

NAN = float("nan")


def told(verdict: Verdict) -> str:
    """One letter a value: B in breach, c clear, - between or not judged."""
    return "".join(
        "B" if b else "c" if c else "-" for b, c in zip(verdict.breach, verdict.clear, strict=True)
    )


def unit(kind: str) -> Unit:
    return Unit.model_validate({"id": "u", "symbol": Text({"en": "u"}), "kind": kind})


def array(*values: float) -> Floats:
    return np.array(values, dtype=float)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"above": 10}, "cccB-"),
        ({"above": 10, "clear_below": 7}, "c--B-"),
        ({"below": 7}, "Bccc-"),
        ({"below": 7, "clear_above": 10}, "B--c-"),
        ({"above": 7, "clear_below": 7}, "c-BB-"),
        ({"above": -5, "clear_below": -9}, "BBBB-"),
    ],
)
def test_threshold(limits: dict[str, float], expected: str) -> None:
    verdict = threshold.judge(Threshold.model_validate(limits), array(6, 7, 10, 11, NAN))
    assert told(verdict) == expected
    assert set(verdict.limit.tolist()) == {next(iter(limits.values()))}


def test_change_in_per_cent_for_amounts_and_levels() -> None:
    values, baseline = array(150, 100, 50, 5, 10, NAN), array(100, 100, 100, 0, NAN, 100)
    condition = Change(type="change", against="previous", above=40, clear_below=10)
    for kind in ("amount", "level"):
        verdict = change.judge(condition, values, baseline, unit(kind))
        np.testing.assert_allclose(verdict.measure, [50, 0, -50, NAN, NAN, NAN])
        assert told(verdict) == "Bcc---"


def test_change_in_points_for_rates_ranks_and_indices() -> None:
    values, baseline = array(95, 80, 0), array(90, 90, 0)
    condition = Change(type="change", against="last_year", below=-5)
    for kind in ("rate", "rank", "index"):
        verdict = change.judge(condition, values, baseline, unit(kind))
        np.testing.assert_allclose(verdict.measure, [5, -10, 0])
        assert told(verdict) == "cBc"


def test_change_from_a_negative_base_keeps_its_sign() -> None:
    np.testing.assert_allclose(change.changes(array(-50, 20), array(-100, -20), unit("amount")), [50, 200])


def test_target_gap_is_held_against_its_limits() -> None:
    condition = TargetGap(type="target_gap", above=3, clear_below=1)
    verdict = target_gap.judge(condition, array(5, 1, -2, 10, -10, NAN))
    assert told(verdict) == "B-cBc-"


def test_stale_counts_hours_and_never_delivered_is_oldest() -> None:
    verdict = stale.judge(dt.timedelta(hours=6), array(1, 6, 6.01, np.inf))
    assert told(verdict) == "ccBB"
    assert verdict.limit.tolist() == [6] * 4


def test_conditions_take_arrays_of_any_shape() -> None:
    verdict = threshold.judge(Threshold(above=1), np.array([[0.0, 2.0], [NAN, 1.0]]))
    assert verdict.breach.tolist() == [[False, True], [False, False]]
    assert verdict.clear.tolist() == [[True, False], [False, True]]


def banded(side: str, *limits: float, clear_by: float = 0) -> Banded:
    bands = [{"limit": limit, "name": {"en": str(limit)}} for limit in limits]
    return Banded.model_validate({"type": "band", "side": side, "bands": bands, "clear_by": clear_by})


def test_a_band_is_entered_beyond_its_limit_and_left_on_the_safe_side_of_the_first() -> None:
    verdict = band.judge(
        banded("above", 130, 140, 150, clear_by=5), array(124, 126, 130, 131, 140, 141, 999, NAN)
    )
    assert told(verdict) == "c--BBBB-"
    assert verdict.band is not None
    assert verdict.band.tolist() == [-1, -1, -1, 0, 0, 1, 2, -1]
    assert verdict.limit.tolist() == [130, 130, 130, 130, 130, 140, 150, 130]


def test_bands_go_down_as_well() -> None:
    verdict = band.judge(banded("below", 90, 80), array(91, 90, 89.9, 80, 79))
    assert told(verdict) == "ccBBB"
    assert verdict.band is not None
    assert verdict.band.tolist() == [-1, -1, 0, 0, 1]


def test_bands_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="from the mildest limit to the gravest"):
        banded("above", 140, 130)


@pytest.mark.parametrize(
    ("direction", "values", "expected", "runs"),
    [
        ("down", [1, 2, 3, 4, 4, 5], "c--Bc-", [0, 1, 2, 3, 0, 1]),
        ("up", [9, 8, 7, 6, 5, 6], "c--BBc", [0, 1, 2, 3, 4, 0]),
        ("down", [1, 2, NAN, 3, 4, 5], "c--c--", [0, 1, NAN, 0, 1, 2]),
    ],
)
def test_worsening_counts_periods_in_a_row(
    direction: Literal["up", "down"], values: list[float], expected: str, runs: list[float]
) -> None:
    condition = Worsening(type="worsening", periods=3)
    verdict = worsening.judge(condition, np.array([values]), direction)
    np.testing.assert_array_equal(verdict.measure[0], runs)
    assert (
        told(Verdict(verdict.breach[0], verdict.clear[0], verdict.measure[0], verdict.limit[0])) == expected
    )


def test_worsening_that_amounts_to_little_is_no_breach() -> None:
    condition = Worsening(type="worsening", periods=2, by=1)
    verdict = worsening.judge(condition, np.array([[1, 1.1, 1.2, 2.5]]), "down")
    assert verdict.breach[0].tolist() == [False, False, False, True]
