"""The manual of diagnostics: what each finding of `lakthan check` means, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from markupsafe import Markup

from lakthan import diagnostics
from lakthan.messages import Language
from lakthan.pages.account import account
from lakthan.pages.site import Page, Plan, Site


def pages(site: Site) -> Iterator[Plan]:
    """One page, the same for every project: what `lakthan explain` prints, with a place of its own for each code."""
    yield site.plan("diagnostics.md", _page)


def _page(site: Site) -> Page:
    return site.page(
        "manual.md.j2",
        "diagnostics.md",
        site.say("manual.title"),
        site.say("manual.lead"),
        hide=["navigation"],
        entries=_entries(site.language, site.say("table.scroll")),
    )


@cache
def _entries(language: Language, scroll: str) -> tuple[tuple[str, Markup], ...]:
    """Each code and its text: the same at every build while serving."""
    return tuple((code, account(diagnostics.explain(code, language) or "", "", scroll)) for code in diagnostics.codes())
