"""A second city: the program knows it by its folder alone."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config import load_city
from config.yamlio import read_yaml
from dashboard.catalogue.check import check_city
from dashboard.routes import href
from dashboard.running.places import Places
from tests.integration.conftest import ROOT, Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Visitor

CITIES = ROOT / "config" / "cities"
NOW = dt.datetime(2026, 1, 20, 3, 0, tzinfo=dt.UTC)
MERGER = dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The year of its merger after one turn."""
    home = tmp_path_factory.mktemp("second")
    folder = Path(shutil.copytree(CITIES / "danang", home / "danang"))
    standin = folder / "standin.yaml"
    text, found = re.subn(r"(?m)^years: \d+$", "years: 1", standin.read_text(encoding="utf-8"))
    assert found == 1
    standin.write_text(text, encoding="utf-8")
    loaded = load_city(folder)
    running = Running(loaded, Places.of(loaded.head.id, home / "var"), NOW)
    running.deliver(NOW)
    running.start()
    try:
        running.runtime.cycle()
        yield running
    finally:
        running.stop()


def test_the_folder_is_sound() -> None:
    assert check_city(CITIES / "danang") == []


@pytest.mark.parametrize(
    ("day", "districts", "wards", "people"),
    [("2025-06-30", 8, 47, 1_134_310), ("2025-07-01", 25, 94, 2_630_122)],
)
def test_its_units_and_people(day: str, districts: int, wards: int, people: int) -> None:
    """Hoàng Sa had no wards, and stands as one unit beside the 47 of the other districts."""
    tree, on = load_city(CITIES / "danang").areas, dt.date.fromisoformat(day)
    found = [a for a in tree.at("ward", on) if on >= MERGER or a.parent != "498"]
    assert (len(tree.at("district", on)), len(found)) == (districts, wards)
    for level in ("city", "district", "ward"):
        assert sum(tree.people(a.code, on) or 0 for a in tree.at(level, on)) == people


def test_its_rows_become_figures(city: Running) -> None:
    runs = city.table("SELECT * FROM run")
    assert set(runs.status) == {"done"}
    assert set(runs.feed) == set(city.city.feeds)
    having = city.table("SELECT DISTINCT indicator FROM indicator_value WHERE value IS NOT NULL").indicator
    assert len(city.city.indicators) == 12
    assert set(having) == set(city.city.indicators)


def test_the_share_of_procedures_online_keeps_its_parts(city: Running) -> None:
    rows = city.table(
        "SELECT value, numerator, denominator FROM indicator_value"
        " WHERE indicator = 'procedures_online_share' AND start = DATE '2023-01-01'"
    )
    [(value, online, eligible)] = rows.itertuples(index=False, name=None)
    assert (online, eligible) == (1800, 1924)
    assert value == pytest.approx(93.54, abs=0.05)


def test_both_sides_of_the_merger_are_told_by_their_own_units(city: Running) -> None:
    rows = city.table(
        "SELECT start, count(*) AS n FROM indicator_value WHERE indicator = 'hotline_received'"
        " AND level = 'district' AND period = 'month' AND value > 0 GROUP BY start"
    ).set_index("start")
    before, after = rows.loc["2025-06-01"], rows.loc["2025-07-01"]
    assert (before.n <= 8, after.n > 16) == (True, True)
    heads = city.table(
        "SELECT start, denominator FROM indicator_value"
        " WHERE indicator = 'hotline_per_10k' AND level = 'city' AND period = 'month'"
    ).set_index("start")
    assert [heads.loc[f"2025-{month}-01"].denominator for month in ("06", "07")] == [1_134_310, 2_630_122]


def test_its_screens_answer(city: Running, visitor: Callable[..., Visitor]) -> None:
    client = visitor(city.runtime)
    for language in ("vi", "en"):
        for address in (
            href(language, "area", "48"),
            href(language, "area", "492"),
            href(language, "area", "502"),
            href(language, "wall", "wall"),
        ):
            answer = client.screen(address)
            assert answer.status_code == 200
            assert city.city.head.name.get(language) in answer.text


def test_the_program_names_no_city() -> None:
    """What a city is called stands in its folder; which one is the reference stands beside the folders."""
    names: set[str] = set()
    for path in CITIES.glob("*/city.yaml"):
        document, _ = read_yaml(path, path.name)
        assert document is not None
        called = {re.sub("^(Thành phố) | City$", "", name) for name in document.data["name"].values()}
        names |= {path.parent.name, document.data["id"], *called}
    assert len(names) >= 6
    word = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)), re.IGNORECASE)
    packages = ("config", "warehouse", "pipelines", "indicators", "dashboard", "standin")
    naming = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
        if (found := word.search(path.read_text(encoding="utf-8")))
    ]
    assert naming == []
