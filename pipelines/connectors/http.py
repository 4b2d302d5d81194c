"""``kind: http``: one address that answers with a file, or with pages of rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Final
from urllib.parse import quote

import httpx

from config.models import HttpConnector, PageNumber
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask, State
from pipelines.connectors.look import is_empty
from pipelines.connectors.span import Span, note, reached, remembered, spans, written
from pipelines.connectors.walk import NOTHING, parameters, walk
from pipelines.connectors.web import Web
from pipelines.connectors.whole import save
from pipelines.errors import PassingFault, SourceError

_PLACES: Final = re.compile(r"\{(since|from|to|page|size)\}")


class Http:
    """Fetches files and pages by HTTP(S)."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """See ``base.Connector``."""
        source = ask.connector
        assert isinstance(source, HttpConnector)
        with Web(ask) as web:
            if source.since is None:
                if ask.window is not None:
                    raise SourceError(
                        "this source cannot be asked for a span of time", "give connector.since"
                    )
                if source.paging is None:
                    return self._file(ask, source, web)
                return note(ask, digest=self._walk(ask, source, web, {}, remembered(ask).get("digest")))
            through, digest = None, remembered(ask).get("digest") if ask.window is None else None
            for span in spans(ask, source.since):
                try:
                    digest = self._span(ask, source, web, span, digest)
                except PassingFault as fault:
                    raise reached(ask, fault, through) from None
                through = span.until.isoformat()
        return note(ask, through=through, digest=digest)

    def _file(self, ask: Ask, source: HttpConnector, web: Web) -> State:
        """One file, unless it is the one that was fetched last."""
        known = remembered(ask)
        asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        headers = {name: str(value) for name, value in asked.items() if value}
        with self._send(source, web, {}, None, headers) as answer:
            if answer.unchanged:
                return ask.state
            digest = save(ask, answer, known.get("digest"))
            return note(
                ask,
                etag=answer.headers.get("etag"),
                modified=answer.headers.get("last-modified"),
                digest=digest,
            )

    def _span(self, ask: Ask, source: HttpConnector, web: Web, span: Span, known: object) -> str:
        """Drop what a span holds; its digest."""
        assert source.since is not None
        since, until = (written(moment, source.since, ask) for moment in (span.since, span.until))
        values = {"since": since, "from": since, "to": until}
        if source.paging is not None:
            return self._walk(ask, source, web, values, known)
        with self._send(source, web, values, None, {}) as answer:
            ending = answer.ending(ask.format)
            return save(ask, answer, known, lambda path: not is_empty(path, ending, ask.format))

    def _walk(
        self, ask: Ask, source: HttpConnector, web: Web, values: Mapping[str, str], known: object
    ) -> str:
        pages = source.paging
        assert pages is not None

        def send(at: str | None, url: str | None) -> AbstractContextManager[Answer]:
            # Of numbered pages many sources say that there is none, where others give an empty one.
            beyond = isinstance(pages, PageNumber) and at != str(pages.first)
            if url is not None:
                return web.ask(httpx.URL(source.url).join(url), headers=self._headers(source))
            query = parameters(pages, at)
            placed = {**values, "page": at or "", "size": str(pages.size)}
            return self._send(source, web, placed, query, {}, NOTHING if beyond else ())

        return walk(ask.drop, pages, ask.format, send, known)

    def _send(
        self,
        source: HttpConnector,
        web: Web,
        values: Mapping[str, str],
        query: Mapping[str, str] | None,
        headers: Mapping[str, str],
        also: tuple[int, ...] = (),
    ) -> AbstractContextManager[Answer]:
        params = {name: _filled(_text(value), values, str) for name, value in source.params.items()}
        escape = _in_json if source.content_type.endswith("json") else str
        body = None if source.body is None else _filled(source.body, values, escape).encode()
        return web.ask(
            _filled(source.url, values, partial(quote, safe="")),
            {**params, **(query or {})},
            method=source.method,
            body=body,
            headers={**self._headers(source), **headers},
            also=also,
        )

    @staticmethod
    def _headers(source: HttpConnector) -> dict[str, str]:
        return {} if source.body is None else {"Content-Type": source.content_type}


def _filled(text: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """The text with what is known in the places for it."""
    return _PLACES.sub(lambda place: escape(values[place[1]]) if place[1] in values else place[0], text)


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
