"""The manual of diagnostics: what each finding of `lakthan check` means, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan import diagnostics
from lakthan.pages.account import account
from lakthan.pages.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """One page, the same for every project: what `lakthan explain` prints, with a place of its own for each code."""
    yield site.page(
        "manual.md.j2",
        "diagnostics.md",
        site.say("manual.title"),
        site.say("manual.lead"),
        hide=["navigation"],
        entries=[
            (code, account(diagnostics.explain(code, site.language) or "", "", site.say("table.scroll")))
            for code in diagnostics.codes()
        ],
    )
