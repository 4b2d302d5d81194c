"""``identities/*.yaml``: what must be true between indicators, whatever the figures are."""

from __future__ import annotations

from pydantic import Field

from config.models.base import Identifier, Model, Text
from config.models.indicator import Period


class Tolerance(Model):
    """How far the two sides may lie apart: ``absolute`` in their unit, ``relative`` as a share of the larger.

    0.005 is half a per cent. Where both are given the wider one counts.
    """

    absolute: float = Field(default=0.0, ge=0)
    relative: float = Field(default=0.0, ge=0, lt=1)


class Identity(Model):
    """A claim that must hold between indicators, checked at each refresh.

    ``claim`` is two formulas with ``=``, ``<=`` or ``>=`` between them, such as ``full + partial = total``;
    ``sum_of_children(x) = x`` says that the units below add up. It is checked at ``levels`` and for
    ``periods``; left out, wherever every indicator in it is computed. Where a figure is missing it cannot be
    checked, which is counted apart.
    """

    id: Identifier
    name: Text
    claim: str
    tolerance: Tolerance = Tolerance()
    levels: tuple[Identifier, ...] | None = Field(default=None, min_length=1)
    periods: tuple[Period, ...] | None = Field(default=None, min_length=1)
    note: Text | None = None
