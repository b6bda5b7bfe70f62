"""What a unit answered, ready for templates: evidence and what became of it, numbers, registers and channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lakthan import exports, rules
from lakthan.model import Answer, Assessment, Finding, Message, NodeScore, Portfolio
from lakthan.pages.site import Json
from lakthan.rubric import EVIDENCE_FIELDS, Condition, Criterion


def evidence(assessment: Assessment, indicator: str) -> list[Json]:
    """The evidence of an indicator, each with whether it counts for a criterion, and if not, why."""
    portfolio = assessment.portfolio
    counts: set[int] = set()
    objections: dict[int, list[Message]] = {}
    # A point that an earlier round gave was judged in that round's window: all rounds are looked at.
    for score in assessment.scores:
        for leaf in score.indicators[indicator].leaves():
            for finding in _every(leaf.findings):
                for use in finding.uses:
                    if use.why is None:
                        counts.add(id(use.record))
                    elif use.why not in objections.setdefault(id(use.record), []):
                        objections[id(use.record)].append(use.why)
    found = []
    for record in exports.evidence(portfolio, indicator):
        kind = portfolio.rubric.kinds.get(record.kind)
        extra = kind.fields if kind else {}
        found.append(
            {
                "record": record,
                "kind": kind,
                "counts": id(record) in counts,
                "why": [] if id(record) in counts else objections.get(id(record), []),
                "fields": {key: f for key, f in extra.items() if key in record.values and key not in EVIDENCE_FIELDS},
            }
        )
    return found


def _every(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _every(finding.parts)


def asked(node: NodeScore) -> tuple[Condition, ...]:
    """The conditions of every criterion below a node."""
    return tuple(
        condition for leaf in node.leaves() if isinstance(leaf.node, Criterion) for condition in leaf.node.when
    )


def facts(portfolio: Portfolio, answer: Answer | None, conditions: Iterable[Condition] = ()) -> list[Json]:
    """The numbers that an answer states, and those of the portfolio that *conditions* ask for."""
    wanted = {name for condition in conditions for name in rules.facts_read(portfolio.rubric, condition)}
    found = []
    for name, fact in portfolio.rubric.facts.items():
        own = answer.facts.get(name) if answer else None
        stated = own or (portfolio.shared.facts.get(name) if name in wanted else None)
        if stated:
            found.append({"name": name, "fact": fact, "stated": stated, "shared": own is None})
    return found


def registers(portfolio: Portfolio, answer: Answer | None) -> list[Json]:
    """The registers of an answer but the channels, each with those of its fields that are filled somewhere."""
    found = []
    for name, records in (answer.registers if answer else {}).items():
        register = portfolio.rubric.register(name)
        if register and records and name != "channels":
            fields = {key: kind for key, kind in register.fields.items() if any(key in r.values for r in records)}
            found.append(
                {"name": name, "register": register, "fields": fields, "records": records, "portfolio": portfolio}
            )
    return found


def channels(portfolio: Portfolio, indicator: str | None = None) -> list[Json]:
    """Where the portfolio, or one indicator of it, was published."""
    answers = [portfolio.shared, *portfolio.answers.values()]
    if indicator:
        # An indicator that keeps its own list does not use the portfolio's.
        own = portfolio.answers.get(indicator)
        answers = [own] if own and "channels" in own.registers else [portfolio.shared]
    return [
        {"record": record, "indicator": answer.indicator, "portfolio": portfolio}
        for answer in answers
        for record in answer.registers.get("channels", ())
    ]


def places(entries: Sequence[Json]) -> int:
    """How many places the *entries* of `channels` are: two pages of one site are one place."""
    known = {entry["record"].values.get("place") or entry["record"].text("url") for entry in entries}
    unknown = sum(not (e["record"].values.get("place") or e["record"].text("url")) for e in entries)
    return len(known - {"", None}) + unknown
