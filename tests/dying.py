"""Work of processes that are started afresh: it stands apart from the tests, whose imports take them a second each."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def dies_once(task: tuple[int, str]) -> int:
    number, folder = task
    mark = Path(folder, "died")
    if number == 5 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    return number


def always_dies(_: int) -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
    return 0
