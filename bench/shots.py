"""Screenshots of every screen: `python -m bench.shots [--url URL] [folder]`.

Starts a city of its own (or takes the running one at --url) and writes PNG files into shots/: every screen at
1920×1080 in each language, desk pages also at 390×844, the wall also at 3840×2160 and 5760×1080.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser
from rich.progress import track

from bench.common.browser import chromium, find_chromium
from bench.common.instance import ROOT, serving
from config import REFERENCE_CITY, City, load_city

DESK = ((1920, 1080), (390, 844))
WALL = ((1920, 1080), (3840, 2160), (5760, 1080))


@dataclass(frozen=True)
class Shot:
    """One picture: where to look, how large, and what to call it. Desk pages are taken in full height."""

    name: str
    path: str
    width: int
    height: int
    full: bool = False


def shots(city: City) -> Iterator[Shot]:
    """Every screen of the city in every language and size."""
    districts = city.areas.at(city.levels[1])
    wards = city.areas.children(districts[0].code)
    indicators = [_richest(city, kind) for kind in ("measure", "stock", "reported", "formula")]
    for language in city.head.languages:
        pages = {
            "city": f"/{language}/city",
            "district": f"/{language}/area/{districts[0].code}",
            "district-last": f"/{language}/area/{districts[-1].code}",
            "ward": f"/{language}/area/{wards[0].code}" if wards else f"/{language}/city",
            **{f"indicator-{id}": f"/{language}/indicator/{id}" for id in indicators},
            "domains": f"/{language}/domains",
            **{f"domain-{d.id}": f"/{language}/domain/{d.id}" for d in city.head.domains},
            "map": f"/{language}/map?layers={','.join(_drawn(city))}",
            "map-ground": f"/{language}/map?view=ground&layers={','.join(_drawn(city))}",
            "warnings": f"/{language}/warnings",
            "warning": f"/{language}/warning/1",
            "silences": f"/{language}/silences",
            "rules": f"/{language}/rules",
            "rule": f"/{language}/rule/{next(r.id for r in city.rules.values() if r.indicator)}",
            "health": f"/{language}/health",
            "quarantine": f"/{language}/quarantine/{next(iter(city.feeds))}",
            "missing": f"/{language}/no-such-page",
        }
        for name, path in pages.items():
            for width, height in DESK:
                yield Shot(f"{name}-{language}-{width}x{height}", path, width, height, full=True)
        for width, height in WALL:
            yield Shot(f"wall-{language}-{width}x{height}", f"/{language}/wall", width, height)


def _drawn(city: City) -> list[str]:
    """Some layers that the map shows: of rows, and of files."""
    return [layer.id for layer in city.layers.values() if layer.rows or layer.file][:4]


def _richest(city: City, kind: str) -> str:
    """The indicator of one kind whose page has most to show."""
    of_kind = [item for item in city.indicators.values() if item.kind == kind]
    return max(of_kind, key=lambda item: (len(item.levels) * len(item.periods), len(item.targets))).id


def take(browser: Browser, url: str, shot: Shot, folder: Path) -> None:
    """Write one picture once the screen stands and its fonts are there."""
    page = browser.new_page(viewport={"width": shot.width, "height": shot.height})
    try:
        page.goto(url + shot.path)
        page.wait_for_selector("#screen .screen")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(800)  # charts draw themselves after the tree stands
        page.screenshot(path=folder / f"{shot.name}.png", full_page=shot.full)
    finally:
        page.close()


def main(arguments: list[str]) -> int:
    """Take them all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="shots")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "shots")
    parser.add_argument(
        "--url", help="a running instance; else one is started on the data of bench/out or anew"
    )
    parser.add_argument("--only", default="", help="take those whose name begins so")
    options = parser.parse_args(arguments)
    executable = find_chromium()
    if executable is None:
        print("there is no Chromium on this machine: run scripts/browser.sh")
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = options.url or stack.enter_context(serving(ROOT / "bench" / "out" / "shots", "run")).url
        browser = stack.enter_context(chromium(executable))
        wanted = [shot for shot in shots(load_city(REFERENCE_CITY)) if shot.name.startswith(options.only)]
        for shot in track(wanted, description="screenshots"):
            take(browser, url.rstrip("/"), shot, options.folder)
    names = sorted(path.name for path in options.folder.glob("*.png"))
    (options.folder / "index.json").write_text(json.dumps(names, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
