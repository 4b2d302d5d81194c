"""Vietnamese alphabetical order: letters first, tones after, numbers by their size."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LETTERS: Final = {letter: i for i, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz", start=20)}
# Dictionary order of tones: none, huyền, hỏi, ngã, sắc, nặng.
_TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}

Key = tuple[tuple[tuple[int, int], ...], tuple[int, ...]]


def sort_key(text: str) -> Key:
    """Key for ``sorted``: *Quận 2* before *Quận 10*, *An* before *Ân*, *ma* before *mà* before *má*."""
    primary: list[tuple[int, int]] = []
    tones: list[int] = []
    for token in re.findall(r"\d+|\D", text.casefold()):
        if token.isdecimal():
            primary.append((10, int(token)))
            tones.append(0)
            continue
        letter, tone = _split(token)
        primary.append((_LETTERS.get(letter, 0), 0 if letter in _LETTERS else ord(letter)))
        tones.append(tone)
    return tuple(primary), tuple(tones)


def _split(character: str) -> tuple[str, int]:
    """The letter without its tone mark, and the tone."""
    tone = 0
    kept = ""
    for part in unicodedata.normalize("NFD", character):
        if part in _TONES:
            tone = _TONES[part]
        else:
            kept += part
    return unicodedata.normalize("NFC", kept) or character, tone
