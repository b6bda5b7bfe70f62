"""What other programs read: scores with their reasons, and everything a page shows, as JSON.

Points are plain numbers. A fraction that has no finite decimal stands as the nearest one, with the fraction itself
beside it (`"exact": "53/7"`). Texts are `{"th": …, "en": …}`, dates ISO 8601 in the common era, addresses relative to
the site.
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from lakthan import messages, verdicts
from lakthan.cache import Last
from lakthan.model import (
    Answer,
    Assessment,
    FieldValue,
    Finding,
    Gate,
    Message,
    Need,
    NodeScore,
    Portfolio,
    Project,
    Record,
    Review,
    Score,
    Step,
    Unit,
    Verified,
)
from lakthan.rubric import Criterion, Indicator, Rubric, Text, path_of

Json = dict[str, Any]


# Plain values ----------------------------------------------------------------------------------------------------


def plain(value: Fraction) -> int | float:
    """
    >>> plain(Fraction(27)), plain(Fraction(1, 2))
    (27, 0.5)
    """
    return int(value) if value.denominator == 1 else float(value)


def exact(value: Fraction) -> str | None:
    """The fraction as text where no finite decimal says it.

    >>> exact(Fraction(53, 7)), exact(Fraction(1, 2))
    ('53/7', None)
    """
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return None if rest == 1 else str(value)


def number(name: str, value: Fraction | None, fraction: str | None = None) -> Json:
    """A number under *name*, and under *fraction* the exact one where it needs that."""
    found: Json = {name: None if value is None else plain(value)}
    if value is not None and (said := exact(value)):
        found[fraction or f"{name}_exact"] = said
    return found


def _points(node: NodeScore | Score) -> Json:
    return {**number("points", node.points, "exact"), **number("max", node.max)}


def _text(text: Text | None) -> Json | None:
    return None if text is None else {"th": text.th, "en": text.en}


def _said(message: Message) -> Json:
    return {language: messages.say(message, language) for language in messages.LANGUAGES}


def _day(day: datetime.date | None) -> str | None:
    return None if day is None else day.isoformat()


def lossless(value: Fraction) -> int | float | str:
    """The number so that `thai.parse_number` reads it again: as text where a number of JSON would not be exact.

    >>> lossless(Fraction(27)), lossless(Fraction(1, 10)), lossless(Fraction(53, 7))
    (27, 0.1, '53/7')
    >>> lossless(Fraction("123456789012345.000000001"))
    '123456789012345.000000001'
    """
    shown = plain(value)
    if Fraction(str(shown)) == value:
        return shown
    whole, rest = divmod(value * 10**9, 10**9)
    return f"{whole}.{int(rest):09}" if value > 0 and rest.denominator == 1 else str(value)


def _value(value: object) -> object:
    match value:
        case Fraction():
            return plain(value)
        case datetime.date():
            return value.isoformat()
        case tuple():
            return [_value(item) for item in value]
        case _:
            return value


def encode(document: Json) -> bytes:
    """The document as UTF-8, the same bytes for the same content."""
    return to_json(document, indent=1) + b"\n"


# Scores with reasons ---------------------------------------------------------------------------------------------


def score_document(assessments: Sequence[Assessment]) -> Json:
    """What `lakthan score --format json` prints: one entry for each portfolio and round."""
    return {"portfolios": [entry(score, assessment) for assessment in assessments for score in assessment.scores]}


def listed(name: str, entries: Iterable[str]) -> Iterator[str]:
    """A document that is one list, piece by piece, of entries that are text already: as `json.dumps(…, indent=2)`."""
    yield f'{{\n  "{name}": ['
    mark = ""
    for one in entries:
        yield f"{mark}\n    " + one.replace("\n", "\n    ")  # no text within has a line end: it is written \\n
        mark = ","
    yield "\n  ]\n}\n" if mark else "]\n}\n"


def entry(score: Score, assessment: Assessment) -> Json:
    """One portfolio in one round: points, gates, and each indicator with what earned its points and what is missing."""
    portfolio = score.portfolio
    return {
        "unit": portfolio.unit,
        "rubric": portfolio.rubric.id,
        "round": score.round,
        **_points(score),
        "level": score.level,
        "gates": [_gate(gate) for gate in score.gates],
        "verified": verified_entry(assessment.verified_of(score)),
        "indicators": [_indicator(name, score, assessment) for name in score.indicators],
    }


_latest = Last()
"""Of an assessment: what stands in several of its documents."""


def _indicator(name: str, score: Score, assessment: Assessment) -> Json:
    return _latest.of(assessment, (name, score.round), lambda: _of_indicator(name, score, assessment))


def _of_indicator(name: str, score: Score, assessment: Assessment) -> Json:
    node = score.indicators[name]
    latest = score is assessment.latest
    return {
        "id": name,
        **_points(node),
        "verified": _verified_indicator(name, score, assessment.verified_of(score)),
        "self_score": _self_score(score.portfolio.answers.get(name)),
        **({} if node.applies else {"not_applicable": True}),
        "reasons": list(reasons(node)),
        # What is missing is worked out for the round that is still open.
        "missing": missing(assessment.advice.indicators.get(name)) if latest else [],
    }


def verified_entry(found: Verified | None) -> Json | None:
    """What reviewers left of a score, and how far they are."""
    if found is None:
        return None
    return {
        **_points(found.score),
        "level": found.score.level,
        "gates": [_gate(gate) for gate in found.score.gates],
        "final": found.final,
        "reviews": [review.name for review in found.reviews],
        "reviewed": len(found.reviewed),
        "open": found.open,
        "stale": found.stale,
        "disputed": found.disputed,
    }


def _verified_indicator(name: str, computed: Score, found: Verified | None) -> Json | None:
    if found is None:
        return None
    node = found.score.indicators[name]
    changes = [
        {
            "criterion": change.criterion.path,
            "met": change.criterion.holds,
            "because": [_finding(one, change.criterion.node) for one in change.findings],
        }
        for change in verdicts.changes(computed.indicators[name], node)
        if isinstance(change.criterion.node, Criterion)
    ]
    return {**_points(node), "decided": node.decided, "changes": changes}


def anchor(record: Record) -> str:
    """The name of a record on the page of an indicator: the portfolio's own records stand beside the indicator's."""
    return record.name


def needed(gate: Gate) -> Fraction | None:
    """The points that a level asks for in all; None where it only looks at each node."""
    share = gate.level.percent_at_least
    asked = [] if gate.level.total_at_least is None else [gate.level.total_at_least]
    asked += [] if share is None else [share * gate.max / 100]
    return max(asked, default=None)


def _gate(gate: Gate) -> Json:
    return {
        "id": gate.level.id,
        "met": gate.met,
        **number("points", gate.points, "exact"),
        **number("needs", needed(gate)),
        "failing": list(gate.failing),
    }


def _self_score(answer: Answer | None) -> int | float | None:
    return plain(answer.self_score.value) if answer and answer.self_score else None


def reasons(node: NodeScore) -> Iterator[Json]:
    """One for each condition, in the order of the rubric; a criterion without conditions gives one as well."""
    for leaf, awarded in awards(node):
        criterion = leaf.node
        if leaf.later or not isinstance(criterion, Criterion):
            continue
        shared: Json = {
            "criterion": leaf.path,
            **number("points", criterion.points),
            "awarded": awarded,
            "round": leaf.earned_in or criterion.round,
        }
        for finding in leaf.findings:
            yield {**shared, **_finding(finding, criterion)}
        if leaf.requires:
            text = _said(Message("pages.criterion.requires", {"criteria": required(node.node, leaf.requires)}))
            yield {**shared, "met": False, "source": criterion.source, "text": text, "evidence": []}
        elif not leaf.findings:
            text = _said(Message("pages.criterion.unconditional"))
            yield {**shared, "met": leaf.holds, "source": criterion.source, "text": text, "evidence": []}


def required(indicator: object, names: Iterable[str]) -> tuple[Text | str, ...]:
    """What the criteria ask that are named here, by path or id within an indicator."""
    known: dict[str, Text] = {}

    def walk(criterion: Criterion, path: str) -> None:
        for position, child in enumerate(criterion.criteria, 1):
            inner = path_of(path, position, child)
            if found := child.text or child.title:
                known[inner] = known[inner.partition("/")[2]] = found
            walk(child, inner)

    if isinstance(indicator, Indicator):
        walk(indicator, indicator.id)
    return tuple(known.get(name, name) for name in names)


def awards(node: NodeScore, given: bool = True) -> Iterator[tuple[NodeScore, bool]]:
    """The leaves of an indicator, and whether the points of each are part of its score, all the way up."""
    if not node.children:
        yield node, given and node.holds
    for child in node.children:
        yield from awards(child, given and child.awarded)


def _finding(finding: Finding, criterion: Criterion) -> Json:
    return {
        "met": finding.holds,
        "source": finding.condition.source or criterion.source,
        "text": _said(finding.because),
        "evidence": [anchor(use.record) for use in finding.uses if use.why is None],
        "rejected": [{"evidence": anchor(use.record), "text": _said(use.why)} for use in finding.uses if use.why],
        **({"parts": [_finding(part, criterion) for part in finding.parts]} if finding.parts else {}),
    }


def missing(step: Step | None) -> list[Json]:
    """What a step needs, each with how many and by when."""
    return [_need(need) for need in step.needs] if step else []


def _need(need: Need) -> Json:
    return {"text": _said(need.what), "amount": need.amount, "by": _day(need.by)}


# Beside the pages ------------------------------------------------------------------------------------------------


def site_document(project: Project, assessments: Sequence[Assessment]) -> Json:
    """The whole site: what there is, and where its own document stands."""
    site = project.site
    return {
        "title": _text(site.title),
        "description": _text(site.description),
        "publisher": _text(site.publisher),
        "licence": _text(site.licence),
        "rubrics": [
            {"id": rubric.id, "title": _text(rubric.title), "url": f"rubrics/{rubric.id}/"}
            for rubric in project.rubrics.values()
        ],
        "units": [
            {"id": unit.id, "name": _text(unit.name), "parent": unit.parent, "url": f"{unit.id}/"}
            for unit in project.units.values()
        ],
        "portfolios": [summary(assessment) for assessment in assessments],
    }


def rubric_document(rubric: Rubric, assessments: Sequence[Assessment]) -> Json:
    """The rubric as it is read, and who answered it."""
    found = rubric.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**found, "portfolios": [summary(a) for a in assessments if a.portfolio.rubric.id == rubric.id]}


def rubric_data(rubric: Rubric) -> Json:
    """The rubric as `Rubric.model_validate` reads it: a rubric file in JSON, without what goes without saying."""
    found = _data(rubric)
    assert isinstance(found, dict)
    return found


def _data(value: object) -> object:
    match value:
        case BaseModel():
            fields = type(value).model_fields.items()
            stated = ((field.alias or name, getattr(value, name), field) for name, field in fields)
            return {name: _data(v) for name, v, field in stated if v is not None and v != field.get_default()}
        case Mapping():
            return {name: _data(item) for name, item in value.items()}
        case tuple() | list():
            return [_data(item) for item in value]
        case Fraction():
            return lossless(value)
        case datetime.date():
            return value.isoformat()
        case _:
            return value


def unit_document(unit: Unit, assessments: Sequence[Assessment]) -> Json:
    """Who a unit is, and its portfolios."""
    return {
        "id": unit.id,
        "name": _text(unit.name),
        "short": _text(unit.short),
        "parent": unit.parent,
        "about": _text(unit.about),
        "website": unit.website,
        "demonstration": unit.demonstration,
        "portfolios": [summary(a) for a in assessments if a.portfolio.unit == unit.id],
    }


def portfolio_document(assessment: Assessment) -> Json:
    """Everything worked out about a portfolio: rounds with reasons, readings, what is missing, points over time."""
    portfolio = assessment.portfolio
    return {
        **summary(assessment),
        "self_level": portfolio.self_level,
        "signed": _day(portfolio.signed),
        "subtotals": [
            {
                "id": t.subtotal.id,
                "title": _text(t.subtotal.title),
                **number("points", t.points),
                **number("max", t.max),
            }
            for t in assessment.latest.totals
        ],
        "rounds": [entry(score, assessment) for score in assessment.scores],
        "readings": [
            {"id": name, **_points(score), "level": score.level} for name, score in assessment.readings.items()
        ],
        "levels": [
            {"id": name, **number("points", step.points), "missing": missing(step)}
            for name, step in assessment.advice.levels.items()
        ],
        "timeline": [{"date": _day(day), **number("points", points)} for day, points in assessment.timeline],
    }


def indicator_document(assessment: Assessment, name: str) -> Json:
    """One indicator: the evidence and numbers it rests on, and its score in each round."""
    portfolio = assessment.portfolio
    answer = portfolio.answers.get(name)
    node = assessment.latest.indicators[name].node
    names = identifiers(portfolio)
    return {
        "unit": portfolio.unit,
        "rubric": portfolio.rubric.id,
        "id": name,
        "title": _text(getattr(node, "title", None)),
        "rounds": [{"round": score.round, **_indicator(name, score, assessment)} for score in assessment.scores],
        "facts": {fact: plain(stated.value) for fact, stated in answer.facts.items()} if answer else {},
        "evidence": [_record(record, names) for record in evidence(portfolio, name)],
        "registers": {key: [_record(r, names) for r in records] for key, records in answer.registers.items()}
        if answer
        else {},
    }


def inputs_document(assessment: Assessment) -> Json:
    """All that the scores of a portfolio were worked out from, besides its rubric. `lakthan verify` derives them anew.

    In the values of records `{"date": …}` is a date and `{"number": …}` a number that JSON cannot say exactly.
    """
    portfolio = assessment.portfolio
    return {
        "unit": portfolio.unit,
        "rubric": portfolio.rubric.id,
        "demonstration": portfolio.demonstration,
        "as_of": _day(assessment.latest.as_of),
        "signed": _day(portfolio.signed),
        "self_level": portfolio.self_level,
        "shared": _inputs(portfolio.shared),
        "indicators": {name: _inputs(answer) for name, answer in portfolio.answers.items()},
        "seen": {node.id: verdicts.seen_of(portfolio, node) for node in portfolio.rubric.every_indicator()},
        "reviews": [_review(review) for review in portfolio.reviews],
    }


def _review(review: Review) -> Json:
    """A review in the words of its file."""
    return {
        "name": review.name,
        "role": review.role,
        "date": _day(review.date),
        "round": review.round,
        "final": review.final,
        "note": review.note,
        "verdicts": [
            {
                "indicator": verdict.indicator,
                "evidence": verdict.evidence,
                "seen": verdict.seen,
                "verdict": verdict.verdict,
                "points": None if verdict.points is None else lossless(verdict.points),
                "reason": verdict.reason,
                "answer": verdict.answer,
                "answered": _day(verdict.answered),
            }
            for verdict in review.verdicts
        ],
    }


def _inputs(answer: Answer) -> Json:
    return {
        "self_score": lossless(answer.self_score.value) if answer.self_score else None,
        "not_applicable": answer.not_applicable,
        "facts": {name: lossless(stated.value) for name, stated in answer.facts.items()},
        "evidence": [_input(record) for record in answer.evidence],
        "registers": {name: [_input(record) for record in records] for name, records in answer.registers.items()},
    }


def _input(record: Record) -> Json:
    return {
        "number": record.number,
        "seen": record.seen,
        "values": {name: _typed(value) for name, value in record.values.items()},
    }


def _typed(value: FieldValue | datetime.date) -> object:
    match value:
        case Fraction():
            said = lossless(value)
            return {"number": said} if isinstance(said, str) else said
        case datetime.date():
            return {"date": value.isoformat()}
        case tuple():
            return [_typed(item) for item in value]
        case _:
            return value


def evidence(portfolio: Portfolio, indicator: str) -> tuple[Record, ...]:
    """The evidence of an indicator: its own, and what the portfolio lends it."""
    own = portfolio.answers.get(indicator)
    lent = (r for r in portfolio.shared.evidence if indicator in _listed(r.values.get("indicators")))
    return (*(own.evidence if own else ()), *lent)


def _listed(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def sources(portfolio: Portfolio, indicator: str) -> Iterator[Record]:
    """Every record that a condition of the indicator may look at: evidence and registers, own and the portfolio's."""
    for answer in (portfolio.answers.get(indicator), portfolio.shared):
        if answer:
            yield from answer.evidence
            for records in answer.registers.values():
                yield from records


NAMESPACE = uuid.UUID("6f1a3e0c-54d5-5a0e-9d0f-2b4f8f6f7c11")
"""Of the identifiers of records, for `uuid.uuid5`."""


def identifiers(portfolio: Portfolio) -> Mapping[int, str]:
    """A stable name for each record, by `id(record)`.

    It follows from unit, rubric, indicator, register, kind and title: moving a record in its list, or changing its
    date, file or link, keeps it.
    """
    last = _last_named[0]  # the files of a portfolio are made one after the other
    if last is None or last[0] is not portfolio:
        last = _last_named[0] = (portfolio, _identifiers(portfolio))
    return last[1]


_last_named: list[tuple[Portfolio, Mapping[int, str]] | None] = [None]


def _identifiers(portfolio: Portfolio) -> dict[int, str]:
    found, seen = {}, Counter[str]()
    for answer in portfolio.all_answers():
        for record in (*answer.evidence, *(r for records in answer.registers.values() for r in records)):
            what = record.text("title") or record.text("name")
            name = json.dumps([portfolio.id, answer.indicator, record.register, record.kind, what])
            seen[name] += 1
            found[id(record)] = str(uuid.uuid5(NAMESPACE, f"{name}{seen[name]}"))
    return found


def _record(record: Record, names: Mapping[int, str]) -> Json:
    values = {name: _value(value) for name, value in record.values.items()}
    return {"id": anchor(record), **values, "uuid": names[id(record)]}


def summary(assessment: Assessment) -> Json:
    """A portfolio in the lists of the site, its unit and its rubric."""
    portfolio, latest = assessment.portfolio, assessment.latest
    return {
        "id": portfolio.id,
        "unit": portfolio.unit,
        "rubric": portfolio.rubric.id,
        "url": f"{portfolio.id}/",
        "demonstration": portfolio.demonstration,
        "round": latest.round,
        **_points(latest),
        "level": latest.level,
        "verified": verified_entry(assessment.reviewed),
    }
