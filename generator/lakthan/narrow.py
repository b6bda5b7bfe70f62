"""What the files of a portfolio or the pages of a unit follow from: nothing else is given to what makes them.

So whatever is made of a `Given` stands in the cache under a hash of it, and nothing can have been forgotten: what the
hash does not cover, no page of it can see. Only what is worked out from other fields (scores, advice) is left out of
the hash, and the code that does so stands in it (`cache.program`).
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from lakthan import advise, cache, links
from lakthan.examination import Examined
from lakthan.messages import Language
from lakthan.model import (
    Advice,
    Answer,
    Assessment,
    Finding,
    NodeScore,
    Place,
    Portfolio,
    Project,
    Score,
    Unit,
    Verified,
)

Beside = Mapping[Language, Mapping[str, tuple[str | None, str | None]]]
"""Language → portfolio → the units before and after it, among those that answer the same rubric."""


Told = Set[tuple[str, str]]
"""Answers whose accounts are told: by portfolio and indicator."""


class Given(NamedTuple):
    """All that the files of a site, or of a part of it, are made from."""

    examined: Examined
    sizes: Mapping[str, int] = {}
    """Attachment, by its path in the project → bytes of it as published."""
    previews: Mapping[str, tuple[int, int]] = {}
    """Attachment → width and height of its small picture."""
    beside: Beside | None = None
    """None where all portfolios are given."""
    accounts: Mapping[str, Answer] = {}
    """Indicator ("" for the shared one) → answer with what the unit tells, neither in `examined` nor in the digest."""

    def digest(self, rubrics: Mapping[str, bytes], shown: Callable[[Portfolio], object]) -> bytes:
        """SHA-256 of all of it; *rubrics* are those of the rubrics, and *shown* gives that of a portfolio, or all of it
        without its rubric: many have these in common.
        """
        examined, project = self.examined, self.examined.project
        every: Any = examined._replace(
            project=replace(
                project,
                rubrics={name: rubrics[name] for name in project.rubrics},  # type: ignore[misc]
                portfolios=tuple(map(shown, project.portfolios)),  # type: ignore[arg-type]
            ),
            # Worked out from the portfolios, for this round and day, and those reached before.
            assessments=[  # type: ignore[arg-type]
                (one.portfolio.id, one.latest.round, one.latest.reading, one.latest.as_of)
                for one in examined.assessments
            ],
        )
        # No text of it is the same for different values: none of our models hides a field, and none has sets.
        return _hashed(self._replace(examined=every, accounts={}))


class Narrow:
    """The parts of a site, each with what it follows from."""

    def __init__(self, whole: Given, beside: Beside) -> None:
        self.whole, self.beside = whole, beside
        self._bares: dict[str, Assessment] = {}
        self._digests: dict[str, bytes] = {}
        self._last: tuple[tuple[str, str], Given] = ("", ""), whole

    def digest(self, given: Given) -> bytes:
        """The digest of a part."""
        return given.digest(self.rubrics, self._shown)

    def _shown(self, portfolio: Portfolio) -> object:
        shown = replace(portfolio, rubric=portfolio.rubric.id)  # type: ignore[arg-type]
        bare = self._bares.get(portfolio.id)
        if not bare or bare.portfolio is not portfolio:
            return shown
        if portfolio.id not in self._digests:
            self._digests[portfolio.id] = _hashed(shown)
        return self._digests[portfolio.id]

    def telling(self, digest: bytes, answers: Iterable[Answer | None]) -> bytes:
        """The *digest* of a part that is told, besides, what units tell in these answers."""
        return _hashed((digest, [answer and _tells(answer) for answer in answers]))

    def portfolio(self, name: str) -> Given:
        """What a portfolio's own files may show: itself and its unit, earlier editions, and who stands beside it.

        What it tells stands apart.
        """
        own = self._by_id[name]
        rubric, unit = own.portfolio.rubric, own.portfolio.unit
        earlier = {known.partition(":")[0] for one in rubric.every_indicator() for known in one.continues}
        of_unit = self._by_unit[unit]
        shown = [self._bare(a) for a in of_unit if a is own or a.portfolio.rubric.id in earlier]
        beside = {language: {name: found[name]} for language, found in self.beside.items()}
        names = {other for found in beside.values() for other in found[name] if other}
        every = self.whole.examined.project.units
        units = [*self._above(unit), *(_named(every[other]) for other in sorted(names) if other in every)]
        return self._given(shown, units, beside)._replace(accounts={"": own.portfolio.shared, **own.portfolio.answers})

    def unit(self, name: str) -> Given:
        """What a unit's own pages may show: itself, the units around it, and all its portfolios, without accounts."""
        below = [_named(unit) for unit in self._children.get(name, ())]
        return self._given(map(self._bare, self._by_unit.get(name, ())), [*self._above(name), *below], {})

    @cached_property
    def untold(self) -> Given:
        """What pages and files of the whole site may show: everything but what units tell in their own words."""
        return self._whole([self._bare(assessment) for assessment in self.whole.examined.assessments])

    @cached_property
    def untold_digest(self) -> bytes:
        """The digest of `untold`."""
        return self.digest(self.untold)

    def told(self, told: Told) -> Given:
        """What a page across units may show: the same, and the accounts of the answers *told*."""
        return self._whole([self._bare(one, told) for one in self.whole.examined.assessments])

    def told_digest(self, told: Told) -> bytes:
        """The digest of what `told` gives."""
        every = sorted(told)
        answers = (self._by_id[id].portfolio.answers.get(name) for id, name in every)
        return self.telling(_hashed((self.untold_digest, every)), answers)

    def indicator(self, rubric: str, name: str) -> Given:
        """What the page of an indicator across units may show: what is known of it alone, in all portfolios."""
        if self._last[0] != (rubric, name):  # it is asked for a digest first, and then for the page
            self._last = (rubric, name), self._indicator(rubric, name)
        return self._last[1]

    def _indicator(self, rubric: str, name: str) -> Given:
        every = self.whole.examined.assessments
        given = self._whole([_only(one, name, self._newest) for one in every if one.portfolio.rubric.id == rubric])
        examined, ledger = given.examined, given.examined.ledger
        wanted = _addresses(examined.project.portfolios)
        shown = {address: ledger[address] for address in wanted if address in ledger}
        return given._replace(examined=examined._replace(ledger=shown))

    def indicator_digest(self, given: Given) -> bytes:
        """The digest of what `indicator` gave: what was worked out of all the rest is in it as well."""
        shown = [
            (
                [
                    (score.round, score.reading, score.as_of, score.level, *map(_scored, score.indicators.values()))
                    for score in (*one.scores, *(found.score for found in one.verified if found))
                ],
                [found and found.rulings for found in one.verified],
                one.advice.indicators,
                one.last_day,
            )
            for one in given.examined.assessments
        ]
        return _hashed((self.digest(given), shown))

    @cached_property
    def _newest(self) -> datetime.date | None:
        """The last day of all, which pages across units bear."""
        return max((day for one in self.whole.examined.assessments if (day := one.last_day)), default=None)

    def _whole(self, assessments: Sequence[Assessment]) -> Given:
        examined = self.whole.examined
        project = replace(examined.project, portfolios=tuple(one.portfolio for one in assessments), rubric_places={})
        return self.whole._replace(
            examined=Examined(project, tuple(assessments), (), {}, examined.ledger), beside=self.beside
        )

    def _bare(self, assessment: Assessment, told: Told = frozenset()) -> Assessment:
        """An assessment without the accounts of the unit, but for those of the answers *told*."""
        full = assessment.portfolio
        named = {name for name in full.answers if (full.id, name) in told}
        if not named and full.id in self._bares:
            return self._bares[full.id]
        silent = {name: one if name in named else _silent(one) for name, one in full.answers.items()}
        bare = replace(full, answers=silent, shared=_silent(full.shared))

        def of(score: Score) -> Score:
            return replace(score, portfolio=bare)

        work: dict[str, Callable[[Assessment], object]] = {
            "full": lambda _: assessment.apart(),  # what is worked out goes with who asked for it
            "scores": lambda found: (*map(of, found.full.scores[:-1]), found.latest),
            "verified": lambda found: tuple(one and replace(one, score=of(one.score)) for one in found.full.verified),
            "readings": lambda found: {name: of(score) for name, score in found.full.readings.items()},
            "advice": lambda found: found.full.advice,
            "timeline": lambda found: found.full.timeline,
            "stated": lambda found: found.full.stated and of(found.full.stated),
        }
        begun = Assessment.begun(bare, of(assessment.latest), work)
        vars(begun)["last_day"] = assessment.last_day  # of the same records, which are many to look through
        if not named:
            self._bares[full.id] = begun
        return begun

    def _given(self, shown: Iterable[Assessment], units: Iterable[Unit], beside: Beside) -> Given:
        whole, examined = self.whole, self.whole.examined
        assessments = tuple(shown)
        portfolios = tuple(assessment.portfolio for assessment in assessments)
        wanted: dict[str, Unit] = {}
        for unit in units:
            wanted.setdefault(unit.id, unit)
        project = Project(
            site=examined.project.site,
            rubrics={portfolio.rubric.id: portfolio.rubric for portfolio in portfolios},
            units=wanted,
            portfolios=portfolios,
        )
        files = [file for portfolio in portfolios for file in self._files.get(portfolio.folder, ())]
        return Given(
            Examined(
                project,
                assessments,
                tuple(problem for portfolio in portfolios for problem in self._problems.get(portfolio.folder, ())),
                {p.id: examined.searched[p.id] for p in portfolios if p.id in examined.searched},
                {address: examined.ledger[address] for address in _addresses(portfolios) if address in examined.ledger},
            ),
            {file: whole.sizes[file] for file in files},
            {file: whole.previews[file] for file in files if file in whole.previews},
            beside,
        )

    def _above(self, name: str) -> Iterator[Unit]:
        every, seen = self.whole.examined.project.units, set()
        unit = every.get(name)
        while unit and unit.id not in seen:
            seen.add(unit.id)
            yield unit
            unit = every.get(unit.parent or "")

    @cached_property
    def rubrics(self) -> dict[str, bytes]:
        """The hash of each rubric."""
        return {name: _hashed(rubric) for name, rubric in self.whole.examined.project.rubrics.items()}

    @cached_property
    def _by_id(self) -> dict[str, Assessment]:
        return {assessment.portfolio.id: assessment for assessment in self.whole.examined.assessments}

    @cached_property
    def _by_unit(self) -> dict[str, list[Assessment]]:
        found: dict[str, list[Assessment]] = {}
        for assessment in self.whole.examined.assessments:
            found.setdefault(assessment.portfolio.unit, []).append(assessment)
        return found

    @cached_property
    def _children(self) -> dict[str | None, list[Unit]]:
        found: dict[str | None, list[Unit]] = {}
        for unit in self.whole.examined.project.units.values():
            found.setdefault(unit.parent, []).append(unit)
        return found

    @cached_property
    def _problems(self) -> dict[str, list[Any]]:
        return self._below((problem.place.file, problem) for problem in self.whole.examined.problems)

    @cached_property
    def _files(self) -> dict[str, list[str]]:
        return self._below((file, file) for file in self.whole.sizes)

    def _below(self, found: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
        """What is in the folder of each portfolio, by path."""
        folders: dict[str, list[Any]] = {p.folder: [] for p in self.whole.examined.project.portfolios}
        for path, one in found:
            above = path
            while above and above not in folders:
                above = above.rpartition("/")[0]
            if above:
                folders[above].append(one)
        return folders


def _tells(answer: Answer) -> object:
    """What `_silent` leaves out."""
    english = answer.english
    return answer.body, answer.body_line, english and (english.body, english.body_line)


def _silent(answer: Answer) -> Answer:
    english = answer.english and replace(answer.english, body="", body_line=1)
    return replace(answer, body="", body_line=1, english=english)


def _only(assessment: Assessment, name: str, newest: datetime.date | None) -> Assessment:
    """What is known of one indicator in a portfolio, and what the portfolio says for all of them.

    Its last day is said to be the *newest* of all.
    """
    full = assessment.portfolio
    # An account in English translates texts wherever they stand in the portfolio.
    texts = {
        other: Answer(other, answer.place, english=replace(answer.english, body="", body_line=1))
        for other, answer in full.answers.items()
        if answer.english
    }
    own = {name: full.answers[name]} if name in full.answers else {}
    answers = {other: known for other in full.answers if (known := own.get(other) or texts.get(other))}
    slim = replace(full, answers=answers, shared=_silent(full.shared), reviews=())

    def of(score: Score) -> Score:
        node = score.indicators[name]
        return replace(score, portfolio=slim, root=node, gates=(), totals=(), indicators={name: node})

    def left(found: Verified | None) -> Verified | None:
        return found and Verified(of(found.score), tuple(r for r in found.rulings if r.indicator == name), ())

    # Of one indicator, not of all: what is asked for is one page.
    step = advise.step(assessment.latest.indicators[name])
    found = Assessment(
        slim,
        scores=tuple(map(of, assessment.scores)),
        readings={},
        advice=Advice({name: step} if step else {}, {}),
        timeline=(),
        verified=tuple(map(left, assessment.verified)),
    )
    vars(found)["last_day"] = newest
    return found


def _scored(found: Any) -> object:
    """A score with all its reasons, but for what the rubric says there: its digest stands for it."""
    if isinstance(found, NodeScore | Finding):
        names = (field.name for field in fields(found) if field.name not in ("node", "condition"))
        return [_scored(getattr(found, name)) for name in names]
    return [*map(_scored, found)] if isinstance(found, tuple) else found


def _named(unit: Unit) -> Unit:
    """A unit of which only the name is shown."""
    return Unit(unit.id, unit.name, Place(unit.place.file), unit.short, unit.parent)


def _addresses(portfolios: Iterable[Portfolio]) -> Iterator[str]:
    for portfolio in portfolios:
        for answer in portfolio.all_answers():
            for record in (*answer.evidence, *(one for records in answer.registers.values() for one in records)):
                if address := links.normal(record.text("url")):
                    yield address


def _hashed(shown: object) -> bytes:
    return hashlib.sha256(repr(shown).encode(errors="surrogatepass")).digest()


# What all files follow from ---------------------------------------------------------------------------------------


def ground(root: Path, templates: Iterable[Path]) -> bytes | None:
    """SHA-256 of what every page follows from besides what units wrote: program, templates, `mkdocs.yml`.

    None where that cannot be said: `mkdocs.yml` takes more from elsewhere.
    """
    try:
        settings = (root / "mkdocs.yml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    if "INHERIT" in settings:  # a key may be quoted, or stand in braces
        return None
    found = hashlib.sha256(cache.program())
    # `!ENV` takes values from there; whatever else is named in the file costs no more than a hash that is another.
    named = set(re.findall(r"\w+", settings)) - {"_"}
    said = sorted((name, value) for name, value in os.environ.items() if name in named)
    found.update(repr((settings, said)).encode(errors="surrogatepass"))
    for folder in templates:
        found.update(b"\0folder")
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = path.read_bytes()
            found.update(repr((path.relative_to(folder).as_posix(), len(content))).encode(errors="surrogatepass"))
            found.update(content)
            if (b"build_date" in content or b"update_date" in content) and path.suffix in (".html", ".j2", ".xml"):
                found.update(os.environ.get("SOURCE_DATE_EPOCH", "").encode())
    return found.digest()
