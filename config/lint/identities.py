"""What an identity says of levels and periods; its claim is read where formulas are known."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.models import Identity
from config.problems import Problem


def lint_identity(place: Place, identity: Identity) -> Iterator[Problem]:
    """Every broken reference of one identity."""
    yield from place.texts(identity)
    for number, level in enumerate(identity.levels or ()):
        yield from place.known(("levels", number), "level", level, place.city.levels)
    for number, period in enumerate(identity.periods or ()):
        yield from place.known(("periods", number), "period", period, place.city.periods.ids)
