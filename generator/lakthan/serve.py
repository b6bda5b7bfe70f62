"""The site while people write it: pages made when somebody looks at them, and made anew after every edit.

Nothing is written to disk. `Live` holds what was examined, and makes the one page that is asked for; after an edit the
`Examiner` works out the portfolio concerned, and whoever looks at a page of the site is shown the new one. While a
file has an error the last good pages stay, and a banner in them says what is wrong.

`Server` is the standard library's, for one machine: it listens where it is told, which is this machine alone unless
somebody asks for more.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import html
import http.server
import ipaddress
import json
import mimetypes
import os
import posixpath
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import jinja2
from mkdocs.exceptions import MkDocsException
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from lakthan import (
    attachments,
    build,
    cards,
    editor,
    exports,
    forms,
    frame,
    load,
    messages,
    pages,
    pdf,
    preview,
    privacy,
    word,
    workbook,
    writer,
)
from lakthan.cache import FOLDER, Cache
from lakthan.diagnostics import Diagnostic
from lakthan.examination import Examined, Examiner, Prints, Watch, quietly
from lakthan.messages import Language
from lakthan.model import Message, Portfolio

OWN = "_lakthan/"
"""Where this server answers for itself; no unit's folder begins with an underscore."""
SCRIPT = "serve/live.js"
"""In the templates: tells a page in the browser that it has changed, and shows what is wrong."""
SHOWN = 10
"""Mistakes that the banner lists; the rest are counted."""
QUIET = 0.03
"""Seconds without another event after which an editor is taken to have written all that it writes."""
SELDOM = 2.0
"""Seconds after which one looks without having been told of anything."""
PATIENCE = 0.3
"""Seconds after which one looks all the same."""
TRIES = 5
"""How often files are read anew that vanish while they are read: somebody is about to replace them."""


class Missing(Exception):
    """There is nothing at an address."""


class Live:
    """The site of a project as it is now, in memory."""

    def __init__(self, root: Path, language: Language = "th", *, tell: Callable[[str], None] = lambda _: None) -> None:
        """*language* is that of the banner; *tell* is told of every page that is made, by its address."""
        self.root, self.language, self._tell = root, language, tell
        self._examiner = Examiner(root)
        self._cache = Cache(root / FOLDER)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._prints = Prints()
        self._look: object = None
        self._framed: _Framed | None = None
        self._shown: _Shown | None = None
        self._mistake = ""
        self._problems: tuple[Diagnostic, ...] = ()
        self._last: dict[str, bytes] = {}
        self._start = f"{os.getpid()}-{time.time_ns()}"
        self._number = 0
        """Of the last change that somebody would see, in pages or in what is wrong."""
        self._edition = 0
        """Of the pages."""

    # What is there

    def update(self, watch: Watch[Portfolio] = quietly) -> bool:
        """Look at the files again. Says whether anything is to be seen that was not before."""
        examined, look = self._examined(watch), self._looks()
        with self._lock:
            last = self._shown.examined if self._shown else None
            # While a file has an error, what was last without one stays.
            wanted = last if examined.errors else examined
            if wanted is not None and (last is None or look != self._look or not _same(last, wanted)):
                if look != self._look:
                    self._look, self._mistake = look, ""
                    self._set_frame()
                self._last |= self._shown.made if self._shown else {}
                self._shown = _Shown(self.root, wanted, self._cache)
                self._edition += 1
            elif examined.errors == self._problems:
                return False
            self._problems = examined.errors
            self._see()
        return True

    def _set_frame(self) -> None:
        try:
            self._framed = _Framed(self.root)
        except (MkDocsException, SystemExit, jinja2.TemplateError) as mistake:
            if self._framed is None:
                raise
            self._mistake = str(mistake) or "mkdocs.yml"  # the terminal has MkDocs's own words

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The errors for which the last good pages stay."""
        return self._problems

    def _see(self) -> None:
        self._number += 1
        self._changed.notify_all()

    def _examined(self, watch: Watch[Portfolio]) -> Examined:
        for left in reversed(range(TRIES)):
            try:
                return self._examiner.examine(watch)
            except OSError:  # gone between two looks
                if not left:
                    raise
                time.sleep(0.05)
        raise AssertionError("unreachable")

    def _looks(self) -> object:
        """What stands around every page: templates, styles and settings."""
        return [self._prints.of(path) for path in (*build.templates(self.root), self.root / "mkdocs.yml")]

    def wait(self, version: str, seconds: float) -> None:
        """Return when something else is to be seen than at *version*, or after so many seconds."""
        with self._lock:
            self._changed.wait_for(lambda: self._named(self._number) != version, seconds)

    def _named(self, number: int) -> str:
        return f"{self._start}-{number}"  # another one after a restart

    def state(self) -> dict[str, Any]:
        """What a page in the browser is told: the version, and what is wrong."""
        with self._lock:
            items = [
                {"place": one.place.exact, "message": one.message(self.language), "help": one.help(self.language)}
                for one in self._problems[:SHOWN]
            ]
            if self._mistake:
                items.append({"place": "", "message": self._mistake, "help": ""})
            rest = max(0, len(self._problems) - SHOWN)
            return {
                "version": self._named(self._number),
                "edition": self._named(self._edition),
                "lang": self.language,
                "title": self._say("serve.problems", n=len(self._problems) + bool(self._mistake)) if items else "",
                "items": items,
                "more": self._say("serve.more", n=rest) if rest else "",
            }

    def _say(self, key: str, **args: object) -> str:
        return messages.say(Message(key, args), self.language)

    @property
    def mount(self) -> str:
        """The path that the site stands below, as it will when it is published: `/`, or `/portfolio/`."""
        return self._around.mount

    @property
    def _around(self) -> _Framed:
        with self._lock:
            if self._framed is None:
                self._framed = _Framed(self.root)
            return self._framed

    # What is asked for

    def answer(self, path: str) -> bytes:
        """What stands at an address, relative to the site. Raises Missing; a page has this server's script in it."""
        if not _tidy(path):
            raise Missing(path)
        with self._lock:
            if path.startswith(OWN):
                return self._own(path.removeprefix(OWN))
            if self._shown is None and (not path or path.endswith(("/", ".html"))):
                return self._plain(self._say("serve.waiting"))
            if self._shown is None:
                return self._around.file(path)
            if plan := self._shown.page(path):
                return self._with_script(self._page(self._shown, plan))
            file = self._shown.file(path)
            if file is None:
                with contextlib.suppress(Missing):
                    return self._around.file(path)
                file = self._shown.planned_file(path)
        # Not under the lock: a form takes its time.
        return file()

    def is_page(self, path: str) -> bool:
        with self._lock:
            return self._shown is not None and self._shown.page(path) is not None

    def missing(self) -> bytes:
        """The page for addresses where there is nothing."""
        with self._lock:
            return self._with_script(self._around.file("404.html"))

    def unmade(self, mistake: forms.Unfit | pdf.Refused) -> bytes:
        """The page for a form or a card whose template cannot be used."""
        told = writer.Unmade.of(mistake) if isinstance(mistake, pdf.Refused) else mistake
        return self._plain(messages.say(told.message, self.language))

    def _own(self, name: str) -> bytes:
        if name != "live.js":
            raise Missing(name)
        found = (folder / SCRIPT for folder in build.templates(self.root))
        return next(path for path in found if path.is_file()).read_bytes()

    def _page(self, shown: _Shown, plan: pages.Plan) -> bytes:
        if plan.path not in shown.made:
            try:
                made = self._around.frame.page(plan.path, plan.make().holds)[1]
            except jinja2.TemplateError as mistake:
                said = messages.say(writer.Unmade.of(mistake).message, self.language)
                if said != self._mistake:
                    self._mistake = said
                    self._see()
                return self._last.get(plan.path) or self._plain(said)
            self._tell(plan.path)
            shown.made[plan.path] = made
        return shown.made[plan.path]

    def _with_script(self, page: bytes) -> bytes:
        tag = f'<script defer src="{self.mount}{OWN}live.js" data-edition="{self._named(self._edition)}"></script>'
        before, end, after = page.rpartition(b"</body>")
        return before + tag.encode() + end + after if end else page + tag.encode()

    def _plain(self, text: str) -> bytes:
        """A page of one sentence, where there is no other."""
        head = f'<!doctype html><html lang="{self.language}"><meta charset="utf-8"><title>Lakthan</title>'
        return self._with_script(f"{head}<body><p>{html.escape(text)}</p></body>".encode())


def _same(before: Examined, now: Examined) -> bool:
    """Whether two examinations show the same, which is so where each part is the very same as before."""
    return (
        len(before.assessments) == len(now.assessments)
        and all(one is other for one, other in zip(before.assessments, now.assessments, strict=True))
        and before.project.site == now.project.site
        and before.project.units == now.project.units
        and before.project.rubrics == now.project.rubrics
        and before.problems == now.problems
        and before.ledger == now.ledger
    )


class _Framed:
    """What stands around every page, and the files of the theme."""

    def __init__(self, root: Path) -> None:
        config = build.configured(root)
        if plugin := config.plugins.get("lakthan"):
            plugin.generated = True  # the pages are made here
        self.frame = frame.Frame(config)
        path = urlsplit(config.site_url or "").path.strip("/")
        self.mount = f"/{path}/" if path else "/"

    @functools.cached_property
    def _files(self) -> Mapping[str, bytes]:
        return dict(self.frame.rest(()))

    def file(self, path: str) -> bytes:
        if path not in self._files:
            raise Missing(path)
        return self._files[path]


class _Shown:
    """One state of the site: the pages that there are, and those that somebody has looked at."""

    def __init__(self, root: Path, examined: Examined, cache: Cache) -> None:
        self.root, self.examined, self.cache = root, examined, cache
        self.templates = build.templates(root)
        self.made: dict[str, bytes] = {}
        self.sites = pages.sites(
            examined.project,
            examined.assessments,
            templates=self.templates,
            problems=examined.problems,
            sizes=_Lazy(self.size),
            previews=_Lazy(self.measures),
            searched={name: privacy.sentences(found) for name, found in examined.searched.items()},
            ledger=examined.ledger,
            cache=cache,
        )
        self.planned: dict[str, pages.Plan] = {}
        self.coming = (plan for site in self.sites for plan in pages.plans(site))

    def page(self, path: str) -> pages.Plan | None:
        """The page at an address."""
        if path.endswith("index.html"):
            path = path.removesuffix("index.html")
        if path and not path.endswith("/"):
            return None
        names = (f"{path}index.md", f"{path.rstrip('/')}.md") if path else ("index.md",)
        return next((plan for name in names if (plan := self.planned.get(name))), None) or self._next(names)

    def _next(self, names: tuple[str, ...]) -> pages.Plan | None:
        # Pages are planned until the one that is asked for, and no further.
        for plan in self.coming:
            self.planned[plan.path] = plan
            if plan.path in names:
                return plan
        return None

    def file(self, path: str) -> Callable[[], bytes] | None:
        """What makes the file at an address."""
        for folder in self.templates:
            if path.startswith("assets/") and (folder / path).is_file():
                return (folder / path).read_bytes
        if path.startswith("admin/"):
            return functools.partial(bytes, self.admin[path]) if path in self.admin else None
        if path.startswith("search/") and "/" in path.removeprefix("search/"):
            return self.index.get(path)
        beside = [a for a in self.examined.assessments if path.startswith(f"{a.portfolio.id}/")]
        for assessment in beside:
            inside = path.removeprefix(f"{assessment.portfolio.id}/")
            if inside in load.attachments(assessment.portfolio):
                return functools.partial(self.published, f"{assessment.portfolio.folder}/{inside}")
            if inside.startswith(f"{preview.PLACE}/") and inside.endswith(".webp"):
                name = inside.removeprefix(f"{preview.PLACE}/").removesuffix(".webp")
                picture = self.preview(f"{assessment.portfolio.folder}/{name}")
                return functools.partial(bytes, picture.content) if picture else None
        project, templates, cache = self.examined.project, self.templates, self.cache
        lazily: Iterable[tuple[str, Callable[[], bytes]]] = (
            *forms.files(project, beside, templates, cache),
            *word.files(project, beside, templates, cache),
            *(cards.files(project, beside, templates, cache) if exports.base(project) else ()),
        )
        for name, make in lazily:
            if name == path:
                return make
        return self.exported.get(path) or self.open_data.get(path)

    def planned_file(self, path: str) -> Callable[[], bytes]:
        """What makes a file that is planned among the pages, such as a picture. Raises Missing."""
        plan = self.planned.get(path) or self._next((path,))
        if plan is None or path.endswith(".md"):
            raise Missing(path)
        return lambda: plan.make().content

    @functools.cached_property
    def exported(self) -> Mapping[str, Callable[[], bytes]]:
        """The JSON, feeds and workbooks."""
        project, found = self.examined.project, self.examined.assessments
        plans: dict[str, Callable[[], bytes]] = {plan.path: plan.make for plan in exports.plans(project, found)}
        return {**plans, **dict(workbook.files(project, found))}

    @functools.cached_property
    def admin(self) -> Mapping[str, bytes]:
        """The form, where the site carries one."""
        return dict(editor.published(self.examined.project, build.shipped() / "site_templates"))

    @functools.cached_property
    def open_data(self) -> Mapping[str, Callable[[], bytes]]:
        return {file.path: functools.partial(bytes, file.content) for file in self.sites[0].data()}

    @functools.cached_property
    def index(self) -> Mapping[str, Callable[[], bytes]]:
        """The index of the search: it knows every page, so that the first search takes as long as making them all."""
        found: dict[str, Callable[[], bytes]] = {}
        for site in self.sites:
            known = [
                entry.waiting()
                for plan in pages.plans(site)
                if plan.path.endswith(".md") and (entry := plan.make().entry)
            ]
            found |= {page.path: functools.partial(bytes, page.content) for page in pages.search.index(site, known)}
        return found

    # Attachments are cleaned before they go out: each when it is first asked for.

    def published(self, name: str) -> bytes:
        return _cleaned(self.root / name, *_stamp(self.root / name))

    def size(self, name: str) -> int | None:
        try:
            return len(self.published(name))
        except OSError:
            return None

    def preview(self, name: str) -> preview.Preview | None:
        return preview.preview(self.root / name, self.published(name), self.cache)

    def measures(self, name: str) -> tuple[int, int] | None:
        found = self.preview(name)
        return (found.width, found.height) if found else None


@functools.lru_cache(maxsize=64)
def _cleaned(path: Path, _size: int, _modified: int) -> bytes:
    return attachments.published(path)


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


class _Lazy(Mapping[str, Any]):
    """What pages look up by name, worked out when it is looked up; None is what is not there."""

    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self.look_up = look_up
        self.known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self.known:
            self.known[name] = self.look_up(name)
        if self.known[name] is None:
            raise KeyError(name)
        return self.known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


# Watching --------------------------------------------------------------------------------------------------------


class _Watcher(FileSystemEventHandler):
    """Updates a site after edits: once, when an editor has written all that it writes."""

    def __init__(self, live: Live, after: Callable[[bool, float], None]) -> None:
        self.live, self.after = live, after
        self.happened = threading.Event()
        self.over = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "deleted", "modified", "moved"):
            self.happened.set()

    def run(self) -> None:
        took = 0.0
        while True:
            # Network drives and containers tell of no edit: there one looks by oneself, for a twentieth of the time.
            told = self.happened.wait(max(SELDOM, 20 * took))
            if self.over:
                return
            start = time.monotonic()
            while told and time.monotonic() - start < PATIENCE:
                self.happened.clear()
                if not self.happened.wait(QUIET):
                    break
            self.happened.clear()
            try:
                changed = self.live.update()
            except Exception:  # a mistake of ours must not end the server: the next edit may mend it
                traceback.print_exc()
                continue
            took = time.monotonic() - start
            if told or changed:
                self.after(changed, took)

    def stop(self) -> None:
        self.over = True
        self.happened.set()


@contextlib.contextmanager
def watching(live: Live, after: Callable[[bool, float], None] = lambda _changed, _seconds: None) -> Iterator[None]:
    """Meanwhile the site follows its files; *after* is told of each look: whether anything changed, in what time."""
    watcher, observer = _Watcher(live, after), Observer()
    for name in build.INPUTS:
        folder = live.root / name
        if folder.is_dir():
            observer.schedule(watcher, str(folder), recursive=True)
    thread = threading.Thread(target=watcher.run, name="watcher", daemon=True)
    observer.start()
    thread.start()
    try:
        yield
    finally:
        observer.stop()
        watcher.stop()
        observer.join(5)
        thread.join(5)


# Answering -------------------------------------------------------------------------------------------------------

_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2", ".webp": "image/webp"}
"""Where the tables of systems differ."""


class Server(http.server.ThreadingHTTPServer):
    """Answers for a `Live` site."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # on Windows it would let two servers have one port

    def __init__(self, address: tuple[str, int], live: Live) -> None:
        self.live = live
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{self.live.mount}"

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):  # a browser may leave at any time
            traceback.print_exc()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        live = self.server.live
        if not self._meant():
            self._send(HTTPStatus.FORBIDDEN, b"", "text/plain")
            return
        mount = live.mount
        path = unquote(urlsplit(self.path).path)
        if not path.startswith(mount):
            self._redirect(mount)
            return
        path = path.removeprefix(mount)
        if path == f"{OWN}events":
            self._events()
            return
        try:
            self._send(HTTPStatus.OK, live.answer(path), _type(path))
        except Missing:
            if path and not path.endswith("/") and live.is_page(f"{path}/"):
                self._redirect(f"{mount}{path}/")
            else:
                self._send(HTTPStatus.NOT_FOUND, live.missing(), "text/html; charset=utf-8")
        except (forms.Unfit, pdf.Refused) as mistake:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, live.unmade(mistake), "text/html; charset=utf-8")

    def _meant(self) -> bool:
        """Whether it was asked for by a name of this machine: another site's page may give it a name of its own."""
        if not _loopback(str(self.server.server_address[0])):
            return True
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return host == "localhost" or _loopback(host)

    def _redirect(self, path: str) -> None:
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", quote(path))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=3600" if kind.startswith("font/") else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _events(self) -> None:
        """Tells a page in the browser what is to be seen, now and whenever it changes."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        live = self.server.live
        while True:
            state = live.state()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(f"data: {json.dumps(state, ensure_ascii=False)}\n\n".encode())
                self.wfile.flush()
                live.wait(state["version"], 15)
                continue
            return


def _tidy(path: str) -> bool:
    """Whether an address stays below the site: it names nothing above it, and no drive."""
    return not any(part in (".", "..") for part in path.split("/")) and not set(path) & set("\\:\0")


def _type(path: str) -> str:
    if not path or path.endswith("/"):
        return "text/html; charset=utf-8"
    ending = posixpath.splitext(path)[1].lower()
    kind = _TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml")
    return f"{kind}; charset=utf-8" if text else kind


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse(address: str) -> tuple[str, int]:
    """Host and port. Raises ValueError.

    >>> parse("127.0.0.1:8000"), parse("[::1]:80")
    (('127.0.0.1', 8000), ('::1', 80))
    """
    parts = urlsplit(f"//{address}")
    if not parts.hostname or parts.port is None or parts.path:
        raise ValueError(address)
    return parts.hostname, parts.port


def settle() -> None:
    """What was read stays: the collector of garbage need not look at it again after every edit."""
    gc.collect()
    gc.freeze()
