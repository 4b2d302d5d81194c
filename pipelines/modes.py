"""Rules that do not refuse the row that breaks them: its cell is emptied, it is flagged, its file is stopped.

They are SQL of the contract's statement, in steps: what is broken is marked (``_m1``, ``_m2``, …) while the
cells are still as they came, then cells are emptied; areas and checks are judged on what is left. A contract
whose rules all refuse has none of these steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from config.models import Feed
from config.models.contract import CellRule, Mode
from config.modes import AreaMode, area_mode, cell_mode, check_mode, unplaced_mode
from pipelines import reasons
from warehouse.facts import day_of, q
from warehouse.syntax import literal

Block = tuple[str, str]
"""A comment and the SQL below it."""
_CELL: dict[str, CellRule] = {
    reasons.MISSING: "missing",
    reasons.TYPE: "type",
    reasons.PATTERN: "pattern",
    reasons.VALUE: "value",
    reasons.RANGE: "range",
}


def mode_of(feed: Feed, column: str, reason: str) -> Mode | AreaMode:
    """What becomes of a row that breaks the rule behind ``reason``, on ``column`` (a check: on none)."""
    if reason.startswith(reasons.CHECK):
        id = reason.removeprefix(reasons.CHECK)
        return check_mode(feed, next(check for check in feed.checks if check.id == id))
    if reason in (reasons.AREA_UNKNOWN, reasons.AREA_NOT_VALID):
        return area_mode(feed)
    of = next(one for one in feed.columns if one.name == column)
    if reason == reasons.MISSING and not of.required and column not in feed.indispensable:
        return unplaced_mode(feed)  # only the area is missed where its column is not required
    return cell_mode(feed, of, _CELL[reason])


def emptied_columns(feed: Feed, rules: Iterable[tuple[str, str]]) -> set[str]:
    """Columns that one of the rules (column and reason) empties; "" where a check does.

    What else is asked of them must be asked before: of an emptied cell it could not be told any more. Checks
    likewise are all judged before any of them empties a cell.
    """
    emptied: set[str] = set()
    for column, reason in rules:
        if mode_of(feed, column, reason) == "empty" and reason != reasons.TYPE:
            emptied.update(_emptied_by(feed, column, reason))
            emptied |= {column}
    return emptied


def _emptied_by(feed: Feed, column: str, reason: str) -> tuple[str, ...]:
    return next((c.empties for c in feed.checks if reason == reasons.CHECK + c.id), (column,))


@dataclass(frozen=True)
class _Mark:
    name: str
    mode: Mode | AreaMode
    broken: str
    problem: str
    note: str
    of_row: bool
    empties: tuple[str, ...]


class Marks:
    """The rules of one contract that keep the row or stop the file, and those judged before a cell
    is emptied. ``root`` is the whole city's code.
    """

    def __init__(self, feed: Feed, root: str) -> None:
        self._feed, self._root = feed, root
        self._marks: list[_Mark] = []
        self.cells = self.rows = ""

    @property
    def some(self) -> bool:
        """Whether there is any such rule."""
        return bool(self._kept)

    @property
    def halting(self) -> bool:
        """Whether there is a rule that stops the file."""
        return any(mark.mode == "stop" for mark in self._marks)

    @property
    def _kept(self) -> list[_Mark]:
        return [mark for mark in self._marks if mark.mode != "reject"]

    def add(
        self, mode: Mode | AreaMode, column: str, reason: str, broken: str, problem: str, note: str
    ) -> str:
        """A rule; returns the column that marks it.

        ``broken`` is its SQL, true for a row that breaks it; ``problem`` and ``note`` are SQL structs that
        tell it, the latter with its mode.
        """
        of_row = reason.startswith(reasons.CHECK) or reason in (reasons.AREA_UNKNOWN, reasons.AREA_NOT_VALID)
        # What is not of its type has no value to begin with.
        empties = (
            _emptied_by(self._feed, column, reason) if mode == "empty" and reason != reasons.TYPE else ()
        )
        name = f"_m{len(self._marks) + 1}"
        self._marks.append(_Mark(name, mode, broken, problem, note, of_row, empties))
        return name

    def of_cells(self, source: str) -> list[Block]:
        """Steps after ``source``, which has the typed columns. ``cells`` names the last of them."""
        steps = self._steps(source, "cell", [mark for mark in self._marks if not mark.of_row])
        self.cells = steps[-1][1].split(" ", 1)[0] if steps else source
        return steps

    def of_rows(self, source: str) -> list[Block]:
        """Steps after ``source``, which has the area. ``rows`` names the last of them."""
        steps = self._steps(source, "row", [mark for mark in self._marks if mark.of_row])
        self.rows = steps[-1][1].split(" ", 1)[0] if steps else source
        return steps

    def _steps(self, source: str, what: str, marks: list[_Mark]) -> list[Block]:
        if not marks:
            return []
        listed = ",\n    ".join(["*", *(f"{mark.broken} AS {mark.name}" for mark in marks)])
        steps = [(f"rules of a {what} that do not refuse the row", _step(f"{what}_marked", listed, source))]
        kept: dict[str, list[str]] = {}
        for mark in marks:
            for name in mark.empties:
                kept.setdefault(name, []).append(mark.name)
        values = [self._emptied(name, broken) for name, broken in kept.items()]
        values += [
            f"CASE WHEN {broken} THEN NULL ELSE {q(day_of(name))} END AS {q(day_of(name))}"
            for name, listed_ in kept.items()
            if name in self._feed.time_columns
            for broken in [" OR ".join(listed_)]
        ]
        placed = [mark.name for mark in marks if mark.mode == "root" and mark.of_row]
        if placed:
            root = literal(self._root)
            values.append(f"CASE WHEN {' OR '.join(placed)} THEN {root} ELSE _area END AS _area")
        if values:
            replaced = "* REPLACE (\n    " + ",\n    ".join(values) + ")"
            steps.append(("what they empty", _step(f"{what}_kept", replaced, f"{what}_marked")))
        return steps

    @staticmethod
    def _emptied(name: str, marks: Iterable[str]) -> str:
        return f"CASE WHEN {' OR '.join(marks)} THEN NULL ELSE {q(name)} END AS {q(name)}"

    def any(self) -> list[str]:
        """Columns: is any of the rules broken (``_marked``), does the file stop (``_halt``)?."""
        if not self._kept:
            return []
        columns = [f"{' OR '.join(mark.name for mark in self._kept)} AS _marked"]
        if self.halting:
            # Of a malformed row nothing is known: it lacks all cells, and stops no file.
            stops = " OR ".join(mark.name for mark in self._marks if mark.mode == "stop")
            columns.append(f"_defect IS NULL AND ({stops}) AS _halt")
        return columns

    def problems(self) -> list[str]:
        """What a row that is refused for another reason broke beside it."""
        return [f"CASE WHEN {mark.name} THEN {mark.problem} END" for mark in self._kept]

    def notes(self) -> str:
        """The columns ``_notes`` and ``_halt``."""
        if not self._kept:
            return ""
        listed = ",\n    ".join(f"CASE WHEN {mark.name} THEN {mark.note} END" for mark in self._kept)
        when = "_marked AND (NOT _bad OR _halt)" if self.halting else "_marked AND NOT _bad"
        notes = (
            f"CASE WHEN {when} THEN list_filter([\n    {listed}\n  ], lambda p: p IS NOT NULL) END AS _notes"
        )
        return f",\n  {notes}" + (", _halt" if self.halting else "")


def _step(name: str, columns: str, source: str) -> str:
    return f"{name} AS NOT MATERIALIZED (\n  SELECT {columns}\n  FROM {source}\n)"
