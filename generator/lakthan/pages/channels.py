"""Where results are published: the channels of each portfolio, and those of all units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lakthan.pages import answers, menus
from lakthan.pages.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """A page for each portfolio, and one for all."""
    groups = []
    for assessment in site.assessments:
        channels = answers.channels(assessment.portfolio)
        places = answers.places(channels)
        groups.append({"assessment": assessment, "channels": channels, "places": places})
        yield site.portfolio_page(
            "channels.md.j2",
            assessment,
            "channels",
            site.say("channels.title"),
            menu=menus.of_portfolio(site, assessment, "channels/"),
            hide=["toc"],
            channels=channels,
            places=places,
            scopes=Counter(str(channel["record"].values.get("scope")) for channel in channels),
        )
    yield site.page(
        "all_channels.md.j2", "channels/index.md", site.say("channels.title"), site.say("channels.lead"), groups=groups
    )
