"""The SFTP connector against a real sshd: names, growing files, cuts, keys, what is refused."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import random
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from bench.common import servers
from config.models.sftp import SftpConnector
from pipelines.connectors.base import Ask, Drop, Window
from pipelines.connectors.sftp import Sftp
from pipelines.errors import PassingFault, SourceError
from pipelines.fetch import Fetcher, FetchResult

NOON = dt.datetime(2026, 11, 1, 5, 0, tzinfo=dt.UTC)
HEAD = "id,opened,closed,ward,rating,channel\n"


class Sender:
    """A department's server and the feed that reads it; files are laid out in ``out``."""

    def __init__(
        self, build: Callable[..., Any], server: servers.SshServer, out: Path, **connector: Any
    ) -> None:
        self.out = out
        self.out.mkdir(exist_ok=True)
        wanted = {**_known(server, out), **connector}
        settings = {key: value for key, value in wanted.items() if value is not None}
        self.house = build(connector=settings)
        self.environ: dict[str, str] = {}
        self.fetcher = Fetcher(self.house.city, self.house.store, self.house.spool, self.environ)
        self._moments = count()

    def lay(self, name: str, text: str, at: dt.datetime = NOON) -> Path:
        """Lay a file out, last changed at a moment."""
        path = self.out / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def fetch(self, window: Window | None = None) -> FetchResult:
        """Ask once."""
        return self.fetcher.fetch(self.house.feed, NOON + dt.timedelta(seconds=next(self._moments)), window)

    def take(self) -> list[str]:
        """Ask once and load; names of the files that came, in the order of their runs."""
        result = self.fetch()
        assert result.status in ("done", "unchanged"), result
        return [Path(run.file).name for run in self.house.load()]


def _known(server: servers.SshServer, out: Path) -> dict[str, Any]:
    return {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "user": getpass.getuser(),
        "key_file": str(server.user_key),
        "host_key": server.host_key,
        "path": f"{out}/*.csv",
        "settle": "0s",
    }


def _row(id_: int, rating: int) -> str:
    return f"{id_},2026-10-01 08:00:00,,21,{rating},app\n"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "outgoing"


def test_names_of_the_sender_say_which_file_wins(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out)
    sender.lay("2026-10-02.csv", HEAD + _row(1, 2) + _row(2, 2))
    sender.lay("2026-10-04.csv", HEAD + _row(1, 4))
    sender.lay("notes.txt", "nothing of ours")
    sender.lay("2026-10-05.csv.part", "half")
    sender.lay(".hidden.csv", "none")
    assert sender.take() == ["2026-10-02.csv", "2026-10-04.csv"]
    assert sender.take() == []
    # One that comes late, under an earlier name, and one that is corrected after all others were read.
    sender.lay("2026-10-03.csv", HEAD + _row(1, 3) + _row(2, 3))
    sender.lay("2026-10-02.csv", HEAD + _row(1, 1) + _row(2, 1) + _row(3, 1))
    assert sender.take() == ["2026-10-02.csv", "2026-10-03.csv"]
    assert sender.house.rows("SELECT id, rating FROM fact_tickets ORDER BY id") == [
        ("1", 4),
        ("2", 3),
        ("3", 1),
    ]
    assert not list(sender.house.spool.glob("*/*"))


def test_folders_may_be_patterns_and_links_may_be_followed(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out, path=f"{out}/20*/*.csv")
    for year in (2025, 2026):
        sender.lay(f"{year}/a.csv", HEAD + _row(1, year - 2024))
    sender.lay("else/a.csv", HEAD + _row(9, 1))
    (out / "2026" / "b.csv").symlink_to(sender.lay("beside.csv", HEAD + _row(2, 5)))
    (out / "2026" / "c.csv").symlink_to(out / "nowhere")
    assert sender.take() == ["2025!a.csv", "2026!a.csv", "2026!b.csv"]
    assert sender.house.rows("SELECT id, rating FROM fact_tickets ORDER BY id") == [("1", 2), ("2", 5)]


def test_a_file_that_grows_is_left_until_it_rests(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out, settle="1s")
    sender.lay("a.csv", HEAD + _row(1, 1))
    growing, over = sender.lay("b.csv", HEAD), threading.Event()

    def grow() -> None:
        for id_ in count(2):
            with growing.open("a") as file:
                file.write(_row(id_, 3))
            if over.wait(0.01):
                return

    writer = threading.Thread(target=grow)
    writer.start()
    assert sender.take() == ["a.csv"]
    over.set()
    writer.join()
    assert sender.take() == ["b.csv"]
    rows = len(growing.read_text().splitlines()) - 1
    assert sender.house.rows("SELECT count(*) FROM fact_tickets") == [(rows + 1,)]


def test_a_marker_says_that_a_file_is_complete(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out, marker=".done", path=f"{out}/*", settle="1h")
    sender.lay("a.csv", HEAD + _row(1, 1))
    assert sender.take() == []
    sender.lay("a.csv.done", "")
    assert sender.take() == ["a.csv"]


def test_a_span_of_time_is_fetched_anew(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out)
    for day in range(1, 5):
        sender.lay(f"{day}.csv", HEAD + _row(day, day), NOON + dt.timedelta(days=day))
    sender.take()
    window = Window(NOON + dt.timedelta(days=2), NOON + dt.timedelta(days=4))
    assert sender.fetch(window).files == 2
    assert sender.house.load() == []  # the same bytes again
    assert sender.fetch().status == "unchanged"


@contextmanager
def _cutting(port: int, after: int) -> Iterator[tuple[int, list[int]]]:
    """A way to ``port`` that breaks once ``after`` bytes came down it; bytes by connection."""
    came: list[int] = []
    over = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)

    def carry(source: socket.socket, target: socket.socket, counts: bool) -> None:
        number = len(came) - 1
        try:
            while piece := source.recv(1 << 15):
                if counts:
                    came[number] += len(piece)
                    if number == 0 and came[0] > after:
                        source.shutdown(socket.SHUT_RDWR)
                        break
                target.sendall(piece)
        except OSError:
            pass
        # The end is told after what was sent; a reset would throw away what waits in the receiver's buffers.
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        while not over.is_set():
            try:
                near, _ = listening.accept()
            except TimeoutError:
                continue
            near.settimeout(None)
            far = socket.create_connection(("127.0.0.1", port))
            came.append(0)
            for way in ((near, far, False), (far, near, True)):
                threading.Thread(target=carry, args=way, daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    yield listening.getsockname()[1], came
    over.set()
    thread.join()
    listening.close()


def test_a_download_that_broke_off_goes_on(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    pick = random.Random(7)
    with _cutting(ssh_server.port, after=6 << 20) as (port, came):
        sender = Sender(build, ssh_server, out, port=port, path=f"{out}/*.bin")
        small = pick.randbytes(1 << 20)
        large = pick.randbytes((9 << 20) + 123)
        (out / "a.bin").parent.mkdir(exist_ok=True)
        (out / "a.bin").write_bytes(small)
        (out / "b.bin").write_bytes(large)
        cut = sender.fetch()
        assert (cut.status, cut.files) == ("passing", 1)
        spool = sender.house.spool / "tickets"
        assert (spool / "a.bin").read_bytes() == small
        assert sender.fetch().files == 1
        assert (spool / "b.bin").read_bytes() == large
        assert [path.name for path in sorted(spool.iterdir())] == ["a.bin", "b.bin"]
        # What had come was not sent again.
        assert sum(came) < len(small) + len(large) + (2 << 20)
        assert came[1] < len(large) - (3 << 20)
    (out / "b.bin").write_bytes(b"short")
    (spool / ".0123456789abcdef-9-9.partial").write_bytes(b"waste")
    with _cutting(ssh_server.port, after=1 << 30) as (port, _):
        remote = sender.house.feed.connector.model_copy(update={"port": port})
        feed = sender.house.feed.model_copy(update={"connector": remote})
        assert sender.fetcher.fetch(feed, NOON).files == 1
    assert [path.name for path in sorted(spool.iterdir())] == ["a.bin", "b.bin"]


def test_a_file_too_large_is_told(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    sender = Sender(build, ssh_server, out, size_limit=1)
    sender.lay("a.csv", "x" * ((1 << 20) + 1))
    result = sender.fetch()
    assert (result.status, result.hint) == ("failed", "raise connector.size_limit")


def test_a_server_with_another_key_is_not_spoken_to(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    listed = subprocess.run(
        [servers.program("ssh-keygen"), "-lf", str(ssh_server.folder / "host.pub")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    fingerprint = listed.stdout.split()[1]
    assert Sender(build, ssh_server, out, host_key=[fingerprint]).take() == []
    other = "SHA256:" + "A" * 43
    result = Sender(build, ssh_server, out, host_key=other).fetch()
    assert result.status == "failed"
    assert result.message == (
        f"127.0.0.1 shows the key ssh-ed25519 {fingerprint}, which connector.host_key does not know"
    )
    lines = ["ssh-ed25519 " + "A" * 68, other]
    assert Sender(build, ssh_server, out, host_key=lines).fetch().status == "failed"


@pytest.mark.parametrize(
    ("changes", "environ", "fault", "message"),
    [
        ({"user": "nobody-of-ours"}, {}, SourceError, "127.0.0.1 refused nobody-of-ours with the key"),
        ({"key_file": "/nowhere"}, {}, SourceError, "the private key /nowhere cannot be read: No such file"),
        ({"key_file": "/etc/hostname"}, {}, SourceError, "the private key cannot be used"),
        ({"key_file": None, "key_env": "KEY"}, {}, SourceError, "the environment variable KEY is not set"),
        (
            {"key_file": None, "password_env": "P"},
            {"P": "s3cr3t"},
            SourceError,
            "127.0.0.1 refused me with the password",
        ),
        ({"path": "/nowhere/*.csv"}, {}, SourceError, "there is no /nowhere on the server"),
        ({"port": None}, {}, PassingFault, "broke: [Errno 111] Connection refused"),
    ],
)
def test_what_is_refused_is_told(
    ssh_server: servers.SshServer,
    tmp_path: Path,
    changes: dict[str, Any],
    environ: dict[str, str],
    fault: type[Exception],
    message: str,
) -> None:
    if "port" in changes:
        changes = {"port": servers.free_port()}
    settings = {**_known(ssh_server, tmp_path), **changes}
    remote = SftpConnector(**{key: value for key, value in settings.items() if value is not None})
    drop = Drop(tmp_path / "spool", "1", float("inf"), 1 << 30)
    with pytest.raises(fault) as told:
        Sftp().fetch(Ask("tickets", remote, {}, NOON, drop, environ, dt.UTC))
    assert message.replace("refused me", f"refused {getpass.getuser()}") in str(told.value)
    assert "s3cr3t" not in str(told.value)


def test_a_key_with_a_passphrase_comes_from_the_environment(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path, tmp_path: Path
) -> None:
    locked = tmp_path / "locked"
    locked.write_bytes(ssh_server.user_key.read_bytes())
    locked.chmod(0o600)
    subprocess.run(
        [servers.program("ssh-keygen"), "-q", "-p", "-P", "", "-N", "open sesame", "-f", str(locked)],
        check=True,
    )
    sender = Sender(build, ssh_server, out, key_file=None, key_env="KEY", passphrase_env="WORDS")
    sender.environ.update(KEY=locked.read_text(), WORDS="wrong")
    assert sender.fetch().message == "the private key cannot be used"
    sender.environ.update(WORDS="open sesame")
    assert sender.take() == []


class _Door(paramiko.ServerInterface):
    """Lets in by password alone: sshd would ask for one of this machine's users."""

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == ("sender", "right")
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return OPEN_SUCCEEDED


class _Shelf(paramiko.SFTPServerInterface):
    """An empty folder."""

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes]:
        del path
        return []


def test_a_password_comes_from_the_environment(
    build: Callable[..., Any], ssh_server: servers.SshServer, out: Path
) -> None:
    key = paramiko.Ed25519Key.from_private_key_file(str(ssh_server.folder / "host"))
    listening = socket.create_server(("127.0.0.1", 0))
    doors: list[paramiko.Transport] = []

    def serve() -> None:
        for _ in range(3):
            line, _ = listening.accept()
            doors.append(paramiko.Transport(line))
            doors[-1].add_server_key(key)
            doors[-1].set_subsystem_handler("sftp", paramiko.SFTPServer, _Shelf)
            doors[-1].start_server(server=_Door())

    thread = threading.Thread(target=serve)
    thread.start()
    port = listening.getsockname()[1]
    by_password = {"user": "sender", "port": port, "key_file": None, "password_env": "P"}
    sender = Sender(build, ssh_server, out, **by_password)
    sender.environ["P"] = "right"
    assert sender.take() == []
    sender.environ["P"] = "s3cr3t"
    assert sender.fetch().message == "127.0.0.1 refused sender with the password"
    by_key = Sender(build, ssh_server, out, user="sender", port=port)
    assert by_key.fetch().message == "127.0.0.1 lets sender in by password alone"
    thread.join()
    for door in doors:
        door.close()
    listening.close()


def test_a_name_is_kept_and_on_disk(tmp_path: Path) -> None:
    drop = Drop(tmp_path, "000000000001", float("inf"), 1)
    part = tmp_path / ".x.partial"
    part.write_bytes(b"bytes")
    assert drop.take(part, name="b.csv") == tmp_path / "b.csv"
    assert (drop.files, drop.size) == ([tmp_path / "b.csv"], 5)
