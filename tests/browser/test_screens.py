"""Every screen stands in a real browser, in both languages, without a word to any other host."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance
from bench.shots import DESK, shots
from config import REFERENCE_CITY, load_city

pytestmark = pytest.mark.browser

CITY = load_city(REFERENCE_CITY)
PATHS = sorted({shot.path for shot in shots(CITY)})


@pytest.mark.parametrize("path", PATHS)
def test_no_request_leaves_the_host_and_nothing_breaks(
    path: str, centre: Instance, context: BrowserContext
) -> None:
    asked: list[str] = []
    broken: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.append(message.text) if message.type == "error" else None)
    page.goto(centre.url + path)
    page.wait_for_selector("#screen .screen")
    page.wait_for_timeout(500)
    own = urlsplit(centre.url).netloc
    strangers = {
        url for url in asked if not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != own
    }
    assert strangers == set()
    assert broken == []


@pytest.mark.parametrize(("language", "size"), list(product(CITY.head.languages, DESK)))
def test_no_desk_page_scrolls_sideways(
    language: str, size: tuple[int, int], centre: Instance, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in (f"/{language}/city", f"/{language}/warnings", f"/{language}/health"):
        page.goto(centre.url + path)
        page.wait_for_selector("#screen .screen")
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (5760, 1080), (2560, 960)])
def test_the_wall_has_no_scroll_bars(
    size: tuple[int, int], centre: Instance, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{centre.url}/vi/wall")
    page.wait_for_selector("#screen .wall-page")
    overflow = "e => [e.scrollWidth - window.innerWidth, e.scrollHeight - window.innerHeight]"
    across, down = page.eval_on_selector("html", overflow)
    assert across <= 0
    assert down <= 0


def test_the_language_is_switched_in_place(centre: Instance, context: BrowserContext) -> None:
    district = CITY.areas.at(CITY.levels[1])[0]
    page = context.new_page()
    page.goto(f"{centre.url}/vi/area/{district.code}")
    expect(page.locator("#screen h1").first).to_contain_text(district.name_vi)
    page.evaluate("window.untouched = true")
    page.locator(".langs a", has_text="EN").click()
    page.wait_for_url("**/en/area/*")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#screen h1").first).to_contain_text(district.name_en)
    assert page.evaluate("window.untouched") is True, "the page was loaded anew"


def test_simulated_figures_say_so(centre: Instance, context: BrowserContext) -> None:
    page = context.new_page()
    for path, word in (("/vi/city", "mô phỏng"), ("/en/city", "imulated"), ("/vi/wall", "mô phỏng")):
        page.goto(centre.url + path)
        page.wait_for_selector("#screen .screen")
        assert word in (page.locator("#screen").text_content() or "")
