"""Every heading has a screen for every area, whether or not the city wrote one for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import DomainScreen, Matrix, Ranking, Tiles, WarningList
from dashboard.context import ScreenContext
from dashboard.drawing import icons
from dashboard.rules.book import domain_of
from dashboard.screens import render
from dashboard.screens.panels import fitting, shown
from dashboard.warnings.alerts import Alert

Make = Callable[..., ScreenContext]


def told(ctx: ScreenContext) -> str:
    return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)


def places(city: City) -> list[str]:
    return [city.areas.root.code, *(city.areas.at(level)[0].code for level in city.levels[1:])]


def test_every_heading_has_a_screen_at_every_level(context: Make, city: City) -> None:
    root, *others = places(city)
    # Every heading for the whole city, some for the units below.
    asked = [(d, root) for d in city.head.domains] + list(product(city.head.domains[::6], others))
    for domain, area in asked:
        text = told(context("domain", domain.id, params={"area": area}))
        here = text[text.index('id=\\"main\\"') if 'id=\\"main\\"' in text else 0 :]
        assert domain.name.get("vi") in here, domain.id
        assert "None" not in re.sub(r'"[^"]*data-version[^"]*"', "", text), (domain.id, area)
        level = city.areas[area].level
        for indicator in city.indicators.values():
            if indicator.domain == domain.id and level in indicator.levels:
                assert f"/indicator/{indicator.id}?" in text, (domain.id, area, indicator.id)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_index_leads_to_every_heading_by_group(context: Make, city: City, lang: str) -> None:
    text = told(context("domains", lang=lang))
    for domain in city.head.domains:
        assert f"/{lang}/domain/{domain.id}" in text
    order = [text.rindex(group.name.get(lang)) for group in city.head.groups]
    assert order == sorted(order)
    assert "None" not in re.sub(r'"[^"]*data-version[^"]*"', "", told(context("domains", absent=True)))


def test_what_does_not_hold_at_a_level_falls_away(context: Make, city: City) -> None:
    level, lowest = city.levels[1], city.levels[-1]
    above = next(i for i in city.indicators.values() if level not in i.levels)
    both = next(i for i in city.indicators.values() if {level, lowest} <= set(i.levels))
    tiles = Tiles(type="tiles", indicators=(above.id, both.id), period=both.periods[0])
    across = Matrix(type="matrix", indicators=(both.id,), level=level, period=both.periods[0])
    ranks = Ranking(type="ranking", indicator=both.id, level=lowest, period=both.periods[0])
    open_ = WarningList(type="warnings")
    kept, lost = fitting(city, level, [tiles, across, ranks, open_])
    assert [shown(entry) for entry in kept] == [(both.id,), (both.id,), ()]
    assert [(entry.type, shown(entry)) for entry in lost] == [
        ("tiles", (above.id,)),
        ("matrix", (both.id,)),
    ]
    screen = DomainScreen(
        kind="domain", id="made_up", domain=both.domain, levels=city.levels, panels=(tiles, across, ranks)
    )
    ctx = context("domain", both.domain, params={"area": city.areas.at(level)[0].code}, lang="en")
    text = told(replace(ctx, city=replace(city, screens={"made_up": screen})))
    assert "Not told for a district" in text
    assert above.name.get("en") in text or (above.short and above.short.get("en") in text)


def test_a_heading_shows_its_own_warnings_alone(
    context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    own = alert()
    domain = domain_of(city, city.rules[own.rule])
    other = next(r for r in city.rules.values() if domain_of(city, r) not in ("", domain))
    alerts = [own, alert(id=2, rule=other.id, indicator=other.indicator)]
    found = set(re.findall(r"/vi/warning/(\d)", told(context("domain", domain, alerts=alerts))))
    assert found == {"1"}


def test_an_icon_that_nobody_drew_is_a_problem(city: City) -> None:
    assert not list(icons.check(city))
    first, *rest = city.head.domains
    wrong = first.model_copy(update={"icon": "suitcas"})
    head = city.head.model_copy(update={"domains": (wrong, *rest)})
    (problem,) = icons.check(replace(city, head=head))
    assert "suitcas" in str(problem)
    assert "suitcase" in problem.hint
    assert Path(problem.file).name == "city.yaml"
