"""A rubric at a glance: every unit that answered it, by every indicator."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan.pages import standings
from lakthan.pages.site import Page, Plan, Site, groups
from lakthan.rubric import Rubric


def pages(site: Site) -> Iterator[Plan]:
    """A heat map of units × indicators for each rubric that somebody answered."""
    for rubric in site.project.rubrics.values():
        if site.of_rubric(rubric):
            yield site.plan(f"rubrics/{rubric.id}/units.md", _page, rubric)


def _page(site: Site, rubric: Rubric) -> Page:
    title = site.say("overview.title")
    return site.page(
        "overview.md.j2",
        f"rubrics/{rubric.id}/units.md",
        title,
        f"{site.text(rubric.short)} · {title}",
        rubric=rubric,
        board=standings.board(site, rubric, list(rubric.every_indicator())),
        groups=list(groups(rubric)),
    )
