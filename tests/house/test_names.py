"""The import names are plain words: they must belong to this distribution alone, wherever it is installed."""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("config", "warehouse", "pipelines", "indicators", "dashboard", "standin")


@pytest.mark.parametrize("name", NAMES)
def test_no_other_distribution_ships_the_name(name: str) -> None:
    owners = set(packages_distributions().get(name, ()))
    assert owners <= {"toan-canh"}, f"{name} also comes with {owners - {'toan-canh'}}"
    assert name not in sys.stdlib_module_names


@pytest.mark.parametrize("name", NAMES)
def test_the_name_resolves_into_this_project(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_every_package_of_the_wheel_is_guarded() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - {"bench", "docs", "tests"} == set(NAMES)
