"""Numbers, money, changes and dates, as tables of what people of either language expect to read."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from config.models import Text, Unit
from dashboard.drawing import format as fmt

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def unit(kind: str = "amount", symbol: str = "", decimals: int = 0, vnd: float | None = None) -> Unit:
    text = Text({"vi": symbol, "en": symbol})
    return Unit.model_validate(
        {"id": "u", "kind": kind, "decimals": decimals, "symbol": text.root, "vnd": vnd}
    )


@pytest.mark.parametrize(
    ("amount", "decimals", "vi", "en"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (1234567, 0, "1.234.567", "1,234,567"),
        (0, 0, "0", "0"),
        (-12.3, 1, "−12,3", "−12.3"),
        (-0.04, 1, "0,0", "0.0"),
        (98.349, 2, "98,35", "98.35"),
        (None, 2, "–", "–"),
    ],
)
def test_numbers(amount: float | None, decimals: int, vi: str, en: str) -> None:
    assert fmt.number(amount, "vi", decimals) == vi
    assert fmt.number(amount, "en", decimals) == en


@pytest.mark.parametrize(
    ("dong", "vi", "en"),
    [
        (500, "500\u00a0đồng", "500\u00a0VND"),
        (2_500_000, "2,50\u00a0triệu đồng", "2.50\u00a0VND m"),
        (999_000_000, "999\u00a0triệu đồng", "999\u00a0VND m"),
        (12_340_000_000, "12,3\u00a0tỷ đồng", "12.3\u00a0VND bn"),
        (1_479_227 * 1e9, "1,48\u00a0triệu tỷ đồng", "1.48\u00a0VND quadrillion"),
        (269_517 * 1e9, "270\u00a0nghìn tỷ đồng", "270\u00a0VND trillion"),
        (-3e9, "−3,00\u00a0tỷ đồng", "−3.00\u00a0VND bn"),
    ],
)
def test_money_takes_the_vietnamese_scale(dong: float, vi: str, en: str) -> None:
    assert str(fmt.money(dong, "vi")) == vi
    assert str(fmt.money(dong, "en")) == en


@pytest.mark.parametrize(
    ("amount", "text"),
    [(7760.4, "7.760"), (997, "997"), (12.34, "12,3"), (1.819, "1,82"), (0, "0"), (None, "–")],
)
def test_money_under_a_common_head_stays_in_its_unit(amount: float | None, text: str) -> None:
    assert fmt.bare(amount, unit(symbol="tỷ đồng", vnd=1e9), "vi").text == text
    assert fmt.bare(12.34, unit(decimals=1), "vi") == fmt.value(12.34, unit(decimals=1), "vi")


def test_money_units_are_scaled_and_others_are_not() -> None:
    billions = unit(symbol="tỷ đồng", vnd=1e9)
    assert str(fmt.value(1_479_227, billions, "vi")) == "1,48\u00a0triệu tỷ đồng"
    assert str(fmt.value(1_479_227, unit(symbol="hồ sơ"), "vi")) == "1.479.227\u00a0hồ sơ"
    assert str(fmt.value(98.44, unit("rate", "%", 1), "vi")) == "98,4%"
    assert str(fmt.value(None, unit("rate", "%", 1), "vi")) == "–"


@pytest.mark.parametrize(
    ("now", "before", "given", "direction", "text", "sign", "tone"),
    [
        (110, 100, unit("amount"), "up", "+10,0%", 1, "good"),
        (110, 100, unit("amount"), "down", "+10,0%", 1, "bad"),
        (110, 100, unit("amount"), "none", "+10,0%", 1, "none"),
        (90, 100, unit("amount"), "down", "−10,0%", -1, "good"),
        (300, 100, unit("amount"), "none", "+200%", 1, "none"),
        (5, 0, unit("amount", "ca"), "down", "+5", 1, "bad"),
        (96.1, 94.0, unit("rate", "%", 1), "up", "+2,1\u00a0điểm %", 1, "good"),
        (94.0, 96.1, unit("rate", "%", 1), "up", "−2,1\u00a0điểm %", -1, "bad"),
        (94.04, 94.0, unit("rate", "%", 1), "up", "0,0\u00a0điểm %", 0, "none"),
        (31.5, 30.0, unit("level", "°C", 1), "none", "+1,5°C", 1, "none"),
        (3, 5, unit("rank", "hạng"), "down", "−2", -1, "good"),
    ],
)
def test_changes(
    now: float, before: float, given: Unit, direction: fmt.Direction, text: str, sign: int, tone: fmt.Tone
) -> None:
    assert fmt.delta(now, before, given, direction, "vi") == fmt.Delta(text, sign, tone)


def test_english_changes_of_rates_are_in_points() -> None:
    assert fmt.delta(96.1, 94.0, unit("rate", "%", 1), "up", "en").text == "+2.1\u00a0pp"


@pytest.mark.parametrize(
    ("kind", "start", "vi", "en", "vi_short", "en_short"),
    [
        ("day", dt.date(2026, 11, 23), "Thứ Hai, 23/11/2026", "Mon 23 Nov 2026", "23/11", "23 Nov"),
        ("month", dt.date(2026, 2, 1), "Tháng 2/2026", "February 2026", "2/2026", "Feb 2026"),
        ("quarter", dt.date(2026, 10, 1), "Quý IV/2026", "Q4 2026", "IV/2026", "Q4 2026"),
        ("year", dt.date(2026, 1, 1), "Năm 2026", "2026", "2026", "2026"),
        ("week", dt.date(2026, 6, 1), "Tuần 23/2026", "Week 23, 2026", "T23/2026", "W23 2026"),
        ("week", dt.date(2026, 12, 28), "Tuần 53/2026", "Week 53, 2026", "T53/2026", "W53 2026"),
        ("half_year", dt.date(2026, 1, 1), "6 tháng đầu năm 2026", "H1 2026", "6T đầu 2026", "H1 2026"),
        ("half_year", dt.date(2026, 7, 1), "6 tháng cuối năm 2026", "H2 2026", "6T cuối 2026", "H2 2026"),
        (
            "year_to_date",
            dt.date(2026, 6, 1),
            "Lũy kế đến tháng 6/2026",
            "Year to June 2026",
            "đến 6/2026",
            "to Jun 2026",
        ),
        (
            "hour",
            dt.datetime.fromisoformat("2026-11-23 07:00"),
            "7 giờ, 23/11/2026",
            "23 Nov 2026, 7:00",
            "7h 23/11",
            "23 Nov 7:00",
        ),
    ],
)
def test_periods(kind: str, start: dt.date, vi: str, en: str, vi_short: str, en_short: str) -> None:
    assert fmt.period(kind, start, "vi") == vi
    assert fmt.period(kind, start, "en") == en
    assert fmt.period_short(kind, start, "vi") == vi_short
    assert fmt.period_short(kind, start, "en") == en_short


def test_moments_are_told_in_the_city_zone_whether_or_not_they_carry_an_offset() -> None:
    aware = dt.datetime(2026, 11, 22, 18, 5, tzinfo=dt.UTC)
    for at in (aware, aware.replace(tzinfo=None)):
        assert fmt.moment(at, ZONE, "vi") == "01:05 23/11/2026"
        assert fmt.moment(at, ZONE, "en") == "23 Nov 2026, 01:05"


@pytest.mark.parametrize(
    ("length", "vi", "en"),
    [
        (dt.timedelta(minutes=45), "45 phút", "45 min"),
        (dt.timedelta(hours=26), "26 giờ", "26 h"),
        (dt.timedelta(days=9, hours=3), "9 ngày", "9 days"),
        (dt.timedelta(seconds=-5), "0 phút", "0 min"),
    ],
)
def test_spans(length: dt.timedelta, vi: str, en: str) -> None:
    assert fmt.span(length, "vi") == vi
    assert fmt.span(length, "en") == en


def test_a_single_one_is_said_so() -> None:
    cases = Unit.model_validate(
        {"id": "cases", "symbol": {"vi": "ca", "en": "cases"}, "one": {"vi": "ca", "en": "case"}}
    )
    assert [str(fmt.value(n, cases, "en")).replace("\u00a0", " ") for n in (0, 1, 1.3, -1, 2)] == [
        "0 cases", "1 case", "1 case", f"{fmt.MINUS}1 case", "2 cases",
    ]  # fmt: skip
    assert str(fmt.value(1, cases, "vi")).replace("\u00a0", " ") == "1 ca"
    fine = cases.model_copy(update={"decimals": 1})
    assert str(fmt.value(1, fine, "en")) == "1.0\u00a0cases"
