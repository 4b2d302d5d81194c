"""Trying, mending, replaying and dismissing refused rows from their page, and the sheet to download."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from dash import ALL, MATCH, Input, Output, ctx, html, no_update
from dash import State as FormState
from fastapi import FastAPI, Response

from config.models import Feed
from dashboard.components.base import icon
from dashboard.drawing.format import Lang, number
from dashboard.feeds.mends import Mending
from dashboard.forms import Forms
from dashboard.i18n import words_in
from pipelines import exchange
from pipelines.errors import SourceError
from pipelines.mend import Mended
from warehouse.quarantine import Asked

MOST: Final = 50_000
"""Rows of a sheet: more than anybody mends by hand."""
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

RowAct = Literal["row-try", "row-mend", "row-dismiss"]
Said = str | list[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form of a row asks for; ``cells`` by header, the line of a malformed row under ''."""

    feed: str
    row: int
    act: RowAct
    cells: Mapping[str, str]
    note: str = ""
    who: str = ""


def register(forms: Forms, mending: Mending) -> None:
    """Wire the two forms of the page."""

    def part(type_: str, **more: Any) -> dict[str, Any]:
        return {"type": type_, "feed": MATCH, "row": MATCH, "lang": MATCH, **more}

    @forms.app.callback(
        Output(part("row-said"), "children"),
        Input(part("row-try"), "n_clicks"),
        Input(part("row-mend"), "n_clicks"),
        Input(part("row-dismiss"), "n_clicks"),
        FormState(part("row-note"), "value"),
        FormState(part("row-who"), "value"),
        FormState(part("row-cell", of=ALL), "value"),
        prevent_initial_call=True,
    )
    def _row(*given: Any) -> Any:
        if not any(given[:3]) or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        note, who = ((text or "").strip() for text in given[3:5])
        cells = {entry["id"]["of"]: entry.get("value") or "" for entry in cast(Any, ctx.states_list[2])}
        wanted = Wanted(key["feed"], key["row"], key["type"], cells, note, who)
        return _answered(forms, *one(mending, wanted, key["lang"]))

    @forms.app.callback(
        Output({"type": "rows-said", "of": MATCH, "lang": MATCH}, "children"),
        Input({"type": "rows-do", "of": MATCH, "lang": MATCH}, "n_clicks"),
        FormState({"type": "rows-what", "of": MATCH, "lang": MATCH}, "value"),
        FormState({"type": "rows-note", "of": MATCH, "lang": MATCH}, "value"),
        FormState({"type": "rows-who", "of": MATCH, "lang": MATCH}, "value"),
        prevent_initial_call=True,
    )
    def _rows(clicks: int | None, *typed: str | None) -> Any:
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        what, note, who = ((text or "").strip() for text in typed)
        try:
            asked = Asked(**json.loads(key["of"]))
        except (ValueError, TypeError):
            return no_update
        return _answered(forms, *several(mending, asked, what, note, who, key["lang"]))


def downloads(server: FastAPI, mending: Mending) -> None:
    """Add the address of the sheet: ``/api/quarantine/<feed>.xlsx`` and ``.csv``."""
    city = mending.city

    @server.get("/api/quarantine/{feed}.{kind}")
    def sheet(
        feed: str, kind: str, lang: str = "", reason: str = "", column: str = "", file: str = ""
    ) -> Response:
        if feed not in city.feeds or kind not in _TYPES:
            return Response(status_code=404)
        language = lang if lang in city.head.languages else city.head.languages[0]
        rows = mending.rows(Asked(feed, "waiting", reason or None, column or None, file or None), MOST)
        headers = {
            "Content-Disposition": f'attachment; filename="quarantine-{feed}.{kind}"',
            "Cache-Control": "no-store",
        }
        body = exchange.write(city.feeds[feed], rows, language, cast(exchange.Kind, kind))
        return Response(body, media_type=_TYPES[kind], headers=headers)


def one(mending: Mending, wanted: Wanted, lang: Lang) -> tuple[Said, bool]:
    """Do what the form of a row asks for; what to tell the person, and whether anything was stored."""
    words, feed = words_in(lang), mending.city.feeds.get(wanted.feed)
    if wanted.act != "row-try" and not wanted.who:
        return words("action.needs_name"), False
    if wanted.act == "row-dismiss" and not wanted.note:
        return words("action.needs_reason"), False
    found = mending.rows(Asked(wanted.feed, "waiting", ids=[wanted.row])) if feed else []
    if feed is None or not found:
        return words("quarantine.gone"), False
    if wanted.act == "row-dismiss":
        done = mending.dismiss(feed, [wanted.row], wanted.who, wanted.note)
        return words.count("quarantine.dismissed_now", done), done > 0
    text = exchange.edited(found[0], wanted.cells)
    try:
        if wanted.act == "row-try":
            problems = mending.try_row(feed, wanted.row, text, lang)
            return _verdict(feed, problems, lang), False
        return _told(mending.mend(feed, {wanted.row: text}, wanted.who, wanted.note), lang), True
    except SourceError as error:
        return words("quarantine.unreadable", why=str(error)), False


def several(mending: Mending, asked: Asked, what: str, note: str, who: str, lang: Lang) -> tuple[Said, bool]:
    """Do the same with all rows asked for; what to tell the person, and whether anything was stored."""
    words, feed = words_in(lang), mending.city.feeds.get(asked.feed)
    if not who:
        return words("action.needs_name"), False
    if what == "dismiss" and not note:
        return words("action.needs_reason"), False
    ids = mending.ids(asked) if feed else []
    if feed is None or not ids:
        return words("quarantine.gone"), False
    try:
        match what:
            case "replay":
                return _told(mending.replay(feed, ids, who, note), lang), True
            case "dismiss":
                return words.count("quarantine.dismissed_now", mending.dismiss(feed, ids, who, note)), True
            case "take_back":
                return words.count("quarantine.taken_back", mending.take_back(feed, ids, who, note)), True
    except SourceError as error:
        return words("quarantine.unreadable", why=str(error)), False
    return words("action.refused"), False


def _verdict(feed: Feed, problems: Sequence[Mapping[str, str | None]] | None, lang: Lang) -> Said:
    """What the contract says of a row that was tried."""
    words = words_in(lang)
    if problems is None:
        return words("quarantine.gone")
    if not problems:
        return [html.P([icon("check-circle-fill"), words("quarantine.would_pass")], className="is-good")]
    headers = {column.name: column.source or column.name for column in feed.columns}
    named = [(headers.get(p.get("column") or "", p.get("column")), p.get("detail") or "") for p in problems]
    listed = [html.Li([html.B(f"{column}: ") if column else "", detail]) for column, detail in named]
    return [html.P([icon("exclamation-triangle-fill"), words("quarantine.would_fail")]), html.Ul(listed)]


def _told(done: Mended, lang: Lang) -> str:
    words = words_in(lang)
    said = [words.count("quarantine.mended_now", done.mended)]
    if done.refused:
        said.append(words.count("quarantine.refused_again", done.refused))
    if done.gone:
        said.append(words("quarantine.others_gone", n=number(done.gone, lang)))
    return " ".join(said)


def _answered(forms: Forms, said: Said, stored: bool) -> Said:
    if stored:
        forms.changed()
    return said
