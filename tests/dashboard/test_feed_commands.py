"""``ioc feed``: what it tells on a terminal and to machines."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from config import REFERENCE_CITY, load_city
from dashboard import cli


def test_the_feeds_are_listed_as_the_folder_defines_them() -> None:
    city = load_city(REFERENCE_CITY)
    found = json.loads(CliRunner().invoke(cli.app, ["feed", "list", "--json"]).stdout)
    assert [feed["id"] for feed in found] == sorted(city.feeds)
    for told in found:
        feed = city.feeds[told["id"]]
        assert (told["connector"], told["schedule"]) == (feed.connector.kind, feed.schedule)
        assert (told["dataset"], told["mode"]) == (feed.table, feed.mode)
        assert told["owner"] == feed.owner.root
    shown = CliRunner().invoke(cli.app, ["feed", "list"]).stdout
    for feed in city.feeds.values():
        assert feed.id in shown
        assert feed.schedule in shown
