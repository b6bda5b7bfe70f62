"""What the project promises its users, on the sample that it comes with."""

from __future__ import annotations

import datetime
import json
import shutil
from typing import Any

import pytest

from lakthan import build, score
from tests.conftest import MEAN, Json, Sandbox, words

MOI = "content/dip-ict/moi-moral-2569"
OAE = "content/oae-demo/oae-unit-2567"


def points(entry: Json) -> dict[str, int | float]:
    return {indicator["id"]: indicator["points"] for indicator in entry["indicators"]}


def indicator(entry: Json, name: str) -> Json:
    (found,) = (one for one in entry["indicators"] if one["id"] == name)
    return dict(found)


def gate(entry: Json, name: str) -> Json:
    (found,) = (one for one in entry["gates"] if one["id"] == name)
    return dict(found)


def said(reasons: list[Json], language: str = "en") -> str:
    return "\n".join(reason["text"][language] for reason in reasons)


# The unit of the Ministry of Industry ----------------------------------------------------------------------------


def test_the_first_unit_scores_as_it_was_filed(as_it_is: Sandbox) -> None:
    entry = as_it_is.score("dip-ict")
    assert (entry["points"], entry["max"], entry["level"], entry["round"]) == (27, 27, "level-3", None)
    assert points(entry) == {str(number): 3 for number in range(1, 10)}
    assert all(one["self_score"] == 3 and one["max"] == 3 and not one["missing"] for one in entry["indicators"])
    assert entry["gates"] == [
        {"id": "level-1", "met": True, "points": 9, "needs": 7, "failing": []},
        {"id": "level-2", "met": True, "points": 18, "needs": 14, "failing": []},
        {"id": "level-3", "met": True, "points": 27, "needs": 21, "failing": []},
    ]


def test_the_five_subtotals_of_the_form(as_it_is: Sandbox) -> None:
    found = as_it_is.document("dip-ict/moi-moral-2569/index.json")["subtotals"]
    assert [(one["id"], one["points"], one["max"]) for one in found] == [
        ("1-3", 9, 9),
        ("4-6", 9, 9),
        ("1-6", 18, 18),
        ("7-9", 9, 9),
        ("1-9", 27, 27),
    ]


def warnings(sample: Sandbox) -> list[Json]:
    """All findings but the notes, on the two whole portfolios; the day is one on which no deadline is near."""
    found = sample.problems("--today", "2026-11-20")
    # Two small units are meant to be unfinished.
    return [one for one in found if one["severity"] != "note" and not one["file"].startswith("content/demo-")]


def test_the_sample_has_no_findings_but_those_that_it_is_meant_to_show(as_it_is: Sandbox) -> None:
    assert [(one["code"], one["severity"], one["file"]) for one in warnings(as_it_is)] == [
        ("evidence-after-signature", "warning", f"{MOI}/7.md"),
        ("self-score-differs", "warning", f"{OAE}/5.1.md"),
        ("indicator-without-file", "warning", f"{OAE}/6.4.md"),
        ("review-stale", "warning", f"{OAE}/reviews/group-1.yml"),
        ("review-disputed", "warning", f"{OAE}/reviews/group-2.yml"),
    ]


def test_the_report_dated_after_the_signature_is_reported_here_and_on_its_page(as_it_is: Sandbox) -> None:
    found = warnings(as_it_is)[0]["message"]
    assert "28 May 2026" in found["en"]
    assert "27 May 2026" in found["en"]
    assert "28 พ.ค. 2569" in found["th"]
    assert "27 พ.ค. 2569" in found["th"]
    assert words(found["th"]) in as_it_is.words("dip-ict/moi-moral-2569/7.md")


def test_fewer_signatories_lower_the_first_indicator(few: Sandbox) -> None:
    few.replace(f"{MOI}/1.md", "signed: 33", "signed: 27")
    entry = few.score("dip-ict")
    first = indicator(entry, "1")
    assert (entry["points"], first["points"], first["self_score"]) == (26, 2, 3)
    assert points(entry) == {"1": 2} | {str(number): 3 for number in range(2, 10)}
    assert entry["level"] == "level-3"
    failed = [reason for reason in first["reasons"] if not reason["met"]]
    assert [reason["criterion"] for reason in failed] == ["1/1"]
    for language in ("th", "en"):
        assert "27/34 = 79.41 %" in said(failed, language)
        assert "80 %" in said(failed, language)
    (missing,) = first["missing"]
    assert missing["amount"] == 1
    assert missing["text"] == {"th": missing["text"]["th"], "en": "1 more: Signatories"}

    few.generate()
    page = few.words("dip-ict/moi-moral-2569/1.md")
    assert "27/34 = 79.41 % (ต้องไม่น้อยกว่า 80 %)" in page
    assert words(missing["text"]["th"]) in page
    assert "26 /27" in few.words("dip-ict/moi-moral-2569/index.md")
    assert few.document("dip-ict/moi-moral-2569/index.json")["points"] == 26
    assert few.document("dip-ict/moi-moral-2569/1/index.json")["rounds"][0]["points"] == 2


def test_a_self_score_that_the_evidence_does_not_support_is_reported(sample: Sandbox) -> None:
    before = warnings(sample)
    sample.replace(f"{MOI}/1.md", "signed: 33", "signed: 27")
    (found,) = (one for one in warnings(sample) if one not in before)
    assert (found["code"], found["file"], found["line"]) == ("self-score-differs", f"{MOI}/1.md", 2)


def test_a_level_is_lost_with_two_channels_and_the_page_says_what_restores_it(few: Sandbox) -> None:
    def without_line_and_circular(front: Json) -> None:
        kept = [one for one in front["channels"] if one["scope"] == "internal" or one["kind"] == "website"]
        assert len(front["channels"]) - len(kept) == 2
        front["channels"] = kept

    few.change(f"{MOI}/9.md", without_line_and_circular)
    entry = few.score("dip-ict")
    assert (points(entry)["9"], entry["points"], entry["level"]) == (1, 25, "level-2")
    assert gate(entry, "level-3") == {"id": "level-3", "met": False, "points": 25, "needs": 21, "failing": ["9"]}
    assert gate(entry, "level-2")["met"]
    assert gate(entry, "level-1")["met"]
    (missing,) = indicator(entry, "9")["missing"]
    assert (missing["amount"], missing["text"]["en"]) == (1, "1 more: External channels")

    few.generate()
    (way,) = few.document("dip-ict/moi-moral-2569/index.json")["levels"]
    assert (way["id"], [one["text"]["en"] for one in way["missing"]]) == ("level-3", ["9: 1 more: External channels"])
    page = (few.docs / "dip-ict/moi-moral-2569/index.md").read_text(encoding="utf-8")
    # The third gate: it failed, by which indicator, and what would restore it.
    third = page.split('<li class="lk-gate')[3].split("</ol>")[0]
    assert "ระดับที่ ๓" in third
    assert "lk-gate--met" not in page.split('<li class="lk-gate')[3].split(">")[0]
    assert 'href="9/"' in third
    assert missing["text"]["th"].replace("1", "๑") in third
    text = few.run("score", "dip-ict").stdout
    assert "✗ Level 3" in text
    assert "below 2 points: 9" in text
    assert "1 more: External channels" in text


@pytest.mark.parametrize(
    ("reading", "total", "level", "changed"),
    [
        (None, 27, "level-3", {}),
        ("virtues-strict", 26, "level-3", {"2": 2}),
        ("external-public", 25, "level-2", {"9": 1}),
        ("before-signature", 24, "level-2", {"7": 0}),
    ],
)
def test_other_readings_of_the_rules(
    as_it_is: Sandbox, reading: str | None, total: int, level: str, changed: dict[str, int]
) -> None:
    entry = as_it_is.score("dip-ict", *(("--reading", reading) if reading else ()))
    assert (entry["points"], entry["level"]) == (total, level)
    assert points(entry) == {str(number): 3 for number in range(1, 10)} | changed


def test_the_page_shows_the_score_under_each_reading(as_it_is: Sandbox) -> None:
    readings = as_it_is.document("dip-ict/moi-moral-2569/index.json")["readings"]
    assert [(one["id"], one["points"], one["level"]) for one in readings] == [
        ("virtues-strict", 26, "level-3"),
        ("external-public", 25, "level-2"),
        ("before-signature", 24, "level-2"),
    ]
    page = as_it_is.words("dip-ict/moi-moral-2569/index.md").split("{ #readings }")[1].split("##")[0]
    assert [shown for shown in ("27 /27", "26 /27", "25 /27", "24 /27") if shown in page] == [
        "27 /27",
        "26 /27",
        "25 /27",
        "24 /27",
    ]


def test_gates_are_not_nested(few: Sandbox) -> None:
    """2, 2, 2 and 3, 3, 2 pass level 2 (14 points) and fail level 1 (6 of 7): the highest one met is awarded."""

    def without(kind: str) -> Any:
        def edit(front: Json) -> None:
            kept = [one for one in front["evidence"] if one["kind"] != kind]
            assert len(kept) + 1 == len(front["evidence"])
            front["evidence"] = kept

        return edit

    def inside_only(front: Json) -> None:
        front["channels"] = [one for one in front["channels"] if one["scope"] == "internal"]

    few.replace(f"{MOI}/1.md", "signed: 33", "signed: ๒๕")
    few.change(f"{MOI}/2.md", without("do_dont"))
    few.change(f"{MOI}/3.md", without("appointment_order"))
    few.change(f"{MOI}/6.md", inside_only)
    entry = few.score("dip-ict")
    assert [points(entry)[name] for name in "123456"] == [2, 2, 2, 3, 3, 2]
    assert gate(entry, "level-1") == {"id": "level-1", "met": False, "points": 6, "needs": 7, "failing": []}
    assert gate(entry, "level-2") == {"id": "level-2", "met": True, "points": 14, "needs": 14, "failing": []}
    assert (gate(entry, "level-3")["met"], entry["level"]) == (True, "level-3")

    few.change(f"{MOI}/9.md", inside_only)
    entry = few.score("dip-ict")
    assert ([one["met"] for one in entry["gates"]], entry["level"]) == ([False, True, False], "level-2")
    few.generate()
    page = few.words("dip-ict/moi-moral-2569/index.md")
    assert "ระดับที่ 1" in page


def test_a_claim_without_evidence_does_not_count_and_is_shown(sample: Sandbox) -> None:
    sample.change(f"{MOI}/1.md", lambda front: front["evidence"].clear())
    entry = sample.score("dip-ict")
    assert points(entry)["1"] == 0
    assert "without evidence" in said(indicator(entry, "1")["reasons"])
    assert "number-without-evidence" in {one["code"] for one in sample.problems("--today", "2026-11-20")}


def test_evidence_outside_the_window_does_not_count_and_the_reason_says_so(sample: Sandbox) -> None:
    sample.replace(f"{MOI}/3.md", "date: ๒๒ มกราคม ๒๕๖๙", "date: ๓๐ กันยายน ๒๕๖๘")
    entry = sample.score("dip-ict")
    assert points(entry)["3"] == 2
    (reason,) = (one for one in indicator(entry, "3")["reasons"] if not one["met"])
    (rejected,) = reason["rejected"]
    assert rejected["text"]["en"] == "not counted: dated 30 Sep 2025, before the window opens (1 Oct 2025)"


def test_numbers_and_dates_may_be_written_in_any_usual_way(sample: Sandbox) -> None:
    """The sample mixes digits and eras; the same things written another way score the same."""
    before = sample.scores()
    sample.replace(f"{MOI}/1.md", "signed: 33\nstaff: 34", "signed: ๓๓\nstaff: ๓๔")
    sample.replace(f"{MOI}/3.md", "date: ๒๒ มกราคม ๒๕๖๙", "date: 2026-01-22")
    sample.replace(f"{MOI}/7.md", "2569-05-28", "๒๘ พ.ค. ๖๙")
    sample.replace(f"{MOI}/portfolio.md", "signed: 27 พ.ค. 2569", "signed: 27/5/2569")
    sample.path(f"{MOI}/9.md").rename(sample.path(f"{MOI}/๙.md"))
    assert sample.scores() == before


# The demonstration unit ------------------------------------------------------------------------------------------


def test_the_demonstration_differs_between_its_rounds(as_it_is: Sandbox) -> None:
    six, twelve = as_it_is.scores("oae-demo")
    assert (six["round"], six["points"], six["max"]) == ("6m", 57, 60)
    assert (twelve["round"], twelve["points"], twelve["max"]) == ("12m", 100.5, 120)
    assert (six["level"], six["gates"], twelve["level"], twelve["gates"]) == (None, [], None, [])
    assert len(six["indicators"]) == len(twelve["indicators"]) == 41
    assert any(one["points"] == 0 and one["max"] > 0 for one in twelve["indicators"])


def test_an_item_missed_at_six_months_is_earned_at_twelve(as_it_is: Sandbox) -> None:
    six, twelve = as_it_is.scores("oae-demo")
    assert [indicator(one, "5.4")["points"] for one in (six, twelve)] == [0, 2]
    assert [indicator(one, "5.4")["max"] for one in (six, twelve)] == [2, 2]
    (earned,) = {reason["round"] for reason in indicator(twelve, "5.4")["reasons"]}
    assert earned == "12m"
    # Under the reading without carry-over it stays lost.
    (strict,) = as_it_is.scores("oae-demo", "--round", "12m", "--reading", "no-carry-over")
    assert indicator(strict, "5.4")["points"] == 0
    assert strict["points"] < twelve["points"]


def test_an_award_applied_for_and_a_lesser_one_won(as_it_is: Sandbox) -> None:
    _, twelve = as_it_is.scores("oae-demo")
    assert (indicator(twelve, "7.3")["points"], indicator(twelve, "7.4")["points"]) == (10, 8)
    held = [reason for reason in indicator(twelve, "7.3")["reasons"] if reason["met"] and reason["points"] in (8, 10)]
    assert {(reason["criterion"], reason["awarded"]) for reason in held} == {
        ("7.3/lertrat-international", True),
        ("7.3/data-report-related", False),
    }


def test_it_is_labelled_as_a_demonstration_wherever_it_is_named(as_it_is: Sandbox) -> None:
    for page in ("index.md", "units/index.md", "oae-demo/index.md", "oae-demo/oae-unit-2567/index.md"):
        assert "สาธิต" in as_it_is.words(page)
    assert as_it_is.document("oae-demo/index.json")["demonstration"] is True
    assert as_it_is.document("dip-ict/index.json")["demonstration"] is False


def test_the_score_over_time_follows_from_the_dates_of_the_evidence(as_it_is: Sandbox) -> None:
    examined = build.examine(as_it_is.root)
    for assessment in examined.assessments:
        values = [value for _, value in assessment.timeline]
        days = [day for day, _ in assessment.timeline]
        assert days == sorted(set(days))
        assert len(values) > 1
        # Nothing in these rubrics takes points away.
        assert values == sorted(values)
        assert values[-1] == assessment.latest.points
        for day, value in assessment.timeline:
            assert score.score(assessment.portfolio, round=assessment.latest.round, as_of=day).points == value
    shown = as_it_is.document("oae-demo/oae-unit-2567/index.json")["timeline"]
    assert shown[-1]["points"] == 100.5
    assert datetime.date.fromisoformat(shown[0]["date"]) < datetime.date.fromisoformat(shown[-1]["date"])


def test_the_rounds_reached_depend_on_the_day(as_it_is: Sandbox) -> None:
    (early,) = as_it_is.scores("oae-demo", "--as-of", "2024-02-28")
    assert (early["round"], early["points"]) == ("6m", 57)
    both = as_it_is.scores("oae-demo", "--as-of", "1 มี.ค. 2567")
    assert [one["round"] for one in both] == ["6m", "12m"]
    assert both[1]["points"] < 100.5


# What other programs hold on to ----------------------------------------------------------------------------------


PORTFOLIO = {"unit", "rubric", "round", "points", "max", "level", "verified", "gates", "indicators"}
GATE = {"id", "met", "points", "needs", "failing"}
INDICATOR = {"id", "points", "max", "self_score", "verified", "reasons", "missing"}
EXACT = {"exact", "max_exact", "needs_exact"}


def is_number(value: object) -> bool:
    return type(value) in (int, float)


def test_the_document_of_scores_has_the_promised_shape(as_it_is: Sandbox) -> None:
    entries = as_it_is.scores()
    assert [(one["unit"], one["rubric"], one["round"]) for one in entries] == [
        ("demo-college", "ita-oit-2566", None),
        ("demo-college", "ita-oit-ovec-2569", None),
        ("demo-dyeing", "moi-moral-2569", None),
        ("demo-service", "govuk-service-standard", None),
        ("demo-standards", "moi-moral-2569", None),
        ("dip-ict", "moi-moral-2569", None),
        ("oae-demo", "oae-unit-2567", "6m"),
        ("oae-demo", "oae-unit-2567", "12m"),
    ]
    for entry in entries:
        assert set(entry) - EXACT == PORTFOLIO
        assert is_number(entry["points"])
        assert is_number(entry["max"])
        for one in entry["gates"]:
            assert set(one) - EXACT == GATE
            assert isinstance(one["met"], bool)
            assert is_number(one["points"])
            # A service standard asks for each of its points, and for no total.
            assert (one["needs"] is None) if entry["rubric"] == "govuk-service-standard" else is_number(one["needs"])
            assert isinstance(one["failing"], list)
        for one in entry["indicators"]:
            assert set(one) - {"not_applicable"} == INDICATOR  # there where something does not apply
            assert is_number(one["points"])
            assert is_number(one["max"])
            assert one["self_score"] is None or is_number(one["self_score"])
            assert one["reasons"] or one["max"] == 0
            for reason in one["reasons"]:
                assert set(reason["text"]) == {"th", "en"}
                assert all(reason["text"].values())
            assert isinstance(one["missing"], list)


def test_whole_points_are_integers_and_half_points_plain_numbers(as_it_is: Sandbox) -> None:
    text = as_it_is.run("score", "--format", "json").stdout
    assert '"points": 27,' in text
    assert '"points": 100.5,' in text
    assert "27.0" not in text
    assert [one["rubric"] for one in json.loads(text)["portfolios"] if "exact" in one] == [
        "ita-oit-2566",  # a mean of means; whole and half points need no fraction
        "ita-oit-ovec-2569",
    ]


def test_a_fraction_without_a_finite_decimal_is_given_exactly(small: Sandbox) -> None:
    entry = small.score()
    assert set(entry) - PORTFOLIO <= EXACT
    assert (entry["exact"], entry["max_exact"]) == ("53/7", "60/7")
    assert entry["points"] == pytest.approx(53 / 7)
    assert type(entry["points"]) is float
    assert [one["points"] for one in entry["indicators"]] == [10, 0, 10, 10, 10, 10, 3]
    assert not any("exact" in one for one in entry["indicators"])


def test_the_scores_beside_the_pages_are_those_of_the_command(as_it_is: Sandbox) -> None:
    for unit, rubric in (("dip-ict", "moi-moral-2569"), ("oae-demo", "oae-unit-2567")):
        assert as_it_is.document(f"{unit}/{rubric}/score.json")["portfolios"] == as_it_is.scores(unit)


# More rubrics and units ------------------------------------------------------------------------------------------


def test_a_rubric_is_one_file_and_a_unit_one_folder(few: Sandbox) -> None:
    before = few.scores()
    few.write("rubrics/mean-2570.yml", MEAN)
    few.write("content/new-unit/unit.yml", "name: {th: หน่วยงานใหม่, en: New unit}\n")
    few.write(
        "content/new-unit/mean-2570/2.md",
        "---\nevidence:\n- {kind: report, title: รายงาน, date: ๑ ต.ค. ๒๕๖๙, reference: ที่ ๒/๒๕๗๐}\n---\nทำแล้ว\n",
    )
    (added,) = [one for one in few.scores() if one not in before]
    assert [added[key] for key in ("unit", "rubric", "exact", "level")] == [
        "new-unit",
        "mean-2570",
        "50/7",
        "very-good",
    ]
    assert [one for one in few.scores() if one in before] == before
    written = few.generate()
    for page in ("rubrics/mean-2570.md", "new-unit/index.md", "new-unit/mean-2570/index.md", "new-unit/mean-2570/2.md"):
        assert page in written.changed
    assert "หน่วยงานใหม่" in few.words("index.md")


@pytest.mark.parametrize(("report", "level"), [(False, "very-good"), (True, "excellent")])
def test_grade_bands_go_by_the_share_of_the_maximum(small: Sandbox, report: bool, level: str) -> None:
    """53/60 is 88.3 %, at least 80; with the report it is all."""
    if report:
        small.write(
            "content/unit-a/mean-2570/2.md",
            "---\nevidence:\n- {kind: report, title: รายงาน, date: 2026-10-01, reference: ที่ ๒/๒๕๗๐}\n---\n",
        )
    assert small.score()["level"] == level


def test_units_nest(few: Sandbox) -> None:
    few.write("content/ministry/unit.yml", "name: {th: กระทรวงตัวอย่าง, en: A few ministry}\n")
    shutil.copytree(few.path("content/dip-ict"), few.path("content/ministry/ict"))
    entry = few.score("ministry/ict")
    assert (entry["unit"], entry["points"]) == ("ministry/ict", 27)
    few.generate()
    assert (few.docs / "ministry/ict/moi-moral-2569/1.md").is_file()
    assert few.document("ministry/ict/index.json")["parent"] == "ministry"
    assert "กระทรวงตัวอย่าง" in few.words("ministry/index.md")
    assert 'href="ict/"' in (few.docs / "ministry/index.md").read_text(encoding="utf-8")
