"""Which files are still to be written: the time that no file covers yet, cut into the sizes of a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.periods import MONTHS
from standin.models import Source, Step
from standin.timeline import DAY, HOUR, month_of, month_start, stamp, unstamp


@dataclass(frozen=True, slots=True)
class Span:
    """Local seconds ``start`` ≤ t < ``end`` that go into one file."""

    start: int
    end: int
    format: str


def file_name(prefix: str, span: Span) -> str:
    """``hotline_20261122T000000_20261123T000000.csv``: the name says what the file covers."""
    return f"{prefix}_{stamp(span.start)}_{stamp(span.end)}.{span.format}"


def covered(folder: Path, prefix: str) -> list[tuple[int, int]]:
    """Spans that the files in ``folder`` cover, in order."""
    parts = (path.stem.removeprefix(f"{prefix}_").split("_") for path in folder.glob(f"{prefix}_*"))
    return sorted((unstamp(p[0]), unstamp(p[1])) for p in parts)


def gaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of ``start`` ≤ t < ``end`` the ordered ``spans`` leave out."""
    for begin, finish in spans:
        if begin > start:
            yield start, min(begin, end)
        start = max(start, finish)
    if start < end:
        yield start, end


def spans(source: Source, start: int, end: int, now: int, *, live: bool) -> Iterator[Span]:
    """Cut a gap into files: the largest period that is over and old enough, then the rest."""
    while start < end:
        found = next((s for s in (_whole(step, start, end, now) for step in source.steps) if s), None)
        if found is None:
            found = _rest(source, start, min(end, now), live=live)
        if found is None:
            return
        yield found
        start = found.end


def _whole(step: Step, start: int, end: int, now: int) -> Span | None:
    """The period of ``step`` from ``start`` on. Only the smallest ones may begin in mid-period."""
    begin, finish = _period(step.every, start)
    ripe = finish <= end and finish + step.older_than.total_seconds() <= now
    whole = begin == start or step.older_than.total_seconds() == 0
    return Span(start, finish, step.format) if ripe and whole else None


def _rest(source: Source, start: int, end: int, *, live: bool) -> Span | None:
    if live and source.live_every is not None:
        every = int(source.live_every.total_seconds())
        end = end // every * every
    elif not source.rest:
        return None
    return Span(start, end, source.steps[-1].format) if start < end else None


def _period(every: str, second: int) -> tuple[int, int]:
    day = second // DAY
    if every in MONTHS:
        step = MONTHS[every]
        month = month_of(day) // step * step
        return month_start(month) * DAY, month_start(month + step) * DAY
    if every == "week":
        monday = day - (day + 3) % 7
        return monday * DAY, (monday + 7) * DAY
    size = DAY if every == "day" else HOUR
    return second // size * size, (second // size + 1) * size
