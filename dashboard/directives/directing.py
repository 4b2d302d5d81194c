"""Issuing directives and following them up: what the forms of the screens ask for is done, or refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import MATCH, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from config.working import closing
from dashboard.components.directive_form import ISSUED, TOLD
from dashboard.directives.about import About, about_of
from dashboard.drawing.format import Lang
from dashboard.forms import Forms
from dashboard.i18n import words_in
from dashboard.standing import enough
from indicators.notices.offices import office_named
from indicators.subjects import subject_of
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.state import (
    PRIORITIES,
    Areas,
    DirectiveError,
    Figure,
    Order,
    Result,
    State,
    UnknownDirectiveError,
    UnknownWarningError,
)
from warehouse.store import Store

Read = Callable[[About], float | None]
"""The value of the figure that a form is about, as it stands."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What the form to issue asks for; ``due`` is a day."""

    about: str
    text: str = ""
    unit: str = ""
    joining: str = ""
    due: str = ""
    priority: str = "normal"
    who: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the form of a directive's page asks for: ``action`` one of ``report``, ``comment``, ``ask``,
    ``extend``, ``refuse``, ``close:<result>``, ``reopen``; ``until`` is a day.
    """

    directive: int
    action: str
    who: str = ""
    text: str = ""
    progress: str = ""
    until: str = ""
    evidence: str = ""


def register(forms: Forms, store: Store) -> None:
    """Wire the two forms."""

    def issuing(name: str) -> dict[str, Any]:
        return {"type": f"issue-{name}", "about": MATCH, "lang": MATCH}

    def telling(name: str) -> dict[str, Any]:
        return {"type": f"tell-{name}", "directive": MATCH, "lang": MATCH}

    @forms.app.callback(
        Output(issuing("said"), "children"),
        Input(issuing("do"), "n_clicks"),
        *(FormState(issuing(name), "value") for name in ISSUED),
        prevent_initial_call=True,
    )
    def _issue(clicks: int | None, *typed: str | None) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        asked = Issue(key["about"], *((text or "").strip() for text in typed))
        read = value_in(forms.city, store)
        return forms.answer(
            *issue(forms.city, forms.state, forms.areas(), asked, read, forms.clock(), key["lang"])
        )

    @forms.app.callback(
        Output(telling("said"), "children"),
        Input(telling("do"), "n_clicks"),
        *(FormState(telling(name), "value") for name in TOLD),
        prevent_initial_call=True,
    )
    def _tell(clicks: int | None, *typed: str | float | None) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        asked = Told(int(key["directive"]), *("" if text is None else str(text).strip() for text in typed))
        return forms.answer(*tell(forms.city, forms.state, forms.areas(), asked, forms.clock(), key["lang"]))


def value_in(city: City, store: Store) -> Read:
    """Reads figures from a warehouse: what somebody sends along with a form is not believed."""

    def read(about: About) -> float | None:
        if not about.indicator or about.start is None:
            return None
        key = about.indicator, about.area, about.start
        with reading(store, city, EVERYONE) as reader:
            found = reader.at(about.period, {key}).get(key)
        # What screens do not show as a number, nobody has looked at.
        return found.value if found is not None and enough(city.indicators[about.indicator], found) else None

    return read


def issue(
    city: City, state: State, areas: Areas, asked: Issue, read: Read, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Issue a directive; what to tell the person, and whether anything was stored."""
    words, about = words_in(lang), about_of(city, asked.about)
    if about is None or asked.priority not in PRIORITIES:
        return words("directive.refused"), False
    if office_named(city, asked.unit) is None:
        return words("directive.needs_unit"), False
    if not asked.text:
        return words("directive.needs_text"), False
    if not asked.who:
        return words("action.needs_name"), False
    due = due_at(city, asked.due)
    if due is None or due <= now:
        return words("directive.needs_due"), False
    joining = (asked.joining,) if office_named(city, asked.joining) is not None else ()
    try:
        order = Order(
            text=asked.text,
            area=about.area,
            unit=asked.unit,
            due_at=due,
            priority=next(name for name in PRIORITIES if name == asked.priority),
            joining=joining,
            domain=_domain(city, state, areas, about),
            figure=_figure(about, read),
            warning=about.warning,
            task=about.task or None,
        )
        made = state.directives.issue(order, asked.who, now, areas=areas)
    except (UnknownDirectiveError, UnknownWarningError):
        return words("directive.refused"), False
    return words("directive.done_issue", n=str(made.id)), True


def _figure(about: About, read: Read) -> Figure | None:
    if not about.indicator or about.start is None:
        return None
    start = about.start
    at = start if isinstance(start, dt.datetime) else dt.datetime.combine(start, dt.time())
    return Figure(about.indicator, about.period, at, read(about))


def _domain(city: City, state: State, areas: Areas, about: About) -> str | None:
    if about.warning is not None:
        found = state.warning(about.warning, areas=areas)
        return subject_of(city, found.rule, found.area).domain or about.domain or None
    return about.domain or None


def due_at(city: City, text: str) -> dt.datetime | None:
    """The end of the working hours of a day; None where the text is no day."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return dt.datetime.combine(day, closing(city.head.calendar), city.zone)


def tell(
    city: City, state: State, areas: Areas, asked: Told, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Do what somebody wants of a directive; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    if lacks := _lacking(city, asked):
        return words(lacks), False
    try:
        _do(city, state, areas, asked, now)
    except UnknownDirectiveError:
        return words("directive.gone"), False
    except (DirectiveError, ValueError):
        return words("directive.not_so"), False
    return words("action.done"), True


def _lacking(city: City, asked: Told) -> str | None:
    """The word that tells what is missing in the form; None: nothing."""
    if not asked.who:
        return "action.needs_name"
    action, _, choice = asked.action.partition(":")
    if not asked.text and action != "extend" and choice != Result.DONE:
        return "directive.needs_words"
    if action == "ask" and due_at(city, asked.until) is None:
        return "directive.needs_due"
    if action == "report" and not (asked.progress.isdecimal() and int(asked.progress) <= 100):
        return "directive.needs_progress"
    return None


def _do(city: City, state: State, areas: Areas, asked: Told, now: dt.datetime) -> None:
    kept, number, who, text = state.directives, asked.directive, asked.who, asked.text
    action, _, choice = asked.action.partition(":")
    match action:
        case "report":
            progress = int(asked.progress)
            kept.report(number, who, text, progress, now, evidence=asked.evidence, areas=areas)
        case "comment":
            kept.comment(number, who, text, now, areas=areas)
        case "ask":
            until = due_at(city, asked.until)
            assert until is not None
            kept.ask_extension(number, until, who, text, now, areas=areas)
        case "extend" | "refuse":
            kept.answer_extension(number, action == "extend", who, text, now, areas=areas)
        case "close":
            kept.close(number, Result(choice), who, text, now, areas=areas)
        case "reopen":
            kept.reopen(number, who, text, now, areas=areas)
        case _:
            raise DirectiveError(f"nothing is known of {asked.action}")
