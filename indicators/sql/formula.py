"""Formulas: each series of the tree is one block of SQL over the blocks below it.

A block has a row for every area and period that has a value: level, area, period, start, value, numerator,
denominator, n, present, expected, data_through, run. Whatever looks back does so by the calendar: a gap stays
one. Coverage is that of the worse covered operand. The data reach as far as those of the older one, unless it
was looked back for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from indicators.calendar import Calendar
from indicators.dirty import Spans
from indicators.formula import (
    Change,
    Combined,
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
    describe,
    operands,
)
from indicators.plan import FormulaStep
from indicators.sql import anchor, scores
from indicators.sql.prelude import Moment, comment, listing
from indicators.sql.reaching import needed
from warehouse.syntax import literal

_KEYS = "made, level, area, period, start"


def formula_values(
    steps: Sequence[FormulaStep],
    moment: Moment,
    levels: tuple[str, ...],
    dirty: Spans | None = None,
    source: str = "indicator_value",
) -> str:
    """The values of formulas that are `alike`, or of their ``dirty`` periods.

    ``levels`` are the city's, from the root; ``source`` is the table that holds the values of what they are
    made of. Column ``made`` of a block says for which of them a row is.
    """
    step = steps[0]
    blocks = _Blocks(steps, step, moment.calendar, levels, dirty, source)
    last = blocks.name(step.series, step.shape.levels)
    factor = "" if step.factor == 1 else f"{step.factor!r} * "
    wanted = "" if dirty is None else f" AND {dirty.sql()}"
    return f"""{"".join(map(comment, steps))}\
WITH {blocks.text}
SELECT made AS indicator, level, area, period, start,
    {factor}value AS value, numerator, denominator, CAST(n AS BIGINT) AS n,
    CAST(present AS INTEGER) AS present, CAST(expected AS INTEGER) AS expected,
    data_through, run
FROM {last}
JOIN (SELECT code AS area, valid_from, valid_to FROM area) USING (area)
WHERE level IN {listing(step.shape.levels)} AND start <= {moment.clock}{wanted}
  AND (valid_from IS NULL OR valid_from < period_end(period, start))
  AND (valid_to IS NULL OR valid_to > start)"""


def alike(
    steps: Mapping[FormulaStep, Spans | None], moment: Moment, levels: tuple[str, ...]
) -> Iterator[list[FormulaStep]]:
    """Formulas put together that differ only in what they are made of, and look at the same periods."""
    found: dict[tuple[object, ...], list[FormulaStep]] = {}
    for step, dirty in steps.items():
        blocks = _Blocks((), step, moment.calendar, levels, dirty, "")
        last = blocks.name(step.series, step.shape.levels)
        found.setdefault((blocks.text, last, step.factor, step.shape, dirty), []).append(step)
    yield from found.values()


class _Blocks:
    """Writes the blocks of the tree of ``step``, each series once, for ``steps``, which are like it.

    For none at all, they are what they would be for any that is.
    """

    def __init__(
        self,
        steps: Sequence[FormulaStep],
        step: FormulaStep,
        calendar: Calendar,
        levels: tuple[str, ...],
        dirty: Spans | None,
        source: str,
    ) -> None:
        self.steps = steps
        self.source = source
        self.step = step
        self.calendar = calendar
        self.levels = levels
        self.blocks: dict[str, str] = {}
        self.names: dict[tuple[Series, tuple[str, ...]], str] = {}
        self.dirty = dirty

    @property
    def text(self) -> str:
        """All blocks, each after those it reads."""
        return ", ".join(f"{name} AS (\n{body}\n)" for name, body in self.blocks.items())

    def name(self, series: Series, levels: tuple[str, ...]) -> str:
        """Name of the block of a series at some levels, written first if need be."""
        key = (series, levels)
        if key not in self.names:
            body = self._body(series, levels)
            self.names[key] = f"b{len(self.names) + 1}"
            note = comment(describe(series)) if self.steps else ""
            self.blocks[self.names[key]] = f"    {note}{body}"
        return self.names[key]

    def _body(self, series: Series, levels: tuple[str, ...]) -> str:
        match series:
            case Ref():
                return self._ref(series, levels)
            case Scaled():
                return self._scaled(series, self.name(series.series, levels))
            case Combined():
                return self._combined(series, self.name(series.left, levels), self.name(series.right, levels))
            case Lagged():
                return self._lagged(series, self.name(series.series, levels))
            case Change():
                return self._change(series, self.name(series.series, levels), self.name(series.base, levels))
            case Window():
                return self._window(series, self.name(series.series, levels))
            case PerCapita():
                return self._per_capita(series, self.name(series.series, levels))
            case ShareOfParent():
                above = (self.levels[max(self.levels.index(level) - 1, 0)] for level in levels)
                wider = tuple(level for level in self.levels if level in {*above, *levels})
                return self._share(self.name(series.series, wider))
            case Rank():
                return scores.rank(series, self.name(series.series, levels))
            case Index():
                below, periods = self.name(series.series, levels), self.calendar.periods
                return anchor.index(series, below, self.step.shape.periods, periods)
            case Normalised():
                return scores.normalised(series, self.name(series.series, levels))
            case Weighted():
                return scores.weighted(series, [self.name(score, levels) for score in series.scores])

    def _ref(self, ref: Ref, levels: tuple[str, ...]) -> str:
        wanted = f"period IN {listing(self.step.shape.periods)}"
        if self.dirty is not None:
            wanted = needed(self.step, ref.indicator, self.dirty).sql()
        made, source, inputs = self._inputs(ref)
        return (
            f"    SELECT {made} AS made, level, area, period, start, value, numerator, denominator, n,\n"
            f"        present, expected, data_through, run\n"
            f"    FROM {source}\n"
            f"    WHERE indicator {inputs} AND level IN {listing(levels)} AND {wanted}"
        )

    def _inputs(self, ref: Ref) -> tuple[str, str, str]:
        """SQL of the formula that a row is read for, of where it is read, and what its indicator must be."""
        place = self.step.inputs.index(ref.indicator)
        if not self.steps:
            return "", "", str(place)
        pairs = [(literal(step.indicator), literal(step.inputs[place])) for step in self.steps]
        if len(pairs) == 1:
            return pairs[0][0], self.source, f"= {pairs[0][1]}"
        rows = ", ".join(f"({made}, {input_})" for made, input_ in pairs)
        inputs = ", ".join(dict.fromkeys(input_ for _, input_ in pairs))
        join = f"JOIN (VALUES {rows}) AS formula(id, indicator) USING (indicator)"
        return "formula.id", f"{self.source} {join}", f"IN ({inputs})"

    def _scaled(self, series: Scaled, below: str) -> str:
        pair = ("value", f"{series.number!r}")
        first, second = reversed(pair) if series.reverse else pair
        if series.operator == "/":
            value = f"{first} / nullif({second}, 0)"
            parts = (
                f"{first} AS numerator, {second} AS denominator"
                if series.reverse
                else "numerator, denominator"
            )
        else:
            value, parts = f"{first} {series.operator} {second}", "numerator, denominator"
        return (
            f"    SELECT {_KEYS}, {value} AS value, {parts}, n, present, expected, "
            f"data_through, run\n    FROM {below}"
        )

    def _combined(self, series: Combined, left: str, right: str) -> str:
        lenient = series.missing == "zero" or (series.missing == "skip" and series.operator in "+-")
        first, second = (
            ("coalesce(l.value, 0)", "coalesce(r.value, 0)") if lenient else ("l.value", "r.value")
        )
        many, few = ("coalesce(l.n, 0)", "coalesce(r.n, 0)") if lenient else ("l.n", "r.n")
        if series.operator == "/":
            value = f"{first} / nullif({second}, 0)"
            parts, n = f"{first} AS numerator, {second} AS denominator", few
        else:
            value = f"{first} {series.operator} {second}"
            if series.missing == "skip" and lenient:
                value = f"CASE WHEN coalesce(l.value, r.value) IS NOT NULL THEN {value} END"
            parts = f"{value} AS numerator, NULL AS denominator"
            n = f"least({many}, {few})" if series.operator == "*" else f"{many} + {few}"
        rest = (_either if lenient else _worse)(_reach(series.left, series.right))
        return (
            f"    SELECT {_KEYS}, {value} AS value, {parts}, {n} AS n,\n{rest}\n"
            f"    FROM {left} l {'FULL ' if lenient else ''}JOIN {right} r USING ({_KEYS})"
        )

    def _lagged(self, series: Lagged, below: str) -> str:
        if series.count is None:
            year = self.calendar.periods.year
            cases = " ".join(f"WHEN {literal(p)} THEN {year(p)}" for p in self.step.shape.periods)
            later = f"CASE period {cases} END"
        else:
            later = str(series.count)
        return (
            f"    SELECT made, level, area, period, period_shift(period, start, {later}) AS start, "
            f"value, numerator,\n"
            f"        denominator, n, present, expected, data_through, run\n   "
            f" FROM {below}"
        )

    def _change(self, series: Change, now: str, then: str) -> str:
        if series.relative:
            value = "100.0 * (l.value - r.value) / nullif(abs(r.value), 0)"
            parts = "l.value AS numerator, r.value AS denominator"
        else:
            value = "l.value - r.value"
            parts = "l.value - r.value AS numerator, NULL AS denominator"
        return (
            f"    SELECT {_KEYS}, {value} AS value, {parts}, l.n AS "
            f"n,\n{_worse(_reach(series.series, series.base))}\n"
            f"    FROM {now} l JOIN {then} r USING ({_KEYS})"
        )

    def _window(self, series: Window, below: str) -> str:
        # columns, not macros: the database reads what a window is ordered by once for each function over it
        if series.count is None:
            place = "period_year(period, start) AS year, period_number(period, start) AS number"
            over, span = "PARTITION BY made, area, period, year ORDER BY start", "number"
        else:
            place, last = "period_index(period, start) AS number", series.count - 1
            frame = f"RANGE BETWEEN {last} PRECEDING AND CURRENT ROW"
            over = f"PARTITION BY made, area, period ORDER BY number {frame}"
            span = str(series.count)
        # a period in which nothing happened has no ratio, and is no gap either
        held = "count(*)" if series.trait.accumulation == "ratio" else "count(value)"
        match series.trait.accumulation:
            case "sum":
                value = numerator = "sum(value) OVER past"
                denominator = "NULL"
            case "ratio":
                numerator, denominator = "sum(numerator) OVER past", "sum(denominator) OVER past"
                value = f"{series.trait.scale!r} * {numerator} / nullif({denominator}, 0)"
            case "mean":
                value = numerator = "avg(value) OVER past"
                denominator = "NULL"
        expected, whole = "sum(expected) OVER past", f"\n    QUALIFY {held} OVER past = {span}"
        if series.missing != "any":
            expected, whole = f"{expected} + ({span} - count(*) OVER past) * max(expected) OVER past", ""
        if series.missing == "zero" and series.trait.accumulation != "ratio":
            value = numerator = "coalesce(sum(value) OVER past, 0)"
            value += f" / ({span})" if series.trait.accumulation == "mean" else ""
        return (
            f"    SELECT {_KEYS}, {value} AS value, {numerator} AS numerator, {denominator} AS denominator,\n"
            f"        sum(n) OVER past AS n, sum(present) OVER past AS present,\n"
            f"        {expected} AS expected, data_through, max(run) OVER past AS run\n"
            f"    FROM (SELECT *, {place} FROM {below})\n    WINDOW past AS ({over}){whole}"
        )

    def _per_capita(self, series: PerCapita, below: str) -> str:
        return (
            f"    SELECT made, {below}.level, {below}.area, period, start, {series.heads}.0 * value / "
            f"nullif(population, 0) AS value,\n"
            f"        value AS numerator, population AS denominator, n, present, expected, "
            f"data_through, run\n"
            f"    FROM {below} JOIN area_size ON area_size.code = {below}.area\n"
            f"        AND since < period_end(period, start) AND until >= period_end(period, start)"
        )

    def _share(self, below: str) -> str:
        return (
            f"    SELECT l.made, l.level, l.area, l.period, l.start, l.value / nullif(r.value, 0) AS value,\n"
            f"        l.value AS numerator, r.value AS denominator, r.n AS n,\n{_worse()}\n"
            f"    FROM {below} l JOIN area ON area.code = l.area JOIN {below} r ON r.area = area.parent\n"
            f"        AND r.made = l.made AND r.period = l.period AND r.start = l.start"
        )


def _worse(reach: str = "least(l.data_through, r.data_through)") -> str:
    """Coverage of the worse covered of two series; their data reach to ``reach``."""
    left = "l.present * r.expected <= r.present * l.expected"
    return (
        f"        CASE WHEN {left} THEN l.present ELSE r.present END AS present,\n"
        f"        CASE WHEN {left} THEN l.expected ELSE r.expected END AS expected,\n"
        f"        {reach} AS data_through, greatest(l.run, r.run) AS run"
    )


def _either(reach: str) -> str:
    """Coverage where one of two series may be missing: its cells then count as not delivered."""
    there, left = (
        "l.area IS NOT NULL AND r.area IS NOT NULL",
        "l.present * r.expected <= r.present * l.expected",
    )
    return (
        f"        CASE WHEN {there} THEN CASE WHEN {left} THEN l.present ELSE r.present END\n"
        f"            ELSE coalesce(l.present, r.present) END AS present,\n"
        f"        CASE WHEN {there} THEN CASE WHEN {left} THEN l.expected ELSE r.expected END\n"
        f"            ELSE 2 * coalesce(l.expected, r.expected) END AS expected,\n"
        f"        coalesce({reach}, l.data_through, r.data_through) AS data_through,"
        f" greatest(l.run, r.run) AS run"
    )


def _reach(left: Series, right: Series) -> str:
    """How far the data of two series reach: as far as the older ones, unless they are old on purpose."""
    if _is_past(left) == _is_past(right):
        return "least(l.data_through, r.data_through)"
    return "r.data_through" if _is_past(left) else "l.data_through"


def _is_past(series: Series) -> bool:
    """Whether a series shows nothing but earlier periods."""
    below = operands(series)
    return isinstance(series, Lagged) or (bool(below) and all(map(_is_past, below)))
