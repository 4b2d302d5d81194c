"""A warning's page: why and what drives it stand there; it is handled there, and every open page sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance

pytestmark = pytest.mark.browser


def test_a_warning_leads_to_its_page_and_is_acknowledged_there(
    centre: Instance, context: BrowserContext
) -> None:
    desk, colleague = context.new_page(), context.new_page()
    for page in (desk, colleague):
        page.goto(f"{centre.url}/vi/warnings")
        page.wait_for_selector("#screen .cause-lead:not(.is-acknowledged)")
    lead = desk.locator(".cause-lead:not(.is-acknowledged)").first
    number = lead.get_attribute("id")
    text = lead.locator("a.card-text").text_content() or ""
    lead.locator("a.card-text").click()
    desk.wait_for_url(re.compile(r"/vi/warning/\d+$"))
    expect(desk.locator(".told .card-text")).to_have_text(text)
    expect(desk.locator(".why")).not_to_be_empty()

    card = desk.locator(f"#{number}")
    button = card.locator("button", has=desk.locator("xpath=self::*[contains(@id, 'handle-do')]"))
    button.click()
    expect(card.locator(".said")).not_to_be_empty()
    expect(card).not_to_have_class(re.compile("is-acknowledged"))  # without a name nothing is done

    card.locator("input[name=name]").fill("Nguyễn Thị Trực")
    card.locator("textarea").fill("Đã giao phòng chuyên môn kiểm tra")
    button.click()
    expect(desk.locator(".screen-warning .handling")).to_contain_text("Nguyễn Thị Trực")
    expect(desk.locator(".screen-warning .handling")).to_contain_text("Đã giao phòng chuyên môn kiểm tra")
    expect(desk.locator(f"#{number}.is-acknowledged")).to_have_count(1)
    expect(colleague.locator(f"#{number}.is-acknowledged")).to_have_count(1)

    desk.reload()
    expect(desk.locator(".screen-warning .handling")).to_contain_text("Nguyễn Thị Trực")


def test_what_somebody_writes_outlives_what_others_do(centre: Instance, context: BrowserContext) -> None:
    desk, colleague = context.new_page(), context.new_page()
    desk.goto(f"{centre.url}/vi/warnings")
    desk.wait_for_selector("#screen .cause-lead:not(.is-acknowledged)")
    href = desk.locator(".cause-lead:not(.is-acknowledged) a.card-text").last.get_attribute("href")
    for page in (desk, colleague):
        page.goto(f"{centre.url}{href}")
        page.wait_for_function("document.body.dataset.connection === 'live'")
        page.wait_for_selector(".panel-handle textarea")
    desk.locator(".panel-handle .card-alert textarea").first.fill("chưa gửi")
    mine = colleague.locator(".panel-handle .card-alert").first
    mine.locator("input[name=name]").fill("Lan")
    mine.locator("button").first.click()
    expect(desk.locator(".screen-warning .handling")).to_contain_text("Lan")
    expect(desk.locator(".panel-handle .card-alert textarea").first).to_have_value("chưa gửi")


def test_all_warnings_of_a_cause_are_dealt_with_at_once(centre: Instance, context: BrowserContext) -> None:
    desk = context.new_page()
    desk.goto(f"{centre.url}/en/warnings")
    desk.wait_for_selector("#desk-form summary")
    desk.locator("#desk-form summary").click()
    form = desk.locator("#desk-form")
    several = form.locator("select").first.locator("option").filter(has_text=re.compile("^All "))
    numbers = (several.first.get_attribute("value") or "").split(",")
    assert len(numbers) > 1
    form.locator("select").first.select_option(",".join(numbers))
    form.locator("select").nth(1).select_option("comment")
    form.locator("input[name=name]").fill("Lan")
    form.locator("textarea").fill("one cause for all of these")
    form.locator("button").click()
    for number in (numbers[0], numbers[-1]):
        page = context.new_page()
        page.goto(f"{centre.url}/en/warning/{number}")
        expect(page.locator(".screen-warning .handling")).to_contain_text("one cause for all of these")


def test_the_desk_and_a_page_do_not_scroll_sideways_on_a_phone(
    centre: Instance, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/vi/warnings", "/en/warning/1"):
        page.goto(centre.url + path)
        page.wait_for_selector("#screen .screen")
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
