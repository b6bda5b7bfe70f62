"""`lakthan edit`: a server on the officer's own machine that lets Decap CMS fill in one portfolio.

It speaks Decap's protocol for local backends (JSON by POST, as `decap-server` does) for the files of one portfolio and
nothing else. What Decap sends is compared with what stands in the file, and only the difference is written, by
`frontmatter`: comments, keys that no form knows, and the order of things stay. Beside the form a panel shows what the
draft would score.

Only this machine can connect, only who knows the random part of the address is answered, and requests that another web
page has made a browser send are refused by their `Host` and `Origin`. docs/security.md tells the reasons.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import difflib
import hashlib
import hmac
import http.server
import json
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from lakthan import (
    attachments,
    build,
    diagnostics,
    editor,
    examination,
    frontmatter,
    links,
    load,
    messages,
    privacy,
    publish,
    scaffold,
    strictyaml,
)
from lakthan.diagnostics import Diagnostic
from lakthan.editor import VERSION, Form
from lakthan.frontmatter import Document, Entry, Plain
from lakthan.messages import Language
from lakthan.model import Assessment, Message, NodeScore, Place, Portfolio, Project
from lakthan.rubric import Criterion, FieldType

HOST = "127.0.0.1"
MAX_REQUEST = 4 * attachments.MAX_BYTES // 3 + load.MAX_BYTES
"""Bytes of a request: the largest usual attachment, which travels as base64, and a text."""
PATIENCE = 30.0
"""Seconds that a connection may say nothing."""
CMS_WORDS = {
    "editor.editorToolbar.publish": "save",
    "editor.editorToolbar.publishNow": "save_now",
    "editor.editorToolbar.publishing": "saving",
    "editor.editorToolbar.published": "saved",
    "editor.editorControl.field.optional": "optional",
    "ui.toast.entryPublished": "saved",
    "ui.toast.entrySaved": "saved",
    "ui.toast.onFailToPersist": "failed",
}
"""Decap's own words that would mislead here, by their place in its locale: on this machine nothing is published."""
KEPT = 1000
"""How many versions that open forms began with are remembered."""


class Refused(Exception):
    """A request that is not done; `message` says why to whoever sits at the form."""

    def __init__(self, key: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY, **args: object) -> None:
        super().__init__(key)
        self.status = status
        self.message = Message(key, args)


# What Decap sent, written where it belongs -----------------------------------------------------------------------


class Sent(NamedTuple):
    """A file as Decap writes it, read: the version that was opened, its values and the account."""

    version: str
    values: dict[str, Any]
    body: str


def read(raw: str) -> Sent:
    """Read what Decap wrote. Characters that nobody sees, as Word leaves them between words, are dropped.

    Raises Refused.
    """
    try:
        parts = strictyaml.split_front_matter(raw)
        values = strictyaml.load(strictyaml.visible(parts.front)).value or {}
    except strictyaml.YamlProblem as problem:
        raise Refused("editor.unreadable", line=problem.line) from None
    if not isinstance(values, dict):
        raise Refused("editor.unreadable", line=1)
    return Sent(str(values.pop(VERSION, "")), values, parts.body)


def served(text: str, form: Form) -> str:
    """A file as Decap gets it: only what the form asks, in the form's own words, each value safely quoted.

    >>> form = Form("1", "", {"staff": FieldType(title="", type="number")}, {})
    >>> served("---\\nstaff: ๓๔ # นับแล้ว\\nother: 1\\n---\\nเรื่อง\\n", form).splitlines()[2:]
    ['"staff": "๓๔"', '---', 'เรื่อง']
    """
    document = Document(text)
    values = {VERSION: _version(text), **_shown(document.value, form)}
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---", document.body])


def written(text: str, sent: Sent, form: Form) -> str:
    """The file *text* with what was changed in the form, and everything else as it is.

    Raises Unchangeable where the file is written in a way that leaves no safe place for a change.
    """
    document = Document(text)
    before, after = _shown(document.value, form), _shown(sent.values, form)
    for name, asked in form.scalars.items():
        if before.get(name) != after.get(name):
            document.put((name,), _plain(after.get(name), asked))
    for key in form.lists:
        old, new = before.get(key, []), after.get(key, [])
        if old != new:
            document.arrange(key, _plan(old, new, key, form))
    if _account(sent.body) != _account(document.body):
        document.rewrite(_account(sent.body))
    return document.text


def _account(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n").strip("\n ")


def _version(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _shown(values: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """What of the values of a file the form holds; an entry that is no map is nothing that a form could show."""
    found: dict[str, Any] = {}
    for name, asked in form.scalars.items():
        if (value := editor.shown(values.get(name), name, asked)) is not None:
            found[name] = value
    for key in form.lists:
        entries = values.get(key)
        if isinstance(entries, list) and entries:
            found[key] = [_entry(entry, key, form) for entry in entries]
    return found


def _entry(entry: Any, key: str, form: Form) -> dict[str, Any]:
    if not isinstance(entry, dict):
        entry = {next(iter(form.registers[key]), ""): entry} if key in form.registers else {}
    kind = {"kind": str(entry["kind"])} if key == "evidence" and entry.get("kind") is not None else {}
    asked = form.fields(key, entry)
    values = {name: editor.shown(entry.get(name), name, one) for name, one in asked.items()}
    return {**kind, **{name: value for name, value in values.items() if value is not None}}


def _plain(value: Any, asked: FieldType) -> Plain:
    """A value of the form as it is written into a file."""
    if value is None or isinstance(value, list):
        return value
    text = str(value)
    if asked.type == "yes_no" and text in ("yes", "no"):
        return text == "yes"
    number = strictyaml.plain(text)
    numeric = asked.type in ("number", "percent") or text in asked.choices
    return number if numeric and isinstance(number, int | Decimal) and not isinstance(number, bool) else text


def _plan(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]], key: str, form: Form) -> list[Entry]:
    """Which of the new entries is which of the old ones, and what changed in it."""
    partner = _partners(old, new)
    plan: list[Entry] = []
    for j, entry in enumerate(new):
        asked = form.fields(key, entry)
        kind: dict[str, Plain] = {"kind": entry["kind"]} if key == "evidence" and "kind" in entry else {}
        if j not in partner:
            filled = {
                name: _plain(entry.get(name), one) for name, one in asked.items() if name in entry or one.required
            }
            plan.append((None, {**kind, **filled}))
            continue
        was = old[partner[j]]
        changes = {
            name: _plain(entry.get(name), one) for name, one in asked.items() if entry.get(name) != was.get(name)
        }
        plan.append((partner[j], changes))
    return plan


def _partners(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> dict[int, int]:
    """New position → old position: what is the same in order, then what is elsewhere, then what is most alike."""
    were, are = ([json.dumps(entry, sort_keys=True) for entry in entries] for entries in (old, new))
    found: dict[int, int] = {}
    for block in difflib.SequenceMatcher(None, were, are, autojunk=False).get_matching_blocks():
        found.update({block.b + k: block.a + k for k in range(block.size)})

    def left() -> tuple[list[int], list[int]]:
        taken = set(found.values())
        return [i for i in range(len(old)) if i not in taken], [j for j in range(len(new)) if j not in found]

    rest, wanted = left()
    for j in wanted:
        if (i := next((i for i in rest if were[i] == are[j]), None)) is not None:
            found[j] = i
            rest.remove(i)
    rest, wanted = left()
    if len(old) == len(new) and rest == wanted and all(old[i].get("kind") == new[i].get("kind") for i in rest):
        return found | {i: i for i in rest}  # filled in where they stood
    for j in wanted:
        same_kind = [i for i in rest if old[i].get("kind") == new[j].get("kind")]
        alike = [(_same(old[i], new[j]), -abs(i - j), i) for i in same_kind]
        if alike and max(alike)[0] > 0:
            found[j] = max(alike)[2]
            rest.remove(found[j])
    return found


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    return sum(other.get(name) == value for name, value in one.items())


# What the panel beside the form shows ----------------------------------------------------------------------------


def panel(desk: Desk, name: str, text: str, coming: Sequence[str] = ()) -> dict[str, Any]:
    """What the file *name* would score if it held *text*: sentences in the officer's language, ready to show."""
    state = desk.state()
    project, portfolio, form = state.project, state.portfolio, state.forms[name]
    indicator = None if name == editor.PORTFOLIO else name
    read, found = load.revised(desk.root, project.site, portfolio, indicator, text, coming)
    unit, grace = project.units[portfolio.unit], project.site.link_grace
    part = examination.part(desk.root, read, (unit.email, unit.phone), state.ledger, grace)
    assessment, draft = part.assessment, part.assessment.portfolio
    answer = draft.answers.get(name, draft.shared) if indicator else draft.shared
    shows = {f"{draft.folder}/{one}" for one in load.attachments_of(draft, answer) if one not in coming}
    about = {f"{draft.folder}/{name}.md", *shows}
    problems = [*map(privacy.masked, found), *(problem for _, problem in part.problems)]
    own = [problem for problem in problems if problem.place.file in about]
    say, latest = _Sayer(desk.language, project), assessment.latest
    level = next((one.title for one in draft.rubric.levels if one.id == latest.level), None)
    return {
        "total": say("editor.panel.points", points=latest.points, max=latest.max),
        "level": say.show(level) if level else say("editor.panel.no_level") if draft.rubric.levels else "",
        "page": desk.page(name),
        "problems": [
            {
                "severity": say(f"severity.{problem.severity}"),
                "kind": problem.severity,
                "where": say.where(problem, text, form),
                "message": problem.message(desk.language, say.digits),
                "help": problem.help(desk.language, say.digits),
            }
            for problem in diagnostics.sort(own)
        ],
        **(_of_indicator(say, assessment, name) if indicator else _of_all(say, assessment)),
    }


def _of_indicator(say: _Sayer, assessment: Assessment, name: str) -> dict[str, Any]:
    node = assessment.latest.indicators[name]
    step = assessment.advice.indicators.get(name)
    return {
        "points": _points(say, node) if node.applies else say("editor.panel.apart"),
        "full": node.applies and node.points == node.max,
        "missing": say("editor.panel.missing", points=step.points) if step else "",
        "needs": [say.say(need.what) for need in step.needs] if step else [],
        "rungs": [_rung(say, leaf) for leaf in node.leaves() if leaf.max or leaf.points],
    }  # fmt: skip


def _points(say: _Sayer, node: NodeScore) -> str:
    return say("editor.panel.points", points=node.points, max=node.max)


def _rung(say: _Sayer, leaf: NodeScore) -> dict[str, Any]:
    text = (leaf.node.text or leaf.node.title) if isinstance(leaf.node, Criterion) else None
    return {
        "points": say.show(leaf.max),
        "text": say.show(text) if text else "",
        "holds": leaf.holds,
        "state": say("editor.panel.holds" if leaf.holds else "editor.panel.not_yet"),
        "why": [{"holds": one.holds, "text": say.say(one.because)} for one in leaf.findings],
    }


def _of_all(say: _Sayer, assessment: Assessment) -> dict[str, Any]:
    found = assessment.latest.indicators
    titles = {node.id: node.title for node in assessment.portfolio.rubric.every_indicator()}
    return {
        "points": say("editor.panel.points", points=assessment.latest.points, max=assessment.latest.max),
        "full": assessment.latest.points == assessment.latest.max,
        "list": [
            {
                "id": name,
                "text": f"{say.show(name)} {say.show(titles[name])}",
                "points": _points(say, node),
                "full": node.points == node.max,
            }
            for name, node in found.items()
        ],
    }


class _Sayer:
    """Says things in the language of the form, with the digits of the site."""

    def __init__(self, language: Language, project: Project) -> None:
        self.language, self.digits = language, project.site.digits

    def __call__(self, key: str, **args: object) -> str:
        return self.say(Message(key, args))

    def say(self, message: Message) -> str:
        return messages.say(message, self.language, self.digits)

    def show(self, value: object) -> str:
        return messages.show(value, self.language, self.digits)

    def where(self, problem: Diagnostic, text: str, form: Form) -> str:
        """The field that a problem is about, as the form calls it; empty where it is about none."""
        try:
            parts = strictyaml.split_front_matter(text)
            loaded = strictyaml.load(parts.front, first_line=parts.front_line)
        except strictyaml.YamlProblem:
            return ""
        at = (problem.place.line, problem.place.column)
        if at == (1, 1) or at[0] >= parts.body_line:
            return ""
        before = [(place, len(trail), trail) for places in (loaded.keys, loaded.places)
                  for trail, place in places.items() if trail and place <= at]  # fmt: skip
        trail = max(before)[2] if before else ()
        match trail:
            case (str(key),) if key in form.scalars:
                return self.show(form.scalars[key].title)
            case (str(key), int(position), *rest) if key in form.lists:
                entry = loaded.value[key][position]
                asked = form.fields(key, entry if isinstance(entry, dict) else {})
                named = asked.get(str(rest[0])) if rest else None
                place = self("editor.panel.entry", list=self._list(key), n=position + 1)
                return f"{place} · {self.show(named.title)}" if named else place
            case (str(key), *_) if key in form.lists:
                return self._list(key)
        return ""

    def _list(self, key: str) -> str:
        return self("editor.evidence") if key == "evidence" else key


# The desk --------------------------------------------------------------------------------------------------------


class State(NamedTuple):
    """What a desk works with, as it was read last."""

    project: Project
    portfolio: Portfolio
    ledger: links.Ledger
    forms: Mapping[str, Form]


class Desk:
    """One portfolio of the project in *root*, laid out to be filled in."""

    def __init__(self, root: Path, portfolio: str, language: Language) -> None:
        self.root, self.id, self.language = root.resolve(), portfolio, language
        self.token = secrets.token_urlsafe(24)
        self.site = ""
        """Where this machine shows the built site; empty while nobody does."""
        self._lock = threading.RLock()
        self._outlined: tuple[object, Project, Portfolio] | None = None
        self._state: tuple[object, State] | None = None
        self._followed: dict[tuple[str, str, str], str] = {}
        """(page, file, version that it opened) → version that it saved last: what it may go on from."""

    # The project, as it stands on disk

    def state(self) -> State:
        """What there is now, read again if it has changed; nothing is read of other portfolios.

        Raises Refused when it is gone.
        """
        with self._lock:
            around = _stamps([self.root / "rubrics", self.root / "content" / "site.yml", *self._unit_files()])
            if self._outlined is None or self._outlined[0] != around:
                project = load.outline(self.root).project
                outline = next((one for one in project.portfolios if one.id == self.id), None)
                if outline is None:
                    raise Refused("editor.gone", HTTPStatus.CONFLICT, name=self.id)
                self._outlined = around, project, outline
            _, project, outline = self._outlined
            folder = self.root / outline.folder
            inside = around, _stamps([folder, self.root / "content" / "links.json"])
            if self._state is None or self._state[0] != inside:
                if not folder.is_dir():
                    raise Refused("editor.gone", HTTPStatus.CONFLICT, name=self.id)
                portfolio = load.portfolio(self.root, folder, outline.unit, outline.rubric, project.site).portfolio
                state = State(project, portfolio, links.read(self.root)[0], editor.forms(portfolio))
                self._state = inside, state
            return self._state[1]

    def _unit_files(self) -> list[Path]:
        unit = self.root / "content" / self.id.rpartition("/")[0]
        return [folder / "unit.yml" for folder in (unit, *unit.parents) if folder.is_relative_to(self.root / "content")]

    def forms(self) -> Mapping[str, Form]:
        return self.state().forms

    def folder(self) -> str:
        return self.state().portfolio.folder

    def config(self) -> dict[str, Any]:
        project, portfolio, *_ = self.state()
        words = {
            key: messages.say(Message(f"editor.panel.{key}"), self.language)
            for key in ("loading", "problems", "sound", "page", "build", "building", "rungs", "all", "offline")
        }
        locale = {path: messages.say(Message(f"editor.cms.{key}"), self.language) for path, key in CMS_WORDS.items()}
        made = editor.config(project, [portfolio], self.language, api=f"/{self.token}/api")
        return {"decap": made, "panel": {"words": words, "locale": locale}}

    def page(self, name: str) -> str:
        """Where the built page of a form is shown; empty while there is none."""
        unit = urllib.parse.quote(self.id)
        path = f"{unit}/" if name == editor.PORTFOLIO else f"{unit}/{urllib.parse.quote(name)}/"
        return f"{self.site}/{path}" if self.site and (self.root / "site" / urllib.parse.unquote(path)).is_dir() else ""

    def skeletons(self) -> list[str]:
        """Make the files that are not there yet, for Decap fills in no defaults; gives their names."""
        portfolio = self.state().portfolio
        rubric, made = portfolio.rubric, dict[str, str | bytes]()
        once = editor.shared(rubric)
        made[f"{portfolio.folder}/portfolio.md"] = scaffold.portfolio(rubric, self.language)
        for node in rubric.every_indicator():
            made[f"{portfolio.folder}/{node.id}.md"] = scaffold.answer(rubric, node, self.language, without=once)
        return scaffold.write(self.root, made)[0]

    # Files

    def entry(self, path: object) -> tuple[str, Path, Form]:
        """The form that *path* is the file of: its path, where it lies, what it asks. Raises Refused for any other."""
        folder = self.folder()
        for name, form in self.forms().items():
            if path == f"{folder}/{name}.md":
                return str(path), self._inside(str(path)), form
        raise Refused("editor.not_here", HTTPStatus.FORBIDDEN)

    def media(self, path: object) -> Path:
        """Where an attachment of the portfolio lies, or is to. Raises Refused for any other path."""
        folder = f"{self.folder()}/"
        if not isinstance(path, str) or not path.startswith(folder) or not load.may_be_attached(path[len(folder) :]):
            raise Refused("editor.not_here", HTTPStatus.FORBIDDEN)
        return self._inside(path)

    def _inside(self, path: str) -> Path:
        """*path* below the project, where no part of it is a link: what it leads to would not be the portfolio's."""
        found = self.root
        for part in path.split("/"):
            found = found / part
            if found.is_symlink():
                raise Refused("editor.not_here", HTTPStatus.FORBIDDEN)
        if not found.resolve().is_relative_to(self.root):
            raise Refused("editor.not_here", HTTPStatus.FORBIDDEN)
        return found

    def text(self, path: Path) -> str | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            if len(data) > load.MAX_BYTES:
                raise Refused("editor.too_large")
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("editor.unreadable_file", file=path.name) from None

    # What Decap asks for

    def _listed(self, path: object, label: object = None) -> dict[str, Any]:
        """A file for Decap's list, where one that is written wrongly must not hide the others."""
        try:
            return self.opened(path, label)
        except Refused as refused:
            if refused.status == HTTPStatus.FORBIDDEN:
                raise
            return {"data": "---\n---\n", "file": {"path": path, "label": label, "id": None}}

    def opened(self, path: object, label: object = None) -> dict[str, Any]:
        """A file as Decap's list and form want it."""
        name, file, form = self.entry(path)
        text = self.text(file)
        shown = {"path": name, "label": label if isinstance(label, str) else None}
        if text is None:
            return {"data": None, "file": {**shown, "id": None}}
        try:
            data = served(text, form)
        except (strictyaml.YamlProblem, frontmatter.Unchangeable) as problem:
            raise Refused("editor.broken", file=name, line=getattr(problem, "line", 1)) from None
        return {"data": data, "file": {**shown, "id": _version(text)}}

    def save(self, params: Mapping[str, Any], page: str) -> dict[str, Any]:
        """Write what was filled in, and the attachments with it: all, or nothing. Raises Refused."""
        files = params.get("dataFiles") or [params.get("entry")]
        if not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
            raise Refused("editor.not_understood")
        with self._lock, publish.lock(self.root):
            attached = [self._attachment(asset) for asset in params.get("assets") or ()]
            texts = []
            for one in files:
                if not isinstance(one.get("raw"), str) or one.get("newPath", one.get("path")) != one.get("path"):
                    raise Refused("editor.not_understood")
                name, file, form = self.entry(one.get("path"))
                sent, text = read(one["raw"]), self.text(file)
                texts.append((name, file, sent.version, self._merged(name, text, sent, form, page)))
            for file, content in attached:
                if not file.exists():
                    publish.write(file, content)
            for name, file, version, text in texts:
                if self.text(file) != text:
                    publish.write(file, text.encode("utf-8"))
                while len(self._followed) >= KEPT:
                    del self._followed[next(iter(self._followed))]
                self._followed[page, name, version] = _version(text)
        return {"message": "saved"}

    def _merged(self, name: str, text: str | None, sent: Sent, form: Form, page: str) -> str:
        if text is None or not self._may_follow(page, name, sent.version, text):
            raise Refused("editor.changed_meanwhile", HTTPStatus.CONFLICT, file=name)
        try:
            return written(text, sent, form)
        except strictyaml.YamlProblem as problem:
            raise Refused("editor.broken", file=name, line=problem.line) from None
        except frontmatter.Unchangeable as problem:
            raise Refused("editor.cannot_change", file=name, where=str(problem)) from None

    def _may_follow(self, page: str, name: str, version: str, text: str) -> bool:
        """Whether *text* is what *page* opened, or what it saved since."""
        return self._followed.get((page, name, version), version) == _version(text)

    def _attachment(self, asset: object) -> tuple[Path, bytes]:
        """An attachment that was sent: judged before anything is written."""
        if (
            not isinstance(asset, dict)
            or asset.get("encoding") != "base64"
            or not isinstance(asset.get("content"), str)
        ):
            raise Refused("editor.not_understood")
        file = self.media(asset.get("path"))
        try:
            content = base64.b64decode(asset["content"], validate=True)
        except (binascii.Error, ValueError):
            raise Refused("editor.not_understood") from None
        if file.exists() and (not file.is_file() or file.read_bytes() != content):
            raise Refused("editor.name_taken", HTTPStatus.CONFLICT, file=file.name)
        with tempfile.TemporaryDirectory() as folder:
            aside = Path(folder, f"attachment{file.suffix}")
            aside.write_bytes(content)
            for code, args in attachments.problems(aside):
                why = Diagnostic(code, Place(file.name), "error", args).message(self.language)
                raise Refused("editor.not_attached", file=file.name, why=why)
        return file, content

    def shown_media(self, path: object) -> dict[str, Any]:
        file = self.media(path)
        if not file.is_file():
            raise Refused("editor.no_file", HTTPStatus.NOT_FOUND)
        content = file.read_bytes()
        return {
            "id": hashlib.sha256(content).hexdigest(),
            "content": base64.b64encode(content).decode("ascii"),
            "encoding": "base64",
            "path": file.relative_to(self.root).as_posix(),
            "name": file.name,
        }

    def listed(self, folder: object) -> list[dict[str, Any]]:
        """The attachments directly in a folder; none in one that is not there yet."""
        top = f"{self.folder()}/{load.FILES}"
        name = str(folder).strip("/")
        if name != top:
            self.media(name)
        found = self._inside(name)
        if not found.is_dir():
            return []
        files = [f"{name}/{path.name}" for path in sorted(found.iterdir()) if path.is_file() and not path.is_symlink()]
        own = f"{self.folder()}/"
        return [self.shown_media(file) for file in files if load.may_be_attached(file[len(own) :])]

    def delete(self, paths: Sequence[object]) -> dict[str, Any]:
        """Remove attachments; answers are never removed from here."""
        with self._lock, publish.lock(self.root):
            files = [self.media(path) for path in paths]
            for file in files:
                if file.is_file():
                    file.unlink()
        return {"message": "deleted"}

    def do(self, action: object, params: Mapping[str, Any], page: str) -> Any:
        """One action of Decap's protocol. Raises Refused."""
        match action:
            case "info":
                return {"repo": self.id, "publish_modes": ["simple"], "type": "local_fs"}
            case "entriesByFolder":
                folder, ending = str(params.get("folder")).strip("/"), f".{params.get('extension')}"
                names = [f"{self.folder()}/{name}.md" for name in self.forms()] if folder == self.folder() else []
                return [self._listed(name) for name in names if name.endswith(ending)]
            case "entriesByFiles":
                files = params.get("files")
                if not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
                    raise Refused("editor.not_understood")
                return [self._listed(one.get("path"), one.get("label")) for one in files]
            case "getEntry":
                return self.opened(params.get("path"))
            case "persistEntry":
                return self.save(params, page)
            case "getMedia":
                return self.listed(params.get("mediaFolder"))
            case "getMediaFile":
                return self.shown_media(params.get("path"))
            case "persistMedia":
                with self._lock, publish.lock(self.root):
                    file, content = self._attachment(params.get("asset"))
                    publish.write(file, content)
                return self.shown_media(file.relative_to(self.root).as_posix())
            case "deleteFile":
                return self.delete([params.get("path")])
            case "deleteFiles":
                paths = params.get("paths")
                return self.delete(paths if isinstance(paths, list) else [None])
            case "getDeployPreview":
                return None
        raise Refused("editor.not_understood")

    def draft(self, params: Mapping[str, Any], page: str) -> dict[str, Any]:
        """What the panel shows of a draft: its values as Decap holds them, nothing saved."""
        name, file, form = self.entry(params.get("path"))
        text, values, coming = self.text(file), params.get("values"), params.get("coming")
        if text is None or not isinstance(values, dict) or not isinstance(coming, list):
            raise Refused("editor.not_understood")
        body = str(values.pop("body", None) or "")
        version = str(values.pop(VERSION, ""))
        try:
            changed = written(text, Sent("", _clean(values), body), form)
        except strictyaml.YamlProblem as problem:
            raise Refused("editor.broken", file=name, line=problem.line) from None
        except frontmatter.Unchangeable as problem:
            raise Refused("editor.cannot_change", file=name, where=str(problem)) from None
        names = [one for one in coming if isinstance(one, str) and load.may_be_attached(one)]
        shown = panel(self, form.name, changed, names)
        if not self._may_follow(page, name, version, text):
            shown["stale"] = messages.say(Message("editor.changed_meanwhile", {"file": name}), self.language)
        return shown


def _clean(value: Any) -> Any:
    """Values of a draft as they will be read when they are saved."""
    match value:
        case str():
            return strictyaml.visible(value)
        case dict():
            return {str(key): _clean(one) for key, one in value.items()}
        case list():
            return [_clean(one) for one in value]
        case float():
            return Decimal(str(value))
    return value


def _stamps(places: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    """When the files at and below *places* were changed, and how large they are."""
    found = []
    for path in (inner for place in places for inner in (place, *place.rglob("*"))):
        with contextlib.suppress(OSError):
            state = path.lstat()
            found.append((str(path), state.st_mtime_ns, state.st_size))
    return tuple(sorted(found))


# Over HTTP -------------------------------------------------------------------------------------------------------

_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
          ".txt": "text/plain", ".svg": "image/svg+xml", ".xml": "application/xml", ".woff2": "font/woff2",
          ".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg", ".pdf": "application/pdf"}  # fmt: skip
Answered = tuple[HTTPStatus, str, bytes, dict[str, str]]


class Server(http.server.ThreadingHTTPServer):
    """Listens on this machine alone; the form is at `address`."""

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self.desk = desk
        super().__init__((HOST, port), _FormHandler)
        self.hosts = (f"{HOST}:{self.server_port}", f"localhost:{self.server_port}")

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_port}/{self.desk.token}/"


class SiteServer(http.server.ThreadingHTTPServer):
    """Shows the built site beside the form. Another port is another origin: no page of it can reach the form."""

    daemon_threads = True

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        super().__init__((HOST, 0), _SiteHandler)
        self.hosts = (f"{HOST}:{self.server_port}", f"localhost:{self.server_port}")
        desk.site = f"http://{HOST}:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Server | SiteServer

    def version_string(self) -> str:
        return "lakthan"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the secret, and a form sends many requests."""

    def trusted(self) -> bool:
        """Whether a browser was led here by our address: a name of somebody else's for this machine is another Host."""
        return self.headers.get("Host", "") in self.server.hosts

    def send(self, answer: Answered) -> None:
        status, kind, content, extra = answer
        self.send_response(status)
        binary = kind.startswith(("image/", "font/", "application/pdf", "application/octet-stream"))
        headers = {
            "Content-Type": kind if binary else f"{kind}; charset=utf-8",
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            **extra,
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def refuse(self, status: HTTPStatus, error: str = "") -> None:
        # What was sent may not have been read: the connection cannot be used again.
        self.close_connection = True
        self.send((status, "application/json", _json({"error": error or status.phrase}), {"Connection": "close"}))


class _FormHandler(_Handler):
    server: Server

    def do_GET(self) -> None:
        name = self.asked()
        if name is None:
            return
        found = self.file(name)
        if found is None:
            self.refuse(HTTPStatus.NOT_FOUND)
        else:
            self.send(found)

    def do_POST(self) -> None:
        name = self.asked()
        if name is None:
            return
        if self.headers.get("Origin") not in [f"http://{host}" for host in self.server.hosts]:
            self.refuse(HTTPStatus.FORBIDDEN)
            return
        if self.headers.get_content_type() != "application/json" or self.headers.get("Transfer-Encoding"):
            self.refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            return
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,12}", length):
            self.refuse(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_REQUEST:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self.say(Message("editor.too_large")))
        else:
            self.act(name, self.rfile.read(int(length)))

    def asked(self) -> str | None:
        """What of the desk is asked for; None when the request was refused, because nobody who may know asked."""
        token, _, name = self.path.removeprefix("/").partition("/")
        if not self.trusted() or not hmac.compare_digest(token.encode(), self.server.desk.token.encode()):
            self.refuse(HTTPStatus.FORBIDDEN)
            return None
        return name

    def act(self, name: str, content: bytes) -> None:
        desk = self.server.desk
        try:
            request = json.loads(content)
            if not isinstance(request, dict) or not isinstance(request.get("params") or {}, dict):
                raise Refused("editor.not_understood", HTTPStatus.BAD_REQUEST)
            params: dict[str, Any] = request.get("params") or {}
            page = self.headers.get("X-Lakthan-Page", "")
            actions: dict[str, Callable[[], Any]] = {
                "api": lambda: desk.do(request.get("action"), params, page),
                "panel": lambda: desk.draft(params, page),
                "build": lambda: build_site(desk),
            }
            if name not in actions:
                self.refuse(HTTPStatus.NOT_FOUND)
                return
            answer = actions[name]()
        except Refused as refused:
            self.refuse(refused.status, self.say(refused.message))
        except publish.Busy as busy:
            self.refuse(HTTPStatus.CONFLICT, self.say(busy.message))
        except (ValueError, RecursionError):  # no JSON, or one that only wants to be deep
            self.refuse(HTTPStatus.BAD_REQUEST, self.say(Message("editor.not_understood")))
        except OSError as problem:
            self.refuse(HTTPStatus.INTERNAL_SERVER_ERROR, self.say(publish.trouble(problem)))
        else:
            self.send((HTTPStatus.OK, "application/json", _json(answer), {}))

    def say(self, message: Message) -> str:
        return messages.say(message, self.server.desk.language)

    def file(self, name: str) -> Answered | None:
        desk = self.server.desk
        shipped = build.shipped() / "site_templates"
        if name == "":
            policy = editor.policy()
            title = messages.say(Message("editor.title"), desk.language)
            page = editor.page(shipped, desk.language, title, policy)
            headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
            return HTTPStatus.OK, "text/html", page, headers
        if name == "config.json":
            try:
                return HTTPStatus.OK, "application/json", _json(desk.config()), {}
            except Refused as refused:
                return refused.status, "application/json", _json({"error": self.say(refused.message)}), {}
        if name == "decap-cms.js":
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                return HTTPStatus.OK, "text/javascript", editor.decap(shipped), {"Content-Encoding": "gzip"}
            return HTTPStatus.OK, "text/javascript", editor.unpacked(shipped), {}
        if name in ("editor.js", "editor.css"):
            kind = _TYPES[Path(name).suffix]
            return HTTPStatus.OK, kind, (shipped / editor.FOLDER / name).read_bytes(), {}
        return None


class _SiteHandler(_Handler):
    server: SiteServer

    def do_GET(self) -> None:
        top = (self.server.desk.root / "site").resolve()
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        found = (top / path.lstrip("/")).resolve() if "\0" not in path else top.parent
        if self.trusted() and found.is_relative_to(top) and found.is_dir():
            if not path.endswith("/"):
                # Not as it was asked for: `//a` would lead to another machine.
                moved = {"Location": f"/{urllib.parse.quote(found.relative_to(top).as_posix())}/"}
                self.send((HTTPStatus.MOVED_PERMANENTLY, "text/plain", b"", moved))
                return
            found = (found / "index.html").resolve()
        if not self.trusted() or not found.is_relative_to(top) or not found.is_file():
            self.refuse(HTTPStatus.NOT_FOUND)
            return
        kind = _TYPES.get(found.suffix, "application/octet-stream")
        self.send((HTTPStatus.OK, kind, found.read_bytes(), {"X-Frame-Options": "SAMEORIGIN"}))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


def build_site(desk: Desk) -> dict[str, Any]:
    """Build the site by `lakthan build`, in a process of its own. Raises Refused with what it said."""
    command = [sys.executable, "-m", "lakthan.cli", "--root", str(desk.root), "--lang", desk.language, "build"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode:
        why = done.stderr.strip() or done.stdout.strip()
        raise Refused("editor.not_built", why=privacy.mask(why[-2000:]))
    return {"message": done.stdout.strip()}
