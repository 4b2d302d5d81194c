"""Why a row is refused, in the language of whoever asks: quarantine keeps what is needed to say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from config.models import Feed
from pipelines import reasons

_CELLS: Final = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


def sentence_of(feed: Feed, problem: Mapping[str, str | None], language: str) -> str:
    """One problem of a refused row (column, reason, value, expected, detail) as a sentence.

    A check speaks in its own words. A reason of another version of the program keeps the words that it had.
    """
    reason = problem.get("reason") or ""
    if reason.startswith(reasons.CHECK):
        check = next((c for c in feed.checks if reasons.CHECK + c.id == reason), None)
        return check.message.get(language) if check else problem.get("detail") or reason
    column = next((c for c in feed.columns if c.name == problem.get("column")), None)
    value, expected = problem.get("value") or "", problem.get("expected") or ""
    if reason == reasons.TYPE and column is not None:
        expected = reasons.kind(column.type, language) + (f" ({column.format})" if column.format else "")
    try:
        template = reasons.sentence(reason, language)
    except KeyError:
        return problem.get("detail") or reason
    if reason == reasons.MALFORMED and not value:
        # What the reader of text files said is kept as it is, but for what it says most often.
        value = problem.get("detail") or ""
        if counted := _CELLS.search(value):
            return reasons.words("cells", language).format(expected=counted[1], found=counted[2])
        value = value.removeprefix(template.split("{", 1)[0])
    return template.replace("{value}", value).replace("{expected}", expected)
