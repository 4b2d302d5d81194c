"""The forms that keep something quiet, prolong it and end it; warnings/quieting.py answers their buttons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from config.models.base import parse_duration
from dashboard.components.base import icon
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.collate import sort_key
from dashboard.warnings.quiet import Kept
from dashboard.warnings.quieting import ANY, AT, SPANS

Options = list[dict[str, str]]


def begin_form(ctx: ScreenContext) -> Component:
    """The form that starts one. The address may say of what: ``rule``, ``domain``, ``feed``, ``area``."""
    words, lang = ctx.words, ctx.lang
    scope: list[Component] = []
    for name, options in _scopes(ctx).items():
        given = ctx.route.params.get(name, "")
        chosen = given if given in {option["value"] for option in options} else ANY
        any_ = {"value": ANY, "label": words.of("silences", f"any_{name}")}
        select = _select(f"quiet-{name}", lang, [any_, *options], chosen)
        scope.append(_field(words.of("silences", name), select, f"field of-{name}"))
    kinds = [{"value": kind, "label": words.of("silences", kind)} for kind in ("silence", "maintenance")]
    kind = "maintenance" if ctx.route.params.get("feed") in ctx.city.feeds else "silence"
    spans = [{"value": span, "label": words("silences.for", span=_length(ctx, span))} for span in SPANS]
    until = _select("quiet-until", lang, [*spans, {"value": AT, "label": words("silences.at")}], "4h")
    return _form(
        words("silences.start"),
        "moon-stars",
        "quiet-new",
        [
            _field(words("action.what"), _select("quiet-kind", lang, kinds, kind)),
            *scope,
            _field(words("silences.until"), until),
            _field(words("silences.moment"), _clock("quiet-at", lang), "field field-at"),
            _field(words("silences.from"), _clock("quiet-start", lang)),
            *_why(ctx, "quiet"),
        ],
        _button("quiet-do", lang, words("silences.begin")),
        html.P(id={"type": "quiet-said", "lang": lang}, className="said", role="status"),
    )


def change_form(ctx: ScreenContext, standing: Sequence[Kept], chosen: str) -> Component:
    """The form that prolongs or ends one of those that stand, ``chosen`` unless another is taken."""
    words, lang = ctx.words, ctx.lang
    options = [{"value": item.key, "label": f"#{item.span.id} · {about(ctx, item)}"} for item in standing]
    spans = [
        {"value": f"extend:{span}", "label": words("silences.by", span=_length(ctx, span))} for span in SPANS
    ]
    what = [*spans, {"value": f"extend:{AT}", "label": words("silences.prolong_at")}]
    what.append({"value": "end", "label": words("silences.end")})
    # The end is what one comes for where the address says so; else time is given.
    first = "end" if ctx.route.params.get("do") == "end" else "extend:4h"
    return _form(
        words("silences.change"),
        "arrow-repeat",
        f"quiet-change-{chosen}-{first.partition(':')[0]}",
        [
            _field(words("silences.which"), _select("change-which", lang, options, chosen)),
            _field(words("action.what"), _select("change-what", lang, what, first)),
            _field(words("silences.moment"), _clock("change-at", lang), "field field-at"),
            *_why(ctx, "change"),
        ],
        _button("change-do", lang, words("action.record")),
        html.P(id={"type": "change-said", "lang": lang}, className="said", role="status"),
    )


def about(ctx: ScreenContext, item: Kept) -> str:
    """What one is about, in words."""
    return " · ".join(name_of(ctx, name, id_) for name, id_ in item.scope.items())


def name_of(ctx: ScreenContext, scope: str, id_: str) -> str:
    """The name of a rule, domain, feed or area; its id when it has gone since."""
    city = ctx.city
    match scope:
        case "area" if id_ in city.areas:
            return ctx.area_name(city.areas[id_])
        case "rule" if id_ in city.rules:
            return city.rules[id_].name.get(ctx.lang)
        case "feed" if id_ in city.feeds:
            return city.feeds[id_].name.get(ctx.lang)
        case _:
            named = {domain.id: domain.name.get(ctx.lang) for domain in city.head.domains}
            return named.get(id_, id_)


def _length(ctx: ScreenContext, span: str) -> str:
    length = parse_duration(span)
    assert isinstance(length, dt.timedelta)
    return fmt.span(length, ctx.lang)


def _scopes(ctx: ScreenContext) -> dict[str, Options]:
    city = ctx.city

    def by_name(scope: str, ids: Iterable[str]) -> Options:
        named = [{"value": id_, "label": name_of(ctx, scope, id_)} for id_ in ids]
        return sorted(named, key=lambda option: sort_key(option["label"]))

    return {
        "rule": by_name("rule", city.rules),
        "domain": by_name("domain", [domain.id for domain in city.head.domains]),
        "feed": by_name("feed", city.feeds),
        "area": list(_areas(ctx, city.areas.root.code, 0)),
    }


def _areas(ctx: ScreenContext, code: str, depth: int) -> Iterable[dict[str, str]]:
    """An area and those in it, each set in by its depth: a list that a phone shows as well."""
    indent = "\u2003" * depth
    yield {"value": code, "label": indent + ctx.area_name(ctx.city.areas[code])}
    children = ctx.city.areas.children(code, ctx.today)
    for child in sorted(children, key=lambda area: sort_key(area.name(ctx.lang))):
        yield from _areas(ctx, child.code, depth + 1)


def _form(
    title: str, icon_name: str, id_: str, fields: list[Component], do: Component, said: Component
) -> Component:
    summary = html.Summary([icon(icon_name), title], className="btn-quiet")
    made = html.Details(
        [summary, html.Div([*fields, do, said], className="handle-form")],
        className="handle is-plain",
        open=True,
    )
    return html.Div(made, className="card-alert", id=id_)


def _field(label: str, control: Any, class_name: str = "field") -> Component:
    return html.Label([label, control], className=class_name)


def _select(type_: str, lang: str, options: Options, chosen: str) -> Any:
    return dbc.Select(id={"type": type_, "lang": lang}, options=options, value=chosen)


def _clock(type_: str, lang: str) -> Any:
    """A day and a time by the city's clock, as browsers ask for them."""
    return dbc.Input(id={"type": type_, "lang": lang}, type="datetime-local", value="")


def _button(type_: str, lang: str, text: str) -> Any:
    return dbc.Button(text, id={"type": type_, "lang": lang}, n_clicks=0, color="primary")


def _why(ctx: ScreenContext, form: str) -> list[Component]:
    """What both forms ask for: the reason, and who says so."""
    words, lang = ctx.words, ctx.lang
    reason = dbc.Textarea(
        id={"type": f"{form}-reason", "lang": lang},
        rows=2,
        maxlength=1000,
        value="",
        placeholder=words("silences.reason_hint"),
    )
    who = dbc.Input(
        id={"type": f"{form}-who", "lang": lang}, name="name", autocomplete="name", maxlength=80, value=""
    )
    return [_field(words("silences.reason"), reason), _field(words("action.who"), who)]
