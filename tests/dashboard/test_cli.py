"""The command line's plain sentences: one line that says what is wrong and what to do, and no traceback."""

from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from config import REFERENCE_CITY, load_city
from dashboard.rules.book import Rulebook
from dashboard.running.places import Places
from warehouse.state import State
from warehouse.store import Store


def ioc(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from dashboard.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert done.returncode == 1
    return lines[0]


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = only_line(ioc("serve", "--var", str(tmp_path), "--port", str(port)))
    assert (
        line == f"ioc: port {port} on 127.0.0.1 is in use; stop the program there or give another with --port"
    )
    assert list(tmp_path.iterdir()) == [], "nothing may be begun before the port is known to be free"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    line = only_line(ioc("load", "--var", str(file)))
    assert line == f"ioc: cannot write to {file / 'hcmc'} (Not a directory); choose another folder with --var"


def test_an_unknown_indicator_has_a_neighbour() -> None:
    line = only_line(ioc("explain", "hotline_recieved"))
    assert line.startswith("ioc: there is no indicator 'hotline_recieved' (did you mean hotline_received")


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run", "--port", "abc"]])
def test_a_slip_of_the_pen_is_no_traceback(arguments: list[str]) -> None:
    done = ioc(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "see ioc --help" in done.stderr


def test_the_catalogue_for_machines_is_what_the_folder_defines() -> None:
    city = load_city(REFERENCE_CITY)
    found = json.loads(ioc("catalogue", "--json").stdout)
    assert [item["id"] for item in found["indicators"]] == list(city.indicators)
    assert [item["id"] for item in found["rules"]] == list(city.rules)
    assert all({"vi", "en"} <= set(item["name"]) for item in found["indicators"])


def test_a_backtest_is_kept_where_the_screens_read_it(tmp_path: Path) -> None:
    city = load_city(REFERENCE_CITY)
    rule = next(r for r in city.rules.values() if r.indicator is not None)
    given = [
        "rules",
        "backtest",
        rule.id,
        "--from",
        "2026-01-01",
        "--to",
        "2026-03-01",
        "--var",
        str(tmp_path),
    ]
    assert "there is no warehouse" in only_line(ioc(*given))
    places = Places.of(city.head.id, tmp_path)
    places.make()
    Store.open(places.warehouse, city.head.timezone).close()
    done = ioc(*given, "--who", "Lan", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["warnings"] == []
    with closing(State.open(places.people)) as state:
        (made,) = state.backtests.all(rule.id)
        assert (made.who, made.told, made.done) == ("Lan", 0, True)
        assert (made.first, made.until) == (dt.date(2026, 1, 1), dt.date(2026, 3, 1))
        assert Rulebook(city, state, None, dt.datetime(2026, 3, 1, tzinfo=dt.UTC)).tried(rule) == "tried"
    feed = next(r for r in city.rules.values() if r.feed is not None)
    assert "looks at the present moment alone" in only_line(ioc(*given[:2], feed.id, *given[3:]))
