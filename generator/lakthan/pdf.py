"""PDFs from Typst templates, with a text layer that gives back the Thai that was printed.

Typst sets Thai marks right, but says the text of a cluster once for each of its parts: ทั้งนี้ is copied as ทั้ทั้งนี้. Here the
table from glyph to text (`ToUnicode`, ISO 32000-1, 9.10.3) is made anew from the fonts that the text was set in, marks
come right after their letters, and replacement texts (`ActualText`, 14.9.4) that are no longer needed are taken out.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import struct
import tempfile
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pikepdf
    import typst
    from fontTools.ttLib import TTFont

# Typst, pikepdf and fontTools are imported where they are used: `lakthan score` need not wait for them.

MISSING = "■"
"""What stands for a character that the fonts cannot show; without one there would be no PDF at all."""
_KEPT = "\n\t"
DATA = "data.json"
"""Where a template finds what it is to say."""
_REMEMBERED = 11
"""After so many documents Typst lets go of what it kept of one (30 MB of a form), for the case that it comes again."""
_ATTEMPTS = 6
"""How often objects are packed in other ways before they are written unpacked."""
_AM = "\u0e33"
"""SARA AM is drawn as two glyphs, one before the tone mark: only a replacement text says its order."""


_Outline = tuple[int, bytes | str]
"""How wide a glyph is, and how it is drawn."""


class Refused(Exception):
    """A template that Typst cannot set, with what Typst says."""


def version() -> str:
    """What the bytes of a PDF follow from besides its content and template."""
    return " ".join(f"{name} {metadata.version(name)}" for name in ("typst", "pikepdf", "fonttools"))


def make(
    main: str, files: Mapping[str, bytes], data: Mapping[str, object], day: datetime.date | None, fonts: Path
) -> bytes:
    """A PDF from the template *main* among *files*. It can read these and *data* (`data.json`), nothing else.

    *day* dates the document: the same bytes come whenever it is made. Raises `Refused` for a mistake in the
    template; nothing that *data* holds is read as markup.
    """
    import typst  # noqa: PLC0415

    _look(fonts)
    said = json.dumps(_shown(data, frozenset(_covered(fonts))), ensure_ascii=False)
    with tempfile.TemporaryDirectory() as place:
        # As an input of Typst the data would be part of all that it sets: nothing would be known again in the next one.
        for name, content in {**files, DATA: said.encode()}.items():
            (Path(place) / name).write_bytes(content)
        try:
            made = typst.compile(
                Path(place) / main,
                root=Path(place),
                font_paths=_set_in(fonts),
                ignore_system_fonts=True,
                pdf_standards=["a-2a", "ua-1"],
                timestamp=datetime.datetime.combine(day or datetime.date(1970, 1, 1), datetime.time(), datetime.UTC),
            )
        except typst.TypstError as problem:
            raise Refused(str(problem)) from problem
        finally:
            _forget()
    return readable(made, fonts)


def know(fonts: Path) -> None:
    """Find out what every document needs to know of its fonts: a fifth of a second, in each process that has to."""
    _look(fonts)
    _covered(fonts)
    _texts(fonts)


_LOOKED: dict[Path, object] = {}
"""Folders of fonts, as they were when something was remembered of them."""


def _look(folder: Path) -> None:
    """Forget what was known of fonts that somebody has replaced since, as they may while a site is served."""
    found = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.ttf"))]
    if _LOOKED.setdefault(folder, found) != found:
        _LOOKED[folder] = found
        for known in (_set_in, _fonts, _covered, _texts):
            known.cache_clear()


@cache
def _set_in(folder: Path) -> typst.Fonts:
    import typst  # noqa: PLC0415

    return typst.Fonts(include_system_fonts=False, font_paths=[folder])


def _forget() -> None:
    """Let Typst set nothing so often that it lets go of what neither this document nor the two before had.

    The next unit's form has most of its texts in common with this one, and a unit may have forms of several rubrics.
    """
    import typst  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as place:
        nothing = Path(place) / "nothing.typ"
        nothing.touch()
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
        compiler = typst.Compiler(nothing, font_paths=fonts)
        for _ in range(_REMEMBERED // 3):
            compiler.compile()


def _shown(value: object, covered: frozenset[str]) -> object:
    """*value* with characters that the fonts lack replaced, in every text; keys are ours."""
    match value:
        case str():
            return value if covered.issuperset(value) else "".join(_character(one, covered) for one in value)
        case Mapping():
            return {key: _shown(item, covered) for key, item in value.items()}
        case list() | tuple():
            return [_shown(item, covered) for item in value]
        case _:
            return value


def _character(one: str, covered: frozenset[str]) -> str:
    if one in covered or one in _KEPT:
        return one
    plain = unicodedata.normalize("NFKC", one)
    if covered.issuperset(plain):
        return plain
    return "" if unicodedata.category(one) in ("Cf", "Cc", "Mn", "Cs") else MISSING


# The text layer --------------------------------------------------------------------------------------------------


@cache
def _fonts(folder: Path) -> tuple[TTFont, ...]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    return tuple(TTFont(path) for path in sorted(folder.glob("*.ttf")))


@cache
def _covered(folder: Path) -> frozenset[str]:
    """The characters that all fonts of a folder can show."""
    sets = [{one for one in map(chr, font.getBestCmap()) if one.isprintable()} for font in _fonts(folder)]
    return frozenset(set.intersection(*sets)) if sets else frozenset()


@cache
def _texts(folder: Path) -> Mapping[_Outline, tuple[str, ...]]:
    """What each glyph of the fonts says, by width and outline: a subset keeps these, and neither name nor number."""
    found: dict[_Outline, list[str]] = defaultdict(list)
    for font in _fonts(folder):
        names = {name: chr(code) for code, name in sorted(font.getBestCmap().items(), reverse=True)}
        variants = dict(_variants(font, names))
        for glyph, outline in _outlines(font):
            text = names.get(glyph) or _named(glyph, names) or variants.get(glyph)
            if text and "\ufb00" <= text <= "\ufb06":  # fl drawn as one glyph is still two letters
                text = unicodedata.normalize("NFKC", text)
            if text and text not in found[outline]:
                found[outline].append(text)
    return {outline: tuple(texts) for outline, texts in found.items()}


def _variants(font: TTFont, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Glyphs that stand in for one other: marks set lower or further left."""
    for lookup in font["GSUB"].table.LookupList.Lookup if "GSUB" in font else ():
        for table in lookup.SubTable:
            inner = getattr(table, "ExtSubTable", table)
            if inner.LookupType == 1:
                yield from ((new, names[old]) for old, new in inner.mapping.items() if old in names)


def _named(glyph: str, names: Mapping[str, str]) -> str | None:
    """What a glyph's name says: `uni0E33`, or one that is known and a suffix (`uni0E48.small`)."""
    base = glyph.partition(".")[0]
    if re.fullmatch("uni(?:[0-9A-F]{4})+", base):
        return bytes.fromhex(base[3:]).decode("utf-16-be")
    return names.get(base)


def _outlines(font: TTFont) -> list[tuple[str, _Outline]]:
    """Every glyph with its width and outline: as it is stored, for that is what a subset keeps. One that is put
    together from others is drawn, because the others have new numbers there."""
    from fontTools.pens.recordingPen import DecomposingRecordingPen  # noqa: PLC0415

    order, stored, glyphs = font.getGlyphOrder(), font["glyf"].glyphs, font.getGlyphSet()
    outlines: list[bytes | str] = [getattr(stored[glyph], "data", b"").rstrip(b"\0") for glyph in order]
    for number, outline in enumerate(outlines):
        if outline[:1] == b"\xff":  # fewer than no contours
            pen = DecomposingRecordingPen(glyphs)
            glyphs[order[number]].draw(pen)
            outlines[number] = repr(pen.value)
    widths = font["hmtx"].metrics
    return [(glyph, (widths[glyph][0], outline)) for glyph, outline in zip(order, outlines, strict=True)]


def readable(content: bytes, fonts: Path) -> bytes:
    """The PDF with a text layer from which Thai is copied as it is printed; the same bytes for the same content."""
    import pikepdf  # noqa: PLC0415

    with pikepdf.open(io.BytesIO(content)) as pdf:
        texts = _texts(fonts)
        known: dict[tuple[int, int], _Font] = {}
        blocks: dict[tuple[tuple[str, _Font], ...], dict[bytes, bytes]] = defaultdict(dict)
        for page in pdf.pages:
            used = {}
            for name, found in (page.Resources.get("/Font") or {}).items():
                if found.objgen not in known:
                    known[found.objgen] = _Font(found, texts)
                used[name.removeprefix("/")] = known[found.objgen]
            anew = _set_anew(page.Contents.read_bytes(), used, blocks[tuple(used.items())])
            page.Contents = pdf.make_stream(_ended(anew))
        for font in known.values():
            font.save(pdf)
        return _saved(pdf)


def _ended(content: bytes) -> bytes:
    """Instructions that do not end like a line when they are compressed: their checksum stands last.

    >>> zlib.compress(b" f f")[-1:], zlib.compress(_ended(b" f f"))[-1:]
    (b'\\r', b'\\x17')
    """
    return content + b"\n" if zlib.adler32(content) & 255 == ord("\r") else content


def _saved(pdf: pikepdf.Pdf) -> bytes:
    """The file, in which no stream ends like a line: strict checkers would count one byte less than it has."""
    import pikepdf  # noqa: PLC0415

    made = b""
    pages = list(pdf.pages)[:_ATTEMPTS]
    for attempt in range(len(pages) + 2):
        mode = pikepdf.ObjectStreamMode.generate if attempt <= len(pages) else pikepdf.ObjectStreamMode.disable
        file = io.BytesIO()
        pdf.save(
            file,
            deterministic_id=True,
            preserve_pdfa=True,
            object_stream_mode=mode,
            compress_streams=attempt <= len(pages),
        )
        made = file.getvalue()
        if b"\r\nendstream" not in made:
            break
        if attempt < len(pages):
            # Most streams hold a hundred objects each: one object more, and they hold others.
            pages[attempt].MediaBox = pdf.make_indirect(pages[attempt].MediaBox)
    return made


_BACK = 20
"""How far before the end of its letter a mark is set, in thousandths of the size: some readers sort glyphs by place,
and the next letter may begin a little earlier than the last one ends."""


class _Run(NamedTuple):
    """Glyphs that are set at once; places in thousandths of the size from where the run begins."""

    start: float
    """Where the first of them is set."""
    glyphs: str
    """Their numbers in hexadecimal, and the gaps between them, as they stand between `<` and `>`."""
    end: float
    """Where the pen stands after them."""
    letter: float
    """Where the last letter ends."""


class _Font:
    """A font inside a PDF: how wide its glyphs are, what they say, and marks in the places where the text has them."""

    def __init__(self, entry: Any, texts: Mapping[_Outline, tuple[str, ...]]) -> None:
        from fontTools.ttLib import TTFont  # noqa: PLC0415

        self.entry = entry
        self.descriptor = entry.DescendantFonts[0].FontDescriptor
        self.file = self.descriptor.FontFile2
        # Bounds are kept by hand: to reckon them anew would take every glyph apart.
        self.font = TTFont(io.BytesIO(self.file.read_bytes()), recalcTimestamp=False, recalcBBoxes=False)
        self.scale = 1000 / self.font["head"].unitsPerEm
        self.order = list(self.font.getGlyphOrder())
        outlines = _outlines(self.font)
        self.widths = [width * self.scale for _, (width, _) in outlines]
        self.moved: dict[tuple[int, int], int] = {}
        self.runs: dict[tuple[bytes, int], _Run] = {}
        before = dict(_said(entry.ToUnicode.read_bytes().decode("latin-1")))
        self.says = {}
        for number, (_, outline) in enumerate(outlines):
            old, known = before.get(number), texts.get(outline)
            if number and known:
                # Two characters may look the same (a Latin and a Greek letter): then the one that Typst named.
                self.says[number] = next((text for text in known if old and text in old), known[0])
            elif number and old:
                self.says[number] = old

    def run(self, shown: bytes, letter: int) -> _Run:
        """What an instruction shows, where the last letter before it ends at *letter* from where it begins."""
        found = self.runs.get((shown, letter))
        if not found:
            found = self.runs[shown, letter] = self._run(_items(shown), letter)
        return found

    def _run(self, items: Iterable[float | Sequence[int]], letter: float) -> _Run:
        at = 0.0
        start: float | None = None
        reached = 0.0
        made: list[str] = []
        for item in items:
            if isinstance(item, float):
                at -= item
                continue
            for glyph in item:
                width, placed, where = self.widths[glyph], glyph, at
                if not width and abs(at - letter) < 1000:
                    where = letter - _BACK
                    placed = self._moved(glyph, round(at - where))
                if start is None:
                    start = where
                elif gap := round(reached - where, 2):
                    made.append(f">{_plain(gap)}<")
                made.append(f"{placed:04X}")
                at += width
                reached = where + width
                if width:
                    letter = at
        return _Run(start or 0.0, "".join(made), reached, letter)

    def _moved(self, glyph: int, by: int) -> int:
        """The number of a glyph that looks like *glyph* moved to the right by so many thousandths of its size."""
        if not by:
            return glyph
        found = self.moved.setdefault((glyph, by), len(self.order) + len(self.moved))
        if glyph in self.says:
            self.says[found] = self.says[glyph]
        return found

    def save(self, pdf: pikepdf.Pdf) -> None:
        """Put the font back, with the glyphs that were asked for and what all of them say."""
        from fontTools.ttLib.tables._g_l_y_f import Glyph, GlyphComponent  # noqa: PLC0415

        if self.moved:
            outlines, metrics = self.font["glyf"], self.font["hmtx"]
            head, limits = self.font["head"], self.font["maxp"]
            names = [f"moved{new}" for new in self.moved.values()]
            for name, (number, by) in zip(names, self.moved, strict=True):
                part, glyph, old = GlyphComponent(), Glyph(), outlines[self.order[number]]
                part.glyphName, part.x, part.y, part.flags = self.order[number], round(by / self.scale), 0, 0
                glyph.numberOfContours, glyph.components = -1, [part]
                if old.numberOfContours:
                    glyph.xMin, glyph.xMax = old.xMin + part.x, old.xMax + part.x
                    glyph.yMin, glyph.yMax = old.yMin, old.yMax
                else:
                    glyph.xMin = glyph.xMax = glyph.yMin = glyph.yMax = 0
                outlines[name] = glyph
                metrics[name] = (metrics[part.glyphName][0], glyph.xMin)
                head.xMin, head.xMax = min(head.xMin, glyph.xMin), max(head.xMax, glyph.xMax)
            limits.maxComponentElements = max(limits.maxComponentElements, 1)
            limits.maxComponentDepth += 1
            limits.maxCompositePoints = max(limits.maxCompositePoints, limits.maxPoints)
            limits.maxCompositeContours = max(limits.maxCompositeContours, limits.maxContours)
            self.font.setGlyphOrder([*self.order, *names])
            file = io.BytesIO()
            self.font.save(file)
            self.file.write(file.getvalue())
            self.descriptor.CIDSet = pdf.make_stream(_bits(len(self.order) + len(self.moved)))
            self.file.Length1 = len(file.getvalue())
        self.entry.ToUnicode = pdf.make_stream(_cmap(self.says))


def _plain(number: float) -> str:
    """A number as short as it can be written without an exponent.

    >>> _plain(-20.0), _plain(0.05)
    ('-20', '0.05')
    """
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _bits(count: int) -> bytes:
    """A set of the numbers below *count*, a bit for each.

    >>> _bits(3).hex(), _bits(8).hex()
    ('e0', 'ff')
    """
    spare = -count % 8
    return (((1 << count) - 1) << spare).to_bytes((count + spare) // 8)


def _said(cmap: str) -> Iterator[tuple[int, str]]:
    for block in re.findall("beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for number, text in re.findall("<([0-9A-Fa-f]{4})> *<([0-9A-Fa-f]+)>", block):
            yield int(number, 16), bytes.fromhex(text).decode("utf-16-be", "replace")


def _cmap(says: Mapping[int, str]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
    ]
    entries = [f"<{number:04X}> <{text.encode('utf-16-be').hex().upper()}>" for number, text in sorted(says.items())]
    for start in range(0, len(entries), 100):  # no block may hold more
        block = entries[start : start + 100]
        lines += [f"{len(block)} beginbfchar", *block, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode()


def _set_anew(content: bytes, fonts: Mapping[str, _Font], known: dict[bytes, bytes]) -> bytes:
    """The instructions of a page with every mark set at the end of its letter, by a glyph that is drawn where it was.

    Typst moves the pen for a mark, and readers take that for a space or for another line: ผู้ที่ would be copied as ผูท้ ี่.
    Replacement texts that the glyphs now say themselves are left out. *known* are the blocks of text that were made
    with these fonts before. Raises `ValueError` for text that is not set as Typst sets it.
    """
    made: list[bytes] = []
    end = 0
    content = _flat(content)
    for found in _BLOCK.finditer(content):
        if found.start() > end:
            raise ValueError(content[end:][:80])
        other, runs = found.groups()
        made.append(other)
        if runs:
            if runs not in known:
                known[runs] = _block(runs, fonts)
            made.append(known[runs])
        end = found.end()
    return b"".join(made)


def _block(runs: bytes, fonts: Mapping[str, _Font]) -> bytes:
    """A block of text, in which runs on one line become one: a space in a run of its own is lost on some readers.

    A mark that begins a block belongs to the letter that ends where the block begins: Typst sets one that it raises so.
    """
    made = [b"BT"]
    line: list[str] = []
    """Numbers of glyphs in hexadecimal, and gaps in thousandths of the size, as they stand between `<` and `>`."""

    def end() -> None:
        if line:
            made.append(f"[<{''.join(line)}>]TJ".replace("<>", "").encode())
            line.clear()

    set_font = set_matrix = set_y = b""
    font: _Font | None = None
    unit = 1.0
    start = reached = letter = 0.0
    kept = True
    read = 0
    for whole, marked, chosen, name, size, matrix, x, y, shown, marked_end in _RUN.findall(runs):
        read += len(whole)
        if marked:
            kept = _wanted(marked)
            if kept:
                end()
                made.append(marked)
        if font is None or chosen != set_font:
            end()
            made.append(chosen)
            set_font, font, unit = chosen, fonts[name.decode()], float(size) / 1000
        if not line or y != set_y or matrix != set_matrix:
            end()
            made.append(b"%b%b %b Tm" % (matrix, x, y))
            set_matrix, set_y, start, reached, letter = matrix, y, float(x), 0.0, 0.0
        at = (float(x) - start) / unit
        first, glyphs, pen, last = font.run(shown, round(letter - at))
        if gap := round(reached - at - first, 2):
            line.append(f">{_plain(gap)}<")
        line.append(glyphs)
        reached, letter = at + pen, at + last
        if marked_end and kept:
            end()
            made.append(marked_end)
    if read < len(runs):
        raise ValueError(runs[:80])
    end()
    made.append(b"ET")
    return b"\n".join(made)


# Possessive on single characters alone: on groups Python goes on from the wrong place up to 3.11.4
# (https://github.com/python/cpython/issues/106052). Alternatives begin differently, so that nothing is tried twice.
_STRING = rb"\([^()\\]*+(?:\\.[^()\\]*+)*\)"
_NUMBER = rb"[-+]?[\d.]++"
_HEX = rb"<[\dA-Fa-f\s]*+>"
_ARRAY = rb"\[(?:[^][()]++|" + _STRING + rb")*\]"
_DICTIONARY = rb"<<(?:[^<>()]++|" + _STRING + rb"|" + _HEX + rb")*>>"
_RUN = re.compile(
    # What sets text comes in this order from Typst: so a run is one match.
    rb"(\s*+(/Span\s*+" + _DICTIONARY + rb"\s*+BDC)?"
    rb"\s*+(\d++\s++Tr\s*+/([^][\s()<>/]++)\s++(" + _NUMBER + rb")\s++Tf)"
    rb"\s++((?:" + _NUMBER + rb"\s++){4})(" + _NUMBER + rb")\s++(" + _NUMBER + rb")\s++Tm"
    rb"\s*+(" + _ARRAY + rb"\s*+TJ|(?:" + _STRING + rb"|" + _HEX + rb")\s*+Tj)"
    rb"\s*+(EMC)?\s*+)",
    re.DOTALL,
)
_BLOCK = re.compile(
    rb"((?:[^(B]++|" + _STRING + rb"|B(?!T(?!\w)))*)(?:BT((?:[^(E]++|" + _STRING + rb"|E(?!T(?!\w)))*)ET(?!\w))?",
    re.DOTALL,
)
"""What is passed on as it stands, and a block of text (ISO 32000-1, 7.8.2 and 9.4)."""
_UNNESTED = re.compile(rb"(?:[^(]++|" + _STRING + rb")*", re.DOTALL)
_BRACKET = re.compile(rb"\\.|[()]", re.DOTALL)
_ITEM = re.compile(_STRING + rb"|" + _HEX + rb"|" + _NUMBER, re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}


def _flat(content: bytes) -> bytes:
    """The instructions with brackets inside of strings escaped: no regular expression counts how deep they are.

    >>> _flat(rb"(a(b(c)))Tj(\\()Tj")
    b'(a\\\\(b\\\\(c\\\\)\\\\))Tj(\\\\()Tj'
    """
    made: list[bytes] = []
    at = 0
    while (start := _UNNESTED.match(content, at).end()) < len(content):  # type: ignore[union-attr]
        depth, end = 0, len(content)
        for bracket in _BRACKET.finditer(content, start):
            depth += {b"(": 1, b")": -1}.get(bracket[0], 0)
            if not depth:
                end = bracket.end()
                break
        inner = content[start + 1 : end - 1]
        made += [content[at : start + 1], _BRACKET.sub(lambda one: b"\\" * (2 - len(one[0])) + one[0], inner), b")"]
        at = end
    return b"".join((*made, content[at:]))


@lru_cache(8192)
def _items(shown: bytes) -> Sequence[float | Sequence[int]]:
    """What an instruction shows: gaps in thousandths of the size, and numbers of glyphs.

    >>> _items(rb"[(\\000\\001\\000\\))-7.5<0A0b>]TJ")
    [(1, 41), -7.5, (2571,)]
    """
    items: list[float | Sequence[int]] = []
    for item in _ITEM.findall(shown):
        if item[:1] == b"(":
            codes = _ESCAPE.sub(_unescaped, item[1:-1])
        elif item[:1] == b"<":
            codes = bytes.fromhex(item[1:-1].decode())
        else:
            items.append(float(item))
            continue
        items.append(struct.unpack(f">{len(codes) // 2}H", codes))
    return items


def _unescaped(found: re.Match[bytes]) -> bytes:
    one = found[1]
    return bytes((int(one, 8) & 255,)) if one[:1].isdigit() else _ESCAPED.get(one, one)


@lru_cache(1024)
def _wanted(operands: bytes) -> bool:
    """Whether marked content stays so: not where it only says a text that the glyphs say themselves.

    >>> _wanted(b"/Span<</ActualText<FEFF0E190E33>>>"), _wanted(b"/Span<</ActualText<FEFF0E190E35>>>")
    (True, False)
    """
    found = re.search(rb"/ActualText\s*(?:<FEFF([\dA-F]*)>|\()", operands)
    return not found or (found[1] is not None and _AM in bytes.fromhex(found[1].decode()).decode("utf-16-be"))
