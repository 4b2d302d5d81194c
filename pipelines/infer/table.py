"""The table that a file holds, found without being told anything: where it begins, headers, cells as text."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from config.models import Format
from config.models.feed import ColumnType
from pipelines.errors import SourceError
from pipelines.infer.coding import decode, is_tcvn3
from pipelines.infer.dialect import find_dialect, rows_of
from pipelines.infer.layout import header_row, looks_like_data
from pipelines.infer.sample import Sample, take
from pipelines.read import tcvn3
from pipelines.read.kinds import ENDINGS, ZIPPED, plain_name
from pipelines.read.shape import columns_of
from pipelines.read.workbook import cells_of, sheets_of

FOOTER: Final = 100
"""Lines at the end among which the notes below a table begin."""
LETTERS: Final = 2000
"""Rows of a workbook by whose words its coding is told."""
OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_TCVN3: Final = str.maketrans(tcvn3.SEEN, tcvn3.MEANT)
MOST_ROWS: Final = 100_000
"""Rows that are looked at closely; of more, as many spread over the sample."""


@dataclass
class Table:
    """``frame`` holds the rows below the header as text, one column for each of ``headers``; None: empty.

    ``format`` is what the feed must say to have the file read so; ``native`` the types that the file itself
    gives to columns, by place. ``whole``: every row of the file is in ``frame``.
    """

    format: dict[str, Any]
    headers: Sequence[str]
    frame: pd.DataFrame
    whole: bool
    native: dict[int, ColumnType] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    looked_at: str = ""
    title: str = ""


def read_table(path: Path) -> Table:
    """Find the table of a file. Raises SourceError."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise SourceError("the file is empty (0 bytes)", "ask the sender to deliver it again")
    if start.startswith(b"PAR1"):
        return _parquet(path)
    if start.startswith(ZIPPED) and not _is_workbook(path):
        return _archive(path)
    if start.startswith((ZIPPED, OLD_EXCEL)):
        return _workbook(path)
    sample = take(path)
    text, encoding, note = decode(sample)
    first = text.lstrip()[:1]
    if first in ("{", "["):
        table = _json(sample, text)
    elif first == "<":
        raise SourceError("the file is a web page or XML, not a table", "open it to see which")
    else:
        table = _csv(text, whole=sample.whole)
        table.looked_at = _looked_at(sample, len(table.frame), whole=table.whole)
    if encoding != "utf-8":
        table.format = {"type": table.format.pop("type"), "encoding": encoding} | table.format
        table.notes["encoding"] = note
    return table


def _looked_at(sample: Sample, rows: int, *, whole: bool) -> str:
    if whole:
        return f"all {rows:,} rows"
    size = "a packed file" if sample.size is None else f"{sample.size / 2**20:,.0f} MiB"
    where = "from the beginning" if sample.size is None else "from all over"
    return f"{rows:,} rows {where} of {size}"


def _csv(text: str, *, whole: bool) -> Table:
    dialect = find_dialect(text)
    rows = rows_of(text.split("\n", 400)[:400], dialect.delimiter, dialect.quote)
    place = header_row(rows, dialect.width)
    header = list(rows[place]) if rows else []
    while len(header) > 1 and not header[-1].strip() and len(header) > dialect.width:
        header.pop()
    # A quoted line break in a title would shift it: the header is looked for by its line.
    lines = text.split("\n")
    skip = _line_of(rows, place, lines, dialect.delimiter, dialect.quote)
    end = _end_of(lines, skip, dialect.delimiter, dialect.quote, len(header)) if whole else len(lines)
    body = "\n".join(lines[skip:end])
    try:
        frame = pd.read_csv(
            io.StringIO(body),
            sep=dialect.delimiter,
            quotechar=dialect.quote,
            header=None,
            skiprows=1,
            dtype="str",
            names=range(len(header)),
            keep_default_na=False,
            on_bad_lines="skip",
            index_col=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            f"no table was found: {str(error).splitlines()[0]}", "open the file and look"
        ) from error
    format: dict[str, Any] = {"type": "csv"}
    notes = {}
    if dialect.delimiter != ",":
        format["delimiter"] = dialect.delimiter
        notes["delimiter"] = f"{dialect.share:.0%} of the lines looked at have {dialect.width} cells"
    if dialect.quote != '"':
        format["quote"] = dialect.quote
    if skip:
        format["header_row"] = skip + 1
        notes["header_row"] = f"above it: {_above(rows[:place])[:80]}"
    if end < len(lines) and any(map(str.strip, lines[end:])):
        first = next(line for line in lines[end:] if line.strip())
        format["footer"] = "^" + re.escape(first[:12]).replace("\\ ", " ")
        notes["footer"] = f"{sum(bool(line.strip()) for line in lines[end:])} lines below the table"
    if looks_like_data(header):
        notes["header_row"] = "it looks like data: is there a header at all?"
        format.setdefault("header_row", skip + 1)
    return Table(
        format,
        columns_of(header),
        _tidy(frame),
        whole and len(frame) <= MOST_ROWS,
        notes=notes,
        title=_above(rows[:place]),
    )


def _line_of(
    rows: Sequence[Sequence[str]], place: int, lines: Sequence[str], delimiter: str, quote: str
) -> int:
    """Number of the lines above the row at ``place``."""
    skip = place
    while (
        skip < len(lines)
        and rows_of([lines[skip]], delimiter, quote) != [list(rows[place])]
        and skip < place + 50
    ):
        skip += 1
    return skip if skip < min(len(lines), place + 50) else place


def _end_of(lines: Sequence[str], skip: int, delimiter: str, quote: str, width: int) -> int:
    """Number of the lines above the notes below the table: narrow ones, after all that are not."""
    last = len(lines)
    for place in range(len(lines) - 1, max(skip, len(lines) - FOOTER), -1):
        row = rows_of([lines[place]], delimiter, quote)
        if row and len(row[0]) >= 0.8 * width:
            break
        last = place
    else:
        return len(lines)  # a quoted text of many lines, rather than notes
    # A narrow line inside quotes belongs to the row that it ends.
    return last if sum(line.count(quote) for line in lines[last:]) % 2 == 0 else len(lines)


def _is_workbook(path: Path) -> bool:
    with ZipFile(path) as archive:
        return not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())


def _archive(path: Path) -> Table:
    """The table of the first member of a ZIP that is one."""
    with ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="infer-") as folder:
        names = [name for name in archive.namelist() if PurePosixPath(plain_name(name)).suffix in ENDINGS]
        if not names:
            raise SourceError("the archive holds no table", f"it holds: {', '.join(archive.namelist()[:5])}")
        table = read_table(Path(archive.extract(names[0], folder)))
    if len(names) > 1:
        table.format["member"] = names[0]
        table.notes["member"] = f"one of {len(names)}: write a pattern for all that belong to this feed"
    return table


def _workbook(path: Path) -> Table:
    sheets = sheets_of(path)
    ending = PurePosixPath(path.name.lower()).suffix.lstrip(".")
    format: dict[str, Any] = {"type": ending if ending in ("xls", "ods") else "xlsx"}
    notes = {}
    if len(sheets) > 1:
        format["sheet"] = sheets[0]
        notes["sheet"] = f"the first of {len(sheets)}: {', '.join(sheets)[:120]}"
    cells = cells_of(path, sheets[0], Format(), None)
    frame = cells.to_pandas().set_axis(range(cells.num_columns), axis=1)
    cells_seen = pd.unique(frame.iloc[:LETTERS].to_numpy().ravel())
    if is_tcvn3("\n".join(cell for cell in cells_seen if isinstance(cell, str))):
        format["encoding"], notes["encoding"] = tcvn3.NAME, "its words make sense so"
        frame = frame.map(lambda cell: cell.translate(_TCVN3) if isinstance(cell, str) else cell)
    frame = frame.apply(_trimmed)
    rows = [["" if cell is None else cell for cell in row] for row in frame.iloc[:60].to_numpy().tolist()]
    filled = frame.notna().sum(axis=1)
    place = header_row(rows, int(filled[filled > 1].mode().max()) if (filled > 1).any() else 1)
    header = rows[place] if rows else []
    while header and not header[-1]:
        header.pop()
    if place:
        format["header_row"] = place + 1
        notes["header_row"] = f"above it: {_above(rows[:place])[:80]}"
    body = frame.iloc[place + 1 :, : len(header)]
    kept = _kept(body)
    looked = f"all {len(kept):,} rows"
    return Table(
        format,
        columns_of(header),
        kept,
        len(body) <= MOST_ROWS,
        notes=notes,
        looked_at=looked,
        title=_above(rows[:place]),
    )


def _above(rows: Sequence[Sequence[str]]) -> str:
    return " / ".join(filter(None, (" ".join(row).strip() for row in rows)))


def _json(sample: Sample, text: str) -> Table:
    try:
        found = json.loads(text)
        where, records = _records(found)
    except json.JSONDecodeError:
        return _jsonl(text, sample)
    if isinstance(found, dict) and not records:
        raise SourceError("the document holds no list of records", "infer wants a table: [{…}, {…}]")
    frame = _normal(records)
    format: dict[str, Any] = {"type": "json"} | ({"records": where} if where else {})
    return Table(format, list(frame.columns), _texts(frame), True, looked_at=f"all {len(frame):,} records")


def _jsonl(text: str, sample: Sample) -> Table:
    lines = [line for line in text.split("\n") if line.strip()]
    records = list(_lines(lines))
    if len(records) < 0.5 * len(lines):
        raise SourceError(
            "the file is neither JSON nor JSON lines", "it was cut short: have it delivered again"
        )
    frame = _normal(records)
    return Table(
        {"type": "jsonl"},
        list(frame.columns),
        _texts(frame),
        sample.whole,
        looked_at=_looked_at(sample, len(frame), whole=sample.whole),
    )


def _lines(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict):
            yield record


def _records(found: Any) -> tuple[str, list[Any]]:
    """The longest list of objects in a document, and the path of keys that leads to it."""
    best: tuple[str, list[Any]] = ("", [])
    todo: list[tuple[str, Any]] = [("", found)]
    while todo:
        where, value = todo.pop(0)
        if isinstance(value, list):
            if value and all(isinstance(item, dict) for item in value) and len(value) > len(best[1]):
                best = (where, value)
        elif isinstance(value, dict):
            todo += [
                (f"{where}.{key}" if where else key, below) for key, below in value.items() if "." not in key
            ]
    return best


def _normal(records: Sequence[Any]) -> pd.DataFrame:
    return pd.json_normalize([record for record in records if isinstance(record, dict)])


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Values of JSON as the text that a contract reads."""

    def text(value: Any) -> str | None:
        if value is None or (isinstance(value, float) and value != value):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return _tidy(frame.astype(object).map(text))


def _parquet(path: Path) -> Table:
    try:
        file = pq.ParquetFile(path)
        total = file.metadata.num_rows
        groups = file.num_row_groups
        batches = []
        rows = 0
        for number in dict.fromkeys((0, groups // 2, groups - 1)):
            for batch in file.iter_batches(MOST_ROWS // 3, row_groups=[number]):
                batches.append(batch)
                rows += batch.num_rows
                break
        table = pa.Table.from_batches(batches, file.schema_arrow)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"the Parquet file cannot be read: {error}", "have it delivered again") from error
    native = {place: kind for place, kind in enumerate(map(_native, table.schema.types)) if kind is not None}
    columns = [
        column.cast(pa.string())
        if not pa.types.is_nested(column.type)
        else pa.nulls(len(column), pa.string())
        for column in table.columns
    ]
    frame = pa.table(columns, names=[str(place) for place in range(len(columns))]).to_pandas()
    frame.columns = range(len(columns))
    looked = f"all {total:,} rows" if rows == total else f"{rows:,} of {total:,} rows"
    return Table(
        {"type": "parquet"}, table.column_names, _tidy(frame), rows == total, native, looked_at=looked
    )


def _native(type: pa.DataType) -> ColumnType | None:
    if pa.types.is_boolean(type):
        return "boolean"
    if pa.types.is_integer(type):
        return "integer"
    if pa.types.is_floating(type) or pa.types.is_decimal(type):
        return "number"
    if pa.types.is_date(type):
        return "date"
    return "timestamp" if pa.types.is_timestamp(type) else None


def _tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Cells trimmed and composed, None where nothing is; without empty rows; no more than are looked at."""
    return _kept(frame.apply(_trimmed))


def _kept(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame[frame.notna().any(axis=1)]
    if len(frame) > MOST_ROWS:
        frame = frame.iloc[:: len(frame) // MOST_ROWS + 1]
    return frame.reset_index(drop=True)


def _trimmed(cells: pd.Series[Any]) -> pd.Series[Any]:
    texts = pc.utf8_normalize(pa.array(cells, pa.string(), from_pandas=True), form="NFC")
    texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _GAPS, " "))
    filled = pc.if_else(pc.equal(texts, ""), None, texts)
    return pd.Series(filled.to_numpy(zero_copy_only=False), index=cells.index, dtype="object")


_GAPS: Final = "[\u00a0\u202f]"
"""Blanks that do not look different, and part thousands in some countries."""
