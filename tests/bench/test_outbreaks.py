"""The benchmark of count anomalies: its simulator's truth, its scores, its command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.outbreaks.__main__ import main
from bench.outbreaks.score import cut_at, detected, false_rates, precision
from bench.outbreaks.simulate import JUDGED, SETS, WEEKS, Simulated, simulated


@pytest.fixture(scope="module")
def truth() -> Simulated:
    return simulated(1, 1)


def test_there_are_42_scenarios_half_of_their_series_quiet(truth: Simulated) -> None:
    assert truth.counts.shape == (42 * 20, WEEKS)
    assert np.bincount(truth.scenario).tolist() == [20] * 42
    assert truth.quiet.sum() == 420
    assert not truth.outbreak[truth.quiet].any()
    assert truth.outbreak[~truth.quiet].any(axis=1).all()
    assert np.all(truth.counts >= 0)


def test_counts_have_the_mean_and_the_spread_of_their_scenario(truth: Simulated) -> None:
    for group, (theta, *_, phi) in enumerate(SETS):
        plain = truth.counts[truth.scenario == 6 * group][:, :312]  # without trend, season and outbreaks
        assert plain.mean() == pytest.approx(np.exp(theta), rel=0.1)
        assert plain.var() / plain.mean() == pytest.approx(phi, rel=0.15)


def test_who_knows_the_truth_scores_full_and_who_says_nothing_scores_nothing(truth: Simulated) -> None:
    knows = np.where(truth.outbreak, 0.0, 1.0)
    assert (detected(knows, truth, 0.01), precision(knows, truth, 0.01)) == (1.0, 1.0)
    assert false_rates(knows, truth, 0.01).max() == 0.0
    silent = np.ones_like(knows)
    assert (detected(silent, truth, 0.01), precision(silent, truth, 0.01)) == (0.0, 0.0)


def test_a_cut_holds_the_rate_of_false_alarms(truth: Simulated) -> None:
    p = np.random.default_rng(2).uniform(size=truth.outbreak.shape).round(3)  # with ties
    cut = cut_at(p, truth, 0.01)
    assert 0.005 < (p[truth.quiet] <= cut).mean() <= 0.01


def test_the_command_judges_any_file(
    tmp_path: Path, truth: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = truth.counts[[0, 399, 839]]
    series, week = np.meshgrid([7, 3, 12], np.arange(1, WEEKS + 1), indexing="ij")
    rows = pd.DataFrame(
        {"series_id": series.ravel(), "week": week.ravel(), "count": chosen.ravel().astype(int)}
    )
    shuffled = rows.sample(frac=1, random_state=3).drop(index=600)  # week 601 of series 7 is missing
    shuffled.to_csv(tmp_path / "counts.csv", index=False)
    words = ["--counts", str(tmp_path / "counts.csv"), "--out", str(tmp_path / "alarms.csv")]
    assert main(words) == 0
    alarms = pd.read_csv(tmp_path / "alarms.csv")
    assert list(alarms.columns) == ["series_id", "week", "alarm", "pvalue"]
    assert set(alarms["series_id"]) == {3, 7, 12}
    assert ((alarms["pvalue"] <= 0.01) == alarms["alarm"]).all()
    assert not ((alarms["series_id"] == 7) & (alarms["week"] == 601)).any()
    assert main([*words, "--first-week", str(JUDGED + 1)]) == 0
    later = pd.read_csv(tmp_path / "alarms.csv")
    assert later["week"].min() == JUDGED + 1
    both = alarms.merge(later, on=["series_id", "week"])
    assert len(both) == len(later)
    np.testing.assert_allclose(both["pvalue_x"], both["pvalue_y"], rtol=1e-6)
    assert "ms of CPU a test" in capsys.readouterr().out
