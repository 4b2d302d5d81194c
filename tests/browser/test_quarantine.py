"""Somebody writes a refused row anew on its page, tries it and mends it; others are dismissed."""

from __future__ import annotations

import csv
import io
import re

import httpx
import pytest
from playwright.sync_api import BrowserContext, expect

from bench.common.instance import Instance
from pipelines.exchange import HEADS, KNOWN

pytestmark = pytest.mark.browser
FEED = "hotline_requests"


def test_a_row_is_tried_mended_and_gone_from_the_page(centre: Instance, context: BrowserContext) -> None:
    page, health = context.new_page(), context.new_page()
    health.goto(f"{centre.url}/en/health?feed={FEED}")
    health.get_by_role("link", name="Browse and mend").click()
    health.wait_for_url(re.compile(rf"/en/quarantine/{FEED}$"))
    waiting = health.locator(".of-state .choice.is-active .choice-count")
    before = int(waiting.inner_text())

    page.goto(f"{centre.url}/en/quarantine/{FEED}?reason=area_unknown&column=ward_code")
    cards = page.locator(".refused-card")
    wrong = cards.first.locator(".refused-cells .is-wrong")
    expect(wrong).to_contain_text("“99999” is not an area")
    cards.first.get_by_role("link", name="Mend").click()
    form = page.locator(".refused-card.is-open .handle-form")
    field = form.locator(".field.is-wrong input")
    expect(field).to_have_value("99999")
    form.get_by_role("button", name="Try").click()
    expect(form.locator(".said")).to_contain_text("The contract would refuse it")
    expect(form.locator(".said li")).to_contain_text("“99999” is not an area")
    field.fill("26740")
    form.get_by_role("button", name="Try").click()
    expect(form.locator(".said")).to_contain_text("The contract accepts the row so")
    form.get_by_role("button", name="Mend").click()
    expect(form.locator(".said")).to_have_text("Please give your name.")
    form.locator("input[name=name]").fill("Lan")
    form.get_by_role("button", name="Mend").click()
    # Every open page hears of it; the row is told with who mended it.
    expect(page.locator(".refused-card.is-open")).to_contain_text("Lan mended it")
    expect(waiting).to_have_text(str(before - 1))

    page.goto(f"{centre.url}/vi/quarantine/{FEED}")
    side = page.locator(".quarantine-side .handle-form")
    side.locator("select").select_option("dismiss")
    side.locator("input[name=name]").fill("Hoa")
    side.locator("button").click()
    expect(side.locator(".said")).to_have_text("Hãy ghi lý do.")
    side.locator(".field-wide input").fill("bản gửi thử")
    side.locator("button").click()
    expect(page.locator(".notice")).to_contain_text("Không có dòng nào đang chờ")
    expect(waiting).to_have_text("0")
    page.goto(f"{centre.url}/en/quarantine/{FEED}?state=dismissed")
    expect(page.locator(".refused-deed").first).to_contain_text("Hoa dismissed it")
    expect(page.locator(".refused-deed").first).to_contain_text("bản gửi thử")


def test_the_sheet_has_heads_in_the_viewers_language(centre: Instance) -> None:
    for language in ("vi", "en"):
        told = httpx.get(f"{centre.url}/api/quarantine/air_quality.csv?lang={language}&reason=range")
        assert "attachment" in told.headers["content-disposition"]
        lines = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
        assert tuple(lines[0][:KNOWN]) == HEADS[language]
        assert {line[4] for line in lines[1:]} == {"range"}
    book = httpx.get(f"{centre.url}/api/quarantine/air_quality.xlsx")
    assert book.content.startswith(b"PK")
    for missing in ("nothing.csv", "air_quality.pdf"):
        assert httpx.get(f"{centre.url}/api/quarantine/{missing}").status_code == 404


@pytest.mark.parametrize("path", ["/vi/quarantine/air_quality", "/en/quarantine/air_quality?page=2"])
def test_the_page_does_not_scroll_sideways_on_a_phone(
    centre: Instance, context: BrowserContext, path: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(centre.url + path)
    page.wait_for_selector(".refused-card")
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.locator(".refused-card").first.get_by_role("link").click()
    page.wait_for_selector(".refused-card.is-open input")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
