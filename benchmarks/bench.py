"""The table of all peers and of ours, in one run on this machine.

    python benchmarks/bench.py PEERS [--pages 100 1000] [--full] [--scoring 10000]

PEERS is the environment that MkDocs, Zensical and Hugo are installed in (`make bench` sees to that). For each number of
indicator pages a project is generated, ours is built, and the peers build the very Markdown that Lakthan generated of
it: in both languages, with the overviews, so about two and a half times as many pages. Each figure is one run; compare
within a run only.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

import zstandard

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT)]

from benchmarks import memory, portfolios, scoring  # noqa: E402
from lakthan.cache import FOLDER, Cache  # noqa: E402
from lakthan.made import Made  # noqa: E402

EDITED = f"unit-00001/{portfolios.RUBRIC}/1.1.2"
"""The page that is edited."""
TURNS = 3
"""Times that ours and the floor are measured, in turn, after a turn for their memory alone: to look at what processes
hold takes a tenth of a processor. A table has the medians."""
MANY = 5_000
"""Indicator pages beyond which one turn takes long enough."""
FLOOR = "floor: Python-Markdown + Jinja, two processes"
USED = 2_000_000_000
"""Bytes of memory that are used before anything is measured, or half of what is free: a virtual machine has to ask for
what it did not use of late, and that takes up to fifty times as long."""
WHOLE = 120
"""Indicator pages up to which MkDocs is run with all pages in its navigation: beyond, it takes minutes."""
MKDOCS = """\
site_name: Bench
docs_dir: {docs}
site_dir: {out}
{nav}
theme: {{name: material, language: th, font: false}}
markdown_extensions: [attr_list, toc]
validation: {{nav: {{omitted_files: ignore}}, links: {{not_found: ignore, unrecognized_links: ignore}}}}
"""
HUGO = """\
baseURL = "https://example.org/"
disableKinds = ["taxonomy", "term", "RSS", "sitemap"]
[markup.goldmark.renderer]
unsafe = true
[markup.goldmark.parser.attribute]
block = true
"""
HUGO_PAGE = """\
<!doctype html>
<html lang="{{ .Params.lang }}">
<head>
<meta charset="utf-8">
<title>{{ .Title }} - {{ .Params.site }}</title>
<meta name="description" content="{{ .Description }}">
<link rel="stylesheet" href="/assets/lakthan.css">
</head>
<body>
<header><nav>{{ range .Params.tabs }}<a href="{{ .url }}">{{ .title }}</a> {{ end }}</nav></header>
<aside>{{ range .Params.menu }}<h2>{{ .title }}</h2>
<ul>{{ range .items }}<li><a href="{{ .url }}">{{ .title }}</a></li>{{ end }}</ul>
{{ end }}</aside>
<main>{{ .Content }}</main>
</body>
</html>
"""


class Took(NamedTuple):
    seconds: float
    processors: float
    """Seconds of processors, of all processes together."""
    memory: int
    """Bytes, at the most; 0 where nobody looked."""


def run(args: Sequence[str | Path], where: Path, *, looking: bool = False) -> Took:
    """Run a program to its end, *looking* at its memory or not. Fails as it does."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "generator"), str(ROOT))),
        "PYTHONIOENCODING": "utf-8",
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode: nobody compiles it at each start
    log = where.parent / "bench.log"
    with log.open("wb") as out:
        start, before = time.perf_counter(), os.times()
        process = subprocess.Popen([str(arg) for arg in args], cwd=where, env=env, stdout=out, stderr=subprocess.STDOUT)
        with memory.watched(process.pid) if looking else contextlib.nullcontext(int) as most:
            status = process.wait()
        took, after = time.perf_counter() - start, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
    if status:
        raise RuntimeError(f"{args[0]} failed:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
    return Took(took, used, most())


class Bench:
    """One project of a size, and everybody who builds it."""

    def __init__(self, folder: Path, pages: int, peers: Path, every: bool) -> None:
        self.folder, self.pages, self.every = folder, pages, every
        self.bin = peers / ("Scripts" if os.name == "nt" else "bin")
        self.project = folder / "project"
        self.rows: dict[str, list[Took]] = {}
        self.looking = True
        self.markdown = 0

    def time(self, name: str, args: Sequence[str | Path], where: Path | None = None) -> None:
        _use_memory()
        took = run(args, where or self.folder, looking=self.looking)
        self.rows.setdefault(name, []).append(took)
        print(f"  {name}: {took.seconds:.2f} s", file=sys.stderr, flush=True)

    def all(self) -> None:
        docs = self.folder / "docs"
        floor = [sys.executable, ROOT / "benchmarks/floor.py", docs]
        # In turn, for a machine is faster at one time than at another: what is compared stands close together.
        for turn in range(TURNS + 1 if self.pages <= MANY else 1):
            self.looking = not turn
            self.ours(turn)
            if not turn:
                self.written(docs)
            self.time(FLOOR, [*floor, self.folder / f"two-{turn}", "2"])
        self.looking = True
        self.serve()
        self.time("floor: Python-Markdown + Jinja, one process", [*floor, self.folder / "one"])
        self.mkdocs(docs)
        self.hugo(docs)

    def ours(self, turn: int) -> None:
        """A project that was never built, and what is done to it afterwards."""
        self.project = self.folder / f"project-{turn}"
        portfolios.write(self.project, portfolios.units_for(self.pages))
        build = [sys.executable, "-m", "lakthan.cli", "-C", self.project, "build"]
        self.time("Lakthan, everything", build)
        self.keep_documents()
        self.apart("pages")
        self.time("Lakthan, everything but what is for Word, Excel and paper", build)
        # As machines of CI have it, which never removed a site: hence before the build that does.
        self.edit(self.project / "content" / f"{EDITED}.md")
        self.apart("edited")
        self.time("Lakthan, rebuild in CI after one edit", build)
        self.edit(self.project / "content" / f"{EDITED}.md")
        self.time("Lakthan, after one edit, with the cache", build)

    def keep_documents(self) -> None:
        """Forget all that was kept but forms as PDF and for Word, and workbooks."""
        kept = Cache(self.project / FOLDER)
        for path in (self.project / FOLDER).iterdir():
            try:
                made = Made.unpacked(kept.entry(path.name) or b"")
            except (ValueError, zstandard.ZstdError):
                made = None
            if not made or not any(file.path.endswith((".pdf", ".docx", ".xlsx")) for file in made.files):
                path.unlink()

    def written(self, docs: Path) -> None:
        """The pages that the peers build."""
        run([sys.executable, "-m", "lakthan.cli", "-C", self.project, "build", "--pages-only"], self.folder)
        shutil.copytree(self.project / "build/docs", docs, ignore=lambda _, names: [n for n in names if _heavy(n)])
        for path in docs.rglob("*.md"):  # what is ours in front matter, Material's search takes for its own
            path.write_text(path.read_text(encoding="utf-8").replace("\nsearch: ", "\nfinds: ", 1), encoding="utf-8")
            self.markdown += 1

    def apart(self, why: str) -> None:
        """Leave the project as a clean checkout, with what the last run kept."""
        for name in ("site", "build"):
            # Not removed, or ext4 looks for minutes at each inode that was just given free before it takes a fresh one:
            # seconds of a build, which no clean checkout has.
            (self.project / name).rename(self.folder / f"former-{self.project.name}-{why}-{name}")
        (self.project / "build/docs").mkdir(parents=True)

    def edit(self, path: Path) -> None:
        path.write_text(f"{path.read_text(encoding='utf-8')}\nแก้ไขแล้ว {time.time_ns()}\n", encoding="utf-8")

    def mkdocs(self, docs: Path) -> None:
        small, whole = (self.folder / f"{name}.yml" for name in ("small", "whole"))
        for path, nav in ((small, "nav: [index.md]"), (whole, "")):
            path.write_text(MKDOCS.format(docs=docs.name, out=path.stem, nav=nav), encoding="utf-8")
        mkdocs, zensical = self.bin / "mkdocs", self.bin / "zensical"
        if self.pages <= WHOLE or self.every:
            self.time("MkDocs Material, full navigation", [mkdocs, "build", "-q", "-f", whole])
        self.time("MkDocs Material, small navigation", [mkdocs, "build", "-q", "-f", small])
        self.time("Zensical, small navigation", [zensical, "build", "-f", small])
        self.edit(docs / f"{EDITED}.md")
        self.time("Zensical, after one edit", [zensical, "build", "-f", small])

    def hugo(self, docs: Path) -> None:
        site = self.folder / "hugo"
        (site / "layouts/_default").mkdir(parents=True)
        (site / "hugo.toml").write_text(HUGO, encoding="utf-8")
        for name in ("single", "list", "home"):
            (site / f"layouts/_default/{name}.html").write_text(HUGO_PAGE, encoding="utf-8")
        (site / "layouts/index.html").write_text(HUGO_PAGE, encoding="utf-8")
        for path in docs.rglob("*.md"):
            name = path.relative_to(docs)
            copy = site / "content" / (name.with_name("_index.md") if path.stem == "index" else name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        self.time("Hugo, a theme of 20 lines", [self.bin / "hugo", "--quiet"], site)

    def serve(self) -> None:
        """From an edit to the new page, as somebody sees it who asks for it as soon as it is there."""
        from lakthan import serve  # noqa: PLC0415  (it loads MkDocs, which the others are to load themselves)

        live = serve.Live(self.project)
        live.update()
        serve.settle()
        path, waits = self.project / "content" / f"{EDITED}.md", []
        with serve.Server(("127.0.0.1", 0), live) as server, serve.watching(live):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for n in range(5):
                time.sleep(1)
                version, mark = live.state()["version"], f"mark{n}{time.time_ns()}"
                text = f"{path.read_text(encoding='utf-8')}\n{mark}\n"
                start = time.perf_counter()
                path.write_text(text, encoding="utf-8")
                live.wait(version, 60)
                with urllib.request.urlopen(f"{server.url}{EDITED}/") as answer:  # noqa: S310 (our own)
                    shown = answer.read().decode()
                waits.append(time.perf_counter() - start)
                assert mark in shown
            server.shutdown()
        self.rows["Lakthan, edit to page while serving"] = [Took(wait, 0, 0) for wait in waits]

    def table(self) -> str:
        floor = _timed(self.rows[FLOOR])
        lines = [
            f"### {self.pages:,} indicator pages: {self.markdown:,} Markdown pages, {os.cpu_count()} cores",
            "",
            "| | seconds | of the floor of two processes | of its processors' time | a thousand pages | most memory |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for name, every in self.rows.items():
            took, most = _timed(every), max(one.memory for one in every)
            seconds = median(one.seconds for one in took)
            each = f"{1000 * seconds / self.markdown:.2f} s" if "edit" not in name else ""
            held = f"{most / 1e6:,.0f} MB" if most else ""
            used = f"{_ratio(took, floor, 'processors'):.2f}" if most else ""
            ratio = _ratio(took, floor, "seconds")
            lines.append(f"| {name} | {seconds:.2f} | {ratio:.2f} | {used} | {each} | {held} |")
        return "\n".join(lines)


def _timed(took: Sequence[Took]) -> Sequence[Took]:
    """Those at which nobody looked, if there are any."""
    return [one for one in took if not one.memory] or took


def _ratio(took: Sequence[Took], base: Sequence[Took], what: str) -> float:
    """The median of the ratios turn by turn, or of the medians where there were not as many turns."""
    values, bases = ([getattr(one, what) for one in some] for some in (took, base))
    if len(values) == len(bases):
        return median(value / base for value, base in zip(values, bases, strict=True))
    return median(values) / median(bases)


def _use_memory() -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not every system says how much is free
        size = min(USED, os.sysconf("SC_AVPHYS_PAGES") * mmap.PAGESIZE // 2)
        with mmap.mmap(-1, size) as used:
            for page in range(0, size, mmap.PAGESIZE):
                used[page] = 1


def _heavy(name: str) -> bool:
    """What the peers need not copy: they are measured by their pages."""
    return name.endswith((".pdf", ".docx", ".xlsx", ".parquet", ".json", ".bin", ".png"))


def main() -> None:
    parser = argparse.ArgumentParser(description="All peers and ours, in one run on this machine.")
    parser.add_argument("peers", type=Path, help="the environment that the peers are installed in")
    parser.add_argument("--pages", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--full", action="store_true", help="MkDocs with its full navigation at every size")
    parser.add_argument("--scoring", type=int, nargs="*", default=[10_000], help="numbers of evidence files")
    asked = parser.parse_args()
    for pages in asked.pages:
        print(f"{pages:,} pages", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as name:
            bench = Bench(Path(name), pages, asked.peers.resolve(), asked.full)
            bench.all()
            print(f"{bench.table()}\n", flush=True)
    if asked.scoring:
        scoring.table(asked.scoring)


if __name__ == "__main__":
    main()
