"""The feeds of a city, for the terminal and for machines."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from config import City


def as_data(city: City) -> list[dict[str, Any]]:
    """What each feed is, ready for JSON, in the order of their ids."""
    return [
        {
            "id": feed.id,
            "name": feed.name.root,
            "connector": feed.connector.kind,
            "schedule": feed.schedule,
            "dataset": feed.table,
            "mode": feed.mode,
            "owner": feed.owner.root,
            "simulated": feed.simulated,
        }
        for _, feed in sorted(city.feeds.items())
    ]


def as_table(city: City) -> Table:
    """One line for each feed."""
    language = city.head.languages[0]
    table = Table(title=f"{len(city.feeds)} feeds", title_justify="left")
    columns = ("id", "connector", "schedule", "dataset", "mode", "owner")
    for column in columns:
        table.add_column(column, overflow="fold")
    for feed in as_data(city):
        table.add_row(*(feed[column] for column in columns[:-1]), feed["owner"][language])
    return table
