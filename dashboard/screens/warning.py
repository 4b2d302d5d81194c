"""The page of one warning: why it was told, what drives it, what is done about it, what came of its like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from dash import html
from dash.development.base_component import Component

from config.models import Combined
from dashboard.components.base import icon, link, panel, table, td, th
from dashboard.components.breakdown import breakdown_panel
from dashboard.components.directive_form import issue_form
from dashboard.components.directive_list import beside
from dashboard.components.drivers import drivers
from dashboard.components.due_rows import due_rows
from dashboard.components.feed_chart import feed_chart
from dashboard.components.handling import choices_of, form, handled
from dashboard.components.lineage import origin
from dashboard.components.page import page
from dashboard.components.release_form import release_form
from dashboard.components.states import notice
from dashboard.components.warning_chart import Sight, sight_of, tests_of, warning_chart
from dashboard.components.warnings import alert_href, chips, message, times
from dashboard.components.why import told_figure, why
from dashboard.context import ScreenContext
from dashboard.directives.about import About
from dashboard.drawing import format as fmt
from dashboard.warnings.stories import Story

if TYPE_CHECKING:
    from warehouse.state import Correction, Warning

SIMILAR: Final = 8
"""Earlier warnings of the rule that are listed."""


def render(ctx: ScreenContext) -> Component:
    """The warning whose number the address names."""
    words, root = ctx.words, ctx.city.areas.root.code
    story = ctx.story(int(ctx.route.target))
    trail = [(words("nav.warnings"), ctx.href("warnings"))]
    if story is None:
        body = notice("empty", "bell", words("action.gone"), link(words("warnings.others"), trail[0][1]))
        return page(ctx, words("warning.number", n=ctx.route.target), body, area=root, trail=trail)
    alert, sight = story.alert, sight_of(ctx, story)
    area = ctx.city.areas[alert.area]
    rule = ctx.city.rules.get(alert.rule)
    name = rule.name.get(ctx.lang) if rule is not None else alert.rule
    number = words("warning.number", n=str(alert.id))
    left = _left(ctx, story, sight)
    similar = panel(words("warning.similar"), _similar(ctx, story), kind="table")
    # Where nothing can be said of parts, its like stand below the chart: columns end about together.
    alone = len(left) == 1
    return page(
        ctx,
        f"{name} · {area.name(ctx.lang)}",
        [
            _head(ctx, story, sight),
            html.Div([*left, similar if alone else None], className="stack w-8"),
            html.Div([*_right(ctx, story), None if alone else similar], className="stack w-4"),
            _origin(ctx, story, sight) if sight is not None else None,
        ],
        area=area.code,
        trail=[*trail, (number, "")],
        lead=[*chips(ctx, alert), times(ctx, alert), html.Span(number, className="quiet")],
    )


def _head(ctx: ScreenContext, story: Story, sight: Sight | None) -> Component:
    """What people were told, and where what it is about can be looked up."""
    alert = story.alert
    links: list[Component] = [
        link([icon("geo-alt"), ctx.city.areas[alert.area].name(ctx.lang)], ctx.href("area", alert.area))
    ]
    if sight is not None:
        links += [
            link([icon("graph-up"), ctx.name(sight.indicator, short=False)], alert_href(ctx, alert)),
            html.A([icon("diagram-3"), ctx.words("warning.lineage")], href="#origin", className="link"),
        ]
    elif alert.feed is not None:
        links.append(link([icon("database"), ctx.words("nav.health")], alert_href(ctx, alert)))
    rule = ctx.city.rules.get(alert.rule)
    if rule is not None:
        links.append(link([icon("list"), rule.name.get(ctx.lang)], ctx.href("rule", rule.id)))
    assigned = html.Span([icon("people"), alert.assigned_to]) if alert.assigned_to else None
    return html.Section(
        [
            html.P(message(ctx, alert), className="card-text"),
            html.Div([*links, assigned], className="card-where"),
        ],
        className=f"panel w-12 told alert-{alert.severity}",
    )


def _left(ctx: ScreenContext, story: Story, sight: Sight | None) -> list[Component]:
    words, area = ctx.words, story.alert.area
    tests = tests_of(ctx, story, sight) if sight is not None else {}
    test = tests.get(sight.start.isoformat()) if sight is not None else None
    said: list[Any] = [html.P(" ".join(why(ctx, story, test)), className="why")]
    if story.corrections:
        said.append(html.Ul([_corrected(ctx, story, c) for c in story.corrections], className="handling"))
    if sight is not None:
        said.append(warning_chart(ctx, story, sight, tests))
    rule = ctx.city.rules.get(story.alert.rule)
    if rule is not None and rule.feed is not None:
        said.append(feed_chart(ctx, story, rule))
    parts = [panel(words("warning.why"), said, kind="trend")]
    made_of = _made_of(ctx, story)
    if made_of is not None:
        parts.append(panel(words("warning.made_of"), made_of, kind="table"))
    due = due_rows(ctx, story)
    if due is not None:
        parts.append(panel(words("warning.due"), due, kind="table"))
    if sight is not None:
        driving = drivers(ctx, sight, area)
        if driving is not None:
            parts.append(panel(words("warning.parts"), driving, kind="table"))
        members = breakdown_panel(ctx, sight.indicator, area, sight.period)
        if members is not None:
            parts.append(members)
    return parts


def _made_of(ctx: ScreenContext, story: Story) -> Component | None:
    """Of a rule made of others, which of them stand here or for an area that holds this one."""
    rule = ctx.city.rules.get(story.warning.rule)
    if rule is None or not isinstance(rule.when, Combined):
        return None
    words = ctx.words
    path = ctx.city.areas.path(story.alert.area).values()
    rows = []
    for other in rule.when.rules:
        standing = [a for a in ctx.alerts if a.rule == other and a.open and a.area in path]
        known = ctx.city.rules.get(other)
        name = known.name.get(ctx.lang) if known is not None else other
        state: Any = words("warning.stands_not")
        if standing:
            state = [link(message(ctx, a), ctx.href("warning", str(a.id))) for a in standing]
        rows.append(html.Tr([td(name), td(state)]))
    return table(
        [th(words("warning.rule")), th(words("health.state"))], rows, "grid", words("warning.made_of")
    )


def _right(ctx: ScreenContext, story: Story) -> list[Component | None]:
    words, alert = ctx.words, story.alert
    rule = ctx.city.rules.get(alert.rule)
    playbook = rule.playbook.get(ctx.lang) if rule is not None and rule.playbook is not None else ""
    offered = form(ctx, alert.id, [(str(alert.id), f"#{alert.id}")], choices_of(alert, story.shift))
    released = release_form(ctx, story)
    held = html.Div(
        offered,
        className="card-alert" + (" is-acknowledged" if alert.open and alert.taken else ""),
        id=f"warning-{alert.id}",
    )
    return [
        panel(words("warnings.playbook"), html.P(playbook, className="playbook-text")) if playbook else None,
        panel(words("action.handle"), held, kind="handle"),
        panel(None, issue_form(ctx, _about(ctx, story)), kind="handle"),
        beside(ctx, ctx.directives.about(warning=alert.id)),
        panel(words("release.title"), released, kind="handle") if released is not None else None,
        panel(words("warning.history"), _history(ctx, story)),
    ]


def _about(ctx: ScreenContext, story: Story) -> About:
    """What a directive about the warning is about: the figure that it tells of, where it tells of one."""
    alert, sight = story.alert, sight_of(ctx, story)
    if sight is None:
        return About(alert.area, warning=alert.id)
    indicator = sight.indicator
    return About(alert.area, indicator.id, sight.period, sight.start, alert.id, domain=indicator.domain)


def _origin(ctx: ScreenContext, story: Story, sight: Sight) -> Component:
    """The rows and files behind the value that the warning was told of, as it is known now."""
    key = (sight.indicator.id, story.alert.area, sight.start)
    value = ctx.reader.at(sight.period, {key}).get(key)
    title = f"{ctx.words('warning.lineage')} · {ctx.period_text(sight.period, sight.start)}"
    behind = panel(title, origin(ctx, sight.indicator, value), kind="rows")
    return html.Div(behind, id="origin", className="w-12")


def _history(ctx: ScreenContext, story: Story) -> Component:
    """When people were told and what they did; the engine's own deeds have nobody's name."""
    done = [event for event in ctx.history(story.warning.id) if ">" not in event.action]
    zone = ctx.city.zone
    told = fmt.moment(story.warning.recorded_at, zone, ctx.lang)
    lines: list[Component] = [
        html.Li([icon("bell"), html.Span(ctx.words("warning.was_told", time=told))]),
        *(handled(ctx, event) for event in done),
    ]
    if story.warning.ended_at is not None:
        over = fmt.moment(story.warning.ended_at, zone, ctx.lang)
        lines.append(html.Li([icon("check2"), html.Span(ctx.words("warning.was_over", time=over))]))
    return html.Ul(lines, className="handling")


def _corrected(ctx: ScreenContext, story: Story, correction: Correction) -> Component:
    rule = ctx.city.rules.get(story.warning.rule)
    told, known = correction.told.get("value"), correction.known.get("value")
    at = fmt.moment(correction.at, ctx.city.zone, ctx.lang)
    values = "–", "–"
    if rule is not None:
        values = told_figure(ctx, story, rule, told), told_figure(ctx, story, rule, known)
    said = (
        ctx.words("warning.unjustified", time=at, told=values[0], known=values[1])
        if correction.known.get("justified") is False
        else ctx.words("warning.corrected", time=at, told=values[0], known=values[1])
    )
    return html.Li([icon("file-earmark-check"), html.Span(said)])


def _similar(ctx: ScreenContext, story: Story) -> Component:
    """Other warnings of the rule, how long they stood and how they ended."""
    words = ctx.words
    if not story.similar:
        return html.P(words("warning.no_similar"), className="quiet")
    ends = story.endings
    closed = [f"{words.of('choice_close', name)}: {n}" for name, n in ends.items()]
    lead = " · ".join([words.count("warning.earlier", len(story.similar)), *closed])
    head = [th(words("warnings.area")), th(words("warning.from")), th(words("warning.end"))]
    rows = [_one(ctx, other) for other in _shown(story.similar)]
    return html.Div(
        [html.P(lead, className="quiet"), table(head, rows, "grid similar", words("warning.similar"))]
    )


def _shown(similar: Sequence[Warning]) -> Sequence[Warning]:
    return similar[:SIMILAR]


def _one(ctx: ScreenContext, other: Warning) -> Component:
    words = ctx.words
    if other.outcome is not None:
        end = words.of("choice_close", other.outcome.value)
    elif other.open:
        end = words("warning.stands")
    else:
        end = words("warning.over")
    if other.resolved_at is not None:
        length = fmt.span(other.resolved_at - other.firing_since, ctx.lang)
        end = f"{end} · {length}"
    name = ctx.city.areas[other.area].name(ctx.lang)
    since = fmt.date(other.firing_since.astimezone(ctx.city.zone).date(), ctx.lang)
    return html.Tr([td(link(name, ctx.href("warning", str(other.id)))), td(since), td(end)])
