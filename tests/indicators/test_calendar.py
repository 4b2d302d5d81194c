"""The calendar in SQL against the calendar in Python, over random days and hours, in zones with and without
daylight saving.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from config.models import Reporting
from config.periods import Periods
from indicators.calendar import Calendar
from indicators.sql.prelude import Moment
from warehouse.store import Cursor, Store

GIVEN: list[dict[str, Any]] = [
    {"id": "noon_month", "every": "month", "day": 25, "at": "12:00"},
    {"id": "mid_month", "every": "month", "day": 15},
    {"id": "first_month", "every": "month", "day": 1},
    {"id": "late_quarter", "every": "quarter", "day": 15, "at": "07:00"},
    {"id": "plain_quarter", "every": "quarter", "day": 1},
    {"id": "late_half", "every": "half_year", "day": 15},
    {"id": "late_year", "every": "year", "day": 15, "at": "23:00"},
]
OWN = tuple(Reporting.model_validate({**one, "name": {"vi": "Kỳ", "en": "Period"}}) for one in GIVEN)
P = Periods(OWN)
C = Calendar(P)
ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York")


@pytest.fixture(scope="module", params=ZONES)
def zone(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def moments(zone: str) -> pd.DataFrame:
    """Random moments of UTC and what the city's clock shows; many around bounds and changes of the clock."""
    rng = np.random.default_rng(7)
    at = pd.to_datetime(rng.integers(946684800, 1924992000, 1500), unit="s")
    near = [
        moment + pd.Timedelta(seconds=int(shift))
        for moment in pd.date_range("2025-01-01", "2026-12-31", freq="D")[::9]
        for shift in (-1, 0, 1)
    ]
    changes = pd.to_datetime(["2025-03-30 01:00", "2025-10-26 01:00", "2025-03-09 07:00", "2025-11-02 06:00"])
    hours = [change + pd.Timedelta(minutes=m) for change in changes for m in range(-180, 181, 20)]
    utc = pd.Series([*at, *near, *hours]).astype("datetime64[us]")
    local = [
        t.to_pydatetime().replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for t in utc
    ]
    return pd.DataFrame({"utc": utc, "local": pd.Series(local).astype("datetime64[us]")})


@pytest.fixture(scope="module")
def cursor(zone: str, moments: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cursor]:
    store = Store.open(
        tmp_path_factory.mktemp("calendar") / "w.duckdb", zone, memory_limit="256MiB", threads=1
    )
    moment = Moment(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), ZoneInfo(zone), C)
    with store.write() as found:
        found.execute(C.macros)
        found.register("given", moments)
        found.execute(
            f"CREATE TEMP TABLE m AS SELECT utc, {moment.local('utc')} AS clock, CAST(clock AS DATE) AS day,"
            " date_trunc('hour', clock) AS slot FROM given"
        )
        yield found
    store.close()


def slot_of(period: str) -> str:
    return "slot" if C.grain(period) == "hour" else "day"


def stamp(start: dt.date) -> dt.datetime:
    return start if isinstance(start, dt.datetime) else dt.datetime.combine(start, dt.time())


def test_the_clock_is_the_city_s(cursor: Cursor, moments: pd.DataFrame) -> None:
    rows = cursor.execute("SELECT clock FROM m").fetchall()
    assert [row[0] for row in rows] == [t.to_pydatetime() for t in moments.local]


@pytest.mark.parametrize("period", P.ids)
def test_starts(cursor: Cursor, period: str) -> None:
    rows = cursor.execute(f"SELECT clock, {C.start(period, slot_of(period))} FROM m").fetchall()
    assert [found for _, found in rows] == [P.start_of(period, clock) for clock, _ in rows]
    assert {type(found) for _, found in rows} == {dt.datetime if P.timed(period) else dt.date}


@pytest.mark.parametrize("period", P.ids)
def test_macros(cursor: Cursor, period: str) -> None:
    rows = cursor.execute(
        f"SELECT start, period_end('{period}', start), period_begin('{period}', start),"
        f" period_shift('{period}', start, -17), period_index('{period}', start),"
        f" period_index('{period}', period_shift('{period}', start, 5))"
        f" FROM (SELECT DISTINCT {C.start(period, slot_of(period))} AS start FROM m)"
    ).fetchall()
    for start, end, begin, before, index, later in rows:
        assert end == stamp(P.next_start(period, start))
        assert begin == stamp(P.begin(period, start))
        assert before == stamp(P.shift(period, start, -17))
        assert later == index + 5
    first, *rest = sorted(rows)
    for start, *_, index, _ in rest:
        assert stamp(P.shift(period, first[0], index - first[4])) == stamp(start)


@pytest.mark.parametrize("period", P.ids)
def test_spread_gives_every_period_that_holds_a_day(cursor: Cursor, period: str) -> None:
    start, more = C.spread(period, slot_of(period))
    rows = cursor.execute(f"SELECT utc, clock, {start} AS start FROM m{more}").df()
    found = {utc: sorted(map(pd.Timestamp, group.start)) for utc, group in rows.groupby("utc")}
    clocks = dict(zip(rows.utc, rows.clock, strict=True))
    for utc, starts in found.items():
        clock = clocks[pd.Timestamp(str(utc))].to_pydatetime()
        own = P.start_of(period, clock)
        last = own.month if period == "year_to_date" else 12
        assert starts == [pd.Timestamp(P.shift(period, own, k)) for k in range(13 - last)]


@pytest.mark.parametrize("period", P.ids)
def test_touched_names_every_period_of_a_day(cursor: Cursor, period: str) -> None:
    found = cursor.execute(C.touched(period, "(SELECT day FROM m WHERE utc >= '2025-01-01')")).fetchall()
    days = {row[0] for row in cursor.execute("SELECT day FROM m WHERE utc >= '2025-01-01'").fetchall()}
    hours = range(24) if P.timed(period) else range(1)
    expected = {
        stamp(P.start_of(period, dt.datetime.combine(day, dt.time(h)))) for day in days for h in hours
    }
    if period == "year_to_date":
        expected = {s.replace(month=m) for s in expected for m in range(s.month, 13)}
    assert set(found) == {(period, start) for start in expected}


def test_grains() -> None:
    grains = {period: C.grain(period) for period in P.ids}
    assert grains == {
        **dict.fromkeys(P.ids, "month"),
        **dict.fromkeys(("hour", "noon_month", "late_quarter", "late_year"), "hour"),
        **dict.fromkeys(("day", "week", "mid_month", "first_month", "plain_quarter", "late_half"), "day"),
    }
