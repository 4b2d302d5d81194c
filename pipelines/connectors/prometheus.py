"""``kind: prometheus``: what a Prometheus server has measured, step by step, by its HTTP API."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from config.models import Format, PrometheusConnector
from pipelines.connectors.base import Ask, State
from pipelines.connectors.look import look
from pipelines.connectors.span import note, reached, remembered
from pipelines.connectors.web import Web
from pipelines.connectors.whole import save
from pipelines.errors import PassingFault, SourceError

log = logging.getLogger(__name__)


class Prometheus:
    """Fetches the series of a query over spans of time (``query_range``)."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """See ``base.Connector``."""
        source = ask.connector
        assert isinstance(source, PrometheusConnector)
        step = source.step.total_seconds()
        through = _begin(ask, source) - step
        with Web(ask) as web:
            for first, last in _windows(ask, source, through + step):
                question = {
                    "query": source.query,
                    "start": f"{first:.3f}",
                    "end": f"{last:.3f}",
                    "step": f"{step:g}",
                }
                try:
                    with web.ask(f"{source.url.rstrip('/')}/api/v1/query_range", question) as answer:
                        save(ask, answer, worth=lambda path: _has_series(path, ask.feed))
                except PassingFault as fault:
                    raise reached(ask, fault, through) from None
                through = last
        return note(ask, through=through)


def _begin(ask: Ask, source: PrometheusConnector) -> float:
    """The first moment to ask for: the step after the last one fetched."""
    step = source.step.total_seconds()
    if ask.window is not None:
        return _up(ask.window.since.timestamp(), step)
    through = remembered(ask).get("through")
    return _up((ask.now - source.lookback).timestamp(), step) if through is None else float(through) + step


def _windows(ask: Ask, source: PrometheusConnector, begin: float) -> Iterator[tuple[float, float]]:
    """First and last moment of each request, in seconds: steps of the clock, so that the same moment asked
    for twice is the same row; at most ``points`` of them.
    """
    step, first = source.step.total_seconds(), begin
    end = (ask.now - source.delay).timestamp()
    if ask.window is not None:
        end = ask.window.until.timestamp() - step / 1000
    while first <= end:
        last = min(first + step * (source.points - 1), end - end % step)
        if last < first:
            return
        yield first, last
        first = last + step


def _up(moment: float, step: float) -> float:
    return moment + -moment % step


def _has_series(path: Path, feed: str) -> bool:
    """Whether an answer holds any rows. Raises SourceError when the server refused."""
    seen = look(path, ".json", Format(type="json", records="data.result"), ("status", "warnings.item"))
    if seen.found.get("status") != "success":
        raise SourceError("the server did not carry the query out", "try it on the server's own page")
    if warning := seen.found.get("warnings.item"):
        log.warning("%s: the server warns that the answer may not be whole: %s", feed, warning)
    return seen.rows > 0
