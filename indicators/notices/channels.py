"""From a channel as the city writes it to a URL with its secrets, and back to what may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from config.models.recipient import REFERENCE


class MissingSecretError(Exception):
    """An environment variable that a channel names is not set."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(f"environment variable {', '.join(names)} is not set")


def resolved(channel: str, environment: Mapping[str, str]) -> str:
    """The channel with its secrets in place. Raises MissingSecretError.

    What stands for a whole URL is taken as it is; a part of one is quoted, so that a password may hold any
    letter.
    """
    names = REFERENCE.findall(channel)
    missing = sorted({name for name in names if not environment.get(name)})
    if missing:
        raise MissingSecretError(missing)
    if REFERENCE.fullmatch(channel):
        return environment[names[0]]
    return REFERENCE.sub(lambda match: quote(environment[match[1]], safe=""), channel)


def redacted(text: str, channel: str, environment: Mapping[str, str]) -> str:
    """``text`` without the secrets of ``channel``: their names stand in their place."""
    for name in REFERENCE.findall(channel):
        secret = environment.get(name)
        if secret:
            for form in (secret, quote(secret, safe="")):
                text = text.replace(form, f"${{{name}}}")
    return text
