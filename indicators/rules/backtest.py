"""What a rule would have told, had it been there: a replay on the values as they were known at the time.

Each moment at which something of the rule's indicator was stored is an evaluation on exactly what was known
then. From before the first of them no vintages are left: that stretch is replayed on what was known first,
period by period, since no condition looks ahead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from config import City
from config.models import Rule
from config.periods import moment_of
from indicators.rules.budget import Stored
from indicators.rules.grid import Grid, Group, Span, grids_of
from indicators.rules.judging import Judging, merged
from indicators.rules.sightings import micros
from indicators.rules.sitting import Sitting
from indicators.rules.watch import Watch
from warehouse.rule_progress import News
from warehouse.rule_tests import made_at
from warehouse.state import Episode, NewLevel, SeriesKey, SeriesState, Transition
from warehouse.store import Cursor, Store
from warehouse.vintages import every_vintage

_WEEK: Final = dt.timedelta(days=7)


_TOLD: Final = {"id", "name", "inhibited_by", "notify", "message", "playbook", "public"}
"""The fields of a rule that say how and to whom it tells; all others decide what."""


def definition_of(rule: Rule) -> dict[str, Any]:
    """What a backtest of the rule is a backtest of, as JSON: another definition has to be tried anew."""
    return rule.model_dump(mode="json", exclude=_TOLD, exclude_defaults=True)


@dataclass(frozen=True)
class Backtest:
    """A replay of one rule over [begin, end).

    ``warnings`` in the order in which they would have opened; ``known_since``: from when on values were taken
    as known at the time (UTC), before it as known first; ``tests`` that statistical conditions made.
    """

    rule: Rule
    begin: dt.date
    end: dt.date
    transitions: tuple[Transition, ...]
    warnings: tuple[Episode, ...]
    series: int
    tests: int
    known_since: dt.datetime | None

    @property
    def a_week(self) -> float:
        """Warnings a week that the desk would have had."""
        return len(self.warnings) * _WEEK / max(self.end - self.begin, dt.timedelta(days=1))


def backtest(
    city: City,
    store: Store,
    rule: Rule,
    begin: dt.date,
    end: dt.date,
    now: dt.datetime,
    levels: Sequence[NewLevel] = (),
) -> Backtest:
    """Replay ``rule`` over the days [begin, end), as far as ``now``, with the shifts that people confirmed.

    Raises ValueError for a rule that does not watch an indicator, or a span that is empty.
    """
    if rule.indicator is None:
        raise ValueError(f"rule {rule.id} does not watch an indicator: it looks at the present moment alone")
    until = min(dt.datetime.combine(end, dt.time(), city.zone), now.astimezone(city.zone))
    if dt.datetime.combine(begin, dt.time(), city.zone) >= until:
        raise ValueError(f"there is nothing between {begin} and {until:%Y-%m-%d}")
    alone = replace(city, rules=MappingProxyType({rule.id: rule}))
    with store.read() as cursor, threadpool_limits(limits=1, user_api="blas"):
        past = Past.of(city, cursor, Watch.of(city, rule, begin, levels), until)
        return _Replay(alone, rule, begin, levels).over(past, until)


@dataclass
class _Replay:
    city: City
    rule: Rule
    begin: dt.date
    levels: Sequence[NewLevel]
    series: dict[SeriesKey, SeriesState] = field(default_factory=dict)
    standing: dict[SeriesKey, Episode] = field(default_factory=dict)
    warnings: dict[int, Episode] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    tests: int = 0

    def over(self, past: Past, until: dt.datetime) -> Backtest:
        known: np.datetime64 | None = None
        clocked = self.rule.no_data is not None or self.rule.settle is not None
        for at, now in past.moments(until, every=clocked or self.rule.partial):
            if known is not None and clocked:
                # A live run never sleeps: by now it has missed what was due and judged what settled.
                self._sit(past.at(known), now)
            self._sit(past.at(at), now)
            known = at
        return Backtest(
            self.rule,
            self.begin,
            (until + dt.timedelta(days=1)).date() if until.time() != dt.time() else until.date(),
            tuple(sorted(self.transitions, key=lambda one: one.at)),
            tuple(sorted(self.warnings.values(), key=lambda one: one.opened_at)),
            len(self.series),
            self.tests,
            past.first,
        )

    def _sit(self, source: Past, now: dt.datetime) -> None:
        sitting = Sitting(self.city, self.series, self.standing, now)
        made = Judging(sitting, source, self.begin, self.levels, drawn=False).run({})
        found = sitting.desk.finish()
        self.series |= found.series
        self.transitions += sitting.desk.transitions
        for episode in found.episodes:
            self.warnings[id(episode)] = episode
        self.standing = {
            key: one for key, one in self._open(found.episodes).items() if one.resolved_at is None
        }
        self.tests += len(made.get("p", ()))

    def _open(self, touched: Sequence[Episode]) -> dict[SeriesKey, Episode]:
        return self.standing | {(one.rule, one.area): one for one in touched}


@dataclass
class Past:
    """Every vintage of a rule's values, and of them what was known at one moment."""

    city: City
    cursor: Cursor
    rule: str
    groups: Sequence[Group]
    columns: Mapping[str, NDArray[Any]]
    published: bool
    since: np.datetime64 | None = None
    as_of: np.datetime64 | None = None

    @classmethod
    def of(cls, city: City, cursor: Cursor, watches: Sequence[Watch], until: dt.datetime) -> Past:
        """All that ``watches`` may need up to ``until``."""
        groups = [watch.group for watch in watches]
        spans = merged([span for watch in watches for span in watch.spans(watch.earliest(until), until)])
        columns = every_vintage(
            cursor, groups[0].indicator, groups[0].period, [group.level for group in groups], spans
        )
        return cls(city, cursor, watches[0].rule.id, groups, columns, watches[0].published)

    @property
    def first(self) -> dt.datetime | None:
        """When the first value was stored (UTC); None while there is none."""
        stored = self.columns["stored_at"]
        return stored.min().astype(object).replace(tzinfo=dt.UTC) if len(stored) else None

    def moments(self, until: dt.datetime, *, every: bool) -> list[tuple[np.datetime64, dt.datetime]]:
        """When to evaluate, and on what was known when: first at the end of what has no vintages.

        Unless it is to be ``every`` one, those are passed over that brought nothing but the periods that
        follow on all that was known, if so did the next: what comes in turn is judged alike together.
        """
        if self.first is None:
            return []
        stops = np.unique(self.columns["stored_at"])
        end = np.datetime64(until.astimezone(dt.UTC).replace(tzinfo=None), "us")
        zone = self.city.zone
        # Nothing may be judged by a clock that is behind what was known first.
        told = stops[stops <= end] if stops[0] <= end else stops[:1]
        follows = np.append(self._follows(told), True)
        kept = told[~(follows[:-1] & follows[1:]) | every]
        moments = [
            (at, at.astype(object).replace(tzinfo=dt.UTC).astimezone(zone)) for at in kept if at <= end
        ]
        return [*moments, (told[-1], until)]

    def _follows(self, stops: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of the moments brought nothing but later periods than any that was whole before."""
        starts, place = np.unique(self.columns["start"], return_inverse=True)
        came = np.searchsorted(stops, self.columns["stored_at"])
        until = self.columns["known_until"]
        went = np.where(np.isnat(until), len(stops), np.searchsorted(stops, until))
        newest = np.full(len(stops) + 1, -1)
        whole = self._whole(starts, place)
        np.maximum.at(newest, came[whole], place[whole])
        touched = np.full(len(stops) + 1, len(starts))
        np.minimum.at(touched, came, place)
        np.minimum.at(touched, went, place)
        before = np.append(-1, np.maximum.accumulate(newest)[: len(stops) - 1])
        follows: NDArray[np.bool_] = touched[: len(stops)] > before
        return follows

    def _whole(self, starts: NDArray[Any], place: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which rows hold a whole period, or one that may be judged as such."""
        period, periods = self.groups[0].period, self.city.periods
        named = starts.astype("datetime64[us]" if periods.timed(period) else "datetime64[D]").tolist()
        ends = np.array([micros(moment_of(periods.next_start(period, at), self.city.zone)) for at in named])
        whole: NDArray[np.bool_] = (self.columns["through"] >= ends[place]) | self.published
        return whole

    def at(self, as_of: np.datetime64) -> Past:
        """What was known at ``as_of``; news are what was stored since the last time this was asked."""
        found = replace(self, since=self.as_of, as_of=as_of)
        self.as_of = as_of
        return found

    def grids(self, wanted: Mapping[Group, Sequence[Span]]) -> dict[Group, Grid]:
        """As `Source`."""
        keep = self._known()
        within = np.zeros(len(keep), dtype=bool)
        for group, spans in wanted.items():
            mine = self.columns["g"] == self.groups.index(group)
            for low, high in spans:
                start = self.columns["start"]
                within |= mine & (start >= np.datetime64(low, "us")) & (start < np.datetime64(high, "us"))
        rows = {name: column[keep & within] for name, column in self.columns.items()}
        return grids_of(rows, self.groups, self.city.periods)

    def news(self, rule: Rule) -> Mapping[Group, News] | None:
        """As `Source`."""
        del rule
        if self.since is None:
            return None
        known = self._known()
        out: dict[Group, News] = {}
        for place, group in enumerate(self.groups):
            mine = known & (self.columns["g"] == place)
            stored = mine & (self.columns["stored_at"] > self.since)
            revised = mine & (self.columns["known_from"] > self.since)
            out[group] = News(self._firsts(stored), self._firsts(revised))
        return out

    def made_at(self, moments: Sequence[dt.datetime]) -> Stored:
        """As `Source`: what other rules tested at these moments shares their budget."""
        found = made_at(self.cursor, moments)
        other = found["rule"] != self.rule
        return {name: column[other] for name, column in found.items()}

    def _known(self) -> NDArray[np.bool_]:
        stored, until = self.columns["stored_at"], self.columns["known_until"]
        known: NDArray[np.bool_] = (stored <= self.as_of) & (np.isnat(until) | (until > self.as_of))
        return known

    def _firsts(self, rows: NDArray[np.bool_]) -> dict[str, dt.datetime]:
        areas, starts = self.columns["area"][rows], self.columns["start"][rows]
        order = np.argsort(starts, kind="stable")
        names, first = np.unique(areas[order].astype(str), return_index=True)
        return dict(zip(names.tolist(), starts[order][first].astype(object).tolist(), strict=True))
