"""A process that loads what waits, to be ended or starved from outside.

It is forked from one that has imported everything, so that it costs little more than its load.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import multiprocessing
import resource
import signal
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Final
from unittest import mock

from config import City, load_city
from pipelines import express
from pipelines.load import Loader
from warehouse.disk import DiskFullError
from warehouse.store import Store, StoreError

NOW: Final = dt.datetime(2026, 11, 1, 3, 0, tzinfo=dt.UTC)
STARTED: Final = "started"


def start(root: Path, largest: int | None = None, *, great: bool = False) -> ForkServerProcess:
    """Begin to load in a process of its own; the file ``started`` below ``root`` appears when it does.

    ``great``: small files go the way of great ones, which inserts first and takes back what was not plain.
    """
    (root / STARTED).unlink(missing_ok=True)
    process = _context().Process(target=_work, args=(root, largest, great), daemon=True)
    process.start()
    return process


def told(root: Path) -> dict[str, Any]:
    """What the last process that came to its end left: ``runs`` or, where it could not open, ``error``."""
    result: dict[str, Any] = json.loads((root / "told.json").read_text(encoding="utf-8"))
    return result


def load(root: Path) -> list[Mapping[str, Any]]:
    """Open the warehouse, clear up, load every feed, close."""
    city = load_city(root / "city")
    with closing(opened(root, city)) as store:
        return load_into(store, root, city)


def opened(root: Path, city: City) -> Store:
    """The warehouse below ``root``."""
    folders = [root / "landing"]
    return Store.open(root / "warehouse.duckdb", city.head.timezone, folders=folders, threads=1)


def load_into(store: Store, root: Path, city: City) -> list[Mapping[str, Any]]:
    """Clear up, load every feed."""
    loader = Loader(city, store, root / "inbox", root / "landing", root / "spool")
    loader.recover(NOW)
    (root / STARTED).touch()
    return [dataclasses.asdict(run) for feed in city.feeds.values() for run in loader.run(feed, NOW)]


def _work(root: Path, largest: int | None, great: bool) -> None:
    logging.disable()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if largest is not None:  # no file may grow beyond so many bytes: what a full disk does to whoever writes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        least, most = (1, 0.9) if great else (express.LEAST_LINES, express.MOST_LEFT)
        with mock.patch.multiple(express, LEAST_LINES=least, MOST_LEFT=most):
            result: dict[str, Any] = {"runs": load(root)}
    except (StoreError, DiskFullError) as error:
        result = {"error": str(error)}
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (root / "told.json").write_text(json.dumps(result), encoding="utf-8")


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pyarrow", "fastexcel"])
    return context
