"""What every connector has that fetches over a network, whatever its protocol."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from config.models.base import LastingDuration, Model

EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
"""Name of an environment variable that holds a secret, such as ``HOTLINE_TOKEN``."""


class Remote(Model):
    """What every connector has that fetches over a network.

    A fetch that takes longer than ``time_limit`` or gives a file of more than ``size_limit`` MiB is ended.
    """

    kind: str
    time_limit: LastingDuration = Field(default="10m", validate_default=True)
    size_limit: int = Field(default=2048, ge=1)
