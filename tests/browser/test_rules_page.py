"""A rule is tried on its page while others look on: the result comes to every open page by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance
from dashboard.i18n import words_in

pytestmark = pytest.mark.browser


def test_a_rule_is_tried_and_everybody_sees_what_it_would_have_told(
    centre: Instance, context: BrowserContext
) -> None:
    words = words_in("vi")
    desk, colleague = context.new_page(), context.new_page()
    desk.goto(f"{centre.url}/vi/warnings")
    desk.locator(".tools a", has_text=words("rules.open")).click()
    desk.wait_for_url(re.compile(r"/vi/rules$"))
    row = desk.locator(".rules tbody tr", has_text=words("tried.never")).first
    name = row.locator("a").first.text_content() or ""
    row.locator("a").first.click()
    desk.wait_for_url(re.compile(r"/vi/rule/\w+$"))
    expect(desk.locator("h1")).to_have_text(name)
    expect(desk.locator(".panel-backtest")).to_contain_text(words("backtest.never"))
    colleague.goto(desk.url)
    colleague.wait_for_function("document.body.dataset.connection === 'live'")

    form = desk.locator(".panel-handle .card-alert")
    form.locator("button").click()
    expect(form.locator(".said")).to_have_text(words("action.needs_name"))
    form.locator("input[name=name]").fill("Nguyễn Thị Trực")
    form.locator("textarea").fill("nowhere, 2026-01-01")
    form.locator("button").click()
    expect(form.locator(".said")).to_have_text(words("backtest.bad_incident", line=1))
    form.locator("textarea").fill("")
    form.locator("button").click()

    for page in (desk, colleague):
        result = page.locator(".panel-backtest")
        expect(result.locator(".backtest-facts")).to_contain_text(words("backtest.would"))
        expect(result).to_contain_text("Nguyễn Thị Trực")
        expect(page.locator(".lead-line")).to_contain_text(words("tried.tried"))
    colleague.goto(f"{centre.url}/vi/rules")
    mine = colleague.locator(".rules tbody tr").filter(
        has=colleague.get_by_role("link", name=name, exact=True)
    )
    expect(mine).to_contain_text(words("tried.tried"))


def test_all_rules_that_were_not_tried_are_tried_and_the_marks_change_by_themselves(
    centre: Instance, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{centre.url}/en/rules")
    page.wait_for_selector("#backtest-untried summary")
    untried = page.locator(".chip-tried-never")
    assert untried.count() > 0
    before = untried.count() + page.locator(".chip-tried-tried").count()
    form = page.locator("#backtest-untried")
    form.locator("summary").click()
    form.locator("input[name=name]").fill("Lan")
    form.locator("button").click()
    expect(untried).to_have_count(0, timeout=120_000)
    expect(page.locator(".chip-tried-tried")).to_have_count(before)
    expect(page.locator("#backtest-untried")).to_have_count(0)


def test_the_rules_and_a_rule_do_not_scroll_sideways_on_a_phone(
    centre: Instance, context: BrowserContext
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{centre.url}/vi/rules")
    page.wait_for_selector("#screen .rules")
    hrefs = [page.url, *(page.locator(".rules a").nth(k).get_attribute("href") or "" for k in (0, 5))]
    for href in hrefs:
        page.goto(href if href.startswith("http") else centre.url + href)
        page.wait_for_selector("#screen .screen")
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, href
