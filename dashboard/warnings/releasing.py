"""Releasing a warning to the public from its page, in a person's own words, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from dash import ALL, MATCH, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from config.models.base import parse_duration
from dashboard.drawing.format import Lang
from dashboard.forms import Forms
from dashboard.i18n import words_in
from indicators.notices import public
from indicators.notices.public import NotPublicError
from warehouse.state import Areas, HandlingError, State, UnknownWarningError

SPANS: Final = ("1h", "3h", "6h", "12h", "1d", "2d", "3d")
"""For how long a text to the public may hold."""
DEFAULT: Final = "default"
"""As long as the rule says."""
WITHDRAW: Final = "withdraw"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for: texts by language, and ``what``: a span of ``SPANS``, the rule's own, or to
    withdraw what was released, for which ``reason`` says why.
    """

    warning: int
    what: str
    who: str = ""
    reason: str = ""
    headline: Mapping[str, str] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)


def register(forms: Forms) -> None:
    """Wire the form of a warning's page."""

    def part(type_: str, **more: Any) -> dict[str, Any]:
        return {"type": type_, "warning": MATCH, "lang": MATCH, **more}

    @forms.app.callback(
        Output(part("release-said"), "children"),
        Input(part("release-do"), "n_clicks"),
        FormState(part("release-what"), "value"),
        FormState(part("release-who"), "value"),
        FormState(part("release-reason"), "value"),
        FormState(part("release-headline", of=ALL), "value"),
        FormState(part("release-text", of=ALL), "value"),
        prevent_initial_call=True,
    )
    def _release(clicks: int | None, what: str, who: str, reason: str, *_: object) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        # The last two states are the fields of the languages, each with the language in its id.
        headline, text = (
            {entry["id"]["of"]: (entry.get("value") or "").strip() for entry in cast(Any, group)}
            for group in ctx.states_list[3:5]
        )
        wanted = Wanted(
            key["warning"], what or "", (who or "").strip(), (reason or "").strip(), headline, text
        )
        return forms.answer(
            *release(forms.city, forms.state, forms.areas(), wanted, forms.clock(), key["lang"])
        )


def release(
    city: City, state: State, areas: Areas, wanted: Wanted, now: dt.datetime, lang: Lang
) -> tuple[str, bool]:
    """Do what the form asks for; what to tell the person, and whether anything was stored."""
    words = words_in(lang)
    if not wanted.who:
        return words("action.needs_name"), False
    if wanted.what == WITHDRAW and not wanted.reason:
        return words("action.needs_reason"), False
    if wanted.what != WITHDRAW and not all(
        wanted.headline.get(language) and wanted.text.get(language) for language in city.head.languages
    ):
        return words("release.needs_text"), False
    try:
        if wanted.what == WITHDRAW:
            state.releases.withdraw(wanted.warning, wanted.who, wanted.reason, now, areas=areas)
        else:
            until = now + _span(city, state, areas, wanted)
            public.release(
                city,
                state,
                wanted.warning,
                wanted.who,
                wanted.headline,
                wanted.text,
                until,
                now,
                areas=areas,
            )
    except UnknownWarningError:
        return words("action.gone"), False
    except (NotPublicError, HandlingError, ValueError):
        return words("action.refused"), False
    return words("release.withdrawn") if wanted.what == WITHDRAW else words("release.released"), True


def _span(city: City, state: State, areas: Areas, wanted: Wanted) -> dt.timedelta:
    """How long the text holds. Raises HandlingError for what cannot be chosen."""
    if wanted.what in SPANS:
        return cast(dt.timedelta, parse_duration(wanted.what))
    rule = city.rules.get(state.warning(wanted.warning, areas=areas).rule)
    if wanted.what != DEFAULT or rule is None or rule.public is None:
        raise HandlingError(f"nothing is known of {wanted.what}")
    return rule.public.valid
