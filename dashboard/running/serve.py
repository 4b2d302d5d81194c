"""One process: web server, scheduler, folder watcher and warehouse together."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable
from functools import partial

from granian.constants import Interfaces
from granian.server.embed import Server

from dashboard.app import create_app
from dashboard.running.places import serving_lock
from dashboard.running.runtime import Runtime
from dashboard.running.turns import Turns
from pipelines.listen import Listeners
from pipelines.schedule import Scheduler
from pipelines.watch import Watcher


class PortBusyError(Exception):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is in use; stop the program there or give another with --port"
        )


def demand_port(host: str, port: int) -> None:
    """Raise PortBusyError unless ``port`` is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusyError(host, port) from error


def serve(runtime: Runtime, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve the city until SIGINT or SIGTERM; ``ready`` is told the address once the port listens."""
    demand_port(host, port)
    turns = Turns(runtime.cycle)
    runtime.take_up = lambda: turns.ask([])  # who mends a row does not wait for its figures
    scheduler = Scheduler(runtime.city, turns.ask, runtime.fetching, runtime.clock)
    for report in runtime.city.reports.values():
        scheduler.also(f"report:{report.id}", report.cadence, partial(runtime.report, report))
    watcher = Watcher(runtime.city, runtime.places.inbox, turns.ask)
    listeners = Listeners(
        runtime.city, runtime.store, runtime.places.spool, os.environ, runtime.clock, turns.ask
    )
    app = create_app(runtime)
    # The city and its pages' code stay to the end: to look for garbage in them took a fifth of each screen.
    gc.collect()
    gc.freeze()
    serving = serving_lock(runtime.places)
    serving.acquire()
    turns.start()
    scheduler.start()
    for report in runtime.city.reports.values():  # what was due while nobody served
        scheduler.aside(partial(runtime.report, report))
    watcher.start()
    listeners.start()
    runtime.work.start()
    runtime.courier.start()
    try:
        asyncio.run(
            _listen(runtime, Server(app, host, port, interface=Interfaces.ASGI, log_enabled=False), ready)
        )
    finally:
        listeners.stop()
        watcher.stop()
        scheduler.stop()
        runtime.work.stop()
        turns.stop()
        runtime.courier.stop()
        serving.release()
        gc.unfreeze()


async def _listen(runtime: Runtime, server: Server, ready: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # Open streams would hold the server up until their clients go.
        runtime.hub.close()
        server.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    loop.call_later(0.2, ready, f"http://{server.bind_addr}:{server.bind_port}")
    await server.serve()
