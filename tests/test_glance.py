"""Pages that look across units: heat maps, one indicator across units, work boards, galleries, charts and previews."""

from __future__ import annotations

import re

import pytest

from tests.conftest import MEAN, Sandbox


def read(project: Sandbox, page: str) -> str:
    return (project.docs / page).read_text(encoding="utf-8")


def cells(page: str) -> dict[str, list[tuple[str, str]]]:
    """The rows of the first heat map of a page: unit's address → tint and content of each cell."""
    table = page.split('<table class="lk-table lk-heat">')[1].split("</table>", maxsplit=1)[0]
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
    home = read(as_it_is, "index.md").split('id="board-2-list"')[0]
    assert home.count('class="lk-heat__col"') == 9 + 7
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


@pytest.mark.parametrize("name", ["units", "work", "practice"])
def test_an_indicator_cannot_take_the_name_of_these_pages(small: Sandbox, name: str) -> None:
    small.write("rubrics/mean-2570.yml", MEAN.replace('id: "7"', f"id: {name}"))
    assert "rubric-id-taken" in [one["code"] for one in small.problems(status=1)]
