"""From data loaded to the webhook received, with the product's own cycle; beside it Prometheus.

python -m bench.early.webhook VAR    measures one var folder that nobody else needs (for `cost_of`)
"""

from __future__ import annotations

import datetime as dt
import shutil
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.common.child import cost_of, report
from bench.common.copy import warehouse_copy
from bench.common.deliver import FEED, INDICATOR, deliver_tickets
from bench.common.report import Figure
from bench.early import prometheus
from bench.early.receiver import Receiver, receiving
from config import REFERENCE_CITY, City, load_city
from config.models import Recipient, Rule
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime, utc_now

ROUNDS: Final = 20
LIMIT: Final = 400.0
"""Requests of one district in one day: more than there ever are."""


def measure(var: Path) -> list[Figure]:
    """Needs a loaded ``var``; works on a copy of its warehouse."""
    with warehouse_copy(var, "webhook") as copy:
        own = cost_of("bench.early.webhook", str(copy)).result
        figures = [
            Figure(
                "webhook_median_s", own["median"], "s", f"data loaded → webhook, {ROUNDS} files (target 2)"
            ),
            Figure("webhook_max_s", own["max"], "s", "the slowest of them"),
            Figure(
                "webhook_cpu_s", own["cpu"], "s", "CPU time of a whole turn with its loading, in the mean"
            ),
        ]
        if not prometheus.installed():
            print("prometheus and prometheus-alertmanager are not installed: not measured beside it")
            return figures
        beside = prometheus.delays(copy.parent, LIMIT, [f"area_{number}" for number in range(ROUNDS)])
    every = f"all intervals {prometheus.INTERVAL}"
    how = f"Prometheus and Alertmanager, {every}: value there → webhook, {ROUNDS} times"
    return [
        *figures,
        Figure("prometheus_webhook_median_s", statistics.median(beside), "s", how),
        Figure("prometheus_webhook_max_s", max(beside), "s", "the slowest of them"),
    ]


def delays(warehouse: Path) -> Mapping[str, float]:
    """Median and longest delay in seconds, and CPU seconds of a turn."""
    with receiving() as receiver:
        city = _city(receiver)
        places = Places.of(city.head.id, warehouse.parent)
        places.make()
        shutil.move(warehouse, places.warehouse)
        clock = _Clock()
        with Runtime(city, places, clock) as runtime:
            runtime.courier.start()
            try:
                runtime.cycle()
                # one more than is told: the first turn warms what a running centre has warm
                districts = [area.code for area in city.areas.at(city.levels[1], utc_now().date())]
                found = [_delay(runtime, clock, receiver, area) for area in districts[: ROUNDS + 1]][1:]
            finally:
                runtime.courier.stop()
    took = [delay for delay, _ in found]
    return {
        "median": statistics.median(took),
        "max": max(took),
        "cpu": statistics.fmean(cpu for _, cpu in found),
    }


@dataclass
class _Clock:
    """The time, put forward by whole minutes: tickets are dated by the minute, and the same minute is judged
    once.
    """

    ahead: dt.timedelta = dt.timedelta(0)

    def __call__(self) -> dt.datetime:
        return utc_now() + self.ahead


def _delay(runtime: Runtime, clock: _Clock, receiver: Receiver, area: str) -> tuple[float, float]:
    loaded: list[float] = []

    def progress(stage: str, done: int, total: int) -> None:
        del done, total
        if stage == "parts" and not loaded:  # the first thing that a refresh tells: all is loaded
            loaded.append(time.monotonic())

    receiver.forget()
    clock.ahead += dt.timedelta(minutes=1)
    deliver_tickets(runtime.city, runtime.places.inbox, int(LIMIT) + 1, clock(), within=area)
    cpu = time.process_time()
    runtime.cycle([FEED], progress)
    cost = time.process_time() - cpu
    return receiver.next() - loaded[0], cost


def _city(receiver: Receiver) -> City:
    """The reference city with one more rule, of which one more recipient is told by webhook."""
    city = load_city(REFERENCE_CITY)
    rule = Rule.model_validate(
        {
            "id": "measured",
            "name": {"vi": "Đo kiểm", "en": "Measured"},
            "indicator": INDICATOR,
            "level": city.levels[1],
            "period": "day",
            "partial": True,
            "when": {"above": LIMIT},
            "severity": "critical",
            "notify": ["measured"],
            "message": {"vi": "{area}: {value}", "en": "{area}: {value}"},
        }
    )
    recipient = Recipient.model_validate(
        {
            "id": "measured",
            "name": {"vi": "Đo kiểm", "en": "Measured"},
            "channels": [f"json://{receiver.address}/"],
        }
    )
    return replace(
        city,
        rules={**city.rules, rule.id: rule},
        recipients={**city.recipients, recipient.id: recipient},
    )


if __name__ == "__main__":
    report(lambda: delays(Path(sys.argv[1])))
