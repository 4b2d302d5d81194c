"""What a trial of a feed found, for the terminal and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from rich.table import Table

from config.models import Feed
from pipelines.account import RunResult
from pipelines.trial import Trial


def as_data(feed: Feed, file: str, trial: Trial) -> dict[str, Any]:
    """The trial as plain data, ready for JSON; docs/feeds.md says what each key is."""
    reading, told = trial.reading, _told(trial)
    return {
        "feed": feed.id,
        "file": file,
        "status": "failed" if trial.failed else "done",
        "message": told.message,
        "hint": told.hint,
        "parts": [
            {
                "file": run.file,
                "status": run.status,
                "received": run.received,
                "rejected": run.rejected,
                "message": run.message,
                "hint": run.hint,
            }
            for run in trial.runs
        ],
        "format": dict(reading.format) if reading else None,
        "columns": {"bound": dict(reading.bound), "missing": list(reading.missing), "new": list(reading.new)}
        if reading
        else None,
        "received": trial.received,
        "accepted": trial.accepted,
        "rejected": trial.rejected,
        "flagged": trial.flagged,
        "causes": [asdict(cause) for cause in trial.causes],
        "refusals": [asdict(refusal) for refusal in trial.refusals],
        "flags": [asdict(flag) for flag in trial.flags],
        "rows": [dict(zip(trial.columns, map(_plain, row), strict=True)) for row in trial.rows],
    }


def as_tables(feed: Feed, trial: Trial) -> Iterator[Table | str]:
    """What a person wants to know, in the order in which they would ask."""
    reading = trial.reading
    if reading is not None:
        yield _format(reading.format)
        yield from _columns(reading.bound, reading.missing, reading.new, feed)
    for run in trial.failed:
        yield f"{run.file}: {run.message}" + (f" ({run.hint})" if run.hint else "")
    if len(trial.failed) == len(trial.runs):
        return
    flagged = f" ({trial.flagged:,} of them flagged)" if trial.flagged else ""
    yield f"received {trial.received:,} · accepted {trial.accepted:,}{flagged} · rejected {trial.rejected:,}"
    yield from dict.fromkeys(run.message for run in trial.runs if run.status == "done" and run.message)
    if trial.causes:
        yield _causes(trial)
        yield _refusals(trial)
    if trial.flags:
        yield _flags(trial)
    if trial.rows:
        yield _rows(trial)


def _told(trial: Trial) -> RunResult:
    """The part of the file of which there is most to say."""
    return next(iter([*trial.failed, *(run for run in trial.runs if run.message), *trial.runs]))


def _format(format: Any) -> str:
    told = ", ".join(f"{key} {value!r}" for key, value in format.items() if key != "type")
    return f"read as {format['type']}" + (f": {told}" if told else "")


def _columns(bound: Any, missing: Any, new: Any, feed: Feed) -> Iterator[str]:
    yield f"columns: {len(bound)} of {len(feed.columns)} found"
    if missing:
        yield f"  not in the file, read as empty: {', '.join(missing)}"
    if new:
        yield f"  in the file, not in the contract: {', '.join(new)}"


def _causes(trial: Trial) -> Table:
    table = Table(title="Why rows are rejected", title_justify="left")
    table.add_column("rows", justify="right")
    for name in ("column", "reason", "such as"):
        table.add_column(name, overflow="fold")
    for cause in trial.causes:
        table.add_row(f"{cause.rows:,}", cause.column or "", cause.reason, cause.example)
    return table


def _refusals(trial: Trial) -> Table:
    shown = len(trial.refusals)
    of_all = f" (the first {shown} of {trial.rejected:,})" if shown < trial.rejected else ""
    table = Table(title=f"Rejected rows{of_all}", title_justify="left")
    table.add_column("line", justify="right")
    for name in ("column", "cell", "what is wrong", "row as it came"):
        table.add_column(name, overflow="fold")
    for refusal in trial.refusals:
        line, raw = "" if refusal.line is None else str(refusal.line), refusal.raw
        for wrong in refusal.problems:
            table.add_row(line, wrong.column or "", wrong.value or "", wrong.sentence, raw)
            line = raw = ""
        table.add_section()
    return table


def _flags(trial: Trial) -> Table:
    table = Table(title="Accepted all the same", title_justify="left")
    table.add_column("line", justify="right")
    for name in ("column", "cell", "what is wrong", "what is done"):
        table.add_column(name, overflow="fold")
    for flag in trial.flags:
        line = "" if flag.line is None else str(flag.line)
        done = _DONE.get(flag.mode, flag.mode)
        table.add_row(line, flag.column or "", flag.value or "", flag.sentence, done)
    return table


_DONE: Final = {"empty": "emptied", "flag": "kept as it came", "root": "counted for the whole city"}


def _rows(trial: Trial) -> Table:
    table = Table(title="First accepted rows, as they would be stored", title_justify="left")
    for name in trial.columns:
        table.add_column(name, overflow="fold")
    for row in trial.rows:
        table.add_row(*("" if cell is None else str(_plain(cell)) for cell in row))
    return table


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, (dt.date, dt.datetime)) else cell
