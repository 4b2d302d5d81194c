"""First look at a file that nothing is known of: what kind it is, and the table in it."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import ZipFile

from pipelines.errors import SourceError
from pipelines.infer.coding import decode
from pipelines.infer.delimited import delimited
from pipelines.infer.records import documents, parquet
from pipelines.infer.sample import take
from pipelines.infer.sheets import is_workbook, workbook
from pipelines.infer.table import Table, looked_over
from pipelines.read.kinds import ENDINGS, ZIPPED, plain_name

_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_PARQUET: Final = b"PAR1"


def read_table(path: Path) -> Table:
    """Find the table of a file. Raises SourceError."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if not start:
        raise SourceError("the file is empty (0 bytes)", "ask the sender to deliver it again")
    if start.startswith(_PARQUET):
        return parquet(path)
    if start.startswith(ZIPPED) and not is_workbook(path):
        return _archive(path)
    if start.startswith((ZIPPED, _OLD_EXCEL)):
        return workbook(path)
    sample = take(path)
    text, encoding, note = decode(sample)
    first = text.lstrip()[:1]
    if first in ("{", "["):
        table = documents(sample, text)
    elif first == "<":
        raise SourceError("the file is a web page or XML, not a table", "open it to see which")
    else:
        table = delimited(text, whole=sample.whole)
        table.looked_at = looked_over(sample, len(table.frame), whole=table.whole)
    if encoding != "utf-8":
        table.format = {"type": table.format.pop("type"), "encoding": encoding} | table.format
        table.notes["encoding"] = note
    return table


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
