"""What periods are called on screens, those of a city's own calendars among them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from dashboard.context import ScreenContext

NOON = dt.datetime.fromisoformat("2025-09-25 12:00")


@pytest.mark.parametrize(
    ("lang", "text", "plain", "short", "word"),
    [
        ("vi", "Kỳ báo cáo tháng 10/2025", "Tháng 10/2025", "10/2025", "Kỳ báo cáo"),
        ("en", "Reporting month October 2025", "October 2025", "Oct 2025", "Reporting month"),
    ],
)
def test_a_reporting_month_goes_by_the_month_in_which_it_ends(
    context: Callable[..., ScreenContext], lang: str, text: str, plain: str, short: str, word: str
) -> None:
    ctx = context(lang=lang)
    assert ctx.period_text("reporting_month", NOON) == text
    assert ctx.period_text("reporting_month", NOON, plain=True) == plain
    assert ctx.period_text("reporting_month", NOON, short=True) == short
    assert ctx.period_word("reporting_month") == word
    assert ctx.period_text("week", dt.date(2026, 6, 1)) == {"vi": "Tuần 23/2026", "en": "Week 23, 2026"}[lang]


def test_the_page_of_an_indicator_offers_the_periods_it_has(context: Callable[..., ScreenContext]) -> None:
    ctx = context()
    found = ctx.city.periods.ordered(ctx.city.indicators["hotline_received"].periods)
    assert [ctx.period_word(period) for period in found] == [
        "Ngày",
        "Tuần",
        "Tháng",
        "Kỳ báo cáo",
        "Quý",
        "Năm",
    ]
