"""`lakthan build` puts pages together by itself. What comes of it is what MkDocs builds from the same files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2
import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakthan import build, cache, frame, publish, writer
from tests.conftest import Sandbox, command, copy_few, python


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def differing(one: Path, other: Path) -> list[str]:
    """The names of files that two folders do not have alike, but the manifest, which MkDocs does not write."""
    found, expected = files(one), files(other)
    return sorted(
        name
        for name in found.keys() | expected.keys()
        if found.get(name) != expected.get(name) and name != "manifest.json"
    )


def by_mkdocs(project: Sandbox, site: Path) -> None:
    """A plain `mkdocs build` of the pages, which are not written for our own site alone."""
    examined = build.examine(project.root)
    build.generate(project.root, examined)
    with publish.dated(examined.newest):
        build._by_mkdocs(frame.configured(project.root), site)


@pytest.fixture(scope="module", autouse=True)
def addressed() -> Iterator[None]:
    """The site knows where it is published: for canonical links and the map of the site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SITE_URL", "https://example.go.th/a/")
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A part of the sample, built in one process. `test_build.py` holds all against MkDocs, without an address."""
    project = copy_few(tmp_path_factory.mktemp("frame") / "project")
    build.site(project.root, build.examine(project.root), processes=1)
    return project


@pytest.mark.slow
def test_every_page_is_what_mkdocs_builds(built: Sandbox, tmp_path: Path) -> None:
    by_mkdocs(built, tmp_path / "site")
    assert len(list((built.root / "site").rglob("index.html"))) > 100
    assert differing(built.root / "site", tmp_path / "site") == []


RUN = "from lakthan import cli, writer; {}; cli.main()"
LOST = "writer._do_some = lambda *_: None"
"""Nothing comes of processes that are forked to be at work beside this one."""
MANY = "writer.TOGETHER = writer.TURN = 2"
"""Two portfolios are many: they are made in turns, each in a process of its own, as a nation's are."""
NO_FORK = "writer.may_fork = lambda: False; writer.multiprocessing = None"
PROGRAMS = {
    "at once": ["-m", "lakthan.cli"],
    "lost": ["-c", RUN.format(LOST)],
    "in turns": ["-c", RUN.format(MANY)],
    "turns lost": ["-c", RUN.format(f"{MANY}; {LOST}")],
    "never forked": ["-c", RUN.format(f"{MANY}; {NO_FORK}")],
}


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_any_number_of_processes_make_the_same_site(few: Sandbox, tmp_path: Path, program: list[str]) -> None:
    other = copy_few(tmp_path / "other")
    for project in (few, other):  # where other builders were given pages, these are kept up
        project.docs.mkdir(parents=True, exist_ok=True)
        (project.docs / "old.md").touch()
    build.site(few.root, build.examine(few.root), processes=1)
    result = python([*program, "build", "--processes", "3"], other.root)
    assert (result.returncode, result.stderr) == (0, "")
    assert differing(few.root / "site", other.root / "site") == []
    assert len(files(few.docs)) > 100
    assert differing(few.docs, other.docs) == []


def opened(project: Sandbox, tmp_path: Path) -> frame.Frame:
    config = frame.configured(project.root)
    config.site_dir = str(tmp_path)
    return frame.Frame(config)


PAGE = '---\ntitle: "ก"\nlang: "th"\n---\n\n'


def test_a_page_of_other_markdown_goes_through_all_of_it(built: Sandbox, tmp_path: Path) -> None:
    theme = opened(built, tmp_path)
    for text in ("# A\n\n*b*\n", "- a\n", "<b>x</b> *y*\n", "<div>\n\n*x*\n</div>\n", "| a |\n|---|\n| *b* |\n"):
        _, html, _ = theme.page("a.md", (PAGE + text).encode())
        expected = markdown.markdown(text, extensions=["attr_list", "fenced_code", "tables"])
        for line in expected.split("\n"):
            if not line.startswith("<h1"):
                assert line in html.decode()


BLOCKS = (
    *("<div>", "</div>", "<p>", "</p>", "<b>", "</b>", "<br>", "<hr>", "<ul><li>", "</li></ul>", "<svg/>", "<p/>"),
    *("x", "&amp;", "&", "*y*", "\n", "\n\n", "## A { #a }", "## B", "# ", "    ", "`<p>`", "<img alt='>'>"),
    *("<!-- z -->", "<script>", "</script>", "<DIV>", "</DIV>"),
)


@given(st.lists(st.sampled_from(BLOCKS), max_size=12))
def test_blocks_of_html_are_taken_as_markdown_takes_them(pieces: Sequence[str]) -> None:
    """Whatever stands in a page: it goes through Markdown, or comes out as if it had."""
    text = "".join(pieces).strip() + "\n"
    converter = markdown.Markdown(extensions=["attr_list", "fenced_code", "tables"])
    plain = object.__new__(frame.Frame)
    plain._headings = {}
    plain.__dict__["_markdown"] = markdown.Markdown(extensions=["attr_list", "fenced_code", "tables", "toc"])
    found = plain._body(text)
    if found is not None:
        assert found[0] == converter.convert(text)


def test_what_may_do_more_to_pages_is_left_to_mkdocs(sample: Sandbox) -> None:
    assert frame.foreign(frame.configured(sample.root)) == ""
    sample.replace("mkdocs.yml", "  - search: {enabled: false}", "  - search: {enabled: true}")
    assert frame.foreign(frame.configured(sample.root)) == "plugins: material/search"
    sample.replace("mkdocs.yml", "  - search: {enabled: true}", "  - tags")
    assert frame.foreign(frame.configured(sample.root)) == "plugins: material/tags"


def test_a_map_of_the_site_that_is_not_ours_has_all_pages(
    few: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few.path("site_templates/theme/sitemap.xml").unlink()
    for seconds, day in (("1700000000", "2023-11-14"), ("1800000000", "2027-01-15")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
        around = frame.Frame(frame.configured(few.root))
        around.keep(cache.Cache(tmp_path / "kept"), b"the same", begun=True)
        found = dict(around.rest([("index.md", {}), ("en/units/index.md", {})]))["sitemap.xml"].decode()
        root = around.config.site_url
        assert re.findall("<loc>(.*?)</loc>", found) == [root, f"{root}en/units/"]
        assert re.findall("<lastmod>(.*?)</lastmod>", found) == [day, day]


def test_a_mistake_in_a_template_of_the_theme_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "main.html").write_text("{% include 'part.html' %}", encoding="utf-8")
    (tmp_path / "part.html").write_text("one\n{{ nothing.there }}\n", encoding="utf-8")
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(tmp_path), autoescape=True)
    with pytest.raises(jinja2.UndefinedError) as raised:
        env.get_template("main.html").render()
    assert writer.Unmade.of(raised.value).message.args["place"] == "part.html:2"


def test_a_mistake_in_a_template_is_told_from_any_process(few: Sandbox) -> None:
    few.write("site_templates/pages/work.md.j2", "{{ nothing.there }}\n")
    result = command(["lakthan.cli", "--lang", "en", "build", "--pages-only", "--processes", "2"], few.root)
    assert result.returncode == 1
    assert "work.md.j2:1" in result.stderr
    assert "Traceback" not in result.stderr
    assert not [path for path in (few.root / "build").iterdir() if path.name.startswith(".spool")]
