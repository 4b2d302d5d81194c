"""``ioc rules``: try a warning rule before anybody is told by it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from config import REFERENCE_CITY, City
from dashboard.places import Places, opened

app = typer.Typer(help="Try warning rules: scenarios, and replays of the past.", no_args_is_help=True)

CityOption = Annotated[Path, typer.Option("--city", envvar="IOC_CITY", help="City folder.")]
VarOption = Annotated[
    Path, typer.Option("--var", envvar="IOC_VAR", help="Where the warehouse and files are kept.")
]


def rules_app(load: Callable[[Path], City], stop: Callable[[str], NoReturn], var: Path) -> typer.Typer:
    """The commands; ``load`` reads a city or ends the program, ``stop`` ends it with a sentence."""

    @app.command("test")
    def test(file: Path, city: CityOption = REFERENCE_CITY) -> None:
        """Play the scenarios of a YAML file: values one after another, and what the rule makes of them."""
        from dashboard.rules import scenarios_table
        from indicators.rules.scenario import ScenarioError, read_scenarios

        try:
            plays = read_scenarios(file, load(city).rules)
        except ScenarioError as error:
            stop(str(error))
        passed = [play.run() for play in plays]
        _print(scenarios_table(plays))
        if not all(passed):
            raise typer.Exit(1)

    @app.command("backtest")
    def backtest(
        rule: str,
        begin: Annotated[str, typer.Option("--from", help="First day, such as 2025-01-01.")],
        end: Annotated[
            str | None, typer.Option("--to", help="Day after the last one (default: today).")
        ] = None,
        truth: Annotated[Path | None, typer.Option(help="CSV of incidents: area, start, end, name.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
        city: CityOption = REFERENCE_CITY,
        var: VarOption = var,
    ) -> None:
        """Replay a rule on the values as they were known at the time; nobody is told anything."""
        from config.problems import did_you_mean
        from dashboard import rules
        from dashboard.runtime import utc_now
        from indicators.rules.backtest import backtest as replayed

        here, now = load(city), utc_now()
        if rule not in here.rules:
            stop(f"there is no rule {rule!r} ({did_you_mean(rule, here.rules)})")
        path = Places.of(here.head.id, var).warehouse
        if not path.exists():
            stop(f"there is no warehouse in {path.parent}; run ioc load first")
        try:
            first = dt.date.fromisoformat(begin)
            last = dt.date.fromisoformat(end) if end else now.astimezone(here.zone).date()
            incidents = rules.read_incidents(truth, here) if truth else None
            with opened(path, here.head.timezone) as store:
                replay = replayed(here, store, here.rules[rule], first, last, now)
        except (ValueError, rules.TruthError) as error:
            stop(str(error))
        held = rules.score(here, replay, incidents) if incidents is not None else None
        if as_json:
            typer.echo(json.dumps(rules.replay_data(replay), ensure_ascii=False, indent=1))
            return
        _print(rules.replay_table(here, replay))
        typer.echo(rules.summary(replay, held))

    return app


def _print(table: object) -> None:
    Console(width=None if sys.stdout.isatty() else 200).print(table)
