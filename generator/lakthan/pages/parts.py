"""The language of parts: what is Thai on an English page says so, so that it is read aloud and broken as Thai."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape

from lakthan import tags

THAI = re.compile("[\u0e01-\u0e5b]")
_RUN = re.compile("[\u0e01-\u0e5b](?:[^A-Za-z<>&]*[\u0e01-\u0e5b])?")
"""Thai letters, and what stands between two of them but Latin letters and marks of HTML."""
_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_BARE = {"title", "desc", "option", "textarea"}
"""What holds text alone: its language is said by itself."""
_SILENT = {"script", "style"}


def marked(page: str) -> str:
    """An English page with `lang="th"` on its Thai parts. What is marked already stays as it is.

    >>> marked('<p>A <b>แผน</b></p> <p lang="th">ข</p> <p>ก 1, b</p>')
    '<p>A <b lang="th">แผน</b></p> <p lang="th">ข</p> <p><span lang="th">ก</span> 1, b</p>'
    >>> marked('<img alt="รูป"><svg><title>แผน A</title></svg>')
    '<img alt="รูป" lang="th"><svg><title lang="th">แผน A</title></svg>'
    """
    return "\n\n".join(map(_marked, page.split("\n\n")))


@tags.remembered
def _marked(block: str) -> str:
    """A heading, or elements that are whole."""
    if block.isascii() or not THAI.search(block):
        return block
    cut = tags.cut(block)
    pieces = [*cut.pieces]
    around, said = _around(cut)
    for at in said:
        pieces[at] = _with_lang(pieces[at])
    marked = [
        at
        for at, one in zip(range(0, len(pieces), 2), around, strict=True)
        if one and not (text := pieces[at]).isascii() and THAI.search(text) and _mark(pieces, at, *one)
    ]
    found = "".join(pieces)
    for at in reversed(marked):
        pieces[at : at + 1] = tags.split(pieces[at])
    tags.known(found, pieces)  # whoever looks through it next need not cut it again
    return found


def _mark(pieces: list[str], at: int, name: str, inside: str) -> bool:
    """Say that the text at a place is Thai: in its element's tag, or *inside* others; whether it was those."""
    closes = at + 1 < len(pieces) and pieces[at + 1].startswith(f"</{name}")
    alone = closes and at and pieces[at - 1].startswith(f"<{name}") and "lang=" not in pieces[at - 1]
    if alone and (name in _BARE or not re.search("[A-Za-z]", unescape(pieces[at]))):
        pieces[at - 1] = _with_lang(pieces[at - 1])
    elif name not in _BARE:
        pieces[at] = _RUN.sub(rf'<{inside} lang="th">\g<0></{inside}>', pieces[at])
        return True
    return False


@tags.shaped
def _around(sorts: Sequence[tags.Tag]) -> tuple[list[tuple[str, str] | tuple[()]], list[int]]:
    """Of a block with these tags: for each text the element that it stands in, and what marks its language inside that,
    or nothing where it is not to be marked; and the places of the tags that say Thai aloud without saying so.
    """
    open_: list[tuple[str, bool]] = []  # each element that is open, and whether it is Thai
    around: list[tuple[str, str] | tuple[()]] = []
    said: list[int] = []
    for number, tag in enumerate([*sorts, None]):
        name, thai = open_[-1] if open_ else ("", False)
        inside = "tspan" if any(known == "svg" for known, _ in open_) else "span"
        around.append(() if thai or name in _SILENT else (name, inside))
        if tag is None or not tag.name:
            continue
        if tag.closes:
            if name == tag.name:
                open_.pop()
            continue
        if tag.said and tag.thai is None and not thai:
            said.append(2 * number + 1)
        if tag.name not in _VOID and not tag.empty:
            open_.append((tag.name, thai if tag.thai is None else tag.thai))
    return around, said


def _with_lang(tag: str) -> str:
    end = "/>" if tag.endswith("/>") else ">"
    return f'{tag.removesuffix(end)} lang="th"{end}'


def headings(page: str) -> list[str]:
    """The links to the Thai headings of a page that is marked.

    >>> headings('# A { #top }\\n## A <span lang="th">ก</span> { #part-1 }\\n<p>ข</p>')
    ['#part-1']
    """
    lines = (part.partition("\n")[0] for part in f"\n{page}".split("\n#")[1:])
    found = (_HEADING.fullmatch(line) for line in lines)
    return [f"#{one[2]}" for one in found if one and THAI.search(one[1])]


_HEADING = re.compile(r"#* (.*) \{ #(\S+) \}")
"""A heading after its first sign."""
