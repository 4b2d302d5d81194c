"""The design tokens as Python reads them, from the one place where they stand: the style sheet."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final, Literal

Theme = Literal["light", "dark"]
ASSETS: Final = Path(__file__).parents[1] / "assets"
FONT: Final = '"Be Vietnam Pro", system-ui, sans-serif'


@cache
def tokens(theme: Theme) -> dict[str, str]:
    """Colours of a theme by token name without dashes, such as ``series-1`` → ``#12647f``."""
    css = (ASSETS / "11-tokens.css").read_text(encoding="utf-8")
    block = re.search(rf"\.theme-{theme} \{{(.*?)\n\}}", css, re.DOTALL)
    assert block is not None, f"11-tokens.css has no .theme-{theme}"
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))
