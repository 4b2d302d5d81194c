"""How each indicator's values follow from their parts when boundaries move, told by its definition."""

from __future__ import annotations

from typing import Any

from config import City
from config.models import Measure, Reported
from indicators.datasets import datasets
from indicators.formula import (
    Change,
    Combined,
    Lagged,
    PerCapita,
    Ref,
    Scaled,
    Series,
    ShareOfParent,
    Window,
)
from indicators.measures import accumulates, assemble
from indicators.plan import Balance, Cube, FormulaStep, Plan
from warehouse.expression import Aggregate, Arithmetic, MeasureExpression, Number, parse_measure
from warehouse.recast_rule import Rule


def recast_rules(city: City, plan: Plan) -> dict[str, Rule]:
    """The rule of every indicator that the plan computes."""
    columns = {name: dataset.columns for name, dataset in datasets(city).items()}
    rules: dict[str, Rule] = {}
    for step in plan.steps:
        match step:
            case Cube():
                for made in step.values:
                    item = city.indicators[made.indicator]
                    assert isinstance(item, Measure)
                    rules[item.id] = _measured(
                        parse_measure(item.measure, columns[item.dataset]), made.factor
                    )
            case Balance():
                rules |= {stock.indicator: Rule("stock") for stock in step.values}
            case FormulaStep():
                tree = _tree(step.series)
                rules[step.indicator] = (
                    Rule("never", reason="place") if tree is None else Rule("formula", step.factor, tree=tree)
                )
            case _:
                figure = city.indicators[step.indicator]
                assert isinstance(figure, Reported)
                adds_up = city.units[figure.unit].kind == "amount"
                rules[figure.id] = Rule("sum") if adds_up else Rule("whole", reason="published")
    return rules


def _measured(measure: MeasureExpression, factor: float) -> Rule:
    """Sums add up, quotients of sums are divided anew, extremes are compared; the rest stays where it is."""
    if accumulates(measure):
        return Rule("sum")
    if assemble(measure, lambda _: "x").is_ratio:
        scale, sides = _quotient(measure)
        if all(map(accumulates, sides)):
            return Rule("ratio", scale * factor)
    match measure:
        case Aggregate(function="min"):
            return Rule("least")
        case Aggregate(function="max"):
            return Rule("greatest")
        case Aggregate(function="distinct"):
            return Rule("whole", reason="distinct")
    return Rule("whole", reason="quantile" if _holds_quantile(measure) else "mixed")


def _quotient(measure: MeasureExpression) -> tuple[float, tuple[MeasureExpression, ...]]:
    """A quotient's number in front and its two sides; a mean is one of two sums."""
    match measure:
        case Arithmetic(operator="*", left=Number(value=scale), right=inner):
            further, sides = _quotient(inner)
            return scale * further, sides
        case Arithmetic():
            return 1.0, (measure.left, measure.right)
    return 1.0, ()


def _holds_quantile(measure: MeasureExpression) -> bool:
    match measure:
        case Aggregate():
            return measure.function not in ("count", "sum", "avg", "min", "max", "distinct")
        case Arithmetic():
            return _holds_quantile(measure.left) or _holds_quantile(measure.right)
    return False


def _tree(series: Series) -> dict[str, Any] | None:
    """A formula as plain data; None where it compares areas with each other or passes over gaps."""
    match series:
        case Ref():
            return {"op": "ref", "of": series.indicator}
        case Scaled():
            return _over(
                series.series,
                op="scaled",
                operator=series.operator,
                number=series.number,
                reverse=series.reverse,
            )
        case Combined(missing="any"):
            return _pair(series.left, series.right, op="combined", operator=series.operator)
        case Lagged():
            return _over(series.series, op="lag", count=series.count)
        case Change():
            return _pair(series.series, series.base, op="change", relative=series.relative)
        case Window(missing="any"):
            trait = series.trait
            return _over(
                series.series,
                op="window",
                count=series.count,
                accumulation=trait.accumulation,
                scale=trait.scale,
            )
        case PerCapita():
            return _over(series.series, op="per_head", heads=series.heads)
        case ShareOfParent():
            return _over(series.series, op="share")
    return None


def _over(below: Series, **node: Any) -> dict[str, Any] | None:
    tree = _tree(below)
    return None if tree is None else {**node, "of": tree}


def _pair(left: Series, right: Series, **node: Any) -> dict[str, Any] | None:
    first, second = _tree(left), _tree(right)
    return None if first is None or second is None else {**node, "left": first, "right": second}
