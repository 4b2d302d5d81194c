"""Run one measured piece of work in a process of its own, so that its CPU and memory are its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cost:
    """What the work took: CPU seconds of all its threads, peak MiB, and what it returned."""

    cpu: float
    peak_mib: float
    result: Mapping[str, float]


def cost_of(module: str, *arguments: str) -> Cost:
    """Run ``python -m module arguments``, which must end in `report`; a failure shows what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def report(work: Callable[[], Mapping[str, float]]) -> None:
    """Do the work and print its cost as the last line; what came before (imports) does not count."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"cpu": cpu, "peak_mib": peak_mib(), "result": dict(result)}))


def peak_mib() -> float:
    """Peak resident memory of this program.

    Of the program, not of the process: what getrusage tells begins with the peak of the process that started
    it, which may have filled a warehouse before.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
