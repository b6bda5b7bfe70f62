"""The list of rubrics, and what each asks, with its sources and doubts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lakthan.pages import menus
from lakthan.pages.site import Json, Page, Plan, Site, groups
from lakthan.rubric import Criterion, Indicator, Level, Round, Rubric, maximum


def pages(site: Site) -> Iterator[Plan]:
    """The list of rubrics, and a page for each."""
    yield site.plan("rubrics/index.md", _every)
    for rubric in site.project.rubrics.values():
        yield site.plan(f"rubrics/{rubric.id}.md", _page, rubric)


def _every(site: Site) -> Page:
    rubrics = site.project.rubrics.values()
    entries = [{"rubric": r, "max": maximum(r), "answers": site.of_rubric(r)} for r in rubrics]
    return site.page(
        "rubrics.md.j2", "rubrics/index.md", site.say("rubrics.title"), site.say("rubrics.lead"), entries=entries
    )


def _page(site: Site, rubric: Rubric) -> Page:
    return site.page(
        "rubric.md.j2",
        f"rubrics/{rubric.id}.md",
        site.text(rubric.title),
        site.say("rubric.description", title=rubric.title, issuer=rubric.document.issuer),
        menu=menus.of_rubrics(site, rubric),
        rubric=rubric,
        maximum=maximum,
        answers=site.of_rubric(rubric),
        notes=_notes(rubric),
        indicator_ids={indicator.id for indicator in rubric.every_indicator()},
        groups=list(groups(rubric)),
    )


def _notes(rubric: Rubric) -> list[Json]:
    """Every doubt that stands in the rubric, with where it stands."""
    found: list[Json] = [{"note": note, "where": ""} for note in rubric.notes]
    if rubric.period:
        found += [{"note": note, "where": ""} for note in rubric.period.notes]
    dated: list[Round | Level] = [*rubric.rounds, *rubric.levels]
    for part in dated:
        found += [{"note": note, "where": part.title} for note in part.notes]

    def walk(node: Any, where: str) -> None:
        for child in node.children:
            inner = where if isinstance(child, Criterion) and not isinstance(child, Indicator) else child.id
            found.extend({"note": note, "where": inner} for note in child.notes)
            walk(child, inner)

    walk(rubric, "")
    unique: dict[str, Json] = {}
    for entry in found:
        unique.setdefault(entry["note"].id, entry)
    return list(unique.values())
