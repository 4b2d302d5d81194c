"""The targets in docs/targets.md are sound in the town of the other pages, and mean what the page says."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from textwrap import indent

from config.loader import read_city
from config.targets import aim_on

DOCS = Path(__file__).parents[2] / "docs"


def test_the_example_is_sound(tmp_path: Path) -> None:
    town = (DOCS / "your-own-city.md").read_text(encoding="utf-8")
    for name, text in re.findall(r"^```\w+ binh-yen/(\S+)\n(.*?)^```$", town, re.MULTILINE | re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    page = (DOCS / "targets.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "indicators" / "requests.yaml"
    text = file.read_text(encoding="utf-8")
    targets = "  targets:\n    - {kind: floor, value: 90}\n"
    # Every kind stands where it can: on a count that adds up, more of which is better.
    told = text.replace(targets, "").replace(
        "  direction: none\n", "  direction: up\n  targets:\n" + indent(block, "    ")
    )
    file.write_text(told.replace("kind: ceiling", "kind: floor"), encoding="utf-8")
    city, problems = read_city(tmp_path)
    assert problems == []
    assert city is not None
    item, day = city.indicators["received"], dt.date(2026, 6, 30)

    def due(level: str, area: str, period: str) -> tuple[str, float]:
        aim = aim_on(item, level, area, period, day, city.periods)
        assert aim is not None
        return aim.kind, round(aim.value, 9)

    assert due("ward", "BY01", "month") == ("floor", 90)
    assert due("ward", "BY02", "month") == ("milestone", 80)
    assert due("ward", "BY03", "month") == ("rank", 2)
    assert due("town", "BY", "month") == ("cumulative", 30)
    assert due("town", "BY", "day") == ("floor", 120)
    assert due("town", "BY", "year") == ("path", round(60 + 30 * 181 / 1826, 9))
