"""What other programs read: files beside the pages, each a function to bytes.

`documents` has the JSON: scores with their reasons, and everything a page shows. `schemas` says what they look like,
`tables` has the open data, `feeds` what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from lakthan.exports import feeds, schemas
from lakthan.exports.documents import (
    Json,
    anchor,
    encode,
    entry,
    evidence,
    identifiers,
    indicator_document,
    inputs_document,
    listed,
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
from lakthan.exports.tables import TABLE_FILES, TABLES, File, inert
from lakthan.exports.tables import files as open_data
from lakthan.model import Assessment, Project

__all__ = [
    "EXPORTS",
    "TABLES",
    "TABLE_FILES",
    "File",
    "Json",
    "Plan",
    "anchor",
    "base",
    "encode",
    "entry",
    "evidence",
    "files",
    "identifiers",
    "indicator_document",
    "inert",
    "inputs_document",
    "listed",
    "needed",
    "number",
    "open_data",
    "plain",
    "plans",
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


class Plan(NamedTuple):
    """A file beside the pages: its path relative to the site, what makes it, and whose portfolio's own it is."""

    path: str
    make: Callable[[], bytes]
    portfolio: str = ""
    """The portfolio's id; empty for what tells of several, or of none."""
    unit: str = ""
    """The id of the unit whose own it is."""


def plans(project: Project, assessments: Iterable[Assessment]) -> Iterator[Plan]:
    """Every file beside the pages but the open data, with what makes it."""
    found = tuple(assessments)
    for path in schemas.paths():
        yield Plan(path, partial(_schema, path))
    for name, make in feeds.files(project, found):
        yield Plan(name, make)
    yield Plan("index.json", partial(_encoded, site_document, project, found))
    for rubric in project.rubrics.values():
        yield Plan(f"rubrics/{rubric.id}/index.json", partial(_encoded, rubric_document, rubric, found))
        yield Plan(f"rubrics/{rubric.id}/rubric.json", partial(_encoded, rubric_data, rubric))
    of_unit: dict[str, list[Assessment]] = {}
    for assessment in found:
        of_unit.setdefault(assessment.portfolio.unit, []).append(assessment)
    for unit in project.units.values():
        yield Plan(
            f"{unit.id}/index.json", partial(_encoded, unit_document, unit, of_unit.get(unit.id, ())), unit=unit.id
        )
    for assessment in found:
        folder = assessment.portfolio.id
        for name, export in EXPORTS.items():
            yield Plan(f"{folder}/{name}", partial(export, assessment), folder)
        for indicator in assessment.portfolio.rubric.every_indicator():
            document = partial(_encoded, indicator_document, assessment, indicator.id)
            yield Plan(f"{folder}/{indicator.id}/index.json", document, folder)


def _schema(path: str) -> bytes:
    return dict(schemas.files())[path]


def _encoded(document: Callable[..., Json], *args: object) -> bytes:
    return encode(document(*args))


def files(project: Project, assessments: Iterable[Assessment]) -> Iterator[tuple[str, bytes]]:
    """Every file beside the pages but the open data: its path relative to the site, and its content."""
    return ((plan.path, plan.make()) for plan in plans(project, assessments))
