"""How far a growing column has been read, and from where to go on.

The mark is the greatest value that was seen. A row becomes visible when its transaction commits, which may be
long after the column got its value; so each read begins ``overlap`` before the mark. Rows that come again
change nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from config.models.sql import Cursor
from pipelines.connectors.base import State, Window
from pipelines.errors import SourceError

Value = int | str | dt.datetime | dt.date
_DAY: Final = 10
_SECOND: Final = 19
"""Characters of an ISO time up to its day and its second."""
_READ: Final[Mapping[str, Callable[[Any], Value]]] = {
    "time": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "number": int,
    "text": str,
}


class Growing:
    """The mark of one column. ``signature`` says what was read: another state is not taken up."""

    def __init__(self, cursor: Cursor, zone: dt.tzinfo, signature: str, state: State) -> None:
        self._cursor = cursor
        self._zone = zone
        self._signature = signature
        self._mark: Any = None
        self._like: Any = None
        if state.get("signature") == signature:
            self._mark = _READ[state["kind"]](state["mark"])
            self.learn(self._mark)

    @property
    def known(self) -> bool:
        """Whether anything has been read before."""
        return self._mark is not None

    @property
    def state(self) -> dict[str, Any]:
        """What to remember."""
        if self._mark is None:
            return {}
        mark = self._mark if isinstance(self._mark, (int, str)) else self._mark.isoformat()
        return {"signature": self._signature, "kind": self._kind(self._mark), "mark": mark}

    def learn(self, sample: Any) -> None:
        """What the column's values are like. Raises SourceError where they can have no mark."""
        kind, name = self._kind(sample), self._cursor.column
        if kind == "text":
            _parsed(sample, name)
        if (kind == "number") == isinstance(self._cursor.overlap, dt.timedelta):
            held, form = (
                ("whole numbers", "a whole number, such as 1000")
                if kind == "number"
                else ("times", "a duration, such as 10m")
            )
            raise SourceError(f"column {name!r} holds {held}", f"give connector.cursor.overlap as {form}")
        self._like = sample

    def since(self) -> Any:
        """From which value on to read; None: from the beginning."""
        mark, overlap = self._mark, self._cursor.overlap
        if mark is None or isinstance(overlap, int):
            return None if mark is None else mark - overlap
        if isinstance(mark, str):
            return self._in_text(_parsed(mark, self._cursor.column) - overlap)
        if isinstance(mark, dt.datetime):
            return mark - overlap
        return mark - dt.timedelta(days=math.ceil(overlap / dt.timedelta(days=1)))

    def bounds(self, window: Window) -> tuple[Any, Any]:
        """A span of time as values of the column."""
        if isinstance(self._cursor.overlap, int):
            raise SourceError(
                f"column {self._cursor.column!r} holds numbers: no span of time can be told by it",
                "fetch everything instead",
            )
        return self._moment(window.since), self._moment(window.until)

    def reach(self, value: Any, now: dt.datetime) -> None:
        """Move the mark to ``value``, the greatest that was read, but not beyond ``now``.

        One row that is dated in the year 2099 must not hide all that come before it.
        """
        self.learn(value)
        timed = isinstance(self._cursor.overlap, dt.timedelta)
        mark = min(value, self._moment(now)) if timed else int(value)
        if self._mark is None or mark > self._mark:
            self._mark = mark

    def _moment(self, at: dt.datetime) -> Any:
        """A moment as the column would hold it; without an offset it is by the city's clock."""
        local = at.astimezone(self._zone).replace(tzinfo=None)
        if isinstance(self._like, str):
            aware = _parsed(self._like, self._cursor.column).tzinfo is not None
            return self._in_text(at.astimezone(dt.UTC) if aware else local)
        if isinstance(self._like, dt.datetime):
            return at if self._like.tzinfo is not None else local
        return local.date()

    def _in_text(self, at: dt.datetime) -> str:
        """Sorts before every text of this second, or of this day where the column has no times of day."""
        if len(self._like) == _DAY:
            return at.date().isoformat()
        return at.isoformat(sep=self._like[_DAY])[:_SECOND]

    def _kind(self, value: Any) -> str:
        if isinstance(value, str):
            return "text"
        if isinstance(value, dt.date):
            return "time" if isinstance(value, dt.datetime) else "date"
        if isinstance(value, (int, Decimal)) and value == int(value):
            return "number"
        raise SourceError(
            f"column {self._cursor.column!r} holds {value!r}, which cannot be read by how it grows",
            "name a column of times or whole numbers in connector.cursor",
        )


def _parsed(text: str, name: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise SourceError(
            f"column {name!r} holds text such as {text[:40]!r}, which does not sort by time",
            "name a column of times (2026-01-31 12:00:00) or whole numbers in connector.cursor",
        ) from None
