"""A city's own connector: the example of docs/feeds.md, installed, checked, asked and loaded."""

from __future__ import annotations

import datetime as dt
import re
import socket
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.catalogue.check import check_city
from dashboard.feeds.work import backfills
from pipelines.fetch import Fetcher, FetchResult

PAGE = Path(__file__).parents[3] / "docs" / "feeds.md"
NOON = dt.datetime(2026, 11, 1, 5, 0, tzinfo=dt.UTC)
HEAD = "id,opened,closed,ward,rating,channel"


def _block(language: str, first: str) -> str:
    """A block of the page by its language and its first line."""
    [found] = re.findall(rf"```{language}\n(# {first}\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put the example's package, or another text of it, where Python finds it, as an installer would."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def put(text: str | None = None) -> None:
        project = tomllib.loads(_block("toml", "pyproject.toml"))["project"]
        (site / "counters.py").write_text(text or _block("python", "counters.py"), encoding="utf-8")
        about = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
            encoding="utf-8",
        )
        points = "".join(
            f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
            for group, entries in project["entry-points"].items()
        )
        (about / "entry_points.txt").write_text(points, encoding="utf-8")
        sys.modules.pop("counters", None)

    yield put
    sys.modules.pop("counters", None)


@pytest.fixture
def counters() -> Iterator[tuple[int, list[str], list[str]]]:
    """The city's counters: their port, what they were asked, and the rows that they have."""
    asked: list[str] = []
    rows: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            line, _ = listening.accept()
            with line, line.makefile("rw") as talk:
                question = talk.readline().strip()
                if question == "end":
                    return
                asked.append(question)
                token, since = question.split()
                talk.write(
                    "\n".join([f"OK {len(rows)}", HEAD, *rows[int(since) :], ""])
                    if token == "right"
                    else "NO\n"
                )

    thread = threading.Thread(target=answer)
    thread.start()
    port = listening.getsockname()[1]
    yield port, asked, rows
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"end\n")
    thread.join()
    listening.close()


def _connector(**options: Any) -> dict[str, Any]:
    return {"kind": "plugin", "name": "counters", "options": {"host": "127.0.0.1", **options}}


def test_the_example_of_the_page_is_a_connector(
    build: Callable[..., Any], install: Install, counters: tuple[int, list[str], list[str]]
) -> None:
    port, asked, rows = counters
    install()
    house = build(connector=_connector(port=port, token_env="COUNTERS_TOKEN"), format={"type": "csv"})
    assert check_city(house.city.path) == []
    environ = {"COUNTERS_TOKEN": "right"}
    fetcher = Fetcher(house.city, house.store, house.spool, environ)

    def fetch() -> FetchResult:
        return fetcher.fetch(house.feed, NOON)

    rows += [f"{i},2026-10-01 08:00:00,,21,{i},app" for i in (1, 2)]
    assert (fetch().status, house.load()[0].inserted) == ("done", 2)
    assert fetch().status == "unchanged"
    rows.append("3,2026-10-01 08:00:00,,21,3,app")
    assert (fetch().status, house.load()[0].received) == ("done", 1)
    assert asked == ["right 0", "right 2", "right 2"]
    environ["COUNTERS_TOKEN"] = "wrong"
    assert (fetch().status, fetch().message) == ("failed", "the counters refuse the token")
    assert not backfills(house.feed)


def test_a_connector_that_breaks_holds_up_nobody(build: Callable[..., Any], install: Install) -> None:
    broken = _block("python", "counters.py").replace("since = ask.state", "since = ask.nothing")
    install(broken)
    house = build(connector=_connector())
    result = Fetcher(house.city, house.store, house.spool, {}).fetch(house.feed, NOON)
    assert result.status == "failed"
    assert "'Ask' object has no attribute 'nothing'" in str(result.message)


def test_a_connector_that_went_away_is_told(build: Callable[..., Any], install: Install) -> None:
    install()
    house = build(connector=_connector())
    install("class Other: pass\n")
    assert not backfills(house.feed)
    result = Fetcher(house.city, house.store, house.spool, {}).fetch(house.feed, NOON)
    assert result.status == "failed"
    assert "the connector 'counters' cannot be loaded: AttributeError" in str(result.message)


PART = "from config.models import Remote\nclass CounterConnector:\n    "


@pytest.mark.parametrize(
    ("text", "connector", "told"),
    [
        (
            None,
            {"name": "countres"},
            "feed tickets.connector.name: there is no connector 'countres' installed here "
            "(did you mean counters?)",
        ),
        (
            None,
            {"options": {"hots": "a"}},
            "feed tickets.connector.options: key 'host' is missing\n"
            "feed tickets.connector.options.hots: key 'hots' is unknown (did you mean host?)",
        ),
        (
            None,
            {"options": {"host": "a", "port": "x"}},
            "feed tickets.connector.options.port: 'x' is not a whole number",
        ),
        (
            None,
            {"options": {"host": "a", "time_limit": "1h"}},
            "feed tickets.connector.options: time_limit is no option: it stands beside options",
        ),
        (
            "import nothing_of_this_name\n",
            {},
            "feed tickets.connector.name: the connector 'counters' cannot be loaded: ModuleNotFoundError: "
            "No module named 'nothing_of_this_name' (mend counters:CounterConnector)",
        ),
        (
            PART + "ranged = False\n",
            {},
            "feed tickets.connector.name: the connector 'counters' has no model "
            "(give counters:CounterConnector a model, a class over config.models.Remote)",
        ),
        (
            PART + "model = Remote\n",
            {},
            "feed tickets.connector.name: the connector 'counters' cannot fetch "
            "(give counters:CounterConnector a method fetch and ranged)",
        ),
    ],
)
def test_what_is_wrong_with_it_is_told_by_line(
    build: Callable[..., Any], install: Install, text: str | None, connector: dict[str, Any], told: str
) -> None:
    house = build()
    install(text)
    path = house.city.path / "feeds" / "tickets.yaml"
    feed = yaml.safe_load(path.read_text(encoding="utf-8"))
    feed["connector"] = {**_connector(), **connector}
    path.write_text(yaml.safe_dump(feed, allow_unicode=True), encoding="utf-8")
    found = [
        re.sub(r"^feeds/tickets.yaml:\d+: ", "", str(problem)) for problem in check_city(house.city.path)
    ]
    assert "\n".join(found) == told
