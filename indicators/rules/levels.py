"""Which levels of areas a rule watches."""

from __future__ import annotations

from typing import cast

from config import City
from config.models import Rule, Statistical


def levels_of(city: City, rule: Rule) -> tuple[str, ...]:
    """The levels that a rule watches, from the whole city down.

    A statistical rule watches those above its own as well: what moves the whole city is told of the city.
    """
    level = cast(str, rule.level)
    if not isinstance(rule.when, Statistical) or rule.indicator is None:
        return (level,)
    computed = city.indicators[rule.indicator].levels
    ladder = list(city.levels)
    return tuple(one for one in ladder[: ladder.index(level) + 1] if one in computed)
