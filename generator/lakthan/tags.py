"""HTML of our own pages cut into its tags: what the search, the marking of languages and the frame all look through.

A page has a thousand tags, of a few hundred sorts. One regular expression cuts them; what a tag means is worked out
once for each sort, where that is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_TAG = re.compile(r"""(<(?:!--.*?--|[^<>"']+(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*)>)""", re.DOTALL)


SHORT = 20_000
"""Characters of a block that is worth keeping. Where hundreds of units stand side by side a block has millions."""
T = TypeVar("T")


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
