"""The regression of many series at once against one that fits each by itself with a general optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from indicators.rules.statistics import regression
from indicators.rules.statistics.design import of_weeks
from indicators.rules.statistics.kept import Kept
from indicators.rules.statistics.regression import Fit, fit, fit_once
from indicators.rules.statistics.significance import Flags, Floats

WEEKS = 208


def series(seed: int) -> tuple[Floats, Floats, Flags, Floats]:
    design = of_weeks(WEEKS)
    x = design.matrix.copy()
    x[:, 1] -= x[-1, 1]
    rng = np.random.default_rng(seed)
    mean = np.exp(np.linspace(-1.5, 5, 8)[:, None] + 0.1 * x[:, 1] + 0.4 * x[:, 2])
    counts = rng.negative_binomial(mean / 0.7, 1 / 1.7).astype(float)
    usable = rng.random(counts.shape) > 0.1
    return counts, x, usable, design.prior


def test_undisturbed_series_are_fitted_as_by_an_optimiser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "OUTLIER", 1e9)
    counts, x, usable, prior = series(1)
    found = fit(counts, x, prior, usable)
    precision = np.where(np.isinf(prior), 1e-8, prior**-2.0)
    # the last coefficients rest on the spread of the pass before, which weights of one leave as it is
    for row in range(len(counts)):
        y, xs = counts[row, usable[row]], x[usable[row]]

        def loss(beta: Floats, y: Floats = y, xs: Floats = xs, spread: float = found.spread[row]) -> float:
            eta = xs @ beta
            return float(
                (np.exp(eta) - y * eta).sum() / spread
                - regression.HALF_A_CASE * beta[0] / spread
                + 0.5 * (precision * beta**2).sum()
            )

        start = np.zeros(x.shape[1])
        start[0] = np.log(y.mean() + 0.1)
        best = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-6}).x
        np.testing.assert_allclose(found.coefficients[row], best, atol=5e-3)
        expected = np.exp(xs @ found.coefficients[row])
        pearson = ((y - expected) ** 2 / expected).sum() / len(y)
        assert found.spread[row] == pytest.approx(max(pearson, 1.0), rel=0.08)


def test_past_outbreaks_and_outages_are_not_learnt() -> None:
    counts, x, usable, prior = series(2)
    disturbed = counts.copy()
    for start in (40, 90, 150):
        disturbed[:, start : start + 2] += np.ceil(8 * np.sqrt(1.7 * counts.mean(axis=1, keepdims=True)))
    disturbed[4:, [20, 70, 120]] = 0.0
    calm, shaken = fit(counts, x, prior, usable), fit(disturbed, x, prior, usable)
    plain = ((disturbed - counts.mean(axis=1, keepdims=True)) ** 2).mean(axis=1) / counts.mean(axis=1)
    level = np.exp(shaken.coefficients[:, 0] - calm.coefficients[:, 0])
    assert np.all(np.abs(level - 1) < np.where(counts.mean(axis=1) > 3, 0.08, 0.5))
    assert np.all(shaken.spread[4:] < 2 * calm.spread[4:])
    assert np.all(shaken.spread[4:] < 0.5 * plain[4:])


def test_nothing_but_zeros_is_fitted() -> None:
    _, x, usable, prior = series(3)
    found = fit(np.zeros((1, WEEKS)), x, prior, usable[:1])
    assert np.all(np.isfinite(found.coefficients))
    assert np.exp(x @ found.coefficients[0]).max() < 0.05
    assert found.spread[0] == 1.0


def test_a_fit_is_remembered_by_all_that_it_rests_on(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, x, usable, prior = series(4)
    made = []

    def counted(*given: Floats) -> Fit:
        made.append(given)
        return fit(*given)  # type: ignore[arg-type]

    kept: Kept[Fit] = Kept(regression.MEMORY)
    monkeypatch.setattr(regression, "_kept", kept)
    monkeypatch.setattr(regression, "fit", counted)
    first = fit_once(counts, x, prior, usable)
    assert fit_once(counts.copy(), x, prior, usable) is first
    unread = np.where(usable, counts, 77.0)  # what is not usable is not read
    assert fit_once(unread, x, prior, usable) is first
    assert len(made) == 1
    more, shifted = counts.copy(), x.copy()
    more[usable] += 1.0
    shifted[:, 1] += 1.0
    for other in ((more, x, prior, usable), (counts, shifted, prior, usable), (counts, x, prior * 2, usable)):
        assert fit_once(*other) is not first
    assert len(made) == 4
    kept.memory = 0
    fit_once(counts * 2, x, prior, usable)
    assert fit_once(counts * 2, x, prior, usable) is not first
    assert len(made) == 5
    fit_once(counts, x, prior, usable)  # was forgotten
    assert len(made) == 6
