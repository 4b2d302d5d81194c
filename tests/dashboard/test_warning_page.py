"""The page of a warning and the desk by cause: what is told, in which order, and what the public hears."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import Change, CountAnomaly, Rule
from dashboard.components.causes import causes
from dashboard.components.drivers import parts_of
from dashboard.components.feed_chart import BEFORE
from dashboard.components.warning_chart import sight_of
from dashboard.components.why import odds, why
from dashboard.context import ScreenContext
from dashboard.screens import render
from dashboard.warnings.alerts import Alert, alerts_from
from dashboard.warnings.releasing import DEFAULT, WITHDRAW, Wanted, release
from dashboard.warnings.stories import Story, story_of
from indicators.notices.public import Draft
from warehouse.rule_tests import RuleTest
from warehouse.state import (
    Correction,
    Episode,
    Evaluation,
    Kind,
    Outcome,
    Release,
    State,
    Status,
    Warning,
)

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 20)
ENDED = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)  # midnight after DAY, by the city's clock
Make = Callable[..., ScreenContext]


def told(ctx: ScreenContext) -> str:
    return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)


def graph_of(ctx: ScreenContext) -> Any:
    (found,) = [part for part in render(ctx)._traverse() if getattr(part, "_type", "") == "Graph"]
    return found.figure


def counted(city: City) -> Rule:
    """A statistical rule over a count that is told by district and day and broken down; not in the city."""
    base = next(
        r
        for r in city.rules.values()
        if r.indicator
        and r.level == city.levels[1]
        and r.period == "day"
        and r.indicator == "hotline_received"
    )
    return base.model_copy(update={"id": "unusual", "when": CountAnomaly(type="count_anomaly")})


def warning(rule: Rule, area: str, **given: Any) -> Warning:
    defaults: dict[str, Any] = {
        "id": 7, "rule": rule.id, "area": area, "kind": Kind.LIMIT, "severity": "serious",
        "status": Status.FIRING, "opened_at": ENDED, "firing_since": ENDED - dt.timedelta(days=1),
        "resolved_at": None, "resolution": None, "value": 60.0, "limit": 50.0, "last_value": 60.0,
        "worst_value": 60.0, "message": {"vi": "Lời đã báo", "en": "What was told"}, "evidence": {},
        "recorded_at": ENDED, "acknowledged_at": None, "acknowledged_by": None,
    }  # fmt: skip
    return Warning(**defaults | given)


def story(city: City, one: Warning, **more: Any) -> Story:
    return Story(alerts_from(city, [one], [], NOW)[0], one, **more)


def judged(rule: str, area: str, day: dt.date = DAY, **given: Any) -> RuleTest:
    start = dt.datetime.combine(day, dt.time())
    defaults: dict[str, Any] = {
        "rule": rule, "area": area, "start": start, "ended_at": start + dt.timedelta(hours=17),
        "value": 60.0, "expected": 31.0, "bound": 52.0, "p": 0.00044, "spread": 1.0, "reason": "selected",
        "cutoff": 0.001, "tests": 1104,
    }  # fmt: skip
    return RuleTest(**defaults | given)


@pytest.fixture
def watched(city: City) -> City:
    """The city with a statistical rule."""
    rule = counted(city)
    return replace(city, rules={**city.rules, rule.id: rule})


def within(ctx: ScreenContext, city: City) -> ScreenContext:
    ctx.reader.city = city  # type: ignore[attr-defined]
    return replace(ctx, city=city)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_kind_of_rule_has_a_page_that_says_why(context: Make, city: City, lang: str) -> None:
    for rule in city.rules.values():
        area = city.areas.root.code if rule.level is None else city.areas.at(rule.level, DAY)[0].code
        for kind in Kind:
            one = warning(rule, area, kind=kind)
            ctx = context("warning", "7", lang, story=story(city, one))
            text = told(ctx)
            assert one.message[lang] in text, rule.id
            assert "None" not in re.sub(r'"data-[^"]*": "[^"]*"', "", text), rule.id
            (first, *_) = why(ctx, story(city, one), None)
            assert first[0].isupper() or first[0].isdigit(), rule.id
            assert first in text.replace("\\n", " "), rule.id


def test_what_is_due_first_is_listed_and_a_volume_says_what_was_expected(context: Make, city: City) -> None:
    feed = city.datasets["dossiers"]
    (key, *_) = feed.key
    due = next(column for column in feed.columns if column.name == "due_at")
    assert due.type == "timestamp"
    asked = {
        "type": "deadline",
        "dataset": "dossiers",
        "due": "due_at",
        "done": "finished_at",
        "within": "8h",
    }
    texts = {"vi": "x", "en": "x"}
    soon = {"id": "soon", "name": texts, "level": city.levels[0], "when": asked, "severity": "watch"}
    flood = {"id": "flood", "name": texts, "feed": feed.id, "when": {"type": "volume"}, "severity": "watch"}
    rules = {str(one["id"]): Rule.model_validate(one | {"message": texts}) for one in (soon, flood)}
    more = replace(city, rules={**city.rules, **rules})
    root = city.areas.root.code
    rows = [{key: "H-17", "due_at": "2026-11-23T02:30:00+00:00"}, {key: None, "due_at": None}]
    one = warning(rules["soon"], root, evidence={"rows": rows})
    text = told(within(context("warning", "7", "en", story=story(more, one)), more))
    assert "H-17" in text
    assert "23 Nov 2026, 09:30" in text
    assert "Due soon and not done: 60" in text
    many = warning(rules["flood"], root, evidence={"expected": 20.0, "p": 0.0001})
    text = told(within(context("warning", "7", "en", story=story(more, many)), more))
    assert "Rows that came in the day: 60;" in text
    assert "one in 10,000" in text


def test_a_rule_made_of_others_tells_which_of_them_stand(
    context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    first, second = list(city.rules)[:2]
    texts = {"vi": "x", "en": "x"}
    both = {"type": "combined", "rules": [first, second], "at_least": 1}
    made = {"id": "both", "name": texts, "level": city.levels[1], "when": both, "severity": "watch"}
    rule = Rule.model_validate(made | {"message": texts})
    more = replace(city, rules={**city.rules, rule.id: rule})
    here, there = (d.code for d in city.areas.at(city.levels[1])[:2])
    alerts = [
        alert(id=21, rule=first, area=city.areas.root.code, message={"en": "It stands for the city"}),
        alert(id=22, rule=second, area=there, message={"en": "It stands elsewhere"}),
    ]
    one = warning(rule, here, value=1.0, limit=1.0)
    text = told(within(context("warning", "7", "en", story=story(more, one), alerts=alerts), more))
    assert "Of 2 rules 1 stand" in text
    assert "It stands for the city" in text
    assert "It stands elsewhere" not in text
    assert text.count("does not stand") == 1


def test_a_number_without_a_warning_says_so(context: Make) -> None:
    assert "This warning is no longer there." in told(context("warning", "99", "en"))


def test_a_rule_that_is_gone_leaves_what_was_told(context: Make, city: City) -> None:
    rule = counted(city)  # the city does not have it
    text = told(context("warning", "7", "en", story=story(city, warning(rule, city.areas.root.code))))
    assert "What was told" in text
    assert "no longer in the city" in text


def test_the_sentence_of_an_unusual_count_says_chance_tests_and_budget(context: Make, watched: City) -> None:
    rule, root = watched.rules["unusual"], watched.areas.root.code
    one = warning(rule, root, evidence={"expected": 31.0, "p": 0.00044})
    made = [judged(rule.id, root)]
    ctx = within(context("warning", "7", "en", story=story(watched, one), tests=made), watched)
    text = told(ctx)
    assert "one in 2,300 times" in text
    assert "(1,104 tests)" in text
    assert "at most 10% may be false" in text
    alone = [judged(rule.id, root, tests=1)]
    ctx = within(context("warning", "7", "en", story=story(watched, one), tests=alone), watched)
    assert "(1 test)" in told(ctx)


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.01, "one in 100"),
        (0.00044, "one in 2,300"),
        (1e-6, "one in 1,000,000"),
        (0.0, "less than one in 1,000,000"),
    ],
)
def test_a_chance_is_said_in_two_figures(context: Make, p: float, said: str) -> None:
    assert odds(context("warnings", lang="en"), p) == said


def test_the_chart_shows_what_was_expected_the_limit_and_the_value_as_it_was_told(
    context: Make, watched: City
) -> None:
    rule, root = watched.rules["unusual"], watched.areas.root.code
    days = [DAY - dt.timedelta(days=k) for k in range(3)]
    made = [judged(rule.id, root, day, expected=30.0 + k, bound=50.0 + k) for k, day in enumerate(days)]
    one = warning(rule, root, evidence={"expected": 30.0, "p": 1e-4, "seen": [[DAY.isoformat(), 99.5]]})
    ctx = within(context("warning", "7", "en", story=story(watched, one), tests=made), watched)
    figure = graph_of(ctx)
    lines = {trace.get("name"): trace for trace in figure["data"]}
    at = figure["data"][0]["x"].index(DAY.isoformat())
    assert lines["Expected"]["y"][at - 2 : at + 2] == [32.0, 31.0, 30.0, None]
    assert lines["Limit"]["y"][at - 2 : at + 2] == [52.0, 51.0, 50.0, None]
    mark = next(t for t in figure["data"] if t.get("marker", {}).get("symbol") == "diamond")
    assert (mark["x"], mark["y"]) == ([DAY.isoformat()], [99.5])
    (then,) = [t for t in figure["data"] if t.get("marker", {}).get("symbol") == "circle"]
    now = lines[next(iter(lines))]["y"][at]
    assert then["y"] == [99.5, now]
    low, high = figure["layout"]["yaxis"]["range"]
    assert low <= min(99.5, now)
    assert max(99.5, now) <= high
    # It stands: the shade goes to the end of the chart.
    assert figure["layout"]["shapes"][0]["x0"] == at
    assert figure["layout"]["shapes"][0]["x1"] == figure["layout"]["xaxis"]["range"][1]


@pytest.mark.parametrize("against", ["previous", "last_year"])
def test_the_limit_of_a_change_is_drawn_where_it_lies(context: Make, city: City, against: str) -> None:
    rule = next(
        r
        for r in city.rules.values()
        if isinstance(r.when, Change)
        and r.period == "month"
        and r.when.above is not None
        and r.when.against == against
        and city.units[city.indicators[str(r.indicator)].unit].kind in ("amount", "level")
    )
    area = city.areas.at(str(rule.level), DAY)[0].code
    opened = dt.datetime(2026, 10, 31, 17, tzinfo=dt.UTC)
    one = warning(rule, area, opened_at=opened, firing_since=opened)
    ctx = context("warning", "7", "en", story=story(city, one))
    limit = next(t for t in graph_of(ctx)["data"] if t.get("name") == "Limit")
    above = rule.when.above or 0.0  # type: ignore[union-attr]
    for start, drawn in zip(limit["x"], limit["y"], strict=True):
        year, month = int(start[:4]), int(start[5:7])
        before = dt.date(year - 1, month, 1)
        if against == "previous":
            before = dt.date(year, month - 1, 1) if month > 1 else dt.date(year - 1, 12, 1)
        base = ctx.reader.value(rule.indicator, area, "month", before).value  # type: ignore[attr-defined]
        assert drawn == pytest.approx(base * (1 + above / 100))


def test_a_warning_that_is_over_is_shaded_to_its_end(context: Make, city: City) -> None:
    rule = next(r for r in city.rules.values() if r.when.type == "threshold" and r.period == "day")
    area = city.areas.at(str(rule.level), DAY)[0].code
    end = ENDED + dt.timedelta(days=1)
    over = warning(rule, area, resolved_at=end, ended_at=end, status=Status.NORMAL)
    figure = graph_of(context("warning", "7", "en", story=story(city, over)))
    x = figure["data"][0]["x"]
    shade = figure["layout"]["shapes"][0]
    assert x[shade["x0"]] == DAY.isoformat()
    assert x[shade["x1"]] == (DAY + dt.timedelta(days=1)).isoformat()
    limit = next(t for t in figure["data"] if t.get("name") == "Limit")
    assert set(limit["y"]) == {50.0}


def test_corrections_are_told_beside_what_was_told(context: Make, city: City) -> None:
    rule = next(r for r in city.rules.values() if r.when.type == "threshold" and r.period == "day")
    one = warning(rule, city.areas.at(str(rule.level), DAY)[0].code)
    made = [
        Correction(1, 7, NOW, "", {"value": 60.0}, {"value": 55.0}, "revised"),
        Correction(
            2, 7, NOW, "", {"value": 60.0, "justified": True}, {"value": 40.0, "justified": False}, "x"
        ),
    ]
    text = told(context("warning", "7", "en", story=story(city, one, corrections=made)))
    assert re.search(r"told 60.{0,30}, now known 55", text)
    assert text.count("there would have been no warning") == 1


def test_parts_come_in_the_order_of_what_they_add(context: Make, watched: City) -> None:
    rule, root = watched.rules["unusual"], watched.areas.root.code
    one = warning(rule, root)
    districts = [area.code for area in watched.areas.at(watched.levels[1], DAY)]
    plain = within(context("warning", "7"), watched)
    value = {
        d: plain.reader.matrix([rule.indicator or ""], watched.levels[1], "day", DAY)[d] for d in districts
    }
    amounts = {d: row[rule.indicator or ""].value or 0.0 for d, row in value.items()}
    expected = {d: amounts[d] - k for k, d in enumerate(districts)}
    made = [judged(rule.id, d, expected=expected[d]) for d in districts]
    ctx = within(context("warning", "7", tests=made), watched)
    sight = sight_of(ctx, story(watched, one))
    assert sight is not None
    assert sight.start == DAY
    parts = parts_of(ctx, sight, root)
    assert [part.area for part in parts] == districts[::-1]
    assert [part.more for part in parts] == pytest.approx(list(range(len(districts)))[::-1])
    assert sum(part.share or 0.0 for part in parts) == pytest.approx(100)


def test_without_tests_parts_stand_beside_the_median_of_the_same_weekdays(context: Make, city: City) -> None:
    rule = next(r for r in city.rules.values() if r.indicator == "hotline_received" and r.period == "day")
    district = city.areas.at(city.levels[1], DAY)[0].code
    ctx = context("warning", "7")
    sight = sight_of(ctx, story(city, warning(rule, district)))
    assert sight is not None
    for part in parts_of(ctx, sight, district):
        days = [DAY - dt.timedelta(days=7 * k) for k in range(1, 9)]
        found = [ctx.reader.value(rule.indicator, part.area, "day", day) for day in days]  # type: ignore[attr-defined]
        amounts = sorted(value.value for value in found)
        assert part.expected == (amounts[3] + amounts[4]) / 2


def test_its_like_are_told_with_how_they_ended(context: Make, city: City) -> None:
    rule = next(r for r in city.rules.values() if r.indicator and r.period == "day")
    area = city.areas.at(str(rule.level), DAY)[0].code
    end = ENDED + dt.timedelta(days=3)
    over = {"resolved_at": end, "ended_at": end}
    like = [
        warning(rule, area, id=1, outcome=Outcome.TRUE, **over),
        warning(rule, area, id=2, outcome=Outcome.FALSE, **over),
        warning(rule, area, id=3, outcome=Outcome.TRUE, **over),
        warning(rule, area, id=4, **over),
        warning(rule, area, id=5),
    ]
    text = told(context("warning", "7", "en", story=story(city, warning(rule, area), similar=like)))
    for said in (
        "5 other warnings of the rule",
        "Rightly given: 2",
        "False alarm: 1",
        "still stands",
        "back to normal · 4 days",
    ):
        assert said in text
    one = told(context("warning", "7", "en", story=story(city, warning(rule, area), similar=like[:1])))
    assert "1 other warning of the rule" in one


# The desk


def test_warnings_of_one_cause_stand_together_the_city_first(
    context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    first, second = (d.code for d in city.areas.at(city.levels[1])[:2])
    rise = next(r for r in city.rules.values() if r.indicator and getattr(r.when, "above", None) is not None)
    fall = next(r for r in city.rules.values() if r.indicator and getattr(r.when, "below", None) is not None)
    up = {"rule": rise.id, "indicator": "hotline_received"}
    down = {"rule": fall.id, "indicator": "hotline_received"}
    alerts = [
        alert(id=1, area=first, severity="critical", **up),
        alert(id=2, area=city.areas.root.code, severity="watch", **up),
        alert(id=3, area=second, severity="watch", taken_at=NOW, **down),
        alert(id=4, area=first, severity="critical", taken_at=NOW, **down),
        alert(id=5, area=second, severity="serious", **up),
    ]
    ctx = context("warnings", alerts=alerts)
    found = causes(ctx, alerts)
    assert [[a.id for a in cause.alerts] for cause in found] == [[2, 1, 5], [4, 3]]
    assert [cause.untaken for cause in found] == [3, 0]
    # A notice leads to one of them: its cause comes first, and it leads there.
    assert [[a.id for a in cause.alerts] for cause in causes(ctx, alerts, "3")] == [[3, 4], [2, 1, 5]]


def test_forty_warnings_are_few_components_and_one_form(
    context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    districts = city.areas.at(city.levels[1])
    alerts = [alert(id=k, area=districts[k % len(districts)].code) for k in range(1, 41)]
    tree = render(context("warnings", alerts=alerts))
    parts = list(tree._traverse())
    fields = [p for p in parts if isinstance(getattr(p, "id", None), dict)]
    assert len([p for p in fields if p.id["type"] == "handle-do"]) == 1
    assert len(fields) == 7
    assert len(parts) < 90
    (which,) = [p for p in fields if p.id["type"] == "handle-which"]
    assert len(which.options) == 41
    assert which.options[0]["value"].count(",") == 39


def test_the_quiet_list_says_how_many_tests_stood_behind(context: Make, watched: City) -> None:
    root = watched.areas.root.code
    first, second, *rest = (d.code for d in watched.areas.at(watched.levels[1]))
    made = [
        judged("unusual", root),
        judged("unusual", first, reason="watch", p=0.004),
        judged("unusual", second, reason="watch", p=0.002, expected=0.8),
        *(judged("unusual", d, reason="below_budget", p=0.5) for d in rest),
    ]
    text = told(within(context("warnings", lang="en", tests=made), watched))
    assert f"{len(made)} statistical tests were made" in text
    assert "1 is told as a warning." in text
    assert "2 more are unusual on their own" in text
    assert text.index("one in 500") < text.index("one in 250")
    district = told(within(context("warnings", lang="en", tests=made, params={"area": first}), watched))
    assert "1 more is unusual on its own" in district
    assert "one in 500" not in district
    assert "Quiet watch list" not in told(context("warnings", lang="en"))


# To the public


@pytest.fixture
def state(tmp_path: Path, city: City) -> Iterator[State]:
    state = State.open(f"sqlite:///{tmp_path}/state.sqlite")
    public = next(r for r in city.rules.values() if r.public is not None)
    private = next(r for r in city.rules.values() if r.public is None)
    texts: dict[str, str] = {"en": "Hot", "vi": "Nóng"}
    area = city.areas.root.code
    episodes = [
        Episode(r.id, area, Kind.LIMIT, r.severity, Status.FIRING, ENDED, ENDED, 2.0, 1.0, dict(texts), {})
        for r in (public, private)
    ]
    state.record(Evaluation(ENDED, episodes=episodes))
    yield state
    state.close()


def want(**given: Any) -> Wanted:
    words = {"en": "Heat", "vi": "Nắng nóng"}
    return Wanted(**{"warning": 1, "what": "3h", "who": "Lan", "headline": words, "text": words, **given})


def test_a_person_releases_a_warning_in_own_words_and_takes_it_back(city: City, state: State) -> None:
    assert release(city, state, None, want(), NOW, "en") == (
        "Released. The public feed carries it now.",
        True,
    )
    (stands,) = state.releases.standing(NOW)
    assert (stands.who, stands.headline["vi"]) == ("Lan", "Nắng nóng")
    assert stands.expires_at == NOW + dt.timedelta(hours=3)
    later = NOW + dt.timedelta(minutes=5)
    assert release(city, state, None, want(what=DEFAULT, text={"en": "X", "vi": "Y"}), later, "vi")[1]
    (stands,) = state.releases.standing(later)
    rule = city.rules[state.warning(1, areas=None).rule]
    assert rule.public is not None
    assert (stands.text["en"], stands.expires_at) == ("X", later + rule.public.valid)
    assert release(city, state, None, want(what=WITHDRAW), later, "en") == ("Please give the reason.", False)
    assert release(city, state, None, want(what=WITHDRAW, reason="over"), later, "en")[1]
    assert state.releases.standing(later) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"who": ""}, "Please give your name."),
        ({"text": {"en": "only"}}, "in every language"),
        ({"what": "9y"}, "cannot be done"),
        ({"warning": 2}, "cannot be done"),
        ({"warning": 77}, "no longer there"),
    ],
)
def test_what_may_not_be_told_to_the_public_is_refused(
    city: City, state: State, given: dict[str, Any], said: str
) -> None:
    text, done = release(city, state, None, want(**given), NOW, "en")
    assert said in text
    assert not done
    assert state.releases.all() == []


def test_the_page_offers_a_release_for_public_rules_alone(context: Make, city: City, state: State) -> None:
    offered = []
    for number in (1, 2):
        found = story_of(city, state, number, None, [], NOW)
        assert found is not None
        assert len(found.similar) == 0
        ctx = context("warning", str(number), "en", story=found)
        offered.append("release-do" in told(ctx))
    assert offered == [True, False]
    assert story_of(city, state, 99, None, [], NOW) is None


def test_what_the_public_was_told_is_on_the_page(context: Make, city: City) -> None:
    rule = next(r for r in city.rules.values() if r.public is not None)
    area = city.areas.at(str(rule.level), DAY)[0].code
    words = {"en": "Own words", "vi": "Lời riêng"}
    made = Release(3, 7, "Lan", NOW, words, words, NOW + dt.timedelta(hours=2))
    draft = Draft(dict(words), dict(words), NOW + dt.timedelta(hours=12))
    one = story(city, warning(rule, area), releases=[made], proposal=draft)
    text = told(context("warning", "7", "en", story=one))
    assert "The public is told of this warning." in text
    assert "Own words" in text
    assert '"value": "withdraw"' in text


@pytest.mark.parametrize("kind", ["volume", "silent"])
def test_a_warning_of_a_feed_shows_what_came_day_by_day(context: Make, city: City, kind: str) -> None:
    rule = next(r for r in city.rules.values() if r.feed is not None and r.when.type == kind)
    one = warning(rule, city.areas.root.code)
    ctx = context("warning", "7", "en", story=story(city, one))
    figure = graph_of(ctx)
    traces = {trace["name"]: trace for trace in figure["data"]}
    rows = traces["Rows a day"]
    begun = one.firing_since.astimezone(city.zone).date()
    assert (rows["type"], rows["x"][0]) == ("bar", (begun - BEFORE * dt.timedelta(days=1)).isoformat())
    assert rows["y"][-3:] == [100.0 + 7 * (dt.date.fromisoformat(rows["x"][-3]).day % 5), None, None]
    assert rows["hovertext"][-1].endswith("<b>–</b>")
    shade, _ = figure["layout"]["shapes"]
    assert shade["x0"] == BEFORE - 0.5
    # What was to be expected is known where the rule is over the volume; here the reader always tells it.
    assert set(traces["Expected"]["y"]) == {110.0}
    assert set(traces["Limit"]["y"]) == {150.0}
