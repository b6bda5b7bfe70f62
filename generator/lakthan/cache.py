"""What was made, kept from one build to the next: it is made anew only if something changed that it follows from.

An entry stands under the SHA-256 of all that its bytes follow from, and begins with the SHA-256 of those bytes: what is
damaged, unreadable or cannot be written is made again, and nobody is told. Deleting the folder does no harm.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Hashable, Set
from functools import cache as cached
from pathlib import Path
from typing import Any, TypeVar

FOLDER = ".cache/lakthan"
"""Relative to the project; version control ignores it."""
_DIGEST = hashlib.sha256().digest_size
_NAME = re.compile(r"[0-9a-f]{64}")
T = TypeVar("T")


class Cache:
    """A folder of files that were costly to make. Without a folder it remembers nothing.

    >>> Cache().get("card", b"title", lambda: b"picture")
    b'picture'
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.used: set[str] = set()
        """The entries that were asked for."""

    def get(self, kind: str, source: bytes, make: Callable[[], bytes]) -> bytes:
        """What *make* returns for *source*, or returned in an earlier build.

        *kind* names what is made (`form.pdf`). *source* is all that the bytes depend on besides the program and its
        libraries (`program`): content, template, fonts.
        """
        kept = self.find(kind, source)
        if kept is None:
            kept = make()
            self.keep(kind, source, kept)
        return kept

    def find(self, kind: str, source: bytes) -> bytes | None:
        """What is kept under *source*, or None."""
        if self.folder is None:
            return None
        name = self.name(kind, source)
        self.used.add(name)
        return _read(self.folder / name)

    def name(self, kind: str, source: bytes) -> str:
        """The name of the entry under *source*, whether it is there or not."""
        return _name(kind, source)

    def entry(self, name: str) -> bytes | None:
        """What is kept in the entry of this *name*, or None."""
        return _read(self.folder / name) if self.folder and _NAME.fullmatch(name) else None

    def has(self, kind: str, source: bytes) -> bool:
        """Whether something is kept under *source*, whole or not."""
        return self.folder is not None and (self.folder / _name(kind, source)).is_file()

    def keep(self, kind: str, source: bytes, content: bytes) -> None:
        """Keep *content* under *source*."""
        if self.folder is not None:
            _write(self.folder / _name(kind, source), content)

    def prune(self, used: Set[str] | None = None) -> None:
        """Remove what was not asked for since this cache was opened: after a whole build nothing else is of use.

        *used* says what others asked for, in this process or in another.
        """
        wanted = self.used | (used or set())
        if self.folder is None or not self.folder.is_dir():
            return
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.name not in wanted and path.is_file():
                    path.unlink(missing_ok=True)


class Last:
    """What was made of one thing, until another one's turn comes: what shows the same is made one after the other.

    >>> last, one, other = Last(), "one", "other"
    >>> last.of(one, "length", lambda: 3), last.of(one, "length", lambda: 0), last.of(other, "length", lambda: 5)
    (3, 3, 5)
    """

    def __init__(self) -> None:
        self._last: tuple[object, dict[Hashable, Any]] = None, {}

    def clear(self) -> None:
        """Know nothing."""
        self._last = None, {}

    def of(self, thing: object, key: Hashable, make: Callable[[], T]) -> T:
        """What *make* returns, or returned for the same *key* since this *thing* was asked about."""
        last = self._last
        if last[0] is not thing:
            self._last = last = thing, {}
        # Not looked up again: another thread may be at another thing by now.
        known: dict[Hashable, T] = last[1]
        if key not in known:
            known[key] = make()
        return known[key]


@cached
def program() -> bytes:
    """SHA-256 of what makes any file: our own code and words, the Python that runs it, and every library beside it."""
    found = hashlib.sha256(repr((sys.version, platform.machine(), zlib.ZLIB_RUNTIME_VERSION)).encode())
    own = Path(__file__).parent
    for path in sorted(path for path in own.rglob("*") if path.suffix in (".py", ".yml") and path.is_file()):
        content = path.read_bytes()
        found.update(repr((path.relative_to(own).as_posix(), len(content))).encode())
        found.update(content)
    libraries = set()
    for folder in dict.fromkeys(sys.path):
        with contextlib.suppress(OSError):
            # A folder of this name says which version of a library is there.
            names = {path.name for path in Path(folder or ".").iterdir()}
            libraries |= {name for name in names if name.endswith((".dist-info", ".egg-info"))}
    found.update(repr(sorted(libraries)).encode(errors="surrogatepass"))
    return found.digest()


def _name(kind: str, source: bytes) -> str:
    digest = hashlib.sha256()
    for part in (kind.encode(), program(), source):
        digest.update(len(part).to_bytes(8, "big"))  # so that no two lists of parts are the same bytes
        digest.update(part)
    return digest.hexdigest()


def _read(path: Path) -> bytes | None:
    try:
        entry = path.read_bytes()
    except OSError:
        return None
    digest, content = entry[:_DIGEST], entry[_DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, also where two builds write the same entry."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(beside).replace(path)
        except OSError:
            Path(beside).unlink(missing_ok=True)
