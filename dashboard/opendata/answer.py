"""``/open``: the catalogue in DCAT 3 and each dataset as CSV and JSON, for anybody, from any page.

``/open/<dataset>.csv?indicator=&level=&area=&period=&from=2026-01-01&to=&limit=&offset=``; a list is given by
commas or again. What lies beyond the page is where the ``Link`` header with ``rel="next"`` leads.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.csv
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from config import City
from config.models import OpenDataset
from config.problems import did_you_mean
from dashboard.opendata.catalogue import catalogue
from dashboard.routes import href
from dashboard.running.runtime import Runtime
from dashboard.standing import is_simulated
from warehouse.open_values import Cut, Published, open_page, open_reach

LIMITS: Final = {"csv": 100_000, "json": 10_000}
"""Rows of a page unless fewer are asked for."""
TYPES: Final = {"csv": "text/csv", "json": "application/json"}
_FRESH: Final = 300
"""Seconds for which anybody between may answer in our place."""
_KNOWN: Final = ("indicator", "level", "area", "period", "from", "to", "limit", "offset")


class WrongQuestionError(ValueError):
    """What was asked for cannot be given; the message says what could."""


@dataclass(frozen=True)
class Question:
    """A cut of a dataset, and which page of it."""

    cut: Cut
    limit: int
    offset: int


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the addresses of open data to a server."""
    city = runtime.city

    @server.get("/open")
    def page() -> RedirectResponse:
        return RedirectResponse(href(city.head.languages[0], "open"))

    @server.api_route("/open/catalog.jsonld", methods=["GET", "HEAD"])
    def listed(request: Request) -> Response:
        if city.head.open_data is None:
            return Response(status_code=404)
        etag = _tag(runtime, *(one.model_dump_json() for one in city.open_datasets.values()))
        if (same := _unchanged(request, etag)) is not None:
            return same
        every = {id_ for one in city.open_datasets.values() for id_ in one.indicators}
        with runtime.store.read() as cursor:
            reach = open_reach(cursor, sorted(every))
        told = catalogue(city, runtime.site.rstrip("/"), reach, runtime.store.data_version)
        return _said(json.dumps(told, ensure_ascii=False, indent=1), "application/ld+json", etag)

    @server.api_route("/open/{dataset}.{form}", methods=["GET", "HEAD"])
    def taken(request: Request, dataset: str, form: str) -> Response:
        found = city.open_datasets.get(dataset)
        if found is None or form not in TYPES or city.head.open_data is None:
            return Response(status_code=404, headers=_ANYBODY)
        try:
            asked = question(city, found, request.query_params.multi_items(), LIMITS[form])
        except WrongQuestionError as error:
            return Response(str(error), 400, media_type="text/plain; charset=utf-8", headers=_ANYBODY)
        etag = _tag(runtime, found.model_dump_json(), str(request.url.query), form)
        if (same := _unchanged(request, etag)) is not None:
            return same
        if request.method == "HEAD":
            return _said("", TYPES[form], etag)
        timed = [period for period in city.periods.ids if city.periods.timed(period)]
        with runtime.store.read() as cursor:
            table, total = open_page(cursor, asked.cut, timed, asked.limit, asked.offset)
        more = _next(runtime, request, asked, total)
        body = _csv(table) if form == "csv" else _json(city, found, table, total, more)
        if not asked.offset:  # who turns pages takes it once
            today = runtime.clock().astimezone(city.zone).date()
            runtime.state.open_downloads.note(today, dataset, form)
        headers = {"X-Total-Count": str(total)} | ({"Link": f'<{more}>; rel="next"'} if more else {})
        if form == "csv":
            headers["Content-Disposition"] = f'inline; filename="{dataset}.csv"'
        return _said(body, TYPES[form], etag, headers)

    @server.options("/open/{path:path}")
    def allowed(path: str) -> Response:
        del path
        return Response(status_code=204, headers=_ANYBODY | {"Access-Control-Max-Age": "86400"})


_ANYBODY: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Expose-Headers": "ETag, Link, X-Total-Count",
}


def question(city: City, dataset: OpenDataset, asked: Sequence[tuple[str, str]], most: int) -> Question:
    """What the parameters of an address ask for. Raises WrongQuestionError."""
    given: dict[str, list[str]] = {}
    for name, text in asked:
        if name not in _KNOWN:
            raise WrongQuestionError(f"there is no parameter {name!r} ({did_you_mean(name, _KNOWN)})")
        given.setdefault(name, []).extend(part.strip() for part in text.split(",") if part.strip())

    def chosen(name: str, known: Sequence[str]) -> list[str]:
        for text in given.get(name, []):
            if text not in known:
                raise WrongQuestionError(f"there is no {name} {text!r} here ({did_you_mean(text, known)})")
        return given.get(name, [])

    ids = chosen("indicator", dataset.indicators) or [*dataset.indicators]
    indicators = [city.indicators[id_] for id_ in ids if id_ in city.indicators]
    offered = [
        level for level in city.levels
        if any(level in one.levels for one in indicators) and level in (dataset.levels or city.levels)
    ]  # fmt: skip
    kinds = [
        period for period in dict.fromkeys(period for one in indicators for period in one.periods)
        if period in (dataset.periods or city.periods.ids)
    ]  # fmt: skip
    language = city.head.languages[0]
    cut = Cut(
        [
            Published(one.id, city.units[one.unit].symbol.get(language), is_simulated(city, one))
            for one in indicators
        ],
        dataset.least,
        chosen("level", offered) or offered,
        chosen("area", [area.code for area in city.areas.all()]),
        chosen("period", kinds) or kinds,
        _day(given, "from"),
        _day(given, "to"),
    )
    limit, offset = _count(given, "limit", most), _count(given, "offset", 0)
    return Question(cut, max(1, min(limit, most)), offset)


def _day(given: Mapping[str, Sequence[str]], name: str) -> dt.date | None:
    text = next(iter(given.get(name, ())), None)
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise WrongQuestionError(f"{name}={text} is no day; write one such as 2026-01-31") from None


def _count(given: Mapping[str, Sequence[str]], name: str, otherwise: int) -> int:
    text = next(iter(given.get(name, ())), str(otherwise))
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise WrongQuestionError(f"{name}={text} is no whole number from 0 on")
    return int(text)


def _next(runtime: Runtime, request: Request, asked: Question, total: int) -> str | None:
    reached = asked.offset + asked.limit
    if reached >= total:
        return None
    kept = [(name, text) for name, text in request.query_params.multi_items() if name != "offset"]
    return f"{runtime.site.rstrip('/')}{request.url.path}?{urlencode([*kept, ('offset', str(reached))])}"


def _csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def _json(city: City, dataset: OpenDataset, table: pa.Table, total: int, more: str | None) -> str:
    publishing = city.head.open_data
    assert publishing is not None
    told: dict[str, Any] = {
        "dataset": dataset.id,
        "title": dataset.title.root,
        "licence": publishing.licence.url,
        "indicators": {
            one.id: {
                "name": one.name.root,
                "unit": city.units[one.unit].symbol.root,
                "source": one.source.root,
                "simulated": is_simulated(city, one),
            } | ({"note": one.note.root} if one.note else {})
            for id_ in dataset.indicators if (one := city.indicators.get(id_)) is not None
        },
        "total": total,
        "next": more,
        "values": table.to_pylist(),
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False)


def _tag(runtime: Runtime, *parts: str) -> str:
    """Another one with each version of the data and each wording of the question."""
    digest = hashlib.blake2b("\0".join((runtime.site, *parts)).encode(), digest_size=9).hexdigest()
    return f'"{runtime.store.data_version}-{digest}"'


def _unchanged(request: Request, etag: str) -> Response | None:
    held = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    if etag not in held and held != ["*"]:
        return None
    return Response(status_code=304, headers=_ANYBODY | _kept(etag))


def _kept(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": f"public, max-age={_FRESH}"}


def _said(body: str | bytes, kind: str, etag: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        body, media_type=f"{kind}; charset=utf-8", headers={**_ANYBODY, **_kept(etag), **(headers or {})}
    )
