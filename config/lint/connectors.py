"""What a feed says of the web server that it is fetched from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from config.lint.place import Place
from config.models import (
    CkanConnector,
    CursorToken,
    Feed,
    HttpConnector,
    NextLink,
    Offset,
    OpenDataSoftConnector,
    PageNumber,
    Pages,
    PrometheusConnector,
    SdmxConnector,
    WebSource,
)
from config.problems import Problem, did_you_mean

_SECRET: Final = re.compile(
    r"(^|[_-])(api[_-]?key|apikey|key|token|secret|password|passwd|pwd|signature|sig|auth)$|^authorization$",
    re.I,
)
_ANSWERS: Final[dict[tuple[str, str], tuple[str, str | None]]] = {
    ("ckan", "datastore"): ("json", "result.records"),
    ("opendatasoft", "records"): ("json", "results"),
    ("opendatasoft", "v1"): ("json", "records"),
    ("opendatasoft", "json"): ("json", None),
    ("prometheus", ""): ("prometheus", None),
    ("sdmx", "xml"): ("sdmx", None),
    ("sdmx", "json"): ("sdmx", None),
    ("sdmx", "csv"): ("sdmx", None),
}
"""Format and path of the records of what a protocol answers."""
_PLACES: Final = ("since", "from", "to", "page", "size")
_SENT: Final = "name the environment variable that holds it in connector.auth"


def lint_connector(place: Place, feed: Feed) -> Iterator[Problem]:
    """Every problem of a connector that asks a web server."""
    source = feed.connector
    if not isinstance(source, WebSource):
        return
    yield from _address(place, source)
    for name in source.headers:
        if _SECRET.search(name):
            yield place.problem(("connector", "headers", name), f"header {name} holds a secret", _SENT)
    yield from _format(place, feed, source)
    if feed.mode == "snapshot" and _gives_parts(source):
        message = "in mode snapshot a file is the whole state, and this connector gives it in parts"
        yield place.problem(("mode",), message, "take mode upsert, or a source that gives one file")
    if isinstance(source, HttpConnector):
        yield from _question(place, source)
        if source.paging is not None:
            yield from _pages(place, feed, source, source.paging)


def _format(place: Place, feed: Feed, source: WebSource) -> Iterator[Problem]:
    """What the protocol answers with, and how that is to be read."""
    type, records = _ANSWERS.get(_way(source), (None, None))
    if type is None:
        return
    keys = [f"{name}: {value}" for name, value in (("type", type), ("records", records)) if value]
    hint = f"set format: {{{', '.join(keys)}}}"
    if feed.format.type != type and (type != "json" or feed.format.type != "auto"):
        found = "does not tell its format" if feed.format.type == "auto" else f"is no {feed.format.type}"
        yield place.problem(("format",), f"what {source.kind} answers {found}", hint)
    elif records != feed.format.records and type == "json":
        what = f"at {records!r}" if records else "at the top"
        yield place.problem(("format",), f"the list of records is {what} of what {source.kind} answers", hint)


def _way(source: WebSource) -> tuple[str, str]:
    """The protocol, and which of its ways of answering is taken."""
    match source:
        case CkanConnector():
            return source.kind, "datastore" if source.datastore else "file"
        case OpenDataSoftConnector():
            return source.kind, source.file if source.api == "exports" else source.api
        case SdmxConnector():
            return source.kind, source.answer
    return source.kind, ""


def _gives_parts(source: WebSource) -> bool:
    match source:
        case HttpConnector():
            return source.paging is not None or source.since is not None
        case CkanConnector():
            return source.datastore is not None or source.every
        case OpenDataSoftConnector():
            return source.since is not None or source.api != "exports"
        case SdmxConnector() | PrometheusConnector():
            return True
    return False


def _address(place: Place, source: WebSource) -> Iterator[Problem]:
    keys = ("connector", "url")
    try:
        parts = urlsplit(source.url)
        host = parts.hostname
    except ValueError as error:
        yield place.problem(
            keys, f"the address cannot be read: {error}", "such as https://data.city.gov.vn/api"
        )
        return
    if parts.scheme not in ("http", "https"):
        hint = did_you_mean(parts.scheme, ("https", "http")) if parts.scheme else "begin it with https://"
        what = f"begins with {parts.scheme!r}" if parts.scheme else "does not say how it is asked"
        yield place.problem(keys, f"the address {what}", hint)
    elif not host:
        yield place.problem(keys, "the address names no server", "such as https://data.city.gov.vn/api")
    if parts.username or parts.password:
        yield place.problem(keys, "the address holds a user or a password", _SENT)
    for name, value in parse_qsl(parts.query):
        if _SECRET.search(name) and not value.startswith("{"):
            yield place.problem(keys, f"parameter {name} of the address holds a secret", _SENT)
    if source.auth is not None and parts.scheme == "http" and host not in ("127.0.0.1", "localhost", "::1"):
        message = "who asks is shown without encryption: anybody on the way can read it"
        yield place.problem(keys, message, "ask for https, or leave connector.auth out")


def _question(place: Place, source: HttpConnector) -> Iterator[Problem]:
    texts: dict[tuple[str, ...], str] = {("url",): source.url, ("body",): source.body or ""}
    texts |= {("params", name): value for name, value in source.params.items() if isinstance(value, str)}
    used: set[str] = set()
    for keys, text in texts.items():
        for name in re.findall(r"\{([a-z_]+)\}", text):
            used.add(name)
            if name not in _PLACES:
                hint = did_you_mean(name, _PLACES) or "{" + "}, {".join(_PLACES) + "} are filled in"
                if keys != ("body",):  # a body may hold braces of its own
                    yield place.problem(("connector", *keys), f"nothing is filled in for {{{name}}}", hint)
    for name in source.params:
        if _SECRET.search(name):
            yield place.problem(("connector", "params", name), f"parameter {name} holds a secret", _SENT)
    timed = used & {"since", "from", "to"}
    if timed and source.since is None:
        message = f"{{{sorted(timed)[0]}}} is used, and nothing says how far back a fetch goes"
        yield place.problem(("connector",), message, "give connector.since")
    if source.since is not None and not timed:
        message = "every fetch asks the same: {since} stands neither in url nor in params nor in body"
        yield place.problem(("connector", "since"), message, "write {since} where the source wants the time")
    if source.body is not None and source.method == "GET":
        yield place.problem(
            ("connector", "body"), "a GET request has no body", "set connector.method to POST"
        )


def _pages(place: Place, feed: Feed, source: HttpConnector, pages: Pages) -> Iterator[Problem]:
    keys = ("connector", "paging")
    placed = "{page}" in source.url + (source.body or "") + str(source.params)
    if isinstance(pages, PageNumber | Offset | CursorToken) and pages.parameter is None and not placed:
        message = "no page but the first can be asked for: there is neither paging.parameter nor {page}"
        yield place.problem(keys, message, "name the parameter that the source knows")
    if feed.format.type in ("csv", "jsonl") and (isinstance(pages, NextLink | CursorToken) or pages.total):
        what = "paging.total" if pages.total else "paging.next"
        yield place.problem(
            keys, f"{what} is a path in JSON, and {feed.format.type} has none", "see format.type"
        )
    if feed.format.type in ("xlsx", "parquet"):
        yield place.problem(keys, f"the rows of {feed.format.type} pages cannot be counted", "drop paging")
