"""The order of the steps, and the only writer.

    load → check → score, advise → pages, exports, workbooks → disk → site builder

Pages stand on disk before any site builder starts, so that MkDocs and Zensical both build them.
"""

from __future__ import annotations

import datetime
import os
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakthan import (
    attachments,
    cards,
    check,
    diagnostics,
    editor,
    exports,
    forms,
    load,
    pages,
    preview,
    privacy,
    publish,
    word,
    workbook,
    writing,
)
from lakthan.cache import FOLDER, Cache
from lakthan.diagnostics import Diagnostic
from lakthan.examination import Examined, assess, examine
from lakthan.model import Message, Place

__all__ = [
    "DOCS",
    "INPUTS",
    "Examined",
    "TemplateMistake",
    "Written",
    "assess",
    "examine",
    "generate",
    "shipped",
    "site",
]

DOCS = "build/docs"
"""What only the writer writes, relative to the project; `docs_dir` of mkdocs.yml."""
KEPT = (".gitignore",)
"""Files of that folder that are the repository's: MkDocs wants the folder to exist in a fresh clone."""
INPUTS = ("content", "rubrics", "site_templates")
"""Folders whose change changes pages."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the writer did, as paths relative to `DOCS`."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    total: int


class TemplateMistake(Exception):
    """A template of the project cannot be used; `message` says which, where and why."""

    def __init__(self, mistake: jinja2.TemplateError) -> None:
        super().__init__(str(mistake))
        file, line = getattr(mistake, "filename", None), getattr(mistake, "lineno", None)
        for frame, number in traceback.walk_tb(mistake.__traceback__):
            if frame.f_code.co_filename.endswith(".j2"):
                file, line = frame.f_code.co_filename, number
        place = f"{Path(file).name}:{line or 1}" if file else str(getattr(mistake, "name", "") or "site_templates")
        self.message = Message("command.template", {"place": place, "why": str(mistake.message)})


def with_deadlines(examined: Examined, today: datetime.date) -> tuple[Diagnostic, ...]:
    """The problems found, what falls due soon after *today*, and what is dated after it."""
    near = [one for assessment in examined.assessments for one in check.deadlines(assessment, today)]
    for portfolio in examined.project.portfolios:
        near += writing.dated_in_future(portfolio, today)
    return diagnostics.sort((*examined.problems, *map(privacy.masked, near)))


def source_line(root: Path) -> Callable[[Place], str | None]:
    """A function that gives the text of the line at a place, or None, with any person's number masked."""
    line = load.source_line(root)
    return lambda place: None if (text := line(place)) is None else privacy.mask(text)


# Writing ---------------------------------------------------------------------------------------------------------


def generate(root: Path, examined: Examined) -> Written:
    """Write the pages, data and attachments of what was examined, and nothing else, to `DOCS`.

    A file that would not change is not touched, one that no longer belongs is removed.
    """
    docs = root / DOCS
    cache = Cache(root / FOLDER)
    sizes: dict[str, int] = {}
    previews: dict[str, tuple[int, int]] = {}

    def copies() -> Iterator[tuple[str, bytes]]:
        for portfolio in (assessment.portfolio for assessment in examined.assessments):
            for name in load.attachments(portfolio):
                content = attachments.published(root / portfolio.folder / name)
                sizes[f"{portfolio.folder}/{name}"] = len(content)
                yield f"{portfolio.id}/{name}", content
                if picture := preview.preview(root / portfolio.folder / name, content, cache):
                    previews[f"{portfolio.folder}/{name}"] = (picture.width, picture.height)
                    yield f"{portfolio.id}/{preview.PLACE}/{name}.webp", picture.content

    made = pages.pages(
        examined.project,
        examined.assessments,
        templates=templates(root),
        problems=examined.problems,
        sizes=sizes,
        previews=previews,
        searched={name: privacy.sentences(found) for name, found in examined.searched.items()},
        ledger=examined.ledger,
        cache=cache,
    )
    files: Iterator[tuple[str, bytes]] = ((page.path, page.content) for page in made)
    books = ((path, make()) for path, make in workbook.files(examined.project, examined.assessments))
    forms_of = forms.files(examined.project, examined.assessments, templates(root), cache)
    words_of = word.files(examined.project, examined.assessments, templates(root), cache)
    printed = ((path, make()) for path, make in (*forms_of, *words_of))
    # Whoever shows a link wants the card's whole address: without the site's there is nothing to show.
    shown = examined.assessments if exports.base(examined.project) else ()
    cards_of = cards.files(examined.project, shown, templates(root), cache)
    pictures = ((path, make()) for path, make in cards_of)
    admin = editor.published(examined.project, shipped() / "site_templates")
    with publish.lock(root):
        try:
            # The attachments first: the pages say how large they have become.
            written = _write(docs, copies(), files, books, printed, pictures, admin)
        except jinja2.TemplateError as mistake:
            raise TemplateMistake(mistake) from mistake
        cache.prune()
    return written


def _write(docs: Path, *sources: Iterable[tuple[str, bytes]]) -> Written:
    wanted: set[str] = set()
    changed = []
    for source in sources:
        for name, content in source:
            wanted.add(name)
            # mkdocs serve watches this folder: rewriting an unchanged file would rebuild for ever.
            path = docs / name
            if path.is_file() and path.read_bytes() == content:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            for parent in path.relative_to(docs).parents:
                if (docs / parent).is_file():  # a folder now, a file the last time
                    (docs / parent).unlink()
            publish.write(path, content)
            changed.append(name)
    removed = [name for name in _present(docs) if name not in wanted]
    for name in removed:
        (docs / name).unlink()
    for folder, _, _ in os.walk(docs, topdown=False):
        if Path(folder) != docs and not any(Path(folder).iterdir()):
            Path(folder).rmdir()
    return Written(tuple(changed), tuple(removed), len(wanted))


def _present(docs: Path) -> Iterator[str]:
    for path in sorted(docs.rglob("*")):
        name = path.relative_to(docs).as_posix()
        if path.is_file() and name not in KEPT:
            yield name


def templates(root: Path) -> tuple[Path, ...]:
    """Where templates are looked for: the project's own folder, then the one that comes with Lakthan."""
    found = (root / "site_templates", shipped() / "site_templates")
    return tuple(path for path in found if path.is_dir())


def shipped() -> Path:
    """The rubrics, templates and settings that come with Lakthan: in the wheel, or in the repository itself."""
    packaged = Path(str(resources.files("lakthan"))) / "data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def site(root: Path, examined: Examined, *, strict: bool = False, key: Ed25519PrivateKey | None = None) -> Path:
    """Generate the pages and build the site with MkDocs, signed with *key*. Returns the site's folder."""
    # Imported here: MkDocs takes half a second, which `lakthan score` need not wait for.
    from mkdocs.commands.build import build  # noqa: PLC0415
    from mkdocs.config import load_config  # noqa: PLC0415

    with publish.lock(root):
        generate(root, examined)
        config = load_config(config_file=str(root / "mkdocs.yml"), strict=strict)
        plugin = config.plugins.get("lakthan")
        published = Path(config.site_dir)
        try:
            if plugin is not None:
                plugin.generated = True
            with publish.dated(examined.newest), publish.building(published, key) as fresh:
                config.site_dir = str(fresh)
                build(config)
        finally:
            if plugin is not None:  # MkDocs may use the same one for the next build of this process
                plugin.generated = False
    return published
