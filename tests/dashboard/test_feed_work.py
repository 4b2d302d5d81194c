"""What people ask of feeds: carried out by who owns the warehouse, to the end, whatever happens."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.common.instance import Instance
from config import load_city
from dashboard import cli
from dashboard.feeds.words import outcome
from dashboard.running import cycle as turns
from dashboard.running.places import Places, served, serving_lock
from dashboard.running.runtime import Runtime
from tests.pipelines.connectors.site import Reply, Request, Site, serving
from warehouse.state import ENDED, FeedRequest, RequestState, State

TINY = Path(__file__).parents[1] / "config" / "tiny"
NOW = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 4)
HEADER = "number,received_at,closed_at,due_at,district,channel\n"
FEED = """id: remote
name: {{vi: Từ xa, en: Remote}}
owner: {{vi: Sở, en: Office}}
connector:
  kind: http
  url: "{url}?from={{from}}&to={{to}}"
  since: {{first: 2026-10-31, format: "%Y-%m-%d", zone: city}}
format: {{type: json}}
schedule: "0 6 * * *"
timing: {{retries: {{times: {times}, first: {first}}}}}
key: [number]
event_time: day
area: {{constant: T}}
columns:
  - {{name: number, type: integer, required: true}}
  - {{name: day, type: date, required: true}}
delivery: {{every: 1d, grace: 1d}}
"""


class Rain:
    """A source with one row a day; it breaks off when it is told to."""

    def __init__(self) -> None:
        self.faults: list[int] = []
        self.asked: list[str] = []
        self.gate: threading.Event | None = None
        self.reached = threading.Event()

    def __call__(self, request: Request) -> Reply:
        since, until = (dt.date.fromisoformat(request.query[name]) for name in ("from", "to"))
        self.asked.append(str(since))
        self.reached.set()
        if self.gate is not None:
            self.gate.wait(60)
        if self.faults and (status := self.faults.pop(0)):
            return Reply(b"", status)
        days = [since + dt.timedelta(days=n) for n in range(max((until - since).days, 0))]
        return Reply.of([{"number": day.toordinal(), "day": day.isoformat()} for day in days])


@pytest.fixture
def rain() -> Rain:
    return Rain()


@pytest.fixture
def site(rain: Rain) -> Iterator[Site]:
    with serving() as made:
        made.answer("/rain", rain)
        yield made


@pytest.fixture
def folder(tmp_path: Path, site: Site) -> Path:
    """The tiny city with a feed that is fetched."""
    made = Path(shutil.copytree(TINY, tmp_path / "city"))
    text = FEED.format(url=site.url("/rain"), times=2, first="1m")
    (made / "feeds" / "remote.yaml").write_text(text, encoding="utf-8")
    return made


class Clock:
    """A clock that can be set."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> dt.datetime:
        return self.at


Running = Callable[[], Runtime]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(folder: Path, tmp_path: Path, clock: Clock) -> Iterator[Running]:
    """Start the city's process; a second one ends the first."""
    made: list[Runtime] = []

    def start() -> Runtime:
        for old in made:
            old.__exit__(None, None, None)
        made.clear()
        city = load_city(folder)
        runtime = Runtime(city, Places.of(city.head.id, tmp_path / "var"), clock)
        made.append(runtime.__enter__())
        return runtime

    yield start
    for runtime in made:
        runtime.__exit__(None, None, None)


def deliver(runtime: Runtime, name: str, *rows: str) -> None:
    path = runtime.places.inbox / "requests" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")


def ask(runtime: Runtime, feed: str, kind: Any, *days: dt.date) -> FeedRequest:
    return runtime.state.feed_requests.ask(feed, kind, "Lan", runtime.clock(), *days)


def end(runtime: Runtime, request: FeedRequest) -> FeedRequest:
    return runtime.state.feed_requests.find(request.id)


def days_held(runtime: Runtime) -> list[str]:
    with runtime.store.read() as cursor:
        return [str(day) for (day,) in cursor.execute("SELECT day FROM fact_remote ORDER BY day").fetchall()]


def told(runtime: Runtime, request: FeedRequest) -> str:
    return outcome(end(runtime, request), "en", runtime.city.zone)


def test_a_folder_is_looked_at_when_somebody_asks(running: Running) -> None:
    runtime = running()
    deliver(runtime, "a.csv", "1,2026-03-01 08:00,,,T1,web", "2,2026-03-01 08:00,,,T1,fax")
    request = ask(runtime, "requests", "run")
    runtime.work.once()
    assert told(runtime, request) == "1 file read: 1 rows stored, 0 unchanged, 1 rejected."
    again = ask(runtime, "requests", "run")
    runtime.work.once()
    assert told(runtime, again) == "There was nothing new."


def test_a_source_is_asked_loaded_and_computed(running: Running, rain: Rain) -> None:
    runtime = running()
    request = ask(runtime, "remote", "run")
    runtime.work.once()
    assert end(runtime, request).state is RequestState.DONE
    assert rain.asked == ["2026-10-31"]
    assert days_held(runtime) == ["2026-10-31"]


def test_who_asks_hears_at_once_that_a_source_is_down(running: Running, rain: Rain) -> None:
    rain.faults = [503, 404]
    runtime = running()
    passing, final = ask(runtime, "remote", "run"), None
    runtime.work.once()
    assert end(runtime, passing).state is RequestState.FAILED
    assert "It is tried again at" in told(runtime, passing)
    final = ask(runtime, "remote", "run")
    runtime.work.once()
    assert end(runtime, final).told is not None
    assert end(runtime, final).told["word"] == "failed"  # type: ignore[index]
    assert "404" in told(runtime, final)


def test_past_days_come_part_by_part_and_a_fault_only_makes_them_wait(
    running: Running, rain: Rain, clock: Clock
) -> None:
    runtime = running()
    rain.faults = [0, 503, 0]
    request = ask(runtime, "remote", "backfill", FIRST, LAST)
    runtime.work.once()
    waiting = end(runtime, request)
    assert waiting.state is RequestState.WAITING
    assert clock.at + dt.timedelta(minutes=1) <= waiting.due_at <= clock.at + dt.timedelta(minutes=2)
    assert "It goes on at" in told(runtime, request)
    assert days_held(runtime) == ["2026-03-01"], "what came is loaded already"
    runtime.work.once()
    assert len(rain.asked) == 2, "nobody asks before the pause is over"
    clock.at += dt.timedelta(minutes=3)
    runtime.work.once()
    assert rain.asked == ["2026-03-01", "2026-03-02", "2026-03-02", "2026-03-03", "2026-03-04"]
    assert days_held(runtime) == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    assert told(runtime, request) == "4 files read: 4 rows stored, 0 unchanged, 0 rejected."
    with runtime.store.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM fetch_state").fetchone() == (0,), "its place is as it was"


def test_it_is_given_up_in_the_end_and_what_came_stays(running: Running, rain: Rain, clock: Clock) -> None:
    rain.faults = [0, 503, 503, 503]
    runtime = running()
    request = ask(runtime, "remote", "backfill", FIRST, LAST)
    for _ in range(3):
        runtime.work.once()
        clock.at += dt.timedelta(hours=2)
    assert end(runtime, request).state is RequestState.FAILED
    assert "It was tried often enough." in told(runtime, request)
    assert days_held(runtime) == ["2026-03-01"]


def test_a_backfill_goes_on_where_a_process_ended(
    running: Running, rain: Rain, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = running()
    request = ask(runtime, "remote", "backfill", FIRST, LAST)
    load = turns.Cycles.load
    loaded: list[Any] = []

    def killed(self: Any, feed: Any) -> Any:
        if len(loaded) == 2:
            raise KeyboardInterrupt  # as near to a kill as one process may come
        loaded.append(load(self, feed))
        return loaded[-1]

    with monkeypatch.context() as patch:
        patch.setattr(turns.Cycles, "load", killed)
        with pytest.raises(KeyboardInterrupt):
            runtime.work.once()
    assert end(runtime, request).state is RequestState.RUNNING
    runtime = running()
    assert end(runtime, request).state is RequestState.WAITING
    runtime.work.once()
    assert rain.asked == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-03", "2026-03-04"]
    assert end(runtime, request).state is RequestState.DONE
    assert days_held(runtime) == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]


def test_one_that_ends_the_process_again_and_again_is_given_up(running: Running) -> None:
    runtime = running()
    request = ask(runtime, "remote", "run")
    for _ in range(3):
        runtime.state.feed_requests.take(NOW)
        runtime = running()
    assert (end(runtime, request).state, end(runtime, request).told) == (RequestState.FAILED, ENDED)


def test_files_of_past_days_are_read_again_and_all_are_loaded_again(running: Running) -> None:
    runtime = running()
    deliver(runtime, "2026-03-01.csv", "1,2026-03-01 08:00,,,T1,web", "2,2026-03-01 09:00,,,T1,web")
    deliver(runtime, "2026-03-02.csv", "2,2026-03-01 09:00,2026-03-02 09:00,,T1,web")
    runtime.cycle()
    with runtime.store.write() as cursor:
        cursor.execute("DELETE FROM fact_requests")
    past = ask(runtime, "requests", "backfill", FIRST, FIRST)
    runtime.work.once()
    assert told(runtime, past) == "1 file read: 2 rows stored, 0 unchanged, 0 rejected."
    everything = ask(runtime, "requests", "reload")
    runtime.work.once()
    assert told(runtime, everything).startswith("2 files read:")
    with runtime.store.read() as cursor:
        rows = cursor.execute("SELECT number, closed_at IS NULL FROM fact_requests ORDER BY ALL").fetchall()
        values = cursor.execute("SELECT count(*) FROM indicator_value").fetchone()
    assert rows == [(1, True), (2, False)]
    assert values is not None
    assert values[0] > 0, "what is different was computed"


def test_whatever_breaks_is_told_to_who_asked(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError("no memory left")

    runtime = running()
    monkeypatch.setattr(turns.Cycles, "reload", breaks)
    request = ask(runtime, "requests", "reload")
    gone = runtime.state.feed_requests.ask("gone", "run", "Lan", NOW)
    runtime.work.once()
    assert (
        told(runtime, request) == "RuntimeError: no memory left. The log of the service has the particulars."
    )
    assert told(runtime, gone) == "There is no such feed any more."


def test_the_worker_takes_up_what_comes_and_stops_in_the_middle(running: Running, rain: Rain) -> None:
    runtime = running()
    moved: list[tuple[int, int]] = []
    runtime.work.moved = lambda _number, done, total: moved.append((done, total))
    runtime.work.start()
    request = ask(runtime, "remote", "backfill", FIRST, LAST)
    rain.gate = threading.Event()
    runtime.work.wake()
    assert rain.reached.wait(30)
    stopping = threading.Thread(target=runtime.work.stop)
    stopping.start()
    rain.gate.set()
    stopping.join(60)
    left = end(runtime, request)
    assert (left.state, left.tries) == (RequestState.WAITING, 0), "a stop is no crash"
    assert 0 < len(rain.asked) < 4
    assert moved[0] == (0, 4)
    runtime = running()
    runtime.work.once()
    assert days_held(runtime) == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    assert len(rain.asked) == 4, "no part was fetched twice"


def ioc(folder: Path, var: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("ioc"))
    options = ["--city", str(folder), "--var", str(var)]
    return subprocess.run(
        [program, *words, *options], capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "IOC_WHO": "Lan"},
    )  # fmt: skip


def test_the_command_line_does_it_itself_and_asks_a_server_that_runs(folder: Path, tmp_path: Path) -> None:
    var = tmp_path / "var"
    alone = ioc(
        folder, var, "feed", "backfill", "remote", "--from", "2026-03-01", "--to", "2026-03-02", "--json"
    )
    assert alone.returncode == 0, alone.stderr
    done = json.loads(alone.stdout)
    assert (done["state"], done["asked_by"], done["told"]["accepted"]) == ("done", "Lan", 2)
    options = ["--city", str(folder), "--var", str(var)]
    wrong = CliRunner().invoke(cli.app, ["feed", "run", "remot", "--who", "Lan", *options])
    assert wrong.exit_code == 1

    served_by = Instance(load_city(folder), var)
    served_by.start("serve", "--no-live")
    try:
        served_by.wait()
        places = Places.of("tiny", var)
        assert served(places)
        beside = CliRunner().invoke(cli.app, ["feed", "run", "requests", "--who", "Lan", "--json", *options])
        assert beside.exit_code == 0, beside.output
        assert json.loads(beside.stdout)["state"] == "done"
        every = CliRunner().invoke(cli.app, ["load", *options])
        assert every.exit_code == 0, every.output
        listed = json.loads(CliRunner().invoke(cli.app, ["feed", "requests", "--json", *options]).stdout)
        assert {(one["feed"], one["kind"], one["state"]) for one in listed} == {
            ("remote", "backfill", "done"),
            *((feed, "run", "done") for feed in ("requests", "figures", "remote")),
        }
    finally:
        served_by.stop()
    assert not served(places)


def test_a_request_outlives_a_process_that_is_killed(folder: Path, tmp_path: Path, rain: Rain) -> None:
    var = tmp_path / "var"
    rain.gate = threading.Event()
    program = str(Path(sys.executable).with_name("ioc"))
    words = ["feed", "run", "remote", "--who", "Lan", "--city", str(folder), "--var", str(var)]
    with subprocess.Popen([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert rain.reached.wait(120)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    rain.gate.set()
    state = State.open(Places.of("tiny", var).people)
    [left] = state.feed_requests.all()
    state.close()
    assert left.state is RequestState.RUNNING
    again = ioc(folder, var, "feed", "run", "remote", "--json")
    assert again.returncode == 0, again.stderr
    done = json.loads(again.stdout)
    assert (done["id"], done["state"], done["tries"]) == (left.id, "done", 2)


def test_a_second_server_is_told_that_one_runs(tmp_path: Path) -> None:
    places = Places.of("tiny", tmp_path)
    with serving_lock(places):
        assert served(places)
    assert not served(places)


def test_a_feed_that_breaks_ends_nothing_else(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = running()
    deliver(runtime, "a.csv", "1,2026-03-01 08:00,,,T1,web")
    run = runtime.loader.run

    def breaks(feed: Any, *rest: Any) -> Any:
        if feed.id == "figures":
            raise RuntimeError("a bug")
        return run(feed, *rest)

    before = runtime.version
    monkeypatch.setattr(runtime.loader, "run", breaks)
    monkeypatch.setattr(turns, "evaluate", breaks_always)
    made = runtime.cycle()
    assert [r.feed for r in made.runs] == ["requests"]
    assert made.refresh is not None
    assert made.evaluation is None
    assert [(f.where, f.about, f.cause) for f in runtime.faults.all()] == [
        ("feed", "figures", "RuntimeError: a bug"),
        ("judge", "", "ValueError: another bug"),
    ]
    assert runtime.version != before
    assert "a bug" in caplog.text
    changes = runtime.faults.changes
    runtime.cycle()
    assert runtime.faults.changes == changes, "the same thing again is no news"
    monkeypatch.undo()
    assert runtime.cycle().evaluation is not None
    assert runtime.faults.all() == []


def breaks_always(*_: Any) -> Any:
    raise ValueError("another bug")


def test_a_rule_that_breaks_is_shown_until_it_is_judged_again(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise KeyError("season")

    runtime = running()
    rule = next(rule.id for rule in runtime.city.rules.values() if rule.indicator)
    with monkeypatch.context() as patch:
        patch.setattr("indicators.rules.judging.Judging._errands_of", breaks)
        made = runtime.cycle()
    assert made.evaluation is not None
    found = [(fault.where, fault.about, fault.cause) for fault in runtime.faults.all()]
    assert ("rule", rule, "KeyError: 'season'") in found
    runtime.cycle()
    assert runtime.faults.all() == []
