"""Modules stay small enough to read, and no check is switched off wholesale."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "warehouse", "pipelines", "indicators", "dashboard", "standin")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SOURCES = [
    *MODULES,
    *sorted(path for part in ("tests", "bench", "docs") for path in (ROOT / part).rglob("*.py")),
]


EDGES = {
    "dashboard/running/faults.py",  # one step of a turn breaks: kept where people see it, and ends no other
    "dashboard/feeds/work.py",  # ends of threads: who asked must come to know what became of it
    "dashboard/running/turns.py",  # a thread's end: a failed turn is logged and must not end all later ones
    "indicators/rules/broken.py",  # says which rule it was; raises it anew under that name
    "indicators/notices/courier.py",  # the same of the threads that send
    "indicators/notices/send.py",  # to a library of a hundred services: what it raises is a failed try
    "config/plugins.py",  # what a connector of a city's own does when it is loaded
    "pipelines/batch.py",  # readers of formats raise whatever damaged bytes lead them to: the file failed
    "pipelines/read/inspect.py",  # the same at the first look
    "pipelines/read/parts.py",  # and of archives
    "pipelines/read/sdmx.py",  # and of a library's parsers
    "pipelines/fetch.py",  # a city's own connector may raise anything: it is told like any other fault
    "pipelines/listen.py",  # the ends of threads that listen: one that breaks holds up nobody else
    "pipelines/schedule.py",  # the end of a thread that fetches: the next time comes all the same
}


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_module_is_long() -> None:
    assert {str(p.relative_to(ROOT)): n for p in SOURCES if (n := _lines(p)) > 600} == {}


def test_the_median_module_is_short_and_nine_in_ten_are_moderate() -> None:
    sizes = sorted(n for p in MODULES if (n := _lines(p)) > 0)
    assert statistics.median(sizes) <= 150
    assert sizes[int(len(sizes) * 0.9)] <= 350


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"#\s*(ruff|flake8):\s*noqa\s*($|[^:\s])", "a whole file without lint"),
        (r"#\s*noqa\s*($|[^:\s])", "a line without any lint: name the rule"),
        (r"#\s*type:\s*ignore\s*($|[^\[\s])", "a line without types: name the error"),
        (r"#\s*mypy:\s*ignore-errors", "a whole file without types"),
    ],
)
def test_no_check_is_switched_off_wholesale(pattern: str, why: str) -> None:
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(pattern, line)
    ]
    assert hits == [], why


def _swallows_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    caught = (
        {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
        if node.type
        else {"Exception"}
    )
    reraised = any(isinstance(part, ast.Raise) and part.exc is None for part in node.body)
    return bool(caught & {"Exception", "BaseException"}) and not reraised


def test_no_except_swallows_everything() -> None:
    hits = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and _swallows_everything(node)
        if str(path.relative_to(ROOT)) not in EDGES
    ]
    assert hits == []


def test_the_checkers_stay_strict() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert tools["mypy"]["strict"] is True
    # A stub that a library does not have may be missing; nothing else may be waived for one module.
    assert all(set(o) == {"module", "ignore_missing_imports"} for o in tools["mypy"]["overrides"])
    assert {"BLE", "PGH", "T20", "TID251"} <= set(tools["ruff"]["lint"]["select"])
    waived = {rule for rules in tools["ruff"]["lint"]["per-file-ignores"].values() for rule in rules}
    assert waived <= {"T20", "TID251"}
    assert tools["pytest"]["ini_options"]["addopts"].count("--strict") == 2
