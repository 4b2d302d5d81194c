"""Made-up values of any indicator, put straight where the engine would have put them."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config import City
from config.models import Period
from config.periods import moment_of
from indicators.rules.statistics.significance import Floats
from warehouse.store import Cursor

Times = NDArray[np.datetime64]


def starts_between(city: City, period: Period, begin: dt.date, end: dt.date) -> list[dt.date]:
    """The periods that begin on ``begin`` or later and are over by ``end``."""
    periods = city.periods
    start = periods.start_of(period, begin)
    if start < begin:
        start = periods.next_start(period, start)
    found = []
    while periods.next_start(period, start) <= end:
        found.append(start)
        start = periods.next_start(period, start)
    return found


def made_up(city: City, indicator: str, period: Period, starts: Sequence[dt.date]) -> dict[str, Floats]:
    """Values (areas × starts) by level: those of wards, and what they add up to or are in the mean above.

    Counts are negative binomial, levels autocorrelated; both with trend, season and weekdays. The same for
    the same indicator and starts.
    """
    rng = np.random.default_rng(zlib.crc32(f"{indicator} {period}".encode()))
    wards = city.areas.at(city.levels[-1])
    shape = (len(wards), len(starts))
    days = np.array([start.toordinal() for start in starts], dtype=np.float64)
    course = 0.05 * (days - days[0]) / 365 + 0.2 * np.cos(2 * np.pi * days / 365.25)
    if period == "day":
        course += np.where(days % 7 < 2, -0.3, 0.1)  # ordinal 1 was a Monday
    counts = city.indicators[indicator].unit == "items"
    if counts:
        length = {"day": 1, "week": 7, "month": 30}[period]
        mean = length * rng.lognormal(1.2, 0.8, (len(wards), 1)) * np.exp(course)
        shape_of = mean / (rng.choice([1.2, 2.0, 4.0], (len(wards), 1)) - 1)
        values = rng.poisson(rng.gamma(shape_of, mean / shape_of)).astype(np.float64)
    else:
        noise = rng.normal(0, 2.5, shape)
        for column in range(1, shape[1]):
            noise[:, column] += 0.5 * noise[:, column - 1]
        values = np.minimum(rng.normal(88, 2, (len(wards), 1)) + 4 * course + noise, 100.0)
    found = {city.levels[-1]: values}
    for level in reversed(city.levels[:-1]):
        holds = np.array(
            [
                [city.areas.path(ward.code)[level] == area.code for ward in wards]
                for area in city.areas.at(level)
            ],
            dtype=np.float64,
        )
        above = holds @ values
        found[level] = above if counts else above / holds.sum(axis=1, keepdims=True)
    return found


def put(
    cursor: Cursor,
    city: City,
    series: tuple[str, str, Period],
    starts: Sequence[dt.date],
    values: Floats,
    stored: Times,
    table: str = "indicator_value",
) -> None:
    """Store ``values`` (areas of the series' level × starts); ``stored`` (starts, UTC): when they came."""
    indicator, level, period = series
    areas = [area.code for area in city.areas.at(level)]
    ends = [
        moment_of(city.periods.next_start(period, start), city.zone).astimezone(dt.UTC).replace(tzinfo=None)
        for start in starts
    ]
    size = values.size
    moments = np.tile(stored.astype("datetime64[us]"), len(areas))
    rows = pa.table(
        {
            "area": pa.DictionaryArray.from_arrays(np.repeat(np.arange(len(areas)), len(starts)), areas),
            "start": np.tile(np.array(starts, dtype="datetime64[us]"), len(areas)),
            "value": values.ravel(),
            "n": np.full(size, 1000),
            "data_through": np.tile(np.array(ends, dtype="datetime64[us]"), len(areas)),
            "stored_at": moments,
            "known_from": moments,
        }
    )
    cursor.register("made_up", rows)
    cursor.execute(
        f"INSERT INTO {table} BY NAME SELECT ? AS indicator, ? AS level, ? AS period,"
        " area::VARCHAR AS area, * EXCLUDE area FROM made_up",
        [indicator, level, period],
    )
    cursor.unregister("made_up")
