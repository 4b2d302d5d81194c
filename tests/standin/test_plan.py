"""Which files are owed: gaps are cut without loss or overlap."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standin.models import Source, Step
from standin.plan import Span, covered, file_name, gaps, spans
from standin.timeline import DAY, HOUR, stamp, unstamp

START = unstamp("20260901T000000")
NOW = unstamp("20261123T094512")
MONTH = Step(every="month", format="parquet", older_than=timedelta(days=35))
DAYS = Step(every="day", format="parquet", older_than=timedelta(days=2))
SENSORS = Source(steps=(MONTH, DAYS, Step(every="hour", format="csv")), live_every=timedelta(minutes=10))
TICKETS = Source(steps=(MONTH, Step(every="day", format="csv")), rest=True)
WEEKLY = Source(steps=(Step(every="week", format="xlsx"),))


def test_large_files_for_the_past_small_ones_for_the_present() -> None:
    cut = list(spans(SENSORS, START, NOW, NOW, live=False))
    sizes = [(s.end - s.start, s.format) for s in cut]
    assert sizes[0] == (30 * DAY, "parquet")  # September; October ended only 23 days ago
    assert sizes[1] == (DAY, "parquet")
    assert sizes[-1] == (HOUR, "csv")
    assert stamp(cut[-1].end) == "20261123T090000"
    assert sum(size == (HOUR, "csv") for size in sizes) == 2 * 24 + 9


def test_live_sends_readings_between_the_hours() -> None:
    last = list(spans(SENSORS, START, NOW, NOW, live=True))[-1]
    assert (stamp(last.start), stamp(last.end)) == ("20261123T090000", "20261123T094000")


def test_a_department_that_sends_the_rest_reaches_now() -> None:
    assert list(spans(TICKETS, START, NOW, NOW, live=False))[-1] == Span(NOW - NOW % DAY, NOW, "csv")


def test_weeks_run_from_monday_and_the_first_may_be_short() -> None:
    cut = list(spans(WEEKLY, unstamp("20261101T000000"), NOW, NOW, live=False))
    assert [stamp(s.start)[4:8] for s in cut] == ["1101", "1102", "1109", "1116"]
    assert stamp(cut[-1].end) == "20261123T000000"


@given(
    start=st.integers(START, NOW),
    source=st.sampled_from([SENSORS, TICKETS, WEEKLY]),
    later=st.integers(0, 90 * DAY),
    live=st.booleans(),
)
def test_files_follow_each_other_without_gap(start: int, source: Source, later: int, live: bool) -> None:
    now = NOW + later
    cut = list(spans(source, start, now, now, live=live))
    edges = [start] + [s.end for s in cut]
    assert [s.start for s in cut] == edges[:-1]
    assert all(s.start < s.end <= now for s in cut)
    assert now - edges[-1] < (7 * DAY if source is WEEKLY else HOUR)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 20)), max_size=8), st.integers(1, 120))
def test_gaps_are_exactly_what_nothing_covers(parts: list[tuple[int, int]], end: int) -> None:
    known = sorted((a, a + n) for a, n in parts)
    inside = {t for a, b in known for t in range(a, b)}
    assert [t for a, b in gaps(0, end, known) for t in range(a, b)] == [
        t for t in range(end) if t not in inside
    ]


def test_names_say_what_a_file_covers(tmp_path: Path) -> None:
    span = Span(START, START + DAY, "csv")
    name = file_name("hotline", span)
    assert name == "hotline_20260901T000000_20260902T000000.csv"
    (tmp_path / name).touch()
    assert covered(tmp_path, "hotline") == [(span.start, span.end)]


@pytest.mark.parametrize("moment", [0, START, NOW])
def test_stamps_are_read_back(moment: int) -> None:
    assert unstamp(stamp(moment)) == moment
