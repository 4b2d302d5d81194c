"""Spans of time that are asked for leave no gap and ask for nothing twice, whatever the figures are."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from config.models import HttpConnector, PrometheusConnector, Remote, Since
from pipelines.connectors.base import Ask, Drop, State, Window
from pipelines.connectors.prometheus import _begin, _windows
from pipelines.connectors.span import note, remembered, spans
from tests.pipelines.connectors.conftest import NOW

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def ask(connector: Remote, state: Any = None, now: dt.datetime = NOW, window: Window | None = None) -> Ask:
    return Ask("f", connector, state or {}, now, Drop(Path(), "", 0, 0), {}, ZONE, window)


def http(since: Since, **more: Any) -> HttpConnector:
    return HttpConnector(kind="http", url="https://a.example", since=since, **more)


@given(
    days=st.integers(0, 40),
    step=st.none() | st.integers(1, 100).map(lambda hours: f"{hours}h"),
    overlap=st.integers(0, 50).map(lambda hours: f"{hours}h"),
    pauses=st.lists(st.integers(1, 5000), min_size=1, max_size=4),
)
def test_spans_reach_from_the_first_day_until_now(
    days: int, step: str | None, overlap: str, pauses: list[int]
) -> None:
    first = NOW.astimezone(ZONE).date() - dt.timedelta(days=days)
    since = Since.model_validate({"first": first, "step": step, "overlap": overlap})
    state: State = {}
    source, now = http(since), NOW
    through = dt.datetime.combine(first, dt.time(), ZONE) + since.overlap
    for pause in pauses:
        asked = list(spans(ask(source, state, now), since))
        assert asked[0].since == through - since.overlap
        assert asked[-1].until == now
        for one, other in itertools.pairwise(asked):
            assert one.until == other.since
        assert all(since.step is None or one.until - one.since <= since.step for one in asked)
        through, state = now, note(ask(source), through=now.isoformat())
        now += dt.timedelta(minutes=pause)


@settings(max_examples=50)
@given(
    step=st.integers(1, 7200),
    points=st.integers(1, 11_000),
    lookback=st.integers(1, 100_000),
    pauses=st.lists(st.integers(0, 200_000), min_size=1, max_size=4),
)
def test_every_step_is_asked_for_once(step: int, points: int, lookback: int, pauses: list[int]) -> None:
    # At most some thousands of requests in an example.
    points = max(points, lookback // step // 500 + 1, sum(pauses) // step // 500 + 1)
    source = PrometheusConnector.model_validate(
        {
            "kind": "prometheus",
            "url": "https://a.example",
            "query": "up",
            "step": f"{step}s",
            "lookback": f"{lookback}s",
            "delay": "0s",
            "points": min(points, 11_000),
        }
    )
    asked: list[float] = []
    state: State = {}
    now = NOW
    for pause in pauses:
        question = ask(source, state, now)
        through = _begin(question, source) - step
        for first, last in _windows(question, source, through + step):
            count = round((last - first) / step) + 1
            assert count <= source.points
            asked += [first + number * step for number in range(count)]
            through = last
        state = note(question, through=through)
        now += dt.timedelta(seconds=pause)
    begin, end = NOW.timestamp() - lookback, (now - dt.timedelta(seconds=pauses[-1])).timestamp()
    assert asked == [float(at) for at in range(-int(-begin // step) * step, int(end) + 1, step)]


def test_what_is_remembered_belongs_to_one_question() -> None:
    since = Since(first=dt.date(2026, 1, 1))
    state = note(ask(http(since)), through="x")
    assert remembered(ask(http(since), state)) == state
    same = http(since, headers={"X-Team": "a"}, size_limit=7, params={})
    assert remembered(ask(same, state)) == state
    assert remembered(ask(http(since, params={"year": 1}), state)) == {}
