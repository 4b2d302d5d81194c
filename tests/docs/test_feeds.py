"""Every whole feed on the page about feeds is one that a city can have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.catalogue.check import check_city
from tests.pipelines.conftest import HEAD

PAGE = Path(__file__).parents[2] / "docs" / "feeds.md"
EXAMPLES = {
    re.findall(r"^- id: (\w+)", block, re.MULTILINE)[0]: block
    for block in re.findall(r"```yaml\n(- id: .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_sound(name: str, tmp_path: Path) -> None:
    for folder in ("areas", "feeds"):
        (tmp_path / folder).mkdir()
    head = HEAD.format(zone="Asia/Ho_Chi_Minh").replace("languages: [en]", "languages: [vi, en]")
    (tmp_path / "city.yaml").write_text(re.sub(r"\{en: (\w+)\}", r"{vi: \1, en: \1}", head), encoding="utf-8")
    units = "code,official,name_vi,name_en,level,parent,valid_from,valid_to\n79,,Thành phố,City,city,,,\n"
    (tmp_path / "areas" / "units.csv").write_text(units, encoding="utf-8")
    (tmp_path / "feeds" / "example.yaml").write_text(EXAMPLES[name], encoding="utf-8")
    assert [str(problem) for problem in check_city(tmp_path)] == []


def test_there_is_an_example_of_each_kind_that_asks_or_hears_another_system() -> None:
    kinds = {
        kind for block in EXAMPLES.values() for kind in re.findall(r"^    kind: (\w+)", block, re.MULTILINE)
    }
    assert kinds >= {"http", "ckan", "opendatasoft", "sdmx", "prometheus", "sql", "sftp", "mqtt"}
