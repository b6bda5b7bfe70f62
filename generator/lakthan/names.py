"""Whether every name in a rubric means something: a rubric that passes can be scored without a missing key.

Yields what does not resolve, with the path inside the rubric file, so that the loader can point at the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakthan.rubric import (
    EVIDENCE_FIELDS,
    AllOf,
    AnyOf,
    Area,
    Condition,
    Count,
    Covers,
    Criterion,
    Every,
    FieldType,
    Handling,
    Has,
    Indicator,
    Note,
    Percent,
    Rubric,
    Set,
    Test,
    Value,
    Where,
    follows,
    path_of,
)

Path = tuple[str | int, ...]

RESERVED = frozenset(
    {
        "self_score",
        "not_applicable",
        "status",
        "responsible",
        "personal_data",
        "evidence",
        "signed",
        "executive",
        "reporter",
    }
)
RESERVED_PORTFOLIO = frozenset({"demonstration", "self_level"})
"""Keys of front matter that facts and registers must leave alone. (`signed` is one in `portfolio.md` only.)"""


TAKEN = (
    *("board", "channels", "evidence", "files", "index", "portfolio", "practice"),
    *("previews", "qr", "readme", "review", "reviews", "units", "what-if"),
)
"""Names of files and pages beside those of the indicators, in lower case."""

TAKEN_BY_RUBRICS = ("index", "profile", "news")
"""Pages beside those of the portfolios, which are called like their rubric."""

DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
"""Names that no file and no folder can have on Windows, with or without an extension."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One thing in a rubric that means nothing: a code of the catalogue, what was written, what it might have meant."""

    path: Path
    code: str
    name: str
    known: tuple[str, ...] = ()


SOURCES = 100
"""Names that a set may draw on in all, each as often as it is drawn on: a count goes through every one of them."""


def unresolved(rubric: Rubric) -> Iterator[Unresolved]:
    """Everything in *rubric* that does not resolve, in no particular order."""
    if tangled := tuple(_tangled(rubric)):
        # Whatever else asks what a set comes down to would take as long as a count does.
        yield from tangled
        return
    yield from _declared(rubric)
    yield from _sets(rubric, rubric.sets, ("sets",))
    yield from _tree(rubric)
    yield from _results(rubric)
    yield from _readings(rubric)


def nodes(rubric: Rubric) -> Iterator[tuple[Path, Area | Indicator]]:
    """All areas and indicators, each with its path inside the rubric file."""

    def walk(path: Path, holder: Rubric | Area) -> Iterator[tuple[Path, Area | Indicator]]:
        for i, area in enumerate(holder.areas):
            yield (*path, "areas", i), area
            yield from walk((*path, "areas", i), area)
        for i, indicator in enumerate(holder.indicators):
            yield (*path, "indicators", i), indicator

    return walk((), rubric)


def leaves(path: Path, name: str, node: Criterion) -> Iterator[tuple[Path, str, Criterion]]:
    """The leaf criteria at or below *node*: path inside the file, address (`2/3`), criterion."""
    if not node.criteria:
        yield path, name, node
    for i, child in enumerate(node.criteria):
        yield from leaves((*path, "criteria", i), path_of(name, i + 1, child), child)


def everything(path: Path, name: str, node: Criterion) -> Iterator[tuple[Path, str, Criterion]]:
    """*node* and all criteria below it, groups too, as `leaves` does."""
    yield path, name, node
    for i, child in enumerate(node.criteria):
        yield from everything((*path, "criteria", i), path_of(name, i + 1, child), child)


def conditions(path: Path, found: Iterable[Condition]) -> Iterator[tuple[Path, Condition]]:
    """Conditions and the parts of `any` and `all`, each with its path inside the file."""
    for i, condition in enumerate(found):
        yield (*path, i), condition
        if isinstance(condition, AnyOf):
            yield from conditions((*path, i, "any"), condition.any)
        elif isinstance(condition, AllOf):
            yield from conditions((*path, i, "all"), condition.all)


def fields(rubric: Rubric, name: str) -> Mapping[str, FieldType]:
    """The fields of what *name* means: of a kind, a register, or all sources of a set."""
    known = follows(rubric)
    if ("fields", name) not in known:
        known["fields", name] = _fields(rubric, name)
    found: Mapping[str, FieldType] = known["fields", name]
    return found


def of_type(rubric: Rubric, name: str, sort: str) -> tuple[str, ...]:
    """Those of these fields that are of one type."""
    known, asked = follows(rubric), ("of_type", name, sort)
    found: tuple[str, ...] | None = known.get(asked)
    if found is None:
        found = known[asked] = tuple(key for key, one in fields(rubric, name).items() if one.type == sort)
    return found


def _fields(rubric: Rubric, name: str) -> Mapping[str, FieldType]:
    if name in rubric.sets:
        found: dict[str, FieldType] = {}
        for source in _drawn_on(rubric, name):
            found.update(fields(rubric, source) if source not in rubric.sets else {})
        return found
    if name in rubric.kinds:
        return {**EVIDENCE_FIELDS, **rubric.kinds[name].fields}
    register = rubric.register(name)
    return {**register.fields, **PLACE} if register else {}


PLACE = {"place": FieldType.model_validate({"title": {"th": "แหล่งเผยแพร่", "en": "place"}})}
"""The field that every record of a register has: where it is to be found (`load` fills it in)."""


def _countable(rubric: Rubric) -> tuple[str, ...]:
    return tuple({**rubric.kinds, **rubric.registers, **rubric.sets, "channels": None})


def _declared(rubric: Rubric) -> Iterator[Unresolved]:
    seen: set[str] = set()
    sections: dict[str, Mapping[str, Any]] = {
        "kinds": rubric.kinds, "facts": rubric.facts, "registers": rubric.registers, "sets": rubric.sets
    }  # fmt: skip
    for section, declared in sections.items():
        for name in declared:
            if name in seen or (name == "channels" and section != "registers"):
                yield Unresolved((section, name), "rubric-name-twice", name)
            if section in ("facts", "registers") and name in (RESERVED - {"signed"}) | RESERVED_PORTFOLIO:
                yield Unresolved((section, name), "rubric-name-reserved", name)
            seen.add(name)
    for name, fact in rubric.facts.items():
        for i, kind in enumerate(fact.proof):
            yield from _known(kind, _countable(rubric), ("facts", name, "proof", i))
        if fact.at_most is not None:
            yield from _known(fact.at_most, rubric.facts, ("facts", name, "at_most"))
    for name in rubric.registers:
        register = rubric.register(name)
        for i, field in enumerate(register.proof if register else ()):
            yield from _known(field, register.fields if register else (), ("registers", name, "proof", i))


def _known(name: str, known: Iterable[str], path: Path, code: str = "rubric-unknown-name") -> Iterator[Unresolved]:
    known = tuple(known)
    if name not in known:
        yield Unresolved(path, code, name, known)


def _sets(rubric: Rubric, sets: Mapping[str, Set], path: Path) -> Iterator[Unresolved]:
    merged = rubric.model_copy(update={"sets": {**rubric.sets, **sets}})
    for name, chosen in sets.items():
        here = (*path, name)
        for source in chosen.from_:
            yield from _known(source, _countable(rubric), (*here, "from"))
            if source == name or (source in merged.sets and name in _drawn_on(merged, source)):
                yield Unresolved((*here, "from"), "rubric-circular", name)
        yield from _where(merged, name, chosen.where, (*here, "where"))
        if chosen.distinct is not None:
            yield from _known(chosen.distinct, fields(merged, name), (*here, "distinct"), "rubric-unknown-field")


def _drawn_on(rubric: Rubric, name: str) -> tuple[str, ...]:
    """Everything that a set draws on, through other sets too, each once."""
    found: dict[str, None] = {}
    left = [*reversed(rubric.sets[name].from_)]
    while left:
        source = left.pop()
        if source not in found:
            found[source] = None
            left += reversed(rubric.sets[source].from_) if source in rubric.sets else ()
    return tuple(found)


def _tangled(rubric: Rubric) -> Iterator[Unresolved]:
    """Sets that come down to so many others that counting would not end. (Circles are reported where they close.)"""
    written: list[tuple[Path, Mapping[str, Set]]] = [(("sets",), rubric.sets)]
    written += [(("readings", i, "sets"), reading.sets) for i, reading in enumerate(rubric.readings) if reading.sets]
    for path, sets in written:
        whole = {**rubric.sets, **sets}
        if len(whole) > SOURCES:
            yield Unresolved(path, "rubric-tangled", next(iter(sets)))
            return
        merged = rubric.model_copy(update={"sets": whole})
        sound = [name for name in whole if not any(_circular(merged, one) for one in (name, *_drawn_on(merged, name)))]
        drawn: dict[str, int] = {}
        # What draws on no other set is known at once, what draws on that in the next round, and so on.
        for _ in sound:
            for name in sound:
                drawn[name] = min(sum(1 + drawn.get(source, 0) for source in whole[name].from_), SOURCES + 1)
        for name in sets:
            if drawn.get(name, 0) > SOURCES:
                yield Unresolved((*path, name), "rubric-tangled", name)


def _circular(rubric: Rubric, name: str) -> bool:
    return name in rubric.sets and name in _drawn_on(rubric, name)


def _where(rubric: Rubric, name: str, where: Where, path: Path) -> Iterator[Unresolved]:
    known = fields(rubric, name)
    for field, test in where.items():
        yield from _known(field, known, (*path, field), "rubric-unknown-field")
        kind = known.get(field)
        if kind is None:
            continue
        if isinstance(test, Test):
            compared = any(x is not None for x in (test.at_least, test.more_than, test.at_most, test.less_than))
            if compared and kind.type not in ("number", "percent", "dates", "choices"):
                yield Unresolved((*path, field), "rubric-not-a-number", field)
            continue
        for value in test if isinstance(test, tuple) else (test,):
            if kind.choices:
                yield from _known(str(value), kind.choices, (*path, field), "rubric-unknown-choice")
            elif (value in (True, False, "yes", "no")) != (kind.type == "yes_no"):
                yield Unresolved((*path, field), "rubric-wrong-test", field)


def _tree(rubric: Rubric) -> Iterator[Unresolved]:
    if not may_be_file(rubric.id, TAKEN_BY_RUBRICS):
        yield Unresolved(("id",), "rubric-id-taken", rubric.id)
    seen: set[str] = set()
    rounds = [r.id for r in rubric.rounds]
    noted = {note.id for note in notes(rubric)}
    for path, node in nodes(rubric):
        if node.id.lower() in seen:  # they name files, and some machines do not tell A from a
            yield Unresolved((*path, "id"), "rubric-id-twice", node.id)
        seen.add(node.id.lower())
        if isinstance(node, Area):
            continue
        if not may_be_file(node.id, TAKEN):
            yield Unresolved((*path, "id"), "rubric-id-taken", node.id)
        found = list(leaves(path, node.id, node))
        ids = [leaf.id for _, _, leaf in found if leaf.id]
        taken: set[str] = set()
        for place, address, one in everything(path, node.id, node):
            # An id is unique in its indicator, and what it makes of an address is no other's position.
            own = {address, f"{node.id}/{one.id}"} if one.id and one is not node else {address}
            if own & taken:
                yield Unresolved((*place, "id") if one.id else place, "rubric-id-twice", one.id or address)
            taken |= own
        for place, _, leaf in found:
            if leaf.round is not None:
                yield from _known(leaf.round, rounds, (*place, "round"))
            for i, name in enumerate(leaf.requires):
                yield from _known(name, (other for other in ids if other != leaf.id), (*place, "requires", i))
            for where, condition in conditions((*place, "when"), leaf.when):
                yield from _condition(rubric, condition, where)
                if condition.note is not None:
                    yield from _known(condition.note, noted, (*where, "note"))


def may_be_file(name: str, taken: Iterable[str]) -> bool:
    """Whether a file may be called so on every machine, and is no page that is there already."""
    return name.lower() not in taken and not DEVICE.fullmatch(name) and not name.endswith(".")


def notes(rubric: Rubric) -> Iterator[Note]:
    """Every doubt that stands anywhere in a rubric, in the order of the file."""
    yield from rubric.notes
    for holder in (*rubric.rounds, *rubric.levels, *((rubric.period,) if rubric.period else ())):
        yield from holder.notes

    def below(node: Criterion) -> Iterator[Note]:
        yield from node.notes
        for child in node.criteria:
            yield from below(child)

    for _, node in nodes(rubric):
        yield from node.notes if isinstance(node, Area) else below(node)


def _condition(rubric: Rubric, condition: Condition, path: Path) -> Iterator[Unresolved]:
    match condition:
        case Has(has=name, where=where):
            key = "has"
        case Count(count=name, where=where, distinct=distinct):
            key = "count"
            if distinct is not None and name in _countable(rubric):
                yield from _known(distinct, fields(rubric, name), (*path, "distinct"), "rubric-unknown-field")
        case Every(every=name, where=where, of=of):
            key = "every"
            if of is not None:
                yield from _known(of, rubric.facts, (*path, "of"))
        case Covers(covers=name, where=where):
            key = "covers"
        case Percent(percent=name, where=where, of=of):
            key = "percent"
            if of is not None:
                yield from _known(of, rubric.facts, (*path, "of"))
            if name in rubric.facts or (not where and name not in _countable(rubric)):
                yield from _known(name, rubric.facts, (*path, "percent"))
                for field in where:  # a fact has no records to choose among
                    yield Unresolved((*path, "where", field), "rubric-unknown-field", field)
                return
        case Value(value=name):
            yield from _known(name, rubric.facts, (*path, "value"))
            return
        case _:
            return
    yield from _known(name, _countable(rubric), (*path, key))
    if name in _countable(rubric):
        yield from _where(rubric, name, where, (*path, "where"))


def _results(rubric: Rubric) -> Iterator[Unresolved]:
    ids = {node.id for _, node in nodes(rubric)}
    for section, entries in (
        ("rounds", rubric.rounds),
        ("levels", rubric.levels),
        ("subtotals", rubric.subtotals),
        ("readings", rubric.readings),
    ):
        found = [entry.id for entry in entries]
        for i, name in enumerate(found):
            if name in found[:i]:
                yield Unresolved((section, i, "id"), "rubric-id-twice", name)
    for i, level in enumerate(rubric.levels):
        yield from _listed(level.nodes, ids, ("levels", i, "nodes"))
        for j, name in enumerate(level.requires):
            yield from _known(name, (earlier.id for earlier in rubric.levels[:i]), ("levels", i, "requires", j))
    for i, subtotal in enumerate(rubric.subtotals):
        yield from _listed(subtotal.nodes, ids, ("subtotals", i, "nodes"))


def _listed(nodes: Sequence[str], ids: Iterable[str], path: Path) -> Iterator[Unresolved]:
    """Areas or indicators that count: each is there, and counts once."""
    ids = tuple(ids)
    for j, name in enumerate(nodes):
        yield from _known(name, ids, (*path, j))
        if name in nodes[:j]:
            yield Unresolved((*path, j), "rubric-id-twice", name)


def _readings(rubric: Rubric) -> Iterator[Unresolved]:
    addresses = {
        address: None
        for path, node in nodes(rubric)
        if isinstance(node, Indicator)
        for _, address, _ in leaves(path, node.id, node)
    }
    noted = {note.id for note in notes(rubric)}
    for i, reading in enumerate(rubric.readings):
        for j, note in enumerate(reading.notes):
            yield from _known(note, noted, ("readings", i, "notes", j))
        for name in reading.sets:
            yield from _known(name, rubric.sets, ("readings", i, "sets", name))
        yield from _sets(rubric, reading.sets, ("readings", i, "sets"))
        for address, when in reading.when.items():
            yield from _known(address, addresses, ("readings", i, "when", address))
            for path, condition in conditions(("readings", i, "when", address), when):
                yield from _condition(rubric, condition, path)
        try:
            Handling.model_validate({**rubric.handling.model_dump(), **reading.handling})
        except ValueError:
            yield Unresolved(("readings", i, "handling"), "rubric-wrong-handling", reading.id)
