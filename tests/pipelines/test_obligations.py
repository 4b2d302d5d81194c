"""What agencies owed and when it came: told cases, and made-up ones beside an oracle that tries all."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Delivery, Obligations
from pipelines.obligations import Due, due_times, settle, step_of
from warehouse.deliveries import Arrival

H = dt.timedelta(hours=1)
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
LADDER = (0 * H, 24 * H, 72 * H)


def arrival(hour: float) -> Arrival:
    at = START + hour * H
    return Arrival(at, at, 10, 9)


def play(
    due: list[float], grace: float, came: list[float], now: float, ladder: tuple[dt.timedelta, ...] = LADDER
) -> list[Due]:
    return settle(
        "f", [START + h * H for h in due], grace * H, [arrival(h) for h in came], ladder, START + now * H
    )


# Daily at hour 24, 48, 72 …, six hours of grace: state, hour of arrival, reminders of each that is told.
DAYS = [24.0 * day for day in range(1, 7)]
CASES: dict[str, tuple[list[float], float, list[tuple[str, float | None, int]]]] = {
    "before the due time": ([20, 44], 50, [("on_time", 20, 0), ("on_time", 44, 0)]),
    "always within the grace": (
        [25, 49, 73],
        80,
        [("on_time", 25, 0), ("on_time", 49, 0), ("on_time", 73, 0)],
    ),
    "at the end of the grace": ([30], 40, [("on_time", 30, 0)]),
    "after it, reminded once, the next comes on its own": (
        [31, 47],
        49,
        [("late", 31, 1), ("on_time", 31, 0)],
    ),
    "not yet overdue is not told": ([20], 53, [("on_time", 20, 0)]),
    "overdue is missing": ([20], 55, [("on_time", 20, 0), ("missing", None, 1)]),
    "one that skipped a day catches up with one delivery": (
        [20, 70],
        75,
        [("on_time", 20, 0), ("late", 70, 1), ("on_time", 70, 0)],
    ),
    "days in a row are one matter": (
        [20, 121],
        130,
        [("on_time", 20, 0), ("late", 121, 2), ("late", 121, 0), ("late", 121, 0), ("on_time", 121, 0)],
    ),
    "the ladder ends": (
        [20],
        150,
        [("on_time", 20, 0), ("missing", None, 3), *[("missing", None, 0)] * 3],
    ),
    "several in one span settle one": ([1, 2, 3, 20], 30, [("on_time", 1, 0)]),
    "two matters, each with its reminder": (
        [20, 56, 90, 128],
        130,
        [
            ("on_time", 20, 0),
            ("late", 56, 1),
            ("on_time", 56, 0),
            ("on_time", 90, 0),
            ("late", 128, 1),
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    came, now, expected = CASES[name]
    told = [
        (d.state, None if d.arrival is None else (d.arrival.at - START) / H, len(d.reminders))
        for d in play(DAYS, 6, came, now)
    ]
    assert told == expected


def test_late_by_counts_from_the_due_time_and_not_within_the_grace() -> None:
    first, second, third = play(DAYS, 6, [26, 60], 79)
    now = START + 79 * H
    assert (first.late_by(now), second.late_by(now)) == (0 * H, 12 * H)
    assert third.late_by(now) == 0 * H  # the delivery at 60 settles what is due at 72
    (only,) = play([24.0], 6, [], 40)
    assert only.late_by(START + 40 * H) == 16 * H


@dataclass
class Slot:
    due: int
    start: float
    came: float | None = None


def oracle(due: list[int], grace: int, came: list[float], now: int) -> list[tuple[int, float | None, int]]:
    """Each delivery looks at every slot there is; reminders are counted hour by hour."""
    slots = [Slot(at, due[k - 1] if k else float("-inf")) for k, at in enumerate(due)]
    for at in came:
        still = [s for s in slots if s.came is None]
        in_grace = any(s.due <= at <= s.due + grace for s in still)
        for slot in still:
            if slot.due <= at or (slot.start <= at < slot.due and not in_grace):
                slot.came = at
    told = []
    for number, slot in enumerate(slots):
        if slot.due > now or (slot.came is None and slot.due + grace >= now):
            continue
        late = slot.came is None or slot.came > slot.due + grace
        before = slots[number - 1] if number else None
        goes_on = (
            before is not None
            and (before.came is None or before.came > before.due + grace)
            and before.came == slot.came
        )
        count = 0
        if late and not goes_on:
            marks = [slot.due + grace + step for step in (0, 24, 72)]
            count = sum(m <= now and (slot.came is None or m < slot.came) for m in marks)
        told.append((slot.due, slot.came, count))
    return told


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=25, unique=True),
    st.integers(0, 60),
    st.lists(st.integers(0, 900), max_size=25),
    st.integers(1, 450),
)
def test_like_the_oracle(due: list[int], grace: int, halves: list[int], now: int) -> None:
    due, came = sorted(due), sorted(h / 2 for h in halves if h / 2 <= now)
    found = play([float(h) for h in due], grace, came, now)
    expected = oracle(due, grace, came, now)
    assert [
        ((d.due_at - START) / H, None if d.arrival is None else (d.arrival.at - START) / H, len(d.reminders))
        for d in found
    ] == expected


def times(zone: str, since: dt.datetime, until: dt.datetime, **delivery: Any) -> list[str]:
    feed: Any = SimpleNamespace(delivery=Delivery(grace="1h", **delivery))
    city: Any = SimpleNamespace(zone=ZoneInfo(zone))
    return [
        at.astimezone(ZoneInfo(zone)).strftime("%a %d %H:%M") for at in due_times(feed, city, since, until)
    ]


def test_due_times_are_of_the_citys_clock_also_where_it_is_changed() -> None:
    """New York goes from 1:59 to 3:00 on Sunday, 8 March 2026."""
    since, until = (dt.datetime(2026, 3, day, 5, 0, tzinfo=dt.UTC) for day in (7, 10))
    days = ["Sun 08 00:00", "Mon 09 00:00", "Tue 10 00:00"]
    assert times("America/New_York", since, until, every="1d") == days
    assert times("America/New_York", since, until, every="1d", due="0 9 * * *") == [
        "Sat 07 09:00",
        "Sun 08 09:00",
        "Mon 09 09:00",
    ]
    hours = times("America/New_York", since + 24 * H, since + 28 * H, every="1h")
    assert hours == ["Sun 08 01:00", "Sun 08 03:00", "Sun 08 04:00", "Sun 08 05:00"]


def test_weeks_end_on_mondays_and_the_first_moment_is_not_counted_twice() -> None:
    zone = "Asia/Ho_Chi_Minh"
    monday = dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC)
    assert times(zone, monday, monday + 15 * 24 * H, every="7d") == ["Mon 09 00:00", "Mon 16 00:00"]
    assert times(zone, monday - H / 60, monday, every="7d") == ["Mon 02 00:00"]


@given(st.integers(0, 9000), st.integers(1, 400), st.sampled_from(["1h", "5h", "1d", "2d", "7d"]))
def test_spans_join_without_gap_or_overlap(start: int, length: int, every: str) -> None:
    feed: Any = SimpleNamespace(delivery=Delivery(grace="0h", every=every))
    city: Any = SimpleNamespace(zone=ZoneInfo("Europe/Paris"))
    a = START + start * H
    b, c = a + length * H, a + 2 * length * H
    both = [*due_times(feed, city, a, b), *due_times(feed, city, b, c)]
    assert both == list(due_times(feed, city, a, c)) == sorted(set(both))
    assert all(a < at <= c for at in both)


@pytest.mark.parametrize(
    ("count", "step"),
    [(0, "none"), (1, "reminded"), (2, "reminded"), (3, "review"), (5, "review"), (6, "escalated")],
)
def test_ladder(count: int, step: str) -> None:
    assert step_of(count, Obligations()) == step
    assert step_of(count, Obligations(review=1, escalate=2)) == (
        "none" if count == 0 else "review" if count == 1 else "escalated"
    )


def test_ladders_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must be more than review"):
        Obligations(review=3, escalate=3)
    with pytest.raises(ValueError, match="must rise"):
        Obligations.model_validate({"remind_after": ["24h", "0h"]})
