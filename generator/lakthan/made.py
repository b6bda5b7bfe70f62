"""What tasks make: as the cache keeps it, and as it is laid down in the site.

A rebuild lays down what it did the last time and hopes for the best: while this process still reads and scores, another
one unpacks all that the last site was made of (`Ahead`). What of that is wanted is found out later, by the same keys as
ever; the rest is taken away again before anything else is made.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, NamedTuple

import zstandard

from lakthan import publish, search
from lakthan.cache import FOLDER, Cache
from lakthan.examination import cores, end_with_parent, may_fork

Content = bytes | memoryview


def sha256(content: Content) -> str:
    """SHA-256, as the manifest has it."""
    return hashlib.sha256(content).hexdigest()


class File(NamedTuple):
    """A file of the docs folder, of the site, or of both."""

    where: Literal["docs", "site", "both"]
    path: str
    content: Content
    sum: str
    """SHA-256, for the manifest of the site: "" where it does not belong there."""


_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.?(?:[/\\]|$)")
"""What a file of the site is never called: who writes into the cache is not to write anywhere else."""


@dataclass(slots=True)
class Made:
    """What a task made, before it is written."""

    files: list[File] = field(default_factory=list)
    known: list[tuple[int, search.Waiting]] = field(default_factory=list)
    """Pages that the search is to know, each with the number of its language."""
    mapped: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Pages, for the map of the site: as `frame.Kept`."""
    used: list[str] = field(default_factory=list)
    """Entries of the cache that it was made with: of use again when it is made the next time."""

    def put(self, name: str, content: bytes) -> None:
        """A file of the docs folder, which the site has as well unless it is a page's Markdown."""
        self.add("docs" if name.endswith(".md") else "both", name, content)

    def add(self, where: Literal["docs", "site", "both"], name: str, content: bytes) -> None:
        """A file, where it is said to belong."""
        self.files.append(File(where, name, content, "" if where == "docs" else sha256(content)))

    def packed(self) -> bytes:
        """All of it as the cache keeps it."""
        files = [(file.where, file.path, len(file.content), file.sum) for file in self.files]
        documents = [page.read() for _, page in self.known]
        known = [(number, *page[:-1], len(said)) for (number, page), said in zip(self.known, documents, strict=True)]
        head = json.dumps([files, known, self.mapped, self.used], ensure_ascii=False)
        # A page's Markdown stands before its HTML, which says the same again, and pages are much alike.
        contents = (head.encode(), b"\n", *(file.content for file in self.files), *documents)
        stream = zstandard.ZstdCompressor().compressobj(sum(map(len, contents)))
        return b"".join([*map(stream.compress, contents), stream.flush()])

    @classmethod
    def unpacked(cls, kept: bytes) -> Made | None:
        """What was `packed`; nothing where files of it would not be the site's."""
        unpacked = zstandard.decompress(kept)
        at = unpacked.index(b"\n")
        files, known, mapped, used = json.loads(unpacked[:at])
        content = memoryview(unpacked)[at + 1 :]
        made, at = cls(mapped=[(path, meta) for path, meta in mapped], used=used), 0
        for where, path, size, sum_ in files:
            if _OUTSIDE.search(path):
                return None
            made.files.append(File(where, path, content[at : at + size], sum_))
            at += size
        for number, kind, rubric, page, url, unit, digest, size in known:
            said = bytes(content[at : at + size])
            made.known.append((number, search.Waiting(kind, rubric, page, url, unit, digest, said)))
            at += size
        return made


@dataclass(slots=True)
class Done:
    """What came of a task."""

    names: list[str] = field(default_factory=list)
    """Every file that it made, relative to the docs folder."""
    changed: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    """Entries of the cache."""
    pieces: list[str] = field(default_factory=list)
    """Those of them that hold what was made."""
    sizes: dict[str, int] = field(default_factory=dict)
    previews: dict[str, tuple[int, int]] = field(default_factory=dict)
    mapped: list[search.Text] = field(default_factory=list)
    """Where pages wait for the map of the site, as JSON."""
    known: list[tuple[int, search.Text]] = field(default_factory=list)
    """Where pages wait for the search (`search.wait`), each time some of a language, with its number."""
    renewed: list[tuple[str, str]] = field(default_factory=list)
    """What was made anew though it might have been kept: its sort, and its name."""
    sums: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Files of the site, each with its SHA-256 and size."""

    def add(self, other: Done) -> None:
        """What came of another one as well."""
        self.names += other.names
        self.changed += other.changed
        self.used |= other.used
        self.pieces += other.pieces
        self.sizes |= other.sizes
        self.previews |= other.previews
        self.mapped += other.mapped
        self.known += other.known
        self.renewed += other.renewed
        self.sums |= other.sums

    def lay(self, site: Path | None, made: Made, spool: Path) -> None:
        """Write to the site what belongs there. What the search and the map of the site are to know waits in a file."""
        if site is not None:
            below = f"{site}{os.sep}"
            for where, path, content, sum_ in made.files:
                if where != "docs":
                    write_new(below + path, content)
                    self.sums[path] = sum_, len(content)
        with spool.open("ab") as file:
            for number in sorted({number for number, _ in made.known}):
                pages = [page for at, page in made.known if at == number]
                self.known.append((number, search.wait(pages, file, spool)))
            if made.mapped:
                text = search.Text(spool, file.tell(), file.write(json.dumps(made.mapped).encode()))
                self.mapped.append(text)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def write_new(path: str, content: Content) -> None:
    """A file that nobody sees yet. Thousands are written: with no more calls of the system than it takes."""
    try:
        handle = os.open(path, _NEW, 0o666)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, _NEW, 0o666)
    try:
        written = os.write(handle, content)
        while written < len(content):
            written += os.write(handle, content[written:])
    finally:
        os.close(handle)


KEPT = (".gitignore",)
"""Files of the docs folder that are the repository's: MkDocs wants the folder to exist in a fresh clone."""


def empty(docs: Path) -> bool:
    """Whether nothing of a former build is there."""
    try:
        return all(path.name in KEPT for path in docs.iterdir())
    except FileNotFoundError:
        return True


# Before anybody asks ---------------------------------------------------------------------------------------------

AHEAD = "build/.ahead"
"""Where it is done, relative to the project."""
_LAST = "last", b"site"
"""What of the cache the last site was made of: names of entries, as JSON."""


@contextlib.contextmanager
def ahead(root: Path) -> Iterator[Ahead | None]:
    """A site that is laid down from now on, if there is anything to lay it down from. Hold the project's `lock`."""
    root = root.resolve()  # the other process goes elsewhere
    cache = Cache(root / FOLDER)
    names = _last(cache) if may_fork() and cores() > 1 else []
    if not names:
        yield None
        return
    begun = Ahead(root, cache, names)
    try:
        yield begun
    finally:
        begun.close()


def remember(cache: Cache, names: Iterable[str]) -> None:
    """The entries of *cache* that hold the whole site, for the next time."""
    content = json.dumps(sorted(names)).encode()
    if cache.find(*_LAST) != content:
        cache.keep(*_LAST, content)


def _last(cache: Cache) -> list[str]:
    content = cache.find(*_LAST)
    return json.loads(content) if content else []


class Ahead:
    """A site that is laid down from the cache as it was the last time, by another process."""

    def __init__(self, root: Path, cache: Cache, names: Sequence[str]) -> None:
        self._folder = root / AHEAD
        self.site, spool = self._folder / "site", self._folder / "spool"
        shutil.rmtree(self._folder, ignore_errors=True)  # of a build that was killed
        self.site.mkdir(parents=True)
        context = multiprocessing.get_context("fork")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_lay, args=(cache, names, self.site, spool, other), daemon=True)
        self._process.start()
        other.close()

    def laid(self, site: Path, own: Set[str]) -> dict[str, Done]:
        """What was laid down, by the names of entries, once the folder has become that of the *site*.

        Nothing more will be. Where the other process failed it is nothing, and the site has none but its *own* files.
        """
        if self.site.exists():  # it could not be moved
            return {}
        with contextlib.suppress(OSError):  # it is done already
            self._pipe.send(None)
        try:
            found: dict[str, Done] = self._pipe.recv()
        except (OSError, EOFError):
            self._process.join()
            take_away(site, [name for name in publish.files(site) if name not in own])
            return {}
        return found

    def close(self) -> None:
        """Leave nothing behind."""
        self._process.kill()
        self._process.join()
        self._pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _lay(cache: Cache, names: Sequence[str], site: Path, spool: Path, pipe: Connection) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it is interrupted too, and ends it
    gc.disable()
    found: dict[str, Done] = {}
    # What goes wrong here is nobody's business: then nothing was laid down. Whoever writes the same says what is wrong.
    with contextlib.suppress(OSError, ValueError, zstandard.ZstdError):
        os.chdir(site)  # whatever it will be called meanwhile
        for name in names:
            if pipe.poll():
                break
            kept = cache.entry(name)
            if kept and (made := Made.unpacked(kept)):
                found[name] = Done(used={name, *made.used}, pieces=[name])
                found[name].lay(Path(), made, spool)
        pipe.send(found)
        if not pipe.poll():  # whoever waits for it would wait for the disk, too
            publish.sync(Path())


def take_away(site: Path, names: Iterable[str]) -> None:
    """Files of a site that nobody wants, and folders that have nothing else, but for the site's own."""
    for name in names:
        path = site / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in [*path.relative_to(site).parents][:-1]:
                (site / folder).rmdir()
