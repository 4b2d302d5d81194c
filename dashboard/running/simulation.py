"""The stand-in for the departments' systems, run as what it is: another program that writes files."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

from config import City
from dashboard.running.places import Places

_SEED: Final = "7"
_SCALE: Final = "0.2"
"""A fifth of the largest departments, and in full what is held against people."""


class StandinError(Exception):
    """The simulated departments could not deliver; they have told the reason themselves."""


def exists(city: City) -> bool:
    """Whether the city folder describes simulated departments."""
    return (city.path / "standin.yaml").is_file()


def build(city: City, places: Places) -> None:
    """Have the departments deliver everything up to now. Raises StandinError when they fail."""
    if subprocess.run(_command("build", city, places), check=False).returncode != 0:
        raise StandinError("the simulated departments could not deliver; the reason stands above")


@contextlib.contextmanager
def delivering(city: City, places: Places) -> Iterator[None]:
    """Departments that go on delivering in real time for as long as the block lasts."""
    process = subprocess.Popen(_command("deliver", city, places))
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(verb: str, city: City, places: Places) -> list[str]:
    return [
        *(sys.executable, "-m", "standin", verb),
        *("--city", str(city.path)),
        *("--out", str(places.inbox)),
        *("--truth", str(places.truth)),
        *("--seed", _SEED),
        *("--scale", os.environ.get("IOC_SCALE", _SCALE)),
    ]
