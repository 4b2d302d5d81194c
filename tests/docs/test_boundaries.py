"""The example in docs/boundaries.md does what the page says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from config.loader import read_city

PAGE = Path(__file__).parents[2] / "docs" / "boundaries.md"
HEAD = """\
id: binh_yen
name: {vi: Bình Yên, en: Binh Yen}
timezone: Asia/Ho_Chi_Minh
languages: [vi, en]
levels:
  - {id: town, name: {vi: thị xã, en: town}, plural: {vi: thị xã, en: towns}}
  - {id: ward, name: {vi: phường, en: ward}, plural: {vi: phường, en: wards}}
domains: [{id: feedback, name: {vi: Phản ánh, en: Feedback}}]
units: [{id: requests, symbol: {vi: phản ánh, en: requests}}]
"""


def test_the_example_is_sound_and_conserves(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(HEAD, encoding="utf-8")
    blocks = re.findall(
        r"^```csv (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    city, problems = read_city(tmp_path)
    assert (problems, len(blocks)) == ([], 2)
    assert city is not None
    recast = city.areas.recast(dt.date(2025, 7, 1))
    assert {p.unit: p.share for p in recast.of("BY01") if p.unit != "BY01"} == {
        "BY01-old": 1,
        "BY02": 1,
        "BY03": 0.36,
    }
