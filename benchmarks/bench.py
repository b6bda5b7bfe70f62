"""The table of all peers and of ours, in one run on this machine.

    python benchmarks/bench.py PEERS [--pages 100 1000] [--full] [--scoring 10000]

PEERS is the environment that MkDocs, Zensical and Hugo are installed in (`make bench` sees to that). For each number of
indicator pages a project is generated, ours is built, and the peers build the very Markdown that Lakthan generated of
it: in both languages, with the overviews, so about two and a half times as many pages. Each figure is one run; compare
within a run only.
"""

from __future__ import annotations

import argparse
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
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "generator"), str(ROOT)]

from benchmarks import memory, portfolios, scoring  # noqa: E402

EDITED = f"unit-00001/{portfolios.RUBRIC}/1.1.2"
"""The page that is edited."""
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
    """Bytes, at the most."""


def run(args: Sequence[str | Path], where: Path) -> Took:
    """Run a program to its end. Fails as it does."""
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
        with memory.watched(process.pid) as most:
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
        portfolios.write(self.project, portfolios.units_for(pages))
        self.rows: list[tuple[str, Took]] = []
        self.markdown = 0

    def time(self, name: str, args: Sequence[str | Path], where: Path | None = None) -> Took:
        took = run(args, where or self.folder)
        self.rows.append((name, took))
        print(f"  {name}: {took.seconds:.2f} s", file=sys.stderr, flush=True)
        return took

    def all(self) -> None:
        ours = [sys.executable, "-m", "lakthan.cli", "-C", self.project, "build"]
        self.time("Lakthan, everything", ours)
        # As after a change of how pages look: all but the forms, whose own templates and words are the same.
        with (self.project / "site_templates/pages/indicator.md.j2").open("a", encoding="utf-8") as template:
            template.write("{# another look #}\n")
        self.apart()
        self.time("Lakthan, everything but the forms, which are kept", ours)
        self.edit(self.project / "content" / f"{EDITED}.md")
        self.time("Lakthan, after one edit, with the cache", ours)
        self.edit(self.project / "content" / f"{EDITED}.md")
        self.apart()
        self.time("Lakthan, rebuild in CI after one edit", ours)
        self.serve()
        run([*ours, "--pages-only"], self.folder)
        docs = self.folder / "docs"
        shutil.copytree(self.project / "build/docs", docs, ignore=lambda _, names: [n for n in names if _heavy(n)])
        for path in docs.rglob("*.md"):  # what is ours in front matter, Material's search takes for its own
            path.write_text(path.read_text(encoding="utf-8").replace("\nsearch: ", "\nfinds: ", 1), encoding="utf-8")
            self.markdown += 1
        floor = [sys.executable, ROOT / "benchmarks/floor.py", docs]
        self.time("floor: Python-Markdown + Jinja, one process", [*floor, self.folder / "one"])
        self.time("floor: Python-Markdown + Jinja, two processes", [*floor, self.folder / "two", "2"])
        self.mkdocs(docs)
        self.hugo(docs)

    def apart(self) -> None:
        """Leave the project as a clean checkout, with what the last run kept."""
        for name in ("site", "build"):
            # Not removed, or ext4 looks for minutes at each inode that was just given free before it takes a fresh one:
            # seconds of a build, which no clean checkout has.
            (self.project / name).rename(self.folder / f"former-{len(self.rows)}-{name}")
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
        self.rows.append(("Lakthan, edit to page while serving", Took(sorted(waits)[2], 0, 0)))

    def table(self) -> str:
        base = next(took for name, took in self.rows if name.endswith("two processes"))
        lines = [
            f"### {self.pages:,} indicator pages: {self.markdown:,} Markdown pages, {os.cpu_count()} cores",
            "",
            "| | seconds | of the floor of two processes | of its processors' time | a thousand pages | most memory |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for name, took in self.rows:
            each = f"{1000 * took.seconds / self.markdown:.2f} s" if "edit" not in name else ""
            held = f"{took.memory / 1e6:,.0f} MB" if took.memory else ""
            used = f"{took.processors / base.processors:.2f}" if took.processors and base.processors else ""
            ratio = took.seconds / base.seconds
            lines.append(f"| {name} | {took.seconds:.2f} | {ratio:.2f} | {used} | {each} | {held} |")
        return "\n".join(lines)


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
