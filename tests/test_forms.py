"""The summary form as PDF: what it says and to whom, in every reader, and that it is the same whenever it is made."""

from __future__ import annotations

import io
import itertools
import pickle
import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import page
import pikepdf
import pymupdf
import pypdfium2  # type: ignore[import-untyped]
import pytest

from lakthan import build, cards, forms, messages, pdf, verdicts, word, workbook
from lakthan.cache import Cache
from lakthan.model import Assessment
from lakthan.rubric import Text
from tests.conftest import ROOT, Sandbox

Json = dict[str, Any]
FONTS = ROOT / "site_templates" / "forms" / "fonts"


@pytest.fixture(scope="module")
def examined() -> build.Examined:
    return build.examine(ROOT)


NAME = "dip-ict/moi-moral-2569"


def _of(examined: build.Examined, name: str = NAME) -> Assessment:
    return next(a for a in examined.assessments if a.portfolio.id == name)


@pytest.fixture(scope="module", params=["dip-ict/moi-moral-2569", "oae-demo/oae-unit-2567"])
def form(request: pytest.FixtureRequest, examined: build.Examined) -> tuple[Json, bytes]:
    """What a form of the sample says, and the form."""
    assessment = _of(examined, request.param)
    made = forms.make(examined.project, assessment, build.templates(ROOT))
    return forms.document(examined.project, assessment), made


# The text, as readers give it back -------------------------------------------------------------------------------


def _poppler(content: bytes) -> str:
    program = shutil.which("pdftotext")
    assert program, "poppler-utils is wanted: make test installs it on Debian"
    run = subprocess.run([program, "-raw", "-", "-"], input=content, capture_output=True, check=True)
    return run.stdout.decode()


def _pdfium(content: bytes) -> str:
    return "\n".join(sheet.get_textpage().get_text_range() for sheet in pypdfium2.PdfDocument(content))


def _mupdf(content: bytes) -> str:
    with pymupdf.open(stream=content) as document:  # type: ignore[no-untyped-call]
        return "\n".join(sheet.get_text(sort=False) for sheet in document)


READERS: dict[str, Callable[[bytes], str]] = {"poppler": _poppler, "pdfium": _pdfium, "mupdf": _mupdf}


def _bare(text: str) -> str:
    """The letters alone: readers differ on spaces where a line ends, and take a hyphen there for a torn word."""
    return re.sub(r"[\s\ufffe\x02-]+", "", unicodedata.normalize("NFC", text))


NOT_SHOWN = {
    "label",
    "path",
    "portfolio",
    "qr",
    "language",
    "digits",
    "rubric",
    "id",
    "award",
    "short",
    "issuer",
    "kind",
    "unit_short",
}
"""What of a document is not for reading, or stands at the foot of a page."""
ONLY_GENERIC = {"rounds", "points", "max", "missing", "to_gain", "reasons", "name", "level", "self_level", "round"}
"""What the official form has no room for; its points stand in the totals and in the headings of its columns."""
ONLY_OFFICIAL = {"submission", "span", "self_level"}


def _cells(value: object, without: set[str]) -> Iterator[str]:
    """Every text that a form shows."""
    match value:
        case dict():
            for name, inner in value.items():
                if name not in without:
                    yield from _cells(inner, without)
        case list():
            for inner in value:
                yield from _cells(inner, without)
        case str() if value:
            yield value


@cache
def _read(reader: str, content: bytes) -> str:
    return _bare(READERS[reader](content))


@pytest.mark.parametrize("reader", READERS)
def test_every_cell_is_copied_as_it_is_printed(form: tuple[Json, bytes], reader: str) -> None:
    document, content = form
    text = _read(reader, content)
    official = document["rubric"] == "moi-moral-2569"
    cells = list(_cells(document, NOT_SHOWN | (ONLY_GENERIC if official else ONLY_OFFICIAL)))
    if not official:
        cells.remove(document["title"])  # the guidance that the rubric comes from, and no form
    assert len(cells) > 100
    assert [cell for cell in cells if _bare(cell) not in text] == []


def test_no_abbreviation_is_torn_from_its_full_stop(form: tuple[Json, bytes]) -> None:
    lines = _poppler(form[1]).splitlines()
    assert len(lines) > 100
    assert [line for line in lines if line.startswith(".")] == []


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("bold", [False, True])
def test_marks_are_copied_in_their_order(reader: str, bold: bool) -> None:
    said = "ทั้งนี้ น้ำ ผู้ที่ ปั่น กตัญญู ปฏิญญา ฤๅษี ซ้ำ ก่อนี้ ป้ำ ชำนาญ ตำแหน่ง เพื่อ ฝึก ฟื้น ญี่ปุ่น ฐาน กุฎี อึ้ง ปี่ ฟ้า ฝ้าย ๆ ฯลฯ flow office"
    template = b'#set document(title: "x")\n#set text(font: "Sarabun", lang: "th")\n#let d = json("data.json")\n'
    template += b"#strong(d.said)" if bold else b"#d.said"
    made = pdf.make("x.typ", {"x.typ": template}, {"said": said}, None, FONTS)
    assert _bare(READERS[reader](made)) == _bare(said)


def test_glyphs_whose_numbers_are_brackets_are_copied() -> None:
    """Glyphs 40 and 41 are written as brackets within brackets, however deep."""
    letters = [chr(code) for code in (*range(0x0E01, 0x0E2F), *range(0x41, 0x5B))]
    said = " ".join(one * 9 + other * 9 for one, other in itertools.pairwise(letters))
    template = b'#set document(title: "x")\n#set text(font: "Sarabun")\n#json("data.json").said'
    assert _bare(_mupdf(pdf.make("x.typ", {"x.typ": template}, {"said": said}, None, FONTS))) == _bare(said)


def test_no_stream_ends_like_a_line_and_all_are_compressed() -> None:
    """A stream in 256 would; then objects are packed in another way."""
    again = 0
    for number in range(20):
        with pikepdf.new() as made:
            made.add_blank_page()
            made.add_blank_page()
            made.Root.Held = pikepdf.Array([made.make_indirect(pikepdf.Array([number**n % 9973])) for n in range(250)])
            saved = pdf._saved(made)
            again += made.pages[0].obj.MediaBox.is_indirect
        assert b"\r\nendstream" not in saved
        assert len(saved) < 4000
    assert again


@pytest.mark.parametrize("text", [b"BT 3 Ts (x) Tj ET", b"BT (x) Tj"])
def test_text_that_is_not_set_as_typst_sets_it_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="Tj"):
        pdf._set_anew(b"q 1 0 0 1 5 5 cm /Span<</Alt(BT (x) Tj ET)>>BDC EMC " + text, {}, {})


def test_marks_are_printed_where_typst_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those too that it raises or lowers: over a tall letter, or over another mark."""
    template = b'#set page(width: 1500pt, height: 200pt, margin: 60pt)\n#set document(title: "x")\n'
    template += b'#set text(60pt, font: "Sarabun", lang: "th")\n#json("data.json").said'
    said = "กั้น ปั้น ฟื้น ป็้ ฝ้าย น้ำ ผู้ที่ ญี่ปุ่น กุฎี ฐาน"

    def printed() -> bytes:
        made = pdf.make("x.typ", {"x.typ": template}, {"said": said}, None, FONTS)
        return bytes(pypdfium2.PdfDocument(made)[0].render(grayscale=True).to_pil().tobytes())

    anew = printed()
    monkeypatch.setattr(pdf, "readable", lambda content, _: content)
    assert max(abs(one - other) for one, other in zip(anew, printed(), strict=True)) < 64


def test_fonts_that_are_replaced_are_those_that_are_used(tmp_path: Path) -> None:
    """Or what is made with the old ones would be kept as made with the new ones."""
    template = b'#set document(title: "x")\n#set text(font: "Sarabun")\n#json("data.json").said'
    for name in ("served", "fresh"):
        shutil.copytree(FONTS, tmp_path / name)

    def made(folder: str) -> bytes:
        return pdf.make("x.typ", {"x.typ": template}, {"said": "ทั้งนี้"}, None, tmp_path / folder)

    before = made("served")
    for name in ("served", "fresh"):
        shutil.copy(FONTS / "Sarabun_700Bold.ttf", tmp_path / name / "Sarabun_400Regular.ttf")
    assert made("served") == made("fresh") != before


# Kept for good, and read by everybody ----------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["2a", "ua1"])
def test_the_form_keeps_both_standards(form: tuple[Json, bytes], profile: str) -> None:
    report = page.validate_pdf_bytes(form[1], profile=profile)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    assert report.is_compliant


def test_the_form_has_title_language_bookmarks_and_words_for_pictures(form: tuple[Json, bytes]) -> None:
    document, content = form
    with pymupdf.open(stream=content) as opened:  # type: ignore[no-untyped-call]
        assert document["name"] in opened.metadata["title"] or document["title"] == opened.metadata["title"]
        bookmarks = [title for _, title, _ in opened.get_toc()]
    assert {part["heading"] for part in document["parts"]} <= set(bookmarks)
    with pikepdf.open(io.BytesIO(content)) as opened:
        assert str(opened.Root.Lang) == "th"
        figures = [o for o in opened.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == "/Figure"]
        assert figures
        assert all(str(figure.get("/Alt", "")) for figure in figures)


def test_the_form_is_the_same_whenever_it_is_made(examined: build.Examined, form: tuple[Json, bytes]) -> None:
    assessment = next(a for a in examined.assessments if a.portfolio.id == form[0]["portfolio"])
    pdf._texts.cache_clear()
    pdf._fonts.cache_clear()
    for _ in range(3):
        pdf._forget()  # nothing of the forms before is known any more
    assert forms.make(examined.project, assessment, build.templates(ROOT)) == form[1]


# What is in it ---------------------------------------------------------------------------------------------------


def test_self_and_computed_points_stand_apart(sample: Sandbox) -> None:
    sample.change("content/dip-ict/moi-moral-2569/3.md", lambda v: v.update(self_score="2"))
    examined = build.examine(sample.root)
    said = forms.document(examined.project, _of(examined))
    third = said["parts"][0]["indicators"][2]
    assert (third["self"], third["computed"], third["differs"]) == ("๒", "๓", True)
    assert [c["ticked"] for c in third["criteria"]] == [False, True, False, False]
    assert [c["awarded"] for c in third["criteria"]] == [True, False, False, False]
    totals = {total["title"]: (total["self"], total["computed"]) for total in said["totals"]}
    assert list(totals.values()) == [("๘", "๙"), ("๙", "๙"), ("๑๗", "๑๘"), ("๙", "๙"), ("๒๖", "๒๗")]


def test_a_sum_with_a_score_missing_is_left_blank(sample: Sandbox) -> None:
    sample.change("content/dip-ict/moi-moral-2569/3.md", lambda v: v.pop("self_score"))
    examined = build.examine(sample.root)
    said = forms.document(examined.project, _of(examined))
    assert [total["self"] for total in said["totals"]] == ["", "๙", "", "๙", ""]
    assert not any(c["ticked"] for c in said["parts"][0]["indicators"][2]["criteria"])
    assert said["unscored"] == "๑"


def test_what_reviewers_accepted_has_a_column_of_its_own(sample: Sandbox) -> None:
    indicator = next(a for a in build.examine(sample.root).assessments if a.portfolio.id == NAME)
    seen = verdicts.seen_of(indicator.portfolio, next(iter(indicator.portfolio.rubric.every_indicator())))
    sample.write(
        f"content/{NAME}/reviews/group.yml",
        "lakthan: 1\nrole: คณะทำงานตรวจประเมิน\ndate: 2569-06-01\nverdicts:\n"
        f'- {{indicator: "1", seen: "{seen}", verdict: accept, points: 1, reason: นับจากต้นฉบับ}}\n',
    )
    examined = build.examine(sample.root)
    assessment = _of(examined)
    said = forms.document(examined.project, assessment)
    first = said["parts"][0]["indicators"][0]
    assert (first["self"], first["computed"], first["verified"]) == ("๓", "๓", "๑")
    assert next((total["self"], total["computed"], total["verified"]) for total in said["totals"]) == ("๙", "๙", "๗")
    made = forms.make(examined.project, assessment, build.templates(sample.root))
    assert "ตรวจแล้ว" in _bare(_mupdf(made))
    assert page.is_pdf_compliant_bytes(made, profile="ua1")


HOSTILE = '#panic("x") $ x $ `y` [z] *b* _i_ @ref <lab> \\u{41} // c /* d */ #eval("1") = h - l 中 \U0001f600 \u202e'


def test_nothing_that_a_unit_wrote_is_markup(sample: Sandbox) -> None:
    folder = "content/dip-ict/moi-moral-2569"
    sample.change(f"{folder}/1.md", lambda v: v["evidence"][0].update(title=HOSTILE.replace("\u202e", "")))
    sample.change(f"{folder}/portfolio.md", lambda v: v.update(reporter='#read("/etc/passwd")', executive="#{1+1}"))
    examined = build.examine(sample.root)
    made = forms.make(examined.project, _of(examined), build.templates(sample.root))
    text = _bare(_mupdf(made))
    for shown in (
        '#panic("x")$x$`y`[z]*b*_i_@ref<lab>\\u{41}//c/*d*/#eval("1")=hl■■',
        '#read("/etc/passwd")',
        "#{1+1}",
    ):
        assert shown in text


def test_no_character_stops_a_form(examined: build.Examined) -> None:
    strange = (
        "\u0000\u0007\t\n\u200b\u202e\ufeff \u0e34 \u0e48\u0e33 \u0661 \u0939 \u4e2d \U0001f600 a\u0301 \ufb01 \u00ad"
    )
    assessment = _of(examined)
    said = forms.document(examined.project, assessment)
    for part in said["parts"]:
        part["heading"] = f"x{strange}"
        for indicator in part["indicators"]:
            indicator |= {"title": strange + "y", "text": "ก" * 2000}
    made = forms.typeset("moi-moral-2569", said, assessment.portfolio, build.templates(ROOT))
    assert page.is_pdf_compliant_bytes(made, profile="2a")


def test_an_address_is_printed_in_ascii_and_has_a_code(form: tuple[Json, bytes]) -> None:
    document, content = form
    with pymupdf.open(stream=content) as opened:  # type: ignore[no-untyped-call]
        linked = {link["uri"] for sheet in opened for link in sheet.get_links() if "uri" in link}
    shown = {e["url"] for p in document["parts"] for i in p["indicators"] for e in (*i["evidence"], *i["channels"])}
    assert shown - {""} == linked
    assert all(address.isascii() for address in linked)


def test_a_dangerous_address_is_no_link(sample: Sandbox) -> None:
    sample.change("content/dip-ict/moi-moral-2569/9.md", lambda v: v["channels"][1].update(url="javascript:alert(1)"))
    examined = build.examine(sample.root)
    said = forms.document(examined.project, _of(examined))
    assert [c["url"] for c in said["parts"][2]["indicators"][2]["channels"]] == ["", "", "", ""]


# The command, and the site ---------------------------------------------------------------------------------------


def test_the_command_writes_a_form(small: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "site_templates" / "forms", small.path("site_templates/forms"))
    assert "wrote unit-a-mean-2570-form.pdf" in small.run("form", "unit-a", "mean-2570").stdout
    small.run("form", "unit-a", "mean-2570", "--in", "en", "-o", "english.pdf")
    assert "Unit A" in _mupdf((tmp_path / "english.pdf").read_bytes())
    assert "หน่วยงานก" in _bare(_mupdf((tmp_path / "unit-a-mean-2570-form.pdf").read_bytes()))


def test_the_command_knows_its_portfolios(small: Sandbox) -> None:
    assert "unit-b/mean-2570" in small.run("form", "unit-b", "mean-2570", status=2).stderr


def test_a_portfolio_with_errors_gets_no_form(small: Sandbox, tmp_path: Path) -> None:
    small.write("content/unit-a/mean-2570/2.md", "---\nself_score: many\n---\n")
    small.run("form", "unit-a", "mean-2570", "-o", str(tmp_path / "x.pdf"), status=1)
    assert not (tmp_path / "x.pdf").exists()


def test_a_mistake_in_a_template_is_told(small: Sandbox) -> None:
    small.write("site_templates/forms/generic.typ", '#import "kit.typ": *\n#d.nothing_of_that_name\n')
    assert "forms/generic.typ" in small.run("form", "unit-a", "mean-2570", status=1).stderr


def test_the_site_offers_the_form(as_it_is: Sandbox) -> None:
    for name in ("dip-ict/moi-moral-2569", "oae-demo/oae-unit-2567"):
        assert (as_it_is.docs / name / forms.NAME).read_bytes().startswith(b"%PDF-")
        assert "form.pdf" in (as_it_is.docs / name / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x0b\x1f\x7f\x85\ufffe\uffff\U000e0041",
        "\u200b\u200d\ufeff\u202eשלום مرحبا\u202c",
        "\ue000 👩‍👩‍👧‍👦🏽 中文 ﷺ e\u0301 ำ ิ",
        "a\nb\r\nc\u2028d\te {{ x }} {% y %} ]]> &amp; _x0041_",
        "=1+1 &L&R&12" + "&" * 300,
        "ก" + "้" * 600,
        "ประกาศ" * 6000,
    ],
    ids=["control", "unseen", "others", "lines", "signs", "marks", "long"],
)
def test_no_text_stops_what_is_made(small: Sandbox, text: str) -> None:
    """Names and roles as any text whatever: the loader refuses most of these, and nothing relies on it."""
    examined = build.examine(small.root)
    (one,) = examined.assessments
    name = Text.model_construct(th=text, en=text)
    units = {key: replace(unit, name=name, short=name) for key, unit in examined.project.units.items()}
    one = replace(one, portfolio=replace(one.portfolio, executive=text, reporter=text))
    project, templates = replace(examined.project, units=units), build.templates(small.root)
    assert page.is_pdf_compliant_bytes(forms.make(project, one, templates), profile="2a")
    assert cards.make(cards.document(project, one), templates, Cache()).startswith(b"\x89PNG")
    for office in (word.make(project, one, templates), workbook.of_portfolio(project, one)):
        with zipfile.ZipFile(io.BytesIO(office)) as archive:
            for part in archive.namelist():
                if part.endswith((".xml", ".rels")):
                    ElementTree.fromstring(archive.read(part))


def test_what_is_wrong_with_a_template_is_told_from_another_process() -> None:
    for outdated in (False, True):
        unfit = forms.Unfit("generic.typ", "unknown variable", outdated)
        assert pickle.loads(pickle.dumps(unfit)).message == unfit.message


def test_a_template_that_reads_its_data_as_before_is_told_how_it_is_read_now(small: Sandbox) -> None:
    shipped = (ROOT / "site_templates/forms/kit.typ").read_text(encoding="utf-8")
    small.write("site_templates/forms/kit.typ", shipped.replace('"data.json"', "bytes(sys.inputs.data)"))
    examined = build.examine(small.root)
    with pytest.raises(forms.Unfit) as unfit:
        forms.make(examined.project, examined.assessments[0], build.templates(small.root))
    said = messages.say(unfit.value.message, "en")
    assert "forms/kit.typ" in said
    assert 'json("data.json")' in said
