"""What can be wrong with a channel beyond its shape: a kind that nobody can send by, an address cut short."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from config import City, Problem
from config.models.recipient import REFERENCE
from config.problems import did_you_mean


def check(city: City) -> list[Problem]:
    """Every channel of a kind that does not exist, and every address that its kind can make nothing of, as
    far as it can be told without the secrets in it.
    """
    named = [
        (id_, keys, url)
        for id_, recipient in city.recipients.items()
        for keys, url in _channels(recipient.channels, recipient.channels_of)
        if not REFERENCE.match(url)
    ]
    if not named:
        return []
    # Half a second: only cities that name a kind of channel pay it.
    from apprise import Apprise, NotificationManager
    from apprise.logger import logger

    kinds = set(NotificationManager().schemas())
    problems = []
    for id_, keys, url in named:
        kind = url.partition("://")[0].lower()
        if kind not in kinds:
            what, hint = f"channel {kind!r} is of no known kind", did_you_mean(kind, kinds)
            problems.append(city.problem("recipient", id_, keys, what, hint))
        elif not REFERENCE.search(url):
            with _muted(logger):
                complete = Apprise.instantiate(url) is not None
            if not complete:
                what, hint = f"channel {url!r} is no complete address", f"see how Apprise writes {kind}://"
                problems.append(city.problem("recipient", id_, keys, what, hint))
    return problems


@contextmanager
def _muted(logger: logging.Logger) -> Iterator[None]:
    """What the library would say of an address is said by the problem."""
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _channels(
    common: tuple[str, ...], of: dict[str, tuple[str, ...]]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, url in enumerate(common):
        yield ("channels", number), url
    for code, urls in of.items():
        for number, url in enumerate(urls):
            yield ("channels_of", code, number), url
