"""Where offices publish: below a folder of another site, and from disk without a server."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.page_types import PAGE_TYPES

pytestmark = pytest.mark.browser
PAGES = {name: path for name, path in PAGE_TYPES.items() if name != "not-found"}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="th-TH") as context:
        yield context


# From disk -------------------------------------------------------------------------------------------------------


def target(address: str) -> Path:
    """The file that a click on a link of a page from disk opens."""
    path = unquote(urlsplit(address).path)
    return Path(path + "index.html" if path.endswith("/") else path)


def test_every_sort_of_page_opens_from_disk(context: BrowserContext, site: Path) -> None:
    wrong: list[str] = []
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    english = ["", PAGES["portfolio"], PAGES["indicator"]]
    for folder, paths in (("", PAGES.values()), ("en/", english)):
        for path in paths:
            page.goto((site / folder / path / "index.html").as_uri())
            expect(page.locator("article h1").first).to_be_visible()
            links: list[str] = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
            lost = [link for link in links if link.startswith("file:") and not target(link).is_file()]
            assert lost == [], path
            style = page.locator("body").evaluate("body => getComputedStyle(body).fontFamily")
            assert "Sarabun" in style
    assert wrong == []
    assert {urlsplit(address).scheme for address in asked} <= {"file", "data"}


@pytest.mark.parametrize("name", ["search", "workbench", "what-if"])
def test_what_needs_a_server_says_so_on_disk(context: BrowserContext, site: Path, name: str) -> None:
    for folder in ("", "en/"):
        page = context.new_page()
        page.goto((site / folder / PAGES[name] / "index.html").as_uri())
        note = page.locator(".lk-notice:is([data-disk], [data-needs-script])")
        expect(note).to_be_visible()
        expect(note).to_contain_text("web server" if folder else "ไฟล์ในเครื่อง")


def test_links_with_a_place_or_a_question_lead_there_from_disk(context: BrowserContext, site: Path) -> None:
    page = context.new_page()
    page.goto((site / "dip-ict/moi-moral-2569/index.html").as_uri())
    for link, opened in (("1/#top", "**/1/index.html#top"), ("../../search/?q=x", "**/search/index.html?q=x")):
        here = page.url
        page.evaluate("href => Object.assign(document.querySelector('article a'), { id: 'tried', href })", link)
        page.locator("#tried").click()
        page.wait_for_url(opened)
        page.goto(here)


# Below a folder of another site ----------------------------------------------------------------------------------


class Beside(http.server.SimpleHTTPRequestHandler):
    """A content management system that answers whatever is no file of its web root with a page of its own."""

    def log_message(self, *_args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if Path(self.translate_path(self.path)).exists():
            super().do_GET()
            return
        body = b"<!doctype html><title>CMS</title><h1>Article of the CMS</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "session=1; Path=/")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def beside(site: Path) -> Iterator[str]:
    top = site.parent.parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Beside, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{site.relative_to(top).as_posix()}/"
    server.shutdown()
    server.server_close()


def test_a_site_below_a_folder_asks_nothing_above_it(context: BrowserContext, beside: str) -> None:
    asked: list[str] = []
    wrong: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    for path in PAGES.values():
        page.goto(beside + path)
        expect(page.locator("article h1").first).to_be_visible()
        links: list[str] = page.locator("a[href]").evaluate_all("all => all.map(a => a.href)")
        host = urlsplit(beside).netloc
        above = [link for link in links if urlsplit(link).netloc == host and not link.startswith(beside)]
        assert above == [], path
    assert [address for address in asked if not address.startswith((beside, "data:"))] == []
    assert wrong == []


def test_search_and_workbench_work_below_a_folder(context: BrowserContext, beside: str) -> None:
    page = context.new_page()
    page.goto(f"{beside}search/?q=ประกาศเจตนารมณ์")
    expect(page.locator("article a", has_text="ประกาศเจตนารมณ์").first).to_be_visible()
    page.goto(f"{beside}dip-ict/moi-moral-2569/review/")
    expect(page.locator(".lk-bench[data-ready]")).to_be_visible()
