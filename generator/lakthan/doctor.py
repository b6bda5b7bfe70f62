"""Whether this machine and this project are fit for the work, and how to mend what is not.

`CHECKS` lists what is looked at. Nothing is changed and nothing on a network is asked; a file that is made to see
whether one can be is taken away again.
"""

from __future__ import annotations

import codecs
import locale
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import filelock
import yaml

from lakthan import __version__, build, cache, git, load, messages, publish, strictyaml
from lakthan.messages import Language
from lakthan.model import Message

State = Literal["fine", "doubt", "broken"]
NEWEST_TRIED = (3, 13)
"""The newest Python that the tests run on."""
OLDEST = (3, 11)
ROOM, LITTLE_ROOM = 200_000_000, 1_000_000_000
"""Bytes without which no build ends, and with which one should begin to tidy up."""
LARGE_CACHE = 5_000_000_000
FONTS = ("forms/fonts/Sarabun_400Regular.ttf", "assets/fonts/sarabun-thai-400-normal.woff2")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `what` names it, `said` says how it is, `mend` what to do."""

    what: str
    state: State
    said: Message
    mend: Message | None = None


def examine(root: Path) -> tuple[Finding, ...]:
    """Everything that is looked at, in the order of `CHECKS`."""
    return tuple(finding for name, check in CHECKS.items() for finding in _safely(name, check, root))


def _safely(name: str, check: Callable[[Path], Iterator[Finding]], root: Path) -> Iterator[Finding]:
    try:
        yield from check(root)
    except Exception as problem:  # a doctor must not fall ill himself; what it is shows what is wrong
        why = f"{type(problem).__name__}: {problem}"[:200]
        yield Finding(name, "doubt", Message("doctor.unclear", {"why": why}), Message("doctor.unclear_mend"))


# The machine -----------------------------------------------------------------------------------------------------


def python(_root: Path) -> Iterator[Finding]:
    version, shown = sys.version_info[:2], platform.python_version()
    if version < OLDEST:
        mend = Message("doctor.python.mend", {"oldest": ".".join(map(str, OLDEST))})
        yield Finding("python", "broken", Message("doctor.python.old", {"version": shown}), mend)
    elif version > NEWEST_TRIED:
        tried = ".".join(map(str, NEWEST_TRIED))
        mend = Message("doctor.python.new_mend", {"tried": tried})
        yield Finding("python", "doubt", Message("doctor.python.new", {"version": shown, "tried": tried}), mend)
    else:
        yield Finding("python", "fine", Message("doctor.python.fine", {"version": shown, "program": __version__}))


def libraries(_root: Path) -> Iterator[Finding]:
    """Whether everything is installed that Lakthan says it needs."""
    try:
        wanted = metadata.requires("lakthan") or []
    except metadata.PackageNotFoundError:
        mend = Message("doctor.libraries.not_installed_mend")
        yield Finding("libraries", "doubt", Message("doctor.libraries.not_installed"), mend)
        return
    names = [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in wanted if "extra ==" not in line]
    missing = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        mend = Message("doctor.libraries.mend")
        yield Finding("libraries", "broken", Message("doctor.libraries.missing", {"names": tuple(missing)}), mend)
    else:
        yield Finding("libraries", "fine", Message("doctor.libraries.fine", {"n": len(names)}))


def fonts(root: Path) -> Iterator[Finding]:
    """Forms and pages bring their letters along; a damaged one would show boxes."""
    for name in FONTS:
        found = next((folder / name for folder in build.templates(root) if (folder / name).is_file()), None)
        head = found.read_bytes()[:4] if found else b""
        if head not in (b"\0\1\0\0", b"wOF2", b"OTTO", b"true"):
            yield Finding(
                "fonts", "broken", Message("doctor.fonts.missing", {"name": name}), Message("doctor.fonts.mend")
            )
            return
    yield Finding("fonts", "fine", Message("doctor.fonts.fine"))


def browser(_root: Path) -> Iterator[Finding]:
    import webbrowser  # noqa: PLC0415  (for this alone)

    try:
        found = webbrowser.get()
    except webbrowser.Error:
        yield Finding("browser", "doubt", Message("doctor.browser.none"), Message("doctor.browser.mend"))
        return
    name = str(getattr(found, "name", "") or "") or type(found).__name__
    yield Finding("browser", "fine", Message("doctor.browser.fine", {"name": name}))


def text(_root: Path) -> Iterator[Finding]:
    """Whether Thai comes out right: on the terminal, and in the names of files."""
    output = getattr(sys.stdout, "encoding", None) or "ascii"
    files = sys.getfilesystemencoding()
    for name, encoding in (("terminal", output), ("files", files)):
        try:
            "ก้ำ".encode(codecs.lookup(encoding).name)
        except (LookupError, UnicodeEncodeError):
            key = "doctor.text.terminal" if name == "terminal" else "doctor.text.files"
            mend = Message("doctor.text.mend_windows" if os.name == "nt" else "doctor.text.mend")
            yield Finding("text", "doubt", Message(key, {"encoding": encoding}), mend)
            return
    named = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    if os.name != "nt" and named and "utf" not in named.lower():
        args = {"locale": named, "encoding": locale.getpreferredencoding(do_setlocale=False)}
        yield Finding("text", "doubt", Message("doctor.text.locale", args), Message("doctor.text.mend"))
    else:
        yield Finding("text", "fine", Message("doctor.text.fine", {"encoding": output}))


# The project -----------------------------------------------------------------------------------------------------


def whole_project(root: Path) -> Iterator[Finding]:
    rubrics = list((root / "rubrics").glob("*.yml"))
    units = list((root / "content").rglob("unit.yml"))
    if not rubrics or not units:
        key = "doctor.project.no_rubrics" if not rubrics else "doctor.project.no_units"
        yield Finding("project", "broken", Message(key, {"folder": str(root)}), Message("doctor.project.mend"))
        return
    errors = sum(problem.severity == "error" for problem in load.load(root).problems)
    if errors:
        mend = Message("doctor.project.errors_mend")
        yield Finding("project", "broken", Message("doctor.project.errors", {"n": errors}), mend)
    else:
        args = {"rubrics": len(rubrics), "units": len(units)}
        yield Finding("project", "fine", Message("doctor.project.fine", args))


def settings(root: Path) -> Iterator[Finding]:
    """What of mkdocs.yml the pages count on."""
    path = root / "mkdocs.yml"
    if not path.is_file():
        yield Finding("settings", "broken", Message("doctor.settings.missing"), Message("doctor.settings.mend"))
        return
    try:
        found = _settings(path)
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        args = {"line": mark.line + 1 if mark else 1}
        yield Finding(
            "settings", "broken", Message("doctor.settings.unreadable", args), Message("doctor.settings.mend")
        )
        return
    theme = found.get("theme")
    theme = theme if isinstance(theme, dict) else {"name": theme}
    plugins = found.get("plugins")
    named = [next(iter(p), "") if isinstance(p, dict) else p for p in plugins] if isinstance(plugins, list) else plugins
    custom = theme.get("custom_dir")
    wrong = {
        "docs_dir": found.get("docs_dir") == build.DOCS,
        "use_directory_urls": found.get("use_directory_urls", True) is True,
        "theme.name": theme.get("name") == "material",
        "theme.custom_dir": isinstance(custom, str) and (root / custom).is_dir(),
        "theme.font": theme.get("font") is False,
        "plugins": "lakthan" in (named or ()),
    }
    keys = tuple(key for key, sound in wrong.items() if not sound)
    if keys:
        # The plugin is what calls us; without the font's line pages ask another server for letters.
        mend = Message("doctor.settings.keys_mend")
        yield Finding("settings", "broken", Message("doctor.settings.keys", {"keys": keys}), mend)
    else:
        yield Finding("settings", "fine", Message("doctor.settings.fine"))


class _Loader(yaml.SafeLoader):
    """Takes what MkDocs understands beyond YAML (`!ENV`, `!!python/name`) for its text."""


_Loader.add_multi_constructor("", lambda loader, _suffix, node: _plain(loader, node))


def _plain(loader: Any, node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):  # !ENV [NAME, default]
        values = loader.construct_sequence(node)
        names = [value for value in values[:-1] if isinstance(value, str)]
        return next((os.environ[name] for name in names if name in os.environ), values[-1] if values else None)
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _settings(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  (a safe loader, with texts for tags)
    return found if isinstance(found, dict) else {}


def address(root: Path) -> Iterator[Finding]:
    """Where the site is published: content/site.yml and mkdocs.yml must say the same."""
    stated = _address(root)
    try:
        canonical = str(_settings(root / "mkdocs.yml").get("site_url") or "")
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        canonical = ""
    if not stated and not canonical:
        yield Finding("address", "doubt", Message("doctor.address.none"), Message("doctor.address.mend"))
        return
    for shown in filter(None, (stated, canonical)):
        if not is_address(shown):
            args = {"address": shown}
            yield Finding("address", "broken", Message("doctor.address.wrong", args), Message("doctor.address.mend"))
            return
    if stated and canonical and stated.rstrip("/") != canonical.rstrip("/"):
        args = {"site": stated, "settings": canonical}
        mend = Message("doctor.address.differ_mend")
        yield Finding("address", "doubt", Message("doctor.address.differ", args), mend)
    elif urlsplit(stated or canonical).scheme == "http":
        args = {"address": stated or canonical}
        yield Finding("address", "doubt", Message("doctor.address.plain", args), Message("doctor.address.plain_mend"))
    else:
        yield Finding("address", "fine", Message("doctor.address.fine", {"address": stated or canonical}))


def _address(root: Path) -> str:
    path = root / "content/site.yml"
    try:
        value = strictyaml.load(path.read_text(encoding="utf-8")).value
    except (OSError, UnicodeDecodeError, strictyaml.YamlProblem):
        return ""
    return str(value.get("address") or "") if isinstance(value, dict) else ""


def is_address(text: str) -> bool:
    """Whether a text can be the address of a site."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment)


def version_control(root: Path) -> Iterator[Finding]:
    """Git is a need of `diff` and of who works together; not of anybody else."""
    try:
        git.Repository(root)
    except git.Trouble as told:
        yield Finding("git", "doubt", told.message, Message("doctor.git.mend"))
        return
    missing = [key for key in ("user.name", "user.email") if not _git(root, "config", "--get", key)]
    if missing:
        mend = Message("doctor.git.who_mend")
        yield Finding("git", "doubt", Message("doctor.git.who", {"keys": tuple(missing)}), mend)
        return
    followed = _git(root, "ls-files", "--", "site", "build/docs", cache.FOLDER).splitlines()
    if strays := [name for name in followed if name != "build/docs/.gitignore"]:
        args = {"n": len(strays), "name": strays[0]}
        yield Finding("git", "doubt", Message("doctor.git.generated", args), Message("doctor.git.generated_mend"))
        return
    yield Finding("git", "fine", Message("doctor.git.fine", {"version": _git(root, "--version").split()[-1]}))


def _git(root: Path, *args: str) -> str:
    found = subprocess.run(["git", *args], cwd=root, capture_output=True, check=False)
    return found.stdout.decode("utf-8", "replace").strip()


# What is written -------------------------------------------------------------------------------------------------


def access(root: Path) -> Iterator[Finding]:
    """Whether files can be made, named in Thai, renamed and removed where a build does so."""
    for name in (".", "build", cache.FOLDER, "content"):
        folder = root / name
        while not folder.exists():
            folder = folder.parent
        try:
            with tempfile.TemporaryDirectory(prefix=".lakthan-", dir=folder) as made:
                file = Path(made, "ลอง.txt")
                file.write_text("ก", encoding="utf-8")
                file.rename(file.with_name("แล้ว.txt"))
        except OSError as problem:
            args = {"folder": name, "why": messages.say(publish.trouble(problem), "en")}
            yield Finding("access", "broken", Message("doctor.access.denied", args), Message("doctor.access.mend"))
            return
    yield Finding("access", "fine", Message("doctor.access.fine"))


def room(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    state: State = "broken" if free < ROOM else "doubt" if free < LITTLE_ROOM else "fine"
    args = {"free": free // 1_000_000}
    if state == "fine":
        yield Finding("room", state, Message("doctor.room.fine", args))
    else:
        yield Finding("room", state, Message("doctor.room.little", args), Message("doctor.room.mend"))


def traces(root: Path) -> Iterator[Finding]:
    """A build that is running, what a killed one left, and what is kept between builds."""
    lock = root / publish.LOCK
    if lock.exists():
        try:
            with filelock.FileLock(lock, timeout=0):
                pass
        except filelock.Timeout:
            yield Finding("traces", "doubt", Message("doctor.traces.busy"), Message("doctor.traces.busy_mend"))
            return
        except OSError:
            mend = Message("doctor.access.mend")
            yield Finding("traces", "broken", Message("doctor.traces.lock", {"file": publish.LOCK}), mend)
            return
    left = [name for name in (".site.new", ".site.old") if (root / name).exists()]
    if left:
        said = Message("doctor.traces.left", {"names": tuple(left)})
        yield Finding("traces", "doubt", said, Message("doctor.traces.left_mend"))
        return
    size = sum(path.stat().st_size for path in (root / cache.FOLDER).rglob("*") if path.is_file())
    args = {"size": size // 1_000_000}
    if size > LARGE_CACHE:
        yield Finding("traces", "doubt", Message("doctor.traces.large", args), Message("doctor.traces.large_mend"))
    else:
        yield Finding("traces", "fine", Message("doctor.traces.fine", args))


CHECKS: dict[str, Callable[[Path], Iterator[Finding]]] = {
    "python": python,
    "libraries": libraries,
    "fonts": fonts,
    "text": text,
    "browser": browser,
    "git": version_control,
    "project": whole_project,
    "settings": settings,
    "address": address,
    "access": access,
    "room": room,
    "traces": traces,
}
"""What is looked at; the catalogue names each under `doctor.name`."""


# Said ------------------------------------------------------------------------------------------------------------

_MARKS: dict[State, str] = {"fine": "✓", "doubt": "!", "broken": "✗"}


def lines(found: Sequence[Finding], language: Language) -> Iterator[str]:
    """For people: a line for each, and below it how to mend it."""
    for one in found:
        name = messages.say(Message(f"doctor.name.{one.what}"), language)
        state = f" ({messages.say(Message(f'doctor.state.{one.state}'), language)})" if one.state != "fine" else ""
        yield f"{_MARKS[one.state]} {name}{state}: {messages.say(one.said, language)}"
        if one.mend:
            yield f"    → {messages.say(one.mend, language)}"


def document(found: Sequence[Finding]) -> dict[str, Any]:
    """For programs, in both languages."""

    def both(message: Message | None) -> dict[str, str] | None:
        return (
            None if message is None else {language: messages.say(message, language) for language in messages.LANGUAGES}
        )

    return {
        "version": __version__,
        "checks": [
            {"check": one.what, "state": one.state, "text": both(one.said), "mend": both(one.mend)} for one in found
        ],
    }
