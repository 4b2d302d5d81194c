"""What the studio answers: choices that fit the dataset, the YAML, what is wrong, what it would give."""

from __future__ import annotations

from typing import Any

from dash import MATCH, Input, Output, ctx, html, no_update
from dash import State as FormState
from dash.development.base_component import Component

from config import City
from config.periods import day_of
from dashboard.components.base import table, td, th
from dashboard.drawing import format as fmt
from dashboard.drawing.format import Lang
from dashboard.forms import Forms
from dashboard.i18n import words_in
from dashboard.screens.studio import CHOICES, TEXTS
from dashboard.studio import desk
from dashboard.studio.desk import Examined, Sketch, TakenError, examine, saved, written
from warehouse.store import Store

FITTING = {
    "time": ("date", "timestamp"),
    "closes": ("date", "timestamp"),
    "column": ("integer", "number", "text"),
    "where": ("text", "boolean", "integer", "number"),
}
"""Choices that follow from the dataset, with the types of column that they offer."""


def register(forms: Forms, store: Store, writes: bool) -> None:
    """Wire the studio; without ``writes`` it checks and tries, and leaves the folder alone."""
    city = forms.city

    def part(name: str) -> dict[str, Any]:
        return {"type": f"studio-{name}", "lang": MATCH}

    @forms.app.callback(
        *(Output(part(name), "options") for name in FITTING),
        *(Output(part(name), "value") for name in FITTING),
        Input(part("dataset"), "value"),
        prevent_initial_call=True,
    )
    def _fit(dataset: str | None) -> Any:
        if not dataset or ctx.triggered_id is None:
            return (no_update,) * (2 * len(FITTING))
        lang = dict(ctx.triggered_id)["lang"]
        told = [fitting(city, dataset, name, lang) for name in FITTING]
        event = city.datasets[dataset].event_time if dataset in city.datasets else ""
        return (*told, *(event if name == "time" else "" for name in FITTING))

    names = (*TEXTS, *CHOICES)

    @forms.app.callback(
        Output(part("yaml"), "value"),
        Input(part("write"), "n_clicks"),
        *(FormState(part(name), "value") for name in names),
        prevent_initial_call=True,
    )
    def _write(clicks: int | None, *typed: str | None) -> Any:
        if not clicks:
            return no_update
        given: dict[str, Any] = {n: (t or "").strip() for n, t in zip(names, typed, strict=True)}
        return written(city, Sketch(**given))

    @forms.app.callback(
        Output(part("said"), "children"),
        Input(part("try"), "n_clicks"),
        Input(part("save"), "n_clicks"),
        FormState(part("yaml"), "value"),
        FormState(part("who"), "value"),
        prevent_initial_call=True,
    )
    def _answer(tries: int | None, saves: int | None, text: str | None, who: str | None) -> Any:
        if not (tries or saves) or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        save, lang = key["type"] == "studio-save", key["lang"]
        return answered(forms, store, writes, save, text or "", (who or "").strip(), lang)


def answered(
    forms: Forms, store: Store, writes: bool, save: bool, text: str, who: str, lang: Lang
) -> Component:
    """What to tell of a text that is to be tried, or to ``save``."""
    found = examine(forms.city, text)
    if found.item is None:
        return problems(found, lang)
    if not save:
        return values(found, store, forms, lang)
    if not writes:  # the page offers no button for it, but a request can be made by hand
        return html.P(words_in(lang)("studio.kept_out"))
    return keep(forms, found, text, who, lang)


def fitting(city: City, dataset: str, name: str, lang: Lang) -> list[dict[str, str]]:
    """Columns of a dataset that a choice offers, called as people call them."""
    feed = city.datasets.get(dataset)
    columns = [c for c in feed.columns if c.type in FITTING[name]] if feed else []
    options = [
        {"value": c.name, "label": f"{c.title.get(lang)} ({c.name})" if c.title else c.name} for c in columns
    ]
    return options if name == "time" else [{"value": "", "label": "–"}, *options]


def problems(found: Examined, lang: Lang) -> Component:
    """What is wrong with the text, line by line."""
    told = [
        html.Li([html.B(f"{p.line}: {p.object}"), f" {p.message}", html.Small(p.hint) if p.hint else None])
        for p in found.problems
    ]
    words = words_in(lang)
    return html.Div([html.P(words("studio.wrong")), html.Ul(told)], className="studio-wrong")


def values(found: Examined, store: Store, forms: Forms, lang: Lang) -> Component:
    """What the definition would give for the whole city, newest first."""
    words, city = words_in(lang), forms.city
    item = found.item
    assert item is not None
    root = city.areas.root.code
    if city.areas[root].level not in item.levels:
        return html.P(words("studio.no_root"))
    period, made = desk.tried(found, store, forms.clock(), root)
    if not made:
        return html.P(words("studio.nothing"))
    unit = city.units[item.unit]
    rows = [
        html.Tr(
            [
                td(fmt.period(period, day_of(one.start), lang)),
                td(str(fmt.value(one.value, unit, lang)), number=True),
                td(fmt.number(one.n, lang), number=True),
            ]
        )
        for one in reversed(made)
    ]
    head = [
        th(words("studio.period")),
        th(item.name.get(lang), number=True),
        th(words("studio.rows"), number=True),
    ]
    return html.Div([html.P(words("studio.sound")), table(head, rows)], className="studio-values")


def keep(forms: Forms, found: Examined, text: str, who: str, lang: Lang) -> Component:
    """Put a sound definition into the city's folder; what to tell the person."""
    words, item = words_in(lang), found.item
    assert item is not None
    if not who:
        return html.P(words("action.needs_name"))
    try:
        file = saved(forms.city, text)
    except TakenError as error:
        return html.P(words("studio.taken", id=str(error)))
    except OSError as error:
        return html.P(words("studio.unwritable", why=error.strerror or str(error)))
    forms.state.deed(forms.clock(), who, "define", f"indicator {item.id}", {"file": file.name})
    return html.P(words("studio.saved", file=f"indicators/{file.name}"))
