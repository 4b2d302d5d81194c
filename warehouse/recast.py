"""Values on the boundaries of a chosen day, put together from those on the boundaries of their time."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from config import City
from config.periods import day_of
from warehouse.recast_formula import Formula, back
from warehouse.recast_joined import Outside
from warehouse.recast_rule import Rule

if TYPE_CHECKING:
    from warehouse.reader import Value

Fetch = Callable[[str, Sequence[str], str, Mapping[str, Any], str], "list[Value]"]
"""Stored values of a period and indicators: an SQL condition, its parameters, and what stands behind it."""

_NEAR: Final = 1e-12
_LAST: Final = dt.datetime.combine(dt.date(9999, 1, 1), dt.time())
_DAY: Final = dt.timedelta(days=1)
_WHOLE: Final = Rule("whole", reason="unknown")


@dataclass(frozen=True, slots=True)
class Part:
    """The stored value of one unit and how much of it counts."""

    value: Value
    weight: float

    @property
    def whole(self) -> bool:
        """Whether all of it counts."""
        return abs(self.weight - 1) < _NEAR


class Recaster:
    """Reads values on the boundaries of day ``on``.

    A period in which boundaries stood as on that day has its stored values. Any other is put together from
    the units of its time: what a unit has given away in mid-period is shared by days. A value of which any
    unit gives but a part is *estimated*. From what a unit has that got ground from outside the city since,
    the values of that ground are taken away. Where it had got it by then, older values lack the people there,
    and their coverage says so.
    """

    def __init__(self, city: City, on: dt.date, rules: Mapping[str, Rule], fetch: Fetch) -> None:
        self._city = city
        self._rules = rules
        self._fetch = fetch
        self._tree = city.areas
        self._recast = city.areas.recast(on)
        self._on = on
        self.outside = Outside(city.areas, self._recast)
        self._turn = min((date for date in city.areas.steps if date > on), default=dt.date.max)

    def series(
        self, indicators: Sequence[str], area: str, period: str, count: int, until: dt.datetime
    ) -> dict[str, list[Value]]:
        """The last ``count`` periods of each indicator that begin before ``until``, gaps left out."""
        periods = self._city.periods
        newest = self._newest(indicators, [area], period, until)
        lows = [periods.shift(period, start, 1 - count) for start in newest.values()]
        if not lows:
            return {indicator: [] for indicator in indicators}
        table = self._table(indicators, [area], period, min(lows), max(newest.values()))
        found: dict[str, list[Value]] = {indicator: [] for indicator in indicators}
        for indicator, last in newest.items():
            starts = (periods.shift(period, last, step - count + 1) for step in range(count))
            found[indicator] = [v for start in starts if (v := table.value(indicator, area, start))]
        return found

    def latest(
        self, indicators: Sequence[str], area: str, period: str, until: dt.datetime
    ) -> dict[str, Value]:
        """The newest value of each indicator of a period that begins before ``until``."""
        series = self.series(indicators, area, period, 1, until)
        return {indicator: values[-1] for indicator, values in series.items() if values}

    def matrix(
        self, indicators: Sequence[str], level: str, period: str, start: dt.date | None, within: str | None
    ) -> dict[str, dict[str, Value]]:
        """``{area: {indicator: value}}`` of the units that ``level`` has on the chosen day."""
        targets = [
            area.code
            for area in self._tree.at(level, self._on)
            if within is None or within in self._tree.path(area.code).values()
        ]
        if start is None:
            starts = self._newest(indicators, targets, period, _LAST, filled=True)
        else:
            starts = dict.fromkeys(indicators, start)
        if not starts or not targets:
            return {}
        table = self._table(indicators, targets, period, min(starts.values()), max(starts.values()))
        found: dict[str, dict[str, Value]] = defaultdict(dict)
        for indicator, day in starts.items():
            for target in targets:
                if (value := table.value(indicator, target, day)) is not None:
                    found[target][indicator] = value
        return dict(found)

    def rule(self, indicator: str) -> Rule:
        """How the indicator is recast."""
        return self._rules.get(indicator, _WHOLE)

    def _units(self, targets: Iterable[str]) -> list[str]:
        return sorted({piece.unit for target in targets for piece in self._recast.of(target)})

    def _inputs(self, indicators: Iterable[str]) -> dict[str, int]:
        """The indicators that values follow from, themselves included, and how many periods back they count
        (in years where negative).
        """
        found: dict[str, int] = {}
        for indicator in indicators:
            found.setdefault(indicator, 0)
            tree = self.rule(indicator).tree
            if tree is not None:
                for input_, steps in back(tree, self._inputs).items():
                    found[input_] = max(found.get(input_, 0), steps)
        return found

    def _newest(
        self,
        indicators: Sequence[str],
        targets: Sequence[str],
        period: str,
        until: dt.datetime,
        filled: bool = False,
    ) -> dict[str, dt.date]:
        """The newest start of each indicator, else of what it is made of."""
        inputs = {indicator: self._inputs([indicator]) for indicator in indicators}
        wanted = sorted({input_ for own in inputs.values() for input_ in own})
        units = self._units(targets)
        if not units or not wanted:
            return {}
        rows = self._fetch(
            period,
            wanted,
            f"{_in('area', units)} AND period = $period AND start < $until"
            + (" AND value IS NOT NULL" if filled else ""),
            {"period": period, "until": until, **_named("area", units)},
            " QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY start DESC) = 1",
        )
        starts = {row.indicator: row.start for row in rows}
        newest: dict[str, dt.date] = {}
        for indicator, own in inputs.items():
            known = [starts[name] for name in own if name in starts]
            if indicator in starts or known:
                newest[indicator] = starts[indicator] if indicator in starts else max(known)
        return newest

    def _table(
        self, indicators: Sequence[str], targets: Sequence[str], period: str, low: dt.date, high: dt.date
    ) -> Table:
        """Everything stored that values from ``low`` to ``high`` follow from."""
        inputs = self._inputs(indicators)
        periods = self._city.periods
        year = periods.year(period)
        steps = max((-s * year if s < 0 else s for s in inputs.values()), default=0)
        above = {self._tree[target].parent for target in targets} - {""}
        came = {code for area in {*targets, *above} for code, _ in self.outside.came(area)}
        units = sorted({*self._units({*targets, *above}), *came})
        wanted = sorted(inputs)
        rows = self._fetch(
            period,
            wanted,
            f"{_in('area', units)} AND period = $period AND start >= $low AND start <= $high",
            {
                "period": period,
                "low": periods.shift(period, low, -steps),
                "high": high,
                **_named("area", units),
            },
            "",
        )
        return Table(self, period, {(row.indicator, row.area, row.start): row for row in rows})


class Table:
    """Stored values of one period, and what follows from them for other areas."""

    def __init__(
        self, recaster: Recaster, period: str, stored: Mapping[tuple[str, str, dt.date], Value]
    ) -> None:
        self._recaster = recaster
        self._period = period
        self._stored = stored
        self._known: dict[tuple[str, str, dt.date], Value | None] = {}
        self._formula = Formula(self.value, self._people, recaster._city, period)

    def value(self, indicator: str, area: str, start: dt.date) -> Value | None:
        """The value of an area of the chosen day; None where there is none or none that can be recast."""
        key = (indicator, area, start)
        if key not in self._known:
            self._known[key] = self._made(indicator, area, start)
        return self._known[key]

    def _span(self, start: dt.date) -> tuple[dt.date, dt.date]:
        periods = self._recaster._city.periods
        return day_of(periods.begin(self._period, start)), periods.last_day(self._period, start) + _DAY

    def _people(self, area: str, start: dt.date) -> float | None:
        return self._recaster.outside.people(area, self._span(start))

    def _made(self, indicator: str, area: str, start: dt.date) -> Value | None:
        recaster = self._recaster
        since, until = self._span(start)
        rule = recaster.rule(indicator)
        own = self._stored.get((indicator, area, start))
        if recaster._recast.on <= since and until <= recaster._turn and (own or rule.tree is None):
            return own
        if rule.how == "never":
            return None
        if rule.tree is not None:
            made = self._formula.value(rule.tree, area, start)
            if made is None:
                return None
            value = None if made.value is None else rule.scale * made.value
            return made._replace(indicator=indicator, value=value)
        at_end = rule.how == "stock"
        made = self._without(indicator, area, start, until, rule)
        if made is not None:
            return made
        parts, missing = self._parts(indicator, area, start, (since, until), at_end)
        made = _joined(recaster, rule, area, parts, missing)
        known = recaster.outside.known(area, (since, until), at_end)
        if made is None or not _NEAR < known < 1:
            return made
        return made._replace(expected=round(made.expected / known))

    def _without(self, indicator: str, area: str, start: dt.date, until: dt.date, rule: Rule) -> Value | None:
        """The value of an area less that of what came into it from outside since; None where not known."""
        recaster = self._recaster
        own = self._stored.get((indicator, area, start))
        if own is None or rule.how not in ("sum", "stock", "ratio"):
            return None
        came = recaster.outside.came(area, until)
        levels = recaster._city.indicators[indicator].levels
        if not came or any(recaster._tree[code].level not in levels for code, _ in came):
            return None
        taken = [(self._stored.get((indicator, code, start)), part) for code, part in came]
        less = [Part(value, -part) for value, part in taken if value is not None]
        made = _joined(recaster, rule, area, [Part(own, 1.0), *less], 0)
        if made is None:
            return None
        estimated = any(part < 1 for _, part in came)
        return made._replace(present=own.present, expected=own.expected, estimated=estimated)

    def _parts(
        self, indicator: str, area: str, start: dt.date, span: tuple[dt.date, dt.date], at_end: bool
    ) -> tuple[list[Part], int]:
        """The values of the units that lay in the area, and of how many of them there is none."""
        weights: dict[str, float] = defaultdict(float)
        recaster = self._recaster
        for piece in recaster._recast.of(area):
            unit = recaster._tree[piece.unit]
            first = max(span[0], unit.valid_from or dt.date.min)
            end = min(span[1], unit.valid_to or dt.date.max)
            begun, ended = max(first, piece.since), min(end, piece.until)
            if begun >= ended or (at_end and ended != end):
                continue
            weights[piece.unit] += piece.share * (1.0 if at_end else (ended - begun) / (end - first))
        found = {unit: self._stored.get((indicator, unit, start)) for unit in weights}
        parts = [Part(value, weights[unit]) for unit, value in found.items() if value is not None]
        return parts, len(found) - len(parts)


def _joined(recaster: Recaster, rule: Rule, area: str, parts: list[Part], missing: int) -> Value | None:
    """One value of several, by the rule of their indicator."""
    if not parts:
        return None
    whole = all(part.whole for part in parts)
    if not rule.recasts:
        alone = whole and len(parts) == 1 and not missing
        return parts[0].value._replace(area=area) if alone else None
    if rule.how in ("least", "greatest"):
        if not whole:
            return None
        known = [part.value.value for part in parts if part.value.value is not None]
        best = (min if rule.how == "least" else max)(known) if known else None
        value = numerator = best
        denominator = None
    else:
        numerator = _sum(parts, [part.value.numerator for part in parts])
        denominator = _sum(parts, [part.value.denominator for part in parts])
        value = _sum(parts, [part.value.value for part in parts])
        if rule.how == "ratio":
            value = None if not denominator or numerator is None else rule.scale * numerator / denominator
        else:
            denominator = None
    expected = sum(part.value.expected for part in parts)
    newest = max(parts, key=lambda part: part.value.known_from).value
    return newest._replace(
        area=area,
        level=recaster._tree[area].level,
        value=value,
        numerator=numerator,
        denominator=denominator,
        n=round(math.fsum(part.weight * part.value.n for part in parts)),
        present=sum(part.value.present for part in parts),
        # a unit of which nothing came in counts with as many cells as the largest of the others
        expected=expected + missing * max(part.value.expected for part in parts),
        data_through=min(part.value.data_through for part in parts),
        version=max(part.value.version for part in parts),
        run=max(part.value.run for part in parts),
        estimated=not whole,
    )


def _sum(parts: Sequence[Part], amounts: Sequence[float | None]) -> float | None:
    """The weighted sum of what is known; None where nothing is."""
    known = [(part.weight, a) for part, a in zip(parts, amounts, strict=True) if a is not None]
    return math.fsum(weight * amount for weight, amount in known) if known else None


def _in(column: str, names: Collection[str]) -> str:
    return f"{column} IN ({', '.join(f'${column}{i}' for i in range(len(names))) or 'NULL'})"


def _named(column: str, names: Sequence[str]) -> dict[str, str]:
    return {f"{column}{i}": name for i, name in enumerate(names)}
