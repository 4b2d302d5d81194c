"""Whole cities, each loaded once for all tests that look at it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from config import REFERENCE_CITY, City, load_city
from dashboard.places import Places
from dashboard.runtime import Runtime

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

    def snapshot(self) -> dict[str, pd.DataFrame]:
        """Everything that a turn without news must leave as it is."""
        facts = self.table(
            "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'fact_%' ORDER BY 1"
        )
        names = [*facts.table_name, "indicator_value", "quarantine", "definition"]
        return {name: self.table(f"SELECT * FROM {name} ORDER BY ALL") for name in names}


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
def reference(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The reference city, small, with feeds for published files laid over it, after its first turn."""
    home = tmp_path_factory.mktemp("reference")
    folder = home / "hcmc"
    shutil.copytree(REFERENCE_CITY, folder)
    shutil.copytree(CITIES / "hcmc_real", folder, dirs_exist_ok=True)
    city = load_city(folder)
    running = Running(city, Places.of(city.head.id, home / "var"), REFERENCE_NOW)
    real = running.places.inbox / "real"
    real.mkdir(parents=True)
    for name in REAL_FILES:
        shutil.copy(shared_data / name, real)
    running.deliver(REFERENCE_NOW)
    running.start()
    try:
        running.runtime.cycle()
        yield running
    finally:
        running.stop()
