"""From a portfolio to a score: the rubric's tree with points, maxima and reasons.

One recursion computes it. Round, day and reading are arguments; nothing here reads a clock. `docs/rubrics.md` is the
definition.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import lcm
from operator import attrgetter
from typing import TypeVar

from lakthan import names, rules, verdicts
from lakthan.model import (
    Answer,
    Finding,
    Gate,
    Message,
    NodeScore,
    Portfolio,
    Record,
    Ruling,
    Score,
    Total,
    Verified,
    Window,
)
from lakthan.rubric import (
    Area,
    Branch,
    Criterion,
    Handling,
    Indicator,
    Level,
    Reading,
    Rubric,
    follows,
    path_of,
)

_NONE = Fraction(0)
C = TypeVar("C", bound=Criterion)


def score(
    portfolio: Portfolio,
    *,
    round: str | None = None,
    as_of: datetime.date | None = None,
    reading: str | None = None,
    ruled: Sequence[Ruling] = (),
) -> Score:
    """The score of *portfolio* for a round (the rubric's last one unless said), on a day, under a reading.

    With *ruled* it is what reviewers left of it. Raises KeyError for a round or reading that the rubric does not have.
    """
    rubric = read(portfolio.rubric, reading)
    if round is None and rubric.rounds:
        round = rubric.rounds[-1].id
    nodes = rubric.every_indicator()
    scored = {node.id: indicator(portfolio, rubric, node, round, as_of, ruled) for node in nodes}
    return _whole(portfolio, rubric, scored, round, as_of, reading, own=True)


def reread(found: Score, reading: str) -> Score:
    """A score under another reading, for the same round and day, without what reviewers found.

    What the reading leaves alone is taken over from *found*.
    """
    portfolio, day = found.portfolio, found.as_of
    rubric = read(portfolio.rubric, reading)
    if found.reading is not None or rubric.handling != portfolio.rubric.handling:
        return score(portfolio, round=found.round, as_of=day, reading=reading)
    touched = _touched(portfolio.rubric, rubric, reading)
    scored = {
        node.id: indicator(portfolio, rubric, node, found.round, day)
        if node.id in touched
        else found.indicators[node.id]
        for node in rubric.every_indicator()
    }
    return _whole(portfolio, rubric, scored, found.round, day, reading)


def _touched(rubric: Rubric, read: Rubric, reading: str) -> frozenset[str]:
    """The indicators that a reading changes: their own conditions, or a set that these draw on."""
    known = follows(rubric)
    if ("touched", reading) not in known:
        replaced = {name for name, one in read.sets.items() if one is not rubric.sets.get(name)}
        before = {node.id: node for node in rubric.every_indicator()}
        known["touched", reading] = frozenset(
            node.id
            for node in read.every_indicator()
            if node is not before[node.id] or not replaced.isdisjoint(_sets_below(read, node))
        )
    found: frozenset[str] = known["touched", reading]
    return found


def _sets_below(rubric: Rubric, node: Indicator) -> set[str]:
    """Every set that an indicator counts, or that one of these draws on."""
    found: set[str] = set()
    ahead = [
        name
        for _, leaf in _leaves(rubric, node)
        for condition in leaf.when
        for name in (
            *rules.sets_read(rubric, condition),
            *(p for fact in rules.facts_read(rubric, condition) for p in rubric.facts[fact].proof),
        )
    ]
    while ahead:
        name = ahead.pop()
        if name in rubric.sets and name not in found:
            found.add(name)
            ahead += rubric.sets[name].from_
    return found


def verified(found: Score) -> Verified | None:
    """What reviewers left of a score, for the same round, day and reading; None where nobody reviewed that round."""
    portfolio, rounded, day = found.portfolio, found.round, found.as_of
    reviews = verdicts.reviews(portfolio, rounded, day)
    if not any(review.verdicts for review in reviews):
        return None
    ruled = verdicts.rulings(portfolio, rounded, day)
    after = score(portfolio, round=rounded, as_of=day, reading=found.reading, ruled=ruled)
    return Verified(after, ruled, reviews)


def stated(found: Score) -> Score | None:
    """A score as the unit assessed itself: its own points of each indicator, none where it states none.

    None where it states nothing, or where the rubric has rounds that are still to come: a unit states the points of
    the year.
    """
    portfolio, rubric = found.portfolio, found.rubric
    own = {name: answer.self_score.value for name, answer in portfolio.answers.items() if answer.self_score}
    if not own or (rubric.rounds and found.round != rubric.rounds[-1].id):
        return None
    scored = {
        name: replace(node, points=min(own.get(name, _NONE), node.max), decided=True)
        for name, node in found.indicators.items()
    }
    return _whole(portfolio, rubric, scored, found.round, found.as_of, found.reading, own=True)


def rounds_reached(portfolio: Portfolio, as_of: datetime.date | None = None) -> tuple[str | None, ...]:
    """The rounds to show: the first, and each whose predecessor ended before *as_of* (or the newest date there is)."""
    rounds = portfolio.rubric.rounds
    if not rounds:
        return (None,)
    today = as_of or _newest(portfolio, max((r.to for r in rounds[:-1]), default=None))
    later = (after.id for before, after in pairwise(rounds) if today and before.to < today)
    return (rounds[0].id, *later)


def _newest(portfolio: Portfolio, enough: datetime.date | None) -> datetime.date | None:
    """The last day that something in the portfolio bears, or one of those after *enough*."""
    newest = None
    for day in portfolio.days():
        if newest is None or day > newest:
            newest = day
            if enough and newest > enough:
                break
    return newest


def timeline(
    portfolio: Portfolio, *, round: str | None = None, reading: str | None = None
) -> tuple[tuple[datetime.date, Fraction], ...]:
    """The points as they stood on each day that something in the portfolio is dated, where they changed."""
    rubric = read(portfolio.rubric, reading)
    if round is None and rubric.rounds:
        round = rubric.rounds[-1].id
    nodes = {node.id: node for node in rubric.every_indicator()}
    affected: dict[datetime.date, set[str]] = {}
    for name, node in nodes.items():
        own, reads = portfolio.answers.get(name), rules.kinds_asked(rubric, node)
        mine = (r for r in (*(own.evidence if own else ()), *portfolio.shared.evidence) if r.kind in reads)
        listed = (r for one in reads for r in _listed(portfolio, own, one))
        for day in {day for record in (*mine, *listed) for day in _days(record)}:
            affected.setdefault(day, set()).add(name)
    if portfolio.signed:  # the day of what has none
        affected.setdefault(portfolio.signed, set()).update(nodes)
    # The line begins with the first day of all, even of what nothing asks for.
    for answer in portfolio.all_answers():
        for record in (*answer.evidence, *(r for found in answer.registers.values() for r in found)):
            for day in _days(record):
                affected.setdefault(day, set())
    points: list[tuple[datetime.date, Fraction]] = []
    scored: dict[str, NodeScore] = {}
    views: dict[str, dict[str, tuple[Record, ...]]] = {name: {} for name in nodes}
    for day in sorted(affected):
        changed = not scored
        for name in nodes if not scored else affected[day]:
            before, scored[name] = (
                scored.get(name),
                indicator(portfolio, rubric, nodes[name], round, day, view=views[name]),
            )
            changed = changed or before is None or before.points != scored[name].points
        if not changed:
            continue
        total = _combine(rubric, "", scored, own=True).points
        if not points or points[-1][1] != total:
            points.append((day, total))
    return tuple(points)


def _listed(portfolio: Portfolio, own: Answer | None, register: str) -> Sequence[Record]:
    """The entries of a register that an answer sees: its own, else the portfolio's."""
    return next((a.registers[register] for a in (own, portfolio.shared) if a and register in a.registers), ())


def _days(record: Record) -> Iterable[datetime.date]:
    for value in record.values.values():
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, datetime.date):
                yield item


# Readings --------------------------------------------------------------------------------------------------------


def read(rubric: Rubric, reading: str | None) -> Rubric:
    """The rubric with the replacements of a reading in place."""
    if reading is None:
        return rubric
    known = follows(rubric)
    if ("read", reading) not in known:
        known["read", reading] = _read(rubric, reading)
    found: Rubric = known["read", reading]
    return found


def _read(rubric: Rubric, reading: str) -> Rubric:
    chosen = next((r for r in rubric.readings if r.id == reading), None)
    if chosen is None:
        raise KeyError(reading)
    return rubric.model_copy(
        update={
            "sets": {**rubric.sets, **chosen.sets},
            "handling": Handling.model_validate({**rubric.handling.model_dump(), **chosen.handling}),
            "areas": tuple(_read_area(area, chosen) for area in rubric.areas),
            "indicators": tuple(_read_criterion(node, node.id, chosen) for node in rubric.indicators),
        }
    )


def _read_area(area: Area, reading: Reading) -> Area:
    if not reading.when:
        return area
    return area.model_copy(
        update={
            "areas": tuple(_read_area(child, reading) for child in area.areas),
            "indicators": tuple(_read_criterion(node, node.id, reading) for node in area.indicators),
        }
    )


def _read_criterion(node: C, path: str, reading: Reading) -> C:
    if not any(other == path or other.startswith(f"{path}/") for other in reading.when):
        return node
    children = (
        _read_criterion(child, path_of(path, position, child), reading)
        for position, child in enumerate(node.criteria, 1)
    )
    return node.model_copy(update={"when": reading.when.get(path, node.when), "criteria": tuple(children)})


# Indicators ------------------------------------------------------------------------------------------------------


def indicator(
    portfolio: Portfolio,
    rubric: Rubric,
    node: Indicator,
    round: str | None,
    as_of: datetime.date | None,
    ruled: Sequence[Ruling] = (),
    view: dict[str, tuple[Record, ...]] | None = None,
) -> NodeScore:
    """The score of one indicator, from its own file and the portfolio's shared one; with *ruled*, after the reviews.

    Who asks again and again, for other days or rounds, gives the same *view*: an empty dict of this indicator alone.
    """
    view = {} if view is None else view
    answer = portfolio.answers.get(node.id)
    own = next((ruling for ruling in ruled if ruling.indicator == node.id and ruling.evidence is None), None)
    if node.may_not_apply and answer and answer.not_applicable and not (own and own.rejects):
        return NodeScore(node.id, node, _NONE, _NONE, applies=False)
    refused = verdicts.refused(ruled, node.id) if ruled else None
    seen: list[rules.Scope] = []

    def through(window: Window) -> rules.Scope:
        """One scope for each window, so that conditions share what they gather."""
        for scope in seen:
            if scope.window == window:
                return scope
        first = seen[0] if seen else rules.Scope(portfolio, rubric, node.id, window, as_of, refused, view)
        seen.append(first.through(window) if seen else first)
        return seen[-1]

    asked = _judged(rubric, node, round)
    leaves = {path: _leaf(path, leaf, windows, through) for path, leaf, windows in asked}
    if any(leaf.requires for _, leaf, _ in asked):
        held = _held(leaves)
        for path, leaf_score in leaves.items():
            criterion = leaf_score.node
            assert isinstance(criterion, Criterion)  # leaves of an indicator are criteria
            lacking = tuple(p for p in (_required(r, leaves) for r in criterion.requires) if p not in held)
            if lacking or leaf_score.holds != (path in held):
                points = leaf_score.max if path in held else _NONE
                leaves[path] = replace(leaf_score, holds=path in held, points=points, requires=lacking)
    for scope in seen:
        scope.looked_at.clear()  # findings hold on to the scope: of a nation's, that is a tenth of all memory
    found = _criterion(node, node.id, leaves)
    decided = verdicts.points(own, found.points, found.max)
    return found if decided is None else replace(found, points=decided, decided=True)


def _leaves(rubric: Rubric, node: Indicator) -> Sequence[tuple[str, Criterion]]:
    """The leaf criteria of an indicator, each with its path."""
    known = follows(rubric)
    if ("leaves", id(node)) not in known:  # the rubric holds on to its nodes: an id is never another's
        known["leaves", id(node)] = tuple((path, leaf) for _, path, leaf in names.leaves((), node.id, node))
    found: tuple[tuple[str, Criterion], ...] = known["leaves", id(node)]
    return found


def _judged(
    rubric: Rubric, node: Indicator, round: str | None
) -> Sequence[tuple[str, Criterion, Sequence[tuple[str | None, Window]]]]:
    """The same, each with the windows that it is judged in, in turn; none for a leaf of a later round."""
    known = follows(rubric)
    key = ("judged", id(node), round)
    if key not in known:
        known[key] = tuple((path, leaf, _windows(rubric, leaf.round, round)) for path, leaf in _leaves(rubric, node))
    found: Sequence[tuple[str, Criterion, Sequence[tuple[str | None, Window]]]] = known[key]
    return found


def _required(name: str, leaves: Mapping[str, NodeScore]) -> str:
    """The path of the criterion with that id, wherever in the indicator it stands."""
    return next(path for path, leaf in leaves.items() if isinstance(leaf.node, Criterion) and leaf.node.id == name)


def _held(leaves: Mapping[str, NodeScore]) -> set[str]:
    """The leaves that hold once what they require is asked for too; leaves that require each other do not hold."""
    held: set[str] = set()
    while True:
        more = {
            path
            for path, leaf in leaves.items()
            if path not in held
            and leaf.holds
            and isinstance(leaf.node, Criterion)
            and all(_required(name, leaves) in held for name in leaf.node.requires)
        }
        if not more:
            return held
        held |= more


def _leaf(
    path: str,
    leaf: Criterion,
    windows: Sequence[tuple[str | None, Window]],
    through: Callable[[Window], rules.Scope],
) -> NodeScore:
    assert leaf.points is not None  # the language sees to it
    findings: tuple[Finding, ...] = ()
    if not windows:
        return NodeScore(path, leaf, _NONE, _NONE, later=True)
    for name, window in windows:
        scope = through(window)
        findings = tuple([rules.judge(condition, scope) for condition in leaf.when])
        if all(finding.holds for finding in findings):
            return NodeScore(path, leaf, leaf.points, leaf.points, holds=True, earned_in=name, findings=findings)
    return NodeScore(path, leaf, _NONE, leaf.points, findings=findings)


def _windows(rubric: Rubric, own: str | None, asked: str | None) -> Sequence[tuple[str | None, Window]]:
    if not rubric.rounds:
        period = rubric.period
        return [(None, Window(period.from_, period.to) if period else Window(None, None))]
    names = [r.id for r in rubric.rounds]
    last = names.index(asked) if asked in names else -1
    if last < 0:
        raise KeyError(asked)
    first = names.index(own) if own else last
    if first > last:
        return []
    chosen = rubric.rounds[first : last + 1] if rubric.handling.carry_over else rubric.rounds[first : first + 1]
    return [(r.id, Window(r.from_, r.to)) for r in chosen]


# The tree --------------------------------------------------------------------------------------------------------


def _criterion(node: Criterion, path: str, leaves: Mapping[str, NodeScore]) -> NodeScore:
    if not node.criteria:
        return leaves[path]
    children = [
        _criterion(child, path_of(path, position, child), leaves) for position, child in enumerate(node.criteria, 1)
    ]
    return _award(node, path, node.award or "sum", children, own=True)


def _combine(node: Rubric | Area, path: str, scored: Mapping[str, NodeScore], *, own: bool = False) -> NodeScore:
    if node.areas:
        areas = [_combine(area, area.id, scored, own=own) for area in node.areas]
        return _award(node, path, node.award, areas, own=True)
    return _award(node, path, node.award, [scored[n.id] for n in node.indicators], own=own)


def _award(
    node: Rubric | Area | Criterion, path: str, award: str, children: Sequence[NodeScore], *, own: bool = False
) -> NodeScore:
    """A node from its children: `highest`, `sum` or `mean` of those that apply.

    Children are marked that are awarded. Those that were made for this node, its *own*, nobody else has seen.
    """
    counted = [child for child in children if child.applies]
    points, most = AWARDS[award](counted)
    marked = []
    best: NodeScore | None = None
    if award == "highest":
        best = next((child for child in counted if child.points == points and (points or child.holds)), None)
    for child in children:
        awarded = child is best if award == "highest" else child.applies and (child.holds or child.points.numerator > 0)
        if child.awarded == awarded:
            marked.append(child)
        elif own:
            object.__setattr__(child, "awarded", awarded)
            marked.append(child)
        else:
            marked.append(replace(child, awarded=awarded))
    return NodeScore(path, node, points, most, applies=bool(counted), children=tuple(marked))


def _highest(children: Sequence[NodeScore]) -> tuple[Fraction, Fraction]:
    return _largest([c.points for c in children]), _largest([c.max for c in children])


def _sum(children: Sequence[NodeScore]) -> tuple[Fraction, Fraction]:
    return _total([c.points for c in children]), _total([c.max for c in children])


def _mean(children: Sequence[NodeScore]) -> tuple[Fraction, Fraction]:
    weights = _total([_weight(c) for c in children])
    if not weights:
        return _NONE, _NONE
    points = _total([_weight(c) * c.points for c in children])
    return points / weights, _total([_weight(c) * c.max for c in children]) / weights


# Fractions add up and compare twenty times as slowly as whole numbers.


def _total(numbers: Sequence[Fraction]) -> Fraction:
    if len(numbers) == 1:
        return numbers[0]
    above, below = 0, 1
    for number in numbers:
        numerator, denominator = number.as_integer_ratio()
        if denominator != below:
            common = lcm(below, denominator)
            above, below = above * (common // below), common
        above += numerator * (below // denominator)
    return _exact(above, below)


_exact = lru_cache(maxsize=4096)(Fraction)


def _largest(numbers: Sequence[Fraction]) -> Fraction:
    for number in numbers:
        if number.denominator != 1:
            return max(numbers)
    return max(numbers, key=attrgetter("numerator"), default=_NONE)


def _weight(child: NodeScore) -> Fraction:
    return child.node.weight if isinstance(child.node, Branch) else Fraction(1)


AWARDS: Mapping[str, Callable[[Sequence[NodeScore]], tuple[Fraction, Fraction]]] = {
    "highest": _highest,
    "sum": _sum,
    "mean": _mean,
}
"""How the points and maxima of children become their parent's."""


# Levels ----------------------------------------------------------------------------------------------------------


def _whole(
    portfolio: Portfolio,
    rubric: Rubric,
    scored: Mapping[str, NodeScore],
    round: str | None,
    as_of: datetime.date | None,
    reading: str | None,
    *,
    own: bool = False,
) -> Score:
    """All of a score from that of each indicator, which nobody else has seen if they are its *own*."""
    root = _combine(rubric, "", scored, own=own)
    above = tuple(_above_criteria(root))
    nodes = {node.path: node for node in above}
    gates = _gates(rubric, root, nodes, scored)
    totals = []
    for subtotal in rubric.subtotals:
        points, most = _sum([nodes[name] for name in subtotal.nodes if nodes[name].applies])
        totals.append(Total(subtotal, points, most))
    return Score(
        portfolio=portfolio,
        rubric=rubric,
        round=round,
        reading=reading,
        as_of=as_of,
        root=root,
        gates=gates,
        level=next((gate.level.id for gate in reversed(gates) if gate.met), None),
        totals=tuple(totals),
        indicators={node.path: node for node in above if isinstance(node.node, Indicator)},
    )


def _above_criteria(node: NodeScore) -> Iterable[NodeScore]:
    """A node and those below it down to the indicators: nothing else of a rubric asks for criteria."""
    yield node
    if not isinstance(node.node, Indicator):
        for child in node.children:
            yield from _above_criteria(child)


def _gates(
    rubric: Rubric, root: NodeScore, nodes: Mapping[str, NodeScore], scored: Mapping[str, NodeScore]
) -> tuple[Gate, ...]:
    gates: dict[str, Gate] = {}
    for level in rubric.levels:
        gates[level.id] = gate(level, root, nodes, tuple(scored), gates)
    return tuple(gates.values())


def gate(
    level: Level,
    root: NodeScore,
    nodes: Mapping[str, NodeScore],
    indicators: Sequence[str],
    earlier: Mapping[str, Gate],
) -> Gate:
    """One level, judged as printed. *earlier* are the gates before it, for `requires`."""
    counted = [nodes[name] for name in level.nodes or indicators if nodes[name].applies]
    points, most = _sum(counted) if level.nodes else (root.points, root.max)
    least = level.each_at_least
    failing = tuple(n.path for n in counted if least is not None and n.points < least)
    unmet = tuple(name for name in level.requires if name not in earlier or not earlier[name].met)
    because: list[Message] = []
    if failing:
        because.append(Message("gate.each", {"nodes": failing, "least": least, "n": len(failing)}))
    if level.total_at_least is not None and points < level.total_at_least:
        args = {"points": points, "least": level.total_at_least, "short": level.total_at_least - points}
        because.append(Message("gate.total", args))
    if level.percent_at_least is not None and (not most or 100 * points / most < level.percent_at_least):
        share = 100 * points / most if most else _NONE
        because.append(Message("gate.percent", {"share": share, "least": level.percent_at_least}))
    if unmet:
        because.append(
            Message("gate.requires", {"levels": tuple(earlier[n].level.title if n in earlier else n for n in unmet)})
        )
    if not counted:
        because.append(Message("gate.nothing_applies"))
    return Gate(level, not because, points, most, failing, unmet, tuple(because))
