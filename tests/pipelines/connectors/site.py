"""A real web server for connectors to ask, which answers as a test says: by hand, down to the socket."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """What was asked. ``query`` holds the last value of each parameter."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What is answered. ``cut``: after so many bytes of the body the connection breaks; ``chunked``: sent in
    pieces of unknown number; ``pause``: called between the pieces of the body.
    """

    body: bytes = b""
    status: int = 200
    type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    chunked: bool = False
    pause: Callable[[], object] | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        """An answer of JSON."""
        return cls(json.dumps(value).encode(), status, headers=headers)

    def packed(self) -> Reply:
        """The same, packed for the way."""
        self.body = gzip.compress(self.body)
        self.headers["Content-Encoding"] = "gzip"
        return self


Answer = Callable[[Request], Reply]


@dataclass
class Site:
    """A server that answers each path with what ``routes`` say, and remembers what was asked."""

    port: int
    scheme: str = "http"
    routes: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def url(self, path: str = "") -> str:
        """Address of a path."""
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def answer(self, path: str, reply: Reply | Answer) -> str:
        """Answer ``path`` so from now on; returns its address."""
        self.routes[path] = reply if callable(reply) else lambda _: reply
        return self.url(path)


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A site for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(self.command, parts.path, query, dict(self.headers), body)
            site.asked.append(request)
            route = site.routes.get(parts.path)
            self.reply(route(request) if route else Reply.of({"message": "Not found"}, 404))

        do_GET = do_POST = handle_one  # noqa: N815 names of the library

        def reply(self, reply: Reply) -> None:
            self.send_response(reply.status)
            if reply.type:
                self.send_header("Content-Type", reply.type)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif reply.status not in (204, 304):
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body if reply.cut is None else reply.body[: reply.cut]
            for start in range(0, len(body), 4096):
                piece = body[start : start + 4096]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if reply.chunked else piece)
                self.wfile.flush()
                if reply.pause is not None:
                    reply.pause()
            if reply.cut is not None:
                self.close_connection = True
            elif reply.chunked:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *args: object) -> None:
            del args

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: object) -> None:  # whoever asks may go away
            del args

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site = Site(server.server_port, "https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
