"""The form in the browser: what of a portfolio it asks, and that as a configuration of Decap CMS.

A form follows from the rubric alone: for each indicator what its conditions read, with the types that `load` reads.
The same configuration serves `lakthan edit` on an officer's machine and `admin/` on a published site, where Decap
changes a repository on GitHub or GitLab by pull requests.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lakthan import load, messages, names, rules, thai
from lakthan.messages import Language
from lakthan.model import Answer, EditorSettings, Message, Portfolio, Project
from lakthan.rubric import EVIDENCE_FIELDS, PROOF, Covers, Criterion, FieldType, Indicator, Register, Rubric, Text

DECAP = "3.16.3"
"""Version of Decap CMS (npm `decap-cms`, `dist/decap-cms.js`) that comes with Lakthan, packed by gzip."""
DECAP_SHA256 = "7c1efd6b616b4786e279aeef194dd21649a72058d3bc8d1f78901b574610dfb8"
"""Of the unpacked script, as the package holds it."""
FOLDER = "editor"
"""Where page, scripts and styles of the form stand below `site_templates/`."""
VERSION = "lakthan_version"
"""A hidden field: what of a file was opened, so that a change made meanwhile is noticed."""
PORTFOLIO = "portfolio"
"""The name of `portfolio.md` among the forms; no indicator can have it."""


# What is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """What one file of a portfolio is asked, by the keys of its front matter."""

    name: str
    title: Text
    scalars: Mapping[str, FieldType]
    kinds: Mapping[str, Mapping[str, FieldType]]
    """Kind of evidence → its fields."""
    registers: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict)

    def fields(self, key: str, entry: Mapping[str, Any]) -> Mapping[str, FieldType]:
        """The fields of an entry of the list *key*."""
        return self.kinds.get(str(entry.get("kind")), {}) if key == "evidence" else self.registers[key]

    @property
    def lists(self) -> tuple[str, ...]:
        return ("evidence", *self.registers)


def shared(rubric: Rubric) -> tuple[str, ...]:
    """The facts and registers that several indicators read: a unit states them once, in `portfolio.md`.

    Not what is evidence itself: a channel that carried one thing need not have carried another.
    """
    read = Counter(name for node in rubric.every_indicator() for name in {*_read(rubric, node)})
    plain = [name for name in rubric.registers if not rubric.registers[name].proof and name != "channels"]
    # What portfolio.md has of its own under the same name, as the day it was signed, is meant there.
    return tuple(n for n in (*rubric.facts, *plain) if read[n] > 1 and n not in load.PORTFOLIO_KEYS)


def forms(portfolio: Portfolio) -> dict[str, Form]:
    """Every form of a portfolio, `portfolio.md` first, by the name of its file without the ending."""
    rubric = portfolio.rubric
    found = {PORTFOLIO: _shared_form(portfolio)}
    for node in rubric.every_indicator():
        found[node.id] = _form(portfolio, node)
    return found


def _form(portfolio: Portfolio, node: Indicator) -> Form:
    rubric, answer = portfolio.rubric, portfolio.answers.get(node.id)
    own = set(answer.places) if answer else set()
    elsewhere = {*shared(rubric)} - own
    read = [name for name in _read(rubric, node) if name not in elsewhere]
    scalars = {
        "self_score": _self_score(node),
        "status": _choice("status", {"draft": _both("editor.draft"), "ready": _both("editor.ready")}),
        "responsible": _text("responsible"),
        **({"not_applicable": _text("not_applicable")} if node.may_not_apply else {}),
        **{name: _fact(rubric, name) for name in read if name in rubric.facts},
    }
    covered = {root for c in _conditions(node) if isinstance(c, Covers) for root in rules.roots(rubric, c.covers)}
    asked = [name for name in read if name in rubric.kinds]
    kinds = dict.fromkeys((*(asked or rubric.kinds), *_kinds_in(answer)))
    return Form(
        name=node.id,
        title=node.title,
        scalars=scalars,
        kinds={kind: _evidence(rubric, kind, covers=kind in covered) for kind in kinds},
        registers={
            name: _register(rubric, name) for name in read if rubric.register(name) and name not in rubric.kinds
        },
    )


def _shared_form(portfolio: Portfolio) -> Form:
    rubric = portfolio.rubric
    here = {*shared(rubric), *portfolio.shared.places} - {*load.PORTFOLIO_KEYS}
    levels = {level.id: level.title for level in rubric.levels}
    scalars = {
        "signed": FieldType(title=_both("editor.signed"), type="date"),
        "executive": _text("executive"),
        "reporter": _text("reporter"),
        **({"self_level": _choice("self_level", levels)} if levels else {}),
        **{name: _fact(rubric, name) for name in rubric.facts if name in here},
    }
    serves = FieldType(
        title=EVIDENCE_FIELDS["indicators"].title,
        type="choices",
        choices={node.id: Text(th=f"{node.id} {node.title.th}", en=f"{node.id} {node.title.en}")
                 for node in rubric.every_indicator()},
    )  # fmt: skip
    return Form(
        name=PORTFOLIO,
        title=_both("editor.portfolio"),
        scalars=scalars,
        kinds={kind: {**_evidence(rubric, kind, covers=True), "indicators": serves} for kind in rubric.kinds},
        registers={name: _register(rubric, name) for name in _registers(rubric) if name in here},
    )


def _conditions(node: Indicator) -> Iterator[Any]:
    for _, _, leaf in names.leaves((), node.id, node):
        yield from (condition for _, condition in names.conditions((), leaf.when))


def _read(rubric: Rubric, node: Indicator) -> tuple[str, ...]:
    """The facts, kinds and registers that an indicator reads, each once."""
    asked = tuple(_conditions(node))
    facts = [name for condition in asked for name in rules.facts_read(rubric, condition)]
    return tuple(dict.fromkeys([*facts, *(n for c in asked for n in rules.kinds_read(rubric, c))]))


def _registers(rubric: Rubric) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*rubric.registers, "channels")))


def _kinds_in(answer: Answer | None) -> Iterator[str]:
    return (record.kind for record in answer.evidence) if answer else iter(())


def _both(key: str) -> Text:
    return Text(th=messages.say(Message(key), "th"), en=messages.say(Message(key), "en"))


def _text(key: str) -> FieldType:
    return FieldType(title=_both(f"editor.{key}"))


def _choice(key: str, choices: Mapping[str, Text]) -> FieldType:
    return FieldType(title=_both(f"editor.{key}"), type="choice", choices=dict(choices))


def _self_score(node: Indicator) -> FieldType:
    """The boxes that a printed form has, where the indicator is a ladder; else a number."""
    steps = {str(leaf.points): leaf for leaf in node.criteria if leaf.points is not None and not leaf.criteria}
    if node.award != "highest" or len(steps) != len(node.criteria) or any("/" in points for points in steps):
        return FieldType(title=_both("editor.self_score"), type="number")
    texts = {points: _wording(leaf, points) for points, leaf in steps.items()}
    texts.setdefault("0", Text(th="0", en="0"))
    return _choice("self_score", texts)


def _wording(leaf: Criterion, points: str) -> Text:
    said = leaf.text or leaf.title
    return Text(th=f"{points}: {said.th}", en=f"{points}: {said.en}") if said else Text(th=points, en=points)


def _fact(rubric: Rubric, name: str) -> FieldType:
    fact = rubric.facts[name]
    return FieldType(title=fact.title, type=fact.type)


def _evidence(rubric: Rubric, kind: str, *, covers: bool) -> dict[str, FieldType]:
    own = rubric.kinds[kind].fields
    return {
        "title": EVIDENCE_FIELDS["title"],
        **own,
        **{name: EVIDENCE_FIELDS[name] for name in ("date", "reference", "file", "url") if name not in own},
        **({"covers": EVIDENCE_FIELDS["covers"]} if covers else {}),
        "note": EVIDENCE_FIELDS["note"],
    }


def _register(rubric: Rubric, name: str) -> Mapping[str, FieldType]:
    register = rubric.register(name)
    return register.fields if register else {}


# As the form shows it, and back ----------------------------------------------------------------------------------

LISTED = ("covers", "indicators")
"""Fields of evidence that are lists, whatever their type."""


def shown(value: Any, name: str, asked: FieldType) -> Any:
    """A value of the front matter as the form holds it: text, or a list of texts; None where nothing is filled in.

    >>> shown(True, "public", FieldType(title="", type="yes_no")), shown(34, "staff", FieldType(title=""))
    ('yes', '34')
    """
    if asked.type in ("dates", "choices") or name in LISTED:
        items = value if isinstance(value, list) else [value]
        listed = [_word(item, asked) for item in items if item not in (None, "")]
        return [item for item in listed if item] or None
    return None if isinstance(value, list | dict) else _word(value, asked) or None


def _word(value: Any, asked: FieldType) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "" if value is None else str(value).strip()
    if asked.type == "yes_no":
        return {"ใช่": "yes", "มี": "yes", "true": "yes", "ไม่ใช่": "no", "ไม่มี": "no", "ไม่": "no", "false": "no"}.get(
            text.lower(), text.lower()
        )
    for choice, title in asked.choices.items():
        if text in (choice, title.th, title.en) or (thai.ascii_digits(text) == choice):
            return choice
    return text


# As Decap wants it -----------------------------------------------------------------------------------------------

BUTTONS = ("bold", "italic", "link", "heading-two", "heading-three", "quote", "bulleted-list", "numbered-list")
_DIGIT = "[0-9๐-๙]"
_MONTH = "|".join(sorted({name.replace(".", "\\.?") for found in thai.MONTHS for name in found}, key=len, reverse=True))
PATTERNS: Mapping[str, str] = {
    "number": rf"^\s*(?:{_DIGIT}{{1,15}}|{_DIGIT}{{1,3}}(?:,{_DIGIT}{{3}}){{1,4}})(?:\.{_DIGIT}{{1,9}})?\s*$",
    "percent": rf"^\s*(?:{_DIGIT}{{1,2}}(?:\.{_DIGIT}{{1,9}})?|(?:100|๑๐๐)(?:\.[0๐]+)?)\s*%?\s*$",
    "date": rf"^\s*(?:(?:ณ\s*)?(?:ลว\.?|ลงวันที่|วันที่)\s*)?(?:{_DIGIT}{{4}}-{_DIGIT}{{1,2}}-{_DIGIT}{{1,2}}"
    rf"|{_DIGIT}{{1,2}}/{_DIGIT}{{1,2}}/(?:{_DIGIT}{{4}}|{_DIGIT}{{2}})|{_DIGIT}{{1,2}}[.-]{_DIGIT}{{1,2}}[.-]{_DIGIT}{{4}}"
    rf"|{_DIGIT}{{1,2}}\s*(?:เดือน\s*)?(?:{_MONTH})\s*(?:พ\.?\s*ศ\.?|ค\.?\s*ศ\.?)?\s*(?:{_DIGIT}{{4}}|{_DIGIT}{{2}}))\s*$",
    "period": rf"^\s*(?:{_DIGIT}{{4}}-(?:Q[1-4]|{_DIGIT}{{2}})"
    rf"|ไตรมาส(?:ที่)?\s*{_DIGIT}\s*/\s*(?:{_DIGIT}{{4}}|{_DIGIT}{{2}})|(?:{_MONTH})\s*(?:{_DIGIT}{{4}}|{_DIGIT}{{2}}))\s*$",
    "url": r"^\s*https?://[^\s<>\"\\@/]+(?:[/?#][^\s<>\"\\]*)?\s*$",
    # A ministry's letters and a number, as อก ๐๔๑๐/๕๕๘, with ที่ before it or ว inside; also คำสั่งที่ 12/2569.
    "reference": rf"^(?=.*{_DIGIT})[ก-ฺเ-๙A-Za-z0-9 ./()-]{{2,120}}$",
}
"""What may be filled in, as regular expressions of JavaScript: slips are told at once. The strict reader has the last
word: these may let through what only it knows (31 February), and never refuse what it accepts in usual form."""


def config(
    project: Project,
    portfolios: Sequence[Portfolio],
    language: Language,
    *,
    api: str = "",
) -> dict[str, Any]:
    """Decap's configuration for *portfolios*: for the local server at the address *api*, else for the repository.

    Where a file is missing Decap applies no defaults: the files are to be there.
    """
    backend, extra = (_local(api), {}) if api else _remote(project.site.editor)
    first = portfolios[0].folder if portfolios else "content"
    return {
        "load_config_file": False,
        "backend": backend,
        **extra,
        "locale": language,
        **({"site_url": project.site.address} if project.site.address else {}),
        "media_folder": f"{first}/{load.FILES}",
        "public_folder": load.FILES,
        "slug": {"encoding": "unicode", "clean_accents": False, "sanitize_replacement": "-"},
        "show_preview_links": False,
        "editor": {"preview": bool(api)},
        "collections": [_collection(project, p, language, local=bool(api)) for p in portfolios],
    }


def _local(api: str) -> dict[str, Any]:
    return {"name": "proxy", "proxy_url": api, "branch": "files"}


def _remote(settings: EditorSettings | None) -> tuple[dict[str, Any], dict[str, Any]]:
    if settings is None:
        raise ValueError("the site has no editor")
    backend: dict[str, Any] = {"name": settings.backend, "repo": settings.repo, "branch": settings.branch}
    if settings.backend == "github":
        backend |= {"base_url": settings.oauth, "auth_endpoint": "auth"}
    else:
        server = settings.server.rstrip("/") or "https://gitlab.com"
        backend |= {"auth_type": "pkce", "app_id": settings.app_id, "base_url": server, "api_root": f"{server}/api/v4"}
    return backend, {"publish_mode": "editorial_workflow"}


def _collection(project: Project, portfolio: Portfolio, language: Language, *, local: bool) -> dict[str, Any]:
    unit = project.units[portfolio.unit]
    label = f"{_of(unit.short or unit.name, language)} · {_of(portfolio.rubric.short, language)}"
    return {
        "name": portfolio.id.replace("/", "--"),
        "label": label,
        "description": _say("editor.lead", language),
        "delete": False,
        "files": [_file(portfolio, form, language, local=local) for form in forms(portfolio).values()],
    }


def _file(portfolio: Portfolio, form: Form, language: Language, *, local: bool) -> dict[str, Any]:
    title = _of(form.title, language)
    node = next((n for n in portfolio.rubric.every_indicator() if n.id == form.name), None)
    folder = f"{load.FILES}/{form.name}"
    make = _Fields(portfolio, node, folder, language)
    return {
        "name": form.name,
        "label": title if node is None else f"{messages.show(form.name, language)} {title}",
        "file": f"{portfolio.folder}/{form.name}.md",
        "media_folder": f"/{portfolio.folder}/{folder}",
        "public_folder": folder,
        "fields": [*([{"name": VERSION, "widget": "hidden"}] if local else []), *make.all(form)],
    }


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of one form, as Decap's widgets."""

    portfolio: Portfolio
    node: Indicator | None
    folder: str
    language: Language

    def all(self, form: Form) -> Iterator[dict[str, Any]]:
        rubric = self.portfolio.rubric
        for name, asked in form.scalars.items():
            yield {**self.field(name, asked), **self.hint(self.of_scalar(name)), "required": False}
        yield {
            "name": "evidence",
            "label": self.say("evidence"),
            "label_singular": self.say("one_evidence"),
            "widget": "list",
            "typeKey": "kind",
            "required": False,
            "collapsed": False,
            **self.hint(self.say("evidence_hint")),
            "types": [
                {
                    "name": kind,
                    "label": _of(rubric.kinds[kind].title, self.language),
                    "widget": "object",
                    "summary": "{{fields.title}}",
                    "collapsed": False,
                    "fields": [
                        # Skeletons list every kind that is asked for: what is not there yet must not bar a draft.
                        {**self.field(name, asked), **self.hint(self.of_evidence(kind, name)), "required": False}
                        for name, asked in fields.items()
                    ],
                }
                for kind, fields in form.kinds.items()
            ],
        }
        for name, fields in form.registers.items():
            register = rubric.register(name)
            if register is None:
                continue
            unit = _of(register.unit, self.language) if register.unit else _of(register.title, self.language)
            summary = next((f for f in ("name", "title") if f in fields), next(iter(fields)))
            yield {
                "name": name,
                "label": _of(register.title, self.language),
                "label_singular": unit,
                "widget": "list",
                "required": False,
                "collapsed": True,
                "summary": f"{{{{fields.{summary}}}}}",
                **self.hint(self.of_register(register)),
                "fields": [{**self.field(key, asked), **self.hint(self.of_type(key, asked))}
                           for key, asked in fields.items()],
            }  # fmt: skip
        yield {
            "name": "body",
            "label": self.say("account"),
            "widget": "markdown",
            "required": False,
            "minimal": True,
            "modes": ["rich_text", "raw"],
            "buttons": list(BUTTONS),
            "editor_components": [],
            **self.hint(self.say("account_hint")),
        }  # fmt: skip

    def field(self, name: str, asked: FieldType) -> dict[str, Any]:
        """A widget of the type."""
        base: dict[str, Any] = {"name": name, "label": _of(asked.title, self.language), "required": asked.required}
        if name == "covers":
            return {**base, "widget": "list", "field": self.one("period", self.say("period"))}
        match asked.type:
            case "number" | "percent" | "date" | "url":
                # Texts, for people write Thai digits and both eras; a widget of numbers or dates would take neither.
                return {**base, "widget": "string", **self.pattern(asked.type)}
            case "dates":
                return {**base, "widget": "list", "field": self.one("date", self.say("date"))}
            case "yes_no":
                # A switch would say no where nobody has said anything.
                yes_no = [{"label": self.say(word), "value": word} for word in ("yes", "no")]
                return {**base, "widget": "select", "options": yes_no}
            case "choice" | "choices":
                options = [{"label": _of(title, self.language), "value": key} for key, title in asked.choices.items()]
                many = {"multiple": True} if asked.type == "choices" else {}
                return {**base, "widget": "select", "options": options, **many}
            case "file":
                where = {"media_folder": f"/{self.portfolio.folder}/{self.folder}", "public_folder": self.folder}
                return {**base, "widget": "file", "choose_url": False, **where}
        return {**base, "widget": "string", **(self.pattern("reference") if name == "reference" else {})}

    def one(self, name: str, label: str) -> dict[str, Any]:
        return {"name": name, "label": label, "widget": "string", **self.pattern(name)}

    def pattern(self, name: str) -> dict[str, Any]:
        return {"pattern": [PATTERNS[name], self.say(f"wrong.{name}")]}

    def hint(self, text: str) -> dict[str, Any]:
        return {"hint": " ".join(text.split())} if text else {}

    def of_scalar(self, name: str) -> str:
        rubric = self.portfolio.rubric
        if name in rubric.facts and (self.node or name not in load.PORTFOLIO_KEYS):
            fact = rubric.facts[name]
            unit = self.say("counted_in", unit=fact.unit) if fact.unit else ""
            proof = self.proof_of_kinds(fact.proof)
            return " ".join(part for part in (unit, proof) if part)
        if name == "self_score" and self.node:
            return self.rungs(self.node)
        if name in ("executive", "reporter", "responsible"):
            return self.say("role")
        return self.say("date_hint") if name == "signed" else self.say("reason") if name == "not_applicable" else ""

    def of_evidence(self, kind: str, name: str) -> str:
        found = self.portfolio.rubric.kinds[kind]
        if name == "title":
            return " ".join(_of(text, self.language) for text in (found.hint, found.sensitive) if text)
        own = self.say("one_proof") if name == PROOF[0] else ""
        return own or self.of_type(name, found.fields.get(name) or EVIDENCE_FIELDS[name])

    def of_type(self, name: str, asked: FieldType) -> str:
        if name == "reference":
            return self.say("reference_hint")
        if asked.type in ("date", "dates"):
            return self.say("date_hint")
        return self.say("file_hint") if asked.type == "file" else ""

    def of_register(self, register: Register) -> str:
        sensitive = _of(register.sensitive, self.language) if register.sensitive else ""
        return " ".join(part for part in (sensitive, self.say("one_proof") if register.proof else "") if part)

    def proof_of_kinds(self, kinds: Sequence[str]) -> str:
        titles = tuple(self.portfolio.rubric.kinds[kind].title for kind in kinds if kind in self.portfolio.rubric.kinds)
        return self.say("proved_by", kinds=titles) if titles else ""

    def rungs(self, node: Indicator) -> str:
        """What each rung asks, the rungs of a ladder as the text of its boxes already."""
        if _self_score(node).type == "choice":
            return self.say("boxes")
        leaves = [leaf for _, _, leaf in names.leaves((), node.id, node) if leaf.points]
        said = [(messages.show(leaf.points, self.language), leaf.text or leaf.title) for leaf in leaves]
        return "; ".join(f"{points}: {_of(text, self.language)}" for points, text in said if text)

    def say(self, key: str, **args: object) -> str:
        return messages.say(Message(f"editor.{key}", args), self.language)


def _of(text: Text, language: Language) -> str:
    return messages.show(text, language)


def _say(key: str, language: Language, **args: object) -> str:
    return messages.say(Message(key, args), language)


# The page around it ----------------------------------------------------------------------------------------------


@cache
def decap(templates: Path) -> bytes:
    """The script of Decap, packed. *templates* is the folder that comes with Lakthan."""
    return (templates / FOLDER / "decap-cms.js.gz").read_bytes()


def unpacked(templates: Path) -> bytes:
    """The script of Decap as the package holds it; an altered one is our own mistake and raises."""
    script = gzip.decompress(decap(templates))
    if hashlib.sha256(script).hexdigest() != DECAP_SHA256:
        raise ValueError("decap-cms.js.gz is not the version that is noted")
    return script


def page(templates: Path, language: Language, title: str, policy: str) -> bytes:
    """The page that Decap works in, with a policy of its own: Decap compiles the check of its configuration."""
    text = (templates / FOLDER / "index.html").read_text(encoding="utf-8")
    for name, value in {"language": language, "title": title, "policy": policy}.items():
        text = text.replace(f"@{name}@", _escaped(value))
    return text.encode("utf-8")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def policy(settings: EditorSettings | None = None) -> str:
    """What the page may load and whom it may ask: only the server it came from, or the repository's too."""
    asks, pictures = "", ""
    if settings is not None and settings.backend == "github":
        asks = " https://api.github.com https://*.githubusercontent.com https://www.githubstatus.com"
        pictures = " https://*.githubusercontent.com"
    elif settings is not None:
        server = settings.server.rstrip("/") or "https://gitlab.com"
        asks, pictures = f" {server}", f" {server} https://secure.gravatar.com"
    return (
        "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{pictures}; font-src 'self' data:; connect-src 'self' blob:{asks}; "
        "frame-src 'self' blob:; base-uri 'none'; form-action 'none'; object-src 'none'"
    )


def published(project: Project, templates: Path) -> Iterator[tuple[str, bytes]]:
    """The files of `admin/` on a site whose `content/site.yml` asks for an editor; none otherwise."""
    if project.site.editor is None or not project.portfolios:
        return
    language = project.site.languages[0]
    made = config(project, project.portfolios, language)
    title = messages.show(project.site.title, language)
    yield "admin/index.html", page(templates, language, title, policy(project.site.editor))
    compact = json.dumps({"decap": made}, ensure_ascii=False, separators=(",", ":"))
    yield "admin/config.json", compact.encode("utf-8")
    yield "admin/decap-cms.js", unpacked(templates)
    for name in ("editor.js", "editor.css", "decap-cms.LICENSE.txt"):
        yield f"admin/{name}", (templates / FOLDER / name).read_bytes()
