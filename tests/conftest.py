"""What the tests share: projects in temporary folders, and short ways to change them and ask them things."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import html
import http.server
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence, Set
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import jinja2
import pytest
import yaml
from click.testing import CliRunner, Result
from filelock import FileLock
from mkdocs.theme import Theme
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from lakthan import build, cli, thai, writer
from lakthan.cache import FOLDER, Cache
from lakthan.messages import Language
from lakthan.pages import site as pages_of_a_site
from lakthan.writer import Written
from tests.patience import LONG

ROOT = Path(__file__).parent.parent
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # So a shell starts what runs in the background, and so would the servers inherit it that tests stop by this signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
Json = dict[str, Any]
Once = Callable[[str, Callable[[Path], object]], Path]
P = ParamSpec("P")
W = TypeVar("W", BrowserContext, Page)


# The run ---------------------------------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many processes as there are cores: tests wait for browsers, servers and other programs."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return 2 * cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: else one process is still busy with them when all others are done.

    Each process is given its share of the list in one piece, so each piece begins with its share of these files. What
    the tests of a file use is made once for them all: they stay together.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for one in items:
        files.setdefault(one.path, []).append(one)
    slow = {path: sum(one.get_closest_marker("slow") is not None for one in own) for path, own in files.items()}
    processes, left = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), len(items)
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    weights = [0] * processes
    for path in sorted((path for path in files if slow[path]), key=lambda path: slow[path], reverse=True):
        number = weights.index(min(weights))
        shares[number] += files.pop(path)
        weights[number] += slow[path]
    quick = [one for own in files.values() for one in own]
    items.clear()
    for number, own in enumerate(shares):
        share = left // (processes - number)
        rest = max(share - len(own), 0)
        items += own + quick[:rest]
        del quick[:rest]
        left -= len(own) + rest
    items += quick


@contextlib.contextmanager
def no_loop(item: pytest.Item) -> Iterator[None]:
    """An open browser keeps an event loop in this thread: what starts one of its own must not notice."""
    loop = None if item.get_closest_marker("browser") else asyncio._get_running_loop()
    if loop is None:
        yield
        return
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with no_loop(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with no_loop(item):
        return (yield)


# Projects --------------------------------------------------------------------------------------------------------


class Sandbox:
    """A project that a test may change."""

    def __init__(self, root: Path) -> None:
        self.root = root

    # Asking

    def run(self, *args: str, status: int = 0, lang: Language = "en") -> Result:
        """`lakthan ARGS` in this project. Whatever ends it but an exit status is our bug, and raised."""
        args = ("--root", str(self.root), "--lang", lang, *args)
        result = CliRunner().invoke(cli.main, args, catch_exceptions=False)
        assert result.exit_code == status, result.output
        return result

    def scores(self, *args: str, status: int = 0) -> list[Json]:
        """What `lakthan score --format json` prints."""
        document = json.loads(self.run("score", "--format", "json", *args, status=status).stdout)
        assert list(document) == ["portfolios"]
        found: list[Json] = document["portfolios"]
        return found

    def score(self, *args: str) -> Json:
        """The only entry of such a document."""
        (entry,) = self.scores(*args)
        return entry

    def problems(self, *args: str, status: int = 0) -> list[Json]:
        """What `lakthan check --format json` prints."""
        found: list[Json] = json.loads(self.run("check", "--format", "json", *args, status=status).stdout)["problems"]
        return found

    # Changing

    def path(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        """Change what stands exactly once in a file."""
        text = self.read(name)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def change(self, name: str, edit: Callable[[Json], object]) -> None:
        """Change the front matter of an answer. Everything in it is text here, as an author wrote it."""
        _, front, body = self.read(name).split("---\n", 2)
        values: Json = yaml.load(front, Loader=yaml.BaseLoader)
        edit(values)
        self.write(name, f"---\n{yaml.safe_dump(values, allow_unicode=True, sort_keys=False)}---\n{body}")

    # Pages

    def generate(self) -> Written:
        """Write the pages, as `lakthan build --pages-only` does."""
        return build.generate(self.root, build.examine(self.root))

    @property
    def docs(self) -> Path:
        return self.root / build.DOCS

    def words(self, page: str) -> str:
        """What a reader sees of a generated page, numbers in ASCII digits."""
        return words((self.docs / page).read_text(encoding="utf-8"))

    def document(self, name: str) -> Json:
        found: Json = json.loads((self.docs / name).read_bytes())
        return found


def words(page: str) -> str:
    """The words of a page without its tags.

    >>> words("<p>ร้อยละ <b>๘๐</b></p>")
    'ร้อยละ 80'
    """
    return thai.ascii_digits(" ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split()))


def command(args: Sequence[str], where: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module (`lakthan.cli`, `mkdocs`, …) of this environment in the folder *where*."""
    return python(["-m", *args], where, **env)


def python(args: Sequence[str], where: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run this environment's Python in the folder *where*."""
    return subprocess.run(
        [sys.executable, *args],
        cwd=where,
        env=environment(**env),
        capture_output=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
    )


def forked() -> BaseContext:
    """A way to start Python functions in processes of their own, without the seconds that imports take."""
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    modules = ["tests.compiled", "tests.test_publish", "tests.test_rebuild"]
    late = ["lakthan.editor", "lakthan.plugin", "lakthan.word", "xlsxwriter", "mkdocs.commands.build"]
    context.set_forkserver_preload([*modules, *late, "material.plugins.search.plugin"])
    return context


def environment(**changes: str) -> dict[str, str]:
    """The environment of a subprocess; a relative PYTHONPATH still means the same from another folder."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = os.pathsep.join(str(ROOT / entry) for entry in given if entry)
    return {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **changes}


def copy_sample(root: Path) -> Sandbox:
    """The repository's own project, without what is generated."""
    for name in build.INPUTS:
        shutil.copytree(ROOT / name, root / name, dirs_exist_ok=True)
    shutil.copy(ROOT / "mkdocs.yml", root)
    # As in a fresh clone: MkDocs wants its docs_dir, and the repository keeps it by this file.
    (root / build.DOCS).mkdir(parents=True)
    shutil.copy(ROOT / build.DOCS / ".gitignore", root / build.DOCS)
    return Sandbox(root)


FEW = "moi-moral-2569"


def copy_few(root: Path) -> Sandbox:
    """One rubric of the sample, and its three units: nearly every sort of page, in a third of the time."""
    found = copy_sample(root)
    for unit in found.path("content").iterdir():
        if unit.is_dir() and not (unit / FEW).is_dir():
            shutil.rmtree(unit)
    for rubric in found.path("rubrics").glob("*.yml"):
        if rubric.stem != FEW:
            rubric.unlink()
    return found


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A way to make a folder once for all tests of a run, whichever of its processes wants it first."""
    top = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        top = top.parent

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = top / "once" / name, top / "once" / f"{name}.done"
        folder.parent.mkdir(exist_ok=True)
        with FileLock(top / "once" / f"{name}.lock"):
            if not done.exists():
                make(folder)
                done.touch()
        return folder

    return made


class Kept(Cache):
    """A cache that nobody clears."""

    def prune(self, used: Set[str] | None = None) -> None:
        """Another project of the same tests has a use for it."""


@pytest.fixture(scope="session", autouse=True)
def made_once(once: Once) -> Iterator[None]:
    """Forms and pictures that are the same in every copy of the sample are made once for all tests."""
    folder = once("cache", Path.mkdir)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "Cache", lambda _: Kept(folder))
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """And so are the templates of the theme: each build opens them again."""
    known, opened = pages_of_a_site._Compiled(), Theme.get_env

    def environment(theme: Theme) -> jinja2.Environment:
        found = opened(theme)
        found.bytecode_cache = known
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Theme, "get_env", environment)
        yield


@pytest.fixture
def sample(tmp_path: Path) -> Sandbox:
    """A copy of the repository's own project."""
    return copy_sample(tmp_path / "project")


@pytest.fixture
def few(tmp_path: Path) -> Sandbox:
    """A copy of a part of it, for tests that build more than once and learn nothing from more of the same."""
    return copy_few(tmp_path / "project")


@pytest.fixture(scope="session")
def sample_built(once: Once) -> Path:
    """The repository's own project with its pages, built by `lakthan build`, and its site in a folder of its own."""

    def make(top: Path) -> None:
        project = copy_sample(top / "project")
        (project.docs / "former.md").touch()  # where other builders were given pages, these are kept up
        result = command(["lakthan.cli", "build"], project.root)
        assert result.returncode == 0, result.stderr
        shutil.copytree(project.path(FOLDER), once("cache", Path.mkdir), dirs_exist_ok=True)
        (top / "www/some").mkdir(parents=True)
        project.path("site").rename(top / "www/some/where")

    return once("built", make)


@pytest.fixture(scope="session")
def as_it_is(sample_built: Path) -> Sandbox:
    """A copy of the repository's own project with its pages, made once: for tests that only ask."""
    return Sandbox(sample_built / "project")


@pytest.fixture(scope="session")
def few_as_they_are(once: Once) -> Sandbox:
    """The same of the part."""
    return Sandbox(once("few", lambda root: copy_few(root).generate()))


@pytest.fixture(scope="session")
def site(sample_built: Path) -> Path:
    """The sample's site, built once, below a folder of its own: as on a server where it does not stand at the top."""
    return sample_built / "www/some/where"


MEAN = """\
lakthan: 1
id: mean-2570
title: {th: เกณฑ์เฉลี่ย, en: Averages}
short: {th: เฉลี่ย, en: Averages}
year: 2570
document: {title: {th: ประกาศตัวอย่าง, en: A sample notice}, issuer: {th: หน่วยงานตัวอย่าง, en: A sample office}}
kinds:
  plan: {title: {th: แผน, en: Plan}}
  report: {title: {th: รายงาน, en: Report}}
award: mean
levels:
- {id: good, title: {th: ดี, en: Good}, percent_at_least: 50}
- {id: very-good, title: {th: ดีมาก, en: Very good}, percent_at_least: 80}
- {id: excellent, title: {th: ดีเด่น, en: Excellent}, percent_at_least: 95}
indicators:
- {id: "1", title: {th: แผน, en: Plan}, points: 10, when: [{has: plan}]}
- {id: "2", title: {th: รายงาน, en: Report}, points: 7, when: [{has: report}]}
- {id: "3", title: {th: สาม, en: Three}, points: 10}
- {id: "4", title: {th: สี่, en: Four}, points: 10}
- {id: "5", title: {th: ห้า, en: Five}, points: 10}
- {id: "6", title: {th: หก, en: Six}, points: 10}
- {id: "7", title: {th: เจ็ด, en: Seven}, points: 3}
"""
"""A rubric whose points need fractions: 53/7 of 60/7 where the report is missing."""


@pytest.fixture
def small(tmp_path: Path) -> Sandbox:
    """A project that a reader can hold in the head: one rubric, one unit, and no report."""
    project = Sandbox(tmp_path / "project")
    project.write("rubrics/mean-2570.yml", MEAN)
    project.write("content/unit-a/unit.yml", "name: {th: หน่วยงาน ก, en: Unit A}\n")
    project.write(
        "content/unit-a/mean-2570/1.md",
        "---\nself_score: 10\nevidence:\n- {kind: plan, title: แผนงาน, date: ๑ ต.ค. ๒๕๖๙, reference: ที่ ๑/๒๕๗๐}\n---\n",
    )
    return project


BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",  # without windows, too, letters are as wide as in the browser that people use
)


def chromium() -> str:
    """The path of the system's Chromium or Chrome: if there is one without windows, it takes a third of the time."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), MAC)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that doesn't say what it was asked, and lets a browser keep fonts, as real hosts do."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        if self.path.endswith(".woff2"):
            self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()


class Server(http.server.ThreadingHTTPServer):
    """A browser asks for dozens of files at once: the five that may wait by default are too few on a busy machine."""

    request_queue_size = 128


def fonts_first(context: BrowserContext) -> None:
    """From here on pages wait for their fonts. Else a slow machine shows some without: the site's are `optional`."""

    def wait(route: Route) -> None:
        found = route.fetch(timeout=1000 * LONG)
        route.fulfill(response=found, body=found.text().replace("font-display: optional", "font-display: block"))

    context.route("**/assets/lakthan.css*", wait)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address, with a slash at its end, where the files of *folder* are served meanwhile."""
    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def patiently(start: Callable[P, W]) -> Callable[P, W]:
    """A way to open contexts or pages that waits long for whatever is looked for: there is no setting for all."""

    def opened(*args: P.args, **kwargs: P.kwargs) -> W:
        found = start(*args, **kwargs)
        found.set_default_timeout(1000 * LONG)
        return found

    return opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium or Chrome: one for all tests of a process, as Playwright allows no second."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET), timeout=1000 * LONG)
        opened.new_context = patiently(opened.new_context)  # type: ignore[method-assign]
        opened.new_page = patiently(opened.new_page)  # type: ignore[method-assign]
        expect.set_options(timeout=1000 * LONG)
        yield opened
        opened.close()
