"""The commands for living with a project: what a change does, whether the machine is fit, what editors know."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lakthan import diff, difftext, git
from lakthan.front import Here, pass_here, project, refuse, show_problems


@click.command("diff")
@click.argument("revision", required=False)
@click.option(
    "--site",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Compare with this published site instead of a revision; no Git is needed.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(difftext.FORMATS)),
    default="text",
    show_default=True,
    help="For a terminal, for the comment of a pull request, or for programs.",
)
@click.option(
    "--fail-on",
    type=click.Choice(tuple(diff.FAIL_ON)),
    default="never",
    show_default=True,
    help="What makes the exit status 1.",
)
@pass_here
def diff_command(here: Here, revision: str | None, site: Path | None, form: str, fail_on: str) -> None:
    """What a change does to scores: points gained and lost, levels won and lost, and why.

    The files as they are now are compared with REVISION of Git. Unless said it is HEAD if content/ or rubrics/ have
    changes that are not committed, else the point where this branch left the main branch.
    """
    root = project(here)
    if revision and site:
        refuse(here, "diff.either")
    try:
        found = diff.with_site(root, site) if site else diff.with_revision(root, revision)
    except git.Trouble as told:
        refuse(here, told.message.key, **told.message.args)
    click.echo(difftext.FORMATS[form](found, here["language"]))
    show_problems(here, found.problems, err=True)
    sys.exit(1 if found.problems or found.fails(fail_on) else 0)


COMMANDS = (diff_command,)
