"""A connector that a city brings itself, asked as one of ours."""

from __future__ import annotations

from dataclasses import replace

from config.models.plugin import PluginConnector
from config.plugins import PluginError, options_of, plugin
from pipelines.connectors.base import Ask, Connector, State
from pipelines.errors import SourceError


class Plugin:
    """The connector for ``kind: plugin``. Raises SourceError where it is not installed or is none."""

    def __init__(self, remote: PluginConnector) -> None:
        try:
            self._class = plugin(remote.name)
        except PluginError as error:
            raise SourceError(error.message, error.hint) from error
        self._own: Connector = self._class()

    @property
    def ranged(self) -> bool:
        """Whether it can fetch a window of time."""
        return self._own.ranged

    def fetch(self, ask: Ask) -> State:
        """Let it fetch, with its own model as the definition."""
        remote = ask.connector
        assert isinstance(remote, PluginConnector)
        own = self._class.model.model_validate(options_of(remote))
        return self._own.fetch(replace(ask, connector=own))
