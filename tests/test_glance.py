"""Pages that look across units: heat maps, one indicator across units, work boards, galleries, charts and previews."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from lakthan import preview
from lakthan.cache import Cache
from lakthan.pages import fields
from tests.conftest import MEAN, ROOT, Sandbox


def read(project: Sandbox, page: str) -> str:
    return (project.docs / page).read_text(encoding="utf-8")


def cells(page: str) -> dict[str, list[tuple[str, str]]]:
    """The rows of the first heat map of a page: unit's address → tint and content of each cell."""
    table = re.split('<table class="lk-table lk-heat[^>]*>', page)[1].split("</table>", maxsplit=1)[0]
    rows = re.findall(r'<tr data-parent.*?<a href="([^"]+)">(.*?)</tr>', table)
    return {url: re.findall(r'<td class="h(.)">(.*?)</td>', rest) for url, rest in rows}


# Heat maps -------------------------------------------------------------------------------------------------------


def test_the_front_page_shows_every_unit_by_indicator(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "index.md")
    found = cells(page)
    assert found["dip-ict/moi-moral-2569/"] == [("3", "๓")] * 9
    dyeing = found["demo-dyeing/moi-moral-2569/"]
    assert [tint for tint, _ in dyeing] == ["3", "2", "2", "3", "2", "2", "2", "0", "0"]
    assert [content for _, content in dyeing][:2] == ["๓", "๒<small>ตน ๓</small>"]  # it gave itself another score


def test_a_wide_rubric_is_by_area_on_the_front_page_and_whole_on_its_own(as_it_is: Sandbox) -> None:
    boards = re.split(r'id="board-\d-list"', read(as_it_is, "index.md"))[:-1]
    # What an office filed, then by id: the standard has no areas; both lists and the wide rubric have seven.
    assert [board.count('class="lk-heat__col"') for board in boards] == [9, 14, 7, 7, 7]
    page = read(as_it_is, "rubrics/oae-unit-2567/units.md")
    (row,) = cells(page).values()
    assert len(row) == 41
    assert 'data-to="6.4/"' in page
    assert 'href="../6.4/"' in page


def test_units_stand_in_dictionary_order(small: Sandbox) -> None:
    for number, name in enumerate(("เกษตร", "ขนส่ง", "กฎหมาย")):
        small.write(f"content/unit-{number}/unit.yml", f"name: {{th: {name}, en: x}}\n")
        small.write(f"content/unit-{number}/mean-2570/1.md", "---\nself_score: 0\n---\n")
    small.generate()
    assert list(cells(read(small, "rubrics/mean-2570/units.md"))) == [
        "../../../unit-2/mean-2570/",
        "../../../unit-0/mean-2570/",
        "../../../unit-1/mean-2570/",
        "../../../unit-a/mean-2570/",
    ]


def test_rows_say_what_they_are_filtered_by(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "index.md")
    row = re.search(r'<tr data-parent="" data-level="level-2" data-rank="2" data-state="([^"]*)"', page)
    assert row
    assert row[1].split() == ["signed", "differs", "unanswered", "draft"]
    assert 'data-level="level-1" data-rank="1" data-state="unsigned unanswered draft"' in page
    # And in words, for those who do not run scripts or do not see the attributes.
    assert "ลงนามแล้ว · ประเมินตนเองไม่ตรง ๑ ข้อ · ยังไม่ตอบ ๑ ข้อ · ฉบับร่าง ๑ ข้อ" in page


def test_what_does_not_apply_is_no_zero(small: Sandbox) -> None:
    small.write("rubrics/mean-2570.yml", MEAN.replace("points: 7, when", "points: 7, may_not_apply: true, when"))
    small.write("content/unit-a/mean-2570/2.md", "---\nnot_applicable: ไม่มีงานนี้\n---\n")
    small.generate()
    (row,) = cells(read(small, "index.md")).values()
    assert row[:2] == [("3", "๑๐"), ("x", "–")]


# One indicator across units --------------------------------------------------------------------------------------


def test_all_answers_to_an_indicator_stand_in_one_place(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "rubrics/moi-moral-2569/2.md")
    units = re.findall(r'<details class="lk-more lk-answer" id="unit-([^"]+)"', page)
    assert units == ["dip-ict", "demo-standards", "demo-dyeing"]
    said = as_it_is.words("rubrics/moi-moral-2569/2.md")
    for text in ("เป้าหมาย 11 โครงการ 12 กิจกรรม", "ตารางเป้าหมาย 3 กิจกรรม", "ข้อควรทำและไม่ควรทำในห้องทดลอง"):
        assert text in said
    assert "เลือกวินัยและสุจริตเป็นหลัก" in said  # a unit's own account
    assert "จาก 2 เป็น 3 คะแนน" in said  # what is missing
    assert 'href="../../../dip-ict/moi-moral-2569/2/"' in page
    assert 'data-points="2.0"' in page


def test_from_an_indicator_to_the_same_one_of_other_units(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "demo-standards/moi-moral-2569/2.md").split("lk-pager--units")[1].split("</nav>")[0]
    assert re.findall('href="([^"]+)"', page) == [
        "../../../dip-ict/moi-moral-2569/2/",
        "../../../rubrics/moi-moral-2569/2/#unit-demo-standards",
        "../../../demo-dyeing/moi-moral-2569/2/",
    ]


def test_an_indicator_that_nobody_answered_has_its_page(small: Sandbox) -> None:
    small.write("rubrics/other-2571.yml", MEAN.replace("mean-2570", "other-2571"))
    small.generate()
    assert "ยังไม่มีหน่วยงานใด" in small.words("rubrics/other-2571/1.md")
    assert not (small.docs / "rubrics/other-2571/units.md").exists()


@pytest.mark.parametrize("name", ["units", "board", "practice"])
def test_an_indicator_cannot_take_the_name_of_these_pages(small: Sandbox, name: str) -> None:
    small.write("rubrics/mean-2570.yml", MEAN.replace('id: "7"', f"id: {name}"))
    assert "rubric-id-taken" in [one["code"] for one in small.problems(status=1)]


# Charts ----------------------------------------------------------------------------------------------------------


def figure(page: str, name: str) -> str:
    """The chart of a page whose title has that id."""
    (found,) = (one for one in page.split("<figure")[1:] if f'id="{name}-title"' in one)
    return found.split("</figure>", maxsplit=1)[0]


def test_levels_are_steps_with_what_is_short(as_it_is: Sandbox) -> None:
    chart = figure(read(as_it_is, "demo-dyeing/moi-moral-2569/index.md"), "steps")
    # 7 of 9, 14 of 18, 16 of 27 points; the third level asks for 21.
    assert re.findall(r'lk-chart__solid"[^>]* y="([\d.]+)" height="([\d.]+)"', chart) == [
        ("74.07", "25.93"),
        ("48.15", "51.85"),
        ("40.74", "59.26"),
    ]
    assert re.findall(r'lk-chart__short">([^<]+)', chart) == ["ขาด ๕ คะแนน"]
    assert "<title" in chart
    assert "<desc" in chart


def test_the_waterfall_adds_up(as_it_is: Sandbox) -> None:
    chart = figure(read(as_it_is, "demo-dyeing/moi-moral-2569/index.md"), "waterfall")
    rows = re.findall(r"<tr><th[^>]*>.*?</th>(.*?)</tr>", chart.split("<tbody>")[1])
    numbers = [re.findall(r'lk-num">([^<]*)<', row) for row in rows]
    assert numbers[1] == ["๒", "๑", "๕"]
    assert numbers[-1] == ["๑๖", "๑๑", "๑๖"]
    assert len(numbers) == 9 + 1
    # By area where there are many indicators.
    assert figure(read(as_it_is, "oae-demo/oae-unit-2567/index.md"), "waterfall").count("lk-chart__open") == 7 + 1


def test_a_mean_has_no_waterfall(small: Sandbox) -> None:
    small.generate()
    assert "waterfall" not in read(small, "unit-a/mean-2570/index.md")


def test_the_windows_of_the_rounds_are_drawn_into_the_points_over_time(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "oae-demo/oae-unit-2567/index.md")
    said = as_it_is.words("oae-demo/oae-unit-2567/index.md")
    assert "รอบ 6 เดือน 1 ส.ค. 2566 – 28 ก.พ. 2567" in said
    assert len(re.findall(r'<rect class="lk-chart__span', page)) == 2


def test_an_edition_is_compared_with_the_one_before(small: Sandbox) -> None:
    text = MEAN.replace("mean-2570", "mean-2571").replace("year: 2570", "year: 2571")
    text = text.replace('id: "2", title', 'id: "2b", continues: ["mean-2570:2"], title')
    text = text.replace('id: "1", title', 'id: "1b", continues: ["mean-2569:1", "mean-2570:1"], title')
    small.write("rubrics/mean-2571.yml", text)
    proof = "reference: ที่ 1/2570}\n---\n"
    small.write(
        "content/unit-a/mean-2571/2b.md", f"---\nevidence:\n- {{kind: report, title: x, date: 2570-01-05, {proof}"
    )
    small.generate()
    page = read(small, "unit-a/mean-2571/index.md").split("{ #edition-1 }")[1].split("\n## ")[0]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", page)
    assert len(rows) == 2  # what continues nothing, or an edition that this unit has none of, is not compared
    assert [re.findall(r"<title>|aria-label=\"([^\"]+)\"", row)[-1] for row in rows] == [
        "เดิมร้อยละ ๑๐๐ ปัจจุบันร้อยละ ๐",
        "เดิมร้อยละ ๐ ปัจจุบันร้อยละ ๑๐๐",
    ]
    assert "−๑๐๐" in rows[0]
    assert "+๑๐๐" in rows[1]
    assert 'href="../mean-2570/2/"' in rows[1]
    assert "#edition-" not in read(small, "unit-a/mean-2570/index.md")


# Work boards and good practice -----------------------------------------------------------------------------------


def pieces(page: str) -> list[tuple[str, str, str, str]]:
    """The rows of a work board: indicator, what, who and state."""
    rows = re.findall(r'<tr data-state="([^"]+)".*?/([\w.]+)/">[^<]*</a></th> (.*?)</tr>', page)
    found = []
    for state, name, rest in rows:
        what, who, *_ = re.findall(r"<td[^>]*>(.*?)</td>", rest)
        found.append((name, re.sub("<[^>]+>", "", what), re.sub("<[^>]+>", "", who), state))
    return found


def test_the_work_board_lists_what_is_missing_or_unfinished(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "demo-dyeing/moi-moral-2569/board.md")
    found = pieces(page)
    assert ("3", "เพิ่มอีก ๑ ฉบับ: คำสั่งแต่งตั้งคณะกรรมการหรือคณะทำงาน", "ฝ่ายแผนงาน", "missing") in found
    assert ("8", "คำตอบของข้อนี้", "ฝ่ายถ่ายทอดเทคโนโลยี", "draft") in found
    assert ("8", "ร่างคู่มือย้อมสีธรรมชาติ", "ฝ่ายถ่ายทอดเทคโนโลยี", "draft") in found
    assert ("9", "คำตอบของข้อนี้", "ยังไม่ระบุ", "missing") in found
    assert not [one for one in found if one[0] in ("1", "4")]  # all is there
    counts = re.findall(r"<dd>([๐-๙]+)</dd>", page.split("lk-figures")[1].split("</dl>")[0])
    assert len(found) == 11
    assert counts == ["๙", "๒", "๐", "๑๒", "๐"]
    assert page.count('datetime="2026-09-30"') == 11


def test_a_finished_portfolio_has_an_empty_board(as_it_is: Sandbox) -> None:
    assert "ไม่มีสิ่งที่ขาดหรือค้างอยู่" in as_it_is.words("dip-ict/moi-moral-2569/board.md")


def test_evidence_that_does_not_count_is_work_to_do(sample: Sandbox) -> None:
    sample.replace("content/demo-dyeing/moi-moral-2569/1.md", "2568-11-20", "2567-11-20")
    sample.generate()
    found = pieces(read(sample, "demo-dyeing/moi-moral-2569/board.md"))
    (piece,) = (one for one in found if one[0] == "1" and one[3] == "draft")
    assert piece[1].startswith("ประกาศเจตนารมณ์ของศูนย์")
    assert "ก่อนเริ่มช่วงประเมิน" in piece[1]


def test_the_gallery_shows_what_units_at_full_points_did(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "rubrics/moi-moral-2569/practice.md")

    def section(name: str) -> str:
        return page.split(f'id="indicator-{name}"')[1].split("</section>")[0]

    assert re.findall(r'<h4><a href="../../../([\w-]+)/', section("1")) == ["dip-ict", "demo-standards", "demo-dyeing"]
    assert re.findall(r'<h4><a href="../../../([\w-]+)/', section("2")) == ["dip-ict"]
    assert "ติดไว้ที่ทางเข้าห้องสอบเทียบทุกห้อง" in section("1")
    gallery = read(as_it_is, "rubrics/oae-unit-2567/practice.md")
    assert "ยังไม่มีหน่วยงานใดได้คะแนนเต็ม" in gallery.split('id="indicator-6.4"')[1].split("</section>")[0]


# Previews --------------------------------------------------------------------------------------------------------

PDF = ROOT / "content/dip-ict/moi-moral-2569/files/action-plan-placeholder.pdf"


def drawn(path: Path) -> preview.Preview | None:
    return preview.preview(path, path.read_bytes(), Cache())


def test_the_first_page_of_a_pdf_is_drawn_the_same_each_time() -> None:
    found = drawn(PDF)
    assert found
    assert max(found.width, found.height) == 480
    image = Image.open(io.BytesIO(found.content)).convert("L")
    assert image.size == (found.width, found.height)
    assert len(set(image.tobytes())) > 20  # letters on paper
    preview.painter.close()
    assert drawn(PDF) == found


def test_a_picture_is_made_small_and_upright_and_loses_what_it_says_of_its_maker(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    picture = Image.new("RGB", (1000, 500), "red")
    exif = picture.getexif()
    exif[0x0112] = 6  # a camera held on its side
    exif[0x010F] = "Maker"
    picture.save(path, exif=exif)
    found = drawn(path)
    assert found
    assert (found.width, found.height) == (240, 480)
    assert b"Maker" not in found.content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.7\n%%EOF\n"),
        ("a.pdf", b""),
        ("a.png", b"\x89PNG\r\n\x1a\n but no more"),
        ("a.docx", b"PK"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_what_cannot_be_drawn_has_no_preview(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert drawn(path) is None
    assert drawn(PDF)  # and the next one has


def test_a_file_that_keeps_the_painter_busy_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = preview.Painter()
    painter.seconds = 0.0
    monkeypatch.setattr(preview, "painter", painter)
    assert drawn(PDF) is None


def test_pages_show_previews_that_shift_nothing(as_it_is: Sandbox) -> None:
    page = read(as_it_is, "dip-ict/moi-moral-2569/2.md")
    images = re.findall(r"<img [^>]+>", page)
    assert len(images) == 3
    for image in images:
        assert 'loading="lazy"' in image
        assert re.search(r'width="\d+" height="\d+"', image)
        assert re.search(r'alt="หน้าแรกของ[^"]+"', image)
        source = re.search(r'src="../(files|previews)/files/([^"]+)"', image)
        assert source
        assert (as_it_is.docs / "dip-ict/moi-moral-2569/previews/files" / source[2]).is_file()
    assert 'alt="ภาพไลน์กลุ่ม ศส.กสอ."' in read(as_it_is, "dip-ict/moi-moral-2569/9.md")
    # The English page shows the same files.
    assert 'src="../../../../dip-ict/moi-moral-2569/previews/files/' in read(as_it_is, "en/dip-ict/moi-moral-2569/2.md")


@pytest.mark.parametrize(
    ("url", "video"),
    [
        ("https://www.youtube.com/watch?v=x", True),
        ("https://youtu.be/x", True),
        ("https://www.facebook.com/office/videos/12", True),
        ("https://www.facebook.com/office", False),
        ("https://youtube.com.example/watch?v=x", False),
        ("javascript:alert('https://youtu.be/x')", False),
    ],
)
def test_a_video_is_a_card_and_no_player(url: str, video: bool) -> None:
    assert bool(fields.VIDEO.search(url)) is video


# What reviewers said ---------------------------------------------------------------------------------------------


def test_what_reviewers_said_is_marked_beside_the_points(small: Sandbox) -> None:
    small.run("new", "review", "unit-a", "mean-2570", "--name", "group-1", "--today", "2570-03-01")
    path = small.path("content/unit-a/mean-2570/reviews/group-1.yml")
    text = path.read_text(encoding="utf-8")
    before, mark, after = text.partition("evidence: evidence-1")
    after = re.sub(r"verdict:[^\n]*", "verdict: reject\n  reason: ไม่มีลายมือชื่อ", after, count=1)
    path.write_text(before + mark + after, encoding="utf-8")
    small.generate()
    (row,) = cells(read(small, "rubrics/mean-2570/units.md")).values()
    assert row[0] == ("3", "๑๐<small>ตรวจ ๐</small>")
    assert "ตรวจแล้ว · ผู้ตรวจให้คะแนนต่าง ๑ ข้อ" in read(small, "rubrics/mean-2570/units.md")
    assert "คะแนนที่ตรวจแล้ว ๐" in read(small, "rubrics/mean-2570/1.md")
    returned = [piece for piece in pieces(read(small, "unit-a/mean-2570/board.md")) if piece[3] == "returned"]
    assert [(name, what) for name, what, _, _ in returned] == [("1", "แผนงานผู้ตรวจ: ไม่มีลายมือชื่อ")]
