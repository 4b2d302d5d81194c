"""The web application: FastAPI for addresses and push, Dash for what people see and touch.

A page is a shell that never changes; one asynchronous clientside callback fetches the screen of the address
in the newest data version, rendered once on the server whoever asks. When the server is gone the last frame
stays.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from plotly.utils import PlotlyJSONEncoder
from starlette.applications import Starlette

from dashboard import asof
from dashboard.assistant.server import assistant, desk_of, web_application
from dashboard.boundaries import chosen
from dashboard.cache import ScreenCache
from dashboard.catalogue.offers import answers, commands
from dashboard.context import Offers, Papers, ScreenContext, Work
from dashboard.directives import directing
from dashboard.directives.book import DirectiveBook
from dashboard.feeds import asking, row_forms
from dashboard.forms import Forms
from dashboard.maps import api as layer_api
from dashboard.maps.layers import LayerBook, LayerState
from dashboard.opendata import answer as opendata
from dashboard.reports import answer as reports
from dashboard.routes import Route, parse
from dashboard.rules import backtesting
from dashboard.rules.book import Rulebook
from dashboard.running.runtime import Runtime
from dashboard.screens import render
from dashboard.studio import forms as studio_forms
from dashboard.warnings import actions, public, quieting, releasing
from dashboard.warnings.alerts import alerts_from
from dashboard.warnings.quiet import RECENT
from dashboard.warnings.stories import story_of
from indicators.breakdown import breakdown_series
from indicators.lineage import Lineages
from indicators.rules.volumes import volume_shown
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.state import Areas, Maintenance, Silence, visible_areas

_ASSETS: Final = Path(__file__).parent / "assets"

_LISTED: Final = 300
"""Warnings that a screen may choose from: every open one comes first."""

_REQUESTS: Final = 8
"""Requests of a feed that its page tells of."""

_DEEDS: Final = 50
"""Deeds that a screen may tell of."""

_INDEX: Final = """<!DOCTYPE html>
<html lang="{language}">
<head>
{{%metas%}}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
{{%css%}}
</head>
<body>
{{%app_entry%}}
<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
</body>
</html>"""


def fingerprint() -> str:
    """Tells one build of the pages' scripts and styles from another: an open page of an older one reloads."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(_ASSETS.rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def create_app(runtime: Runtime) -> FastAPI:
    """The ASGI application of one running city."""
    city = runtime.city
    spoken = web_application(assistant(desk_of(runtime)), runtime.site)
    server = FastAPI(
        title=city.head.name.get("en"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=partial(_while, spoken),
    )
    server.router.routes.extend(spoken.routes)
    cache, layers, lineages = ScreenCache(), LayerBook(city), Lineages(city)

    @server.get("/")
    def home() -> RedirectResponse:
        return RedirectResponse(f"/{city.head.languages[0]}/area/{city.areas.root.code}")

    @server.get("/api/screen")
    def screen(request: Request, path: str = "/", search: str = "") -> Response:
        route = parse(city, path, search)
        version = runtime.hub.version
        page = cache.page(
            version, route.key, lambda: _render(runtime, layers, lineages, route, version, offers)
        )
        headers = {
            "ETag": page.etag,
            "Cache-Control": "no-cache",
            "Vary": "Accept-Encoding",
            "X-Version": version,
        }
        if request.headers.get("if-none-match") == page.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(gzip.decompress(page.body), media_type="application/json", headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(page.body, media_type="application/json", headers=headers)

    @server.get("/api/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(
            runtime.hub.stream(),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @server.get("/api/health")
    def health() -> dict[str, str | int]:
        return {"city": city.head.id, "version": runtime.hub.version, "listeners": runtime.hub.listeners}

    offers = partial(_offers, server)

    def layer_states() -> Mapping[str, LayerState]:
        today = runtime.clock().astimezone(city.zone).date()
        with reading(runtime.store, city, EVERYONE) as reader:
            return layers.states(runtime.hub.version, reader, today)

    public.register(server, runtime)
    opendata.register(server, runtime)
    reports.register(server, runtime)
    layer_api.register(server, city, layer_states)
    row_forms.downloads(server, runtime.mending)

    dash = Dash(
        "dashboard",
        server=cast(Any, server),  # documented to take a server; annotated as if it took a bool or a factory
        assets_folder=str(_ASSETS),
        serve_locally=True,
        compress=True,
        suppress_callback_exceptions=True,
        update_title="",
        title=city.head.name.get(city.head.languages[0]),
        index_string=_INDEX.format(
            language=city.head.languages[0], title=city.head.name.get(city.head.languages[0])
        ),
    )
    dash.layout = _shell()
    dash.clientside_callback(
        ClientsideFunction("toancanh", "screen"),
        Output("screen", "children"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input("data-version", "data"),
    )
    state, clock, publish = runtime.state, runtime.clock, runtime.publish

    def areas() -> Areas:
        return visible_areas(EVERYONE, city.areas)

    forms = Forms(dash, city, state, areas, clock, publish)
    for module in (actions, releasing, quieting):
        module.register(forms)
    row_forms.register(forms, runtime.mending)
    directing.register(forms, runtime.store)
    studio_forms.register(forms, runtime.store, runtime.places.studio_writes)
    asking.register(forms, runtime.work.wake)
    backtesting.register(dash, city, runtime.backtesting, areas)
    # Callbacks else register at the first page load: a page left open over a restart would find none.
    dash._setup_server()
    return server


@asynccontextmanager
async def _while(spoken: Starlette, _: FastAPI) -> AsyncIterator[None]:
    """What the assistant interface needs runs for as long as the server does."""
    async with spoken.router.lifespan_context(spoken):
        yield


def _shell() -> Component:
    return html.Div(
        [
            dcc.Location(id="address"),
            dcc.Store(id="data-version", data=""),
            html.Div(id="screen"),
        ]
    )


def _work(runtime: Runtime, route: Route) -> Work:
    """What people asked of feeds: of one all that is remembered, else what is not over."""
    if route.kind != "health":
        return Work()
    feed = route.params.get("feed") or None
    found = runtime.state.feed_requests.all(feed, _REQUESTS)
    shown = found if feed is not None else [request for request in found if not request.over]
    return Work(shown, runtime.faults.all())


def _offers(server: FastAPI) -> Offers:
    return Offers(answers(server), commands())


def _render(
    runtime: Runtime,
    layers: LayerBook,
    lineages: Lineages,
    route: Route,
    version: str,
    offers: Callable[[], Offers],
) -> bytes:
    now, state = runtime.clock(), runtime.state
    as_of, boundaries = asof.chosen(runtime.city, route, now), chosen(runtime.city, route)
    with reading(runtime.store, runtime.city, EVERYONE, as_of, boundaries) as reader:
        city = runtime.city if as_of is None else asof.city_at(runtime.city, reader.definitions())
        areas = visible_areas(EVERYONE, city.areas)
        if as_of is not None:
            warnings = state.warnings_at(as_of, areas=areas, limit=_LISTED)
        elif route.kind == "silences":  # which counts what is kept quiet
            warnings = state.warnings(areas=areas)
        else:
            warnings = state.warnings(areas=areas, open_only=False, limit=_LISTED)
        since = (as_of or now) - RECENT
        quiet: list[Silence | Maintenance] = [
            *state.silences.all(until_after=since),
            *state.maintenance.all(until_after=since),
        ]
        context = ScreenContext(
            city=city,
            reader=reader,
            alerts=alerts_from(city, warnings, quiet, as_of or now),
            history=lambda warning: state.history(warning, areas=areas),
            story=lambda warning: story_of(city, state, warning, areas, quiet, as_of or now),
            rulebook=Rulebook(city, state, areas, now),
            directives=DirectiveBook(city, state.directives, areas, now),
            lineage=lambda value, rows: (lineages if as_of is None else Lineages(city)).of(
                reader, value, rows
            ),
            members=partial(breakdown_series, city, reader),
            volume=partial(volume_shown, city, reader.cursor),
            route=route,
            now=as_of or now,
            version=version,
            as_of=as_of,
            quiet=quiet,
            work=_work(runtime, route) if as_of is None else Work(),
            deeds=lambda: state.audit(_DEEDS, about=("silence", "maintenance")),
            settled=state.refused_rows.told,
            between=lambda since, until: state.warnings_between(since, until, areas=areas),
            papers=Papers(lambda one: runtime.press.kept(one.id), lambda one: runtime.press.next(one, now)),
            offers=offers() if route.kind == "catalogue" else Offers(),
            layers=lambda: layers.states(version, reader, now.astimezone(city.zone).date()),
            writes=runtime.places.studio_writes,
        )
        tree = render(context)
    # Plotly's own serialiser writes every Vietnamese letter as six characters.
    return json.dumps(tree, cls=PlotlyJSONEncoder, ensure_ascii=False, separators=(",", ":")).encode()
