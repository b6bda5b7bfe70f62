"""Fetches the open data of the portals, and keeps the last good state of each.

Of a portal only what scores follow from is read: its manifest, `index.json`, `data/indicators.csv`, the rubrics and
each portfolio's `inputs.json`. A state is good when all of these are there, have the hashes that the manifest lists,
and the manifest is signed where a key is known. Only a good state takes the place of the one before; whatever else a
portal does costs its own row, which then shows the last good state and its day.

    <cache>/<portal>.zip     the last good state
    <cache>/<portal>.json    where it came from, on which day it was still the portal's, and what the server called it
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from lakthan import links, publish, reach, signing
from lakthan.diagnostics import Diagnostic
from lakthan.hub.listing import Portal, place_of
from lakthan.model import Message
from lakthan.verify import document_from

Json = dict[str, Any]

INDEX = "index.json"
CLAIMS = "data/indicators.csv"
COMPARED = ("applies", "points", "points_exact", "max", "verified", "verified_exact", "self_score")
"""Columns of `CLAIMS` that follow from inputs; titles and addresses are words."""
KEY = ("unit", "rubric", "round", "indicator")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""What becomes a path, on this machine and in an address: nothing that leads upwards."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a gathering is, and how much it takes in. Sizes are bytes, times seconds."""

    portals: int = 16
    """That are asked at the same time."""
    requests: int = 4
    """To one portal at the same time."""
    seconds: float = 600
    """For one portal."""
    file: int = 2_000_000
    """One portfolio's inputs, or a rubric. What units have written so far comes to 5 to 70 kB."""
    table: int = 64_000_000
    """A file that lists everything of a portal."""
    all: int = 400_000_000
    """All that is read of a portal."""
    portfolios: int = 20_000
    """In one portal."""


class Bad(Exception):
    """Why what a portal shows now is not used."""

    def __init__(self, code: str, name: str = "", **args: object) -> None:
        super().__init__(code)
        self.code, self.name, self.args_ = code, name, args


class State(NamedTuple):
    """What came of a portal."""

    portal: Portal
    problem: Diagnostic | None
    """Why it is not today's; None where it is."""
    good: datetime.date | None
    """The day of the last good state; None where there never was one."""
    path: Path
    """Where that state is, if there is one."""


class Source(Protocol):
    """Where files of a portal come from."""

    async def get(self, name: str, largest: int) -> bytes: ...

    async def manifest(self, largest: int, known: Json) -> tuple[bytes | None, Json]:
        """The manifest, None where it is the known one, and what the server calls it."""
        ...

    async def close(self) -> None: ...


class _Folder:
    def __init__(self, portal: Portal) -> None:
        assert portal.folder is not None
        self.folder = portal.folder

    async def get(self, name: str, largest: int) -> bytes:
        return await asyncio.to_thread(self._read, name, largest)

    def _read(self, name: str, largest: int) -> bytes:
        path = self.folder / name
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise Bad("published-missing", name)  # a link that leads out of the folder
            with path.open("rb") as file:
                found = file.read(largest + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            if not self.folder.is_dir():
                raise Bad("hub-unreachable", reason=Message("hub.no_folder")) from None
            raise Bad("published-missing", name) from None
        except OSError:
            raise Bad("hub-unreachable", name, reason=Message("hub.no_folder")) from None
        if len(found) > largest:
            raise Bad("hub-too-large", name, limit=largest)
        return found

    async def manifest(self, largest: int, known: Json) -> tuple[bytes | None, Json]:  # noqa: ARG002
        return await self.get(publish.MANIFEST, largest), {}

    async def close(self) -> None: ...


class _Web:
    def __init__(self, portal: Portal, settings: reach.Settings) -> None:
        self.address = portal.address
        self.client = reach.Client(settings)

    async def _fetch(self, name: str, largest: int, etag: str = "", modified: str = "") -> reach.Fetched:
        try:
            return await self.client.fetch(self.address + quote(name), largest, etag, modified)
        except reach.TooLarge:
            raise Bad("hub-too-large", name, limit=largest) from None
        except reach.Unreached as problem:
            if problem.code in (404, 410) and name not in (publish.MANIFEST, INDEX):
                raise Bad("published-missing", name) from None
            raise Bad("hub-unreachable", name, reason=links.in_words(_reached(problem))) from None

    async def get(self, name: str, largest: int) -> bytes:
        return (await self._fetch(name, largest)).content or b""

    async def manifest(self, largest: int, known: Json) -> tuple[bytes | None, Json]:
        found = await self._fetch(publish.MANIFEST, largest, str(known.get("etag", "")), str(known.get("modified", "")))
        return found.content, {"etag": found.etag, "modified": found.modified}

    async def close(self) -> None:
        await self.client.close()


def _reached(problem: reach.Unreached) -> links.Reached:
    return links.Reached(problem.status, problem.code)


def gather(
    portals: Sequence[Portal],
    cache: Path,
    *,
    today: datetime.date,
    settings: reach.Settings,
    limits: Limits | None = None,
    offline: bool = False,
    progress: Callable[[int, int, str], None] = lambda _done, _all, _name: None,
) -> tuple[State, ...]:
    """What came of each portal, in their order; *cache* then holds the last good states.

    *offline* asks nobody: the states are those of *cache*, as of their days.
    """
    cache.mkdir(parents=True, exist_ok=True)
    run = _all(portals, cache, today, settings, limits or Limits(), offline, progress)
    return asyncio.run(run)


async def _all(
    portals: Sequence[Portal],
    cache: Path,
    today: datetime.date,
    settings: reach.Settings,
    limits: Limits,
    offline: bool,
    progress: Callable[[int, int, str], None],
) -> tuple[State, ...]:
    at_once = asyncio.Semaphore(limits.portals)
    done = 0

    async def one(portal: Portal) -> State:
        nonlocal done
        async with at_once:
            found = await _Gathering(portal, cache, today, settings, limits).state(offline=offline)
        done += 1
        progress(done, len(portals), portal.id)
        return found

    return tuple(await asyncio.gather(*map(one, portals)))


class _Gathering:
    """One portal, once."""

    def __init__(
        self, portal: Portal, cache: Path, today: datetime.date, settings: reach.Settings, limits: Limits
    ) -> None:
        self.portal, self.today, self.settings, self.limits = portal, today, settings, limits
        # Not the bare id: `con.zip` is a device to Windows.
        self.path = cache / f"portal-{portal.id}.zip"
        self.note = self.path.with_suffix(".json")
        self.taken = 0

    async def state(self, *, offline: bool) -> State:
        known = self.known()
        if offline:
            problem = None if known else Bad("hub-unreachable", reason=Message("link.new"))
            return self.result(problem, known)
        settings = self.settings
        source: Source = _Web(self.portal, settings) if self.portal.address else _Folder(self.portal)
        try:
            async with asyncio.timeout(self.limits.seconds):
                try:
                    known = await self.take(source, known)
                except Bad as problem:
                    # The portal may have been published anew while it was read.
                    if problem.code not in ("published-changed", "published-missing"):
                        raise
                    known = await self.take(source, known)
        except Bad as problem:
            return self.result(problem, known)
        except TimeoutError:
            return self.result(Bad("hub-unreachable", reason=links.in_words(links.Reached("timeout"))), known)
        finally:
            await source.close()
        return self.result(None, known)

    def known(self) -> Json:
        """What is kept of the portal; nothing where the files of the cache are damaged."""
        try:
            found = document_from(self.note.read_bytes())
            datetime.date.fromisoformat(found["good"])
            if hashlib.sha256(self.path.read_bytes()).hexdigest() == found["sha256"]:
                return found
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return {}

    def result(self, problem: Bad | None, known: Json) -> State:
        found = None
        if problem:
            found = Diagnostic(problem.code, place_of(self.portal, problem.name), args=problem.args_)
        good = datetime.date.fromisoformat(known["good"]) if known else None
        return State(self.portal, found, good, self.path)

    async def take(self, source: Source, known: Json) -> Json:
        """Take in what the portal shows now. Raises Bad where it is not used: what is kept is then as it was."""
        self.taken = 0
        same = known if known.get("source") == self.portal.source else {}
        manifest, names = await source.manifest(self.limits.table, same)
        old: dict[str, bytes] = {}
        if known:
            with zipfile.ZipFile(self.path) as kept:
                old[publish.MANIFEST] = kept.read(publish.MANIFEST)
        if manifest is None:
            manifest = old[publish.MANIFEST]
        if self.portal.key is not None:
            await self.check_signature(source, manifest)
        if manifest != old.get(publish.MANIFEST):
            await self.take_files(source, manifest, old)
        now = {"source": self.portal.source, "good": self.today.isoformat(), **names}
        now["sha256"] = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if now != known:
            publish.write(self.note, json.dumps(now, indent=1).encode())
        return now

    async def check_signature(self, source: Source, manifest: bytes) -> None:
        assert self.portal.key is not None
        try:
            signature = await source.get(publish.SIGNATURE, signing.SIZE)
        except Bad as problem:
            if problem.code == "hub-unreachable":
                raise
            signature = b""
        if not signing.holds(manifest, signature, signing.public_key(self.portal.key)):
            raise Bad("published-signature", publish.SIGNATURE)

    async def take_files(self, source: Source, manifest: bytes, old: Mapping[str, bytes]) -> None:
        listed = _read(publish.MANIFEST, manifest).get("files")
        if not isinstance(listed, dict):
            raise Bad("published-unreadable", publish.MANIFEST, reason="files")
        sums = {}
        if old:
            before = json.loads(old[publish.MANIFEST])["files"]
            sums = {name: entry.get("sha256") for name, entry in before.items() if isinstance(entry, dict)}
        aside = self.path.with_suffix(".new")
        kept = zipfile.ZipFile(self.path) if old else None
        try:
            with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
                _put(out, publish.MANIFEST, manifest)

                async def want(name: str, largest: int) -> bytes:
                    entry = listed.get(name)
                    expected = entry.get("sha256") if isinstance(entry, dict) else None
                    if not isinstance(expected, str):
                        raise Bad("hub-old-format", name)
                    content = None
                    if kept is not None and sums.get(name) == expected:
                        with suppress(KeyError, zipfile.BadZipFile):
                            content = kept.read(name)
                    if content is None:
                        content = await source.get(name, largest)
                        if hashlib.sha256(content).hexdigest() != expected:
                            raise Bad("published-changed", name)
                    self.taken += len(content)
                    if self.taken > self.limits.all:
                        raise Bad("hub-too-large", name, limit=self.limits.all)
                    return content

                index = await want(INDEX, self.limits.table)
                wanted = self.portfolios(index)
                _put(out, INDEX, index)
                claims = await want(CLAIMS, self.limits.table)
                _head(claims)
                _put(out, CLAIMS, claims)
                rubrics = dict.fromkeys(f"rubrics/{rubric}/rubric.json" for _, rubric in wanted)
                names = [*rubrics, *(f"{unit}/{rubric}/inputs.json" for unit, rubric in wanted)]
                for n in range(0, len(names), self.limits.requests):
                    some = names[n : n + self.limits.requests]
                    asked = (want(name, self.limits.file) for name in some)
                    # All of them are waited for: none may go on when the next attempt begins.
                    for name, content in zip(some, await asyncio.gather(*asked, return_exceptions=True), strict=True):
                        if isinstance(content, BaseException):
                            raise content
                        _put(out, name, content)
            if kept is not None:
                kept.close()  # Windows replaces no file that somebody reads
            aside.replace(self.path)
        finally:
            if kept is not None:
                kept.close()
            aside.unlink(missing_ok=True)

    def portfolios(self, index: bytes) -> list[tuple[str, str]]:
        """Unit and rubric of each portfolio that a portal lists. Their names become paths: only sound ones may."""
        found = [(one["unit"], one["rubric"]) for one in listed(_read(INDEX, index))]
        if len(found) > self.limits.portfolios:
            raise Bad("hub-too-large", INDEX, limit=self.limits.portfolios)
        return found


def _put(out: zipfile.ZipFile, name: str, content: bytes) -> None:
    out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 1)


def _read(name: str, content: bytes) -> Json:
    try:
        return document_from(content)
    except (ValueError, RecursionError) as problem:
        raise Bad("published-unreadable", name, reason=" ".join(str(problem).split())[:80]) from None


def _head(claims: bytes) -> None:
    try:
        head = next(csv.reader([claims[:4000].decode("utf-8-sig", "replace").partition("\n")[0].strip()]))
    except (StopIteration, csv.Error) as problem:
        raise Bad("published-unreadable", CLAIMS, reason=str(problem)) from None
    if missing := [name for name in (*KEY, *COMPARED) if name not in head]:
        raise Bad("hub-old-format", CLAIMS, columns=missing)


# Reading a state -------------------------------------------------------------------------------------------------


def listed(index: Json) -> list[Json]:
    """The portfolios that a portal's `index.json` lists. Raises Bad where it is no such document."""
    found = index.get("portfolios")
    seen = set()
    for one in found if isinstance(found, list) else [None]:
        unit, rubric = (one.get("unit"), one.get("rubric")) if isinstance(one, dict) else (None, None)
        sound = isinstance(unit, str) and isinstance(rubric, str) and "/" not in rubric and len(unit + rubric) <= 240
        if not sound or not _NAME.fullmatch(f"{unit}/{rubric}") or (unit, rubric) in seen:
            raise Bad("published-unreadable", INDEX, reason="portfolios")
        seen.add((unit, rubric))
    assert isinstance(found, list)
    return found


def claims(content: bytes) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What a portal says of each indicator: values of `KEY`, and of `COMPARED`. Raises csv.Error and ValueError."""
    rows = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    head = next(rows)
    key, said = ([head.index(name) for name in names] for names in (KEY, COMPARED))
    for row in rows:
        if len(row) != len(head):
            raise ValueError("columns")
        yield tuple(row[n] for n in key), tuple(row[n] for n in said)
