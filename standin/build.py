"""Bring the inbox up to a moment: everything that the departments have to tell and no file tells yet."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config import City
from config.models import Feed
from standin.drivers import Drivers
from standin.errors import StandinError
from standin.files import write
from standin.incidents import Timetable
from standin.models import (
    Cases,
    Dossiers,
    Events,
    ProgrammeWork,
    Published,
    Registry,
    Roster,
    Sensors,
    Tickets,
)
from standin.plan import Span, covered, file_name, gaps, spans
from standin.reading import read_standin
from standin.sources.base import Generator, World
from standin.sources.cases import CaseSource
from standin.sources.dossiers import DossierSource
from standin.sources.events import EventSource
from standin.sources.panel import PanelSource
from standin.sources.programme import programme_source
from standin.sources.published import PublishedSource
from standin.sources.registry import RegistrySource
from standin.sources.roster import Book, RosterSource, book
from standin.sources.sensors import SensorSource
from standin.sources.tickets import TicketSource
from standin.timeline import DAY, Workdays, day_number, local_seconds, month_of, month_start

Progress = Callable[[str, int, int], None]
"""Told the feed, the files done and the files planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The files that one source still owes, and where its history begins."""

    since: int
    spans: list[Span]


@dataclass
class Report:
    """What was written."""

    files: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, feed: str, rows: int) -> None:
        """Count one file."""
        self.files[feed] = self.files.get(feed, 0) + 1
        self.rows[feed] = self.rows.get(feed, 0) + rows


class Departments:
    """The departments of one city with their post; their only memory is the files and the truth file."""

    def __init__(self, city: City, out: Path, truth: Path, seed: int, scale: float) -> None:
        self.city, self.out, self.truth, self.seed, self.scale = city, out, truth, seed, scale
        if truth.resolve().is_relative_to(out.resolve()):
            raise StandinError(
                f"{truth} lies in the inbox, which the pipeline reads; give --truth another place"
            )
        self.spec = read_standin(city.path)
        strangers = sorted(set(self.spec.sources) - set(city.feeds))
        if strangers:
            raise StandinError(f"standin.yaml names feeds that the city lacks: {', '.join(strangers)}")
        self._refuse_other_run()
        first, last = self.spec.drift
        self.world = World(
            folder=city.path,
            tree=city.areas,
            workdays=Workdays(city.head.calendar),
            timetable=Timetable(self.spec.incidents, city.areas, seed),
            seed=seed,
            scale=scale,
            drift=(day_number(first), day_number(last)),
            drivers=Drivers(self.spec.drivers, self._stations),
            rosters=self._roster,
        )
        self._books: dict[str, Book] = {}
        self._generators = {name: self._generator(name) for name in self.spec.sources}

    def deliver(self, now: dt.datetime, *, live: bool = False, progress: Progress | None = None) -> Report:
        """Write what is due at ``now`` and missing; ``live`` also the small drops of a demonstration."""
        until = local_seconds(now, self.city.zone)
        plans = {name: self._plan(name, until, live=live) for name in self.spec.sources}
        total, done, report = sum(len(plan.spans) for plan in plans.values()), 0, Report()
        for name, plan in plans.items():
            feed, generator = self.city.feeds[name], self._generators[name]
            for span in plan.spans:
                table = generator.cut(span.start, span.end, since=plan.since, live=live)
                if len(table):
                    folder, prefix = _place(feed)
                    sent = now.timestamp() - (until - span.end)
                    write(table, feed, self.out / folder / file_name(prefix, span), self.out, sent)
                    report.add(name, len(table))
                done += 1
                if progress:
                    progress(name, done, total)
        self._write_truth(until)
        return report

    def _plan(self, name: str, until: int, *, live: bool) -> Plan:
        source, (folder, prefix) = self.spec.sources[name], _place(self.city.feeds[name])
        known = covered(self.out / folder, prefix)
        since = known[0][0] if known else self._generators[name].first(self._history(until))
        if live and known:  # a drop that would have been empty was not written: go on from the last one
            known = [(since, known[-1][1])]
        open_ = gaps(since, until, known)
        return Plan(since, [s for a, b in open_ for s in spans(source, a, b, until, live=live)])

    def _history(self, until: int) -> int:
        return month_start(month_of(until // DAY) - 12 * self.spec.years) * DAY

    def _generator(self, name: str) -> Generator:
        spec = self.spec.sources[name]
        if isinstance(spec, Tickets):
            return TicketSource(name, spec, self.world)
        if isinstance(spec, Dossiers):
            register = self.spec.sources.get(spec.register_of)
            if not isinstance(register, Registry):
                raise StandinError(f"standin.yaml: {name}.register_of names no source of kind registry")
            return DossierSource(name, spec, self.world, register)
        if isinstance(spec, Registry):
            return RegistrySource(name, spec, self.world)
        if isinstance(spec, Sensors):
            return SensorSource(name, spec, self.world)
        if isinstance(spec, ProgrammeWork):
            return programme_source(name, self.spec.sources, self.world, self.city.programmes)
        if isinstance(spec, Published):
            return PublishedSource(self.city.feeds[name], spec, self.world)
        if isinstance(spec, Cases):
            return CaseSource(name, spec, self.world)
        if isinstance(spec, Roster):
            return RosterSource(self.city.feeds[name], spec, self.world)
        if isinstance(spec, Events):
            return EventSource(self.city.feeds[name], spec, self.world)
        return PanelSource(self.city.feeds[name], spec, self.world, self.spec.years)

    def _stations(self, name: str) -> SensorSource:
        source = self._generators.get(name)
        if not isinstance(source, SensorSource):
            raise StandinError(f"standin.yaml: {name!r} is no source of sensors, and cannot drive anything")
        return source

    def _roster(self, name: str) -> Book:
        """The entries of a roster, made once."""
        if name not in self._books:
            spec = self.spec.sources.get(name)
            if not isinstance(spec, Roster):
                raise StandinError(f"standin.yaml: {name!r} is no source of kind roster")
            self._books[name] = book(name, spec, self.world)
        return self._books[name]

    def _refuse_other_run(self) -> None:
        if not self.truth.is_file():
            return
        before = json.loads(self.truth.read_text(encoding="utf-8"))
        same = (before["city"], before["seed"], before["scale"]) == (self.city.head.id, self.seed, self.scale)
        if not same and any(self.out.glob("*/*")):
            was = f"city {before['city']} with seed {before['seed']} and scale {before['scale']}"
            raise StandinError(f"{self.out} was filled for {was}; use the same again, or another folder")

    def _write_truth(self, until: int) -> None:
        """The injected incidents up to now, for tests alone."""
        incidents = [
            {
                "id": e.spec.id,
                "name": e.spec.name,
                "feed": e.spec.feed,
                "effect": e.spec.effect,
                "amount": e.spec.amount,
                "categories": list(e.spec.categories),
                "column": e.spec.column,
                "area": e.area,
                "start": _iso(e.start),
                "end": _iso(e.end),
            }
            for e in self.world.timetable.all(self._history(until), until)
        ]
        body = {"city": self.city.head.id, "seed": self.seed, "scale": self.scale, "incidents": incidents}
        text = json.dumps(body, ensure_ascii=False, indent=1)
        if self.truth.is_file() and self.truth.read_text(encoding="utf-8") == text:
            return
        unfinished = self.truth.with_suffix(".unfinished")
        self.truth.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, self.truth)


def _place(feed: Feed) -> tuple[str, str]:
    """Folder below the inbox and file prefix, from the feed's path ``folder/*``."""
    folder = str(Path(feed.pattern or feed.id).parent)
    return folder, Path(folder).name


def _iso(seconds: int) -> str:
    return (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)).isoformat()  # noqa: DTZ001 wall clock
