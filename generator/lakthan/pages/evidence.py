"""All evidence of a portfolio, by kind."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from lakthan.model import Assessment
from lakthan.pages import answers, menus
from lakthan.pages.site import Json, Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """A page for each portfolio: its evidence by kind."""
    for assessment in site.assessments:
        yield site.plan(f"{assessment.portfolio.id}/evidence.md", _page, assessment, of=assessment)


def _page(site: Site, assessment: Assessment) -> Page:
    return site.portfolio_page(
        "evidence.md.j2",
        assessment,
        "evidence",
        site.say("evidence.title"),
        menu=menus.of_portfolio(site, assessment, "evidence/"),
        kinds=_by_kind(assessment),
    )


def _by_kind(assessment: Assessment) -> list[Json]:
    """The kinds in the order of the rubric, each with its evidence by date and the indicators that it serves."""
    rubric = assessment.portfolio.rubric
    serves: dict[int, Json] = {}
    for name in assessment.latest.indicators:
        for entry in answers.evidence(assessment, name):
            known = serves.setdefault(id(entry["record"]), {**entry, "indicators": []})
            known["indicators"].append(name)
            if entry["counts"]:
                known.update(counts=True, why=[])
    for record in assessment.portfolio.shared.evidence:
        serves.setdefault(id(record), {"record": record, "counts": False, "why": [], "indicators": []})
    rulings = assessment.reviewed.rulings if assessment.reviewed else ()
    for entry in serves.values():
        name = entry["record"].name
        entry["rulings"] = [r for r in rulings if r.evidence == name and r.indicator in entry["indicators"]]
    found = []
    for name, kind in rubric.kinds.items():
        entries = [entry for entry in serves.values() if entry["record"].kind == name]
        if entries:
            entries.sort(key=lambda entry: (entry["record"].date or datetime.date.max, entry["record"].number))
            found.append({"id": name, "kind": kind, "entries": entries})
    return found
