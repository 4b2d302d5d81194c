"""Open pages follow the data by themselves, and outlive their server."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bench.common.deliver import INDICATOR, deliver_tickets
from bench.common.instance import Instance, serving

pytestmark = pytest.mark.browser

TILE = f'a.tile[href*="/indicator/{INDICATOR}"] .tile-value b'

AGE = "#screen .age[data-age]"


@pytest.fixture
def own_centre(city: Path, built: Path, tmp_path: Path) -> Iterator[Instance]:
    """A served city that a test may kill."""
    var = Path(shutil.copytree(built, tmp_path / "var"))
    with serving(var, options=["--no-live"], city=city) as instance:
        yield instance


def _open(context: BrowserContext, instance: Instance, path: str) -> Page:
    """The page at ``path``, marked: the mark goes when the page is loaded anew."""
    page = context.new_page()
    page.goto(instance.url + path)
    page.wait_for_selector("#screen .screen")
    page.wait_for_function("document.body.dataset.connection === 'live'")
    page.evaluate("window.untouched = true")
    return page


def _deliver(instance: Instance) -> None:
    deliver_tickets(instance.city, instance.inbox, 300, dt.datetime.now(dt.UTC))


def _changed(page: Page, selector: str, before: str | None) -> None:
    script = "([selector, before]) => document.querySelector(selector)?.textContent !== before"
    page.wait_for_function(script, arg=[selector, before])


@pytest.mark.parametrize("path", ["/vi/wall", "/en/wall"])
def test_a_file_in_the_folder_changes_an_open_wall(
    path: str, centre: Instance, context: BrowserContext
) -> None:
    page = _open(context, centre, path)
    before = page.locator(TILE).first.text_content()
    _deliver(centre)
    _changed(page, TILE, before)
    assert page.evaluate("window.untouched") is True


def test_a_file_in_the_folder_changes_every_open_page(centre: Instance, context: BrowserContext) -> None:
    pages = [
        _open(context, centre, path) for path in ("/vi/city", f"/vi/indicator/{INDICATOR}", "/vi/health")
    ]
    before = [page.evaluate("document.body.dataset.version") for page in pages]
    _deliver(centre)
    for page, version in zip(pages, before, strict=True):
        page.wait_for_function("before => document.body.dataset.version !== before", arg=version)
        assert page.evaluate("window.untouched") is True


@pytest.mark.parametrize("path", ["/vi/wall", "/vi/city"])
def test_an_open_page_outlives_its_server(path: str, own_centre: Instance, context: BrowserContext) -> None:
    page = _open(context, own_centre, path)
    number = page.locator(TILE).first
    before = number.text_content()
    young = page.locator(AGE).first.get_attribute("data-age")

    own_centre.kill()
    page.wait_for_function("document.body.dataset.connection === 'lost'")
    expect(page.locator(".fresh .when-down").first).to_be_visible()
    assert number.text_content() == before, "the last frame stays"
    # Hours pass in seconds: the age grows, and what is on the screen is marked as old.
    page.evaluate(
        "() => { const real = Date.now, then = real(); window.realNow = real;"
        " Date.now = () => then + 10000 * (real() - then) }"
    )
    older = "([selector, young]) => document.querySelector(selector).dataset.age !== young"
    page.wait_for_function(older, arg=[AGE, young])
    page.wait_for_function("document.documentElement.dataset.old !== undefined")
    page.evaluate("Date.now = window.realNow")

    own_centre.start("serve", "--no-live")
    own_centre.wait()
    page.wait_for_function("document.body.dataset.connection === 'live'")
    expect(page.locator(".fresh .when-down").first).to_be_hidden()
    page.wait_for_function("document.documentElement.dataset.old === undefined")
    _deliver(own_centre)
    _changed(page, TILE, before)
    assert page.evaluate("window.untouched") is True, "the page recovered without being loaded anew"
