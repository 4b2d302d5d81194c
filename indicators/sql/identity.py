"""Identities: both sides of a claim beside each other for every area and period that has either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Final

from indicators.claims import IdentityCheck, Side
from indicators.dirty import Spans
from indicators.formula import Constant
from indicators.plan import FormulaStep, Shape
from indicators.sql.formula import formula_values
from indicators.sql.prelude import Moment, comment, listing
from indicators.sql.reaching import dirty_after
from warehouse.syntax import literal

_KEYS: Final = "level, area, period, start"
_PRECISION: Final = 1e-9
"""What sums of fractions may differ by, as a share of the larger side: the order of adding is no mistake."""


def identity_rows(
    check: IdentityCheck, moment: Moment, levels: tuple[str, ...], dirty: Spans | None = None
) -> str:
    """identity, level, area, period, start, left_value, right_value, gap, allowed, holds of one identity.

    Of all periods, or only of the ``dirty`` ones. ``holds`` is NULL where a side has no value: that is every
    area and period for which any indicator of the claim has a row and the claim cannot be checked.
    ``levels`` are the city's, from the root.
    """
    sides = {"l": check.claim.left, "r": check.claim.right}
    blocks = [
        f"{name} AS (\n{_side(check, side, moment, levels, dirty)}\n)"
        for name, side in sides.items()
        if side.inputs
    ]
    wanted = f"period IN {listing(check.periods)}" if dirty is None else dirty.sql()
    keys = [
        f"    SELECT {_KEYS} FROM indicator_value\n"
        f"    WHERE indicator IN {listing(check.inputs)} AND level IN {listing(check.levels)} AND {wanted}",
        *(f"    SELECT {_KEYS} FROM {name}" for name, side in sides.items() if side.inputs),
    ]
    joins = "".join(f"\nLEFT JOIN {name} USING ({_KEYS})" for name, side in sides.items() if side.inputs)
    left, right = (_value(name, side) for name, side in sides.items())
    breach = {"=": "abs(gap)", "<=": "gap", ">=": "-gap"}[check.claim.comparison]
    larger = "greatest(abs(left_value), abs(right_value))"
    tolerance = check.tolerance
    return f"""{comment(check)}\
WITH {", ".join(blocks)}, looked_at AS (
{chr(10).join(["    UNION".join(f"{key}{chr(10)}" for key in keys).rstrip()])}
), sides AS (
    SELECT {_KEYS}, {left} AS left_value, {right} AS right_value, left_value - right_value AS gap,
        greatest({tolerance.absolute!r}, {tolerance.relative!r} * {larger}) AS allowed
    FROM looked_at{joins}
)
SELECT {literal(check.identity)} AS identity, *, {breach} <= allowed + {_PRECISION!r} * {larger} AS holds
FROM sides"""


def dirty_identity(
    check: IdentityCheck, dirty_inputs: Mapping[str, Spans], moment: Moment, levels: tuple[str, ...]
) -> Spans:
    """The periods for which the claim may have changed with ``dirty_inputs``, which are by indicator.

    A row that comes or goes counts in its own period, too, wherever the claim looks back to it from.
    """
    found = [dirty.of(check.periods) for dirty in dirty_inputs.values()]
    for step in _steps(check, levels):
        moved = {id_: dirty_inputs[id_] for id_ in step.inputs if id_ in dirty_inputs}
        if moved:
            found.append(dirty_after(step, moved, moment, moment.today))
    return reduce(or_, found)


def _steps(check: IdentityCheck, levels: tuple[str, ...]) -> Iterator[FormulaStep]:
    """The formulas of a check's sides, as steps of a plan."""
    for side in (check.claim.left, check.claim.right):
        step = _step(check, side, levels)
        if step is not None:
            yield step


def _step(check: IdentityCheck, side: Side, levels: tuple[str, ...]) -> FormulaStep | None:
    if isinstance(side.node, Constant):
        return None
    shape = Shape(side.levels(check.levels, levels), check.periods)
    return FormulaStep(check.identity, side.node, 1.0, shape)


def _value(name: str, side: Side) -> str:
    return f"{side.node.value!r}" if isinstance(side.node, Constant) else f"{name}.value"


def _side(
    check: IdentityCheck, side: Side, moment: Moment, levels: tuple[str, ...], dirty: Spans | None
) -> str:
    step = _step(check, side, levels)
    assert step is not None
    values = formula_values([step], moment, levels, dirty)
    if not side.children:
        return f"    SELECT {_KEYS}, value FROM (\n{values}\n    )"
    # every child that exists in the period must have a value: else the sum is not that of all of them
    return f"""\
    WITH parts AS (
{values}
    ), children AS (
        SELECT DISTINCT above.level, above.code AS area, below.code AS child, period, start
        FROM (SELECT DISTINCT period, start FROM parts)
        JOIN area below ON (below.valid_from IS NULL OR below.valid_from < period_end(period, start))
            AND (below.valid_to IS NULL OR below.valid_to > start)
        JOIN area above ON above.code = below.parent AND above.level IN {listing(check.levels)}
    )
    SELECT children.level, children.area, period, start,
        CASE WHEN count(parts.value) = count(*) THEN sum(parts.value) END AS value
    FROM children
    LEFT JOIN (SELECT area AS child, period, start, value FROM parts) parts USING (child, period, start)
    GROUP BY ALL"""
