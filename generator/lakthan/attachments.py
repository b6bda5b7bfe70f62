"""Attachments: which files may be shown, what is wrong with one, and what of it goes to the site.

`problems` judges a file by its extension *and* its content; `published` gives the bytes for the site: pictures without
metadata, SVG without anything that acts, everything else as it is. The file itself is only ever read, never unpacked to
disk and never handed to another program.

A file is refused rather than repaired: whoever wrote it can save it again, and knows whether that changed it.
"""

from __future__ import annotations

import base64
import io
import math
import re
import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin

from lakthan.model import Message

MB: Final = 1024**2
MAX_BYTES: Final = 25 * MB
"""Of any file but those below."""
MAX_BYTES_OF: Final = MappingProxyType({"mp4": 100 * MB, "webm": 100 * MB, "svg": 5 * MB, "csv": 5 * MB, "txt": 5 * MB})
MAX_PIXELS: Final = 40_000_000
"""Of a picture. Decoding takes up to six bytes for each."""
MAX_FRAMES: Final = 1_000
MAX_SCANS: Final = 50
"""Of a progressive JPEG: each goes over all pixels again."""
MAX_UNPACKED: Final = 100 * MB
"""Of all that is packed in one file."""
MAX_RATIO: Final = 300
"""How many times its packed size a part may have, once it is larger than one megabyte."""
MAX_PARTS: Final = 5_000
"""Entries of a ZIP."""
MAX_RELATIONS: Final = 8 * MB
"""Of the parts of an Office file that say what its parts are and where its links lead."""
MAX_CHUNKS: Final = 200_000
"""Segments of a picture or video: more are made only to keep a reader busy."""
MAX_STREAMS: Final = 20_000
MAX_ESCAPES: Final = 100_000
"""Of a PDF: `#41` in place of a letter of a name. Compressed data holds some thousand by chance."""
MAX_PDF_OBJECTS: Final = 20 * MB
"""Of what the object streams of a PDF hold together: fonts, pictures and pages are never in them."""
MAX_PDF_NUMBERS: Final = MB
"""Of the numbers at the head of an object stream."""
MAX_DEPTH: Final = 100
"""Of nested SVG elements."""
MAX_ELEMENTS: Final = 50_000
"""Of an SVG, and of what its `use` elements repeat."""

ALLOWED: Final = (
    *("pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "csv", "txt"),
    *("jpg", "jpeg", "png", "webp", "gif", "svg", "mp4", "webm"),
)
"""Extensions of files that may be shown."""

Problem = tuple[str, dict[str, object]]
"""Code of a diagnostic, and its arguments."""

_MACRO_TYPES: Final = frozenset(("docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm", "sldm"))
_OLD_OFFICE: Final = frozenset(("doc", "dot", "xls", "xlt", "ppt", "pps", "pot"))


class _Refused(Exception):
    """Ends the examination of a file: what follows could not be trusted."""

    def __init__(self, code: str, **args: object) -> None:
        super().__init__(code)
        self.problem: Problem = (code, args)


# The two questions -----------------------------------------------------------------------------------------------


def problems(path: Path) -> Iterator[Problem]:
    """Why *path* must not be shown, as codes of diagnostics with their arguments; nothing if it may.

    Nothing that a file holds makes this raise.
    """
    extension = _extension(path)
    try:
        size = path.stat().st_size
        if extension not in ALLOWED:
            yield from _refused_type(path, extension, size)
            return
        limit = MAX_BYTES_OF.get(extension, MAX_BYTES)
        if size == 0:
            yield "attachment-empty", {}
        elif size > limit:
            # Rounded up, or a file slightly too large would seem to be just as large as allowed.
            shown = Fraction(math.ceil(size * 10 / MB), 10)
            yield "attachment-too-large", {"size": shown, "limit": limit // MB}
        elif extension in ("mp4", "webm"):
            with path.open("rb") as file:
                yield from _trouble(lambda: _examine_video(file, size, extension))
        else:
            data = path.read_bytes()
            yield from _trouble(lambda: _examine(data, extension))
    except OSError:
        yield "unreadable-file", {}


def published(path: Path) -> bytes:
    """What of *path* goes to the site. Only for files without problems; the same bytes every time.

    Pictures lose all metadata, are turned upright and brought to sRGB. SVG loses all that could act or load, MP4 its
    descriptions (phones note the place there). Anything else stays as it is.
    """
    extension = _extension(path)
    data = path.read_bytes()
    match extension:
        case "jpg" | "jpeg" | "png" | "webp" | "gif":
            return _clean_picture(data, _kind_of(extension))
        case "svg":
            return _clean_svg(data)
        case "mp4":
            return _clean_mp4(data)
        case _:
            return data


def _extension(path: Path) -> str:
    return path.suffix[1:].lower()


def _kind_of(extension: str) -> str:
    return "jpg" if extension == "jpeg" else extension


def _trouble(examine: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    """The problems that *examine* finds: of each sort the first, and no exception."""
    found: dict[str, Problem] = {}
    try:
        for problem in examine():
            found.setdefault(problem[0], problem)
    except _Refused as refused:
        found.setdefault(refused.problem[0], refused.problem)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        problem = _too_many_pixels().problem
        found.setdefault(problem[0], problem)
    except Exception:  # Decoders raise nearly everything when a file is made to confuse them.
        found.setdefault("attachment-corrupt", ("attachment-corrupt", {}))
    yield from found.values()


def _refused_type(path: Path, extension: str, size: int) -> Iterator[Problem]:
    if extension in _MACRO_TYPES:
        yield "attachment-macros", {"part": f".{extension}"}
    elif extension in _OLD_OFFICE and size <= MAX_BYTES and _has_vba(path.read_bytes()):
        yield "attachment-macros", {"part": "VBA"}
    else:
        yield "attachment-type-refused", {"name": path.suffix or path.name, "allowed": ALLOWED}


def _has_vba(data: bytes) -> bool:
    return "_VBA_PROJECT".encode("utf-16-le") in data


def _examine(data: bytes, extension: str) -> Iterator[Problem]:
    kind = _kind_of(extension)
    family = _FAMILY.get(kind, kind)
    found = _sniff(data)
    if found != family:
        raise _mismatch(data, kind, family, found)
    yield from _EXAMINE[family](data, kind)


def _mismatch(data: bytes, kind: str, family: str, found: str | None) -> _Refused:
    """What to say of a file that does not begin as its extension promises."""
    if found == "ole" and family == "zip" and "EncryptedPackage".encode("utf-16-le") in data:
        return _Refused("attachment-encrypted")
    if family == "pdf" and b"%PDF-" in data[:1024]:
        return _polyglot(found)
    if family == "zip" and _zip_end(data):
        return _polyglot(found)
    return _Refused("attachment-mismatch", extension=kind, found=_said(found))


def _said(kind: str | None) -> Message:
    return Message(f"attachment.kind.{kind}" if kind else "attachment.unknown")


def _polyglot(found: str | None = None) -> _Refused:
    """The file is, or holds, something else besides what it should be."""
    return _Refused("attachment-polyglot", found=_said(found))


class _Room:
    """What may still be unpacked from a file, however often one is packed in another."""

    def __init__(self, limit: int = MAX_UNPACKED) -> None:
        self.limit = self.left = limit

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _bomb(self.limit)


def _bomb(limit: int = MAX_UNPACKED) -> _Refused:
    return _Refused("attachment-bomb", limit=limit // MB)


# What a file is --------------------------------------------------------------------------------------------------

_MAGIC: Final = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"#!", "program"),
    (b"Rar!\x1a\x07", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\x1f\x8b\x08", "archive"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ\x00", "archive"),
    (b"MSCF", "archive"),
    (b"{\\rtf", "rtf"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
)
_MARKUP: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|iframe|\?php)\b", re.IGNORECASE)
_PHONE_BRANDS: Final = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")


def _sniff(data: bytes) -> str | None:
    """What *data* begins as; `text` if nothing in it speaks against text."""
    head = data[:1024]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return "heic" if head[8:12] in _PHONE_BRANDS else "video"
    for magic, kind in _MAGIC:
        # Letters alone may begin a text.
        if head.startswith(magic) and (b"\0" in head or not magic.isalnum()):
            return kind
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    utf16 = head[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<")
    if _MARKUP.match(plain):
        return "html"
    if utf16 or re.match(rb"<\?xml\b|<(?:\w+:)?svg\b|<!DOCTYPE\b|<!--", plain):
        return "xml"
    return None if re.search(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]", data) else "text"


def _zip_end(data: bytes) -> bool:
    """Whether programs that open ZIP archives would open *data*: they look for the end of its table from behind."""
    tail = data[-65_557:]
    for match in re.finditer(rb"PK\x05\x06\0\0\0\0", tail):
        comment = tail[match.start() + 20 : match.start() + 22]
        if len(comment) == 2 and int.from_bytes(comment, "little") <= len(tail) - match.start() - 22:
            return True
    return False


def _alone(head: bytes, tail: bytes = b"") -> None:
    """Refuse what programs that do not ask where a file begins would take for something else."""
    if b"%PDF-" in head[1:1024]:
        raise _polyglot("pdf")
    if _zip_end(tail):
        raise _polyglot("zip")
    if _MARKUP.search(head[:1024]):
        raise _polyglot("html")


# Text ------------------------------------------------------------------------------------------------------------

_FORMULA: Final = re.compile(rb'(?:^|(?<=[,;\t"\r\n])) *[=+@-][^,;\t"\r\n|(]*[|(][^,;\t"\r\n]*')
_REACHES_OUT: Final = re.compile(
    rb"\|[^!]*!|\b(?:HYPERLINK|WEBSERVICE|IMPORT\w+|IMAGE|CALL|REGISTER|EXEC|DDE|RTD)\s*\(", re.IGNORECASE
)
"""In a cell: another program, or an address that is asked for."""


def _examine_text(data: bytes, kind: str) -> Iterator[Problem]:
    # Windows-874, which Excel writes, is as good as UTF-8 here: whoever opens the file chooses.
    _alone(data, data)
    if kind == "csv":
        for cell in _FORMULA.finditer(data.removeprefix(b"\xef\xbb\xbf")):
            if _REACHES_OUT.search(cell[0]):
                raise _Refused("attachment-formula", line=data.count(b"\n", 0, cell.start()) + 1)
    yield from ()


# PDF -------------------------------------------------------------------------------------------------------------

# Names that a link or a form for reading has no need of. Long enough not to occur by chance in compressed data.
_PDF_ACTIVE: Final = re.compile(
    rb"/(JavaScript|Launch|SubmitForm|ImportData|EmbeddedFiles?|RichMedia\w*|GoToE|Rendition)(?![A-Za-z0-9])"
)
# Too short to be looked for in compressed data.
_PDF_ACTIVE_SHORT: Final = re.compile(rb"/(AA|XFA|JS)(?![A-Za-z0-9])")
_PDF_OPEN: Final = re.compile(rb"/OpenAction(?![A-Za-z0-9])\s*(?:(\[)|(<<[^>]{0,500})|(\d{1,10})\s+\d+\s+R)?")
_PDF_HARMLESS: Final = re.compile(rb"/S\s*/(?:GoTo|Named)(?![A-Za-z0-9])")
_PDF_HEX: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_PDF_ODD_FILTER: Final = re.compile(rb"/(?:LZWDecode|ASCIIHexDecode|ASCII85Decode|RunLengthDecode|Crypt|Predictor)")
_PDF_ODD_FILTER_SHORT: Final = re.compile(rb"/(?:LZW|AHx|A85|RL)(?![A-Za-z0-9])")
_PDF_PAIRS: Final = re.compile(rb"(?:\s|%[^\r\n]*[\r\n])*\d+\s+\d+\s")


def _examine_pdf(data: bytes, _kind: str) -> Iterator[Problem]:
    """Readers disagree on what a broken PDF says, so this looks for words wherever a reader might."""
    _alone(data, data)
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data or not re.search(rb"\d\s+obj\b", data):
        raise _Refused("attachment-corrupt")
    tail = data[end + 5 :].strip(b"\0\r\n\t \x1a")
    if tail:
        raise _polyglot(_sniff(tail))
    if data.count(b"#") > 10 * MAX_ESCAPES:
        raise _Refused("attachment-corrupt")
    plain = _names(data)
    if re.search(rb"/Encrypt(?![A-Za-z0-9])", plain):
        raise _Refused("attachment-encrypted")
    outside, packed = _pdf_texts(data)
    texts = [plain, *packed]
    names = {match[1] for text in texts for match in islice(_PDF_ACTIVE.finditer(text), MAX_STREAMS)}
    names |= {
        match[1] for text in (outside, *packed) for match in islice(_PDF_ACTIVE_SHORT.finditer(text), MAX_STREAMS)
    }
    if _opens(texts):
        names.add(b"OpenAction")
    if names:
        yield "attachment-pdf-active", {"names": tuple(sorted(name.decode("ascii") for name in names))}


def _names(data: bytes) -> bytes:
    """With the escapes of names written out: `/#4aavaScript` is the same name as `/JavaScript`."""
    if sum(1 for _ in islice(_PDF_HEX.finditer(data), MAX_ESCAPES + 1)) > MAX_ESCAPES:
        raise _Refused("attachment-corrupt")
    return _PDF_HEX.sub(lambda match: bytes([int(match[1], 16)]), data)


def _opens(texts: list[bytes]) -> bool:
    """Whether opening the document does more than turn to a page."""
    numbers = set()
    for count, match in enumerate(match for text in texts for match in _PDF_OPEN.finditer(text)):
        array, action, number = match.groups()
        if number:
            numbers.add(number)
        elif not array and not (action and _PDF_HARMLESS.search(action)):
            return True
        # Each is looked for in the whole file; versions of a document refer to one or two.
        if len(numbers) > 8 or count > 1_000:
            return True
    found = [re.compile(rb"(?<!\d)%s\s+\d+\s+obj\s*(\[|<<[^>]{0,500})" % number) for number in numbers]
    targets = (target for one in found for text in texts for target in one.findall(text))
    return any(target != b"[" and not _PDF_HARMLESS.search(target) for target in targets)


def _pdf_texts(data: bytes) -> tuple[bytes, list[bytes]]:
    """What stands outside all streams, and what object streams hold."""
    outside, packed = [], []
    view, room = memoryview(data), _Room(MAX_PDF_OBJECTS)
    inside = False
    since = last = 0
    for count, match in enumerate(re.finditer(rb"(end)?stream([ \t]*\r?\n|\r)?", data)):
        if count > 2 * MAX_STREAMS:
            raise _Refused("attachment-corrupt")
        if match[1]:
            inside, since = False, match.end()
            continue
        if match[2] and not inside:
            outside.append(data[since : match.start()])
            inside = True
        # From the stream before, not from the `obj` before: that may stand in a string.
        before = _names(data[last : match.start()])
        last = match.end()
        declared = re.search(rb"/ObjStm(?![A-Za-z0-9])", before) is not None
        if declared and _oddly_packed(before):
            raise _Refused("attachment-corrupt")
        first = re.search(rb"/First\s+(\d{1,9})(?![\d\s]*R)", before)
        begin = _inflate(view[last : last + 4096], 1024)
        if begin and (declared or first or _PDF_PAIRS.match(begin)):
            content = _inflate(view[last:], room.left + 1)
            room.take(len(content))
            packed.append(_names(_numbered(content, int(first[1]) if first else 0)))
        elif declared:
            stop = data.find(b"endstream", last)
            if stop < 0:
                raise _Refused("attachment-corrupt")
            room.take(stop - last)
            packed.append(_names(_numbered(data[last:stop], int(first[1]) if first else 0)))
    if not inside:
        outside.append(data[since:])
    return _names(b"\n".join(outside)), packed


def _oddly_packed(dictionary: bytes) -> bool:
    """Whether an object stream is packed as no program does that has nothing to hide."""
    own = dictionary[dictionary.rfind(b"endstream") + 1 :]
    return bool(
        _PDF_ODD_FILTER.search(dictionary) or _PDF_ODD_FILTER_SHORT.search(own) or own.count(b"FlateDecode") > 1
    )


def _numbered(content: bytes, first: int) -> bytes:
    """The objects of an object stream, written as those outside are: `12 0 obj …`."""
    if first > MAX_PDF_NUMBERS:
        raise _Refused("attachment-corrupt")
    pairs = [int(number) for number in re.findall(rb"\d{1,10}", content[:first])]
    numbers, offsets = pairs[::2], [first + offset for offset in pairs[1::2]]
    ends = [*offsets[1:], len(content)]
    # What no offset leads to is kept as well: a reader might come to it.
    begin = min(offsets, default=len(content))
    objects = (b"%d 0 obj %s" % (n, content[a:b]) for n, a, b in zip(numbers, offsets, ends, strict=False))
    return b"\n".join([content[:begin], *objects])


def _inflate(data: memoryview, limit: int) -> bytes:
    """As much of *data* as can be inflated, up to *limit*. Fed in pieces: what is left over is copied each time."""
    inflater = zlib.decompressobj()
    out: list[bytes] = []
    room = limit
    try:
        for start in range(0, len(data), 65_536):
            piece = inflater.decompress(data[start : start + 65_536], room)
            out.append(piece)
            room -= len(piece)
            if inflater.eof or room <= 0:
                break
    except zlib.error:
        pass
    return b"".join(out)


# Office files ----------------------------------------------------------------------------------------------------

_MAIN_PART: Final = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
}
_MIMETYPE: Final = {
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_PARTS: Final = frozenset(
    (
        *("", "xml", "rels", "rdf", "vml", "bin", "odttf", "fntdata", "ttf", "otf"),
        *("png", "jpg", "jpeg", "jfif", "gif", "bmp", "dib", "tif", "tiff", "emf", "wmf", "emz", "wmz", "wdp", "svg"),
        *("webp", "svm", "mp3", "m4a", "wav", "wma", "mp4", "m4v", "mov", "wmv", "avi", "mpg", "mpeg", "webm", "ogg"),
    )
)
"""Extensions of what an Office file may be made of."""
_LINKS: Final = frozenset(("hyperlink", "externalLinkPath", "video"))
"""Relationships that may lead out of the file: the reader has to follow them."""


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    content: bytes

    @property
    def shown(self) -> str:
        """Its name, fit for a terminal."""
        return "".join(character if character.isprintable() else "?" for character in self.name[:80])


def _examine_office(data: bytes, kind: str, room: _Room | None = None) -> Iterator[Problem]:
    """*room* is given for a file inside another."""
    _alone(data)
    inner, room = room is not None, room or _Room()
    relations = _Room(MAX_RELATIONS)
    found: str | None = None
    trouble: list[Problem] = []
    for part in _parts(data, room):
        name = part.name.lower()
        extension = PurePosixPath(name).suffix[1:]
        if extension == "rels" or name == "[content_types].xml":
            relations.take(len(part.content))
        if name == "[content_types].xml":
            found = _office_kind(part.content)
        elif name == "mimetype":
            found = next((k for k, mime in _MIMETYPE.items() if part.content == mime.encode()), None)
        elif name == "meta-inf/manifest.xml" and b"encryption-data" in part.content:
            raise _Refused("attachment-encrypted")
        elif extension in _MAIN_PART and not inner:
            # The numbers behind a chart are a workbook of their own.
            trouble += _examine_office(part.content, extension, room)
        else:
            trouble += _examine_part(part, name, extension)
    if found == "macros":
        trouble.append(("attachment-macros", {"part": "[Content_Types].xml"}))
    elif found != kind:
        raise _Refused("attachment-mismatch", extension=kind, found=_said(found or "zip"))
    yield from trouble


def _examine_part(part: _Part, name: str, extension: str) -> Iterator[Problem]:
    if re.search(r"vbaproject|vbadata|(?:^|/)macrosheets/|^basic/|^scripts/", name):
        yield "attachment-macros", {"part": part.shown}
    elif _embeds(part, name, extension):
        yield "attachment-embeds", {"part": part.shown}
    elif name.endswith(".rels"):
        yield from _remote(part)
    elif extension == "xml" and b"vnd.sun.star.script:" in part.content:
        yield "attachment-macros", {"part": part.shown}
    elif "/externallinks/" in name and b"ddeLink" in part.content:
        yield "attachment-remote", {"part": part.shown}


def _embeds(part: _Part, name: str, extension: str) -> bool:
    """Whether a part is a program, a package, or something no Office file is made of."""
    head = part.content[:1024]
    return (
        extension not in _PARTS
        or "/activex/" in name
        or "/embeddings/" in name
        or head.startswith((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x7fELF", b"#!", b"PK\x03\x04"))
        or (head.startswith(b"MZ") and (b"PE\0\0" in head or b"This program" in head))
    )


def _remote(part: _Part) -> Iterator[Problem]:
    for relation in _xml(part.content).iter():
        outside = relation.get("TargetMode", "").lower() == "external"
        if outside and relation.get("Type", "").rsplit("/", 1)[-1] not in _LINKS:
            yield "attachment-remote", {"part": part.shown}


def _office_kind(content_types: bytes) -> str | None:
    """The extension that goes with the main part; `macros` if a part is one that carries macros."""
    types = {element.get("ContentType", "").strip().lower() for element in _xml(content_types).iter()}
    if any("macroenabled" in found or "vbaproject" in found or "ms-excel.macrosheet" in found for found in types):
        return "macros"
    return next((kind for kind, main in _MAIN_PART.items() if main in types), None)


def _parts(data: bytes, room: _Room) -> Iterator[_Part]:
    """The parts of a ZIP that is nothing else: its entries fill the file, and are what its table says.

    Some programs believe the table, some the entries; where both agree, all see the same.
    """
    end = len(data) - 22
    if end < 0 or data[end : end + 4] != b"PK\x05\x06" or data[-2:] != b"\0\0":
        raise _polyglot() if _zip_end(data) else _Refused("attachment-corrupt")
    disks, count, length, start = struct.unpack_from("<4xI2xHII", data, end)
    if count > MAX_PARTS:
        raise _bomb()
    if disks or start + length > end:
        raise _Refused("attachment-corrupt")
    if start + length < end:
        raise _polyglot()
    entries = sorted(_entries(data, start, count, end), key=lambda entry: entry.start)
    room.take(sum(entry.size for entry in entries))
    names = Counter(entry.name.casefold() for entry in entries)
    if any(n > 1 or not _sound(name) for name, n in names.items()):
        raise _Refused("attachment-corrupt")
    position = 0
    for entry in entries:
        _adjoins(position, entry.start)
        content, position = _unpack(data, entry)
        if not entry.name.endswith("/"):
            yield _Part(entry.name, content)
    _adjoins(position, start)


def _adjoins(end: int, start: int) -> None:
    """Refuse what overlaps, and gaps that hide something; behind an entry its sizes may stand once more."""
    if start < end:
        raise _bomb()
    if start - end not in ((0, 12, 16, 20, 24) if end else (0,)):
        raise _polyglot()


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    start: int
    packed: int
    size: int
    method: int
    crc: int


def _entries(data: bytes, position: int, count: int, end: int) -> Iterator[_Entry]:
    for _ in range(count):
        if data[position : position + 4] != b"PK\x01\x02":
            raise _Refused("attachment-corrupt")
        flags, method, crc, packed, size, name_length, extra, comment, start = struct.unpack_from(
            "<8xHH4xIIIHHH8xI", data, position
        )
        name = data[position + 46 : position + 46 + name_length]
        position += 46 + name_length + extra + comment
        if size > MB and size > MAX_RATIO * packed:
            raise _bomb()
        if flags & 1:
            raise _Refused("attachment-encrypted")
        yield _Entry(name.decode("utf-8", "replace"), start, packed, size, method, crc)
    if position != end:
        raise _polyglot()


def _unpack(data: bytes, entry: _Entry) -> tuple[bytes, int]:
    """The content of an entry, and where it ends in the file."""
    if data[entry.start : entry.start + 4] != b"PK\x03\x04":
        raise _Refused("attachment-corrupt")
    flags, method, name_length, extra = struct.unpack_from("<6xHH16xHH", data, entry.start)
    begin = entry.start + 30 + name_length + extra
    name = data[entry.start + 30 : entry.start + 30 + name_length].decode("utf-8", "replace")
    packed = data[begin : begin + entry.packed]
    if flags & 1:
        raise _Refused("attachment-encrypted")
    if name != entry.name or method != entry.method or method not in (0, 8) or len(packed) != entry.packed:
        raise _Refused("attachment-corrupt")
    content = packed
    if method == 8:
        inflater = zlib.decompressobj(-15)
        content = inflater.decompress(packed, entry.size + 1)
        if len(content) > entry.size:
            raise _bomb()
        if not inflater.eof or inflater.unused_data:
            raise _Refused("attachment-corrupt")
    if len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise _Refused("attachment-corrupt")
    return content, begin + entry.packed


def _sound(name: str) -> bool:
    """Whether an entry stays inside the file wherever it is unpacked."""
    return bool(name) and not re.search(r"^[/\\]|[\\:\x00-\x1f]|(?:^|/)\.\.(?:/|$)", name)


class _Bounded(TreeBuilder):
    """Builds a tree that is not too deep or too large to go through."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = self.elements = 0

    def start(self, tag: str, attrs: Mapping[str, str]) -> Element:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise _Refused("attachment-corrupt")
        return super().start(tag, dict(attrs))

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)


def _xml(data: bytes) -> Element:
    """Parsed without entities or anything from outside."""
    if len(data) > MAX_BYTES_OF["svg"]:
        raise _Refused("attachment-corrupt")
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        found = parser.close()
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise _Refused("attachment-corrupt") from error
    assert isinstance(found, Element)
    return found


# Pictures --------------------------------------------------------------------------------------------------------

_PICTURES: Final = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
_PNG_KEPT: Final = frozenset((b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"IEND"))
_WEBP_KEPT: Final = frozenset((b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"))


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the segments of a picture say: where it ends, and how much there is to decode."""

    end: int
    kept: tuple[tuple[int, int], ...]
    """Of an animation, what shows: from where to where."""
    frames: int = 1
    width: int = 0
    height: int = 0
    lossless: bool = False


def _too_many_pixels() -> _Refused:
    return _Refused("attachment-too-many-pixels", limit=MAX_PIXELS // 1_000_000)


def _examine_picture(data: bytes, kind: str) -> Iterator[Problem]:
    _alone(data, data)
    layout = _LAYOUT[kind](data)
    rest = data[layout.end :]
    if rest.strip(b"\0\r\n") and not (kind == "jpg" and _camera(rest)):
        raise _polyglot(_sniff(rest))
    if layout.frames > MAX_FRAMES:
        raise _too_many_pixels()
    with _open(data, kind) as image:
        width, height = max(image.width, layout.width), max(image.height, layout.height)
        if width * height > MAX_PIXELS:
            raise _too_many_pixels()
        if kind == "jpg":
            # An eighth of the size, and yet all of the data is gone through.
            image.draft(None, (max(width // 8, 1), max(height // 8, 1)))
        # Of a long animation as many frames as there would be pixels in a large picture: viewers decode one at a time.
        for number in range(min(layout.frames, max(MAX_PIXELS // (width * height), 1))):
            image.seek(number)
            image.load()
    yield from ()


def _camera(rest: bytes) -> bool:
    """What phones put behind a JPEG: a second picture, a moving one, Samsung's notes. It does not go to the site."""
    return rest[:3] == b"\xff\xd8\xff" or rest[4:8] == b"ftyp" or rest.endswith(b"SEFT")


def _open(data: bytes, kind: str) -> Image.Image:
    """The picture, by the decoder of its own kind alone. A bomb is an error, not a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data), formats=[_PICTURES[kind]])


def _png_layout(data: bytes) -> _Layout:
    position, spans, frames, kind = 8, [(0, 8)], 0, b""
    for _ in range(MAX_CHUNKS):
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        frames += kind == b"fcTL"
        if kind in _PNG_KEPT:
            spans.append((position, end))
        position = end
        if kind == b"IEND" or position > len(data):
            break
    if kind != b"IEND" or position > len(data):
        raise _Refused("attachment-corrupt")
    return _Layout(position, tuple(spans), max(frames, 1))


_FILL: Final = re.compile(rb"\xff+")
_AFTER_SCAN: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _jpg_layout(data: bytes) -> _Layout:
    position, scans = 2, 0
    for _ in range(MAX_CHUNKS):
        fill = _FILL.match(data, position)
        if fill is None:
            break
        marker = data[fill.end()]
        position = fill.end() + 1
        if marker == 0xD9:
            return _Layout(position, ())
        if marker in (0x01, *range(0xD0, 0xD8)):
            continue
        position += struct.unpack_from(">H", data, position)[0]
        if marker == 0xDA:
            scans += 1
            following = _AFTER_SCAN.search(data, position)
            if following is None or scans > MAX_SCANS:
                break
            position = following.start()
    raise _Refused("attachment-corrupt")


def _gif_layout(data: bytes) -> _Layout:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    spans, frames, blocks = [(0, position)], 0, 0
    while True:
        start, introducer = position, data[position]
        kept = True
        if introducer == 0x3B:
            return _Layout(start + 1, (*spans, (start, start + 1)), max(frames, 1), width, height)
        if introducer == 0x21:
            # Of the extensions, the pace of the frames and how often they run.
            kept = data[position + 1] == 0xF9 or data[position + 3 : position + 14] == b"NETSCAPE2.0"
            position += 2
        elif introducer == 0x2C:
            left, top, w, h, flags = struct.unpack_from("<HHHHB", data, position + 1)
            width, height, frames = max(width, left + w), max(height, top + h), frames + 1
            position += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            raise _Refused("attachment-corrupt")
        while length := data[position]:
            position += length + 1
            blocks += 1
        position += 1
        blocks += 1
        if blocks > MAX_CHUNKS:
            raise _Refused("attachment-corrupt")
        if kept:
            spans.append((start, position))


def _webp_layout(data: bytes) -> _Layout:
    end = 8 + int.from_bytes(data[4:8], "little")
    position, spans, frames, lossless = 12, [(0, 12)], 0, False
    for _ in range(MAX_CHUNKS):
        if position >= end:
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        frames += kind == b"ANMF"
        lossless |= kind == b"VP8L"
        stop = position + 8 + length + length % 2
        if kind in _WEBP_KEPT:
            spans.append((position, stop))
        position = stop
    if position != end or end > len(data):
        raise _Refused("attachment-corrupt")
    return _Layout(end, tuple(spans), max(frames, 1), lossless=lossless)


_LAYOUT: Final[Mapping[str, Callable[[bytes], _Layout]]] = {
    "jpg": _jpg_layout,
    "png": _png_layout,
    "gif": _gif_layout,
    "webp": _webp_layout,
}


def _clean_picture(data: bytes, kind: str) -> bytes:
    """The picture alone: upright, in sRGB, without a word about who took it, where and with what."""
    layout = _LAYOUT[kind](data)
    if kind == "gif" or layout.frames > 1:
        return _clean_animation(data, kind, layout)
    with _open(data, kind) as image:
        image.load()
        options: dict[str, object] = {}
        if isinstance(image, JpegImagePlugin.JpegImageFile):
            options = _as_before(image)
        elif kind == "webp":
            options = {"lossless": True, "exact": True} if layout.lossless else {"quality": 90}
        transparency = image.info.get("transparency")
        clean = _srgb(_upright(image), image.info.get("icc_profile"))
        clean.info = {} if transparency is None or clean.mode != image.mode else {"transparency": transparency}
    if kind == "jpg" and clean.mode not in ("RGB", "L"):
        clean = clean.convert("RGB")
    out = io.BytesIO()
    try:
        clean.save(out, _PICTURES[kind], **options)
    except (ValueError, OSError):
        # Tables that the decoder accepts and the encoder does not.
        out = io.BytesIO()
        clean.save(out, _PICTURES[kind])
    return out.getvalue()


def _as_before(image: JpegImagePlugin.JpegImageFile) -> dict[str, object]:
    """The tables that the picture came with, so that encoding it again loses little."""
    sampling = JpegImagePlugin.get_sampling(image)
    if image.mode not in ("RGB", "L") or (image.mode == "RGB" and sampling == -1):
        return {"quality": 92}
    return {"qtables": image.quantization, "subsampling": sampling}


def _clean_animation(data: bytes, kind: str, layout: _Layout) -> bytes:
    """Only what shows, as it is: frames encoded again would lose colours or grow."""
    out = bytearray().join(data[start:end] for start, end in layout.kept)
    if kind == "webp":
        out[4:8] = (len(out) - 8).to_bytes(4, "little")
        # No profile, Exif or XMP any more.
        out[20] &= 0b0001_0010
    return bytes(out)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # Notes that cannot be read do not turn a picture.
        return image.copy()


def _srgb(image: Image.Image, profile: object) -> Image.Image:
    """Without a profile, viewers take sRGB for granted; and no profile from elsewhere reaches them."""
    if isinstance(profile, bytes) and image.mode in ("RGB", "RGBA", "CMYK"):
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            wanted = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
            if converted := ImageCms.profileToProfile(image, given, wanted, outputMode=mode):
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image


# Video -----------------------------------------------------------------------------------------------------------

_BRANDS: Final = re.compile(rb"iso[m2-9a-f]|mp4[12]|avc1|M4V[ HP]|MSNV|dash|3gp\d|mmp4|XAVC|f4v |hvc1|hev1")
_DESCRIPTIONS: Final = frozenset((b"udta", b"meta", b"uuid"))
"""Boxes of an MP4 that hold words about it, and the place."""


def _examine_video(file: IO[bytes], size: int, kind: str) -> Iterator[Problem]:
    head = file.read(1024)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    found = _sniff(head)
    if kind == "webm" and found == "matroska" and b"webm" in head[:64]:
        end = _webm_end(file, size)
    elif kind == "mp4" and found == "video" and _BRANDS.match(head[8:12]):
        end = size if b"moov" in {box.kind for box in _boxes(file, 0, size)} else -1
    else:
        raise _Refused("attachment-mismatch", extension=kind, found=_said(found))
    _alone(head, tail)
    if end != size:
        raise _Refused("attachment-corrupt")
    yield from ()


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    body: int
    """Where its content begins; its kind stands in the four bytes before, or twelve if it is long."""
    end: int
    name: int


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[_Box]:
    """The boxes of an MP4 that fill a stretch of it."""
    for _ in range(MAX_CHUNKS):
        if start == end:
            return
        file.seek(start)
        head = file.read(16)
        length, body = int.from_bytes(head[:4], "big"), start + 8
        if length == 1:
            length, body = int.from_bytes(head[8:16], "big"), start + 16
        elif length == 0:
            length = end - start
        if start + length < body or start + length > end or len(head) < 8:
            break
        yield _Box(head[4:8], body, start + length, start + 4)
        start += length
    raise _Refused("attachment-corrupt")


def _webm_end(file: IO[bytes], size: int) -> int:
    """Where the elements of a WebM end."""
    position = 0
    for _ in range(MAX_CHUNKS):
        if position >= size:
            return position
        file.seek(position)
        head = file.read(12)
        width = 9 - head[0].bit_length()
        length = 9 - head[width].bit_length()
        value = int.from_bytes(head[width : width + length], "big") & ((1 << 7 * length) - 1)
        # All ones: as far as the file goes.
        position = size if value == (1 << 7 * length) - 1 else position + width + length + value
    return -1


def _clean_mp4(data: bytes) -> bytes:
    """With its descriptions blanked where they stand: every other byte keeps its place, which tables refer to."""
    out = bytearray(data)
    file = io.BytesIO(data)

    def blank(start: int, end: int) -> None:
        for box in _boxes(file, start, end):
            if box.kind in _DESCRIPTIONS:
                out[box.name : box.name + 4] = b"free"
                out[box.body : box.end] = bytes(box.end - box.body)
            elif box.kind in (b"moov", b"trak"):
                blank(box.body, box.end)

    blank(0, len(data))
    return bytes(out)


# SVG -------------------------------------------------------------------------------------------------------------

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_XML: Final = "http://www.w3.org/XML/1998/namespace"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SVG_ELEMENTS: Final = _words(
    "svg g defs symbol title desc use path rect circle ellipse line polyline polygon text tspan textPath image style "
    "linearGradient radialGradient stop pattern clipPath mask marker filter feBlend feColorMatrix "
    "feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feDropShadow "
    "feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight "
    "feSpecularLighting feSpotLight feTile feTurbulence"
)
"""What draws. Not `script`, `foreignObject`, `feImage`, nor anything that animates."""
_SVG_WRAPPERS: Final = ("a", "switch")
"""Kept for what is in them: the words of a link, the choices of a drawing program."""

_SVG_ATTRIBUTES: Final = _words(
    "id class style lang role tabindex viewBox preserveAspectRatio version width height x y x1 y1 x2 y2 cx cy r rx ry "
    "fx fy fr d points pathLength transform dx dy rotate textLength lengthAdjust startOffset method spacing side "
    "offset gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits patternTransform "
    "clipPathUnits maskUnits maskContentUnits markerUnits markerWidth markerHeight refX refY orient filterUnits "
    "primitiveUnits in in2 result mode operator k1 k2 k3 k4 values type tableValues slope intercept amplitude "
    "exponent order kernelMatrix divisor bias targetX targetY edgeMode preserveAlpha surfaceScale diffuseConstant "
    "specularConstant specularExponent kernelUnitLength limitingConeAngle pointsAtX pointsAtY pointsAtZ z azimuth "
    "elevation scale xChannelSelector yChannelSelector stdDeviation radius baseFrequency numOctaves seed stitchTiles "
    "alignment-baseline baseline-shift clip-path clip-rule color color-interpolation color-interpolation-filters "
    "color-rendering direction display dominant-baseline fill fill-opacity fill-rule filter flood-color flood-opacity "
    "font-family font-size font-size-adjust font-stretch font-style font-variant font-weight "
    "glyph-orientation-vertical image-rendering isolation letter-spacing lighting-color marker-end marker-mid "
    "marker-start mask mask-type mix-blend-mode opacity overflow paint-order shape-rendering stop-color stop-opacity "
    "stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity "
    "stroke-width text-anchor text-decoration text-rendering transform-origin unicode-bidi vector-effect visibility "
    "white-space word-spacing writing-mode"
)
_SVG_WORDS: Final = re.compile(r"id|class|lang|role|aria-[a-z]+")
"""Attributes that are words, and no style."""
_FRAGMENT: Final = re.compile(r"#[\w.:-]+")
_INSIDE: Final = re.compile(r"""url\(\s*(["']?)#[\w.:-]+\1\s*\)""", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"([\w-]*)\s*\(")
_FUNCTIONS: Final = _words(
    "rgb rgba hsl hsla calc min max translate translatex translatey scale scalex scaley rotate skewx skewy matrix"
)
_DATA_PICTURE: Final = re.compile(r"\s*data:image/(png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]+)", re.IGNORECASE)


def _examine_svg(data: bytes, kind: str) -> Iterator[Problem]:
    if _xml(data).tag != f"{{{_SVG}}}svg":
        raise _Refused("attachment-mismatch", extension=kind, found=_said("xml"))
    yield from ()


def _clean_svg(data: bytes) -> bytes:
    """Only what draws, from nothing but the file itself. What is not known to be harmless is left out."""
    root = _drawing(_xml(data))
    _bound_uses(root)
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _serialize(root, out, f' xmlns="{_SVG}" xmlns:xlink="{_XLINK}"')
    return "".join(out).encode("utf-8", "replace")


def _drawing(element: Element, parent: str = "") -> Element:
    """A copy with allowed elements and attributes only; names without their namespaces."""
    name = _svg_name(element)
    if name in _SVG_WRAPPERS:
        name = "tspan" if parent in ("text", "tspan", "textPath") else "g"
    copy = Element(name, dict(_kept(name, element)))
    copy.text, copy.tail = element.text, element.tail
    if name == "style":
        copy.text = "".join(element.itertext())
        if len(element) or not _harmless(copy.text):
            copy.text = ""
        return copy
    for child in element:
        if _svg_name(child) in (*_SVG_ELEMENTS, *_SVG_WRAPPERS):
            copy.append(_drawing(child, name))
        # The words around what is left out.
        elif len(copy):
            copy[-1].tail = (copy[-1].tail or "") + (child.tail or "")
        else:
            copy.text = (copy.text or "") + (child.tail or "")
    return copy


def _svg_name(element: Element) -> str:
    """Its name in SVG; empty if it is of another language."""
    space, _, name = element.tag.rpartition("}")
    return name if space == f"{{{_SVG}" else ""


def _kept(name: str, element: Element) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        if key in ("href", f"{{{_XLINK}}}href"):
            if kept := _reference(name, value):
                yield "xlink:href", kept
        elif key in (f"{{{_XML}}}space", f"{{{_XML}}}lang"):
            yield f"xml:{key.rpartition('}')[2]}", value
        elif _SVG_WORDS.fullmatch(key) or (key in _SVG_ATTRIBUTES and _harmless(value)):
            yield key, value


def _harmless(value: str) -> bool:
    """Whether a value or style sheet draws from the file alone: no address, import or function that could load."""
    rest = _INSIDE.sub(" ", value)
    if re.search(r"[\\@<]", rest):
        return False
    return all(name.lower() in _FUNCTIONS or not name for name in _FUNCTION.findall(rest)) and "url" not in rest.lower()


def _reference(name: str, value: str) -> str | None:
    """A place in the same file, or for `image` a picture inside it, cleaned as files are; None for anything else."""
    if name != "image":
        return value.strip() if _FRAGMENT.fullmatch(value.strip()) else None
    match = _DATA_PICTURE.fullmatch(value)
    if match is None:
        return None
    kind = _kind_of(match[1].lower().replace("jpeg", "jpg"))
    try:
        data = base64.b64decode(match[2])
        if _sniff(data) != kind or list(_trouble(lambda: _examine_picture(data, kind))):
            return None
        clean = _clean_picture(data, kind)
    except Exception:  # A picture that cannot be read is left out.
        return None
    mime = "jpeg" if kind == "jpg" else kind
    return f"data:image/{mime};base64,{base64.b64encode(clean).decode('ascii')}"


def _bound_uses(root: Element) -> None:
    """Leave out what multiplies: `use` inside what is used, and all of them if they repeat too much."""
    by_id: dict[str, Element] = {}
    for element in root.iter():
        by_id.setdefault(element.get("id", ""), element)
    uses = list(root.iter("use"))
    targets = {use.get("xlink:href", "").removeprefix("#") for use in uses} - {""}
    inner = {id(use) for name in targets if name in by_id for use in by_id[name].iter("use")}
    repeated = 0
    sizes = {name: sum(1 for _ in by_id[name].iter()) for name in targets if name in by_id}
    for use in uses:
        repeated += sizes.get(use.get("xlink:href", "").removeprefix("#"), 0)
    for use in uses:
        if id(use) in inner or repeated > MAX_ELEMENTS:
            use.attrib.pop("xlink:href", None)


def _serialize(element: Element, out: list[str], declared: str = "") -> None:
    out.append(f"<{element.tag}{declared}")
    out += [f" {key}={_quoted(value)}" for key, value in element.attrib.items()]
    if element.text or len(element):
        out += [">", _escaped(element.text or "")]
        for child in element:
            _serialize(child, out)
            out.append(_escaped(child.tail or ""))
        out.append(f"</{element.tag}>")
    else:
        out.append("/>")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


_FAMILY: Final = MappingProxyType(
    {"csv": "text", "txt": "text", "svg": "xml"} | dict.fromkeys((*_MAIN_PART, *_MIMETYPE), "zip")
)
_EXAMINE: Final[Mapping[str, Callable[[bytes, str], Iterator[Problem]]]] = MappingProxyType(
    {"text": _examine_text, "pdf": _examine_pdf, "zip": _examine_office, "xml": _examine_svg}
    | dict.fromkeys(_PICTURES, _examine_picture)
)
