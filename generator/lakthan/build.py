"""The order of the steps.

    load → check → score, advise → pages, exports, workbooks → disk → site builder

Pages stand on disk before any site builder starts, so that MkDocs and Zensical both build them.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from lakthan import check, diagnostics, load, privacy, writing
from lakthan.cache import FOLDER
from lakthan.diagnostics import Diagnostic
from lakthan.examination import Examined, Part, Problems, Watch, assess, examine, keyed, quietly, sweep
from lakthan.model import Place, Portfolio

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from mkdocs.config.defaults import MkDocsConfig

    from lakthan.made import Ahead
    from lakthan.writer import Written

__all__ = [
    "DOCS",
    "INPUTS",
    "Examined",
    "Part",
    "Problems",
    "ahead",
    "assess",
    "examine",
    "generate",
    "problems",
    "shipped",
    "site",
    "sweep",
]

DOCS = "build/docs"
"""What only the writer writes, relative to the project; `docs_dir` of mkdocs.yml."""
INPUTS = ("content", "rubrics", "site_templates")
"""Folders whose change changes pages."""


def problems(root: Path, today: datetime.date, *, watch: Watch[Portfolio] = quietly) -> tuple[Diagnostic, ...]:
    """All that is wrong or doubtful below *root*, what falls due soon after *today*, and what is dated after it."""
    swept = sweep(root, partial(_problems, today))
    found = [*swept.problems]
    for one in swept.watched(watch):
        found += one
    return diagnostics.merge(found)


def _problems(today: datetime.date, part: Part) -> Problems:
    near = (*check.deadlines(part.assessment, today), *writing.dated_in_future(part.assessment.portfolio, today))
    return (*part.problems, *keyed(near))


def source_line(root: Path) -> Callable[[Place], str | None]:
    """A function that gives the text of the line at a place, or None, with any person's number masked."""
    line = load.source_line(root)
    return lambda place: None if (text := line(place)) is None else privacy.mask(text)


# Writing ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def ahead(root: Path) -> Iterator[Ahead | None]:
    """Begin a `site` with what the last one was made of, while this one is examined. Nobody else builds meanwhile."""
    from lakthan import made, publish  # noqa: PLC0415  (as in `configured`)

    with publish.lock(root):
        if not made.empty(root / DOCS):  # other builders have been here: the last one wrote more than a site
            yield None
            return
        with made.ahead(root) as begun:
            yield begun


def generate(root: Path, examined: Examined, *, processes: int | None = None) -> Written:
    """Write the pages, data and attachments of what was examined, and nothing else, to `DOCS`.

    A file that would not change is not touched, one that no longer belongs is removed.
    """
    return _write(root, examined, None, processes)


def _write(
    root: Path,
    examined: Examined,
    site: Path | None,
    processes: int | None,
    begun: Ahead | None = None,
    config: MkDocsConfig | None = None,
) -> Written:
    # Imported here: what makes pages and forms takes a quarter of a second, which `lakthan check` need not wait for.
    from lakthan import editor, made, publish, writer  # noqa: PLC0415

    docs = root / DOCS
    # A site follows from no file there. What other builders were given once is kept up, that they build nothing old.
    wanted = docs if site is None or not made.empty(docs) else None
    where = writer.Folders(root, wanted, site, root / FOLDER, templates(root), config=config)
    admin = editor.published(examined.project, shipped() / "site_templates")
    with publish.lock(root):
        return writer.write(where, examined, admin, processes=processes, ahead=begun)


def templates(root: Path) -> tuple[Path, ...]:
    """Where templates are looked for: the project's own folder, then the one that comes with Lakthan."""
    found = (root / "site_templates", shipped() / "site_templates")
    return tuple(path for path in found if path.is_dir())


def shipped() -> Path:
    """The rubrics, templates and settings that come with Lakthan: in the wheel, or in the repository itself."""
    packaged = Path(str(resources.files("lakthan"))) / "data"
    return packaged if packaged.is_dir() else Path(__file__).parents[2]


def site(
    root: Path,
    examined: Examined,
    *,
    strict: bool = False,
    key: Ed25519PrivateKey | None = None,
    processes: int | None = None,
    begun: Ahead | None = None,
    tell: Callable[[str], object] = bool,
) -> Path:
    """Generate the pages and build the site as MkDocs would, signed with *key*. Returns the site's folder.

    Where `mkdocs.yml` holds what we don't know (`frame.foreign`), MkDocs builds it, and *tell* is told what that is.
    *processes* are as many as there are cores unless said. What was *begun* `ahead` is built upon.
    """
    from lakthan import frame, publish  # noqa: PLC0415  (as in `configured`)

    with publish.lock(root):
        config = configured(root, strict=strict)
        published = Path(config.site_dir)
        if what := frame.foreign(config):
            tell(what)
        if strict or what:
            generate(root, examined, processes=processes)
            with publish.dated(examined.newest), publish.building(published, key) as fresh:
                _by_mkdocs(config, fresh)
        else:
            sums: dict[str, tuple[str, int]] = {}
            laid = begun.site if begun else None
            with publish.dated(examined.newest), publish.building(published, key, sums, laid) as fresh:
                sums.update(_write(root, examined, fresh, processes, begun, config).sums)
    return published


def configured(root: Path, *, strict: bool = False) -> MkDocsConfig:
    """The project's `mkdocs.yml`, as MkDocs reads it: it wants the docs folder to be there, which git leaves out."""
    # Imported here: MkDocs takes half a second, which `lakthan score` need not wait for.
    from lakthan import frame  # noqa: PLC0415

    (root / DOCS).mkdir(parents=True, exist_ok=True)
    return frame.configured(root, strict=strict)


def foreign(root: Path) -> str:
    """What of `mkdocs.yml` makes MkDocs build the site itself; nothing, as a rule."""
    from lakthan import frame  # noqa: PLC0415

    return frame.foreign(configured(root))


def _by_mkdocs(config: MkDocsConfig, fresh: Path) -> None:
    from mkdocs.commands.build import build  # noqa: PLC0415

    plugin = config.plugins.get("lakthan")
    try:
        if plugin is not None:
            plugin.generated = True
        config.site_dir = str(fresh)
        build(config)
    finally:
        if plugin is not None:  # MkDocs may use the same one for the next build of this process
            plugin.generated = False
