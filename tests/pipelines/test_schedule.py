"""The schedule: times in the city's zone, fetches side by side, what failed comes back."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from config.models import Feed, Remote, Retries, Timing
from pipelines.connectors.base import Ask, State
from pipelines.errors import PassingFault
from pipelines.fetch import Fetcher, LastFetch
from pipelines.fetching import Fetching
from pipelines.schedule import Scheduler, due_again, next_time

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

NOW = dt.datetime(2026, 11, 1, 5, 14, tzinfo=dt.UTC)  # 12:14 in the city
M, H, D = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
NEVER = "0 0 1 1 *"
SOON = 30.0
"""Seconds after which a test that waits gives up."""


def fetched(house: House, *ids: str, schedule: str = NEVER, timing: Timing | None = None) -> dict[str, Feed]:
    """Feeds of the house that are fetched, in place of its own."""
    changes = {"connector": Remote(kind="test"), "schedule": schedule, "timing": timing or Timing()}
    feeds = {id_: house.feed.model_copy(update={"id": id_, **changes}) for id_ in ids}
    object.__setattr__(house.city, "feeds", feeds)
    return feeds


class Sources:
    """What each feed's source does, and who asked it."""

    ranged = False

    def __init__(self, act: Callable[[Ask], State]) -> None:
        self.act = act
        self.asked: Queue[str] = Queue()

    def fetch(self, ask: Ask) -> State:
        self.asked.put(ask.feed)
        return self.act(ask)


Made = Callable[..., tuple[Scheduler, "Queue[list[str]]"]]


@pytest.fixture
def scheduled() -> Iterator[Made]:
    """Make a scheduler over a house; what it asks to have loaded comes out of a queue."""
    made: list[Scheduler] = []

    def make(house: House, sources: Sources, clock: Callable[[], dt.datetime] | None = None) -> Any:
        loads: Queue[list[str]] = Queue()
        fetcher = Fetcher(house.city, house.store, house.spool, {}, lambda _: sources, chance=lambda: 0.0)
        now = clock or (lambda: dt.datetime.now(dt.UTC))
        fetching = Fetching(fetcher, house.spool.parent / "locks", now)
        made.append(Scheduler(house.city, lambda ids: loads.put(list(ids)), fetching, now))
        return made[-1], loads

    yield make
    for scheduler in made:
        scheduler.stop()


def one_file(ask: Ask) -> State:
    with ask.drop.file(".csv") as file:
        file.write(b"id\n1\n")
    return {}


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("10 6 * * mon", "2026-11-01T12:00+07:00", "2026-11-02T06:10+07:00"),
        ("0 0 1 * *", "2026-11-01T00:00:01+07:00", "2026-12-01T00:00+07:00"),
        # The city's midnight, not the server's.
        ("0 0 * * *", "2026-11-01T16:59Z", "2026-11-01T17:00Z"),
        ("0 0 30 2 *", "2026-11-01T16:59Z", None),
    ],
)
def test_the_next_time_of_a_schedule(house: House, schedule: str, after: str, expected: str | None) -> None:
    feed = house.feed.model_copy(update={"schedule": schedule})
    found = next_time(house.city, feed, dt.datetime.fromisoformat(after))
    assert found == (None if expected is None else dt.datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("ago", "retry", "grace", "expected"),
    [
        (None, None, None, 0 * M),  # a new feed
        (10 * M, None, None, None),  # the time at noon was kept
        (16 * M, None, None, 0 * M),
        (5 * D, None, None, 0 * M),
        # The schedule is every quarter of an hour: some time within the last hour was missed, too.
        (5 * D, None, H, 0 * M),
        (16 * M, None, 5 * M, None),
        (16 * M, None, 15 * M, 0 * M),
        # A pause that is not over is waited for, one that is over is not.
        (10 * M, 4 * M, None, 4 * M),
        (10 * M, -4 * M, None, 0 * M),
    ],
)
def test_what_a_stopped_process_missed(
    house: House,
    ago: dt.timedelta | None,
    retry: dt.timedelta | None,
    grace: dt.timedelta | None,
    expected: dt.timedelta | None,
) -> None:
    feed = house.feed.model_copy(update={"timing": Timing(misfire_grace=grace)})
    last = None if ago is None else LastFetch(NOW - ago, "done", None if retry is None else NOW + retry)
    at = due_again(house.city, feed, last, NOW)
    assert (None if at is None else at - NOW) == expected


def test_what_was_missed_too_long_ago_is_let_be(house: House) -> None:
    """Every day at six; it is a quarter past noon."""
    last = LastFetch(NOW - 2 * D, "done", None)

    def due(grace: dt.timedelta | None) -> dt.datetime | None:
        timing = Timing(misfire_grace=grace)
        daily = house.feed.model_copy(update={"schedule": "0 6 * * *", "timing": timing})
        return due_again(house.city, daily, last, NOW)

    assert (due(None), due(7 * H), due(5 * H)) == (NOW, NOW, None)


def test_timing_reaches_the_jobs(house: House, scheduled: Made) -> None:
    timing = Timing(jitter=90 * M / 90, misfire_grace=2 * H, coalesce=False)
    fetched(house, "rain", schedule="10 6 * * mon", timing=timing)
    scheduler, _ = scheduled(house, Sources(lambda _: {}))
    scheduler.start()
    [job] = [job for job in scheduler.jobs() if job.id == "rain"]
    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (7200, False, 1)
    moments = set()
    for _ in range(20):
        at = job.trigger.get_next_fire_time(None, NOW)
        moments.add(at)
        assert abs(at - dt.datetime.fromisoformat("2026-11-02T06:10+07:00")) <= M
    assert len(moments) > 1, "the jitter moves it"


def test_a_new_feed_is_fetched_at_once_and_then_loaded(house: House, scheduled: Made) -> None:
    fetched(house, "rain")
    scheduler, loads = scheduled(house, Sources(one_file))
    scheduler.start()
    assert loads.get(timeout=SOON) == ["rain"]
    assert len(list((house.spool / "rain").iterdir())) == 1


def test_a_slow_source_holds_up_nobody(house: House, scheduled: Made) -> None:
    gate = threading.Event()

    def act(ask: Ask) -> State:
        if ask.feed == "slow":
            assert gate.wait(SOON)
        return one_file(ask)

    fetched(house, "slow", "quick", "quicker")
    scheduler, loads = scheduled(house, Sources(act))
    scheduler.start()
    assert sorted(loads.get(timeout=SOON)[0] for _ in range(2)) == ["quick", "quicker"]
    gate.set()
    assert loads.get(timeout=SOON) == ["slow"]


def test_a_fault_comes_back_by_itself_until_it_is_over(house: House, scheduled: Made) -> None:
    faults = [PassingFault("down"), PassingFault("still down")]

    def act(ask: Ask) -> State:
        if faults:
            raise faults.pop(0)
        return one_file(ask)

    quick = Timing(retries=Retries(first=dt.timedelta(milliseconds=50), longest=dt.timedelta(seconds=1)))
    fetched(house, "rain", timing=quick)
    scheduler, loads = scheduled(house, Sources(act))
    scheduler.start()
    assert loads.get(timeout=SOON) == ["rain"]
    assert scheduler.again_at("rain") is None
    assert house.rows("SELECT status, attempt FROM feed_fetch ORDER BY id") == [
        ("passing", 1),
        ("passing", 2),
        ("done", 3),
    ]


def test_while_one_waits_to_be_tried_again_the_schedule_asks_for_nothing(
    house: House, scheduled: Made
) -> None:
    def act(_ask: Ask) -> State:
        raise PassingFault("down", retry_after=H)

    feed = fetched(house, "rain")["rain"]
    sources = Sources(act)
    scheduler, loads = scheduled(house, sources)
    scheduler.start()
    sources.asked.get(timeout=SOON)
    settled = threading.Event()
    while scheduler.again_at("rain") is None:
        assert not settled.wait(0.01)
    scheduler._due(feed)
    assert sources.asked.empty()
    again = scheduler.again_at("rain")
    assert again is not None
    [(retry,)] = house.rows("SELECT retry_at FROM feed_fetch")
    assert again == retry.replace(tzinfo=dt.UTC)
    # A process that starts meanwhile waits for the same moment.
    scheduler.stop()
    other, _ = scheduled(house, sources)
    other.start()
    assert other.again_at("rain") == again
    assert sources.asked.empty()
    # A person need not wait; what went well ends the waiting.
    sources.act = one_file
    result = other._fetching.fetch(feed)  # type: ignore[union-attr]
    assert result is not None
    assert (result.status, other.again_at("rain")) == ("done", None)
    assert loads.empty()


class Clock:
    """A clock that can be set."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_schedules_follow_a_clock_that_is_set(house: House, scheduled: Made, days: int) -> None:
    fetched(house, "rain", schedule="0 6 * * *")
    real = dt.datetime.now(dt.UTC)
    clock = Clock(real)
    scheduler, _ = scheduled(house, Sources(lambda _: {}), clock)
    scheduler.start()
    scheduler._again(house.city.feeds["rain"], real + H)
    before = scheduler.next_times()["rain"]
    clock.at = real + days * D
    scheduler.clock_set(days * D)
    next_, again = scheduler.next_times()["rain"], scheduler.again_at("rain")
    if days > 0:
        # What was skipped is due: the library makes up for it by its own clock.
        assert next_ == before
    else:
        assert next_ == next_time(house.city, house.city.feeds["rain"], clock.at)
        assert again == real + H + days * D, "the pause is as long as it was"


def test_a_feed_that_another_process_fetches_is_left_alone(house: House, scheduled: Made) -> None:
    feed = fetched(house, "rain")["rain"]
    sources = Sources(one_file)
    scheduler, _ = scheduled(house, sources)
    fetching = scheduler._fetching
    assert fetching is not None
    path = house.spool.parent / "locks" / "rain.lock"
    path.parent.mkdir()
    code = (
        "import sys; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire();"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert fetching.fetch(feed) is None
        assert sources.asked.empty()
        # However it ends, what it held is free.
        other.kill()
        other.wait(SOON)
        result = fetching.fetch(feed, wait=SOON)
    assert result is not None
    assert result.status == "done"


def test_two_threads_fetch_one_after_the_other(house: House, scheduled: Made) -> None:
    gate, inside = threading.Event(), threading.Event()

    def act(ask: Ask) -> State:
        inside.set()
        assert gate.wait(SOON)
        return one_file(ask)

    feed = fetched(house, "rain")["rain"]
    scheduler, _ = scheduled(house, Sources(act))
    fetching = scheduler._fetching
    assert fetching is not None
    first = threading.Thread(target=fetching.fetch, args=[feed])
    first.start()
    assert inside.wait(SOON)
    assert fetching.fetch(feed) is None
    gate.set()
    second = fetching.fetch(feed, wait=SOON)
    first.join()
    assert second is not None
    assert len(list((house.spool / "rain").iterdir())) == 2


def test_folders_are_asked_for_without_a_fetch(build: Build) -> None:
    house = build(schedule="10 6 * * mon")
    asked: list[str] = []
    scheduler = Scheduler(house.city, asked.extend)
    scheduler.start()
    [job] = scheduler.jobs()
    job.func()
    scheduler.stop()
    assert asked == ["tickets"]
