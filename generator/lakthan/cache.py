"""Heavy files, kept from one build to the next: a PDF, a workbook or a picture is made anew only if its input changed.

An entry stands under the SHA-256 of all that its bytes follow from, and begins with the SHA-256 of those bytes: what is
damaged, unreadable or cannot be written is made again, and nobody is told. Deleting the folder does no harm.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Set
from pathlib import Path

from lakthan import __version__

FOLDER = ".cache/lakthan"
"""Relative to the project; version control ignores it."""
_DIGEST = hashlib.sha256().digest_size


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

        *kind* names what is made (`form.pdf`). *source* is all that the bytes depend on besides Lakthan's version:
        content, template, fonts, and the version of the library that makes them.
        """
        if self.folder is None:
            return make()
        name = _name(kind, source)
        self.used.add(name)
        path = self.folder / name
        if (kept := _read(path)) is not None:
            return kept
        made = make()
        _write(path, made)
        return made

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


def _name(kind: str, source: bytes) -> str:
    digest = hashlib.sha256()
    for part in (kind.encode(), __version__.encode(), source):
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
