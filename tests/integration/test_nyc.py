"""A second city with levels, feed, indicators, rules and screens of its own, without one line of Python."""

from __future__ import annotations

import datetime as dt
import gzip
import html
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from config import load_city
from dashboard.catalogue.check import check_city
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from indicators.rules.evaluate import evaluate
from warehouse.state import Kind, State, Status, Warning

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Truth, Visitor

NYC = Path(__file__).parents[1] / "cities" / "nyc"
TODAY = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def test_the_folder_is_sound_and_holds_no_code() -> None:
    assert check_city(NYC) == []
    assert {path.suffix for path in NYC.rglob("*") if path.is_file()} == {".yaml", ".csv", ".md"}
    city = load_city(NYC)
    assert city.head.languages == ("en",)
    assert {level: len(city.areas.at(level)) for level in city.levels} == {
        "city": 1,
        "borough": 5,
        "community_board": 59,
    }


# --- accounts ---------------------------------------------------------------------------------------------


def test_every_row_is_accounted_for(nyc: Running, nyc_truth: Truth) -> None:
    (run,) = nyc.table("SELECT * FROM run").to_dict("records")
    assert run["status"] == "done"
    assert run["received"] == nyc_truth.received == 257_813
    assert run["received"] == run["inserted"] + run["updated"] + run["unchanged"] + run["rejected"]
    assert run["inserted"] == len(nyc_truth.rows)
    assert run["rejected"] == nyc_truth.nowhere + nyc_truth.superseded


def test_every_rejected_row_says_why(nyc: Running, nyc_truth: Truth) -> None:
    found = nyc.table("SELECT column_name, reason, count(*) AS n FROM quarantine GROUP BY ALL")
    assert {(row.column_name, row.reason): row.n for row in found.itertuples()} == {
        ("community_board", "area_unknown"): nyc_truth.nowhere,
        ("unique_key", "duplicate_key"): nyc_truth.superseded,
    }
    assert (nyc_truth.nowhere, nyc_truth.superseded) == (71, 95)
    row = nyc.table(
        "SELECT line, detail, raw FROM quarantine WHERE reason = 'area_unknown' ORDER BY line"
    ).iloc[0]
    assert json.loads(row.raw)["community_board"] in row.detail


def test_facts_are_the_rows_of_the_file(nyc: Running, nyc_truth: Truth) -> None:
    found = nyc.table(
        "SELECT unique_key, account, opened, closed, complaint_type, descriptor, zip, _area "
        "FROM fact_casework"
    ).set_index("unique_key")
    want = nyc_truth.rows.set_index("unique_key")
    assert set(found.index) == set(want.index)
    found = found.reindex(want.index)
    for column in ("account", "complaint_type", "descriptor", "zip"):
        assert (found[column].fillna("") == want[column].str.strip()).all(), column
    for column in ("opened", "closed"):
        assert pd.to_datetime(found[column]).equals(want[column].astype("datetime64[us]")), column
    assert (found["_area"] == want.area).all()


def test_the_quoted_cell_beyond_the_first_lines_is_one_cell(nyc: Running) -> None:
    (row,) = nyc.table("SELECT * FROM fact_casework WHERE unique_key = 'NYCC01508421'").to_dict("records")
    assert row["descriptor"] == "BRIDGES, TUNNELS AND UNDERPASS"
    assert (row["zip"], row["_area"], row["_line"]) == ("10012", "MN02", 87_710)


def test_places_that_are_no_board_find_their_borough_or_the_city(nyc: Running, nyc_truth: Truth) -> None:
    found = nyc.table("SELECT _area, count(*) AS n FROM fact_casework GROUP BY 1").set_index("_area").n
    assert found.to_dict() == nyc_truth.rows.area.value_counts().to_dict()
    assert found["NYC"] == (nyc_truth.rows.borough == "").sum() == 43_245
    large_parks = nyc.table(
        "SELECT DISTINCT community_board, _area FROM fact_casework "
        "WHERE regexp_matches(community_board, '^[2-9]')"
    )
    assert dict(large_parks.itertuples(index=False)) == {
        "26 Bronx": "BX",
        "27 Bronx": "BX",
        "55 Brooklyn": "BK",
        "82 Queens": "QN",
        "95 Staten Island": "SI",
        "3 Staten Island": "SI03",
        "5 Brooklyn": "BK05",
        "8 Brooklyn": "BK08",
    }


def test_a_second_load_changes_nothing(nyc: Running) -> None:
    before, version, warnings = nyc.snapshot(), nyc.runtime.version, nyc.runtime.state.warnings(areas=None)
    cycle = nyc.runtime.cycle()
    assert list(cycle.runs) == []
    assert nyc.runtime.version == version
    assert nyc.runtime.state.warnings(areas=None) == warnings
    assert nyc.snapshot() == before


# --- what is wrong in the world ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The same folder over an inbox of a few rows, three of them wrong in ways that the archive is not."""
    home = tmp_path_factory.mktemp("small")
    inbox = home / "inbox"
    inbox.mkdir()
    header = "unique_key,account,opendate,closedate,complaint_type,descriptor,zip,borough,council_dist"
    rows = [
        "NYCC01000001,NYCC01,2020-11-02,2020-11-01,Parks,,10012,Manhattan,NYCC01,02 Manhattan",
        "NYCC01000002,NYCC01,2020-11-02,2020-11-02,Parks,,10012,Manhattan,NYCC01,02 Manhattan",
        "NYCC01000003,NYCC01,2020-11-31,,Parks,,10012,Manhattan,NYCC01,02 Manhattan",
        "NYCC01000004,NYCC01,2020-11-04,,Parks,,10012,Atlantis,NYCC01,02 Manhattan",
        "NYCC01000005,NYCC01,2020-11-05,,Parks,,,,,",
    ]
    with gzip.open(inbox / "nyc_council_constituent_cases_2015_2020.csv.gz", "wt") as file:
        file.write("\n".join([f"{header},community_board", *rows, ""]))
    city = load_city(NYC)
    now = dt.datetime(2020, 12, 1, 12, 0, tzinfo=dt.UTC)
    with Runtime(city, Places.of("nyc", home, inbox), clock=lambda: now) as runtime:
        runtime.cycle()
        yield runtime


def test_a_case_closed_before_it_was_opened_is_refused_in_so_many_words(small: Runtime) -> None:
    # The archive has none: its publisher cut them or never had any. The contract refuses them all the same.
    with small.store.read() as cursor:
        rows = cursor.execute(
            "SELECT line, column_name, reason, detail FROM quarantine ORDER BY line"
        ).fetchall()
        facts = cursor.execute("SELECT unique_key, _area FROM fact_casework ORDER BY 1").fetchall()
    assert [(line, reason) for line, _, reason, _ in rows] == [
        (2, "check:closed_after_opened"),
        (4, "type"),
        (5, "value"),
    ]
    assert rows[0][3] == "Closed before it was opened"
    assert facts == [("NYCC01000002", "MN02"), ("NYCC01000005", "NYC")]


# --- silence ----------------------------------------------------------------------------------------------


def of(state: State, rule: str, area: str) -> list[Warning]:
    """Open warnings of one rule for one area."""
    return [w for w in state.warnings(areas=None, rule=rule) if w.area == area]


def test_a_board_that_falls_silent_keeps_its_warning(nyc: Running, tmp_path: Path) -> None:
    """Brooklyn's 16th: too slow in April 2020, not one case in May, slow again in June, in time in July."""
    state = State.open(f"sqlite:///{tmp_path / 'people.sqlite'}")
    series = ("board_slow", "BK16")

    def look(*day: int) -> Status:
        evaluate(nyc.city, nyc.runtime.store, state, dt.datetime(*day, 12, tzinfo=dt.UTC))  # type: ignore[misc, arg-type]
        return state.load_series()[series].status

    try:
        assert look(2020, 5, 5) is Status.FIRING
        (opened,) = of(state, *series)
        assert look(2020, 6, 5) is Status.NO_DATA
        (silent,) = of(state, *series)
        assert silent.id == opened.id
        assert look(2020, 7, 5) is Status.FIRING
        assert [w.id for w in of(state, *series)] == [opened.id]
        assert look(2020, 8, 5) is Status.NORMAL
        assert of(state, *series) == []
    finally:
        state.close()


def test_an_office_without_cases_is_not_an_office_in_good_order(nyc: Running) -> None:
    """District 40 closed nearly everything in time until its last case of August 2019: then no value."""
    values = nyc.table(
        "SELECT start, value FROM indicator_value WHERE indicator = 'office_40_within_30_days' ORDER BY start"
    ).dropna()
    assert values.start.max() == pd.Timestamp("2019-08-01")
    assert nyc.runtime.state.load_series()["office_40_slow", "NYC"].status is Status.NO_DATA
    (warning,) = of(nyc.runtime.state, "office_40_slow", "NYC")
    assert warning.kind is Kind.NO_DATA


def test_years_later_everything_is_stale_and_nothing_has_resolved(
    nyc: Running, tmp_path: Path, shared_data: Path, visitor: Callable[[Runtime], Visitor]
) -> None:
    home = tmp_path / "var"
    nyc.stop()
    try:
        shutil.copytree(nyc.places.var, home / "nyc")
    finally:
        nyc.start()
    then = {(w.rule, w.area) for w in nyc.runtime.state.warnings(areas=None)}
    assert ("archive_stale", "NYC") not in then
    places = Places.of("nyc", home, shared_data / "complaints")
    with Runtime(nyc.city, places, clock=lambda: TODAY) as runtime:
        before = newest(runtime)
        runtime.cycle()
        assert newest(runtime) == before
        now = {(w.rule, w.area) for w in runtime.state.warnings(areas=None)}
        assert then <= now
        assert ("archive_stale", "NYC") in now
        series = runtime.state.load_series()
        judged = {
            key: state.status for key, state in series.items() if nyc.city.rules[key[0]].no_data is not None
        }
        assert set(judged.values()) == {Status.NO_DATA}
        client = visitor(runtime)
        for address in addresses(runtime)[::5]:
            assert client.screen(address).status_code == 200, address
        for address in ("/en/area/NYC", "/en/area/QN", "/en/area/BK16", "/en/wall", "/en/health"):
            said = text(client.screen(address).json()).lower()
            assert "data late" in said or "late by" in said, (
                f"{address} shows old figures as if they were new"
            )


def test_an_old_archive_that_comes_in_today_does_not_pass_for_today(
    nyc: Running, tmp_path: Path, shared_data: Path, visitor: Callable[[Runtime], Visitor]
) -> None:
    places = Places.of("nyc", tmp_path, shared_data / "complaints")
    with Runtime(nyc.city, places, clock=lambda: TODAY) as runtime:
        runtime.cycle()
        assert [w.rule for w in runtime.state.warnings(areas=None)] == ["archive_stale"]
        client = visitor(runtime)
        for address in ("/en/area/NYC", "/en/area/QN", "/en/area/BK16", "/en/wall"):
            assert "Data late" in text(client.screen(address).json()), address
        health = text(client.screen("/en/health").json())
        assert "0/1" in health
        assert "1 feed late" in health
        assert "31 Dec 2020" in health


def newest(runtime: Runtime) -> object:
    """The newest day with cases."""
    with runtime.store.read() as cursor:
        return cursor.execute(
            "SELECT max(start) FROM indicator_value "
            "WHERE indicator = 'cases_opened' AND period = 'day' AND value > 0"
        ).fetchall()


# --- screens ----------------------------------------------------------------------------------------------


def addresses(runtime: Runtime) -> list[str]:
    """Every screen of the city, with indicators for the city, a borough and a board."""
    return [
        *(f"/en/area/{area.code}" for area in runtime.city.areas.all()),
        *(f"/en/indicator/{id_}" for id_ in runtime.city.indicators),
        *(
            f"/en/indicator/{id_}?area={area}&period={period}"
            for id_, indicator in runtime.city.indicators.items()
            for area, level in (("QN", "borough"), ("BK16", "community_board"))
            if level in indicator.levels
            for period in indicator.periods
        ),
        "/en/warnings",
        "/en/health",
        "/en/wall",
    ]


def text(tree: object) -> str:
    """Every word that a component tree shows; what does not move comes as ready HTML."""
    match tree:
        case str():
            return tree
        case list():
            return " ".join(map(text, tree))
        case {"props": {"data-html": str(ready)}}:
            return html.unescape(re.sub(r"<(style|svg).*?</\1>|<[^>]*>", " ", ready, flags=re.DOTALL))
        case {"props": {"children": children}}:
            return text(children)
        case _:
            return ""


@pytest.fixture(scope="module")
def client(nyc: Running, visitor: Callable[[Runtime], Visitor]) -> Visitor:
    return visitor(nyc.runtime)


def test_every_screen_renders_in_the_citys_only_language(nyc: Running, client: Visitor) -> None:
    for address in addresses(nyc.runtime):
        answer = client.screen(address)
        assert answer.status_code == 200, address
        said = text(answer.json())
        assert said.strip(), address
        for word in ("mô phỏng", "simulated", "None", "nan", "NaN"):
            assert word not in said.split(), f"{address} says {word!r}"


def test_screens_name_their_place_and_say_how_many_cases_have_none(nyc_truth: Truth, client: Visitor) -> None:
    assert "New York City" in text(client.screen("/en/area/NYC").json())
    assert "Staten Island" in text(client.screen("/en/area/SI").json())
    assert "Queens Community Board 3" in text(client.screen("/en/area/QN03").json())
    rows = nyc_truth.rows
    december = rows[(rows.borough == "") & (rows.opened >= "2020-12-01") & (rows.opened < "2021-01-01")]
    assert f" {len(december)} " in f" {text(client.screen('/en/area/NYC').json())} "
    year = (rows.borough == "") & (rows.opened.dt.year == 2019)
    page = text(client.screen("/en/indicator/cases_without_borough?period=year").json())
    assert f"{year.sum():,}" in page


def test_the_health_screen_counts_what_was_refused(client: Visitor) -> None:
    said = text(client.screen("/en/health").json())
    for number in ("257,813", "71", "95"):
        assert number in said


def test_another_language_is_not_spoken(client: Visitor) -> None:
    assert client.get("/").headers["location"] == "/en/area/NYC"
    assert client.screen("/vi/area/NYC").status_code == 200
