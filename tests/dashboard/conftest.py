"""A small city that never ran: a reader with values made up by rule, so that screens can be judged alone."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from config import REFERENCE_CITY, City, load_city
from dashboard.context import ScreenContext, Work
from dashboard.directives.book import DirectiveBook
from dashboard.routes import Route
from dashboard.rules.book import Rulebook
from dashboard.warnings.alerts import Alert
from dashboard.warnings.stories import Story
from indicators.behind import RowsQuery
from indicators.breakdown import Lines, Member
from indicators.lineage import Lineage, Source
from indicators.rules.conditions import Verdict
from indicators.rules.volumes import FeedVolume
from warehouse.deliveries import Arrival
from warehouse.flagged import DriftRecord, FlagCount
from warehouse.ledger import FeedAccount, FeedStatus, Fetch, QuarantinedRow, ReasonCount, RefreshRecord, Run
from warehouse.presence import Presence
from warehouse.quarantine import Asked, Pile, Refused
from warehouse.reader import Reach, Rows, Value
from warehouse.reconciliation import IdentityCount, Outcome
from warehouse.rule_tests import Newest, RuleTest
from warehouse.state import AuditEntry, Event, Maintenance, Silence, State
from warehouse.vintages import Version, Vintage

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
BARE = NOW.replace(tzinfo=None)


@dataclass(frozen=True)
class Flags:
    """Answers like a FlagReader: one of each kind of what was accepted, and of columns that changed."""

    feed: str
    text: str
    absent: bool = False

    def summary(self, _: str | None = None) -> list[FlagCount]:
        if self.absent:
            return []
        kinds = (("col", "range", "flag", 7), ("col", "type", "empty", 8), (None, "volume", "flag", None))
        return [
            FlagCount(self.feed, column, reason, mode, 3, line is None, self.text, line, self.text, BARE)
            for column, reason, mode, line in kinds
        ]

    def drift(self, *_: object) -> list[DriftRecord]:
        if self.absent:
            return []
        changes = (("renamed", self.text), ("missing", None), ("type", "number → text"))
        return [DriftRecord(self.feed, "a.csv", kind, self.text, other, BARE) for kind, other in changes]


@dataclass(frozen=True)
class Tests:
    """Answers like a RuleTestReader: every test is one of the newest."""

    made: Sequence[RuleTest] = ()

    def of(self, rule: str, area: str, since: dt.date, until: dt.date) -> list[RuleTest]:
        mine = [t for t in self.made if (t.rule, t.area) == (rule, area)]
        return [t for t in mine if str(since) <= str(t.start)[:10] <= str(until)[:10]]

    def at(self, rule: str, areas: Sequence[str], start: dt.date) -> dict[str, RuleTest]:
        return {
            t.area: t
            for t in self.made
            if t.rule == rule and t.area in areas and str(t.start)[:10] == str(start)[:10]
        }

    def newest(self) -> Newest:
        told = sum(t.reason == "selected" for t in self.made)
        watched = sorted((t for t in self.made if t.reason == "watch"), key=lambda t: t.p)
        return Newest(len(self.made), told, watched)


@dataclass
class Synthetic:
    """Answers like a Reader. ``fill``: what a value is made of; ``absent``: nothing was ever computed."""

    city: City
    absent: bool = False
    n: int = 5000
    loaded: dt.datetime | None = BARE
    text: str = "plain"
    revised: Sequence[str] = ()
    thinned: dt.date | None = None
    estimated: bool = False
    tests: Sequence[RuleTest] = ()
    recaster: None = None
    day: dt.date = field(default=NOW.astimezone(dt.timezone(dt.timedelta(hours=7))).date())

    def value(self, id_: str, area: str, period: str, start: dt.date) -> Value | None:
        indicator, unit = self.city.indicators[id_], self.city.areas[area]
        if self.absent or unit.level not in indicator.levels or period not in indicator.periods:
            return None
        end = self.city.periods.next_start(period, start)
        amount = 40.0 + (sum(map(ord, id_ + area)) + start.toordinal() * 7) % 55
        clock = end if isinstance(end, dt.datetime) else dt.datetime.combine(end, dt.time())
        through = min(clock - dt.timedelta(hours=7), BARE)
        return Value(
            id_,
            unit.level,
            area,
            period,
            start,
            amount,
            amount,
            100.0,
            self.n,
            3,
            4,
            through,
            BARE,
            1,
            1,
            self.estimated,
        )

    def series(
        self, ids: Sequence[str], area: str, period: str, count: int, until: dt.date | None = None
    ) -> dict[str, list[Value]]:
        first = self.city.periods.start_of(period, until or self.day)
        starts = [self.city.periods.shift(period, first, k) for k in range(1 - count, 1)]
        return {i: [v for s in starts if (v := self.value(i, area, period, s))] for i in ids}

    def latest(
        self, ids: Sequence[str], area: str, period: str, day: dt.date | None = None
    ) -> dict[str, Value]:
        return {i: values[-1] for i, values in self.series(ids, area, period, 1, day).items() if values}

    def matrix(
        self,
        ids: Sequence[str],
        level: str,
        period: str,
        start: dt.date | None = None,
        within: str | None = None,
    ) -> dict[str, dict[str, Value]]:
        at = start or self.city.periods.start_of(period, self.day)
        areas = [a.code for a in self.city.areas.at(level, at)]
        inside = [c for c in areas if within is None or within in self.city.areas.path(c).values()]
        table = {c: {i: v for i in ids if (v := self.value(i, c, period, at))} for c in inside}
        return {code: row for code, row in table.items() if row}

    def ranking(self, id_: str, *given: Any, **named: Any) -> list[Value]:
        return [row[id_] for row in self.matrix([id_], *given, **named).values()]

    @property
    def identities(self) -> Synthetic:
        return self

    @property
    def rule_tests(self) -> Tests:
        return Tests(self.tests)

    def counts(self) -> dict[str, IdentityCount]:
        """The first identity is broken, the second one holds, the others could not be checked."""
        if self.absent:
            return {}
        ids = list(self.city.identities)
        root = self.city.areas.root
        worst = Outcome(
            ids[0], root.level, root.code, "year", self.day, 740.0, 600.0, 140.0, 0.0, False, BARE, BARE
        )
        return {
            ids[0]: IdentityCount(ids[0], 3, 2, 1, worst),
            ids[1]: IdentityCount(ids[1], 12, 0, 0, None),
            ids[2]: IdentityCount(ids[2], 0, 0, 7, None),
        }

    def broken(self, identity: str, limit: int) -> list[Outcome]:
        """The first identity is broken in two years, of which one has lost a figure since."""
        if self.absent or identity != next(iter(self.city.identities)):
            return []
        worst = self.counts()[identity].worst
        assert worst is not None
        lost = replace(worst, start=dt.date(2024, 1, 1), left=None, gap=None, holds=None)
        return [worst, lost][:limit]

    def at(self, *asked: Any) -> dict[Any, Any]:
        """Values at keys, as a reader tells them; what identities were found to be, where these are asked."""
        if len(asked) == 2:
            period, keys = asked
            found = {key: self.value(key[0], key[1], period, key[2]) for key in keys}
            return {key: value for key, value in found.items() if value is not None}
        identities, area, period, start = asked
        if self.absent:
            return {}
        level = self.city.areas[area].level
        return {
            id_: Outcome(id_, level, area, period, start, 740.0, 600.0, 140.0, 0.0, False, BARE, BARE)
            for id_ in identities[:1]
        }

    def feeds(self) -> dict[str, FeedStatus]:
        return {f: FeedStatus(f, BARE, 1, self.loaded, 1000) for f in self.city.feeds} if self.loaded else {}

    def presences(self) -> dict[tuple[str, str, str], Presence]:
        """Every figure that is defined."""
        found = self.city.indicators.values()
        keys = [(i.id, level, period) for i in found for level in i.levels for period in i.periods]
        return {} if self.absent else dict.fromkeys(keys, Presence(True, 1e9))

    def members(self, *_: object) -> int:
        return 0 if self.absent else 999

    def versions(self, id_: str) -> list[Version]:
        bodies = [{"measure": "count(*)"}, {"measure": "sum(n)"}][: 2 if id_ in self.revised else 1]
        return [Version(id_, k, BARE - dt.timedelta(days=90 - 30 * k), b) for k, b in enumerate(bodies, 1)]

    def vintages(self, id_: str, *_: object) -> list[Vintage]:
        then = BARE - dt.timedelta(days=3)
        old = Vintage(7.0, None, None, 9, 3, 4, then, then, 1, 1, then, BARE)
        new = Vintage(9.0, None, None, 9, 3, 4, BARE, BARE, 1, 2, BARE, None)
        return [new, old] if id_ in self.revised else [new]

    def open_reach(self, ids: Sequence[str]) -> dict[str, Reach]:
        return {} if self.absent else dict.fromkeys(ids, Reach(BARE, BARE, BARE, BARE))

    def accounts(self) -> dict[str, FeedAccount]:
        return {} if self.absent else {f: FeedAccount(f, 3, 1, 100, 80, 10, 6, 3, 1) for f in self.city.feeds}

    def arrivals(self) -> dict[str, list[Arrival]]:
        """Every feed came once, a year and a half ago."""
        at = NOW - dt.timedelta(days=550)
        return {} if self.absent else {f: [Arrival(at, at, 9, 9)] for f in self.city.feeds}

    def fetches(self, feed: str, *_: object) -> list[Fetch]:
        """One that failed in passing, a span of the past, and looks that found nothing."""
        if self.absent:
            return []
        again = BARE + dt.timedelta(minutes=4)
        return [
            Fetch(3, feed, BARE, BARE, "passing", 2, 1, 0, None, None, self.text, "hint", again),
            Fetch(2, feed, BARE, BARE, "done", 1, 1, 4, BARE, BARE, None, None, None),
            Fetch(1, feed, BARE, None, "unchanged", 1, 7, 0, None, None, None, None, None),
        ]

    def runs(self, *_: object) -> list[Run]:
        run = Run(
            1,
            next(iter(self.city.feeds)),
            "h",
            "a.csv",
            BARE,
            BARE,
            "failed",
            9,
            5,
            1,
            1,
            1,
            1,
            self.text,
            "hint",
        )
        return [] if self.absent else [run]

    def quarantined(self, *_: object) -> list[QuarantinedRow]:
        first = next(iter(self.city.feeds))
        row = QuarantinedRow(1, first, "a.csv", 7, "col", "reason", self.text, self.text, BARE)
        return [] if self.absent else [row]

    def quarantine_summary(self) -> list[ReasonCount]:
        return [] if self.absent else [ReasonCount(next(iter(self.city.feeds)), "col", self.text, 4, BARE)]

    @property
    def quarantine(self) -> Any:
        """Answers like a QuarantineReader: one row of each state, the first with a wrong cell."""
        synthetic = self

        class Quarantine:
            def rows(self, asked: Asked, limit: int | None = None, _: int = 0) -> list[Refused]:
                column = synthetic.city.feeds[asked.feed].columns[0]
                problem: dict[str, str | None] = dict.fromkeys(("value", "detail"), synthetic.text)
                problem |= {"column": column.name, "reason": "type"}
                raw = json.dumps({column.source or column.name: synthetic.text, "ghi chú": None})
                what: dict[str, Any] = {"detail": synthetic.text, "raw": raw, "edited": None, "at": BARE}
                what |= {"mended_by": None, "deed": None} | ({} if asked.state == "waiting" else {"deed": 3})
                where: dict[str, Any] = {"run": 1, "feed": asked.feed, "file": "a.csv", "line": 7}
                row = Refused(
                    id=5, column=column.name, reason="type", problems=[problem],
                    state=asked.state or "waiting", **where, **what,
                )  # fmt: skip
                line = replace(row, id=6, column=None, reason="malformed", raw=synthetic.text, problems=[])
                found = [] if synthetic.absent else [row, line]
                return [row for row in found if not asked.ids or row.id in asked.ids][:limit]

            def count(self, asked: Asked) -> int:
                return 45 if self.rows(asked) else 0

            def piles(self, asked: Asked, *_: object) -> list[Pile]:
                return [Pile(row.column, row.reason, row.file, 4) for row in self.rows(asked)]

        return Quarantine()

    @property
    def flags(self) -> Flags:
        return Flags(next(iter(self.city.feeds)), self.text, self.absent)

    def refreshes(self, *_: object) -> list[RefreshRecord]:
        return [] if self.absent else [RefreshRecord(1, BARE, BARE, "full", 60, 1000, 1.5, None)]


def parted(city: City, id_: str, dimension: str, starts: Sequence[dt.date]) -> Lines:
    """Members of a dimension: two that have a name, what names none, and the others."""
    feed = city.datasets[city.indicators[id_].dataset]  # type: ignore[union-attr]
    column = next(column for column in feed.columns if column.name == dimension)
    names = [*map(str, list(column.values or ("a", "b"))[:2]), None, None]
    keys = [(name, place == 3) for place, name in enumerate(names)]
    return {
        key: [Member(*key, start, 40.0 - place, 40.0, 100.0, 100) for start in starts]
        for place, key in enumerate(keys)
    }


def made_of(value: Value, rows: Rows) -> Lineage:
    """A lineage of some rows."""
    version = Version(value.indicator, 1, BARE, {"id": value.indicator})
    source = Source("none", "a.csv", 1, "f00d" * 16, "/landing/f0", BARE, rows.total)
    query = RowsQuery("d", "TRUE", value.area, rows.columns, "1")
    return Lineage(value, version, "count(*)", (), query, rows, (source,), 1, 1)


@pytest.fixture(scope="session")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture
def alert(city: City) -> Callable[..., Alert]:
    """Make a warning of the first rule that watches an indicator."""

    def make(**given: Any) -> Alert:
        rule = next(r for r in city.rules.values() if r.indicator)
        words = {"vi": "Nội dung cảnh báo", "en": "Text of the warning"}
        defaults: dict[str, Any] = {
            "id": 1, "rule": rule.id, "severity": "serious", "phase": "firing", "area": city.areas.root.code,
            "indicator": rule.indicator, "feed": None, "period": rule.period, "closed_at": None,
            "since": NOW - dt.timedelta(hours=3), "message": words, "taken_at": None,
        }  # fmt: skip
        return Alert(**defaults | given)

    return make


def came(first: dt.date, last: dt.date) -> FeedVolume:
    """A feed of a hundred rows a day that has been silent for two days; its rule is sure of all before."""
    days = tuple(first + i * dt.timedelta(days=1) for i in range((last - first).days + 1))
    rows = np.array([[100.0 + 7 * (day.day % 5) for day in days[:-2]] + [np.nan] * 2])
    usual = np.full(rows.shape, 110.0)
    verdict = Verdict(rows > 999, rows < 999, rows, usual + 40, None, usual, usual / 1000)
    return FeedVolume(days, rows, 0, verdict)


@pytest.fixture(scope="session")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """People's state in which nobody has done anything, for reading alone."""
    state = State.open(f"sqlite:///{tmp_path_factory.mktemp('nobody')}/people.sqlite")
    yield state
    state.close()


@pytest.fixture
def context(city: City, nobody: State) -> Callable[..., ScreenContext]:
    """A context over the synthetic reader."""

    def make(
        kind: str = "area",
        target: str = "",
        lang: str = "vi",
        params: Mapping[str, str] | None = None,
        alerts: Sequence[Alert] = (),
        rows: Rows | None = None,
        as_of: dt.datetime | None = None,
        story: Story | None = None,
        quiet: Sequence[Silence | Maintenance] = (),
        deeds: Sequence[AuditEntry] = (),
        book: Rulebook | None = None,
        directives: DirectiveBook | None = None,
        work: Work | None = None,
        **reader: Any,
    ) -> ScreenContext:
        return ScreenContext(
            city=city,
            reader=Synthetic(city, **reader),  # type: ignore[arg-type]
            alerts=alerts,
            history=lambda _: [Event(NOW, "Trần Thị Hạnh", "acknowledge", "đã gọi quận")],
            story=lambda number: story if story is not None and story.warning.id == number else None,
            rulebook=book or Rulebook(city, nobody, None, NOW),
            directives=directives or DirectiveBook(city, nobody.directives, None, NOW),
            lineage=lambda value, _: None if rows is None else made_of(value, rows),
            members=lambda id_, dimension, _area, _period, starts, **_: parted(city, id_, dimension, starts),
            volume=lambda _rule, first, last, _side: came(first, last),
            route=Route(lang, kind, target or city.areas.root.code, params or {}),  # type: ignore[arg-type]
            now=as_of or NOW,
            version="1.1",
            as_of=as_of,
            quiet=quiet,
            deeds=lambda: deeds,
            work=work or Work(),
        )

    return make
