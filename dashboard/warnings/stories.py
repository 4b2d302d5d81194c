"""All that is known of one warning: what was told, what was learnt since, what came of its like."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from config import City
from dashboard.warnings.alerts import Alert, alerts_from
from indicators.notices.public import Draft, NotPublicError, draft
from warehouse.state import (
    Areas,
    Correction,
    Maintenance,
    NewLevel,
    Release,
    Silence,
    State,
    UnknownWarningError,
    Warning,
)

LIKE: Final = 500
"""Other warnings of a rule that are looked at."""


Shift = Literal["none", "proposed", "confirmed"]
"""Whether a warning tells of a shift to another level, and whether a person confirmed it."""


@dataclass(frozen=True, slots=True)
class Story:
    """One warning. ``corrections`` are oldest first, ``releases`` to the public newest first; ``proposal`` is
    what a release would say, None where the rule is not public or the warning is over. ``similar`` are the
    other warnings of the rule: those of the same area before the others, newest first. ``levels``: what
    people made of the shift that it tells.
    """

    alert: Alert
    warning: Warning
    corrections: Sequence[Correction] = ()
    releases: Sequence[Release] = ()
    proposal: Draft | None = None
    similar: Sequence[Warning] = ()
    levels: Sequence[NewLevel] = ()

    @property
    def shift(self) -> Shift:
        """Whether it tells of a shift, and whether that was confirmed."""
        if any(level.withdrawn_at is None for level in self.levels):
            return "confirmed"
        return "proposed" if "began" in self.warning.evidence else "none"

    @property
    def endings(self) -> Counter[str]:
        """How many of the similar ones were closed with each outcome; those without one are not counted."""
        return Counter(str(other.outcome) for other in self.similar if other.outcome is not None)


def story_of(
    city: City,
    state: State,
    warning_id: int,
    areas: Areas,
    quiet: Sequence[Silence | Maintenance],
    now: dt.datetime,
) -> Story | None:
    """The story of a warning at ``now``; None when there is none that the viewer may see."""
    try:
        warning = state.warning(warning_id, areas=areas)
    except UnknownWarningError:
        return None
    alerts = alerts_from(city, [warning], quiet, now)
    if not alerts:
        return None
    others = state.warnings(areas=areas, open_only=False, rule=warning.rule, limit=LIKE)
    similar = [other for other in others if other.id != warning.id and other.area in city.areas]
    similar.sort(key=lambda other: other.opened_at, reverse=True)
    similar.sort(key=lambda other: other.area != warning.area)
    return Story(
        alerts[0],
        warning,
        state.corrections(warning.id, areas=areas),
        state.releases.all(warning=warning.id),
        _proposal(city, warning, now),
        similar,
        state.new_levels.all(warning=warning.id),
    )


def _proposal(city: City, warning: Warning, now: dt.datetime) -> Draft | None:
    if not warning.open:
        return None
    try:
        return draft(city, warning, now)
    except NotPublicError:
        return None
