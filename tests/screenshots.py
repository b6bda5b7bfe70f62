"""Pictures of every sort of page, for people to look at: `make screenshots`, or `python tests/screenshots.py [name …]`.

They are in screenshots/, one folder for each language, colour scheme and width: th-light-1280/portfolio.png. They show
site/ as it was last built.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.conftest import QUIET, chromium, served  # noqa: E402
from tests.page_types import PAGE_TYPES  # noqa: E402

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 390)
TALLEST = 6000
"""Pixels: a longer page is cut, as nobody can look at 40,000 of them."""


def take(address: str, folder: Path, names: Sequence[str]) -> int:
    """Write the pictures of the page types *names* of the site at *address*; how many there are."""
    taken = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        for scheme in SCHEMES:
            for width in WIDTHS:
                size = {"width": width, "height": 900}
                with browser.new_context(viewport=size, color_scheme=scheme) as context:  # type: ignore[arg-type]
                    page = context.new_page()
                    for language, prefix in (("th", ""), ("en", "en/")):
                        place = folder / f"{language}-{scheme}-{width}"
                        place.mkdir(parents=True, exist_ok=True)
                        for name in names:
                            if prefix and PAGE_TYPES[name] == "404.html":
                                continue  # it is in both languages
                            page.goto(f"{address}{prefix}{PAGE_TYPES[name]}")
                            page.evaluate("document.fonts.ready")
                            tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
                            page.screenshot(
                                path=place / f"{name}.png",
                                full_page=True,
                                clip={"x": 0, "y": 0, "width": width, "height": tall},
                            )
                            taken += 1
        browser.close()
    return taken


def main(names: Sequence[str]) -> None:
    if unknown := sorted(set(names) - set(PAGE_TYPES)):
        sys.exit(f"screenshots: no page type is named {', '.join(unknown)}; there are {', '.join(PAGE_TYPES)}")
    site, folder = ROOT / "site", ROOT / "screenshots"
    if not (site / "index.html").is_file():
        sys.exit("screenshots: there is no site yet: build it first")
    if not names and folder.exists():
        shutil.rmtree(folder)
    with served(site) as top:
        taken = take(top, folder, names or tuple(PAGE_TYPES))
    print(f"{taken} pictures are in screenshots/")


if __name__ == "__main__":
    main(sys.argv[1:])
