"""How the bytes of a text stand for letters."""

from __future__ import annotations

import re

from charset_normalizer import from_bytes

from pipelines.errors import SourceError
from pipelines.infer.sample import Sample
from pipelines.read import tcvn3
from pipelines.read.coding import AUTO, SAMPLE, decoded, settle


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
        best = from_bytes(text[:SAMPLE]).best()
        if best is None:
            raise error
        encoding, note = best.encoding, "a guess by its letters: ask how the file was saved"
    if not sample.whole and encoding.startswith("utf-16"):
        text = text[: len(text) & ~1]  # blocks may end in mid-letter
    read = "".join(decoded(encoding, [text]))
    return re.sub(r"\r\n?", "\n", read), encoding, note


def is_tcvn3(cells: str) -> bool:
    """Whether the words of a workbook make sense as TCVN3, which it holds as if they were windows-1252."""
    if cells.isascii():
        return False
    seen = cells.encode("cp1252", "replace")
    try:
        return settle(AUTO, seen, lambda: [seen]) == tcvn3.NAME
    except SourceError:
        return False
