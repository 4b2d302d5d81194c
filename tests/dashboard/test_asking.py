"""The page of a feed: requests and how far they are, fetches, faults; forms that answer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import Remote
from dashboard.context import ScreenContext, Work
from dashboard.drawing.format import Lang
from dashboard.feeds.asking import Wanted, ask
from dashboard.running.faults import Fault
from dashboard.screens import render
from warehouse.state import FeedRequest, RequestState, State

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 1)
Make = Callable[..., ScreenContext]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path}/people.sqlite")
    yield opened
    opened.close()


def request(city: City, **given: Any) -> FeedRequest:
    usual: dict[str, Any] = {
        "id": 7, "feed": next(iter(city.feeds)), "kind": "backfill", "first": DAY, "last": DAY,
        "asked_by": "Trần Thị Hạnh", "asked_at": NOW, "state": RequestState.RUNNING, "step": "fetch",
        "done": 3, "total": 12, "tries": 1, "due_at": NOW, "told": None, "started_at": NOW,
        "finished_at": None,
    }  # fmt: skip
    return FeedRequest(**usual | given)


def shown(ctx: ScreenContext) -> str:
    return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)


@pytest.mark.parametrize(
    ("lang", "given", "words"),
    [
        ("en", {}, ["fetches", "3 / 12", "data-request", "25.0%", "Past days"]),
        ("vi", {"step": "load", "total": 0}, ["nạp", "Trần Thị Hạnh"]),
        (
            "en",
            {"state": RequestState.WAITING, "told": {"word": "loaded", "cause": "no connection"}},
            ["waits", "no connection. It goes on at 23 Nov 2026, 08:40."],
        ),
        (
            "vi",
            {"state": RequestState.DONE, "finished_at": NOW, "told": {"word": "loaded", "files": 0}},
            ["đã xong", "Không có gì mới."],
        ),
        (
            "en",
            {
                "state": RequestState.DONE,
                "finished_at": NOW,
                "told": {"word": "loaded", "files": 2, "accepted": 1200, "rejected": 3, "failed": 1},
            },
            ["2 files read: 1,200 rows stored, 0 unchanged, 3 rejected. 1 file could not be read."],
        ),
        (
            "en",
            {
                "state": RequestState.FAILED,
                "finished_at": NOW,
                "told": {"word": "passing", "cause": "503", "again": "2026-11-23T01:44:00+00:00"},
            },
            ["came to nothing", "503. It is tried again at 23 Nov 2026, 08:44."],
        ),
        (
            "en",
            {
                "state": RequestState.FAILED,
                "finished_at": NOW,
                "told": {"word": "passing", "cause": "503", "again": None},
            },
            ["503. It was tried often enough; the schedule will ask again."],
        ),
        (
            "vi",
            {"state": RequestState.FAILED, "finished_at": NOW, "told": {"word": "busy"}},
            ["Một tiến trình khác đang lấy nguồn này"],
        ),
    ],
)
def test_a_request_is_told_with_how_far_it_is_and_what_came_of_it(
    city: City, context: Make, lang: str, given: dict[str, Any], words: list[str]
) -> None:
    one = request(city, **given)
    text = shown(context("health", lang=lang, params={"feed": one.feed}, work=Work([one])))
    assert [word for word in words if word not in text] == []


def test_the_page_of_a_fetched_feed_tells_of_its_fetches(city: City, context: Make) -> None:
    feed = next(iter(city.feeds.values()))
    remote = feed.model_copy(update={"connector": Remote(kind="elsewhere")})
    ctx = replace(
        context("health", lang="en", params={"feed": feed.id}), city=replace(city, feeds={feed.id: remote})
    )
    text = shown(ctx)
    for words in ("failed in passing", "tried again", "attempt 2", "7 looks alike", "4 files", "nothing new"):
        assert words in text, words
    assert "field-day" not in text, "nobody can ask it for past days"


def test_the_page_of_a_delivered_feed_offers_its_files_again(city: City, context: Make) -> None:
    feed = next(iter(city.feeds.values()))
    text = shown(context("health", lang="en", params={"feed": feed.id}))
    for words in (
        "Run now",
        "Fill in past days",
        "Load all again",
        "Next look",
        feed.schedule,
        "Nobody has asked",
    ):
        assert words in text, words
    assert "Nothing fetched" not in text
    past = shown(context("health", lang="en", params={"feed": feed.id}, as_of=NOW - dt.timedelta(days=3)))
    assert "Run now" not in past, "of the past nothing is asked"


def test_all_feeds_are_told_with_what_is_under_way_and_what_is_broken(city: City, context: Make) -> None:
    feed = next(iter(city.feeds))
    rule = next(iter(city.rules))
    faults = [Fault("feed", feed, "RuntimeError: a bug", NOW), Fault("rule", rule, "KeyError: 'x'", NOW)]
    text = shown(context("health", lang="en", work=Work([request(city)], faults)))
    for words in ("RuntimeError: a bug", "KeyError: 'x'", "What the program cannot do", "data-request"):
        assert words in text, words
    assert "What the program cannot do" not in shown(context("health", lang="en"))


@pytest.mark.parametrize(
    ("kind", "first", "last", "who", "said"),
    [
        ("run", "", "", "", "Please give your name"),
        ("run", "", "", "Lan", "Asked for."),
        ("reload", "", "", "Lan", "Asked for."),
        ("backfill", "2026-11-01", "2026-11-05", "Lan", "Asked for."),
        ("backfill", "2026-11-01", "", "Lan", "Please give the first and the last day."),
        ("backfill", "2026-11-05", "2026-11-01", "Lan", "The last day lies before the first."),
        ("backfill", "2026-11-24", "2026-11-25", "Lan", "These days have not come yet."),
        ("drop", "", "", "Lan", "no longer"),
    ],
)
def test_a_form_is_answered(
    city: City, state: State, kind: Any, first: str, last: str, who: str, said: str
) -> None:
    lang: Lang = "en"
    told, stored = ask(city, state, Wanted(next(iter(city.feeds)), kind, first, last, who), NOW, lang)
    kept = state.feed_requests.all()
    assert stored == said.startswith("Asked for") == bool(kept), told
    assert said in told


def test_of_two_who_ask_the_second_hears_of_the_first(city: City, state: State) -> None:
    feed = next(iter(city.feeds))
    assert ask(city, state, Wanted(feed, "run", who="Lan"), NOW, "en")[1]
    later = NOW + dt.timedelta(seconds=1)
    assert ask(city, state, Wanted(feed, "run", who="Hoa"), later, "en") == (
        "That is under way already. How far it is stands below.",
        False,
    )
    told, stored = ask(city, state, Wanted(feed, "reload", who="Hoa"), later, "en")
    assert (told, stored) == (
        "Something else is under way for this feed; please wait for its end.",
        False,
    )
    assert len(state.feed_requests.all()) == 1
    assert ask(city, state, Wanted("gone", "run", who="Hoa"), later, "en")[1] is False
