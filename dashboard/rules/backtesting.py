"""Backtests that people start on a rule's page: made beside everything else, one after another."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from dash import MATCH, Dash, Input, Output, ctx, no_update
from dash import State as FormState

from config import City
from config.models import Rule
from dashboard.components.backtest_form import EVERY
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from dashboard.rules.book import UNTRIED, Rulebook
from dashboard.rules.trials import Trial, TruthError, findings, incidents_in, replayed
from indicators.rules.backtest import definition_of
from warehouse.state import Areas, BacktestError, State
from warehouse.store import Store

log = logging.getLogger(__name__)

_AT_ONCE: Final = 10
"""Of many that are made in turn, after how many open pages are told: each time they are drawn anew."""


class Backtesting:
    """The one thread that makes them. ``changed`` is called when one has begun and when it has ended."""

    def __init__(
        self,
        city: City,
        store: Store,
        state: State,
        clock: Callable[[], dt.datetime],
        changed: Callable[[], object],
    ) -> None:
        self._city, self._store, self._state = city, store, state
        self._clock, self._changed = clock, changed
        self._thread = ThreadPoolExecutor(1, "backtest")
        state.backtests.abandon(clock())

    @property
    def today(self) -> dt.date:
        """The city's day."""
        return self._clock().astimezone(self._city.zone).date()

    def start(self, trial: Trial, who: str, areas: Areas) -> Future[None]:
        """Begin one; done once it has ended, with the error where it came to nothing.

        Raises BacktestError while another of the rule is under way.
        """
        id_ = self._begin(trial, who)
        self._changed()
        return self._thread.submit(self._alone, id_, trial, areas)

    def start_untried(self, first: dt.date, until: dt.date, who: str, areas: Areas) -> list[Future[None]]:
        """Begin one of every rule that was never tried as it is now, each when its turn comes."""
        rules = self._untried(areas)
        return [
            self._thread.submit(self._in_turn, Trial(rule.id, first, until), who, areas, left % _AT_ONCE == 0)
            for left, rule in zip(range(len(rules) - 1, -1, -1), rules, strict=True)
        ]

    def _untried(self, areas: Areas) -> list[Rule]:
        book = Rulebook(self._city, self._state, areas, self._clock())
        return [rule for rule in self._city.rules.values() if book.tried(rule) in UNTRIED]

    def _in_turn(self, trial: Trial, who: str, areas: Areas, tell: bool) -> None:
        try:
            # Somebody may have tried it while it stood in line.
            if self._city.rules[trial.rule] in self._untried(areas):
                self._make(self._begin(trial, who), trial, areas)
        finally:
            if tell:
                self._changed()

    def _begin(self, trial: Trial, who: str) -> int:
        definition = definition_of(self._city.rules[trial.rule])
        began = self._clock()
        return self._state.backtests.begin(trial.rule, trial.first, trial.until, definition, who, began)

    def close(self) -> None:
        """Wait for the one that is being made; those that have not begun are given up."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _alone(self, id_: int, trial: Trial, areas: Areas) -> None:
        try:
            self._make(id_, trial, areas)
        finally:
            self._changed()

    def _make(self, id_: int, trial: Trial, areas: Areas) -> None:
        try:
            made = findings(*replayed(self._city, self._store, self._state, trial, self._clock(), areas))
            self._state.backtests.finish(id_, made, self._clock())
        except Exception as error:  # whatever it is, the person who asked must come to know
            log.exception("backtest %s of %s came to nothing", id_, trial.rule)
            self._state.backtests.fail(id_, f"{type(error).__name__}: {error}", self._clock())
            raise


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for, as it was typed; of the rule `EVERY` for all that were not tried yet."""

    rule: str
    first: str
    last: str
    who: str = ""
    incidents: str = ""


def register(app: Dash, city: City, backtesting: Backtesting, areas: Callable[[], Areas]) -> None:
    """Wire the form of a rule's page."""

    def part(type_: str) -> dict[str, Any]:
        return {"type": type_, "rule": MATCH, "lang": MATCH}

    @app.callback(
        Output(part("backtest-said"), "children"),
        Input(part("backtest-do"), "n_clicks"),
        FormState(part("backtest-first"), "value"),
        FormState(part("backtest-last"), "value"),
        FormState(part("backtest-who"), "value"),
        FormState(part("backtest-incidents"), "value"),
        prevent_initial_call=True,
    )
    def _start(clicks: int | None, *typed: str | None) -> Any:
        # A form that has just come onto the page also fires, without a click.
        if not clicks or ctx.triggered_id is None:
            return no_update
        key = dict(ctx.triggered_id)
        asked = Asked(key["rule"], *((text or "").strip() for text in typed))
        return start(city, backtesting, areas(), asked, key["lang"])


def start(city: City, backtesting: Backtesting, areas: Areas, asked: Asked, lang: Lang) -> str:
    """Begin what a form asks for; what to tell the person."""
    words = words_in(lang)
    rule = city.rules.get(asked.rule)
    if asked.rule != EVERY and (rule is None or rule.indicator is None):
        return words("backtest.not_this")
    if not asked.who:
        return words("action.needs_name")
    try:
        first, last = (dt.date.fromisoformat(day) for day in (asked.first, asked.last))
    except ValueError:
        return words("backtest.needs_days")
    if last < first:
        return words("backtest.ends_first")
    if first > backtesting.today:
        return words("backtest.too_early")
    until = last + dt.timedelta(days=1)
    if asked.rule == EVERY:
        begun = backtesting.start_untried(first, until, asked.who, areas)
        return words.count("backtest.begun_all", len(begun))
    try:
        incidents = incidents_in(asked.incidents, city)
    except TruthError as error:
        return words("backtest.bad_incident", line=error.line)
    try:
        trial = Trial(asked.rule, first, until, incidents)
        backtesting.start(trial, asked.who, areas)
    except BacktestError:
        return words("backtest.under_way")
    return words("backtest.begun")
