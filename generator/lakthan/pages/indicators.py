"""The page of each indicator: its ladder with ticks and reasons, what is missing, evidence, and the unit's account."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan import rules
from lakthan.model import Answer, Assessment, Place
from lakthan.pages import answers, menus, reviewed, standings
from lakthan.pages.site import Json, Page, Plan, Site, area_of
from lakthan.rubric import Criterion, Indicator, Note


def pages(site: Site) -> Iterator[Plan]:
    """A page for each indicator of each portfolio, answered or not."""
    for assessment in site.assessments:
        for position, indicator in enumerate(assessment.portfolio.rubric.every_indicator()):
            path = f"{assessment.portfolio.id}/{indicator.id}.md"
            yield site.plan(path, _page, assessment, position, of=assessment, tells=indicator.id)


def _page(site: Site, assessment: Assessment, position: int) -> Page:
    portfolio, rubric = assessment.portfolio, assessment.portfolio.rubric
    unit_before, unit_after = standings.beside(site)[portfolio.id]
    indicators = list(rubric.every_indicator())
    indicator = indicators[position]
    file = f"{portfolio.folder}/{indicator.id}.md"
    answer = portfolio.answers.get(indicator.id)
    return site.portfolio_page(
        "indicator.md.j2",
        assessment,
        indicator.id,
        site.numbered(indicator.id, indicator.title),
        f"{site.short_name(portfolio.unit)} · {site.text(rubric.short)} · {site.text(indicator.title)}",
        menu=menus.of_portfolio(site, assessment, indicator.id),
        indicator=indicator,
        answer=answer,
        own=answer or Answer(indicator.id, Place(file)),
        area=site.once(area_of, rubric.id, indicator.id),
        **site.told_of(assessment, _told, position),
        **site.account(portfolio, answer, "../", indicator.id),
        before=indicators[position - 1] if position else None,
        after=indicators[position + 1] if position + 1 < len(indicators) else None,
        unit_before=unit_before,
        unit_after=unit_after,
        problems=[p for p in site.problems_of(portfolio) if p.place.file == file],
    )


def _told(assessment: Assessment, position: int) -> Json:
    """What the page says in every language."""
    portfolio = assessment.portfolio
    indicator = list(portfolio.rubric.every_indicator())[position]
    node, answer = assessment.latest.indicators[indicator.id], portfolio.answers.get(indicator.id)
    conditions = answers.asked(node)
    return {
        "node": node,
        "records": answers.evidence(assessment, indicator.id),
        "facts": answers.facts(portfolio, answer, conditions),
        "registers": answers.registers(portfolio, answer),
        "channels": answers.channels(portfolio, indicator.id),
        "asked": {name for condition in conditions for name in rules.kinds_read(portfolio.rubric, condition)},
        "notes": _notes(indicator),
        "said_of": reviewed.of_indicator(assessment, indicator.id),
    }


def _notes(indicator: Indicator) -> list[Note]:
    """Every doubt about the indicator and its criteria, each once."""
    found: dict[str, Note] = {}

    def walk(node: Criterion) -> None:
        for note in node.notes:
            found.setdefault(note.id, note)
        for child in node.criteria:
            walk(child)

    walk(indicator)
    return list(found.values())
