"""Requests of feeds in words, for screens and for the terminal."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dashboard.drawing.format import Lang, moment, number
from dashboard.i18n import words_in

if TYPE_CHECKING:
    from warehouse.state import FeedRequest


def step(request: FeedRequest, lang: Lang) -> str:
    """What is being done for it now, in a word or two."""
    words = words_in(lang)
    if request.state == "waiting":
        return words("work.waiting")
    if request.over:
        return words.of("work_state", request.state.value)
    return words.of("work_step", request.step or "begin")


def outcome(request: FeedRequest, lang: Lang, zone: ZoneInfo) -> str:
    """What came of it, or why it waits; nothing while there is nothing to tell."""
    words, told = words_in(lang), request.told or {}
    if request.state == "waiting" and told.get("cause"):
        at = moment(request.due_at, zone, lang)
        return words("work.waits", cause=str(told["cause"]), time=at)
    if not request.over or not told:
        return ""
    match str(told["word"]):
        case "loaded" if not told.get("files"):
            return words("work.nothing")
        case "loaded":
            names = ("accepted", "unchanged", "rejected")
            counts = {name: number(int(told.get(name, 0)), lang) for name in names}
            failed = int(told.get("failed", 0))
            more = " " + words.count("work.files_failed", failed) if failed else ""
            files, rows = words.count("work.files", int(told["files"])), words("work.rows", **counts)
            return f"{files} {rows}{more}"
        case "mended":
            said = [words.count("quarantine.mended_now", int(told["mended"]))]
            if told.get("refused"):
                said.append(words.count("quarantine.refused_again", int(told["refused"])))
            if told.get("gone"):
                said.append(words("quarantine.others_gone", n=number(int(told["gone"]), lang)))
            return " ".join(said)
        case "dismiss":
            return words.count("quarantine.dismissed_now", int(told["rows"]))
        case "take_back":
            return words.count("quarantine.taken_back", int(told["rows"]))
        case "passing":
            again = told.get("again")
            if not again:
                return words("work.given_up", cause=str(told["cause"]))
            at = moment(dt.datetime.fromisoformat(str(again)), zone, lang)
            return words("work.passing", cause=str(told["cause"]), time=at)
        case "failed" | "given_up" | "broke" | "refused" as word:
            return words.of("work_end", word).format(cause=str(told["cause"]))
        case word:
            return words.of("work_end", word)


def as_data(request: FeedRequest) -> dict[str, Any]:
    """One request, ready for JSON."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in asdict(request).items()
    }
