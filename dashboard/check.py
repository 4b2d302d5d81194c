"""All checks of a city folder together: its shape, its SQL, its formulas."""

from __future__ import annotations

from pathlib import Path

from config import CityError, Problem, load_city
from indicators.check import check as check_indicators
from pipelines.check import check as check_feeds


def check_city(path: Path) -> list[Problem]:
    """Every problem of the folder at ``path``, in file order; empty when it can be used."""
    try:
        city = load_city(path)
    except CityError as error:
        return list(error.problems)
    return sorted([*check_feeds(city), *check_indicators(city)])
