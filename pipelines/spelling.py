"""How a delivered code or name finds its area: each spelling that may be used, with what it meant in time."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pyarrow as pa

from config.areas import AreaTree
from config.models import Area, AreaRule

ALWAYS: Final = (dt.date(1, 1, 1), dt.date(9999, 12, 31))


@dataclass(frozen=True)
class Spellings:
    """``table``: ``_spelling`` (unique) and ``_code1``, ``_from1``, ``_to1``, …: its unit on a day.

    ``alternatives`` is the number of such triples: more than one where a reform gave a code to another unit.
    """

    table: pa.Table
    alternatives: int

    def code_of(self, spelling: str) -> str:
        """The unit that a spelling means, whenever. Raises ValueError for an unknown one."""
        row = self.table["_spelling"].to_pylist().index(spelling)
        return str(self.table["_code1"][row].as_py())


def spellings(rule: AreaRule, tree: AreaTree) -> Spellings:
    """Every spelling that the rule lets a feed use; a name that several units share stands for none."""
    meant: dict[str, list[Area]] = defaultdict(list)
    official: dict[str, list[Area]] = defaultdict(list)
    for area in tree.all():
        official[area.official or area.code].append(area)
        if rule.match == "code":
            meant[area.official or area.code].append(area)
        else:
            for name in {area.name_vi, area.name_en, area.short} - {""}:
                meant[name_key(name)].append(area)
    for spelling, code in rule.codes.items():
        key = spelling if rule.match == "code" else name_key(spelling)
        meant[key] = official.get(code) or ([tree[code]] if code in tree else [])
    entries = {spelling: units for spelling, units in meant.items() if not _overlap(units)}
    most = max((len(units) for units in entries.values()), default=1)
    columns: dict[str, pa.Array] = {"_spelling": pa.array(list(entries), pa.string())}
    for place in range(max(most, 1)):
        units = [found[place] if place < len(found) else None for found in entries.values()]
        spans = [_span(unit) if unit is not None else (None, None) for unit in units]
        columns[f"_code{place + 1}"] = pa.array([unit and unit.code for unit in units], pa.string())
        columns[f"_from{place + 1}"] = pa.array([span[0] for span in spans], pa.date32())
        columns[f"_to{place + 1}"] = pa.array([span[1] for span in spans], pa.date32())
    return Spellings(pa.table(columns), max(most, 1))


def name_key(name: str) -> str:
    """A name as it is compared: composed Unicode, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFC", name).lower().split())


def _span(unit: Area) -> tuple[dt.date, dt.date]:
    return unit.valid_from or ALWAYS[0], unit.valid_to or ALWAYS[1]


def _overlap(units: list[Area]) -> bool:
    spans = sorted(map(_span, units))
    return any(first[1] > second[0] for first, second in pairwise(spans))
