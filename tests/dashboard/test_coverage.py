"""Each kind of need is met and missed by a made-up city; the reference city's needs name what there is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from config import City
from config.lint import lint
from config.models import Deadline, Need, System, Text
from dashboard.catalogue.coverage import coverage
from dashboard.catalogue.evidence import Evidence, Figures, figures_of
from dashboard.catalogue.offers import answers_of
from dashboard.context import ScreenContext
from dashboard.i18n import words_in
from warehouse.presence import Presence

Make = Callable[..., ScreenContext]
NEED: TypeAdapter[Need] = TypeAdapter(Need)


def with_needs(city: City, *needs: dict[str, Any]) -> City:
    text = Text({"vi": "một", "en": "one"})
    made = System(id="made_up", row=1, name=text, figures=text, needs=tuple(map(NEED.validate_python, needs)))
    return replace(city, systems={"made_up": made})


def words_of(city: City, need: dict[str, Any], figures: Figures | None = None) -> set[str]:
    evidence = Evidence(with_needs(city, need), lambda path: path == "/there", ["rules test"], figures)
    (row,) = coverage(evidence)
    assert row.served == (not row.missing)
    for lang in ("vi", "en"):
        for gap in row.missing:
            assert "{" not in gap.told(words_in(lang), str)
    return {gap.word for gap in row.missing}


@pytest.fixture
def figures(context: Make, city: City) -> Figures:
    return figures_of(city, context().reader)


def test_indicators_must_be_defined_at_their_levels_and_have_values(city: City, figures: Figures) -> None:
    one = next(i for i in city.indicators.values() if set(i.levels) == set(city.levels))
    above = next(i for i in city.indicators.values() if city.levels[1] not in i.levels)
    need = {"type": "indicators", "ids": [one.id], "levels": city.levels}
    assert words_of(city, need, figures) == set()
    assert words_of(city, {**need, "ids": ["nobody"]}) == {"indicator"}
    assert words_of(city, {**need, "ids": [above.id]}) == {"level"}
    assert words_of(city, {**need, "period": "half_year"}) == {"level"}
    without = replace(figures, values={k: v for k, v in figures.values.items() if k[0] != one.id})
    assert words_of(city, need, without) == {"value"}
    assert words_of(city, {**need, "computed": False}, without) == set()
    assert words_of(city, need) == set(), "without a warehouse definitions alone are judged"
    low = {key: Presence(False, 6.0) for key in figures.values}
    city_alone = {"type": "indicators", "ids": [one.id]}
    assert words_of(city, {**city_alone, "least": 7}, replace(figures, values=low)) == {"low"}
    assert words_of(city, {**city_alone, "least": 6}, replace(figures, values=low)) == set()
    assert words_of(city, {**city_alone, "parts": True}, replace(figures, values=low)) == {"parts"}
    some = {"type": "indicators", "ids": [one.id, "nobody"], "at_least": 1}
    assert words_of(city, some, figures) == set()
    domain = {"type": "indicators", "domain": one.domain, "at_least": 10_000}
    assert words_of(city, domain, figures) == {"few_indicators"}


def test_what_serves_a_row_is_counted(city: City, figures: Figures) -> None:
    one = next(i for i in city.indicators.values() if i.kind == "measure" and city.levels[0] in i.levels)
    rule = next(iter(city.rules.values()))
    for kind in ("indicators", "rules", "feeds"):
        assert words_of(city, {"type": kind, "serving": True}, figures) == {f"few_{kind}"}
    serving = replace(
        city,
        indicators={**city.indicators, one.id: one.model_copy(update={"serves": ("made_up",)})},
        rules={**city.rules, rule.id: rule.model_copy(update={"serves": ("made_up",)})},
    )
    for kind in ("indicators", "rules", "feeds"):
        assert words_of(serving, {"type": kind, "serving": True}, figures) == set()
    assert words_of(serving, {"type": "feeds", "serving": True}, replace(figures, feeds={})) == {
        "few_feeds",
        "rows",
    }


@pytest.mark.parametrize(
    ("met", "missed", "word"),
    [
        ({"type": "count", "of": "indicators", "least": 1}, {"least": 10_000}, "count"),
        ({"type": "areas", "level": "district", "least": 22}, {"least": 9999}, "areas"),
        ({"type": "screens", "kinds": ["wall"]}, {"kinds": ["ballroom"]}, "screen"),
        ({"type": "screens", "levels": ["ward"]}, {"domains": ["none"]}, "domain_screen"),
        ({"type": "addresses", "paths": ["/there"]}, {"paths": ["/elsewhere"]}, "address"),
        ({"type": "commands", "names": ["rules test"]}, {"names": ["rules"]}, "command"),
    ],
)
def test_what_the_city_and_the_application_offer(
    city: City, met: dict[str, Any], missed: dict[str, Any], word: str
) -> None:
    assert words_of(city, met) == set()
    assert words_of(city, {**met, **missed}) == {word}


def test_rules_feeds_targets_identities_and_members(city: City, figures: Figures) -> None:
    rule, feed = next(iter(city.rules)), next(iter(city.feeds.values()))
    aimed = next(i for i in city.indicators.values() if i.targets)
    free = next(i for i in city.indicators.values() if not i.targets)
    value = aimed.targets[0].value
    broken, holding, unchecked = list(city.identities)[:3]
    column = f"{feed.table}.{feed.columns[0].name}"
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"type": "rules", "ids": [rule]}, set()),
        ({"type": "rules", "ids": [rule, "none"]}, {"rule"}),
        ({"type": "feeds", "ids": [feed.id]}, set()),
        ({"type": "feeds", "ids": ["none"]}, {"feed"}),
        ({"type": "targets", "ids": [aimed.id], "values": [value]}, set()),
        ({"type": "targets", "ids": [aimed.id], "values": [value + 0.125]}, {"target_value"}),
        ({"type": "targets", "ids": [free.id]}, {"target"}),
        ({"type": "targets", "ids": ["none"]}, {"indicator"}),
        ({"type": "targets", "ids": [aimed.id], "kind": "milestone"}, {"target"}),
        ({"type": "targets", "ids": [aimed.id], "date": "1999-12-31"}, {"target"}),
        ({"type": "identities", "ids": [holding]}, set()),
        ({"type": "identities", "ids": [holding], "broken": True}, {"whole"}),
        ({"type": "identities", "ids": [broken]}, {"broken"}),
        ({"type": "identities", "ids": [broken], "broken": True}, set()),
        ({"type": "identities", "ids": [unchecked]}, {"unchecked"}),
        ({"type": "identities", "ids": ["none"]}, {"identity"}),
        ({"type": "members", "dataset": "none", "column": "x", "least": 1}, {"column"}),
    ]
    for need, expected in cases:
        assert words_of(city, need, figures) == expected, need
    need = {"type": "members", "dataset": feed.table, "column": feed.columns[0].name, "least": 4}
    known = replace(figures, members={(feed.table, feed.columns[0].name): 4})
    assert words_of(city, need, known) == set()
    assert words_of(city, {**need, "least": 5}, known) == {"members"}, column


def test_figures_must_be_those_that_are_named(city: City, figures: Figures) -> None:
    one = next(i for i in city.indicators.values() if i.id == "hotline_published_received")
    day, root = dt.date(2023, 9, 25), city.levels[0]
    need = {"type": "figures", "period": one.periods[0], "start": day, "values": {one.id: 14707}}
    assert words_of(city, need) == set(), "without a warehouse definitions alone are judged"
    assert words_of(city, {**need, "values": {"nobody": 1}}) == {"indicator"}
    assert words_of(city, {**need, "period": "hour"}) == {"level"}
    assert words_of(city, need, replace(figures, moments={})) == {"value"}
    stands = replace(figures, moments={(one.id, one.periods[0], day): 14707.0})
    assert words_of(city, need, stands) == set()
    assert words_of(city, {**need, "values": {one.id: 14708}}, stands) == {"differs"}
    newest = {key: value for key, value in need.items() if key != "start"}
    known = replace(figures, values={(one.id, root, one.periods[0]): Presence(False, 14707.0)})
    assert words_of(city, newest, known) == set()
    assert words_of(city, newest, replace(known, values={})) == {"value"}


def test_figures_are_read_at_the_period_that_begins_on_the_day(context: Make, city: City) -> None:
    reader = context().reader
    told: set[tuple[str, str]] = set()

    def at(period: str, keys: set[tuple[str, str, dt.date]]) -> dict[str, str]:
        told.update((period, str(start)) for _, _, start in keys)
        return {}

    setattr(reader, "at", at)  # noqa: B010 -- the reader of tests, told to listen
    figures_of(city, reader)
    assert {("year", "2022-01-01"), ("reporting_month", "2023-09-25 12:00:00")} <= told


def test_rules_must_have_something_to_watch(city: City, figures: Figures) -> None:
    rule = next(r for r in city.rules.values() if r.indicator is not None)
    need = {"type": "rules", "ids": [rule.id]}
    blind = replace(figures, values={k: v for k, v in figures.values.items() if k[0] != rule.indicator})
    assert words_of(city, need, figures) == set()
    assert words_of(city, need, blind) == {"idle"}
    count = {"type": "count", "of": "rules", "least": len(city.rules)}
    assert words_of(city, count, figures) == set()
    assert words_of(city, count, blind) == {"count"}
    count = {"type": "count", "of": "indicators", "least": len(city.indicators)}
    assert words_of(city, count, figures) == set()
    assert words_of(city, count, blind) == {"count"}
    early = next(r for r in city.rules.values() if isinstance(r.when, Deadline) and r.when.working)
    assert isinstance(early.when, Deadline)
    hours = early.when.within // dt.timedelta(hours=1)
    assert words_of(city, {"type": "rules", "ids": [early.id], "notice": f"{hours}h"}, figures) == set()
    assert words_of(city, {"type": "rules", "ids": [early.id], "notice": f"{hours + 1}h"}) == {"notice"}
    assert words_of(city, {**need, "notice": "24h"}) == {"notice"}


def test_a_row_that_needs_nothing_is_not_served(city: City) -> None:
    (row,) = coverage(Evidence(with_needs(city), bool, ()))
    assert not row.served


def test_needs_that_choose_twice_or_name_strangers_are_mistakes(city: City) -> None:
    assert not [p for p in lint(city) if p.object.startswith("system")]
    first = next(iter(city.systems.values()))
    wrong = [
        {"type": "rules", "ids": ["a"], "serving": True},
        {"type": "indicators", "ids": ["a"], "levels": ["galaxy"]},
        {"type": "indicators", "domain": "alchemy"},
        {"type": "areas", "level": "galaxy", "least": 1},
    ]
    needs = tuple(map(NEED.validate_python, wrong))
    odd = replace(city, systems={first.id: first.model_copy(update={"needs": needs})})
    found = [str(p) for p in lint(odd) if p.object.startswith("system")]
    assert len(found) == len(wrong), found


def test_the_server_is_asked_for_what_it_really_answers(tiny_city: City) -> None:
    answers = answers_of(tiny_city)
    assert answers("/public/warnings.atom")
    assert answers("/api/health")
    assert not answers("/public/none")
    assert not answers("/vi/rules"), "the screens' own addresses are one route for all"


@pytest.mark.parametrize("tab", ["indicators", "rules", "feeds", "coverage"])
def test_the_catalogue_lists_all_and_narrows_down(context: Make, city: City, tab: str) -> None:
    from plotly.io.json import to_json_plotly

    from dashboard.screens import render

    def told(**params: str) -> str:
        ctx = context("catalogue", lang="en", params={"tab": tab, **params})
        return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)

    text = told()
    listed = {"indicators": city.indicators, "rules": city.rules, "feeds": city.feeds, "coverage": {}}[tab]
    for id_ in listed:
        assert f"<code>{id_}</code>" in text
    for system in city.systems.values() if tab == "coverage" else ():
        assert system.name.get("en").replace("&", "&amp;") in text
    if tab == "indicators":
        one = next(iter(city.indicators.values()))
        there = told(domain=one.domain)
        assert f"<code>{one.id}</code>" in there
        assert all(
            (f"<code>{i.id}</code>" in there) == (i.domain == one.domain) for i in city.indicators.values()
        )


@pytest.fixture(scope="module")
def tiny_city() -> City:
    from config import load_city

    return load_city(Path(__file__).parents[1] / "config" / "tiny")
