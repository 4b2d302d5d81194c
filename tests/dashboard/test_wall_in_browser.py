"""The wall turns by itself, jumps to a new critical warning, and nothing on it is cut off, at every size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route

from dashboard.context import ScreenContext
from dashboard.drawing.compact import markup
from dashboard.drawing.theme import ASSETS
from dashboard.screens.wall import render
from dashboard.warnings.alerts import Alert

pytestmark = pytest.mark.browser
SIZES = [(1920, 1080), (3840, 2160), (5760, 1080), (2560, 960)]
HOST = "http://wall.test/"


def html(ctx: ScreenContext) -> str:
    """The wall alone, with our style sheets and scripts but without Dash."""
    sheets = "".join(f'<link rel="stylesheet" href="/{p.name}">' for p in sorted(ASSETS.glob("*.css")))
    scripts = "".join(f'<script src="/{name}.js"></script>' for name in ("91-chrome", "92-wall"))
    body = f"<div id=screen>{markup(render(ctx))}</div>{scripts}"
    return f"<!doctype html><html><head>{sheets}</head><body>{body}</body></html>"


def opened(browser: Browser, ctx: ScreenContext, size: tuple[int, int] = (1920, 1080)) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(HOST)
        if name:
            route.fulfill(path=ASSETS / name)
        else:
            route.fulfill(body=html(ctx), content_type="text/html; charset=utf-8")

    page.route(HOST + "**", answer)
    page.clock.install()
    page.goto(HOST)
    page.clock.run_for(1500)
    return page


def shown(page: Page) -> list[int]:
    """Numbers of the pages in view."""
    found: list[int] = page.evaluate(
        "[...document.querySelectorAll('.wall-page')]"
        ".map((e, i) => (getComputedStyle(e).display === 'none' ? -1 : i)).filter((i) => i >= 0)"
    )
    return found


def test_pages_follow_one_another_and_begin_again(
    browser: Browser, context: Callable[..., ScreenContext]
) -> None:
    page = opened(browser, context("wall"))
    dwells = page.eval_on_selector_all(".wall-page", "all => all.map((e) => Number(e.dataset.dwell))")
    assert shown(page) == [0]
    for number, dwell in enumerate(dwells):
        page.clock.run_for((dwell + 1) * 1000)
        assert shown(page) == [(number + 1) % len(dwells)]
    page.close()


def test_a_very_wide_wall_shows_three_pages_at_once(
    browser: Browser, context: Callable[..., ScreenContext]
) -> None:
    page = opened(browser, context("wall"), (5760, 1080))
    assert shown(page) == [0, 1, 2]
    page.close()


def test_a_new_critical_warning_is_shown_at_once_and_held(
    browser: Browser, context: Callable[..., ScreenContext], alert: Callable[..., Alert]
) -> None:
    page = opened(browser, context("wall"))
    page.keyboard.press("ArrowRight")
    page.clock.run_for(1000)
    assert shown(page) == [1]
    grave = context("wall", alerts=[alert(id=9, severity="critical")])
    page.evaluate("(text) => { document.getElementById('screen').innerHTML = text; }", markup(render(grave)))
    page.clock.run_for(1500)
    assert shown(page) == [0]
    assert page.locator(".wall-page").first.get_attribute("data-critical") == "9"
    page.clock.run_for(240_000)
    assert shown(page) == [0], "held for five times its dwell"
    page.clock.run_for(62_000)
    assert shown(page) == [1], "then the wall goes on"
    page.close()


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_off(
    size: tuple[int, int],
    lang: str,
    browser: Browser,
    context: Callable[..., ScreenContext],
    alert: Callable[..., Alert],
) -> None:
    alerts = [alert(id=k, severity="critical" if k < 2 else "watch") for k in range(5)]
    page = opened(browser, context("wall", lang=lang, alerts=alerts), size)
    page.evaluate("document.fonts.ready")
    cut = """() => [...document.querySelectorAll('.wall-page')].filter((e) => e.offsetParent).flatMap((e) =>
        [...e.querySelectorAll('.tile, .panel, .panel-body, .rank, .map-value, .legend, .siren, .wall-inner')]
        .filter((x) => x.scrollWidth > x.clientWidth + 2 || x.scrollHeight > x.clientHeight + 2)
        .map((x) => x.className + ': ' + x.textContent.slice(0, 60) + ' ' +
            [x.scrollWidth - x.clientWidth, x.scrollHeight - x.clientHeight]))"""
    for _ in range(page.locator(".wall-page").count()):
        assert page.locator(".wall-page .panel:visible").count() > 0
        assert page.evaluate(cut) == []
        page.keyboard.press("ArrowRight")
    page.close()
