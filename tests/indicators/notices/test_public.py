"""Warnings to the public: who may release what, and CAP messages that keep the standard's rules."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import City
from indicators.notices.cap import alert_xml, boundaries
from indicators.notices.public import NotPublicError, bulletins, current, draft, release, told
from tests.indicators.notices.cap_rules import NAMESPACE, broken
from tests.indicators.notices.conftest import NOON, Ward
from warehouse.state import HandlingError, Release, Status, Warning
from warehouse.state import Kind as Why

Make = Callable[..., Ward]
DAY = dt.timedelta(days=1)
WORDS = ({"vi": "Triều cường", "en": "High tide"}, {"vi": "Nước lên.", "en": "The water rises."})


def _opened(ward: Make, hcmc: City, rule: str = "tide_alarm_3") -> tuple[Ward, int]:
    desk = ward(city=hcmc)
    words = {"vi": "Quận 1: mực nước 165 cm", "en": "District 1: the water stands at 165 cm"}
    (number,) = desk.open("760", rule=rule, message=words)
    return desk, number


def _release(desk: Ward, number: int, now: dt.datetime, expires: dt.datetime = NOON + DAY) -> Release:
    return release(desk.city, desk.state, number, "Trần Thị Hạnh", *WORDS, expires, now, areas=None)


def test_an_alert_an_update_and_a_cancel_refer_to_each_other(ward: Make, hcmc: City) -> None:
    desk, number = _opened(ward, hcmc)
    _release(desk, number, NOON)
    _release(desk, number, NOON + dt.timedelta(hours=1))
    desk.state.releases.withdraw(number, "Hạnh", "nước rút", NOON + dt.timedelta(hours=2), areas=None)
    again = _release(desk, number, NOON + dt.timedelta(hours=3))
    found = bulletins(desk.city, desk.state)
    assert [(item.id, item.kind) for item in found] == [
        ("hcmc.3", "Alert"),
        ("hcmc.2.cancel", "Cancel"),
        ("hcmc.2", "Update"),
        ("hcmc.1", "Alert"),
    ]
    assert [broken(alert_xml(hcmc, item)) for item in found] == [[]] * 4
    cancel = ET.fromstring(alert_xml(hcmc, found[1]))
    sender = hcmc.head.publisher.sender if hcmc.head.publisher else ""
    assert cancel.findtext(NAMESPACE + "references") == (
        f"{sender},hcmc.1,2026-11-23T12:00:00+07:00 {sender},hcmc.2,2026-11-23T13:00:00+07:00"
    )
    assert {item.text for item in cancel.iter(NAMESPACE + "responseType")} == {"AllClear"}
    later = NOON + dt.timedelta(hours=4)
    assert [item.release for item in current(found, later, DAY)] == [again]
    assert current(found, NOON + 3 * DAY, DAY) == []


def test_a_message_says_what_where_and_what_to_do_in_both_languages(ward: Make, hcmc: City) -> None:
    desk, number = _opened(ward, hcmc)
    _release(desk, number, NOON)
    (item,) = bulletins(desk.city, desk.state)
    document = alert_xml(hcmc, item)
    assert broken(document) == []
    alert = ET.fromstring(document)
    assert alert.findtext(NAMESPACE + "status") == "Test"  # the figures of the reference city are simulated
    infos = {info.findtext(NAMESPACE + "language"): info for info in alert.iterfind(NAMESPACE + "info")}
    assert list(infos) == ["vi", "en"]
    said = {
        language: [
            info.findtext(f"{NAMESPACE}{name}")
            for name in (
                "event",
                "urgency",
                "severity",
                "headline",
                "description",
                "area/" + NAMESPACE + "areaDesc",
            )
        ]
        for language, info in infos.items()
    }
    assert said == {
        "vi": ["Triều cường", "Immediate", "Extreme", "Triều cường", "Nước lên.", "Quận 1"],
        "en": ["High tide flooding", "Immediate", "Extreme", "High tide", "The water rises.", "District 1"],
    }
    assert [value.text for value in alert.iter(NAMESPACE + "value")] == ["760", "760"]


@pytest.mark.parametrize(
    "rule_id", ["tide_alarm_3", "rain_torrential", "pm25_very_unhealthy", "heat_extreme"]
)
def test_every_public_rule_makes_a_sound_message_of_its_draft(ward: Make, hcmc: City, rule_id: str) -> None:
    desk, number = _opened(ward, hcmc, rule_id)
    words = draft(hcmc, desk.state.warning(number, areas=None), NOON)
    release(hcmc, desk.state, number, "Hạnh", words.headline, words.text, words.expires_at, NOON, areas=None)
    (item,) = bulletins(hcmc, desk.state)
    assert broken(alert_xml(hcmc, item)) == []
    assert item.rule.id == rule_id


def test_the_rules_of_the_reference_city_that_are_public_are_these(hcmc: City) -> None:
    public = {id_ for id_, rule in hcmc.rules.items() if rule.public is not None}
    assert public == {
        "tide_alarm_3",
        "rain_torrential",
        "flood_risk",
        "pm25_very_unhealthy",
        "heat_extreme",
        "heat_and_smog",
        "dengue_unusual",
    }


def test_only_marked_rules_every_language_and_by_a_person(ward: Make, hcmc: City) -> None:
    desk, number = _opened(ward, hcmc, "tide_alarm_2")
    with pytest.raises(NotPublicError, match="tide_alarm_2 is not public"):
        _release(desk, number, NOON)
    desk, number = _opened(ward, hcmc)
    half = {"vi": "Triều cường", "en": " "}
    for words in ({"vi": "Triều cường"}, half):
        with pytest.raises((NotPublicError, ValueError), match=r"there is no text in en|same languages"):
            release(hcmc, desk.state, number, "Hạnh", words, words, NOON + DAY, NOON, areas=None)
    with pytest.raises(ValueError, match="name"):
        release(hcmc, desk.state, number, " ", *WORDS, NOON + DAY, NOON, areas=None)
    with pytest.raises(HandlingError):
        _release(desk, number, NOON, NOON)
    nobody = replace(hcmc, head=hcmc.head.model_copy(update={"publisher": None}))
    with pytest.raises(NotPublicError, match=r"publisher in city\.yaml"):
        release(nobody, desk.state, number, "Hạnh", *WORDS, NOON + DAY, NOON, areas=None)
    assert bulletins(hcmc, desk.state) == []


def test_a_rule_that_is_public_no_more_takes_its_messages_with_it(ward: Make, hcmc: City) -> None:
    desk, number = _opened(ward, hcmc)
    _release(desk, number, NOON)
    rule = hcmc.rules["tide_alarm_3"].model_copy(update={"public": None})
    assert bulletins(replace(hcmc, rules={**hcmc.rules, rule.id: rule}), desk.state) == []


ANYTHING = st.text(min_size=1, max_size=60).filter(lambda text: any(char.isalnum() for char in text))


@given(vi=ANYTHING, en=ANYTHING, hours=st.integers(1, 400), late=st.integers(1, 500), back=st.booleans())
def test_whatever_people_write_the_message_stays_sound(
    hcmc: City, vi: str, en: str, hours: int, late: int, back: bool
) -> None:
    words = {"vi": vi, "en": en}
    withdrawn = NOON + dt.timedelta(hours=late) if back else None
    item = Release(
        5, 1, "Hạnh", NOON, words, words, NOON + dt.timedelta(hours=hours), None, withdrawn, "Hạnh"
    )
    warning = Warning(
        1, "tide_alarm_3", "760", Why.LIMIT, "critical", Status.FIRING, NOON, NOON, None, None, 1.0, 1.0, 1.0,
        1.0, {}, {}, NOON, None, None,
    )  # fmt: skip
    found = told(hcmc, [item], {1: warning})
    assert len(found) == 1 + back
    for bulletin in found:
        assert broken(alert_xml(hcmc, bulletin)) == []


def test_boundaries_become_polygons(ward: Make, hcmc: City, tmp_path: Path) -> None:
    """Longitude and latitude change places, outer rings only, two parts are two polygons."""
    ring = [[106.7, 10.77], [106.71, 10.77], [106.71, 10.78], [106.7, 10.77]]
    hole = [[106.701, 10.771], [106.702, 10.771], [106.702, 10.772], [106.701, 10.771]]
    shape = {"type": "MultiPolygon", "coordinates": [[ring, hole], [ring]]}
    feature = {"type": "Feature", "properties": {"code": "760"}, "geometry": shape}
    (tmp_path / "areas").mkdir()
    drawn = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "areas" / "districts.geojson").write_text(drawn, encoding="utf-8")
    assert list(boundaries(tmp_path / "areas")) == ["760"]
    desk, number = _opened(ward, replace(hcmc, path=tmp_path))
    _release(desk, number, NOON)
    document = alert_xml(desk.city, bulletins(desk.city, desk.state)[0])
    assert broken(document) == []
    polygons = [item.text for item in ET.fromstring(document).iter(NAMESPACE + "polygon")]
    one = "10.77000,106.70000 10.77000,106.71000 10.78000,106.71000 10.77000,106.70000"
    assert polygons == [one] * 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("<sent>2026-11-23T12:00:00Z</sent>", "sent is no time"),
        ("<sent></sent>", "sent is empty"),
        ("<status>Real</status>", "status is 'Real'"),
        ("<nonsense/>", "unknown"),
    ],
)
def test_the_rules_find_what_is_wrong(ward: Make, hcmc: City, wrong: str, said: str) -> None:
    """An oracle that finds nothing proves nothing."""
    desk, number = _opened(ward, hcmc)
    _release(desk, number, NOON)
    text = alert_xml(hcmc, bulletins(hcmc, desk.state)[0]).decode()
    name = wrong[1:].partition(">")[0]
    start, end = text.find(f"<{name}>"), text.find(f"</{name}>") + len(name) + 3
    spoilt = text[:start] + wrong + text[end:] if start > 0 else text.replace("<info>", f"{wrong}<info>", 1)
    assert any(said in problem for problem in broken(spoilt.encode()))
