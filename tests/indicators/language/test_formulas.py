"""Formulas and composites against an evaluator in plain Python: values, parts, rows behind and coverage,
under every way to treat what is missing; and the same after changes.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.models.indicator import Composite
from indicators.dirty import Spans
from indicators.formula import Trait, parse_formula, references, series_of
from indicators.sql.formula import formula_values
from indicators.sql.reaching import dirty_after
from warehouse.expression import ExpressionError

if TYPE_CHECKING:
    from tests.indicators.language.conftest import Bench, Cells, Evaluator

Traits = Mapping[str, Trait]
LEVELS: Final = ("city", "district", "ward")


def same(got: Cells, wanted: Cells, what: object, parts: bool = True) -> None:
    """Nothing more, nothing less, and all of it equal."""
    assert set(got) == set(wanted), (what, sorted(set(got) ^ set(wanted))[:5])
    for key, cell in wanted.items():
        for name in ("value", "numerator", "denominator", "n", "present", "expected"):
            if name in ("numerator", "denominator") and not parts:
                continue
            one, two = getattr(got[key], name), getattr(cell, name)
            close = one == two if None in (one, two) else math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9)
            assert close, (str(what), key, name, got[key], cell)


KNOWN: Final = (Path(__file__).parent / "formulas.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("missing", ["any", "skip", "zero"])
@pytest.mark.parametrize("text", KNOWN)
def test_formula(bench: Bench, evaluator: type[Evaluator], traits: Traits, text: str, missing: Any) -> None:
    series = parse_formula(text, traits, missing)
    factor = 100.0 if series.trait.share else 1.0
    same(bench.cells(bench.step(series, factor)), evaluator(bench.data, missing).formula(text, factor), text)


class Shrub:
    """Grows formulas that are in the language."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def grow(self) -> str:
        """One formula."""
        pick = self.random.choice
        amount, other = self.amount(3), self.amount(2)
        shapes = [
            amount,
            f"ratio({amount}, {other})",
            f"yoy({pick([amount, 'r', 'o'])})",
            f"rank({pick([amount, 'r', 'o', self.rate()])})",
            f"index({pick([amount, 'r', 'o'])}, {pick(_BASES)})",
            f"rolling({self.rate()}, {pick([1, 2, 5])})",
            f"per_capita({amount}, {pick([1, 1000])})",
            f"share_of_parent({amount})",
            f"({amount}) {pick('*/')} ({other})",
            f"{pick(['2', '0.5', '1e3'])} {pick('*/')} {self.rate()}",
            f"lag({self.rate()}, {pick([1, 12])})",
        ]
        return str(pick(shapes))

    def rate(self) -> str:
        pick = self.random.choice
        return str(
            pick(["r", f"share_of({self.amount(1)}, {self.amount(1)})", f"ratio({self.amount(1)}, m)"])
        )

    def amount(self, depth: int) -> str:
        pick = self.random.choice
        if depth == 0 or self.random.random() < 0.3:
            return str(pick(["a", "b"]))
        inner = self.amount(depth - 1)
        shapes = [
            f"({inner} {pick('+-')} {self.amount(depth - 1)})",
            f"lag({inner}, {pick([1, 3, 12])})",
            f"diff({inner})",
            f"rolling({inner}, {pick([1, 2, 4])})",
            f"{pick(['2', '3'])} * {inner}",
        ]
        return str(pick(shapes))


_BASES: Final = ["2024", "'2025-Q1'", "'2024-H2'", "'2025-06'", "'2025-06-20'"]
QUIETLY: Final = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=8, **QUIETLY)  # type: ignore[arg-type]
@given(random=st.randoms(use_true_random=True), missing=st.sampled_from(["any", "skip", "zero"]))
def test_formulas_grown_at_random(
    bench: Bench, evaluator: type[Evaluator], traits: Traits, random: Random, missing: Any
) -> None:
    for _ in range(10):
        text = Shrub(random).grow()
        series = parse_formula(text, traits, missing)
        factor = 100.0 if series.trait.share else 1.0
        wanted = evaluator(bench.data, missing).formula(text, factor)
        same(bench.cells(bench.step(series, factor)), wanted, text)


@settings(max_examples=30, **QUIETLY)  # type: ignore[arg-type]
@given(random=st.randoms(use_true_random=True))
def test_formulas_compile(bench: Bench, traits: Traits, random: Random) -> None:
    shrub = Shrub(random)
    series = [parse_formula(shrub.grow(), traits) for _ in range(60)]
    for one in series[:2]:
        bench.db.execute(f"EXPLAIN {formula_values([bench.step(one)], bench.moment, LEVELS)}")


HOSTILE: Final = (
    (Path(__file__).parents[2] / "warehouse" / "hostile.txt").read_text(encoding="utf-8").splitlines()
)
WRAPPED: Final = (
    "{}",
    "a + ({})",
    "lag({}, 1)",
    "ratio(a, {})",
    "rolling({}, 3)",
    "index(a, {})",
    "rank(-({}))",
)


@settings(max_examples=20, **QUIETLY)  # type: ignore[arg-type]
@given(random=st.randoms(use_true_random=True))
def test_nothing_from_outside_compiles(random: Random) -> None:
    known = dict.fromkeys(("a", "n", "m", "x", "y", "t", "d", "at", "b"), Trait("amount", "visits", "sum"))
    for _ in range(60):
        text = random.choice(HOSTILE)
        for _ in range(random.randint(1, 2)):
            text = random.choice(WRAPPED).format(text)
        with pytest.raises(ExpressionError):
            assert parse_formula(text, known) is None, text


@settings(max_examples=200, **QUIETLY)  # type: ignore[arg-type]
@given(text=st.text(max_size=60) | st.text("ab(),+-*/ 0123'lagindex", max_size=40))
def test_any_text_is_read_or_refused(traits: Traits, text: str) -> None:
    with contextlib.suppress(ExpressionError):
        parse_formula(text, traits)


def composite(random: Random) -> Composite:
    """A composite of some of the indicators."""
    method = random.choice(["goalposts", "min_max", "z_score", "rank"])
    posts = {"goalposts": {"min": random.choice([-3, 0, 2]), "max": random.choice([5, 11])}}
    parts = [
        {"indicator": id_, "weight": random.choice([1, 2, 0.5])}
        | ({"direction": random.choice(["up", "down"])} if random.random() < 0.3 else {})
        | (posts if method == "goalposts" else {})
        for id_ in random.sample(["a", "b", "r", "o"], random.randint(2, 4))
    ]
    word = {"vi": "x", "en": "x"}
    return Composite.model_validate(
        {
            "id": "made",
            "kind": "composite",
            "name": word,
            "owner": word,
            "source": word,
            "domain": "lab",
            "unit": "times",
            "direction": "up",
            "levels": LEVELS,
            "periods": ["day", "month", "quarter", "year"],
            "components": parts,
            "normalise": method,
            "aggregate": random.choice(["arithmetic", "geometric"]),
            "missing": random.choice(["any", "skip", "zero"]),
            "scale": random.choice([1, 100]),
        }
    )


@settings(max_examples=40, **QUIETLY)  # type: ignore[arg-type]
@given(random=st.randoms(use_true_random=True))
def test_composites(bench: Bench, evaluator: type[Evaluator], traits: Traits, random: Random) -> None:
    item = composite(random)
    wanted = evaluator(bench.data).composite(item)
    got = bench.cells(bench.step(series_of(item, traits)))
    if item.aggregate == "geometric":
        got = {key: replace(cell, numerator=None) for key, cell in got.items()}
    same(got, wanted, item.model_dump())


@settings(max_examples=10, **QUIETLY)  # type: ignore[arg-type]
@given(random=st.randoms(use_true_random=True), missing=st.sampled_from(["any", "skip", "zero"]))
def test_a_change_shows_wherever_it_matters(
    make_bench: Callable[[int], Bench], traits: Traits, random: Random, missing: Any
) -> None:
    bench = make_bench(11)
    text = random.choice([*KNOWN, *(f"index({Shrub(random).amount(2)}, {base})" for base in _BASES)])
    made = random.random() < 0.3
    series = series_of(composite(random), traits) if made else parse_formula(text, traits, missing)
    step = bench.step(series)
    before = bench.cells(step)
    bench.put(
        [
            ("made", bench.level(a), a, p, s, c.value, None, None, 0, 1, 1, bench.moment.now, 1)
            for (a, p, s), c in before.items()
        ]
    )
    tables = {}
    for ref in references(series)[:2]:
        cells = bench.data[ref.indicator]
        touched = {(key[1], key[2]) for key in random.sample(sorted(cells), 2)}
        touched |= {("month", dt.date(2024, 8, 1))} if random.random() < 0.3 else set()
        runs = [Spans.run(bench.moment.calendar.periods, period, start, start) for period, start in touched]
        tables[ref.indicator] = reduce(or_, runs)
        for key in [key for key in cells if (key[1], key[2]) in touched]:
            cells[key] = bench.value(ref.indicator)
            if random.random() < 0.2:
                del cells[key]
    kept = bench.db.execute("FROM indicator_value WHERE indicator = 'made'").fetchall()
    bench.load()
    bench.put(kept)
    dirty = dirty_after(step, tables, bench.moment, None)
    after = {key: cell for key, cell in before.items() if not dirty.meets(key[1], key[2], key[2])}
    if dirty:
        after |= bench.cells(step, dirty)
    bench.db.execute("DELETE FROM indicator_value WHERE indicator = 'made'")
    same(after, bench.cells(step), (text, str(step), dirty))
    bench.db.close()
