"""What stands at the other end of a webhook, and what a metrics collector asks: a server on this machine."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """``posts`` holds when each message came (``time.monotonic``); ``metrics`` is what is told on a GET."""

    port: int
    posts: queue.Queue[float] = field(default_factory=queue.Queue)
    metrics: str = ""

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Pass over what has come so far."""
        while not self.posts.empty():
            self.posts.get_nowait()

    def next(self, seconds: float = 60.0) -> float:
        """When the next message came. Raises queue.Empty when none comes in time."""
        return self.posts.get(timeout=seconds)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.posts.put(time.monotonic())
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(receiver.metrics.encode())

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
