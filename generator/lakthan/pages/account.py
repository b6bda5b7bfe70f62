"""A unit's own account: Markdown that anybody may have written, as harmless HTML."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from urllib.parse import unquote

import markdown
import nh3
from markupsafe import Markup, escape

from lakthan.cache import Cache
from lakthan.pages.addresses import outside

_ALLOWED = {
    "p", "br", "hr", "strong", "em", "b", "i", "u", "s", "sub", "sup", "code", "pre", "blockquote", "abbr",
    "ul", "ol", "li", "dl", "dt", "dd", "h3", "h4", "h5", "h6", "a", "img",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip
_EXTENSIONS = ("tables", "sane_lists", "def_list", "fenced_code")


def account(text: str, up: str, table: str, files: str | None = None) -> Markup:
    """Markdown that a unit wrote, as one line of harmless HTML.

    *up* leads from the page to the portfolio's own page, *files* to the folder of its attachments where that is another
    one; *table* names the boxes that wide tables scroll in. Headings go below the page's own; pictures from elsewhere
    are dropped, because a page asks nobody else.

    >>> account("# A <script>x</script>", "../", "table")
    Markup('<h3>A </h3>')
    >>> account("[a](2.md), [b](files/\\0up.pdf) &#0;up", "../", "table", "")
    Markup('<p><a href="../2/" rel="noopener">a</a>, <a href="files/\ufffdup.pdf" rel="noopener">b</a> \ufffdup</p>')
    """
    if not text.strip():
        return Markup("")
    html = _KEPT[-1].get(text) if _KEPT else _cleaned(text)
    html = html.replace(_UP, up).replace(_FILES, up if files is None else files)
    box = f'<div class="lk-scroll" role="region" tabindex="0" aria-label="{escape(table)}"><table class="lk-table">'
    return Markup(html.replace("<table>", box))  # noqa: S704 (nh3 has cleaned it)


_UP, _FILES = "\0up", "\0files"
"""Where links lead from, until it is known on which page they stand. No HTML that was parsed has the first sign."""


@lru_cache(512)  # each stands on a page of its own, and beside others', in every language
def _cleaned(text: str) -> str:
    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            # Python-Markdown says the side of a column this way.
            return value if re.fullmatch(r"text-align: (left|right|center);", value) else None
        if name in ("href", "src"):
            # A browser takes `\\` for `/`.
            if value.startswith("files/") and ".." not in re.split(r"[/\\]", unquote(value)):
                return _FILES + value
            if tag == "img":
                return None
            if found := re.fullmatch(r"([A-Za-z0-9._-]+)\.md(#[A-Za-z0-9-]+)?", value):
                return f"{_UP}{found[1]}/{found[2] or ''}"
            return outside(value)
        return value

    html = nh3.clean(
        _converted(text),
        tags=_ALLOWED,
        attributes={"a": {"href", "title"}, "img": {"src", "alt", "title"}, "th": {"style"}, "td": {"style"}},
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )
    html = re.sub(r"<img(?![^>]*\ssrc=)[^>]*>", "", html)
    html = (
        html.replace("</table>", "</table></div>")
        .replace("<th", '<th scope="col"')
        .replace('<th scope="col"ead', "<thead")
    )
    # Line breaks mean something in <pre> only, and a line of its own could be taken for Markdown.
    parts = re.split(r"(<pre>.*?</pre>)", html, flags=re.DOTALL)
    joined = (re.sub(r"\n", "&#10;" if part.startswith("<pre>") else " ", part) for part in parts)
    return "".join(joined).strip()


class _Kept:
    """Texts that were cleaned, by their SHA-256, for a page that tells hundreds of them."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self.used: dict[str, str] = {}

    def get(self, text: str) -> str:
        name = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        self.used[name] = found = self.known.get(name) or _cleaned(text)
        return found


_KEPT: list[_Kept] = []


@contextlib.contextmanager
def kept(cache: Cache, name: str) -> Iterator[None]:
    """What is cleaned meanwhile is kept under this *name*: after an edit of one text the others are there already."""
    content = cache.find("accounts", name.encode())
    table = _Kept(json.loads(content) if content else {})
    _KEPT.append(table)
    try:
        yield
    finally:
        _KEPT.pop()
    if table.used != table.known:
        cache.keep("accounts", name.encode(), json.dumps(table.used, ensure_ascii=False, sort_keys=True).encode())


def _converted(text: str) -> str:
    converter = _converter()
    try:
        html = converter.reset().convert(text)
    except RecursionError:
        # Lists in lists in lists: shown as it was written. What the parser was at is not to be trusted any more.
        _converter.cache_clear()
        html = f"<pre>{escape(text)}</pre>"
    return re.sub(r"<(/?)h([1-6])", lambda found: f"<{found[1]}h{min(int(found[2]) + 2, 6)}", html)


@cache
def _converter() -> markdown.Markdown:
    return markdown.Markdown(extensions=_EXTENSIONS, output_format="html")
