"""What keeps a warning quiet for everybody: silences, maintenance, and warnings that explain it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warehouse.state import Standing


@dataclass(frozen=True, slots=True)
class Ending:
    """A silence that ends soon, and a warning that will be heard again then."""

    silence: int
    warning: int
    until: dt.datetime
    who: str
    reason: str


class Obstacles(Protocol):
    """What is asked of those who keep silences, maintenance and inhibition; see ``look``."""

    def silenced(self, warning: Standing) -> dt.datetime | None:
        """Until when a silence covers it."""

    def maintained(self, warning: Standing) -> dt.datetime | None:
        """Until when its area or feed is being worked on."""

    def inhibited(self, warning: Standing) -> bool:
        """Whether a warning that explains it stands."""

    def ending(self) -> Sequence[Ending]:
        """Silences about to end over warnings that stand."""


class Nothing:
    """Nothing keeps anything quiet."""

    def silenced(self, warning: Standing) -> dt.datetime | None:
        """Never."""
        del warning
        return None

    def maintained(self, warning: Standing) -> dt.datetime | None:
        """Never."""
        del warning
        return None

    def inhibited(self, warning: Standing) -> bool:
        """Never."""
        del warning
        return False

    def ending(self) -> Sequence[Ending]:
        """None."""
        return ()
