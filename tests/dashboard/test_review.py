"""The pack of the leaders' meeting: spans, what days make of a span beside plain sums, and what is asked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.io.json import to_json_plotly

from config.models import Review
from config.models.directing import Weekday
from dashboard.directives.book import DirectiveBook
from dashboard.review.changes import Span, moves, span_of
from dashboard.review.pack import moments, pack_of
from dashboard.screens import render
from tests.dashboard.conftest import NOW
from warehouse.reader import Value
from warehouse.state import Directive, Event, Kind, Order, Outcome, Result, State, Status, Warning

if TYPE_CHECKING:
    from config import City
    from dashboard.context import ScreenContext

DAY = dt.timedelta(days=1)
SPAN = Span(dt.date(2026, 11, 2), dt.date(2026, 11, 16))
MADE = dt.datetime(2026, 11, 20)  # noqa: DTZ001 -- as the store keeps times
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SUM, SHARE, STOCK, MONTHLY = "hotline_received", "hotline_on_time", "hotline_open", "hotline_received_ytd"


@given(st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)), st.integers(1, 4), st.sampled_from(WEEKDAYS))
def test_spans_end_on_the_day_of_the_meeting_and_leave_no_gap(
    today: dt.date, weeks: int, on: Weekday
) -> None:
    review = Review.model_validate({"every": f"{weeks}w", "on": on})
    span = span_of(review, today)
    assert span.until <= today < span.until + weeks * 7 * DAY
    assert WEEKDAYS[span.until.weekday()] == on
    assert span.until - span.since == weeks * 7 * DAY
    assert span_of(review, today, span.since.isoformat()) == span.before
    assert span_of(review, span.until + weeks * 7 * DAY) == Span(span.until, span.until + weeks * 7 * DAY)
    for odd in ("whenever", "2999-01-01", "0001-01-01"):
        assert span_of(review, today, odd) == span


class Days:
    """Answers like a reader with values of a thousand days, and of the months, of four indicators."""

    def __init__(self, without: Sequence[dt.date] = ()) -> None:
        rng = np.random.default_rng(11)
        self.days = [SPAN.until - k * DAY for k in range(1000, -6, -1)]
        self.count = dict(zip(self.days, rng.integers(50, 150, len(self.days)).tolist(), strict=True))
        self.good = {day: int(n * rng.uniform(0.8, 1)) for day, n in self.count.items()}
        self.open = dict(zip(self.days, rng.integers(500, 900, len(self.days)).tolist(), strict=True))
        self.without = set(without)

    def value(self, id_: str, period: str, start: dt.date) -> Value:
        n = self.count[start]
        parts: dict[str, tuple[float, float | None, float | None]] = {
            SUM: (n, None, None),
            SHARE: (100 * self.good[start] / n, self.good[start], n),
            STOCK: (self.open[start], None, None),
            MONTHLY: (n, None, None),
        }
        return Value(id_, "city", "79", period, start, *parts[id_], n, 1, 1, MADE, MADE, 1, 1)

    def series(
        self, ids: Sequence[str], area: str, period: str, count: int, until: dt.date | None = None
    ) -> dict[str, list[Value]]:
        assert until is not None
        assert area == "79"
        starts = [day for day in self.days if day <= until and (period == "day" or day.day == 1)][-count:]
        known = (SUM, SHARE, STOCK) if period == "day" else (MONTHLY,) if period == "month" else ()
        told = [day for day in starts if day not in self.without]
        return {id_: [self.value(id_, period, day) for day in told] for id_ in ids if id_ in known}


def inside(days: dict[dt.date, int], span: Span) -> list[int]:
    return [n for day, n in days.items() if span.since <= day < span.until]


def test_days_make_a_span_as_plain_sums_do(city: City) -> None:
    reader = Days()
    found = {move.indicator: move for move in moves(city, reader, "79", SPAN)}  # type: ignore[arg-type]
    assert set(found) == {SUM, SHARE, STOCK}, "no month ended in the span"
    spans = SPAN, SPAN.before, Span(SPAN.since - 364 * DAY, SPAN.until - 364 * DAY)
    told = {id_: (move.now, move.before, move.year_ago) for id_, move in found.items()}
    counts, goods = ([sum(inside(part, span)) for span in spans] for part in (reader.count, reader.good))
    assert told[SUM] == pytest.approx(counts)
    assert told[SHARE] == pytest.approx([100 * good / n for good, n in zip(goods, counts, strict=True)])
    assert told[STOCK] == tuple(inside(reader.open, span)[-1] for span in spans)
    share = found[SHARE]
    assert share.aim is not None
    assert (share.met, share.met_before) == (
        share.now >= share.aim.value,
        (share.before or 0) >= share.aim.value,
    )
    assert found[SUM].aim is None, "a day's limit is none of two weeks"


def test_a_day_that_is_missing_makes_no_sum_of_the_others(city: City) -> None:
    reader = Days(without=[SPAN.since + 3 * DAY])
    found = {move.indicator: move for move in moves(city, reader, "79", SPAN)}  # type: ignore[arg-type]
    assert set(found) == {STOCK}
    earlier = {move.indicator: move for move in moves(city, reader, "79", SPAN.before)}  # type: ignore[arg-type]
    assert set(earlier) == {SUM, SHARE, STOCK, MONTHLY}, "October ended in that span"
    assert earlier[MONTHLY].start == dt.date(2026, 10, 1)
    assert earlier[MONTHLY].before == reader.count[dt.date(2026, 9, 1)]


def warning(city: City, number: int, **given: Any) -> Warning:
    rule = next(r for r in city.rules.values() if r.indicator == SHARE and r.level == "district")
    at = moments(city, SPAN)[0] + DAY
    made = Warning(
        number, rule.id, "760", Kind.LIMIT, "serious", Status.FIRING, at, at, None, None, 80.0, 90.0,
        None, None, {"vi": "Thấp", "en": "Low"}, {}, at, None, None,
    )  # fmt: skip
    return replace(made, **given)


def directive(number: int, due: dt.datetime, **given: Any) -> Directive:
    order = Order(f"Việc {number}", "760", "district_office@760", due)
    return Directive(number, order, due - 30 * DAY, "Lan", due, **given)


def test_a_pack_tells_what_stood_when_the_span_ended_and_asks_about_it(city: City) -> None:
    since, until = moments(city, SPAN)
    warnings = [
        warning(city, 1),
        warning(city, 2, area="769"),
        warning(city, 3, opened_at=since - 9 * DAY, resolved_at=since + DAY, outcome=Outcome.FALSE),
        warning(city, 4, severity="watch", resolved_at=until + DAY),
    ]
    in_time = directive(1, until - DAY, closed_at=until - 2 * DAY, closed_by="Lan", result=Result.DONE)
    late = directive(2, until - 3 * DAY, reported_at=until - 20 * DAY)
    after = directive(3, until + DAY, closed_at=until + 9 * DAY, reported_at=until + 2 * DAY)
    settled = directive(4, until - DAY, closed_at=until + DAY, reported_at=since)
    done = [
        (in_time, Event(until - 2 * DAY, "Lan", "close", "")),
        (late, Event(since, "Lan", "comment", "")),
    ]
    everything = [in_time, late, after, settled]

    def pack(area: str) -> Any:
        return pack_of(city, Quiet(), area, SPAN, warnings, everything, done)  # type: ignore[arg-type]

    found = pack("79")
    assert [w.id for w in found.opened] == [1, 2, 4]
    assert ([w.id for w in found.ended], [w.id for w in found.false]) == ([3], [3])
    assert [w.id for w in found.standing] == [1, 2, 4]
    assert [d.id for d in found.closed] == [1]
    assert [d.id for d in found.overdue] == [2, 4], "one that was closed later was overdue then"
    assert [d.id for d in found.silent] == [3]
    asked = [(q.ask, q.warning.id if q.warning else q.directive.id) for q in found.questions]
    assert asked == [
        *(("warning", 1), ("warning", 2), ("directive", 2), ("directive", 4)),
        *(("unreported", 3), ("false", 3)),
    ]
    assert found.worse == [], "these are warnings of districts"
    district = pack("760")
    assert [w.id for w in district.opened] == [1, 4]
    assert [(turn.indicator, [w.id for w in turn.warnings]) for turn in district.worse] == [(SHARE, [1, 4])]
    assert pack("769").overdue == []


class Quiet:
    """A reader of a warehouse in which nothing was computed."""

    def series(self, *_: object) -> dict[str, list[Value]]:
        return {}


def test_the_screen_tells_spans_and_areas(
    city: City, nobody: State, context: Callable[..., ScreenContext]
) -> None:
    def text(lang: str, absent: bool = False, **params: str) -> str:
        book = DirectiveBook(city, nobody.directives, None, NOW)
        made = context("review", "", lang, params, directives=book, absent=absent)
        return json.dumps(json.loads(str(to_json_plotly(render(made)))), ensure_ascii=False)

    newest = text("vi")
    assert "Từ 02/11/2026 đến 15/11/2026" in newest or "Từ 09/11/2026 đến 22/11/2026" in newest
    assert "Kỳ sau" not in newest
    before = text("en", until="2026-10-20", area="760")
    assert "Next span" in before
    assert "Review – District 1" in before
    assert "Nothing has to be asked" in text("en", absent=True)
