"""SDMX messages (SDMX-ML, SDMX-JSON, SDMX-CSV) as a table: a column for each dimension and attribute.

The landed file stays as it was received; the table is made from it in the work folder, when it is read.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from pipelines.errors import SourceError
from pipelines.read.kinds import PACKED, starts
from pipelines.read.sdmx_json import VALUE, Row, rows_of

PERIOD: Final = "TIME_PERIOD"
START: Final = "TIME_START"
NONE: Final = pa.array([], pa.string())
_MONTHS: Final = {"A": 12, "S": 6, "T": 4, "Q": 3, "M": 1}
_PERIOD: Final = re.compile(r"(\d{4})(?:-?([ASTQMWD])(\d{1,3})|-(\d{2})(?:-(\d{2}))?)?(?![\d-])")
"""A year, a period of the reporting calendar (2024-Q1), a month or a day; what follows (a time of day, a
duration) does not change its first day."""
LARGEST: Final = 128 << 20
"""Bytes of an XML or JSON message: its library holds each observation as objects (1.8 KB)."""
_DELETES: Final = ("D", "Delete")


def to_parquet(path: Path, target: Path) -> None:
    """Write the observations of the message at ``path`` to ``target``, all as text, in the file's order.

    Columns are the dimensions (among them ``TIME_PERIOD``), ``OBS_VALUE``, the attributes of observation,
    series and group, and ``TIME_START``: the first day of the period. Raises SourceError when the file holds
    no SDMX data.
    """
    with _opened(path) as stream:
        head = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        stream.seek(0)
        match head[:1]:
            case b"<":
                pq.write_table(_with_start(_table(_markup(_limited(stream)))), target)
            case b"{":
                pq.write_table(_with_start(_table(_json(_limited(stream)))), target)
            case _:
                _csv(stream, head, target)


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if starts(path, PACKED) else path.open("rb")


def _limited(stream: IO[bytes]) -> io.BytesIO:
    body = stream.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise SourceError(
            f"the message is larger than {LARGEST >> 20} MiB",
            "ask for CSV (connector.answer: csv), of which any size is read, or for fewer periods",
        )
    return io.BytesIO(body)


def _json(body: IO[bytes]) -> Iterator[Row]:
    try:
        yield from rows_of(body)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise _unreadable(error) from error


def _markup(body: io.BytesIO) -> Iterator[Row]:
    """SDMX-ML. The library gives an object for each observation, so this walks over them one by one."""
    try:
        import sdmx
        from sdmx.message import DataMessage, ErrorMessage
    except ImportError as error:
        raise SourceError(
            "SDMX-ML is read by the package sdmx1, which is not installed",
            "install it with: pip install 'toan-canh[sdmx]'",
        ) from error
    try:
        logging.getLogger("sdmx").setLevel(logging.ERROR)  # it warns that it must guess the structure
        # Where it cannot read, it prints all that it holds.
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            message = sdmx.read_sdmx(body, format="XML")
    except Exception as error:  # the library raises whatever its parsers do
        raise _unreadable(error) from error
    if isinstance(message, ErrorMessage):
        raise SourceError(f"the message tells of an error: {str(message)[:300]}", "correct the question")
    if not isinstance(message, DataMessage):
        what = type(message).__name__
        raise SourceError(f"a {what} holds no observations", "ask for data, not for structures")
    for observation in (observation for dataset in message.data for observation in dataset.obs):
        row = {name: _text(value.value) for name, value in observation.key.values.items()}
        row[VALUE] = _text(observation.value)
        for name, attribute in observation.attrib.items():
            row.setdefault(name, _text(attribute.value))
        yield row


def _unreadable(error: Exception) -> SourceError:
    return SourceError(
        f"the message cannot be read as SDMX: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
        "was it cut short, or is it another kind of file?",
    )


def _table(rows: Iterator[Row]) -> pa.Table:
    columns: dict[str, list[str | None]] = {}
    count = 0
    for count, row in enumerate(rows, start=1):
        for name, cell in row.items():
            cells = columns.setdefault(name, [])
            cells.extend([None] * (count - 1 - len(cells)))
            cells.append(cell)
    for cells in columns.values():
        cells.extend([None] * (count - len(cells)))
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()} or {VALUE: NONE})


def _text(value: Any) -> str | None:
    """A code by its id, anything else as it is written."""
    if value is None:
        return None
    id = getattr(value, "id", None)
    return id if isinstance(id, str) and id else str(value)


def _with_start(table: pa.Table) -> pa.Table:
    """The table with the first day of each period, where it has periods."""
    if PERIOD not in table.schema.names or START in table.schema.names:
        return table
    days = [
        pa.array(map(first_day, chunk.dictionary.to_pylist()), pa.string()).take(chunk.indices)
        for chunk in pc.dictionary_encode(table[PERIOD]).chunks
    ]
    return table.append_column(START, pa.chunked_array(days, pa.string()))


def first_day(period: str | None) -> str | None:
    """The first day of a period as ISO date, of all the forms that SDMX knows; None for anything else."""
    if period is None or (match := _PERIOD.match(period)) is None:
        return None
    year, letter, number, month, day = match.groups()
    try:
        if letter == "W":
            return dt.date.fromisocalendar(int(year), int(number), 1).isoformat()
        if letter == "D":
            return (dt.date(int(year), 1, 1) + dt.timedelta(days=int(number) - 1)).isoformat()
        if letter:
            months = _MONTHS[letter]
            month = str((int(number) - 1) * months + 1)
        return dt.date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return None


def _csv(stream: IO[bytes], head: bytes, target: Path) -> None:
    first = head.splitlines()[0].decode(errors="replace") if head else ""
    if VALUE not in first:
        hint = f"there is no {VALUE} in its first line"
        raise SourceError("this is neither an SDMX message nor SDMX-CSV", hint)
    delimiter = ";" if first.count(";") > first.count(",") else ","
    names = [name.strip().strip('"') for name in first.split(delimiter)]
    writer = None
    try:
        for batch in pa.csv.open_csv(
            stream,
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        ):
            _demand_no_deletes(batch)
            table = _with_start(pa.Table.from_batches([batch]))
            writer = writer or pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise SourceError(f"the SDMX-CSV cannot be read: {error}", "have it delivered again") from error
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table(dict.fromkeys(names, NONE)), target)


def _demand_no_deletes(batch: pa.RecordBatch) -> None:
    if "ACTION" in batch.schema.names and pc.any(pc.is_in(batch["ACTION"], pa.array(_DELETES))).as_py():
        raise SourceError(
            "the file asks to delete observations (ACTION D)",
            "have the whole state delivered, with mode: snapshot",
        )
