"""High percentiles of a unit by way of those of the units within: the percentile of all of them together lies
between their lowest and their highest, so that only the rows from there on have to be looked at, and only
those in between put in order. What lies below is known by its number.

How near that comes is an estimate; that the value is the right one is not: where the rows in between do not
hold it, there is no value here, and it is computed from all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from indicators.measures import Own, families
from indicators.plan import Scan
from indicators.sql.prelude import Moment, comment
from indicators.sql.scan import counts
from warehouse.syntax import literal

_MARGIN: Final = 0.02
"""The rows looked at reach a little farther, so that a unit of one unit has neighbours to its value, too."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A percentile (``own``, named ``column`` in ``table``) of months of the units of ``level``, of which
    those of the level ``below`` are in the table already. ``root`` is the unit of a level that has only one.
    """

    scan: Scan
    own: Own
    table: str
    column: str
    level: str
    below: str
    root: str | None

    @property
    def _argument(self) -> str:
        return self.scan.naming(self.own.argument)

    @property
    def _facts(self) -> str:
        units = "" if self.root else "_area = _code AND "
        return (
            f"{self.scan.dataset.table} fact JOIN near ON {units}{self.scan.naming(self.scan.month)} = _start"
        )

    def bounds(self) -> str:
        """Table ``near``: for each month and place of a fact, from where to where is looked."""
        unit = literal(self.root) if self.root else "path.ancestor"
        lowest, highest = f"min({self.column})", f"max({self.column})"
        found = (
            f"SELECT {unit} AS _unit, CAST(start AS DATE) AS _start,\n"
            f"    {lowest} - {_MARGIN} * abs({lowest}) AS low,\n"
            f"    {highest} + {_MARGIN} * abs({highest}) AS high\n"
            f"FROM {self.table} within\n"
            f"JOIN area ON area.code = within.area AND area.level = {literal(self.below)}\n"
            f"JOIN area_path path ON path.code = within.area AND path.level = {literal(self.level)}\n"
            f"WHERE period = 'month' GROUP BY ALL"
        )
        places = "" if self.root else f" JOIN area_path ON ancestor = _unit AND level = {literal(self.level)}"
        code = "_unit" if self.root else "code"
        return (
            f"CREATE OR REPLACE TEMP TABLE near AS\n"
            f"SELECT {code} AS _code, found.* FROM (\n{found}\n) found{places}"
        )

    def share(self) -> str:
        """SQL query: which part of a sample lies from the lower bound on, and which in between."""
        return (
            f"SELECT avg(CAST({self._argument} >= low AS INTEGER)),"
            f" avg(CAST({self._argument} BETWEEN low AND high AS INTEGER))\n"
            f"FROM {self._facts}".replace(" fact ", " fact TABLESAMPLE 1 PERCENT (system) ", 1)
        )

    def values(self, moment: Moment, *, ahead: bool) -> str:
        """Put the values into the table."""
        value = "near[nth + 1] + (near[least(nth + 2, len(near))] - near[nth + 1]) * part"
        return (
            f"{comment(f'{self.own.sql} of each {self.level} from the rows near those of each {self.below}')}"
            f"INSERT INTO {self.table} BY NAME\nWITH found AS (\n"
            f"    SELECT _unit, _start, count(*) AS above,\n"
            f"        list({self._argument}) FILTER ({self._argument} <= high) AS near\n"
            f"    FROM {self._facts}\n"
            f"    WHERE {self._argument} >= low AND {counts(self.scan, moment, ahead=ahead)}\n"
            f"    GROUP BY ALL\n"
            f"), placed AS (\n"
            f"    SELECT _unit, _start, list_sort(near) AS near, place - floor(place) AS part,\n"
            f"        CAST(floor(place) AS BIGINT) - (total - above) AS nth,\n"
            f"        ceil(place) - floor(place) AS more\n"
            f"    FROM (SELECT *, {self.own.quantile!r}::DOUBLE * (total - 1) AS place\n"
            f"        FROM found JOIN ({self._whole(moment)}) whole USING (_unit, _start))\n"
            f")\n"
            f"SELECT _unit AS area, 'month' AS period, _start AS start, {value} AS {self.column}\n"
            f"FROM placed WHERE nth >= 0 AND nth + more < len(near)"
        )

    def missing(self, moment: Moment) -> str:
        """SQL query: the months in which a unit has no value yet and should have one."""
        return (
            f"SELECT DISTINCT _start FROM ({self._whole(moment)})\n"
            f"WHERE total > 0 AND (_unit, _start) NOT IN"
            f" (SELECT (area, CAST(start AS DATE)) FROM {self.table})"
        )

    def _whole(self, moment: Moment) -> str:
        """How many rows a unit's percentile is of."""
        (column,) = (self.scan.kept_column(f) for f in families(self.scan.kept) if self.own in f)
        return (
            f"SELECT path.ancestor AS _unit, day AS _start, CAST(sum({column}_of) AS BIGINT) AS total"
            f" FROM {self.scan.table} JOIN area_path path ON path.code = area"
            f" AND path.level = {literal(self.level)} WHERE day <= {moment.day} GROUP BY ALL"
        )
