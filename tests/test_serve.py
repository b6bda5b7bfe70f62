"""The site while people write it: what an edit changes is seen at once, and nothing else is made again."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from lakthan import build, frame, load, serve
from tests.conftest import ROOT, Sandbox, environment, words
from tests.patience import LONG, until

A, B = "unit-a/mean-2570", "unit-b/mean-2570"
REPORT = "---\nevidence:\n- {kind: report, title: รายงานผล, date: 2026-10-02, reference: ที่ ๒/๒๕๗๐}\n---\nรายงานแล้ว\n"


@pytest.fixture
def project(small: Sandbox) -> Sandbox:
    """Two units under one rubric, with a look of their own."""
    shutil.copy(ROOT / "mkdocs.yml", small.root)
    small.path(build.DOCS).mkdir(parents=True)
    shutil.copytree(ROOT / "site_templates", small.path("site_templates"))
    small.write("content/unit-b/unit.yml", "name: {th: หน่วยงาน ข, en: Unit B}\n")
    small.write(f"content/{B}/1.md", small.read(f"content/{A}/1.md"))
    return small


class Seen:
    """A live site, and what was made for it."""

    def __init__(self, project: Sandbox) -> None:
        self.project, self.made = project, list[str]()
        self.live = serve.Live(project.root, "en", tell=self.made.append)
        self.live.update()

    def page(self, path: str) -> str:
        return self.live.answer(path).decode()

    def words(self, path: str) -> str:
        return words(self.page(path))

    def edition(self) -> str:
        return str(self.live.state()["edition"])

    def after(self, edit: Callable[[], object]) -> Seen:
        """The same after an edit; from here on it is counted what is made."""
        edit()
        self.made.clear()
        self.live.update()
        return self


@pytest.fixture
def seen(project: Sandbox) -> Seen:
    return Seen(project)


# What is made ----------------------------------------------------------------------------------------------------


def test_a_page_is_made_when_it_is_looked_at_and_once(seen: Seen) -> None:
    assert seen.made == []
    for _ in range(2):
        assert "แผนงาน" in seen.page(f"{A}/1/")
        assert "หน่วยงาน ก" in seen.page(f"{A}/")
    assert seen.made == [f"{A}/1.md", f"{A}/index.md"]


def test_an_edit_shows_on_every_page_that_depends_on_it_and_makes_no_other(seen: Seen, project: Sandbox) -> None:
    """Unit A's report earns 7 points: its indicator, its portfolio with its level, and the table of all units."""
    before = {path: seen.words(path) for path in (f"{A}/2/", f"{A}/", "rubrics/mean-2570/units/", f"{B}/")}
    seen.after(lambda: project.write(f"content/{A}/2.md", REPORT))
    assert seen.live._examiner.renewed == (A,)
    assert seen.made == []
    after = {path: seen.words(path) for path in before}
    assert seen.made == [f"{A}/2.md", f"{A}/index.md", "rubrics/mean-2570/units.md", f"{B}/index.md"]
    assert [path for path in before if before[path] != after[path]] == list(before)[:3]
    assert "รายงานแล้ว" in after[f"{A}/2/"]
    assert "ดีมาก" in before[f"{A}/"]
    assert "ดีเด่น" in after[f"{A}/"]
    assert "7/7" in after[f"{A}/2/"].replace(" ", "")


def test_nothing_is_made_for_an_edit_that_nobody_sees(seen: Seen, project: Sandbox) -> None:
    seen.page(f"{A}/1/")
    edition = seen.edition()
    for name in (".1.md.swp", "1.md~", "4913"):  # what editors leave behind for a moment
        project.write(f"content/{A}/{name}", "x")
        project.path(f"content/{A}/{name}").unlink()
    project.write(f"content/{A}/1.md", project.read(f"content/{A}/1.md"))
    assert not seen.live.update()
    seen.page(f"{A}/1/")
    assert (seen.edition(), seen.made) == (edition, [f"{A}/1.md"])


@pytest.mark.parametrize("seed", range(2))
def test_pages_after_any_edits_are_those_of_a_fresh_start(seen: Seen, project: Sandbox, seed: int) -> None:
    luck = random.Random(seed)
    paths = ("", "units/", "rubrics/mean-2570/", "rubrics/mean-2570/units/", "en/", f"{A}/", f"{A}/1/", f"en/{B}/2/")
    rubric, answer = "rubrics/mean-2570.yml", f"content/{A}/1.md"
    edits: tuple[Callable[[], object], ...] = (
        lambda: project.write(f"content/{B}/2.md", REPORT),
        lambda: project.path(f"content/{B}/2.md").unlink(missing_ok=True),
        lambda: project.write(rubric, project.read(rubric).replace("points: 10, when", "points: 11, when")),
        lambda: project.write(answer, project.read(answer).replace("แผนงาน", "แผน" * luck.randint(1, 3))),
        lambda: project.write("content/unit-b/unit.yml", f"name: {{th: หน่วย {luck.randint(1, 9)}, en: B}}\n"),
        lambda: project.path("content/unit-b").rename(project.path(f"content/unit-{luck.randint(100, 999)}")),
        lambda: project.write("content/site.yml", "title: {th: ใหม่, en: New}\ndescription: x\npublisher: x\n"),
        lambda: project.write("site_templates/theme/partials/copyright.html", f"<p>{luck.random()}</p>"),
    )
    compared = 0
    for _ in range(4):
        for edit in luck.sample(edits, k=2):
            with contextlib.suppress(FileNotFoundError, OSError):
                edit()
        seen.live.update()
        for path in luck.sample(paths, k=2):
            fresh = Seen(project)
            assert fresh.live.problems == seen.live.problems
            if not fresh.live.problems:
                seen.made.clear()
                assert _bare(_or_missing(seen, path)) == _bare(_or_missing(fresh, path)), path
                assert len(seen.made) <= 1
                compared += 1
    assert compared > 4


def _or_missing(seen: Seen, path: str) -> str:
    try:
        return seen.page(path)
    except serve.Missing:
        return "missing"


def _bare(page: str) -> str:
    return re.sub(r"<script defer [^>]*></script>", "", page)


@pytest.fixture(scope="module")
def whole(as_it_is: Sandbox) -> Seen:
    """The sample, served, beside what a build wrote of it."""
    return Seen(as_it_is)


def test_pages_are_those_of_the_published_site(whole: Seen) -> None:
    """But for the script that shows them anew; the policy of the page lets it run."""
    config, docs = frame.configured(whole.project.root), whole.project.docs
    plugin: Any = config.plugins["lakthan"]
    plugin.generated = True
    around = frame.Frame(config)
    portfolio = "oae-demo/oae-unit-2567"
    for name in ("index", "units/index", f"{portfolio}/7.1.3", f"en/{portfolio}/index", f"{portfolio}/evidence"):
        url = name.removesuffix("index").rstrip("/") + "/" if name != "index" else ""
        page = whole.page(url)
        assert "script-src 'self'" in page
        assert _bare(page) == around.page(f"{name}.md", (docs / f"{name}.md").read_bytes())[1].decode()


def test_all_that_a_build_writes_is_served(whole: Seen) -> None:
    docs = whole.project.docs
    for path in sorted(path for path in docs.rglob("*") if path.is_file()):
        name = path.relative_to(docs).as_posix()
        heavy = path.suffix in (".pdf", ".docx", ".xlsx", ".parquet") and "/files/" not in name
        if path.suffix != ".md" and name != ".gitignore" and (not heavy or name.startswith("dip-ict/")):
            assert whole.live.answer(name) == path.read_bytes(), name
    theme = re.findall(r'src="(?:\.\./)*(assets/javascripts/[^"]+)"', whole.page("units/"))
    assert whole.live.answer(theme[0])
    with pytest.raises(serve.Missing):
        whole.live.answer("units/index.md")


# While something is wrong ----------------------------------------------------------------------------------------


def test_the_last_good_pages_stay_and_say_what_is_wrong(seen: Seen, project: Sandbox) -> None:
    good, edition = seen.page(f"{A}/1/"), seen.edition()
    seen.after(lambda: project.replace(f"content/{A}/1.md", "๑ ต.ค. ๒๕๖๙", "31 ก.พ. 2570"))
    assert seen.page(f"{A}/1/") == good
    state = seen.live.state()
    assert (state["edition"], state["title"]) == (
        edition,
        "Errors: 1. What you see is the last good page, until they are mended",
    )
    (item,) = state["items"]
    assert item["place"].startswith(f"content/{A}/1.md:4")
    assert "31 ก.พ. 2570" in item["message"]
    # Another unit's pages stay too, and what is mended shows.
    seen.after(lambda: project.write(f"content/{B}/2.md", REPORT))
    assert "รายงานแล้ว" not in seen.page(f"{B}/2/")
    seen.after(lambda: project.replace(f"content/{A}/1.md", "31 ก.พ. 2570", "2 ต.ค. 2569"))
    assert seen.live.state()["items"] == []
    assert "รายงานแล้ว" in seen.page(f"{B}/2/")
    assert seen.edition() != edition


def test_a_template_that_cannot_be_used_costs_no_page(seen: Seen, project: Sandbox) -> None:
    template = "site_templates/pages/indicator.md.j2"
    good, sound = seen.page(f"{A}/1/"), project.read(template)
    seen.after(lambda: project.write(template, sound + "{{ nothing_of_the_kind }}"))
    assert _bare(seen.page(f"{A}/1/")) == _bare(good)
    (item,) = seen.live.state()["items"]
    assert "indicator.md.j2" in item["message"]
    assert "indicator.md.j2" in seen.page(f"{B}/1/")  # nobody has looked at this one before
    seen.after(lambda: project.write(template, sound + "\n<p>ใหม่</p>\n"))
    assert "<p>ใหม่</p>" in seen.page(f"{A}/1/")
    assert seen.live.state()["items"] == []


def test_settings_that_cannot_be_read_leave_the_old_ones(seen: Seen, project: Sandbox) -> None:
    good, sound = seen.page(""), project.read("mkdocs.yml")
    seen.after(lambda: project.write("mkdocs.yml", "site_name: ["))
    assert _bare(seen.page("")) == _bare(good)
    assert seen.live.state()["items"]
    seen.after(
        lambda: project.write("mkdocs.yml", sound.replace("favicon: assets/favicon.svg", "favicon: assets/x.svg"))
    )
    assert "assets/x.svg" in seen.page("")


def test_a_start_with_mistakes_waits_for_them_to_be_mended(project: Sandbox) -> None:
    project.replace(f"content/{A}/1.md", "kind: plan", "kind: plam")
    seen = Seen(project)
    assert "There is no page to show yet" in seen.page(f"{A}/1/")
    assert len(seen.live.state()["items"]) == 1
    seen.after(lambda: project.replace(f"content/{A}/1.md", "kind: plam", "kind: plan"))
    assert "แผนงาน" in seen.page(f"{A}/1/")


def test_a_file_that_goes_while_it_is_read_is_read_again(
    seen: Seen, project: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, tries = load._report_strays, []

    def gone(*args: object) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise FileNotFoundError("1.md")
        listed(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "_report_strays", gone)
    seen.after(lambda: project.write(f"content/{A}/2.md", REPORT.replace("\n", "\r\n")))
    assert "รายงานแล้ว" in seen.page(f"{A}/2/")


# Over the network ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def answering(live: serve.Live) -> Iterator[str]:
    with serve.Server(("127.0.0.1", 0), live) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.url
        server.shutdown()


def get(url: str) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(url, timeout=LONG) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"] or "", refused.read().decode()


def test_addresses_answer_as_those_of_a_web_server(seen: Seen) -> None:
    with answering(seen.live) as top:
        assert get(top)[:2] == (200, "text/html; charset=utf-8")
        assert get(f"{top}{A}/1")[2] == get(f"{top}{A}/1/index.html")[2] == seen.page(f"{A}/1/")
        assert get(f"{top}assets/lakthan.css")[1] == "text/css; charset=utf-8"
        assert get(f"{top}{A}/index.json")[1].startswith("application/json")
        for nothing in (
            "nobody/",
            "assets/",
            "../rubrics/mean-2570.yml",
            "%2e%2e/mkdocs.yml",
            "assets/../pages/home.md.j2",
        ):
            status, kind, page = get(top + nothing)
            assert (status, kind) == (404, "text/html; charset=utf-8"), nothing
            assert "ไม่พบหน้านี้" in page
        place = http.client.HTTPConnection("127.0.0.1", int(top.rstrip("/").rpartition(":")[2]))
        place.request("HEAD", "/")
        answer = place.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        place.request("GET", "/", headers={"Host": "elsewhere.example"})
        assert place.getresponse().status == 403
        place.close()


def test_a_form_that_cannot_be_made_says_why(seen: Seen, project: Sandbox) -> None:
    seen.after(lambda: project.write("site_templates/forms/generic.typ", "#nothing"))
    with answering(seen.live) as top:
        status, kind, page = get(f"{top}{A}/form.pdf")
    assert (status, kind) == (500, "text/html; charset=utf-8")
    assert "generic.typ" in page


def test_a_site_that_is_published_below_a_path_is_served_there(
    project: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", "https://www.oae.go.th/portfolio/")
    seen = Seen(project)
    with answering(seen.live) as top:
        assert top.endswith("/portfolio/")
        assert get(top.removesuffix("portfolio/"))[2] == seen.page("")
        assert 'src="/portfolio/_lakthan/live.js"' in seen.page("")
        assert get(f"{top}_lakthan/live.js")[0] == 200


def test_whoever_looks_is_told_of_edits_and_mistakes(seen: Seen, project: Sandbox) -> None:
    with answering(seen.live) as top, urllib.request.urlopen(f"{top}_lakthan/events", timeout=LONG) as events:

        def told() -> dict[str, object]:
            found: dict[str, object] = json.loads(events.readline().decode().removeprefix("data: "))
            events.readline()
            return found

        first = told()
        assert f'data-edition="{first["edition"]}"' in get(f"{top}{A}/1/")[2]
        seen.after(lambda: project.replace(f"content/{A}/1.md", "kind: plan", "kind: plam"))
        second = told()
        assert (second["edition"], len(str(second["items"])) > 2) == (first["edition"], True)
        seen.after(lambda: project.write(f"content/{A}/1.md", "---\n---\nx\n"))
        third = told()
        assert third["edition"] != first["edition"]
        assert not third["items"]


# Following files -------------------------------------------------------------------------------------------------


def quiet(looks: list[bool]) -> bool:
    """Half a second in which nobody looks."""
    count = len(looks)
    time.sleep(0.5)
    return len(looks) == count


def test_files_are_followed_however_an_editor_writes_them(seen: Seen, project: Sandbox) -> None:
    looks: list[bool] = []
    with serve.watching(seen.live, lambda changed, _: looks.append(changed)):
        path = project.path(f"content/{A}/1.md")

        def plainly(text: str) -> None:
            path.write_text(text, encoding="utf-8")

        def with_a_file_beside(text: str) -> None:
            beside = path.with_name(".1.md.tmp")
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)

        def with_a_backup(text: str) -> None:
            path.rename(path.with_name("1.md~"))
            path.write_text(text, encoding="utf-8", newline="\r\n")
            path.with_name("1.md~").unlink()

        for n, write in enumerate((plainly, with_a_file_beside, with_a_backup)):
            write(project.read(f"content/{A}/1.md") + f"\nครั้งที่ {n}\n")
            until(functools.partial(lambda mark: mark in seen.page(f"{A}/1/"), f"ครั้งที่ {n}"))
        project.write("content/unit-c/unit.yml", "name: {th: หน่วยงาน ค, en: Unit C}\n")
        until(lambda: "หน่วยงาน ค" in seen.page("units/"))
        project.write("site_templates/assets/lakthan.css", "/* new */")
        assert seen.live.answer("assets/lakthan.css") == b"/* new */"
        shutil.rmtree(project.path("content/unit-b"))
        until(lambda: "หน่วยงาน ข" not in seen.page("units/"))
        # It looks after an edit, and never by itself. When the last edit is told of is the machine's business.
        until(functools.partial(quiet, looks))


# The command -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def started(project: Sandbox, *args: str) -> Iterator[tuple[str, subprocess.Popen[bytes], Path]]:
    """A server in a process of its own: its address, the process, and what it says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    log = project.root.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *args, place],
            cwd=project.root,
            env=environment(PYTHONUNBUFFERED="1"),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield f"http://{place}/", process, log
    finally:
        process.kill()
        process.wait(LONG)


def reached(url: str, holds: Callable[[str], bool]) -> None:
    """Until the page at *url* is as wanted."""

    def right() -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            return holds(get(url)[2])
        return False

    until(right)


def test_the_command_serves_follows_and_stops(project: Sandbox) -> None:
    with started(project, "lakthan.cli", "--lang", "en", "serve", "-a") as (top, process, log):
        reached(f"{top}{A}/1/", lambda page: "แผนงาน" in page)
        project.replace(f"content/{A}/1.md", "แผนงาน", "แผนใหม่")
        reached(f"{top}{A}/1/", lambda page: "แผนใหม่" in page)
        project.replace(f"content/{A}/1.md", "kind: plan", "kind: plam")
        until(lambda: "unknown-kind" in log.read_text(encoding="utf-8"))
        place = top.removeprefix("http://").rstrip("/")
        second = [sys.executable, "-m", "lakthan.cli", "--lang", "en", "serve", "-a", place]
        refused = subprocess.run(
            second, cwd=project.root, env=environment(), capture_output=True, timeout=LONG, check=False
        )
        assert refused.returncode == 1
        assert f"cannot listen on {place}" in refused.stderr.decode()
        if os.name != "nt":
            process.send_signal(signal.SIGINT)
            assert process.wait(LONG) == 0
            assert "Traceback" not in log.read_text(encoding="utf-8")
        assert not (project.root / "site").exists()


def test_mkdocs_serves_too_and_keeps_the_last_good_pages(project: Sandbox) -> None:
    """Whoever starts MkDocs itself has the site as well; it builds all of it, once for each edit."""
    with started(project, "mkdocs", "serve", "-a") as (top, _, log):
        url = f"{top}{A}/1/"
        reached(url, lambda page: "แผนงาน" in page)
        project.replace(f"content/{A}/1.md", "kind: plan", "kind: plam")
        until(lambda: "unknown-kind" in log.read_text(encoding="utf-8"))
        assert "แผนงาน" in get(url)[2]
        project.write(f"content/{A}/1.md", "---\n---\nเขียนใหม่\n")
        reached(url, lambda page: "เขียนใหม่" in page)
        said = log.read_text(encoding="utf-8")
        assert 3 <= said.count("Building documentation") <= 5, said


def test_where_nobody_tells_of_edits_they_are_found(
    seen: Seen, project: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "SELDOM", 0.05)
    monkeypatch.setattr(serve._Watcher, "on_any_event", lambda *_: None)
    with serve.watching(seen.live):
        project.write(f"content/{A}/2.md", REPORT)
        until(lambda: "รายงานแล้ว" in seen.page(f"{A}/2/"))


def test_what_only_mkdocs_can_do_is_left_to_it(project: Sandbox) -> None:
    assert build.foreign(project.root) == ""
    project.replace("mkdocs.yml", "plugins:\n", "hooks: [mine.py]\nplugins:\n")
    project.write("mine.py", "")
    assert "mine.py" in build.foreign(project.root)


# In a browser ----------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_page_in_the_browser_follows_and_shows_what_is_wrong(seen: Seen, project: Sandbox, browser: Browser) -> None:
    with answering(seen.live) as top, serve.watching(seen.live), browser.new_context() as context:
        page = context.new_page()
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(f"{top}{A}/1/")
        project.replace(f"content/{A}/1.md", "แผนงาน", "แผนใหม่")
        expect(page.get_by_text("แผนใหม่").first).to_be_visible()
        project.replace(f"content/{A}/1.md", "kind: plan", "kind: plam")
        banner = page.get_by_role("alert")
        expect(banner).to_contain_text(f"content/{A}/1.md:4")
        expect(page.get_by_text("แผนใหม่").first).to_be_visible()
        page.reload()
        expect(banner).to_contain_text("plam")
        project.replace(f"content/{A}/1.md", "kind: plam", "kind: plan")
        expect(banner).to_have_count(0)
        assert errors == []
