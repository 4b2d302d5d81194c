"""The schedule and the watcher ask for the right feeds, and end cleanly."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.folder import matches
from pipelines.schedule import Scheduler
from pipelines.watch import Watcher

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House


class Asked:
    """Collects what is asked for."""

    def __init__(self) -> None:
        self.feeds: list[str] = []
        self.news = threading.Event()

    def __call__(self, feeds: Sequence[str]) -> None:
        self.feeds += feeds
        self.news.set()


def test_a_file_that_comes_in_is_told(house: House) -> None:
    asked = Asked()
    (house.inbox / "tickets").mkdir()
    watcher = Watcher(house.city, house.inbox, asked)
    watcher.start()
    try:
        # The watcher may take a moment to begin: deliver until it sees.
        for attempt in range(50):
            house.deliver(f"{attempt}.csv", "id,opened,ward\n")
            if asked.news.wait(0.4):
                break
    finally:
        watcher.stop()
    assert set(asked.feeds) == {"tickets"}
    assert not [thread for thread in threading.enumerate() if thread.name == "watch-inbox"]


def test_only_files_of_watched_feeds_count(build: Build) -> None:
    house = build()
    watcher = Watcher(house.city, house.inbox, Asked())
    inbox = house.inbox.resolve()
    assert watcher.changed([inbox / "tickets" / "a.csv"]) == ["tickets"]
    assert (
        watcher.changed([inbox / "other" / "a.csv", inbox / "tickets" / "a.csv.part", inbox.parent / "a"])
        == []
    )
    still = build(watch=False)
    assert (
        Watcher(still.city, still.inbox, Asked()).changed([still.inbox.resolve() / "tickets" / "a.csv"]) == []
    )
    watcher.stop()


def test_patterns_match_what_the_folder_lists(build: Build) -> None:
    for pattern in ("tickets/*", "tickets/*.csv", "**/*.csv", "tickets/**/a*.csv", "*/a.csv"):
        house = build(connector={"path": pattern})
        for name in ("a.csv", "b.csv", "deep/a.csv", "a.txt"):
            house.deliver(name, "x")
        listed = {delivery.name for delivery in house.loader.pending(house.feed)}
        every = {
            path.relative_to(house.inbox).as_posix() for path in house.inbox.rglob("*") if path.is_file()
        }
        assert listed == {name for name in every if matches(house.feed, name)}, pattern


def test_each_feed_is_asked_for_on_its_schedule(build: Build) -> None:
    house = build(schedule="10 6 * * mon")
    asked = Asked()
    scheduler = Scheduler(house.city, asked)
    scheduler.start()
    try:
        [moment] = scheduler.next_times().values()
        assert (moment.weekday(), moment.hour, moment.minute) == (0, 6, 10)
        assert str(moment.tzinfo) == "Asia/Ho_Chi_Minh"
        [job] = scheduler.jobs()
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
        job.func()
    finally:
        scheduler.stop()
    scheduler.stop()
    assert asked.feeds == ["tickets"]
