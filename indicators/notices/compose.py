"""The words of a message: entries of one recipient, set by the template of their language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from config.models import GRAVITY
from indicators.notices.facts import Entry

MOST: Final = 30
"""Entries of one message; the desk has all."""
_AREAS: Final = 4
"""Areas that a subject names."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the entries: who writes to whom, when, under which reference."""

    centre: str
    office: str
    desk: str
    key: str
    at: str
    digest: bool = False


def compose(language: str, entries: Sequence[Entry], frame: Frame) -> tuple[str, str]:
    """Subject and body of one message; the gravest entries come first, those that end it last."""
    ordered = sorted(
        entries, key=lambda e: (e.kind == "standing", e.kind == "resolved", -GRAVITY[e.severity])
    )
    areas = list(dict.fromkeys(entry.area for entry in ordered))
    text = (
        _environment()
        .get_template(f"{language}.txt")
        .render(
            entries=ordered,
            shown=ordered[:MOST],
            hidden=max(0, len(ordered) - MOST),
            counts=Counter(entry.kind for entry in ordered),
            severity=gravest(ordered),
            areas=areas[:_AREAS],
            more_areas=len(areas) > _AREAS,
            digest=frame.digest,
            at=frame.at,
            centre=frame.centre,
            office=frame.office,
            desk=frame.desk,
            key=frame.key,
        )
    )
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def gravest(entries: Sequence[Entry]) -> str:
    """The highest severity that a message tells of; what has ended counts where there is nothing else."""
    standing = [entry for entry in entries if entry.kind != "resolved"] or entries
    return max((entry.severity for entry in standing), key=GRAVITY.__getitem__, default="watch")


@cache
def _environment() -> Environment:
    # Plain text: what turns it into anything else escapes it there. A name that is missing is a mistake.
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
