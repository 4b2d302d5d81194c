"""What anybody may read: the Atom feed by the rules of RFC 4287, the CAP messages, how they are cached."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree as ET

import httpx
import pytest
from fastapi import FastAPI

from config import REFERENCE_CITY, load_city
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from dashboard.warnings import public
from indicators.notices.public import release
from tests.indicators.notices.cap_rules import NAMESPACE, broken
from warehouse.state import Episode, Evaluation, Kind, Status

NOON = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://ioc.example"
Get = Callable[..., httpx.Response]


@pytest.fixture
def clock() -> list[dt.datetime]:
    return [NOON]


@pytest.fixture
def runtime(tmp_path: Path, clock: list[dt.datetime]) -> Iterator[Runtime]:
    city = load_city(REFERENCE_CITY)
    places = Places.of(city.head.id, tmp_path)
    with Runtime(city, places, clock=lambda: clock[0], site=SITE + "/") as runtime:
        yield runtime


@pytest.fixture
def get(runtime: Runtime) -> Get:
    server = FastAPI()
    public.register(server, runtime)

    def ask(address: str, **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=server)
            async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
                return await client.get(address, headers=headers)

        return asyncio.run(send())

    return ask


def _warn(runtime: Runtime, area: str) -> int:
    words = {"vi": "Nước lên", "en": "The water rises"}
    values: dict[str, Any] = {
        "rule": "tide_alarm_3", "area": area, "kind": Kind.LIMIT, "severity": "critical",
        "status": Status.FIRING, "opened_at": NOON, "firing_since": NOON, "value": 165.0, "limit": 160.0,
        "message": words, "evidence": {},
    }  # fmt: skip
    episode = Episode(**values)
    evaluation = Evaluation(NOON)
    evaluation.episodes.append(episode)
    runtime.state.record(evaluation)
    return cast(int, episode.id)


def _tell(runtime: Runtime, number: int, at: dt.datetime, hours: int = 6) -> None:
    words = {"vi": "Triều <cường> & gió", "en": "High <tide> & wind"}
    release(runtime.city, runtime.state, number, "Hạnh", words, words, at + hours * HOUR, at, areas=None)


def _is_atom(feed: ET.Element) -> None:
    """RFC 4287, 4.1.1 and 4.1.2: what a feed and each entry must have, and have once."""
    for element in (feed, *feed.iterfind(ATOM + "entry")):
        for name in ("id", "title", "updated"):
            (child,) = element.findall(ATOM + name)
            assert child.text
        stamp = dt.datetime.fromisoformat(element.findtext(ATOM + "updated", ""))
        assert stamp.tzinfo is not None
        assert element.findtext(ATOM + "id", "").startswith("https://")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("rel") for link in feed.findall(ATOM + "link")].count("self") == 1
    ids = [entry.findtext(ATOM + "id") for entry in feed.iterfind(ATOM + "entry")]
    assert len(set(ids)) == len(ids)
    for entry in feed.iterfind(ATOM + "entry"):
        assert entry.findtext(ATOM + "summary")  # wanted where the content stands elsewhere


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_feed_leads_to_sound_messages(runtime: Runtime, get: Get, language: str) -> None:
    for area in ("760", "761"):
        _tell(runtime, _warn(runtime, area), NOON)
    answer = get(f"/public/warnings.atom?lang={language}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert "set-cookie" not in answer.headers
    feed = ET.fromstring(answer.content)
    _is_atom(feed)
    titles = [entry.findtext(ATOM + "title") for entry in feed.iterfind(ATOM + "entry")]
    assert titles == [{"vi": "Triều <cường> & gió", "en": "High <tide> & wind"}[language]] * 2
    for entry in feed.iterfind(ATOM + "entry"):
        link = entry.find(ATOM + "link")
        assert link is not None
        message = get(link.get("href", "").removeprefix(SITE))
        assert message.headers["content-type"] == "application/cap+xml; charset=utf-8"
        assert broken(message.content) == []


def test_the_first_language_answers_where_none_or_an_unknown_one_is_asked_for(get: Get) -> None:
    for address in ("/public/warnings.atom", "/public/warnings.atom?lang=fr"):
        answer = get(address)
        assert answer.headers["content-language"] == "vi"
        _is_atom(ET.fromstring(answer.content))


def test_what_did_not_change_is_not_sent_again(runtime: Runtime, get: Get, clock: list[dt.datetime]) -> None:
    number = _warn(runtime, "760")
    _tell(runtime, number, NOON)
    first = get("/public/warnings.atom")
    clock[0] = NOON + HOUR
    again = get("/public/warnings.atom", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["last-modified"] == "Mon, 23 Nov 2026 05:00:00 GMT"
    _tell(runtime, number, clock[0])
    assert get("/public/warnings.atom", **{"if-none-match": first.headers["etag"]}).status_code == 200


def test_nothing_is_told_before_a_person_releases_it(runtime: Runtime, get: Get) -> None:
    _warn(runtime, "760")
    feed = ET.fromstring(get("/public/warnings.atom").content)
    assert feed.findall(ATOM + "entry") == []
    assert get("/public/warnings/hcmc.1.cap.xml").status_code == 404


def test_what_is_withdrawn_or_over_is_told_for_a_day(
    runtime: Runtime, get: Get, clock: list[dt.datetime]
) -> None:
    first, second = _warn(runtime, "760"), _warn(runtime, "761")
    _tell(runtime, first, NOON)
    _tell(runtime, second, NOON)
    runtime.state.releases.withdraw(first, "Hạnh", "nước rút", NOON + HOUR, areas=None)

    def told(hours: int) -> list[str | None]:
        clock[0] = NOON + hours * HOUR
        feed = ET.fromstring(get("/public/warnings.atom?lang=en").content)
        return [entry.findtext(ATOM + "title") for entry in feed.iterfind(ATOM + "entry")]

    assert told(2) == ["Withdrawn: High <tide> & wind", "High <tide> & wind"]
    assert told(24) == ["Withdrawn: High <tide> & wind", "High <tide> & wind"]
    assert told(26) == ["High <tide> & wind"]
    assert told(31) == []
    cancel = ET.fromstring(get("/public/warnings/hcmc.1.cancel.cap.xml").content)
    assert cancel.findtext(NAMESPACE + "msgType") == "Cancel"
    assert get("/public/warnings/hcmc.1.cap.xml").status_code == 200, "what was told stays readable"


def test_the_feed_says_that_simulated_warnings_are_not_meant(get: Get) -> None:
    feed = ET.fromstring(get("/public/warnings.atom?lang=en").content)
    assert feed.findtext(ATOM + "subtitle") == "A test: none of these warnings is meant."
