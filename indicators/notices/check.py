"""What can be wrong with a channel beyond its shape: a kind that nobody can send by."""

from __future__ import annotations

from collections.abc import Iterator

from config import City, Problem
from config.models.recipient import REFERENCE
from config.problems import did_you_mean


def check(city: City) -> list[Problem]:
    """Every channel of a kind that does not exist."""
    named = [
        (id_, keys, url.partition("://")[0].lower())
        for id_, recipient in city.recipients.items()
        for keys, url in _channels(recipient.channels, recipient.channels_of)
        if not REFERENCE.match(url)
    ]
    if not named:
        return []
    # Half a second: only cities that name a kind of channel pay it.
    from apprise import NotificationManager

    kinds = set(NotificationManager().schemas())
    return [
        city.problem(
            "recipient", id_, keys, f"channel {kind!r} is of no known kind", did_you_mean(kind, kinds)
        )
        for id_, keys, kind in named
        if kind not in kinds
    ]


def _channels(
    common: tuple[str, ...], of: dict[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, url in enumerate(common):
        yield ("channels", number), url
    for code, urls in of.items():
        for number, url in enumerate(urls):
            yield ("channels_of", code, number), url
