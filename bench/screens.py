"""Answer times of the district screen, as pages fetch it, for one viewer and for many."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import httpx

from bench.common.instance import Instance, serving
from bench.common.report import Figure

CLIENTS = (1, 10, 50)
REQUESTS = 1000


def measure(var: Path) -> list[Figure]:
    """Needs a loaded ``var``. Every district in every language, in turn."""
    with serving(var, options=["--no-live"]) as instance:
        paths = _paths(instance)
        cold = [_seconds(instance, path) for path in paths]
        figures = [
            Figure(
                "district_cold_p50_ms",
                _percentile(cold, 50),
                "ms",
                f"first view after a change, {len(paths)} screens",
            )
        ]
        for clients in CLIENTS:
            times = asyncio.run(_load(instance.url, paths, clients))
            how = f"{REQUESTS} requests by {clients} client{'s' if clients > 1 else ''}"
            figures += [
                Figure(f"district_p{p}_ms_{clients}_clients", _percentile(times, p), "ms", how)
                for p in (50, 95)
            ]
        return figures


def _paths(instance: Instance) -> list[str]:
    city = instance.city
    return [
        f"/{lang}/area/{area.code}" for lang in city.head.languages for area in city.areas.at(city.levels[1])
    ]


def _seconds(instance: Instance, path: str) -> float:
    begun = time.perf_counter()
    instance.screen(path).raise_for_status()
    return time.perf_counter() - begun


async def _load(url: str, paths: list[str], clients: int) -> list[float]:
    """Seconds of each request; every client has a connection of its own and asks again at once."""
    turns: Iterator[str] = cycle(paths)
    times: list[float] = []

    async def view(count: int) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            for _ in range(count):
                begun = time.perf_counter()
                answer = await client.get("/api/screen", params={"path": next(turns)})
                answer.raise_for_status()
                times.append(time.perf_counter() - begun)

    await asyncio.gather(*(view(REQUESTS // clients) for _ in range(clients)))
    return times


def _percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]
