"""Writing XML that any reader takes, whatever people typed."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def child(parent: ET.Element, name: str, text: str) -> ET.Element:
    """A new element below ``parent`` with a text, from which what XML cannot hold is left out."""
    made = ET.SubElement(parent, name)
    made.text = _FORBIDDEN.sub("", text)
    return made


def document(root: ET.Element) -> bytes:
    """The document in UTF-8, with its declaration."""
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text
