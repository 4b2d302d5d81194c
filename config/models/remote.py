"""What every connector has that fetches over a network, whatever its protocol."""

from __future__ import annotations

from pydantic import Field

from config.models.base import LastingDuration, Model


class Remote(Model):
    """What every connector has that fetches over a network.

    A fetch that takes longer than ``time_limit`` or gives a file of more than ``size_limit`` MiB is ended.
    """

    kind: str
    time_limit: LastingDuration = Field(default="10m", validate_default=True)
    size_limit: int = Field(default=2048, ge=1)
