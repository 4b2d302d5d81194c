"""People's state in a database of its own: it is precious, the warehouse can be computed again."""

from warehouse.state.backtests import STOPPED, BacktestError, Findings, Held, Made, WouldTell
from warehouse.state.database import StateError
from warehouse.state.directive_records import (
    PRIORITIES,
    Directive,
    Figure,
    Order,
    Phase,
    Priority,
    Result,
    reminders,
)
from warehouse.state.directives import DirectiveError, Directives, UnknownDirectiveError
from warehouse.state.escalation import Escalation, Limits, due_escalations
from warehouse.state.feed_requests import (
    ENDED,
    FeedRequest,
    FeedRequests,
    RequestError,
    RequestKind,
    RequestState,
)
from warehouse.state.figures import RuleCounts, RuleFigures
from warehouse.state.handling import HandlingError
from warehouse.state.new_levels import Earlier, NewLevel
from warehouse.state.notices import Delivery, Message, Notice, Standing
from warehouse.state.outbox import Outbox, UnknownMessageError
from warehouse.state.pruning import Pruned
from warehouse.state.quiet import (
    Maintenance,
    Silence,
    Subject,
    due_at,
    ending_soon,
    heard_since,
    quiet_time,
    running,
    silenced,
    silenced_until,
)
from warehouse.state.reading import visible_areas
from warehouse.state.records import (
    CLOSED,
    AuditEntry,
    Correction,
    Episode,
    Evaluation,
    Event,
    Kind,
    Mark,
    Outcome,
    SeriesKey,
    SeriesState,
    Status,
    Transition,
    Warning,
)
from warehouse.state.releases import Release
from warehouse.state.rows import Areas, UnknownWarningError
from warehouse.state.silences import QuietError
from warehouse.state.state import State

__all__ = [
    "CLOSED",
    "ENDED",
    "PRIORITIES",
    "STOPPED",
    "Areas",
    "AuditEntry",
    "BacktestError",
    "Correction",
    "Delivery",
    "Directive",
    "DirectiveError",
    "Directives",
    "Earlier",
    "Episode",
    "Escalation",
    "Evaluation",
    "Event",
    "FeedRequest",
    "FeedRequests",
    "Figure",
    "Findings",
    "HandlingError",
    "Held",
    "Kind",
    "Limits",
    "Made",
    "Maintenance",
    "Mark",
    "Message",
    "NewLevel",
    "Notice",
    "Order",
    "Outbox",
    "Outcome",
    "Phase",
    "Priority",
    "Pruned",
    "QuietError",
    "Release",
    "RequestError",
    "RequestKind",
    "RequestState",
    "Result",
    "RuleCounts",
    "RuleFigures",
    "SeriesKey",
    "SeriesState",
    "Silence",
    "Standing",
    "State",
    "StateError",
    "Status",
    "Subject",
    "Transition",
    "UnknownDirectiveError",
    "UnknownMessageError",
    "UnknownWarningError",
    "Warning",
    "WouldTell",
    "due_at",
    "due_escalations",
    "ending_soon",
    "heard_since",
    "quiet_time",
    "reminders",
    "running",
    "silenced",
    "silenced_until",
    "visible_areas",
]
