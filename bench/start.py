"""How long until the first screen stands, and the memory that everything together takes meanwhile."""

from __future__ import annotations

import time
from pathlib import Path

from bench.common.instance import Instance
from bench.common.memory import PeakMemory
from bench.common.report import Figure
from config import REFERENCE_CITY, load_city


def measure(var: Path) -> list[Figure]:
    """Two starts of `ioc run` in ``var``: the first finds nothing, the second everything."""
    fresh, fresh_peak = _run(var)
    again, again_peak = _run(var)
    return [
        Figure("first_screen_s", fresh, "s", "fresh `ioc run`, feeds built, loaded, computed (target 90)"),
        Figure("second_screen_s", again, "s", "second `ioc run` on the same data (target 10)"),
        Figure(
            "peak_memory_mib",
            max(fresh_peak, again_peak),
            "MiB",
            "resident memory of all processes (target 2,048)",
        ),
    ]


def _run(var: Path) -> tuple[float, float]:
    instance = Instance(load_city(REFERENCE_CITY), var)
    begun = time.monotonic()
    instance.start("run")
    try:
        assert instance.process is not None
        with PeakMemory(instance.process.pid) as memory:
            instance.wait(900)
            seconds = time.monotonic() - begun
            time.sleep(20)  # deliveries go on: the first turns after the start count as well
        return seconds, memory.mib
    finally:
        instance.stop()
