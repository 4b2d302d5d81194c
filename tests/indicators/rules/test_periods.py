"""Rules over weeks, hours and reporting months: judged when the period is over by the city's clock."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

RISE = {"type": "change", "against": "previous", "above": 40}


@pytest.mark.parametrize(
    ("period", "start", "last"),
    [
        ("reporting_month", "2026-09-25 12:00", "2026-10-25 12:00"),
        ("week", "2026-10-26 00:00", "2026-11-02 00:00"),
        ("hour", "2026-11-02 06:00", "2026-11-02 07:00"),
        ("half_year", "2026-01-01 00:00", "2026-07-01 00:00"),
    ],
)
@pytest.mark.parametrize("against", ["previous", "last_year"])
def test_a_rise_is_told_when_its_period_is_over(
    world: Any, period: str, start: str, last: str, against: str
) -> None:
    periods, zone = world.city.periods, world.city.zone
    first, second = (periods.start_of(period, dt.datetime.fromisoformat(at)) for at in (start, last))
    base = first if against == "previous" else periods.same_last_year(period, second)
    world.with_rules(
        {
            "indicator": "hotline_received",
            "level": "city",
            "period": period,
            "when": {**RISE, "against": against},
        }
    )
    world.put("hotline_received", "city", period, {("79", base): 100.0, ("79", second): 150.0})
    over = dt.datetime.combine(periods.next_start(period, second), dt.time(), zone)
    if periods.timed(period):
        over = periods.next_start(period, second).replace(tzinfo=zone)
    over = over.astimezone(dt.UTC)
    world.judge(over - dt.timedelta(minutes=1))
    assert world.warnings() == []
    world.judge(over)
    (warning,) = world.warnings()
    assert warning.area == "79"
    world.judge(over + dt.timedelta(minutes=5))
    assert len(world.warnings()) == 1
