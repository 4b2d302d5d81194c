"""The sdmx connector: a service that answers as the standard's REST API does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors.base import Window
from tests.pipelines.connectors.conftest import NOW, Fetching
from tests.pipelines.connectors.site import Reply, Site

COLUMNS = [
    {"name": "id", "source": "CURRENCY", "type": "text", "required": True},
    {"name": "at", "source": "TIME_START", "type": "date", "required": True},
    {"name": "amount", "source": "OBS_VALUE", "type": "number"},
]
CHANGES: dict[str, Any] = {"format": {"type": "sdmx"}, "columns": COLUMNS, "key": ["id", "at"]}
NO_RESULTS = (
    b'<?xml version="1.0"?><mes:Error xmlns:mes="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message">'
    b'<mes:ErrorMessage code="100"><com:Text>No results found.</com:Text></mes:ErrorMessage></mes:Error>'
)


def test_version_2_1_first_all_then_what_may_be_revised(
    fetching: Fetching, site: Site, shared_data: Path
) -> None:
    message = (shared_data / "formats" / "sdmx_ECB_EXR_sg-ts-gf.xml").read_bytes()
    answers = [
        Reply(message, type="application/vnd.sdmx.structurespecificdata+xml;version=2.1"),
        Reply(message, type="application/vnd.sdmx.structurespecificdata+xml;version=2.1"),
        Reply(NO_RESULTS, 404, type="application/xml"),
    ]
    site.answer("/service/data/ECB,EXR,1.0/M..EUR.SP00.E", lambda _: answers.pop(0))
    connector = {
        "kind": "sdmx",
        "url": site.url("/service/"),
        "agency": "ECB",
        "flow": "EXR",
        "flow_version": "1.0",
        "key": "M..EUR.SP00.E",
        "first": "2010-08",
        "frequency": "M",
        "overlap": "26w",
    }
    feed = fetching(connector, **CHANGES)
    assert [feed.fetch(now=NOW).status for _ in range(3)] == ["done", "unchanged", "unchanged"]
    assert [request.query for request in site.asked] == [
        {"startPeriod": "2010-08"},
        {"startPeriod": "2026-05"},
        {"startPeriod": "2026-05"},
    ]
    assert {request.headers["Accept"] for request in site.asked} == {
        "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
    }
    feed.load()
    [(count, total)] = feed.house.rows("SELECT count(*), sum(amount) FROM fact_tickets")
    assert (count, total) == (12, pytest.approx(344.49117))


def test_version_3_0_in_csv_over_a_span(fetching: Fetching, site: Site) -> None:
    body = b"STRUCTURE,ACTION,CURRENCY,TIME_PERIOD,OBS_VALUE\ndataflow,I,VND,2026-Q3,25000.5\n"
    reply = Reply(body, type="application/vnd.sdmx.data+csv; version=2.0.0")
    site.answer("/data/dataflow/ESTAT/RATES/+/*", reply)
    connector = {
        "kind": "sdmx",
        "url": site.url(),
        "version": "3.0",
        "agency": "ESTAT",
        "flow": "RATES",
        "answer": "csv",
        "frequency": "Q",
    }
    feed = fetching(connector, **CHANGES)
    feed.fetch(Window(dt.datetime(2026, 7, 1, tzinfo=dt.UTC), dt.datetime(2026, 9, 30, tzinfo=dt.UTC)))
    assert site.asked[0].query == {"c[TIME_PERIOD]": "ge:2026-Q3+le:2026-Q3"}
    assert site.asked[0].headers["Accept"] == "application/vnd.sdmx.data+csv;version=2.0.0"
    feed.load()
    assert feed.facts('id, "at", amount') == [("VND", dt.date(2026, 7, 1), 25000.5)]


def test_a_flow_that_is_not_there_is_no_empty_answer(fetching: Fetching, site: Site) -> None:
    feed = fetching({"kind": "sdmx", "url": site.url(), "agency": "ECB", "flow": "EXR"}, **CHANGES)
    told = feed.fetch()
    assert told.status == "failed"
    assert "correct connector.agency, flow" in str(told.hint)
