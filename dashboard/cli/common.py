"""What the commands share: their options, a city or the end of the program, tables on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from config import City, Problem
from dashboard.catalogue.check import checked_city
from dashboard.running.places import Places

console: Final = Console(stderr=True)

CityOption = Annotated[Path, typer.Option("--city", envvar="IOC_CITY", help="City folder.")]
VarOption = Annotated[
    Path, typer.Option("--var", envvar="IOC_VAR", help="Where the warehouse and files are kept.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]

VAR: Final = Path("var")


def city_at(path: Path) -> City:
    """The city at ``path``, or the end of the program with every problem of it."""
    city, problems = checked_city(path)
    if city is None or problems:
        stop_at(problems, path)
    return city


def warehouse_of(city: City, var: Path) -> Path:
    """The file of the city's warehouse, or the end of the program when nothing was loaded yet."""
    path = Places.of(city.head.id, var).warehouse
    if not path.exists():
        stop(f"there is no warehouse in {path.parent}; run ioc load first")
    return path


def stop_at(problems: Sequence[Problem], path: Path) -> NoReturn:
    """End the program with every problem of what the user wrote at ``path``."""
    for problem in problems:
        typer.echo(str(problem), err=True)
    stop(f"{path} has {len(problems)} problem(s); mend them first")


def print_table(table: object) -> None:
    """Print a table as wide as the terminal is, and wide where it goes into a file."""
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def stop(sentence: str) -> NoReturn:
    """End the program with a sentence that says what is wrong."""
    console.print(f"ioc: {sentence}", style="bold red", highlight=False, soft_wrap=True)
    raise typer.Exit(1)
