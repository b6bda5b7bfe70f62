"""The search: its page, and the files that its script loads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakthan import search, thai
from lakthan.cache import Cache
from lakthan.pages.site import Page, Plan, Site

WORDS = (
    "title", "field", "hint", "unit", "rubric", "kind", "any", "close", "busy", "short", "none",
    "found", "found_one", "found_about", "some", "more", "failed", "results",
)  # fmt: skip
"""What the script says, by the names of the catalogue's `pages.search`; `{n}` is a number that the script knows."""


def pages(site: Site) -> Iterator[Plan]:
    """The page that a query can be linked to, and that says what to do where no script runs."""
    yield site.plan("search/index.md", _page)


def _page(site: Site) -> Page:
    page = site.page("search.md.j2", "search/index.md", site.say("search.title"), site.say("search.lead"))
    return Page(page.path, page.content)  # it finds others, not itself


def index(
    site: Site, known: Sequence[search.Waiting], per: int = search.PER_PART, cache: Cache | None = None
) -> Iterator[Page]:
    """The index of the pages in the site's language; the texts of *per* of them are loaded together.

    What takes long is kept in *cache*.
    """
    units = {page.unit for page in known} - {""}
    rubrics = {page.rubric for page in known} - {""}
    kinds = {page.kind for page in known}
    facts = {
        "digits": site.digits if site.language == "th" else "ascii",
        "words": {name: site.say(f"search.{name}", **({"n": "{n}"} if "found" in name else {})) for name in WORDS},
        "filters": {
            "unit": sorted(((name, site.unit_name(name)) for name in units), key=lambda pair: thai.sort_key(pair[1])),
            "rubric": [(r.id, site.text(r.short)) for r in site.project.rubrics.values() if r.id in rubrics],
            "kind": [(kind, site.say(f"search.kinds.{kind}")) for kind in search.KINDS if kind in kinds],
        },
    }
    for path, content in search.files(known, f"search/{site.language}", facts, per, cache):
        yield Page(path, content)
