"""HTML of our own pages cut into its tags: what the search, the marking of languages and the frame all look through.

A page has a thousand tags, of a few hundred sorts. One regular expression cuts them. What they come to is worked out
once for each row of sorts: there are hardly more of them than templates have branches (`Shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache, wraps
from typing import Generic, TypeVar

_TAG = re.compile(r"""(<(?:!--.*?--|[^<>"']+(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*)>)""", re.DOTALL)


SHORT = 20_000
"""Characters of a block that is worth keeping. Where hundreds of units stand side by side a block has millions."""
MANY = 2_000
"""Tags of such a block."""
T = TypeVar("T")
S = TypeVar("S", bound=Hashable)


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """A function that remembers what it made of the last short blocks: pages that follow each other show the same."""
    known = lru_cache(128)(function)

    @wraps(function)
    def asked(block: str) -> T:
        return known(block) if len(block) <= SHORT else function(block)

    return asked


@remembered
def cut(html: str) -> tuple[str, ...]:
    """What stands before, between and behind tags, and the tags: every other piece is one, the second first.

    >>> cut('<p>a <b title=">">c</b></p>')
    ('', '<p>', 'a ', '<b title=">">', 'c', '</b>', '', '</p>', '')
    """
    return tuple(_TAG.split(html))


class Shapes(Generic[S, T]):
    """What follows from the tags of a block alone, remembered by their sorts: each sort is a letter, and the tags of a
    block are a word, which is quickly made and compared.
    """

    def __init__(self, sort: Callable[[str], S], plan: Callable[[Sequence[S]], T]) -> None:
        """*sort* says of what sort a tag is: there must be few. *plan* says what follows from a row of them."""
        self._sort, self._plan = sort, plan
        self._letters: dict[S, str] = {}
        self._letter = lru_cache(8192)(self._new)
        self._known = lru_cache(512)(self._made)

    def of(self, pieces: Sequence[str]) -> T:
        """What follows from the tags of a block that was `cut`."""
        word = "".join(map(self._letter, pieces[1::2]))
        return self._known(word) if len(word) <= MANY else self._made(word)

    def _new(self, tag: str) -> str:
        return self._letters.setdefault(self._sort(tag), chr(len(self._letters)))

    def _made(self, word: str) -> T:
        sorts = [*self._letters]
        return self._plan([sorts[ord(letter)] for letter in word])
