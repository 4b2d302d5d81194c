"""What goes into one message, and the message for each channel that it goes out by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from hashlib import blake2b

from config import City
from indicators.notices.compose import Frame, compose, gravest
from indicators.notices.decide import Kind
from indicators.notices.facts import Entry, Links, clock, entry
from indicators.notices.happenings import Happening
from indicators.notices.offices import Office
from warehouse.state import Delivery, Message, Notice, Standing


@dataclass
class Bundle:
    """One message to one office: what it tells, and for a digest what stands besides."""

    office: Office
    topic: str
    told: list[tuple[Notice, Happening]] = field(default_factory=list)
    stand: list[Standing] = field(default_factory=list)
    digest: Notice | None = None

    @property
    def key(self) -> str:
        """A name that follows from what is told: the same after a crash, so that it is told once."""
        keys = sorted(notice.key for notice, _ in self.told)
        keys += [self.digest.key] if self.digest is not None else []
        return blake2b("\n".join(keys).encode(), digest_size=9).hexdigest()


def messages_of(city: City, bundle: Bundle, links: Links, now: dt.datetime) -> list[Message]:
    """The message for each channel of the bundle's office; one without a channel where it has none."""
    office, key = bundle.office, bundle.key
    language = office.language(city)
    entries = _entries(city, bundle, links, language)
    centre = (city.head.centre or city.head.name).get(language)
    at = clock(bundle.digest.at if bundle.digest is not None else now, city.zone)
    frame = Frame(
        centre, office.name(city, language), links(language, None), key, at, bundle.digest is not None
    )
    return for_channels(
        city, office, key, bundle.topic, gravest(entries), compose(language, entries, frame), now
    )


def for_channels(
    city: City, office: Office, key: str, topic: str, severity: str, text: tuple[str, str], now: dt.datetime
) -> list[Message]:
    """``text`` (subject and body, in the office's language) as a message for each of its channels; one
    without a channel where it has none, so that it is seen.
    """
    subject, body = text
    return [
        Message(
            f"{key}-{number}",
            key,
            office.recipient.id,
            office.key,
            topic,
            channel,
            office.language(city),
            severity,
            subject,
            body,
            now,
            Delivery.WAITING if channel else Delivery.NO_CHANNEL,
            now if channel else None,
        )
        for number, channel in enumerate(office.channels or ("",), start=1)
    ]


def _entries(city: City, bundle: Bundle, links: Links, language: str) -> list[Entry]:
    """One entry for each warning: where several things happened to it, the one that says most."""
    found: dict[int, Entry] = {}
    for _, item in bundle.told:
        kind = Kind.RESOLVED if item.warning.over and item.kind is Kind.OPENED else item.kind
        there = found.get(item.warning.id)
        if there is None or kind is Kind.RESOLVED:
            found[item.warning.id] = entry(
                city, item.warning, kind, item.warning.severity, language, links, item.detail
            )
    for warning in bundle.stand:
        if warning.id not in found:
            found[warning.id] = entry(city, warning, "standing", warning.severity, language, links, {})
    return list(found.values())
