"""The ground every model of a city folder stands on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    RootModel,
    StringConstraints,
)

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""Lower-case name that is also a safe SQL identifier."""

Cron = Annotated[str, StringConstraints(pattern=r"^\S+(\s+\S+){4}$")]
"""Five-field cron expression, read in the city's time zone; write weekdays as names (mon, tue, …)."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST: Final = timedelta(weeks=5200)
"""So that every moment and a duration make a moment that a clock can tell."""


def parse_duration(value: object) -> object:
    """Turn ``90s``, ``15m``, ``26h``, ``3d``, ``2w`` into a timedelta; a bare number has no unit."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+)\s*([smhdw])", value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a duration; write a number and s, m, h, d or w, such as 3d")
    if (seconds := int(match[1]) * _UNITS[match[2]]) > _LONGEST.total_seconds():
        raise ValueError(f"{value!r} is longer than a hundred years")
    return timedelta(seconds=seconds)


def _lasting(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("is no time at all; give more than 0")
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration, json_schema_input_type=str)]
LastingDuration = Annotated[Duration, AfterValidator(_lasting)]
"""A duration that is not nothing."""


def _full_minute(value: object) -> object:
    # YAML reads 22:00 without quotes as the number 1320.
    if not isinstance(value, str) or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is None:
        raise ValueError(f'{value!r} is not a time of day; write one in quotes such as "07:30"')
    return value


Clock = Annotated[str, BeforeValidator(_full_minute, json_schema_input_type=str)]
"""A time of day by the city's clock, such as ``"07:30"``."""


class Model(BaseModel):
    """A frozen part of a definition; an unknown key is an error, never ignored, and so is a number that is
    none (``.nan``, ``.inf``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Text(RootModel[dict[str, str]]):
    """One text in several languages: ``{vi: …, en: …}``."""

    model_config = ConfigDict(frozen=True)

    def get(self, language: str) -> str:
        """Text in ``language``, else in the first language given."""
        return self.root.get(language) or next(iter(self.root.values()))


def tag_or(field: str, default: str) -> Discriminator:
    """Tell the members of a union apart by ``field``, which an author may leave out to mean ``default``."""

    def choose(value: Any) -> str | None:
        if isinstance(value, dict):
            return str(value.get(field, default))
        return getattr(value, field, None)

    return Discriminator(choose)
