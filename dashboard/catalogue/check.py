"""All checks of a city folder together: its shape, its SQL, its formulas, its rules."""

from __future__ import annotations

from pathlib import Path

from config import City, Problem
from config.loader import read_city
from dashboard.drawing import icons
from dashboard.maps.check import check as check_layers
from indicators.check import check as check_indicators
from indicators.notices.check import check as check_notices
from indicators.rules.check import check as check_rules
from pipelines.check import check as check_feeds


def checked_city(path: Path) -> tuple[City | None, list[Problem]]:
    """The city at ``path`` and every problem of the folder, in file order; usable when there is none."""
    city, problems = read_city(path)
    if city is not None:
        problems += [*check_feeds(city), *check_indicators(city), *check_rules(city), *check_notices(city)]
        problems += check_layers(city)
        problems += icons.check(city)
    return city, sorted(problems)


def check_city(path: Path) -> list[Problem]:
    """Every problem of the folder at ``path``, in file order; empty when it can be used."""
    return checked_city(path)[1]
