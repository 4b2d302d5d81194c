"""The words of notices: every rule of the reference city, in both languages, for all that can happen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import REFERENCE_CITY, City, load_city
from config.models import Rule
from indicators.notices.compose import MOST, Frame, compose
from indicators.notices.decide import Kind
from indicators.notices.facts import entry
from indicators.rules.machine import Observation, Seen
from indicators.rules.messages import figure, message, moment, no_data_message
from indicators.rules.sightings import Sighting
from tests.indicators.notices.conftest import NOON, link
from warehouse.state import Standing

RULES = sorted(load_city(REFERENCE_CITY).rules)
KINDS = [kind.value for kind in Kind if kind is not Kind.DIGEST] + ["standing"]
DETAILS: dict[str, dict[str, Any]] = {
    "silence_ends": {
        "until": "2026-11-23T06:00:00+00:00",
        "who": "Trần Thị Hạnh",
        "reason": "bảo trì / works",
    },
    "corrected": {"told": {"value": 71.2}, "known": {"value": 88.4}, "note": "nộp muộn / came late"},
}
SINCE = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
WRONG = re.compile(r"[{}%]{2}|\{|\}|None|Undefined|\bnan\b|datetime")


def _frame(language: str, digest: bool = False) -> Frame:
    return Frame("Toàn Cảnh", "Trực ban", link(language, None), "0f0f", "12:00 23/11/2026", digest)


def _sighting(measure: float, limit: float) -> Sighting:
    return Sighting(Observation(NOON, NOON, Seen.BREACH), measure, limit, measure / 2)


def _area(city: City, rule: Rule) -> str:
    if rule.level is None:
        return city.areas.root.code
    return city.areas.at(rule.level, dt.date(2026, 11, 1))[0].code


def _warning(city: City, of: Rule, **given: Any) -> Standing:
    area, since = _area(city, of), SINCE.astimezone(city.zone)
    values: dict[str, Any] = {
        "id": 17, "rule": of.id, "area": area, "kind": "limit", "severity": of.severity,
        "opened_at": NOON, "firing_since": SINCE, "resolved_at": None, "resolution": None,
        "value": 12.3, "limit": 45.6, "last_value": 33.4,
        "message": message(city, of, area, _sighting(12.3, 45.6), since), "evidence": {},
        "acknowledged_at": None, "recorded_at": NOON,
    }  # fmt: skip
    return Standing(**values | given)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("rule_id", RULES)
def test_each_rule_says_where_how_much_since_when_and_what_to_do(
    hcmc: City, rule_id: str, language: str
) -> None:
    rule = hcmc.rules[rule_id]
    for kind in KINDS:
        over = {"resolved_at": NOON, "resolution": "cleared"} if kind == "resolved" else {}
        warning = _warning(hcmc, rule, **over)
        told = entry(hcmc, warning, kind, warning.severity, language, link, DETAILS.get(kind, {}))
        subject, body = compose(language, [told], _frame(language))
        area = hcmc.areas[warning.area].name(language)
        assert not WRONG.search(subject + body), body
        assert "\n" not in subject
        assert rule.name.get(language) in subject
        assert area in subject
        value = 12.3 if kind == "opened" else 33.4
        facts = [
            area,
            figure(hcmc, rule, value, language),
            figure(hcmc, rule, 45.6, language),
            moment(rule, SINCE.astimezone(hcmc.zone), language),
            link(language, 17),
            link(language, None),
            warning.message[language],
        ]
        if kind not in ("resolved", "corrected"):
            assert rule.playbook is not None
            facts.append(rule.playbook.get(language))
        if kind == "corrected":
            facts.append(" → ".join(figure(hcmc, rule, value, language) for value in (71.2, 88.4)))
            facts.append("nộp muộn / came late")
        if kind == "silence_ends":
            facts += ["13:00 23/11/2026", "Trần Thị Hạnh", "bảo trì / works"]
        for fact in facts:
            assert fact in body, (kind, fact, body)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("rule_id", RULES)
def test_a_series_that_vanished_has_no_figures_and_says_so(hcmc: City, rule_id: str, language: str) -> None:
    rule = hcmc.rules[rule_id]
    told = no_data_message(hcmc, rule, _area(hcmc, rule), SINCE.astimezone(hcmc.zone))
    warning = _warning(hcmc, rule, kind="no_data", value=None, limit=None, last_value=None, message=told)
    _, body = compose(
        language, [entry(hcmc, warning, "opened", "watch", language, link, {})], _frame(language)
    )
    assert not WRONG.search(body)
    assert told[language] in body
    assert body.count(": –") == 2


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_rule_that_is_gone_is_told_by_what_it_said(hcmc: City, language: str) -> None:
    warning = _warning(
        hcmc, hcmc.rules[RULES[0]], rule="was_here", resolved_at=NOON, resolution="rule_withdrawn"
    )
    _, body = compose(
        language, [entry(hcmc, warning, "resolved", "watch", language, link, {})], _frame(language)
    )
    assert not WRONG.search(body)
    assert {"vi": "quy tắc không còn áp dụng", "en": "the rule no longer applies"}[language] in body


@pytest.mark.parametrize("language", ["vi", "en"])
def test_many_are_counted_and_the_gravest_come_first(hcmc: City, language: str) -> None:
    rules = [hcmc.rules[id_] for id_ in RULES]
    entries = [
        entry(hcmc, _warning(hcmc, rule), "opened", rule.severity, language, link, {}) for rule in rules
    ]
    subject, body = compose(language, entries, _frame(language))
    assert str(len(rules)) in subject
    assert f"{len(rules) - MOST} " in body.split("…")[1]
    words = {"vi": ("Khẩn cấp", "Nghiêm trọng", "Theo dõi"), "en": ("Critical", "Serious", "Watch")}[language]
    order = [words.index(mark) for mark in re.findall(r"^\[([^·\]]+) ·", body, re.MULTILINE)]
    assert order == sorted(order)
    assert len(order) == MOST


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_digest_of_nothing_says_so(language: str) -> None:
    subject, body = compose(language, [], _frame(language, digest=True))
    assert {"vi": "không có gì mới", "en": "nothing new"}[language] in subject
    assert link(language, None) in body


def test_what_a_message_looks_like(hcmc: City, golden: Callable[[Path, str], None]) -> None:
    first, second = (hcmc.rules[id_] for id_ in ("hotline_on_time_low", "tide_alarm_3"))
    ended = _warning(hcmc, second, resolved_at=NOON, resolution="cleared")
    for language in ("vi", "en"):
        entries = [
            entry(hcmc, _warning(hcmc, first), "opened", "serious", language, link, {}),
            entry(hcmc, ended, "resolved", "critical", language, link, {}),
        ]
        golden(
            Path(__file__).parent / "golden" / f"message.{language}.txt",
            "\n\n".join(compose(language, entries, _frame(language))),
        )
