"""What people do on screens: take a warning on, comment on it, hand it on, close it, keep it quiet,
confirm the shift that it tells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from dash import MATCH, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from config.models.base import parse_duration
from dashboard.components.handling import CHOICES
from dashboard.drawing.format import Lang
from dashboard.forms import Forms
from dashboard.i18n import words_in
from warehouse.state import (
    Areas,
    Earlier,
    HandlingError,
    Outcome,
    QuietError,
    State,
    UnknownWarningError,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for: ``choice`` of what it lets choose from, ``other`` what it asks for besides."""

    warning: int
    action: str
    who: str = ""
    comment: str = ""
    choice: str = ""
    other: str = ""


def register(forms: Forms) -> None:
    """Wire the forms of the warnings desk."""

    def part(type_: str) -> dict[str, Any]:
        return {"type": type_, "warning": MATCH, "lang": MATCH}

    @forms.app.callback(
        Output(part("handle-said"), "children"),
        Input(part("handle-do"), "n_clicks"),
        FormState(part("handle-which"), "value"),
        FormState(part("handle-who"), "value"),
        FormState(part("handle-comment"), "value"),
        FormState(part("handle-what"), "value"),
        FormState(part("handle-other"), "value"),
        prevent_initial_call=True,
    )
    def _handle(clicks: int | None, *typed: str | float | None) -> Any:
        # A form that has just come onto the page also fires, without a click.
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        which, who, comment, what, other = ("" if text is None else str(text).strip() for text in typed)
        action, _, choice = what.partition(":")
        wanted = [
            Asked(int(number), action, who, comment, choice, other)
            for number in which.split(",")
            if number.isdecimal()
        ]
        return forms.answer(
            *handle_all(forms.city, forms.state, forms.areas(), wanted, forms.clock(), key["lang"])
        )


def handle_all(
    city: City, state: State, areas: Areas, wanted: Sequence[Asked], now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Do the same with several warnings, each as it stands; what to tell, and whether anything was stored."""
    words = words_in(lang)
    told = [handle(city, state, areas, asked, now, lang) for asked in wanted]
    done = [said for said, stored in told if stored]
    if not told:
        return words("action.gone"), False
    if not done or len(told) == 1:
        return told[0]
    if len(done) == len(told):
        return words.count("action.done_all", len(done)), True
    return words("action.done_some", n=str(len(done)), of=str(len(told))), True


def handle(
    city: City, state: State, areas: Areas, asked: Asked, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Do what a form asks for; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    lacks = _lacking(asked)
    if lacks is not None:
        return words.of("action", lacks), False
    try:
        _do(city, state, areas, asked, now)
    except UnknownWarningError:
        return words("action.gone"), False
    except (HandlingError, QuietError):
        return words("action.refused"), False
    return words("action.done"), True


def _lacking(asked: Asked) -> str | None:
    """The word that tells what is missing in the form; None: nothing."""
    if not asked.who:
        return "needs_name"
    match asked.action:
        case "comment" if not asked.comment:
            return "needs_comment"
        case "silence" | "reopen" | "rebase" | "unbase" if not asked.comment:
            return "needs_reason"
        case "assign" if not asked.other:
            return "needs_to"
        case "close" if asked.choice == Outcome.DUPLICATE and not asked.other.isdecimal():
            return "needs_number"
        case _:
            return None


def _do(city: City, state: State, areas: Areas, asked: Asked, now: dt.datetime) -> None:
    warning, who, comment = asked.warning, asked.who, asked.comment
    match asked.action:
        case "acknowledge":
            state.acknowledge(warning, who, comment, now, areas=areas)
        case "comment":
            state.comment(warning, who, comment, now, areas=areas)
        case "assign":
            state.assign(warning, asked.other, who, comment, now, areas=areas)
        case "close":
            outcome = Outcome(asked.choice)
            other = int(asked.other) if outcome is Outcome.DUPLICATE else None
            state.conclude(warning, outcome, who, comment, now, areas=areas, duplicate_of=other)
        case "reopen":
            state.reopen(warning, who, comment, now, areas=areas)
        case "silence" if asked.choice in CHOICES["silence"]:
            found = state.warning(warning, areas=areas)
            until = now + cast(dt.timedelta, parse_duration(asked.choice))
            state.silences.add(
                rule=found.rule, area=found.area, ends_at=until, reason=comment, who=who, now=now, areas=areas
            )
        case "rebase" if asked.choice in CHOICES["rebase"]:
            _rebase(city, state, areas, asked, now)
        case "unbase":
            state.new_levels.withdraw(warning, who, comment, now, areas=areas)
        case _:
            raise HandlingError(f"nothing is known of {asked.action} {asked.choice}")


def _rebase(city: City, state: State, areas: Areas, asked: Asked, now: dt.datetime) -> None:
    """Confirm the shift that a warning tells: it was right, and what is normal is another from now on."""
    found = state.warning(asked.warning, areas=areas)
    rule, began = city.rules.get(found.rule), found.evidence.get("began")
    if rule is None or rule.indicator is None or began is None:
        raise HandlingError(f"warning {asked.warning} tells of no shift")
    since, earlier = dt.datetime.fromisoformat(str(began)), Earlier(asked.choice)
    state.new_levels.confirm(
        found.id, rule.indicator, since, earlier, asked.who, asked.comment, now, areas=areas
    )
    if found.outcome is None:
        state.conclude(found.id, Outcome.TRUE, asked.who, asked.comment, now, areas=areas)
