"""On the data-health screen: what each agency owed, what came in time, how often it was to be reminded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Feed
from dashboard.components.base import chip, link, table, td, th
from dashboard.components.states import notice
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from pipelines.obligations import Due, Step, owed, owes, reminders, step_of

_MONTH: Final = dt.timedelta(days=30)
_YEAR: Final = dt.timedelta(days=365)
_GRAVITY: Final[dict[Step, int]] = {"none": 0, "reminded": 1, "review": 2, "escalated": 3}


@dataclass(frozen=True)
class Agency:
    """What one agency owed by its feeds; ``reminded``: when it was to be reminded in the ladder's span."""

    name: str
    feeds: Sequence[Feed]
    dues: Sequence[Due]
    reminded: Sequence[dt.datetime]
    step: Step

    @property
    def missing(self) -> list[Due]:
        """What is overdue and has not come."""
        return [due for due in self.dues if due.arrival is None]


def obligations(ctx: ScreenContext, feeds: Sequence[Feed]) -> Any:
    """The agencies of the feeds, those first that are furthest up the ladder."""
    words = ctx.words
    agencies = _agencies(ctx, feeds)
    if not any(agency.dues for agency in agencies):
        return notice("empty", "inbox", words("duty.none"), words("duty.none_hint"))
    head = [
        th(words("duty.agency")),
        th(words("duty.step")),
        th(words("duty.month"), number=True),
        th(words("duty.year"), number=True),
        th(words("duty.missing")),
        th(words("duty.late"), number=True),
        th(words("duty.reminders"), number=True),
    ]
    rows = [_row(ctx, agency) for agency in agencies if agency.dues]
    return [
        table(head, rows, "grid duties", words("duty.title")),
        html.P(_ladder(ctx), className="quiet"),
    ]


def _agencies(ctx: ScreenContext, feeds: Sequence[Feed]) -> list[Agency]:
    arrived, ladder = ctx.reader.arrivals(), ctx.city.head.obligations
    if ctx.as_of is not None:
        arrived = {f: [one for one in came if one.known_at <= ctx.now] for f, came in arrived.items()}
    mine: dict[str, list[Feed]] = {}
    for feed in filter(owes, feeds):
        mine.setdefault(feed.owner.get(ctx.lang), []).append(feed)
    found = []
    for name, owned in mine.items():
        dues = [due for f in owned for due in owed(ctx.city, f, arrived.get(f.id, ()), ctx.now)]
        asked = reminders(dues)
        found.append(Agency(name, owned, dues, asked, step_of(len(asked), ladder)))
    return sorted(found, key=lambda a: (-_GRAVITY[a.step], -len(a.reminded), -len(a.missing), a.name))


def _row(ctx: ScreenContext, agency: Agency) -> Component:
    words, missing = ctx.words, agency.missing
    named: list[Any] = []
    for feed in agency.feeds:
        named += [" · "] if named else []
        named.append(link(feed.name.get(ctx.lang), ctx.href("health", feed=feed.id)))
    overdue: Any = html.Span(words("duty.none_missing"), className="quiet")
    if missing:
        first = min(due.deadline for due in missing)
        overdue = [
            html.Span(words.count("duty.missing_n", len(missing))),
            html.Small(words("duty.since", at=fmt.moment(first, ctx.city.zone, ctx.lang))),
        ]
    worst = max((due.late_by(ctx.now) for due in agency.dues), default=dt.timedelta(0))
    asked: list[Any] = [fmt.number(len(agency.reminded), ctx.lang)]
    if agency.reminded:
        at = fmt.moment(agency.reminded[-1], ctx.city.zone, ctx.lang)
        asked.append(html.Small(words("duty.last", at=at)))
    return html.Tr(
        [
            html.Th([html.Span(agency.name), html.Small(named)], scope="row"),
            td(_step(ctx, agency), class_name="nowrap"),
            td(_kept(ctx, agency, _MONTH), number=True),
            td(_kept(ctx, agency, _YEAR), number=True),
            td(overdue),
            td(fmt.span(worst, ctx.lang) if worst else fmt.NOTHING, number=True),
            td(asked, number=True),
        ]
    )


def _step(ctx: ScreenContext, agency: Agency) -> Component:
    words = ctx.words
    if agency.step == "escalated":
        return chip("critical", "exclamation-octagon-fill", words("duty.escalated"))
    if agency.step == "review":
        return chip("serious", "exclamation-diamond-fill", words("duty.review"))
    if agency.step == "reminded":
        limit = ctx.city.head.obligations.review
        return chip("late", "clock-history", words("duty.reminded", n=len(agency.reminded), limit=limit))
    return chip("met", "check2", words("duty.calm"))


def _kept(ctx: ScreenContext, agency: Agency, span: dt.timedelta) -> Any:
    due = [one for one in agency.dues if one.due_at > ctx.now - span]
    if not due:
        return fmt.NOTHING
    kept = sum(one.state == "on_time" for one in due)
    counts = {"kept": fmt.number(kept, ctx.lang), "due": fmt.number(len(due), ctx.lang)}
    # Rounded down: 100 per cent is when nothing was late.
    share = fmt.join(fmt.number(1000 * kept // len(due) / 10, ctx.lang, 1), "%")
    return [html.Span(share), html.Small(ctx.words("duty.of", **counts))]


def _ladder(ctx: ScreenContext) -> str:
    ladder = ctx.city.head.obligations
    after = ", ".join(
        fmt.span(step, ctx.lang) if step else ctx.words("duty.at_once") for step in ladder.remind_after
    )
    within = fmt.span(ladder.within, ctx.lang)
    return ctx.words(
        "duty.ladder", after=after, review=ladder.review, escalate=ladder.escalate, within=within
    )
