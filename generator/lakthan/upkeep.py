"""The commands for living with a project: what a change does, whether the machine is fit, what editors know."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import cast

import click

from lakthan import build, completion, doctor, git, load, messages, publish, reports, scaffold
from lakthan.front import Here, pass_here, project, put, refuse, say, show_problems, text_or_json
from lakthan.messages import Language
from lakthan.model import Message, Project
from lakthan.rubric import Text


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
    type=click.Choice(("text", "markdown", "json")),  # `difftext.FORMATS`, which takes a while to import
    default="text",
    show_default=True,
    help="For a terminal, for the comment of a pull request, or for programs.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("never", "level-lost", "points-lost", "any")),  # `diff.FAIL_ON`
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
    from lakthan import diff, difftext  # noqa: PLC0415  (what reads published sites, for this command alone)

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


# Starting --------------------------------------------------------------------------------------------------------


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--title", help="Title of the site.")
@click.option("--unit", help="Folder of the first unit.")
@click.option("--name", help="Name of the first unit, in Thai.")
@click.option("--name-en", help="The same in English.")
@click.option(
    "--rubric", "rubrics", multiple=True, help="A rubric to start with; all that come with Lakthan unless said."
)
@click.option("--languages", help="Languages of the pages, the first one at the top: th,en or th or en.")
@click.option("--address", help="Where the site will be published: https://…")
@click.option(
    "--ci",
    type=click.Choice((*scaffold.CI, "both", "none")),
    help="Workflows that check, build, comment and publish.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: what is not said by an option is as usual.")
@pass_here
def init_command(
    here: Here,
    folder: Path,
    title: str | None,
    unit: str | None,
    name: str | None,
    name_en: str | None,
    rubrics: tuple[str, ...],
    languages: str | None,
    address: str | None,
    ci: str | None,
    yes: bool,
) -> None:
    """Start a project in FOLDER: settings, rubrics, one unit to fill in, workflows, and what editors need.

    At a terminal it asks for what no option says. In a project that is there already only what is missing is added;
    a unit or rubric only if an option names it.
    """
    language: Language = here["language"]
    root = (here["root"] / folder).resolve()
    there = scaffold.is_project(root)
    asking = _at_terminal() and not yes and not there

    def ask(given: str | None, key: str, usual: str) -> str:
        if given is None and asking:
            answered: str = click.prompt(say(language, key), default=usual, show_default=bool(usual))
            return answered.strip()
        return usual if given is None else given

    shipped = build.shipped()
    known = tuple(sorted(path.stem for path in (shipped / "rubrics").glob("*.yml")))
    titled = ask(title, "start.ask_title", say(language, "start.title"))
    identity = ask(unit, "start.ask_unit", "my-unit")
    unit_id(here, identity)
    named = ask(name, "start.ask_name", name_en or say("th", "start.unit"))
    usual = say("en", "start.unit") if name is None and named == say("th", "start.unit") else named
    english = ask(name_en, "start.ask_name_en", usual)
    chosen = rubrics or _listed(ask(None, "start.ask_rubrics", ", ".join(known)))
    for rubric in chosen:
        if rubric not in known:
            refuse(here, "command.unknown_rubric", name=rubric, known=known)
    spoken = _listed(ask(languages, "start.ask_languages", "th,en"))
    if not spoken or not set(spoken) <= set(messages.LANGUAGES):
        refuse(here, "start.wrong_languages", name=languages or ", ".join(spoken))
    published = ask(address, "start.ask_address", "").rstrip("/")
    if published and not doctor.is_address(published):
        refuse(here, "start.wrong_address", name=published)
    # Nobody is surprised by workflows in a project that did without.
    host = ask(ci, "start.ask_ci", "none" if there else "both")
    if host not in (*scaffold.CI, "both", "none"):
        refuse(here, "start.wrong_ci", name=host)

    start = scaffold.Start(
        title=titled,
        description=Text(th=say("th", "start.description"), en=say("en", "start.description")),
        languages=cast("tuple[Language, ...]", tuple(dict.fromkeys(spoken))),
        address=f"{published}/" if published else "",
        ci=tuple(scaffold.CI) if host == "both" else () if host == "none" else (host,),
    )
    files = scaffold.project(shipped, chosen, start, language)
    if there:
        named_rubrics = {f"rubrics/{one}.yml" for one in rubrics}
        files = scaffold.missing(root, files, named_rubrics)
    root.mkdir(parents=True, exist_ok=True)
    inside = {**here, "root": root}
    put(inside, files)
    found = load.load(root).project
    filled = tuple(found.rubrics[r] for r in chosen if r in found.rubrics)
    if not there or unit:
        new = scaffold.unit(identity, Text(th=named, en=english), filled if rubrics or not there else (), language)
        put(inside, {**scaffold.parents(root, identity, language), **new})
    _refresh(inside, load.load(root).project)
    if there:
        click.echo(say(language, "start.there" if files or unit else "start.nothing"))
        return
    away = str(root if folder == Path() else folder)
    where = "" if root == Path.cwd() else f"cd {shlex.quote(away)} && "
    if filled:  # else what is there already cannot be read: `lakthan check` says why
        steps = f"{where}lakthan new evidence {identity} {filled[0].id} && lakthan serve"
        click.echo(say(language, "command.next", what=steps))


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def unit_id(here: Here, unit: str) -> None:
    """Refuse what cannot be the folder of a unit, before anything is written."""
    parts = unit.split("/")
    if not all(map(load.may_be_unit, parts)) or parts[0].lower() in load.TAKEN:
        refuse(here, "command.wrong_unit", name=unit)


@click.command("year")
@click.argument("unit")
@click.argument("old")
@click.argument("new")
@pass_here
def year_command(here: Here, unit: str, old: str, new: str) -> None:
    """Start the portfolio of the next edition of a rubric: from OLD to NEW, of one UNIT.

    Structure and roles are copied, claims never: no number, no evidence, no score. What was shown for OLD stands in the
    new files as comments, and is listed with whether it would still count.
    """
    language: Language = here["language"]
    found = load.load(project(here)).project
    if old == new:
        refuse(here, "year.same", name=old)
    for name in (old, new):
        if name not in found.rubrics:
            refuse(here, "command.unknown_rubric", name=name, known=tuple(found.rubrics))
    portfolio = next((one for one in found.portfolios if one.id == f"{unit}/{old}"), None)
    if portfolio is None:
        refuse(here, "year.none", unit=unit, rubric=old)
    made = scaffold.year(portfolio, found.rubrics[new], language)
    put(here, made.files)
    click.echo("\n" + say(language, "year.head", old=old, new=new))
    for one in made.carried:
        key = "year.new" if not one.old else "year.follows" if one.stated else "year.follows_same"
        click.echo(f"  {reports.visible(say(language, key, new=one.indicator, old=one.old))}")
        if one.responsible:
            kept = f"{say(language, 'year.role')}: {one.responsible}"
            click.echo(f"      {reports.visible(say(language, 'year.kept', what=kept))}")
        for record in (record for record, counts in one.records if counts):
            date = record.date or Message("year.undated")
            title = record.text("title") or record.kind
            click.echo(f"      {reports.visible(say(language, 'year.counts', title=title, date=date))}")
    for name in made.gone:
        click.echo(f"  {say(language, 'year.gone', old=name)}")
    click.echo(say(language, "year.not_copied"))


# Editors ---------------------------------------------------------------------------------------------------------


@click.command("schemas")
@pass_here
def schemas_command(here: Here) -> None:
    """Write what editors need to complete and check: schemas/ and .vscode/. Run it again when rubrics change.

    Schemas and snippets are written anew; settings that are there already stay as they are.
    """
    _refresh(here, load.load(project(here)).project)


def _refresh(here: Here, found: Project) -> None:
    language: Language = here["language"]
    root: Path = here["root"]
    written, _ = scaffold.write(root, dict(completion.settings()))
    for name, content in completion.generated(found.rubrics, language):
        path = root / name
        if not path.is_file() or path.read_bytes() != content:
            publish.write(path, content)
            written.append(name)
    if written:
        click.echo(say(language, "editor.refreshed", n=len(written)))


# The machine -----------------------------------------------------------------------------------------------------


@click.command("doctor")
@text_or_json
@pass_here
def doctor_command(here: Here, form: str) -> None:
    """Whether this machine and this project are fit for the work, and how to mend what is not.

    Looks at Python, libraries, fonts, Thai letters, browser, Git, the project, mkdocs.yml, the address of the site,
    write access, disk space and builds. Nothing is changed, and nothing on the network is asked.
    """
    found = doctor.examine(here["root"])
    language: Language = here["language"]
    doubts, broken = (sum(one.state == state for one in found) for state in ("doubt", "broken"))
    if form == "json":
        click.echo(json.dumps(doctor.document(found), ensure_ascii=False, indent=2))
    else:
        for line in doctor.lines(found, language):
            click.echo(reports.visible(line))
        if doubts or broken:
            click.echo(say(language, "doctor.summary", doubts=doubts, broken=broken))
        else:
            click.echo(say(language, "doctor.all_fine"))
    sys.exit(1 if broken else 0)


COMMANDS = (init_command, doctor_command, diff_command, schemas_command)
