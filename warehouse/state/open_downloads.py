"""How often open data were taken: counted by day, dataset and format, and nothing kept of who took them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from warehouse.state import tables as t
from warehouse.state.connected import Connected

_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class OpenDownloads(Connected):
    """Counts of downloads. They are no news for a screen, so that the state's revision stays as it is."""

    def note(self, day: dt.date, dataset: str, form: str) -> None:
        """One more download on a day of the city."""
        table = t.open_download
        made = _INSERT[self._engine.dialect.name](table).values(
            day=day, dataset=dataset, format=form, taken=1
        )
        more = made.on_conflict_do_update(
            index_elements=[table.c.day, table.c.dataset, table.c.format],
            set_={"taken": table.c.taken + 1},
        )
        with self._engine.begin() as connection:
            connection.execute(more)

    def since(self, day: dt.date) -> dict[dt.date, dict[tuple[str, str], int]]:
        """Downloads by dataset and format of each day from one on; a day without any is absent."""
        table = t.open_download
        query = select(table.c.day, table.c.dataset, table.c.format, table.c.taken).where(table.c.day >= day)
        found: dict[dt.date, dict[tuple[str, str], int]] = defaultdict(dict)
        with self._engine.connect() as connection:
            for at, dataset, form, taken in connection.execute(query):
                found[at][dataset, form] = taken
        return dict(found)
