"""Databases to keep people's state in: a file, and a PostgreSQL server where its programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from warehouse.state import State

_NUMBERS = count()


def _program(name: str) -> str | None:
    """Where a server program lies: Debian keeps them off the path."""
    places = [p for root in sorted(Path("/usr/lib/postgresql").glob("*/bin")) for p in [str(root)]]
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(places))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a private server that forgets everything; tests that need one are skipped without."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    folder = tmp_path_factory.mktemp("postgresql")
    # The server refuses to run as root.
    run = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    if run:
        for place in (folder, *folder.parents[:2]):
            place.chmod(0o755)
        shutil.chown(folder, "nobody")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*words: str) -> None:
        done = subprocess.run([*run, *words], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr + done.stdout

    data = str(folder / "data")
    call(initdb, "-D", data, "-U", "ioc", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    call(pg_ctl, "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
    yield f"postgresql+psycopg://ioc@127.0.0.1:{port}"
    call(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with nothing in it, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.sqlite"
    server = request.getfixturevalue("server")
    name = f"state{next(_NUMBERS)}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server}/{name}"


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], State]]:
    """Opens the state at ``url``, as often as one likes, and closes all."""
    made: list[State] = []

    def open_() -> State:
        made.append(State.open(url))
        return made[-1]

    yield open_
    for state in made:
        state.close()


@pytest.fixture
def state(opened: Callable[[], State]) -> State:
    """An open state with nothing in it."""
    return opened()
