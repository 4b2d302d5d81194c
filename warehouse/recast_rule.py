"""How an indicator's values follow from their parts when boundaries move.

The engine knows it from the definitions and keeps it in table ``recast_rule``; whoever reads on other
boundaries than those of the time goes by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from warehouse.store import Cursor

How = Literal["sum", "stock", "ratio", "least", "greatest", "whole", "never", "formula"]
Reason = Literal["", "quantile", "distinct", "mixed", "published", "place", "unknown"]
"""Why values cannot be put together; empty where they can."""
Tree = Mapping[str, Any]
"""A formula's series as plain data: ``op`` and what belongs to it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How the values of units become that of one made of them.

    ``sum``: they add up, shares of them for parts of units. ``stock``: likewise, as it lay at the period's
    end. ``ratio``: ``scale`` × Σ numerator / Σ denominator. ``least``, ``greatest``: of whole units.
    ``whole``: a unit keeps its value where nothing was joined or parted. ``never``: the value holds only
    among the units of its time. ``formula``: ``scale`` × ``tree`` over inputs that are recast themselves.
    ``reason`` names in one word why a value cannot be recast.
    """

    how: How
    scale: float = 1.0
    reason: Reason = ""
    tree: Tree | None = None

    @property
    def recasts(self) -> bool:
        """Whether parts of units give a value."""
        return self.how not in ("whole", "never")


def keep_rules(cursor: Cursor, rules: Mapping[str, Rule]) -> None:
    """Make table ``recast_rule`` hold these rules."""
    wanted = {indicator: json.dumps(asdict(rule), sort_keys=True) for indicator, rule in rules.items()}
    held = dict(cursor.execute("SELECT indicator, rule FROM recast_rule").fetchall())
    if held == wanted:
        return
    cursor.execute("DELETE FROM recast_rule")
    if wanted:
        cursor.executemany("INSERT INTO recast_rule VALUES (?, ?)", list(wanted.items()))


def read_rules(cursor: Cursor) -> dict[str, Rule]:
    """The rules in table ``recast_rule`` by indicator."""
    rows = cursor.execute("SELECT indicator, rule FROM recast_rule").fetchall()
    return {indicator: Rule(**json.loads(rule)) for indicator, rule in rows}
