"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from config import City
from config.models import Statistical
from indicators.rules.anomalies import Anomalies
from indicators.rules.budget import Budget, Stored, Tested
from indicators.rules.grid import Group, Span, read_grids
from indicators.rules.instruments import Instruments
from indicators.rules.sightings import Course
from indicators.rules.sitting import Sitting
from indicators.rules.watch import Watch
from warehouse.progress import Progress, silent
from warehouse.rule_tests import made_at, record_tests
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
    windows = state.maintenance.all()
    local = now.astimezone(city.zone)
    sitting = Sitting(city, state.load_series(), state.open_episodes(), local, windows)
    root = city.areas.root.code
    with store.read() as cursor:
        for rule, sighting in Instruments(city, cursor, local, windows).readings():
            sitting.instrument(rule, root, sighting)
        made = _indicators(sitting, cursor, progress)
    sitting.combined()
    sitting.withdrawn()
    if made:
        with store.write() as cursor:
            record_tests(cursor, made)
    state.record(sitting.desk.finish())
    return EvaluationReport(tuple(sitting.desk.transitions), sitting.judged, time.perf_counter() - began)


def _indicators(sitting: Sitting, cursor: Cursor, progress: Progress) -> Stored:
    """Rules about indicators: one query for all of them, then rule by rule; the tests that were made."""
    city, now = sitting.city, sitting.now
    rules = [rule for rule in city.rules.values() if rule.indicator is not None]
    watches = [watch for rule in rules for watch in Watch.of(city, rule)]
    begins: list[dt.date] = []
    spans: dict[Group, list[Span]] = defaultdict(list)
    for watch in watches:
        begins.append(watch.begin(sitting.judged_of(watch.rule, watch.group.level), now))
        spans[watch.group] += watch.spans(begins[-1], now)
    grids = read_grids(cursor, city.periods, {group: _merged(wanted) for group, wanted in spans.items()})
    looks = [
        (watch, watch.look(grids[watch.group], begin, now))
        for watch, begin in zip(watches, begins, strict=True)
        if watch.group in grids
    ]
    seen = [(watch, look, watch.times(look, now)) for watch, look in looks]
    statistical = [one for one in seen if isinstance(one[0].rule.when, Statistical)]
    anomalies = Anomalies(city)
    tested = [Tested(look, anomalies.tests(look), times) for _, look, times in statistical]
    verdicts, made = Budget(city, _stored(cursor, tested)).verdicts(tested)
    decided = {id(one): verdict for one, verdict in zip(statistical, verdicts, strict=True)}
    courses: dict[str, list[Course]] = defaultdict(list)
    for one in seen:
        watch, look, times = one
        verdict = decided[id(one)] if id(one) in decided else look.verdict()
        courses[watch.rule.id].append(watch.course(look, times, verdict))
    for done, rule in enumerate(rules):
        progress("rules", done, len(rules))
        sitting.courses(rule, courses[rule.id])
    progress("rules", len(rules), len(rules))
    return made


def _stored(cursor: Cursor, tested: Iterable[Tested]) -> Stored:
    """Tests made before of the moments that are judged now."""
    seen = (one.times.at[one.times.usable] for one in tested)
    moments = np.unique(np.concatenate([np.empty(0, np.int64), *seen]))
    return made_at(cursor, moments.astype("datetime64[us]").tolist()) if len(moments) else {}


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlap, so that no value is read twice."""
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
