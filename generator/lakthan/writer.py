"""All files of a site, made portfolio by portfolio in several processes, and the only writer.

    attachments → pages, data, forms, and their HTML → the index of the search → what the theme adds

Each line is a number of tasks that know nothing of each other, and waits for the one above: pages say how large the
attachments have become, the search finds what pages say. A task writes what it makes and keeps none of it, so that
memory does not grow with the number of pages; what the search is to know waits on the disk.

What belongs to one portfolio or one unit is made from that alone (`narrow`), and is there again in the next build as
long as nothing of that changes: a task takes all its files from the cache, or makes them all.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import itertools
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import traceback
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import jinja2

from lakthan import (
    attachments,
    cards,
    exports,
    forms,
    load,
    narrow,
    pages,
    pdf,
    preview,
    privacy,
    publish,
    search,
)
from lakthan.cache import Cache
from lakthan.examination import Examined, cores, end_with_parent, may_fork
from lakthan.made import AHEAD, KEPT, Ahead, Content, Done, Made, empty, remember, sha256, take_away, write_new
from lakthan.model import Answer, Assessment, Message
from lakthan.narrow import Given, Narrow, Told
from lakthan.pages import account, practice, standings
from lakthan.rubric import Rubric

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

    from lakthan import frame

ALONE = 24
"""Portfolios below which a few pieces are made sooner than other processes start."""
FEW = 60
"""Such pieces."""
AT_ONCE = 4
"""Pages of the whole site that are made together."""
KEPT_AT_ONCE = 12
"""Pieces that are there already which a process is given at a time."""
TOLD_AT_ONCE = 6
"""Pages of indicators that are made together: less of them has to be made where one account changes."""
FINER = {"across": "indicator"}
"""Pieces that follow from less than their key says: what that is stands in the cache itself, under this sort."""
_SPOOL = ".spool-"
OWN = ("documents",), ("portfolio", "told")
"""Sorts of pieces that show one portfolio alone. What sets documents takes as much memory as what makes pages."""
LARGE = ("tables", "book")
"""Sorts of pieces that hold all portfolios."""
TOGETHER = 40
"""Portfolios whose pages take no memory to speak of."""
TURN = 12
"""Tasks after which, where there are more portfolios, another process goes on, without all that was looked up."""


T = TypeVar("T")


class Unmade(Exception):
    """A template of the project cannot be used; `message` says which, where and why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    @classmethod
    def of(cls, mistake: jinja2.TemplateError | pdf.Refused) -> Unmade:
        """A mistake of a template of pages or cards, as people are told of it."""
        if isinstance(mistake, pdf.Refused):
            return cls(Message("command.template_card", {"place": cards.TEMPLATE, "why": str(mistake)}))
        file, line = getattr(mistake, "filename", None), getattr(mistake, "lineno", None)
        for frame_, number in traceback.walk_tb(mistake.__traceback__):
            if frame_.f_code.co_filename.endswith((".j2", ".html", ".xml")):  # ours, and those of the theme
                file, line = frame_.f_code.co_filename, number
        place = f"{Path(file).name}:{line or 1}" if file else str(getattr(mistake, "name", "") or "site_templates")
        return cls(Message("command.template", {"place": place, "why": str(mistake.message)}))


@dataclass(frozen=True, slots=True)
class Written:
    """What the writer did, as paths relative to the docs folder."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    total: int
    renewed: tuple[tuple[str, str], ...] = ()
    """What was made anew though it might have been kept: its sort (`portfolio`, `unit`), and its name."""
    sums: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Files of the site's folder, each with its SHA-256 and size."""


class Folders(NamedTuple):
    """Where things are and go."""

    root: Path
    docs: Path | None
    """The folder of Markdown for other builders; None where only the site is wanted."""
    site: Path | None
    """The folder that the site is built in; None where only pages are written."""
    cache: Path
    templates: tuple[Path, ...]
    fresh: bool = False
    """Whether the docs folder was empty: what nobody has read yet can be written as it is."""
    spool: Path = Path()
    """What the search is to know of pages, until all are made: a file for each process."""
    config: MkDocsConfig | None = None
    """The `mkdocs.yml` that a site is framed by."""


def write(
    folders: Folders,
    examined: Examined,
    also: Iterable[tuple[str, bytes]] = (),
    *,
    processes: int | None = None,
    ahead: Ahead | None = None,
) -> Written:
    """Write everything that was examined to the docs folder, and nothing else; as HTML to the site's. One may be None.

    A file that would not change is not touched, one that no longer belongs is removed; the site's folder is empty, or
    has what was laid down *ahead*.
    *also* are files beside those, by their paths. Raises Unmade and `forms.Unfit` for templates that cannot be used.
    *processes* are as many as there are cores unless said, and one where little has to be made or none can be forked.
    """
    alone = processes is None and len(examined.assessments) < ALONE
    processes = processes or cores() if may_fork() else 1
    (folders.root / "build").mkdir(parents=True, exist_ok=True)
    folders = folders._replace(fresh=folders.docs is not None and empty(folders.docs))
    fresh = not any(folders.cache.glob("*"))
    for left in (folders.root / "build").glob(f"{_SPOOL}*"):
        shutil.rmtree(left, ignore_errors=True)  # of a build that was killed: nobody else holds the lock
    if ahead is None:
        shutil.rmtree(folders.root / AHEAD, ignore_errors=True)  # of another one
    with _collected_between(), tempfile.TemporaryDirectory(prefix=_SPOOL, dir=folders.root / "build") as spool:
        bench = _Bench(folders._replace(spool=Path(spool)), Given(examined))
        done = Done()
        ids = [assessment.portfolio.id for assessment in examined.assessments]
        many = len(ids) > TOGETHER
        attaching = [one.portfolio.id for one in examined.assessments if [*load.attachments(one.portfolio)]]
        by = 1 if alone else processes
        _gather(bench, by, [("attached", some) for some in _turns(attaching, by)], done)
        # The attachments first: the pages say how large they have become.
        bench = bench.told(done)
        if folders.site and bench.ground:
            bench.frame.keep(bench.cache, bench.ground, begun=not fresh)
        if fresh or many:
            from lakthan import word, workbook  # noqa: F401, PLC0415  (in memory that processes share)
        large, across, common = [*bench.large()], [*bench.across()], [*bench.common()]
        documents, told = ([*bench.portfolios(ids, sorts)] for sorts in OWN)
        groups = [large, across, common, documents, told]
        number = sum(map(len, groups))
        if ahead and folders.site:
            laid = ahead.laid(folders.site, done.sums.keys())
            for pieces in groups:
                pieces[:] = bench.unlaid(pieces, laid, done)
            take_away(folders.site, itertools.chain.from_iterable(one.sums for one in laid.values()))
        every = [*itertools.chain(*groups)]
        missing = [piece for piece in every if not bench.there(piece)]
        # Asked once more: what cleans attachments may have begun threads here.
        if (alone and len(missing) < FEW) or not may_fork():
            processes = 1
        # So little that it takes no memory to speak of, or so much that every process needs all of the theme.
        few = len(missing) < TOGETHER and not any(piece.sort in LARGE for piece in missing)
        opens = processes > 1 and 2 * len(missing) > number
        here = few and not many and processes > 1 and not any(piece.sort == "documents" for piece in missing)
        if here:
            _share(bench, processes, bench.tasks(every), done)
        elif few or not many or processes == 1:
            tasks = bench.tasks(every)
            early = [task for task in tasks if opens and task[1][0].sort == "documents"]
            with _Beside(bench, processes - 1, early) as beside:
                if opens:
                    bench.open()
                begun = beside.stop()
                _gather(bench, processes, [task for task in tasks if task not in begun], done)
                _gather(bench, processes, beside.came(done), done)
        else:
            if opens:
                bench.open()
            small = (bench.tasks(told), bench.tasks(common, AT_ONCE), bench.tasks(documents))
            turns = [turn for tasks in small for turn in _turns(tasks, processes)]
            singly = [[task] for task in (*bench.tasks(large), *bench.tasks(across, AT_ONCE))]
            _in_turn(bench, processes, singly, turns, done)
        known = [(at, [text for number, text in done.known if number == at]) for at in range(len(bench.sites))]
        last: list[Task] = [("search", one) for one in known]
        if folders.site:
            last.append(("rest", done.mapped))
        # What was written until now goes to the disk meanwhile, or all of it would be waited for at the end.
        flushed = partial(_flushed, folders.site)
        if many or processes == 1:
            _gather(bench, processes, last, done, flushed)
        else:
            _share(bench, processes, last, done, flushed)
        for name, content in also:
            bench.put(done, name, content)
    if bench.ground != bench.ground_now():
        done.used.clear()  # somebody changed a template meanwhile: who knows what was made with which
    cache = Cache(folders.cache)
    if folders.site and not folders.docs:
        remember(cache, done.pieces)
    cache.prune(done.used)
    removed = () if folders.fresh or not folders.docs else _removed(folders.docs, set(done.names))
    return Written(tuple(done.changed), removed, len(set(done.names)), tuple(done.renewed), done.sums)


@contextlib.contextmanager
def _collected_between() -> Iterator[None]:
    """Python looks for cycles after each task, and in what that task has left: a fifth of a build went into looking for
    them all the time, and everywhere.

    What is not looked at is not written to either, and stays in memory that processes share.
    """
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def _collect() -> None:
    gc.collect(0)  # whatever is new is young; of a whole collection, throwing away what is free takes the most time
    gc.freeze()


# A task ----------------------------------------------------------------------------------------------------------

Task = tuple[str, Any]
"""A method of `_Bench`, and what it is called with."""


class Piece(NamedTuple):
    """Files that are made together, and kept together."""

    sort: str
    """What they are: `_made_<sort>` of `_Bench` makes them."""
    name: str
    source: bytes
    """All that they follow from, hashed; empty where that cannot be said."""
    about: Any = None
    """What they are made with."""
    portfolio: str = ""
    """Whose they are, where it has several: what those have in common is worked out once if they are made together."""


class _Bench:
    """All that is needed to make any file of the site, in any process."""

    def __init__(self, folders: Folders, given: Given) -> None:
        self.folders, self.given, self.examined = folders, given, given.examined
        self._last: tuple[str, _Bench] | None = None

    def told(self, done: Done) -> _Bench:
        """The same bench, which knows of the attachments."""
        return self.alone(self.given._replace(sizes=done.sizes, previews=done.previews))

    def alone(self, given: Given) -> _Bench:
        """A bench for a part of the site, which has nothing else to work with."""
        bench = _Bench(self.folders, given)
        bench.__dict__["cache"] = self.cache
        if self.folders.site:
            bench.__dict__["frame"] = self.frame
        return bench

    @contextlib.contextmanager
    def apart(self, given: Given) -> Iterator[_Bench]:
        """The same for a while: what it works out is let go of."""
        bench = self.alone(given)
        try:
            yield bench
        finally:
            bench.forget()

    def forget(self) -> None:
        """Let go of what was worked out of the pages."""
        for site in self.__dict__.get("sites", ()):
            site.forget()

    def do(self, task: Task) -> Done:
        done = Done()
        self.cache.used = done.used
        try:
            getattr(self, task[0])(done, task[1])
        except (jinja2.TemplateError, pdf.Refused) as mistake:
            raise Unmade.of(mistake) from None
        return done

    # What each process works out once

    @cached_property
    def cache(self) -> Cache:
        return Cache(self.folders.cache)

    @cached_property
    def frame(self) -> frame.Frame:
        # Imported here: MkDocs takes half a second, which `lakthan score` need not wait for.
        from lakthan import frame  # noqa: PLC0415

        config = self.folders.config or frame.configured(self.folders.root)
        config.site_dir = str(self.folders.site)
        return frame.Frame(config, self._planned)

    def _planned(self) -> Iterator[str]:
        """Pages, data and attachments that a page's Markdown may lead to, as they stand in the docs folder."""
        yield from (plan.path for _, plan in self._every())
        yield from (plan.path for plan in exports.plans(self.examined.project, self.examined.assessments))
        for portfolio in self.examined.project.portfolios:
            yield from (f"{portfolio.id}/{name}" for name in load.attachments(portfolio))

    def open(self) -> None:
        """Compile the templates, and load theme and fonts, so that processes forked from this one have them."""
        pdf.know(forms.fonts_of(self.folders.templates))
        with contextlib.suppress(jinja2.TemplateError):  # whoever needs a template says what is wrong with it
            for site in self.sites:
                for name in site.env.list_templates(extensions=["j2"]):
                    if name.startswith(("pages/", "parts/")) and "/hub" not in name:  # of no use here
                        site.env.get_template(name)
            if self.folders.site:  # around a page of which nothing has to be worked out
                plain = next(plan for _, plan in self.shared if plan.path == PLAIN)
                self.frame.page(PLAIN, plain.make().holds)

    @cached_property
    def by_id(self) -> dict[str, Assessment]:
        return {assessment.portfolio.id: assessment for assessment in self.examined.assessments}

    @cached_property
    def sites(self) -> tuple[pages.Site, ...]:
        examined = self.examined
        return pages.sites(
            examined.project,
            examined.assessments,
            templates=self.folders.templates,
            problems=examined.problems,
            sizes=self.given.sizes,
            previews=self.given.previews,
            searched={name: privacy.sentences(found) for name, found in examined.searched.items()},
            ledger=examined.ledger,
            cache=self.cache,
            beside=self.given.beside,
            accounts=self.accounts,
        )

    @cached_property
    def accounts(self) -> dict[str, Answer]:
        """What pages may tell that are made now, by the paths of files: where it is given apart, nothing as a rule."""
        return {}

    def _every(self) -> Iterator[tuple[int, pages.Plan]]:
        """The plan of every page, with the number of its language. A nation has more of them than memory for them."""
        for number, site in enumerate(self.sites):
            yield from ((number, plan) for plan in pages.plans(site))

    @cached_property
    def plans(self) -> dict[Whose, list[tuple[int, pages.Plan]]]:
        """Every page, by whose own it is: of a part of the site."""
        found: dict[Whose, list[tuple[int, pages.Plan]]] = {}
        for number, plan in self._every():
            found.setdefault((plan.portfolio, plan.unit or plan.tells), []).append((number, plan))
        return found

    @cached_property
    def shared(self) -> list[tuple[int, pages.Plan]]:
        """The pages that show several portfolios, or none."""
        found: dict[str, list[tuple[int, pages.Plan]]] = {}
        for number, plan in self._every():
            if not (plan.portfolio or plan.unit):
                # Beside itself in the other language: what the two have in common is then still known.
                found.setdefault(plan.path.removeprefix(self.sites[number].folder), []).append((number, plan))
        return [*itertools.chain.from_iterable(found.values())]

    def beside(self, whose: Whose) -> list[exports.Plan]:
        """The files beside the pages that are *whose* own."""
        found = exports.plans(self.examined.project, self.examined.assessments)
        return [plan for plan in found if (plan.portfolio, plan.unit) == whose]

    @cached_property
    def narrow(self) -> Narrow:
        return Narrow(self.given, {site.language: standings.beside(site) for site in self.sites})

    @cached_property
    def ground(self) -> bytes | None:
        """What all that is kept follows from."""
        return self.ground_now()

    def ground_now(self) -> bytes | None:
        """The same, as the files stand now."""
        folders = [*self.folders.templates]
        if self.folders.site:
            folders += map(Path, self.frame.own)
        return narrow.ground(self.folders.root, folders)

    # Tasks

    def tasks(self, pieces: Iterable[Piece], at_once: int = 1) -> list[Task]:
        """To make these, *at_once* by a process, or take them from the cache: what has to be made first, for it takes
        long."""
        missing: list[Piece] = []
        there: list[Piece] = []
        for piece in pieces:
            (there if self.there(piece) else missing).append(piece)
        alone = len({piece.portfolio for piece in missing} - {""}) == 1  # then others have nothing else to do
        together: list[list[Piece]] = []
        for (portfolio, _), some in itertools.groupby(missing, lambda piece: (piece.portfolio, alone and piece.sort)):
            every = [*some]
            size = len(every) if portfolio else at_once
            together += [every[at : at + size] for at in range(0, len(every), size)]
        together += [there[at : at + KEPT_AT_ONCE] for at in range(0, len(there), KEPT_AT_ONCE)]
        return [("pieces", some) for some in together]

    def there(self, piece: Piece) -> bool:
        """Whether it need not be made."""
        return bool(piece.source) and self.cache.has(FINER.get(piece.sort, piece.sort), piece.source)

    def unlaid(self, pieces: Iterable[Piece], laid: dict[str, Done], done: Done) -> list[Piece]:
        """The pieces that were not *laid* down ahead; the others are taken from there, and are *done*."""
        left = []
        for piece in pieces:
            source: bytes | None = piece.source
            if source and piece.sort in FINER:
                finer = self.cache.name(FINER[piece.sort], source)
                source = self.cache.entry(finer)
                done.used.add(finer)
            found = laid.pop(self.cache.name(piece.sort, source), None) if source else None
            if found:
                done.add(found)
            else:
                left.append(piece)
        return left

    def portfolios(self, names: Iterable[str], sorts: Sequence[str]) -> Iterator[Piece]:
        """What shows one portfolio alone, of each: documents, pages that tell no account, and some that do."""
        for name in names:
            given = self.narrow.portfolio(name)
            digest = self.narrow.digest(given)
            every = [indicator.id for indicator in self.by_id[name].portfolio.rubric.every_indicator()]
            telling: Mapping[str, Iterable[Sequence[str]]] = {
                "documents": [()],
                "portfolio": [("",)],
                "told": (every[at : at + TOLD_AT_ONCE] for at in range(0, len(every), TOLD_AT_ONCE)),
            }
            for sort in sorts:
                for some in telling[sort]:
                    source = self.narrow.telling(digest, map(given.accounts.get, some))
                    piece = self._piece(sort, "/".join((name, *filter(None, some[:1]))), source, (name, some))
                    yield piece._replace(portfolio=name)

    def large(self) -> Iterator[Piece]:
        """Files that hold all portfolios, and take the memory for it."""
        yield self._piece("tables", "", self.narrow.untold_digest)
        for rubric in self.examined.project.rubrics:
            yield self._piece("book", rubric, self.narrow.untold_digest)

    def across(self) -> Iterator[Piece]:
        """Pages of what units tell of an indicator, or of good practice: they look at all that is known of all."""
        found: dict[tuple[str, str], set[str]] = {}
        for _, plan in self.shared:
            if plan.across:
                found.setdefault(plan.across, set()).add(plan.path)
        for (rubric, name), paths in found.items():
            told = self._told(self.examined.project.rubrics[rubric], name)
            digest, shown = self.narrow.told_digest(told), frozenset(paths)
            if name and told:
                yield self._piece("across", f"{rubric}/{name}", digest, (rubric, name, shown))
            else:
                yield self._piece("telling", f"{rubric}/{name}", digest, (told, shown))

    def common(self) -> Iterator[Piece]:
        """Whatever else shows several portfolios, or none, and all that shows one unit alone."""
        untold = self.narrow.untold_digest
        paths = [plan.path for _, plan in self.shared if not (plan.across or plan.path.endswith(DATA))]
        for start in range(0, len(paths), AT_ONCE):
            some = paths[start : start + AT_ONCE]
            yield self._piece("pages", " ".join(some), untold, frozenset(some))
        for unit in self.examined.project.units:
            yield self._piece("unit", unit, self.narrow.digest(self.narrow.unit(unit)))
        yield self._piece("files", "", untold)

    def _piece(self, sort: str, name: str, digest: bytes, about: Any = None) -> Piece:
        source = b""
        if self.ground is not None:
            wanted = bytes([self.folders.docs is not None, self.folders.site is not None])
            source = self.ground + digest + wanted + name.encode()
        return Piece(sort, name, source, about)

    def _told(self, rubric: Rubric, name: str) -> Told:
        """Of which answers a page across units shows the accounts: to one indicator, or (no name) of good practice."""
        if name:
            return frozenset((one.portfolio.id, name) for one in self.sites[0].of_rubric(rubric))
        return frozenset(told for site in self.sites for told in practice.examples(site, rubric))

    def attached(self, done: Done, names: Sequence[str]) -> None:
        """The attachments of portfolios, cleaned, and small pictures of them."""
        for portfolio in (self.by_id[name].portfolio for name in names):
            for name in load.attachments(portfolio):
                file = f"{portfolio.folder}/{name}"
                content = attachments.published(self.folders.root / file)
                done.sizes[file] = len(content)
                self.put(done, f"{portfolio.id}/{name}", content)
                if picture := preview.preview(self.folders.root / file, content, self.cache):
                    done.previews[file] = (picture.width, picture.height)
                    self.put(done, f"{portfolio.id}/{preview.PLACE}/{name}.webp", picture.content)

    def pieces(self, done: Done, pieces: Sequence[Piece]) -> None:
        """What belongs together, from the cache if it was made of the same before."""
        for piece in map(self._finer, pieces):
            kept = self.cache.find(piece.sort, piece.source) if piece.source else None
            if kept and (made := Made.unpacked(kept)):
                done.used.update(made.used)
                done.pieces.append(self.cache.name(piece.sort, piece.source))
            else:
                made = self._new(done, piece)
                done.used.update(made.used)
                done.renewed.append((piece.sort, piece.name))
            self._write(done, made)
            _collect()

    def _finer(self, piece: Piece) -> Piece:
        """The same piece, with less that it follows from, where it takes long to say what that is."""
        if not piece.source or piece.sort not in FINER:
            return piece

        def source() -> bytes:
            rubric, name, _ = piece.about
            digest = self.narrow.indicator_digest(self.narrow.indicator(rubric, name))
            return self._piece(piece.sort, piece.name, digest).source

        return piece._replace(source=self.cache.get(FINER[piece.sort], piece.source, source))

    def _new(self, done: Done, piece: Piece) -> Made:
        looked = self.frame.looked if self.folders.site else 0
        before, self.cache.used = self.cache.used, set()
        made: Made = getattr(self, f"_made_{piece.sort}")(piece.name, piece.about)
        made.used = sorted(self.cache.used)
        self.cache.used = before
        # A page that looked at the docs folder follows from more than was given.
        if piece.source and (not self.folders.site or self.frame.looked == looked):
            self.cache.keep(piece.sort, piece.source, made.packed())
            done.pieces.append(self.cache.name(piece.sort, piece.source))
        return made

    # Pieces

    def _made_portfolio(self, name: str, about: tuple[str, Sequence[str]]) -> Made:
        """All of a portfolio but its documents and the pages of its indicators."""
        with self._telling(*about) as own:
            return own._made((name, ""))

    def _made_told(self, _name: str, about: tuple[str, Sequence[str]]) -> Made:
        """The pages, in every language, of some indicators of a portfolio."""
        name, some = about
        with self._telling(name, some) as own:
            return own._pages(entry for one in some for entry in own.plans[name, one])

    @contextlib.contextmanager
    def _telling(self, name: str, some: Sequence[str]) -> Iterator[_Bench]:
        """A bench for a portfolio alone, and for its accounts of these indicators, and no others."""
        own = self._own(name)
        every = own.given.accounts
        own.accounts.update({every[one].place.file: every[one] for one in some if one in every})
        try:
            yield own
        finally:
            own.accounts.clear()

    def _own(self, name: str) -> _Bench:
        """A bench for a portfolio alone: the last one, if it was for the same."""
        if self._last is None or self._last[0] != name:
            if self._last:
                self._last[1].forget()
            self._last = name, self.alone(self.narrow.portfolio(name))
        return self._last[1]

    def _made_documents(self, name: str, _: object) -> Made:
        """The form as PDF and for Word, the workbook, and the cards that stand for its pages elsewhere."""
        # A tenth of a second to import: as long as all that has to be made after an edit.
        from lakthan import word, workbook  # noqa: PLC0415

        alone = self._own(name)
        project, shown, templates = alone.examined.project, [alone.by_id[name]], self.folders.templates
        files: list[Iterable[tuple[str, Callable[[], bytes]]]] = [
            workbook.of_each(project, shown),
            forms.files(project, shown, templates, self.cache),
            word.files(project, shown, templates, self.cache),
        ]
        # Whoever shows a link wants the card's whole address: without the site's there is nothing to show.
        if exports.base(project):
            files.append(cards.files(project, shown, templates, self.cache))
        made = Made()
        for path, make in itertools.chain.from_iterable(files):
            made.put(path, make())
        return made

    def _made_unit(self, name: str, _: None) -> Made:
        with self.apart(self.narrow.unit(name)) as own:
            return own._made(("", name))

    def _made(self, whose: Whose) -> Made:
        """All that is *whose* own."""
        made = self._pages(self.plans.get(whose, ()))
        for plan in self.beside(whose):
            made.put(plan.path, plan.make())
        return made

    @cached_property
    def untold(self) -> _Bench:
        """For all that shows nothing of what units tell in their own words."""
        return self.alone(self.narrow.untold)

    def _made_pages(self, _name: str, paths: Set[str]) -> Made:
        """Pages that show several portfolios, or none."""
        return self.untold._pages(one for one in self.untold.shared if one[1].path in paths)

    def _made_across(self, _name: str, about: tuple[str, str, Set[str]]) -> Made:
        """The page, in every language, of what units tell of an indicator."""
        rubric, name, paths = about
        with self.apart(self.narrow.indicator(rubric, name)) as own:
            return own._across(paths)

    def _made_telling(self, name: str, about: tuple[Told, Set[str]]) -> Made:
        """The page, in every language, of good practice, or of an indicator that nobody answered."""
        told, paths = about
        with account.kept(self.cache, name), self.apart(self.narrow.told(told)) as own:
            return own._across(paths)

    def _across(self, paths: Set[str]) -> Made:
        # To plan all the others once more for each indicator would take longer than to make these.
        planned = ((at, plan) for at, site in enumerate(self.sites) for plan in pages.plans(site, pages.ACROSS))
        return self._pages(one for one in planned if one[1].path in paths)

    def _made_files(self, _name: str, _: None) -> Made:
        """JSON of the whole site, feeds, styles and scripts."""
        made = Made()
        for plan in self.untold.beside(COMMON):
            made.put(plan.path, plan.make())
        for page in pages.assets(self.folders.templates):
            made.put(page.path, page.content)
        return made

    def _made_tables(self, _name: str, _: None) -> Made:
        """The open data, and its page."""
        made = self.untold._pages(one for one in self.untold.shared if one[1].path.endswith(DATA))
        for file in self.untold.sites[0].data():
            made.put(file.path, file.content)
        return made

    def _made_book(self, rubric: str, _: None) -> Made:
        """The workbook of all that answer a rubric."""
        from lakthan import workbook  # noqa: PLC0415  (as above)

        examined, made = self.untold.examined, Made()
        for path, make in workbook.of_all(examined.project, examined.project.rubrics[rubric], examined.assessments):
            made.put(path, make())
        return made

    def rest(self, done: Done, mapped: Sequence[search.Text]) -> None:
        """What the theme adds to all pages, which wait there."""
        known = [(path, meta) for text in mapped for path, meta in json.loads(text.read())]
        for name, content in self.frame.rest(known):
            self._put_site(done, name, content, sha256(content))

    def search(self, done: Done, known: tuple[int, Sequence[search.Text]]) -> None:
        """The index of the search in a language, of which the pages wait there."""
        number, texts = known
        waiting = [page for text in texts for page in search.waiting(text)]
        for page in pages.index(self.sites[number], waiting, cache=self.cache):
            self.put(done, page.path, page.content)

    # Files

    def _pages(self, plans: Iterable[tuple[int, pages.Plan]]) -> Made:
        made = Made()
        for number, plan in plans:
            page = plan.make()
            if page.entry:
                made.known.append((number, page.entry.waiting()))
            if self.folders.docs or not page.path.endswith(".md"):
                made.put(page.path, page.content)
            if self.folders.site and page.path.endswith(".md"):
                path, html, mapped = self.frame.page(page.path, page.holds)
                made.add("site", path, html)
                made.mapped.append(mapped)
        return made

    def _write(self, done: Done, made: Made) -> None:
        """Write what was made. What the search is to know of it waits on the disk."""
        for where, path, content, _ in made.files:
            if where != "site":
                self._put_docs(done, path, content)
        done.lay(self.folders.site, made, self.folders.spool / str(os.getpid()))

    def put(self, done: Done, name: str, content: bytes) -> None:
        """A file, where it belongs."""
        self._put_docs(done, name, content)
        if not name.endswith(".md"):
            self._put_site(done, name, content, sha256(content))

    def _put_docs(self, done: Done, name: str, content: Content) -> None:
        docs = self.folders.docs
        if docs is None:
            return
        done.names.append(name)
        if self.folders.fresh:
            write_new(str(docs / name), content)
        elif not _put(docs, name, content):
            return
        done.changed.append(name)

    def _put_site(self, done: Done, name: str, content: Content, known: str) -> None:
        if self.folders.site:
            write_new(str(self.folders.site / name), content)
            done.sums[name] = known, len(content)


DATA = "data/index.md"
PLAIN = "search/index.md"
Whose = tuple[str, str]
"""The ids of a portfolio and a unit, one of them empty, both for what shows several, or none; or of a portfolio and the
indicator whose account is told."""
COMMON: Whose = "", ""


def _flushed(site: Path | None) -> None:
    if site:
        with contextlib.suppress(OSError):  # whoever seals the site says what is wrong
            publish.sync(site)


def _put(docs: Path, name: str, content: Content) -> bool:
    """Write a file unless it stands there already, and say so."""
    # mkdocs serve watches this folder: rewriting an unchanged file would rebuild for ever.
    path = docs / name
    try:
        if path.read_bytes() == content:
            return False
    except IsADirectoryError:
        shutil.rmtree(path)
    except OSError:
        if path.is_dir():  # Windows says no more than that it may not be read
            shutil.rmtree(path)
        for parent in path.relative_to(docs).parents:
            if (docs / parent).is_file():  # a folder now, a file the last time
                (docs / parent).unlink()
    publish.write(path, content)
    return True


def _removed(docs: Path, wanted: set[str]) -> tuple[str, ...]:
    removed = tuple(name for name in _present(docs) if name not in wanted)
    for name in removed:
        (docs / name).unlink()
    for folder, _, _ in os.walk(docs, topdown=False):
        if Path(folder) != docs and not any(Path(folder).iterdir()):
            Path(folder).rmdir()
    return removed


def _present(docs: Path) -> Iterator[str]:
    for path in sorted(docs.rglob("*")):
        name = path.relative_to(docs).as_posix()
        if path.is_file() and name not in KEPT:
            yield name


# Processes -------------------------------------------------------------------------------------------------------

_BENCHES: list[_Bench] = []
"""What the processes are to work at: one that was forked has it."""


def _gather(
    bench: _Bench, processes: int, tasks: Sequence[Task], done: Done, meanwhile: Callable[[], object] = bool
) -> None:
    """Do the tasks, and add up what came of them. *meanwhile* is done here while other processes are at work.

    Nothing is done here as long as processes are forked: what Typst and others start here would be missing there.
    """
    alone = processes == 1 or not tasks
    for one in map(bench.do, tasks) if alone else _spread(bench, tasks, processes, meanwhile):
        done.add(one)


def _share(
    bench: _Bench, processes: int, tasks: Sequence[Task], done: Done, meanwhile: Callable[[], object] = bool
) -> None:
    """Do the tasks, this process some of them, and *meanwhile* beside them.

    A forked process copies most of what it looks at: that is one less. But what a task starts here, as Typst does its
    threads, would be missing in one that is forked later.
    """
    _collect()
    with _Beside(bench, processes - 1, tasks) as beside:
        thread = threading.Thread(target=meanwhile)
        thread.start()
        try:
            for task in beside.take():
                done.add(bench.do(task))
        finally:
            thread.join()
        _gather(bench, processes, beside.came(done), done)


def _turns(tasks: Sequence[T], processes: int) -> Iterator[Sequence[T]]:
    """The tasks, some for each turn; towards the end fewer, so that nobody waits long for the last. A process that is
    forked takes a while to warm up: as long as a fifth of a portfolio."""
    first = 0
    while first < len(tasks):
        last = first + min(TURN, max(AT_ONCE, (len(tasks) - first) // (2 * processes)))
        yield tasks[first:last]
        first = last


def _in_turn(
    bench: _Bench, processes: int, large: Iterable[Sequence[Task]], small: Iterable[Sequence[Task]], done: Done
) -> None:
    """Do the tasks of each turn in a process that ends with it, and gives back its memory; *large* ones one at a time.

    There are no threads here, so that a process can be forked while others are at work.
    """
    waiting = {True: deque(enumerate(large)), False: deque(enumerate(small))}
    at_work: dict[object, tuple[bool, int, _Beside]] = {}
    came: dict[tuple[bool, int], Done] = {}
    try:
        while at_work or any(waiting.values()):
            while len(at_work) < processes:
                is_large = bool(waiting[True]) and not any(one for one, _, _ in at_work.values())
                if not waiting[is_large]:
                    break
                number, tasks = waiting[is_large].popleft()
                _collect()
                beside = _Beside(bench, 1, tasks)
                at_work[beside.results[0]] = is_large, number, beside
            for result in connection.wait(beside.results[0] for _, _, beside in at_work.values()):
                is_large, number, beside = at_work.pop(result)
                came[is_large, number] = one = Done()
                with beside:
                    left = beside.came(one)
                _gather(bench, processes, left, one)
    finally:
        for _, _, beside in at_work.values():
            beside.close()
    for _, one in sorted(came.items()):
        done.add(one)


def _spread(bench: _Bench, tasks: Sequence[Task], processes: int, meanwhile: Callable[[], object]) -> Iterator[Done]:
    """What came of the tasks, in their order."""
    # A forked process knows all that this one does, at once and in the same memory.
    context = multiprocessing.get_context("fork")
    _collect()
    _BENCHES[:] = [bench]
    with concurrent.futures.ProcessPoolExecutor(min(processes, len(tasks)), context, end_with_parent) as pool:
        futures = [pool.submit(_do, task) for task in tasks]
        try:
            meanwhile()
            for future in futures:
                yield future.result()
        finally:
            _BENCHES.clear()
            for future in futures:
                future.cancel()


def _do(task: Task) -> Done:
    return _BENCHES[0].do(task)


class _Beside:
    """Processes that are at some tasks while this one is at others, or makes ready to fork more.

    They are no pool, whose threads would be forked with the next one. Each takes the number of its next task from a
    pipe, which needs no lock that could be held by one that was killed.
    """

    def __init__(self, bench: _Bench, processes: int, tasks: Sequence[Task]) -> None:
        self._tasks = dict(enumerate(tasks))
        self._numbers, other = os.pipe()
        os.write(other, array(_NUMBER, self._tasks).tobytes())
        os.close(other)
        self._begun: list[tuple[BaseProcess, Connection]] = []
        for _ in range(min(processes, len(tasks))):
            context = multiprocessing.get_context("fork")  # which Windows has not, where there are no tasks
            mine, its = context.Pipe(duplex=False)
            process = context.Process(target=_do_some, args=(bench, tasks, self._numbers, its), daemon=True)
            process.start()
            its.close()
            self._begun.append((process, mine))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let none of them go on."""
        for process, mine in self._begun:
            process.kill()
            process.join()
            mine.close()
        os.close(self._numbers)

    def take(self) -> Iterator[Task]:
        """The tasks that none of them has begun with by the time that this process has done the one before."""
        while number := os.read(self._numbers, array(_NUMBER).itemsize):
            yield self._tasks.pop(array(_NUMBER, number)[0])

    def stop(self) -> list[Task]:
        """Let them begin with no other task. Returns those that they have begun with."""
        for number in array(_NUMBER, os.read(self._numbers, _MANY)):
            del self._tasks[number]
        return [*self._tasks.values()]

    @property
    def results(self) -> list[Connection]:
        """What can be read from as soon as one of them is done."""
        return [mine for _, mine in self._begun]

    def came(self, done: Done) -> list[Task]:
        """Add up what came of the tasks; those of which nothing came are left: whoever does them again is told why."""
        for _, mine in self._begun:
            with contextlib.suppress(OSError, EOFError):
                for number, one in mine.recv():
                    done.add(one)
                    del self._tasks[number]
        return [*self._tasks.values()]


_NUMBER = "I"
_MANY = 65_536
"""Bytes that a pipe holds, at least."""


def _do_some(bench: _Bench, tasks: Sequence[Task], numbers: int, its: Connection) -> None:
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it is interrupted too, and ends it
    found: list[tuple[int, Done]] = []
    with contextlib.suppress(Exception):
        while taken := array(_NUMBER, os.read(numbers, array(_NUMBER).itemsize)):
            found.append((taken[0], bench.do(tasks[taken[0]])))
    its.send(found)
