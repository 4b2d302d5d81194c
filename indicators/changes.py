"""What a refresh has to do: which definitions are new or different, and since when the store stands still.

Deciding is kept apart from doing: nothing here computes a value.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from config import City
from indicators.formula import least_rows
from indicators.plan import Balance, Cube, FormulaStep, Plan, ReportedRead, Scan, Shape, Step
from warehouse.store import Cursor

ENGINE: Final = 2
"""Raised when the engine computes something differently: every stored value is then made anew."""
_KEY: Final = "indicators"


@dataclass(frozen=True)
class Standing:
    """What the last refresh left behind."""

    now: dt.datetime | None = None
    areas: str = ""
    engine: int = 0
    zone: str = ""
    tables: Mapping[str, str] = field(default_factory=dict)
    delivered: Mapping[str, list[str]] = field(default_factory=dict)
    indicators: Sequence[str] = ()

    @classmethod
    def read(cls, cursor: Cursor) -> Standing:
        """The standing kept in the store; an empty one when there is none."""
        row = cursor.execute("SELECT value FROM meta WHERE key = ?", [_KEY]).fetchone()
        if row is None:
            return cls()
        kept = json.loads(row[0])
        return cls(**{**kept, "now": dt.datetime.fromisoformat(kept["now"])})

    def holds(self, areas: str, zone: str) -> bool:
        """Whether values computed then can still be built upon."""
        return (self.engine, self.areas, self.zone) == (ENGINE, areas, zone)

    def write(self, cursor: Cursor) -> None:
        """Keep the standing in the store."""
        assert self.now is not None
        text = json.dumps({**self.__dict__, "now": self.now.isoformat()}, sort_keys=True)
        cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [_KEY, text])


@dataclass(frozen=True)
class Definitions:
    """The version that each indicator has now; those that differ from their last version, those that never
    had
    a value, and those that have values and no definition any more.
    """

    versions: Mapping[str, int]
    changed: frozenset[str]
    new: frozenset[str]
    gone: frozenset[str]


def areas_fingerprint(cursor: Cursor) -> str:
    """Changes whenever any unit, its parent, its validity, its population or its heir does."""
    row = cursor.execute("SELECT count(*), bit_xor(hash(area)), sum(hash(area) >> 8) FROM area").fetchone()
    heirs = cursor.execute("SELECT count(*), bit_xor(hash(area_heir)) FROM area_heir").fetchone()
    sizes = cursor.execute("SELECT count(*), bit_xor(hash(area_size)) FROM area_size").fetchone()
    return f"{row} {heirs} {sizes}"


def table_fingerprint(scan: Scan) -> str:
    """Changes whenever the kept parts of a scan no longer are what the plan asks for."""
    columns = [*(part.sql for part in scan.parts), *(own.sql for own in scan.kept)]
    return _digest([scan.dataset.table, scan.time, scan.grain, *columns])


def settle_definitions(
    cursor: Cursor, city: City, plan: Plan, now: dt.datetime, standing: Standing
) -> Definitions:
    """Compare every definition with its newest stored version; write down a new one of what differs."""
    held: dict[str, tuple[int, str]] = {}
    rows = cursor.execute(
        "SELECT indicator, version, fingerprint FROM definition ORDER BY version"
    ).fetchall()
    for indicator, version, print_ in rows:
        held[indicator] = (version, print_)
    versions: dict[str, int] = {}
    changed: set[str] = set()
    for step in plan.steps:
        for id_, print_ in _fingerprints(step).items():
            version, old = held.get(id_, (0, ""))
            if print_ != old:
                changed.add(id_)
                if _meaning(print_) == _meaning(old):
                    # other levels or periods: more values or fewer, and what stays is what it was
                    cursor.execute(
                        "UPDATE definition SET fingerprint = ? WHERE indicator = ? AND version = ?",
                        [print_, id_, version],
                    )
                else:
                    version += 1
                    body = city.indicators[id_].model_dump_json(by_alias=True)
                    since = now.astimezone(dt.UTC).replace(tzinfo=None)
                    cursor.execute(
                        "INSERT INTO definition VALUES (?, ?, ?, ?, ?)", [id_, version, print_, body, since]
                    )
            versions[id_] = version
    stored = _stored(cursor, standing)
    current = frozenset(versions)
    return Definitions(versions, frozenset(changed), current - stored, frozenset(stored - current))


def _stored(cursor: Cursor, standing: Standing) -> set[str]:
    """The indicators that may have values: those of the last refresh, without a look at all values."""
    if not standing.indicators:
        rows = cursor.execute("SELECT DISTINCT indicator FROM indicator_value").fetchall()
        return {str(row[0]) for row in rows}
    some = cursor.execute("SELECT 1 FROM indicator_value LIMIT 1").fetchone()
    return set(standing.indicators) if some else set()


def note_texts(cursor: Cursor, city: City, now: dt.datetime) -> None:
    """Write down every definition whose text is another than it was, what it computes or only its name or
    target; NULL for one that is gone.
    """
    held = dict(
        cursor.execute(
            "SELECT indicator, arg_max_null(body, since) FROM definition_text GROUP BY indicator"
        ).fetchall()
    )
    texts: dict[str, str | None] = dict.fromkeys(held)
    texts |= {id_: item.model_dump_json(by_alias=True) for id_, item in city.indicators.items()}
    since = now.astimezone(dt.UTC).replace(tzinfo=None)
    rows = [[id_, since, text] for id_, text in texts.items() if held.get(id_) != text]
    if rows:
        cursor.executemany("INSERT INTO definition_text VALUES (?, ?, ?)", rows)


def _meaning(fingerprint: str) -> str:
    """The part of a fingerprint that says what is computed, not for which levels and periods."""
    return fingerprint.partition(" ")[0]


def _fingerprint(shape: Shape, parts: list[str]) -> str:
    """Of what is computed, and for which levels and periods."""
    return f"{_digest([part.removesuffix(f' for {shape}') for part in parts])} {_digest([str(shape)])}"


def _fingerprints(step: Step) -> dict[str, str]:
    """By indicator, a text that differs whenever its values would: what the plan says of it, not its name or
    owner.
    """
    match step:
        case Cube():
            scan = step.scan
            aggregates = [part.sql for part in scan.parts] + (
                [own.sql for own, _ in step.own.aggregates] if step.own else []
            )
            names = [scan.column(part) for part in scan.parts] + (
                [step.own.column(own) for own, _ in step.own.aggregates] if step.own else []
            )
            meaning = dict(zip(names, aggregates, strict=True))
            base = [step.coverage.name, step.coverage.dataset.coverage, scan.dataset.table, scan.time]
            return {
                value.indicator: _fingerprint(
                    value.shape, [*base, _spelled(str(value).removesuffix(f" for {value.shape}"), meaning)]
                )
                for value in step.values
            }
        case Balance():
            base = [step.coverage.name, step.coverage.dataset.coverage, step.name]
            return {
                value.indicator: _fingerprint(
                    value.shape, [*base, str(value), value.entered.sql, value.left.sql, repr(value.factor)]
                )
                for value in step.values
            }
        case ReportedRead():
            parts = [str(step), step.dataset.table, step.time, step.known]
            return {step.indicator: _fingerprint(step.shape, parts)}
        case FormulaStep():
            parts = [str(step), repr(step.series), *map(str, least_rows(step.series))]
            return {step.indicator: _fingerprint(step.shape, parts)}


def _spelled(text: str, meaning: Mapping[str, str]) -> str:
    """``text`` with the names of columns replaced by what they hold, since names shift when other indicators
    come and go.
    """
    words = text.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
    return " ".join(meaning.get(word, word) for word in words)


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]
