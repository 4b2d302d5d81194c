"""``areas/units.csv``: the units, each valid for a span of days; ``areas/changes.csv``: what they became;
``areas/populations.csv``: their people and ground where these changed while the unit went on.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from config.models.base import Identifier, Model


class Area(Model):
    """One administrative unit over ``valid_from`` ≤ day < ``valid_to`` (None: open).

    ``code`` is unique in the city; ``official`` (default: the code) is what feeds deliver, since a reform
    may give an old code to a new unit. ``parent`` is the code one level up (empty for the root).
    ``population`` and ``km2`` hold from its first day until ``areas/populations.csv`` says otherwise.
    ``tile_row``/``tile_col`` place it on the equal-size tile map; the first row and the first column are 1.
    Units of different times share one grid, of which only the part in use is drawn.
    """

    code: str = Field(min_length=1, max_length=20)
    official: str = ""
    name_vi: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    short: str = ""
    level: Identifier
    parent: str = ""
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    population: int | None = Field(default=None, ge=0)
    km2: float | None = Field(default=None, gt=0)
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    tile_row: int | None = Field(default=None, ge=1)
    tile_col: int | None = Field(default=None, ge=1)

    def name(self, language: str) -> str:
        """Full name in ``language``."""
        return self.name_vi if language == "vi" else self.name_en

    def valid_on(self, day: dt.date) -> bool:
        """Whether the unit exists on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


class AreaFigures(Model):
    """The ``population`` and ``km2`` of unit ``code`` from a day on; what is left out stays as it was."""

    code: str = Field(min_length=1)
    since: dt.date = Field(alias="from")
    population: int | None = Field(default=None, ge=0)
    km2: float | None = Field(default=None, gt=0)


class AreaChange(Model):
    """From ``date`` on, the ``share`` of unit ``from`` that lies in unit ``to``.

    ``from`` is a unit of the day before, ``to`` one of that day, both of one level. The shares of a unit that
    ends add up to 1; what a unit that goes on does not give away stays with it. ``to`` left out: that share
    left the city; ``from`` left out: ground that came from outside. ``kind``, ``decision`` (its number) and
    ``note`` are for people.
    """

    source: str = Field(default="", alias="from")
    target: str = Field(default="", alias="to")
    date: dt.date
    share: float = Field(default=1.0, gt=0, le=1)
    kind: Literal["rename", "merge", "split", "transfer"] | None = None
    decision: str = ""
    note: str = ""
