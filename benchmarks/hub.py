"""What it takes to gather a nation's portals: time, memory, growth, and the same bytes wherever it is worked out.

    python benchmarks/hub.py [UNITS …] [--keep FOLDER]

For each number of units (3,000 and 30,000 unless said) portals are written from a seed, with known defects, and
gathered on two processes of this machine, then on a Dask scheduler with two workers, one of which is killed half-way.
"Processors" is the time that all processes used, the steps are that of the process which runs the command.
Memory is that of all processes together (proportional, so that what they share counts once), looked at five times a
second.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import pickle
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "generator")]

import psutil  # noqa: E402  (comes with distributed)

from benchmarks import portals  # noqa: E402
from lakthan import build, hub, publish  # noqa: E402
from lakthan.hub import derive, gather  # noqa: E402

Json = dict[str, Any]
DAY = datetime.date(2026, 11, 21)
CORES = 64


def child(where: str, out: str, cache: str, jobs: str, scheduler: str) -> None:
    """One run, in a process of its own; says what it took as JSON."""
    listing, wrong = hub.listing.read_list(Path(where) / "list.yml", build.shipped() / "rubrics")
    assert listing, wrong
    options = hub.Options(jobs=int(jobs) or None, scheduler=scheduler or None)
    result = hub.build(listing, Path(out), Path(cache), DAY, options)
    found = [[p.place.file.partition("/")[0], p.code, p.place.file.partition("/")[2]] for p in result.problems]
    print(json.dumps({"scores": result.scores, "seconds": result.seconds, "problems": found}))


# Watching --------------------------------------------------------------------------------------------------------


class Watch:
    """What some processes, and all that they started, hold and have used."""

    def __init__(self, processes: Sequence[psutil.Process]) -> None:
        self.processes = processes
        self.memory = 0
        """Bytes, the most at any time."""
        self.used: dict[int, float] = {}
        """Seconds of a processor, by process."""

    def look(self) -> None:
        known: dict[int, psutil.Process] = {}
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                known |= {one.pid: one for one in (process, *process.children(recursive=True))}
        total = 0
        for process in known.values():
            with contextlib.suppress(psutil.Error):
                full, times = process.memory_full_info(), process.cpu_times()
                total += getattr(full, "pss", full.rss)
                self.used[process.pid] = times.user + times.system
        self.memory = max(self.memory, total)


def run(
    where: Path,
    out: Path,
    *,
    jobs: int = 0,
    cluster: Sequence[subprocess.Popen[bytes]] = (),
    at: str = "",
    half: int = 0,
) -> Json:
    """Gather, and say what that took. With *half* the first worker is killed when so many bytes of rows are there."""
    cache = out.with_name("cache")
    rows = cache / "work/portfolios.ndjson"
    args = [sys.executable, __file__, "--child", str(where), str(out), str(cache), str(jobs), at]
    began, largest, killed = time.monotonic(), 0, 0.0
    with tempfile.TemporaryFile() as said, subprocess.Popen(args, stdout=said) as process:
        watch = Watch([psutil.Process(one.pid) for one in (process, *cluster)])
        while process.poll() is None:
            watch.look()
            with contextlib.suppress(OSError):
                largest = max(largest, rows.stat().st_size)
            if half and not killed and largest >= half:
                cluster[-1].kill()
                killed = time.monotonic() - began
            time.sleep(0.2)
        assert process.returncode == 0
        took = time.monotonic() - began
        said.seek(0)
        found: Json = json.loads(said.read().splitlines()[-1])
    cpu = sum(watch.used.values())
    return {**found, "took": took, "cpu": cpu, "memory": watch.memory, "rows": largest, "killed": killed}


@contextlib.contextmanager
def dask(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers with one thread each, on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = f"tcp://127.0.0.1:{port}"
    few = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "8"}  # as docs/hub.md says
    env = {**os.environ, **few, "PYTHONPATH": str(ROOT / "generator")}
    module = [sys.executable, "-m", "distributed.cli."]
    quiet: Json = {"env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    # Without a nanny: a worker that is killed stays dead.
    worker = ["dask_worker", at, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
    started = [
        subprocess.Popen([*module[:2], module[2] + args[0], *args[1:]], **quiet) for args in (scheduler, worker, worker)
    ]
    try:
        yield at, started
    finally:
        for one in started:
            one.kill()
            one.wait()


def digests(site: Path) -> dict[str, str]:
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in sorted(publish.files(site).items())}


# Parts -----------------------------------------------------------------------------------------------------------


def parts(where: Path, cache: Path) -> Json:
    """Seconds of one portfolio, where the work is done and where it is handed out, without anything going on beside."""
    listing, _ = hub.listing.read_list(where / "list.yml", build.shipped() / "rubrics")
    assert listing
    states = [
        gather.State(portal, None, DAY, path)
        for portal in listing.portals[:60]
        if (path := cache / f"portals/portal-{portal.id}.zip").exists()
    ]
    packed, same = derive.packed(listing.rubrics), dict[bytes, bool]()
    began = time.process_time()
    tasks = [pickle.dumps(task) for state in states for task in derive.read(state, listing, packed, same).tasks]
    handed = time.process_time() - began
    derive.derive(pickle.loads(tasks[0]))  # noqa: S301  (ours; the first one also reads the rubric)
    began = time.process_time()
    results = [pickle.dumps(derive.derive(pickle.loads(task))) for task in tasks]  # noqa: S301
    derived = time.process_time() - began
    began = time.process_time()
    n = sum(pickle.loads(result).portfolios.count(b"\n") for result in results)  # noqa: S301
    taken = time.process_time() - began
    return {"hand": handed / n, "derive": derived / n, "take": taken / n, "portfolios": n}


def main(sizes: Sequence[int], folder: Path) -> None:
    import distributed  # noqa: PLC0415

    print(f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores, ", end="")
    print(f"distributed {distributed.__version__}\n")
    print("| units | scores | how | took | processors | gather | derive | tables | pages | site | memory |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    measured: Json = {}
    for units in sizes:
        where = folder / f"portals-{units}"
        if not (where / "defects.json").exists():
            portals.write(where, units)
        expected = sorted(json.loads((where / "defects.json").read_bytes()))
        here = run(where, folder / f"here-{units}/site", jobs=2)
        line(units, here, "two processes")
        if units == min(sizes):
            again = run(where, folder / f"here-{units}/site", jobs=2)
            line(units, again, "the same again, nothing new")
            assert again["problems"] == here["problems"]
        with dask(folder) as (at, started):
            there = run(where, folder / f"dask-{units}/site", cluster=started, at=at, half=here["rows"] // 2)
        line(units, there, f"Dask, one of two workers killed after {there['killed']:.0f} s")
        for found in (here, there):
            assert sorted(found["problems"]) == expected, "not exactly the known defects"
        assert there["killed"], "the work was done before half of it was seen"
        assert digests(folder / f"here-{units}/site") == digests(folder / f"dask-{units}/site"), "other bytes"
        measured[str(units)] = {"here": here, "dask": there, "parts": parts(where, folder / f"here-{units}/cache")}
    (folder / "measured.json").write_text(json.dumps(measured, indent=1), encoding="utf-8")
    if len(sizes) > 1:
        least, most = measured[str(min(sizes))]["here"], measured[str(max(sizes))]["here"]
        grown = {name: most[name] / least[name] for name in ("scores", "cpu", "memory")}
        print(f"\n{grown['scores']:.1f} × the scores: {grown['cpu']:.1f} × the processor's time, ", end="")
        print(f"{grown['memory']:.2f} × the memory.")
    reckon(max(sizes), measured[str(max(sizes))])


def line(units: int, found: Json, how: str) -> None:
    parts = " | ".join(f"{found['seconds'][name]:.1f} s" for name in ("gather", "derive", "tables", "pages", "site"))
    said = f"| {units:,} | {found['scores']:,} | {how} | {found['took']:.0f} s | {found['cpu']:.0f} s | {parts} |"
    print(f"{said} {found['memory'] / 1e6:.0f} MB |", flush=True)


def reckon(units: int, found: Json) -> None:
    """What more cores would take: the parts that are spread are divided, the others are not."""
    one, seconds = found["parts"], found["here"]["seconds"]
    n = found["here"]["scores"] / 9  # indicators of the rubric
    print(
        f"\nOf one portfolio: deriving {1000 * one['derive']:.2f} ms, handing it out {1000 * one['hand']:.2f} ms, ",
        end="",
    )
    print(f"taking its rows back {1000 * one['take']:.2f} ms (one core, alone).\n")
    print("| workers | derive | all | the hand that feeds them is busy |")
    print("|---|---|---|---|")
    rest = sum(seconds[name] for name in ("gather", "tables", "pages", "site"))
    for cores in (1, 2, 8, 16, CORES):
        feeding, working = n * (one["hand"] + one["take"]), n * one["derive"] / cores
        spread = max(feeding, working)
        print(f"| {cores} | {spread:.0f} s | {rest + spread:.0f} s | {100 * feeding / spread:.0f} % |")
    print(f"\n{units:,} units; gather, tables, pages and site as above: the process that runs the command does them.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
        parser.add_argument("units", type=int, nargs="*", default=[3000, 30000])
        parser.add_argument("--keep", type=Path, help="folder to work in, which stays")
        given = parser.parse_args()
        with tempfile.TemporaryDirectory() as aside:
            place = (given.keep or Path(aside)).resolve()
            place.mkdir(parents=True, exist_ok=True)
            main(given.units, place)
