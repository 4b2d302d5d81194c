"""The definition reference and the editors' schemas are what the models say today."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import config.models
from config import REFERENCE_CITY, schema
from config.models import Model
from docs import generate

KINDS = ("feeds", "indicators", "rules", "screens")


def test_nothing_generated_has_drifted() -> None:
    stale = [
        path.name for path, text in generate.outputs().items() if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run make docs and commit what it writes"


def test_drift_is_named_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = generate.ROOT / "docs" / "definitions.md"
    monkeypatch.setattr(generate, "outputs", lambda: {page: "something else"})
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out == "docs/definitions.md is out of date: run make docs and commit it\n"
    assert page.read_text(encoding="utf-8") != "something else"


def _models() -> Iterator[type[Model]]:
    for name in config.models.__all__:
        found = getattr(config.models, name)
        if isinstance(found, type) and issubclass(found, Model) and found is not Model:
            yield found


@pytest.mark.parametrize("model", list(_models()), ids=lambda m: m.__name__)
def test_every_model_and_key_is_in_the_reference(model: type[Model]) -> None:
    page = (generate.ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
    section, base = "", model.__name__
    while base:
        part = page.split(f"\n### {base}\n", 1)[1].split("\n### ", 1)[0]
        section += part
        base = part.split("Every key of [", 1)[1].split("]", 1)[0] if "Every key of [" in part else ""
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}` |" in section
    assert model.__doc__


def _plain(text: str) -> Any:
    """YAML as an editor sees it: dates are strings."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def _definitions() -> Iterator[tuple[str, Path]]:
    yield "city", REFERENCE_CITY / "city.yaml"
    yield "recipients", REFERENCE_CITY / "recipients.yaml"
    yield "layers", REFERENCE_CITY / "layers.yaml"
    for kind in KINDS:
        for path in sorted((REFERENCE_CITY / kind).glob("*.yaml")):
            yield kind, path


@pytest.mark.parametrize(
    ("kind", "path"), list(_definitions()), ids=lambda v: v.stem if isinstance(v, Path) else v
)
def test_an_editor_accepts_the_reference_city(kind: str, path: Path) -> None:
    validator = Draft202012Validator(schema.schemas()[kind])
    assert [e.message for e in validator.iter_errors(_plain(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_rejects_an_unknown_key(kind: str) -> None:
    validator = Draft202012Validator(schema.schemas()[kind])
    assert not validator.is_valid([{"id": "x", "no_such_key": 1}])


def test_the_command_writes_what_the_check_accepts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=generate.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
