"""Slips of people's pens that would harm more than their own row: an open quote, a year of two digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel"


def rows(*cells: str) -> str:
    """A file of one row for each text, which stands in the column of the channel."""
    lines = [f"{i},2024-05-01 08:00:00,,11,3,{cell}" for i, cell in enumerate(cells)]
    return "\n".join([HEADER, *lines, ""])


def test_a_quote_that_never_closes_fails_the_file_instead_of_swallowing_its_rest(house: House) -> None:
    house.deliver("a.csv", rows(*["app"] * 100, '"app', *["web"] * 100))
    house.deliver("b.csv", rows('"app', "web"))
    house.deliver("c.csv", rows("app", "web"))
    first, second, sound = house.load()
    assert (first.status, second.status, sound.status) == ("failed", "failed", "done")
    assert first.message == "a quote on line 102 never closes, so the rest of the file cannot be read"
    assert second.message is not None
    assert "line 2" in second.message
    assert house.rows("SELECT count(*) FROM fact_tickets") == [(2,)]


def test_quotes_that_close_and_quotes_inside_a_cell_harm_nobody(build: Build) -> None:
    house = build(
        columns=[
            {"name": "id", "type": "text"},
            {"name": "opened", "type": "timestamp"},
            {"name": "ward", "type": "text"},
            {"name": "channel", "type": "text"},
        ],
        checks=[],
    )
    house.deliver("a.csv", rows("app", 'a 5" pipe', "web"))
    house.deliver("b.csv", rows("app", '"two\nlines"', "web", '"three\n\nlines"'))
    assert [(run.status, run.received, run.inserted) for run in house.load()] == [
        ("done", 3, 3),
        ("done", 4, 1),
    ]


def test_a_year_of_two_digits_does_not_open_two_thousand_years_of_history(build: Build) -> None:
    columns = [
        {"name": "id", "type": "text"},
        {"name": "opened", "type": "timestamp", "format": "%d/%m/%Y %H:%M"},
        {"name": "closed", "type": "date", "format": "%d/%m/%Y"},
        {"name": "ward", "type": "text"},
    ]
    house = build(columns=columns, checks=[])
    header = "id,opened,closed,ward\n"
    house.deliver(
        "a.csv", header + "1,01/05/24 08:00,,11\n2,01/05/2024 08:00,02/05/24,11\n3,01/05/2024 08:00,,11\n"
    )
    (run,) = house.load()
    assert (run.inserted, run.rejected) == (1, 2)
    assert house.reasons() == [(2, "opened", "range"), (3, "closed", "range")]


def test_a_link_out_of_the_inbox_is_no_delivery(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text(rows("app"))
    own = house.deliver("own.csv", rows("app"))
    own.with_name("stolen.csv").symlink_to(outside)
    own.with_name("alias.csv").symlink_to(own)
    assert [run.file.rpartition("/")[2] for run in house.load()] == ["alias.csv", "own.csv"]
