"""The http connector against a real server: what the server has arrives, whole and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.connectors.base import Window
from tests.pipelines.connectors.conftest import NOW, Fetching
from tests.pipelines.connectors.site import Reply, Request, Site

Rows = list[dict[str, Any]]


def rows_of(count: int, first: int = 1) -> Rows:
    """Rows whose amounts are all different."""
    return [
        {"id": i, "at": f"2026-10-{1 + i % 28:02d}T08:00:00", "amount": i * 1.25}
        for i in range(first, first + count)
    ]


def csv_of(rows: Rows) -> bytes:
    return "".join(
        ["id,at,amount\n", *(f"{row['id']},{row['at']},{row['amount']}\n" for row in rows)]
    ).encode()


def facts_of(rows: Rows) -> list[tuple[int, float]]:
    return sorted((row["id"], row["amount"]) for row in rows)


def test_a_file_becomes_facts_and_one_that_did_not_change_costs_nothing(
    fetching: Fetching, site: Site
) -> None:
    rows = rows_of(300)

    def file(request: Request) -> Reply:
        tag = f'"{len(rows)}"'
        if request.headers.get("If-None-Match") == tag:
            return Reply(status=304, type=None, headers={"ETag": tag})
        return Reply(csv_of(rows), type="text/csv; charset=utf-8", headers={"ETag": tag})

    feed = fetching({"kind": "http", "url": site.answer("/export", file)})
    told = feed.fetch()
    assert (told.status, told.files, told.bytes) == ("done", 1, len(csv_of(rows)))
    assert feed.load() == 1
    assert feed.facts() == facts_of(rows)
    assert [path.read_bytes() for path in feed.house.landing.rglob("*.csv")] == [csv_of(rows)]

    for _ in range(2):
        assert feed.fetch().status == "unchanged"
        assert feed.spooled() == []
    assert feed.load() == 0

    rows += rows_of(2, first=301)
    assert feed.fetch().status == "done"
    assert feed.load() == 1
    assert feed.facts() == facts_of(rows)


@pytest.mark.parametrize("validator", ["modified", "none"])
def test_the_same_bytes_are_not_loaded_twice(fetching: Fetching, site: Site, validator: str) -> None:
    stamp = "Sun, 01 Nov 2026 01:00:00 GMT"

    def file(request: Request) -> Reply:
        headers = {"Last-Modified": stamp} if validator == "modified" else {}
        if headers and request.headers.get("If-Modified-Since") == stamp:
            return Reply(status=304, type=None)
        return Reply(csv_of(rows_of(5)), type="text/csv", headers=headers)

    feed = fetching({"kind": "http", "url": site.answer("/export", file)})
    assert [feed.fetch().status for _ in range(3)] == ["done", "unchanged", "unchanged"]
    assert feed.load() == 1
    assert ("If-Modified-Since" in site.asked[1].headers) == (validator == "modified")


def test_another_question_forgets_what_was_known_of_the_last(fetching: Fetching, site: Site) -> None:
    site.answer("/a", Reply(csv_of(rows_of(2)), type="text/csv", headers={"ETag": '"1"'}))
    feed = fetching({"kind": "http", "url": site.url("/a")})
    assert feed.fetch().status == "done"
    other = fetching({"kind": "http", "url": site.url("/a"), "params": {"year": 2026}})
    other.house.store, other.fetcher._store = feed.house.store, feed.house.store
    assert other.fetch().status == "done"
    assert "If-None-Match" not in site.asked[-1].headers


JSON = {"type": "json", "records": "data.items"}


def page_server(way: str, rows: Rows, site: Site, between: Callable[[int], None] = lambda _: None) -> Any:
    """A source that gives 40 rows at a time, in one of the ways in which sources do."""
    asked = 0

    def serve(request: Request) -> Reply:
        nonlocal asked
        asked += 1
        between(asked)
        query = {**request.query}
        size = min(int(query.get("limit", 40)), 40)
        start = {
            "page": (int(query.get("page", 1)) - 1) * size,
            "offset": int(query.get("offset", 0)),
        }.get(way, int(query.get("cursor", "c0")[1:]))
        part, end = rows[start : start + size], start + size
        more = end < len(rows)
        meta: dict[str, Any] = {"total": len(rows)}
        headers: dict[str, str] = {}
        if way == "next":
            meta["next"] = f"/pages?cursor=c{end}" if more else None
        if way == "link" and more:
            headers["Link"] = f'<{site.url("/pages")}?cursor=c{end}>; rel="next", </pages>; rel="first"'
        if way == "cursor":
            meta["after"] = f"c{end}" if more else ""
        return Reply.of({"meta": meta, "data": {"items": part}}, 200, **headers)

    return serve


WAYS: dict[str, dict[str, Any]] = {
    "page": {"by": "page", "size": 100, "size_parameter": "limit"},
    "offset": {"by": "offset", "size": 100, "size_parameter": "limit", "total": "meta.total"},
    "next": {"by": "next", "next": "meta.next"},
    "link": {"by": "link", "total": "meta.total"},
    "cursor": {"by": "cursor", "next": "meta.after"},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_page_arrives(fetching: Fetching, site: Site, way: str) -> None:
    """The source gives fewer rows at a time (40) than are asked for (100): a short page is not the end."""
    rows: Rows = []
    site.answer("/pages", page_server(way, rows, site))
    feed = fetching({"kind": "http", "url": site.url("/pages"), "paging": WAYS[way]}, format=JSON)
    for count in (0, 1, 40, 250):
        rows[:] = rows_of(count)
        assert feed.fetch().files == -(-count // 40)
    feed.load()
    assert feed.facts() == facts_of(rows)

    # The same pages again are no news; as soon as one of them changed, all are.
    assert (feed.fetch().status, feed.spooled()) == ("unchanged", [])
    rows[200]["amount"] = -1.0
    assert feed.fetch().files == 7
    feed.load()
    assert feed.facts() == facts_of(rows)


def test_pages_of_csv(fetching: Fetching, site: Site) -> None:
    rows = rows_of(95)

    def serve(request: Request) -> Reply:
        start = int(request.query["offset"])
        return Reply(csv_of(rows[start : start + 30]), type="text/csv")

    feed = fetching({"kind": "http", "url": site.answer("/p", serve), "paging": {"by": "offset"}})
    assert feed.fetch().files == 4
    feed.load()
    assert feed.facts() == facts_of(rows)


def test_a_source_may_say_that_there_is_no_further_page(fetching: Fetching, site: Site) -> None:
    def serve(request: Request) -> Reply:
        number = int(request.query["page"])
        return Reply.of(rows_of(3, number * 3)) if number <= 2 else Reply.of({"detail": "Invalid page."}, 404)

    connector = {"kind": "http", "url": site.answer("/p", serve), "paging": {}}
    feed = fetching(connector)
    assert (feed.fetch().status, len(feed.spooled())) == ("done", 2)


@pytest.mark.parametrize("way", WAYS)
def test_rows_that_are_inserted_meanwhile_push_out_none(fetching: Fetching, site: Site, way: str) -> None:
    rows = rows_of(200)
    before = list(rows)

    def insert(asked: int) -> None:
        place = 0 if asked % 2 else len(rows)
        rows[place:place] = rows_of(3, first=1000 + asked * 10)

    site.answer("/pages", page_server(way, rows, site, insert))
    feed = fetching({"kind": "http", "url": site.url("/pages"), "paging": WAYS[way]}, format=JSON)
    assert feed.fetch().status == "done"
    feed.load()
    got = set(feed.facts())
    assert set(facts_of(before)) <= got <= set(facts_of(rows))


def test_rows_that_are_deleted_meanwhile_are_noticed_and_read_once_more(
    fetching: Fetching, site: Site
) -> None:
    rows = rows_of(200)

    def delete(asked: int) -> None:
        if asked == 3:
            del rows[10]

    site.answer("/pages", page_server("offset", rows, site, delete))
    feed = fetching({"kind": "http", "url": site.url("/pages"), "paging": WAYS["offset"]}, format=JSON)
    told = feed.fetch()
    assert (told.status, told.message) == (
        "passing",
        "of 200 rows 1 were deleted while they were read page by page",
    )
    assert feed.fetch().status == "done"
    feed.load()
    assert set(feed.facts()) >= set(facts_of(rows))


def test_a_page_that_is_cut_off_leaves_no_file_and_the_next_fetch_gets_all(
    fetching: Fetching, site: Site
) -> None:
    rows = rows_of(100)
    serve, broken = page_server("page", rows, site), True

    def breaking(request: Request) -> Reply:
        reply: Reply = serve(request)
        if request.query.get("page") == "2" and broken:
            reply.cut = len(reply.body) // 2
        return reply

    site.answer("/pages", breaking)
    feed = fetching({"kind": "http", "url": site.url("/pages"), "paging": WAYS["page"]}, format=JSON)
    told = feed.fetch()
    assert (told.status, told.files, len(feed.spooled())) == ("passing", 1, 1)
    assert feed.state() == ""
    broken = False
    assert feed.fetch().status == "done"
    feed.load()
    assert feed.facts() == facts_of(rows)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (lambda: Reply.of(rows_of(4)), "page 2 is the same as the one before"),
        (lambda: Reply.of({"items": []}), "there is no list of records at the top"),
        (lambda: Reply(b"id,at\n", type="application/json"), "the page is not JSON"),
    ],
)
def test_a_walk_that_leads_nowhere_ends(
    fetching: Fetching, site: Site, reply: Callable[[], Reply], message: str
) -> None:
    feed = fetching({"kind": "http", "url": site.answer("/p", reply()), "paging": {}})
    told = feed.fetch()
    assert told.status == "failed"
    assert message in str(told.message)


def spans_asked(site: Site) -> list[tuple[str, str]]:
    return [(request.query["from"], request.query["to"]) for request in site.asked]


def span_server(rows: Rows) -> Callable[[Request], Reply]:
    def serve(request: Request) -> Reply:
        since, until = request.query["from"], request.query["to"]
        return Reply.of([row for row in rows if since <= row["at"] < until])

    return serve


SPANS = {"from": "{from}", "to": "{to}"}


def test_each_fetch_asks_for_what_is_new_and_a_bit_more(fetching: Fetching, site: Site) -> None:
    rows = rows_of(60)
    connector = {
        "kind": "http",
        "url": site.answer("/rows", span_server(rows)),
        "params": SPANS,
        "since": {
            "first": dt.date(2026, 10, 1),
            "overlap": "2d",
            "step": "10d",
            "format": "%Y-%m-%dT%H:%M:%S",
        },
    }
    feed = fetching(connector)
    feed.fetch(now=NOW)
    # Midnight of the city is 17:00 UTC of the day before.
    assert spans_asked(site) == [
        ("2026-09-30T17:00:00", "2026-10-10T17:00:00"),
        ("2026-10-10T17:00:00", "2026-10-20T17:00:00"),
        ("2026-10-20T17:00:00", "2026-10-30T17:00:00"),
        ("2026-10-30T17:00:00", "2026-11-01T03:00:00"),
    ]
    feed.load()
    assert feed.facts() == facts_of(rows)

    site.asked.clear()
    feed.fetch(now=NOW + dt.timedelta(hours=1))
    assert spans_asked(site) == [("2026-10-30T03:00:00", "2026-11-01T04:00:00")]
    assert feed.fetch(now=NOW + dt.timedelta(hours=2)).status == "unchanged"  # the same rows as an hour ago

    # Where nothing is new, nothing is dropped, and the next fetch goes on from here all the same.
    site.asked.clear()
    assert feed.fetch(now=NOW + dt.timedelta(days=9)).status == "unchanged"
    assert feed.fetch(now=NOW + dt.timedelta(days=9, hours=1)).status == "unchanged"
    assert spans_asked(site)[-1] == ("2026-11-08T03:00:00", "2026-11-10T04:00:00")

    site.asked.clear()
    state = feed.state()
    day = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)
    assert feed.fetch(Window(day, day + dt.timedelta(days=1))).status == "done"
    assert spans_asked(site) == [("2026-10-05T00:00:00", "2026-10-06T00:00:00")]
    assert feed.state() == state


def test_a_long_history_goes_on_where_a_fault_stopped_it(fetching: Fetching, site: Site) -> None:
    rows = rows_of(60)
    serve, down = span_server(rows), True

    def failing(request: Request) -> Reply:
        if down and request.query["from"] >= "2026-10-20":
            return Reply.of({"error": "busy"}, 503)
        return serve(request)

    since = {"first": dt.date(2026, 10, 1), "overlap": "0d", "step": "10d", "format": "%Y-%m-%dT%H:%M:%S"}
    feed = fetching({"kind": "http", "url": site.answer("/r", failing), "params": SPANS, "since": since})
    assert feed.fetch(now=NOW).status == "passing"
    down = False
    site.asked.clear()
    assert feed.fetch(now=NOW).status == "done"
    assert spans_asked(site)[0][0] == "2026-10-20T17:00:00"
    feed.load()
    assert feed.facts() == facts_of(rows)


def test_questions_may_be_posted(fetching: Fetching, site: Site) -> None:
    rows = rows_of(70)

    def serve(request: Request) -> Reply:
        asked = request.json
        start = int(asked["start"])
        return Reply.of({"hits": rows[start : start + min(asked["size"], 25)]})

    connector = {
        "kind": "http",
        "url": site.answer("/search", serve),
        "method": "POST",
        "body": '{"start": {page}, "size": {size}, "after": "{since}", "keep": "{this}"}',
        "since": {"first": dt.date(2026, 10, 1), "format": "%d/%m/%Y", "zone": "city"},
        "paging": {"by": "offset", "parameter": None},
    }
    feed = fetching(connector, format={"type": "json", "records": "hits"})
    assert feed.fetch().status == "done"
    assert site.asked[0].json == {"start": 0, "size": 1000, "after": "01/10/2026", "keep": "{this}"}
    assert site.asked[0].headers["Content-Type"] == "application/json"
    feed.load()
    assert feed.facts() == facts_of(rows)


def test_a_crash_between_drop_and_state_repeats_harmlessly(
    fetching: Fetching, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(30)
    reply = Reply(csv_of(rows), type="text/csv", headers={"ETag": '"x"'})
    feed = fetching({"kind": "http", "url": site.answer("/f.csv", reply)})

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(feed.fetcher, "_close", crash)
        with pytest.raises(KeyboardInterrupt):
            feed.fetch()
    assert (len(feed.spooled()), feed.state()) == (1, "")
    assert feed.fetcher.recover(NOW) == 1
    assert feed.fetch().status == "done"
    feed.load()
    assert feed.facts() == facts_of(rows)
    assert feed.house.rows("SELECT sum(received), sum(inserted), sum(unchanged) FROM run") == [(60, 30, 30)]
