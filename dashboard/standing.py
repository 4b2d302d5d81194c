"""How a value stands: is it whole, fresh, enough, on target, under a warning?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from config import City
from config.models import GRAVITY, Derived, Feed, Formula, Incomplete, Indicator, Measure, Volume
from config.periods import moment_of
from config.targets import Aim
from dashboard.goals import Goal, goal_of
from indicators.formula import inputs_of

if TYPE_CHECKING:
    from dashboard.context import ScreenContext
    from dashboard.warnings.alerts import Alert
    from warehouse.reader import FeedStatus, Value

Mark = Literal["critical", "serious", "watch", "late", "insufficient", "missed", "met", "none"]
"""What a value wears: one mark, the gravest that applies."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A value with everything that a tile says about it.

    ``previous`` is the value one period before, None at a gap. A ``partial`` value belongs to a period that
    still runs; an amount that is partial cannot be compared with a whole period.
    """

    indicator: Indicator
    value: Value | None
    previous: Value | None
    goal: Goal | None
    alert: Alert | None
    mark: Mark
    partial: bool
    comparable: bool


def feeds_of(city: City, indicator: Indicator) -> list[Feed]:
    """The feeds that an indicator hangs on; what is made of others hangs on those of its parts."""
    if not isinstance(indicator, Derived):
        feed = city.datasets.get(indicator.dataset)
        return [feed] if feed else []
    found: dict[str, Feed] = {}
    for name in inputs_of(indicator):
        part = city.indicators.get(name)
        if part is not None and part.id != indicator.id:
            found.update({feed.id: feed for feed in feeds_of(city, part)})
    return list(found.values())


def is_simulated(city: City, indicator: Indicator) -> bool:
    """Whether any feed that an indicator hangs on is simulated."""
    return any(feed.simulated for feed in feeds_of(city, indicator))


def allowance(feeds: Iterable[Feed]) -> dt.timedelta | None:
    """How old data may grow before they count as late: the strictest of the feeds' duties."""
    return min((feed.delivery.every + feed.delivery.grace for feed in feeds), default=None)


def overdue(feed: Feed, status: FeedStatus | None, now: dt.datetime) -> dt.timedelta | None:
    """By how much a feed is late at ``now``, None when on time; one that never came is late by nothing."""
    limit = feed.delivery.every + feed.delivery.grace
    if status is None or status.last_loaded_at is None:
        return dt.timedelta(0)
    past = now - status.last_loaded_at.replace(tzinfo=dt.UTC) - limit
    return past if past > dt.timedelta(0) else None


def late_feeds(ctx: ScreenContext) -> frozenset[str]:
    """Ids of the feeds that are late: by their delivery, or by a warning that their newest row is too old.

    An archive may come in on time and tell of years ago.
    """
    statuses = ctx.reader.feeds()
    late = {
        id_ for id_, feed in ctx.city.feeds.items() if overdue(feed, statuses.get(id_), ctx.now) is not None
    }
    old = {
        alert.feed for alert in ctx.alerts if alert.open and alert.feed is not None and _of_age(ctx, alert)
    }
    return frozenset(late | old)


def _of_age(ctx: ScreenContext, alert: Alert) -> bool:
    """Whether a feed's warning says that its data are old: what came may be odd, and yet of today."""
    rule = ctx.city.rules.get(alert.rule)
    return rule is None or not isinstance(rule.when, Volume | Incomplete)


def is_partial(ctx: ScreenContext, value: Value) -> bool:
    """Whether the value's period still runs; a published figure is whole from the start."""
    end = ctx.city.periods.next_start(value.period, value.start)
    return moment_of(end, ctx.city.zone) > ctx.now and ctx.city.indicators[value.indicator].kind != "reported"


def enough(indicator: Indicator, value: Value | None) -> bool:
    """Whether there is a value and it rests on as many rows as its indicator demands."""
    return value is not None and value.value is not None and value.n >= indicator.min_n


def goal(ctx: ScreenContext, indicator: Indicator, value: Value, beside: Sequence[Value] = ()) -> Goal | None:
    """The target that the value is held to and what was attained; ``beside``: others that are asked for."""
    return goal_of(ctx, indicator, value, is_partial(ctx, value), beside)


def is_fair(ctx: ScreenContext, indicator: Indicator, value: Value, aim: Aim) -> bool:
    """Whether the value may be held to the target already: a sum that still grows is not yet short of its
    floor. What is due of a running total grows along with it.
    """
    if aim.kind in ("cumulative", "milestone", "rank"):
        return True
    return aim.side == "ceiling" or is_comparable(ctx, indicator, value)


def is_comparable(ctx: ScreenContext, indicator: Indicator, value: Value) -> bool:
    """Whether the value may stand beside one of a whole period: all but sums and peaks in the making."""
    if not is_partial(ctx, value) or indicator.kind in ("stock", "reported"):
        return True
    if isinstance(indicator, Formula):
        # So many in half a month per 10,000 people is half a number as well.
        counted = re.match(r"\s*per_capita\s*\(\s*([a-z][a-z0-9_]*)", indicator.formula)
        part = ctx.city.indicators.get(counted[1]) if counted else None
        if part is not None:
            return is_comparable(ctx, part, value._replace(indicator=part.id))
    # The highest reading of half a day says little beside the highest of a whole one.
    peak = (
        isinstance(indicator, Measure) and re.match(r"\s*(max|min|sum)\s*\(", indicator.measure) is not None
    )
    return ctx.unit(indicator).kind != "amount" and not peak


def mark_of(
    ctx: ScreenContext,
    indicator: Indicator,
    area: str,
    value: Value | None,
    beside: Sequence[Value] = (),
) -> Mark:
    """The mark of a value among many others (freshness, which all of them share, is left to the whole)."""
    held = goal(ctx, indicator, value, beside) if value is not None else None
    return judge(ctx, indicator, value, held, alert_on(ctx, indicator, area), late=False)


def alert_on(ctx: ScreenContext, indicator: Indicator, area: str) -> Alert | None:
    """The gravest open warning about an indicator in an area, of those that can be judged."""
    return worst(
        a
        for a in ctx.alerts
        if a.open and a.phase != "too_few" and a.indicator == indicator.id and a.area == area
    )


def judge(
    ctx: ScreenContext,
    indicator: Indicator,
    value: Value | None,
    held: Goal | None,
    alert: Alert | None,
    late: bool,
) -> Mark:
    """The gravest mark: too few rows, of which nothing is said, then a warning, late data, the target."""
    if value is not None and value.n < indicator.min_n:
        return "insufficient"
    if alert is not None:
        return alert.severity
    if late:
        return "late"
    if value is None or value.value is None:
        return "insufficient"
    if held is None or held.state in (None, "awaited") or not is_fair(ctx, indicator, value, held.aim):
        return "none"
    return "missed" if held.state == "missed" else "met"


def worst(alerts: Iterable[Alert]) -> Alert | None:
    """The gravest of some warnings, the newest among equals."""
    return max(alerts, key=lambda a: (GRAVITY[a.severity], a.since), default=None)


def stand(
    ctx: ScreenContext, indicator: Indicator, history: Sequence[Value], area: str, late: frozenset[str]
) -> Standing:
    """The standing of the newest value of ``history`` (oldest first; empty: no value).

    A period that has only begun and cannot say anything yet (no rush hour before dawn) leaves the word to the
    one before it.
    """
    if len(history) > 1 and is_partial(ctx, history[-1]) and not enough(indicator, history[-1]):
        history = history[:-1] if enough(indicator, history[-2]) else history
    value = history[-1] if history else None
    alert = alert_on(ctx, indicator, area)
    feed_late = any(feed.id in late for feed in feeds_of(ctx.city, indicator))
    if value is None:
        mark = judge(ctx, indicator, None, None, alert, feed_late)
        return Standing(indicator, None, None, None, alert, mark, partial=False, comparable=False)
    before = ctx.city.periods.shift(value.period, value.start, -1)
    previous = next((v for v in reversed(history[:-1]) if v.start == before), None)
    held = goal(ctx, indicator, value)
    mark = judge(ctx, indicator, value, held, alert, feed_late)
    return Standing(
        indicator,
        value,
        previous,
        held,
        alert,
        mark,
        partial=is_partial(ctx, value),
        comparable=is_comparable(ctx, indicator, value),
    )
