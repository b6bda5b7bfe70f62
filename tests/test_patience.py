"""What keeps the tests from depending on the pace of a machine, tested itself."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests import patience


def squares(count: int) -> int:
    return sum(number * number for number in range(count))


def test_what_hangs_is_told() -> None:
    with pytest.raises(AssertionError, match="where"):
        patience.ends(lambda: squares(1_000_000), 0.001)


def test_a_slow_machine_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_YARDSTICK", patience._YARDSTICK / 1000)
    assert patience.ends(lambda: squares(1_000_000), 0.001) == squares(1_000_000)


def test_the_first_time_may_take_longer() -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        return squares(2_000_000 if len(calls) == 1 else 10)

    assert patience.ends(work, 0.01) == squares(10)
    assert len(calls) == 2


def test_waiting_is_not_working() -> None:
    patience.ends(lambda: time.sleep(0.2), 0.1)


def test_what_never_comes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONG", 0.1)
    with pytest.raises(AssertionError, match="never came"):
        patience.until(lambda: False)


CLOCKS = re.compile(r"\btime\.(?:process_time|perf_counter|monotonic|thread_time)|HealthCheck\.too_slow|deadline=")


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_no_other_test_reads_a_clock(path: Path) -> None:
    if path.name not in ("patience.py", "test_patience.py"):
        assert CLOCKS.findall(path.read_text(encoding="utf-8")) == []
