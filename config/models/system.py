"""``systems.yaml``: what is reported to exist in the city, which definitions serve."""

from __future__ import annotations

from pydantic import Field

from config.models.base import Identifier, Model, Text
from config.models.need import Need


class System(Model):
    """One system or figure of public reports: ``row`` numbers them, ``figures`` says what was reported.

    It is served when everything that it ``needs`` is there; one that names no needs never is.
    """

    id: Identifier
    row: int = Field(ge=1)
    name: Text
    figures: Text
    needs: tuple[Need, ...] = ()
