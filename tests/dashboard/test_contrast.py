"""Every text stands out from its ground: WCAG contrast, computed from the tokens of both themes."""

from __future__ import annotations

import re

import pytest

from dashboard.drawing.theme import ASSETS, Theme, tokens

# (text, ground): what the style sheets put on what. The wall asks for 7:1, desks for 4.5:1.
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("canvas", "surface", "sunken")),
    *(("ink-2", ground) for ground in ("watch-soft", "serious-soft", "critical-soft")),
    *(("ink", ground) for ground in ("accent-soft", "critical-soft")),
    ("accent", "surface"),
    ("accent", "canvas"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("on-band", "band"),
    ("on-band-2", "band"),
    *((state, "surface") for state in ("good", "watch", "serious", "critical", "mute")),
    *((state, "sunken") for state in ("good", "watch", "serious", "critical", "mute")),
    ("watch", "watch-soft"),
    ("serious", "serious-soft"),
    ("serious", "critical-soft"),
    ("watch", "critical-soft"),
    ("good", "critical-soft"),
    ("critical", "critical-soft"),
    ("mute", "mute-soft"),
    ("on-critical", "critical-solid"),
    *((f"on-seq-{step}", f"seq-{step}") for step in range(1, 6)),
]
# Lines and marks that carry meaning: at least 3:1 on the ground they are drawn on.
GRAPHICS = [
    *((f"series-{i}", "surface") for i in range(1, 6)),
    ("series-ghost", "surface"),
    ("bar", "surface"),
    ("bar-bad", "surface"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_formula_agrees_with_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("theme", "least"), [("light", 4.5), ("dark", 7.0)])
def test_texts_stand_out(theme: Theme, least: float) -> None:
    colours = tokens(theme)
    weak = {
        f"{text} on {ground}": round(contrast(colours[text], colours[ground]), 2)
        for text, ground in PAIRS
        if contrast(colours[text], colours[ground]) < least
    }
    assert weak == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_graphics_stand_out(theme: Theme) -> None:
    colours = tokens(theme)
    weak = {
        name: round(contrast(colours[name], colours[ground]), 2)
        for name, ground in GRAPHICS
        if contrast(colours[name], colours[ground]) < 3.0
    }
    assert weak == {}


def test_both_themes_define_the_same_colours() -> None:
    assert set(tokens("light")) == set(tokens("dark"))


def test_style_sheets_use_only_tokens_that_exist() -> None:
    sheets = sorted(p for p in ASSETS.glob("[1-5]*.css"))
    text = "\n".join(p.read_text(encoding="utf-8") for p in sheets)
    defined = set(re.findall(r"(?<![\w-])--([a-z0-9-]+):", text))
    # Set on elements by Python and JavaScript, and the masks of icons.
    given = {"cols", "rows", "at", "ref", "aim", "low", "high", "turned", "i", "key", "edge", "px"}
    used = set(re.findall(r"var\(--([a-z0-9-]+)", text))
    assert {name for name in used if not name.startswith("bs-")} - defined - given == set()
