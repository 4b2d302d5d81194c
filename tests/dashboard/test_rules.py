"""The rules and the page of one: what is said of them, how they do, what a backtest found."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from plotly.io.json import to_json_plotly
from pydantic import TypeAdapter

from config import City
from config.models import Condition, Rule, Text
from dashboard.components.backtest_chart import rows_of, weekly
from dashboard.components.rule_words import clearing, condition
from dashboard.context import ScreenContext
from dashboard.rules.book import Rulebook, domain_of
from dashboard.screens import render
from indicators.rules.backtest import definition_of
from warehouse.state import (
    Episode,
    Evaluation,
    Findings,
    Held,
    Kind,
    Outcome,
    SeriesState,
    State,
    Status,
    WouldTell,
)

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
FIRST, UNTIL = dt.date(2026, 9, 1), dt.date(2026, 11, 1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
Make = Callable[..., ScreenContext]


def told(ctx: ScreenContext) -> str:
    return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)


def plain(ctx: ScreenContext) -> str:
    """The words of a screen alone."""
    return flat(unescape(re.sub(r"<[^>]+>", " ", told(ctx).replace('\\"', '"'))))


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture
def rule(city: City) -> Rule:
    """A rule over a district's days that is for the public, too."""
    return next(r for r in city.rules.values() if r.public is not None and r.level == city.levels[1])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path}/people.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def book(city: City, state: State) -> Rulebook:
    return Rulebook(city, state, None, NOW)


def tried(state: State, rule: Rule, found: Findings | None = None, at: dt.datetime = NOW) -> int:
    number = state.backtests.begin(rule.id, FIRST, UNTIL, definition_of(rule), "Lan", at)
    if found is not None:
        state.backtests.finish(number, found, at)
    return number


def found(city: City, *, incidents: bool = True) -> Findings:
    one, other, third = (area.code for area in city.areas.at(city.levels[1], FIRST)[:3])

    def tell(area: str, day: int, length: int | None, severity: str = "serious") -> WouldTell:
        at = dt.datetime.combine(FIRST + day * DAY, dt.time(), city.zone)
        over = None if length is None else at + length * DAY
        return WouldTell(area, severity, at - DAY, at, over, 38.0, 39.0, 37.0)

    held = (
        Held(one, FIRST + DAY, FIRST + 5 * DAY, "Đợt nóng", 2),
        Held(third, FIRST, FIRST + DAY, "#7", None, 7),
    )
    warnings = (tell(one, 3, 3), tell(one, 9, 5), tell(other, 9, 1, "critical"), tell(one, 59, None))
    return Findings(22, 0, None, warnings, held if incidents else (), 2 if incidents else None)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_rule_is_listed_and_has_a_page(context: Make, city: City, lang: str) -> None:
    listed = told(context("rules", "", lang))
    words = plain(context("rules", "", lang))
    domains = {domain.id for domain in city.head.domains} | {""}
    for rule in city.rules.values():
        assert domain_of(city, rule) in domains
        ctx = context("rule", rule.id, lang)
        said = condition(ctx, rule)
        assert f"/{lang}/rule/{rule.id}" in listed, rule.id
        assert flat(said) in words, rule.id
        page = plain(ctx)
        for text in (rule.name, rule.message, rule.playbook):
            assert text is None or flat(text.get(lang)) in page, rule.id
        assert flat(said) in page, rule.id
        assert not re.search(r"None|[{}]", said + clearing(ctx, rule)), rule.id


CONDITIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"above": 37}, "Trên 37,0 °C", "Above 37.0 °C"),
    ({"below": 5}, "Dưới 5,0 °C", "Below 5.0 °C"),
    (
        {"type": "band", "bands": [
            {"limit": 35, "name": {"vi": "cấp I", "en": "level I"}},
            {"limit": 37, "name": {"vi": "cấp II", "en": "level II"}}]},
        "Rơi vào một bậc của thang: trên cấp I (35,0 °C), cấp II (37,0 °C)",
        "In a class of the legend: above level I (35.0 °C), level II (37.0 °C)",
    ),
    (
        {"type": "band", "side": "below", "bands": [{"limit": 9, "name": {"vi": "rét", "en": "cold"}}]},
        "Rơi vào một bậc của thang: dưới rét (9,0 °C)",
        "In a class of the legend: below cold (9.0 °C)",
    ),
    (
        {"type": "change", "against": "previous", "above": 3},
        "Thay đổi so với kỳ trước trên 3,0%",
        "Change on the period before above 3.0%",
    ),
    (
        {"type": "change", "against": "last_year", "below": -3},
        "Thay đổi so với cùng kỳ năm trước dưới -3,0%",
        "Change on the same period of last year below -3.0%",
    ),
    (
        {"type": "target_gap", "above": 2},
        "Lệch về phía xấu so với mục tiêu quá 2,0 °C",
        "More than 2.0 °C on the wrong side of its target",
    ),
    (
        {"type": "target_gap", "above": 0},
        "Lệch về phía xấu so với mục tiêu",
        "On the wrong side of its target",
    ),
    (
        {"type": "worsening", "periods": 3, "by": 1.5},
        "3 kỳ liên tiếp, kỳ sau xấu hơn kỳ trước, tổng cộng 1,5",
        "3 periods in a row, each worse than the one before, by 1.5 in all",
    ),
    (
        {"type": "count_anomaly"},
        "Nhiều bất thường so với mức, xu thế, mùa và ngày lễ; trong số được báo, tối đa {q}% có thể sai",
        "Unusually many for its level, trend, season and holidays;"
        " of what is shown, at most {q}% may be false",
    ),
    (
        {"type": "level_anomaly", "side": "below"},
        "Thấp bất thường so với mức, xu thế, mùa và ngày lễ; trong số được báo, tối đa {q}% có thể sai",
        "Unusually low for its level, trend, season and holidays;"
        " of what is shown, at most {q}% may be false",
    ),
    (
        {"type": "level_shift"},
        "Mức đã đổi và giữ ở đó",
        "The level has moved and stays there",
    ),
    (
        {"type": "projection", "above": 60},
        "Xác suất không đạt mục tiêu cuối năm trên 60%",
        "Probability of missing the target at the year's end above 60%",
    ),
    (
        {"type": "deadline", "dataset": "dossiers", "due": "a", "done": "b", "within": "24h", "above": 20},
        "Có hơn 20 hồ sơ chưa xong sẽ đến hạn trong 24 giờ làm việc",
        "More than 20 rows that are open and due within 24 hours of working time",
    ),
    ({"type": "stale", "after": "36h"}, "Dòng mới nhất đã cũ hơn 36 giờ", "Newest row older than 36 h"),
    ({"type": "late"}, "Chưa nhận được lần gửi đã đến hạn", "A delivery that is owed has not come"),
    ({"type": "silent", "after": "3d"}, "Không nhận được gì suốt 3 ngày", "Nothing has come for 3 days"),
    (
        {"type": "incomplete", "below": 90},
        "Có số liệu của chưa đến 90% địa bàn",
        "Fewer than 90% of the areas are there",
    ),
    (
        {"type": "volume", "side": "below"},
        "Số dòng trong ngày ít hơn hẳn thường lệ",
        "Far fewer rows in a day than usual",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("when", "vi", "en"), CONDITIONS, ids=lambda c: str(c)[:30])
def test_a_condition_in_words(
    context: Make, city: City, rule: Rule, when: dict[str, Any], vi: str, en: str
) -> None:
    one = rule.model_copy(
        update={"when": TypeAdapter(Condition).validate_python(when), "hold": None, "keep_firing": None}
    )
    unit = city.units[city.indicators[str(rule.indicator)].unit]
    share = f"{city.head.warnings.rate(rule.severity) * 100:.0f}"
    for lang, expected in (("vi", vi), ("en", en)):
        ctx = context("rule", rule.id, lang)
        text = expected.replace("{q}", share).replace("°C", unit.symbol.get(lang))
        assert condition(ctx, one).replace("\xa0", " ") == text
        held = condition(ctx, one.model_copy(update={"hold": 3 * DAY})).replace("\xa0", " ")
        assert held == text + {"vi": ", kéo dài 3 ngày", "en": ", for 3 days"}[lang]


def test_rules_made_of_others_name_them(context: Make, city: City, rule: Rule) -> None:
    others = list(city.rules.values())[:3]
    ctx = context("rules", "", "en")
    names = ", ".join(other.name.get("en") for other in others)
    for at_least, lead in (
        ("all", "All of these stand"), ("any", "One of these stands"), (2, "At least 2 of these stand")
    ):  # fmt: skip
        when = {"type": "combined", "rules": [o.id for o in others], "at_least": at_least}
        made = rule.model_copy(
            update={"when": TypeAdapter(Condition).validate_python(when), "indicator": None, "hold": None}
        )
        assert condition(ctx, made) == f"{lead}: {names}"
        assert domain_of(city, made) == domain_of(city, others[0])


def test_when_a_rule_is_over_is_said(context: Make, rule: Rule) -> None:
    ctx = context("rule", rule.id, "en")

    def said(**given: Any) -> str:
        when = TypeAdapter(Condition).validate_python({"above": 37, **given.pop("when", {})})
        text = clearing(ctx, rule.model_copy(update={"when": when, "keep_firing": None} | given))
        return text.replace("\xa0", " ").replace(
            ctx.unit(ctx.city.indicators[str(rule.indicator)]).symbol.get("en"), "°C"
        )

    assert said() == ""
    assert said(when={"clear_below": 35.5}) == "below 35.5 °C again"
    both = said(when={"clear_below": 35.5}, keep_firing=2 * DAY)
    assert both == "below 35.5 °C again; when that has held for 2 days"


def test_a_rule_that_waits_for_its_figures_says_so(context: Make, city: City, rule: Rule) -> None:
    def page(one: Rule) -> str:
        ctx = context("rule", rule.id, "en")
        return plain(replace(ctx, city=replace(city, rules={**city.rules, rule.id: one})))

    said = "2 days after a period has ended"
    assert said in page(rule.model_copy(update={"settle": 2 * DAY}))
    assert said not in page(rule.model_copy(update={"settle": None}))


def test_whether_a_rule_was_tried_follows_what_it_judges(city: City, state: State, rule: Rule) -> None:
    def mark(as_now: Rule = rule) -> str:
        here = replace(city, rules={**city.rules, rule.id: as_now})
        return Rulebook(here, state, None, NOW).tried(as_now)

    assert mark() == "never"
    number = tried(state, rule)
    assert mark() == "running"
    state.backtests.fail(number, "x", NOW)
    assert mark() == "never"
    tried(state, rule, found(city))
    assert mark() == "tried"
    for words in (
        {"name": Text({"vi": "a"})},
        {"message": Text({"vi": "b"})},
        {"notify": ("a",)},
        {"public": None},
    ):
        assert mark(rule.model_copy(update=words)) == "tried", words
    changed = rule.model_copy(update={"hold": 9 * DAY})
    assert mark(changed) == "outdated"
    tried(state, changed, found(city))
    assert mark(changed) == "tried"
    assert mark() == "tried", "the rule is again as it was when the first one was made"
    other = rule.model_copy(update={"severity": "watch" if rule.severity != "watch" else "serious"})
    assert mark(other) == "outdated"
    feed = next(r for r in city.rules.values() if r.feed is not None)
    assert Rulebook(city, state, None, NOW).tried(feed) == "present"


def test_the_list_says_how_rules_do(
    context: Make, city: City, state: State, rule: Rule, book: Rulebook
) -> None:
    codes = [area.code for area in city.areas.at(city.levels[1], FIRST)]
    state.record(
        Evaluation(NOW, series={(rule.id, code): SeriesState(Status.NORMAL, NOW) for code in codes[:7]})
    )
    outcomes = [Outcome.TRUE, Outcome.TRUE, Outcome.TRUE, Outcome.FALSE, Outcome.DUPLICATE, None]
    first = 0
    for place, outcome in enumerate(outcomes):
        at = NOW - (40 - place) * DAY
        one = Episode(
            rule.id, codes[place], Kind.LIMIT, "serious", Status.FIRING, at, at - HOUR, 38.0, 37.0,
            {"vi": "x", "en": "x"}, {}, last_value=38.0, worst_value=38.0,
        )  # fmt: skip
        state.record(Evaluation(at, episodes=[one]))
        assert one.id is not None
        first = first or one.id
        if outcome is not None:
            state.acknowledge(one.id, "Lan", "", at + (place + 1) * HOUR, areas=None)
            duplicate = first if outcome is Outcome.DUPLICATE else None
            state.conclude(one.id, outcome, "Lan", "", at + DAY, areas=None, duplicate_of=duplicate)
    tried(state, rule, found(city))
    text = plain(context("rules", "", "en", {"show": "standing"}, book=book))
    row = text[text.index(rule.name.get("en")) :]
    # seven series, one that stands, six in thirteen weeks, three of four, acknowledged after 1 to 5 hours
    assert re.search(r"\b7 +1 +0\.46 +75% \(3/4\) +3 h +Backtested +0\.46 a week in the test", row), row[:600]
    assert all(other.name.get("en") not in text for other in city.rules.values() if other.id != rule.id)
    page = plain(context("rule", rule.id, "en", book=book))
    assert re.search(r"Series 7 Standing 1 Warnings a week 0\.46 Rightly given 75% \(3/4\)", page)
    assert city.areas[codes[5]].name("en") in page[page.index("Standing now") :]


def test_filters_show_what_they_say(
    context: Make, city: City, state: State, rule: Rule, book: Rulebook
) -> None:
    tried(state, rule, found(city))

    def listed(show: str) -> set[str]:
        return set(re.findall(r"/en/rule/(\w+)", told(context("rules", "", "en", {"show": show}, book=book))))

    assert listed("") == listed("no_such_filter") == set(city.rules)
    assert listed("public") == {r.id for r in city.rules.values() if r.public is not None}
    assert listed("untried") == {r.id for r in city.rules.values() if r.indicator is not None} - {rule.id}
    assert listed("standing") == set()
    for domain in {domain_of(city, r) or "feeds" for r in city.rules.values()}:
        narrowed = told(context("rules", "", "en", {"domain": domain}, book=book))
        mine = {r.id for r in city.rules.values() if (domain_of(city, r) or "feeds") == domain}
        assert set(re.findall(r"/en/rule/(\w+)", narrowed)) == mine
    assert "No rule of this kind" in told(context("rules", "", "en", {"show": "standing"}, book=book))


def graph_of(ctx: ScreenContext) -> Any:
    (graph,) = [part for part in render(ctx)._traverse() if getattr(part, "_type", "") == "Graph"]
    return graph.figure


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_backtest_is_told_in_full(
    context: Make, city: City, state: State, rule: Rule, book: Rulebook, lang: str
) -> None:
    tried(state, rule, found(city))
    ctx = context("rule", rule.id, lang, book=book)
    text = plain(ctx)
    if lang == "en":
        # 4 warnings in 61 days; they stood for 1, 3 and 5 days and one still stands; one incident of two told
        assert re.search(r"Warnings 4 Warnings a week 0\.46 Stood for 3 days Series 22 ", text), text
        assert "Incidents told 1 of 2 Told after (median) 2 days Warnings that belong to none 2" in text
        assert "Nothing was ever stored" in text
        assert "1 Sep 2026 – 31 Oct 2026" in text
    assert ctx.words("backtest.missed") in text
    assert f"/{lang}/warning/7" in told(ctx), "an incident that people marked leads to its warning"
    figure = graph_of(ctx)
    bars, held, *lines = figure["data"]
    assert sum(bars["y"]) == 4
    assert bars["y"] == [1, 2, 0, 0, 0, 0, 0, 0, 1]
    assert len(held["x"]) == 2 * 3
    assert sum(len(line["x"]) for line in lines) == 4 * 3
    begun = dt.datetime.combine(FIRST, dt.time()).isoformat()
    assert all(begun <= x for line in lines for x in line["x"] if x)


def test_the_rows_of_a_timeline_hold_every_incident(city: City) -> None:
    codes = [area.code for area in city.areas.at(city.levels[1], FIRST)]
    at = dt.datetime.combine(FIRST, dt.time(), city.zone)
    many = [
        WouldTell(code, "watch", at, at + k * DAY, at + k * DAY + HOUR, 1.0, 1.0, 1.0)
        for place, code in enumerate(codes[:18])
        for k in range(20 - place)
    ]
    quiet = Held(codes[20], FIRST, FIRST, "", None)
    rows = rows_of(Findings(22, 0, None, tuple(many), (quiet,), 0))
    assert rows == [*codes[:13], codes[20]]
    assert rows_of(Findings(22, 0, None, (), (), None)) == []


def test_weeks_of_a_timeline_cover_the_span(
    context: Make, city: City, state: State, rule: Rule, book: Rulebook
) -> None:
    tried(state, rule, found(city))
    (made,) = book.backtests(rule.id)
    findings = book.findings(made)
    assert findings is not None
    weeks = weekly(made, findings, context())
    assert [day for day, _ in weeks] == [FIRST + k * 7 * DAY for k in range(9)]
    assert weeks[-1][0] < UNTIL <= weeks[-1][0] + 7 * DAY


def test_what_is_under_way_or_came_to_nothing_is_said(
    context: Make, city: City, state: State, rule: Rule
) -> None:
    def page(**params: str) -> str:
        return plain(context("rule", rule.id, "en", params, book=Rulebook(city, state, None, NOW)))

    assert "Nobody has tried this rule on the past" in page()
    number = tried(state, rule)
    assert "Being made for Lan: 1 Sep 2026 – 31 Oct 2026" in page()
    state.backtests.abandon(NOW)
    assert "came to nothing: the program ended before it did" in page()
    tried(state, rule, Findings(22, 0, NOW, (), (), None), NOW + HOUR)
    assert "It would have told nothing" in page()
    tried(state, rule, found(city), NOW + 2 * HOUR)
    assert "All backtests" in page()
    assert "It would have told nothing" not in page()
    assert "It would have told nothing" in page(backtest=str(number + 1)), "an earlier one can be read again"
    failed = tried(state, rule)
    state.backtests.fail(failed, "RuntimeError: no memory left", NOW)
    text = page()
    assert "came to nothing: RuntimeError: no memory left" in text
    assert "Warnings 4" in text, "what was found before is still there"


def test_a_changed_rule_says_that_its_backtest_is_of_another(
    context: Make, city: City, state: State, rule: Rule
) -> None:
    tried(state, rule.model_copy(update={"hold": 9 * DAY}), found(city))
    text = plain(context("rule", rule.id, "en", book=Rulebook(city, state, None, NOW)))
    assert "The rule has been changed since" in text
    assert "Changed since its backtest" in text


def test_a_rule_of_the_present_has_no_form(context: Make, city: City) -> None:
    feed = next(r for r in city.rules.values() if r.feed is not None)
    ctx = context("rule", feed.id, "en")
    assert "judges the present moment alone" in plain(ctx)
    assert "backtest-do" not in told(ctx)
    watched = next(r for r in city.rules.values() if r.indicator is not None)
    assert "backtest-do" in told(context("rule", watched.id, "en"))
