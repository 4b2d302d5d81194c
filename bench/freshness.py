"""From a file landing in the folder to the changed number on an open wall, in a real browser."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from pathlib import Path

from playwright.sync_api import Page

from bench.common.browser import chromium, find_chromium
from bench.common.deliver import INDICATOR, deliver_tickets
from bench.common.instance import Instance, serving
from bench.common.report import Figure

ROUNDS = 20
NUMBER = f'a.tile[href*="/indicator/{INDICATOR}"] .tile-value b'


def measure(var: Path) -> list[Figure]:
    """Needs a loaded ``var`` and a Chromium; the departments are quiet: nobody else changes the number."""
    executable = find_chromium()
    if executable is None:
        raise RuntimeError("the file-to-wall delay needs a Chromium: run scripts/browser.sh")
    with serving(var, options=["--no-live"]) as instance, chromium(executable) as browser:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"{instance.url}/{instance.city.head.languages[0]}/wall")
        page.wait_for_selector(NUMBER, state="attached")
        # The first turn warms what a running centre has warm.
        delays = [_delay(instance, page) for _ in range(ROUNDS + 1)][1:]
    return [
        Figure(
            "file_to_wall_median_s",
            statistics.median(delays),
            "s",
            f"file → number on an open wall, {ROUNDS} files (target 5)",
        ),
        Figure("file_to_wall_max_s", max(delays), "s", "the slowest of them"),
    ]


def _delay(instance: Instance, page: Page) -> float:
    before = page.locator(NUMBER).first.text_content()
    deliver_tickets(instance.city, instance.inbox, 50, dt.datetime.now(dt.UTC))
    begun = time.monotonic()
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector)?.textContent !== before",
        arg=[NUMBER, before],
        timeout=60_000,
    )
    delay = time.monotonic() - begun
    time.sleep(0.5)  # let the turn end: its last part judges the rules
    return delay
