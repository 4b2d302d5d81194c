"""What faults must not cost: loads killed at a hundred random moments, and what was lost or doubled."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.common.report import Figure
from bench.faults import kill

ROUNDS = 100


def measure(_: Path) -> list[Figure]:
    """Kill a hundred loads. The same seed kills at the same parts of the load."""
    with tempfile.TemporaryDirectory() as work:
        found = kill.rounds(Path(work), ROUNDS, seed=2026)
    amid = sum(one.settled > 0 and not one.finished for one in found)
    wrong = [one for one in found if one.wrong]
    for one in wrong:
        print(f"killed after {one.after:.3f} s: {'; '.join(one.wrong)}")
    how = f"kill -9 at {ROUNDS} random moments of a load of five files, every third twice"
    return [
        Figure("killed_loads", len(found), "loads", how),
        Figure("killed_between_commits", amid, "loads", "had settled some of their files, not all"),
        Figure(
            "killed_loads_wrong", len(wrong), "loads", "facts, ledger, quarantine or landing do not agree"
        ),
    ]
