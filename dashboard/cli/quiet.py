"""``ioc silences`` and ``ioc maintenance``: what is kept quiet, by whom, why and until when."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from config import REFERENCE_CITY, City
from dashboard.cli.common import VAR, CityOption, JsonOption, VarOption, city_at, print_table, stop
from dashboard.running.places import Places

if TYPE_CHECKING:
    from dashboard.warnings.quiet import Span
    from warehouse.state import State
    from warehouse.state.silences import Silences, Windows

Number = Annotated[int, typer.Argument(help="Its number, as list tells it.")]
UntilOption = Annotated[
    str, typer.Option("--until", help="For how long, such as 4h, or until when, such as 2026-11-24T08:00.")
]
StartOption = Annotated[
    str | None, typer.Option("--from", help="When it begins, such as 2026-11-24T08:00 (default: now).")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why: those who come after must be able to tell.")
]
WhoOption = Annotated[str, typer.Option("--who", envvar="IOC_WHO", help="The name of who does this.")]
AreaOption = Annotated[str | None, typer.Option("--area", help="Code of an area, with everything below it.")]

silences: Final = typer.Typer(help="Keep warnings quiet for a while.", no_args_is_help=True)
maintenance: Final = typer.Typer(help="Say when feeds or areas are worked on.", no_args_is_help=True)


@silences.command("add")
def add_silence(
    until: UntilOption,
    reason: ReasonOption,
    who: WhoOption,
    rule: Annotated[str | None, typer.Option(help="A rule.")] = None,
    domain: Annotated[str | None, typer.Option(help="A domain.")] = None,
    area: AreaOption = None,
    begin: StartOption = None,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Stop the notices of a rule, a domain or an area, or of all that are given, until it ends."""
    from dashboard.cli.values import moment
    from dashboard.running.runtime import utc_now
    from dashboard.warnings import quiet

    scope, now = {"rule": rule, "domain": domain, "area": area}, utc_now()
    with _opened(city, var) as (here, state):
        quiet.demand_known(here, scope)
        start = moment(here, begin) if begin else now
        end = quiet.end_of(here, until, start)
        made = state.silences.add(
            **scope, starts_at=start, ends_at=end, reason=reason, who=who, now=now, areas=None
        )
        _tell(here, state, [made], as_json)


@maintenance.command("add")
def add_window(
    until: UntilOption,
    reason: ReasonOption,
    who: WhoOption,
    feed: Annotated[str | None, typer.Option(help="A feed.")] = None,
    area: AreaOption = None,
    begin: StartOption = None,
    as_json: JsonOption = False,
    city: CityOption = REFERENCE_CITY,
    var: VarOption = VAR,
) -> None:
    """Say that a feed, an area, or the feed in the area is worked on; --from may lie in the past."""
    from dashboard.cli.values import moment
    from dashboard.running.runtime import utc_now
    from dashboard.warnings import quiet

    scope, now = {"feed": feed, "area": area}, utc_now()
    with _opened(city, var) as (here, state):
        quiet.demand_known(here, scope)
        start = moment(here, begin) if begin else now
        end = quiet.end_of(here, until, start)
        made = state.maintenance.add(
            **scope, starts_at=start, ends_at=end, reason=reason, who=who, now=now, areas=None
        )
        _tell(here, state, [made], as_json)


def _common(app: typer.Typer, kept_in: Callable[[State], Silences | Windows]) -> None:
    """The commands that both have alike."""

    @app.command("list")
    def list_(
        over: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
        as_json: JsonOption = False,
        city: CityOption = REFERENCE_CITY,
        var: VarOption = VAR,
    ) -> None:
        """Those that run and those that are planned, with how many open warnings each keeps quiet."""
        from dashboard.running.runtime import utc_now

        with _opened(city, var) as (here, state):
            found = kept_in(state).all(until_after=None if over else utc_now())
            _tell(here, state, list(found), as_json, listed=True)

    @app.command("extend")
    def extend(
        number: Number,
        until: UntilOption,
        reason: ReasonOption,
        who: WhoOption,
        as_json: JsonOption = False,
        city: CityOption = REFERENCE_CITY,
        var: VarOption = VAR,
    ) -> None:
        """Let one run on: so much longer (--until 2h), or to another moment."""
        from dashboard.running.runtime import utc_now
        from dashboard.warnings.quiet import end_of

        with _opened(city, var) as (here, state):
            held = kept_in(state)
            end = end_of(here, until, held.find(number, areas=None).ends_at)
            _tell(here, state, [held.extend(number, end, who, reason, utc_now(), areas=None)], as_json)

    @app.command("end")
    def end(
        number: Number,
        reason: ReasonOption,
        who: WhoOption,
        as_json: JsonOption = False,
        city: CityOption = REFERENCE_CITY,
        var: VarOption = VAR,
    ) -> None:
        """End one now, or call it off before it begins."""
        from dashboard.running.runtime import utc_now

        with _opened(city, var) as (here, state):
            _tell(here, state, [kept_in(state).end(number, who, reason, utc_now(), areas=None)], as_json)


_common(silences, lambda state: state.silences)
_common(maintenance, lambda state: state.maintenance)


@contextmanager
def _opened(city: Path, var: Path) -> Iterator[tuple[City, State]]:
    """A city and its people's state; what cannot be done ends the program with a sentence."""
    from dashboard.cli.values import UnknownError
    from warehouse.state import QuietError, State

    here = city_at(city)
    places = Places.of(here.head.id, var)
    places.make()
    state = State.open(places.people)
    try:
        yield here, state
    except (QuietError, UnknownError, ValueError) as error:
        stop(str(error))
    finally:
        state.close()


def _tell(here: City, state: State, spans: list[Span], as_json: bool, listed: bool = False) -> None:
    """Print what stands, or the one that was changed."""
    from dashboard.running.runtime import utc_now
    from dashboard.warnings import quiet

    found = quiet.kept(here, spans, state.warnings(areas=None), utc_now())
    if as_json:
        data = [quiet.as_data(item) for item in found]
        typer.echo(json.dumps(data if listed else data[0], ensure_ascii=False, indent=1))
    elif found:
        print_table(quiet.as_table(here, found))
    else:
        typer.echo("nothing is kept quiet")
