"""``kind: opendatasoft``: a dataset of an OpenDataSoft portal, exported whole or read page by page."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from config.models import Format, Offset, OpenDataSoftConnector
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask, State
from pipelines.connectors.look import is_empty
from pipelines.connectors.span import Span, note, reached, remembered, spans, written
from pipelines.connectors.walk import parameters, walk
from pipelines.connectors.web import Web
from pipelines.connectors.whole import save
from pipelines.errors import PassingFault, SourceError

_INTERRUPTED: Final = b"Streaming interrupted due to the following error"
"""What the portal writes into an export that it cannot finish: the status was sent long before."""
_TAIL: Final = 4096
_PAGES: Final = {
    "records": Offset(by="offset", size_parameter="limit", size=100, total="total_count"),
    "v1": Offset(by="offset", parameter="start", size_parameter="rows", size=1000, total="nhits"),
}
_RECORDS: Final = {"records": "results", "v1": "records"}
MOST_ROWS: Final = 10_000
"""Rows of which the portal gives pages; it refuses to go on after them."""


class OpenDataSoft:
    """Fetches datasets by the Explore API 2.1, or by the search of API 1.0."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """See ``base.Connector``."""
        source = ask.connector
        assert isinstance(source, OpenDataSoftConnector)
        digest = remembered(ask).get("digest") if ask.window is None else None
        with Web(ask, prefix="Apikey ") as web:
            if source.since is None:
                if ask.window is not None:
                    raise SourceError("this dataset has no column of time to ask by", "give connector.time")
                return note(ask, digest=self._take(ask, source, web, None, digest))
            through = None
            for span in spans(ask, source.since):
                try:
                    digest = self._take(ask, source, web, span, digest)
                except PassingFault as fault:
                    raise reached(ask, fault, through) from None
                through = span.until.isoformat()
        return note(ask, through=through, digest=digest)

    def _take(
        self, ask: Ask, source: OpenDataSoftConnector, web: Web, span: Span | None, known: object
    ) -> str:
        question = _question(ask, source, span)

        def worth(path: Path) -> bool:
            return _unbroken(path) and (span is None or not is_empty(path, f".{source.file}", ask.format))

        if source.api == "exports":
            question["limit"] = "-1"
            if source.file == "csv":
                question |= {"delimiter": ask.format.delimiter, "with_bom": "false"}
            with web.ask(f"{_root(source)}/exports/{source.file}", question) as answer:
                return save(ask, answer, known, worth)
        address = f"{_root(source)}/records"
        if source.api == "v1":
            address = f"{source.url.rstrip('/')}/api/records/1.0/search/"
        pages = _PAGES[source.api]

        def send(at: str | None, _: str | None) -> AbstractContextManager[Answer]:
            if int(at or 0) + pages.size > MOST_ROWS:
                raise SourceError(
                    f"the portal gives pages of the first {MOST_ROWS} rows alone, and there are more",
                    "set connector.api to exports, or ask for less by time, since.step or where",
                )
            return web.ask(address, {**question, **parameters(pages, at)})

        return walk(ask.drop, pages, Format(type="json", records=_RECORDS[source.api]), send, known)


def _root(source: OpenDataSoftConnector) -> str:
    return f"{source.url.rstrip('/')}/api/explore/v2.1/catalog/datasets/{source.dataset}"


def _question(ask: Ask, source: OpenDataSoftConnector, span: Span | None) -> dict[str, str]:
    """The query's part that chooses rows and columns, in the words of the API."""
    wheres = [f"({source.where})"] if source.where else []
    if source.api == "v1":
        question = {"dataset": source.dataset, "timezone": "UTC"}
        wheres = [source.where] if source.where else []
        if span is not None:
            wheres.append(
                f"{source.time}:[{_moment(ask, source, span.since)} TO {_moment(ask, source, span.until)}]"
            )
        names = {"q": " AND ".join(wheres), "sort": source.order_by, "fields": source.select}
    else:
        question = {"timezone": "UTC"}
        if span is not None:
            for sign, moment in ((">=", span.since), ("<", span.until)):
                wheres.append(f"{source.time} {sign} date'{_moment(ask, source, moment)}'")
        # Without an order, pages are in none.
        order = source.order_by or (source.time if source.api == "records" else None)
        names = {"where": " AND ".join(wheres), "order_by": order, "select": source.select}
    return question | {name: value for name, value in names.items() if value}


def _moment(ask: Ask, source: OpenDataSoftConnector, moment: dt.datetime) -> str:
    assert source.since is not None
    return written(moment, source.since, ask)


def _unbroken(path: Path) -> bool:
    """Whether an export came to its end. Raises PassingFault when the portal says that it did not."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TAIL))
        if _INTERRUPTED in stream.read():
            raise PassingFault("the portal broke off the export", "it is tried again")
    return True
