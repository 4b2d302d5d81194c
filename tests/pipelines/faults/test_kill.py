"""Loads that are killed: nothing is lost, nothing is there twice, and all that is told agrees.

Here 25 loads are killed, for the time it takes; `python -m bench faults` kills a hundred.
"""

from __future__ import annotations

from pathlib import Path

from bench.faults import kill


def test_loads_killed_at_random_moments_leave_the_old_state_or_the_new(tmp_path: Path) -> None:
    found = kill.rounds(tmp_path, 25, seed=5)
    assert [one for one in found if one.wrong] == []
    # They were killed while they worked, not before or afterwards.
    assert sum(not one.finished for one in found) > 15
