"""What measuring rests on: figures kept by name, work in a process of its own, nothing left running."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.__main__ import LONG, PARTS, main
from bench.common.instance import Instance
from bench.common.memory import PeakMemory, tree_mib
from bench.common.report import Figure, save, written
from config import REFERENCE_CITY, load_city


def test_a_partial_run_keeps_the_other_figures(tmp_path: Path) -> None:
    path = tmp_path / "out" / "results.json"
    save([Figure("a", 1.0, "s", "first"), Figure("b", 2.0, "s", "second")], path)
    save([Figure("b", 3.0, "s", "second")], path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": 1.0, "b": 3.0}


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.01234"), (12.3456, "12.35"), (1234567.8, "1,234,568")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert written(value) == text


def test_an_unknown_figure_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spead"]) == 1
    assert capsys.readouterr().out == f"unknown: spead; there are {', '.join([*PARTS, *LONG])}\n"


def test_memory_of_a_process_counts_what_it_started() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        try:
            with PeakMemory(process.pid, every=0.01) as peak:
                while not psutil.Process(process.pid).children():
                    pass
                together = tree_mib(process.pid)
            alone = psutil.Process(process.pid).memory_info().rss / 2**20
            assert together > alone
            assert peak.mib > 0
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def test_a_server_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    instance = Instance(load_city(REFERENCE_CITY), tmp_path / "var")
    instance.start("serve", "--no-such-option")
    with pytest.raises(RuntimeError, match="--no-such-option"):
        instance.wait(60)
    instance.kill()
    assert instance.process is None
