"""``ioc report``: one report now, from the warehouse or by the server that owns it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

import httpx

from config import City
from config.models.report import ReportFormat
from config.problems import did_you_mean
from dashboard.reports.press import MEDIA, Press, areas_of
from dashboard.running.places import Places, opened, served
from dashboard.running.runtime import DEFAULT_SITE, utc_now
from warehouse.state import State

_PATIENCE = 120.0


class ReportError(Exception):
    """The report cannot be made; the message says why."""


def made(
    city: City,
    places: Places,
    report: str,
    area: str | None,
    until: str | None,
    form: str,
    lang: str | None,
    out: Path | None,
    url: str | None,
) -> Path:
    """Make a report and write it to ``out``, by default beside oneself; where it lies. Raises ReportError."""
    found = city.reports.get(report)
    if found is None:
        raise ReportError(f"there is no report {report!r} ({did_you_mean(report, city.reports)})")
    if form not in MEDIA:
        raise ReportError(f"{form!r} is no format of a report; it is xlsx or pdf")
    today = utc_now().astimezone(city.zone).date()
    try:
        day = dt.date.fromisoformat(until) if until else today - dt.timedelta(days=1)
    except ValueError:
        raise ReportError(f"{until!r} is not a day; write one such as 2026-01-31") from None
    code, language = area or areas_of(city, found, today)[0], lang or city.head.languages[0]
    if code not in city.areas or language not in city.head.languages:
        raise ReportError(f"there is no area {code!r} or no language {language!r} in this city")
    if url is not None or served(places):
        asked = {"area": code, "until": str(day), "lang": language}
        answer = httpx.get(f"{url or DEFAULT_SITE}/reports/{report}.{form}", params=asked, timeout=_PATIENCE)
        if not answer.is_success:
            raise ReportError(f"the server answered {answer.status_code}; give its address with --url")
        body = answer.content
    else:
        state = State.open(places.people)
        try:
            with opened(places.warehouse, city.head.timezone) as store:
                press = Press(city, store, state, places.reports, utc_now, lambda _: "")
                body = press.one(found, code, language, cast(ReportFormat, form), day)
        finally:
            state.close()
    path = out or Path(f"{report}-{day}-{code}-{language}.{form}")
    path.write_bytes(body)
    return path
