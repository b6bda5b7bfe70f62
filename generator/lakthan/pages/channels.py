"""Where results are published: the channels of each portfolio, and those of all units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lakthan.model import Assessment
from lakthan.pages import answers, menus
from lakthan.pages.site import Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """A page for each portfolio, and one for all."""
    for assessment in site.assessments:
        yield site.plan(f"{assessment.portfolio.id}/channels.md", _page, assessment, of=assessment)
    yield site.plan("channels/index.md", _every)


def _page(site: Site, assessment: Assessment) -> Page:
    channels = answers.channels(assessment.portfolio)
    return site.portfolio_page(
        "channels.md.j2",
        assessment,
        "channels",
        site.say("channels.title"),
        menu=menus.of_portfolio(site, assessment, "channels/"),
        hide=["toc"],
        channels=channels,
        places=answers.places(channels),
        scopes=Counter(str(channel["record"].values.get("scope")) for channel in channels),
    )


def _every(site: Site) -> Page:
    groups = []
    for assessment in site.assessments:
        channels = answers.channels(assessment.portfolio)
        groups.append({"assessment": assessment, "channels": channels, "places": answers.places(channels)})
    return site.page(
        "all_channels.md.j2", "channels/index.md", site.say("channels.title"), site.say("channels.lead"), groups=groups
    )
