"""What a directive is about, as the address of a form tells it: area, and a figure, a warning or a task."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from config import City


@dataclass(frozen=True, slots=True)
class About:
    """``start`` is the start of the figure's period, as its values say it: a day, or a moment by the city's
    clock. Empty texts say nothing.
    """

    area: str
    indicator: str = ""
    period: str = ""
    start: dt.date | None = None
    warning: int | None = None
    task: str = ""
    domain: str = ""

    def written(self) -> str:
        """As text, for ids of forms."""
        given = {
            "area": self.area,
            "indicator": self.indicator,
            "period": self.period,
            "start": self.start.isoformat() if self.start is not None else "",
            "warning": "" if self.warning is None else str(self.warning),
            "task": self.task,
            "domain": self.domain,
        }
        return urlencode({name: text for name, text in given.items() if text})


def about_of(city: City, text: str) -> About | None:
    """What a text of ``About.written`` says, as far as the city knows it; None where it names no area."""
    given = dict(parse_qsl(text))
    area, indicator = given.get("area", ""), given.get("indicator", "")
    if area not in city.areas:
        return None
    start, warning = given.get("start", ""), given.get("warning", "")
    known = city.indicators.get(indicator)
    period = given.get("period", "")
    if known is None or period not in known.periods or not start:
        indicator, period, start = "", "", ""
    return About(
        area,
        indicator,
        period,
        _start(start),
        int(warning) if warning.isdecimal() else None,
        given.get("task", ""),
        given.get("domain", "") or (known.domain if known is not None else ""),
    )


def _start(text: str) -> dt.date | None:
    if not text:
        return None
    return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)
