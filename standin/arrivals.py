"""How many rows arrive on each day, and at what time of day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from standin.models import Cases, Events, Influence, Rhythm, Tickets
from standin.noise import Floats, Ints, Noise
from standin.places import Places
from standin.timeline import DAY, HOUR, Workdays, day_number, month_index, over_year, weekday

if TYPE_CHECKING:
    from standin.sources.base import World


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Rows of a span of days: ``day`` and ``key`` (unique within the day) name a row; ``second`` of the day.

    ``event`` is the position of the excess that it belongs to, -1 for the ordinary ones.
    """

    day: Ints
    key: Ints
    event: Ints
    second: Ints


def rate(rhythm: Rhythm, day: Ints, workdays: Workdays, noise: Noise) -> Floats:
    """Expected rows at scale 1 on each day."""
    years = (day - day_number(rhythm.anchor)) / 365.2425
    level = rhythm.per_day * (1.0 + rhythm.growth) ** years
    if rhythm.years:
        calendar_year = 1970 + day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)
        level = level * np.array([rhythm.years.get(int(y), 1.0) for y in calendar_year])
    week = np.asarray(rhythm.weekdays)[weekday(day)]
    week = np.where(workdays.is_holiday(day), np.minimum(week, rhythm.holiday), week)
    week = np.where(workdays.is_tet(day), rhythm.tet, week)
    swing = np.exp(rhythm.noise * noise.normal("rate", day))
    return np.asarray(level * week * over_year(day, rhythm.months) * swing)


def wet_share(day: Ints, wet_months: tuple[int, ...]) -> Floats:
    """1 on days of the wet months, else 0."""
    return np.isin(month_index(day) + 1, np.asarray(wet_months, dtype=np.int64)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Excess:
    """Rows beyond the usual ones: ``more`` expected on each day, in ``area`` (None: all), of ``categories``.

    ``name`` and ``serial`` tell their chance from that of others.
    """

    more: Floats
    area: str | None
    categories: tuple[str, ...]
    name: str
    serial: int


def expected(
    days: Ints, rhythm: Rhythm, scale: float, places: Places, workdays: Workdays, noise: Noise
) -> Floats:
    """Usual rows on each day; the city's share grows with the people that are in it by then."""
    grown = places.people(days) / places.people(np.array([day_number(rhythm.anchor)]))
    return np.asarray(rate(rhythm, days, workdays, noise) * scale * grown)


def excesses(
    world: World,
    feed: str,
    days: Ints,
    mean: Floats,
    places: Places,
    follows: Sequence[Influence] = (),
    part: Callable[[tuple[str, ...]], float] = lambda _: 1.0,
) -> list[Excess]:
    """What surges and drivers add to the usual rows; ``part`` is the share of categories among them."""
    found = []
    for event in world.timetable.during(feed, "surge", int(days[0]) * DAY, int(days[-1] + 1) * DAY):
        reach = 1.0 if event.area is None else places.share(event.area, event.start // DAY)
        reach *= part(event.spec.categories)
        more = mean * reach * (event.spec.amount - 1.0) * event.strength(days * DAY + DAY // 2)
        found.append(Excess(more, event.area, event.spec.categories, event.spec.id, event.number))
    territories = world.territories(places) if follows else []
    for number, one in enumerate(follows):
        factor = world.drivers.factor([one], days, territories)
        for k, code in enumerate(territories):
            more = mean * part(one.categories) * np.maximum(factor[:, k] - 1.0, 0.0)
            more = more * places.share(code, int(days[0]))
            if more.any():
                name = f"{one.driver}/{number}/{code}"
                found.append(Excess(more, code, one.categories, name, 0))
    return found


def arrivals(days: Ints, rhythm: Rhythm, mean: Floats, more: Sequence[Excess], noise: Noise) -> Arrivals:
    """Rows of ``days``: ordinary ones, ``mean`` of them expected on each, and ``more``."""
    groups = [(days, noise.poisson("count", mean, days), -1)]
    for number, excess in enumerate(more):
        serial = np.full(days.shape, excess.serial, dtype=np.int64)
        groups.append((days, noise.poisson(f"count/{excess.name}", excess.more, days, serial), number))
    day = np.concatenate([np.repeat(d, n) for d, n, _ in groups])
    key = np.concatenate([_within(n) + (number + 1) * 10**7 for _, n, number in groups])
    event_of = np.concatenate([np.full(int(n.sum()), number, dtype=np.int64) for _, n, number in groups])
    return Arrivals(day, key, event_of, _time_of_day(rhythm, noise, day, key))


def arrived(
    world: World,
    feed: str,
    spec: Tickets | Cases | Events,
    days: Ints,
    places: Places,
    noise: Noise,
    part: Callable[[tuple[str, ...]], float] = lambda _: 1.0,
) -> tuple[Arrivals, list[Excess], Ints]:
    """The rows of ``days`` by rhythm, surges and drivers; the excesses among them; the unit of each."""
    mean = expected(days, spec.rhythm, world.size(spec), places, world.workdays, noise)
    more = excesses(world, feed, days, mean, places, spec.follows, part)
    rows = arrivals(days, spec.rhythm, mean, more, noise)
    return rows, more, units_of(rows, more, places, noise)


def units_of(rows: Arrivals, more: Sequence[Excess], places: Places, noise: Noise) -> Ints:
    """The unit of each row: anywhere, or where its excess lies."""
    unit = places.draw(rows.day, noise.uniform("unit", rows.day, rows.key))
    for number in np.unique(rows.event[rows.event >= 0]):
        mine, area = rows.event == number, more[int(number)].area
        if area is not None:
            chance = noise.uniform("unit", rows.day[mine], rows.key[mine])
            unit[mine] = places.draw(rows.day[mine], chance, area)
    return unit


def _within(counts: Ints) -> Ints:
    """0, 1, 2 … for each run of ``counts``."""
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64) - np.repeat(ends - counts, counts)


def _time_of_day(rhythm: Rhythm, noise: Noise, day: Ints, key: Ints) -> Ints:
    hours = np.cumsum(rhythm.hours)
    hour = np.searchsorted(hours, noise.uniform("hour", day, key) * hours[-1], side="right")
    return np.asarray(hour * HOUR + (noise.uniform("second", day, key) * HOUR).astype(np.int64))


def pick(steps: Floats, u: Floats) -> Ints:
    """Position of each draw on cumulative weights ``steps``: one row for all, or one for each draw."""
    if steps.ndim == 1:
        return np.asarray(np.searchsorted(steps, u * steps[-1], side="right"), dtype=np.int64)
    return np.asarray((u[:, None] * steps[:, -1:] >= steps).sum(axis=1), dtype=np.int64)


def drifted(pairs: list[tuple[float, float]], progress: Floats) -> Floats:
    """Values moving from the first to the second of each pair: shape (rows, pairs)."""
    first = np.array([p[0] for p in pairs])
    last = np.array([p[1] for p in pairs])
    return np.asarray(first + (last - first) * np.clip(progress, 0.0, 1.0)[:, None])


def numbered(day: Ints, second: Ints) -> tuple[Ints, Ints]:
    """Order of the rows by time, and each ordered row's number within its day."""
    order = np.lexsort((second, day))
    _, counts = np.unique(day[order], return_counts=True)
    return order, _within(counts)
