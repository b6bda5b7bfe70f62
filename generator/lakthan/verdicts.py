"""What reviewers found, and what it does to a score: `docs/reviews.md` is the definition.

A verdict is on what a reviewer *saw*, an indicator or a record; where that has changed since, it decides nothing.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from lakthan import rules
from lakthan.model import (
    Change,
    FieldValue,
    Message,
    NodeScore,
    Opinion,
    Portfolio,
    Record,
    Review,
    Ruling,
    Verdict,
    Window,
)
from lakthan.rubric import Indicator, Rubric, maximum

DIGITS = 16
"""Hexadecimal digits of what was seen: 64 bits tell a record from all that it may become."""
DERIVED = frozenset({"place", "dead_from"})
"""Values of a record that no unit filled in."""


# What was seen ---------------------------------------------------------------------------------------------------


def seen(register: str, values: Mapping[str, FieldValue], attachments: Mapping[str, str]) -> str:
    """What of a record a reviewer sees: all that was filled in, and the SHA-256 of each attachment, by its field.

    >>> seen("evidence", {"kind": "plan", "title": "แผน"}, {})
    '668012c1e99646ab'
    """
    said = {name: _plain(value) for name, value in values.items() if name not in DERIVED}
    return _digest([register, said, dict(attachments)])


def seen_of(portfolio: Portfolio, indicator: Indicator) -> str:
    """What of an indicator a reviewer sees: its records and numbers, and those of the portfolio that it may use."""
    own, shared = portfolio.answers.get(indicator.id), portfolio.shared
    read = rules.facts_asked(portfolio.rubric, indicator)
    facts = {name: stated.value for name, stated in shared.facts.items() if name in read}
    facts |= {name: stated.value for name, stated in own.facts.items()} if own else {}
    found = sorted(record.seen for record in records(portfolio, indicator))
    stated = {name: str(value) for name, value in facts.items()}
    return _digest(["indicator", indicator.id, found, stated, own.not_applicable if own else None])


_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _digest(said: object) -> str:
    return hashlib.sha256(_json(said).encode()).hexdigest()[:DIGITS]


def _plain(value: FieldValue | datetime.date) -> object:
    match value:
        case bool() | str():
            return value
        case Fraction():
            return {"number": str(value)}
        case datetime.date():
            return {"date": value.isoformat()}
        case _:
            return [_plain(item) for item in value]


def records(portfolio: Portfolio, indicator: Indicator) -> tuple[Record, ...]:
    """All that an indicator shows: its own records, evidence lent to it, and registers of the portfolio it reads."""
    own, shared, rubric = portfolio.answers.get(indicator.id), portfolio.shared, portfolio.rubric
    read = rules.kinds_asked(rubric, indicator)
    mine = (*own.evidence, *(r for found in own.registers.values() for r in found)) if own else ()
    scope = rules.Scope(portfolio, rubric, indicator.id, Window(None, None))
    lent = (r for kind in rubric.kinds for r in rules.in_view(scope, kind) if r.indicator is None)
    kept = (
        r
        for name, found in shared.registers.items()
        if name in read and not (own and name in own.registers)
        for r in found
    )
    return (*mine, *sorted(lent, key=lambda record: record.number), *kept)


# What is decided -------------------------------------------------------------------------------------------------


def round_of(rubric: Rubric, stated: str | None) -> str | None:
    """The round that a review is of: the one that it names, or the last."""
    return stated or (rubric.rounds[-1].id if rubric.rounds else None)


def most(rubric: Rubric, indicator: Indicator, round: str | None) -> Fraction:
    """The most points that an indicator can have in a round."""
    order = [one.id for one in rubric.rounds]
    return maximum(indicator, order[: order.index(round) + 1] if round in order else None)


def reviews(portfolio: Portfolio, round: str | None, as_of: datetime.date | None = None) -> tuple[Review, ...]:
    """The reviews of a round, as they stood on a day."""
    return tuple(r for r in portfolio.reviews if r.round == round and (as_of is None or r.date <= as_of))


def rulings(portfolio: Portfolio, round: str | None, as_of: datetime.date | None = None) -> tuple[Ruling, ...]:
    """What the reviews of a round come to, matter by matter: indicators as in the rubric, each before its records."""
    matters: dict[tuple[str, str | None], list[Opinion]] = {}
    shown = {node.id: records(portfolio, node) for node in portfolio.rubric.every_indicator()}
    for review in reviews(portfolio, round, as_of):
        for indicator, evidence, opinion in _opinions(portfolio, review, shown):
            matters.setdefault((indicator, evidence), []).append(opinion)
    order = {node.id: position for position, node in enumerate(portfolio.rubric.every_indicator())}

    def place(matter: tuple[str, str | None]) -> tuple[int, tuple[str, int] | None]:
        name, _, number = (matter[1] or "").rpartition("-")
        return order.get(matter[0], len(order)), (name, int(number) if number.isdecimal() else 0)

    return tuple(_ruling(*matter, matters[matter]) for matter in sorted(matters, key=place))


def _opinions(
    portfolio: Portfolio, review: Review, shown: Mapping[str, tuple[Record, ...]]
) -> Iterator[tuple[str, str | None, Opinion]]:
    """The verdicts of a review, each at what it is on: indicator, and the name of the record."""
    nodes = {node.id: node for node in portfolio.rubric.every_indicator()}
    special: set[tuple[str, str | None]] = set()
    # Those for one indicator come first: they go before one of the same file for all.
    for verdict in sorted(review.verdicts, key=lambda one: one.indicator is None):
        if verdict.indicator is not None:
            if verdict.indicator not in nodes:
                continue
            if verdict.evidence is None:
                stale = verdict.seen != seen_of(portfolio, nodes[verdict.indicator])
                yield verdict.indicator, None, Opinion(review, verdict, stale)
                continue
            record = _found(shown[verdict.indicator], verdict)
            matter = verdict.indicator, record.name if record else verdict.evidence
            special.add(matter)
            yield *matter, Opinion(review, verdict, record is None)
            continue
        lent = {name: [r for r in found if r.indicator is None] for name, found in shown.items()}
        places = [(name, record.name) for name, found in lent.items() if (record := _found(found, verdict))]
        stale = not places
        if stale:
            places = [(name, r.name) for name, found in lent.items() for r in found if r.name == verdict.evidence]
        for indicator, name in places or [("", verdict.evidence or "")]:
            if (indicator, name) not in special:
                yield indicator, name, Opinion(review, verdict, stale)


def _found(shown: Iterable[Record], verdict: Verdict) -> Record | None:
    """The record that a verdict is on: the one of that name among those that are as they were seen, else the first."""
    same = [record for record in shown if record.seen and record.seen == verdict.seen]
    return next((record for record in same if record.name == verdict.evidence), next(iter(same), None))


def _ruling(indicator: str, evidence: str | None, opinions: Sequence[Opinion]) -> Ruling:
    standing = [o for o in opinions if not o.stale and o.verdict.verdict != "ask"]
    final = [o for o in standing if o.review.final]
    basis = final or standing
    differing = {(o.verdict.verdict, o.verdict.points) for o in basis}
    ordered = tuple(sorted(opinions, key=lambda o: (o.review.name, o.verdict.place)))
    return Ruling(indicator, evidence, ordered, tuple(o for o in ordered if o in basis), len(differing) > 1)


def matter(ruling: Ruling) -> str:
    """What a ruling is on, as addresses have it: `1.1.2`, `1.1.2#evidence-3`."""
    return f"{ruling.indicator}#{ruling.evidence}" if ruling.evidence else ruling.indicator


def refused(ruled: Iterable[Ruling], indicator: str) -> dict[str, Message]:
    """The records of an indicator that are rejected, by their names, and why."""
    found = {}
    for ruling in ruled:
        if ruling.indicator == indicator and ruling.evidence is not None and ruling.rejects:
            first = next(o for o in ruling.basis if o.verdict.verdict == "reject")
            found[ruling.evidence] = Message(
                "use.rejected", {"role": first.review.role, "reason": first.verdict.reason}
            )
    return found


def points(ruling: Ruling | None, computed: Fraction, largest: Fraction) -> Fraction | None:
    """The points of an indicator that a verdict on itself decides; None where its evidence does."""
    limit = ruling.limit if ruling else None
    if ruling is None or limit is None:
        return None
    return min(limit, largest, *([computed] if ruling.as_computed else []))


# What it changes -------------------------------------------------------------------------------------------------


def changes(before: NodeScore, after: NodeScore) -> tuple[Change, ...]:
    """The criteria of an indicator that hold in one of two scores only, each with the conditions that are why."""
    known = {leaf.path: leaf for leaf in before.leaves()}
    found = []
    for leaf in after.leaves():
        old = known.get(leaf.path)
        if old is None or old.holds == leaf.holds:
            continue
        pairs = zip(old.findings, leaf.findings, strict=False)
        found.append(Change(leaf, tuple(new for was, new in pairs if was.holds != new.holds)))
    return tuple(found)
