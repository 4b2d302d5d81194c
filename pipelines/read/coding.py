"""How the bytes of a text file stand for letters: as declared, or told by looking; never guessed in silence.

Text in UTF-8 is read as it lies. Any other is written anew in UTF-8 with its letters composed (NFC), for
windows-1258 keeps the tone of a letter as a mark behind it. A file that is plainly not what it was declared
to be is refused.
"""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from charset_normalizer import from_bytes

from pipelines.errors import SourceError
from pipelines.read.tcvn3 import NAME as TCVN3

AUTO: Final = "auto"
SAMPLE: Final = 1 << 20
"""Bytes that are looked at before a file is believed to be what it was declared to be."""
Blocks = Callable[[], Iterable[bytes]]

_UTF8: Final = ("utf-8", "utf-8-sig", "ascii")
_WIDE: Final = ("utf-16", "utf-32")
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the mark of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_VIETNAMESE: Final = ("cp1258", TCVN3)
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_SYLLABLE: Final = re.compile(
    "(?:ngh?|[ckgpt]h|gi|qu|tr|nh|[bcdđghklmnpqrstvx])?[aăâeêioôơuưy]{1,3}(?:ch|ng|nh|[cmnpt])?"
)
_WORD: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[^\x00-\x7f“”‘’–—…])*")
"""A letter, and letters or signs behind it: the wrong coding puts signs into words."""
_LEGAL, _STRAY = 0.9, 0.5
_MANY: Final = 20


def is_known(encoding: str) -> bool:
    """Whether text of ``encoding`` can be read."""
    try:
        return encoding == AUTO or bool(codecs.lookup(encoding))
    except LookupError:
        return False


def settle(declared: str, start: bytes, blocks: Blocks) -> str:
    """The encoding of a text whose first ``SAMPLE`` bytes are ``start``; ``blocks`` gives all of it anew.

    Raises SourceError when the text is plainly not what was declared, or does not tell what it is.
    """
    told = _by_marks(start)
    if declared == AUTO:
        return told or _by_letters(blocks)
    codec = codecs.lookup(declared).name
    if codec in _UTF8:
        if told is not None and told.startswith(_WIDE):
            raise SourceError(f"the text is {told}, not {declared}", f"set format.encoding: {told}")
        _demand_utf8(declared, start)
        return "utf-8"
    if codec.startswith(_WIDE):
        if told is None or not told.startswith(codec[:6]):
            found = told or ("utf-8" if _is_utf8(blocks) else "one byte for each letter")
            raise SourceError(f"the text is {found}, not {declared}", f"set format.encoding: {told or AUTO}")
        return told  # a mark says which way round, whatever was declared
    if _is_utf8(blocks):
        raise SourceError(f"the text is utf-8, not {declared}", "leave format.encoding out")
    foreign = _foreign(start)
    sense = _letters(foreign)
    if sense not in (None, codec) and _share(foreign.decode(codec, "replace")) <= _STRAY:
        raise SourceError(
            f"the words make sense as {sense}, not as {declared}", f"set format.encoding: {sense}"
        )
    return codec


def decoded(encoding: str, blocks: Iterable[bytes]) -> Iterator[str]:
    """The text, block by block, its letters composed. Raises SourceError where bytes stand for nothing."""
    decoder = codecs.lookup(encoding).incrementaldecoder("strict")
    rest, line = "", 1
    for block in itertools.chain(blocks, [b""]):
        try:
            text = rest + decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = rest + error.object[: error.start].decode(encoding, "replace")
            raise SourceError(
                f"the text is not {encoding}: {error.reason} on line {line + before.count(chr(10))}",
                f"set format.encoding: {AUTO}, or ask how the file was saved",
            ) from error
        # A mark may follow in the next block: what stands behind the last line break waits for it.
        cut = text.rfind("\n") + 1 if block else len(text)
        done, rest = text[:cut], text[cut:]
        line += done.count("\n")
        if done:
            yield unicodedata.normalize("NFC", done.removeprefix("\ufeff"))


def _by_marks(start: bytes) -> str | None:
    """The encoding that a byte order mark names, or the zeros of wide letters tell."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    even, odd = start[0:4096:2].count(0), start[1:4096:2].count(0)
    half = len(start[:4096]) // 2
    # Delimiters, digits and Latin letters have a zero as their upper byte.
    if odd > half * 0.3 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.3 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _demand_utf8(declared: str, start: bytes) -> None:
    """Raise SourceError if more of the bytes beyond ASCII break UTF-8 than keep it, and they make sense as
    another coding or are many.

    A stray byte in a sound file refuses its line alone, later.
    """
    try:
        codecs.utf_8_decode(start, "strict", False)
    except UnicodeDecodeError as error:
        letters, _ = codecs.utf_8_decode(start, "replace", False)
        broken = letters.count("\ufffd")
        sound = sum(not letter.isascii() for letter in letters) - broken
        found = _letters(_foreign(start)) or ""
        if broken <= sound or (broken < _MANY and not found):
            return
        line = start[: error.start].count(b"\n") + 1
        raise SourceError(
            f"the text is not {declared}: byte 0x{start[error.start]:02X} on line {line}, "
            f"at byte {error.start}",
            f"set format.encoding: {found}" if found else _hint(start),
        ) from error


def _is_utf8(blocks: Blocks) -> bool:
    """Whether a text has letters beyond ASCII and all of them are UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    foreign = False
    try:
        for block in itertools.chain(blocks(), [b""]):
            foreign = not decoder.decode(block, final=not block).isascii() or foreign
    except UnicodeDecodeError:
        return False
    return foreign


def _by_letters(blocks: Blocks) -> str:
    """What a text without marks is written in: UTF-8, or a coding in which its words are Vietnamese.

    Raises SourceError where neither is plain.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    sample, valid = b"", True
    for block in itertools.chain(blocks(), [b""]):
        if valid:
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError:
                valid = False
        if len(sample) < SAMPLE:
            sample += _foreign(block)
        elif not valid:
            break
    if valid:
        return "utf-8"
    found = _letters(sample)
    if found is None:
        raise SourceError("the text does not tell what it is written in", _hint(sample))
    return found


def _foreign(block: bytes) -> bytes:
    """The lines of a block that hold letters beyond ASCII."""
    return b"\n".join(line for line in block.splitlines() if not line.isascii()) + b"\n"


def _letters(sample: bytes) -> str | None:
    """The only coding in which nearly all words of ``sample`` are Vietnamese syllables."""
    shares = {name: _share(sample.decode(name, "replace")) for name in _VIETNAMESE}
    best = max(shares, key=lambda name: shares[name])
    others = [share for name, share in shares.items() if name != best]
    return best if shares[best] >= _LEGAL and max(others) <= _STRAY else None


def _share(text: str) -> float:
    """How many of the letters beyond ASCII stand in Vietnamese syllables, from 0 to 1."""
    legal = total = 0
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        foreign = sum(not letter.isascii() for letter in word)
        if not foreign:
            continue
        total += foreign
        apart = unicodedata.normalize("NFD", word.lower())
        tones = sum(apart.count(tone) for tone in _TONES)
        plain = unicodedata.normalize("NFC", re.sub(f"[{_TONES}]", "", apart))
        legal += foreign if tones <= 1 and _SYLLABLE.fullmatch(plain) else 0
    return legal / total if total else 0.0


def _hint(sample: bytes) -> str:
    """What to declare, as far as bytes tell."""
    likely = dict.fromkeys(match.encoding for match in itertools.islice(from_bytes(sample), 3))
    named = f", perhaps {' or '.join(likely)}" if likely else ""
    return f"ask how the file was saved and set format.encoding{named}"
