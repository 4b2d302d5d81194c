"""A target and how far it is met, in words."""

from __future__ import annotations

from config.models import Indicator, Target
from dashboard.components.value import target_text, written
from dashboard.context import ScreenContext
from dashboard.drawing import format as fmt
from dashboard.goals import Goal


def goal_line(ctx: ScreenContext, indicator: Indicator, goal: Goal) -> str:
    """The target in one short line; where the value beside it is not what is judged, also what is."""
    aim, attained, words = goal.aim, goal.attained, ctx.words
    if attained is None or aim.kind in ("floor", "ceiling", "path"):
        return words("tile.target", value=target_text(ctx, indicator, aim))
    if aim.kind == "cumulative":
        total, due = (written(ctx, indicator, x) for x in (attained.value, aim.value))
        # The unit is said once.
        return words("goal.total", total=total.text if total.unit == due.unit else str(total), due=due)
    if aim.kind == "rank":
        said = [fmt.number(x, ctx.lang) for x in (attained.value, attained.pool, aim.value)]
        return words("goal.place", place=said[0], pool=said[1], due=said[2])
    state = words.of("goal_state", goal.state or "awaited")
    return f"{target_text(ctx, indicator, aim)}: {state}"


def goal_parts(ctx: ScreenContext, indicator: Indicator, goal: Goal) -> str:
    """How far the target is met: the distance, the share of what is due, the share of the whole way.

    Of what is to stay below a limit no share is said: 189 % of it would be read as far too much.
    """
    words, distance = ctx.words, goal.distance
    if distance is None:
        return fmt.NOTHING
    told = [distance_text(ctx, indicator, goal, distance)]
    if distance:
        told[0] += ", " + words.of("tone", "good" if distance > 0 else "bad")
    if goal.attainment is not None and (goal.aim.side == "floor" or goal.aim.kind == "rank"):
        told.append(words("goal.attainment", share=_percent(ctx, goal.attainment)))
    if goal.progress is not None:
        share = _percent(ctx, goal.progress)
        whole = goal.aim.kind == "cumulative"
        told.append(words("goal.part", share=share) if whole else words("goal.progress", share=share))
    if goal.attained is not None and not goal.attained.whole:
        told.append(words("goal.gaps"))
    return " · ".join(told)


def distance_text(ctx: ScreenContext, indicator: Indicator, goal: Goal, distance: float) -> str:
    """``−2,0 điểm %``: positive is better than the target."""
    if goal.aim.kind == "rank":
        return ctx.words("goal.places", n=fmt.signed(distance, ctx.lang))
    return fmt.difference(distance, ctx.unit(indicator), ctx.lang)


def _percent(ctx: ScreenContext, share: float) -> str:
    return fmt.number(share, ctx.lang, 1 if abs(share) < 1000 else 0) + "%"


def target_terms(ctx: ScreenContext, indicator: Indicator, target: Target) -> str:
    """A target as its definition has it: what, when, where, and who set it."""
    words = ctx.words
    amount = (
        fmt.number(target.value, ctx.lang) if target.kind == "rank" else written(ctx, indicator, target.value)
    )
    parts = [words(f"target.{target.kind}", value=amount)]
    start, end = (fmt.date(day, ctx.lang) if day else None for day in (target.start, target.date))
    if start and end:
        parts.append(words("target.span", start=start, end=end))
    elif end:
        parts.append(words("target.by_date", date=end))
    elif start:
        parts.append(words("target.since", date=start))
    if target.points:
        way = [f"{written(ctx, indicator, p.value)} ({fmt.date(p.date, ctx.lang)})" for p in target.points]
        parts.append(words("target.points", way=", ".join(way)))
    if target.levels:
        parts.append(", ".join(ctx.level_name(level) for level in target.levels))
    if target.periods:
        parts.append(", ".join(ctx.period_word(period).lower() for period in target.periods))
    if target.areas:
        names = [ctx.city.areas[code].name(ctx.lang) for code in target.areas if code in ctx.city.areas]
        parts.append(", ".join(names))
    source = target.source if isinstance(target.source, str) else target.source.get(ctx.lang)
    return " · ".join(parts) + (f" ({source})" if source else "")
