"""The text of attachments: PDF, Word, Excel, PowerPoint, text, and SVG pictures, wherever it stands in them.

Nothing is raised for what is in a file, and none is read without limits: a hostile one is `damaged` or `partly` read.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from lakthan import pdftext, thai
from lakthan.model import Message

LARGEST_TEXT = 4 * 2**20
"""Bytes of a text file that are read."""
LARGEST_CELL = 2**17
"""Characters of a cell of CSV."""


class Part(NamedTuple):
    """A stretch of an attachment: where it is, its text, and the words that its column bears in a table."""

    where: Message
    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The text of an attachment. `trouble` says why not all of it could be read (`document.trouble.…`)."""

    parts: tuple[Part, ...] = ()
    pages: int = 0
    trouble: str = ""


class Enough(Exception):
    """More than we are willing to read."""


MEMBERS = 5_000
"""Files inside a Word, Excel or PowerPoint file."""
UNPACKED = 24 * 2**20
"""Bytes of XML that are read of such a file."""
EVENTS = 500_000
"""Elements that are read of such a file: less than a second."""
DEPTH = 250


def where(place: str, **args: object) -> Message:
    return Message(f"document.where.{place}", args)


def read(path: Path) -> Document:
    """The text of an attachment, by the ending of its name. Never raises for what is in the file.

    What was read before the trouble is kept.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        return Document(trouble="media" if path.suffix.lower() in MEDIA else "sort")
    parts: list[Part] = []
    trouble = ""
    try:
        for part in reader(path):
            parts.append(part)  # noqa: PERF402 (what came before the trouble must be kept)
    except Enough:
        trouble = "partly"
    except _Encrypted:
        trouble = "encrypted"
    except Exception:  # noqa: BLE001, RUF100 (whatever the libraries make of a hostile file)
        trouble = "damaged"
    pages = sum(part.where.key in _PAGES for part in parts)
    if not trouble and not any(part.text.strip() for part in parts if part.where.key != "document.where.properties"):
        trouble = "no-text" if path.suffix.lower() == ".pdf" else ""
    return Document(tuple(parts), pages, trouble)


_PAGES = frozenset({"document.where.page", "document.where.slide"})


class _Encrypted(Exception):
    """Needs a password."""


_pdfs = pdftext.Reader()


def _pdf(path: Path) -> Iterator[Part]:
    pages = _pdfs.read(path)
    for number, text in enumerate(pages.texts, 1):
        yield Part(where("page", n=number), text)
    yield Part(where("properties"), pages.properties)
    if pages.trouble:
        raise {"encrypted": _Encrypted, "partly": Enough}.get(pages.trouble, ValueError)


def _text(path: Path) -> Iterator[Part]:
    for number, line in enumerate(_decoded(path).splitlines(), 1):
        yield Part(where("line", n=number), line)


def _decoded(path: Path) -> str:
    data = bounded(path)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What spreadsheets write on a Thai system.
        return data.decode("cp874", errors="replace")


def bounded(path: Path) -> bytes:
    data = beginning(path, LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise Enough
    return data


_BYTES = os.O_RDONLY | getattr(os, "O_BINARY", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Opens no link, where the system knows how to; else 0."""


def beginning(path: str | Path, most: int, flags: int = 0) -> bytes:
    """The bytes of a file, the first so many of a larger one. Raises OSError.

    In small steps: a reader that is told what the most is makes room for it, which takes longer than nearly all files.
    """
    handle = os.open(path, _BYTES | flags)
    try:
        parts = []
        while most > 0 and (part := os.read(handle, min(most, 1 << 16))):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def _csv(path: Path) -> Iterator[Part]:
    table = _Table("")
    text = _decoded(path)
    delimiter = max(",;\t", key=text[:5000].count)
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1):
        if max(map(len, row), default=0) > LARGEST_CELL:  # the library's own limit is everybody's, and some lift it
            raise csv.Error
        for column, cell in enumerate(row, 1):
            if cell:
                yield table.part(number, _letters(column), cell)


def _letters(column: int) -> str:
    """
    >>> _letters(1), _letters(27)
    ('A', 'AA')
    """
    out = ""
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


class _Table:
    """A sheet, cell by cell: the first words of a column, and those of the cell before, say what a number is."""

    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self._headings: dict[str, str] = {}
        self._row: tuple[int, str] = (0, "")

    def part(self, row: int, column: str, text: str) -> Part:
        words = not any("0" <= character <= "9" or character in thai.DIGITS for character in text)
        if words and len(self._headings) < 1000:
            self._headings.setdefault(column, text[:100])
        before = f"{self._headings.get(column, '')} {self._row[1] if self._row[0] == row else ''}"
        self._row = (row, text[:100] if words else "")
        cell = f"{column}{row}"
        place = where("cell", sheet=self.sheet, cell=cell) if self.sheet else where("csv", cell=cell)
        return Part(place, text, before)


# Office files: XML in a ZIP file. Read as a stream of events, as a tree of hostile XML would fill the memory.


class _Events:
    """What an XML parser meets on its way; these here are left alone."""

    def start(self, _tag: str, _attributes: Mapping[str, str], /) -> None: ...

    def end(self, _tag: str, /) -> None: ...

    def data(self, _text: str, /) -> None: ...


class _Package:
    """The files inside an office file, within limits."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            # The old binary formats, and new ones with a password, share a container that is no ZIP file.
            if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
                raise _Encrypted
        self._zip = zipfile.ZipFile(path)
        self.names = tuple(info.filename for info in self._zip.infolist()[: MEMBERS + 1])
        if len(self.names) > MEMBERS:
            raise Enough
        self._bytes, self._events = UNPACKED, _Budget(EVENTS)
        self.trouble: Exception | None = None

    def __enter__(self) -> _Package:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Names of files, in the order of the numbers in them."""
        found = (name for name in self.names if re.fullmatch(pattern, name))
        return tuple(sorted(found, key=thai.sort_key))

    def read(self, name: str, events: _Events) -> None:
        """Tell *events* what is in a file. The first trouble is kept in `trouble`: what came before it counts."""
        # Imported here: only projects with such attachments need it.
        from defusedxml.ElementTree import DefusedXMLParser  # noqa: PLC0415

        if isinstance(self.trouble, Enough):
            return
        try:
            with self._zip.open(name) as file:
                # The size that a ZIP file states may be a lie.
                data = file.read(self._bytes + 1)
            self._bytes -= len(data)
            if self._bytes < 0:
                raise Enough
            parser = DefusedXMLParser(target=_Counted(events, self._events), forbid_dtd=True)
            parser.feed(data)
            parser.close()
        except Exception as trouble:  # noqa: BLE001, RUF100 (whatever the libraries make of a hostile file)
            self.trouble = self.trouble or trouble


class _Budget:
    """Elements that may still be read."""

    def __init__(self, left: int) -> None:
        self.left = left


class _Counted(_Events):
    """Passes events on while there are not too many, and not too deep; names lose their namespace."""

    def __init__(self, events: _Events, budget: _Budget) -> None:
        self.events, self.budget, self.depth = events, budget, 0

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        self.budget.left -= 1
        self.depth += 1
        if self.budget.left < 0 or self.depth > DEPTH:
            raise Enough
        self.events.start(tag.rpartition("}")[2], attributes)

    def end(self, tag: str, /) -> None:
        self.depth -= 1
        self.events.end(tag.rpartition("}")[2])

    def data(self, text: str, /) -> None:
        self.events.data(text)

    def close(self) -> None: ...


class _Paragraphs(_Events):
    """Paragraphs of Word and PowerPoint: text is cut into runs, and a number may stand in several of them."""

    TEXT = frozenset({"t", "delText", "instrText"})  # what is struck out or hidden in a field is still in the file

    def __init__(self) -> None:
        self.found: list[str] = []
        self._open = False
        self._words: list[str] = []

    def start(self, tag: str, _attributes: Mapping[str, str], /) -> None:
        if tag in self.TEXT:
            self._open = True
        elif tag in ("tab", "br", "cr"):
            self._words.append("\n")
        elif tag == "noBreakHyphen":
            self._words.append("-")

    def end(self, tag: str, /) -> None:
        if tag in self.TEXT:
            self._open = False
        elif tag == "p":
            self.found.append("".join(self._words))
            self._words.clear()

    def data(self, text: str, /) -> None:
        if self._open:
            self._words.append(text)


class _Links(_Events):
    """Where links lead that are no web addresses: `mailto:` and `tel:`."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.targets: dict[str, str] = {}

    def start(self, _tag: str, attributes: Mapping[str, str], /) -> None:
        target = attributes.get("Target", "")
        self.targets[attributes.get("Id", "")] = target
        if target.lower().startswith(("mailto:", "tel:")):
            self.found.append(target)


class _Values(_Events):
    """The text of every element, each on its own: document properties, and SVG pictures."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._words: list[str] = []

    def start(self, tag: str, _attributes: Mapping[str, str], /) -> None:
        # A word that changes its style in a picture is still one word.
        if tag != "tspan":
            self._flush()

    def end(self, tag: str, /) -> None:
        if tag != "tspan":
            self._flush()

    def data(self, text: str, /) -> None:
        self._words.append(text)

    def _flush(self) -> None:
        if self._words:
            self.found.append("".join(self._words))
            self._words.clear()


class _Shared(_Events):
    """The texts that the cells of a workbook share."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._open = False
        self._words: list[str] = []

    def start(self, tag: str, _attributes: Mapping[str, str], /) -> None:
        self._open = tag == "t"

    def end(self, tag: str, /) -> None:
        self._open = False
        if tag == "si":
            self.texts.append("".join(self._words))
            self._words.clear()

    def data(self, text: str, /) -> None:
        if self._open:
            self._words.append(text)


class _Sheet(_Events):
    """The cells of one sheet, in order."""

    def __init__(self, shared: list[str]) -> None:
        self.cells: list[tuple[int, str, str]] = []
        self._shared = shared
        self._type = self._at = ""
        self._open = False
        self._words: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        if tag == "c":
            self._type, self._at = attributes.get("t", "n"), attributes.get("r", "")
            self._words.clear()
        self._open = tag in ("v", "t")

    def end(self, tag: str, /) -> None:
        self._open = False
        if tag != "c" or not self._words:
            return
        text = "".join(self._words)
        if self._type == "s":
            number = int(text)
            text = self._shared[number] if 0 <= number < len(self._shared) else ""
        elif self._type == "n":
            text = _whole(text)
        at = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", self._at)
        self.cells.append((int(at[2]) if at else 0, at[1] if at else "", text))

    def data(self, text: str, /) -> None:
        if self._open:
            self._words.append(text)


def _whole(text: str) -> str:
    """A number as a reader sees it: workbooks keep `1.234567890121E+12`.

    >>> _whole("1.234567890121E+12"), _whole("0.5"), _whole("x")
    ('1234567890121', '0.5', 'x')
    """
    try:
        number = Decimal(text)
        if number.is_finite() and abs(number.adjusted()) < 30 and number == number.to_integral_value():
            return str(int(number))
    except InvalidOperation:
        pass
    return text


class _Sheets(_Events):
    """The sheets that a workbook lists, hidden ones too: name and id of the relation to the file."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def start(self, tag: str, attributes: Mapping[str, str], /) -> None:
        if tag == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith("}id")), "")
            self.found.append((attributes.get("name", ""), relation))


def _docx(path: Path) -> Iterator[Part]:
    with _Package(path) as package:
        body = "word/document.xml"
        for name in (body, *package.matching(r"word/(?:header|footer|footnotes|endnotes|comments)\d*\.xml")):
            paragraphs = _Paragraphs()
            package.read(name, paragraphs)
            for number, text in enumerate(paragraphs.found, 1):
                yield Part(where("paragraph", n=number) if name == body else where("margin", name=_stem(name)), text)
        yield from _around(package)


def _pptx(path: Path) -> Iterator[Part]:
    with _Package(path) as package:
        slides = package.matching(r"ppt/slides/slide\d{1,6}\.xml")
        for name in (*slides, *package.matching(r"ppt/(?:notesSlides|comments)/[^/]*\.xml")):
            paragraphs = _Paragraphs()
            package.read(name, paragraphs)
            slide = re.search(r"\d+", name) if name in slides else None
            place = where("slide", n=int(slide[0])) if slide else where("margin", name=_stem(name))
            yield Part(place, "\n".join(paragraphs.found))
        yield from _around(package)


def _xlsx(path: Path) -> Iterator[Part]:
    with _Package(path) as package:
        sheets, links, shared = _Sheets(), _Links(), _Shared()
        package.read("xl/workbook.xml", sheets)
        package.read("xl/_rels/workbook.xml.rels", links)
        if "xl/sharedStrings.xml" in package.names:
            package.read("xl/sharedStrings.xml", shared)
        for title, relation in sheets.found:
            target = links.targets.get(relation, "").lstrip("/")
            name = target if target.startswith("xl/") else f"xl/{target}"
            sheet, table = _Sheet(shared.texts), _Table(title)
            if re.match("xl/worksheets/", name):
                package.read(name, sheet)
            for row, column, text in sheet.cells:
                yield table.part(row, column, text)
        for name in package.matching(r"xl/(?:comments|threadedComments|drawings)[^.]*\.xml"):
            values = _Values()
            package.read(name, values)
            yield Part(where("margin", name=_stem(name)), "\n".join(values.found))
        yield from _around(package)


def _around(package: _Package) -> Iterator[Part]:
    """What an office file holds besides its pages: properties, and where its links lead. Then any trouble is raised."""
    for name in package.matching(r"docProps/[^/]*\.xml"):
        values = _Values()
        package.read(name, values)
        yield Part(where("properties"), "\n".join(values.found))
    for name in package.matching(r"(?:word|ppt|xl)/(?:[^/]+/)?_rels/[^/]*\.rels"):
        links = _Links()
        package.read(name, links)
        yield Part(where("link"), "\n".join(links.found))
    if package.trouble:
        raise package.trouble


def _svg(path: Path) -> Iterator[Part]:
    from defusedxml.ElementTree import DefusedXMLParser  # noqa: PLC0415

    values = _Values()
    parser = DefusedXMLParser(target=_Counted(values, _Budget(EVENTS)), forbid_dtd=False)
    parser.feed(bounded(path))
    parser.close()
    yield Part(where("picture"), "\n".join(values.found))


def _stem(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".xml")


READERS: dict[str, Callable[[Path], Iterator[Part]]] = {
    ".pdf": _pdf,
    ".docx": _docx,
    ".xlsx": _xlsx,
    ".pptx": _pptx,
    ".csv": _csv,
    ".txt": _text,
    ".md": _text,
    ".json": _text,
    ".svg": _svg,
}
"""How the text of an attachment is read, by the ending of its name."""

MEDIA = frozenset(
    ".png .jpg .jpeg .gif .webp .avif .heic .bmp .tif .tiff .mp4 .webm .mov .mp3 .m4a .wav .ogg".split()  # noqa: SIM905
)
"""Pictures, films and sound: they have no text layer, and the page says that nobody looked into them."""
