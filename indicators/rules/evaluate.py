"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from config import City
from indicators.rules.budget import Stored
from indicators.rules.corrections import Corrected
from indicators.rules.instruments import Instruments
from indicators.rules.judging import Judging, Told
from indicators.rules.sitting import Sitting
from indicators.rules.source import Present
from indicators.rules.volumes import volumes
from warehouse.progress import Progress, silent
from warehouse.rule_progress import keep_progress
from warehouse.rule_tests import record_tests
from warehouse.state import SeriesKey, State, Transition, Warning
from warehouse.store import Store


@dataclass(frozen=True)
class EvaluationReport:
    """What one evaluation did: the changes of status, what it corrected, how many series it judged, and how
    long it took.
    """

    transitions: tuple[Transition, ...]
    corrections: tuple[Corrected, ...]
    series: int
    seconds: float


def evaluate(
    city: City, store: Store, state: State, now: dt.datetime, progress: Progress = silent
) -> EvaluationReport:
    """Judge what has come in since the last evaluation and store states, transitions and warnings as one.

    Only complete periods are judged (partial ones by rules that ask for it), oldest first, so that a pause
    between two evaluations changes nothing. Where late or corrected data changed what was judged before, that
    is judged once more. ``now`` must be aware.
    """
    began = time.perf_counter()
    windows = state.maintenance.all()
    local = now.astimezone(city.zone)
    sitting = Sitting(city, state.load_series(), state.open_episodes(), local, windows)
    # Thousands of small fits: threads of their own cost twice what they save.
    with store.read() as cursor, threadpool_limits(limits=1, user_api="blas"):
        source = Present(city, cursor)
        judging = Judging(sitting, source, levels=state.new_levels.standing())
        for rule, area, sighting in Instruments(city, cursor, local, windows).readings():
            sitting.instrument(rule, area, sighting)
        for rule, course in volumes(sitting, cursor, windows):
            sitting.courses(rule, [course])
        made = judging.run(_told(state, judging.corrected()), progress)
    sitting.combined()
    sitting.withdrawn()
    state.record(sitting.desk.finish())
    for one in sitting.corrections.made:
        state.correct(one.warning, one.told, one.known, one.note, now)
    _keep(city, store, made, source)
    return EvaluationReport(
        tuple(sitting.desk.transitions),
        tuple(sitting.corrections.made),
        sitting.judged,
        time.perf_counter() - began,
    )


def _told(state: State, rules: set[str]) -> Told:
    told: dict[SeriesKey, list[Warning]] = defaultdict(list)
    for rule in sorted(rules):
        for warning in state.warnings(areas=None, open_only=False, rule=rule):
            told[rule, warning.area].append(warning)
    return told


def _keep(city: City, store: Store, made: Stored, source: Present) -> None:
    """Remember how far rules have come. Last of all: what a crash leaves out is done again."""
    reached = {} if source.through is None else dict.fromkeys(city.rules, source.through)
    if not made and reached == source.known:
        return
    with store.write() as cursor:
        if made:
            record_tests(cursor, made)
        if source.through is not None:
            keep_progress(cursor, city.rules, source.through)
