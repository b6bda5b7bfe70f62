"""One indicator across units: all answers to it in one place, the way committees go through them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lakthan import thai
from lakthan.exports import documents
from lakthan.model import Assessment, NodeScore
from lakthan.pages import answers, menus, standings
from lakthan.pages.addresses import relative
from lakthan.pages.site import Json, Page, Plan, Site, area_of
from lakthan.rubric import Criterion, Indicator, Rubric, maximum

OPEN = 6
"""With more answers than this each is folded to one line until somebody opens it."""


def pages(site: Site) -> Iterator[Plan]:
    """A page for each indicator of each rubric, whether or not somebody answered it."""
    for rubric in site.project.rubrics.values():
        for position, indicator in enumerate(rubric.every_indicator()):
            yield site.plan(
                f"rubrics/{rubric.id}/{indicator.id}.md", _page, rubric, position, across=(rubric.id, indicator.id)
            )


def _page(site: Site, rubric: Rubric, position: int) -> Page:
    indicators = list(rubric.every_indicator())
    indicator = indicators[position]
    path = f"rubrics/{rubric.id}/{indicator.id}"
    entries = [_answer(site, assessment, indicator, f"{path}/") for assessment in standings.ordered(site, rubric)]
    parents = {name: site.short_name(name) for one in entries if (name := one["parent"])}
    return site.page(
        "compare.md.j2",
        f"{path}.md",
        site.numbered(indicator.id, indicator.title),
        site.say("compare.description", rubric=rubric.short, title=indicator.title),
        menu=menus.of_rubric(site, rubric, f"{indicator.id}/"),
        rubric=rubric,
        indicator=indicator,
        area=site.once(area_of, rubric.id, indicator.id),
        most=maximum(indicator),
        entries=entries,
        parents=sorted(parents.items(), key=lambda parent: (thai.sort_key(parent[1]), parent[0])),
        states=[name for name in standings.STATES if any(name in one["states"] for one in entries)],
        spread=_spread(entries),
        unfolded=len(entries) <= OPEN,
        before=indicators[position - 1] if position else None,
        after=indicators[position + 1] if position + 1 < len(indicators) else None,
    )


def _answer(site: Site, assessment: Assessment, indicator: Indicator, url: str) -> Json:
    """What a unit answered, and what became of it."""
    portfolio = assessment.portfolio
    node = assessment.latest.indicators[indicator.id]
    answer = portfolio.answers.get(indicator.id)
    unit = site.project.units.get(portfolio.unit)
    up = relative(f"{portfolio.id}/", url)
    return {
        "assessment": assessment,
        "node": node,
        "answer": answer,
        "parent": unit.parent if unit else None,
        "heat": standings.heat(node),
        "verified": standings.verified(assessment, indicator.id),
        "states": standings.states_of(assessment, indicator.id),
        "criteria": _criteria(node),
        "step": assessment.advice.indicators.get(indicator.id),
        "records": answers.evidence(assessment, indicator.id),
        "facts": answers.facts(portfolio, answer, answers.asked(node)),
        **site.account(portfolio, answer, up, page=f"rubrics/{portfolio.rubric.id}/{indicator.id}.md"),
    }


def _criteria(node: NodeScore) -> list[NodeScore]:
    """The criteria that earned the points; where none did, all that could have."""
    leaves = list(documents.awards(node))
    earned = [leaf for leaf, awarded in leaves if awarded and leaf.points]
    asked = [leaf for leaf, _ in leaves if isinstance(leaf.node, Criterion) and leaf.node.points and not leaf.later]
    return earned or asked


def _spread(entries: list[Json]) -> list[Json]:
    """How many units have how many points, from the most down."""
    found = Counter((entry["node"].points, entry["heat"]) for entry in entries if entry["node"].applies)
    return [{"points": points, "heat": heat, "units": n} for (points, heat), n in sorted(found.items(), reverse=True)]
