"""How the bytes of a delivery are read as a table."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from config.models.base import Identifier, Model

FormatType = Literal["auto", "csv", "json", "jsonl", "parquet", "xlsx", "xls", "ods", "sdmx", "prometheus"]


def groups_of(pattern: str | None) -> tuple[str, ...]:
    """Names of a regular expression's groups, in their order; none where it is wrong, as the check tells."""
    try:
        return tuple(re.compile(pattern).groupindex) if pattern is not None else ()
    except re.error:
        return ()


class Unpivot(Model):
    r"""Turn a table with one column per period into rows.

    Columns that are neither in ``keep`` nor in ``drop`` become rows: their header goes to ``name``, their
    cell to ``value``; an empty cell gives no row. Where a header says more than one thing, as ``2016 Female``
    does, ``pattern`` is a regular expression with named groups, ``(?P<year>\d{4}) (?P<sex>.+)``: each group
    is a column of its own in place of ``name``. A header that does not follow it is an error.
    """

    keep: tuple[str, ...] = Field(min_length=1)
    drop: tuple[str, ...] = ()
    pattern: str | None = None
    name: Identifier = "name"
    value: Identifier = "value"

    @property
    def told(self) -> tuple[str, ...]:
        """The columns that a header becomes."""
        return (self.name,) if self.pattern is None else groups_of(self.pattern)


class Format(Model):
    """How a delivered file is read.

    ``type: auto`` goes by the file's ending (.csv .tsv .txt .json .geojson .jsonl .ndjson .parquet .xlsx .xls
    .ods). Each may be packed as .gz. Of a .zip the members that the pattern ``member`` names are read, each
    as a file of its own. ``encoding`` is that of a text: ``auto`` looks for a byte order mark, for UTF-8 and
    UTF-16, and for Vietnamese words in windows-1258 (``cp1258``) or ``tcvn3``; for a workbook ``tcvn3`` is
    the only one that counts. ``sheet`` is the sheet of a workbook (default: the first), or a pattern such as
    ``"*"`` to read each sheet that it names as a file of its own. ``records`` is the path to the list of
    records in a JSON document (``result.records``; of a .geojson its ``features``), and a column's source a
    path into each: ``fields.name``, ``fields.xy[0]``, ``$`` for a record that is a bare value. A step
    ``{station}`` is each entry of an object or list, whose key or place is the column ``station``.

    ``header_row`` is the 1-based line at which the header begins; lines above it are titles. A header of
    ``header_height`` lines is joined from top to bottom, an empty cell of an upper line being one with what
    stands left of it (merged cells). From the first line below in which the regular expression ``footer``
    finds something, nothing is read. ``from_title`` and ``from_name`` are regular expressions with named
    groups, looked for in the titles, and in the delivery's name with its member and sheet: each group is a
    column of every row.

    In the columns ``fill_down`` an empty cell is what stands above it (stair-step tables); a new value in one
    begins those listed behind it anew. Rows that are no data (totals, repeated headers, notes) are left out
    by ``leave_out``, columns and for each a regular expression: a row in which one of them finds something is
    not received; ``"^$"`` finds empty cells. How many there were stands in the run's note.

    Cells that hold one of ``nulls`` are empty. Numbers have the ``decimal`` mark and between thousands, if at
    all, one of the characters of ``thousands``, which must stand before groups of three digits.

    ``sdmx`` is a message of statistics (SDMX-ML, SDMX-JSON, SDMX-CSV): dimensions, ``OBS_VALUE`` and
    attributes are columns. ``prometheus`` is an answer of its API: ``time``, ``value`` and each label are
    columns.
    """

    type: FormatType = "auto"
    member: str = "*"
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    sheet: str | None = None
    records: str | None = None
    header_row: int = Field(default=1, ge=1)
    header_height: int = Field(default=1, ge=1, le=20)
    footer: str | None = None
    from_title: str | None = None
    from_name: str | None = None
    fill_down: tuple[str, ...] = ()
    leave_out: dict[str, str] = Field(default_factory=dict)
    nulls: tuple[str, ...] = ("",)
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    unpivot: Unpivot | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """Columns that hold for all rows of a file: what its titles and its name say."""
        return (*groups_of(self.from_title), *groups_of(self.from_name))

    @property
    def reshaped(self) -> bool:
        """Whether rows of the table are not simply the rows of the file."""
        return bool(self.fill_down or self.leave_out or self.unpivot)

    @model_validator(mode="after")
    def _marks_differ(self) -> Format:
        if self.decimal in self.thousands:
            raise ValueError(f"{self.decimal!r} cannot be both the decimal mark and one of thousands")
        return self
