"""Which connector serves a definition: ours by kind, loaded when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from config.models import Listened, Remote
from config.models.plugin import PluginConnector
from pipelines.connectors.base import Connector, Listener
from pipelines.connectors.plugin import Plugin
from pipelines.errors import SourceError

_KINDS: Final[Mapping[str, str]] = {
    "sftp": "pipelines.connectors.sftp:Sftp",
    "sql": "pipelines.connectors.sql:Sql",
    "http": "pipelines.connectors.http:Http",
    "ckan": "pipelines.connectors.ckan:Ckan",
    "opendatasoft": "pipelines.connectors.opendatasoft:OpenDataSoft",
    "prometheus": "pipelines.connectors.prometheus:Prometheus",
    "sdmx": "pipelines.connectors.sdmx:Sdmx",
}
"""Module and class by ``connector.kind``."""


_LISTENERS: Final[Mapping[str, str]] = {
    "mqtt": "pipelines.connectors.mqtt:Mqtt",
}
"""The same for connectors that listen."""


def connector_of(remote: Remote) -> Connector:
    """The connector for a definition. Raises SourceError where it or its library is not installed."""
    if isinstance(remote, PluginConnector):
        return Plugin(remote)
    found: Connector = _load(_KINDS[remote.kind])
    return found


def listener_of(remote: Listened) -> Listener:
    """The listener for a definition. Raises SourceError where its library is not installed."""
    found: Listener = _load(_LISTENERS[remote.kind])
    return found


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)()
    except ModuleNotFoundError as error:
        kind = module.rpartition(".")[2]
        raise SourceError(
            f"the package {error.name} is not installed", f"pip install 'toan-canh[{kind}]'"
        ) from error
