"""What other programs read: files beside the pages, each a function to bytes.

`documents` has the JSON: scores with their reasons, and everything a page shows. `schemas` says what they look like,
`tables` has the open data, `feeds` what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from lakthan.exports import feeds, schemas
from lakthan.exports.documents import (
    Json,
    anchor,
    encode,
    evidence,
    identifiers,
    indicator_document,
    inputs_document,
    needed,
    number,
    plain,
    portfolio_document,
    required,
    rubric_data,
    rubric_document,
    score_document,
    site_document,
    sources,
    summary,
    unit_document,
)
from lakthan.exports.feeds import base
from lakthan.exports.tables import TABLES, File
from lakthan.exports.tables import files as open_data
from lakthan.model import Assessment, Project

__all__ = [
    "EXPORTS",
    "TABLES",
    "File",
    "Json",
    "anchor",
    "base",
    "encode",
    "evidence",
    "files",
    "identifiers",
    "indicator_document",
    "inputs_document",
    "needed",
    "number",
    "open_data",
    "plain",
    "portfolio_document",
    "required",
    "rubric_data",
    "rubric_document",
    "score_document",
    "site_document",
    "sources",
    "summary",
    "unit_document",
]


EXPORTS: Mapping[str, Callable[[Assessment], bytes]] = {
    "index.json": lambda assessment: encode(portfolio_document(assessment)),
    "score.json": lambda assessment: encode(score_document([assessment])),
    "inputs.json": lambda assessment: encode(inputs_document(assessment)),
}
"""Files for download beside each portfolio's page. The catalogue names them under `pages.download`."""


def files(project: Project, assessments: Iterable[Assessment]) -> Iterator[tuple[str, bytes]]:
    """Every file beside the pages: its path relative to the site, and its content."""
    found = tuple(assessments)
    yield from schemas.files()
    yield from feeds.files(project, found)
    yield "index.json", encode(site_document(project, found))
    for rubric in project.rubrics.values():
        yield f"rubrics/{rubric.id}/index.json", encode(rubric_document(rubric, found))
        yield f"rubrics/{rubric.id}/rubric.json", encode(rubric_data(rubric))
    for unit in project.units.values():
        yield f"{unit.id}/index.json", encode(unit_document(unit, found))
    for assessment in found:
        folder = assessment.portfolio.id
        for name, export in EXPORTS.items():
            yield f"{folder}/{name}", export(assessment)
        for name in assessment.latest.indicators:
            yield f"{folder}/{name}/index.json", encode(indicator_document(assessment, name))
