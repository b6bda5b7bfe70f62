"""The summary form as a Word document, to go on writing in.

It says what the PDF says (`forms.document`), in a template that an office can edit in Word: `site_templates/forms/`
has one for each rubric that has a form of its own, and `generic.docx` for all others. What a unit wrote reaches the
template as text, never as markup.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

import docx
import docxtpl
import jinja2
from docx.document import Document
from docx.opc.packuri import PackURI
from docx.opc.pkgwriter import PackageWriter
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from lakthan import forms, messages, thai
from lakthan.cache import Cache
from lakthan.messages import Language
from lakthan.model import Assessment, Project

Json = dict[str, Any]

NAME = "form.docx"
"""The form's file beside the page of its portfolio."""
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, or nobody can see."""
_PROPERTIES = ("author", "comments", "identifier", "language", "subject", "title")
_LONGEST = 255
"""Characters that a property of a document can hold."""
_LISTING = re.compile("<w:t(?: [^>]*)?>[^<]*[\t\n\a\f]")
_PICTURE = re.compile(rb'<wp:docPr id="\d+" name="[^"]*"(?=/?>)')
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_LINK = "163F8F"
_FONT = "TH Sarabun New"
_WIDTHS = {2: (45, 125), 3: (30, 110, 30), 4: (28, 86, 24, 32)}
"""Millimetres of the columns of a table, by how many it has: the second holds what there is to read."""


def make(
    project: Project,
    assessment: Assessment,
    templates: Sequence[Path],
    *,
    language: Language = "th",
    cache: Cache | None = None,
) -> bytes:
    """The form of one portfolio in its last round, the same bytes for the same content.

    *templates* are the folders to look in, the project's own first. Raises `forms.Unfit` for a template that cannot be
    used.
    """
    data = forms.document(project, assessment, language)
    name, template = _template(templates, assessment.portfolio.rubric.id)
    source = hashlib.sha256(json.dumps([metadata.version("docxtpl"), data], sort_keys=True).encode() + template)
    return (cache or Cache()).get(NAME, source.digest(), lambda: _made(name, template, data))


def files(
    project: Project, assessments: Iterable[Assessment], templates: Sequence[Path] = (), cache: Cache | None = None
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The form of each portfolio: its path relative to the site, and what makes it."""
    for assessment in assessments:
        yield f"{assessment.portfolio.id}/{NAME}", partial(make, project, assessment, templates, cache=cache)


def _template(templates: Sequence[Path], rubric: str) -> tuple[str, bytes]:
    paths = [folder / forms.FOLDER / f"{name}.docx" for name in (rubric, forms.GENERIC) for folder in templates]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise forms.Unfit(f"{forms.GENERIC}.docx", "")
    return found.name, found.read_bytes()


def _made(name: str, template: bytes, data: Json) -> bytes:
    try:
        document = _Template(io.BytesIO(template))
        document.render(_context(document, _clean(data)), _environment(escapes=True), autoescape=True)
        return _packed(document.docx, data["label"]["qr"])
    except (jinja2.TemplateError, KeyError, ValueError, zipfile.BadZipFile) as why:
        raise forms.Unfit(name, str(why)) from why


def of_tables(
    title: str, parts: Iterable[tuple[str, Sequence[str], Sequence[Sequence[str]]]], language: Language
) -> bytes:
    """A document that is tables one after the other: title, head and rows of each; the same bytes for the same texts.

    A cell may hold several lines. Where the head is empty the first column of each row is one.
    """
    document = docx.Document()
    document.core_properties.title = thai.cut(_NEVER.sub("", title), _LONGEST)
    document.core_properties.author = ""
    document.core_properties.language = language
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(14)
    normal.element.rPr.rFonts.set(qn("w:cs"), _FONT)
    # Thai is a complex script, which has a size and a weight of its own.
    normal.element.rPr.append(normal.element.makeelement(qn("w:szCs"), {qn("w:val"): "28"}))
    page = document.sections[0]
    page.page_width, page.page_height, page.left_margin, page.right_margin = Mm(210), Mm(297), Mm(20), Mm(20)
    document.add_heading(_NEVER.sub("", title), 0)
    for heading, head, rows in parts:
        document.add_heading(_NEVER.sub("", heading), 1)
        lines = [head, *rows] if head else list(rows)
        table = document.add_table(len(lines), len(rows[0]), "Table Grid")
        table.autofit = False
        for column_of_table, millimetres in zip(table.columns, _WIDTHS[len(rows[0])], strict=True):
            column_of_table.width = Mm(millimetres)  # what LibreOffice reads; Word reads that of the cells
        for number, (row, texts) in enumerate(zip(table.rows, lines, strict=True)):
            for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
                run = cell.paragraphs[0].add_run(_NEVER.sub("", text))
                run.bold = run.font.cs_bold = (number == 0) if head else (column == 0)
                cell.width = Mm(_WIDTHS[len(texts)][column])
        if head:
            repeated = table.rows[0]._tr.get_or_add_trPr().makeelement(qn("w:tblHeader"), {})
            table.rows[0]._tr.get_or_add_trPr().append(repeated)
    return _packed(document, "")


@cache
def _environment(*, escapes: bool) -> jinja2.Environment:
    """What fills templates in, and knows them again: they are the same for every portfolio of a rubric."""
    # A misspelt name is a mistake of the template; what fills it in is escaped.
    environment = jinja2.Environment(autoescape=escapes, undefined=jinja2.StrictUndefined)  # noqa: S701
    environment.compile = lru_cache(32)(environment.compile)  # type: ignore[method-assign, assignment]
    return environment


@lru_cache(32)
def _patched(xml: str) -> str:
    made: str = docxtpl.DocxTemplate.patch_xml(None, xml)
    return made


class _Template(docxtpl.DocxTemplate):  # type: ignore[misc]
    def patch_xml(self, src_xml: str) -> str:
        return _patched(src_xml)

    def resolve_listing(self, xml: str) -> str:
        """Tabs and ends of lines within a text, where there are any."""
        return super().resolve_listing(xml) if _LISTING.search(xml) else xml

    def render_properties(self, context: Json, jinja_env: jinja2.Environment | None = None) -> None:  # noqa: ARG002
        """Title, author and the like: texts of their own, not part of a document's XML, and never too long for it."""
        environment = _environment(escapes=False)
        held = self.docx.core_properties
        for name in _PROPERTIES:
            said = environment.from_string(getattr(held, name)).render(context)
            setattr(held, name, thai.cut(said, _LONGEST))


def _packed(document: Document, alternative: str) -> bytes:
    """The document as `save` writes it, but without the time of its writing, and with a text for each picture."""
    # What `save` packs would have to be unpacked and packed once more: each takes as long as to fill the template in.
    package = document.part.package
    parts = package.parts
    for part in parts:
        part.before_marshal()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        writer: Any = _Writer(file, quoteattr(alternative).encode())
        steps: Any = PackageWriter
        steps._write_content_types_stream(writer, parts)
        steps._write_pkg_rels(writer, package.rels)
        steps._write_parts(writer, parts)
    return out.getvalue()


class _Writer(NamedTuple):
    """Takes the parts of a document as python-docx gives them."""

    file: zipfile.ZipFile
    alternative: bytes

    def write(self, name: PackURI, part: bytes) -> None:
        if name.membername == "word/document.xml":
            part = _PICTURE.sub(lambda found: found[0] + b" descr=" + self.alternative, part)
        self.file.writestr(zipfile.ZipInfo(name.membername, _FIRST_DAY), part, zipfile.ZIP_DEFLATED)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return _line(value)
        case dict():
            return {key: _clean(item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
    return value


@lru_cache(8_192)  # most of what a form says it says of every portfolio
def _line(text: str) -> str:
    return " ".join(_NEVER.sub("", text).split())


# What the templates are filled with -------------------------------------------------------------------------------


def _context(document: docxtpl.DocxTemplate, data: Json) -> Json:
    """The form's data with boxes as letters, and what an indicator rests on as one numbered list (`proof`)."""

    def number(n: int) -> str:
        return messages.show(n, data["language"], data["digits"])

    parts = [
        {**part, "indicators": [_indicator(document, data, one, number) for one in part["indicators"]]}
        for part in data["parts"]
    ]
    rounds = data["rounds"]
    return {
        **data,
        "parts": parts,
        "areas": [part for part in parts if part["heading"]],
        "columns": " / ".join(rounds) if len(rounds) > 1 else data["label"]["computed"],
        "totals_by_round": data["totals-by-round"],
        "self_total": data["self"],
        "reviewed": data.get("reviewed", False),
        "levels": [
            {**level, "box": _box(level["ticked"]), "outcome": data["label"]["holds" if level["met"] else "unmet"]}
            for level in data["levels"]
        ],
        **{f"n{n}": number(n) for n in range(1, 5)},
    }


def _box(ticked: bool) -> str:
    return "☑" if ticked else "☐"


def _indicator(document: docxtpl.DocxTemplate, data: Json, indicator: Json, number: Any) -> Json:
    criteria = [
        {**one, "box": _box(one.get("ticked", False)), "given": _box(one.get("awarded", False))}
        for one in indicator["criteria"]
    ]
    proof = [_seen(document, data, entry, _said(data, entry)) for entry in indicator["evidence"]]
    for register in indicator["registers"]:
        lines = [docxtpl.RichText(f"({number(n)}) {item}") for n, item in enumerate(register["items"], 1)]
        proof.append({"text": f"{register['title']} {register['count']}", "lines": lines, "code": None})
    proof += [{"text": f"{one['title']} {one['value']}", "lines": [], "code": None} for one in indicator["figures"]]
    proof = [{**entry, "number": f"{number(n)}."} for n, entry in enumerate(proof, 1)]
    if channels := indicator["channels"]:
        n, label = len(proof) + 1, data["label"]
        text = f"{label['channels']} {number(len(channels))} {label['places']}"
        proof.append({"number": f"{number(n)}.", "text": text, "lines": [], "code": None})
        for m, channel in enumerate(channels, 1):
            said = " ".join([f"{channel['name']} ({channel['scope']})", *channel["details"]])
            proof.append({**_seen(document, data, channel, said), "number": f"{number(n)}.{number(m)}"})
    return {"verified": "", **indicator, "criteria": criteria, "proof": proof}


def _said(data: Json, entry: Json) -> str:
    text = " ".join([entry["title"], *entry["details"]])
    if not entry["counts"]:
        why = f" ({'; '.join(entry['why'])})" if entry["why"] else ""
        text += f" – {data['label']['not_counted']}{why}"
    return text


def _seen(document: docxtpl.DocxTemplate, data: Json, entry: Json, text: str) -> Json:
    """Where something can be seen: its file, its address, and a code for paper."""
    lines = []
    if entry["file"]:
        line = docxtpl.RichText(f"{data['label']['file']} ")
        _link(document, line, entry["file"], entry["file_url"])
        lines.append(line)
    if entry["url"]:
        line = docxtpl.RichText("")
        _link(document, line, entry["url"], entry["url"])
        lines.append(line)
    code = None
    if entry["qr"]:
        picture = io.BytesIO()
        forms.code(entry["url"] or entry["file_url"]).save(picture, kind="png", scale=4, border=2)
        code = docxtpl.InlineImage(document, picture, width=Mm(17))
    return {"text": text, "lines": lines, "code": code}


def _link(document: docxtpl.DocxTemplate, line: docxtpl.RichText, text: str, address: str) -> None:
    if address:
        line.add(text, url_id=document.build_url_id(address), color=_LINK, underline=True)
    else:
        line.add(text)
