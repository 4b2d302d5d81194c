"""What stood at any moment can be read again: values, feeds and definitions, just as they were shown then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from config.models import Vintages
from indicators.engine import Engine
from tests.indicators.history import History
from warehouse.reader import Value, reading
from warehouse.scope import EVERYONE

CHANCES: Final = {
    "load": 30, "late": 8, "correct": 25, "overtaken": 5, "delete": 10, "measure": 8, "formula": 5,
    "shape": 5, "drop": 3, "add": 4, "areas": 3, "wait": 20,
}  # fmt: skip
FIELDS: Final = ", ".join(Value._fields[:15])
PERIODS: Final = ("day", "month", "year", "week", "year_to_date")


@dataclass
class Sight:
    """All that a reader gave at one moment."""

    at: dt.datetime
    values: list[tuple[Any, ...]]
    reads: dict[str, Any]


def look(history: History, at: dt.datetime, as_of: dt.datetime | None) -> Sight:
    """Every value, and what the methods of a reader make of them for some areas and periods."""
    ids = sorted(history.definitions)
    areas = [history.city.areas.root.code, *(a.code for a in history.city.areas.all()[3::4])]
    reads: dict[str, Any] = {}
    with reading(history.store, history.city, EVERYONE, as_of) as reader:
        rows = reader.cursor.execute(f"SELECT {FIELDS} FROM {reader.source(FIELDS)} ORDER BY ALL").fetchall()
        rng = np.random.default_rng(int(at.timestamp()))
        for period in rng.choice(PERIODS, 2, replace=False):
            area = str(rng.choice(areas))
            reads[f"latest {area} {period}"] = reader.latest(ids, area, period)
            reads[f"series {area} {period}"] = reader.series(ids, area, period, 7)
            level = str(rng.choice(history.city.levels))
            matrix = reader.matrix(ids, level, period)
            reads[f"matrix {level} {period}"] = {area: matrix[area] for area in sorted(matrix)}
            id_ = str(rng.choice(ids))
            ranks = sorted(reader.ranking(id_, level, period), key=lambda value: value.area)
            reads[f"ranking {id_} {level} {period}"] = ranks
        reads["feeds"] = dict(sorted(reader.feeds().items()))
        reads["definitions"] = reader.definitions()
        reads["versions"] = {id_: reader.versions(id_) for id_ in ids}
    return Sight(at, rows, reads)


def refresh(history: History) -> Sight:
    """Bring the values up to now, and look; what comes next comes later."""
    Engine(history.city, history.store).refresh(history.now)
    seen = look(history, history.now, None)
    history.now += dt.timedelta(seconds=1)
    return seen


def agree(history: History, seen: Sight, as_of: dt.datetime | None = None) -> None:
    """What is read as of then is what was seen then."""
    again = look(history, seen.at, as_of or seen.at)
    assert again.values == seen.values, seen.at
    for name, read in seen.reads.items():
        assert again.reads[name] == read, (seen.at, name)


def past(history: History) -> int:
    """How many rows are remembered."""
    with history.store.read() as cursor:
        row = cursor.execute("SELECT count(*) FROM value_past").fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path)
    made.city = replace(made.city, identities={})
    yield made
    made.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_moment_can_be_read_again(history: History, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chances = np.array(list(CHANCES.values()), float)
    seen = [refresh(history)]
    for _ in range(8):
        for name in rng.choice(list(CHANCES), int(rng.integers(1, 4)), p=chances / chances.sum()):
            history.do((str(name), int(rng.integers(2**31))))
        history.now += dt.timedelta(minutes=int(rng.integers(1, 400)))
        seen.append(refresh(history))
    assert sum(len(sight.values) for sight in seen) > 10_000
    assert past(history) > 500
    for sight in seen:
        agree(history, sight)
    between = seen[3].at + (seen[4].at - seen[3].at) / 2
    held = look(history, seen[3].at, between)
    assert held.values == seen[3].values


def test_computing_everything_anew_remembers_nothing_that_did_not_change(history: History) -> None:
    refresh(history)
    before = past(history)
    with history.store.write() as cursor:
        cursor.execute("DELETE FROM meta WHERE key = 'indicators'")
    history.now += dt.timedelta(seconds=1)
    report = Engine(history.city, history.store).refresh(history.now)
    assert (report.kind, report.rows) == ("full", 0)
    assert past(history) == before


def test_old_days_keep_their_ends_and_complete_periods_keep_everything(history: History) -> None:
    zone = history.city.zone
    head = history.city.head.model_copy(update={"vintages": Vintages(keep=dt.timedelta(days=2))})
    history.city = replace(history.city, head=head)
    rng = np.random.default_rng(3)
    seen = [refresh(history)]
    for _ in range(14):
        for name in rng.choice(["load", "load", "correct", "late"], 2):
            history.do((str(name), int(rng.integers(2**31))))
        history.now += dt.timedelta(hours=float(rng.uniform(3, 10)))
        seen.append(refresh(history))
    first_kept = history.now.astimezone(zone).date() - dt.timedelta(days=2)
    thinned = full = 0
    for number, sight in enumerate(seen[:-1]):
        day = sight.at.astimezone(zone).date()
        if day >= first_kept:
            agree(history, sight)
            full += 1
        elif seen[number + 1].at.astimezone(zone).date() > day:
            end = dt.datetime.combine(day, dt.time.max, zone)
            agree(history, Sight(end, sight.values, {}), end)
            thinned += 1
        else:
            shown = set(look(history, sight.at, sight.at).values)
            ended = [row for row in sight.values if _ended(history, row, sight.at)]
            assert len(ended) > len(sight.values) / 2
            assert set(ended) <= shown
            cells = [row[:5] for row in shown]
            assert len(cells) == len(set(cells))
    assert thinned >= 2
    assert full >= 3
    with history.store.read() as cursor:
        years = cursor.execute(
            "SELECT stored_at, known_until FROM value_past WHERE period = 'year' AND known_until < ?",
            [dt.datetime.combine(first_kept, dt.time(), zone).astimezone(dt.UTC).replace(tzinfo=None)],
        ).fetchall()
    days = [[at.replace(tzinfo=dt.UTC).astimezone(zone).date() for at in row] for row in years]
    assert days
    assert all(since < until for since, until in days)


def _ended(history: History, row: tuple[Any, ...], at: dt.datetime) -> bool:
    """Whether the period of a row had ended when it was looked at."""
    _, _, _, period, start = row[:5]
    end = history.city.periods.next_start(period, start)
    return bool(end <= at.astimezone(history.city.zone).replace(tzinfo=None))


def test_a_changed_formula_leaves_the_old_series_and_its_definition(history: History) -> None:
    before = refresh(history)
    item = history.city.indicators["visits"]
    other = item.model_copy(update={"where": "kind = 'road'"})
    history.city = replace(history.city, indicators={**history.city.indicators, "visits": other})
    history.now += dt.timedelta(hours=2)
    after = refresh(history)
    root = history.city.areas.root.code
    with reading(history.store, history.city, EVERYONE, before.at) as reader:
        old = reader.series(["visits"], root, "day", 500)["visits"]
        (version,) = reader.versions("visits")
        assert version.body["where"] is None
    assert old == [v for v in old if v.version == 1]
    assert [tuple(v[:15]) for v in old] == [
        (*row[:4], row[4].date(), *row[5:])
        for row in before.values
        if (row[0], row[2], row[3]) == ("visits", root, "day")
    ]
    with reading(history.store, history.city, EVERYONE) as reader:
        new = reader.series(["visits"], root, "day", 500)["visits"]
        assert {v.version for v in new} == {2}
        assert [v.body["where"] for v in reader.versions("visits")] == [None, "kind = 'road'"]
        day = old[-1].start
        known = reader.vintages("visits", root, "day", day)
        assert [v.value for v in known] == [new[-1].value, old[-1].value]
        assert [v.known_until for v in known] == [None, after.at.replace(tzinfo=None)]
