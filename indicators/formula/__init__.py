"""The language of formulas: indicators joined by arithmetic, and functions that look along time or across
areas.

A formula is read into a tree of *series*. Each has a value for every area and period that has one: a gap
stays a gap, since time is counted in periods of the calendar and never in rows.

    a + b   a - b   a * b   a / b   numbers   ( )
    ratio(a, b)         a / b; numerator and denominator are kept
    lag(a, k)           the value k periods before
    diff(a, k)          the change from k periods before (k = 1 if left out)
    yoy(a)              the change from the same period last year: per cent, or points for rates
    ytd(a)              from the start of the year up to and with the period
    rolling(a, k)       the last k periods together; k gaps or one, there is no value
    per_capita(a, k)    per k inhabitants
    share_of_parent(a)  the share in the unit one level up
    share_of(a, b)      the share in another indicator of the same area, period and unit
    rank(a)             the place among the units of a level, 1 is best; equal values share a place, the next
                        one is skipped. Numerator: how many share it; denominator: how many took part
    index(a, 2020)      in per cent of the base: 2020, '2020-H1', '2020-Q1', '2020-01' or '2020-01-31'
"""

from indicators.formula.derived import inputs_of, series_of
from indicators.formula.reader import parse_formula, parse_references
from indicators.formula.series import (
    Change,
    Combined,
    Constant,
    Index,
    Lagged,
    Normalised,
    PerCapita,
    Rank,
    Ref,
    Scaled,
    Series,
    ShareOfParent,
    Weighted,
    Window,
    anchored,
    describe,
    least_rows,
    operands,
    reach,
    references,
)
from indicators.formula.traits import Accumulation, Kind, Trait

__all__ = [
    "Accumulation",
    "Change",
    "Combined",
    "Constant",
    "Index",
    "Kind",
    "Lagged",
    "Normalised",
    "PerCapita",
    "Rank",
    "Ref",
    "Scaled",
    "Series",
    "ShareOfParent",
    "Trait",
    "Weighted",
    "Window",
    "anchored",
    "describe",
    "inputs_of",
    "least_rows",
    "operands",
    "parse_formula",
    "parse_references",
    "reach",
    "references",
    "series_of",
]
