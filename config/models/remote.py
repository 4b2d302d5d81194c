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


class Listened(Model):
    """What every connector has that listens for as long as the server runs, rather than asking now and then.

    What came is dropped ``every`` so often, or when it is more than ``size_limit`` MiB. The source keeps
    for ``session`` what comes while nobody listens.
    """

    kind: str
    every: LastingDuration = Field(default="1m", validate_default=True)
    session: LastingDuration = Field(default="7d", validate_default=True)
    size_limit: int = Field(default=64, ge=1)
