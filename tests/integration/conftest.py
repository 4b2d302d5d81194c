"""Whole cities, each loaded once for all tests that look at it."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pandas as pd
import pytest

from config import REFERENCE_CITY, City, load_city
from dashboard.app import create_app
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from warehouse.state import Outcome

ROOT = Path(__file__).parents[2]
CITIES = ROOT / "tests" / "cities"
NYC_FILE = "nyc_council_constituent_cases_2015_2020.csv.gz"
BOROUGHS = {"Bronx": "BX", "Brooklyn": "BK", "Manhattan": "MN", "Queens": "QN", "Staten Island": "SI"}
BOARDS = {"BX": 12, "BK": 18, "MN": 12, "QN": 14, "SI": 3}
NYC_NOW = dt.datetime(2021, 1, 5, 12, 0, tzinfo=dt.UTC)


@dataclass
class Running:
    """A city as one process has it; ``now`` is its clock, which tests move on."""

    city: City
    places: Places
    now: dt.datetime

    def start(self) -> None:
        """Open the runtime."""
        self.runtime = Runtime(self.city, self.places, clock=lambda: self.now).__enter__()

    def stop(self) -> None:
        """Close the runtime, as the end of the process would."""
        self.runtime.__exit__(None, None, None)

    def deliver(self, until: dt.datetime) -> None:
        """Have the departments, a program of its own, write every file due by ``until``, and go there."""
        command = [
            sys.executable,
            "-m",
            "standin",
            "build",
            "--city",
            self.city.path,
            "--out",
            self.places.inbox,
        ]
        command += ["--truth", self.places.truth, "--seed", 7, "--scale", 0.02, "--until", until.isoformat()]
        subprocess.run([*map(str, command)], check=True, cwd=ROOT, capture_output=True)
        self.now = until

    def table(self, sql: str, *parameters: object) -> pd.DataFrame:
        """The answer to a query."""
        with self.runtime.store.read() as cursor:
            return cursor.execute(sql, list(parameters)).df()

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """Rows and fingerprint of every table that a turn without news must leave as it is."""
        facts = self.table("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'fact_%'")
        with self.runtime.store.read() as cursor:
            return {
                name: cursor.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {name} t").fetchall()[0]
                for name in sorted([*facts.table_name, "indicator_value", "quarantine", "definition", "area"])
            }


class Visitor:
    """Somebody with a browser, so far as HTTP goes."""

    def __init__(self, runtime: Runtime) -> None:
        self.app = create_app(runtime)
        asyncio.run(self._begin())
        gc.collect()
        gc.freeze()

    async def _begin(self) -> None:
        """What a server does before the first request: Dash takes its addresses only then."""
        said = iter(("lifespan.startup", "lifespan.shutdown"))

        async def receive() -> dict[str, str]:
            return {"type": next(said)}

        async def send(_: object) -> None:
            return None

        await self.app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    def get(self, address: str, headers: dict[str, str] | None = None, **params: str) -> httpx.Response:
        """The answer to one GET; redirections are not followed."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://ioc.test") as client:
                return await client.get(address, params=params or None, headers=headers)

        return asyncio.run(ask())

    def screen(self, address: str, etag: str = "") -> httpx.Response:
        """What the page at ``address`` fetches to fill itself."""
        path, question, search = address.partition("?")
        headers = {"if-none-match": etag} if etag else None
        return self.get("/api/screen", headers, path=path, search=question + search)


@pytest.fixture(scope="session")
def visitor() -> Callable[[Runtime], Visitor]:
    """Makes visitors of running cities; those of one process share what was rendered for one of them."""
    known: dict[int, Visitor] = {}
    return lambda runtime: known.get(id(runtime)) or known.setdefault(id(runtime), Visitor(runtime))


@dataclass(frozen=True)
class Truth:
    """The published file as pandas reads it, and what the contract must make of it.

    ``rows`` are the cases that must be accepted, with ``opened``, ``closed`` and ``area``: the code of the
    unit that the row's own columns name, NYC where they name none.
    """

    received: int
    rows: pd.DataFrame
    nowhere: int
    superseded: int


@pytest.fixture(scope="session")
def nyc_truth(shared_data: Path) -> Truth:
    """The council's archive, read without any of the product's code."""
    raw = pd.read_csv(shared_data / "complaints" / NYC_FILE, dtype=str, keep_default_na=False)
    place = raw.community_board.where(raw.community_board != "", raw.borough)
    raw["area"] = place.map({name: _unit(name) for name in place.unique()})
    known = raw[raw.area.notna()]
    rows = known.drop_duplicates("unique_key", keep="last").copy()
    rows["opened"] = pd.to_datetime(rows.opendate)
    rows["closed"] = pd.to_datetime(rows.closedate.where(rows.closedate != ""), errors="raise")
    return Truth(len(raw), rows, len(raw) - len(known), len(known) - len(rows))


def _unit(place: str) -> str | None:
    """The unit that a place name of the archive means; None where it means nothing."""
    if place == "":
        return "NYC"
    match = re.fullmatch(r"(?:(\d{1,2}) )?(Bronx|Brooklyn|Manhattan|Queens|Staten Island)", place)
    if match is None:
        return None
    borough, number = BOROUGHS[match[2]], int(match[1] or 0)
    return f"{borough}{number:02d}" if 1 <= number <= BOARDS[borough] else borough


@pytest.fixture(scope="session")
def nyc(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """New York after its first turn, on 5 January 2021; the inbox is the published folder itself."""
    city = load_city(CITIES / "nyc")
    places = Places.of(city.head.id, tmp_path_factory.mktemp("nyc"), shared_data / "complaints")
    running = Running(city, places, NYC_NOW)
    running.start()
    try:
        running.runtime.cycle()
        yield running
    finally:
        running.stop()


REFERENCE_NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
REAL_FILES = (
    "health/dengue_vietnam_province_monthly_a.csv",
    "environment/aqi_ho_chi_minh_city_hourly_2025.csv",
    "economy/gso_retail_sales_by_province.csv",
)


@pytest.fixture(scope="session")
def reference(
    shared_data: Path,
    once: Callable[[str, Callable[[Path], None]], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """A small year of the reference city after its first turn, with feeds for published files."""

    def build(home: Path) -> None:
        folder = home / "hcmc"
        shutil.copytree(REFERENCE_CITY, folder)
        shutil.copytree(CITIES / "hcmc_real", folder, dirs_exist_ok=True)
        standin = folder / "standin.yaml"
        text, found = re.subn(r"(?m)^years: \d+$", "years: 1", standin.read_text(encoding="utf-8"))
        assert found == 1
        standin.write_text(text, encoding="utf-8")
        running = _reference(home)
        real = running.places.inbox / "real"
        real.mkdir(parents=True)
        for name in REAL_FILES:
            shutil.copy(shared_data / name, real)
        running.deliver(REFERENCE_NOW)
        running.start()
        try:
            running.runtime.cycle()
            _found_right(running)
            running.runtime.cycle()
        finally:
            running.stop()

    home = tmp_path_factory.mktemp("reference") / "own"
    running = _reference(Path(shutil.copytree(once("reference", build), home)))
    running.start()
    try:
        yield running
    finally:
        running.stop()


def _reference(home: Path) -> Running:
    city = load_city(home / "hcmc")
    return Running(city, Places.of(city.head.id, home / "var"), REFERENCE_NOW)


def _found_right(running: Running) -> None:
    """Somebody finds a warning that is over to have been right: how well the centre warns rests on that."""
    state = running.runtime.state
    over = next(one for one in state.warnings(areas=None, open_only=False) if not one.open)
    state.conclude(over.id, Outcome.TRUE, "Lan", "", running.now, areas=None)
