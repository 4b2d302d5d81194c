"""How far a programme is, put together from the cells of its ledger and the values of its indicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.models import Area, ByIndicator, Criterion, Programme
from dashboard.context import ScreenContext

if TYPE_CHECKING:
    from warehouse.programmes import Cell
    from warehouse.reader import Value


@dataclass(frozen=True)
class Count:
    """Tasks taken together."""

    tasks: int = 0
    done: int = 0
    overdue: int = 0
    soon: int = 0
    unproved: int = 0

    @property
    def share(self) -> float | None:
        """The part that is done, 0 to 1; None without tasks."""
        return self.done / self.tasks if self.tasks else None


@dataclass(frozen=True)
class Board:
    """One programme on one day: ``cells`` and ``measured`` values by criterion and area."""

    programme: Programme
    areas: Sequence[Area]
    cells: Mapping[tuple[str, str], Cell]
    measured: Mapping[tuple[str, str], Value]

    def attained(self, criterion: Criterion, area: str) -> float | None:
        """How far a criterion is attained in an area, 0 to 1; None where nothing tells it.

        By an indicator it is attained where the value is on the right side, else as near as it comes.
        """
        by = criterion.attained
        if not isinstance(by, ByIndicator):
            cell = self.cells.get((criterion.id, area))
            return cell.done / cell.tasks if cell is not None else None
        value = self.measured.get((criterion.id, area))
        if value is None or value.value is None:
            return None
        if by.at_least is not None:
            near = value.value / by.at_least if by.at_least > 0 else float(value.value >= by.at_least)
        else:
            assert by.at_most is not None
            near = by.at_most / value.value if value.value > 0 else 1.0
        return min(1.0, max(0.0, near))

    def score(self, criteria: Iterable[Criterion], areas: Iterable[str]) -> float | None:
        """The weighted mean of what is attained, 0 to 1; what nothing tells does not count."""
        found = [
            (criterion.weight, share)
            for criterion in criteria
            for area in areas
            if (share := self.attained(criterion, area)) is not None
        ]
        weight = sum(w for w, _ in found)
        return sum(w * share for w, share in found) / weight if weight else None

    def count(self, criteria: Iterable[Criterion], areas: Sequence[str]) -> Count:
        """The tasks of some criteria in some areas."""
        there = [c for one in criteria for area in areas if (c := self.cells.get((one.id, area))) is not None]
        return (
            Count(*(sum(column) for column in zip(*(c[2:] for c in there), strict=True)))
            if there
            else Count()
        )

    def whole(self, areas: Sequence[str]) -> tuple[int, int]:
        """How many criteria are attained in full, and how many there are, in some areas together."""
        told = [self.attained(one, area) for one in self.programme.criteria for area in areas]
        return sum(share is not None and share >= 1 for share in told), len(told)

    @property
    def ranked(self) -> list[tuple[Area, float]]:
        """The areas by what they have attained, the best first."""
        told = [(area, self.score(self.programme.criteria, [area.code])) for area in self.areas]
        return sorted(((a, s) for a, s in told if s is not None), key=lambda one: -one[1])


def board(ctx: ScreenContext, programme: Programme) -> Board:
    """The programme as it stands on the screen's day, in the areas of which the ledger tells."""
    cells = ctx.reader.programmes.cells(programme, ctx.today)
    told = {cell.area for cell in cells}
    areas = [area for area in ctx.city.areas.at(programme.level, ctx.today) if area.code in told]
    by = [(one, one.attained) for one in programme.criteria if isinstance(one.attained, ByIndicator)]
    measured: dict[tuple[str, str], Value] = {}
    for period in dict.fromkeys(attained.period for _, attained in by):
        ids = [attained.indicator for _, attained in by if attained.period == period]
        values = ctx.reader.matrix(ids, programme.level, period)
        measured |= {
            (one.id, area): row[attained.indicator]
            for one, attained in by
            for area, row in values.items()
            if attained.period == period and attained.indicator in row
        }
    return Board(programme, areas, {(cell.criterion, cell.area): cell for cell in cells}, measured)
