"""Judge any weekly counts by the product's own condition.

python -m bench.outbreaks --counts counts.csv --out alarms.csv

counts.csv has series_id, week (running whole numbers), count; alarms.csv gets series_id, week, alarm (0 or 1)
and pvalue for every week that was judged. Each week is judged by the weeks before it alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from indicators.rules.statistics.counts import count_tests
from indicators.rules.statistics.design import of_weeks

LEVEL = 0.01


def alarms(counts: pd.DataFrame, level: float = LEVEL, first_week: int | None = None) -> pd.DataFrame:
    """Rows of series_id, week, alarm, pvalue.

    Weeks before ``first_week`` or with too little before them are absent. A week without a row is one without
    a count: it is neither judged nor fitted by.
    """
    weeks = np.arange(counts["week"].min(), counts["week"].max() + 1)
    table = counts.pivot(index="series_id", columns="week", values="count").reindex(columns=weeks)
    first = 0 if first_week is None else max(0, int(first_week - weeks[0]))
    design = of_weeks(len(weeks))
    p = count_tests(table.to_numpy(dtype=float), design, first, level=level, limits=False).p
    series, column = np.nonzero(np.isfinite(p))
    found = p[series, column]
    return pd.DataFrame(
        {
            "series_id": table.index.to_numpy()[series],
            "week": weeks[first + column],
            "alarm": (found <= level).astype(int),
            "pvalue": found,
        }
    )


def main(words: list[str]) -> int:
    """Read, judge, write; says how long a test took."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.outbreaks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--counts", type=Path, required=True, help="CSV of series_id, week, count")
    parser.add_argument("--out", type=Path, required=True, help="CSV to write")
    parser.add_argument("--level", type=float, default=LEVEL, help="p at or below which a week is an alarm")
    parser.add_argument("--first-week", type=int, help="the first week to judge (else all that can be)")
    chosen = parser.parse_args(words)
    counts = pd.read_csv(chosen.counts)
    begun = time.process_time()
    judged = alarms(counts, chosen.level, chosen.first_week)
    took = 1000 * (time.process_time() - begun) / max(len(judged), 1)
    judged.to_csv(chosen.out, index=False)
    print(f"{len(judged):,} tests, {judged['alarm'].sum():,} alarms, {took:.3f} ms of CPU a test")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
