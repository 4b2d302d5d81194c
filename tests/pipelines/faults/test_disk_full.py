"""A full disk, wherever it is met: it is told, nothing is lost, and with room again the load completes.

A process may write no file larger than so many bytes: writing fails then as it does on a full disk.
"""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.faults import child
from bench.faults.town import Town
from config import load_city

FULL = "the disk is full: nothing more can be written below"
HEADER = "id,opened,ward,rating\n"
KIB = 1024
# The file that is delivered (450 KiB of text) and the largest that may be written; a warehouse is larger.
PLACES = {
    "the copy": ("8.csv", 300 * KIB),
    "the unpacked text": ("8.csv.gz", 300 * KIB),
    "the facts": ("8.csv", 600 * KIB),
    "the ledger": ("8.csv", 0),
}


def facts(root: Path) -> set[tuple[Any, ...]]:
    """What stands in the warehouse."""
    with closing(child.opened(root, load_city(root / "city"))) as store, store.read() as cursor:
        found = cursor.execute("SELECT id, opened__day::VARCHAR, _area, rating FROM fact_tickets").fetchall()
    assert len(found) == len(set(found))
    return set(found)


def starved(root: Path, largest: int) -> dict[str, Any]:
    """What a load tells that may write no larger files."""
    process = child.start(root, largest)
    process.join()
    assert process.exitcode == 0
    return child.told(root)


@pytest.mark.parametrize("where", PLACES)
def test_a_load_that_finds_no_room_says_so_and_completes_when_there_is(tmp_path: Path, where: str) -> None:
    name, largest = PLACES[where]
    town = Town(3, size=100)
    root = town.build(tmp_path / "town")
    child.load(root)
    before = facts(root)
    assert before == town.meant().facts
    text = (HEADER + "".join(f"N{i},2026-10-03,21,4\n" for i in range(20_000))).encode()
    (root / "inbox" / "tickets" / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (root / "inbox" / "tickets" / "9.csv").write_text(f"{HEADER}M1,2026-10-03,21,4\n", encoding="utf-8")
    told = starved(root, largest)
    runs = told.get("runs", [{"status": "failed", "message": told.get("error"), "file": f"tickets/{name}"}])
    failed = {run["file"]: run["message"] for run in runs if run["status"] == "failed"}
    assert FULL in failed[f"tickets/{name}"], told
    assert facts(root) == before
    assert list((root / "landing").glob("**/*.part")) == []
    again = {run["file"]: run for run in child.load(root)}
    assert again[f"tickets/{name}"]["inserted"] == 20_000
    assert len(facts(root)) == len(before) + 20_001
    assert child.load(root) == []
    with closing(child.opened(root, load_city(root / "city"))) as store, store.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM run WHERE status = 'running'").fetchall() == [(0,)]
    assert list((root / "landing" / ".work").iterdir()) == []
