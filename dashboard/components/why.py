"""Why there is a warning, in a sentence: what was held against what, and how unusual that is."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from config.models import (
    Banded,
    Change,
    Combined,
    CountAnomaly,
    Deadline,
    LevelAnomaly,
    LevelShift,
    OverFeed,
    Projection,
    Rule,
    Statistical,
    TargetGap,
    Threshold,
    Volume,
    Worsening,
)
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.drawing.format import Lang
from dashboard.warnings.stories import Story
from indicators.rules.messages import figure, moment, of_places
from warehouse.state import Kind

if TYPE_CHECKING:
    from warehouse.rule_tests import RuleTest

FIGURES = 2
"""How many figures of a chance are said: more would claim to know it."""


def why(ctx: ScreenContext, story: Story, test: RuleTest | None) -> list[str]:
    """The sentences, the first of which says what was measured; ``test`` is the one that told."""
    rule = ctx.city.rules.get(story.warning.rule)
    if rule is None:
        return [ctx.words("warning.rule_gone")]
    since = moment(rule, story.warning.firing_since.astimezone(ctx.city.zone), ctx.lang)
    if story.warning.kind is Kind.NO_DATA:
        return [ctx.words("warning.why_no_data", since=since)]
    said = [_measured(ctx, story, rule, since)]
    if isinstance(rule.when, Statistical | Volume):
        said += _chance(ctx, story, rule, test)
    if story.warning.value is not None and not isinstance(rule.when, OverFeed):
        said += _since(ctx, story, rule)
    return said


def odds(ctx: ScreenContext, p: float) -> str:
    """``one in 2,300``: how often chance alone makes something as unusual."""
    if p < 1e-6:
        return ctx.words("warning.odds_least", n=fmt.number(1e6, ctx.lang))
    times = 1 / max(p, 1e-6)
    step = 10.0 ** max(0, math.floor(math.log10(times)) - FIGURES + 1)
    return ctx.words("warning.odds", n=fmt.number(round(times / step) * step, ctx.lang))


def told_figure(ctx: ScreenContext, story: Story, rule: Rule, measure: float | None) -> str:
    """What the rule measures, with its unit."""
    warning = story.warning
    day = warning.firing_since.astimezone(ctx.city.zone).date()
    return figure(ctx.city, rule, measure, ctx.lang, of_places(ctx.city, rule, warning.area, day))


def _measured(ctx: ScreenContext, story: Story, rule: Rule, since: str) -> str:
    words, warning = ctx.words, story.warning
    given = {
        "value": told_figure(ctx, story, rule, warning.value),
        "limit": told_figure(ctx, story, rule, warning.limit),
        "since": since,
    }
    match rule.when:
        case Threshold(below=None) | Banded(side="above"):
            return words("warning.why_above", **given)
        case Threshold() | Banded():
            return words("warning.why_below", **given)
        case Change(against="previous"):
            return words("warning.why_previous", **given)
        case Change():
            return words("warning.why_last_year", **given)
        case TargetGap():
            return words("warning.why_target", **given)
        case Worsening():
            return words("warning.why_worsening", value=given["value"])
        case CountAnomaly() | LevelAnomaly() | LevelShift():
            given["expected"] = told_figure(ctx, story, rule, expected_of(story))
            if isinstance(rule.when, LevelShift):
                return words(
                    "warning.why_shift",
                    value=given["value"],
                    expected=given["expected"],
                    since=_began(story, ctx.lang) or given["since"],
                )
            return words(
                "warning.why_unusual",
                value=given["value"],
                expected=given["expected"],
                limit=given["limit"],
            )
        case Volume():
            expected = told_figure(ctx, story, rule, expected_of(story))
            return words("warning.why_volume", value=given["value"], expected=expected)
        case Projection():
            return words("warning.why_projection", value=given["value"], limit=given["limit"])
        case Deadline():
            return words("warning.why_deadline", **given)
        case Combined():
            return words("warning.why_combined", **given, n=fmt.number(len(rule.when.rules), ctx.lang))
        case _:
            return words.of("why_feed", rule.when.type).format(value=given["value"], limit=given["limit"])


def _began(story: Story, lang: Lang) -> str:
    """The day on which the other level began; nothing where the warning does not say it."""
    found = story.warning.evidence.get("began")
    return fmt.date(dt.datetime.fromisoformat(str(found)).date(), lang) if found else ""


def expected_of(story: Story) -> float | None:
    """What the condition held to be normal when the warning was told."""
    found = story.warning.evidence.get("expected")
    return float(found) if isinstance(found, int | float) else None


def _chance(ctx: ScreenContext, story: Story, rule: Rule, test: RuleTest | None) -> list[str]:
    words = ctx.words
    told = story.warning.evidence.get("p")
    p = float(told) if isinstance(told, int | float) else test.p if test is not None else None
    said = [] if p is None else [words("warning.chance", odds=odds(ctx, p))]
    if test is not None and test.tests:
        share = ctx.city.head.warnings.rate(rule.severity) * 100
        made = words.count("warning.tests", test.tests)
        said.append(words("warning.budget", tests=made, share=fmt.number(share, ctx.lang)))
    return said


def _since(ctx: ScreenContext, story: Story, rule: Rule) -> list[str]:
    """How it went on since it was told, where it did."""
    warning = story.warning
    if warning.last_value is None or warning.last_value == warning.value:
        return []
    worst, last = (told_figure(ctx, story, rule, x) for x in (warning.worst_value, warning.last_value))
    return [ctx.words("warning.went_on", worst=worst, last=last)]
