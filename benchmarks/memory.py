"""The memory of a process and all that it started, at its highest."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

import psutil

OFTEN = 0.1
"""Seconds between two looks."""


def together(pid: int) -> int:
    """Bytes that a process and its children hold. What they share counts once, where the system says (Linux)."""
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for one in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                full = one.memory_full_info()
                total += getattr(full, "pss", full.rss)
    return total


@contextlib.contextmanager
def watched(pid: int | None = None) -> Iterator[Callable[[], int]]:
    """Look at a process (this one unless said) meanwhile; what is given says how much it was at the most."""
    most, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(OFTEN):
            most[0] = max(most[0], together(pid or os.getpid()))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield lambda: most[0]
    finally:
        over.set()
        thread.join()
