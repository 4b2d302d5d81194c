"""Checksums of Parquet pages: the database reads past them, and a damaged page would give wrong values."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import SourceError

_ROWS: Final = 1 << 16
_INT: Final = 5
"""Type of an int32 in Thrift's compact protocol."""


def demand_sound(path: Path) -> None:
    """Raise SourceError when a page is not what its checksum says.

    Only files that have checksums are read for it (Spark and Hadoop write them, others when told to).
    """
    try:
        if not _has_checksums(path):
            return
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches(_ROWS):
                pass
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"the Parquet file is damaged: {str(error).splitlines()[0][:300]}", "have it delivered again"
        ) from error


def _has_checksums(path: Path) -> bool:
    """Whether the first page has a checksum; one program writes all pages of a file alike."""
    metadata = pq.read_metadata(path)
    if not metadata.num_row_groups or not metadata.num_columns:
        return False
    column = metadata.row_group(0).column(0)
    first = column.dictionary_page_offset or column.data_page_offset
    with path.open("rb") as stream:
        stream.seek(first)
        header = stream.read(64)
    return _field_4_is_set(header)


def _field_4_is_set(header: bytes) -> bool:
    """Of a page header in Thrift's compact protocol: whether `crc`, its fourth field, follows the three
    numbers that every page has (kind, size unpacked, size packed).
    """
    place = 0
    for _ in range(3):
        if place >= len(header) or header[place] != (1 << 4 | _INT):
            return False
        place += 1
        while place < len(header) and header[place] & 0x80:  # a number goes on while its high bit is set
            place += 1
        place += 1
    return place < len(header) and header[place] == (1 << 4 | _INT)
