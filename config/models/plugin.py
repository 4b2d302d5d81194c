"""``connector: {kind: plugin}``: a connector that a city brings itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from config.models.remote import Remote


class PluginConnector(Remote):
    """A city's own connector: a Python package that names it as an entry point of `toan_canh.connectors`.

    ``name`` is that of the entry point; what may stand in ``options`` the connector says itself, and
    ``ioc check`` checks it.
    """

    kind: Literal["plugin"]
    name: str = Field(min_length=1)
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("options")
    @classmethod
    def _own_alone(cls, options: dict[str, Any]) -> dict[str, Any]:
        for key in Remote.model_fields:
            if key in options:
                raise ValueError(f"{key} is no option: it stands beside options")
        return options
