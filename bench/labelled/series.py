"""Published series with known events, brought to regular periods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from indicators.rules.statistics.design import Design, of_weeks
from indicators.rules.statistics.hours import Hours, of_hours
from indicators.rules.statistics.significance import Floats

OUTBREAKS = ("k1", "m1", "m3", "n1", "q1_nrwh", "s1", "h1_nrwrp")
"""Weekly case counts with weeks of known outbreaks."""
WEEKS = 52


@dataclass(frozen=True)
class Series:
    """One series of regular periods; ``events`` are spans of columns, first included, last excluded.

    Columns before ``first`` are history only: nothing in them is scored. ``per_year`` periods are a year.
    """

    name: str
    kind: Literal["count", "level"]
    values: Floats
    design: Design
    events: tuple[tuple[int, int], ...]
    first: int
    per_year: float
    unit: str


def outbreaks(folder: Path, first: int = 36) -> list[Series]:
    """Weekly counts of ``folder`` (surveillance); the first 36 weeks are history, which the test needs."""
    found = []
    for name in OUTBREAKS:
        frame = pd.read_csv(folder / f"{name}.csv")
        values = frame["observed"].to_numpy(dtype=np.float64)
        events = _runs(frame["state"].to_numpy() == 1, gap=1)
        found.append(Series(name, "count", values, of_weeks(len(values)), events, first, WEEKS, "week"))
    return found


def hours(folder: Path, first: int = 3 * 7 * 24 + 72) -> list[Series]:
    """Hourly means of the NAB series in ``folder`` whose history is long enough for an hourly test."""
    windows = json.loads((folder / "windows.json").read_text(encoding="utf-8"))
    found = []
    for name, spans in sorted(windows.items()):
        frame = pd.read_csv(folder / name, parse_dates=["timestamp"])
        hourly = frame.set_index("timestamp")["value"].resample("1h").mean()
        values = hourly.to_numpy(dtype=np.float64)
        if np.isfinite(values).sum() < first + 7 * 24:
            continue
        stamps = pd.DatetimeIndex(hourly.index)
        starts: Hours = stamps.to_numpy().astype("datetime64[h]")
        events = tuple((_column(stamps, low), _column(stamps, high) + 1) for low, high in spans)
        title = Path(name).stem
        found.append(Series(title, "level", values, of_hours(starts), events, first, 24 * 365.25, "hour"))
    return found


def _column(stamps: pd.DatetimeIndex, moment: str) -> int:
    return int(np.clip(stamps.searchsorted(pd.Timestamp(moment).floor("h")), 0, len(stamps) - 1))


def _runs(marked: np.ndarray[tuple[int], np.dtype[np.bool_]], gap: int) -> tuple[tuple[int, int], ...]:
    """Runs of marked columns, of which those with at most ``gap`` columns between are one."""
    columns = np.flatnonzero(marked)
    breaks = np.flatnonzero(np.diff(columns) > gap + 1)
    begins, ends = columns[np.r_[0, breaks + 1]], columns[np.r_[breaks, len(columns) - 1]] + 1
    return tuple((int(low), int(high)) for low, high in zip(begins, ends, strict=True))
