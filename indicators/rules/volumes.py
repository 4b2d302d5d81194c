"""The volume of feeds: how many rows came of a day, held against what the feed's own history explains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from config import City
from config.models import CountAnomaly, Rule, Volume
from config.periods import moment_of
from indicators.rules.anomalies import Anomalies
from indicators.rules.broken import about
from indicators.rules.conditions import Verdict, volume
from indicators.rules.conditions.verdict import Flags, Floats
from indicators.rules.conditions.volume import OneSide
from indicators.rules.grid import Grid
from indicators.rules.history import history
from indicators.rules.sightings import Course, Times, micros
from indicators.rules.sitting import Sitting
from indicators.rules.watch import LOOKBACK
from indicators.subjects import subject_of
from warehouse.deliveries import delivered, rows_a_day
from warehouse.facts import has_facts
from warehouse.state import Maintenance, quiet_time
from warehouse.store import Cursor

_DAY: Final = dt.timedelta(days=1)


class FeedVolume(NamedTuple):
    """The rows of a feed by ``days`` (1 × days, NaN: none came), and what is made of those from the place
    ``first`` on; None for a rule that looks at something else than the volume.
    """

    days: tuple[dt.date, ...]
    rows: Floats
    first: int
    verdict: Verdict | None


def volumes(
    sitting: Sitting, cursor: Cursor, windows: Sequence[Maintenance]
) -> Iterator[tuple[Rule, Course]]:
    """What is new of every rule over a feed's volume: its whole days, those before the day of its newest row.

    A feed without a new day is not read. A day is judged by what came before it, once; a day of which no row
    came is a gap (a rule over the feed's age says so), and so is one on which somebody worked on the feed.
    """
    rules = [rule for rule in sitting.rules.values() if isinstance(rule.when, Volume)]
    came = delivered(cursor) if rules else {}
    anomalies = Anomalies(sitting.city)
    for rule in rules:
        through = came[str(rule.feed)].data_through if str(rule.feed) in came else None
        if through is None or not has_facts(cursor, sitting.city.feeds[str(rule.feed)].table):
            continue
        newest = min(through, sitting.now).astimezone(sitting.city.zone).date() - _DAY
        with about(rule.id):
            course = _course(sitting, cursor, rule, newest, windows, anomalies)
        if course is not None:
            yield rule, course


def _course(
    sitting: Sitting,
    cursor: Cursor,
    rule: Rule,
    newest: dt.date,
    windows: Sequence[Maintenance],
    anomalies: Anomalies,
) -> Course | None:
    """The days of a feed up to ``newest`` that have not been judged; None where there is none."""
    city, root = sitting.city, sitting.city.areas.root.code
    judged = sitting.judged_of(rule, city.areas.root.level).get(root)
    begin = newest - (LOOKBACK["day"] - 1) * _DAY
    if judged is not None:
        begin = max(begin, judged.astimezone(city.zone).date())  # the end of the last day that was judged
    found = volume_of(city, cursor, rule, begin, newest, anomalies) if begin <= newest else None
    if found is None or found.verdict is None:
        return None
    days, rows, kept = found.days, found.rows, found.first
    ends = [moment_of(day + _DAY, city.zone) for day in days]
    opens = [moment_of(day, city.zone) for day in days]
    subject = subject_of(city, rule.id, root)
    usable: Flags = ~np.isnan(rows[:, kept:]) & np.array(
        [not quiet_time(windows, subject, opens[c], ends[c]) for c in range(kept, len(days))]
    )
    at = np.array([[micros(end) for end in ends]], dtype=np.int64)
    grid = Grid((root,), days, rows, rows, ~np.isnan(rows), at)
    times = Times(opens[kept:], ends[kept:], usable, np.ones(usable.shape, dtype=bool), at[:, kept:])
    return Course(grid, kept, times, np.zeros(usable.shape, dtype=bool), found.verdict, False)


def volume_shown(
    city: City, cursor: Cursor, rule: Rule, begin: dt.date, last: dt.date, side: OneSide
) -> FeedVolume | None:
    """`volume_of` for a screen: the limit is that on one ``side``, and it may ask before anything came."""
    feed = city.feeds.get(rule.feed or "")
    if feed is None or not has_facts(cursor, feed.table):
        return None
    anomalies = Anomalies(city)
    found = volume_of(city, cursor, rule, begin, last, anomalies)
    if found is None or found.verdict is None or not isinstance(rule.when, Volume):
        return found
    design = anomalies.design("day", found.days)
    limit = volume.bound(rule.when, found.rows, design, found.first, side)
    return found._replace(verdict=found.verdict._replace(limit=limit))


def volume_of(
    city: City, cursor: Cursor, rule: Rule, begin: dt.date, last: dt.date, anomalies: Anomalies
) -> FeedVolume | None:
    """How many rows came to the feed of ``rule`` on the days from ``begin`` to ``last``, and what a rule over
    its volume makes of them; None where no row came.
    """
    feed, when = city.feeds[str(rule.feed)], rule.when
    judged = isinstance(when, Volume)
    back = history(CountAnomaly(type="count_anomaly"), "day") if judged else 0
    shared = sum(other.table == feed.table for other in city.feeds.values()) > 1
    came = rows_a_day(cursor, feed, begin - back * _DAY, last, shared)
    if not any(day >= begin for day in came):
        return None
    first = min(came) if judged else begin
    days = tuple(first + i * _DAY for i in range((last - first).days + 1))
    rows = np.array([[came.get(day, np.nan) for day in days]], dtype=np.float64)
    kept = max((begin - first).days, 0)
    verdict = (
        volume.judge(when, rows, anomalies.design("day", days), kept) if isinstance(when, Volume) else None
    )
    return FeedVolume(days, rows, kept, verdict)
