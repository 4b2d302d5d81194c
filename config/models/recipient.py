"""``recipients.yaml``: who is told of warnings, by which channels, and when they would rather not be."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, Field

from config.models.base import Clock, Duration, Identifier, LastingDuration, Model, Text
from config.models.condition import Severity

REFERENCE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
"""A secret in a channel: the name of the environment variable that holds it."""

_SECRET_KEYS = frozenset({"pass", "password", "token", "secret", "apikey", "key"})


def _channel(url: str) -> str:
    """An Apprise URL, or one reference that stands for a whole URL; secrets only as references."""
    rest = REFERENCE.sub("", url)
    if "$" in rest:
        raise ValueError(
            "has a $ that names no environment variable; write ${NAME} in capitals, digits and _"
        )
    if rest == "" and url:
        return url
    # A reference may stand where a URL wants a number, such as the port: only its shape is looked at.
    parts = urlsplit(REFERENCE.sub("0", url))
    if not parts.scheme or "://" not in url:
        raise ValueError(f"{url!r} is no channel; write a URL such as json://host/path or ${{NAME}} for it")
    held = urlsplit(url).netloc.rpartition("@")[0].partition(":")[2]
    if held and not REFERENCE.fullmatch(held):
        raise ValueError("holds a password in clear; write ${NAME} and give it in the environment")
    for name, value in parse_qsl(urlsplit(url).query):
        if name.lower().lstrip("+-:") in _SECRET_KEYS and not REFERENCE.fullmatch(value):
            raise ValueError(f"holds {name!r} in clear; write ${{NAME}} and give it in the environment")
    return url


Channel = Annotated[str, AfterValidator(_channel)]


class QuietHours(Model):
    """Hours by the city's clock in which nobody is woken: what comes up is told when they end.

    They may pass midnight. Warnings of at least the severity ``unless`` are told at once.
    """

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    unless: Severity = "critical"


class Digest(Model):
    """Times of day (``at``) at which one message tells what is new, what ended and what still stands.

    Warnings of the severities ``holds`` are told in it alone; without any it is sent beside the others.
    """

    at: tuple[Clock, ...] = Field(min_length=1)
    holds: tuple[Severity, ...] = ("watch",)


class Grouping(Model):
    """How warnings become messages.

    What one evaluation finds for a recipient is one message for each value of ``by``, all in one when it is
    empty. ``wait``: how long the first of a group waits for others. ``interval``: how long after a message
    the next of the same group may come. ``repeat``: how long a warning that stands and that nobody took on
    is left before it is told again; left out, it is not. Warnings of at least the severity ``unless`` wait
    for nothing.
    """

    by: tuple[Literal["rule", "domain", "area", "cause"], ...] = ()
    wait: Duration = dt.timedelta(0)
    interval: Duration = dt.timedelta(minutes=5)
    repeat: LastingDuration | None = None
    unless: Severity = "critical"


class Rate(Model):
    """At most ``most`` messages ``within`` a span; what is more is gathered until there is room.

    Critical warnings are never held up by it.
    """

    most: int = Field(default=30, ge=1)
    within: LastingDuration = dt.timedelta(hours=1)


class Recipient(Model):
    """One person or office that rules name under ``notify``.

    ``channels`` are Apprise URLs such as ``json://host/path`` or ``mailtos://…``. Secrets stand in them as
    ``${NAME}``, the name of an environment variable, which may also stand for a whole URL. Without a channel
    the notices are written down and shown, and not sent. ``each`` names a level of which every area has an
    office of its own, told of what happens in its area or below; ``channels_of`` gives an area's office
    channels of its own. ``areas`` (each with all below it) and ``levels`` narrow down of which areas
    warnings are told; ``least`` is the lowest severity. ``resolved``: whether the end of a warning is told
    as well. ``escalates_to`` is who is told when this one was told and nobody took the warning on in time.
    """

    id: Identifier
    name: Text
    channels: tuple[Channel, ...] = ()
    each: Identifier | None = None
    channels_of: dict[str, tuple[Channel, ...]] = Field(default_factory=dict)
    language: Literal["vi", "en"] | None = None
    areas: tuple[str, ...] = ()
    levels: tuple[Identifier, ...] = ()
    least: Severity = "watch"
    resolved: bool = True
    escalates_to: Identifier | None = None
    quiet: QuietHours | None = None
    digest: Digest | None = None
    group: Grouping = Grouping()
    rate: Rate = Rate()
