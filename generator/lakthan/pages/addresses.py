"""Where pages stand, how links between them are written, and which addresses elsewhere may be linked to."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from urllib.parse import urlsplit


def address(path: str) -> str:
    """Where a page stands, relative to the site.

    >>> address("index.md"), address("a/index.md"), address("a/1.1.md")
    ('', 'a/', 'a/1.1/')
    """
    folder, name = posixpath.split(path.removesuffix(".md"))
    url = folder if name == "index" else posixpath.join(folder, name)
    return f"{url}/" if url else ""


def relative(target: str, start: str) -> str:
    """A link to *target* from the page at *start*, so that the site may stand anywhere.

    >>> relative("a/b/", "a/b/1/"), relative("", ""), relative("a/#x", "a/"), relative("a/x.json", "")
    ('../', './', './#x', 'a/x.json')
    """
    path, mark, fragment = target.partition("#")
    return _relative(path, start) + mark + fragment


@lru_cache(4096)
def _relative(path: str, start: str) -> str:
    # As posixpath.relpath, without asking where the process stands: a page has a hundred links.
    there = [part for part in posixpath.normpath(f"/{path}").split("/") if part]
    here = [part for part in start.split("/") if part]
    shared = 0
    for one, other in zip(there, here, strict=False):
        if one != other:
            break
        shared += 1
    found = "/".join([".."] * (len(here) - shared) + there[shared:]) or "."
    return found if path and not path.endswith("/") else f"{found}/"


def outside(url: object) -> str | None:
    """An address that may be linked to: web or mail, nothing that runs.

    >>> outside("https://example.go.th/"), outside("javascript:alert(1)"), outside("//example.go.th")
    ('https://example.go.th/', None, None)
    """
    text = str(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return text if parts.hostname else None
    return text if parts.scheme == "mailto" and parts.path else None
