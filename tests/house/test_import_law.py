"""The import law bites: each forbidden import, planted in a copy of the house, breaks its contract."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "warehouse", "pipelines", "indicators", "dashboard", "standin")


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(tool), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    return folder


def test_a_clean_house_passes(house: Path) -> None:
    done = _lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        ("config", "warehouse", "Imports run one way"),
        ("warehouse", "pipelines", "Imports run one way"),
        ("pipelines", "indicators", "Imports run one way"),
        ("indicators", "pipelines", "Imports run one way"),
        ("indicators", "dashboard", "Imports run one way"),
        ("dashboard", "duckdb", "Storage has one door"),
        ("standin", "duckdb", "Storage has one door"),
        ("dashboard", "standin", "The product does not know the stand-in"),
        ("standin", "warehouse", "The stand-in writes files and nothing else"),
    ],
)
def test_a_forbidden_import_is_named(house: Path, importer: str, imported: str, contract: str) -> None:
    planted = house / importer / "planted.py"
    planted.write_text(f"import {imported}\n")
    try:
        done = _lint(house)
    finally:
        planted.unlink()
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert len(broken) == 1
    assert broken[0].startswith(contract)
    assert f"{importer}.planted -> {imported}" in done.stdout
