"""``ioc feed``: the feeds of a city, one by one."""

from __future__ import annotations

import json

import typer

from config import REFERENCE_CITY
from dashboard import feeds
from dashboard.cli_common import CityOption, JsonOption, city_at, print_table

app = typer.Typer(help="The feeds of a city.", no_args_is_help=True)


@app.command("list")
def list_feeds(city: CityOption = REFERENCE_CITY, as_json: JsonOption = False) -> None:
    """List the feeds: where their rows come from, when, and which dataset they fill."""
    here = city_at(city)
    if as_json:
        typer.echo(json.dumps(feeds.as_data(here), ensure_ascii=False, indent=1))
    else:
        print_table(feeds.as_table(here))
