"""Headers in any language as identifiers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 60
_LETTERS: Final = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe"})
"""Letters that no decomposition turns into plain ones."""


def identifier(text: str, otherwise: str) -> str:
    """``text`` as lower-case letters, digits and underscores; ``otherwise`` if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    kept = re.sub(r"[^a-z0-9]+", "_", "".join(c for c in plain if not unicodedata.combining(c))).strip("_")
    if not kept:
        return otherwise
    return (kept if kept[0].isalpha() else f"n_{kept}")[:_LONGEST].rstrip("_")


def identifiers(headers: Iterable[str]) -> list[str]:
    """One identifier for each header, all of them different."""
    names: list[str] = []
    for place, header in enumerate(headers, start=1):
        name = stem = identifier(header, f"column_{place}")
        number = 1
        while name in names:
            number += 1
            name = f"{stem[: _LONGEST - 5]}_{number}"
        names.append(name)
    return names
