"""Rules on the command line: scenarios played, and replays of what a rule would have told."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from config import City
from indicators.rules.backtest import Backtest
from indicators.rules.scenario import Play
from warehouse.state import Episode


class TruthError(Exception):
    """A file of incidents that cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Incident:
    """Something that is known to have happened in an area, first and last day included."""

    area: str
    start: dt.date
    end: dt.date
    name: str


@dataclass(frozen=True)
class Score:
    """A replay held against incidents: which were told, how many days after their start (None: missed), and
    how many warnings belong to none.
    """

    delays: tuple[tuple[Incident, int | None], ...]
    false: int

    @property
    def found(self) -> int:
        """How many incidents were told."""
        return sum(delay is not None for _, delay in self.delays)


def read_incidents(path: Path, city: City) -> list[Incident]:
    """Incidents of a CSV file with the columns area, start, end and name. Raises TruthError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [
                _incident(path, line, row, city) for line, row in enumerate(csv.DictReader(file), start=2)
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise TruthError(f"{path}: cannot be read: {error}") from error


def _incident(path: Path, line: int, row: dict[str, str], city: City) -> Incident:
    try:
        area, start = row["area"].strip(), dt.date.fromisoformat(row["start"].strip())
        end = dt.date.fromisoformat((row.get("end") or row["start"]).strip())
    except KeyError as error:
        raise TruthError(f"{path}:{line}: column {error} is missing (area, start, end, name)") from error
    except ValueError as error:
        raise TruthError(f"{path}:{line}: {error} (write days as 2026-01-31)") from error
    if area not in city.areas:
        raise TruthError(f"{path}:{line}: area {area!r} is unknown")
    return Incident(area, start, end, (row.get("name") or "").strip())


def score(city: City, replay: Backtest, incidents: Sequence[Incident]) -> Score:
    """Hold a replay against incidents: a warning belongs to one that overlaps it, in that area, a part of it
    or one that holds it.
    """
    spans = [_span(city, replay, warning) for warning in replay.warnings]
    used: set[int] = set()
    delays: list[tuple[Incident, int | None]] = []
    for incident in incidents:
        mine = [
            index
            for index, span in enumerate(spans)
            if _related(city, span.area, incident.area)
            and span.since <= incident.end
            and span.until >= incident.start
        ]
        used.update(mine)
        first = min(((spans[index].opened - incident.start).days for index in mine), default=None)
        delays.append((incident, None if first is None else max(0, first)))
    return Score(tuple(delays), len(spans) - len(used))


class _Span(NamedTuple):
    area: str
    since: dt.date
    opened: dt.date
    until: dt.date


def _span(city: City, replay: Backtest, warning: Episode) -> _Span:
    def day(at: dt.datetime) -> dt.date:
        return at.astimezone(city.zone).date()

    until = day(warning.resolved_at) if warning.resolved_at else replay.end
    return _Span(warning.area, day(warning.firing_since), day(warning.opened_at), until)


def _related(city: City, a: str, b: str) -> bool:
    return a in city.areas.path(b).values() or b in city.areas.path(a).values()


def scenarios_table(plays: Sequence[Play]) -> Table:
    """One line for each scenario; of one that went otherwise, what was expected and what came."""
    table = Table("scenario", "", "expected", "came")
    for play in plays:
        as_told = tuple(play.told) == play.expected
        differ = ("", "") if as_told else (_lines(play.expected), _lines(play.told))
        table.add_row(play.name, "[green]as told[/]" if as_told else "[red]otherwise[/]", *differ)
    return table


def _lines(told: Sequence[tuple[int, str, str]]) -> str:
    return "\n".join(f"{number}: {status} ({reason})" for number, status, reason in told) or "nothing"


def replay_table(city: City, replay: Backtest) -> Table:
    """The warnings that a rule would have given."""
    language = city.head.languages[-1]
    title = f"{replay.rule.name.get(language)}: {replay.begin} – {replay.end}"
    table = Table("area", "since", "told", "until", "days", "worst", "limit", title=title)
    for warning in replay.warnings:
        until = warning.resolved_at
        days = ((until or dt.datetime.combine(replay.end, dt.time(), city.zone)) - warning.opened_at).days
        table.add_row(
            city.areas[warning.area].name(language),
            *(
                f"{at.astimezone(city.zone):%Y-%m-%d %H:%M}"
                for at in (warning.firing_since, warning.opened_at)
            ),
            f"{until.astimezone(city.zone):%Y-%m-%d %H:%M}" if until else "stands",
            str(days),
            _number(warning.worst_value),
            _number(warning.limit),
        )
    return table


def summary(replay: Backtest, held: Score | None) -> str:
    """A replay in a few sentences."""
    known = (
        "nothing was ever stored"
        if replay.known_since is None
        else f"{replay.known_since:%Y-%m-%d %H:%M} UTC"
    )
    lines = [
        f"{len(replay.warnings)} warnings in {replay.series} series: {replay.a_week:.2f} a week"
        + (f"; {replay.tests:,} tests" if replay.tests else ""),
        f"Values as known at the time since {known}; before that, as known first.",
    ]
    if held is not None:
        lines.append(
            f"{held.found} of {len(held.delays)} incidents told, {held.false} warnings belong to none"
        )
        lines += [
            f"  {incident.area} {incident.start} {incident.name}: "
            + ("missed" if delay is None else f"told after {delay} days")
            for incident, delay in held.delays
        ]
    return "\n".join(lines)


def replay_data(replay: Backtest) -> dict[str, Any]:
    """A replay for machines."""
    return {
        "rule": replay.rule.id,
        "from": replay.begin.isoformat(),
        "to": replay.end.isoformat(),
        "warnings_a_week": replay.a_week,
        "tests": replay.tests,
        "warnings": [
            {
                "area": warning.area,
                "since": warning.firing_since.isoformat(),
                "opened_at": warning.opened_at.isoformat(),
                "resolved_at": warning.resolved_at.isoformat() if warning.resolved_at else None,
                "resolution": warning.resolution,
                "value": warning.value,
                "worst": warning.worst_value,
                "limit": warning.limit,
                "message": warning.message,
            }
            for warning in replay.warnings
        ],
    }


def _moment(city: City, at: dt.datetime) -> str:
    return f"{at.astimezone(city.zone):%Y-%m-%d %H:%M}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.6g}"
