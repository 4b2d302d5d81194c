"""Servers to read from, as Debian packages them: PostgreSQL, sshd, mosquitto and Prometheus.

Each listens on a free port of 127.0.0.1 and keeps its files in a folder that goes away with it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

_WHERE: Final = (*map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"))), "/usr/sbin", "/usr/local/sbin")
_PATIENCE: Final = 30.0
"""Seconds that a server may take to answer."""

S = TypeVar("S", bound="Service")


def program(name: str) -> str:
    """Where a server program lies: Debian keeps them off the path. Raises FileNotFoundError."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_WHERE))
    if found is None:
        raise FileNotFoundError(f"there is no {name} on this machine: run scripts/servers.sh")
    return found


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """Address of a private PostgreSQL that forgets everything, without a database's name.

    User ``ioc`` owns it and needs no password; ``reader`` is for tests to make, and needs one.
    """
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    # The server refuses to run as root, and nobody else may look into the folders that pytest makes.
    run = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if run:
        shutil.chown(folder, "nobody")
    port = free_port()

    def call(*words: str) -> None:
        done = subprocess.run([*run, *words], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stderr + done.stdout

    data = str(folder / "data")
    try:
        call(initdb, "-D", data, "-U", "ioc", "-A", "trust", "-E", "UTF8", "--no-sync")
        rules = Path(data, "pg_hba.conf")
        rules.write_text(f"host all reader 127.0.0.1/32 scram-sha-256\n{rules.read_text()}", encoding="utf-8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        call(pg_ctl, "-D", data, "-l", str(folder / "log"), "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg://ioc@127.0.0.1:{port}"
        finally:
            call(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder)


@dataclass
class Service:
    """A server process that can be stopped and started again; ``port`` stays, ``folder`` holds its files."""

    command: list[str]
    port: int
    folder: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start, and return when it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)
        _wait(lambda: _answers(self.port), self)

    def stop(self, *, at_once: bool = False) -> None:
        """End it; ``at_once`` as a power cut would (what it has not stored is lost)."""
        if self._process is not None:
            (self._process.kill if at_once else self._process.terminate)()
            self._process.wait(_PATIENCE)
            self._process = None

    def log(self) -> str:
        """What it said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def ended(self) -> bool:
        """Whether it went away by itself."""
        return self._process is not None and self._process.poll() is not None


@dataclass
class SshServer(Service):
    """sshd for the user who runs the tests; ``user_key`` opens it, ``host_key`` is its public key."""

    user_key: Path = Path()
    host_key: str = ""


@contextmanager
def sshd() -> Iterator[SshServer]:
    """An SFTP server with a host key of its own, which lets in the current user by key alone."""
    daemon, keygen = program("sshd"), program("ssh-keygen")
    folder = Path(tempfile.mkdtemp(prefix="sshd-"))
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_bytes((folder / "user.pub").read_bytes())
    if os.geteuid() == 0:  # Debian's sshd gives up its rights there, and makes the folder only as a service
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "authorized",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "yes",
        "Subsystem": "sftp internal-sftp",
    }
    lines = "".join(f"{key} {value}\n" for key, value in settings.items())
    (folder / "sshd_config").write_text(lines, encoding="utf-8")
    kind, key, *_ = (folder / "host.pub").read_text(encoding="utf-8").split()
    command = [daemon, "-D", "-e", "-f", str(folder / "sshd_config")]
    server = SshServer(command, port, folder, user_key=folder / "user", host_key=f"{kind} {key}")
    with _running(server):
        yield server


@contextmanager
def mosquitto() -> Iterator[Service]:
    """An MQTT broker that keeps its clients' sessions on disk and lets anybody in from this machine."""
    folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
    port = free_port()
    settings = {
        "listener": f"{port} 127.0.0.1",
        "allow_anonymous": "true",
        "persistence": "true",
        "persistence_location": f"{folder}/",
        "autosave_interval": 1,
        "max_queued_messages": 0,  # what waits for a listener that is away; 1,000 when left out
    }
    if os.geteuid() == 0:
        settings["user"] = "root"  # it would become a user who may not write here
    lines = "".join(f"{key} {value}\n" for key, value in settings.items())
    (folder / "mosquitto.conf").write_text(lines, encoding="utf-8")
    with _running(
        Service([program("mosquitto"), "-c", str(folder / "mosquitto.conf")], port, folder)
    ) as broker:
        yield broker


@contextmanager
def prometheus(samples: str = "") -> Iterator[Service]:
    """A Prometheus that measures itself every second and forgets nothing.

    ``samples`` are what it has known before, as OpenMetrics text with times.
    """
    daemon, tool = program("prometheus"), program("promtool")
    folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
    port = free_port()
    if samples:
        (folder / "samples").write_text(samples, encoding="utf-8")
        make = [
            tool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            str(folder / "samples"),
            str(folder / "data"),
        ]
        subprocess.run(make, check=True, capture_output=True)
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n",
        encoding="utf-8",
    )
    command = [
        daemon,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(Service(command, port, folder)) as server:
        _wait(lambda: b"Server is ready" in (folder / "log").read_bytes(), server)
        yield server


@contextmanager
def _running(server: S) -> Iterator[S]:
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


def _wait(done: Callable[[], bool], server: Service) -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        assert not server.ended, server.log()
        assert time.monotonic() < until, f"no answer after {_PATIENCE:g} s: {server.log()}"
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
