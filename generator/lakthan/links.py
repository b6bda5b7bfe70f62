"""The external addresses of a project, and the ledger of whether they can be reached.

The ledger is one file of the repository. `reach` goes to the addresses and says what came of it; nothing here touches
the network or a clock, so that what a dead link does to a score follows from the files alone.
"""

from __future__ import annotations

import contextlib
import datetime
import html
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urldefrag, urlsplit

import markdown

from lakthan import names
from lakthan.diagnostics import Diagnostic
from lakthan.model import Answer, Message, Place, Portfolio, Project, Record, Unit
from lakthan.rubric import PROOF, Rubric

LEDGER = "content/links.json"
"""Where the ledger is kept, relative to the project."""
GRACE = 30
"""Days that a dead address still counts, unless the project says otherwise."""
DEAD_FROM = "dead_from"
"""The value of a record whose only proof is dead: the day from which it counts no more."""
LARGEST = 32 * 1024 * 1024
"""Bytes of a ledger: beyond that it is not one of ours."""

Status = Literal[
    "ok",
    # Dead: nobody gets there.
    "not-found",
    "gone",
    "server-error",
    "no-such-host",
    "unreachable",
    "timeout",
    "loop",
    "broken",
    # Unsure: it may well open for a person. None of these makes an address dead.
    "denied",
    "busy",
    "tls",
    "robots",
    "refused",
]
STATUSES: tuple[Status, ...] = get_args(Status)
DEAD: frozenset[Status] = frozenset(
    ("not-found", "gone", "server-error", "no-such-host", "unreachable", "timeout", "loop", "broken")
)


@dataclass(frozen=True, slots=True)
class Reached:
    """What came of going to an address once."""

    status: Status
    code: int | None = None
    """The last HTTP status, where there was an answer."""
    redirect: str | None = None
    """Where it led, if elsewhere."""
    document: bool = False
    """The target is a PDF, an Office file or a picture, not a page."""
    sha256: str | None = None
    """Of a document that was read whole."""
    host: str = ""
    """The host that gave the last answer, or none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of one address."""

    first_published: datetime.date
    """The day it was first seen here."""
    last_checked: datetime.date
    status: Status
    last_reached: datetime.date | None = None
    code: int | None = None
    redirect: str | None = None
    sha256: str | None = None
    dead_since: datetime.date | None = None
    """The first check that found it dead, with no success since."""


Ledger = Mapping[str, Entry]
"""Address (as `normal` writes it) → what is known of it."""


# Addresses -------------------------------------------------------------------------------------------------------


@lru_cache(4096)
def normal(address: str) -> str | None:
    """An external address in the form that the ledger uses; None for anything but http(s) with a host.

    >>> normal("HTTPS://WWW.Example.org#part"), normal("files/1.pdf"), normal("javascript:alert(1)")
    ('https://www.example.org/', None, None)
    """
    try:
        parts = urlsplit(urldefrag(address.strip()).url)
        host = parts.hostname
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s<>\"\\]", address.strip()):
        return None
    name = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    where = name if port in (None, standard) else f"{name}:{port}"
    if parts.username is not None:  # kept: `reach` refuses to send a password
        where = f"{parts.netloc.rpartition('@')[0]}@{where}"
    return parts._replace(netloc=where, path=parts.path or "/").geturl()


def addresses(project: Project) -> Mapping[str, tuple[Place, ...]]:
    """Every external address that units gave, in order, and where it stands.

    Records of the scope `internal` are left out: whether an intranet answers cannot be told from outside.
    """
    given = [*_of_units(project.units.values())]
    for portfolio in project.portfolios:
        given += _of_portfolio(portfolio)
    return _by_address(given)


def _by_address(given: Iterable[tuple[str, Place]]) -> Mapping[str, tuple[Place, ...]]:
    found: dict[str, dict[Place, None]] = {}
    for text, place in given:
        if address := normal(text):
            found.setdefault(address, {})[place] = None
    return {address: tuple(sorted(found[address])) for address in sorted(found)}


def _of_units(units: Iterable[Unit]) -> Iterator[tuple[str, Place]]:
    for unit in units:
        if unit.website:
            yield unit.website, unit.place


def _of_portfolio(portfolio: Portfolio) -> Iterator[tuple[str, Place]]:
    for answer in portfolio.all_answers():
        for record in _records(answer):
            for name in names.of_type(portfolio.rubric, record.kind, "url"):
                if not _internal(record):
                    yield record.text(name), record.place
        yield from _in_body(answer)


def _records(answer: Answer) -> Iterator[Record]:
    yield from answer.evidence
    for found in answer.registers.values():
        yield from found


def _internal(record: Record) -> bool:
    return record.values.get("scope") == "internal"


class _Links(HTMLParser):
    """The targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if tag == "a" and name == "href" and value:
                self.found[value.strip()] = None


def _in_body(answer: Answer) -> Iterator[tuple[str, Place]]:
    """The links of a unit's own account in either language, as its pages show them, with the lines that write them."""
    yield from _in_text(answer.body, answer.place.file, answer.body_line)
    if answer.english:
        yield from _in_text(answer.english.body, answer.english.place.file, answer.english.body_line)


def _in_text(body: str, file: str, first: int) -> Iterator[tuple[str, Place]]:
    if "http" not in body.lower():
        return
    reader = _Links()
    # As the page is made (`pages.account`): what is code there is no link here.
    reader.feed(markdown.markdown(body, extensions=["tables", "sane_lists", "def_list", "fenced_code"]))
    lines = body.split("\n")
    for target in reader.found:
        if normal(target) is None:
            continue
        written = "|".join(re.escape(form) for form in dict.fromkeys((target, html.escape(target))))
        here = re.compile(rf"(?:{written})(?=[\s)>\]\"'<]|$)")
        places = [Place(file, first + i) for i, line in enumerate(lines) if here.search(line)]
        for place in places or [Place(file, first)]:
            yield target, place


# The ledger ------------------------------------------------------------------------------------------------------


class Read(NamedTuple):
    ledger: Ledger
    problems: tuple[Diagnostic, ...]


def read(root: Path) -> Read:
    """The ledger of the project in *root*, empty where there is none, and what is wrong with it."""
    path = root / LEDGER
    if not path.exists():
        return Read({}, ())
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("too large")
        text = path.read_text(encoding="utf-8-sig")
        document = json.loads(text, object_pairs_hook=_once)
        links = document["links"]
        if not isinstance(links, dict):
            raise TypeError(links)
    except json.JSONDecodeError as problem:  # half a file, or the marks of a merge
        return Read({}, (Diagnostic("link-ledger-damaged", Place(LEDGER, problem.lineno, problem.colno)),))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Read({}, (Diagnostic("link-ledger-damaged", Place(LEDGER)),))
    ledger, problems = {}, []
    for address, given in links.items():
        entry = _entry(given) if normal(address) == address else None
        if entry:
            ledger[address] = entry
        else:
            problems.append(Diagnostic("link-ledger-entry", _line_of(text, address), args={"address": address}))
    return Read(dict(sorted(ledger.items())), tuple(problems))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose keys stand once: two people's entries after a careless merge are not one entry."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _line_of(text: str, address: str) -> Place:
    start = text.find(f"{json.dumps(address, ensure_ascii=False)}:")
    return Place(LEDGER, text.count("\n", 0, start) + 1 if start >= 0 else 1)


def _entry(given: object) -> Entry | None:
    """An entry as it was written; None if anything in it is not as we write it."""
    if not isinstance(given, dict) or not set(given) <= {field.name for field in fields(Entry)}:
        return None
    values: dict[str, Any] = dict(given)
    try:
        for name in ("first_published", "last_checked", "last_reached", "dead_since"):
            if name in values:
                values[name] = datetime.date.fromisoformat(values[name])
        entry = Entry(**values)
    except (TypeError, ValueError):
        return None
    texts = [entry.redirect or "", entry.sha256 or ""]
    sound = (
        entry.status in STATUSES
        and (entry.code is None or (type(entry.code) is int and 100 <= entry.code <= 999))
        and all(isinstance(text, str) for text in texts)
        and (entry.redirect is None or normal(entry.redirect) is not None)
        and (entry.sha256 is None or re.fullmatch("[0-9a-f]{64}", entry.sha256) is not None)
        and (entry.status not in DEAD or entry.dead_since is not None)
    )
    return entry if sound else None


def write(root: Path, ledger: Ledger) -> bool:
    """Write the ledger, whole or not at all. Says whether it changed."""
    path = root / LEDGER
    content = text(ledger).encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    # Aside in the same folder, then swapped in: whoever reads meanwhile sees the old ledger or the new one.
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(aside).unlink()
        raise
    return True


def text(ledger: Ledger) -> str:
    """The ledger as it stands in its file: sorted, a line for each value, so that a diff shows what changed."""
    return json.dumps(document(ledger), ensure_ascii=False, indent=1) + "\n"


def document(ledger: Ledger) -> dict[str, Any]:
    """The ledger for programs."""
    return {"links": {address: as_json(ledger[address]) for address in sorted(ledger)}}


def as_json(entry: Entry) -> dict[str, Any]:
    """An entry for programs: dates as ISO text, and nothing that is empty."""
    values = {field.name: getattr(entry, field.name) for field in fields(Entry)}
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in values.items()
        if value is not None
    }


def enter(ledger: Ledger, reached: Mapping[str, Reached], today: datetime.date) -> Ledger:
    """The ledger after what *today*'s check found. Addresses that were not checked stay as they are."""
    found = dict(ledger)
    for address, got in reached.items():
        old = ledger.get(address)
        first, before = (old.first_published, old.last_reached) if old else (today, None)
        same = old.sha256 if old else None
        since = old.dead_since if old else None
        new = Entry(first, today, got.status, before, got.code, sha256=same, dead_since=since)
        if got.status == "ok":
            # A document that is there but could not be read whole keeps the sum that was taken last.
            kept = same if got.document else None
            new = replace(new, last_reached=today, redirect=got.redirect, sha256=got.sha256 or kept, dead_since=None)
        elif got.status in DEAD:
            new = replace(new, dead_since=since or today)
        found[address] = new
    return dict(sorted(found.items()))


def prune(ledger: Ledger, wanted: Mapping[str, object]) -> Ledger:
    """The ledger without addresses that nobody gives any more. Only for a project that could be read whole."""
    return {address: entry for address, entry in ledger.items() if address in wanted}


def died(before: Ledger, after: Ledger) -> tuple[str, ...]:
    """Addresses that are dead now and were not, or were not known."""
    return tuple(a for a, e in sorted(after.items()) if e.status in DEAD and _status(before, a) not in DEAD)


def revived(before: Ledger, after: Ledger) -> tuple[str, ...]:
    """Addresses that were dead and can be reached again."""
    return tuple(a for a, e in sorted(after.items()) if e.status == "ok" and _status(before, a) in DEAD)


def changed(before: Ledger, after: Ledger) -> tuple[str, ...]:
    """Documents that are other ones than last time."""

    def sums(address: str) -> tuple[str | None, str | None]:
        old = before.get(address)
        return (old.sha256 if old else None), after[address].sha256

    return tuple(a for a in sorted(after) if all(sums(a)) and sums(a)[0] != sums(a)[1])


def _status(ledger: Ledger, address: str) -> Status | None:
    entry = ledger.get(address)
    return entry.status if entry else None


# What a dead address does ----------------------------------------------------------------------------------------


def dead_from(entry: Entry | None, grace: int = GRACE) -> datetime.date | None:
    """The day from which an address counts no more; None while it counts.

    Decided by the day of its last check, not by a clock: without a new check nothing changes.
    """
    if entry is None or entry.status not in DEAD or entry.dead_since is None:
        return None
    if (entry.last_checked - entry.dead_since).days < grace:
        return None
    return entry.dead_since + datetime.timedelta(days=grace)


def dead(ledger: Ledger, address: str, day: datetime.date | None = None, grace: int = GRACE) -> bool:
    """Whether *address* counts no more, as things stood on *day* (at its last check unless said)."""
    since = dead_from(ledger.get(normal(address) or ""), grace)
    return since is not None and (day is None or day >= since)


def mark(project: Project, ledger: Ledger, grace: int = GRACE) -> Project:
    """The project with `DEAD_FROM` in each record that nothing proves but an address that counts no more."""
    if not any(dead_from(entry, grace) for entry in ledger.values()):
        return project
    return replace(project, portfolios=tuple(_marked(p, ledger, grace) for p in project.portfolios))


def marked(portfolio: Portfolio, ledger: Ledger, grace: int = GRACE) -> Portfolio:
    """One portfolio as `mark` has it."""
    if not any(dead_from(entry, grace) for entry in ledger.values()):
        return portfolio
    return _marked(portfolio, ledger, grace)


def _marked(portfolio: Portfolio, ledger: Ledger, grace: int) -> Portfolio:
    def records(found: tuple[Record, ...]) -> tuple[Record, ...]:
        return tuple(_mark(record, portfolio.rubric, ledger, grace) for record in found)

    def answer(one: Answer) -> Answer:
        registers = {name: records(found) for name, found in one.registers.items()}
        return replace(one, evidence=records(one.evidence), registers=registers)

    answers = {name: answer(one) for name, one in portfolio.answers.items()}
    return replace(portfolio, shared=answer(portfolio.shared), answers=answers)


def _mark(record: Record, rubric: Rubric, ledger: Ledger, grace: int) -> Record:
    register = None if record.register == "evidence" else rubric.register(record.register)
    proof = PROOF if record.register == "evidence" else register.proof if register else ()
    shown = [name for name in proof if record.values.get(name)]
    if shown != ["url"] or _internal(record):
        return record
    day = dead_from(ledger.get(normal(record.text("url")) or ""), grace)
    return replace(record, values={**record.values, DEAD_FROM: day}) if day else record


# What is said about it -------------------------------------------------------------------------------------------


def away(address: str, target: str | None) -> bool:
    """Whether a redirect leads elsewhere: to another host, or from a page to the front page, as many lost pages do.

    >>> away("http://www.example.org/a", "https://example.org/a/"), away("https://example.org/news/7", "https://example.org/")
    (False, True)
    """
    if not target:
        return False
    here, there = urlsplit(address), urlsplit(target)

    def host(name: str | None) -> str:
        return (name or "").removeprefix("www.")

    def front(path: str) -> bool:
        return re.fullmatch(r"/*((th|en|home|index|default)(\.\w+)?/*)*", path, re.IGNORECASE) is not None

    lost = front(there.path) and not there.query and not (front(here.path) and not here.query)
    return host(here.hostname) != host(there.hostname) or lost


def problems(project: Project, ledger: Ledger, grace: int = GRACE) -> Iterator[Diagnostic]:
    """What the ledger says of the project's addresses, at every place that gives one.

    A project without a ledger has nothing said about it: it does not have its links checked.
    """
    yield from problems_of_units(project, ledger, grace)
    for portfolio in project.portfolios:
        yield from problems_of(portfolio, ledger, grace)


def problems_of(portfolio: Portfolio, ledger: Ledger, grace: int = GRACE) -> Iterator[Diagnostic]:
    """What the ledger says of the addresses in one portfolio."""
    yield from _problems(_of_portfolio(portfolio) if ledger else (), ledger, grace)


def problems_of_units(project: Project, ledger: Ledger, grace: int = GRACE) -> Iterator[Diagnostic]:
    """What the ledger says of the units' own addresses."""
    yield from _problems(_of_units(project.units.values()) if ledger else (), ledger, grace)


def _problems(given: Iterable[tuple[str, Place]], ledger: Ledger, grace: int) -> Iterator[Diagnostic]:
    for address, places in _by_address(given).items():
        for place in places:
            yield from _problem(address, place, ledger.get(address), grace)


def _problem(address: str, place: Place, entry: Entry | None, grace: int) -> Iterator[Diagnostic]:
    if entry is None:
        yield Diagnostic("link-not-checked", place, "note", {"address": address, "why": Message("link.new")})
        return
    why = in_words(entry)
    args: dict[str, object] = {"address": address, "why": why, "checked": entry.last_checked}
    if entry.status in DEAD:
        assert entry.dead_since is not None  # `read` and `enter` see to it
        over = dead_from(entry, grace)
        day = over or _after(entry.dead_since, grace)
        then = Message("link.counts_no_more" if over else "link.counts_until", {"day": day})
        yield Diagnostic("link-dead", place, "warning", {**args, "since": entry.dead_since, "then": then})
    elif entry.status == "tls":
        yield Diagnostic("link-not-secure", place, "warning", args)
    elif entry.status != "ok":
        yield Diagnostic("link-not-checked", place, "note", args)
    elif away(address, entry.redirect):
        yield Diagnostic("link-redirects-away", place, "note", {**args, "target": entry.redirect})


def _after(day: datetime.date, days: int) -> datetime.date:
    try:
        return day + datetime.timedelta(days=days)
    except OverflowError:
        return datetime.date.max


def in_words(entry: Entry | Reached) -> Message:
    """What came of an address, for people."""
    if entry.code is not None and entry.status in ("denied", "server-error", "broken"):
        # As text: an HTTP status is a name, not an amount.
        return Message(f"link.{entry.status}-code", {"code": str(entry.code)})
    return Message(f"link.{entry.status}")
