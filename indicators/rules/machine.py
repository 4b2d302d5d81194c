"""The life of one rule over one area: normal → pending → firing → recovering → normal; *no data* and *too
few* apart.

Pure: a state and an observation give the next state and a named reason. Nothing is read, nothing is
written, and the clock is an argument. The same observation twice is one observation.

``for`` is measured from the start of the first period in breach: three daily periods make ``for: 3d``.
``keep_firing`` is measured from when the condition was first seen clear. What is not known does not count:
a gap, or a value over too few cases, neither confirms a breach nor ends it. A series that vanishes, or
becomes too small to judge, keeps what it was; it never resolves by itself.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from warehouse.state import SeriesState, Status


class Seen(StrEnum):
    """What one value says: over the limit, safely clear of it, in between, not to be judged, or that it rests
    on too few cases to be judged.
    """

    BREACH = "breach"
    BETWEEN = "between"
    CLEAR = "clear"
    UNJUDGED = "unjudged"
    TOO_FEW = "too_few"


class Reason(StrEnum):
    """Why a step went, or did not go, to another status."""

    REPEATED = "repeated"
    WITHIN_LIMIT = "within_limit"
    NOT_JUDGED = "not_judged"
    LIMIT_CROSSED = "limit_crossed"
    WAITING = "waiting"
    HELD_LONG_ENOUGH = "held_long_enough"
    FELL_BACK = "fell_back"
    STILL_FIRING = "still_firing"
    BETWEEN_LIMITS = "between_limits"
    CLEARED = "cleared"
    STILL_RECOVERING = "still_recovering"
    CLEAR_LONG_ENOUGH = "clear_long_enough"
    BREACHED_AGAIN = "breached_again"
    NO_LONGER_CLEAR = "no_longer_clear"
    NEVER_SEEN = "never_seen"
    NOT_YET_MISSED = "not_yet_missed"
    VANISHED = "vanished"
    STILL_MISSING = "still_missing"
    TOO_FEW = "too_few"
    STILL_TOO_FEW = "still_too_few"
    RETURNED = "returned"
    CORRECTED = "corrected"
    RULE_WITHDRAWN = "rule_withdrawn"
    AREA_DISSOLVED = "area_dissolved"


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen over ``start`` ≤ time < ``at``; an instrument's reading has ``start == at``."""

    at: dt.datetime
    start: dt.datetime
    seen: Seen


_NOW = dt.timedelta(0)
_AWAY = (Status.NO_DATA, Status.TOO_FEW)
_UNKNOWN = (Seen.UNJUDGED, Seen.TOO_FEW)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of one rule. ``hold`` is its ``for``; ``no_data_after`` None means that silence changes
    nothing. ``deadline`` says when so much time since a moment is up, where not all of it counts.
    """

    hold: dt.timedelta = _NOW
    keep_firing: dt.timedelta = _NOW
    no_data_after: dt.timedelta | None = None
    deadline: Callable[[dt.datetime, dt.timedelta], dt.datetime] | None = None

    def step(
        self, state: SeriesState, observation: Observation | None, now: dt.datetime
    ) -> tuple[SeriesState, Reason]:
        """The state after ``observation``; None means that up to ``now`` nothing came.

        All times must be aware and in one zone, so that a day is a day when the clocks change.
        """
        if observation is None:
            return self._missed(state, now)
        if state.judged_through is not None and observation.at <= state.judged_through:
            return state, Reason.REPEATED
        left, away = state, state.status in _AWAY
        if away:
            state = replace(state, status=state.before or Status.NORMAL, before=None)
        state = _without_gap(state, observation)
        after, reason = self._judged(state, observation)
        if observation.seen is Seen.TOO_FEW:
            return self._too_few(left, after, observation)
        changed = away or after.status is not state.status
        if away and after.status is state.status:
            reason = Reason.RETURNED
        since = observation.at if changed else after.since
        return replace(after, judged_through=observation.at, since=since), reason

    def _missed(self, state: SeriesState, now: dt.datetime) -> tuple[SeriesState, Reason]:
        if state.judged_through is None:
            return state, Reason.NEVER_SEEN
        if state.status is Status.NO_DATA:
            return state, Reason.STILL_MISSING
        if self.no_data_after is None:
            return state, Reason.NOT_YET_MISSED
        missed = self.deadline or operator.add
        since = missed(state.judged_through, self.no_data_after)
        if now < since:
            return state, Reason.NOT_YET_MISSED
        # Dated by when it was missed, not by when somebody looked: the same at every pace of evaluation.
        before = state.before if state.status is Status.TOO_FEW else state.status
        return replace(state, status=Status.NO_DATA, before=before, since=since), Reason.VANISHED

    @staticmethod
    def _too_few(
        left: SeriesState, after: SeriesState, observation: Observation
    ) -> tuple[SeriesState, Reason]:
        """A series too small to judge is kept as it was, its clocks standing still, until it can be."""
        still = left.status is Status.TOO_FEW
        since = left.since if still else observation.at
        kept = replace(
            after, status=Status.TOO_FEW, before=after.status, judged_through=observation.at, since=since
        )
        return kept, Reason.STILL_TOO_FEW if still else Reason.TOO_FEW

    def _judged(self, state: SeriesState, seen: Observation) -> tuple[SeriesState, Reason]:
        match state.status:
            case Status.PENDING:
                return self._pending(state, seen)
            case Status.FIRING:
                return self._firing(state, seen)
            case Status.RECOVERING:
                return self._recovering(state, seen)
            case _:
                return self._normal(state, seen)

    def _normal(self, state: SeriesState, seen: Observation) -> tuple[SeriesState, Reason]:
        if seen.seen in _UNKNOWN:
            return state, Reason.NOT_JUDGED
        if seen.seen is not Seen.BREACH:
            return state, Reason.WITHIN_LIMIT
        held = seen.at - seen.start >= self.hold
        status = Status.FIRING if held else Status.PENDING
        return replace(state, status=status, breach_since=seen.start), Reason.LIMIT_CROSSED

    def _pending(self, state: SeriesState, seen: Observation) -> tuple[SeriesState, Reason]:
        since = state.breach_since or seen.start
        match seen.seen:
            case Seen.BREACH if seen.at - since >= self.hold:
                return replace(state, status=Status.FIRING), Reason.HELD_LONG_ENOUGH
            case Seen.BREACH:
                return state, Reason.WAITING
            case Seen.UNJUDGED | Seen.TOO_FEW:
                return replace(state, breach_since=since + (seen.at - seen.start)), Reason.NOT_JUDGED
            case _:
                return replace(state, status=Status.NORMAL, breach_since=None), Reason.FELL_BACK

    def _firing(self, state: SeriesState, seen: Observation) -> tuple[SeriesState, Reason]:
        match seen.seen:
            case Seen.CLEAR if self.keep_firing > _NOW:
                return replace(state, status=Status.RECOVERING, clear_since=seen.at), Reason.CLEARED
            case Seen.CLEAR:
                return replace(state, status=Status.NORMAL, breach_since=None), Reason.CLEARED
            case Seen.UNJUDGED | Seen.TOO_FEW:
                return state, Reason.NOT_JUDGED
            case Seen.BETWEEN:
                return state, Reason.BETWEEN_LIMITS
            case _:
                return state, Reason.STILL_FIRING

    def _recovering(self, state: SeriesState, seen: Observation) -> tuple[SeriesState, Reason]:
        since = state.clear_since or seen.at
        match seen.seen:
            case Seen.CLEAR if seen.at - since >= self.keep_firing:
                quiet = replace(state, status=Status.NORMAL, breach_since=None, clear_since=None)
                return quiet, Reason.CLEAR_LONG_ENOUGH
            case Seen.CLEAR:
                return state, Reason.STILL_RECOVERING
            case Seen.UNJUDGED | Seen.TOO_FEW:
                return replace(state, clear_since=since + (seen.at - seen.start)), Reason.NOT_JUDGED
            case Seen.BREACH:
                return replace(state, status=Status.FIRING, clear_since=None), Reason.BREACHED_AGAIN
            case _:
                return replace(state, status=Status.FIRING, clear_since=None), Reason.NO_LONGER_CLEAR


def _without_gap(state: SeriesState, seen: Observation) -> SeriesState:
    """The clocks that run, moved past the periods that are missing before ``seen``.

    Readings have no span: between two of them nothing can be said to be missing.
    """
    if state.judged_through is None or seen.start == seen.at or seen.start <= state.judged_through:
        return state
    gap = seen.start - state.judged_through
    if state.status is Status.PENDING and state.breach_since is not None:
        return replace(state, breach_since=state.breach_since + gap)
    if state.status is Status.RECOVERING and state.clear_since is not None:
        return replace(state, clear_since=state.clear_since + gap)
    return state
