"""What is doubtful in how a portfolio is written: places kept for later, spelling that searches miss, names alike.

`TEXT_CHECKS` take one passage at a time, `WRITING_CHECKS` one submission; each is named for what is wrong. `check` runs
them all. Only `dated_in_future` asks what day it is: what a site shows must not depend on the day it is built.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from lakthan import names, thai
from lakthan.diagnostics import Diagnostic
from lakthan.model import Answer, Place, Portfolio, Project, Record, Unit

SITE = "content/site.yml"


class Passage(NamedTuple):
    """A text that someone wrote: a field of the front matter, or a line of a body."""

    text: str
    place: Place
    """Where it begins; of a field, where its entry or key does."""
    field: str = ""
    """The field's name; empty in a body."""
    column: int = 0
    """Where it begins in the line, for a passage whose columns are known: those of bodies."""
    sample: bool = False
    """Whether it belongs to a demonstration, which must not name anybody's address."""

    def at(self, start: int) -> Place:
        """The place of a character of the passage."""
        return self.place if self.field else replace(self.place, column=self.column + start)


@dataclass(frozen=True)
class Submission:
    """A portfolio as it was handed in, and the files beside it."""

    portfolio: Portfolio
    present: Sequence[str] = ()
    """The attachments on disk, relative to the portfolio's folder: `files/plan.pdf`."""

    @cached_property
    def references(self) -> Mapping[str, Place]:
        """Each attachment that an entry refers to, and where the first one does."""
        found: dict[str, Place] = {}
        known: dict[str, tuple[str, ...]] = {}
        for record in _records(self.portfolio):
            kind = record.kind
            if kind not in known:
                known[kind] = names.of_type(self.portfolio.rubric, kind, "file")
            for name in known[kind]:
                value = record.values.get(name)
                if isinstance(value, str):
                    found.setdefault(value, record.place)
        return found


TextCheck = Callable[[Passage], Iterator[Diagnostic]]
WritingCheck = Callable[[Submission], Iterator[Diagnostic]]


# Texts that were to be replaced ----------------------------------------------------------------------------------

_THAI = "[\u0e01-\u0e4e]"
_LINK_WORD = "(?:ลิงก์|ลิงค์|ลิ้งก์|ลิ้งค์|ลิ้ง|link|url)"
_WAITED_FOR = f"(?:{_LINK_WORD}|ไฟล์|ไฟล์แนบ|เอกสาร|หลักฐาน|ข้อมูล|รูป|รูปภาพ|ภาพ|ภาพถ่าย|เลขที่|เลขที่หนังสือ|วันที่)"
# Between Thai letters these are parts of other words: ลดระยะเวลารอเอกสาร is an achievement.
_PLACEHOLDER = re.compile(
    rf"(?<!{_THAI})(?:"
    rf"รอ\s?(?:ใส่|แนบ|เพิ่ม|ระบุ|กรอก|วาง)?\s?{_WAITED_FOR}"
    rf"|(?:กรุณา|โปรด)?(?:ใส่|แนบ|เพิ่ม|ระบุ|กรอก|วาง)\s?{_LINK_WORD}(?:\s?(?:ที่นี่|ตรงนี้))?"
    rf"|(?:ใส่|กรอก)(?:ข้อความ|ข้อมูล|ชื่อเรื่อง)\s?(?:ที่นี่|ตรงนี้)"
    rf")(?!{_THAI})"
    r"|\blorem\s+ipsum\b|\b(?:insert|add|your)\s+(?:link|text|title)\s+here\b",
    re.IGNORECASE,
)
# In capitals only: `todo` is a word of Spanish, and of addresses.
_TO_DO = re.compile(r"(?<![\w-])(?:TODO|TBD|TBC|FIXME)(?![\w-])")
# Not beside digits or hyphens: 081-xxx-xxxx keeps a number private, as it should be.
_CROSSES = re.compile(r"(?<![\w./%=-])x{3,}(?![\w-])", re.IGNORECASE)
_NOTHING = re.compile(r"[\s\-–—_.…·*#/\\?!|+=~,;:()\[\]<>]+")
# A search that tries to begin at every letter takes its time, and nearly all texts are sound: what each of these cannot
# do without is looked for first.
_BEGINS = re.compile(rf"{_THAI.replace('[', '[^')}(?:รอ|กรุณา|โปรด|ใส่|แนบ|เพิ่ม|ระบุ|กรอก|วาง)")


_LATIN_BEGINS = (b"lorem", b"here", b"todo", b"tbd", b"tbc", b"fixme", b"xx")


def _may_wait(text: str) -> bool:
    # Whether there is anything to come, not only such a word, is seen where it begins.
    if any(_PLACEHOLDER.match(text, found.start()) for found in _BEGINS.finditer(f"\n{text}")):
        return True
    small = text.lower()
    return "lorem" in small or "here" in small


def _may_be_to_do(text: str) -> bool:
    return "TODO" in text or "TBD" in text or "TBC" in text or "FIXME" in text


def _may_be_crosses(text: str) -> bool:
    return "xx" in text or "XX" in text or "xX" in text or "Xx" in text


_PLACEHOLDERS = ((_may_wait, _PLACEHOLDER), (_may_be_to_do, _TO_DO), (_may_be_crosses, _CROSSES))


_NEVER_NOTHING = ("title", "name", "reference", "not_applicable")


def placeholder_text(passage: Passage) -> Iterator[Diagnostic]:
    """A text says that something is still to come, or nothing but dashes."""
    text = passage.text
    for may_be, pattern in _PLACEHOLDERS:
        if may_be(text) and (found := pattern.search(text)):
            yield Diagnostic("placeholder-text", passage.at(found.start()), "warning", {"text": _short(found[0])})
    # In a note, a dash is how forms say “nothing”; as a reference it would count as a document.
    if passage.field in _NEVER_NOTHING and _NOTHING.fullmatch(passage.text):
        yield Diagnostic("placeholder-text", passage.place, "warning", {"text": _short(passage.text.strip())})


# Only what follows `](` is looked at: a text with many `[` would take for ever. None is sought without its sign.
_TARGETS = (
    ("](", re.compile(r"\]\([ \t]{0,9}<?([^()\s<>]*)")),
    ("]:", re.compile(r"^ {0,3}\[(?!\^)[^\[\]]{1,99}\]:[ \t]{0,9}(\S*)", re.MULTILINE)),
    ("=", re.compile(r"""\bhref[ ]{0,9}=[ ]{0,9}["']?([^"'\s<>]*)""", re.IGNORECASE)),
)
_NOWHERE = re.compile(r"(?:https?:)?[#/.?]*", re.IGNORECASE)


def placeholder_link(passage: Passage) -> Iterator[Diagnostic]:
    """A link leads nowhere: `#`, `/`, `https://`."""
    if passage.field:
        return  # the loader takes no such thing for an address
    for found in _nowhere(passage.text):
        yield Diagnostic("placeholder-link", passage.at(found.start(1)), "warning", {"address": _short(found[1])})


def _nowhere(text: str) -> Iterator[re.Match[str]]:
    for sign, pattern in _TARGETS:
        if sign in text:
            yield from (found for found in pattern.finditer(text) if _NOWHERE.fullmatch(found[1]))


_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`{}|\\^]+", re.IGNORECASE)
_EXAMPLE_NAMES = frozenset(
    (
        "example",
        "yourdomain",
        "your-domain",
        "yoursite",
        "your-site",
        "yourwebsite",
        "mydomain",
        "mysite",
        "domain-name",
    )
)
_RESERVED = frozenset(("example", "invalid", "localhost", "test"))


def example_address(passage: Passage) -> Iterator[Diagnostic]:
    """An address of the kind that manuals use, or of the writer's own machine."""
    if passage.sample:
        return
    for start, parts in _addresses(passage.text):
        if _is_example(parts.hostname or ""):
            args = {"address": _short(parts.geturl())}
            yield Diagnostic("example-address", passage.at(start), "warning", args)


def _is_example(host: str) -> bool:
    """
    >>> _is_example("www.example.go.th"), _is_example("127.0.0.1"), _is_example("www.oae.go.th")
    (True, True, False)
    """
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        labels = host.lower().rstrip(".").split(".")
        crosses = any(re.fullmatch("x{2,}", label) for label in labels[:-1])
        return crosses or labels[-1] in _RESERVED or not _EXAMPLE_NAMES.isdisjoint(labels)
    return number.is_loopback or number.is_unspecified


_LONG = 20
"""Characters that the name of a shared file has at least; folders of the service itself have fewer."""
_SHELVES = ("drive.google.com", "docs.google.com", "onedrive.live.com")
_DOORS = frozenset((
    "1drv.ms", "bit.ly", "dropbox.com", "facebook.com", "fb.watch", "forms.gle", "goo.gl", "instagram.com", "lin.ee",
    "line.me", "photos.app.goo.gl", "shorturl.at", "tiktok.com", "tinyurl.com", "twitter.com", "x.com", "youtu.be",
    "youtube.com",
))  # fmt: skip
"""Hosts where everybody's pages are, so that the host alone is nobody's."""


def share_stub(passage: Passage) -> Iterator[Diagnostic]:
    """An address leads to the front door of a shared service, or to the writer's own shelf in it."""
    for start, parts in _addresses(passage.text):
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        steps = re.split("[/?&=]", f"{parts.path}?{parts.query}")
        shared = max(map(len, steps)) >= _LONG if host in _SHELVES else host not in _DOORS or any(steps)
        if not shared or (host == "dropbox.com" and steps[1:2] == ["home"]):
            yield Diagnostic("share-stub", passage.at(start), "warning", {"address": _short(parts.geturl())})


def _addresses(text: str) -> Iterator[tuple[int, SplitResult]]:
    for found in _ADDRESS.finditer(text):
        try:
            parts = urlsplit(found[0].rstrip(".,;:!?"))
            yield found.start(), parts
        except ValueError:
            continue  # no address; `wrong-link` says so where one is wanted


# Thai that looks right and is not --------------------------------------------------------------------------------

_TONE = "[\u0e48-\u0e4b]"
_ABOVE = "[\u0e31\u0e34-\u0e37\u0e47]"
_BELOW = "[\u0e38-\u0e3a]"
# Pali writes NIKHAHIT and PHINTHU after other vowels, and THANTHAKHAT stands after them: สุคตึ, ธาตุํ, พันธุ์, สิทธิ์.
_SARA_AM = re.compile(f"\u0e4d({_TONE}?)\u0e32")
_REPEATED = re.compile(
    # the same mark, or two of a sort, on one letter
    f"{_TONE}{{2,}}|([\u0e4c\u0e4d])\\1+|{_ABOVE}{_TONE}?{_ABOVE}|{_BELOW}{_TONE}?{_BELOW}"
    f"|{_ABOVE}[\u0e38\u0e39]|[\u0e38\u0e39]{_ABOVE}|{_TONE}\u0e4c|\u0e4c{_TONE}"
    # vowels that stand beside a letter
    "|\u0e30{2,}|\u0e32{2,}|\u0e33{2,}|[เแโใไ][แโใไ]|[แโใไ]เ"
)
_MISPLACED = re.compile(
    f"(?:{_TONE}|\u0e4c)(?:{_ABOVE}|{_BELOW})"
    # on nothing that bears marks; ◌ and - do, where marks are shown
    "|(?:^|(?<=[^\u0e01-\u0e2e\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u25cc-]))[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"
)
_SARA_E = re.compile("เเ")


def sara_am_decomposed(passage: Passage) -> Iterator[Diagnostic]:
    """SARA AM is written as NIKHAHIT and SARA AA: it looks the same, and no search finds it."""
    return _spelling("sara-am-decomposed", _SARA_AM, passage)


def mark_repeated(passage: Passage) -> Iterator[Diagnostic]:
    """A vowel or tone mark stands where there is one already; a screen may show one of them."""
    return _spelling("mark-repeated", _REPEATED, passage)


def mark_misplaced(passage: Passage) -> Iterator[Diagnostic]:
    """A mark stands in the wrong order, or on nothing."""
    return _spelling("mark-misplaced", _MISPLACED, passage)


def sara_e_doubled(passage: Passage) -> Iterator[Diagnostic]:
    """SARA AE is written as two SARA E."""
    return _spelling("sara-e-doubled", _SARA_E, passage)


def _spelling(code: str, pattern: re.Pattern[str], passage: Passage) -> Iterator[Diagnostic]:
    # One a passage: who mends a word sees the line.
    found = pattern.search(passage.text)
    if found:
        around = _around(passage.text, found.start(), found.end())
        args = {"text": around, "right": mended(around), "marks": _code_points(found[0])}
        yield Diagnostic(code, passage.at(found.start()), "warning", args)


def _around(text: str, start: int, end: int) -> str:
    """The letters before and after, from a letter that can bear marks."""
    start = max(0, start - 3)
    while start and "\u0e31" <= text[start] <= "\u0e4e" and not "\u0e40" <= text[start] <= "\u0e46":
        start -= 1
    end = min(len(text), end + 3)
    while end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1
    return " ".join(text[start:end].split())[:40]


def _code_points(text: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in text[:8])


def mended(text: str) -> str:
    """Thai as it is to be spelt, where that can be told: composed, each mark once, vowel before tone.

    >>> mended("นํ้า"), mended("เเผน"), mended("ท\u0e48\u0e35\u0e48")
    ('น้ำ', 'แผน', 'ที่')
    """
    text = unicodedata.normalize("NFC", text).replace("เเ", "แ")
    text = re.sub(f"(\u0e4d+)({_TONE}*)\u0e32", "\\2\u0e33", text)
    # Tone marks before vowels that follow, then runs of marks: vowels above and below before tones, each once.
    text = re.sub(f"[\u0e32\u0e33](?:[\u0e32\u0e33]|{_TONE})+", lambda run: _ordered(run[0], "\u0e32\u0e33"), text)
    text = re.sub(
        "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4c]{2,}", lambda run: _ordered(run[0], "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"), text
    )
    return re.sub("([\u0e30\u0e40-\u0e44\u0e4d])\\1+", r"\1", text)


def _ordered(run: str, last: str) -> str:
    """Each character once, those of *last* behind the others."""
    return "".join(sorted(dict.fromkeys(run), key=lambda mark: mark in last))


# What nobody sees: front matter does not get past the reader of YAML with any of these ---------------------------

_ZERO_WIDTH = re.compile(
    "[\xad\u180e\u200b\u2060-\u2064\ufeff]|(?<![\u200d\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
)
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]")


def zero_width_character(passage: Passage) -> Iterator[Diagnostic]:
    """A character without width cuts a word where nobody sees it. (Joiners inside of pictures are in their place.)"""
    if found := _ZERO_WIDTH.search(passage.text):
        args = {"character": _code_points(found[0])}
        yield Diagnostic("zero-width-character", passage.at(found.start()), "warning", args)


def bidi_character(passage: Passage) -> Iterator[Diagnostic]:
    """A character turns the direction of writing: what is read is not what is written."""
    if found := _BIDI.search(passage.text):
        yield Diagnostic("bidi-character", passage.at(found.start()), "error", {"character": _code_points(found[0])})


def control_character(passage: Passage) -> Iterator[Diagnostic]:
    """A control character, such as NUL, that no text has."""
    if found := _CONTROL.search(passage.text):
        args = {"character": _code_points(found[0])}
        yield Diagnostic("control-character", passage.at(found.start()), "error", args)


TEXT_CHECKS: tuple[TextCheck, ...] = (
    placeholder_text,
    placeholder_link,
    example_address,
    share_stub,
    sara_am_decomposed,
    mark_repeated,
    mark_misplaced,
    sara_e_doubled,
    zero_width_character,
    bidi_character,
    control_character,
)


# One submission --------------------------------------------------------------------------------------------------


def channel_twice(submission: Submission) -> Iterator[Diagnostic]:
    """Two entries of one list are one channel: the same again, or (a note) another page of the same site."""
    for answer in submission.portfolio.all_answers():
        seen: dict[str, Record] = {}
        for record in answer.registers.get("channels", ()):
            where = record.text("place")
            if not any(record.values.get(name) for name in ("url", "reference", "name", "file")):
                continue
            first = seen.setdefault(where, record)
            if first is not record:
                args = {"name": record.text("name") or where, "line": first.place.line}
                if record.text("url") == first.text("url"):
                    yield Diagnostic("channel-twice", record.place, "warning", args)
                else:
                    yield Diagnostic("channel-of-same-site", record.place, "note", args)


def attachment_unreferenced(submission: Submission) -> Iterator[Diagnostic]:
    """A file lies in `files/` that no entry refers to: nobody will see it."""
    meant = {_alike(name) for name in submission.references} if submission.present else set()
    for name in submission.present:
        if _alike(name) not in meant:
            place = Place(f"{submission.portfolio.folder}/{name}")
            yield Diagnostic("attachment-unreferenced", place, "warning", {"name": name})


def attachment_spelt_otherwise(submission: Submission) -> Iterator[Diagnostic]:
    """An entry refers to a file by a name that differs in case or in spelling: it opens on some machines only."""
    present = {_alike(name): name for name in submission.present}
    for name, place in submission.references.items() if present else ():
        other = present.get(_alike(name))
        if other is not None and name not in submission.present:
            yield Diagnostic("attachment-spelt-otherwise", place, "error", {"name": name, "other": other})


def attachments_alike(submission: Submission) -> Iterator[Diagnostic]:
    """Two attachments differ only in case or in how their Thai is spelt: some machines keep one of them."""
    for name, other in _pairs(submission.present):
        place = Place(f"{submission.portfolio.folder}/{name}")
        yield Diagnostic("names-alike", place, "error", {"name": name, "other": other})


OLDEST = 1957
"""Before 2500 of the Buddhist era nothing is evidence: a digit slipped."""
AHEAD = 10
"""Years after that of the rubric from which on the same holds."""


def date_implausible(submission: Submission) -> Iterator[Diagnostic]:
    """Something is dated in a year that no evidence of this rubric can be of."""
    portfolio = submission.portfolio
    latest = portfolio.rubric.year - thai.buddhist(0) + AHEAD
    dated = [(record.place, record.date) for record in _records(portfolio)]
    for place, day in (*dated, (_head(portfolio, "signed"), portfolio.signed)):
        if day and not OLDEST <= day.year <= latest:
            yield Diagnostic("date-implausible", place, "warning", {"date": day})


def self_score_without_evidence(submission: Submission) -> Iterator[Diagnostic]:
    """A unit gives itself points and shows nothing for them."""
    for name, answer in submission.portfolio.answers.items():
        if answer.self_score and answer.self_score.value > 0 and not _shows(submission.portfolio, answer):
            args = {"name": name, "stated": answer.self_score.value}
            yield Diagnostic("self-score-without-evidence", answer.self_score.place, "warning", args)


def self_level_without_evidence(submission: Submission) -> Iterator[Diagnostic]:
    """A unit claims a level, and its portfolio shows nothing at all."""
    portfolio = submission.portfolio
    if portfolio.self_level and not any(_shows(portfolio, answer) for answer in portfolio.all_answers()):
        yield Diagnostic("self-level-without-evidence", _head(portfolio, "self_level"), "warning")


def ready_with_nothing(submission: Submission) -> Iterator[Diagnostic]:
    """A file says that it is ready, and neither shows nor tells anything."""
    for name, answer in submission.portfolio.answers.items():
        said = answer.places.get("status")
        empty = not answer.not_applicable and not answer.body.strip() and not _shows(submission.portfolio, answer)
        if said and answer.status == "ready" and empty:
            yield Diagnostic("ready-with-nothing", said, "warning", {"name": name})


WRITING_CHECKS: tuple[WritingCheck, ...] = (
    channel_twice,
    attachment_unreferenced,
    attachment_spelt_otherwise,
    attachments_alike,
    date_implausible,
    self_score_without_evidence,
    self_level_without_evidence,
    ready_with_nothing,
)


# Running them ----------------------------------------------------------------------------------------------------


def check(project: Project, present: Mapping[str, Sequence[str]]) -> Iterator[Diagnostic]:
    """Everything doubtful in how a project is written.

    *present* lists the attachments on disk by portfolio, relative to its folder (`files/plan.pdf`).
    """
    yield from check_site(project)
    for unit in project.units.values():
        yield from check_unit(unit)
    for portfolio in project.portfolios:
        yield from check_portfolio(portfolio, present.get(portfolio.id, ()))


def check_site(project: Project) -> Iterator[Diagnostic]:
    """What is doubtful in the site's own file, and between units and between rubrics."""
    yield from names_alike(project)
    yield from _texts_of(site_passages(project))


def check_unit(unit: Unit) -> Iterator[Diagnostic]:
    """What is doubtful in a unit's `unit.yml`."""
    yield from _texts_of(unit_passages(unit))


def check_portfolio(portfolio: Portfolio, present: Sequence[str]) -> Iterator[Diagnostic]:
    """What is doubtful in one portfolio; *present* are its attachments on disk."""
    yield from _doubts(portfolio)
    submission = Submission(portfolio, present)
    for one in WRITING_CHECKS:
        yield from one(submission)


def names_alike(project: Project) -> Iterator[Diagnostic]:
    """Two units or two rubrics have names that differ only in case: some machines keep one folder for both."""
    for name, other in _pairs(project.units):
        yield Diagnostic("names-alike", project.units[name].place, "error", {"name": name, "other": other})
    for name, other in _pairs(project.rubrics):
        place = project.rubric_places.get(name, {}).get(("id",), Place(f"rubrics/{name}.yml"))
        yield Diagnostic("names-alike", place, "error", {"name": name, "other": other})


def dated_in_future(portfolio: Portfolio, today: datetime.date) -> Iterator[Diagnostic]:
    """Evidence, a record or the signature is dated after *today*."""
    for record in _records(portfolio):
        if record.date and record.date > today:
            title = record.text("title") or record.text("name") or record.kind
            yield Diagnostic("dated-in-future", record.place, "warning", {"title": title, "date": record.date})
    if portfolio.signed and portfolio.signed > today:
        yield Diagnostic("signed-in-future", _head(portfolio, "signed"), "warning", {"date": portfolio.signed})
    yield from _reviews_in_future(portfolio, today)


def _reviews_in_future(portfolio: Portfolio, today: datetime.date) -> Iterator[Diagnostic]:
    for review in portfolio.reviews:
        if review.date > today:
            yield Diagnostic("review-in-future", review.place, "warning", {"date": review.date})
        for verdict in review.verdicts:
            if verdict.answered and verdict.answered > today:
                yield Diagnostic("review-in-future", verdict.place, "warning", {"date": verdict.answered})


def _fields(portfolio: Portfolio) -> Iterator[tuple[str, Place, str]]:
    """What a unit and its reviewers wrote beside the accounts: text, place, and the name of the field."""
    yield portfolio.executive, _head(portfolio, "executive"), "executive"
    yield portfolio.reporter, _head(portfolio, "reporter"), "reporter"
    for answer in portfolio.all_answers():
        if answer.responsible:
            yield answer.responsible, answer.places.get("responsible", answer.place), "responsible"
        if answer.not_applicable:
            yield answer.not_applicable, answer.places.get("not_applicable", answer.place), "not_applicable"
    for record in _records(portfolio):
        for field, value in record.values.items():
            if type(value) is str and field not in ("kind", "place"):
                yield value, record.place, field
    for review in portfolio.reviews:
        yield review.role, review.place, "role"
        yield review.note, review.place, "note"
        for verdict in review.verdicts:
            yield verdict.reason, verdict.place, "reason"
            yield verdict.answer, verdict.place, "answer"


def unit_passages(unit: Unit) -> Iterator[Passage]:
    """What stands in a unit's `unit.yml`."""
    for field in ("name", "short", "about", "address"):
        if text := getattr(unit, field):
            yield Passage(text.th, unit.place, field, sample=unit.demonstration)
            yield Passage(text.en, unit.place, field, sample=unit.demonstration)
    for field in ("email", "phone", "website"):
        yield Passage(getattr(unit, field), unit.place, field, sample=unit.demonstration)


def site_passages(project: Project) -> Iterator[Passage]:
    """What stands in `content/site.yml`."""
    site, sample = project.site, all(unit.demonstration for unit in project.units.values())
    for field in ("title", "description", "publisher", "licence"):
        if text := getattr(site, field):
            yield Passage(text.th, Place(SITE), field, sample=sample)
            yield Passage(text.en, Place(SITE), field, sample=sample)
    for field in ("contact", "address"):
        yield Passage(getattr(site, field), Place(SITE), field, sample=sample)


def _texts_of(found: Iterable[Passage]) -> Iterator[Diagnostic]:
    for passage in found:
        if passage.text:
            for one in TEXT_CHECKS:
                yield from one(passage)


def _doubts(portfolio: Portfolio) -> Iterator[Diagnostic]:
    """What `TEXT_CHECKS` find in a portfolio. Most accounts have nothing doubtful: each is asked once, as a whole."""
    sample = portfolio.demonstration
    for answer in portfolio.all_answers():
        if checks := _may_find(answer.body, sample=sample):
            file = answer.place.file
            for number, line in enumerate(answer.body.split("\n"), answer.body_line):
                for one in checks:
                    if _SIGNS[one](line):
                        yield from one(Passage(line, Place(file, number), column=1, sample=sample))
    stated = [one for one in _fields(portfolio) if one[0]]
    if checks := _may_find("\n".join([text for text, _, _ in stated]), sample=sample, fields=True):
        for text, place, field in stated:
            for one in checks:
                if _SIGNS[one](text) or (one is placeholder_text and field in _NEVER_NOTHING):
                    yield from one(Passage(text, place, field, sample=sample))


_Sign = Callable[[str], object]


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Finds addresses with one of these somewhere in their host, and a few others."""
    return re.compile(rf"://[^\s/]*(?:{'|'.join(map(re.escape, sorted(names)))})", re.IGNORECASE)


_MAY_BE_EXAMPLE = _any_of((*_EXAMPLE_NAMES, *_RESERVED, "xx"))
_NUMBERED = re.compile(r"://(?:[^\s/]*@)?[0-9\[]")
_MAY_BE_STUB = _any_of((*_SHELVES, *_DOORS))


_SIGNS: Mapping[TextCheck, _Sign] = {
    placeholder_text: lambda text: any(may_be(text) and one.search(text) for may_be, one in _PLACEHOLDERS),
    placeholder_link: lambda text: any(_nowhere(text)),
    example_address: lambda text: _MAY_BE_EXAMPLE.search(text) or _NUMBERED.search(text),
    share_stub: _MAY_BE_STUB.search,
    sara_am_decomposed: lambda text: "\u0e4d" in text and _SARA_AM.search(text),
    mark_repeated: _REPEATED.search,
    mark_misplaced: _MISPLACED.search,
    sara_e_doubled: lambda text: "เเ" in text,
    zero_width_character: _ZERO_WIDTH.search,
    bidi_character: _BIDI.search,
    control_character: _CONTROL.search,
}
"""Without it anywhere in a text of several lines, no line of it has anything for the check to find."""
_OF_MARKS = (mark_repeated, mark_misplaced)
_UNSEEN = (zero_width_character, bidi_character, control_character)
_LINE_OF_NOTHING = re.compile(rf"\n{_NOTHING.pattern}\n")


def _may_find(text: str, *, sample: bool, fields: bool = False) -> tuple[TextCheck, ...]:
    """The checks that may find something in one of the lines of a text; with *fields*, in one of the fields.

    *sample*: in a demonstration, whose addresses are all examples.
    """
    asked = [sara_e_doubled, sara_am_decomposed]
    # What stands there in Latin letters and signs: of a Thai text next to nothing, and looked through in no time.
    latin = text.encode("ascii", "ignore").lower()
    if b"](" in latin or b"]:" in latin or b"href" in latin:
        asked.append(placeholder_link)
    if b"://" in latin:
        asked += (share_stub,) if sample else (example_address, share_stub)
    if _BEGINS.search(f"\n{text}") or any(word in latin for word in _LATIN_BEGINS):
        asked.append(placeholder_text)
    if _marks_are_odd(text):
        asked += _OF_MARKS
    if not text.replace("\n", "").isprintable():
        asked += _UNSEEN
    found = {check for check in asked if _SIGNS[check](text)}
    if fields and _LINE_OF_NOTHING.search(f"\n{text}\n"):
        found.add(placeholder_text)
    return tuple(check for check in TEXT_CHECKS if check in found) if found else ()


_ABOVE_OR_BELOW = "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47"
_ON_TOP = "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
_MARKS = f"{_ABOVE_OR_BELOW}{_ON_TOP}\u0e4d\u0e4e"
_BEARERS = f"-{_MARKS}{''.join(map(chr, range(0x0E01, 0x0E2F)))}"
# Characters, and those that may not stand behind them. What bears no mark has none behind it.
_NOT_BESIDE = (
    (_ON_TOP, _ON_TOP + _ABOVE_OR_BELOW),
    (_ABOVE_OR_BELOW, _ABOVE_OR_BELOW),
    ("\u0e4d\u0e4e", "\u0e4d\u0e4e"),
    ("เแโใไ", "เแโใไ"),
    ("\u0e30", "\u0e30"),
    ("\u0e32", "\u0e32"),
    ("\u0e33", "\u0e33"),
)
_THAI_PAGE = bytes(range(256)).decode("cp874", "replace")


def _bits(sorts: Iterable[str], more: Callable[[str], bool]) -> bytes:
    """For `bytes.translate` of the Thai code page: a bit for each sort that a character is of, the last for *more*."""
    sorts = tuple(sorts)
    return bytes(
        sum(1 << i for i, sort in enumerate(sorts) if character in sort) | more(character) << len(sorts)
        for character in _THAI_PAGE
    )


_BEFORE = _bits((before for before, _ in _NOT_BESIDE), lambda character: character not in _BEARERS)
_BEHIND = _bits((behind for _, behind in _NOT_BESIDE), lambda character: character in _MARKS)


def _marks_are_odd(text: str) -> bool:
    """Whether anything stands beside another that `_REPEATED` or `_MISPLACED` may object to.

    They take thirty times as long as this, which asks of all pairs of neighbours at once whether they share a bit.
    """
    page = f"\n{text}".encode("cp874", "replace")
    before = int.from_bytes(page.translate(_BEFORE), "little")
    behind = int.from_bytes(page.translate(_BEHIND), "little") >> 8
    return bool(before & behind)


# What the checks go through --------------------------------------------------------------------------------------


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _records(portfolio: Portfolio) -> Iterator[Record]:
    for answer in portfolio.all_answers():
        yield from answer.evidence
        for found in answer.registers.values():
            yield from found


def _head(portfolio: Portfolio, key: str) -> Place:
    return portfolio.shared.places.get(key, portfolio.shared.place)


def _shows(portfolio: Portfolio, answer: Answer) -> bool:
    """Whether anything stands in an answer, or in `portfolio.md` for it, that may earn points."""
    if answer.evidence or answer.facts or any(answer.registers.values()):
        return True
    shared = portfolio.shared
    if answer is shared:
        return False
    served = (record.values.get("indicators") for record in shared.evidence)
    return (
        bool(shared.facts)
        or any(shared.registers.values())
        or any(isinstance(listed, tuple) and answer.indicator in listed for listed in served)
    )


def _alike(name: str) -> str:
    """The same for names that some machine or reader takes for one."""
    return mended(_ZERO_WIDTH.sub("", name)).casefold()


def _pairs(found: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each name that is like an earlier one, and that one."""
    seen: dict[str, str] = {}
    for name in sorted(found):
        other = seen.setdefault(_alike(name), name)
        if other != name:
            yield name, other
