"""What would earn more: for an indicator the next points, for a level the smallest set of missing things.

Every finding that does not hold lists the ways to make it hold. Here they are put together along the tree: an
*option* of a node is what it would be worth, and what that costs. Things that several indicators ask for (the
portfolio's own registers and facts) are counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce

from lakthan import rules
from lakthan.model import Advice, Message, Need, NodeScore, Score, Step
from lakthan.rubric import Branch, Criterion, Indicator, Level, Rubric

STATES = 600
"""Options of one node that are followed; beyond these the dearest are dropped: the advice may miss the cheapest."""

_ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Option:
    """What a node would be worth (`value`, and what it adds to each sum that a level asks for), for what is needed."""

    value: Fraction
    sums: tuple[Fraction, ...] = ()
    cost: int = 0
    """Of `needs`; what is `shared` with other indicators is added once, at the end."""
    needs: tuple[Need, ...] = ()
    shared: tuple[Need, ...] = ()

    @property
    def total(self) -> int:
        return self.cost + rules.cost(self.shared)


def advise(score: Score) -> Advice:
    """The next step of every indicator and the way to every level that is not met."""
    steps = {name: one for name, node in score.indicators.items() if (one := step(node))}
    found = {gate.level.id: way_to(score, gate.level) for gate in score.gates if not gate.met}
    return Advice(steps, {level: step for level, step in found.items() if step})


def step(node: NodeScore) -> Step | None:
    """The next step of an indicator; None if nothing is worth more."""
    better = [o for o in _options(node, _Aim()) if o.value > node.points]
    if not better:
        return None
    best = min(better, key=lambda o: (o.total, o.value))
    return Step(best.value, best.needs)


def way_to(score: Score, level: Level) -> Step | None:
    """The smallest set of missing things that meets *level* and all that it requires; None if nothing does."""
    levels = _with_required(score.rubric, level)
    listed = [one for one in levels if one.nodes]
    floors: dict[str, Fraction] = {}
    for one in levels:
        for name in one.nodes or score.indicators:
            if one.each_at_least is not None:
                floors[name] = max(floors.get(name, _ZERO), one.each_at_least)
    aim = _Aim(floors, tuple(frozenset(one.nodes) for one in listed), _shared(score))
    reached = [
        option
        for option in _options(score.root, aim)
        if all(
            _reaches(one, option.sums[listed.index(one)] if one.nodes else option.value, _most(score, one))
            for one in levels
        )
    ]
    if not reached:
        return None
    best = min(reached, key=lambda o: (o.total, -o.value))
    needs = tuple(_named(need, score) for need in rules.merge((*best.needs, *best.shared)))
    return Step(best.sums[listed.index(level)] if level.nodes else best.value, needs)


def _named(need: Need, score: Score) -> Need:
    """The need with the indicator that it is for, where the portfolio does not keep it for all."""
    owner = need.key[1] if need.key[0] == "fact" else need.key[0]
    if owner not in score.indicators:
        return need
    return replace(need, what=Message("need.for", {"name": owner, "what": need.what}))


def _with_required(rubric: Rubric, level: Level) -> list[Level]:
    found = [level]
    for one in found:
        found += [other for other in rubric.levels if other.id in one.requires and other not in found]
    return found


def _reaches(level: Level, points: Fraction, most: Fraction) -> bool:
    if level.total_at_least is not None and points < level.total_at_least:
        return False
    return level.percent_at_least is None or (most > 0 and 100 * points / most >= level.percent_at_least)


def _most(score: Score, level: Level) -> Fraction:
    if not level.nodes:
        return score.max
    return sum((node.max for node in score.root.walk() if node.path in level.nodes and node.applies), _ZERO)


@dataclass(frozen=True, slots=True)
class _Aim:
    """What a level asks of the nodes: a least value of some, sums over some; and which needs are shared."""

    floors: Mapping[str, Fraction] = field(default_factory=dict)
    sums: tuple[frozenset[str], ...] = ()
    shared: frozenset[tuple[str, ...]] = frozenset()


def _shared(score: Score) -> frozenset[tuple[str, ...]]:
    """The needs that more than one indicator has."""
    seen = Counter(
        key
        for node in score.indicators.values()
        for key in {need.key for leaf in node.leaves() for way in _ways(leaf, node) for need in way}
    )
    return frozenset(key for key, n in seen.items() if n > 1)


# Options ---------------------------------------------------------------------------------------------------------


def _options(node: NodeScore, aim: _Aim, indicator: NodeScore | None = None) -> list[Option]:
    """What *node* could be worth, and at what cost; what it is worth now comes first and costs nothing."""
    none = (_ZERO,) * len(aim.sums)
    if not node.applies:
        return [Option(_ZERO, none)]
    if isinstance(node.node, Indicator):
        indicator = node
    if node.children:
        children = [child for child in node.children if child.applies]
        found = _fold(node, [_weighed(child, _options(child, aim, indicator), node) for child in children], none)
    else:
        found = [Option(node.points, none)]
        for way in _ways(node, indicator or node):
            shared = tuple(need for need in way if need.key in aim.shared)
            needs = tuple(need for need in way if need.key not in aim.shared)
            found.append(Option(_worth(node), none, rules.cost(needs), needs, shared))
    floor = aim.floors.get(node.path)
    return [
        Option(
            option.value,
            tuple(
                s + (option.value if node.path in names else 0) for s, names in zip(option.sums, aim.sums, strict=True)
            ),
            option.cost,
            option.needs,
            option.shared,
        )
        for option in found
        if floor is None or option.value >= floor
    ]


def _worth(leaf: NodeScore) -> Fraction:
    return leaf.node.points or _ZERO if isinstance(leaf.node, Criterion) else _ZERO


def _ways(leaf: NodeScore, indicator: NodeScore) -> tuple[tuple[Need, ...], ...]:
    """The ways to make a leaf hold, with all that it requires."""
    if leaf.holds or leaf.later:
        return ()
    unmet = [leaf, *_required(leaf, indicator, set())]
    lacking = [finding for one in unmet for finding in one.findings if not finding.holds]
    if any(one.later for one in unmet) or not lacking:
        return ()
    return rules.both(*(finding.ways for finding in lacking))


def _required(leaf: NodeScore, indicator: NodeScore, seen: set[str]) -> Iterable[NodeScore]:
    leaves = {one.path: one for one in indicator.leaves()}
    for path in leaf.requires:
        if path not in seen and path in leaves:
            seen.add(path)
            yield leaves[path]
            yield from _required(leaves[path], indicator, seen)


def _weighed(child: NodeScore, options: list[Option], parent: NodeScore) -> list[Option]:
    """Options with their value as it goes into the parent's sum."""
    if parent.node.award != "mean" or not isinstance(child.node, Branch):
        return options
    weight = child.node.weight
    return [Option(o.value * weight, o.sums, o.cost, o.needs, o.shared) for o in options]


def _fold(node: NodeScore, children: Sequence[list[Option]], none: tuple[Fraction, ...]) -> list[Option]:
    """The options of all children together."""
    highest, inside = node.node.award == "highest", isinstance(node.node, Criterion)

    def join(left: list[Option], right: list[Option]) -> list[Option]:
        return _prune(_both(a, b, highest, inside) for a in left for b in right)

    found = reduce(join, children, [Option(_ZERO, none)])
    if node.node.award == "mean":
        weights = sum((c.node.weight for c in node.children if c.applies and isinstance(c.node, Branch)), _ZERO)
        found = [Option(o.value / weights if weights else _ZERO, o.sums, o.cost, o.needs, o.shared) for o in found]
    return found


def _both(a: Option, b: Option, highest: bool, inside: bool) -> Option:
    # Only inside an indicator can unshared needs be the same thing.
    needs = rules.merge((*a.needs, *b.needs)) if inside and a.needs and b.needs else (*a.needs, *b.needs)
    shared = rules.merge((*a.shared, *b.shared)) if a.shared and b.shared else a.shared or b.shared
    return Option(
        max(a.value, b.value) if highest else a.value + b.value,
        tuple(x + y for x, y in zip(a.sums, b.sums, strict=True)),
        rules.cost(needs) if inside else a.cost + b.cost,
        needs,
        shared,
    )


def _prune(options: Iterable[Option]) -> list[Option]:
    """Only options that no other beats: at least the same worth for no more."""
    best: dict[tuple[object, ...], Option] = {}
    for option in options:
        key = (option.value, option.sums, tuple((need.key, need.amount) for need in option.shared))
        if key not in best or option.cost < best[key].cost:
            best[key] = option
    kept: list[Option] = []
    highest: Fraction | None = None
    for option in sorted(best.values(), key=lambda o: (o.total, -o.value)):
        if not option.sums and not option.shared:
            # Nothing to weigh but worth and cost: dearer ones must be worth more than all before them.
            if highest is None or option.value > highest:
                highest = option.value
                kept.append(option)
        elif not any(_beats(other, option) for other in kept):
            kept.append(option)
        if len(kept) == STATES:
            break
    return kept


def _beats(other: Option, option: Option) -> bool:
    return (
        other.cost <= option.cost
        and other.value >= option.value
        and all(x >= y for x, y in zip(other.sums, option.sums, strict=True))
        and (not other.shared or other.shared == option.shared)
    )
