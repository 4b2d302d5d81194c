"""Spans of time that a source is asked for, and what is remembered of it from one fetch to the next."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from config.models import Since
from pipelines.connectors.base import Ask, State
from pipelines.errors import PassingFault


@dataclass(frozen=True)
class Span:
    """From ``since`` until ``until``, both with zone."""

    since: dt.datetime
    until: dt.datetime


def spans(ask: Ask, since: Since) -> Iterator[Span]:
    """The spans to ask for, the oldest first: the window asked for, or from the last fetch until now."""
    if ask.window is not None:
        begin, end = ask.window.since, ask.window.until
    else:
        end = ask.now
        through = remembered(ask).get("through")
        begin = (
            dt.datetime.fromisoformat(through) - since.overlap
            if through is not None
            else dt.datetime.combine(since.first, dt.time(), ask.zone)
        )
    while begin < end:
        until = end if since.step is None else min(end, begin + since.step)
        yield Span(begin, until)
        begin = until


def written(moment: dt.datetime, since: Since, ask: Ask) -> str:
    """A time as the source wants it written."""
    return moment.astimezone(dt.UTC if since.zone == "utc" else ask.zone).strftime(since.format)


def remembered(ask: Ask) -> State:
    """The state, unless it belongs to another question: what is asked has been changed since."""
    return ask.state if ask.state.get("of") == _question(ask) else {}


def note(ask: Ask, **values: str | int | float | None) -> State:
    """The state to remember: ``values`` that are known, and to which question they belong."""
    return {"of": _question(ask), **{name: value for name, value in values.items() if value is not None}}


def reached(ask: Ask, fault: PassingFault, through: str | float | None) -> PassingFault:
    """The fault, with the state up to which everything was fetched before it."""
    if through is not None and ask.window is None:
        fault.reached = note(ask, through=through)
    return fault


def _question(ask: Ask) -> str:
    """What tells one definition's question from another's: all but limits and who asks.

    What is left out is not part of it, so that a key which a later version adds changes no question.
    """
    aside = {"auth", "headers", "time_limit", "size_limit"}
    question = ask.connector.model_dump(mode="json", exclude=aside, exclude_defaults=True)
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()[:16]
