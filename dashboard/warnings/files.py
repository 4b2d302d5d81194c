"""What became of the program's own warnings, dropped into the inbox for the feeds that ask for it.

From there on they are rows as any others: landed, checked by the feed's contract, counted by indicators,
followed back to their file. The names of the files say how far the history of warnings has been told, and
nothing else need remember it. Where files were taken away, what they told is told again: loading it changes
nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any, Final

from config import City
from config.models import Feed, WarningsConnector
from indicators.subjects import subject_of
from warehouse.state import Mark, State, Warning

_NAME: Final = re.compile(r"warnings-(\d+)-(\d+)\.jsonl")


def drop(city: City, state: State, inbox: Path) -> list[Feed]:
    """Write a file of the warnings that changed since the last one, one JSON object a line with the fields of
    ``config.models.WARNING_FIELDS``; the feeds that have a new one. Times are UTC.
    """
    return [
        feed
        for feed in city.feeds.values()
        if isinstance(feed.connector, WarningsConnector)
        and _dropped(city, state, inbox / PurePosixPath(feed.connector.path).parent)
    ]


def _dropped(city: City, state: State, folder: Path) -> bool:
    changed, reached = state.changed_since(_told(folder))
    if not changed:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    # Of one warning the file with the later name wins, so names grow with what they tell.
    path = folder / f"warnings-{reached.transition:012d}-{reached.deed:012d}.jsonl"
    part = path.with_name(path.name + ".part")
    part.write_text("".join(_lines(city, changed)), encoding="utf-8")
    part.replace(path)
    return True


def _told(folder: Path) -> Mark:
    """How far the files that are there tell."""
    found = [_NAME.fullmatch(path.name) for path in folder.glob("warnings-*.jsonl")]
    return max((Mark(int(name[1]), int(name[2])) for name in found if name), default=Mark())


def _lines(city: City, warnings: Iterable[Warning]) -> Iterable[str]:
    return (json.dumps(fields(city, warning), ensure_ascii=False) + "\n" for warning in warnings)


def fields(city: City, warning: Warning) -> dict[str, Any]:
    """What is told of a warning. Who took notice of it is not: that is for the audit trail."""
    rule = city.rules.get(warning.rule)
    area = warning.area
    if area in city.areas:
        area = city.areas[area].official or area
    return {
        "warning": warning.id,
        "rule": warning.rule,
        "indicator": rule.indicator if rule is not None else None,
        "feed": rule.feed if rule is not None else None,
        "domain": subject_of(city, warning.rule, warning.area).domain,
        "area": area,
        "severity": warning.severity,
        "kind": warning.kind.value,
        "since": _utc(warning.firing_since),
        "opened_at": _utc(warning.opened_at),
        "told_at": _utc(warning.recorded_at),
        "acknowledged_at": _utc(warning.acknowledged_at),
        "ended_at": _utc(warning.resolved_at),
        "resolution": warning.resolution,
        "outcome": warning.outcome.value if warning.outcome is not None else None,
        "escalated": warning.escalated,
    }


def _utc(at: dt.datetime | None) -> str | None:
    return None if at is None else at.astimezone(dt.UTC).isoformat()
