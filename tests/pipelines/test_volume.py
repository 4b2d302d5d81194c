"""Deliveries that are too small, too large or too bad: against bounds, and against the feed's own history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models.contract import Usual
from pipelines.volume import Size, usual

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel\n"
MONDAY = dt.date(2026, 8, 3)


def delivery(day: dt.date, rows: int, bad: int = 0) -> str:
    """A file of that day; of its rows the last ``bad`` have a rating out of range."""
    return HEADER + "".join(
        f"{day}-{n},{day} 08:00:00,,21,{9 if n >= rows - bad else 3},app\n" for n in range(rows)
    )


def deliver_days(house: House, sizes: Sequence[int], start: dt.date = MONDAY) -> None:
    for n, rows in enumerate(sizes):
        day = start + dt.timedelta(days=n)
        house.deliver(f"{day}.csv", delivery(day, rows))


@pytest.mark.parametrize(
    ("bounds", "rows", "allowed"),
    [
        ({"min": 1}, 0, "1…"),
        ({"min": 5, "max": 9}, 4, "5…9"),
        ({"min": 5, "max": 9}, 10, "5…9"),
        ({"max": 9}, 10, "…9"),
        ({"min": 5, "max": 9}, 5, None),
        ({"min": 5, "max": 9}, 9, None),
    ],
)
@pytest.mark.parametrize("mode", ["flag", "stop"])
def test_bounds_of_a_delivery(
    build: Build, bounds: dict[str, int], rows: int, allowed: str | None, mode: str
) -> None:
    house = build(volume={"rows": bounds, "on_error": mode})
    house.deliver("a.csv", delivery(MONDAY, rows))
    [run] = house.load()
    detail = f"has {rows} rows, allowed are {allowed}"
    told = house.rows("SELECT run, line, column_name, reason, value, detail, mode FROM flagged")
    if allowed is None:
        assert (run.status, told) == ("done", [])
    elif mode == "flag":
        assert told == [(run.id, None, None, "volume", str(rows), detail, "flag")]
        assert (run.status, run.inserted, run.flagged) == ("done", rows, 0)
    else:
        assert (run.status, run.message, told) == ("failed", detail, [])


@pytest.mark.parametrize("at_once", [True, False])
def test_a_weekend_is_compared_with_weekends(build: Build, at_once: bool) -> None:
    house = build(volume={"against": {"below": "50 %", "above": "200 %"}})
    # Five weeks of 20 rows on working days and 3 on weekends, then one week in which two days are odd.
    ordinary = [20, 20, 20, 20, 20, 3, 3] * 5
    odd = [20, 9, 20, 41, 20, 3, 20]
    if at_once:
        deliver_days(house, ordinary + odd)
        house.load()
    else:
        deliver_days(house, ordinary)
        house.load()
        for n, rows in enumerate(odd, start=len(ordinary)):
            deliver_days(house, [rows], MONDAY + dt.timedelta(days=n))
            house.load()
    told = house.rows(
        "SELECT r.file_name, f.value FROM flagged f JOIN run r ON r.id = f.run "
        "WHERE r.file_name >= 'tickets/2026-09-07' ORDER BY r.id"
    )
    assert told == [
        ("tickets/2026-09-08.csv", "9"),
        ("tickets/2026-09-10.csv", "41"),
        ("tickets/2026-09-13.csv", "20"),
    ]


def test_the_first_deliveries_have_no_history(build: Build) -> None:
    house = build(volume={"against": {"below": "50 %", "above": "150 %"}, "on_error": "stop"})
    deliver_days(house, [1, 30, 2, 200, 3])
    runs = house.load()
    # Of three earlier ones (1, 30, 2) two rows are usual; what was stopped is no history.
    assert [run.status for run in runs] == ["done", "done", "done", "failed", "done"]
    assert runs[3].message == "has 200 rows, going by the deliveries before it 1…3 are usual"
    assert runs[3].hint is not None
    assert "volume.against" in runs[3].hint


@pytest.mark.parametrize(("bad", "status"), [(4, "done"), (5, "failed")])
def test_a_file_with_too_many_bad_rows_is_not_half_loaded(build: Build, bad: int, status: str) -> None:
    house = build(rejected={"above": "20 %"})
    house.deliver("a.csv", delivery(MONDAY, 19, bad - 1) + "a,line,with,far,too,many,cells,in,it\n")
    house.deliver("b.csv", delivery(MONDAY + dt.timedelta(days=1), 5))
    first, second = house.load()
    assert (first.status, second.status, second.inserted) == (status, "done", 5)
    assert house.rows("SELECT count(*) FROM fact_tickets") == [(5 + (20 - bad if status == "done" else 0),)]
    if status == "failed":
        assert first.message == "25 % of the rows are rejected, up to 20 % are allowed"


@given(
    sizes=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 60)), max_size=60),
    day=st.integers(0, 60),
    last=st.integers(3, 30),
)
def test_what_is_usual_agrees_with_pandas(sizes: list[tuple[int, int]], day: int, last: int) -> None:
    start = dt.date(2026, 1, 1)
    before = [Size(n, rows, 0, start + dt.timedelta(days=d)) for n, (rows, d) in enumerate(sizes)]
    of = start + dt.timedelta(days=day)
    frame = pd.DataFrame(
        {"rows": [s.received for s in before], "day": pd.to_datetime([s.day for s in before])}
    )
    alike = frame[frame["day"].dt.dayofweek == pd.Timestamp(of).dayofweek]["rows"].tail(last)
    if len(alike) < 4:
        alike = frame["rows"].tail(last)
    expected = None if len(alike) < 3 else (float(alike.median()), len(alike))
    assert usual(Usual(last=last, below=50.0), before, of) == expected
