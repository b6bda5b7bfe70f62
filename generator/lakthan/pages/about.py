"""How a score comes about, and what may be done with all this."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan.pages.site import Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """One page, the same for every project."""
    yield site.plan("about.md", _page)


def _page(site: Site) -> Page:
    title, lead = site.say("about.title"), site.say("about.lead")
    return site.page("about.md.j2", "about.md", title, lead, hide=["navigation"], project=site.project)
