"""The catalogue of a city: what is computed and what is watched."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from config import City


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
    for column in ("domain", "id", "name", "kind", "unit", "levels", "periods"):
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
        )
    rules = Table(title=f"{len(city.rules)} rules", title_justify="left")
    for column in ("id", "name", "watches", "level", "when", "severity"):
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
        )
    return [indicators, rules]
