"""How the bytes of a delivery are read as a table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.models.base import Identifier, Model

FormatType = Literal["auto", "csv", "json", "jsonl", "parquet", "xlsx", "xls", "ods"]


class Unpivot(Model):
    """Turn a table with one column per period into rows.

    Columns that are not in ``keep`` become rows: their header goes to ``name``, their cell to ``value``; an
    empty cell gives no row.
    """

    keep: tuple[str, ...] = Field(min_length=1)
    name: Identifier = "name"
    value: Identifier = "value"


class Format(Model):
    """How a delivered file is read.

    ``type: auto`` goes by the file's ending (.csv .tsv .txt .json .geojson .jsonl .ndjson .parquet .xlsx .xls
    .ods). Each may be packed as .gz. Of a .zip the members that the pattern ``member`` names are read, each
    as a file of its own. ``encoding`` is that of a text: ``auto`` looks for a byte order mark, for UTF-8 and
    UTF-16, and for Vietnamese words in windows-1258 (``cp1258``) or ``tcvn3``; for a workbook ``tcvn3`` is
    the only one that counts. ``header_row`` is the 1-based line of the header; rows above it are titles.
    ``sheet`` is the sheet of a workbook (default: the first), or a pattern such as ``"*"`` to read each sheet
    that it names as a file of its own. ``records`` is the path to the list of records in a JSON document.
    Cells that hold one of ``nulls`` are empty.
    """

    type: FormatType = "auto"
    member: str = "*"
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    header_row: int = Field(default=1, ge=1)
    sheet: str | None = None
    records: str | None = None
    decimal: Literal[".", ","] = "."
    nulls: tuple[str, ...] = ("",)
    unpivot: Unpivot | None = None
