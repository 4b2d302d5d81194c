"""The catalogue of a city for the terminal and for machines: what is computed and watched, what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from config import City
from dashboard.i18n import words_in

if TYPE_CHECKING:
    from dashboard.catalogue.coverage import Row


def as_data(city: City) -> dict[str, Any]:
    """Indicators and rules as plain data, ready for JSON."""
    return {
        "city": city.head.id,
        "indicators": [
            indicator.model_dump(mode="json", by_alias=True, exclude_none=True)
            for indicator in city.indicators.values()
        ],
        "rules": [
            rule.model_dump(mode="json", by_alias=True, exclude_none=True) for rule in city.rules.values()
        ],
    }


def as_tables(city: City) -> list[Table]:
    """Indicators by domain, then rules, for the terminal."""
    language = city.head.languages[0]
    domains = {domain.id: domain.name.get(language) for domain in city.head.domains}
    order = list(domains)
    indicators = Table(title=f"{len(city.indicators)} indicators", title_justify="left")
    for column in ("domain", "id", "name", "kind", "unit", "levels", "periods", "serves"):
        indicators.add_column(column, overflow="fold")
    for item in sorted(city.indicators.values(), key=lambda i: order.index(i.domain)):
        indicators.add_row(
            domains[item.domain],
            item.id,
            item.name.get(language),
            item.kind,
            item.unit,
            ", ".join(item.levels),
            ", ".join(item.periods),
            _rows(city, item.serves),
        )
    rules = Table(title=f"{len(city.rules)} rules", title_justify="left")
    for column in ("id", "name", "watches", "level", "when", "severity", "serves"):
        rules.add_column(column, overflow="fold")
    for rule in city.rules.values():
        when = rule.when.model_dump(exclude_none=True)
        rules.add_row(
            rule.id,
            rule.name.get(language),
            rule.indicator or (f"feed {rule.feed}" if rule.feed else getattr(rule.when, "dataset", "rules")),
            rule.level or "",
            ", ".join(f"{key} {value}" for key, value in when.items()),
            rule.severity,
            _rows(city, rule.serves),
        )
    return [indicators, rules]


def _rows(city: City, systems: Sequence[str]) -> str:
    """The numbers of some rows of systems.yaml."""
    return ", ".join(str(city.systems[id_].row) for id_ in systems if id_ in city.systems)


def coverage_data(city: City, rows: Sequence[Row], measured: bool) -> dict[str, Any]:
    """Every row with what is missing, ready for JSON; ``measured``: figures were judged, too."""
    return {
        "city": city.head.id,
        "judged": ["definitions", "figures"] if measured else ["definitions"],
        "rows": len(rows),
        "served": sum(row.served for row in rows),
        "systems": [
            {
                "row": row.system.row,
                "id": row.system.id,
                "name": row.system.name.root,
                "served": row.served,
                "needs": len(row.gaps),
                "missing": _missing(row),
                "indicators": list(row.indicators),
                "rules": list(row.rules),
            }
            for row in rows
        ],
    }


def coverage_table(city: City, rows: Sequence[Row]) -> Table:
    """A line for each row: what serves it and what is missing."""
    language = city.head.languages[0]
    served = sum(row.served for row in rows)
    table = Table(title=f"{served} of {len(rows)} rows served", title_justify="left")
    for column in ("row", "name", "indicators", "rules", "served", "missing"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            str(row.system.row),
            row.system.name.get(language),
            str(len(row.indicators)),
            str(len(row.rules)),
            "yes" if row.served else "no",
            "\n".join(_missing(row)),
        )
    return table


def _missing(row: Row) -> list[str]:
    if not row.gaps:
        return ["the row names no needs"]
    words = words_in("en")
    return [gap.told(words, lambda amount: f"{amount:g}") for gap in row.missing]
