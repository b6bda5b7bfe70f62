"""The built site in a browser."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Response, expect

from lakthan import thai
from tests.conftest import ROOT, fonts_first, served
from tests.page_types import PAGE_TYPES
from tests.test_thai import DICTIONARY

pytestmark = pytest.mark.browser

CONTENT = "article.md-content__inner"
INDICATOR = "dip-ict/moi-moral-2569/1/"


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The site on a server, not at its top."""
    top = site.parent.parent
    with served(top) as host:
        yield f"{host}{site.relative_to(top).as_posix()}/"


class Watched:
    """A page, and everything that goes wrong or out while it is open."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page, self.address = context.new_page(), address
        self.wrong: list[str] = []
        self.requests: list[str] = []
        self.page.on(
            "console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on(
            "response", lambda got: self.wrong.append(f"{got.status}: {got.url}") if got.status >= 400 else None
        )
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a slow one may be on its way when the next page is opened
            self.wrong.append(f"{request.failure}: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="networkidle")
        return self.page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="th-TH") as context:
        yield context


@pytest.fixture
def watched(context: BrowserContext, address: str) -> Watched:
    return Watched(context, address)


# Each sort of page -----------------------------------------------------------------------------------------------

SHIFTS = """window.shifted = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => { window.shifted += e.value; }))
    .observe({type: 'layout-shift', buffered: true});"""
MOVE = {"workbench", "what-if"}
"""Tools, whose controls are made by the script when what is to be read is there already."""


def strangers(page: Page) -> list[str]:
    """The fonts but ours in which the letters of headings, text and frame are shown."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    found, seen = [], 0
    for selector in ("article :is(h1, h2)", "article :is(p, li, td, th)", "header a", "footer a"):
        for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"][:12]:
            if fonts := session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
                # A sign that it lacks, an arrow or a tick, may come from another font: not the letters.
                most = max(fonts, key=lambda font: float(font["glyphCount"]))
                seen += 1
                if (most["familyName"], most["isCustomFont"]) != ("Sarabun", True):
                    found.append(f"{selector}: {most['familyName']}")
    session.detach()
    return found if seen >= 5 else [f"only {seen} texts seen"]


def sideways(page: Page, width: int) -> list[str]:
    """What makes a page of *width* pixels scroll sideways, and what sticks out that a box hides.

    A box that scrolls by itself may hold what is wider, and the gates above the workbench end in three dots."""
    page.set_viewport_size({"width": width, "height": 800})
    over: int = page.evaluate("document.documentElement.scrollWidth")
    outside: list[str] = page.evaluate(
        """width => [...document.querySelectorAll('article *')].filter(e =>
             e.getBoundingClientRect().right > width + 1 && e.getClientRects().length
             && getComputedStyle(e).position !== 'absolute'
             && !e.closest('.lk-scroll, .md-typeset__scrollwrap, .lk-tally__gates, svg, pre'))
           .map(e => e.outerHTML.slice(0, 120))""",
        width,
    )
    return [*([f"the page is {over} wide"] if over > width else []), *outside]


def violations(page: Page) -> list[object]:
    """What axe finds: the rule, and the element."""
    axe = Path(str(pytest.importorskip("axe_playwright_python").__file__)).with_name("axe.min.js")
    page.evaluate(axe.read_text(encoding="utf-8"))  # evaluated, as the page's own policy refuses strange scripts
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(one["id"], node["html"][:160]) for one in found for node in one["nodes"]]


PARTS = 4
"""Into which the sorts of pages are divided, so that processes share the work."""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("language", "scheme", "width"), [("th", "light", 1280), ("en", "dark", 390)])
def test_every_sort_of_page(
    browser: Browser, address: str, language: str, scheme: Literal["light", "dark"], width: int, part: int
) -> None:
    """It asks no other server, nothing goes wrong or jumps, its letters are Sarabun, and axe finds nothing."""
    found: dict[str, list[object]] = {}
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        watched = Watched(context, address)
        page = watched.page
        page.add_init_script(SHIFTS)
        for name, path in list(paths(language).items())[part::PARTS]:
            watched.wrong.clear()
            watched.requests.clear()
            page.goto(address + path)
            page.evaluate("document.fonts.ready")
            late = strangers(page)
            for _ in range(5):  # a font that came after the first line is there for the next page, or the one after
                if late:
                    page.reload()
                    page.evaluate("document.fonts.ready")
                    late = strangers(page)
            wrong: list[object] = [*late]
            wrong += violations(page)
            shifted = page.evaluate("window.shifted")
            if shifted >= 0.1:  # and so is a style sheet; what jumps by itself jumps again
                page.reload()
                page.evaluate("document.fonts.ready")
                shifted = page.evaluate("window.shifted")
            wrong += [f"moved by {shifted}"] if shifted >= 0.1 and name not in MOVE else []
            wrong += [*watched.wrong]
            wrong += [url for url in watched.requests if not url.startswith((address, "data:", "blob:"))]
            wrong += [] if len(watched.requests) > 3 else ["it asked for nothing"]
            found |= {name: wrong} if wrong else {}
    assert found == {}


def test_the_page_for_what_is_not_found(context: BrowserContext, site: Path) -> None:
    """A server shows it at any address: its links begin at the top, where this site stands for once."""
    with served(site) as top:
        watched = Watched(context, top)
        page = watched.open("404.html")
        assert violations(page) == []
        assert watched.wrong == []
        assert sideways(page, 320) == []


@pytest.mark.parametrize("language", ["th", "en"])
def test_no_narrow_screen_scrolls_sideways(browser: Browser, address: str, language: str) -> None:
    """A telephone, and a window of 1280 pixels at 400 %."""
    found: dict[tuple[str, int], list[str]] = {}
    with browser.new_context(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True) as context:
        fonts_first(context)
        page = context.new_page()
        for name, path in paths(language).items():
            page.goto(address + path)
            page.evaluate("document.fonts.ready")
            for width in (390, 320):
                if wrong := sideways(page, width):
                    found[name, width] = wrong
            page.set_viewport_size({"width": 390, "height": 800})
    assert found == {}


def paths(language: str) -> dict[str, str]:
    """Every sort of page in a language. The page for what isn't found is in both at once, and below no folder."""
    prefix = "" if language == "th" else "en/"
    return {name: f"{prefix}{path}" for name, path in PAGE_TYPES.items() if path != "404.html"}


def test_the_list_has_every_sort_of_page(site: Path) -> None:
    """Each template of a page is seen somewhere: what the list lacks, nobody would look at."""
    names = {path.name.removesuffix(".md.j2") for path in (ROOT / "site_templates/pages").glob("*.j2")}
    sorts = {name for name in names if not name.startswith("hub-")}  # another site, with tests of its own
    assert len(PAGE_TYPES) >= len(sorts)
    for path in PAGE_TYPES.values():
        assert (site / path / ("" if path.endswith(".html") else "index.html")).is_file(), path


@pytest.mark.parametrize("path", ["dip-ict/moi-moral-2569/", "oae-demo/oae-unit-2567/"])
def test_a_portfolio_is_light_and_nothing_in_it_jumps(context: BrowserContext, address: str, path: str) -> None:
    page = context.new_page()
    page.add_init_script(SHIFTS)
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(address + path, wait_until="networkidle")
    sizes = {}
    for response in responses:
        packed = response.url.endswith((".woff2", ".png", ".webp", ".jpg"))
        body = response.body()
        sizes[response.url] = len(body if packed else gzip.compress(body, 6))
    assert len(sizes) >= 5
    assert sum(sizes.values()) < 300_000, sizes
    assert page.evaluate("window.shifted") < 0.05


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(…)`, as WCAG defines it."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_reader(browser: Browser, address: str, scheme: str) -> None:
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        watched = Watched(context, address)
        page = watched.open("dip-ict/moi-moral-2569/")
        expect(page.locator("body")).to_have_attribute(
            "data-md-color-scheme", "slate" if scheme == "dark" else "default"
        )
        back = luminance(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        text = luminance(page.evaluate("getComputedStyle(document.querySelector('article h1')).color"))
        assert (back < text) is (scheme == "dark")
        assert (max(back, text) + 0.05) / (min(back, text) + 0.05) >= 4.5
        assert watched.wrong == []


def test_thai_digits_are_shown_and_ascii_ones_linked(watched: Watched) -> None:
    page = watched.open("dip-ict/moi-moral-2569/")
    shown = page.locator(CONTENT).inner_text()
    assert "๒๗" in shown
    assert "๒๗ พ.ค. ๒๕๖๙" in shown
    addresses = page.evaluate("[...document.links].map(link => link.getAttribute('href'))")
    assert "9/" in addresses
    assert not [found for found in addresses if re.search("[๐-๙]|%E0%B9%9[0-9]", found)]
    page = watched.open("dip-ict/moi-moral-2569/9/")
    assert (
        page.locator("a[href='https://ict.dip.go.th/th/category/2023-01-31-16-14-18/2026-05-27-10-04-51']").count() > 0
    )


# By keyboard -----------------------------------------------------------------------------------------------------


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


def test_the_first_stop_skips_to_the_content(watched: Watched) -> None:
    page = watched.open(INDICATOR)
    page.keyboard.press("Tab")
    skip = page.locator(".md-skip")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    expect(skip).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    assert page.url.split("#")[1] in page.evaluate("[...document.querySelectorAll('article [id]')].map(e => e.id)")
    # The next stop is in the content.
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('article')"), focused(page)


@pytest.mark.parametrize(("path", "forced"), [("", "none"), ("dip-ict/moi-moral-2569/", "active"), (INDICATOR, "none")])
def test_every_stop_is_named_and_seen(watched: Watched, path: str, forced: Literal["active", "none"]) -> None:
    """In the colours that a reader forces, too."""
    page = watched.open(path)
    page.emulate_media(forced_colors=forced)
    stops = []
    for _ in range(25):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => { const e = document.activeElement;
                 // The theme hides its switch of colours behind a label.
                 const shown = e.matches('.md-option') ? e.nextElementSibling : e;
                 // It fades its marks in: here they are there at once.
                 document.getAnimations().forEach(one => { try { one.finish() } catch { one.cancel() } });
                 const s = getComputedStyle(shown), r = shown.getBoundingClientRect();
                 const drawn = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== 'none';
                 return {html: e.outerHTML.slice(0, 160), seen: r.width > 0 && r.height > 0, drawn,
                         named: !!(e.innerText || '').trim() || !!e.getAttribute('aria-label') || !!e.title
                                || !!e.labels?.length || !!e.getAttribute('placeholder')}; }"""
        )
        if stop["html"].startswith("<body"):
            break
        stops.append(stop)
    assert len(stops) >= 8
    assert [stop["html"] for stop in stops if not stop["seen"]] == []
    assert [stop["html"] for stop in stops if not stop["drawn"]] == []
    assert [stop["html"] for stop in stops if not stop["named"]] == []


@pytest.mark.parametrize("path", ["", INDICATOR, "dip-ict/moi-moral-2569/what-if/", "search/"])
def test_nothing_moves_for_who_asked_for_less_motion(watched: Watched, path: str) -> None:
    moving = """() => [...document.querySelectorAll('*')].flatMap(e => ['', '::before', '::after'].map(part => {
        const s = getComputedStyle(e, part || null);
        const moves = s.animationName !== 'none' || s.scrollBehavior === 'smooth' ||
            s.transitionProperty !== 'none' && parseFloat(s.transitionDuration) > 0;
        return moves ? e.tagName + '.' + e.className + part : '';
    })).filter(Boolean)"""
    page = watched.open(path)
    assert page.evaluate(moving)  # the theme moves something for everybody else
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == []


def test_the_next_indicator_by_keyboard(watched: Watched) -> None:
    page = watched.open(INDICATOR)
    following = page.locator("a[rel=next]").last
    following.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/dip-ict/moi-moral-2569/2/")
    expect(page.locator("nav [aria-current=page]").first).to_be_attached()


def test_the_menu_of_a_narrow_screen_opens(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True) as context:
        page = Watched(context, address).open(INDICATOR)
        link = page.locator("nav.lk-nav a[href='../2/']")
        expect(link).not_to_be_in_viewport()
        page.locator("label.md-header__button[for=__drawer]").click()
        expect(page.locator("nav.lk-nav a").first).to_be_in_viewport()
        link.click()  # further down in the menu
        page.wait_for_url("**/dip-ict/moi-moral-2569/2/")


# By clicking -----------------------------------------------------------------------------------------------------


def walk_to_the_first_indicator(page: Page) -> None:
    page.locator("article a", has_text="ศูนย์เทคโนโลยีสารสนเทศและการสื่อสาร").first.click()
    page.wait_for_url(re.compile("dip-ict/moi-moral-2569/"))
    page.locator("article a", has_text="ประกาศเจตนารมณ์ร่วมกันขับเคลื่อนองค์กรคุณธรรม").first.click()
    page.wait_for_url(re.compile("dip-ict/moi-moral-2569/1/"))
    expect(page.locator(CONTENT)).to_contain_text("๓๓/๓๔ = ๙๗.๐๕ %")


def test_from_home_to_an_indicator_and_its_evidence(watched: Watched) -> None:
    page = watched.open("")
    walk_to_the_first_indicator(page)
    with page.expect_response(re.compile("declaration-placeholder.pdf")) as opened:
        page.evaluate("fetch(document.querySelector('article a[href$=\"declaration-placeholder.pdf\"]').href)")
    assert opened.value.status == 200


def test_the_same_from_a_folder_without_a_server(context: BrowserContext, site: Path) -> None:
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    walk_to_the_first_indicator(page)
    assert page.url.startswith("file:")
    page.evaluate("document.fonts.ready")
    assert page.evaluate(
        "[...document.fonts].some(font => font.family.includes('Sarabun') && font.status === 'loaded')"
    )


def test_without_scripts_everything_is_there(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        walk_to_the_first_indicator(page)


def test_a_page_prints_without_its_frame(watched: Watched) -> None:
    page = watched.open(INDICATOR)
    page.emulate_media(media="print")
    assert not page.locator(".md-header").is_visible()
    assert not page.locator(".md-sidebar--primary").is_visible()
    assert page.locator(CONTENT).is_visible()


# Two languages ---------------------------------------------------------------------------------------------------


def test_the_switch_of_language_keeps_the_page_without_scripts(browser: Browser, address: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address + INDICATOR)
        for name, url, lang in (("English", f"en/{INDICATOR}", "en"), ("ไทย", INDICATOR, "th")):
            page.locator("header").get_by_role("link", name=name, exact=True).click()
            page.wait_for_url(address + url)
            expect(page.locator("html")).to_have_attribute("lang", lang)
        alternates = page.locator("head link[rel~=alternate][hreflang]")
        targets = [(one.get_attribute("hreflang"), one.evaluate("link => link.href")) for one in alternates.all()]
        assert dict(targets) == {
            "th": address + INDICATOR,
            "en": f"{address}en/{INDICATOR}",
            "x-default": address + INDICATOR,
        }


def test_the_switch_of_language_is_in_the_menu_of_a_narrow_screen(browser: Browser, address: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 800}, is_mobile=True, has_touch=True) as context:
        page = Watched(context, address).open(INDICATOR)
        expect(page.locator("header .lk-language")).to_be_in_viewport()
        page.locator("label.md-header__button[for=__drawer]").click()
        page.locator("nav.lk-nav").get_by_role("link", name="English", exact=True).click()
        page.wait_for_url(f"{address}en/{INDICATOR}")


def test_an_english_page_shows_no_thai_but_what_is_marked(watched: Watched) -> None:
    page = watched.open("en/dip-ict/moi-moral-2569/4/")
    assert "lang" in page.evaluate("document.querySelector('.lk-account p').outerHTML")
    left = page.evaluate(
        """() => [...document.querySelectorAll('*')].flatMap(e => [...e.childNodes]
             .filter(n => n.nodeType === 3 && /[\\u0e01-\\u0e5b]/.test(n.data) && !e.closest('script'))
             .filter(() => e.closest('[lang]').lang !== 'th').map(n => n.data.trim())
             .concat(['title', 'alt', 'aria-label', 'placeholder'].map(name => e.getAttribute(name) || '')
               .filter(said => /[\\u0e01-\\u0e5b]/.test(said) && e.closest('[lang]').lang !== 'th')))"""
    )
    assert left == []


def test_lists_are_in_the_order_of_cldr(watched: Watched) -> None:
    page = watched.open("")
    words = [*DICTIONARY, "ข้อ 2", "ข้อ 10", "กอง ข", "กองคลัง", "กอง ง", "การ์ด", "การ็ด", "การ่ด", "apple", "Banana"]
    order = "words => words.sort(new Intl.Collator('th', {numeric: true}).compare)"
    assert page.evaluate(order, words[::-1]) == sorted(words, key=thai.sort_key)
