"""What the departments send: as the contracts say, and with the shape of a city."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from config import REFERENCE_CITY, City
from standin.arrivals import rate
from standin.build import Departments
from standin.models import Cases, Dossiers, Tickets
from standin.noise import Noise
from standin.reading import read_standin
from standin.timeline import Workdays, day_number

Read = Callable[[str], pd.DataFrame]
FEEDS = (
    "hotline_requests",
    "dossiers",
    "procedures",
    "dengue_cases",
    "air_quality",
    "water_level",
    "socioeconomic",
)


@pytest.mark.parametrize("name", FEEDS)
def test_files_hold_the_contract(name: str, delivered: Read, departments: Departments) -> None:
    feed, rows = departments.city.feeds[name], delivered(name)
    assert set(rows.columns) - {"file"} == {c.name for c in feed.columns}
    assert set(rows.file.str.rsplit(".").str[-1]) <= {"csv", "json", "parquet", "xlsx"}
    for column in feed.columns:
        cells = rows[column.name]
        if column.required:
            assert cells.isna().mean() < 0.002, column.name
        if column.values:
            assert set(cells.dropna()) <= set(column.values), column.name
        if column.pattern:
            assert cells.dropna().str.fullmatch(column.pattern).all(), column.name


@pytest.mark.parametrize(
    "name", ["hotline_requests", "dossiers", "dengue_cases", "air_quality", "water_level"]
)
def test_codes_are_valid_on_the_day_of_their_row(
    name: str, delivered: Read, departments: Departments
) -> None:
    feed, rows = departments.city.feeds[name], delivered(name)
    column = feed.area.column
    assert column is not None
    rows = rows[rows[feed.event_time].notna()]
    known: dict[tuple[str, bool], str] = {}
    for unit in departments.city.areas.all():
        for after in (False, True):
            if unit.valid_on(dt.date(2025, 7, 1) if after else dt.date(2025, 6, 30)):
                known[unit.official or unit.code, after] = unit.code
    after_reform = rows[feed.event_time] >= "2025-07-01"
    found = [pair in known for pair in zip(rows[column], after_reform, strict=True)]
    strange = len(found) - sum(found)
    assert 0 <= strange / len(rows) < 0.003


def test_a_few_rows_are_bad(delivered: Read) -> None:
    rows = delivered("hotline_requests")
    unknown, broken = rows.ward_code == "99999", rows.received_at.isna()
    backwards = rows.closed_at < rows.received_at
    assert unknown.any()
    assert broken.any()
    assert backwards.any()
    assert 0.0002 < (unknown | broken | backwards).mean() < 0.003


def test_rows_are_told_again_when_they_change(delivered: Read) -> None:
    rows = delivered("hotline_requests")
    versions = rows.groupby("ticket_id").size()
    assert 0.1 < (versions > 1).mean() < 0.5
    again = rows[rows.ticket_id.isin(versions[versions > 1].index)]
    first, last = again.drop_duplicates("ticket_id"), again.drop_duplicates("ticket_id", keep="last")
    assert first.closed_at.isna().mean() > 0.8
    assert last.closed_at.notna().mean() > 0.8


def test_some_rows_come_late(delivered: Read) -> None:
    rows = delivered("hotline_requests").drop_duplicates("ticket_id")
    begin = pd.to_datetime(rows.file.str.split("_").str[1], format="%Y%m%dT%H%M%S")
    behind = (begin - rows.received_at) > pd.Timedelta(hours=1)
    assert 0.0005 < behind.mean() < 0.02


def test_volume_follows_the_people(latest: Read, departments: Departments) -> None:
    areas = departments.city.areas
    parent = {u.official or u.code: u.parent for u in areas.at("ward", dt.date(2026, 1, 1))}
    rows = latest("hotline_requests")
    rows = rows[rows.received_at >= "2025-11-01"]
    counts = rows.ward_code.map(parent).value_counts()
    people = pd.Series({d.code: d.population for d in areas.at("district", dt.date(2026, 1, 1))})
    assert np.corrcoef(np.log(counts.reindex(people.index)), np.log(people))[0, 1] > 0.9


def test_tet_is_quiet_and_weekends_are_calmer(latest: Read) -> None:
    rows = latest("hotline_requests")
    daily = rows.received_at.dt.normalize().value_counts().sort_index()
    tet, before = daily.loc["2026-02-16":"2026-02-20"], daily.loc["2026-01-19":"2026-02-13"]
    assert len(tet) == 5
    assert tet.mean() < 0.45 * before.mean()
    week = rows.received_at.dt.day_of_week.value_counts()
    assert week[6] < 0.8 * week[0]


def test_rain_brings_floods(latest: Read) -> None:
    rows = latest("hotline_requests")
    wet = rows.received_at.dt.month.between(5, 11)
    flooding = rows.category == "flooding"
    assert flooding[wet].mean() > 1.8 * flooding[~wet].mean()
    water = latest("water_level")
    by_month = water.groupby(water.measured_at.dt.month).rain_mm.sum()
    assert by_month[[6, 7, 8, 9]].mean() > 5 * by_month[[1, 2, 3]].mean()


def test_dengue_follows_the_rains(latest: Read) -> None:
    months = latest("dengue_cases").reported_on.dt.month.value_counts()
    assert months[[8, 9, 10]].mean() > 2 * months[[2, 3, 4]].mean()


def test_stations_cover_every_district_hour_by_hour(latest: Read) -> None:
    rows = latest("air_quality")
    good = rows[rows.area_code != "99999"]
    assert good.area_code.nunique() == 38
    day = good[good.measured_at.dt.date == dt.date(2026, 11, 10)]
    assert 0.95 * 38 * 24 <= len(day) <= 38 * 24
    assert 10 < rows.pm25[rows.pm25 > 0].median() < 40


def test_deadlines_count_working_days(latest: Read, small_city: City) -> None:
    off = {
        h.start + dt.timedelta(days=k)
        for h in small_city.head.calendar.holidays
        for k in range((h.end - h.start).days + 1)
    }
    rows = latest("dossiers")
    due = rows.due_at.dt.date
    assert not due.isin(off).any()
    assert (rows.due_at.dt.day_of_week < 5).all()
    one = rows[(rows.submitted_at.dt.date == dt.date(2026, 2, 13)) & (rows.field == "certification")]
    assert set(one.due_at.dt.date) <= {dt.date(2026, 2, 23), dt.date(2026, 2, 24)}  # the Monday after Tết


def test_register_holds_the_published_totals(latest: Read) -> None:
    rows = latest("procedures")
    current = rows[rows.retired_on.isna()]
    assert current.service_level.value_counts().to_dict() == {"full": 460, "partial": 280}

    def stock(day: str) -> int:
        moment = pd.Timestamp(day)
        return int(((rows.online_since <= moment) & ~(rows.retired_on <= moment)).sum())

    assert stock("2023-12-31") < stock("2024-12-31") < stock("2025-12-31") < stock("2026-09-30") == 740


def test_procedures_of_dossiers_are_in_the_register(latest: Read) -> None:
    register = latest("procedures").set_index("procedure_code")
    rows = latest("dossiers")
    online = rows[rows.service_level != "none"]
    assert set(online.procedure_code) <= set(register.index)
    since = online.procedure_code.map(register.online_since)
    assert (since <= online.submitted_at.dt.normalize()).all()
    assert not rows.online[rows.service_level == "none"].any()


def test_full_size_is_that_of_the_city(small_city: City) -> None:
    city, spec = small_city, read_standin(REFERENCE_CITY)
    days = np.arange(day_number(dt.date(2023, 11, 1)), day_number(dt.date(2026, 11, 23)), dtype=np.int64)
    expected = {}
    for name in ("hotline_requests", "dossiers", "dengue_cases"):
        source = spec.sources[name]
        assert isinstance(source, Tickets | Dossiers | Cases)
        expected[name] = rate(source.rhythm, days, Workdays(city.head.calendar), Noise(7, name)).sum()
    assert 500_000 <= expected["hotline_requests"] <= 800_000
    assert 3_500_000 <= expected["dossiers"] <= 4_500_000
    assert 60_000 <= expected["dengue_cases"] <= 100_000
    month = np.arange(day_number(dt.date(2023, 9, 25)), day_number(dt.date(2023, 10, 25)), dtype=np.int64)
    hotline = spec.sources["hotline_requests"]
    assert isinstance(hotline, Tickets)
    published = rate(hotline.rhythm, month, Workdays(city.head.calendar), Noise(7, "hotline_requests")).sum()
    assert published == pytest.approx(14_707, rel=0.05)
