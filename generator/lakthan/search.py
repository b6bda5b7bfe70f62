"""The index of the site's search: any part of a Thai word is found, and a query loads little of it.

Thai is written without spaces, so words cannot be looked up before they are cut, and index and query would have to be
cut alike. Nothing is cut here: the index knows each two and three characters in a row, of Thai as of anything else, and
the script in the browser (`site_templates/assets/search.js`) intersects the pages of a query's parts and then looks the
query up in their text. That finds what stands there and nothing else, without a dictionary.

What was measured before (25 words cut from Thai pages, in Chromium): the theme's search finds 3 of them; Pagefind 23,
when its words are cut by ICU, for which there is no wheel; one-file indexes come to 37 to 62 MB at 10,000 pages.

    search/<language>/index.json    what there is: units, rubrics, sorts of pages, and the words of the dialog
    search/<language>/g/<n>.bin     postings: characters in a row → pages
    search/<language>/t/<n>.bin     the texts of `PER_PART` pages

Pages are numbered so that pages that share text are neighbours: their postings are runs. Both sorts of parts are
compressed (zlib), and loaded where a query asks for them.

What pages of one name, neighbours all, add to the postings follows from them alone, and is kept in the cache; so are
compressed texts. After an edit the words of a few pages are cut up, not those of all. Postings are put together in
`BUCKETS`, each of which follows from what all names add to it: most of them are kept as well.

Texts go from page to index through a file, if there are many: at no time are more of them in memory than of one name.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import sys
import unicodedata
import zlib
from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate, chain, groupby, repeat
from operator import add, itemgetter, sub
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from lakthan import tags, thai
from lakthan.cache import Cache

PER_PART = 8
"""Pages whose texts are loaded together."""
SHARD = 8_192
"""Bytes of postings in a part, about, before they are compressed."""
BUCKETS = 128
"""Buckets of postings, by the hashes of their keys. The more there are, the less an edit concerns; and each costs."""
KINDS = ("rubric", "unit", "portfolio", "indicator", "compare", "evidence", "channels", "page")
"""Sorts of pages, in the order in which pages of equal worth are listed."""


class Passage(NamedTuple):
    """A part of a page that can be linked to."""

    anchor: str
    heading: str
    text: str
    """Its lines, one for each paragraph, item or cell."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page as the search knows it."""

    url: str
    """Relative to the site."""
    title: str
    kind: str
    name: str
    """Which page of its portfolio it is. Pages of the same name share text."""
    unit: str
    rubric: str
    about: str
    """Whose page it is, in words: unit and rubric."""
    passages: tuple[Passage, ...]

    def waiting(self) -> Waiting:
        """The page as it waits for the others."""
        said = [self.url, self.title, self.kind, self.about, self.passages]
        document = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        digest = hashlib.sha256(document).hexdigest()
        return Waiting(self.kind, self.rubric, self.name, self.url, self.unit, digest, document)


class Text(NamedTuple):
    """Bytes that stand in a file."""

    path: Path
    start: int
    size: int

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


class Waiting(NamedTuple):
    """A page on its way into the index."""

    kind: str
    rubric: str
    name: str
    url: str
    unit: str
    digest: str
    """SHA-256 of the document: what follows from one that is known need not read it."""
    document: bytes | Text
    """What the index says of it, as JSON: url, title, kind, about, passages."""

    def read(self) -> bytes:
        """The document itself."""
        return self.document.read() if isinstance(self.document, Text) else self.document


def wait(pages: Sequence[Waiting], file: BinaryIO, path: Path) -> Text:
    """Let pages wait together in a *file*, which is at *path*. What is returned says where, for `waiting`."""
    documents = [page.read() for page in pages]
    head = json.dumps([(*page[:-1], len(said)) for page, said in zip(pages, documents, strict=True)]).encode()
    text = Text(path, file.tell(), len(head))
    file.writelines((head, *documents))
    return text


def waiting(text: Text) -> Iterator[Waiting]:
    """The pages that wait there."""
    at = text.start + text.size
    for *names, url, unit_, digest, size in json.loads(text.read()):
        kind, rubric, name, unit = map(sys.intern, (*names, unit_))  # there are thousands of pages, and few of these
        yield Waiting(kind, rubric, name, url, unit, digest, Text(text.path, at, size))
        at += size


# The words of a page ---------------------------------------------------------------------------------------------

_LEFT_OUT = frozenset(("svg", "nav", "script", "style", "template", "form", "select", "button", "noscript", "dialog"))
"""Menus, pictures, controls."""
_QUIET = frozenset(("span", "caption", "p", "div"))
"""What is left out where it is of a class that is only said aloud."""
_HEADING = re.compile(r"^#{1,6} ([^\n]*?)(?:[ ]*\{[ ]*\#([^\s}]+)[^}\n]*\})?$")
_HEADING_LINE = re.compile(r"\n(#{1,6} [^\n]*)")
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "i", "kbd", "mark", "q", "s", "samp", "small",
    "span", "strong", "sub", "sup", "time", "u", "var", "wbr",
))  # fmt: skip
_PLACES = frozenset(("article", "section", "li", "dt", "tr", "details", "div"))
"""What can be linked to, if it has an id."""
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))


def passages(content: str) -> tuple[Passage, ...]:
    """The passages of a generated page: Markdown headings and HTML, without its front matter.

    >>> for passage in passages('# Page\\n<p>One <b>tw</b>o</p>\\n## Next { #n }\\n<li id="y">3 &lt; 4</li>'):
    ...     print(tuple(passage))
    ('', '', 'One two')
    ('n', 'Next', 'Next')
    ('y', 'Next', '3 < 4')
    """
    found: list[Passage] = []
    lines: list[str] = []
    anchor = heading = ""

    def end() -> None:
        if lines:
            found.append(Passage(anchor, heading, "\n".join(lines)))
        lines.clear()

    for number, part in enumerate(_HEADING_LINE.split(f"\n{content}")):
        if number % 2 and (line := _HEADING.match(part)):
            end()
            first = part.startswith("# ")  # the page's own title stands in its entry
            anchor = "" if first else line[2] or anchor
            heading = "" if first else " ".join(html.unescape(re.sub(r"<[^>]*>", "", line[1])).split())
            if heading:
                lines.append(heading)
            continue
        for text, run, place in _runs(part.strip("\n")):
            if text:
                lines.append(text)
            if run.ends:
                heading = " ".join(" ".join(lines).split()) or heading
            elif run.begins:
                end()
                anchor = place or anchor
    end()
    return tuple(found)


_BREAK, _GAP = " \0 ", " "
_AFTER = (_BREAK, _GAP, "")
"""What stands behind the pieces of a block, for `_plan`."""


class _Run(NamedTuple):
    """A part of a block that ends where a passage or a heading begins or ends, or where the block ends."""

    said: itemgetter[Any]
    """Gives those of its pieces and of `_AFTER` that are its text."""
    begins: bool = False
    """Whether a passage begins behind it."""
    place: int = 0
    """The tag that names the place where that can be linked to."""
    ends: bool = False
    """Whether it is the end of a heading."""


@tags.remembered
def _runs(block: str) -> tuple[tuple[str, _Run, str], ...]:
    """The lines of each run of a block, the run itself, and the id of what begins behind it."""
    cut = tags.cut(block)
    pieces = (*cut.pieces, *_AFTER)
    found = []
    for run in _plan(cut):
        text = html.unescape("".join(run.said(pieces)).replace("\n", " ")).replace("\n", _BREAK)
        # Spaces in a row are one, in all lines at once, for there are dozens.
        lines = "\n".join(filter(None, map(str.strip, " ".join(text.split()).split(_BREAK.strip()))))
        place = tags.ID.search(pieces[run.place]) if run.place else None
        found.append((lines, run, html.unescape(place[1]) if place else ""))
    return tuple(found)


_NUMBERS = [*range(2 * tags.MANY + 1)]
"""There once for all plans: else each would take four times the memory."""


@tags.shaped
def _plan(sorts: Sequence[tags.Tag]) -> list[_Run]:
    """The runs of a block with these tags."""
    break_, gap, nothing = range(-len(_AFTER), 0)
    places: Sequence[int] = _NUMBERS if len(sorts) <= tags.MANY else range(2 * len(sorts) + 1)
    found: list[_Run] = []
    out: list[int] = []

    def run(**what: Any) -> None:
        found.append(_Run(itemgetter(*out, nothing, nothing), **what))
        out.clear()

    until = 0
    for at, sort in enumerate(sorts):
        if at < until:
            continue
        name, tag = sort.name, places[2 * at + 1]
        out.append(places[2 * at])
        if not sort.closes and (name in _LEFT_OUT or (sort.quiet and name in _QUIET)):
            end = next((n for n in range(at, len(sorts)) if sorts[n].closes and sorts[n].name == name), None)
            if end is not None:  # where it has no end, there is nothing to leave out
                until = end + 1
                out.append(gap)
                continue
        if not name:  # a comment, which is text to whoever is told of it
            out.append(tag)
        elif name not in _INLINE:
            placed = sort.placed and (name in _HEADINGS or name in _PLACES)
            if sort.closes and name in _HEADINGS:
                run(ends=True)
            elif not sort.closes and (name in _HEADINGS or placed):
                run(begins=True, place=tag if placed else 0)
            out.append(break_)
    out.append(places[2 * len(sorts)])
    run()
    return found


# How text is compared --------------------------------------------------------------------------------------------

_MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{2,}")
_TOKEN = re.compile(r"[\u0e01-\u0e2e\u0e30-\u0e3a\u0e40-\u0e4e]+|[0-9]+|(?:(?![\u0e00-\u0e7f])[^\W\d_])+")
_DROPPED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""What is not seen: soft hyphens, zero-width characters, marks of direction."""
_LATIN_MARKS = re.compile("[\u0300-\u036f]")


def normal(text: str) -> str:
    """Text as it is compared, in the index and in the query alike; `search.js` does the same.

    SARA AM is taken apart, marks stand in one order and once, digits are ASCII, letters small and without accents.
    Between Thai letters spaces and signs mean nothing; a number or a word of other letters stands between spaces.

    >>> normal("น้ำ ใจ") == normal("นํ้าใจ"), normal("อก ๐๔๑๐/๕๕๘"), normal("Café ๕ส")
    (True, 'อก 0410 558 ', ' cafe 5 ส')
    """
    text = _DROPPED.sub("", unicodedata.normalize("NFKD", text))
    text = thai.ascii_digits(_LATIN_MARKS.sub("", text)).lower().replace("เเ", "แ")
    text = _MARKS.sub(lambda marks: "".join(sorted(set(marks[0]))), text)
    return "".join(
        token if "\u0e00" <= token[0] <= "\u0e7f" else f" {token} " for token in _TOKEN.findall(text)
    ).replace("  ", " ")


_NAMES = sorted({name for names in thai.MONTHS for name in names}, key=lambda name: (-len(name), name))
_MONTH = "|".join(r"\s?".join(re.escape(part) for part in re.findall(r"[^.]+\.?", name)) for name in _NAMES)
_MONTH_OF = {name.replace(".", "").lower(): i for i, names in enumerate(thai.MONTHS, 1) for name in names}
_FIRST = "".join(sorted({name[0] for name in _NAMES}))
_DATE = re.compile(
    rf"(?=[\d{_FIRST}])(?:"  # seen at once, or every way to write a date would be tried at each letter
    r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)"
    r"|(?<!\d)(?P<d2>\d{1,2})/(?P<m2>\d{1,2})/(?P<y2>\d{4}|\d{2})(?!\d)"
    rf"|(?P<n3>(?<![a-z])(?:{_MONTH}))\s(?P<d3>\d{{1,2}}),\s?(?P<y3>\d{{4}})(?!\d)"
    rf"|(?:(?<!\d)(?P<d4>\d{{1,2}})\s?(?:เดือน\s?)?)?(?P<n4>(?<![a-z])(?:{_MONTH}))"
    r"\s?(?:(?:พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|พุทธศักราช|คริสต์ศักราช)\s?)?(?P<y4>\d{4}|\d{2})(?!\d))",
    re.IGNORECASE,
)
"""Dates as they are written, days and months; compiled for the script too (`months` in index.json)."""
_ENDS = (r"[A-Za-z]", "คม", "ยน", "นธ์", r"[คพย]\.", "ศ", r"ศ\.", "ราช")
_BEFORE = "|".join(rf"(?<={end}\d)|(?<={end}\s\d)" for end in _ENDS)
_DATED = re.compile(rf"\d(?:[-/]\d|{_BEFORE})")
"""What every date has, such as the end of a month before a number: most lines do not, and the pattern above is slow."""


def dates(text: str) -> set[str]:
    """The days and months that a text names, in either era and any usual form.

    >>> sorted(dates("ลว. ๒๒ มกราคม พ.ศ. ๒๕๖๙ ถึง มิ.ย. 69"))
    ['@202601', '@20260122', '@202606']
    """
    found = set()
    for one in _DATE.finditer(thai.ascii_digits(text)) if _DATED.search(text) else ():
        name = one["n3"] or one["n4"]
        month = _MONTH_OF[re.sub(r"[.\s]", "", name).lower()] if name else int(one["m"] or one["m2"])
        day = one["d"] or one["d2"] or one["d3"] or one["d4"]
        written = one["y"] or one["y2"] or one["y3"] or one["y4"]
        try:
            year = thai.common_year(written)
        except thai.Unreadable:
            continue
        if 1 <= month <= 12 and (day is None or 1 <= int(day) <= 31):
            found.add(f"@{year:04}{month:02}")
            if day is not None:
                found.add(f"@{year:04}{month:02}{int(day):02}")
    return found


def pieces(line: str) -> tuple[str, ...]:
    """Texts, compared as they are, that together have what a line has: every two and three characters in a row of what
    is `normal` of it. Its dates are among them.

    Words come again in many lines; what is new in a line is where they meet.

    >>> pieces("ผลการ ประเมิน 2569")
    ('ผลการ', 'ารปร', 'ประเมิน', 'ิน 2', ' 2569 ')
    """
    found: list[str] = []
    tail = ""
    for word in filter(None, map(_word, line.split())):
        # One space stands between words of other letters, though each has its own.
        head = word[1:3] if tail.endswith(" ") and word[0] == " " else word[:2]
        if tail:
            found.append(tail + head)
        found.append(word)
        tail = (tail + word)[-2:]
    return (*found, *dates(line))


_word = lru_cache(16_384)(normal)
_pieces = lru_cache(4_096)(pieces)  # most lines stand on several pages, which are neighbours


Under = Callable[[str], Iterable[int]]
"""Under what a piece is found, each by a number."""


def _under(piece: str, numbers: Mapping[str, int]) -> tuple[int, ...]:
    if piece[0] == "@":
        return (numbers[piece],)
    pairs = list(map(add, piece, piece[1:]))
    # Thousands of these are kept, and a set takes eight times as much.
    return tuple({*map(numbers.__getitem__, pairs), *map(numbers.__getitem__, map(add, pairs, piece[2:]))})


# The files -------------------------------------------------------------------------------------------------------


def files(
    pages: Iterable[Waiting],
    folder: str,
    facts: Mapping[str, Any],
    per: int = PER_PART,
    cache: Cache | None = None,
) -> Iterator[tuple[str, bytes]]:
    """The index of the pages of one language: paths relative to the site, below *folder*, and what they hold.

    *facts* is what index.json says beside what the script needs to find the parts. The texts of *per* pages are loaded
    together: more where they are short. What takes long is kept in *cache*.
    """
    kept = cache or Cache()
    ordered = sorted(pages, key=lambda p: (KINDS.index(p.kind), p.rubric, thai.sort_key(p.name), p.url))
    numbers = _Keys()
    under = lru_cache(8_192)(partial(_under, numbers=numbers))
    groups: list[_Added] = []
    at = 0
    for group in _groups(ordered):
        source = repr([(page.name, page.unit, page.rubric, page.digest) for page in group]).encode()
        groups.append(_Added.of(at, kept.get("search", source, partial(_group, group, under, numbers))))
        at += len(group)
    for number, start in enumerate(range(0, len(ordered), per)):
        yield f"{folder}/t/{number}.bin", _texts(ordered[start : start + per], kept)

    buckets = _buckets(groups, folder, kept)
    # A power of two, so that an edit seldom moves everything into other parts.
    shards = 1 << max(0, sum(bucket.size for bucket in buckets) // SHARD).bit_length()
    parts = [bytearray() for _ in range(shards)]
    for bucket in buckets:
        start = 0
        for known, end in zip(bucket.hashes, bucket.ends, strict=True):
            parts[known % shards] += bucket.content[start:end]
            start = end

    index = {"pages": len(ordered), "per": per, "shards": shards, "months": thai.MONTHS, **facts}
    yield f"{folder}/index.json", json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode()
    for number, part in enumerate(parts):
        content = bytes(part)
        yield f"{folder}/g/{number}.bin", kept.get("part", content, partial(zlib.compress, content))


AT_ONCE = 1_000_000
"""Bytes of texts that are looked at together, about."""


NAMES = 16
"""Names of one page each that are looked at together, about."""


def _groups(pages: Iterable[Waiting]) -> Iterator[Sequence[Waiting]]:
    """Pages of one name, or as many of them as memory should hold; of names that have a page each some together.

    Where those end follows from the name alone, so that a page that comes or goes moves no others.
    """
    group: list[Waiting] = []
    for (*_, name), some in groupby(pages, key=lambda page: (page.kind, page.rubric, page.name)):
        every = [*some]
        if group and len(every) > 1:
            yield group
            group = []
        size = sum(map(_size, group))
        for page in every:
            group.append(page)
            size += _size(page)
            if size > AT_ONCE:
                yield group
                group, size = [], 0
        if group and (len(every) > 1 or zlib.crc32(name.encode()) % NAMES == 0):
            yield group
            group = []
    if group:
        yield group


def _size(page: Waiting) -> int:
    return page.document.size if isinstance(page.document, Text) else len(page.document)


def _texts(pages: Sequence[Waiting], cache: Cache) -> bytes:
    """The texts that are loaded together."""
    source = "".join(page.digest for page in pages).encode()
    return cache.get("texts", source, lambda: zlib.compress(b"[%b]" % b",".join([page.read() for page in pages])))


_DIGEST = 16


class _Keys(dict[str, int]):
    """Keys by numbers, as they come: sets of numbers are compared faster than those of text."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.buckets: list[int] = []

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self.names)
        self.names.append(name)
        self.buckets.append(_hash(name) % BUCKETS)
        return number


def _group(pages: Sequence[Waiting], under: Under, numbers: _Keys) -> bytes:
    """What neighbouring pages add to each bucket: a digest of it each, where each ends, and then that itself.

    Of a bucket that is the keys of these pages, those of their titles, where the numbers of each end, and the numbers:
    runs of pages, each by its first and the one after its last, counted from the first of these.
    """
    said = [_said(page, json.loads(page.read())) for page in pages]
    # What all of them say is looked up once.
    shared = set.intersection(*(texts for texts, _ in said))
    under_shared = frozenset().union(*map(under, shared))
    runs: tuple[dict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
    before: tuple[Set[int], ...] = (frozenset(), frozenset())
    for number, (texts, title) in enumerate(said):
        here = under_shared.union(*map(under, texts - shared)), frozenset().union(*map(under, title))
        for held, keys, last in zip(runs, here, before, strict=True):
            # Neighbours have most in common: only where a run begins or ends there is something to do. A million
            # times: nothing here may take a step of Python for each.
            deque(map(list.append, map(held.__getitem__, keys ^ last), repeat(number)), maxlen=0)
        before = here
    for held, last in zip(runs, before, strict=True):
        deque(map(list.append, map(held.__getitem__, last), repeat(len(pages))), maxlen=0)

    sorted_: tuple[list[list[int]], ...] = ([[] for _ in range(BUCKETS)], [[] for _ in range(BUCKETS)])
    for buckets, held in zip(sorted_, runs, strict=True):
        for key in sorted(held, key=numbers.names.__getitem__):
            buckets[numbers.buckets[key]].append(key)
    packed = []
    for some in zip(*sorted_, strict=True):
        lists = [held[key] for held, keys in zip(runs, some, strict=True) for key in keys]
        names = [[*map(numbers.names.__getitem__, keys)] for keys in some]
        head = [*names, [*accumulate(map(len, lists))]]
        every = array("H", chain.from_iterable(lists))
        packed.append(b"\n".join((json.dumps(head, ensure_ascii=False).encode(), every.tobytes())))
    digests = b"".join(hashlib.blake2b(content, digest_size=_DIGEST).digest() for content in packed)
    return b"".join((digests, array("I", accumulate(map(len, packed))).tobytes(), *packed))


class _Added(NamedTuple):
    """What a `_group` adds."""

    first: int
    """The number of its first page."""
    digests: bytes
    ends: Sequence[int]
    content: memoryview

    @classmethod
    def of(cls, first: int, group: bytes) -> _Added:
        digests, rest = _DIGEST * BUCKETS, (_DIGEST + 4) * BUCKETS
        return cls(first, group[:digests], array("I", group[digests:rest]), memoryview(group)[rest:])

    def to(self, bucket: int) -> bytes:
        return bytes(self.content[self.ends[bucket - 1] if bucket else 0 : self.ends[bucket]])


class _Bucket(NamedTuple):
    """Postings of the keys whose hashes end alike, one after the other as the script reads them."""

    size: int
    """Characters of the keys and bytes of the lists, without the lengths that stand in between."""
    hashes: Sequence[int]
    ends: Sequence[int]
    content: bytes


def _buckets(groups: Sequence[_Added], folder: str, cache: Cache) -> Sequence[_Bucket]:
    """What all groups come to. What is kept of it is one entry, whose parts each stand under what they follow from."""
    keys = []
    for at in range(0, _DIGEST * BUCKETS, _DIGEST):
        own = (b"%d:%b" % (one.first, one.digests[at : at + _DIGEST]) for one in groups)
        keys.append(hashlib.sha256(b"".join(own)).hexdigest())
    source = folder.encode()
    kept = cache.find("postings", source)
    known = _known(kept) if kept else {}
    found = [known.get(key) or _bucket(groups, number) for number, key in enumerate(keys)]
    if any(key not in known for key in keys):
        cache.keep("postings", source, _kept(keys, found))
    return found


def _bucket(groups: Iterable[_Added], number: int) -> _Bucket:
    anywhere: dict[str, list[int]] = {}
    titled: dict[str, list[int]] = {}
    for one in groups:
        head, _, packed = one.to(number).partition(b"\n")
        every, start = [*map(one.first.__add__, array("H", packed))], 0
        names, titles, ends = json.loads(head)
        held = chain(zip(repeat(anywhere), names), zip(repeat(titled), titles))
        for (found, name), end in zip(held, ends, strict=True):
            known = found.get(name)
            if known is None:
                found[name] = every[start:end]
            elif known[-1] == every[start]:  # the run goes on
                known.pop()
                known += every[start + 1 : end]
            else:
                known += every[start:end]
            start = end
    size, hashes, ends, content = 0, array("I"), array("I"), bytearray()
    for text in sorted(anywhere):
        lists = _packed(anywhere[text]), _packed(titled.get(text, ()))
        size += len(text) + sum(map(len, lists))
        for piece in (text.encode(), *lists):
            content += _number(len(piece)) + piece
        hashes.append(_hash(text))
        ends.append(len(content))
    return _Bucket(size, hashes, ends, bytes(content))


def _kept(keys: Iterable[str], buckets: Sequence[_Bucket]) -> bytes:
    head = [(key, one.size, len(one.ends), len(one.content)) for key, one in zip(keys, buckets, strict=True)]
    contents = ((array("I", one.hashes).tobytes(), array("I", one.ends).tobytes(), one.content) for one in buckets)
    return b"\n".join((json.dumps(head).encode(), b"".join(chain.from_iterable(contents))))


def _known(kept: bytes) -> dict[str, _Bucket]:
    """What was `_kept`."""
    head, _, content = kept.partition(b"\n")
    found, at = {}, 0
    for key, size, keys, length in json.loads(head):
        middle, start = at + 4 * keys, at + 8 * keys
        lists = array("I", content[at:middle]), array("I", content[middle:start])
        at = start + length
        found[key] = _Bucket(size, *lists, content[start:at])
    return found


def _said(page: Waiting, document: Sequence[Any]) -> tuple[set[str], tuple[str, ...]]:
    """The pieces of all that a page says, with whose it is and its sort, and those of its title."""
    _, title, _, about, passages = document
    lines = {about, title, *(line for _, _, text in passages for line in text.split("\n"))}
    whose = f"@u:{page.unit}", f"@r:{page.rubric}", f"@k:{page.kind}"
    return set().union(whose, *map(_pieces, lines)), _pieces(title)


@lru_cache(65_536)
def _hash(key: str) -> int:
    """FNV-1a over UTF-16, which is what the script has.

    >>> _hash("กขค")
    1073942922
    """
    units = key.encode("utf-16-le")
    found = 0x811C9DC5
    for i in range(0, len(units), 2):
        found = (found ^ (units[i] | units[i + 1] << 8)) * 0x01000193 & 0xFFFFFFFF
    return found


@lru_cache(8_192)
def _number(value: int) -> bytes:
    """Seven bits in a byte, the lowest first; the eighth says that more follow.

    >>> _number(5), _number(300)
    (b'\\x05', b'\\xac\\x02')
    """
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _packed(runs: Sequence[int]) -> bytes:
    """Runs of pages, each its first and the one after its last, as numbers: how many are left out before it, doubled,
    odd where it is longer than one, and then by how many more than two.

    >>> list(_packed([0, 3, 9, 10]))
    [1, 1, 12]
    """
    starts, ends = runs[::2], runs[1::2]
    return b"".join(map(_run, map(sub, starts, chain((0,), ends)), map(sub, ends, starts)))


@lru_cache(65_536)  # a million runs are of few sorts
def _run(left_out: int, size: int) -> bytes:
    return _number(left_out * 2 + (size > 1)) + (_number(size - 2) if size > 1 else b"")
