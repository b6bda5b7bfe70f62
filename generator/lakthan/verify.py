"""Whether a site still is what was published, and whether its scores follow from what it publishes.

Only the site's own folder is read: the manifest against the files, then every score derived again from `inputs.json`
and `rubric.json`. What stands there may be anybody's work and is taken for nothing but data.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lakthan import build, diagnostics, exports, names, publish, signing, thai
from lakthan.diagnostics import Diagnostic
from lakthan.exports import Json
from lakthan.model import Answer, Assessment, FieldValue, Message, Place, Portfolio, Record, Review, Stated, Verdict
from lakthan.rubric import Rubric

Derived = tuple[str, Callable[[], Json]]
"""A document of the site, and what makes it anew."""
WORDS = frozenset({"text", "title"})
"""What a document says in words: other versions may say it otherwise."""


class Verified(NamedTuple):
    problems: tuple[Diagnostic, ...]
    files: int
    portfolios: int
    digest: str
    """SHA-256 of the manifest: whoever noted it knows that the manifest is the published one. Empty without one."""


class Difference(NamedTuple):
    """The first point where two documents part."""

    path: str
    indicator: str | None
    published: object
    derived: object


def verify(site: Path, key: Ed25519PublicKey | None = None) -> Verified:
    """Compare the files of *site* with its manifest, and every score with what follows from the published data.

    With a *key* the manifest has to be signed by who has its private half.

    Any file changed, missing or added is reported; of each portfolio the first point that does not follow.
    """
    published = _Published(site)
    published.compare_files()
    if key is not None:
        published.compare_signature(key)
    assessments = published.compare_scores()
    return Verified(
        diagnostics.sort(published.problems), len(published.files), len(assessments), published.manifest_digest()
    )


class Published(NamedTuple):
    """A portfolio of a site."""

    assessment: Assessment
    """What follows from the inputs that the site publishes, today."""
    rounds: Sequence[Json]
    """What the site says: `exports.score_document`, an entry for each round."""


def portfolios(site: Path) -> tuple[tuple[Published, ...], str, tuple[Diagnostic, ...]]:
    """The portfolios of a published site, what built it, and what of it cannot be read."""
    published = _Published(site)
    index, manifest = published.document("index.json"), published.document(publish.MANIFEST)
    found = []
    for one in _objects(index or {}, "portfolios"):
        assessment = published.portfolio(_name(one, "unit"), _name(one, "rubric"))
        document = assessment and published.document(f"{assessment.portfolio.id}/score.json")
        if assessment and document:
            found.append(Published(assessment, tuple(_objects(document, "portfolios"))))
    generator = _brief(str((manifest or {}).get("generator") or "–"))
    return tuple(found), generator, diagnostics.sort(published.problems)


class _Published:
    """A site's folder, and what is wrong with it so far."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.files = publish.files(site)
        self.problems: list[Diagnostic] = []
        self.words = True
        """Whether the words of reasons are compared."""
        self._rubrics: dict[str, Rubric | None] = {}

    def document(self, name: str) -> Json | None:
        """A JSON file of the site; None, and reported, where there is no such file or it holds no object."""
        path = self.site / publish.MANIFEST if name == publish.MANIFEST else self.files.get(name)
        if path is None:
            self.problems.append(Diagnostic("published-missing", Place(name)))
            return None
        try:
            if path.is_symlink() or not path.is_file():
                raise ValueError("no file")
            found = document_from(path.read_bytes())
        except (OSError, ValueError, RecursionError) as problem:
            self.unreadable(name, problem)
            return None
        return found

    def unreadable(self, name: str, problem: Exception) -> None:
        self.problems.append(Diagnostic("published-unreadable", Place(name), args={"reason": _brief(str(problem))}))

    # Files

    def manifest_digest(self) -> str:
        path = self.site / publish.MANIFEST
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else ""

    def compare_files(self) -> None:
        if not (self.site / publish.MANIFEST).is_file():
            self.problems.append(Diagnostic("published-no-manifest", Place(publish.MANIFEST)))
            return
        manifest = self.document(publish.MANIFEST)
        if manifest is None:
            return
        listed = manifest.get("files")
        if not isinstance(listed, dict):
            self.unreadable(publish.MANIFEST, ValueError("no files"))
            return
        generator = manifest.get("generator")
        if generator != publish.GENERATOR:
            self.words = False
            args = {"generator": _brief(str(generator)), "own": publish.GENERATOR}
            self.problems.append(Diagnostic("published-elsewhere", Place(publish.MANIFEST), "note", args))
        for name, path in self.files.items():
            if name not in listed:
                self.problems.append(Diagnostic("published-added", Place(name)))
            elif publish.entry(path) != listed[name]:
                self.problems.append(Diagnostic("published-changed", Place(name)))
        missing = (Diagnostic("published-missing", Place(name)) for name in listed if name not in self.files)
        self.problems += missing

    def compare_signature(self, key: Ed25519PublicKey) -> None:
        manifest, signature = self.site / publish.MANIFEST, self.site / publish.SIGNATURE
        found = [path for path in (manifest, signature) if path.is_file() and not path.is_symlink()]
        sound = len(found) == 2 and signature.stat().st_size == signing.SIZE
        if not sound or not signing.holds(manifest.read_bytes(), signature.read_bytes(), key):
            self.problems.append(Diagnostic("published-signature", Place(publish.SIGNATURE)))

    # Scores

    def compare_scores(self) -> tuple[Assessment, ...]:
        """Derive every portfolio again and compare all documents that tell of it."""
        index = self.document("index.json")
        if index is None:
            return ()
        listed = [(_name(one, "unit"), _name(one, "rubric")) for one in _objects(index, "portfolios")]
        found = [self.portfolio(unit, rubric) for unit, rubric in listed]
        assessments = tuple(one for one in found if one is not None)
        follow = [self.compare(f"{one.portfolio.id}/inputs.json", _of_portfolio(one)) for one in assessments]
        if len(assessments) == len(listed) and all(follow):  # else the same would be said again of each list
            self.compare_lists(index, assessments)
        return assessments

    def compare_lists(self, index: Json, assessments: Sequence[Assessment]) -> None:
        """Where portfolios are listed: in the site's own document, and those of its rubrics and units."""
        self.compare("", [("index.json", partial(_summaries, assessments))], partly=True)
        for name in (_name(one, "id") for one in _objects(index, "rubrics")):
            if rubric := self.rubric(name):
                document = f"rubrics/{name}/index.json", partial(exports.rubric_document, rubric, assessments)
                self.compare(f"rubrics/{name}/rubric.json", [document])
        for name in (_name(one, "id") for one in _objects(index, "units")):
            of_unit = [one for one in assessments if one.portfolio.unit == name]
            self.compare("", [(f"{name}/index.json", partial(_summaries, of_unit))], partly=True)

    def rubric(self, name: str) -> Rubric | None:
        """A rubric as it is published, and sound."""
        if name not in self._rubrics:
            self._rubrics[name] = None
            file = f"rubrics/{name}/rubric.json"
            document = self.document(file)
            if document is not None:
                try:
                    found = Rubric.model_validate(document)
                    if found.id != name or any(True for _ in names.unresolved(found)):
                        raise ValueError(name)
                    self._rubrics[name] = found
                except (ValueError, RecursionError) as problem:
                    self.unreadable(file, problem)
        return self._rubrics[name]

    def portfolio(self, unit: str, rubric_id: str) -> Assessment | None:
        """A portfolio with all that follows from it."""
        file = f"{unit}/{rubric_id}/inputs.json"
        rubric, document = self.rubric(rubric_id), self.document(file)
        if rubric is None or document is None:
            return None
        try:
            portfolio = portfolio_from(document, rubric)
            if portfolio.unit != unit:
                raise ValueError(portfolio.unit)
            return build.assess(portfolio, day_from(document["as_of"]))
        except Exception as problem:  # whatever it is: nothing follows from this file
            self.unreadable(file, problem)
            return None

    def compare(self, inputs: str, documents: Iterable[Derived], *, partly: bool = False) -> bool:
        """Report the first point of *documents* that does not follow; *partly*: they hold other things besides."""
        followed = True
        for file, derive in documents:
            published = self.document(file)
            if published is None:
                followed = False
                continue
            derived = json.loads(exports.encode(derive()))
            if partly:
                published = {key: value for key, value in published.items() if key in derived}
            if found := difference(published, derived, words=self.words):
                args = {"path": found.path, "published": shown(found.published), "derived": shown(found.derived)}
                indicator = found.indicator or _indicator(file, inputs)
                if indicator:
                    args |= {"indicator": indicator, "inputs": inputs}
                    self.problems.append(Diagnostic("published-score", Place(file), args=args))
                else:
                    self.problems.append(Diagnostic("published-total", Place(file), args=args))
                return False
        return followed


def _summaries(assessments: Sequence[Assessment]) -> Json:
    return {"portfolios": [exports.summary(one) for one in assessments]}


def _of_portfolio(assessment: Assessment) -> Iterator[Derived]:
    """Every document of a portfolio, scores first."""
    folder = assessment.portfolio.id
    yield f"{folder}/score.json", partial(exports.score_document, [assessment])
    yield f"{folder}/index.json", partial(exports.portfolio_document, assessment)
    for name in assessment.latest.indicators:
        yield f"{folder}/{name}/index.json", partial(exports.indicator_document, assessment, name)
    yield f"{folder}/inputs.json", partial(exports.inputs_document, assessment)


def _indicator(file: str, inputs: str) -> str | None:
    """The indicator whose own document *file* is."""
    rest = file.removeprefix(inputs.removesuffix("inputs.json"))
    return rest.removesuffix("/index.json") if rest != file and rest.endswith("/index.json") else None


# Comparing -------------------------------------------------------------------------------------------------------


class _Nothing:
    """What one document has and the other has not."""


_NOTHING = _Nothing()


def difference(published: object, derived: object, *, words: bool = True) -> Difference | None:
    """The first point where a document is not as derived. Indicators come first: totals follow from them.

    >>> difference({"points": 4, "indicators": [{"id": "1", "points": 4}]},
    ...            {"points": 3, "indicators": [{"id": "1", "points": 3}]})
    Difference(path='indicators[0].points', indicator='1', published=4, derived=3)
    """
    return _difference(published, derived, "", None, words)


def _difference(published: object, derived: object, path: str, indicator: str | None, words: bool) -> Difference | None:
    if isinstance(published, dict) and isinstance(derived, dict):
        for key in sorted({**derived, **published}, key=lambda key: key != "indicators"):
            if not words and key in WORDS:
                continue
            inner = f"{path}.{key}" if path else str(key)
            pair = published.get(key, _NOTHING), derived.get(key, _NOTHING)
            if found := _difference(*pair, inner, indicator, words):
                return found
        return None
    if isinstance(published, list) and isinstance(derived, list):
        listing = path.endswith("indicators")
        for position in range(max(len(published), len(derived))):
            pair = (
                published[position] if position < len(published) else _NOTHING,
                derived[position] if position < len(derived) else _NOTHING,
            )
            named = next((_name(one, "id") for one in reversed(pair) if isinstance(one, dict)), None)
            inside = named if listing else indicator
            if found := _difference(*pair, f"{path}[{position}]", inside, words):
                return found
        return None
    # True is 1 in Python, but not in JSON.
    same = published == derived and isinstance(published, bool) == isinstance(derived, bool)
    return None if same else Difference(path, indicator, published, derived)


def shown(value: object) -> object:
    if isinstance(value, _Nothing):
        return Message("publish.nothing")
    return _brief(json.dumps(value, ensure_ascii=False))


def _brief(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 80 else f"{line[:79]}…"


# Reading ---------------------------------------------------------------------------------------------------------


def document_from(content: bytes) -> Json:
    """A JSON object, as it was published. Raises ValueError and RecursionError."""
    found = json.loads(content.decode(errors="surrogateescape"), object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def portfolio_from(document: Json, rubric: Rubric) -> Portfolio:
    """The portfolio whose inputs were published: `exports.inputs_document`, read again.

    Raises whatever a document gives rise to that is none: KeyError, TypeError, ValueError, AttributeError.
    """
    unit, place = str(document["unit"]), Place(f"{document['unit']}/{document['rubric']}/inputs.json")
    if document["rubric"] != rubric.id:
        raise ValueError(document["rubric"])
    known = {node.id for node in rubric.every_indicator()}
    if unknown := set(document["indicators"]) - known:
        raise ValueError(f"indicators {', '.join(sorted(unknown))}")
    return Portfolio(
        unit=unit,
        rubric=rubric,
        folder=f"{unit}/{rubric.id}",
        shared=_answer(document["shared"], None, rubric, place),
        answers={name: _answer(given, name, rubric, place) for name, given in document["indicators"].items()},
        signed=day_from(document["signed"]),
        demonstration=document["demonstration"],
        self_level=document["self_level"],
        reviews=tuple(_review(one, place) for one in document["reviews"]),
    )


def _review(given: Json, file: Place) -> Review:
    return Review(
        name=given["name"],
        role=given["role"],
        date=datetime.date.fromisoformat(given["date"]),
        round=given["round"],
        final=given["final"],
        # Their order is all that their place says.
        verdicts=tuple(_verdict(one, replace(file, line=n)) for n, one in enumerate(given["verdicts"], 1)),
        place=file,
        note=given["note"],
    )


def _verdict(given: Json, place: Place) -> Verdict:
    points = given["points"]
    return Verdict(
        indicator=given["indicator"],
        evidence=given["evidence"],
        seen=given["seen"],
        verdict=given["verdict"],
        place=place,
        points=None if points is None else thai.parse_number(points),
        reason=given["reason"],
        answer=given["answer"],
        answered=day_from(given["answered"]),
    )


def _answer(given: Json, indicator: str | None, rubric: Rubric, place: Place) -> Answer:
    for name in given["facts"]:
        rubric.facts[name]  # KeyError
    for name in given["registers"]:
        if rubric.register(name) is None:
            raise KeyError(name)
    stated = given["self_score"]
    return Answer(
        indicator=indicator,
        place=place,
        facts={name: Stated(thai.parse_number(number), place) for name, number in given["facts"].items()},
        evidence=_records("evidence", given["evidence"], indicator, place),
        registers={name: _records(name, found, indicator, place) for name, found in given["registers"].items()},
        self_score=None if stated is None else Stated(thai.parse_number(stated), place),
        not_applicable=given["not_applicable"],
    )


def _records(register: str, given: Iterable[Json], indicator: str | None, place: Place) -> tuple[Record, ...]:
    return tuple(
        Record(
            register,
            {name: cast("FieldValue", _value(value)) for name, value in one["values"].items()},
            place,
            indicator,
            one["number"],
            one["seen"],
        )
        for one in given
    )


def _value(given: object) -> object:
    match given:
        case bool() | str():
            return given
        case int() | float():
            return thai.parse_number(given)
        case list():
            return tuple(_value(item) for item in given)
        case {"date": str(day), **rest} if not rest:
            return datetime.date.fromisoformat(day)
        case {"number": str(number), **rest} if not rest:
            return Fraction(thai.parse_number(number))
    raise TypeError(_brief(repr(given)))


def day_from(given: str | None) -> datetime.date | None:
    return None if given is None else datetime.date.fromisoformat(given)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    """A JSON object; one that has a key twice says two things at once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _objects(document: Mapping[str, Any], key: str) -> tuple[Json, ...]:
    given = document.get(key)
    return tuple(one for one in given if isinstance(one, dict)) if isinstance(given, list) else ()


def _name(document: Json, key: str) -> str:
    return str(document.get(key))
