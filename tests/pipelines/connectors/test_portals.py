"""The ckan and opendatasoft connectors: portals that answer in the shapes of the real ones."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors import opendatasoft
from pipelines.connectors.base import Window
from tests.pipelines.connectors.conftest import NOW, Fetching
from tests.pipelines.connectors.site import Reply, Request, Site

Rows = list[dict[str, Any]]
ERROR = {"success": False, "help": "…", "error": {"__type": "Not Found Error", "message": "Not found"}}
RESOURCE: dict[str, Any] = {
    "id": "0f4e",
    "package_id": "f20c",
    "name": "Requests 2026-10",
    "format": "CSV",
    "url_type": "upload",
    "position": 0,
    "created": "2026-10-01T00:00:00.000000",
    "last_modified": "2026-10-31T02:11:09.133310",
    "metadata_modified": "2026-10-31T02:11:10.000000",
    "datastore_active": True,
}


def rows_of(count: int) -> Rows:
    return [
        {"id": i, "at": f"2026-10-{1 + i % 28:02d}T08:00:00", "amount": i * 0.5} for i in range(1, count + 1)
    ]


def csv_of(rows: Rows) -> Reply:
    lines = ["id,at,amount", *(f"{row['id']},{row['at']},{row['amount']}" for row in rows), ""]
    return Reply("\n".join(lines).encode(), type="text/csv")


def facts_of(rows: Rows) -> list[tuple[int, float]]:
    return sorted((row["id"], row["amount"]) for row in rows)


def ok(result: Any) -> Reply:
    return Reply.of({"help": "http://portal/api/3/action/help_show", "success": True, "result": result})


# --- CKAN


def test_a_resource_is_downloaded_when_it_changed(fetching: Fetching, site: Site) -> None:
    resource, rows = {**RESOURCE, "url": site.url("/download/requests.csv")}, rows_of(20)
    site.answer("/api/3/action/resource_show", lambda _: ok(resource))
    site.answer("/download/requests.csv", lambda _: csv_of(rows))
    connector = {"kind": "ckan", "url": site.url("/"), "resource": "0f4e", "auth": {"token_env": "KEY"}}
    feed = fetching(connector, {"KEY": "abc"})
    assert [feed.fetch().status for _ in range(2)] == ["done", "unchanged"]
    assert [request.path for request in site.asked].count("/download/requests.csv") == 1
    assert {request.headers.get("Authorization") for request in site.asked} == {"abc"}  # as CKAN wants it
    assert site.asked[0].query == {"id": "0f4e"}
    feed.load()

    rows += [{"id": 99, "at": "2026-10-31T00:00:00", "amount": 4.5}]
    resource["last_modified"] = "2026-11-01T02:00:00.000000"
    assert feed.fetch().status == "done"
    feed.load()
    assert feed.facts() == facts_of(rows)


def package(site: Site) -> Rows:
    """Three monthly files and a note, not in order."""
    resources = []
    for month, place in (("09", 2), ("10", 0), ("08", 1)):
        path = f"/download/{month}.csv"
        site.answer(path, csv_of([{"id": int(month), "at": f"2026-{month}-01", "amount": 1}]))
        stamps = {"created": None, "last_modified": f"2026-{month}-28T00:00:00"}
        resources.append(
            {
                **RESOURCE,
                **stamps,
                "id": month,
                "name": f"Requests 2026-{month}",
                "position": place,
                "url": site.url(path),
            }
        )
    note = {
        **RESOURCE,
        "id": "n",
        "name": "Notes",
        "url": site.url("/notes.pdf"),
        "last_modified": "2027-01-01",
    }
    resources.append(note)
    site.answer("/api/3/action/package_show", lambda _: ok({"id": "f20c", "resources": resources}))
    return resources


def test_of_a_package_the_newest_file_that_fits_is_taken(fetching: Fetching, site: Site) -> None:
    package(site)
    feed = fetching({"kind": "ckan", "url": site.url(), "package": "f20c", "name": "requests *"})
    assert (feed.fetch().files, feed.fetch().files) == (1, 0)
    feed.load()
    assert feed.facts() == [(10, 1.0)]

    told = fetching({"kind": "ckan", "url": site.url(), "package": "f20c", "name": "Note"}).fetch()
    assert (told.status, told.hint) == ("failed", "did you mean Notes?")


def test_every_file_of_a_package_is_taken_once(fetching: Fetching, site: Site) -> None:
    resources = package(site)
    connector = {"kind": "ckan", "url": site.url(), "package": "f20c", "name": "Requests *", "every": True}
    feed = fetching(connector)
    assert (feed.fetch().files, feed.fetch().files) == (3, 0)
    resources[2]["last_modified"] = "2026-11-02T00:00:00"
    site.answer("/download/08.csv", csv_of([{"id": 8, "at": "2026-08-01", "amount": 2}]))
    assert feed.fetch().files == 1
    feed.load()
    assert feed.facts() == [(8, 2.0), (9, 1.0), (10, 1.0)]


def test_datastore_rows_come_page_by_page(fetching: Fetching, site: Site) -> None:
    rows = [{"_id": i, **row, "kind": "a" if i % 3 else "b"} for i, row in enumerate(rows_of(95), start=1)]
    most = 20  # the portal gives fewer at a time than it is asked for

    def search(request: Request) -> Reply:
        query = request.query
        assert query["sort"] == "_id"
        found = [
            row for row in rows if row["kind"] in json.loads(query.get("filters", "{}")).get("kind", "ab")
        ]
        start = int(query["offset"])
        part = found[start : start + min(most, int(query["limit"]))]
        result = {
            "include_total": True,
            "resource_id": query["resource_id"],
            "fields": [{"id": "_id", "type": "int"}, {"id": "id", "type": "numeric"}],
            "records": part,
            "limit": most,
            "offset": start,
            "total": len(found),
            "_links": {"start": "/api/3/action/datastore_search", "next": "…"},
        }
        return ok(result)

    site.answer("/api/3/action/datastore_search", search)
    connector = {"kind": "ckan", "url": site.url(), "datastore": "0f4e", "filters": {"kind": ["a"]}}
    feed = fetching(connector, format={"records": "result.records"})
    told = feed.fetch()
    wanted = [row for row in rows if row["kind"] == "a"]
    assert (told.status, told.files) == ("done", -(-len(wanted) // most))
    assert len(site.asked) == told.files  # the total tells where the end is
    feed.load()
    assert feed.facts() == facts_of(wanted)


@pytest.mark.parametrize(("status", "said"), [(404, "Not found"), (200, "Not found")])
def test_what_ckan_refuses_is_told_in_its_words(
    fetching: Fetching, site: Site, status: int, said: str
) -> None:
    for action in ("resource_show", "datastore_search"):
        site.answer(f"/api/3/action/{action}", Reply.of(ERROR, status))
    for what in ("resource", "datastore"):
        told = fetching(
            {"kind": "ckan", "url": site.url(), what: "x"}, format={"records": "result.records"}
        ).fetch()
        assert told.status == "failed"
        assert said in str(told.message)


# --- OpenDataSoft

ODS: dict[str, Any] = {"kind": "opendatasoft", "dataset": "requests"}
ROOT = "/api/explore/v2.1/catalog/datasets/requests"


def chosen(rows: Rows, where: str | None) -> Rows:
    """Rows between the two moments of the where clause, as the portal would find them."""
    if not where:
        return rows
    since, until = re.findall(r"date'([^']+)Z'", where)
    return [row for row in rows if since <= row["at"] < until]


def test_an_export_is_whole_or_by_what_is_new(fetching: Fetching, site: Site) -> None:
    rows = rows_of(120)

    def export(request: Request) -> Reply:
        if request.headers.get("Authorization") != "Apikey abc":
            return Reply.of({"error_code": "AuthenticationError", "message": "no key"}, 401)
        return Reply.of(chosen(rows, request.query.get("where")))

    site.answer(f"{ROOT}/exports/json", export)
    auth = {"auth": {"token_env": "KEY"}, "url": site.url()}
    whole = fetching({**ODS, **auth}, {"KEY": "abc"})
    assert [whole.fetch().status for _ in range(2)] == ["done", "unchanged"]
    whole.load()
    assert whole.facts() == facts_of(rows)
    assert site.asked[0].query == {"timezone": "UTC", "limit": "-1"}

    site.asked.clear()
    since = {"first": dt.date(2026, 10, 1), "overlap": "1d", "step": "20d"}
    news = fetching({**ODS, **auth, "time": "at", "since": since, "where": "amount > 0"}, {"KEY": "abc"})
    news.fetch(now=NOW)
    news.fetch(now=NOW)
    news.fetch(Window(NOW - dt.timedelta(days=2), NOW - dt.timedelta(days=1)))
    assert [request.query["where"] for request in site.asked] == [
        "(amount > 0) AND at >= date'2026-09-30T17:00:00Z' AND at < date'2026-10-20T17:00:00Z'",
        "(amount > 0) AND at >= date'2026-10-20T17:00:00Z' AND at < date'2026-11-01T03:00:00Z'",
        "(amount > 0) AND at >= date'2026-10-31T03:00:00Z' AND at < date'2026-11-01T03:00:00Z'",
        "(amount > 0) AND at >= date'2026-10-30T03:00:00Z' AND at < date'2026-10-31T03:00:00Z'",
    ]
    news.load()
    assert news.facts() == facts_of(rows)


def test_an_export_that_breaks_off_with_status_200_leaves_nothing(fetching: Fetching, site: Site) -> None:
    reply = csv_of(rows_of(500))
    reply.body += b"Streaming interrupted due to the following error: Invalid value for sum of offset"
    site.answer(f"{ROOT}/exports/csv", reply)
    feed = fetching({**ODS, "url": site.url(), "file": "csv"})
    assert feed.fetch().message == "the portal broke off the export"
    assert feed.spooled() == []
    assert site.asked[0].query["delimiter"] == ","


def records(rows: Rows, most: int = 10_000) -> Any:
    def serve(request: Request) -> Reply:
        start, limit = int(request.query["offset"]), int(request.query["limit"])
        if limit > 100 or start + limit > most:
            return Reply.of({"error_code": "InvalidRESTParameterError", "message": "Invalid value"}, 400)
        return Reply.of({"total_count": len(rows), "results": rows[start : start + limit]})

    return serve


def test_records_come_in_pages_of_a_hundred(fetching: Fetching, site: Site) -> None:
    rows = rows_of(230)
    site.answer(f"{ROOT}/records", records(rows))
    feed = fetching({**ODS, "url": site.url(), "api": "records"}, format={"records": "results"})
    assert (feed.fetch().files, len(site.asked)) == (3, 3)
    feed.load()
    assert feed.facts() == facts_of(rows)


def test_more_records_than_the_portal_gives_are_refused(
    fetching: Fetching, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The portal's limit is 10,000; with 300 the same is seen sooner."""
    assert opendatasoft.MOST_ROWS == 10_000
    monkeypatch.setattr(opendatasoft, "MOST_ROWS", 300)
    feed = fetching({**ODS, "url": site.url(), "api": "records"}, format={"records": "results"})
    site.answer(f"{ROOT}/records", records(rows_of(300), 300))
    assert feed.fetch().files == 3
    site.answer(f"{ROOT}/records", records(rows_of(301), 300))
    told = feed.fetch()
    assert (told.status, str(told.hint)[:33]) == ("failed", "set connector.api to exports, or ")


STATIONS: dict[str, Any] = {
    "format": {"type": "json", "records": "records"},
    "key": ["id"],
    "columns": [
        {"name": "id", "source": "fields.station_id", "type": "integer", "required": True},
        {"name": "at", "source": "record_timestamp", "type": "timestamp", "required": True},
        {"name": "amount", "source": "fields.capacity", "type": "integer"},
    ],
}


def test_the_search_of_the_older_api(fetching: Fetching, site: Site, shared_data: Path) -> None:
    """The published answer holds 10 of 1,393 records: the server gives those ten, four at a time."""
    published = json.loads((shared_data / "formats" / "ods_v1_velib_stations.json").read_bytes())
    assert published["nhits"] == 1393

    def search(request: Request) -> Reply:
        start, most = int(request.query["start"]), min(4, int(request.query["rows"]))
        part = published["records"][start : start + most]
        return Reply.of({**published, "nhits": 10, "records": part})

    site.answer("/api/records/1.0/search/", search)
    feed = fetching({**ODS, "url": site.url(), "api": "v1"}, **STATIONS)
    assert feed.fetch().files == 3
    feed.load()
    stations = [record["fields"] for record in published["records"]]
    assert feed.facts() == sorted((station["station_id"], station["capacity"]) for station in stations)


def test_a_saved_search_loads_from_a_folder(build: Any, shared_data: Path) -> None:
    house = build(event_time="at", area={"constant": "C"}, checks=[], **STATIONS)
    name = "ods_v1_velib_stations.json"
    house.deliver(name, (shared_data / "formats" / name).read_bytes())
    [run] = house.load()
    assert (run.status, run.received, run.inserted) == ("done", 10, 10)
    fields = [r["fields"] for r in json.loads((shared_data / "formats" / name).read_bytes())["records"]]
    assert house.rows("SELECT sum(amount) FROM fact_tickets") == [(sum(f["capacity"] for f in fields),)]
