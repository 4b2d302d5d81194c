"""What is wrong with the identities of a city, before any of them is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config import City, Problem
from config.models import Identity
from config.problems import did_you_mean
from indicators.claims import Claim, lacking, levels_of, parse_claim, periods_of
from indicators.formula import Trait, parse_references
from warehouse.expression import ExpressionError


def check_identities(city: City, traits: Mapping[str, Trait]) -> Iterator[Problem]:
    """Every problem of the city's identities; ``traits`` are those of the indicators that are sound."""
    for identity in city.identities.values():
        try:
            names = parse_references(identity.claim)
            unknown = next((name for name in names if not _is_defined(city, name)), None)
            if unknown is not None:
                hint = did_you_mean(unknown, city.indicators)
                yield _problem(city, identity, "claim", f"indicator {unknown!r} is unknown", hint)
                continue
            if any(name not in traits for name in names):
                continue  # what is wrong has been said of that indicator
            claim = parse_claim(identity.claim, traits)
        except ExpressionError as error:
            yield _problem(city, identity, "claim", error.message, error.hint)
            continue
        yield from _shape(city, identity, claim)


def _shape(city: City, identity: Identity, claim: Claim) -> Iterator[Problem]:
    """Levels and periods that the claim's indicators cannot give."""
    if not levels_of(city, identity, claim):
        yield _problem(city, identity, "claim", "its indicators have no level in common")
    elif not periods_of(city, identity, claim):
        yield _problem(city, identity, "claim", "its indicators have no period in common")
    for key, message, hint in lacking(city, claim, identity.levels or ()):
        yield _problem(city, identity, key, message, hint)
    for period in identity.periods or ():
        for source in (city.indicators[name] for name in claim.inputs):
            if period in city.periods.ids and period not in source.periods:
                message = f"{source.id} is not computed for period {period!r}"
                yield _problem(city, identity, "periods", message, f"it has {', '.join(source.periods)}")


def _is_defined(city: City, name: str) -> bool:
    return name in city.indicators or ("indicator", name) in city.places


def _problem(city: City, identity: Identity, key: str, message: str, hint: str = "") -> Problem:
    return city.problem("identity", identity.id, (key,), message, hint)
