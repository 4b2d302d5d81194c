"""Identities: what must hold between figures, where it does and where it does not."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Identity, Indicator
from dashboard.components.base import chip, icon, link, table, td, th
from dashboard.components.states import notice
from dashboard.components.value import period_name, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from indicators.formula import parse_references

if TYPE_CHECKING:
    from warehouse.reader import Value
    from warehouse.reconciliation import IdentityCount, Outcome

SHOWN: Final = 50
"""Broken outcomes of one identity that are listed."""


def identity_table(ctx: ScreenContext) -> Any:
    """Every identity of the city with how it stands; those that are broken come first."""
    words = ctx.words
    if not ctx.city.identities:
        return notice("empty", "link-45deg", words("identity.none"), words("identity.none_hint"))
    counts = ctx.reader.identities.counts()
    head = [
        th(words("health.state")),
        th(words("identity.name")),
        th(words("identity.holds"), number=True),
        th(words("identity.unchecked"), number=True),
        th(words("identity.worst")),
        th(words("identity.indicators")),
    ]
    listed = sorted(ctx.city.identities.values(), key=lambda item: _order(counts.get(item.id)))
    rows = [_row(ctx, item, counts.get(item.id)) for item in listed]
    return table(head, rows, "grid identities", words("identity.title"))


def identity_notes(ctx: ScreenContext, indicator: Indicator, value: Value | None) -> Component | None:
    """What an indicator is held to, and whether this value meets it; None where there is nothing to say.

    Of the past no outcomes are kept.
    """
    named = [item for item in ctx.city.identities.values() if indicator.id in parse_references(item.claim)]
    if not named or ctx.as_of is not None:
        return None
    reader, here = ctx.reader.identities, {}
    if value is not None:
        here = reader.at([item.id for item in named], value.area, value.period, value.start)
    counts = reader.counts()
    notes = [_note(ctx, item, here.get(item.id), counts.get(item.id)) for item in named]
    return html.Ul(notes, className="identity-notes")


def identity_lines(ctx: ScreenContext, indicators: Set[str]) -> Component | None:
    """Every identity over some of the indicators, in short, with its widest gap; None where there is none."""
    counts = ctx.reader.identities.counts()
    named = [item for item in ctx.city.identities.values() if indicators & set(parse_references(item.claim))]
    if not named:
        return None
    lines = []
    for item in sorted(named, key=lambda item: _order(counts.get(item.id))):
        count = counts.get(item.id)
        worst = count.worst if count is not None and count.broken else None
        told = _worst(ctx, item, worst) if worst is not None else None
        lines.append(
            html.Li(
                [
                    html.Div([_state(ctx, count), html.B(item.name.get(ctx.lang))]),
                    html.Code(item.claim),
                    html.Div(told) if told else None,
                    html.Small(item.note.get(ctx.lang)) if item.note is not None else None,
                ]
            )
        )
    return html.Ul(lines, className="identity-notes")


def _order(count: IdentityCount | None) -> tuple[bool, bool]:
    return (count is None or count.broken == 0, count is None or count.checked == 0)


def _row(ctx: ScreenContext, item: Identity, count: IdentityCount | None) -> Component:
    name: list[Any] = [item.name.get(ctx.lang), html.Small(html.Code(item.claim))]
    if item.note is not None:
        name.append(html.Small(item.note.get(ctx.lang)))
    checked = count.checked if count else 0
    share = ctx.words(
        "identity.of", n=fmt.number(count.holding if count else 0, ctx.lang), m=fmt.number(checked, ctx.lang)
    )
    worst = count.worst if count else None
    return html.Tr(
        [
            td(_state(ctx, count), class_name="nowrap"),
            html.Th(name, scope="row"),
            td(share if checked else fmt.NOTHING, number=True, class_name="nowrap"),
            td(fmt.number(count.unchecked if count else None, ctx.lang), number=True),
            td([*_worst(ctx, item, worst), _all_broken(ctx, item)] if worst is not None else fmt.NOTHING),
            td(html.Ul([html.Li(_way(ctx, id_, worst)) for id_ in parse_references(item.claim)])),
        ]
    )


def _state(ctx: ScreenContext, count: IdentityCount | None) -> Component:
    words = ctx.words
    if count is None or count.checked == 0:
        return chip("insufficient", "slash-circle", words("identity.cannot"))
    if count.broken:
        return chip("missed", "exclamation-triangle-fill", words("identity.broken"))
    return chip("met", "check2", words("identity.met"))


def _worst(ctx: ScreenContext, item: Identity, worst: Outcome) -> list[Any]:
    """The widest gap, where and when, and since when it has been known."""
    sides = ctx.words(
        "identity.sides", left=_amount(ctx, item, worst.left), right=_amount(ctx, item, worst.right)
    )
    when = f"{ctx.area_name(ctx.city.areas[worst.area])}, {period_name(ctx, worst.period, worst.start)}"
    told: list[Any] = [html.B(_amount(ctx, item, worst.gap)), f" · {when}", html.Small(sides)]
    if worst.since is not None:
        since = fmt.moment(worst.since, ctx.city.zone, ctx.lang)
        told.append(html.Small(ctx.words("identity.since", time=since)))
    return told


def _all_broken(ctx: ScreenContext, item: Identity) -> Component | None:
    """Every area and period that is not mended, newest first, folded away; None where there is but one."""
    found = ctx.reader.identities.broken(item.id, SHOWN + 1)
    if len(found) < 2:
        return None
    words, (first, *_) = ctx.words, parse_references(item.claim)
    lines: list[Component] = []
    for one in found[:SHOWN]:
        where = f"{ctx.area_name(ctx.city.areas[one.area])}, {period_name(ctx, one.period, one.start)}"
        sides = words(
            "identity.sides", left=_amount(ctx, item, one.left), right=_amount(ctx, item, one.right)
        )
        way = link(where, ctx.value_href(first, one.area, one.period), "row-link")
        lines.append(html.Li([way, f": {sides if one.holds is False else words('identity.cannot')}"]))
    if len(found) > SHOWN:
        lines.append(html.Li(words("identity.newest", n=SHOWN), className="quiet"))
    return html.Details([html.Summary(words("identity.every"), className="link"), html.Ul(lines)])


def _way(ctx: ScreenContext, id_: str, worst: Outcome | None) -> Component:
    """To an indicator's page, where the gap is widest."""
    item = ctx.city.indicators[id_]
    if worst is None:
        return link(ctx.name(item), ctx.href("indicator", id_), "row-link")
    return link(ctx.name(item), ctx.value_href(id_, worst.area, worst.period), "row-link")


def _note(ctx: ScreenContext, item: Identity, here: Outcome | None, count: IdentityCount | None) -> Component:
    words = ctx.words
    if here is not None and here.holds is False:
        left, right = _amount(ctx, item, here.left), _amount(ctx, item, here.right)
        state = chip("missed", "exclamation-triangle-fill", words("identity.broken"))
        gap = words("identity.gap", gap=_amount(ctx, item, here.gap))
        told = f"{words('identity.sides', left=left, right=right)}, {gap}"
    elif here is not None and here.holds:
        state, told = chip("met", "check2", words("identity.met")), ""
    else:
        state, told = chip("insufficient", "slash-circle", words("identity.cannot_here")), ""
    if not told and count is not None and count.broken:
        told = words.count("identity.elsewhere", count.broken)
    return html.Li(
        [
            html.Div([state, html.B(item.name.get(ctx.lang))]),
            html.Code(item.claim),
            html.Small([icon("info-circle"), " ", told]) if told else None,
            html.Small(item.note.get(ctx.lang)) if item.note is not None else None,
        ]
    )


def _amount(ctx: ScreenContext, item: Identity, amount: float | None) -> str:
    """An amount in the unit of the claim, if all of its indicators have the same."""
    named = [ctx.city.indicators[id_] for id_ in parse_references(item.claim)]
    if len({one.unit for one in named}) == 1:
        return str(written(ctx, named[0], amount))
    whole = amount is None or float(amount).is_integer()
    return fmt.number(amount, ctx.lang, 0 if whole else 2)
