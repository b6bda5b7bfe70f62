"""What Git knows of a project, asked of the program `git`: what to compare with, and the files of a revision.

Only objects are read: no hook, filter or attribute of the repository runs or decides anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from lakthan.model import Message

MAIN = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""What the main branch may be called, the likeliest first."""
_FILE = ("100644", "100755")
"""Modes of plain files. A symbolic link or a module of another repository is left out."""


class Trouble(Exception):
    """Git cannot answer; `message` says why and what to do."""

    def __init__(self, key: str, **args: object) -> None:
        super().__init__(key)
        self.message = Message(key, args)


class Repository:
    """The repository that a project stands in. Raises Trouble where there is none, or no git."""

    def __init__(self, project: Path) -> None:
        self.project = project
        if not shutil.which("git"):
            raise Trouble("git.missing")
        found = self._try("rev-parse", "--show-prefix")
        if found.returncode:
            said = _text(found.stderr).splitlines()
            if any("dubious ownership" in line for line in said):
                raise Trouble("git.refused", folder=str(project))
            raise Trouble("git.no_repository", folder=str(project))
        self.prefix = _text(found.stdout).rstrip("\n")
        """The project's folder inside the repository, with a slash at its end; empty at the top."""

    def commit(self, revision: str) -> str:
        """The full name of the commit that *revision* means."""
        found = None
        if revision and not revision.startswith("-"):
            found = self._try("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if found is None or found.returncode:
            shallow = self._try("rev-parse", "--is-shallow-repository")
            key = "git.shallow" if _text(shallow.stdout).strip() == "true" else "git.unknown_revision"
            raise Trouble(key, name=revision)
        return _text(found.stdout).strip()

    def usual(self, folders: Sequence[str]) -> str:
        """What people mean by “this change”: since HEAD if *folders* have changes, else since the main branch."""
        changed = self._ask("status", "--porcelain", "--untracked-files=all", "--", *folders)
        if changed.strip():
            return self.commit("HEAD")
        for name in MAIN:
            found = self._try("merge-base", "HEAD", name)
            if not found.returncode:
                return _text(found.stdout).strip()
        return self.commit("HEAD")

    def extract(self, commit: str, folders: Sequence[str], target: Path) -> None:
        """Write the plain files that *folders* of the project had in *commit* to *target*."""
        listed = list(self._listed(commit, folders))
        with subprocess.Popen(
            self._command("cat-file", "--batch"),
            cwd=self.project,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for blob, name in listed:
                process.stdin.write(blob.encode() + b"\n")
                process.stdin.flush()
                head = process.stdout.readline().split()
                if len(head) != 3:  # a blob that a partial clone has not fetched
                    process.stdin.close()
                    raise Trouble("git.unreadable", name=name)
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    left = int(head[2])
                    while left:
                        part = process.stdout.read(min(left, 1 << 20))
                        if not part:
                            raise Trouble("git.unreadable", name=name)
                        file.write(part)
                        left -= len(part)
                process.stdout.read(1)

    def _listed(self, commit: str, folders: Sequence[str]) -> Iterator[tuple[str, str]]:
        wanted = [f"{self.prefix}{folder}" for folder in folders]
        found = self._try("ls-tree", "-r", "-z", "--full-tree", commit, "--", *wanted)
        if found.returncode:
            raise Trouble("git.unreadable", name=commit[:10])
        for entry in found.stdout.split(b"\0"):
            head, _, raw = entry.partition(b"\t")
            fields = head.decode("ascii", "replace").split()
            name = os.fsdecode(raw).removeprefix(self.prefix)
            if len(fields) == 3 and fields[0] in _FILE and may_be_written(name):
                yield fields[2], name

    def _ask(self, *args: str) -> str:
        found = self._try(*args)
        if found.returncode:
            raise Trouble("git.failed", why=" ".join(_text(found.stderr).split())[:300])
        return _text(found.stdout)

    def _try(self, *args: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self._command(*args), cwd=self.project, env=_environment(), capture_output=True, check=False
        )

    @staticmethod
    def _command(*args: str) -> list[str]:
        # The repository's own settings may name programs; what only reads needs none of them.
        return ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", *args]


def may_be_written(name: str) -> bool:
    """Whether a path of a repository stays inside the folder it is written to, on every system.

    >>> may_be_written("content/a/1.md"), may_be_written("../x"), may_be_written("c:/x"), may_be_written("a\\\\b")
    (True, False, False, False)
    """
    parts = PurePosixPath(name).parts
    strange = {"", ".", "..", "/"}
    return bool(parts) and not any(p in strange or "\\" in p or ":" in p or "\0" in p for p in parts)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")
