"""Which of two sightings, and of two severities, is the graver."""

from __future__ import annotations

from typing import Literal, cast

from config.models import GRAVITY, Banded, Condition, Limits, Rule, Severity
from indicators.rules.sightings import Sighting


def severity(rule: Rule, band: int) -> Severity:
    """How grave a warning of the rule is when its value is in the class ``band`` of a legend (−1: none)."""
    own = rule.when.bands[band].severity if isinstance(rule.when, Banded) and band >= 0 else None
    return own or rule.severity


def graver(a: str, b: str) -> Severity:
    """The graver of two severities."""
    return cast(Severity, max(a, b, key=GRAVITY.__getitem__))


def side(condition: Condition) -> Literal["above", "below", "both"]:
    """On which side of what is normal a condition warns."""
    if isinstance(condition, Limits):
        return "above" if condition.below is None else "below"
    return cast(Literal["above", "below", "both"], getattr(condition, "side", "above"))


def worse(rule: Rule, worst: float | None, sighting: Sighting) -> float | None:
    """The worse of what a warning has seen and what it sees now."""
    seen = sighting.measure
    if worst is None or seen is None:
        return seen if worst is None else worst
    match side(rule.when):
        case "above":
            return max(worst, seen)
        case "below":
            return min(worst, seen)
        case _:
            normal = sighting.expected or 0.0
            return max(worst, seen, key=lambda value: abs(value - normal))
