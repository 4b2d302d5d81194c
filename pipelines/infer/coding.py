"""How the bytes of a text stand for letters."""

from __future__ import annotations

import re
from typing import Final

from charset_normalizer import from_bytes

from pipelines.errors import SourceError
from pipelines.infer.sample import Sample
from pipelines.read import tcvn3
from pipelines.read.coding import AUTO, SAMPLE, decoded, settle

_WESTERN: Final = frozenset("áàâäãåæçéèêëíìîïñóòôöõøœúùûüÿßÁÀÂÄÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØÚÙÛÜ¿¡ºª°²³€£–—‘’“”«»…§")
"""Letters and signs of Spanish, Portuguese, French, Italian, German and the languages of the north."""


def decode(sample: Sample) -> tuple[str, str, str]:
    """The text of the sample with ``\\n`` at the end of lines, its encoding, and on what evidence.

    Raises SourceError where nothing reads it.
    """
    text = b"".join(sample.parts)
    note = ""
    try:
        encoding = settle(AUTO, text[:SAMPLE], lambda: sample.parts)
        note = "" if encoding == "utf-8" else "told by its marks, or by words that make sense so"
    except SourceError as error:
        encoding = _western(text[:SAMPLE]) or _likeliest(text[:SAMPLE])
        if not encoding:
            raise error
        note = "a guess by its letters: ask how the file was saved"
    if not sample.whole and encoding.startswith("utf-16"):
        text = text[: len(text) & ~1]  # blocks may end in mid-letter
    read = "".join(decoded(encoding, [text]))
    return re.sub(r"\r\n?", "\n", read), encoding, note


def _western(text: bytes) -> str:
    """cp1252, if nearly all its letters are western: other codings of one byte share most of them."""
    foreign = [letter for letter in text.decode("cp1252", "replace") if not letter.isascii()]
    usual = sum(letter in _WESTERN for letter in foreign)
    return "cp1252" if foreign and usual >= 0.95 * len(foreign) else ""


def _likeliest(text: bytes) -> str:
    best = from_bytes(text).best()
    return best.encoding if best is not None else ""


def is_tcvn3(cells: str) -> bool:
    """Whether the words of a workbook make sense as TCVN3, which it holds as if they were windows-1252."""
    if cells.isascii():
        return False
    seen = cells.encode("cp1252", "replace")
    try:
        return settle(AUTO, seen, lambda: [seen]) == tcvn3.NAME
    except SourceError:
        return False
