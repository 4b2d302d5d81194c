"""Every rule of the reference city: it can fire, says something readable, and ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from config import load_city
from config.loader import REFERENCE_CITY
from config.models import Change, Combined, CountAnomaly, Rule
from tests.indicators.rules.plays import Play, play_of
from warehouse.state import Status, Warning

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World

CITY = load_city(REFERENCE_CITY)
RULES = list(CITY.rules.values())


def status(play: Play) -> Status:
    stored = play.world.state.load_series()
    key = (play.rule.id, play.area)
    return stored[key].status if key in stored else Status.NORMAL


def until(play: Play, wanted: Status, *, bad: bool) -> None:
    for _ in range(play.patience):
        play.world.judge(play.next(bad=bad))
        if status(play) is wanted:
            return
    pytest.fail(f"{play.rule.id} is {status(play)} and not {wanted}")


def told(play: Play) -> list[Warning]:
    return [w for w in play.world.warnings() if w.rule == play.rule.id and w.area == play.area]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_a_rule_fires_says_something_readable_and_ends(rule: Rule, world: World) -> None:
    play = play_of(rule, world)
    for _ in range(play.warm_up):
        world.judge(play.next(bad=False))
    assert status(play) is Status.NORMAL
    before = len(told(play))
    until(play, Status.FIRING, bad=True)
    *_, warning = told(play)
    assert len(told(play)) == before + 1
    assert warning.status is Status.FIRING
    assert set(warning.message) == {"vi", "en"}
    for language, text in warning.message.items():
        assert not re.search(r"[{}]|nan|None", text), text
        # a dash would stand for a figure that is not there
        assert text.count("–") == rule.message.get(language).count("–"), text
        if "{area}" in rule.message.get(language):
            assert CITY.areas[play.area].name(language) in text
    until(play, Status.NORMAL, bad=False)
    assert not told(play)[-1].open
    assert world.warnings(open_only=True) == []


def test_every_feed_of_a_department_is_watched() -> None:
    owed = {id for id, feed in CITY.feeds.items() if feed.connector.kind == "folder"}
    assert {rule.feed for rule in RULES if rule.feed} == owed


def test_rules_cover_the_kinds_of_conditions_the_levels_and_the_domains() -> None:
    assert len(RULES) >= 60
    assert {rule.when.type for rule in RULES} == {
        "threshold",
        "band",
        "change",
        "target_gap",
        "worsening",
        "count_anomaly",
        "level_anomaly",
        "level_shift",
        "projection",
        "deadline",
        "stale",
        "late",
        "silent",
        "incomplete",
        "volume",
        "combined",
    }
    assert {r.when.against for r in RULES if isinstance(r.when, Change)} == {"previous", "last_year"}
    assert {rule.level for rule in RULES if rule.level} == set(CITY.levels)
    assert {rule.severity for rule in RULES} == {"watch", "serious", "critical"}
    watched = {CITY.indicators[rule.indicator].domain for rule in RULES if rule.indicator}
    assert len(watched) >= 7
    assert {r.indicator for r in RULES if isinstance(r.when, CountAnomaly)} >= {
        "hotline_received",
        "dossiers_received",
        "dengue_cases",
    }


def test_every_rule_says_what_to_do_and_whom_to_tell() -> None:
    for rule in RULES:
        assert rule.playbook is not None, rule.id
        assert rule.notify, rule.id
        assert set(rule.notify) <= set(CITY.recipients), rule.id


def test_no_rule_explains_itself_through_others() -> None:
    """Of two that explain each other nobody would be told."""

    def above(rule: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        for other in CITY.rules[rule].inhibited_by:
            if other not in seen:
                seen = above(other, seen | {other})
        return seen

    for rule in RULES:
        assert rule.id not in above(rule.id), rule.id


def test_what_the_public_is_told_is_grave_enough() -> None:
    public = [rule for rule in RULES if rule.public is not None]
    assert len(public) >= 5
    assert {rule.severity for rule in public} <= {"serious", "critical"}


def test_a_rule_made_of_others_is_as_grave_as_its_parts() -> None:
    order = ("watch", "serious", "critical")
    for rule in RULES:
        if isinstance(rule.when, Combined):
            parts = [order.index(CITY.rules[part].severity) for part in rule.when.rules]
            assert order.index(rule.severity) >= min(parts), rule.id
