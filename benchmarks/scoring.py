"""How long it takes to load, check and score so many evidence files, against the YAML loader alone.

    python benchmarks/scoring.py [FILES …] [--in FOLDER]

Files of `portfolios.py` (10,000 and 100,000 if none are named) are gone through portfolio by portfolio, as
`lakthan check` and `lakthan score` do it: nothing is kept but a line for each. Two loaders read the front matter of the
same files in one process and do nothing else: ours, and the C loader of PyYAML, which is what most programs use and
does not change with our code. Each run is a process of its own, so that none finds the memory of another.

Seconds are on the clock; in brackets those that processors worked, which other work on the machine disturbs less.
Memory is the most that all processes together held, what they share counted once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT)]

import yaml  # noqa: E402

from benchmarks import memory, portfolios  # noqa: E402
from lakthan import examination, strictyaml  # noqa: E402
from lakthan.examination import Part  # noqa: E402


def line(part: Part) -> str:
    """What is kept of a portfolio."""
    latest = part.assessment.latest
    return f"{part.assessment.portfolio.id} {latest.points} {latest.level} {len(part.problems)}"


def loaded(root: Path, load: Callable[[str], object]) -> str:
    """Read the front matter of every evidence file, opening it included."""
    for path in root.glob("content/*/*/*.md"):
        load(strictyaml.split_front_matter(path.read_text(encoding="utf-8")).front)
    return ""


def swept(root: Path, processes: int | None) -> str:
    found = "\n".join(examination.sweep(root, line, processes=processes).found)
    return hashlib.sha256(found.encode()).hexdigest()


def of_pyyaml(text: str) -> object:
    return yaml.load(text, Loader=yaml.CSafeLoader)


RUNS: dict[str, Callable[[Path], str]] = {
    "loader": lambda root: loaded(root, strictyaml.load),
    "PyYAML": lambda root: loaded(root, of_pyyaml),
    "one": lambda root: swept(root, 1),
    "all": lambda root: swept(root, None),
}


class Run(NamedTuple):
    clock: float
    processors: float
    said: str
    memory: int = 0

    def __str__(self) -> str:
        return f"{self.clock:.1f} s ({self.processors:.1f})"


def here(root: Path, name: str) -> None:
    """One run in this process; what came of it goes to standard output."""
    clock, before = time.perf_counter(), os.times()
    said = RUNS[name](root)
    after = os.times()
    processors = sum(after[:4]) - sum(before[:4])
    print(json.dumps([time.perf_counter() - clock, processors, said]))


def apart(root: Path, name: str) -> Run:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "--in", str(root), "--run", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        with memory.watched(process.pid) as most:
            out, _ = process.communicate()
        if process.returncode:
            raise SystemExit(process.returncode)
        return Run(*json.loads(out), most())


def row(root: Path, files: int) -> None:
    for path in root.glob("content/*/*/*.md"):  # so that the first run does not wait for the disk alone
        path.read_bytes()
    loader, other, one, many = (apart(root, name) for name in RUNS)
    assert one.said == many.said, "one process and many must find the same"
    print(
        f"| {files:,} | {loader} | {other} | {one}: {one.clock / loader.clock:.1f} × | {one.memory / 1e6:.0f} MB "
        f"| {many}: {many.clock / loader.clock:.1f} × | {many.memory / 1e6:.0f} MB |",
        flush=True,
    )


def table(counts: Sequence[int], root: Path | None = None) -> None:
    """Print the figures for so many files each, or for those of a project that is there already."""
    print("| evidence files | YAML alone | PyYAML's C loader alone | one process | memory | all cores | memory |")
    print("|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    if root:
        row(root, sum(1 for _ in root.glob("content/*/*/*.md")))
        return
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            row(Path(name), portfolios.write(Path(name), portfolios.units_for(count)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Load, check and score, against the YAML loader alone.")
    parser.add_argument("files", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--in", dest="root", type=Path, help="a project of portfolios.py that is there already")
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        here(asked.root, asked.run)
    else:
        table(asked.files, asked.root)


if __name__ == "__main__":
    main()
