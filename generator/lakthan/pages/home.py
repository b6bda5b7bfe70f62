"""The front page: what this is, and every portfolio at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakthan.pages import standings
from lakthan.pages.site import Json, Page, Plan, Site
from lakthan.rubric import Rubric

WIDE = 12
"""A rubric with more indicators than this is shown by area where its portfolios stand side by side."""


def pages(site: Site) -> Iterator[Plan]:
    """The front page, with a table for each rubric that somebody answered."""
    yield site.plan("index.md", _page)


def _page(site: Site) -> Page:
    answered = [rubric for rubric in site.project.rubrics.values() if site.of_rubric(rubric)]
    # What was only made up for a demonstration stands below what an office filed.
    answered.sort(key=lambda rubric: all(one.portfolio.demonstration for one in site.of_rubric(rubric)))
    boards = [_board(site, rubric) for rubric in answered]
    about = site.project.site
    evidence = sum(len(answer.evidence) for a in site.assessments for answer in a.portfolio.all_answers())
    return site.page(
        "home.md.j2",
        "index.md",
        site.text(about.title),
        site.text(about.description),
        boards=boards,
        evidence=evidence,
        project=site.project,
    )


def _board(site: Site, rubric: Rubric) -> Json:
    """The portfolios of a rubric side by side: a column for each indicator, or for each area where they are many."""
    columns: list[Any] = list(rubric.every_indicator())
    wide = len(columns) > WIDE and bool(rubric.areas)
    board = standings.board(site, rubric, list(rubric.areas) if wide else columns)
    return {**board, "wide": wide, "indicators": len(columns)}
