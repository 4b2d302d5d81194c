"""From a number on the screen to the line of a file in the inbox, and back."""

from __future__ import annotations

import csv
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from dashboard.catalogue import origin
from indicators.behind import Member
from indicators.breakdown import breakdown
from indicators.lineage import Lineages
from warehouse.reader import reading
from warehouse.scope import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.running.runtime import Runtime
    from tests.integration.conftest import Running, Visitor


@pytest.mark.parametrize("indicator", ["hotline_received", "hotline_on_time", "hotline_open"])
def test_rows_stand_in_the_files_that_are_named(reference: Running, indicator: str) -> None:
    feed = reference.city.feeds["hotline_requests"]
    header = next(column.source for column in feed.columns if column.name == "ticket_id")
    with reading(reference.runtime.store, reference.city, EVERYONE) as reader:
        value = reader.latest([indicator], reference.city.areas.root.code, "month")[indicator]
        found = Lineages(reference.city).of(reader, value, rows=10**6)
    assert found is not None
    assert found.rows is not None
    assert len(found.rows.rows) == found.rows.total == value.n > 0
    assert sum(source.rows for source in found.sources) == value.n
    by_name = {source.name: source for source in found.sources}
    place = {name: number for number, name in enumerate(found.rows.columns)}
    lines = {}
    for name, source in by_name.items():
        content = (reference.places.inbox / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == source.hash
        kept = list(reference.places.landing.glob(f"{source.hash[:2]}/{source.hash}*"))
        assert [path.read_bytes() for path in kept] == [content]
        lines[name] = content.decode("utf-8-sig").splitlines()
    for row in found.rows.rows:
        file = lines[row[place["_file"]]]
        (cells,) = csv.DictReader([file[0], file[row[place["_line"]] - 1]], delimiter=";")
        assert cells[header] == row[place["ticket_id"]]


@pytest.mark.parametrize("indicator", ["hotline_received", "hotline_on_time", "hotline_open"])
def test_the_rows_of_a_member_are_as_many_as_it_says(reference: Running, indicator: str) -> None:
    city, root = reference.city, reference.city.areas.root.code
    with reading(reference.runtime.store, city, EVERYONE) as reader:
        value = reader.latest([indicator], root, "month")[indicator]
        told = breakdown(city, reader, indicator, "category", root, "month", value.start, top=100)
        assert sum(one.n for one in told) == value.n
        for one in told:
            found = Lineages(city).rows(reader, value, limit=1, member=Member("category", one.member))
            assert found is not None
            assert found.total == one.n


def test_a_published_figure_leads_to_its_prints(reference: Running) -> None:
    with reading(reference.runtime.store, reference.city, EVERYONE) as reader:
        value = reader.latest(["grdp"], reference.city.areas.root.code, "year")["grdp"]
        found = Lineages(reference.city).of(reader, value)
    assert found is not None
    assert found.rows is not None
    first = dict(zip(found.rows.columns, found.rows.rows[0], strict=True))
    assert first["value"] == value.value
    assert first["series"] == "grdp"


def test_the_command_line_tells_the_same(reference: Running) -> None:
    city = reference.city
    with reading(reference.runtime.store, city, EVERYONE) as reader:
        told = origin.follow(city, reader, "hotline_backlog_days", None, None, None, 3)
        text, data = origin.as_text(city, told), json.loads(origin.as_json(told))
        rows = origin.follow(city, reader, "hotline_on_time", "760", "month", "2026-10-15", 3)
        assert origin.as_text(city, rows).count(" ticket_id=") == 3
        for id_, area, period, day in (
            ("hotline_on_tim", None, None, None),
            ("hotline_on_time", "0", None, None),
            ("hotline_on_time", None, "decade", None),
            ("hotline_on_time", None, None, "yesterday"),
            ("hotline_on_time", None, "month", "1990-01-01"),
        ):
            with pytest.raises(origin.UnknownError):
                origin.follow(city, reader, id_, area, period, day, 3)
    assert "computed from 8 values, which rest on 8 values with rows:" in text
    assert [part["indicator"] for part in data["parts"]] == ["hotline_open"] + 7 * ["hotline_closed"]
    assert data["definition"]["body"]["formula"] == city.indicators["hotline_backlog_days"].formula  # type: ignore[union-attr]
    assert all(len(source["hash"]) == 64 for source in data["files"])


def test_the_conflicts_in_what_was_published_are_found(
    reference: Running, visitor: Callable[[Runtime], Visitor]
) -> None:
    with reading(reference.runtime.store, reference.city, EVERYONE) as reader:
        counts = reader.identities.counts()
        broken = {id_ for id_, count in counts.items() if count.broken}
        reports = counts["services_reports_agree"].worst
        amount = counts["digital_economy_amount_agrees"].worst
    assert {"services_reports_agree", "services_all_configured", "digital_economy_amount_agrees"} <= broken
    for holding in ("services_by_level", "hotline_month_published", "online_procedures_by_level"):
        assert counts[holding].holding > 0
        assert counts[holding].broken == 0
    assert reports is not None
    assert (reports.left, reports.right, reports.gap) == (740, 600, 140)
    assert amount is not None
    assert amount.right == 1_479_227
    assert amount.left == pytest.approx(0.19 * 1_479_227)
    shown = visitor(reference.runtime).screen("/en/health").text.replace("\u00a0", " ")
    assert "Two reports give the same number of online services" in shown
    assert "740 procedures against 600 procedures" in shown
