"""Starting, prolonging and ending silences and windows of maintenance from their page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from dash import MATCH, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from dashboard.cli.values import UnknownError
from dashboard.cli.values import moment as moment_of
from dashboard.drawing.format import Lang, moment
from dashboard.forms import Forms
from dashboard.i18n import words_in
from dashboard.warnings.quiet import SCOPES, Kind, demand_known, end_of
from warehouse.state import Areas, Maintenance, QuietError, Silence, State

SPANS: Final = ("1h", "4h", "12h", "1d", "3d", "7d", "30d")
"""For how long something may be kept quiet, besides a moment of one's own."""
ANY: Final = "any"
"""Of this part of the scope all; an empty value is one that the browser does not show."""
AT: Final = "at"
"""Until a moment that the form asks for."""
FIELDS: Final = ("rule", "domain", "feed", "area")
"""What the form asks for of the scope; only what the kind knows counts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept quiet: ``scope`` by the names of ``SCOPES``, ``until`` one of ``SPANS`` or a moment
    by the city's clock, ``start`` such a moment or nothing.
    """

    kind: Kind
    scope: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    start: str = ""
    reason: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one that stands, ``which`` such as ``silence-3``: let it run on by a span of
    ``SPANS`` or to a moment, or end it.
    """

    which: str
    action: Literal["extend", "end"]
    until: str = ""
    reason: str = ""
    who: str = ""


def register(forms: Forms) -> None:
    """Wire the two forms of the page."""

    def part(type_: str) -> dict[str, Any]:
        return {"type": type_, "lang": MATCH}

    @forms.app.callback(
        Output(part("quiet-said"), "children"),
        Input(part("quiet-do"), "n_clicks"),
        *(FormState(part(f"quiet-{name}"), "value") for name in ("kind", "until", "at", "start")),
        *(FormState(part(f"quiet-{name}"), "value") for name in ("reason", "who", *FIELDS)),
        prevent_initial_call=True,
    )
    def _start(clicks: int | None, *typed: str | None) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        kind, until, at, start, reason, who, *scope = ((text or "").strip() for text in typed)
        given = {name: id_ for name, id_ in zip(FIELDS, scope, strict=True) if id_ not in ("", ANY)}
        wanted = Wanted(cast(Kind, kind), given, at if until == AT else until, start, reason, who)
        lang = dict(ctx.triggered_id)["lang"]
        return forms.answer(*begin(forms.city, forms.state, forms.areas(), wanted, forms.clock(), lang))

    @forms.app.callback(
        Output(part("change-said"), "children"),
        Input(part("change-do"), "n_clicks"),
        *(FormState(part(f"change-{name}"), "value") for name in ("which", "what", "at", "reason", "who")),
        prevent_initial_call=True,
    )
    def _change(clicks: int | None, *typed: str | None) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        which, what, at, reason, who = ((text or "").strip() for text in typed)
        action, _, until = what.partition(":")
        asked = Change(which, cast(Any, action), at if until == AT else until, reason, who)
        lang = dict(ctx.triggered_id)["lang"]
        return forms.answer(*change(forms.city, forms.state, forms.areas(), asked, forms.clock(), lang))


def begin(
    city: City, state: State, areas: Areas, wanted: Wanted, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Keep something quiet; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    scope: dict[str, Any] = {name: wanted.scope.get(name) for name in SCOPES.get(wanted.kind, ())}
    if not any(scope.values()):
        return words("silences.needs_scope"), False
    if lacks := _lacking(wanted.until, wanted.reason, wanted.who):
        return words(lacks), False
    try:
        demand_known(city, scope)
        start = moment_of(city, wanted.start) if wanted.start else now
        when: dict[str, Any] = {"starts_at": start, "ends_at": end_of(city, wanted.until, start)}
        who: dict[str, Any] = {"reason": wanted.reason, "who": wanted.who, "now": now, "areas": areas}
        made: Silence | Maintenance = (
            state.silences.add(**scope, **when, **who)
            if wanted.kind == "silence"
            else state.maintenance.add(**scope, **when, **who)
        )
    except UnknownError:
        return words("silences.not_understood"), False
    except QuietError:
        return words("silences.refused"), False
    return words("silences.begun", until=moment(made.until, city.zone, lang)), True


def change(
    city: City, state: State, areas: Areas, asked: Change, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Prolong or end one that stands; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    kind, _, number = asked.which.partition("-")
    if kind not in SCOPES or not number.isdecimal() or asked.action not in ("extend", "end"):
        return words("silences.refused"), False
    until = asked.until if asked.action == "extend" else AT
    if lacks := _lacking(until, asked.reason, asked.who):
        return words(lacks), False
    kept = state.silences if kind == "silence" else state.maintenance
    id_ = int(number)
    try:
        if asked.action == "end":
            kept.end(id_, asked.who, asked.reason, now, areas=areas)
            return words("silences.ended"), True
        end = end_of(city, asked.until, kept.find(id_, areas=areas).ends_at)
        kept.extend(id_, end, asked.who, asked.reason, now, areas=areas)
    except UnknownError:
        return words("silences.not_understood"), False
    except QuietError:
        return words("silences.refused"), False
    return words("silences.prolonged", until=moment(end, city.zone, lang)), True


def _lacking(until: str, reason: str, who: str) -> str | None:
    """The word that tells what is missing in a form; None: nothing."""
    if not until:
        return "silences.needs_until"
    if not reason:
        return "action.needs_reason"
    return None if who else "action.needs_name"
