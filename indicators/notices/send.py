"""Sending one message by one channel, whatever kind of channel it is (Apprise knows a hundred)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from config import City
from config.models.recipient import REFERENCE
from indicators.notices.channels import MissingSecretError, redacted, resolved
from warehouse.state import Message

Send = Callable[[Message], str | None]
"""Sends a message; what went wrong, None when nothing did."""

_HEADED: Final = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
"""Kinds of channel that carry headers: whoever receives a message twice can tell by its key."""
_LEVELS: Final = {"critical": "failure", "serious": "warning", "watch": "info"}
_PATIENCE: Final = 15.0
"""Seconds that a channel may take."""
_LONGEST: Final = 500
"""Letters of an error that are kept."""


def missing_secrets(city: City, environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Per recipient the environment variables that its channels name and that are not set."""
    found = {
        id_: sorted(
            {name for name in _named(recipient.channels, recipient.channels_of) if not environment.get(name)}
        )
        for id_, recipient in city.recipients.items()
    }
    return {id_: names for id_, names in found.items() if names}


def _named(common: Iterable[str], of: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for urls in (common, *of.values()):
        for url in urls:
            yield from REFERENCE.findall(url)


def warm(city: City) -> None:
    """Load what sending needs, if the city sends at all: the first warning should not wait for it."""
    if any(recipient.channels or recipient.channels_of for recipient in city.recipients.values()):
        from apprise import Apprise

        Apprise.instantiate("json://localhost")


def by_apprise(environment: Mapping[str, str]) -> Send:
    """Send by Apprise, with the secrets of ``environment``. Safe to use from several threads."""

    def send(message: Message) -> str | None:
        try:
            url = resolved(message.channel, environment)
        except MissingSecretError as error:
            return str(error)
        try:
            failed = _deliver(url, message)
        except Exception as error:  # noqa: BLE001 -- whatever a library does, others must not wait for it
            failed = f"{type(error).__name__}: {error}"
        # Cut last: half a secret would no longer be known as one.
        return redacted(failed or "", message.channel, environment)[:_LONGEST] or None

    return send


def _deliver(url: str, message: Message) -> str | None:
    # Loaded when there is something to send: it brings half a second of imports.
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

    # The name goes into a header, where Vietnamese letters are not allowed.
    asset = AppriseAsset(app_id="Toan Canh", async_mode=False, secure_logging=True, service_timeout=_PATIENCE)
    post = Apprise(asset=asset)
    if not post.add(_keyed(url, message.key)):
        return "no known kind of channel, or not a complete address"
    result = post.notify(
        body=message.body,
        title=message.subject,
        notify_type=NotifyType(_LEVELS.get(message.severity, "info")),
        body_format=NotifyFormat.TEXT,
    )
    if result:
        return None
    told = [entry for service in result.results for entry in service.logs()]
    grave = [entry.message for entry in told if entry.level in ("WARNING", "ERROR", "CRITICAL")]
    return " ".join(" ".join([*grave, f"({result.status.name.lower()})"]).split())


def _keyed(url: str, key: str) -> str:
    if url.partition("://")[0].lower() not in _HEADED:
        return url
    return f"{url}{'&' if '?' in url else '?'}+Idempotency-Key={quote(key, safe='')}"
