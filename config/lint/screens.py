"""What a screen says of levels, areas and the indicators on its panels."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Keys, Place
from config.models import (
    AreaScreen,
    DomainScreen,
    Matrix,
    Members,
    Panel,
    Ranking,
    Screen,
    TileMap,
    WarningList,
)
from config.problems import Problem


def lint_screen(place: Place, screen: Screen) -> Iterator[Problem]:
    """Every broken reference of one screen."""
    city = place.city
    yield from place.texts(screen)
    if isinstance(screen, AreaScreen):
        yield from place.known(("level",), "level", screen.level, city.levels)
        for index, panel in enumerate(screen.panels):
            yield from lint_panel(place, ("panels", index), panel, screen.level)
        return
    if isinstance(screen, DomainScreen):
        yield from place.known(("domain",), "domain", screen.domain, [d.id for d in city.head.domains])
        for number, level_ in enumerate(screen.levels):
            yield from place.known(("levels", number), "level", level_, city.levels)
        for index, panel in enumerate(screen.panels):
            yield from lint_panel(place, ("panels", index), panel, screen.levels[0])
        return
    for number, page in enumerate(screen.pages):
        level: str | None = city.levels[0]
        if page.area is not None:
            yield from place.known(("pages", number, "area"), "area", page.area, place.named("area"))
            level = city.areas[page.area].level if page.area in city.areas else None
        for index, panel in enumerate(page.panels):
            yield from lint_panel(place, ("pages", number, "panels", index), panel, level)


def lint_panel(place: Place, keys: Keys, panel: Panel, level: str | None) -> Iterator[Problem]:
    """``level`` is that of the screen's own area; a panel across areas has a level of its own."""
    if isinstance(panel, WarningList):
        return
    yield from place.known((*keys, "period"), "period", panel.period, place.city.periods.ids)
    if isinstance(panel, (Ranking, TileMap, Matrix)):
        yield from place.known((*keys, "level"), "level", panel.level, place.city.levels)
        level = panel.level
    if isinstance(panel, (Ranking, TileMap)):
        yield from place.computed((*keys, "indicator"), panel.indicator, level, panel.period)
        for index, name in enumerate(panel.layers if isinstance(panel, TileMap) else ()):
            yield from place.known((*keys, "layers", index), "layer", name, place.named("layer"))
        return
    for index, id in enumerate(panel.indicators):
        yield from place.computed((*keys, "indicators", index), id, level, panel.period)
        if isinstance(panel, Members) and id in place.city.indicators:
            told = getattr(place.city.indicators[id], "by", ())
            yield from place.known((*keys, "by"), f"column of {id!r}", panel.by, told)
