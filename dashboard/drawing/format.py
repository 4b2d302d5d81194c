"""Numbers, dates and changes as people of the city read them, in Vietnamese and English.

Every function is pure. Numbers that are not there are written as an en dash, never as zero.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_decimal

from config.models import Unit
from config.models.indicator import Period

Lang = Literal["vi", "en"]
Tone = Literal["good", "bad", "none"]
Direction = Literal["up", "down", "none"]

NOTHING = "–"
MINUS = "−"
_ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}
_POINTS = {"vi": "điểm %", "en": "pp"}
# The words of the Vietnamese scale of money; English keeps short-scale words after the currency.
_SCALE: dict[Lang, tuple[tuple[float, str], ...]] = {
    "vi": (
        (1e15, "triệu tỷ đồng"),
        (1e12, "nghìn tỷ đồng"),
        (1e9, "tỷ đồng"),
        (1e6, "triệu đồng"),
        (1, "đồng"),
    ),
    "en": ((1e15, "VND quadrillion"), (1e12, "VND trillion"), (1e9, "VND bn"), (1e6, "VND m"), (1, "VND")),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A number as text with its unit apart, so that a screen can set the unit smaller."""

    text: str
    unit: str = ""

    def __str__(self) -> str:
        return join(self.text, self.unit)


@dataclass(frozen=True, slots=True)
class Delta:
    """A change: signed text, which way it went (-1, 0, 1) and whether that is good, where it is known."""

    text: str
    sign: int
    tone: Tone


def join(text: str, unit: str) -> str:
    """Number and unit in one line; the per cent sign stands close, other units after a no-break space."""
    if not unit:
        return text
    return text + unit if unit in ("%", "°C") else f"{text}\u00a0{unit}"


@lru_cache(maxsize=32)
def _pattern(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def number(value: float | None, lang: Lang, decimals: int = 0) -> str:
    """``1234.5`` as 1.234,5 (vi) or 1,234.5 (en), rounded half to even as Babel does."""
    if value is None:
        return NOTHING
    text: str = format_decimal(value, format=_pattern(decimals), locale=lang)
    if text.strip("-0.,") == "":
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, lang: Lang, decimals: int = 0) -> str:
    """A number with its sign always shown."""
    text = number(value, lang, decimals)
    return text if text.startswith(MINUS) or not text.strip("0.,") else "+" + text


def money(vnd: float, lang: Lang) -> Written:
    """An amount of đồng on the scale triệu, tỷ, nghìn tỷ, triệu tỷ, with three to four figures."""
    for size, word in _SCALE[lang]:
        if abs(vnd) >= size or size == 1:
            scaled = vnd / size
            figures = 0 if abs(scaled) >= 100 or size == 1 else 1 if abs(scaled) >= 10 else 2
            return Written(number(scaled, lang, figures), word)
    raise AssertionError("the scale ends at one đồng")


def value(amount: float | None, unit: Unit, lang: Lang) -> Written:
    """A value in its unit; money goes to its scale, everything else keeps the unit's decimals."""
    if amount is None:
        return Written(NOTHING)
    if unit.vnd is not None:
        return money(amount * unit.vnd, lang)
    return Written(number(amount, lang, unit.decimals), unit.beside(amount, lang))


def bare(amount: float | None, unit: Unit, lang: Lang) -> Written:
    """A value where one unit stands for many of them: money stays in it, however large or small."""
    if amount is None or unit.vnd is None:
        return value(amount, unit, lang)
    figures = 0 if amount == 0 or abs(amount) >= 100 else 1 if abs(amount) >= 10 else 2
    return Written(number(amount, lang, figures), unit.symbol.get(lang))


def delta(now: float, before: float, unit: Unit, direction: Direction, lang: Lang) -> Delta:
    """The change from ``before``: per cent for amounts, points for rates, the unit itself for the rest.

    An amount that was nothing changes by its difference, since no per cent can be said.
    """
    difference = now - before
    symbol = unit.symbol.get(lang)
    if unit.kind == "amount" and before > 0:
        percent = difference / before * 100
        text = signed(percent, lang, 0 if abs(percent) >= 100 else 1) + "%"
        shown = round(percent, 1)
    else:
        if unit.kind == "rate" and symbol == "%":
            symbol = _POINTS[lang]
        elif unit.kind == "rank":
            symbol = ""
        # A count in the making needs no unit beside its change; levels and indices do.
        text = join(signed(difference, lang, unit.decimals), symbol if unit.kind != "amount" else "")
        shown = round(difference, unit.decimals)
    sign = (shown > 0) - (shown < 0)
    if sign == 0 or direction == "none":
        return Delta(text, sign, "none")
    return Delta(text, sign, "good" if (sign > 0) == (direction == "up") else "bad")


def difference(amount: float, unit: Unit, lang: Lang) -> str:
    """A signed difference in the unit itself; of per cent in points."""
    symbol = unit.symbol.get(lang)
    if unit.vnd is not None:
        told = money(amount * unit.vnd, lang)
        return str(Written(("+" if amount > 0 else "") + told.text, told.unit))
    if unit.kind == "rate" and symbol == "%":
        symbol = _POINTS[lang]
    return join(signed(amount, lang, unit.decimals), symbol)


def date(day: dt.date, lang: Lang) -> str:
    """23/11/2026 or 23 Nov 2026."""
    return str(format_date(day, "dd/MM/yyyy" if lang == "vi" else "d MMM yyyy", locale=lang))


def day_month(day: dt.date, lang: Lang) -> str:
    """23/11 or 23 Nov."""
    return str(format_date(day, "dd/MM" if lang == "vi" else "d MMM", locale=lang))


def clock(at: dt.datetime, zone: ZoneInfo) -> str:
    """Time of day in the city, 24 hours."""
    return local(at, zone).strftime("%H:%M")


def moment(at: dt.datetime, zone: ZoneInfo, lang: Lang) -> str:
    """Time and date in the city: 08:40 23/11/2026 or 23 Nov 2026, 08:40."""
    there = local(at, zone)
    if lang == "vi":
        return f"{there:%H:%M} {date(there.date(), lang)}"
    return f"{date(there.date(), lang)}, {there:%H:%M}"


def through(at: dt.datetime, zone: ZoneInfo, lang: Lang) -> str:
    """The end of a span of data: its last day where it ends with the day, else the moment."""
    there = local(at, zone)
    if there.time() == dt.time():
        return date(there.date() - dt.timedelta(days=1), lang)
    return moment(at, zone, lang)


def local(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A UTC time, aware or as the store keeps it, in the city's zone."""
    return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(zone)


def period(kind: Period, start: dt.date, lang: Lang) -> str:
    """The full name of a built-in period: Thứ Hai, 23/11/2026 · Tuần 48/2026 · Quý IV/2026 · …"""
    match kind:
        case "hour":
            return (
                f"{_hour(start)} giờ, {date(start, lang)}"
                if lang == "vi"
                else f"{date(start, lang)}, {_hour(start)}:00"
            )
        case "day" if lang == "vi":
            return f"{format_date(start, 'EEEE', locale='vi')!s}, {date(start, lang)}"
        case "day":
            return str(format_date(start, "EEE d MMM yyyy", locale="en"))
        case "week":
            year, week, _ = start.isocalendar()
            return f"Tuần {week}/{year}" if lang == "vi" else f"Week {week}, {year}"
        case "month":
            return _month(start, "MMMM yyyy", "Tháng ", lang)
        case "quarter":
            return (
                f"Quý {_ROMAN[_quarter(start)]}/{start.year}"
                if lang == "vi"
                else f"Q{_quarter(start)} {start.year}"
            )
        case "half_year":
            half = "đầu" if start.month == 1 else "cuối"
            return f"6 tháng {half} năm {start.year}" if lang == "vi" else _half(start)
        case "year_to_date":
            return ("Lũy kế đến tháng " if lang == "vi" else "Year to ") + _month(
                start, "MMMM yyyy", "", lang
            )
    return f"Năm {start.year}" if lang == "vi" else str(start.year)


def period_short(kind: Period, start: dt.date, lang: Lang) -> str:
    """The name of a built-in period as it stands on an axis or in a column."""
    match kind:
        case "hour":
            return (
                f"{_hour(start)}h {day_month(start, lang)}"
                if lang == "vi"
                else f"{day_month(start, lang)} {_hour(start)}:00"
            )
        case "day":
            return day_month(start, lang)
        case "week":
            year, week, _ = start.isocalendar()
            return f"T{week}/{year}" if lang == "vi" else f"W{week} {year}"
        case "month":
            return _month(start, "MMM yyyy", "", lang)
        case "quarter":
            return (
                f"{_ROMAN[_quarter(start)]}/{start.year}"
                if lang == "vi"
                else f"Q{_quarter(start)} {start.year}"
            )
        case "half_year":
            half = "đầu" if start.month == 1 else "cuối"
            return f"6T {half} {start.year}" if lang == "vi" else _half(start)
        case "year_to_date":
            return ("đến " if lang == "vi" else "to ") + _month(start, "MMM yyyy", "", lang)
    return str(start.year)


def _hour(start: dt.date) -> int:
    return start.hour if isinstance(start, dt.datetime) else 0


def _quarter(start: dt.date) -> int:
    return (start.month - 1) // 3 + 1


def _half(start: dt.date) -> str:
    return f"H{1 if start.month == 1 else 2} {start.year}"


def _month(start: dt.date, pattern: str, word: str, lang: Lang) -> str:
    return (
        f"{word}{start.month}/{start.year}" if lang == "vi" else str(format_date(start, pattern, locale="en"))
    )


def span(length: dt.timedelta, lang: Lang) -> str:
    """A length of time in its one or two largest words: 3 giờ, 2 ngày, 45 phút."""
    seconds = max(0, int(length.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600, seconds // 60
    if lang == "vi":
        if hours >= 48:
            return f"{number(days, lang)} ngày"
        return f"{hours} giờ" if hours else f"{minutes} phút"
    if hours >= 48:
        return f"{number(days, lang)} days"
    if hours:
        return f"{hours} h"
    return f"{minutes} min"
