"""The command line, and with it the composition root: wiring, no logic."""

from __future__ import annotations

import logging
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler
from typer.exceptions import TyperException

from config import REFERENCE_CITY, City
from dashboard.catalogue.check import check_city
from dashboard.cli import accounts
from dashboard.cli import catalogue as cli_catalogue
from dashboard.cli import feed_work as cli_feed_work
from dashboard.cli import feeds as cli_feeds
from dashboard.cli import quarantine as cli_quarantine
from dashboard.cli import quiet as cli_quiet
from dashboard.cli import rules as cli_rules
from dashboard.cli.common import (
    VAR,
    CityOption,
    JsonOption,
    VarOption,
    city_at,
    console,
    print_table,
    stop,
    warehouse_of,
)
from dashboard.cli.progress import bars
from dashboard.running import simulation
from dashboard.running.places import Places, UnwritableError, opened, served
from dashboard.running.simulation import StandinError

app = typer.Typer(
    help="Toàn Cảnh: an intelligent operations centre for a city.", no_args_is_help=True, add_completion=False
)

InboxOption = Annotated[
    Path | None,
    typer.Option("--inbox", envvar="IOC_INBOX", help="Where departments drop files (default: in var)."),
]
HostOption = Annotated[str, typer.Option(envvar="IOC_HOST", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(envvar="IOC_PORT", min=1, max=65535, help="Port to listen on.")]
SiteOption = Annotated[
    str | None,
    typer.Option(
        envvar="IOC_SITE", help="Address that links in notices begin with (default: host and port)."
    ),
]


@app.command()
def run(
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8050,
    site: SiteOption = None,
) -> None:
    """Everything: build the simulated feeds, load, compute, judge the rules, serve."""
    _serve(city_at(city), var, inbox, host, port, site, live=True, build=True)


@app.command()
def serve(
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8050,
    live: Annotated[bool, typer.Option(help="Let simulated departments go on delivering.")] = True,
    site: SiteOption = None,
) -> None:
    """Load what is new and serve the screens."""
    _serve(city_at(city), var, inbox, host, port, site, live=live, build=False)


@app.command()
def load(
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
    site: SiteOption = None,
) -> None:
    """Load what is new, compute what it touches, judge the rules, send notices; then end.

    Beside a running server it is the server that looks at every feed.
    """
    from dashboard.running.runtime import DEFAULT_SITE, Runtime

    here = city_at(city)
    places = Places.of(here.head.id, var, inbox)
    if served(places):
        cli_feed_work.ask_all(here, places, "ioc load")
        return
    with Runtime(here, places, site=site or DEFAULT_SITE) as runtime, bars(console) as progress:
        fetched = runtime.fetching.all(here.feeds.values())
        cycle = runtime.cycle(progress=progress)
        runtime.courier.once()
        broken = runtime.faults.all()
    Console().print(accounts.as_table(cycle.runs))
    for sentence in [
        *(f"{one.feed}: {one.message} ({one.hint or one.status})" for one in fetched if one.message),
        *accounts.failures(cycle.runs),
        *(f"{one.where} {one.about}: {one.cause}" for one in broken),
    ]:
        console.print(sentence, style="bold red", highlight=False, soft_wrap=True)
    if broken:
        raise typer.Exit(1)


@app.command()
def feeds(city: CityOption = REFERENCE_CITY, var: VarOption = VAR, inbox: InboxOption = None) -> None:
    """Have the simulated departments deliver everything up to now; load nothing."""
    here = city_at(city)
    places = Places.of(here.head.id, var, inbox)
    places.make()
    simulation.build(here, places)


@app.command()
def check(city: CityOption = REFERENCE_CITY) -> None:
    """Check a city folder; print every problem as file:line: object: message (hint)."""
    problems = check_city(city)
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{city}: no problems")


@app.command()
def explain(indicator: str, city: CityOption = REFERENCE_CITY, var: VarOption = VAR) -> None:
    """Print an indicator's plan, SQL and dependencies, and what it costs where there is a warehouse."""
    from indicators.explain import explain as explained

    here = city_at(city)
    if indicator not in here.indicators:
        from config.problems import did_you_mean

        stop(f"there is no indicator {indicator!r} ({did_you_mean(indicator, here.indicators)})")
    path = Places.of(here.head.id, var).warehouse
    if not path.exists():
        typer.echo(explained(here, indicator))
        return
    with opened(path, here.head.timezone) as store, store.read() as cursor:
        typer.echo(explained(here, indicator, cursor=cursor))


@app.command()
def lineage(
    indicator: str,
    area: Annotated[str | None, typer.Option(help="Code of an area (default: the city).")] = None,
    period: Annotated[str | None, typer.Option(help="One of its periods (default: the first).")] = None,
    start: Annotated[
        str | None, typer.Option(help="A day in the period, such as 2026-05-01 (default: the newest).")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="How many rows or parts to list.")] = 20,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Follow a value back: its definition, what it was computed from, the rows, files and runs."""
    from dashboard.catalogue import origin
    from warehouse.reader import reading
    from warehouse.scope import EVERYONE

    here = city_at(city)
    path = warehouse_of(here, var)
    try:
        with opened(path, here.head.timezone) as store, reading(store, here, EVERYONE) as reader:
            told = origin.follow(here, reader, indicator, area, period, start, rows)
            typer.echo(origin.as_json(told) if as_json else origin.as_text(here, told))
    except origin.UnknownError as error:
        stop(str(error))


@app.command()
def values(
    indicator: str,
    area: Annotated[str | None, typer.Option(help="Code of an area (default: the city).")] = None,
    period: Annotated[str | None, typer.Option(help="One of its periods (default: the first).")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As they stood then, such as 2026-05-01T08:00.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many periods back.")] = 24,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Print an indicator's values, as they stand or as they stood at a moment."""
    from dashboard.cli import values as told
    from warehouse.reader import reading
    from warehouse.scope import EVERYONE

    here = city_at(city)
    path = warehouse_of(here, var)
    try:
        at = told.moment(here, as_of) if as_of else None
        with opened(path, here.head.timezone) as store, reading(store, here, EVERYONE, at) as reader:
            found = told.read_values(here, reader, indicator, area, period, count)
        title = here.indicators[indicator].name.get(here.head.languages[0]) + (f" ({as_of})" if as_of else "")
        print_table(told.as_table(here, found, title))
    except told.UnknownError as error:
        stop(str(error))


@app.command(name="report")
def make_report(
    report: str,
    area: Annotated[str | None, typer.Option(help="Code of an area (default: the report's first).")] = None,
    until: Annotated[str | None, typer.Option(help="The last day that counts (default: yesterday).")] = None,
    form: Annotated[str, typer.Option("--format", help="xlsx or pdf.")] = "pdf",
    lang: Annotated[str | None, typer.Option(help="vi or en.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of the running server.")] = None,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Make a report now. Beside a running server it is the server that makes it."""
    from dashboard.cli import report as cli_report

    here = city_at(city)
    try:
        path = cli_report.made(here, Places.of(here.head.id, var), report, area, until, form, lang, out, url)
    except cli_report.ReportError as error:
        stop(str(error))
    typer.echo(str(path))


@app.command(name="assistant")
def speak_with_assistant(
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    url: Annotated[
        str | None, typer.Option(envvar="IOC_ASSISTANT", help="Address of a running server's /mcp.")
    ] = None,
) -> None:
    """Let a virtual assistant ask by MCP over standard input and output; read-only.

    Beside a running server it is the server that answers.
    """
    import asyncio

    from dashboard.assistant import bridge
    from dashboard.assistant.server import PATH, assistant, desk_here
    from dashboard.running.runtime import DEFAULT_SITE

    here = city_at(city)
    places = Places.of(here.head.id, var)
    if url is not None or served(places):
        asyncio.run(bridge.pass_on(url or DEFAULT_SITE + PATH))
        return
    with desk_here(here, places) as desk:
        asyncio.run(bridge.speak(assistant(desk)))


@app.command()
def notices(
    to: Annotated[str | None, typer.Option(help="A recipient, or recipient@area.")] = None,
    warning: Annotated[int | None, typer.Option(help="Decisions about this warning, with reasons.")] = None,
    show: Annotated[int | None, typer.Option(help="A message as it was sent.")] = None,
    retry: Annotated[int | None, typer.Option(help="Send a message that was given up once more.")] = None,
    test: Annotated[str | None, typer.Option(help="Try the channels of a recipient now.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many messages to list.")] = 50,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """List what people were told, newest first, or say of a warning who was told and who not, and why."""
    from dashboard.running.runtime import utc_now
    from dashboard.warnings import notices as told
    from warehouse.state import State

    here = city_at(city)
    places = Places.of(here.head.id, var)
    places.make()
    state = State.open(places.people)
    try:
        if test is not None:
            failed = False
            for line, error in told.tried(here, test, utc_now()):
                typer.echo(line)
                failed = failed or error
            raise typer.Exit(1 if failed else 0)
        if show is not None:
            typer.echo(told.shown(here, state.outbox, show))
            return
        if retry is not None:
            typer.echo(told.again(state.outbox, retry, utc_now()))
            return
        told.known(here, state.outbox, to, warning)
        if warning is not None:
            table = told.decisions_table(here, state.outbox, state.outbox.notices(warning=warning, office=to))
        else:
            table = told.messages_table(here, state.outbox.messages(count, office=to))
        print_table(table)
    except told.NoticeError as error:
        stop(str(error))
    finally:
        state.close()


cli_catalogue.add_to(app)
cli_quarantine.add_to(cli_feeds.app)
app.add_typer(cli_feeds.app, name="feed")
app.add_typer(cli_rules.app, name="rules")
app.add_typer(cli_quiet.silences, name="silences")
app.add_typer(cli_quiet.maintenance, name="maintenance")


def _serve(
    city: City,
    var: Path,
    inbox: Path | None,
    host: str,
    port: int,
    site: str | None,
    *,
    live: bool,
    build: bool,
) -> None:
    from dashboard.app import fingerprint
    from dashboard.running.runtime import Runtime
    from dashboard.running.serve import demand_port, serve

    demand_port(host, port)
    places = Places.of(city.head.id, var, inbox)
    places.make()
    simulated = simulation.exists(city)
    if build and simulated:
        simulation.build(city, places)
    address = site or f"http://{host}:{port}"
    with Runtime(city, places, build=fingerprint(), site=address) as runtime:
        with bars(console) as progress:
            runtime.cycle(progress=progress)
        with simulation.delivering(city, places) if live and simulated else nullcontext():
            serve(runtime, host, port, lambda address: console.print(f"[bold]{address}[/]  (Ctrl-C ends)"))


def main() -> None:
    """Entry point of the console script ``ioc``."""
    from dashboard.running.serve import PortBusyError
    from warehouse.disk import DiskFullError
    from warehouse.state import StateError
    from warehouse.store import StoreError

    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    try:
        # Without its own handling typer returns the code of typer.Exit and raises the rest.
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except TyperException as error:
        sentence = f"{error.format_message().rstrip('.')}; see ioc --help"
        console.print(f"ioc: {sentence}", style="bold red", highlight=False)
        sys.exit(error.exit_code)
    except (StoreError, DiskFullError, StateError, PortBusyError, UnwritableError, StandinError) as error:
        console.print(f"ioc: {error}", style="bold red", highlight=False, soft_wrap=True)
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
