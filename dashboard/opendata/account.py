"""What became of open data, dropped into the inbox for the feeds that ask for it.

From there on they are rows as any others, as due deliveries are (``delivery_files``): a row for each dataset
and day. The day that runs is told again when its downloads grow, and a last time once it is over; the newest
file says what was told. Where files were taken away, the days on which anything was taken are told again.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

from config import City
from config.models import Feed, OpenDataConnector, OpenDataset
from config.periods import moment_of
from warehouse.open_values import Reach, open_reach
from warehouse.state import State
from warehouse.store import Store

_NAME: Final = re.compile(r"open-(\d{8}T\d{6}\.\d{6})Z\.jsonl")
_CLOCK: Final = "%Y%m%dT%H%M%S.%f"
_DAY: Final = dt.timedelta(days=1)
Rows = dict[tuple[str, str], dict[str, Any]]
"""By day and dataset, with the fields of ``config.models.OPEN_FIELDS``."""


def drop(city: City, store: Store, state: State, inbox: Path, now: dt.datetime) -> list[Feed]:
    """Write a file of the datasets and days that changed since the last one, one JSON object a line; the
    feeds that have a new one.
    """
    asked = [feed for feed in city.feeds.values() if isinstance(feed.connector, OpenDataConnector)]
    if not asked or not city.open_datasets:
        return []
    every = sorted({id_ for one in city.open_datasets.values() for id_ in one.indicators})
    with store.read() as cursor:
        reach = open_reach(cursor, every)
    return [feed for feed in asked if _dropped(city, state, reach, _folder(feed, inbox), now)]


def _folder(feed: Feed, inbox: Path) -> Path:
    assert isinstance(feed.connector, OpenDataConnector)
    return inbox / PurePosixPath(feed.connector.path).parent


def _dropped(city: City, state: State, reach: dict[str, Reach], folder: Path, now: dt.datetime) -> bool:
    told = _told(folder)
    today = now.astimezone(city.zone).date()
    last = max((dt.date.fromisoformat(day) for day, _ in told), default=None)
    rows = {(row["day"], row["dataset"]): row for row in _rows(city, state, reach, last, today)}
    if all(told.get(key) == row for key, row in rows.items()):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"open-{now.astimezone(dt.UTC).strftime(_CLOCK)}Z.jsonl"
    part = path.with_name(path.name + ".part")
    part.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.values()), "utf-8")
    part.replace(path)
    return True


def _told(folder: Path) -> Rows:
    """What the newest file that is there says."""
    newest = max((path for path in folder.glob("open-*.jsonl") if _NAME.fullmatch(path.name)), default=None)
    if newest is None:
        return {}
    rows = [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]
    return {(row["day"], row["dataset"]): row for row in rows}


def _rows(
    city: City, state: State, reach: dict[str, Reach], last: dt.date | None, today: dt.date
) -> Iterator[dict[str, Any]]:
    """Every dataset of the days from the ``last`` told one on. Of days on which nobody told anything, those
    count on which somebody took something, and of these nobody knows any more how new the figures were.
    """
    taken = state.open_downloads.since(last or dt.date.min)
    for day in sorted({*taken, last or today, today}):
        for dataset in city.open_datasets.values():
            if dataset.issued > day or day > today:
                continue
            end = min(day + _DAY, today + _DAY)
            known = day in (last, today)
            csv, json_ = (taken.get(day, {}).get((dataset.id, form), 0) for form in ("csv", "json"))
            yield {
                "day": day.isoformat(),
                "dataset": dataset.id,
                "title": dataset.title.get(city.head.languages[0]),
                "published_on": dataset.issued.isoformat(),
                "downloads": csv + json_,
                "csv": csv,
                "json": json_,
                "on_time": _on_time(city, dataset, reach, end) if known else None,
            }


def _on_time(city: City, dataset: OpenDataset, reach: dict[str, Reach], end: dt.date) -> bool:
    """Whether at the end of a day every indicator that has figures reached as far as was promised."""
    limit = moment_of(end, city.zone).astimezone(dt.UTC).replace(tzinfo=None) - dataset.fresh
    found = [reach[id_].data_through for id_ in dataset.indicators if id_ in reach]
    return bool(found) and min(found) >= limit
