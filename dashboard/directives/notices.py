"""What units and those who follow up are told of directives, written into the outbox, each thing once.

The message is the record: its key names the deed, or the directive and what time made of it, so that what was
written down is never written again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from config import City
from dashboard.drawing import format as fmt
from dashboard.i18n.words import words_in
from indicators.notices.bundles import for_channels
from indicators.notices.offices import Office, office_named
from warehouse.state import Directive, Event, State, reminders
from warehouse.state.notices import Message

Link = Callable[[str, int], str]
"""Address, for a language, of the page of a directive."""

TOPIC: Final = "directive"
TO_UNITS: Final = ("issue", "extend", "refuse", "close", "reopen")
TO_FOLLOWERS: Final = ("report", "ask")
_SEVERITY: Final = {"normal": "watch", "high": "serious", "urgent": "critical"}
_LATEST: Final = dt.timedelta(days=1)
"""What happened longer ago, while nobody was there to tell it, is told no more."""


def tell(city: City, state: State, link: Link, now: dt.datetime) -> bool:
    """Write down what is to be told of directives, each thing once; whether anything came up of late."""
    found: list[Message] = []
    for number, directive, deed in state.directives.deeds(now - _LATEST):
        offices = _units(city, directive) if deed.action in TO_UNITS else ()
        if deed.action in TO_FOLLOWERS:
            offices = _followers(city)
        for office in offices:
            key = f"{TOPIC}:{number}"
            found += _messages(city, key, deed.action, directive, office, link, now, deed)
    for directive in state.directives.all(areas=None, open_only=True):
        found += _timed(city, directive, link, now)
    if found:
        state.outbox.commit((), (), found)
    return bool(found)


def _timed(city: City, directive: Directive, link: Link, now: dt.datetime) -> Iterator[Message]:
    """What the clock alone has to say: it is due soon, or overdue."""
    due = directive.order.due_at
    said = [
        (f"before{span // dt.timedelta(hours=1)}", "remind", at, _units(city, directive))
        for span, at in reminders(directive, city.head.directives.remind, now)
    ]
    if now > due:
        said.append(("overdue", "overdue", due, [*_units(city, directive), *_followers(city)]))
    for name, word, at, offices in said:
        if now < at + _LATEST:
            key = f"{TOPIC}:{directive.id}:{due:%Y%m%dT%H%M}:{name}"
            for office in offices:
                yield from _messages(city, key, word, directive, office, link, now)


def _units(city: City, directive: Directive) -> list[Office]:
    """The offices that owe it; those that are gone from the city's folder are told nothing."""
    order = directive.order
    return [o for unit in (order.unit, *order.joining) if (o := office_named(city, unit)) is not None]


def _followers(city: City) -> list[Office]:
    return [Office(city.recipients[name]) for name in city.head.directives.follow]


def _messages(
    city: City,
    key: str,
    word: str,
    directive: Directive,
    office: Office,
    link: Link,
    now: dt.datetime,
    deed: Event | None = None,
) -> Sequence[Message]:
    language = next(lang for lang in ("vi", "en") if lang == office.language(city))
    words, order = words_in(language), directive.order
    lead = office_named(city, order.unit)
    area = city.areas[order.area].name(language) if order.area in city.areas else order.area
    told = {
        "n": str(directive.id),
        "text": order.text,
        "unit": lead.name(city, language) if lead is not None else order.unit,
        "area": area,
        "due": fmt.moment(order.due_at, city.zone, language),
        "who": deed.who if deed is not None else directive.issued_by,
        "said": deed.detail if deed is not None else "",
        "progress": fmt.number(directive.progress, language),
        "centre": (city.head.centre or city.head.name).get(language),
        "link": link(language, directive.id),
    }
    if deed is not None and "until" in deed.data:
        told["until"] = fmt.moment(dt.datetime.fromisoformat(deed.data["until"]), city.zone, language)
    if deed is not None and "result" in deed.data:
        told["result"] = words.of("directive_result", deed.data["result"])
    subject, body = (words(f"directive_notice.{word}.{part}", **told) for part in ("subject", "body"))
    severity = _SEVERITY[order.priority]
    return for_channels(city, office, f"{key}:{office.key}", TOPIC, severity, (subject, body.strip()), now)
