"""What an open dataset says of indicators and levels, and whether anything is published at all."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.models import OpenDataset
from config.problems import Problem


def lint_open_dataset(place: Place, dataset: OpenDataset) -> Iterator[Problem]:
    """Every broken reference of one open dataset."""
    city = place.city
    yield from place.texts(dataset)
    yield from place.repeated(("indicators",), "indicator", dataset.indicators)
    for number, level in enumerate(dataset.levels or ()):
        yield from place.known(("levels", number), "level", level, city.levels)
    for number, period in enumerate(dataset.periods or ()):
        yield from place.known(("periods", number), "period", period, city.periods.ids)
    for number, id_ in enumerate(dataset.indicators):
        yield from place.known(("indicators", number), "indicator", id_, place.named("indicator"))
        indicator = city.indicators.get(id_)
        if indicator is not None and dataset.levels and not set(dataset.levels) & set(indicator.levels):
            message = f"indicator {id_!r} is computed for none of the levels that are published"
            yield place.problem(("indicators", number), message, f"it has {', '.join(indicator.levels)}")
        if indicator is not None and dataset.periods and not set(dataset.periods) & set(indicator.periods):
            message = f"indicator {id_!r} is computed for none of the periods that are published"
            yield place.problem(("indicators", number), message, f"it has {', '.join(indicator.periods)}")
    if city.head.open_data is None:
        yield place.problem(("id",), "nothing is published yet", "give open_data in city.yaml")
