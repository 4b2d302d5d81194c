"""What the status of a web server's answer means, in words that help."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from pipelines.connectors.answer import Answer
from pipelines.errors import PassingFault, SourceError

_PASSING: Final = {408: "took too long over the question", 425: "is not ready", 429: "is asked too often"}
_NEVER: Final = {501, 505}
LONGEST_PAUSE: Final = dt.timedelta(days=1)
_LONGEST_SAID: Final = 300
_SAYINGS: Final = ("message", "error_description", "error", "errors", "detail", "title", "__type")
"""Where services write in an answer of JSON what was wrong, the best place first."""


def refuse(answer: Answer, clean: Callable[[str], str]) -> None:
    """Raise PassingFault or SourceError unless the answer is data or says that nothing changed.

    ``clean`` takes secrets out of what the server says.
    """
    status = answer.status
    if httpx.codes.is_success(status) or answer.unchanged:
        return
    said = clean(_said(answer))
    told = f"{answer.url} answered {status}" + (f": {said}" if said else "")
    if status in _PASSING or (status >= 500 and status not in _NEVER):
        why = _PASSING.get(status, "has a fault of its own")
        raise PassingFault(told, f"the source {why}; it is tried again", retry_after(answer.headers))
    match status:
        case 401 | 403 | 407:
            hint = (
                "the credentials are wrong or lack a right: see connector.auth, and its environment variables"
            )
        case 404 | 410:
            hint = "there is nothing at this address: correct the connector"
        case 301 | 302 | 303 | 307 | 308:
            hint = "it redirects to nowhere"
        case _:
            hint = "correct the connector"
    raise SourceError(told, hint)


def retry_after(headers: Mapping[str, str]) -> dt.timedelta | None:
    """How long the source asks to be left alone: seconds, or a date, which is read by the server's clock."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(dt.timedelta(seconds=min(int(value), 10**9)), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(value)
        now = parsedate_to_datetime(headers["date"]) if "date" in headers else dt.datetime.now(dt.UTC)
        return min(max(until - now, dt.timedelta()), LONGEST_PAUSE)
    except (ValueError, TypeError):
        return None


def _said(answer: Answer) -> str:
    """The message in an answer of JSON, on one line; empty when there is none."""
    if not answer.type.endswith("json"):
        return ""
    try:
        text = _message(json.loads(answer.small()))
    except (ValueError, RecursionError, SourceError, PassingFault):
        return ""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SAID else line[:_LONGEST_SAID] + "…"


def _message(value: Any) -> str:
    match value:
        case str():
            return value
        case list():
            return "; ".join(filter(None, map(_message, value[:3])))
        case dict():
            for key in _SAYINGS:
                if found := _message(value.get(key)):
                    return found
            return "; ".join(
                f"{key}: {_message(item)}" for key, item in list(value.items())[:3] if _message(item)
            )
    return ""
