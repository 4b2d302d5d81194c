"""Push: every listener gets the newest version, from any thread, and the streams end when told to."""

from __future__ import annotations

import asyncio
import json
import threading

from dashboard.push import Hub


def version(event: bytes) -> str | None:
    lines = event.decode().splitlines()
    if lines[0] != "event: version":
        return None
    return str(json.loads(lines[1].removeprefix("data: "))["version"])


async def listen(hub: Hub, until: str) -> list[str]:
    seen = []
    async for event in hub.stream():
        if (found := version(event)) is not None:
            seen.append(found)
        if until in seen:
            return seen
    return seen


def test_versions_reach_every_listener_from_another_thread() -> None:
    hub = Hub("build")
    hub.publish("1")

    async def play() -> list[list[str]]:
        listeners = [asyncio.create_task(listen(hub, "5")) for _ in range(20)]
        await asyncio.sleep(0.05)
        for number in range(2, 6):
            threading.Thread(target=hub.publish, args=(str(number),)).start()
            await asyncio.sleep(0.02)
        return await asyncio.wait_for(asyncio.gather(*listeners), 5)

    for seen in asyncio.run(play()):
        assert seen[0] == "1", "a page that opens learns the version at once"
        assert seen[-1] == "5"
        assert seen == sorted(seen)


def test_closing_ends_the_streams() -> None:
    hub = Hub("build")

    async def play() -> list[str]:
        listener = asyncio.create_task(listen(hub, "never"))
        await asyncio.sleep(0.05)
        assert hub.listeners == 1
        hub.close()
        return await asyncio.wait_for(listener, 2)

    assert asyncio.run(play()) == [""]
    assert hub.listeners == 0
