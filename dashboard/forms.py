"""What the forms of the screens share: whom and what they act for, and what follows a deed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from dash import Dash

from config import City
from warehouse.state import Areas, State


@dataclass(frozen=True, slots=True)
class Forms:
    """``areas`` are those the viewer may see; ``changed`` is called after each deed, to tell every open
    page.
    """

    app: Dash
    city: City
    state: State
    areas: Callable[[], Areas]
    clock: Callable[[], dt.datetime]
    changed: Callable[[], object]

    def answer(self, said: str, stored: bool) -> str:
        """What to tell the person; where anything was ``stored``, the open pages hear of it."""
        if stored:
            self.changed()
        return said
