"""A heading is found by typing its name without diacritics; no page of headings is wider than its window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route

from config import City
from dashboard.context import ScreenContext
from dashboard.drawing.compact import markup
from dashboard.drawing.theme import ASSETS
from dashboard.screens import domain, domains

pytestmark = pytest.mark.browser
HOST = "http://desk.test/"


def opened(browser: Browser, body: str, size: tuple[int, int]) -> Page:
    """A page with our style sheets and the script of the field, without Dash."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    sheets = "".join(f'<link rel="stylesheet" href="/{p.name}">' for p in sorted(ASSETS.glob("*.css")))
    text = (
        f"<!doctype html><html><head>{sheets}</head><body>{body}<script src='/95-finder.js'></script></body>"
    )

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(HOST)
        if name:
            route.fulfill(path=ASSETS / name)
        else:
            route.fulfill(body=text, content_type="text/html; charset=utf-8")

    page.route(HOST + "**", answer)
    page.goto(HOST)
    return page


def test_typing_hides_what_does_not_hold_the_words(
    browser: Browser, context: Callable[..., ScreenContext], city: City
) -> None:
    page = opened(browser, markup(domains.render(context("domains"))), (1280, 900))
    cards = page.locator(".domain-card")
    assert cards.count() == len(city.head.domains)
    page.fill("#find-domain", "DAT DAI")
    assert page.locator(".domain-card:visible b").first.inner_text() == "Đất đai, xây dựng"
    assert page.locator(".domain-card:visible").count() == 1
    assert page.locator(".findable > .find-group:visible").count() == 1
    page.fill("#find-domain", "")
    assert page.locator(".domain-card:visible").count() == len(city.head.domains)
    page.locator(".domain-menu > summary").click()
    page.fill("#find-menu", "so hoa khong co")
    assert page.locator(".domain-menu .find-item:visible").count() == 0
    assert page.locator(".domain-card:visible").count() == len(city.head.domains), "each field has its part"
    page.close()


def test_headings_fit_a_phone_and_every_desk(
    browser: Browser, context: Callable[..., ScreenContext], city: City
) -> None:
    first = city.head.domains[0].id
    for body in (domains.render(context("domains")), domain.render(context("domain", first))):
        page = opened(browser, markup(body), (390, 844))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for width in (820, 1024, 1280, 1440, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            parts = page.evaluate(
                "['.brand-name b', '.masthead .menu', '.masthead-end'].map((name) => {"
                " const box = document.querySelector(name).getBoundingClientRect();"
                " return [box.left, box.right]; })"
            )
            (_, brand), (menu, menu_end), (end, _) = parts
            assert brand <= menu, width
            assert menu_end <= end, width
        page.close()
