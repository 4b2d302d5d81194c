"""The reference city, small, through the running product: files in, figures, warnings and screens out."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from config.models.indicator import Formula, Measure, Stock
from dashboard.routes import href
from dashboard.running.runtime import Runtime

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Visitor


# --- from files to figures --------------------------------------------------------------------------------


def test_every_file_is_accounted_for(reference: Running) -> None:
    runs = reference.table("SELECT * FROM run")
    assert set(runs.status) == {"done"}
    # what agencies owe counts from the first load on: nothing has been due since
    owed = {feed.id for feed in reference.city.feeds.values() if feed.connector.kind in AWAITED}
    assert set(runs.feed) - owed == set(reference.city.feeds) - owed
    accepted = runs.inserted + runs.updated
    assert ((accepted + runs.unchanged + runs.rejected) == runs.received).all()
    delivered = [path for path in reference.places.inbox.rglob("*") if path.is_file()]
    assert len(runs) == len(delivered)
    refused = reference.table("SELECT run, count(*) AS n FROM quarantine GROUP BY run").set_index("run").n
    assert refused.to_dict() == runs[runs.rejected > 0].set_index("id").rejected.to_dict()


AWAITED = {"deliveries", "directives"}
"""Feeds of the program itself that have nothing to tell yet: no deadline has passed, nothing was directed."""


def _awaited(reference: Running) -> dict[str, str]:
    """Indicators over what nobody did yet, and their datasets."""
    return {
        id_: item.dataset
        for id_, item in reference.city.indicators.items()
        if isinstance(item, Measure | Stock)
        and reference.city.datasets[item.dataset].connector.kind in AWAITED
    }


def test_every_indicator_has_values(reference: Running) -> None:
    having = set(
        reference.table("SELECT DISTINCT indicator FROM indicator_value WHERE value IS NOT NULL").indicator
    )
    # a year is delivered here, and no whole one of the calendar that an index could be based on
    based = {
        id_
        for id_, item in reference.city.indicators.items()
        if isinstance(item, Formula) and "index(" in item.formula
    }
    owed = _awaited(reference).keys()
    assert set(reference.city.indicators) - having - owed == based


def test_a_turn_without_news_changes_nothing(reference: Running) -> None:
    before, runs = reference.snapshot(), len(reference.table("SELECT id FROM run"))
    cycle = reference.runtime.cycle()
    assert list(cycle.runs) == []
    assert len(reference.table("SELECT id FROM run")) == runs
    assert reference.snapshot() == before


def test_a_new_drop_changes_what_it_touches_and_nothing_else(reference: Running) -> None:
    version = reference.runtime.version
    keep_values(reference)
    reference.deliver(reference.now + dt.timedelta(days=1))
    assert reference.runtime.cycle().runs
    assert reference.runtime.version != version
    changed = differences(reference)
    assert not changed.empty
    assert changed.after_start.notna().all(), "a value vanished"
    # A drop may close or correct what is months old, but a day of long ago stands as it stood.
    old = changed[(changed.period == "day") & (changed.start < pd.Timestamp("2026-05-01"))]
    assert old.empty, f"{len(old)} daily values of long ago changed:\n{old.head()}"


def test_values_kept_up_to_date_are_those_computed_anew(reference: Running) -> None:
    keep_values(reference)
    with reference.runtime.store.write() as cursor:
        cursor.execute("DELETE FROM definition")
    report = reference.runtime.engine.refresh(reference.now)
    # a day on, agencies have let deadlines pass: what counts those has something to count now
    told = set(reference.table("SELECT DISTINCT feed FROM run WHERE inserted > 0").feed)
    silent = {id_ for id_, dataset in _awaited(reference).items() if dataset not in told}
    assert (report.kind, report.indicators) == ("full", len(reference.city.indicators) - len(silent))
    changed = differences(reference)
    assert changed.empty, f"{len(changed)} values differ:\n{changed.head(20)}"
    new = reference.table(
        "SELECT count(*) AS n FROM indicator_value ANTI JOIN earlier USING (indicator, area, period, start)"
    )
    assert new.n[0] == 0


def keep_values(reference: Running) -> None:
    """Set the values of now aside, to compare later ones with."""
    with reference.runtime.store.write() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE earlier AS FROM indicator_value")


def differences(reference: Running) -> pd.DataFrame:
    """The values set aside that are other or absent now (``after_start`` is missing then)."""
    return reference.table(
        "SELECT b.indicator, b.area, b.period, b.start, b.value, a.value AS after, a.start AS after_start, "
        "b.n, a.n AS after_n, b.present, a.present AS after_present "
        "FROM earlier b LEFT JOIN indicator_value a USING (indicator, area, period, start) "
        "WHERE a.start IS NULL OR (b.value IS NULL) <> (a.value IS NULL) "
        "OR abs(b.value - a.value) > 1e-9 * greatest(1, abs(b.value)) "
        "OR (b.n, b.present, b.expected) IS DISTINCT FROM (a.n, a.present, a.expected)"
    )


def test_a_restart_takes_up_where_the_process_ended(reference: Running) -> None:
    before, version = reference.snapshot(), reference.runtime.version
    warnings = reference.runtime.state.warnings(areas=None)
    reference.stop()
    reference.start()
    assert reference.runtime.version == version
    assert reference.runtime.hub.version == version
    assert reference.snapshot() == before
    assert reference.runtime.state.warnings(areas=None) == warnings
    assert list(reference.runtime.cycle().runs) == []
    assert reference.snapshot() == before


# --- published files, laid over the city ------------------------------------------------------------------


def run_of(reference: Running, feed: str) -> pd.Series[Any]:
    """The one run of a feed."""
    runs = reference.table("SELECT * FROM run WHERE feed = ?", feed)
    assert len(runs) == 1
    return runs.iloc[0]


def reasons(reference: Running, feed: str) -> dict[str, int]:
    """Rejected rows by reason."""
    found = reference.table("SELECT reason, count(*) AS n FROM quarantine WHERE feed = ? GROUP BY 1", feed)
    return dict(zip(found.reason, found.n, strict=True))


def values(reference: Running, indicator: str, period: str) -> pd.Series[float]:
    """The city's values of an indicator by the period's start."""
    found = reference.table(
        "SELECT start, value FROM indicator_value "
        "WHERE indicator = ? AND period = ? AND value IS NOT NULL ORDER BY start",
        indicator,
        period,
    )
    return found.set_index(pd.to_datetime(found.start)).value


def test_dengue_months_of_the_city_load_and_other_provinces_say_why_not(
    reference: Running, shared_data: Path
) -> None:
    raw = pd.read_csv(shared_data / "health" / "dengue_vietnam_province_monthly_a.csv")
    own = raw[raw.adm_1_name == "HO CHI MINH CITY"]
    run = run_of(reference, "dengue_months")
    assert (run.received, run.inserted, run.rejected) == (5901, len(own), 5901 - len(own))
    assert len(own) == 203
    assert reasons(reference, "dengue_months") == {"value": 5901 - 203}
    facts = reference.table(
        "SELECT count(*) AS n, sum(cases) AS cases, max(cases) AS most FROM fact_dengue_months"
    )
    assert facts.iloc[0].tolist() == [203, own.dengue_total.sum(), 3393]
    monthly = own.set_index(pd.to_datetime(own.calendar_start_date)).dengue_total.astype(float)
    pd.testing.assert_series_equal(
        values(reference, "published_dengue", "month"), monthly, check_names=False, check_freq=False
    )
    years = pd.DatetimeIndex(monthly.index).to_period("Y").start_time
    yearly = monthly.groupby(years).sum()
    pd.testing.assert_series_equal(
        values(reference, "published_dengue", "year"), yearly, check_names=False, check_freq=False
    )


def test_hourly_air_loads_with_its_units_read_off(reference: Running, shared_data: Path) -> None:
    raw = pd.read_csv(
        shared_data / "environment" / "aqi_ho_chi_minh_city_hourly_2025.csv",
        na_values="N/A",
        dtype={"humidity": str},
    )
    run = run_of(reference, "air_hours")
    assert (run.received, run.inserted, run.rejected) == (3172, 3172, 0)
    facts = reference.table("SELECT * FROM fact_air_hours ORDER BY measured_at")
    moments = pd.to_datetime(raw.timestamp, utc=True).dt.tz_localize(None)
    assert (
        facts.measured_at.astype("datetime64[us]")
        == moments.astype("datetime64[us]").sort_values().reset_index(drop=True)
    ).all()
    ordered = raw.iloc[moments.argsort()].reset_index(drop=True)
    assert facts.wind_speed.tolist() == ordered.wind_speed.str.removesuffix(" km/h").astype(float).tolist()
    assert facts.humidity.tolist() == ordered.humidity.str.removesuffix("%").astype(float).tolist()
    assert facts.temperature.tolist() == ordered.temperature.str.removesuffix("°C").astype(float).tolist()
    assert facts.pm10.isna().all()
    local = pd.to_datetime(raw.timestamp.str[:10])
    daily = raw.pm25.astype(float).groupby(local).mean()
    pd.testing.assert_series_equal(
        values(reference, "site_pm25", "day"), daily, check_names=False, check_freq=False, rtol=1e-9
    )


def test_the_statistics_offices_table_loads(reference: Running, shared_data: Path) -> None:
    raw = pd.read_csv(
        shared_data / "economy" / "gso_retail_sales_by_province.csv",
        sep=";",
        skiprows=2,
        na_values="..",
        encoding="utf-8-sig",
    )
    cells = raw.set_index("Cities, provincies").stack().dropna()
    own = cells.loc["Ho Chi Minh city"]
    run = run_of(reference, "retail_sales")
    assert (run.received, run.inserted, run.rejected) == (len(cells), len(own), len(cells) - len(own))
    assert (len(raw), len(own)) == (71, 22)
    assert reasons(reference, "retail_sales") == {"check:this_city": len(cells) - len(own)}
    found = values(reference, "gso_retail_sales", "year")
    assert pd.DatetimeIndex(found.index).year.tolist() == list(range(1995, 2017))
    np.testing.assert_allclose(found, own.astype(float))


# --- over HTTP --------------------------------------------------------------------------------------------


@pytest.fixture
def client(reference: Running, visitor: Callable[[Runtime], Visitor]) -> Visitor:
    return visitor(reference.runtime)


def screens(reference: Running) -> list[str]:
    """An address of every screen there is: three wards for all, indicators take turns in language."""
    city = reference.city
    languages = city.head.languages
    areas = [city.areas.root, *city.areas.at("district"), *city.areas.at("ward")[:3]]
    found = [
        address
        for number, language in enumerate(languages)
        for address in (
            *(href(language, "area", area.code) for area in areas),
            *(href(language, "indicator", id_) for id_ in list(city.indicators)[number :: len(languages)]),
            href(language, "warnings"),
            href(language, "health"),
            href(language, "wall"),
        )
    ]
    assert sum("/area/" in address for address in found) == 2 * (1 + len(city.areas.at("district")) + 3)
    return found


def test_every_screen_answers_in_both_languages(reference: Running, client: Visitor) -> None:
    for address in screens(reference):
        answer = client.screen(address)
        assert answer.status_code == 200, address
        tree = answer.json()
        assert {"props", "type", "namespace"} <= tree.keys(), address
        text = json.dumps(tree, ensure_ascii=False)
        word = "mô phỏng" if address.startswith("/vi") else "imulated"
        assert word in text, f"{address} does not say that its data are simulated"


def test_every_district_has_a_screen_with_its_name(reference: Running, client: Visitor) -> None:
    """The territories of today's sub-centres, and the three districts that became a city in 2021."""
    districts = {a.code: a for a in reference.city.areas.at("district")}
    assert len(reference.city.areas.at("district", reference.now.date())) == 38
    assert len(districts) == 41
    for code, area in districts.items():
        for language in ("vi", "en"):
            answer = client.screen(href(language, "area", code))
            assert area.name(language) in json.dumps(answer.json(), ensure_ascii=False)


def test_an_unchanged_screen_is_not_sent_again(reference: Running, client: Visitor) -> None:
    address = href("vi", "area", reference.city.areas.root.code)
    first = client.screen(address)
    etag = first.headers["etag"]
    again = client.screen(address, etag)
    assert (again.status_code, again.content) == (304, b"")
    other = client.screen(href("en", "area", reference.city.areas.root.code), etag)
    assert other.status_code == 200
    assert first.headers["x-version"] == reference.runtime.version


@pytest.mark.parametrize(
    "address",
    [
        "/vi/area/does-not-exist",
        "/en/indicator/hotline",
        "/en/area/760/more",
        "/xx/warnings",
        "/vi/area/%00",
        "/vi/area/../../etc/passwd",
        "/vi/" + "a" * 3000,
    ],
)
def test_an_unknown_address_gets_the_screen_that_says_so(client: Visitor, address: str) -> None:
    answer = client.screen(address)
    assert answer.status_code == 200
    assert "missing" in json.dumps(answer.json())


@pytest.mark.parametrize(
    "search",
    ["area=0&period=day", "period=century", "area=79&area=760", "area=%27%3B--", "period=", "page=-1"],
)
def test_a_bent_question_does_not_break_an_indicators_page(client: Visitor, search: str) -> None:
    assert client.screen(f"/en/indicator/hotline_on_time?{search}").status_code == 200


def test_the_shell_and_its_assets_come_from_this_host(client: Visitor) -> None:
    assert client.get("/").headers["location"] == "/vi/area/79"
    page = client.get("/vi/area/79")
    assert page.status_code == 200
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text
    health = client.get("/api/health").json()
    assert health["city"] == "hcmc"
