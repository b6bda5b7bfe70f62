"""What is new (`lakthan.news`) as an Atom feed (RFC 4287) and a JSON Feed (1.1), newest first; and robots.txt.

Dates are those of the documents: nothing here knows when the site was built. Addresses are absolute where the site says
its own (`address` in `content/site.yml`), else relative to the feed.
"""

from __future__ import annotations

import datetime
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from lakthan import messages, news
from lakthan.exports.documents import NAMESPACE, Json, encode, identifiers
from lakthan.model import Assessment, Message, Project
from lakthan.news import News

NEWEST = 50
"""Entries of a feed: what is older is on the pages."""
ATOM = "http://www.w3.org/2005/Atom"
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of news."""

    id: str
    day: datetime.date
    title: str
    kind: str
    summary: str
    url: str


def entries(project: Project, assessments: Sequence[Assessment]) -> list[Entry]:
    """The newest news of all portfolios: dated evidence, channels and signatures."""
    portfolios = {assessment.portfolio.id: assessment.portfolio for assessment in assessments}
    names = {name: identifiers(portfolio) for name, portfolio in portfolios.items()}
    return [_entry(project, one, names[one.portfolio.id]) for one in news.news(portfolios.values())[:NEWEST]]


def _entry(project: Project, one: News, names: Mapping[int, str]) -> Entry:
    portfolio, record = one.portfolio, one.record
    rubric, unit = portfolio.rubric, project.units.get(portfolio.unit)
    about = [unit.name.th if unit else portfolio.unit, rubric.short.th]
    about += [f"{node.id}. {node.title.th}" for node in rubric.every_indicator() if node.id in one.indicators]
    if record is None:
        name = str(uuid.uuid5(NAMESPACE, f"signed {portfolio.id}"))
        kind, title = messages.say(Message("pages.news.signed", {}), "th"), rubric.title.th
    elif record.register == "channels":
        name = names[id(record)]
        kind, title = messages.say(Message("pages.news.channel", {}), "th"), record.text("name")
    else:
        name, known = names[id(record)], rubric.kinds.get(record.kind)
        kind = known.title.th if known else record.kind
        title = record.text("title") or kind
    return Entry(name, one.date, _clean(title), kind, _clean(" · ".join(about)), one.page)


def _clean(text: str) -> str:
    return _UNSPEAKABLE.sub("", text)


def base(project: Project) -> str:
    """Where the site stands, with a slash at the end; empty where it does not say."""
    address = project.site.address
    return f"{address.rstrip('/')}/" if address.startswith(("https://", "http://")) else ""


def _moment(day: datetime.date) -> str:
    return f"{day.isoformat()}T00:00:00+07:00"


def _title(project: Project) -> str:
    return messages.say(Message("pages.feed.title", {"site": project.site.title.th}), "th")


def atom(project: Project, found: Sequence[Entry]) -> bytes:
    """The feed as Atom."""
    at, site = base(project), project.site
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "th"})

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, name, attributes)
        element.text = _clean(text) or None
        return element

    add(feed, "title", _title(project))
    add(feed, "subtitle", site.description.th)
    add(feed, "id", uuid.uuid5(NAMESPACE, f"feed {at or site.title.th}").urn)
    add(feed, "updated", _moment(max((entry.day for entry in found), default=datetime.date(1970, 1, 1))))
    add(feed, "link", rel="self", type="application/atom+xml", href=f"{at}feed.xml")
    add(feed, "link", rel="alternate", type="text/html", href=at or "./")
    add(add(feed, "author"), "name", site.publisher.th)
    for entry in found:
        node = add(feed, "entry")
        add(node, "title", entry.title)
        add(node, "id", f"urn:uuid:{entry.id}")
        add(node, "published", _moment(entry.day))
        add(node, "updated", _moment(entry.day))
        add(node, "link", rel="alternate", type="text/html", href=f"{at}{entry.url}")
        add(node, "category", term=_clean(entry.kind))
        add(node, "summary", entry.summary)
    ET.indent(feed, " ")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, encoding="unicode")}\n'.encode()


def json_feed(project: Project, found: Sequence[Entry]) -> bytes:
    """The feed as JSON Feed."""
    at, site = base(project), project.site
    document: Json = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(project),
        "description": site.description.th,
        "language": "th",
        **({"home_page_url": at, "feed_url": f"{at}feed.json"} if at else {}),
        "authors": [{"name": site.publisher.th}],
        "items": [
            {
                "id": f"urn:uuid:{entry.id}",
                "url": f"{at}{entry.url}",
                "title": entry.title,
                "content_text": entry.summary,
                "date_published": _moment(entry.day),
                "tags": [entry.kind],
            }
            for entry in found
        ],
    }
    return encode(document)


def robots(project: Project) -> bytes:
    """Everything may be read; the map of the site is named where its address is known."""
    at = base(project)
    return f"User-agent: *\nAllow: /\n{f'Sitemap: {at}sitemap.xml' if at else ''}".rstrip().encode() + b"\n"


def files(project: Project, assessments: Sequence[Assessment]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The feeds and robots.txt: their paths relative to the site, and what makes them."""
    found = cache(partial(entries, project, assessments))
    yield "feed.xml", lambda: atom(project, found())
    yield "feed.json", lambda: json_feed(project, found())
    yield "robots.txt", partial(robots, project)
