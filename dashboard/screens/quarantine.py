"""The quarantine of one feed: refused rows, what is wrong in each, and the forms to mend and settle them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from config.models import Feed
from dashboard.components.base import chip, dashed, icon, link, panel
from dashboard.components.mend_form import bulk_form, row_form
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from pipelines.exchange import flat
from pipelines.sentences import sentence_of
from warehouse.quarantine import Asked, Pile, Refused

if TYPE_CHECKING:
    from warehouse.state import AuditEntry

PAGE: Final = 20
PILES: Final = 12
FILES: Final = 6
STATES: Final = ("waiting", "mended", "dismissed")
_STATE: Final = {
    "waiting": ("late", "hourglass-split"),
    "mended": ("met", "check2"),
    "dismissed": ("insufficient", "slash-circle"),
}
_FILTERS: Final = ("state", "reason", "column", "file")


def asked_of(feed: Feed, params: Mapping[str, str]) -> Asked:
    """Which rows an address asks for."""
    state: Any = params.get("state") if params.get("state") in STATES else "waiting"
    reason, column, file = (params.get(name) or None for name in ("reason", "column", "file"))
    return Asked(feed.id, state, reason, column, file)


def render(ctx: ScreenContext) -> Component:
    """A page of the rows that the address asks for; ``row`` names one to write anew."""
    words, feed = ctx.words, ctx.city.feeds[ctx.route.target]
    asked, reader = asked_of(feed, ctx.route.params), ctx.reader.quarantine
    count = reader.count(asked)
    pages = max(1, -(-count // PAGE))
    number = min(pages, max(1, _number(ctx.route.params.get("page"))))
    rows = reader.rows(asked, PAGE, (number - 1) * PAGE)
    chosen = next(
        iter(reader.rows(Asked(feed.id, None, ids=[_number(ctx.route.params.get("row"))]), 1)), None
    )
    counts = {state: reader.count(Asked(feed.id, cast(Any, state))) for state in STATES}
    deeds = ctx.settled([row.deed for row in (*rows, *([chosen] if chosen else [])) if row.deed is not None])
    side: list[Any] = [
        panel(words("warnings.filter"), _filters(ctx, feed, asked, counts), kind="filters"),
        panel(words("quarantine.together"), bulk_form(ctx, feed, asked, count), kind="handle")
        if count
        else None,
    ]
    cards = [_card(ctx, feed, row, deeds) for row in rows if chosen is None or row.id != chosen.id]
    main: list[Any] = [
        _open_card(ctx, feed, chosen, deeds) if chosen is not None else None,
        html.Div(cards, className="cards") if cards else None,
        notice("calm", "check-circle-fill", words("quarantine.none"), words("quarantine.none_hint"))
        if not cards and chosen is None
        else None,
        _pages(ctx, feed, number, pages),
    ]
    name = feed.name.get(ctx.lang)
    return page(
        ctx,
        words("quarantine.title"),
        [
            html.Div(side, className="w-3 desk-side quarantine-side"),
            html.Div(main, className="w-9 cards-box"),
        ],
        area=ctx.city.areas.root.code,
        trail=[
            (words("nav.health"), ctx.href("health")),
            (name, ctx.href("health", feed=feed.id)),
            (words("quarantine.title"), ""),
        ],
        lead=[
            html.Span(name),
            html.Span(words.count("quarantine.wait", counts["waiting"])),
            html.Span(feed.owner.get(ctx.lang)),
        ],
        tools=_downloads(ctx, asked) if asked.state == "waiting" and count else None,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 12 else 0


def _here(ctx: ScreenContext, **changed: str) -> str:
    """The address of this page with other parameters; what is narrowed down anew begins at its first page."""
    kept = {name: ctx.route.params.get(name, "") for name in _FILTERS}
    return ctx.href("quarantine", ctx.route.target, **{**kept, **changed})


def _downloads(ctx: ScreenContext, asked: Asked) -> list[Component]:
    """The rows asked for as a sheet, with heads in the viewer's language."""
    given = {"reason": asked.reason, "column": asked.column, "file": asked.file}
    query = urlencode({"lang": ctx.lang, **{name: text for name, text in given.items() if text}})
    return [
        html.A(
            [icon("box-arrow-in-down"), name],
            href=f"/api/quarantine/{asked.feed}.{kind}?{query}",
            className="btn-quiet",
            download=f"{asked.feed}.{kind}",
        )
        for kind, name in (("xlsx", "Excel"), ("csv", "CSV"))
    ]


def _filters(ctx: ScreenContext, feed: Feed, asked: Asked, counts: Mapping[str, int]) -> Component:
    """Filters are addresses: they can be kept, sent and opened again. Chosen once more, one lets go."""
    words, reader = ctx.words, ctx.reader.quarantine
    any_reason = Asked(feed.id, asked.state, file=asked.file)
    any_file = Asked(feed.id, asked.state, asked.reason, asked.column)
    states = [
        _choice(
            ctx, words.of("quarantine", state), counts[state], state == asked.state,
            ctx.href("quarantine", feed.id, state="" if state == "waiting" else state),
        )
        for state in STATES
    ]  # fmt: skip
    reasons = [_reason_choice(ctx, feed, asked, pile) for pile in reader.piles(any_reason, "reason", PILES)]
    files = [
        _choice(
            ctx, _isolated(pile.file), pile.rows, pile.file == asked.file,
            _here(ctx, file="" if pile.file == asked.file else pile.file),
        )
        for pile in reader.piles(any_file, "file", FILES)
    ]  # fmt: skip
    parts = [("quarantine.state", states), ("quarantine.reasons", reasons), ("quarantine.files", files)]
    return html.Div(
        [_group(words(title), made, title.partition(".")[2]) for title, made in parts if made],
        className="filters",
    )


def _isolated(name: str) -> Component:
    """A name that reads from left to right where what is too long is cut at its beginning."""
    return html.Bdi(name, title=name)


def _group(title: str, choices: Sequence[Component], kind: str) -> Component:
    choices_ = html.Nav(choices, className="choices", **dashed(aria_label=title))
    return html.Section([html.H3(title), choices_], className=f"of-{kind}")


def _choice(ctx: ScreenContext, name: Any, rows: int, active: bool, href: str) -> Component:
    count = html.Span(fmt.number(rows, ctx.lang), className="choice-count")
    return link([html.Span(name), count], href, "choice is-active" if active else "choice")


def _reason_choice(ctx: ScreenContext, feed: Feed, asked: Asked, pile: Pile) -> Component:
    active = (pile.reason, pile.column) == (asked.reason, asked.column)
    name = [reason_name(ctx, feed.id, pile.reason), html.Small(pile.column) if pile.column else None]
    href = _here(ctx, reason="" if active else pile.reason, column="" if active else pile.column or "")
    return _choice(ctx, name, pile.rows, active, href)


def reason_name(ctx: ScreenContext, feed_id: str, reason: str) -> str:
    """A reason in words; a check of the contract speaks in its own."""
    feed = ctx.city.feeds.get(feed_id)
    check = next((c for c in feed.checks if reason == f"check:{c.id}"), None) if feed else None
    if check is not None:
        return check.message.get(ctx.lang)
    return ctx.words.of("reason", reason) if f"reason.{reason}" in ctx.words.keys else reason


def _card(ctx: ScreenContext, feed: Feed, row: Refused, deeds: Mapping[int, AuditEntry]) -> Component:
    """One row: where it stood, its cells with what is wrong at each, and what became of it."""
    words = ctx.words
    act = (
        link(
            [icon("file-earmark-check"), words("quarantine.mend")],
            _here(ctx, row=str(row.id)) + "#row",
            "link",
        )
        if row.state == "waiting" and ctx.as_of is None
        else None
    )
    return html.Article(
        [html.Div([_head(ctx, row), act], className="quiet-top"), *_content(ctx, feed, row, deeds)],
        className="card-alert refused-card",
        id=f"refused-{row.id}",
    )


def _open_card(ctx: ScreenContext, feed: Feed, row: Refused, deeds: Mapping[int, AuditEntry]) -> Component:
    """The row that is written anew, above all others."""
    away = link([icon("x-circle"), ctx.words("quarantine.leave")], _here(ctx), "link")
    body: list[Any] = [html.Div([_head(ctx, row), away], className="quiet-top", id="row")]
    if row.state == "waiting":
        body += [*_beyond_cells(ctx, feed, row), row_form(ctx, feed, row)]
    else:
        body += _content(ctx, feed, row, deeds)
    return html.Article(body, className="card-alert refused-card is-open", id=f"refused-{row.id}-open")


def _head(ctx: ScreenContext, row: Refused) -> Component:
    kind, picture = _STATE[row.state]
    place = ctx.words("quarantine.line", line=fmt.number(row.line, ctx.lang)) if row.line is not None else ""
    return html.Div(
        [
            html.B(place),
            html.Span([icon("file-earmark-text"), row.file]),
            html.Span(fmt.moment(row.at, ctx.city.zone, ctx.lang), className="quiet"),
            chip(kind, picture, ctx.words.of("quarantine", row.state)) if row.state != "waiting" else None,
            chip("acknowledged", "chat-left-text", ctx.words("quarantine.edited"))
            if row.state == "waiting" and row.edited is not None
            else None,
        ],
        className="card-head",
    )


def _content(
    ctx: ScreenContext, feed: Feed, row: Refused, deeds: Mapping[int, AuditEntry]
) -> list[Component | None]:
    cells, came = flat(row), flat(replace(row, edited=None))
    wrong = wrong_cells(feed, row, ctx.lang) if row.state != "mended" else {}
    shown = [_cell(name, text, came.get(name, text), wrong.get(name, ())) for name, text in cells.items()]
    return [
        *(_beyond_cells(ctx, feed, row) if row.state != "mended" else []),
        html.Dl(shown, className="refused-cells") if shown else html.Pre(row.text, className="refused-line"),
        _settled(ctx, row, deeds),
    ]


def _beyond_cells(ctx: ScreenContext, feed: Feed, row: Refused) -> list[Component | None]:
    """What is wrong with the row as a whole, or with a cell that it does not have."""
    cells = flat(row)
    problems = row.problems or [{"column": row.column, "reason": row.reason, "detail": row.detail}]
    headers = {column.name: column.source or column.name for column in feed.columns}
    said = [
        html.P(
            [icon("exclamation-triangle-fill"), _with_column(feed, problem, ctx.lang)],
            className="refused-why",
        )
        for problem in problems
        if headers.get(problem.get("column") or "") not in cells
    ]
    return list(said)


def _with_column(feed: Feed, problem: Mapping[str, str | None], language: str) -> str:
    column = next((c for c in feed.columns if c.name == problem.get("column")), None)
    named = [column.source or column.name] if column else [problem["column"]] if problem.get("column") else []
    return ": ".join([*map(str, named), sentence_of(feed, problem, language)])


def wrong_cells(feed: Feed, row: Refused, language: str) -> dict[str, list[str]]:
    """By header, what is wrong with a cell."""
    headers = {column.name: column.source or column.name for column in feed.columns}
    found: dict[str, list[str]] = {}
    for problem in row.problems:
        header = headers.get(problem.get("column") or "")
        if header is not None:
            found.setdefault(header, []).append(sentence_of(feed, problem, language))
    return found


def _cell(name: str, text: str, came: str, wrong: Sequence[str]) -> Component:
    """A cell, with what stood there before somebody wrote it anew."""
    said = [html.Small([icon("exclamation-triangle-fill"), sentence]) for sentence in wrong]
    before: list[Any] = [html.Del(came or fmt.NOTHING), " "] if came != text else []
    kind = "is-wrong" if wrong else "is-changed" if before else ""
    return html.Div(
        [html.Dt(name), html.Dd([*before, html.Span(text or fmt.NOTHING), *said])], className=kind
    )


def _settled(ctx: ScreenContext, row: Refused, deeds: Mapping[int, AuditEntry]) -> Component | None:
    """Who settled it, when and why."""
    entry = deeds.get(row.deed) if row.deed is not None else None
    if entry is None or row.state == "waiting":
        return None
    said = " · ".join(
        [ctx.words.of("quarantine", f"did_{entry.action}"), fmt.moment(entry.at, ctx.city.zone, ctx.lang)]
    )
    reason = entry.detail.get("reason")
    return html.P(
        [icon("person-check"), html.B(entry.who), f" {said}", f" · {reason}" if reason else ""],
        className="refused-deed",
    )


def _pages(ctx: ScreenContext, feed: Feed, number: int, pages: int) -> Component | None:
    if pages == 1:
        return None
    words = ctx.words
    parts = [
        link(
            [icon("chevron-left"), words("quarantine.before")], _here(ctx, page=str(number - 1)), "btn-quiet"
        )
        if number > 1
        else None,
        html.Span(
            words("quarantine.page", page=fmt.number(number, ctx.lang), pages=fmt.number(pages, ctx.lang)),
            className="quiet",
        ),
        link(
            [words("quarantine.after"), icon("chevron-right")], _here(ctx, page=str(number + 1)), "btn-quiet"
        )
        if number < pages
        else None,
    ]
    return html.Nav(parts, className="pages", **dashed(aria_label=feed.name.get(ctx.lang)))
