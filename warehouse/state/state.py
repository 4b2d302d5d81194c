"""People's state as a whole."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Engine

from warehouse.state.backtests import Backtests
from warehouse.state.connected import named, note, touch
from warehouse.state.database import connect
from warehouse.state.directives import Directives
from warehouse.state.feed_requests import FeedRequests
from warehouse.state.handling import Handling
from warehouse.state.new_levels import NewLevels
from warehouse.state.open_downloads import OpenDownloads
from warehouse.state.outbox import Outbox
from warehouse.state.reading import Reading
from warehouse.state.recording import Recording
from warehouse.state.refused_rows import RefusedRows
from warehouse.state.releases import Releases
from warehouse.state.silences import Silences, Windows


class State(Reading, Recording, Handling):
    """An open state database. Safe to use from several threads; each call is one transaction.

    Warnings are read, recorded and handled by its own methods; ``silences``, ``maintenance``, ``releases``,
    ``new_levels``, ``backtests``, ``feed_requests``, ``refused_rows``, ``directives``, ``open_downloads`` and
    ``outbox`` keep what their names say.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.silences = Silences(engine)
        self.maintenance = Windows(engine)
        self.releases = Releases(engine)
        self.new_levels = NewLevels(engine)
        self.backtests = Backtests(engine)
        self.feed_requests = FeedRequests(engine)
        self.refused_rows = RefusedRows(engine)
        self.directives = Directives(engine)
        self.open_downloads = OpenDownloads(engine)
        self.outbox = Outbox(engine)

    @classmethod
    def open(cls, url: str) -> State:
        """Open (or create) the state at ``url``, such as ``sqlite:///state.sqlite``. Raises StateError."""
        return cls(connect(url))

    def turns(self, now: dt.datetime, notice: dt.timedelta) -> int:
        """Grows when time makes something quiet or heard again, and ``notice`` before it is heard again."""
        return self.silences.turns(now, notice) + self.maintenance.turns(now, notice)

    def deed(self, now: dt.datetime, who: str, action: str, what: str, detail: dict[str, Any]) -> None:
        """Keep in the audit trail what a person did outside this database: ``action`` to ``what``.

        Raises ValueError without a name.
        """
        with self._engine.begin() as connection:
            note(connection, now, named(who), action, what, detail)
            touch(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
