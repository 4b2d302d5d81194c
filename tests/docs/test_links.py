"""Every page can be reached from the first one, and every link leads to a file and a heading that exist."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[tuple[Path, str]]:
    """The files and headings that a page names; addresses elsewhere are left out."""
    found = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in target:
            path, _, heading = unquote(target).partition("#")
            found.append(((page.parent / path).resolve() if path else page, heading))
    return found


def headings(page: Path) -> set[str]:
    """The names by which a page's headings are linked."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for path, heading in links(page):
        assert path.exists(), path
        assert not heading or heading in headings(path), (path.name, heading)


def test_every_page_is_linked_from_the_first_one() -> None:
    linked = {path for path, _ in links(ROOT / "README.md")}
    assert {page for page in PAGES if page.parent.name == "docs"} <= linked
