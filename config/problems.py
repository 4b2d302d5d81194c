"""What is wrong in a city folder, told so that its author can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One mistake: where it stands, in which object, what is wrong and what to do."""

    file: str
    line: int
    object: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}: {self.object}: {self.message}{tail}"


class CityError(Exception):
    """A city folder cannot be used; carries every problem found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Hint for an unknown ``name``: the nearest known ones, else some of those there are."""
    candidates = sorted(set(known))
    # Short codes all look alike: a guess among them would be idle.
    near = get_close_matches(name, candidates, n=2, cutoff=0.6) if len(name) > 2 else []
    if near:
        return "did you mean " + " or ".join(near) + "?"
    if not candidates:
        return "none is defined"
    more = ", …" if len(candidates) > 8 else ""
    return "known: " + ", ".join(candidates[:8]) + more
