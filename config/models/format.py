"""How the bytes of a delivery are read as a table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.models.base import Identifier, Model

FormatType = Literal["auto", "csv", "json", "jsonl", "parquet", "xlsx"]


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

    ``type: auto`` goes by the file's ending (.csv .csv.gz .tsv .json .jsonl .parquet .xlsx). ``header_row``
    is the 1-based line of the header; rows above it are titles. ``records`` is the path to the list of
    records in a JSON document. Cells that hold one of ``nulls`` are empty.
    """

    type: FormatType = "auto"
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    header_row: int = Field(default=1, ge=1)
    sheet: str | None = None
    records: str | None = None
    decimal: Literal[".", ","] = "."
    nulls: tuple[str, ...] = ("",)
    unpivot: Unpivot | None = None
