"""The parts that every report is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.standing import Mark


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how it is written in the report's language with so many decimals."""

    value: float | None
    decimals: int
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """A state in words, and the mark that it wears."""

    text: str
    mark: Mark


Cell = str | Number | Held | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; what is not ``printed`` stands in workbooks alone."""

    title: str
    number: bool = False
    printed: bool = True


@dataclass(frozen=True)
class Block:
    """A titled table. ``sparks`` gives each row its course, oldest first; ``data_through`` is UTC, bare."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    sparks: Sequence[Sequence[float | None]]
    indicators: Sequence[str]
    data_through: dt.datetime | None

    def with_rows(self, rows: Sequence[Sequence[Cell]]) -> Block:
        """The same block with other rows."""
        return replace(self, rows=rows)
