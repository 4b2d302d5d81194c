"""The desk as an MCP server: tools and resources that read, and nothing else.

https://modelcontextprotocol.io describes the protocol; the official package speaks it. Whatever the assistant
is, it sees what the viewer in whose name it asks may see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.applications import Starlette

from config import City
from dashboard.assistant.desk import Desk, Told, UnknownError
from dashboard.catalogue import listing
from dashboard.running.places import Places, opened
from dashboard.running.runtime import Runtime, utc_now
from warehouse.reader import reading
from warehouse.scope import EVERYONE, Scope
from warehouse.state import State

PATH: Final = "/mcp"
_READS: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_INSTRUCTIONS: Final = """\
Figures and early warnings of {city}, as the operations centre shows them. Everything is read-only.
Always tell the user how new a figure is (data_through), that it is simulated where `simulated` is true, and
that a period still runs where `whole_period` is false. A value of null is missing, not zero. Coverage below 1
means that not everything was delivered. Find an indicator with list_indicators, an area with list_areas."""

Indicator = Annotated[str, Field(description="Id of an indicator, such as list_indicators gives")]
AreaName = Annotated[str, Field(description="Code or full name of an area; empty: the whole city")]
PeriodName = Annotated[str, Field(description="One of the indicator's periods; empty: its first")]
Day = Annotated[str, Field(description="A day such as 2026-01-31; empty: no limit")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many entries at most")]


def desk_of(runtime: Runtime, scope: Scope = EVERYONE) -> Desk:
    """The desk of a running city for a viewer."""
    return Desk(
        runtime.city,
        scope,
        partial(reading, runtime.store, runtime.city, scope),
        runtime.state,
        runtime.clock,
    )


@contextmanager
def desk_here(city: City, places: Places) -> Iterator[Desk]:
    """The desk of a city that no process runs."""
    state = State.open(places.people)
    try:
        with opened(places.warehouse, city.head.timezone) as store:
            yield Desk(city, EVERYONE, partial(reading, store, city, EVERYONE), state, utc_now)
    finally:
        state.close()


def assistant(desk: Desk) -> MCPServer:
    """A server with every tool and resource of a desk."""
    city = desk.city
    name = city.head.name.get("en")
    server: MCPServer = MCPServer("toan-canh", title=name, instructions=_INSTRUCTIONS.format(city=name))

    def tool(function: Callable[..., Told]) -> None:
        server.tool(annotations=_READS, structured_output=True)(_told(function))

    def list_indicators(search: str = "", domain: str = "", limit: Limit = 50) -> dict[str, Any]:
        """Find indicators by words of their names (Vietnamese or English, marks or not) and by domain."""
        return desk.list_indicators(search, domain, limit)

    def describe_indicator(indicator: Indicator) -> dict[str, Any]:
        """What an indicator counts, its unit, targets, owner, source, feeds, and the rules that watch it."""
        return desk.describe_indicator(indicator)

    def get_values(
        indicator: Indicator,
        area: AreaName = "",
        period: PeriodName = "",
        first: Day = "",
        last: Day = "",
        limit: Limit = 24,
    ) -> dict[str, Any]:
        """Values of an indicator in one area, oldest first: of periods that begin from first to last."""
        return desk.get_values(indicator, area, period, first, last, limit)

    def compare_areas(
        indicator: Indicator,
        level: str = "",
        period: PeriodName = "",
        start: Day = "",
        within: AreaName = "",
        limit: Limit = 30,
    ) -> dict[str, Any]:
        """One indicator in all areas of a level, ranked, for the period that holds a day (or the newest)."""
        return desk.compare_areas(indicator, level, period, start, within, limit)

    def list_warnings(
        area: AreaName = "",
        severity: str = "",
        domain: str = "",
        with_closed: bool = False,
        limit: Limit = 30,
    ) -> dict[str, Any]:
        """Early warnings of an area and all that lies in it, the gravest first, with what is to be done."""
        return desk.list_warnings(area, severity, domain, with_closed, limit)

    def list_areas(
        search: str = "", level: str = "", within: AreaName = "", limit: Limit = 50
    ) -> dict[str, Any]:
        """Administrative units by name or code, with population and size."""
        return desk.list_areas(search, level, within, limit)

    def explain_value(
        indicator: Indicator, area: AreaName = "", period: PeriodName = "", start: Day = ""
    ) -> dict[str, Any]:
        """How a value came about: formula, numerator, denominator, what it is made of, files behind it."""
        return desk.explain_value(indicator, area, period, start)

    for function in (
        list_indicators, describe_indicator, get_values, compare_areas, list_warnings, list_areas,
        explain_value,
    ):  # fmt: skip
        tool(function)

    @server.resource("toancanh://catalogue", mime_type="application/json")
    def catalogue_() -> str:
        """Every indicator and rule of the city as it is defined."""
        return json.dumps(listing.as_data(city), ensure_ascii=False)

    @server.resource("toancanh://indicators/{indicator}", mime_type="application/json")
    def definition(indicator: str) -> str:
        """The definition of one indicator."""
        return json.dumps(desk.describe_indicator(indicator), ensure_ascii=False)

    return server


def _told(function: Callable[..., Told]) -> Callable[..., Told]:
    """What does not exist is told to the assistant in words, so that it can ask better."""

    @wraps(function)
    def answered(*args: Any, **kwargs: Any) -> Told:
        try:
            return function(*args, **kwargs)
        except UnknownError as error:
            raise ToolError(str(error)) from error

    return answered


def web_application(server: MCPServer, site: str) -> Starlette:
    """The server over streamable HTTP at PATH, each request for itself, under the names of the site alone."""
    host, origin = urlsplit(site).netloc, "{0.scheme}://{0.netloc}".format(urlsplit(site))
    security = TransportSecuritySettings(
        allowed_hosts=[host, "127.0.0.1:*", "localhost:*"],
        allowed_origins=[origin, "http://127.0.0.1:*", "http://localhost:*"],
    )
    return server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True, transport_security=security
    )
