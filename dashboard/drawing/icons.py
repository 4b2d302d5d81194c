"""The icons that screens can draw: those of the style sheet, whose names a city's headings may use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from config import City, Problem
from config.problems import did_you_mean
from dashboard.drawing.theme import ASSETS


@cache
def drawn() -> frozenset[str]:
    """Names of all icons that there are."""
    sheet = (ASSETS / "13-icons.css").read_text(encoding="utf-8")
    return frozenset({"circle", *re.findall(r"^\.i-([a-z0-9-]+) ", sheet, re.MULTILINE)})


def check(city: City) -> Iterator[Problem]:
    """Every heading and group of layers whose icon nobody has drawn."""
    known = drawn()
    named = [("domains", n, domain.icon) for n, domain in enumerate(city.head.domains)]
    named += [("layer_groups", n, group.icon) for n, group in enumerate(city.head.layer_groups)]
    for key, number, icon in named:
        if icon not in known:
            hint = did_you_mean(icon, known) or f"add it with scripts/icons.py {icon}"
            yield city.problem(
                "city", city.head.id, (key, number, "icon"), f"there is no icon {icon!r}", hint
            )
