"""The rubrics of other families that come along: what their demonstrations score, worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lakthan import lint, load
from tests.conftest import Json, Sandbox

FAMILIES = ("ita-oit-2566", "ita-oit-ovec-2569", "govuk-service-standard")


def group_means(entry: Json, groups: dict[str, range]) -> list[Fraction]:
    points = {one["id"]: Fraction(one["points"]) for one in entry["indicators"]}
    return [sum((points[f"O{n}"] for n in items), Fraction(0)) / len(items) for items in groups.values()]


OIT_2566 = {
    "9.1": range(1, 10),
    "9.2": range(10, 18),
    "9.3": range(18, 25),
    "9.4": range(25, 29),
    "9.5": range(29, 34),
    "10.1": range(34, 42),
    "10.2": range(42, 44),
}


def test_a_disclosure_list_is_a_mean_of_means_and_not_a_share_of_its_items(as_it_is: Sandbox) -> None:
    """34 of 43 items are 79 per cent, a B; the mean of the seven groups is 73.87, a C."""
    entry = as_it_is.score("demo-college/ita-oit-2566")
    means = group_means(entry, OIT_2566)
    assert means == [Fraction(100 * done, of) for done, of in ((8, 9), (6, 8), (6, 7), (2, 4), (4, 5), (7, 8), (1, 2))]
    assert sum(one["points"] for one in entry["indicators"]) == 3400
    assert Fraction(entry["exact"]) == sum(means) / 7
    assert 65 <= sum(means) / 7 < 75 < Fraction(3400, 43)
    assert (entry["max"], entry["level"]) == (100, "C")


def test_the_later_edition_continues_the_earlier_one(as_it_is: Sandbox) -> None:
    entry = as_it_is.score("demo-college/ita-oit-ovec-2569")
    assert len(entry["indicators"]) == 23
    assert Fraction(entry["exact"]) == (5 * 100 + Fraction(300, 4) + Fraction(300, 4)) / 7
    assert entry["level"] == "A"  # 85 is the target
    page = as_it_is.words("demo-college/ita-oit-ovec-2569/index.md")
    assert "OIT 2566" in page or "OIT ๒๕๖๖" in page


def test_a_standard_is_met_when_everything_that_applies_is(sample: Sandbox) -> None:
    entry = sample.score("demo-service")
    assert (entry["points"], entry["max"], entry["level"]) == (12, 13, None)
    assert entry["gates"][0]["failing"] == ["5"]
    sample.replace(
        "content/demo-service/govuk-service-standard/5.md",
        "evidence:\n",
        "evidence:\n- {kind: assisted_support, title: Help desk, date: 2026-05-20, reference: BK-H01}\n",
    )
    assert sample.score("demo-service")["level"] == "met"


def test_a_standard_of_which_nothing_applies_is_not_met(sample: Sandbox) -> None:
    for number in range(1, 15):
        sample.write(f"content/demo-service/govuk-service-standard/{number}.md", "---\nnot_applicable: none\n---\n")
    assert sample.score("demo-service")["level"] is None


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_in_the_new_rubrics_is_doubtful(as_it_is: Sandbox, name: str) -> None:
    rubric = load.load(as_it_is.root).project.rubrics[name]
    assert [doubt.code for one in lint.LINTS for doubt in one(rubric)] == []
    assert {"ita-oit-2566": 43, "ita-oit-ovec-2569": 23, "govuk-service-standard": 14}[name] == len(
        list(rubric.every_indicator())
    )
