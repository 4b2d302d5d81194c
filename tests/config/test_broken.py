"""One deliberately bad folder per mistake: what the author is told stands beside it, word for word."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.catalogue.check import check_city

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir())


def test_the_city_below_them_is_sound(tiny: Path) -> None:
    assert check_city(tiny) == []


@pytest.mark.parametrize("case", CASES)
def test_every_mistake_is_told(
    case: str, broken: Callable[[str], Path], golden: Callable[[Path, str], None]
) -> None:
    told = "".join(f"{problem}\n" for problem in check_city(broken(case)))
    assert told
    golden(BROKEN / case / "expected.txt", told)


def test_the_command_prints_all_of_them_and_fails(broken: Callable[[str], Path]) -> None:
    ioc = Path(sys.executable).with_name("ioc")
    folder = broken("five_at_once")
    done = subprocess.run(
        [str(ioc), "check", "--city", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == (BROKEN / "five_at_once" / "expected.txt").read_text(encoding="utf-8")
    assert len(done.stdout.splitlines()) == 5


def test_the_command_finds_nothing_in_a_sound_city(tiny: Path) -> None:
    ioc = Path(sys.executable).with_name("ioc")
    done = subprocess.run(
        [str(ioc), "check", "--city", str(tiny)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{tiny}: no problems\n")
