"""A tiny sound city, and broken ones made of it by laying files over it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny city that a test may change."""
    return Path(shutil.copytree(HERE / "tiny", tmp_path / "city"))


@pytest.fixture
def broken(tiny: Path) -> Callable[[str], Path]:
    """The tiny city with the files of one broken case laid over it."""

    def lay(case: str) -> Path:
        shutil.copytree(
            HERE / "broken" / case, tiny, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt")
        )
        return tiny

    return lay
