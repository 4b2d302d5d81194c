"""People's state in a database of its own: it is precious, the warehouse can be computed again."""

from warehouse.state.database import StateError
from warehouse.state.records import (
    AuditEntry,
    Episode,
    Evaluation,
    Event,
    Kind,
    SeriesKey,
    SeriesState,
    Status,
    Transition,
    Warning,
)
from warehouse.state.state import Areas, State, UnknownWarningError, visible_areas

__all__ = [
    "Areas",
    "AuditEntry",
    "Episode",
    "Evaluation",
    "Event",
    "Kind",
    "SeriesKey",
    "SeriesState",
    "State",
    "StateError",
    "Status",
    "Transition",
    "UnknownWarningError",
    "Warning",
    "visible_areas",
]
