"""What a feed says to a connector that the city brings itself, held against what that wants."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from config.lint.place import Place
from config.messages import say_all
from config.models import Feed
from config.models.plugin import PluginConnector
from config.plugins import PluginError, options_of, plugin
from config.problems import Problem


def lint_plugin(place: Place, feed: Feed) -> Iterator[Problem]:
    """Every problem of a city's own connector and of its options."""
    source = feed.connector
    if not isinstance(source, PluginConnector):
        return
    try:
        model = plugin(source.name).model
    except PluginError as error:
        yield place.problem(("connector", "name"), error.message, error.hint)
        return
    try:
        model.model_validate(options_of(source))
    except ValidationError as error:
        for item, keys, (message, hint) in say_all(model, error):
            here = keys[:-1] if item["type"] == "missing" else keys
            yield place.problem(("connector", "options", *here), message, hint)
