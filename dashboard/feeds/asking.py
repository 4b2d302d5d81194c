"""Asking for a feed to be run, filled in or loaded again, on its page of data health."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from dash import MATCH, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from dashboard.drawing.format import Lang
from dashboard.feeds.work import backfills
from dashboard.forms import Forms
from dashboard.i18n import words_in
from warehouse.state import RequestError, RequestKind, State


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form asks for, as it was typed."""

    feed: str
    kind: RequestKind
    first: str = ""
    last: str = ""
    who: str = ""


def register(forms: Forms, wake: Callable[[], object]) -> None:
    """Wire the forms; ``wake`` tells the worker that there is something to do."""

    def part(type_: str) -> dict[str, Any]:
        return {"type": type_, "feed": MATCH, "kind": MATCH, "lang": MATCH}

    @forms.app.callback(
        Output(part("work-said"), "children"),
        Input(part("work-do"), "n_clicks"),
        *(FormState(part(f"work-{name}"), "value") for name in ("first", "last", "who")),
        prevent_initial_call=True,
    )
    def _ask(clicks: int | None, *typed: str | None) -> Any:
        # A form that has just come onto the page also fires, without a click.
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        wanted = Wanted(key["feed"], key["kind"], *((text or "").strip() for text in typed))
        said, stored = ask(forms.city, forms.state, wanted, forms.clock(), key["lang"])
        if stored:
            wake()
        return forms.answer(said, stored)


def ask(city: City, state: State, wanted: Wanted, now: dt.datetime, lang: Lang) -> tuple[str, bool]:
    """Write down what a form asks for; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    feed = city.feeds.get(wanted.feed)
    if feed is None or wanted.kind not in get_args(RequestKind) or wanted.kind == "mend":
        return words("action.gone"), False
    days: tuple[dt.date, ...] = ()
    if wanted.kind == "backfill":
        if not backfills(feed):
            return words.of("work_end", "not_ranged"), False
        try:
            days = tuple(dt.date.fromisoformat(day) for day in (wanted.first, wanted.last))
        except ValueError:
            return words("work.needs_days"), False
        if days[1] < days[0]:
            return words("work.ends_first"), False
        if days[0] > now.astimezone(city.zone).date():
            return words("work.too_early"), False
    if not wanted.who:
        return words("action.needs_name"), False
    try:
        asked = state.feed_requests.ask(feed.id, wanted.kind, wanted.who, now, *days)
    except RequestError:
        return words("work.refused"), False
    if asked.asked_at != now:
        return words("work.joined"), False
    return words("work.begun"), True
