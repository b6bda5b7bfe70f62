"""The documentation: every command and snippet is run, links and anchors lead somewhere, the reference is current."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import markdown
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser

from lakthan import build, exports
from manual import reference
from manual.snippets import DOCS, Reader, Wrong, blocks, matches
from tests.conftest import ROOT, Once, environment, served

WRITTEN = sorted(p for p in DOCS.rglob("*.md") if p.parent.name not in ("diagnostics", "reference"))
"""Pages that people write."""
ALL = sorted(DOCS.rglob("*.md"))
EARNS = "<!-- front matter of our-office/moi-moral-2569/1: 3 -->\n"


def name(path: Path) -> str:
    return path.relative_to(DOCS).as_posix()


# What is shown is run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [p for p in WRITTEN if next(blocks(p), None)], ids=name)
def test_what_a_page_shows_is_so(page: Path, tmp_path: Path) -> None:
    assert Reader(page, tmp_path / "here").read() > 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```console\n$ lakthan score nobody\n```\n", "ends with 2, not 0"),
        ("```console\n$ lakthan --version\nlakthan, version 0\n```\n", "and not"),
        (
            "```console\n$ lakthan explain\n…\n```\n<!-- status: 1 -->\n```console\n$ lakthan explain\n```\n",
            "with 0, not 1",
        ),
        ("```sh\nlakthan serve --nonsense\n```\n", "nonsense"),
        ("```sh\nrm -rf /\n```\n", "is not run here"),
        ("<!-- not run: no network -->\n```sh\nlakthan link\n```\n", "link"),
        ("<!-- not run: long -->\n```sh\nmake nonsense\n```\n", "make knows no"),
        ("```yaml\na: 1\na: 2\n```\n", "no YAML"),
        ("```json\n{'a': 1}\n```\n", "no JSON"),
        ("```python\n>>> 1 + 1\n3\n```\n", "Expected"),
        ("```nginx\nserver {}\n```\n", "nobody knows how to run"),
        ('```json title="site/index.json"\n{}\n```\n', "there is no file"),
        ("<!-- project: office -->\n" + EARNS + "```yaml\nsigned: 1\n```\n", "0 points, not 3"),
        ("<!-- status: 1 -->\nText.\n", "none follows"),
    ],
)
def test_what_is_not_so_is_found(text: str, why: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(Wrong, match=why):
        Reader(page, tmp_path / "here").read()


def test_an_elision_stands_for_what_is_left_out_and_nothing_else() -> None:
    assert matches("a\n…\nz\n", "a\nb\nc\nz\n")
    assert matches("a … c\n", "a b b c\n")
    assert not matches("a … c\n", "a b\nb c\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("", "a\n")


# Links -----------------------------------------------------------------------------------------------------------


@cache
def html(path: Path) -> str:
    """A page as the site's builder makes it, but for the colours of its snippets."""
    return markdown.markdown(
        path.read_text(encoding="utf-8"),
        extensions=["attr_list", "md_in_html", "tables", "admonition", "pymdownx.superfences", "toc"],
    )


@cache
def anchors(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r'\sid="([^"]+)"', html(path)))


def wrong_links(path: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = []
    for target in re.findall(r'<(?:a|img)\b[^>]*?\s(?:href|src)="([^"]+)"', html(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.is_file() or (anchor and found.suffix == ".md" and anchor not in anchors(found)):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("folder", ["", "th", "reference", "diagnostics"])
def test_links_lead_somewhere(folder: str) -> None:
    pages = [p for p in ALL if (p.relative_to(DOCS).parts[0] if p.parent != DOCS else "") == folder]
    assert {name(p): wrong for p in pages if (wrong := wrong_links(p))} == {}


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Other { #there }\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text("[1](other.md#there) [2](other.md#not) [3](none.md) ![4](none.webp) [5](https://example.go.th/)\n")
    assert wrong_links(page) == ["other.md#not", "none.md", "none.webp"]


def test_every_page_stands_in_the_menu_and_every_thai_one_has_an_english_one() -> None:
    class Loader(yaml.SafeLoader):
        """Takes what MkDocs reads from the environment for what it is."""

    Loader.add_constructor("!ENV", lambda loader, node: None)
    settings = yaml.load((ROOT / "manual/mkdocs.yml").read_text(encoding="utf-8"), Loader)
    listed = re.findall(r"[\w/.-]+\.md", str(settings["nav"]))
    assert len(listed) == len(set(listed))
    found = {name(p) for p in ALL if p.parent.name != "diagnostics"} | {"diagnostics/README.md"}
    assert set(listed) == found - {"search.md", "th/search.md"}
    assert {page.removeprefix("th/") for page in listed if page.startswith("th/")} <= set(listed)


def test_headings_in_thai_have_addresses_in_ascii() -> None:
    for path in (DOCS / "th").rglob("*.md"):
        ids = re.findall(r'<h[1-6][^>]*\sid="([^"]*)"', html(path))
        assert ids, path
        assert [one for one in ids if not re.fullmatch(r"[a-z][a-z0-9-]*", one)] == [], path


# Pictures and reference ------------------------------------------------------------------------------------------


def test_every_picture_is_there_and_one_is_asked_for() -> None:
    asked = [b.text.split()[0] for path in WRITTEN for b in blocks(path) if b.title == "picture"]
    assert len(asked) == len(set(asked))
    assert {path.stem for path in (DOCS / "pictures").glob("*.webp")} == set(asked)
    for path in WRITTEN:
        shown = re.findall(r"pictures/([\w-]+)\.webp", path.read_text(encoding="utf-8"))
        assert shown == [b.text.split()[0] for b in blocks(path) if b.title == "picture"], path


def test_the_reference_is_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in reference.FOLDER.glob("*.md")}
    for name_of_page, text in reference.pages():
        assert written.pop(name_of_page).splitlines() == text.splitlines(), "write it again: make docs"
    assert not written


def test_the_reference_says_where_each_document_of_a_site_stands() -> None:
    examined = build.examine(ROOT)
    portfolios = {a.portfolio.id for a in examined.assessments}
    found = set()
    for path, _ in exports.files(examined.project, examined.assessments):
        if not path.endswith(".json") or path.startswith(("schemas/", "data/")) or "feed" in path:
            continue
        *folders, file = path.split("/")
        place = "/".join(folders)
        if place in portfolios:
            folders = ["UNIT", "RUBRIC"]
        elif "/".join(folders[:-1]) in portfolios:
            folders = ["UNIT", "RUBRIC", "INDICATOR"]
        elif place in examined.project.units:
            folders = ["UNIT"]
        elif folders[:1] == ["rubrics"]:
            folders = ["rubrics", "RUBRIC"]
        found.add("/".join([*folders, file]))
    assert found == set(reference.ADDRESSES)


# The site --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manual(once: Once) -> Path:
    """The documentation, built as `make manual` does."""

    def make(folder: Path) -> None:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", "manual/mkdocs.yml"]
        result = subprocess.run(
            [*command, "--site-dir", str(folder)],
            cwd=ROOT,
            env=environment(NO_MKDOCS_2_WARNING="1"),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert result.returncode == 0, result.stderr
        assert not result.stderr

    return once("manual", make)


def test_the_site_has_every_page_in_its_language(manual: Path) -> None:
    for path in ALL:
        place = path.relative_to(DOCS).with_suffix("")
        folder = place.parent if place.name in ("index", "README") else place
        page = (manual / folder / "index.html").read_text(encoding="utf-8")
        assert f'<html lang="{"th" if folder.parts[:1] == ("th",) else "en"}"' in page
        assert "script-src 'self'" in page
    assert 'hreflang="th"' in (manual / "tutorial/index.html").read_text(encoding="utf-8")


def test_the_site_asks_nobody_else(manual: Path) -> None:
    for path in manual.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r'<(?:script|link|img|source|iframe)\b[^>]*?(?:src|href)="(?:https?:)?//[^"]*"', text) == []


@pytest.fixture(scope="module")
def address(manual: Path) -> Iterator[str]:
    with served(manual) as found:
        yield found


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "found"), [("th/search/?q=ลายมือชื่อ", "th/tutorial/"), ("search/?q=unread", "diagnostics/")]
)
def test_a_word_in_the_middle_of_a_sentence_is_found(address: str, browser: Browser, query: str, found: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address + query)
        links = page.locator(".lk-search__list a")
        links.first.wait_for()
        assert any(f"/{found}" in (link.get_attribute("href") or "") for link in links.all())


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_have_no_barriers_and_fit(
    address: str, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        failed: list[str] = []
        page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
        for place in ("", "th/tutorial/", "reference/commands/", "reviews/", "th/search/"):
            page.goto(address + place)
            assert Axe().run(page).response["violations"] == [], place
            assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert failed == []
