"""Workbooks: LibreOffice works them out anew and finds what the engine found; nothing of a unit becomes a formula."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lakthan import build, workbook
from lakthan.messages import Language
from lakthan.model import Assessment, Place, Project, Score, Unit
from lakthan.model import Site as SiteSettings
from lakthan.rubric import Criterion, Indicator, Rubric, Text
from tests import randoms
from tests.conftest import ROOT, Sandbox
from tests.patience import LONG

STALE = "not worked out"
"""Stands as the last result of every formula: whoever shows it has not calculated."""
PROFILE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""
"""LibreOffice calculates every file that it opens."""


def recalculated(folder: Path, books: dict[str, bytes]) -> dict[str, Any]:
    """What LibreOffice makes of the workbooks, in one start of it: name → workbook with values."""
    given, found, profile = folder / "in", folder / "out", folder / "profile"
    for path in (given, found, profile / "user"):
        path.mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    for name, content in books.items():
        (given / f"{name}.xlsx").write_bytes(content)
    office = shutil.which("soffice") or shutil.which("libreoffice")
    assert office, "LibreOffice is missing: make test installs it"
    subprocess.run(
        [
            office,
            f"-env:UserInstallation={profile.as_uri()}",
            *("--headless", "--norestore", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(found)),
            *sorted(str(path) for path in given.iterdir()),
        ],
        check=True,
        capture_output=True,
        timeout=LONG,
    )
    return {name: openpyxl.load_workbook(found / f"{name}.xlsx", data_only=True) for name in books}


def differences(book: Any, score: Score, view: int, whole: bool) -> Iterator[str]:
    """Where a sheet says something else than the engine."""
    tree, results = book["ตัวชี้วัด"], book["ระดับของแต่ละหน่วย" if whole else "สรุปผล"]
    column = 5 + 2 * view
    found = {}
    for row in tree.iter_rows(min_row=5):
        if row[1].value:
            found[row[0].value or ""] = (row[column - 1].value, row[column].value)
    for node in score.root.walk():
        if "/" in node.path or (node.path == "" and not node.children):
            continue
        wanted = (node.points, node.max) if node.applies or not node.path else ("–", "–")
        yield from compared(node.path or "total", found[node.path], wanted)
    first = 7 + 4 * view
    rows = list(results.iter_rows(min_row=5, min_col=first, max_col=first + 3, values_only=True))
    yield from compared("total of results", rows[0][:2], (score.points, score.max))
    for total, cells in zip(score.totals, rows[1:], strict=False):
        yield from compared(total.subtotal.id, cells[:2], (total.points, total.max))
    for gate, cells in zip(score.gates, rows[1 + len(score.totals) :], strict=False):
        yield from compared(gate.level.id, cells[:2], (gate.points, gate.max))
        if gate.level.each_at_least is not None and cells[2] != len(gate.failing):
            yield f"{gate.level.id}: {cells[2]} below, not {len(gate.failing)}"
        if cells[3] != ("ผ่านเกณฑ์" if gate.met else "ยังไม่ผ่านเกณฑ์"):
            yield f"{gate.level.id}: {cells[3]}, not {gate.met}"
    if score.gates:
        titles = {gate.level.id: gate.level.title.th for gate in score.gates}
        wanted_level = titles.get(score.level or "", "ยังไม่ถึงระดับใด")
        if rows[0][3] != wanted_level and not (len(set(titles.values())) < len(titles)):
            yield f"level: {rows[0][3]}, not {wanted_level}"


def compared(name: str, found: tuple[Any, ...], wanted: tuple[Any, ...]) -> Iterator[str]:
    for one, other in zip(found, wanted, strict=True):
        same = abs(one - float(other)) < 1e-9 if isinstance(one, int | float) and other != "–" else one == other
        if not same:
            yield f"{name}: {one}, not {other}"


@pytest.fixture
def unsolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workbooks whose formulas have no result of ours beside them."""
    known = workbook._Sheet.formula

    def formula(sheet: Any, row: int, column: int, text: str, result: object, style: str = "formula") -> None:
        known(sheet, row, column, text, STALE, style)

    monkeypatch.setattr(workbook._Sheet, "formula", formula)


def random_project(seed: int, portfolios: int) -> tuple[Project, Rubric, list[Assessment]]:
    """A random rubric with levels and subtotals, and portfolios for it."""
    rng = random.Random(seed)
    rubric = randoms.random_rubric(rng, rng.choice([2, 3, 4]))
    levels = tuple(level.model_copy(update={"title": Text(th=level.id, en=level.id)}) for level in rubric.levels)
    rubric = rubric.model_copy(update={"levels": levels})
    units = {f"u{n}": Unit(f"u{n}", Text(th=f"หน่วย {n}", en=f"Unit {n}"), Place("")) for n in range(portfolios)}
    found = [build.assess(replace(randoms.random_portfolio(rng, rubric), unit=name)) for name in units]
    nothing = Text(th="", en="")
    settings = SiteSettings(nothing, nothing, nothing)
    return Project(settings, {rubric.id: rubric}, units, tuple(a.portfolio for a in found)), rubric, found


@pytest.mark.slow
def test_libreoffice_works_out_what_the_engine_found(tmp_path: Path, unsolved: None) -> None:
    """The samples, and 200 random portfolios of 20 random rubrics: ten units beside each other in each workbook."""
    books: dict[str, bytes] = {}
    asked: dict[str, list[tuple[Score, int, bool]]] = {}
    examined = build.examine(ROOT)
    for assessment in examined.assessments:
        name = assessment.portfolio.unit
        books[name] = workbook.of_portfolio(examined.project, assessment)
        asked[name] = [(score, n, False) for n, score in enumerate(assessment.scores)]
    for seed in range(20):
        project, rubric, found = random_project(seed, 10)
        name = f"random-{seed}"
        books[name] = workbook.of_rubric(project, rubric, found)
        asked[name] = [(a.latest, n, True) for n, a in enumerate(found)]
        if seed < 4:
            books[f"{name}-first"] = workbook.of_portfolio(project, found[0])
            asked[f"{name}-first"] = [(score, n, False) for n, score in enumerate(found[0].scores)]
    made = recalculated(tmp_path, books)
    wrong = [
        f"{name}, view {view}: {what}"
        for name, scores in asked.items()
        for score, view, whole in scores
        for what in differences(made[name], score, view, whole)
    ]
    assert wrong == []


def test_an_answer_changes_everything_above_it(tmp_path: Path, small: Sandbox) -> None:
    """The report that is missing is said to be there: 53 of 7 become 60 of 7, and the level follows."""
    examined = build.examine(small.root)
    (assessment,) = examined.assessments
    book = openpyxl.load_workbook(io.BytesIO(workbook.of_portfolio(examined.project, assessment)))
    answers = [cell for row in book["เงื่อนไข"].iter_rows(min_row=5, min_col=6, max_col=6) for cell in row]
    (missing,) = [cell for cell in answers if cell.value == "ไม่ใช่"]
    missing.value = "ใช่"
    out = io.BytesIO()
    book.save(out)
    results = recalculated(tmp_path, {"changed": out.getvalue()})["changed"]["สรุปผล"]
    assert results["G5"].value == pytest.approx(60 / 7)
    assert results["J5"].value == "ดีเด่น"


def test_the_results_beside_the_formulas_are_those_of_the_engine(as_it_is: Sandbox) -> None:
    """Programs that do not calculate, such as previews, show them."""
    examined = build.examine(as_it_is.root)
    for assessment in examined.assessments:
        path = as_it_is.docs / assessment.portfolio.id / workbook.FILE
        book = openpyxl.load_workbook(path, data_only=True)
        for view, score in enumerate(assessment.scores):
            assert list(differences(book, score, view, False)) == []


def test_points_are_formulas_and_answers_are_not(as_it_is: Sandbox) -> None:
    book = openpyxl.load_workbook(as_it_is.docs / "oae-demo/oae-unit-2567" / workbook.FILE)
    points = [row[4].value for row in book["ตัวชี้วัด"].iter_rows(min_row=5)]
    assert len(points) > 41
    assert all(str(value).startswith("=") for value in points)
    met = [row[5].value for row in book["เงื่อนไข"].iter_rows(min_row=5) if row[5].value]
    assert {value for value in met if not str(value).startswith("=")} == {"ใช่", "ไม่ใช่"}
    assert book["เงื่อนไข"].data_validations.dataValidation[0].formula1 == '"ใช่,ไม่ใช่"'


def test_sheets_are_ready_for_screen_and_paper(as_it_is: Sandbox) -> None:
    for name in ("dip-ict/moi-moral-2569", "rubrics/moi-moral-2569"):
        book = openpyxl.load_workbook(as_it_is.docs / name / workbook.FILE)
        for sheet in book:
            assert sheet.freeze_panes
            assert sheet.print_title_rows == "$4:$4"
            assert (sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == (9, 0)


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.org","x")', "\t=1", "=cmd|'/c calc'!A1")


def test_what_a_unit_wrote_never_becomes_a_formula(small: Sandbox) -> None:
    lines = "".join(
        f"- {{kind: plan, title: {json.dumps(text)}, date: 2026-10-01, reference: {json.dumps(text)}}}\n"
        for text in FORMULAS
    )
    small.write("content/unit-a/mean-2570/1.md", f"---\nself_score: 10\nevidence:\n{lines}---\n")
    small.write("content/unit-a/unit.yml", "name: {th: =1+1, en: =1+1}\n")
    examined = build.examine(small.root)
    (assessment,) = examined.assessments
    book = openpyxl.load_workbook(io.BytesIO(workbook.of_portfolio(examined.project, assessment)))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [cell.value for cell in found if re.search("1[+]1|cmd|HYPERLINK|SUM.A1", str(cell.value))]
    titles = [row[2].value for row in book["หลักฐาน"].iter_rows(min_row=5)]
    assert titles == [text.strip() for text in FORMULAS]


def test_the_same_content_gives_the_same_bytes(small: Sandbox) -> None:
    made = []
    for _ in range(2):
        examined = build.examine(small.root)
        made.append([(path, make()) for path, make in workbook.files(examined.project, examined.assessments)])
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0][0][1])) as archive:
        core = archive.read("docProps/core.xml").decode()
    assert "2026-10-01T00:00:00Z" in core  # the newest date of the content


@pytest.mark.parametrize("language", ["th", "en"])
def test_both_languages_name_their_sheets(small: Sandbox, language: Language) -> None:
    examined = build.examine(small.root)
    rubric = examined.project.rubrics["mean-2570"]
    content = workbook.of_rubric(examined.project, rubric, examined.assessments, language)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert len(book.sheetnames) == 8
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_criteria_that_require_each_other_do_not_hold() -> None:
    """A formula that asked for itself would stop the whole sheet."""
    first = Criterion(id="a", points=Fraction(1), requires=("b",))
    second = Criterion(id="b", points=Fraction(1), requires=("a",))
    third = Criterion(id="c", points=Fraction(1), requires=("a",))
    top = Indicator(id="1", title=Text(th="", en=""), award="sum", criteria=(first, second, third))
    assert [workbook._circular(top, leaf) for leaf in top.criteria] == [True, True, False]


def test_what_reviewers_accepted_stands_beside_what_was_worked_out(small: Sandbox) -> None:
    small.run("new", "review", "unit-a", "mean-2570", "--name", "first", "--today", "2026-11-01", lang="th")
    name = "content/unit-a/mean-2570/reviews/first.yml"
    first = small.read(name).index("  verdict:")
    text = small.read(name)
    small.write(
        name, f"{text[:first]}  verdict: reject\n  reason: ไม่มีลายมือชื่อ\n{text[text.index(chr(10), first) + 1 :]}"
    )
    examined = build.examine(small.root)
    (assessment,) = examined.assessments
    assert assessment.reviewed
    content = workbook.of_portfolio(examined.project, assessment)
    row = next(
        openpyxl.load_workbook(io.BytesIO(content), data_only=True)["การตรวจ"].iter_rows(min_row=5, values_only=True)
    )
    assert row[4:7] == (10, 0, -10)
    assert str(row[7]).endswith("ไม่มีลายมือชื่อ")


def test_pages_link_to_the_workbooks(as_it_is: Sandbox) -> None:
    for page in ("dip-ict/moi-moral-2569/index.md", "rubrics/oae-unit-2567.md"):
        text = (as_it_is.docs / page).read_text(encoding="utf-8")
        (link,) = re.findall(r'href="([^"]*workbook\.xlsx)"', text)
        url = page.removesuffix("index.md").removesuffix(".md").rstrip("/")
        assert (as_it_is.docs / url / link).resolve().is_file()
