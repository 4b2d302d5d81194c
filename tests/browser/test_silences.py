"""Somebody keeps an area quiet: the desk says so, prolonging and ending it is told at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance

pytestmark = pytest.mark.browser


def test_a_silence_is_started_prolonged_and_ended_on_its_page(
    centre: Instance, context: BrowserContext
) -> None:
    mine, desk = context.new_page(), context.new_page()
    desk.goto(f"{centre.url}/en/warnings")
    desk.wait_for_selector("#screen .cause-lead")
    desk.locator(".title-row a[href$='/silences']").click()
    desk.wait_for_url(re.compile(r"/en/silences$"))
    expect(desk.locator(".notice")).to_contain_text("Nothing is kept quiet")
    desk.go_back()
    desk.wait_for_selector("#screen .cause-lead")
    expect(desk.locator(".chip-quiet")).to_have_count(0)

    mine.goto(f"{centre.url}/en/silences")
    form = mine.locator("#quiet-new")
    # What a silence is not about is not asked for; of what is left out all is meant.
    expect(form.locator(".of-feed")).to_be_hidden()
    expect(form.locator(".field-at")).to_be_hidden()
    form.locator(".of-area select").select_option(label="Ho Chi Minh City")
    form.locator("button").click()
    expect(form.locator(".said")).to_have_text("Please give the reason.")
    form.locator("textarea").fill("a drill, as agreed")
    form.locator("input[name=name]").fill("Lan")
    form.locator("button").click()
    card = mine.locator(".quiet-card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("a drill, as agreed")
    expect(card.locator("details summary")).to_contain_text(re.compile(r"Keeps [\d,]+ open warnings? quiet"))
    expect(desk.locator(".chip-quiet").first).to_contain_text("Kept quiet until")

    card.get_by_role("link", name="Prolong").click()
    change = mine.locator("[id^=quiet-change]")
    change.locator("select").nth(1).select_option("extend:at")
    expect(change.locator(".field-at")).to_be_visible()
    change.locator("input[type=datetime-local]").fill("2099-01-02T03:04")
    change.locator("textarea").fill("it takes longer")
    change.locator("input[name=name]").fill("Hoa")
    change.locator("button").click()
    expect(card.locator(".card-where")).to_contain_text("2 Jan 2099, 03:04")

    card.get_by_role("link", name="End").click()
    mine.wait_for_selector("[id^=quiet-change-silence][id$='-end']")
    change.locator("textarea").fill("over")
    change.locator("input[name=name]").fill("Hoa")
    change.locator("button").click()
    expect(mine.locator(".notice")).to_contain_text("Nothing is kept quiet")
    expect(mine.locator(".panel-deeds li").first).to_contain_text("Hoa ended it")
    expect(mine.locator(".panel-deeds li")).to_have_count(3)
    expect(desk.locator(".chip-quiet")).to_have_count(0)


@pytest.mark.parametrize("path", ["/vi/silences", "/en/silences"])
def test_the_page_does_not_scroll_sideways_on_a_phone(
    centre: Instance, context: BrowserContext, path: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(centre.url + path)
    page.wait_for_selector("#quiet-new select")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
