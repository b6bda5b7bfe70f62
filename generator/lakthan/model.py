"""Frozen nouns: what units wrote, and what comes of it.

The rubric's own nouns are in `rubric`. Nothing here reads a file, a clock or a setting.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lakthan.rubric import Area, Condition, Criterion, Indicator, Level, Rubric, Strict, Subtotal, Text
from lakthan.thai import parse_number

FieldValue = str | bool | Fraction | datetime.date | tuple[str, ...] | tuple[datetime.date, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a path relative to the project with forward slashes; line and column start at 1."""

    file: str
    line: int = 1
    column: int = 1
    sheet: str = ""
    """Of a workbook, where line and column are those of a cell."""

    def __str__(self) -> str:
        return f"{self.file}:{self.sheet}!{self.cell}" if self.sheet else f"{self.file}:{self.line}"

    @property
    def cell(self) -> str:
        """
        >>> Place("a.xlsx", 7, 28, "หลักฐาน").cell
        'AB7'
        """
        letters, rest = "", self.column
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(ord("A") + letter) + letters
        return f"{letters}{self.line}"

    @property
    def exact(self) -> str:
        """With the column, as people look it up."""
        return str(self) if self.sheet else f"{self}:{self.column}"


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence of the catalogue, not yet in a language: its key and what to fill in.

    Arguments may be numbers (int, Fraction), dates, `Text`, strings, other messages, or tuples of these.
    """

    key: str
    args: Mapping[str, object] = field(default_factory=dict)


# What units wrote ------------------------------------------------------------------------------------------------


class _Seen:
    """Where a record keeps how to find what a reviewer saw of it."""

    __slots__ = ("_see",)


@dataclass(frozen=True, slots=True)
class Record(_Seen):
    """A piece of evidence (`register` is "evidence"), or one entry of a register (channels, activities, …)."""

    register: str
    values: Mapping[str, FieldValue]
    place: Place
    indicator: str | None
    """The indicator whose file states it; None for the portfolio's own."""
    number: int
    """Position in its list, from 1."""
    seen: str = field(default="", repr=False)
    """What of it a reviewer saw: see `docs/reviews.md`. Of a record that was read it follows from all the rest."""
    attached: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The SHA-256 of each attachment of a record that was read, by its field."""

    @classmethod
    def read(
        cls,
        register: str,
        values: Mapping[str, FieldValue],
        place: Place,
        indicator: str | None,
        number: int,
        attached: Mapping[str, str],
        see: Callable[[], str],
    ) -> Record:
        """A record that works out what was `seen` of it once somebody asks: where nobody reviews, nobody does."""
        found = object.__new__(cls)
        put = object.__setattr__
        put(found, "register", register)
        put(found, "values", values)
        put(found, "place", place)
        put(found, "indicator", indicator)
        put(found, "number", number)
        put(found, "attached", attached)
        put(found, "_see", see)
        return found

    def __getattr__(self, name: str) -> Any:
        if name != "seen":
            raise AttributeError(name)
        seen = self._see()
        object.__setattr__(self, "seen", seen)
        object.__setattr__(self, "_see", None)
        return seen

    @property
    def kind(self) -> str:
        """What sets draw on: the kind of a piece of evidence, or the register's name."""
        if self.register != "evidence":
            return self.register
        kind = self.values.get("kind", "")
        return kind if type(kind) is str else str(kind)

    @property
    def date(self) -> datetime.date | None:
        value = self.values.get("date")
        return value if isinstance(value, datetime.date) else None

    def text(self, name: str) -> str:
        """A field as text, empty where it is not filled."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    @property
    def anchor(self) -> str:
        """ASCII name of this record inside its indicator's page."""
        return f"{self.register}-{self.number}"

    @property
    def name(self) -> str:
        """Its name among all that an indicator shows: the portfolio's own records stand beside the indicator's."""
        return self.anchor if self.indicator else f"shared-{self.anchor}"


@dataclass(frozen=True, slots=True)
class Stated:
    """A number that a unit stated, and where."""

    value: Fraction
    place: Place


@dataclass(frozen=True, slots=True)
class English:
    """What a unit says of an answer in English, in a file beside it: `5.en.md` beside `5.md`."""

    place: Place
    body: str = ""
    body_line: int = 1
    texts: Mapping[str, str] = field(default_factory=dict)
    """A text of the answer, such as the title of a piece of evidence, as it stands there → the same in English."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One file of a portfolio: an indicator's, or `portfolio.md` (indicator None)."""

    indicator: str | None
    place: Place
    facts: Mapping[str, Stated] = field(default_factory=dict)
    evidence: tuple[Record, ...] = ()
    registers: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    self_score: Stated | None = None
    not_applicable: str | None = None
    status: Literal["draft", "ready"] = "ready"
    responsible: str = ""
    """Who works on it: a role, never a person's name."""
    waived: Mapping[str, str] = field(default_factory=dict)
    """Kinds of personal data that may stay in this file, each with the reason."""
    body: str = ""
    """The unit's own account, Markdown."""
    body_line: int = 1
    """The line of the file on which the account begins."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each key of the front matter stands."""
    english: English | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer found of an indicator, or of one record (`evidence`)."""

    indicator: str | None
    """None for a record of `portfolio.md`, wherever it serves."""
    evidence: str | None
    """The name of a record; None where the verdict is on the indicator."""
    seen: str
    verdict: Literal["accept", "reject", "ask"]
    place: Place
    points: Fraction | None = None
    reason: str = ""
    answer: str = ""
    """What the unit answered, where the reviewer asked."""
    answered: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """One file of `reviews/`: the verdicts of a reviewer on one round, or (`final`) what was decided."""

    name: str
    """Of the file, without its ending."""
    role: str
    """Who reviewed: never a person's name."""
    date: datetime.date
    round: str | None
    final: bool
    verdicts: tuple[Verdict, ...]
    place: Place
    note: str = ""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What one unit shows for one rubric."""

    unit: str
    rubric: Rubric
    folder: str
    """Relative to the project, forward slashes."""
    shared: Answer
    answers: Mapping[str, Answer]
    """By indicator; one that has no file is absent."""
    signed: datetime.date | None = None
    executive: str = ""
    reporter: str = ""
    demonstration: bool = False
    self_level: str | None = None
    reviews: tuple[Review, ...] = ()
    """In the order of their names."""

    @property
    def id(self) -> str:
        return f"{self.unit}/{self.rubric.id}"

    def all_answers(self) -> Iterator[Answer]:
        yield self.shared
        yield from self.answers.values()

    def dates(self) -> tuple[datetime.date, ...]:
        """Every date that something in the portfolio bears, ascending, each once."""
        return tuple(sorted(set(self.days())))

    def days(self) -> Iterator[datetime.date]:
        """The same in no order, as often as it stands there."""
        if self.signed:
            yield self.signed
        for answer in self.all_answers():
            for record in (*answer.evidence, *(r for records in answer.registers.values() for r in records)):
                for name, value in record.values.items():
                    if type(value) is str or name == "dead_from":  # of the ledger of links: no round is reached by it
                        continue
                    if isinstance(value, datetime.date):
                        yield value
                    elif isinstance(value, tuple):
                        yield from (v for v in value if isinstance(v, datetime.date))


def _whole(value: object) -> object:
    # Thai digits are as good as others, here as everywhere.
    return int(number) if isinstance(value, str) and (number := parse_number(value)).denominator == 1 else value


class Post(Strict):
    """Posts of one sort in a unit: roles and numbers, never names of persons."""

    title: Text
    people: Annotated[int, BeforeValidator(_whole), Field(ge=0, le=1_000_000)] | None = None
    duty: Text | None = None


class Profile(Strict):
    """What a unit says of itself beyond its name, in the parts that official websites have."""

    vision: Text | None = None
    structure: Text | None = None
    staffing: tuple[Post, ...] = ()
    """How many people hold posts of which sort."""
    personnel: tuple[Post, ...] = ()
    """Who sees to what."""
    units: tuple[Post, ...] = ()
    """The sections inside, and what each does."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An office. `id` is its path below `content/`."""

    id: str
    name: Text
    place: Place
    short: Text | None = None
    parent: str | None = None
    about: Text | None = None
    address: Text | None = None
    email: str = ""
    phone: str = ""
    website: str = ""
    profile: Profile | None = None
    demonstration: bool = False


class EditorSettings(Strict):
    """`editor` in `content/site.yml`: the repository that the form at `admin/` of the published site changes."""

    backend: Literal["github", "gitlab"]
    repo: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$", max_length=200)]
    branch: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=200)] = "main"
    oauth: str = ""
    """GitHub: the https address of the service that exchanges its sign-in for a token; ours to name, not to run."""
    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*$", max_length=200)] = ""
    """GitLab: the ID of the application that may sign people in (PKCE, no secret)."""
    server: str = ""
    """GitLab: the https address of one's own; gitlab.com unless said."""


@dataclass(frozen=True, slots=True)
class Site:
    """`content/site.yml`: what the published site is called and how it shows numbers."""

    title: Text
    description: Text
    publisher: Text
    contact: str = ""
    licence: Text | None = None
    digits: Literal["thai", "ascii"] = "thai"
    languages: tuple[Literal["th", "en"], ...] = ("th", "en")
    """The languages of the pages: the first one's stand at the top of the site, another's below `en/` or `th/`."""
    address: str = ""
    """Where the site is published; it is then itself a channel of every portfolio that lists channels."""
    since: datetime.date | None = None
    """The day on which it was first published."""
    link_grace: int = 30
    """Days that a link may be dead before it stops counting as proof."""
    editor: EditorSettings | None = None
    """What the form at `admin/` changes; None: the site has none."""


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that was read, sound or not; what was wrong with it stands in the diagnostics beside it."""

    site: Site
    rubrics: Mapping[str, Rubric]
    units: Mapping[str, Unit]
    portfolios: tuple[Portfolio, ...]
    rubric_places: Mapping[str, Mapping[tuple[str | int, ...], Place]] = field(default_factory=dict)
    """Rubric id → path inside its file → where that stands."""


# What comes of it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of days, both ends included; None is open."""

    start: datetime.date | None
    end: datetime.date | None


@dataclass(frozen=True, slots=True)
class Use:
    """A record that a condition looked at. `why` says why it does not count; None where it does."""

    record: Record
    why: Message | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """Something missing. Two needs with the same `key` are the same thing, needed `amount` times at the most."""

    key: tuple[str, ...]
    amount: int
    what: Message
    by: datetime.date | None = None
    start: datetime.date | None = None
    """Something dated from `start` to `by` is needed; None is open."""


class _Told:
    """Where a finding keeps how to put itself into words."""

    __slots__ = ("_tell",)


@dataclass(frozen=True, slots=True)
class Finding(_Told):
    """One condition, judged: whether it holds, why, on what evidence, and what would make it hold."""

    condition: Condition
    holds: bool
    because: Message
    uses: tuple[Use, ...] = ()
    ways: tuple[tuple[Need, ...], ...] = ()
    """Alternatives, each a set of needs that together make it hold; empty if it holds or nothing helps."""
    parts: tuple[Finding, ...] = ()

    @classmethod
    def judged(
        cls,
        condition: Condition,
        holds: bool,
        uses: tuple[Use, ...],
        tell: Callable[[], tuple[Message, tuple[tuple[Need, ...], ...]]],
        parts: tuple[Finding, ...] = (),
    ) -> Finding:
        """A finding that puts `because` and `ways` into words once somebody asks for them.

        Most are only asked whether they hold, of a year's every day and under each reading.
        """
        found = object.__new__(cls)
        put = object.__setattr__
        put(found, "condition", condition)
        put(found, "holds", holds)
        put(found, "uses", uses)
        put(found, "parts", parts)
        put(found, "_tell", tell)
        return found

    def __getattr__(self, name: str) -> Any:
        if name not in ("because", "ways"):
            raise AttributeError(name)
        because, ways = self._tell()
        object.__setattr__(self, "because", because)
        object.__setattr__(self, "ways", ways)
        object.__setattr__(self, "_tell", None)
        return because if name == "because" else ways


@dataclass(frozen=True, slots=True)
class NodeScore:
    """A node of the rubric with what it earned. The tree of these has the rubric's shape."""

    path: str
    node: Rubric | Area | Indicator | Criterion
    points: Fraction
    max: Fraction
    applies: bool = True
    """False where a unit declared it not applicable, or where nothing below it applies."""
    holds: bool = False
    """Leaves: every condition holds (and what it requires holds)."""
    awarded: bool = False
    """Its points are part of its parent's: under `highest`, only one child's are."""
    later: bool = False
    """Leaves: belongs to a round after the one asked for."""
    earned_in: str | None = None
    """Leaves: the round whose window it first held in."""
    findings: tuple[Finding, ...] = ()
    requires: tuple[str, ...] = ()
    """Leaves: paths of required criteria that do not hold."""
    decided: bool = False
    """Indicators: its points are those of a verdict, whatever its criteria add up to."""
    children: tuple[NodeScore, ...] = ()

    def walk(self) -> Iterator[NodeScore]:
        """This node and all below it, parents first."""
        ahead = [self]
        while ahead:
            node = ahead.pop()
            yield node
            ahead += reversed(node.children)

    def leaves(self) -> Iterator[NodeScore]:
        return (node for node in self.walk() if not node.children)


@dataclass(frozen=True, slots=True)
class Gate:
    """A level, judged on its own as printed."""

    level: Level
    met: bool
    points: Fraction
    max: Fraction
    failing: tuple[str, ...] = ()
    """Indicators or areas below `each_at_least`."""
    unmet: tuple[str, ...] = ()
    """Levels that this one requires and that are not met."""
    because: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Total:
    subtotal: Subtotal
    points: Fraction
    max: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """A portfolio's score for one round, one day and one reading, with all its reasons."""

    portfolio: Portfolio
    rubric: Rubric
    """As read: with the reading's replacements in place."""
    round: str | None
    reading: str | None
    as_of: datetime.date | None
    root: NodeScore
    gates: tuple[Gate, ...]
    level: str | None
    totals: tuple[Total, ...]
    indicators: Mapping[str, NodeScore]

    @property
    def points(self) -> Fraction:
        return self.root.points

    @property
    def max(self) -> Fraction:
        return self.root.max


@dataclass(frozen=True, slots=True)
class Step:
    """The smallest set of missing things that reaches more: what it makes `points`, and what is needed."""

    points: Fraction
    needs: tuple[Need, ...]

    @property
    def amount(self) -> int:
        return sum(need.amount for need in self.needs)


@dataclass(frozen=True, slots=True)
class Advice:
    """What would earn more. An indicator or level with nothing to gain, or out of reach, is absent."""

    indicators: Mapping[str, Step]
    """Indicator → the cheapest way to more points there."""
    levels: Mapping[str, Step]
    """Level not met → the cheapest way to it, over all indicators together."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One reviewer's verdict on a matter. `stale`: what it was about has changed since, so that it decides nothing."""

    review: Review
    verdict: Verdict
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """All verdicts on one matter, an indicator or a record as it serves an indicator, and what they come to."""

    indicator: str
    evidence: str | None
    """The name of the record, as it is now; where a verdict is stale, as it was."""
    opinions: tuple[Opinion, ...]
    """In the order of the reviews."""
    basis: tuple[Opinion, ...] = ()
    """Those that decide: the final review's, else all that accept or reject."""
    disputed: bool = False

    @property
    def rejects(self) -> bool:
        return any(opinion.verdict.verdict == "reject" for opinion in self.basis)

    @property
    def limit(self) -> Fraction | None:
        """The lowest points that a verdict on the indicator states; rejected without points it is left none."""
        found = [
            Fraction(0) if opinion.verdict.points is None else opinion.verdict.points
            for opinion in self.basis
            if opinion.verdict.points is not None or opinion.verdict.verdict == "reject"
        ]
        return min(found, default=None)

    @property
    def as_computed(self) -> bool:
        """Whether somebody accepts an indicator for what its evidence gives."""
        return any(o.verdict.verdict == "accept" and o.verdict.points is None for o in self.basis)

    @property
    def open(self) -> tuple[Opinion, ...]:
        """Questions that wait for an answer; none once the matter is finally decided."""
        if any(opinion.review.final for opinion in self.basis):
            return ()
        return tuple(o for o in self.opinions if o.verdict.verdict == "ask" and not (o.stale or o.verdict.answer))


@dataclass(frozen=True, slots=True)
class Verified:
    """What reviewers left of a score."""

    score: Score
    rulings: tuple[Ruling, ...]
    """By indicator, the verdict on itself first."""
    reviews: tuple[Review, ...]

    @property
    def final(self) -> bool:
        return any(review.final for review in self.reviews)

    @property
    def reviewed(self) -> tuple[str, ...]:
        """The indicators that somebody has a verdict on, or on a record of theirs, that still stands."""
        return tuple(dict.fromkeys(r.indicator for r in self.rulings if not all(o.stale for o in r.opinions)))

    def of(self, indicator: str, evidence: str | None = None) -> Ruling | None:
        """What was said of an indicator, or of a record as it serves there."""
        return next((r for r in self.rulings if (r.indicator, r.evidence) == (indicator, evidence)), None)

    @property
    def open(self) -> int:
        return sum(len(ruling.open) for ruling in self.rulings)

    @property
    def stale(self) -> int:
        return sum(opinion.stale for ruling in self.rulings for opinion in ruling.opinions)

    @property
    def disputed(self) -> int:
        return sum(ruling.disputed for ruling in self.rulings)


@dataclass(frozen=True, slots=True)
class Change:
    """A criterion that holds in one of two scores only, and the conditions that are why."""

    criterion: NodeScore
    """As the second score has it."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Assessment:
    """All that is worked out about one portfolio; some of it once it is asked for.

    No field may have a default that is the class's own value: nobody would notice that it is not worked out yet.
    """

    portfolio: Portfolio
    scores: tuple[Score, ...]
    """One for each round reached, in order; a single one where the rubric has no rounds."""
    readings: Mapping[str, Score]
    """Reading → score of the last round reached, under that reading."""
    advice: Advice
    timeline: tuple[tuple[datetime.date, Fraction], ...]
    """Points of the last round reached, as they stood on each day that changed them."""
    verified: tuple[Verified | None, ...] = field(default_factory=tuple)
    """For each of `scores`, what reviewers left of it; None for a round that nobody reviewed."""
    stated: Score | None = field(default_factory=lambda: None)
    """The latest score as the unit assessed itself; None where that is not of the same round."""

    @classmethod
    def begun(
        cls,
        portfolio: Portfolio,
        latest: Score,
        work: Mapping[str, Callable[[Assessment], object]],
    ) -> Assessment:
        """An assessment whose other fields are worked out by *work*, each when it is first asked for."""
        found = object.__new__(cls)
        vars(found).update(portfolio=portfolio, _latest=latest, _work=work)
        return found

    def __getattr__(self, name: str) -> Any:
        work = vars(self).get("_work", {})
        if name not in work:
            raise AttributeError(name)
        vars(self)[name] = value = work[name](self)
        return value

    def apart(self) -> Assessment:
        """The same. What is worked out of it from now on goes with it, and is not known to this one."""
        found = object.__new__(type(self))
        vars(found).update(vars(self))
        return found

    @property
    def latest(self) -> Score:
        known: Score | None = vars(self).get("_latest")
        return known or self.scores[-1]

    @cached_property
    def last_day(self) -> datetime.date | None:
        """The last day that something in the portfolio bears."""
        return max(self.portfolio.days(), default=None)

    @property
    def reviewed(self) -> Verified | None:
        """What reviewers left of the latest score."""
        return self.verified[-1] if self.verified else None

    def verified_of(self, score: Score) -> Verified | None:
        """What reviewers left of one of `scores`."""
        return next((v for s, v in zip(self.scores, self.verified, strict=False) if s is score), None)
