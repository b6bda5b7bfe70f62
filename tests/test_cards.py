"""Preview cards and QR codes: what they show, for whom they are made, and that hostile texts stay texts."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import segno
from PIL import Image

from lakthan import build, cards, messages, writer
from lakthan.cache import Cache
from lakthan.pages import codes
from tests.conftest import ROOT, Sandbox

ADDRESS = "https://example.go.th/portfolio/"
HOSTILE = '</title><script>evil()</script>#import "x" $x$ *b* ' + "ชื่อยาวมาก" * 12
TEMPLATES = [ROOT / "site_templates"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def addressed(small: Sandbox) -> Sandbox:
    """The small project on a site that knows its address, with a hostile name and two channels."""
    small.write("content/site.yml", f"title: แฟ้ม\ndescription: x\npublisher: y\naddress: {ADDRESS}\n")
    small.write("content/unit-a/unit.yml", f"name: {{th: {json.dumps(HOSTILE)}, en: Unit A}}\n")
    small.write(
        "content/unit-a/mean-2570/portfolio.md",
        "---\nchannels:\n"
        "- {kind: website, name: '<b>เว็บ</b>', scope: external, url: 'https://office.example.go.th/'}\n"
        "- {kind: board, name: บอร์ด, scope: internal, reference: ที่ ๑}\n---\n",
    )
    small.generate()
    return small


def test_cards_are_pictures_of_the_size_that_is_asked_for(addressed: Sandbox) -> None:
    found = sorted(path.relative_to(addressed.docs).as_posix() for path in addressed.docs.rglob(cards.NAME))
    assert found == ["unit-a/mean-2570/1/card.png", *(f"unit-a/mean-2570/{n}/card.png" for n in range(2, 8)),
                     "unit-a/mean-2570/card.png"]  # fmt: skip
    for name in found:
        with Image.open(addressed.docs / name) as picture:
            assert (picture.format, picture.size) == ("PNG", cards.SIZE)
    page = (addressed.docs / "unit-a/mean-2570/1.md").read_text(encoding="utf-8")
    assert 'card: "unit-a/mean-2570/1/card.png"' in page


def test_a_card_says_what_the_page_says(as_it_is: Sandbox) -> None:
    examined = build.examine(as_it_is.root)
    (assessment,) = (one for one in examined.assessments if one.portfolio.id == "dip-ict/moi-moral-2569")
    card = cards.document(examined.project, assessment)
    assert (card["points"], card["of"], card["share"]) == ("๒๗", "จาก ๒๗ คะแนน", 1.0)
    assert card["mark"] == ""
    assert cards.document(examined.project, assessment, "1")["title"].startswith("๑. ")


def test_the_same_card_is_the_same_picture_and_another_is_not(as_it_is: Sandbox) -> None:
    examined = build.examine(as_it_is.root)
    data = cards.document(examined.project, examined.assessments[0])
    first = cards.make(data, TEMPLATES, Cache())
    assert cards.make(data, TEMPLATES, Cache()) == first
    other = cards.make({**data, "points": "๙๙"}, TEMPLATES, Cache())
    with Image.open(io.BytesIO(first)) as one, Image.open(io.BytesIO(other)) as two:
        assert one.tobytes() != two.tobytes()


def test_cards_are_drawn_together_and_only_those_that_are_missing(
    addressed: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = cards._Cards._draw

    def counted(self: cards._Cards, numbers: list[int]) -> list[bytes]:
        drawn.append(len(numbers))
        return draw(self, numbers)

    monkeypatch.setattr(cards._Cards, "_draw", counted)

    def made(cache: Cache) -> list[bytes]:
        examined = build.examine(addressed.root)
        return [make() for _, make in cards.files(examined.project, examined.assessments, TEMPLATES, cache)]

    cache = Cache(tmp_path)
    first = made(cache)
    assert drawn == [8]
    assert made(cache) == first
    assert drawn == [8]
    addressed.replace("rubrics/mean-2570.yml", '"1", title: {th: แผน,', '"1", title: {th: แผนงาน,')
    second = made(cache)
    assert drawn == [8, 1]
    assert sum(one != other for one, other in zip(first, second, strict=True)) == 1
    assert made(Cache()) == second


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("#card(json(bytes(sys.inputs.data)))", "cannot access fields"),  # as it was, one card at a time
        ("#card(json(bytes(sys.inputs.data)).first())", "1 ≠ 8"),
        ("#include(none)", "expected"),
    ],
    ids=["as before", "one page", "mistaken"],
)
def test_a_template_that_makes_no_card_of_each_is_told_what_it_has_to_make(
    addressed: Sandbox, last: str, why: str
) -> None:
    shipped = (ROOT / "site_templates/cards/card.typ").read_text(encoding="utf-8")
    addressed.write("site_templates/cards/card.typ", shipped.partition("#for (number, data)")[0] + last)
    with pytest.raises(writer.Unmade) as unmade:
        addressed.generate()
    said = messages.say(unmade.value.message, "en")
    assert "cards/card.typ" in said
    assert why in said
    assert "a page for each" in said


def test_without_an_address_there_are_no_cards_and_the_sheet_says_why(as_it_is: Sandbox) -> None:
    assert list(as_it_is.docs.rglob(cards.NAME)) == []
    sheet = as_it_is.words("dip-ict/moi-moral-2569/qr.md")
    assert "ยังไม่ได้ระบุที่อยู่ที่เผยแพร่เว็บไซต์" in sheet
    assert list((as_it_is.docs / "dip-ict/moi-moral-2569/qr").glob("channel-*.svg"))


def test_every_page_and_channel_has_its_code(addressed: Sandbox) -> None:
    folder = addressed.docs / "unit-a/mean-2570/qr"
    wanted = {"portfolio": f"{ADDRESS}unit-a/mean-2570/", "channel-1": "https://office.example.go.th/"}
    wanted |= {str(n): f"{ADDRESS}unit-a/mean-2570/{n}/" for n in range(1, 8)}
    assert {path.stem for path in folder.iterdir()} == set(wanted)
    for name, address in wanted.items():
        root = ET.fromstring((folder / f"{name}.svg").read_bytes())
        assert root.tag == f"{SVG}svg"
        assert root.findtext(f"{SVG}title"), name
        drawn = "".join(path.get("d", "") for path in root.iter(f"{SVG}path"))
        made = io.BytesIO()
        segno.make_qr(address, error="m").save(made, kind="svg", border=4, scale=8, light="#fff")
        assert drawn == "".join(path.get("d", "") for path in ET.fromstring(made.getvalue()).iter(f"{SVG}path")), name
    root = ET.fromstring((folder / "portfolio.svg").read_bytes())
    assert root.findtext(f"{SVG}title", "").startswith("</title><script>")
    assert {element.tag for element in root.iter()} <= {f"{SVG}svg", f"{SVG}title", f"{SVG}path", f"{SVG}g"}


def test_the_sheet_shows_each_code_with_its_address(addressed: Sandbox) -> None:
    for name, folder in (("unit-a/mean-2570/qr.md", ""), ("en/unit-a/mean-2570/qr.md", "en/")):
        page = (addressed.docs / name).read_text(encoding="utf-8")
        assert page.count("lk-qr__code") == 9
        assert f"{ADDRESS}{folder}unit-a/mean-2570/1/" in page
        assert "<script" not in page
        assert "<b>เว็บ" not in page
        assert len(re.findall(r"<svg[^>]*lk-qr__code[^>]*><title[ >]", page)) == 9


def test_an_address_too_long_for_any_code_has_none() -> None:
    code = {"name": "x", "address": f"https://example.go.th/{'x' * 3000}", "title": "x", "about": ""}
    assert codes._drawn(code)["picture"] == ""
    assert ET.fromstring(codes._file(code)).tag == f"{SVG}svg"
