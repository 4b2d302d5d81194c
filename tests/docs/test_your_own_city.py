"""Every block of "your own city in 15 minutes" is run as it stands."""

from __future__ import annotations

import datetime as dt
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from config import load_city
from warehouse.reader import reading
from warehouse.scope import EVERYONE
from warehouse.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "your-own-city.md"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file that it names (if any), its text."""

    language: str
    file: str
    text: str


def _blocks() -> Iterator[Block]:
    fenced = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    for match in fenced.finditer(PAGE.read_text(encoding="utf-8")):
        yield Block(*match.groups())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> httpx.Response:
    for _ in range(240):
        assert process.poll() is None, "the server ended by itself"
        try:
            return httpx.get(url, follow_redirects=True)
        except httpx.ConnectError:
            time.sleep(0.25)
    raise AssertionError("the server did not come up")


def _received(city: Path) -> list[tuple[str, float]]:
    """(ward, requests in March) as the warehouse holds them."""
    loaded = load_city(city)
    store = Store.open(city.parent / "var" / "binh_yen" / "warehouse.duckdb", loaded.head.timezone)
    try:
        with reading(store, loaded, EVERYONE) as reader:
            ranked = reader.ranking("received", "ward", "month", dt.date(2026, 3, 1))
            return sorted((value.area, float(value.value or 0)) for value in ranked)
    finally:
        store.close()


@pytest.mark.slow
def test_every_block_works_as_it_stands(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("IOC_")}
    environment["PATH"] = f"{BIN}:{environment['PATH']}"
    output = ""
    served = False
    for block in _blocks():
        if block.language == "text":
            assert output == block.text
        elif block.language == "sh" and block.text.startswith("ioc serve"):
            port = _free_port()
            words = block.text.split()
            words[words.index("--port") + 1] = str(port)
            process = subprocess.Popen([str(BIN / words[0]), *words[1:]], cwd=tmp_path, env=environment)
            try:
                page = _wait_for(f"http://127.0.0.1:{port}/", process)
                assert page.status_code == 200
                served = True
            finally:
                process.terminate()
                assert process.wait(30) in (0, 130, -15)
        elif block.language == "sh":
            done = subprocess.run(
                ["sh", "-eu", "-c", block.text],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            output = done.stdout
        else:
            assert block.file, f"a {block.language} block that names no file"
            path = tmp_path / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
    assert served
    assert _received(tmp_path / "binh-yen") == [("BY01", 2.0), ("BY02", 1.0), ("BY03", 1.0)]
