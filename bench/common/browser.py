"""Where this machine keeps a Chromium. Run as a module it prints the path, or exits 1 when there is none."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Path of a Chromium: IOC_CHROMIUM, else one on the PATH, else Playwright's own, else None."""
    named = os.environ.get("IOC_CHROMIUM")
    if named:
        return named if Path(named).is_file() else None
    for name in NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """A headless browser that is closed at the end, whatever happened."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    path = find_chromium()
    print(path or "no Chromium on this machine")
    sys.exit(0 if path else 1)
