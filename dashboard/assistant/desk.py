"""Answers to what an assistant asks: data that says how new it is, how whole and whether it is simulated.

Everything is read within a viewer's scope; there is no way here to change anything. Names are told in every
language of the city, times in the city's zone.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from config import City
from config.models import Area, Indicator, Text
from config.problems import did_you_mean
from dashboard.catalogue import origin
from dashboard.drawing import format as fmt
from dashboard.rules.book import domain_of
from dashboard.standing import feeds_of, is_simulated
from dashboard.warnings.alerts import Alert, alerts_from
from indicators.formula import inputs_of
from warehouse.reader import Reader, Value
from warehouse.scope import Scope
from warehouse.state import State, visible_areas

MOST: Final = 200
"""Entries that one answer holds at most; it says when there are more."""
Told = dict[str, Any]


class UnknownError(ValueError):
    """What was asked for does not exist; the message names what is nearest to it."""


@dataclass(frozen=True)
class Desk:
    """One city for one viewer. ``reading`` opens a snapshot of the warehouse in the viewer's scope."""

    city: City
    scope: Scope
    reading: Callable[[], AbstractContextManager[Reader]]
    state: State
    clock: Callable[[], dt.datetime]

    def list_indicators(self, search: str, domain: str, limit: int) -> Told:
        """Indicators whose names, ids or notes hold every word, of one domain or all."""
        domains = {one.id: one for one in self.city.head.domains}
        if domain and domain not in domains:
            raise _unknown("domain", domain, domains)
        words = plain(search).split()
        found = [
            one
            for one in self.city.indicators.values()
            if (not domain or one.domain == domain)
            and all(word in _words(one, domains[one.domain].name) for word in words)
        ]
        listed = [
            {
                "id": one.id,
                "name": one.name.root,
                "domain": one.domain,
                "unit": self.city.units[one.unit].symbol.root,
                "levels": one.levels,
                "periods": one.periods,
                "simulated": is_simulated(self.city, one),
            }
            for one in found[: _within(limit)]
        ]
        return {
            "indicators": listed,
            "total": len(found),
            "domains": {k: v.name.root for k, v in domains.items()},
        }

    def describe_indicator(self, indicator: str) -> Told:
        """What an indicator is: definition, unit, aims, who answers for it, its feeds, who warns."""
        item = self._indicator(indicator)
        body = item.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        rules = [rule for rule in self.city.rules.values() if rule.indicator == item.id]
        return {
            **body,
            "kind": item.kind,
            "unit": self.city.units[item.unit].symbol.root,
            "made_of": sorted(inputs_of(item)) if item.kind in ("formula", "composite") else [],
            "feeds": [
                {"id": feed.id, "name": feed.name.root, "owner": feed.owner.root, "simulated": feed.simulated}
                for feed in feeds_of(self.city, item)
            ],
            "watched_by": [
                {"rule": rule.id, "name": rule.name.root, "severity": rule.severity} for rule in rules
            ],
            "simulated": is_simulated(self.city, item),
        }

    def get_values(self, indicator: str, area: str, period: str, first: str, last: str, limit: int) -> Told:
        """The values of an indicator in an area, oldest first."""
        item, where = self._indicator(indicator), self._area(area)
        kind = self._period(item, period)
        if where.level not in item.levels:
            raise UnknownError(
                f"{indicator} is not computed by {where.level}; it has {', '.join(item.levels)}"
            )
        begin, end = _day(first, "first"), _day(last, "last")
        with self.reading() as reader:
            found = reader.series([item.id], where.code, kind, _within(limit), end)[item.id]
            kept = [value for value in found if begin is None or str(value.start)[:10] >= str(begin)]
            return {
                **self._about(item, kept),
                "area": _place(where),
                "period": kind,
                "values": [*map(self._value, kept)],
            }

    def compare_areas(
        self, indicator: str, level: str, period: str, start: str, within: str, limit: int
    ) -> Told:
        """An indicator in every area of a level for one period, the best first where there is a best."""
        item = self._indicator(indicator)
        kind = self._period(item, period)
        chosen = level or next((one for one in item.levels if one != self.city.levels[0]), item.levels[0])
        if chosen not in item.levels:
            raise UnknownError(f"{indicator} is not computed by {chosen!r}; it has {', '.join(item.levels)}")
        inside = self._area(within).code if within else None
        day = _day(start, "start")
        at = None if day is None else self.city.periods.start_of(kind, day)
        with self.reading() as reader:
            found = [v for v in reader.ranking(item.id, chosen, kind, at, inside) if v.value is not None]
        enough = [value for value in found if value.n >= item.min_n]
        ordered = sorted(enough, key=lambda v: (v.value or 0.0, v.area), reverse=item.direction != "down")
        few = [value for value in found if value.n < item.min_n]
        return {
            **self._about(item, found),
            "level": chosen,
            "period": kind,
            "order": {"up": "best first", "down": "best first"}.get(item.direction, "largest first"),
            "values": [
                {"place": place, "area": _place(self.city.areas[v.area]), **self._value(v)}
                for place, v in enumerate(ordered[: _within(limit)], start=1)
            ],
            "total": len(ordered),
            "too_few_cases": [_place(self.city.areas[value.area]) for value in few],
        }

    def list_warnings(self, area: str, severity: str, domain: str, with_closed: bool, limit: int) -> Told:
        """Warnings, the gravest and newest first, of an area with all that lies in it."""
        where = self._area(area)
        seen = visible_areas(self.scope, self.city.areas)
        warnings = self.state.warnings(
            areas=seen, open_only=not with_closed, limit=None if not with_closed else 1000
        )
        alerts = [
            one
            for one in alerts_from(self.city, warnings, [], self.clock())
            if where.code in self.city.areas.path(one.area).values()
            and severity in ("", one.severity)
            and domain in ("", self._domain(one))
        ]
        gravity = {"critical": 0, "serious": 1, "watch": 2}
        alerts.sort(key=lambda one: (not one.open, gravity[one.severity], -one.since.timestamp()))
        return {
            "asked_at": self._moment(self.clock()),
            "area": _place(where),
            "total": len(alerts),
            "simulated": any(feed.simulated for feed in self.city.feeds.values()),
            "warnings": [self._alert(one) for one in alerts[: _within(limit)]],
        }

    def list_areas(self, search: str, level: str, within: str, limit: int) -> Told:
        """Administrative units of today by name or code."""
        if level and level not in self.city.levels:
            raise _unknown("level", level, self.city.levels)
        inside = self._area(within).code if within else self.city.areas.root.code
        today = self.clock().astimezone(self.city.zone).date()
        words = plain(search).split()
        found = [
            area
            for one in ([level] if level else self.city.levels)
            for area in self.city.areas.at(one, today)
            if inside in self.city.areas.path(area.code).values()
            and self.scope.sees(self.city.areas, area.code)
            and all(word in plain(f"{area.code} {area.name_vi} {area.name_en}") for word in words)
        ]
        return {
            "total": len(found),
            "areas": [
                {**_place(area), "parent": area.parent, "population": area.population, "km2": area.km2}
                for area in found[: _within(limit)]
            ],
        }

    def explain_value(self, indicator: str, area: str, period: str, start: str) -> Told:
        """How a value came about: formula, parts, what it was computed from, files. No row is told."""
        item, where = self._indicator(indicator), self._area(area)
        try:
            with self.reading() as reader:
                found = origin.follow(
                    self.city, reader, item.id, where.code, self._period(item, period), start or None, 0
                )
        except origin.UnknownError as error:
            raise UnknownError(str(error)) from error
        value = found.value
        return {
            **self._about(item, [value]),
            "area": _place(where),
            "period": value.period,
            **self._value(value),
            "computed_as": found.how,
            "definition_version": value.version,
            "numerator": value.numerator,
            "denominator": value.denominator,
            "made_of": [
                {
                    "indicator": part.indicator,
                    "area": part.area,
                    "start": str(part.start),
                    "value": None if part.value is None else part.value.value,
                }
                for part in found.parts[:MOST]
            ],
            "rows": None if found.rows is None else found.rows.total,
            "files": [
                {"feed": source.feed, "file": source.name, "rows": source.rows, "sha256": source.hash}
                for source in found.sources[: origin.FILES]
            ],
            "files_in_all": len(found.sources),
        }

    # What is told of each

    def _about(self, item: Indicator, values: Sequence[Value]) -> Told:
        """What every answer with figures says first."""
        newest = max((value.data_through for value in values), default=None)
        return {
            "indicator": item.id,
            "name": item.name.root,
            "unit": self.city.units[item.unit].symbol.root,
            "direction": item.direction,
            "asked_at": self._moment(self.clock()),
            "data_through": None if newest is None else self._moment(newest),
            "simulated": is_simulated(self.city, item),
            "source": item.source.root,
        }

    def _value(self, value: Value) -> Told:
        item = self.city.indicators[value.indicator]
        end = self.city.periods.next_start(value.period, value.start)
        through = fmt.local(value.data_through, self.city.zone).replace(tzinfo=None)
        whole = item.kind == "reported" or through.isoformat() >= str(end).replace(" ", "T")
        return {
            "start": str(value.start),
            "value": None if value.n < item.min_n else value.value,
            "n": value.n,
            "coverage": round(value.present / value.expected, 4) if value.expected else None,
            "whole_period": whole,
            "data_through": self._moment(value.data_through),
            "known_from": self._moment(value.known_from),
        } | ({"too_few_cases": True} if value.n < item.min_n else {})

    def _alert(self, one: Alert) -> Told:
        rule = self.city.rules.get(one.rule)
        return {
            "id": one.id,
            "rule": one.rule,
            "name": rule.name.root if rule else None,
            "severity": one.severity,
            "state": one.phase,
            "area": _place(self.city.areas[one.area]),
            "indicator": one.indicator,
            "feed": one.feed,
            "since": self._moment(one.since),
            "closed_at": None if one.closed_at is None else self._moment(one.closed_at),
            "taken_on": one.taken,
            "message": dict(one.message),
            "what_to_do": rule.playbook.root if rule and rule.playbook else None,
        }

    def _domain(self, one: Alert) -> str | None:
        rule = self.city.rules.get(one.rule)
        return None if rule is None else domain_of(self.city, rule)

    def _moment(self, at: dt.datetime) -> str:
        return fmt.local(at, self.city.zone).isoformat(timespec="seconds")

    # What is asked for

    def _indicator(self, name: str) -> Indicator:
        if name not in self.city.indicators:
            raise _unknown("indicator", name, self.city.indicators)
        return self.city.indicators[name]

    def _area(self, code: str) -> Area:
        """An area by its code, or by its name in any language. Raises UnknownError."""
        tree = self.city.areas
        found = tree.root if not code else None
        if found is None and code in tree:
            found = tree[code]
        if found is None:
            named = [a for a in tree.all() if plain(code) in (plain(a.name_vi), plain(a.name_en))]
            standing = [area for area in named if area.valid_to is None]
            if len(standing) != 1:
                raise UnknownError(
                    f"there is no area {code!r}" if not named else f"{code!r} names several areas: "
                    + ", ".join(f"{area.code} ({area.name_vi})" for area in named[:8])
                )  # fmt: skip
            found = standing[0]
        if not self.scope.sees(tree, found.code):
            raise UnknownError(f"there is no area {code!r}")
        return found

    @staticmethod
    def _period(item: Indicator, period: str) -> str:
        if period and period not in item.periods:
            raise UnknownError(f"{item.id} has no values by {period!r}; it has {', '.join(item.periods)}")
        return period or item.periods[0]


def plain(text: str) -> str:
    """Lower case without marks: people and models write Vietnamese with and without them."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return bare.replace("đ", "d")


def _words(item: Indicator, domain: Text) -> str:
    texts = (item.name, item.short, item.note, domain)
    return plain(" ".join([item.id, *(word for text in texts if text for word in text.root.values())]))


def _place(area: Area) -> Told:
    return {"code": area.code, "vi": area.name_vi, "en": area.name_en, "level": area.level}


def _within(limit: int) -> int:
    return max(1, min(limit, MOST))


def _day(text: str, name: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise UnknownError(f"{name}={text!r} is no day; write one such as 2026-01-31") from None


def _unknown(what: str, name: str, known: Iterable[str]) -> UnknownError:
    return UnknownError(f"there is no {what} {name!r} ({did_you_mean(name, known)})")
