"""Any order, repetition and splitting of the same deliveries gives the same facts, in every mode, for two
feeds that fill one dataset; what a load changes is touched; and indicators follow. The oracle is plain
Python: it reads all files at once, in the order of their names.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from config import City
from config.models import Feed, Measure, Stock
from indicators.engine import Engine
from pipelines.load import RunResult
from tests.pipelines.conftest import NOW
from warehouse.areas import sync_areas
from warehouse.facts import ensure_fact_table
from warehouse.store import Store

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel"
AREA = {"21": "A1", "22": "A2"}
DAYS = ("2026-10-01", "2026-10-02", "2026-10-05")
HISTORY = {"mode": "history", "valid": {"from": "opened", "until": "closed"}}
MODES: dict[str, dict[str, Any]] = {
    "append": {"mode": "append", "key": []},
    "upsert": {},
    "version": {"version": "rating"},
    "snapshot": {"mode": "snapshot", "snapshot": {"shrink": "100 %"}},
    "parts": {"mode": "snapshot", "key": ["ward", "id"], "snapshot": {"within": ["ward"], "shrink": "100 %"}},
    "history": HISTORY,
    "history_version": {**HISTORY, "version": "rating"},
}
# A load costs too much to look for the smallest example that fails: they are small as they are drawn.
FEW = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Row:
    """One delivered row; a rating of 9 is refused."""

    id: str
    day: str
    ward: str
    rating: int
    until: str = ""

    @property
    def line(self) -> str:
        return f"{self.id},{self.day},{self.until},{self.ward},{self.rating},"


@dataclass(frozen=True)
class File:
    """What stands under a name in the folder of one of the two feeds, at first or after a redelivery."""

    folder: str
    name: str
    rows: tuple[Row, ...]
    turn: int = 0

    @property
    def place(self) -> tuple[str, int]:
        """Where the file comes among all: by name, what was delivered under one name in turn."""
        return f"{self.folder}/{self.name}", self.turn


rows = st.builds(
    Row,
    id=st.sampled_from(["T1", "T2", "T3"]),
    day=st.sampled_from(DAYS),
    ward=st.sampled_from(["21", "22"]),
    rating=st.sampled_from([1, 1, 2, 2, 3, 9]),
    until=st.sampled_from(["", "", "2026-10-04", "2026-10-06"]),
).filter(lambda row: not row.until or row.until > row.day)


@st.composite
def deliveries(draw: st.DrawFn, mode: str) -> list[File]:
    """Some files of two feeds (of one, where each is all there is), a few delivered anew under their name."""
    folders = ["tickets"] if mode == "snapshot" else ["tickets", "desk"]
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(folders), st.sampled_from("1234")), min_size=1, max_size=5, unique=True
        )
    )
    files = [File(folder, f"{n}.csv", draw(st.lists(rows, max_size=4).map(tuple))) for folder, n in places]
    again = draw(st.lists(st.sampled_from(files), max_size=1))
    return files + [replace(file, rows=draw(st.lists(rows, max_size=3).map(tuple)), turn=1) for file in again]


def plan(data: st.DataObject, files: Sequence[File]) -> list[File | None]:
    """An order of arrival, with repetitions; None: a load. A redelivery comes after its first was loaded."""
    order = data.draw(st.permutations(list(files)))
    firsts = {(f.folder, f.name): f for f in files if f.turn == 0}
    anew = {file.place[0] for file in files if file.turn == 1}
    order = [file for file in order if file.turn == 1 or file.place[0] not in anew]
    steps: list[File | None] = []
    for file in order:
        if file.turn == 1:
            steps += [firsts[file.folder, file.name], None]
        steps.append(file)
        if data.draw(st.booleans()):
            steps.append(None)
        if data.draw(st.integers(0, 5)) == 0:
            steps += [None, file, None]
    return [*steps, None]


def split(data: st.DataObject, file: File) -> list[File]:
    """The file in two, whose names follow each other where the whole one stood."""
    cut = data.draw(st.integers(0, len(file.rows)))
    stem = file.name.removesuffix(".csv")
    return [
        replace(file, name=f"{stem}{part}.csv", rows=rows)
        for part, rows in (("a", file.rows[:cut]), ("b", file.rows[cut:]))
    ]


Facts = set[tuple[Any, ...]]


def oracle(mode: str, files: Sequence[File]) -> Facts:
    """The facts that files mean: id, from, until, area, rating."""
    facts: dict[Any, Row] = {}
    for file in sorted(files, key=lambda file: file.place):
        good = [row for row in file.rows if row.rating != 9]
        if mode == "snapshot":
            facts.clear()
        if mode == "parts":
            wards = {row.ward for row in good}
            facts = {key: row for key, row in facts.items() if row.ward not in wards}
        for row in good:
            match mode:
                case "append":
                    key: Any = row
                case "parts":
                    key = row.ward, row.id
                case "history" | "history_version":
                    key = row.id, row.day
                case _:
                    key = row.id
            if "version" in mode and key in facts and facts[key].rating > row.rating:
                continue
            facts[key] = row
    found = set()
    for row in facts.values():
        until = row.until
        if mode.startswith("history"):
            later = [other.day for other in facts.values() if other.id == row.id and other.day > row.day]
            until = min([day for day in (until, *later) if day], default="")
        found.add((row.id, row.day, until or None, AREA[row.ward], row.rating))
    return found


@dataclass
class Office:
    """A house whose second feed fills the dataset of the first."""

    house: House
    feeds: Mapping[str, Feed]
    loads: int = 0

    def put(self, file: File) -> None:
        path = self.house.inbox / file.folder / file.name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([HEADER, *(row.line for row in file.rows)]) + "\n", encoding="utf-8")

    def load(self) -> list[RunResult]:
        """Load both feeds; accounts add up, and what became of facts is touched."""
        before, runs = self.cells(), []
        for feed in self.feeds.values():
            self.loads += 1
            runs += self.house.loader.run(feed, NOW + dt.timedelta(seconds=self.loads))
        after = self.cells()
        for run in runs:
            assert run.status == "done", run
            assert run.received == run.inserted + run.updated + run.unchanged + run.rejected
        ids = [run.id for run in runs]
        touched = set(
            self.house.rows(
                "SELECT time_column, day::VARCHAR, area FROM touched WHERE list_contains(?, run)", [ids]
            )
        )
        for column, place in (("opened", 1), ("closed", 2)):
            for fact in before ^ after:
                if fact[place] is not None:
                    assert (column, fact[place], fact[3]) in touched, fact
        return runs

    def cells(self) -> Facts:
        """The facts as the oracle tells them."""
        if not self.house.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'fact_tickets'"):
            return set()
        found = self.house.rows(
            "SELECT id, opened__day::VARCHAR, closed__day::VARCHAR, _area, rating FROM fact_tickets"
        )
        assert len(found) == len(set(found))
        return set(found)

    @contextmanager
    def anew(self) -> Iterator[Office]:
        """The same office with empty tables and an empty inbox."""
        tables = ("touched", "quarantine", "run", "landed", "feed_status", "feed_past", "snapshot")
        with self.house.store.write() as cursor:
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("DROP TABLE IF EXISTS fact_tickets")
        for path in self.house.inbox.glob("*/*"):
            path.unlink()
        yield self


@pytest.fixture
def office(build: Build, request: pytest.FixtureRequest) -> Office:
    """An office in the mode that the test names."""
    house = build(**MODES[request.getfixturevalue("mode")])
    desk = house.feed.model_copy(
        update={
            "id": "desk",
            "dataset": "tickets",
            "connector": house.feed.connector.model_copy(update={"path": "desk/*"}),
        }
    )
    return Office(house, {"tickets": house.feed, "desk": desk})


@pytest.mark.parametrize("mode", MODES)
@FEW
@given(data=st.data())
def test_facts_follow_from_the_files_alone(office: Office, mode: str, data: st.DataObject) -> None:
    files = data.draw(deliveries(mode))
    meant = oracle(mode, files)
    once = len({(file.folder, file.name) for file in files}) == len(files)
    if mode not in ("snapshot", "parts") and once and data.draw(st.booleans()):
        files = [part for file in files for part in split(data, file)]
        assert oracle(mode, files) == meant
    with office.anew():
        for step in plan(data, files):
            if step is None:
                office.load()
            else:
                office.put(step)
        assert office.cells() == meant
        standing = office.house.rows("SELECT count(*) FROM fact_tickets")[0][0]
        flow = office.house.rows("SELECT coalesce(sum(inserted) - sum(removed), 0)::BIGINT FROM run")[0][0]
        assert standing == flow


SHARED = {
    "name": {"en": "Tickets"},
    "domain": "feedback",
    "unit": "count",
    "direction": "none",
    "levels": ["city", "ward"],
    "periods": ["day", "month"],
    "owner": {"en": "Hotline"},
    "source": {"en": "Tickets"},
    "dataset": "tickets",
}
VALUES = (
    "SELECT indicator, level, area, period, start, value, numerator, denominator, n, present, expected, "
    "data_through FROM indicator_value ORDER BY ALL"
)


def with_indicators(office: Office) -> City:
    """The office's city with a count, a share of what has an end, and a stock."""
    indicators: list[Measure | Stock] = [
        Measure.model_validate({**SHARED, "id": "opened", "time": "opened", "measure": "count(*)"}),
        Measure.model_validate(
            {
                **SHARED,
                "id": "ended",
                "time": "opened",
                "measure": "count(*) filter (where closed is not null) / count(*)",
            }
        ),
        Stock.model_validate(
            {**SHARED, "id": "valid", "kind": "stock", "opens": "opened", "closes": "closed"}
        ),
    ]
    return replace(office.house.city, indicators={i.id: i for i in indicators}, feeds=office.feeds)


def computed_anew(office: Office, city: City, now: dt.datetime) -> list[tuple[Any, ...]]:
    """The values of a new warehouse over the same facts."""
    path = office.house.inbox.parent / "anew.duckdb"
    with office.house.store.read() as cursor:
        facts = cursor.execute("SELECT * FROM fact_tickets").df()
        status = cursor.execute("SELECT * FROM feed_status").df()
    names = [name for name in facts.columns if not name.startswith("_x_") and name != "_derived"]
    with closing(Store.open(path, city.head.timezone)) as store:
        sync_areas(store, city.areas)
        with store.write() as cursor:
            ensure_fact_table(cursor, city.feeds["tickets"])
            for table, rows in (("fact_tickets", facts[names]), ("feed_status", status)):
                cursor.register("incoming", rows)
                cursor.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
                cursor.unregister("incoming")
        Engine(city, store).refresh(now)
        with store.read() as cursor:
            return cursor.execute(VALUES).fetchall()


@pytest.mark.parametrize("mode", ["version", "snapshot", "parts", "history"])
def test_indicators_follow_what_loads_change(office: Office, mode: str) -> None:
    rng, city = random.Random(20), with_indicators(office)
    folders = ["tickets"] if mode == "snapshot" else ["tickets", "desk"]
    sync_areas(office.house.store, city.areas)
    engine, files = Engine(city, office.house.store), []
    engine.prepare()
    for step in range(5):
        rows = [
            Row(
                f"T{rng.randint(1, 8)}",
                rng.choice(DAYS),
                rng.choice(["21", "22"]),
                rng.choice([1, 2, 3, 9]),
                rng.choice(["", "", "2026-10-06"]),
            )
            for _ in range(8)
        ]
        files.append(File(rng.choice(folders), f"{rng.randint(0, 999):03}.csv", tuple(rows)))
        office.put(files[-1])
        office.load()
        report = engine.refresh(NOW + dt.timedelta(hours=step))
        assert report.kind == ("full" if step == 0 else "incremental")
    facts = oracle(mode, files)
    assert office.cells() == facts
    values = office.house.rows(VALUES)
    assert values == computed_anew(office, city, NOW + dt.timedelta(hours=4))
    # What was valid at the end of each day, counted by hand.
    told = {
        (area, str(start)[:10]): value
        for id_, level, area, period, start, value, *_ in values
        if (id_, level, period) == ("valid", "ward", "day")
    }
    assert any(told.values())
    for (area, day), value in told.items():
        valid = [f for f in facts if f[3] == area and f[1] <= day and (f[2] is None or f[2] > day)]
        assert value == len(valid), (area, day)
