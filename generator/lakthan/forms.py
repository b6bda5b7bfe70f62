"""The summary form of a portfolio as a PDF to hand in.

`document` says everything that the form shows, in one language: plain data, from which the templates in
`site_templates/forms/` set the page. A rubric has a template of its own where one bears its id; `generic.typ` serves
all others. What a unit wrote reaches a template as data, never as markup.
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lakthan import messages, pdf, thai
from lakthan.cache import Cache
from lakthan.messages import Language
from lakthan.model import Answer, Assessment, Gate, Message, NodeScore, Portfolio, Project, Record, Score, Total
from lakthan.pages import answers
from lakthan.pages.addresses import outside
from lakthan.pages.conditions import asked
from lakthan.pages.site import groups
from lakthan.pages.words import Words
from lakthan.rubric import Area, Criterion, FieldType, Indicator, Rubric, Subtotal

if TYPE_CHECKING:
    import segno

Json = dict[str, Any]

NAME = "form.pdf"
"""The form's file beside the page of its portfolio."""
FOLDER = "forms"
"""Where templates and fonts stand, below each folder of templates."""
GENERIC = "generic"
CROWDED = "maximum grouping depth"
"""What Typst says where one paragraph has more than 511 words that are kept whole: they may be torn there."""
LONGEST = 5000
"""Characters of a text on the form: titles and descriptions in a PDF/A may not be of any length."""
LISTED = 12
"""Entries of a register that are listed one by one; of a longer one only the number is said."""


class Unfit(Exception):
    """A template of a form that cannot be used; `message` says which, and why."""

    def __init__(self, name: str, why: str, outdated: bool = False) -> None:
        super().__init__(name, why, outdated)  # all of them, or it could not come from another process
        told = {"place": f"{FOLDER}/{name}", "why": why}
        self.message = Message("command.template_inputs", told) if outdated else Message("command.template", told)


# The PDF ---------------------------------------------------------------------------------------------------------


def make(
    project: Project,
    assessment: Assessment,
    templates: Sequence[Path],
    *,
    language: Language = "th",
    cache: Cache | None = None,
) -> bytes:
    """The form of one portfolio in its last round as PDF, the same bytes for the same content.

    *templates* are the folders to look in, the project's own first. Raises `Unfit` for a template that Typst refuses.
    """
    data = document(project, assessment, language)
    return typeset(assessment.portfolio.rubric.id, data, assessment.portfolio, templates, cache=cache)


def files(
    project: Project, assessments: Iterable[Assessment], templates: Sequence[Path] = (), cache: Cache | None = None
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The form of each portfolio: its path relative to the site, and what makes it."""
    for assessment in assessments:
        yield f"{assessment.portfolio.id}/{NAME}", partial(make, project, assessment, templates, cache=cache)


def typeset(
    wanted: str,
    data: Json,
    portfolio: Portfolio,
    templates: Sequence[Path],
    *,
    pictures: Mapping[str, bytes] | None = None,
    cache: Cache | None = None,
) -> bytes:
    """*data* as PDF by the template *wanted*, or the generic one; dated by the newest day of the portfolio.

    *pictures* are files that the template may show, by the names that *data* gives them.
    """
    found: dict[str, bytes] = dict(pictures or {})
    for folder in reversed(templates):
        found |= {path.name: path.read_bytes() for path in sorted((folder / FOLDER).glob("*.typ"))}
    name = wanted if f"{wanted}.typ" in found else GENERIC
    fonts = fonts_of(templates)
    source = hashlib.sha256(json.dumps([name, pdf.version(), data], ensure_ascii=False, sort_keys=True).encode())
    for path, content in [*sorted(found.items()), *((f.name, f.read_bytes()) for f in sorted(fonts.glob("*.ttf")))]:
        source.update(hashlib.sha256(path.encode() + b"\0" + content).digest())

    def made(whole: bool = True) -> bytes:
        try:
            return pdf.make(f"{name}.typ", found, {**data, "whole": whole}, max(portfolio.dates(), default=None), fonts)
        except pdf.Refused as why:
            if whole and CROWDED in str(why):
                return made(whole=False)
            # As templates read their data once, and copies of `kit.typ` may do to this day.
            outdated = next((path for path, content in found.items() if b"sys.inputs" in content), "")
            raise Unfit(outdated or f"{name}.typ", str(why), bool(outdated)) from why

    return (cache or Cache()).get(NAME, source.digest(), made)


def fonts_of(templates: Sequence[Path]) -> Path:
    """The folder of the fonts that forms are set in: the project's own, if it has any."""
    return next((folder / FOLDER / "fonts" for folder in templates if (folder / FOLDER / "fonts").is_dir()), Path())


# What the form says ----------------------------------------------------------------------------------------------

LABELS = tuple(sorted(key.rpartition(".")[2] for key in messages.catalogue("th") if key.startswith("form.label.")))
"""Words that the templates set themselves; the catalogue has them under `form.label`."""


def document(project: Project, assessment: Assessment, language: Language = "th") -> Json:
    """All that the form of a portfolio shows, as texts in one language: Thai digits in print, ASCII in addresses.

    A text of more than `LONGEST` characters is cut. It is not to be changed: it is known again the next time.
    """
    return _known(_Whose(project, assessment), language)


class _Whose:
    """A portfolio, as it was read and scored: the very same, and no other however alike."""

    def __init__(self, project: Project, assessment: Assessment) -> None:
        self.project, self.assessment = project, assessment

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Whose):
            return NotImplemented
        return self.project is other.project and self.assessment is other.assessment

    def __hash__(self) -> int:
        return hash((id(self.project), id(self.assessment)))


@lru_cache(1)  # PDF and Word document are made one after the other
def _known(whose: _Whose, language: Language) -> Json:
    made: Json = _short(_document(whose.project, whose.assessment, language))
    return made


def _short(value: Any) -> Any:
    match value:
        case str():
            return thai.cut(value, LONGEST)
        case dict():
            return {name: inner if name == "qr" else _short(inner) for name, inner in value.items()}
        case list():
            return [_short(inner) for inner in value]
    return value


def _document(project: Project, assessment: Assessment, language: Language) -> Json:
    words = Words(language, project.site.digits)
    portfolio, score = assessment.portfolio, assessment.latest
    rubric, unit = portfolio.rubric, project.units.get(portfolio.unit)
    self_scores = _Self(portfolio, score)
    long = None if portfolio.signed is None else thai.show_date(portfolio.signed, language=language, long=True)
    newest = max(portfolio.dates(), default=None)
    return {
        "language": language,
        "digits": "thai" if language == "th" and words.digits == "thai" else "ascii",
        "label": {name: words.said(Message(f"form.label.{name}")) for name in LABELS},
        "portfolio": portfolio.id,
        "rubric": rubric.id,
        "year": newest.year if newest else None,
        "title": words.text(rubric.document.title),
        "name": words.text(rubric.title),
        "short": words.text(rubric.short),
        "issuer": words.text(rubric.document.issuer),
        "unit": words.text(unit.name) if unit else portfolio.unit,
        "unit_short": words.text(unit.short or unit.name) if unit else portfolio.unit,
        "executive": portfolio.executive,
        "reporter": _lines(portfolio.reporter),
        "signed": words.show(long) if long else "",
        "demonstration": portfolio.demonstration,
        "round": next((words.text(r.title) for r in rubric.rounds if r.id == score.round), ""),
        "rounds": [next(words.text(r.title) for r in rubric.rounds if r.id == s.round) for s in assessment.scores]
        if rubric.rounds
        else [],
        "points": words.show(score.points),
        "totals-by-round": [words.show(s.points) for s in assessment.scores],
        "max": words.show(score.max),
        "self": self_scores.shown(words, score.indicators),
        "reviewed": assessment.reviewed is not None,
        "verified": words.show(assessment.reviewed.score.points) if assessment.reviewed else "",
        "verified_level": words.level_title(rubric, assessment.reviewed.score.level)
        if assessment.reviewed and rubric.levels
        else "",
        "level": words.level_title(rubric, score.level) if rubric.levels else "",
        "self_level": words.level_title(rubric, portfolio.self_level) if portfolio.self_level else "",
        "parts": list(_parts(words, project, assessment, self_scores)),
        "totals": [_total(words, assessment, total.subtotal, self_scores) for total in score.totals],
        "levels": [_level(words, portfolio, gate) for gate in score.gates],
        "unscored": words.show(self_scores.without) if self_scores.without else "",
        "submission": words.text(rubric.document.submission),
        "address": _published(project, f"{portfolio.id}/"),
        "qr": qr(_published(project, f"{portfolio.id}/")),
    }


def _lines(role: str) -> list[str]:
    """A role as it is signed: an acting head's own post stands on the line before.

    >>> _lines("นักวิชาการชำนาญการ รักษาราชการแทนผู้อำนวยการ")
    ['นักวิชาการชำนาญการ', 'รักษาราชการแทน', 'ผู้อำนวยการ']
    """
    return [part.strip() for part in re.split("(รักษาราชการแทน|รักษาการแทน|ปฏิบัติราชการแทน)", role) if part.strip()]


class _Self:
    """The unit's own scores, and what they add up to."""

    def __init__(self, portfolio: Portfolio, score: Score) -> None:
        applied = {name: node for name, node in score.indicators.items() if node.applies and node.max}
        self.scores = {
            name: answer.self_score.value
            for name, answer in portfolio.answers.items()
            if answer.self_score and name in applied
        }
        self.asked = set(applied)
        self.adds_up = all(node.award == "sum" for node in _inner(portfolio.rubric))

    @property
    def without(self) -> int:
        """How many indicators the unit gave no score."""
        return len(self.asked - set(self.scores))

    def shown(self, words: Words, names: Iterable[str]) -> str:
        """Their sum, empty where one is missing or where the rubric does not add up."""
        wanted = self.asked & set(names)
        if not self.adds_up or not wanted <= set(self.scores):
            return ""
        return words.show(sum((self.scores[name] for name in wanted), Fraction(0)))


def _inner(node: Rubric | Area) -> Iterator[Rubric | Area]:
    yield node
    for area in node.areas:
        yield from _inner(area)


def _below(rubric: Rubric, names: Iterable[str]) -> list[str]:
    """The indicators that areas and indicators are, in the order of the rubric."""
    wanted = set(names)

    def walk(node: Rubric | Area, inside: bool) -> Iterator[str]:
        for indicator in node.indicators:
            if inside or indicator.id in wanted:
                yield indicator.id
        for area in node.areas:
            yield from walk(area, inside or area.id in wanted)

    return list(walk(rubric, False))


def _parts(words: Words, project: Project, assessment: Assessment, self_scores: _Self) -> Iterator[Json]:
    """The tables of the form: one for each area, with the subtotals that are complete after it."""
    rubric, score = assessment.portfolio.rubric, assessment.latest
    order = [indicator.id for indicator in rubric.every_indicator()]
    seen = 0
    for area, depth, indicators in groups(rubric):
        names = _below(rubric, [area.id]) if area else order
        if indicators:
            done, seen = seen, order.index(indicators[-1].id) + 1
        else:
            done = seen
        nodes = (
            [next((n for n in s.root.walk() if n.node is area or n.path == area.id), None) for s in assessment.scores]
            if area
            else []
        )
        yield {
            "heading": (words.heading(area).strip() or area.id) if area else "",
            "depth": depth,
            "span": words.span(rubric, names),
            "points": [words.show(node.points) for node in nodes if node],
            "max": words.show(nodes[-1].max) if nodes and nodes[-1] else "",
            "self": self_scores.shown(words, names),
            "verified": _verified(words, assessment, area),
            "indicators": [_indicator(words, project, assessment, one) for one in indicators],
            "subtotals": [
                _total(words, assessment, total.subtotal, self_scores)
                for total in score.totals
                if done < max(order.index(n) for n in _below(rubric, total.subtotal.nodes)) + 1 <= seen
            ],
        }


def _verified(words: Words, assessment: Assessment, area: Area | None) -> str:
    """What reviewers left of an area's points, empty where nobody reviewed."""
    if not assessment.reviewed or not area:
        return ""
    nodes = assessment.reviewed.score.root.walk()
    return next((words.show(node.points) for node in nodes if node.path == area.id), "")


def _total(words: Words, assessment: Assessment, subtotal: Subtotal, self_scores: _Self) -> Json:
    def points(score: Score) -> Total:
        return next(one for one in score.totals if one.subtotal.id == subtotal.id)

    total, reviewed = points(assessment.latest), assessment.reviewed
    return {
        "title": words.text(subtotal.title),
        "computed": words.show(total.points),
        "max": words.show(total.max),
        "self": self_scores.shown(words, _below(assessment.portfolio.rubric, subtotal.nodes)),
        "verified": words.show(points(reviewed.score).points) if reviewed else "",
    }


def _level(words: Words, portfolio: Portfolio, gate: Gate) -> Json:
    level, rubric = gate.level, portfolio.rubric
    rule = []
    if level.nodes:
        rule.append(words.said(Message("form.level.nodes", {"nodes": words.span(rubric, level.nodes)})))
    if level.each_at_least is not None:
        rule.append(words.said(Message("form.level.each", {"n": level.each_at_least})))
    if level.total_at_least is not None:
        rule.append(words.said(Message("form.level.total", {"n": level.total_at_least})))
    if level.percent_at_least is not None:
        rule.append(words.said(Message("form.level.percent", {"n": level.percent_at_least})))
    return {
        "title": words.text(level.title),
        "rule": " ".join(rule),
        "ticked": portfolio.self_level == level.id,
        "met": gate.met,
        "points": words.show(gate.points),
        "max": words.show(gate.max),
        "because": [words.said(message) for message in gate.because],
    }


def _indicator(words: Words, project: Project, assessment: Assessment, indicator: Indicator) -> Json:
    portfolio, node = assessment.portfolio, assessment.latest.indicators[indicator.id]
    answer = portfolio.answers.get(indicator.id)
    own = answer.self_score.value if answer and answer.self_score else None
    step = assessment.advice.indicators.get(indicator.id)
    return {
        "id": indicator.id,
        "number": words.show(indicator.id),
        "title": words.numbered(indicator.id, indicator.title),
        "text": words.text(indicator.text),
        "max": words.show(node.max),
        "computed": words.show(node.points),
        "rounds": [
            words.show(s.indicators[indicator.id].points) if s.indicators[indicator.id].max else "–"
            for s in assessment.scores
        ],
        "self": "" if own is None else words.show(own),
        "verified": words.show(assessment.reviewed.score.indicators[indicator.id].points)
        if assessment.reviewed
        else "",
        "differs": own is not None and node.applies and own != node.points,
        "applies": node.applies,
        "why_not": (answer.not_applicable or "") if answer else "",
        "answered": answer is not None,
        "award": indicator.award or "",
        "criteria": list(_criteria(words, portfolio.rubric, node, own)),
        "missing": [words.said(need.what) for need in step.needs] if step else [],
        "to_gain": words.show(step.points) if step else "",
        "evidence": [
            _evidence(words, project, portfolio, entry) for entry in answers.evidence(assessment, indicator.id)
        ],
        "figures": _figures(words, portfolio, answer, node),
        "registers": _registers(words, portfolio, answer),
        "channels": [
            _channel(words, project, portfolio, entry["record"])
            for entry in answers.channels(portfolio, indicator.id)
            if entry["indicator"] or indicator.publication
        ],
    }


def _criteria(words: Words, rubric: Rubric, indicator: NodeScore, own: Fraction | None) -> Iterator[Json]:
    """The criteria of an indicator in order, groups before what is in them; of a ladder the rung that was ticked."""
    ladder = getattr(indicator.node, "award", None) == "highest"

    def walk(node: NodeScore, depth: int, given: bool) -> Iterator[Json]:
        criterion = node.node
        assert isinstance(criterion, Criterion)
        said = words.text(criterion.text or criterion.title)
        if node is indicator:
            said = ""
        if not said and not node.children:
            said = " · ".join(asked(words, rubric, condition) for condition in criterion.when)
        if node.children:
            if node is not indicator:
                yield {
                    "group": True,
                    "depth": depth,
                    "text": said,
                    "award": words.said(Message(f"pages.award.{criterion.award}")),
                    "points": words.show(node.points),
                    "max": words.show(node.max),
                }
            for child in node.children:
                yield from walk(child, depth + (node is not indicator), given and child.awarded)
            return
        points = criterion.points or Fraction(0)
        yield {
            "group": False,
            "depth": depth,
            "text": said,
            "points": words.show(points),
            "ticked": ladder and own == points,
            "awarded": given and node.holds,
            "holds": node.holds,
            "later": node.later,
            "round": next((words.text(r.title) for r in rubric.rounds if r.id == criterion.round), ""),
            "reasons": [{"holds": finding.holds, "text": words.said(finding.because)} for finding in node.findings],
        }

    yield from walk(indicator, 0, not indicator.children or True)


# Evidence --------------------------------------------------------------------------------------------------------


def _evidence(words: Words, project: Project, portfolio: Portfolio, entry: Json) -> Json:
    record: Record = entry["record"]
    kind = words.text(entry["kind"].title) if entry["kind"] else ""
    title = record.text("title") or kind
    return {
        "title": title,
        "kind": kind if kind != title else "",
        "details": _details(words, record),
        "counts": entry["counts"],
        "why": [words.said(message) for message in entry["why"]],
        **_shown(project, portfolio, record),
    }


def _details(words: Words, record: Record) -> list[str]:
    """Reference, date and period of a record, as they stand in the letters of offices."""
    found = [text for name in ("reference", "audience") if (text := record.text(name)) not in record.text("title")]
    if record.date:
        found.append(words.said(Message("form.dated", {"date": record.date})))
    covers = record.values.get("covers")
    if isinstance(covers, tuple):
        found.append(", ".join(words.show(thai.show_period(str(p), language=words.language)) for p in covers))
    return [part for part in found if part]


def _shown(project: Project, portfolio: Portfolio, record: Record) -> Json:
    """Where a record can be seen: its address, its file, and a code that leads there."""
    url = outside(record.values.get("url")) or ""
    name = record.text("file")
    published = _published(project, f"{portfolio.id}/{quote(name)}") if name else ""
    return {
        "url": url,
        "path": name,
        "file": posixpath.basename(name),
        "file_url": published,
        "qr": qr(url or published),
    }


def _published(project: Project, path: str) -> str:
    """The full address of something on the site, empty where it is not known."""
    base = outside(project.site.address)
    return f"{base.rstrip('/')}/{path}" if base else ""


@lru_cache(256)
def code(address: str) -> segno.QRCode:
    """The QR code (ISO/IEC 18004) of an address: PDF and Word file of a portfolio show the same ones."""
    import segno  # noqa: PLC0415

    return segno.make_qr(address, error="m")


def qr(address: str) -> str:
    """A QR code (ISO/IEC 18004) as SVG, empty for no address or one that is too long."""
    if not address:
        return ""
    import segno  # noqa: PLC0415

    made = io.BytesIO()
    try:
        code(address).save(made, kind="svg", xmldecl=False, svgns=True, border=2)
    except segno.DataOverflowError:
        return ""
    return made.getvalue().decode()


def _channel(words: Words, project: Project, portfolio: Portfolio, record: Record) -> Json:
    register = portfolio.rubric.register("channels")
    assert register
    return {
        "name": record.text("name"),
        "kind": _field(words, record, "kind", register.fields["kind"]),
        "scope": _field(words, record, "scope", register.fields["scope"]),
        "details": _details(words, record),
        **_shown(project, portfolio, record),
    }


def _figures(words: Words, portfolio: Portfolio, answer: Answer | None, node: NodeScore) -> list[Json]:
    """The numbers that an indicator rests on."""
    found = []
    for entry in answers.facts(portfolio, answer, answers.asked(node)):
        fact, value = entry["fact"], words.show(entry["stated"].value)
        unit = "%" if fact.type == "percent" else words.text(fact.unit)
        found.append({"title": words.text(fact.title), "value": f"{value} {unit}".strip()})
    return found


def _registers(words: Words, portfolio: Portfolio, answer: Answer | None) -> list[Json]:
    found = []
    for entry in answers.registers(portfolio, answer):
        register, records = entry["register"], entry["records"]
        first = next(iter(entry["fields"].items()), None)
        listed = first and len(records) <= LISTED
        found.append(
            {
                "title": words.text(register.title),
                "count": f"{words.show(Fraction(len(records)))} {words.text(register.unit)}".strip(),
                "items": [_field(words, record, *first) for record in records] if first and listed else [],
            }
        )
    return found


def _field(words: Words, record: Record, name: str, kind: FieldType) -> str:
    """A field of a record as text."""
    value = record.values.get(name)
    if isinstance(value, tuple):
        return ", ".join(_choice(words, kind, item) for item in value)
    return "" if value is None else _choice(words, kind, value)


def _choice(words: Words, kind: FieldType, value: object) -> str:
    if isinstance(value, str):
        return words.text(kind.choices[value]) if value in kind.choices else value
    return words.show(value)
