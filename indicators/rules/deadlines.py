"""Deadlines that come up: rows of a dataset that are still open, counted for each area at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import cast

import numpy as np

from config import City
from config.models import Deadline, Rule
from config.working import closing, working_until
from indicators.datasets import dataset_of
from indicators.rules.conditions import Verdict, deadline
from indicators.rules.machine import Observation, Seen
from indicators.rules.sightings import Sighting
from warehouse.due_rows import Window
from warehouse.expression import parse_condition
from warehouse.facts import has_facts
from warehouse.store import Cursor


def due_soon(city: City, cursor: Cursor, rule: Rule, now: dt.datetime) -> Iterator[tuple[str, Sighting]]:
    """What a rule sees at ``now`` (in the city's zone) in every area of its level that stands.

    With an area in breach come the keys of the rows that are due soonest.
    """
    condition, level = cast(Deadline, rule.when), cast(str, rule.level)
    if not has_facts(cursor, condition.dataset):
        return
    columns = dataset_of(city, condition.dataset).columns
    after, until = reach(city, condition, now, columns[condition.due] == "date")
    where = None if condition.where is None else parse_condition(condition.where, columns)
    window = Window(condition.dataset, condition.due, condition.done, after, until, where)
    root = city.areas.root
    whole = root.code if level == root.level else None
    counts = window.counts(cursor, level, whole, now.date())
    areas = [area.code for area in city.areas.at(level, now.date())]
    verdict = deadline.judge(condition, np.array([counts.get(area, 0) for area in areas], dtype=np.float64))
    breaching = [area for area, breach in zip(areas, verdict.breach, strict=True) if breach]
    named = {}
    if breaching:
        key = list(city.datasets[condition.dataset].key)
        named = window.first(cursor, level, whole, now.date(), breaching, key)
    for place, area in enumerate(areas):
        yield area, _sighting(verdict, place, now, named.get(area))


def reach(city: City, condition: Deadline, now: dt.datetime, days: bool) -> tuple[dt.date, dt.date]:
    """What is due comes after the first and at the last of these; ``days``: they are days.

    A day falls due when its working hours (or the day itself, where the clock counts) are over.
    """
    calendar = city.head.calendar
    if condition.working:
        until = working_until(calendar, city.zone, now, condition.within)
    else:
        until = (now.astimezone(dt.UTC) + condition.within).astimezone(city.zone)
    if not days:
        return now, until
    over = closing(calendar) if condition.working else dt.time.max
    return _over(now, over), _over(until, over)


def _over(at: dt.datetime, closes: dt.time) -> dt.date:
    """The last day that is over."""
    return at.date() if at.time() >= closes else at.date() - dt.timedelta(days=1)


def _sighting(
    verdict: Verdict, place: int, now: dt.datetime, rows: list[dict[str, object]] | None
) -> Sighting:
    seen = Seen.BREACH if verdict.breach[place] else Seen.CLEAR
    told = {} if rows is None else {"rows": rows}
    return Sighting(
        Observation(now, now, seen), float(verdict.measure[place]), float(verdict.limit[place]), told=told
    )
