"""The month that the city published, from noon on the 25th to noon on the 25th, made again from tickets."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from config import City, load_city

CLOCK = Path(__file__).parent / "clock"
NOON = "noon_month"
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
RECEIVED, HANDLED, OPEN = 14_707, 14_311, 396
"""What the city told of its hotline between 25 September 2025, 12:00, and 25 October 2025, 12:00."""


def bare(at: dt.datetime) -> pd.Timestamp:
    """A moment as the store keeps it."""
    return pd.Timestamp(at.astimezone(dt.UTC).replace(tzinfo=None))


def test_the_published_reporting_month(tmp_path: Path, make_world: Callable[[City], Any]) -> None:
    """As many tickets as were published, thousands more around them, and some on the very bounds: the month
    counts those of its own, each once.
    """
    folder = tmp_path / "saigon"
    shutil.copytree(CLOCK, folder)
    head = (folder / "city.yaml").read_text().replace("Europe/Berlin", "Asia/Ho_Chi_Minh")
    (folder / "city.yaml").write_text(head)
    city = load_city(folder)
    rng = np.random.default_rng(396)
    bounds = [dt.datetime(2025, month, 25, 12, tzinfo=SAIGON) for month in (8, 9, 10, 11)]
    second = dt.timedelta(seconds=1)
    edges = {
        number: [bounds[number], bounds[number] + second, bounds[number + 1] - second] for number in range(3)
    }

    def some(number: int, count: int) -> list[dt.datetime]:
        """Moments within a month: its bounds, many of each, and random ones."""
        length = int((bounds[number + 1] - bounds[number]).total_seconds())
        every = edges[number] * 20
        every += [bounds[number] + dt.timedelta(seconds=int(s)) for s in rng.integers(0, length, count - 60)]
        return every

    rows: list[tuple[dt.datetime, dt.datetime | None]] = []
    # of the month: handled within it, at its first and last second among others, and open at its end
    within = sorted(some(1, RECEIVED))
    late = set(rng.choice(RECEIVED, OPEN, replace=False).tolist())
    for number, at in enumerate(within):
        room = int((bounds[2] - second - at).total_seconds())
        soon = at + dt.timedelta(seconds=int(rng.integers(0, room + 1)))
        after = bounds[2] + dt.timedelta(seconds=int(rng.integers(0, 86400)))
        rows.append((at, after if number in late else soon))
    # of the months before and after: nothing of theirs is handled in it, or received
    rows += [(at, at) for at in some(0, 3000)]
    rows += [(at, at + dt.timedelta(hours=1)) for at in some(2, 3000)]
    frame = pd.DataFrame({"id": [str(number) for number in range(len(rows))]})
    frame["received_at"] = pd.Series([bare(at) for at, _ in rows], dtype=object)
    frame["closed_at"] = pd.Series([None if at is None else bare(at) for _, at in rows], dtype=object)
    frame = frame.assign(hours=1.0, ward="W1", _area="W1")
    world = make_world(city)
    now = bounds[3] + dt.timedelta(hours=1)
    world.put("tickets", frame, now.astimezone(dt.UTC))
    world.refresh(now.astimezone(dt.UTC))
    values = world.values().query("period == @NOON and area == 'C'")
    table = values.pivot_table(index="start", columns="indicator", values="value")
    month = table.loc[pd.Timestamp("2025-09-25 12:00")]
    assert (month.received, month.handled, month.open) == (RECEIVED, HANDLED, OPEN)
    assert month.received == month.handled + month.open
    assert table.received.sum() == len(rows)
    # the same out of plain rows
    local = frame.assign(
        start=[city.periods.start_of(NOON, at.astimezone(SAIGON)) for at, _ in rows],
    )
    assert local.groupby("start").size().to_dict() == {
        start: value for start, value in table.received.dropna().items() if value
    }
