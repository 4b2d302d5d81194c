"""What a load did, feed by feed, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from rich.table import Table

from pipelines.load import RunResult

_ALWAYS: Final = ("received", "inserted", "updated", "unchanged", "rejected", "mended")
_SOMETIMES: Final = ("removed", "late")
"""What only some feeds have: facts that a snapshot lacks, rows that came late."""


def as_table(runs: Sequence[RunResult]) -> Table:
    """One line for each feed that had news: files and where their rows went; then every failure in words."""
    table = Table(title="Loaded" if runs else "Nothing new", title_justify="left")
    counts = [*_ALWAYS, *(name for name in _SOMETIMES if any(getattr(run, name) for run in runs))]
    for column in ("feed", "files", *counts):
        table.add_column(column, justify="left" if column == "feed" else "right")
    for feed, group in groupby(sorted(runs, key=lambda run: run.feed), key=lambda run: run.feed):
        of_feed = list(group)
        sums = [sum(getattr(run, name) for run in of_feed) for name in counts]
        table.add_row(feed, f"{len(of_feed):,}", *(f"{number:,}" for number in sums))
    return table


def failures(runs: Sequence[RunResult]) -> list[str]:
    """One sentence for each file that could not be loaded."""
    return [
        f"{run.file}: {run.message}" + (f" ({run.hint})" if run.hint else "")
        for run in runs
        if run.status == "failed"
    ]
