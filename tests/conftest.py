"""What all tests share: the data beside the project, the browser, golden files, a web server to post to."""

from __future__ import annotations

import gc
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from playwright.sync_api import Browser

from bench.common import servers
from bench.common.browser import chromium, find_chromium

ROOT = Path(__file__).parents[1]

# What passes on one server passes on the next, however busy it is; laptops go on trying what nobody tried.
settings.register_profile("laptop", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "laptop")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew instead of comparing"
    )


LONGEST = """
    integration/test_reference_city dashboard/test_rules indicators/rules/test_reference_rules
    browser/test_screens indicators/test_history indicators/test_oracle dashboard/test_warning_page
    dashboard/test_cli indicators/language/test_formulas pipelines/faults/test_mutants
    indicators/rules/test_backtest pipelines/test_properties indicators/rules/test_evaluate
    pipelines/faults/test_kill indicators/language/test_more browser/test_live browser/test_rules_page
    browser/test_warning_page dashboard/test_feed_work integration/test_nyc indicators/rules/test_new_levels
    browser/test_quarantine warehouse/test_generated browser/test_feed_work browser/test_silences
    standin/test_build docs/test_your_own_city indicators/test_vintages indicators/test_levels
    indicators/test_incremental pipelines/test_mend_properties integration/test_nyc_indicators
    indicators/rules/test_handled indicators/rules/statistics/test_published_series
"""
"""Files that take long: they come first, or one process would work off the last of them alone. Of those that
read the reference city the second comes when the first has built it: it would only wait.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {f"tests/{name}.py": number for number, name in enumerate(LONGEST.split())}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(place)))


def pytest_collection_finish() -> None:
    """Thousands of tests and the cities that they read stay to the end: to look for garbage among them took
    longer than many a test.
    """
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    gc.unfreeze()


def _missing(what: str) -> None:
    """Continuous integration must not pass by skipping; a laptop may lack what a test needs."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the published files that lies beside the project; read only."""
    folder = (ROOT / ".." / "shared" / "data").resolve()
    if not (folder / "README.md").is_file():
        _missing(f"the published data files are not at {folder}")
    return folder


Build = Callable[[Path], None]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Build], Path]:
    """Folders that take long to fill: the first process of the run to ask for one fills it for all of them.

    They are not to be changed; who wants to change one copies it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, build: Build) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                build(folder)
                done.touch()
        return folder

    return make


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with its golden file; ``--update-golden`` writes the file instead."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(path: Path, text: str) -> None:
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"there is no {path.name} yet: run with --update-golden and read what it wrote"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the Chromium on this machine."""
    path = find_chromium()
    if path is None:
        _missing("there is no Chromium on this machine: run scripts/browser.sh")
    return str(path)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One headless Chromium for a module, no longer: it keeps an event loop running in this thread."""
    with chromium(chromium_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a private PostgreSQL server with nothing of ours in it, without a database's name."""
    _need_programs("initdb", "pg_ctl")
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="module")
def ssh_server() -> Iterator[servers.SshServer]:
    """An SFTP server that lets in whoever runs the tests, by key."""
    _need_programs("sshd", "ssh-keygen")
    with servers.sshd() as server:
        yield server


@pytest.fixture(scope="module")
def broker() -> Iterator[servers.Service]:
    """An MQTT broker."""
    _need_programs("mosquitto")
    with servers.mosquitto() as server:
        yield server


@pytest.fixture(scope="session")
def need_programs() -> Callable[..., None]:
    """Says which server programs a test cannot do without."""
    return _need_programs


def _need_programs(*names: str) -> None:
    """Tests that need a server are skipped where it is not installed, but not in continuous integration."""
    for name in names:
        try:
            servers.program(name)
        except FileNotFoundError as error:
            _missing(str(error))


@dataclass
class Hook:
    """A web server that keeps what is posted to it; ``answers`` are given first, then 200."""

    url: str
    answers: list[int] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = found.answers.pop(0) if found.answers else 200
            if status == 200:
                found.posts.append(json.loads(body))
                found.heads.append(dict(self.headers))
            self.send_response(status)
            self.end_headers()
            found.arrived.set()

        def log_message(self, *args: object) -> None:
            del args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hook(f"json://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()
