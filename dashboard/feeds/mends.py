"""What people do with refused rows, from the screen and from the command line alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config import City
from config.models import Feed
from pipelines import exchange
from pipelines.mend import Mended, Mender
from pipelines.mend_rows import Edits
from pipelines.trial import speaking
from warehouse.quarantine import Asked, QuarantineReader, Refused
from warehouse.state import State
from warehouse.store import Store

AT_ONCE = 5000
"""Rows that are tried in one transaction: a load that waits behind them waits no longer than for a file."""

Deed = Mapping[str, Any]
"""What is to be done with refused rows, as JSON may hold it: ``act`` (mend, replay, dismiss, take_back),
``note``, and either ``cells`` (of a mended sheet, by number and header) or ``asked`` (which rows).
"""


@dataclass(frozen=True)
class Mending:
    """Mends, tries and settles. ``refresh`` is called with the feed after anything was received."""

    city: City
    store: Store
    state: State
    mender: Mender
    clock: Callable[[], dt.datetime]
    refresh: Callable[[], object]

    def rows(self, asked: Asked, limit: int | None = None, offset: int = 0) -> list[Refused]:
        """Rows of the quarantine as they stand."""
        with self.store.read() as cursor:
            return QuarantineReader(cursor).rows(asked, limit, offset)

    def ids(self, asked: Asked) -> list[int]:
        """Their numbers."""
        with self.store.read() as cursor:
            return QuarantineReader(cursor).ids(asked)

    def try_row(
        self, feed: Feed, id_: int, text: str | None, language: str
    ) -> list[dict[str, str | None]] | None:
        """What the contract says of a row, in the language asked for; None if it does not wait any more.

        Raises SourceError when it cannot be read at all.
        """
        mender = Mender(speaking(self.city, language), self.store, self.mender.landing)
        return mender.try_rows(feed, {id_: text}, self.clock()).get(id_)

    def mend(self, feed: Feed, edits: Edits, who: str, comment: str = "") -> Mended:
        """Receive rows that somebody wrote anew. Raises SourceError, and ValueError without a name."""
        return self._receive(feed, edits, "mend", who, comment)

    def replay(self, feed: Feed, ids: Sequence[int], who: str, comment: str = "") -> Mended:
        """Try rows as they are by today's contract."""
        return self._receive(feed, dict.fromkeys(ids), "replay", who, comment)

    def dismiss(self, feed: Feed, ids: Sequence[int], who: str, comment: str) -> int:
        """Say that rows will never be received, and why; how many."""
        deed = self.state.refused_rows.note(feed.id, "dismiss", len(ids), who, comment, self.clock())
        return self.mender.settle(feed, ids, "dismissed", deed)

    def take_back(self, feed: Feed, ids: Sequence[int], who: str, comment: str = "") -> int:
        """Let dismissed rows wait again; how many."""
        deed = self.state.refused_rows.note(feed.id, "take_back", len(ids), who, comment, self.clock())
        return self.mender.settle(feed, ids, "waiting", deed)

    def carry_out(self, feed: Feed, deed: Deed, who: str) -> dict[str, Any]:
        """Do what somebody asked for; what came of it, as JSON may hold it. Twice is as once.

        Raises SourceError and ValueError as the deeds themselves.
        """
        note, act = str(deed.get("note", "")), deed["act"]
        if act == "mend":
            cells = {int(id_): own for id_, own in deed["cells"].items()}
            edits: dict[int, str | None] = dict.fromkeys(cells)  # those that do not wait are told as gone
            edits |= exchange.edits(self.rows(Asked(feed.id, "waiting", ids=[*cells, 0])), cells)
            return _told(self.mend(feed, edits, who, note))
        asked = Asked(**deed["asked"])
        ids = self.ids(asked)
        if act == "replay":
            return _told(self.replay(feed, ids, who, note))
        settle = self.take_back if act == "take_back" else self.dismiss
        return {"word": act, "rows": settle(feed, ids, who, note) if ids else 0}

    def _receive(self, feed: Feed, edits: Edits, deed: str, who: str, comment: str) -> Mended:
        note = self.state.refused_rows.note(
            feed.id, "mend" if deed == "mend" else "replay", len(edits), who, comment, self.clock()
        )
        total = Mended(None)
        listed = list(edits.items())
        for first in range(0, len(listed), AT_ONCE):
            part = self.mender.mend(feed, dict(listed[first : first + AT_ONCE]), self.clock(), note)
            total = Mended(
                part.run or total.run,
                total.mended + part.mended,
                total.refused + part.refused,
                total.gone + part.gone,
            )
        if total.mended:
            self.refresh()
        return total


def _told(done: Mended) -> dict[str, Any]:
    run = done.run
    counts = {"mended": done.mended, "refused": done.refused, "gone": done.gone}
    rows = {name: getattr(run, name) if run else 0 for name in ("inserted", "updated", "unchanged")}
    return {"word": "mended", "run": run.id if run else None, **counts, **rows}
