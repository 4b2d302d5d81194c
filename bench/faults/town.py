"""A small town whose one feed delivers a few files of several formats, and what they mean, told without us.

Of one key the file with the later name wins; rows with a rating of 9 and lines cut short, which the first two
have, are refused.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

CITY = """
id: town
name: {en: Town}
timezone: Asia/Ho_Chi_Minh
languages: [en]
levels:
  - {id: city, name: {en: City}, plural: {en: Cities}}
  - {id: ward, name: {en: Ward}, plural: {en: Wards}}
domains: [{id: feedback, name: {en: Feedback}}]
units: [{id: count, symbol: {en: rows}}]
"""
UNITS = """code,official,name_vi,name_en,level,parent,valid_from,valid_to
C,,Thành phố,City,city,,,
W1,21,Phường Một,Ward One,ward,C,,
W2,22,Phường Hai,Ward Two,ward,C,,
"""
FEED = """
id: tickets
name: {en: Tickets}
owner: {en: Hotline}
connector: {path: tickets/*}
schedule: "*/15 * * * *"
key: [id]
event_time: opened
area: {column: ward}
columns:
  - {name: id, type: text, required: true}
  - {name: opened, type: timestamp, required: true}
  - {name: ward, type: text, required: true}
  - {name: rating, type: integer, min: 1, max: 5}
delivery: {every: 1d, grace: 12h}
"""
NAMES = ("id", "opened", "ward", "rating")
AREA = {"21": "W1", "22": "W2"}
CUT = "half a line"

Row = tuple[str, str, str, int]


@dataclass(frozen=True)
class Meant:
    """What files mean: facts (id, day, area, rating); by file how many rows come and how many are refused."""

    facts: frozenset[tuple[str, str, str, int]]
    received: dict[str, int]
    rejected: dict[str, int]


class Town:
    """Files drawn by ``seed``, ``size`` rows each; the same seed draws the same files."""

    def __init__(self, seed: int, size: int = 400) -> None:
        rng = random.Random(seed)
        names = ("1.csv", "2.jsonl", "3.csv", "4.jsonl", "5.csv.gz")
        self.files: dict[str, list[Row | None]] = {
            f"tickets/{name}": [_row(rng, number * size // 2 + i, cut=number < 2) for i in range(size)]
            for number, name in enumerate(names)
        }

    def build(self, root: Path) -> Path:
        """Lay the town's folder and its inbox below ``root``."""
        (root / "city" / "areas").mkdir(parents=True)
        (root / "city" / "feeds").mkdir()
        (root / "city" / "city.yaml").write_text(CITY, encoding="utf-8")
        (root / "city" / "areas" / "units.csv").write_text(UNITS, encoding="utf-8")
        (root / "city" / "feeds" / "tickets.yaml").write_text(FEED, encoding="utf-8")
        (root / "inbox" / "tickets").mkdir(parents=True)
        for name in self.files:
            self.deliver(root, name)
        return root

    def deliver(self, root: Path, name: str) -> Path:
        """Put one of the files into the inbox."""
        text = _jsonl(self.files[name]) if name.endswith(".jsonl") else _csv(self.files[name])
        content = text.encode()
        path = root / "inbox" / name
        path.write_bytes(gzip.compress(content, 1, mtime=0) if name.endswith(".gz") else content)
        return path

    def meant(self, names: Collection[str] | None = None) -> Meant:
        """What the named files (None: all) mean together."""
        facts: dict[str, tuple[str, str, str, int]] = {}
        chosen = {name: rows for name, rows in sorted(self.files.items()) if names is None or name in names}
        for rows in chosen.values():
            facts |= {row[0]: (row[0], row[1], AREA[row[2]], row[3]) for row in rows if row and row[3] != 9}
        return Meant(
            frozenset(facts.values()),
            {name: len(rows) for name, rows in chosen.items()},
            {name: sum(row is None or row[3] == 9 for row in rows) for name, rows in chosen.items()},
        )


def _row(rng: random.Random, number: int, *, cut: bool) -> Row | None:
    if cut and rng.random() < 0.01:
        return None
    rating = rng.choice([1, 2, 3, 4, 5, 9])
    return f"T{number:05}", f"2026-10-{rng.randint(1, 28):02}", rng.choice(["21", "22"]), rating


def _csv(rows: list[Row | None]) -> str:
    lines = [CUT if row is None else ",".join(map(str, row)) for row in rows]
    return "\n".join([",".join(NAMES), *lines]) + "\n"


def _jsonl(rows: list[Row | None]) -> str:
    return "".join(
        (CUT if row is None else json.dumps(dict(zip(NAMES, row, strict=True)))) + "\n" for row in rows
    )
