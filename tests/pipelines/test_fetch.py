"""Fetching: what fails in passing is tried again with growing pauses, what fails for good is told once."""

from __future__ import annotations

import datetime as dt
import errno
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from config.models import Feed, Remote, Retries, Timing
from pipelines.connectors.base import Ask, State, Window
from pipelines.errors import PassingFault, SourceError
from pipelines.fetch import Fetcher, FetchResult

if TYPE_CHECKING:
    from tests.pipelines.conftest import House

NOON = dt.datetime(2026, 11, 1, 5, 0, tzinfo=dt.UTC)
S, M = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
Act = Callable[[Ask], State]


class Source:
    """A source that does what it is told to, one act after another, and notes what it was asked."""

    ranged = True

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.asked: list[Ask] = []

    def fetch(self, ask: Ask) -> State:
        self.asked.append(ask)
        return self.acts.pop(0)(ask)


def gives(*texts: str) -> Act:
    def act(ask: Ask) -> State:
        for text in texts:
            with ask.drop.file(".csv") as file:
                file.write(text.encode())
        return {"seen": ask.state.get("seen", 0) + len(texts)}

    return act


def raises(error: Exception, *before: str) -> Act:
    def act(ask: Ask) -> State:
        gives(*before)(ask)
        raise error

    return act


def remote(house: House, **retries: Any) -> Feed:
    timing = Timing(retries=Retries(**retries))
    return house.feed.model_copy(update={"connector": Remote(kind="test"), "timing": timing})


def fetcher(house: House, source: Source) -> Fetcher:
    return Fetcher(
        house.city, house.store, house.spool, {}, lambda _: source, chance=lambda: 0.0, steady=lambda: 0.0
    )


def ledger(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT status, attempt, looks, message, retry_at FROM feed_fetch ORDER BY id")


def at(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=None)


def test_a_fault_that_passes_is_tried_again_after_growing_pauses(house: House) -> None:
    down = PassingFault("no connection")
    wait = PassingFault("too many requests", retry_after=10 * M)
    source = Source(raises(down), raises(down), raises(wait), gives("id\n1\n"), raises(down))
    feed, made = remote(house), fetcher(house, source)
    pauses = []
    for _ in range(5):
        result = made.fetch(feed, NOON)
        pauses.append(result.retry_at and result.retry_at - NOON)
    assert pauses == [M, 2 * M, 10 * M, None, M], "what went well begins the count anew"
    assert [row[:2] for row in ledger(house)] == [
        ("passing", 1),
        ("passing", 2),
        ("passing", 3),
        ("done", 4),
        ("passing", 1),
    ]
    assert [ask.state for ask in source.asked] == [{}, {}, {}, {}, {"seen": 1}]


def test_it_is_given_up_and_begun_anew_by_the_next_look(house: House) -> None:
    source = Source(*[raises(PassingFault("down"))] * 4)
    feed, made = remote(house, times=2), fetcher(house, source)
    told = [made.fetch(feed, NOON).retry_at for _ in range(4)]
    assert told == [NOON + M, NOON + 2 * M, None, NOON + M]
    assert [row[1] for row in ledger(house)] == [1, 2, 3, 1]


def test_what_somebody_must_mend_is_told_once_and_never_tried_again_by_itself(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = SourceError("401 Unauthorized", "set the token")
    source = Source(*[raises(wrong)] * 3, raises(SourceError("404 Not Found")), raises(wrong))
    feed, made = remote(house), fetcher(house, source)
    version = house.store.data_version
    for minute in range(5):
        result = made.fetch(feed, NOON + minute * M)
        assert (result.status, result.retry_at) == ("failed", None)
        if minute in (1, 2):
            assert house.store.data_version == version + 1, "no screen is drawn anew for the same thing"
    assert [(row[2], row[3]) for row in ledger(house)] == [
        (3, "401 Unauthorized"),
        (1, "404 Not Found"),
        (1, "401 Unauthorized"),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "tickets: 401 Unauthorized (set the token)",
        "tickets: 404 Not Found",
        "tickets: 401 Unauthorized (set the token)",
    ]
    [(began, ended)] = house.rows("SELECT started_at, finished_at FROM feed_fetch ORDER BY id LIMIT 1")
    assert (began, ended) == (at(NOON), at(NOON + 2 * M))


def test_looks_that_find_nothing_new_are_one_line(house: House) -> None:
    source = Source(gives(), gives(), gives("id\n1\n"), gives(), gives())
    feed, made = remote(house), fetcher(house, source)
    for minute in range(5):
        made.fetch(feed, NOON + minute * M)
    assert [row[:3] for row in ledger(house)] == [("unchanged", 1, 2), ("done", 1, 1), ("unchanged", 1, 2)]


def test_a_connector_that_breaks_is_told_like_any_other_fault(house: House) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    source = Source(raises(KeyError("items")), raises(full))
    feed, made = remote(house), fetcher(house, source)
    broken, disk = made.fetch(feed, NOON), made.fetch(feed, NOON)
    assert (broken.status, broken.message) == ("failed", "the connector test broke: KeyError: 'items'")
    assert (disk.status, disk.retry_at) == ("passing", NOON + M)
    assert (disk.message, disk.hint) == (
        "the fetch broke off: No space left on device",
        "make room on the disk",
    )


def test_what_was_whole_when_a_source_broke_off_is_kept_and_fetched_again(house: House) -> None:
    source = Source(raises(PassingFault("cut"), "id\n1\n"), gives("id\n1\n", "id\n2\n"))
    feed, made = remote(house), fetcher(house, source)
    assert made.fetch(feed, NOON).files == 1
    assert made.fetch(feed, NOON + M).files == 2
    assert source.asked[1].state == {}
    names = sorted(path.name for path in (house.spool / "tickets").iterdir())
    assert len(names) == 3
    assert names == sorted(names)


def test_a_span_of_the_past_counts_for_itself(house: House) -> None:
    source = Source(raises(PassingFault("down")), raises(PassingFault("down")), gives("id\n1\n"), gives())
    feed, made = remote(house), fetcher(house, source)
    window = Window(NOON - dt.timedelta(days=2), NOON - dt.timedelta(days=1))
    made.fetch(feed, NOON)
    assert made.fetch(feed, NOON, window, attempt=3).retry_at == NOON + 4 * M
    assert made.fetch(feed, NOON, window, attempt=4).status == "done"
    made.fetch(feed, NOON)
    assert [row[1] for row in ledger(house)] == [1, 3, 4, 2]
    assert source.asked[3].state == {}, "how far the source was read is as it was"


def test_what_a_killed_process_left_is_closed(house: House) -> None:
    made = fetcher(house, Source(gives()))
    with house.store.write() as cursor:
        cursor.execute(
            "INSERT INTO feed_fetch (id, feed, started_at, status, attempt) "
            "VALUES (99, 'tickets', ?, 'running', 1)",
            [at(NOON)],
        )
    part = house.spool / "tickets" / "1-1.csv.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half")
    assert made.recover(NOON + M) == 1
    assert not part.exists()
    [(status, _, _, message, _)] = ledger(house)
    assert (status, message) == ("passing", "interrupted: the process ended meanwhile")
    last = made.last(house.feed)
    assert last is not None
    assert (last.at, last.retry_at) == (NOON + M, NOON + M), "it is taken up as soon as there is a schedule"


def test_one_that_is_under_way_is_broken_off_when_the_service_stops(house: House) -> None:
    begun = threading.Event()

    def endless(ask: Ask) -> State:
        with ask.drop.file(".csv") as file:
            while True:
                file.write(b"1\n")
                begun.set()

    feed, made = remote(house), fetcher(house, Source(endless))
    results: list[FetchResult] = []
    thread = threading.Thread(target=lambda: results.append(made.fetch(feed, NOON)))
    thread.start()
    assert begun.wait(30)
    made.stop()
    thread.join(30)
    [result] = results
    assert (result.status, result.message) == ("passing", "interrupted: the service was stopped")
    assert (result.retry_at, result.files) == (NOON, 0)
    assert list((house.spool / "tickets").iterdir()) == []
