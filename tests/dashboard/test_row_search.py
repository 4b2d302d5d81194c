"""Rows are found by words, values and days, as plain Python finds them; nothing typed becomes SQL."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.models import Feed
from warehouse.areas import sync_areas
from warehouse.facts import ensure_fact_table, q
from warehouse.reader import reading
from warehouse.row_search import AGES, Search, find_rows, group_columns
from warehouse.scope import EVERYONE, OutOfScopeError, Scope
from warehouse.store import Store

if TYPE_CHECKING:
    from config import City

DATASET = "hotline_requests"
TODAY = dt.date(2026, 6, 20)
AGENCIES = ("Công an Phường Đa Kao", "Đội Trật tự đô thị", "Công ty Thoát nước", "100% xanh_sạch")
WARDS = {"26734": "760", "26737": "760", "26794": "769"}
CATEGORIES, STATES = ("flooding", "waste", "noise"), ("new", "processing", "closed")
ROWS = 240
PAGE = 7


@dataclass
class Desk:
    """A warehouse with tickets, and the same tickets as plain dictionaries, the newest first."""

    city: City
    store: Store
    tickets: list[dict[str, Any]]

    @property
    def feed(self) -> Feed:
        return self.city.datasets[DATASET]

    def find(self, search: Search, area: str = "79", offset: int = 0, scope: Scope = EVERYONE) -> Any:
        with reading(self.store, self.city, scope) as reader:
            return find_rows(reader, self.feed, search, area, TODAY, PAGE, offset)


@pytest.fixture(scope="module")
def desk(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    store = Store.open(tmp_path_factory.mktemp("rows") / "w.duckdb", city.head.timezone)
    rng = np.random.default_rng(3)
    feed = city.datasets[DATASET]
    tickets: list[dict[str, Any]] = []
    known = {area.code for area in city.areas.at("ward", TODAY)}
    wards = [code for code in WARDS if code in known]
    for number in range(ROWS):
        at = dt.datetime(2026, 6, 20, 3) - int(rng.integers(0, 60 * 24)) * dt.timedelta(hours=1)  # noqa: DTZ001
        tickets.append(
            {
                "ticket_id": f"1022-2606-{number:05d}",
                "received_at": at,
                "received_at__day": (at + dt.timedelta(hours=7)).date(),
                "category": str(rng.choice(CATEGORIES)),
                "status": str(rng.choice(STATES)),
                "agency": str(rng.choice(AGENCIES)),
                "ward_code": str(rng.choice(wards)),
            }
        )
    tickets.sort(key=lambda row: row["ticket_id"])
    tickets.sort(key=lambda row: row["received_at"], reverse=True)
    sync_areas(store, city.areas)
    with store.write() as cursor:
        ensure_fact_table(cursor, feed)
        names = [*tickets[0], "_area"]
        marks = ", ".join("?" for _ in names)
        cursor.executemany(
            f"INSERT INTO {q('fact_' + DATASET)} ({', '.join(map(q, names))}) VALUES ({marks})",
            [[*row.values(), row["ward_code"]] for row in tickets],
        )
    yield Desk(city, store, tickets)
    store.close()


def plain(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in letters if not unicodedata.combining(sign))


def meets(row: dict[str, Any], search: Search, area: str) -> bool:
    texts = [plain(row[name]) for name in ("ticket_id", "agency", "ward_code")]
    return (
        (area == "79" or WARDS[row["ward_code"]] == area or row["ward_code"] == area)
        and all(row[name] == value for name, value in search.chosen.items())
        and (search.since is None or row["received_at__day"] >= search.since)
        and (search.until is None or row["received_at__day"] <= search.until)
        and all(
            any(plain(word) in text for text in texts)
            or any(row[name] == value for name, value in search.labelled.get(word, ()))
            for word in search.words
        )
    )


DAYS = st.none() | st.dates(dt.date(2026, 4, 15), dt.date(2026, 6, 21))
WORDS = st.sampled_from(
    ["công", "CONG", "thoat", "đa", "da", "000", "1022-2606-00012", "%", "_", "'", "x'); DROP", "ngap"]
)
SEARCHES = st.builds(
    Search,
    words=st.lists(WORDS, max_size=2),
    labelled=st.just({"ngap": [("category", "flooding")]}),
    chosen=st.dictionaries(st.sampled_from(["status"]), st.sampled_from([*STATES, "lost' OR TRUE --"]))
    | st.just({"agency": AGENCIES[0], "category": "waste"}),
    since=DAYS,
    until=DAYS,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    search=SEARCHES, area=st.sampled_from(["79", "760", "769", "26734"]), offset=st.sampled_from([0, PAGE])
)
def test_rows_are_those_that_plain_python_finds(desk: Desk, search: Search, area: str, offset: int) -> None:
    expected = [row for row in desk.tickets if meets(row, search, area)]
    found = desk.find(search, area, offset)
    assert found.rows.total == len(expected)
    place = [column.name for column in desk.feed.columns].index("ticket_id")
    listed = [row[place] for row in found.rows.rows]
    assert listed == [row["ticket_id"] for row in expected[offset : offset + PAGE]]
    for name in ("category", "status", "agency"):
        counted = Counter(row[name] for row in expected)
        if len(counted) > 1 or name in search.chosen:
            assert dict(found.groups[name]) == counted, name
            assert [n for _, n in found.groups[name]] == sorted(counted.values(), reverse=True)
    ages = [(TODAY - row["received_at__day"]).days for row in expected]
    bounds = [-(10**6), *AGES, 10**6]
    bands = [sum(low <= age < high for age in ages) for low, high in pairwise(bounds)]
    assert list(found.ages) == bands


def test_what_tells_each_row_from_every_other_is_no_choice(desk: Desk) -> None:
    names = [column.name for column in group_columns(desk.feed)]
    assert "ticket_id" not in names
    assert {"category", "status", "agency", "channel"} <= set(names)


def test_nobody_finds_rows_outside_their_areas(desk: Desk) -> None:
    mine = Scope(areas=frozenset({"760"}))
    assert desk.find(Search(), "760", scope=mine).rows.total == sum(
        WARDS[row["ward_code"]] == "760" for row in desk.tickets
    )
    for area in ("79", "769"):
        with pytest.raises(OutOfScopeError):
            desk.find(Search(), area, scope=mine)


def test_a_dataset_of_which_nothing_came_has_no_rows(desk: Desk, city: City) -> None:
    with reading(desk.store, city, EVERYONE) as reader:
        assert find_rows(reader, city.datasets["dossiers"], Search(), "79", TODAY, PAGE, 0) is None
