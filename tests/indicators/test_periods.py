"""Every kind of period against pandas: hours of a clock that is put forward and back, weeks, half-years,
year to date and reporting calendars.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import City, load_city
from config.periods import moment_of
from indicators.check import check
from indicators.lineage import Lineages
from warehouse.reader import reading
from warehouse.scope import EVERYONE

CLOCK = Path(__file__).parent / "clock"
WARDS = ("W1", "W2")
FIRST = dt.datetime(2024, 11, 20, tzinfo=dt.UTC)
BEFORE = dt.datetime(2026, 3, 25, 10, 30, tzinfo=dt.UTC)
"""Half past eleven by the city's clock: a reporting month ends at noon."""
NOW = dt.datetime(2026, 3, 29, 9, 20, tzinfo=dt.UTC)
"""Some days later, on the day on which clocks are put forward."""
Key = tuple[str, str, pd.Timestamp]


def stamp(at: dt.date) -> pd.Timestamp:
    return pd.Timestamp(at)


def bare(at: dt.datetime) -> pd.Timestamp:
    """A moment as the store keeps it."""
    return pd.Timestamp(at.astimezone(dt.UTC).replace(tzinfo=None))


def tickets(city: City, count: int, until: dt.datetime, seed: int) -> pd.DataFrame:
    """Random tickets, many of them on the very bounds of periods, and within a second of them."""
    rng = np.random.default_rng(seed)
    span = int((until - FIRST).total_seconds())
    at = [FIRST + dt.timedelta(seconds=int(s)) for s in rng.integers(0, span, count)]
    for period in ("noon_month", "week", "half_year", "mid_quarter", "hour"):
        start = city.periods.start_of(period, until.astimezone(city.zone))
        for back in range(12):
            bound = moment_of(city.periods.shift(period, start, -back), city.zone)
            at += [bound + dt.timedelta(seconds=s) for s in (-1, 0, 1) if FIRST <= bound < until]
    received = [bare(one) for one in at if one <= until]
    # nothing of one ward for a while, and of both for some days
    ward = rng.choice(WARDS, len(received))
    hours = np.round(rng.gamma(1.2, 60, len(received)), 2)
    closed = [r + pd.Timedelta(hours=float(h)).round("s") for r, h in zip(received, hours, strict=True)]
    open_still = rng.random(len(received)) < 0.1
    frame = pd.DataFrame({"id": [str(number) for number in range(len(received))]})
    frame["received_at"] = pd.Series(received, dtype=object)
    frame["closed_at"] = pd.Series(
        [None if still else at for still, at in zip(open_still, closed, strict=True)], dtype=object
    )
    frame = frame.assign(hours=hours, ward=ward, _area=ward)
    day: Any = pd.to_datetime(frame.received_at)
    silent = ((day > "2025-05-01") & (day < "2025-05-09")) | ((day > "2025-08-01") & (frame.ward == "W2"))
    late = day > "2025-10-01"
    kept: pd.DataFrame = frame[~silent | late].reset_index(drop=True)
    return kept


class Oracle:
    """Figures by (area, period, start), from the rows alone."""

    def __init__(self, city: City, facts: pd.DataFrame, now: dt.datetime) -> None:
        self.city, self.now, self.local_now = city, now, now.astimezone(city.zone).replace(tzinfo=None)
        self.today = self.local_now.date()
        self.known: dict[tuple[str, str], dict[pd.Timestamp, tuple[int, int]]] = {}
        self.facts = facts.assign(
            received_at=pd.to_datetime(facts.received_at), closed_at=pd.to_datetime(facts.closed_at)
        )
        for column in ("received_at", "closed_at"):
            known = (
                self.facts[column].dt.tz_localize("UTC").dt.tz_convert(str(city.zone)).dt.tz_localize(None)
            )
            self.facts[f"local_{column}"] = known
        past = self.facts[self.facts.received_at <= bare(now)]
        self.past = past
        self.days = {ward: {t.date() for t in past.local_received_at[past.ward == ward]} for ward in WARDS}
        self.slots = {ward: set(past.local_received_at[past.ward == ward].dt.floor("h")) for ward in WARDS}

    def inside(self, frame: pd.DataFrame, area: str) -> pd.DataFrame:
        return frame if area == "C" else frame[frame.ward == area]

    def cells(self, period: str, area: str) -> dict[pd.Timestamp, tuple[int, int]]:
        """Present and expected cells of each period of which anything is present."""
        if (period, area) not in self.known:
            self.known[period, area] = dict(self._cells(period, area))
        return self.known[period, area]

    def _cells(self, period: str, area: str) -> Iterator[tuple[pd.Timestamp, tuple[int, int]]]:
        wards = WARDS if area == "C" else (area,)
        if period == "hour":
            running = pd.Timestamp(self.local_now).floor("h")
            for slot in set().union(*(self.slots[ward] for ward in wards)):
                present = sum(slot in self.slots[ward] for ward in wards)
                awaited = [
                    ward for ward in wards if slot.date() < self.today or self.today in self.days[ward]
                ]
                yield slot, (present, present if slot == running else len(awaited))
            return
        counts: dict[pd.Timestamp, list[int]] = {}
        periods = self.city.periods
        first = min(min(days) for days in self.days.values() if days)
        for start in self.starts(period, first):
            begin, end = periods.begin(period, start), periods.next_start(period, start)
            days = pd.date_range(stamp(begin).floor("D"), stamp(end) - pd.Timedelta(1, "us"), freq="D")
            for day in (d.date() for d in days):
                for ward in wards:
                    there = day in self.days[ward]
                    if day < self.today or there:
                        cell = counts.setdefault(stamp(start), [0, 0])
                        cell[0] += there
                        cell[1] += 1
        yield from ((start, (present, expected)) for start, (present, expected) in counts.items() if present)

    def starts(self, period: str, first: dt.date) -> Iterator[dt.date]:
        """Starts of periods from the one that holds a day to the one that runs."""
        start = self.city.periods.start_of(period, first)
        while stamp(start) <= pd.Timestamp(self.local_now):
            yield start
            start = self.city.periods.next_start(period, start)

    def within(self, column: str, period: str, start: pd.Timestamp, area: str) -> pd.DataFrame:
        frame = self.inside(self.facts[self.facts[column] <= bare(self.now)], area)
        periods, own = self.city.periods, self.typed(period, start)
        begin, end = stamp(periods.begin(period, own)), stamp(periods.next_start(period, own))
        local = frame[f"local_{column}"]
        return frame[(local >= begin) & (local < end)]

    def typed(self, period: str, start: pd.Timestamp) -> dt.date:
        at: dt.datetime = start.to_pydatetime()
        return at if self.city.periods.timed(period) else at.date()

    def values(self, id_: str, period: str, area: str) -> dict[pd.Timestamp, float | None]:
        return {start: self.value(id_, period, start, area) for start in self.cells(period, area)}

    def value(self, id_: str, period: str, start: pd.Timestamp, area: str) -> float | None:
        if id_ == "open":
            end = stamp(self.city.periods.next_start(period, self.typed(period, start)))
            frame = self.inside(self.past, area)
            left = (frame.local_closed_at < end) & (frame.closed_at <= bare(self.now))
            return float(((frame.local_received_at < end) & ~left).sum())
        rows = self.within("closed_at" if id_ == "handled" else "received_at", period, start, area)
        if id_ in ("received", "handled"):
            return float(len(rows))
        if rows.empty:
            return None
        if id_ == "quick":
            return float(100 * (rows.hours <= 24).mean())
        return float(np.percentile(rows.hours.astype(float), 90))


def stored(world: Any) -> dict[str, dict[Key, Any]]:
    found: dict[str, dict[Key, Any]] = {}
    for row in world.values().itertuples():
        found.setdefault(row.indicator, {})[row.area, row.period, row.start] = row
    return found


def near(left: float | None, right: float | None) -> bool:
    both = [math.nan if one is None else float(one) for one in (left, right)]
    return bool(np.allclose(both[0], both[1], rtol=1e-9, atol=1e-9, equal_nan=True))


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(CLOCK)


@pytest.fixture(scope="module")
def facts(city: City) -> pd.DataFrame:
    return tickets(city, 1300, NOW, 5)


@pytest.fixture(scope="module")
def computed(city: City, facts: pd.DataFrame, make_world: Callable[[City], Any]) -> dict[str, Any]:
    """Computed at once, and in steps: before a bound in mid-day, just after it without news, and later."""
    whole, steps = make_world(city), make_world(city)
    whole.put("tickets", facts, NOW)
    whole.refresh(NOW)
    early = facts[pd.to_datetime(facts.received_at) <= bare(BEFORE)]
    steps.put("tickets", early, BEFORE)
    steps.refresh(BEFORE)
    steps.refresh(BEFORE + dt.timedelta(hours=1))
    steps.put("tickets", facts, NOW)
    steps.refresh(NOW)
    return {"whole": whole, "steps": steps}


@pytest.fixture(scope="module")
def worlds(computed: dict[str, Any]) -> dict[str, dict[str, dict[Key, Any]]]:
    return {how: stored(world) for how, world in computed.items()}


@pytest.fixture(scope="module")
def oracle(city: City, facts: pd.DataFrame) -> Oracle:
    return Oracle(city, facts, NOW)


PERIODS = (
    "hour",
    "day",
    "week",
    "month",
    "noon_month",
    "quarter",
    "mid_quarter",
    "half_year",
    "year",
    "year_to_date",
)


def test_the_folder_is_clean(city: City) -> None:
    assert check(city) == []


@pytest.mark.parametrize("how", ["whole", "steps"])
@pytest.mark.parametrize("id_", ["received", "handled", "quick", "wait", "open"])
@pytest.mark.parametrize("period", PERIODS)
def test_values(
    oracle: Oracle, worlds: dict[str, dict[str, dict[Key, Any]]], period: str, id_: str, how: str
) -> None:
    found = {key: row for key, row in worlds[how][id_].items() if key[1] == period}
    for area in ("C", *WARDS):
        own = {start: row for (at, _, start), row in found.items() if at == area}
        cells = oracle.cells(period, area)
        assert set(own) == set(cells), sorted(set(own) ^ set(cells))[:5]
        for start, row in own.items():
            assert (row.present, row.expected) == cells[start], (area, start)
        # every bound, and of the many hours some
        wanted = sorted(own)[:: 7 if period in ("hour", "day") else 1]
        for start in wanted:
            expected = oracle.value(id_, period, start, area)
            assert near(own[start].value, expected), (area, start, own[start].value, expected)


@pytest.mark.parametrize("how", ["whole", "steps"])
@pytest.mark.parametrize("period", ["day", "week", "noon_month", "mid_quarter", "half_year"])
def test_formulas(
    oracle: Oracle, worlds: dict[str, dict[str, dict[Key, Any]]], city: City, period: str, how: str
) -> None:
    found, periods = worlds[how], city.periods
    local_now = pd.Timestamp(oracle.local_now)
    for area in ("C", *WARDS):
        received = {s: r for (a, p, s), r in found["received"].items() if (a, p) == (area, period)}
        quick = {s: r for (a, p, s), r in found["quick"].items() if (a, p) == (area, period)}

        def shift(start: pd.Timestamp, count: int) -> pd.Timestamp:
            return stamp(periods.shift(period, oracle.typed(period, start), count))

        def year(start: pd.Timestamp) -> int:
            if period == "week":
                return int(start.isocalendar().year)
            return periods.named(period, oracle.typed(period, start)).year

        expected: dict[str, dict[pd.Timestamp, float | None]] = {
            "before": {},
            "grown": {},
            "three": {},
            "so_far": {},
        }
        for start, row in received.items():
            if shift(start, 2) <= local_now:
                expected["before"][shift(start, 2)] = row.value
            base = received.get(stamp(periods.same_last_year(period, oracle.typed(period, start))))
            if base is not None:
                expected["grown"][start] = 100 * (row.value - base.value) / base.value if base.value else None
            behind, total = start, 0.0
            while behind in received and year(behind) == year(start):
                total += received[behind].value
                behind = shift(behind, -1)
            if year(behind) != year(start):
                expected["so_far"][start] = total
        for start in quick:
            window = [quick.get(shift(start, -back)) for back in range(3)]
            if all(one is not None for one in window):
                below = sum(one.denominator for one in window)  # type: ignore[union-attr]
                above = sum(one.numerator for one in window)  # type: ignore[union-attr]
                expected["three"][start] = 100 * above / below if below else None
        for id_, values in expected.items():
            own = {s: r.value for (a, p, s), r in found[id_].items() if (a, p) == (area, period)}
            assert set(own) == set(values), (id_, area, sorted(set(own) ^ set(values))[:5])
            assert all(near(own[start], value) for start, value in values.items()), (id_, area)


def test_every_ticket_is_counted_once_in_each_kind_of_period(
    computed: dict[str, Any], oracle: Oracle
) -> None:
    own = computed["whole"].values().query("indicator == 'received' and area == 'C'")
    sums = own.groupby("period").value.sum()
    for period in PERIODS:
        if period != "year_to_date":
            assert sums[period] == len(oracle.past), period


def test_hours_are_noted_where_they_are_asked_for(computed: dict[str, Any]) -> None:
    with computed["whole"].store.read() as cursor:
        tables = {row[0] for row in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert "part_tickets__presence_by_hour" in tables


def test_published_figures_of_every_kind_of_period(city: City, make_world: Callable[[City], Any]) -> None:
    prints = [
        ("week", "2026-03-16", "2026-03-24", 1.0),
        ("week", "2026-03-17", "2026-03-24", 9.0),  # no Monday
        ("half_year", "2025-07-01", "2026-01-10", 2.0),
        ("half_year", "2025-07-01", "2026-02-10", 3.0),  # newer
        ("half_year", "2025-04-01", "2026-02-10", 9.0),
        ("year_to_date", "2026-02-01", "2026-03-05", 4.0),
        ("noon_month", "2026-02-25", "2026-03-26", 5.0),
        ("noon_month", "2026-02-24", "2026-03-26", 9.0),
        ("mid_quarter", "2025-12-15", "2026-03-20", 6.0),
        ("mid_quarter", "2026-01-01", "2026-03-20", 9.0),
    ]
    frame = pd.DataFrame(prints, columns=["series", "period_start", "released_on", "value"], dtype=object)
    for column in ("period_start", "released_on"):
        frame[column] = [dt.date.fromisoformat(day) for day in frame[column]]
    world = make_world(city)
    world.put("prints", frame.assign(_area="C"), NOW)
    world.refresh(NOW)
    found = {row.indicator: (row.start, row.value) for row in world.values().itertuples()}
    assert len(world.values()) == len(found)
    assert found == {
        "said_week": (pd.Timestamp("2026-03-16"), 1.0),
        "said_half_year": (pd.Timestamp("2025-07-01"), 3.0),
        "said_year_to_date": (pd.Timestamp("2026-02-01"), 4.0),
        "said_noon_month": (pd.Timestamp("2026-02-25 12:00"), 5.0),
        "said_mid_quarter": (pd.Timestamp("2025-12-15"), 6.0),
    }


def test_the_rows_behind_a_value_are_those_it_counted(city: City, computed: dict[str, Any]) -> None:
    rng = np.random.default_rng(11)
    with reading(computed["steps"].store, city, EVERYONE) as reader:
        for id_, period in itertools.product(("received", "handled", "open"), PERIODS):
            values = reader.series([id_], "C", period, 400)[id_]
            for number in {len(values) - 1, *rng.integers(0, len(values), 3).tolist()}:
                rows = Lineages(city).rows(reader, values[number], limit=1)
                assert rows is not None
                assert rows.total == values[number].n, (id_, period, values[number].start)
