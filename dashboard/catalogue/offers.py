"""What the application offers to others: addresses that its server answers, commands of its command line."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import typer
from fastapi import FastAPI
from starlette.routing import Match, Route

from config import City

EVERYTHING = "/{path:path}"
"""The route by which every other address opens the screens."""


def answers(server: FastAPI) -> Callable[[str], bool]:
    """Tells whether a server has a route of its own for an address."""

    def answered(path: str) -> bool:
        scopes = [{"type": "http", "method": way, "path": path, "root_path": ""} for way in ("GET", "POST")]
        return any(
            route.matches(scope)[0] == Match.FULL
            for route in server.routes
            if not (isinstance(route, Route) and route.path == EVERYTHING)
            for scope in scopes
        )

    return answered


def answers_of(city: City) -> Callable[[str], bool]:
    """The same of a server that is not running: it is put together over an empty folder."""
    from dashboard.app import create_app
    from dashboard.running.places import Places
    from dashboard.running.runtime import Runtime

    with (
        tempfile.TemporaryDirectory() as folder,
        Runtime(city, Places.of(city.head.id, Path(folder))) as runtime,
    ):
        return answers(create_app(runtime))


def commands() -> frozenset[str]:
    """Names of all commands, such as ``rules backtest``."""
    from dashboard.cli import app

    found: set[str] = set()
    waiting: list[tuple[str, object]] = [("", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is None:
            found.add(name)
        else:
            waiting += [(f"{name} {part}".strip(), each) for part, each in below.items()]
    return frozenset(found)
