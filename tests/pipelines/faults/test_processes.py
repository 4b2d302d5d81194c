"""A second process beside the first, and a clock that jumps."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import closing
from pathlib import Path

from bench.faults import child
from bench.faults.town import Town
from config import load_city
from pipelines.load import Loader

BACK = child.NOW - dt.timedelta(days=40)
AHEAD = child.NOW + dt.timedelta(days=365)
HEADER = "id,opened,ward,rating\n"


def test_a_second_process_is_told_and_loses_nothing(tmp_path: Path) -> None:
    town = Town(4, size=100)
    root = town.build(tmp_path / "town")
    city = load_city(root / "city")
    with closing(child.opened(root, city)) as store:
        process = child.start(root)
        process.join()
        assert "is in use by another process; stop it" in child.told(root)["error"]
        runs = child.load_into(store, root, city)
        assert {run["status"] for run in runs} == {"done"}
    process = child.start(root)
    process.join()
    assert child.told(root) == {"runs": []}


def test_two_processes_that_start_at_once_load_everything_once(tmp_path: Path) -> None:
    town = Town(4, size=100)
    root = town.build(tmp_path / "town")
    for _ in range(20):  # the one that is refused comes again, as an operator would
        both = [child.start(root), child.start(root)]
        for process in both:
            process.join()
            assert process.exitcode == 0
        if child.load(root) == []:
            break
        time.sleep(0.05)
    with closing(child.opened(root, load_city(root / "city"))) as store, store.read() as cursor:
        done = cursor.execute("SELECT file_name FROM run WHERE status = 'done' ORDER BY ALL").fetchall()
        facts = cursor.execute("SELECT id, opened__day::VARCHAR, _area, rating FROM fact_tickets").fetchall()
    assert [name for (name,) in done] == sorted(town.files)
    assert set(facts) == town.meant().facts


def test_a_clock_that_jumps_loses_nothing_and_loads_nothing_twice(tmp_path: Path) -> None:
    town = Town(6, size=60)
    root = town.build(tmp_path / "town")
    held = [root / "inbox" / name for name in list(town.files)[1:]]
    contents = [path.read_bytes() for path in held]
    for path in held:
        path.unlink()
    city = load_city(root / "city")
    [feed] = city.feeds.values()
    with closing(child.opened(root, city)) as store:
        loader = Loader(city, store, root / "inbox", root / "landing", root / "spool")

        def load(now: dt.datetime) -> list[tuple[str, int]]:
            return [(run.file, run.inserted + run.updated) for run in loader.run(feed, now)]

        for now, path, content in zip((BACK, AHEAD, BACK, child.NOW), held, contents, strict=True):
            path.write_bytes(content)
            assert [name for name, _ in load(now)]
            assert load(now) == []
        # Delivered anew under its name, forwards and backwards: what was read last is what is known.
        last = root / "inbox" / "tickets" / "9.csv"
        for rating, now in ((1, AHEAD), (2, BACK), (3, child.NOW), (4, BACK)):
            last.write_text(f"{HEADER}T00001,2026-10-02,21,{rating}\n", encoding="utf-8")
            assert load(now) == [("tickets/9.csv", 1)]
            assert load(now) == load(AHEAD) == load(BACK) == []
        with store.read() as cursor:
            facts = cursor.execute(
                "SELECT id, opened__day::VARCHAR, _area, rating FROM fact_tickets"
            ).fetchall()
            [status] = cursor.execute("SELECT data_through, rows FROM feed_status").fetchall()
        others = {fact for fact in town.meant().facts if fact[0] != "T00001"}
        assert set(facts) == others | {("T00001", "2026-10-02", "W1", 4)}
        newest = max(day for _, day, _, _ in facts)
        assert (f"{status[0] + dt.timedelta(hours=7):%Y-%m-%d}", status[1]) == (newest, len(facts))
