"""Connectors that a city brings itself: what is installed as an entry point of ``toan_canh.connectors``."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from config.models.plugin import PluginConnector
from config.models.remote import Remote
from config.problems import did_you_mean

GROUP: Final = "toan_canh.connectors"


class PluginError(Exception):
    """A connector is not installed, or is none; ``message`` is the cause, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message + (f" ({hint})" if hint else ""))
        self.message = message
        self.hint = hint


def plugin(name: str) -> Any:
    """The class that the entry point ``name`` leads to: with ``model``, ``ranged`` and ``fetch``.

    Raises PluginError.
    """
    found = _installed()
    if name not in found:
        hint = did_you_mean(name, found) if found else "install the package that brings it"
        raise PluginError(f"there is no connector {name!r} installed here", hint)
    try:
        own = found[name].load()
    except Exception as error:
        raise PluginError(
            f"the connector {name!r} cannot be loaded: {type(error).__name__}: {error}",
            f"mend {found[name].value}",
        ) from error
    model = getattr(own, "model", None)
    if not (isinstance(model, type) and issubclass(model, Remote)):
        hint = f"give {found[name].value} a model, a class over config.models.Remote"
        raise PluginError(f"the connector {name!r} has no model", hint)
    if not (callable(getattr(own, "fetch", None)) and isinstance(getattr(own, "ranged", None), bool)):
        raise PluginError(
            f"the connector {name!r} cannot fetch", f"give {found[name].value} a method fetch and ranged"
        )
    return own


def options_of(remote: PluginConnector) -> dict[str, Any]:
    """A definition as the connector's own model takes it."""
    shared = {key: getattr(remote, key) for key in Remote.model_fields}
    return {**remote.options, **shared, "kind": remote.name}


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
