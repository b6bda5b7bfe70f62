"""How long it takes to load, check and score so many evidence files, against the YAML loader alone.

    python benchmarks/scoring.py [FILES …]

Files of `portfolios.py` (10,000 and 100,000 if none are named) are gone through portfolio by portfolio, as
`examination.sweep` does it for `lakthan check`: nothing is kept but a line for each. The loader alone reads the same
files in one process. Memory is the most that all processes together held, less what they share with none.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT)]

from benchmarks import memory, portfolios  # noqa: E402
from lakthan import examination, strictyaml  # noqa: E402
from lakthan.examination import Part  # noqa: E402


class Line(NamedTuple):
    portfolio: str
    points: str
    level: str | None
    problems: int


def line(part: Part) -> Line:
    """What is kept of a portfolio."""
    latest = part.assessment.latest
    return Line(part.assessment.portfolio.id, str(latest.points), latest.level, len(part.problems))


def yaml_alone(root: Path) -> float:
    """Seconds that the reader of YAML takes over every evidence file, opening them included."""
    start = time.perf_counter()
    for path in root.glob("content/*/*/*.md"):
        strictyaml.load(strictyaml.split_front_matter(path.read_text(encoding="utf-8")).front)
    return time.perf_counter() - start


def swept(root: Path, processes: int | None) -> tuple[float, list[Line]]:
    start = time.perf_counter()
    found = list(examination.sweep(root, line, processes=processes).found)
    return time.perf_counter() - start, found


def table(counts: Sequence[int]) -> None:
    """Print the figures for so many files each."""
    print("| evidence files | YAML alone | one process | ratio | all cores | ratio | most memory |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            files = portfolios.write(root, portfolios.units_for(count))
            alone = yaml_alone(root)
            one, first = swept(root, 1)
            with memory.watched() as most:
                many, second = swept(root, None)
            assert first == second
            print(
                f"| {files:,} | {alone:.1f} s | {one:.1f} s | {one / alone:.1f} | {many:.1f} s | {many / alone:.1f} "
                f"| {most() / 1e6:.0f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    table([int(one) for one in sys.argv[1:]] or [10_000, 100_000])
