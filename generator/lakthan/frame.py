"""Pages of the site as MkDocs would build them, one at a time and without its passes over all pages.

MkDocs reads each page's front matter as YAML, parses its HTML twice, and keeps every page until the last is done: three
quarters of a build. Our pages are headings and blocks of HTML, which Markdown passes through, and their front matter is
JSON. So only headings go through Python-Markdown, each sort of heading once; all else a page has is put together by the
theme itself: MkDocs's own environment, `Page` and context, with the project's `mkdocs.yml`. What comes of it is, byte
for byte, what `mkdocs build` writes, and tests hold it to that.

A page that has more than headings and blocks of HTML goes through the whole of Markdown. Where `mkdocs.yml` has
plugins, hooks or a theme that we don't know, `foreign` says so, and MkDocs is to build the site itself.
"""

from __future__ import annotations

import copy
import gzip
import importlib.util
import io
import itertools
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jinja2
import markdown
import mkdocs.utils
from markdown.extensions.toc import nest_toc_tokens
from mkdocs.commands.build import get_context
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import get_navigation
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc

from lakthan import tags
from lakthan.cache import Cache

Json = dict[str, Any]

PLUGINS = {"search", "material/search", "lakthan"}
"""Plugins that do nothing to a page; a search only where it is switched off."""
EXTENSIONS = {"attr_list", "fenced_code", "tables", "toc"}
"""Extensions of Markdown that leave blocks of HTML alone. Under others each page goes through all of Markdown."""


class Kept(NamedTuple):
    """What the map of the site wants of a page, once the page itself is written."""

    path: str
    meta: Mapping[str, Any]


def configured(root: Path, *, strict: bool = False) -> MkDocsConfig:
    """The project's `mkdocs.yml`, as MkDocs reads it."""
    return load_config(config_file=str(root / "mkdocs.yml"), strict=strict)


def foreign(config: MkDocsConfig) -> str:
    """What of a configuration may do more to pages than we know, by its name in `mkdocs.yml`; nothing, as a rule."""
    for name, plugin in config.plugins.items():
        if name not in PLUGINS or ("search" in name and plugin.config.get("enabled", True)):
            return f"plugins: {name}"
    if config.hooks:
        return "hooks"
    if config.theme.name != "material":
        return f"theme: {config.theme.name}"
    if config.extra_templates:
        return "extra_templates"
    return ""


class Frame:
    """The theme around pages. Opening one takes as long as MkDocs takes to load a theme; a page takes a millisecond."""

    def __init__(self, config: MkDocsConfig, paths: Callable[[], Iterable[str]] = tuple) -> None:
        """*paths* names all files of the docs folder, for links of pages that have Markdown in them."""
        self.config = _begun(config)
        self._paths = paths
        self.env = config.theme.get_env()
        home = self._file("index.md")
        files = Files([home])
        files.add_files_from_theme(jinja2.Environment(loader=_Visible(config.theme.dirs)), config)  # noqa: S701 (it lists)
        self.files = config.plugins.on_files(files, config=config)
        nav = get_navigation(self.files, config)
        self.nav = config.plugins.on_nav(nav, config=config, files=self.files)
        self.env = config.plugins.on_env(self.env, config=config, files=self.files) or self.env
        self._home = home.page or Page(None, home, config)
        self._plain = set(config.markdown_extensions) <= EXTENSIONS
        self._headings: dict[str, tuple[str, list[Json]]] = {}
        self._parts: dict[str, jinja2.Template] = {}
        options = (config.mdx_configs or {}).get("toc", {})
        self._shells = _Shells(self._themed, self._part, f'" title="{options.get("permalink_title", "")}">')
        self._kept = _Kept()
        self.looked = 0
        """How many pages went through all of Markdown, which looks for what a link leads to."""

    def keep(self, cache: Cache, ground: bytes, *, begun: bool) -> None:
        """Keep in *cache* what the theme makes of no page in particular: of the *ground* alone, and of what it lists.

        *begun* says that most pages are there: then what is put around one is worth keeping before a second one comes.
        """
        self._shells.kept = self._kept = _Kept(cache, ground, begun)

    @property
    def own(self) -> list[str]:
        """The folders of templates that came with no library."""
        found = [importlib.util.find_spec(name) for name in ("mkdocs", "material")]
        libraries = [Path(one.origin).parent for one in found if one and one.origin]
        return [name for name in self.config.theme.dirs if not any(map(Path(name).is_relative_to, libraries))]

    def page(self, path: str, content: bytes | str) -> tuple[str, bytes, Kept]:
        """A page as it stands on the site: its path there, its HTML, and what the map of the site wants of it.

        *path* is relative to the docs folder, *content* what `pages` made: front matter and Markdown.
        """
        page = self._home if path == "index.md" else Page(None, self._file(path), self.config)
        text = content if isinstance(content, str) else content.decode()
        head, _, body = text.removeprefix("---\n").partition("\n---\n")
        lines = dict(line.partition(": ")[::2] for line in head.split("\n"))
        page.meta = {name: json.loads(value) for name, value in lines.items() if name != "menu"}
        made = self._body(body) if self._plain else None
        if made is None:
            self.looked += 1
            _complete(page, lines)
            page.markdown = body.lstrip("\n")
            self.config._current_page = page
            try:
                page.render(self.config, self._known_files)
            finally:
                self.config._current_page = None
            html = self._themed(page)
        else:
            page.content, tokens = made
            page.toc = get_toc(tokens)  # type: ignore[arg-type]
            html = self._shells.around(page, lines, tokens)
        kept = Kept(path, {key: page.meta[key] for key in _MAPPED if key in page.meta})
        return page.file.dest_uri, html.encode(errors="xmlcharrefreplace"), kept

    def _themed(self, page: Page) -> str:
        """A page as the theme's template makes it."""
        self.config._current_page = page
        try:
            page.active = True
            context = get_context(self.nav, [], self.config, page)
            context = self.config.plugins.on_page_context(context, page=page, config=self.config, nav=self.nav)
            html = self.env.get_template(page.meta.get("template", "main.html")).render(context)
            found: str = self.config.plugins.on_post_page(html, page=page, config=self.config)
            return found
        finally:
            page.active = False
            self.config._current_page = None

    def _part(self, name: str, page: Page) -> str:
        """What one of the theme's parts makes of a page."""
        template = self._parts.get(name)
        if template is None:
            text = f'{{% import "partials/language.html" as lang with context %}}{{% include "{name}" %}}'
            template = self._parts[name] = self.env.from_string(text)
        return template.render(get_context(self.nav, [], self.config, page))

    def rest(self, known: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, bytes]]:
        """What the theme adds to the pages *known*: its own files, the page for missing ones, the map of the site."""
        for file in self.files:
            if file.inclusion.is_included() and not file.is_documentation_page():
                yield file.dest_uri, file.content_bytes
        listed = sorted(known, key=lambda one: _order(one[0]))
        pages = [_Mapped(Kept(*one), self) for one in listed]
        source = json.dumps([mkdocs.utils.get_build_date(), listed], sort_keys=True)
        for name in self.config.theme.static_templates:
            html = self._kept.get(f"{name} {source}", partial(self._static, name, pages)).encode()
            if html.strip():
                yield name, html
                if name == "sitemap.xml":
                    packed = io.BytesIO()
                    when = mkdocs.utils.get_build_timestamp()
                    with gzip.GzipFile(filename=f"{name}.gz", mode="wb", fileobj=packed, mtime=when) as out:
                        out.write(html)
                    yield f"{name}.gz", packed.getvalue()

    def _static(self, name: str, pages: Sequence[_Mapped]) -> str:
        template = self.config.plugins.on_pre_template(
            self.env.get_template(name), template_name=name, config=self.config
        )
        base = "/" if not self.config.site_url else urlsplit(self.config.site_url).path
        if not mkdocs.utils.is_error_template(name):
            base = mkdocs.utils.get_relative_url(".", name)
        context = get_context(self.nav, pages, self.config, base_url=base)  # type: ignore[arg-type]
        context = self.config.plugins.on_template_context(context, template_name=name, config=self.config)
        return self.config.plugins.on_post_template(template.render(context), template_name=name, config=self.config)

    def _file(self, path: str) -> File:
        return File(path, self.config.docs_dir, self.config.site_dir, self.config.use_directory_urls)

    @cached_property
    def _known_files(self) -> Files:
        found = Files([self._file(path) for path in self._paths()])
        for file in found.documentation_pages():
            Page(None, file, self.config)
        return found

    # Markdown, as far as our pages have any

    def _body(self, text: str) -> tuple[str, list[Json]] | None:
        """The HTML of a page and its table of contents; None where it has more than headings and blocks of HTML."""
        if "\n\n\n" in text:
            return None
        out: list[str] = []
        tokens: list[Json] = []
        for part in text.strip("\n").split("\n\n"):
            if part.startswith("#"):
                if "\n" in part:
                    return None
                html, found = self._heading(part)
                if not html or (found and not found[0]["id"]):
                    return None
                out.append(html)
                tokens += ({**one, "children": []} for one in found)
            elif (blocks := _blocks(part)) is not None:
                # Python-Markdown keeps one of the blank lines after a block.
                out += blocks[:-1]
                out.append(blocks[-1] + "\n")
            else:
                return None
        nested: list[Any] = nest_toc_tokens(tokens)  # type: ignore[arg-type]
        return "\n".join(out).strip(), nested

    def _heading(self, line: str) -> tuple[str, list[Json]]:
        """A heading with an id of its own: each is converted once, for many pages have the same. Else nothing."""
        known = self._headings.get(line)
        if known is None:
            if not _NAMED.search(line) or _unusual(line) or any(sign in line for sign in ("<!", "<?", "<%")):
                return "", []
            if len(self._headings) > 20_000:
                self._headings.clear()
            converter = self._markdown
            converter.reset()
            html = converter.convert(line)
            known = self._headings[line] = (html, list(getattr(converter, "toc_tokens", [])))
        return known

    @cached_property
    def _markdown(self) -> markdown.Markdown:
        return markdown.Markdown(
            extensions=self.config.markdown_extensions, extension_configs=self.config.mdx_configs or {}
        )


class _Visible(jinja2.FileSystemLoader):
    """Lists what is in no hidden folder: MkDocs takes nothing else, and Material has ten thousand pictures in one."""

    def list_templates(self) -> list[str]:
        found: set[str] = set()
        for top in self.searchpath:
            for folder, below, names in os.walk(top, followlinks=self.followlinks):
                below[:] = [name for name in below if not name.startswith(".")]
                found.update(Path(folder, name).relative_to(top).as_posix() for name in names)
        return sorted(found)


def _begun(config: MkDocsConfig) -> MkDocsConfig:
    """As MkDocs begins a build, but that our own plugin has nothing to generate."""
    plugin = config.plugins.get("lakthan")
    if plugin is None:
        return config.plugins.on_config(config)
    plugin.generated = True
    try:
        return config.plugins.on_config(config)
    finally:
        plugin.generated = False  # MkDocs may use the same one again in this process


class _Kept(NamedTuple):
    """What the theme made, by what it follows from beside the ground of all; without a cache nothing is kept."""

    cache: Cache = Cache()
    ground: bytes = b""
    begun: bool = False

    def find(self, name: str) -> str | None:
        found = self.cache.find("theme", self.ground + name.encode())
        return None if found is None else found.decode()

    def keep(self, name: str, content: str) -> None:
        self.cache.keep("theme", self.ground + name.encode(), content.encode())

    def get(self, name: str, make: Callable[[], str]) -> str:
        return self.cache.get("theme", self.ground + name.encode(), lambda: make().encode()).decode()


class _Mapped:
    """A page, and its file, as the theme's map of the site sees it: what ours reads, and all else from MkDocs."""

    def __init__(self, kept: Kept, around: Frame) -> None:
        self.page, self.meta, self.src_uri = self, kept.meta, kept.path
        self._around = around

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole if hasattr(self._whole, name) else self._whole.file, name)

    @cached_property
    def _whole(self) -> Page:
        return Page(None, self._around._file(self.src_uri), self._around.config)


_MAPPED = ("path", "address", "updated", "languages")
"""Front matter that the map of the site reads."""


def _order(path: str) -> tuple[tuple[int, str], ...]:
    """MkDocs goes through a folder's files before its folders, an index before the others.

    >>> sorted(["a-b/x.md", "a/x.md", "a/c/x.md", "a/index.md", "b.md"], key=_order)
    ['b.md', 'a/index.md', 'a/x.md', 'a/c/x.md', 'a-b/x.md']
    """
    *folders, name = path.split("/")
    return *((2, folder) for folder in folders), (int(name != "index.md"), name)


# What pages have alike --------------------------------------------------------------------------------------------

_HOLE_BEGINS = "\ue000"
_HOLE = re.compile("\ue000([^\ue000\ue001]*)\ue001")
_OWN = ("title", "description", "path", "card", "meaning")
"""Front matter of its own that a page's HTML has as it is, if it has any."""
_APART = {*_OWN, "updated", "languages", "menu", "foreign"}
_URL, _ACTIVE = '"url": "', ', "active": true'
"""What pages do not have alike in a menu, in its JSON: addresses, and what is the page's own."""


def _complete(page: Page, lines: Mapping[str, str]) -> Page:
    """The page with its menu, which takes longer to read than all else and is seldom needed: see `_Shells._menu`."""
    if "menu" in lines and "menu" not in page.meta:
        page.meta["menu"] = json.loads(lines["menu"])
    return page


def _hole(name: str) -> str:
    return f"\ue000{name}\ue001"


class _Shells:
    """Pages in what the theme puts around them, which is rendered once for all pages that have it alike.

    A shell is the theme's own HTML with holes for what is a page's own: some lines of its front matter, its menu, its
    table of contents, and what it says. These two parts are the theme's as well; a menu is rendered once for the pages
    that stand in it. Before a shell is used it is held to what the theme makes of a whole page: where a template does
    something else with what is in the holes, pages are rendered one by one.
    """

    def __init__(self, themed: Callable[[Page], str], part: Callable[[str, Page], str], permalink: str) -> None:
        self._themed, self._part, self._permalink = themed, part, permalink
        self._shells: dict[Any, tuple[list[str], str] | None] = {}
        self._menus: dict[Any, tuple[list[str], list[str]]] = {}
        self._tocs: dict[Any, str] = {}
        self._seen: set[Any] = set()
        self.kept = _Kept()

    def around(self, page: Page, lines: Mapping[str, str], tokens: Sequence[Json]) -> str:
        """The HTML of a page whose content, table of contents and front matter are known, the latter as *lines* too."""
        meta = page.meta
        key = (
            page.url.count("/"),
            page.is_homepage,
            *(value for name, value in lines.items() if name not in _APART),
            *(bool(meta.get(name)) for name in _OWN),
            lines.get("menu", "[]") != "[]",
            *((other["lang"], other["name"]) for other in meta.get("languages", ())),
            meta.get("title") == meta.get("site"),
            tokens[0]["id"] if tokens else "",
        )
        unusual = any(_HOLE_BEGINS in value for value in lines.values()) or "\\" in lines.get("menu", "")
        if unusual:
            return self._themed(_complete(page, lines))
        if key not in self._shells and (kept := self.kept.find(repr(key))):
            self._shells[key] = tuple(json.loads(kept))
        if key not in self._shells:
            _complete(page, lines)
            whole = self._themed(page)
            if key not in self._seen and not self.kept.begun:
                self._seen.add(key)  # the first may be the only one
                return whole
            self._shells[key] = shell = None if _HOLE_BEGINS in whole else self._shell(page)
            if shell and self._filled(shell, key, page, lines, tokens) != whole:
                self._shells[key] = shell = None
            if shell:
                self.kept.keep(repr(key), json.dumps(shell, ensure_ascii=False))
            return whole
        shell = self._shells[key]
        return self._filled(shell, key, page, lines, tokens) if shell else self._themed(_complete(page, lines))

    def _shell(self, page: Page) -> tuple[list[str], str] | None:
        """The pieces of a shell, every other one the name of a hole; and how links to headings end in it."""
        holed = copy.copy(page)
        holed.meta = self._holed(page.meta)
        holed.canonical_url = page.canonical_url and _hole("canonical")
        holed.content = _hole("content") + self._permalink + _hole("end")
        html = self._themed(holed)
        for name, part in (("nav", "partials/nav.html"), ("toc", "partials/toc.html")):
            found = self._part(part, holed)
            if html.count(found) != 1:
                return None
            html = html.replace(found, _hole(name))
        if html.count(_hole("content")) != 1 or html.count(_hole("end")) != 1:
            return None
        before, rest = html.split(_hole("content"))
        permalink, after = rest.split(_hole("end"))
        return _HOLE.split(before + _hole("content") + after), permalink

    def _holed(self, meta: Mapping[str, Any]) -> Json:
        """Front matter that has holes for what is the page's own."""
        holed = {**meta, **{name: _hole(name) for name in _OWN if meta.get(name)}}
        if "languages" in meta:
            holed["languages"] = [
                {**other, "url": _hole(f"url {at}"), "path": _hole(f"path {at}")}
                for at, other in enumerate(meta["languages"])
            ]
        return holed

    def _filled(
        self, shell: tuple[list[str], str], key: Any, page: Page, lines: Mapping[str, str], tokens: Sequence[Json]
    ) -> str:
        pieces, permalink = shell
        values = {name: page.meta.get(name, "") for name in _OWN}
        for at, other in enumerate(page.meta.get("languages", ())):
            values[f"url {at}"], values[f"path {at}"] = other["url"], other["path"]
        values["canonical"] = page.canonical_url or ""
        values["toc"] = self._toc(page, key, lines, tokens)
        values["nav"] = self._menu(page, lines, values)
        values["content"] = page.content or ""
        if permalink != self._permalink:
            values["content"] = values["content"].replace(self._permalink, permalink)
        return _joined(pieces, values)

    def _toc(self, page: Page, key: Any, lines: Mapping[str, str], tokens: Sequence[Json]) -> str:
        named = repr([{**tokens[0], "name": "", "html": "", "data-toc-label": ""}, *tokens[1:]] if tokens else ())
        known = (key, named, lines.get("foreign"))
        if known not in self._tocs:
            if len(self._tocs) > 500:
                self._tocs.clear()
            self._tocs[known] = self._part("partials/toc.html", _complete(page, lines))
        return self._tocs[known]

    def _menu(self, page: Page, lines: Mapping[str, str], values: Mapping[str, str]) -> str:
        alike = (lines.get(name) for name in ("lang", "site", "tabs"))
        names = (other["name"] for other in page.meta.get("languages", ()))
        before, *rest = lines.get("menu", "").split(_URL)
        rows = [row.partition('"') for row in rest]
        known = (page.url.count("/"), *alike, *names, before, "".join([row[2] for row in rows]).replace(_ACTIVE, ""))
        if known not in self._menus:
            if len(self._menus) > 50:
                self._menus.clear()
            _complete(page, lines)
            self._menus[known] = self._rendered(page, active=False), self._rendered(page, active=True)
        plain, active = self._menus[known]
        pieces = list(plain)
        for at, row in enumerate(rows):
            if _ACTIVE in row[2]:
                after = plain.index(str(at)) + 1
                pieces[after] = active[after]
        return _joined(pieces, {**values, **{str(at): row[0] for at, row in enumerate(rows)}})

    def _rendered(self, page: Page, *, active: bool) -> list[str]:
        """The pieces of a menu in which no entry is the page's own, or each is."""
        holed = copy.copy(page)
        holed.meta = self._holed(page.meta)
        number = itertools.count()
        holed.meta["menu"] = [
            {
                **group,
                "items": [{**row, "url": _hole(str(next(number))), "active": active} for row in group["items"]],
            }
            for group in page.meta.get("menu", ())
        ]
        return _HOLE.split(self._part("partials/nav.html", holed))


def _joined(pieces: Sequence[str], values: Mapping[str, str]) -> str:
    return "".join([values[piece] if at % 2 else piece for at, piece in enumerate(pieces)])


# Blocks of HTML --------------------------------------------------------------------------------------------------

_UNUSUAL = ("\t", "\r", "\x02", "\x03")
_UNUSUAL_LINE = re.compile(r"\n(?:```|~~~|[ >*+-])")
_UNUSUAL_ENTITY = re.compile(r"&#?\w+(?![\w;])")
"""What Markdown, or its parser of HTML, would not simply pass on. Several looks are quicker than one for all."""
_NAMED = re.compile(r" \{ #[A-Za-z0-9][^\s{}]* \}$")
_BLOCK_LEVEL = frozenset(markdown.Markdown().block_level_elements)
_RAW_TEXT = frozenset({"script", "style"})


def _unusual(part: str) -> bool:
    found = _UNUSUAL_ENTITY.search(part) or _UNUSUAL_LINE.search(f"\n{part}")
    return bool(found) or any(sign in part for sign in _UNUSUAL)


@tags.remembered
def _blocks(text: str) -> list[str] | None:
    """A run of lines as the blocks of HTML that Markdown sees in it; None where there is anything beside them.

    >>> _blocks("<div>\\n<p>x</p>\\n</div><p>y</p>\\n<p>z</p>")
    ['<div>\\n<p>x</p>\\n</div>', '<p>y</p>', '<p>z</p>']
    >>> _blocks("<p>x</p> y"), _blocks("<b>x</b>"), _blocks("<div>")
    (None, None, None)
    """
    cut = tags.cut(text)
    pieces = cut.pieces
    if "<" in "".join(pieces[::2]) or _unusual(text):
        return None
    shape = _outermost(cut)
    if not shape or any(pieces[2 * start].strip() for start, _ in shape) or pieces[-1].strip():
        return None
    if len(shape) == 1:
        return [text.strip()]
    return ["".join(pieces[2 * start + 1 : 2 * end + 2]) for start, end in shape]


@tags.shaped
def _outermost(found: Sequence[tags.Tag]) -> list[tuple[int, int]] | None:
    """The first and the last tag of each element that stands in no other; None where Markdown would see more."""
    blocks: list[tuple[int, int]] = []
    open_: list[str] = []
    start = 0
    for at, tag in enumerate(found):
        name, closes, empty = tag.name, tag.closes, tag.empty or tag.name == "hr"
        if not tag.plain or name in _RAW_TEXT:
            return None
        if not open_:
            if closes or empty or name not in _BLOCK_LEVEL:
                return None
            start = at
            open_.append(name)
        elif closes:
            if open_[-1] == name:
                open_.pop()
            elif name in open_:
                while open_.pop() != name:
                    pass
            if not open_:
                blocks.append((start, at))
        elif not empty:
            open_.append(name)
    return None if open_ else blocks
