"""A warehouse to measure on that nobody else needs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from config import REFERENCE_CITY, load_city


@contextlib.contextmanager
def warehouse_copy(var: Path, name: str) -> Iterator[Path]:
    """Path of a copy of the loaded ``var``'s warehouse, in a folder of its own that goes with the block."""
    source = var / load_city(REFERENCE_CITY).head.id / "warehouse.duckdb"
    work = var / f"bench-{name}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield Path(shutil.copyfile(source, work / "copy.duckdb"))
    finally:
        shutil.rmtree(work, ignore_errors=True)
