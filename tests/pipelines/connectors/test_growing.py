"""How far a growing column has been read: for each kind of value, and whatever order rows commit in."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models.sql import Cursor
from pipelines.connectors.base import Window
from pipelines.connectors.growing import Growing
from pipelines.errors import SourceError

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = dt.datetime(2026, 11, 1, 5, 0, tzinfo=dt.UTC)  # noon by the city's clock
WINDOW = Window(NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1))


def _growing(overlap: object, state: dict[str, Any] | None = None, signature: str = "s") -> Growing:
    return Growing(Cursor.model_validate({"column": "c", "overlap": overlap}), HERE, signature, state or {})


@pytest.mark.parametrize(
    ("overlap", "seen", "since", "bounds"),
    [
        (
            "90m",
            dt.datetime(2026, 10, 31, 5, tzinfo=dt.UTC),
            dt.datetime(2026, 10, 31, 3, 30, tzinfo=dt.UTC),
            (WINDOW.since, WINDOW.until),
        ),
        (
            "90m",
            dt.datetime(2026, 10, 31, 5, 0),  # noqa: DTZ001 a column without offset
            dt.datetime(2026, 10, 31, 3, 30),  # noqa: DTZ001
            (dt.datetime(2026, 10, 30, 12), dt.datetime(2026, 10, 31, 12)),  # noqa: DTZ001
        ),
        ("90m", dt.date(2026, 10, 31), dt.date(2026, 10, 30), (dt.date(2026, 10, 30), dt.date(2026, 10, 31))),
        ("2d", dt.date(2026, 10, 31), dt.date(2026, 10, 29), (dt.date(2026, 10, 30), dt.date(2026, 10, 31))),
        ("0s", dt.date(2026, 10, 31), dt.date(2026, 10, 31), (dt.date(2026, 10, 30), dt.date(2026, 10, 31))),
        (
            "1m",
            "2026-10-31T05:00:30.5Z",
            "2026-10-31T04:59:30",
            ("2026-10-30T05:00:00", "2026-10-31T05:00:00"),
        ),
        ("1m", "2026-10-31 05:00:30", "2026-10-31 04:59:30", ("2026-10-30 12:00:00", "2026-10-31 12:00:00")),
        ("1d", "2026-10-31", "2026-10-30", ("2026-10-30", "2026-10-31")),
        (5, 100, 95, None),
        (0, Decimal("100.00"), 100, None),
    ],
)
def test_it_goes_on_an_overlap_before_what_was_seen(
    overlap: object, seen: Any, since: Any, bounds: tuple[Any, Any] | None
) -> None:
    first = _growing(overlap)
    assert (first.known, first.since(), first.state) == (False, None, {})
    first.reach(seen, NOW)
    again = _growing(overlap, json.loads(json.dumps(first.state)))
    assert again.known
    assert again.since() == since
    if bounds is None:
        with pytest.raises(SourceError):
            again.bounds(WINDOW)
    else:
        assert again.bounds(WINDOW) == bounds
    # What was read of something else says nothing of this.
    assert not _growing(overlap, first.state, "other").known


@pytest.mark.parametrize(
    ("far", "since"),
    [
        (dt.datetime(2099, 1, 1, tzinfo=dt.UTC), NOW),
        (dt.datetime(2099, 1, 1), dt.datetime(2026, 11, 1, 12)),  # noqa: DTZ001 by the city's clock
        (dt.date(2099, 1, 1), dt.date(2026, 11, 1)),
        ("2099-01-01 00:00:00", "2026-11-01 12:00:00"),
    ],
)
def test_it_never_goes_beyond_now(far: Any, since: Any) -> None:
    growing = _growing("0s")
    growing.reach(far, NOW)
    assert growing.since() == since
    growing.reach(since, NOW - dt.timedelta(days=5))
    assert growing.since() == since  # nor back


@pytest.mark.parametrize("value", [1.5, "soon", b"x", Decimal("1.5")])
def test_what_does_not_grow_is_refused(value: Any) -> None:
    with pytest.raises(SourceError):
        _growing("1m").learn(value)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20)), max_size=40),
    st.lists(st.integers(0, 330), min_size=1, max_size=8),
)
def test_rows_that_commit_within_the_overlap_are_all_read(
    rows: list[tuple[int, int]], reads: list[int]
) -> None:
    """A row is dated when it is written and seen once it is committed, up to 20 seconds later."""
    start = NOW - dt.timedelta(hours=1)
    written = [
        (start + dt.timedelta(seconds=at), start + dt.timedelta(seconds=at + late)) for at, late in rows
    ]
    state: dict[str, Any] = {}
    read: set[int] = set()
    for moment in (*(start + dt.timedelta(seconds=second) for second in sorted(reads)), NOW):
        growing = _growing("20s", state)
        since = growing.since()
        visible = [
            (at, number)
            for number, (at, seen) in enumerate(written)
            if seen <= moment and (since is None or at >= since)
        ]
        read |= {number for _, number in visible}
        if visible:
            growing.reach(max(visible)[0], moment)
        state = growing.state
    assert read == set(range(len(rows)))
