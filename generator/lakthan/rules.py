"""The condition operators: what holds, why, on what evidence, and what is missing.

Each rule is a pure function from a condition and a scope to a finding. `docs/rubrics.md` defines them, `RULES` lists
them.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from fractions import Fraction
from functools import reduce
from itertools import product
from math import ceil, floor
from typing import Any

from lakthan import thai
from lakthan.model import FieldValue, Finding, Message, Need, Portfolio, Record, Stated, Use, Window
from lakthan.rubric import (
    EVIDENCE_FIELDS,
    PROOF,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Count,
    Covers,
    Criterion,
    Every,
    FieldType,
    Has,
    Percent,
    Rubric,
    Test,
    Text,
    Value,
    Where,
    follows,
)

Ways = tuple[tuple[Need, ...], ...]
"""Alternatives, each a set of needs that together help; none where nothing does."""
Told = tuple[Message, Ways]
"""A finding in words: why, and what would make it hold."""
WAYS = 32
"""Alternatives that are followed for one condition: beyond these, the dearer ones are dropped."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may see: one indicator of one portfolio, through one window, on one day."""

    portfolio: Portfolio
    rubric: Rubric
    indicator: str
    window: Window
    as_of: datetime.date | None = None
    refused: Mapping[str, Message] | None = None
    """Records that a reviewer rejected here, by their names, and why."""
    view: dict[str, tuple[Record, ...]] = dataclass_field(default_factory=dict, compare=False, repr=False)
    """What `in_view` has looked up: the same through every window and on every day."""
    looked_at: dict[tuple[str, datetime.date | None], tuple[Use, ...]] = dataclass_field(
        default_factory=dict, compare=False, repr=False
    )
    """What `gather` has gathered: several conditions count the same records."""

    def through(self, window: Window) -> Scope:
        """The same indicator through another window."""
        return Scope(self.portfolio, self.rubric, self.indicator, window, self.as_of, self.refused, self.view)


# What counts -----------------------------------------------------------------------------------------------------


def in_view(scope: Scope, name: str) -> tuple[Record, ...]:
    """Evidence of the kind *name*, or the records of the register *name*, that the indicator may use."""
    found = scope.view.get(name)
    if found is None:
        found = scope.view[name] = _in_view(scope, name)
    return found


def _in_view(scope: Scope, name: str) -> tuple[Record, ...]:
    own, shared = scope.portfolio.answers.get(scope.indicator), scope.portfolio.shared
    if name in scope.rubric.kinds:
        if "" in scope.view:
            return ()
        lent = [r for r in shared.evidence if scope.indicator in _listed(r.values.get("indicators"))]
        shown = scope.view[""] = (*(own.evidence if own else ()), *lent)  # of every kind
        by_kind: dict[str, list[Record]] = {}
        for record in shown:
            by_kind.setdefault(record.kind, []).append(record)
        scope.view.update((kind, tuple(records)) for kind, records in by_kind.items())
        return tuple(by_kind.get(name, ()))
    for answer in (own, shared):
        if answer and name in answer.registers:
            return answer.registers[name]
    return ()


def _listed(value: FieldValue | None) -> Sequence[object]:
    return value if isinstance(value, tuple) else (value,)


def objection(record: Record, scope: Scope, before: datetime.date | None = None) -> Message | None:
    """Why a record in view does not count; None where it counts."""
    if scope.refused and (rejected := scope.refused.get(record.name)):
        return rejected
    values = record.values
    if record.register == "evidence":
        proof: Sequence[str] = PROOF
    else:
        register = scope.rubric.register(record.register)
        proof = register.proof if register else ()
    for name in proof:
        if values.get(name):
            break
    else:
        if proof:
            return Message("use.no_document")
    dead, date = values.get("dead_from"), values.get("date")
    if isinstance(dead, datetime.date) and _dead_by(dead, scope):
        return Message("use.dead_link", {"date": dead})
    signed, handling, window = scope.portfolio.signed, scope.rubric.handling, scope.window
    if not isinstance(date, datetime.date):
        bounded = window.start or window.end or scope.as_of or before
        if not _has_date_field(record, scope) or not bounded:
            return None
        if handling.undated == "reject":
            return Message("use.undated")
        if signed is None:
            return None
        date = signed
    if scope.as_of and date > scope.as_of:
        return Message("use.later", {"date": date, "day": scope.as_of})
    if window.start and date < window.start:
        return Message("use.too_early", {"date": date, "start": window.start})
    if before:
        if date >= before:
            return Message("use.past_deadline", {"date": date, "deadline": before})
    elif window.end and date > window.end:
        return Message("use.too_late", {"date": date, "end": window.end})
    if signed and date > signed and handling.after_signature == "reject":
        return Message("use.after_signature", {"date": date, "signed": signed})
    return None


def _dead_by(dead: datetime.date, scope: Scope) -> bool:
    # What died after a round was closed does not change the score of that round.
    end = scope.window.end
    return (scope.as_of is None or dead <= scope.as_of) and (end is None or dead <= end)


def _has_date_field(record: Record, scope: Scope) -> bool:
    register = scope.rubric.register(record.register)
    return record.register == "evidence" or (register is not None and "date" in register.fields)


def gather(scope: Scope, name: str, where: Where | None = None, before: datetime.date | None = None) -> tuple[Use, ...]:
    """The records that *name* (kind, register or set) means and that pass *where*, each with any objection to it."""
    uses = scope.looked_at.get((name, before))
    if uses is None:
        chosen = scope.rubric.sets.get(name)
        if chosen and len(chosen.from_) == 1:
            uses = gather(scope, chosen.from_[0], chosen.where, before)
        elif chosen:
            found: dict[int, Use] = {}
            for source in chosen.from_:
                for use in gather(scope, source, chosen.where, before):
                    found.setdefault(id(use.record), use)
            uses = tuple(found.values())
        else:
            uses = tuple([Use(record, objection(record, scope, before)) for record in in_view(scope, name)])
        scope.looked_at[name, before] = uses
    return tuple([use for use in uses if passes(use.record, where, scope, before)]) if where and uses else uses


def passes(record: Record, where: Where, scope: Scope, before: datetime.date | None = None) -> bool:
    """Whether each field named in *where* passes its test."""
    for name, test in where.items():
        value = record.values.get(name)
        if type(value) is str and type(test) is str:  # as nearly all are
            if value != test:
                return False
        elif not _passes(value, test, scope, before):
            return False
    return True


def _passes(
    value: FieldValue | None, test: Test | tuple[Any, ...] | Any, scope: Scope, before: datetime.date | None
) -> bool:
    if isinstance(test, Test):
        if test.filled is not None and (value not in (None, "", ())) != test.filled:
            return False
        limits = (test.at_least, test.more_than, test.at_most, test.less_than)
        if all(limit is None for limit in limits):
            return True
        number = _number(value, scope, before)
        return number is not None and compares(number, test)
    wanted = test if isinstance(test, tuple) else (test,)
    if isinstance(value, bool):  # a rubric may write yes and no, which YAML 1.2 reads as text
        return value in wanted or ("yes" if value else "no") in wanted
    return any(item in wanted for item in value) if isinstance(value, tuple) else value in wanted


def _number(value: FieldValue | None, scope: Scope, before: datetime.date | None) -> Fraction | int | None:
    if isinstance(value, tuple):
        return sum(not isinstance(item, datetime.date) or _inside(item, scope, before) for item in value)
    return value if isinstance(value, Fraction) else None


def _inside(day: datetime.date, scope: Scope, before: datetime.date | None) -> bool:
    start, end = scope.window.start, deadline(scope, before)
    return (not start or day >= start) and (not end or day <= end) and (not scope.as_of or day <= scope.as_of)


def compares(number: Fraction | int, limits: Test | Comparison) -> bool:
    """Whether *number* keeps all the limits that are set."""
    return (
        (limits.at_least is None or number >= limits.at_least)
        and (limits.more_than is None or number > limits.more_than)
        and (limits.at_most is None or number <= limits.at_most)
        and (limits.less_than is None or number < limits.less_than)
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A fact as a condition sees it: the number if it counts, what proves it, and why it does not count."""

    value: Fraction | None
    stated: Stated | None
    uses: tuple[Use, ...] = ()
    why: Message | None = None


def fact(scope: Scope, name: str) -> Known:
    """The fact *name* for this indicator: its own file's, else the portfolio's."""
    own, shared = scope.portfolio.answers.get(scope.indicator), scope.portfolio.shared
    stated = (own.facts.get(name) if own else None) or shared.facts.get(name)
    kind = scope.rubric.facts[name]
    uses = tuple([use for source in kind.proof for use in gather(scope, source)])
    if stated is None:
        return Known(None, None, uses, Message("reason.not_stated", {"what": kind.title}))
    if kind.proof and all(use.why for use in uses):
        args = {"what": kind.title, "value": stated.value, "proof": tuple(title(scope, p) for p in kind.proof)}
        return Known(None, stated, uses, Message("reason.unproven", args))
    return Known(stated.value, stated, uses)


# Words -----------------------------------------------------------------------------------------------------------


def title(scope: Scope, name: str) -> Text:
    """What a kind, fact, register or set is called."""
    rubric = scope.rubric
    found = rubric.sets.get(name) or rubric.kinds.get(name) or rubric.facts.get(name) or rubric.register(name)
    return found.title if found else Text(th=name, en=name)


def unit(scope: Scope, name: str) -> Text | Message:
    """The counting word of a fact, register or set (“people”, “channels”)."""
    rubric = scope.rubric
    found = rubric.sets.get(name) or rubric.facts.get(name) or rubric.register(name)
    if found and found.unit:
        return found.unit
    if name in rubric.sets:
        return unit(scope, rubric.sets[name].from_[0])
    return Message(
        "unit.record" if rubric.register(name) else "unit.number" if name in rubric.facts else "unit.document"
    )


def field_type(scope: Scope, name: str, field: str) -> FieldType | None:
    """The type of a field of what *name* means, where any source of it has that field."""
    rubric = scope.rubric
    if name in rubric.sets:
        found = (field_type(scope, source, field) for source in rubric.sets[name].from_)
        return next((kind for kind in found if kind), None)
    if name in rubric.kinds:
        return rubric.kinds[name].fields.get(field) or EVIDENCE_FIELDS.get(field)
    register = rubric.register(name)
    return register.fields.get(field) if register else None


def limits(of: Test | Comparison) -> tuple[Message, ...]:
    """What a comparison asks, in words."""
    names = ("at_least", "more_than", "at_most", "less_than")
    return tuple(Message(f"limit.{name}", {"n": getattr(of, name)}) for name in names if getattr(of, name) is not None)


def describe(scope: Scope, name: str, where: Where) -> tuple[Message, ...]:
    """What *where* asks, in words."""
    said = []
    for field, test in where.items():
        kind = field_type(scope, name, field)
        label = kind.title if kind else Text(th=field, en=field)
        if isinstance(test, Test):
            if test.filled is not None:
                said.append(Message("where.filled" if test.filled else "where.empty", {"field": label}))
            counted = "number_" if kind and kind.type in ("dates", "choices") else ""
            said += [
                Message(f"where.{counted}{limit.key.removeprefix('limit.')}", {"field": label, **limit.args})
                for limit in limits(test)
            ]
        else:
            wanted = test if isinstance(test, tuple) else (test,)
            choices = kind.choices if kind else {}
            values = tuple(choices.get(v, v) if isinstance(v, str) else v for v in wanted)
            said.append(Message("where.is", {"field": label, "value": values}))
    return tuple(said)


def named(scope: Scope, name: str, where: Where) -> Text | Message:
    """What a condition counts, in words: the name, and what *where* narrows it to."""
    words = describe(scope, name, where)
    return Message("where.narrowed", {"what": title(scope, name), "where": words}) if words else title(scope, name)


# What is missing -------------------------------------------------------------------------------------------------


def base(scope: Scope, name: str, where: Where) -> tuple[str, tuple[str, ...]]:
    """What *name* and *where* come down to: the kinds or registers, and every test on the way as plain text.

    Of a set with several different sources not every record serves, so that its own name is one of the tests.
    """
    tests = tuple(f"{field}{_operator(scope, name, field)}{test!r}" for field, test in where.items())
    if name in scope.rubric.sets:
        chosen = scope.rubric.sets[name]
        sources = [base(scope, source, chosen.where) for source in chosen.from_]
        common = set(sources[0][1]).intersection(*(s[1] for s in sources))
        if any(source != sources[0] for source in sources):
            common.add(f"in={name}")
        return "|".join(sorted({s[0] for s in sources})), tuple(sorted({*common, *tests}))
    return name, tuple(sorted(tests))


def _operator(scope: Scope, name: str, field: str) -> str:
    """`=` where a record has one value, `∋` where it may have several, so that tests of one field need not clash."""
    kind = field_type(scope, name, field)
    return "∋" if kind and kind.type == "choices" else "="


def owner(scope: Scope, name: str) -> str:
    """Where a record or fact would be added: the indicator, or the portfolio if it keeps them for all."""
    own, shared = scope.portfolio.answers.get(scope.indicator), scope.portfolio.shared
    kept = name in shared.registers or name in shared.facts
    kept_here = own is not None and (name in own.registers or name in own.facts)
    return "portfolio" if kept and not kept_here else scope.indicator


def deadline(scope: Scope, before: datetime.date | None = None) -> datetime.date | None:
    return before - datetime.timedelta(days=1) if before else scope.window.end


def need_records(
    scope: Scope,
    name: str,
    amount: int,
    where: Where | None = None,
    *,
    before: datetime.date | None = None,
    distinct: str | None = None,
    what: Message | None = None,
) -> Need:
    """More evidence of a kind, or more records; with *what*, records that are there must change."""
    root, tests = base(scope, name, where or {})
    start, by = scope.window.start, deadline(scope, before)
    marks = (f"~{distinct}",) if distinct else ("!change",) if what else ()
    key = (owner(scope, root), root, *tests, *marks, f"@{start}/{by}")
    label = field_type(scope, name, distinct) if distinct else None
    if what is None and label:
        args = {"n": amount, "what": named(scope, name, where or {}), "field": label.title}
        what = Message("need.distinct", args)
    elif what is None:
        args = {"n": amount, "what": named(scope, name, where or {}), "unit": unit(scope, name)}
        what = Message("need.records", args)
    return Need(key, amount, what, by, start)


def ways_to_records(
    scope: Scope,
    name: str,
    amount: int,
    where: Where | None = None,
    *,
    before: datetime.date | None = None,
    distinct: str | None = None,
) -> Ways:
    """More records: one of any source will do where one is missing. Nothing helps after the deadline of a window."""
    by, start = deadline(scope, before), scope.window.start
    if by and start and by < start:
        return ()
    chosen = scope.rubric.sets.get(name)
    whole = need_records(scope, name, amount, where, before=before, distinct=distinct)
    if amount > 1 or distinct or where or not chosen or len(chosen.from_) == 1:
        return ((whole,),)
    # It is asked for by the name that the rubric gives it, wherever one of several kinds will do.
    return tuple(
        tuple(replace(need, what=whole.what) for need in way)
        for source in chosen.from_
        for way in ways_to_records(scope, source, 1, chosen.where, before=before)
    )


def ways_to_fact(scope: Scope, name: str, known: Known, target: Fraction | None) -> Ways:
    """What a fact lacks to count and to reach *target*: the number, and a document of any kind that proves it."""
    kind, have = scope.rubric.facts[name], known.stated.value if known.stated else Fraction(0)
    key = ("fact", owner(scope, name), name)
    number: tuple[Need, ...] = ()
    if target is not None and have < target:
        most = fact(scope, kind.at_most).stated if kind.at_most else None
        if most is not None and target > most.value:
            return ()  # more than there are
        amount = ceil(target - have)
        args = {"n": amount, "what": kind.title, "unit": unit(scope, name)}
        number = (Need(key, amount, Message("need.more", args), deadline(scope)),)
    elif known.stated is None:
        number = (Need(key, 1, Message("need.state", {"what": kind.title}), deadline(scope)),)
    proofs: Ways = ((),)
    if kind.proof and all(use.why for use in known.uses):
        proofs = tuple(way for source in kind.proof for way in ways_to_records(scope, source, 1))
    return both((number,), proofs)


def least(of: Comparison) -> Fraction | None:
    """The smallest whole number that the lower limits allow; None if an upper limit stands in the way of it."""
    low = [Fraction(ceil(of.at_least))] if of.at_least is not None else []
    low += [Fraction(floor(of.more_than) + 1)] if of.more_than is not None else []
    target = max(low, default=Fraction(0))
    return target if compares(target, of) else None


def both(*ways: tuple[tuple[Need, ...], ...]) -> tuple[tuple[Need, ...], ...]:
    """Ways to have all of several things: one way of each, put together; the cheapest `WAYS` of them."""

    def join(left: tuple[tuple[Need, ...], ...], right: tuple[tuple[Need, ...], ...]) -> tuple[tuple[Need, ...], ...]:
        return cheapest(merge((*a, *b)) for a, b in product(left, right))

    return reduce(join, ways, ((),))


def cheapest(ways: Iterable[tuple[Need, ...]]) -> tuple[tuple[Need, ...], ...]:
    distinct = {tuple((need.key, need.amount) for need in way): way for way in ways}
    return tuple(sorted(distinct.values(), key=lambda way: (cost(way), [need.key for need in way]))[:WAYS])


def cost(needs: Iterable[Need]) -> int:
    """How many things that is."""
    return sum(need.amount for need in needs)


def merge(needs: Iterable[Need]) -> tuple[Need, ...]:
    """The same things counted once: equal keys need the larger amount, and a record that meets a narrower need
    meets the wider one too (an external channel is also a channel, and may be of a new kind)."""
    largest: dict[tuple[str, ...], Need] = {}
    for need in needs:
        if need.key not in largest or need.amount > largest[need.key].amount:
            largest[need.key] = need
    kept: list[Need] = []
    for need in sorted(largest.values(), key=lambda n: (-_tests(n), _distinct(n))):
        met = sum(other.amount for other in kept if _serves(other, need))
        if need.amount > met:
            kept.append(need if not met else _reduced(need, need.amount - met))
    return tuple(sorted(_together(kept), key=lambda n: n.key))


def _together(needs: Sequence[Need]) -> list[Need]:
    """Records that may be one and the same: a channel that carries the document may carry the media too."""
    left, joined = list(needs), []
    while left:
        need = left.pop()
        for i, other in enumerate(left):
            if _compatible(need, other):
                amount = min(need.amount, other.amount)
                tests = sorted({*need.key[2:], *other.key[2:]})
                parts = (_reduced(other, amount).what, _reduced(need, amount).what)
                by = min((day for day in (need.by, other.by) if day), default=None)
                what = Message("need.together", {"parts": parts, "n": amount})
                joined.append(Need((*need.key[:2], *tests), amount, what, by, need.start))
                left[i : i + 1] = [_reduced(other, other.amount - amount)] if other.amount > amount else []
                if need.amount > amount:
                    left.append(_reduced(need, need.amount - amount))
                break
        else:
            joined.append(need)
    return joined


def _compatible(need: Need, other: Need) -> bool:
    if need.key[:2] != other.key[:2] or {need.what.key, other.what.key} != {"need.records"}:
        return False
    if (need.start, need.by) != (other.start, other.by):
        return False
    mine, theirs = ({part.split("=")[0]: part for part in n.key[2:] if "=" in part} for n in (need, other))
    if "in" in mine or "in" in theirs:  # what serves a set of several sources need not serve anything else
        return False
    return all(theirs.get(field, part) == part for field, part in mine.items())


def _tests(need: Need) -> int:
    return sum("=" in part or "∋" in part for part in need.key[2:])


def _distinct(need: Need) -> bool:
    return any(part.startswith("~") for part in need.key[2:])


def _serves(other: Need, need: Need) -> bool:
    if need.key[:2] != other.key[:2] or need.key[0] == "fact":
        return False
    if "!change" in (*need.key, *other.key) or not _within(other, need):
        return False
    wanted = {part for part in need.key[2:] if part[0] not in "~@"}
    given = {part for part in other.key[2:] if part[0] not in "~@"}
    fixed = {part.split("=")[0] for part in given}
    free = all(part[1:] not in fixed for part in need.key[2:] if part.startswith("~"))
    return wanted <= given and free and not (_distinct(other) and not _distinct(need) and wanted == given)


def _within(other: Need, need: Need) -> bool:
    """Whether what is dated in time for *other* is in time for *need*."""
    early = need.start is None or (other.start is not None and other.start >= need.start)
    return early and (need.by is None or (other.by is not None and other.by <= need.by))


def _reduced(need: Need, amount: int) -> Need:
    return replace(need, amount=amount, what=Message(need.what.key, {**need.what.args, "n": amount}))


# The operators ---------------------------------------------------------------------------------------------------


def has(condition: Has, scope: Scope) -> Finding:
    """At least one record counts."""
    uses = gather(scope, condition.has, condition.where, condition.before)
    n = len([use for use in uses if use.why is None])

    def told() -> Told:
        what = named(scope, condition.has, condition.where)
        if n:
            return Message("reason.has", {"what": what, "n": n, "unit": unit(scope, condition.has)}), ()
        rejected = Message("reason.rejected", {"what": what, "n": len(uses), "unit": unit(scope, condition.has)})
        because = rejected if uses else Message("reason.has_not", {"what": what})
        return because, ways_to_records(scope, condition.has, 1, condition.where, before=condition.before)

    return Finding.judged(condition, n > 0, uses, told)


def count(condition: Count, scope: Scope) -> Finding:
    """So many records count; with `distinct`, equal values once."""
    uses = gather(scope, condition.count, condition.where, condition.before)
    distinct = condition.distinct or distinct_of(scope, condition.count)
    n = number_of((use.record for use in uses if use.why is None), distinct)
    holds = compares(n, condition)

    def told() -> Told:
        what = named(scope, condition.count, condition.where)
        label = field_type(scope, condition.count, condition.distinct) if condition.distinct else None
        args = {"n": n, "what": what, "unit": unit(scope, condition.count), "limit": limits(condition)}
        because = (
            Message("reason.count_distinct", {**args, "field": label.title}) if label else Message("reason.count", args)
        )
        target = least(condition)
        if holds or target is None or target <= n:
            return because, ()
        return because, ways_to_records(
            scope,
            condition.count,
            int(target) - n,
            condition.where,
            before=condition.before,
            distinct=condition.distinct,
        )

    return Finding.judged(condition, holds, uses, told)


def distinct_of(scope: Scope, name: str) -> str | None:
    """The field by which the records of a set are told apart."""
    chosen = scope.rubric.sets.get(name)
    return chosen.distinct if chosen else None


def number_of(records: Iterable[Record], distinct: str | None) -> int:
    """How many records, those with equal values of the field *distinct* counted once; empty ones count each."""
    seen: set[FieldValue] = set()
    empty = 0
    for record in records:
        value = record.values.get(distinct) if distinct else None
        if value in (None, "", ()):
            empty += 1
        elif value is not None:
            seen.add(value)
    return empty + len(seen)


def percent(condition: Percent, scope: Scope) -> Finding:
    """A share compares: of two facts, or of the records of a set that pass `where`."""
    judged = _percent_of_facts if condition.percent in scope.rubric.facts else _percent_of_records
    return judged(condition, scope)


def _percent_of_facts(condition: Percent, scope: Scope) -> Finding:
    assert condition.of is not None  # the language sees to it
    part, whole = fact(scope, condition.percent), fact(scope, condition.of)
    uses = _once((*part.uses, *whole.uses))
    if whole.value is None or whole.value == 0 or part.value is None:
        return Finding.judged(condition, False, uses, lambda: _told_of_no_share(condition, scope, part, whole))
    share = 100 * part.value / whole.value
    holds = compares(share, condition)

    def told() -> Told:
        assert whole.value is not None and part.value is not None  # noqa: PT018 (one thing: both are known)
        args = {"part": part.value, "whole": whole.value, "share": share, "limit": limits(condition)}
        because = Message("reason.percent", {**args, "what": title(scope, condition.percent)})
        target = _share(condition, whole.value)
        if holds or target is None or target <= part.value:
            return because, ()
        return because, ways_to_fact(scope, condition.percent, part, target)

    return Finding.judged(condition, holds, uses, told)


def _told_of_no_share(condition: Percent, scope: Scope, part: Known, whole: Known) -> Told:
    """Why there is no share of two facts: one of them does not count, or there is nothing to have a share of."""
    assert condition.of is not None  # as above
    why = part.why or whole.why or Message("reason.of_nothing", {"what": title(scope, condition.of)})
    least_whole = max(whole.stated.value, Fraction(1)) if whole.stated else None
    target = _share(condition, least_whole) if least_whole else None
    ways = both(
        ways_to_fact(scope, condition.percent, part, target), ways_to_fact(scope, condition.of, whole, least_whole)
    )
    return why, tuple(way for way in ways if way)


def _share(condition: Percent, whole: Fraction) -> Fraction | None:
    """The smallest whole number whose share of *whole* keeps the limits."""
    low = [ceil(condition.at_least * whole / 100)] if condition.at_least is not None else []
    low += [floor(condition.more_than * whole / 100) + 1] if condition.more_than is not None else []
    target = Fraction(max(low, default=0))
    return target if whole > 0 and compares(100 * target / whole, condition) else None


def _percent_of_records(condition: Percent, scope: Scope) -> Finding:
    uses = gather(scope, condition.percent)
    counted = [use.record for use in uses if use.why is None]
    distinct = distinct_of(scope, condition.percent)
    passing = number_of((record for record in counted if passes(record, condition.where, scope)), distinct)
    known = fact(scope, condition.of) if condition.of else None
    whole = known.value if known else Fraction(number_of(counted, distinct))
    holds = bool(whole) and compares(100 * Fraction(passing) / (whole or 1), condition)

    def told() -> Told:
        if whole is None:
            assert known is not None and condition.of is not None  # noqa: PT018 (one thing: there is a fact)
            return _told_of_no_whole(condition, scope, known, passing)
        if whole == 0:
            because = Message("reason.of_nothing", {"what": title(scope, condition.of or condition.percent)})
            ways = ways_to_records(scope, condition.percent, 1, condition.where)
            if condition.of and known:
                ways = both(ways if not passing else ((),), ways_to_fact(scope, condition.of, known, Fraction(1)))
            return because, ways
        words = describe(scope, condition.percent, condition.where)
        args = {"part": passing, "whole": whole, "where": words, "limit": limits(condition)}
        share, what = 100 * Fraction(passing) / whole, title(scope, condition.percent)
        because = Message("reason.percent_where", {**args, "share": share, "what": what})
        target = _share(condition, whole)
        if holds or target is None or target <= passing:
            return because, ()
        return because, ((_need_passing(scope, condition, int(target) - passing),),)

    return Finding.judged(condition, holds, _once((*uses, *(known.uses if known else ()))), told)


def _told_of_no_whole(condition: Percent, scope: Scope, known: Known, passing: int) -> Told:
    """Why there is no share of records: the fact that says how many there are does not count."""
    assert condition.of is not None  # it is of that fact
    why = known.why or Message("reason.of_nothing", {"what": title(scope, condition.of)})
    ways = ways_to_fact(scope, condition.of, known, None)
    target = _share(condition, known.stated.value) if known.stated else None
    if target is not None and target > passing:
        ways = both(ways, ((_need_passing(scope, condition, int(target) - passing),),))
    return why, ways


def _need_passing(scope: Scope, condition: Percent | Every, amount: int) -> Need:
    """That many more records of the set must pass `where`."""
    name = condition.percent if isinstance(condition, Percent) else condition.every
    words = describe(scope, name, condition.where)
    what = Message("need.pass", {"n": amount, "what": title(scope, name), "unit": unit(scope, name), "where": words})
    return need_records(scope, name, amount, condition.where, what=what)


def value(condition: Value, scope: Scope) -> Finding:
    """A stated number compares."""
    known = fact(scope, condition.value)
    holds = known.value is not None and compares(known.value, condition)

    def told() -> Told:
        target = least(condition)
        if known.value is None:
            assert known.why is not None  # a fact without a value says why
            return known.why, ways_to_fact(scope, condition.value, known, target) if target is not None else ()
        args = {"n": known.value, "what": title(scope, condition.value), "unit": unit(scope, condition.value)}
        because = Message("reason.value", {**args, "limit": limits(condition)})
        reachable = not holds and target is not None and target > known.value
        return because, ways_to_fact(scope, condition.value, known, target) if reachable else ()

    return Finding.judged(condition, holds, known.uses, told)


def every(condition: Every, scope: Scope) -> Finding:
    """There are records (as many as `of` says) and all of them pass."""
    uses = gather(scope, condition.every)
    counted = [use.record for use in uses if use.why is None]
    passing = sum(passes(record, condition.where, scope) for record in counted)
    known = fact(scope, condition.of) if condition.of else None
    expected = Fraction(1)
    if known and known.stated:  # what is stated is how many there must be, whether it counts or not
        expected = max(expected, known.stated.value)
    unknown = known is not None and known.value is None
    there = number_of(counted, distinct_of(scope, condition.every))
    holds = not unknown and passing == len(counted) and there >= expected

    def told() -> Told:
        missing = () if holds else ((_missing(scope, condition, counted, passing, expected),),)
        if known and known.value is None:
            assert known.why is not None and condition.of is not None  # noqa: PT018 (it says why)
            more = missing if missing and missing[0][0].amount else ((),)
            return known.why, both(ways_to_fact(scope, condition.of, known, None), more)
        words = describe(scope, condition.every, condition.where)
        whole = max(expected, Fraction(len(counted))) if condition.of or counted else Fraction(0)
        args = {"part": passing, "whole": whole, "what": title(scope, condition.every), "where": words}
        return Message("reason.every", args) if whole else Message("reason.of_nothing", args), missing

    return Finding.judged(condition, holds, _once((*uses, *known.uses)) if known else uses, told)


def _missing(scope: Scope, condition: Every, counted: Sequence[Record], passing: int, expected: Fraction) -> Need:
    """The records that do not pass, and those that are not there."""
    there = number_of(counted, distinct_of(scope, condition.every))
    return _need_passing(scope, condition, len(counted) - passing + max(0, ceil(expected) - there))


def covers(condition: Covers, scope: Scope) -> Finding:
    """Each month or fiscal quarter that ends inside the window has a record."""
    uses = gather(scope, condition.covers, condition.where)
    wanted = tuple(periods(scope.window, condition.each, condition.from_))
    covered = {period for use in uses if use.why is None for period in covered_by(use.record, condition.each, scope)}
    missing = tuple(period for period in wanted if period not in covered)
    holds = bool(wanted) and not missing

    def told() -> Told:
        what = title(scope, condition.covers)
        args = {"what": what, "n": len(wanted) - len(missing), "whole": len(wanted)}
        because = Message(f"reason.covers_{condition.each}", args)
        if holds or not wanted:
            return because, ()
        names = tuple(_period_name(period, condition.each) for period in missing)
        need_what = Message(f"need.covers_{condition.each}", {"n": len(missing), "what": what, "periods": names})
        root, tests = base(scope, condition.covers, condition.where)
        key = (owner(scope, root), root, *tests, f"~{condition.each}")
        return because, ((Need(key, len(missing), need_what, deadline(scope)),),)

    return Finding.judged(condition, holds, uses, told)


def periods(window: Window, each: str, start: datetime.date | None = None) -> Iterator[tuple[int, int]]:
    """Months (year, month; common era) or quarters (fiscal year, quarter; Buddhist era) that end inside *window*.

    >>> w = Window(datetime.date(2023, 8, 1), datetime.date(2024, 2, 28))
    >>> list(periods(w, "quarter"))
    [(2566, 4), (2567, 1)]
    """
    if window.start is None or window.end is None:
        return
    year, month = window.start.year, window.start.month
    while True:
        following = datetime.date(year + month // 12, month % 12 + 1, 1)
        last = following - datetime.timedelta(days=1)
        if last > window.end:
            return
        if last >= window.start and (start is None or last >= start):
            if each == "month":
                yield year, month
            elif month % 3 == 0:
                yield thai.fiscal_quarter(last)
        year, month = following.year, following.month


def covered_by(record: Record, each: str, scope: Scope) -> Iterator[tuple[int, int]]:
    """The periods that a record says it covers, or the one of its date."""
    said = _texts(record.values.get("covers"))
    for period in said:
        left, right = period.split("-")
        if right.startswith("Q"):
            year, quarter = int(left), int(right[1])
            months = [(10, 11, 12), (1, 2, 3), (4, 5, 6), (7, 8, 9)][quarter - 1]
            common = year - 543 - (1 if quarter == 1 else 0)
            yield from [(year, quarter)] if each == "quarter" else [(common, month) for month in months]
        else:
            first = datetime.date(int(left), int(right), 1)
            yield (first.year, first.month) if each == "month" else thai.fiscal_quarter(first)
    date = record.date
    if date is None and _has_date_field(record, scope) and scope.rubric.handling.undated == "at_signature":
        date = scope.portfolio.signed
    if not said and date:
        yield (date.year, date.month) if each == "month" else thai.fiscal_quarter(date)


def _period_name(period: tuple[int, int], each: str) -> Text:
    year, part = period
    written = f"{year}-{part:02}" if each == "month" else f"{year}-Q{part}"
    return Text(th=thai.show_period(written), en=thai.show_period(written, language="en"))


def any_of(condition: AnyOf, scope: Scope) -> Finding:
    """One of several holds."""
    parts = tuple(judge(part, scope) for part in condition.any)
    holds = any(part.holds for part in parts)

    def told() -> Told:
        because = Message("reason.any", {"n": sum(part.holds for part in parts), "whole": len(parts)})
        return because, () if holds else cheapest(way for part in parts for way in part.ways)

    return Finding.judged(condition, holds, _once(u for p in parts for u in p.uses), told, parts)


def all_of(condition: AllOf, scope: Scope) -> Finding:
    """All of several hold."""
    parts = tuple(judge(part, scope) for part in condition.all)
    holds = all(part.holds for part in parts)

    def told() -> Told:
        because = Message("reason.all", {"n": sum(part.holds for part in parts), "whole": len(parts)})
        return because, () if holds else both(*(part.ways for part in parts if not part.holds))

    return Finding.judged(condition, holds, _once(u for p in parts for u in p.uses), told, parts)


RULES: Mapping[type[Condition], Callable[[Any, Scope], Finding]] = {
    Has: has,
    Count: count,
    Percent: percent,
    Value: value,
    Every: every,
    Covers: covers,
    AnyOf: any_of,
    AllOf: all_of,
}


def judge(condition: Condition, scope: Scope) -> Finding:
    """The finding of one condition."""
    return RULES[type(condition)](condition, scope)


def _once(uses: Iterable[Use]) -> tuple[Use, ...]:
    return tuple({id(use.record): use for use in uses}.values())


def _texts(value: FieldValue | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, tuple) else ()


# What a condition reads: forms, skeletons and checks follow from it ----------------------------------------------


def sets_read(rubric: Rubric, condition: Condition) -> tuple[str, ...]:
    """The kinds, registers and sets that a condition names itself."""
    match condition:
        case Has():
            return (condition.has,)
        case Count():
            return (condition.count,)
        case Percent() if condition.percent not in rubric.facts:
            return (condition.percent,)
        case Every():
            return (condition.every,)
        case Covers():
            return (condition.covers,)
        case AnyOf():
            return tuple(name for part in condition.any for name in sets_read(rubric, part))
        case AllOf():
            return tuple(name for part in condition.all for name in sets_read(rubric, part))
    return ()


def facts_read(rubric: Rubric, condition: Condition) -> tuple[str, ...]:
    """The facts that a condition names."""
    match condition:
        case Percent():
            part = (condition.percent,) if condition.percent in rubric.facts else ()
            return (*part, *((condition.of,) if condition.of else ()))
        case Value():
            return (condition.value,)
        case Every():
            return (condition.of,) if condition.of else ()
        case AnyOf():
            return tuple(name for part in condition.any for name in facts_read(rubric, part))
        case AllOf():
            return tuple(name for part in condition.all for name in facts_read(rubric, part))
    return ()


def conditions(node: Criterion) -> Iterator[Condition]:
    """All that the criteria of an indicator ask, in whatever round; the parts of `any` and `all` after these."""
    ahead: list[Condition] = [*reversed(node.when)]
    while ahead:
        condition = ahead.pop()
        yield condition
        parts = condition.any if isinstance(condition, AnyOf) else condition.all if isinstance(condition, AllOf) else ()
        ahead += reversed(parts)
    for child in node.criteria:
        yield from conditions(child)


def facts_asked(rubric: Rubric, node: Criterion) -> frozenset[str]:
    """The facts that any condition of an indicator names, in whatever round."""
    return _asked(rubric, node, facts_read)


def kinds_asked(rubric: Rubric, node: Criterion) -> frozenset[str]:
    """The kinds and registers that any condition of an indicator reads, in whatever round."""
    return _asked(rubric, node, kinds_read)


def _asked(rubric: Rubric, node: Criterion, read: Callable[[Rubric, Condition], Iterable[str]]) -> frozenset[str]:
    known = follows(rubric)
    if (read, id(node)) not in known:
        known[read, id(node)] = frozenset(name for condition in conditions(node) for name in read(rubric, condition))
    found: frozenset[str] = known[read, id(node)]
    return found


def roots(rubric: Rubric, name: str) -> tuple[str, ...]:
    """The kinds and registers that *name* comes down to."""
    chosen = rubric.sets.get(name)
    return tuple(root for source in chosen.from_ for root in roots(rubric, source)) if chosen else (name,)


def kinds_read(rubric: Rubric, condition: Condition) -> tuple[str, ...]:
    """The kinds and registers that a condition reads, its facts' proof included; each once, in order."""
    proof = [name for fact_name in facts_read(rubric, condition) for name in rubric.facts[fact_name].proof]
    return tuple(
        dict.fromkeys(root for name in (*sets_read(rubric, condition), *proof) for root in roots(rubric, name))
    )
