"""Work spread over the cores of this machine, or over the workers of a Dask scheduler: results come in order.

Few tasks are under way at a time, so that memory does not grow with how many there are. What is done is a pure function
of its task: where a worker is lost, another one does its tasks again, and nobody can tell.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, Protocol, TypeVar

from lakthan import __version__
from lakthan.model import Message

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 3
"""Tasks for each worker that wait or are under way, or done and not yet taken."""
ATTEMPTS = 3
"""Times that a task may lose its worker: after that it is the task that kills them."""
LOOK = 32
"""Tasks after which a scheduler is asked again how many workers it has."""
LOGGED = 8
"""Messages that a client of Dask remembers. A scheduler has to be told so by its own environment (docs/hub.md)."""
PATIENCE = 60
"""Seconds that a scheduler is waited for, and that it may have no worker."""


class Lost(Exception):
    """The work cannot be done: no scheduler, no workers, or a task that every worker dies of."""

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(key)
        self.message = Message(f"hub.lost.{key}", args)


class Pool(Protocol):
    """Where functions are called elsewhere. `submit` gives what `result` waits for."""

    workers: int

    def submit(self, work: Callable[[T], R], task: T) -> Any: ...

    def result(self, sent: Any) -> Any: ...


def in_order(
    work: Callable[[T], R], tasks: Iterable[T], pool: Pool, known: Callable[[T], R | None] = lambda _: None
) -> Iterator[R]:
    """What comes of each task, in their order. What is *known* to come of one is not worked out again."""
    waiting: deque[Callable[[], R]] = deque()
    for task in tasks:
        found = known(task)
        waiting.append(partial(pool.result, pool.submit(work, task)) if found is None else partial(_same, found))
        if len(waiting) >= AHEAD * pool.workers:
            yield waiting.popleft()()
    while waiting:
        yield waiting.popleft()()


def _same(found: R) -> R:
    return found


@contextlib.contextmanager
def pool(jobs: int | None, scheduler: str | None) -> Iterator[Pool]:
    """Workers: those of *scheduler*, or *jobs* processes here, as many as there are cores unless said."""
    if scheduler:
        with _dask(scheduler) as found:
            yield found
        return
    jobs = jobs or cores()
    if jobs == 1:
        yield _Here()
        return
    with _Processes(jobs) as found:
        yield found


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Here:
    """No workers: each task when its result is asked for."""

    workers = 1

    def submit(self, work: Callable[[T], R], task: T) -> Any:
        return work, task

    def result(self, sent: Any) -> Any:
        work, task = sent
        return work(task)


class _Sent:
    """A task that may have to be sent again."""

    def __init__(self, work: Callable[[Any], Any], task: Any, future: Future[Any]) -> None:
        self.work, self.task, self.future = work, task, future


class _Processes:
    """Processes of this machine, started afresh: the same on every system."""

    def __init__(self, jobs: int) -> None:
        self.workers = jobs
        self.lost = 0
        self._pool = self._start()
        self._open: list[_Sent] = []

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.workers, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> _Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def submit(self, work: Callable[[T], R], task: T) -> _Sent:
        try:
            sent = _Sent(work, task, self._pool.submit(work, task))
        except BrokenProcessPool:
            self._again()
            sent = _Sent(work, task, self._pool.submit(work, task))
        self._open.append(sent)
        return sent

    def result(self, sent: _Sent) -> Any:
        while True:
            try:
                found = sent.future.result()
            except BrokenProcessPool:
                self._again()
                continue
            self._open.remove(sent)
            self.lost = 0
            return found

    def _again(self) -> None:
        """One process died, and took the pool with it: what was not done is sent to another pool."""
        self.lost += 1
        if self.lost > ATTEMPTS:
            raise Lost("task")
        self._pool.shutdown(cancel_futures=True)
        self._pool = self._start()
        for sent in self._open:
            if not sent.future.done() or sent.future.cancelled() or sent.future.exception() is not None:
                sent.future = self._pool.submit(sent.work, sent.task)


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Pool]:
    try:
        import dask  # noqa: PLC0415
        import distributed  # noqa: PLC0415  (an extra, and a second to import)
    except ImportError:
        raise Lost("no_dask") from None
    # What was sent is kept for those who look for mistakes: a thousand messages, and ours are of two megabytes.
    dask.config.set({"distributed.admin.low-level-log-length": LOGGED})
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError):  # its TimeoutError is an OSError
        raise Lost("no_scheduler", address=address) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise Lost("no_workers", address=address) from None
        yield _Dask(client, address)


class _Dask:
    """The workers of a Dask scheduler. It sends a task elsewhere when its worker is lost."""

    def __init__(self, client: Any, address: str) -> None:
        self.client, self.address = client, address
        found = client.run(version)
        if wrong := sorted({one for one in found.values() if one != __version__}):
            raise Lost("version", found=", ".join(map(str, wrong)), own=__version__)

        self.workers, self._sent = 1, 0

    def submit(self, work: Callable[[T], R], task: T) -> Any:
        if self._sent % LOOK == 0:  # they may come and go
            self.workers = max(1, sum(self.client.nthreads().values()))
        self._sent += 1
        return self.client.submit(work, task, pure=False, retries=ATTEMPTS)

    def result(self, sent: Any) -> Any:
        import distributed  # noqa: PLC0415

        while True:
            try:
                return sent.result(timeout=PATIENCE)
            except TimeoutError:
                if not self.client.nthreads():
                    raise Lost("no_workers", address=self.address) from None
            except distributed.scheduler.KilledWorker:
                raise Lost("task") from None
            except distributed.client.FutureCancelledError:
                raise Lost("no_scheduler", address=self.address) from None


def version() -> str:
    """Which Lakthan a worker has."""
    return __version__
