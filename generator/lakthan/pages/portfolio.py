"""A portfolio's own page: score, levels, rounds, areas, readings, what is missing, and what a check found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from lakthan.model import Assessment, NodeScore
from lakthan.pages import answers, charts, menus
from lakthan.pages.site import Json, Page, Plan, Site, groups
from lakthan.rubric import Area, Indicator


def pages(site: Site) -> Iterator[Plan]:
    """The first page of each portfolio."""
    for assessment in site.assessments:
        yield site.plan(f"{assessment.portfolio.id}/index.md", _page, assessment, of=assessment)


def _page(site: Site, assessment: Assessment) -> Page:
    portfolio, rubric, latest = assessment.portfolio, assessment.portfolio.rubric, assessment.latest
    channels = answers.channels(portfolio)
    name = site.unit_name(portfolio.unit)
    return site.portfolio_page(
        "portfolio.md.j2",
        assessment,
        "index",
        name,
        site.say("portfolio.description", unit=name, rubric=rubric.title, points=latest.points, max=latest.max),
        menu=menus.of_portfolio(site, assessment, ""),
        **site.account(portfolio, portfolio.shared, ""),
        rounds=_rounds(assessment),
        areas=_areas(assessment),
        chart=charts.timeline(site, assessment),
        steps=charts.gates(site, latest),
        waterfall=_waterfall(site, assessment),
        editions=_editions(site, assessment),
        problems=site.problems_of(portfolio),
        facts=answers.facts(portfolio, portfolio.shared),
        registers=answers.registers(portfolio, portfolio.shared),
        channels=channels,
        places=answers.places(channels),
        searched=site.searched.get(portfolio.id, ()),
        publication=_publication(assessment),
        evidence_count=sum(len(answer.evidence) for answer in portfolio.all_answers()),
        groups=list(groups(rubric)),
    )


def _publication(assessment: Assessment) -> list[Json]:
    """What the rubric asks of publishing, at its best: of a ladder the top rung, of steps all."""
    found = []
    for node in assessment.latest.indicators.values():
        if not (isinstance(node.node, Indicator) and node.node.publication and node.applies):
            continue
        leaves = list(node.leaves())
        if node.node.award == "highest":
            leaves = [max(leaves, key=lambda leaf: leaf.max)]
        findings = [finding for leaf in leaves for finding in leaf.findings]
        found.append({"node": node, "ready": all(leaf.holds for leaf in leaves), "findings": findings})
    return found


WIDE = 12
"""With more indicators than this the waterfall is by area."""


def _waterfall(site: Site, assessment: Assessment) -> charts.Chart | None:
    """The points by indicator, or by area where there are many, if they are added up to the total."""
    root = assessment.latest.root
    nodes: Sequence[NodeScore] = list(assessment.latest.indicators.values())
    if len(nodes) > WIDE and isinstance(root.children[0].node, Area):
        nodes = root.children
    added = sum((node.points for node in nodes if node.applies), Fraction(0)) == root.points
    most = sum((node.max for node in nodes if node.applies), Fraction(0)) == root.max
    return charts.waterfall(site, nodes) if added and most and len(nodes) > 1 else None


def _editions(site: Site, assessment: Assessment) -> list[Json]:
    """The indicators that an earlier edition asked too, with what the same unit scored there: a group for each edition.

    Which indicators belong together says the rubric's `continues`.
    """
    earlier = {a.portfolio.rubric.id: a for a in site.assessments if a.portfolio.unit == assessment.portfolio.unit}
    found: dict[str, list[Json]] = {}
    for indicator in assessment.portfolio.rubric.every_indicator():
        now = assessment.latest.indicators[indicator.id]
        for known in indicator.continues:
            name, _, old = known.partition(":")
            before = earlier[name].latest.indicators.get(old) if name in earlier else None
            if before and before.applies and before.max and now.applies and now.max:
                change = now.points / now.max - before.points / before.max
                found.setdefault(name, []).append({"now": now, "before": before, "change": 100 * change})
    return [{"assessment": earlier[name], "rows": rows} for name, rows in found.items()]


def _rounds(assessment: Assessment) -> list[Json]:
    """The rounds of the rubric, each with its score if it is reached."""
    scores = {score.round: score for score in assessment.scores}
    return [{"round": round, "score": scores.get(round.id)} for round in assessment.portfolio.rubric.rounds]


def _areas(assessment: Assessment) -> list[Json]:
    """The areas of the rubric with their score in each round reached."""
    found = []
    for area, depth, _ in groups(assessment.portfolio.rubric):
        if area:
            scores = [
                next(n for n in score.root.walk() if n.node is area or n.path == area.id) for score in assessment.scores
            ]
            found.append({"area": area, "depth": depth, "scores": scores})
    return found
