"""Progress of long steps drawn on the terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from warehouse.progress import Progress


@contextlib.contextmanager
def bars(console: Console) -> Iterator[Progress]:
    """Progress drawn as one bar per step."""
    columns = (
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console) as drawing:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = drawing.add_task(step, total=total)
            drawing.update(tasks[step], completed=done, total=total)

        yield report
