"""The assistant interface as an assistant meets it: the official client over HTTP against the application."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

from config import REFERENCE_CITY, City, load_city
from dashboard.app import create_app
from dashboard.assistant import bridge
from dashboard.assistant.desk import Desk, plain
from dashboard.assistant.server import assistant, desk_of
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from warehouse.reader import reading
from warehouse.scope import Scope

NOON = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
SITE = "http://ioc.example"
TOOLS = {
    "list_indicators", "describe_indicator", "get_values", "compare_areas", "list_warnings", "list_areas",
    "explain_value",
}  # fmt: skip
Asked = Callable[[Client], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="module")
def runtime(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Some months of requests on time in the city and three districts, the last of which has few of them."""
    places = Places.of(city.head.id, tmp_path_factory.mktemp("assistant"))
    with Runtime(city, places, clock=lambda: NOON, site=SITE) as runtime:
        with runtime.store.write() as cursor:
            cursor.execute(
                "INSERT INTO indicator_value BY NAME SELECT 'hotline_on_time' AS indicator,"
                " CASE a WHEN '79' THEN 'city' ELSE 'district' END AS level, a AS area, 'month' AS period,"
                " make_date(2026, m, 1) AS start, 80 + m + i AS value, CASE a WHEN '764' THEN 3 ELSE 500 END"
                " AS n,"
                " 27 AS present, 30 AS expected, TIMESTAMP '2026-11-22 17:00' AS data_through,"
                " data_through AS known_from, 1 AS version, 1 AS run, data_through AS stored_at"
                " FROM (VALUES ('79', 0), ('760', 1), ('761', 2), ('764', 3)) AS t (a, i),"
                " range(8, 12) AS r (m)"
            )
            runtime.store.bump(cursor)
        yield runtime


@pytest.fixture(scope="module")
def over_http(runtime: Runtime) -> Iterator[Callable[[Asked], Any]]:
    """Ask the application as a program elsewhere would: it lives in a thread of its own meanwhile."""
    app = create_app(runtime)

    def ask(asked: Asked) -> Any:
        async def go() -> Any:
            async with (
                httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as web,
                Client(streamable_http_client(f"{SITE}/mcp", http_client=web)) as client,
            ):
                return await asked(client)

        return portal.call(go)

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_living(app)):
        yield ask


@contextlib.asynccontextmanager
async def _living(app: Any) -> AsyncIterator[None]:
    """What a server says to an application as it begins and ends."""
    said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, said.get, heard.put)
    )
    await said.put({"type": "lifespan.startup"})
    assert (await heard.get())["type"] == "lifespan.startup.complete"
    yield
    await said.put({"type": "lifespan.shutdown"})
    await life


def call(name: str, **arguments: Any) -> Asked:
    async def asked(client: Client) -> CallToolResult:
        return await client.call_tool(name, arguments)

    return asked


def told(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    found: dict[str, Any] = json.loads(result.content[0].text)  # type: ignore[union-attr]
    assert found == result.structured_content
    return found


def test_every_tool_only_reads(over_http: Callable[[Asked], Any]) -> None:
    async def listed(client: Client) -> Any:
        return (await client.list_tools()).tools, client.instructions

    tools, instructions = over_http(listed)
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert tool.description
    assert "data_through" in instructions
    assert "simulated" in instructions


def test_values_say_how_new_whole_and_true_they_are(over_http: Callable[[Asked], Any]) -> None:
    found = told(over_http(call("get_values", indicator="hotline_on_time", area="Quận 1", period="month")))
    assert found["area"]["code"] == "760"
    assert found["simulated"] is True
    assert found["unit"] == {"vi": "%", "en": "%"}
    assert found["asked_at"] == "2026-11-23T12:00:00+07:00"
    assert found["data_through"] == "2026-11-23T00:00:00+07:00"
    assert [value["value"] for value in found["values"]] == [89, 90, 91, 92]
    assert [value["whole_period"] for value in found["values"]] == [True, True, True, False]
    assert {value["coverage"] for value in found["values"]} == {0.9}
    some = told(
        over_http(
            call(
                "get_values",
                indicator="hotline_on_time",
                period="month",
                first="2026-09-01",
                last="2026-10-31",
            )
        )
    )
    assert [value["start"] for value in some["values"]] == ["2026-09-01", "2026-10-01"]


def test_areas_are_ranked_and_few_cases_are_not(over_http: Callable[[Asked], Any]) -> None:
    found = told(over_http(call("compare_areas", indicator="hotline_on_time", period="month")))
    ranked = [(value["place"], value["area"]["code"], value["value"]) for value in found["values"]]
    assert ranked == [(1, "761", 93), (2, "760", 92)]
    assert [area["code"] for area in found["too_few_cases"]] == ["764"]
    older = told(
        over_http(call("compare_areas", indicator="hotline_on_time", period="month", start="2026-09-17"))
    )
    assert [value["start"] for value in older["values"]] == ["2026-09-01"] * 2


def test_things_are_found_with_and_without_marks(over_http: Callable[[Asked], Any], city: City) -> None:
    for words in ("đúng hạn phản ánh", "dung han phan anh", "requests on time"):
        ids = {one["id"] for one in told(over_http(call("list_indicators", search=words)))["indicators"]}
        assert "hotline_on_time" in ids, words
    areas = told(over_http(call("list_areas", search="binh thanh", level="district")))
    assert [area["vi"] for area in areas["areas"]] == ["Quận Bình Thạnh"]
    described = told(over_http(call("describe_indicator", indicator="hotline_on_time")))
    assert described["measure"] == city.indicators["hotline_on_time"].measure  # type: ignore[union-attr]
    assert [feed["id"] for feed in described["feeds"]] == ["hotline_requests"]
    assert {one["rule"] for one in described["watched_by"]} == {
        rule.id for rule in city.rules.values() if rule.indicator == "hotline_on_time"
    }


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("get_values", {"indicator": "hotline_ontime"}, "did you mean hotline_on_time"),
        ("get_values", {"indicator": "hotline_on_time", "area": "Gotham"}, "there is no area 'Gotham'"),
        ("get_values", {"indicator": "hotline_on_time", "period": "decade"}, "it has"),
        ("compare_areas", {"indicator": "hotline_on_time", "start": "yesterday"}, "such as 2026-01-31"),
        ("list_indicators", {"domain": "wether"}, "there is no domain"),
        ("explain_value", {"indicator": "hotline_on_time", "period": "year"}, "no value"),
    ],
)
def test_what_does_not_exist_is_told_in_words(
    over_http: Callable[[Asked], Any], name: str, arguments: dict[str, Any], said: str
) -> None:
    result = over_http(call(name, **arguments))
    assert result.is_error
    assert said in result.content[0].text


def test_definitions_are_resources(over_http: Callable[[Asked], Any], city: City) -> None:
    async def read(client: Client) -> Any:
        whole = await client.read_resource("toancanh://catalogue")
        one = await client.read_resource("toancanh://indicators/hotline_on_time")
        return json.loads(whole.contents[0].text), json.loads(one.contents[0].text)  # type: ignore[union-attr]

    whole, one = over_http(read)
    assert {item["id"] for item in whole["indicators"]} == set(city.indicators)
    assert one["name"] == city.indicators["hotline_on_time"].name.root


def test_a_viewer_sees_no_more_than_on_the_screens(runtime: Runtime) -> None:
    scope = Scope("viewer", frozenset({"760"}))
    desk = Desk(
        runtime.city, scope, lambda: reading(runtime.store, runtime.city, scope), runtime.state, runtime.clock
    )

    async def ask() -> list[CallToolResult]:
        async with Client(assistant(desk)) as client:
            return [
                await client.call_tool(
                    "get_values", {"indicator": "hotline_on_time", "area": area, "period": "month"}
                )
                for area in ("760", "761")
            ] + [await client.call_tool("compare_areas", {"indicator": "hotline_on_time", "period": "month"})]

    own, other, ranked = asyncio.run(ask())
    assert len(told(own)["values"]) == 4
    assert other.is_error
    assert [value["area"]["code"] for value in told(ranked)["values"]] == ["760"]


def test_asking_changes_nothing_but_goes_through_to_a_server(runtime: Runtime) -> None:
    """A program on standard input passes questions on; the answers are the server's own."""
    before = runtime.store.data_version, runtime.state.revision()
    server = assistant(desk_of(runtime))

    async def ask() -> Any:
        async with Client(server) as direct, Client(bridge.forwarding(direct)) as passed:
            both = [
                (
                    (await client.call_tool("list_warnings", {})).structured_content,
                    {tool.name for tool in (await client.list_tools()).tools},
                )
                for client in (direct, passed)
            ]
            resource = await passed.read_resource("toancanh://indicators/pm25")
            return (*both, resource, (await passed.list_resource_templates()).resource_templates)

    direct, passed, resource, templates = asyncio.run(ask())
    assert direct == passed
    assert direct[1] == TOOLS
    assert json.loads(resource.contents[0].text)["id"] == "pm25"
    assert [template.uri_template for template in templates] == ["toancanh://indicators/{indicator}"]
    assert (runtime.store.data_version, runtime.state.revision()) == before


def test_the_command_answers_on_standard_input(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    words = ["assistant", "--city", "tests/config/tiny", "--var", str(tmp_path)]
    program = StdioServerParameters(
        command=sys.executable, args=["-c", "from dashboard.cli import main; main()", *words], cwd=root
    )

    async def ask() -> Any:
        async with Client(program) as client:
            return await client.call_tool("list_areas", {})

    tree = load_city(root / "tests" / "config" / "tiny").areas
    assert told(asyncio.run(ask()))["areas"][0]["vi"] == tree.root.name_vi


def test_plain_text_has_neither_marks_nor_capitals() -> None:
    assert plain("Đường Trường Chinh, Quận 12") == "duong truong chinh, quan 12"
