"""Cells of rows that are drawn by chance, column by column: a column may lean on those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np
import pyarrow as pa

from config.models import Column
from standin.arrivals import drifted, pick
from standin.errors import StandinError
from standin.models import Pace
from standin.models.columns import (
    Amount,
    Becomes,
    BecomesOn,
    Choice,
    Count,
    Deadline,
    Drawn,
    Flag,
    Later,
    Latitude,
    Longitude,
    Member,
    Paced,
    Score,
    Share,
    Words,
)
from standin.noise import Bools, Floats, Ints, Noise
from standin.places import Places
from standin.sources.base import World, dates, slowed, texts, times
from standin.timeline import DAY, NEVER

_OFFICE_END = 17 * 3600
_DEGREES = 0.012  # how far from its unit's centre a thing lies: about a kilometre


@dataclass(frozen=True, slots=True)
class Cells:
    """One column: numbers, flags, local seconds (``moment``) or positions among ``labels``; some ``missing``.

    What is known only ``since`` some seconds is empty in files of before.
    """

    data: Any
    labels: list[str] | None = None
    moment: bool = False
    missing: Bools | None = None
    since: Ints | None = None

    def taken(self, rows: Ints) -> Cells:
        """The chosen rows alone."""
        missing = None if self.missing is None else self.missing[rows]
        since = None if self.since is None else self.since[rows]
        return Cells(self.data[rows], self.labels, self.moment, missing, since)

    def written(self, column: Column, at: int) -> pa.Array:
        """As a department's file of ``at`` has it."""
        missing = np.zeros(len(self.data), dtype=np.bool_) if self.missing is None else self.missing
        if self.since is not None:
            missing = missing | (self.since >= at)
        if self.moment:
            seconds = np.where(missing, NEVER, self.data)
            if column.type == "date":
                unknown = seconds >= at
                return dates(np.where(unknown, 0, seconds // DAY), unknown)
            return times(seconds, at)
        if self.labels is not None:
            return texts(self.labels, self.data, missing)
        return pa.array(self.data, mask=missing)


@dataclass
class Drawing:
    """Rows being drawn: who they are (``keys`` of chance), when and where, and the columns made so far."""

    world: World
    feed: str
    noise: Noise
    places: Places
    day: Ints
    unit: Ints
    keys: tuple[Ints, ...]
    number: Ints
    anchor: int
    made: dict[str, Cells] = field(default_factory=dict)
    allowed: dict[str, tuple[str, Ints]] = field(default_factory=dict)
    latest: Ints | None = None
    """Seconds from which on nothing more is told of a row."""
    only: Bools | None = None
    """Which values of the first choice each row may have, shape (rows, values); None: any."""

    def chance(self, name: str) -> Floats:
        """Uniform draws for a column."""
        return self.noise.uniform(name, *self.keys)

    def normal(self, name: str) -> Floats:
        """Normal draws for a column."""
        return self.noise.normal(name, *self.keys)

    def known(self, wanted: str, name: str) -> Cells:
        """A column made before; raises StandinError where there is none."""
        if wanted not in self.made:
            raise StandinError(
                f"{self.feed}: column {name!r} leans on {wanted!r}, which does not come before it"
            )
        return self.made[wanted]

    def shares(self, pairs: list[Share]) -> Floats:
        """Shares on each row's day: shape (rows, pairs)."""
        both = [p if isinstance(p, tuple) else (p, p) for p in pairs]
        return drifted(both, self.world.progress(self.day))

    def by(self, name: str, by: str | None, given: Mapping[str, Any], otherwise: Any) -> Any:
        """What ``given`` says of the value that each row has in column ``by``: shape (rows,)."""
        if by is None:
            return otherwise
        of = self.known(by, name)
        if of.labels is None:
            raise StandinError(f"{self.feed}: {name!r} goes by {by!r}, which is no choice")
        lacking = [label for label in of.labels if label not in given]
        if lacking:
            raise StandinError(f"{self.feed}: {name!r} says nothing of {by} {', '.join(lacking)}")
        return np.array([given[label] for label in of.labels])[of.data]


def draw_all(columns: Mapping[str, Drawn], drawing: Drawing) -> dict[str, Cells]:
    """All columns in their order, added to what ``drawing`` holds."""
    for name, spec in columns.items():
        cells = draw(spec, name, drawing)
        if spec.when is not None:
            cells = _limited(cells, drawing.known(spec.when, name))
        drawing.made[name] = cells
    return drawing.made


def _limited(cells: Cells, condition: Cells) -> Cells:
    if condition.moment:
        return Cells(cells.data, cells.labels, cells.moment, cells.missing, condition.data)
    missing = ~condition.data.astype(np.bool_)
    missing = missing if cells.missing is None else missing | cells.missing
    # a flag may itself be known only from some moment on
    since = cells.since if condition.since is None else condition.since
    return Cells(cells.data, cells.labels, cells.moment, missing, since)


@singledispatch
def draw(spec: Drawn, name: str, drawing: Drawing) -> Cells:
    """The cells of one column."""
    raise NotImplementedError(type(spec).__name__)


@draw.register
def _(spec: Choice, name: str, d: Drawing) -> Cells:
    first = not any(cells.labels is not None for cells in d.made.values())
    if spec.by is None:
        labels = list(spec.of)
        weights = d.shares([_plain(d, name, share) for share in spec.of.values()])
        if first and d.only is not None:
            weights = np.where(d.only, weights, 0.0)
        return Cells(pick(np.cumsum(weights, axis=1), d.chance(name)), labels)
    of = d.known(spec.by, name)
    inner = {key: value for key, value in spec.of.items() if isinstance(value, dict)}
    if of.labels is None or set(of.labels) - set(inner):
        raise StandinError(f"{d.feed}: {name!r} must say for each value of {spec.by!r} what may be chosen")
    labels = list(dict.fromkeys(label for weights in inner.values() for label in weights))
    chosen, u = np.zeros(len(d.day), dtype=np.int64), d.chance(name)
    for position, label in enumerate(of.labels):
        mine = of.data == position
        weights = np.array([_mean(inner[label].get(one, 0.0)) for one in labels])
        chosen[mine] = pick(np.cumsum(weights), u[mine])
    return Cells(chosen, labels)


def _plain(d: Drawing, name: str, share: Share | dict[str, Share]) -> Share:
    if isinstance(share, dict):
        raise StandinError(f"{d.feed}: {name!r} gives weights by a choice; say which one: by: …")
    return share


def _mean(share: Share) -> float:
    return share if isinstance(share, float) else sum(share) / 2


@draw.register
def _(spec: Count, name: str, d: Drawing) -> Cells:
    mean = np.broadcast_to(d.by(name, spec.by, spec.means, spec.mean), d.day.shape).astype(np.float64)
    return Cells(spec.least + d.noise.poisson(name, mean, *d.keys))


@draw.register
def _(spec: Amount, name: str, d: Drawing) -> Cells:
    median = d.by(name, spec.by, spec.medians, spec.median)
    years = (d.day - d.anchor) / 365.2425
    amount = median * (1.0 + spec.growth) ** years * np.exp(spec.spread * d.normal(name))
    return Cells(rounded(np.clip(amount, spec.low, spec.high), spec.decimals))


@draw.register
def _(spec: Flag, name: str, d: Drawing) -> Cells:
    if spec.by is None:
        share = d.shares([spec.share])[:, 0]
    else:
        values = {key: _mean(value) for key, value in spec.shares.items()}
        share = d.by(name, spec.by, values, 0.0)
    return Cells(d.chance(name) < share)


@draw.register
def _(spec: Deadline, name: str, d: Drawing) -> Cells:
    after = d.known(spec.after, name).data
    span = np.broadcast_to(np.asarray(d.by(name, spec.by, spec.allowed, spec.days)), (len(d.day), 2))
    days = span[:, 0] + (d.chance(name) * (span[:, 1] - span[:, 0] + 1)).astype(np.int64)
    d.allowed[name] = (spec.after, days)
    there = after < NEVER
    due = d.world.workdays.add(np.where(there, after // DAY, d.day), days) * DAY + _OFFICE_END
    # a date that is known as soon as the row is: not a thing that happens later
    return Cells(np.where(there, due, NEVER), moment=True, missing=~there)


@draw.register
def _(spec: Paced, name: str, d: Drawing) -> Cells:
    due = d.known(spec.until, name)
    if spec.until not in d.allowed:
        raise StandinError(f"{d.feed}: {name!r} is done until {spec.until!r}, which is no deadline")
    start = d.made[d.allowed[spec.until][0]].data
    pace = Pace(median=spec.median, spread=spec.spread)
    taken = slowed(d.world, d.feed, d.noise, pace, d.places, d.day, d.keys[-1], d.unit)
    there = (start < NEVER) & (due.data < NEVER)
    done = start + np.maximum(np.where(there, due.data - start, 0) * taken, 900.0).astype(np.int64)
    return _happening(d, np.where(there, done, NEVER), d.chance(f"{name}/ever") < spec.share)


@draw.register
def _(spec: Later, name: str, d: Drawing) -> Cells:
    after = d.known(spec.after, name).data
    delay = spec.median.total_seconds() * np.exp(spec.spread * d.normal(name))
    ever = d.chance(f"{name}/ever") < d.shares([spec.share])[:, 0]
    return _happening(d, np.where(after < NEVER, after + delay.astype(np.int64) + 1, NEVER), ever)


def _happening(d: Drawing, seconds: Ints, ever: Bools) -> Cells:
    seconds = np.where(ever, seconds, NEVER)
    if d.latest is not None:
        seconds = np.where(seconds > d.latest, NEVER, seconds)
    return Cells(seconds, moment=True)


@draw.register
def _(spec: Score, name: str, d: Drawing) -> Cells:
    score = np.clip(np.rint(spec.mean + spec.sd * d.normal(name)), spec.low, spec.high).astype(np.int64)
    missing = None if spec.share >= 1 else d.chance(f"{name}/given") >= spec.share
    return Cells(score, missing=missing)


@draw.register
def _(_: Latitude, name: str, d: Drawing) -> Cells:
    return _near(d, name, d.places.latitude)


@draw.register
def _(_: Longitude, name: str, d: Drawing) -> Cells:
    return _near(d, name, d.places.longitude)


def _near(d: Drawing, name: str, centre: Floats) -> Cells:
    where = centre[d.unit] + _DEGREES * np.clip(d.normal(name), -2.0, 2.0)
    return Cells(np.round(where, 5), missing=np.isnan(where))


@draw.register
def _(spec: Words, name: str, d: Drawing) -> Cells:
    chosen = (d.chance(name) * len(spec.of)).astype(np.int64)
    if not any("{" in text for text in spec.of):
        return Cells(chosen, list(spec.of))
    # rows of one unit, text and number share their words: each is written once
    numbers = d.number if any("{number}" in text for text in spec.of) else np.zeros_like(d.unit)
    distinct, position = np.unique(np.stack([chosen, d.unit, numbers], axis=1), axis=0, return_inverse=True)
    words = [spec.of[c].format(area=d.places.names[u], number=n + 1) for c, u, n in distinct.tolist()]
    return Cells(position.ravel(), words)


@draw.register
def _(spec: Member, name: str, d: Drawing) -> Cells:
    book = d.world.rosters(spec.roster)
    return Cells(book.near(d.places, d.unit, d.day, d.chance(name)), book.keys)


@draw.register
def _(spec: Becomes, name: str, d: Drawing) -> Cells:
    if spec.share is None:
        return d.known(str(spec.of), name)
    return Cells(_became(spec.share, name, d), moment=True)


@draw.register
def _(spec: BecomesOn, name: str, d: Drawing) -> Cells:
    return Cells(_became(spec.share, name, d), moment=True)


def _became(share: tuple[float, float], name: str, d: Drawing) -> Ints:
    """Seconds at which each row reached what a rising share tells of; NEVER beyond its end."""
    first, last = share
    begin, end = d.world.drift
    u = d.chance(name)
    day = begin + (u - first) / max(last - first, 1e-9) * (end - begin)
    day = np.where(u < first, begin - (1.0 - u / max(first, 1e-9)) * 1000.0, day)
    day = np.clip(day, -(10.0**5), 10.0**5)
    return np.where(day > end + 10 * 365, NEVER, np.maximum(day.astype(np.int64), d.day) * DAY)


def rounded(values: Floats, decimals: int) -> Any:
    """Whole numbers without decimals, else rounded ones."""
    return np.rint(values).astype(np.int64) if decimals == 0 else np.round(values, decimals)
