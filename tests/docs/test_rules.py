"""The page on rules: its examples are conditions that can be written, and none is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import yaml
from pydantic import TypeAdapter

from config.loader import REFERENCE_CITY, load_city
from config.models import Condition, Rule

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    return re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)


def test_every_condition_has_an_example_that_works() -> None:
    reader: TypeAdapter[Condition] = TypeAdapter(Condition)
    shown = [reader.validate_python(yaml.safe_load(example)).type for example in examples()]
    union = get_args(Condition)[0]
    known = [get_args(member)[0].model_fields["type"].annotation for member in get_args(union)]
    assert shown == [get_args(literal)[0] for literal in known]


def test_the_whole_rule_is_one() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (rule,) = yaml.safe_load(block)
    assert Rule.model_validate(rule).id in load_city(REFERENCE_CITY).rules
