"""What agencies owed, and when it came: due times beside what the ledger knows of deliveries.

A delivery settles whatever is overdue, and the one that is due next; but where something is due and still
within its grace, it is that which comes, and the next one is still owed. So an agency that always delivers
shortly after the due time owes nothing, and one that skipped a day need not deliver twice.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from apscheduler.triggers.cron import CronTrigger

from config import City
from config.models import Feed, Obligations, OwnConnector
from warehouse.deliveries import Arrival

DutyState = Literal["on_time", "late", "missing"]
Step = Literal["none", "reminded", "review", "escalated"]

_DAY: Final = dt.timedelta(days=1)
_FIRST: Final = dt.datetime(2001, 1, 1)  # noqa: DTZ001 a Monday, by the clock of whichever city
_MOMENT: Final = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery that was due. Times are UTC; ``deadline``: with the grace on top.

    ``arrival`` is what settled it, None as long as nothing has. ``reminders``: when the agency was to be
    reminded; of deliveries missed one after the other the first carries the reminders of all.
    """

    feed: str
    due_at: dt.datetime
    deadline: dt.datetime
    arrival: Arrival | None
    reminders: tuple[dt.datetime, ...] = ()

    @property
    def state(self) -> DutyState:
        """Whether it came, and in time."""
        if self.arrival is None:
            return "missing"
        return "on_time" if self.arrival.at <= self.deadline else "late"

    def late_by(self, now: dt.datetime) -> dt.timedelta:
        """How long after the due time it came, or has not come; nothing within the grace."""
        at = now if self.arrival is None else self.arrival.at
        return at - self.due_at if at > self.deadline else dt.timedelta(0)


def owes(feed: Feed) -> bool:
    """Whether somebody owes the feed: the program does not owe itself what it knows."""
    return not isinstance(feed.connector, OwnConnector)


def due_times(feed: Feed, city: City, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """When deliveries are due, later than ``since`` and not after ``until``, in UTC. Raises ValueError for a
    wrong expression.
    """
    if feed.delivery.due is not None:
        trigger = CronTrigger.from_crontab(feed.delivery.due, timezone=city.zone)
        at = trigger.get_next_fire_time(None, since + _MOMENT)
        while at is not None and at <= until:
            yield at.astimezone(dt.UTC)
            at = trigger.get_next_fire_time(None, at + _MOMENT)
        return
    every = feed.delivery.every
    # Days are days of the city, 23 or 25 hours long where clocks are changed; hours are hours.
    zone = city.zone if every % _DAY == dt.timedelta(0) else None
    if zone is None:
        first = _FIRST.replace(tzinfo=city.zone).astimezone(dt.UTC)
        at = first + every * ((since - first) // every + 1)
        while at <= until:
            yield at
            at += every
        return
    local = _FIRST + every * ((since.astimezone(zone).replace(tzinfo=None) - _FIRST) // every)
    while (at := local.replace(tzinfo=zone).astimezone(dt.UTC)) <= until:
        if at > since:
            yield at
        local += every


def settle(
    feed: str,
    due: Sequence[dt.datetime],
    grace: dt.timedelta,
    arrivals: Iterable[Arrival],
    remind_after: Sequence[dt.timedelta],
    now: dt.datetime,
) -> list[Due]:
    """What became of each due time (rising) by the ``arrivals`` (rising), as it is known ``now``.

    What has neither come nor passed its deadline yet is left out, and so is what is not due yet.
    """
    settled: list[Arrival] = []
    for one in arrivals:
        passed = bisect_right(due, one.at)
        waiting = len(settled) < passed and one.at <= due[passed - 1] + grace
        settled += [one] * (min(passed + (not waiting), len(due)) - len(settled))
    made: list[Due] = []
    before: Arrival | None = None
    matter = False  # whether the one before was late and settled by the same arrival, or by none
    for number, at in enumerate(due):
        arrival = settled[number] if number < len(settled) else None
        deadline = at + grace
        end = now if arrival is None else arrival.at - _MOMENT
        if at > now or (arrival is None and now <= deadline):
            break
        late = end >= deadline
        new = late and not (matter and arrival is before)
        asked = tuple(m for after in remind_after if (m := deadline + after) <= min(end, now)) if new else ()
        made.append(Due(feed, at, deadline, arrival, asked))
        before, matter = arrival, late
    return made


def owed(city: City, feed: Feed, arrivals: Sequence[Arrival], now: dt.datetime) -> list[Due]:
    """What the feed's agency owed in the span that the city looks back on, since its first load.

    Files of an archive from before the program was there are held against nobody.
    """
    if not arrivals or not owes(feed):
        return []
    ladder, delivery = city.head.obligations, feed.delivery
    since = now - ladder.within
    # What was overdue when the span began tells what settles the first that is due in it.
    begin = max(arrivals[0].at, since - delivery.grace - 2 * delivery.every) - _MOMENT
    due = list(due_times(feed, city, begin, now + 2 * delivery.every))
    came = [one for one in arrivals if one.at > begin]
    found = settle(feed.id, due, delivery.grace, came, ladder.remind_after, now)
    known = min(one.known_at for one in arrivals)
    return [one for one in found if one.due_at > max(since, known)]


def reminders(dues: Iterable[Due]) -> list[dt.datetime]:
    """When an agency was to be reminded, of whatever it owed."""
    return sorted(at for one in dues for at in one.reminders)


def step_of(reminded: int, ladder: Obligations) -> Step:
    """Where on the ladder so many reminders lead."""
    if reminded >= ladder.escalate:
        return "escalated"
    if reminded >= ladder.review:
        return "review"
    return "reminded" if reminded else "none"
