"""Whether each row of what a city is reported to run is served: its needs against definitions and figures."""

from __future__ import annotations

import datetime as dt
import math
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config import City
from config.models import (
    AreaScreen,
    Chosen,
    Deadline,
    DomainScreen,
    Feed,
    Need,
    NeedAddresses,
    NeedAreas,
    NeedCommands,
    NeedCount,
    NeedFeeds,
    NeedFigures,
    NeedIdentities,
    NeedIndicators,
    NeedMembers,
    NeedRules,
    NeedScreens,
    NeedTargets,
    Rule,
    System,
)
from dashboard.catalogue.evidence import Evidence
from dashboard.i18n import Words
from dashboard.routes import ScreenKind
from dashboard.standing import feeds_of

_HOUR: typing.Final = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Gap:
    """Something that is missing: a word of group ``gap`` with what it is about."""

    word: str
    about: str = ""
    have: float | None = None
    least: float | None = None

    def told(self, words: Words, number: Callable[[float], str]) -> str:
        """The gap as a sentence; ``number`` writes an amount in the language of the ``words``."""
        have, least = ("" if n is None else number(n) for n in (self.have, self.least))
        return words(f"gap.{self.word}", about=self.about, have=have, least=least)


@dataclass(frozen=True)
class Row:
    """A row of the systems: ``gaps`` of each of its needs, in their order, and what serves it."""

    system: System
    gaps: tuple[tuple[Gap, ...], ...]
    indicators: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def missing(self) -> list[Gap]:
        """Everything that is missing."""
        return [gap for gaps in self.gaps for gap in gaps]

    @property
    def served(self) -> bool:
        """Whether everything that it needs is there; what needs nothing is not served."""
        return bool(self.gaps) and not self.missing


def coverage(evidence: Evidence) -> list[Row]:
    """Every row in the order of its number."""
    city = evidence.city
    return [
        Row(
            system,
            tuple(tuple(_Judge(evidence, system).gaps(need)) for need in system.needs),
            tuple(i.id for i in city.indicators.values() if system.id in i.serves),
            tuple(r.id for r in city.rules.values() if system.id in r.serves),
        )
        for system in sorted(city.systems.values(), key=lambda one: one.row)
    ]


@dataclass(frozen=True)
class _Judge:
    """Holds the needs of one row against the evidence."""

    evidence: Evidence
    system: System

    @property
    def city(self) -> City:
        return self.evidence.city

    def gaps(self, need: Need) -> Iterator[Gap]:
        """What is missing of one need."""
        match need:
            case NeedIndicators():
                yield from self._enough(need, self._indicators(need), self._indicator)
            case NeedRules():
                yield from self._enough(need, self._served(self.city.rules), self._rule)
            case NeedFeeds():
                yield from self._enough(need, self._feeds(), lambda _, id_: self._feed(id_))
            case NeedFigures():
                yield from self._figures(need)
            case NeedCount():
                yield from _at_least("count", need.of, self._counted(need), need.least)
            case NeedAreas():
                yield from _at_least("areas", need.level, len(self._areas(need.level)), need.least)
            case NeedScreens():
                yield from self._screens(need)
            case NeedIdentities():
                for id_ in need.ids:
                    yield from self._identity(id_, need.broken)
            case NeedTargets():
                yield from self._targets(need)
            case NeedMembers():
                yield from self._members(need)
            case NeedAddresses():
                yield from (Gap("address", path) for path in need.paths if not self.evidence.answers(path))
            case NeedCommands():
                names = self.evidence.commands
                yield from (Gap("command", name) for name in need.names if name not in names)

    def _enough(
        self, need: Chosen, serving: Sequence[str], judge: Callable[[Chosen, str], Iterator[Gap]]
    ) -> Iterator[Gap]:
        """The gaps of what is chosen, unless so many as are asked for have none."""
        chosen = need.ids or serving
        found = {id_: list(judge(need, id_)) for id_ in chosen}
        whole = sum(not gaps for gaps in found.values())
        least = need.at_least or max(1, len(chosen))
        if whole >= least:
            return
        if not need.ids:
            yield Gap(f"few_{need.type}", have=whole, least=least)  # type: ignore[attr-defined]
        for gaps in found.values():
            yield from gaps

    def _served(self, definitions: Mapping[str, typing.Any]) -> list[str]:
        return [id_ for id_, one in definitions.items() if self.system.id in one.serves]

    def _indicators(self, need: NeedIndicators) -> list[str]:
        if need.serving:
            return self._served(self.city.indicators)
        domains = {d.id for d in self.city.head.domains if need.group is not None and d.group == need.group}
        domains |= {need.domain} if need.domain is not None else set()
        return [i.id for i in self.city.indicators.values() if i.domain in domains]

    def _feeds(self) -> list[str]:
        found: dict[str, Feed] = {}
        for id_ in self._served(self.city.indicators):
            found.update({feed.id: feed for feed in feeds_of(self.city, self.city.indicators[id_])})
        return list(found)

    def _indicator(self, need: Chosen, id_: str) -> Iterator[Gap]:
        assert isinstance(need, NeedIndicators)
        indicator = self.city.indicators.get(id_)
        if indicator is None:
            yield Gap("indicator", id_)
            return
        root = self.city.levels[0]
        for level in need.levels or (root if root in indicator.levels else indicator.levels[0],):
            if level not in indicator.levels or (
                need.period is not None and need.period not in indicator.periods
            ):
                yield Gap("level", f"{id_} · {level}")
                continue
            if self.evidence.figures is None or not need.computed:
                continue
            periods = (need.period,) if need.period is not None else indicator.periods
            values = self.evidence.figures.values
            found = [values[id_, level, p] for p in periods if (id_, level, p) in values]
            if not found:
                yield Gap("value", f"{id_} · {level}")
            elif need.parts and not any(one.parts for one in found):
                yield Gap("parts", id_)
            elif need.least is not None and level == root and found[-1].newest < need.least:
                yield Gap("low", id_, found[-1].newest, need.least)

    def _figures(self, need: NeedFigures) -> Iterator[Gap]:
        root = self.city.levels[0]
        for id_, named in need.values.items():
            indicator = self.city.indicators.get(id_)
            if indicator is None:
                yield Gap("indicator", id_)
            elif root not in indicator.levels or need.period not in indicator.periods:
                yield Gap("level", f"{id_} · {root}")
            elif (figures := self.evidence.figures) is not None:
                if need.start is not None:
                    found = figures.moments.get((id_, need.period, need.start))
                else:
                    present = figures.values.get((id_, root, need.period))
                    found = None if present is None else present.newest
                if found is None:
                    yield Gap("value", f"{id_} · {need.start or need.period}")
                elif not math.isclose(found, named, rel_tol=1e-9):
                    yield Gap("differs", id_, found, named)

    def _rule(self, need: Chosen, id_: str) -> Iterator[Gap]:
        assert isinstance(need, NeedRules)
        rule = self.city.rules.get(id_)
        if rule is None:
            yield Gap("rule", id_)
        elif self._idle(rule):
            yield Gap("idle", id_)
        elif need.notice is not None and not (
            isinstance(rule.when, Deadline) and rule.when.working and rule.when.within == need.notice
        ):
            yield Gap("notice", id_, least=need.notice / _HOUR)

    def _idle(self, rule: Rule) -> bool:
        """Whether there is nothing that a rule could judge."""
        if self.evidence.figures is None or rule.indicator is None:
            return False
        return (rule.indicator, rule.level, rule.period) not in self.evidence.figures.values

    def _feed(self, id_: str) -> Iterator[Gap]:
        if id_ not in self.city.feeds:
            yield Gap("feed", id_)
        elif self.evidence.figures is not None:
            status = self.evidence.figures.feeds.get(id_)
            if status is None or not status.rows:
                yield Gap("rows", id_)

    def _counted(self, need: NeedCount) -> int:
        city, programmes = self.city, self.city.programmes.values()
        figures = self.evidence.figures
        match need.of:
            case "indicators" if figures is not None:
                return len({id_ for id_, _, _ in figures.values} & city.indicators.keys())
            case "rules":
                return sum(not self._idle(rule) for rule in city.rules.values())
            case "domains" | "groups":
                return len(getattr(city.head, need.of))
            case "criteria" | "milestones":
                return max((len(getattr(one, need.of)) for one in programmes), default=0)
            case "tasks":
                return max((sum(len(c.tasks) for c in one.criteria) for one in programmes), default=0)
            case _:
                return len(getattr(city, need.of))

    def _areas(self, level: str) -> list[str]:
        return [area.code for area in self.city.areas.at(level) if area.valid_to is None]

    def _screens(self, need: NeedScreens) -> Iterator[Gap]:
        screens = self.city.screens.values()
        drawn = {s.domain for s in screens if isinstance(s, DomainScreen)}
        levels = {s.level for s in screens if isinstance(s, AreaScreen)}
        known = typing.get_args(ScreenKind)
        own = {"area", "domain", "wall"} - {s.kind for s in screens}  # what a city must define first
        yield from (Gap("screen", kind) for kind in need.kinds if kind not in known or kind in own)
        yield from (Gap("domain_screen", domain) for domain in need.domains if domain not in drawn)
        yield from (Gap("level_screen", level) for level in need.levels if level not in levels)

    def _identity(self, id_: str, broken: bool) -> Iterator[Gap]:
        if id_ not in self.city.identities:
            yield Gap("identity", id_)
            return
        if self.evidence.figures is None:
            return
        count = self.evidence.figures.identities.get(id_)
        if count is None or not count.checked:
            yield Gap("unchecked", id_)
        elif bool(count.broken) != broken:
            yield Gap("whole" if broken else "broken", id_)

    def _targets(self, need: NeedTargets) -> Iterator[Gap]:
        for id_ in need.ids:
            indicator = self.city.indicators.get(id_)
            if indicator is None:
                yield Gap("indicator", id_)
                continue
            held = {
                target.value
                for target in indicator.targets
                if need.kind in (None, target.kind) and need.date in (None, target.date)
            }
            if not held:
                yield Gap("target", id_)
            for value in (one for one in need.values if held and one not in held):
                yield Gap("target_value", id_, least=value)

    def _members(self, need: NeedMembers) -> Iterator[Gap]:
        feed = self.city.datasets.get(need.dataset)
        column = next((c for c in feed.columns if c.name == need.column), None) if feed else None
        name = f"{need.dataset}.{need.column}"
        if column is None:
            yield Gap("column", name)
        elif self.evidence.figures is not None:
            found = self.evidence.figures.members.get((need.dataset, need.column), 0)
            yield from _at_least("members", name, found, need.least)


def _at_least(word: str, about: str, have: int, least: int) -> Iterator[Gap]:
    if have < least:
        yield Gap(word, about, have, least)
