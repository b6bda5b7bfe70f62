"""Heat maps, charts, lists and previews in a browser."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="th-TH") as context:
        yield context.new_page()


def names(page: Page, box: str) -> list[str]:
    """The units that a list shows, in its order."""
    shown: list[str] = page.evaluate(
        """box => [...document.querySelectorAll(box + ' > :not([hidden])')]
             .map(one => (one.querySelector('a') || one).getAttribute('href').split('/').slice(-3)[0])""",
        box,
    )
    return shown


ALL = ["dip-ict", "demo-standards", "demo-dyeing"]


def test_a_heat_map_sorts_and_filters(page: Page, address: str) -> None:
    page.goto(address)
    box = page.locator(".lk-filter").first
    assert names(page, "#board-1-list") == ALL
    box.locator("[data-sort]").select_option("cell:1")
    assert names(page, "#board-1-list") == ["dip-ict", "demo-dyeing", "demo-standards"]
    expect(page.locator("[aria-sort=descending]")).to_have_text("คะแนนรวม")
    box.locator("[data-reverse]").click()
    assert names(page, "#board-1-list") == ["demo-standards", "demo-dyeing", "dip-ict"]
    box.locator("[data-filter=level]").select_option("level-2")
    assert names(page, "#board-1-list") == ["demo-dyeing"]
    expect(box.locator(".lk-filter__shown")).to_have_text("แสดง ๑ จาก ๓ รายการ")
    box.locator("[data-filter=level]").select_option("")
    box.locator("[data-filter=state]").select_option("unsigned")
    assert names(page, "#board-1-list") == ["demo-standards"]
    box.locator("[data-filter=state]").select_option("")
    box.locator("[data-filter=text]").fill("สีย้อม")
    assert names(page, "#board-1-list") == ["demo-dyeing"]
    box.locator("[data-filter=text]").fill("ไม่มีหน่วยงานนี้")
    expect(box.locator(".lk-filter__nothing")).to_be_visible()


def test_a_cell_leads_where_its_row_and_column_meet(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("#board-1-list tr:nth-child(3) td.h2").first.click()
    page.wait_for_url("**/demo-dyeing/moi-moral-2569/2/")


def test_answers_to_an_indicator_sort_by_points_and_open(page: Page, address: str) -> None:
    page.goto(f"{address}rubrics/moi-moral-2569/4/")
    page.locator("[data-sort]").select_option("points")
    last = page.locator("#answers-list > details").last
    expect(last).to_have_attribute("id", "unit-demo-standards")
    last.locator("summary").click()
    expect(last).not_to_have_attribute("open", "")
    page.goto(f"{address}rubrics/moi-moral-2569/4/#unit-demo-standards")
    expect(page.locator("#unit-demo-standards")).to_have_attribute("open", "")


def test_without_scripts_the_lists_are_whole(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".lk-filter").first).to_be_hidden()
        expect(page.locator("#board-1-list tr")).to_have_count(3)


CHARTS = ("dip-ict/moi-moral-2569/", "demo-dyeing/moi-moral-2569/", "oae-demo/oae-unit-2567/")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_label_of_a_chart_is_clipped(browser: Browser, address: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        for path in CHARTS:
            page.goto(address + path)
            page.evaluate("document.fonts.ready")
            clipped = page.evaluate(
                """() => [...document.querySelectorAll('.lk-chart span, .lk-chart b, .lk-chart figcaption')]
                     .filter(e => e.getClientRects().length).filter(e => {
                       const text = document.createRange(); text.selectNodeContents(e);
                       const r = text.getBoundingClientRect(), column = e.closest('.lk-chart__names > span');
                       const own = column && column.getBoundingClientRect();
                       return r.left < 0 || r.right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1
                              && getComputedStyle(e).overflow !== 'visible'
                              || own && (r.left < own.left - 1 || r.right > own.right + 1);
                     }).map(e => e.textContent)"""
            )
            assert clipped == [], path


def test_previews_shift_nothing(page: Page, address: str) -> None:
    page.add_init_script(
        """window.shifted = 0;
           new PerformanceObserver(list => list.getEntries().forEach(e => { window.shifted += e.value; }))
             .observe({type: 'layout-shift', buffered: true});"""
    )
    page.goto(f"{address}dip-ict/moi-moral-2569/2/")
    image = page.locator(".lk-preview img").first
    before = image.bounding_box()
    image.scroll_into_view_if_needed()
    page.wait_for_function("[...document.querySelectorAll('.lk-preview img')].some(i => i.complete && i.naturalWidth)")
    after = image.bounding_box()
    assert before
    assert after
    assert (before["width"], before["height"]) == (after["width"], after["height"])
    assert page.evaluate("window.shifted") < 0.05


def test_paper_is_white_in_dark_colours_too(browser: Browser, address: str) -> None:
    with browser.new_context(color_scheme="dark") as context:
        page = context.new_page()
        page.goto(f"{address}dip-ict/moi-moral-2569/1/")
        page.emulate_media(media="print", color_scheme="dark")
        hero = page.evaluate("getComputedStyle(document.querySelector('.lk-hero')).backgroundColor")
        muted = page.evaluate("getComputedStyle(document.querySelector('article .lk-muted')).color")
        assert hero == "rgb(244, 246, 249)"
        assert muted == "rgb(86, 97, 113)"
