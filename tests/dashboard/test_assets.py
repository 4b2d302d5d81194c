"""Nothing that a page loads asks another host, and what others made stands beside its licence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.drawing.theme import ASSETS

OWN = sorted(
    p for p in ASSETS.rglob("*") if p.suffix in (".css", ".js", ".svg") and not p.name.startswith("00-")
)


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.name)
def test_our_assets_name_no_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = text.replace("http://www.w3.org/2000/svg", "")  # a namespace, not an address
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == []


def test_bootstrap_loads_nothing() -> None:
    text = (ASSETS / "00-bootstrap.min.css").read_text(encoding="utf-8")
    assert "@import" not in text
    targets = re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
    assert [t for t in targets if not t.startswith(("data:", "#"))] == []


def test_every_url_in_our_style_sheets_is_a_file_beside_it_or_data_or_a_part_of_the_page() -> None:
    for path in ASSETS.glob("*.css"):
        for target in re.findall(r"url\(\s*[\"']?([^\"')]+)", path.read_text(encoding="utf-8")):
            assert target.startswith(("data:", "#")) or (ASSETS / target).is_file(), (path.name, target[:60])


def test_vendored_parts_have_their_licences() -> None:
    assert "SIL OPEN FONT LICENSE" in (ASSETS / "fonts" / "OFL.txt").read_text(encoding="utf-8").upper()
    for name in ("bootstrap", "bootstrap-icons", "plotly"):
        assert "MIT" in (ASSETS / "vendor" / f"{name}.LICENSE.txt").read_text(encoding="utf-8")


def test_fonts_cover_vietnamese_in_every_weight() -> None:
    sheet = (ASSETS / "10-fonts.css").read_text(encoding="utf-8")
    for weight in (400, 500, 600, 700):
        for alphabet in ("vietnamese", "latin", "latin-ext"):
            name = f"be-vietnam-pro-{alphabet}-{weight}-normal.woff2"
            assert name in sheet
            assert (ASSETS / "fonts" / name).read_bytes()[:4] == b"wOF2"
