"""Screens render whole from a synthetic reader, in both languages, however little there is to show."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from config import City
from config.models import Formula
from config.periods import start_of
from dashboard.context import ScreenContext
from dashboard.screens import render
from dashboard.warnings.alerts import Alert
from indicators.formula import parse_references
from warehouse.deliveries import Arrival
from warehouse.reader import Rows

NOW = dt.datetime(2026, 11, 23, 1, 40, tzinfo=dt.UTC).replace(tzinfo=None)  # as the store keeps times
Make = Callable[..., ScreenContext]


def told(ctx: ScreenContext) -> str:
    """Everything that a screen sends, as one text."""
    return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)


def indicator_with(city: City, period: str) -> str:
    return next(i.id for i in city.indicators.values() if period in i.periods and i.kind == "measure")


def routes(city: City) -> list[tuple[str, str]]:
    district = city.areas.at(city.levels[1])[0].code
    ward = city.areas.at(city.levels[2])[0].code
    ids = {i.kind: i.id for i in city.indicators.values()}
    return [
        *(("area", code) for code in (city.areas.root.code, district, ward)),
        *(("indicator", id_) for id_ in ids.values()),
        ("warnings", ""),
        ("silences", ""),
        ("directives", ""),
        ("directive", "1"),
        ("review", ""),
        ("health", ""),
        ("quarantine", next(iter(city.feeds))),
        ("wall", ""),
        ("open", ""),
        ("reports", ""),
        ("catalogue", ""),
        ("missing", "/vi/nowhere"),
    ]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_screen_renders_full_empty_late_and_thin(
    lang: str, context: Make, city: City, alert: Callable[..., Alert]
) -> None:
    alerts = [alert(), alert(id=2, severity="critical"), alert(id=3, closed_at=alert().since)]
    old = NOW - dt.timedelta(days=900)
    states: list[dict[str, Any]] = [{}, {"absent": True, "loaded": None}, {"loaded": old}, {"n": 1}]
    for (kind, target), state in product(routes(city), states):
        text = told(context(kind, target, lang, alerts=alerts, **state))
        assert f'"lang": "{lang}"' in text, (kind, state)
        assert "None" not in re.sub(r'"[^"]*data-version[^"]*"', "", text), (kind, state)


def test_states_are_said_in_words(context: Make, city: City) -> None:
    root = city.areas.root.code
    assert "Chưa có số liệu" in told(context("area", root, absent=True))
    assert "Chậm số liệu" in told(context("area", root, loaded=NOW - dt.timedelta(days=900)))
    thin = told(context("area", root, n=1))
    assert "Chưa đủ số liệu" in thin
    assert "hatch" in thin
    assert "Số liệu mô phỏng" in told(context("area", root))


def test_a_value_with_too_few_rows_is_not_shown_as_a_number(context: Make, city: City) -> None:
    demanding = next(i for i in city.indicators.values() if i.min_n > 1 and "month" in i.periods)
    text = told(context("indicator", demanding.id, params={"period": "month"}, n=1))
    assert f"n = 1, cần ít nhất {demanding.min_n}" in text


def test_every_tile_and_cell_leads_to_its_indicator_with_area_and_period(context: Make, city: City) -> None:
    district = city.areas.at(city.levels[1])[0].code
    text = told(context("area", district))
    links = set(re.findall(r"/vi/indicator/[a-z0-9_]+\?area=\w+&(?:amp;)?period=\w+", text))
    assert any(f"area={district}" in link for link in links)
    assert len(links) > 20
    for link in links:
        assert re.match(r"/vi/indicator/([a-z0-9_]+)", link)[1] in city.indicators  # type: ignore[index]


def test_the_district_screen_stays_lean(context: Make, city: City, alert: Callable[..., Alert]) -> None:
    alerts = [alert(id=k) for k in range(30)]
    for district in city.areas.at(city.levels[1]):
        size = len(str(to_json_plotly(render(context("area", district.code, alerts=alerts)))))
        assert size < 150_000, (district.code, size)


def test_the_filters_of_the_warnings_desk(context: Make, city: City, alert: Callable[..., Alert]) -> None:
    district = city.areas.at(city.levels[1])[0].code
    alerts = [
        alert(id=11, severity="critical"),
        alert(id=12, severity="watch", area=district),
        alert(id=13, closed_at=alert().since),
    ]

    def shown(**params: str) -> set[str]:
        return set(re.findall(r"warning-(\d+)", told(context("warnings", params=params, alerts=alerts))))

    assert shown() == {"11", "12"}
    assert shown(severity="critical") == {"11"}
    assert shown(area=district) == {"12"}
    assert shown(status="recent") == {"13"}
    assert shown(severity="serious") == set()
    assert shown(area="no such area") == {"11", "12"}


def test_the_warning_that_a_notice_leads_to_comes_first(context: Make, alert: Callable[..., Alert]) -> None:
    alerts = [
        alert(id=1, severity="critical"),
        alert(id=2, severity="watch"),
        alert(id=3, closed_at=alert().since),
    ]

    def order(**params: str) -> list[str]:
        return re.findall(r'id=\\?"warning-(\d)', told(context("warnings", alerts=alerts, params=params)))

    assert order() == ["1", "2"]
    assert order(warning="2") == ["2", "1"]
    assert order(warning="3") == ["3", "1", "2"]
    assert order(warning="9") == ["1", "2"]


def test_untaken_critical_warnings_have_a_page_of_their_own_on_the_wall(
    context: Make, alert: Callable[..., Alert]
) -> None:
    assert "data-critical" not in told(context("wall"))
    grave = alert(id=7, severity="critical")
    taken = alert(id=8, severity="critical", taken_at=alert().since)
    assert 'data-critical=\\"7\\"' in told(context("wall", alerts=[grave, taken]))


def test_the_rows_behind_a_number_are_listed_and_escaped(context: Make, city: City) -> None:
    id_ = indicator_with(city, "month")
    rows = Rows(
        ("a", "at", "day"), [("<script>alert(1)</script>", NOW, NOW.date()), (None, None, None)], 1234
    )
    text = told(context("indicator", id_, params={"period": "month"}, rows=rows))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "1.234" in text
    assert "08:40 23/11/2026" in text


def test_broken_identities_come_first_with_their_widest_gap(context: Make, city: City) -> None:
    text = told(context("health", lang="en"))
    names = [item.name.get("en") for item in city.identities.values()]
    assert all(name in text for name in names)
    assert text.index(names[0]) < text.index(names[1])
    for word in ("Broken", "Holds", "Cannot be checked", "3 of 5", "12 of 12", "740", "600", "140"):
        assert word in text
    assert "No identities" not in text
    assert text.count("Everything that is broken") == 1
    assert ": Cannot be checked" in text


def test_an_indicator_says_what_it_is_held_to(context: Make, city: City) -> None:
    identity = next(iter(city.identities.values()))
    id_ = next(name for name in city.indicators if name in identity.claim.split())
    text = told(context("indicator", id_, lang="en"))
    assert identity.name.get("en") in text
    assert "gap 140" in text
    free = next(i for i in city.indicators if not any(i in c.claim for c in city.identities.values()))
    assert "Do the figures agree?" not in told(context("indicator", free, lang="en"))


def test_what_a_source_wrote_cannot_become_markup(context: Make) -> None:
    text = told(context("health", text='<img src=x onerror="alert(1)">'))
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_the_accounts_of_the_ledger_are_reconciled_on_the_screen(context: Make, city: City) -> None:
    feeds = len(city.feeds)
    text = told(context("health", lang="en"))
    assert "Accounts agree" in text
    assert (
        f"{100 * feeds:,} received = {90 * feeds:,} stored + {6 * feeds:,} unchanged"
        f" + {3 * feeds:,} rejected + {feeds:,} mended" in text
    )


def test_a_running_sum_is_not_compared_with_a_whole_period(context: Make, city: City) -> None:
    summed = next(
        i
        for i in city.indicators.values()
        if i.kind == "measure" and city.units[i.unit].kind == "amount" and "month" in i.periods
    )
    text = told(context("indicator", summed.id, params={"period": "month"}))
    headline = text[text.index("headline-line") : text.index("qualities")]
    assert "cả tháng trước" in headline
    assert "so với" not in headline
    assert start_of("month", NOW.date()).month == 11


def test_peaks_and_counts_per_head_in_the_making_are_not_compared(context: Make, city: City) -> None:
    """A running day's highest reading, or half a month's cases per head, seems to fall where nothing fell."""

    def counted(item: Formula) -> bool:
        """Whether it is made of what adds up over a period, and not of what stands at its end."""
        return all(city.indicators[id_].kind != "stock" for id_ in parse_references(item.formula))

    growing = [
        i.id
        for i in city.indicators.values()
        if "month" in i.periods
        and (
            (i.kind == "measure" and i.measure.startswith("max("))
            or (i.kind == "formula" and i.formula.startswith("per_capita(") and counted(i))
        )
    ]
    assert growing
    for id_ in growing:
        text = told(context("indicator", id_, params={"period": "month"}))
        headline = text[text.index("headline-line") : text.index("qualities")]
        assert "so với" not in headline, id_


def test_what_was_accepted_all_the_same_and_changed_columns_are_told(context: Make) -> None:
    text = told(context("health", lang="en", text="<b>Stadt</b>"))
    for word in ("Accepted all the same", "cell emptied", "kept as it came", "delivery accepted", "line 7"):
        assert word in text
    for word in (
        "Columns that changed",
        "Renamed",
        "Missing",
        "Set the column",
        "Ask the sender",
        "number → text",
    ):
        assert word in text
    assert "<b>Stadt" not in text
    assert "Columns that changed" not in told(context("health", lang="en", absent=True))


@pytest.mark.parametrize(
    ("days", "told_of"),
    [(20, "Review"), (3.8, "Reminded 2/3"), (1, "No reminder"), (0, "Nothing has been due yet")],
)
def test_agencies_climb_the_ladder(
    context: Make, monkeypatch: pytest.MonkeyPatch, days: float, told_of: str
) -> None:
    """The hotline owes a delivery each day, with half a day of grace, and came but once."""
    ctx = context("health", lang="en", params={"feed": "hotline_requests"})
    at = ctx.now - dt.timedelta(days=days)
    once = {"hotline_requests": [Arrival(at, at, 9, 9)]}
    monkeypatch.setattr(type(ctx.reader), "arrivals", lambda _: once)
    text = told(ctx)
    assert told_of in text
    assert ("Overdue now" in text) == (days > 0)
