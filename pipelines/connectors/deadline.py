"""An end to connections at a deadline, whatever the other side does.

A time-out of HTTP libraries is between two pieces: a server that sends a byte now and then holds a caller for
as long as it likes. So at the deadline the sockets themselves are shut, from a thread of their own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any


class Deadline:
    """Shuts the sockets of a client at ``moment`` on the clock of ``time.monotonic``, unless it is cancelled.

    ``trace`` goes into the extensions of each request, and so learns of the sockets.
    """

    def __init__(self, moment: float) -> None:
        self._sockets: list[socket.socket] = []
        self._over = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, moment - time.monotonic()), self._end)
        self._timer.daemon = True
        self._timer.start()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Told by the client what it does."""
        if event not in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            return
        found = info["return_value"].get_extra_info("socket")
        with self._lock:
            self._sockets.append(found)
            if self._over:
                _shut(found)

    def cancel(self) -> None:
        """It went well in time."""
        self._timer.cancel()

    def _end(self) -> None:
        with self._lock:
            self._over = True
            for found in self._sockets:
                _shut(found)


def _shut(found: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # That of an encrypted connection would drop its state under the reader's feet.
        socket.socket.shutdown(found, socket.SHUT_RDWR)
