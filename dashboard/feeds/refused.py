"""Refused rows in words, for the terminal and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from config.models import Feed
from pipelines.exchange import sentences
from pipelines.sentences import sentence_of
from warehouse.quarantine import Refused


def as_table(feed: Feed, rows: Sequence[Refused], count: int, language: str) -> Table:
    """One line for each row; ``count`` is how many there are in all."""
    title = f"{feed.id}: {count:,} rows" + (f", the first {len(rows)}" if len(rows) < count else "")
    table = Table(title=title, title_justify="left")
    for name in ("id", "file", "line", "state", "why", "row"):
        table.add_column(name, justify="right" if name in ("id", "line") else "left", overflow="fold")
    for row in rows:
        why = "\n".join(sentences(feed, row, language))
        line = "" if row.line is None else str(row.line)
        # Texts of other people's files: never markup.
        table.add_row(*map(Text, (str(row.id), row.file, line, row.state, why, row.text[:300])))
    return table


def as_data(feed: Feed, rows: Sequence[Refused], language: str) -> list[dict[str, Any]]:
    """The rows for machines."""
    return [
        {
            "id": row.id,
            "run": row.run,
            "file": row.file,
            "line": row.line,
            "state": row.state,
            "mended_by": row.mended_by,
            "problems": [
                {
                    "column": problem.get("column"),
                    "reason": problem.get("reason"),
                    "value": problem.get("value"),
                    "sentence": sentence_of(feed, problem, language),
                }
                for problem in (
                    row.problems or [{"column": row.column, "reason": row.reason, "detail": row.detail}]
                )
            ],
            "raw": row.raw,
            "edited": row.edited,
        }
        for row in rows
    ]
