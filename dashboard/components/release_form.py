"""The form by which a person releases a warning to the public; warnings/releasing.py answers its button."""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from dashboard.components.base import icon
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.i18n import words_in
from dashboard.warnings.releasing import DEFAULT, SPANS, WITHDRAW
from dashboard.warnings.stories import Story
from warehouse.state import Release


def release_form(ctx: ScreenContext, story: Story) -> Component | None:
    """What the public is told and the form to tell it; None for a warning that is not for the public."""
    standing = next((release for release in story.releases if release.stands(ctx.now)), None)
    if story.proposal is None and not story.releases:
        return None
    told = [_told(ctx, release) for release in story.releases]
    parts: list[Any] = [
        html.P(
            ctx.words("release.standing") if standing else ctx.words("release.not_told"), className="quiet"
        ),
        html.Ul(told, className="handling") if told else None,
    ]
    if story.proposal is not None:
        parts.append(_form(ctx, story, standing))
    return html.Div(parts, className="card-alert release", id=f"release-{story.warning.id}")


def _form(ctx: ScreenContext, story: Story, standing: Release | None) -> Component:
    words, proposal = ctx.words, story.proposal
    assert proposal is not None
    key = {"warning": story.warning.id, "lang": ctx.lang}
    texts: list[Component] = []
    for language in ctx.city.head.languages:
        headline = standing.headline.get(language) if standing else None
        text = standing.text.get(language) if standing else None
        name = words_in(language)("brand.language")
        texts += [
            html.Label(
                [
                    words("release.headline", language=name),
                    dbc.Input(
                        id={"type": "release-headline", "of": language, **key},
                        maxlength=160,
                        value=headline or proposal.headline[language],
                    ),
                ],
                className="field field-wide",
            ),
            html.Label(
                [
                    words("release.text", language=name),
                    dbc.Textarea(
                        id={"type": "release-text", "of": language, **key},
                        rows=3,
                        maxlength=2000,
                        value=text or proposal.text[language],
                    ),
                ],
                className="field field-wide",
            ),
        ]
    until = fmt.moment(proposal.expires_at, ctx.city.zone, ctx.lang)
    options = [{"value": DEFAULT, "label": words("release.default", until=until)}]
    options += [{"value": span, "label": words("release.for", span=_span(ctx, span))} for span in SPANS]
    if standing is not None:
        options.append({"value": WITHDRAW, "label": words("release.withdraw")})
    what = dbc.Select(id={"type": "release-what", **key}, options=options, value=DEFAULT)
    who = dbc.Input(
        id={"type": "release-who", **key}, name="name", autocomplete="name", maxlength=80, value=""
    )
    reason = dbc.Input(id={"type": "release-reason", **key}, maxlength=1000, value="")
    do = dbc.Button(
        words("release.update") if standing else words("release.do"),
        id={"type": "release-do", **key},
        n_clicks=0,
        color="primary",
    )
    return html.Details(
        [
            html.Summary([icon("broadcast"), words("release.open")], className="btn-quiet"),
            html.Div(
                [
                    *texts,
                    html.Label([words("release.until"), what], className="field"),
                    html.Label([words("release.reason"), reason], className="field field-reason"),
                    html.Label([words("action.who"), who], className="field"),
                    do,
                    html.P(id={"type": "release-said", **key}, className="said", role="status"),
                ],
                className="handle-form",
            ),
        ],
        className="handle",
    )


def _span(ctx: ScreenContext, span: str) -> str:
    number, unit = span[:-1], span[-1]
    return ctx.words.count("release.hours" if unit == "h" else "release.days", int(number))


def _told(ctx: ScreenContext, release: Release) -> Component:
    words = ctx.words
    at, until = (fmt.moment(when, ctx.city.zone, ctx.lang) for when in (release.at, release.expires_at))
    over = (
        words(
            "release.over",
            who=release.withdrawn_by or "",
            time=fmt.moment(release.withdrawn_at, ctx.city.zone, ctx.lang),
        )
        if release.withdrawn_at is not None
        else words("release.holds", until=until)
    )
    return html.Li(
        [
            icon("broadcast"),
            html.Span([html.B(release.who), f" · {at} · {over}"]),
            html.P(release.headline.get(ctx.lang) or next(iter(release.headline.values()), "")),
        ]
    )
