"""What holds for any sequence of deliveries, mends, replays and dismissals.

No row is lost or counted twice, and the facts are those of the same deliveries with the mended rows in place.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.mend import Mended, Mender
from tests.pipelines.conftest import NOW
from tests.pipelines.test_mend import account
from tests.pipelines.test_properties import HEADER, fresh
from warehouse.store import Store

if TYPE_CHECKING:
    from tests.pipelines.conftest import House

FEW = settings(
    max_examples=int(os.environ.get("IOC_EXAMPLES", "6")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SOUND = st.tuples(st.sampled_from(["T1", "T2", "T3"]), st.integers(1, 5)).map(
    lambda row: f"{row[0]},2026-10-01,,21,{row[1]},"
)
BAD = st.one_of(
    st.sampled_from(["T1", "T2", "T3"]).map(lambda id_: f"{id_},2026-10-01,,21,9,"),
    st.sampled_from(["T1,2026-10-01", "T2,2026-10-01,,21,1,,,x"]),
)
DELIVERY = st.tuples(
    st.just("deliver"), st.sampled_from("abc"), st.lists(st.one_of(SOUND, BAD), min_size=1, max_size=5)
)
# Of the rows that wait the n-th: written anew, soundly or not, tried as it came, dismissed or taken back.
DEED = st.tuples(
    st.sampled_from(["mend", "mend", "mend", "replay", "dismiss", "reopen"]),
    st.lists(st.tuples(st.integers(0, 20), st.one_of(SOUND, SOUND, BAD)), min_size=1, max_size=3),
)
STORY = st.tuples(DELIVERY, st.lists(st.one_of(DELIVERY, DEED, DEED), min_size=2, max_size=6))


def facts(house: House) -> dict[str, tuple[int, str]]:
    rows = house.rows("SELECT id, rating, _file FROM fact_tickets")
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: (row[1], row[2]) for row in rows}


def deliver(house: House, name: str, lines: list[str]) -> None:
    house.deliver(f"{name}.csv", "\n".join([HEADER, *lines]) + "\n")
    house.load()


def at(house: House, place: int, state: str) -> int | None:
    """The number of a row in quarantine."""
    ids = [row[0] for row in house.rows("SELECT id FROM quarantine WHERE state = ? ORDER BY id", [state])]
    return ids[place % len(ids)] if ids else None


@FEW
@given(story=STORY, duplicates=st.sampled_from(["last", "reject"]))
def test_the_facts_are_those_of_clean_deliveries_and_no_row_is_lost(
    house: House, story: tuple[Any, list[Any]], duplicates: str
) -> None:
    house.feed = house.feed.model_copy(update={"duplicates": duplicates})
    mender = Mender(house.city, house.store, house.landing)
    came: list[tuple[str, list[str]]] = []
    with fresh(house):
        for step in (story[0], *story[1]):
            match step:
                case ("deliver", name, lines):
                    if (name, lines) not in [step for step in came if step[0] == name][-1:]:
                        came.append((name, lines))  # the same bytes again are no delivery
                    deliver(house, name, lines)
                case ("dismiss" | "reopen" as what, rows):
                    state = {"dismiss": "dismissed", "reopen": "waiting"}[what]
                    before = {"dismiss": "waiting", "reopen": "dismissed"}[what]
                    id_ = at(house, rows[0][0], before)
                    assert mender.settle(house.feed, [id_ or 0], state) == (id_ is not None)  # type: ignore[arg-type]
                case (what, rows):
                    texts = {
                        at(house, place, "waiting"): text if what == "mend" else None for place, text in rows
                    }
                    mender.mend(house.feed, {id_: text for id_, text in texts.items() if id_}, NOW)
            account(house)
        # Every row that came is a fact, or was one, or lies in quarantine, once.
        assert house.rows("SELECT sum(received) FROM run WHERE kind = 'load'") == [
            (sum(len(lines) for _, lines in came),)
        ]
        places = "SELECT run, line FROM quarantine"
        assert house.rows(f"SELECT count(*) - count(DISTINCT (run, line)) FROM ({places})") == [(0,)]
        found = facts(house)
        mended = {
            (run, line): text
            for run, line, text in house.rows(
                "SELECT run, line, edited FROM quarantine WHERE state = 'mended'"
            )
        }
        refused = {(run, line) for run, line in house.rows(places)}
        runs = [row[0] for row in house.rows("SELECT id FROM run WHERE kind = 'load' ORDER BY id")]
    assert len(runs) == len(came)
    clean = [
        (
            name,
            [
                (mended[run, line] or text if (run, line) in mended else "")
                if (run, line) in refused
                else text
                for line, text in enumerate(lines, start=2)
            ],
        )
        for run, (name, lines) in zip(runs, came, strict=True)
    ]
    with fresh(house):
        for name, lines in clean:
            deliver(house, name, lines)
        assert found == (facts(house) if any(any(lines) for _, lines in clean) else {})


MENDING = """
import datetime as dt, sys, threading
from pathlib import Path
from config import load_city
from pipelines.mend import Mended, Mender
from warehouse.store import Store
root = Path(sys.argv[1])
city = load_city(root / "city")
store = Store.open(root / "warehouse.duckdb", city.head.timezone, folders=[root / "landing"])
mender = Mender(city, store, root / "landing")
with store.read() as cursor:
    ids = [row[0] for row in cursor.execute("SELECT id FROM quarantine ORDER BY id").fetchall()]
print("ready", flush=True)
for first in range(0, len(ids), 50):
    texts = {id_: f"T{id_},2026-10-01,,21,2," for id_ in ids[first : first + 50]}
    mender.mend(city.feeds["tickets"], texts, dt.datetime.now(dt.UTC))
"""


def test_a_process_killed_in_the_middle_of_mending_leaves_the_old_state_or_the_new(house: House) -> None:
    lines = [f"T{i},2026-10-01,,21,9," for i in range(1, 301)]
    deliver(house, "a", lines)
    house.store.close()
    root, chance = house.store.path.parent, random.Random(7)
    for _ in range(3):
        code = [sys.executable, "-c", MENDING, str(root)]
        with subprocess.Popen(code, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0.05, 0.6))
            process.send_signal(signal.SIGKILL)
        store = Store.open(house.store.path, house.city.head.timezone, folders=[house.landing])
        house.store, mended = store, "state = 'mended' AND run = 1"
        account(house)
        same = f"SELECT 'T' || id, line FROM quarantine WHERE {mended}"
        assert sorted(house.rows(same)) == sorted(house.rows("SELECT id, _line FROM fact_tickets"))
        store.close()
    subprocess.run(code, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    house.store = Store.open(house.store.path, house.city.head.timezone, folders=[house.landing])
    assert house.rows("SELECT count(*) FROM fact_tickets") == [(300,)]
    assert sum(run[1] for run in account(house) if run[0] == "mend") == 300
    house.store.close()


def test_loads_and_mends_at_once_lose_nothing(house: House) -> None:
    deliver(house, "a", [f"T{i},2026-10-01,,21,9," for i in range(1, 41)])
    mender, done = Mender(house.city, house.store, house.landing), list[Mended]()

    def mending(texts: dict[int, str | None]) -> None:
        done.append(mender.mend(house.feed, texts, NOW + dt.timedelta(hours=1)))

    # Two people mend the same rows, each in his own way, while a later file speaks of some of them.
    threads = [
        threading.Thread(target=mending, args=({i: f"T{i},2026-10-01,,21,{who}," for i in part},))
        for who in (1, 2)
        for part in (range(1, 21), range(15, 41))
    ]
    for thread in threads:
        thread.start()
    deliver(house, "b", [f"T{i},2026-10-01,,21,5," for i in range(1, 11)])
    for thread in threads:
        thread.join()
    assert sum(one.mended for one in done) == 40
    assert sum(one.mended + one.gone for one in done) == 92
    found = facts(house)
    assert {rating for rating, file in found.values() if file == "tickets/a.csv"} <= {1, 2}
    assert {id_ for id_, row in found.items() if row == (5, "tickets/b.csv")} == {
        f"T{i}" for i in range(1, 11)
    }
    assert len(found) == 40
    runs = account(house)
    assert sum(run[1] for run in runs if run[0] == "mend") == 40
    assert not list((house.landing / ".work").iterdir())


def test_mending_a_line_needs_the_file_it_came_from(house: House) -> None:
    deliver(house, "a", ["T1,2026-10-01"])
    for path in house.landing.glob("*/*.csv"):
        path.unlink()
    done = Mender(house.city, house.store, house.landing).mend(house.feed, {1: "T1,2026-10-01,,21,3,"}, NOW)
    assert (done.run, done.refused) == (None, 1)
    assert house.rows("SELECT reason, detail FROM quarantine") == [
        ("malformed", "malformed: the file that the line came from is kept no more")
    ]
