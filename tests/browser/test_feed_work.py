"""Somebody has a feed looked at and filled in from its page: what comes of it stands there by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance

pytestmark = pytest.mark.browser
FEED = "hotline_requests"


def test_a_feed_is_run_filled_in_and_followed_on_its_page(centre: Instance, context: BrowserContext) -> None:
    mine, other = context.new_page(), context.new_page()
    for page in (mine, other):
        page.goto(f"{centre.url}/en/health?feed={FEED}")
        expect(page.locator(".work-list, .feed-work .quiet").first).to_be_visible()
    forms = mine.locator(".work-forms")
    run = forms.locator("details").nth(0)
    expect(run.locator("input[name=name]")).to_be_hidden()
    run.locator("summary").click()
    run.locator("button").click()
    expect(run.locator(".said")).to_contain_text("name")
    run.locator("input[name=name]").fill("Lan")
    run.locator("button").click()
    expect(run.locator(".said")).to_contain_text("Asked for.")
    done = mine.locator(".feed-work .work-list > li").first
    expect(done).to_contain_text("There was nothing new.")
    expect(done).to_contain_text("Lan")
    expect(other.locator(".feed-work .work-list > li").first).to_contain_text("There was nothing new.")

    fill = forms.locator("details").nth(1)
    fill.locator("summary").click()
    expect(run.locator("input[name=name]")).to_be_hidden()
    fill.locator("input[name=name]").fill("Lan")
    fill.locator("button").click()
    first = mine.locator(".feed-work .work-list > li").first
    expect(first).to_contain_text("Past days")
    expect(first).to_contain_text("done")
    expect(first).to_contain_text("unchanged")


@pytest.mark.parametrize("path", [f"/vi/health?feed={FEED}", f"/en/health?feed={FEED}"])
def test_the_page_does_not_scroll_sideways_on_a_phone(
    centre: Instance, context: BrowserContext, path: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(centre.url + path)
    page.locator(".work-forms summary").nth(1).click()
    expect(page.locator(".work-forms input[type=date]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
