"""Formulas over values that were put together on other boundaries than those of their time.

What the engine computes in SQL over stored values is here computed for the few values that a screen shows.
The tree is that of a `Rule`: a mapping with ``op`` and, below ``of``, ``left`` and ``right``, the series that
it is made of.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from config import City
from warehouse.recast_rule import Tree

if TYPE_CHECKING:
    from warehouse.reader import Value

_OPERATORS: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


def back(tree: Tree, inputs: Callable[[Iterable[str]], Mapping[str, int]]) -> dict[str, int]:
    """By indicator in a tree how many periods back it counts; below 0 in years.

    ``inputs`` tells the same of an indicator. Several looks back one after another add up; where years and
    periods meet, all counts as years, rounded up.
    """
    if tree["op"] == "ref":
        return dict(inputs([tree["of"]]))
    found: dict[str, int] = {}
    step = _step(tree)
    for key in ("of", "left", "right"):
        if isinstance(tree.get(key), Mapping):
            own = step if key == "of" else 0
            for indicator, steps in back(tree[key], inputs).items():
                found[indicator] = _further(found.get(indicator, 0), _added(steps, own))
    return found


def _step(tree: Tree) -> int:
    if tree["op"] == "lag":
        return -1 if tree["count"] is None else int(tree["count"])
    if tree["op"] == "window":
        return -1 if tree["count"] is None else int(tree["count"]) - 1
    return 0


def _added(first: int, second: int) -> int:
    if first * second < 0:
        return min(first, second) - 1 - max(first, second)
    return first + second


def _further(first: int, second: int) -> int:
    if first < 0 or second < 0:
        return min(first, second, -1 if max(first, second) > 0 else 0)
    return max(first, second)


class Formula:
    """The value of a tree for one area and period at a time.

    ``values`` gives an indicator's value of an area and start (None is a gap), ``people`` how many live
    there.
    """

    def __init__(
        self,
        values: Callable[[str, str, dt.date], Value | None],
        people: Callable[[str, dt.date], float | None],
        city: City,
        period: str,
    ) -> None:
        self._values = values
        self._people = people
        self._city = city
        self._period = period

    def value(self, tree: Tree, area: str, start: dt.date) -> Value | None:
        """The value of a series, before the factor of its unit."""
        match tree["op"]:
            case "ref":
                return self._values(tree["of"], area, start)
            case "scaled":
                return self._scaled(tree, self.value(tree["of"], area, start))
            case "combined":
                pair = (self.value(tree["left"], area, start), self.value(tree["right"], area, start))
                return self._combined(tree["operator"], *pair)
            case "lag":
                periods = self._city.periods
                count = periods.year(self._period) if tree["count"] is None else tree["count"]
                found = self.value(tree["of"], area, periods.shift(self._period, start, -count))
                return None if found is None else found._replace(start=start)
            case "change":
                pair = (self.value(tree["left"], area, start), self.value(tree["right"], area, start))
                return self._change(tree["relative"], *pair)
            case "window":
                return self._window(tree, area, start)
            case "per_head":
                people = self._people(area, start)
                return self._per_head(tree["heads"], people, self.value(tree["of"], area, start))
        parent = self._city.areas[area].parent
        above = self.value(tree["of"], parent, start) if parent else None
        below = self.value(tree["of"], area, start)
        return self._combined("/", below, above)

    def _scaled(self, tree: Tree, below: Value | None) -> Value | None:
        if below is None or below.value is None:
            return below
        number = float(tree["number"])
        first, second = (number, below.value) if tree["reverse"] else (below.value, number)
        if tree["operator"] != "/":
            return below._replace(value=_OPERATORS[tree["operator"]](first, second))
        value = first / second if second else None
        if tree["reverse"]:
            return below._replace(value=value, numerator=first, denominator=second)
        return below._replace(value=value)

    def _combined(self, sign: str, left: Value | None, right: Value | None) -> Value | None:
        if left is None or right is None:
            return None
        both = _worse(left, right)
        if left.value is None or right.value is None:
            return both._replace(value=None, numerator=left.value, denominator=None, n=0)
        if sign == "/":
            value = left.value / right.value if right.value else None
            return both._replace(value=value, numerator=left.value, denominator=right.value, n=right.n)
        result = _OPERATORS[sign](left.value, right.value)
        n = min(left.n, right.n) if sign == "*" else left.n + right.n
        return both._replace(value=result, numerator=result, denominator=None, n=n)

    def _change(self, relative: bool, now: Value | None, then: Value | None) -> Value | None:
        if now is None or then is None:
            return None
        both = _worse(now, then)._replace(n=now.n, data_through=now.data_through)
        if now.value is None or then.value is None:
            return both._replace(value=None, numerator=now.value, denominator=None)
        change = now.value - then.value
        if not relative:
            return both._replace(value=change, numerator=change, denominator=None)
        value = 100.0 * change / abs(then.value) if then.value else None
        return both._replace(value=value, numerator=now.value, denominator=then.value)

    def _window(self, tree: Tree, area: str, start: dt.date) -> Value | None:
        periods = self._city.periods
        joined = tree["accumulation"]
        cells: list[Value] = []
        first = start
        while True:
            cell = self.value(tree["of"], area, first)
            if cell is None or (joined != "ratio" and cell.value is None):
                return None
            cells.append(cell)
            earlier = periods.shift(self._period, first, -1)
            if len(cells) == tree["count"] or (tree["count"] is None and earlier.year != start.year):
                break
            first = earlier
        numerator: float | None
        denominator: float | None = None
        if joined == "ratio":
            numerator = _total(cell.numerator for cell in cells)
            denominator = _total(cell.denominator for cell in cells)
            value = tree["scale"] * numerator / denominator if denominator and numerator is not None else None
        else:
            numerator = _total(cell.value for cell in cells)
            if joined == "mean" and numerator is not None:
                numerator /= len(cells)
            value = numerator
        return cells[0]._replace(
            value=value,
            numerator=numerator,
            denominator=denominator,
            n=sum(cell.n for cell in cells),
            present=sum(cell.present for cell in cells),
            expected=sum(cell.expected for cell in cells),
            run=max(cell.run for cell in cells),
            known_from=max(cell.known_from for cell in cells),
            estimated=any(cell.estimated for cell in cells),
        )

    def _per_head(self, heads: int, people: float | None, below: Value | None) -> Value | None:
        if below is None:
            return None
        value = heads * below.value / people if people and below.value is not None else None
        return below._replace(value=value, numerator=below.value, denominator=people)


def _worse(left: Value, right: Value) -> Value:
    """What two values have in common: the coverage of the worse covered one."""
    worse = left if left.present * right.expected <= right.present * left.expected else right
    return left._replace(
        present=worse.present,
        expected=worse.expected,
        data_through=min(left.data_through, right.data_through),
        known_from=max(left.known_from, right.known_from),
        run=max(left.run, right.run),
        estimated=left.estimated or right.estimated,
    )


def _total(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
