"""The page of open data: every file, what it holds, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator

from lakthan.exports import TABLES, File
from lakthan.pages.fields import size_in_words
from lakthan.pages.site import Json, Page, Plan, Site

DOCUMENTS = (
    ("site", "index.json", "site"),
    ("rubric", "rubrics/<rubric>/index.json", "rubric-document"),
    ("rubric_file", "rubrics/<rubric>/rubric.json", "rubric"),
    ("unit", "<unit>/index.json", "unit"),
    ("portfolio", "<unit>/<rubric>/index.json", "portfolio"),
    ("score", "<unit>/<rubric>/score.json", "score"),
    ("inputs", "<unit>/<rubric>/inputs.json", "inputs"),
    ("indicator", "<unit>/<rubric>/<indicator>/index.json", "indicator"),
)
"""Sort of JSON document, the pattern of its address, and its schema."""


def pages(site: Site) -> Iterator[Plan]:
    """One page."""
    yield site.plan("data/index.md", _page)


def _page(site: Site) -> Page:
    tables: list[Json] = []
    for table in TABLES:
        files = [file for file in site.data() if file.table == table.name]
        tables.append(
            {
                "name": table.name,
                "columns": table.columns,
                "rows": max((file.rows for file in files), default=0),
                "files": [
                    {
                        "path": f.path,
                        "kind": f.path.rpartition(".")[2].upper(),
                        "size": size_in_words(site, len(f.content)),
                    }
                    for f in files
                ],
            }
        )
    return site.page(
        "data.md.j2",
        "data/index.md",
        site.say("data.title"),
        site.say("data.lead"),
        hide=["navigation"],
        tables=tables,
        documents=DOCUMENTS,
        changed=max((day for p in site.project.portfolios for day in p.dates()), default=None),
    )


def _size(site: Site, file: File) -> str:
    return size_in_words(site, len(file.content))
