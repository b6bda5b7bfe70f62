"""The commands. No logic: each reads its options, calls a step and shows what comes of it.

Exit status: 0 fine, 1 findings, 2 usage.
"""

from __future__ import annotations

import gc

gc.disable()  # of what modules are made of nothing is thrown away: to look for it is a tenth of a start

import atexit
import contextlib
import datetime
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from lakthan import (
    __version__,
    build,
    diagnostics,
    load,
    messages,
    owning,
    publish,
    reports,
    scaffold,
    signing,
    spoken,
    thai,
    upkeep,
    verdicts,
)
from lakthan.diagnostics import Diagnostic
from lakthan.examination import undisturbed
from lakthan.front import (
    Day,
    Here,
    chosen,
    in_language,
    pass_here,
    put,
    refuse,
    report_format,
    say,
    show_problems,
    text_or_json,
    to_file,
)
from lakthan.front import project as _root
from lakthan.messages import Language
from lakthan.model import Assessment, Portfolio, Score
from lakthan.rubric import Rubric, Text

gc.enable()


@atexit.register
def _leave() -> None:
    """When a command ends, all that is left goes with the process: to look first for what nobody uses was a tenth of a
    rebuild."""
    if "duckdb" not in sys.modules:  # it would say that somebody holds what is its own
        gc.freeze()


if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

T = TypeVar("T")
SLOW = 1.0
"""Seconds after which work shows a progress bar."""


@click.group(cls=spoken.Commands, context_settings={"help_option_names": spoken.HELP, "max_content_width": 100})
@click.version_option(__version__, prog_name="lakthan")
@click.option(
    "-C",
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="The project's folder (here unless said).",
)
@click.option(
    "--lang",
    type=click.Choice(messages.LANGUAGES),
    is_eager=True,  # `lakthan --lang th --help` asks for help in Thai
    callback=spoken.chosen,
    help="Language of messages; by the locale unless said, Thai where it says nothing.",
)
@click.pass_context
def main(ctx: click.Context, root: Path, lang: str | None) -> None:
    """Evidence portfolios: rubrics in, scores with reasons out, published as a web site.

    A project has rubrics/ (what is asked, one YAML file each) and content/ (what units write: a folder per unit, in
    it a folder per rubric, in it one Markdown file per indicator).

    \b
    lakthan check       what is wrong or doubtful, with file and line
    lakthan score       points, levels, reasons, and what is missing
    lakthan build       the site, into site/
    lakthan serve       the site in a browser, following every edit
    """
    ctx.obj = {"root": root.resolve(), "language": cast("Language", lang or spoken.system_language())}


# Reading ---------------------------------------------------------------------------------------------------------


def _watch(language: Language) -> Any:
    """A way to go through a list that shows a bar on a terminal once it has taken `SLOW` seconds."""

    def watch(items: Sequence[T], label: str) -> Iterator[T]:
        started, bar = time.monotonic(), None
        for position, item in enumerate(items):
            if bar is None and sys.stderr.isatty() and time.monotonic() - started > SLOW:
                bar = click.progressbar(length=len(items), label=say(language, label), file=sys.stderr)
                bar.update(position)
            yield item
            if bar is not None:
                bar.update(1)
        if bar is not None:
            bar.render_finish()

    return watch


def _examine(here: Here, as_of: datetime.date | None = None) -> build.Examined:
    return build.examine(_root(here), as_of=as_of, watch=_watch(here["language"]))


def _log(level: int) -> None:
    """What MkDocs says from *level* up; only its own command line would set that up."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)-8s %(message)s"))
    logger = logging.getLogger("mkdocs")
    logger.handlers[:] = [handler]
    logger.setLevel(level)


# Commands --------------------------------------------------------------------------------------------------------


@main.command("build")
@click.option("--as-of", type=Day(), help="Score as things stood on that day.")
@click.option(
    "--pages-only",
    is_flag=True,
    help="Write the pages to build/docs/ and leave the site to another builder (Zensical, mkdocs).",
)
@click.option("--strict", is_flag=True, help="Publish nothing while there are warnings.")
@click.option(
    "--sign",
    envvar=signing.VARIABLE,
    show_envvar=True,
    help="Private key to sign the site with: a file, or the key itself (lakthan key makes one).",
)
@click.option("--processes", type=click.IntRange(1), help="Processes that make pages; as many as there are cores.")
@pass_here
def build_command(
    here: Here,
    as_of: datetime.date | None,
    pages_only: bool,
    strict: bool,
    sign: str | None,
    processes: int | None,
) -> None:
    """Build the site into site/.

    Errors in the files are listed, and nothing is published until they are mended; warnings are shown on the pages.
    """
    key = _private_key(here, sign)
    root: Path = _root(here)
    with _publishing(here), undisturbed(), contextlib.ExitStack() as open_:
        # Who asks for one process gets no other either.
        begun = None if pages_only or processes == 1 else open_.enter_context(build.ahead(root))
        examined = _examine(here, as_of)
        blocking = [p for p in examined.problems if p.severity == "error" or (strict and p.severity == "warning")]
        show_problems(here, blocking, err=True)
        if blocking:
            click.echo(say(here["language"], "command.not_built", n=len(blocking)), err=True)
            sys.exit(1)
        _log(logging.WARNING)
        if pages_only:
            n, shown = build.generate(root, examined, processes=processes).total, build.DOCS
        else:

            def tell(what: str) -> None:
                click.echo(say(here["language"], "building.by_mkdocs", what=what), err=True)

            folder = build.site(root, examined, key=key, processes=processes, begun=begun, tell=tell)
            n, shown = len(json.loads((folder / publish.MANIFEST).read_bytes())["files"]), os.path.relpath(folder, root)
    click.echo(say(here["language"], "command.built", n=n, folder=shown))


def _private_key(here: Here, given: str | None) -> Ed25519PrivateKey | None:
    try:
        return signing.private_key(given) if given and given.strip() else None
    except signing.Unusable:
        refuse(here, "publish.no_key", name=f"--sign / {signing.VARIABLE}")


@main.command("key")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_here
def key_command(here: Here, file: Path) -> None:
    """Print the public key to the private key in FILE, and make that first if there is no such file.

    `lakthan build --sign FILE` signs a site with it; who gathers sites is told the public key. Keep FILE to yourself.
    """
    if not file.exists():
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as problem:
            raise click.ClickException(messages.say(publish.trouble(problem), here["language"])) from None
        with os.fdopen(handle, "wb") as out:
            out.write(signing.new_key())
        click.echo(say(here["language"], "command.written", file=str(file)), err=True)
    key = _private_key(here, str(file))
    assert key is not None
    click.echo(signing.public(key))


@contextlib.contextmanager
def _publishing(here: Here) -> Iterator[None]:
    """A full disk, or another build that does not end: nothing was published, and people are told why."""
    try:
        yield
    except publish.Busy as busy:
        raise click.ClickException(messages.say(busy.message, here["language"])) from None
    except OSError as problem:
        raise click.ClickException(messages.say(publish.trouble(problem), here["language"])) from None
    except Exception as told:
        from lakthan import forms, writer  # noqa: PLC0415  (what makes pages and forms: here it is imported already)

        if not isinstance(told, writer.Unmade | forms.Unfit):
            raise
        raise click.ClickException(messages.say(told.message, here["language"])) from None


@main.command("form")
@click.argument("unit")
@click.argument("rubric")
@to_file()
@in_language("Language of the form.")
@pass_here
def form_command(here: Here, unit: str, rubric: str, output: Path | None, language: Language) -> None:
    """Write the summary form of a portfolio as PDF, to print, sign and hand in; with -o FILE.docx for Word.

    It is filled in with what the unit wrote and with what its evidence supports, each in its own column.
    """
    from lakthan import forms, word  # noqa: PLC0415  (what makes documents, for this command alone)

    examined, assessment = _one(here, unit, rubric)
    make = word.make if output and output.suffix.lower() == ".docx" else forms.make
    with _publishing(here):
        content = make(examined.project, assessment, build.templates(here["root"]), language=language)
        _print(here, output or Path(f"{unit.replace('/', '-')}-{rubric}-form.pdf"), content)


@main.command("book")
@click.argument("unit")
@click.argument("rubric")
@to_file()
@in_language("Language of the book; what the unit wrote stays as it is.")
@pass_here
def book_command(here: Here, unit: str, rubric: str, output: Path | None, language: Language) -> None:
    """Write a whole portfolio as one PDF: cover, contents, summary, and every indicator.

    With each indicator stand the unit's own account, the conditions met and missing, the evidence and its pictures.
    """
    from lakthan import book  # noqa: PLC0415  (as above)

    examined, assessment = _one(here, unit, rubric)
    root = here["root"]
    with _publishing(here):
        content = book.make(root, examined.project, assessment, build.templates(root), language=language)
        _print(here, output or Path(f"{unit.replace('/', '-')}-{rubric}-book.pdf"), content)


def _one(here: Here, unit: str, rubric: str) -> tuple[build.Examined, Assessment]:
    """One portfolio, if nothing that it consists of has an error."""
    examined = _examine(here)
    name = f"{unit}/{rubric}"
    found = next((a for a in examined.assessments if a.portfolio.id == name), None)
    if found is None:
        refuse(here, "command.unknown_portfolio", name=name)
    wrong = [
        p for p in examined.errors if p.place.file.startswith((f"{found.portfolio.folder}/", f"rubrics/{rubric}."))
    ]
    show_problems(here, wrong, err=True)
    if wrong:
        click.echo(say(here["language"], "form.not_made", n=len(wrong)), err=True)
        sys.exit(1)
    return examined, found


def _print(here: Here, path: Path, content: bytes) -> None:
    publish.write(path, content)
    click.echo(say(here["language"], "form.made", file=str(path)))


@main.command("serve")
@click.option("-a", "--address", default="127.0.0.1:8000", show_default=True, help="Where to listen.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
@pass_here
def serve_command(here: Here, address: str, open_browser: bool) -> None:
    """Show the site on this machine, and show it anew at every edit in content/, rubrics/ or site_templates/.

    While a file has an error the last good pages stay, and say what is wrong.
    """
    from lakthan import serve  # noqa: PLC0415  (half a second, for this command alone)

    root = _root(here)
    taken = say(here["language"], "command.address_taken", address=address)
    if what := build.foreign(root):
        click.echo(say(here["language"], "serve.foreign", what=what), err=True)
        _serve_with_mkdocs(here, address, open_browser)
        return
    live = serve.Live(root, here["language"])
    try:
        server = serve.Server(serve.parse(address), live)
    except (OSError, OverflowError, ValueError):
        raise click.ClickException(taken) from None

    def told(changed: bool, seconds: float) -> None:
        at = datetime.datetime.now().astimezone().strftime("%H:%M:%S")
        if changed and live.problems:
            show_problems(here, live.problems, err=True)
            click.echo(say(here["language"], "serve.stays", time=at, n=len(live.problems)), err=True)
        elif changed:
            click.echo(say(here["language"], "serve.again", time=at, seconds=f"{seconds:.2f}"))

    with server:
        click.echo(say(here["language"], "serve.starting"))
        live.update(_watch(here["language"]))
        serve.settle()
        show_problems(here, live.problems, err=True)
        click.echo(say(here["language"], "serve.ready", address=server.url))
        with serve.watching(live, told), contextlib.suppress(KeyboardInterrupt):
            if open_browser:
                click.launch(server.url)
            server.serve_forever()


def _serve_with_mkdocs(here: Here, address: str, open_browser: bool) -> None:
    from mkdocs.commands.serve import serve  # noqa: PLC0415  (as above)

    root: Path = here["root"]
    _log(logging.INFO)
    (root / build.DOCS).mkdir(parents=True, exist_ok=True)
    try:
        serve(config_file=str(root / "mkdocs.yml"), dev_addr=address, open_in_browser=open_browser)
    except (OSError, OverflowError):
        raise click.ClickException(say(here["language"], "command.address_taken", address=address)) from None


@main.command("edit")
@click.argument("portfolio", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen (a free port unless said).")
@click.option("--no-open", is_flag=True, help="Only print the address, and leave the browser alone.")
@pass_here
def edit_command(here: Here, portfolio: str | None, port: int, no_open: bool) -> None:
    """Fill in PORTFOLIO (unit/rubric) in the browser, on this machine alone; ends with Ctrl+C.

    Files that are not there yet are made. PORTFOLIO may be left out where there is only one.
    """
    from lakthan import desk  # noqa: PLC0415  (a server, for this command alone)

    project = load.outline(_root(here)).project
    known = tuple(one.id for one in project.portfolios)
    if portfolio is None and len(known) != 1:
        refuse(here, "editor.which", known=known)
    wanted = portfolio.strip("/") if portfolio else known[0]
    if wanted not in known:
        unit, _, rubric = wanted.rpartition("/")
        if unit not in project.units or rubric not in project.rubrics:
            refuse(here, "command.unknown_portfolio", name=wanted)
        first = {f"content/{wanted}/portfolio.md": scaffold.portfolio(project.rubrics[rubric], here["language"])}
        put(here, dict(first))
    form = desk.Desk(here["root"], wanted, here["language"])
    for name in form.skeletons():
        click.echo(say(here["language"], "command.written", file=name))
    try:
        server = desk.Server(form, port)
    except OSError:
        raise click.ClickException(
            say(here["language"], "command.address_taken", address=f"{desk.HOST}:{port}")
        ) from None
    with server, desk.SiteServer(form) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        click.echo(say(here["language"], "editor.open", address=server.address))
        if not no_open:
            import webbrowser  # noqa: PLC0415  (for this alone)

            webbrowser.open(server.address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
        site.shutdown()


@main.command("check")
@report_format
@click.option("--strict", is_flag=True, help="Warnings count as findings too.")
@click.option("--today", type=Day(), help="Day from which deadlines are near (today unless said).")
@click.argument("where", required=False)
@pass_here
def check_command(here: Here, form: str, strict: bool, today: datetime.date | None, where: str | None) -> None:
    """List everything wrong or doubtful in rubrics/ and content/, with file, line and remedy.

    WHERE narrows the list to one file or folder.
    """
    day = today or datetime.datetime.now().astimezone().date()
    problems = build.problems(_root(here), day, watch=_watch(here["language"]))
    asked = _asked(here["root"], where)
    found = [p for p in problems if asked(p)]
    if where and not found and not (here["root"] / where).exists():
        refuse(here, "command.unknown_file", name=where)  # a misspelt path must not look sound
    shown = reports.FORMATS[form](found, here["language"], build.source_line(here["root"]), strict)
    click.echo(shown, nl=bool(shown))
    if form in ("full", "concise"):
        counts = {s: sum(p.severity == s for p in found) for s in ("error", "warning", "note")}
        args = {"errors": counts["error"], "warnings": counts["warning"], "notes": counts["note"]}
        click.echo(say(here["language"], "command.checked", **args))
    failing = {"error", "warning"} if strict else {"error"}
    sys.exit(1 if any(p.severity in failing for p in found) else 0)


def _asked(root: Path, where: str | None) -> Callable[[Diagnostic], bool]:
    """Whether a problem is in the file or folder *where*, or in a rubric that is answered there."""
    if not where:
        return lambda _: True
    wanted = where.replace("\\", "/").removeprefix("./").rstrip("/")
    folders = [*PurePosixPath(wanted).parts, *(p.name for p in (root / wanted).rglob("*") if p.is_dir())]
    rubrics = {f"rubrics/{name}.yml" for name in folders}

    def inside(problem: Diagnostic) -> bool:
        file = problem.place.file
        return file == wanted or file.startswith(f"{wanted}/") or file in rubrics

    return inside


@main.command("score")
@click.argument("portfolio", required=False)
@click.option("--round", "round_id", help="One round only (every round reached unless said).")
@click.option("--as-of", type=Day(), help="Score as things stood on that day.")
@click.option("--reading", help="Under another reading of the rubric.")
@text_or_json
@click.option("--verbose", "-v", is_flag=True, help="The reason of every condition.")
@pass_here
def score_command(
    here: Here,
    portfolio: str | None,
    round_id: str | None,
    as_of: datetime.date | None,
    reading: str | None,
    form: str,
    verbose: bool,
) -> None:
    """Points and levels, why, and what is missing for more.

    PORTFOLIO is a unit, a rubric, or UNIT/RUBRIC; all of them unless said. Numbers that programs may rely on come with
    --format json.
    """
    from lakthan import exports  # noqa: PLC0415  (here, so that other processes find it already there)

    scorer = _Scorer(here["language"], portfolio, round_id, as_of, reading, form, verbose)
    swept = build.sweep(_root(here), scorer, as_of=as_of)
    known = swept.project.portfolios
    errors = [*swept.problems]
    found = swept.watched(_watch(here["language"]))
    if portfolio and not any(map(scorer.asked, known)):
        chosen(here, (), portfolio, _errors([*errors, *(problem for _, some in found for problem in some)]))
    for one in known:
        if scorer.asked(one):
            _may_narrow(here, one.rubric, round_id, reading)
    # Written as it comes: the reasons of a whole country need not fit into memory.
    texts = _texts(found, errors)
    for text in exports.listed("portfolios", texts) if form == "json" else texts:
        click.echo(text, nl=False)
    wrong = _errors(errors)
    show_problems(here, wrong, err=True)
    sys.exit(1 if wrong else 0)


def _texts(found: Iterator[tuple[list[str], build.Problems]], errors: list[Any]) -> Iterator[str]:
    for texts, some in found:
        errors += some
        yield from texts


def _errors(found: Sequence[tuple[diagnostics.Key, Diagnostic]]) -> tuple[Diagnostic, ...]:
    return diagnostics.merge(one for one in found if one[1].severity == "error")


def _may_narrow(here: Here, rubric: Rubric, round_id: str | None, reading: str | None) -> None:
    if round_id and round_id not in [r.id for r in rubric.rounds]:
        refuse(here, "command.unknown_round", rubric=rubric.id, name=round_id)
    if reading and reading not in [r.id for r in rubric.readings]:
        refuse(here, "command.unknown_reading", rubric=rubric.id, name=reading)


@dataclass(frozen=True)
class _Scorer:
    """What is shown of each portfolio, worked out in whatever process: its scores, and the errors in it."""

    language: Language
    wanted: str | None
    round: str | None
    as_of: datetime.date | None
    reading: str | None
    form: str
    verbose: bool

    def asked(self, portfolio: Portfolio) -> bool:
        return self.wanted in (None, portfolio.id, portfolio.unit, portfolio.rubric.id)

    def __call__(self, part: build.Part) -> tuple[list[str], build.Problems]:
        errors = tuple(one for one in part.problems if one[1].severity == "error")
        assessment = part.assessment
        if not self.asked(assessment.portfolio):
            return [], errors
        if self.round or self.reading:
            rounds = (self.round,) if self.round else None
            assessment = build.assess(assessment.portfolio, self.as_of, rounds=rounds, reading=self.reading)
        if self.form == "json":
            from lakthan import exports  # noqa: PLC0415  (as in `score_command`)

            entries = (exports.entry(one, assessment) for one in assessment.scores)
            return [json.dumps(one, ensure_ascii=False, indent=2) for one in entries], errors
        reports = (_report(self.language, assessment, one, self.verbose) for one in assessment.scores)
        return ["\n".join(lines) + "\n\n" for lines in reports], errors


def _report(language: Language, assessment: Assessment, one: Score, verbose: bool) -> Iterator[str]:
    """A score as lines of text."""

    def told(key: str, **args: object) -> str:
        return say(language, key, **args)

    rubric = one.rubric
    head = [assessment.portfolio.id]
    head += [messages.show(r.title, language) for r in rubric.rounds if r.id == one.round]
    head += [messages.show(r.title, language) for r in rubric.readings if r.id == one.reading]
    left = assessment.verified_of(one)
    yield f"{' · '.join(head)}: {told('command.score', points=one.points, max=one.max)}"
    if assessment.stated and one is assessment.latest:
        yield f"  {told('review.stated', points=assessment.stated.points)}"
    if left:
        args = {"points": left.score.points, "n": len(left.reviewed), "of": len(one.indicators)}
        yield f"  {told('review.verified_final' if left.final else 'review.verified', **args)}"
        yield f"  {told('review.counts', open=left.open, stale=left.stale, disputed=left.disputed)}"
    for gate in one.gates:
        mark, state = ("✓", "command.gate_met") if gate.met else ("✗", "command.gate_unmet")
        why = f" ({'; '.join(messages.say(m, language) for m in gate.because)})" if gate.because else ""
        yield f"  {mark} {messages.show(gate.level.title, language)}: {told(state)}{why}"
    for total in one.totals:
        name, points = (
            messages.show(total.subtotal.title, language),
            told("command.score", points=total.points, max=total.max),
        )
        yield f"    {name}: {points}"
    for name, node in one.indicators.items():
        answer = assessment.portfolio.answers.get(name)
        stated = answer.self_score if answer else None
        title = messages.show(node.node.title, language)
        points = told("command.score", points=node.points, max=node.max) if node.applies else "–"
        differs = f" ({told('command.self', n=stated.value)})" if stated and stated.value != node.points else ""
        now = left.score.indicators[name] if left else node
        ruled = f" ({told('review.now', n=now.points)})" if now.points != node.points else ""
        yield f"  {name} {title}: {points}{differs}{ruled}"
        if left and ruled:
            refused = verdicts.refused(left.rulings, name).values()
            ruling = left.of(name)
            yield from (f"      – {messages.say(why, language)}" for why in refused)
            for opinion in ruling.basis if ruling and now.decided else ():
                yield f"      – {opinion.review.role}: {opinion.verdict.reason or told('review.verdict.accept')}"
        if verbose:
            for leaf in node.leaves():
                for finding in leaf.findings:
                    mark, why = "✓" if finding.holds else "✗", messages.say(finding.because, language)
                    yield f"      {mark} {messages.show(leaf.max, language)}: {why}"
        step = assessment.advice.indicators.get(name)
        if step and one is assessment.latest:
            what = "; ".join(messages.say(need.what, language) for need in step.needs)
            yield f"      {told('command.missing', what=what)}"
    if one is assessment.latest:
        titles = {level.id: level.title for level in rubric.levels}
        for name, step in assessment.advice.levels.items():
            what = "; ".join(messages.say(need.what, language) for need in step.needs)
            yield f"  → {told('command.next_level', name=titles[name], what=what)}"


@main.command("links")
@click.option("--only-new", is_flag=True, help="Only addresses that the ledger does not know yet.")
@click.option(
    "--timeout", type=click.FloatRange(min=1), help="Seconds for one address, redirects and retries included."
)
@click.option("--today", type=Day(), help="The day to write down (today unless said).")
@text_or_json
@pass_here
def links_command(here: Here, only_new: bool, timeout: float | None, today: datetime.date | None, form: str) -> None:
    """Visit every external address and keep the ledger, content/links.json.

    Says what died since the last visit. An address that stays dead stops counting as proof after a while.
    """
    from lakthan import reach  # noqa: PLC0415  (the network is for this command alone)

    language: Language = here["language"]
    loaded = load.load(here["root"])
    settings = reach.Settings(total=timeout) if timeout else reach.Settings()
    bar: Any = None

    def progress(done: int, total: int, _address: str) -> None:
        nonlocal bar
        if bar is None and sys.stderr.isatty():
            bar = click.progressbar(length=total, label=say(language, "links.progress"), file=sys.stderr)
        if bar is not None:
            bar.update(1)
            if done == total:
                bar.render_finish()

    found = reach.report(
        here["root"],
        loaded.project,
        settings=settings,
        today=today or datetime.datetime.now().astimezone().date(),
        only_new=only_new,
        whole=not any(problem.severity == "error" for problem in loaded.problems),
        progress=progress,
    )
    show_problems(here, found.problems, err=True)
    if form == "json":
        click.echo(json.dumps(reach.document(found), ensure_ascii=False, indent=2))
    else:
        for line in reach.lines(found, language):
            click.echo(line)
    sys.exit(1 if found.findings else 0)


@main.command("verify")
@click.argument("site", type=click.Path(path_type=Path, file_okay=False, exists=True), default="site")
@click.option("--key", help="Public key of who must have signed the manifest, as `lakthan key` prints it.")
@report_format
@pass_here
def verify_command(here: Here, site: Path, key: str | None, form: str) -> None:
    """Whether SITE is what was published: every file, and every score from the site's own data.

    Only the folder SITE is read (site/ unless said). Note the SHA-256 of manifest.json where others can see it: a site
    whose manifest was written anew has another.
    """
    from lakthan import verify  # noqa: PLC0415  (for this command alone)

    try:
        signer = signing.public_key(key) if key else None
    except signing.Unusable:
        refuse(here, "publish.no_public_key")
    verified, language = verify.verify(site, signer), here["language"]
    shown = reports.FORMATS[form](verified.problems, language, lambda _: None, False)
    click.echo(shown, nl=bool(shown))
    errors = sum(problem.severity == "error" for problem in verified.problems)
    if form in ("full", "concise"):
        if verified.digest:
            click.echo(say(language, "publish.manifest", digest=verified.digest))
        if errors:
            click.echo(say(language, "publish.unsound", n=errors), err=True)
        else:
            click.echo(say(language, "publish.sound", n=verified.files, portfolios=verified.portfolios))
    sys.exit(1 if errors else 0)


@main.command("hub")
@click.argument("listing", metavar="LIST", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="hub-site",
    show_default=True,
    help="Folder of the overview's site.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    default=".cache/hub",
    show_default=True,
    help="Where the last good state of each portal is kept. Keep it between runs.",
)
@click.option("--tables-only", is_flag=True, help="Write data/ alone, without pages.")
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes (as many as there are cores unless said).")
@click.option("--scheduler", help="Address of a Dask scheduler whose workers derive the scores (lakthan[dask]).")
@click.option("--offline", is_flag=True, help="Ask no portal: take the states that are kept.")
@click.option("--allow-private", is_flag=True, help="Go to portals on this machine and in private networks too.")
@click.option(
    "--timeout",
    type=click.FloatRange(1, 86400),
    default=600,
    show_default=True,
    help="Seconds that one portal may take.",
)
@click.option("--today", type=Day(), help="Day of this run (today unless said): what is good bears it.")
@report_format
@pass_here
def hub_command(
    here: Here,
    listing: Path,
    output: Path,
    cache: Path,
    tables_only: bool,
    jobs: int | None,
    scheduler: str | None,
    offline: bool,
    allow_private: bool,
    timeout: float,
    today: datetime.date | None,
    form: str,
) -> None:
    """Gather the portals of LIST, derive every score again, and build the overview of them all.

    A portal that is down, slow, malformed or claims what does not follow costs its own row alone, which shows its last
    good state. The overview is always built; exit status 1 says that something is wrong with a portal. docs/hub.md
    describes LIST.
    """
    from lakthan import hub  # noqa: PLC0415  (the database and the network take a while to import)

    language = here["language"]
    found, wrong = hub.listing.read_list(listing, build.shipped() / "rubrics")
    if found is None:
        click.echo(reports.FORMATS[form](wrong, language, build.source_line(listing.absolute().parent), False))
        sys.exit(1)
    day = today or datetime.datetime.now().astimezone().date()
    options = hub.Options(jobs, scheduler, offline, allow_private, timeout)
    with _publishing(here):
        try:
            result = hub.build(
                found, output, cache, day, options, with_pages=not tables_only, progress=_progress(language)
            )
        except hub.spread.Lost as lost:
            raise click.ClickException(messages.say(lost.message, language)) from None
    shown = reports.FORMATS[form](result.problems, language, lambda _: None, False)
    click.echo(shown, nl=bool(shown))
    if form in ("full", "concise"):
        args = {"portals": result.portals, "units": result.units, "scores": result.scores, "folder": str(output)}
        click.echo(say(language, "hub.built", wrong=result.wrong, **args))
    sys.exit(1 if result.problems else 0)


def _progress(language: Language) -> Callable[[int, int, str], None]:
    """Shows how many portals were asked, on a terminal."""

    def show(done: int, all: int, name: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\033[K{say(language, 'hub.progress')} {done}/{all} {name}", err=True, nl=done == all)

    return show


@main.command("explain")
@click.argument("code", required=False)
@pass_here
def explain_command(here: Here, code: str | None) -> None:
    """What a diagnostic means, why it matters and how to mend it. Without CODE: all codes."""
    if code is None:
        for known in diagnostics.codes():
            click.echo(known)
        return
    text = diagnostics.explain(code, here["language"])
    if text is None:
        refuse(here, "command.unknown_code", code=code)
    click.echo(text.rstrip())


@main.group("new")
def new_group() -> None:
    """Start a unit or the answer to an indicator. Nothing that exists is ever overwritten."""


@new_group.command("unit")
@click.argument("unit")
@click.option("--name", help="Its name in Thai (the folder's name unless said).")
@click.option("--name-en", help="Its name in English.")
@click.option(
    "--rubric", "rubrics", multiple=True, help="With an empty portfolio for this rubric; may be given several times."
)
@pass_here
def new_unit_command(here: Here, unit: str, name: str | None, name_en: str | None, rubrics: tuple[str, ...]) -> None:
    """Make the folder of a unit: content/UNIT/unit.yml. UNIT may nest, as in ministry/department/unit."""
    upkeep.unit_id(here, unit)
    project = load.load(_root(here)).project
    for rubric in rubrics:
        if rubric not in project.rubrics:
            refuse(here, "command.unknown_rubric", name=rubric, known=tuple(project.rubrics))
    title = Text(th=name or name_en or unit, en=name_en or name or unit)
    files = scaffold.parents(here["root"], unit, here["language"])
    files |= scaffold.unit(unit, title, tuple(project.rubrics[r] for r in rubrics), here["language"])
    put(here, files)


@new_group.command("evidence")
@click.argument("unit")
@click.argument("rubric")
@click.argument("indicators", nargs=-1)
@pass_here
def new_evidence_command(here: Here, unit: str, rubric: str, indicators: tuple[str, ...]) -> None:
    """Make the answer to one or more INDICATORS (all that have none, unless said).

    The front matter lists what the indicator asks for: numbers to state, documents to show, lists to keep.
    """
    project = load.load(_root(here)).project
    if unit not in project.units:
        refuse(here, "command.unknown_unit", name=unit)
    if rubric not in project.rubrics:
        refuse(here, "command.unknown_rubric", name=rubric, known=tuple(project.rubrics))
    found = project.rubrics[rubric]
    nodes = {node.id: node for node in found.every_indicator()}
    files: dict[str, str | bytes] = {
        f"content/{unit}/{rubric}/portfolio.md": scaffold.portfolio(found, here["language"])
    }
    for name in map(thai.ascii_digits, indicators or nodes):
        if name not in nodes:
            refuse(here, "command.unknown_indicator", rubric=rubric, name=name)
        files[f"content/{unit}/{rubric}/{name}.md"] = scaffold.answer(found, nodes[name], here["language"])
    put(here, files)


@new_group.command("review")
@click.argument("unit")
@click.argument("rubric")
@click.option("--round", "round_id", help="The round that is reviewed (the rubric's last one unless said).")
@click.option("--name", help="Name of the file, such as group-1 (review-1, review-2, … unless said).")
@click.option("--today", type=Day(), help="Date of the review (today unless said).")
@pass_here
def new_review_command(
    here: Here,
    unit: str,
    rubric: str,
    round_id: str | None,
    name: str | None,
    today: datetime.date | None,
) -> None:
    """Make a review of a portfolio: an entry for every indicator and every piece of evidence, with its hash.

    A reviewer fills in `verdict`: accept, reject or ask. What is left empty says nothing.
    """
    project = load.load(_root(here)).project
    portfolio = next((p for p in project.portfolios if p.id == f"{unit}/{rubric}"), None)
    if portfolio is None:
        refuse(here, "command.unknown_portfolio", name=f"{unit}/{rubric}")
    if round_id and round_id not in [one.id for one in portfolio.rubric.rounds]:
        refuse(here, "command.unknown_round", rubric=rubric, name=round_id)
    if name is not None and not load.may_be_review(name):
        refuse(here, "review.wrong_name", name=name)
    folder = f"{portfolio.folder}/{load.REVIEWS}"
    count = 1
    while name is None and (here["root"] / folder / f"review-{count}.yml").exists():
        count += 1
    day = today or datetime.datetime.now().astimezone().date()
    text = scaffold.review(portfolio, round_id, day, here["language"])
    put(here, {f"{folder}/{name or f'review-{count}'}.yml": text})


@new_group.command("workbook")
@click.argument("unit")
@click.argument("rubric")
@to_file("Where to write it (UNIT-RUBRIC.xlsx).")
@pass_here
def new_workbook_command(here: Here, unit: str, rubric: str, output: Path | None) -> None:
    """Make an Excel workbook to fill in, for somebody who writes no Markdown.

    It lists what the rubric asks for, with drop-downs and notes. `lakthan import` makes files of it.
    """
    project = load.load(_root(here)).project
    if unit not in project.units:
        refuse(here, "command.unknown_unit", name=unit)
    if rubric not in project.rubrics:
        refuse(here, "command.unknown_rubric", name=rubric, known=tuple(project.rubrics))
    path = output or Path(f"{unit.replace('/', '-')}-{rubric}.xlsx")
    if path.exists():  # it may be filled in already
        click.echo(say(here["language"], "command.kept", file=str(path)), err=True)
        sys.exit(1)
    from lakthan import intake  # noqa: PLC0415  (reading and writing Excel takes half a second to import)

    publish.write(path, intake.empty(project, unit, project.rubrics[rubric], here["language"]))
    click.echo(say(here["language"], "command.written", file=str(path)))


@main.command("import")
@click.argument("workbook", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--update", is_flag=True, help="Change files that are there already without asking.")
@pass_here
def import_command(here: Here, workbook: Path, update: bool) -> None:
    """Write what stands in a filled WORKBOOK, or in a CSV file, into the files of its portfolio.

    Files that are not there yet are made. Of those that are, only keys that the workbook fills in change, and only if
    asked for (--update, or a question at the terminal); comments, order and texts stay. Nothing is written while the
    workbook has mistakes: they are listed by sheet and cell.
    """
    from lakthan import intake, interchange  # noqa: PLC0415

    language: Language = here["language"]
    loaded = load.load(_root(here))
    broken = {problem.place.file for problem in loaded.problems if problem.severity == "error"}
    if workbook.suffix.lower() == ".csv":
        table = interchange.read(here["root"], workbook, loaded.project)
        problems, several = [*table.problems], table.filled
        changes = [*owning.rubric_file(here, table.rubric, update=update)] if table.rubric and not problems else []
    else:
        filled = intake.read(here["root"], workbook, loaded.project)
        problems, several, changes = [*filled.problems], (filled,), []
    if not any(problem.severity == "error" for problem in problems):
        for one in several:
            found = next((p for p in loaded.project.portfolios if p.id == f"{one.unit}/{one.rubric}"), None)
            made, refused = intake.merge(here["root"], one, found, broken)
            changes += made
            problems += refused
    show_problems(here, problems, err=True)
    if any(problem.severity == "error" for problem in problems):
        click.echo(say(language, "command.not_imported"), err=True)
        sys.exit(1)
    left = 0
    for change in changes:
        if change.old is not None and not update:
            ask = sys.stdin.isatty()
            if not ask or not click.confirm(say(language, "command.may_change", file=change.file)):
                click.echo(say(language, "command.not_changed", file=change.file), err=True)
                left += 1
                continue
        publish.write(here["root"] / change.file, change.new.encode("utf-8"))
        key = "command.written" if change.old is None else "command.changed"
        click.echo(say(language, key, file=change.file))
    if not changes:
        click.echo(say(language, "command.nothing_new"))
    sys.exit(1 if left else 0)


main.add_command(owning.rubric_group)
new_group.add_command(owning.new_rubric_command)
main.add_command(owning.export_group)
for command in upkeep.COMMANDS:
    main.add_command(command)
new_group.add_command(upkeep.year_command)


if __name__ == "__main__":
    main()
