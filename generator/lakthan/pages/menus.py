"""The menu beside a page: the rubrics beside a rubric, and a portfolio beside its own pages, never the whole site."""

from __future__ import annotations

from lakthan import news
from lakthan.model import Assessment, Unit
from lakthan.pages.charts import tone
from lakthan.pages.site import Json, Menu, Site, groups
from lakthan.pages.words import tame
from lakthan.rubric import Rubric


def of_rubrics(site: Site, shown: Rubric) -> Menu:
    """Every rubric."""
    rubrics = site.project.rubrics.values()
    items = [_item(site.text(rubric.short), f"rubrics/{rubric.id}/") for rubric in rubrics]
    groups = [{"title": "", "items": [_item(site.say("rubrics.title"), "rubrics/"), *items]}]
    return Menu(groups, [f"rubrics/{shown.id}/"])


def of_rubric(site: Site, rubric: Rubric, active: str) -> Menu:
    """A rubric beside the pages that look across its units: itself, those pages, and its indicators by area.

    *active* is the address of the page below the rubric's own, such as `practice/` or that of an indicator.
    """
    return site.once(_of_rubric, rubric.id).of(f"rubrics/{rubric.id}/{active}")


def _of_rubric(site: Site, name: str) -> Menu:
    rubric = site.project.rubrics[name]
    pages = [("rubric.criteria", ""), ("overview.title", "units/"), ("practice.title", "practice/")]
    if not site.of_rubric(rubric):
        pages = pages[:1]
    own = [_item(site.say(name), f"rubrics/{rubric.id}/{url}") for name, url in pages]
    menu: list[Json] = [{"title": tame(site.text(rubric.short)), "items": own}]
    for area, _, indicators in groups(rubric):
        items = [
            _item(
                site.text(indicator.title),
                f"rubrics/{rubric.id}/{indicator.id}/",
                number=site.show(indicator.id),
            )
            for indicator in indicators
        ]
        if items:
            menu.append({"title": tame(site.heading(area) if area else site.say("indicators.title")), "items": items})
    return Menu(menu)


def of_unit(site: Site, unit: Unit, active: str) -> Menu:
    """A unit: itself, what it says of itself, what is new there, and its portfolios.

    *active* is the address of the page below the unit's own, such as `news/`.
    """
    pages = [("unit.overview", "")]
    if unit.profile:
        pages.append(("profile.title", "profile/"))
    if news.any_news(a.portfolio for a in site.of_unit(unit)):
        pages.append(("news.title", "news/"))
    own = [_item(site.say(name), f"{unit.id}/{url}") for name, url in pages]
    menu: list[Json] = [{"title": tame(site.short_name(unit.id)), "items": own}]
    portfolios = [_item(site.text(a.portfolio.rubric.short), f"{a.portfolio.id}/") for a in site.of_unit(unit)]
    if portfolios:
        menu.append({"title": tame(site.say("units.portfolios")), "items": portfolios})
    return Menu(menu, [f"{unit.id}/{active}"])


def of_portfolio(site: Site, assessment: Assessment, active: str) -> Menu:
    """A portfolio: itself, its evidence and channels, and its indicators by area with their points.

    *active* is the page that the menu stands beside: an indicator, an address such as `evidence/`, or nothing for the
    portfolio's own page.
    """
    at = f"{assessment.portfolio.id}/{active}"
    return site.once_of(assessment, _of_portfolio).of(at, *([f"{at}/"] if active else []))


def _of_portfolio(site: Site, assessment: Assessment) -> Menu:
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
    return Menu(menu)


def _item(title: str, url: str, *, points: str = "", tint: str = "", number: str = "") -> Json:
    found: Json = {"title": tame(title), "url": url}
    extra = {"number": number, "points": points, "tone": tint}
    return found | {key: value for key, value in extra.items() if value}
