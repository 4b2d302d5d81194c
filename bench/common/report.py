"""Figures as one table for people and one JSON file for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured number: what it is in words, its unit, and how it was taken."""

    name: str
    value: float
    unit: str
    what: str


def show(figures: list[Figure]) -> None:
    """Print the table."""
    table = Table(title="Toàn Cảnh, measured", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("how")
    for figure in figures:
        table.add_row(figure.name, written(figure.value), figure.unit, figure.what)
    Console(width=170).print(table)


def written(value: float) -> str:
    """Four significant digits, whole thousands in groups."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def save(figures: list[Figure], path: Path) -> Mapping[str, float]:
    """Write name → number; figures of a partial run are added to those that stand there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, float] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known.update({figure.name: round(figure.value, 6) for figure in figures})
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return known
