"""The tree of series that a formula is read into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from config.models.composite import Missing, Normalise
from config.models.indicator import Period
from config.periods import Periods
from indicators.formula.span import Span
from indicators.formula.traits import Trait
from warehouse.expression import Operator


@dataclass(frozen=True, slots=True)
class Ref:
    """The values of another indicator."""

    indicator: str
    trait: Trait


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Scaled:
    """A series and a number joined by an operator."""

    operator: Operator
    series: Series
    number: float
    reverse: bool
    trait: Trait


@dataclass(frozen=True, slots=True)
class Combined:
    """Two series of the same area and period joined by an operator.

    Unless ``missing`` says otherwise, both must be there.
    """

    operator: Operator
    left: Series
    right: Series
    trait: Trait
    missing: Missing = "any"


@dataclass(frozen=True, slots=True)
class Lagged:
    """The series ``count`` periods later than it was; None: a year later."""

    series: Series
    count: int | None
    trait: Trait


@dataclass(frozen=True, slots=True)
class Change:
    """How far ``series`` lies above ``base``: in per cent if ``relative``, else the difference."""

    series: Series
    base: Series
    relative: bool
    trait: Trait


@dataclass(frozen=True, slots=True)
class Window:
    """The last ``count`` periods together; None: since the start of the year.

    Unless ``missing`` says otherwise, each of them must be there.
    """

    series: Series
    count: int | None
    trait: Trait
    missing: Missing = "any"


@dataclass(frozen=True, slots=True)
class PerCapita:
    """The series per ``heads`` inhabitants of the area."""

    series: Series
    heads: int
    trait: Trait


@dataclass(frozen=True, slots=True)
class ShareOfParent:
    """The series as a share of that of the unit one level up."""

    series: Series
    trait: Trait


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of each area among those of its level that have a value resting on enough rows."""

    series: Series
    trait: Trait


@dataclass(frozen=True, slots=True)
class Index:
    """The series with its value in ``base`` set to 100.

    Of a base that holds several periods it is their mean, or for rates the rate of all of them together.
    Unless ``missing`` says otherwise, each of them must be there.
    """

    series: Series
    base: Span
    trait: Trait
    missing: Missing = "any"


@dataclass(frozen=True, slots=True)
class Normalised:
    """The series as a score from 0 to 1, of which 1 is best, among the areas of its level that have a value
    resting on enough rows. ``low`` and ``high`` are the values that score 0 and 1, for goalposts alone.
    """

    series: Series
    method: Normalise
    low: float
    high: float
    trait: Trait


@dataclass(frozen=True, slots=True)
class Weighted:
    """The weighted mean of scores, times ``scale``.

    Unless ``missing`` says otherwise, each of them must be there.
    """

    scores: tuple[Normalised, ...]
    weights: tuple[float, ...]
    mean: Literal["arithmetic", "geometric"]
    missing: Missing
    scale: float
    trait: Trait


Series = (
    Ref
    | Scaled
    | Combined
    | Lagged
    | Change
    | Window
    | PerCapita
    | ShareOfParent
    | Rank
    | Index
    | Normalised
    | Weighted
)
Node = Series | Constant


def references(series: Series) -> tuple[Ref, ...]:
    """Every indicator that a series is made of, each once."""
    return tuple(dict.fromkeys(_references(series)))


def operands(series: Series) -> tuple[Series, ...]:
    """The series directly below one."""
    match series:
        case Ref():
            return ()
        case Combined():
            return (series.left, series.right)
        case Change():
            return (series.series, series.base)
        case Weighted():
            return series.scores
    return (series.series,)


def least_rows(series: Series) -> tuple[int, ...]:
    """On how many rows a value must rest to take part, for each comparison among areas in a series."""
    own = (series.series.trait.min_n,) if isinstance(series, (Rank, Normalised)) else ()
    return own + tuple(rows for part in operands(series) for rows in least_rows(part))


def anchored(series: Series) -> tuple[Index, ...]:
    """Every index in a series: what looks at one base from all periods."""
    own = (series,) if isinstance(series, Index) else ()
    return own + tuple(found for part in operands(series) for found in anchored(part))


def reach(series: Series, indicator: str, period: Period, periods: Periods) -> frozenset[int]:
    """How many periods later a value of ``indicator`` can still show in ``series``: each such distance.

    What an index has in its base shows everywhere; that is asked of ``anchored``.
    """
    match series:
        case Ref():
            return frozenset({0} if series.indicator == indicator else ())
        case Lagged():
            steps = {periods.year(period) if series.count is None else series.count}
        case Window():
            steps = set(range(periods.most_in_year(period) if series.count is None else series.count))
        case _:
            steps = {0}
    below = frozenset().union(*(reach(part, indicator, period, periods) for part in operands(series)))
    return frozenset(step + distance for step in steps for distance in below)


def describe(series: Node) -> str:
    """The series in the language of formulas."""
    match series:
        case Ref():
            return series.indicator
        case Constant():
            return f"{series.value:g}"
        case Scaled():
            pair = (describe(series.series), f"{series.number:g}")
            first, second = reversed(pair) if series.reverse else pair
            return f"({first} {series.operator} {second})"
        case Combined():
            joined = f"({describe(series.left)} {series.operator} {describe(series.right)})"
            return _lenient(joined, series.missing)
        case Lagged():
            return f"lag({describe(series.series)}, {'a year' if series.count is None else series.count})"
        case Change():
            word = "change" if series.relative else "difference"
            return f"{word}({describe(series.series)}, {describe(series.base)})"
        case Window():
            inner = describe(series.series)
            window = f"ytd({inner})" if series.count is None else f"rolling({inner}, {series.count})"
            return _lenient(window, series.missing)
        case PerCapita():
            return f"per_capita({describe(series.series)}, {series.heads})"
        case ShareOfParent():
            return f"share_of_parent({describe(series.series)})"
        case Rank():
            return f"rank({describe(series.series)})"
        case Index():
            return _lenient(f"index({describe(series.series)}, {series.base})", series.missing)
        case Normalised():
            posts = f", {series.low:g}, {series.high:g}" if series.method == "goalposts" else ""
            best = "" if series.trait.descending else ", least is best"
            return f"{series.method}({describe(series.series)}{posts}{best})"
        case Weighted():
            terms = " + ".join(
                f"{weight:g} {describe(score)}"
                for weight, score in zip(series.weights, series.scores, strict=True)
            )
            return _lenient(f"{series.scale:g} {series.mean}({terms})", series.missing)


def _lenient(text: str, missing: Missing) -> str:
    return text if missing == "any" else f"{text} with missing: {missing}"


def _references(series: Series) -> tuple[Ref, ...]:
    if isinstance(series, Ref):
        return (series,)
    return tuple(ref for part in operands(series) for ref in _references(part))
