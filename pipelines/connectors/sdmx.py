"""``kind: sdmx``: a data flow of a statistical web service (SDMX 2.1 and 3.0)."""

from __future__ import annotations

import datetime as dt
from typing import Final
from urllib.parse import quote

from config.models import SdmxConnector
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask, State
from pipelines.connectors.span import note, remembered
from pipelines.connectors.web import Web
from pipelines.connectors.whole import save
from pipelines.errors import SourceError

ACCEPT: Final = {
    ("2.1", "xml"): "application/vnd.sdmx.structurespecificdata+xml;version=2.1",
    ("2.1", "json"): "application/vnd.sdmx.data+json;version=1.0.0",
    ("2.1", "csv"): "application/vnd.sdmx.data+csv;version=1.0.0",
    ("3.0", "xml"): "application/vnd.sdmx.data+xml;version=3.0.0",
    ("3.0", "json"): "application/vnd.sdmx.data+json;version=2.0.0",
    ("3.0", "csv"): "application/vnd.sdmx.data+csv;version=2.0.0",
}
_NO_RESULTS: Final = 404
_SAYS_SO: Final = (b'code="100"', b"No results", b"no results", b"NoRecordsFound", b"No data")
"""How services say that the question was right and nothing answers to it."""


class Sdmx:
    """Fetches a data flow from the first period on, and later again the periods that may be revised."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """See ``base.Connector``."""
        source = ask.connector
        assert isinstance(source, SdmxConnector)
        known = remembered(ask)
        since, until = source.first, None
        if ask.window is not None:
            since = _period(ask.window.since.astimezone(ask.zone), source)
            until = _period((ask.window.until - dt.timedelta(microseconds=1)).astimezone(ask.zone), source)
        elif (through := known.get("through")) is not None:
            past = dt.datetime.fromisoformat(through) - source.overlap
            since = _period(past.astimezone(ask.zone), source)
            since = max(since, source.first) if source.first is not None else since
        address, question = _question(source, since, until)
        headers = {"Accept": ACCEPT[source.version, source.answer]}
        with Web(ask) as web, web.ask(address, question, headers=headers, also=(_NO_RESULTS,)) as answer:
            if answer.status == _NO_RESULTS:
                _demand_that_nothing_is_meant(answer)
                digest = None
            else:
                digest = save(ask, answer, known.get("digest"))
        return note(ask, through=ask.now.isoformat(), digest=digest)


def _question(source: SdmxConnector, since: str | None, until: str | None) -> tuple[str, dict[str, str]]:
    """Address and query, as the standard's REST API of that version wants them."""
    root, version = source.url.rstrip("/"), source.flow_version
    if source.version == "2.1":
        flow = f"{source.agency},{source.flow},{version or 'latest'}"
        address = f"{root}/data/{flow}/{source.key or 'all'}"
        asked = {"startPeriod": since, "endPeriod": until}
        return address, {name: value for name, value in asked.items() if value}
    path = (source.agency, source.flow, version or "+", source.key or "*")
    address = f"{root}/data/dataflow/" + "/".join(quote(part, safe="+*.,") for part in path)
    bounds = [f"{sign}:{value}" for sign, value in (("ge", since), ("le", until)) if value]
    # Bounds of one dimension that stand together are joined by +, which means "and".
    return address, {"c[TIME_PERIOD]": "+".join(bounds)} if bounds else {}


def _period(moment: dt.datetime, source: SdmxConnector) -> str:
    """The period in which a moment lies, as the flow's frequency writes it."""
    match source.frequency:
        case "A":
            return f"{moment:%Y}"
        case "S":
            return f"{moment:%Y}-S{1 + (moment.month > 6)}"
        case "Q":
            return f"{moment:%Y}-Q{(moment.month + 2) // 3}"
        case "M":
            return f"{moment:%Y-%m}"
    return f"{moment:%Y-%m-%d}"


def _demand_that_nothing_is_meant(answer: Answer) -> None:
    """A question to which nothing answers is answered with 404, as is one after a flow that is not there."""
    said = answer.small()[:4096]
    if not any(sign in said for sign in _SAYS_SO):
        raise SourceError(
            f"{answer.url} answered 404",
            "correct connector.agency, flow, flow_version or key: there is none such",
        )
