"""The commands of the house, and the plain sentence that stands where something is missing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PREFLIGHT = ROOT / "scripts" / "preflight.sh"


def _preflight(path: Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(PREFLIGHT)],
        cwd=cwd,
        env={"PATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of commands without any Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("mktemp", "rm", "pwd"):
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def _python(folder: Path, name: str, body: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_the_python_at_hand_is_taken(bare: Path, tmp_path: Path) -> None:
    python = _python(bare, "python3", f'exec "{sys.executable}" "$@"')
    done = _preflight(bare, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{python}\n", "")


def test_no_python(bare: Path, tmp_path: Path) -> None:
    done = _preflight(bare, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "Toàn Cảnh: needs Python 3.11 or newer; "
        "install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name one with PYTHON=…\n"
    )


def test_an_old_python_that_was_named(bare: Path, tmp_path: Path) -> None:
    old = _python(bare, "old", "exit 1")
    done = _preflight(bare, tmp_path, PYTHON=str(old))
    assert done.returncode == 1
    assert done.stderr == (
        f"Toàn Cảnh: PYTHON={old} is not a Python 3.11 or newer; name another one or leave PYTHON out.\n"
    )


def test_a_python_without_venv(bare: Path, tmp_path: Path) -> None:
    _python(bare, "python3", 'case "$2" in *venv*) exit 1;; esac')
    done = _preflight(bare, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "Toàn Cảnh: python3 lacks the venv module; install it (Debian, Ubuntu: apt-get install python3-venv) "
        "or name another Python with PYTHON=…\n"
    )


def test_a_folder_that_cannot_be_written(bare: Path, tmp_path: Path) -> None:
    (bare / "mktemp").unlink()
    _python(bare, "mktemp", "exit 1")  # as it does there; root may write anywhere
    done = _preflight(bare, tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"Toàn Cảnh: cannot write into {tmp_path}; "
        "move the folder to a place of your own or change its owner.\n"
    )


def test_help_lists_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony is not None
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--no-print-directory"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = re.findall(r"^  make (\w+)\s+\S", done.stdout, re.MULTILINE)
    assert listed == phony[1].split()


def test_committed_files_name_no_package_host() -> None:
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    hosts = re.compile(r"(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)")
    checked = [
        ROOT / name
        for name in files
        if name.endswith((".txt", ".toml", ".yaml", ".sh", ".md")) or name == "Makefile"
    ]
    assert [
        p.name
        for p in checked
        if p.is_file() and hosts.search(p.read_text(encoding="utf-8", errors="ignore"))
    ] == []
