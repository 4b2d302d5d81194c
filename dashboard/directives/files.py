"""What became of directives, dropped into the inbox for the feeds that ask for it.

From there on they are rows as any others, as the program's warnings are (``warning_files``). The names of the
files say up to which deed and which moment was told; what stood then is reckoned again. Open ones are told
every day, so that a day on which nothing happened to them is no gap.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any, Final

from config import City
from config.models import DirectivesConnector, Feed
from indicators.notices.offices import office_named
from warehouse.state import Directive, State

_NAME: Final = re.compile(r"directives-(\d+)-(\d{8}T\d{6}\.\d{6})Z\.jsonl")
_CLOCK: Final = "%Y%m%dT%H%M%S.%f"
_NEVER: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def drop(city: City, state: State, inbox: Path, now: dt.datetime) -> list[Feed]:
    """Write a file of the directives that changed since the last one, one JSON object a line with the fields
    of ``config.models.DIRECTIVE_FIELDS``; the feeds that have a new one. Times are UTC.
    """
    return [
        feed
        for feed in city.feeds.values()
        if isinstance(feed.connector, DirectivesConnector)
        and _dropped(city, state, inbox / PurePosixPath(feed.connector.path).parent, now.astimezone(dt.UTC))
    ]


def _dropped(city: City, state: State, folder: Path, now: dt.datetime) -> bool:
    deed, at = _told(folder)
    changed, reached = state.directives.changed_since(deed)
    found = {one.id: one for one in changed}
    another_day = at.astimezone(city.zone).date() < now.astimezone(city.zone).date()
    for one in state.directives.all(areas=None, open_only=True):
        if another_day or _moved(city, one, at, now):
            found[one.id] = one
    if not found:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    # Of one directive the file with the later name wins: deeds grow even when the clock is set back.
    path = folder / f"directives-{reached:012d}-{now.strftime(_CLOCK)}Z.jsonl"
    part = path.with_name(path.name + ".part")
    lines = (json.dumps(fields(city, one, now), ensure_ascii=False) + "\n" for one in found.values())
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(path)
    return True


def _told(folder: Path) -> tuple[int, dt.datetime]:
    """Deed and moment of the newest file that is there."""
    found = [name for path in folder.glob("directives-*.jsonl") if (name := _NAME.fullmatch(path.name))]
    newest = max(found, key=lambda name: (int(name[1]), name[2]), default=None)
    if newest is None:
        return 0, _NEVER
    return int(newest[1]), dt.datetime.strptime(newest[2], _CLOCK).replace(tzinfo=dt.UTC)


def _moved(city: City, one: Directive, at: dt.datetime, now: dt.datetime) -> bool:
    """Whether time alone made another thing of an open one."""
    then, here = fields(city, one, at), fields(city, one, now)
    return any(then[name] != here[name] for name in ("state", "unreported_since"))


def fields(city: City, one: Directive, now: dt.datetime) -> dict[str, Any]:
    """What is told of a directive; ``unit`` is called as in the city's first language.

    Who issued or closed it, and its words, are not told: those are for its page and the audit trail.
    ``overdue_since`` and ``unreported_since`` are empty until these moments have passed.
    """
    order, language = one.order, city.head.languages[0]
    office = office_named(city, order.unit)
    area = order.area
    if area in city.areas:
        area = city.areas[area].official or area
    expected = one.issued_at + city.head.directives.report
    answered = min((at for at in (one.reported_at, one.closed_at) if at is not None), default=None)
    late = one.late(now)
    return {
        "directive": one.id,
        "unit": office.name(city, language) if office is not None else order.unit,
        "area": area,
        "domain": order.domain,
        "indicator": order.figure.indicator if order.figure is not None else None,
        "warning": order.warning,
        "task": order.task,
        "priority": order.priority,
        "issued_at": _utc(one.issued_at),
        "first_due_at": _utc(one.first_due_at),
        "due_at": _utc(order.due_at),
        "state": "closed" if not one.open else "overdue" if late > 0 else "open",
        "progress": one.progress,
        "extended": one.extended,
        "reported_at": _utc(one.reported_at),
        "unreported_since": _utc(expected) if (answered or now) > expected else None,
        "answered_at": _utc(answered),
        "overdue_since": _utc(order.due_at) if late > 0 else None,
        "closed_at": _utc(one.closed_at),
        "result": one.result.value if one.result is not None else None,
        "days_late": None if one.open else round(late, 6),
        "told_at": _utc(now),
    }


def _utc(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).isoformat()
