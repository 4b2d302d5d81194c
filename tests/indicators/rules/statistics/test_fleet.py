"""The budget of false alarms: Benjamini–Hochberg against scipy, the way down, reasons and cards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from indicators.rules.statistics.fleet import Batch, Reason, benjamini_hochberg, cards, decide

NAN = float("nan")
probabilities = hnp.arrays(
    np.float64, st.integers(1, 60), elements=st.floats(0, 1) | st.floats(0, 0.01) | st.just(NAN)
)
budgets = st.floats(0.01, 0.5)


@given(probabilities, budgets)
def test_selects_what_the_adjusted_p_values_say(p: np.ndarray, q: float) -> None:
    tested = ~np.isnan(p)
    adjusted = np.full(p.shape, np.inf)
    if tested.any():
        adjusted[tested] = stats.false_discovery_control(p[tested], method="bh")
    found = benjamini_hochberg(p, q)
    clear = np.abs(adjusted - q) > 1e-12
    assert (found.selected == (adjusted <= q))[clear].all()
    assert (found.tests == tested.sum()).all()
    assert (found.selected == (p <= found.cutoff))[clear & (p > 0)].all()


@given(probabilities, budgets, st.integers(0, 1000))
def test_the_order_of_the_tests_does_not_matter(p: np.ndarray, q: float, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(p))
    assert (benjamini_hochberg(p[order], q).selected == benjamini_hochberg(p, q).selected[order]).all()


@given(probabilities, budgets, st.floats(0, 1))
def test_smaller_p_values_never_select_less(p: np.ndarray, q: float, factor: float) -> None:
    before = benjamini_hochberg(p, q).selected
    assert (benjamini_hochberg(p * factor, q).selected >= before).all()
    assert (benjamini_hochberg(p, min(q * 1.5, 1.0)).selected >= before).all()
    with np.errstate(invalid="ignore"):
        assert (before <= (p <= q)).all(), "only what is below the budget on its own"


@given(probabilities, probabilities, budgets, budgets)
def test_families_do_not_touch_each_other(one: np.ndarray, two: np.ndarray, q1: float, q2: float) -> None:
    both = np.concatenate([one, two])
    family = np.repeat([7, 3], [len(one), len(two)])
    budget = np.repeat([q1, q2], [len(one), len(two)])
    found = benjamini_hochberg(both, budget, family).selected
    alone = [benjamini_hochberg(one, q1).selected, benjamini_hochberg(two, q2).selected]
    assert (found == np.concatenate(alone)).all()


def test_the_share_of_false_findings_keeps_the_budget() -> None:
    rng = np.random.default_rng(3)
    rates = []
    for _ in range(400):
        p = rng.uniform(size=1000)
        p[:30] = stats.norm.sf(rng.normal(3.5, 1, 30))
        found = benjamini_hochberg(p, 0.1).selected
        rates.append(found[30:].sum() / max(found.sum(), 1))
    assert np.mean(rates) == pytest.approx(0.1 * 0.97, abs=0.012)


def batch(
    tests: list[tuple[float, int, float, float]], q: float = 0.1, charge: float = 1.0, spread: float = 1.5
) -> Batch:
    """Tests as (p, parent, observed, expected); the tier follows from the parents."""
    table = np.array(tests, dtype=np.float64)
    count = len(tests)
    parent = table[:, 1].astype(np.int64)
    tier = np.zeros(count, dtype=np.int64)
    for row in range(count):  # parents stand before their parts
        tier[row] = 0 if parent[row] < 0 else tier[parent[row]] + 1
    full = np.full(count, 1.0)
    return Batch(
        p=table[:, 0], tier=tier, parent=parent, family=np.zeros(count, dtype=np.int64), q=full * q,
        charge=full * charge, observed=table[:, 2], expected=table[:, 3], dispersion=full * spread,
        bound=full * NAN,
    )  # fmt: skip


S, E, P, W, B, N = (
    Reason.SELECTED, Reason.EXPLAINED_BY_WHOLE, Reason.EXPLAINED_BY_PARTS, Reason.WATCH, Reason.BELOW_BUDGET,
    Reason.NOT_TESTED,
)  # fmt: skip
SCENES: dict[str, tuple[list[tuple[float, int, float, float]], list[Reason]]] = {
    "quiet": ([(0.4, -1, 100, 98), (0.2, 0, 55, 49), (0.7, 0, 45, 49)], [B, B, B]),
    "nothing tested": ([(NAN, -1, 100, 98), (NAN, 0, 55, 49)], [N, N]),
    "a rise of all": ([(1e-9, -1, 180, 100), (1e-5, 0, 90, 50), (1e-5, 0, 90, 50)], [S, E, E]),
    "one part alone": ([(1e-4, -1, 150, 100), (1e-9, 0, 100, 50), (0.5, 0, 50, 50)], [P, S, B]),
    "a rise of all, one more": ([(1e-9, -1, 300, 100), (1e-9, 0, 220, 50), (1e-4, 0, 80, 50)], [S, S, E]),
    "one part, the whole not up": ([(0.2, -1, 110, 100), (1e-5, 0, 60, 30), (0.9, 0, 50, 70)], [B, S, B]),
    "a big one presses the share of a small one": (
        [(1e-9, -1, 265, 100), (1e-9, 0, 200, 40), (1e-5, 0, 50, 20), (0.6, 0, 15, 40)],
        [P, S, S, B],
    ),
    "one ward is one ward": (
        [(1e-4, -1, 150, 100), (1e-6, 0, 100, 50), (1e-9, 1, 75, 25), (0.5, 1, 25, 25), (0.5, 0, 50, 50)],
        [P, P, S, B, B],
    ),
    "the part of a part of a rise of all": (
        [(1e-9, -1, 180, 100), (1e-5, 0, 90, 50), (1e-4, 1, 45, 25), (1e-4, 1, 45, 25), (1e-5, 0, 90, 50)],
        [S, E, E, E, E],
    ),
    "all fall silent": ([(1e-9, -1, 40, 100), (1e-5, 0, 20, 50), (1e-5, 0, 20, 50)], [S, E, E]),
    "one falls silent": ([(1e-3, -1, 55, 100), (1e-9, 0, 2, 50), (0.5, 0, 53, 50)], [P, S, B]),
    "no counts, so no share": ([(1e-9, -1, NAN, NAN), (1e-5, 0, NAN, NAN)], [S, E]),
    "the whole is not judged": ([(NAN, -1, NAN, NAN), (1e-5, 0, 90, 50)], [N, S]),
}


@pytest.mark.parametrize("scene", SCENES)
def test_who_is_told_and_why_the_others_are_not(scene: str) -> None:
    tests, reasons = SCENES[scene]
    assert [Reason(reason) for reason in decide(batch(tests)).reason] == reasons


def test_unusual_but_not_among_so_many_is_watched() -> None:
    tests = [(0.008, -1, 90.0, 60.0), *[(0.5, -1, 60.0, 60.0)] * 200]
    found = decide(batch(tests))
    assert found.reason[0] == Reason.WATCH
    assert found.tests[0] == 201
    assert found.cutoff[0] == 0


def test_repeated_looks_are_paid_for() -> None:
    tests = [(0.01, -1, 90.0, 60.0), (0.9, -1, 50.0, 60.0), (0.9, -1, 50.0, 60.0)]
    assert decide(batch(tests)).reason[0] == Reason.SELECTED
    paid = decide(batch(tests, charge=4.0))
    assert paid.reason[0] == Reason.WATCH
    assert paid.p[0] == pytest.approx(0.04)


@pytest.mark.parametrize(
    ("parts", "reasons"),
    [
        ([60.0, 80.0], [S, E, E]),  # half as much again as expected, as the whole
        ([50.0, 70.0], [S, E, E]),  # ten more, as the whole
        ([50.0, 140.0], [S, E, S]),
        ([95.0, 20.0], [S, S, S]),  # the second one fell
    ],
)
def test_a_level_is_named_beside_its_whole_where_that_does_not_explain_it(
    parts: list[float], reasons: list[Reason]
) -> None:
    tests = batch([(1e-9, -1, 30.0, 20.0), *zip([1e-6] * 2, [0] * 2, parts, [40.0, 60.0], strict=True)])
    bound = np.array([25.0, 50.0, 70.0])
    bound[1:] = [40 + 10 * np.sign(parts[0] - 40), 60 + 10 * np.sign(parts[1] - 60)]
    found = decide(tests._replace(dispersion=np.full(3, NAN), bound=bound))
    assert [Reason(reason) for reason in found.reason] == reasons


def test_each_severity_has_a_budget_of_its_own() -> None:
    """Many mild findings do not pay for a grave one."""
    mild = [(1e-6, -1, 90.0, 50.0)] * 50
    grave = [(0.02, -1, 90.0, 50.0), (0.5, -1, 50.0, 50.0)]
    tests = batch(mild + grave)
    together = decide(tests).reason
    apart = decide(
        tests._replace(family=np.repeat([0, 1], [50, 2]), q=np.repeat([0.1, 0.02], [50, 2]))
    ).reason
    assert together[50] == Reason.SELECTED
    assert apart[50] == Reason.BELOW_BUDGET
    assert (apart[:50] == Reason.SELECTED).all()


@given(st.integers(0, 10_000))
def test_the_order_of_the_areas_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tests = _random_batch(rng)
    order = rng.permutation(len(tests.p))
    back = np.argsort(order)
    parent = np.where(tests.parent[order] < 0, -1, back[tests.parent[order]])
    fields = {name: field[order] for name, field in tests._asdict().items()}
    mixed = Batch(**{**fields, "parent": parent})
    assert (decide(mixed).reason == decide(tests).reason[order]).all()


@given(st.integers(0, 10_000))
def test_what_is_told_is_below_its_cutoff_and_stands_out_of_what_is_told_above(seed: int) -> None:
    tests = _random_batch(np.random.default_rng(seed))
    found = decide(tests)
    told = found.reason == Reason.SELECTED
    assert (found.p[told] <= found.cutoff[told]).all()
    assert (tests.p[told] * tests.charge[told] <= tests.q[told]).all()
    assert ((found.reason == Reason.NOT_TESTED) == np.isnan(tests.p)).all()


def _random_batch(rng: np.random.Generator) -> Batch:
    """Three rules over a whole, four parts and three parts of each, some of them up."""
    tests: list[tuple[float, int, float, float]] = []
    for _ in range(3):
        low = rng.uniform(3, 30, (4, 3))
        up = rng.choice([1.0, 1.0, 2.0], (4, 1)) * rng.choice([1.0, 1.6])
        seen = rng.poisson(low * up).astype(float)
        root = len(tests)
        rows = [(-1, seen.sum(), low.sum())]
        for part in range(4):
            rows.append((root, seen[part].sum(), low[part].sum()))
            rows += [(root + 1 + 4 * part, seen[part, ward], low[part, ward]) for ward in range(3)]
        for parent, observed, expected in rows:
            p = NAN if rng.random() < 0.05 else float(stats.poisson.sf(observed - 1, expected))
            tests.append((p, parent, observed, expected))
    return batch(tests, charge=float(rng.choice([1.0, 4.0])))


def _named(*periods: str) -> np.ndarray:
    return np.array([[letter == "x" for letter in period] for period in periods])


ALONE = np.array([-1, -1])
BELOW = np.array([-1, 0, 1])


@pytest.mark.parametrize(
    ("named", "parent", "opens"),
    [
        pytest.param(
            _named("x.", "x.", "..", "x."), ALONE, _named("x.", "..", "..", ".."), id="one card until quiet"
        ),
        pytest.param(
            _named("x.", "..", "..", "..", "x."),
            ALONE,
            _named("x.", "..", "..", "..", "x."),
            id="then a new one",
        ),
        pytest.param(_named("x.", ".x"), ALONE, _named("x.", ".x"), id="areas apart"),
        pytest.param(
            _named("x..", ".x.", "..x"), BELOW, _named("x..", "...", "..."), id="under what stands above"
        ),
        pytest.param(_named("xx.", "..."), BELOW, _named("x..", "..."), id="named at once, one card"),
        pytest.param(_named("..x", "x.."), BELOW, _named("..x", "x.."), id="the whole is news"),
    ],
)
def test_findings_become_cards(named: np.ndarray, parent: np.ndarray, opens: np.ndarray) -> None:
    assert (cards(named, parent, quiet=2).opens == opens).all()


def test_a_group_has_one_card() -> None:
    named = _named("x..", ".x.", "..x", "...", "...", "...", "x..")
    found = cards(named, np.array([-1, -1, -1]), quiet=2, group=np.array([5, 5, 9]))
    assert (found.opens == _named("x..", "...", "..x", "...", "...", "...", "x..")).all()


@given(hnp.arrays(np.bool_, (12, 3)), st.integers(0, 12), st.integers(1, 4))
def test_cards_go_on_from_where_they_were(named: np.ndarray, cut: int, quiet: int) -> None:
    whole = cards(named, BELOW, quiet)
    first = cards(named[:cut], BELOW, quiet)
    then = cards(named[cut:], BELOW, quiet, silent=first.silent)
    assert (np.concatenate([first.opens, then.opens]) == whole.opens).all()
    assert (then.silent == whole.silent).all()
    assert (whole.opens <= named).all()
