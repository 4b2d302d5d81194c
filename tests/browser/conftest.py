"""A small reference city, really served, for a real browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from bench.common.instance import ROOT, Instance, serving
from config import REFERENCE_CITY

SCALE = "0.01"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def prepared(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """``hcmc``, the reference city with one year of history, and ``var``: it loaded, computed and judged."""

    def build(folder: Path) -> None:
        city = Path(shutil.copytree(REFERENCE_CITY, folder / "hcmc"))
        departments = city / "standin.yaml"
        told, found = re.subn(r"(?m)^years: \d+$", "years: 1", departments.read_text(encoding="utf-8"))
        assert found == 1
        departments.write_text(told, encoding="utf-8")
        ioc = Path(sys.executable).with_name("ioc")
        for command in ("feeds", "load"):
            subprocess.run(
                [str(ioc), command, "--city", str(city), "--var", str(folder / "var")],
                cwd=ROOT,
                env={**os.environ, "IOC_SCALE": SCALE},
                check=True,
            )

    return once("browser", build)


@pytest.fixture(scope="session")
def city(prepared: Path) -> Path:
    """The folder of the city that is served."""
    return prepared / "hcmc"


@pytest.fixture(scope="session")
def built(prepared: Path) -> Path:
    """A var folder with the city loaded, and nobody running on it."""
    return prepared / "var"


@pytest.fixture(scope="module")
def centre(city: Path, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """The city served on data of this module's own; its departments are quiet, so that only tests deliver."""
    var = Path(shutil.copytree(built, tmp_path_factory.mktemp("served") / "var"))
    with serving(var, options=["--no-live"], city=city) as instance:
        yield instance


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A viewer of one's own: nothing kept from other tests."""
    opened = browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh"
    )
    opened.set_default_timeout(30_000)
    try:
        yield opened
    finally:
        opened.close()
