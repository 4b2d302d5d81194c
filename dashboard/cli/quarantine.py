"""``ioc feed quarantine``, ``mend``, ``replay`` and ``dismiss``: rows that a feed's contract refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from config import REFERENCE_CITY, City
from dashboard.cli.common import (
    VAR,
    CityOption,
    JsonOption,
    VarOption,
    city_at,
    print_table,
    stop,
    warehouse_of,
)
from dashboard.running.places import Places, served

if TYPE_CHECKING:
    from config.models import Feed
    from dashboard.feeds.mends import Deed, Mending
    from warehouse.quarantine import State

FeedArgument = Annotated[str, typer.Argument(help="Id of a feed.")]
ReasonOption = Annotated[str | None, typer.Option(help="Only this reason, such as type or check:order.")]
ColumnOption = Annotated[str | None, typer.Option(help="Only this column.")]
FileOption = Annotated[str | None, typer.Option("--file", help="Only this file, as listed.")]
RunOption = Annotated[int | None, typer.Option(help="Only what this run refused.")]
IdsOption = Annotated[list[int] | None, typer.Option("--id", help="Only this row (may be repeated).")]
LimitOption = Annotated[int, typer.Option(min=1, help="How many rows to list.")]
WhoOption = Annotated[str, typer.Option("--who", envvar="IOC_WHO", help="The name of who does this.")]
LanguageOption = Annotated[str | None, typer.Option(help="vi or en (default: the city's first).")]


class Listing(TyperGroup):
    """A group whose first word may be a feed: then its rows are listed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named, or ``list`` with all words as its own."""
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["list", *args])


quarantine = typer.Typer(
    cls=Listing, help="Rows that a feed's contract refused: list them, export them.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Make these commands part of ``ioc feed``."""
    app.add_typer(quarantine, name="quarantine")
    app.command("mend")(mend)
    app.command("replay")(replay)
    app.command("dismiss")(dismiss)


@quarantine.command("list")
def list_rows(
    feed: FeedArgument,
    reason: ReasonOption = None,
    column: ColumnOption = None,
    file: FileOption = None,
    run: RunOption = None,
    state: Annotated[str, typer.Option(help="waiting, mended, dismissed or all.")] = "waiting",
    limit: LimitOption = 50,
    language: LanguageOption = None,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """List refused rows: where they stand, why they were refused, and what became of them."""
    from dashboard.feeds import refused
    from warehouse.quarantine import Asked

    if state not in ("waiting", "mended", "dismissed", "all"):
        stop(f"there is no state {state!r}: waiting, mended, dismissed or all")
    wanted: Any = None if state == "all" else state
    with _opened(city, var, feed) as (mending, found):
        asked = Asked(feed, wanted, reason, column, file, run)
        rows, count = mending.rows(asked, limit), len(mending.ids(asked))
        spoken = language or mending.city.head.languages[0]
        if as_json:
            typer.echo(json.dumps(refused.as_data(found, rows, spoken), ensure_ascii=False, indent=1))
        else:
            print_table(refused.as_table(found, rows, count, spoken))


@quarantine.command("export")
def export(
    feed: FeedArgument,
    out: Annotated[Path, typer.Argument(help="The sheet to write: .csv or .xlsx.")],
    reason: ReasonOption = None,
    column: ColumnOption = None,
    file: FileOption = None,
    run: RunOption = None,
    language: LanguageOption = None,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Write the rows that wait as a sheet for the agency to mend; ``ioc feed mend`` takes it back."""
    from pipelines import exchange
    from warehouse.quarantine import Asked

    kind: Any = out.suffix.lower().removeprefix(".")
    if kind not in ("csv", "xlsx"):
        stop(f"{out} must end in .csv or .xlsx")
    with _opened(city, var, feed) as (mending, found):
        rows = mending.rows(Asked(feed, "waiting", reason, column, file, run))
        out.write_bytes(exchange.write(found, rows, language or mending.city.head.languages[0], kind))
    typer.echo(f"{len(rows)} rows → {out}")


def mend(
    feed: FeedArgument,
    file: Annotated[Path, typer.Argument(help="An exported sheet with mended cells.")],
    who: WhoOption,
    note: Annotated[str, typer.Option(help="What was mended, for those who come after.")] = "",
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Take a mended sheet back: rows that the contract accepts now are received, the others wait on."""
    from pipelines import exchange
    from pipelines.errors import SourceError

    try:
        cells = {str(id_): own for id_, own in exchange.read(file).items()}
    except SourceError as error:
        stop(str(error))
    _do(city, var, feed, {"act": "mend", "cells": cells, "note": note or file.name}, who, as_json)


def replay(
    feed: FeedArgument,
    who: WhoOption,
    reason: ReasonOption = None,
    column: ColumnOption = None,
    file: FileOption = None,
    run: RunOption = None,
    ids: IdsOption = None,
    note: Annotated[str, typer.Option(help="Why, such as what changed in the contract.")] = "",
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Try the rows that wait once more as they are, by today's contract."""
    asked = _asked(feed, "waiting", reason, column, file, run, ids)
    _do(city, var, feed, {"act": "replay", "asked": asked, "note": note}, who, as_json)


def dismiss(
    feed: FeedArgument,
    who: WhoOption,
    note: Annotated[str, typer.Option(help="Why they will never be received.")] = "",
    reason: ReasonOption = None,
    column: ColumnOption = None,
    file: FileOption = None,
    run: RunOption = None,
    ids: IdsOption = None,
    undo: Annotated[bool, typer.Option("--undo", help="Let dismissed rows wait again.")] = False,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Say of rows that they will never be received, and why; they stay in the account as rejected."""
    if not undo and not note.strip():
        stop("say why the rows are dismissed (--note): those who come after must be able to tell")
    asked = _asked(feed, "dismissed" if undo else "waiting", reason, column, file, run, ids)
    deed = {"act": "take_back" if undo else "dismiss", "asked": asked, "note": note}
    _do(city, var, feed, deed, who, as_json)


def _asked(
    feed: str,
    state: State,
    reason: str | None,
    column: str | None,
    file: str | None,
    run: int | None,
    ids: list[int] | None,
) -> dict[str, Any]:
    from warehouse.quarantine import Asked

    return asdict(Asked(feed, state, reason, column, file, run, ids or ()))


def _do(city: Path, var: Path, feed: str, deed: Deed, who: str, as_json: bool) -> None:
    """Have the server that runs do it, or do it here; then say what came of it."""
    from dashboard.cli.feed_work import followed
    from dashboard.feeds.words import outcome
    from dashboard.running.runtime import utc_now
    from warehouse.state import RequestError, RequestState, State

    here = _known(city, feed)
    places = Places.of(here.head.id, var)
    if not served(places):
        with _opened(city, var, feed, live=True) as (mending, found):
            _tell(mending.carry_out(found, deed, who), as_json)
        return
    state = State.open(places.people)
    try:
        asked = state.feed_requests.ask(feed, "mend", who, utc_now(), told=deed)
        over = followed(here, places, state, asked)
    except (RequestError, ValueError) as error:
        stop(str(error))
    finally:
        state.close()
    if over.state is RequestState.FAILED:
        stop(outcome(over, "en", here.zone))
    _tell(over.told or {}, as_json)


def _known(city: Path, feed: str) -> City:
    """The city, or the end of the program where it has no such feed."""
    from config.problems import did_you_mean

    here = city_at(city)
    if feed not in here.feeds:
        stop(f"there is no feed {feed!r} ({did_you_mean(feed, here.feeds)})")
    return here


@contextmanager
def _opened(city: Path, var: Path, feed: str, *, live: bool = False) -> Iterator[tuple[Mending, Feed]]:
    """The quarantine of a feed; with ``live`` what is received is computed as well.

    What cannot be done ends the program with a sentence.
    """
    from dashboard.feeds.mends import Mending
    from dashboard.running.runtime import Runtime, utc_now
    from pipelines.errors import SourceError
    from pipelines.mend import Mender
    from warehouse.state import State
    from warehouse.store import Store, StoreError

    here = _known(city, feed)
    warehouse_of(here, var)
    places = Places.of(here.head.id, var)
    try:
        if live:
            with Runtime(here, places) as runtime:
                yield runtime.mending, here.feeds[feed]
            return
        store = Store.open(places.warehouse, here.head.timezone, folders=[places.landing])
        try:
            state = State.open(places.people)
            try:
                mender = Mender(here, store, places.landing)
                yield Mending(here, store, state, mender, utc_now, lambda: None), here.feeds[feed]
            finally:
                state.close()
        finally:
            store.close()
    except StoreError as error:
        if "in use" not in str(error):
            raise
        stop(
            f"{places.warehouse} belongs to a running server: browse and download on its page "
            f"/{here.head.languages[0]}/quarantine/{feed}, or stop it first"
        )
    except (SourceError, ValueError) as error:
        stop(str(error))


def _tell(told: Deed, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({name: value for name, value in told.items() if name != "word"}))
        return
    if told["word"] != "mended":
        typer.echo(f"{told['rows']} rows {'wait again' if told['word'] == 'take_back' else 'dismissed'}")
        return
    typer.echo(f"{told['mended']} rows mended" + (f" by run {told['run']}" if told["run"] else ""))
    if told["refused"]:
        typer.echo(f"{told['refused']} refused again: ioc feed quarantine tells why")
    if told["gone"]:
        typer.echo(f"{told['gone']} do not wait any more, or never did")
