"""Never half a site: it is built in a folder of its own, sealed with a manifest, and swapped in.

At every moment, whatever is killed or full, the published folder is the old site or the new one, whole. Where the
system cannot swap two folders in one step (Windows, some network drives) there is none for an instant between two
renames; what was cut off there is put right by the next build.
"""

from __future__ import annotations

import calendar
import contextlib
import ctypes
import datetime
import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import filelock
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakthan import __version__, signing
from lakthan.model import Message

MANIFEST = "manifest.json"
"""Every published file with its SHA-256 and size; at the top of the site."""
SIGNATURE = "manifest.sig"
"""The Ed25519 signature of the manifest's bytes, beside it, where the site is signed."""
GENERATOR = f"lakthan {__version__}"
LOCK = "build/.lock"
"""Held by whoever writes a project's pages or its site, relative to the project."""
PATIENCE = 60.0
"""Seconds that a build waits for another."""
UNLISTED = ".git"
"""A site's folder may be a work tree: what version control keeps there is not published."""

EARLIEST = 315_532_800
"""1980: archives hold no date before that."""
LATEST = 2**32 - 1
"""2106: gzip holds no date after that."""


# One at a time ---------------------------------------------------------------------------------------------------


class Busy(Exception):
    """Another build of the same project did not end in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"another build is still running after {seconds:g} s")
        self.message = Message("publish.busy", {"n": round(seconds)})


@contextlib.contextmanager
def lock(root: Path, patience: float | None = None) -> Iterator[None]:
    """Alone at the project in *root*: nobody else writes its pages or its site. Raises Busy after *patience* seconds.

    Who holds it may take it again. The system gives it free when its holder dies.
    """
    path = root.resolve() / LOCK  # by one name: it is the name that its holder may take again
    path.parent.mkdir(parents=True, exist_ok=True)
    wait = PATIENCE if patience is None else patience
    try:
        held = filelock.FileLock(path, is_singleton=True).acquire(timeout=wait)
    except filelock.Timeout:
        raise Busy(wait) from None
    with held:
        yield


# Building aside --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def building(
    site: Path, key: Ed25519PrivateKey | None = None, sums: Sums | None = None, begun: Path | None = None
) -> Iterator[Path]:
    """A fresh folder beside *site* to build in. It becomes the site at the end, or is removed if anything fails.

    With a *key* the site is signed. *sums*, filled until the end, are those of files that need not be read for them.
    The folder is *begun*, where that is given and can be moved there.

    Hold the project's `lock`.
    """
    site = site.resolve()  # the site may be a link to where the web server looks
    recover(site)
    fresh = _beside(site, "new")
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        if begun is None or not _moved(begun, fresh):
            fresh.mkdir()
        if site.is_dir():
            shutil.copymode(site, fresh)
        yield fresh
        if site.is_dir():
            _keep_hidden(site, fresh)
        seal(fresh, key, sums)
        swap(fresh, site)
    finally:
        # After a swap this is the old site. What cannot be removed now goes with the next build.
        shutil.rmtree(fresh, ignore_errors=True)


def _moved(folder: Path, to: Path) -> bool:
    try:
        folder.rename(to)
    except OSError:  # to another file system
        return False
    return True


def _beside(site: Path, what: str) -> Path:
    """The same file system, or there is no swapping; a dot, so that no web server shows it."""
    return site.with_name(f".{site.name}.{what}")


def recover(site: Path) -> None:
    """Put right what a build that was cut off has left beside *site*."""
    old = _beside(site, "old")
    if old.exists() and not site.exists():
        old.rename(site)
    for left in (old, _beside(site, "new")):
        shutil.rmtree(left, ignore_errors=True)


def _keep_hidden(site: Path, fresh: Path) -> None:
    """`.htaccess`, `.well-known`, `.git`: people put them there, and MkDocs leaves them alone as well."""
    for path in site.iterdir():
        target = fresh / path.name
        if not path.name.startswith(".") or os.path.lexists(target):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target, symlinks=True)
        else:
            shutil.copy2(path, target, follow_symlinks=False)


def swap(new: Path, site: Path) -> None:
    """*new* takes the place of *site*. What stood there is then at *new*, or removed."""
    if not site.exists():
        new.rename(site)
    elif not _exchange(new, site):
        old = _beside(site, "old")
        site.rename(old)
        try:
            new.rename(site)
        except OSError:
            old.rename(site)
            raise
        shutil.rmtree(old, ignore_errors=True)
    sync(site.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Both folders trade names in one step; False where the system cannot do that."""
    names = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
            failed = library.renameat2(here, names[0], here, names[1], exchange)
        elif sys.platform == "darwin":
            failed = library.renamex_np(*names, 2)  # RENAME_SWAP
        else:
            return False
    except (AttributeError, OSError, TypeError):
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(code, os.strerror(code), str(other))


def write(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that whoever reads it finds the old content or the new. Hold the project's `lock`."""
    aside = path.with_name(f".writing-{os.getpid()}")  # several processes may write into one folder
    try:
        try:
            aside.write_bytes(content)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


# The manifest ----------------------------------------------------------------------------------------------------


Sums = Mapping[str, tuple[str, int]]
"""SHA-256 and size of files, by name."""


def seal(folder: Path, key: Ed25519PrivateKey | None = None, sums: Sums | None = None) -> None:
    """Write the manifest of all that stands in *folder*, sign it, and see all of it onto the disk.

    *sums* are known of files that were just written.
    """
    content = manifest(folder, sums)
    (folder / MANIFEST).write_bytes(content)
    if key is not None:
        (folder / SIGNATURE).write_bytes(signing.sign(content, key))
    sync(folder)


def manifest(folder: Path, sums: Sums | None = None) -> bytes:
    """Every file of *folder* but the manifest itself and its signature: the same bytes for the same files.

    A link is listed by where it points to, for what it shows may lie outside. *sums* as for `seal`.
    """
    known = sums or {}
    # A line for each: to spread them over several takes json ten times as long.
    listed = (f"  {_json(name)}: {_json(entry(path, known.get(name)))}" for name, path in _entries(folder).items())
    text = "\n".join(("{", f' "generator": {_json(GENERATOR)},', ' "files": {', ",\n".join(listed), " }", "}", ""))
    return text.encode(errors="surrogateescape")


_json = json.JSONEncoder(ensure_ascii=False).encode


def files(folder: Path) -> dict[str, Path]:
    """All that stands in *folder* but the manifest and its signature, by name, sorted. Links are not followed."""
    return {name: Path(entry) for name, entry in _entries(folder).items()}


def _entries(folder: Path) -> dict[str, os.DirEntry[str]]:
    found: dict[str, os.DirEntry[str]] = {}
    waiting = [(str(folder), "")]
    while waiting:
        here, below = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(here) as entries:
            for one in entries:
                if not one.is_dir(follow_symlinks=False):
                    found[below + one.name] = one
                elif below or one.name != UNLISTED:
                    waiting.append((one.path, f"{below}{one.name}/"))
    found.pop(MANIFEST, None)
    found.pop(SIGNATURE, None)
    found.pop(UNLISTED, None)  # a linked work tree has a file of that name
    return {name: found[name] for name in sorted(found)}


def entry(path: os.PathLike[str], known: tuple[str, int] | None = None) -> dict[str, Any]:
    """What the manifest says of a file; *known* are its SHA-256 and size as it was written."""
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode):
        if known and known[1] == status.st_size:
            return {"sha256": known[0], "size": known[1]}
        with Path(path).open("rb") as file:
            return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "size": status.st_size}
    if stat.S_ISLNK(status.st_mode):
        return {"link": Path(path).readlink().as_posix()}
    return {"special": stat.filemode(status.st_mode)}


def sync(folder: Path) -> None:
    """Wait until the disk has what was written: a name must not outlive a power cut without its content."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(AttributeError):
            # Linux: the whole file system at once, and it tells if anything did not get there.
            if ctypes.CDLL(None, use_errno=True).syncfs(handle):
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code), str(folder))
            return
        os.sync()
    finally:
        os.close(handle)


# The same bytes on another day -----------------------------------------------------------------------------------


@contextlib.contextmanager
def dated(day: datetime.date | None) -> Iterator[None]:
    """Whatever writes the time of the build writes *day*, unless SOURCE_DATE_EPOCH says another."""
    if os.environ.get("SOURCE_DATE_EPOCH", "").isdecimal():
        yield
        return
    before = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = calendar.timegm(day.timetuple()) if day else EARLIEST
    os.environ["SOURCE_DATE_EPOCH"] = str(min(max(seconds, EARLIEST), LATEST))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


# What went wrong -------------------------------------------------------------------------------------------------


def trouble(problem: OSError) -> Message:
    """Why nothing was published, for people."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return Message("publish.disk_full")
    name = os.fsdecode(problem.filename) if isinstance(problem.filename, str | bytes) else ""
    return Message("publish.failed", {"reason": problem.strerror or str(problem), "file": name or "?"})
