"""Personal data: what is found in texts and attachments, what is left alone, and what is said of it."""

from __future__ import annotations

import dataclasses
import io
import os
import random
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakthan import diagnostics, documents, load, messages, pdftext, privacy, thai
from lakthan.diagnostics import Diagnostic
from lakthan.model import Answer, Message, Place, Portfolio, Record
from lakthan.privacy import find, mask
from lakthan.rubric import Kind, Text
from tests.conftest import ROOT, Sandbox
from tests.patience import LONG, ends

# Numbers with a right check digit that belong to nobody: the digits in order, and the like.
CITIZEN = "1234567890121"
DASHED = "1-2345-67890-12-1"
PHONE = "081-234-5678"


def kinds(text: str, before: str = "") -> list[str]:
    return [found.kind for found in find(text, before)]


# In a text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        CITIZEN,
        DASHED,
        "1 2345 67890 12 1",
        "1.2345.67890.12.1",
        "1 - 2345 - 67890 - 12 - 1",
        "1\u20132345\u201367890\u201312\u20131",
        "1\u00a02345\u00a067890\u00a012\u00a01",
        "๑-๒๓๔๕-๖๗๘๙๐-๑๒-๑",
        "๑๒๓๔๕๖๗๘๙๐๑๒๑",
        f"เลข{CITIZEN}ครับ",
        f"ปี 2569 {CITIZEN}, 2570",
        f"2569/{CITIZEN}",
        f"file_{CITIZEN}.pdf",
        "บัตรประชาชน 1 2 3 4 5 6 7 8 9 0 1 2 1",
        "citizen no. 123-456-789012-1",
        "0123489012347",  # without registered status
    ],
)
def test_citizen_numbers(text: str) -> None:
    assert kinds(text) == ["citizen-number"]


@pytest.mark.parametrize(
    "text",
    [
        "0812345678",
        "๐๘๑-๒๓๔-๕๖๗๘",
        "081 234 5678",
        "081.234.5678",
        "081-2345678",
        "08-1234-5678",
        "0-8123-45678",
        "0812-345-678",
        "(081) 234-5678",
        "02-123-4567",
        "02-1234567",
        "(02) 123 4567",
        "0-2123-4567",
        "0-2123-4567 ต่อ 123",
        "02-123-4567-8",
        "โทร. 0 2123 4567",
        "โทรศัพท์ 021234567",
        "053-123-456",
        "053-123456",
        "043 123 456",
        "+66812345678",
        "+66 81 234 5678",
        "+66 (0) 81 234 5678",
        "(+66) 2 123 4567",
        "+66-2-123-4567",
        "0066 81 234 5678",
        "โทร. ๐ ๒๑๒๓ ๔๕๖๗",
    ],
)
def test_phone_numbers(text: str) -> None:
    assert kinds(text) == ["phone"]


@pytest.mark.parametrize(
    "text", ["first.name@dip.go.th", "<mailto:a_b+c@example.co.th>", "ส่งที่ x1@mail.example.comภายในวันศุกร์", "A@B.CO."]
)
def test_email_addresses(text: str) -> None:
    assert kinds(text) == ["email"]


@pytest.mark.parametrize(
    "text",
    [
        "123-4-56789-0",
        "๑๒๓-๔-๕๖๗๘๙-๐",
        "เลขที่บัญชี 1234567890",
        "Bank account no. 123-456789-0",
        "ธนาคารออมสิน 020123456789",
        "บัญชี 123 4 56789 0",
    ],
)
def test_bank_accounts(text: str) -> None:
    assert kinds(text) == ["bank-account"]


LEFT_ALONE = [
    "ที่ อก ๐๔๑๐/๕๕๘ ลว. ๒๗ พ.ค. ๖๙",
    "กษ 1301/45",
    "กษ 1301.02/ว 123",
    "0410.5/1234-2569",
    "27/5/2569 10:04:51",
    "2026-05-27 10-04-51",
    "ปี 2566-2567, 2566 2567 2568",
    "08 2566 2567",
    "บัญชี 2566 2567 2568",
    "งบประมาณ 1,200,000 บาท (1200000.00)",
    "0 3500 4200",
    "0 1 2 3 4 5 6 7 8 9 10 11 12 13",
    "ISO 9001:2015, ISO/IEC 27001:2022",
    "https://ict.dip.go.th/th/category/2023-01-31-16-14-18/2026-05-27-10-04-51",
    f"https://example.go.th/{CITIZEN}?id={CITIZEN}&t=081-234-5678",
    "(https://example.go.th/@someone@example.go.th)",
    "www.example.go.th/081-234-5678",
    "1-2345-67890-12-2",
    "9786161234567",
    "0994000158378",  # the tax number of an office
    f"{CITIZEN}.50",
    f"{CITIZEN}0",
    f"A{CITIZEN}",
    "00020101021129370016A000000677010111011300668123456785802TH53037646304ABCD",
    "@someone ผู้ใช้ a@b",
    "บัญชีกิจกรรม ๑๒ รายการ",
    "1234567890",
    "12-081-234-5678",
    "รุ่น 1.2.3.4.5",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_an_address_does_not_hide_what_stands_after_it() -> None:
    assert kinds(f"https://example.go.th/a {PHONE}") == ["phone"]
    assert kinds(f"[ที่นี่](https://example.go.th/a) หรือ{PHONE}") == ["phone"]
    assert kinds(f"https://example.go.th/aโทร{PHONE}") == ["phone"]


def test_several_in_one_line_in_order() -> None:
    text = f"{DASHED} 0812345678/0898765432 a@b.co 123-4-56789-0"
    assert kinds(text) == ["citizen-number", "phone", "phone", "email", "bank-account"]
    for found in find(text):
        assert len(found.shown) == found.end - found.start


def test_words_before_a_cell_count() -> None:
    assert kinds("1234567890") == []
    assert kinds("1234567890", "เลขที่บัญชี") == ["bank-account"]
    assert kinds("812345678", "โทรศัพท์") == ["phone"]


def test_words_on_another_line_do_not() -> None:
    assert kinds("เลขที่บัญชี\n1234567890") == []


def _check_digit(twelve: str) -> str:
    # By the rule as it is taught: weights 13 to 2, the remainder by 11 taken from 11, its last digit.
    return str(11 - sum(int(d) * (13 - i) for i, d in enumerate(twelve)) % 11)[-1]


@given(st.from_regex(r"[1-8][0-9]{11}", fullmatch=True), st.sampled_from(["", "-", " ", ".", " - "]), st.booleans())
def test_every_number_with_its_check_digit_is_found(twelve: str, joint: str, in_thai: bool) -> None:
    digits = twelve + _check_digit(twelve)
    text = joint.join((digits[0], digits[1:5], digits[5:10], digits[10:12], digits[12]))
    text = thai.thai_digits(text) if in_thai else text
    (found,) = find(f"เลขที่ {text} ครับ")
    assert found.kind == "citizen-number"
    assert digits[:10] not in "".join(filter(str.isdigit, thai.ascii_digits(found.shown)))


@given(st.from_regex(r"9[0-9]{11}|0[0-9]{4}[0-7][0-9]{6}", fullmatch=True))
def test_books_companies_and_offices_have_numbers_of_that_shape(twelve: str) -> None:
    assert kinds(twelve + _check_digit(twelve)) == []


@given(st.from_regex(r"[1-8][0-9]{11}", fullmatch=True), st.integers(1, 9))
def test_a_wrong_check_digit_is_another_number(twelve: str, off: int) -> None:
    wrong = (int(_check_digit(twelve)) + off) % 10
    assert kinds(f"{twelve}{wrong}") == []


def test_how_many_random_numbers_pass() -> None:
    picked = random.Random(2569)
    passed = sum(privacy.citizen_number(f"{picked.randrange(10**13):013}") for _ in range(20_000))
    assert 0.07 < passed / 20_000 < 0.10


REFERENCE = st.one_of(
    st.from_regex(r"[ก-ฮ]{2,3} [0-9]{4}(\.[0-9]{1,2})?/(ว )?[0-9]{1,5}", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{2})?", fullmatch=True),
    st.from_regex(r"(0[1-9]|[12][0-9]|3[01])[-/](0[1-9]|1[0-2])[-/](25[0-9]{2}|20[0-9]{2})", fullmatch=True),
    st.from_regex(r"(20|25)[0-9]{2}-(0[1-9]|1[0-2])-[0-3][0-9](-[0-2][0-9]-[0-5][0-9]-[0-5][0-9])?", fullmatch=True),
    st.from_regex(r"https://[a-z]{2,8}\.go\.th/[0-9]{13}(/[0-9-]{1,20})?", fullmatch=True),
    st.from_regex(r"ISO [0-9]{4,5}:[0-9]{4}", fullmatch=True),
    st.from_regex(r"[0-9]{14,40}", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}\.[0-9]{2}", fullmatch=True),
)


@given(REFERENCE, st.booleans())
def test_reference_numbers_dates_and_amounts_are_left_alone(text: str, in_thai: bool) -> None:
    assert kinds(f"ตาม {thai.thai_digits(text) if in_thai else text} นั้น") == []


TANGLED = st.text(st.sampled_from("0123456789๐๑๒๖๘๙-. ()+@/:,\n\u00a0\u2013abกบ") | st.characters(), max_size=120)


@given(TANGLED)
@example(f"{DASHED}{DASHED} {PHONE}")
def test_find_never_raises_and_its_places_are_in_order(text: str) -> None:
    last = 0
    for found in find(text):
        assert last <= found.start < found.end <= len(text)
        assert len(found.shown) == found.end - found.start
        last = found.end
    assert len(mask(text)) == len(text)


@given(st.lists(st.sampled_from([CITIZEN, DASHED, PHONE, "0812345678", "123-4-56789-0", "someone@b.co", "และ", "\n"])))
def test_masked_text_repeats_nothing(words: list[str]) -> None:
    shown = mask(" ".join(words))
    assert not any(whole in shown for whole in (CITIZEN, DASHED, PHONE, "0812345678", "123-4-56789-0", "someone@"))


@pytest.mark.parametrize(
    "text",
    ["ร้อยละ ๙๗.๐๕ ของ ๓๔ คน ที่ อก ๐๔๑๐/๕๕๘ ", "0123456789", "0 ", "081-", "a@", "a@a.", "(", "1-2345-67890-12-2 "],
)
def test_a_megabyte_takes_no_time(text: str) -> None:
    large = text * (2**20 // len(text))
    # Measured: 0.1 s for prose, under 1 s for what is made to be slow. A pattern that tries again takes minutes.
    assert ends(lambda: sum(1 for _ in find(large)), 3) >= 0


def test_diagnostics_repeat_nothing() -> None:
    given = Diagnostic(
        "wrong-number", Place("a.md"), args={"value": CITIZEN, "n": 3, "t": (PHONE, Message("k", {"x": PHONE}))}
    )
    masked = privacy.masked(given)
    assert "234" not in repr(masked.args).replace("xxx-xxx-x678", "")
    assert masked.args["n"] == 3
    assert privacy.masked(masked) is masked


# In an attachment ------------------------------------------------------------------------------------------------


def pdf(*contents: bytes, more: tuple[bytes, ...] = (), packed: bool = False) -> bytes:
    """A PDF file with a page for each content stream, or *packed* one. Objects from 4 + 2·n on are *more*."""
    n = len(contents)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * i) for i in range(n))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, n),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    last = 4 + 2 * n
    for i, content in enumerate(contents):
        stream = content if packed else zlib.compress(content)
        resources = b"<</Font<</F 3 0 R>>/XObject<</X %d 0 R>>>>" % last if more else b"<</Font<</F 3 0 R>>>>"
        annots = b"/Annots[%d 0 R]" % last if more and b"/Widget" in more[0] else b""
        page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources%s%s>>"
        objects += [
            page % (5 + 2 * i, resources, annots),
            b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        ]
    objects += more
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size, table, size, len(out)
    )  # fmt: skip


def said(text: str) -> bytes:
    return b"BT /F 12 Tf 50 700 Td (%s) Tj ET" % text.encode("ascii")


def package(**files: str) -> bytes:
    """An office file; `__` in a name is a slash, `_xml` its ending."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            target.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_rels.", "_rels/."), text)
    return out.getvalue()


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def docx(*paragraphs: str, **more: str) -> bytes:
    body = "".join(f"<w:p>{paragraph}</w:p>" for paragraph in paragraphs)
    return package(word__document_xml=f"<w:document {W}><w:body>{body}</w:body></w:document>", **more)


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def xlsx(sheets: Mapping[str, str], shared: tuple[str, ...] = (), **more: str) -> bytes:
    listed = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1))
    relations = "".join(f'<Relationship Id="r{i}" Target="worksheets/s{i}.xml"/>' for i in range(1, len(sheets) + 1))
    out = io.BytesIO(package(xl__workbook_xml=f"<workbook {S} {R}><sheets>{listed}</sheets></workbook>", **more))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{relations}</Relationships>")
        texts = "".join(f"<si><r><t>{text[:3]}</t></r><r><t>{text[3:]}</t></r></si>" for text in shared)
        target.writestr("xl/sharedStrings.xml", f"<sst {S}>{texts}</sst>")
        for i, rows in enumerate(sheets.values(), 1):
            sheet = f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>"
            target.writestr(f"xl/worksheets/s{i}.xml", sheet)
    return out.getvalue()


def look(path: Path) -> list[tuple[str, str, str]]:
    """What is found in an attachment: place, kind, masked."""
    return [
        (messages.say(part.where, "en"), found.kind, found.shown)
        for part in documents.read(path).parts
        for found in find(part.text, part.before)
    ]


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_pdf_says_the_page(tmp_path: Path) -> None:
    path = put(tmp_path, "a.pdf", pdf(said("nothing"), said(DASHED)))
    assert look(path) == [("page 2", "citizen-number", "x-xxxx-xxxxx-12-1")]
    found = documents.read(path)
    assert (found.pages, found.trouble) == (2, "")


def test_pdf_form_fields_are_read(tmp_path: Path) -> None:
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(id)/V(%s)/Rect[0 0 9 9]>>" % CITIZEN.encode()
    assert look(put(tmp_path, "a.pdf", pdf(said("nothing"), more=(field,)))) == [
        ("page 1", "citizen-number", "xxxxxxxxxx121")
    ]


def test_thai_in_a_pdf_of_the_sample() -> None:
    found = documents.read(ROOT / "content/dip-ict/moi-moral-2569/files/action-plan-placeholder.pdf")
    assert "แผนส่งเสริมคุณธรรม" in found.parts[0].text


def test_a_page_without_text_is_a_scan(tmp_path: Path) -> None:
    assert documents.read(put(tmp_path, "a.pdf", pdf(b"0 0 m"))).trouble == "no-text"


def test_docx_joins_runs_and_reads_what_is_struck_out(tmp_path: Path) -> None:
    data = docx(
        run("first"),
        run("1-2345-") + run("67890-12-1"),
        f"<w:del><w:r><w:delText>{PHONE}</w:delText></w:r></w:del>",
        word__footer1_xml=f"<w:ftr {W}><w:p>{run('a1@b.co')}</w:p></w:ftr>",
        docProps__core_xml="<p><creator>c2@d.co</creator></p>",
        **{"word/_rels/document.xml.rels": '<R><L Id="1" Target="mailto:e3@f.co"/></R>'},
    )
    assert look(put(tmp_path, "a.docx", data)) == [
        ("paragraph 2", "citizen-number", "x-xxxx-xxxxx-12-1"),
        ("paragraph 3", "phone", "xxx-xxx-x678"),
        ("part “footer1” of the document", "email", "ax@b.co"),
        ("properties of the document", "email", "cx@d.co"),
        ("a link in the document", "email", "ex@f.co"),
    ]


def test_xlsx_says_sheet_and_cell(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>โทรศัพท์</t></is></c></row>'
        '<row r="2"><c r="A2"><v>1234567890</v></c><c r="B2"><v>812345678</v></c>'
        '<c r="C2"><v>1.234567890121E+12</v></c></row>'
        '<row r="3"><c r="C3" t="str"><f>A1</f><v>081-234-5678</v></c>'
        '<c r="D3" t="s"><v>1</v></c><c r="E3" t="s"><v>99</v></c></row>'
    )
    data = xlsx({"รายชื่อ": rows, "2": '<row><c r="A1"><v>1234567890</v></c></row>'}, ("เลขที่บัญชี", DASHED))
    assert look(put(tmp_path, "a.xlsx", data)) == [
        ("sheet “รายชื่อ”, cell A2", "bank-account", "xxxxxxx890"),
        ("sheet “รายชื่อ”, cell B2", "phone", "xxxxxx678"),
        ("sheet “รายชื่อ”, cell C2", "citizen-number", "xxxxxxxxxx121"),
        ("sheet “รายชื่อ”, cell C3", "phone", "xxx-xxx-x678"),
        ("sheet “รายชื่อ”, cell D3", "citizen-number", "x-xxxx-xxxxx-12-1"),
    ]


def test_pptx_says_the_slide(tmp_path: Path) -> None:
    slide = f"<a:s {A}><a:p><a:r><a:t>{{}}</a:t></a:r></a:p></a:s>"
    data = package(
        ppt__slides__slide10_xml=slide.format(DASHED),
        ppt__slides__slide2_xml=slide.format(PHONE),
        ppt__notesSlides__notesSlide2_xml=slide.format("a1@b.co"),
    )
    assert [place for place, _, _ in look(put(tmp_path, "a.pptx", data))] == [
        "slide 2",
        "slide 10",
        "part “notesSlide2” of the document",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
def test_text_and_csv_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    csv = put(tmp_path, "a.csv", "ชื่อ,เลขที่บัญชี\nก,1234567890\n".encode(encoding))
    assert look(csv) == [("cell B2", "bank-account", "xxxxxxx890")]
    txt = put(tmp_path, "a.txt", f"ก\nโทร {PHONE}\n".encode(encoding))
    assert look(txt) == [("line 2", "phone", "xxx-xxx-x678")]


def test_svg_words_are_read_and_shapes_are_not(tmp_path: Path) -> None:
    words = '<path d="M 081 234 5678"/><text>081-<tspan>234-5678</tspan></text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{words}</svg>'
    assert look(put(tmp_path, "a.svg", svg.encode())) == [("words in the picture", "phone", "xxx-xxx-x678")]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
HOSTILE = {
    "empty.pdf": (b"", "damaged"),
    "header.pdf": (b"%PDF-1.7\n", "damaged"),
    "no pages.pdf": (pdf(), "damaged"),
    "text.docx": (b"no package", "damaged"),
    "ole.docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted"),
    "nothing in it.docx": (package(), "damaged"),
    "not xml.docx": (package(word__document_xml="<w:p"), "damaged"),
    "entities.docx": (package(word__document_xml=f"{LAUGHS}<x>&b;</x>"), "damaged"),
    "deep.docx": (package(word__document_xml="<a>" * 100_000 + "</a>" * 100_000), "partly"),
    "elements.docx": (package(word__document_xml=f"<a>{'<b/>' * documents.EVENTS}</a>"), "partly"),
    "bomb.docx": (package(word__document_xml=f"<a>{' ' * documents.UNPACKED}</a>"), "partly"),
    "index.xlsx": (xlsx({"a": '<row><c r="A1" t="s"><v>x</v></c></row>'}), "damaged"),
    "cut.xlsx": (xlsx({"a": ""})[:-30], "damaged"),
    "entities.svg": (f"{LAUGHS}<svg>&b;</svg>".encode(), "damaged"),
    "external.svg": (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><svg>&a;</svg>', "damaged"),
    "large.txt": (b"a" * (documents.LARGEST_TEXT + 1), "partly"),
    "field.csv": (b'"' + b"a" * 200_000, "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_reported(tmp_path: Path, name: str) -> None:
    data, trouble = HOSTILE[name]
    path = put(tmp_path, name, data)
    assert ends(lambda: documents.read(path), 3).trouble == trouble


def test_what_came_before_the_trouble_counts(tmp_path: Path) -> None:
    data = docx(run(DASHED), word__header1_xml="<w:p")
    path = put(tmp_path, "a.docx", data)
    assert [kind for _, kind, _ in look(path)] == ["citizen-number"]
    assert documents.read(path).trouble == "damaged"


SOUND = {
    "pdf": pdf(said(DASHED), said(PHONE)),
    "docx": docx(run(DASHED), run(PHONE)),
    "xlsx": xlsx({"a": '<row><c r="A1" t="s"><v>0</v></c></row>'}, (DASHED,)),
}


@given(
    st.sampled_from(sorted(SOUND)), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=30), st.data()
)
def test_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, sort: str, changes: list[tuple[float, int]], data: st.DataObject
) -> None:
    damaged = bytearray(SOUND[sort])
    for where, value in changes:
        damaged[int(where * (len(damaged) - 1))] = value
    kept = data.draw(st.integers(len(damaged) // 2, len(damaged)))
    documents.read(put(tmp_path_factory.getbasetemp(), f"damaged.{sort}", bytes(damaged[:kept])))


def test_a_pdf_that_never_ends_takes_only_its_process_and_the_next_one_read(tmp_path: Path) -> None:
    # Twelve forms, each drawing the next one sixteen times.
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>/Length 96>>"
    form += b"stream\n%s\nendstream"
    forms = tuple(form % (7 + i, b"/X Do " * 16) for i in range(12))
    slow = put(tmp_path, "slow.pdf", pdf(b"/X Do", more=(*forms, form % (6, b"      " * 16))))
    sound = put(tmp_path, "sound.pdf", SOUND["pdf"])
    reader = pdftext.Reader(seconds=LONG)
    try:
        assert reader.read(sound).trouble == ""
        reader.seconds = 1  # it would take years
        assert reader.read(slow).trouble == "damaged"
        reader.seconds = LONG
        assert DASHED in reader.read(sound).texts[0]
    finally:
        reader.close()


def test_a_pdf_that_takes_too_long_is_left(tmp_path: Path) -> None:
    # No process starts in a millisecond.
    reader = pdftext.Reader(seconds=0.001)
    assert reader.read(put(tmp_path, "sound.pdf", SOUND["pdf"])).trouble == "damaged"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no such limit")
def test_a_pdf_that_unpacks_for_ever_fills_no_memory(tmp_path: Path) -> None:
    packer = zlib.compressobj(1)
    spaces = b"".join(packer.compress(b" " * 2**20) for _ in range(250)) + packer.flush()
    path = put(tmp_path, "bomb.pdf", pdf(spaces, packed=True))
    assert documents.read(path).trouble == "damaged"
    assert documents.read(put(tmp_path, "sound.pdf", SOUND["pdf"])).trouble == ""


# In a portfolio --------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Waiving(Answer):
    waived: Mapping[str, str] = dataclasses.field(default_factory=dict)


class SensitiveKind(Kind):
    sensitive: Text | None = None


FOLDER = "content/unit-a/mean-2570"
FRONT = "---\nevidence:\n- {kind: plan, title: แผนงาน, date: ๑ ต.ค. ๒๕๖๙, file: files/plan.pdf}\n---\n"


@pytest.fixture
def project(small: Sandbox) -> Sandbox:
    small.write(f"{FOLDER}/1.md", FRONT)
    small.path(f"{FOLDER}/files").mkdir()
    put(small.path(f"{FOLDER}/files"), "plan.pdf", pdf(said("plan")))
    return small


def portfolio(project: Sandbox, **waived: str) -> Portfolio:
    (found,) = load.load(project.root).project.portfolios
    given = {kind.replace("_", "-"): reason for kind, reason in waived.items()}
    fields = [field.name for field in dataclasses.fields(Answer) if field.name != "waived"]
    answers = {
        name: Waiving(**{field: getattr(answer, field) for field in fields}, waived=given)
        for name, answer in found.answers.items()
    }
    return dataclasses.replace(found, answers=answers)


def problems(project: Sandbox, *contacts: str, **waived: str) -> list[tuple[str, str, str]]:
    """Code, severity and place of each diagnostic."""
    found = privacy.check(privacy.search(project.root, portfolio(project, **waived), contacts))
    return [(d.code, d.severity, f"{d.place}:{d.place.column}") for d in diagnostics.sort(found)]


def test_the_sample_holds_none() -> None:
    loaded = load.load(ROOT).project
    for one in loaded.portfolios:
        searched = privacy.search(ROOT, one)
        assert searched.texts >= len(one.answers)
        assert searched.attachments or one.unit.startswith("demo-")  # these two have none
        assert list(privacy.check(searched)) == []
    assert list(privacy.check_units(ROOT, loaded)) == []


def test_body_and_front_matter_say_line_and_column(project: Sandbox) -> None:
    project.write(f"{FOLDER}/1.md", FRONT.replace("แผนงาน", f"แผน {PHONE}") + f"บรรทัดแรก\r\nเลข {DASHED}\r\n")
    assert problems(project) == [
        ("phone-found", "warning", f"{FOLDER}/1.md:3:27"),
        ("citizen-number-found", "error", f"{FOLDER}/1.md:6:5"),
    ]


def test_attachments_and_their_names(project: Sandbox) -> None:
    files = project.path(f"{FOLDER}/files")
    put(files, "plan.pdf", pdf(said(DASHED)))
    put(files, f"{CITIZEN}.txt", b"nothing")
    put(files, "old.doc", b"x")
    put(files, "locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    put(files, "scan.pdf", pdf(b"0 0 m"))
    put(files, "photo.jpg", b"x")
    assert problems(project) == [
        ("citizen-number-found", "error", f"{FOLDER}/files:1:1"),
        ("attachment-not-searched", "warning", f"{FOLDER}/files/locked.xlsx:1:1"),
        ("attachment-not-searched", "note", f"{FOLDER}/files/old.doc:1:1"),
        ("citizen-number-found", "error", f"{FOLDER}/files/plan.pdf:1:1"),
        ("attachment-not-searched", "note", f"{FOLDER}/files/scan.pdf:1:1"),
    ]
    searched = privacy.search(project.root, portfolio(project))
    assert searched.media == (f"{FOLDER}/files/photo.jpg",)
    assert searched.attachments == 2
    assert not any(CITIZEN in d.message(language) for d in privacy.check(searched) for language in messages.LANGUAGES)


def test_a_waiver_goes_for_its_kind_file_and_attachments(project: Sandbox) -> None:
    put(project.path(f"{FOLDER}/files"), "plan.pdf", pdf(said(f"{DASHED} {PHONE}")))
    put(project.path(f"{FOLDER}/files"), "other.pdf", pdf(said(PHONE)))
    project.write(f"{FOLDER}/2.md", f"---\nself_score: 1\n---\n{DASHED}\n")
    project.write(f"{FOLDER}/notes.md", DASHED)
    assert problems(project, citizen_number="เลขครุภัณฑ์") == [
        ("personal-data-waived", "note", f"{FOLDER}/2.md:4:1"),
        ("phone-found", "warning", f"{FOLDER}/files/other.pdf:1:1"),
        ("personal-data-waived", "note", f"{FOLDER}/files/plan.pdf:1:1"),
        ("phone-found", "warning", f"{FOLDER}/files/plan.pdf:1:1"),
        ("citizen-number-found", "error", f"{FOLDER}/notes.md:1:1"),
    ]


def test_the_reason_is_shown_and_repeats_nothing(project: Sandbox) -> None:
    project.write(f"{FOLDER}/1.md", FRONT + PHONE)
    searched = privacy.search(project.root, portfolio(project, phone=f"สายด่วน {PHONE}"))
    (waived,) = privacy.check(searched)
    assert "สายด่วน xxx-xxx-x678" in waived.message("th")
    assert searched.open == {}
    assert searched.waived == {("phone", "สายด่วน xxx-xxx-x678"): 1}


def test_the_units_own_contacts_may_be_repeated(project: Sandbox) -> None:
    project.write(f"{FOLDER}/1.md", FRONT + "โทร. +66 2 123 4567 หรือ Office@example.go.th หรือ 02-123-4568")
    assert [code for code, _, _ in problems(project, "0-2123-4567", "office@example.go.th")] == ["phone-found"]


def test_many_are_counted(project: Sandbox) -> None:
    project.write(f"{FOLDER}/1.md", FRONT + "\n".join([PHONE] * 25))
    found = problems(project)
    assert [code for code, _, _ in found] == ["phone-found"] * privacy.SHOWN + ["personal-data-more"]
    assert privacy.search(project.root, portfolio(project)).open == {"phone": 25}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_out_of_the_folder_are_not_followed(project: Sandbox) -> None:
    outside = put(project.root, "outside.txt", DASHED.encode())
    project.path(f"{FOLDER}/files/inside.txt").symlink_to(outside)
    assert problems(project) == []


def test_a_changed_attachment_is_read_again(project: Sandbox) -> None:
    assert problems(project) == []
    put(project.path(f"{FOLDER}/files"), "plan.pdf", pdf(said(f"{PHONE} now")))
    assert [code for code, _, _ in problems(project)] == ["phone-found"]


def test_unit_files_may_hold_contacts_but_no_citizen_number(small: Sandbox) -> None:
    small.write("content/unit-a/unit.yml", f"name: หน่วยงาน ก\nphone: {PHONE}\nemail: a1@b.co\nabout: {DASHED}\n")
    (found,) = privacy.check_units(small.root, load.load(small.root).project)
    assert (found.code, found.severity, str(found.place)) == (
        "citizen-number-found",
        "error",
        "content/unit-a/unit.yml:4",
    )


# Consent ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({}, True),
        ({"reference": ""}, False),  # a skeleton: nothing is shown yet
        ({"consent": ""}, True),
        ({"names": True}, True),
        ({"names": False}, False),
        ({"consent": "หนังสือยินยอม ๗ ฉบับ"}, False),
    ],
)
def test_consent(project: Sandbox, values: dict[str, str | bool], missing: bool) -> None:
    found = portfolio(project)
    why = Text(th="ความเชื่อในศาสนา", en="religious belief")
    kinds = {**found.rubric.kinds, "plan": SensitiveKind(title=Text(th="แผน", en="Plan"), sensitive=why)}
    rubric = found.rubric.model_copy(update={"kinds": kinds})
    shown: dict[str, str | bool] = {"kind": "plan", "title": f"ยกย่อง {PHONE}", "reference": "กส 1/2569"}
    record = Record("evidence", shown | values, Place("a.md", 4), "1", 1)
    other = Record("evidence", {"kind": "report", "title": "รายงาน"}, Place("a.md", 5), "1", 2)
    answer = dataclasses.replace(found.answers["1"], evidence=(record, other))
    changed = dataclasses.replace(found, rubric=rubric, answers={"1": answer})
    problems = list(privacy.consent(changed))
    assert [(d.code, d.severity, d.place) for d in problems] == (
        [("consent-missing", "warning", record.place)] if missing else []
    )
    for problem in problems:
        assert "religious belief" in problem.message("en")
        assert PHONE not in problem.message("th")


def test_no_consent_is_asked_where_nothing_is_sensitive(project: Sandbox) -> None:
    assert list(privacy.consent(portfolio(project))) == []


# What is said ----------------------------------------------------------------------------------------------------


def test_everything_has_its_words(project: Sandbox) -> None:
    files = project.path(f"{FOLDER}/files")
    put(files, "scan.pdf", pdf(b"0 0 m"))
    put(files, "photo.jpg", b"x")
    project.write(f"{FOLDER}/1.md", FRONT + f"{DASHED} a1@b.co {PHONE} 123-4-56789-0")
    searched = privacy.search(project.root, portfolio(project, phone="สายด่วน"))
    for language in messages.LANGUAGES:
        assert all(messages.say(sentence, language) for sentence in privacy.sentences(searched))
        for problem in privacy.check(searched):
            assert problem.message(language)
            assert problem.help(language)
    shown = " / ".join(messages.say(sentence, "en") for sentence in privacy.sentences(searched))
    assert "Searched: 1 text files, and the text of 1 attachments" in shown
    assert "citizen numbers (1)" in shown
    assert "telephone numbers (1); reason: สายด่วน" in shown


def test_a_page_says_that_nothing_was_found(project: Sandbox) -> None:
    keys = [sentence.key for sentence in privacy.sentences(privacy.search(project.root, portfolio(project)))]
    assert keys == [f"privacy.page.{key}" for key in ("searched", "looked_for", "nothing", "limits")]


def test_the_catalogue_knows_every_word() -> None:
    for language in messages.LANGUAGES:
        words = messages.catalogue(language)
        for kind in get_args(privacy.Kind):
            assert f"privacy.kind.{kind}" in words
            assert f"problem.{kind}-found.explain" in words
        for trouble in ("damaged", "encrypted", "partly", "no-text", "sort"):
            assert f"document.trouble.{trouble}" in words


def test_no_text_is_passed_over_that_holds_a_number() -> None:
    luck = random.Random(5)
    pieces = (*"0123456789๐๑๘-. ()+@a", *privacy._ALIKE, "08", "02-", "บัตร ", "โทร ", "บัญชี ", "x.y@a.go.th")
    found = 0
    for _ in range(30_000):
        text = "".join(luck.choices(pieces, k=luck.randint(9, 24)))
        plain = "".join(privacy._ALIKE.get(character, character) for character in text)
        if any((*privacy._numbers(plain, "โทร บัตร บัญชี"), *privacy._addresses(plain))):
            found += 1
            assert "@" in text or privacy._may_be_run(text), ascii(text)
    assert found > 300
