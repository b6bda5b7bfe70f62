"""What every page may use: the site with its words and its data, and how a page comes of a template."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from keyword import iskeyword
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, TypeVar

import jinja2
from markupsafe import Markup, escape

from lakthan import exports, links, messages, search
from lakthan.cache import Last
from lakthan.diagnostics import Diagnostic
from lakthan.messages import Language
from lakthan.model import Answer, Assessment, Message, Portfolio, Project, Record, Unit
from lakthan.pages import charts, conditions, fields, meaning, parts
from lakthan.pages.account import account
from lakthan.pages.addresses import address, outside, relative
from lakthan.pages.words import Words, code, md, one_line, tame, tidy
from lakthan.rubric import Area, FieldType, Indicator, Rubric

Json = dict[str, Any]
T = TypeVar("T")

TABS = (
    ("nav.home", ""),
    ("units.title", "units/"),
    ("rubrics.title", "rubrics/"),
    ("channels.title", "channels/"),
    ("news.title", "news/"),
    ("about.title", "about/"),
)
"""The site's own menu: what each entry is called in the catalogue's `pages`, and where it leads."""


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the site: its path inside the docs folder, and what it holds."""

    path: str
    holds: bytes | str
    """Text as it is, where it is to be put in the theme."""
    entry: search.Entry | None = None
    """What the search is to know of it."""

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.holds.encode() if isinstance(self.holds, str) else self.holds


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that the site is to have: where, and what makes it once somebody wants it."""

    path: str
    """As `Page.path`: inside the docs folder."""
    make: Callable[[], Page]
    portfolio: str = ""
    """The id of the portfolio whose own the file is; empty where it may show several, or none."""
    unit: str = ""
    """The id of the unit whose own it is, in the same way."""
    across: tuple[str, str] | None = None
    """Of the pages that show what units tell of an indicator: the ids of the rubric and of the indicator."""
    tells: str = ""
    """The indicator whose account it tells, of a portfolio's own files."""


class _Here(threading.local):
    """Where the page stands that is being made, as `lakthan serve` does in several threads."""

    url: str = ""
    own: Mapping[str, str] = MappingProxyType({})
    """What its unit says in English of its own texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Words):
    """The site in one language: what it shows, and the templates that show it.

    Addresses of pages are the same in every language, as the pages say them: `folder` stands before them on the site.
    """

    project: Project
    assessments: tuple[Assessment, ...]
    templates: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]
    sizes: Mapping[str, int]
    previews: Mapping[str, tuple[int, int]]
    searched: Mapping[str, Sequence[Message]]
    ledger: links.Ledger
    data: Callable[[], tuple[exports.File, ...]]
    """The open data, put together when it is first asked for."""
    beside: Mapping[str, tuple[str | None, str | None]] | None = None
    """The units before and after that of each portfolio, where not all of them are here."""
    tabs: tuple[tuple[str, str], ...] = TABS
    """The site's own menu."""
    feed: bool = True
    """Whether the site has feeds of what is new."""
    accounts: Mapping[str, Answer] = field(default_factory=dict)
    """Answers with what units tell, by the paths of their files, where those of the project are without it."""
    env: jinja2.Environment = field(init=False)
    known: dict[Any, Any] = field(init=False, default_factory=dict)
    """What `once` has worked out."""
    latest: Last = field(init=False, default_factory=Last)
    """What `once_of` has worked out of a portfolio."""
    told: Last = field(default_factory=Last)
    """The same of `told_of`, which every language of the site has."""
    here: _Here = field(init=False, default_factory=_Here)
    """The page that is being made."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "env", _environment(self))

    @property
    def folder(self) -> str:
        """Where the pages of this language are: the site's first language has no folder of its own."""
        return self.folders[self.language]

    @property
    def folders(self) -> dict[Language, str]:
        """The same for every language of the site."""
        first, *others = self.project.site.languages
        return {first: "", **{other: f"{other}/" for other in others}}

    def plan(
        self,
        path: str,
        make: Callable[..., Page],
        *args: Any,
        of: Assessment | Unit | None = None,
        across: tuple[str, str] | None = None,
        tells: str = "",
    ) -> Plan:
        """A page to be made by ``make(site, *args)``. *path* is the same in every language; *of* says whose it is.

        *across* names the indicator that it is about, an empty one where it tells of several; *tells* the one whose
        account it tells.
        """
        where = self.folder + path if path.endswith(".md") else path
        portfolio = of.portfolio.id if isinstance(of, Assessment) else ""
        return Plan(where, partial(make, self, *args), portfolio, of.id if isinstance(of, Unit) else "", across, tells)

    def once(self, make: Callable[..., T], *args: Hashable) -> T:
        """``make(site, *args)``, worked out at the first call and kept: for what many pages look up."""
        key = (make, *args)
        if key not in self.known:
            self.known[key] = make(self, *args)
        found: T = self.known[key]
        return found

    def once_of(self, assessment: Assessment, make: Callable[[Site, Assessment], T]) -> T:
        """``make(site, assessment)``, kept until another portfolio's turn: its pages are made one after the other."""
        return self.latest.of(assessment, make, partial(make, self, assessment))

    def told_of(self, assessment: Assessment, make: Callable[..., T], *args: Hashable) -> T:
        """``make(assessment, *args)``, kept in the same way: for what pages say in every language."""
        return self.told.of(assessment, (make, *args), partial(make, assessment, *args))

    def forget(self) -> None:
        """Let go of whatever was worked out, for a site that will make no other page.

        It refers to itself, and nobody looks for cycles in what is older than a task while a site is written.
        """
        self.known.clear()
        self.latest.clear()
        self.told.clear()
        if self.env.cache is not None:
            self.env.cache.clear()

    def of_rubric(self, rubric: Rubric) -> tuple[Assessment, ...]:
        """The portfolios that answer a rubric."""
        return self.once(_by_rubric).get(rubric.id, ())

    def of_unit(self, unit: Unit) -> tuple[Assessment, ...]:
        """The portfolios of a unit."""
        return self.once(_by_unit).get(unit.id, ())

    def problems_of(self, portfolio: Portfolio) -> tuple[Diagnostic, ...]:
        """What was found in the files of a portfolio."""
        return self.once(_by_folder).get(portfolio.folder, ())

    def unit_name(self, name: str) -> str:
        """The name of a unit by its id; the id where there is no such unit."""
        unit = self.project.units.get(name)
        return self.text(unit.name) if unit else name

    def short_name(self, name: str) -> str:
        """The short name of a unit, where it has one."""
        unit = self.project.units.get(name)
        return self.text(unit.short or unit.name) if unit else name

    def visit(self, record: Record) -> links.Entry | None:
        """What the ledger knows of the address of a record."""
        return self.ledger.get(links.normal(record.text("url")) or "")

    def _tongue(self, entry: Json) -> Json:
        """An entry of a menu with the language of its title, where that is not the page's."""
        foreign = self.language == "en" and not entry["title"].isascii() and parts.THAI.search(entry["title"])
        return {**entry, "lang": "th"} if foreign else entry

    def own(self, portfolio: Portfolio | None) -> Mapping[str, str]:
        """What a unit says in English of its own texts: nothing on Thai pages, and nothing of another's texts."""
        if self.language != "en" or portfolio is None:
            return {}
        known: dict[str, Mapping[str, str]] = self.once(_own_texts)
        if portfolio.id not in known:
            said = [answer.english.texts for answer in portfolio.all_answers() if answer.english]
            known[portfolio.id] = {text: english for texts in said for text, english in texts.items()}
        return known[portfolio.id]

    def account(
        self, portfolio: Portfolio, answer: Answer | None, up: str, name: str = "index", page: str = ""
    ) -> Json:
        """A unit's account for a page of a portfolio, or for that at *page*, and whether it is there in Thai alone.

        *up* leads from the page to the portfolio's own page.
        """
        answer = answer and self.accounts.get(answer.place.file, answer)
        english = answer.english if answer and self.language == "en" else None
        translated = english is not None and bool(english.body.strip())
        body = english.body if english and translated else answer.body if answer else ""
        files = relative(f"{portfolio.id}/", self.folder + address(page or f"{portfolio.id}/{name}.md"))
        return {
            "account": account(body, up, self.say("table.scroll"), files),
            "untranslated": self.language == "en"
            and bool(parts.THAI.search(body))
            and body == (answer and answer.body),
        }

    def page(
        self,
        template: str,
        path: str,
        title: str,
        description: str,
        *,
        menu: Menu | None = None,
        hide: Sequence[str] = (),
        scripts: Sequence[str] = (),
        **context: Any,
    ) -> Page:
        """A page from a template. Without a *menu* it stands alone; *hide* names the sidebars that it has no use for,
        *scripts* the modules that it brings to life with.

        *path* is the same in every language. A template links to pages by `href` and to files by `file_href`: those
        are there once. Front matter goes into the theme's own templates, which do not escape it.
        """
        url = address(path)
        meta: Json = {
            "title": tame(title),
            "description": tame(description),
            "lang": self.language,
            "search": relative("search/", url),
            "site": tame(self.text(self.project.site.title)),
            "tabs": [
                {
                    "title": tame(self.say(name)),
                    "url": relative(tab, url),
                    **({"active": "page" if tab == url else "true"} if _within(tab, url) else {}),
                }
                for name, tab in self.tabs
            ],
        }
        if len(self.folders) > 1:
            meta["languages"] = [
                {
                    "lang": language,
                    "name": messages.say(Message("pages.language.name", {}), language),
                    "url": relative(folder + url, self.folder + url),
                    "path": folder + url,
                }
                for language, folder in self.folders.items()
            ]
        if menu:
            meta["menu"] = menu.beside(url, self._tongue)
        if hide := hide or (() if menu else ("navigation", "toc")):
            meta["hide"] = list(hide)
        if scripts:
            meta["scripts"] = [relative(script, self.folder + url) for script in scripts]
        with self._at(url, context.get("portfolio")):
            meta |= self._known_to_machines(template, url, context)
            content = self.env.get_template(f"pages/{template}").render(title=title, url=url, **context)
        body = tidy(content)
        # What a script brings to life says again what stands on other pages: found there, it is in the way.
        passages = () if scripts else search.passages(body)
        entry = self._entry(template, self.folder + url, title, passages, context)
        if self.language == "en":
            body = parts.marked(body)
            # What the theme repeats of the page: its title, and its headings in the table of contents.
            if parts.THAI.search(meta["title"]):
                meta["title_lang"] = "th"
            if foreign := parts.headings(body):
                meta["foreign"] = foreign
        head = "".join(f"{key}: {value if type(value) is Said else _json(value)}\n" for key, value in meta.items())
        return Page(self.folder + path, f"---\n{head}---\n\n{body}", entry)

    @contextlib.contextmanager
    def macros(self, template: str, url: str, **context: Any) -> Iterator[jinja2.environment.TemplateModule]:
        """The macros of a template, for pages that stand at *url* or beside it: for what several of them show."""
        with self._at(url, context.get("portfolio")):
            yield self.env.get_template(template).make_module(context)

    @contextlib.contextmanager
    def _at(self, url: str, portfolio: Portfolio | None) -> Iterator[None]:
        """While a page is made that stands at *url*, and in which a unit may say its own texts in English."""
        here = self.here
        before = here.url, here.own
        here.url, here.own = url, self.own(portfolio)
        try:
            yield
        finally:
            here.url, here.own = before

    # Templates know these as they know the site: what they import is then the same for all pages.

    def href(self, target: str) -> str:
        """A link to a page from the one that is being made."""
        return relative(target, self.here.url)

    def file_href(self, target: str) -> str:
        """A link to a file, which is there once for all languages."""
        return relative(target, self.folder + self.here.url)

    def field_value(self, record: Record, name: str, kind: FieldType | None = None) -> Markup:
        """A field of a record as HTML, in the unit's own English on a page of its portfolio."""
        return fields.field_value(self, record, name, kind, own=self.here.own)

    def _known_to_machines(self, template: str, url: str, context: Mapping[str, Any]) -> Json:
        """What the theme says of a page in its head: where it stands, when it changed, and what it means."""
        portfolio = context.get("portfolio")
        unit = context.get("unit")
        shown = self.of_unit(unit) if isinstance(unit, Unit) else self.assessments
        if portfolio:
            shown = (context["assessment"],)
        day = max((one.last_day for one in shown if one.last_day), default=None)
        meta: Json = {"path": self.folder + url}
        if self.feed:
            meta["feed"] = self.file_href("feed.xml")
        if address := exports.base(self.project):
            meta["address"] = tame(address)
            if portfolio:
                indicator = context["indicator"].id if template == "indicator.md.j2" else ""
                meta["card"] = "/".join(filter(None, (portfolio.id, indicator, "card.png")))
        if day:
            meta["updated"] = day.isoformat()
        match template:
            case "data.md.j2" | "home.md.j2":
                found = meaning.of_data(self, self.project, self.href, self.file_href)
            case "unit.md.j2":
                found = meaning.of_unit(self, self.project, context["unit"], self.href)
            case "portfolio.md.j2":
                found = meaning.of_portfolio(self, self.project, context["assessment"], self.href, self.file_href)
            case "indicator.md.j2":
                found = meaning.of_indicator(
                    self, self.project, context["assessment"], context["indicator"].id, self.href
                )
            case _:
                return meta
        return {**meta, "meaning": meaning.said(found)}

    def _entry(
        self, template: str, url: str, title: str, passages: tuple[search.Passage, ...], context: Mapping[str, Any]
    ) -> search.Entry:
        """What the search is to know of a page: the sort of it is called as its template."""
        kind, portfolio = template.removesuffix(".md.j2"), context.get("portfolio")
        unit = portfolio.unit if portfolio else context["unit"].id if kind == "unit" else ""
        rubric = context.get("rubric")
        named = self.project.units.get(unit)
        owner = self.text(named.name) if named else unit
        if named and named.short and kind != "unit":
            owner += f" ({self.text(named.short)})"
        about = [owner, self.text(rubric.short) if rubric and kind != "rubric" else ""]
        return search.Entry(
            url=url,
            title=title,
            kind=kind if kind in search.KINDS else "page",
            name=url.rstrip("/").rpartition("/")[2],
            unit=unit,
            rubric=rubric.id if rubric else "",
            about=" · ".join(part for part in about if part and part != title),
            passages=passages,
        )

    def portfolio_page(
        self, template: str, assessment: Assessment, name: str, title: str, description: str = "", **context: Any
    ) -> Page:
        """A page of a portfolio, with what all of them know. By default its description is unit, rubric and title."""
        portfolio, rubric = assessment.portfolio, assessment.portfolio.rubric
        return self.page(
            template,
            f"{portfolio.id}/{name}.md",
            title,
            description or f"{self.short_name(portfolio.unit)} · {self.text(rubric.short)} · {title}",
            assessment=assessment,
            portfolio=portfolio,
            rubric=rubric,
            score=assessment.latest,
            **context,
        )


_json = json.JSONEncoder(ensure_ascii=False).encode


class Said(str):
    """JSON as it stands in front matter."""


class Menu:
    """What stands beside pages: groups of entries with their addresses, the same for many pages.

    Each entry is put into words once for all pages of a folder; a page differs in what it says of itself.
    """

    def __init__(self, groups: Sequence[Json], active: Collection[str] = ()) -> None:
        """*active* are the addresses of entries that are the page's own."""
        self.groups, self.active = groups, active
        self._known: dict[str, tuple[list[str], list[tuple[int, Json]]]] = {}

    def of(self, *active: str) -> Menu:
        """The same menu beside a page whose own addresses are *active*."""
        menu = Menu(self.groups, active)
        menu._known = self._known
        return menu

    def beside(self, url: str, tongue: Callable[[Json], Json]) -> Said:
        """The menu for the page at *url*, as JSON: an address of it is relative to its page, for the theme cannot work
        that out the same in both builders. *tongue* says in which language an entry is.
        """
        folder = url[: url[:-1].rfind("/") + 1]
        if folder not in self._known:
            # Beside a page of the folder that is in no menu.
            self._known[folder] = self._pieces(f"{folder}\0/", tongue)
        known, entries = self._known[folder]
        pieces = known.copy()
        for at, entry in entries:
            target = entry["url"]
            if target.startswith(url) or target in self.active:
                own = {**entry, "active": True} if target in self.active else entry
                pieces[at] = _json({**tongue(own), "url": relative(target, url)})
        return Said("".join(pieces))

    def _pieces(self, url: str, tongue: Callable[[Json], Json]) -> tuple[list[str], list[tuple[int, Json]]]:
        """The JSON of the menu, and where in it each entry is."""
        pieces, entries = ["["], []
        for group in self.groups:
            before, items, after = _json({**tongue(group), "items": []}).partition('"items": [')
            pieces.append(f"{before}{items}")
            for entry in group["items"]:
                entries.append((len(pieces), entry))
                pieces += (_json({**tongue(entry), "url": relative(entry["url"], url)}), ", ")
            pieces[-1] = f"{after}, "
        pieces[-1] = pieces[-1].removesuffix(", ") + "]"
        return pieces, entries


def _by_rubric(site: Site) -> dict[str, tuple[Assessment, ...]]:
    return _grouped(site.assessments, lambda assessment: assessment.portfolio.rubric.id)


def _by_unit(site: Site) -> dict[str, tuple[Assessment, ...]]:
    return _grouped(site.assessments, lambda assessment: assessment.portfolio.unit)


def _by_folder(site: Site) -> dict[str, tuple[Diagnostic, ...]]:
    folders = {portfolio.folder for portfolio in site.project.portfolios}

    def folder(problem: Diagnostic) -> str:
        above = problem.place.file
        while above and above not in folders:
            above = above.rpartition("/")[0]
        return above

    return _grouped(site.problems, folder)


def _grouped(things: Sequence[T], by: Callable[[T], str]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for thing in things:
        found.setdefault(by(thing), []).append(thing)
    return {key: tuple(group) for key, group in found.items()}


def _own_texts(_: Site) -> dict[str, Mapping[str, str]]:
    return {}


def _printed(site: Site) -> Callable[..., str]:
    """What a template fills in, as HTML: in the unit's own English on a page of its portfolio, and on one line."""
    english, here = site.language == "en", site.here

    # With the context in every language: compiled templates are the same, and hold nothing already filled in.
    @jinja2.pass_context
    def printed(_: jinja2.runtime.Context, value: object) -> str:
        if type(value) is str:
            if english and (own := here.own):
                value = own.get(value, value)
            return _escaped(value)
        if type(value) is Markup and value.isprintable():
            return str.strip(value)
        return str(escape(one_line(value)))

    return printed


@lru_cache(8192)  # a page says the same again and again, and the next one does
def _escaped(text: str) -> str:
    return str(escape(one_line(text)))


def _within(tab: str, url: str) -> bool:
    """Whether a page belongs to an entry of the menu: the front page to its own alone."""
    return url.startswith(tab) if tab else not url


class _Generator(jinja2.compiler.CodeGenerator):
    """Compiles templates so that what `_printed` returns stands in the page as it is, for that is HTML already, and so
    that they call functions and macros themselves: a page has hundreds of calls, and none wants the page's context.
    """

    def visit_Call(self, node: jinja2.nodes.Call, frame: Any, forward_caller: bool = False) -> None:  # noqa: N802
        if node.dyn_args or node.dyn_kwargs or any(iskeyword(one.key) for one in node.kwargs):
            super().visit_Call(node, frame, forward_caller)
            return
        self.write("(")
        self.visit(node.node, frame)
        self.write(")(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write("caller=caller)" if forward_caller else ")")

    def _output_child_pre(self, node: Any, frame: Any, finalize: Any) -> None:  # noqa: ARG002 (as Jinja calls it)
        self.write(finalize.src)

    def _output_child_post(self, node: Any, frame: Any, finalize: Any) -> None:  # noqa: ARG002
        self.write(")")


class _Icons(dict[str, Markup]):
    """Small pictures by name, each drawn when it is first asked for: a page has dozens of a few."""

    def __init__(self, env: jinja2.Environment) -> None:
        self._env = env

    def __missing__(self, name: str) -> Markup:
        drawn = self[name] = Markup(self._env.get_template("parts/icon.j2").render(name=name).strip())  # noqa: S704
        return drawn


_DICT = frozenset(dir(dict))


class _Environment(jinja2.Environment):
    """Templates that call and print things as all do, the usual ones at once: a page has hundreds."""

    code_generator_class = _Generator

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The names that a template knows: as one dict, for each page takes a copy."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As in Jinja; but to look for an entry of a dict as an attribute first takes ten times as long."""
        try:
            return obj[attribute] if type(obj) is dict and attribute not in _DICT else getattr(obj, attribute)
        except (AttributeError, KeyError):
            return super().getattr(obj, attribute)


class _Compiled(jinja2.BytecodeCache):
    """Templates compiled once in a process: for every language, and every build while serving."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], CodeType | None] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 (what it says decides)
        return name

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        bucket.code = self.known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self.known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def _environment(site: Site) -> jinja2.Environment:
    """The names and filters that every template knows."""
    env = _Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in site.templates]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_printed(site),
        optimized=False,  # as above: no filter is applied while compiling
        bytecode_cache=_COMPILED,
        auto_reload=False,  # after an edit there is another site
    )
    env.globals.update(
        # The site and its words
        digits=site.digits,
        language=site.language,
        site=site.project.site,
        heading=site.heading,
        level_title=site.level_title,
        measure=site.measure,
        numbered=site.numbered,
        own=site.own,
        say=site.say,
        short_name=site.short_name,
        span=site.span,
        unit_name=site.unit_name,
        # Scores, and other things, as pictures
        icon=_Icons(env).__getitem__,
        ring=charts.ring,
        share=charts.share,
        tone=charts.tone,
        # Where the page stands
        href=site.href,
        file_href=site.file_href,
        # What a rubric asks, and what a unit filled in
        attachment=partial(fields.attachment, site, site.sizes, site.previews),
        condition=partial(conditions.asked, site),
        in_words=links.in_words,
        outside=outside,
        field_value=site.field_value,
        # What the JSON beside the pages says in the same words
        anchor=exports.anchor,
        exports=exports.EXPORTS,
        needed=exports.needed,
        required=exports.required,
    )
    env.filters.update(
        date=partial(fields.date, site),
        code=code,
        md=md,
        said=site.said,
        show=site.show,
        t=site.text,
        visit=site.visit,
    )
    return env


def groups(node: Rubric | Area, depth: int = 0) -> Iterator[tuple[Area | None, int, tuple[Indicator, ...]]]:
    """The areas of a rubric in order, with their depth and the indicators that stand in them directly."""
    if node.indicators:
        yield (node if isinstance(node, Area) else None), depth, node.indicators
    elif isinstance(node, Area):
        yield node, depth, ()
    for area in node.areas:
        yield from groups(area, depth + 1)


def area_of(site: Site, rubric: str, name: str) -> Area | None:
    """The area that an indicator stands in directly, by the ids of its rubric and itself; for `Site.once`."""
    found = groups(site.project.rubrics[rubric])
    return next((area for area, _, inside in found if area and any(one.id == name for one in inside)), None)
