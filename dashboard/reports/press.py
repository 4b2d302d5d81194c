"""Making reports, and keeping them: ``var/<city>/reports/<id>/<day>-<area>-<language>.<format>``.

The day is the one on which a report was due; it tells of everything up to the end of the day before.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from apscheduler.triggers.cron import CronTrigger

from config import City
from config.models import Report
from config.models.report import ReportFormat
from dashboard.context import ScreenContext
from dashboard.directives.book import DirectiveBook
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from dashboard.reports.content import Paper, paper
from dashboard.reports.printed import printed
from dashboard.reports.workbook import workbook
from dashboard.routes import Route
from dashboard.rules.book import Rulebook
from dashboard.warnings.alerts import alerts_from
from indicators.notices.bundles import for_channels
from indicators.notices.offices import Office
from warehouse.reader import Reader, reading
from warehouse.scope import EVERYONE
from warehouse.state import State, visible_areas
from warehouse.state.notices import Message
from warehouse.store import Store

log = logging.getLogger(__name__)

MEDIA: Final = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TOPIC: Final = "report"
_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})-([^-/]+)-(vi|en)\.(xlsx|pdf)")
_DAY: Final = dt.timedelta(days=1)
_MAKE: Final[dict[ReportFormat, Callable[[City, Paper], bytes]]] = {"xlsx": workbook, "pdf": printed}


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was made: of which report and day, for which area, in which language and format."""

    report: str
    day: dt.date
    area: str
    lang: Lang
    form: ReportFormat
    size: int

    @property
    def name(self) -> str:
        """The file's name, and the end of its address."""
        return f"{self.day}-{self.area}-{self.lang}.{self.form}"


@dataclass
class Press:
    """Makes the reports of a city. ``clock`` gives aware times; ``link`` leads to the page of reports."""

    city: City
    store: Store
    state: State
    folder: Path
    clock: Callable[[], dt.datetime]
    link: Callable[[str], str]

    def __post_init__(self) -> None:
        self.changes = 0
        """Grows with each report that is made."""
        self._one = threading.Lock()

    def make(self, report: Report, day: dt.date) -> list[Kept]:
        """Make every file of a report that was due on a day, tell those who are to have it."""
        with self._one:
            made = [
                self._kept(report, day, area, lang, form)
                for area in areas_of(self.city, report, day)
                for lang in report.languages or self.city.head.languages[:1]
                for form in report.formats
            ]
            self.changes += 1
        if report.recipients:
            self.state.outbox.commit((), (), list(self._messages(report, day)))
        return made

    def one(self, report: Report, area: str, lang: Lang, form: ReportFormat, until: dt.date) -> bytes:
        """One file of a report as of the end of a day, kept nowhere."""
        now = self.clock()
        with reading(self.store, self.city, EVERYONE) as reader:
            told = paper(paper_context(self.city, reader, self.state, lang, now), report, area, until)
        return _MAKE[form](self.city, told)

    def due(self, report: Report, now: dt.datetime) -> dt.date | None:
        """The day on which a report was due last, if nothing was made of it yet; None: it is there."""
        trigger = CronTrigger.from_crontab(report.cadence, timezone=self.city.zone)
        at, last = now - 32 * _DAY, None
        while (at := trigger.get_next_fire_time(None, at)) is not None and at <= now:
            last, at = at, at + dt.timedelta(seconds=1)
        if last is None:
            return None
        day = last.astimezone(self.city.zone).date()
        return None if any(kept.day == day for kept in self.kept(report.id)) else day

    def next(self, report: Report, now: dt.datetime) -> dt.datetime | None:
        """When a report is due next."""
        trigger = CronTrigger.from_crontab(report.cadence, timezone=self.city.zone)
        found: dt.datetime | None = trigger.get_next_fire_time(None, now)
        return found

    def fall_due(self, report: Report) -> None:
        """Make what is due of a report now."""
        now = self.clock()
        if (day := self.due(report, now)) is not None:
            self.make(report, day)

    def kept(self, report: str) -> list[Kept]:
        """The files of a report, newest first."""
        found = []
        for path in (self.folder / report).glob("*.*"):
            if (name := _NAME.fullmatch(path.name)) is not None:
                day, area, lang, form = name.groups()
                size = path.stat().st_size
                found.append(Kept(report, dt.date.fromisoformat(day), area, lang, form, size))  # type: ignore[arg-type]
        return sorted(found, key=lambda one: (-one.day.toordinal(), one.area, one.lang, one.form))

    def path(self, report: str, name: str) -> Path | None:
        """Where a kept file lies; None: there is no such file."""
        if report not in self.city.reports or _NAME.fullmatch(name) is None:
            return None
        path = self.folder / report / name
        return path if path.is_file() else None

    def _kept(self, report: Report, day: dt.date, area: str, lang: Lang, form: ReportFormat) -> Kept:
        body = self.one(report, area, lang, form, day - _DAY)
        kept = Kept(report.id, day, area, lang, form, len(body))
        path = self.folder / report.id / kept.name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(body)
        part.replace(path)
        return kept

    def _messages(self, report: Report, day: dt.date) -> Iterator[Message]:
        now = self.clock()
        for recipient in report.recipients:
            office = Office(self.city.recipients[recipient])
            language: Lang = next(lang for lang in ("vi", "en") if lang == office.language(self.city))
            words = words_in(language)
            title = report.title.get(language)
            subject = words("report.mail_subject", title=title, date=f"{day:%d/%m/%Y}")
            body = words("report.mail_body", title=title, link=self.link(language))
            key = f"{TOPIC}:{report.id}:{day}:{office.key}"
            yield from for_channels(self.city, office, key, TOPIC, "watch", (subject, body), now)


def areas_of(city: City, report: Report, day: dt.date) -> list[str]:
    """The areas that a report is made for."""
    if report.area is not None:
        return [report.area]
    return [area.code for area in city.areas.at(report.level or city.levels[0], day)]


def paper_context(city: City, reader: Reader, state: State, lang: Lang, now: dt.datetime) -> ScreenContext:
    """What a report is made from: as a screen's, without what only people at a screen do."""
    areas = visible_areas(EVERYONE, city.areas)
    return ScreenContext(
        city=city,
        reader=reader,
        alerts=alerts_from(city, state.warnings(areas=areas), [], now),
        history=lambda _: (),
        story=lambda _: None,
        rulebook=Rulebook(city, state, areas, now),
        directives=DirectiveBook(city, state.directives, areas, now),
        lineage=lambda _value, _rows: None,
        members=lambda *_: {},
        volume=lambda *_: None,
        route=Route(lang, "reports"),
        now=now,
        version="",
        between=lambda since, until: state.warnings_between(since, until, areas=areas),
    )
