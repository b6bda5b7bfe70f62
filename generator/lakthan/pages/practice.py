"""A gallery of good practice: what units that earned all points of an indicator did for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakthan.model import Assessment
from lakthan.pages import answers, menus, standings
from lakthan.pages.addresses import relative
from lakthan.pages.site import Json, Page, Plan, Site, groups
from lakthan.rubric import Indicator, Rubric

SHOWN = 4
"""Of more units than this the rest stands on the page of the indicator across units: nobody reads more, and with twelve
the page grew to a megabyte."""


def pages(site: Site) -> Iterator[Plan]:
    """A page for each rubric that somebody answered."""
    for rubric in site.project.rubrics.values():
        if site.of_rubric(rubric):
            yield site.plan(f"rubrics/{rubric.id}/practice.md", _page, rubric, across=(rubric.id, ""))


def examples(site: Site, rubric: Rubric) -> Iterator[tuple[str, str]]:
    """The portfolio and the indicator of every answer that the page tells of."""
    found = standings.ordered(site, rubric)
    for indicator in rubric.every_indicator():
        for assessment in _full(found, indicator)[:SHOWN]:
            yield assessment.portfolio.id, indicator.id


def _page(site: Site, rubric: Rubric) -> Page:
    found = standings.ordered(site, rubric)
    path = f"rubrics/{rubric.id}/practice"
    parts = []
    for area, depth, indicators in groups(rubric):
        entries = []
        for indicator in indicators:
            full = _full(found, indicator)
            shown = [_example(site, a, indicator, f"{path}/") for a in full[:SHOWN]]
            entries.append({"indicator": indicator, "examples": shown, "more": len(full) - len(shown)})
        parts.append({"area": area, "depth": depth, "entries": entries})
    return site.page(
        "practice.md.j2",
        f"{path}.md",
        site.say("practice.title"),
        site.say("practice.description", rubric=rubric.short),
        menu=menus.of_rubric(site, rubric, "practice/"),
        rubric=rubric,
        parts=parts,
    )


def _full(found: Iterable[Assessment], indicator: Indicator) -> list[Assessment]:
    """Who answered the indicator and earned all of its points."""
    nodes = ((one, one.latest.indicators[indicator.id]) for one in found if indicator.id in one.portfolio.answers)
    return [one for one, node in nodes if node.applies and node.max > 0 and node.points >= node.max]


def _example(site: Site, assessment: Assessment, indicator: Indicator, url: str) -> Json:
    """How a unit did it: its own account, and the documents that count."""
    portfolio = assessment.portfolio
    told = site.account(
        portfolio,
        portfolio.answers[indicator.id],
        relative(f"{portfolio.id}/", url),
        page=f"rubrics/{portfolio.rubric.id}/practice.md",
    )
    records = [entry for entry in answers.evidence(assessment, indicator.id) if entry["counts"]]
    return {"portfolio": portfolio, **told, "records": records}
