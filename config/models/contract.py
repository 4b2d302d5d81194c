"""What a feed does with rows that break its contract, and with deliveries that look unlike those before."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from config.models.base import Identifier, Model, Text, parse_duration
from config.models.mode import Percent, parse_percent

Mode = Literal["reject", "empty", "flag", "stop"]
"""What becomes of a row that breaks a rule: it is refused; the cell is emptied; it is accepted as it came and
told; the whole file is refused."""
CellRule = Literal["missing", "type", "pattern", "value", "range"]
"""What is asked of one cell."""

Named = Literal["missing", "type", "pattern", "value", "range", "all"]
"""A rule of a cell, or all those that are not named."""


def _spread(value: object) -> object:
    return {"all": value} if isinstance(value, str) else value


CellModes = Annotated[
    dict[Named, Mode],
    BeforeValidator(_spread, json_schema_input_type=Mode | dict[Named, Mode]),
]
"""One word for every rule of a cell, or a mapping rule → word, where ``all`` stands for the others."""

_RELATIVE: Final = re.compile(r"now(?:\s*([+-])\s*(\d+\s*[smhdw]))?")


def _bound(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | dt.date | str):
        raise ValueError(f"{value!r} is not a number, a date, or a time such as 'now + 1d'")
    if isinstance(value, str):
        if _RELATIVE.fullmatch(value.strip()) is None:
            hint = "write a number, a date such as 2026-01-31, or a time such as 'now + 1d'"
            raise ValueError(f"{value!r} is no bound; {hint}")
        return value.strip()
    if isinstance(value, dt.datetime):
        raise ValueError("a bound is a whole day; leave the time of day out")
    return float(value) if isinstance(value, int) else value


Bound = Annotated[float | dt.date | str, BeforeValidator(_bound, json_schema_input_type=float | str)]
"""A number, a day, or a time that moves with the load: ``now``, ``now + 1d``, ``now - 26w``."""


def moment(bound: str, now: dt.datetime) -> dt.datetime:
    """The moment that ``now + 1d`` means at ``now``."""
    match = _RELATIVE.fullmatch(bound)
    assert match is not None, bound
    span = parse_duration(match[2]) if match[2] else dt.timedelta(0)
    assert isinstance(span, dt.timedelta)
    return now - span if match[1] == "-" else now + span


class Check(Model):
    """A rule across columns: rows for which ``expr`` is false break it, and are told with ``message``.

    ``on_error``: reject the row, ``flag`` it (it is accepted and told), ``stop`` the whole file, or
    ``empty`` the cells of the columns ``empties``; left out, what the feed says. Checks see the cells as
    they would be stored: one that another rule emptied is empty.
    """

    id: Identifier
    expr: str
    message: Text
    on_error: Mode | None = None
    empties: tuple[Identifier, ...] = ()


class RowBounds(Model):
    """How many rows a delivery may have."""

    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> RowBounds:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}: no delivery can pass")
        return self


class Usual(Model):
    """How far the rows of a delivery may be from those of the deliveries before it.

    ``below`` and ``above`` are per cent of the median of the ``last`` accepted deliveries: of those of the
    same weekday when there are at least four, else of all when there are at least three. Before that
    nothing is judged.
    """

    last: int = Field(default=20, ge=3, le=400)
    below: Percent | None = None
    above: Annotated[float, BeforeValidator(parse_percent, json_schema_input_type=str)] | None = None

    @model_validator(mode="after")
    def _something(self) -> Usual:
        if self.below is None and self.above is None:
            raise ValueError("give below, above or both, in per cent of what is usual")
        if self.above is not None and self.above <= 100:
            raise ValueError(f"above {self.above:g} % is not above what is usual")
        return self


class VolumeRule(Model):
    """What a delivery's number of rows must be: within ``rows``, and ``against`` the feed's own history.

    ``on_error: flag`` accepts the delivery and tells it; ``stop`` refuses the file.
    """

    rows: RowBounds | None = None
    against: Usual | None = None
    on_error: Literal["flag", "stop"] = "flag"

    @model_validator(mode="after")
    def _something(self) -> VolumeRule:
        if self.rows is None and self.against is None:
            raise ValueError("give rows, against or both")
        return self


class RejectedShare(Model):
    """A file of whose rows more than ``above`` per cent are rejected is refused as a whole (``stop``), rather
    than half loaded, or only told (``flag``).
    """

    above: Percent
    on_error: Literal["flag", "stop"] = "stop"


DriftMode = Literal["flag", "stop", "ignore"]


class DriftRule(Model):
    """What happens when the columns of a delivery are not those of the one before.

    ``renamed`` is a column that went while another came that is like it by name or by what it holds;
    ``type`` is a column of another type, in formats that have types (JSON, Parquet). ``flag`` tells it on
    the data-health screen, ``stop`` refuses the file.
    """

    new: DriftMode = "flag"
    missing: DriftMode = "flag"
    renamed: DriftMode = "flag"
    reordered: DriftMode = "ignore"
    type: DriftMode = "flag"
