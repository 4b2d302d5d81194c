"""``python -m standin``: the simulated departments write their files, once or on and on."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from config import CityError, load_city
from standin.build import Departments, Report
from standin.errors import StandinError

app = typer.Typer(
    add_completion=False, help="Simulated departments of a city: they write feed files and nothing else."
)
console = Console(stderr=True)
MOST = 4.0
"""Files of a day beyond this size would not fit into the memory of an ordinary machine."""
_PARENT = os.getppid()
"""Read at once: a parent that dies later shows as a change."""

CityOption = Annotated[Path, typer.Option("--city", help="Folder of the city.")]
OutOption = Annotated[Path, typer.Option("--out", help="Inbox to write to.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Same seed, same city.")]
ScaleOption = Annotated[
    float,
    typer.Option(
        "--scale", min=0.0001, max=MOST, help="1 = the city in full: five years, 27 million rows; at most 4."
    ),
]
TruthOption = Annotated[Path | None, typer.Option("--truth", help="File for the injected incidents.")]


@contextmanager
def _plainly() -> Iterator[None]:
    """What a person can mend is said in plain words, without a traceback."""
    try:
        yield
    except (CityError, StandinError, ValidationError, OSError) as error:
        console.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _departments(city: Path, out: Path, seed: int, scale: float, truth: Path | None) -> Departments:
    return Departments(load_city(city), out, truth or out.with_name(f"{out.name}.truth.json"), seed, scale)


def _catch_up(departments: Departments, now: dt.datetime, stop: threading.Event | None = None) -> Report:
    """Deliver under a progress bar. ``stop`` is heeded after each file: whole files stay, the rest waits."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with bar:
        task = bar.add_task("Departments", total=None)

        def show(feed: str, done: int, total: int) -> None:
            if stop is not None and stop.is_set():
                raise typer.Exit(0)
            bar.update(task, description=f"Departments: {feed}", completed=done, total=total)

        return departments.deliver(now, progress=show)


def _moment(text: str | None, departments: Departments) -> dt.datetime:
    if text is None:
        return dt.datetime.now(dt.UTC)
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=departments.city.zone)


@app.command()
def build(
    city: CityOption,
    out: OutOption,
    seed: SeedOption = 7,
    scale: ScaleOption = 1.0,
    until: Annotated[
        str | None, typer.Option("--until", help="Moment (ISO; city's time); default now.")
    ] = None,
    truth: TruthOption = None,
) -> None:
    """Write every file that is due up to a moment and not there yet."""
    with _plainly():
        departments = _departments(city, out, seed, scale, truth)
        report = _catch_up(departments, _moment(until, departments))
    for feed, rows in report.rows.items():
        console.print(f"{feed}: {rows:,} rows in {report.files[feed]:,} files", highlight=False)


@app.command()
def deliver(
    city: CityOption,
    out: OutOption,
    seed: SeedOption = 7,
    scale: ScaleOption = 1.0,
    every: Annotated[float, typer.Option("--every", min=1.0, help="Seconds between drops.")] = 20.0,
    truth: TruthOption = None,
) -> None:
    """Deliver in real time until told to stop, or until the process that started this one is gone."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with _plainly():
        departments = _departments(city, out, seed, scale, truth)
        _catch_up(departments, dt.datetime.now(dt.UTC), stop)
        waited = 0.0
        while not stop.wait(1.0) and os.getppid() == _PARENT:
            waited += 1.0
            if waited >= every:
                departments.deliver(dt.datetime.now(dt.UTC), live=True)
                waited = 0.0


if __name__ == "__main__":
    sys.exit(app())
