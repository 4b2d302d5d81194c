"""In which order feeds are loaded that are loaded together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from config.models import Feed


def loading_order(feeds: Mapping[str, Feed], wanted: Collection[str]) -> list[Feed]:
    """Those of ``feeds`` that are ``wanted``, each behind every feed that it comes after, directly or not.

    Otherwise they keep the order of ``feeds``. Raises CycleError where feeds wait for each other.
    """
    place = {id_: number for number, id_ in enumerate(feeds)}
    sorter = TopologicalSorter({id_: set(feed.after) & place.keys() for id_, feed in feeds.items()})
    sorter.prepare()
    found: list[Feed] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        found += [feeds[id_] for id_ in ready if id_ in wanted]
        sorter.done(*ready)
    return found


def cycle(feeds: Mapping[str, Feed]) -> list[str]:
    """Feeds that wait for each other in a ring, the first one also last; empty where none do."""
    try:
        loading_order(feeds, ())
    except CycleError as error:
        return [str(id_) for id_ in reversed(error.args[1])]
    return []
