"""A rule in words: what it watches, what makes a warning of it, when that clears."""

from __future__ import annotations

import datetime as dt

from config.models import (
    Banded,
    Change,
    Combined,
    CountAnomaly,
    Deadline,
    Incomplete,
    Late,
    LevelAnomaly,
    LevelShift,
    Projection,
    Rule,
    Silent,
    Stale,
    TargetGap,
    Threshold,
    Volume,
    Worsening,
)
from config.models.condition import Limits
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from indicators.rules.messages import figure, of_places


def subject(ctx: ScreenContext, rule: Rule) -> str:
    """What a rule watches: an indicator, a feed, rows that fall due, other rules."""
    city = ctx.city
    if rule.indicator is not None:
        return ctx.name(city.indicators[rule.indicator], short=False)
    if rule.feed is not None:
        return city.feeds[rule.feed].name.get(ctx.lang)
    if isinstance(rule.when, Deadline):
        return ctx.words("rules.due_rows")
    return ctx.words("rules.others")


def reach(ctx: ScreenContext, rule: Rule) -> list[str]:
    """For which areas and periods: level and kind of period, as far as the rule has them."""
    found = [] if rule.level is None else [ctx.level_name(rule.level)]
    return found if rule.period is None else [*found, ctx.period_word(rule.period).lower()]


def condition(ctx: ScreenContext, rule: Rule) -> str:
    """What makes a warning: ``above 28% for 3 days``."""
    said = _when(ctx, rule)
    if rule.hold is not None:
        said = ctx.words("rules.held", condition=said, span=length(ctx, rule.hold))
    return said[0].upper() + said[1:]


def clearing(ctx: ScreenContext, rule: Rule) -> str:
    """When it is over, where that is another level or another time than the end of the breach."""
    said: list[str] = []
    when = rule.when
    if isinstance(when, Limits):
        if when.clear_below is not None:
            said.append(ctx.words("rules.clear_below", limit=_limit(ctx, rule, when.clear_below)))
        if when.clear_above is not None:
            said.append(ctx.words("rules.clear_above", limit=_limit(ctx, rule, when.clear_above)))
    if isinstance(when, Banded) and when.clear_by:
        said.append(ctx.words("rules.clear_by", by=_limit(ctx, rule, when.clear_by)))
    if rule.keep_firing is not None:
        said.append(ctx.words("rules.keep", span=length(ctx, rule.keep_firing)))
    return "; ".join(said)


def _when(ctx: ScreenContext, rule: Rule) -> str:
    words, when = ctx.words, rule.when
    match when:
        case Threshold():
            return _over(ctx, rule, when)
        case Banded():
            bands = ", ".join(
                f"{band.name.get(ctx.lang)} ({_limit(ctx, rule, band.limit)})" for band in when.bands
            )
            above = when.side == "above"
            return words("rules.band_above", bands=bands) if above else words("rules.band_below", bands=bands)
        case Change(against="previous"):
            return words("rules.on_previous", over=_over(ctx, rule, when))
        case Change():
            return words("rules.on_last_year", over=_over(ctx, rule, when))
        case TargetGap():
            limit = when.above if when.above is not None else when.below
            if limit == 0:
                return words("rules.missed")
            return words("rules.off_target", limit=_limit(ctx, rule, limit))
        case Worsening():
            by = words("rules.worse_by", by=fmt.number(when.by, ctx.lang, 1)) if when.by else ""
            return words.count("rules.worse", when.periods) + by
        case CountAnomaly() | LevelAnomaly() | Volume() | LevelShift():
            return _unusual(ctx, rule, when)
        case Projection():
            return words("rules.projected", over=_over(ctx, rule, when))
        case Deadline():
            # A day of work is no day of the clock: its hours say what is meant.
            hours = words.count("rules.hours", round(when.within / dt.timedelta(hours=1)))
            told = words("rules.working", span=hours) if when.working else hours
            return words("rules.due", n=fmt.number(when.above, ctx.lang), span=told)
        case Stale():
            return words("rules.stale", span=length(ctx, when.after))
        case Late():
            return words("rules.late")
        case Silent():
            return words("rules.silent", span=length(ctx, when.after))
        case Incomplete():
            return words("rules.incomplete", share=fmt.number(when.below, ctx.lang))
        case Combined():
            return _combined(ctx, when)


def _unusual(ctx: ScreenContext, rule: Rule, when: CountAnomaly | LevelAnomaly | LevelShift | Volume) -> str:
    words = ctx.words
    if isinstance(when, LevelShift):
        return words.of("rule_shift", when.side)
    if isinstance(when, Volume):
        return words.of("rule_volume", when.side)
    share = fmt.number(ctx.city.head.warnings.rate(rule.severity) * 100, ctx.lang)
    group = "rule_count" if isinstance(when, CountAnomaly) else "rule_level"
    return words("rules.unusual", what=words.of(group, when.side), share=share)


def _combined(ctx: ScreenContext, when: Combined) -> str:
    rules = ctx.city.rules
    names = ", ".join(rules[id_].name.get(ctx.lang) for id_ in when.rules if id_ in rules)
    if when.needed == len(when.rules):
        return ctx.words("rules.all_of", names=names)
    if when.needed == 1:
        return ctx.words("rules.any_of", names=names)
    return ctx.words("rules.some_of", n=fmt.number(when.needed, ctx.lang), names=names)


def _over(ctx: ScreenContext, rule: Rule, limits: Limits) -> str:
    if limits.above is not None:
        return ctx.words("rules.above", limit=_limit(ctx, rule, limits.above))
    return ctx.words("rules.below", limit=_limit(ctx, rule, limits.below))


def _limit(ctx: ScreenContext, rule: Rule, limit: float | None) -> str:
    places = of_places(ctx.city, rule, ctx.city.areas.root.code, ctx.today)
    return figure(ctx.city, rule, limit, ctx.lang, places)


def length(ctx: ScreenContext, length: dt.timedelta) -> str:
    """A span as people write it: 26 giờ, 3 ngày; whole days are days."""
    if length and not length % dt.timedelta(days=1):
        return ctx.words.count("rules.days", length.days)
    return fmt.span(length, ctx.lang)
