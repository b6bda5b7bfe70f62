"""What pages mean, for search engines: schema.org in JSON-LD.

It is data that no browser runs. It stands in front matter as one string, in which nothing can end a `script` element.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from lakthan import exports
from lakthan.model import Assessment, Project, Unit
from lakthan.pages.addresses import outside
from lakthan.pages.words import Words

Json = dict[str, Any]
Href = Callable[[str], str]
"""From an address of the site to a link from the page."""


def said(document: Json) -> str:
    """JSON-LD that may stand inside a `script` element.

    >>> said({"name": "</script>&"})
    '{"@context": "https://schema.org", "name": "\\\\u003c/script\\\\u003e\\\\u0026"}'
    """
    text = json.dumps(_filled({"@context": "https://schema.org", **document}), ensure_ascii=False)
    # JSON knows none of these outside its strings. With them gone no parser of HTML sees an end, and none an entity.
    return _ALIVE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_ALIVE = re.compile("[<>&\u2028\u2029\u0085\x7f]")


def _filled(value: Any) -> Any:
    """The document without what says nothing."""
    match value:
        case dict():
            return {key: _filled(item) for key, item in value.items() if item not in (None, "", [], {})}
        case list():
            return [_filled(item) for item in value]
        case _:
            return value


def organization(words: Words, unit: Unit, href: Href) -> Json:
    """A unit as a GovernmentOrganization."""
    return {
        "@type": "GovernmentOrganization",
        "name": words.text(unit.name),
        "alternateName": words.text(unit.short),
        "url": href(f"{unit.id}/"),
        "sameAs": outside(unit.website),
        "description": words.text(unit.about),
        "address": words.text(unit.address),
        "email": unit.email,
        "telephone": unit.phone,
    }


def of_unit(words: Words, project: Project, unit: Unit, href: Href) -> Json:
    """A unit with the unit that it belongs to."""
    parent = project.units.get(unit.parent or "")
    return {
        **organization(words, unit, href),
        "parentOrganization": organization(words, parent, href) if parent else None,
    }


def of_portfolio(words: Words, project: Project, assessment: Assessment, href: Href, file_href: Href) -> Json:
    """A portfolio as a Dataset: what it says is all there as JSON."""
    portfolio = assessment.portfolio
    days = portfolio.dates()
    return {
        "@type": "Dataset",
        "name": f"{words.text(project.units[portfolio.unit].name)} · {words.text(portfolio.rubric.title)}",
        "description": words.say(
            "portfolio.description",
            unit=project.units[portfolio.unit].name,
            rubric=portfolio.rubric.title,
            points=assessment.latest.points,
            max=assessment.latest.max,
        ),
        "identifier": portfolio.id,
        "url": href(f"{portfolio.id}/"),
        "dateModified": days[-1].isoformat() if days else None,
        "creator": organization(words, project.units[portfolio.unit], href),
        "license": words.text(project.site.licence),
        "isAccessibleForFree": True,
        "distribution": [_download(file_href(f"{portfolio.id}/{name}")) for name in exports.EXPORTS],
    }


def of_indicator(words: Words, project: Project, assessment: Assessment, name: str, href: Href) -> Json:
    """An indicator's page with its evidence, each piece a CreativeWork."""
    portfolio = assessment.portfolio
    names = exports.identifiers(portfolio)
    return {
        "@type": "CreativeWork",
        "name": words.text(getattr(assessment.latest.indicators[name].node, "title", None)),
        "identifier": f"{portfolio.id}/{name}",
        "url": href(f"{portfolio.id}/{name}/"),
        "author": organization(words, project.units[portfolio.unit], href),
        "isPartOf": {"@type": "Dataset", "identifier": portfolio.id, "url": href(f"{portfolio.id}/")},
        "hasPart": [
            {
                "@type": "CreativeWork",
                "@id": f"urn:uuid:{names[id(record)]}",
                "name": record.text("title"),
                "genre": words.text(kind.title) if (kind := portfolio.rubric.kinds.get(record.kind)) else "",
                "identifier": record.text("reference"),
                "datePublished": record.date.isoformat() if record.date else None,
                "url": outside(record.values.get("url")),
            }
            for record in exports.evidence(portfolio, name)
        ],
    }


def of_data(words: Words, project: Project, href: Href, file_href: Href) -> Json:
    """The open data as a Dataset."""
    site = project.site
    days = [day for portfolio in project.portfolios for day in portfolio.dates()]
    return {
        "@type": "Dataset",
        "name": words.text(site.title),
        "description": words.text(site.description),
        "url": href("data/"),
        "dateModified": max(days).isoformat() if days else None,
        "publisher": {"@type": "Organization", "name": words.text(site.publisher)},
        "license": words.text(site.licence),
        "isAccessibleForFree": True,
        "inLanguage": ["th", "en"],
        "distribution": [_download(file_href(path)) for path in exports.TABLE_FILES],
    }


_FORMATS = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}


def _download(url: str) -> Json:
    suffix = url.rpartition(".")[2]
    return {"@type": "DataDownload", "contentUrl": url, "encodingFormat": _FORMATS.get(suffix)}
