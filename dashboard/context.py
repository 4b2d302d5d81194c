"""What a screen is made from: everything is given, nothing is looked up behind its back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

from config import City
from config.models import Area, Indicator, Period, Report, Rule, Unit
from dashboard import asof
from dashboard.boundaries import KINDS, PARAMETER, chosen
from dashboard.drawing.format import Lang, period_short
from dashboard.drawing.format import period as period_name
from dashboard.i18n import Words, words_in
from dashboard.routes import Route, ScreenKind, href
from dashboard.warnings.alerts import Alert
from dashboard.warnings.stories import Story

if TYPE_CHECKING:
    from dashboard.directives.book import DirectiveBook
    from dashboard.maps.layers import LayerState
    from dashboard.reports.press import Kept
    from dashboard.rules.book import Rulebook
    from dashboard.running.faults import Fault
    from indicators.breakdown import Lines
    from indicators.lineage import Lineage
    from indicators.rules.volumes import FeedVolume
    from warehouse.reader import Reader, Value
    from warehouse.state import AuditEntry, Event, FeedRequest, Maintenance, Silence, Warning

Follow = Callable[["Value", int], "Lineage | None"]
"""What a value was made of, with at most so many of its rows; None where nothing was ever computed."""
Parted = Callable[..., "Lines"]
"""The members of an indicator's dimension in an area, for the starts of some periods, at most ``top``."""
Came = Callable[[Rule, dt.date, dt.date, Literal["above", "below"]], "FeedVolume | None"]
"""How many rows came to the feed of a rule on each day from one to another, with the limit on one side; None:
none at all.
"""


def _nobody(deeds: Collection[int]) -> Mapping[int, AuditEntry]:
    del deeds
    return {}


@dataclass(frozen=True)
class Offers:
    """What the application offers to others: which addresses its server answers, its commands."""

    answers: Callable[[str], bool] = lambda _path: False
    commands: Collection[str] = ()


def _none(since: dt.datetime, until: dt.datetime) -> Sequence[Warning]:
    del since, until
    return ()


@dataclass(frozen=True)
class Work:
    """What people asked of feeds, what is under way first, and what the program itself cannot do just now."""

    requests: Sequence[FeedRequest] = ()
    faults: Sequence[Fault] = ()


@dataclass(frozen=True)
class Papers:
    """The files that were made of a report, newest first, and when it is due next."""

    kept: Callable[[Report], Sequence[Kept]] = lambda _: ()
    next: Callable[[Report], dt.datetime | None] = lambda _: None


@dataclass(frozen=True)
class ScreenContext:
    """One rendering of one screen.

    ``now`` is an aware UTC time; ``version`` the data version that the screen shows; ``alerts`` the warnings
    that the viewer may see, closed ones of the last weeks among them; ``history`` tells what was done about a
    warning by its id, and ``story`` all that is known of it; ``rulebook`` tells how the rules do,
    ``directives`` what leaders have units do; ``lineage`` finds what a number was made of, ``members`` parts
    it by a dimension, ``volume`` counts what came to a feed. On a screen of the past ``as_of`` is the
    moment that it is told for, and everything else, ``now`` and the city's indicators
    included, is as it was then. ``quiet`` are silences and windows of maintenance,
    ``deeds`` what people did to them lately, newest first; ``settled`` tells by number who settled refused
    rows; ``work`` is what they asked of feeds; ``offers`` is what the application itself can do;
    ``layers`` tells by id what map layers hold; ``between`` finds the warnings that stood in a span;
    ``writes`` says whether the studio may write the city's folder.
    """

    city: City
    reader: Reader
    alerts: Sequence[Alert]
    history: Callable[[int], Sequence[Event]]
    story: Callable[[int], Story | None]
    rulebook: Rulebook
    directives: DirectiveBook
    lineage: Follow
    members: Parted
    volume: Came
    route: Route
    now: dt.datetime
    version: str
    as_of: dt.datetime | None = None
    quiet: Sequence[Silence | Maintenance] = ()
    deeds: Callable[[], Sequence[AuditEntry]] = tuple
    settled: Callable[[Collection[int]], Mapping[int, AuditEntry]] = _nobody
    work: Work = Work()
    between: Callable[[dt.datetime, dt.datetime], Sequence[Warning]] = _none
    offers: Offers = Offers()
    layers: Callable[[], Mapping[str, LayerState]] = dict
    papers: Papers = Papers()
    writes: bool = False

    @cached_property
    def shelf(self) -> dict[Hashable, Any]:
        """What one part of the screen has read and others may need as well."""
        return {}

    @property
    def lang(self) -> Lang:
        """The language of the screen."""
        return cast(Lang, self.route.language)

    @property
    def wall(self) -> bool:
        """Whether this is the wall: dark, unattended, nobody hovers or clicks."""
        return self.route.kind == "wall"

    @cached_property
    def words(self) -> Words:
        """The interface's words in the language of the screen."""
        return words_in(self.lang)

    @cached_property
    def today(self) -> dt.date:
        """The city's day at ``now``."""
        return self.now.astimezone(self.city.zone).date()

    @cached_property
    def simulated(self) -> bool:
        """Whether any feed of the city is simulated, which every screen then says."""
        return any(feed.simulated for feed in self.city.feeds.values())

    def unit(self, indicator: Indicator) -> Unit:
        """The unit that an indicator is written in."""
        return self.city.units[indicator.unit]

    def name(self, indicator: Indicator, short: bool = True) -> str:
        """An indicator's name, its short one where there is one."""
        text = indicator.short if short and indicator.short else indicator.name
        return text.get(self.lang)

    def names(self, ids: Sequence[str]) -> dict[str, str]:
        """Names of indicators that stand together: short, unless two of them would read the same."""
        given = [self.city.indicators[id_] for id_ in ids]
        shorts = {self.name(i) for i in given}
        return {i.id: self.name(i, short=len(shorts) == len(given)) for i in given}

    def area_name(self, area: Area, short: bool = False) -> str:
        """An area's name; the short one, for maps, is the same in every language."""
        return area.short or area.name(self.lang) if short else area.name(self.lang)

    def level_name(self, level: str, plural: bool = False) -> str:
        """What a level of areas is called."""
        found = next(entry for entry in self.city.head.levels if entry.id == level)
        return (found.plural if plural else found.name).get(self.lang)

    def period_text(self, period: Period, start: dt.date, short: bool = False, plain: bool = False) -> str:
        """A period by its full name, or as it stands on an axis; one of a reporting calendar goes by
        the month (quarter, …) that it is named after, and is ``plain`` where it stands among its like.
        """
        own, named = self.city.periods.calendars.get(period), self.city.periods.named(period, start)
        like = self.city.periods.like(period)
        if short:
            return period_short(like, named, self.lang)
        text = period_name(like, named, self.lang)
        if own is None or plain:
            return text
        return f"{own.name.get(self.lang)} {text[0].lower() + text[1:] if self.lang == 'vi' else text}"

    def period_word(self, period: Period) -> str:
        """What a kind of period is called; a reporting calendar has its name from the city."""
        own = self.city.periods.calendars.get(period)
        return self.words.of("period", period) if own is None else own.name.get(self.lang)

    @cached_property
    def boundaries(self) -> dt.date | None:
        """The day on whose boundaries the screen is told; None: each figure on those of its time."""
        return chosen(self.city, self.route)

    def href(self, kind: ScreenKind, target: str = "", **params: str) -> str:
        """Address of a screen in this language; chosen boundaries and a moment of the past go along."""
        if self.as_of is not None and kind in asof.KINDS:
            params = {asof.PARAMETER: asof.written(self.as_of, self.city), **params}
        if self.boundaries is not None and kind in KINDS:
            params = {PARAMETER: self.boundaries.isoformat(), **params}
        return href(self.lang, kind, target, **params)

    def same_page(self, **params: str) -> str:
        """Address of this screen with other parameters; an empty one falls away."""
        return href(self.lang, self.route.kind, self.route.target, **{**self.route.params, **params})

    def value_href(self, indicator: str, area: str, period: str) -> str:
        """Address of the page that explains a value; area and period are kept."""
        return self.href("indicator", indicator, area=area, period=period)
