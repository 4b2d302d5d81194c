"""Look-up of interface words: ``words("tile.target", value=…)``, groups by ``of``, plurals by ``count``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dashboard.drawing.format import Lang, number

LANGUAGES: tuple[Lang, ...] = ("vi", "en")


class Words:
    """The catalogue of one language, flat: ``group.word`` → text with ``{places}``."""

    def __init__(self, lang: Lang, catalogue: Mapping[str, str]) -> None:
        self.lang: Lang = lang
        self._catalogue = dict(catalogue)

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its places filled; KeyError for a key that is not in the catalogue."""
        text = self._catalogue[key]
        return text.format(**values) if values else text

    def of(self, group: str, member: str) -> str:
        """The word of a value that comes from a model, such as a severity: ``of("severity", "critical")``."""
        return self._catalogue[f"{group}.{member}"]

    def count(self, key: str, amount: int) -> str:
        """A counted thing with the right form of its noun: ``key.one`` for one, else ``key.other``."""
        form = "one" if amount == 1 else "other"
        return self._catalogue[f"{key}.{form}"].format(n=number(amount, self.lang))

    @property
    def keys(self) -> frozenset[str]:
        """Every key of the catalogue."""
        return frozenset(self._catalogue)


@cache
def words_in(lang: Lang) -> Words:
    """The catalogue of ``lang``, read once."""
    text = (Path(__file__).parent / f"{lang}.yaml").read_text(encoding="utf-8")
    return Words(lang, dict(_flat(yaml.load(text, yaml.CSafeLoader))))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in tree.items():
        if isinstance(entry, dict):
            yield from _flat(entry, f"{prefix}{name}.")
        else:
            yield prefix + name, entry
