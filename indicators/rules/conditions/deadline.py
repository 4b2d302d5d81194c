"""How many rows are still open and due soon."""

from __future__ import annotations

import numpy as np

from config.models import Deadline
from indicators.rules.conditions.verdict import Floats, Verdict


def judge(condition: Deadline, rows: Floats) -> Verdict:
    """``rows`` are numbers of rows."""
    breach = rows > condition.above
    return Verdict(breach, ~breach, rows, np.full(rows.shape, condition.above))
