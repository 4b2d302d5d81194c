"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from config import City
from indicators.rules.grid import Group, Span, read_grids
from indicators.rules.instruments import Instruments
from indicators.rules.sitting import Sitting
from indicators.rules.watch import Watch
from warehouse.progress import Progress, silent
from warehouse.state import State, Transition
from warehouse.store import Cursor, Store


@dataclass(frozen=True)
class EvaluationReport:
    """What one evaluation did: the changes of status, how many series it judged, and how long it took."""

    transitions: tuple[Transition, ...]
    series: int
    seconds: float


def evaluate(
    city: City, store: Store, state: State, now: dt.datetime, progress: Progress = silent
) -> EvaluationReport:
    """Judge what has come in since the last evaluation and store states, transitions and warnings as one.

    Only complete periods are judged (partial ones by rules that ask for it), oldest first, so that a pause
    between two evaluations changes nothing. ``now`` must be aware.
    """
    began = time.perf_counter()
    sitting = Sitting(city, state.load_series(), state.open_episodes(), now.astimezone(city.zone))
    root = city.areas.root.code
    with store.read() as cursor:
        for rule, sighting in Instruments(city, cursor, sitting.now).readings():
            sitting.instrument(rule, root, sighting)
        _indicators(sitting, cursor, progress)
    sitting.combined()
    sitting.withdrawn()
    state.record(sitting.desk.finish())
    return EvaluationReport(tuple(sitting.desk.transitions), sitting.judged, time.perf_counter() - began)


def _indicators(sitting: Sitting, cursor: Cursor, progress: Progress) -> None:
    """Rules about indicators: one query for all of them, then rule by rule."""
    city, now = sitting.city, sitting.now
    watches = [Watch.of(city, rule) for rule in city.rules.values() if rule.indicator is not None]
    begins: dict[str, dt.date] = {}
    spans: dict[Group, list[Span]] = defaultdict(list)
    for watch in watches:
        known = sitting.states[watch.rule.id]
        begin = watch.begin([series.judged_through for series in known.values()], now)
        begins[watch.rule.id] = begin
        spans[watch.group] += watch.spans(begin, now)
    grids = read_grids(cursor, city.periods, {group: _merged(wanted) for group, wanted in spans.items()})
    for done, watch in enumerate(watches):
        progress("rules", done, len(watches))
        course = None
        if watch.group in grids:
            look = watch.look(grids[watch.group], begins[watch.rule.id], now)
            course = watch.course(look, look.verdict(), now)
        sitting.course(watch.rule, course)
    progress("rules", len(watches), len(watches))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, so that no value is read twice."""
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
