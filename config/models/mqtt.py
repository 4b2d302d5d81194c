"""``connector: {kind: mqtt}``: messages of sensors, as a broker gives them on."""

from __future__ import annotations

import re
from typing import Final, Literal

from pydantic import Field, field_validator, model_validator

from config.models.remote import EnvironmentName, Listened

RESERVED: Final = ("received_at", "topic", "retained", "payload")
"""What each line of a drop holds beside the named parts of its topic."""
_PART: Final = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class MqttConnector(Listened):
    """Messages of an MQTT broker (protocol 5), dropped as JSON lines.

    ``topics``: what to subscribe to, such as ``city/{station}/{quantity}``: a part in braces is any one
    level, and a column of that name; ``+`` is any one level and ``#`` at the end all that follow. Each line
    also holds ``received_at``, ``topic``, ``retained`` and ``payload``, the message as JSON or else as text;
    a field of it is ``source: payload.value``. The broker keeps for ``session`` what is published while
    nobody listens, and knows the listener by ``client_id`` (default: ``toan-canh-`` and the feed's id). The
    port is 1883, or 8883 with ``tls``.
    """

    kind: Literal["mqtt"]
    host: str = Field(min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: bool = False
    ca_file: str | None = None
    user: str | None = None
    password_env: EnvironmentName | None = None
    client_id: str | None = Field(default=None, min_length=1, max_length=65)
    topics: tuple[str, ...] = Field(min_length=1)

    @field_validator("topics")
    @classmethod
    def _sound_topics(cls, topics: tuple[str, ...]) -> tuple[str, ...]:
        for topic in topics:
            levels = topic.split("/")
            names = [found[1] for level in levels if (found := _PART.fullmatch(level))]
            if any(name in RESERVED for name in names):
                raise ValueError(f"{topic!r}: {', '.join(RESERVED)} are names of their own")
            if len(set(names)) < len(names):
                raise ValueError(f"{topic!r} names a part twice")
            if "#" in levels[:-1]:
                raise ValueError(f"{topic!r}: # stands for all that follows, so it stands at the end")
            for level in levels:
                if _PART.fullmatch(level) is None and level not in ("+", "#") and set(level) & set("{}+#"):
                    raise ValueError(f"{topic!r}: {level!r} is no level; write a name, {{name}}, + or #")
        return topics

    @model_validator(mode="after")
    def _file_with_tls(self) -> MqttConnector:
        if self.ca_file is not None and not self.tls:
            raise ValueError("ca_file goes with tls: true")
        if self.password_env is not None and self.user is None:
            raise ValueError("password_env goes with user")
        return self

    @property
    def filters(self) -> tuple[str, ...]:
        """The topics as a broker is asked for them."""
        return tuple(_PART.sub("+", topic) for topic in self.topics)
