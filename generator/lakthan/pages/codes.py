"""The sheet of QR codes of a portfolio, for notice boards: its own pages, and the channels that it names."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from markupsafe import Markup

from lakthan import exports
from lakthan.model import Assessment
from lakthan.pages import answers, menus
from lakthan.pages.addresses import outside
from lakthan.pages.site import Json, Page, Plan, Site

if TYPE_CHECKING:
    from segno import QRCode

FOLDER = "qr"


def pages(site: Site) -> Iterator[Plan]:
    """A sheet for each portfolio, and each code as a file of its own.

    Codes of the site's own pages need its address; those of channels have one of their own.
    """
    for assessment in site.assessments:
        folder = f"{assessment.portfolio.id}/{FOLDER}"
        yield site.plan(f"{folder}.md", _page, assessment, of=assessment)
        if not site.folder:
            for code in (*_own(site, assessment), *_channels(assessment)):
                yield site.plan(
                    f"{folder}/{code['name']}.svg", _picture, f"{folder}/{code['name']}.svg", code, of=assessment
                )


def _page(site: Site, assessment: Assessment) -> Page:
    return site.portfolio_page(
        "codes.md.j2",
        assessment,
        FOLDER,
        site.say("codes.title"),
        menu=menus.of_portfolio(site, assessment, f"{FOLDER}/"),
        hide=["toc"],
        own=[_drawn(code) for code in _own(site, assessment)],
        channels=[_drawn(code) for code in _channels(assessment)],
        addressed=bool(exports.base(site.project)),
    )


def _picture(_: Site, path: str, code: Json) -> Page:
    return Page(path, _file(code))


def _own(site: Site, assessment: Assessment) -> Iterator[Json]:
    portfolio, base = assessment.portfolio, exports.base(site.project)
    if not base:
        return
    at = f"{base}{site.folder}{portfolio.id}/"
    unit = site.unit_name(portfolio.unit)
    yield {"name": "portfolio", "address": at, "title": unit, "about": site.text(portfolio.rubric.short)}
    for indicator in portfolio.rubric.every_indicator():
        title = site.numbered(indicator.id, indicator.title)
        yield {"name": indicator.id, "address": f"{at}{indicator.id}/", "title": title, "about": unit}


def _channels(assessment: Assessment) -> Iterator[Json]:
    """Each address once, in the order of the page of channels."""
    known = set()
    for entry in answers.channels(assessment.portfolio):
        record = entry["record"]
        address = outside(record.values.get("url"))
        if address and address not in known:
            known.add(address)
            name = f"channel-{len(known)}"
            yield {"name": name, "address": address, "title": record.text("name"), "about": record.text("audience")}


def _made(code: Json) -> QRCode | None:
    """The code, if the address is not too long for any."""
    import segno  # noqa: PLC0415  (most builds have none to draw that is not kept)

    try:
        return segno.make_qr(code["address"], error="m")
    except segno.DataOverflowError:
        return None


def _drawn(code: Json) -> Json:
    """The code with its picture, or without one where the address is too long for any."""
    made = _made(code)
    if made is None:
        return {**code, "picture": ""}
    picture = made.svg_inline(
        border=4, omitsize=True, svgclass="lk-qr__code", lineclass=None, light="#fff", title=code["title"] or "QR"
    )
    return {**code, "picture": Markup(picture)}  # noqa: S704 (segno escapes the title)


def _file(code: Json) -> bytes:
    out, made = io.BytesIO(), _made(code)
    if made is None:
        return b'<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    made.save(out, kind="svg", border=4, scale=8, light="#fff", title=code["title"] or "QR")
    return out.getvalue()
