"""HTML of our own pages cut into its tags: what the search, the marking of languages and the frame all look through.

A page has a thousand tags, of a few hundred sorts. One regular expression cuts them; what a tag means is worked out
once for each sort, where that is wanted.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TAG = re.compile(r"""(<(?:!--.*?--|[^<>"']+(?:"[^"]*"[^<>"']*|'[^']*'[^<>"']*)*)>)""", re.DOTALL)


@lru_cache(128)  # one after the other they look through the same blocks of a page
def cut(html: str) -> tuple[str, ...]:
    """What stands before, between and behind tags, and the tags: every other piece is one, the second first.

    >>> cut('<p>a <b title=">">c</b></p>')
    ('', '<p>', 'a ', '<b title=">">', 'c', '</b>', '', '</p>', '')
    """
    return tuple(_TAG.split(html))
