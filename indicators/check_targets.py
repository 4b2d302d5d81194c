"""What is wrong with targets that only those know who can read measures and formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config import City, Problem
from config.models import Formula, Indicator
from indicators.formula import Trait, Window, parse_formula


def target_problems(city: City, traits: Mapping[str, Trait]) -> Iterator[Problem]:
    """Cumulative targets of what does not add up over periods; ``traits`` of all that can be read.

    Units that are no amounts are told by the folder's lint; an amount may still be a count of different
    things, a maximum or a total already.
    """
    for item in city.indicators.values():
        trait = traits.get(item.id)
        if trait is None or trait.kind != "amount" or item.kind == "stock" or _adds_up(item, traits):
            continue
        for number, target in enumerate(item.targets):
            if target.kind == "cumulative":
                message = f"{item.id} does not add up over periods"
                hint = "set the target on a count or sum; what is a total already takes a path"
                yield city.problem("indicator", item.id, ("targets", number, "kind"), message, hint)


def _adds_up(item: Indicator, traits: Mapping[str, Trait]) -> bool:
    """Whether the periods of an indicator give their sum; windows overlap, so theirs do not."""
    if isinstance(item, Formula) and isinstance(parse_formula(item.formula, traits), Window):
        return False
    return traits[item.id].accumulation == "sum"
