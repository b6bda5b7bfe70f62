"""The commands for those who own a rubric: see it whole, find what is wrong with it, start one."""

from __future__ import annotations

import datetime
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from lakthan import build, diagnostics, lint, load, publish, reports, scaffold
from lakthan.diagnostics import Diagnostic
from lakthan.front import Here, chosen, in_language, pass_here, project, put, refuse, report_format, say, to_file
from lakthan.messages import Language
from lakthan.model import Place
from lakthan.rubric import Rubric, Text, maximum

if TYPE_CHECKING:
    from lakthan.intake import Change


@click.group("rubric")
def rubric_group() -> None:
    """See a rubric whole, and find what is wrong with it."""


@rubric_group.command("show")
@click.argument("rubric")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "html", "docx")),  # `signoff.FORMATS`, which takes a while to import
    help="By the ending of FILE, else text for the terminal.",
)
@to_file()
@in_language("Language of the tables; that of the messages unless said.", default=None)
@pass_here
def show_command(here: Here, rubric: str, form: str | None, output: Path | None, language: Language | None) -> None:
    """Print RUBRIC as tables for whoever answers for it to sign off.

    The tree with its points, every condition in words, levels, readings and doubts, and the source. RUBRIC is the id
    of one in the project, or a file.
    """
    from lakthan import signoff  # noqa: PLC0415  (what makes pages and Word files, for this command alone)

    found = _known(here, rubric)
    if form is None and output is not None and output.suffix.lower() not in signoff.ENDINGS:
        refuse(here, "owning.format", known=tuple(signoff.ENDINGS))
    name = form or (signoff.ENDINGS[output.suffix.lower()] if output else "text")
    if name == "docx" and output is None:
        refuse(here, "owning.binary", name=name)
    _out(here, signoff.FORMATS[name](found, language or here["language"]), output)


@rubric_group.command("lint")
@click.argument("rubric")
@report_format
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@pass_here
def lint_command(here: Here, rubric: str, form: str, strict: bool) -> None:
    """Find what is wrong with RUBRIC, and what in it cannot be earned.

    Points that no evidence reaches, rungs that are never awarded, levels out of reach, totals that do not add up, names
    that mean nothing. RUBRIC is the id of one in the project, or a file anywhere.
    """
    found, problems = _read(here, rubric)
    text = reports.FORMATS[form](problems, here["language"], _lines(_path(here, rubric)), strict)
    click.echo(text, nl=bool(text))
    failing = {"error", "warning"} if strict else {"error"}
    if form in ("full", "concise"):
        counts = {s: sum(p.severity == s for p in problems) for s in ("error", "warning", "note")}
        args = {"errors": counts["error"], "warnings": counts["warning"], "notes": counts["note"]}
        click.echo(say(here["language"], "command.checked", **args))
        if found and not problems:
            size = len(list(found.every_indicator()))
            click.echo(say(here["language"], "owning.sound", name=found.id, indicators=size, max=maximum(found)))
    sys.exit(1 if any(p.severity in failing for p in problems) else 0)


@click.command("rubric")
@click.argument("rubric", required=False)
@click.option("--title", help="Its title in Thai (its id unless said).")
@click.option("--title-en", help="Its title in English.")
@click.option("--kind", type=click.Choice(scaffold.RUBRICS), help="How points are given; a ladder unless said.")
@click.option("--indicators", type=click.IntRange(1, 200), help="How many indicators; three unless said.")
@click.option("--year", type=click.IntRange(2500, 2700), help="Fiscal year, Buddhist era; by the id unless said.")
@pass_here
def new_rubric_command(
    here: Here,
    rubric: str | None,
    title: str | None,
    title_en: str | None,
    kind: str | None,
    indicators: int | None,
    year: int | None,
) -> None:
    """Start a rubric: rubrics/RUBRIC.yml, with comments, that passes `lakthan check` as it is.

    What is not given is asked for at a terminal. A ladder has rungs of which the best counts, binary items are there
    or not, points add up.
    """
    root, language = project(here), here["language"]
    if sys.stdin.isatty() and rubric is None:
        rubric = click.prompt(say(language, "owning.ask_id"))
        title = title or click.prompt(say(language, "owning.ask_title"), default=rubric)
        kind = kind or click.prompt(
            say(language, "owning.ask_kind"), type=click.Choice(scaffold.RUBRICS), default=scaffold.RUBRICS[0]
        )
        indicators = indicators or click.prompt(
            say(language, "owning.ask_indicators"), type=click.IntRange(1, 200), default=3
        )
    if rubric is None or not load.may_be_rubric(rubric):
        refuse(here, "owning.wrong_id", name=rubric or "")
    text = scaffold.rubric(
        rubric,
        Text(th=title or title_en or rubric, en=title_en or title or rubric),
        kind or scaffold.RUBRICS[0],
        indicators or 3,
        year or _fiscal_year(rubric),
        language,
    )
    if (root / "rubrics" / f"{rubric}.yml").exists():
        put(here, {f"rubrics/{rubric}.yml": text})
        sys.exit(1)
    put(here, {f"rubrics/{rubric}.yml": text})


def rubric_file(here: Here, rubric: Rubric, *, update: bool) -> tuple[Change, ...]:
    """The file that an imported rubric becomes; one that is there is only written over where that was asked for."""
    from lakthan import intake, interchange  # noqa: PLC0415

    file = f"rubrics/{rubric.id}.yml"
    path: Path = here["root"] / file
    new, old = interchange.as_file(rubric), path.read_text(encoding="utf-8") if path.is_file() else None
    if old is not None and old != new and not update:
        refuse(here, "csv.exists", file=file)
    return () if old == new else (intake.Change(file, old, new),)


def _fiscal_year(name: str) -> int:
    """The Buddhist era year that the id of a rubric ends in, else the fiscal year of today, which began in October."""
    if found := re.search(r"2[56]\d\d$", name):
        return int(found[0])
    today = datetime.datetime.now().astimezone().date()
    return today.year + 543 + (today.month >= 10)


@click.group("export")
def export_group() -> None:
    """Write a rubric, answers or scores as plain CSV, for other systems. `lakthan import` reads it again."""


to = to_file("Where to write it; printed unless said.")


def _out(here: Here, content: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(content, nl=False)
        return
    publish.write(output, content)
    click.echo(say(here["language"], "command.written", file=str(output)))


@export_group.command("rubric")
@click.argument("rubric")
@to
@pass_here
def export_rubric_command(here: Here, rubric: str, output: Path | None) -> None:
    """A rubric, one row for each thing in it: the tree with points and conditions, sorts of evidence, levels."""
    found = _known(here, rubric)
    from lakthan import interchange  # noqa: PLC0415  (with it comes what reads Excel)

    _out(here, interchange.rubric_table(found), output)


@export_group.command("answers")
@click.argument("portfolio", required=False)
@to
@pass_here
def export_answers_command(here: Here, portfolio: str | None, output: Path | None) -> None:
    """What units wrote, one row for each value. PORTFOLIO is a unit, a rubric or UNIT/RUBRIC; all unless said."""
    found = chosen(here, load.load(project(here)).project.portfolios, portfolio)
    from lakthan import interchange  # noqa: PLC0415  (with it comes what reads Excel)

    _out(here, interchange.answers_table(found), output)


@export_group.command("scores")
@click.argument("portfolio", required=False)
@to
@pass_here
def export_scores_command(here: Here, portfolio: str | None, output: Path | None) -> None:
    """Points by evidence beside stated ones, one row for each indicator. PORTFOLIO is as for `export answers`."""
    examined = build.examine(project(here))
    found = {one.id for one in chosen(here, examined.project.portfolios, portfolio, examined.errors)}
    assessments = [one for one in examined.assessments if one.portfolio.id in found]
    from lakthan import interchange  # noqa: PLC0415  (with it comes what reads Excel)

    _out(here, interchange.scores_table(assessments), output)


# Reading one rubric ----------------------------------------------------------------------------------------------


def _path(here: Here, name: str) -> Path:
    """The file that is meant: one of the project by its id, or any."""
    root: Path = here["root"]
    own = root / "rubrics" / f"{name}.yml"
    if PurePath(name).name == name and own.is_file():
        return own
    for path in (root / name, Path(name)):
        if path.is_file():
            return path
    known = tuple(sorted(path.stem for path in (root / "rubrics").glob("*.yml")))
    return refuse(here, "owning.no_rubric", name=name, known=known or "–")


def _read(here: Here, name: str) -> tuple[Rubric | None, tuple[Diagnostic, ...]]:
    """A rubric, as far as it can be read, and everything found in it; places name the file as it was given.

    It is read beside its neighbours, whose indicators it may continue, and without any content.
    """
    path = _path(here, name)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "rubrics"
        folder.mkdir()
        (folder / path.name).with_suffix(".yml").write_bytes(path.read_bytes())
        for other in path.parent.glob("*.yml") if path.parent.name == "rubrics" else ():
            if other.is_file() and other != path:
                (folder / other.name).write_bytes(other.read_bytes())
        loaded = load.load(Path(place))
    file = f"rubrics/{path.stem}.yml"
    shown = path.relative_to(here["root"]).as_posix() if path.is_relative_to(here["root"]) else path.as_posix()
    problems = [
        replace(one, place=replace(one.place, file=shown))
        for one in (*loaded.problems, *lint.lint(loaded.project), *lint.between(loaded.project))
        if one.place.file == file
    ]
    found = next(
        (one for one in loaded.project.rubrics.values() if _file(loaded.project.rubric_places, one) == file), None
    )
    return found, diagnostics.sort(problems)


def _known(here: Here, name: str) -> Rubric:
    """A rubric that can be read; of another one everything is shown that is wrong with it, and that was all."""
    found, problems = _read(here, name)
    if found is None:
        _show(here, name, problems)
        sys.exit(1)
    return found


def _file(places: object, rubric: Rubric) -> str:
    """The file that a rubric was read from, which may be called otherwise."""
    found = places.get(rubric.id) if isinstance(places, dict) else None
    return next((place.file for place in (found or {}).values()), f"rubrics/{rubric.id}.yml")


def _lines(path: Path) -> reports.Line:
    def line(place: Place) -> str | None:
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None

    return line


def _show(here: Here, name: str, problems: Sequence[Diagnostic]) -> None:
    click.echo(reports.FORMATS["full"](problems, here["language"], _lines(_path(here, name)), False), err=True)
