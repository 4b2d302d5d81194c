"""Work on the tasks that the city's programmes name."""

from __future__ import annotations

from typing import Literal

from config.models.base import Identifier
from standin.models.base import Character, Pace, Source


class ProgrammeWork(Source):
    """Work on the tasks of ``programmes``, as the city's own definitions name them.

    ``part``: the tasks as they stand, the reports about them, or the months' scores; the latter two tell of
    the tasks of source ``work_of``. ``pace`` is the time taken as a share of the time allowed; a share of the
    tasks is ``stuck`` (more where the pace is slow), and of those done a share is ``proved``, after some
    ``proof_days``. ``notes`` are what is reported at each step, the last one when it is late; ``link`` is
    where proofs lie.
    """

    kind: Literal["programme"]
    part: Literal["tasks", "journal", "scores"]
    work_of: Identifier | None = None
    programmes: tuple[Identifier, ...] = ()
    character: Character = Character()
    pace: Pace = Pace(median=0.85, spread=0.25)
    stuck: float = 0.0
    proved: float = 1.0
    proof_days: float = 5.0
    notes: tuple[str, ...] = ()
    link: str = ""
