"""HTML of our own pages cut into its tags: what the search, the marking of languages and the frame all look through.

A page has a thousand tags, of a few dozen sorts. One regular expression cuts them. Each sort is a letter: the tags of
a block are a word, and what follows from them is worked out once for each word, for there are hardly more of them than
templates have branches (`shaped`).
"""

from __future__ import annotations

import itertools
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

_TAG = re.compile(
    r"""(<[^<>"'!]+(?:"[^"]*"[^<>"']*)*>"""  # nearly all
    r"""|<(?:!--.*?--|[^<>"']+(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*)>)""",
    re.DOTALL,
)
_PLAIN = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^<>"'=/]+|=|/(?!>)|"[^"]*"|'[^']*')*)(/?)>""")
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_CLASS = re.compile(r"\sclass=\"([^\"]*)\"")
_LANG = re.compile(r"\slang=\"([^\"]*)\"")
_SAID = re.compile(r"""\s(?:title|alt|aria-label|aria-description|placeholder)="[^"]*[\u0e01-\u0e5b]""")
ID = re.compile(r"\sid=\"([^\"]+)\"")
QUIET = frozenset(("lk-hidden", "lk-downloads", "lk-dial__text"))
"""Classes of what is only said aloud, or leads away."""

SHORT = 20_000
"""Characters of a block that is worth keeping. Where hundreds of units stand side by side a block has millions."""
MANY = 2_000
"""Tags of such a block."""
KEPT = 128
"""Blocks that are kept."""
T = TypeVar("T")


class Tag(NamedTuple):
    """A sort of tags: what anybody tells apart."""

    name: str
    """In small letters; empty where it is no element's, such as a comment's."""
    closes: bool
    empty: bool
    """Whether it ends as those do that hold nothing: `/>`."""
    plain: bool
    """Whether it is written so that no parser could take it for something else."""
    placed: bool
    """Whether it has an `ID`."""
    quiet: bool
    """Whether it is of a `QUIET` class."""
    thai: bool | None
    """Whether it says that it is Thai; None where it says nothing of its language."""
    said: bool
    """Whether it has an attribute in Thai that is read aloud."""


class Cut(NamedTuple):
    """A block of HTML in pieces."""

    pieces: Sequence[str]
    """What stands before, between and behind tags, and the tags: every other piece is one, the second first."""
    word: str
    """The sorts of the tags."""


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """A function that remembers what it made of the last short blocks: pages that follow each other show the same."""
    known = lru_cache(KEPT)(function)

    @wraps(function)
    def asked(block: str) -> T:
        return known(block) if len(block) <= SHORT else function(block)

    return asked


_CUTS: OrderedDict[str, Cut] = OrderedDict()


def cut(html: str) -> Cut:
    """A block in pieces, as long as it is remembered.

    >>> cut('<p>a <b title=">">c</b></p>').pieces
    ['', '<p>', 'a ', '<b title=">">', 'c', '</b>', '', '</p>', '']
    """
    return _CUTS.get(html) or known(html, split(html))


def split(html: str) -> list[str]:
    """HTML in pieces as they are of a `Cut`."""
    return _TAG.split(html)


def known(html: str, pieces: Sequence[str]) -> Cut:
    """What `cut` is to say of a block, from somebody who knows the pieces."""
    found = Cut(pieces, "".join(map(_letter, pieces[1::2])))
    if len(html) <= SHORT:
        _CUTS[html] = found
        if len(_CUTS) > KEPT:
            _CUTS.popitem(last=False)
    return found


def shaped(plan: Callable[[Sequence[Tag]], T]) -> Callable[[Cut], T]:
    """A function of a block that follows from the sorts of its tags alone, and is remembered by them."""

    def made(word: str) -> T:
        return plan([_SORTS[letter] for letter in word])

    remembers = lru_cache(512)(made)

    @wraps(plan)
    def asked(block: Cut) -> T:
        return remembers(block.word) if len(block.word) <= MANY else made(block.word)

    return asked


_SORTS: dict[str, Tag] = {}
_LETTERS: dict[Tag, str] = {}
_NUMBERS = itertools.count()


@lru_cache(8192)
def _letter(text: str) -> str:
    """The letter of a tag's sort."""
    sort = _sort(text)
    if sort not in _LETTERS:
        # Two threads may be here at once: then one sort has two letters, and no letter has two sorts.
        letter = chr(next(_NUMBERS))
        _SORTS[letter] = sort
        _LETTERS[sort] = letter
    return _LETTERS[sort]


def _sort(text: str) -> Tag:
    name, classes, lang = _NAME.match(text), _CLASS.search(text), _LANG.search(text)
    return Tag(
        name[2].lower() if name else "",
        bool(name and name[1]),
        text.endswith("/>"),
        bool(_PLAIN.fullmatch(text)),
        bool(ID.search(text)),
        bool(classes and not QUIET.isdisjoint(classes[1].split())),
        lang[1].startswith("th") if lang else None,
        bool(_SAID.search(text)),
    )
