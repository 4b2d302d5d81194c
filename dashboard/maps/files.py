"""The register of map layers, dropped into the inbox for the feeds that ask for it.

From there on its entries are rows as any others. Once on each of the city's days everything is told: of each
layer a row on the day of its registration, with the day on which it left the register, if it did, and a row
of what it holds today. What was told before stays told, since rows go by layer, event and day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from config import City
from config.models import Feed, LayersConnector
from dashboard.maps.layers import LayerState, state_of
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.store import Store


def drop(city: City, store: Store, inbox: Path, now: dt.datetime) -> list[Feed]:
    """Write today's file, one JSON object a line with the fields of ``config.models.LAYER_FIELDS``; the feeds
    that have a new one.
    """
    today = now.astimezone(city.zone).date()
    found: list[Feed] = []
    for feed in city.feeds.values():
        if isinstance(feed.connector, LayersConnector):
            folder = inbox / PurePosixPath(feed.connector.path).parent
            if not (path := folder / f"layers-{today}.jsonl").is_file():
                _write(path, rows(city, store, _registered(folder), now))
                found.append(feed)
    return found


def rows(
    city: City, store: Store, before: dict[str, dict[str, Any]], now: dt.datetime
) -> Iterator[dict[str, Any]]:
    """What is told of every layer at ``now`` (aware); ``before``: what was told of those registered last."""
    today = now.astimezone(city.zone).date()
    for id_, told in before.items():
        if id_ not in city.layers:
            yield {**told, "removed_on": told["removed_on"] or today.isoformat()}
    with reading(store, city, EVERYONE) as reader:
        states = [state_of(city, layer, reader, today) for layer in city.layers.values()]
    for state in states:
        yield _fields(city, state, "registered", state.layer.registered)
        held = {
            "features": state.features,
            "data_at": None if state.at is None else state.at.replace(tzinfo=dt.UTC).isoformat(),
            "up_to_date": state.current(now),
        }
        yield {**_fields(city, state, "checked", today), **held}


def _fields(city: City, state: LayerState, event: str, day: dt.date) -> dict[str, Any]:
    layer, language = state.layer, city.head.languages[0]
    return {
        "layer": layer.id,
        "title": layer.name.get(language),
        "event": event,
        "noted_on": day.isoformat(),
        "layer_group": layer.group,
        "scale": layer.scale,
        "kind": layer.kind,
        "owner": layer.owner.get(language),
        "features": None,
        "data_at": None,
        "up_to_date": None,
        "removed_on": None,
    }


def _registered(folder: Path) -> dict[str, dict[str, Any]]:
    """By layer, what the newest file that is there says of its registration."""
    newest = max(folder.glob("layers-*.jsonl"), default=None)
    if newest is None:
        return {}
    told = [json.loads(line) for line in newest.read_text(encoding="utf-8").splitlines()]
    return {row["layer"]: row for row in told if row["event"] == "registered"}


def _write(path: Path, told: Iterator[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
