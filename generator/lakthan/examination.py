"""All that is worked out before anything is shown: load → check → score, of a project or portfolio by portfolio.

`examine` does it once. An `Examiner` does it again and again, and works out anew only what a change concerns; what it
says is always what `examine` would say. `sweep` goes through any number of portfolios in several processes and keeps
none.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime
import gc
import hashlib
import itertools
import multiprocessing
import os
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from multiprocessing import connection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from lakthan import advise, attachments, check, diagnostics, links, lint, load, privacy, score, writing
from lakthan.diagnostics import Diagnostic
from lakthan.model import Advice, Assessment, Place, Portfolio, Project, Score, Site, Verified
from lakthan.rubric import Rubric

S = TypeVar("S")
T = TypeVar("T")
Watch = Callable[[Sequence[T], str], Iterable[T]]
"""Goes through a sequence and may show how far it is."""
Problems = tuple[tuple[diagnostics.Key, Diagnostic], ...]


class Examined(NamedTuple):
    project: Project
    assessments: tuple[Assessment, ...]
    problems: tuple[Diagnostic, ...]
    searched: Mapping[str, privacy.Searched]
    """Portfolio → what was searched for personal data there."""
    ledger: links.Ledger
    """When each external address was reached."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def newest(self) -> datetime.date | None:
        """The last day that any portfolio bears: the date of a site that is the same whenever it is built."""
        return max((day for portfolio in self.project.portfolios for day in portfolio.dates()), default=None)


class Part(NamedTuple):
    """One portfolio, examined."""

    assessment: Assessment
    problems: Problems
    searched: privacy.Searched


def quietly(items: Sequence[S], _label: str) -> Iterable[S]:
    return items


def examine(root: Path, *, as_of: datetime.date | None = None, watch: Watch[Portfolio] = quietly) -> Examined:
    """Read, check and score everything below *root*."""
    with undisturbed():
        return _examined(root, as_of, watch, _Nothing())


# One portfolio ---------------------------------------------------------------------------------------------------


def part(
    root: Path,
    portfolio: Portfolio,
    contacts: Iterable[str],
    ledger: links.Ledger,
    grace: int,
    as_of: datetime.date | None = None,
    texts: Mapping[str, str] | None = None,
) -> Part:
    """A portfolio that was read, scored and checked. *contacts* are its unit's own address and telephone number.

    *texts* are those of its files, where they are still at hand.
    """
    portfolio = links.marked(portfolio, ledger, grace)
    assessment = assess(portfolio, as_of)
    searched = privacy.search(root, portfolio, contacts, texts)
    found = (
        *links.problems_of(portfolio, ledger, grace),
        *writing.check_portfolio(portfolio, load.present(root, portfolio)),
        *check.check(assessment),
        *privacy.check(searched),
        *privacy.consent(portfolio),
        *_refused(root, portfolio),
    )
    return Part(assessment, keyed(found), searched)


def keyed(found: Iterable[Diagnostic]) -> Problems:
    """Each with what orders it, and without anybody's number."""
    # What an author typed may be a person's number: no message repeats it.
    return tuple((diagnostics.key(one), one) for one in map(privacy.masked, found))


def _refused(root: Path, portfolio: Portfolio) -> Iterator[Diagnostic]:
    """What keeps an attachment from being published, at the attachment."""
    for name in load.attachments(portfolio):
        place = Place(f"{portfolio.folder}/{name}")
        for code, args in attachments.problems(root / portfolio.folder / name):
            yield Diagnostic(code, place, "error", args)


def assess(
    portfolio: Portfolio,
    as_of: datetime.date | None = None,
    *,
    rounds: Sequence[str | None] | None = None,
    reading: str | None = None,
) -> Assessment:
    """All that is worked out about one portfolio, for each round reached (or those asked for), under a reading."""
    rounds = rounds or score.rounds_reached(portfolio, as_of)
    latest = score.score(portfolio, round=rounds[-1], as_of=as_of, reading=reading)
    # Whoever only checks, or asks for points, need not wait for the rest.
    work: dict[str, Callable[[Assessment], object]] = {
        "scores": partial(_scores, rounds[:-1]),
        "verified": _verified,
        "readings": _readings,
        "advice": _advice,
        "timeline": partial(_timeline, rounds[-1], as_of, reading),
        "stated": _stated,
    }
    return Assessment.begun(portfolio, latest, work)


def _scores(earlier: Sequence[str | None], assessment: Assessment) -> tuple[Score, ...]:
    latest = assessment.latest
    found = (
        score.score(assessment.portfolio, round=name, as_of=latest.as_of, reading=latest.reading) for name in earlier
    )
    return (*found, latest)


def _verified(assessment: Assessment) -> tuple[Verified | None, ...]:
    return tuple(score.verified(one) for one in assessment.scores)


def _readings(assessment: Assessment) -> Mapping[str, Score]:
    latest = assessment.latest
    return {other.id: score.reread(latest, other.id) for other in assessment.portfolio.rubric.readings}


def _advice(assessment: Assessment) -> Advice:
    return advise.advise(assessment.latest)


def _stated(assessment: Assessment) -> Score | None:
    return score.stated(assessment.latest)


def _timeline(
    round: str | None, as_of: datetime.date | None, reading: str | None, assessment: Assessment
) -> tuple[tuple[datetime.date, Fraction], ...]:
    history = score.timeline(assessment.portfolio, round=round, reading=reading)
    return tuple(entry for entry in history if as_of is None or entry[0] <= as_of)


# A project -------------------------------------------------------------------------------------------------------


class _Nothing:
    """Keeps nothing."""

    def __call__(self, _path: Path, _given: tuple[object, ...], make: Callable[[], T]) -> T:
        return make()

    def part(self, _portfolio: Portfolio, _given: tuple[object, ...], make: Callable[[], Part]) -> Part:
        return make()


def _examined(root: Path, as_of: datetime.date | None, watch: Watch[Portfolio], kept: _Nothing | _Kept) -> Examined:
    project, problems = load.load(root, keep=kept)
    ledger, damage = kept(root / links.LEDGER, (), partial(links.read, root))
    grace = project.site.link_grace
    found: list[tuple[diagnostics.Key, Diagnostic]] = [*keyed((*problems, *damage))]
    found += _of_site(root, project, ledger, kept)
    parts: dict[str, Part] = {}
    for portfolio in watch(project.portfolios, "progress.score"):
        unit = project.units[portfolio.unit]
        contacts = (unit.email, unit.phone)
        make = partial(part, root, portfolio, contacts, ledger, grace, as_of)
        one = parts[portfolio.id] = kept.part(portfolio, (contacts, ledger, grace, as_of), make)
        found += one.problems
    assessments = tuple(one.assessment for one in parts.values())
    project = replace(project, portfolios=tuple(one.portfolio for one in assessments))
    searched = {name: one.searched for name, one in parts.items()}
    return Examined(project, assessments, diagnostics.merge(found), searched, ledger)


def _of_site(root: Path, project: Project, ledger: links.Ledger, kept: _Nothing | _Kept) -> Iterator[Any]:
    """What is wrong or doubtful outside of portfolios, once each file can be read."""
    yield from keyed(links.problems_of_units(project, ledger, project.site.link_grace))
    for rubric in project.rubrics.values():
        one = replace(project, rubrics={rubric.id: rubric}, units={}, portfolios=())
        path = root / "rubrics" / f"{rubric.id}.yml"
        yield from kept(path, (rubric,), partial(_of_rubric, one))
    yield from keyed(lint.between(project))
    yield from keyed(writing.check_site(project))
    yield from kept(root / writing.SITE, (), partial(_of_file, root, writing.SITE))
    for unit in project.units.values():
        yield from kept(root / unit.place.file, (), partial(_of_file, root, unit.place.file))
        yield from kept(root / unit.place.file, (unit,), partial(_of_unit, unit))


def _of_rubric(project: Project) -> Problems:
    return keyed(lint.lint(project))


def _of_file(root: Path, file: str) -> Problems:
    return keyed(privacy.check_file(root, file))


def _of_unit(unit: Any) -> Problems:
    return keyed(writing.check_unit(unit))


# Again and again -------------------------------------------------------------------------------------------------


class Examiner:
    """Examines a project again and again. What no change concerns is not read, scored or checked a second time."""

    def __init__(self, root: Path, *, as_of: datetime.date | None = None) -> None:
        self.root, self.as_of = root, as_of
        self._kept = _Kept()

    def examine(self, watch: Watch[Portfolio] = quietly) -> Examined:
        """What stands below the root now: what `examine` would say."""
        self._kept.begin()
        try:
            return _examined(self.root, self.as_of, watch, self._kept)
        finally:
            self._kept.end()

    @property
    def renewed(self) -> tuple[str, ...]:
        """The portfolios that were worked out anew the last time."""
        return tuple(self._kept.renewed)


class _Kept:
    """What came of files and folders, by their content."""

    def __init__(self) -> None:
        self.prints = Prints()
        self.known: dict[tuple[Path, object], tuple[object, tuple[object, ...], Any]] = {}
        self.parts: dict[str, tuple[Portfolio, tuple[object, ...], Part]] = {}
        self.renewed: list[str] = []
        self.used: set[tuple[Path, object]] = set()
        self.shown: set[str] = set()

    def begin(self) -> None:
        self.renewed, self.used, self.shown = [], set(), set()

    def end(self) -> None:
        """Forget what is no longer there."""
        self.known = {key: value for key, value in self.known.items() if key in self.used}
        self.parts = {name: value for name, value in self.parts.items() if name in self.shown}
        self.prints.forget()

    def __call__(self, path: Path, given: tuple[object, ...], make: Callable[[], T]) -> T:
        key = (path, getattr(make, "func", make))
        self.used.add(key)
        # Before anything is read: what changes meanwhile is read again the next time.
        now = self.prints.of(path)
        old = self.known.get(key)
        if old is None or old[0] != now or old[1] != given:
            old = self.known[key] = (now, given, make())
        found: T = old[2]
        return found

    def part(self, portfolio: Portfolio, given: tuple[object, ...], make: Callable[[], Part]) -> Part:
        # The same object as before unless something in its folder is another: see `__call__`.
        self.shown.add(portfolio.id)
        old = self.parts.get(portfolio.id)
        if old is None or old[0] is not portfolio or old[1] != given:
            self.renewed.append(portfolio.id)
            old = self.parts[portfolio.id] = (portfolio, given, make())
        return old[2]


_SETTLED = 2_000_000_000
"""Nanoseconds after which two writes of a file surely bear different times."""


class Prints:
    """Fingerprints of files by their content, and of folders by all that is in them."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[tuple[int, ...], bytes, bool]] = {}
        self.seen: set[str] = set()

    def forget(self) -> None:
        self.known = {name: value for name, value in self.known.items() if name in self.seen}
        self.seen = set()

    def of(self, path: Path) -> object:
        try:
            state = path.stat()
        except OSError:
            return None
        if stat.S_ISDIR(state.st_mode):
            return tuple(self.below(str(path)))
        return self.file(str(path), state)

    def below(self, folder: str, depth: int = 0) -> Iterator[tuple[str, object]]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as problem:
            yield "", problem.errno
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.name, tuple(self.below(entry.path, depth + 1))
                continue
            try:
                link = entry.is_symlink() and os.readlink(entry.path)  # noqa: PTH115 (of an entry that is at hand)
                yield entry.name, (link, self.file(entry.path, entry.stat()))
            except OSError as problem:
                yield entry.name, problem.errno

    def file(self, path: str, state: os.stat_result) -> object:
        """Of a file's content. What was written in the last moment is read again: it may change within one tick."""
        self.seen.add(path)
        if not stat.S_ISREG(state.st_mode):
            return state.st_mode
        mark = (state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino, state.st_mode)
        old = self.known.get(path)
        if old and old[0] == mark and old[2]:
            return old[1]
        settled = time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _SETTLED
        try:
            with Path(path).open("rb") as file:
                content = hashlib.file_digest(file, "blake2b").digest()
        except OSError as problem:
            return problem.errno
        self.known[path] = (mark, content, settled)
        return content


# Any number of them ----------------------------------------------------------------------------------------------

ALONE = 24
"""Portfolios that are gone through sooner than other processes start."""
AT_ONCE = 8
"""Portfolios that a process is given at a time; towards the end fewer, so that none waits long for the last."""


class Sweep(NamedTuple):
    """A project gone through portfolio by portfolio."""

    project: Project
    """Without what portfolios say: only which there are."""
    problems: Problems
    """What is wrong or doubtful outside of portfolios."""
    found: Iterator[Any]
    """What came of each portfolio, in the project's order."""

    def watched(self, watch: Watch[Portfolio]) -> Iterator[Any]:
        """The same, for somebody who waits."""
        return (one for _, one in zip(watch(self.project.portfolios, "progress.score"), self.found, strict=True))


def sweep(
    root: Path,
    function: Callable[[Part], Any],
    *,
    as_of: datetime.date | None = None,
    processes: int | None = None,
) -> Sweep:
    """Apply *function* to every portfolio of a project, in several processes, and keep only what it returns.

    Memory does not grow with the number of portfolios. *function* has to be one of a module, so that other processes
    can find it; *processes* are as many as there are cores unless said.
    """
    with undisturbed():
        project, problems = load.outline(root)
        ledger, damage = links.read(root)
        first = (*keyed((*problems, *damage)), *_of_site(root, project, ledger, _Nothing()))
    tasks = []
    for portfolio in project.portfolios:
        unit = project.units[portfolio.unit]
        tasks.append(_Task(portfolio.folder, portfolio.unit, portfolio.rubric.id, (unit.email, unit.phone)))
    bench = _Bench(root, project.rubrics, project.site, ledger, as_of, function)
    processes = processes or cores()
    if processes == 1 or len(tasks) < ALONE:
        return Sweep(project, first, map(bench.do, tasks))
    return Sweep(project, first, _spread(bench, tasks, processes))


class _Task(NamedTuple):
    folder: str
    unit: str
    rubric: str
    contacts: tuple[str, str]


class _Bench(NamedTuple):
    """All that is needed to examine a portfolio anywhere."""

    root: Path
    rubrics: Mapping[str, Rubric]
    site: Site
    ledger: links.Ledger
    as_of: datetime.date | None
    function: Callable[[Part], Any]

    def do(self, task: _Task) -> Any:
        with undisturbed():
            return self.function(self.part(task))  # and all else is gone

    def part(self, task: _Task) -> Part:
        root, site = self.root, self.site
        texts: dict[str, str] = {}
        read = load.portfolio(root, root / task.folder, task.unit, self.rubrics[task.rubric], site, texts)
        one = part(root, read.portfolio, task.contacts, self.ledger, site.link_grace, self.as_of, texts)
        return one._replace(problems=(*keyed((*read.problems, *read.of_reviews)), *one.problems))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """While all that is made is still in use, looking for what is not takes a tenth of the time, and finds nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


_BENCHES: list[_Bench] = []
"""What a process is to work at: one that was forked has it."""


def may_fork() -> bool:
    """Whether this process can be forked: while no library has threads in it that a copy would wait for.

    Only Linux says.
    """
    if sys.platform != "linux":
        return False
    try:
        return len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def end_with_parent() -> None:
    """In a process of its own: to end with the process that started it, however that ends."""
    parent = multiprocessing.parent_process()
    assert parent
    threading.Thread(target=partial(_end_with, parent.sentinel), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def _set_up(bench: _Bench | None) -> None:
    end_with_parent()
    gc.freeze()  # what was there before the work stays: nobody need look whether it is still in use
    if bench:
        _BENCHES[:] = [bench]


def _do(tasks: Sequence[_Task]) -> list[Any]:
    return [_BENCHES[0].do(task) for task in tasks]


def _spread(bench: _Bench, tasks: Sequence[_Task], processes: int) -> Iterator[Any]:
    """What comes of the tasks, in their order; never more of them are under way than keep the processes busy."""
    chunks = _chunks(tasks, processes)
    # A forked process knows all that this one does, at once; one that is started anew has to be told.
    forked = may_fork()
    context: Any = multiprocessing.get_context("fork" if forked else "spawn")
    _BENCHES[:] = [bench]
    with concurrent.futures.ProcessPoolExecutor(processes, context, _set_up, (None if forked else bench,)) as pool:
        waiting = deque(pool.submit(_do, chunk) for chunk in itertools.islice(chunks, 3 * processes))
        try:
            while waiting:
                yield from waiting.popleft().result()
                waiting.extend(pool.submit(_do, chunk) for chunk in itertools.islice(chunks, 1))
        finally:
            _BENCHES.clear()
            for future in waiting:
                future.cancel()


def _chunks(tasks: Sequence[_Task], processes: int) -> Iterator[Sequence[_Task]]:
    first = 0
    while first < len(tasks):
        last = first + max(1, min(AT_ONCE, (len(tasks) - first) // (2 * processes)))
        yield tasks[first:last]
        first = last


def cores() -> int:
    """How many processes run at the same time here."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
