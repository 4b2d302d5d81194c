"""Backtests that people start: made beside everything else, held against what they know to have happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue

import pytest

from config import City
from config.models import Rule, Threshold
from dashboard.components.backtest_form import EVERY
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from dashboard.rules.backtesting import Asked, Backtesting, start
from dashboard.rules.trials import Incident, Trial, TruthError, incidents_in, marked_incidents, read_incidents
from warehouse.state import Episode, Evaluation, Kind, Outcome, State, Status
from warehouse.store import Store

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC)
FIRST, UNTIL = dt.date(2026, 9, 1), dt.date(2026, 11, 1)
DAY = dt.timedelta(days=1)


@pytest.fixture
def rule(city: City) -> Rule:
    """A rule over a district's days: above 50 warns at once."""
    base = next(
        r
        for r in city.rules.values()
        if isinstance(r.when, Threshold) and (r.level, r.period) == (city.levels[1], "day")
    )
    plain = {"partial": False, "hold": None, "keep_firing": None, "no_data": None}
    return base.model_copy(update={"id": "above", "when": Threshold(above=50), **plain})


@pytest.fixture
def watched(city: City, rule: Rule) -> City:
    return replace(city, rules={**city.rules, rule.id: rule})


@pytest.fixture
def store(tmp_path: Path, watched: City, rule: Rule) -> Iterator[Store]:
    """Two districts with 40 a day; the first has 60 on days 10 to 12, 30 and 31, all stored at once."""
    opened = Store.open(tmp_path / "warehouse.duckdb", watched.head.timezone)
    stored = NOW.replace(tzinfo=None) - 21 * DAY
    rows = []
    for code in districts(watched):
        for day in range((UNTIL - FIRST).days):
            high = code == districts(watched)[0] and day in (10, 11, 12, 30, 31)
            at = FIRST + day * DAY
            through = dt.datetime.combine(at + DAY, dt.time()) - dt.timedelta(hours=7)
            value = 60.0 if high else 40.0
            rows.append([rule.indicator, rule.level, code, "day", at, value, 10_000, through, stored, stored])
    with opened.write() as cursor:
        cursor.executemany(
            "INSERT INTO indicator_value (indicator, level, area, period, start, value, n, data_through,"
            " stored_at, known_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    yield opened
    opened.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path}/people.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def news() -> Queue[int]:
    """A word each time that open pages are told of something new."""
    return Queue()


@pytest.fixture
def backtesting(watched: City, store: Store, state: State, news: Queue[int]) -> Iterator[Backtesting]:
    made = Backtesting(watched, store, state, lambda: NOW, lambda: news.put(1))
    yield made
    made.close()


def districts(city: City) -> list[str]:
    return [area.code for area in city.areas.at(city.levels[1], FIRST)][:2]


def day(number: int) -> dt.date:
    return FIRST + number * DAY


def warned(
    city: City, state: State, rule: Rule, area: str, first: dt.date, last: dt.date, outcome: Outcome | None
) -> int:
    """A warning that stood from one day to another and was closed by a person."""
    since, over = (dt.datetime.combine(d, dt.time(8), city.zone) for d in (first, last))
    episode = Episode(
        rule.id, area, Kind.LIMIT, "serious", Status.NORMAL, since, since, 60.0, 50.0, {"vi": "x"}, {},
        last_value=60.0, worst_value=60.0, resolved_at=over, resolution="cleared",
    )  # fmt: skip
    state.record(Evaluation(over, episodes=[episode]))
    assert episode.id is not None
    if outcome is not None:
        state.conclude(episode.id, outcome, "Lan", "", over + DAY, areas=None)
    return episode.id


def test_what_it_found_is_kept_and_held_against_what_is_known(
    watched: City, state: State, rule: Rule, backtesting: Backtesting
) -> None:
    one, other = districts(watched)
    marked = warned(watched, state, rule, one, day(9), day(12), Outcome.TRUE)
    known = [Incident(other, day(20), day(22), "missed one")]
    backtesting.start(Trial(rule.id, FIRST, UNTIL, known), "Lan", None).result(60)
    (made,) = state.backtests.all()
    assert (made.who, made.first, made.until, made.error) == ("Lan", FIRST, UNTIL, None)
    assert (made.told, made.series, made.unfounded) == (2, 2, 1)
    found = state.backtests.findings(made.id, areas=None)
    assert found is not None
    # A day is over at the next midnight: then it is judged.
    spans = [
        (w.area, *(at.astimezone(watched.zone).date() for at in (w.opened_at, w.ended_at or NOW)), w.worst)
        for w in found.warnings
    ]
    assert spans == [(one, day(11), day(14), 60.0), (one, day(31), day(33), 60.0)]
    assert [(h.area, h.delay, h.warning) for h in found.incidents] == [(other, None, None), (one, 2, marked)]
    assert state.warnings(areas=None) == [], "nobody is told anything"


def test_what_goes_wrong_is_told_to_who_asked(
    state: State, rule: Rule, backtesting: Backtesting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: object) -> object:
        raise RuntimeError("no memory left")

    monkeypatch.setattr("dashboard.rules.backtesting.replayed", breaks_off)
    with pytest.raises(RuntimeError, match="no memory left"):
        backtesting.start(Trial(rule.id, FIRST, UNTIL), "Lan", None).result(60)
    (made,) = state.backtests.all()
    assert (made.done, made.running, made.error) == (False, False, "RuntimeError: no memory left")


def test_a_city_that_starts_ends_what_was_left(watched: City, store: Store, state: State, rule: Rule) -> None:
    state.backtests.begin(rule.id, FIRST, UNTIL, {}, "Lan", NOW)
    Backtesting(watched, store, state, lambda: NOW, lambda: None).close()
    assert [made.running for made in state.backtests.all()] == [False]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_form_says_what_it_lacks(
    watched: City, state: State, rule: Rule, backtesting: Backtesting, news: Queue[int], lang: Lang
) -> None:
    words = words_in(lang)
    span = "2026-09-01", "2026-10-31"
    feed = next(r.id for r in watched.rules.values() if r.feed is not None)
    cases = [
        (Asked("gone", *span, "Lan"), "backtest.not_this"),
        (Asked(feed, *span, "Lan"), "backtest.not_this"),
        (Asked(rule.id, *span), "action.needs_name"),
        (Asked(rule.id, "", "2026-10-31", "Lan"), "backtest.needs_days"),
        (Asked(rule.id, "2026-10-31", "2026-09-01", "Lan"), "backtest.ends_first"),
        (Asked(rule.id, "2026-11-24", "2026-11-30", "Lan"), "backtest.too_early"),
    ]
    for asked, key in cases:
        assert start(watched, backtesting, None, asked, lang) == words(key)
    bad = Asked(rule.id, *span, "Lan", f"{districts(watched)[0]},2026-09-01\nnowhere,2026-09-01")
    assert start(watched, backtesting, None, bad, lang) == words("backtest.bad_incident", line=2)
    assert state.backtests.all() == []
    good = Asked(rule.id, *span, "Lan", f"{districts(watched)[0]}, 2026-09-11, 2026-09-13, ngập")
    assert start(watched, backtesting, None, good, lang) == words("backtest.begun")
    for _ in ("begun", "done"):
        news.get(timeout=60)
    (made,) = state.backtests.all()
    assert (made.first, made.until, made.told, made.unfounded) == (FIRST, UNTIL, 2, 1)


def test_every_rule_that_was_not_tried_is_tried_in_turn(
    city: City, store: Store, state: State, rule: Rule, news: Queue[int]
) -> None:
    others = [r for r in city.rules.values() if r.indicator is not None][:2]
    feed = next(r for r in city.rules.values() if r.feed is not None)
    few = replace(city, rules={r.id: r for r in (rule, *others, feed)})
    backtesting = Backtesting(few, store, state, lambda: NOW, lambda: news.put(1))
    backtesting.start(Trial(others[0].id, FIRST, UNTIL), "Minh", None).result(60)
    asked = Asked(EVERY, FIRST.isoformat(), (UNTIL - DAY).isoformat(), "Lan", "not looked at")
    assert start(few, backtesting, None, asked, "en") == words_in("en").count("backtest.begun_all", 2)
    for future in backtesting.start_untried(FIRST, UNTIL, "Lan", None):  # asked for twice: made once
        future.result(60)
    made = [(one.rule, one.who, one.told) for one in reversed(state.backtests.all())]
    assert made == [(others[0].id, "Minh", 0), (rule.id, "Lan", 2), (others[1].id, "Lan", 0)]
    assert backtesting.start_untried(FIRST, UNTIL, "Lan", None) == []
    told = [news.get(timeout=60) for _ in range(4)]  # begun and done alone; the last of each line
    assert news.empty(), told
    backtesting.close()


def test_one_that_is_under_way_is_not_begun_again(
    watched: City, state: State, rule: Rule, backtesting: Backtesting
) -> None:
    state.backtests.begin(rule.id, FIRST, UNTIL, {}, "Minh", NOW)
    asked = Asked(rule.id, "2026-09-01", "2026-10-31", "Lan")
    assert start(watched, backtesting, None, asked, "en") == words_in("en")("backtest.under_way")


def test_marked_incidents_are_what_people_found_to_be_true(watched: City, state: State, rule: Rule) -> None:
    one, other = districts(watched)
    sibling = rule.model_copy(update={"id": "sibling"})
    stranger = next(r for r in watched.rules.values() if r.indicator not in (None, rule.indicator))
    city = replace(watched, rules={**watched.rules, "sibling": sibling})
    first = warned(city, state, rule, one, day(10), day(12), Outcome.TRUE)
    warned(city, state, sibling, one, day(11), day(15), Outcome.TRUE)  # the same event, by another rule
    again = warned(city, state, rule, one, day(20), day(21), Outcome.TRUE)
    apart = warned(city, state, rule, other, day(-3), day(0), Outcome.TRUE)
    warned(city, state, rule, other, day(5), day(6), Outcome.FALSE)
    warned(city, state, rule, other, day(9), day(9), None)
    warned(city, state, rule, other, day(-9), day(-5), Outcome.TRUE)  # before the span
    warned(city, state, stranger, other, day(30), day(31), Outcome.TRUE)

    def found(areas: set[str] | None) -> list[tuple[str, dt.date, dt.date, int | None]]:
        marked = marked_incidents(city, state, rule.id, FIRST, UNTIL, areas)
        return sorted((i.area, i.start, i.end, i.warning) for i in marked)

    expected = [
        (one, day(10), day(15), first),
        (one, day(20), day(21), again),
        (other, day(-3), day(0), apart),
    ]
    assert found(None) == sorted(expected)
    assert found({other}) == [expected[2]]


def test_incidents_are_read_with_and_without_a_head(city: City, tmp_path: Path) -> None:
    code = city.areas.root.code
    lines = f"{code}, 2026-09-01, 2026-09-05, Ngập, đường\n\n{code},2026-10-01,,\n".replace("Ngập, ", "Ngập ")
    expected = [
        Incident(code, dt.date(2026, 9, 1), dt.date(2026, 9, 5), "Ngập đường"),
        Incident(code, dt.date(2026, 10, 1), dt.date(2026, 10, 1), ""),
    ]
    headed = "area,start,end,name\n" + lines
    assert incidents_in(lines, city) == incidents_in(headed, city) == expected
    file = tmp_path / "truth.csv"
    file.write_text(headed, encoding="utf-8")
    assert read_incidents(file, city) == expected
    assert incidents_in(" \n", city) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nowhere,2026-09-01,,", "area 'nowhere' is unknown"),
        ("{area},1/9/2026,,", "write days as"),
        ("{area}", "write days as"),
        ("{area},2026-09-05,2026-09-01,", "ends before it begins"),
    ],
)
def test_an_incident_that_cannot_be_read_is_named_by_its_line(city: City, line: str, says: str) -> None:
    area = city.areas.root.code
    with pytest.raises(TruthError, match=says) as caught:
        incidents_in(f"{area},2026-09-01\n{line.format(area=area)}", city)
    assert caught.value.line == 2
