"""Never half a site: whatever is killed, full or late, the published folder is the old site or the new one."""

from __future__ import annotations

import datetime
import errno
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from lakthan import build, publish, writer
from tests.conftest import ROOT, Kept, Sandbox, command, copy_few, copy_sample, environment, forked
from tests.patience import LONG, until

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, limits and mounts of POSIX")


def fill(folder: Path, word: str, pages: int = 3) -> Path:
    """A site that says the same on each of its pages."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(pages):
        (folder / f"{number}.html").write_text(word, encoding="utf-8")
    return folder


def said(site: Path) -> set[str]:
    return {path.read_text(encoding="utf-8") for path in site.glob("*.html")}


def beside(site: Path) -> set[str]:
    """What stands beside a site that should not."""
    return {path.name for path in site.parent.iterdir() if path.name.startswith(".")} - {".cache"}


def contents(site: Path) -> dict[str, str]:
    """Every file and what is in it."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file()
    }


@pytest.fixture(params=["in one step", "in two steps"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the swap of the system, and without."""
    way = str(request.param)
    if way == "in two steps":
        monkeypatch.setattr(publish, "_exchange", lambda *_: False)
    return way


# The swap --------------------------------------------------------------------------------------------------------


def test_a_new_site_takes_the_place_of_the_old(tmp_path: Path, either_way: str) -> None:
    site = tmp_path / "site"
    for word in ("first", "second", "third"):
        with publish.building(site) as fresh:
            fill(fresh, word)
        assert said(site) == {word}
        assert json.loads((site / "manifest.json").read_bytes())["files"].keys() == {"0.html", "1.html", "2.html"}
        assert beside(site) == set()


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no swap in one step here")
def test_the_site_is_never_away(tmp_path: Path) -> None:
    site, away, done = tmp_path / "site", [], threading.Event()
    with publish.building(site) as fresh:
        fill(fresh, "0")

    def look() -> None:
        while not done.is_set():
            if not (site / "0.html").exists():
                away.append(1)

    looking = threading.Thread(target=look)
    looking.start()
    new = fill(tmp_path / "new", "1")
    for _ in range(2000):
        publish._exchange(new, site)
    done.set()
    looking.join()
    assert away == []
    assert said(site) == {"0"}


@pytest.mark.parametrize("problem", [ValueError(), OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=repr)
def test_after_a_failure_the_old_site_stands(tmp_path: Path, problem: BaseException) -> None:
    site = fill(tmp_path / "site", "old")
    before = contents(site)

    def fail() -> None:
        with publish.building(site) as fresh:
            fill(fresh, "new")
            raise problem

    with pytest.raises(type(problem)):
        fail()
    assert contents(site) == before
    assert beside(site) == set()


def test_where_a_rename_fails_the_old_site_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, new = fill(tmp_path / "site", "old"), fill(tmp_path / "new", "new")
    monkeypatch.setattr(publish, "_exchange", lambda *_: False)
    rename = Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if self == new:
            raise PermissionError(errno.EACCES, "in use")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(PermissionError):
        publish.swap(new, site)
    assert said(site) == {"old"}


@pytest.mark.parametrize("left", [{"old"}, {"new"}, {"old", "new"}], ids=["old", "new", "both"])
@pytest.mark.parametrize("stands", [True, False], ids=["site", "no site"])
def test_what_a_killed_build_left_is_put_right(tmp_path: Path, left: set[str], stands: bool) -> None:
    site = tmp_path / "site"
    if stands:
        fill(site, "published")
    for what in left:
        fill(publish._beside(site, what), what)
    publish.recover(site)
    assert beside(site) == set()
    assert said(site) == ({"published"} if stands else {"old"} if "old" in left else set())


def test_what_people_put_beside_the_pages_stays(tmp_path: Path) -> None:
    site = fill(tmp_path / "site", "old")
    (site / ".htaccess").write_text("Header set X-Frame-Options DENY\n", encoding="utf-8")
    (site / ".well-known").mkdir()
    (site / ".well-known/security.txt").write_text("Contact: …\n", encoding="utf-8")
    (site / ".git").mkdir()
    (site / ".git/HEAD").write_text("ref: refs/heads/pages\n", encoding="utf-8")
    with publish.building(site) as fresh:
        fill(fresh, "new", pages=1)
    assert set(contents(site)) == {
        "0.html", "manifest.json", ".htaccess", ".well-known/security.txt", ".git/HEAD"
    }  # fmt: skip
    listed = json.loads((site / "manifest.json").read_bytes())["files"]
    assert set(listed) == {"0.html", ".htaccess", ".well-known/security.txt"}


@POSIX
def test_the_site_may_be_a_link(tmp_path: Path) -> None:
    server = fill(tmp_path / "srv" / "www", "old")
    (tmp_path / "site").symlink_to(server, target_is_directory=True)
    server.chmod(0o750)
    with publish.building(tmp_path / "site") as fresh:
        assert fresh.parent == server.parent
        fill(fresh, "new")
    assert (tmp_path / "site").is_symlink()
    assert said(server) == {"new"}
    assert server.stat().st_mode & 0o777 == 0o750
    assert beside(server) == set()


# The manifest ----------------------------------------------------------------------------------------------------


def test_the_manifest_lists_every_file(tmp_path: Path) -> None:
    (tmp_path / "ก").mkdir()
    (tmp_path / "ก/ข.html").write_bytes(b"123")
    (tmp_path / "a.html").write_bytes(b"")
    document = json.loads(publish.manifest(tmp_path))
    assert document["generator"] == publish.GENERATOR
    assert list(document["files"]) == ["a.html", "ก/ข.html"]
    assert document["files"]["ก/ข.html"] == {"sha256": hashlib.sha256(b"123").hexdigest(), "size": 3}
    before = publish.manifest(tmp_path)
    (tmp_path / "manifest.json").write_bytes(before)
    os.utime(tmp_path / "a.html", (0, 0))
    assert publish.manifest(tmp_path) == before


@POSIX
def test_a_link_is_listed_by_where_it_points(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "secret")
    site = fill(tmp_path / "site", "public", pages=1)
    (site / "file").symlink_to(outside / "0.html")
    (site / "folder").symlink_to(outside, target_is_directory=True)
    os.mkfifo(site / "pipe")
    listed = json.loads(publish.manifest(site))["files"]
    assert listed.keys() == {"0.html", "file", "folder", "pipe"}
    assert listed["folder"] == {"link": outside.as_posix()}
    assert listed["file"] == {"link": (outside / "0.html").as_posix()}
    assert listed["pipe"].keys() == {"special"}


# Files of their own ----------------------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "docs" / "page.md"
    publish.write(page, b"older")
    publish.write(page, b"old")
    assert list(page.parent.iterdir()) == [page]
    write = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        write(self, data[:1])
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="full"):
        publish.write(page, b"new")
    assert page.read_bytes() == b"old"
    assert list(page.parent.iterdir()) == [page]


# One at a time ---------------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from lakthan import publish
with publish.lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holding(root: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root), str(seconds)], env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_build_waits(tmp_path: Path) -> None:
    with holding(tmp_path, 0.5), publish.lock(tmp_path, LONG), publish.lock(tmp_path / ".." / tmp_path.name, 0):
        pass  # and whoever holds the lock may take it again


def test_a_second_build_says_when_it_waited_too_long(tiny: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "PATIENCE", 0.2)
    process = holding(tiny.root, 60)
    try:
        for args in (["build"], ["build", "--pages-only"]):
            result = tiny.run(*args, status=1)
            assert result.stderr == (
                "Error: another build is still running after 0 seconds of waiting; "
                "nothing was published, try again when it is done\n"
            )
        config = load_config(str(tiny.path("mkdocs.yml")))
        with pytest.raises(Abort):
            mkdocs_build(config)
        assert not tiny.path("site").exists()
        assert list(tiny.docs.iterdir()) == []
    finally:
        process.kill()
        process.wait()
    mkdocs_build(config)  # the lock of the dead is nobody's
    assert config.site_dir == str(tiny.path("site"))  # whoever deploys goes on from there
    assert (tiny.path("site") / publish.MANIFEST).is_file()


# The same bytes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "seconds"),
    [
        (None, publish.EARLIEST),
        (datetime.date(2026, 5, 27), 1779840000),
        (datetime.date(1907, 1, 1), publish.EARLIEST),
        (datetime.date(9999, 12, 31), publish.LATEST),
    ],
)
def test_the_date_of_a_build_is_that_of_its_input(
    day: datetime.date | None, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for before in (None, "", "yesterday"):
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
        if before is not None:
            monkeypatch.setenv("SOURCE_DATE_EPOCH", before)
        with publish.dated(day):
            assert os.environ["SOURCE_DATE_EPOCH"] == str(seconds)
        assert os.environ.get("SOURCE_DATE_EPOCH") == before
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    with publish.dated(day):
        assert os.environ["SOURCE_DATE_EPOCH"] == "1700000000"


CLOCK = """
# Python reads this at its start: years later, to the second.
import datetime, time
AHEAD = 100_000_000
clock, nanoseconds, real = time.time, time.time_ns, datetime.datetime
time.time = lambda: clock() + AHEAD
time.time_ns = lambda: nanoseconds() + AHEAD * 10**9

class Moment(type(real)):
    def __instancecheck__(cls, value):
        return isinstance(value, real)

class Later(real, metaclass=Moment):
    @classmethod
    def now(cls, tz=None):
        return real.now(tz) + datetime.timedelta(seconds=AHEAD)
    utcnow = today = now

datetime.datetime = Later
"""


def built(sample: Sandbox, *args: str, **env: str) -> dict[str, str]:
    result = command(args or ["lakthan.cli", "build"], sample.root, **env)
    assert result.returncode == 0, result.stderr
    return contents(sample.path("site"))


def alike(found: dict[str, str], expected: dict[str, str]) -> None:
    assert {name for name in found if found[name] != expected.get(name)} == set()
    assert found.keys() == expected.keys()


@pytest.mark.slow
def test_the_same_input_gives_the_same_site(tmp_path: Path, site: Path, few_as_they_are: Sandbox) -> None:
    """On another day, in another folder, with another locale, time zone and hash seed, for the first or second time.

    And the same pages where these are written too, which a site of MkDocs is built of.
    """
    later = tmp_path / "later" / "sitecustomize.py"
    later.parent.mkdir()
    later.write_text(CLOCK, encoding="utf-8")
    path = os.pathsep.join([str(later.parent), environment()["PYTHONPATH"]])
    ask = [
        sys.executable,
        "-c",
        "import time, datetime; print(time.gmtime(time.time())[0], datetime.datetime.now().year)",
    ]
    years = subprocess.run(ask, env=environment(PYTHONPATH=path), capture_output=True, text=True, check=True).stdout
    now = datetime.datetime.now(datetime.UTC).year
    assert all(int(year) > now for year in years.split())  # the fake is in force
    thai = {"LC_ALL": "th_TH.UTF-8", "LANG": "th_TH.UTF-8"}
    env = {"PYTHONPATH": path, "PYTHONHASHSEED": "2", "TZ": "Etc/GMT+12", **thai}
    alike(built(copy_sample(tmp_path / "whole"), **env), contents(site))
    one, other = copy_few(tmp_path / "one"), copy_few(tmp_path / "elsewhere" / "แฟ้ม 2")
    for project in (one, other):
        (project.docs / "former.md").touch()  # where other builders were given pages, these are kept up
    expected = built(one, PYTHONHASHSEED="1", LC_ALL="C", LANG="C", TZ="Pacific/Kiritimati")
    alike(contents(one.docs), contents(few_as_they_are.docs))
    for args in (["lakthan.cli", "build"], ["mkdocs", "build", "--quiet"]):
        alike(built(other, *args, **env), expected)
        alike(contents(other.docs), contents(few_as_they_are.docs))
    dated = built(other, SOURCE_DATE_EPOCH="1700000000")
    assert {name for name in expected if expected[name] != dated[name]} == {"sitemap.xml.gz", "manifest.json"}


# Whatever happens ------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(small: Sandbox) -> Sandbox:
    """The small project as a site: built in a moment."""
    (small.docs).mkdir(parents=True)
    shutil.copytree(ROOT / "site_templates", small.path("site_templates"))
    shutil.copy(ROOT / "mkdocs.yml", small.root)
    return small


NAMES = ("หน่วยงาน ก", "หน่วยงาน ข")


def rename(project: Sandbox, name: str) -> None:
    project.write("content/unit-a/unit.yml", f"name: {{th: {name}, en: Unit A}}\n")


def build_it(root: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "Cache", lambda _: Kept(Path(root, "kept")))  # forms are not what is tested here
        build.site(Path(root), build.examine(Path(root)))


def building(root: Path) -> Callable[[], multiprocessing.process.BaseProcess]:
    """A way to start a build in a process of its own, without the seconds that imports take."""
    context: Any = forked()

    def start() -> multiprocessing.process.BaseProcess:
        process: multiprocessing.process.BaseProcess = context.Process(target=build_it, args=(str(root),))
        process.start()
        return process

    return start


def complete(project: Sandbox, start: Callable[[], multiprocessing.process.BaseProcess]) -> Iterator[dict[str, str]]:
    """The site under each of its names."""
    for name in NAMES:
        rename(project, name)
        process = start()
        process.join(LONG)
        assert process.exitcode == 0
        yield contents(project.path("site"))


PLAIN = """\
site_name: แฟ้มหลักฐาน
docs_dir: build/docs
theme: {name: null, custom_dir: theme}
plugins: [lakthan]
"""
SITE = """\
title: {th: แฟ้มหลักฐาน, en: Portfolios}
description: {th: ตัวอย่าง, en: A sample}
publisher: {th: หน่วยงานตัวอย่าง, en: A sample office}
languages: [th]
"""


@pytest.fixture
def plain(tiny: Sandbox) -> Sandbox:
    """The same with a theme that takes no time, and files enough to be killed between."""
    tiny.write("mkdocs.yml", PLAIN)
    tiny.write("content/site.yml", SITE)
    tiny.write("theme/main.html", "<!doctype html><title>{{ page.title }}</title>{{ page.content }}")
    for number in range(100):
        tiny.write(f"theme/assets/{number}.css", f"p {{ margin: {number}px }}" * 100)
    return tiny


@POSIX
@pytest.mark.slow
def test_killed_at_any_moment_the_site_is_the_old_or_the_new(plain: Sandbox) -> None:
    start, site = building(plain.root), plain.path("site")
    first, second = complete(plain, start)
    longest = 1.0
    assert first != second
    rng = random.Random(20260527)
    stands, outcomes = second, []
    for round_ in range(100):
        wanted = first if stands == second else second
        rename(plain, NAMES[0] if wanted == first else NAMES[1])
        process = start()
        # However fast the machine is today, some kills come close before the swap and some close after it.
        match round_ % 4:
            case 0:
                sealed = publish._beside(site, "new") / publish.MANIFEST
                until(lambda: not process.is_alive() or sealed.exists(), pause=0.0005)  # noqa: B023
                time.sleep(rng.uniform(0, 0.03))
            case 1:
                standing = site.stat().st_ino
                until(lambda: not process.is_alive() or site.stat().st_ino != standing, pause=0.0005)  # noqa: B023
                time.sleep(rng.uniform(0, 0.01))
            case _:
                # And some at any moment of a build: how long one takes is found out on the way.
                time.sleep(rng.uniform(0, longest))
                longest *= 1.1 if process.is_alive() else 0.8
        process.kill()
        process.join()
        found = contents(site)
        assert found in (stands, wanted), f"half a site after kill {round_}"
        outcomes.append((process.exitcode, found == wanted))
        stands = found
    # Kills came before the swap and after it.
    assert sum(new for _, new in outcomes) > 15
    assert sum(not new for _, new in outcomes) > 15
    assert sum(code != 0 for code, _ in outcomes) > 30
    assert list(complete(plain, start)) == [first, second]
    assert beside(site) == set()


@POSIX
@pytest.mark.slow
def test_builds_at_once_take_turns(plain: Sandbox) -> None:
    start = building(plain.root)
    expected = list(complete(plain, start))[-1]
    processes = [start() for _ in range(4)]
    for process in processes:
        process.join(LONG)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    assert contents(plain.path("site")) == expected


def refused(project: Sandbox, args: list[str], limit: Callable[[], None] | None = None, **env: str) -> str:
    """What a build says that must fail; the site is as it was."""
    before = contents(project.path("site"))
    result = subprocess.run(
        [sys.executable, "-m", *args], cwd=project.root,
        env=environment(LC_ALL="en_US.UTF-8", NO_MKDOCS_2_WARNING="1", **env),
        capture_output=True, encoding="utf-8", check=False, preexec_fn=limit,
    )  # fmt: skip
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert contents(project.path("site")) == before
    assert beside(project.path("site")) == set()
    return result.stderr


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB: for a site, the one that takes its place, templates, and what is kept."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = sys.platform == "linux" and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", place], capture_output=True, check=False
    ).returncode == 0  # fmt: skip
    if not mounted:
        pytest.skip("no small file system may be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 30_000, 500_000, 2_000_000])
def test_a_full_disk_leaves_the_old_site(tiny: Sandbox, disk: Path, left: int) -> None:
    project = Sandbox(disk / "project")
    shutil.copytree(tiny.root, project.root)
    project.run("build")
    rename(project, NAMES[1])
    free = shutil.disk_usage(disk).free
    (disk / "ballast").write_bytes(b"\0" * max(free - left, 0))
    for args in (["lakthan.cli", "build"], ["mkdocs", "build", "--quiet"]):
        words = refused(project, args)
        assert "the disk is full; nothing was published" in words or "พื้นที่ดิสก์เต็ม" in words
    (disk / "ballast").unlink()
    project.run("build")
    assert NAMES[1] in (project.path("site") / "unit-a/index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("left", [4_096, 40_960])
def test_a_full_disk_for_temporary_files_leaves_the_old_site(tiny: Sandbox, disk: Path, left: int) -> None:
    """Tables and the workbook of all portfolios wait there until they are written: so little is too little."""
    tiny.run("build")
    rename(tiny, NAMES[1])
    (disk / "ballast").write_bytes(b"\0" * (shutil.disk_usage(disk).free - left))
    assert "the disk is full; nothing was published" in refused(tiny, ["lakthan.cli", "build"], TMPDIR=str(disk))


@POSIX
def test_a_file_that_cannot_be_written_leaves_the_old_site(tiny: Sandbox) -> None:
    import resource  # noqa: PLC0415  (not on Windows)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    tiny.run("build")
    rename(tiny, NAMES[1])
    assert "could not write (" in refused(tiny, ["lakthan.cli", "build"], limit=limit)
    assert "เขียนไฟล์ไม่สำเร็จ (" in refused(tiny, ["mkdocs", "build", "--quiet"], limit=limit)


def test_a_clone_without_the_docs_folder_is_built(tiny: Sandbox) -> None:
    """Git keeps no empty folder, and MkDocs wants that one."""
    shutil.rmtree(tiny.root / "build")
    tiny.run("build")
    assert tiny.path("site/unit-a/index.html").is_file()


def test_warnings_that_mkdocs_refuses_publish_nothing(tiny: Sandbox) -> None:
    tiny.run("build")
    rename(tiny, NAMES[1])
    tiny.replace("mkdocs.yml", "- index.md\n", "- index.md\n  - no-such-page.md\n")
    assert "no-such-page.md" in refused(tiny, ["mkdocs", "build", "--strict"])
