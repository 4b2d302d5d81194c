"""A warehouse that an older engine left behind: what it computed is made anew, what it was told is kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from config import City

NOW = dt.datetime(2025, 7, 4, 15, 30, tzinfo=dt.UTC)
SPAN = (dt.date(2025, 5, 1), dt.date(2025, 7, 4))
FIGURES = ["indicator", "level", "area", "period", "start", "value", "n", "present", "expected"]


def test_values_and_parts_of_an_older_engine_are_made_anew(
    lab: City, make_world: Callable[[City], Any], fill_world: Callable[..., None]
) -> None:
    world = make_world(lab)
    fill_world(world, SPAN, {}, 3)
    world.refresh(NOW)
    sound = world.values()
    with world.store.write() as cursor:
        (text,) = cursor.execute("SELECT value FROM meta WHERE key = 'indicators'").fetchone()
        old = json.dumps({**json.loads(text), "engine": 1})
        cursor.execute("UPDATE meta SET value = ? WHERE key = 'indicators'", [old])
        # what an engine that reckoned otherwise might have kept
        cursor.execute("UPDATE indicator_value SET value = value + 1, start = start + INTERVAL 1 DAY")
        cursor.execute("UPDATE part_visits__opened_at SET p1 = p1 + 7")
        cursor.execute("CREATE TABLE part_gone AS SELECT 1 AS p1")
        facts = cursor.execute("SELECT count(*), sum(hash(f)::HUGEINT) FROM fact_visits f").fetchall()
    report = world.refresh(NOW + dt.timedelta(minutes=5))
    assert (report.kind, report.message) == ("full", "first computation")
    pd.testing.assert_frame_equal(world.values()[FIGURES], sound[FIGURES])
    with world.store.read() as cursor:
        tables = {row[0] for row in cursor.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert "part_gone" not in tables
        assert cursor.execute("SELECT count(*), sum(hash(f)::HUGEINT) FROM fact_visits f").fetchall() == facts
    assert world.refresh(NOW + dt.timedelta(minutes=10)).kind == "incremental"
