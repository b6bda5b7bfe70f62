"""The commands and examples of docs/, run as a reader would run them.

A page is worked through from top to bottom, in a folder of its own. What is done with a fenced block:

    console              each `$ command` is run, and must print what stands below it
    sh                   each command is run, and must succeed
    … title="a/file"     is written to that file; below site/ and build/ it is compared with what stands there
    yaml, json           must be sound, as the front matter of markdown; python is run, as a doctest where it has `>>>`
    text, diff           is for people; a command of ours in an indented block must be spelt right

In what is expected `…` stands for anything, and on a line of its own for any lines. A comment right before a block says
more about it, and none of it is seen by readers:

    <!-- project: sample -->                    (anywhere) start from a copy of the sample; or `office`: a new project;
                                                or `history`: one with two commits and a built site
    <!-- attachment: PATH -->                   (anywhere) a reader puts a document of their own there
    <!-- status: 1 -->                          the commands end with that status
    <!-- front matter of UNIT/RUBRIC/1: 3 -->   put into that answer, these keys earn that many points
    <!-- not run: REASON -->                    cannot be run here; commands of ours must still be spelt right
    <!-- picture: NAME ADDRESS … -->            (anywhere) for pictures.py
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import click
import yaml
from click.testing import CliRunner

from lakthan import build, cli, strictyaml

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TODAY = "2026-05-27"
"""The day on which the documentation is read: what falls due soon must not depend on the day of the test."""
GIVEN = {
    "check": {"today": TODAY},
    "links": {"today": TODAY},
    "new": {"review": {"today": TODAY}},
}
PLACEHOLDER = ROOT / "content/dip-ict/moi-moral-2569/files/declaration-placeholder.pdf"
READ = ("text", "diff")
"""Languages of blocks that are only read."""


class Wrong(AssertionError):
    """A page says what is not so."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, or (with the language `comment`) a comment that stands for itself."""

    place: str
    """File and line, for messages."""
    language: str
    title: str
    text: str
    notes: dict[str, str]
    """What the comments before it say."""


_COMMENT = re.compile(r"^\s*<!-- (?P<name>[a-z][a-z ]*?)(?: of (?P<of>\S+))?: (?P<value>.*?) -->\s*$")
_INDENTED = re.compile(r"^ {4}(lakthan .*)$")
_FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,})(?P<language>[\w-]*)(?P<rest>[^`]*)$")
ALONE = ("project", "attachment", "picture")


def blocks(path: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    notes: dict[str, str] = {}
    lines = iter(enumerate(path.read_text(encoding="utf-8").split("\n"), 1))
    for number, line in lines:
        if comment := _COMMENT.match(line):
            key, value = comment["name"], comment["value"]
            if key in ALONE:
                yield Block(f"{name}:{number}", "comment", key, value, {})
            else:
                notes[key] = f"{comment['of']} {value}" if comment["of"] else value
        elif fence := _FENCE.match(line):
            indent, body = len(fence["indent"]), []
            for _, inner in lines:
                if inner.strip() == fence["fence"]:
                    break
                body.append(inner[indent:] if inner[:indent].isspace() else inner.lstrip() if indent else inner)
            title = re.search(r'title="([^"]*)"', fence["rest"])
            text = "".join(f"{one}\n" for one in body)
            yield Block(f"{name}:{number}", fence["language"], title[1] if title else "", text, notes)
            notes = {}
        elif command := _INDENTED.match(line):
            yield Block(f"{name}:{number}", "indented", "", command[1], {})
        elif line.strip() and notes:
            raise Wrong(f"{name}:{number}: the comment before this line is about a block, and none follows")


class Reader:
    """Somebody who does what a page says, in *folder*."""

    def __init__(self, page: Path, folder: Path, picture: Callable[[Reader, str], None] | None = None) -> None:
        self.page, self.folder, self.here = page, folder, folder
        self.picture = picture
        self.thai = page.is_relative_to(DOCS / "th")
        self.done = 0

    def read(self) -> int:
        """Work through the page. Returns how many blocks were run; raises `Wrong` at the first that is not so."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for block in blocks(self.page):
            try:
                self._take(block)
            except Wrong as wrong:
                raise Wrong(f"{block.place}: {wrong}") from None
        return self.done

    def _take(self, block: Block) -> None:
        if block.language == "comment":
            getattr(self, f"_{block.title}")(block.text)
            return
        if unknown := set(block.notes) - {"status", "not run", "front matter"}:
            raise Wrong(f"nobody knows the comment {unknown}")
        self.done += 1
        if block.language == "indented":
            _spelt(block.text)
        elif "not run" in block.notes:
            for command, _ in _commands(block):
                _spelt(command)
        elif block.language in ("console", "sh"):
            for command, expected in _commands(block):
                printed = self.run(command, int(block.notes.get("status", "0")))
                if block.language == "console" and not matches(expected, printed):
                    raise Wrong(f"`{command}` prints\n{printed}\nand not\n{expected}")
        elif block.title:
            self._file(block)
        elif "front matter" in block.notes:
            self._earns(block)
        elif block.language in ("yaml", "json", "python", "markdown"):
            run = {"yaml": _yaml, "json": _json, "python": self._python, "markdown": _front_matter}
            run[block.language](block.text)
        elif block.language not in READ:
            raise Wrong(f"nobody knows how to run a block of `{block.language}`: see manual/snippets.py")

    # Commands

    def run(self, command: str, status: int = 0) -> str:
        """Run a command; what it prints. The few that are not ours do the same on every system."""
        words = shlex.split(command, comments=True)
        if not words:
            return ""
        if words[0] == "cd":
            self.here = (self.here / words[1]).resolve()
            if not self.here.is_dir():
                raise Wrong(f"there is no folder {words[1]}")
            return ""
        if words[0] == "mkdir":
            (self.here / words[-1]).mkdir(parents=True, exist_ok=True)
            return ""
        if words[0] == "cat":
            return (self.here / words[1]).read_text(encoding="utf-8")
        if words[0] == "git":
            return self._git(words)
        if words[0] != "lakthan":
            raise Wrong(f"`{words[0]}` is not run here: say why, `<!-- not run: REASON -->`")
        if "serve" in words or "edit" in words:  # they end when somebody ends them
            _spelt(command)
            return ""
        language = "th_TH.UTF-8" if self.thai else "en_US.UTF-8"
        with contextlib.chdir(self.here):
            result = CliRunner(env={"LC_ALL": language, "COLUMNS": "100"}).invoke(
                cli.main, words[1:], default_map=GIVEN, catch_exceptions=False
            )
        if result.exit_code != status:
            raise Wrong(f"`{command}` ends with {result.exit_code}, not {status}:\n{result.output}")
        return result.output

    def _git(self, words: list[str]) -> str:
        who = {
            f"GIT_{who}_{what}": "office@example.go.th" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        apart = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        result = subprocess.run(words, cwd=self.here, env=apart, capture_output=True, encoding="utf-8", check=False)
        if result.returncode:
            raise Wrong(f"`{' '.join(words)}`: {result.stderr}")
        return result.stdout

    # Files

    def _project(self, name: str) -> None:
        if name in ("office", "history"):
            self.run('lakthan init . --rubric moi-moral-2569 --unit our-office --name "สำนักงานของเรา"')
            if name == "history":
                self.run("git init --quiet --initial-branch main")
                for step in ("lakthan build", "lakthan new evidence our-office moi-moral-2569"):
                    self.run(step)
                    self.run("git add --all")
                    self.run("git commit --quiet --message change")
            return
        if name != "sample":
            raise Wrong(f"there is no project {name} to start from")
        for folder in build.INPUTS[:2]:
            shutil.copytree(ROOT / folder, self.folder / folder)
        shutil.copy(ROOT / "mkdocs.yml", self.folder)
        shutil.copytree(ROOT / "site_templates/theme", self.folder / "site_templates/theme")
        (self.folder / build.DOCS).mkdir(parents=True)

    def _attachment(self, name: str) -> None:
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PLACEHOLDER, path)

    def _picture(self, what: str) -> None:
        if self.picture:
            self.picture(self, what)

    def _file(self, block: Block) -> None:
        path = self.here / block.title
        if block.title.split("/")[0] in ("site", "build"):
            if not path.is_file():
                raise Wrong(f"there is no file {block.title}")
            text = path.read_text(encoding="utf-8")
            if block.language == "json":
                text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
            if not matches(f"…\n{block.text}…\n", text + "\n"):
                raise Wrong(f"{block.title} says\n{text[:4000]}")
            return
        if block.language == "yaml":
            _yaml(block.text)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8", newline="\n")

    def _earns(self, block: Block) -> None:
        where, points = block.notes["front matter"].split(" ")
        identity, _, indicator = where.rpartition("/")
        path = self.here / f"content/{identity}/{indicator}.md"
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2) if path.is_file() else ("", "", "")
        # As an author writes them: every value is text.
        merged = (_texts(front) or {}) | _texts(block.text)
        for name in re.findall(r"file: (files/[^,}\n]+)", block.text):
            self._attachment(f"content/{identity}/{name.strip()}")
        text = yaml.safe_dump(merged, allow_unicode=True, sort_keys=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{text}---\n{body}", encoding="utf-8")
        *_, last = json.loads(self.run(f"lakthan score --format json {identity}"))["portfolios"]
        earned = {one["id"]: one["points"] for one in last["indicators"]}
        if str(earned.get(indicator)) != points:
            raise Wrong(f"that earns {earned.get(indicator)} points, not {points}")

    def _python(self, text: str) -> None:
        with contextlib.chdir(self.here):
            if ">>>" not in text:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(text, self.page.name, "exec"), {"__name__": "__main__"})  # noqa: S102  (our own pages)
                return
            test = doctest.DocTestParser().get_doctest(text, {}, self.page.name, self.page.name, 0)
            said = io.StringIO()
            doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write)
            if said.getvalue():
                raise Wrong(said.getvalue())


def matches(expected: str, printed: str) -> bool:
    """Whether what is printed is what is expected; spaces at the ends of lines mean nothing.

    >>> matches("one\\n…\\nfour … six\\n", "one\\ntwo\\nthree\\nfour five six\\n")
    True
    >>> matches("one\\n", "one\\ntwo\\n")
    False
    """
    lines = [line.rstrip() for line in expected.strip("\n").split("\n")]
    pattern = "".join(
        r"(?:[^\n]*\n)*?" if line == "…" else re.escape(line).replace("…", r"[^\n]*?") + r"\n" for line in lines if line
    )
    said = "".join(f"{line.rstrip()}\n" for line in printed.split("\n") if line.strip())
    return re.fullmatch(pattern, said) is not None


def _commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a block, and what it is expected to print."""
    if block.language == "console":
        if not block.text.startswith("$ "):
            raise Wrong("a console begins with `$ `")
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            yield command, expected
    elif block.language == "sh":
        for line in block.text.replace("\\\n", " ").splitlines():
            if shlex.split(line, comments=True):
                yield line, ""


def _spelt(command: str) -> None:
    """A command of ours has these options and arguments; one of make's stands in the Makefile."""
    words = shlex.split(command, comments=True)
    if words[:1] == ["make"]:
        known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        if missing := [word for word in words[1:] if "=" not in word and word not in known]:
            raise Wrong(f"make knows no {missing}")
    if words[:1] != ["lakthan"]:
        return
    found: click.Command = cli.main
    args = words[1:]
    try:
        context = found.make_context("lakthan", args, resilient_parsing=False)
        while isinstance(found, click.Group):
            name, command_found, args = found.resolve_command(context, [*context._protected_args, *context.args])
            assert command_found is not None
            found = command_found
            context = found.make_context(name, args, parent=context)
    except click.exceptions.Exit:
        return
    except click.UsageError as problem:
        if "does not exist" not in problem.message:  # the file is on the reader's machine
            raise Wrong(f"`{command}`: {problem.message}") from None


def _texts(text: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _filled(yaml.load(text, yaml.BaseLoader)))  # noqa: S506  (it makes nothing but text)


def _filled(value: Any) -> Any:
    """Without the keys that a skeleton leaves empty: as text they would no longer be empty."""
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items() if one != ""}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _front_matter(text: str) -> None:
    try:
        strictyaml.load(strictyaml.split_front_matter(text).front)
    except strictyaml.YamlProblem as problem:
        raise Wrong(f"this front matter is not sound: {problem}") from None


def _yaml(text: str) -> None:
    try:
        strictyaml.load(text)
    except strictyaml.YamlProblem as problem:
        raise Wrong(f"this is no YAML: {problem}") from None


def _json(text: str) -> None:
    try:
        json.loads(text if text.lstrip().startswith(("{", "[")) else f"{{{text}}}")
    except ValueError as problem:
        raise Wrong(f"this is no JSON: {problem}") from None
