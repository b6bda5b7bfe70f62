"""The two rubrics against figures copied by hand from their source documents.

A table here is what the printed page says; where a figure is derived or assumed, the rubric marks it so.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
import yaml

from lakthan import build, load, names, rubric
from lakthan.model import Assessment
from lakthan.rubric import Area, Criterion, Indicator, Rubric
from tests.conftest import ROOT

PROJECT = load.load(ROOT).project
MOI = PROJECT.rubrics["moi-moral-2569"]
OAE = PROJECT.rubrics["oae-unit-2567"]
BOTH = pytest.mark.parametrize("found", [MOI, OAE], ids=lambda found: found.id)

SIGNS = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<"}


def leaves(found: Rubric) -> Iterator[tuple[str, Criterion]]:
    """Each leaf with its path."""
    for indicator in found.every_indicator():
        yield from ((name, leaf) for _, name, leaf in names.leaves((), indicator.id, indicator))


def points(value: Fraction | None) -> str:
    return "–" if value is None else f"{float(value):g}"


def figures(criterion: Criterion) -> str:
    """Every number, date and calendar unit in the conditions of a criterion, in order, with its operator."""
    out: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in SIGNS:
                    out.append(f"{SIGNS[key]} {value:g}")
                elif key == "before":
                    out.append(f"before {value}")
                elif key == "each":
                    out.append(f"each {value}")
                elif key == "from_":
                    out.append(f"from {value}")
                else:
                    walk(value)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk([condition.model_dump(mode="json", exclude_none=True) for condition in criterion.when])
    return ", ".join(out)


# Ministry of Industry 2569 ---------------------------------------------------------------------------------------

LADDERS = {
    # indicator: figures of the 3-, 2- and 1-point column
    "1": ("≥ 80", "≥ 70", "≥ 60"),  # share of signatories; printed as 80% ขึ้นไป, 70 – 79.99%, 60 – 69.99%
    "2": ("≥ 5, ≥ 5, ≥ 5", "≥ 3, ≥ 3, ≥ 3", "≥ 2, ≥ 2, ≥ 2"),  # projects or activities, virtues
    "3": ("", "", ""),
    "4": ("≥ 70", "≥ 60", "≥ 50"),  # success of every activity
    "5": ("", "", ""),
    "6": ("≥ 1, ≥ 1, ≥ 2", "≥ 1, ≥ 1", "≥ 1"),  # persons, units; "various" channels is assumed to be two kinds
    "7": ("≥ 90", "≥ 80", "≥ 70"),
    "8": ("≥ 2", "≥ 1", ""),  # kinds of media
    "9": ("≥ 3", "≥ 2", ""),  # channels outside
}

DOCUMENTS = {
    # indicator: kinds of evidence that the 3-, 2- and 1-point column ask for beside the numbers
    "1": ("declaration", "declaration", "declaration"),
    "2": (
        "goals_plan virtue_announcement do_dont",
        "goals_plan virtue_announcement",
        "goals_plan virtue_announcement",
    ),
    "3": ("action_plan assignment appointment_order", "action_plan assignment", "action_plan"),
    "4": ("follow_up_report", "follow_up_report", "follow_up_report"),
    "5": (
        "follow_up_report improvement_record lessons_learned",
        "follow_up_report improvement_record",
        "follow_up_report",
    ),
    "6": ("internal_channels external_channels", "internal_channels", ""),
    "7": (
        "follow_up_report_2 atmosphere_record behaviour_record",
        "follow_up_report_2 atmosphere_record",
        "follow_up_report_2",
    ),
    "8": ("knowledge_book", "knowledge_book", "knowledge_book"),
    "9": ("internal_channels internal_channels",) * 3,
}


def test_the_ladders_of_the_ministry() -> None:
    assert [one.id for one in MOI.every_indicator()] == list(LADDERS)
    for indicator in MOI.every_indicator():
        assert indicator.award == "highest"
        assert [points(rung.points) for rung in indicator.criteria] == ["3", "2", "1", "0"]
        *rungs, nothing = indicator.criteria
        assert tuple(figures(rung) for rung in rungs) == LADDERS[indicator.id], indicator.id
        asked = tuple(" ".join(c.has for c in rung.when if isinstance(c, rubric.Has)) for rung in rungs)
        assert asked == DOCUMENTS[indicator.id], indicator.id
        assert nothing.when == ()


def test_success_is_asked_of_every_activity_of_the_plan() -> None:
    for name, field in (("4", "success_first"), ("7", "success_second")):
        (indicator,) = (one for one in MOI.every_indicator() if one.id == name)
        for rung in indicator.criteria[:3]:
            (every,) = (condition for condition in rung.when if isinstance(condition, rubric.Every))
            assert (every.every, every.of, list(every.where)) == ("activities", "planned_activities", [field])


def test_the_gates_and_subtotals_of_the_form() -> None:
    gates = [(one.id, one.nodes, points(one.each_at_least), points(one.total_at_least)) for one in MOI.levels]
    assert gates == [
        ("level-1", tuple("123"), "2", "7"),
        ("level-2", tuple("123456"), "2", "14"),
        ("level-3", tuple("123456789"), "2", "21"),
    ]
    # As printed: no level presupposes a lower one, and none asks for a percentage.
    assert all(one.requires == () and one.percent_at_least is None for one in MOI.levels)
    assert [one.nodes for one in MOI.subtotals] == [
        tuple("123"),
        tuple("456"),
        tuple("123456"),
        tuple("789"),
        tuple("123456789"),
    ]
    assert [points(MOI.max), points(rubric.maximum(MOI))] == ["27", "27"]


def test_the_year_and_the_virtues_of_the_form() -> None:
    assert MOI.period is not None
    assert (MOI.period.from_, MOI.period.to) == (datetime.date(2025, 10, 1), datetime.date(2026, 9, 30))
    virtues = MOI.registers["target_virtues"].fields["virtue"].choices
    assert [title.th for title in virtues.values()][2:] == ["พอเพียง", "วินัย", "สุจริต", "จิตอาสา", "กตัญญู"]
    assert len(virtues) == 7
    assert {one.id for one in MOI.readings} == {"virtues-strict", "external-public", "before-signature"}


# OAE 2567 --------------------------------------------------------------------------------------------------------

AREAS = {
    "1": "26", "1.1": "10", "1.2": "8", "1.3": "8",
    "2": "6",
    "3": "8",
    "4": "16", "4.1": "4", "4.2": "12",
    "5": "10",
    "6": "14",
    "7": "40", "7.1": "6",
}  # fmt: skip

ITEMS = {
    # item: maximum, of it in the 6-month and in the 12-month round
    "1.1.1": (2, 2, 0),
    "1.1.2": (2, 1, 1),
    "1.1.3": (2, 0, 2),
    "1.1.4": (4, 1, 3),
    "1.2.1": (4, 4, 0),
    "1.2.2": (2, 1, 1),
    "1.2.3": (2, 0, 2),
    "1.3.1": (4, 4, 0),
    "1.3.2": (2, 1, 1),
    "1.3.3": (2, 0, 2),
    "2.1": (2, 2, 0),
    "2.2": (2, 1, 1),
    "2.3": (2, 2, 0),
    "3.1": (4, 2, 2),
    "3.2": (2, 2, 0),
    "3.3": (2, 1, 1),
    "4.1.1": (4, 2, 2),
    "4.2.1": (2, 2, 0),
    "4.2.2": (2, 1, 1),
    "4.2.3": (6, 2.5, 3.5),
    "4.2.4": (2, 0.5, 1.5),
    "5.1": (2, 0.5, 1.5),
    "5.2": (2, 1, 1),
    "5.3": (2, 1, 1),
    "5.4": (2, 2, 0),
    "5.5": (2, 0, 2),
    "6.1": (4, 2, 2),
    "6.2": (2, 0, 2),
    "6.3": (4, 2, 2),
    "6.4": (2, 0, 2),
    "6.5": (2, 1, 1),
    "7.1.1": (2, 2, 0),
    "7.1.2": (2, 1, 1),
    "7.1.3": (2, 1, 1),
    "7.2": (2, 1, 1),
    "7.3": (10, 10, 0),
    "7.4": (10, 0, 10),
    "7.5": (2, 1.5, 0.5),
    "7.6": (2, 1, 1),
    "7.7": (2, 1, 1),
    "7.8": (6, 0, 6),
}

STEPS = {
    # item: round and points of each step, in the order of the text
    "1.1.1": "6m 2",
    "1.1.2": "6m 1, 12m 0.5, 12m 0.5",
    "1.1.3": "12m 1, 12m 1",
    "1.1.4": "6m 1, 12m 3",
    "1.2.1": "6m 4",
    "1.2.2": "6m 1, 12m 0.5, 12m 0.5",
    "1.2.3": "12m 1, 12m 1",
    "1.3.1": "6m 4",
    "1.3.2": "6m 1, 12m 0.5, 12m 0.5",
    "1.3.3": "12m 1, 12m 1",
    "2.1": "6m 2",
    "2.2": "6m 1, 12m 1",
    "2.3": "6m 2",
    "3.1": "6m 1, 6m 1, 12m 2",
    "3.2": "6m 2",
    "3.3": "6m 0.5, 6m 0.5, 12m 1",
    "4.1.1": "6m 1, 6m 1, 12m 2",
    "4.2.1": "6m 2",
    "4.2.2": "6m 1, 12m 1",
    "4.2.3": "6m 2.5, 12m 3.5",
    "4.2.4": "6m 0.5, 12m 0.5, 12m 1",
    "5.1": "6m 0.5, 12m 0.5, 12m 1",
    "5.2": "6m 1, 12m 1",
    "5.3": "6m 1, 12m 1",
    "5.4": "6m 2",
    "5.5": "12m 2",
    "6.1": "6m 1, 6m 1, 12m 2",
    "6.2": "12m 2",
    "6.3": "6m 2, 12m 2",
    "6.4": "12m 2",
    "6.5": "6m 1, 12m 0.5, 12m 0.5",
    "7.1.1": "6m 2",
    "7.1.2": "6m 1, 12m 0.5, 12m 0.5",
    "7.1.3": "6m 1, 12m 0.5, 12m 0.5",
    "7.2": "6m 1, 12m 1",
    "7.3": "6m 10, 6m 9, 6m 8, 6m 6, 6m 4, 6m 4, 6m 3, 6m 2, 6m 2, 6m 1",
    "7.4": "12m 10, 12m 9, 12m 8, 12m 6, 12m 4, 12m 2",
    "7.5": "6m 1, 6m 0.5, 12m 0.5",
    "7.6": "6m 1, 12m 1",
    "7.7": "6m 1, 12m 0.5, 12m 0.5",
    "7.8": "12m 1, 12m 2.5, 12m 2.5",
}

THRESHOLDS = {
    # step: its figures; a step that is not here asks for documents only
    "1.1.2/once": "≥ 1",
    "1.1.2/twice": "≥ 2",
    "1.1.4/every-quarter": "each quarter, each month",  # ในทุกๆไตรมาส หรือทุกเดือน
    "1.2.2/once": "≥ 1",
    "1.2.2/twice": "≥ 2",
    "1.3.2/once": "≥ 1",
    "1.3.2/twice": "≥ 2",
    "2.2/once": "≥ 1",
    "2.2/three-times": "≥ 3",
    "3.1/monthly": "each month",
    "4.1.1/summary": "≥ 1",  # อย่างน้อย 1 เดือน
    "4.2.2/once": "≥ 1",
    "4.2.2/twice": "≥ 2",
    "4.2.3/share": "≥ 3, ≥ 1",  # assumed
    "4.2.3/full": "≥ 7, ≥ 2",  # ภายใน อย่างน้อย 7 ครั้ง ภายนอก อย่างน้อย 2 ครั้ง
    "4.2.4/half": "≥ 50",  # ไม่น้อยกว่าร้อยละ 50
    "4.2.4/three-quarters": "≥ 75",
    "5.1/some": "≥ 1",
    "5.1/quarter": "> 25",  # เกินร้อยละ 25
    "5.1/half": "> 50",
    "6.1/each": "≥ 1",
    "6.1/half-have-two": "≥ 50, ≥ 2",  # อย่างน้อยครึ่งหนึ่ง
    "6.1/two-each": "≥ 2",
    "6.3/each": "≥ 1, ≥ 50, ≥ 2",
    "6.3/two-each": "≥ 2",
    "6.5/one": "≥ 1",
    "6.5/two": "≥ 2",
    "6.5/three": "≥ 3",
    "7.1.1/announced": "≥ 3",
    "7.1.2/all-held": "≥ 1",
    "7.1.3/sent": "before 2024-08-25",  # ก่อนเวลาที่กำหนด 25 ส.ค.
    "7.2/two-each": "≥ 2",
    "7.2/four-each": "≥ 4",
    "7.5/one-activity": "≥ 1",
    "7.5/two-activities": "≥ 2",
    "7.6/one": "≥ 1",
    "7.6/two": "≥ 2",
    "7.8/main-menus": "≥ 3",
    "7.8/sub-menus": "≥ 5",
    "7.8/news": "≥ 5",
}

OTHERWISE = {
    # reading: the figures of the steps that it replaces
    "every-follow-up-presented": {"1.1.2/presented": "≥ 2", "1.2.2/presented": "≥ 2", "1.3.2/presented": "≥ 2"},
    "quarters-of-2567": {"1.1.4/every-quarter": "each quarter, from 2023-10-01, each month, from 2023-10-01"},
    "complaints-from-october": {"3.1/monthly": "each month, from 2023-10-01"},
    "ideas-three-times": {"5.2/used": "≥ 3"},  # อย่างน้อย 3 ครั้ง
    "both-5s-deadlines": {"7.1.3/sent": "before 2024-02-25, before 2024-08-25"},
    "5s-inside-window": {"7.1.3/sent": ""},
    "four-meetings-in-all": {"7.2/four-each": "≥ 4"},
    "one-sub-menu": {"7.8/sub-menus": "≥ 1"},
}

TIERS = {
    # tier: points for applying (where it has to do with the mission), for winning
    "moac": ("1 2", "2"),
    "gov_other": ("2 4", "4"),
    "edu_private_province": ("3 6", "6"),
    "data_report": ("4 8", "8"),
    "national": ("9", "9"),
    "lertrat_international": ("10", "10"),
}


def areas(node: Rubric | Area) -> Iterator[Area]:
    for area in node.areas:
        yield area
        yield from areas(area)


def test_the_document_adds_up() -> None:
    """The tables above, before anything is compared with them."""
    assert len(ITEMS) == 41
    assert all(most == six + twelve for most, six, twelve in ITEMS.values())
    assert (sum(six for _, six, _ in ITEMS.values()), sum(twelve for _, _, twelve in ITEMS.values())) == (60, 60)
    for area, most in AREAS.items():
        assert sum(found for item, (found, _, _) in ITEMS.items() if item.startswith(f"{area}.")) == float(most)


def test_the_rounds_and_totals_of_oae() -> None:
    assert [(one.id, str(one.from_), str(one.to), points(one.max)) for one in OAE.rounds] == [
        ("6m", "2023-08-01", "2024-02-28", "60"),
        ("12m", "2023-08-01", "2024-07-31", "60"),
    ]
    assert [points(OAE.max), points(rubric.maximum(OAE))] == ["120", "120"]
    assert [points(rubric.maximum(OAE, {name})) for name in ("6m", "12m")] == ["60", "60"]
    assert OAE.handling.carry_over
    assert OAE.levels == ()


def test_the_areas_of_oae() -> None:
    assert [area.id for area in OAE.areas] == list("1234567")
    stated = {area.id: points(area.max) for area in areas(OAE)}
    assert {name: most for name, most in stated.items() if name in AREAS} == AREAS
    # One area is ours: it holds the items of area 7 that stand beside 7.1.
    assert {name: most for name, most in stated.items() if name not in AREAS} == {"7.2-7.8": "34"}
    for area in areas(OAE):
        assert points(rubric.maximum(area)) == stated[area.id]
        assert area.award == "sum"


def test_the_items_of_oae() -> None:
    found = {
        one.id: (float(one.max or 0), float(rubric.maximum(one, {"6m"})), float(rubric.maximum(one, {"12m"})))
        for one in OAE.every_indicator()
    }
    assert found == ITEMS
    assert list(found) == list(ITEMS)
    assert {one.id for one in OAE.every_indicator() if one.award == "highest"} == {"7.3", "7.4"}
    assert {one.id for one in OAE.every_indicator() if one.award == "mean" or one.may_not_apply} == set()


def test_the_steps_of_oae() -> None:
    assert {
        one.id: ", ".join(f"{step.round} {points(step.points)}" for step in one.criteria)
        for one in OAE.every_indicator()
    } == STEPS


def test_the_thresholds_of_oae() -> None:
    assert {name: said for name, leaf in leaves(OAE) if (said := figures(leaf))} == THRESHOLDS


def test_the_thresholds_of_other_readings() -> None:
    found = {
        reading.id: {path: figures(Criterion(points=Fraction(1), when=when)) for path, when in reading.when.items()}
        for reading in OAE.readings
        if reading.when
    }
    assert found == OTHERWISE
    assert {one.id: list(one.sets) or one.handling for one in OAE.readings if not one.when} == {
        "no-carry-over": {"carry_over": False},
        "hosted-speaker-external": ["internal_exchanges", "external_exchanges"],
    }


def test_the_awards_of_oae() -> None:
    paid: dict[str, dict[str, list[str]]] = {"7.3": {}, "7.4": {}}
    for name, leaf in leaves(OAE):
        item = name.split("/")[0]
        if item not in paid:
            continue
        shown = leaf.when[0]
        assert isinstance(shown, rubric.Has)
        paid[item].setdefault(str(shown.where["tier"]), []).append(points(leaf.points))
        if item == "7.3" and shown.where["tier"] not in ("national", "lertrat_international"):
            # What has nothing to do with the mission counts less, and only with its preparation.
            related = shown.where.get("related") is True
            assert len(leaf.when) == (1 if related else 2)
    for position, found in enumerate(paid.values()):
        ascending = {tier: " ".join(reversed(given)) for tier, given in found.items()}
        assert ascending == {tier: given[position] for tier, given in TIERS.items()}


def test_cumulative_steps_presuppose_the_lower_one() -> None:
    assert {name: leaf.requires for name, leaf in leaves(OAE) if leaf.requires} == {
        "1.1.2/presented": ("twice",),
        "1.1.3/acknowledged": ("reviewed",),
        "1.2.2/presented": ("twice",),
        "1.2.3/acknowledged": ("reviewed",),
        "1.3.2/presented": ("twice",),
        "1.3.3/acknowledged": ("reviewed",),
        "3.3/summarised": ("surveyed",),
        "4.2.4/three-quarters": ("half",),
        "5.1/half": ("quarter",),
        "6.1/half-have-two": ("each",),
        "6.5/three": ("two",),
        "7.1.2/all-held": ("held",),
        "7.7/communicated": ("reviewed",),
    }


# Both ------------------------------------------------------------------------------------------------------------


def written(found: Rubric) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((ROOT / "rubrics" / f"{found.id}.yml").read_text(encoding="utf-8"))
    return value


def every(node: Any, key: str) -> Iterator[Any]:
    """Everything below *node* that stands in a list under *key*."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key and isinstance(value, list):
                yield from value
            yield from every(value, key)
    elif isinstance(node, list):
        for child in node:
            yield from every(child, key)


@BOTH
def test_every_criterion_says_whether_it_is_printed_derived_or_assumed(found: Rubric) -> None:
    criteria = list(every(written(found), "criteria"))
    assert len(criteria) == sum(1 for _ in leaves(found))
    assert [one for one in criteria if "source" not in one] == []
    assert {one["source"] for one in criteria} <= {"printed", "derived", "assumed"}
    assert [one for one in criteria if not one.get("text")] == []


@BOTH
def test_every_indicator_says_where_it_stands_in_the_document(found: Rubric) -> None:
    for indicator in found.every_indicator():
        assert indicator.cite is not None, indicator.id
        assert indicator.cite.th.strip()
        assert indicator.cite.en.strip()
        assert indicator.text is not None, indicator.id
    for level in found.levels:
        assert level.cite is not None


@BOTH
def test_what_is_assumed_has_a_note(found: Rubric) -> None:
    """Whoever reads an assumption finds near it why it was made."""

    def noted(node: Any) -> bool:
        return bool(node.notes)

    def walk(node: Rubric | Area | Indicator, above: bool) -> None:
        for child in node.children:
            here = above or noted(child)
            if isinstance(child, Indicator):
                for _, name, leaf in names.leaves((), child.id, child):
                    if leaf.source != "printed":
                        assert here or noted(leaf), name
            elif isinstance(child, Area):
                walk(child, here)

    walk(found, above=False)


@BOTH
def test_notes_are_numbered_once_and_readings_rest_on_one(found: Rubric) -> None:
    notes = [one["id"] for one in every(written(found), "notes") if isinstance(one, dict)]
    assert len(notes) == len(set(notes))
    assert len(notes) > 20
    for reading in found.readings:
        assert reading.notes
        assert set(reading.notes) <= set(notes)


GARBLED = r"สศค|สศทก|สทศ|สคก|สตก|ดั่ง?าม|ดั่งงาม|ตัวชีวิต|โสณิก|คณะแผน|ลาว ?[๐-๙0-9]|พบรางวัล|มรดก 5|ค่ารับรอง|5\.ค\."
"""What the copies of the documents make of สศก. and other words. Only a note may quote it."""


@BOTH
def test_no_slip_of_the_copies_is_carried_on(found: Rubric) -> None:
    def texts(node: Any, key: str = "") -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                # Notes, and the reason of a reading, say what is garbled.
                if name not in ("notes", "why"):
                    yield from texts(value, name)
        elif isinstance(node, list):
            for child in node:
                yield from texts(child, key)
        elif isinstance(node, str):
            yield node

    assert [text for text in texts(written(found)) if re.search(GARBLED, text)] == []
    for path in (ROOT / "content").rglob("*.md"):
        assert not re.search(GARBLED, path.read_text(encoding="utf-8")), path


@BOTH
def test_thai_and_english_are_both_there(found: Rubric) -> None:
    def texts(node: Any) -> Iterator[tuple[str, str]]:
        if isinstance(node, dict):
            if set(node) == {"th", "en"}:
                yield node["th"], node["en"]
            else:
                for value in node.values():
                    yield from texts(value)
        elif isinstance(node, list):
            for child in node:
                yield from texts(child)

    pairs = list(texts(written(found)))
    assert len(pairs) > 150
    for thai, english in pairs:
        assert re.search("[\u0e01-\u0e2e]", thai), thai
        # A quotation or an abbreviation may stay Thai, the sentence may not.
        assert len(re.findall("[A-Za-z]", english)) > len(re.findall("[\u0e01-\u0e2e]", english)), english


# Readings on the sample ------------------------------------------------------------------------------------------

READINGS = {
    # reading: what changes on the demonstration unit, by item
    "no-carry-over": {"5.4": "2 → 0"},  # surveyed in March: lost for good
    "every-follow-up-presented": {"1.2.2": "2 → 1.5"},
    "quarters-of-2567": {},
    "complaints-from-october": {"3.1": "2 → 4"},  # only September is missing
    "hosted-speaker-external": {"4.2.3": "2.5 → 6"},
    "ideas-three-times": {"5.2": "2 → 1"},
    "both-5s-deadlines": {"7.1.3": "2 → 1.5"},
    "5s-inside-window": {"7.1.3": "2 → 1.5"},
    "four-meetings-in-all": {},
    "one-sub-menu": {"7.8": "3.5 → 6"},
}


@pytest.fixture(scope="module")
def assessments() -> dict[str, Assessment]:
    return {one.portfolio.unit: one for one in build.examine(ROOT).assessments}


def test_the_readings_of_oae_on_the_demonstration_unit(assessments: dict[str, Assessment]) -> None:
    demo = assessments["oae-demo"]
    assert list(READINGS) == [one.id for one in OAE.readings] == list(demo.readings)
    for name, score in demo.readings.items():
        changed = {
            item: f"{points(demo.latest.indicators[item].points)} → {points(node.points)}"
            for item, node in score.indicators.items()
            if node.points != demo.latest.indicators[item].points
        }
        assert changed == READINGS[name], name


def test_every_reading_changes_what_is_asked() -> None:
    for found in (MOI, OAE):
        as_written = found.model_dump()
        for reading in found.readings:
            assert reading.sets or reading.when or reading.handling, reading.id
            for name, new in reading.sets.items():
                assert as_written["sets"][name] != new.model_dump()
            by_path = dict(leaves(found))
            for path, when in reading.when.items():
                assert by_path[path].when != when
            for name, value in reading.handling.items():
                assert as_written["handling"][name] != value
