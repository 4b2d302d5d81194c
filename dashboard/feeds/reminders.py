"""Reminders of deliveries that are owed, written into the outbox for those who are to be told, each once.

The message is the record: its key names the feed, the due time and which reminder it is, so that what was
written down is never written again. Two steps of the ladder are told as well, to whom the city names.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from config import City
from config.models import Feed
from dashboard.drawing import format as fmt
from dashboard.i18n.words import words_in
from indicators.notices.bundles import for_channels
from indicators.notices.offices import Office
from pipelines.obligations import Due, owed, reminders
from warehouse.deliveries import arrivals
from warehouse.state import State
from warehouse.state.notices import Message
from warehouse.store import Store

Link = Callable[[str, str], str]
"""Address, for a language, of the page of a feed."""

Values = dict[str, int | dt.datetime | dt.timedelta]
"""What a text says beside the agency, the feed and where to look."""

TOPIC: Final = "reminder"
_LATEST: Final = dt.timedelta(days=1)
"""What fell due longer ago, while nobody was there to tell it, is told no more: the next one is."""


def remind(city: City, store: Store, state: State, link: Link, now: dt.datetime) -> bool:
    """Write down the reminders that fell due, those that are not there yet; whether any fell due of late.

    ``now`` must be aware.
    """
    with store.read() as cursor:
        came = arrivals(cursor)
    found: list[Message] = []
    agencies: dict[str, list[tuple[Feed, Due]]] = {}
    for feed in city.feeds.values():
        for due in owed(city, feed, came.get(feed.id, ()), now):
            agencies.setdefault(feed.owner.get(city.head.languages[0]), []).append((feed, due))
    for agency, owed_here in agencies.items():
        for feed, due in owed_here:
            found += _reminders(city, feed, due, link, now)
        found += _steps(city, agency, owed_here, link, now)
    if found:
        state.outbox.commit((), (), found)
    return bool(found)


def _reminders(city: City, feed: Feed, due: Due, link: Link, now: dt.datetime) -> Iterator[Message]:
    for number, at in enumerate(due.reminders, start=1):
        if at <= now < at + _LATEST:
            key = f"{TOPIC}:{feed.id}:{due.due_at:%Y%m%dT%H%M}:{number}"
            for recipient in feed.delivery.remind:
                values: Values = {"number": number, "due": due.due_at, "deadline": due.deadline}
                yield from _messages(city, key, recipient, "overdue", "watch", feed, link, now, values)


def _steps(
    city: City, agency: str, owed_here: Sequence[tuple[Feed, Due]], link: Link, now: dt.datetime
) -> Iterator[Message]:
    """What is told when the agency's reminders reach a step of the ladder."""
    ladder = city.head.obligations
    reminded = reminders(due for _, due in owed_here)
    name = hashlib.sha256(agency.encode()).hexdigest()[:12]
    steps = (("review", ladder.review, ladder.review_to), ("escalated", ladder.escalate, ladder.escalate_to))
    for step, count, recipients in steps:
        if len(reminded) < count:
            continue
        at = reminded[count - 1]
        feed = next(feed for feed, due in owed_here if at in due.reminders)
        if at <= now < at + _LATEST:
            for recipient in recipients:
                key = f"ladder:{step}:{name}:{at:%Y%m%dT%H%M}"
                values: Values = {"number": len(reminded), "within": ladder.within}
                yield from _messages(city, key, recipient, step, "serious", feed, link, now, values)


def _messages(
    city: City,
    key: str,
    recipient: str,
    word: str,
    severity: str,
    feed: Feed,
    link: Link,
    now: dt.datetime,
    values: Values,
) -> list[Message]:
    """The messages to the channels of one recipient."""
    office = Office(city.recipients[recipient])
    language = next(lang for lang in ("vi", "en") if lang == office.language(city))
    words = words_in(language)
    told = {
        "agency": feed.owner.get(language),
        "feed": feed.name.get(language),
        "centre": (city.head.centre or city.head.name).get(language),
        "link": link(language, feed.id),
    }
    for name, value in values.items():
        match value:
            case dt.datetime():
                told[name] = fmt.moment(value, city.zone, language)
            case dt.timedelta():
                told[name] = fmt.span(value, language)
            case _:
                told[name] = fmt.number(value, language)
    subject, body = words(f"reminder.{word}.subject", **told), words(f"reminder.{word}.body", **told)
    return for_channels(city, office, f"{key}:{office.key}", TOPIC, severity, (subject, body), now)
