"""What a trial of a feed found, for the terminal and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from config.models import Feed
from pipelines.trial import Trial


def as_data(feed: Feed, file: str, trial: Trial) -> dict[str, Any]:
    """The trial as plain data, ready for JSON; docs/feeds.md says what each key is."""
    run, reading = trial.run, trial.reading
    return {
        "feed": feed.id,
        "file": file,
        "status": run.status,
        "message": run.message,
        "hint": run.hint,
        "format": dict(reading.format) if reading else None,
        "columns": {"bound": dict(reading.bound), "missing": list(reading.missing), "new": list(reading.new)}
        if reading
        else None,
        "received": run.received,
        "accepted": trial.accepted,
        "rejected": run.rejected,
        "causes": [asdict(cause) for cause in trial.causes],
        "refusals": [asdict(refusal) for refusal in trial.refusals],
        "rows": [dict(zip(trial.columns, map(_plain, row), strict=True)) for row in trial.rows],
    }


def as_tables(feed: Feed, file: str, trial: Trial) -> Iterator[Table | str]:
    """What a person wants to know, in the order in which they would ask."""
    run, reading = trial.run, trial.reading
    if reading is not None:
        yield _format(reading.format)
        yield from _columns(reading.bound, reading.missing, reading.new, feed)
    if not trial.readable:
        yield f"{file}: {run.message}" + (f" ({run.hint})" if run.hint else "")
        return
    yield f"received {run.received:,} · accepted {trial.accepted:,} · rejected {run.rejected:,}"
    if run.message:
        yield run.message
    if trial.causes:
        yield _causes(trial)
        yield _refusals(trial)
    if trial.rows:
        yield _rows(trial)


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
    of_all = f" (the first {shown} of {trial.run.rejected:,})" if shown < trial.run.rejected else ""
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


def _rows(trial: Trial) -> Table:
    table = Table(title="First accepted rows, as they would be stored", title_justify="left")
    for name in trial.columns:
        table.add_column(name, overflow="fold")
    for row in trial.rows:
        table.add_row(*("" if cell is None else str(_plain(cell)) for cell in row))
    return table


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, (dt.date, dt.datetime)) else cell
