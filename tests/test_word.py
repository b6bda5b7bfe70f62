"""The form for Word: it says what the PDF says, Thai is set as Thai, and nothing of a unit is more than text."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pypdfium2  # type: ignore[import-untyped]
import pytest
from docx.oxml.ns import qn

from lakthan import build, forms, thai, word
from tests.conftest import ROOT, Sandbox
from tests.patience import LONG

TEMPLATES = sorted((ROOT / "site_templates" / "forms").glob("*.docx"))

UNSEEN = ("language", "digits", "rubric", "short", "award", "id", "qr", "file_url", "address")
"""What the form's data holds for templates, and not for readers."""


@pytest.fixture(scope="module")
def examined() -> build.Examined:
    return build.examine(ROOT)


def sayings(value: Any, key: str = "") -> Iterator[str]:
    """Every text of the form's data that a reader sees, but the words of the template itself."""
    match value:
        case str() if value and key not in (
            "language",
            "digits",
            "rubric",
            "short",
            "award",
            "id",
            "qr",
            "file_url",
            "address",
        ):
            yield value
        case dict():
            for name, item in value.items():
                if name != "label":
                    yield from sayings(item, name)
        case list():
            for item in value:
                yield from sayings(item, key)


def letters(text: str) -> str:
    """A text without spaces and marks of punctuation: each program breaks lines, and hyphens, in its own way."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] in "LMN")


def shown(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return letters("".join(page.get_textpage().get_text_range() for page in pages))


def stands(text: str, pages: str) -> bool:
    """Whether a text is there, in one piece or broken by the end of a page."""
    return text in pages or any(text[:n] in pages and text[n:] in pages for n in range(2, len(text) - 1))


@pytest.mark.slow
def test_libreoffice_shows_what_the_pdf_shows(examined: build.Examined, tmp_path: Path) -> None:
    """Both are set from the same data: whatever of it stands in the one stands in the other."""
    printed, office = {}, shutil.which("soffice") or shutil.which("libreoffice")
    assert office, "LibreOffice is missing: make test installs it"
    for assessment in examined.assessments:
        name = assessment.portfolio.unit
        content = word.make(examined.project, assessment, build.templates(ROOT))
        (tmp_path / f"{name}.docx").write_bytes(content)
        printed[name] = forms.make(examined.project, assessment, build.templates(ROOT))
    subprocess.run(
        [
            office,
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            *("--headless", "--norestore", "--convert-to", "pdf", "--outdir", str(tmp_path)),
            *(str(tmp_path / f"{name}.docx") for name in printed),
        ],
        check=True,
        capture_output=True,
        timeout=LONG,
    )
    missing = []
    for assessment in examined.assessments:
        name = assessment.portfolio.unit
        there, here = shown(printed[name]), shown((tmp_path / f"{name}.pdf").read_bytes())
        said = dict.fromkeys(map(letters, sayings(forms.document(examined.project, assessment))))
        common = [text for text in said if text in there]
        assert len(common) > 60
        missing += [f"{name}: {text}" for text in common if not stands(text, here)]
    assert missing == []


def words_of(content: bytes) -> str:
    """All paragraphs of a document, those in tables too, each on a line."""
    body = docx.Document(io.BytesIO(content)).element.body
    return "\n".join("".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p")))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_templates_are_set_for_thai(template: Path) -> None:
    """Word takes font, size, weight and language of Thai from settings of their own."""
    document = docx.Document(str(template))
    default = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    assert default.find(qn("w:rFonts")).get(qn("w:cs")) == "TH SarabunPSK"
    assert default.find(qn("w:szCs")).get(qn("w:val")) == default.find(qn("w:sz")).get(qn("w:val"))
    assert default.find(qn("w:lang")).get(qn("w:bidi")) == "th-TH"
    for properties in (document.element.body.iter(qn("w:rPr")), document.styles.element.iter(qn("w:rPr"))):
        for one in properties:
            assert (one.find(qn("w:b")) is None) == (one.find(qn("w:bCs")) is None)
            assert (one.find(qn("w:sz")) is None) == (one.find(qn("w:szCs")) is None)
    heads = [row for row in document.element.body.iter(qn("w:tr")) if row.find(f".//{qn('w:tblHeader')}") is not None]
    assert heads


def test_a_template_serves_each_rubric(examined: build.Examined) -> None:
    for assessment in examined.assessments:
        content = word.make(examined.project, assessment, build.templates(ROOT))
        text = words_of(content)
        assert "{{" not in text
        assert "{%" not in text
        unit = examined.project.units[assessment.portfolio.unit]
        assert unit.name.th in text


def test_the_same_content_gives_the_same_bytes(examined: build.Examined) -> None:
    assessment = examined.assessments[0]
    first, second = (word.make(examined.project, assessment, build.templates(ROOT)) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


HOSTILE = "{{ 7*7 }} <w:p/> & ]]> {% x %} \x07ก"


def test_what_a_unit_wrote_stays_text(small: Sandbox) -> None:
    small.write("content/unit-a/unit.yml", f"name: {{th: '{HOSTILE[:-2]}', en: x}}\n")
    small.replace("content/unit-a/mean-2570/1.md", "แผนงาน", "'{{ 7*7 }} <w:p/> & ]]>'")
    examined = build.examine(small.root)
    (assessment,) = examined.assessments
    text = thai.ascii_digits(words_of(word.make(examined.project, assessment, build.templates(ROOT))))
    assert HOSTILE[:-2].strip() in text
    assert "{{ 7*7 }} <w:p/> & ]]> ที่ 1/2570" in text
    assert "49" not in text


def test_codes_lead_where_links_lead(small: Sandbox) -> None:
    """A picture has its text, a link its address."""
    small.replace("content/unit-a/mean-2570/1.md", "reference: ที่ ๑/๒๕๗๐", "url: https://example.go.th/plan")
    examined = build.examine(small.root)
    content = word.make(examined.project, examined.assessments[0], build.templates(ROOT))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = archive.read("word/document.xml").decode()
        links = archive.read("word/_rels/document.xml.rels").decode()
    assert 'Target="https://example.go.th/plan"' in links
    assert re.search(r'<wp:docPr [^>]*descr="[^"]+"', body)
    assert "https://example.go.th/plan" in words_of(content)


def test_an_office_may_have_its_own_template(small: Sandbox) -> None:
    """Its folder comes first; a name that the form does not know is said, not shown as nothing."""
    own = small.path("site_templates/forms/mean-2570.docx")
    own.parent.mkdir(parents=True)
    document = docx.Document()
    document.add_paragraph("แบบของเรา {{ unit }}")
    document.save(str(own))
    target = small.root / "form.docx"
    small.run("form", "unit-a", "mean-2570", "-o", str(target))
    assert words_of(target.read_bytes()) == "แบบของเรา หน่วยงาน ก"
    document.add_paragraph("{{ unti }}")
    document.save(str(own))
    said = small.run("form", "unit-a", "mean-2570", "-o", str(target), status=1).output
    assert "mean-2570.docx" in said
    assert "unti" in said


def test_the_command_gives_word_by_the_ending_of_the_file(small: Sandbox) -> None:
    target = small.root / "form.docx"
    small.run("form", "unit-a", "mean-2570", "-o", str(target))
    assert "หน่วยงาน ก" in words_of(target.read_bytes())


def test_a_very_long_name_is_cut_in_properties_alone(small: Sandbox) -> None:
    """A property holds 255 characters; the page holds all of them."""
    name = "สำนักงาน & กิ่ง " + "ผู้" * 200
    small.write("content/unit-a/unit.yml", f"name: {{th: '{name}', en: x}}\n")
    examined = build.examine(small.root)
    content = word.make(examined.project, examined.assessments[0], build.templates(ROOT))
    author = docx.Document(io.BytesIO(content)).core_properties.author
    assert author == "สำนักงาน & กิ่ง " + "ผู้" * 79 + "…"
    assert name in words_of(content)
