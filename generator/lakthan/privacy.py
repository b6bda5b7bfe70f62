"""Personal data in what units publish: numbers and addresses of persons, and honours that ask for consent.

`find` looks through a text, `search` through all files of a portfolio. A number that was found is never repeated in
full: messages, pages and logs would publish it a second time. The law meant is Thailand's Personal Data Protection
Act B.E. 2562 (PDPA).
"""

from __future__ import annotations

import bisect
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Literal

from lakthan import documents, thai
from lakthan.diagnostics import Diagnostic, Severity
from lakthan.model import Answer, Message, Place, Portfolio, Project, Record
from lakthan.rubric import PROOF, Rubric, follows

Kind = Literal["citizen-number", "phone", "email", "bank-account"]
KINDS: tuple[Kind, ...] = ("citizen-number", "phone", "email", "bank-account")
"""What is looked for; also the words of a waiver (`personal_data: {allow: [phone], reason: …}`)."""
BLOCKING: frozenset[Kind] = frozenset({"citizen-number"})

FILES = "files"
"""The folder of a portfolio's attachments."""
SHOWN = 20
"""Diagnostics of one kind for one file; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something that looks like personal data, from `start` to `end` in the text; `shown` is masked."""

    kind: Kind
    start: int
    end: int
    shown: str


# In a text -------------------------------------------------------------------------------------------------------

# Word processors make dashes and spaces of many kinds. Each becomes one character, so that positions stay.
_ALIKE = {
    **dict(zip(thai.DIGITS, "0123456789", strict=True)),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u00ad", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u200b\u2060", " "),
}

# Every pattern below begins at a digit of a run, so that texts without long runs cost one pass.
_RUN = re.compile(r"[0-9](?:[-. ()]{0,3}[0-9]){8,}")
_BEGIN = r"(?<![0-9A-Za-z])(?<![0-9][-.])"
_END = r"(?![0-9A-Za-z])(?![-.][0-9])"
_J = r"(?: ?[-.] ?|\) ?| )"  # what joins two groups of digits

_CITIZEN = re.compile(
    rf"{_BEGIN}(?:[0-9]{{13}}|[0-9]{_J}[0-9]{{4}}{_J}[0-9]{{5}}{_J}[0-9]{{2}}{_J}[0-9]){_END}",
)
_ANY_THIRTEEN = re.compile(rf"{_BEGIN}[0-9](?:{_J}?[0-9]){{12}}{_END}")
_YEARS = rf"(?!(?:19|20|24|25|26)[0-9]{{2}}{_J}(?:19|20|24|25|26)[0-9]{{2}}(?![0-9]))"
_PHONE = re.compile(
    rf"{_BEGIN}(?:"
    # Mobile: 081-234-5678, 08-1234-5678, 0812 345 678, 0-8123-45678.
    rf"\(?0[689][0-9]{_J}?[0-9]{{3}}{_J}?[0-9]{{4}}"
    rf"|\(?0[689]{_J}{_YEARS}[0-9]{{4}}{_J}?[0-9]{{4}}"
    rf"|\(?0[689][0-9]{{2}}{_J}[0-9]{{3}}{_J}?[0-9]{{3}}"
    rf"|\(?0[689][0-9]{_J}[0-9]{{4}}{_J}[0-9]{{3}}"
    rf"|0-[689][0-9]{{3}}{_J}[0-9]{{4}}{_J}?[0-9]"
    # Landline: 02-123-4567, 053-123-456, 0-2123-4567, and a range, 02-123-4567-8.
    rf"|\(?0[2-57]{_J}[0-9]{{3}}{_J}?[0-9]{{4}}(?:-[0-9]{{1,2}})?"
    rf"|\(?0[3-57][0-9]{_J}[0-9]{{3}}{_J}?[0-9]{{3}}(?:-[0-9]{{1,2}})?"
    rf"|0-[2-57][0-9]{{3}}{_J}?[0-9]{{4}}(?:-[0-9]{{1,2}})?"
    rf"){_END}"
    # From abroad: +66 81 234 5678, (+66) 2 123 4567, 0066 (0)81….
    rf"|(?<![0-9A-Za-z])\(?(?:\+|00)66{_J}?(?:\(0{_J})?[2-9](?:{_J}?[0-9]){{7,8}}{_END}"
)
# Shapes that amounts in a table have too: only near a word. The last one has lost its zero in a spreadsheet.
_PHONE_MAYBE = re.compile(
    rf"{_BEGIN}(?:0 [2-57][0-9]{{3}} ?[0-9]{{4}}(?:-[0-9]{{1,2}})?|0 [689][0-9]{{3}} [0-9]{{4}} ?[0-9]"
    rf"|0[2-57][0-9]{{7}}|[689][0-9]{{8}}){_END}"
)
_ACCOUNT = re.compile(rf"{_BEGIN}[0-9]{{3}}-[0-9]-[0-9]{{5}}-[0-9]{_END}")
_ACCOUNT_MAYBE = re.compile(
    rf"{_BEGIN}(?!(?:19|20|24|25|26)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}})"
    rf"(?:[0-9](?:-?[0-9]){{9,11}}|[0-9]{{3}} [0-9] [0-9]{{5}} [0-9]){_END}"
)
# Both parts without a dot before the @: found from there, or long words would be tried from each of their letters.
_AT = re.compile(r"(?<=[A-Za-z0-9_%+-])@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}(?![A-Za-z0-9-])")
_LOCAL_BACKWARDS = re.compile(r"[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}")
_IN_ADDRESS = re.compile(r"(?:://|www\.)[^\s<>\"')\]\u0e00-\u0e7f]*$", re.IGNORECASE)

_NEAR = 40
_PERSON_WORDS = ("ประชาชน", "เลขประจำตัว", "บัตร", "citizen", "national id", "identification", "id card", "id no")
_PHONE_WORDS = ("โทร", "มือถือ", "เบอร์", "แฟกซ์", "ติดต่อ", "tel", "phone", "mobile", "fax", "call")
_BANK_WORDS = ("บัญชี", "ธนาคาร", "พร้อมเพย์", "account", "bank", "a/c", "promptpay")

_Test = Callable[[str, int, int, str], bool]


def _always(_plain: str, _start: int, _end: int, _before: str) -> bool:
    return True


def _near(words: tuple[str, ...]) -> _Test:
    """Whether one of *words* stands shortly before, on the same line, or in *before*."""

    def near(plain: str, start: int, _end: int, before: str) -> bool:
        window = plain[max(0, start - _NEAR) : start].rpartition("\n")[2]
        around = f"{before} {window}".lower()
        return any(word in around for word in words)

    return near


def _citizen(plain: str, start: int, end: int, _before: str) -> bool:
    return citizen_number("".join(filter(str.isdigit, plain[start:end])))


_near_person = _near(_PERSON_WORDS)


def _named_citizen(plain: str, start: int, end: int, before: str) -> bool:
    return _near_person(plain, start, end, before) and _citizen(plain, start, end, before)


_SHAPES: tuple[tuple[Kind, re.Pattern[str], _Test], ...] = (
    ("citizen-number", _CITIZEN, _citizen),
    ("citizen-number", _ANY_THIRTEEN, _named_citizen),
    ("bank-account", _ACCOUNT, _always),
    ("phone", _PHONE, _always),
    ("phone", _PHONE_MAYBE, _near(_PHONE_WORDS)),
    ("bank-account", _ACCOUNT_MAYBE, _near(_BANK_WORDS)),
)
"""What is looked for in runs of digits. Where two begin at the same digit, the first one counts."""


_PAGE = bytes(range(256)).decode("cp874", "replace")
_DIGITS_ALONE = bytes(ord("0" if _ALIKE.get(character, character) in "0123456789" else "x") for character in _PAGE)
# What is not in the Thai code page becomes `?`, and may be anything that stands between digits.
_BETWEEN = bytes(number for number, character in enumerate(_PAGE) if _ALIKE.get(character, character) in "-. ()?")


def _may_be_run(text: str) -> bool:
    """Whether `_RUN` may find something in a text as it was written: most hold nothing of the kind."""
    return b"0" * 9 in text.encode("cp874", "replace").translate(_DIGITS_ALONE, _BETWEEN)


def find(text: str, before: str = "") -> Iterator[Found]:
    """Everything in *text* that looks like personal data, in order. *before* is what a reader has read just before,
    such as the heading of a table's column.

    Digits inside web addresses are left alone: they number pages.

    >>> [(found.kind, found.shown) for found in find("โทร. ๐๘๑-๒๓๔-๕๖๗๘ ตามหนังสือที่ อก ๐๔๑๐/๕๕๘")]
    [('phone', 'xxx-xxx-x678')]
    """
    if "@" not in text and not _may_be_run(text):
        return
    plain = text
    for other, character in _ALIKE.items():
        plain = plain.replace(other, character)
    hits = sorted((*_numbers(plain, before), *_addresses(plain)))
    last = 0
    for start, _, end, kind in hits:
        if start >= last and not _in_address(plain, start):
            last = end
            yield Found(kind, start, end, _masked(kind, plain[start:end]))


def _numbers(plain: str, before: str) -> Iterator[tuple[int, int, int, Kind]]:
    for run in _RUN.finditer(plain):
        if run.end() - run.start() > 13 and run[0].isdigit():
            continue  # one unbroken number, too long for anything
        # A little more on both sides, for signs before the first digit and for what must not follow the last one.
        first, last = max(0, run.start() - 4), run.end() + 2
        for rank, (kind, pattern, test) in enumerate(_SHAPES):
            for hit in pattern.finditer(plain, first, last):
                if test(plain, hit.start(), hit.end(), before):
                    yield hit.start(), rank, hit.end(), kind


def _addresses(plain: str) -> Iterator[tuple[int, int, int, Kind]]:
    for hit in _AT.finditer(plain):
        local = _LOCAL_BACKWARDS.match(plain[max(0, hit.start() - 64) : hit.start()][::-1])
        if local and (name := local[0][::-1].lstrip(".")):
            yield hit.start() - len(name), 0, hit.end(), "email"


def _in_address(plain: str, start: int) -> bool:
    word = plain[max(0, start - 500) : start]
    if not word or word[-1].isspace():
        return False
    return bool(_IN_ADDRESS.search(word.split()[-1]))


def citizen_number(digits: str) -> bool:
    """Whether 13 digits can be a person's number: the first says what sort of person, the last one is a check digit.

    Companies and offices have tax numbers of the same shape that begin with 0; so do persons without a registered
    status, whose sixth and seventh digits are 89. About 9 % of random numbers pass.

    >>> citizen_number("1234567890121"), citizen_number("1234567890122"), citizen_number("0994000158378")
    (True, False, False)
    """
    if len(digits) != 13 or digits[0] == "9" or (digits[0] == "0" and digits[5:7] != "89"):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(13, 1, -1), strict=False))
    return int(digits[12]) == (11 - total % 11) % 10


def _masked(kind: Kind, plain: str) -> str:
    """As long as before, so that places in a line stay."""
    if kind == "email":
        local, _, domain = plain.partition("@")
        return f"{local[0] if len(local) > 1 else ''}{'x' * (len(local) - (len(local) > 1))}@{domain}"
    left = sum(character.isdigit() for character in plain) - 3
    out = []
    for character in plain:
        if character.isdigit():
            out.append("x" if left > 0 else character)
            left -= 1
        else:
            out.append(character)
    return "".join(out)


def mask(text: str) -> str:
    """*text* with everything that `find` sees in it masked, and as long as before: for lines and values in messages.

    >>> mask("ติดต่อ 081-234-5678 (งานสารบรรณ)")
    'ติดต่อ xxx-xxx-x678 (งานสารบรรณ)'
    """
    parts = []
    last = 0
    for found in find(text):
        parts += [text[last : found.start], found.shown]
        last = found.end
    return "".join([*parts, text[last:]])


def masked(diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic that repeats nothing of what an author wrote by mistake (`wrong-number` shows the value)."""
    args = {key: _mask_argument(value) for key, value in diagnostic.args.items()}
    return diagnostic if args == diagnostic.args else replace(diagnostic, args=args)


def _mask_message(message: Message) -> Message:
    return Message(message.key, {key: _mask_argument(value) for key, value in message.args.items()})


def _mask_argument(value: object) -> object:
    match value:
        case str():
            return mask(value)
        case Message():
            return _mask_message(value)
        case tuple():
            return tuple(_mask_argument(item) for item in value)
    return value


# In a portfolio --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found in a file of a portfolio. `waived` is the reason why it may stay."""

    kind: Kind
    place: Place
    where: Message
    shown: str
    waived: str | None = None


@dataclass(frozen=True, slots=True)
class Unsearched:
    """An attachment whose text could not be read, or not all of it; `why` is a `document.trouble.…`."""

    file: str
    why: Message


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched in one portfolio, and what came of it: for the diagnostics, and for the page that says so."""

    folder: str
    texts: int = 0
    attachments: int = 0
    """With text in them that was searched, if only in part."""
    pages: int = 0
    """Of these, pages and slides."""
    media: tuple[str, ...] = ()
    """Attachments that have no text by their nature: pictures, films, sound."""
    unsearched: tuple[Unsearched, ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def open(self) -> Mapping[Kind, int]:
        """How many of each kind nobody has waived."""
        return _count(hit for hit in self.hits if hit.waived is None)

    @property
    def waived(self) -> Mapping[tuple[Kind, str], int]:
        """How many of each kind may stay, for each reason."""
        found = Counter((hit.kind, hit.waived) for hit in self.hits if hit.waived is not None)
        return {key: found[key] for key in sorted(found, key=lambda key: (KINDS.index(key[0]), key[1]))}


def _count(hits: Iterable[Hit]) -> Mapping[Kind, int]:
    found = Counter(hit.kind for hit in hits)
    return {kind: found[kind] for kind in KINDS if found[kind]}


def search(
    root: Path, portfolio: Portfolio, contacts: Iterable[str] = (), texts: Mapping[str, str] | None = None
) -> Searched:
    """Look through every text file and every attachment of a portfolio below *root*.

    *contacts* are the unit's own address and telephone number (`unit.yml`), which it may repeat. *texts* are those of
    files that somebody has just read, by their paths below *root*. A file that is outside the folder, by way of a link,
    is not ours to read.
    """
    read = texts or {}
    own = frozenset(_key(contact) for contact in contacts if contact)
    base = root / portfolio.folder
    answers = {answer.place.file: answer for answer in portfolio.all_answers()}
    answers |= {answer.english.place.file: answer for answer in portfolio.all_answers() if answer.english}
    waivers = _waivers(portfolio)
    searched = Searched(portfolio.folder)
    hits: list[Hit] = []
    media: list[str] = []
    unsearched: list[Unsearched] = []
    written = attachments = pages = 0
    for name in _inside(base):
        file = f"{portfolio.folder}/{name}"
        if not name.startswith(f"{FILES}/"):
            if not name.lower().endswith((".md", ".yml", ".yaml")):
                continue
            answer = answers.get(file)
            waived = _waived(answer) if answer and answer.waived else {}
            text = read.get(file)
            found, trouble = _in_text(base / name, file) if text is None else (_located(text, file), "")
            written += 1
        else:
            waived = waivers.get(name, {})
            found, count, trouble = _in_attachment(base / name, file, portfolio.folder)
            if trouble == "media":
                media.append(file)
                trouble = ""
            elif trouble in ("", "partly"):
                attachments += 1
                pages += count
        if trouble:
            unsearched.append(Unsearched(file, Message(f"document.trouble.{trouble}")))
        hits += [replace(hit, waived=waived.get(hit.kind)) for hit, key in found if key not in own]
    return replace(
        searched,
        texts=written,
        attachments=attachments,
        pages=pages,
        media=tuple(media),
        unsearched=tuple(unsearched),
        hits=tuple(hits),
    )


def _inside(base: Path) -> Iterator[str]:
    """The files of a folder, without hidden ones, in the order of their names; relative to it, forward slashes."""
    ahead = [""]
    while ahead:
        folder = ahead.pop()
        try:
            with os.scandir(base / folder) as found:
                entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=attrgetter("name"))
        except OSError:
            continue
        yield from (f"{folder}{entry.name}" for entry in entries if _ours(entry, base))
        ahead += [f"{folder}{entry.name}/" for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def _ours(entry: os.DirEntry[str], base: Path) -> bool:
    try:
        # A link that leads to itself is no file, and must not be resolved.
        return entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(base.resolve()))
    except OSError:
        return False


def _waived(answer: Answer) -> Mapping[str, str]:
    return {kind: mask(reason) for kind, reason in getattr(answer, "waived", {}).items()}


def _waivers(portfolio: Portfolio) -> dict[str, dict[str, str]]:
    """What may stay in each attachment: what a file that refers to it says."""
    found: dict[str, dict[str, str]] = {}
    for answer in portfolio.all_answers():
        waived = _waived(answer)
        for record in _records(answer) if waived else ():
            for value in record.values.values():
                if isinstance(value, str) and value.startswith(f"{FILES}/"):
                    for kind, reason in waived.items():
                        found.setdefault(value, {}).setdefault(kind, reason)
    return found


def _records(answer: Answer) -> Iterator[Record]:
    yield from answer.evidence
    for records in answer.registers.values():
        yield from records


def _key(text: str) -> str:
    """What is the same for two ways of writing a number or an address."""
    if "@" in text:
        return text.strip().lower()
    digits = re.sub("[^0-9]", "", thai.ascii_digits(text))
    return re.sub("^(?:00)?660?(?=[2-9])", "0", digits)


_Located = tuple[Hit, str]


@lru_cache(maxsize=4096)
def _unchanged_attachment(
    path: str, _size: int, _modified: int
) -> tuple[tuple[tuple[Kind, Message, str, str], ...], int, str]:
    """What `documents.read` and `find` say of a file: `lakthan serve` asks again and again."""
    document = documents.read(Path(path))
    found = (
        (hit.kind, part.where, hit.shown, _key(part.text[hit.start : hit.end]))
        for part in document.parts
        for hit in find(part.text, part.before)
    )
    return tuple(found), document.pages, document.trouble


def _in_attachment(path: Path, file: str, folder: str) -> tuple[list[_Located], int, str]:
    found: list[_Located] = []
    named = list(find(path.name))
    for hit in named:
        # The name itself would show it.
        place = Place(f"{folder}/{FILES}")
        where = documents.where("name", name=mask(path.name))
        found.append((Hit(hit.kind, place, where, hit.shown), _key(path.name[hit.start : hit.end])))
    try:
        state = path.stat()
        inside, pages, trouble = _unchanged_attachment(str(path), state.st_size, state.st_mtime_ns)
    except OSError:
        return found, 0, "damaged"
    found += ((Hit(kind, Place(file), _mask_message(where), shown), key) for kind, where, shown, key in inside)
    return found, pages, trouble


def _in_text(path: Path, file: str, kinds: Iterable[Kind] = KINDS) -> tuple[list[_Located], str]:
    try:
        text = documents.bounded(path).decode("utf-8-sig", errors="replace")
    except documents.Enough:
        return [], "partly"
    except OSError:
        return [], "damaged"
    return _located(text, file, kinds), ""


def _located(text: str, file: str, kinds: Iterable[Kind] = KINDS) -> list[_Located]:
    """What is found in the text of a file, with its place."""
    hits = [hit for hit in find(text) if hit.kind in kinds]
    if not hits:
        return []
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found: list[_Located] = []
    for hit in hits:
        line_number = bisect.bisect_right(starts, hit.start)
        place = Place(file, line_number, hit.start - starts[line_number - 1] + 1)
        found.append((Hit(hit.kind, place, documents.where("text"), hit.shown), _key(text[hit.start : hit.end])))
    return found


# Diagnostics -----------------------------------------------------------------------------------------------------


def check(searched: Searched) -> Iterator[Diagnostic]:
    """Everything found in a portfolio, and every attachment that could not be searched."""
    same: dict[tuple[str, Kind], list[Hit]] = {}
    for hit in searched.hits:
        same.setdefault((hit.place.file, hit.kind), []).append(hit)
    for hits in same.values():
        yield from map(_diagnostic, hits[:SHOWN])
        if rest := hits[SHOWN:]:
            args = {"n": len(rest), "what": _named(rest[0].kind)}
            yield Diagnostic("personal-data-more", rest[0].place, "note", args)
    for left in searched.unsearched:
        # A scanned page is no mistake; that a file cannot be opened may be one.
        severity: Severity = "note" if left.why.key in _NO_MISTAKE else "warning"
        yield Diagnostic("attachment-not-searched", Place(left.file), severity, {"why": left.why})


_NO_MISTAKE = frozenset({"document.trouble.no-text", "document.trouble.sort"})


def check_units(root: Path, project: Project) -> Iterator[Diagnostic]:
    """Citizen numbers in `unit.yml` and `site.yml`. Their addresses and telephone numbers are meant to be published."""
    for file in ("content/site.yml", *(unit.place.file for unit in project.units.values())):
        yield from check_file(root, file)


def check_file(root: Path, file: str) -> Iterator[Diagnostic]:
    """Citizen numbers in a file whose addresses and telephone numbers are meant to be published."""
    if (root / file).is_file():
        found, _ = _in_text(root / file, file, ("citizen-number",))
        yield from (_diagnostic(hit) for hit, _ in found)


def _diagnostic(hit: Hit) -> Diagnostic:
    args: dict[str, object] = {"shown": hit.shown, "where": hit.where}
    if hit.waived is not None:
        waived = {"what": _named(hit.kind), "reason": hit.waived}
        return Diagnostic("personal-data-waived", hit.place, "note", {**args, **waived})
    return Diagnostic(f"{hit.kind}-found", hit.place, "error" if hit.kind in BLOCKING else "warning", args)


def _named(kind: Kind) -> Message:
    return Message(f"privacy.kind.{kind}")


def consent(portfolio: Portfolio) -> Iterator[Diagnostic]:
    """Persons are named for something that the law protects, and no consent of theirs is on file.

    A kind or register of the rubric says so by `sensitive`; a record of it then needs `consent`, or `names: no`.
    """
    if not _any_sensitive(portfolio.rubric):
        return
    for answer in portfolio.all_answers():
        for record in _records(answer):
            asked = portfolio.rubric.kinds.get(record.kind) or portfolio.rubric.register(record.register)
            why = getattr(asked, "sensitive", None)
            if why is None or record.text("consent") or record.values.get("names") is False:
                continue
            if not any(record.values.get(name) for name in PROOF):
                continue  # nothing is published yet: a skeleton lists what is asked for
            args = {"title": _title(record), "why": why}
            yield Diagnostic("consent-missing", record.place, "warning", args)


def _any_sensitive(rubric: Rubric) -> bool:
    known = follows(rubric)
    if "sensitive" not in known:
        registers = (rubric.register(name) for name in (*rubric.registers, "channels"))
        known["sensitive"] = any(one.sensitive for one in rubric.kinds.values()) or any(
            one.sensitive for one in registers if one
        )
    found: bool = known["sensitive"]
    return found


def _title(record: Record) -> str:
    return mask(record.text("title") or record.text("name") or record.kind)


# What a page says of it ------------------------------------------------------------------------------------------


def sentences(searched: Searched) -> tuple[Message, ...]:
    """What a page says: what was searched, what was found, what may stay and why, and what nobody looked into."""
    out = [
        Message("privacy.page.searched", {"texts": searched.texts, "attachments": searched.attachments}),
        Message("privacy.page.looked_for", {"what": tuple(_named(kind) for kind in KINDS)}),
    ]
    if not searched.hits:
        out.append(Message("privacy.page.nothing"))
    out += (Message("privacy.page.found", {"what": _named(kind), "count": n}) for kind, n in searched.open.items())
    out += (
        Message("privacy.page.waived", {"what": _named(kind), "count": n, "reason": reason})
        for (kind, reason), n in searched.waived.items()
    )
    if searched.media:
        out.append(Message("privacy.page.media", {"count": len(searched.media)}))
    if searched.unsearched:
        out.append(Message("privacy.page.unsearched", {"count": len(searched.unsearched)}))
    out.append(Message("privacy.page.limits"))
    return tuple(out)
