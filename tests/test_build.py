"""What is written, when, and by which of the builders."""

from __future__ import annotations

import html
import os
import posixpath
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lakthan import load, names
from lakthan.cache import FOLDER
from tests.conftest import Sandbox, command

MOI = "content/dip-ict/moi-moral-2569"
PAGE = "dip-ict/moi-moral-2569/1"
PAGE_URL = f"{PAGE}/"


def present(folder: Path) -> Iterator[tuple[str, Path]]:
    return ((path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*")) if path.is_file())


def files(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in present(folder)}


def times(folder: Path) -> dict[str, int]:
    return {name: path.stat().st_mtime_ns for name, path in present(folder)}


# The writer ------------------------------------------------------------------------------------------------------


def test_a_second_generation_changes_nothing(few: Sandbox) -> None:
    first = few.generate()
    assert first.removed == ()
    assert len(first.changed) == first.total > 100
    before = times(few.docs)
    second = few.generate()
    assert (second.changed, second.removed, second.total) == ((), (), first.total)
    assert times(few.docs) == before


def test_only_what_changes_is_written(few: Sandbox) -> None:
    few.generate()
    before = times(few.docs)
    few.replace(f"{MOI}/1.md", "signed: 33", "signed: 32")
    written = few.generate()
    assert f"{PAGE}.md" in written.changed
    assert f"{PAGE}/index.json" in written.changed
    # The points are the same: nothing about the other unit, nor any attachment, was touched.
    assert not [name for name in written.changed if name.startswith(("demo-dyeing/", "assets/")) or "/files/" in name]
    after = times(few.docs)
    assert {name for name in after if after[name] != before[name]} == set(written.changed)


def test_what_no_longer_belongs_is_removed(few: Sandbox) -> None:
    few.generate()
    (few.docs / "stray").mkdir()
    (few.docs / "stray/page.md").write_text("# left over\n", encoding="utf-8")
    few.replace(f"{MOI}/3.md", "  file: files/assignment-placeholder.pdf\n", "")
    shutil.rmtree(few.path("content/demo-dyeing"))
    written = few.generate()
    assert "stray/page.md" in written.removed
    assert "demo-dyeing/index.md" in written.removed
    assert "dip-ict/moi-moral-2569/files/assignment-placeholder.pdf" in written.removed
    assert not (few.docs / "stray").exists()
    assert not (few.docs / "demo-dyeing").exists()
    assert not [path for path in few.docs.rglob("*") if path.is_dir() and not any(path.iterdir())]


def test_a_file_and_a_folder_may_change_places(few: Sandbox) -> None:
    few.generate()
    for name, other in ((f"{PAGE}.md", None), ("dip-ict/index.json", "dip-ict/index.json/x")):
        (few.docs / name).unlink()
        path = few.docs / (other or f"{name}/x")
        path.parent.mkdir()
        path.write_bytes(b"in the way")
    few.generate()
    assert (few.docs / f"{PAGE}.md").is_file()
    assert (few.docs / "dip-ict/index.json").is_file()
    assert few.generate().changed == ()


def test_the_file_that_keeps_the_folder_in_the_repository_stays(few: Sandbox) -> None:
    before = (few.docs / ".gitignore").read_bytes()
    written = few.generate()
    assert (few.docs / ".gitignore").read_bytes() == before
    assert ".gitignore" not in (*written.changed, *written.removed)


def test_what_a_killed_build_left_is_removed(few: Sandbox) -> None:
    for name in (".spool-killed/1", ".ahead/site/index.html"):
        few.write(f"build/{name}", "left")
    few.generate()
    assert {path.name for path in few.path("build").iterdir()} == {".lock", "docs"}


def test_attachments_are_those_that_something_refers_to(few: Sandbox) -> None:
    few.write(f"{MOI}/files/private-notes.txt", "not for the public")
    few.generate()
    copied = {path.name for path in (few.docs / "dip-ict/moi-moral-2569/files").iterdir()}
    assert "declaration-placeholder.pdf" in copied
    assert "private-notes.txt" not in copied
    source = few.path(f"{MOI}/files/declaration-placeholder.pdf").read_bytes()
    assert (few.docs / "dip-ict/moi-moral-2569/files/declaration-placeholder.pdf").read_bytes() == source


def test_errors_publish_nothing_and_leave_what_is_there(few: Sandbox) -> None:
    few.run("build")
    pages, site = times(few.docs), times(few.path("site"))
    few.replace(f"{MOI}/1.md", "signed: 33", "signed: many")
    few.replace(f"{MOI}/6.md", "units_honoured: 2", "units_honoured: 3")
    result = few.run("build", status=1)
    assert f"{MOI}/1.md:3:9" in result.stderr
    assert "nothing published" in result.stderr
    assert command(["mkdocs", "build", "--quiet"], few.root).returncode != 0
    assert (times(few.docs), times(few.path("site"))) == (pages, site)


# The same bytes --------------------------------------------------------------------------------------------------


class _Ordered:
    """What `os.scandir` gives, in an order of ours."""

    def __init__(self, found: Any, *, backwards: bool) -> None:
        with found:
            self._entries = iter(sorted(found, key=lambda entry: str(entry.name), reverse=backwards))

    def __enter__(self) -> _Ordered:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)

    def close(self) -> None:
        pass


def test_the_order_in_which_a_disk_lists_its_files_does_not_matter(
    few: Sandbox, few_as_they_are: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, scanned = os.listdir, os.scandir
    for backwards, first in ((False, "demo-dyeing"), (True, "site.yml")):
        with monkeypatch.context() as patch:
            patch.setattr(os, "listdir", lambda *args, b=backwards: sorted(listed(*args), reverse=b))
            patch.setattr(os, "scandir", lambda *args, b=backwards: _Ordered(scanned(*args), backwards=b))
            assert next(few.path("content").iterdir()).name == first
            assert next(few.path("content").glob("*")).name == first
            few.generate()
        assert files(few.docs) == files(few_as_they_are.docs)


def test_the_place_of_the_project_is_not_in_its_pages(as_it_is: Sandbox) -> None:
    for name, content in files(as_it_is.docs).items():
        assert str(as_it_is.root).encode() not in content, name


# The builders ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_lakthan_and_mkdocs_build_the_same_site(sample: Sandbox, as_it_is: Sandbox, site: Path) -> None:
    """From a clone where nothing was generated yet, with what was kept; and MkDocs finds nothing to warn about."""
    ours = files(site)
    shutil.copytree(as_it_is.path(FOLDER), sample.path(FOLDER))
    result = command(["mkdocs", "build", "--strict"], sample.root, NO_MKDOCS_2_WARNING="1")
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    theirs = files(sample.path("site"))
    assert sum(name.endswith(".html") for name in ours) > 60
    assert theirs.keys() == ours.keys()
    # MkDocs writes the time of the build into the compressed site map.
    assert {name for name in ours if ours[name] != theirs[name]} <= {"sitemap.xml.gz"}


def article(page: str) -> str:
    """The words of a page's own text."""
    found = re.search(r"<article\b[^>]*>(.*)</article>", page, re.DOTALL)
    assert found
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", found[1], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


@pytest.mark.slow
def test_zensical_builds_the_same_pages(as_it_is: Sandbox, site: Path, tmp_path: Path) -> None:
    ours, sample = files(site), Sandbox(tmp_path / "project")
    shutil.copytree(as_it_is.root, sample.root)
    result = command(["zensical", "build"], sample.root)
    assert result.returncode == 0, result.stderr
    theirs = files(sample.path("site"))
    pages = [name for name in ours if name.endswith(".html")]
    assert {name for name in pages if name not in theirs} == set()
    for name in pages:
        assert article(theirs[name].decode()) == article(ours[name].decode()), name
        assert len(article(ours[name].decode())) > 20
    for name, content in files(sample.docs).items():
        if not name.endswith((".md", ".gitignore")):
            assert theirs.get(name) == content, name


# The site --------------------------------------------------------------------------------------------------------


class References(HTMLParser):
    """What a page points to, and what can be pointed to in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.names: list[str] = []
        self.headings = 0
        self.language: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.headings += tag == "h1"
        if tag == "html":
            self.language = found.get("lang")
        if (name := found.get("id")) is not None:
            self.names.append(name)
        for key in ("href", "src"):
            if (target := found.get(key)) is not None and "canonical" not in (found.get("rel") or ""):
                self.targets.append(target)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, References]:
    """Every page but the one for addresses that do not exist: nothing is relative to that."""
    found = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    return {name: References(text) for name, text in found.items() if name != "404.html"}


def test_every_internal_link_and_asset_is_there(site: Path, pages: dict[str, References]) -> None:
    missing = []
    for name, page in pages.items():
        for target in page.targets:
            address = urlsplit(target)
            if address.scheme in ("http", "https", "mailto", "data"):
                continue
            assert not target.startswith("/"), f"{name}: {target} holds only where the site stands at the top"
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(address.path)))
            if address.path == "":
                path = name
            elif address.path.endswith(("/", ".")) or path == ".":
                path = posixpath.join(path, "index.html")
            path = posixpath.normpath(path)
            if not (site / path).is_file():
                missing.append(f"{name}: {target}")
            elif address.fragment and path in pages and unquote(address.fragment) not in pages[path].names:
                missing.append(f"{name}: {target} (no such place on the page)")
    assert missing == []


def test_what_a_style_sheet_asks_for_is_there(site: Path) -> None:
    fonts = 0
    for path in (site / "assets").rglob("*.css"):
        for target in re.findall(r"url\(['\"]?([^'\")]+)['\"]?\)", path.read_text(encoding="utf-8")):
            if not target.startswith(("data:", "#")):
                assert (path.parent / target).resolve().is_file(), f"{path.name}: {target}"
                fonts += target.endswith(".woff2")
    assert fonts >= 6
    assert (site / "assets/fonts/OFL.txt").is_file()


def test_no_page_names_another_server_but_in_links(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//", text), path
        assert not re.search(r"<link\b(?![^>]*\brel=[\"']?canonical)[^>]*\bhref=[\"']?(?:https?:)?//", text), path


def test_addresses_and_names_are_ascii(pages: dict[str, References]) -> None:
    """Thai is shown; Thai digits never reach a link, an anchor or a file name."""
    for name, page in pages.items():
        assert name.isascii()
        for written in (*page.targets, *page.names):
            assert written.isascii(), f"{name}: {written}"
            assert not re.search("[\u0e50-\u0e59]", unquote(written)), f"{name}: {written}"


def test_every_page_has_its_language_and_one_main_heading(pages: dict[str, References]) -> None:
    for name, page in pages.items():
        assert (page.language, page.headings) == ("en" if name.startswith("en/") else "th", 1), name
        assert len(page.names) == len(set(page.names)), name


def test_the_addresses_of_pages_are_those_promised(pages: dict[str, References]) -> None:
    for number in range(1, 10):
        assert f"dip-ict/moi-moral-2569/{number}/index.html" in pages
    assert "oae-demo/oae-unit-2567/7.1.3/index.html" in pages
    for folder in ("", "dip-ict/", "dip-ict/moi-moral-2569/", "rubrics/moi-moral-2569/", "channels/"):
        assert f"{folder}index.html" in pages


def test_a_page_lists_its_own_portfolio_and_not_the_whole_site(site: Path) -> None:
    """With everything in every navigation a build takes ten times as long."""
    page = References((site / "dip-ict/moi-moral-2569/1/index.html").read_text(encoding="utf-8"))
    assert [target for target in page.targets if "7.1.3" in target] == []
    for other in ("../2/", "../9/"):
        assert other in page.targets


def test_no_indicator_may_be_called_as_another_page_of_its_portfolio(as_it_is: Sandbox) -> None:
    for portfolio in load.load(as_it_is.root).project.portfolios:
        own = {node.id for node in portfolio.rubric.every_indicator()}
        beside = (as_it_is.docs / portfolio.id).iterdir()
        pages = {path.name.removesuffix(".md") for path in beside if path.is_dir() or path.suffix == ".md"}
        assert pages - own <= set(names.TAKEN)
