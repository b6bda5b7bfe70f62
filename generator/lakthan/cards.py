"""Preview cards: the picture (PNG, 1200 by 630) that others show for a link to a portfolio or an indicator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lakthan import thai
from lakthan.cache import Cache
from lakthan.model import Assessment, Project
from lakthan.pages.words import Words

NAME = "card.png"
"""The card's file beside the page that it shows."""
SIZE = (1200, 630)
LONGEST = 400
"""Characters that a text on a card has room for."""


def files(
    project: Project, assessments: Iterable[Assessment], templates: Sequence[Path], cache: Cache | None = None
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """A card for each portfolio and each of its indicators: its path relative to the site, and what makes it."""
    for assessment in assessments:
        portfolio = assessment.portfolio
        for name in ("", *assessment.latest.indicators):
            folder = f"{portfolio.id}/{name}" if name else portfolio.id
            data = document(project, assessment, name)
            yield f"{folder}/{NAME}", partial(make, data, templates, cache or Cache())


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
    """The card as PNG, the same bytes for the same *data*. *templates* are the folders to look in."""
    template = _first(templates, "cards/card.typ").read_bytes()
    fonts = _first(templates, "forms/fonts")
    said = json.dumps(data, ensure_ascii=False, sort_keys=True)
    source = hashlib.sha256(f"{version('typst')}\n{said}\n".encode() + template)
    for font in sorted(fonts.glob("*.ttf")):
        source.update(hashlib.sha256(font.read_bytes()).digest())
    return cache.get(NAME, source.digest(), partial(_drawn, template, said, fonts))


def _drawn(template: bytes, said: str, fonts: Path) -> bytes:
    import typst  # noqa: PLC0415  (only where a card has changed)

    compile: Any = typst.compile
    found = compile(
        {"main.typ": template},
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        sys_inputs={"data": said},
        format="png",
        ppi=72.0,
    )
    assert isinstance(found, bytes)
    return found


def _first(folders: Sequence[Path], name: str) -> Path:
    return next((folder / name for folder in folders if (folder / name).exists()), Path(name))
