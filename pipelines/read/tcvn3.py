"""TCVN3 (TCVN 5712), the coding of older Vietnamese offices, for Python and SQL.

Neither Python nor a package that is kept has a codec for it; importing this module registers one.
"""

from __future__ import annotations

import codecs
from typing import Final

NAME: Final = "tcvn3"

# The upper half of the standard, whose part VN3 the ABC fonts write. The marks follow their letter.
_UPPER: Final = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ"
    "\u00a0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò"
    "ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
_TABLE: Final = "".join(map(chr, range(128))) + _UPPER
_BYTES: Final = codecs.charmap_build(_TABLE)

SEEN: Final = "".join(chr(code) for code in range(0xA1, 0x100) if not 0xB0 <= code <= 0xB4)
"""Letters as which TCVN3 is seen by a program that takes it for windows-1252, as workbooks do. The marks are
left out: ``°`` and ``²`` are more likely to be meant.
"""
MEANT: Final = "".join(_TABLE[ord(letter)] for letter in SEEN)
"""What each of these letters stands for."""


class _Decoder(codecs.IncrementalDecoder):
    def decode(self, input: bytes, final: bool = False) -> str:  # type: ignore[override]  # noqa: ARG002 the protocol
        return codecs.charmap_decode(input, self.errors, _TABLE)[0]


class _Encoder(codecs.IncrementalEncoder):
    def encode(self, input: str, final: bool = False) -> bytes:  # noqa: ARG002 the protocol
        return codecs.charmap_encode(input, self.errors, _BYTES)[0]


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != NAME:
        return None
    return codecs.CodecInfo(
        name=NAME,
        encode=lambda text, errors="strict": codecs.charmap_encode(text, errors, _BYTES),
        decode=lambda data, errors="strict": codecs.charmap_decode(bytes(data), errors, _TABLE),
        incrementalencoder=_Encoder,
        incrementaldecoder=_Decoder,
    )


codecs.register(_codec)
