"""What is new: on a page for the whole site, and on one for each unit that has news."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from lakthan import news, thai
from lakthan.model import Unit
from lakthan.news import News
from lakthan.pages import menus
from lakthan.pages.site import Json, Page, Plan, Site

RECENT = 60
"""How much of the news of all units stands on one page; a unit's own page has all of it."""


def pages(site: Site) -> Iterator[Plan]:
    """A page for all units, and one for each that has news."""
    yield site.plan("news.md", _every)
    for unit in site.project.units.values():
        if news.any_news(a.portfolio for a in site.of_unit(unit)):
            yield site.plan(f"{unit.id}/news.md", _page, unit, of=unit)


def _every(site: Site) -> Page:
    every = news.news(assessment.portfolio for assessment in site.assessments)
    return site.page(
        "news.md.j2",
        "news.md",
        site.say("news.title"),
        site.say("news.lead"),
        months=_months(site, every[:RECENT]),
        unit=None,
        more=len(every) > RECENT,
    )


def _page(site: Site, unit: Unit) -> Page:
    return site.page(
        "news.md.j2",
        f"{unit.id}/news.md",
        site.say("news.of", name=site.short_name(unit.id)),
        site.say("news.lead_of", name=unit.name),
        menu=menus.of_unit(site, unit, "news/"),
        months=_months(site, news.news(a.portfolio for a in site.of_unit(unit))),
        unit=unit,
        more=False,
    )


def _months(site: Site, found: Sequence[News]) -> list[Json]:
    """The news by month, in words for people."""
    return [
        {
            "id": f"m-{month}",
            "title": site.show(thai.show_period(month, language=site.language)),
            "items": [_item(site, one) for one in items],
        }
        for month, items in groupby(found, key=lambda one: f"{one.date:%Y-%m}")
    ]


def _item(site: Site, one: News) -> Json:
    portfolio, record = one.portfolio, one.record
    own = site.own(portfolio)
    if record is None:
        kind, title = site.say("news.signed"), site.text(portfolio.rubric.title)
    elif record.register == "channels":
        kind, title = site.say("news.channel"), record.text("name")
    else:
        known = portfolio.rubric.kinds.get(record.kind)
        kind, title = site.text(known.title) if known else record.kind, record.text("title")
    return {
        "date": one.date,
        "kind": kind,
        "title": own.get(title, title) or site.say("word.unnamed"),
        "url": one.page,
        "portfolio": portfolio,
        "indicators": site.span(portfolio.rubric, one.indicators),
    }
