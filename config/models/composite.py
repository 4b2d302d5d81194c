"""Indices made of other indicators, and what is done where one of several inputs is missing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from config.models.base import Identifier, Model

Missing = Literal["any", "skip", "zero"]
"""``any`` missing input makes the value missing; ``skip`` uses what there is; ``zero`` counts it as zero."""
Normalise = Literal["goalposts", "min_max", "z_score", "rank"]


class Goalposts(Model):
    """The values of an indicator that score the least and the most; beyond them a score goes no further."""

    min: float
    max: float

    @model_validator(mode="after")
    def _apart(self) -> Goalposts:
        if not self.min < self.max:
            raise ValueError("min must be less than max")
        return self


class Component(Model):
    """One indicator in an index. ``direction`` is the indicator's own if it is left out."""

    indicator: Identifier
    weight: float = Field(default=1, gt=0)
    direction: Literal["up", "down"] | None = None
    goalposts: Goalposts | None = None
