"""``ioc rules``: try a warning rule before anybody is told by it."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer

from config import REFERENCE_CITY
from dashboard.cli.common import (
    VAR,
    CityOption,
    JsonOption,
    VarOption,
    city_at,
    print_table,
    stop,
    stop_at,
    warehouse_of,
)
from dashboard.running.places import Places, opened

_EARLIEST: Final = dt.date(1900, 1, 1)

app = typer.Typer(help="Try warning rules: scenarios, and replays of the past.", no_args_is_help=True)


@app.command("test")
def try_scenarios(file: Path, city: CityOption = REFERENCE_CITY) -> None:
    """Play the scenarios of a YAML file: values one after another, and what the rule makes of them."""
    from dashboard.rules.trials import scenarios_table
    from indicators.rules.scenario import ScenarioError, read_scenarios

    try:
        plays = read_scenarios(file, city_at(city).rules)
    except ScenarioError as error:
        stop_at(error.problems, file)
    passed = [play.run() for play in plays]
    print_table(scenarios_table(plays))
    if not all(passed):
        raise typer.Exit(1)


@app.command("backtest")
def backtest(
    rule: str,
    begin: Annotated[str, typer.Option("--from", help="First day, such as 2025-01-01.")],
    end: Annotated[str | None, typer.Option("--to", help="Day after the last one (default: today).")] = None,
    truth: Annotated[Path | None, typer.Option(help="CSV of incidents: area, start, end, name.")] = None,
    who: Annotated[str, typer.Option(help="Name that it is kept under.")] = "ioc",
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Replay a rule on the values as they were known at the time; nobody is told anything.

    The result is kept: the screen of the rule shows it.
    """
    from config.problems import did_you_mean
    from dashboard.rules import trials
    from dashboard.running.runtime import utc_now
    from indicators.rules.backtest import definition_of
    from warehouse.state import BacktestError, State

    here, now = city_at(city), utc_now()
    if rule not in here.rules:
        stop(f"there is no rule {rule!r} ({did_you_mean(rule, here.rules)})")
    path = warehouse_of(here, var)
    try:
        first = _day("--from", begin)
        last = _day("--to", end) if end else now.astimezone(here.zone).date()
        trial = trials.Trial(rule, first, last, trials.read_incidents(truth, here) if truth else ())
        people = Places.of(here.head.id, var).people
        with opened(path, here.head.timezone) as store, closing(State.open(people)) as state:
            replay, held = trials.replayed(here, store, state, trial, now, None)
            state.backtests.abandon(now)  # nobody else has the warehouse open
            made = state.backtests.begin(rule, first, last, definition_of(here.rules[rule]), who, now)
            state.backtests.finish(made, trials.findings(replay, held), utc_now())
    except (ValueError, trials.TruthError, BacktestError) as error:
        stop(str(error))
    if as_json:
        typer.echo(json.dumps(trials.replay_data(replay, held), ensure_ascii=False, indent=1))
        return
    print_table(trials.replay_table(here, replay))
    typer.echo(trials.summary(replay, held))


def _day(option: str, given: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(given)
    except ValueError:
        stop(f"{option}: {given!r} is not a day; write it as 2026-01-31")
    if day < _EARLIEST:
        stop(f"{option}: {day} is before {_EARLIEST:%Y}, when no figures were kept")
    return day
