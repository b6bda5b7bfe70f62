"""From scores to pages: Markdown files that hold headings and blocks of HTML, and the files beside them.

What is written here builds the same site with MkDocs and with Zensical. The headings are Markdown, so that tables of
contents and search find them; all else is HTML, so that neither Markdown nor template syntax in what a unit wrote comes
alive. Addresses are stable: `/<unit>/<rubric>/<indicator>/`.

Where to change what: each sort of page has a module with a function `pages` and a template of its name. They rest on
`answers` (what a unit wrote), `standings` (portfolios side by side) and `menus` (what stands beside a page), these on
`site` (what every page may use), and that on single matters: `words`, `fields`, `conditions`, `charts`, `account`,
`addresses`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache as cached
from functools import partial
from pathlib import Path
from typing import Any

from lakthan import exports, links
from lakthan.cache import Cache, Last
from lakthan.diagnostics import Diagnostic
from lakthan.messages import Language
from lakthan.model import Answer, Assessment, Message, Project
from lakthan.pages import (
    about,
    bench,
    channels,
    codes,
    compare,
    data,
    evidence,
    home,
    indicators,
    manual,
    news,
    overview,
    portfolio,
    practice,
    reviews,
    rubrics,
    search,
    units,
    work,
)
from lakthan.pages.addresses import address
from lakthan.pages.search import index
from lakthan.pages.site import Page, Plan, Site

__all__ = ["ACROSS", "PAGES", "Page", "Plan", "Site", "address", "assets", "index", "pages", "plans", "sites"]

PAGES: tuple[Callable[[Site], Iterator[Plan]], ...] = (
    home.pages,
    rubrics.pages,
    overview.pages,
    compare.pages,
    data.pages,
    practice.pages,
    units.pages,
    portfolio.pages,
    indicators.pages,
    evidence.pages,
    channels.pages,
    codes.pages,
    bench.pages,
    work.pages,
    news.pages,
    reviews.pages,
    about.pages,
    search.pages,
    manual.pages,
)
"""What plans pages: a new sort of page is a template and a function with a `yield`."""
ACROSS: tuple[Callable[[Site], Iterator[Plan]], ...] = (compare.pages, practice.pages)
"""Those that plan pages which say what they are `across`."""


def sites(
    project: Project,
    assessments: Sequence[Assessment],
    *,
    templates: Sequence[Path],
    problems: Sequence[Diagnostic] = (),
    sizes: Mapping[str, int] | None = None,
    previews: Mapping[str, tuple[int, int]] | None = None,
    searched: Mapping[str, Sequence[Message]] | None = None,
    ledger: links.Ledger | None = None,
    cache: Cache | None = None,
    beside: Mapping[Language, Mapping[str, tuple[str | None, str | None]]] | None = None,
    accounts: Mapping[str, Answer] | None = None,
) -> tuple[Site, ...]:
    """The site, once in each of its languages: what `plans` needs.

    *templates* are the folders to look for a template in, the project's own first. *sizes* says how many bytes each
    attachment has, by its path in the project; what it does not name is shown as missing. *previews* has the width and
    height in pixels of the small pictures of attachments, by the same paths. *searched* says what was searched for
    personal data, by portfolio; *ledger* when each external address was reached. What takes long to
    make is kept in *cache*. *beside* says which units stand beside that of a portfolio, where not all are given, and
    *accounts* are answers with what units tell, by the paths of their files, where those of the project are without it.
    """
    told = Last()
    data = cached(partial(exports.open_data, project, tuple(assessments), cache or Cache()))
    return tuple(
        Site(
            language=language,
            digits=project.site.digits,
            project=project,
            assessments=tuple(assessments),
            templates=tuple(templates),
            problems=tuple(problems),
            sizes=sizes if sizes is not None else {},
            previews=previews if previews is not None else {},
            searched=searched or {},
            ledger=ledger or {},
            data=data,
            told=told,
            beside=beside.get(language, {}) if beside is not None else None,
            accounts=accounts if accounts is not None else {},
        )
        for language in project.site.languages
    )


def plans(site: Site, steps: Sequence[Callable[[Site], Iterator[Plan]]] = PAGES) -> Iterator[Plan]:
    """Every page of the site in one language, each with what makes it: planning them costs next to nothing.

    Whoever serves one page after an edit makes that one alone: ``plan.make().content`` is the Markdown that `build`
    would write to ``plan.path``. A site holds what its pages look up in common (`Site.once`): after an edit, take a new
    one from `sites`. The files beside the pages, and the index of the search, are not among them.
    """
    for step in steps:
        yield from step(site)


def pages(project: Project, assessments: Sequence[Assessment], **options: Any) -> Iterator[Page]:
    """Everything that the site consists of but the attachments; the options are those of `sites`.

    Each page is made once for each of the site's languages; the files beside the pages are there once.
    """
    both = sites(project, assessments, **options)
    for site in both:
        known = []
        for plan in plans(site):
            page = plan.make()
            if page.entry:
                known.append(page.entry.waiting())
            yield page
        yield from index(site, known)
    for path, content in exports.files(project, assessments):
        yield Page(path, content)
    yield from (Page(file.path, file.content) for file in both[0].data())
    yield from assets(both[0].templates)


def assets(templates: Sequence[Path]) -> Iterator[Page]:
    """The styles, scripts and fonts of the site; where two folders have the same file, the first one's."""
    found: dict[str, Path] = {}
    for folder in reversed(templates):
        found |= {
            path.relative_to(folder).as_posix(): path for path in (folder / "assets").rglob("*") if path.is_file()
        }
    for name in sorted(found):
        yield Page(name, found[name].read_bytes())
