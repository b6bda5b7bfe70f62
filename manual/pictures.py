"""The pictures of docs/, taken while the pages that show them are followed: `make pictures`, or with names of pages.

Each is named by a comment in its page, right where the reader has come so far:

    <!-- picture: NAME ADDRESS [WIDTH [HEIGHT]] -->    a page of the site, 1000 × 625 unless said
    <!-- picture: NAME FILE.pdf -->                    the first page of a PDF that stands there
    <!-- picture: NAME form:UNIT/RUBRIC/INDICATOR … -->  the form that `lakthan edit` opens
"""

from __future__ import annotations

import contextlib
import functools
import io
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from lakthan import desk
from manual.snippets import DOCS, ROOT, Reader, blocks

sys.path.insert(0, str(ROOT))

from tests.conftest import QUIET, chromium, served

FOLDER = DOCS / "pictures"
SIZE = (1000, 625)
SHARP = 1.5
"""Pixels of a picture for one of the page."""


def save(name: str, picture: Image.Image) -> None:
    """As WebP without loss: pages are flat colours and letters, which stay small and sharp."""
    FOLDER.mkdir(exist_ok=True)
    colours = picture.convert("RGB").quantize(192, dither=Image.Dither.NONE).convert("RGB")
    colours.save(FOLDER / f"{name}.webp", lossless=True, method=6)
    print(f"{name}.webp: {(FOLDER / f'{name}.webp').stat().st_size // 1024} kB")


def take(browser: Browser, reader: Reader, what: str) -> None:
    """Take the picture that a page asks for, of the site as it is at that point."""
    name, *rest = what.split()
    address = rest[0] if rest and not rest[0].isdigit() else ""
    sizes = [int(one) for one in rest if one.isdigit()]
    if address.endswith(".pdf"):
        page = pypdfium2.PdfDocument(reader.here / address)[0]
        save(name, page.render(scale=1.6).to_pil())
        return
    width, height = (*sizes, *SIZE[len(sizes) :])
    is_form = address.startswith("form:")
    if not is_form:
        reader.run("lakthan build")
    with (
        form(reader, address.removeprefix("form:")) if is_form else served(reader.here / "site") as site,
        browser.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=SHARP, color_scheme="light"
        ) as context,
    ):
        shown = context.new_page()
        shown.goto(site if is_form else site + address)
        if is_form:  # it scores the draft when it has shown the fields
            shown.frame_locator("iframe").locator("li").first.wait_for()
        shown.evaluate("document.fonts.ready")
        shot = shown.screenshot()
    save(name, Image.open(io.BytesIO(shot)))


@contextlib.contextmanager
def form(reader: Reader, name: str) -> Iterator[str]:
    """The address of the form of an indicator, while it is open as `lakthan edit` opens it."""
    portfolio, _, indicator = name.rpartition("/")
    opened = desk.Desk(reader.here, portfolio, "th" if reader.thai else "en")
    with desk.Server(opened, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{server.address}#/collections/{portfolio.replace('/', '--')}/entries/{indicator}"
        server.shutdown()


def main(names: list[str]) -> None:
    asked = [
        path
        for path in sorted(DOCS.rglob("*.md"))
        if any(block.title == "picture" for block in blocks(path))
        and (not names or path.relative_to(DOCS).as_posix() in names)
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        for path in asked:
            with tempfile.TemporaryDirectory() as folder:
                Reader(path, Path(os.path.realpath(folder)), functools.partial(take, browser)).read()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
