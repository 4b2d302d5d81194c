"""Data health: what came in, when, what was refused and why, what was computed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dash import html
from dash.development.base_component import Component

from config.models import Feed
from dashboard.components.base import age, chip, dashed, icon, link, panel, table, td, th
from dashboard.components.feed_list import feed_state
from dashboard.components.feed_work import faults_list, feed_work, next_look, requests_list
from dashboard.components.flagged import contract_panels
from dashboard.components.identities import identity_table
from dashboard.components.obligations import obligations
from dashboard.components.page import page
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.screens.quarantine import reason_name
from dashboard.standing import late_feeds

if TYPE_CHECKING:
    from warehouse.ledger import FeedAccount
    from warehouse.reader import FeedStatus, QuarantinedRow, ReasonCount, RefreshRecord, Run

SAMPLES, RUNS, REFRESHES = 10, 16, 12
_STATUS = {
    "done": ("met", "check2"),
    "running": ("phase-firing", "arrow-repeat"),
    "failed": ("critical", "x-octagon-fill"),
}


def render(ctx: ScreenContext) -> Component:
    """All feeds, or with ``feed`` in the address the story of one."""
    asked = ctx.route.params.get("feed")
    one = ctx.city.feeds.get(asked or "")
    feeds = [one] if one else list(ctx.city.feeds.values())
    statuses, accounts = ctx.reader.feeds(), ctx.reader.accounts()
    words = ctx.words
    scope = one.id if one else None
    reasons = [r for r in ctx.reader.quarantine_summary() if one is None or r.feed == one.id]
    body: list[Any] = [
        panel(words("work.faults"), faults_list(ctx), kind="work") if ctx.work.faults else None,
        _summary(ctx, feeds, accounts),
        panel(words("health.feeds"), _feeds(ctx, feeds, statuses, accounts), width=12, kind="table"),
        panel(words("duty.title"), obligations(ctx, feeds), width=12, kind="table"),
        *_work(ctx, one),
        *(
            [panel(words("identity.title"), identity_table(ctx), width=12, kind="table")]
            if one is None and ctx.as_of is None
            else []
        ),
        html.Div(
            [
                panel(words("health.reasons"), _reasons(ctx, reasons), kind="table"),
                panel(
                    words("health.refreshes"), _refreshes(ctx, ctx.reader.refreshes(REFRESHES)), kind="table"
                ),
            ],
            className="w-5 stack",
        ),
        html.Div(
            [
                panel(
                    words("health.samples"),
                    _samples(ctx, ctx.reader.quarantined(scope, SAMPLES)),
                    aside=link(
                        [icon("file-earmark-check"), " ", words("quarantine.browse")],
                        ctx.href("quarantine", one.id),
                    )
                    if one
                    else None,
                    kind="table",
                ),
            ],
            className="w-7 stack",
        ),
        *contract_panels(ctx, scope, _feed_link, reason_name),
        panel(words("health.runs"), _runs(ctx, ctx.reader.runs(scope, RUNS)), width=12, kind="table"),
    ]
    trail = [(words("nav.health"), ctx.href("health"))] if one else None
    title = one.name.get(ctx.lang) if one else words("nav.health")
    lead = (
        [html.Span(one.owner.get(ctx.lang)), html.Span(one.note.get(ctx.lang) if one.note else "")]
        if one
        else [html.Span(words("health.lead"))]
    )
    return page(ctx, title, body, area=ctx.city.areas.root.code, trail=trail, lead=lead)


def _work(ctx: ScreenContext, one: Feed | None) -> list[Component]:
    """How a feed is looked after; of all feeds only what people asked for and is not over."""
    if one is not None and ctx.as_of is None:
        return [panel(ctx.words("work.title"), feed_work(ctx, one), kind="work")]
    if ctx.work.requests:
        return [
            panel(ctx.words("work.requests"), requests_list(ctx, ctx.work.requests, named=True), kind="work")
        ]
    return []


def _summary(
    ctx: ScreenContext,
    feeds: Sequence[Feed],
    accounts: Mapping[str, FeedAccount],
) -> Component:
    """Four numbers that say whether anything is amiss, the sum of the accounts among them."""
    words = ctx.words
    behind = late_feeds(ctx)
    late = [f for f in feeds if f.id in behind]
    mine = [accounts[f.id] for f in feeds if f.id in accounts]
    received = sum(a.received for a in mine)
    accepted = sum(a.inserted + a.updated for a in mine)
    unchanged, rejected = sum(a.unchanged for a in mine), sum(a.rejected for a in mine)
    mended = sum(a.mended for a in mine)
    agrees = received == accepted + unchanged + rejected + mended
    counts = [fmt.number(x, ctx.lang) for x in (received, accepted, unchanged, rejected, mended)]
    names = ("received", "accepted", "unchanged", "rejected", "mended")
    account = words("health.account", **dict(zip(names, counts, strict=True)))
    return html.Section(
        [
            _figure(
                words("health.on_time"),
                f"{len(feeds) - len(late)}/{len(feeds)}",
                chip("late", "clock-history", words.count("health.late", len(late)))
                if late
                else chip("met", "check2", words("health.none_late")),
            ),
            _figure(
                words("health.failed"),
                fmt.number(sum(a.failed for a in mine), ctx.lang),
                html.Span(words.count("health.files", sum(a.files for a in mine)), className="quiet"),
            ),
            _figure(
                words("health.rejected"),
                fmt.number(rejected, ctx.lang),
                html.Span(words("health.share", share=_share(ctx, rejected, received)), className="quiet"),
            ),
            _figure(
                words("health.received"),
                counts[0],
                [
                    chip("met", "check2", words("health.agrees"))
                    if agrees
                    else chip("critical", "x-octagon-fill", words("health.disagrees")),
                    html.Span(account, className="quiet"),
                ],
            ),
        ],
        className="panel w-12 summary",
    )


def _share(ctx: ScreenContext, part: int, whole: int) -> str:
    return fmt.join(fmt.number(100 * part / whole if whole else 0.0, ctx.lang, 2), "%")


def _figure(name: str, number: str, below: Any) -> Component:
    return html.Div(
        [
            html.Span(name, className="summary-name"),
            html.B(number),
            html.Div(below, className="summary-below"),
        ]
    )


def _feeds(
    ctx: ScreenContext,
    feeds: Sequence[Feed],
    statuses: Mapping[str, FeedStatus],
    accounts: Mapping[str, FeedAccount],
) -> Component:
    words = ctx.words
    head = [
        th(words("health.feed")),
        th(words("health.state")),
        th(words("health.data_through")),
        th(words("health.last_loaded")),
        th(words("health.duty")),
        th(words("health.rows"), number=True),
        th(words("health.received"), number=True),
        th(words("health.accounts")),
    ]
    behind = late_feeds(ctx)
    rows = [_feed_row(ctx, f, statuses.get(f.id), accounts.get(f.id), f.id in behind) for f in feeds]
    return table(head, rows, "grid feeds", words("health.feeds"))


def _feed_row(
    ctx: ScreenContext, feed: Feed, status: FeedStatus | None, account: FeedAccount | None, behind: bool
) -> Component:
    words = ctx.words
    state = feed_state(ctx, feed, status, behind)
    name = [
        link(feed.name.get(ctx.lang), ctx.href("health", feed=feed.id), "row-link"),
        html.Small(
            [feed.owner.get(ctx.lang), f" · {words('state.simulated').lower()}" if feed.simulated else ""]
        ),
    ]
    duty = words(
        "health.duty_text",
        every=fmt.span(feed.delivery.every, ctx.lang),
        grace=fmt.span(feed.delivery.grace, ctx.lang),
    )
    next_ = f"{words('work.next')} {next_look(ctx, feed)}"
    return html.Tr(
        [
            html.Th(name, scope="row"),
            td(state),
            td(_through(ctx, status.data_through if status else None), class_name="nowrap"),
            td(_moment(ctx, status.last_loaded_at if status else None), class_name="nowrap"),
            td([duty, html.Br(), html.Small(next_)], class_name="quiet nowrap"),
            td(fmt.number(status.rows if status else None, ctx.lang), number=True),
            td(fmt.number(account.received if account else None, ctx.lang), number=True),
            td(_account(ctx, account) if account else fmt.NOTHING),
        ]
    )


def _through(ctx: ScreenContext, at: dt.datetime | None) -> Any:
    if at is None:
        return fmt.NOTHING
    return [fmt.through(at, ctx.city.zone, ctx.lang), html.Br(), html.Small(age(ctx, at))]


def _moment(ctx: ScreenContext, at: dt.datetime | None) -> Any:
    if at is None:
        return fmt.NOTHING
    return [fmt.moment(at, ctx.city.zone, ctx.lang), html.Br(), html.Small(age(ctx, at))]


def _account(ctx: ScreenContext, account: FeedAccount) -> Component:
    """Where the received rows went, as a bar of parts and in words."""
    accepted = account.inserted + account.updated
    whole = max(1, account.received)
    parts = (
        ("accepted", accepted),
        ("unchanged", account.unchanged),
        ("mended", account.mended),
        ("rejected", account.rejected),
    )
    bar = html.Span(
        [
            html.I(className=f"part part-{name}", style={"flexGrow": count / whole})
            for name, count in parts
            if count
        ],
        className="parts",
        **dashed(aria_hidden="true"),
    )
    said = " · ".join(
        f"{ctx.words.of('account', name)} {fmt.number(count, ctx.lang)}" for name, count in parts if count
    )
    return html.Span([bar, html.Small(said)], className="account")


def _reasons(ctx: ScreenContext, reasons: Sequence[ReasonCount]) -> Component:
    words = ctx.words
    if not reasons:
        return notice(
            "calm", "check-circle-fill", words("health.no_reasons"), words("health.no_reasons_hint")
        )
    head = [
        th(words("health.feed")),
        th(words("health.column")),
        th(words("health.reason")),
        th(words("health.rows"), number=True),
    ]
    rows = [
        html.Tr(
            [
                td(_feed_link(ctx, r.feed)),
                td(html.Code(r.column_name) if r.column_name else fmt.NOTHING),
                td(
                    link(
                        reason_name(ctx, r.feed, r.reason),
                        ctx.href("quarantine", r.feed, reason=r.reason, column=r.column_name or ""),
                    )
                ),
                td(fmt.number(r.rows, ctx.lang), number=True),
            ]
        )
        for r in reasons[:SAMPLES]
    ]
    return table(head, rows, "grid", words("health.reasons"))


def _samples(ctx: ScreenContext, samples: Sequence[QuarantinedRow]) -> Component:
    words = ctx.words
    if not samples:
        return notice(
            "calm", "check-circle-fill", words("health.no_reasons"), words("health.no_reasons_hint")
        )
    head = [
        th(words("health.file")),
        th(words("health.line"), number=True),
        th(words("health.reason")),
        th(words("health.raw")),
    ]
    rows = [
        html.Tr(
            [
                td([_feed_link(ctx, q.feed), html.Small(q.file_name or "")]),
                td(fmt.number(q.line, ctx.lang), number=True),
                td([html.Span(reason_name(ctx, q.feed, q.reason)), html.Small(q.detail)]),
                td(
                    html.Details([html.Summary(words("health.show_raw"), className="link"), html.Code(q.raw)])
                ),
            ]
        )
        for q in samples
    ]
    return table(head, rows, "grid", words("health.samples"))


def _runs(ctx: ScreenContext, runs: Sequence[Run]) -> Component:
    words = ctx.words
    if not runs:
        return notice("empty", "inbox", words("health.no_runs"))
    head = [
        th(words("health.started")),
        th(words("health.file")),
        th(words("health.state")),
        *(
            th(words(f"health.{key}"), number=True)
            for key in ("received", "inserted", "updated", "unchanged", "rejected", "mended")
        ),
    ]
    return table(head, [_run_row(ctx, run) for run in runs], "grid", words("health.runs"))


def _what(ctx: ScreenContext, run: Run) -> str:
    """What a run received: a file, or rows of the quarantine that were mended."""
    if run.kind == "mend":
        return ctx.words("health.mend")
    return run.file_name or ""


def _run_row(ctx: ScreenContext, run: Run) -> Component:
    kind, icon_name = _STATUS.get(run.status, ("phase-closed", "circle"))
    told = [chip(kind, icon_name, ctx.words.of("run", run.status))]
    if run.message:
        told.append(html.Small(run.message + (f" ({run.hint})" if run.hint else "")))
    if run.flagged:
        told.append(html.Small(ctx.words.count("flagged.rows", run.flagged)))
    numbers = (run.received, run.inserted, run.updated, run.unchanged, run.rejected, run.mended)
    return html.Tr(
        [
            td(fmt.moment(run.started_at, ctx.city.zone, ctx.lang), class_name="nowrap"),
            td([_feed_link(ctx, run.feed), html.Small(_what(ctx, run))]),
            td(told),
            *(td(fmt.number(x, ctx.lang), number=True) for x in numbers),
        ]
    )


def _refreshes(ctx: ScreenContext, refreshes: Sequence[RefreshRecord]) -> Component:
    words = ctx.words
    if not refreshes:
        return notice("empty", "inbox", words("health.no_refreshes"))
    head = [
        th(words("health.started")),
        th(words("health.kind")),
        th(words("health.indicators"), number=True),
        th(words("health.values"), number=True),
        th(words("health.seconds"), number=True),
    ]
    rows = [
        html.Tr(
            [
                td(fmt.moment(r.started_at, ctx.city.zone, ctx.lang), class_name="nowrap"),
                td([icon("arrow-repeat"), " ", words.of("refresh", r.kind)]),
                td(fmt.number(r.indicators, ctx.lang), number=True),
                td(fmt.number(r.rows, ctx.lang), number=True),
                td(fmt.number(r.seconds, ctx.lang, 2), number=True),
            ]
        )
        for r in refreshes
    ]
    return table(head, rows, "grid", words("health.refreshes"))


def _feed_link(ctx: ScreenContext, feed_id: str) -> Component:
    feed = ctx.city.feeds.get(feed_id)
    return link(feed.name.get(ctx.lang) if feed else feed_id, ctx.href("health", feed=feed_id), "row-link")
