"""The menu beside a page: the rubrics beside a rubric, and a portfolio beside its own pages, never the whole site."""

from __future__ import annotations

from lakthan import news
from lakthan.model import Assessment, Unit
from lakthan.pages.charts import tone
from lakthan.pages.site import Json, Site, groups
from lakthan.pages.words import tame
from lakthan.rubric import Rubric


def of_rubrics(site: Site, shown: Rubric) -> list[Json]:
    """Every rubric."""
    rubrics = site.project.rubrics.values()
    items = [_item(site.text(rubric.short), f"rubrics/{rubric.id}/", active=rubric is shown) for rubric in rubrics]
    return [{"title": "", "items": [_item(site.say("rubrics.title"), "rubrics/"), *items]}]


def of_rubric(site: Site, rubric: Rubric, active: str) -> list[Json]:
    """A rubric beside the pages that look across its units: itself, those pages, and its indicators by area.

    *active* is the address of the page below the rubric's own, such as `practice/` or that of an indicator.
    """
    pages = [("rubric.criteria", ""), ("overview.title", "units/"), ("practice.title", "practice/")]
    if not site.of_rubric(rubric):
        pages = pages[:1]
    own = [_item(site.say(name), f"rubrics/{rubric.id}/{url}", active=active == url) for name, url in pages]
    menu: list[Json] = [{"title": tame(site.text(rubric.short)), "items": own}]
    for area, _, indicators in groups(rubric):
        items = [
            _item(
                site.text(indicator.title),
                f"rubrics/{rubric.id}/{indicator.id}/",
                number=site.show(indicator.id),
                active=active == f"{indicator.id}/",
            )
            for indicator in indicators
        ]
        if items:
            menu.append({"title": tame(site.heading(area) if area else site.say("indicators.title")), "items": items})
    return menu


def of_unit(site: Site, unit: Unit, active: str) -> list[Json]:
    """A unit: itself, what it says of itself, what is new there, and its portfolios.

    *active* is the address of the page below the unit's own, such as `news/`.
    """
    pages = [("unit.overview", "")]
    if unit.profile:
        pages.append(("profile.title", "profile/"))
    if news.news(a.portfolio for a in site.of_unit(unit)):
        pages.append(("news.title", "news/"))
    own = [_item(site.say(name), f"{unit.id}/{url}", active=active == url) for name, url in pages]
    menu: list[Json] = [{"title": tame(site.short_name(unit.id)), "items": own}]
    portfolios = [_item(site.text(a.portfolio.rubric.short), f"{a.portfolio.id}/") for a in site.of_unit(unit)]
    if portfolios:
        menu.append({"title": tame(site.say("units.portfolios")), "items": portfolios})
    return menu


def of_portfolio(site: Site, assessment: Assessment, active: str) -> list[Json]:
    """A portfolio: itself, its evidence and channels, and its indicators by area with their points.

    *active* is the page that the menu stands beside: an indicator, an address such as `evidence/`, or nothing for the
    portfolio's own page.
    """
    at = f"{assessment.portfolio.id}/{active}"
    marked = {at, f"{at}/"} if active else {at}
    return [
        {
            **group,
            "items": [{**item, "active": True} if item["url"] in marked else item for item in group["items"]],
        }
        for group in site.once_of(assessment, _of_portfolio)
    ]


def _of_portfolio(site: Site, assessment: Assessment) -> list[Json]:
    portfolio = assessment.portfolio

    def entry(name: str, url: str) -> Json:
        return _item(site.say(name), f"{portfolio.id}/{url}")

    own: list[Json] = [
        entry("portfolio.overview", ""),
        entry("evidence.title", "evidence/"),
        entry("channels.title", "channels/"),
        entry("codes.title", "qr/"),
        entry("work.title", "board/"),
        entry("reviews.title", "reviews/"),
        entry("whatif.title", "what-if/"),
        entry("bench.title", "review/"),
    ]
    menu: list[Json] = [{"title": tame(site.short_name(portfolio.unit)), "items": own}]
    for area, _, indicators in groups(portfolio.rubric):
        if not indicators:
            continue
        items = []
        for indicator in indicators:
            node = assessment.latest.indicators[indicator.id]
            points = f"{site.show(node.points)}/{site.show(node.max)}" if node.applies else site.say("score.na_short")
            items.append(
                _item(
                    site.text(indicator.title),
                    f"{portfolio.id}/{indicator.id}/",
                    number=site.show(indicator.id),
                    points=points,
                    tint=tone(node.points, node.max) if node.applies else "na",
                )
            )
        title = site.heading(area) if area else site.say("indicators.title")
        menu.append({"title": tame(title), "items": items})
    return menu


def _item(title: str, url: str, *, points: str = "", tint: str = "", number: str = "", active: bool = False) -> Json:
    found: Json = {"title": tame(title), "url": url}
    extra = {"number": number, "points": points, "tone": tint, "active": active}
    return found | {key: value for key, value in extra.items() if value}
