"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from threadpoolctl import threadpool_limits

from config import City
from indicators.rules.broken import RuleError
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

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluationReport:
    """What one evaluation did: the changes of status, what it corrected, how many series it judged, how long
    it took, and which rules broke.
    """

    transitions: tuple[Transition, ...]
    corrections: tuple[Corrected, ...]
    series: int
    seconds: float
    broken: Mapping[str, Exception] = field(default_factory=dict)


def evaluate(
    city: City, store: Store, state: State, now: dt.datetime, progress: Progress = silent
) -> EvaluationReport:
    """Judge what has come in since the last evaluation and store states, transitions and warnings as one.

    Only complete periods are judged (partial ones by rules that ask for it), oldest first, so that a pause
    between two evaluations changes nothing. Where late or corrected data changed what was judged before, that
    is judged once more. ``now`` must be aware.
    """
    began = time.perf_counter()
    broken: dict[str, Exception] = {}
    while True:
        try:
            sitting, made, source = _judged(city, store, state, now, progress, broken)
            break
        except RuleError as error:
            # Nothing is stored yet: all others are judged anew, and this one stays as it stands.
            log.exception("rule %s could not be judged; it is left out", error.rule)
            broken[error.rule] = error.cause
    state.record(sitting.desk.finish())
    for one in sitting.corrections.made:
        state.correct(one.warning, one.told, one.known, one.note, now)
    _keep(sitting.rules, store, made, source, broken)
    return EvaluationReport(
        tuple(sitting.desk.transitions),
        tuple(sitting.corrections.made),
        sitting.judged,
        time.perf_counter() - began,
        broken,
    )


def _judged(
    city: City, store: Store, state: State, now: dt.datetime, progress: Progress, left_out: Collection[str]
) -> tuple[Sitting, Stored, Present]:
    """One sitting over all rules but those that are left out. Raises RuleError for the first that breaks."""
    windows = state.maintenance.all()
    local = now.astimezone(city.zone)
    sitting = Sitting(city, state.load_series(), state.open_episodes(), local, windows, left_out)
    # Thousands of small fits: threads of their own cost twice what they save.
    with store.read() as cursor, threadpool_limits(limits=1, user_api="blas"):
        source = Present(city, cursor)
        judging = Judging(sitting, source, levels=state.new_levels.standing())
        for rule, area, sighting in Instruments(city, cursor, local, windows, sitting.rules).readings():
            sitting.instrument(rule, area, sighting)
        for rule, course in volumes(sitting, cursor, windows):
            sitting.courses(rule, [course])
        made = judging.run(_told(state, judging.corrected()), progress)
    sitting.combined()
    sitting.withdrawn()
    return sitting, made, source


def _told(state: State, rules: set[str]) -> Told:
    told: dict[SeriesKey, list[Warning]] = defaultdict(list)
    for rule in sorted(rules):
        for warning in state.warnings(areas=None, open_only=False, rule=rule):
            told[rule, warning.area].append(warning)
    return told


def _keep(
    rules: Collection[str], store: Store, made: Stored, source: Present, left_out: Collection[str]
) -> None:
    """Remember how far rules have come. Last of all: what a crash leaves out is done again."""
    reached = {} if source.through is None else dict.fromkeys(rules, source.through)
    if not made and reached == source.known:
        return
    with store.write() as cursor:
        if made:
            record_tests(cursor, made)
        if source.through is not None:
            keep_progress(cursor, rules, source.through, left_out)
