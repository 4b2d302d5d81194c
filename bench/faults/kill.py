"""kill -9 at random moments of a load: what is left must agree, and the next load must make it whole."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.faults import child
from bench.faults.town import Meant, Town
from config import City, load_city
from warehouse.store import Store


@dataclass(frozen=True)
class Outcome:
    """One round: after how many seconds of its load a process was killed, how many files it had settled by
    then, whether it had come to its end, and what was wrong afterwards.
    """

    after: float
    settled: int
    finished: bool
    wrong: tuple[str, ...]


def rounds(work: Path, count: int, seed: int) -> list[Outcome]:
    """Kill ``count`` loads of a town, each at a moment of its own; every third is killed a second time while
    it clears up and loads what is left, and every other goes the way of great files.
    """
    rng, town = random.Random(seed), Town(seed)
    span = _seconds(town.build(work / "whole"))
    city = load_city(work / "whole" / "city")
    outcomes = []
    for number in range(count):
        root = town.build(work / f"round{number}")
        part = (number + rng.random()) / count  # spread over the load, from its first moment to its last
        finished = _kill(root, span * part, great=number % 2 == 1)
        if number % 3 == 2:
            with closing(child.opened(root, city)) as store:
                wrong, settled = _Left(store, root).look(town)
            _kill(root, span * rng.random())
            with closing(child.opened(root, city)) as store:
                wrong += _Left(store, root).mended(town, city)
        else:
            with closing(child.opened(root, city)) as store:
                left = _Left(store, root)
                wrong, settled = left.look(town)
                wrong += left.mended(town, city)
        outcomes.append(Outcome(span * part, settled, finished, tuple(wrong)))
        # A busy machine is slower at one time than at another: keep to the load, not to the clock.
        if finished and part < 0.9:
            span *= part
        elif settled < part * len(town.files) - 1.5:
            span *= 1.15
        shutil.rmtree(root)
    return outcomes


def _seconds(root: Path) -> float:
    """How long a load takes from its first step on; the first process pays for the fork server."""
    for name in ("warm", "timed"):
        copy = shutil.copytree(root, root.with_name(name))
        process = child.start(copy)
        began = _started(copy, process)
        process.join()
        span = time.monotonic() - began
    return span


def _kill(root: Path, after: float, *, great: bool = False) -> bool:
    """Begin to load and kill; whether the load had come to its end before."""
    (root / "told.json").unlink(missing_ok=True)
    process = child.start(root, great=great)
    _started(root, process)
    time.sleep(after)
    process.kill()
    process.join()
    return (root / "told.json").exists()


def _started(root: Path, process: Any) -> float:
    while not (root / child.STARTED).exists() and process.is_alive():
        time.sleep(0.001)
    return time.monotonic()


_DONE = "SELECT file_name AS name, received, rejected FROM run WHERE status = 'done'"


class _Left:
    """A warehouse and a landing as a process left them."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store, self._root = store, root

    def look(self, town: Town) -> tuple[list[str], int]:
        """What does not agree as it was left, and how many files are settled."""
        done = {name: counts for name, *counts in self._rows(_DONE)}
        wrong = self._compare(town.meant(done), done)
        landed = {name for (name,) in self._rows("SELECT path FROM landed")}
        if landed != set(done):
            wrong.append(f"landed {sorted(landed)}, loaded {sorted(done)}")
        for path in self._kept():  # whatever stands under its hash is whole
            if hashlib.sha256(path.read_bytes()).hexdigest() != path.name.partition(".")[0]:
                wrong.append(f"landed in part: {path.name}")
        return wrong, len(done)

    def mended(self, town: Town, city: City) -> list[str]:
        """Load what is left; what differs then from a load that nobody disturbed."""
        child.load_into(self._store, self._root, city)
        loaded = self._rows(_DONE)
        wrong = self._compare(town.meant(), {name: counts for name, *counts in loaded})
        if sorted(name for name, *_ in loaded) != sorted(town.files):
            wrong.append(f"loaded: {loaded}")
        if self._rows("SELECT 1 FROM run WHERE status = 'running'"):
            wrong.append("a run stands open")
        if len(self._kept()) != len(town.files):
            wrong.append(f"{len(self._kept())} files landed")
        if waste := list((self._root / "landing" / ".work").iterdir()):
            wrong.append(f"left behind: {waste}")
        return wrong

    def _kept(self) -> list[Path]:
        return list((self._root / "landing").glob("[0-9a-f][0-9a-f]/*"))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self._store.read() as cursor:
            return cursor.execute(sql).fetchall()

    def _compare(self, meant: Meant, done: dict[str, list[int]]) -> list[str]:
        """Facts, accounts, quarantine and touched days × areas against what the loaded files mean."""
        there = self._rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'fact_tickets'")
        stored = (
            self._rows("SELECT id, opened__day::VARCHAR, _area, rating FROM fact_tickets") if there else []
        )
        wrong = []
        if len(stored) != len(set(stored)) or set(stored) != meant.facts:
            wrong.append(f"{len(stored)} facts, meant are {len(meant.facts)}")
        for name, (received, rejected) in done.items():
            if (received, rejected) != (meant.received[name], meant.rejected[name]):
                wrong.append(f"{name}: received {received}, rejected {rejected}")
        quarantined = dict(
            self._rows("SELECT file_name, count(*) FROM quarantine q JOIN run r ON r.id = q.run GROUP BY ALL")
        )
        if quarantined != {name: n for name, n in meant.rejected.items() if n}:
            wrong.append(f"quarantine: {quarantined}")
        touched = set(self._rows("SELECT day::VARCHAR, area FROM touched"))
        cells = {(day, area) for _, day, area, _ in stored if (day, None) not in touched}  # NULL: all areas
        if missing := cells - touched:
            wrong.append(f"not touched: {sorted(missing)[:3]}")
        return wrong
