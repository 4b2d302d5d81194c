"""A budget of false alarms for all the statistical tests of one moment.

Over 50 rules and 22 districts a thousand tests a day are made. At 3 sigma, one or two of them cry wolf every
day whatever happens; the budget instead bounds the *share of false ones among what is shown*.

*Benjamini & Hochberg (1995)*: of m tests in order of their p-values, all up to the largest k with p(k) ≤
q·k/m are selected. The expected share of false ones among them is at most q, for independent tests and for
positively dependent ones (Benjamini & Yekutieli 2001), which running sums and areas of one city are.
Procedures for tests that arrive one by one (LORD: Javanmard & Montanari 2018; SAFFRON: Ramdas et al. 2018;
ADDIS: Tian & Ramdas 2019) must decide each without the others and save wealth for tests to come; here a day's
tests arrive together, and those procedures lose up to half of the power for a freedom that is not needed.

*From the top down*: the totals are a family of their own, then the next level, and so on (Yekutieli 2008).
Where an area above is selected, one below must stand out of it as well: its p-value becomes the larger of its
own and that of its share (an intersection-union test, Berger 1982), so a rise of the whole city is one
finding and not 23. Where what is selected below explains the area above, that steps aside and those below are
judged again: the lowest level that explains it.

*Repeated looks*: a running sum over seven days that is tested every day has more chances to be wrong than
seven days have, and false findings come and go while true ones stay: of the *cards*, more than q would be
false. ``charge`` multiplies the p-values; about 4 for daily tests of 7-day sums.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from indicators.rules.statistics.shares import level_tail, share_tail
from indicators.rules.statistics.significance import Flags, Floats, Ints, lower_tail, upper_tail

WATCHED: Final = 0.01
"""Tests up to this p-value that were not selected are the quiet watch list."""


class Reason(IntEnum):
    """What became of a test, and why."""

    NOT_TESTED = 0
    """There was nothing to judge, or too little."""
    BELOW_BUDGET = 1
    """Not unusual enough among all that was tested."""
    WATCH = 2
    """Unusual on its own, but so many are by chance: on the watch list, nobody is told."""
    EXPLAINED_BY_WHOLE = 3
    """Up, but no more than the area above it, which is told."""
    EXPLAINED_BY_PARTS = 4
    """Up, but only because of parts that are told; the rest is as expected."""
    SELECTED = 5
    """Told."""


class Batch(NamedTuple):
    """The tests of one moment, each array of shape (N,).

    ``p``: p-values, NaN where not tested. ``tier``: 0 the whole, 1 its parts, 2 theirs. ``parent``: position
    of the same rule's test of the area above, -1 for none. ``family``: tests that share a budget, one for
    each severity (Efron 2008: mixing them would let many mild findings pay for false grave ones). ``q``: the
    budget of the family. ``charge``: factor for repeated looks. What an area is held against the one above it
    by: ``observed``, ``expected``, and of counts ``dispersion`` (variance / mean), of levels ``bound``, the
    value at which p is `WATCHED`. Without these (NaN) an area is not named beside one above it.
    """

    p: Floats
    tier: Ints
    parent: Ints
    family: Ints
    q: Floats
    charge: Floats
    observed: Floats
    expected: Floats
    dispersion: Floats
    bound: Floats


class Decision(NamedTuple):
    """Arrays of shape (N,). ``reason``: one ``Reason`` each. ``p``: what was held against ``cutoff``, with
    charge and share. ``tests``: the number of tests in the test's family and tier, which stand behind what is
    shown.
    """

    reason: NDArray[np.int8]
    p: Floats
    cutoff: Floats
    tests: Ints


class Selection(NamedTuple):
    """Arrays of shape (N,): who is selected, the p-value up to which it is, and how many tests competed."""

    selected: Flags
    cutoff: Floats
    tests: Ints


class Cards(NamedTuple):
    """``opens`` (T × N): a new card. ``standing`` (T × N): a card stands after the period. ``silent`` (N):
    periods since the last finding, to go on from.
    """

    opens: Flags
    standing: Flags
    silent: Ints


def benjamini_hochberg(p: Floats, q: Floats | float, family: Ints | None = None) -> Selection:
    """Select in each family with its budget ``q``; NaN p-values do not take part.

    Where ``q`` differs within a family it weighs the tests (Genovese, Roeder & Wasserman 2006); the family's
    budget is then the mean. The cutoff is 0 where nothing was selected.
    """
    budget = np.broadcast_to(np.asarray(q, dtype=np.float64), p.shape)
    member = np.zeros(p.shape, dtype=np.int64) if family is None else family
    families, member = np.unique(member, return_inverse=True)
    tested = ~np.isnan(p)
    sizes = np.bincount(member[tested], minlength=len(families))
    ratio = np.where(tested, p, np.inf) / budget
    order = np.lexsort((ratio, member))
    at = member[order]
    first = np.searchsorted(at, np.arange(len(families)))
    rank = np.arange(1, len(p) + 1) - first[at]
    share = rank / np.maximum(sizes[at], 1)
    last = np.zeros(len(families))
    np.maximum.at(last, at, np.where(ratio[order] <= share, share, 0.0))
    cutoff = last[member] * budget
    with np.errstate(invalid="ignore"):
        selected = tested & (ratio <= last[member]) & (last[member] > 0)
    return Selection(selected, cutoff, sizes[member])


def decide(batch: Batch, watched: float = WATCHED) -> Decision:
    """Who is told, who is on the watch list, and why the others are neither."""
    aside = np.zeros(batch.p.shape, dtype=np.bool_)
    while True:
        descent = _descend(batch, aside)
        explained = _explained_by_parts(batch, descent, watched)
        if not explained.any():
            break
        aside |= explained
    own = np.minimum(batch.p * batch.charge, 1.0)
    alone = benjamini_hochberg(own, batch.q, _families(batch)).selected
    reason = np.full(batch.p.shape, Reason.BELOW_BUDGET, dtype=np.int8)
    reason[batch.p <= watched] = Reason.WATCH
    reason[alone & (descent.above >= 0)] = Reason.EXPLAINED_BY_WHOLE
    reason[aside] = Reason.EXPLAINED_BY_PARTS
    reason[descent.chosen.selected & ~aside] = Reason.SELECTED
    reason[np.isnan(batch.p)] = Reason.NOT_TESTED
    return Decision(reason, descent.p, descent.chosen.cutoff, descent.chosen.tests)


class _Descent(NamedTuple):
    """One way down: ``above`` is the nearest area above that is told, -1 for none."""

    chosen: Selection
    p: Floats
    above: Ints


def _families(batch: Batch) -> Ints:
    """Family and tier as one number."""
    out: Ints = batch.family * (int(batch.tier.max(initial=0)) + 1) + batch.tier
    return out


def _descend(batch: Batch, aside: Flags) -> _Descent:
    """Select tier by tier; areas set ``aside`` take part in their family, but do not cover those below."""
    count = len(batch.p)
    told = np.zeros(count, dtype=np.bool_)
    above = np.full(count, -1, dtype=np.int64)
    p = np.minimum(batch.p * batch.charge, 1.0)
    chosen = Selection(np.zeros(count, dtype=np.bool_), np.zeros(count), np.zeros(count, dtype=np.int64))
    families = _families(batch)
    for tier in np.unique(batch.tier):
        here = np.flatnonzero(batch.tier == tier)
        up = batch.parent[here]
        above[here] = np.where(up < 0, -1, np.where(told[up], up, above[up]))
        # What its own p-value already rules out needs no share.
        asked = here[(above[here] >= 0) & (p[here] <= batch.q[here])]
        p[asked] = np.fmax(
            p[asked], np.minimum(_beyond(batch, asked, above[asked]) * batch.charge[asked], 1.0)
        )
        for target, found in zip(
            chosen, benjamini_hochberg(p[here], batch.q[here], families[here]), strict=True
        ):
            target[here] = found
        told[here] = chosen.selected[here] & ~aside[here]
    return _Descent(chosen, p, above)


def _beyond(batch: Batch, rows: Ints, above: Ints) -> Floats:
    """The p-value that ``rows`` moved beyond the areas ``above`` them; 1 where that cannot be told.

    What fell silent is asked the other way round: whether the share of all others is up.
    """
    seen, whole = batch.observed[rows], batch.observed[above]
    due, whole_due = batch.expected[rows], batch.expected[above]
    with np.errstate(invalid="ignore"):
        fell = seen < due
    share = share_tail(
        np.where(fell, whole - seen, seen),
        whole,
        np.where(fell, whole_due - due, due),
        whole_due,
        batch.dispersion[rows],
    )
    level = level_tail(seen, whole, due, whole_due, batch.bound[rows], WATCHED)
    known = np.where(np.isnan(batch.dispersion[rows]), level, share)
    out: Floats = np.where(np.isnan(known), 1.0, known)
    return out


def _explained_by_parts(batch: Batch, descent: _Descent, watched: float) -> Flags:
    """Selected areas that are as expected once the selected areas right below them are taken away, which make
    up at least half of what is unusual in them (tests may look further back than what is left here).
    """
    out = np.zeros(batch.p.shape, dtype=np.bool_)
    parts = np.flatnonzero(descent.chosen.selected & (descent.above >= 0) & ~np.isnan(batch.observed))
    if not parts.size:
        return out
    wholes, whole = np.unique(descent.above[parts], return_inverse=True)
    seen, expected = batch.observed[wholes], batch.expected[wholes]
    left = seen - np.bincount(whole, batch.observed[parts])
    due = expected - np.bincount(whole, batch.expected[parts])
    up, down = (tail(left, due, batch.dispersion[wholes]) for tail in (upper_tail, lower_tail))
    with np.errstate(invalid="ignore"):
        rest = np.where(seen < expected, down, up)
        mostly = np.abs(left - due) <= 0.5 * np.abs(seen - expected)
        out[wholes] = mostly & (rest > watched)
    return out


def cards(
    named: Flags,
    parent: Ints,
    quiet: int,
    group: Ints | None = None,
    silent: Ints | None = None,
) -> Cards:
    """When findings become cards: one until ``quiet`` periods have passed without a finding.

    ``named`` (T × N): findings of one period after another. ``parent`` (N): as in ``Batch``. An area has no
    new card while its own stands, nor while that of an area above does. With ``group`` (N), such as the rule,
    nor while any card of its group stands: findings join it. ``silent`` (N) goes on from an earlier call.
    """
    periods, count = named.shape
    ages = np.full(count, quiet + 1, dtype=np.int64) if silent is None else silent.astype(np.int64)
    together = np.arange(count) if group is None else np.unique(group, return_inverse=True)[1]
    ancestors = _ancestors(parent)
    opens = np.zeros(named.shape, dtype=np.bool_)
    standing = np.zeros(named.shape, dtype=np.bool_)
    for period in range(periods):  # what stands depends on the period before
        stood, now = ages <= quiet, named[period]
        joined = np.bincount(together, stood, together.max(initial=0) + 1)[together] > 0
        covered = ((stood | now)[ancestors] & (ancestors >= 0)).any(axis=0)
        opens[period] = now & ~joined & ~covered
        ages = np.where(now, 1, ages + 1)
        standing[period] = ages <= quiet
    return Cards(opens, standing, ages)


def _ancestors(parent: Ints) -> Ints:
    """Depth × N: the parent, its parent, and so on; -1 above the top."""
    rows = [parent]
    while (rows[-1] >= 0).any():
        rows.append(np.where(rows[-1] >= 0, parent[rows[-1]], -1))
    return np.array(rows)
