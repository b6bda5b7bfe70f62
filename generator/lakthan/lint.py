"""What is doubtful in a rubric: points that no evidence can reach, figures that don't add up, gates that never bind.

`LINTS` lists them. A rubric that cannot be scored at all is refused when it is read (`names`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from lakthan import names, rules
from lakthan.diagnostics import Diagnostic, Severity
from lakthan.model import Message, Place, Project, Window
from lakthan.names import Path
from lakthan.rubric import (
    AllOf,
    AnyOf,
    Area,
    Comparison,
    Condition,
    Count,
    Covers,
    Criterion,
    Every,
    Has,
    Indicator,
    Percent,
    Rubric,
    Test,
    Value,
    Where,
    maximum,
)


class Doubt(NamedTuple):
    code: str
    path: Path
    args: dict[str, object]
    severity: Severity = "warning"


Lint = Callable[[Rubric], Iterator[Doubt]]


def lint(project: Project) -> Iterator[Diagnostic]:
    """Everything doubtful in the rubrics of a project."""
    for rubric in project.rubrics.values():
        places = project.rubric_places.get(rubric.id, {})
        for one in LINTS:
            for doubt in one(rubric):
                yield Diagnostic(doubt.code, _place(rubric, places, doubt.path), doubt.severity, doubt.args)


def between(project: Project) -> Iterator[Diagnostic]:
    """What is doubtful in how the rubrics of a project refer to each other."""
    for rubric in project.rubrics.values():
        places = project.rubric_places.get(rubric.id, {})
        for doubt in unknown_before(rubric, project.rubrics):
            yield Diagnostic(doubt.code, _place(rubric, places, doubt.path), doubt.severity, doubt.args)


def _place(rubric: Rubric, places: object, path: Path) -> Place:
    found = places if isinstance(places, dict) else {}
    for end in range(len(path), -1, -1):
        if path[:end] in found:
            place = found[path[:end]]
            assert isinstance(place, Place)  # what the loader put there
            return place
    return Place(f"rubrics/{rubric.id}.yml")


# Figures ---------------------------------------------------------------------------------------------------------


def maximum_differs(rubric: Rubric) -> Iterator[Doubt]:
    """A stated maximum is not what the tree adds up to."""

    def below(path: Path, node: Criterion) -> Iterator[tuple[Path, Criterion]]:
        yield path, node
        for i, child in enumerate(node.criteria):
            yield from below((*path, "criteria", i), child)

    found: list[tuple[Path, Rubric | Area | Criterion]] = [((), rubric)]
    for path, node in names.nodes(rubric):
        found += [(path, node)] if isinstance(node, Area) else below(path, node)
    for path, holder in found:
        if holder.max is not None and holder.max != maximum(holder):
            args: dict[str, object] = {"stated": holder.max, "computed": maximum(holder)}
            yield Doubt("maximum-differs", (*path, "max"), args)


def round_total_differs(rubric: Rubric) -> Iterator[Doubt]:
    """What a round adds is not what it states."""
    before = Fraction(0)
    for i, one in enumerate(rubric.rounds):
        most = maximum(rubric, [r.id for r in rubric.rounds[: i + 1]])
        if one.max is not None and one.max != most - before:
            args: dict[str, object] = {"name": one.title, "stated": one.max, "computed": most - before}
            yield Doubt("round-total-differs", ("rounds", i, "max"), args)
        before = most


def window_backwards(rubric: Rubric) -> Iterator[Doubt]:
    """A window ends before it begins, or a round ends before the one before it."""
    windows: list[tuple[Path, Window]] = [
        (("rounds", i, "to"), Window(r.from_, r.to)) for i, r in enumerate(rubric.rounds)
    ]
    windows += [(("period", "to"), Window(rubric.period.from_, rubric.period.to))] if rubric.period else []
    last = None
    for path, window in windows:
        if window.start and window.end and (window.end < window.start or (last and window.end < last)):
            yield Doubt("window-backwards", path, {"start": window.start, "end": window.end}, "error")
        last = window.end


# Points ----------------------------------------------------------------------------------------------------------


def _leaves(rubric: Rubric) -> Iterator[tuple[Path, str, Criterion]]:
    for path, node in names.nodes(rubric):
        if isinstance(node, Indicator):
            yield from names.leaves(path, node.id, node)


def points_for_nothing(rubric: Rubric) -> Iterator[Doubt]:
    """Points are given without asking for anything."""
    for path, name, leaf in _leaves(rubric):
        if leaf.points and all(map(trivial, leaf.when)) and not leaf.requires:
            yield Doubt("points-for-nothing", path, {"name": name, "points": leaf.points})


def points_out_of_reach(rubric: Rubric) -> Iterator[Doubt]:
    """No evidence can ever earn these points."""
    for path, node in names.nodes(rubric):
        if isinstance(node, Area):
            continue
        found = list(names.leaves(path, node.id, node))
        lost: set[str] = set()
        for where, name, leaf in found:
            windows = _windows(rubric, leaf)
            for i, condition in enumerate(leaf.when):
                if why := impossible(rubric, condition, windows):
                    args: dict[str, object] = {"name": name, "why": Message(f"impossible.{why}"), "points": leaf.points}
                    yield Doubt("points-out-of-reach", (*where, "when", i), args)
                    lost |= {leaf.id} if leaf.id else set()
        while more := {leaf.id for _, _, leaf in found if leaf.id and leaf.id not in lost and lost & {*leaf.requires}}:
            lost |= more
        for where, name, leaf in found:
            if lost & {*leaf.requires}:
                args = {"name": name, "why": Message("impossible.requires"), "points": leaf.points}
                yield Doubt("points-out-of-reach", (*where, "requires"), args)


def excluded_by_others(rubric: Rubric) -> Iterator[Doubt]:
    """Conditions of one criterion ask for more and for less of the same, so that they never hold together."""
    for where, name, leaf in _leaves(rubric):
        if any(impossible(rubric, one, _windows(rubric, leaf)) for one in leaf.when):
            continue  # said already, of the one
        for i, j in _contradictions(leaf.when):
            args: dict[str, object] = {"name": name, "points": leaf.points, "first": i + 1, "second": j + 1}
            yield Doubt("conditions-exclude", (*where, "when", j), args)
            break


def reading_out_of_reach(rubric: Rubric) -> Iterator[Doubt]:
    """Under a reading a criterion can never hold, though it can as filed."""
    filed = []
    """The leaves that can hold as filed."""
    for _, name, leaf in _leaves(rubric) if rubric.readings else ():
        windows = _windows(rubric, leaf)
        if not any(impossible(rubric, one, windows) for one in leaf.when):
            filed.append((name, leaf, windows))
    for i, reading in enumerate(rubric.readings):
        read = rubric.model_copy(update={"sets": {**rubric.sets, **reading.sets}})
        for name, leaf, windows in filed:
            if name not in reading.when and not reading.sets:
                continue  # it is as filed
            when = reading.when.get(name, leaf.when)
            at: Path = ("readings", i, "when", name) if name in reading.when else ("readings", i)
            for j, condition in enumerate(when):
                if why := impossible(read, condition, windows):
                    args: dict[str, object] = {
                        "name": name,
                        "reading": reading.title,
                        "why": Message(f"impossible.{why}"),
                    }
                    yield Doubt("reading-out-of-reach", (*at, j) if name in reading.when else at, args)
                    break
            else:
                found = _contradictions(when) if name in reading.when else ()
                for _, j in found:
                    args = {"name": name, "reading": reading.title, "why": Message("impossible.limits")}
                    yield Doubt("reading-out-of-reach", (*at, j), args)
                    break


def _contradictions(when: Iterable[Condition]) -> Iterator[tuple[int, int]]:
    """Pairs of conditions that all have to hold and never do together, by position.

    Only what is surely so: limits of the same number, and counts of which one cannot be above the other because it
    counts some of the same records.
    """
    asked = [(i, part) for i, condition in enumerate(when) for part in _parts(condition)]
    for at, (j, later) in enumerate(asked):
        for i, earlier in asked[:at]:
            if i != j and (_exceeds(earlier, later) or _exceeds(later, earlier)):
                yield i, j


def _parts(condition: Condition) -> Iterator[Condition]:
    """The conditions that hold wherever this one does."""
    if isinstance(condition, AllOf):
        for part in condition.all:
            yield from _parts(part)
    elif isinstance(condition, AnyOf) and len(condition.any) == 1:
        yield from _parts(condition.any[0])
    else:
        yield condition


def _exceeds(low: Condition, high: Condition) -> bool:
    """Whether *low* asks for more than *high* leaves, of the same number or of some of what it counts."""
    match low, high:
        case Value(), Value() if low.value == high.value:
            return _empty(_both(low, high))
        case Percent(), Percent() if (low.percent, low.of, low.where) == (high.percent, high.of, high.where):
            return _empty(_both(low, high))
        case ((Has() | Count()), Count()) if _counts_some_of(low, high):
            return _empty(_both(Test(at_least=Fraction(1)) if isinstance(low, Has) else low, high))
    return False


def _counts_some_of(low: Has | Count, high: Count) -> bool:
    """Whether every record that *low* counts is counted by *high* too, each for itself in both."""
    if low.before != high.before or (low.has if isinstance(low, Has) else low.count) != high.count:
        return False
    if isinstance(low, Count) and low.distinct == high.distinct and low.where == high.where:
        return True
    if isinstance(low, Has) and low.where == high.where:
        return True  # one record is at least one value
    return isinstance(low, Has) and _narrower(low.where, high.where)


def _both(low: Test | Comparison, high: Comparison) -> Test:
    """The lower limits of one with the upper limits of the other."""
    return Test(at_least=low.at_least, more_than=low.more_than, at_most=high.at_most, less_than=high.less_than)


def circular_requirement(rubric: Rubric) -> Iterator[Doubt]:
    """Criteria require each other, or one of a later round, so that they can never hold in time."""
    order = [r.id for r in rubric.rounds]
    for path, node in names.nodes(rubric):
        if isinstance(node, Area):
            continue
        found = {leaf.id: (where, leaf) for where, _, leaf in names.leaves(path, node.id, node) if leaf.id}
        for where, name, leaf in names.leaves(path, node.id, node):
            seen: list[str] = []
            ahead = list(leaf.requires)
            while ahead:
                other = ahead.pop()
                if other not in seen:
                    seen.append(other)
                    ahead += found[other][1].requires
            if leaf.id in seen:
                yield Doubt("requirement-circular", (*where, "requires"), {"name": name}, "error")
            for other in seen:
                own, theirs = leaf.round, found[other][1].round
                if own and theirs and order.index(theirs) > order.index(own):
                    yield Doubt("requirement-later", (*where, "requires"), {"name": name, "other": other})


def _windows(rubric: Rubric, leaf: Criterion) -> list[Window]:
    if not rubric.rounds:
        return [Window(rubric.period.from_, rubric.period.to)] if rubric.period else [Window(None, None)]
    order = [r.id for r in rubric.rounds]
    first = order.index(leaf.round) if leaf.round else 0
    last = len(order) if rubric.handling.carry_over or not leaf.round else first + 1
    return [Window(r.from_, r.to) for r in rubric.rounds[first:last]]


def impossible(rubric: Rubric, condition: Condition, windows: list[Window]) -> str | None:
    """Why a condition can never hold in any of *windows*: the end of a catalogue key, or None."""
    match condition:
        case AllOf():
            return next(filter(None, (impossible(rubric, part, windows) for part in condition.all)), None)
        case AnyOf():
            found = [impossible(rubric, part, windows) for part in condition.any]
            return found[0] if all(found) else None
        case Has(before=before) | Count(before=before) if before:
            if all(window.start and before <= window.start for window in windows):
                return "deadline"
        case Covers():
            if not any(True for window in windows for _ in rules.periods(window, condition.each, condition.from_)):
                return "no-period"
    if not all(_passable(where) for where in _wheres(rubric, condition)):
        return "limits"
    if isinstance(condition, Comparison):
        low, strict = _low(condition)
        if _empty(condition) or (isinstance(condition, Count) and rules.least(condition) is None):
            return "limits"
        over = low > 100 or (strict and low == 100)
        if over and isinstance(condition, Percent) and not _may_exceed(rubric, condition):
            return "over-hundred"
        if over and isinstance(condition, Value) and rubric.facts[condition.value].type == "percent":
            return "over-hundred"
        if isinstance(condition, Count):
            return _too_many_kinds(rubric, condition, low + (1 if strict else 0))
    return None


def _wheres(rubric: Rubric, condition: Condition) -> Iterator[Where]:
    """What a condition and the sets that it draws on ask of a record."""
    own: Where = getattr(condition, "where", {})
    yield own
    for name in rules.sets_read(rubric, condition):
        ahead, seen = [name], set()
        while ahead:
            one = ahead.pop()
            if one in rubric.sets and one not in seen:
                seen.add(one)
                yield rubric.sets[one].where
                ahead += rubric.sets[one].from_ if len(rubric.sets[one].from_) == 1 else ()


def trivial(condition: Condition) -> bool:
    """Whether a condition holds where nothing at all is shown."""
    match condition:
        case Count():
            return rules.compares(Fraction(0), condition)
        case AnyOf():
            return any(map(trivial, condition.any))
        case AllOf():
            return all(map(trivial, condition.all))
    return False


def _may_exceed(rubric: Rubric, condition: Percent) -> bool:
    return condition.of is not None and (
        condition.percent not in rubric.facts or rubric.facts[condition.percent].at_most != condition.of
    )


def _too_many_kinds(rubric: Rubric, condition: Count, wanted: Fraction) -> str | None:
    """Whether more different values are asked for than the field has."""
    chosen = rubric.sets.get(condition.count)
    field = condition.distinct or (chosen.distinct if chosen else None)
    kind = names.fields(rubric, condition.count).get(field) if field else None
    if kind is None or kind.type != "choice":
        return None
    left = set(kind.choices)
    for where in (condition.where, chosen.where if chosen else {}):
        test = where.get(field or "")
        if test is not None and not isinstance(test, Test):
            left &= {str(value) for value in (test if isinstance(test, tuple) else (test,))}
    return "few-choices" if wanted > len(left) and kind.required else None


def _passable(where: Where) -> bool:
    return not any(isinstance(test, Test) and _empty(test) for test in where.values())


def _empty(of: Test | Comparison) -> bool:
    """Whether no number keeps all the limits."""
    low, strict = _low(of)
    highs = [(of.at_most, False)] if of.at_most is not None else []
    highs += [(of.less_than, True)] if of.less_than is not None else []
    return any(low > high or (low == high and (strict or below)) for high, below in highs)


def never_awarded(rubric: Rubric) -> Iterator[Doubt]:
    """A rung is never awarded, because another one that is worth as much or more holds whenever it does."""

    def ladders(path: Path, node: Criterion) -> Iterator[tuple[Path, Criterion]]:
        if node.criteria:
            yield path, node
        for i, child in enumerate(node.criteria):
            yield from ladders((*path, "criteria", i), child)

    for path, node in names.nodes(rubric):
        if isinstance(node, Area):
            continue
        for where, ladder in ladders(path, node):
            if ladder.award != "highest":
                continue
            for i, rung in enumerate(ladder.criteria):
                for j, other in enumerate(ladder.criteria):
                    if i != j and _always_wins(other, rung, j < i):
                        args: dict[str, object] = {"name": str(i + 1), "other": str(j + 1)}
                        yield Doubt("never-awarded", (*where, "criteria", i), args)
                        break


def _always_wins(other: Criterion, rung: Criterion, earlier: bool) -> bool:
    if other.points is None or rung.points is None or other.round != rung.round:
        return False
    if other.points < rung.points or (other.points == rung.points and not earlier):
        return False
    return set(other.requires) <= set(rung.requires) and all(
        any(implies(mine, theirs) for mine in rung.when) for theirs in other.when
    )


def implies(mine: Condition, theirs: Condition) -> bool:
    """Whether *theirs* surely holds where *mine* does; False where that cannot be seen."""
    match mine, theirs:
        case AnyOf(), _:
            return all(implies(part, theirs) for part in mine.any)
        case _, AllOf():
            return all(implies(mine, part) for part in theirs.all)
        case AllOf(), _:
            return any(implies(part, theirs) for part in mine.all)
        case _, AnyOf():
            return any(implies(mine, part) for part in theirs.any)
        case Count(), Has():
            low, strict = _low(mine)
            more = low > 0 or (strict and low >= 0)
            return (
                mine.count == theirs.has
                and more
                and _narrower(mine.where, theirs.where)
                and mine.before == theirs.before
            )
        case Has(), Has():
            return mine.has == theirs.has and _narrower(mine.where, theirs.where) and mine.before == theirs.before
        case Count(), Count():
            same = mine.count == theirs.count and mine.distinct == theirs.distinct and mine.before == theirs.before
            return same and _narrower(mine.where, theirs.where) and _tighter(mine, theirs)
        case Percent(), Percent():
            same = mine.percent == theirs.percent and mine.of == theirs.of and mine.where == theirs.where
            return same and _tighter(mine, theirs)
        case Value(), Value():
            return mine.value == theirs.value and _tighter(mine, theirs)
        case Every(), Every():
            return mine.every == theirs.every and mine.of == theirs.of and _narrower(mine.where, theirs.where)
        case Covers(), Covers():
            same = mine.covers == theirs.covers and mine.each == theirs.each and mine.from_ == theirs.from_
            return same and _narrower(mine.where, theirs.where)
    return False


def _narrower(mine: Where, theirs: Where) -> bool:
    """Whether every record that passes *mine* passes *theirs*."""
    for field, test in theirs.items():
        own = mine.get(field)
        if own is None:
            return False
        if isinstance(own, Test) and isinstance(test, Test):
            if test.filled is not None and own.filled != test.filled:
                return False
            if not _tighter(own, test):
                return False
        elif isinstance(own, Test) or isinstance(test, Test):
            return False
        else:
            given = own if isinstance(own, tuple) else (own,)
            if not set(given) <= set(test if isinstance(test, tuple) else (test,)):
                return False
    return True


def _tighter(mine: Test | Comparison, theirs: Test | Comparison) -> bool:
    if theirs.at_most is not None or theirs.less_than is not None:
        return (mine.at_least, mine.more_than, mine.at_most, mine.less_than) == (
            theirs.at_least, theirs.more_than, theirs.at_most, theirs.less_than
        )  # fmt: skip
    low, strict = _low(mine)
    other, other_strict = _low(theirs)
    return low > other or (low == other and (strict or not other_strict))


def _low(of: Test | Comparison) -> tuple[Fraction, bool]:
    """The lower limit, and whether it is excluded; 0 where there is none."""
    found = [(of.at_least, False)] if of.at_least is not None else []
    found += [(of.more_than, True)] if of.more_than is not None else []
    return max(found, default=(Fraction(0), False))


# Levels ----------------------------------------------------------------------------------------------------------


def level_out_of_reach(rubric: Rubric) -> Iterator[Doubt]:
    """A level asks for more than there is to earn."""
    most = {node.id: maximum(node) for _, node in names.nodes(rubric)}
    indicators = [node.id for node in rubric.every_indicator()]
    for i, level in enumerate(rubric.levels):
        total = sum((most[name] for name in level.nodes), Fraction(0)) if level.nodes else maximum(rubric)
        if level.total_at_least is not None and level.total_at_least > total:
            args: dict[str, object] = {"name": level.title, "asked": level.total_at_least, "most": total}
            yield Doubt("level-out-of-reach", ("levels", i, "total_at_least"), args)
        if level.percent_at_least is not None and level.percent_at_least > 100:
            args = {"name": level.title, "asked": level.percent_at_least, "most": 100}
            yield Doubt("level-out-of-reach", ("levels", i, "percent_at_least"), args)
        least = min((most[name] for name in level.nodes or indicators), default=Fraction(0))
        if level.each_at_least is not None and level.each_at_least > least:
            args = {"name": level.title, "asked": level.each_at_least, "most": least}
            yield Doubt("level-out-of-reach", ("levels", i, "each_at_least"), args)


def gate_never_binds(rubric: Rubric) -> Iterator[Doubt]:
    """A limit of a level is met whenever its other limits are, or asks for nothing."""
    indicators = [node.id for node in rubric.every_indicator()]
    for i, level in enumerate(rubric.levels):
        asked = level.nodes or tuple(indicators)
        additive = bool(level.nodes) or _adds_up(rubric)
        if level.each_at_least is not None and level.total_at_least is not None and additive:
            least = level.each_at_least * len(asked)
            if level.total_at_least <= least and not _may_not_apply(rubric):
                args: dict[str, object] = {"name": level.title, "total": level.total_at_least, "least": least}
                yield Doubt("gate-never-binds", ("levels", i, "total_at_least"), args)
        limits = (level.each_at_least, level.total_at_least, level.percent_at_least)
        lowest_band = i == 0 and any(limit is not None for limit in limits)  # the F of A–F, said to begin at 0
        if not any(limits) and not level.requires and not lowest_band:
            yield Doubt("level-asks-nothing", ("levels", i), {"name": level.title})


def level_never_awarded(rubric: Rubric) -> Iterator[Doubt]:
    """A level is met only where a later one is met too, and the later one is awarded."""
    for i, level in enumerate(rubric.levels):
        for later in rubric.levels[i + 1 :]:
            limits = ("each_at_least", "total_at_least", "percent_at_least")
            laxer = all((getattr(level, limit) or 0) >= (getattr(later, limit) or 0) for limit in limits)
            if laxer and {*level.nodes} == {*later.nodes} and {*later.requires} <= {*level.requires, level.id}:
                yield Doubt("level-never-awarded", ("levels", i), {"name": level.title, "other": later.title})
                break


def _adds_up(rubric: Rubric) -> bool:
    areas = [node for _, node in names.nodes(rubric) if isinstance(node, Area)]
    return rubric.award == "sum" and all(area.award == "sum" for area in areas)


def _may_not_apply(rubric: Rubric) -> bool:
    return any(node.may_not_apply for node in rubric.every_indicator())


# Names -----------------------------------------------------------------------------------------------------------


def unknown_before(rubric: Rubric, others: Mapping[str, Rubric]) -> Iterator[Doubt]:
    """`continues` names an indicator that an earlier edition does not have, or an edition that is not there."""
    absent: set[str] = set()
    for path, node in names.nodes(rubric):
        for i, name in enumerate(node.continues if isinstance(node, Indicator) else ()):
            edition, colon, indicator = name.partition(":")
            at: Path = (*path, "continues", i)
            if not colon or edition == rubric.id:
                yield Doubt("continues-unknown", at, {"name": name, "known": ()})
            elif edition not in others:
                if edition not in absent:
                    yield Doubt("continues-elsewhere", at, {"name": edition}, "note")
                absent.add(edition)
            elif indicator not in (ids := [one.id for one in others[edition].every_indicator()]):
                near = difflib.get_close_matches(indicator, ids, 3)
                yield Doubt("continues-unknown", at, {"name": name, "known": tuple(f"{edition}:{one}" for one in near)})


def never_read(rubric: Rubric) -> Iterator[Doubt]:
    """A kind, fact, register or set is declared that no condition reads."""
    facts: set[str] = set()
    seen: set[str] = set()

    def reach(found: Iterable[str]) -> None:
        for name in found:
            if name not in seen:
                seen.add(name)
                reach(rubric.sets[name].from_ if name in rubric.sets else ())

    asked = [condition for _, _, leaf in _leaves(rubric) for condition in leaf.when]
    asked += [condition for reading in rubric.readings for when in reading.when.values() for condition in when]
    for condition in asked:
        facts.update(rules.facts_read(rubric, condition))
        reach(rules.sets_read(rubric, condition))
    for reading in rubric.readings:
        for chosen in reading.sets.values():
            reach(chosen.from_)
    facts |= {limit for name in set(facts) if (limit := rubric.facts[name].at_most)}
    for name in facts:
        reach(rubric.facts[name].proof)
    for section, declared, used in (
        ("kinds", rubric.kinds, seen),
        ("facts", rubric.facts, facts),
        ("registers", rubric.registers, seen | {"channels"}),
        ("sets", rubric.sets, seen),
    ):
        for name in declared:
            if name not in used:
                yield Doubt("never-read", (section, name), {"name": name})


LINTS: tuple[Lint, ...] = (
    maximum_differs,
    round_total_differs,
    window_backwards,
    points_for_nothing,
    points_out_of_reach,
    excluded_by_others,
    reading_out_of_reach,
    circular_requirement,
    never_awarded,
    level_out_of_reach,
    gate_never_binds,
    level_never_awarded,
    never_read,
)
