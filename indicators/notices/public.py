"""What the public is told: only of rules that are marked for it, only what a person has released.

A release is an *alert*, one that takes the place of another an *update*, and one that was taken back a
*cancel* besides: three kinds of message of the Common Alerting Protocol, each of which names those before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from config import City
from config.models import Public, Rule
from warehouse.state import Areas, Release, State, Warning


class NotPublicError(Exception):
    """A warning may not be released as it was asked for; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a release would say unless its author writes something else, by language."""

    headline: dict[str, str]
    text: dict[str, str]
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One message to the public. ``references`` are the earlier ones about the same, oldest first."""

    id: str
    kind: Literal["Alert", "Update", "Cancel"]
    sent: dt.datetime
    release: Release
    warning: Warning
    rule: Rule
    public: Public
    references: tuple[tuple[str, dt.datetime], ...] = ()

    def stands(self, now: dt.datetime) -> bool:
        """Whether people are to heed it at ``now``."""
        return self.kind != "Cancel" and self.release.stands(now)


def draft(city: City, warning: Warning, now: dt.datetime) -> Draft:
    """A proposal for the release of a warning. Raises NotPublicError for a rule that is not public."""
    public = _marked(city, warning.rule)
    languages = city.head.languages
    area = city.areas[warning.area]
    return Draft(
        {language: f"{public.event.get(language)} – {area.name(language)}" for language in languages},
        {language: warning.message[language] for language in languages},
        now + public.valid,
    )


def release(
    city: City,
    state: State,
    warning_id: int,
    who: str,
    headline: Mapping[str, str],
    text: Mapping[str, str],
    expires_at: dt.datetime,
    now: dt.datetime,
    *,
    areas: Areas,
) -> Release:
    """Tell the public of a warning, in every language of the city; an earlier release of it is replaced.

    Raises NotPublicError for a rule that is not public or a language that is missing, and what
    ``Releases.publish`` raises.
    """
    _marked(city, state.warning(warning_id, areas=areas).rule)
    missing = [
        language for language in city.head.languages if not (headline.get(language) and text.get(language))
    ]
    if missing:
        raise NotPublicError(
            f"there is no text in {', '.join(missing)}: the public is told in every language"
        )
    return state.releases.publish(warning_id, who, headline, text, expires_at, now, areas=areas)


def bulletins(city: City, state: State) -> list[Bulletin]:
    """Every message to the public, newest first."""
    releases = state.releases.all()
    warnings = {id_: state.warning(id_, areas=None) for id_ in {item.warning for item in releases}}
    return told(city, releases, warnings)


def told(city: City, releases: Iterable[Release], warnings: Mapping[int, Warning]) -> list[Bulletin]:
    """The messages that releases come to, newest first; those of rules that are not public are left out."""
    ordered = sorted(releases, key=lambda item: item.id)
    replaced = {item.replaces for item in ordered}
    chains: dict[int, tuple[tuple[str, dt.datetime], ...]] = {}
    found: list[Bulletin] = []
    for item in ordered:
        warning = warnings[item.warning]
        rule = city.rules.get(warning.rule)
        if rule is None or rule.public is None:
            continue
        id_ = f"{city.head.id}.{item.id}"
        before = chains.get(item.replaces or 0, ())
        about = (item, warning, rule, rule.public)
        found.append(Bulletin(id_, "Update" if before else "Alert", item.at, *about, before))
        chains[item.id] = (*before, (id_, item.at))
        if item.withdrawn_at is not None and item.id not in replaced:
            found.append(Bulletin(f"{id_}.cancel", "Cancel", item.withdrawn_at, *about, chains[item.id]))
    return sorted(found, key=lambda item: item.sent, reverse=True)


def current(found: Sequence[Bulletin], now: dt.datetime, remembered: dt.timedelta) -> list[Bulletin]:
    """The newest message of each warning that stands, or that stood no longer ago than ``remembered``."""
    newest: dict[int, Bulletin] = {}
    for item in found:
        newest.setdefault(item.warning.id, item)
    return [item for item in newest.values() if item.stands(now) or now - _last(item) <= remembered]


def _last(item: Bulletin) -> dt.datetime:
    return item.sent if item.kind == "Cancel" else item.release.expires_at


def _marked(city: City, rule_id: str) -> Public:
    rule = city.rules.get(rule_id)
    if rule is None or rule.public is None:
        raise NotPublicError(f"rule {rule_id} is not public; mark it with public in its definition first")
    if city.head.publisher is None:
        raise NotPublicError(
            "nobody publishes the warnings of this city; say who under publisher in city.yaml"
        )
    return rule.public
