"""One definition under the linter's eye: what it says is placed on its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from config.city import City
from config.models import Indicator, Model, Text
from config.problems import Problem, did_you_mean

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """The definition ``id`` of ``kind`` (city, feed, indicator, rule or screen)."""

    city: City
    kind: str
    id: str

    def problem(self, keys: Keys, message: str, hint: str = "") -> Problem:
        """A problem on the line of ``keys`` inside the definition."""
        return self.city.problem(self.kind, self.id, keys, message, hint)

    def known(self, keys: Keys, what: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
        """A problem unless ``name`` is one of the ``known``."""
        names = list(known)
        if name not in names:
            yield self.problem(keys, f"{what} {name!r} is unknown", did_you_mean(name, names))

    def repeated(self, keys: Keys, what: str, names: Sequence[str]) -> Iterator[Problem]:
        """A problem for every one of the ``names``, given at ``keys``, that stands there already."""
        for index, name in enumerate(names):
            if name in names[:index]:
                yield self.problem(
                    (*keys, index), f"{what} {name!r} is given twice", "rename or drop one of them"
                )

    def computed(self, keys: Keys, id: str, level: str | None, period: str | None) -> Iterator[Problem]:
        """Problems unless indicator ``id`` exists and is computed for that level and period.

        ``keys`` is where the indicator is named.
        """
        yield from self.known(keys, "indicator", id, self.named("indicator"))
        indicator = self.city.indicators.get(id)
        if indicator is not None:
            yield from self._given(keys, indicator, level, period)

    def _given(
        self, keys: Keys, indicator: Indicator, level: str | None, period: str | None
    ) -> Iterator[Problem]:
        if level in self.city.levels and level not in indicator.levels:
            message = f"indicator {indicator.id!r} is not computed for level {level!r}"
            yield self.problem(keys, message, f"it has {', '.join(indicator.levels)}")
        if period in self.city.periods.ids and period not in indicator.periods:
            message = f"indicator {indicator.id!r} is not computed by {period}"
            yield self.problem(keys, message, f"it has {', '.join(indicator.periods)}")

    def named(self, kind: str) -> list[str]:
        """Ids that are defined, whether or not their definition is sound: one mistake is reported once."""
        return self.city.named.get(kind, [])

    def serves(self, systems: Sequence[str]) -> Iterator[Problem]:
        """Problems of the rows of ``systems.yaml`` that a definition says it serves."""
        yield from self.repeated(("serves",), "system", systems)
        for number, name in enumerate(systems):
            yield from self.known(("serves", number), "system", name, self.named("system"))

    def delivered_codes(self) -> set[str]:
        """What feeds may call a unit: its official code, or its own where it has no other."""
        areas = self.city.areas
        unsound = {code for code in self.named("area") if code not in areas}
        return {area.official or area.code for area in areas.all()} | unsound

    def texts(self, model: Model, keys: Keys = ()) -> Iterator[Problem]:
        """Texts below ``model`` that lack a language of the city, or have one that it does not speak."""
        for name in type(model).model_fields:
            value = getattr(model, name)
            for index, item in enumerate(value) if isinstance(value, tuple) else [(None, value)]:
                here: Keys = (*keys, name) if index is None else (*keys, name, index)
                if isinstance(item, Text):
                    yield from self._text(item, here)
                elif isinstance(item, Model):
                    yield from self.texts(item, here)

    def _text(self, text: Text, keys: Keys) -> Iterator[Problem]:
        languages: tuple[str, ...] = self.city.head.languages
        hint = "the city speaks " + ", ".join(languages)
        for language in languages:
            if not text.root.get(language, "").strip():
                yield self.problem(keys, f"has no text for language {language!r}", hint)
        for language in sorted(set(text.root).difference(languages)):
            yield self.problem((*keys, language), f"language {language!r} is unknown", hint)
