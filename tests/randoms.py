"""Random rubrics over the whole language, and random portfolios for any rubric.

One generator serves both plain seeded runs (`random.Random(seed)`) and hypothesis (`rubrics()`, `portfolios_for()`),
which hands in a random source that it can shrink. Values come from small pools, and days from the edges of windows,
months and deadlines: that is where evaluators differ.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from lakthan.model import Answer, FieldValue, Place, Portfolio, Record, Stated
from lakthan.rubric import (
    PROOF,
    AllOf,
    AnyOf,
    Count,
    Covers,
    Every,
    FieldType,
    Has,
    Indicator,
    Percent,
    Reading,
    Rubric,
    Test,
    Value,
)

Day = datetime.date
ONE_DAY = datetime.timedelta(days=1)
START = Day(2023, 10, 1)

FIELDS: dict[str, dict[str, Any]] = {
    "words": {"type": "text"},
    "amount": {"type": "number"},
    "share": {"type": "percent"},
    "when_done": {"type": "date"},
    "visits": {"type": "dates"},
    "open_to_all": {"type": "yes_no"},
    "sort": {"type": "choice", "choices": {"a": "a", "b": "b", "c": "c"}},
    "virtues": {"type": "choices", "choices": {"x": "x", "y": "y", "z": "z"}},
    "annex": {"type": "file"},
    "link": {"type": "url"},
}
"""Every type of field, each under one name wherever it occurs."""

CHANNEL_FIELDS = {
    "name": "text",
    "scope": ("internal", "external"),
    "kind": ("website", "line_oa", "circular"),
    "public": "yes_no",
    "place": "text",
}


def first_of_month(n: int) -> Day:
    return Day(START.year + (START.month - 1 + n) // 12, (START.month - 1 + n) % 12 + 1, 1)


# Rubrics ---------------------------------------------------------------------------------------------------------


class RubricMaker:
    """Writes a random rubric as the data of a rubric file; a tame one without what breaks `monotone`."""

    def __init__(self, rng: random.Random, size: int, tame: bool) -> None:
        self.rng = rng
        self.size = size
        self.tame = tame
        self.has_fields: dict[str, list[str]] = {}
        self.deadlines: list[Day] = []
        self.ids = 0

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def some(self, pool: list[str], most: int, least: int = 1) -> list[str]:
        return sorted(self.rng.sample(pool, min(len(pool), self.rng.randint(least, most))))

    def rubric(self) -> dict[str, Any]:
        rng = self.rng
        data: dict[str, Any] = {
            "lakthan": 1,
            "id": "random-2567",
            "title": "random",
            "short": "random",
            "year": 2567,
            "document": {"title": "random", "issuer": "random"},
        }
        self.rounds: list[dict[str, Any]] = []
        shape = rng.choice(["period", "rounds", "rounds", "open"])
        if shape == "period":
            data["period"] = self.window(0)
        if shape == "rounds":
            start = 0
            for n in range(rng.choice([1, 2, 2, 3])):
                window = self.window(start)
                self.rounds.append({"id": f"r{n + 1}", "title": "round", **window})
                # A round may begin where the one before it ended, or stretch back over it.
                start = start if self.maybe(0.25) else start + rng.randint(1, 3)
            self.rounds.sort(key=lambda r: r["to"])
            for n, one in enumerate(self.rounds):
                one["id"] = f"r{n + 1}"
            data["rounds"] = self.rounds
        data["handling"] = {
            "carry_over": self.maybe(0.6),
            "undated": rng.choice(["reject", "at_signature"]),
            "after_signature": rng.choice(["count", "reject"]),
        }
        self.kinds = [f"kind{n}" for n in range(1, rng.randint(2, 3 + self.size // 2) + 1)]
        data["kinds"] = {name: {"title": name, "fields": self.fields(name)} for name in self.kinds}
        self.facts = [f"fact{n}" for n in range(1, rng.randint(2, 4) + 1)]
        data["facts"] = {
            name: {"title": name, "proof": self.some(self.kinds, 2) if self.maybe(0.6) else []} for name in self.facts
        }
        self.registers = [f"register{n}" for n in range(1, rng.randint(1, 2) + 1)]
        data["registers"] = {}
        for name in self.registers:
            own = self.fields(name, least=1)
            if self.maybe(0.6):
                own["date"] = {"title": "date", "type": "date"}
            proof = [f for f in ("annex", "link") if f in own]
            data["registers"][name] = {
                "title": name,
                "fields": own,
                "proof": proof if self.maybe(0.5) else [],
            }
        if self.maybe(0.5):
            self.registers.append("channels")
            self.has_fields["channels"] = list(CHANNEL_FIELDS)
            if self.maybe(0.5):
                data["registers"]["channels"] = {"title": "channels", "fields": {"amount": self.typed("amount")}}
                self.has_fields["channels"].append("amount")
        self.sets: list[str] = []
        data["sets"] = {}
        for n in range(1, rng.randint(1, 4) + 1):
            name = f"set{n}"
            data["sets"][name] = self.set(name)
            self.sets.append(name)

        self.leaf_ids: list[str] = []
        self.leaf_paths: list[str] = []
        self.node_ids: list[str] = []
        if self.maybe(0.5):
            data["indicators"] = [self.indicator() for _ in range(rng.randint(1, self.size))]
        else:
            data["areas"] = [self.area(1) for _ in range(rng.randint(1, 2))]
        data["award"] = rng.choice(["sum", "sum", "highest", "mean"])
        data["levels"] = self.levels()
        data["readings"] = [self.reading(n, data["sets"]) for n in range(1, rng.randint(0, 2) + 1)]
        return data

    def window(self, start: int) -> dict[str, Day]:
        begin = first_of_month(start) + self.rng.choice([0, 0, 1, 14]) * ONE_DAY
        last = first_of_month(start + self.rng.randint(1, 4)) - ONE_DAY + self.rng.choice([0, 0, -1, 10]) * ONE_DAY
        return {"from": begin, "to": max(last, begin + 5 * ONE_DAY)}

    def typed(self, name: str) -> dict[str, Any]:
        return {"title": name, **FIELDS[name]}

    def fields(self, owner: str, least: int = 0) -> dict[str, Any]:
        names = self.some(list(FIELDS), 4, least)
        self.has_fields[owner] = names
        return {name: self.typed(name) for name in names}

    def set(self, name: str) -> dict[str, Any]:
        sources = self.some(self.kinds + self.registers + self.sets, 2)
        self.has_fields[name] = sorted({f for source in sources for f in self.has_fields[source]})
        made: dict[str, Any] = {"title": name, "from": sources}
        if self.maybe(0.5):
            made["where"] = self.where(name)
        if self.maybe(0.4):
            made["distinct"] = self.distinct(name)
        return made

    def countable(self) -> str:
        return self.rng.choice(self.kinds + self.registers + self.sets + self.sets)

    def distinct(self, name: str) -> str:
        return self.rng.choice([*self.has_fields[name], "title", "date"])

    def where(self, name: str) -> dict[str, Any]:
        names = [f for f in self.has_fields[name] if f in FIELDS or f in CHANNEL_FIELDS]
        if not names:
            return {"reference": {"filled": self.tame or self.maybe(0.5)}}
        return {f: self.test(f) for f in self.some(names, self.rng.choice([1, 1, 2]))}

    def test(self, name: str) -> Any:
        """What a field may be asked, by its type; comparisons of what cannot be compared are refused by `check`."""
        rng = self.rng
        sort = CHANNEL_FIELDS.get(name) or FIELDS[name]["type"]
        if self.maybe(0.15) or sort in ("date", "file", "url"):
            return {"filled": self.tame or self.maybe(0.7)}
        if sort in ("number", "percent"):
            if self.maybe(0.3):
                return rng.choice([1, 2, [1, 3]])
            return self.limits([0, 1, 2, 3])
        if sort == "dates":
            return self.limits([0, 1, 2])
        if sort == "yes_no":
            return rng.choice([True, True, "yes", False, "no"])
        pool = {"text": ["p", "q", "r"], "choice": ["a", "b", "c"], "choices": ["x", "y", "z"]}.get(str(sort), sort)
        if sort == "choices" and self.maybe(0.5):
            return self.limits([1, 2])
        return rng.choice(list(pool)) if self.maybe(0.5) else self.some(list(pool), 2)

    def limits(self, pool: list[Any]) -> dict[str, Any]:
        """Mostly lower bounds, sometimes an upper one, sometimes both."""
        lower, upper = self.rng.choice(["at_least", "at_least", "more_than"]), self.rng.choice(["at_most", "less_than"])
        shape = self.rng.random()
        if self.tame or shape < 0.75:
            return {lower: self.rng.choice(pool)}
        if shape < 0.9:
            return {upper: self.rng.choice(pool)}
        low, high = sorted(self.rng.choices(pool, k=2))
        return {lower: low, upper: high}

    def condition(self, depth: int = 0) -> dict[str, Any]:
        rng = self.rng
        sorts = ["has", "has", "count", "count", "percent", "value", "covers", "covers"]
        sorts += [] if self.tame else ["share", "share", "every", "every"]
        sort = rng.choice(sorts + ["any", "all"] * (depth < 2))
        if sort in ("any", "all"):
            return {sort: [self.condition(depth + 1) for _ in range(rng.randint(1, 3))]}
        if sort == "value":
            return {"value": rng.choice(self.facts), **self.limits([0, 1, 5, 20])}
        if sort == "percent":
            part, whole = rng.choice(self.facts), rng.choice(self.facts)
            return {"percent": part, "of": whole, **self.limits([0, 25, 50, 80, 100])}
        name = self.countable()
        where: dict[str, Any] = {"where": self.where(name)} if self.maybe(0.4) else {}
        of = {"of": rng.choice(self.facts)} if self.maybe(0.3) else {}
        if sort == "share":
            if not of:
                where = {"where": self.where(name)}
            return {"percent": name, **of, **where, **self.limits([0, 25, 50, 100])}
        if sort == "every":
            return {"every": name, "where": self.where(name), **of}
        if sort == "covers":
            narrowed = {"from": self.deadline()} if self.maybe(0.3) else {}
            return {"covers": name, "each": rng.choice(["month", "quarter"]), **where, **narrowed}
        before = {"before": self.deadline()} if self.maybe(0.25) else {}
        if sort == "has":
            return {"has": name, **where, **before}
        distinct = {"distinct": self.distinct(name)} if self.maybe(0.4) else {}
        return {"count": name, **self.limits([0, 1, 2, 3]), **where, **distinct, **before}

    def deadline(self) -> Day:
        return first_of_month(self.rng.randint(0, 6)) + self.rng.choice([-1, 0, 10]) * ONE_DAY

    def leaf(self, path: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "points": self.rng.choice([1, 2, 3, "1/2", 1, 2, 3, "1/3", 0]),
            "when": [self.condition() for _ in range(self.rng.choice([0, 1, 1, 1, 1, 1, 2, 3]))],
        }
        if self.rounds and self.maybe(0.7):
            made["round"] = self.rng.choice([self.rounds[0], *self.rounds])["id"]
        if self.leaf_ids and self.maybe(0.3):
            made["requires"] = self.some(self.leaf_ids, 2)
        self.leaf_paths.append(path)
        return made

    def criterion(self, parent: str, position: int, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.maybe(0.5):
            self.ids += 1
            made["id"] = f"c{self.ids}"
        path = f"{parent}/{made.get('id', position)}"
        if self.maybe(0.3):
            made["weight"] = self.rng.choice([1, 2, 3, "1/2"])
        if depth < 2 and self.maybe(0.25):
            made |= self.group(path, depth)
        else:
            made |= self.leaf(path)
            if "id" in made:
                self.leaf_ids.append(made["id"])
        return made

    def group(self, path: str, depth: int) -> dict[str, Any]:
        return {
            "award": self.rng.choice(["highest", "highest", "sum", "mean"]),
            "criteria": [self.criterion(path, n, depth + 1) for n in range(1, self.rng.randint(1, 3) + 1)],
        }

    def indicator(self) -> dict[str, Any]:
        number = str(sum(n.isdigit() for n in self.node_ids) + 1)
        self.node_ids.append(number)
        self.leaf_ids = []
        made: dict[str, Any] = {"id": number, "title": number, "may_not_apply": self.maybe(0.3)}
        if self.maybe(0.3):
            made["weight"] = self.rng.choice([1, 2, "1/2"])
        return made | (self.leaf(number) if self.maybe(0.2) else self.group(number, 0))

    def area(self, depth: int) -> dict[str, Any]:
        name = f"area{len(self.node_ids) + 1}"
        self.node_ids.append(name)
        made: dict[str, Any] = {"id": name, "title": name, "award": self.rng.choice(["sum", "sum", "highest", "mean"])}
        if self.maybe(0.3):
            made["weight"] = self.rng.choice([1, 2, "1/2"])
        if depth < 2 and self.maybe(0.3):
            made["areas"] = [self.area(depth + 1) for _ in range(self.rng.randint(1, 2))]
        else:
            made["indicators"] = [self.indicator() for _ in range(self.rng.randint(1, max(1, self.size // 2)))]
        return made

    def levels(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for n in range(1, self.rng.randint(0, 4) + 1):
            level: dict[str, Any] = {"id": f"level{n}", "title": "level"}
            if self.maybe(0.6):
                level["nodes"] = self.some(self.node_ids, 3)
            if self.maybe(0.5):
                level["each_at_least"] = self.rng.choice([0, "1/2", 1, 2])
            if self.maybe(0.5):
                level["total_at_least"] = self.rng.choice([1, 2, 4, 7])
            if self.maybe(0.4):
                level["percent_at_least"] = self.rng.choice([25, 50, 80, 100])
            if made and self.maybe(0.3):
                level["requires"] = self.some([m["id"] for m in made], 2)
            made.append(level)
        return made

    def reading(self, n: int, sets: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"id": f"reading{n}", "title": "reading", "why": "another way"}
        # A set may be built on those before it, never on itself.
        name = self.rng.choice(self.sets)
        known, self.sets = self.sets, self.sets[: self.sets.index(name)]
        if self.maybe(0.6):
            fields = self.has_fields[name]
            made["sets"] = {name: self.set(name)}
            self.has_fields[name] = fields
        self.sets = known
        if self.maybe(0.5):
            made["when"] = {path: [self.condition()] for path in self.some(self.leaf_paths, 2)}
        if self.maybe(0.5):
            made["handling"] = {
                self.rng.choice(["undated"]): self.rng.choice(["reject", "at_signature"]),
                "after_signature": self.rng.choice(["count", "reject"]),
                "carry_over": self.maybe(0.5),
            }
        return made


def random_rubric(rng: random.Random, size: int = 3, tame: bool = False) -> Rubric:
    return Rubric.model_validate(RubricMaker(rng, size, tame).rubric())


# What a rubric asks ----------------------------------------------------------------------------------------------


def leaves(rubric: Rubric) -> list[tuple[Indicator, str, Any]]:
    """Every leaf: its indicator, its path and itself."""
    found: list[tuple[Indicator, str, Any]] = []

    def walk(top: Indicator, node: Any, path: str) -> None:
        if not node.criteria:
            found.append((top, path, node))
        for n, child in enumerate(node.criteria, 1):
            walk(top, child, f"{path}/{child.id or n}")

    for top in rubric.every_indicator():
        walk(top, top, top.id)
    return found


def flat(conditions: tuple[Any, ...]) -> list[Any]:
    """Conditions with all those inside `any` and `all`, without these."""
    found: list[Any] = []
    for condition in conditions:
        if isinstance(condition, AnyOf | AllOf):
            found += flat(condition.any if isinstance(condition, AnyOf) else condition.all)
        else:
            found.append(condition)
    return found


def conditions_of(rubric: Rubric, reading: Reading | None = None) -> list[Any]:
    asked = [c for _, _, leaf in leaves(rubric) for c in flat(leaf.when)]
    for one in [reading] if reading else rubric.readings:
        asked += [c for when in one.when.values() for c in flat(when)]
    return asked


def wheres(rubric: Rubric) -> list[dict[str, Any]]:
    found = [c.where for c in conditions_of(rubric) if hasattr(c, "where")]
    found += [s.where for s in rubric.sets.values()]
    return found + [s.where for reading in rubric.readings for s in reading.sets.values()]


def windows(rubric: Rubric) -> list[tuple[Day, Day]]:
    found = [(r.from_, r.to) for r in rubric.rounds]
    return found or ([(rubric.period.from_, rubric.period.to)] if rubric.period else [])


def edge_days(rubric: Rubric) -> list[Day]:
    """The days on which something changes, and those next to them."""
    edges = [day for window in windows(rubric) for day in window]
    for condition in conditions_of(rubric):
        edges += [d for d in (getattr(condition, "before", None), getattr(condition, "from_", None)) if d]
    edges = edges or [START, first_of_month(3)]
    near = {edge + n * ONE_DAY for edge in edges for n in (-1, 0, 1)}
    day = min(edges)
    while day <= max(edges):
        near |= {day.replace(day=15), day.replace(day=1), day.replace(day=1) - ONE_DAY}
        day = (day.replace(day=1) + 32 * ONE_DAY).replace(day=1)
    return sorted(near)


# Portfolios ------------------------------------------------------------------------------------------------------


@dataclass
class PortfolioMaker:
    """Fills in what a rubric asks for, well or badly."""

    rng: random.Random
    rubric: Rubric
    generous: float = 0.6
    """How much of what could be there is there."""
    edges: list[Day] = field(default_factory=list)
    inner: list[Day] = field(default_factory=list)
    """The days that most dates are taken from."""
    pools: dict[str, list[Any]] = field(default_factory=dict)
    numbers: list[Fraction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.edges = self.inner = edge_days(self.rubric)
        for where in wheres(self.rubric):
            for name, test in where.items():
                if isinstance(test, Test):
                    near = [x for x in (test.at_least, test.more_than, test.at_most, test.less_than) if x is not None]
                    self.pools.setdefault(name, []).extend(x + n for x in near for n in (-1, 0, 1))
                else:
                    self.pools.setdefault(name, []).extend(test if isinstance(test, tuple) else (test,))
        asked = [c for c in conditions_of(self.rubric) if isinstance(c, Value)]
        limits = [x for c in asked for x in (c.at_least, c.more_than, c.at_most, c.less_than) if x is not None]
        self.numbers = [x + n for x in limits for n in (0, 0, 1, -1) if x + n >= 0]
        whole = [Fraction(n) for n in (0, 1, 2, 5, 10, 20)]
        self.numbers += whole + [n * share / 100 for n in (5, 10, 20) for share in (Fraction(80), Fraction(50))]

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def day(self) -> Day:
        return self.rng.choice(self.inner if self.maybe(0.8) else self.edges)

    def value(self, name: str, spec: FieldType) -> FieldValue:
        rng, pool = self.rng, self.pools.get(name, [])
        match spec.type:
            case "number" | "percent":
                numbers = [x for x in pool if isinstance(x, Fraction)]
                return rng.choice([*numbers, Fraction(0), Fraction(1), Fraction(2), Fraction(3)])
            case "date":
                return self.day()
            case "dates":
                return tuple(sorted({self.day() for _ in range(rng.randint(1, 3))}))
            case "yes_no":
                return self.maybe(0.6)
            case "choice":
                known = [x for x in pool if isinstance(x, str)]
                return rng.choice(known) if known and self.maybe(0.6) else rng.choice(list(spec.choices))
            case "choices":
                return tuple(sorted(rng.sample(list(spec.choices), rng.randint(1, min(3, len(spec.choices))))))
            case "file":
                return f"files/{rng.choice('abc')}.pdf"
            case "url":
                return f"https://example.org/{rng.choice('abc')}"
            case _:
                known = [x for x in pool if isinstance(x, str)]
                return rng.choice([*known, "p", "q", "r"])

    def values(self, fields: dict[str, FieldType], filled: float) -> dict[str, FieldValue]:
        return {name: self.value(name, spec) for name, spec in fields.items() if self.maybe(filled)}

    def periods(self) -> tuple[str, ...]:
        """What a report says it covers: months by the common era, quarters by the fiscal year."""
        found: list[str] = []
        for _ in range(self.rng.randint(1, 5)):
            day = self.day()
            if self.maybe(0.6):
                found.append(f"{day.year}-{day.month:02}")
            else:
                year = day.year + 543 + (day.month >= 10)
                found.append(f"{year}-Q{(day.month - 10) % 12 // 3 + 1}")
        return tuple(dict.fromkeys(found))

    def evidence(self, where: str | None, number: int, kind: str | None = None) -> Record:
        kind = kind or self.rng.choice(list(self.rubric.kinds))
        values: dict[str, FieldValue] = {"kind": kind, "title": self.rng.choice(["one", "two", "three"])}
        if self.maybe(0.9):
            values["date"] = self.day()
        for name in PROOF:
            if self.maybe(0.55):
                values[name] = self.rng.choice(["1", "2"])
        if self.maybe(0.4):
            values["covers"] = self.periods()
        values |= self.values(self.rubric.kinds[kind].fields, 0.85)
        indicators = [i.id for i in self.rubric.every_indicator()]
        if where is None and self.maybe(0.85):
            some = self.rng.randint(1, min(3, len(indicators)))
            values["indicators"] = tuple(sorted(self.rng.sample(indicators, some)))
        return Record("evidence", values, self.place(where), where, number)

    def entry(self, register: str, where: str | None, number: int) -> Record:
        spec = self.rubric.register(register)
        assert spec is not None
        values = self.values(spec.fields, 0.85)
        if register == "channels" and self.maybe(0.8):
            values["place"] = self.rng.choice(["p", "q", "r"])
        return Record(register, values, self.place(where), where, number)

    def place(self, where: str | None) -> Place:
        return Place(f"content/unit/{self.rubric.id}/{where or 'portfolio'}.md")

    def registers_named(self) -> list[str]:
        """The rubric's registers, and `channels` where something asks for it."""
        keys = ("has", "count", "every", "percent", "covers")
        asked = {getattr(c, key, "") for c in conditions_of(self.rubric) for key in keys}
        asked |= {name for chosen in self.rubric.sets.values() for name in chosen.from_}
        asked |= {name for reading in self.rubric.readings for s in reading.sets.values() for name in s.from_}
        return sorted({*self.rubric.registers} | ({"channels"} & asked))

    def kinds_of(self, indicator: str | None) -> list[str]:
        """The kinds that an indicator asks for, straight or through sets and facts."""
        asked: set[str] = set()

        def follow(name: str) -> None:
            if name in self.rubric.sets:
                for source in self.rubric.sets[name].from_:
                    follow(source)
            elif name in self.rubric.facts:
                asked.update(self.rubric.facts[name].proof)
            elif name in self.rubric.kinds:
                asked.add(name)

        for top, _, leaf in leaves(self.rubric):
            if indicator in (None, top.id):
                for c in flat(leaf.when):
                    for key in ("has", "count", "percent", "value", "every", "covers", "of"):
                        if getattr(c, key, None) is not None:
                            follow(getattr(c, key))
        return sorted(asked) or list(self.rubric.kinds)

    def answer(self, indicator: Indicator | None) -> Answer:
        where = indicator.id if indicator else None
        chance = self.generous * (0.6 if indicator is None else 0.9)
        # Often all that an answer shows is of one round: what is missed there is what another round can make up for.
        known = windows(self.rubric) or [(Day.min, Day.max)]
        chosen = self.rng.choice(known) if self.maybe(0.7) else (known[0][0], known[-1][1])
        self.inner = [d for d in self.edges if chosen[0] <= d <= chosen[1]] or self.edges
        facts = {
            name: Stated(self.rng.choice(self.numbers), self.place(where))
            for name in self.rubric.facts
            if self.maybe(chance)
        }
        kinds = self.kinds_of(where)
        wanted = [kind for kind in kinds for _ in range(2) if self.maybe(self.generous)]
        if self.rubric.kinds:
            wanted += [self.rng.choice(kinds) for _ in range(self.rng.randint(0, 3))]
        self.rng.shuffle(wanted)
        evidence = tuple(self.evidence(where, n, kind) for n, kind in enumerate(wanted, 1))
        registers = {
            name: tuple(self.entry(name, where, n) for n in range(1, self.rng.choice([0, 1, 2, 3, 4]) + 1))
            for name in self.registers_named()
            if self.maybe(chance)
        }
        no = "says why" if indicator is not None and self.maybe(0.5 if indicator.may_not_apply else 0.05) else None
        return Answer(where, self.place(where), facts, evidence, registers, not_applicable=no)

    def portfolio(self) -> Portfolio:
        answers = {i.id: self.answer(i) for i in self.rubric.every_indicator() if self.maybe(0.3 + 0.7 * self.generous)}
        return Portfolio(
            unit="unit",
            rubric=self.rubric,
            folder=f"content/unit/{self.rubric.id}",
            shared=self.answer(None),
            answers=answers,
            signed=self.day() if self.maybe(0.6) else None,
        )


def random_portfolio(rng: random.Random, rubric: Rubric, generous: float | None = None) -> Portfolio:
    return PortfolioMaker(rng, rubric, rng.choice([0.4, 0.8, 1]) if generous is None else generous).portfolio()


def random_question(rng: random.Random, rubric: Rubric) -> dict[str, Any]:
    """A round, a day and a reading to score by."""
    return {
        "round": rng.choice([None, None, *(r.id for r in rubric.rounds)]),
        "as_of": rng.choice(edge_days(rubric)) if rng.random() < 0.4 else None,
        "reading": rng.choice([None, *(r.id for r in rubric.readings)]),
    }


def shuffled(rng: random.Random, portfolio: Portfolio) -> Portfolio:
    """The same portfolio with answers, evidence and entries in another order."""

    def turn(records: tuple[Record, ...]) -> tuple[Record, ...]:
        mixed = rng.sample(records, len(records))
        return tuple(replace(record, number=n) for n, record in enumerate(mixed, 1))

    def answer(one: Answer) -> Answer:
        names = rng.sample(sorted(one.registers), len(one.registers))
        return replace(one, evidence=turn(one.evidence), registers={name: turn(one.registers[name]) for name in names})

    order = rng.sample(sorted(portfolio.answers), len(portfolio.answers))
    return replace(portfolio, shared=answer(portfolio.shared), answers={i: answer(portfolio.answers[i]) for i in order})


def with_more(rng: random.Random, portfolio: Portfolio) -> Portfolio:
    """The same portfolio with one more piece of evidence somewhere."""
    maker = PortfolioMaker(rng, portfolio.rubric)
    where = rng.choice([None, *portfolio.answers])
    answer = portfolio.shared if where is None else portfolio.answers[where]
    more = maker.evidence(where, len(answer.evidence) + 1)
    answer = replace(answer, evidence=(*answer.evidence, more))
    if where is None:
        return replace(portfolio, shared=answer)
    return replace(portfolio, answers={**portfolio.answers, where: answer})


def monotone(rubric: Rubric) -> bool:
    """Whether more evidence can only help, as far as that is plain from the rubric.

    An upper limit can be overshot, and a share of records or a demand on every record can be spoilt by one more.
    """
    for c in conditions_of(rubric):
        if isinstance(c, Every) or getattr(c, "at_most", None) is not None or getattr(c, "less_than", None) is not None:
            return False
        if isinstance(c, Percent) and c.percent not in rubric.facts:
            return False
        assert isinstance(c, Has | Count | Percent | Value | Covers)
    for where in wheres(rubric):
        for test in where.values():
            if isinstance(test, Test) and (test.filled is False or (test.at_most, test.less_than) != (None, None)):
                return False
    return True


# For hypothesis --------------------------------------------------------------------------------------------------

RANDOMS = st.randoms(use_true_random=False)


@st.composite
def rubrics(draw: st.DrawFn, size: int = 2, tame: bool = False) -> Rubric:
    return random_rubric(draw(RANDOMS), size, tame)


@st.composite
def portfolios_for(draw: st.DrawFn, rubric: Rubric) -> Portfolio:
    return random_portfolio(draw(RANDOMS), rubric)


@st.composite
def portfolios(draw: st.DrawFn, size: int = 2) -> Portfolio:
    """A portfolio with its random rubric."""
    return draw(portfolios_for(draw(rubrics(size))))
