"""Patience: what a test may say of time, so that none depends on how fast or how busy a machine is.

How fast something is, the benchmarks measure. A test may say two things: that some work does not hang (`ends`), and
that something happens sooner or later (`until`). Nothing else in the tests reads a clock: `test_patience.py` looks.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, settings

T = TypeVar("T")

LONG = 300.0
"""Seconds after which what a test waits for is taken never to come. Whatever has a limit of its own gets this one."""
ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
"""What hypothesis may not mind: a slow machine, and fixtures that an example leaves as they were."""

_YARDSTICK = 0.01
"""Seconds that `_yardstick` takes on the machine for which limits are written: of 2024, with nothing else to do."""


def _yardstick() -> float:
    """Seconds that this thread needs, here and now, for a fixed piece of what our own code spends its time with."""
    start = time.thread_time()
    found: dict[str, list[str]] = {}
    for number in range(8_000):
        text = f"ตัวชี้วัดที่ {number}: {number * 7 % 101}"
        found.setdefault(text[-2:], []).append(re.sub(r"\d+", "x", text))
    "".join(word for words in found.values() for word in sorted(words))
    return time.thread_time() - start


def pace() -> float:
    """How many times slower this machine is at the moment than the one for which limits are written; at least 1."""
    return max(1.0, sorted(_yardstick() for _ in range(5))[2] / _YARDSTICK)


def ends(work: Callable[[], T], seconds: float = 1.0) -> T:
    """What *work* gives, after no more than *seconds* of this thread on the machine for which limits are written.

    Limits are several times what the work takes, as what hangs takes minutes. Only this thread counts, and not what
    else the machine does; a machine that proves slower gets more; and work that took too long has two more chances:
    it may have been the first to import something, or the one at which all garbage was collected.
    """
    took = []
    for _ in range(3):
        start = time.thread_time()
        found = work()
        took.append(time.thread_time() - start)
        if took[-1] < seconds or took[-1] < seconds * pace():
            return found
        gc.collect()
    raise AssertionError(f"it took {took} seconds where {seconds} are allowed, on a machine {pace():.1f} times slower")


def until(holds: Callable[[], object], pause: float = 0.01) -> None:
    """Wait until something is so. That it never comes is a failure, that it takes long is not."""
    deadline = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(pause)
