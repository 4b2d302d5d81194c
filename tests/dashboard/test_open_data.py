"""Open data as anybody takes them: the catalogue by what DCAT 3 demands, the files, what is counted."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import rdflib
from fastapi import FastAPI
from rdflib.namespace import DCAT, DCTERMS, RDF

from config import REFERENCE_CITY, City, load_city
from config.models import OPEN_FIELDS
from dashboard.opendata import answer
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from warehouse.open_values import COLUMNS, Cut, Published, open_page

SITE = "https://ioc.example"
MORNING = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
Get = Callable[..., httpx.Response]
AREAS = ("79", "760", "761")


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="module")
def clock() -> list[dt.datetime]:
    return [MORNING]


@pytest.fixture(scope="module")
def runtime(
    city: City, tmp_path_factory: pytest.TempPathFactory, clock: list[dt.datetime]
) -> Iterator[Runtime]:
    """Twelve months of dengue in the city and two districts; in January 2026 too few cases to be told."""
    places = Places.of(city.head.id, tmp_path_factory.mktemp("open"))
    with Runtime(city, places, clock=lambda: clock[0], site=SITE + "/") as runtime:
        with runtime.store.write() as cursor:
            cursor.execute(
                "INSERT INTO indicator_value BY NAME SELECT 'dengue_cases' AS indicator,"
                " CASE a WHEN '79' THEN 'city' ELSE 'district' END AS level, a AS area, 'month' AS period,"
                " make_date(2025 + m // 12, 1 + m % 12, 1) AS start,"
                " CASE m WHEN 12 THEN 3 ELSE 10 * m END AS value, value AS n, 3 AS present, 4 AS expected,"
                " TIMESTAMP '2026-11-22 17:00:00' AS data_through, data_through AS known_from,"
                " 1 AS version, 1 AS run, data_through AS stored_at"
                " FROM unnest(['79', '760', '761']) AS t (a), range(1, 13) AS r (m)"
            )
            runtime.store.bump(cursor)
        yield runtime


@pytest.fixture(scope="module")
def get(runtime: Runtime) -> Get:
    server = FastAPI()
    answer.register(server, runtime)

    def ask(address: str, method: str = "GET", **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=server)
            async with httpx.AsyncClient(transport=transport, base_url=SITE) as client:
                return await client.request(method, address, headers=headers)

        return asyncio.run(send())

    return ask


def rows(answered: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answered.content.decode("utf-8"))))


def test_the_catalogue_is_sound_dcat_and_leads_to_files(city: City, get: Get) -> None:
    answered = get("/open/catalog.jsonld")
    assert answered.headers["content-type"] == "application/ld+json; charset=utf-8"
    graph = rdflib.Graph().parse(data=answered.text, format="json-ld")
    (catalogue,) = graph.subjects(RDF.type, DCAT.Catalog)
    for wanted in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.license):
        assert graph.value(catalogue, wanted, any=True) is not None
    datasets = list(graph.objects(catalogue, DCAT.dataset))
    assert {str(graph.value(d, DCTERMS.identifier)) for d in datasets} == set(city.open_datasets)
    for dataset in datasets:
        titles = {str(title.language): str(title) for title in graph.objects(dataset, DCTERMS.title)}  # type: ignore[attr-defined]
        assert titles == city.open_datasets[str(graph.value(dataset, DCTERMS.identifier))].title.root
        for wanted in (
            DCTERMS.description, DCTERMS.license, DCTERMS.issued, DCTERMS.accrualPeriodicity,
            DCAT.contactPoint, DCAT.keyword, DCAT["version"],
        ):  # fmt: skip
            assert graph.value(dataset, wanted, any=True) is not None, (dataset, wanted)
        kinds = set()
        for distribution in graph.objects(dataset, DCAT.distribution):
            media = str(graph.value(distribution, DCAT.mediaType)).split("media-types/")[1]
            file = get(str(graph.value(distribution, DCAT.downloadURL)).removeprefix(SITE))
            assert file.status_code == 200
            assert file.headers["content-type"].split(";")[0] == media
            kinds.add(media)
        assert kinds == {"text/csv", "application/json"}
    (dengue,) = (d for d in datasets if str(graph.value(d, DCTERMS.identifier)) == "dengue")
    temporal = graph.value(dengue, DCTERMS.temporal)
    # Data that reach midnight of the city reach the day before.
    assert str(graph.value(temporal, DCAT.endDate)) == "2026-11-22"
    assert str(graph.value(temporal, DCAT.startDate)) == "2025-02-01"


def test_values_and_what_is_too_few_to_be_told(get: Get) -> None:
    found = rows(get("/open/dengue.csv"))
    assert tuple(found[0]) == COLUMNS
    assert len(found) == 36
    one = next(row for row in found if (row["area"], row["start"]) == ("760", "2025-04-01"))
    assert (one["value"], one["n"], one["coverage"], one["area_name_vi"]) == ("30", "30", "0.75", "Quận 1")
    assert (one["data_through"], one["simulated"], one["withheld"]) == (
        "2026-11-22T17:00:00Z", "true", "false",
    )  # fmt: skip
    few = [row for row in found if row["withheld"] == "true"]
    assert {(row["start"], row["value"], row["n"]) for row in few} == {("2026-01-01", "", "")}
    assert [row["area"] for row in few] == sorted(AREAS[1:] + AREAS[:1], key=lambda a: (a != "79", a))


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("area=760", 12),
        ("level=district", 24),
        ("level=city,district&from=2025-07-01", 21),
        ("from=2025-07-01&to=2025-09-30&area=760&area=761", 6),
        ("period=month", 36),
        ("indicator=dengue_per_100k", 0),
    ],
)
def test_filters(get: Get, asked: str, count: int) -> None:
    assert len(rows(get(f"/open/dengue.csv?{asked}"))) == count
    assert get(f"/open/dengue.json?{asked}").json()["total"] == count


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("area=77", "there is no area '77' here"),
        ("indicator=hotline_received", "there is no indicator"),
        ("from=23/11/2026", "from=23/11/2026 is no day; write one such as 2026-01-31"),
        ("limit=-1", "limit=-1 is no whole number"),
        ("period=day", "there is no period 'day' here"),
        ("level=ward", "there is no level 'ward' here"),
        ("perod=month", "(did you mean period?)"),
    ],
)
def test_what_cannot_be_answered_says_why(get: Get, asked: str, said: str) -> None:
    answered = get(f"/open/dengue.csv?{asked}")
    assert answered.status_code == 400
    assert said in answered.text


def test_pages_follow_each_other_and_make_the_whole(get: Get) -> None:
    whole = rows(get("/open/dengue.csv"))
    address, found = "/open/dengue.csv?limit=10", []
    while address:
        answered = get(address)
        found += rows(answered)
        assert answered.headers["x-total-count"] == "36"
        link = answered.headers.get("link", "")
        address = link.partition(">")[0].removeprefix(f"<{SITE}")
    assert found == whole
    first = get("/open/dengue.json?limit=30").json()
    second = get(first["next"].removeprefix(SITE)).json()
    assert second["next"] is None
    assert [value["value"] for value in first["values"] + second["values"]] == [
        None if row["value"] == "" else float(row["value"]) for row in whole
    ]


@pytest.mark.parametrize(
    ("cases", "empty"),
    [
        ({"760": 3, "761": 8, "764": 20}, {"760", "761"}),
        ({"760": 3, "761": 4, "764": 20}, {"760", "761"}),
        ({"760": 3, "761": 0, "764": 20}, {"760", "764"}),
        ({"760": 8, "761": 9, "764": 20}, set()),
    ],
)
def test_what_is_left_empty_does_not_follow_from_the_rest(
    runtime: Runtime, cases: dict[str, int], empty: set[str]
) -> None:
    """The whole city's figure is told: whoever takes all districts but one from it has the one."""
    with runtime.store.trial() as cursor:
        cursor.execute(
            "INSERT INTO indicator_value BY NAME SELECT 'made' AS indicator,"
            " CASE a WHEN '79' THEN 'city' ELSE 'district' END AS level, a AS area, 'month' AS period,"
            " DATE '2025-01-01' AS start, n AS value, n, 1 AS present, 1 AS expected,"
            " TIMESTAMP '2026-11-22 17:00:00' AS data_through, data_through AS known_from,"
            " 1 AS version, 1 AS run, data_through AS stored_at"
            " FROM (SELECT unnest($areas) AS a, unnest($cases) AS n)",
            {"areas": ["79", *cases], "cases": [sum(cases.values()), *cases.values()]},
        )

        def withheld(*areas: str) -> set[str]:
            page, _ = open_page(cursor, Cut([Published("made", "", False)], 5, areas=areas), [], 100, 0)
            return {row["area"] for row in page.to_pylist() if row["withheld"] and row["value"] is None}

        assert withheld() == empty
        assert set().union(*(withheld(area) for area in cases)) == empty, "asked for one by one"


@pytest.mark.parametrize("limit", [1, 4, 7, 100])
def test_pages_of_several_indicators_and_periods_make_the_whole(runtime: Runtime, limit: int) -> None:
    cut = Cut([Published("made_a", "", False), Published("made_b", "", False)], least=2)
    with runtime.store.trial() as cursor:
        cursor.execute(
            "INSERT INTO indicator_value BY NAME SELECT i AS indicator, 'district' AS level, a AS area,"
            " p AS period, make_date(2025, m, 1) AS start, 1 AS value, m AS n, 1 AS present, 1 AS expected,"
            " TIMESTAMP '2026-11-22 17:00:00' AS data_through, data_through AS known_from,"
            " 1 AS version, 1 AS run, data_through AS stored_at FROM unnest(['made_b', 'made_a']) AS t (i),"
            " unnest(['760', '761']) AS u (a), unnest(['year', 'month']) AS v (p), range(1, 4) AS r (m)"
        )
        found, total = [], 24
        for offset in range(0, 26, limit):
            page, told = open_page(cursor, cut, [], limit, offset)
            assert (told, page.num_rows) == (total, max(0, min(limit, total - offset)))
            found += page.select(["indicator", "period", "start", "area"]).to_pylist()
        beyond, told = open_page(cursor, cut, [], limit, 10**9)
        assert (told, beyond.num_rows) == (total, 0)
    keys = [tuple(row.values()) for row in found]
    assert len(set(keys)) == total
    assert keys == sorted(keys)


def test_anybody_may_ask_and_is_not_told_the_same_twice(runtime: Runtime, get: Get) -> None:
    first = get("/open/dengue.csv")
    assert first.headers["access-control-allow-origin"] == "*"
    again = get("/open/dengue.csv", **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["access-control-allow-origin"] == "*"
    assert get("/open/dengue.csv?area=760").headers["etag"] != first.headers["etag"]
    with runtime.store.write() as cursor:
        runtime.store.bump(cursor)
    assert get("/open/dengue.csv", **{"if-none-match": first.headers["etag"]}).status_code == 200
    preflight = get("/open/dengue.csv", "OPTIONS")
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, "*")
    assert get("/open/dengue.csv", "HEAD").content == b""
    assert get("/open/nothing.csv").status_code == get("/open/dengue.xml").status_code == 404
    assert get("/open").headers["location"] == "/vi/open"


def _facts(runtime: Runtime) -> list[tuple[Any, ...]]:
    with runtime.store.read() as cursor:
        return cursor.execute(
            "SELECT day::VARCHAR, downloads, csv, json, on_time FROM fact_open_portal"
            " WHERE dataset = 'dengue' ORDER BY day"
        ).fetchall()


def _files(runtime: Runtime) -> list[Path]:
    return sorted((runtime.places.inbox / "open_data").iterdir())


def test_downloads_become_figures_of_the_portal(runtime: Runtime, get: Get, clock: list[dt.datetime]) -> None:
    def taken() -> dict[tuple[str, str], int]:
        return runtime.state.open_downloads.since(MORNING.date()).get(MORNING.date(), {})

    before = taken()
    csv_, json_ = before.get(("dengue", "csv"), 0), before.get(("dengue", "json"), 0)
    for _ in range(3):
        get("/open/dengue.csv")
    get("/open/dengue.json?limit=1")
    # A second page, a preflight, a head and an unchanged answer take nothing.
    get("/open/dengue.json?limit=1&offset=1")
    get("/open/dengue.csv", "HEAD")
    get("/open/dengue.csv", "OPTIONS")
    get("/open/dengue.csv", **{"if-none-match": get("/open/dengue.csv").headers["etag"]})
    runtime.cycle([])
    after = ("2026-11-23", csv_ + json_ + 5, csv_ + 4, json_ + 1, True)
    assert _facts(runtime) == [after]
    lines = [json.loads(line) for file in _files(runtime) for line in file.read_text("utf-8").splitlines()]
    assert all(tuple(line) == OPEN_FIELDS for line in lines)
    assert {line["dataset"] for line in lines} == set(runtime.city.open_datasets)
    told_before = _files(runtime)
    runtime.cycle([])
    assert _files(runtime) == told_before, "nothing new, nothing told"
    get("/open/dengue.csv")
    clock[0] += 25 * DAY  # the figures are older than was promised
    runtime.cycle([])
    assert _facts(runtime) == [
        ("2026-11-23", after[1] + 1, after[2] + 1, after[3], True),
        ("2026-12-18", 0, 0, 0, False),
    ]
    with runtime.store.read() as cursor:
        told = dict(
            cursor.execute(
                "SELECT indicator, value FROM indicator_value WHERE period = 'month'"
                " AND start = '2026-11-01' AND indicator LIKE 'open_portal%'"
            ).fetchall()
        )
    assert told["open_portal_downloads"] == sum(taken().values())
    assert told["open_portal_datasets"] == len(runtime.city.open_datasets)
