"""A really started `ioc` with data of its own, on a free port, always ended with all that it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from config import REFERENCE_CITY, City, load_city

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Instance:
    """One `ioc` process that serves (or will serve) a city; ``log`` holds what it printed."""

    city: City
    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def inbox(self) -> Path:
        """Where departments drop files."""
        return self.var / self.city.head.id / "inbox"

    @property
    def log(self) -> Path:
        """What the process printed."""
        return self.var / "ioc.log"

    def start(self, command: str = "serve", *options: str, env: Mapping[str, str] | None = None) -> None:
        """Start ``ioc command``; does not wait for it."""
        self.var.mkdir(parents=True, exist_ok=True)
        words = [command, "--city", str(self.city.path), "--var", str(self.var), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(Path(sys.executable).with_name("ioc")), *words, *options],
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, seconds: float = 300.0) -> None:
        """Return once the first screen is served. Raises RuntimeError with the log's end when it is not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                if self.screen(f"/{self.city.head.languages[0]}/city").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"ioc did not serve within {seconds:.0f} s; it said:\n{tail}")

    def screen(self, path: str, search: str = "") -> httpx.Response:
        """The component tree of one screen, as a page fetches it."""
        return httpx.get(f"{self.url}/api/screen", params={"path": path, "search": search}, timeout=60)

    def stop(self) -> int | None:
        """End it as Ctrl-C would and return its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code: int | None = self.process.wait(30)
        except subprocess.TimeoutExpired:
            code = None
        self.kill()
        return code

    def kill(self) -> None:
        """End it and everything that it started as a power cut would."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()
            self.process = None


@contextmanager
def serving(
    var: Path, command: str = "serve", options: Sequence[str] = (), city: Path = REFERENCE_CITY, **env: str
) -> Iterator[Instance]:
    """A served city for as long as the block lasts."""
    instance = Instance(load_city(city), var)
    instance.start(command, *options, env=env)
    try:
        instance.wait()
        yield instance
    finally:
        instance.stop()
