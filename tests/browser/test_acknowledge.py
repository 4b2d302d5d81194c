"""A warning is taken on from the screen, with a name and a comment; every open page sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance

pytestmark = pytest.mark.browser


def test_a_warning_is_acknowledged_from_the_screen(centre: Instance, context: BrowserContext) -> None:
    desk, colleague = context.new_page(), context.new_page()
    for page in (desk, colleague):
        page.goto(f"{centre.url}/vi/warnings")
        page.wait_for_selector("#screen .card-alert:not(.is-acknowledged)")
    card_id = desk.locator(".card-alert:not(.is-acknowledged)").first.get_attribute("id")
    card = desk.locator(f"#{card_id}")

    form = card.locator("details.handle")
    form.locator("summary").click()
    button = form.locator("button", has=desk.locator("xpath=self::*[contains(@id, 'handle-do')]"))
    button.click()
    expect(form.locator(".said")).not_to_be_empty()
    expect(card).not_to_have_class("is-acknowledged")  # without a name nothing is done

    form.locator("input[name=name]").fill("Nguyễn Thị Trực")
    form.locator("textarea").fill("Đã giao phòng chuyên môn kiểm tra")
    button.click()
    for page in (desk, colleague):
        there = page.locator(f"#{card_id}.is-acknowledged")
        expect(there).to_have_count(1)
        expect(there).to_contain_text("Nguyễn Thị Trực")
        expect(there).to_contain_text("Đã giao phòng chuyên môn kiểm tra")

    desk.reload()
    expect(desk.locator(f"#{card_id}.is-acknowledged")).to_contain_text("Nguyễn Thị Trực")
