"""Which connector serves a definition: ours by kind, loaded when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from config.models import Remote
from pipelines.connectors.base import Connector

_KINDS: Final[Mapping[str, str]] = {
    "sql": "pipelines.connectors.sql:Sql",
    "http": "pipelines.connectors.http:Http",
}
"""Module and class by ``connector.kind``."""


def connector_of(remote: Remote) -> Connector:
    """The connector for a definition."""
    module, _, name = _KINDS[remote.kind].partition(":")
    found: Connector = getattr(import_module(module), name)()
    return found
