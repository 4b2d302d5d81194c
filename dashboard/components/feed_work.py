"""How a feed is looked after: when next, how fetches went, what people asked, and the forms for that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from config.models import Feed, Listened, Remote
from dashboard.components.base import age, chip, dashed, facts, icon, link, table, td, th
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.feeds.words import outcome, step
from dashboard.feeds.work import backfills
from pipelines.schedule import next_time

if TYPE_CHECKING:
    from warehouse.ledger import Fetch
    from warehouse.state import FeedRequest, RequestKind

FETCHES: Final = 12
MONTH: Final = dt.timedelta(days=31)
_FETCHED: Final = {
    "running": ("phase-firing", "arrow-repeat"),
    "done": ("met", "check2"),
    "unchanged": ("phase-closed", "check2"),
    "passing": ("late", "clock-history"),
    "failed": ("critical", "x-octagon-fill"),
}
_STATE: Final = {
    "waiting": ("phase-closed", "hourglass-split"),
    "running": ("phase-firing", "arrow-repeat"),
    "done": ("met", "check2"),
    "failed": ("critical", "x-octagon-fill"),
}
_ICONS: Final = {
    "run": "play-fill",
    "backfill": "calendar3",
    "reload": "arrow-repeat",
    "mend": "file-earmark-check",
}


def feed_work(ctx: ScreenContext, feed: Feed) -> Component:
    """All of one feed."""
    words = ctx.words
    mine = [request for request in ctx.work.requests if request.feed == feed.id]
    remote = isinstance(feed.connector, Remote | Listened)
    last = ctx.reader.fetches(feed.id, FETCHES) if remote else []
    parts: list[Any] = [
        facts(_facts(ctx, feed, last)),
        html.Div(
            [_form(ctx, feed, kind) for kind in _kinds(feed)],
            className="card-alert work-forms",
            id=f"work-{feed.id}",
        ),
        html.H3(words("work.requests")),
        requests_list(ctx, mine),
    ]
    if remote:
        parts += [html.H3(words("work.fetches")), _fetches(ctx, last)]
    return html.Div(parts, className="feed-work")


def next_look(ctx: ScreenContext, feed: Feed) -> str:
    """When the schedule looks for the feed next."""
    at = next_time(ctx.city, feed, ctx.now)
    return fmt.NOTHING if at is None else fmt.moment(at, ctx.city.zone, ctx.lang)


def requests_list(ctx: ScreenContext, requests: Sequence[FeedRequest], *, named: bool = False) -> Component:
    """Requests with how far they are and what came of them; ``named``: each with its feed."""
    if not requests:
        return html.P(ctx.words("work.no_requests"), className="quiet")
    return html.Ul([_request(ctx, request, named) for request in requests], className="work-list")


def faults_list(ctx: ScreenContext) -> Component:
    """What the program itself cannot do just now."""
    words = ctx.words
    lines = []
    for fault in ctx.work.faults:
        feed, rule = ctx.city.feeds.get(fault.about), ctx.city.rules.get(fault.about)
        name: Any = None
        if fault.where == "feed" and feed is not None:
            name = link(feed.name.get(ctx.lang), ctx.href("health", feed=feed.id), "row-link")
        elif fault.where == "rule" and rule is not None:
            name = link(rule.name.get(ctx.lang), ctx.href("rule", rule.id), "row-link")
        since = words("work.since", time=fmt.moment(fault.since, ctx.city.zone, ctx.lang))
        lines.append(
            html.Li(
                [
                    chip("critical", "x-octagon-fill", words.of("fault", fault.where)),
                    html.Span([name, html.Code(fault.cause), html.Small(since)], className="work-said"),
                ]
            )
        )
    return html.Div(
        [html.Ul(lines, className="work-list"), html.P(words("work.faults_hint"), className="quiet")]
    )


def _facts(ctx: ScreenContext, feed: Feed, last: Sequence[Fetch]) -> list[tuple[Any, Any]]:
    words = ctx.words
    newest = next((one for one in last if one.since is None), None)
    rows: list[tuple[Any, Any]] = []
    if newest is not None and newest.status == "passing" and newest.retry_at is not None:
        at = fmt.moment(newest.retry_at, ctx.city.zone, ctx.lang)
        rows.append((words("work.next"), [html.B(at), html.Small(words("work.retried"))]))
    else:
        at = next_look(ctx, feed)
        how = words("work.never_again") if at == fmt.NOTHING else words("work.by_schedule")
        rows.append((words("work.next"), [html.B(at), html.Small([how, " ", html.Code(feed.schedule)])]))
    if newest is not None:
        rows.append((words("work.last"), _fetched(ctx, newest)))
    return rows


def _fetched(ctx: ScreenContext, fetch: Fetch) -> Component:
    kind, icon_name = _FETCHED.get(fetch.status, ("phase-closed", "circle"))
    said: list[Any] = [chip(kind, icon_name, ctx.words.of("fetched", fetch.status))]
    at = fetch.finished_at or fetch.started_at
    said.append(age(ctx, at))
    if fetch.attempt > 1 and fetch.status in ("passing", "running"):
        said.append(html.Small(ctx.words("work.attempt", n=str(fetch.attempt))))
    if fetch.looks > 1:
        said.append(html.Small(ctx.words.count("work.looks", fetch.looks)))
    if fetch.message:
        said.append(html.Small(fetch.message + (f" ({fetch.hint})" if fetch.hint else "")))
    return html.Div(said, className="fetched-how")


def _fetches(ctx: ScreenContext, fetches: Sequence[Fetch]) -> Component:
    words, zone = ctx.words, ctx.city.zone
    if not fetches:
        return notice("empty", "inbox", words("work.no_fetches"))
    head = [
        th(words("health.started")),
        th(words("health.state")),
        th(words("health.file"), number=True),
        th(words("work.next")),
    ]
    rows = []
    for one in fetches:
        span = None
        if one.since is not None and one.until is not None:
            first, last = (fmt.local(at, zone) for at in (one.since, one.until))
            last -= dt.timedelta(microseconds=1)
            days = fmt.date(first.date(), ctx.lang), fmt.date(last.date(), ctx.lang)
            span = html.Small([words("work.span"), f" {days[0]} – {days[1]}"])
        got = words.count("work.files_got", one.files) if one.files else fmt.NOTHING
        again = fmt.moment(one.retry_at, zone, ctx.lang) if one.retry_at else fmt.NOTHING
        rows.append(
            html.Tr(
                [
                    td([fmt.moment(one.started_at, zone, ctx.lang), span], class_name="nowrap"),
                    td(_fetched(ctx, one)),
                    td(got, number=True),
                    td(again, class_name="nowrap quiet"),
                ]
            )
        )
    return table(head, rows, "grid", words("work.fetches"))


def _request(ctx: ScreenContext, request: FeedRequest, named: bool) -> Component:
    words, zone = ctx.words, ctx.city.zone
    kind, icon_name = _STATE[request.state.value]
    feed = ctx.city.feeds.get(request.feed)
    what: list[Any] = [icon(_ICONS[request.kind]), html.B(words.of("work_kind", request.kind))]
    if request.first is not None and request.last is not None:
        what.append(f"{fmt.date(request.first, ctx.lang)} – {fmt.date(request.last, ctx.lang)}")
    if named:
        name = feed.name.get(ctx.lang) if feed else request.feed
        what.append(link(name, ctx.href("health", feed=request.feed), "row-link"))
    asked = f"{request.asked_by} · {fmt.moment(request.asked_at, zone, ctx.lang)}"
    said = outcome(request, ctx.lang, zone)
    return html.Li(
        [
            chip(kind, icon_name, step(request, ctx.lang)),
            html.Div(
                [
                    html.Div([*what, html.Small(asked)], className="work-what"),
                    None if request.over else _bar(request),
                    html.Div(said, className="work-outcome") if said else None,
                ],
                className="work-said",
            ),
        ],
        id=f"request-{request.id}",
    )


def _bar(request: FeedRequest) -> Component:
    """How far it is; the page moves it by itself as it hears of steps."""
    share = 100 * request.done / request.total if request.total else 0
    count = f"{request.done} / {request.total}" if request.total else ""
    return html.Div(
        [
            html.Span(html.I(style={"width": f"{share:.1f}%"}), className="work-bar"),
            html.Span(count, className="work-count"),
        ],
        className="work-progress",
        role="progressbar",
        **dashed(
            data_request=str(request.id), aria_valuemin="0", aria_valuemax="100", aria_valuenow=f"{share:.0f}"
        ),
    )


def _kinds(feed: Feed) -> list[RequestKind]:
    return ["run", "backfill", "reload"] if backfills(feed) else ["run", "reload"]


def _form(ctx: ScreenContext, feed: Feed, kind: RequestKind) -> Component:
    """One thing that can be asked of the feed, folded away behind its name."""
    words = ctx.words
    key = {"feed": feed.id, "kind": kind, "lang": ctx.lang}
    first, last = (
        dbc.Input(
            id={"type": f"work-{name}", **key},
            type="date" if kind == "backfill" else "hidden",
            value=day.isoformat() if kind == "backfill" else "",
            max=ctx.today.isoformat(),
        )
        for name, day in (("first", ctx.today - MONTH), ("last", ctx.today))
    )
    who = dbc.Input(id={"type": "work-who", **key}, name="name", autocomplete="name", maxlength=80, value="")
    fields = [first, last]
    if kind == "backfill":
        fields = [
            html.Label([words("work.first"), first], className="field field-day"),
            html.Label([words("work.last_day"), last], className="field field-day"),
        ]
    return html.Details(
        [
            html.Summary([icon(_ICONS[kind]), _name(ctx, kind)], className="btn-quiet"),
            html.Div(
                [
                    html.P(_hint(ctx, feed, kind), className="work-hint"),
                    *fields,
                    html.Label([words("action.who"), who], className="field"),
                    dbc.Button(words("work.do"), id={"type": "work-do", **key}, n_clicks=0, color="primary"),
                    html.P(id={"type": "work-said", **key}, className="said", role="status"),
                ],
                className="handle-form",
            ),
        ],
        className="handle",
    )


def _name(ctx: ScreenContext, kind: RequestKind) -> str:
    words = ctx.words
    match kind:
        case "run":
            return words("work.run")
        case "backfill":
            return words("work.backfill")
        case "reload":
            return words("work.reload")
        case "mend":  # is asked for on the page of refused rows
            return words.of("work_kind", kind)


def _hint(ctx: ScreenContext, feed: Feed, kind: RequestKind) -> str:
    words, remote = ctx.words, isinstance(feed.connector, Remote)
    match kind:
        case "run":
            return words("work.run_hint") if remote else words("work.run_hint_folder")
        case "backfill":
            return words("work.backfill_hint") if remote else words("work.backfill_hint_folder")
        case "reload":
            return words("work.reload_hint")
        case "mend":
            return ""
