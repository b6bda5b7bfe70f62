"""From scores to pages: Markdown files that hold headings and blocks of HTML, and the files beside them.

What is written here builds the same site with MkDocs and with Zensical. The headings are Markdown, so that tables of
contents and search find them; all else is HTML, so that neither Markdown nor template syntax in what a unit wrote comes
alive. Addresses are stable: `/<unit>/<rubric>/<indicator>/`.
"""

from __future__ import annotations

import datetime
import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jinja2
import markdown
import nh3
from markupsafe import Markup, escape

from lakthan import exports, messages, rules, thai
from lakthan.diagnostics import Diagnostic
from lakthan.messages import Digits, Language
from lakthan.model import (
    Answer,
    Assessment,
    Finding,
    Message,
    NodeScore,
    Place,
    Portfolio,
    Project,
    Record,
    Unit,
    Window,
)
from lakthan.rubric import (
    CONDITIONS,
    EVIDENCE_FIELDS,
    AllOf,
    AnyOf,
    Area,
    Comparison,
    Condition,
    Count,
    Covers,
    Criterion,
    Every,
    Has,
    Indicator,
    Level,
    Percent,
    Round,
    Rubric,
    Text,
    Value,
)

WIDE = 12
"""A rubric with more indicators than this is shown by area where its portfolios stand side by side."""


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the site: its path inside the docs folder, and what it holds."""

    path: str
    content: bytes


def pages(
    project: Project,
    assessments: Sequence[Assessment],
    *,
    language: Language = "th",
    templates: Sequence[Path],
    problems: Sequence[Diagnostic] = (),
    sizes: Mapping[str, int] | None = None,
) -> Iterator[Page]:
    """Everything that the site consists of but the attachments.

    *templates* are the folders to look for a template in, the project's own first. *sizes* says how many bytes each
    attachment has, by its path in the project; what it does not name is shown as missing.
    """
    site = _Site(project, tuple(assessments), language, tuple(templates), tuple(problems), sizes or {})
    for step in PAGES:
        yield from step(site)
    for path, content in exports.files(project, site.assessments):
        yield Page(path, content)
    yield from assets(templates)


def assets(templates: Sequence[Path]) -> Iterator[Page]:
    """The styles, scripts and fonts of the site; where two folders have the same file, the first one's."""
    found: dict[str, Path] = {}
    for folder in reversed(templates):
        found |= {
            path.relative_to(folder).as_posix(): path for path in (folder / "assets").rglob("*") if path.is_file()
        }
    for name in sorted(found):
        yield Page(name, found[name].read_bytes())


# What every page may use -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Site:
    project: Project
    assessments: tuple[Assessment, ...]
    language: Language
    templates: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]
    sizes: Mapping[str, int]
    env: jinja2.Environment = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "env", _environment(self))

    @property
    def digits(self) -> Digits:
        return self.project.site.digits

    def say(self, key: str, /, **args: object) -> str:
        """A sentence of the catalogue's `pages`."""
        return messages.say(Message(f"pages.{key}", args), self.language, self.digits)

    def text(self, text: Text | None) -> str:
        """A text in the language of the site, its numbers in the site's digits."""
        if text is None:
            return ""
        return thai_numbers(text.th) if self.language == "th" and self.digits == "thai" else _of(text, self.language)

    def show(self, value: object) -> str:
        """A number, a date or an id as the public expects it."""
        if isinstance(value, str):
            return thai.thai_digits(value) if self.language == "th" and self.digits == "thai" else value
        return messages.show(value, self.language, self.digits)

    def of_rubric(self, rubric: Rubric) -> tuple[Assessment, ...]:
        return tuple(a for a in self.assessments if a.portfolio.rubric.id == rubric.id)

    def of_unit(self, unit: Unit) -> tuple[Assessment, ...]:
        return tuple(a for a in self.assessments if a.portfolio.unit == unit.id)

    def page(
        self,
        template: str,
        path: str,
        title: str,
        description: str,
        *,
        menu: Sequence[Json] = (),
        hide: Sequence[str] = ("navigation", "toc"),
        **context: Any,
    ) -> Page:
        """A page from a template. Front matter goes into the theme's own templates, which do not escape it."""
        url = address(path)
        meta: Json = {"title": _tame(title), "description": _tame(description)}
        if menu:
            # An address of the menu is relative to its page: the theme cannot work that out the same in both builders.
            meta["menu"] = [
                {**group, "items": [{**item, "url": relative(item["url"], url)} for item in group["items"]]}
                for group in menu
            ]
        else:
            meta["hide"] = list(hide)
        content = self.env.get_template(f"pages/{template}").render(
            title=title, href=partial(relative, start=url), url=url, **context
        )
        head = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in meta.items())
        return Page(path, f"---\n{head}---\n\n{tidy(content)}".encode())


Json = dict[str, Any]


def _of(text: Text, language: Language) -> str:
    return text.th if language == "th" else text.en


def _environment(site: _Site) -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in site.templates]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_one_line,
    )
    env.globals.update(
        say=site.say,
        site=site.project.site,
        project=site.project,
        language=site.language,
        tone=tone,
        share=share,
        outside=outside,
        heading=partial(_heading, site),
        span=partial(_span, site),
        numbered=partial(_numbered, site),
        needed=exports.needed,
        required=exports.required,
        anchor=exports.anchor,
        level_title=partial(_level_title, site),
        measure=partial(_measure, site),
        attachment=partial(_attachment, site),
        field_value=partial(_field_value, site),
        condition=partial(_condition, site),
        unit_name=lambda unit: site.text(site.project.units[unit].name) if unit in site.project.units else unit,
        short_name=lambda unit: _short(site, unit),
        ring=ring,
        exports=exports.EXPORTS,
    )
    env.filters.update(
        date=lambda day: Markup('<time datetime="{}">{}</time>').format(day.isoformat(), site.show(day)),
        show=site.show,
        t=site.text,
        said=lambda message: messages.say(message, site.language, site.digits),
        md=md,
    )
    return env


_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")


def _one_line(value: object) -> object:
    # `tidy` tells headings from blocks by their lines, so nothing that is filled in may begin a line of its own.
    if isinstance(value, Markup):
        return Markup(_BREAKS.sub(" ", str(value)).strip())  # noqa: S704 (was markup before, and is still)
    return _BREAKS.sub(" ", value) if isinstance(value, str) else value


def tidy(text: str) -> str:
    """Markdown as both builders read it the same: a block of HTML without blank lines, each heading on its own.

    >>> tidy("  <div>\\n\\n  <p>x</p>\\n</div>\\n## y { #y }\\n")
    '<div>\\n<p>x</p>\\n</div>\\n\\n## y { #y }\\n'
    """
    out: list[str] = []
    for line in (raw.strip() for raw in text.split("\n")):
        if line.startswith("#"):
            out += ["", line, ""]
        elif line:
            out.append(line)
    return re.sub("\n{3,}", "\n\n", "\n".join(out)).strip("\n") + "\n"


def md(text: str) -> Markup:
    """Text for a Markdown heading: whatever could mean something to Markdown or HTML stands as a character reference.

    >>> md("Do & Don't *x*")
    Markup('Do &#38; Don&#39;t &#42;x&#42;')
    """
    return Markup(re.sub(r"[!-/:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", _BREAKS.sub(" ", text)))  # noqa: S704


_TAME = str.maketrans({"<": "‹", ">": "›", '"': "”", "{": "(", "}": ")", "\\": "/"})


def _tame(text: str) -> str:
    return _BREAKS.sub(" ", text).translate(_TAME).strip()


_NUMBER = re.compile(r"(?<![A-Za-z0-9_/-])(?<![A-Za-z0-9]\.)\d+(?:[.,/]\d+)*(?![A-Za-z0-9_/-])")


def thai_numbers(text: str) -> str:
    """The numbers of a Thai sentence in Thai digits; what belongs to a Latin word or an address is left alone.

    >>> thai_numbers("ร้อยละ 80 ตาม ISO27001 ไตรมาส 4/2566 example.go.th/2569/7")
    'ร้อยละ ๘๐ ตาม ISO27001 ไตรมาส ๔/๒๕๖๖ example.go.th/2569/7'
    """
    return _NUMBER.sub(lambda found: thai.thai_digits(found[0]), text)


# Addresses -------------------------------------------------------------------------------------------------------


def address(path: str) -> str:
    """Where a page stands, relative to the site.

    >>> address("index.md"), address("a/index.md"), address("a/1.1.md")
    ('', 'a/', 'a/1.1/')
    """
    folder, name = posixpath.split(path.removesuffix(".md"))
    url = folder if name == "index" else posixpath.join(folder, name)
    return f"{url}/" if url else ""


def relative(target: str, start: str) -> str:
    """A link to *target* from the page at *start*, so that the site may stand anywhere.

    >>> relative("a/b/", "a/b/1/"), relative("", ""), relative("a/#x", "a/"), relative("a/x.json", "")
    ('../', './', './#x', 'a/x.json')
    """
    path, mark, fragment = target.partition("#")
    found = posixpath.relpath(f"/{path}", f"/{start}")
    if not path or path.endswith("/"):
        found += "/"
    return found + mark + fragment


def outside(url: object) -> str | None:
    """An address that may be linked to: web or mail, nothing that runs.

    >>> outside("https://example.go.th/"), outside("javascript:alert(1)"), outside("//example.go.th")
    ('https://example.go.th/', None, None)
    """
    text = str(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return text if parts.hostname else None
    return text if parts.scheme == "mailto" and parts.path else None


def _attachment(site: _Site, portfolio: Portfolio, name: object) -> Json | None:
    """A file that a record names: where it stands on the site, and how big it is; no address if it is not there."""
    if not isinstance(name, str) or not name:
        return None
    size = site.sizes.get(f"{portfolio.folder}/{name}")
    inside = posixpath.normpath(name) == name and not name.startswith(("/", "../"))
    return {
        "name": posixpath.basename(name),
        "url": f"{portfolio.id}/{quote(name)}" if size is not None and inside else None,
        "size": None if size is None else _size(site, size),
        "kind": posixpath.splitext(name)[1].removeprefix(".").upper(),
    }


def _size(site: _Site, size: int) -> str:
    for unit, scale in (("mb", 1_000_000), ("kb", 1_000)):
        if size >= scale:
            return site.say(f"size.{unit}", n=Fraction(round(10 * size / scale), 10))
    return site.say("size.b", n=size)


# Words and numbers -----------------------------------------------------------------------------------------------


def tone(points: Fraction, most: Fraction) -> str:
    """How a score is tinted, beside its digits: `full`, `part`, `none`, or `na` where nothing was to be had."""
    if not most:
        return "na"
    return "full" if points >= most else "part" if points > 0 else "none"


def share(points: Fraction, most: Fraction) -> str:
    """Per cent for the length of a bar.

    >>> share(Fraction(1), Fraction(3))
    '33.33'
    """
    return thai.show_number(100 * points / most).replace(",", "") if most else "0"


def ring(points: Fraction, most: Fraction) -> str:
    """The length of a ring's arc in per cent; a score short of full never closes it."""
    part = 100 * points / most if most else Fraction(0)
    return thai.show_number(part if part >= 100 or part == 0 else min(max(part, Fraction(1)), Fraction(98)), 1)


def _short(site: _Site, name: str) -> str:
    unit = site.project.units.get(name)
    return site.text(unit.short or unit.name) if unit else name


def _heading(site: _Site, area: Area) -> str:
    """An area's title, after its number where its id is one."""
    return _numbered(site, area.id, area.title) if re.fullmatch(r"\d+(\.\d+)*", area.id) else site.text(area.title)


def _numbered(site: _Site, number: str, title: Text | None) -> str:
    """A title after its number, as official documents write it: `๑. …`, but `๑.๒ …`."""
    return f"{site.show(number)}{'' if '.' in number else '.'} {site.text(title)}"


def _span(site: _Site, rubric: Rubric, names: Sequence[str]) -> str:
    """Indicators or areas by number, a run of three or more as from–to."""
    order = [indicator.id for indicator in rubric.every_indicator()]
    places = [order.index(name) for name in names if name in order]
    if len(places) == len(names) > 2 and places == list(range(places[0], places[0] + len(places))):
        return f"{site.show(names[0])}–{site.show(names[-1])}"
    return ", ".join(site.show(name) for name in names)


def _level_title(site: _Site, rubric: Rubric, level: str | None) -> str:
    found = next((known for known in rubric.levels if known.id == level), None)
    return site.text(found.title) if found else site.say("level.none")


def _measure(site: _Site, points: Fraction, most: Fraction) -> str:
    return site.say("score.of", points=points, max=most)


def _field_value(site: _Site, record: Record, name: str, kind: Any = None) -> Markup:
    """A field of a record as HTML: dates, choices and links as what they are, all else as text."""
    value = record.values.get(name)
    choices = kind.choices if kind else {}
    match value:
        case None | "" | ():
            return Markup('<span class="lk-none">–</span>')
        case bool():
            return escape(site.say("word.yes" if value else "word.no"))
        case Fraction():
            shown = site.show(value)
            return escape(f"{shown} %" if kind and kind.type == "percent" else shown)
        case datetime.date():
            return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), site.show(value))
        case tuple():
            parts = [_part(site, item, choices) for item in value]
            return Markup(", ").join(parts)
    if name == "url" or (kind and kind.type == "url"):
        if url := outside(value):
            return Markup('<a href="{}" rel="noopener">{}</a>').format(url, _bare(url))
        return escape(value)
    return _part(site, value, choices)


def _part(site: _Site, item: object, choices: Mapping[str, Text]) -> Markup:
    if isinstance(item, datetime.date):
        return Markup('<time datetime="{}">{}</time>').format(item.isoformat(), site.show(item))
    return escape(site.text(choices[item]) if isinstance(item, str) and item in choices else item)


def _bare(url: str) -> str:
    return re.sub(r"^(https?://(www\.)?|mailto:)", "", url).rstrip("/")


def _condition(site: _Site, rubric: Rubric, asked: Condition) -> str:
    """What a condition asks, said without any portfolio."""
    return _asked(site, rules.Scope(_nobody(rubric), rubric, "", Window(None, None)), asked)


def _nobody(rubric: Rubric) -> Portfolio:
    return Portfolio("", rubric, "", Answer(None, Place("")), {})


def _asked(site: _Site, scope: rules.Scope, asked: Condition) -> str:
    def limit(of: Comparison) -> str:
        return site.show(rules.limits(of))

    match asked:
        case Has():
            said = site.say("condition.has", what=rules.named(scope, asked.has, asked.where))
        case Count():
            unit, what = rules.unit(scope, asked.count), rules.named(scope, asked.count, asked.where)
            chosen = scope.rubric.sets.get(asked.count)
            name = asked.distinct or (chosen.distinct if chosen else None)
            kind = rules.field_type(scope, asked.count, name) if name else None
            said = site.say("condition.count", what=what, limit=limit(asked), unit=unit)
            said += " " + site.say("condition.distinct", field=kind.title) if kind else ""
        case Percent() if asked.where:
            words = rules.describe(scope, asked.percent, asked.where)
            said = site.say("condition.share", what=rules.title(scope, asked.percent), where=words, limit=limit(asked))
        case Percent():
            part, whole = rules.title(scope, asked.percent), rules.title(scope, asked.of or "")
            said = site.say("condition.percent", part=part, whole=whole, limit=limit(asked))
        case Value():
            unit = rules.unit(scope, asked.value)
            said = site.say("condition.value", what=rules.title(scope, asked.value), limit=limit(asked), unit=unit)
        case Every():
            words = rules.describe(scope, asked.every, asked.where)
            said = site.say("condition.every", what=rules.title(scope, asked.every), where=words)
        case Covers():
            said = site.say(f"condition.covers_{asked.each}", what=rules.named(scope, asked.covers, asked.where))
        case AnyOf():
            return site.say("condition.any", parts=tuple(_asked(site, scope, part) for part in asked.any))
        case AllOf():
            return site.say("condition.all", parts=tuple(_asked(site, scope, part) for part in asked.all))
        case _:
            raise AssertionError(f"{asked!r} is not in the language")
    before = asked.before if isinstance(asked, Has | Count) else None
    return f"{said} {site.say('condition.before', date=before)}" if before else said


# A unit's own account --------------------------------------------------------------------------------------------

_ALLOWED = {
    "p", "br", "hr", "strong", "em", "b", "i", "u", "s", "sub", "sup", "code", "pre", "blockquote", "abbr",
    "ul", "ol", "li", "dl", "dt", "dd", "h3", "h4", "h5", "h6", "a", "img",
    "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip


def account(text: str, up: str, table: str) -> Markup:
    """Markdown that a unit wrote, as one line of harmless HTML.

    *up* leads from the page to the portfolio's folder, where attachments are; *table* names the boxes that wide tables
    scroll in. Headings go below the page's own; pictures from elsewhere are dropped, because a page asks nobody else.

    >>> account("# A <script>x</script>", "../", "table")
    Markup('<h3>A </h3>')
    """
    if not text.strip():
        return Markup("")

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            # Python-Markdown says the side of a column this way.
            return value if re.fullmatch(r"text-align: (left|right|center);", value) else None
        if name in ("href", "src"):
            if value.startswith("files/"):
                return up + value
            if tag == "img":
                return None
            if found := re.fullmatch(r"([A-Za-z0-9._-]+)\.md(#[A-Za-z0-9-]+)?", value):
                return f"{up}{found[1]}/{found[2] or ''}"
            return outside(value)
        return value

    html = markdown.markdown(text, extensions=["tables", "sane_lists", "def_list", "fenced_code"], output_format="html")
    html = re.sub(r"<(/?)h([1-6])", lambda found: f"<{found[1]}h{min(int(found[2]) + 2, 6)}", html)
    html = nh3.clean(
        html,
        tags=_ALLOWED,
        attributes={"a": {"href", "title"}, "img": {"src", "alt", "title"}, "th": {"style"}, "td": {"style"}},
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener",
    )
    html = re.sub(r"<img(?![^>]*\ssrc=)[^>]*>", "", html)
    html = html.replace(
        "<table>",
        f'<div class="lk-scroll" role="region" tabindex="0" aria-label="{escape(table)}"><table class="lk-table">',
    )
    html = (
        html.replace("</table>", "</table></div>")
        .replace("<th", '<th scope="col"')
        .replace('<th scope="col"ead', "<thead")
    )
    # Line breaks mean something in <pre> only, and a line of its own could be taken for Markdown.
    parts = re.split(r"(<pre>.*?</pre>)", html, flags=re.DOTALL)
    joined = (re.sub(r"\n", "&#10;" if part.startswith("<pre>") else " ", part) for part in parts)
    return Markup("".join(joined).strip())  # noqa: S704 (nh3 has cleaned it)


# Home, rubrics, units --------------------------------------------------------------------------------------------


def home(site: _Site) -> Iterator[Page]:
    """What this is, and every portfolio at a glance."""
    boards = [_board(site, rubric) for rubric in site.project.rubrics.values() if site.of_rubric(rubric)]
    about = site.project.site
    evidence = sum(len(answer.evidence) for a in site.assessments for answer in a.portfolio.all_answers())
    yield site.page(
        "home.md.j2", "index.md", site.text(about.title), site.text(about.description), boards=boards, evidence=evidence
    )


def _board(site: _Site, rubric: Rubric) -> Json:
    """The portfolios of a rubric side by side: a column for each indicator, or for each area where they are many."""
    columns: list[Any] = list(rubric.every_indicator())
    wide = len(columns) > WIDE and bool(rubric.areas)
    if wide:
        columns = list(rubric.areas)
    rows = []
    for assessment in site.of_rubric(rubric):
        nodes = {node.path: node for node in assessment.latest.root.walk()}
        rows.append({"assessment": assessment, "nodes": [nodes[column.id] for column in columns]})
    return {"rubric": rubric, "columns": columns, "wide": wide, "rows": rows, "max": _most(rubric)}


def _most(node: Any) -> Fraction:
    """The maximum that a node of the rubric adds up to, in its last round."""
    if not node.children:
        return node.points if isinstance(node, Criterion) and node.points is not None else Fraction(0)
    found = [(child.weight, _most(child)) for child in node.children]
    match node.award:
        case "highest":
            return max(most for _, most in found)
        case "mean":
            return sum((w * most for w, most in found), Fraction(0)) / sum((w for w, _ in found), Fraction(0))
        case _:
            return sum((most for _, most in found), Fraction(0))


def rubrics(site: _Site) -> Iterator[Page]:
    """The list of rubrics, and what each asks."""
    entries = [{"rubric": r, "max": _most(r), "answers": site.of_rubric(r)} for r in site.project.rubrics.values()]
    yield site.page(
        "rubrics.md.j2", "rubrics/index.md", site.say("rubrics.title"), site.say("rubrics.lead"), entries=entries
    )
    for rubric in site.project.rubrics.values():
        menu = [
            {
                "title": "",
                "items": [
                    _item(site.say("rubrics.title"), "rubrics/"),
                    *(
                        _item(site.text(r.short), f"rubrics/{r.id}/", active=r is rubric)
                        for r in site.project.rubrics.values()
                    ),
                ],
            }
        ]
        yield site.page(
            "rubric.md.j2",
            f"rubrics/{rubric.id}.md",
            site.text(rubric.title),
            site.say("rubric.description", title=rubric.title, issuer=rubric.document.issuer),
            menu=menu,
            rubric=rubric,
            most=_most,
            max=_most(rubric),
            answers=site.of_rubric(rubric),
            notes=_notes(rubric),
            indicator_ids={indicator.id for indicator in rubric.every_indicator()},
            groups=list(_groups(rubric)),
        )


def _groups(node: Rubric | Area, depth: int = 0) -> Iterator[tuple[Area | None, int, tuple[Indicator, ...]]]:
    """The areas of a rubric in order, with their depth and the indicators that stand in them directly."""
    if node.indicators:
        yield (node if isinstance(node, Area) else None), depth, node.indicators
    elif isinstance(node, Area):
        yield node, depth, ()
    for area in node.areas:
        yield from _groups(area, depth + 1)


def _notes(rubric: Rubric) -> list[Json]:
    """Every doubt that stands in the rubric, with where it stands."""
    found: list[Json] = [{"note": note, "where": ""} for note in rubric.notes]
    if rubric.period:
        found += [{"note": note, "where": ""} for note in rubric.period.notes]
    dated: list[Round | Level] = [*rubric.rounds, *rubric.levels]
    for part in dated:
        found += [{"note": note, "where": part.title} for note in part.notes]

    def walk(node: Any, where: str) -> None:
        for child in node.children:
            inner = where if isinstance(child, Criterion) and not isinstance(child, Indicator) else child.id
            found.extend({"note": note, "where": inner} for note in child.notes)
            walk(child, inner)

    walk(rubric, "")
    unique: dict[str, Json] = {}
    for entry in found:
        unique.setdefault(entry["note"].id, entry)
    return list(unique.values())


def units(site: _Site) -> Iterator[Page]:
    """The list of units, and each unit's own page."""
    ordered = sorted(site.project.units.values(), key=lambda unit: (unit.id.count("/"), thai.sort_key(unit.name.th)))
    children: dict[str | None, list[Unit]] = {}
    for unit in ordered:
        children.setdefault(unit.parent, []).append(unit)

    def walk(parent: str | None, depth: int) -> Iterator[tuple[Unit, int]]:
        for unit in children.get(parent, ()):
            yield unit, depth
            yield from walk(unit.id, depth + 1)

    entries = [{"unit": unit, "depth": depth, "portfolios": site.of_unit(unit)} for unit, depth in walk(None, 0)]
    yield site.page("units.md.j2", "units/index.md", site.say("units.title"), site.say("units.lead"), entries=entries)
    for unit in site.project.units.values():
        yield site.page(
            "unit.md.j2",
            f"{unit.id}/index.md",
            site.text(unit.name),
            site.text(unit.about) or site.say("unit.description", name=unit.name),
            unit=unit,
            parents=_parents(site, unit),
            parts=children.get(unit.id, []),
            portfolios=site.of_unit(unit),
        )


def _parents(site: _Site, unit: Unit) -> list[Unit]:
    found: list[Unit] = []
    name = unit.parent
    while name and name in site.project.units and site.project.units[name] not in found:
        found.insert(0, site.project.units[name])
        name = site.project.units[name].parent
    return found


# Portfolios ------------------------------------------------------------------------------------------------------


def portfolios(site: _Site) -> Iterator[Page]:
    """Each portfolio: its own page, its indicators, its evidence by kind, and where it was published."""
    for assessment in site.assessments:
        yield from _portfolio(site, assessment)


def _item(title: str, url: str, *, points: str = "", tint: str = "", number: str = "", active: bool = False) -> Json:
    found: Json = {"title": _tame(title), "url": url}
    extra = {"number": number, "points": points, "tone": tint, "active": active}
    return found | {key: value for key, value in extra.items() if value}


def _menu(site: _Site, assessment: Assessment, active: str) -> list[Json]:
    """The sidebar of a portfolio: itself, its indicators by area with their points, its evidence and channels."""
    portfolio = assessment.portfolio

    def entry(name: str, url: str) -> Json:
        return _item(site.say(name), f"{portfolio.id}/{url}", active=active == url)

    pages_: list[Json] = [
        entry("portfolio.overview", ""),
        entry("evidence.title", "evidence/"),
        entry("channels.title", "channels/"),
    ]
    menu: list[Json] = [{"title": f"{_tame(_short(site, portfolio.unit))}", "items": pages_}]
    for area, _, indicators in _groups(portfolio.rubric):
        if not indicators:
            continue
        items = []
        for indicator in indicators:
            node = assessment.latest.indicators[indicator.id]
            points = f"{site.show(node.points)}/{site.show(node.max)}" if node.applies else site.say("score.na_short")
            items.append(
                _item(
                    site.text(indicator.title),
                    f"{portfolio.id}/{indicator.id}/",
                    number=site.show(indicator.id),
                    points=points,
                    tint=tone(node.points, node.max) if node.applies else "na",
                    active=active == indicator.id,
                )
            )
        title = _heading(site, area) if area else site.say("indicators.title")
        menu.append({"title": _tame(title), "items": items})
    return menu


def _portfolio(site: _Site, assessment: Assessment) -> Iterator[Page]:
    portfolio, rubric = assessment.portfolio, assessment.portfolio.rubric
    unit = site.project.units.get(portfolio.unit)
    name = site.text(unit.name) if unit else portfolio.unit
    short = f"{_short(site, portfolio.unit)} · {site.text(rubric.short)}"
    latest = assessment.latest
    common: Json = {"assessment": assessment, "portfolio": portfolio, "rubric": rubric, "unit": unit, "score": latest}
    yield site.page(
        "portfolio.md.j2",
        f"{portfolio.id}/index.md",
        name,
        site.say("portfolio.description", unit=name, rubric=rubric.title, points=latest.points, max=latest.max),
        menu=_menu(site, assessment, ""),
        **common,
        account=account(portfolio.shared.body, "", site.say("table.scroll")),
        rounds=_rounds(assessment),
        areas=_areas(assessment),
        chart=_chart(site, assessment),
        problems=[p for p in site.problems if p.place.file.startswith(f"{portfolio.folder}/")],
        facts=_facts(portfolio, portfolio.shared, ()),
        registers=_registers(portfolio, portfolio.shared),
        channels=_channels(portfolio),
        places=places(_channels(portfolio)),
        evidence_count=sum(len(answer.evidence) for answer in portfolio.all_answers()),
        groups=list(_groups(rubric)),
    )
    indicators = list(rubric.every_indicator())
    for position, indicator in enumerate(indicators):
        answer = portfolio.answers.get(indicator.id)
        node = latest.indicators[indicator.id]
        yield site.page(
            "indicator.md.j2",
            f"{portfolio.id}/{indicator.id}.md",
            _numbered(site, indicator.id, indicator.title),
            f"{short} · {site.text(indicator.title)}",
            menu=_menu(site, assessment, indicator.id),
            **common,
            indicator=indicator,
            node=node,
            answer=answer,
            own=answer or Answer(indicator.id, Place(f"{portfolio.folder}/{indicator.id}.md")),
            area=next((area for area, _, inside in _groups(rubric) if area and indicator in inside), None),
            records=_records(assessment, indicator.id),
            facts=_facts(portfolio, answer, _leaves_of(node)),
            registers=_registers(portfolio, answer),
            channels=_channels(portfolio, indicator.id),
            asked=_asked_for(rubric, node),
            account=account(answer.body if answer else "", "../", site.say("table.scroll")),
            notes=_indicator_notes(indicator),
            before=indicators[position - 1] if position else None,
            after=indicators[position + 1] if position + 1 < len(indicators) else None,
            problems=[p for p in site.problems if p.place.file == f"{portfolio.folder}/{indicator.id}.md"],
        )
    yield site.page(
        "evidence.md.j2",
        f"{portfolio.id}/evidence.md",
        site.say("evidence.title"),
        f"{short} · {site.say('evidence.title')}",
        menu=_menu(site, assessment, "evidence/"),
        **common,
        kinds=_by_kind(assessment),
    )
    yield site.page(
        "channels.md.j2",
        f"{portfolio.id}/channels.md",
        site.say("channels.title"),
        f"{short} · {site.say('channels.title')}",
        menu=_menu(site, assessment, "channels/"),
        **common,
        channels=_channels(portfolio),
        places=places(_channels(portfolio)),
        scopes=Counter(str(channel["record"].values.get("scope")) for channel in _channels(portfolio)),
    )


def _rounds(assessment: Assessment) -> list[Json]:
    """The rounds of the rubric, each with its score if it is reached."""
    scores = {score.round: score for score in assessment.scores}
    return [{"round": round, "score": scores.get(round.id)} for round in assessment.portfolio.rubric.rounds]


def _areas(assessment: Assessment) -> list[Json]:
    """The areas of the rubric with their score in each round reached."""
    found = []
    for area, depth, _ in _groups(assessment.portfolio.rubric):
        if area:
            scores = [
                next(n for n in score.root.walk() if n.node is area or n.path == area.id) for score in assessment.scores
            ]
            found.append({"area": area, "depth": depth, "scores": scores})
    return found


def _leaves_of(node: NodeScore) -> tuple[Criterion, ...]:
    return tuple(leaf.node for leaf in node.leaves() if isinstance(leaf.node, Criterion))


def _facts(portfolio: Portfolio, answer: Answer | None, leaves: Iterable[Criterion]) -> list[Json]:
    """The numbers that an answer states, and those of the portfolio that its criteria ask for."""
    asked = {name for leaf in leaves for condition in leaf.when for name in _facts_of(condition)}
    found = []
    for name, fact in portfolio.rubric.facts.items():
        own = answer.facts.get(name) if answer else None
        stated = own or (portfolio.shared.facts.get(name) if name in asked else None)
        if stated:
            found.append({"name": name, "fact": fact, "stated": stated, "shared": own is None})
    return found


def _facts_of(condition: Condition) -> Iterator[str]:
    match condition:
        case Percent():
            yield condition.percent
            yield condition.of or ""
        case Value():
            yield condition.value
        case Every():
            yield condition.of or ""
        case AnyOf() | AllOf():
            for part in condition.any if isinstance(condition, AnyOf) else condition.all:
                yield from _facts_of(part)


def _registers(portfolio: Portfolio, answer: Answer | None) -> list[Json]:
    """The registers of an answer but the channels, each with those of its fields that are filled somewhere."""
    found = []
    for name, records in (answer.registers if answer else {}).items():
        register = portfolio.rubric.register(name)
        if register and records and name != "channels":
            fields = {key: kind for key, kind in register.fields.items() if any(key in r.values for r in records)}
            found.append({"name": name, "register": register, "fields": fields, "records": records})
    return found


def _channels(portfolio: Portfolio, indicator: str | None = None) -> list[Json]:
    """Where the portfolio, or one indicator of it, was published."""
    answers = [portfolio.shared, *portfolio.answers.values()]
    if indicator:
        # An indicator that keeps its own list does not use the portfolio's.
        own = portfolio.answers.get(indicator)
        answers = [own] if own and "channels" in own.registers else [portfolio.shared]
    return [
        {"record": record, "indicator": answer.indicator, "portfolio": portfolio}
        for answer in answers
        for record in answer.registers.get("channels", ())
    ]


def _asked_for(rubric: Rubric, node: NodeScore) -> set[str]:
    """The kinds of evidence and the registers that the criteria of an indicator look at, through sets and facts too."""
    found: set[str] = set()

    def means(name: str) -> None:
        if name in rubric.sets:
            for source in rubric.sets[name].from_:
                means(source)
        elif name in rubric.facts:
            for proof in rubric.facts[name].proof:
                means(proof)
        else:
            found.add(name)

    def asks(condition: Condition) -> None:
        if isinstance(condition, AnyOf | AllOf):
            for part in condition.any if isinstance(condition, AnyOf) else condition.all:
                asks(part)
            return
        means(str(getattr(condition, next(name for name, kind in CONDITIONS.items() if type(condition) is kind))))

    for leaf in _leaves_of(node):
        for condition in leaf.when:
            asks(condition)
    return found


def places(channels: Sequence[Json]) -> int:
    """How many places these are: two pages of one site are one place."""
    known = {channel["record"].values.get("place") or channel["record"].text("url") for channel in channels}
    unknown = sum(not (c["record"].values.get("place") or c["record"].text("url")) for c in channels)
    return len(known - {"", None}) + unknown


def _findings(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _findings(finding.parts)


def _records(assessment: Assessment, indicator: str) -> list[Json]:
    """The evidence of an indicator, each with whether it counts for a criterion, and if not, why."""
    portfolio = assessment.portfolio
    counts: set[int] = set()
    objections: dict[int, list[Message]] = {}
    # A point that an earlier round gave was judged in that round's window: all rounds are looked at.
    for score in assessment.scores:
        for leaf in score.indicators[indicator].leaves():
            for finding in _findings(leaf.findings):
                for use in finding.uses:
                    if use.why is None:
                        counts.add(id(use.record))
                    elif use.why not in objections.setdefault(id(use.record), []):
                        objections[id(use.record)].append(use.why)
    found = []
    for record in exports.evidence(portfolio, indicator):
        kind = portfolio.rubric.kinds.get(record.kind)
        extra = kind.fields if kind else {}
        found.append(
            {
                "record": record,
                "kind": kind,
                "counts": id(record) in counts,
                "why": [] if id(record) in counts else objections.get(id(record), []),
                "fields": {key: f for key, f in extra.items() if key in record.values and key not in EVIDENCE_FIELDS},
            }
        )
    return found


def _by_kind(assessment: Assessment) -> list[Json]:
    """All evidence of a portfolio, by kind in the order of the rubric, each with the indicators that it serves."""
    rubric = assessment.portfolio.rubric
    serves: dict[int, Json] = {}
    for name in assessment.latest.indicators:
        for entry in _records(assessment, name):
            known = serves.setdefault(id(entry["record"]), {**entry, "indicators": []})
            known["indicators"].append(name)
            if entry["counts"]:
                known.update(counts=True, why=[])
    for record in assessment.portfolio.shared.evidence:
        serves.setdefault(id(record), {"record": record, "counts": False, "why": [], "indicators": []})
    found = []
    for name, kind in rubric.kinds.items():
        entries = [entry for entry in serves.values() if entry["record"].kind == name]
        if entries:
            entries.sort(key=lambda entry: (entry["record"].date or datetime.date.max, entry["record"].number))
            found.append({"id": name, "kind": kind, "entries": entries})
    return found


def _indicator_notes(indicator: Indicator) -> list[Any]:
    found: dict[str, Any] = {}

    def walk(node: Criterion) -> None:
        for note in node.notes:
            found.setdefault(note.id, note)
        for child in node.criteria:
            walk(child)

    walk(indicator)
    return list(found.values())


# The chart -------------------------------------------------------------------------------------------------------


def _chart(site: _Site, assessment: Assessment) -> Json | None:
    """The points over time as steps: a path in a box of 100 × 100, and where the labels stand along its sides."""
    line = assessment.timeline
    if len(line) < 2 or not assessment.latest.max:
        return None
    rubric = assessment.portfolio.rubric
    windows: list[Any] = list(rubric.rounds) or ([rubric.period] if rubric.period else [])
    first = min([line[0][0], *(window.from_ for window in windows)])
    last = max([line[-1][0], *(window.to for window in windows)])
    most, days = assessment.latest.max, max((last - first).days, 1)

    def x(day: datetime.date) -> str:
        return f"{100 * (day - first).days / days:.2f}"

    def y(points: Fraction) -> str:
        return f"{float(100 - 100 * points / most):.2f}"

    path = f"M0 {y(Fraction(0))}"
    for day, points in line:
        path += f"H{x(day)}V{y(points)}"
    newest = max([line[-1][0], *assessment.portfolio.dates()[-1:]])
    end = min(newest, last)
    path += f"H{x(end)}"
    parts = 3 if most % 3 == 0 and most % 4 else 4
    return {
        "line": path,
        "area": f"{path}V100H0Z",
        "ys": [{"at": y(most * i / parts), "label": site.show(most * i / parts)} for i in range(parts + 1)],
        "xs": [{"at": x(day), "label": _month(site, day)} for day in _ticks(first, last) if float(x(day)) < 96],
        "windows": [{"at": x(round.to), "title": round.title} for round in windows if isinstance(round, Round)],
        "rows": line,
        "end": {"x": x(end), "y": y(line[-1][1]), "label": site.show(line[-1][1]), "late": float(x(end)) > 85},
        "max": most,
    }


def _ticks(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    """The first day of every second month, from the first one inside."""
    year, month = first.year, first.month
    if first.day > 1:
        month += 1
    while True:
        day = datetime.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        if day > last:
            return
        yield day
        month += 2


def _month(site: _Site, day: datetime.date) -> str:
    names = thai.MONTHS[day.month - 1]
    if site.language == "th":
        return f"{names[0]} {site.show(str(thai.buddhist(day.year))[2:])}"
    return f"{names[2]} {day.year}"


# The rest --------------------------------------------------------------------------------------------------------


def channels(site: _Site) -> Iterator[Page]:
    """Where all units publish."""
    groups = [
        {"assessment": a, "channels": _channels(a.portfolio), "places": places(_channels(a.portfolio))}
        for a in site.assessments
    ]
    yield site.page(
        "all_channels.md.j2", "channels/index.md", site.say("channels.title"), site.say("channels.lead"), groups=groups
    )


def about(site: _Site) -> Iterator[Page]:
    """How a score comes about, and what may be done with all this."""
    yield site.page("about.md.j2", "about.md", site.say("about.title"), site.say("about.lead"), hide=["navigation"])


PAGES: tuple[Callable[[_Site], Iterator[Page]], ...] = (home, rubrics, units, portfolios, channels, about)
"""The steps that write pages: a new one is a template and a function with a `yield`."""
