"""What the commands share: where the project is, in which language people are told, and how they are refused."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from lakthan import build, messages, reports, scaffold, thai
from lakthan.diagnostics import Diagnostic
from lakthan.messages import Language
from lakthan.model import Message, Portfolio

T = TypeVar("T", bound=Callable[..., Any])

Here = dict[str, Any]
"""What `main` found out for its commands: `root`, the project's folder, and `language`, that of messages."""
pass_here = click.make_pass_decorator(dict)


report_format = click.option(
    "--format",
    "form",
    type=click.Choice(tuple(reports.FORMATS)),
    default="full",
    show_default=True,
    help="For people, one line each, or for programs.",
)
text_or_json = click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)


def to_file(told: str = "Where to write it.") -> Callable[[T], T]:
    return click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=told)


def in_language(told: str, default: Language | None = "th") -> Callable[[T], T]:
    choice = click.Choice(messages.LANGUAGES)
    return click.option("--in", "language", type=choice, default=default, show_default=bool(default), help=told)


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


def chosen(
    here: Here, portfolios: Sequence[Portfolio], wanted: str | None, problems: Sequence[Diagnostic] = ()
) -> list[Portfolio]:
    """Those that *wanted* names: a unit, a rubric or UNIT/RUBRIC; all unless said.

    Where it names none that is refused, after *problems*: a rubric that cannot be read takes its portfolios along.
    """
    found = [one for one in portfolios if wanted in (None, one.id, one.unit, one.rubric.id)]
    if wanted and not found:
        show_problems(here, problems, err=True)
        refuse(here, "command.unknown_portfolio", name=wanted)
    return found


def put(here: Here, files: Mapping[str, str | bytes]) -> None:
    """Write what is not there yet, and say so."""
    written, kept = scaffold.write(here["root"], files)
    for name in written:
        click.echo(say(here["language"], "command.written", file=name))
    for name in kept:
        click.echo(say(here["language"], "command.kept", file=name), err=True)
