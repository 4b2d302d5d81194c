"""Judging every rule over every area: what is new since the last time, in order, and stored as a whole."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from dataclasses import dataclass

from config import City
from indicators.rules.budget import Stored
from indicators.rules.corrections import Corrected
from indicators.rules.grid import Group
from indicators.rules.instruments import Instruments
from indicators.rules.judging import Judging, Told
from indicators.rules.sitting import Sitting
from warehouse.progress import Progress, silent
from warehouse.rule_progress import News, keep_progress, news, progress_of, stored_through
from warehouse.rule_tests import record_tests
from warehouse.state import SeriesKey, State, Transition, Warning
from warehouse.store import Cursor, Store


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
    root = city.areas.root.code
    with store.read() as cursor:
        through, known = stored_through(cursor), progress_of(cursor)
        judging = Judging(sitting, cursor, _news(city, cursor, known))
        for rule, sighting in Instruments(city, cursor, local, windows).readings():
            sitting.instrument(rule, root, sighting)
        made = judging.run(_told(state, judging.corrected()), progress)
    sitting.combined()
    sitting.withdrawn()
    state.record(sitting.desk.finish())
    _correct(state, sitting, now)
    _keep(city, store, made, through, known)
    return EvaluationReport(
        tuple(sitting.desk.transitions),
        tuple(sitting.corrections.made),
        sitting.judged,
        time.perf_counter() - began,
    )


def _news(city: City, cursor: Cursor, known: dict[str, dt.datetime]) -> dict[str, dict[Group, News]]:
    """What was stored for each rule since it was last evaluated; a rule that never was is absent."""
    watched = {
        rule.id: rule.indicator
        for rule in city.rules.values()
        if rule.indicator is not None and rule.id in known
    }
    if not watched:
        return {}
    found = news(cursor, watched.values(), min(known[rule] for rule in watched))
    by_indicator: dict[str, dict[Group, News]] = defaultdict(dict)
    for series, one in found.items():
        by_indicator[series[0]][Group(*series)] = one
    return {rule: by_indicator[indicator] for rule, indicator in watched.items()}


def _told(state: State, rules: set[str]) -> Told:
    told: dict[SeriesKey, list[Warning]] = defaultdict(list)
    for rule in sorted(rules):
        for warning in state.warnings(areas=None, open_only=False, rule=rule):
            told[rule, warning.area].append(warning)
    return told


def _correct(state: State, sitting: Sitting, now: dt.datetime) -> None:
    """Put corrections beside the warnings that they are of."""
    for one in sitting.corrections.made:
        for warning in state.warnings(areas=None, open_only=False, rule=one.rule):
            if warning.area == one.area and warning.opened_at == one.opened_at:
                state.correct(warning.id, one.told, one.known, one.note, now)


def _keep(
    city: City, store: Store, made: Stored, through: dt.datetime | None, known: dict[str, dt.datetime]
) -> None:
    """Remember how far rules have come. Last of all: what a crash leaves out is done again."""
    reached = {} if through is None else dict.fromkeys(city.rules, through)
    if not made and reached == known:
        return
    with store.write() as cursor:
        if made:
            record_tests(cursor, made)
        if through is not None:
            keep_progress(cursor, city.rules, through)
