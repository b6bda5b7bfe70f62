"""A second evaluator, written from `docs/rubrics.md` and not from the code it checks.

Slow, plain, and without reasons: it answers in numbers and booleans only. Where it and `lakthan.score` differ, one of
the two is wrong, or the definition is. It shares with the code the nouns of `rubric` and `model`, and nothing else.
"""

from __future__ import annotations

import calendar
import datetime
from fractions import Fraction
from typing import Any

from lakthan.model import Portfolio, Record
from lakthan.rubric import (
    AllOf,
    AnyOf,
    Count,
    Covers,
    Criterion,
    Every,
    Handling,
    Has,
    Indicator,
    Percent,
    Rubric,
    Test,
    Value,
)

Day = datetime.date
Ends = tuple[Day | None, Day | None]
"""First and last day of a window; None is open."""

ONE_DAY = datetime.timedelta(days=1)


# What is asked ---------------------------------------------------------------------------------------------------


def read(rubric: Rubric, reading_id: str) -> Rubric:
    """The rubric under one of its readings."""
    reading = next(r for r in rubric.readings if r.id == reading_id)

    def criterion(node: Any, path: str) -> Any:
        changes: dict[str, Any] = {}
        if path in reading.when:
            changes["when"] = reading.when[path]
        if node.criteria:
            changes["criteria"] = tuple(
                criterion(child, f"{path}/{child.id or n}") for n, child in enumerate(node.criteria, 1)
            )
        return node.model_copy(update=changes)

    def branch(node: Any) -> Any:
        return node.model_copy(
            update={
                "areas": tuple(branch(area) for area in node.areas),
                "indicators": tuple(criterion(indicator, indicator.id) for indicator in node.indicators),
            }
        )

    handling = Handling.model_validate({**rubric.handling.model_dump(), **reading.handling})
    found: Rubric = branch(rubric).model_copy(update={"sets": {**rubric.sets, **reading.sets}, "handling": handling})
    return found


# What counts -----------------------------------------------------------------------------------------------------


class Look:
    """One indicator's view of a portfolio through one window."""

    def __init__(self, portfolio: Portfolio, rubric: Rubric, indicator: str, window: Ends, as_of: Day | None) -> None:
        own = portfolio.answers.get(indicator)
        shared = portfolio.shared
        self.rubric = rubric
        self.window = window
        self.as_of = as_of
        self.signed = portfolio.signed
        self.facts = {name: stated.value for name, stated in shared.facts.items()}
        self.evidence = [r for r in shared.evidence if indicator in listed(r.values.get("indicators"))]
        self.registers = dict(shared.registers)
        if own is not None:
            self.facts.update({name: stated.value for name, stated in own.facts.items()})
            self.evidence += own.evidence
            self.registers.update(own.registers)

    def until(self, before: Day | None) -> Ends:
        return self.window if before is None else (self.window[0], before - ONE_DAY)


def listed(value: object) -> tuple[object, ...]:
    """A value as a list of values."""
    return value if isinstance(value, tuple) else (value,)


def is_filled(value: object) -> bool:
    return value not in (None, "", ())


def inside(day: Day, window: Ends) -> bool:
    start, end = window
    return (start is None or day >= start) and (end is None or day <= end)


def dated(look: Look, record: Record) -> tuple[bool, Day | None]:
    """Whether the record has to have a date, and the one that it has or is taken to have."""
    register = look.rubric.register(record.register)
    wants = record.register == "evidence" or (register is not None and "date" in register.fields)
    day = record.date
    if day is None and wants and look.rubric.handling.undated == "at_signature":
        return False, look.signed
    return wants, day


def counts(look: Look, record: Record, window: Ends) -> bool:
    proof: list[str] = []
    if record.register == "evidence":
        proof = ["file", "url", "reference"]
    elif (register := look.rubric.register(record.register)) is not None:
        proof = register.proof
    if proof and not any(is_filled(record.values.get(name)) for name in proof):
        return False
    wants, day = dated(look, record)
    if day is None:
        return not (wants and (window != (None, None) or look.as_of is not None))
    if look.as_of is not None and day > look.as_of:
        return False
    if look.rubric.handling.after_signature == "reject" and look.signed is not None and day > look.signed:
        return False
    return inside(day, window)


def number(look: Look, value: object, window: Ends) -> Fraction | None:
    """What a number compares with."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, tuple):
        until = look.as_of or Day.max
        return Fraction(sum(not isinstance(v, Day) or (inside(v, window) and v <= until) for v in value))
    return None


def compares(limits: Any, x: Fraction | None) -> bool:
    asked = [limits.at_least, limits.more_than, limits.at_most, limits.less_than]
    if x is None:
        return all(limit is None for limit in asked)
    at_least, more_than, at_most, less_than = asked
    return (
        (at_least is None or x >= at_least)
        and (more_than is None or x > more_than)
        and (at_most is None or x <= at_most)
        and (less_than is None or x < less_than)
    )


def passes(look: Look, record: Record, where: dict[str, Any], window: Ends) -> bool:
    for name, test in where.items():
        value = record.values.get(name)
        filled = is_filled(value)
        if isinstance(test, Test):
            if test.filled is not None and test.filled != filled:
                return False
            if not compares(test, number(look, value, window) if filled else None):
                return False
        else:
            given = listed(value)
            if isinstance(value, bool):  # written `true` or `yes`
                given = (value, "yes" if value else "no")
            # True == 1 in Python, but yes is not a number.
            if not filled or not any(type(a) is type(b) and a == b for a in listed(test) for b in given):
                return False
    return True


def members(look: Look, name: str, window: Ends) -> list[Record]:
    """The records of a set, a register or a kind of evidence that count, each once."""
    found: list[Record] = []
    if name in look.rubric.sets:
        chosen = look.rubric.sets[name]
        for source in chosen.from_:
            for record in members(look, source, window):
                if passes(look, record, chosen.where, window) and not any(record is other for other in found):
                    found.append(record)
        return found
    if look.rubric.register(name) is not None:
        found = list(look.registers.get(name, ()))
    else:
        found = [record for record in look.evidence if record.values.get("kind") == name]
    return [record for record in found if counts(look, record, window)]


def size(records: list[Record], distinct: str | None) -> Fraction:
    if distinct is None:
        return Fraction(len(records))
    values = [record.values.get(distinct) for record in records]
    return Fraction(len({v for v in values if is_filled(v)}) + sum(not is_filled(v) for v in values))


def distinct_of(look: Look, name: str) -> str | None:
    return look.rubric.sets[name].distinct if name in look.rubric.sets else None


def fact(look: Look, name: str) -> Fraction | None:
    """The fact's number, or None where it does not count."""
    proof = look.rubric.facts[name].proof
    if proof and not any(members(look, kind, look.window) for kind in proof):
        return None
    return look.facts.get(name)


# Conditions ------------------------------------------------------------------------------------------------------


def holds(look: Look, condition: Any) -> bool:
    if isinstance(condition, AnyOf):
        return any(holds(look, part) for part in condition.any)
    if isinstance(condition, AllOf):
        return all(holds(look, part) for part in condition.all)
    if isinstance(condition, Value):
        x = fact(look, condition.value)
        return x is not None and compares(condition, x)
    if isinstance(condition, Percent) and condition.percent in look.rubric.facts:
        assert condition.of is not None
        part, whole = fact(look, condition.percent), fact(look, condition.of)
        return part is not None and bool(whole) and compares(condition, 100 * part / whole)  # type: ignore[operator]

    name = next(
        getattr(condition, key) for key in ("has", "count", "percent", "every", "covers") if hasattr(condition, key)
    )
    window = look.until(getattr(condition, "before", None))
    everything = members(look, name, window)
    passing = [record for record in everything if passes(look, record, condition.where, window)]
    distinct = distinct_of(look, name)
    if isinstance(condition, Has):
        return len(passing) > 0
    if isinstance(condition, Count):
        return compares(condition, size(passing, condition.distinct or distinct))
    if isinstance(condition, Percent):
        whole = size(everything, distinct) if condition.of is None else fact(look, condition.of)
        return bool(whole) and compares(condition, 100 * size(passing, distinct) / whole)  # type: ignore[operator]
    if isinstance(condition, Every):
        if not everything or len(passing) < len(everything):
            return False
        if condition.of is None:
            return True
        wanted = fact(look, condition.of)
        return wanted is not None and size(everything, distinct) >= wanted
    assert isinstance(condition, Covers)
    if look.window[0] is None or look.window[1] is None:
        return False
    asked = {
        quarter(year, month) if condition.each == "quarter" else (year, month)
        for year, month, last in months(look.window[0], look.window[1])
        if inside(last, look.window)
        and (condition.each == "month" or month % 3 == 0)
        and (condition.from_ is None or last >= condition.from_)
    }
    return bool(asked) and all(any(period in covered(look, r, condition.each) for r in passing) for period in asked)


def quarter(year: int, month: int) -> tuple[int, int]:
    """Fiscal year, Buddhist era, and quarter: October is the first month of the next year's first quarter."""
    return year + 543 + (month >= 10), {10: 1, 1: 2, 4: 3, 7: 4}[(month - 1) // 3 * 3 + 1]


def months(start: Day, end: Day) -> list[tuple[int, int, Day]]:
    """Year, month and last day of all months that the days from start to end touch."""
    return [
        (year, month, Day(year, month, calendar.monthrange(year, month)[1]))
        for year in range(start.year, end.year + 1)
        for month in range(1, 13)
        if (start.year, start.month) <= (year, month) <= (end.year, end.month)
    ]


def covered(look: Look, record: Record, each: str) -> set[tuple[int, int]]:
    """The months (year, month) or quarters (fiscal year, quarter) that a record stands for."""
    said = record.values.get("covers")
    pairs: set[tuple[int, int]] = set()
    if is_filled(said):
        assert isinstance(said, tuple)
        for entry in said:
            year, rest = str(entry).split("-")
            if rest.startswith("Q"):
                first = Day(int(year) - 543 - (rest == "Q1"), {"Q1": 10, "Q2": 1, "Q3": 4, "Q4": 7}[rest], 1)
                pairs |= {(first.year, first.month + n) for n in range(3)}
            else:
                pairs.add((int(year), int(rest)))
    elif (day := dated(look, record)[1]) is not None:
        pairs.add((day.year, day.month))
    return pairs if each == "month" else {quarter(*pair) for pair in pairs}


# The tree --------------------------------------------------------------------------------------------------------


def points(portfolio: Portfolio, rubric: Rubric, *, round: str | None, as_of: Day | None) -> dict[str, Any]:
    """Total, maximum, points and maxima by path or id, the leaves that hold, the gates met, the level."""
    order = [r.id for r in rubric.rounds]
    now = order.index(round) if round is not None else len(order) - 1
    windows: list[Ends] = [(r.from_, r.to) for r in rubric.rounds]
    if not rubric.rounds:
        windows = [(rubric.period.from_, rubric.period.to) if rubric.period else (None, None)]
        now = 0
    by_path: dict[str, Fraction] = {}
    max_by_path: dict[str, Fraction] = {}
    applies: dict[str, bool] = {}
    leaf_holds: dict[str, bool] = {}

    def leaf(top: Indicator, node: Criterion) -> bool:
        judged = [now]
        if node.round is not None:
            first = order.index(node.round)
            judged = list(range(first, now + 1))
            if not rubric.handling.carry_over:
                judged = judged[:1]
        looks = [Look(portfolio, rubric, top.id, windows[i], as_of) for i in judged]
        if not any(all(holds(look, condition) for condition in node.when) for look in looks):
            return False
        paths = all_leaves(top, top.id)
        return all(leaf(top, paths[name]) for name in node.requires)

    def all_leaves(node: Criterion, path: str) -> dict[str, Criterion]:
        """By path, and by id where there is one."""
        found = {path: node} | ({node.id: node} if node.id else {})
        for n, child in enumerate(node.criteria, 1):
            found |= all_leaves(child, f"{path}/{child.id or n}")
        return found

    def visit(node: Any, path: str, top: Indicator | None) -> tuple[Fraction, Fraction, bool]:
        if isinstance(node, Indicator):
            top = node
        mine = Fraction(0), Fraction(0), True
        if isinstance(node, Criterion) and not node.children:
            assert top is not None
            later = node.round is not None and order.index(node.round) > now
            most = node.points or Fraction(0)
            leaf_holds[path] = not later and leaf(top, node)
            if not later:
                mine = most if leaf_holds[path] else Fraction(0), most, True
        else:
            below = []
            for n, child in enumerate(node.children, 1):
                tail = child.id or str(n)
                below.append((*visit(child, tail if top is None else f"{path}/{tail}", top), child.weight))
            below = [b for b in below if b[2]]
            if not below:
                mine = Fraction(0), Fraction(0), False
            else:
                weights = [b[3] for b in below]
                mine = (
                    award(node.award, [b[0] for b in below], weights),
                    award(node.award, [b[1] for b in below], weights),
                    True,
                )
        answer = portfolio.answers.get(path)
        if isinstance(node, Indicator) and node.may_not_apply and answer and answer.not_applicable is not None:
            mine = Fraction(0), Fraction(0), False
        by_path[path], max_by_path[path], applies[path] = mine
        return mine

    total, most, _ = visit(rubric, "", None)

    gates: dict[str, bool] = {}

    def met(level_id: str) -> bool:
        level = next(one for one in rubric.levels if one.id == level_id)
        named = [n for n in level.nodes or [i.id for i in rubric.every_indicator()] if applies[n]]
        have = sum((by_path[n] for n in named), Fraction(0)) if level.nodes else total
        could = sum((max_by_path[n] for n in named), Fraction(0)) if level.nodes else most
        return (
            bool(named)
            and (level.each_at_least is None or all(by_path[n] >= level.each_at_least for n in named))
            and (level.total_at_least is None or have >= level.total_at_least)
            and (level.percent_at_least is None or (could > 0 and 100 * have / could >= level.percent_at_least))
            and all(met(other) for other in level.requires)
        )

    for level in rubric.levels:
        gates[level.id] = met(level.id)
    return {
        "total": total,
        "max": most,
        "points": by_path,
        "maxima": max_by_path,
        "applies": applies,
        "holds": leaf_holds,
        "gates": gates,
        "level": next((level.id for level in reversed(rubric.levels) if gates[level.id]), None),
    }


def award(how: str, values: list[Fraction], weights: list[Fraction]) -> Fraction:
    if how == "highest":
        return max(values)
    if how == "sum":
        return sum(values, Fraction(0))
    whole = sum(weights, Fraction(0))
    return sum((v * w for v, w in zip(values, weights, strict=True)), Fraction(0)) / whole if whole else Fraction(0)


def rounds_reached(portfolio: Portfolio, as_of: Day | None) -> tuple[str | None, ...]:
    rounds = portfolio.rubric.rounds
    day = as_of or max(portfolio.dates(), default=None)
    if not rounds:
        return (None,)
    return tuple(r.id for n, r in enumerate(rounds) if n == 0 or (day is not None and rounds[n - 1].to < day))
