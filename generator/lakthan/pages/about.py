"""How a score comes about, and what may be done with all this."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan.pages.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """One page, the same for every project."""
    yield site.page("about.md.j2", "about.md", site.say("about.title"), site.say("about.lead"), hide=["navigation"])
