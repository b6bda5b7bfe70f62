"""A workbook that an officer fills in becomes files, once; mistakes are named by sheet and cell."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lakthan import build, intake
from lakthan.messages import show
from tests.conftest import Sandbox

UNIT, RUBRIC = "dip-ict", "moi-moral-2569"
FOLDER = f"content/{UNIT}/{RUBRIC}"


class Book:
    """A workbook made by `lakthan new workbook`, to be filled in by what its hidden rows say."""

    def __init__(self, project: Sandbox, unit: str = UNIT, rubric: str = RUBRIC) -> None:
        self.project, self.path = project, project.root / "form.xlsx"
        project.run("new", "workbook", unit, rubric, "-o", str(self.path), lang="th")
        self.book: Any = openpyxl.load_workbook(self.path)
        self.next: dict[str, int] = {}

    def sheet(self, prefix: str) -> Any:
        return next(s for s in self.book if str(s["A3"].value).startswith(f"{prefix}."))

    def column(self, prefix: str, key: str) -> int:
        heads = [cell.value for cell in self.sheet(prefix)[3]]
        return heads.index(f"{prefix}.{key}") + 1

    def set(self, prefix: str, wanted: dict[str, Any], **values: Any) -> None:
        """Fill in the first row in which *wanted* stands."""
        sheet = self.sheet(prefix)
        row = next(
            n
            for n in range(5, sheet.max_row + 1)
            if all(sheet.cell(n, self.column(prefix, key)).value == value for key, value in wanted.items())
        )
        for key, value in values.items():
            sheet.cell(row, self.column(prefix, key)).value = value

    def add(self, prefix: str, **values: Any) -> None:
        """Fill in an empty row."""
        self.set(prefix, {"indicator": None}, **values)

    def bring(self, *args: str, status: int = 0) -> str:
        """Save and import it: what the command says."""
        self.book.save(self.path)
        return self.project.run("import", str(self.path), *args, status=status).output


@pytest.fixture
def bare(sample: Sandbox) -> Sandbox:
    """The sample without the answers to indicators 1, 2 and 9."""
    for name in ("1", "2", "9"):
        sample.path(f"{FOLDER}/{name}.md").unlink()
    return sample


def filled(project: Sandbox) -> Book:
    book = Book(project)
    book.set("answer", {"indicator": "1"}, self_score="๓", status="ready", account="ประกาศร่วมกันทั้งหน่วยงาน")
    book.set("number", {"indicator": "1", "name": "signed"}, value="๓๓")
    book.set("number", {"indicator": "1", "name": "staff"}, value=34)
    book.set(
        "evidence",
        {"indicator": "1"},
        title="ประกาศ: เจตนารมณ์ #๑",
        date="๑๕ ม.ค. ๒๕๖๙",
        file="files/declaration-placeholder.pdf",
    )
    book.add(
        "channels", indicator=9, kind="เว็บไซต์", name="เว็บไซต์ของหน่วยงาน", scope="ภายนอก", url="https://example.go.th"
    )
    return book


def test_a_filled_workbook_becomes_files(bare: Sandbox) -> None:
    assert "wrote" in filled(bare).bring()
    assert bare.read(f"{FOLDER}/1.md") == (
        "---\n"
        "self_score: 3\n"
        "status: ready\n"
        "signed: 33\n"
        "staff: 34\n"
        "evidence:\n"
        "- kind: declaration\n"
        '  title: "ประกาศ: เจตนารมณ์ #๑"\n'
        "  date: 2026-01-15\n"
        "  file: files/declaration-placeholder.pdf\n"
        "---\n\n"
        "ประกาศร่วมกันทั้งหน่วยงาน\n"
    )
    assert "kind: website" in bare.read(f"{FOLDER}/9.md")
    assert points(bare, "1") == 3
    assert not bare.path(f"{FOLDER}/2.md").exists()  # what the workbook leaves empty is not begun


def test_a_second_import_changes_nothing(bare: Sandbox) -> None:
    book = filled(bare)
    book.bring()
    before = {path: path.read_bytes() for path in bare.path("content").rglob("*.md")}
    assert "say all that the workbook does" in book.bring()
    assert before == {path: path.read_bytes() for path in bare.path("content").rglob("*.md")}


KEPT = """\
---
# ของฝ่ายบริหาร อย่าลบ
self_score: 2 # รอทบทวน
evidence:
- kind: declaration # ฉบับลงนาม
  title: ประกาศเจตนารมณ์
  date: 2026-01-10
signed: ๓๓
---
เรื่องเล่าเดิม
"""


def test_a_file_that_is_there_changes_only_if_asked_for(bare: Sandbox) -> None:
    bare.write(f"{FOLDER}/1.md", KEPT)
    book = Book(bare)
    book.set("answer", {"indicator": "1"}, self_score=3, account="เรื่องเล่าใหม่")
    book.set("evidence", {"indicator": "1"}, title="ประกาศเจตนารมณ์", date="15/1/2569", reference="ที่ ๑/๒๕๖๙")
    book.set("number", {"indicator": "1", "name": "signed"}, value=33)
    assert "left alone" in book.bring(status=1)
    assert bare.read(f"{FOLDER}/1.md") == KEPT
    assert "changed" in book.bring("--update")
    assert bare.read(f"{FOLDER}/1.md") == KEPT.replace("self_score: 2", "self_score: 3").replace(
        "date: 2026-01-10\n", "date: 2026-01-15\n  reference: ที่ ๑/๒๕๖๙\n"
    )


def test_an_entry_that_was_begun_is_filled_in(bare: Sandbox) -> None:
    """`lakthan new evidence` lists a document of each kind: the import writes into that entry."""
    bare.run("new", "evidence", UNIT, RUBRIC, "1", lang="th")
    comments = [line for line in bare.read(f"{FOLDER}/1.md").splitlines() if line.startswith("#")]
    filled(bare).bring("--update")
    text = bare.read(f"{FOLDER}/1.md")
    assert text.count("- kind: declaration") == 1
    assert [line for line in text.splitlines() if line.startswith("#")] == comments
    assert points(bare, "1") == 3


def test_one_document_may_serve_several_indicators(bare: Sandbox) -> None:
    book = Book(bare)
    book.add("evidence", indicator="1, ๒", kind="declaration", title="เอกสารร่วม", reference="ที่ ๙/๒๕๖๙")
    book.bring("--update")
    assert "indicators: [1, 2]" in bare.read(f"{FOLDER}/portfolio.md").replace('"', "")
    (shared,) = [r for r in portfolio(bare).shared.evidence if r.text("title") == "เอกสารร่วม"]
    assert shared.values["indicators"] == ("1", "2")


def assessment(project: Sandbox) -> Any:
    examined = build.examine(project.root)
    return next(a for a in examined.assessments if a.portfolio.id == f"{UNIT}/{RUBRIC}")


def portfolio(project: Sandbox) -> Any:
    return assessment(project).portfolio


def points(project: Sandbox, indicator: str) -> Any:
    return assessment(project).latest.indicators[indicator].points


@pytest.mark.parametrize(
    ("prefix", "wanted", "values", "cell", "code"),
    [
        ("answer", {"indicator": "1"}, {"self_score": "สาม"}, "ตัวชี้วัด!D5", "wrong-number"),
        ("answer", {"indicator": "2"}, {"status": "done"}, "ตัวชี้วัด!E6", "wrong-choice"),
        ("evidence", {"indicator": "1"}, {"title": "ก", "date": "31 ก.พ. 2569"}, "หลักฐาน!D5", "wrong-day"),
        ("evidence", {"indicator": "1"}, {"title": "ก", "date": "22-01-26"}, "หลักฐาน!D5", "wrong-era"),
        ("evidence", {"indicator": "1"}, {"title": "ก", "kind": "สิ่งอื่น"}, "หลักฐาน!B5", "unknown-kind"),
        ("evidence", {"indicator": "1"}, {"title": "ก", "file": "files/none.pdf"}, "หลักฐาน!F5", "missing-file"),
        ("evidence", {"indicator": "1"}, {"title": "ก", "url": "example.go.th"}, "หลักฐาน!G5", "wrong-link"),
        ("evidence", {"indicator": "1"}, {"title": "#REF!"}, "หลักฐาน!C5", "error-in-cell"),
        ("evidence", {"indicator": "1"}, {"indicator": "99", "title": "ก"}, "หลักฐาน!A5", "unknown-indicator"),
        ("start", {"key": "unit"}, {"value": "nobody"}, "เริ่มที่นี่!C5", "workbook-of-nobody"),
        ("start", {"key": "signed"}, {"value": "เมื่อวาน"}, "เริ่มที่นี่!C7", "wrong-date"),
    ],
)
def test_mistakes_are_named_by_sheet_and_cell(
    bare: Sandbox, prefix: str, wanted: dict[str, Any], values: dict[str, Any], cell: str, code: str
) -> None:
    """One of them is enough, and nothing is imported."""
    book = filled(bare)
    book.set(prefix, wanted, **values)
    said = book.bring(status=1)
    assert f"error[{code}]" in said
    assert f"form.xlsx:{cell}" in said
    assert not bare.path(f"{FOLDER}/1.md").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"kind,title\nplan,x\n"])
def test_any_other_file_is_refused(sample: Sandbox, content: bytes) -> None:
    path = sample.path("other.xlsx")
    path.write_bytes(content)
    assert "error[not-a-workbook]" in sample.run("import", str(path), status=1).output


def test_another_workbook_is_refused(sample: Sandbox) -> None:
    book = openpyxl.Workbook()
    book.save(sample.path("other.xlsx"))
    assert "error[not-a-workbook]" in sample.run("import", str(sample.path("other.xlsx")), status=1).output


def test_a_broken_file_is_left_alone(bare: Sandbox) -> None:
    bare.write(f"{FOLDER}/1.md", "---\nself_score: [\n---\n")
    book = filled(bare)
    assert "error[cannot-change]" in book.bring("--update", status=1)
    assert bare.read(f"{FOLDER}/1.md") == "---\nself_score: [\n---\n"


def test_a_workbook_is_never_overwritten(sample: Sandbox) -> None:
    Book(sample)
    before = sample.path("form.xlsx").read_bytes()
    sample.run("new", "workbook", UNIT, RUBRIC, "-o", str(sample.path("form.xlsx")), status=1)
    assert sample.path("form.xlsx").read_bytes() == before


def test_the_same_rubric_gives_the_same_workbook(as_it_is: Sandbox) -> None:
    project = build.examine(as_it_is.root).project
    for name, rubric in project.rubrics.items():
        made = intake.empty(project, UNIT, rubric)
        assert made == intake.empty(project, UNIT, rubric), name
        book = openpyxl.load_workbook(io.BytesIO(made))
        lists = book["รายการเลือก"]
        assert lists.sheet_state == "hidden"
        chosen = [v for sheet in book for v in sheet.data_validations.dataValidation if v.type == "list"]
        assert chosen
        assert all(sheet.row_dimensions[3].hidden for sheet in book if sheet is not lists)


def test_drop_downs_offer_what_the_rubric_knows(as_it_is: Sandbox) -> None:
    project = build.examine(as_it_is.root).project
    rubric = project.rubrics[RUBRIC]
    book = openpyxl.load_workbook(io.BytesIO(intake.empty(project, UNIT, rubric)))
    offered = [cell.value for cell in book["รายการเลือก"]["A"]][1:]
    assert [value for value in offered if value] == [show(kind.title) for kind in rubric.kinds.values()]


def test_a_path_may_lead_elsewhere(bare: Sandbox, tmp_path: Path) -> None:
    """The workbook may lie anywhere: its name alone is shown."""
    book = filled(bare)
    book.set("answer", {"indicator": "1"}, self_score="x")
    book.path = tmp_path / "elsewhere.xlsx"
    said = book.bring(status=1)
    assert "elsewhere.xlsx:ตัวชี้วัด!D5" in said
    assert str(tmp_path / "elsewhere") not in said


def test_a_copied_sheet_is_read_too(bare: Sandbox) -> None:
    book = filled(bare)
    copy = book.book.copy_worksheet(book.sheet("evidence"))
    book.set("evidence", {"indicator": "2"}, title="แผนในแผ่นแรก", reference="อก 0404/9")
    assert copy.title != book.sheet("evidence").title
    book.bring()
    assert "แผนในแผ่นแรก" in bare.read(f"{FOLDER}/2.md")


def test_nothing_below_what_is_read_is_lost_unnoticed(bare: Sandbox) -> None:
    book = filled(bare)
    book.sheet("evidence").cell(intake.MOST_ROWS + 7, 3).value = "somewhere down there"
    assert f"too-many-rows]: something stands below row {intake.MOST_ROWS:,}" in book.bring(status=1)
    assert not bare.path(f"{FOLDER}/1.md").exists()


@pytest.mark.parametrize(("old", "new"), [(b"</sheetData>", b""), (b'r="A5"', b'r="ZZZZZ5"')])
def test_a_damaged_sheet_is_named(bare: Sandbox, old: bytes, new: bytes) -> None:
    book = filled(bare)
    book.book.save(book.path)
    whole = io.BytesIO(book.path.read_bytes())
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(book.path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new) if name == "xl/worksheets/sheet4.xml" else content)
    assert "damaged-sheet" in bare.run("import", str(book.path), status=1).output
    assert not bare.path(f"{FOLDER}/1.md").exists()
