"""Histories of a city: rows loaded, late, corrected and deleted, definitions and areas edited, time gone by;
and after any of it the claim that the store that followed equals one that is made anew.

A history is a list of steps, each the name of a method of ``History`` and the seed of its choices: any part
of a history is one, too, so that a failing history is shortened by leaving steps out.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from config import City, load_city
from config.areas import AreaTree
from config.models import Column, Feed, Reporting
from config.models.indicator import Composite, Formula, Indicator, Measure, Reported, Stock
from indicators.check import check
from indicators.engine import Engine
from indicators.planner import make_plan
from pipelines.load import Loader
from tests.indicators.conftest import World
from tests.indicators.test_oracle import Oracle, compare
from warehouse.areas import sync_areas
from warehouse.expression import ExpressionError
from warehouse.facts import ensure_fact_table, fact_table
from warehouse.store import Cursor, Store

Step = tuple[str, int]
Rng = np.random.Generator
Row = dict[str, str]

LAB: Final = Path(__file__).parent / "lab"
BEGIN: Final = dt.datetime(2025, 6, 28, 9, 40, tzinfo=dt.UTC)
BACK: Final = 75
"""Days before the first moment from which the first rows come."""
FIRST: Final = (
    *("visits", "visits_closed", "visits_online", "visits_on_time", "road_cost", "least_cost", "net_cost"),
    *("handling_hours", "kinds", "level", "stations", "illness", "open", "overdue", "services", "output"),
    *("visits_3", "online_ytd", "per_head", "part_of_parent", "online_place", "backlog", "closing", "odd"),
)
"""The indicators that a history begins with; the others of the laboratory may come."""
BY: Final = {"visits": ("kind", "online"), "road_cost": ("online",), "open": ("kind",), "level": ("station",)}
"""The dimensions that they have."""
MEASURES: Final = {
    "visits": (
        "count(*)",
        "count(*) filter (where online)",
        "count(*) filter (where closed_at <= due_at) / count(*)",
        "count(*) filter (where hour_of(opened_at) < 9) / count(rooms)",
        "sum(cost)",
        "avg(cost)",
        "sum(rooms) - count(*)",
        "sum(cost) filter (where kind = 'road') / sum(rooms)",
        "min(cost)",
        "max(rooms)",
        "median(cost)",
        "percentile(hours_between(opened_at, closed_at), 0.9)",
        "count(distinct rooms)",
        "3 * (sum(rooms) / count(distinct kind))",
    ),
    "readings": ("count(*)", "avg(level)", "max(level)", "count(distinct station)", "median(level)"),
    "illness": ("count(*)", "avg(days_between(onset_on, reported_on))"),
}
WHERE: Final = {
    "visits": (
        None,
        None,
        "kind = 'road'",
        "kind <> 'noise' and rooms > 3",
        "closed_at is null",
        "not online",
    ),
    "readings": (None, "level > 50"),
    "illness": (None, "onset_on < reported_on"),
    "services": (None, "grade = 'full'"),
    "figures": ("series = 'output'", "series = 'share'"),
}
FORMULAS: Final = (
    "lag({a}, {k})",
    "diff({a})",
    "yoy({a})",
    "ytd({a})",
    "rolling({a}, {k})",
    "rolling({a} + {b}, {k})",
    "per_capita({a}, 1000)",
    "share_of_parent({a})",
    "share_of({a}, {b})",
    "index({a}, 2025)",
    "rank({a})",
    "ratio({a}, {b})",
    "ratio({k} * {a}, lag({b}, {k}))",
    "{a} - {b}",
    "({a} + 1) * {b} / {k}",
)
NOON: Final = Reporting.model_validate(
    {"id": "noon_month", "name": {"vi": "kỳ", "en": "month"}, "every": "month", "day": 25, "at": "12:00"}
)
"""The reporting calendar that the city has besides."""
SCORE: Final = {
    "id": "score",
    "kind": "composite",
    "unit": "times",
    "levels": ["district", "ward"],
    "periods": ["month", "quarter"],
    "normalise": "min_max",
    "missing": "skip",
    "components": [{"indicator": "visits", "weight": 2}, {"indicator": "visits_online"}],
}
"""An index among what a history begins with."""
RESULT: Final = ("value", "numerator", "denominator", "n", "present", "expected", "data_through")


class DifferenceError(AssertionError):
    """Two stores that ought to be equal are not."""


class History:
    """A city, its inbox and its store, and what has been delivered so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lab = load_city(LAB)
        self.definitions = {
            id_: item.model_copy(update={"by": BY[id_]}) if id_ in BY else item
            for id_, item in lab.indicators.items()
        }
        told = self.definitions["visits"].model_dump(
            include={"name", "domain", "owner", "source", "direction"}
        )
        self.definitions["score"] = Composite.model_validate({**told, **SCORE})
        first = {id_: self.definitions[id_] for id_ in (*FIRST, "score")}
        places = {**lab.places, ("indicator", "score"): lab.places["indicator", "visits"]}
        head = lab.head.model_copy(update={"reporting": (NOON,)})
        self.city = replace(lab, head=head, indicators=first, identities={}, places=places)
        self.now = BEGIN
        self.store = self._open("followed")
        self.rows: dict[str, dict[tuple[str, ...], Row]] = {id_: {} for id_ in lab.feeds}
        self.files: list[tuple[Feed, Path]] = []
        self.count = self.names = self.stores = 0
        self.edits = self.refused = self.compared = 0
        rng = np.random.default_rng(0)
        for feed in lab.feeds.values():
            times = rng.uniform(0, BACK * 86400, 70 if feed.id == "visits" else 30)
            self.deliver(feed, [self.row(feed, self.ago(seconds), rng) for seconds in times])

    def do(self, step: Step) -> None:
        """Carry out one step."""
        name, seed = step
        getattr(self, name)(np.random.default_rng(seed))

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    # Deliveries

    def load(self, rng: Rng) -> None:
        """New rows of the last days, some of the hours to come."""
        feed = self._feed(rng)
        times = rng.normal(-1.0, 1.5, rng.integers(1, 8)) * 86400
        self.deliver(feed, [self.row(feed, self.ago(-seconds), rng) for seconds in times])

    def late(self, rng: Rng) -> None:
        """New rows of long ago."""
        feed = self._feed(rng)
        times = rng.uniform(5, BACK + 20, rng.integers(1, 4)) * 86400
        self.deliver(feed, [self.row(feed, self.ago(seconds), rng) for seconds in times])

    def correct(self, rng: Rng) -> None:
        """Rows that are there already, with other days, wards and figures."""
        feed = self._feed(rng)
        rows = []
        for row in self._some(feed, rng):
            other = self.row(feed, self.ago(float(rng.uniform(-1, 40)) * 86400), rng)
            free = [column.name for column in feed.columns if column.name not in feed.key]
            chosen = rng.choice(free, min(len(free), 3), replace=False)
            rows.append({**row, **{str(name): other[name] for name in chosen}})
        self.deliver(feed, rows)

    def again(self, rng: Rng) -> None:
        """A file that came before, under a new name."""
        feed, path = self.files[rng.integers(len(self.files))]
        self._write(feed, path.read_text(), f"{self._number():05}.csv")

    def overtaken(self, rng: Rng) -> None:
        """A file that comes after one with a later name, which wins where both know a row."""
        feed = self._feed(rng)
        rows = [{**row, **self.row(feed, self.ago(86400), rng)} for row in self._some(feed, rng)]
        keyed = [
            {**row, **{key: old[key] for key in feed.key}}
            for row, old in zip(rows, self._some(feed, rng), strict=False)
        ]
        if keyed:
            self._write(feed, _csv(keyed), f"{rng.integers(self.names + 1):05}b{self._number()}.csv")

    def delete(self, rng: Rng) -> None:
        """Rows that a complete delivery no longer has."""
        feed = self._feed(rng)
        gone = self._some(feed, rng)
        with self.store.write() as cursor:
            for row in gone:
                self.rows[feed.id].pop(_key(feed, row), None)
                self._remove(cursor, feed, row)

    # Edits

    def measure(self, rng: Rng) -> None:
        """Another expression, condition, time or way with what is missing of an indicator from rows."""
        item = self._pick(rng, Measure, Stock, Reported)
        assert isinstance(item, Measure | Stock | Reported)
        change: dict[str, Any] = {"where": _one(rng, WHERE[item.dataset])}
        if isinstance(item, Measure) and rng.random() < 0.7:
            change = {"measure": _one(rng, MEASURES[item.dataset])}
        elif isinstance(item, Measure) and rng.random() < 0.3:
            change = {"time": _one(rng, self.city.datasets[item.dataset].time_columns)}
        elif isinstance(item, Stock) and item.dataset == "visits" and rng.random() < 0.3:
            change = {"opens": "opened_at" if item.opens == "due_at" else "due_at"}
        elif isinstance(item, Measure | Stock) and rng.random() < 0.5:
            ways = ("skip", "any", "zero") if isinstance(item, Measure) else ("skip", "any")
            change = {"missing": _one(rng, ways)}
        if change.get("measure") == "avg(cost)" and rng.random() < 0.5:
            change["weights"] = "rooms"
        elif "measure" in change:
            change["weights"] = None
        self._redefine(item, change)

    def formula(self, rng: Rng) -> None:
        """Another expression of a formula."""
        names = sorted(self.city.indicators)
        text = _one(rng, FORMULAS).format(a=_one(rng, names), b=_one(rng, names), k=rng.integers(2, 6))
        missing = _one(rng, ("any", "any", "skip", "zero"))
        item = self._pick(rng, Formula, Composite)
        change = {"missing": missing, **({"formula": text} if isinstance(item, Formula) else {})}
        self._redefine(item, change)

    def shape(self, rng: Rng) -> None:
        """Other levels, periods, small numbers or dimensions."""
        item = self._pick(rng, Measure, Stock, Formula, Composite)
        levels = [level for level in self.city.levels if rng.random() < 0.7] or [self.city.levels[0]]
        wanted = {"hour": 0.05, "week": 0.3, NOON.id: 0.3, "half_year": 0.2, "year_to_date": 0.2}
        known = self.city.periods.ids
        periods = [period for period in known if rng.random() < wanted.get(period, 0.6)] or ["month"]
        change: dict[str, Any] = {"levels": levels}
        if rng.random() < 0.6:
            change = {"periods": periods, "min_n": int(rng.integers(0, 5))}
        elif isinstance(item, Measure | Stock) and rng.random() < 0.5:
            texts = [
                c.name for c in self.city.datasets[item.dataset].columns if c.values or c.type == "boolean"
            ]
            change = {"by": [name for name in texts if rng.random() < 0.6]}
        self._redefine(item, change)

    def drop(self, rng: Rng) -> None:
        """An indicator goes, if no other needs it."""
        item = self._pick(rng, Measure, Stock, Reported, Formula, Composite)
        self._become({id_: other for id_, other in self.city.indicators.items() if id_ != item.id}, {})

    def add(self, rng: Rng) -> None:
        """An indicator comes: one that was dropped, one that never was, or one like another."""
        absent = sorted(set(self.definitions) - set(self.city.indicators))
        if absent and rng.random() < 0.7:
            item = self.definitions[_one(rng, absent)]
        else:
            item = self._pick(rng, Measure, Stock, Formula)
            item = item.model_copy(update={"id": f"new_{self._number()}"})
        self._become({**self.city.indicators, item.id: item}, {item.id: item.kind})

    def areas(self, rng: Rng) -> None:
        """Another population, district or span of validity of a unit."""
        units = self.city.areas.all()
        place = int(rng.integers(1, len(units)))
        unit = units[place]
        day = BEGIN.date() + dt.timedelta(days=int(rng.integers(-40, 40)))
        wards = unit.level == self.city.levels[-1]
        change: dict[str, Any] = {"population": int(rng.integers(0, 500))}
        if wards and rng.random() < 0.5:
            change = {"parent": _one(rng, [area.code for area in self.city.areas.at(self.city.levels[1])])}
        elif wards and rng.random() < 0.7:
            change = _one(rng, [{"valid_from": day, "valid_to": None}, {"valid_to": day, "valid_from": None}])
        units[place] = unit.model_copy(update=change)
        self.city = replace(self.city, areas=AreaTree(units, self.city.levels))
        sync_areas(self.store, self.city.areas)

    def calendar(self, rng: Rng) -> None:
        """The reporting calendar begins on another day, or at another hour."""
        change = {"day": int(rng.integers(1, 29)), "at": f"{_one(rng, (0, 6, 12)):02}:00"}
        own = Reporting.model_validate({**NOON.model_dump(), **change})
        city = replace(self.city, head=self.city.head.model_copy(update={"reporting": (own,)}))
        self.city = city if sound(city) else self.city

    # Time

    def wait(self, rng: Rng) -> None:
        """Minutes, hours or days go by."""
        self.now += dt.timedelta(hours=float(_one(rng, [0.1, 0.5, 2, 3, 5, 11, 24, 31, 60])))

    def jump(self, rng: Rng) -> None:
        """Weeks go by, often over the end of a month, or until new year."""
        if rng.random() < 0.2:
            self.now = max(self.now, dt.datetime(2025, 12, 31, 16, 50, tzinfo=dt.UTC))
        self.now += dt.timedelta(days=float(rng.uniform(6, 30)))

    # What is claimed

    def refresh(self, _: Rng) -> None:
        """Follow what has happened."""
        Engine(self.city, self.store).refresh(self.now)

    def compare(self, rng: Rng) -> None:
        """Follow, and equal a store that is made anew."""
        self.refresh(rng)
        other = self._anew()
        try:
            with self.store.read() as followed, other.read() as made:
                for table, keys in tables(made):
                    self.compared += same(table, keys, followed, made)
        finally:
            other.close()

    def recompute(self, rng: Rng) -> None:
        """Follow, and let the oracle that knows no SQL go over two indicators of the laboratory."""
        self.refresh(rng)
        known = [id_ for id_, item in self.city.indicators.items() if item == self.definitions.get(id_)]
        oracle = Oracle(
            World(self.city, self.store, self._facts()), self.now, [a.code for a in self.city.areas.all()]
        )
        for id_ in sorted({_one(rng, known) for _ in range(2)} if known else ()):
            compare(oracle, id_)

    # Within

    def _open(self, name: str) -> Store:
        store = Store.open(
            self.folder / name / "w.duckdb",
            self.city.head.timezone,
            folders=[self.folder],
            memory_limit="512MiB",
            threads=1,
        )
        sync_areas(store, self.city.areas)
        return store

    def _anew(self) -> Store:
        """A store with the same facts that never knew anything else."""
        self.stores += 1
        other = self._open(f"anew{self.stores}")
        with self.store.read() as source, other.write() as cursor:
            for name, feed in self.city.datasets.items():
                ensure_fact_table(cursor, feed)
                wanted = [
                    row[0]
                    for row in cursor.execute(
                        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND NOT internal",
                        [fact_table(name)],
                    ).fetchall()
                ]
                listed = ", ".join(f'"{column}"' for column in wanted)
                cursor.register(
                    "incoming",
                    source.sql(f"SELECT {listed} FROM {fact_table(name)}").to_arrow_table(),
                )
                cursor.execute(f"INSERT INTO {fact_table(name)} BY NAME SELECT * FROM incoming")
                cursor.unregister("incoming")
            cursor.register("incoming", source.sql("SELECT * FROM feed_status").to_arrow_table())
            cursor.execute("INSERT INTO feed_status SELECT * FROM incoming")
            cursor.unregister("incoming")
        Engine(self.city, other).refresh(self.now)
        return other

    def _facts(self) -> dict[str, Any]:
        found = {}
        with self.store.read() as cursor:
            for name, feed in self.city.datasets.items():
                columns = [*(column.name for column in feed.columns), "_area"]
                rows = cursor.execute(f"SELECT {', '.join(columns)} FROM {fact_table(name)}").fetchall()
                found[name] = pd.DataFrame(rows, columns=columns, dtype=object)
        return found

    def _number(self) -> int:
        self.names += 1
        return self.names

    def ago(self, seconds: float) -> dt.datetime:
        """The city's time so many seconds before now."""
        at = self.now - dt.timedelta(seconds=int(seconds))
        return at.astimezone(self.city.zone).replace(tzinfo=None)

    def _feed(self, rng: Rng) -> Feed:
        return self.city.feeds["visits" if rng.random() < 0.5 else _one(rng, sorted(self.city.feeds))]

    def _some(self, feed: Feed, rng: Rng) -> list[Row]:
        known = list(self.rows[feed.id].values())
        chosen = rng.choice(len(known), min(len(known), int(rng.integers(1, 5))), replace=False)
        return [known[place] for place in sorted(chosen)]

    def row(self, feed: Feed, at: dt.datetime, rng: Rng) -> Row:
        """A row as a department would write it."""
        self.count += 1
        return {column.name: self._cell(feed, column, at, rng) for column in feed.columns}

    def _cell(self, feed: Feed, column: Column, at: dt.datetime, rng: Rng) -> str:
        if not column.required and rng.random() < 0.2:
            return ""
        if column.values is not None:
            return str(_one(rng, column.values))
        match column.type:
            case "boolean":
                return "true" if rng.random() < 0.5 else "false"
            case "integer":
                return str(rng.integers(0, 10))
            case "number":
                return f"{rng.uniform(0, 100):.2f}"
            case "text" if column.name == feed.area.column:
                level = _one(rng, self.city.levels[1:])
                return str(_one(rng, [area.code for area in self.city.areas.at(level, at.date())] or ["C"]))
            case "text":
                return f"s{rng.integers(5)}" if len(feed.key) > 1 else f"k{self.count}"
        moved = at
        if column.name != feed.event_time:
            moved += dt.timedelta(hours=float(rng.uniform(-3, 24 * 12)))
        if column.type == "timestamp":
            return f"{moved:%Y-%m-%d %H:%M:%S}"
        if column.name == "starts_on":
            moved = moved.replace(month=3 * ((moved.month - 1) // 3) + 1, day=1)
        return f"{moved:%Y-%m-%d}"

    def deliver(self, feed: Feed, rows: Sequence[Row]) -> None:
        """Load rows as one file."""
        if rows:
            self.rows[feed.id].update((_key(feed, row), row) for row in rows)
            self._write(feed, _csv(rows), f"{self._number():05}.csv")

    def _write(self, feed: Feed, text: str, name: str) -> None:
        path = self.folder / "inbox" / feed.id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.files.append((feed, path))
        loader = Loader(
            self.city, self.store, self.folder / "inbox", self.folder / "landing", self.folder / "spool"
        )
        (result,) = loader.run(feed, self.now)
        assert result.status == "done", result

    def _remove(self, cursor: Cursor, feed: Feed, row: Row) -> None:
        keys = " AND ".join(f"CAST({key} AS VARCHAR) = ?" for key in feed.key if self._is_text(feed, key))
        cells = [row[key] for key in feed.key if self._is_text(feed, key)]
        table = fact_table(feed.table)
        for column in feed.time_columns:
            cursor.execute(
                f"INSERT INTO touched SELECT 0, '{feed.table}', '{column}', {column}__day, _area FROM {table}"
                f" WHERE {keys} AND {column}__day IS NOT NULL",
                cells,
            )
        cursor.execute(f"DELETE FROM {table} WHERE {keys}", cells)

    @staticmethod
    def _is_text(feed: Feed, name: str) -> bool:
        return any(column.name == name and column.type != "timestamp" for column in feed.columns)

    def _pick(self, rng: Rng, *kinds: type[Indicator]) -> Indicator:
        found: Indicator = _one(rng, [i for i in self.city.indicators.values() if isinstance(i, kinds)])
        return found

    def _redefine(self, item: Indicator, change: dict[str, Any]) -> None:
        new = type(item).model_validate({**item.model_dump(by_alias=True), **change})
        self._become({**self.city.indicators, item.id: new}, {})

    def _become(self, indicators: dict[str, Indicator], new: dict[str, str]) -> None:
        """The city with other definitions, unless its check has something against them."""
        places = {**self.city.places}
        for id_ in new:
            places.setdefault(("indicator", id_), places["indicator", "visits"])
        city = replace(self.city, indicators=indicators, places=places)
        self.edits += 1
        if sound(city):
            self.city = city
        else:
            self.refused += 1


def sound(city: City) -> bool:
    """Whether the city could be started with."""
    try:
        return not check(city) and bool(make_plan(city).steps)
    except ExpressionError:  # a formula over what is not there, which the linter of city folders finds
        return False


def tables(cursor: Cursor) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What must be equal, and by which columns its rows are told apart."""
    yield "indicator_value", ("indicator", "level", "area", "period", "start")
    found = cursor.execute("SELECT table_name FROM duckdb_tables() WHERE contains(table_name, '__by_')")
    for (name,) in sorted(found.fetchall()):
        yield name, ("day", "area", "member")


def same(table: str, keys: Sequence[str], followed: Cursor, made: Cursor) -> int:
    """Raise DifferenceError unless a table is the same in two stores; the number of rows that were compared.

    Counts and times agree to the bit; of fractions the last digits depend on the order of adding.
    """
    results = RESULT if table == "indicator_value" else ("* EXCLUDE (day, area, member)",)
    query = f"SELECT {', '.join([*keys, *results])} FROM {table}"
    left, right = (
        {row[: len(keys)]: row[len(keys) :] for row in cursor.execute(query).fetchall()}
        for cursor in (followed, made)
    )
    wrong = [
        f"{key}: followed {left.get(key)}, made anew {right.get(key)}"
        for key in left.keys() | right.keys()
        if left.get(key) != right.get(key) and not near(left.get(key), right.get(key))
    ]
    if wrong:
        raise DifferenceError(
            f"{len(wrong)} of {len(right)} rows of {table} differ\n" + "\n".join(sorted(wrong)[:12])
        )
    return len(right)


def near(left: tuple[Any, ...] | None, right: tuple[Any, ...] | None) -> bool:
    """Whether two rows differ in the last digits of fractions alone."""
    if left is None or right is None:
        return False
    return all(
        a == b
        or (
            isinstance(a, float)
            and isinstance(b, float)
            and not (a.is_integer() and b.is_integer())
            and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-9)
        )
        for a, b in zip(left, right, strict=True)
    )


def _one(rng: Rng, pool: Sequence[Any]) -> Any:
    return pool[int(rng.integers(len(pool)))]


def _key(feed: Feed, row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in feed.key)


def _csv(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
