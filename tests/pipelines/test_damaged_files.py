"""Whatever a file holds, it is read or refused: nothing else comes out of a reader."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl
import pytest

from pipelines.errors import SourceError
from pipelines.folder import Delivery
from pipelines.land import Landed
from pipelines.read.inspect import inspect
from pipelines.read.parts import split
from pipelines.read.workbook import rows_of
from tests.pipelines.test_formats import GOOD, as_csv, as_json, as_ods, as_parquet, as_xlsx, as_zip

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build

ROWS: Final = [GOOD] * 5
SOUND: Final[dict[str, bytes]] = {
    "a.xlsx": as_xlsx(ROWS),
    "a.ods": as_ods(ROWS),
    "a.zip": as_zip({"a.csv": as_csv(ROWS), "b.xlsx": as_xlsx(ROWS)}),
    "a.parquet": as_parquet(ROWS),
    "a.csv.gz": gzip.compress(as_csv(ROWS)),
    "a.json.gz": gzip.compress(as_json(ROWS)),
    "a.csv": as_csv(ROWS).decode().encode("utf-16"),
}
READINGS: Final[list[dict[str, Any]]] = [
    {},
    {"encoding": "auto", "header_row": 3},
    {"encoding": "tcvn3", "sheet": "*"},
]


def damage(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, lost or put in, or the rest cut off."""
    spoilt = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 40])):
        place = chance.randrange(len(spoilt))
        match chance.choices(["flip", "lose", "put", "cut"], [6, 2, 1, 1])[0]:
            case "flip":
                spoilt[place] = chance.randrange(256)
            case "lose":
                del spoilt[place : place + chance.randrange(1, 50)]
            case "put":
                spoilt[place:place] = chance.randbytes(chance.randrange(1, 20))
            case _:
                del spoilt[place:]
        spoilt = spoilt or bytearray(b"x")
    return bytes(spoilt)


@pytest.mark.parametrize("told", [True, False], ids=["says how far", "does not say"])
def test_a_stray_cell_at_the_far_corner_does_not_take_all_memory(build: Build, told: bool) -> None:
    """The reader would ask for 550 GB, and the process would end."""
    house = build(format={"sheet": "Data"})
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Data")
    for line in as_csv(ROWS).decode().splitlines():
        sheet.append(line.split(","))
    sheet["XFD1048576"] = " "
    sink = io.BytesIO()
    book.save(sink)
    with zipfile.ZipFile(sink) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if not told:
        name = "xl/worksheets/sheet2.xml"
        members[name] = re.sub(rb"<dimension [^>]*>", b"", members[name])
    house.deliver("a.xlsx", as_zip(members))
    [run] = house.load()
    assert (run.status, run.message) == (
        "failed",
        "the sheet reaches to row 1048576 and column 16384: that is more than anybody filled",
    )


@pytest.mark.parametrize("name", [*SOUND, "a.xls"])
def test_a_damaged_file_is_read_or_refused(
    name: str, build: Build, tmp_path: Path, shared_data: Path
) -> None:
    chance = random.Random(name)
    data = SOUND.get(name) or (shared_data / "messy" / "Tansonhoa_weather_raw.xls").read_bytes()
    feeds = [build(format=reading).feed for reading in READINGS]
    seen: Counter[str] = Counter()
    for _ in range(60):
        feed = chance.choice(feeds)
        path = tmp_path / name
        path.write_bytes(damage(data, chance))
        landed = Landed(Delivery(name, path, 1, dt.datetime(2026, 1, 1)), "hash", path)  # noqa: DTZ001
        for part, fault in split(feed.format, landed, tmp_path, "part-"):
            try:
                if fault is not None:
                    raise fault
                ready = inspect(feed, part, tmp_path)
                if ready.shape.format == "workbook":
                    rows_of(ready.path, part.sheet, feed.format, len(ready.shape.names))
                seen["read"] += 1
            except SourceError as error:
                seen["refused" if error.message and error.hint else "refused without a word"] += 1
    assert set(seen) <= {"read", "refused"}
    assert seen["refused"]
    assert sum(seen.values()) >= 60
