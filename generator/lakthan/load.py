"""From files to a project, and everything that is wrong with them.

Nothing is raised for an author's mistake: it becomes a diagnostic, and what could be read is still there.
"""

from __future__ import annotations

import datetime
import difflib
import errno
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic.json_schema import WithJsonSchema

from lakthan import documents, names, rubric, strictyaml, thai, verdicts
from lakthan.diagnostics import Diagnostic, Severity
from lakthan.model import (
    Answer,
    EditorSettings,
    English,
    FieldValue,
    Message,
    Place,
    Portfolio,
    Profile,
    Project,
    Record,
    Review,
    Site,
    Stated,
    Unit,
    Verdict,
)
from lakthan.rubric import (
    EVIDENCE_FIELDS,
    Day,
    FieldType,
    Indicator,
    NotNegative,
    Register,
    Rubric,
    Strict,
    Text,
    follows,
)

Trail = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

ANSWER_KEYS = ("self_score", "not_applicable", "status", "responsible", "personal_data", "evidence")
PORTFOLIO_KEYS = ("signed", "executive", "reporter", "demonstration", "self_level", "personal_data", "evidence")
WAIVABLE = ("citizen-number", "phone", "email", "bank-account")
"""Personal data that a file may hold on purpose, with a reason (`privacy` looks for it)."""
ENGLISH = ".en"
"""Before the ending of a file that says in English what the file of that name says in Thai."""
FILES = "files"
"""The folder of a portfolio's attachments."""
REVIEWS = "reviews"
"""The folder of what reviewers found in a portfolio."""
TAKEN = (
    *("rubrics", "units", "channels", "about", "data", "schemas", "assets", "search", "index", "404", "templates"),
    *("th", "en", "news", "diagnostics", "admin"),
)
"""Addresses of the site's own pages, which no unit may have; `templates` is a folder that MkDocs passes over."""
WITHIN = ("profile", "news")
"""Addresses below a unit that are its own pages, which no unit inside it may have."""

MAX_BYTES = 4_000_000
"""Of a file that is read as text: with its front matter alone the reader of YAML would stop sooner."""
MAX_BODY = 60_000
"""Characters of an account. A page of A4 has about 2,500."""
MAX_STEPS = 8_000_000
"""What Markdown may cost, in steps of its search for the ends of links: about half a second."""


class Loaded(NamedTuple):
    project: Project
    problems: tuple[Diagnostic, ...]


class SiteFile(Strict):
    """`content/site.yml`."""

    title: Text
    description: Text
    publisher: Text
    contact: str = ""
    licence: Text | None = None
    digits: str = "thai"
    languages: tuple[Literal["th", "en"], ...] = Field(default=("th", "en"), min_length=1)
    address: str = ""
    since: Day | None = None
    link_grace: int = Field(default=30, ge=0, le=3650)
    editor: EditorSettings | None = None


class UnitFile(Strict):
    """`content/<unit>/unit.yml`."""

    name: Text
    short: Text | None = None
    about: Text | None = None
    address: Text | None = None
    email: str = ""
    phone: str = ""
    website: str = ""
    profile: Profile | None = None
    demonstration: bool = False


def _id(value: Any) -> Any:
    # An indicator `3` or `1.10` is a number to YAML.
    return thai.ascii_digits(str(value)) if isinstance(value, str | int | Decimal) else value


Number = Annotated[str, BeforeValidator(_id), WithJsonSchema({"type": ["string", "number"]})]


class VerdictEntry(Strict):
    """A verdict in a review: on an indicator, or on the record that `evidence` names."""

    indicator: Number | None = None
    """May be left out for a record of `portfolio.md`, which is then meant wherever it serves."""
    evidence: str | None = None
    """The name of a record on the indicator's page, such as `evidence-3` or `shared-channels-1`."""
    seen: str | None = None
    """What the reviewer saw, 16 hexadecimal digits, as `lakthan new review` writes them."""
    verdict: Literal["accept", "reject", "ask"] | None = None
    """Empty: not yet looked at."""
    points: NotNegative | None = None
    """Of an indicator, in place of what its evidence gives."""
    reason: str | None = None
    """Why; with `ask` the question."""
    answer: str | None = None
    """What the unit answers a question."""
    answered: Day | None = None


class ReviewFile(Strict):
    """`content/<unit>/<rubric>/reviews/<name>.yml`: what a reviewer found. `docs/reviews.md` defines it."""

    lakthan: Literal[1]
    role: str = Field(min_length=1)
    """Who reviews: a role, never a person's name."""
    date: Day
    round: Number | None = None
    """The rubric's last one unless said."""
    final: bool = False
    """The decision of the committee; one for each round."""
    note: str | None = None
    verdicts: tuple[VerdictEntry, ...] = ()


class Keep(Protocol):
    """How a file or a folder is read: whoever loads again may keep what came of one that has not changed."""

    def __call__(self, path: Path, given: tuple[object, ...], make: Callable[[], T], /) -> T:
        """What *make* makes of what stands at *path*, and of *given*, and of nothing else."""


def _anew(_path: Path, _given: tuple[object, ...], make: Callable[[], T]) -> T:
    return make()


def load(root: Path, given: Mapping[str, Rubric] | None = None, *, keep: Keep = _anew) -> Loaded:
    """The project in the folder *root*: its `rubrics/` and `content/`. With *given* its answers are read by those
    rubrics, and its own are not looked at."""
    problems: list[Diagnostic] = [*_strange(root)]
    rubrics: dict[str, Rubric] = dict(given or {})
    places: dict[str, Mapping[Trail, Place]] = {}
    for path in _listed(root / "rubrics", ".yml") if given is None else ():
        read = keep(path, (), partial(_rubric_file, root, path))
        problems += read.problems
        if read.rubric:
            rubrics[read.rubric.id] = read.rubric
            places[read.rubric.id] = read.places
    content = root / "content"
    _report_strays(root, root / "rubrics", (".yml",), (), problems)
    _report_strays(root, content, (), ("site.yml", "links.json", "README.md"), problems)
    units: dict[str, Unit] = {}
    portfolios: list[Portfolio] = []
    site = _site(root, content / "site.yml", problems)
    reader = _UnitReader(root, content, rubrics, site, units, portfolios, problems, keep)
    for folder in _folders(content):
        reader.read(folder, None)
    if not content.is_dir():
        problems.append(Diagnostic("no-content", Place("content")))
    return Loaded(Project(site, rubrics, units, tuple(portfolios), places), tuple(problems))


def outline(root: Path) -> Loaded:
    """As `load`, with portfolios of which nothing is read yet, for whoever reads them one by one."""

    def empty(_path: Path, _given: tuple[object, ...], make: Callable[[], T]) -> T:
        if not isinstance(make, partial) or make.func is not portfolio:
            return make()
        _, folder, unit, rubric, _ = make.args
        name = _relative(root, folder)
        nothing: Any = ReadPortfolio(
            Portfolio(unit, rubric, name, Answer(None, Place(f"{name}/portfolio.md")), {}), (), ()
        )
        return nothing  # type: ignore[no-any-return]

    return load(root, keep=empty)


def _files(folder: Path) -> list[str]:
    """The names of the files in a folder, without hidden ones, in order; none where it is none or may not be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(entry.name for entry in found if not entry.name.startswith(".") and _is_file(entry))
    except OSError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads round in circles
        return False


def _listed(folder: Path, ending: str = "") -> list[Path]:
    return [folder / name for name in _files(folder) if name.endswith(ending)]


def _report_strays(
    root: Path,
    folder: Path,
    endings: tuple[str, ...],
    called: tuple[str, ...],
    problems: list[Diagnostic],
    files: Sequence[str] | None = None,
) -> None:
    """Files that nothing reads: a slip in the ending of a name must not look like a missing answer."""
    for file in _files(folder) if files is None else files:
        if not file.endswith(endings) and file not in called:
            path = folder / file
            known = tuple(f"{path.stem}{ending}" for ending in endings) or close(file, called)
            args = {"name": _printable(file), "known": known}
            problems.append(Diagnostic("stray-file", Place(_relative(root, path)), "warning", args))


def _folders(folder: Path) -> list[Path]:
    try:
        found = sorted(p for p in folder.iterdir() if not p.name.startswith((".", "_")))
    except OSError:  # no folder, or one that may not be read, which `_strange` reports
        return []
    return [p for p in found if p.is_dir() and not p.is_symlink()]


def _strange(root: Path) -> Iterator[Diagnostic]:
    """What is neither file nor folder or may lead out of the project, and what has a name that is not text.

    Nothing of the kind is read: a link could publish a file of the machine that builds, or lead round in circles.
    """
    ahead = ["rubrics", "content"]
    while ahead:
        folder = ahead.pop()
        try:
            with os.scandir(root / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            if (root / folder).exists():
                yield Diagnostic("unreadable-file", Place(_printable(folder)))
            continue
        for entry in entries:
            name = f"{folder}/{entry.name}"
            if name.isprintable() and entry.is_file(follow_symlinks=False):
                continue  # as nearly all are
            try:
                directory = entry.is_dir()
            except OSError:  # a link that leads round in circles
                directory = False
            if directory and entry.name.startswith("."):
                continue
            if entry.is_symlink():
                yield Diagnostic("symbolic-link", Place(_printable(name)))
            elif _printable(name) != name:
                yield Diagnostic("wrong-file-name", Place(_printable(name)), args={"name": _printable(entry.name)})
            elif not directory and not entry.is_file():
                yield Diagnostic("unreadable-file", Place(name))
            if entry.is_dir(follow_symlinks=False):
                ahead.append(name)


# One file --------------------------------------------------------------------------------------------------------


class _File:
    """A file that was read: its value, the places in it, and a way to complain about them."""

    def __init__(
        self,
        name: str,
        value: Any,
        places: Mapping[Trail, tuple[int, int] | tuple[int, int, str]],
        keys: Mapping[Trail, tuple[int, int]],
        problems: list[Diagnostic],
    ) -> None:
        self.name = name
        self.value = value
        self._places = places
        self._keys = keys
        self._problems = problems
        self.found: list[Diagnostic] = []
        self.failed = False

    def place(self, trail: Trail = ()) -> Place:
        """Where *trail* stands, or the nearest thing around it."""
        if found := self._keys.get(trail) or self._places.get(trail):
            return Place(self.name, *found)
        for end in range(len(trail) - 1, -1, -1):
            if found := self._keys.get(trail[:end]) or self._places.get(trail[:end]):
                return Place(self.name, *found)
        return Place(self.name)

    def value_place(self, trail: Trail) -> Place:
        found = self._places.get(trail)
        return Place(self.name, *found) if found else self.place(trail)

    def all_places(self) -> dict[Trail, Place]:
        return {trail: self.place(trail) for trail in self._places}

    def report(
        self, code: str, trail: Trail = (), severity: Severity = "error", *, at_value: bool = False, **args: object
    ) -> None:
        place = self.value_place(trail) if at_value else self.place(trail)
        self.found.append(Diagnostic(code, place, severity, args))
        self._problems.append(self.found[-1])
        self.failed = self.failed or severity == "error"


def _relative(root: Path, path: Path) -> str:
    return _printable(path.relative_to(root).as_posix())


def _printable(name: str) -> str:
    r"""A name as it can be shown: bytes that are no text and characters that nobody sees are written out.

    >>> _printable("ก\udcff\n.md")
    'ก\\xff\\x0a.md'
    """
    if name.isprintable():
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        f"\\x{ord(c):02x}" if c < " " or c == "\x7f" else f"\\u{ord(c):04x}" if _hidden(c) else c for c in text
    )


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")


_MARK = b"\xef\xbb\xbf"


def _read_text(path: str | Path, name: str, problems: list[Diagnostic]) -> str | None:
    """The text of a file, which the project knows as *name*."""
    if not documents.NO_LINK and Path(path).is_symlink():  # `_strange` reports it
        return None
    data = b""
    try:
        data = documents.beginning(path, MAX_BYTES + 1, documents.NO_LINK)
        if len(data) > MAX_BYTES:
            problems.append(Diagnostic("file-too-large", Place(name), args={"limit": MAX_BYTES}))
            return None
        data = data.removeprefix(_MARK)
        return data.decode()
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        problems.append(Diagnostic("not-utf8", Place(name, line)))
    except OSError as problem:
        if problem.errno not in (errno.ELOOP, errno.EMLINK):  # a link: as above
            problems.append(Diagnostic("unreadable-file", Place(name)))
    return None


def _parse(name: str, text: str, first_line: int, problems: list[Diagnostic]) -> _File | None:
    try:
        loaded = strictyaml.load(text, first_line=first_line)
    except strictyaml.YamlProblem as problem:
        problems.append(Diagnostic(problem.code, Place(name, problem.line, problem.column), args=problem.values))
        return None
    return _File(name, loaded.value, loaded.places, loaded.keys, problems)


def _read_yaml(root: Path, path: Path, problems: list[Diagnostic]) -> _File | None:
    name = _relative(root, path)
    text = _read_text(path, name, problems)
    file = _parse(name, text, 1, problems) if text is not None else None
    if file and not isinstance(file.value, dict):
        file.report("not-a-mapping")
        return None
    return file


def _validate(file: _File, kind: type[M]) -> M | None:
    """The file as *kind*, or None with a diagnostic for each thing that is wrong."""
    try:
        return kind.model_validate(file.value)
    except ValidationError as problem:
        for error in problem.errors():
            _report_invalid(file, kind, error)
        return None


_KNOWN_KEYS = sorted(
    {
        field.alias or name
        for found in vars(rubric).values()
        if isinstance(found, type) and issubclass(found, BaseModel)
        for name, field in found.model_fields.items()
    }
)


def _report_invalid(file: _File, kind: type[BaseModel], error: Any) -> None:
    """One of pydantic's errors as a diagnostic of ours."""
    trail = _trail(file.value, error["loc"])
    last = str(error["loc"][-1]) if error["loc"] else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            file.report("missing-key", trail, key=last)
        case "extra_forbidden":
            known = _KNOWN_KEYS if kind is Rubric else sorted(kind.model_fields)
            file.report("unknown-key", trail, key=last, known=close(last, known))
        case "union_tag_not_found" | "union_tag_invalid":
            value = error["input"]
            name = next(iter(value), "") if isinstance(value, dict) else str(value)
            file.report("unknown-condition", trail, name=str(name), known=close(str(name), rubric.CONDITIONS))
        case "value_error" if isinstance(context.get("error"), thai.Unreadable):
            file.report(f"wrong-{context['error'].code}", trail, at_value=True, value=_shown(error["input"]))
        case "literal_error":
            # Pydantic lists them in English: 'highest', 'sum' or 'mean'.
            choices = tuple(re.findall("'([^']*)'", context["expected"])) or context["expected"]
            file.report("wrong-choice", trail, at_value=True, value=_shown(error["input"]), choices=choices)
        case "string_pattern_mismatch" | "string_too_long":
            file.report("wrong-name", trail, at_value=True, value=_shown(error["input"]))
        case (
            "comparison"
            | "of_what"
            | "award"
            | "leaf"
            | "leaf_keys"
            | "children"
            | "choices"
            | "period_and_rounds" as code
        ):
            file.report(f"language-{code.replace('_', '-')}", trail)
        case _:
            file.report("wrong-type", trail, at_value=True, value=_shown(error["input"]), wanted=_wanted(error["type"]))


_WANTED = {
    "string_type": "text",
    "int_type": "number",
    "int_parsing": "number",
    "int_from_float": "number",
    "bool_type": "yes_no",
    "bool_parsing": "yes_no",
    "tuple_type": "list",
    "list_type": "list",
    "model_type": "map",
    "dict_type": "map",
    "too_short": "more",
}
"""What would have been right (`wanted.…` in the catalogue), by pydantic's name of the error."""


def _wanted(error: str) -> Message:
    return Message(f"wanted.{_WANTED.get(error, 'other')}")


def _trail(value: Any, location: Sequence[Any]) -> Trail:
    """A path inside the file from pydantic's, which also names the members of unions on its way."""
    trail: list[str | int] = []
    for step in location:
        if isinstance(value, dict) and step in value:
            value = value[step]
            trail.append(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
            trail.append(step)
    return tuple(trail)


def close(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """What *name* may have meant."""
    if len(name) > 100:  # nothing is called that, and comparing takes its time
        return ()
    return tuple(difflib.get_close_matches(name, list(known), n=2, cutoff=0.6))


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


_IMPOSSIBLE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]|^[ .]|[ .]$')


def _may_be_called(name: str) -> bool:
    """Whether a file can have this name on every machine, and is published under it.

    Spaces, Thai and `#` are all right: links write them in their own way. MkDocs leaves out what begins with a dot.

    >>> names = ("แผน (ใหม่).pdf", "50%#1.pdf", "a?.pdf", "con.pdf", ".a.pdf", "a.pdf ")
    >>> [name for name in names if _may_be_called(name)]
    ['แผน (ใหม่).pdf', '50%#1.pdf']
    """
    too_long = len(name.encode("utf-8", "surrogateescape")) > 255
    return not (_IMPOSSIBLE.search(name) or names.DEVICE.fullmatch(name) or any(map(_hidden, name)) or too_long)


def may_be_attached(name: str) -> bool:
    """Whether a path, relative to the portfolio's folder, may be that of an attachment.

    >>> may_be_attached("files/1/แผน.pdf"), may_be_attached("files/../portfolio.md"), may_be_attached("/files/a.pdf")
    (True, False, False)
    """
    parts = name.split("/")
    return len(parts) > 1 and parts[0] == FILES and all(part and _may_be_called(part) for part in parts)


def document(root: Path, path: Path, kind: type[M], problems: list[Diagnostic]) -> tuple[_File, M] | None:
    """A YAML file that is no part of a project, as *kind*, and where things stand in it. *path* is below *root*."""
    file = _read_yaml(root, path, problems)
    found = _validate(file, kind) if file else None
    return (file, found) if file and found is not None else None


def rubric_file(root: Path, path: Path, problems: list[Diagnostic]) -> Rubric | None:
    """The rubric in a file that is no part of a project. *path* is below *root*."""
    file = _read_yaml(root, path, problems)
    return _rubric(file) if file else None


# Rubrics ---------------------------------------------------------------------------------------------------------


def rubric_from(
    name: str, value: dict[str, Any], places: Mapping[Trail, tuple[int, int]], problems: list[Diagnostic]
) -> Rubric | None:
    """A rubric that was not written as a file: what it says as *value*, and where in *name* each part of it stands."""
    return _rubric(_File(name, value, places, {}, problems))


class _ReadRubric(NamedTuple):
    rubric: Rubric | None
    places: Mapping[Trail, Place]
    problems: Sequence[Diagnostic]


def _rubric_file(root: Path, path: Path) -> _ReadRubric:
    problems: list[Diagnostic] = []
    file = _read_yaml(root, path, problems)
    found = file and _rubric(file)
    if not file or not found:
        return _ReadRubric(None, {}, problems)
    if found.id != path.stem:
        file.report("rubric-file-name", ("id",), name=found.id, file=path.name)
    return _ReadRubric(found, file.all_places(), problems)


def _rubric(file: _File) -> Rubric | None:
    found = _validate(file, Rubric)
    if found is None:
        return None
    for problem in names.unresolved(found):
        file.report(problem.code, problem.path, name=problem.name, known=close(problem.name, problem.known))
    return None if file.failed else found


# Units -----------------------------------------------------------------------------------------------------------


def _site(root: Path, path: Path, problems: list[Diagnostic]) -> Site:
    fallback = Site(Text(th="แฟ้มหลักฐาน", en="Evidence portfolios"), Text(th="", en=""), Text(th="", en=""))
    if not path.is_file():
        return fallback
    file = _read_yaml(root, path, problems)
    found = _validate(file, SiteFile) if file else None
    if not found or not file:
        return fallback
    if found.digits not in ("thai", "ascii"):
        file.report("wrong-choice", ("digits",), at_value=True, value=found.digits, choices="thai, ascii")
    _check_editor(file, found.editor)
    return Site(
        title=found.title,
        description=found.description,
        publisher=found.publisher,
        contact=found.contact,
        licence=found.licence,
        digits="ascii" if found.digits == "ascii" else "thai",
        languages=tuple(dict.fromkeys(found.languages)),
        address=found.address,
        since=found.since,
        link_grace=found.link_grace,
        editor=found.editor,
    )


_SERVER = re.compile(r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._-]+)*/?")


def _check_editor(file: _File, editor: EditorSettings | None) -> None:
    """Each service signs people in by its own way, and its addresses stand in the policy of the page."""
    if editor is None:
        return
    for key in ("oauth", "server"):
        address = getattr(editor, key)
        if address and not _SERVER.fullmatch(address):
            file.report("wrong-link", ("editor", key), at_value=True, value=_shown(address))
    needed = "oauth" if editor.backend == "github" else "app_id"
    if not getattr(editor, needed):
        file.report("missing-key", ("editor",), key=needed)


def _with_site(portfolio: Portfolio, site: Site) -> Portfolio:
    """The portfolio with the site itself as one more external channel, wherever channels are listed.

    The site shows everything, so that it carries whatever a rubric asks channels to carry.
    """
    register = portfolio.rubric.register("channels")
    if not site.address or register is None:
        return portfolio
    values: dict[str, FieldValue] = {
        "kind": "website",
        "name": site.title.th,
        "scope": "external",
        "public": True,
        "url": site.address,
        **{name: tuple(field.choices) for name, field in register.fields.items() if field.type == "choices"},
    }
    values["place"] = _place_of(values)
    if site.since:
        values["date"] = site.since
    elif portfolio.rubric.handling.undated == "reject":
        return portfolio  # it could not count: no day is known on which it was there

    def added(answer: Answer) -> Answer:
        listed = answer.registers.get("channels")
        if listed is None or any(record.values.get("place") == values["place"] for record in listed):
            return answer
        seen = verdicts.seen("channels", values, {})
        record = Record("channels", values, Place("content/site.yml"), answer.indicator, len(listed) + 1, seen)
        return replace(answer, registers={**answer.registers, "channels": (*listed, record)})

    answers = {name: added(answer) for name, answer in portfolio.answers.items()}
    return replace(portfolio, shared=added(portfolio.shared), answers=answers)


class _ReadUnit(NamedTuple):
    unit: Unit | None
    problems: Sequence[Diagnostic]


def _unit_file(root: Path, path: Path, identity: str, parent: str | None) -> _ReadUnit:
    problems: list[Diagnostic] = []
    file = _read_yaml(root, path, problems)
    found = _validate(file, UnitFile) if file else None
    if not file or not found:
        return _ReadUnit(None, problems)
    values = {field: getattr(found, field) for field in UnitFile.model_fields}
    return _ReadUnit(Unit(id=identity, place=file.place(), parent=parent, **values), problems)


class ReadPortfolio(NamedTuple):
    """A portfolio, and what is wrong in its files; of its reviews only where there is such a unit."""

    portfolio: Portfolio
    problems: Sequence[Diagnostic]
    of_reviews: Sequence[Diagnostic]


def portfolio(
    root: Path, folder: Path, unit: str, rubric: Rubric, site: Site, texts: dict[str, str] | None = None
) -> ReadPortfolio:
    """What stands in the folder of a portfolio, with its reviews and the site itself as a channel.

    Whoever wants to look through its texts too gives *texts*: each that was read goes there, under the name of its
    file.
    """
    problems: list[Diagnostic] = []
    of_reviews: list[Diagnostic] = []
    found = _with_site(_portfolio(root, folder, unit, rubric, problems, texts), site)
    return ReadPortfolio(_with_reviews(root, found, of_reviews), problems, of_reviews)


class _UnitReader:
    """Reads the folders of units: who each is, its portfolios, and the units below it."""

    def __init__(
        self,
        root: Path,
        content: Path,
        rubrics: Mapping[str, Rubric],
        site: Site,
        units: dict[str, Unit],
        portfolios: list[Portfolio],
        problems: list[Diagnostic],
        keep: Keep,
    ) -> None:
        self.root, self.content, self.rubrics, self.site = root, content, rubrics, site
        self.units, self.portfolios, self.problems, self.keep = units, portfolios, problems, keep

    def report(self, code: str, file: str, severity: Severity = "error", **args: object) -> None:
        self.problems.append(Diagnostic(code, Place(file), severity, args))

    def read(self, folder: Path, parent: str | None) -> None:
        """A unit's folder and all below it."""
        root, rubrics = self.root, self.rubrics
        name = _relative(root, folder)
        identity = _relative(self.content, folder)
        if not (folder / "unit.yml").is_file():
            self.report("no-unit-file", name, folder=name)
            return
        if not may_be_unit(folder.name):
            self.report("wrong-folder-name", f"{name}/unit.yml", name=_printable(folder.name))
            return
        if folder.name.lower() in (TAKEN if parent is None else WITHIN):
            self.report("taken-folder-name", f"{name}/unit.yml", name=folder.name)
            return
        path = folder / "unit.yml"
        unit, found = self.keep(path, (parent,), partial(_unit_file, root, path, identity, parent))
        self.problems += found
        if unit:
            self.units[identity] = unit
        _report_strays(root, folder, (), ("unit.yml", "README.md"), self.problems)
        for child in _folders(folder):
            if child.name in rubrics and (child / "unit.yml").is_file():
                self.report("taken-folder-name", f"{_relative(root, child)}/unit.yml", name=child.name)
            elif child.name in rubrics:
                rubric = rubrics[child.name]
                make = partial(portfolio, root, child, identity, rubric, self.site)
                # Nobody else reads what belongs to no unit: its mistakes are told here.
                answered, problems, of_reviews = (self.keep if unit else _anew)(child, (rubric, self.site), make)
                self.problems += problems
                if unit:
                    self.problems += of_reviews
                    self.portfolios.append(answered)
            elif (child / "unit.yml").is_file():
                self.read(child, identity)
            elif listed := _listed(child, ".md"):
                # A rubric that has errors of its own is already reported; its answers are not at fault.
                if not (root / "rubrics" / f"{child.name}.yml").is_file():
                    known = close(child.name, rubrics)
                    self.report("unknown-rubric", _relative(root, listed[0]), name=_printable(child.name), known=known)
            else:
                self.report("stray-folder", _relative(root, child), "warning", name=_printable(child.name))


def _portfolio(
    root: Path,
    folder: Path,
    unit: str,
    rubric: Rubric,
    problems: list[Diagnostic],
    texts: dict[str, str] | None = None,
) -> Portfolio:
    indicators = _indicators(rubric)
    here = _relative(root, folder)
    shared = Answer(None, Place(f"{here}/portfolio.md"))
    files = _files(folder)
    _report_strays(root, folder, (".md",), (), problems, files)
    answers: dict[str, Answer] = {}
    head: dict[str, Any] = {}
    english: dict[str, _Written] = {}
    for file in files:
        if file == "README.md" or not file.endswith(".md"):
            continue
        stem = thai.ascii_digits(file.removesuffix(".md"))
        one = _Written(folder, file, f"{here}/{_printable(file)}")
        if stem == "portfolio":
            found = _answer(one, rubric, None, problems, texts)
            if found:
                shared, head = found
        elif stem in indicators and stem not in answers:
            # One that cannot be read is an answer all the same: its trouble is reported once, where it is.
            found = _answer(one, rubric, stem, problems, texts)
            answers[stem] = found[0] if found else Answer(stem, Place(one.name))
        elif stem in indicators:
            args = {"name": stem, "other": answers[stem].place.file}
            problems.append(Diagnostic("indicator-twice", Place(one.name), args=args))
        elif stem.endswith(ENGLISH):
            english[stem.removesuffix(ENGLISH)] = one
        else:
            unknown = {"name": _printable(file.removesuffix(".md")), "known": close(stem, indicators)}
            problems.append(Diagnostic("unknown-indicator", Place(one.name), args=unknown))
    for name, one in english.items():
        original = shared if name == "portfolio" else answers.get(name)
        if original is None or not (root / original.place.file).is_file():
            problems.append(Diagnostic("english-alone", Place(one.name), args={"name": f"{name}.md"}))
        elif name == "portfolio":
            # It may say anything of the portfolio in English, once for all its files.
            shared = replace(shared, english=_english(one, rubric, (shared, *answers.values()), head, problems))
        else:
            answers[name] = replace(original, english=_english(one, rubric, (original,), {}, problems))
    return Portfolio(
        unit=unit,
        rubric=rubric,
        folder=here,
        shared=shared,
        answers={name: answers[name] for name in indicators if name in answers},
        **head,
    )


def _indicators(rubric: Rubric) -> Mapping[str, Indicator]:
    known = follows(rubric)
    if "by id" not in known:
        known["by id"] = {node.id: node for node in rubric.every_indicator()}
    found: Mapping[str, Indicator] = known["by id"]
    return found


class _Written(NamedTuple):
    """A Markdown file of a portfolio, and what the project knows it as."""

    folder: Path
    file: str
    name: str

    def text(self, problems: list[Diagnostic], texts: dict[str, str] | None) -> str | None:
        text = _read_text(f"{self.folder}{os.sep}{self.file}", self.name, problems)
        if text is not None and texts is not None:
            texts[self.name] = text
        return text


# Reviews ---------------------------------------------------------------------------------------------------------


def _with_reviews(root: Path, portfolio: Portfolio, problems: list[Diagnostic]) -> Portfolio:
    """The portfolio with what reviewers found in it."""
    folder = root / portfolio.folder / REVIEWS
    if not folder.is_dir() or folder.is_symlink():
        return portfolio
    _report_strays(root, folder, (".yml",), ("README.md",), problems)
    reader = _ReviewReader(portfolio)
    found = [review for path in _listed(folder, ".yml") if (review := reader.read(root, path, problems))]
    return replace(portfolio, reviews=tuple(found))


class _ReviewReader:
    """Reads the reviews of one portfolio: what they speak of must be there."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio, self.rubric = portfolio, portfolio.rubric
        self.indicators = _indicators(self.rubric)
        self.finals: dict[str | None, str] = {}

    def read(self, root: Path, path: Path, problems: list[Diagnostic]) -> Review | None:
        file = _read_yaml(root, path, problems)
        found = _validate(file, ReviewFile) if file else None
        if not file or not found:
            return None
        if not may_be_review(path.stem):
            file.report("review-file-name", name=_printable(path.stem))
            return None
        rounds = [one.id for one in self.rubric.rounds]
        if found.round is not None and found.round not in rounds:
            known = close(found.round, rounds) or tuple(rounds)
            file.report("review-unknown-round", ("round",), at_value=True, name=_shown(found.round), known=known)
            return None
        round = verdicts.round_of(self.rubric, found.round)
        if found.final:
            if round in self.finals:
                file.report("review-two-finals", ("final",), other=self.finals[round])
            self.finals.setdefault(round, file.name)
        first: dict[tuple[str | None, str | None], int] = {}
        kept = []
        for i, entry in enumerate(found.verdicts):
            trail: Trail = ("verdicts", i)
            matter = entry.indicator, entry.evidence
            if entry.verdict is None or not self.sound(file, trail, entry, round):
                continue
            if matter in first:
                file.report("review-twice", trail, line=first[matter])
                continue
            place = file.place(trail)
            first[matter] = place.line
            kept.append(
                Verdict(
                    indicator=entry.indicator,
                    evidence=entry.evidence,
                    seen=entry.seen or "",
                    verdict=entry.verdict,
                    place=place,
                    points=entry.points,
                    reason=(entry.reason or "").strip(),
                    answer=(entry.answer or "").strip(),
                    answered=entry.answered,
                )
            )
        return Review(
            name=path.stem,
            role=found.role.strip(),
            date=found.date,
            round=round,
            final=found.final,
            verdicts=tuple(kept),
            place=file.place(),
            note=(found.note or "").strip(),
        )

    def sound(self, file: _File, trail: Trail, entry: VerdictEntry, round: str | None) -> bool:
        """Whether a verdict can be taken as it stands; what is wrong with it is reported."""
        before = len(file.found)
        node = self.indicators.get(entry.indicator or "")
        if entry.indicator is None and not (entry.evidence or "").startswith("shared-"):
            file.report("missing-key", trail, key="indicator")
        elif entry.indicator is not None and node is None:
            known = close(entry.indicator, self.indicators)
            file.report(
                "review-unknown-indicator",
                (*trail, "indicator"),
                at_value=True,
                name=_shown(entry.indicator),
                known=known,
            )
        else:
            self.was_seen(file, trail, entry, node)
        if entry.points is not None and (entry.evidence is not None or entry.verdict == "ask"):
            file.report("review-points-misplaced", (*trail, "points"))
        elif entry.points is not None and node:
            most = verdicts.most(self.rubric, node, round)
            if entry.points > most:
                file.report("review-points-beyond", (*trail, "points"), at_value=True, name=node.id, max=most)
        if (entry.verdict in ("reject", "ask") or entry.points is not None) and not (entry.reason or "").strip():
            file.report("review-no-reason", trail, verdict=Message(f"review.verdict.{entry.verdict}"))
        if entry.verdict != "ask" and (entry.answer is not None or entry.answered is not None):
            key = "answer" if entry.answer is not None else "answered"
            file.report("review-answer-misplaced", (*trail, key))
        return len(file.found) == before

    def was_seen(self, file: _File, trail: Trail, entry: VerdictEntry, node: Indicator | None) -> None:
        """What was looked at is named as it can be, and `seen` says how it was."""
        if entry.evidence is None and node:
            now = verdicts.seen_of(self.portfolio, node)
        else:
            nodes = [node] if node else list(self.indicators.values())
            shown = {r.name: r.seen for one in nodes for r in verdicts.records(self.portfolio, one)}
            name = entry.evidence or ""
            now = shown.get(name, "")
            if not now and not self.may_be_record(name):
                known = close(name, shown)
                file.report(
                    "review-unknown-evidence", (*trail, "evidence"), at_value=True, name=_shown(name), known=known
                )
                return
        if not entry.seen:
            file.report("review-not-seen", trail, seen=now or "?")
        elif not re.fullmatch(f"[0-9a-f]{{{verdicts.DIGITS}}}", entry.seen):
            file.report("review-wrong-seen", (*trail, "seen"), at_value=True, value=_shown(entry.seen), seen=now or "?")

    def may_be_record(self, name: str) -> bool:
        """Whether a record of this name may have been there: the unit may have removed it since."""
        found = re.fullmatch(r"(?:shared-)?([a-z][a-z0-9_]*)-[1-9][0-9]{0,5}", name)
        return found is not None and (found[1] == "evidence" or self.rubric.register(found[1]) is not None)


@lru_cache(maxsize=65536)
def _unchanged(path: str, _size: int, _modified: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256(path: Path) -> str:
    """Of the bytes of a file; empty where it cannot be read. `lakthan serve` asks again and again."""
    try:
        state = path.stat()
        return _unchanged(str(path), state.st_size, state.st_mtime_ns)
    except OSError:
        return ""


# Answers ---------------------------------------------------------------------------------------------------------


def _answer(
    one: _Written,
    rubric: Rubric,
    indicator: str | None,
    problems: list[Diagnostic],
    texts: dict[str, str] | None,
) -> tuple[Answer, dict[str, Any]] | None:
    """One Markdown file: an indicator's answer, or (indicator None) the portfolio's shared one with its head."""
    text = one.text(problems, texts)
    read = None if text is None else _parts(one.name, text, problems)
    if read is None:
        return None
    file, body, body_line = read
    return _AnswerReader(one.folder, file, rubric, indicator).read(body, body_line)


def _parts(
    name: str, text: str, problems: list[Diagnostic], *, optional: bool = False
) -> tuple[_File, str, int] | None:
    """A Markdown file in its parts: what stands in front (if it need not, nothing), the text, and where that begins."""
    try:
        front = strictyaml.split_front_matter(text, optional=optional)
    except strictyaml.YamlProblem as problem:
        problems.append(Diagnostic(problem.code, Place(name, problem.line, problem.column), args=problem.values))
        return None
    file = _parse(name, front.front, front.front_line, problems)
    if file is None:
        return None
    if file.value is None:
        file.value = {}
    if not isinstance(file.value, dict):
        file.report("not-a-mapping")
        return None
    body = front.body
    if len(body) > MAX_BODY or _may_be_heavy(body):
        problems.append(Diagnostic("text-too-heavy", Place(name, front.body_line), args={"limit": MAX_BODY}))
        body = ""
    for line, column, tag in _left_out(body):
        place = Place(name, front.body_line + line, column)
        problems.append(Diagnostic("html-not-shown", place, "warning", {"tag": tag}))
    return file, body, front.body_line


def _english(
    one: _Written,
    rubric: Rubric,
    answers: Sequence[Answer],
    head: Mapping[str, Any],
    problems: list[Diagnostic],
) -> English | None:
    """The English of an answer, or of a whole portfolio: its account, and `texts`. It states nothing of its own."""
    text = one.text(problems, None)
    read = None if text is None else _parts(one.name, text, problems, optional=True)
    if read is None:
        return None
    file, body, body_line = read
    known = {text for answer in answers for text in _texts(answer)} | {v for v in head.values() if isinstance(v, str)}
    texts: dict[str, str] = {}
    for key, given in file.value.items():
        if key != "texts":
            stated = key in (*ANSWER_KEYS, *PORTFOLIO_KEYS, *rubric.facts) or rubric.register(key) is not None
            args = {"key": key} if stated else {"key": key, "known": close(key, ("texts",))}
            file.report("english-states" if stated else "unknown-key", (key,), **args)
        elif not isinstance(given, dict):
            if given is not None:
                file.report("not-a-mapping", (key,))
        else:
            for meant, said in given.items():
                trail = (key, meant)
                if isinstance(said, dict | list | bool):
                    file.report("wrong-type", trail, at_value=True, value=_shown(said), wanted=_wanted("string_type"))
                elif meant not in known:
                    file.report("english-unused", trail, "warning", text=_shown(meant), known=close(meant, known))
                elif said is not None:
                    texts[meant] = str(said).strip()
    return English(Place(file.name), body, body_line, texts)


def _texts(answer: Answer) -> Iterator[str]:
    """What an answer says in words, but its account."""
    yield from (text for text in (answer.responsible, answer.not_applicable) if text)
    for record in (*answer.evidence, *(r for found in answer.registers.values() for r in found)):
        yield from (value for value in record.values.values() if isinstance(value, str))


def answer_from(
    folder: Path,
    name: str,
    value: dict[str, Any],
    places: Mapping[Trail, tuple[int, int] | tuple[int, int, str]],
    rubric: Rubric,
    indicator: str | None,
    problems: list[Diagnostic],
) -> tuple[Answer, dict[str, Any]]:
    """An answer that was not written as a file: its front matter as *value*, and where each part of it stands.

    *folder* is the portfolio's, which attachments are looked for in; *name* is what *places* are places of. Gives the
    answer and, for the portfolio's own (indicator None), its head.
    """
    return _AnswerReader(folder, _File(name, value, places, {}, problems), rubric, indicator).read("", 1)


def revised(
    root: Path, site: Site, portfolio: Portfolio, indicator: str | None, text: str, coming: Collection[str] = ()
) -> tuple[Portfolio, tuple[Diagnostic, ...]]:
    """*portfolio* as if the file of *indicator* (None: `portfolio.md`) held *text*, and what is wrong with that.

    Nothing is written; *coming* names attachments that will be there. A text that cannot be read changes nothing.
    """
    problems: list[Diagnostic] = []
    name = f"{portfolio.folder}/{indicator or 'portfolio'}.md"
    parts = _parts(name, text, problems)
    if parts is None:
        return portfolio, tuple(problems)
    file, body, line = parts
    reader = _AnswerReader(root / portfolio.folder, file, portfolio.rubric, indicator, frozenset(coming))
    answer, head = reader.read(body, line)
    if indicator is None:
        bare = Portfolio(portfolio.unit, portfolio.rubric, portfolio.folder, answer, portfolio.answers, **head)
        shared = replace(answer, english=portfolio.shared.english)
        changed = replace(bare, shared=shared, reviews=portfolio.reviews)
    else:
        old = portfolio.answers.get(indicator)
        answer = replace(answer, english=old.english if old else None)
        order = [node.id for node in portfolio.rubric.every_indicator()]
        answers = {**portfolio.answers, indicator: answer}
        changed = replace(portfolio, answers={key: answers[key] for key in order if key in answers})
    return _with_site(changed, site), tuple(problems)


_CODE = re.compile(r"`+[^`]*`+")
_LEFT_OUT = re.compile(r"<(script|style)\b", re.IGNORECASE)


def _left_out(body: str) -> Iterator[tuple[int, int, str]]:
    """The elements of HTML that are left out of an account with all that stands in them: line from 0, column, tag.

    >>> list(_left_out("a <script>b</script>\\n\\n`<style>`"))
    [(0, 3, 'script')]
    """
    if "<" not in body or not _LEFT_OUT.search(body):
        return
    fenced, after_empty = False, True
    for number, line in enumerate(body.split("\n")):
        if line.startswith(("```", "~~~")):
            fenced = not fenced
        code = fenced or (after_empty and line.startswith(("    ", "\t")))
        if not code and (found := _LEFT_OUT.search(_CODE.sub(lambda code: " " * len(code[0]), line))):
            yield number, found.start() + 1, found[1].lower()
        after_empty = not line.strip()


def steps(body: str) -> int:
    """About how long Markdown looks for the ends of what begins in a text.

    For each `[` it goes through all of the paragraph, for each line that could be a heading too, but faster; for each
    `<` through all of the text.

    >>> steps("[a](b)") < 10, steps("[" * 10_000) > MAX_STEPS
    (True, True)
    """
    found = re.split(r"\n[ \t]*\n", body)
    return (2 * len(body) * body.count("<") + sum(len(p) * (10 * p.count("[") + p.count("\n")) for p in found)) // 10


class _Form(NamedTuple):
    """What may stand in an entry of a list."""

    fields: Mapping[str, FieldType]
    required: tuple[str, ...]
    files: tuple[str, ...]
    plain: frozenset[str]
    """Fields whose text is taken as it stands."""


def _form(fields: Mapping[str, FieldType], *, evidence: bool) -> _Form:
    special = ("covers", "indicators") if evidence else ()
    return _Form(
        fields,
        tuple(key for key, field in fields.items() if field.required),
        tuple(key for key, field in fields.items() if field.type == "file"),
        frozenset(key for key, field in fields.items() if field.type == "text" and key not in special),
    )


def _form_of_kind(rubric: Rubric, kind: str) -> _Form:
    known = follows(rubric)
    if ("form", "evidence", kind) not in known:
        fields = {**EVIDENCE_FIELDS, **rubric.kinds[kind].fields}
        known["form", "evidence", kind] = _form(fields, evidence=True)
    found: _Form = known["form", "evidence", kind]
    return found


def _form_of_register(rubric: Rubric, name: str, register: Register) -> _Form:
    known = follows(rubric)
    if ("form", name) not in known:
        known["form", name] = _form(register.fields, evidence=False)
    found: _Form = known["form", name]
    return found


def _may_be_heavy(body: str) -> bool:
    if 20 * len(body) ** 2 <= 10 * MAX_STEPS:  # were there nothing else in it
        return False
    most = len(body) * (20 * body.count("<") + 10 * body.count("[") + body.count("\n"))  # were it one paragraph
    return most > 10 * MAX_STEPS and steps(body) > MAX_STEPS


class _AnswerReader:
    """Reads the front matter of one answer: what the rubric knows by name, with its type."""

    def __init__(
        self,
        folder: Path,
        file: _File,
        rubric: Rubric,
        indicator: str | None,
        coming: frozenset[str] = frozenset(),
    ) -> None:
        self.folder, self.file, self.rubric, self.indicator = folder, file, rubric, indicator
        self.coming = coming

    def read(self, body: str, body_line: int) -> tuple[Answer, dict[str, Any]]:
        facts: dict[str, Stated] = {}
        registers: dict[str, tuple[Record, ...]] = {}
        keys: dict[str, Any] = {}
        evidence: tuple[Record, ...] = ()
        own = PORTFOLIO_KEYS if self.indicator is None else ANSWER_KEYS
        value: dict[str, Any] = self.file.value
        for key, given in value.items():
            if key == "evidence":
                evidence = self.records("evidence", given)
            elif key in own:
                keys[key] = self.head(key, given)
            elif key in self.rubric.facts:
                # A new answer lists every number that is asked for: an empty one is not stated yet.
                stated = self.number((key,), given, self.rubric.facts[key].type) if given is not None else None
                if stated is not None:
                    facts[key] = Stated(stated, self.file.value_place((key,)))
            elif (register := self.rubric.register(key)) is not None:
                registers[key] = self.records(key, given, register)
            else:
                known = (*own, *self.rubric.facts, *self.rubric.registers, "channels")
                self.file.report("unknown-key", (key,), key=key, known=close(key, known))
        self_score, waived = keys.pop("self_score", None), keys.pop("personal_data", None)
        answer = Answer(
            indicator=self.indicator,
            place=Place(self.file.name),
            facts=facts,
            evidence=evidence,
            registers=registers,
            self_score=Stated(self_score, self.file.value_place(("self_score",))) if self_score is not None else None,
            waived=waived or {},
            body=body,
            body_line=body_line,
            places={key: self.file.place((key,)) for key in value},
            **{k: v for k, v in keys.items() if v is not None and k in ("not_applicable", "status", "responsible")},
        )
        return answer, {k: v for k, v in keys.items() if v is not None and k in PORTFOLIO_KEYS}

    def head(self, key: str, given: Any) -> Any:
        """One of the keys that every file of the sort has."""
        trail = (key,)
        match key:
            case "self_score":
                return self.number(trail, given) if given is not None else None
            case "signed":
                return self.date(trail, given) if given is not None else None
            case "demonstration":
                return self.yes_no(trail, given)
            case "personal_data":
                return self.waiver(trail, given)
            case "status":
                if given not in ("draft", "ready"):
                    self.file.report("wrong-choice", trail, at_value=True, value=_shown(given), choices="draft, ready")
                    return None
        return self.text(trail, given) if given is not None else None

    def waiver(self, trail: Trail, given: Any) -> dict[str, str]:
        """Kinds of personal data that may stay in this file, each with the reason; none without a reason."""
        if not isinstance(given, dict):
            if given is not None:
                self.file.report("not-a-mapping", trail)
            return {}
        for key in given.keys() - {"allow", "reason"}:
            self.file.report("unknown-key", (*trail, key), key=key, known=close(key, ("allow", "reason")))
        for key in ("allow", "reason"):
            if given.get(key) is None:
                self.file.report("missing-key", trail, key=key)
        reason = self.text((*trail, "reason"), given["reason"]) if given.get("reason") is not None else None
        allowed = given.get("allow")
        found = {}
        for i, kind in enumerate(allowed if isinstance(allowed, list) else [allowed]):
            if kind in WAIVABLE and reason:
                found[kind] = reason
            elif kind not in WAIVABLE and kind is not None:
                place = (*trail, "allow", i) if isinstance(allowed, list) else (*trail, "allow")
                self.file.report("wrong-choice", place, at_value=True, value=_shown(kind), choices=WAIVABLE)
        return found

    def records(self, name: str, given: Any, register: Register | None = None) -> tuple[Record, ...]:
        """The entries of a list: evidence, or of a register."""
        if given is None:
            return ()
        if not isinstance(given, list):
            self.file.report("not-a-list", (name,), key=name)
            return ()
        found = [self.record(name, i, entry, register) for i, entry in enumerate(given)]
        return tuple([record for record in found if record is not None])

    def record(self, name: str, position: int, entry: Any, register: Register | None) -> Record | None:
        trail: Trail = (name, position)
        if register and not isinstance(entry, dict | list) and entry is not None:
            entry = {next(iter(register.fields)): entry}  # a plain entry is its first field
        if not isinstance(entry, dict):
            self.file.report("not-a-mapping", trail)
            return None
        if register is None:
            kind = self.evidence_kind(trail, entry)
            if kind is None:
                return None
            form = _form_of_kind(self.rubric, kind)
        else:
            form = _form_of_register(self.rubric, name, register)
        fields, plain, file = form.fields, form.plain, self.file
        values: dict[str, FieldValue] = {}
        for key, given in entry.items():
            if type(given) is str and key in plain:
                values[key] = given.strip()
            elif (field := fields.get(key)) is None:
                file.report("unknown-key", (*trail, key), key=key, known=close(key, fields))
            elif given is not None:
                value = self.value((*trail, key), given, key, field, evidence=register is None)
                if value is not None:
                    values[key] = value
        for key in form.required:
            if key not in entry:
                file.report("missing-key", trail, key=key)
        if register is not None:
            values["place"] = _place_of(values)
        files = {key: _sha256(self.folder / str(values[key])) for key in form.files if key in values}
        seen = partial(verdicts.seen, name, values, files)
        return Record.read(name, values, file.place(trail), self.indicator, position + 1, files, seen)

    def evidence_kind(self, trail: Trail, entry: Mapping[str, Any]) -> str | None:
        kind = entry.get("kind")
        if kind is None:
            self.file.report("missing-key", trail, key="kind")
        elif not isinstance(kind, str) or kind not in self.rubric.kinds:
            known = close(str(kind), self.rubric.kinds)
            self.file.report("unknown-kind", (*trail, "kind"), at_value=True, kind=_shown(kind), known=known)
        else:
            return kind
        return None

    # Values, by the type of their field. Each reports what it cannot read and gives None.

    def value(self, trail: Trail, given: Any, name: str, field: FieldType, *, evidence: bool) -> FieldValue | None:
        if evidence and name == "covers":
            return self.periods(trail, given)
        if evidence and name == "indicators":
            return tuple(thai.ascii_digits(str(item)) for item in (given if isinstance(given, list) else [given]))
        match field.type:
            case "number" | "percent":
                return self.number(trail, given, field.type)
            case "date":
                return self.date(trail, given)
            case "dates":
                entries = given if isinstance(given, list) else [given]
                days = [self.date((*trail, i) if isinstance(given, list) else trail, e) for i, e in enumerate(entries)]
                return tuple(day for day in days if day is not None)
            case "yes_no":
                return self.yes_no(trail, given)
            case "choice":
                return self.choice(trail, given, field)
            case "choices":
                entries = given if isinstance(given, list) else [given]
                found = [
                    self.choice((*trail, i) if isinstance(given, list) else trail, e, field)
                    for i, e in enumerate(entries)
                ]
                return tuple(choice for choice in found if choice is not None)
            case "file":
                return self.attachment(trail, given)
            case "url":
                return self.link(trail, given)
        return self.text(trail, given)

    def text(self, trail: Trail, given: Any) -> str | None:
        if isinstance(given, dict | list | bool):
            self.file.report("wrong-type", trail, at_value=True, value=_shown(given), wanted=_wanted("string_type"))
            return None
        return str(given).strip()

    def number(self, trail: Trail, given: Any, kind: str = "number") -> Fraction | None:
        try:
            if kind != "percent" and isinstance(given, str) and "%" in given:
                raise thai.Unreadable("number", "a count has no per cent")
            number = thai.parse_number(given)
        except thai.Unreadable:
            self.file.report("wrong-number", trail, at_value=True, value=_shown(given))
            return None
        if number < 0 or (kind == "percent" and number > 100):
            self.file.report("impossible-number", trail, at_value=True, value=number)
            return None
        return number

    def date(self, trail: Trail, given: Any) -> datetime.date | None:
        try:
            return thai.parse_date(given)
        except thai.Unreadable as problem:
            self.file.report(f"wrong-{problem.code}", trail, at_value=True, value=_shown(given))
            return None

    def yes_no(self, trail: Trail, given: Any) -> bool | None:
        if isinstance(given, bool):
            return given
        word = str(given).strip().lower()
        if word in ("yes", "ใช่", "มี", "true"):
            return True
        if word in ("no", "ไม่ใช่", "ไม่มี", "ไม่", "false"):
            return False
        self.file.report("wrong-yes-no", trail, at_value=True, value=_shown(given))
        return None

    def choice(self, trail: Trail, given: Any, field: FieldType) -> str | None:
        word = str(given).strip()
        for name, title in field.choices.items():
            if word in (name, title.th, title.en):
                return name
        known = tuple(field.choices)
        self.file.report("wrong-choice", trail, at_value=True, value=_shown(given), choices=known)
        return None

    def link(self, trail: Trail, given: Any) -> str | None:
        text = str(given).strip()
        try:
            parts = urlsplit(text)
            sound = (
                parts.scheme in ("http", "https")
                and bool(parts.hostname)
                and "@" not in parts.netloc  # https://www.oae.go.th@elsewhere.example/ leads elsewhere
                and parts.port != 0  # raises for one that cannot be
                and len(text) <= 2000
                and not re.search(r"[\s<>\"\\]", text)
            )
        except ValueError:
            sound = False
        if not sound or isinstance(given, dict | list):
            self.file.report("wrong-link", trail, at_value=True, value=_shown(given))
            return None
        # Thai digits in an address are a slip of the printed form: no address has them.
        return thai.ascii_digits(text)

    def attachment(self, trail: Trail, given: Any) -> str | None:
        """A path below the portfolio's folder to a file that exists, with forward slashes."""
        text = str(given).strip().replace("\\", "/")
        path = PurePosixPath(text)
        if (
            isinstance(given, dict | list)
            or path.is_absolute()
            or ".." in path.parts
            or ":" in text
            or path.parts[:1] != (FILES,)
        ):
            self.file.report("file-outside", trail, at_value=True, value=_shown(given))
            return None
        if not all(map(_may_be_called, path.parts)):
            self.file.report("wrong-file-name", trail, at_value=True, name=_printable(_shown(path.as_posix())))
            return None
        target = self.folder / path
        try:
            inside = target.resolve().is_relative_to(self.folder.resolve())
            found = target.is_file() or path.as_posix() in self.coming
        except (OSError, RuntimeError, ValueError):  # a name too long, links in a circle, NUL
            inside = found = False
        if not found:
            near = close(path.name, (_printable(p.name) for p in _listed(self.folder / FILES)))
            self.file.report("missing-file", trail, at_value=True, value=_shown(text), known=near)
            return None
        if not inside:
            self.file.report("file-outside", trail, at_value=True, value=_shown(text))
            return None
        return path.as_posix()

    def periods(self, trail: Trail, given: Any) -> tuple[str, ...]:
        found = []
        for i, item in enumerate(given if isinstance(given, list) else [given]):
            period = _period(str(item))
            if period is None:
                self.file.report(
                    "wrong-period", (*trail, i) if isinstance(given, list) else trail, at_value=True, value=_shown(item)
                )
            else:
                found.append(period)
        return tuple(found)


def _period(text: str) -> str | None:
    """`2023-08` or `2567-Q1` from a month or a fiscal quarter in either era.

    >>> _period("ส.ค. 2566"), _period("2566-08"), _period("ไตรมาส 1/2567"), _period("2567-Q1")
    ('2023-08', '2023-08', '2567-Q1', '2567-Q1')
    """
    text = thai.ascii_digits(text.strip())
    try:
        if found := re.fullmatch(r"(\d{4})-Q([1-4])", text) or None:
            return f"{thai.buddhist(thai.common_year(found[1]))}-Q{found[2]}"
        if found := re.fullmatch(r"ไตรมาส(?:ที่)?\s*([1-4])\s*/\s*(\d{2}|\d{4})", text):
            return f"{thai.buddhist(thai.common_year(found[2]))}-Q{found[1]}"
        if found := re.fullmatch(r"(\d{4})-(\d{2})", text):
            day = thai.parse_date(f"{found[1]}-{found[2]}-01")
        else:
            day = thai.parse_date(f"1 {text}")
    except thai.Unreadable:
        return None
    return f"{day.year}-{day.month:02}"


def _place_of(values: Mapping[str, FieldValue]) -> str:
    """Where a channel or other record is to be found: two pages of one web site are one place."""
    kind = str(values.get("kind", ""))
    url = values.get("url")
    if isinstance(url, str):
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        return f"website {host}" if kind in ("website", "") else f"{kind} {host}{parts.path.rstrip('/')}"
    named = values.get("reference") or values.get("name") or values.get("file") or ""
    return f"{kind} {str(named).casefold()}".strip()


def may_be_rubric(name: str) -> bool:
    """Whether a rubric may have this id, which names its file and its pages."""
    named = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name)
    return bool(named) and names.may_be_file(name, names.TAKEN_BY_RUBRICS)


def may_be_unit(name: str) -> bool:
    """Whether the folder of a unit may have this name, which is a part of an address.

    Without a dot: `index.html` would be a page of the site, and Windows drops one at the end. Nor has it a `con`.
    """
    return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name)) and not names.DEVICE.fullmatch(name)


def may_be_review(name: str) -> bool:
    """Whether a review may have this name, which is a part of an address."""
    return may_be_unit(name)


def source_line(root: Path) -> Callable[[Place], str | None]:
    """A function that gives the text of the line at a place, or None; of what units and rubrics write only."""

    def line(place: Place) -> str | None:
        path = root / place.file
        if path.suffix not in (".md", ".yml", ".yaml") or not path.is_file():
            return None
        try:
            # By line ends alone, as places count them: a text may hold other breaks.
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            return None
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None

    return line


def present(root: Path, portfolio: Portfolio) -> tuple[str, ...]:
    """The attachments that lie in a portfolio's folder, relative to it, referred to or not."""
    folder = root / portfolio.folder
    found = (
        path
        for path in (folder / FILES).rglob("*")
        # What is a link, or has a name that is no text, `_strange` reports.
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
    )
    listed = (path.relative_to(folder).as_posix() for path in found)
    return tuple(sorted(name for name in listed if _printable(name) == name))


def attachments(portfolio: Portfolio) -> Iterator[str]:
    """The attachments that a portfolio refers to, relative to its folder, each once."""
    found = (name for answer in portfolio.all_answers() for name in attachments_of(portfolio, answer))
    yield from dict.fromkeys(found)


def attachments_of(portfolio: Portfolio, answer: Answer) -> Iterator[str]:
    """The attachments that one of its answers refers to."""
    for record in (*answer.evidence, *(r for found in answer.registers.values() for r in found)):
        for name in names.of_type(portfolio.rubric, record.kind, "file"):
            value = record.values.get(name)
            if isinstance(value, str):
                yield value
