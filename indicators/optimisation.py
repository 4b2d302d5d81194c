"""How hard the engine tries. Every level gives the same values; each adds one idea to the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Optimisation:
    """What a plan makes use of.

    ``fuse``: one pass over the facts for all indicators of a dataset and time column, instead of one each.
    ``roll_up``: what adds up is aggregated once, as finely as needed, and rolled up from there; else every
    level and period is computed from the rows. ``share``: a condition or argument that several aggregates
    name is computed once in a pass. ``store``: they are computed once for each row, when it is loaded, and
    kept beside it.
    """

    fuse: bool = True
    roll_up: bool = True
    share: bool = True
    store: bool = True


LEVELS: Final = {
    "naive": Optimisation(fuse=False, roll_up=False, share=False, store=False),
    "fused": Optimisation(roll_up=False, share=False, store=False),
    "rolled": Optimisation(share=False, store=False),
    "shared": Optimisation(store=False),
    "stored": Optimisation(),
}
"""Levels by name, from the plainest to what is used."""
BEST: Final = LEVELS["stored"]
