"""The reviewers' workbench and “what if”, in a browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from lakthan import thai
from tests.conftest import copy_sample, served

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
FULL = "dip-ict/moi-moral-2569/"
"""Level 3 with all its points."""
SHORT = "demo-standards/moi-moral-2569/"
"""Does not reach every level."""
FILES = "reviews/group-1.yml"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as top:
        yield top


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="th-TH") as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    wrong: list[str] = []
    ours = (address, "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(ours) else wrong.append(asked.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield page
    assert wrong == []


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("[data-bench][data-ready]")).to_have_count(1)
    return page


def scores(page: Page) -> list[str]:
    """What the board shows: points by the evidence, and those that move."""
    return [thai.ascii_digits(text) for text in page.locator(".lk-tally dd strong").all_inner_texts()]


def gates(page: Page) -> list[bool]:
    return [
        "gate--yes" in (gate.get_attribute("class") or "") for gate in page.locator(".lk-tally__gate").element_handles()
    ]


def verdict(page: Page, matter: str, value: str, reason: str = "", points: str = "") -> Locator:
    box = page.locator(f'[data-matter="{matter}"]')
    box.locator(f'[type=radio][value="{value}"]').check()
    if points:
        box.locator("input.lk-number").fill(points)
    if reason:
        box.locator("textarea").fill(reason)
    return box


def review(page: Page) -> None:
    """A review with a verdict of every sort."""
    page.locator(".lk-judge__about input[type=text]").nth(0).fill("คณะทำงานตรวจประเมิน ชุดที่ ๑ “ก: ข”")
    page.locator(".lk-judge__about input[type=date]").fill("2026-09-04")
    page.locator(".lk-judge__about input[type=text]").nth(1).fill("group-1")
    page.locator(".lk-judge__about textarea").fill("ตรวจจากแฟ้ม\nและลงพื้นที่ # ไม่ใช่หมายเหตุ")
    verdict(page, "1", "accept")
    verdict(page, "1#evidence-1", "reject", "ไม่มีลายมือชื่อ: \"จริง\" 'หรือ' \\ไม่")
    verdict(page, "2", "accept", "เห็นเพียงบางส่วน", "1/2")
    verdict(page, "3", "ask", "มีผู้เข้าร่วมกี่คน?")


def downloaded(page: Page) -> str:
    with page.expect_download() as started:
        page.locator("[data-save]").click()
    assert started.value.suggested_filename == "group-1.yml"
    return Path(started.value.path()).read_text(encoding="utf-8")


# The workbench ---------------------------------------------------------------------------------------------------


def test_a_rejected_document_moves_points_gates_and_level_at_once(page: Page, address: str) -> None:
    opened(page, f"{address}{FULL}review/")
    assert scores(page) == ["27", "27"]
    assert gates(page) == [True, True, True]
    box = verdict(page, "1#evidence-1", "reject", "ไม่มีลายมือชื่อ")
    assert scores(page) == ["27", "24"]
    assert gates(page)[0] is False
    rung = page.locator('[data-leaf="1/1"]')
    assert "rung--on" not in (rung.get_attribute("class") or "")
    assert "lk-cond--no" in (page.locator('[data-condition="1/1#0"]').get_attribute("class") or "")
    expect(page.locator("[data-bench] > [aria-live]")).to_have_text(re.compile("๒๔ จาก ๒๗"))
    box.locator('[type=radio][value=""]').check()
    assert scores(page) == ["27", "27"]
    verdict(page, "1", "reject", "ไม่มีอะไรเลย")
    assert scores(page) == ["27", "24"]


def test_what_was_done_is_there_after_a_reload(page: Page, address: str) -> None:
    opened(page, f"{address}{FULL}review/")
    review(page)
    before = scores(page), page.locator(".lk-judge__preview code").text_content()
    opened(page, f"{address}{FULL}review/")
    assert (scores(page), page.locator(".lk-judge__preview code").text_content()) == before
    # Each portfolio keeps its own.
    opened(page, f"{address}{SHORT}review/")
    assert scores(page)[0] == scores(page)[1]


def test_the_file_is_read_by_the_project_and_gives_the_same_score(page: Page, address: str, tmp_path: Path) -> None:
    opened(page, f"{address}{FULL}review/")
    review(page)
    text, shown = downloaded(page), scores(page)[1]
    project = copy_sample(tmp_path / "project")
    shutil.rmtree(project.path(f"content/{FULL}reviews"), ignore_errors=True)  # of this review alone
    project.write(f"content/{FULL}{FILES}", text)
    codes = [problem["code"] for problem in project.problems() if problem["file"] == f"content/{FULL}{FILES}"]
    assert codes == ["review-question-open"]
    verified = project.score(FULL.partition("/")[0])["verified"]
    assert f"{verified['points']:g}" == shown
    assert verified["open"] == 1
    assert verified["stale"] == 0
    # Opened again, in a browser that knows nothing of it, it is the same file.
    page.evaluate("localStorage.clear()")
    opened(page, f"{address}{FULL}review/")
    assert scores(page)[1] == "27"
    file = project.path(f"content/{FULL}{FILES}")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".lk-tally dd strong").nth(1)).not_to_have_text("๒๗")
    assert scores(page)[1] == shown
    assert downloaded(page) == text


def test_a_file_that_lacks_something_is_not_saved_and_says_what(page: Page, address: str) -> None:
    opened(page, f"{address}{FULL}review/")
    verdict(page, "1#evidence-1", "reject")
    verdict(page, "2", "accept", points="99")
    page.locator("[data-save]").click()
    complaints = page.locator(".lk-judge__complaints")
    expect(complaints).to_be_focused()
    expect(complaints.locator("li")).to_have_count(4)  # role, reason, reason for points, points too large
    complaints.locator("button").nth(1).click()
    expect(page.locator('[data-matter="1#evidence-1"] textarea')).to_be_focused()


def test_files_that_are_none_and_hostile_ones_do_nothing(page: Page, address: str, tmp_path: Path) -> None:
    opened(page, f"{address}{FULL}review/")
    file = tmp_path / "none.yml"
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    for text in (
        "a: [",
        "just text",
        "- 1",
        "lakthan: 1\nverdicts: 3",
        f"{'[' * 5000}",
        "a: &a [*a]\nb: !!js/function x",
    ):
        file.write_text(text, encoding="utf-8")
        page.locator("input[type=file]").set_input_files(file)
        expect(page.locator(".lk-judge__message")).to_contain_text("ไฟล์นี้")
        page.evaluate("document.querySelector('.lk-judge__message').textContent = ''")
    file.write_text(
        json.dumps(
            {
                "lakthan": "1",
                "role": evil,
                "date": "2569-09-04",
                "note": evil,
                "verdicts": [
                    {"indicator": "1", "seen": "0" * 16, "verdict": "reject", "reason": evil},
                    {"indicator": "2", "seen": "0" * 16, "verdict": "ask", "reason": evil, "answer": evil},
                    {"indicator": evil, "seen": evil, "verdict": "reject", "reason": evil},
                    {"indicator": "__proto__", "evidence": "constructor", "verdict": "reject", "reason": "x"},
                ],
            }
        ),
        encoding="utf-8",
    )
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator('[data-matter="1"] textarea')).to_have_value(evil)
    assert page.locator("img[src=x], article script").count() == 0
    # What was seen is not what is there: the verdict decides nothing until somebody looks again.
    assert scores(page) == ["27", "27"]
    page.locator('[data-matter="1"] .lk-judge__stale button').click()
    assert scores(page) == ["27", "24"]


def test_without_storage_it_works_and_says_so(page: Page, address: str) -> None:
    page.add_init_script("Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }")
    opened(page, f"{address}{FULL}review/")
    verdict(page, "1#evidence-1", "reject", "ไม่มีลายมือชื่อ")
    assert scores(page) == ["27", "24"]
    expect(page.locator(".lk-judge__lost")).to_be_visible()


def test_the_keyboard_is_enough(page: Page, address: str) -> None:
    opened(page, f"{address}{FULL}review/")
    page.locator(".lk-judge__bar button").focus()
    page.keyboard.press("Enter")
    # At the first indicator without a verdict: the first of its choices.
    matter = page.evaluate("document.activeElement.closest('[data-matter]').dataset.matter")
    assert matter.startswith("1")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.value") == "reject"
    assert page.evaluate("getComputedStyle(document.activeElement.parentElement).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.tagName") != "TEXTAREA":
        page.keyboard.press("Tab")
    page.keyboard.type("ไม่พบ")
    assert scores(page) == ["27", "24"]


# What if ---------------------------------------------------------------------------------------------------------


def test_the_shortest_way_leads_to_the_next_level(page: Page, address: str) -> None:
    opened(page, f"{address}{SHORT}what-if/")
    before, points = gates(page), scores(page)
    assert not all(before)
    page.locator("[data-take]").click()
    assert sum(gates(page)) > sum(before)
    assert scores(page)[0] == points[0]
    assert scores(page)[1] != points[0]
    page.locator(".lk-settings button").click()
    assert (gates(page), scores(page)) == (before, points)


def test_numbers_documents_and_readings_move_the_score(page: Page, address: str) -> None:
    opened(page, f"{address}{FULL}what-if/")
    field = page.locator('[data-indicator="1"] [data-fact="signed"] input')
    field.fill("๒๕")  # of 34: 73 per cent
    assert scores(page) == ["27", "26"]
    field.fill("xyz")
    assert field.get_attribute("aria-invalid") == "true"
    assert scores(page) == ["27", "27"]
    box = page.locator('[data-indicator="1"] [data-without="evidence-1"]')
    box.check()
    assert scores(page) == ["27", "24"]
    tick = page.locator('[data-suppose="1/1#0"]')
    tick.check()
    page.locator('[data-suppose="1/1#1"]').check()
    assert scores(page) == ["27", "27"]
    tick.uncheck()
    assert scores(page) == ["27", "24"]
    box.uncheck()
    options = page.locator(".lk-settings select option").evaluate_all("found => found.map((one) => one.value)")
    page.locator(".lk-settings select").first.select_option(options[1])
    assert scores(page)[0] == "27"
    assert float(scores(page)[1]) <= 27


# Both ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{FULL}review/", f"{SHORT}what-if/", f"en/{SHORT}review/"])
def test_without_scripts_it_can_be_read(browser: Browser, address: str, path: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address + path)
        expect(page.locator("[data-needs-script]")).to_be_visible()
        assert page.locator("[data-condition]").count() > 20
        assert page.locator("[data-record]").count() > 5
        assert page.locator("article button, article input").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [f"{FULL}review/", f"en/{SHORT}what-if/"])
def test_axe_finds_nothing(browser: Browser, address: str, path: str, scheme: Scheme, width: int) -> None:
    axe = Path(str(pytest.importorskip("axe_playwright_python").__file__)).with_name("axe.min.js")
    with browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        bypass_csp=True,
    ) as context:
        page = opened(context.new_page(), address + path)
        if "review" in path:
            review(page)
            page.locator("[data-save]").click()
        else:
            page.locator("[data-take]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(axe.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [
            (one["id"], [(node["html"], node["failureSummary"]) for node in one["nodes"]])
            for one in found["violations"]
        ] == []
