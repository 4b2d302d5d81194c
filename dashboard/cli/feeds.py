"""``ioc feed``: the feeds of a city, one by one."""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError

from config import REFERENCE_CITY, City
from config.models import Feed
from dashboard.cli import feed_list
from dashboard.cli import feed_work as cli_feed_work
from dashboard.cli.common import CityOption, JsonOption, city_at, console, print_table

UNREADABLE: Final = 2
"""Exit code where a trial could not even begin, or the file cannot be read."""

app = typer.Typer(help="The feeds of a city.", no_args_is_help=True)
cli_feed_work.register(app)


@app.command("list")
def list_feeds(city: CityOption = REFERENCE_CITY, as_json: JsonOption = False) -> None:
    """List the feeds: where their rows come from, when, and which dataset they fill."""
    here = city_at(city)
    if as_json:
        typer.echo(json.dumps(feed_list.as_data(here), ensure_ascii=False, indent=1))
    else:
        print_table(feed_list.as_table(here))


@app.command("infer")
def infer_feed(
    file: Annotated[Path, typer.Argument(help="A file as a department would deliver it.")],
    feed_id: Annotated[
        str | None, typer.Option("--id", help="Id of the feed (default: from the file's name).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the definition (default: to the terminal).")
    ] = None,
    city: CityOption = REFERENCE_CITY,
) -> None:
    """Write a first definition of a feed from FILE, each guess with its evidence behind it."""
    from config.models.base import Identifier
    from pipelines.errors import SourceError
    from pipelines.infer.draft import infer
    from pipelines.infer.write import write

    here = city_at(city)
    if feed_id is not None:
        try:
            TypeAdapter(Identifier).validate_python(feed_id)
        except ValidationError:
            form = "lower-case letters, digits and _, beginning with a letter"
            _give_up(f"--id: {feed_id!r} is not an identifier ({form})")
    if out is not None and out.exists():
        _give_up(f"{out} is there already; give another name with --out, or take it away")
    try:
        with tempfile.TemporaryDirectory(prefix="infer-") as work:
            text = write(infer(here, file, Path(work), feed_id), here)
    except SourceError as error:
        _give_up(f"{file.name}: {error}")
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    console.print(
        f"{out} is written; read it, then: ioc feed try {out} {file}", highlight=False, soft_wrap=True
    )


@app.command("try")
def try_feed(
    feed: Annotated[str, typer.Argument(help="Id of a feed of the city, or a YAML file with one feed.")],
    file: Annotated[Path, typer.Argument(help="A file as the feed would deliver it.")],
    rows: Annotated[int, typer.Option(min=0, help="How many accepted rows to show.")] = 5,
    rejects: Annotated[int, typer.Option(min=0, help="How many rejected rows to show.")] = 20,
    language: Annotated[
        str, typer.Option(help="Language of the sentences, where the city has it (else its first).")
    ] = "en",
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
) -> None:
    """Show what a load of FILE would accept and reject, and why; load nothing.

    Ends with 0 when every row is accepted, 1 when some are rejected, 2 when the file cannot be read. The
    warehouse is not opened: it works while the server runs.
    """
    from dashboard.cli import feed_trial
    from dashboard.running.runtime import utc_now
    from pipelines.errors import SourceError
    from pipelines.trial import speaking, try_file

    here, found = _chosen(city_at(city), feed)
    logging.disable(logging.WARNING)  # what the load would log is told below
    try:
        trial = try_file(speaking(here, language), found, file, utc_now(), rows=rows, refusals=rejects)
    except SourceError as error:
        _give_up(str(error))
    finally:
        logging.disable(logging.NOTSET)
    if as_json:
        told = feed_trial.as_data(found, file.name, trial)
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for part in feed_trial.as_tables(found, trial):
            print_table(part)
    if trial.failed:
        raise typer.Exit(UNREADABLE)
    raise typer.Exit(1 if trial.rejected else 0)


def _chosen(city: City, feed: str) -> tuple[City, Feed]:
    """The feed of the city, or the one of a file, checked as ``ioc check`` would; else the end."""
    from config.loader import read_feed
    from config.problems import did_you_mean
    from pipelines.check import check

    if feed in city.feeds:
        return city, city.feeds[feed]
    path = Path(feed)
    if not path.is_file():
        _give_up(f"there is no feed and no file {feed!r} ({did_you_mean(feed, city.feeds)})")
    tried, found, problems = read_feed(path, city)
    if found is not None:
        problems = [problem for problem in check(tried) if problem.file == str(path)]
    for problem in problems:
        typer.echo(str(problem), err=True)
    if found is None or problems:
        _give_up(f"{path} has {len(problems)} problem(s); mend them first")
    return tried, found


def _give_up(sentence: str) -> NoReturn:
    console.print(f"ioc: {sentence}", style="bold red", highlight=False, soft_wrap=True)
    raise typer.Exit(UNREADABLE)
