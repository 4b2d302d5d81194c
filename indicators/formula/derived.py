"""The series of whatever is made of other indicators: formulas, and composite indices.

A composite makes several indicators comparable, weights them and joins them into one. The method, and the
names of its steps, are those of the *Handbook on Constructing Composite Indicators: Methodology and User
Guide* (OECD and Joint Research Centre of the European Commission, 2008; steps 5, normalisation, and 6,
weighting and aggregation). Scores here always run from 0 to 1 and up is always better, so that each method
can stand for another: goalposts and min-max as in the Handbook; z-scores as T-scores (mean 0.5, standard
deviation 0.1, no further than five deviations); ranks as the share of the other areas that are left behind,
equal ones counted half.
"""

from __future__ import annotations

from collections.abc import Mapping

from config.models.indicator import Composite, Derived
from config.problems import did_you_mean
from indicators.formula.reader import parse_formula, parse_references
from indicators.formula.series import Normalised, Ref, Series, Weighted
from indicators.formula.traits import Trait
from warehouse.expression import ExpressionError


def inputs_of(item: Derived) -> tuple[str, ...]:
    """Names of the indicators that one is made of, each once. Raises ExpressionError if it cannot be read."""
    if isinstance(item, Composite):
        return tuple(dict.fromkeys(part.indicator for part in item.components))
    return parse_references(item.formula)


def series_of(item: Derived, known: Mapping[str, Trait]) -> Series:
    """The series of a formula or a composite over the indicators in ``known``. Raises ExpressionError."""
    if isinstance(item, Composite):
        return _composite(item, known)
    return parse_formula(item.formula, known, item.missing)


def _composite(item: Composite, known: Mapping[str, Trait]) -> Weighted:
    scores = []
    for part in item.components:
        if part.indicator not in known:
            hint = did_you_mean(part.indicator, known)
            raise ExpressionError(f"indicator {part.indicator!r} is unknown", hint)
        source = Ref(part.indicator, known[part.indicator])
        descending = source.trait.descending if part.direction is None else part.direction == "up"
        low, high = (part.goalposts.min, part.goalposts.max) if part.goalposts else (0.0, 1.0)
        trait = Trait("index", None, "mean", descending=descending, min_n=source.trait.min_n)
        scores.append(Normalised(source, item.normalise, low, high, trait))
    return Weighted(
        scores=tuple(scores),
        weights=tuple(part.weight for part in item.components),
        mean=item.aggregate,
        missing=item.missing,
        scale=float(item.scale),
        trait=Trait("index", None, "mean", descending=item.direction != "down"),
    )
