"""A whole portfolio as one PDF, to print or to hand in: cover, summary, and every indicator with account and evidence.

It is what the form says (`forms.document`), with the units' own accounts and their pictures. It is made on request.
"""

from __future__ import annotations

import copy
import posixpath
import unicodedata
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urljoin

from lakthan import attachments, forms, load, thai
from lakthan.messages import Language
from lakthan.model import Assessment, Portfolio, Project
from lakthan.pages.account import account
from lakthan.pages.addresses import outside

Json = dict[str, Any]

TEMPLATE = "book"
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"}
_VOID = {"br", "hr", "img"}
_BLOCKS = {"", "ul", "ol", "dl", "blockquote", "table", "thead", "tbody", "tfoot", "tr"}
_HEADINGS = {"h3": 3, "h4": 4, "h5": 5, "h6": 6}
_DEEPEST = 30
"""Lists in lists in lists are flattened from here on; nobody reads them, and Typst has an end too."""


def make(
    root: Path, project: Project, assessment: Assessment, templates: Sequence[Path], *, language: Language = "th"
) -> bytes:
    """The book of one portfolio as PDF, the same bytes for the same content.

    Raises `forms.Unfit` for a template that Typst refuses, OSError for an attachment that cannot be read.
    """
    portfolio = assessment.portfolio
    pictures = _Pictures(root, portfolio)
    data = copy.deepcopy(forms.document(project, assessment, language))  # which forms say as well
    address: str = data["address"]
    data["account"] = _tree(portfolio.shared.body, pictures, address, below=1)
    for part in data["parts"]:
        for indicator in part["indicators"]:
            answer = portfolio.answers.get(indicator["id"])
            indicator["account"] = _tree(answer.body if answer else "", pictures, address, below=2)
            for record in (*indicator["evidence"], *indicator["channels"]):
                record["picture"] = pictures.name(record["path"])
    return forms.typeset(TEMPLATE, data, portfolio, templates, pictures=pictures.found)


class _Pictures:
    """The pictures of a portfolio, as the site publishes them, under names that say nothing of the machine."""

    def __init__(self, root: Path, portfolio: Portfolio) -> None:
        self.folder = root / portfolio.folder
        self.present = set(load.attachments(portfolio))
        self.names: dict[str, str] = {}
        self.found: dict[str, bytes] = {}

    def name(self, path: str) -> str:
        """What a template calls the picture at *path*, empty if that is none."""
        path = posixpath.normpath(unquote(path))
        suffix = PurePosixPath(path).suffix.lower()
        if suffix not in PICTURES or path not in self.present:
            return ""
        if path not in self.names:
            self.names[path] = f"picture-{len(self.names) + 1}{suffix}"
            self.found[self.names[path]] = attachments.published(self.folder / path)
        return self.names[path]


# A unit's account as data ----------------------------------------------------------------------------------------


def _tree(text: str, pictures: _Pictures, address: str, *, below: int) -> list[Json | str]:
    """What a unit wrote, cleaned as on the site, as elements (`{"tag": …, "inner": […]}`) and texts.

    *below* is the level of the heading that it stands below.
    """
    reader = _Reader(pictures, address, below)
    reader.feed(str(account(text, "", "")))
    reader.close()
    return reader.top


class _Reader(HTMLParser):
    def __init__(self, pictures: _Pictures, address: str, below: int) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures, self.address = pictures, address
        self.top: list[Json | str] = []
        self.open: list[tuple[str, list[Json | str]]] = [("", self.top)]
        self.flat = 0
        """How many of the open elements are too deep to be shown as such."""
        self.below = below

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inner: list[Json | str] = []
        made: Json = {"tag": tag, "inner": inner}
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            made |= {"picture": self.pictures.name(given.get("src", "")), "alt": given.get("alt", "")}
            made["alt"] = thai.cut(made["alt"].strip(), forms.LONGEST) or posixpath.basename(
                unquote(given.get("src", ""))
            )
            if not made["picture"]:
                return
        elif tag == "a":
            href = given.get("href", "")
            made["url"] = outside(href) or (outside(urljoin(self.address, href)) if self.address else None) or ""
        elif tag in _HEADINGS:
            made |= {"tag": "heading", "level": _HEADINGS[tag]}
        if self.flat or (len(self.open) >= _DEEPEST and self.open[-1][0] not in _BLOCKS - {"blockquote"}):
            inner = self.open[-1][1]
            inner.append({"tag": "br", "inner": []})
            self.flat += tag not in _VOID
        else:
            self.open[-1][1].append(made)
        if tag not in _VOID:
            self.open.append((tag, inner))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or all(name != tag for name, _ in self.open[1:]):
            return
        found = ""
        while found != tag:
            found = self.open.pop()[0]
            self.flat = max(0, self.flat - 1)

    def handle_data(self, data: str) -> None:
        # Between blocks there is nothing to say; between words there is a space.
        if data.strip() or self.open[-1][0] not in _BLOCKS:
            self.open[-1][1].append(data)

    def close(self) -> None:
        super().close()
        above: list[int] = []
        for heading in _every(self.top, "heading"):
            if not _visible(heading["inner"]):
                heading["tag"] = "p"
                continue
            # No level may be left out on the way down (PDF/UA-1).
            above = [one for one in above if one < heading["level"]]
            above.append(heading["level"])
            heading["level"] = self.below + len(above)
        for table in list(_every(self.top, "table")):
            rows = [[cell for cell in row["inner"] if isinstance(cell, dict)] for row in _every(table["inner"], "tr")]
            width = max(map(len, rows), default=0)
            heads = [i for i, row in enumerate(rows) if row and all(cell["tag"] == "th" for cell in row)]
            table |= {
                "width": width,
                "head": 1 if heads[:1] == [0] else 0,
                "rows": [[cell["inner"] for cell in row] + [[]] * (width - len(row)) for row in rows],
                "inner": [],
            }


def _every(nodes: Sequence[Json | str], tag: str) -> Iterator[Json]:
    """The elements of a sort, in their order; of those in one another all but rows, which are those of a table."""
    for node in nodes:
        if isinstance(node, dict):
            if node["tag"] == tag:
                yield node
            if node["tag"] != tag or tag != "tr":
                yield from _every(node["inner"], tag)


def _visible(nodes: Sequence[Json | str]) -> bool:
    """Whether there is a letter, a number or a sign that somebody could see."""
    return any(
        _visible(node["inner"]) if isinstance(node, dict) else any(unicodedata.category(c)[0] in "LNPS" for c in node)
        for node in nodes
    )
