"""What the commands share: where the project is, in which language people are told, and how they are refused."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from lakthan import build, messages, reports, scaffold, thai
from lakthan.diagnostics import Diagnostic
from lakthan.messages import Language
from lakthan.model import Message

Here = dict[str, Any]
"""What `main` found out for its commands: `root`, the project's folder, and `language`, that of messages."""
pass_here = click.make_pass_decorator(dict)


class Day(click.ParamType[datetime.date]):
    """A date in either era."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        try:
            return thai.parse_date(value)
        except thai.Unreadable as problem:
            self.fail(str(problem), param, ctx)


def project(here: Here) -> Path:
    """The folder of the project, which must be one."""
    root: Path = here["root"]
    if not (root / "content").is_dir() and not (root / "rubrics").is_dir():
        refuse(here, "command.no_project", folder=str(root))
    return root


def say(language: Language, key: str, **args: object) -> str:
    return messages.say(Message(key, args), language)


def refuse(here: Here, key: str, **args: object) -> NoReturn:
    raise click.UsageError(say(here["language"], key, **args))


def show_problems(here: Here, found: Sequence[Diagnostic], *, err: bool = False) -> None:
    if found:
        click.echo(reports.FORMATS["full"](found, here["language"], build.source_line(here["root"]), False), err=err)


def put(here: Here, files: Mapping[str, str | bytes]) -> None:
    """Write what is not there yet, and say so."""
    written, kept = scaffold.write(here["root"], files)
    for name in written:
        click.echo(say(here["language"], "command.written", file=name))
    for name in kept:
        click.echo(say(here["language"], "command.kept", file=name), err=True)
