"""``systems.yaml``: what is reported to exist in the city, which definitions serve."""

from __future__ import annotations

from pydantic import Field

from config.models.base import Identifier, Model, Text


class System(Model):
    """One system or figure of public reports: ``row`` numbers them, ``figures`` says what was reported."""

    id: Identifier
    row: int = Field(ge=1)
    name: Text
    figures: Text
