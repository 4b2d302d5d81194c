"""The prometheus connector and format against Debian's Prometheus, which holds samples that are known."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from bench.common import servers
from pipelines.connectors.base import Window
from pipelines.errors import SourceError
from pipelines.read.prometheus import to_parquet
from tests.pipelines.connectors.conftest import NOW, Fetching
from tests.pipelines.connectors.site import Reply, Site

HOUR = 3600
BEGIN = int(dt.datetime(2026, 10, 30, tzinfo=dt.UTC).timestamp())
HOSTS = ("a1", "b2")
SAMPLES = {
    (host, BEGIN + hour * HOUR): (hour * 10 + place) * 0.5
    for (place, host), hour in itertools.product(enumerate(HOSTS), range(48))
}
COLUMNS: list[dict[str, Any]] = [
    {"name": "host", "type": "text", "required": True},
    {"name": "at", "source": "time", "type": "timestamp", "required": True},
    {"name": "load", "source": "value", "type": "number"},
]
CHANGES: dict[str, Any] = {
    "format": {"type": "prometheus"},
    "columns": COLUMNS,
    "key": ["host", "at"],
}


def openmetrics() -> str:
    lines = [f'load{{host="{host}"}} {value} {moment}' for (host, moment), value in SAMPLES.items()]
    return "\n".join(["# TYPE load gauge", *lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server(need_programs: Callable[..., None]) -> Iterator[str]:
    """Address of a Prometheus that knows the samples and measures itself."""
    need_programs("prometheus", "promtool")
    with servers.prometheus(openmetrics()) as started:
        yield f"http://127.0.0.1:{started.port}"


def naive(moment: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, dt.UTC).replace(tzinfo=None)


def connector(server: str, **more: Any) -> dict[str, Any]:
    return {"kind": "prometheus", "url": f"{server}/", "query": "load", "step": "1h", "delay": "0s", **more}


def test_what_was_measured_becomes_rows_once_and_goes_on_from_there(fetching: Fetching, server: str) -> None:
    end = dt.datetime.fromtimestamp(BEGIN, dt.UTC) + dt.timedelta(hours=30, minutes=20)
    feed = fetching(connector(server, lookback="30h"), **CHANGES)
    assert feed.fetch(now=end).status == "done"
    assert feed.fetch(now=end).status == "unchanged"  # the next step is not over
    feed.load()
    stored = 'SELECT host, "at", load FROM fact_tickets ORDER BY ALL'
    wanted = sorted((host, naive(at), value) for (host, at), value in SAMPLES.items())
    assert feed.house.rows(stored) == [
        row for row in wanted if naive(BEGIN + HOUR) <= row[1] <= naive(BEGIN + 30 * HOUR)
    ]

    # Two days of rest of the program: nothing of it is left out.
    assert feed.fetch(now=end + dt.timedelta(days=2)).status == "done"
    feed.fetch(Window(*(dt.datetime.fromtimestamp(BEGIN + h * HOUR, dt.UTC) for h in (0, 1))))
    feed.load()
    assert feed.house.rows(stored) == wanted
    [(received, inserted)] = feed.house.rows("SELECT sum(received), sum(inserted) FROM run")
    assert received == inserted == len(SAMPLES)


def test_long_spans_are_split_where_the_server_refuses_more(fetching: Fetching, server: str) -> None:
    """The value of the query is the time for which it is asked: each step must be there, once."""
    question = {"query": "time()", "start": str(BEGIN), "end": str(BEGIN + 11_001), "step": "1"}
    assert httpx.get(f"{server}/api/v1/query_range", params=question).status_code == 400
    columns = COLUMNS[1:]
    source = connector(server, query="vector(time())", step="1s", lookback="10h")
    feed = fetching(source, **{**CHANGES, "columns": columns, "key": ["at"]})
    told = feed.fetch(now=NOW)
    assert (told.status, told.files) == ("done", 4)
    feed.load()
    assert feed.house.rows(
        'SELECT count(*), count(DISTINCT "at"), min("at"), max("at") FROM fact_tickets'
    ) == [(36_001, 36_001, naive(NOW.timestamp() - 36_000), naive(NOW.timestamp()))]
    assert feed.house.rows('SELECT count(*) FROM fact_tickets WHERE epoch("at") <> load') == [(0,)]


def test_a_server_measures_itself(fetching: Fetching, server: str) -> None:
    until = time.monotonic() + 30
    query = 'count_over_time(up{job="self"}[1m]) > 3'
    while not httpx.get(f"{server}/api/v1/query", params={"query": query}).json()["data"]["result"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    now = dt.datetime.now(dt.UTC)
    columns = [*COLUMNS[1:], {"name": "host", "source": "instance", "type": "text", "required": True}]
    feed = fetching(
        connector(server, query='up{job="self"}', step="1s", lookback="2s"), **{**CHANGES, "columns": columns}
    )
    feed.fetch(now=now)
    feed.load()
    rows = feed.house.rows('SELECT host, load, epoch("at") FROM fact_tickets')
    host = server.removeprefix("http://")
    for name, value, at in rows:
        answer = httpx.get(f"{server}/api/v1/query", params={"query": "up", "time": at}).json()
        assert (name, value) == (host, float(answer["data"]["result"][0]["value"][1]))
    assert rows


def test_a_wrong_query_is_told_in_the_servers_words_and_none_that_answers_is_no_news(
    fetching: Fetching, server: str
) -> None:
    told = fetching(connector(server, query="sum(load"), **CHANGES).fetch(now=NOW)
    assert told.status == "failed"
    assert "answered 400: 1:9: parse error" in str(told.message)
    assert "unclosed left parenthesis" in str(told.message)
    feed = fetching(connector(server, query="nothing_like_it"), **CHANGES)
    assert (feed.fetch(now=NOW).status, feed.spooled()) == ("unchanged", [])


def test_a_fault_on_the_way_keeps_what_came_before_it(fetching: Fetching, site: Site) -> None:
    answers = [Reply.of({"status": "success", "data": {"result": []}}), Reply.of({}, 503)]
    site.answer("/api/v1/query_range", lambda _: answers.pop(0))
    source = connector(site.url(), step="1m", lookback="1h", points=30)
    feed = fetching(source, **CHANGES)
    assert feed.fetch(now=NOW).status == "passing"
    answers += [Reply.of({"status": "success", "data": {"result": []}})] * 2
    feed.fetch(now=NOW)
    starts = [float(request.query["start"]) - NOW.timestamp() for request in site.asked]
    assert starts == [-3600, -1800, -1800, 0]


def test_labels_that_are_called_as_columns_of_ours_and_odd_values(tmp_path: Path) -> None:
    answer = tmp_path / "a.json"
    answer.write_text(
        '{"status": "success", "data": {"resultType": "vector", "result": ['
        '{"metric": {"time": "x", "job": "a"}, "values": [[1793000000.5, "NaN"], [1793000001, "+Inf"]]},'
        '{"metric": {"job": "b"}, "value": [1793000002, "3"]}]}}',
        encoding="utf-8",
    )
    to_parquet(answer, tmp_path / "a.parquet")
    moment = dt.datetime.fromtimestamp(1793000000, dt.UTC)
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == [
        {"time": moment + dt.timedelta(milliseconds=500), "value": "NaN", "job": "a", "exported_time": "x"},
        {"time": moment + dt.timedelta(seconds=1), "value": "+Inf", "job": "a", "exported_time": "x"},
        {"time": moment + dt.timedelta(seconds=2), "value": "3", "job": "b", "exported_time": None},
    ]
    for broken in (
        b'{"data": {"result": [{"values": [[1, "2"]]}]}}',
        b"<html>",
        b'{"data": {"result": [{"met',
    ):
        answer.write_bytes(broken)
        with pytest.raises(SourceError, match="no answer of Prometheus"):
            to_parquet(answer, tmp_path / "a.parquet")
