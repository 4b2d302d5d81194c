"""A small reference city (one year of history) and an inbox that was filled for it once."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from config import REFERENCE_CITY, City, load_city
from config.models import Feed
from standin.build import Departments

UNTIL = dt.datetime.fromisoformat("2026-11-20T10:30:00+07:00")
SCALE = 0.08
SOURCES = {
    "hotline_requests",
    "dossiers",
    "procedures",
    "dengue_cases",
    "air_quality",
    "water_level",
    "socioeconomic",
    "programme_tasks",
    "programme_journal",
    "programme_scores",
}
"""Those that have a shape of their own; the generic kinds have tests of their own."""


def _city(folder: Path, without: str = "") -> City:
    """The reference city with one year of history, and without the sources of one kind."""
    shutil.copytree(REFERENCE_CITY, folder)
    for file in [folder / "standin.yaml", *(folder / "standin").glob("*.yaml")]:
        body = yaml.safe_load(file.read_text(encoding="utf-8"))
        if "years" in body:
            body["years"] = 1
        if without:
            body.pop("drivers", None)  # what the stations tell moves nobody without them
        if "sources" in body:
            body["sources"] = {
                name: {key: value for key, value in source.items() if not without or key != "follows"}
                for name, source in body["sources"].items()
                if name in SOURCES and source["kind"] != without
            }
            body["incidents"] = [i for i in body.get("incidents", []) if i["feed"] in SOURCES]
        file.write_text(yaml.safe_dump(body, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return load_city(folder)


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The reference city with one year of history instead of three."""
    return _city(tmp_path_factory.mktemp("city") / "hcmc")


@pytest.fixture(scope="session")
def quick_city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """The same without its stations, whose number does not follow the scale."""
    return _city(tmp_path_factory.mktemp("quick") / "hcmc", without="sensors")


@pytest.fixture(scope="session")
def departments(small_city: City, tmp_path_factory: pytest.TempPathFactory) -> Departments:
    """Departments whose inbox was filled up to UNTIL."""
    folder = tmp_path_factory.mktemp("post")
    made = Departments(small_city, folder / "inbox", folder / "truth.json", seed=7, scale=SCALE)
    made.deliver(UNTIL)
    return made


def read_file(path: Path, feed: Feed) -> pd.DataFrame:
    """One delivered file as text and native values, headers as they stand in it."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".xlsx":
        return pd.read_excel(path, dtype={"Mã phường xã": str})
    if path.suffix == ".json":
        body: Any = json.loads(path.read_text(encoding="utf-8"))
        return pd.DataFrame(body[feed.format.records] if feed.format.records else body)
    text = {c.source or c.name: str for c in feed.columns if c.type in ("text", "date", "timestamp")}
    return pd.read_csv(path, sep=feed.format.delimiter, encoding="utf-8-sig", dtype=text)


@pytest.fixture(scope="session")
def delivered(departments: Departments) -> Callable[[str], pd.DataFrame]:
    """All rows of a feed in order of delivery, by contract column; NaT for a time that cannot be read."""
    known: dict[str, pd.DataFrame] = {}

    def read(name: str) -> pd.DataFrame:
        if name not in known:
            feed = departments.city.feeds[name]
            files = sorted(departments.out.glob(feed.pattern or ""))
            rows = pd.concat([read_file(f, feed).assign(file=f.name) for f in files], ignore_index=True)
            rows = rows.rename(columns={c.source: c.name for c in feed.columns if c.source})
            for column in feed.columns:
                if column.type in ("date", "timestamp") and rows[column.name].dtype != "datetime64[s]":
                    style = column.format or "ISO8601"
                    text = rows[column.name].map(lambda v: v if isinstance(v, str) else None)
                    native = pd.to_datetime(rows[column.name].where(text.isna()), errors="coerce")
                    read_text = pd.to_datetime(text, format=style, errors="coerce")
                    rows[column.name] = read_text.fillna(native)
            known[name] = rows
        return known[name]

    return read


@pytest.fixture(scope="session")
def latest(
    delivered: Callable[[str], pd.DataFrame], departments: Departments
) -> Callable[[str], pd.DataFrame]:
    """The last version of every row of a feed."""

    def read(name: str) -> pd.DataFrame:
        return delivered(name).drop_duplicates(list(departments.city.feeds[name].key), keep="last")

    return read
