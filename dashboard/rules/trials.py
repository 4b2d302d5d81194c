"""Rules tried before they are trusted: scenarios played, replays held against what really happened."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from config import City
from config.problems import did_you_mean
from indicators.rules.backtest import Backtest, backtest
from indicators.rules.scenario import Play
from warehouse.state import Areas, Episode, Findings, Held, Outcome, State, WouldTell
from warehouse.store import Store

_FIELDS = ("area", "start", "end", "name")


class TruthError(Exception):
    """A list of incidents that cannot be used; the message says where and why. ``line`` counts from 1."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Incident:
    """Something that is known to have happened in an area, first and last day included.

    ``warning`` is the number of the one by which people marked it, where they did.
    """

    area: str
    start: dt.date
    end: dt.date
    name: str
    warning: int | None = None


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
            return _incidents(str(path), csv.DictReader(file), city)
    except (OSError, UnicodeDecodeError) as error:
        raise TruthError(f"{path}:1: cannot be read: {error}") from error


def incidents_in(text: str, city: City) -> list[Incident]:
    """The same, written by a person: a line each of area, start, end and name, with or without a head.

    Raises TruthError.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    headed = lines[0].split(",")[0].strip().lower() == _FIELDS[0]
    return _incidents("incidents", csv.DictReader(lines, None if headed else _FIELDS), city)


def _incidents(source: str, rows: csv.DictReader[str], city: City) -> list[Incident]:
    return [_incident(source, rows.line_num, row, city) for row in rows]


def _incident(source: str, line: int, row: dict[str, str | None], city: City) -> Incident:
    where = f"{source}:{line}"
    try:
        area, start = (row["area"] or "").strip(), dt.date.fromisoformat((row["start"] or "").strip())
        end = dt.date.fromisoformat((row.get("end") or row["start"] or "").strip())
    except KeyError as error:
        raise TruthError(f"{where}: column {error} is missing (area, start, end, name)", line) from error
    except ValueError as error:
        raise TruthError(f"{where}: {error} (write days as 2026-01-31)", line) from error
    if area not in city.areas:
        hint = did_you_mean(area, [each.code for each in city.areas.all()])
        raise TruthError(f"{where}: area {area!r} is unknown ({hint})", line)
    if end < start:
        raise TruthError(f"{where}: it ends before it begins", line)
    return Incident(area, start, end, (row.get("name") or "").strip())


def marked_incidents(
    city: City, state: State, rule: str, first: dt.date, until: dt.date, areas: Areas
) -> list[Incident]:
    """What people found to have really happened within [first, until): warnings over the rule's indicator
    that they closed as rightly given, those of one area and overlapping days once.
    """
    indicator = city.rules[rule].indicator
    like = {other.id for other in city.rules.values() if other.indicator == indicator}
    found: list[Incident] = []
    for warning in state.warnings(areas=areas, open_only=False):
        if warning.rule not in like or warning.outcome is not Outcome.TRUE or warning.area not in city.areas:
            continue
        over = warning.ended_at or warning.closed_at or warning.firing_since
        start, end = (at.astimezone(city.zone).date() for at in (warning.firing_since, over))
        if start < until and end >= first:
            found.append(Incident(warning.area, start, max(start, end), f"#{warning.id}", warning.id))
    return _once(found)


def _once(incidents: Iterable[Incident]) -> list[Incident]:
    """Without those that lie within days of the same area that are marked already."""
    kept: list[Incident] = []
    for one in sorted(incidents, key=lambda i: (i.area, i.start, i.warning or 0)):
        last = kept[-1] if kept else None
        if last is not None and last.area == one.area and one.start <= last.end:
            kept[-1] = Incident(last.area, last.start, max(last.end, one.end), last.name, last.warning)
        else:
            kept.append(one)
    return kept


@dataclass(frozen=True)
class Trial:
    """A backtest that is asked for: the days [first, until) of a rule, and what is known to have happened
    besides what people marked.
    """

    rule: str
    first: dt.date
    until: dt.date
    incidents: Sequence[Incident] = ()


def replayed(
    city: City, store: Store, state: State, trial: Trial, now: dt.datetime, areas: Areas
) -> tuple[Backtest, Score | None]:
    """Make it, and hold it against all that is known to have happened (None: nothing is).

    Raises ValueError as `indicators.rules.backtest.backtest` does.
    """
    rule = city.rules[trial.rule]
    replay = backtest(city, store, rule, trial.first, trial.until, now, state.new_levels.standing())
    known = [
        *trial.incidents,
        *marked_incidents(city, state, trial.rule, trial.first, trial.until, areas),
    ]
    return replay, score(city, replay, known) if known else None


def findings(replay: Backtest, held: Score | None) -> Findings:
    """A replay as it is kept."""
    return Findings(
        replay.series,
        replay.tests,
        replay.known_since,
        tuple(
            WouldTell(
                one.area, one.severity, one.firing_since, one.opened_at, one.resolved_at, one.value,
                one.worst_value, one.limit,
            )
            for one in replay.warnings
        ),
        tuple(
            Held(one.area, one.start, one.end, one.name, delay, one.warning)
            for one, delay in (held.delays if held is not None else ())
        ),
        held.false if held is not None else None,
    )  # fmt: skip


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


def replay_data(replay: Backtest, held: Score | None) -> dict[str, Any]:
    """A replay for machines. ``truth``: of each incident after how many days it was told (None: missed), and
    how many warnings belong to none; None where no incident is known.
    """
    incidents = held and [
        {
            "area": incident.area,
            "start": incident.start.isoformat(),
            "end": incident.end.isoformat(),
            "name": incident.name,
            "days": delay,
        }
        for incident, delay in held.delays
    ]
    return {
        "rule": replay.rule.id,
        "from": replay.begin.isoformat(),
        "to": replay.end.isoformat(),
        "warnings_a_week": replay.a_week,
        "tests": replay.tests,
        "truth": held and {"incidents": incidents, "false": held.false},
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
