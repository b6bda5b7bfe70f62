"""Heat maps, charts, lists and previews in a browser."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Iterator
from pathlib import Path

import markdown
import pytest
from playwright.sync_api import Browser, Page, expect

from lakthan import build
from lakthan.pages import overview
from lakthan.pages.site import Site
from lakthan.rubric import Text
from tests.conftest import ROOT, Sandbox, fonts_first, served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as top:
        yield top


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
        fonts_first(context)
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


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("path", ["", "rubrics/oae-unit-2567/units/", "en/rubrics/ita-oit-2566/units/"])
def test_nothing_in_a_heat_map_runs_into_the_next_column(browser: Browser, address: str, path: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, locale="th-TH") as context:
        fonts_first(context)
        page = context.new_page()
        page.goto(f"{address}{path}")
        page.evaluate("document.fonts.ready")
        wide = page.evaluate(
            """() => [...document.querySelectorAll('.lk-heat :is(th, td)')]
                 .filter(cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.innerText)"""
        )
        torn = page.evaluate(
            """() => [...document.querySelectorAll('.lk-heat .lk-total > strong')].filter(number => {
                 const range = document.createRange();
                 range.selectNodeContents(number);
                 return range.getClientRects().length > 1;
               }).map(number => number.innerText)"""
        )
    assert wide == []
    assert torn == []


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
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lk-preview img')].some(i => i.complete && i.naturalWidth)"
    )
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


def many(examined: build.Examined, n: int) -> Site:
    """The site of a project in which *n* units answer the wide rubric."""
    (one,) = (a for a in examined.assessments if a.portfolio.unit == "oae-demo")
    units, assessments = {}, []
    for number in range(n):
        name = f"department-{number % 6}/unit-{number}"
        title = Text(th=f"สำนักงานสาธิตลำดับที่ {number + 1}", en=f"Demonstration unit {number + 1}")
        unit = examined.project.units["oae-demo"]
        units[name] = dataclasses.replace(unit, id=name, name=title, parent=f"department-{number % 6}")
        assessments.append(dataclasses.replace(one, portfolio=dataclasses.replace(one.portfolio, unit=name)))
    return Site(
        language="th",
        digits="thai",
        project=dataclasses.replace(examined.project, units=units),
        assessments=tuple(assessments),
        templates=(ROOT / "site_templates",),
        problems=(),
        sizes={},
        previews={},
        searched={},
        ledger={},
        data=tuple,
    )


def test_three_hundred_units_by_forty_one_indicators_are_small_and_sorted(as_it_is: Sandbox, page: Page) -> None:
    (plan,) = overview.pages(many(build.examine(as_it_is.root), 300))
    made = plan.make()
    assert len(made.content) < 700_000
    assert len(gzip.compress(made.content)) < 40_000
    body = markdown.markdown(made.content.decode().split("---\n", 2)[2], extensions=["attr_list", "toc"])
    assets = ROOT / "site_templates/assets"
    style = "".join((assets / name).read_text(encoding="utf-8") for name in ("lakthan.css", "glance.css"))
    page.set_content(
        f"<!doctype html><html lang=th><style>{style}</style>"
        f"<body data-md-color-scheme=default><div class=md-typeset>{body}</div>"
    )
    page.add_script_tag(path=assets / "lists.js")
    assert page.locator(".lk-heat td").count() == 300 * (41 + 2)
    # It comes to an end; how soon is no matter for a test.
    page.locator("[data-sort]").select_option("cell:5")
    expect(page.locator("[data-sort]")).to_have_value("cell:5")
    page.locator("[data-filter=parent]").select_option("department-2")
    expect(page.locator(".lk-filter__shown")).to_have_text("แสดง ๕๐ จาก ๓๐๐ รายการ")
