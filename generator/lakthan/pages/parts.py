"""The language of parts: what is Thai on an English page says so, so that it is read aloud and broken as Thai."""

from __future__ import annotations

import re
from html import unescape

THAI = re.compile("[\u0e01-\u0e5b]")
_RUN = re.compile("[\u0e01-\u0e5b](?:[^A-Za-z<>&]*[\u0e01-\u0e5b])?")
"""Thai letters, and what stands between two of them but Latin letters and marks of HTML."""
_TAG = re.compile(r"""<!--.*?-->|<(?:[^<>"']|"[^"]*"|'[^']*')+>""", re.DOTALL)
_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_SAID = re.compile(r"""\s(?:title|alt|aria-label|aria-description|placeholder)="[^"]*[\u0e01-\u0e5b]""")
_OWN = re.compile(r"""\slang="([^"]*)\"""")
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
    if not THAI.search(page):
        return page
    out: list[str] = []
    open_: list[tuple[str, bool]] = []  # each element that is open, and whether it is Thai
    end = 0
    for tag in (*_TAG.finditer(page), None):
        text = page[end : tag.start() if tag else len(page)]
        if THAI.search(text):
            name, thai = open_[-1] if open_ else ("", False)
            if not thai and name not in _SILENT:
                closes = tag is not None and tag[0].startswith(f"</{name}")
                alone = closes and bool(out) and out[-1].startswith(f"<{name}") and "lang=" not in out[-1]
                if alone and (name in _BARE or not re.search("[A-Za-z]", unescape(text))):
                    out[-1] = _with_lang(out[-1])
                elif name not in _BARE:
                    inside = "tspan" if any(known == "svg" for known, _ in open_) else "span"
                    text = _RUN.sub(rf'<{inside} lang="th">\g<0></{inside}>', text)
        out.append(text)
        if tag is None:
            break
        end = tag.end()
        piece = tag[0]
        if found := _NAME.match(piece):
            name = found[2].lower()
            thai = open_[-1][1] if open_ else False
            if found[1]:
                if open_ and open_[-1][0] == name:
                    open_.pop()
            else:
                own = _OWN.search(piece)
                if not own and not thai and _SAID.search(piece):
                    piece = _with_lang(piece)
                if name not in _VOID and not piece.endswith("/>"):
                    open_.append((name, own[1].startswith("th") if own else thai))
        out.append(piece)
    return "".join(out)


def _with_lang(tag: str) -> str:
    end = "/>" if tag.endswith("/>") else ">"
    return f'{tag.removesuffix(end)} lang="th"{end}'


def headings(page: str) -> list[str]:
    """The links to the Thai headings of a page that is marked.

    >>> headings('# A { #top }\\n## A <span lang="th">ก</span> { #part-1 }\\n<p>ข</p>')
    ['#part-1']
    """
    return [f"#{name}" for text, name in _HEADING.findall(page) if THAI.search(text)]


_HEADING = re.compile(r"^#+ (.*) \{ #(\S+) \}$", re.MULTILINE)
