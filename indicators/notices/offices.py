"""Whom a rule's ``notify`` names, for one area: a recipient, or the office that it is there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from config import City
from config.models import Recipient, Rule


@dataclass(frozen=True, slots=True)
class Office:
    """One party that is told: ``key`` is the recipient's id, with ``@`` and the area where each has one."""

    recipient: Recipient
    area: str | None = None

    @property
    def key(self) -> str:
        """What tells it from every other."""
        return self.recipient.id if self.area is None else f"{self.recipient.id}@{self.area}"

    @property
    def channels(self) -> tuple[str, ...]:
        """Its channels: its area's own, else those of the recipient."""
        own = self.recipient.channels_of.get(self.area or "")
        return self.recipient.channels if own is None else own

    def name(self, city: City, language: str) -> str:
        """What people call it."""
        name = self.recipient.name.get(language)
        return name if self.area is None else f"{name} – {city.areas[self.area].name(language)}"

    def language(self, city: City) -> str:
        """The language in which it is told: its own, else the city's first."""
        return self.recipient.language or city.head.languages[0]

    def covers(self, city: City, area: str) -> bool:
        """Whether it is told of what happens in ``area``."""
        recipient, path = self.recipient, city.areas.path(area)
        if recipient.levels and city.areas[area].level not in recipient.levels:
            return False
        return not recipient.areas or not set(path.values()).isdisjoint(recipient.areas)


def office_of(city: City, recipient: str, area: str) -> Office | None:
    """The office of a recipient that is told of ``area``; None when the city has no such recipient."""
    found = city.recipients.get(recipient)
    if found is None:
        return None
    own = city.areas.path(area).get(found.each) if found.each is not None else None
    return Office(found, own)


def offices(city: City, rule: Rule | None, area: str) -> list[Office]:
    """Whom the rule tells of ``area``."""
    return [] if rule is None else offices_of(city, rule.notify, area)


def offices_of(city: City, recipients: Iterable[str], area: str) -> list[Office]:
    """The offices of recipients that are told of ``area``, each one once."""
    if area not in city.areas:
        return []
    found = (office_of(city, id_, area) for id_ in recipients)
    return list({office.key: office for office in found if office is not None}.values())


def office_named(city: City, key: str) -> Office | None:
    """The office of a key; None when its recipient or area is gone."""
    id_, _, area = key.partition("@")
    if id_ not in city.recipients or (area and area not in city.areas):
        return None
    return Office(city.recipients[id_], area or None)
