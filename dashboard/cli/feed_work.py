"""``ioc feed run``, ``backfill``, ``reload`` and ``requests``: what people ask of feeds, and how far it is.

Beside a running server the server carries it out; else this process does, as soon as the warehouse is free.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table

from config import REFERENCE_CITY, City
from dashboard.cli.common import VAR, CityOption, JsonOption, VarOption, city_at, console, print_table, stop
from dashboard.running.places import Places, served

if TYPE_CHECKING:
    from warehouse.state import FeedRequest, RequestKind, State

FeedArgument = Annotated[str, typer.Argument(help="A feed.")]
WhoOption = Annotated[str, typer.Option("--who", envvar="IOC_WHO", help="The name of who asks.")]
InboxOption = Annotated[
    Path | None,
    typer.Option("--inbox", envvar="IOC_INBOX", help="Where departments drop files (default: in var)."),
]
_LOOK: Final = 0.2
"""Seconds between two looks at how far a request is."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``ioc feed``."""
    app.command("run")(run)
    app.command("backfill")(backfill)
    app.command("reload")(reload)
    app.command("requests")(requests)


def run(
    feed: FeedArgument,
    who: WhoOption,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
) -> None:
    """Fetch what is new of FEED, load it, compute and judge, now; works beside a running server."""
    _do("run", feed, who, as_json, city, var, inbox)


def backfill(
    feed: FeedArgument,
    first: Annotated[str, typer.Option("--from", help="The first day, such as 2026-01-01.")],
    last: Annotated[str, typer.Option("--to", help="The last day.")],
    who: WhoOption,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
) -> None:
    """Fetch past days of FEED anew, or read the files of these days again where it is delivered as files.

    It goes day by day, or month by month where there are many, and goes on where it was when it was ended.
    """
    try:
        days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    except ValueError as error:
        stop(f"{error}; write days such as 2026-01-31")
    _do("backfill", feed, who, as_json, city, var, inbox, days)


def reload(
    feed: FeedArgument,
    who: WhoOption,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
    inbox: InboxOption = None,
) -> None:
    """Load everything that was ever landed of FEED again, by today's contract, in place of its facts."""
    _do("reload", feed, who, as_json, city, var, inbox)


def requests(
    feed: Annotated[str | None, typer.Argument(help="Only of this feed.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many to list.")] = 20,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """What was asked of feeds: by whom, when, how far it is and what came of it."""
    from dashboard.feeds.words import as_data, outcome
    from warehouse.state import State

    here = city_at(city)
    places = Places.of(here.head.id, var)
    places.make()
    state = State.open(places.people)
    try:
        found = state.feed_requests.all(feed, count)
    finally:
        state.close()
    if as_json:
        typer.echo(json.dumps([as_data(one) for one in found], ensure_ascii=False, indent=1))
        return
    table = Table(title=f"{len(found)} requests", title_justify="left")
    for column in ("number", "feed", "kind", "days", "asked", "by", "state", "what came of it"):
        table.add_column(column, overflow="fold")
    for one in found:
        days = f"{one.first} – {one.last}" if one.first else ""
        at = f"{one.asked_at.astimezone(here.zone):%Y-%m-%d %H:%M}"
        table.add_row(
            *(str(one.id), one.feed, one.kind, days, at, one.asked_by, one.state.value),
            outcome(one, "en", here.zone),
        )
    print_table(table)


def ask_all(here: City, places: Places, who: str) -> None:
    """Have the server that runs look at every feed, and follow it to the end."""
    from dashboard.running.runtime import utc_now
    from warehouse.state import RequestError, State

    state = State.open(places.people)
    try:
        asked: list[FeedRequest] = []
        for feed in here.feeds:
            try:
                asked.append(state.feed_requests.ask(feed, "run", who, utc_now()))
            except RequestError as error:
                console.print(str(error), highlight=False)
        over = [followed(here, places, state, one) for one in asked]
    finally:
        state.close()
    _tell(here, over, as_json=False)


def _do(
    kind: RequestKind,
    feed: str,
    who: str,
    as_json: bool,
    city: Path,
    var: Path,
    inbox: Path | None,
    days: tuple[dt.date, dt.date] | None = None,
) -> None:
    from config.problems import did_you_mean
    from dashboard.feeds.work import backfills
    from dashboard.running.runtime import utc_now
    from warehouse.state import RequestError, State

    here = city_at(city)
    if feed not in here.feeds:
        stop(f"there is no feed {feed!r} ({did_you_mean(feed, here.feeds)})")
    if kind == "backfill" and not backfills(here.feeds[feed]):
        stop(f"the source of {feed} cannot be asked for past days")
    places = Places.of(here.head.id, var, inbox)
    places.make()
    state = State.open(places.people)
    try:
        asked = state.feed_requests.ask(feed, kind, who, utc_now(), *(days or ()))
        over = followed(here, places, state, asked)
    except (RequestError, ValueError) as error:
        stop(str(error))
    finally:
        state.close()
    _tell(here, [over], as_json)


def _tell(here: City, over: Sequence[FeedRequest], as_json: bool) -> None:
    from dashboard.feeds.words import as_data, outcome
    from warehouse.state import RequestState

    for one in over:
        failed = one.state is RequestState.FAILED
        if as_json:
            typer.echo(json.dumps(as_data(one), ensure_ascii=False, indent=1))
        else:
            sentence = f"{one.feed}: {outcome(one, 'en', here.zone)}"
            console.print(sentence, style="bold red" if failed else "", highlight=False, soft_wrap=True)
    if any(one.state is RequestState.FAILED for one in over):
        raise typer.Exit(1)


def followed(here: City, places: Places, state: State, request: FeedRequest) -> FeedRequest:
    """The request once it is over. What nobody else will carry out is carried out here."""
    from dashboard.running.runtime import utc_now
    from warehouse.state import RequestState
    from warehouse.store import StoreBusyError

    with _Bars() as bars:
        while not request.over:
            bars.show(request)
            due = request.state is RequestState.WAITING and request.due_at <= utc_now()
            alone = request.state is RequestState.RUNNING
            if (due or alone) and not served(places):
                try:
                    _carry_out(here, places, state, request.id, bars)
                except StoreBusyError:
                    time.sleep(_LOOK)  # a load or a report has the warehouse; it will end
            else:
                time.sleep(_LOOK)
            request = state.feed_requests.find(request.id)
        bars.show(request)
    return request


def _carry_out(here: City, places: Places, state: State, number: int, bars: _Bars) -> None:
    from dashboard.running.runtime import Runtime

    with Runtime(here, places) as runtime, ThreadPoolExecutor(1) as pool:
        done = pool.submit(runtime.work.once, number)
        while not done.done():
            bars.show(state.feed_requests.find(number))
            time.sleep(_LOOK)
        done.result()
        runtime.courier.once()


class _Bars:
    """The steps of a request on the terminal, one bar each."""

    def __init__(self) -> None:
        self._drawing = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._drawing.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._drawing.stop()

    def show(self, request: FeedRequest) -> None:
        """How far it is."""
        from dashboard.feeds.words import step

        name = f"{request.feed}: {step(request, 'en')}"
        if name not in self._tasks:
            for task in self._tasks.values():
                self._drawing.update(task, completed=self._drawing.tasks[task].total)
            self._tasks[name] = self._drawing.add_task(name, total=request.total or None)
        self._drawing.update(self._tasks[name], completed=request.done, total=request.total or None)
