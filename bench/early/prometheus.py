"""The same with Prometheus and Alertmanager, where they are installed: from a value to the webhook.

Debian's packages `prometheus` and `prometheus-alertmanager`; every interval is one second, nothing waits for
others. What is loaded there is a value that the next scrape finds.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import yaml

from bench.common.instance import free_port
from bench.early.receiver import Receiver, receiving

PROGRAMS: Final = ("prometheus", "prometheus-alertmanager")
INTERVAL: Final = "1s"


def installed() -> bool:
    """Whether both programs are on the PATH."""
    return all(shutil.which(name) for name in PROGRAMS)


def delays(folder: Path, limit: float, areas: Sequence[str]) -> list[float]:
    """Seconds from a value above ``limit`` to the webhook, once for each of ``areas``."""
    found = []
    with receiving() as receiver:
        values = dict.fromkeys(areas, 0.0)
        receiver.metrics = _metrics(values)
        with _running(folder, receiver, limit):
            time.sleep(5)  # both have read what there is
            for number, area in enumerate(areas):
                receiver.forget()
                time.sleep(0.37 + 0.13 * (number % 5))  # at no fixed place between two scrapes
                values[area] = limit + 1
                begun = time.monotonic()
                receiver.metrics = _metrics(values)
                found.append(receiver.next() - begun)
    return found


def _metrics(values: dict[str, float]) -> str:
    return "".join(f'requests_today{{area="{area}"}} {value}\n' for area, value in values.items())


@contextmanager
def _running(folder: Path, receiver: Receiver, limit: float) -> Iterator[None]:
    here, alerts = free_port(), free_port()
    rule = {"alert": "many_requests", "expr": f"requests_today > {limit}", "labels": {"severity": "critical"}}
    files = {
        "rules.yml": {"groups": [{"name": "rules", "interval": INTERVAL, "rules": [rule]}]},
        "prometheus.yml": {
            "global": {
                "scrape_interval": INTERVAL,
                "scrape_timeout": INTERVAL,
                "evaluation_interval": INTERVAL,
            },
            "rule_files": [str(folder / "rules.yml")],
            "scrape_configs": [{"job_name": "city", "static_configs": [{"targets": [receiver.address]}]}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
        },
        "alerts.yml": {
            "route": {
                "receiver": "hook",
                "group_by": ["area"],
                "group_wait": "0s",
                "group_interval": INTERVAL,
                "repeat_interval": "1h",
            },
            "receivers": [{"name": "hook", "webhook_configs": [{"url": f"http://{receiver.address}/"}]}],
        },
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    commands = [
        [
            PROGRAMS[1],
            f"--config.file={folder / 'alerts.yml'}",
            f"--storage.path={folder / 'alerts'}",
            f"--web.listen-address=127.0.0.1:{alerts}",
            "--cluster.listen-address=",
        ],
        [
            PROGRAMS[0],
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'values'}",
            f"--web.listen-address=127.0.0.1:{here}",
        ],
    ]
    with (folder / "prometheus.log").open("ab") as log:
        running = [subprocess.Popen(command, stdout=log, stderr=log, cwd=folder) for command in commands]
    try:
        for port in (alerts, here):
            _ready(port)
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _ready(port: int, seconds: float = 60.0) -> None:
    """Return once the program behind ``port`` is ready. Raises RuntimeError when it is not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/-/ready").status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing was ready on port {port} within {seconds:.0f} s")
