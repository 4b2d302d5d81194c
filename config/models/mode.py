"""How a feed's rows become facts: what a file means for rows that it repeats, changes or lacks."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.models.base import Identifier, Model

Mode = Literal["upsert", "append", "snapshot", "history"]


def parse_percent(value: object) -> object:
    """Turn ``50 %`` or ``50%`` into 50.0; a bare number does not say of what it is a part."""
    if isinstance(value, float):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a share; write a number and %, such as 50 %")
    return float(match[1])


Percent = Annotated[
    float, BeforeValidator(parse_percent, json_schema_input_type=str), Field(ge=0.0, le=100.0), "share"
]
"""A share in per cent, such as ``50 %``."""


class Snapshot(Model):
    """What a file of ``mode: snapshot`` is the whole state of.

    Everything; or, with ``within``, of all rows that have in these columns what one of its own rows has. A
    file that would delete more than the share ``shrink`` of what stands there is refused as suspicious;
    with ``100 %`` none is.
    """

    within: tuple[Identifier, ...] = ()
    shrink: Percent = 50.0


class Validity(Model):
    """From when to when a version of ``mode: history`` holds: ``from`` on, and before ``until``.

    Where a file gives no ``until``, or a later one, the version ends where the next of its key begins.
    """

    since: Identifier = Field(alias="from")
    until: Identifier
