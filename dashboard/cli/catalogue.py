"""``ioc catalogue``: what is computed and watched, and which rows of systems.yaml that serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config import REFERENCE_CITY, City
from dashboard.catalogue import listing
from dashboard.cli.common import VAR, CityOption, JsonOption, VarOption, city_at, console, print_table
from dashboard.running.places import Places, opened, served

if TYPE_CHECKING:
    from dashboard.catalogue.evidence import Evidence


def add_to(app: typer.Typer) -> None:
    """Make the command part of ``ioc``."""
    app.command(name="catalogue")(show)


def show(
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    covered: Annotated[
        bool, typer.Option("--coverage", help="Hold each row of systems.yaml against what is there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the indicators and warning rules of a city, or with --coverage the rows that they serve.

    Where there is no warehouse, or a server has it open, definitions alone are judged. Exit code 1 unless
    every row is served.
    """
    here = city_at(city)
    if not covered:
        if as_json:
            typer.echo(json.dumps(listing.as_data(here), ensure_ascii=False, indent=1))
            return
        for table in listing.as_tables(here):
            print_table(table)
        return
    from dashboard.catalogue.coverage import coverage

    found = _evidence(here, var)
    rows = coverage(found)
    if as_json:
        told = listing.coverage_data(here, rows, found.figures is not None)
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print_table(listing.coverage_table(here, rows))
    if not all(row.served for row in rows):
        raise typer.Exit(1)


def _evidence(city: City, var: Path) -> Evidence:
    """What is defined, and what is in the warehouse where it can be read."""
    from dashboard.catalogue.evidence import Evidence, figures_of
    from dashboard.catalogue.offers import answers_of, commands
    from warehouse.reader import reading
    from warehouse.scope import EVERYONE

    places = Places.of(city.head.id, var)
    figures = None
    if served(places):
        console.print("A server has the warehouse open: definitions alone are judged here. Its own page")
        console.print("/catalogue?tab=coverage judges the figures as well.")
    elif not places.warehouse.exists():
        console.print(f"There is no warehouse in {places.var}: definitions alone are judged.")
    else:
        with opened(places.warehouse, city.head.timezone) as store, reading(store, city, EVERYONE) as reader:
            figures = figures_of(city, reader)
    return Evidence(city, answers_of(city), commands(), figures)
