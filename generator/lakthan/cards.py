"""Preview cards: the picture (PNG, 1200 by 630) that others show for a link to a portfolio or an indicator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lakthan import pdf, thai
from lakthan.cache import Cache
from lakthan.model import Assessment, Project
from lakthan.pages.words import Words

NAME = "card.png"
"""The card's file beside the page that it shows."""
TEMPLATE = "cards/card.typ"
SIZE = (1200, 630)
LONGEST = 400
"""Characters that a text on a card has room for."""


def files(
    project: Project, assessments: Iterable[Assessment], templates: Sequence[Path], cache: Cache | None = None
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """A card for each portfolio and each of its indicators: its path relative to the site, and what makes it."""
    for assessment in assessments:
        portfolio = assessment.portfolio
        names = ("", *assessment.latest.indicators)
        cards = _Cards([document(project, assessment, name) for name in names], templates, cache or Cache())
        for number, name in enumerate(names):
            folder = f"{portfolio.id}/{name}" if name else portfolio.id
            yield f"{folder}/{NAME}", partial(cards.make, number)


def document(project: Project, assessment: Assessment, name: str = "") -> dict[str, Any]:
    """What the card of a portfolio says, or that of one of its indicators: Thai, in the digits of the site."""
    words = Words("th", project.site.digits)
    portfolio, score = assessment.portfolio, assessment.latest
    unit = project.units.get(portfolio.unit)
    owner = words.text(unit.name) if unit else portfolio.unit
    node = score.indicators.get(name)
    points, most = (node.points, node.max) if node else (score.points, score.max)
    applies = node is None or node.applies
    shown = words.show(points) if applies else "–"
    title = getattr(node.node, "title", None) if node else None
    said = {
        "site": words.text(project.site.title),
        "above": words.text(portfolio.rubric.short),
        "title": words.numbered(name, title) if node else owner,
        "below": owner if node else words.text(portfolio.rubric.title),
        "mark": words.say("demo.mark") if portfolio.demonstration else "",
        "points": shown,
        "points_size": 150 if len(shown) <= 2 else 110 if len(shown) <= 3 else 72,
        "of": words.say("score.out_of", max=most) if applies else words.say("score.na_short"),
        "level": "" if node else words.level_title(portfolio.rubric, score.level) if portfolio.rubric.levels else "",
        "share": float(points / most) if most else 0.0,
    }
    # More has no room on a card.
    return {key: thai.cut(text, LONGEST) if isinstance(text, str) else text for key, text in said.items()}


def make(data: dict[str, Any], templates: Sequence[Path], cache: Cache) -> bytes:
    """The card as PNG, the same bytes for the same *data*. *templates* are the folders to look in.

    Raises `pdf.Refused` for a template that Typst cannot set, or that makes other than a page for each card.
    """
    return _Cards([data], templates, cache).make(0)


class _Cards:
    """The cards of a portfolio. What is not kept is drawn at once: one by one takes twice as long, and Typst lets go of
    what it has set of the form before the next form comes."""

    def __init__(self, documents: Iterable[dict[str, Any]], templates: Sequence[Path], cache: Cache) -> None:
        self._template = _first(templates, TEMPLATE).read_bytes()
        self._fonts = _first(templates, "forms/fonts")
        self._said = [json.dumps(data, ensure_ascii=False, sort_keys=True) for data in documents]
        ground = hashlib.sha256(version("typst").encode() + b"\n" + self._template)
        for font in sorted(self._fonts.glob("*.ttf")):
            ground.update(hashlib.sha256(font.read_bytes()).digest())
        self._sources = [ground.digest() + said.encode() for said in self._said]
        self._cache = cache
        self._drawn: dict[int, bytes] = {}

    def make(self, number: int) -> bytes:
        kept = self._cache.find(NAME, self._sources[number])
        if kept is not None:
            return kept
        if number not in self._drawn:
            sources = enumerate(self._sources)
            missing = [n for n, source in sources if n == number or not self._cache.has(NAME, source)]
            for n, picture in zip(missing, self._draw(missing), strict=True):
                self._cache.keep(NAME, self._sources[n], picture)
                self._drawn[n] = picture
        return self._drawn[number]

    def _draw(self, numbers: Sequence[int]) -> list[bytes]:
        import typst  # noqa: PLC0415  (only where a card has changed)

        compile: Any = typst.compile
        try:
            found = compile(
                {"main.typ": self._template},
                font_paths=[str(self._fonts)],
                ignore_system_fonts=True,
                sys_inputs={"data": f"[{','.join(self._said[number] for number in numbers)}]"},
                format="png",
                ppi=72.0,
            )
        except typst.TypstError as problem:
            raise pdf.Refused(str(problem)) from problem
        pictures = [found] if isinstance(found, bytes) else found
        if len(pictures) != len(numbers):
            raise pdf.Refused(f"{len(pictures)} ≠ {len(numbers)}")
        return pictures


def _first(folders: Sequence[Path], name: str) -> Path:
    return next((folder / name for folder in folders if (folder / name).exists()), Path(name))
