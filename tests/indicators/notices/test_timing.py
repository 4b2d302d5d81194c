"""Quiet hours and digests against a clock that is looked at minute by minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models.recipient import Digest, QuietHours
from indicators.notices.timing import last_digest, next_digest, quiet_until

HCMC = ZoneInfo("Asia/Ho_Chi_Minh")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = dt.timedelta(minutes=1)
CLOCKS = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
MOMENTS = st.integers(0, 364 * 1440).map(
    lambda minute: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + minute * MINUTE
)


def _inside(clock: str, start: str, end: str) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end


@given(CLOCKS, CLOCKS, MOMENTS)
def test_quiet_hours_end_at_the_first_minute_that_is_not_in_them(
    start: str, end: str, now: dt.datetime
) -> None:
    if start == end:
        return
    found = quiet_until(QuietHours.model_validate({"from": start, "to": end}), now, HCMC)
    at = now
    while _inside(f"{at.astimezone(HCMC):%H:%M}", start, end):
        at += MINUTE
    assert found == (None if at == now else at)


@given(st.lists(CLOCKS, min_size=1, max_size=3), MOMENTS)
def test_digests_are_due_at_their_minutes(clocks: list[str], now: dt.datetime) -> None:
    digest = Digest(at=tuple(clocks))
    due = [
        now + k * MINUTE
        for k in range(-1440, 1441)
        if f"{(now + k * MINUTE).astimezone(HCMC):%H:%M}" in clocks
    ]
    assert next_digest(digest, now, HCMC) == min(at for at in due if at > now)
    assert last_digest(digest, now, HCMC) == max(at for at in due if at <= now)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-08T06:30+00:00", "2026-03-08T11:00+00:00"),  # the night in which the clocks go forward
        ("2026-11-01T04:00+00:00", "2026-11-01T12:00+00:00"),  # and back
    ],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(now: str, until: str) -> None:
    quiet = QuietHours.model_validate({"from": "22:00", "to": "07:00"})
    found = quiet_until(quiet, dt.datetime.fromisoformat(now), NEW_YORK)
    assert found == dt.datetime.fromisoformat(until)
