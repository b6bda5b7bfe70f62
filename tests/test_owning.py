"""The commands for owners of a rubric: shown whole, linted by itself, started anew."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest

from lakthan import lint, load, names, scaffold, signoff
from lakthan.rubric import Indicator, Rubric, maximum
from tests.conftest import ROOT, Sandbox

SHIPPED = sorted(path.stem for path in (ROOT / "rubrics").glob("*.yml"))


@pytest.fixture(scope="module")
def rubrics() -> dict[str, Rubric]:
    return dict(load.load(ROOT).project.rubrics)


# Shown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("language", ["th", "en"])
def test_everything_a_rubric_asks_is_in_its_tables(rubrics: dict[str, Rubric], name: str, language: str) -> None:
    rubric = rubrics[name]
    tables = signoff.tables(rubric, "th" if language == "th" else "en")
    rows = [row for table in tables for row in table.rows]
    assert all(len(row) == (len(table.head) or 2) for table in tables for row in table.rows)
    first = [row[0] for row in rows]
    thai = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
    shown = {cell.translate(thai) for cell in first}
    for _, node in names.nodes(rubric):
        if isinstance(node, Indicator):
            assert {path for _, path, _ in names.everything((), node.id, node)} <= shown
    assert {note.id for note in names.notes(rubric)} <= shown
    whole = "\n".join("\n".join(row) for row in rows)
    assert all((reading.title.th if language == "th" else reading.title.en)[:5] in whole for reading in rubric.readings)


def test_the_conditions_of_a_rung_are_said_in_words(as_it_is: Sandbox) -> None:
    said = as_it_is.run("rubric", "show", "moi-moral-2569").stdout
    rung = said.split("\n1/1  ")[1].split("\n1/2  ")[0]
    assert "• Joint declaration of intent" in rung
    assert "at least 80 %" in rung
    assert "[F04]" in rung
    assert "Points: 3" in rung
    thai = as_it_is.run("rubric", "show", "moi-moral-2569", "--in", "th").stdout
    assert "๘๐ %" in thai.split("\n๑/๑  ")[1].split("\n๑/๒  ")[0]


def test_readings_say_what_they_put_in_place(as_it_is: Sandbox) -> None:
    said = as_it_is.run("rubric", "show", "oae-unit-2567").stdout
    reading = said.split("No carry-over [G03]")[1].split("\nEach follow-up")[0]
    assert "Points missed in one round are lost" in reading


class Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_as_a_page_as_markdown_and_for_word(sample: Sandbox, tmp_path: Path) -> None:
    sample.replace("rubrics/govuk-service-standard.yml", "Learn who the users are", "<script>alert(1)</script> | a")
    for name in ("a.html", "a.md", "a.docx", "b.docx"):
        sample.run("rubric", "show", "govuk-service-standard", "-o", str(tmp_path / name))
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    parser = Tables()
    parser.feed(page)
    tags = [tag for tag, _ in parser.tags]
    assert tags.count("table") == tags.count("caption") > 4
    assert "script" not in tags
    assert not [attrs for _, attrs in parser.tags if attrs.keys() & {"src", "href", "onload", "onclick"}]
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in parser.tags if tag == "th")
    markdown = (tmp_path / "a.md").read_text(encoding="utf-8")
    assert "\\<script\\>" in markdown
    for block in re.findall(r"(?m)(?:^\|.*\n)+", markdown):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1
    content = (tmp_path / "a.docx").read_bytes()
    assert content == (tmp_path / "b.docx").read_bytes()
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("<script>alert(1)</script> | a" in cell for cell in cells)
    assert len(document.tables) == tags.count("table")
    widths = [[column.width.mm for column in table.columns] for table in document.tables]
    assert all(round(sum(one)) == 170 and max(one) == one[1] for one in widths)  # an A4 page; the text is widest


def test_a_format_that_cannot_be_told(as_it_is: Sandbox) -> None:
    as_it_is.run("rubric", "show", "moi-moral-2569", "-o", "a.pdf", status=2)
    as_it_is.run("rubric", "show", "moi-moral-2569", "--format", "docx", status=2)
    as_it_is.run("rubric", "show", "no-such", status=2)


# Linted ----------------------------------------------------------------------------------------------------------

IMPOSSIBLE = """\
lakthan: 1
id: alone
title: Alone
short: Alone
year: 2569
document: {title: D, issuer: O}
kinds: {report: {title: Report}}
facts: {books: {title: Books}}
indicators:
- id: "1"
  title: One
  points: 1
  when: [{has: report}, {value: books, at_least: 5}, {value: books, at_most: 3}]
"""


def test_a_file_outside_any_project_is_linted(tmp_path: Path, as_it_is: Sandbox) -> None:
    path = tmp_path / "alone.yml"
    path.write_text(IMPOSSIBLE, encoding="utf-8")
    found = as_it_is.run("rubric", "lint", str(path), "--format", "concise", status=0).stdout
    assert "alone.yml:13" in found
    assert "conditions-exclude" in found
    as_it_is.run("rubric", "lint", str(path), "--strict", status=1)
    assert "at_most: 3}]" in as_it_is.run("rubric", "lint", str(path)).stdout  # the line itself
    path.write_text(IMPOSSIBLE.replace("has: report", "has: repotr"), encoding="utf-8")
    assert "rubric-unknown-name" in as_it_is.run("rubric", "lint", str(path), "--format", "concise", status=1).stdout
    as_it_is.run("rubric", "show", str(path), status=1)


@pytest.mark.parametrize("name", SHIPPED)
def test_those_that_come_along_are_sound(as_it_is: Sandbox, name: str) -> None:
    assert "nothing wrong or doubtful" in as_it_is.run("rubric", "lint", name, "--strict").stdout


# Started ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", scaffold.RUBRICS)
@pytest.mark.parametrize("lang", ["th", "en"])
def test_a_new_rubric_passes_every_check(small: Sandbox, kind: str, lang: str) -> None:
    args = ("--kind", kind, "--indicators", "4", "--title", "เกณฑ์: ใหม่", "--title-en", 'A "new" one')
    small.run("new", "rubric", "fresh-2570", *args, lang="th" if lang == "th" else "en")
    project = load.load(small.root).project
    rubric = project.rubrics["fresh-2570"]
    assert (rubric.title.th, rubric.title.en, rubric.year) == ("เกณฑ์: ใหม่", 'A "new" one', 2570)
    assert len(list(rubric.every_indicator())) == 4
    assert maximum(rubric) == rubric.max
    assert [one.code for one in lint.lint(project) if "fresh" in one.place.file] == []
    assert [p for p in small.problems() if "fresh" in p["file"]] == []
    assert "…" in small.read("rubrics/fresh-2570.yml")


def test_a_new_rubric_never_overwrites(small: Sandbox) -> None:
    small.run("new", "rubric", "mine")
    small.write("rubrics/mine.yml", "# mine\n")
    assert "exists" in small.run("new", "rubric", "mine", status=1).stderr
    assert small.read("rubrics/mine.yml") == "# mine\n"
    for name in ("a b", "../x", "con", "profile", "ก", "x" * 65, ""):
        small.run("new", "rubric", name, status=2)
    small.run("new", "rubric", status=2)
