"""Published series with known events: `python -m bench.labelled [--data ../shared/data] [--each]`.

Weekly counts with known outbreaks (surveillance) and hourly means of the Numenta Anomaly Benchmark: the
product's count and level tests at p ≤ .01 and .001 beside EARS C1 to C3 and 3 sigma, on the same columns.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.labelled.comparison import DATA, measure
from bench.labelled.scoring import Score, together


def table(title: str, rows: Mapping[str, Score], unit: str) -> Table:
    """One row for each detector or series."""
    made = Table(title=title, title_justify="left")
    for heading in (
        "",
        "events",
        "found",
        f"delay ({unit}s)",
        "false alarms a year",
        "share of quiet periods",
    ):
        made.add_column(heading, justify="left" if not heading else "right")
    for name, found in rows.items():
        share = found.false / found.quiet if found.quiet else float("nan")
        made.add_row(
            name,
            str(found.events),
            str(found.found),
            f"{found.delay:.0f}",
            f"{found.false_a_year:.1f}",
            f"{share:.4f}",
        )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the published files")
    parser.add_argument("--each", action="store_true", help="each series in a table of its own as well")
    asked = parser.parse_args()
    console = Console(width=110)
    for kind, detectors in measure(asked.data).items():
        unit = "week" if kind.startswith("weekly") else "hour"
        console.print(
            table(kind, {name: together(list(each.values())) for name, each in detectors.items()}, unit)
        )
        if asked.each:
            for name, each in detectors.items():
                console.print(table(f"{kind}: {name}", each, unit))


if __name__ == "__main__":
    main()
